"""What a document class declares at a dotted path."""

from __future__ import annotations

from mongokit import SchemaDocument
from mongokit.structure.nodes import ListNode, Node, OperatorNode, RecordNode, TypeNode

__all__ = ["is_below_list", "node_at", "python_type"]


def node_at(document: type[SchemaDocument], path: str) -> Node | None:
    """Return the place in a class's structure that a dotted path leads to, None where there is none."""
    node: Node | None = document._structure.root
    for name in path.split("."):
        while isinstance(node, ListNode):
            node = node.item
        node = node.fields.get(name) if isinstance(node, RecordNode) else None
    return node


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
