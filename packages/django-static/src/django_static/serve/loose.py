"""Files that may change under their names: each is looked at whenever it is asked for."""

from __future__ import annotations

import os
import stat
import threading

from .. import names
from .entry import Entry, Limits
from .kinds import content_type, is_font
from .memory import Damaged, Memory, Vanished, open_whole
from .negotiation import IDENTITY
from .representation import Representation, Terms

__all__ = ["Loose"]

_State = tuple[int, int, int, int]
#: Descriptions that are kept.
_MOST = 1024
_DIGITS = 32


class Loose:
    """Describes files by what they are now."""

    def __init__(self, limits: Limits, memory: Memory) -> None:
        self._limits = limits
        self._memory = memory
        self._known: dict[tuple[str, str], tuple[_State, Entry]] = {}
        self._lock = threading.Lock()

    def entry(self, url: str, path: str, *, is_lasting: bool = False) -> Entry | None:
        """The entry of the file of that path as it is now; None if there is none, or something else than a file.

        Raises:
            Damaged: it cannot be read.
        """
        try:
            status = os.stat(path)  # noqa: PTH116 (a string is at hand)
        except (OSError, ValueError):
            return None
        if not stat.S_ISREG(status.st_mode):
            return None
        state = (status.st_mtime_ns, status.st_size, status.st_ctime_ns, status.st_ino)
        known = self._known.get((url, path))
        if known is not None and known[0] == state:
            return known[1]
        try:
            entry = self._described(url, path, status, is_lasting=is_lasting)
        except Vanished:
            return None
        with self._lock:
            while len(self._known) >= _MOST:
                del self._known[next(iter(self._known))]
            self._known[url, path] = (state, entry)
        return entry

    def _described(self, url: str, path: str, status: os.stat_result, *, is_lasting: bool) -> Entry:
        size = status.st_size
        # Of a large file only the time is known: not enough to put together parts of it from two answers.
        representation = self._representation(
            url, path, size, f'W/"{status.st_mtime_ns:x}-{size:x}"', "", status, is_lasting=is_lasting
        )
        if size <= self._limits.small:
            with open_whole(representation) as file:
                data = file.read(size + 1)
            if len(data) != size:
                raise Damaged(f"{path} changed while it was read")
            digest = names.digest(data)
            representation = self._representation(
                url, path, size, f'"{digest[:_DIGITS]}"', digest, status, is_lasting=is_lasting
            )
            self._memory.keep(representation, data)
        return Entry((representation,), is_loose=True)

    def _representation(
        self,
        url: str,
        path: str,
        size: int,
        etag: str,
        digest: str,
        status: os.stat_result,
        *,
        is_lasting: bool,
    ) -> Representation:
        terms = Terms(
            content_type(url),
            modified=max(0, int(status.st_mtime)),
            max_age=self._limits.max_age,
            is_lasting=is_lasting,
            is_shared=is_font(url) or not url.startswith("/") or url.startswith("//"),
            is_varying=False,
        )
        return Representation(
            terms, path=path, size=size, etag=etag, coding=IDENTITY, digest=digest, is_small=bool(digest)
        )
