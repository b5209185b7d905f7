"""What a web server must know of a site: which URLs lead to which folders, and where the application listens."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

from ..names import DATE, FINGERPRINT, UNKNOWN_CHARSET, digest
from ..places import STATE_FOLDER
from .domains import ANY

__all__ = [
    "DATE",
    "FINGERPRINT",
    "HIDDEN",
    "TOP_FOLDER",
    "UNKNOWN_CHARSET",
    "URL_PREFIX",
    "ConfigError",
    "Host",
    "Mount",
    "Site",
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


class Host(NamedTuple):
    """A host that has nothing but files, and a server of its own."""

    name: str
    mounts: tuple[Mount, ...]
    #: The settings that are this host.
    settings: tuple[str, ...]

    @property
    def remark(self) -> str:
        """What is to be said of it."""
        return f"{' and '.join(self.settings)} is this host: there is nothing of the application on it"


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
    #: Those that have nothing but files.
    hosts: tuple[Host, ...] = ()
    #: Settings that are a host and nothing else, which is not among those, and that host.
    alone: tuple[tuple[str, str], ...] = ()
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
        for setting, host in self.alone:
            found.append(
                f"{setting} is all of {host}, which is not served here, since it would hide the application: write "
                f"{setting} with a path, such as static/, at its end, or, if that host leads here and has nothing else, give "
                f"--server-name for each name of the application, and --server-name {host}"
            )
        return tuple(found)

    @property
    def apart(self) -> tuple[str, ...]:
        """What is to be said of the hosts with a server of their own, where that is not printed."""
        return tuple(
            f"{' and '.join(host.settings)} is all of {host.name}, which needs a server of its own: --whole prints it, for nginx "
            "--server, too"
            for host in self.hosts
        )

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
        if not self.mounts and not self.hosts:
            if self.alone:
                raise ConfigError("; ".join(self.remarks))
            raise ConfigError(
                "there are no published files to send: set DJANGO_STATIC_SAVE_PREFIX and DJANGO_STATIC_NAME_PREFIX, or "
                "STATIC_ROOT, or publish something first"
            )
        for mount in (*self.mounts, *(mount for host in self.hosts for mount in host.mounts)):
            if mount.prefix != "/" and set(mount.prefix.strip("/").split("/")) & {"", ".", ".."}:
                raise ConfigError(
                    f"{mount.named} is {mount.prefix!r}, with a part that servers and browsers leave out of a path; "
                    f"{way_out(mount.named)}"
                )
        for name in (*self.server_names, *(host.name for host in self.hosts)):
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
