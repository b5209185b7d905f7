"""Remove published files, and nothing else, whatever the records say that somebody may have tampered with."""

# Here names are strings, as in the records.
# ruff: noqa: PTH106, PTH108, PTH115, PTH118, PTH120, PTH206

from __future__ import annotations

import contextlib
import os
import re
import stat
import time
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from pathlib import Path

from .compress import FORMATS
from .places import STATE_FOLDER

__all__ = ["LONG_SECONDS", "Guard", "is_older", "leftovers", "remove", "remove_empty", "siblings", "sweep"]

_LEFTOVER = re.compile(
    r"\.[0-9a-f]{16}(?:\.building|\.lock|(?:-\d+-\d+)?\.tmp)|\.django-static-\w{8}\.tmp|[0-9a-f]{32}\.json-\d+-\d+\.tmp"
)
#: What ``collectstatic`` copies to, and what stands for a lock where there are none: nobody who has one holds a lock.
_WITHOUT_LOCK = re.compile(r"\.[0-9a-f]{16}\.(?:collecting|taking)")
LONG_SECONDS = 3600
_SUFFIXES = tuple(f".{name}" for name in FORMATS)


class Guard:
    """Says what may be removed.

    Args:
        folders: those that receive published files.
        originals: paths of files that others have written.
        is_published: whether a base name is one that publishing gives.
    """

    def __init__(
        self, folders: Iterable[Path], originals: Iterable[str], is_published: Callable[[str], bool]
    ) -> None:
        self._parents: dict[str, str] = {}
        self._folders = [str(folder) for folder in folders]
        self._real = [os.path.realpath(folder).rstrip(os.sep) + os.sep for folder in self._folders]
        self._originals = {self._whole(path) for path in originals if _is_path(path)}
        self._is_published = is_published

    def place(self, path: str, *, may_be_link: bool, sizes: Container[int] | None = None) -> str:
        """The path to remove, with no symbolic link on the way to it; empty when nothing is there.

        ``sizes`` are those in bytes that were published under the name: a file of another one is somebody else's.

        Raises:
            PermissionError: it may not be removed; the message says why.
        """
        root = next((each for each in self._folders if path.startswith(each.rstrip(os.sep) + os.sep)), None)
        if root is None or not _is_path(path):
            raise PermissionError("lies outside of the folders that receive files")
        parts = path[len(root.rstrip(os.sep)) + 1 :].split(os.sep)
        if any(part in ("", ".", "..", STATE_FOLDER) for part in parts):
            raise PermissionError("is not the plain path of a published file")
        whole = self._whole(path)
        if not any(whole.startswith(folder) for folder in self._real):
            raise PermissionError("lies behind a link that leads out of the folders that receive files")
        try:
            status = os.lstat(whole)
        except (OSError, ValueError):
            return ""
        if whole in self._originals:
            raise PermissionError("is an original")
        if not self._is_published(parts[-1].removesuffix(_suffix(parts[-1]))):
            raise PermissionError("has no name that publishing gives")
        if stat.S_ISLNK(status.st_mode):
            target = os.path.normpath(os.path.join(os.path.dirname(whole), os.readlink(whole)))
            if not may_be_link or self._whole(target) not in self._originals:
                raise PermissionError("is a link, and not one to an original")
        elif not stat.S_ISREG(status.st_mode):
            raise PermissionError("is not a plain file")
        elif sizes is not None and status.st_size not in sizes:
            raise PermissionError(
                f"has {status.st_size} bytes, and what was published under that name had not"
            )
        return whole

    def _whole(self, path: str) -> str:
        parent, name = os.path.split(path)
        real = self._parents.get(parent)
        if real is None:
            real = self._parents[parent] = os.path.realpath(parent)
        return os.path.join(real, name)


def siblings(path: str) -> list[str]:
    """What the compressed siblings of a file are called; a sibling has none."""
    return [] if _suffix(path) else [path + suffix for suffix in _SUFFIXES]


def leftovers(folders: Iterable[Path]) -> Iterator[str]:
    """What killed processes have left half written.

    Whoever holds the locks may remove it; what somebody without one may be writing at this moment is left out.
    """
    oldest = time.time() - LONG_SECONDS
    for folder in folders:
        for current, _, files in os.walk(os.path.realpath(folder)):
            for name in files:
                if _LEFTOVER.fullmatch(name) or (
                    _WITHOUT_LOCK.fullmatch(name) and is_older(os.path.join(current, name), oldest)
                ):
                    yield os.path.join(current, name)


def sweep(paths: Iterable[str]) -> None:
    """Remove what was left an hour ago or more: processes with other settings, and so with other locks, may be at work."""
    oldest = time.time() - LONG_SECONDS
    for path in paths:
        with contextlib.suppress(OSError):
            if is_older(path, oldest):
                os.unlink(path)


def is_older(path: str, oldest: float) -> bool:
    """Whether a file was written before that second of the epoch; False if it is gone."""
    try:
        return os.lstat(path).st_mtime < oldest
    except OSError:
        return False


def remove(path: str) -> int:
    """Remove a file; the bytes it had, 0 if it is gone already.

    Raises:
        OSError: it cannot be removed.
    """
    try:
        size = os.lstat(path).st_size
        os.unlink(path)
    except FileNotFoundError:
        return 0
    return size


def remove_empty(parents: Iterable[str], folders: Sequence[Path]) -> int:
    """Remove folders that have become empty, and those above them, below the given ones; how many."""
    tops = [os.path.realpath(folder) for folder in folders]
    removed = 0
    for parent in sorted({os.path.realpath(parent) for parent in parents}, key=len, reverse=True):
        current = parent
        with contextlib.suppress(OSError):  # not empty
            while any(current.startswith(top + os.sep) for top in tops):
                with contextlib.suppress(FileNotFoundError):
                    os.rmdir(current)
                    removed += 1
                current = os.path.dirname(current)
    return removed


def _suffix(path: str) -> str:
    return next((suffix for suffix in _SUFFIXES if path.endswith(suffix)), "")


def _is_path(text: str) -> bool:
    """Whether the system could have a file of that name."""
    try:
        return b"\0" not in os.fsencode(text)
    except ValueError:
        return False
