"""What a document class declares at a dotted path."""

from __future__ import annotations

from collections.abc import Iterator

from bson import Decimal128

from mongokit import SchemaDocument
from mongokit.conversions import DecimalType
from mongokit.structure.nodes import (
    CustomNode,
    ListNode,
    Node,
    OperatorNode,
    RecordNode,
    ReferenceNode,
    TupleNode,
    TypeNode,
    join,
)

__all__ = ["is_below_list", "is_decimal", "is_unasked_key", "node_at", "python_type", "references_in"]


def node_at(document: type[SchemaDocument], path: str) -> Node | None:
    """Return the place in a class's structure that a dotted path leads to, None where there is none."""
    node: Node | None = document._structure.root
    for name in path.split("."):
        while isinstance(node, ListNode):
            node = node.item
        node = node.fields.get(name) if isinstance(node, RecordNode) else None
    return node


def is_unasked_key(document: type[SchemaDocument], name: object) -> bool:
    """Return whether a name is the key's, where nothing declares of what type it is: MongoDB makes it, nobody enters it."""
    return name in {"_id", "pk"} and node_at(document, "_id") is None


def is_below_list(document: type[SchemaDocument], path: str) -> bool:
    """Return whether a document may have several values at a path."""
    names = path.split(".")
    found = (node_at(document, ".".join(names[:end])) for end in range(1, len(names) + 1))
    return any(isinstance(node, ListNode) for node in found)


def python_type(node: Node | None) -> type | None:
    """Return the type of the values at a place, None where there are several or it is no plain one."""
    if isinstance(node, TypeNode):
        return node.type
    if isinstance(node, OperatorNode):
        kinds = {kind for kind in node.types or () if kind is not type(None)}
        return kinds.pop() if len(kinds) == 1 else None
    return None


def is_decimal(node: Node | None) -> bool:
    """Return whether the values at a place are stored as decimal numbers."""
    if isinstance(node, CustomNode):
        return isinstance(node.custom, DecimalType)
    kind = python_type(node)
    return kind is not None and issubclass(kind, Decimal128)


def references_in(node: Node, path: str) -> Iterator[tuple[str, ReferenceNode]]:
    """Yield the references in a structure, each with the path that a query has for it.

    Not those among the values of a dict with free keys, which has no path for them, and translated ones.
    """
    match node:
        case ReferenceNode():
            yield path, node
        case RecordNode():
            for name, child in node.fields.items():
                yield from references_in(child, join(path, name))
        case ListNode():
            yield from references_in(node.item, path)
        case TupleNode():
            for number, item in enumerate(node.items):
                yield from references_in(item, join(path, str(number)))
