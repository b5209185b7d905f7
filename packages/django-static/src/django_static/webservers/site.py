"""What a web server must know of a site: which URLs lead to which folders, and where the application listens."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import unquote, urlsplit

from ..names import DATE, FINGERPRINT, UNKNOWN_CHARSET, digest, quoted
from ..places import STATE_FOLDER, path_within, records_beside
from ..sources import Sources
from .domains import ANY

__all__ = [
    "DATE",
    "FINGERPRINT",
    "HIDDEN",
    "UNKNOWN_CHARSET",
    "URL_PREFIX",
    "ConfigError",
    "Mount",
    "Site",
    "mounts_of",
    "way_out",
]

#: The folder of manifests and records, which is nobody's business.
HIDDEN = STATE_FOLDER
#: What is named in messages that are about a URL and not about where a folder is.
URL_PREFIX = "a URL prefix"
TOP_FOLDER = "the name of a folder that URLs begin with"
_MOST_PORT = 65535
_DOMAIN = re.compile(r"(?:\*\.|\.)?[\w-]+(?:\.[\w-]+)*|\[[0-9a-fA-F:]+\]|_")
_PLACE = re.compile(r"(?:[\w.-]+|\[[0-9a-fA-F:]+\]):\d{1,5}")


def way_out(setting: str) -> str:
    """What to do about a character that cannot be written down."""
    return {
        URL_PREFIX: "choose another prefix",
        TOP_FOLDER: "rename it, or set DJANGO_STATIC_NAME_PREFIX",
    }.get(setting, "rename the folder, or reach it through a symbolic link")


class ConfigError(ValueError):
    """A configuration cannot be written for these settings; the message names the setting and what to do."""


@dataclass(frozen=True, slots=True)
class Mount:
    """URLs that lead to the files of a folder."""

    #: With a slash at both ends, decoded: ``/cache-forever/``.
    prefix: str
    #: Absolute.
    folder: str
    #: Whether there is nothing but published files, or others among them.
    is_published: bool
    #: The setting the folder comes from, for messages, and what the prefix is.
    setting: str
    named: str = URL_PREFIX
    #: More folders, each asked for what is not in those before it, and the settings they come from.
    others: tuple[tuple[str, str], ...] = ()
    #: Files and folders that are not sent, from the prefix on, though they lie there; a question mark is any character.
    hidden: tuple[str, ...] = ()

    @property
    def folders(self) -> list[tuple[str, str]]:
        """All of them, with their settings."""
        return [(self.folder, self.setting), *self.others]


@dataclass(frozen=True, slots=True)
class Site:
    """A site as a web server sees it."""

    mounts: tuple[Mount, ...]
    #: ``unix:/run/mysite.sock``, or ``127.0.0.1:8000``.
    upstream: str = "127.0.0.1:8000"
    #: What the application speaks: ``http`` or ``uwsgi``.
    protocol: str = "http"
    server_names: tuple[str, ...] = (ANY,)
    #: Hosts that pages name beside those.
    foreign: tuple[str, ...] = ()
    #: The host that ``STATIC_URL`` is, where it is nothing else; empty for none.
    alone: str = ""
    listen: str = "80"
    #: Whether pages of other origins use the files: a host of their own, or hashes in the pages.
    is_shared: bool = False
    #: The path that the whole site is below, ``/app``; empty for none.
    below: str = ""

    @property
    def name(self) -> str:
        """What tells the site from others on the same machine, in letters, digits and underscores."""
        parts = (*self.server_names, self.listen, self.upstream, self.protocol)
        return f"{re.sub(r'[^a-z0-9]+', '_', self.server_names[0].lower()).strip('_') or 'site'}_{digest(*parts)[:6]}"

    @property
    def remarks(self) -> tuple[str, ...]:
        """What is to be said of the hosts that pages name: it is not known where they lead, or they lead nowhere."""
        found = [
            f"Pages name {host}, too: if it is a CDN, all is well; if it leads here, add --server-name {host}"
            for host in self.foreign
        ]
        if ANY in self.server_names:
            found.append(
                "Any host is taken that no other server on this port has by its name. One site alone can do that: of several, "
                "each needs --server-name"
            )
        if self.alone:
            found.append(
                f"STATIC_URL is all of {self.alone}, which is not served here, since it would hide the application: write "
                "STATIC_URL with a path, such as static/, at its end, or give that host a server of its own"
            )
        return tuple(found)

    @property
    def start(self) -> tuple[str, ...]:
        """How the application is to be started; nothing where that is no matter. Django under WSGI wants no such path in what
        it is asked for (PEP 3333), and it is not for a web server to guess who takes it away."""
        if not self.below:
            return ()
        return (
            f"The site lies below {self.below} (FORCE_SCRIPT_NAME), which under WSGI the application's server takes off the path:",
            f"gunicorn -e SCRIPT_NAME={self.below}, or",
            f"uwsgi --mount {self.below}=mysite.wsgi:application --manage-script-name. Under ASGI Django does.",
        )

    def check(self) -> None:
        """See whether all of it can be written down.

        Raises:
            ConfigError: it cannot.
        """
        if not self.mounts:
            raise ConfigError(
                "there are no published files to send: set DJANGO_STATIC_SAVE_PREFIX and DJANGO_STATIC_NAME_PREFIX, or "
                "STATIC_ROOT, or publish something first"
            )
        for mount in self.mounts:
            if set(mount.prefix.strip("/").split("/")) & {"", ".", ".."}:
                raise ConfigError(
                    f"{mount.named} is {mount.prefix!r}, with a part that servers and browsers leave out of a path; "
                    f"{way_out(mount.named)}"
                )
        for name in self.server_names:
            if not _DOMAIN.fullmatch(name):
                raise ConfigError(f"the server name {name!r} is none; give a domain such as example.com")
        if not re.fullmatch(r"(?:(?:[\w.-]+|\[[0-9a-fA-F:]+\]):)?\d{1,5}", self.listen) or not _is_port(
            self.listen
        ):
            raise ConfigError(
                f"--listen {self.listen!r} is no port up to {_MOST_PORT}, and no address with one"
            )
        path = self.upstream.removeprefix("unix:")
        if path == self.upstream:
            if not _PLACE.fullmatch(path) or not _is_port(path):
                raise ConfigError(
                    f"--upstream {self.upstream!r} is neither unix:/path nor host:port, up to {_MOST_PORT}"
                )
        elif not path.startswith("/") or not re.fullmatch(r"[\w./@-]+", path):
            raise ConfigError(
                f"--upstream {self.upstream!r} needs an absolute path of letters, digits and the marks ._-@/"
            )
        if self.protocol not in ("http", "uwsgi"):
            raise ConfigError(f"--protocol {self.protocol!r} is neither http nor uwsgi")


def _is_port(place: str) -> bool:
    return 0 < int(place.rpartition(":")[2]) <= _MOST_PORT


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
    found: dict[str, Mount] = {}
    mounts = list(_all_mounts(sources, save_prefix, name_prefix, media_root, _path(script_name)))
    below = _path(media_url).rstrip("/")
    if below:
        mounts += [replace(mount, prefix=f"{below}{mount.prefix}") for mount in mounts]
    for mount in mounts:
        known = found.setdefault(mount.prefix, mount)
        if mount.folder not in [folder for folder, _ in known.folders]:
            others = (*known.others, (mount.folder, mount.setting))
            found[mount.prefix] = replace(known, others=others, is_published=False)
    secret = [] if manifest is None or HIDDEN in manifest.parts else records_beside(manifest)
    return tuple(replace(mount, hidden=_hidden(mount, secret)) for mount in found.values())


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
            for prefix, folder in _tops(save_prefix, "/", inner):
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
