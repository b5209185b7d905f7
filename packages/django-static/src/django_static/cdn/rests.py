"""What could not be done off a request: when it is tried again."""

from __future__ import annotations

import threading
import zlib
from collections import Counter
from collections.abc import Callable
from math import inf

from .patience import DENIALS, MOST_DENIALS, REFUSALS, Patience, folder_of, more_than, way_up

__all__ = ["RETRY_SECONDS", "Rests"]

#: How long a file that could not be stored stays as it is before it is tried again; all of a folder, or of the store, if that is
#: to blame.
RETRY_SECONDS = 60.0


class Rests:
    """The files, by their URLs on the site, that are left alone for a while, and folders, and the store itself.

    What a store refuses may be one file, whatever it says: a folder, or the store, is given up for a minute by the rule of
    :class:`.patience.Patience`. Then those files go first that nobody has tried; of those that were refused a few, in turn,
    until one is taken.

    Args:
        clock: seconds that never go back.
        refusals: so many different files in a row are refused by the store, and not for what they are.
    """

    def __init__(self, clock: Callable[[], float], refusals: int = REFUSALS) -> None:
        self._clock = clock
        self._limit = refusals
        self._lock = threading.RLock()
        self._ends: dict[str, float] = {}
        #: How many may be denied in a folder, where that is another number than at first.
        self._denials: dict[str, int] = {}
        self._patience = self._made()
        self._end_of_patience = 0.0
        #: How many files the store has taken, or has shown to have.
        self._taken = 0
        #: The files that were refused and not taken since: the key of what was refused, theirs or of what they refer to, and
        #: how many had been taken when they first were.
        self._refused: dict[str, tuple[str, int]] = {}
        self._refused_in: Counter[str] = Counter()
        #: The folders that the last file was taken of, and not refused.
        self._well: set[str] = set()
        #: The folders, by which files were put off that nobody has tried: until when others wait for those.
        self._put_off: dict[str, float] = {}

    def __contains__(self, uri: object) -> bool:
        """Whether a file is to be tried again, now or later."""
        return uri in self._ends

    @property
    def is_calm(self) -> bool:
        """Whether no file was refused of late."""
        return self._patience.is_calm

    def begin(self, uri: str, key: str = "", *, is_general: bool = False, is_denied: bool = False) -> bool:
        """Leave a file alone that was refused, and others, too, where they seem to meet with the same.

        Args:
            key: that of the file, or of what it refers to and was refused.
            is_general: others may meet with the same.
            is_denied: the store is there, and does not allow it.

        Returns:
            Whether it is known that not all files do.
        """
        with self._lock:
            now = self._clock()
            self._ends[uri] = now + RETRY_SECONDS
            if not is_general:
                return False
            key = key or uri
            self._renew()
            if self._patience.is_calm:
                self._end_of_patience = now + RETRY_SECONDS
            self._patience.refused(key, is_denied=is_denied)
            self._well.difference_update(place for place, _ in way_up(key))
            taken = self._refused[uri][1] if uri in self._refused else self._taken
            self._forget(uri)
            self._refused[uri] = key, taken
            self._refused_in[folder_of(key)] += 1
            return taken < self._taken

    def puts_off(self, uri: str, key: str) -> bool:
        """Whether a file is not to be tried now, since its folder, or the store, is given up; it is left alone then."""
        with self._lock:
            ended = self._ended(uri, key)
            if ended is not None:
                self._ends[uri] = self._clock()
                self._note_put_off(uri, ended)
            return ended is not None

    def presume(self, key: str) -> None:
        """A file is being tried: :meth:`.patience.Patience.presume`."""
        with self._lock:
            is_calm = self._patience.is_calm
            self._patience.presume(key)
            if is_calm:
                self._end_of_patience = self._clock() + RETRY_SECONDS

    def rests(self, uri: str, key: str) -> bool:
        """Whether the folder of a file, or the store, is given up now."""
        with self._lock:
            return self._ended(uri, key) is not None

    def done(self, uri: str, key: str = "", *, is_taken: bool) -> None:
        """Nothing is left to be done for a file; with ``is_taken`` the store has taken it, and so is well."""
        with self._lock:
            self._forget(uri)
            if is_taken:
                self._taken += 1
                key = key or uri
                places = [place for place, _ in way_up(key)]
                self._well.update(places)
                if self._patience.is_down:
                    self._well.update(self._refused_in)  # it is there again, for all
                for place in places:
                    self._put_off.pop(place, None)
                if not self._patience.is_calm:
                    # Where some are taken, and some are not, it is none of the folder.
                    self._denials.update(dict.fromkeys(places, MOST_DENIALS))
                    self._patience.taken(key)

    def end(self, uri: str) -> None:
        """Have a file tried when a page wants it next, unless it rests already."""
        with self._lock:
            self._ends.setdefault(uri, self._clock())

    def is_over(self, uri: str, key: str = "") -> bool:
        """Whether a file is to be tried now; said once, to whoever tries it."""
        with self._lock:
            end = self._ends.get(uri)
            now = self._clock()
            if end is None or end > now:
                return False
            ended = self._ended(uri, key or uri)
            if ended is not None:
                self._note_put_off(uri, ended)
                return False
            if uri in self._refused and not self._is_its_turn(uri, now):
                return False
            del self._ends[uri]
            return True

    def _ended(self, uri: str, key: str) -> str | None:
        self._renew()
        refused = self._refused.get(uri)
        return self._patience.ended(refused[0] if refused else key, is_known=refused is not None)

    def _is_its_turn(self, uri: str, now: float) -> bool:
        """Whether a file that was refused may be tried again: not before those that nobody has tried, unless no page asks
        for them any more; and not always the same few, unless others of the folder are taken."""
        key = self._refused[uri][0]
        for place, _ in way_up(key):
            # From the first page on that asks for any of them: nobody knows when that comes.
            if self._put_off.get(place) == inf:
                self._put_off[place] = now + RETRY_SECONDS
            if self._put_off.get(place, now) > now:
                return False
        folder = folder_of(key)
        turns = -(-self._refused_in[folder] // self._limit)
        # Another order each time that all have had their turn.
        order, turn = divmod(int(now // RETRY_SECONDS), turns)
        return folder in self._well or zlib.crc32(f"{order} {uri}".encode()) % turns == turn

    def _note_put_off(self, uri: str, ended: str) -> None:
        if uri not in self._refused:
            self._put_off[ended] = inf

    def _forget(self, uri: str) -> None:
        refused = self._refused.pop(uri, None)
        if refused is not None:
            self._refused_in[folder_of(refused[0])] -= 1

    def _renew(self) -> None:
        """Begin anew when a minute has gone since the first refusal."""
        if self._patience.is_calm or self._clock() < self._end_of_patience:
            return
        for place in self._patience.given_up():
            self._denials[place] = more_than(self._denials.get(place, self._at_first))
        self._patience = self._made(is_suspect=self._patience.is_down)

    def _made(self, *, is_suspect: bool = False) -> Patience:
        return Patience(
            self._limit, lambda place: self._denials.get(place, self._at_first), is_suspect=is_suspect
        )

    @property
    def _at_first(self) -> int:
        return max(self._limit, DENIALS)
