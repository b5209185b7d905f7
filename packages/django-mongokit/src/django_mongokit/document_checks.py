"""System checks of documents, and of what is kept in MongoDB beside them.

django_mongokit.E012  SESSION_MONGODB_ALIAS or SESSION_MONGODB_COLLECTION, where the sessions are in MongoDB
django_mongokit.E013  CACHES has a MongoDBCache that cannot work
django_mongokit.W001  two document classes of one name, of which `collection.Name` finds the later
django_mongokit.W002  a declared index is missing    } `check --database mongodb` only,
django_mongokit.W003  an index is not as declared    } which asks the server
django_mongokit.W004  the server could not be asked  }
django_mongokit.W005  a unique sparse index of a field that is null where it has no value, and may not be absent
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import pymongo
from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning
from django.core.exceptions import ImproperlyConfigured
from pymongo.errors import PyMongoError

from django_mongokit.cache import entries_of
from django_mongokit.conf import DEFAULT_ALIAS, mongodb_aliases, session_alias, session_collection
from django_mongokit.document import document_classes
from django_mongokit.mongodb.creation import in_test_environment
from django_mongokit.mongodb.pool import own_registrations, registrations
from django_mongokit.mongodb.reaching import reaching, reason_of
from django_mongokit.permissions import is_of_an_app
from django_mongokit.shortcut import get_database
from django_mongokit.sparse import may_be_missing, may_be_null, sparse_and_unique
from mongokit import index_diff
from mongokit.index_report import difference_words

__all__ = [
    "CHECKS",
    "DATABASE_CHECKS",
    "check_caches",
    "check_indexes",
    "check_names",
    "check_sessions",
    "check_sparse",
]

_SECONDS = 30
_ENGINE, _BACKEND = "django_mongokit.sessions", "django_mongokit.cache.MongoDBCache"


def check_sessions(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """Check the settings of the session engine, if it is ours."""
    if settings.SESSION_ENGINE != _ENGINE:
        return []
    try:
        session_alias()
        session_collection()
    except ImproperlyConfigured as error:
        return [Error(str(error), id="django_mongokit.E012")]
    return []


def check_caches(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """Check the settings of each cache that is in MongoDB. None is written to."""
    found: list[CheckMessage] = []
    for name, values in settings.CACHES.items():
        if values.get("BACKEND") == _BACKEND:
            try:
                entries_of(values.get("LOCATION", ""), values.get("OPTIONS", {}).get("ALIAS", DEFAULT_ALIAS))
            except ImproperlyConfigured as error:
                found.append(Error(f"CACHES[{name!r}]: {error}", id="django_mongokit.E013"))
    return found


def check_names(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """Check that no document class takes the place of another one of the same name."""
    return [message for alias in mongodb_aliases() for message in _collisions(alias)]


def check_indexes(app_configs: Any = None, databases: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """Compare the indexes that documents declare with those that are there, in the databases that are asked about.

    In a test run nothing is compared: a test database begins without indexes.
    """
    if in_test_environment():
        return []
    chosen = [alias for alias in mongodb_aliases() if alias in (databases or ())]
    return [message for alias in chosen for message in _indexes(alias)]


def check_sparse(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """Check that no unique sparse index takes the documents without a value for documents of one value."""
    return [
        Warning(
            f"{cls._meta.label}: the unique sparse index of {', '.join(names)} takes one document without a value: it is "
            "stored as null where it has none, and sparse leaves out only what is not stored.",
            hint=f"Let documents be without it: {_declared_absent(cls, names)}.",
            id="django_mongokit.W005",
        )
        for cls in document_classes
        if is_of_an_app(cls._meta)
        for names in sparse_and_unique(cls)
        if all(may_be_null(cls, name) for name in names)
        and not all(may_be_missing(cls, name) for name in names)
    ]


CHECKS = (check_sessions, check_caches, check_names, check_sparse)
DATABASE_CHECKS = (check_indexes,)
"""Run when a database is named, as Django's checks of databases are."""


def _declared_absent(document: Any, paths: Iterable[str]) -> str:
    """Return how a class says that a field may be absent, of the first for which it does not."""
    path = next(path for path in paths if not may_be_missing(document, path))
    if path in document._annotated:
        return f"{path}: … | None = mongokit.absent"
    return f"default_values = {{{path!r}: mongokit.absent}}"


def _collisions(alias: str) -> Iterator[CheckMessage]:
    places: dict[str, list[str]] = {}
    for cls in registrations(alias):
        place = f"{cls.__module__}.{cls.__qualname__}"
        if place not in places.setdefault(cls.__name__, []):
            places[cls.__name__].append(place)
    # Two that are known on every alias are told of once.
    own = {cls.__name__ for cls in own_registrations(alias)}
    for name, found in sorted(places.items()):
        if len(found) > 1 and (name in own or alias == DEFAULT_ALIAS):
            yield Warning(
                f"{len(found)} document classes of DATABASES[{alias!r}] are called {name}: {', '.join(found)}. "
                f"collection.{name} is the last of them.",
                hint=f"Rename one, or use collection.proxy({name}), which is given the class itself.",
                id="django_mongokit.W001",
            )


def _indexes(alias: str) -> Iterator[CheckMessage]:
    try:
        with reaching(alias):
            database = get_database(using=alias)
            # For a server that is gone this waits as long as the alias says; a limit for all that is done would be waited for.
            database.command("ping")
            with pymongo.timeout(_SECONDS):
                report = index_diff(database)
    except PyMongoError as error:
        yield Warning(
            f"The indexes of DATABASES[{alias!r}] could not be compared with those declared: {reason_of(error)}",
            hint="Is the server running, and may this user list indexes?",
            id="django_mongokit.W004",
        )
        return
    option = "" if alias == "mongodb" else f" --database {alias}"
    for row in report.of("missing"):
        yield Warning(
            f"{', '.join(row.classes)}: the index {row.name} ({row.summary}) is missing in {row.namespace}.",
            hint=f"manage.py ensure_indexes{option}",
            id="django_mongokit.W002",
        )
    for row in report.of("different"):
        yield Warning(
            f"{', '.join(row.classes)}: the index {row.name} in {row.namespace} is not as declared ({row.summary}).",
            hint=f"manage.py ensure_indexes{option} --dry-run shows how; with --drop it changes it.",
            id="django_mongokit.W003",
        )
    for row in report.of("conflict"):
        yield Warning(
            f"{', '.join(row.classes)}: the index {row.name} ({row.summary}) cannot be in {row.namespace}: "
            f"{'; '.join(difference_words(row))}.",
            hint=row.advice,
            id="django_mongokit.W003",
        )
