"""What a place in a structure says of its values, beside their type: limits, choices, whether they may be empty."""

from __future__ import annotations

import decimal
from collections.abc import Iterable
from typing import Any

from mongokit.conversions import EnumType
from mongokit.structure.defaults import Factory
from mongokit.structure.nodes import CustomNode, ListNode, MapNode, Node, OperatorNode, TypeNode
from mongokit.types import IS, Set

__all__ = ["constraints_of", "is_empty", "limits_of", "may_be_empty", "values_of"]


def is_empty(default: Any) -> bool:
    """Return whether a default is an empty text, list or dict, or makes one."""
    kind = default.make if isinstance(default, Factory) else default
    if any(kind is one for one in (str, list, dict, set, tuple)):
        return True
    return isinstance(default, (str, list, dict, set, tuple)) and not default


def may_be_empty(node: Node) -> bool:
    """Return whether a new document has an empty list or dict at a place, rather than None."""
    match node:
        case ListNode() | MapNode():
            return True
        case TypeNode():
            return node.type in (list, dict)
        case CustomNode():
            return isinstance(node.custom, Set)
    return False


def values_of(node: Node) -> list[Any]:
    """Return the values that a node lets one choose from."""
    if isinstance(node, OperatorNode) and isinstance(node.operator, IS):
        return [value for value in node.operator if value is not None]
    if isinstance(node, CustomNode) and isinstance(node.custom, EnumType):
        return list(node.custom.python_type)
    return []


def constraints_of(node: Node) -> Iterable[Any]:
    """Yield the constraints of `annotated_types` that a place is annotated with."""
    for validator in node.validators:
        constraint = getattr(validator, "constraint", None)
        if constraint is not None:
            yield constraint


_NUMBERS = (int, float, decimal.Decimal)


def limits_of(node: Node, kind: type) -> dict[str, Any]:
    """Return what a node's constraints are in the terms of Django's fields; the document checks the rest itself."""
    found: dict[str, Any] = {}
    number, whole = issubclass(kind, _NUMBERS), issubclass(kind, int)
    for constraint in constraints_of(node):
        match type(constraint).__name__:
            case "Ge" if number:
                found["min_value"] = constraint.ge
            case "Le" if number:
                found["max_value"] = constraint.le
            case "Gt" if whole and isinstance(constraint.gt, int):
                found["min_value"] = constraint.gt + 1
            case "Lt" if whole and isinstance(constraint.lt, int):
                found["max_value"] = constraint.lt - 1
            case "MultipleOf" if whole:
                found["step_size"] = constraint.multiple_of
            case "MinLen" if issubclass(kind, str):
                found["min_length"] = constraint.min_length
            case "MaxLen" if issubclass(kind, str):
                found["max_length"] = constraint.max_length
    return found
