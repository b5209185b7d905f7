"""How names become databases, collections and document classes: what the blocking and the asynchronous ones share."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Generic, NoReturn, Self, TypeVar, overload

import pymongo
from bson.dbref import DBRef

from mongokit.errors import shortened
from mongokit.legacy import refuse_old_client, warn_of
from mongokit.proxy_base import ProxyBase
from mongokit.scalars import scalar
from mongokit.structure.referring import is_place

if TYPE_CHECKING:
    from mongokit.document import Document

__all__ = ["ClientScope", "CollectionScope", "DatabaseScope", "with_standard_uuids"]

logger = logging.getLogger("mongokit")

DB = TypeVar("DB")
COL = TypeVar("COL")
K = TypeVar("K", bound="type[Document]")
I = TypeVar("I", bound="Iterable[type[Document]]")
Raw = dict[str, Any]


def with_standard_uuids(host: Any, options: Mapping[str, Any]) -> Raw:
    """Return a client's options, with the standard representation of UUIDs unless they or the URI name one.

    Raises TypeError for options of old, with what has taken their place.
    """
    refuse_old_client(options)
    hosts = [host] if isinstance(host, str) else host or ()
    given = any(name.lower() == "uuidrepresentation" for name in options)
    if given or any("uuidrepresentation=" in one.lower() for one in hosts):
        return dict(options)
    return {**options, "uuidRepresentation": "standard"}


class ClientScope(Generic[DB]):
    """What a connection adds to PyMongo's client: the document classes it knows, databases of ours."""

    _mongokit_database: ClassVar[Any]
    """The class of databases."""
    registered: dict[str, type[Document]]
    """Document classes by name."""

    @property
    def _registered_documents(self) -> dict[str, type[Document]]:
        """What ``registered`` is: MongoKit's name, which extensions of MongoKit read."""
        warn_of("connection._registered_documents")
        return self.registered

    @overload
    def register(self, documents: K) -> K: ...
    @overload
    def register(self, documents: I) -> I: ...
    def register(self, documents: Any) -> Any:
        """Make document classes known, so that ``collection.Class`` finds them; returns what it was given.

        Takes one class (so it is a decorator too) or several. A class registered later takes the place of one of the
        same name. Raises TypeError for what is no subclass of Document.
        """
        from mongokit.document import Document

        if isinstance(documents, (str, dict)) or not isinstance(documents, (type, Iterable)):
            kind = f"an instance of {type(documents).__name__}: {shortened(documents)}"
            raise TypeError(
                f"register() takes subclasses of mongokit.Document, or a list of them, not {kind}"
            )
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
            return super().__getattr__(name)  # type: ignore[misc]  # PyMongo's: a database
        for home in ("__database__", "__collection__"):
            if getattr(document_class, home) is None:
                raise AttributeError(
                    f"{name} has no {home}, so connection.{name} does not say where: "
                    f"set it in the class, or write connection.<database>.<collection>.{name}"
                )
        return getattr(self[document_class.__database__], name)

    def __getitem__(self, name: str) -> DB:
        known: dict[str, DB] = self.__dict__["_mongokit_databases"]
        found = known.get(name)
        if found is None:
            found = known[name] = self._mongokit_database(self, name)
        return found

    def get_database(self, name: str | None = None, *args: Any, **kwargs: Any) -> DB:
        """Return a database by name, or the one the URI names; see PyMongo."""
        return self._own(super().get_database(name, *args, **kwargs))  # type: ignore[misc]  # PyMongo's

    def get_default_database(self, default: str | None = None, *args: Any, **kwargs: Any) -> DB:
        """Return the database the URI names; see PyMongo."""
        return self._own(super().get_default_database(default, *args, **kwargs))  # type: ignore[misc]  # PyMongo's

    def _own(self, other: Any) -> DB:
        made: DB = self._mongokit_database(self, other.name, *_options(other))
        return made


