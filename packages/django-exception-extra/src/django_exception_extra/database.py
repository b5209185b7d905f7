"""Where a query can be sent after a request has failed, and how to send it without doing harm.

Not where the database itself is the trouble, and never into a transaction that is broken: there another connection
answers, which is opened for the look and closed after it.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Any, NoReturn

from django.db import Error, InterfaceError, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.transaction import TransactionManagementError

__all__ = ["Way", "entered", "way"]

# How long, in seconds, a connection made for the look may take; a report must not wait as long as a page may.
_PATIENCE: dict[str, dict[str, float]] = {
    "mysql": {"connect_timeout": 2},
    "postgresql": {"connect_timeout": 2},
    "sqlite": {"timeout": 1.0},
}
# The low byte of SQLite's result codes SQLITE_BUSY and SQLITE_LOCKED (sqlite.org/rescode.html).
_LOCKED = (5, 6)


class Way(enum.Enum):
    """How a query can be sent now."""

    HERE = "over the connections of the request"
    ASIDE = "over other connections, for those whose transaction is broken"
    NOWHERE = "not at all"
    LATER = "not from an event loop"


def way(exception: BaseException | None) -> Way:
    """How a query can be sent, given what the request failed with; None where it failed by its answer.

    NOWHERE after the connection was lost, or could not be made, or the database was locked: a second query would wait
    as long as the first did. May ask the database whether the connection lives (`is_usable()`) after an error.
    """
    errors = list(_chain(exception))
    if any(isinstance(error, InterfaceError) or _is_locked(error) for error in errors):
        return Way.NOWHERE
    failed = any(isinstance(error, Error) for error in errors)
    broken = False
    for connection in connections.all(initialized_only=True):
        if _is_broken(connection, failed=failed):
            broken = True
        elif connection.errors_occurred and (connection.connection is None or not connection.is_usable()):
            return Way.NOWHERE
    return Way.ASIDE if broken else Way.HERE


def entered(chosen: Way, exception: BaseException | None) -> AbstractContextManager[None]:
    """A context in which queries go the chosen way."""
    if chosen in (Way.NOWHERE, Way.LATER):
        return _refused()
    return _aside(exception) if chosen is Way.ASIDE else _guarded()


@contextmanager
def _refused() -> Iterator[None]:
    """A query sent inside, by the `__str__` of a user or a function of the project, fails without being sent."""
    with ExitStack() as stack:
        for connection in connections.all(initialized_only=True):
            stack.enter_context(connection.execute_wrapper(_refuse))
        yield


@contextmanager
def _aside(exception: BaseException | None) -> Iterator[None]:
    """In place of every connection with a broken transaction there is a new one, which is closed at the end."""
    failed = any(isinstance(error, Error) for error in _chain(exception))
    broken = [c for c in connections.all(initialized_only=True) if _is_broken(c, failed=failed)]
    fresh = [_another(connection) for connection in broken]
    try:
        for connection in fresh:
            connections[connection.alias] = connection
        with _guarded():
            yield
    finally:
        for connection in broken:
            connections[connection.alias] = connection
        for connection in fresh:
            connection.close()


@contextmanager
def _guarded() -> Iterator[None]:
    """Queries sent inside can fail without breaking a transaction around them; connections made inside are closed.

    Django runs its exception handling for async requests in threads of a pool, where nobody would ever close them.
    """
    before = [c for c in connections.all(initialized_only=True) if c.connection is not None]
    try:
        with ExitStack() as stack:
            for connection in before:
                if connection.in_atomic_block:
                    stack.enter_context(transaction.atomic(using=connection.alias))
            yield
    finally:
        for connection in connections.all(initialized_only=True):
            if connection not in before and connection.connection is not None:
                connection.close()


def _another(connection: BaseDatabaseWrapper) -> BaseDatabaseWrapper:
    another: BaseDatabaseWrapper = connection.copy()
    options: dict[str, Any] = another.settings_dict.setdefault("OPTIONS", {})
    # A pool may have no other connection to give, and would let the report wait for one.
    options.pop("pool", None)
    for name, seconds in _PATIENCE.get(another.vendor, {}).items():
        options[name] = min(seconds, options.get(name, seconds))
    return another


def _is_broken(connection: BaseDatabaseWrapper, *, failed: bool) -> bool:
    # PostgreSQL refuses everything after a failed statement, whether or not Django has noticed.
    return connection.in_atomic_block and (failed or connection.needs_rollback)


def _is_locked(error: BaseException) -> bool:
    code: Any = getattr(error, "sqlite_errorcode", 0)
    return code & 0xFF in _LOCKED


def _refuse(*_args: object) -> NoReturn:
    raise TransactionManagementError("No query may be sent here: the database failed a moment ago.")


def _chain(exception: BaseException | None) -> Iterator[BaseException]:
    """The exception, its causes and contexts, and the members of exception groups, each once."""
    waiting = [exception]
    seen = set[int]()
    while waiting:
        error = waiting.pop()
        if error is None or id(error) in seen:
            continue
        seen.add(id(error))
        yield error
        waiting += [error.__cause__, error.__context__]
        if isinstance(error, BaseExceptionGroup):
            waiting += error.exceptions
