"""A connection: PyMongo's client, made for processes that fork, that knows the document classes."""

from __future__ import annotations

import importlib.metadata
import logging
import os
import threading
import warnings
import weakref
from collections.abc import Iterable
from typing import Any, Self, TypeVar, overload

from pymongo import MongoClient

from mongokit.database import Database
from mongokit.document import Document

__all__ = ["Connection"]

logger = logging.getLogger("mongokit")

C = TypeVar("C", bound=type[Document])
I = TypeVar("I", bound=Iterable[type[Document]])


class Connection(MongoClient[dict[str, Any]]):
    """PyMongo's MongoClient, with the same parameters, that opens nothing before the first operation.

    A forked child gets a client of its own in the same object: no socket, lock or thread is shared with the parent,
    and databases, collections and documents that refer to it go on working.

    Native UUIDs are stored in the standard representation unless ``uuidRepresentation`` says otherwise.
    """

    def __init__(self, host: Any = None, port: int | None = None, **options: Any) -> None:
        _warn_of_original()
        options.setdefault("connect", False)
        hosts = [host] if isinstance(host, str) else host or ()
        named = {name.lower() for name in options}
        if "uuidrepresentation" not in named and not any(
            "uuidrepresentation=" in one.lower() for one in hosts
        ):
            options["uuidRepresentation"] = "standard"
        self._mongokit_arguments = (host, port, options)
        self._mongokit_databases: dict[str, Database] = {}
        self._mongokit_closed = False
        self.registered: dict[str, type[Document]] = {}
        super().__init__(host, port, **options)
        _watch_forks(self)

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

    @overload
    def register(self, documents: C) -> C: ...
    @overload
    def register(self, documents: I) -> I: ...
    def register(self, documents: Any) -> Any:
        """Make document classes known, so that ``collection.Class`` finds them; returns what it was given.

        Takes one class (so it is a decorator too) or several. A class registered later takes the place of one of the
        same name. Raises TypeError for what is no subclass of Document.
        """
        classes = [documents] if isinstance(documents, type) else list(documents)
        for cls in classes:
            if not (isinstance(cls, type) and issubclass(cls, Document)):
                raise TypeError(f"register() takes subclasses of mongokit.Document, not {cls!r}")
            earlier = self.registered.get(cls.__name__)
            if earlier is not None and (earlier.__module__, earlier.__qualname__) != (
                cls.__module__,
                cls.__qualname__,
            ):
                logger.warning("document class %r takes the place of %r, of the same name", cls, earlier)
            self.registered[cls.__name__] = cls
        return documents

    def __getattr__(self, name: str) -> Any:
        document_class = None if name.startswith("_") else self.__dict__.get("registered", {}).get(name)
        if document_class is None:
            return super().__getattr__(name)
        for home in ("__database__", "__collection__"):
            if getattr(document_class, home) is None:
                raise AttributeError(
                    f"{name} has no {home}, so connection.{name} does not say where: "
                    f"set it in the class, or write connection.<database>.<collection>.{name}"
                )
        return getattr(self[document_class.__database__], name)

    def __enter__(self) -> Self:
        """Return this connection, which the end of the block closes."""
        super().__enter__()
        return self

    def __getitem__(self, name: str) -> Database:
        found = self._mongokit_databases.get(name)
        if found is None:
            found = self._mongokit_databases[name] = Database(self, name)
        return found

    def get_database(self, name: str | None = None, *args: Any, **kwargs: Any) -> Database:
        """Return a database by name, or the one the URI names; see PyMongo."""
        return self._own(super().get_database(name, *args, **kwargs))

    def get_default_database(self, default: str | None = None, *args: Any, **kwargs: Any) -> Database:
        """Return the database the URI names; see PyMongo."""
        return self._own(super().get_default_database(default, *args, **kwargs))

    def _own(self, other: Any) -> Database:
        options = (other.codec_options, other.read_preference, other.write_concern, other.read_concern)
        return Database(self, other.name, *options)


_connections: weakref.WeakValueDictionary[int, Connection] = weakref.WeakValueDictionary()
_once = threading.Lock()
_watching = False
_looked = False


def _watch_forks(connection: Connection) -> None:
    """Remember a connection for the child of a fork. By id, as clients of the same server are equal."""
    global _watching
    with _once:
        if not _watching and hasattr(os, "register_at_fork"):
            os.register_at_fork(before=_once.acquire, after_in_parent=_once.release, after_in_child=_reopen)
            _watching = True
        _connections[id(connection)] = connection


def _reopen() -> None:
    _once.release()
    for connection in list(_connections.values()):
        connection._mongokit_after_fork()


def _warn_of_original() -> None:
    """Warn, once per process, when the abandoned distribution whose files lie among ours is installed."""
    global _looked
    if _looked:
        return
    _looked = True
    try:
        version = importlib.metadata.version("mongokit")
    except importlib.metadata.PackageNotFoundError:
        return
    warnings.warn(
        f"the abandoned distribution mongokit {version} is installed beside slimstack-mongokit, and both have files in "
        "the folder mongokit/. Remove both, then install ours: pip uninstall mongokit slimstack-mongokit; "
        "pip install slimstack-mongokit",
        RuntimeWarning,
        stacklevel=3,
    )
