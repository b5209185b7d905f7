"""What a node asks of the value at its place, and of what is in it, as far as the node alone tells."""

from __future__ import annotations

from mongokit.structure import nodes
from mongokit.structure.path import Path

__all__ = ["is_open", "needed", "never_empty"]


def needed(node: nodes.Node, path: Path) -> list[tuple[Path, nodes.Node]]:
    """Return the required places at and below a value that is None or absent."""
    found = [(path, node)] if node.required or node.present else []
    if isinstance(node, nodes.RecordNode):
        for name, child in node.fields.items():
            found += _demanded(child, path.field(name))
    return found


def _demanded(node: nodes.Node, path: Path) -> list[tuple[Path, nodes.Node]]:
    """Return the places that are required even where what they are in is absent."""
    found = [(path, node)] if node.required else []
    if isinstance(node, nodes.RecordNode):
        for name, child in node.fields.items():
            found += _demanded(child, path.field(name))
    return found


def is_open(node: nodes.Node) -> bool:
    """Return whether the structure does not say what is in the dicts and lists that may be here."""
    match node:
        case nodes.TypeNode():
            return node.type in (list, dict)
        case nodes.OperatorNode():
            operands = node.operator.operand_types()
            return node.types is not None or not operands or not {dict, list}.isdisjoint(operands)
    return isinstance(node, nodes.AnyNode)


def never_empty(node: nodes.Node) -> bool:
    """Return whether a value of the right type is neither ``[]`` nor ``{}``."""
    return isinstance(node, nodes.ReferenceNode) or (
        isinstance(node, nodes.TypeNode) and node.type not in (list, dict)
    )
