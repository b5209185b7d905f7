"""Every file the staticfiles finders know, found once and looked up by name afterwards."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from .sources import Missing, Refused, Source, SourceError, Sources, split_host, split_suffix

__all__ = ["Listed", "Tree", "are_folders", "files_of_finders"]


def files_of_finders(ignore: Iterable[str] | None = None) -> Iterator[tuple[str, str]]:
    """Pairs of a name below ``STATIC_URL`` and the path of the file; of several with one name the first counts.

    ``ignore`` are glob patterns, those of the staticfiles app by default. Storages without paths are left out.
    """
    from django.apps import apps
    from django.contrib.staticfiles.finders import get_finders

    config: Any = apps.get_app_config("staticfiles")
    patterns: list[str] = list(config.ignore_patterns if ignore is None else ignore)
    seen: set[str] = set()
    for finder in get_finders():
        found: Iterable[tuple[str, Any]] = finder.list(patterns)
        for path, storage in found:
            prefix = getattr(storage, "prefix", None)
            name = f"{prefix}/{path}" if prefix else path
            name = name.replace("\\", "/")
            location = getattr(storage, "location", None)
            if name not in seen and location is not None:
                seen.add(name)
                yield name, os.path.join(location, path)  # noqa: PTH118 (thousands of files)


def are_folders() -> bool:
    """Whether all finders are those of Django that look into folders."""
    from django.contrib.staticfiles.finders import AppDirectoriesFinder, FileSystemFinder, get_finders
    from django.core.files.storage import FileSystemStorage

    finders: list[Any] = list(get_finders())
    return all(type(finder) in (AppDirectoriesFinder, FileSystemFinder) for finder in finders) and all(
        type(storage) is FileSystemStorage for finder in finders for storage in finder.storages.values()
    )


class Listed(NamedTuple):
    """Files that have been looked at: the paths of those that may be published, by name, and why others may not, by path."""

    paths: dict[str, str]
    refused: dict[str, SourceError]


class Tree(Sources):
    """Sources that know all files of the finders beforehand; nobody may change them meanwhile."""

    def __init__(self, sources: Sources, files: Iterable[tuple[str, str]] | Listed) -> None:
        super().__init__(*sources.parts)
        #: The plain files in folders that may be published: a look at each folder instead of one at each file.
        self._plain_in: dict[str, frozenset[str]] = {}
        self.listed = files if isinstance(files, Listed) else self._look_at(files)
        #: Files that may not be published, by their paths, and why.
        self.refused = self.listed.refused
        #: The paths of the others by their names below STATIC_URL.
        self.paths = self.listed.paths
        self._base = self.static_url or "/"
        self._sources: dict[str, Source] = {}
        self._folders: dict[str, Path] = {}
        self._others: dict[str, Source] = {}
        #: Why there is no file behind a name; many a file asks for the same one.
        self._missing: dict[str, tuple[type[SourceError], str]] = {}

    @property
    def files(self) -> dict[str, Source]:
        """All that may be published, by their names; made when they are asked for, as a build without changes never does."""
        if len(self._sources) < len(self.paths):
            self._sources = {name: self._source(name) for name in self.paths}
        return self._sources

    def find(self, name: str) -> Source:
        bare = split_suffix(name)[0]
        known = self._known(bare) or self._known(self.decoded(bare))
        if known is None:
            if name in self._missing:
                kind, reason = self._missing[name]
                raise kind(reason)
            try:
                known = self._others[bare] = super().find(name)
            except SourceError as error:
                # Not the error itself, which would keep all that those who asked had at hand.
                self._missing[name] = type(error), str(error)
                raise
        return known

    def _known(self, name: str) -> Source | None:
        if name.startswith(self._base) and name[len(self._base) :] in self.paths:
            return self._source(name[len(self._base) :])
        return self._others.get(name)

    def _source(self, name: str) -> Source:
        known = self._sources.get(name)
        if known is None:
            path = self.paths[name]
            host, prefix = split_host(self._base)
            url = f"{prefix}{name}"
            folder = os.path.dirname(f"{self.static_root}{os.sep}{name}" if self.static_root else path)  # noqa: PTH120
            if folder not in self._folders:
                self._folders[folder] = Path(folder)
            known = self._sources[name] = Source(
                self._base + name,
                url if url.startswith("/") else f"/{url}",
                host,
                Path(path),
                self._folders[folder],
            )
        return known

    def _look_at(self, files: Iterable[tuple[str, str]]) -> Listed:
        listed = Listed({}, {})
        for name, path in files:
            try:
                self._check(name, path)
            except SourceError as error:
                listed.refused[path] = error
            else:
                listed.paths[name] = path
        return listed

    def _check(self, name: str, path: str) -> None:
        """Whether a file is a plain one inside the folders that may be published; links are followed."""
        folder, own = os.path.split(path)
        if folder not in self._plain_in:
            self._plain_in[folder] = self._plain_of(folder)
        if own in self._plain_in[folder]:
            return
        try:
            status = os.lstat(path)
        except OSError as error:
            raise Missing(f"{name!r} vanished: {error}") from error
        if stat.S_ISLNK(status.st_mode):
            if not self._is_file(name, Path(path)):
                raise Missing(f"{name!r} is a link that leads nowhere")
            return
        if not stat.S_ISREG(status.st_mode):
            raise Refused(f"{name!r} is not a plain file")
        if not self._is_allowed(os.path.realpath(folder) + os.sep):
            raise Refused(f"{name!r} lies in a folder that is a link out of {self.places()}")

    def _plain_of(self, folder: str) -> frozenset[str]:
        """The plain files of a folder that may be published; none where that is to be looked at file by file."""
        if not self._is_allowed(os.path.realpath(folder) + os.sep):
            return frozenset()
        try:
            with os.scandir(folder) as entries:
                return frozenset(entry.name for entry in entries if entry.is_file(follow_symlinks=False))
        except OSError:
            return frozenset()
