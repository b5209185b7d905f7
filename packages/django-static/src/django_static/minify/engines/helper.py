"""Long-lived processes that minify for this one.

The engine is a Go library. In this process its runtime would be missing its threads after a fork, so that a call there
waits for ever, and an error of its own (a stack that grows too large) would end the web server. So it lives in a
process beside, which is kept: starting one takes some 80 ms, a call to one that runs 0.1 ms. It ends when it has had
nothing to do for a while, and with the process that started it, however that ends.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import struct
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import IO, cast

from .errors import EngineError

__all__ = ["Helpers", "python"]

_HEAD = struct.Struct("<BI")
_SCRIPT = Path(__file__).with_name("helper_main.py")
_IDLE_SECONDS = 60
_END_SECONDS = 2.0


class _Gone(Exception):
    """The process has ended."""


class _Helper:
    """One such process, used by one thread at a time."""

    def __init__(self) -> None:
        command = [python(), "-P", str(_SCRIPT), str(_IDLE_SECONDS)]
        try:
            self.process = subprocess.Popen(  # noqa: S603 (our own interpreter and code)
                command,
                bufsize=0,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                # No Ctrl-C of the terminal: it ends with its parent.
                start_new_session=True,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            )
        except OSError as error:
            raise EngineError(f"a process for tdewolff-minify could not be started: {error}") from error
        self.stdin = cast("IO[bytes]", self.process.stdin)
        self.stdout = cast("IO[bytes]", self.process.stdout)

    def ask(self, question: tuple[str, str, str], timeout: float) -> tuple[bool, str]:
        """Whether it went well, and the result or what went wrong.

        Raises:
            _Gone: the process ended before it answered.
            TimeoutError: it was stopped, since it took too long.
        """
        late = threading.Event()

        def stop() -> None:
            late.set()
            self.process.kill()

        timer = threading.Timer(timeout, stop)
        timer.daemon = True
        timer.start()
        try:
            for part in question:
                self._write(part.encode())
            status, length = _HEAD.unpack(self._read(_HEAD.size))
            return not status, self._read(length).decode()
        except (OSError, _Gone) as error:
            raise (TimeoutError() if late.is_set() else _Gone()) from error
        finally:
            timer.cancel()

    def close(self) -> int:
        """End it and tell how it ended."""
        with contextlib.suppress(OSError):
            self.stdin.close()
        try:
            code = self.process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = self.process.wait()
        self.stdout.close()
        return code

    def forget(self) -> None:
        """Let go of the process of another process, of which this one is a fork."""
        self.process.returncode = 0
        for pipe in (self.stdin, self.stdout):
            with contextlib.suppress(OSError):
                pipe.close()

    def _write(self, data: bytes) -> None:
        rest = memoryview(_HEAD.pack(0, len(data)) + data)
        while rest:
            rest = rest[self.stdin.write(rest) or 0 :]

    def _read(self, length: int) -> bytes:
        assert self.process.stdout  # noqa: S101
        pieces: list[bytes] = []
        while length:
            piece = self.stdout.read(length)
            if not piece:
                raise _Gone
            pieces.append(piece)
            length -= len(piece)
        return b"".join(pieces)


class Helpers:
    """As many processes as threads ask at the same time, but no more than there are cores."""

    def __init__(self, timeout: float) -> None:
        self.timeout = timeout
        self._idle: list[_Helper] = []
        self._begin()
        atexit.register(self.close)
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._after_fork)

    def ask(self, media_type: str, text: str, configuration: Mapping[str, object] | None = None) -> str:
        """The minified text, by a configuration that names all that is ever configured.

        Raises:
            EngineError: what the engine has against the text, or how its process ended.
        """
        question = (json.dumps(configuration or {}, sort_keys=True), media_type, text)
        if self._process != os.getpid():  # a fork by a server that does not tell Python of it
            self._after_fork()
        with self._free:
            helper = self._take()
            try:
                try:
                    is_well, result = helper.ask(question, self.timeout)
                except _Gone:
                    # It may have ended for want of work in this moment; a new one cannot have.
                    self._end(helper)
                    helper = self._start()
                    is_well, result = helper.ask(question, self.timeout)
            except _Gone:
                code = self._end(helper)
                raise EngineError(
                    f"the process of tdewolff-minify ended with {code}, as it does when a text is nested too deeply"
                ) from None
            except TimeoutError:
                self._end(helper)
                raise EngineError(
                    f"tdewolff-minify took more than {self.timeout:g} seconds and was stopped"
                ) from None
            except BaseException:
                # Ctrl-C in the middle: its answer would be taken for that to the next question.
                self._end(helper)
                raise
            with self._lock:
                self._idle.append(helper)
        if not is_well:
            raise EngineError(result)
        return result

    def close(self) -> None:
        """End all processes that have nothing to do."""
        with self._lock:
            idle, self._idle = self._idle, []
        for helper in idle:
            self._end(helper)

    def _begin(self) -> None:
        self._process = os.getpid()
        self._lock = threading.Lock()
        self._free = threading.BoundedSemaphore(os.cpu_count() or 1)
        self._idle = []
        self._all: set[_Helper] = set()

    def _take(self) -> _Helper:
        while True:
            with self._lock:
                helper = self._idle.pop() if self._idle else None
            if helper is None:
                return self._start()
            if helper.process.poll() is None:
                return helper
            self._end(helper)

    def _start(self) -> _Helper:
        helper = _Helper()
        self._all.add(helper)
        return helper

    def _end(self, helper: _Helper) -> int:
        self._all.discard(helper)
        return helper.close()

    def _after_fork(self) -> None:
        for helper in self._all:
            helper.forget()
        self._begin()


def python() -> str:
    """The interpreter; inside a server that embeds Python (uWSGI) ``sys.executable`` is the server.

    Raises:
        EngineError: none was found.
    """
    for candidate in (
        sys.executable,
        str(Path(sys.prefix, "bin", "python3")),
        str(Path(sys.prefix, "python.exe")),
    ):
        if candidate and Path(candidate).name.lower().startswith("python") and Path(candidate).exists():
            return candidate
    raise EngineError("no Python interpreter was found to run tdewolff-minify in")
