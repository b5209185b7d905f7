"""The key of a document, where its class declares an `_id`: who chooses it, and when there is none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bson import ObjectId

from mongokit.structure.nodes import Node, OperatorNode, TypeNode
from mongokit.types import OR

__all__ = ["KEY", "is_blank", "is_made"]

KEY = "_id"


def is_made(node: Node, defaults: Mapping[str, Any]) -> bool:
    """Return whether a document without its key gets one: by the class's default, or an ObjectId by MongoDB."""
    if defaults.get(KEY) is not None:
        return True
    if node.required or node.filled:
        return False  # it is asked for before MongoDB could make one
    match node:
        case TypeNode():
            return issubclass(ObjectId, node.type)
        case OperatorNode() if isinstance(node.operator, OR):
            return ObjectId in node.operator
    return False


def is_blank(value: Any) -> bool:
    """Return whether a value is no key: nothing, or a text of nothing but blanks."""
    return value is None or (isinstance(value, str) and not value.strip())
