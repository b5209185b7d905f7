"""The values of an update, checked against the structure as far as its paths tell where they go.

The operators are MongoDB's: https://www.mongodb.com/docs/manual/reference/mql/update/ describes them. Values may be in
either form; those to be stored are checked as what they become when the document is read.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from bson import DBRef, Decimal128, Timestamp

from mongokit.errors import (
    BadKeyError,
    Failure,
    RequireFieldError,
    SchemaDocumentError,
    SchemaTypeError,
    StructureError,
    shortened,
)
from mongokit.reference import Ref
from mongokit.revisions import counted
from mongokit.scalars import is_plain
from mongokit.structure import nodes
from mongokit.structure.compile import PartCheck, compile_part
from mongokit.structure.convert import to_python
from mongokit.structure.keys import bad_keys
from mongokit.structure.own_words import in_own_words
from mongokit.structure.referring import is_place, leads_elsewhere
from mongokit.structure.rules import Rules
from mongokit.types import IS
from mongokit.update_forms import stored_update

if TYPE_CHECKING:
    from mongokit.document import Document

__all__ = ["prepared", "wrong_values"]

_NUMBERS = (int, float, Decimal128)
_MOMENTS = {
    "date": datetime.datetime(2000, 1, 1, tzinfo=datetime.UTC),
    "timestamp": Timestamp(0, 0),
}
"""What ``$currentDate`` sets."""


def prepared(cls: type[Document], update: Any, validate: bool | None) -> Any:
    """Return an update as it is to be sent: values as they are stored, the revision counted.

    Raises SchemaDocumentError for what is wrong with the values; ``validate`` overrules ``skip_validation``. An
    aggregation pipeline is not looked into: only the server knows what it makes.
    """
    failures: list[Failure] = []
    made = stored_update(cls, update, failures)
    if isinstance(made, Mapping) and (not cls.skip_validation if validate is None else validate):
        failures = failures or wrong_values(cls, made)
    if failures:
        raise SchemaDocumentError.of(failures)
    return counted(cls, made)


def wrong_values(cls: type[Document], update: Mapping[str, Any]) -> list[Failure]:
    """Return what the operators of an update would make of documents of a class that is not valid."""
    failures: list[Failure] = []
    for operator, changes in update.items():
        look = _LOOKS.get(operator)
        if look is None or not isinstance(changes, Mapping):
            # What it is the server says, and of others nothing can be known.
            continue
        for path, value in changes.items():
            if not isinstance(path, str):
                failures.append(
                    Failure(str(path), BadKeyError, f"{operator}: the path {path!r} is no str", path)
                )
                continue
            written = value if operator == "$rename" else path
            bad = nodes.bad_name(cls._structure.root, written) if isinstance(written, str) else None
            if bad is None or operator == "$unset":
                look(cls, path, value, failures)
            else:
                message = (
                    f"{written}: the key {bad!r} must not start with '$', but to be a position in a list"
                )
                failures.append(Failure(written, BadKeyError, message, bad))
    return failures


def _set(cls: type[Document], path: str, value: Any, failures: list[Failure]) -> None:
    node = nodes.node_at(cls._structure.root, path)
    if node is None:
        if isinstance(value, (dict, list, tuple)):
            bad_keys(failures, path, value)
        return
    _value(cls, node, path, value, failures)


def _push(cls: type[Document], path: str, value: Any, failures: list[Failure]) -> None:
    """Check the elements that are added to a list: those of ``$each``, or one."""
    node = nodes.node_at(cls._structure.root, path)
    several = isinstance(value, Mapping) and "$each" in value
    added = value["$each"] if several else [value]
    if not isinstance(added, (list, tuple)):
        failures.append(_wrong_type(f"{path}.$each", "a list", added))
        return
    if isinstance(node, nodes.ListNode):
        for position, element in enumerate(added):
            place = f"{path}.$each.{position}" if several else path
            _value(cls, node.item, place, element, failures)
    elif isinstance(node, nodes.TupleNode):
        message = f"{path} has {len(node.items)} elements, and takes no more"
        failure = Failure(path, SchemaTypeError, message, value)
        failures.append(in_own_words(failure, node, "invalid_length"))
    elif node is None:
        bad_keys(failures, path, list(added))
    else:
        # A Set, or no list at all, which is then said.
        _value(cls, _bare(node), path, list(added), failures)


def _count(cls: type[Document], path: str, value: Any, failures: list[Failure]) -> None:
    """Check a number by which what is stored is changed: it is of the field's type, and no value of the field."""
    node = nodes.node_at(cls._structure.root, path)
    if not isinstance(value, _NUMBERS) or isinstance(value, bool):
        failures.append(in_own_words(_wrong_type(path, "a number", value), node))
        return
    if isinstance(node, nodes.CustomNode) or (
        isinstance(node, nodes.OperatorNode) and isinstance(node.operator, IS)
    ):
        # What comes of it only the server knows.
        return
    if node is not None and not (isinstance(node, nodes.TypeNode) and node.type is Decimal128):
        _value(cls, _bare(node), path, value, failures)


