"""What ``find_one_and_replace`` and ``find_and_modify`` of a class send: validated, in stored forms, with the revision
counted; and what is said where the server refuses it."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Never

from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument
from pymongo.errors import OperationFailure, PyMongoError

from mongokit.errors import MaxDocumentSizeError, SchemaDocumentError
from mongokit.flow import Flow
from mongokit.history import refuse_unkept
from mongokit.operations import INTERNAL_ERROR, REFUSALS, TOO_LARGE, explaining
from mongokit.revisions import replacing, revision_of
from mongokit.sizes import MAX_BSON_SIZE, exceeding, is_update, most_of, size_of
from mongokit.updates import prepared

if TYPE_CHECKING:
    from mongokit.proxy_base import ProxyBase

__all__ = ["CHANGE_REFUSALS", "modification", "refusing", "replacing_call"]

Raw = dict[str, Any]

_PARAMETERS = ("projection", "sort", "upsert", "return_document", "hint", "session", "let", "comment")
"""Of PyMongo's ``find_one_and_replace``, behind filter and replacement."""
_PARAMETERS_OF_UPDATE = (*_PARAMETERS[:4], "array_filters", *_PARAMETERS[4:])
_FINDING = ("sort", "hint", "session", "collation", "let")
"""Options that have a say in which document it is."""

_RAW: CodecOptions[RawBSONDocument] = CodecOptions(document_class=RawBSONDocument)
CHANGE_REFUSALS = (*REFUSALS, OperationFailure)
"""What a change of one document can be refused with, for ``refusing``."""


def replacing_call(
    proxy: ProxyBase[Any],
    replacement: Any,
    args: tuple[Any, ...],
    options: Raw,
    validate: bool | None,
) -> tuple[Any, Any, Raw, Any]:
    """Return the method of a collection that replaces one document, what it is called with behind the filter, the
    options, and what of it may be impossible to encode."""
    refuse_unkept(proxy._obj_class, "find_one_and_replace", options)
    named = {**dict(zip(_PARAMETERS, args, strict=False)), **options}
    reader: Any = proxy._reader
    if not isinstance(replacement, Mapping) or _starts_as_update(replacement):
        # PyMongo names it.
        return reader.find_one_and_replace, replacement, named, replacement
    made, stored = _replacement(proxy, replacement, validate, "find_one_and_replace")
    return (
        (reader.find_one_and_update if isinstance(made, list) else reader.find_one_and_replace),
        made,
        named,
        stored,
    )


def modification(
    proxy: ProxyBase[Any], args: tuple[Any, ...], options: Mapping[str, Any], validate: bool | None
) -> tuple[tuple[Any, ...], Raw, Any]:
    """Return the arguments of ``find_and_modify`` as they are to be passed on, and what of the update may be impossible to
    encode."""
    cls = proxy._obj_class
    options = dict(options)
    update = args[1] if len(args) > 1 else options.get("update")
    refuse_unkept(cls, "find_and_modify", options, is_storing=update is not None)
    if update is not None and not is_update(update):
        made, sent = _replacement(proxy, update, validate, "find_and_modify")
    else:
        made = sent = prepared(cls, update, validate)
    if len(args) > 1:
        return (args[0], made, *args[2:]), options, sent
    return args, {**options, "update": made}, sent


def refusing(
    proxy: ProxyBase[Any],
    error: Exception,
    filter: Any,
    sent: Any,
    args: tuple[Any, ...],
    options: Mapping[str, Any],
) -> Flow[Never]:
    """Raise what ``save()`` would about what a server has refused to do with one document, whichever it is.

    :param error: one of CHANGE_REFUSALS.
    :param sent: the update, or what was to be the document.
    :param args: behind filter and update, as PyMongo's ``find_one_and_update`` takes them.

    Where a document has become too large, what is stored is read, to say how large that was: the embedded server says no
    more of it than that something went wrong.
    """
    if isinstance(error, OperationFailure) and (error.code in TOO_LARGE or error.code == INTERNAL_ERROR):
        larger = yield from _grown(proxy, error, filter, sent, args, options)
        if larger is not None:
            raise larger from error
    with explaining(proxy._obj_class, proxy.collection, sent):
        raise error


def _grown(
    proxy: ProxyBase[Any],
    error: OperationFailure,
    filter: Any,
    sent: Any,
    args: tuple[Any, ...],
    options: Mapping[str, Any],
) -> Flow[MaxDocumentSizeError | None]:
    """Return the error for an update that would have made what it found too large; None where that is not the reason."""
    codec = proxy.collection.codec_options
    added = 0 if sent is None else size_of(sent, codec)
    name = proxy._obj_class.__name__
    if added > MAX_BSON_SIZE:
        return MaxDocumentSizeError(f"{name}: {exceeding(sent, codec)}")
    named = {**dict(zip(_PARAMETERS_OF_UPDATE, args, strict=False)), **options}
    found = {option: named[option] for option in _FINDING if named.get(option) is not None}
    stored = None
    with suppress(PyMongoError):
        # In a transaction that has failed nothing can be read.
        stored = yield proxy.collection.with_options(codec_options=_RAW).find_one(filter, **found)
    before = 0 if stored is None else len(stored.raw)
    if before + added <= MAX_BSON_SIZE and error.code not in TOO_LARGE:
        return None
    if stored is None:
        return MaxDocumentSizeError(f"{name}: {exceeding(sent, codec)}")
    return MaxDocumentSizeError(
        f"{name} {stored['_id']!r}: it has {before} bytes as BSON, and this update {added}; MongoDB takes {MAX_BSON_SIZE}. "
        f"{most_of(sent, codec, 'the update')}"
    )


def _replacement(
    proxy: ProxyBase[Any], given: Mapping[str, Any], validate: bool | None, call: str
) -> tuple[Any, Raw]:
    """Return what takes the place of a document: its stored form, or, where the class has revisions, the stages that
    put it there; and the stored form in any case. Raises what ``bulk_write`` raises for a ReplaceOne, without the position."""
    from mongokit.bulk import (
        document_of,
        refuse_as_replacement,
        stored_document,
    )  # which needs what needs this module

    cls = proxy._obj_class
    document = document_of(proxy, given, call)
    refuse_as_replacement(document, f"{call}()")
    if not cls.skip_validation if validate is None else validate:
        document.validate()
        if not document.raise_validation_errors and document._failures:
            raise SchemaDocumentError.of(document._failures)
    stored = stored_document(document, revision_of(document) or 0)
    return (replacing(stored) if cls.use_revision else stored), stored


def _starts_as_update(given: Mapping[str, Any]) -> bool:
    """Return whether PyMongo takes it for operators, and not for a document: it looks at the first key alone."""
    return str(next(iter(given), "")).startswith("$")
