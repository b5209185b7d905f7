"""Runs the demo as a user does, in processes of its own, and visits it."""

from __future__ import annotations

import http.cookiejar
import os
import queue
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from html import unescape
from pathlib import Path
from urllib.parse import urlencode

import psutil

DEMO = Path(__file__).parent.parent / "demo.py"
SECONDS = 90


def free_port():
    """Return a port for a server of a test: until this process ends nobody gets it who asks for any.

    It stays bound. On Linux a server may listen on it all the same, as both say SO_REUSEADDR; elsewhere it could not.
    """
    held = socket.socket()
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    held.bind(("127.0.0.1", 0))
    port = held.getsockname()[1]
    if sys.platform == "linux":
        held.detach()  # left open
    else:
        held.close()
    return port


def processes_of(var):
    """Every process that works on this var folder: the demo, its workers, the database and its keeper."""
    found = []
    for process in psutil.process_iter():
        try:
            words = [*process.cmdline(), process.environ().get("PLOG_VAR", "")]
            if (
                process.pid != os.getpid()
                and process.status() != psutil.STATUS_ZOMBIE
                and any(str(var) in word for word in words)
            ):
                found.append(process)
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return found


def wait_until(condition, what, seconds=SECONDS):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        result = condition()
        if result:
            return result
        time.sleep(0.05)
    raise AssertionError(f"{what}: not within {seconds} s")


class Demo:
    """``demo.py`` on a free port; a context manager that leaves nothing behind.

    `patient` says that a database which takes long to answer is waited for; tests of the site's own limits have it False.
    """

    def __init__(self, var, port=None, arguments=(), stdin=None, patient=True, **environment):
        self.var = Path(var)
        self.port = port or free_port()
        self.lines = []
        self._queue = queue.Queue()
        env = {name: value for name, value in os.environ.items() if name not in ("MONGODB_URI", "PLOG_DEBUG")}
        env |= {"PLOG_VAR": str(self.var), **environment}
        env["DJANGO_SETTINGS_MODULE"] = "patient_settings" if patient else "plog.settings"
        command = [sys.executable, str(DEMO), "--port", str(self.port), *arguments]
        # A session of its own, so that a signal can be sent to all of it, as a terminal does.
        self.process = subprocess.Popen(
            command,
            env=env,
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.append(line.rstrip())
            self._queue.put(line)
        self._queue.put(None)

    def await_line(self, pattern):
        """Wait for a line of the output; returns its match."""
        end = time.monotonic() + SECONDS
        while True:
            line = self._queue.get(timeout=max(0.1, end - time.monotonic()))
            assert line is not None, f"the demo ended without saying {pattern}:\n{self.output}"
            match = re.search(pattern, line)
            if match:
                return match

    def await_url(self):
        self.url = self.await_line(r"http://[\d.:]+/")[0]
        return self

    @property
    def output(self):
        return "\n".join(self.lines)

    def interrupt(self, number=signal.SIGINT):
        """Press Ctrl-C; returns the exit code."""
        os.killpg(self.process.pid, number)
        return self.wait()

    def wait(self):
        code = self.process.wait(SECONDS)
        self._reader.join(SECONDS)
        return code

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in processes_of(self.var):
            try:
                process.kill()
            except psutil.NoSuchProcess:
                continue
        self.process.kill()
        self.wait()
        self.process.stdout.close()
        wait_until(lambda: not processes_of(self.var), "no process left")


class Visitor:
    """A browser without a screen: cookies, redirects, forms."""

    def __init__(self, url, seconds=30):
        self.url = url.rstrip("/")
        self.seconds = seconds
        jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self._opener = urllib.request.build_opener(jar, urllib.request.ProxyHandler({}))

    def get(self, path, data=None):
        """(status, headers, text) of a page."""
        body = urlencode(data).encode() if data else None
        try:
            with self._opener.open(self.url + path, body, timeout=self.seconds) as response:
                return response.status, response.headers, response.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.headers, error.read().decode()

    def comment(self, slug, text):
        """Write a comment through preview; True if the site says that it is stored."""
        status, _, page = self.get(f"/plog/{slug}")
        if status != 200:
            return False
        data = {"author": "", "text": text, "csrfmiddlewaretoken": self._hidden(page, "csrfmiddlewaretoken")}
        status, _, page = self.get(f"/plog/{slug}/comment", {**data, "preview": "1"})
        if status != 200:
            return False
        data |= {name: self._hidden(page, name) for name in ("csrfmiddlewaretoken", "seal")}
        status, _, page = self.get(f"/plog/{slug}/comment", {**data, "publish": "1"})
        return status == 200 and text in page and 'id="comments-title"' in page

    @staticmethod
    def _hidden(page, name):
        return unescape(re.search(rf'name="{name}" value="([^"]+)"', page)[1])
