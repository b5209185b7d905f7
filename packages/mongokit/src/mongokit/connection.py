"""A connection: PyMongo's client, made for processes that fork, that knows the document classes."""

from __future__ import annotations

from typing import Any, Self

from pymongo import MongoClient

from mongokit.database import Database
from mongokit.processes import warn_of_original, watch_forks
from mongokit.scopes import ClientScope, with_standard_uuids
from mongokit.sessions import CLIENT_METHODS, in_sessions

__all__ = ["Connection"]


@in_sessions(lambda client: client, CLIENT_METHODS)
class Connection(ClientScope[Database], MongoClient[dict[str, Any]]):
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
        watch_forks(self)

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

    def __enter__(self) -> Self:
        """Return this connection, which the end of the block closes."""
        super().__enter__()
        return self
