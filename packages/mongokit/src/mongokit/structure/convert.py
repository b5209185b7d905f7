"""Between what a document holds in Python and what is stored: compiled to closures, and to None where nothing differs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mongokit.structure.parse import CustomNode, ListNode, MapNode, Node, RecordNode, TupleNode

__all__ = ["Convert", "to_bson", "to_python"]

Convert = Callable[[Any], Any]


def to_bson(node: Node) -> Convert | None:
    """Return the function from the Python value to the stored one; it copies what it changes, never writes."""
    if isinstance(node, CustomNode):
        custom = node.custom
        return lambda value: None if value is None else custom.to_bson(value)
    return _compound(node, to_bson, as_stored=True)


def to_python(node: Node) -> Convert | None:
    """Return the function from the stored value to the Python one. A value of another type is left as it is, for
    validation to name."""
    if isinstance(node, CustomNode):
        custom = node.custom
        return lambda value: custom.to_python(value) if isinstance(value, custom.mongo_type) else value
    return _compound(node, to_python, as_stored=False)


def _compound(node: Node, child: Callable[[Node], Convert | None], *, as_stored: bool) -> Convert | None:
    match node:
        case RecordNode():
            return _record(node, child, as_stored=as_stored)
        case ListNode():
            return _each(child(node.item))
        case MapNode():
            return _values(child(node.value))
        case TupleNode():
            return _positions([child(item) for item in node.items])
    return None


def _record(node: RecordNode, child: Callable[[Node], Convert | None], *, as_stored: bool) -> Convert | None:
    found = ((name, child(field)) for name, field in node.fields.items())
    converts = [(name, convert) for name, convert in found if convert is not None]
    # A dict subclass comes back from the database as a plain dict.
    container = None if as_stored or node.container is dict else node.container
    if not converts and container is None:
        return None

    def record(value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        copy = container(value) if container else dict(value) if as_stored else type(value)(value)
        for name, convert in converts:
            if name in copy:
                copy[name] = convert(copy[name])
        return copy

    return record


def _each(convert: Convert | None) -> Convert | None:
    if convert is None:
        return None
    return lambda value: [convert(item) for item in value] if isinstance(value, (list, tuple)) else value


def _values(convert: Convert | None) -> Convert | None:
    if convert is None:
        return None

    def values(value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        return type(value)({key: convert(item) for key, item in value.items()})

    return values


def _positions(converts: list[Convert | None]) -> Convert | None:
    if not any(converts):
        return None

    def positions(value: Any) -> Any:
        if not isinstance(value, (list, tuple)) or len(value) != len(converts):
            return value
        pairs = zip(converts, value, strict=True)
        return [convert(item) if convert else item for convert, item in pairs]

    return positions
