"""Processes of Python that need not import first what they all need, which takes most of the time of short ones.

Each is a copy of a process that has done nothing but import: of one of two, so that what depends on the order of sets, which
differs from process to process, shows. It has a number, an environment, a folder and pipes of its own, ends as any
process of Python, and can be killed.
"""

from __future__ import annotations

import gc
import importlib
import itertools
import json
import os
import runpy
import select
import signal
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Self, TextIO

#: What processes of a site import, which need not know any settings for it.
MODULES = (
    "django.contrib.staticfiles.apps",
    "django.contrib.staticfiles.finders",
    "django.contrib.staticfiles.management.commands.collectstatic",
    "django.core.wsgi",
    "django.template.backends.django",
    "django.template.loaders.locmem",
    "django.views.generic",
    "django_static.apps",
    "django_static.checks",
    "django_static.checks_of_manifest",
    "django_static.job",
    "django_static.lazy",
    "django_static.management.commands.staticbuild",
    "django_static.management.commands.staticclean",
    "django_static.collected",
    "django_static.storage",
    "django_static.templatetags.django_static",
)
_NUMBER = struct.Struct("<i")
_SIZE = struct.Struct("<I")


class Process:
    """The part of :class:`subprocess.Popen` that tests need."""

    def __init__(self, number: int, status: int, stdin: TextIO, stdout: TextIO, stderr: TextIO) -> None:
        self.pid = number
        self.returncode: int | None = None
        self.stdin, self.stdout, self.stderr = stdin, stdout, stderr
        self._status = status

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._close(self.stdin, self.stdout, self.stderr)
        self.wait()

    def poll(self) -> int | None:
        with suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        if self.returncode is None:
            if not select.select([self._status], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired(str(self.pid), timeout or 0)
            self.returncode = os.waitstatus_to_exitcode(
                _NUMBER.unpack(os.read(self._status, _NUMBER.size))[0]
            )
            os.close(self._status)
        return self.returncode

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        self._close(self.stdin)
        said = ["", ""]

        def read(number: int, stream: TextIO) -> None:
            said[number] = stream.read()

        threads = [
            threading.Thread(target=read, args=each, daemon=True)
            for each in enumerate((self.stdout, self.stderr))
            if not each[1].closed
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout)
            if thread.is_alive():
                raise subprocess.TimeoutExpired(str(self.pid), timeout or 0, *said)
        self._close(self.stdout, self.stderr)
        self.wait(timeout)
        return said[0], said[1]

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    @staticmethod
    def _close(*streams: TextIO) -> None:
        for stream in streams:
            with suppress(BrokenPipeError):
                stream.close()


class Forks:
    """Starts processes."""

    def __init__(self, channels: Sequence[socket.socket]) -> None:
        self._channels = itertools.cycle(channels)

    def start(
        self,
        *command: str | Path,
        environment: dict[str, str] | None = None,
        folder: Path | None = None,
    ) -> Process:
        """As ``python COMMAND``, which is ``-c`` and code, ``-m`` and a module or the path of a script, and arguments."""
        pipes = [os.pipe(), os.pipe(), os.pipe(), os.pipe()]
        theirs = [pipes[0][0], *(write for _, write in pipes[1:])]
        request = json.dumps(
            [
                list(map(str, command)),
                dict(os.environ) if environment is None else environment,
                str(folder or Path.cwd()),
            ]
        ).encode()
        channel = next(self._channels)
        socket.send_fds(channel, [_SIZE.pack(len(request))], theirs)
        channel.sendall(request)
        for each in theirs:
            os.close(each)
        (number,) = _NUMBER.unpack(_exactly(channel, _NUMBER.size))
        ours = [pipes[0][1], *(read for read, _ in pipes[1:])]
        streams: list[Any] = [
            os.fdopen(each, mode, encoding="utf-8") for each, mode in zip(ours[:3], "wrr", strict=True)
        ]
        return Process(number, ours[3], *streams)


@contextmanager
def forks() -> Iterator[Forks]:
    running, channels = [], []
    try:
        for _ in range(2):
            ours, theirs = socket.socketpair()
            channels.append(ours)
            with theirs:
                number = theirs.fileno()
                running.append(
                    subprocess.Popen(
                        [sys.executable, __file__, str(number), *MODULES],
                        pass_fds=[number],
                        stdin=subprocess.DEVNULL,
                        stdout=subprocess.DEVNULL,
                        # Nobody chooses for all of them.
                        env={name: text for name, text in os.environ.items() if name != "PYTHONHASHSEED"},
                    )
                )
        yield Forks(channels)
    finally:
        for channel in channels:
            channel.close()
        for process in running:
            process.wait(30)


# In the process that is copied


def _exactly(channel: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        piece = channel.recv(size - len(data))
        if not piece:
            raise ConnectionError("the other side has gone")
        data += piece
    return data


def _serve(channel: socket.socket) -> list[str] | None:
    """Make copies until nobody wants any more; what a copy is to run is returned to it."""
    awake, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    running: dict[int, int] = {}
    while True:
        ready, _, _ = select.select([channel, awake], [], [])
        if awake in ready:
            os.read(awake, 4096)
            for number, status in iter(_ended, None):
                os.write(running[number], _NUMBER.pack(status))
                os.close(running.pop(number))
        if channel in ready:
            head, given, _, _ = socket.recv_fds(channel, _SIZE.size, 4)
            if not head:
                # What a test that failed has left behind.
                for number in running:
                    os.kill(number, signal.SIGKILL)
                return None
            command, environment, folder = json.loads(_exactly(channel, _SIZE.unpack(head)[0]))
            number = os.fork()
            if not number:
                break
            running[number] = given.pop()
            for each in given:
                os.close(each)
            channel.sendall(_NUMBER.pack(number))
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    channel.close()
    for number, each in enumerate(given[:3]):
        os.dup2(each, number)
    for each in (awake, wake, *given, *running.values()):
        os.close(each)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    return list(command)


def _ended() -> tuple[int, int] | None:
    try:
        number, status = os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return None
    return (number, status) if number else None


def _run(command: list[str]) -> None:
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
        sys.path[:1] = [os.path.dirname(first), *places]
        sys.argv = command
        runpy.run_path(first, run_name="__main__")


if __name__ == "__main__":
    for module in sys.argv[2:]:
        importlib.import_module(module)
    gc.collect()
    gc.freeze()
    wanted = _serve(socket.socket(fileno=int(sys.argv[1])))
    if wanted is not None:
        _run(wanted)