class DatabaseScope(Generic[COL]):
    """What a database adds to PyMongo's: ``database.Class``, collections of ours."""

    _mongokit_collection: ClassVar[Any]
    """The class of collections."""
    _mongokit_collections: dict[str, COL]
    client: Any
    name: Any

    def _registered(self) -> Mapping[str, type[Document]]:
        registered: Mapping[str, type[Document]] = getattr(self.client, "registered", {})
        return registered

    def __getattr__(self, name: str) -> Any:
        document_class = None if name.startswith("_") else self._registered().get(name)
        if document_class is None:
            return super().__getattr__(name)  # type: ignore[misc]  # PyMongo's: a collection
        if document_class.__collection__ is None:
            raise AttributeError(
                f"{name} has no __collection__, so database.{name} does not say where: "
                f"set it in the class, or write database.<collection>.{name}"
            )
        home: Any = self[document_class.__collection__]
        return home.proxy(document_class)

    def __getitem__(self, name: str) -> COL:
        found = self._mongokit_collections.get(name)
        if found is None:
            found = self._mongokit_collections[name] = self._mongokit_collection(self, name)
        return found

    def get_collection(self, name: str, *args: Any, **kwargs: Any) -> COL:
        """Return a collection with options of its own; see PyMongo."""
        collection: Any = self[name]
        made: COL = collection.with_options(*args, **kwargs)
        return made

    def with_options(self, *args: Any, **kwargs: Any) -> Self:
        """Return the database with other options; see PyMongo."""
        other = super().with_options(*args, **kwargs)  # type: ignore[misc]  # PyMongo's
        make: Any = type(self)
        made: Self = make(self.client, self.name, *_options(other))
        return made

    def dereference(
        self, dbref: DBRef, Model: type[Document] | ProxyBase[Any] | None = None, **options: Any
    ) -> Any:
        """Return what a DBRef leads to, or None: a dict, or an instance of a document class; see PyMongo.

        :param Model: a subclass of Document, or one in a collection (``collection.Class``).

        Raises TypeError for what is no DBRef, or has a condition in the place of an id, and ValueError for one into
        another database, or into what can be no collection.
        """
        if not isinstance(dbref, DBRef):
            raise TypeError(f"dereference() takes a DBRef, not {dbref!r}")
        scalar(dbref.id)
        if not is_place(dbref.collection, dbref.database):
            raise ValueError(f"{dbref!r} names no collection that documents can be in")
        if Model is None:
            return super().dereference(dbref, **options)  # type: ignore[misc]  # PyMongo's
        if isinstance(Model, ProxyBase):
            Model = Model._obj_class
        if not hasattr(Model, "_collection"):
            raise TypeError(f"dereference(…, {Model!r}): accepted is a subclass of Document")
        if dbref.database not in (None, self.name):
            raise ValueError(f"{dbref!r} leads into another database than {self.name}")
        collection: Any = self[dbref.collection]
        return collection.proxy(Model).get_from_id(dbref.id, **options)

    def _like(self, made: Any) -> COL:
        """Return our collection for one that PyMongo has made."""
        collection: Any = self[made.name]
        own: COL = collection.with_options(*_options(made))
        return own


class CollectionScope:
    """What a collection adds to PyMongo's: ``collection.Class``."""

    _mongokit_proxy: ClassVar[Any]
    """The class of proxies."""
    _mongokit_proxies: dict[Any, Any]
    database: Any
    name: Any

    def _proxy_of(self, document_class: type[Document]) -> ProxyBase[Any]:
        found: ProxyBase[Any] | None = self._mongokit_proxies.get(document_class)
        if found is None:
            found = self._mongokit_proxy(document_class, self, self._registered())
            self._mongokit_proxies[document_class] = found
        return found

    def _registered(self) -> Mapping[str, type[Document]]:
        registered: Mapping[str, type[Document]] = getattr(self.database.client, "registered", {})
        return registered

    def __getattr__(self, name: str) -> Any:
        document_class = None if name.startswith("_") else self._registered().get(name)
        if document_class is None:
            return super().__getattr__(name)  # type: ignore[misc]  # PyMongo's: a sub-collection
        return self._proxy_of(document_class)

    def __getitem__(self, name: str) -> Self:
        sub: Any = self.database[f"{self.name}.{name}"]
        made: Self = sub.with_options(*_options(self))
        return made

    def with_options(self, *args: Any, **kwargs: Any) -> Self:
        """Return the collection with other options; see PyMongo."""
        other = super().with_options(*args, **kwargs)  # type: ignore[misc]  # PyMongo's
        make: Any = type(self)
        made: Self = make(self.database, self.name, **_named_options(other))
        return made

    def __call__(self, *args: Any, **kwargs: Any) -> NoReturn:
        parent, _, name = self.name.rpartition(".")
        where = f"collection {parent!r}" if parent else f"database {self.database.name!r}"
        if name in self._registered():
            raise TypeError(
                f"{name!r} of {where} cannot be called: by [{name!r}] it is a collection, of plain dicts; the registered "
                f"document class is an attribute, .{name}"
            )
        raise TypeError(
            f"{name!r} of {where} cannot be called: it is neither a registered document class "
            f"(connection.register([{name}])) nor a method of PyMongo {pymongo.version}"
        )


_OPTIONS = ("codec_options", "read_preference", "write_concern", "read_concern")


def _options(of: Any) -> tuple[Any, ...]:
    return tuple(getattr(of, name) for name in _OPTIONS)


def _named_options(of: Any) -> Raw:
    return {name: getattr(of, name) for name in _OPTIONS}
