"""What may be sent, by the path of its URL: all that a manifest names, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from urllib.parse import unquote_to_bytes

from .. import names
from ..manifest import Manifest, Served
from ..places import Places
from ..sources import split_host
from .entry import Entry, Limits
from .loose import Loose
from .memory import Memory

__all__ = ["Catalogue", "Spelling", "as_latin1", "as_text"]

#: How a server gives the path of a request: made of the path in a URL, percent-encoded.
Spelling = Callable[[str], str]


def as_latin1(path: str) -> str:
    """As WSGI has it: each byte a character (PEP 3333)."""
    return path if path.isascii() and "%" not in path else _bytes(path).decode("latin-1")


def as_text(path: str) -> str:
    """As ASGI has it: decoded from UTF-8; bytes that are none are kept as Python does it for names of files."""
    return path if path.isascii() and "%" not in path else _bytes(path).decode("utf-8", "surrogateescape")


def _bytes(path: str) -> bytes:
    return unquote_to_bytes(path.encode("utf-8", "surrogateescape"))


class Catalogue:
    """Made of a manifest without a look at any file; an entry is put together when it is first asked for."""

    def __init__(
        self,
        manifest: Manifest,
        places: Places,
        spelling: Spelling,
        limits: Limits,
        before: Catalogue | None = None,
    ) -> None:
        """``before`` is what was served until now: pages that name its files are still on their way."""
        #: Those that were asked for; look here first.
        self.entries: dict[str, Entry] = {}
        self.memory = Memory(limits.memory)
        self._limits = limits
        self._places = places
        self._codecs: Mapping[str, str] = manifest.codecs
        self._loose = Loose(limits, self.memory)
        self._own = {
            spelling(url if url.startswith("/") and not url.startswith("//") else split_host(url)[1]): (
                url,
                served,
            )
            for url, served in manifest.served.items()
        }
        self._served: Mapping[str, tuple[str, Served]] = self._own
        if before is not None:
            lasting = {path: known for path, known in before._own.items() if known[1].is_lasting}
            self._served = lasting | self._own

    def __contains__(self, path: str) -> bool:
        return path in self._served

    def __len__(self) -> int:
        return len(self._served)

    def had(self, path: str) -> bool:
        """Whether a name is that of another version of a file that is served."""
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
        known = self._served.get(path)
        if known is None:
            return None
        url, served = known
        place = self._places.path(served.place)
        if not place:
            return None
        if not served.digest:
            return self._loose.entry(url, place, is_lasting=served.is_lasting)
        return self.entries.setdefault(path, Entry.of(url, place, served, self._codecs, self._limits))

    def found(self, path: str, place: str, *, is_lasting: bool) -> Entry | None:
        """The entry of a file that was found by its name.

        Raises:
            Damaged: it cannot be read.
        """
        return self._loose.entry(path, place, is_lasting=is_lasting)
