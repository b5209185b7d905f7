"""Remember what a scan has found for as long as nothing that it stands on is another.

That is every file in the folders of templates and of template tags, every Python module that has been imported by the end
of the scan (tags are code), the folders packages are installed in, and the settings. Where templates come from elsewhere too,
nothing is remembered.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import django
from django.apps import apps
from django.conf import settings
from django.template import Engine, engines
from django.template.loaders import app_directories, cached, filesystem

from .. import names, notice
from ..answers import Place
from ..regular import read_regular
from .result import Absence, Failure, Scan, Unknown, Use

__all__ = ["Memory"]

_FORMAT = 6


class Memory:
    """One scan of all engines of the project, kept in a file that may be thrown away at any time."""

    def __init__(self, place: Path) -> None:
        self._place = place
        self._ground: str | None = None

    def recall(self) -> Scan | None:
        """What the last scan has found, or None when another would find something else, or might."""
        folders = _all_folders()
        if folders is None:
            return None
        # Taken before the scan: what changes while it runs shows at the next look.
        self._ground = _digest(folders)
        _forget_compiled()
        try:
            value = json.loads(read_regular(self._place))
            if value["format"] == _FORMAT and value["ground"] == self._ground:
                modules = value["modules"].items()
                return (
                    _restored(value["scan"]) if all(_state(path) == seen for path, seen in modules) else None
                )
        except (AttributeError, KeyError, OSError, RecursionError, TypeError, ValueError):
            pass
        return None

    def remember(self, scan: Scan) -> None:
        """Keep what has been found after :meth:`recall` knew of nothing."""
        if self._ground is None:
            return
        paths = {getattr(module, "__file__", None) for module in list(sys.modules.values())}
        modules = {path: _state(path) for path in paths if isinstance(path, str)}
        value = {"format": _FORMAT, "ground": self._ground, "modules": modules, "scan": _plain(scan)}
        temporary = self._place.with_name(f".{self._place.name}-{os.getpid()}.tmp")
        with contextlib.suppress(OSError):  # the next scan takes longer, and that is all
            try:
                self._place.parent.mkdir(parents=True, exist_ok=True)
                temporary.write_text(json.dumps(value), "utf-8")
                temporary.replace(self._place)
            except BaseException:
                temporary.unlink(missing_ok=True)
                raise


def _all_folders() -> list[str] | None:
    """Every folder that holds templates; None when not all templates are files in folders that are known."""
    folders: list[str] = []
    for backend in engines.all():
        engine = getattr(backend, "engine", None)
        if not isinstance(engine, Engine):
            environment = getattr(backend, "env", None)
            searched = _searched(getattr(environment, "loader", None))
            if searched is None:
                return None
            folders += searched
            continue
        for loader in _flat(engine.template_loaders):
            if type(loader) not in (filesystem.Loader, app_directories.Loader):
                return None
            folders += map(str, loader.get_dirs())
    return folders


def _forget_compiled() -> None:
    """Let templates be read anew: one that was compiled before its file was edited would be remembered as the new one."""
    for backend in engines.all():
        engine = getattr(backend, "engine", None)
        if isinstance(engine, Engine):
            for loader in engine.template_loaders:
                loader.reset()
        elif (compiled := getattr(getattr(backend, "env", None), "cache", None)) is not None:
            compiled.clear()


def _flat(loaders: Iterable[Any]) -> Iterator[Any]:
    for loader in loaders:
        if type(loader) is cached.Loader:
            yield from _flat(loader.loaders)
        else:
            yield loader


def _searched(loader: object) -> list[str] | None:
    """The folders of Jinja2's loader of files; by name, so that nothing of Jinja2 is imported."""
    kind = type(loader)
    if (kind.__module__, kind.__qualname__) != ("jinja2.loaders", "FileSystemLoader"):
        return None
    return list(map(str, getattr(loader, "searchpath", ())))


def _digest(folders: Iterable[str]) -> str:
    # Not through `settings` itself, which warns of each deprecated name and refuses an empty SECRET_KEY.
    wrapped = settings._wrapped
    values = {name: repr(getattr(wrapped, name, None)) for name in sorted(dir(settings)) if name.isupper()}
    return names.digest(
        repr((django.VERSION, sys.version, _FORMAT, values)),
        *(repr((folder, list(_files(folder)))) for folder in (*folders, *_tag_folders())),
        # A library of tags that was missing, or what it imports, may be installed meanwhile.
        *(repr((folder, list(_installed(folder)))) for folder in sys.path if folder.endswith("-packages")),
    )


def _tag_folders() -> Iterator[str]:
    for app in apps.get_app_configs():
        yield f"{app.path}{os.sep}templatetags"


def _installed(folder: str) -> Iterator[tuple[str, list[int] | None]]:
    """What is installed in a folder, and when: not the state of the folder, which changes when Python compiles a module."""
    try:
        found = sorted(os.listdir(folder))  # noqa: PTH208 (names only)
    except OSError:
        return
    for name in found:
        if name != "__pycache__":
            is_dated = name.endswith((".dist-info", ".egg-info", ".pth"))
            yield name, _state(f"{folder}{os.sep}{name}") if is_dated else None


def _files(root: str) -> Iterator[tuple[str, list[int] | None]]:
    """Every file below a folder with its state; the order is that of the file system, which is the same another time."""
    seen = set()
    for folder, folders, found in os.walk(root, followlinks=True):
        real = os.path.realpath(folder)
        if real in seen:  # a link to a folder above
            folders.clear()
            continue
        seen.add(real)
        for name in found:
            if name.endswith(".pyc"):  # made while the scan runs
                continue
            path = f"{folder}{os.sep}{name}"
            yield path, _state(path)


def _state(path: str) -> list[int] | None:
    try:
        status = os.stat(path)  # noqa: PTH116 (thousands of files)
    except (OSError, ValueError):
        return None
    return [status.st_mtime_ns, status.st_size, status.st_ctime_ns]


def _plain(scan: Scan) -> dict[str, Any]:
    return {
        "uses": [[list(use.place), use.kind, use.slim, use.value, use.mode] for use in scan.uses],
        "unknown": [[list(each.place), each.expression, each.alone] for each in scan.unknown],
        "failed": [[each.template, each.line, each.reason, each.engine] for each in scan.failed],
        "notes": notice.listed(scan.notes),
        "mentions": [[list(place), path] for place, path in scan.mentions],
        "missing": [[list(each.place), each.reason] for each in scan.missing],
        "enclosed": [[list(place), path] for place, path in scan.enclosed],
    }


def _restored(value: Any) -> Scan:
    return Scan(
        tuple(
            Use(Place(*place), kind, slim, given, mode) for place, kind, slim, given, mode in value["uses"]
        ),
        tuple(Unknown(Place(*place), expression, alone) for place, expression, alone in value["unknown"]),
        tuple(Failure(*failure) for failure in value["failed"]),
        notice.restored(value["notes"]),
        tuple((Place(*place), str(path)) for place, path in value["mentions"]),
        tuple(Absence(Place(*place), reason) for place, reason in value["missing"]),
        tuple((Place(*place), str(path)) for place, path in value["enclosed"]),
    )
