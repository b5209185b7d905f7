"""What may be sent, by the path of its URL: all that a manifest names, or that earlier ones did, and nothing else."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from urllib.parse import unquote_to_bytes

from .. import names
from ..content_types import has_host
from ..former import Former
from ..manifest import Manifest, Served
from ..places import Places
from ..sources import split_host
from .entry import Entry, Limits
from .loose import Loose
from .memory import Memory

__all__ = ["Catalogue", "Spelling", "as_latin1", "as_text"]

#: How a server gives the path of a request: made of the path in a URL, percent-encoded.
Spelling = Callable[[str], str]
#: A URL, what is known of its file, and what made the compressed siblings.
_Known = tuple[str, Served, Mapping[str, str]]


def as_latin1(path: str) -> str:
    """As WSGI has it: each byte a character (PEP 3333)."""
    return path if path.isascii() and "%" not in path else _bytes(path).decode("latin-1")


def as_text(path: str) -> str:
    """As ASGI has it: decoded from UTF-8; bytes that are none are kept as Python does it for names of files."""
    return path if path.isascii() and "%" not in path else _bytes(path).decode("utf-8", "surrogateescape")


def _bytes(path: str) -> bytes:
    return unquote_to_bytes(path.encode("utf-8", "surrogateescape"))


def _path(url: str, spelling: Spelling) -> str:
    return spelling(url if url.startswith("/") and not url.startswith("//") else split_host(url)[1])


def _weight(item: tuple[str, Served]) -> tuple[bool, bool]:
    return item[1].is_lasting, has_host(item[0])


class Catalogue:
    """Made of a manifest without a look at any file; an entry is put together when it is first asked for."""

    def __init__(
        self,
        manifest: Manifest,
        former: Former,
        places: Places,
        spelling: Spelling,
        limits: Limits,
        before: Catalogue | None = None,
    ) -> None:
        """``former`` are the names of earlier builds, which pages may print still; ``before`` is what was served until now."""
        #: Those that were asked for; look here first.
        self.entries: dict[str, Entry] = {}
        self.memory = Memory(limits.memory)
        self._limits = limits
        self._places = places
        self._codecs: Mapping[str, str] = manifest.codecs
        self._loose = Loose(limits, self.memory)
        self._served = {_path(url, spelling): (url, served) for url, served in manifest.served.items()}
        if len(self._served) < len(manifest.served):
            # With a host in one URL and none in the other: what pages print has the last word, and it is the former.
            for url, served in sorted(manifest.served.items(), key=_weight):
                self._served[_path(url, spelling)] = (url, served)
        self._former = former
        self._old = {_path(url, spelling): url for url in former}
        self._carried: dict[str, _Known] = {}
        if before is not None:
            self._carried = dict(self._left_by(before))

    def __contains__(self, path: str) -> bool:
        return path in self._served or self._is_old(path)

    def __len__(self) -> int:
        return len(self._served)

    def _is_old(self, path: str) -> bool:
        return path in self._old or path in self._carried

    def _left_by(self, before: Catalogue) -> Iterator[tuple[str, _Known]]:
        for path in (*before._served, *before._old, *before._carried):
            if path in self:
                continue
            try:
                known = before._known(path)
            except KeyError:  # a name of which nothing of use is said
                continue
            served = known[1]
            place = self._places.found(served.place, served.size)
            if served.is_lasting and os.path.isfile(place):  # noqa: PTH113
                yield path, known

    @property
    def carried(self) -> Iterable[_Known]:
        """What was served before, is noted nowhere any more, and lies where it did."""
        return self._carried.values()

    def _known(self, path: str) -> _Known:
        """What is known of a path.

        Raises:
            KeyError: nothing.
        """
        if path in self._served:
            return (*self._served[path], self._codecs)
        if path in self._old:
            return (self._old[path], *self._former.served(self._old[path]))
        return self._carried[path]

    def had(self, path: str) -> bool:
        """Whether a name is that of a build, or of another version of a file that is served."""
        if self._is_old(path):
            return True
        return names.has_sure_mark(path) and names.unmarked(path) in self._versions

    @cached_property
    def _versions(self) -> frozenset[str]:
        """What files with a fingerprint are called without it; made when first asked for, since a start shall be quick."""
        return frozenset(
            names.unmarked(path) for path, (_, served) in self._served.items() if served.is_lasting
        )

    def entry(self, path: str) -> Entry | None:
        """The entry of a path; None where there is nothing to be sent.

        Raises:
            Damaged: its file may change, and cannot be read.
        """
        try:
            url, served, codecs = self._known(path)
        except KeyError:
            return None
        is_former = path not in self._served
        find = self._places.found
        place = find(served.place, served.size) if is_former else self._places.path(served.place)
        if not place:
            return None
        if not served.digest:
            return self._loose.entry(url, place, is_lasting=served.is_lasting)
        entry = Entry.of(url, place, served, codecs, self._limits, is_former=is_former)
        return self.entries.setdefault(path, entry)

    def found(self, path: str, place: str, *, is_lasting: bool) -> Entry | None:
        """The entry of a file that was found by its name.

        Raises:
            Damaged: it cannot be read.
        """
        return self._loose.entry(path, place, is_lasting=is_lasting)
