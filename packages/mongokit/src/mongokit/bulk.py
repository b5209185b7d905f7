"""Many documents in one call: validated, all that is wrong at once, with the position of each."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import bson
from pymongo import InsertOne, ReplaceOne, UpdateMany, UpdateOne
from pymongo.errors import BulkWriteError, DocumentTooLarge

from mongokit import encoding
from mongokit.autorefs import refuse_unsaved
from mongokit.batches import explained
from mongokit.bulk_refusals import refused_requests
from mongokit.document import Document
from mongokit.errors import BulkError, Failure, MaxDocumentSizeError, SchemaDocumentError, UpdateQueryError
from mongokit.flow import Flow
from mongokit.history import refuse_unkept
from mongokit.identifying import lacks_id
from mongokit.ids import id_maker, new_id
from mongokit.operations import REFUSALS
from mongokit.parts import refuse_part
from mongokit.persistence import check_update
from mongokit.revisions import counted, replacing, revision_of
from mongokit.schema_document import SchemaDocument
from mongokit.structure.own_words import in_words_of
from mongokit.update_forms import stored_update
from mongokit.updates import wrong_values
from mongokit.writes import MAX_BSON_SIZE, Insert

if TYPE_CHECKING:
    from pymongo.results import BulkWriteResult, InsertManyResult

    from mongokit.proxy_base import ProxyBase

__all__ = ["document_of", "inserting", "refuse_as_replacement", "stored_document", "writing"]

Raw = dict[str, Any]

_STORING = (InsertOne, ReplaceOne, UpdateOne, UpdateMany)
"""The requests that do not delete."""


def inserting(
    proxy: ProxyBase[Any],
    documents: Iterable[Mapping[str, Any]],
    ordered: bool,
    validate: bool | None,
    options: Raw,
) -> Flow[InsertManyResult]:
    """Do what ``DocumentProxy.insert_many`` says."""
    if isinstance(documents, Mapping):
        raise TypeError(
            f"insert_many() takes a list of documents, not one: insert_many([{type(documents).__name__}(…)])"
        )
    given: list[Any] = list(documents)
    cls, collection = proxy._obj_class, proxy.collection
    refuse_unkept(cls, "insert_many", options)
    checked = not cls.skip_validation if validate is None else validate
    made: list[Any]
    stored: list[Any]
    if _is_bare(cls) and {dict, cls}.issuperset(map(type, given)):
        made = stored = given
        if checked:
            _check(cls, given)
    else:
        made = [document_of(proxy, each, "insert_many") for each in given]
        if checked:
            _validate(dict(enumerate(made)))
        stored = [stored_document(document) for document in made]
    make_id = id_maker()
    for each in _without_id(cls, stored):
        each["_id"] = make_id()
    try:
        result: InsertManyResult = yield collection.insert_many(stored, ordered=ordered, **options)
    except BulkWriteError as error:
        raise _explained(proxy, made, error, ordered=ordered) from error
    except REFUSALS as error:
        raise _refusal(cls, stored, error, collection.codec_options) from error
    finally:
        if stored is not given:
            for document, each, sent in zip(made, given, stored, strict=True):
                if "_id" in sent and document.get("_id") is None:
                    document["_id"] = sent["_id"]
                if "_id" in document and "_id" not in each:
                    each["_id"] = document["_id"]
    for document in made:
        if type(document) is not dict:
            _settled(document, collection)
    return result


def _is_bare(cls: type[Document]) -> bool:
    """Return whether a dict is as good as a document of the class: it is validated and stored as it is."""
    return (
        cls._plain
        and cls._takes_content
        and cls.validate is Document.validate
        and cls.raise_validation_errors
    )


def document_of(proxy: ProxyBase[Any], given: Any, call: str) -> Document:
    """Return a document of the class with what is given: a document of the class is that itself, or a dict.

    :param call: the method it was given to, for the TypeError for anything else.
    """
    cls = proxy._obj_class
    if isinstance(given, cls):
        document: Document = given
        return document
    if isinstance(given, SchemaDocument) or not isinstance(given, Mapping):
        raise TypeError(f"{cls.__name__}.{call}() takes dicts and documents of the class, not {given!r}")
    # Nothing is nothing, and no reason to make every field.
    made: Document = proxy(given, gen_skel=bool(given))
    return made


def _check(cls: type[Document], given: list[Any]) -> None:
    check = cls._structure.check
    found: list[Failure] = []
    failures: list[Failure] = []
    for position, document in enumerate(given):
        check(document, found)
        if found:
            failures += _at(position, found)
            found = []
    if failures:
        raise SchemaDocumentError.of(failures)


def _validate(
    documents: Mapping[int, Document], what: str = "document", others: Iterable[Failure] = ()
) -> None:
    """Raise all that is wrong with the documents, and what else is.

    :param what: they are, in the messages.
    """
    failures: list[Failure] = list(others)
    for position, document in documents.items():
        try:
            document.validate()
        except SchemaDocumentError as error:
            # Who raises one himself, in a validate() of his own, may have no failures in it.
            failures += _at(position, error.failures or [Failure("", type(error), str(error))], what)
        else:
            if not document.raise_validation_errors:
                failures += _at(position, document._failures, what)
    if failures:
        raise SchemaDocumentError.of(failures)


def _at(position: int, failures: Iterable[Failure], what: str = "document") -> list[Failure]:
    return [
        failure._replace(
            path=f"{position}.{failure.path}" if failure.path else str(position),
            message=f"{what} {position}: {failure.message}",
        )
        for failure in failures
    ]


def stored_document(document: Document, revision: int = 0) -> Raw:
    """Return the stored form of a document, one revision further where it has revisions; an ``_id`` of None is left out."""
    if type(document)._has_autorefs:
        refuse_unsaved(document)
    stored = document._stored()
    if "_id" in stored and stored["_id"] is None:
        stored = {name: value for name, value in stored.items() if name != "_id"}
    return {**stored, "_revision": revision + 1} if type(document).use_revision else stored


def _without_id(cls: type[Document], stored: Iterable[Raw]) -> list[Raw]:
    """Return the documents for which an ``_id`` is to be made; raises what is wrong with the others, and theirs."""
    found: list[Raw] = []
    failures: list[Failure] = []
    for position, each in enumerate(stored):
        try:
            if lacks_id(cls, each):
                found.append(each)
        except SchemaDocumentError as error:
            failures += _at(position, error.failures)
    if failures:
        raise SchemaDocumentError.of(failures)
    return found


def _settled(document: Document, collection: Any) -> None:
    cls = type(document)
    if cls.use_revision:
        document["_revision"] = 1
    if getattr(document, "_collection", None) is None:
        object.__setattr__(document, "_collection", collection)
    if cls._remembers or document._memory is not None:
        document._remember(document._stored())
    document._adopted()


def _explained(proxy: ProxyBase[Any], made: list[Any], error: BulkWriteError, *, ordered: bool) -> Exception:
    refusals = {refusal["index"]: refusal for refusal in error.details.get("writeErrors", ())}
    if not refusals:
        return error
    tried = min(refusals) + 1 if ordered else len(made)
    done = [position for position in range(tried) if position not in refusals]
    for position in done:
        if type(made[position]) is not dict:
            _settled(made[position], proxy.collection)
    failures = []
    for position, refusal in refusals.items():
        document = document_of(proxy, made[position], "insert_many")
        failures.append((document, explained(Insert(document, proxy.collection, {}, document), refusal)))
    if not done and len(failures) == 1 and isinstance(failures[0][1], MaxDocumentSizeError):
        # As where PyMongo has found it before anything was sent.
        return failures[0][1]
    written = set(done)
    return BulkError.of(
        failures,
        [made[position] for position in done],
        [document for position, document in enumerate(made) if position not in written],
    )


def _refusal(cls: type[Document], stored: list[Raw], error: Exception, options: Any) -> Exception:
    """Return the error that says which document cannot be encoded, and why; or PyMongo's."""
    failures = [
        failure
        for position, document in enumerate(stored)
        for failure in _at(position, in_words_of(cls, encoding.failures(document, options)))
    ]
    if failures:
        return SchemaDocumentError.of(failures)
    if isinstance(error, DocumentTooLarge):
        for position, document in enumerate(stored):
            size = len(bson.encode(document, codec_options=options))
            if size > MAX_BSON_SIZE:
                return MaxDocumentSizeError(
                    f"document {position}: it has {size} bytes as BSON; MongoDB takes {MAX_BSON_SIZE}"
                )
    return error


