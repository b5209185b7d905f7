"""A document that lives in a collection."""

from __future__ import annotations

import uuid as uuids
from collections.abc import Mapping
from typing import Any, ClassVar, Self

import bson
import pymongo.collection
import pymongo.database
from bson.binary import STANDARD
from bson.codec_options import CodecOptions
from bson.dbref import DBRef
from pymongo import MongoClient, WriteConcern
from pymongo.errors import DocumentTooLarge, OperationFailure, WriteError

from mongokit import encoding
from mongokit.collection import Collection
from mongokit.cursor import Cursor
from mongokit.errors import ConnectionError, MaxDocumentSizeError, SchemaDocumentError
from mongokit.indexes import Index, parse_indexes
from mongokit.proxy import DocumentProxy, scalar
from mongokit.schema_document import SchemaDocument, SchemaProperties

__all__ = ["Document"]

Raw = dict[str, Any]
BSON_OBJECT_TOO_LARGE = 10334
"""MongoDB's error code."""

RawCollection = pymongo.collection.Collection[Raw]


class DocumentProperties(SchemaProperties):
    """The metaclass of documents in collections: indexes too."""

    _indexes: tuple[Index, ...]

    def __init__(cls, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **kwargs: Any) -> None:
        super().__init__(name, bases, namespace, **kwargs)
        own = parse_indexes(name, namespace.get("indexes") or [], cls._structure)
        inherited = (index for base in cls.__mro__[1:] for index in getattr(base, "_indexes", ()))
        found: list[Index] = []
        for index in (*own, *inherited):
            if index not in found:
                found.append(index)
        cls._indexes = tuple(found)


