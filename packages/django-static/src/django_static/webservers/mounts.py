"""Which URLs lead to which folders, by the settings."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote, urlsplit

from ..names import quoted
from ..places import path_within, records_beside
from ..sources import Sources
from .site import HIDDEN, TOP_FOLDER, Mount

__all__ = ["host_of", "mounts_of", "mounts_of_host"]


def mounts_of(
    sources: Sources,
    save_prefix: Path | None,
    name_prefix: str,
    media_root: Path | None,
    *,
    media_url: str = "",
    script_name: str = "/",
    manifest: Path | None = None,
) -> tuple[Mount, ...]:
    """The URLs of published files and the folders these are in, as the settings say.

    Where published files lie beside their originals there is one for each folder at the top of a media root: ``/css/``,
    ``/js/``, ``/img/``. Where several folders belong to one prefix they are asked one after the other.

    Args:
        media_url: what all URLs of pages begin with, a host and maybe a path: its files are below that, too.
        script_name: the path that the whole site is below, which is not handed to a folder.
        manifest: where it is; it is hidden, and the records beside it.
    """
    mounts = list(_all_mounts(sources, save_prefix, name_prefix, media_root, _path(script_name)))
    # A path without a host leads where the site's web server says: below it other files of the site may be.
    below = _path(media_url).rstrip("/") if host_of(media_url) else ""
    if below:
        mounts += [replace(mount, prefix=f"{below}{mount.prefix}") for mount in mounts]
    return _joined(mounts, manifest)


def _joined(mounts: Iterable[Mount], manifest: Path | None) -> tuple[Mount, ...]:
    """One for each prefix, with all its folders, and what is not sent of them."""
    found: dict[str, Mount] = {}
    for mount in mounts:
        known = found.setdefault(mount.prefix, mount)
        if mount.folder not in [folder for folder, _ in known.folders]:
            others = (*known.others, (mount.folder, mount.setting))
            found[mount.prefix] = replace(known, others=others, is_published=False)
    secret = [] if manifest is None or HIDDEN in manifest.parts else records_beside(manifest)
    return tuple(replace(mount, hidden=_hidden(mount, secret)) for mount in found.values())


def mounts_of_host(
    host: str,
    sources: Sources,
    save_prefix: Path | None,
    name_prefix: str,
    media_root: Path | None,
    *,
    media_url: str = "",
    manifest: Path | None = None,
) -> tuple[Mount, ...]:
    """The same where a host has nothing but files; none where no setting is all of that host.

    Then all that is asked for is there, also what is in no folder; nothing of it is hidden from an application.
    """
    mounts = list(_host_mounts(host, sources, save_prefix, name_prefix, media_root, is_all=False))
    if host_of(media_url) == host:
        below = _path(media_url).rstrip("/")
        found = _host_mounts(host, sources, save_prefix, name_prefix, media_root, is_all=True)
        mounts += [replace(mount, prefix=f"{below}{mount.prefix}") for mount in found]
    joined = _joined(mounts, manifest)
    return joined if any(mount.prefix == "/" for mount in joined) else ()


def host_of(url: str) -> str:
    """The host that a URL of the settings begins with; empty for none."""
    return urlsplit(url).hostname or ""


def _host_mounts(
    host: str,
    sources: Sources,
    save_prefix: Path | None,
    name_prefix: str,
    media_root: Path | None,
    *,
    is_all: bool,
) -> Iterator[Mount]:
    """``is_all`` tells that all URLs begin with this host, whatever the settings of each say."""

    def path_of(url: str) -> str:
        is_here = url and (is_all or host_of(url) == host)
        return (_path(quoted(url)) or "/") if is_here else ""

    static, media = path_of(sources.static_url), path_of(sources.media_url)
    roots = [(root, _setting(root, media_root)) for root in sources.roots]
    starts = list(filter(None, ("/" if is_all else "", media, static)))
    if save_prefix is not None and name_prefix:
        yield Mount(f"{unquote(name_prefix)}/", _absolute(save_prefix), True, "DJANGO_STATIC_SAVE_PREFIX")
    elif save_prefix is not None:
        for start in starts:
            folder = _absolute(save_prefix / start.strip("/"))
            yield Mount(start, folder, True, "DJANGO_STATIC_SAVE_PREFIX")
    elif name_prefix:
        yield from _prefixed(unquote(name_prefix), sources, media_root)
    elif is_all:
        for root, setting in roots:
            yield Mount("/", _absolute(root), False, setting)
    if media:
        own = [] if media_root is None else [(media_root, "MEDIA_ROOT")]
        for root, setting in (*roots, *own):
            yield Mount(media, _absolute(root), False, setting)
    if static and sources.static_root is not None:
        yield Mount(static, _absolute(sources.static_root), False, "STATIC_ROOT")


def _all_mounts(
    sources: Sources, save_prefix: Path | None, name_prefix: str, media_root: Path | None, script_name: str
) -> Iterator[Mount]:
    static, media = _path(quoted(sources.static_url)), _path(quoted(sources.media_url))
    inner = [path for path in (static, media, script_name and f"{script_name}.") if path]
    if save_prefix is not None:
        setting = "DJANGO_STATIC_SAVE_PREFIX"
        if name_prefix:
            yield Mount(f"{unquote(name_prefix)}/", _absolute(save_prefix), True, setting)
        else:
            # Files below STATIC_URL are published there sooner or later.
            place = save_prefix / static.strip("/")
            if static and (sources.static_root is not None or place.is_dir()):
                yield Mount(static, _absolute(place), True, setting)
            # Where static files have all of a host, what is published of them is not for the application's.
            has_host = bool(sources.static_url) and not static
            own = {folder.name for root in sources.roots for folder in _folders(root)}
            for prefix, folder in _tops(save_prefix, "/", inner):
                if not has_host or prefix == media or prefix.split("/")[1] in own:
                    yield Mount(prefix, _absolute(folder), True, setting, TOP_FOLDER)
                    if prefix == media and media_root is not None:
                        yield Mount(media, _absolute(media_root), False, "MEDIA_ROOT")
    elif name_prefix:
        yield from _prefixed(unquote(name_prefix), sources, media_root)
    else:
        for root in sources.roots:
            for prefix, folder in _tops(root, "/", inner):
                yield Mount(prefix, _absolute(folder), False, _setting(root, media_root), TOP_FOLDER)
        if media and media_root is not None:
            yield Mount(media, _absolute(media_root), False, "MEDIA_ROOT")
    if static and sources.static_root is not None:
        yield Mount(static, _absolute(sources.static_root), False, "STATIC_ROOT")


def _prefixed(start: str, sources: Sources, media_root: Path | None) -> Iterator[Mount]:
    """Where files lie that are published beside their originals, and have a prefix before what these are called.

    An original may be named with ``STATIC_URL`` or ``MEDIA_URL``, which its folder knows nothing of, or without.
    """
    roots = [(root, _setting(root, media_root)) for root in sources.roots]
    collected = [] if sources.static_root is None else [(sources.static_root, "STATIC_ROOT")]
    for folder, setting in (*roots, *collected):
        yield Mount(f"{start}/", _absolute(folder), False, setting)
    for url, folders in ((sources.media_url, roots), (sources.static_url, collected)):
        path = _path(quoted(url))
        if path:
            inner = [(root / path.strip("/"), setting) for root, setting in roots]
            for folder, setting in (*(each for each in inner if each[0].is_dir()), *folders):
                yield Mount(f"{start}{path}", _absolute(folder), False, setting)


def _setting(root: Path, media_root: Path | None) -> str:
    return "MEDIA_ROOT" if root == media_root else "DJANGO_STATIC_MEDIA_ROOTS"


def _tops(root: Path, start: str, inner: list[str]) -> Iterator[tuple[str, Path]]:
    """The folders that whole parts of the site lead to; of one that holds such a part of its own, or the whole site, those
    in it."""
    for folder in _folders(root):
        prefix = f"{start}{folder.name}/"
        if any(path.startswith(prefix) and path != prefix for path in inner):
            yield from _tops(folder, prefix, inner)
        else:
            yield prefix, folder


def _hidden(mount: Mount, secret: list[str]) -> tuple[str, ...]:
    found = []
    for folder, _ in mount.folders:
        for path in secret:
            inside = path_within(path, folder)
            if inside is not None:
                found.append(inside.replace(os.sep, "/"))
    return tuple(dict.fromkeys(found))


def _folders(root: Path) -> list[Path]:
    try:
        return sorted(path for path in root.iterdir() if path.is_dir() and not path.name.startswith("."))
    except OSError:
        return []


def _absolute(folder: Path) -> str:
    return os.path.abspath(folder)  # noqa: PTH100 (links stay)


def _path(url: str) -> str:
    """The path of a URL of the settings, decoded, with a slash at both ends; empty if that is all there is."""
    path = unquote(urlsplit(url).path).strip("/")
    return f"/{path}/" if path else ""
