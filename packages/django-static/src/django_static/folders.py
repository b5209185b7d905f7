"""What the folders that receive files hold, each listed once: a build asks for thousands of names that are not there."""

from __future__ import annotations

import os
import unicodedata
from pathlib import Path

__all__ = ["Folders"]


class Folders:
    """The folders of a build, as they were when it first came to each; made where they are missing.

    Others may add to them meanwhile: what is not there is there perhaps when its turn comes.
    """

    def __init__(self) -> None:
        self._names: dict[str, set[str]] = {}

    def may_hold(self, path: str) -> bool:
        """False where there was surely nothing of that name, however the file system takes case and accents.

        Raises:
            OSError: the folder can neither be read nor made.
        """
        folder, name = _split(path)
        return _folded(name) in self._of(folder)

    def make(self, path: str) -> str:
        """Have the folder of a path, and tell it, since a file of that name is about to be there.

        Raises:
            OSError: it cannot be made.
        """
        folder, name = _split(path)
        self._of(folder).add(_folded(name))
        return folder

    def _of(self, folder: str) -> set[str]:
        names = self._names.get(folder)
        if names is None:
            try:
                found = os.listdir(folder)  # noqa: PTH208 (names are wanted)
            except FileNotFoundError:
                Path(folder).mkdir(parents=True, exist_ok=True)
                found = []
            names = self._names[folder] = set(map(_folded, found))
        return names


def _split(path: str) -> tuple[str, str]:
    """``os.path.split``, for thousands of files."""
    cut = path.rfind("/") if os.sep == "/" else -1
    return (path[:cut], path[cut + 1 :]) if cut > 0 and path[cut - 1] != "/" else os.path.split(path)


def _folded(name: str) -> str:
    return name.lower() if name.isascii() else unicodedata.normalize("NFKC", name).casefold()
