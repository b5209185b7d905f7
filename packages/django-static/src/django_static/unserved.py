"""Files that are found, and of which what is published lies where no URL of the settings leads."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

from .names import decoded
from .records import Options
from .sources import Source, Sources, is_foreign, split_host
from .standing import sends_itself

__all__ = ["Unserved"]


class Unserved:
    """Tells of such files. Where the application itself sends all that the manifest names, there are hardly any."""

    def __init__(self, sources: Sources, options: Options) -> None:
        self._sources = sources
        self._options = options

    def why(self, source: Source) -> str:
        """What is wrong with the name of a file, for people; empty if nothing is."""
        return self._told(source, _why_unserved(source, self._sources, self._options))

    def why_printed(self, source: Source) -> str:
        """The same of a file of which our tags print a URL."""
        reason = self.why(source)
        return reason or self._told(source, _why_misprinted(source, self._sources, self._options))

    def _told(self, source: Source, reason: str) -> str:
        # Where a name without a slash leads to depends on the page.
        return "" if reason and source.name.startswith("/") and self._is_sent else reason

    @cached_property
    def _is_sent(self) -> bool:
        return sends_itself()


def _why_unserved(source: Source, sources: Sources, options: Options) -> str:
    """What is wrong with the name of a file, and what to write; empty where web servers find what is published of it.

    The finders are asked for any name, and what they find is published in ``STATIC_ROOT``. Under a name that does not begin
    with ``STATIC_URL`` pages print a URL that leads elsewhere.
    """
    if options.save_prefix is not None or not sources.static_url:
        return ""  # what is there is served by the names that it has
    if options.name_prefix or options.media_url:
        return ""  # pages print URLs that begin with these; where they lead, the site's web server knows
    forms = tuple(dict.fromkeys((source.name, decoded(source.name))))
    if any(form.startswith(sources.static_url) for form in forms):
        return ""
    paths = [split_host(form)[1] for form in forms if not is_foreign(form)]
    if sources.media_url:
        paths += [form[len(sources.media_url) :] for form in forms if form.startswith(sources.media_url)]
    if any(source.folder == (root / path.lstrip("/")).parent for root in sources.roots for path in paths):
        return ""
    base = next(
        (mount.written for mount in sources.mounts if decoded(mount.here) == sources.static_url),
        sources.written_static_url,
    )
    return (
        f"{source.name!r} is {source.path}, which no media root has: it is published where names lead that begin with "
        f"STATIC_URL, and this one does not. Write {base + split_host(source.name)[1].lstrip('/')!r}, or, if the web server "
        "sends that folder under this name, put it into DJANGO_STATIC_MEDIA_ROOTS"
    )


def _why_misprinted(source: Source, sources: Sources, options: Options) -> str:
    """What is wrong with the URL that tags print of a file, and what to do; empty where nothing is known to be.

    ``DJANGO_STATIC_MEDIA_URL`` may be a path. Where one leads the site's web server knows, unless it is a folder of the
    settings, which has what is published under the name that the file has without it.
    """
    start = options.media_url
    if not start.startswith("/") or start.startswith("//"):
        return ""
    printed = decoded(start + options.name_prefix) + source.url
    place = source.folder
    if options.save_prefix is not None:
        place = options.save_prefix / posixpath.dirname(source.url).lstrip("/")
    for base, folders in sorted(_folders(sources, options), reverse=True):
        if printed.startswith(base):
            below = posixpath.dirname(printed[len(base) :])
            if any(folder / below == place for folder in folders):
                return ""
            break
    else:
        return ""
    other = source.url.removeprefix(decoded(start))
    write = (
        f", or write {other!r} in the tag"
        if other.startswith("/") and other != source.url and options.save_prefix is None
        else ""
    )
    return (
        f"{source.name!r} is published in {place}, and tags print {printed!r} of it, with DJANGO_STATIC_MEDIA_URL before it, "
        f"which leads elsewhere below {base!r}. Set DJANGO_STATIC_MEDIA_URL to a host, such as '//static.example.com', or leave "
        f"it out{write}"
    )


def _folders(sources: Sources, options: Options) -> Iterator[tuple[str, list[Path]]]:
    """The paths of the settings that lead to folders, and these."""
    root = sources.static_root
    for url, folders in (
        (sources.static_url, [] if root is None else [root]),
        (sources.media_url, [*sources.roots]),
    ):
        base = split_host(url)[1]
        if base.strip("/"):
            received = [] if options.save_prefix is None else [options.save_prefix / base.strip("/")]
            yield base, [*received, *folders]