class Document(SchemaDocument, metaclass=DocumentProperties):
    """A dict with a declared structure that can be stored in, and found in, MongoDB collections.

    :param doc: the content; see :class:`SchemaDocument`.
    :param gen_skel: False leaves a new document empty.
    :param collection: where it is to be stored; a document made by ``collection.Class()`` or found knows it.
    """

    __slots__ = ("_collection",)
    _collection: RawCollection

    __collection__: ClassVar[str | None] = None
    """The name of the collection, for ``database.Class``."""
    __database__: ClassVar[str | None] = None
    """The name of the database, for ``connection.Class``."""
    indexes: ClassVar[list[dict[str, Any]]] = []
    """Dicts with ``fields`` and options; ``generate_index`` builds them, nothing else does."""
    type_field: ClassVar[str | None] = "_type"
    """The field that, where it is in the structure, holds the class's name: a query by a base class then gives
    instances of the stored classes. None: no such field."""
    skip_validation: ClassVar[bool] = False
    """True: ``save()`` does not validate unless told to."""

    def __init__(
        self,
        doc: Mapping[str, Any] | None = None,
        gen_skel: bool = True,
        collection: RawCollection | None = None,
    ) -> None:
        super().__init__(doc, gen_skel)
        name = self.type_field
        if doc and name is not None and name in type(self)._structure.fields and self.get(name) is None:
            self[name] = type(self).__name__
        if collection is not None:
            object.__setattr__(self, "_collection", collection)

    def __hash__(self) -> int:  # type: ignore[override]
        if "_id" not in self:
            raise TypeError(f"{type(self).__name__} has no _id yet, so it cannot be hashed: save it first")
        return hash(self["_id"])

    def _bind_like(self, other: Self) -> None:
        collection = getattr(other, "_collection", None)
        if collection is not None:
            object.__setattr__(self, "_collection", collection)

    @property
    def collection(self) -> RawCollection:
        """The collection it is bound to; raises ConnectionError when it is not."""
        try:
            return self._collection
        except AttributeError:
            name = type(self).__name__
            raise ConnectionError(
                f"this {name} is bound to no collection: make it by collection.{name}(), "
                f"or by {name}(collection=collection)"
            ) from None

    @property
    def db(self) -> pymongo.database.Database[Raw]:
        """The database of its collection."""
        return self.collection.database

    @property
    def connection(self) -> MongoClient[Raw]:
        """The connection of its collection."""
        return self.collection.database.client

    def save(
        self, uuid: bool = False, validate: bool | None = None, safe: bool = True, **options: Any
    ) -> Self:
        """Validate and store the whole document, inserting it or replacing what has its ``_id``; returns itself.

        :param uuid: give a document without ``_id`` one of the form ``"Class-<uuid4>"`` instead of an ObjectId.
        :param validate: True or False overrules ``skip_validation``.
        :param safe: False does not wait for the server's answer.
        :param options: passed to PyMongo's ``insert_one`` or ``replace_one``, for instance ``session``.

        When validation fails nothing is written, also where ``raise_validation_errors`` is False.
        Raises SchemaDocumentError, ConnectionError, MaxDocumentSizeError, and what PyMongo raises.
        """
        collection = self.collection
        if validate or (validate is None and not self.skip_validation):
            self.validate()
            if not self.raise_validation_errors and self._failures:
                raise SchemaDocumentError.of(self._failures)
        if uuid and "_id" not in self:
            self["_id"] = f"{type(self).__name__}-{uuids.uuid4()}"
        if not safe:
            collection = collection.with_options(write_concern=WriteConcern(w=0))
        convert = type(self)._structure.to_bson
        stored: Raw = self if convert is None else convert(self)
        try:
            if "_id" in self:
                collection.replace_one({"_id": scalar(self["_id"])}, stored, upsert=True, **options)
            else:
                collection.insert_one(stored, **options)
        except (DocumentTooLarge, WriteError) as error:
            # PyMongo complains of some, and leaves others to the server.
            if isinstance(error, WriteError) and error.code != BSON_OBJECT_TOO_LARGE:
                raise
            raise MaxDocumentSizeError(f"{type(self).__name__}: {error}") from error
        except encoding.REFUSALS as error:
            found = encoding.failures(stored, collection.codec_options)
            if not found:
                raise
            raise SchemaDocumentError.of(found) from error
        finally:
            # Also when the server refused it, as PyMongo does: a second try must not make a second document.
            if stored is not self and "_id" in stored:
                self["_id"] = stored["_id"]
        return self

    def delete(self, **options: Any) -> None:
        """Delete the document by its ``_id``; raises KeyError when it has none."""
        self.collection.delete_one({"_id": scalar(self["_id"])}, **options)

    def reload(self, **options: Any) -> None:
        """Read the document again, dropping what was not saved.

        Raises KeyError without ``_id``, OperationFailure when it is not stored (any more).
        """
        found = self._proxy().get_from_id(self["_id"], **options)
        if found is None:
            raise OperationFailure(
                f"cannot reload {type(self).__name__} {self['_id']!r}: it is not in the database"
            )
        self.clear()
        self.update(found)

    def get_size(self) -> int:
        """Return the size as BSON, in bytes."""
        convert = type(self)._structure.to_bson
        collection = getattr(self, "_collection", None)
        stored = self if convert is None else convert(self)
        options = (
            CodecOptions[Raw](uuid_representation=STANDARD)
            if collection is None
            else collection.codec_options
        )
        return len(bson.encode(stored, codec_options=options))

    def get_dbref(self) -> DBRef:
        """Return the reference to this document, with its database; raises KeyError without ``_id``."""
        return DBRef(self.collection.name, self["_id"], self.db.name)

    def _proxy(self) -> DocumentProxy[Self]:
        collection = self.collection
        if isinstance(collection, Collection):
            return collection.proxy(type(self))
        return DocumentProxy(type(self), collection)

    def find(self, *args: Any, **options: Any) -> Cursor[Self]:
        """Find documents of this class in this document's collection; see :meth:`DocumentProxy.find`."""
        return self._proxy().find(*args, **options)

    def find_one(self, *args: Any, **options: Any) -> Self | None:
        """See :meth:`DocumentProxy.find_one`."""
        return self._proxy().find_one(*args, **options)

    def one(self, *args: Any, **options: Any) -> Self | None:
        """See :meth:`DocumentProxy.one`."""
        return self._proxy().one(*args, **options)

    def get_from_id(self, id: Any, **options: Any) -> Self | None:
        """See :meth:`DocumentProxy.get_from_id`."""
        return self._proxy().get_from_id(id, **options)

    @classmethod
    def generate_index(cls, collection: RawCollection, **options: Any) -> list[str]:
        """Build the indexes of the class in a collection and return their names, in the order of declaration.

        :param options: passed to PyMongo's ``create_indexes``.
        """
        if not cls._indexes:
            return []
        return collection.create_indexes([index.model() for index in cls._indexes], **options)
