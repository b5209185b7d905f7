"""What the log says of what could not be done off a request."""

from __future__ import annotations

import itertools
import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from ..conf import PREFIX
from .patience import folder_of
from .store import StoreError

__all__ = ["AGAIN_SECONDS", "MOST", "Complaints"]

logger = logging.getLogger("django_static")

#: So long nothing must have been refused before it is said again: a store that takes every other file is one thing to be told.
AGAIN_SECONDS = 600.0
#: As often, at most, it is said in an hour of different folders.
MOST = 5
_MOST_SECONDS = 3600.0
_STORE = ""


@dataclass(slots=True)
class _Said:
    #: When it was last so, said or not.
    last: float
    #: Whether a file has been taken since it was said.
    is_over: bool = False


class Complaints:
    """Warnings, each said once."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._said: set[str] = set()
        #: What was said of files, by their URLs on the site.
        self._said_of: dict[str, set[str]] = {}
        #: What was said of each folder, and of the store: that something is not allowed, or anything else.
        self._general: dict[tuple[str, bool], _Said] = {}
        self._latest: deque[float] = deque(maxlen=MOST)

    def of(self, error: StoreError, uri: str, key: str = "", *, is_own: bool = False) -> None:
        """Warn of what has gone wrong with a file.

        Of what may concern all once in all, of what is known to be of its folder once for that, until it has been over for a
        while; of what concerns the file alone once until it has been taken, whatever a store adds to the words.
        """
        if error.is_general:
            self._of_many(error, folder_of(error.refused or key or uri), is_own=is_own)
            return
        cause = error.__cause__
        kind = type(cause).__name__ if cause is not None else str(error)
        with self._lock:
            said = self._said_of.setdefault(uri, set())
            if kind in said:
                return
            said.add(kind)
        _warn(f"{error}; pages print the local URL")

    def _of_many(self, error: StoreError, folder: str, *, is_own: bool) -> None:
        # Who was told of what is not allowed is to be told of a store that is not there, too.
        place, store = (folder, error.is_denied), (_STORE, error.is_denied)
        with self._lock:
            now = self._clock()
            is_said = self._is_said(place, now)
            if not is_own:
                is_said = self._is_said(store, now) or is_said
            if is_said or self._are_enough(now):
                return
            again = "again: " if place in self._general else ""
            self._latest.append(now)
            self._general[place] = _Said(now)
            if not is_own:
                self._general[store] = _Said(now)
            more = "; what else is refused is not said for a while" if self._are_enough(now) else ""
        _warn(f"{again}{error}; pages print the local URL{more}")

    def _is_said(self, place: tuple[str, bool], now: float) -> bool:
        said = self._general.get(place)
        if said is None or (said.is_over and now - said.last >= AGAIN_SECONDS):
            return False
        said.last = now
        return True

    def _are_enough(self, now: float) -> bool:
        return len(self._latest) == MOST and now - self._latest[0] < _MOST_SECONDS

    def say(self, message: str) -> None:
        with self._lock:
            if message in self._said:
                return
            self._said.add(message)
        _warn(message)

    def are_over(self, uri: str, key: str = "") -> None:
        """A file was taken: what is said of it next is news, and in a while what is said of its folder, and of the store."""
        with self._lock:
            self._said_of.pop(uri, None)
            for place in itertools.product((folder_of(key or uri), _STORE), (False, True)):
                if place in self._general:
                    self._general[place].is_over = True


def _warn(message: str) -> None:
    logger.warning("%s_FILE_PROXY django_static.cdn.file_proxy: %s", PREFIX, message)
