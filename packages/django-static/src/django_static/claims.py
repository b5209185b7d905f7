"""What the builds of other manifests need of the files in a folder that several of them publish to.

What a build stands on is written down beside its manifest, where a clean-up of another one does not look. So a build of which
the manifest is not in the folder that receives its files leaves a list of them in that folder, too. It is kept as the history of
builds is, one for each manifest; the names are from the folder on, since another container may have it elsewhere.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from . import names, output
from .history import History
from .places import STATE_FOLDER

__all__ = ["Claim", "Claims", "alone", "left", "places"]

#: In the state folder of a folder that receives files: the lists, in a folder for each manifest.
_FOLDER = "others"
_LOCK = "sharing.lock"
_ID_LENGTH = 32


class Claims:
    """Those of one manifest."""

    def __init__(self, manifest: Path, folders: Sequence[Path]) -> None:
        self._own = os.path.realpath(manifest.parent)
        self._id = names.digest(os.path.abspath(manifest))[:_ID_LENGTH]  # noqa: PTH100 (links stay)
        self._folders = _in_order(folders)

    @contextlib.contextmanager
    def held(self, timeout: float) -> Iterator[None]:
        """Keep clean-ups out of the folders while a build counts on what is there.

        Raises:
            LockTimeout: one took too long.
        """
        with contextlib.ExitStack() as stack:
            for folder in self._folders:
                state = folder / STATE_FOLDER
                if os.access(state, os.W_OK):  # else nobody has published there, or nobody here can
                    stack.enter_context(output.locked(state / _LOCK, timeout, shared=True))
            yield

    def leave(self, files: Mapping[str, int]) -> list[str]:
        """Say which files are needed: their paths, with their sizes in bytes. Returns where the lists of them are.

        Raises:
            OSError: it could not be written.
        """
        rest, lists = dict(files), list[str]()
        for folder in self._folders:
            start = os.path.join(folder, "")  # noqa: PTH118
            inside = {path: size for path, size in rest.items() if path.startswith(start)}
            place = folder / STATE_FOLDER / _FOLDER / self._id
            # Beside the manifest there is more than that.
            if (inside or place.is_dir()) and os.path.realpath(folder / STATE_FOLDER) != self._own:
                history = History(place)
                history.add({path[len(start) :].replace(os.sep, "/"): size for path, size in inside.items()})
                lists += map(str, history.places()[:1])
            rest = {path: size for path, size in rest.items() if path not in inside}
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


@contextlib.contextmanager
def alone(folders: Sequence[Path], timeout: float) -> Iterator[None]:
    """Keep the builds of other manifests out of the folders.

    Raises:
        LockTimeout: one did not end in time.
    """
    with contextlib.ExitStack() as stack:
        for folder in _in_order(folders):
            state = folder / STATE_FOLDER
            if os.access(state, os.W_OK):
                stack.enter_context(output.locked(state / _LOCK, timeout))
        yield


def _in_order(folders: Sequence[Path]) -> list[Path]:
    """The inner ones first, and the same order for all, so that nobody waits for somebody who waits for them."""
    return sorted(dict.fromkeys(folders), key=lambda each: (-len(str(each)), str(each)))
