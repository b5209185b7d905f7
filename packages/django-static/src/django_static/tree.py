"""Every file the staticfiles finders know, found once and looked up by name afterwards."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from .sources import Missing, Refused, Source, SourceError, Sources, decoded, split_host, split_suffix

__all__ = ["Tree", "files_of_finders"]


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


class Tree(Sources):
    """Sources that know all files of the finders beforehand; nobody may change them meanwhile."""

    def __init__(self, sources: Sources, files: Iterable[tuple[str, str]]) -> None:
        super().__init__(
            sources.roots,
            sources.media_url,
            sources.static_url,
            sources.static_root,
            sources.finders,
            sources.mounts,
        )
        self._real_folders: dict[str, str] = {}
        folders: dict[str, Path] = {}
        #: Files that may not be published, and why.
        self.refused: dict[str, SourceError] = {}
        self.files: dict[str, Source] = {}
        self._known: dict[str, Source] = {}
        base = self.static_url or "/"
        host, prefix = split_host(base)
        for name, path in files:
            url = f"{prefix}{name}"
            folder = os.path.dirname(f"{self.static_root}{os.sep}{name}" if self.static_root else path)  # noqa: PTH120
            if folder not in folders:
                folders[folder] = Path(folder)
            source = Source(
                base + name, url if url.startswith("/") else f"/{url}", host, Path(path), folders[folder]
            )
            try:
                self._check(name, path)
            except SourceError as error:
                self.refused[name] = error
                continue
            self.files[name] = source
            self._known[source.name] = source

    def find(self, name: str) -> Source:
        bare = split_suffix(name)[0]
        known = self._known.get(bare) or self._known.get(decoded(bare))
        if known is not None:
            return known
        found = super().find(name)
        self._known[bare] = found
        return found

    def _check(self, name: str, path: str) -> None:
        """Whether a file is a plain one inside the folders that may be published; links are followed."""
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
        folder = os.path.dirname(path)  # noqa: PTH120
        if folder not in self._real_folders:
            self._real_folders[folder] = os.path.realpath(folder) + os.sep
        if not self._is_allowed(self._real_folders[folder]):
            raise Refused(f"{name!r} lies in a folder that is a link out of {self.places()}")
