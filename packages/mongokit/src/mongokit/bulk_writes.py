"""PyMongo's requests of one bulk write: validated and measured before anything is sent."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from pymongo import InsertOne, ReplaceOne, UpdateMany, UpdateOne
from pymongo.errors import BulkWriteError

from mongokit import encoding
from mongokit.bulk import (
    at_position,
    document_of,
    refuse_as_replacement,
    stored_document,
    validate_all,
    without_large,
)
from mongokit.bulk_refusals import refused_requests
from mongokit.errors import Failure, MaxDocumentSizeError, SchemaDocumentError, UpdateQueryError, shortened
from mongokit.flow import Flow
from mongokit.history import refuse_unkept
from mongokit.identifying import lacks_id
from mongokit.ids import new_id
from mongokit.operations import TOO_LARGE
from mongokit.persistence import check_update
from mongokit.revisions import counted, replacing, revision_of
from mongokit.sizes import MAX_BSON_SIZE, exceeding, size_of
from mongokit.structure.own_words import in_words_of
from mongokit.update_forms import stored_update
from mongokit.updates import wrong_values

if TYPE_CHECKING:
    from pymongo.results import BulkWriteResult

    from mongokit.document import Document
    from mongokit.proxy_base import ProxyBase

__all__ = ["writing"]

Raw = dict[str, Any]

_STORING = (InsertOne, ReplaceOne, UpdateOne, UpdateMany)
"""The requests that do not delete."""


def writing(
    proxy: ProxyBase[Any], requests: Iterable[Any], validate: bool | None, options: Raw
) -> Flow[BulkWriteResult]:
    """Do what ``DocumentProxy.bulk_write`` says."""
    cls = proxy._obj_class
    checked = not cls.skip_validation if validate is None else validate
    asked = tuple(requests)
    given = list(asked)
    for position, request in enumerate(given):
        if isinstance(request, Mapping):
            raise TypeError(
                f"request {position}: bulk_write() takes PyMongo's requests, as InsertOne({{…}}) and UpdateOne({{…}}, {{…}}), "
                f"not {shortened(request)}; documents alone are stored by insert_many()"
            )
    storing = any(isinstance(request, _STORING) for request in given)
    refuse_unkept(cls, "bulk_write", options, is_storing=storing)
    documents: dict[int, Document] = {}
    failures: list[Failure] = []
    for position, request in enumerate(given):
        # PyMongo's requests have no public name for what they hold.
        if isinstance(request, (InsertOne, ReplaceOne)):
            documents[position] = document_of(proxy, request._doc, "bulk_write")
            if isinstance(request, ReplaceOne):
                refuse_as_replacement(documents[position], f"bulk_write(), request {position},")
        elif isinstance(request, (UpdateOne, UpdateMany)):
            given[position], found = _update(cls, request, position)
            failures += at_position(position, found, "request")
    if checked:
        validate_all(documents, "request", failures)
    for position, document in documents.items():
        request = copy.copy(given[position])
        request._doc = stored = stored_document(document, revision_of(document) or 0)
        if isinstance(request, InsertOne) and lacks_id(cls, stored):
            stored["_id"] = document["_id"] = new_id()
        given[position] = request
    if storing:
        _refuse_unsendable(proxy, given)
    sent = [_counting(request) for request in given] if cls.use_revision else given
    try:
        result: BulkWriteResult = yield proxy.collection.bulk_write(sent, **options)
    except BulkWriteError as error:
        shown = without_large(error)
        larger = _grown(proxy, given, error)
        if larger is not None:
            raise larger from shown
        raise refused_requests(proxy, asked, given, shown, ordered=options.get("ordered", True)) from shown
    return result


def _refuse_unsendable(proxy: ProxyBase[Any], requests: list[Any]) -> None:
    """Raise what is wrong with what is to be stored as BSON, before anything is sent: PyMongo sends one message before it
    encodes the next, and the server carries out one request before it looks at the next."""
    cls, codec = proxy._obj_class, proxy.collection.codec_options
    failures: list[Failure] = []
    for position, request in enumerate(requests):
        if not isinstance(request, _STORING):
            continue
        sent = request._doc
        try:
            size = size_of(sent, codec)
        except encoding.REFUSALS:
            found = encoding.failures(sent, codec) if isinstance(sent, Mapping) else []
            failures += at_position(position, in_words_of(cls, found), "request")
        else:
            if size > MAX_BSON_SIZE:
                raise MaxDocumentSizeError(f"request {position}: {cls.__name__}: {exceeding(sent, codec)}")
    if failures:
        raise SchemaDocumentError.of(failures)


def _grown(proxy: ProxyBase[Any], requests: list[Any], error: BulkWriteError) -> MaxDocumentSizeError | None:
    """Return the error for an update that would have made a document too large, where that is what the server has refused."""
    refusals = error.details.get("writeErrors", ())
    if not refusals or not all(refusal.get("code") in TOO_LARGE for refusal in refusals):
        return None
    refused = [refusal["index"] for refusal in refusals]
    sent, codec = requests[refused[0]]._doc, proxy.collection.codec_options
    done = sum(error.details.get(name, 0) for name in ("nInserted", "nMatched", "nRemoved", "nUpserted"))
    others = f" ({len(refused)} requests are refused for this)" if len(refused) > 1 else ""
    # The server changes one document after the other, and does not say how many.
    parts = [
        f" Of the documents of request {at} some may have been changed."
        for at in refused
        if isinstance(requests[at], UpdateMany)
    ]
    return MaxDocumentSizeError(
        f"request {refused[0]}: {proxy._obj_class.__name__}: {exceeding(sent, codec)}{others} "
        f"The other requests have reached {done} documents.{''.join(parts)}"
    )


def _update(cls: type[Document], request: Any, position: int) -> tuple[Any, list[Failure]]:
    """Return a request for an update as it is to be sent, and what is wrong with its values."""
    failures: list[Failure] = []
    made = copy.copy(request)
    if isinstance(request._doc, Mapping):
        try:
            check_update(cls, request._doc, "bulk_write()")
        except (TypeError, UpdateQueryError) as error:
            raise type(error)(f"request {position}: {error}") from None
        made._doc = stored_update(cls, request._doc, failures)
        failures += wrong_values(cls, made._doc)
    made._doc = counted(cls, made._doc)
    return made, failures


def _counting(request: Any) -> Any:
    """Return a request that counts the revision of what is stored, as a replacement cannot."""
    if not isinstance(request, ReplaceOne):
        return request
    return UpdateOne(
        request._filter,
        replacing(request._doc),
        upsert=request._upsert,
        collation=request._collation,
        hint=request._hint,
        namespace=request._namespace,
        sort=request._sort,
    )
