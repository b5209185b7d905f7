"""An asynchronous connection: PyMongo's client, made for processes that fork, that knows the document classes."""

from __future__ import annotations

from typing import Any, Self

from pymongo import AsyncMongoClient

from mongokit.aio.database import AsyncDatabase
from mongokit.processes import warn_of_original, watch_forks
from mongokit.scopes import ClientScope, with_standard_uuids
from mongokit.sessions import CLIENT_METHODS, in_sessions

__all__ = ["AsyncConnection"]


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
        watch_forks(self)

    def _mongokit_after_fork(self) -> None:
        """Begin anew, in the child of a fork: what PyMongo would reuse was opened by the parent."""
        if not self._mongokit_closed:
            host, port, options = self._mongokit_arguments
            super().__init__(host, port, **options)

    async def close(self) -> None:
        """Close all sockets; see PyMongo."""
        self._mongokit_closed = True
        await super().close()

    async def __aenter__(self) -> Self:
        """Return this connection, which the end of the block closes."""
        await super().__aenter__()
        return self
