"""How many refusals in a row concern more than the files that met with them: a folder, or the whole store."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

__all__ = [
    "DENIALS",
    "MOST_DENIALS",
    "REFUSALS",
    "Exhausted",
    "Patience",
    "folder_of",
    "more_than",
    "patience",
    "way_up",
]

#: So many in a row are not a moment in which the store was not well, nor what concerns one file alone.
REFUSALS = 3
#: As many where the store answers, and says that it is not allowed: that costs little, and may be so of some files only.
#: Fewer at first, and more each time, as long as there are files that nobody has tried.
DENIALS = 16
MOST_DENIALS = 256
_MORE = 4


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

    Args:
        limit: so many are refused.
        denials: given a folder as :func:`way_up` calls it, how many there are denied by a store that answers; as many if
            left out.
        is_suspect: nothing was taken before, either: so many files, wherever they are, are enough for the store.
    """

    def __init__(
        self, limit: int, denials: Callable[[str], int] | None = None, *, is_suspect: bool = False
    ) -> None:
        self._limit = limit
        self._denials = denials or (lambda place: limit)
        self._lock = threading.Lock()
        #: What was refused in a row in each folder, by its path: files, where that ends in a slash, else what is in it. With
        #: whether it was only denied.
        self._refused: dict[str, dict[str, bool]] = {}
        self._skipped: set[str] = set()
        #: Whether a folder was given up, and nothing taken since.
        self._is_wary = False
        self._is_suspect = is_suspect
        #: What was refused in a row, and not only denied.
        self._row: set[str] = set()
        #: What only counts as refused: see :meth:`presume`.
        self._presumed: set[str] = set()

    @property
    def is_down(self) -> bool:
        """Whether the store seems not to be there: a folder, or all, was given up, not only denied, and nothing taken since."""
        return bool(self._row) and (self._is_wary or self._is_suspect)

    @property
    def is_calm(self) -> bool:
        """Whether no file was refused, or left out, of late."""
        return not self._refused and not self._skipped

    def is_over(self, key: str) -> bool:
        """Whether a file is not to be tried: those beside it were refused, or it was left out before."""
        return key in self._skipped or self.ended(key) is not None

    def ended(self, key: str, *, is_known: bool = False) -> str | None:
        """The outermost folder, of those that a file is in, that is given up; None if none is.

        Args:
            is_known: it was refused before, so that it tells little if it is again.
        """
        with self._lock:
            ended = [place for place, _ in way_up(key) if self._is_given_up(place, is_known=is_known)]
        return ended[-1] if ended else None

    def given_up(self) -> list[str]:
        """The folders that are given up now."""
        with self._lock:
            return [place for place in self._refused if self._is_given_up(place)]

    def skip(self, key: str) -> None:
        """Leave a file out."""
        with self._lock:
            self._skipped.add(key)

    def presume(self, key: str) -> None:
        """A file is being tried: if things are bad it counts as refused until it is taken, lest others are tried meanwhile."""
        if self._is_wary or self._is_suspect:
            self.refused(key)
            with self._lock:
                self._presumed.add(key)

    def refused(self, key: str, *, is_denied: bool = False) -> None:
        """A file met with what concerns others, too; with ``is_denied`` of a store that is there, and does not allow it."""
        with self._lock:
            is_first = key in self._presumed
            self._presumed.discard(key)
            (self._row.discard if is_denied else self._row.add)(key)
            for place, inside in way_up(key):
                was_given_up = self._is_given_up(place)
                there = self._refused.setdefault(place, {})
                there[inside] = is_denied and (is_first or there.get(inside, True))
                self._is_wary = self._is_wary or (not was_given_up and self._is_given_up(place))

    def taken(self, key: str) -> None:
        """The store has taken a file, or said what is wrong with that one."""
        with self._lock:
            self._is_wary = self._is_suspect = False
            self._row.clear()
            self._presumed.discard(key)
            for place, _ in way_up(key):
                self._refused.pop(place, None)

    def _is_given_up(self, place: str, *, is_known: bool = False) -> bool:
        refused = self._refused.get(place)
        if not refused:
            return False
        if self._is_wary and place.endswith("/"):
            return True
        if self._is_suspect and not place and len(self._row) >= self._limit:
            return True
        others = sum(not is_denied for is_denied in refused.values())
        return others >= self._limit or len(refused) >= (self._limit if is_known else self._denials(place))


def folder_of(key: str) -> str:
    """What :func:`way_up` calls the folder of a file."""
    return f"{key.rpartition('/')[0]}/"


def way_up(key: str) -> Iterator[tuple[str, str]]:
    """The folders that a file is in, the innermost first, each with what it is in there: see ``Patience``."""
    folder = key.rpartition("/")[0]
    inside = f"{folder}/"
    yield inside, key
    while folder:
        yield folder, inside
        folder, inside = folder.rpartition("/")[0], folder
    yield "", inside


def more_than(denials: int) -> int:
    """How many are denied the next time, where so many were."""
    return min(denials * _MORE, MOST_DENIALS)
