"""What could not be done: when it is tried again, and what the log says of it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from ..conf import PREFIX
from .store import StoreError

__all__ = ["RETRY_SECONDS", "Complaints", "Rests"]

logger = logging.getLogger("django_static")

#: How long a file that could not be stored stays as it is before it is tried again; all of them, if the store is to blame.
RETRY_SECONDS = 60.0


class Rests:
    """The files, by their URLs on the site, that are left alone for a while, and the store itself."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._ends: dict[str, float] = {}
        self._end_of_all = 0.0

    def __contains__(self, uri: object) -> bool:
        """Whether a file is to be tried again, now or later."""
        return uri in self._ends

    def begin(self, uri: str, *, is_general: bool = False) -> None:
        """Leave a file alone, and all others, too, where they would meet with the same."""
        with self._lock:
            self._ends[uri] = self._clock() + RETRY_SECONDS
            if is_general:
                self._end_of_all = self._clock() + RETRY_SECONDS

    def end(self, uri: str) -> None:
        """Have a file tried when a page wants it next, unless it rests already."""
        with self._lock:
            self._ends.setdefault(uri, self._clock())

    def is_for_all(self) -> bool:
        return self._end_of_all > self._clock()

    def is_over(self, uri: str) -> bool:
        """Whether a file is to be tried now; said once, to whoever tries it."""
        with self._lock:
            end = self._ends.get(uri)
            if end is None or max(end, self._end_of_all) > self._clock():
                return False
            del self._ends[uri]
            return True


class Complaints:
    """Warnings, each said once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._said: set[str] = set()

    def of(self, error: StoreError) -> None:
        self.say(f"{error}; pages print the local URL", is_general=error.is_general)

    def say(self, message: str, *, is_general: bool = False) -> None:
        """Warn; of what concerns all files alike, once in all until it is over."""
        with self._lock:
            known = "" if is_general else message
            if known in self._said:
                return
            self._said.add(known)
        logger.warning("%s_FILE_PROXY django_static.cdn.file_proxy: %s", PREFIX, message)

    def are_over(self) -> None:
        """What concerned all files alike does so no more."""
        self._said.discard("")
