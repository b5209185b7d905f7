"""Whether a stored value is one that the field of its place can show; else it is shown as it is stored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django_mongokit.forms.stored import as_plain, as_stored
from django_mongokit.rest.values import as_json
from mongokit import Document
from mongokit.structure import nodes
from mongokit.types import Set, is_instance

__all__ = ["fits", "stored_as_json"]


def fits(node: nodes.Node, value: Any) -> bool:
    """Return whether a value is of the type that a place declares. A nested structure has fields of its own for that."""
    if value is None:
        return True
    match node:
        case nodes.TypeNode():
            return _is_of(value, node.type)
        case nodes.CustomNode():
            return _is_of(value, node.custom.python_type) and _has_its_type(node.custom, value)
        case nodes.OperatorNode():
            return _is_accepted(node, value)
        case nodes.ListNode():
            return isinstance(value, (list, tuple)) and all(fits(node.item, one) for one in value)
        case nodes.TupleNode():
            is_whole = isinstance(value, (list, tuple)) and len(value) == len(node.items)
            return is_whole and all(map(fits, node.items, value))
        case nodes.MapNode():
            return isinstance(value, Mapping) and all(fits(node.value, one) for one in value.values())
        case nodes.ReferenceNode():
            return isinstance(value, Document) or not isinstance(value, Mapping)
    return True


def _is_of(value: Any, kind: type) -> bool:
    if kind is float:
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    return is_instance(value, kind)


def _has_its_type(custom: Any, value: Any) -> bool:
    kind = custom.structure_type if isinstance(custom, Set) else None
    return kind is None or all(_is_of(one, kind) for one in value)


def _is_accepted(node: nodes.OperatorNode, value: Any) -> bool:
    try:
        return bool(node.operator.validate(value))
    except Exception:  # noqa: BLE001 (a class's own operator may stumble over what it does not expect)
        return False


def stored_as_json(node: nodes.Node | None, value: Any) -> Any:
    """Return what is stored for a value, as JSON."""
    convert = None if node is None else as_stored(node)
    return as_json(as_plain(value if convert is None else convert(value)))
