"""The server's journal, of which the operating system has each change when it is acknowledged, is put on the disk soon behind."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

__all__ = ["Journal"]


class Journal:
    """The journal of a data folder, as files that WiredTiger adds to."""

    def __init__(self, folder: Path) -> None:
        self._files = folder / "db"
        self._on_disk: dict[Path, int] = {}
        """When each file was changed last, in ns, as far as the disk has it."""

    def put_on_disk(self) -> int:
        """Return how many files had been written since the last time, and are on the disk now.

        Raises OSError where the disk does not take them.
        """
        files = {}
        # One that is no longer needed may go at any moment.
        for path in self._files.glob("WiredTigerLog.*"):
            with contextlib.suppress(FileNotFoundError):
                files[path] = path.stat().st_mtime_ns
        written = [path for path, changed in files.items() if self._on_disk.get(path) != changed]
        for path in written:
            with contextlib.suppress(FileNotFoundError):
                _put_on_disk(path)
        self._on_disk = files
        return len(written)


def _put_on_disk(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
