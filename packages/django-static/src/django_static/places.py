"""Name files so that another machine with the same settings finds them, wherever its folders are."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from .sources import Sources

__all__ = [
    "STATE_FOLDER",
    "Places",
    "former_of",
    "is_inner",
    "path_within",
    "receiving",
    "records_beside",
    "served_of",
    "shared_by_sites",
]

#: Where locks and records of finished work lie, in the folder that receives files.
STATE_FOLDER = ".django-static"

#: What lies beside a manifest, and is nobody's business; a question mark stands for any character.
_RECORDS = (
    "build.lock",
    "builds",
    "cdn-????????",
    "cdn-????????.json",
    "cdn-????????.lock",
    "compressed",
    "originals.json",
    "records.json",
    "scan.json",
    "seal.json",
    "unfinished",
)


class Places:
    """The folders of the settings by what they are there: ``save``, ``static``, ``media0``, ``finder0`` and so on.

    A file is named by its folder and its path from there, ``save:css/a.1f3d.css``. A build may run on one machine and the
    pages on another: the settings of each say where its folders are. A file in none of them is named by its absolute path.
    """

    def __init__(self, folders: Mapping[str, str | os.PathLike[str]]) -> None:
        self.folders = {label: os.path.abspath(folder) for label, folder in folders.items()}  # noqa: PTH100 (links stay)
        #: How names of the files in a folder begin, by the folder.
        self._beginnings: dict[str, str] = {}

    @classmethod
    def of(cls, sources: Sources, save_prefix: Path | None) -> Places:
        folders: dict[str, str | os.PathLike[str]] = {}
        if save_prefix is not None:
            folders["save"] = save_prefix
        if sources.static_root is not None:
            folders["static"] = sources.static_root
        folders |= _numbered("media", sources.roots)
        if sources.finders is not None:
            folders |= _numbered("finder", tuple(sources.finders.locations()))
        return cls(folders)

    def name(self, path: str) -> str:
        """How a file is written down."""
        folder, name = os.path.split(path)
        beginning = self._beginnings.get(folder)
        if beginning is None:
            beginning = self._beginnings[folder] = self._beginning(folder)
        return f"{beginning}{name}"

    def _beginning(self, path: str) -> str:
        whole = os.path.join(os.path.abspath(path), "")  # noqa: PTH100, PTH118 (links stay)
        # The innermost: elsewhere a folder may not lie in the other.
        for label, folder in sorted(self.folders.items(), key=lambda item: -len(item[1])):
            inside = os.path.join(folder, "")  # noqa: PTH118
            if whole.startswith(inside):
                return f"{label}:{whole[len(inside) :].replace(os.sep, '/')}"
        return f":{whole}"

    def path(self, name: str) -> str:
        """The absolute path of a file that was written down; empty where the settings have no such folder."""
        label, _, rest = name.partition(":")
        if not label:
            return rest
        folder = self.folders.get(label)
        return "" if folder is None else os.path.join(folder, *rest.split("/"))  # noqa: PTH118 (a string is wanted)

    def found(self, name: str, size: int) -> str:
        """The same, where the file may have been written down when there were other folders before its own.

        Their numbers are their places in the settings: one that is put before others moves these. So where no file of that
        size lies, it is looked for in the folders of the same kind.
        """
        path = self.path(name)
        label, _, rest = name.partition(":")
        kind = label.rstrip("0123456789")
        if kind == label or _is_of(path, size):
            return path
        for other in self.folders:
            if other != label and other.rstrip("0123456789") == kind:
                moved = self.path(f"{other}:{rest}")
                if _is_of(moved, size):
                    return moved
        return path


def _is_of(path: str, size: int) -> bool:
    try:
        return os.stat(path).st_size == size  # noqa: PTH116 (a string)
    except (OSError, ValueError):
        return False


def receiving(sources: Sources, save_prefix: Path | None) -> list[Path]:
    """The folders that published files go to."""
    if save_prefix is not None:
        return [save_prefix]
    if sources.static_root is not None:
        return [*sources.roots, sources.static_root]
    return [*sources.roots, *(map(Path, sources.finders.locations()) if sources.finders else ())]


def shared_by_sites(sources: Sources, save_prefix: Path | None) -> list[Path]:
    """Those of them that several sites may have; finders look into folders of one site's own."""
    if save_prefix is not None:
        return [save_prefix]
    return [*sources.roots, *([] if sources.static_root is None else [sources.static_root])]


def records_beside(manifest: Path) -> list[str]:
    """The manifest and all that may lie beside it, as absolute paths with question marks for any character.

    As they are written, and where links lead.
    """
    folder = os.path.dirname(os.path.abspath(manifest))  # noqa: PTH100, PTH120 (links stay)
    folders = dict.fromkeys((folder, os.path.realpath(folder)))
    own = (manifest.name, former_of(manifest).name, served_of(manifest).name)
    return [os.path.join(each, name) for each in folders for name in (*own, *_RECORDS)]  # noqa: PTH118


def former_of(manifest: Path) -> Path:
    """Where the names of earlier builds are noted; see :mod:`.former`."""
    return manifest.with_name(f"{manifest.name}.former")


def served_of(manifest: Path) -> Path:
    """A copy of the manifest that was served last; see :func:`.former.known`."""
    return manifest.with_name(f"{manifest.name}.served")


def path_within(path: str, folder: str | os.PathLike[str]) -> str | None:
    """How a path goes on below a folder, as it is written or where links lead; None if it does not lie there.

    With a slash at its end it may be the folder itself: then nothing is left of it.
    """
    end = os.sep if path.endswith(os.sep) else ""
    followed = (os.path.realpath(path).rstrip(os.sep) + end, os.path.realpath(folder))
    for at, start in ((path, os.path.abspath(folder)), followed):  # noqa: PTH100 (links stay)
        start = os.path.join(start, "")  # noqa: PTH118
        if at.startswith(start):
            return at[len(start) :]
    return None


def is_inner(static_root: Path, places: Sequence[str]) -> bool:
    """Whether ``STATIC_ROOT`` lies in a folder of originals, below others: then nothing in it is one."""
    root = os.path.join(static_root, "")  # noqa: PTH118 (it ends in a slash)
    return any(path_within(root, each) for each in places) and all(
        path_within(os.path.join(each, ""), root) is None  # noqa: PTH118
        for each in places
    )


def _numbered(label: str, folders: Sequence[str | os.PathLike[str]]) -> dict[str, str | os.PathLike[str]]:
    return {f"{label}{number}": folder for number, folder in enumerate(folders)}
