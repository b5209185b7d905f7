"""How a form stores its document: what is empty is left out where it would clash, and nothing deleted comes back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, MutableMapping
from typing import Any

import bson
from django.db.models.signals import post_save, pre_save
from pymongo.errors import OperationFailure

from django_mongokit.document import DjangoDocument
from django_mongokit.forms.refusals import failures_of
from django_mongokit.forms.strays import without
from django_mongokit.sparse import may_be_missing, sparse_and_unique
from mongokit import Document, SchemaDocumentError, StaleDocumentError, VersionedDocument
from mongokit.identifying import has_id
from mongokit.memory import value_at

__all__ = ["asave_document", "leave_unset", "save_document"]


def save_document(
    document: Any, *, is_new: bool, strays: frozenset[str] = frozenset(), has_changed: bool = True
) -> Any:
    """Save a document and return it; one that was stored before has to be there still.

    :param strays: paths that are not declared, and were stored all the same: they stay, and keep nothing from being saved.
    :param has_changed: whether something else was entered than was shown. If not, what is stored just so is left alone,
        unless the class's own `save()`, or a receiver of a signal, may make something of it.

    Raises what its `save()` does, and `StaleDocumentError` where somebody else has deleted it meanwhile.
    """
    if not (is_new or has_changed or _has_more_to_save(document)):
        stored = document.collection.find_one({"_id": {"$eq": document["_id"]}})
        if _is_stored_so(document, stored):
            return document
    options = _leaving(document, strays)
    if is_new or not has_id(document) or (_is_compared(document) and not options):
        return document.save()
    if isinstance(document, VersionedDocument):
        # It is stored as a whole only, so that nobody can tell in the same moment.
        if document.collection.find_one({"_id": document["_id"]}, {"_id": 1}) is None:
            raise _gone(document)
        return document.save(**options)
    try:
        return document.save(only=_all_of(document), **options)
    except OperationFailure as error:
        if _is_missing(error):
            raise _gone(document) from error
        raise


async def asave_document(
    document: Any, *, is_new: bool, strays: frozenset[str] = frozenset(), has_changed: bool = True
) -> Any:
    """Do what `save_document` does, for a document in the collection of an `AsyncConnection`."""
    if not (is_new or has_changed or _has_more_to_save(document)):
        stored = await document.collection.find_one({"_id": {"$eq": document["_id"]}})
        if _is_stored_so(document, stored):
            return document
    options = _leaving(document, strays)
    if is_new or not has_id(document) or (_is_compared(document) and not options):
        return await document.save()
    # An Any still, since what is awaited here mypy takes for the synchronous one.
    if issubclass(type(document), VersionedDocument):
        if await document.collection.find_one({"_id": document["_id"]}, {"_id": 1}) is None:
            raise _gone(document)
        return await document.save(**options)
    try:
        return await document.save(only=_all_of(document), **options)
    except OperationFailure as error:
        if _is_missing(error):
            raise _gone(document) from error
        raise


def _has_more_to_save(document: Any) -> bool:
    cls = type(document)
    own = cls.save not in (Document.save, DjangoDocument.save)
    return own or not has_id(document) or pre_save.has_listeners(cls) or post_save.has_listeners(cls)


def _is_stored_so(document: Any, stored: Mapping[str, Any] | None) -> bool:
    """Return whether what is stored is, byte for byte, what saving would store."""
    if stored is None:
        return False
    convert, codec = type(document)._structure.to_bson, document.collection.codec_options
    written = document if convert is None else convert(document)
    return bson.encode(written, codec_options=codec) == bson.encode(stored, codec_options=codec)


def _leaving(document: Any, strays: frozenset[str]) -> dict[str, Any]:
    """Return how a document with strays is saved, once all else about it is found right."""
    if not strays:
        return {}
    failures = without(failures_of(document)[0], strays)
    if failures:
        raise SchemaDocumentError.of(failures)
    return {"validate": False}


def _is_compared(document: Any) -> bool:
    """Return whether `save()` finds the document by its revision, and so only where it is there."""
    return bool(type(document).use_revision and document.get("_revision") is not None)


def _all_of(document: Document) -> list[str]:
    """Return the names of all fields that are the document's own to write."""
    known: Iterable[str] = type(document)._structure.fields
    own: Iterable[str] = document if type(document).use_schemaless else ()
    return [name for name in dict.fromkeys((*known, *own)) if name not in {"_id", "_revision"}]


def _is_missing(error: OperationFailure) -> bool:
    # The server's own errors have a code.
    return error.code is None and not isinstance(error, StaleDocumentError)


def _gone(document: Document) -> StaleDocumentError:
    return StaleDocumentError(
        f"{type(document).__name__} {document['_id']!r} has been deleted since it was read: save it as a new one"
    )


def leave_unset(document: Any) -> None:
    """Take out of a document what is empty and alone under a unique sparse index.

    Such an index leaves out documents that lack its fields, not those in which they are null: the second would be
    refused, while people expect any number of documents without a value, as of a unique column in SQL.
    """
    cls = type(document)
    for names in sparse_and_unique(cls):
        if all(may_be_missing(cls, name) and value_at(document, name) in (None, "") for name in names):
            for name in names:
                _remove(document, name)


def _remove(document: Any, path: str) -> None:
    *above, name = path.split(".")
    for one in above:
        document = document.get(one) if isinstance(document, MutableMapping) else None
    if isinstance(document, MutableMapping):
        document.pop(name, None)
