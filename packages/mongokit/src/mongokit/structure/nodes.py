"""The tree of a structure: what may be at each place. Made by ``parse``, read by all that compiles."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from mongokit.structure.immutable import Immutable
from mongokit.target import Target
from mongokit.types import CustomType, SchemaOperator

__all__ = [
    "AnyNode",
    "CustomNode",
    "I18nNode",
    "ListNode",
    "MapNode",
    "Node",
    "OperatorNode",
    "RecordNode",
    "ReferenceNode",
    "TupleNode",
    "TypeNode",
    "Validator",
    "bad_name",
    "demanded",
    "descendants",
    "holds_dicts",
    "is_embedded",
    "join",
    "namespaces",
    "node_at",
    "places",
    "reaches",
]

Validator = Callable[[Any], Any]


class Node(Immutable):
    """A place in a structure. ``path`` is dotted, positions in lists left out, typed keys as ``$typename``."""

    path: str
    required: bool = False
    """Must be there, neither None nor empty, even where what it is in is absent."""
    present: bool = False
    """Must be there and not None, where what it is in is."""
    filled: bool = False
    """Must not be empty, where it is."""
    unset: bool = False
    """None in a new document, whatever it holds."""
    optional: bool = False
    """May be missing, where what it is in is there."""
    absent: bool = False
    """Missing in a new document."""
    validators: tuple[Validator, ...] = ()
    messages: Mapping[str, Any] | None = None
    """Kind of error -> what the class says of it, where it says anything."""


class TypeNode(Node):
    """An instance of one type: ``str``; ``dict`` and ``list`` are free content."""

    type: type


class AnyNode(Node):
    """An instance of any authorized type: ``None``."""

    types: tuple[type, ...]


class OperatorNode(Node):
    """What an OR, NOT or IS accepts; for NOT also one of the authorized types."""

    operator: SchemaOperator
    types: tuple[type, ...] | None


class CustomNode(Node):
    """A value that is converted on its way in and out."""

    custom: CustomType


class RecordNode(Node):
    """Named fields; values are instances of ``container``, which is dict or a subclass."""

    fields: Mapping[str, Node]
    container: type[dict[str, Any]]
    schemaless: bool = False


class ListNode(Node):
    """A list, or in Python a tuple, each element of one specification."""

    item: Node
    container: type = list


class MapNode(Node):
    """Keys that are not named beforehand, of one type; each value of one specification."""

    key: type
    value: Node


class I18nNode(MapNode):
    """A translated value: in Python languages with a value each, in the database a list of both. A record in it keeps
    its path, as the languages are none of the structure's business."""


class TupleNode(Node):
    """A list of fixed length, each element of a specification of its own."""

    items: tuple[Node, ...]
    container: type = list


class ReferenceNode(Node):
    """A reference to a document."""

    target: Target
    eager: bool = False
    """The value is the document itself, loaded with its owner; if not, a ``Ref``."""
    dbref: bool = True
    """Stored with collection and database; if not, the ``_id`` alone is."""


def is_embedded(container: type) -> bool:
    """Return whether a dict class has a structure of its own. (Importing the class here would go up the flow.)"""
    return issubclass(container, dict) and hasattr(container, "_structure")


def join(path: str, name: str) -> str:
    """Return the path of a field below a path."""
    return f"{path}.{name}" if path else name


def _children(node: Node) -> Iterator[Node]:
    match node:
        case RecordNode():
            yield from node.fields.values()
        case I18nNode():
            yield from _children(node.value)
        case MapNode():
            yield node.value
        case TupleNode():
            yield from node.items


def descendants(node: Node) -> Iterator[Node]:
    """Yield a node and all below it."""
    yield node
    match node:
        case ListNode():
            below: Iterable[Node] = (node.item,)
        case I18nNode():
            below = (node.value,)
        case _:
            below = _children(node)
    for child in below:
        yield from descendants(child)


def demanded(node: Node) -> bool:
    """Return whether a value, or one of those in it, is required even where what it is in is absent."""
    return node.required or (isinstance(node, RecordNode) and any(map(demanded, node.fields.values())))


def places(root: RecordNode) -> dict[str, Node]:
    """Return the nodes by dotted path, those inside lists too (``items.price``)."""
    found: dict[str, Node] = {}
    waiting: list[Node] = list(root.fields.values())[::-1]
    while waiting:
        node = waiting.pop()
        # The element has the path of its list: only what is below it is another place.
        found.setdefault(node.path, node)
        inner = node.value if isinstance(node, I18nNode) else node
        waiting.extend([inner.item] if isinstance(inner, ListNode) else _children(inner))
    return found


def reaches(root: RecordNode, path: str) -> bool:
    """Return whether a path of an update (``items.0.price``, ``items.$[].price``) can lead to something stored."""
    node: Node = root
    for name in path.split("."):
        in_list = name.isdecimal() or name.startswith("$")
        match node:
            case RecordNode():
                if name not in node.fields:
                    return node.schemaless
                node = node.fields[name]
            case I18nNode():
                # What is stored is a list of languages and values.
                return in_list
            case MapNode():
                node = node.value
            case ListNode():
                if not in_list:
                    return False
                node = node.item
            case TupleNode():
                if not (name.isdecimal() and int(name) < len(node.items)):
                    return False
                node = node.items[int(name)]
            case TypeNode():
                return node.type is dict or (node.type is list and in_list)
            case _:
                return True
    return True


def node_at(root: Node, path: str) -> Node | None:
    """Return the node that a path of an update (``items.0.price``, ``items.$[].price``) leads to; None where the
    structure leaves open what is there."""
    node: Node | None = root
    for name in path.split("."):
        node = None if node is None else _step(node, name)
    return node


def _step(node: Node, name: str) -> Node | None:
    match node:
        case RecordNode():
            return node.fields.get(name)
        case I18nNode():
            # What is stored is a list of languages and values.
            return None
        case MapNode():
            return node.value
        case ListNode() if name.isdecimal() or name.startswith("$"):
            return node.item
        case TupleNode() if name.isdecimal() and int(name) < len(node.items):
            return node.items[int(name)]
    return None


def bad_name(root: RecordNode, path: str) -> str | None:
    """Return what in a path of an update would be stored as a key with a leading ``$``; None where nothing would.

    ``$``, ``$[]`` and ``$[name]`` are positions, where a list is or may be.
    """
    node: Node | None = root
    for name in path.split("."):
        if name.startswith("$") and (_is_dict(node) or not re.fullmatch(_POSITION, name)):
            return name
        node = None if node is None else _step(node, name)
    return None


_POSITION = r"\$(\[\w*\])?"


def _is_dict(node: Node | None) -> bool:
    """Return whether nothing but a dict is stored there."""
    if isinstance(node, TypeNode):
        return node.type is dict
    return isinstance(node, (RecordNode, MapNode)) and not isinstance(node, I18nNode)


def holds_dicts(root: RecordNode) -> bool:
    """Return whether a document of this structure can have dicts inside."""
    waiting: list[Node] = list(root.fields.values())
    while waiting:
        match waiting.pop():
            case ListNode(item=item):
                waiting.append(item)
            case TupleNode(items=items):
                waiting.extend(items)
            case TypeNode(type=kind) if kind not in (dict, list):
                pass
            case ReferenceNode():
                pass
            case _:
                return True
    return False


def namespaces(node: Node) -> Iterator[str]:
    """Yield the dotted paths below a node, parents before children; not those inside lists, as in MongoKit."""
    if isinstance(node, TupleNode):
        return
    for child in _children(node):
        yield child.path
        yield from namespaces(child)
