"""What siblings a build left beside which content, so that the next one need not read a byte of those that stand."""

# Here names are strings, as in the flow that calls this.
# ruff: noqa: PTH116

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from .. import names, output
from .codecs import Codec

__all__ = ["Entry", "Ledger", "Signature", "last_use", "signature"]

#: Size, time of modification and time of the last change of any kind (which cannot be set), both in nanoseconds.
Signature = tuple[int, int, int]

_TOUCHED_SECONDS = 86_400


class Entry(NamedTuple):
    """A file by its digest and modification time, and its siblings by format: None where there is none."""

    digest: str
    mtime: int
    siblings: Mapping[str, Signature | None]


class Ledger:
    """The entries of one published folder; a file that is lost or damaged costs only time."""

    def __init__(self, folder: Path, root: str, codecs: Iterable[Codec]) -> None:
        self.path = folder / f"{names.digest(root)[:32]}.json"
        self.codecs = {codec.format: codec.key for codec in codecs}
        self.entries: dict[str, Entry] = {}
        value = output.load(self.path)
        # Entries made by other versions or for other formats are of no use, but for the names of what they left.
        self.is_current = isinstance(value, dict) and value.get("codecs") == self.codecs
        try:
            for name, (digest, mtime, siblings) in value["files"].items():
                self.entries[name] = Entry(
                    digest,
                    mtime,
                    {name: None if seen is None else tuple(seen) for name, seen in siblings.items()},
                )
        except (AttributeError, KeyError, TypeError, ValueError):
            self.entries = {}

    def store(self, entries: Mapping[str, Entry]) -> None:
        """Write what holds now; at most once a day when nothing is new.

        Raises:
            OSError: a full disk, a folder that cannot be written to.
        """
        if self.is_current and entries == self.entries:
            if time.time() - self.path.stat().st_mtime > _TOUCHED_SECONDS:
                os.utime(self.path)
            return
        output.store(self.path, {"codecs": self.codecs, "files": entries})


def signature(path: str) -> Signature | None:
    """The state of a file, None when it is not there."""
    try:
        status = os.stat(path, follow_symlinks=False)
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns


def last_use(folder: Path, since: float) -> dict[str, float]:
    """When the digests in the ledgers of a folder were last used; ledgers last used before ``since`` are removed."""
    used: dict[str, float] = {}
    for path in folder.glob("*.json"):
        with contextlib.suppress(OSError):
            when = path.stat().st_mtime
            if when < since:
                path.unlink()
                continue
            value: Any = output.load(path)
            with contextlib.suppress(AttributeError, KeyError, TypeError, IndexError):
                for digest, *_ in value["files"].values():
                    used[digest] = max(when, used.get(digest, 0.0))
    return used
