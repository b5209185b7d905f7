"""The text of a failure as the class words it. What is compiled calls this only where a place has ``error_messages``.

Imported only for classes that have some.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from mongokit.conversions import EnumType
from mongokit.errors import (
    AuthorizedTypeError,
    BadKeyError,
    EncodingError,
    Failure,
    RequireFieldError,
    SchemaTypeError,
    SetContentError,
    StructureError,
    shortened,
)
from mongokit.structure import nodes
from mongokit.structure.in_words import check_in_words, type_in_words
from mongokit.structure.messages import filled, text_of
from mongokit.types import IS

__all__ = ["field_name", "placeholder", "saying", "worded", "worded_at"]

Reason = Callable[..., None]

_OF_FUNCTION = {"bad_key": "invalid_key", "naive": "no_time_zone", "bad_length": "invalid_length"}
"""The kinds of failures that share their error's class with others."""
_OF_ERROR: Mapping[type[Exception], str] = MappingProxyType(
    {
        RequireFieldError: "required",
        StructureError: "unknown",
        SetContentError: "invalid_element",
        EncodingError: "unstorable",
        BadKeyError: "invalid_key",
        AuthorizedTypeError: "unauthorized_type",
        SchemaTypeError: "invalid_type",
    }
)


def worded(
    failure: Failure, node: nodes.Node | None, kind: str | None = None, name: str | None = None
) -> Failure:
    """Return a failure with the text that the class has for it, if it has one.

    :param node: the place that is wrong; None where the structure knows of none.
    :param kind: of error, where the error's class does not tell.
    :param name: of the field that is wrong, where that is none of the structure's.
    """
    if node is None or not node.messages:
        return failure
    known = kind or _kind(node, failure.error)
    text = text_of(node.messages, known)
    if text is None:
        return failure

    def value_of(placeholder_name: str) -> str:
        match placeholder_name:
            case "path":
                return failure.path
            case "value":
                return shortened(failure.value)
            case "field" if name is not None:
                return name
        return placeholder(node, known, placeholder_name)

    return failure._replace(message=filled(text, value_of), is_own=True)


def placeholder(node: nodes.Node, kind: str, name: str) -> str:
    """Return what is known of a place without a document: its path as declared, its field, what it accepts."""
    match name:
        case "path":
            return node.path
        case "field":
            return field_name(node.path)
    return _accepted(node, kind)


def worded_at(root: nodes.RecordNode, failure: Failure) -> Failure:
    """Return a failure with the text that a class has for the place to which its path leads, or comes nearest."""
    found: nodes.Node = root
    for name in failure.path.split("."):
        child = nodes.node_at(found, name)
        if child is None:
            break
        found = child
    return worded(failure, found)


def saying(function: Reason, node: nodes.Node) -> Reason:
    """Return a function of ``reasons`` or ``keys`` that words the failures it adds."""
    if function.__name__ == "bad_fields":
        return _saying_of_fields(function, node)
    kind = _OF_FUNCTION.get(function.__name__)

    def said(failures: list[Failure], *arguments: Any) -> None:
        before = len(failures)
        function(failures, *arguments)
        for position in range(before, len(failures)):
            failures[position] = worded(failures[position], node, kind)

    return said


def _saying_of_fields(function: Reason, node: Any) -> Reason:
    def said(failures: list[Failure], path: str, *arguments: Any) -> None:
        before = len(failures)
        function(failures, path, *arguments)
        for position in range(before, len(failures)):
            failure = failures[position]
            name = failure.path[len(path) + 1 :] if path else failure.path
            child = node.fields.get(name)
            failures[position] = (
                worded(failure, node, "unknown", name) if child is None else worded(failure, child, "missing")
            )

    return said


def _kind(node: nodes.Node, error: type[Exception]) -> str:
    # What the types of users raise may be of any class.
    found = next((_OF_ERROR[cls] for cls in error.__mro__ if cls in _OF_ERROR), "validator")
    return "invalid_choice" if found == "invalid_type" and _is_choice(node) else found


def _is_choice(node: nodes.Node) -> bool:
    match node:
        case nodes.OperatorNode():
            return isinstance(node.operator, IS)
        case nodes.CustomNode():
            return isinstance(node.custom, EnumType)
    return False


def field_name(path: str) -> str:
    """Return the last name in a declared path, typed keys left out."""
    return next((name for name in reversed(path.split(".")) if not name.startswith("$")), "")


def _accepted(node: nodes.Node, kind: str) -> str:
    if isinstance(node, nodes.CustomNode) and isinstance(node.custom, EnumType):
        return " or ".join(repr(member.value) for member in node.custom.python_type)
    match kind, node:
        case "unknown", nodes.RecordNode():
            return ", ".join(node.fields)
        case "unauthorized_type", nodes.AnyNode():
            return ", ".join(sorted(one.__name__ for one in node.types if one is not type(None)))
        case "validator", nodes.Node() if node.validators:
            return ", ".join(check_in_words(validator, node) for validator in node.validators)
    return type_in_words(node)
