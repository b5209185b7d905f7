"""Which files each build has published, so that those of the last ones can be kept for visitors of older pages."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

__all__ = ["Entry", "History"]


class Entry(NamedTuple):
    """A build: when it ended, in seconds of the epoch, and the paths of all files it stands on."""

    ended: float
    files: frozenset[str]
    place: Path


class History:
    """A file for each build that published something else than the one before."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def entries(self) -> list[Entry]:
        """The builds, the newest first; what cannot be read is left out."""
        return list(self._read())

    def add(self, files: Iterable[str]) -> None:
        """Record a build that has ended; one with the same files as the last counts as that one.

        Raises:
            OSError: it could not be written.
        """
        published = frozenset(files)
        last = next(self._read(), None)
        if last is not None and last.files == published:
            os.utime(last.place)
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        number = max(time.time_ns(), int(last.place.stem) + 1 if last and last.place.stem.isdigit() else 0)
        place = self._folder / f"{number:020}.json"
        temporary = place.with_suffix(".tmp")
        try:
            temporary.write_text(json.dumps(sorted(published)), "utf-8")
            temporary.replace(place)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise

    def touch(self) -> None:
        """The last build has been done again."""
        last = max(self._folder.glob("*.json"), key=lambda place: place.name, default=None)
        if last is not None:
            os.utime(last)

    def _read(self) -> Iterator[Entry]:
        for place in sorted(self._folder.glob("*.json"), key=lambda place: place.name, reverse=True):
            try:
                files = frozenset(map(str, json.loads(place.read_bytes())))
                yield Entry(place.stat().st_mtime, files, place)
            except (OSError, ValueError, TypeError, RecursionError):
                continue