def _now(cls: type[Document], path: str, value: Any, failures: list[Failure]) -> None:
    kind = value.get("$type") if isinstance(value, Mapping) else "date"
    node = nodes.node_at(cls._structure.root, path)
    if node is not None and kind in _MOMENTS:
        _value(cls, _bare(node), path, _MOMENTS[kind], failures)


def _unset(cls: type[Document], path: str, value: Any, failures: list[Failure]) -> None:
    root = cls._structure.root
    node = nodes.node_at(root, path)
    holder, _, name = path.rpartition(".")
    around = nodes.node_at(root, holder) if holder else root
    if node is None or not isinstance(around, (nodes.RecordNode, nodes.ListNode, nodes.TupleNode)):
        # What structure does not name nobody misses.
        return
    if not isinstance(around, nodes.RecordNode):
        # It leaves a gap: other elements keep their positions.
        _value(cls, node, path, None, failures)
    elif node.required or node.present:
        failures.append(in_own_words(Failure(path, RequireFieldError, f"{path} is required"), node))
    elif not (cls.use_schemaless or around.schemaless or node.optional or (not holder and name == "_id")):
        failure = Failure(path, StructureError, f"missed fields in {cls.__name__}: {path}")
        failures.append(in_own_words(failure, node, "missing"))


Look = Callable[["type[Document]", str, Any, list[Failure]], None]

_LOOKS: Mapping[str, Look] = MappingProxyType(
    {
        **dict.fromkeys(("$set", "$setOnInsert", "$min", "$max"), _set),
        **dict.fromkeys(("$push", "$addToSet"), _push),
        **dict.fromkeys(("$inc", "$mul"), _count),
        **dict.fromkeys(("$unset", "$rename"), _unset),
        "$currentDate": _now,
    }
)


def _value(cls: type[Document], node: nodes.Node, path: str, value: Any, failures: list[Failure]) -> None:
    """Check one value that is to be stored."""
    if (
        isinstance(node, nodes.CustomNode)
        and value is not None
        and not isinstance(value, node.custom.mongo_type)
    ):
        kind = type(node.custom).__name__
        expected = f"a {node.custom.mongo_type.__name__}, as {kind} stores it"
        failures.append(in_own_words(_wrong_type(path, expected, value), node))
        return
    convert, check = _checker(node, cls._structure.rules)
    try:
        read = value if convert is None or value is None else convert(value)
    except Exception as error:  # noqa: BLE001 (whatever a user's type raises is a failure of this value)
        failure = Failure(path, SchemaTypeError, f"{path}: {str(error) or type(error).__name__}", value)
        failures.append(in_own_words(failure, node))
        return
    check(read, path, failures)


@lru_cache(maxsize=4096)
def _checker(node: nodes.Node, rules: Rules) -> tuple[Callable[[Any], Any] | None, PartCheck]:
    stored = _as_stored(node)
    return to_python(stored), compile_part(stored, rules)


@lru_cache(maxsize=4096)
def _bare(node: nodes.Node) -> nodes.Node:
    """Return a node that only asks for the type."""
    return node.but(required=False, present=False, filled=False, validators=())


def _as_stored(node: nodes.Node) -> nodes.Node:
    """Return a node with the DBRefs that are stored in the place of documents that are loaded with their owner."""
    match node:
        case nodes.ReferenceNode(eager=True):
            return nodes.TypeNode(
                path=node.path,
                type=DBRef,
                required=node.required,
                present=node.present,
                validators=(_Leading(node),),
                messages=node.messages,
            )
        case nodes.ReferenceNode(dbref=False):
            return node.but(validators=(*node.validators, _Leading(node)))
        case nodes.RecordNode():
            return node.but(fields={name: _as_stored(child) for name, child in node.fields.items()})
        case nodes.MapNode():
            return node.but(value=_as_stored(node.value))
        case nodes.ListNode():
            return node.but(item=_as_stored(node.item))
        case nodes.TupleNode():
            return node.but(items=tuple(map(_as_stored, node.items)))
    return node


class _Leading:
    """Validates where a DBRef leads that takes the place of a document, or of its id."""

    def __init__(self, node: nodes.ReferenceNode) -> None:
        self._node = node

    def __call__(self, value: Any) -> bool:
        place = value.place if isinstance(value, Ref) else (value.collection, value.database)
        if place is None:
            return True
        name, eager = self._node.target.name, self._node.eager
        if eager and not (is_place(*place) and is_plain(value.id)):
            raise ValueError(f"%s must refer to a document of {name}; {shortened(value)} can lead to none")
        if leads_elsewhere(self._node, *place):
            raise ValueError(f"%s leads to {place[0]}, where no document of {name} is looked for")
        owner = self._node.target.owner
        if eager and place[1] is None and not getattr(owner, "force_autorefs_current_db", True):
            raise ValueError(
                "%s is a DBRef without a database, which cannot be loaded: use document.get_dbref()"
            )
        return True


def _wrong_type(path: str, expected: str, value: Any) -> Failure:
    return Failure(path, SchemaTypeError, f"{path} must be {expected}, not {type(value).__name__}", value)
