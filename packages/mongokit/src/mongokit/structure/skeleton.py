"""The content of a new document: every declared field, with its default. Compiled to one function per class."""

from __future__ import annotations

import copy
import datetime
import decimal
import enum
import uuid
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from bson import Decimal128, Int64, ObjectId

from mongokit.dotnotation import doted
from mongokit.errors import DefaultFieldTypeError
from mongokit.structure import nodes
from mongokit.structure.convert import container_of
from mongokit.structure.defaults import Factory, absent
from mongokit.structure.referring import reference_of
from mongokit.target import is_document
from mongokit.types import CustomType, i18n

__all__ = ["Skeleton", "compile_skeleton", "fill"]

Skeleton = Callable[[], dict[str, Any]]

_IMMUTABLE = (
    *(type(None), bool, int, float, str, bytes, datetime.date, datetime.timedelta, decimal.Decimal),
    *(enum.Enum, uuid.UUID, ObjectId, Decimal128, Int64),
)


def fresh(value: Any) -> Any:
    """Return a default's value for one document: callables called, and what can be changed copied, all the way down."""
    if is_document(value) or isinstance(value, _IMMUTABLE):
        # Of a document it is a reference.
        return value
    if isinstance(value, dict):
        return container_of(type(value))({key: fresh(item) for key, item in value.items()})
    if type(value) in (list, tuple, set):
        return type(value)(fresh(item) for item in value)
    return value() if callable(value) else copy.deepcopy(value)


def blank(node: nodes.Node, nested: type[dict[str, Any]]) -> Any:
    """Return what a field holds before anybody has set it."""
    if node.unset:
        return None
    match node:
        case nodes.RecordNode():
            fields = {name: blank(child, nested) for name, child in node.fields.items() if not child.absent}
            return container_of(_container(node, nested))(fields)
        case nodes.I18nNode():
            return i18n()
        case nodes.MapNode():
            return nested()
        case nodes.ListNode():
            return node.container()
        case nodes.TupleNode():
            return [None] * len(node.items)
        case nodes.TypeNode() if node.type in (list, dict):
            return [] if node.type is list else nested()
        case nodes.CustomNode() if node.custom.init_type is not None:
            return node.custom.init_type()
    return None


def fill(node: nodes.RecordNode, value: dict[str, Any], nested: type[dict[str, Any]]) -> None:
    """Add every declared field that is missing, at every level of named fields, but for those that are to be absent."""
    for name, child in node.fields.items():
        if name not in value and child.path != "_id" and not child.absent:
            value[name] = blank(child, nested)
        elif isinstance(child, nodes.RecordNode) and isinstance(value.get(name), dict):
            fill(child, value[name], nested)


def _container(node: nodes.RecordNode, nested: type[dict[str, Any]]) -> type[dict[str, Any]]:
    return nested if node.container is dict else node.container


class _Constant:
    """A value that all documents may share."""

    def __init__(self, value: Any) -> None:
        self.value = value


Maker = _Constant | Callable[[], Any]


class _Makers:
    """Makes the functions that make the values of new documents."""

    def __init__(self, defaults: Mapping[str, Any], nested: type[dict[str, Any]]) -> None:
        self.defaults = defaults
        self.nested = nested

    def maker(self, node: nodes.Node) -> Maker:
        """Return what makes the value of a field in a new document."""
        if node.path in self.defaults:
            return self.default(node, self.defaults[node.path])
        if node.unset:
            return _Constant(None)
        match node:
            case nodes.RecordNode():
                return self.record(node, _container(node, self.nested))
            case nodes.CustomNode() if node.custom.init_type is not None:
                return node.custom.init_type
            case _:
                value = blank(node, self.nested)
                if value is None:
                    return _Constant(None)
                return partial(list, value) if value else type(value)

    def record(self, node: nodes.RecordNode, container: type[dict[str, Any]]) -> Callable[[], dict[str, Any]]:
        makers = {
            name: self.maker(child)
            for name, child in node.fields.items()
            # MongoDB gives the key; None would be one, which all new documents had.
            if not child.absent and (child.path != "_id" or "_id" in self.defaults)
        }
        template = {
            name: maker.value if isinstance(maker, _Constant) else None for name, maker in makers.items()
        }
        made_anew = [(name, maker) for name, maker in makers.items() if not isinstance(maker, _Constant)]
        wrap = None if container is dict else container_of(container)

        def make() -> dict[str, Any]:
            made = template.copy()
            for name, maker in made_anew:
                made[name] = maker()
            return made if wrap is None else wrap(made)

        return make

    def default(self, node: nodes.Node, value: Any) -> Maker:
        if _holds_absent(value):
            raise ValueError(
                f"Error in default_values: the default of {node.path} holds absent, which is the default of a whole field: "
                "give the path of what a new document is not to have"
            )
        _refuse_uncopied(node.path, value)
        if isinstance(value, Factory):
            make: Maker = value.make
        elif isinstance(value, _IMMUTABLE):
            make = _Constant(value)
        elif callable(value):
            make = value
        elif self.nested is dict or (isinstance(node, nodes.CustomNode) and type(value) not in (dict, list)):
            # What is of a type of somebody's own stays of that.
            make = partial(fresh, value)
        else:
            make = partial(_doted, value, self.nested)
        of = _value_of(make)
        if isinstance(node, nodes.ReferenceNode) and not node.eager:
            return partial(_referring, of, reference_of(node))
        if isinstance(node, nodes.CustomNode):
            return partial(_of_type, of, node.custom, node.path)
        if isinstance(node, nodes.I18nNode):
            return partial(_translated, of, node.path)
        if isinstance(node, nodes.RecordNode):
            return partial(_filled, of, node, self.nested)
        return make


