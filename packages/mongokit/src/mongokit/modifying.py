"""What ``find_one_and_replace`` and ``find_and_modify`` of a class send: validated, in stored forms, with the revision
counted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mongokit.errors import SchemaDocumentError
from mongokit.history import refuse_unkept
from mongokit.revisions import replacing, revision_of
from mongokit.updates import prepared

if TYPE_CHECKING:
    from mongokit.proxy_base import ProxyBase

__all__ = ["modification", "replacing_call"]

Raw = dict[str, Any]

_PARAMETERS = ("projection", "sort", "upsert", "return_document", "hint", "session", "let", "comment")
"""Of PyMongo's ``find_one_and_replace``, behind filter and replacement."""


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
    if isinstance(update, Mapping) and not _is_update(update):
        made, sent = _replacement(proxy, update, validate, "find_and_modify")
    else:
        made = sent = prepared(cls, update, validate)
    if len(args) > 1:
        return (args[0], made, *args[2:]), options, sent
    return args, {**options, "update": made}, sent


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


def _is_update(given: Mapping[str, Any]) -> bool:
    return any(str(key).startswith("$") for key in given)
