"""Processes of Python that need not import first what they all need, which takes most of the time of short ones.

Each is a copy of a process that has done nothing but import: of one of two, so that what depends on the order of sets, which
differs from process to process, shows. It has a number, an environment, a folder and streams of its own, and ends as any
process of Python.
"""

from __future__ import annotations

import gc
import importlib
import itertools
import json
import os
import runpy
import signal
import socket
import struct
import subprocess
import sys
import tempfile
from contextlib import contextmanager, suppress

#: What a site imports, and what knows no settings while it is imported.
MODULES = (
    "django.contrib.auth.management",
    "django.contrib.staticfiles",
    "django.core.cache.backends.locmem",
    "django.core.checks",
    "django.core.management.commands.flush",
    "django.core.management.commands.makemigrations",
    "django.core.management.commands.migrate",
    "django.core.management.commands.shell",
    "django.core.management.commands.test",
    "django.core.wsgi",
    "django.db.backends.sqlite3.base",
    "django.forms",
    "django.template.backends.django",
    "django.template.loaders.cached",
    "django.test",
    "django.test.runner",
    "django.views.generic",
    "django_mongokit.apps",
    "django_mongokit.checks",
    "django_mongokit.document",
    "django_mongokit.middleware",
    "django_mongokit.mongodb.base",
    "django_mongokit.test",
    "mongokit",
    "mongokit.embedded",
)
_NUMBER = struct.Struct("<i")
_SIZE = struct.Struct("<I")


class WarmPython:
    """Runs commands as ``python -W error COMMAND``."""

    def __init__(self, channels):
        self._channels = itertools.cycle(channels)

    def run(self, *command, cwd, env, stdin="", timeout=100):
        """As :func:`subprocess.run` of ``-c`` and code, ``-m`` and a module or a script, and arguments.

        What it and the processes that it leaves behind say goes to files, so that nobody waits for those.
        """
        channel = next(self._channels)
        with (
            tempfile.TemporaryFile("w+", encoding="utf-8") as given,
            tempfile.TemporaryFile("w+", encoding="utf-8") as said,
            tempfile.TemporaryFile("w+", encoding="utf-8") as complained,
        ):
            given.write(stdin)
            given.seek(0)
            request = json.dumps([list(map(str, command)), env, str(cwd)]).encode()
            streams = [each.fileno() for each in (given, said, complained)]
            socket.send_fds(channel, [_SIZE.pack(len(request))], streams)
            channel.sendall(request)
            number = _number_from(channel)
            channel.settimeout(timeout)
            try:
                status = _number_from(channel)
            except BaseException as error:
                with suppress(ProcessLookupError):
                    os.kill(number, signal.SIGKILL)
                # Or the next to be run would take this one's status for its own.
                channel.settimeout(None)
                _number_from(channel)
                if not isinstance(error, TimeoutError):
                    raise
                raise subprocess.TimeoutExpired(
                    command, timeout, _text_of(said), _text_of(complained)
                ) from None
            channel.settimeout(None)
            code = os.waitstatus_to_exitcode(status)
            return subprocess.CompletedProcess(command, code, _text_of(said), _text_of(complained))


@contextmanager
def warm_python():
    """Yield what runs commands; the two processes that it copies end with the block."""
    running, channels = [], []
    try:
        for _ in range(2):
            ours, theirs = socket.socketpair()
            channels.append(ours)
            with theirs:
                number = theirs.fileno()
                running.append(
                    subprocess.Popen(
                        [sys.executable, "-W", "error", __file__, str(number), *MODULES],
                        pass_fds=[number],
                        stdin=subprocess.DEVNULL,
                        stdout=subprocess.DEVNULL,
                        # Nobody chooses for both of them.
                        env={name: text for name, text in os.environ.items() if name != "PYTHONHASHSEED"},
                    )
                )
        yield WarmPython(channels)
    finally:
        for channel in channels:
            channel.close()
        for process in running:
            process.wait(30)


def _text_of(file):
    file.seek(0)
    return file.read()


def _number_from(channel):
    return _NUMBER.unpack(_exactly(channel, _NUMBER.size))[0]


def _exactly(channel, size):
    data = b""
    while len(data) < size:
        piece = channel.recv(size - len(data))
        if not piece:
            raise ConnectionError("the other side has gone")
        data += piece
    return data


# In the process that is copied


def _serve(channel):
    """Make one copy after the other until nobody wants any more; what a copy is to run is returned to it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    while True:
        head, streams, _, _ = socket.recv_fds(channel, _SIZE.size, 3)
        if not head:
            return None
        command, environment, folder = json.loads(_exactly(channel, _SIZE.unpack(head)[0]))
        number = os.fork()
        if not number:
            break
        for each in streams:
            os.close(each)
        channel.sendall(_NUMBER.pack(number))
        channel.sendall(_NUMBER.pack(os.waitpid(number, 0)[1]))
    signal.signal(signal.SIGINT, signal.default_int_handler)
    channel.close()
    for number, each in enumerate(streams):
        os.dup2(each, number)
        os.close(each)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    return command


def _run(command):
    """As the interpreter does at its start."""
    first, *rest = command
    places = [os.path.abspath(each) for each in os.environ.get("PYTHONPATH", "").split(os.pathsep) if each]
    if first == "-c":
        sys.path[:1] = ["", *places]
        sys.argv = ["-c", *rest[1:]]
        exec(compile(rest[0], "<string>", "exec"), {"__name__": "__main__"})
    elif first == "-m":
        sys.path[:1] = [os.getcwd(), *places]
        sys.argv = rest
        runpy.run_module(rest[0], run_name="__main__", alter_sys=True)
    else:
        # Whole, for workers that are spawned run it once more.
        script = os.path.abspath(first)
        sys.path[:1] = [os.path.dirname(script), *places]
        sys.argv = command
        runpy.run_path(script, run_name="__main__")


if __name__ == "__main__":
    for module in sys.argv[2:]:
        importlib.import_module(module)
    gc.collect()
    gc.freeze()
    wanted = _serve(socket.socket(fileno=int(sys.argv[1])))
    if wanted is not None:
        _run(wanted)