def _doted(value: Any, nested: type[dict[str, Any]]) -> Any:
    return doted(fresh(value), nested)


def _refuse_uncopied(path: str, value: Any) -> None:
    """Raise ValueError for what new documents would have to share."""
    if isinstance(value, dict) and not is_document(value):
        value = list(value.values())
    if type(value) in (list, tuple, set):
        for item in value:
            _refuse_uncopied(path, item)
    elif not (callable(value) or isinstance(value, (Factory, dict, *_IMMUTABLE))):
        try:
            copy.deepcopy(value)
        except Exception as error:
            raise ValueError(
                f"Error in default_values: the default of {path} cannot be copied for each document ({error}): give a "
                "function that makes it"
            ) from error


def _holds_absent(value: Any) -> bool:
    if isinstance(value, dict):
        value = value.values()
    elif not isinstance(value, (list, tuple, set, frozenset)):
        return False
    return any(item is absent or _holds_absent(item) for item in value)


def _value_of(maker: Maker) -> Callable[[], Any]:
    return (lambda: maker.value) if isinstance(maker, _Constant) else maker


def _referring(make: Callable[[], Any], convert: Callable[[Any], Any]) -> Any:
    return convert(make())


def _of_type(make: Callable[[], Any], custom: CustomType, path: str) -> Any:
    value = make()
    if value is None or isinstance(value, custom.python_type):
        return value
    expected, found = custom.python_type.__name__, type(value).__name__
    raise DefaultFieldTypeError(f"{path} must be an instance of {expected} not {found}")


def _translated(make: Callable[[], Any], path: str) -> Any:
    value = make()
    if value is None or isinstance(value, i18n):
        return value
    if isinstance(value, dict):
        return i18n(value)
    raise DefaultFieldTypeError(
        f"{path} is translated: its default must be {{language: value}} not {value!r}"
    )


def _filled(make: Callable[[], Any], node: nodes.RecordNode, nested: type[dict[str, Any]]) -> Any:
    value = make()
    if isinstance(value, dict):
        value = container_of(_container(node, nested))(value)
        fill(node, value, nested)
    return value


def _embedded_defaults(node: nodes.RecordNode) -> dict[str, Any]:
    """Return what the classes of nested records say of their own new instances, by path from the root."""
    found: dict[str, Any] = {}
    for child in node.fields.values():
        if isinstance(child, nodes.RecordNode):
            if nodes.is_embedded(child.container):
                own: Mapping[str, Any] = vars(child.container)["_structure"].defaults
                found |= {nodes.join(child.path, path): value for path, value in own.items()}
            found = {**_embedded_defaults(child), **found}
    return found


def compile_skeleton(
    root: nodes.RecordNode, defaults: Mapping[str, Any], nested: type[dict[str, Any]]
) -> Skeleton:
    """Return the function that makes the content of a new document.

    :param defaults: dotted path -> value or callable.
    :param nested: the class of nested dicts.
    """
    return _Makers({**_embedded_defaults(root), **defaults}, nested).record(root, dict)
