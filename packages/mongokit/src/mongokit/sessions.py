"""Transactions: the session of the block that is running, and every operation inside uses it.

A context variable holds it, so threads and tasks do not see each other's. Each transaction belongs to one client.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, NoReturn, TypeVar

from pymongo.errors import ConfigurationError, OperationFailure, PyMongoError

__all__ = ["TransactionsUnsupported", "current_session", "entered", "in_sessions", "refuse", "unsupported"]

T = TypeVar("T", bound=type)

_sessions: ContextVar[tuple[Any, ...]] = ContextVar("mongokit_sessions", default=())

ILLEGAL_OPERATION = 20
COMMAND_NOT_SUPPORTED = 115
NOT_A_REPLICA_SET = 40573
"""MongoDB's codes: for a transaction on a single server, and for a change stream."""


class TransactionsUnsupported(ConfigurationError):
    """The server is a single one without a log of operations: it has no transactions and no change streams."""


def current_session(client: Any) -> Any:
    """Return the session of the transaction that is running on this client, or None."""
    for session in reversed(_sessions.get()):
        if session.client is client:
            return session
    return None


@contextmanager
def entered(session: Any) -> Iterator[None]:
    """Let operations of this thread or task use the session while the block runs."""
    token = _sessions.set((*_sessions.get(), session))
    try:
        yield
    finally:
        _sessions.reset(token)


def unsupported(error: BaseException) -> bool:
    """Return whether the server says that it has no transactions, or no change streams."""
    return isinstance(error, OperationFailure) and (
        error.code in (COMMAND_NOT_SUPPORTED, NOT_A_REPLICA_SET)
        or (error.code == ILLEGAL_OPERATION and "Transaction numbers" in str(error))
    )


def refuse(what: str, error: PyMongoError) -> NoReturn:
    """Raise the error for a server that is not part of a replica set."""
    raise TransactionsUnsupported(
        f"{what} are for replica sets and sharded clusters, and this server is neither ({error}). Start mongod with "
        "--replSet, and initiate it: a replica set of one member will do. The embedded server has them"
    ) from error


def in_sessions(client_of: Callable[[Any], Any], names: Iterable[str]) -> Callable[[T], T]:
    """Have PyMongo's methods of these names use the session of the transaction that is running.

    A session that is passed to a method takes precedence.
    """

    def decorate(cls: T) -> T:
        for name in names:
            original = getattr(cls, name, None)
            if original is not None:  # or this version of PyMongo does not have it
                setattr(cls, name, _in_session(original, client_of))
        return cls

    return decorate


def _in_session(original: Callable[..., Any], client_of: Callable[[Any], Any]) -> Callable[..., Any]:
    names = list(inspect.signature(original).parameters)
    position = names.index("session") if "session" in names else len(names)

    @functools.wraps(original)
    def method(self: Any, *args: Any, **options: Any) -> Any:
        if _sessions.get() and options.get("session") is None and len(args) < position:
            session = current_session(client_of(self))
            if session is not None:
                options["session"] = session
        return original(self, *args, **options)

    return method


COLLECTION_METHODS = (
    *("insert_one", "insert_many", "replace_one", "update_one", "update_many", "delete_one", "delete_many"),
    *("bulk_write", "find", "find_one", "find_raw_batches", "find_one_and_update", "find_one_and_replace"),
    *("find_one_and_delete", "aggregate", "aggregate_raw_batches", "count_documents", "distinct"),
    *("create_index", "create_indexes"),
)
DATABASE_METHODS = ("command", "cursor_command", "aggregate", "create_collection", "dereference")
CLIENT_METHODS = ("bulk_write",)
"""What can be part of a transaction. The rest (``drop``, ``rename``, ``list_indexes``…) is outside of it, as MongoDB
has it."""
