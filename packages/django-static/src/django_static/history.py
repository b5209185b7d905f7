"""Which files each build has published, so that those of the last ones can be kept for visitors of older pages."""

from __future__ import annotations

import contextlib
import json
import re
import time
from collections.abc import Iterable
from pathlib import Path

__all__ = ["History"]

_ENTRY = re.compile(r"[0-9]{20}\.json")


class History:
    """A file for each build that published something else than the one before."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def places(self) -> list[Path]:
        """The files of the builds, the newest first; their names tell when they were recorded, in nanoseconds."""
        if self._folder.is_symlink():
            return []
        found = [place for place in self._folder.glob("*.json") if _ENTRY.fullmatch(place.name)]
        return sorted((place for place in found if not place.is_symlink()), reverse=True)

    @staticmethod
    def read(place: Path) -> frozenset[str]:
        """The paths of all files that a build stands on.

        Raises:
            OSError: the file cannot be read.
            ValueError: it is damaged.
        """
        try:
            files = json.loads(place.read_bytes())
        except RecursionError as error:
            raise ValueError(f"it is nested too deeply: {error}") from error
        if not isinstance(files, list) or not all(isinstance(path, str) for path in files):
            raise ValueError("it is not a list of paths")
        return frozenset(files)

    def add(self, files: Iterable[str]) -> None:
        """Record a build that has ended; one with the same files as the last counts as that one.

        Raises:
            OSError: it could not be written.
        """
        published = frozenset(files)
        last = next(iter(self.places()), None)
        if last is not None:
            with contextlib.suppress(OSError, ValueError):
                if self.read(last) == published:
                    return
        self._folder.mkdir(parents=True, exist_ok=True)
        number = max(time.time_ns(), int(last.stem) + 1 if last else 0)
        place = self._folder / f"{number:020}.json"
        temporary = place.with_suffix(".tmp")
        try:
            temporary.write_text(json.dumps(sorted(published)), "utf-8")
            temporary.replace(place)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
