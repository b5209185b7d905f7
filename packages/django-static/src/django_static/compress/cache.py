"""Compressed bytes kept by the digest of what they were made of, for all builds and processes that share the folder.

An entry is a file of its own: a checksum over its name and content, then the compressed bytes, or nothing where
compressing was not worth it. Entries appear whole, and one that is damaged counts as absent. Siblings are copied out of
it, not linked: a linked file that somebody edits would change the entry, and both could not have times of their own.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from . import ledger

__all__ = ["Cache", "Pruned"]

_CHECKSUM_BYTES = 16
_DAY_SECONDS = 86_400
#: What a killed process left is removed after this time.
_LEFTOVER_SECONDS = 3_600
_TEMPORARY = ".tmp"


class Pruned(NamedTuple):
    """What :meth:`Cache.prune` removed, and the bytes that are left."""

    entries: int
    bytes: int
    left: int


class Cache:
    """A folder of compressed bytes; made when the first entry is written, and never needed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ledgers = folder / "ledgers"

    def get(self, digest: str, codec: str) -> bytes | None:
        """The compressed bytes; empty where it was not worth it; None when that is not known."""
        path = self._path(digest, codec)
        try:
            with path.open("rb") as file:
                checksum, data = file.read(_CHECKSUM_BYTES), file.read()
                used = os.fstat(file.fileno()).st_mtime
        except OSError:
            return None
        if checksum != _checksum(path.name, data):
            return None
        if time.time() - used > _DAY_SECONDS:
            with contextlib.suppress(OSError):
                os.utime(path)
        return data

    def put(self, digest: str, codec: str, data: bytes) -> None:
        """Keep compressed bytes, or nothing for what was not worth it.

        Raises:
            OSError: a full disk, a folder that cannot be written to.
        """
        path = self._path(digest, codec)
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(suffix=_TEMPORARY, dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                # Not flushed to the disk: what a power cut leaves of it has no right checksum.
                file.write(_checksum(path.name, data) + data)
            Path(temporary).replace(path)
        except BaseException:
            with contextlib.suppress(OSError):
                Path(temporary).unlink()
            raise

    def prune(self, max_age: float, max_bytes: int) -> Pruned:
        """Remove entries that were not used for ``max_age`` seconds, and the oldest until ``max_bytes`` are left.

        What a ledger names was used when the ledger was, though nobody had to look it up.
        """
        now = time.time()
        used = ledger.last_use(self.ledgers, now - max_age)
        found: list[tuple[float, int, Path]] = []
        removed = freed = 0
        for path, status in self._files():
            last = max(status.st_mtime, used.get(path.name.partition(".")[0], 0.0))
            is_leftover = path.suffix == _TEMPORARY and now - status.st_mtime > _LEFTOVER_SECONDS
            if is_leftover or now - last > max_age:
                removed, freed = removed + 1, freed + _removed(path, status.st_size)
            elif path.suffix != _TEMPORARY:
                found.append((last, status.st_size, path))
        left = sum(size for _, size, _ in found)
        for _, size, path in sorted(found):
            if left <= max_bytes:
                break
            removed, freed, left = removed + 1, freed + _removed(path, size), left - size
        return Pruned(removed, freed, left)

    def _path(self, digest: str, codec: str) -> Path:
        if not digest.isalnum():
            raise ValueError(f"{digest!r} is no digest in hexadecimal")
        return self.folder / digest[:2] / f"{digest}.{codec}"

    def _files(self) -> Iterator[tuple[Path, os.stat_result]]:
        for path in self.folder.glob("??/*"):
            with contextlib.suppress(OSError):  # removed by another process meanwhile
                yield path, path.stat()


def _checksum(name: str, data: bytes) -> bytes:
    total = hashlib.blake2b(name.encode(), digest_size=_CHECKSUM_BYTES)
    total.update(data)
    return total.digest()


def _removed(path: Path, size: int) -> int:
    """The bytes freed by removing a file."""
    try:
        path.unlink()
    except OSError:
        return 0
    return size
