"""How one document is to be written: what is sent, under which filter, with which revision. Only planned here."""

from __future__ import annotations

import uuid as uuids
from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from pymongo import ReturnDocument

from mongokit.errors import PartialDocumentError, SchemaDocumentError, UpdateQueryError
from mongokit.guessing import meant
from mongokit.identifying import lacks_id
from mongokit.memory import value_at_each
from mongokit.operations import AtomicUpdate, Operation, Reload, shown
from mongokit.parts import check_part, unread
from mongokit.revisions import at_revision, revision_of
from mongokit.scalars import scalar, scalar_id
from mongokit.structure.nodes import bad_name, reaches
from mongokit.updates import prepared
from mongokit.writes import Delete, Insert, Replace, SetFields, Unchanged

if TYPE_CHECKING:
    from mongokit.document import Document

__all__ = [
    "check",
    "check_update",
    "identity",
    "plan_atomic_update",
    "plan_delete",
    "plan_reload",
    "plan_save",
]

D = TypeVar("D", bound="Document")
Raw = dict[str, Any]


def identity(document: Document, *, as_known: bool = False) -> Raw:
    """Return the filter that finds just this document: ``_id`` and shard key.

    :param as_known: leave out what of the shard key was not read: that will do to read it.

    Raises KeyError without ``_id``, PartialDocumentError where the shard key was not read, or a projection
    has made the ``_id``.
    """
    if document.get("_id") is None:
        raise KeyError(
            f"this {type(document).__name__} has no _id, by which it is found: it was not saved yet, or read without it"
        )
    part = None if document._memory is None else document._memory.part
    if part is not None and part.makes_id:
        raise PartialDocumentError(
            f"{shown(document)} was read with a projection that has made its _id: by that another document would be found"
        )
    found: Raw = {"_id": scalar_id(type(document), document["_id"])}
    shard_key = type(document)._shard_key
    if shard_key:
        memory = document._memory
        values = value_at_each(document._stored(), shard_key) if memory is None else memory.shard
        left_out = () if memory is None else unread(memory, shard_key)
        if left_out and not as_known:
            raise PartialDocumentError(
                f"{shown(document)} was read in part: {left_out[0]}, of the shard key, by which it is found, was not read; "
                "reload() it first, which makes it whole"
            )
        found.update(
            (path, scalar(value))
            for path, value in zip(shard_key, values, strict=True)
            if path not in left_out
        )
    return found


def check(document: Document, validate: bool | None, only: Collection[str] | None = None) -> None:
    """Validate before a save; ``validate`` overrules ``skip_validation``.

    Raises SchemaDocumentError; PartialDocumentError where a document that was read in part would be written as a whole.
    Of such a document only what is to be written must be valid.
    """
    memory = document._memory
    part = None if memory is None else memory.part
    if part is not None:
        check_part(document, part, only)
    if not (validate or (validate is None and not document.skip_validation)):
        return
    try:
        document.validate()
        if not document.raise_validation_errors and document._failures:
            raise SchemaDocumentError.of(document._failures)
    except SchemaDocumentError as error:
        if part is None or not error.failures:
            raise
        relevant = [failure for failure in error.failures if _touches(failure.path, only or ())]
        if relevant:
            raise SchemaDocumentError.of(relevant) from None


def _touches(path: str, only: Collection[str]) -> bool:
    return any(f"{path}.".startswith(f"{name}.") or f"{name}.".startswith(f"{path}.") for name in only)


def plan_save(
    document: D,
    collection: Any,
    uuid: bool = False,
    validate: bool | None = None,
    only: Iterable[str] | None = None,
    options: Raw | None = None,
) -> Operation[D]:
    """Validate, and return how the document is to be stored; the parameters are those of ``Document.save``.

    Raises SchemaDocumentError; KeyError and what ``identity`` raises; ValueError for a class with revisions where the
    server does not answer; with ``only`` ValueError for a path that is not in the structure.
    """
    cls = type(document)
    options = options or {}
    if cls.use_revision and not collection.write_concern.acknowledged:
        raise ValueError(
            f"{cls.__name__} has use_revision: save() needs the server's answer, which neither safe=False nor a write "
            f"concern of 0 ({collection.full_name}) waits for"
        )
    if only is not None and not isinstance(only, str):
        only = list(only)
    check(document, validate, only)
    if uuid and document.get("_id") is None and only is None:
        document["_id"] = f"{cls.__name__}-{uuids.uuid4()}"
    convert = cls._structure.to_bson
    stored: Raw = document if convert is None else convert(document)
    if only is not None:
        return _plan_fields(document, collection, options, stored, only)
    if cls.use_revision:
        return _plan_revision(document, collection, options, stored)
    if not lacks_id(cls, document):
        return Replace(document, collection, options, stored, filter=identity(document))
    return Insert(document, collection, options, stored)


