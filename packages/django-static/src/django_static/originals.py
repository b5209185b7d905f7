"""The originals under their own names beside the published files, as ``collectstatic`` would leave them.

Some are asked for by names that nobody can read beforehand: plugins a script loads, images a data attribute names.
"""

from __future__ import annotations

import itertools
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from . import output, placing
from .folders import Folders
from .records import Record
from .regular import naming, read_regular
from .seal import state_of
from .sources import Signature, Source, signature

__all__ = ["COPIES", "Copies", "Mend", "Originals"]

#: Where they are noted, beside the manifest.
COPIES = "originals.json"


#: Bytes of a file that may be held in memory.
_AT_ONCE = 2**20


#: Makes the copy of an original again: told its name below the folder, and where the original is.
Mend = Callable[[str, Path], None]


class Copies(NamedTuple):
    """The states of originals and of their copies, by name, and which were written."""

    states: dict[str, tuple[Signature, Signature]]
    written: set[str]
    #: What keeps the names of originals with another content.
    others: dict[str, Signature]


class Originals:
    """Copies of the originals below a folder, with what they were copies of kept in one file.

    Args:
        is_kept: whether a name says what is in the file, so that whatever has it keeps it.
    """

    def __init__(
        self,
        folder: Path,
        place: Path,
        folders: Folders,
        is_kept: Callable[[str], bool] = lambda name: False,
    ) -> None:
        self._folder = str(folder)
        self._place = place
        self._given = self._read()
        self._wanted: dict[str, tuple[Signature, Signature]] = {}
        self._folders = folders
        self._is_kept = is_kept
        #: Files with another content that keep the names of originals, as they were found.
        self._others: dict[str, Signature] = {}
        # From above: the shelf numbers its own files of the same process from below.
        self._numbers = itertools.count(0xFFFFFFFF, -1)
        #: What was written: paths of files.
        self.written: set[str] = set()

    def put(self, name: str, source: Source, record: Record) -> str:
        """Have an original under its name below the folder, and tell its path; linked to what was published if it is that.

        Where another content has a name that says what is in the file the original is where it was.

        Raises:
            OSError: it could not be written.
        """
        target = f"{self._folder}/{name}"
        original = str(source.path)
        if name in self._wanted:
            return target
        if name in self._others:
            return original
        published = record.outputs[0]
        twin = published.path if published.is_same and published.path != original else None
        # As it was when it was read; the record of one in a circle has not that.
        state = record.inputs[original] if original in record.inputs else signature(original)
        known = self._given.get(name)
        if known is None or known[0] != state or known[1] != signature(target):
            may_be_there = self._folders.may_hold(target)
            if not (may_be_there and _is_same(target, original)):
                # What was a copy of this original, and no longer is one, was damaged.
                is_taken = known is None or known[0] != state
                if is_taken and self._is_kept(name) and not _leads_nowhere(target):
                    if not self._copied(original, state, target, twin):
                        self._others[name] = signature(target)
                        return original
                else:
                    self._copy(original, state, target, twin)
            known = (state, signature(target))
        self._wanted[name] = known
        return target

    def note(self, name: str, source: Source, state: Signature, mend: Mend | None = None) -> None:
        """Note the copy of an original in that state that somebody else has made, if there is one.

        Raises:
            OSError: it was cut off, and could not be made again.
        """
        target = f"{self._folder}/{name}"
        copy = signature(target)
        if copy is None or target == str(source.path):
            return
        # What has a name that says what is in it is another content: a cut one was mended when it was published.
        is_shorter = state is not None and copy[1] < state[1] and not self._is_kept(name)
        if mend is not None and is_shorter and _is_cut(target, source.path):
            mend(name, source.path)
            copy = signature(target)
        known = self._given.get(name)
        # What it was a copy of nobody knows: collectstatic leaves what is newer than its original.
        self._wanted[name] = known if known is not None and known[1] == copy else (None, copy)

    def is_left(self, path: str) -> bool:
        """Whether a file is a copy as it was left: then it is no original, whatever has become of that."""
        name = path.removeprefix(f"{self._folder}/")
        return name != path and self._is_left(name)

    def _is_left(self, name: str) -> bool:
        known = self._given.get(name)
        if known is None or known[1] is None or known[0] == known[1]:
            return False  # of the same file the other name is as good
        now = signature(f"{self._folder}/{name}")
        # Who moves it to another disk may leave the time in seconds, and none of its last change.
        return now is not None and (now[0] // 10**9, now[1]) == (known[1][0] // 10**9, known[1][1])

    def copies(self) -> Copies:
        """What has been done so far, for another process."""
        return Copies(self._wanted, self.written, self._others)

    def adopt(self, copies: Copies) -> None:
        """Take in what another process has done of the same build."""
        twice = self._wanted.keys() & copies.states.keys()
        self._wanted |= copies.states
        for name in twice:  # whichever came last is there
            self._wanted[name] = self._wanted[name][0], signature(f"{self._folder}/{name}")
        self.written |= copies.written
        self._others |= copies.others

    def states(self) -> dict[str, Any]:
        """The copies of this build so far, by path, as :class:`.seal.Seal` has files, and as they were when they were made.

        What keeps the names of others is among them: when it is gone these are to be copied.
        """
        states = {f"{self._folder}/{name}": state_of(other) for name, other in self._others.items()}
        return states | {f"{self._folder}/{name}": state_of(copy) for name, (_, copy) in self._wanted.items()}

    def close(self) -> None:
        """Remember the copies; those of originals that are gone, too, lest they be taken for originals."""
        for name, known in self._given.items():
            if name not in self._wanted and self._is_left(name):
                self._wanted[name] = known
        if self._wanted == self._given:
            return
        temporary = self._place.with_name(f".{self._place.name}.tmp")
        with naming(temporary):
            temporary.write_text(json.dumps(self._wanted), "utf-8")
        temporary.replace(self._place)

    def _copied(self, original: str, state: Signature, target: str, twin: str | None) -> bool:
        """Copy an original if there is nothing of its name; False where there is something else."""
        folder = self._folders.make(target)
        if twin is not None and _linked(twin, target):
            self.written.add(target)
            return True
        if os.path.lexists(target):
            return _is_same(target, original)
        temporary = self._temporary(folder)
        try:
            _fill(temporary, original, state)
            placing.give(temporary, target)
        except FileExistsError:
            return _is_same(target, original)
        finally:
            Path(temporary).unlink(missing_ok=True)
        self.written.add(target)
        return True

    def _temporary(self, folder: str) -> str:
        return f"{folder}/.{os.getpid():08x}{next(self._numbers):08x}.building"

    def _copy(self, original: str, state: Signature, target: str, twin: str | None) -> None:
        folder = self._folders.make(target)
        self.written.add(target)
        if twin is not None and _linked(twin, target):
            return
        temporary = self._temporary(folder)
        is_linked = twin is not None and _linked(twin, temporary)
        try:
            if not is_linked:
                _fill(temporary, original, state)
            os.replace(temporary, target)  # noqa: PTH105 (thousands of files)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
        if is_linked:
            Path(temporary).unlink(
                missing_ok=True
            )  # of two links to one file that replace one another both stay

    def _read(self) -> dict[str, tuple[Signature, Signature]]:
        try:
            value: dict[str, Any] = json.loads(read_regular(self._place))
            return {name: (_signature(state), _signature(copy)) for name, (state, copy) in value.items()}
        except (OSError, ValueError, OverflowError, RecursionError, TypeError, AttributeError, IndexError):
            return {}


def _fill(path: str, original: str, state: Signature) -> None:
    """Copy a file; one that is not large by the few system calls that it takes."""
    if state is not None and state[1] <= _AT_ONCE:
        output.fill(path, output.read(original, state[1]))
    else:
        shutil.copyfile(original, path)


def _is_same(target: str, original: str) -> bool:
    """Whether a copy is right, of which something is not as it was: it may be the number of its names."""
    if not os.path.exists(target):  # noqa: PTH110 (thousands of files)
        return False
    if os.path.samefile(target, original):  # noqa: PTH121
        return True
    copy, source = Path(target), Path(original)
    return copy.stat().st_size == source.stat().st_size and copy.read_bytes() == source.read_bytes()


def _is_cut(target: str, original: Path) -> bool:
    """Whether a copy is how its original begins, and no more of it: whoever was copying was killed, or had no room."""
    with open(target, "rb") as copy, original.open("rb") as whole:  # noqa: PTH123
        while piece := copy.read(_AT_ONCE):
            if piece != whole.read(len(piece)):
                return False
        return whole.read(1) != b""


def _leads_nowhere(path: str) -> bool:
    """Whether there is a symbolic link to nothing."""
    return os.path.islink(path) and not os.path.exists(path)  # noqa: PTH110, PTH114


def _linked(twin: str, path: str) -> bool:
    """Make another name for a published file; False where there is a file, or the file system has no such links."""
    try:
        os.link(twin, path)
    except (OSError, AttributeError):  # some systems have no such function
        return False
    return True


def _signature(value: Any) -> Signature:
    return None if value is None else (int(value[0]), int(value[1]), int(value[2]))
