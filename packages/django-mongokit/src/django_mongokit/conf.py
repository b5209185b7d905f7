"""Everything this package reads from Django's settings, read when asked for, never at import.

A database of MongoDB is one entry of `DATABASES`::

    DATABASES = {
        "default": {...},  # any SQL database, as usual
        "mongodb": {"ENGINE": "django_mongokit.mongodb", "NAME": "mydb"},
    }

The functions here turn such an entry into plain values, or raise `SettingError`, which the system checks show with a
stable id and which is an `ImproperlyConfigured` for everybody else.
"""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.connection import ConnectionDoesNotExist

__all__ = [
    "DEFAULT_ALIAS",
    "ENGINE",
    "TEST_DATABASE_PREFIX",
    "ClientSettings",
    "SettingError",
    "UriParts",
    "check_database_name",
    "client_settings",
    "database_name",
    "entry",
    "mongodb_aliases",
    "require_mongodb_alias",
    "session_alias",
    "session_collection",
    "split_uri",
    "test_database_name",
]

ENGINE = "django_mongokit.mongodb"
DEFAULT_ALIAS = "mongodb"
TEST_DATABASE_PREFIX = "test_"

# PyMongo waits 30 s for a server that is gone, which holds every worker of a site; these are milliseconds.
SERVER_SELECTION_TIMEOUT = 5_000
SERVER_SELECTION_TIMEOUT_DEBUG = 500

_SELECTION_OPTION = "serverSelectionTimeoutMS"
_AWARE_OPTION = "tz_aware"
_FORBIDDEN_IN_NAMES = frozenset(' ."$/\\\0')
_MAX_NAME_BYTES = 63
_PASSWORD = re.compile(r"(://[^:/@]*:).*(@)", re.DOTALL)
_SCHEMES = ("mongodb://", "mongodb+srv://")


class SettingError(ImproperlyConfigured):
    """One key of a `DATABASES` entry has a value that cannot work.

    `alias` and `key` say where, `hint` says what to write instead.
    """

    def __init__(self, alias: str, key: str, problem: str, hint: str) -> None:
        self.alias = alias
        self.key = key
        self.problem = f"DATABASES[{alias!r}][{key!r}] {problem}"
        self.hint = hint
        super().__init__(f"{self.problem} {hint}")


@dataclass(frozen=True)
class ClientSettings:
    """How to reach the server of one alias: the arguments of PyMongo's client, or the folder of an embedded server."""

    host: str | list[str] | None = None
    port: int | None = None
    options: dict[str, Any] = field(default_factory=dict)
    embedded: Path | None = None

    @property
    def selection_seconds(self) -> float:
        """How long an operation waits for a server, in seconds, where OPTIONS say it."""
        found = {name.lower(): value for name, value in self.options.items()}
        return float(found.get(_SELECTION_OPTION.lower(), SERVER_SELECTION_TIMEOUT)) / 1000


def entry(alias: str = DEFAULT_ALIAS) -> dict[str, Any]:
    """Return the live `DATABASES` entry of `alias`; raises `ConnectionDoesNotExist` when nobody declared it."""
    try:
        found: dict[str, Any] = settings.DATABASES[alias]
    except KeyError:
        raise ConnectionDoesNotExist(
            f"DATABASES has no entry {alias!r}; there are {', '.join(map(repr, settings.DATABASES)) or 'none'}. "
            f'Add {alias!r}: {{"ENGINE": "{ENGINE}", "NAME": "<name of the database>"}}.'
        ) from None
    return found


def mongodb_aliases() -> list[str]:
    """Return the aliases whose ENGINE is ours, in the order of `DATABASES`."""
    return [alias for alias, values in settings.DATABASES.items() if values.get("ENGINE") == ENGINE]


def require_mongodb_alias(alias: object, setting: str) -> str:
    """Return `alias` when `DATABASES` has it with our ENGINE, else raise `ImproperlyConfigured`; `setting` named it."""
    aliases = mongodb_aliases()
    if alias not in aliases:
        raise ImproperlyConfigured(
            f"{setting} is {alias!r}, which is no alias of MongoDB; DATABASES has "
            f'{", ".join(map(repr, aliases)) or "none"} with the ENGINE "{ENGINE}".'
        )
    return str(alias)


