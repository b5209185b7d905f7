"""The connections of this process: one for each alias, shared by all its threads, and by its forked children anew.

A connection is made when it is first used and connects at its first operation. What is registered before, as the
modules of documents do while they are imported, is kept until then: so neither settings nor a server are needed.

What is registered with `django_mongokit.connection` is known on every alias; what is with that of another, on that one.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Mapping
from typing import Any

from django.conf import settings
from django.core.signals import setting_changed
from django.dispatch import receiver

from django_mongokit.conf import DEFAULT_ALIAS, client_settings, entry
from django_mongokit.mongodb.embedded import started_server
from mongokit import Connection, Document

__all__ = [
    "LazyConnection",
    "alias_of",
    "open_connection",
    "own_registrations",
    "registrations",
    "renew_connection",
    "shared_connection",
]

_shared: dict[str, Connection] = {}
_registered: dict[str, list[type[Document]]] = {}
_retired: list[Connection] = []
_locks: dict[int, threading.RLock] = {}


class LazyConnection:
    """`django_mongokit.connection`: stands for the connection of an alias, as `django.db.connection` does for SQL's.

    Everything but `register` goes to that connection, which is made by the first use.
    """

    def __init__(self, alias: str = DEFAULT_ALIAS) -> None:
        self._alias = alias

    @property  # type: ignore[misc]  # for isinstance(), as Django's own lazy objects do
    def __class__(self) -> type[Any]:
        return Connection

    def register(self, documents: Any) -> Any:
        """Make document classes known: on every alias, or, if this stands for another one than "mongodb", on that.

        See mongokit's `Connection.register`. Returns what it was given.
        """
        _register(self._alias, documents)
        return documents

    def __getattr__(self, name: str) -> Any:
        return getattr(shared_connection(self._alias), name)

    def __getitem__(self, name: str) -> Any:
        return shared_connection(self._alias)[name]

    def __eq__(self, other: object) -> bool:
        return shared_connection(self._alias) == (other._real() if type(other) is LazyConnection else other)

    def __hash__(self) -> int:
        return hash(shared_connection(self._alias))

    def __repr__(self) -> str:
        real = _shared.get(self._alias)
        return f"<connection of DATABASES[{self._alias!r}]{'' if real is None else f': {real!r}'}>"

    def _real(self) -> Connection:
        return shared_connection(self._alias)


def shared_connection(alias: str = DEFAULT_ALIAS) -> Connection:
    """Return the process's connection of an alias.

    Raises `ConnectionDoesNotExist` for an undeclared alias, `SettingError` for settings that cannot work and
    `mongokit.embedded.EmbeddedServerError` when the embedded server does not start; asks nothing of a server.
    """
    found = _shared.get(alias)
    if found is not None:
        return found
    made = open_connection(alias, entry(alias))  # not under the lock: it may wait for an embedded server
    with _lock():
        found = _shared.get(alias)
        if found is None:
            made.register(registrations(alias))
            _shared[alias] = made
            return made
    made.close()
    return found


def open_connection(alias: str, values: Mapping[str, Any]) -> Connection:
    """Return a new connection for a `DATABASES` entry; its embedded server, if it has one, runs from now on."""
    found = client_settings(alias, values, debug=settings.DEBUG, use_tz=settings.USE_TZ)
    if found.embedded is None:
        return Connection(found.host, found.port, **found.options)
    server = started_server(alias, found.embedded, found.selection_seconds)
    return Connection(server.uri, **found.options)


def renew_connection(alias: str) -> None:
    """Have the next use of an alias make a new connection; who holds the old one may go on using it."""
    with _lock():
        old = _shared.pop(alias, None)
        if old is not None:
            _retired.append(old)


def registrations(alias: str) -> list[type[Document]]:
    """Return the classes known on an alias, those of every alias first, those too whose name a later one has taken."""
    return [*_registered.get(DEFAULT_ALIAS, ()), *own_registrations(alias)]


def own_registrations(alias: str) -> list[type[Document]]:
    """Return what was registered with an alias and is known on no other; nothing for "mongodb"."""
    return [] if alias == DEFAULT_ALIAS else list(_registered.get(alias, ()))


def alias_of(document: Document) -> str:
    """Return the alias whose connection a document is bound to, "mongodb" if it is to none of ours."""
    mine = document.connection
    return next((alias for alias, connection in _shared.items() if connection is mine), DEFAULT_ALIAS)


def _register(alias: str, documents: type[Document] | Iterable[type[Document]]) -> None:
    classes: list[Any] = [documents] if isinstance(documents, type) else list(documents)
    for cls in classes:
        if not (isinstance(cls, type) and issubclass(cls, Document)):
            raise TypeError(f"register() takes subclasses of mongokit.Document, not {cls!r}")
    with _lock():
        _registered.setdefault(alias, []).extend(classes)
        for other, made in _shared.items():
            if alias in {other, DEFAULT_ALIAS}:
                # A class of the alias's own keeps its name.
                taken = {cls.__name__ for cls in own_registrations(other)} if alias != other else ()
                made.register([cls for cls in classes if cls.__name__ not in taken])


@receiver(setting_changed)
def _follow_use_tz(*, setting: str, **kwargs: Any) -> None:
    """Have `override_settings(USE_TZ=…)` hold for what is read from then on."""
    if setting == "USE_TZ":
        for alias in list(_shared):
            renew_connection(alias)


def _lock() -> threading.RLock:
    """Return the lock of this process: one that a thread of the parent held at a fork would never be free again."""
    return _locks.setdefault(os.getpid(), threading.RLock())
