"""Do a piece of work in a process of its own, beside what this one does meanwhile."""

from __future__ import annotations

import contextlib
import os
import pickle
import signal
import sys
import threading
from collections.abc import Callable
from typing import Any, BinaryIO, Generic, TypeVar

from .cores import cores

__all__ = ["Aside", "OrphanedError"]

Result = TypeVar("Result")
More = TypeVar("More")


class OrphanedError(Exception):
    """The process that wanted the work has ended."""


class Aside(Generic[Result, More]):
    """A copy of this process that does one thing, tells the result, does another, tells that, and is no more afterwards.

    It is a help and never needed: where there are no such copies (Windows) or they are not safe (macOS), only one core, or
    other threads, whose locks a copy would keep for ever, there is none; and where it fails, its result is None and the
    work is still to be done.
    """

    def __init__(self, process: int, pipe: int) -> None:
        self._process = process
        self._pipe: BinaryIO | None = os.fdopen(pipe, "rb")

    @classmethod
    def start(
        cls, work: Callable[[Callable[[], None]], Result], then: Callable[[], More] | None = None
    ) -> Aside[Result, More] | None:
        """Begin the work; it is given a function to call now and then, which raises :class:`OrphanedError`.

        ``then`` is called when the result has been sent, while whoever has it goes on with that.
        """
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
                file.flush()
                if then is not None:
                    pickle.dump(then(), file, pickle.HIGHEST_PROTOCOL)
            failed = False
        finally:
            # Nothing of what the other process has opened is to be closed twice, no handler of its end to be run.
            os._exit(failed)

    def result(self) -> Result | None:
        """Wait for the result; None if the work failed."""
        result: Result | None = self._received()
        return result

    def more(self) -> More | None:
        """Wait for what was done after the result, which has been taken; None if that failed."""
        more: More | None = self._received()
        return more

    def close(self) -> None:
        """End the work if nobody waits for it any more."""
        if self._pipe is not None:
            self._pipe.close()
            self._pipe = None
        if self._process:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._process, signal.SIGKILL)
            with contextlib.suppress(ChildProcessError):
                os.waitpid(self._process, 0)
            self._process = 0

    def _received(self) -> Any:
        """What is sent next: whole or not at all, since what is cut off is not what was sent."""
        if self._pipe is not None:
            with contextlib.suppress(EOFError, OSError, pickle.UnpicklingError):
                return pickle.load(self._pipe)  # noqa: S301 (written by a copy of this process)
            self.close()
        return None
