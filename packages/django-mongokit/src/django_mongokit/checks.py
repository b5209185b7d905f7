"""System checks: what is wrong with the settings or the installation, with stable ids. None of them connects.

django_mongokit.E001  DATABASES has no alias "mongodb"
django_mongokit.E002  its ENGINE is another one
django_mongokit.E003  NAME is missing, or no name for a database of MongoDB
django_mongokit.E004  HOST
django_mongokit.E005  PORT
django_mongokit.E006  OPTIONS, refused by PyMongo too
django_mongokit.E007  the test database's name lacks its prefix, or is its own NAME; or MIRROR names no alias
django_mongokit.E008  ATOMIC_REQUESTS on a MongoDB alias
django_mongokit.E009  the "embedded" option without the server's package
django_mongokit.E010  an SQL engine spelled as before Django 1.2 ("sqlite3")
django_mongokit.E011  an abandoned original distribution is installed beside this one
django_mongokit.W011  the test database, or a parallel worker's, is a real one: no test can run
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import metadata
from importlib.util import find_spec
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning
from pymongo import MongoClient

from django_mongokit.conf import (
    DEFAULT_ALIAS,
    ENGINE,
    ClientSettings,
    SettingError,
    check_database_name,
    client_settings,
    mongodb_aliases,
)
from django_mongokit.mongodb.naming import EndangeredDatabase, mirrored, safe_test_name
from django_mongokit.mongodb.prepared import real_name, real_names

__all__ = ["CHECKS", "check_distributions", "check_engines", "check_entries"]

_IDS = {"NAME": "E003", "HOST": "E004", "PORT": "E005", "OPTIONS": "E006", "TEST": "E007"}
_MOVED_ENGINES = {
    "mysql": "django.db.backends.mysql",
    "oracle": "django.db.backends.oracle",
    "postgresql": "django.db.backends.postgresql",
    "postgresql_psycopg2": "django.db.backends.postgresql",
    "sqlite3": "django.db.backends.sqlite3",
    "django.db.backends.postgresql_psycopg2": "django.db.backends.postgresql",
}
_ORIGINALS = ("django-mongokit", "mongokit")


def check_engines(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """Check the ENGINE of every entry of DATABASES."""
    return list(_engines())


def check_entries(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """Check every entry whose ENGINE is ours."""
    return [message for alias in mongodb_aliases() for message in _entry(alias, settings.DATABASES[alias])]


def check_distributions(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """Check that no original distribution has put its files over ours."""
    found = [name for name in _ORIGINALS if _is_installed(name)]
    return [
        _error(
            "E011",
            f"The distribution {name!r} is installed beside 'slimstack-{name}': both provide the same import package, "
            "and each overwrites the other's files.",
            f"pip uninstall {name}; pip install --force-reinstall slimstack-{name}",
        )
        for name in found
    ]


CHECKS = (check_engines, check_entries, check_distributions)


def _engines() -> Iterator[CheckMessage]:
    example = f'"{DEFAULT_ALIAS}": {{"ENGINE": "{ENGINE}", "NAME": "mydb"}}'
    values = settings.DATABASES.get(DEFAULT_ALIAS)
    if values is None:
        yield _error("E001", f"DATABASES has no alias {DEFAULT_ALIAS!r}.", f"Add {example}.")
    elif values.get("ENGINE") != ENGINE:
        engine = values.get("ENGINE")
        yield _error("E002", f"DATABASES[{DEFAULT_ALIAS!r}] has the ENGINE {engine!r}.", f"Write {example}.")
    for alias, values in settings.DATABASES.items():
        moved = _MOVED_ENGINES.get(values.get("ENGINE", ""))
        if moved:
            yield _error(
                "E010",
                f"DATABASES[{alias!r}] has the ENGINE {values['ENGINE']!r}, a spelling that Django gave up long ago.",
                f'Write "ENGINE": "{moved}".',
            )


def _entry(alias: str, values: dict[str, Any]) -> Iterator[CheckMessage]:
    try:
        name = check_database_name(alias, "NAME", real_name(alias, values))
        if mirrored(alias) == alias:
            safe_test_name(alias, values, name, real_names())
    except EndangeredDatabase as error:
        # Nothing is wrong where no tests are run, as on the server that has both; a test run refuses to begin.
        yield Warning(error.problem, hint=error.hint, id="django_mongokit.W011")
    except SettingError as error:
        yield _error(_IDS[error.key], error.problem, error.hint)
    try:
        found = client_settings(alias, values, debug=False, use_tz=settings.USE_TZ)
    except SettingError as error:
        yield _error(_IDS[error.key], error.problem, error.hint)
    else:
        yield from _client(alias, found)
    if values.get("ATOMIC_REQUESTS"):
        yield _error(
            "E008",
            f"DATABASES[{alias!r}] has ATOMIC_REQUESTS, so that every view would ask MongoDB for an SQL transaction.",
            "Leave it out here; on an SQL alias it does what it says.",
        )


def _client(alias: str, found: ClientSettings) -> Iterator[CheckMessage]:
    if found.embedded is not None and find_spec("secantus") is None:
        yield _error(
            "E009",
            f'DATABASES[{alias!r}]["OPTIONS"] has "embedded", and no embedded server is installed.',
            "pip install 'slimstack-django-mongokit[embedded]', or give HOST a server's address.",
        )
    host = found.host
    if isinstance(host, str) and host.startswith("mongodb+srv://"):
        host = None  # PyMongo would ask a name server
    try:
        MongoClient[Any](host, found.port, connect=False, **found.options).close()
    except Exception as error:  # noqa: BLE001 (PyMongo raises its own, TypeError, ValueError and what ssl raises)
        yield _error(
            "E006",
            f"PyMongo refuses how DATABASES[{alias!r}] describes the server: {error}",
            "HOST, PORT, USER, PASSWORD and OPTIONS become the arguments of pymongo.MongoClient.",
        )


def _is_installed(name: str) -> bool:
    try:
        metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return False
    return True


def _error(number: str, message: str, hint: str) -> CheckMessage:
    return Error(message, hint=hint, id=f"django_mongokit.{number}")
