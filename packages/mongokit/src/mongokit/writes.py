"""The operations that write one document: alone, or frozen and later in a bulk write with others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import bson
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument
from pymongo import DeleteOne, InsertOne, ReplaceOne, UpdateOne
from pymongo import errors as pymongo_errors
from pymongo.errors import DocumentTooLarge

from mongokit.errors import StaleDocumentError
from mongokit.ids import new_id
from mongokit.operations import REFUSALS, Operation, missing, shown
from mongokit.sizes import MAX_BSON_SIZE

if TYPE_CHECKING:
    from mongokit.document import Document

__all__ = ["Delete", "Insert", "Replace", "SetFields", "Unchanged", "Write", "frozen"]

D = TypeVar("D", bound="Document")
R = TypeVar("R")
Raw = dict[str, Any]
BulkModel = InsertOne[Any] | ReplaceOne[Any] | UpdateOne | DeleteOne


class Write(Operation[R]):
    """An operation that can also be part of a bulk write: then ``freeze``, ``apply`` come first, ``check`` later."""

    @property
    def is_conditional(self) -> bool:
        """Whether it finds nothing, without an error of the server's, where the stored revision is another."""
        return False

    @property
    def must_find(self) -> bool:
        """Whether it is to be refused where it finds no document, which is no error of the server's."""
        return self.is_conditional

    def model(self) -> BulkModel:
        """Return PyMongo's form of it for ``bulk_write``."""
        raise NotImplementedError

    def freeze(self) -> None:
        """Keep what is to be sent as it is now, whatever becomes of the document; raises what ``send`` would."""

    def check(self, result: Any) -> None:
        """Raise the error where the server has found nothing to write to."""

    def apply(self) -> R:
        """Change the document as it is once the write is done, and return what the caller gets."""
        raise NotImplementedError

    def not_found(self) -> Exception:
        """Return the error for a document that is not, or not any more, as it was read."""
        return stale(self.document, {})

    def done(self, result: Any) -> R:
        self.check(result)
        return self.apply()

    def _frozen(self, value: Mapping[str, Any]) -> RawBSONDocument:
        try:
            return RawBSONDocument(frozen(value, self.collection.codec_options))
        except REFUSALS as error:
            self.refused(error)


class Save(Write[D]):
    """Base of what stores a whole document.

    :param stored: its stored form, which may be the document itself.
    :param revision: the value of ``_revision`` in it, where there are revisions.
    """

    def __init__(
        self, document: Any, collection: Any, options: Raw, stored: Any, revision: int | None = None
    ) -> None:
        super().__init__(document, collection, options)
        self.stored = stored
        self.revision = revision

    def settle(self) -> None:
        # Also when the server refused it, as PyMongo does: a second try must not make a second document.
        if self.stored is not self.document and "_id" in self.stored and self.document.get("_id") is None:
            self.document["_id"] = self.stored["_id"]

    def freeze(self) -> None:
        self.stored = self._frozen(self.stored)

    def apply(self) -> D:
        document: D = self.document
        if self.revision is not None:
            document["_revision"] = self.revision
        if type(document)._remembers or document._memory is not None:
            document._remember(document._stored())
        document._adopted()
        return document

    def _sent(self) -> Mapping[str, Any]:
        sent: Raw = self.stored
        return sent


class Insert(Save[D]):
    """Store a document that has no ``_id`` yet."""

    def send(self) -> Any:
        # PyMongo makes one where there is none, which takes longer, and would send None.
        self.stored.pop("_id", None)
        self.stored["_id"] = new_id()
        return self.collection.insert_one(self.stored, **self.options)

    def model(self) -> BulkModel:
        return InsertOne(self.stored)

    def freeze(self) -> None:
        self.stored["_id"] = new_id()
        try:
            Save.freeze(self)
        finally:
            self.document["_id"] = self.stored["_id"]


