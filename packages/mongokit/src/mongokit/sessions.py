"""Transactions: the session of the block that is running, and every operation inside uses it.

A context variable holds it, so threads and tasks do not see each other's. Each transaction belongs to one client.
"""

from __future__ import annotations

import asyncio
import functools
import inspect
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar

from pymongo.errors import InvalidOperation, OperationFailure

from mongokit.errors import ReplicaSetNeeded, shortened
from mongokit.memory import State
from mongokit.processes import watch_forks

if TYPE_CHECKING:
    from mongokit.document import Document

__all__ = [
    "CLIENT_METHODS",
    "COLLECTION_METHODS",
    "DATABASE_METHODS",
    "Running",
    "Tries",
    "around",
    "current",
    "in_sessions",
    "joined",
    "keep_state",
    "refuse_uncallable",
    "running",
    "said_clearly",
]

T = TypeVar("T", bound=type)

_running: ContextVar[tuple[Running, ...]] = ContextVar("mongokit_transactions", default=())

NO_TRANSACTIONS, NO_CHANGE_STREAMS = 20, 40573
"""What a single server answers, as MongoDB's error codes; the first has other meanings too."""


class Running:
    """A transaction that is running.

    :param task: the task it belongs to, with an asynchronous connection.
    """

    __slots__ = ("__weakref__", "_states", "is_forked", "session", "task")

    def __init__(self, session: Any, task: asyncio.Task[Any] | None = None) -> None:
        self.session = session
        self.task = task
        self.is_forked = False
        """Whether this process is the child of that which has begun it: then it is no transaction of this process."""
        self._states: list[State] = []
        watch_forks(self)

    def _mongokit_after_fork(self) -> None:
        """End the session in the child of a fork, and nothing in the server: what is done there the parent decides."""
        self.is_forked = True
        # PyMongo can end a session only by way of the server. So it is made one that is over, with nothing begun in it,
        # which no later end of the block commits or aborts.
        self.session._server_session = None
        self.session._transaction = type(self.session._transaction)(None, self.session.client)

    def keep(self, state: State) -> None:
        """Note how a document was before an operation."""
        self._states.append(state)

    def take_back(self) -> None:
        """Give the documents back the revisions they had, as nothing of it is stored."""
        for state in reversed(self._states):
            state.restore()
        self._states.clear()


def current(client: Any) -> Running | None:
    """Return the transaction that is running on this client, or None.

    Raises InvalidOperation in another task than that which has begun it: a session does one thing at a time. So it does in
    the child of a fork.
    """
    one = _innermost(client)
    if one is None:
        return None
    if one.is_forked:
        raise InvalidOperation(
            "this process was forked inside of a transaction, which its parent commits: what the child reads or writes "
            "would not be in it. Do that in a transaction() of the child's own, or fork outside of the block"
        )
    if one.task is not None and one.task is not asyncio.current_task():
        raise InvalidOperation(
            "this task was started inside a transaction of another one. A transaction does one thing after "
            "the other: await its operations in the task that has begun it, without gather() or wait_for(), "
            "or start the task outside of the block"
        )
    return one


def around(client: Any) -> Running | None:
    """Return the transaction that another one on this client would be part of: none in the child of a fork.

    Raises what ``current`` does for a task.
    """
    one = _innermost(client)
    return None if one is None or one.is_forked else current(client)


def _innermost(client: Any) -> Running | None:
    return next((one for one in reversed(_running.get()) if one.session.client is client), None)


def joined(outer: Running, options: Mapping[str, Any]) -> Any:
    """Return the session of the block around; raises ValueError for options, which are that one's business."""
    if options:
        raise ValueError(
            f"{', '.join(options)}: this is part of the transaction around it, which has its options already"
        )
    return outer.session


class Tries:
    """The tries of one transaction: before another, and when the last has failed, documents get their state back."""

    def __init__(self) -> None:
        self._last: Running | None = None

    def begin(self, session: Any, task: asyncio.Task[Any] | None = None) -> Running:
        """Return the next try."""
        self.fail()
        self._last = Running(session, task)
        return self._last

    def fail(self) -> None:
        """Take back what the last try has done to documents."""
        if self._last is not None:
            self._last.take_back()


@contextmanager
def running(transaction: Running) -> Iterator[None]:
    """Let the operations of this thread or task be part of the transaction while the block runs."""
    token = _running.set((*_running.get(), transaction))
    try:
        yield
    except BaseException:
        transaction.take_back()
        raise
    finally:
        _running.reset(token)


def keep_state(collection: Any, document: Document) -> None:
    """Note the revision of a document that is about to get another, for the case that the transaction fails."""
    if _running.get():
        transaction = current(collection.database.client)
        if transaction is not None:
            transaction.keep(State.of(document))


@contextmanager
def said_clearly(what: str, client: Any) -> Iterator[None]:
    """Raise ReplicaSetNeeded where the server says, in its way, that it is a single one.

    :param what: what was tried, in the plural.
    """
    try:
        yield
    except OperationFailure as error:
        if error.code == NO_CHANGE_STREAMS or (error.code == NO_TRANSACTIONS and _is_single(client)):
            raise ReplicaSetNeeded(
                f"{what} need a replica set or a sharded cluster, and this server is neither ({error}). Start mongod "
                "with --replSet NAME, and call rs.initiate() once: a replica set of one will do. The embedded server is "
                "one"
            ) from error
        raise


def _is_single(client: Any) -> bool:
    servers = client.topology_description.server_descriptions().values()
    return any(server.server_type_name == "Standalone" for server in servers)


def in_sessions(
    client_of: Callable[[Any], Any],
    names: Iterable[str],
    checks: Mapping[str, Callable[[Mapping[str, Any]], None]] = MappingProxyType({}),
) -> Callable[[T], T]:
    """Have PyMongo's methods of these names use the session of the transaction that is running.

    A session that is passed to a method takes precedence.

    :param checks: name of a method -> what looks at its options first. Here, as each function around one costs.
    """

    def decorate(cls: T) -> T:
        for name in names:
            original = getattr(cls, name, None)
            if original is not None:  # or this version of PyMongo does not have it
                setattr(cls, name, _in_session(original, client_of, checks.get(name)))
        return cls

    return decorate


def _in_session(
    original: Callable[..., Any],
    client_of: Callable[[Any], Any],
    check: Callable[[Mapping[str, Any]], None] | None,
) -> Callable[..., Any]:
    # As inspect.signature() has it, which is slow for what every import of the package would wait for.
    code = inspect.unwrap(original).__code__
    names = code.co_varnames[: code.co_argcount]
    # find(*args, **kwargs) takes a session by position too, behind so much that nobody gives it so.
    position = names.index("session") - 1 if "session" in names else sys.maxsize

    @functools.wraps(original)
    def method(self: Any, *args: Any, **options: Any) -> Any:
        if options and check is not None:
            check(options)
        if _running.get() and options.get("session") is None and len(args) <= position:
            transaction = current(client_of(self))
            if transaction is not None:
                options["session"] = transaction.session
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
"""What can be part of a transaction. The rest (``drop``, ``rename``, ``list_indexes``, ``watch``…) is outside of it, as
MongoDB has it."""


def refuse_uncallable(callback: Any) -> None:
    """Raise TypeError for what cannot be called in a transaction."""
    if not callable(callback):
        raise TypeError(
            f"in_transaction() takes a function without parameters, which does what is to be done, not {shortened(callback)}; "
            "for a block write `with connection.transaction():`"
        )
