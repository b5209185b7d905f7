"""From a declared ``structure`` to a tree of nodes: what is not understood is said here, with class and path."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from mongokit.errors import BadKeyError, StructureError
from mongokit.types import NOT, CustomType, SchemaOperator, Set

__all__ = [
    "AnyNode",
    "CustomNode",
    "ListNode",
    "MapNode",
    "Node",
    "OperatorNode",
    "RecordNode",
    "TupleNode",
    "TypeNode",
    "find_node",
    "holds_dicts",
    "namespaces",
    "parse_structure",
]

Validator = Callable[[Any], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A place in a structure. ``path`` is dotted, positions in lists left out, typed keys as ``$typename``."""

    path: str
    required: bool = False
    validators: tuple[Validator, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeNode(Node):
    """An instance of one type: ``str``; ``dict`` and ``list`` are free content."""

    type: type


@dataclass(frozen=True, slots=True, kw_only=True)
class AnyNode(Node):
    """An instance of any authorized type: ``None``."""

    types: tuple[type, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorNode(Node):
    """What an OR, NOT or IS accepts; for NOT also one of the authorized types."""

    operator: SchemaOperator
    types: tuple[type, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomNode(Node):
    """A value that is converted on its way in and out."""

    custom: CustomType


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordNode(Node):
    """Named fields; values are instances of ``container``, which is dict or a subclass."""

    fields: Mapping[str, Node]
    container: type[dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListNode(Node):
    """A list, each element of one specification."""

    item: Node


@dataclass(frozen=True, slots=True, kw_only=True)
class MapNode(Node):
    """Keys that are not named beforehand, of one type; each value of one specification."""

    key: type
    value: Node


@dataclass(frozen=True, slots=True, kw_only=True)
class TupleNode(Node):
    """A list of fixed length, each element of a specification of its own."""

    items: tuple[Node, ...]


def join(path: str, name: str) -> str:
    """Return the path of a field below a path."""
    return f"{path}.{name}" if path else name


@dataclass(frozen=True, slots=True)
class _Parser:
    owner: str
    types: tuple[type, ...]
    required: frozenset[str]
    validators: Mapping[str, tuple[Validator, ...]]

    def parse(self, spec: Any, path: str, *, element: bool = False) -> Node:
        """Return the node of a specification; an element shares its list's path but not its descriptors."""
        node = self._node(spec, path)
        if element:
            return node
        return replace(node, required=path in self.required, validators=self.validators.get(path, ()))

    def _node(self, spec: Any, path: str) -> Node:
        match spec:
            case None:
                return AnyNode(path=path, types=self.types)
            case CustomType():
                self._check_custom(spec, path)
                return CustomNode(path=path, custom=spec)
            case SchemaOperator():
                for kind in spec.operand_types():
                    self._authorize(kind, path)
                return OperatorNode(
                    path=path, operator=spec, types=self.types if isinstance(spec, NOT) else None
                )
            case dict():
                return self._mapping(spec, path)
            case list():
                if len(spec) > 1:
                    raise StructureError(
                        f"{self.owner}: {path}: {spec!r} has {len(spec)} elements; accepted are [] and [T]. "
                        "A list of fixed length is a tuple: (A, B)"
                    )
                item = self.parse(spec[0] if spec else None, path, element=True)
                return ListNode(path=path, item=item)
            case tuple():
                if not spec:
                    raise StructureError(
                        f"{self.owner}: {path}: an empty tuple holds nothing; write (A, B, ...)"
                    )
                items = tuple(
                    self.parse(item, join(path, str(i)), element=True) for i, item in enumerate(spec)
                )
                return TupleNode(path=path, items=items)
            case type():
                return self._type(spec, path)
        raise TypeError(f"{self.owner}: {path}: {spec!r} is not a type")

    def _type(self, spec: type, path: str) -> TypeNode:
        # By duck: a document class has a structure. (Importing it here would go up the flow.)
        if issubclass(spec, dict) and hasattr(spec, "structure"):
            raise StructureError(
                f"{self.owner}: {path}: references to documents ({spec.__name__}) are not supported yet; "
                "store the _id (ObjectId), or give the nested structure"
            )
        if issubclass(spec, CustomType):
            raise StructureError(f"{self.owner}: {path}: {spec.__name__} is a class; write {spec.__name__}()")
        self._authorize(spec, path)
        return TypeNode(path=path, type=spec)

    def _authorize(self, spec: Any, path: str) -> None:
        if not isinstance(spec, type):
            raise TypeError(f"{self.owner}: {path}: {spec!r} is not a type")
        if spec not in self.types:
            accepted = ", ".join(sorted(kind.__name__ for kind in self.types))
            raise StructureError(
                f"{self.owner}: {spec} is not an authorized type (at {path}). "
                f"Accepted are {accepted}, and what is added to authorized_types"
            )

    def _check_custom(self, spec: CustomType, path: str) -> None:
        for name in ("mongo_type", "python_type"):
            if not isinstance(getattr(spec, name), type):
                raise TypeError(f"{self.owner}: {path}: {type(spec).__name__}.{name} must be a type")
        if isinstance(spec, Set) and spec.structure_type is not None:
            self._authorize(spec.structure_type, path)

    def _mapping(self, spec: dict[Any, Any], path: str) -> Node:
        typed = [key for key in spec if isinstance(key, type)]
        if typed and len(spec) > 1:
            raise StructureError(
                f"{self.owner}: {path or 'structure'}: the key {typed[0].__name__} stands for every key, "
                "so it must be the only one"
            )
        if typed:
            key = typed[0]
            self._authorize(key, path)
            return MapNode(path=path, key=key, value=self.parse(spec[key], join(path, f"${key.__name__}")))
        for key in spec:
            if not isinstance(key, str):
                raise StructureError(
                    f"{self.owner}: {path or 'structure'}: the key {key!r} must be a str or a type, "
                    f"not {type(key).__name__}"
                )
            if "." in key or key.startswith("$") or "\0" in key:
                raise BadKeyError(
                    f"{self.owner}: {join(path, key)}: a key must not contain '.' or a null character, "
                    "or start with '$'"
                )
        fields = {str(key): self.parse(value, join(path, key)) for key, value in spec.items()}
        return RecordNode(path=path, fields=MappingProxyType(fields), container=type(spec))


def parse_structure(
    owner: str,
    structure: Mapping[str, Any],
    *,
    types: Sequence[type],
    required: Sequence[str] = (),
    validators: Mapping[str, tuple[Validator, ...]] | None = None,
) -> RecordNode:
    """Return the tree for a structure; raises StructureError, BadKeyError, TypeError with class and path."""
    if not isinstance(structure, dict):
        raise StructureError(f"{owner}: structure must be a dict, not {type(structure).__name__}")
    concrete = tuple(kind for kind in types if not issubclass(kind, CustomType))
    parser = _Parser(owner, concrete, frozenset(required), validators or {})
    node = parser.parse(structure, "", element=True)
    if not isinstance(node, RecordNode):
        raise StructureError(
            f"{owner}: structure: the fields of a document must be named; a type as key is for below"
        )
    return node


def _children(node: Node) -> Iterator[Node]:
    match node:
        case RecordNode():
            yield from node.fields.values()
        case MapNode():
            yield node.value
        case TupleNode():
            yield from node.items


def find_node(root: RecordNode, path: str) -> Node | None:
    """Return the node of a dotted path, looking into lists too (``items.price``), or None."""
    waiting: list[Node] = [root]
    while waiting:
        node = waiting.pop()
        if node.path == path and node is not root:
            return node
        if isinstance(node, ListNode):
            # The element has the path of its list: only what is below it is another place.
            waiting.extend(_children(node.item) if not isinstance(node.item, ListNode) else [node.item])
        waiting.extend(_children(node))
    return None


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
