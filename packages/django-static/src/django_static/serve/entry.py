"""A file and its codings."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Mapping

from .. import names
from ..content_types import content_type, has_host, is_font
from ..manifest import Served
from .negotiation import IDENTITY, qualities, quality
from .representation import Representation, Terms

__all__ = ["CODINGS", "Entry", "Limits"]

#: The registered names of codings, by the format of siblings.
CODINGS = {"gz": "gzip", "br": "br", "zst": "zstd"}

_DIGITS = 32
#: Fields that are remembered for a file; browsers send no more than a few different ones.
_FIELDS = 32
_FIELD_LENGTH = 256


class Limits:
    """What a server keeps in memory, in bytes, and for how many seconds files without a fingerprint may be cached."""

    __slots__ = ("max_age", "memory", "small")

    def __init__(self, small: int, memory: int, max_age: int) -> None:
        """``small`` is the most that one file may have to be kept, ``memory`` that of all together."""
        self.small = min(small, memory)
        self.memory = memory
        self.max_age = max_age


class Entry:
    """What a URL stands for: representations, the smallest first."""

    __slots__ = ("_lock", "chosen", "describe", "is_former", "is_loose", "representations")

    def __init__(
        self,
        representations: Iterable[Representation],
        *,
        is_loose: bool = False,
        is_former: bool = False,
        describe: Callable[[os.stat_result], Entry] | None = None,
    ) -> None:
        """``is_loose`` tells that the file may be another one by the next request; ``is_former``, that only earlier builds need
        it, so that it may vanish; ``describe``, that what is said of it must be said of the file that was opened to send it."""
        self.is_loose = is_loose
        self.is_former = is_former
        self.describe = describe
        self.representations = tuple(sorted(representations, key=lambda each: each.size))
        #: What was chosen for fields that were sent; new when a coding is dropped.
        self.chosen: dict[str | None, Representation | None] = {}
        self._lock = threading.Lock()

    @classmethod
    def of(
        cls,
        url: str,
        path: str,
        served: Served,
        codecs: Mapping[str, str],
        limits: Limits,
        *,
        is_former: bool = False,
    ) -> Entry:
        """The entry of a file the manifest knows everything about."""
        terms = Terms(
            # An original has the bytes of what was published of it, and not its name.
            content_type(url, is_utf8=not names.is_unknown(path)),
            modified=served.stamp,
            max_age=limits.max_age,
            is_lasting=served.is_lasting,
            is_shared=is_font(url) or has_host(url),
            is_varying=any(name in CODINGS for name in served.siblings),
        )
        mark = served.digest[:_DIGITS]
        found = [
            Representation(
                terms,
                path=path,
                size=served.size,
                etag=f'"{mark}"',
                coding=IDENTITY,
                digest=served.digest,
                is_small=served.size <= limits.small,
            )
        ]
        for name, size in served.siblings.items():
            if name in CODINGS:
                # The same content compressed by another version of a library has other bytes.
                maker = names.digest(codecs.get(name, ""))[:8]
                found.append(
                    Representation(
                        terms,
                        path=f"{path}.{name}",
                        size=size,
                        etag=f'"{mark}-{name}-{maker}"',
                        coding=CODINGS[name],
                        digest="",
                        is_small=size <= limits.small,
                    )
                )
        return cls(found, is_former=is_former)

    def select(self, accept_encoding: str | None) -> Representation | None:
        """The representation a client likes best, of those it likes equally the smallest; None if it accepts none.

        ``accept_encoding`` is the field, None if there was none: then it gets the file as it is, for most of those who do
        not send one understand nothing else.
        """
        try:
            return self.chosen[accept_encoding]
        except KeyError:
            pass
        chosen = self._select(accept_encoding)
        is_short = len(accept_encoding or "") < _FIELD_LENGTH
        with self._lock:
            # Not what was chosen of representations that are not there any more.
            is_there = chosen is None or chosen in self.representations
            if is_there and is_short and len(self.chosen) < _FIELDS:
                self.chosen[accept_encoding] = chosen
        return chosen

    def drop(self, representation: Representation) -> bool:
        """Do without a coding whose file is not there; False for the file itself, which can't be done without."""
        if representation.coding == IDENTITY:
            return False
        with self._lock:
            self.representations = tuple(each for each in self.representations if each is not representation)
            self.chosen = {}
        return True

    def _select(self, accept_encoding: str | None) -> Representation | None:
        wanted = {IDENTITY: 1.0} if accept_encoding is None else qualities(accept_encoding)
        best, most = None, 0.0
        for each in self.representations:
            weight = quality(wanted, each.coding)
            if weight > most:
                best, most = each, weight
        return best