class Replace(Save[D]):
    """Store a document in the place of what has its ``_id``.

    :param upsert: insert it where there is none; if not, it must be found.
    """

    def __init__(
        self,
        document: Any,
        collection: Any,
        options: Raw,
        stored: Any,
        revision: int | None = None,
        *,
        filter: Raw,
        upsert: bool = True,
    ) -> None:
        super().__init__(document, collection, options, stored, revision)
        self.filter = filter
        self.upsert = upsert

    @property
    def is_conditional(self) -> bool:
        return not self.upsert

    def send(self) -> Any:
        return self.collection.replace_one(self.filter, self.stored, upsert=self.upsert, **self.options)

    def model(self) -> BulkModel:
        return ReplaceOne(self.filter, self.stored, upsert=self.upsert)

    def check(self, result: Any) -> None:
        if not self.upsert and not result.matched_count:
            raise self.not_found()

    def not_found(self) -> Exception:
        return stale(self.document, self.filter)

    def explained(self, error: Exception) -> Exception | None:
        # It was to be inserted, as none was found without a revision: there is one with a revision.
        if (
            self.revision is not None
            and self.upsert
            and isinstance(error, pymongo_errors.DuplicateKeyError)
            and (error.details or {}).get("keyPattern") == {"_id": 1}
        ):
            return stale(self.document, self.filter)
        return Operation.explained(self, error)


class SetFields(Write[D]):
    """Write some paths of a stored document, and no others.

    :param only: the paths, for what the document remembers.
    """

    def __init__(
        self,
        document: Any,
        collection: Any,
        options: Raw,
        *,
        filter: Raw,
        update: Any,
        stored: Raw,
        only: Iterable[str],
        revision: int | None,
    ) -> None:
        super().__init__(document, collection, options)
        self.filter = filter
        self.update = update
        self.stored = stored
        self.only = only
        self.revision = revision

    @property
    def is_conditional(self) -> bool:
        return self.revision is not None

    @property
    def must_find(self) -> bool:
        return True

    def send(self) -> Any:
        return self.collection.update_one(self.filter, self.update, **self.options)

    def model(self) -> BulkModel:
        return UpdateOne(self.filter, self.update)

    def freeze(self) -> None:
        self.update = self._frozen(self.update)

    def check(self, result: Any) -> None:
        if result.acknowledged and not result.matched_count:
            raise self.not_found()

    def not_found(self) -> Exception:
        return missing("save", self.document) if self.revision is None else stale(self.document, self.filter)

    def apply(self) -> D:
        document: D = self.document
        if self.revision is not None:
            document["_revision"] = self.revision
        if type(document)._remembers or document._memory is not None:
            document._remember(document._stored(), self.only)
        document._adopted()
        return document

    def _sent(self) -> Mapping[str, Any]:
        return self.stored


class Unchanged(Write[D]):
    """Nothing has to be sent."""

    def send(self) -> None:
        return None

    def apply(self) -> D:
        document: D = self.document
        return document


class Delete(Write[None]):
    """Delete a document by its filter."""

    def __init__(self, document: Any, collection: Any, options: Raw, filter: Raw) -> None:
        super().__init__(document, collection, options)
        self.filter = filter

    def send(self) -> Any:
        return self.collection.delete_one(self.filter, **self.options)

    def model(self) -> BulkModel:
        return DeleteOne(self.filter)

    def _sent(self) -> Mapping[str, Any]:
        return self.filter

    def apply(self) -> None:
        return None


def frozen(value: Mapping[str, Any], options: CodecOptions[Any]) -> bytes:
    """Return a value as the BSON that it is now; raises REFUSALS."""
    encoded = bson.encode(value, False, options)
    if len(encoded) > MAX_BSON_SIZE:
        raise DocumentTooLarge(f"it has {len(encoded)} bytes as BSON; MongoDB takes {MAX_BSON_SIZE}")
    return encoded


def stale(document: Document, filter: Mapping[str, Any]) -> StaleDocumentError:
    """Return the error for a document that somebody else has changed.

    :param filter: by which it was not found. In a unit of work the document is a revision further already.
    """
    revision = filter.get("_revision", document.get("_revision"))
    when = f"at revision {revision}" if isinstance(revision, int) else "before it had a revision"
    return StaleDocumentError(
        f"{shown(document)} has been changed or deleted since it was read ({when}). "
        "reload() it, make the change again, and save()"
    )