def session_alias() -> str:
    """Return the alias whose database keeps the sessions: `SESSION_MONGODB_ALIAS`, "mongodb" unless set."""
    alias = getattr(settings, "SESSION_MONGODB_ALIAS", DEFAULT_ALIAS)
    return require_mongodb_alias(alias, "SESSION_MONGODB_ALIAS")


def session_collection() -> str:
    """Return the collection of the sessions: `SESSION_MONGODB_COLLECTION`, "django_session" unless set."""
    name: object = getattr(settings, "SESSION_MONGODB_COLLECTION", "django_session")
    if not isinstance(name, str) or not name:
        raise ImproperlyConfigured(
            f'SESSION_MONGODB_COLLECTION is {name!r}; it takes the name of a collection, e.g. "django_session".'
        )
    return name


def database_name(alias: str = DEFAULT_ALIAS) -> str:
    """Return the name of the alias's database as it is now: during a test run that of the test database."""
    return check_database_name(alias, "NAME", entry(alias).get("NAME"))


def test_database_name(alias: str, values: Mapping[str, Any], name: str) -> str:
    """Return how the test database of an entry is called whose own database is called `name`.

    That is `TEST["NAME"]`, else `TEST_NAME` (spelled so before Django 1.7), else `test_` and the name.
    Raises `SettingError` for one without the `test_` prefix, and for the real database itself: tests drop it.
    """
    chosen = (values.get("TEST") or {}).get("NAME") or values.get("TEST_NAME")
    if not chosen:
        name = check_database_name(alias, "NAME", name)
        return check_database_name(alias, "TEST", TEST_DATABASE_PREFIX + name)
    chosen = check_database_name(alias, "TEST", chosen)
    if not chosen.startswith(TEST_DATABASE_PREFIX):
        raise SettingError(
            alias,
            "TEST",
            f"names the test database {chosen!r}, which does not begin with {TEST_DATABASE_PREFIX!r}.",
            f'Write e.g. "TEST": {{"NAME": {TEST_DATABASE_PREFIX + chosen!r}}}; only such a database is ever dropped.',
        )
    if chosen == name:
        raise SettingError(
            alias,
            "TEST",
            f"names {chosen!r}, the real database.",
            "Leave it out, or name another: tests drop it.",
        )
    return chosen


def check_database_name(alias: str, key: str, name: object) -> str:
    """Return `name` when MongoDB allows it as a database's name, else raise `SettingError`."""
    if not isinstance(name, str) or not name:
        problem = "is missing." if not name else f"is {name!r}, not text."
        raise SettingError(alias, key, problem, 'Give the database a name, e.g. "NAME": "mydb".')
    why = _fault_of_name(name)
    if why:
        hint = 'MongoDB takes up to 63 bytes without spaces or any of . $ / \\ ".'
        if key == "TEST":
            hint += ' Write "TEST": {"NAME": "test_…"} with another name.'
        raise SettingError(alias, key, f"{name!r} {why}.", hint)
    return name


@functools.cache
def _fault_of_name(name: str) -> str | None:
    # Kept, since get_database() asks at each call, and it is always the same few names.
    bad = sorted(_FORBIDDEN_IN_NAMES.intersection(name))
    if bad:
        return f"has {' and '.join(map(repr, bad))} in it"
    return f"is longer than {_MAX_NAME_BYTES} bytes" if len(name.encode()) > _MAX_NAME_BYTES else None


