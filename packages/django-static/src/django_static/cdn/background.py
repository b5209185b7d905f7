"""A few threads for what a request must not wait for."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

__all__ = ["Background"]

_Result = TypeVar("_Result")
logger = logging.getLogger("django_static")


class Background:
    """Runs work in at most ``size`` threads, which start when there is some and end when there is none.

    They never keep a process from ending: what is under way then is cut off, what waits is dropped. After a fork the
    child has no threads; it must make a new one.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._waiting: deque[Callable[[], None]] = deque()
        self._threads = 0
        self._changed = threading.Condition()

    def submit(self, work: Callable[[], None]) -> None:
        """Have work done.

        Raises:
            RuntimeError: no thread can be started, and none is there that could do it later.
        """
        with self._changed:
            self._waiting.append(work)
            if self._threads >= self._size:
                return
            self._threads += 1
        try:
            threading.Thread(target=self._run, name="django_static.cdn", daemon=True).start()
        except BaseException:
            with self._changed:
                self._threads -= 1
                if self._threads or work not in self._waiting:
                    return  # another one does it
                self._waiting.remove(work)
                self._changed.notify_all()
            raise

    def begin(self, work: Callable[[], _Result]) -> Future[_Result]:
        """Have work done whose result, or error, is wanted.

        Raises:
            RuntimeError: as for :meth:`submit`.
        """
        future: Future[_Result] = Future()

        def run() -> None:
            try:
                result = work()
            except BaseException as error:  # noqa: BLE001 (for whoever asks for the result)
                future.set_exception(error)
            else:
                future.set_result(result)

        self.submit(run)
        return future

    def drop(self) -> None:
        """Have nothing done that nobody has begun."""
        with self._changed:
            self._waiting.clear()

    def is_waiting(self) -> bool:
        """Whether there is work that nobody has begun."""
        return bool(self._waiting)

    def wait(self, seconds: float) -> bool:
        """Wait until there is nothing to do; whether that came within the time."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._threads and not self._waiting, seconds)

    def _run(self) -> None:
        while True:
            with self._changed:
                if not self._waiting:
                    self._threads -= 1
                    self._changed.notify_all()
                    return
                work = self._waiting.popleft()
            try:
                work()
            except Exception:
                logger.exception("work for the CDN failed in a way that was not foreseen")
