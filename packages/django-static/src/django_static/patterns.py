"""Names that stand for several files: ``/js/lib/*.js``."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterator

from .names import quoted
from .sources import Sources
from .tree import files_of_finders

__all__ = ["base_of", "is_pattern", "matching"]

_WILD = re.compile(r"[*?\[]")
#: Published files may lie beside their originals: a time or a digest, and a second digest where the name was taken.
_PUBLISHED = re.compile(r"\.(?:[0-9]{9,11}|[0-9a-f]{12})(?:-[0-9a-f]{8})?\.[^./]+$")


def is_pattern(name: str) -> bool:
    return _WILD.search(name) is not None


def base_of(pattern: str) -> str:
    """The folder, with its slash, below which everything lies that a pattern may mean."""
    wild = _WILD.search(pattern)
    return pattern[: pattern.rfind("/", 0, wild.start() if wild else len(pattern)) + 1]


def matching(pattern: str, sources: Sources) -> Iterator[str]:
    """The names of the files a pattern means, in the media roots and among those of the finders, as URLs.

    ``*`` also stands for slashes. What looks like a published file is left out.
    """
    seen = set()
    base = base_of(pattern).lstrip("/")
    for root in sources.roots:
        for path in sorted((root / base).rglob("*")):
            name = f"/{path.relative_to(root).as_posix()}"
            if name not in seen and _is_meant(name, pattern) and path.is_file():
                seen.add(name)
                yield quoted(name)
    for name, _ in files_of_finders() if sources.finders else ():
        if _is_meant(sources.static_url + name, pattern):
            yield sources.static_url + quoted(name)


def _is_meant(name: str, pattern: str) -> bool:
    return fnmatch.fnmatchcase(name, pattern) and not _PUBLISHED.search(name)
