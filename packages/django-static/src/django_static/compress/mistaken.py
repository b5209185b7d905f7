"""Files that a server would take for the compressed form of another one: it goes by the name, and never looks inside."""

from __future__ import annotations

import os
import zlib
from collections.abc import Container, Iterable, Iterator
from typing import NamedTuple

from .codecs import FORMATS, library_of

__all__ = ["Mistaken", "mistaken"]

_SUFFIXES = tuple(f".{name}" for name in FORMATS)


class Mistaken(NamedTuple):
    """A file with the name of another one's compressed form."""

    #: Where it lies, or is about to.
    path: str
    #: Where its bytes are.
    original: str
    #: What it would be sent for.
    published: str


def mistaken(files: Iterable[tuple[str, str]], published: Container[str]) -> Iterator[Mistaken]:
    """Those of some files that stand where the compressed form of a published one belongs, with another content.

    ``files`` are pairs of the path at which each is asked for and the one at which its bytes are now. Of what cannot be read,
    or be unpacked here for want of a library, nothing is said.
    """
    for path, original in files:
        if path.endswith(_SUFFIXES):
            base, _, name = path.rpartition(".")
            if base in published and _is_other(name, original, base):
                yield Mistaken(path, original, base)


def _is_other(name: str, packed: str, plain: str) -> bool:
    try:
        with open(packed, "rb") as file, open(plain, "rb") as expected:  # noqa: PTH123 (strings, as in the flow)
            return _unpacked(name, file.read(), os.fstat(expected.fileno()).st_size) != expected.read()
    except (OSError, LookupError):
        return False


def _unpacked(name: str, data: bytes, size: int) -> bytes | None:
    """What the bytes stand for, as far as it is not longer than expected; None if they are not of that format.

    Raises:
        LookupError: there is no library for it.
    """
    if name == "gz":
        try:
            return zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(data, size + 1)
        except zlib.error:
            return None
    module = library_of(name)
    if module is None:
        raise LookupError(name)
    try:
        unpacked: bytes = module.decompress(data)
    except Exception:  # noqa: BLE001 (each library has an error of its own)
        return None
    return unpacked
