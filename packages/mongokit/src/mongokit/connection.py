"""A connection: PyMongo's client, made for processes that fork, that knows the document classes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Self, TypeVar

import pymongo
from pymongo.client_session import ClientSession

from mongokit.database import Database
from mongokit.flow import run
from mongokit.legacy import warn_of
from mongokit.performing import apart, flushing, unit_of, working
from mongokit.processes import warn_of_original, watch_forks
from mongokit.scopes import ClientScope, with_standard_uuids
from mongokit.sessions import (
    CLIENT_METHODS,
    Running,
    Tries,
    around,
    in_sessions,
    joined,
    refuse_uncallable,
    running,
    said_clearly,
)

if TYPE_CHECKING:
    from mongokit.index_report import IndexReport
    from mongokit.units import UnitOfWork

__all__ = ["Connection", "MongoClient", "MongoReplicaSetClient", "ReplicaSetConnection"]

R = TypeVar("R")


@in_sessions(lambda client: client, CLIENT_METHODS)
class Connection(ClientScope[Database], pymongo.MongoClient[dict[str, Any]]):
    """PyMongo's MongoClient, with the same parameters, that opens nothing before the first operation.

    A forked child gets a client of its own in the same object: no socket, lock or thread is shared with the parent,
    and databases, collections and documents that refer to it go on working.

    Native UUIDs are stored in the standard representation unless ``uuidRepresentation`` says otherwise.
    """

    _mongokit_database = Database

    def __init__(self, host: Any = None, port: int | None = None, **options: Any) -> None:
        warn_of_original()
        options = with_standard_uuids(host, {"connect": False, **options})
        self._mongokit_arguments = (host, port, options)
        self._mongokit_databases: dict[str, Database] = {}
        self._mongokit_closed = False
        self.registered = {}
        super().__init__(host, port, **options)
        watch_forks(self, "pymongo.synchronous.auth")

    def _mongokit_after_fork(self) -> None:
        """Begin anew, in the child of a fork: what PyMongo would reuse was opened by the parent."""
        host, port, options = self._mongokit_arguments
        super().__init__(host, port, **options)
        if self._mongokit_closed:
            super().close()

    def close(self) -> None:
        """Close all sockets; see PyMongo."""
        self._mongokit_closed = True
        super().close()

    def disconnect(self) -> None:
        """Close all sockets, as MongoKit's and PyMongo's did once: the next operation opens new ones. Warns once.

        It is no way to have a connection closed while other threads use it.
        """
        warn_of("connection.disconnect()")
        host, port, options = self._mongokit_arguments
        super().close()
        if not self._mongokit_closed:
            super().__init__(host, port, **options)

    @contextmanager
    def transaction(self, **options: Any) -> Iterator[ClientSession]:
        """Make all operations in the block one: every one of documents, and of this connection's databases and
        collections, happens, or, when an exception leaves the block, none.

        Inside another such block it is part of that. Inside a unit of work what is pending is sent first, and is no part of
        it; in the block nothing is collected, but done at once, so that all of it is done or nothing. Yields PyMongo's
        session, for clients that are not ours.

        :param options: those of PyMongo's ``start_transaction`` (``read_concern``, ``write_concern``…); of the outer
            block only.

        Raises ReplicaSetNeeded, and what PyMongo raises: where that has the label ``TransientTransactionError``,
        somebody else has changed the same, and the whole can be tried again, as ``in_transaction`` does. Documents
        get the revisions back that they had before.
        """
        outer = around(self)
        around_it = None if outer is None else joined(outer, options)
        run(flushing(self))
        with apart(self):
            if around_it is not None:
                yield around_it
                return
            with said_clearly("transactions", self), self.start_session() as session:
                transaction = Running(session)
                with running(transaction), session.start_transaction(**options):
                    yield session

    def in_transaction(self, callback: Callable[[], R], **options: Any) -> R:
        """Call a function in a transaction, again where somebody else came in between; returns what it returns.

        It must be fit to be called several times: let it load the documents it changes. How often and how long is
        PyMongo's ``with_transaction``, which also tries the commit again. Inside a transaction it is called once. A unit of
        work around it is what it is to ``transaction``.

        :param options: as of ``transaction``.
        """
        refuse_uncallable(callback)
        outer = around(self)
        if outer is not None:
            joined(outer, options)
        run(flushing(self))
        if outer is not None:
            with apart(self):
                return callback()

        tries = Tries()

        def once(session: ClientSession) -> R:
            with running(tries.begin(session)):
                return callback()

        try:
            with apart(self), said_clearly("transactions", self), self.start_session() as session:
                return session.with_transaction(once, **options)
        except BaseException:
            tries.fail()
            raise

    @contextmanager
    def unit_of_work(self, *, late: bool = False) -> Iterator[UnitOfWork]:
        """Collect every ``save()`` and ``delete()`` of documents in the block, and send them together at its end.

        Inside another such block it is part of that. Raises BulkError, which names the documents that were refused.

        :param late: validate and encode new documents only when they are sent, as you do not change them after their
            ``save()``; see :class:`mongokit.units.Unit`.
        """
        outer: Any = unit_of(self)
        if outer is not None and not outer.is_forked:
            with outer.joined(late=late):
                yield outer
            return
        # Who has none needs nothing of this.
        from mongokit.units import UnitOfWork

        with UnitOfWork(self, late=late) as unit, working(unit):
            yield unit

    def ensure_indexes(self, *, dry_run: bool = False, drop: bool = False) -> IndexReport:
        """Build the indexes of every registered class that says where it lives (``__database__``, ``__collection__``).

        See :func:`mongokit.ensure_indexes`.
        """
        from mongokit.index_build import ensure_indexes

        return ensure_indexes(self, dry_run=dry_run, drop=drop)

    def __enter__(self) -> Self:
        """Return this connection, which the end of the block closes."""
        super().__enter__()
        return self


MongoClient = Connection
ReplicaSetConnection = MongoReplicaSetClient = Connection
"""MongoKit's other names for Connection: PyMongo's client connects to either."""
