"""Files that may change under their names: each is looked at whenever it is asked for."""

from __future__ import annotations

import os
import stat
import threading
from functools import partial
from typing import NamedTuple

from .. import charsets, names
from ..content_types import content_type, has_charset, has_host, is_font
from .entry import Entry, Limits
from .memory import Memory, Vanished, open_file, read_all
from .negotiation import IDENTITY
from .representation import Representation, Terms

__all__ = ["Loose"]

_State = tuple[int, int, int, int]
#: Descriptions that are kept.
_MOST = 1024
_DIGITS = 32


class _Named(NamedTuple):
    url: str
    path: str
    is_lasting: bool


class Loose:
    """Describes files by what they are now."""

    def __init__(self, limits: Limits, memory: Memory) -> None:
        self._limits = limits
        self._memory = memory
        self._known: dict[_Named, tuple[_State, Entry]] = {}
        self._lock = threading.Lock()

    def entry(self, url: str, path: str, *, is_lasting: bool = False) -> Entry | None:
        """The entry of the file of that path as it is now; None if there is none, or something else than a file.

        Raises:
            Damaged: it cannot be read.
        """
        named = _Named(url, path, is_lasting)
        try:
            status = os.stat(path)  # noqa: PTH116 (a string is at hand)
        except (OSError, ValueError):
            return None
        if not stat.S_ISREG(status.st_mode):
            return None
        known = self._known.get(named)
        if known is not None and known[0] == _state(status):
            return known[1]
        try:
            status, entry = self._described(named)
        except Vanished:
            return None
        with self._lock:
            while len(self._known) >= _MOST:
                del self._known[next(iter(self._known))]
            self._known[named] = (_state(status), entry)
        return entry

    def _described(self, named: _Named) -> tuple[os.stat_result, Entry]:
        """The description of what is opened now: size and content are of one file, whatever is put in its place."""
        with open_file(named.path) as file:
            status = os.fstat(file.fileno())
            if status.st_size > self._limits.small:
                return status, self._large(named, status)
            data = read_all(file, self._limits.small + 1)
        digest = names.content_digest(data)
        readable = named.is_lasting or not has_charset(named.url) or charsets.is_utf8(data)
        etag = f'"{digest[:_DIGITS]}"'
        representation = self._representation(named, status, len(data), etag, digest, is_utf8=readable)
        self._memory.keep(representation, data)
        return status, Entry((representation,), is_loose=True)

    def _large(self, named: _Named, status: os.stat_result) -> Entry:
        # Only its time is known: not enough to put together parts of it from two answers.
        etag = f'W/"{status.st_mtime_ns:x}-{status.st_size:x}"'
        # It is not read for its encoding.
        readable = named.is_lasting
        representation = self._representation(named, status, status.st_size, etag, "", is_utf8=readable)
        return Entry((representation,), is_loose=True, describe=partial(self._large, named))

    def _representation(
        self, named: _Named, status: os.stat_result, size: int, etag: str, digest: str, *, is_utf8: bool
    ) -> Representation:
        url = named.url
        terms = Terms(
            content_type(url, is_utf8=is_utf8),
            modified=max(0, int(status.st_mtime)),
            max_age=self._limits.max_age,
            is_lasting=named.is_lasting,
            is_shared=is_font(url) or has_host(url),
            is_varying=False,
        )
        return Representation(
            terms,
            path=named.path,
            size=size,
            etag=etag,
            coding=IDENTITY,
            digest=digest,
            is_small=bool(digest),
        )


def _state(status: os.stat_result) -> _State:
    return status.st_mtime_ns, status.st_size, status.st_ctime_ns, status.st_ino
