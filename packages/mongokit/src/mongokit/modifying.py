"""What ``find_one_and_replace`` and ``find_and_modify`` of a class send: stored forms, with the revision counted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mongokit.history import refuse_unkept
from mongokit.revisions import replacing
from mongokit.target import is_document
from mongokit.updates import prepared

if TYPE_CHECKING:
    from mongokit.document import Document

__all__ = ["modification", "replacement_of", "replacing_call"]

Raw = dict[str, Any]

_PARAMETERS = ("projection", "sort", "upsert", "return_document", "hint", "session", "let", "comment")
"""Of PyMongo's ``find_one_and_replace``, behind filter and replacement."""


def replacing_call(
    reader: Any, cls: type[Document], replacement: Any, args: tuple[Any, ...], options: Mapping[str, Any]
) -> tuple[Any, Any, Raw]:
    """Return the method of a collection that replaces one document, what it is called with behind the filter, and the
    options."""
    made = replacement_of(cls, replacement)
    named = {**dict(zip(_PARAMETERS, args, strict=False)), **options}
    return (
        (reader.find_one_and_update if isinstance(made, list) else reader.find_one_and_replace),
        made,
        named,
    )


def modification(
    cls: type[Document], args: tuple[Any, ...], options: Mapping[str, Any], validate: bool | None
) -> tuple[tuple[Any, ...], Raw, Any]:
    """Return the arguments of ``find_and_modify`` as they are to be passed on, and the update among them."""
    options = dict(options)
    update = args[1] if len(args) > 1 else options.get("update")
    refuse_unkept(cls, "find_and_modify", options, is_storing=update is not None)
    if isinstance(update, Mapping) and not _is_update(update):
        made = replacement_of(cls, update)
    else:
        made = prepared(cls, update, validate)
    if len(args) > 1:
        return (args[0], made, *args[2:]), options, made
    return args, {**options, "update": made}, made


def replacement_of(cls: type[Document], given: Any) -> Any:
    """Return what takes the place of a document: its stored form, or, where the class has revisions, the stages that
    put it there. What is no replacement stays, for PyMongo to name."""
    stored = given._stored() if is_document(given) else given
    if not cls.use_revision or not isinstance(stored, Mapping) or _is_update(stored):
        return stored
    return replacing(stored)


def _is_update(given: Mapping[str, Any]) -> bool:
    return any(str(key).startswith("$") for key in given)
