"""The files that are there of a name with wildcards; see :mod:`.patterns`."""

from __future__ import annotations

import fnmatch
from collections.abc import Container, Iterator
from pathlib import Path

from .names import quoted
from .own_output import is_published, without_published
from .patterns import base_of
from .sources import Sources, is_foreign
from .tree import files_of_finders

__all__ = ["matching"]


def matching(pattern: str, sources: Sources, published: Container[str] = ()) -> Iterator[str]:
    """The names of the files a pattern means, in the media roots and among those of the finders, as URLs.

    Those in the media roots are named with ``MEDIA_URL`` before them if the pattern begins with it. ``*`` also stands for
    slashes. ``published`` are the paths of files it does not mean, since they have been published already; nor does it mean
    others in the media roots that were published of an original beside them.
    """
    seen: set[str] = set()
    for prefix, root, path in _in_roots(pattern, sources):
        name = f"{prefix}{path.relative_to(root).as_posix()}"
        if (
            name not in seen
            and fnmatch.fnmatchcase(name, pattern)
            and path.is_file()
            and not is_published(path, published)
        ):
            seen.add(name)
            yield prefix + quoted(name[len(prefix) :])
    for name, _ in without_published(files_of_finders(), sources) if sources.finders else ():
        if fnmatch.fnmatchcase(sources.static_url + name, pattern):
            yield sources.static_url + quoted(name)


def _in_roots(pattern: str, sources: Sources) -> Iterator[tuple[str, Path, Path]]:
    """What lies where a pattern may mean something: with the root, and what names in it begin with."""
    base = base_of(pattern)
    is_relative = bool(base) and not base.startswith("/") and not is_foreign(base)
    prefixes = {"" if is_relative else "/": None}
    if sources.media_url and base.startswith(sources.media_url):
        prefixes[sources.media_url] = None
    for prefix in prefixes:
        folder = base.removeprefix(prefix).lstrip("/")
        for root in sources.roots if base.startswith(prefix) or not base else ():
            yield from ((prefix, root, path) for path in sorted((root / folder).rglob("*")))
