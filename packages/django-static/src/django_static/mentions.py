"""Names of files that stand in templates outside of our tags: in ``{% static %}``, in attributes, in scripts.

A template is searched as text, so that what any tag or filter makes of a name does not matter.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from django.template import Engine
from django.template import engines as project_engines

from .scan.listing import is_backup, names
from .sources import split_suffix

__all__ = ["words_of_templates"]

#: What stands between quotes, and runs without white space, quotes and signs that end a name.
_WORD = re.compile(r"""(?=["']([^"'\r\n]+)["'])|([^\s"'()<>{}|,;=]+)""")


def words_of_templates(engines: Iterable[Any] | None = None) -> set[str]:
    """All that may be the name of a file, decoded and without query, in the templates that engines can load."""
    words: set[str] = set()
    for text in _sources(project_engines.all() if engines is None else engines):
        for quoted, bare in _WORD.findall(text):
            for word in (quoted, bare):
                if "." in word:
                    words.add(unquote(split_suffix(word)[0]))
    return words


def _sources(engines: Iterable[Any]) -> Iterator[str]:
    for backend in engines:
        engine = getattr(backend, "engine", backend)
        environment: Any = getattr(backend, "env", None)
        if isinstance(engine, Engine):
            yield from _of_django(engine)
        elif environment is not None:
            yield from _of_jinja(environment)


def _of_django(engine: Engine) -> Iterator[str]:
    for folder in _folders(engine.template_loaders):
        # Also files in which the scan has nothing to look for.
        for path in sorted(folder.rglob("*")):
            if path.is_file() and not is_backup(path.name):
                with contextlib.suppress(OSError):
                    data = path.read_bytes()
                    if b"\0" not in data:
                        yield data.decode(engine.file_charset, "replace")
    for name in names(engine, lambda note: None):
        for loader in engine.template_loaders:
            try:
                # A template that does not compile names its files all the same.
                for origin in loader.get_template_sources(name):
                    yield str(loader.get_contents(origin))  # type: ignore[attr-defined]  # (of every loader but the abstract one)
            except Exception:  # noqa: BLE001, S112 (what is wrong with a template is said elsewhere)
                continue


def _folders(loaders: Iterable[Any]) -> Iterator[Path]:
    for loader in loaders:
        if isinstance(getattr(loader, "loaders", None), list | tuple):
            yield from _folders(loader.loaders)
        elif callable(getattr(loader, "get_dirs", None)):
            yield from map(Path, loader.get_dirs())


def _of_jinja(environment: Any) -> Iterator[str]:
    try:
        listed = environment.list_templates()
    except Exception:  # noqa: BLE001 (a loader that cannot list)
        return
    for name in listed:
        try:
            yield environment.loader.get_source(environment, name)[0]
        except Exception:  # noqa: BLE001, S112
            continue
