"""How one document is written: under which filter, with which revision, and what is said when it was refused."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import pymongo.collection
from pymongo import errors as pymongo_errors
from pymongo.errors import DocumentTooLarge, OperationFailure, WriteError

from mongokit import encoding
from mongokit.errors import (
    DuplicateKeyError,
    MaxDocumentSizeError,
    SchemaDocumentError,
    StaleDocumentError,
    UpdateQueryError,
)
from mongokit.memory import value_at
from mongokit.proxy import scalar
from mongokit.structure.nodes import RecordNode, reaches

if TYPE_CHECKING:
    from mongokit.document import Document

__all__ = [
    "REFUSALS",
    "atomic_update",
    "identity",
    "missing",
    "replace_revision",
    "shown",
    "translated",
    "write_fields",
]

Raw = dict[str, Any]
RawCollection = pymongo.collection.Collection[Raw]

BSON_OBJECT_TOO_LARGE = 10334
"""MongoDB's error code."""
REFUSALS = (*encoding.REFUSALS, DocumentTooLarge, WriteError)
"""What a write can raise that is about the document."""


def identity(document: Document) -> Raw:
    """Return the filter that finds just this document: ``_id`` and shard key; raises KeyError without ``_id``."""
    found: Raw = {"_id": scalar(document["_id"])}
    shard_key = type(document)._shard_key
    if shard_key:
        memory = document._memory
        if memory is None:
            convert = type(document)._structure.to_bson
            stored = document if convert is None else convert(document)
            values = tuple(value_at(stored, path) for path in shard_key)
        else:
            values = memory.shard
        found.update((path, scalar(value)) for path, value in zip(shard_key, values, strict=True))
    return found


def shown(document: Document) -> str:
    """Return the name of a document in a message."""
    return f"{type(document).__name__} {document.get('_id')!r}"


def replace_revision(document: Document, stored: Raw, collection: RawCollection, options: Raw) -> None:
    """Store the whole document if it is stored as it was read, one revision further; raises StaleDocumentError."""
    revision = document.get("_revision")
    if "_id" not in document:
        collection.insert_one(stored, **options)
        return
    try:
        result = collection.replace_one(
            {**identity(document), **_at_revision(revision)}, stored, upsert=revision is None, **options
        )
    except pymongo_errors.DuplicateKeyError as error:
        # It was to be inserted, as none was found without a revision: there is one with a revision.
        if revision is None and (error.details or {}).get("keyPattern") == {"_id": 1}:
            raise _stale(document) from error
        raise
    if revision is not None and not result.matched_count:
        raise _stale(document)


def write_fields(
    document: Document, paths: Iterable[str], stored: Raw, collection: RawCollection, options: Raw
) -> int | None:
    """Set these paths, and no others, in what is stored; returns the new revision, where there are revisions.

    Raises ValueError for a path that is not in the structure, OperationFailure where the document is not stored,
    StaleDocumentError.
    """
    update = _changes(document, paths, stored)
    if not update:
        return None
    filter_, revision = identity(document), None
    if type(document).use_revision:
        filter_ |= _at_revision(document.get("_revision"))
        revision = (document.get("_revision") or 0) + 1
        update.setdefault("$set", {})["_revision"] = revision
    result = collection.update_one(filter_, update, **options)
    if result.acknowledged and not result.matched_count:
        raise missing("save", document) if revision is None else _stale(document)
    return revision


def _changes(document: Document, paths: Iterable[str], stored: Raw) -> Raw:
    if isinstance(paths, str):
        raise TypeError(f"save(only={paths!r}): accepted is a list of fields; write only=[{paths!r}]")
    cls, update, seen = type(document), dict[str, Raw](), list[str]()
    for path in paths:
        if path == "_id" or not (cls.use_schemaless or reaches(cls._structure.root, path)):
            raise ValueError(
                f"save(only=…): can't find {path} among what can change in structure (of {cls.__name__})"
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


def atomic_update(document: Document, update: Any) -> Raw:
    """Return an update that keeps to the structure, and counts the revision where there are revisions.

    Raises TypeError for what is no dict of operators, UpdateQueryError for a field that is not in the structure.
    """
    cls = type(document)
    if not isinstance(update, Mapping) or not update or not all(str(key).startswith("$") for key in update):
        raise TypeError(
            f"update_atomic() takes a dict of operators, as {{'$inc': {{'count': 1}}}}, not {update!r}"
        )
    for operator, changes in update.items():
        if not isinstance(changes, Mapping):
            raise TypeError(f"update_atomic(): {operator} takes a dict of fields, not {changes!r}")
        _check_fields(cls.__name__, cls._structure.root, operator, changes, schemaless=cls.use_schemaless)
    made = dict(update)
    if cls.use_revision:
        made["$inc"] = {**update.get("$inc", {}), "_revision": 1}
    return made


def _check_fields(
    owner: str, root: RecordNode, operator: str, changes: Mapping[str, Any], *, schemaless: bool
) -> None:
    for path, value in changes.items():
        target = value if operator == "$rename" else path
        if schemaless or operator == "$unset" or reaches(root, target):
            continue
        raise UpdateQueryError(f"update_atomic(): {operator}: can't find {target} in structure (of {owner})")


def _at_revision(revision: int | None) -> Raw:
    return {"_revision": {"$exists": False} if revision is None else scalar(revision)}


def _stale(document: Document) -> StaleDocumentError:
    revision = document.get("_revision")
    return StaleDocumentError(
        f"{shown(document)} has been changed or deleted since it was read (at revision {revision}). "
        "reload() it, make the change again, and save()"
    )


def missing(action: str, document: Document) -> OperationFailure:
    """Return the error for a document that is not stored."""
    return OperationFailure(f"cannot {action} {shown(document)}: it is not in the database")


def translated(
    error: Exception, document: Document, stored: Any, collection: RawCollection
) -> Exception | None:
    """Return the error that names field and document, or None where PyMongo's says all there is."""
    name = type(document).__name__
    if isinstance(error, pymongo_errors.DuplicateKeyError):
        return DuplicateKeyError.of(name, error)
    if isinstance(error, DocumentTooLarge) or getattr(error, "code", None) == BSON_OBJECT_TOO_LARGE:
        # PyMongo complains of some, and leaves others to the server.
        return MaxDocumentSizeError(f"{name}: {error}")
    if isinstance(error, encoding.REFUSALS):
        found = encoding.failures(stored, collection.codec_options)
        return SchemaDocumentError.of(found) if found else None
    return None
