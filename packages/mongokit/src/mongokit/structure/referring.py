"""The references of a document: which values are one, how they are stored, and how all of them are visited."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from bson import Binary, Decimal128, ObjectId, Timestamp
from bson.dbref import DBRef

from mongokit.errors import Failure, SchemaTypeError, shortened
from mongokit.reference import Ref, made
from mongokit.scalars import is_plain
from mongokit.structure.nodes import (
    CustomNode,
    ListNode,
    MapNode,
    Node,
    RecordNode,
    ReferenceNode,
    TupleNode,
    TypeNode,
)
from mongokit.target import Target, is_document
from mongokit.types import called

__all__ = [
    "Visit",
    "Walk",
    "accepts",
    "bad_reference",
    "is_place",
    "leads_elsewhere",
    "reference_of",
    "stored_reference",
    "walk",
]

Parts = tuple[Any, ...]
Visit = Callable[[Any, ReferenceNode, Parts], Any]
"""Takes the value of a reference that is not None, its node, and its path in the document; returns the new value."""
Walk = Callable[[Any, Parts, Visit], Any]

_IDS = (ObjectId, str, int, uuid.UUID, bytes, Binary, datetime.datetime, Decimal128, float, Timestamp)


def reference_of(node: ReferenceNode) -> Callable[[Any], Any]:
    """Return what makes a ``Ref`` of a document, a DBRef or an id. What is none of them stays, for validation to name."""
    target = node.target

    def convert(value: Any) -> Any:
        if isinstance(value, Ref):
            return value.retargeted(target) if value.target is not target and _leads(value, target) else value
        return made(target, value) if _may_be_reference(value, node) else value

    return convert


def stored_reference(node: ReferenceNode) -> Callable[[Any], Any]:
    """Return what makes the stored form of a reference."""
    target, dbref = node.target, node.dbref

    def convert(value: Any) -> Any:
        if value is None or (isinstance(value, DBRef) and (dbref or node.eager)):
            return value
        return (value if isinstance(value, Ref) else made(target, value)).stored(dbref=dbref)

    return convert


def accepts(node: ReferenceNode) -> Callable[[Any], bool]:
    """Return the test of a value, which may be None or anything."""
    target = node.target
    if node.eager:
        return lambda value: is_document(value) and target.accepts(type(value))

    def accepted(value: Any) -> bool:
        if isinstance(value, Ref):
            if value.loaded is None:
                place = value.place
                leads = _leads(value, target) and is_plain(value.stored_id)
                return leads and (_is_id(value.id, node) if place is None else is_place(*place))
            value = value.loaded
        if is_document(value):
            return target.accepts(type(value)) and value.get("_id") is not None
        if isinstance(value, DBRef):
            return is_place(value.collection, value.database) and is_plain(value.id)
        return _is_id(value, node)

    return accepted


def is_place(collection: Any, database: Any) -> bool:
    """Return whether a collection of documents can have this name, in a database of this name (or in the same one).

    https://www.mongodb.com/docs/manual/reference/limits/#naming-restrictions
    """
    if not (isinstance(collection, str) and collection and _NOT_IN_COLLECTIONS.isdisjoint(collection)):
        return False
    if collection != collection.strip(".") or ".." in collection:
        return False
    return database is None or (
        isinstance(database, str) and 1 <= len(database) <= 63 and _NOT_IN_DATABASES.isdisjoint(database)
    )


_NOT_IN_COLLECTIONS = frozenset("\0$")
_NOT_IN_DATABASES = frozenset('\0/\\. "$')


def leads_elsewhere(node: ReferenceNode, collection: str, database: str | None) -> bool:
    """Return whether a place is certainly none of the class of a reference: what the class does not say may be."""
    cls = node.target.find()
    if cls is None:
        return False
    return cls.__collection__ not in (None, collection) or (
        database is not None and cls.__database__ not in (None, database)
    )


def _leads(reference: Ref[Any], target: Target) -> bool:
    """Return whether a reference to one document can be one to this class."""
    if reference.is_spec or reference.target is target:
        return not reference.is_spec
    given = reference.target.given
    return given == target.name if isinstance(given, str) else target.accepts(given)


def _may_be_reference(value: Any, node: ReferenceNode) -> bool:
    if isinstance(value, dict):
        return is_document(value) or _is_id(value, node)
    if isinstance(value, (*_IDS, DBRef)):
        return not isinstance(value, bool)
    return isinstance(_declared_id(node), CustomNode) and _is_id(value, node)


def _declared_id(node: ReferenceNode) -> Node | None:
    cls = node.target.find()
    return None if cls is None else cls._structure.fields.get("_id")


def _is_id(value: Any, node: ReferenceNode) -> bool:
    declared = _declared_id(node)
    if isinstance(declared, CustomNode):
        # In either form; a mongo_type of object says nothing.
        return isinstance(value, declared.custom.python_type) or (
            isinstance(value, declared.custom.mongo_type) and isinstance(value, _IDS)
        )
    if isinstance(declared, TypeNode):
        return isinstance(value, declared.type) and (declared.type is not int or not isinstance(value, bool))
    if isinstance(declared, RecordNode) and isinstance(value, dict) and not is_document(value):
        return not any(str(key).startswith("$") for key in value)
    return isinstance(value, _IDS) and not isinstance(value, bool)


def bad_reference(failures: list[Failure], path: str, node: ReferenceNode, value: Any) -> None:
    """Add what is wrong with a value that is not accepted."""
    name = node.target.name
    found = value.loaded if isinstance(value, Ref) and value.loaded is not None else value
    if is_document(found) and node.target.accepts(type(found)):
        message = f"{path} refers to {_a(name)} that has no _id yet: save it first"
    elif is_document(found):
        message = f"{path} must be an instance of {name} not {type(found).__name__}"
    elif isinstance(found, Ref):
        message = f"{path} must refer to {_a(name)}; this is {found!r}"
    elif node.eager:
        message = f"{path} must be an instance of {name} not {called(type(found))}"
    else:
        message = (
            f"{path} must refer to {_a(name)}: accepted are a document, a Ref, and an _id; "
            f"not {'dict' if isinstance(found, dict) else type(found).__name__} {shortened(found)}"
        )
    failures.append(Failure(path, SchemaTypeError, message, value))


def _a(name: str) -> str:
    return f"{'an' if name[:1] in 'AEIOUaeiou' else 'a'} {name}"


def walk(node: Node) -> Walk | None:
    """Return what visits the references in a value, and puts in their place what the visits return.

    Dicts and lists are changed in place; a tuple that changes is made anew. None where there are no references.
    """
    match node:
        case ReferenceNode():
            return lambda value, parts, visit: None if value is None else visit(value, node, parts)
        case RecordNode():
            return _fields({name: found for name, child in node.fields.items() if (found := walk(child))})
        case MapNode():
            inner = walk(node.value)
            return inner and _entries(lambda _: inner)
        case ListNode():
            item = walk(node.item)
            return item and _entries(lambda _: item)
        case TupleNode():
            items = [walk(item) for item in node.items]
            return _entries(lambda i: items[i] if i < len(items) else None) if any(items) else None
    return None


def _fields(walks: Mapping[str, Walk]) -> Walk | None:
    if not walks:
        return None

    def fields(value: Any, parts: Parts, visit: Visit) -> Any:
        if isinstance(value, dict):
            for name, inner in walks.items():
                old = value.get(name)
                if old is not None:
                    new = inner(old, (*parts, name), visit)
                    if new is not old:
                        value[name] = new
        return value

    return fields


def _entries(walk_of: Callable[[Any], Walk | None]) -> Walk:
    def entries(value: Any, parts: Parts, visit: Visit) -> Any:
        if not isinstance(value, (dict, list, tuple)):
            return value
        changed = {}
        for key, old in value.items() if isinstance(value, dict) else enumerate(value):
            inner = walk_of(key)
            new = old if inner is None else inner(old, (*parts, key), visit)
            if new is not old:
                changed[key] = new
        if isinstance(value, tuple):
            return tuple(changed.get(i, old) for i, old in enumerate(value)) if changed else value
        for key, new in changed.items():
            value[key] = new
        return value

    return entries
