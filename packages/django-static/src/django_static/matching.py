"""The files that are there of a name with wildcards; see :mod:`.patterns`."""

from __future__ import annotations

import fnmatch
from collections.abc import Container, Iterator
from pathlib import Path

from .names import decoded, quoted, spellings
from .own_output import is_published, without_published
from .patterns import base_of
from .sources import Sources, is_foreign
from .tree import files_of_finders

__all__ = ["matching"]


def matching(pattern: str, sources: Sources, published: Container[str] = ()) -> Iterator[str]:
    """The names of the files a pattern means, in the media roots and among those of the finders, as URLs.

    Those in the media roots are named with ``MEDIA_URL`` before them if the pattern begins with it; that and ``STATIC_URL``
    may be percent-encoded in it. ``*`` also stands for slashes. ``published`` are the paths of files it does not mean, since
    they have been published already; nor does it mean others in the media roots that were published of an original beside
    them.
    """
    pattern = _plain(pattern, sources)
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
            yield quoted(name)
    for name, _ in without_published(files_of_finders(), sources) if sources.finders else ():
        if fnmatch.fnmatchcase(sources.static_url + name, pattern):
            yield quoted(sources.static_url + name)


def _plain(pattern: str, sources: Sources) -> str:
    """A pattern that begins with the prefix of media or static files, with that as it is here, and decoded."""
    pattern = sources.mounted(pattern)
    for prefix in filter(None, (sources.written_static_url, sources.media_url)):
        for spelling in spellings(prefix):
            if pattern.startswith(spelling):
                return decoded(prefix) + pattern[len(spelling) :]
    return pattern


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
