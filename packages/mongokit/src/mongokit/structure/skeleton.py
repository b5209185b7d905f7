"""The content of a new document: every declared field, with its default. Compiled to one expression per class."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from typing import Any

from bson import Decimal128, Int64, ObjectId

from mongokit.errors import DefaultFieldTypeError
from mongokit.structure.parse import CustomNode, ListNode, MapNode, Node, RecordNode, TupleNode, TypeNode
from mongokit.types import CustomType

__all__ = ["Skeleton", "compile_skeleton", "fill"]

Skeleton = Callable[[], dict[str, Any]]

_IMMUTABLE = (type(None), bool, int, float, str, bytes, datetime.datetime, ObjectId, Decimal128, Int64)


def fresh(value: Any) -> Any:
    """Return a default's value for one document: callables called, lists and dicts copied, all the way down."""
    if isinstance(value, dict):
        return type(value)((key, fresh(item)) for key, item in value.items())
    if isinstance(value, (list, tuple, set)):
        return type(value)(fresh(item) for item in value)
    return value() if callable(value) else value


def blank(node: Node, nested: type[dict[str, Any]]) -> Any:
    """Return what a field holds before anybody has set it."""
    match node:
        case RecordNode():
            fields = {name: blank(child, nested) for name, child in node.fields.items()}
            return _container(node, nested)(fields)
        case MapNode():
            return nested()
        case ListNode():
            return []
        case TupleNode():
            return [None] * len(node.items)
        case TypeNode() if node.type in (list, dict):
            return [] if node.type is list else nested()
        case CustomNode() if node.custom.init_type is not None:
            return node.custom.init_type()
    return None


def fill(node: RecordNode, value: dict[str, Any], nested: type[dict[str, Any]]) -> None:
    """Add every declared field that is missing, at every level of named fields."""
    for name, child in node.fields.items():
        if name not in value:
            value[name] = blank(child, nested)
        elif isinstance(child, RecordNode) and isinstance(value[name], dict):
            fill(child, value[name], nested)


def _container(node: RecordNode, nested: type[dict[str, Any]]) -> type[dict[str, Any]]:
    return nested if node.container is dict else node.container


def _of_type(value: Any, custom: CustomType, path: str) -> Any:
    if value is None or isinstance(value, custom.python_type):
        return value
    expected, found = custom.python_type.__name__, type(value).__name__
    raise DefaultFieldTypeError(f"{path} must be an instance of {expected} not {found}")


class _Writer:
    def __init__(self, defaults: Mapping[str, Any], nested: type[dict[str, Any]]) -> None:
        self.defaults = defaults
        self.nested = nested
        self.names: dict[str, Any] = {"fresh": fresh, "of_type": _of_type, "filled": self._filled}

    @staticmethod
    def _filled(node: RecordNode, value: Any, nested: type[dict[str, Any]]) -> Any:
        if isinstance(value, dict):
            value = _container(node, nested)(value)
            fill(node, value, nested)
        return value

    def name(self, value: Any) -> str:
        name = f"x{len(self.names)}"
        self.names[name] = value
        return name

    def expression(self, node: Node) -> str:
        """Return the source of the value of a field in a new document."""
        if node.path in self.defaults:
            return self.default(node, self.defaults[node.path])
        match node:
            case RecordNode():
                return self.wrapped(node, self.record(node))
            case TypeNode() | MapNode() | ListNode() | TupleNode() | CustomNode():
                value = blank(node, self.nested)
                if value is None:
                    return "None"
                if isinstance(node, CustomNode):
                    return f"{self.name(node.custom.init_type)}()"
                if isinstance(value, dict) and self.nested is not dict:
                    return f"{self.name(self.nested)}()"
                return repr(value)
        return "None"

    def record(self, node: RecordNode) -> str:
        fields = (f"{name!r}: {self.expression(child)}" for name, child in node.fields.items())
        return "{" + ", ".join(fields) + "}"

    def wrapped(self, node: RecordNode, source: str) -> str:
        container = _container(node, self.nested)
        return source if container is dict else f"{self.name(container)}({source})"

    def default(self, node: Node, value: Any) -> str:
        if isinstance(value, _IMMUTABLE):
            source = self.name(value)
        elif callable(value):
            source = f"{self.name(value)}()"
        else:
            source = f"fresh({self.name(value)})"
        if isinstance(node, CustomNode):
            return f"of_type({source}, {self.name(node.custom)}, {node.path!r})"
        if isinstance(node, RecordNode):
            return f"filled({self.name(node)}, {source}, {self.name(self.nested)})"
        return source


def compile_skeleton(root: RecordNode, defaults: Mapping[str, Any], nested: type[dict[str, Any]]) -> Skeleton:
    """Return the function that makes the content of a new document.

    :param defaults: dotted path -> value or callable.
    :param nested: the class of nested dicts.
    """
    writer = _Writer(defaults, nested)
    source = f"lambda: {writer.record(root)}"
    skeleton: Skeleton = eval(compile(source, "<skeleton>", "eval"), writer.names)  # noqa: S307 (our own source)
    return skeleton