def _plan_revision(document: D, collection: Any, options: Raw, stored: Raw) -> Operation[D]:
    """Plan to store the whole document if it is stored as it was read, one revision further."""
    before = revision_of(document)
    revision = (before or 0) + 1
    stored = {**stored, "_revision": revision}
    if lacks_id(type(document), document):
        return Insert(document, collection, options, stored, revision)
    filter_ = {**identity(document), **at_revision(before)}
    return Replace(document, collection, options, stored, revision, filter=filter_, upsert=before is None)


def _plan_fields(
    document: D, collection: Any, options: Raw, stored: Raw, only: Iterable[str]
) -> Operation[D]:
    """Plan to set these paths, and no others, in what is stored."""
    update = _changes(document, only, stored)
    if not update:
        return Unchanged(document, collection, options)
    filter_, revision = identity(document), None
    if type(document).use_revision:
        before = revision_of(document)
        filter_ |= at_revision(before)
        revision = (before or 0) + 1
        update.setdefault("$set", {})["_revision"] = revision
    return SetFields(
        document,
        collection,
        options,
        filter=filter_,
        update=update,
        stored=stored,
        only=only,
        revision=revision,
    )


def plan_delete(document: Document, collection: Any, options: Raw) -> Operation[None]:
    """Return how the document is to be deleted; raises KeyError without ``_id``."""
    return Delete(document, collection, options, identity(document))


def plan_reload(document: Document, collection: Any, options: Raw) -> Operation[None]:
    """Return how the document is to be read again; raises KeyError without ``_id``."""
    return Reload(document, collection, options, identity(document, as_known=True))


def plan_atomic_update(
    document: D, collection: Any, update: Any, validate: bool | None, options: Raw
) -> Operation[D]:
    """Return how the server is to change the document; see ``check_update`` for what is refused.

    Raises SchemaDocumentError for values that are not valid.
    """
    options.setdefault("return_document", ReturnDocument.AFTER)
    check_update(type(document), update, "update_atomic()")
    made = prepared(type(document), update, validate)
    return AtomicUpdate(document, collection, options, identity(document), made)


def _changes(document: Document, paths: Iterable[str], stored: Raw) -> Raw:
    if isinstance(paths, str):
        raise TypeError(f"save(only={paths!r}): accepted is a list of fields; write only=[{paths!r}]")
    cls, update, seen = type(document), dict[str, Raw](), list[str]()
    for path in paths:
        if path == "_id" or not (cls.use_schemaless or reaches(cls._structure.root, path)):
            raise ValueError(
                f"save(only=…): can't find {path} among what can change in structure (of {cls.__name__})"
                f"{meant(path, cls._structure.places)}"
            )
        if path in seen:
            continue
        for other in seen:
            if f"{path}.".startswith(f"{other}.") or f"{other}.".startswith(f"{path}."):
                raise ValueError(f"save(only=…): {path} and {other} lie in each other; give the outer one")
        seen.append(path)
        holder, _, name = path.rpartition(".")
        found = _at(stored, [*holder.split("."), name] if holder else [name])
        operator, value = ("$unset", "") if found is _ABSENT else ("$set", found)
        update.setdefault(operator, {})[path] = value
    return update


_ABSENT = object()


def _at(value: Any, names: Iterable[str]) -> Any:
    for name in names:
        if isinstance(value, Mapping) and name in value:
            value = value[name]
        elif isinstance(value, (list, tuple)) and name.isdecimal() and int(name) < len(value):
            value = value[int(name)]
        else:
            return _ABSENT
    return value


def check_update(cls: type[Document], update: Any, who: str) -> None:
    """Raise TypeError for what is no dict of operators, UpdateQueryError for a field that is not in the structure.

    :param who: takes the update, in a message.
    """
    if not isinstance(update, Mapping) or not update or not all(str(key).startswith("$") for key in update):
        raise TypeError(f"{who} takes a dict of operators, as {{'$inc': {{'count': 1}}}}, not {update!r}")
    for operator, changes in update.items():
        if not isinstance(changes, Mapping):
            raise TypeError(f"{who}: {operator} takes a dict of fields, not {changes!r}")
        for path, value in changes.items():
            target = value if operator == "$rename" else path
            if not isinstance(target, str):
                raise UpdateQueryError(f"{who}: {operator}: {target!r} is no path: accepted is a str")
            bad = None if operator == "$unset" else bad_name(cls._structure.root, target)
            if bad is not None:
                raise UpdateQueryError(
                    f"{who}: {operator}: {target}: the key {bad!r} must not start with '$', but to be a position in a "
                    "list ($, $[], $[name])"
                )
            if not (cls.use_schemaless or operator == "$unset" or reaches(cls._structure.root, target)):
                raise UpdateQueryError(
                    f"{who}: {operator}: can't find {target} in structure (of {cls.__name__})"
                    f"{meant(target, cls._structure.places)}"
                )
