"""Which files each build has published, so that those of the last ones can be kept for visitors of older pages."""

from __future__ import annotations

import contextlib
import json
import re
import time
from collections.abc import Mapping
from pathlib import Path

from . import names
from .regular import naming, read_regular

__all__ = ["KEEP_BUILDS", "KEEP_DAYS", "History"]

#: Who says nothing else wants so many of the last builds, and what was replaced so many days ago.
KEEP_BUILDS = 5
KEEP_DAYS = 14.0

_ENTRY = re.compile(r"[0-9]{20}\.json")


class History:
    """A file for each build that published something else than the one before."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def places(self) -> list[Path]:
        """The files of the builds, the newest first; their names tell when they were recorded, in nanoseconds."""
        if self.folder.is_symlink():
            return []
        found = [place for place in self.folder.glob("*.json") if _ENTRY.fullmatch(place.name)]
        return sorted((place for place in found if not place.is_symlink()), reverse=True)

    @staticmethod
    def read(place: Path) -> Mapping[str, int]:
        """The paths of all files that a build stands on, each with its size in bytes.

        Raises:
            OSError: the file cannot be read.
            ValueError: it is damaged, or was changed by somebody else.
        """
        try:
            value = json.loads(read_regular(place))
        except RecursionError as error:
            raise ValueError(f"it is nested too deeply: {error}") from error
        files = value.get("files") if isinstance(value, dict) else None
        if not isinstance(files, dict) or not all(isinstance(size, int) for size in files.values()):
            raise ValueError("it has no paths and sizes")
        if value.get("digest") != _digest(files):
            raise ValueError("it is not as it was written")
        return files

    def last(self) -> Mapping[str, int] | None:
        """What the last build stands on; None where there is none, or it cannot be read."""
        with contextlib.suppress(OSError, ValueError):
            for place in self.places()[:1]:
                return self.read(place)
        return None

    def add(self, files: Mapping[str, int]) -> None:
        """Record a build that has ended; one with the same files as the last counts as that one.

        Raises:
            OSError: it could not be written.
        """
        last = next(iter(self.places()), None)
        if self.last() == files:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        number = max(time.time_ns(), int(last.stem) + 1 if last else 0)
        place = self.folder / f"{number:020}.json"
        temporary = place.with_suffix(".tmp")
        value = {"files": dict(sorted(files.items())), "digest": _digest(files)}
        try:
            with naming(temporary):
                temporary.write_text(json.dumps(value), "utf-8")
            temporary.replace(place)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise


def _digest(files: Mapping[str, int]) -> str:
    """What tells an entry from one that a disk, or somebody with an editor, has made of it."""
    return names.digest(repr(sorted(files.items())))
