"""What a place takes and checks, in words."""

from __future__ import annotations

import inspect
from pathlib import PurePath
from typing import Any

from mongokit.structure import nodes
from mongokit.structure.constraints import Constraint
from mongokit.types import IS, NOT, OR

__all__ = ["check_in_words", "name_of", "type_in_words"]


def type_in_words(node: nodes.Node) -> str:
    """Return the type of a value in words."""
    match node:
        case nodes.TypeNode():
            return node.type.__name__
        case nodes.AnyNode():
            return "anything"
        case nodes.OperatorNode():
            return _operator(node.operator)
        case nodes.CustomNode():
            custom = node.custom
            name = repr(custom) if "__repr__" in vars(type(custom)) else type(custom).__name__
            return f"{custom.python_type.__name__} ({name}, stored as {custom.mongo_type.__name__})"
        case nodes.RecordNode():
            return node.container.__name__ if nodes.is_embedded(node.container) else "fields"
        case nodes.ListNode():
            return f"{node.container.__name__} of {type_in_words(node.item)}"
        case nodes.I18nNode():
            return f"{type_in_words(node.value)} in each language"
        case nodes.MapNode():
            return f"{node.key.__name__} -> {type_in_words(node.value)}"
        case nodes.TupleNode():
            return f"({', '.join(map(type_in_words, node.items))})"
        case nodes.ReferenceNode():
            return f"reference to {node.target.name}"
    return type(node).__name__.removesuffix("Node").lower()


def _operator(operator: Any) -> str:
    match operator:
        case OR():
            return " or ".join(kind.__name__ for kind in operator)
        case NOT():
            names = " nor ".join(kind.__name__ for kind in operator)
            return f"neither {names}" if " nor " in names else f"not {names}"
        case IS():
            return " or ".join(map(repr, operator))
    return str(operator)


def check_in_words(validator: Any, node: nodes.Node) -> str:
    """Return what a validator asks for, or its name."""
    if isinstance(validator, Constraint):
        kind = node.type if isinstance(node, nodes.TypeNode) else object
        return validator.text_for(kind).removeprefix("be ").removeprefix("have ")
    return name_of(validator)


def name_of(function: Any) -> str:
    """Return the name of a function; of one that has none, where it is."""
    name = getattr(function, "__name__", None) or type(function).__name__
    if name != "<lambda>":
        return str(name)
    code = inspect.unwrap(function).__code__
    return f"lambda at {PurePath(code.co_filename).name}:{code.co_firstlineno}"
