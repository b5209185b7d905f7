"""What a build is about to publish, written down ahead, so that the files of one that is killed are not there for ever.

A build has one in the folder of the history, from the first file that it adds on. It goes when the files are recorded. One
that is still there after its build tells a clean-up which files nobody else may know of.
"""

# Here names are strings: there is a line for each of thousands of files.

from __future__ import annotations

import contextlib
import os
import re
import time
from pathlib import Path
from typing import NamedTuple

from .regular import read_regular

__all__ = ["Entry", "Journal", "in_use", "left", "read"]

_LEFT = re.compile(r"[0-9]{20}\.journal")
#: When the manifest of the build may be in place, so that pages may print what only the journal knows.
_IN_USE = re.compile(r"[0-9]{20}\.in-use")
_ENTRY = re.compile(rb"([0-9]{1,20}) ([0-9]{1,20}) (.+)", re.DOTALL)


class Entry(NamedTuple):
    """A file that was to get a name."""

    path: str
    #: Bytes.
    size: int
    #: Its number in the file system, which tells it from what somebody else has given the same name meanwhile.
    number: int

    def is_there(self) -> bool:
        """Whether it has got the name, and has it still."""
        try:
            return os.lstat(self.path).st_ino == self.number
        except (OSError, ValueError):
            return False


class Journal:
    """That of one build; the processes of the build may all write to it."""

    def __init__(self, folder: Path) -> None:
        """Nothing is written until there is something to note."""
        self.place = folder / f"{time.time_ns():020}.journal"
        self._handle = -1

    def note(self, path: str, size: int, number: int) -> None:
        """Note a file with its size in bytes and its number in the file system before it gets its name.

        Raises:
            OSError: it could not be noted.
        """
        if self._handle < 0:
            self.place.parent.mkdir(parents=True, exist_ok=True)
            flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0)
            self._handle = os.open(self.place, flags, 0o666)
        # An end before it, too: on a full disk the entry before may have been cut off.
        entry = os.fsencode(f"\0{size} {number} {path}\0")
        if os.write(self._handle, entry) < len(entry):
            os.write(self._handle, entry)

    def use(self, *, is_in_use: bool = True) -> None:
        """Say that what is noted is about to come into use, or that it did not.

        Raises:
            OSError: it could not be said.
        """
        self.end()
        place = self.place.with_suffix(".in-use" if is_in_use else ".journal")
        with contextlib.suppress(FileNotFoundError):
            self.place.replace(place)
            self.place = place

    def settle(self, *, all_recorded: bool) -> None:
        """The build is recorded: forget what is noted, or what of it is not recorded is nobody's from now on.

        Raises:
            OSError: it could not be written.
        """
        if all_recorded:
            self.place.unlink(missing_ok=True)
        # The builds before that could not record what they did are replaced now.
        for place in in_use(self.place.parent):
            os.utime(place)
            place.replace(place.with_suffix(".journal"))

    def end(self) -> None:
        """Note no more."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1


def left(folder: Path) -> list[Path]:
    """Journals of builds that did not come to their end, and whose files never came into use, or have been replaced."""
    return _found(folder, _LEFT)


def in_use(folder: Path) -> list[Path]:
    """Journals of builds whose files may be in use without being recorded."""
    return _found(folder, _IN_USE)


def read(place: Path) -> list[Entry]:
    """What is noted in a journal; without entries that are damaged.

    Raises:
        OSError: it cannot be read.
    """
    found = map(_ENTRY.fullmatch, read_regular(place).split(b"\0"))
    return [Entry(os.fsdecode(each[3]), int(each[1]), int(each[2])) for each in found if each]


def _found(folder: Path, pattern: re.Pattern[str]) -> list[Path]:
    if folder.is_symlink() or not folder.is_dir():
        return []
    return [place for place in folder.iterdir() if pattern.fullmatch(place.name) and not place.is_symlink()]
