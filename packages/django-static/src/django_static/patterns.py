"""Names that stand for several files: ``/js/lib/*.js``."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Container, Iterator
from pathlib import Path

from .names import has_sure_mark, quoted, unmarked
from .output import STATE_FOLDER
from .sources import Sources
from .tree import files_of_finders

__all__ = ["base_of", "is_pattern", "matching"]

_WILD = re.compile(r"[*?\[]")


def is_pattern(name: str) -> bool:
    return _WILD.search(name) is not None


def base_of(pattern: str) -> str:
    """The folder, with its slash, below which everything lies that a pattern may mean."""
    wild = _WILD.search(pattern)
    return pattern[: pattern.rfind("/", 0, wild.start() if wild else len(pattern)) + 1]


def matching(pattern: str, sources: Sources, published: Container[str] = ()) -> Iterator[str]:
    """The names of the files a pattern means, in the media roots and among those of the finders, as URLs.

    ``*`` also stands for slashes. ``published`` are the paths of files it does not mean, since they have been published
    already; nor does it mean others in the media roots that were published of an original beside them.
    """
    seen = set()
    base = base_of(pattern).lstrip("/")
    for root in sources.roots:
        for path in sorted((root / base).rglob("*")):
            name = f"/{path.relative_to(root).as_posix()}"
            if (
                name not in seen
                and fnmatch.fnmatchcase(name, pattern)
                and path.is_file()
                and not _is_published(path, published)
            ):
                seen.add(name)
                yield quoted(name)
    for name, _ in files_of_finders() if sources.finders else ():
        if fnmatch.fnmatchcase(sources.static_url + name, pattern):
            yield sources.static_url + quoted(name)


def _is_published(path: Path, published: Container[str]) -> bool:
    """Whether a file beside the originals was published, now or by those whose records are gone."""
    if STATE_FOLDER in path.parts:
        return True
    if path.suffix in (".gz", ".br", ".zst") and _is_published(path.with_suffix(""), published):
        return True
    if str(path) in published:
        return True
    original = unmarked(path.name)
    return has_sure_mark(path.name) and bool(original) and path.with_name(original).is_file()