def client_settings(
    alias: str, values: Mapping[str, Any], *, debug: bool, use_tz: bool = False
) -> ClientSettings:
    """Turn a `DATABASES` entry into the arguments of PyMongo's client.

    `debug` chooses how long an operation waits for a server that is gone (0.5 s instead of 5 s), unless OPTIONS or
    the URI in HOST say so with `serverSelectionTimeoutMS`; with `use_tz` times come with their time zone, UTC, unless
    they say so with `tz_aware`. Raises `SettingError`; connects to nothing.
    """
    options = _options(alias, values)
    embedded = _embedded(alias, values, options.pop("embedded", None))
    host = _host(alias, values.get("HOST"))
    for key, option in (("USER", "username"), ("PASSWORD", "password")):
        if values.get(key):
            options[option] = values[key]
    said = {name.lower() for name in options} | _options_of_uri(host)
    if _SELECTION_OPTION.lower() not in said:
        options[_SELECTION_OPTION] = SERVER_SELECTION_TIMEOUT_DEBUG if debug else SERVER_SELECTION_TIMEOUT
    if use_tz and _AWARE_OPTION not in said:
        # Django takes a time without time zone for one of TIME_ZONE, and PyMongo's are UTC.
        options[_AWARE_OPTION] = True
    return ClientSettings(
        host=host, port=_port(alias, values.get("PORT")), options=options, embedded=embedded
    )


def _options(alias: str, values: Mapping[str, Any]) -> dict[str, Any]:
    options = values.get("OPTIONS") or {}
    if not isinstance(options, Mapping):
        raise SettingError(
            alias,
            "OPTIONS",
            f"is {options!r}.",
            'It takes a dict of MongoClient\'s options, e.g. {"tls": True}.',
        )
    return dict(options)


def _embedded(alias: str, values: Mapping[str, Any], folder: object) -> Path | None:
    if folder is None:
        return None
    if not isinstance(folder, str | os.PathLike) or not os.fspath(folder):
        raise SettingError(
            alias,
            "OPTIONS",
            f'has "embedded": {folder!r}.',
            'It takes the folder of the data, e.g. BASE_DIR / "var/mongodb".',
        )
    clashing = [key for key in ("HOST", "PORT", "USER", "PASSWORD") if values.get(key)]
    if clashing:
        raise SettingError(
            alias,
            "OPTIONS",
            f'has "embedded", but {" and ".join(clashing)} name{"" if clashing[1:] else "s"} another server.',
            'Leave them out, or leave "embedded" out: the embedded server picks its own port.',
        )
    return Path(folder)


def _host(alias: str, host: object) -> str | list[str] | None:
    if host is None or host == "":
        return None
    if isinstance(host, list | tuple) and host and all(isinstance(one, str) for one in host):
        return list(host)
    if not isinstance(host, str) or ("://" in host and not host.startswith(_SCHEMES)):
        raise SettingError(
            alias,
            "HOST",
            f"is {_without_password(host)}.",
            'It takes a host ("127.0.0.1"), several ("a:27017,b:27017"), or a whole URI ("mongodb://…").',
        )
    return host


def _without_password(host: object) -> str:
    """Return how a wrong HOST is shown: it may have a password, and what checks say lands in logs."""
    return _PASSWORD.sub(r"\1***\2", repr(host))


def _options_of_uri(host: str | list[str] | None) -> set[str]:
    if not isinstance(host, str) or not host.startswith(_SCHEMES):
        return set()
    return {name.lower() for name, _ in parse_qsl(split_uri(host).query, keep_blank_values=True)}


class UriParts(NamedTuple):
    """A connection string of MongoDB: `scheme://servers/path?query`, with the user in front of the servers."""

    scheme: str
    servers: str
    path: str
    query: str


def split_uri(uri: str) -> UriParts:
    """Take a MongoDB URI apart, without decoding anything.

    urllib will not do: it takes `a,[::1]` for a broken address, where MongoDB's URIs name several servers.
    """
    scheme, _, rest = uri.partition("://")
    rest, _, query = rest.partition("?")
    servers, _, path = rest.partition("/")
    return UriParts(scheme, servers, path, query)


def _port(alias: str, port: object) -> int | None:
    if port is None or port == "":
        return None
    text = str(port)
    if isinstance(port, bool) or not text.isascii() or not text.isdigit() or not 0 < int(text) < 65_536:
        raise SettingError(
            alias, "PORT", f"is {port!r}.", "It takes a number from 1 to 65535; 27017 is the default."
        )
    return int(text)
