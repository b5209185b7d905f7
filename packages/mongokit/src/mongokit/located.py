"""Where a document is stored: its collection, and what is reached by way of that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import pymongo.collection
import pymongo.database
from bson.binary import STANDARD
from bson.codec_options import CodecOptions
from bson.dbref import DBRef
from pymongo import MongoClient

from mongokit.errors import ConnectionError
from mongokit.performing import is_asynchronous
from mongokit.proxy import DocumentProxy
from mongokit.scalars import stored_id
from mongokit.scopes import CollectionScope

if TYPE_CHECKING:
    from mongokit.files import GridFields
    from mongokit.grid import FS

__all__ = ["Located"]

Raw = dict[str, Any]
RawCollection = pymongo.collection.Collection[Raw]


class Located:
    """The part of a document that knows its place."""

    __slots__ = ()
    _collection: RawCollection
    _gridfs: ClassVar[GridFields | None]

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

    @property
    def fs(self) -> FS:
        """Its files in GridFS, as ``gridfs`` declares them; raises AttributeError where it declares none."""
        if type(self)._gridfs is None:
            raise AttributeError(f"{type(self).__name__} has no files: it declares none in gridfs")
        # Who has no files needs no GridFS.
        from mongokit.grid import FS

        document: Any = self
        return FS(document)

    def _codec_options(self) -> CodecOptions[Raw]:
        collection = getattr(self, "_collection", None)
        return CodecOptions(uuid_representation=STANDARD) if collection is None else collection.codec_options

    def get_dbref(self) -> DBRef:
        """Return the reference to this document, with its database; raises KeyError without ``_id``."""
        document: Any = self
        if "_id" not in document:
            name = type(document).__name__
            raise KeyError(f"this {name} has no _id, which a reference leads to: save() it first")
        return DBRef(self.collection.name, stored_id(type(document), document["_id"]), self.db.name)

    def _proxy(self) -> DocumentProxy[Any]:
        collection: Any = self.collection
        document_class: Any = type(self)
        if isinstance(collection, CollectionScope):
            found: Any = collection._proxy_of(document_class)
            return found  # type: ignore[no-any-return]  # or its awaited twin
        if not is_asynchronous(collection):
            return DocumentProxy(document_class, collection)
        # Who has no asynchronous connection needs none of this.
        from mongokit.aio.proxy import AsyncDocumentProxy

        made: Any = AsyncDocumentProxy(document_class, collection)
        return made  # type: ignore[no-any-return]  # see above
