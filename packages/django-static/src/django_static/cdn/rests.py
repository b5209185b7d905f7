"""What could not be done: when it is tried again, and what the log says of it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator

from ..conf import PREFIX
from .store import StoreError

__all__ = ["REFUSALS", "RETRY_SECONDS", "Complaints", "Exhausted", "Patience", "Rests", "patience"]

logger = logging.getLogger("django_static")

#: How long a file that could not be stored stays as it is before it is tried again; all of them, if the store is to blame.
RETRY_SECONDS = 60.0


#: So many in a row are not a moment in which the store was not well, nor what concerns one file alone.
REFUSALS = 3


def patience(threads: int) -> int:
    """How many refusals in a row concern all files: of each thread one at least."""
    return max(threads, REFUSALS)


class Exhausted(Exception):
    """So many files have met with what concerns all of them, or all in a folder, that this one is not tried."""


class Patience:
    """Ends with some refusals in a row, of each thread one at least: for a folder with those of its files, for one of folders
    with those of so many in it, and in the end for the store. One file that is taken begins anew, for its folders.

    What is refused may be a folder: others may be written to all the same. After one they have to show that with their
    first file, so that a store that is not there is not asked for each of them so many times.
    """

    def __init__(self, threads: int) -> None:
        self._limit = patience(threads)
        self._lock = threading.Lock()
        #: What was refused in a row in each folder, by its path: files, where that ends in a slash, else what is in it.
        self._refused: dict[str, set[str]] = {}
        self._skipped: set[str] = set()
        #: Whether a folder was given up, and nothing taken since.
        self._is_wary = False

    @property
    def is_calm(self) -> bool:
        """Whether no file was refused, or left out, of late."""
        return not self._refused and not self._skipped

    def is_over(self, key: str) -> bool:
        """Whether a file is not to be tried: those beside it were refused, or it was left out before."""
        with self._lock:
            return key in self._skipped or any(self._is_given_up(place) for place, _ in _way_up(key))

    def skip(self, key: str) -> None:
        """Leave a file out."""
        with self._lock:
            self._skipped.add(key)

    def refused(self, key: str) -> None:
        """A file met with what concerns others, too."""
        with self._lock:
            for place, inside in _way_up(key):
                self._refused.setdefault(place, set()).add(inside)
                self._is_wary = self._is_wary or self._is_given_up(place)

    def taken(self, key: str) -> None:
        """The store has taken a file, or said what is wrong with that one."""
        with self._lock:
            self._is_wary = False
            for place, _ in _way_up(key):
                self._refused.pop(place, None)

    def _is_given_up(self, place: str) -> bool:
        limit = 1 if self._is_wary and place.endswith("/") else self._limit
        return len(self._refused.get(place, ())) >= limit


def _way_up(key: str) -> Iterator[tuple[str, str]]:
    """The folders that a file is in, the innermost first, each with what it is in there: see ``Patience``."""
    folder = key.rpartition("/")[0]
    inside = f"{folder}/"
    yield inside, key
    while folder:
        yield folder, inside
        folder, inside = folder.rpartition("/")[0], folder
    yield "", inside


class Rests:
    """The files, by their URLs on the site, that are left alone for a while, and the store itself.

    What a store refuses may be one file, whatever it says: it is to blame when it has refused several, and has taken none
    meanwhile. What it refuses again after it has taken others says nothing of these.

    Args:
        clock: seconds that never go back.
        refusals: so many different files in a row are refused by the store, and not for what they are.
    """

    def __init__(self, clock: Callable[[], float], refusals: int = REFUSALS) -> None:
        self._clock = clock
        self._limit = refusals
        self._lock = threading.Lock()
        self._ends: dict[str, float] = {}
        self._end_of_all = 0.0
        #: How many files the store has taken, or has shown to have.
        self._taken = 0
        #: How many those were when a file was first refused that has not been taken since.
        self._refused: dict[str, int] = {}
        #: The files that were refused since the store has taken one.
        self._in_a_row: set[str] = set()
        #: Those that wait for no more than the store, and that nobody has tried.
        self._put_off: set[str] = set()

    def __contains__(self, uri: object) -> bool:
        """Whether a file is to be tried again, now or later."""
        return uri in self._ends

    def begin(self, uri: str, *, is_general: bool = False) -> bool:
        """Leave a file alone that was refused, and all others, too, where they seem to meet with the same.

        Returns:
            Whether it is known that they do not.
        """
        with self._lock:
            now = self._clock()
            self._ends[uri] = now + RETRY_SECONDS
            self._put_off.discard(uri)
            if not is_general:
                return False
            if self._refused.setdefault(uri, self._taken) < self._taken:
                return True
            self._in_a_row.add(uri)
            if len(self._in_a_row) >= self._limit:
                self._end_of_all = now + RETRY_SECONDS
            return False

    def put_off(self, uri: str) -> None:
        """Leave a file alone, not having tried it, as long as all are."""
        with self._lock:
            self._ends[uri] = self._clock()
            self._put_off.add(uri)

    def done(self, uri: str, *, is_taken: bool) -> None:
        """Nothing is left to be done for a file; with ``is_taken`` the store has taken it, and so is well."""
        with self._lock:
            self._refused.pop(uri, None)
            self._in_a_row.discard(uri)
            self._put_off.discard(uri)
            if is_taken:
                self._taken += 1
                self._in_a_row.clear()
                self._end_of_all = 0.0

    def end(self, uri: str) -> None:
        """Have a file tried when a page wants it next, unless it rests already."""
        with self._lock:
            self._ends.setdefault(uri, self._clock())

    def is_for_all(self) -> bool:
        return self._end_of_all > self._clock()

    def is_over(self, uri: str) -> bool:
        """Whether a file is to be tried now; said once, to whoever tries it.

        Those that were not tried go first, or the same few would be refused each time; unless no page asks for them.
        """
        with self._lock:
            end = self._ends.get(uri)
            now = self._clock()
            if end is None or max(end, self._end_of_all) > now:
                return False
            if uri in self._in_a_row and self._put_off and now < self._end_of_all + RETRY_SECONDS:
                return False
            self._put_off.discard(uri)
            del self._ends[uri]
            return True


class Complaints:
    """Warnings, each said once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._said: set[str] = set()
        #: What was said of files, by their URLs on the site.
        self._said_of: dict[str, set[str]] = {}

    def of(self, error: StoreError, uri: str, *, is_own: bool = False) -> None:
        """Warn of what has gone wrong with a file: of what may concern all, once in all until it is over; of what is known
        to be its own once, whatever a store adds to the words each time, until it has been taken."""
        cause = error.__cause__
        kind = type(cause).__name__ if cause is not None else str(error)
        is_general = error.is_general and not is_own
        with self._lock:
            said = self._said_of.setdefault(uri, set())
            if kind in said or (is_general and "" in self._said):
                return
            said.add(kind)
            if is_general:
                self._said.add("")
        _warn(f"{error}; pages print the local URL")

    def say(self, message: str) -> None:
        with self._lock:
            if message in self._said:
                return
            self._said.add(message)
        _warn(message)

    def are_over(self, uri: str) -> None:
        """A file was taken: what is said of it next is news, and what concerned all files alike does so no more."""
        with self._lock:
            self._said.discard("")
            self._said_of.pop(uri, None)


def _warn(message: str) -> None:
    logger.warning("%s_FILE_PROXY django_static.cdn.file_proxy: %s", PREFIX, message)
