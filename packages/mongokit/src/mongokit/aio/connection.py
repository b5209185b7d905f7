"""An asynchronous connection: PyMongo's client, made for processes that fork, that knows the document classes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Self, TypeVar

from pymongo import AsyncMongoClient
from pymongo.asynchronous.client_session import AsyncClientSession

from mongokit.aio.database import AsyncDatabase
from mongokit.flow import run_async
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
from mongokit.units import AsyncUnitOfWork

if TYPE_CHECKING:
    from mongokit.index_report import IndexReport

__all__ = ["AsyncConnection"]

R = TypeVar("R")


@in_sessions(lambda client: client, CLIENT_METHODS)
class AsyncConnection(ClientScope[AsyncDatabase], AsyncMongoClient[dict[str, Any]]):
    """PyMongo's AsyncMongoClient, with the same parameters: :class:`mongokit.Connection`, awaited.

    It belongs to the event loop of its first operation; in another loop PyMongo raises RuntimeError. A forked child
    gets a client of its own in the same object, for a loop of its own.

    Native UUIDs are stored in the standard representation unless ``uuidRepresentation`` says otherwise.
    """

    _mongokit_database = AsyncDatabase

    def __init__(self, host: Any = None, port: int | None = None, **options: Any) -> None:
        warn_of_original()
        options = with_standard_uuids(host, options)
        self._mongokit_arguments = (host, port, options)
        self._mongokit_databases: dict[str, AsyncDatabase] = {}
        self._mongokit_closed = False
        self.registered = {}
        super().__init__(host, port, **options)
        watch_forks(self, "pymongo.asynchronous.auth")

    def _mongokit_after_fork(self) -> None:
        """Begin anew, in the child of a fork: what PyMongo would reuse was opened by the parent."""
        if not self._mongokit_closed:
            host, port, options = self._mongokit_arguments
            super().__init__(host, port, **options)

    async def close(self) -> None:
        """Close all sockets; see PyMongo."""
        self._mongokit_closed = True
        await super().close()

    @asynccontextmanager
    async def transaction(self, **options: Any) -> AsyncIterator[AsyncClientSession]:
        """Make all operations in the block one; see :meth:`mongokit.Connection.transaction`.

        They are awaited in the task that has begun it: in another one they raise InvalidOperation.
        """
        outer = around(self)
        around_it = None if outer is None else joined(outer, options)
        await run_async(flushing(self))
        with apart(self):
            if around_it is not None:
                yield around_it
                return
            with said_clearly("transactions", self):
                async with self.start_session() as session:
                    transaction = Running(session, asyncio.current_task())
                    with running(transaction):
                        async with await session.start_transaction(**options):
                            yield session

    async def in_transaction(self, callback: Callable[[], Awaitable[R]], **options: Any) -> R:
        """Await a function in a transaction, again where somebody else came in between; returns what it returns.

        See :meth:`mongokit.Connection.in_transaction`.
        """
        refuse_uncallable(callback)
        outer = around(self)
        if outer is not None:
            joined(outer, options)
        await run_async(flushing(self))
        if outer is not None:
            with apart(self):
                return await callback()

        tries = Tries()

        async def once(session: AsyncClientSession) -> R:
            with running(tries.begin(session, asyncio.current_task())):
                return await callback()

        try:
            with apart(self), said_clearly("transactions", self):
                async with self.start_session() as session:
                    return await session.with_transaction(once, **options)
        except BaseException:
            tries.fail()
            raise

    @asynccontextmanager
    async def unit_of_work(self, *, late: bool = False) -> AsyncIterator[AsyncUnitOfWork]:
        """Collect every awaited ``save()`` and ``delete()`` in the block, and send them together at its end.

        See :meth:`mongokit.Connection.unit_of_work`. Tasks that are started in the block are part of it.
        """
        outer: Any = unit_of(self)
        if outer is not None and not outer.is_forked:
            with outer.joined(late=late):
                yield outer
            return
        async with AsyncUnitOfWork(self, late=late) as unit:
            with working(unit):
                yield unit

    async def ensure_indexes(self, *, dry_run: bool = False, drop: bool = False) -> IndexReport:
        """Build the indexes of every registered class that says where it lives; see :func:`mongokit.ensure_indexes`."""
        from mongokit.index_build import ensure_indexes

        return await ensure_indexes(self, dry_run=dry_run, drop=drop)

    async def __aenter__(self) -> Self:
        """Return this connection, which the end of the block closes."""
        await super().__aenter__()
        return self
