"""What siblings a build left beside which content, so that the next one need not read a byte of those that stand."""

# Here names are strings, as in the flow that calls this.
# ruff: noqa: PTH116

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from .. import names, output
from .codecs import Codec

__all__ = ["Ledger", "Signature", "last_use", "signature"]

#: Size, time of modification and time of the last change of any kind (which cannot be set), both in nanoseconds.
Signature = list[int]
#: A file by its digest and modification time, and its siblings by format: None where there is none. As in the ledger, for
#: making other objects of all of them would take longer than reading it.
Entry = list[Any]

_TOUCHED_SECONDS = 86_400


class Ledger:
    """The entries of one published folder; a file that is lost or damaged costs only time."""

    def __init__(self, folder: Path, root: str, codecs: Iterable[Codec]) -> None:
        self.path = folder / f"{names.digest(root)[:32]}.json"
        self.codecs = {codec.format: codec.key for codec in codecs}
        value = output.load(self.path)
        files = value.get("files") if isinstance(value, dict) and value.get("codecs") == self.codecs else None
        self.entries: dict[str, Entry] = files if isinstance(files, dict) else {}

    def digest(self, name: str) -> str:
        """The digest of a file's content when its siblings were made; empty when that is not known."""
        entry = self.entries.get(name)
        return str(entry[0]) if isinstance(entry, list) and entry else ""

    def siblings(self, name: str, digest: str, mtime: int) -> dict[str, Signature | None] | None:
        """What stood beside a file of this content and time; None when that is not known."""
        entry = self.entries.get(name)
        if not isinstance(entry, list) or entry[:2] != [digest, mtime] or len(entry) != 3:
            return None
        return entry[2] if isinstance(entry[2], dict) else None

    def store(self, entries: dict[str, Entry]) -> None:
        """Write what holds now; at most once a day when nothing is new.

        Raises:
            OSError: a full disk, a folder that cannot be written to.
        """
        if entries and entries == self.entries:
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
    return [status.st_size, status.st_mtime_ns, status.st_ctime_ns]


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