def writing(
    proxy: ProxyBase[Any], requests: Iterable[Any], validate: bool | None, options: Raw
) -> Flow[BulkWriteResult]:
    """Do what ``DocumentProxy.bulk_write`` says."""
    cls = proxy._obj_class
    checked = not cls.skip_validation if validate is None else validate
    asked = tuple(requests)
    given = list(asked)
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
            failures += _at(position, found, "request")
    if checked:
        _validate(documents, "request", failures)
    for position, document in documents.items():
        request = copy.copy(given[position])
        request._doc = stored = stored_document(document, revision_of(document) or 0)
        if isinstance(request, InsertOne) and lacks_id(cls, stored):
            stored["_id"] = document["_id"] = new_id()
        given[position] = _counting(request) if cls.use_revision else request
    try:
        result: BulkWriteResult = yield proxy.collection.bulk_write(given, **options)
    except BulkWriteError as error:
        raise refused_requests(proxy, asked, error, ordered=options.get("ordered", True)) from error
    return result


def refuse_as_replacement(document: Document, call: str) -> None:
    """Raise PartialDocumentError for a document that was read in part, and would take the place of a whole one.

    :param call: what would write it.
    """
    refuse_part(document, call, "save(only=[…]) what was read, or reload() it first, which makes it whole")


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


def _counting(request: InsertOne[Any] | ReplaceOne[Any]) -> Any:
    """Return a request that counts the revision of what is stored, as a replacement cannot."""
    if isinstance(request, InsertOne):
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
