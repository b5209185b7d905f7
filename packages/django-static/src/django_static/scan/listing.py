"""The names of the templates that an engine of Django can load."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from django.template import Engine

__all__ = ["is_backup", "names"]

_BACKUPS = ("~", ".swp", ".swo", ".bak", ".orig", ".rej", ".tmp", ".pyc", ".pyo")
_NO_TEMPLATES_INSIDE = frozenset({".git", ".hg", ".svn", "__pycache__"})


def names(engine: Engine, note: Callable[[str], None], *, tagless: bool = False) -> list[str]:
    """Every name, once, in the order of the loaders; loaders that cannot list are noted.

    Unless ``tagless`` ones are wanted, files without a tag are left out, be they templates or not.
    """
    found: dict[str, None] = {}
    for loader in engine.template_loaders:
        for name, path in _of_loader(loader, note):
            if name not in found and (tagless or path is None or _has_tags(path, engine.file_charset)):
                found[name] = None
    return list(found)


def _has_tags(path: Path, charset: str) -> bool:
    try:
        content = path.read_bytes()
    except OSError:
        return True  # what is wrong with it, the loader will say
    if not "{%".encode(charset).endswith(b"{%"):
        return True
    return b"{%" in content and b"\0" not in content


def _of_loader(loader: Any, note: Callable[[str], None]) -> Iterator[tuple[str, Path | None]]:
    if isinstance(getattr(loader, "loaders", None), list | tuple):
        for inner in loader.loaders:
            yield from _of_loader(inner, note)
    elif callable(getattr(loader, "list_templates", None)):
        yield from ((str(name), None) for name in loader.list_templates())
    elif isinstance(getattr(loader, "templates_dict", None), dict):
        yield from ((name, None) for name in loader.templates_dict)
    elif callable(getattr(loader, "get_dirs", None)):
        for folder in loader.get_dirs():
            yield from _files(Path(folder))
    else:
        kind = type(loader)
        note(
            f"the template loader {kind.__module__}.{kind.__qualname__} cannot list its templates: only those that other"
            " templates extend or include are scanned; a method list_templates() that gives names would help"
        )


def _files(root: Path) -> Iterator[tuple[str, Path]]:
    seen = set()
    for folder, folders, files in os.walk(root, followlinks=True):
        real = os.path.realpath(folder)
        if real in seen:  # a link to a folder above
            folders.clear()
            continue
        seen.add(real)
        folders[:] = sorted(name for name in folders if name not in _NO_TEMPLATES_INSIDE)
        inside = Path(folder).relative_to(root)
        for name in sorted(files):
            if not is_backup(name):
                yield (inside / name).as_posix(), Path(folder) / name


def is_backup(name: str) -> bool:
    """Whether a file is what an editor, a merge or Python left behind."""
    name = name.rsplit("/", 1)[-1]
    return name.endswith(_BACKUPS) or name.startswith(".#") or (name.startswith("#") and name.endswith("#"))
