"""Where a query can be sent after a request has failed, and how to send it without doing harm.

Not where the database itself is the trouble, and never into a transaction that is broken: there another connection
answers, which is opened for the look and closed after it.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from importlib import import_module
from typing import Any, NoReturn

from django.apps import apps
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import Error, InterfaceError, OperationalError, connections, router, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Model
from django.db.transaction import TransactionManagementError

from . import patience

__all__ = ["Way", "entered", "way"]

# What an error is that a second query may meet as well, and not one of the data or the statement.
_TROUBLE = (OperationalError, InterfaceError)
# Where a statement that failed leaves the transaction around it as it was.
_FORGIVING = ("mysql", "sqlite")
# The states of a transaction by libpq (PGTransactionStatusType), which psycopg and psycopg2 pass on.
_ACTIVE, _INERROR, _UNKNOWN = 1, 3, 4
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

    NOWHERE after the connection to the users or the sessions was lost, or could not be made, or their database was
    locked: a second query would wait as long as the first did. May ask them whether the connection lives
    (`is_usable()`) after an error; what happened to other databases does not count.
    """
    errors = list(_chain(exception))
    failed = any(isinstance(error, Error) for error in errors)
    needed = _needed()
    made = connections.all(initialized_only=True)
    broken = [connection for connection in made if _is_broken(connection, failed=failed)]
    if any(_is_sick(c, errors, broken=c in broken) for c in made if c.alias in needed):
        return Way.NOWHERE
    # In a thread of a pool, where Django reports what async middleware raises, no connection knows of the trouble: it
    # may be that of those which would have to be made.
    idle = needed.difference(c.alias for c in made if c.connection is not None)
    if idle and any(isinstance(e, _TROUBLE) for e in errors) and not any(c.errors_occurred for c in made):
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
    broken = [
        connection
        for connection in connections.all(initialized_only=True)
        if _is_broken(connection, failed=failed) and not _is_in_memory(connection)
    ]
    fresh = [patience.another(connection) for connection in broken]
    try:
        for connection in fresh:
            connections[connection.alias] = connection
        with _guarded(), patience.limited(fresh):
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
                if connection.in_atomic_block and not _is_lost(connection):
                    stack.enter_context(transaction.atomic(using=connection.alias))
            yield
    finally:
        for connection in connections.all(initialized_only=True):
            if connection not in before and connection.connection is not None:
                connection.close()


def _needed() -> set[str]:
    """The aliases of the databases with the users and, if they live in one, the sessions."""
    from django.contrib.sessions.backends.db import SessionStore

    models: list[type[Model]] = []
    # A project that has no such model, or is wrong about it, needs no database for it.
    with suppress(ImportError, ImproperlyConfigured, RuntimeError):
        if apps.is_installed("django.contrib.auth"):
            from django.contrib.auth import get_user_model

            models.append(get_user_model())
    with suppress(ImportError, ImproperlyConfigured, RuntimeError):
        store = import_module(settings.SESSION_ENGINE).SessionStore
        if issubclass(store, SessionStore):
            models.append(store.get_model_class())
    return {router.db_for_read(model) for model in models}


def _is_broken(connection: BaseDatabaseWrapper, *, failed: bool) -> bool:
    """Whether it answers nothing more before a rollback, be it to a savepoint or of the whole transaction."""
    if connection.in_atomic_block and connection.needs_rollback:
        return True
    # PostgreSQL refuses everything after a failed statement, whether or not Django has noticed; its driver knows.
    status = _status(connection)
    if status is not None:
        return status in (_ACTIVE, _INERROR)
    return connection.vendor not in _FORGIVING and connection.in_atomic_block and failed


def _is_in_memory(connection: BaseDatabaseWrapper) -> bool:
    """Whether it is SQLite's, in memory: another one sees none of it, is never closed, and Django refuses this one."""
    asked = getattr(connection, "is_in_memory_db", None)
    return asked is not None and bool(asked())


def _is_sick(connection: BaseDatabaseWrapper, errors: list[BaseException], *, broken: bool) -> bool:
    if connection.errors_occurred and any(map(_is_locked, errors)):
        return True
    if connection.connection is None:
        # Without an error now it is one of an earlier request: Django forgets it only when it connects again.
        return connection.errors_occurred and any(isinstance(error, Error) for error in errors)
    if broken:
        # Of those only this is no transaction that failed but the end of the connection.
        return _status(connection) == _UNKNOWN
    return _is_lost(connection, asked=any(isinstance(error, InterfaceError) for error in errors))


def _is_lost(connection: BaseDatabaseWrapper, *, asked: bool = False) -> bool:
    status = _status(connection)
    if status is not None and status == _UNKNOWN:
        return True
    return (connection.errors_occurred or asked) and not connection.is_usable()


def _status(connection: BaseDatabaseWrapper) -> int | None:
    """What PostgreSQL's drivers know about the transaction without a query; None for other databases."""
    if connection.vendor != "postgresql":
        return None
    status: int | None = getattr(getattr(connection.connection, "info", None), "transaction_status", None)
    return status


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
