"""A project beneath a real server on loopback, which ends with the test."""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

EDGE = """
import os
from django.core.{edge} import get_{edge}_application
from django_static.serve.{edge} import StaticServer
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings")
application = StaticServer(get_{edge}_application())
"""
PYTHON = [sys.executable, "-W", "ignore"]
WAIT = 30.0


class Unix(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=WAIT)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(WAIT)
        self.sock.connect(str(self._path))


def environment(root: Path) -> dict[str, str]:
    # Not at home: gunicorn leaves a socket there.
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "settings",
        "PYTHONPATH": str(root),
        "HOME": str(root),
    }


@contextlib.contextmanager
def running(command: list[str], root: Path, connect: Any) -> Iterator[None]:
    with (root / "log").open("w+") as log:
        process = subprocess.Popen(
            command, cwd=root, env=environment(root), stdout=log, stderr=log, start_new_session=True
        )
        try:
            limit = time.monotonic() + WAIT
            while True:
                with (
                    contextlib.suppress(OSError, http.client.HTTPException),
                    contextlib.closing(connect()) as connection,
                ):
                    connection.request("GET", "/")
                    if connection.getresponse().status == 200:
                        break
                assert process.poll() is None, (root / "log").read_text()
                assert time.monotonic() < limit, (root / "log").read_text()
                time.sleep(0.05)
            yield
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
