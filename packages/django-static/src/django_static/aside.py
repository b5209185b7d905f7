"""Do a piece of work in a process of its own, beside what this one does meanwhile."""

from __future__ import annotations

import contextlib
import os
import pickle
import signal
import sys
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from .cores import cores

__all__ = ["Aside", "OrphanedError"]

Result = TypeVar("Result")


class OrphanedError(Exception):
    """The process that wanted the work has ended."""


class Aside(Generic[Result]):
    """A copy of this process that does one thing, and is no more afterwards.

    It is a help and never needed: where there are no such copies (Windows) or they are not safe (macOS), only one core, or
    other threads, whose locks a copy would keep for ever, there is none; and where it fails, its result is None and the
    work is still to be done.
    """

    def __init__(self, process: int, pipe: int) -> None:
        self._process = process
        self._pipe = pipe

    @classmethod
    def start(cls, work: Callable[[Callable[[], None]], Result]) -> Aside[Result] | None:
        """Begin the work; it is given a function to call now and then, which raises :class:`OrphanedError`."""
        if not hasattr(os, "fork") or sys.platform == "darwin" or cores() < 2 or threading.active_count() > 1:
            return None
        read, write = os.pipe()
        parent = os.getpid()
        try:
            process = os.fork()
        except OSError:  # too many processes, or no memory
            os.close(read)
            os.close(write)
            return None
        if process:
            os.close(write)
            return cls(process, read)

        def check() -> None:
            if os.getppid() != parent:
                raise OrphanedError

        failed = True
        try:
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            os.close(read)
            with os.fdopen(write, "wb") as file:
                pickle.dump(work(check), file, pickle.HIGHEST_PROTOCOL)
            failed = False
        finally:
            # Nothing of what the other process has opened is to be closed twice, no handler of its end to be run.
            os._exit(failed)

    def result(self) -> Result | None:
        """Wait for the result; None if the work failed."""
        with os.fdopen(self._pipe, "rb") as file:
            data = file.read()
        self._pipe = -1
        status = os.waitpid(self._process, 0)[1]
        self._process = 0
        if status != 0:
            return None
        result: Result = pickle.loads(data)  # noqa: S301 (written by a copy of this process)
        return result

    def close(self) -> None:
        """End the work if nobody waits for it any more."""
        if self._pipe >= 0:
            os.close(self._pipe)
            self._pipe = -1
        if self._process:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._process, signal.SIGKILL)
            with contextlib.suppress(ChildProcessError):
                os.waitpid(self._process, 0)
            self._process = 0
