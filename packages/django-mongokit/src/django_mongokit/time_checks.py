"""System check of times: a document that was read must be one that may be saved.

django_mongokit.W010  a time is declared in a way in which the database does not give it
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import Any

import bson
from django.conf import settings
from django.core.checks import CheckMessage, Warning
from pymongo import MongoClient

from django_mongokit import document
from django_mongokit.conf import DEFAULT_ALIAS, client_settings, mongodb_aliases, split_uri
from django_mongokit.mongodb.pool import own_registrations
from django_mongokit.permissions import is_of_an_app
from mongokit.structure.constraints import Constraint
from mongokit.structure.nodes import Node, TypeNode, descendants

__all__ = ["CHECKS", "check_times"]

_MOMENT = datetime.datetime(2026, 1, 2, 3, 4, tzinfo=datetime.UTC)


def check_times(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """Check that times are declared as they are read: with a time zone, or without one."""
    return [message for alias in mongodb_aliases() for message in _of_alias(alias)]


CHECKS = (check_times,)


def _of_alias(alias: str) -> Iterator[CheckMessage]:
    read = _as_read(alias)
    if read is None:
        return
    given = "without a time zone" if read.tzinfo is None else f"in {read.tzinfo}"
    for cls in _documents(alias):
        for path, wanted in dict(_refused(cls, read)).items():
            yield Warning(
                f"{cls._meta.label}: the time {path} must {wanted}, and DATABASES[{alias!r}] gives times {given}: a document "
                "that was read is not valid, and cannot be saved again.",
                hint=f'Declare it as it is read, or say "tz_aware": {read.tzinfo is None} in OPTIONS.',
                id="django_mongokit.W010",
            )


def _documents(alias: str) -> Iterator[Any]:
    """Yield the classes of apps whose documents are on an alias, as far as anybody has said."""
    elsewhere = {cls for other in mongodb_aliases() for cls in own_registrations(other)}
    own = own_registrations(alias)
    for cls in document.document_classes:
        is_here = cls not in elsewhere if alias == DEFAULT_ALIAS else cls in own
        if is_here and is_of_an_app(cls._meta):
            yield cls


def _refused(cls: Any, read: datetime.datetime) -> Iterator[tuple[str, str]]:
    """Yield the path of each time that may not be as it is read, and what it must be."""
    for node in descendants(cls._structure.root):
        path = ".".join(part for part in node.path.split(".") if not part.startswith("$"))
        if isinstance(node, TypeNode) and issubclass(node.type, datetime.datetime):
            if read.tzinfo is None and not cls.accept_naive_datetimes:
                yield path, "have a time zone (accept_naive_datetimes = False)"
            yield from ((path, wanted) for wanted in _unmet(node, read))


def _unmet(node: Node, read: datetime.datetime) -> Iterator[str]:
    for validator in node.validators:
        if not isinstance(validator, Constraint) or type(validator.constraint).__name__ != "Timezone":
            continue
        if not validator.holds(read):
            yield f"{validator.text.removesuffix(':')} ({validator.constraint!r})"


def _as_read(alias: str) -> datetime.datetime | None:
    """Return a time as it is read from an alias, None where its settings are wrong, of which other checks tell."""
    try:
        found = client_settings(alias, settings.DATABASES[alias], debug=False, use_tz=settings.USE_TZ)
        host = found.host
        if isinstance(host, str) and host.startswith("mongodb+srv://"):
            host = f"mongodb://localhost/?{split_uri(host).query}"  # PyMongo would ask a name server
        with MongoClient[Any](host, found.port, connect=False, **found.options) as client:
            codec = client.codec_options
    except Exception:  # noqa: BLE001 (PyMongo raises its own, TypeError, ValueError and what ssl raises)
        return None
    time: datetime.datetime = bson.decode(bson.encode({"": _MOMENT}), codec)[""]
    return time
