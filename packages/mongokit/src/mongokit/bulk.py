"""Many documents in one call: validated, all that is wrong at once, with the position of each."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import bson
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument
from pymongo.errors import BulkWriteError

from mongokit import encoding
from mongokit.autorefs import refuse_unsaved
from mongokit.batches import encoded_id, explained
from mongokit.document import Document
from mongokit.errors import BulkError, Failure, MaxDocumentSizeError, SchemaDocumentError, shortened
from mongokit.flow import Flow
from mongokit.history import refuse_unkept
from mongokit.identifying import lacks_id
from mongokit.ids import id_maker
from mongokit.operations import REFUSALS, TOO_LARGE
from mongokit.parts import refuse_part
from mongokit.portions import portions
from mongokit.schema_document import SchemaDocument
from mongokit.sizes import MAX_BSON_SIZE, exceeding, size_of
from mongokit.structure.own_words import in_words_of
from mongokit.writes import Insert

if TYPE_CHECKING:
    from pymongo.results import InsertManyResult

    from mongokit.proxy_base import ProxyBase

__all__ = [
    "at_position",
    "document_of",
    "inserting",
    "refuse_as_replacement",
    "stored_document",
    "validate_all",
    "without_large",
]

Raw = dict[str, Any]

_RAW: CodecOptions[RawBSONDocument] = CodecOptions(document_class=RawBSONDocument)


def inserting(
    proxy: ProxyBase[Any],
    documents: Iterable[Mapping[str, Any]],
    ordered: bool,
    validate: bool | None,
    options: Raw,
) -> Flow[InsertManyResult]:
    """Do what ``DocumentProxy.insert_many`` says."""
    wrong: Any = documents
    if isinstance(wrong, (str, bytes)):
        raise TypeError(f"insert_many() takes a list of documents, not {shortened(wrong)}")
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
            validate_all(dict(enumerate(made)))
        stored = [stored_document(document) for document in made]
    make_id = id_maker()
    for each in _without_id(cls, stored):
        each["_id"] = make_id()
    try:
        try:
            result: InsertManyResult = yield collection.insert_many(stored, ordered=ordered, **options)
        finally:
            if stored is not given:
                _share_ids(made, given, stored)
    except BulkWriteError as error:
        raise _explained(proxy, made, stored, error, ordered=ordered) from without_large(error)
    except REFUSALS as error:
        refused = _refusals(cls, stored, collection.codec_options)
        if refused:
            done = yield from _stored(collection, stored, refused, options)
            raise _refusal(proxy, made, refused, done) from error
        raise
    for document in made:
        if type(document) is not dict:
            _settled(document, collection)
    return result


def _share_ids(made: list[Any], given: list[Any], stored: list[Raw]) -> None:
    for document, each, sent in zip(made, given, stored, strict=True):
        if "_id" in sent and document.get("_id") is None:
            document["_id"] = sent["_id"]
        if "_id" in document and "_id" not in each:
            each["_id"] = document["_id"]


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
            failures += at_position(position, found)
            found = []
    if failures:
        raise SchemaDocumentError.of(failures)


def validate_all(
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
            failures += at_position(position, error.failures or [Failure("", type(error), str(error))], what)
        else:
            if not document.raise_validation_errors:
                failures += at_position(position, document._failures, what)
    if failures:
        raise SchemaDocumentError.of(failures)


def at_position(position: int, failures: Iterable[Failure], what: str = "document") -> list[Failure]:
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
            failures += at_position(position, error.failures)
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


def _explained(
    proxy: ProxyBase[Any], made: list[Any], stored: list[Raw], error: BulkWriteError, *, ordered: bool
) -> Exception:
    refusals = {refusal["index"]: refusal for refusal in error.details.get("writeErrors", ())}
    if not refusals:
        return error
    tried = min(refusals) + 1 if ordered else len(made)
    done = {position for position in range(tried) if position not in refusals}
    failures = {}
    for position, refusal in refusals.items():
        document = document_of(proxy, made[position], "insert_many")
        failures[position] = explained(Insert(document, proxy.collection, {}, stored[position]), refusal)
    return _refusal(proxy, made, failures, done)


def _refusal(
    proxy: ProxyBase[Any], made: list[Any], refused: Mapping[int, Exception], done: Collection[int]
) -> Exception:
    """Return the error for documents of which some are refused.

    :param done: the positions of those that are stored.
    """
    for position in done:
        if type(made[position]) is not dict:
            _settled(made[position], proxy.collection)
    if not done:
        # As where nothing was sent.
        sizes = [(at, one) for at, one in refused.items() if isinstance(one, MaxDocumentSizeError)]
        failures = [
            failure
            for position, one in refused.items()
            if isinstance(one, SchemaDocumentError)
            for failure in at_position(position, one.failures)
        ]
        if failures:
            return SchemaDocumentError.of(failures)
        if len(sizes) == len(refused):
            return MaxDocumentSizeError(f"document {sizes[0][0]}: {sizes[0][1]}")
    return BulkError.of(
        [(document_of(proxy, made[at], "insert_many"), one) for at, one in refused.items()],
        [made[position] for position in sorted(done)],
        [document for position, document in enumerate(made) if position not in done],
    )


def _refusals(cls: type[Document], stored: list[Raw], options: Any) -> dict[int, Exception]:
    """Return which documents cannot be encoded, or are too large, and why."""
    refused: dict[int, Exception] = {}
    for position, document in enumerate(stored):
        found = in_words_of(cls, encoding.failures(document, options))
        if found:
            refused[position] = SchemaDocumentError.of(found)
        elif size_of(document, options) > MAX_BSON_SIZE:
            refused[position] = MaxDocumentSizeError(f"{cls.__name__}: {exceeding(document, options)}")
    return refused


def _stored(collection: Any, documents: list[Raw], refused: Collection[int], options: Raw) -> Flow[set[int]]:
    """Return the positions of the documents that are stored just so, of those that are not refused.

    PyMongo sends one message before it encodes the next, and does not say which: what is stored tells.
    """
    raw = collection.with_options(codec_options=_RAW)
    session = {"session": options["session"]} if "session" in options else {}
    sent = {position: document for position, document in enumerate(documents) if position not in refused}
    places = {encoded_id(document["_id"]): position for position, document in sent.items()}
    found = set()
    for some in portions(document["_id"] for document in sent.values()):
        each_stored = yield raw.find({"_id": {"$in": some}}, **session).to_list()
        if not each_stored:
            # They were sent in this order.
            break
        for one in each_stored:
            position = places[encoded_id(one["_id"])]
            with suppress(*encoding.REFUSALS):
                # What PyMongo sends begins with the key.
                document = {"_id": documents[position]["_id"], **documents[position]}
                if bson.encode(document, False, collection.codec_options) == one.raw:
                    found.add(position)
    return found


def without_large(error: BulkWriteError) -> BulkWriteError:
    """Return PyMongo's error without the documents that are too large, which would be in its text, and in each traceback."""
    refusals = error.details.get("writeErrors", ())
    if not any(refusal.get("code") in TOO_LARGE for refusal in refusals):
        return error
    shown = [{name: value for name, value in refusal.items() if name != "op"} for refusal in refusals]
    made = BulkWriteError({**error.details, "writeErrors": shown})
    return made.with_traceback(error.__traceback__)


def refuse_as_replacement(document: Document, call: str) -> None:
    """Raise PartialDocumentError for a document that was read in part, and would take the place of a whole one.

    :param call: what would write it.
    """
    refuse_part(document, call, "save(only=[…]) what was read, or reload() it first, which makes it whole")
