"""What the builds of other manifests need of the files in a folder that several of them publish to.

What a build stands on is written down beside its manifest, where a clean-up of another one does not look. So a build of which
the manifest is not in the folder that receives its files leaves a list of them in that folder, too. It is kept as the history of
builds is, one for each manifest; the names are from the folder on, since another container may have it elsewhere.

Pages that publish by themselves have no manifest. Where their records are not in the folder, :mod:`.page_claims` does the same
for each record.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from . import names, output
from .history import History
from .places import STATE_FOLDER

__all__ = [
    "Claim",
    "Claims",
    "alone",
    "inner_first",
    "left",
    "names_inside",
    "place_of",
    "places",
    "shared",
    "states_of",
]

#: In the state folder of a folder that receives files: the lists, in a folder for each manifest.
_FOLDER = "others"
_LOCK = "sharing.lock"
_ID_LENGTH = 32


class Claims:
    """Those of one manifest."""

    def __init__(self, manifest: Path, folders: Sequence[Path]) -> None:
        self._own = os.path.realpath(manifest.parent)
        self._manifest = manifest
        self._folders = inner_first(folders)
        #: What was announced, by the place of the list.
        self._announced: dict[Path, Mapping[str, int]] = {}

    def held(self, timeout: float) -> contextlib.AbstractContextManager[None]:
        """Keep clean-ups out of the folders while a build counts on what is there.

        Raises:
            LockTimeout: one took too long.
        """
        return shared(states_of(self._folders), timeout)

    def announce(self, files: Mapping[str, int]) -> None:
        """Say which files will be needed in a moment, with those that are needed until then; else as :meth:`leave`.

        Whoever is killed in that moment leaves the manifest from before, which is served, and whose files are needed on.

        Raises:
            OSError: it could not be written.
        """
        for history, named in self._lists(files):
            announced = {**(history.last() or {}), **named}
            history.add(announced)
            self._announced[history.folder] = announced

    def leave(self, files: Mapping[str, int]) -> list[str]:
        """Say which files are needed: their paths, with their sizes in bytes. Returns where the lists of them are.

        Raises:
            OSError: it could not be written.
        """
        lists = list[str]()
        for history, named in self._lists(files):
            if self._announced.get(history.folder) != named:
                history.add(named)
            lists += map(str, history.places()[:1])
        return lists

    def _lists(self, files: Mapping[str, int]) -> list[tuple[History, dict[str, int]]]:
        """The files in each folder, by their names from there on, and the history that they go to."""
        rest, found = dict(files), dict[str, dict[str, int]]()
        for folder in self._folders:
            inside = names_inside(folder, rest)
            # Several folders may be one, by links.
            named = found.setdefault(os.path.realpath(folder / STATE_FOLDER), {})
            named |= {name: rest.pop(path) for path, name in inside.items()}
        lists = []
        for state, named in found.items():
            place = place_of(state, self._manifest)
            # Beside the manifest there is more than that.
            if state != self._own and (named or place.is_dir()):
                lists.append((History(place), named))
        return lists


class Claim:
    """The lists that one manifest has left in a folder, the newest first."""

    def __init__(self, folder: Path, place: Path) -> None:
        self._folder = folder
        self.places = History(place).places()

    def read(self, place: Path) -> list[str]:
        """The paths of the files that one of them names.

        Raises:
            OSError, ValueError: it cannot be read, or is damaged.
        """
        return [os.path.join(self._folder, *name.split("/")) for name in History.read(place)]  # noqa: PTH118


def left(folder: Path) -> list[Claim]:
    """What manifests have left in a folder that receives files."""
    return [Claim(folder, place) for place in places(folder)]


def places(folder: Path) -> list[Path]:
    """Where they have left it, for each of them."""
    others = folder / STATE_FOLDER / _FOLDER
    if others.is_symlink() or not others.is_dir():
        return []
    return [place for place in sorted(others.iterdir()) if place.is_dir() and not place.is_symlink()]


def place_of(state: str, owner: Path) -> Path:
    """Where a manifest, or a folder of records of pages, says what it needs, below the state folder of another folder."""
    return Path(state, _FOLDER, names.digest(os.path.abspath(owner))[:_ID_LENGTH])  # noqa: PTH100 (links stay)


def inner_first(folders: Sequence[Path]) -> list[Path]:
    """Those that lie in others before these: a file is in the innermost."""
    return sorted(dict.fromkeys(folders), key=lambda each: (-len(str(each)), str(each)))


def names_inside(folder: Path, paths: Iterable[str]) -> dict[str, str]:
    """The names of files from a folder on, by their paths; of those that lie in it."""
    start = os.path.join(folder, "")  # noqa: PTH118
    return {path: path[len(start) :].replace(os.sep, "/") for path in paths if path.startswith(start)}


@contextlib.contextmanager
def shared(states: Iterable[str], timeout: float) -> Iterator[None]:
    """Keep clean-ups out of the folders with those state folders, together with others who publish there.

    Raises:
        LockTimeout: one took too long.
    """
    with contextlib.ExitStack() as stack:
        for lock in _locks(states):
            stack.enter_context(output.locked(lock, timeout, shared=True))
        yield


@contextlib.contextmanager
def alone(folders: Sequence[Path], timeout: float) -> Iterator[list[Path]]:
    """Keep all who publish out of the folders; yields those of which they are kept out indeed.

    Others may be at work in a folder that has no locks, or that nobody has published to yet.

    Raises:
        LockTimeout: one did not end in time.
    """
    with contextlib.ExitStack() as stack:
        held = {
            os.fspath(lock.parent)
            for lock in _locks(states_of(folders))
            if stack.enter_context(output.locked(lock, timeout))
        }
        yield [folder for folder in folders if os.path.realpath(folder / STATE_FOLDER) in held]


def states_of(folders: Iterable[Path]) -> list[str]:
    """Their state folders, where links lead: each once, since nobody may wait for itself.

    In the same order for all, so that nobody waits for somebody who waits for them.
    """
    return sorted({os.path.realpath(folder / STATE_FOLDER) for folder in folders})


def _locks(states: Iterable[str]) -> list[Path]:
    # Else nobody has published there, or nobody here can.
    return [Path(state, _LOCK) for state in states if os.access(state, os.W_OK)]
