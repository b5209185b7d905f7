"""Between what a document holds in Python and what is stored: compiled to closures, and to None where nothing differs."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from bson import DatetimeMS, Regex

from mongokit.errors import shortened
from mongokit.structure import nodes
from mongokit.structure.referring import reference_of, stored_reference
from mongokit.structure.unreadable import Unreadable
from mongokit.types import OR, CustomType, i18n

__all__ = ["Convert", "adopt", "compound", "container_of", "to_bson", "to_python"]

Convert = Callable[[Any], Any]

_STORED = {"lang", "value"}
"""The fields of one language of a translated value."""


def container_of(kind: type[dict[str, Any]]) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    """Return what makes an instance of a dict class of a mapping; of one with a structure, without its constructor."""
    if not nodes.is_embedded(kind):
        return lambda content: kind(content)

    def make(content: Mapping[str, Any]) -> dict[str, Any]:
        made = kind.__new__(kind)
        dict.update(made, content)
        return made

    return make


def to_bson(node: nodes.Node, *, keeps: bool = False) -> Convert | None:
    """Return the function from the Python value to the stored one; it copies what it changes, never writes.

    :param keeps: there may be values that could not be read.
    """
    if isinstance(node, nodes.CustomNode):
        custom = node.custom
        if keeps:
            return lambda value: (
                None
                if value is None
                else value.stored
                if type(value) is Unreadable
                else custom.to_bson(value)
            )
        return lambda value: None if value is None else custom.to_bson(value)
    if isinstance(node, nodes.ReferenceNode):
        return stored_reference(node)
    return compound(node, partial(to_bson, keeps=keeps), as_stored=True)


def to_python(node: nodes.Node, owner: str = "a document", *, keeps: bool = False) -> Convert | None:
    """Return the function from the stored value to the Python one. A value of another type is left as it is, for
    validation to name.

    :param owner: the class, for a note to what a custom type raises.
    :param keeps: leave an Unreadable in place of what a custom type raises for, instead of raising.
    """
    if isinstance(node, nodes.CustomNode):
        return _read_or_keep(node.custom) if keeps else _read(node.custom, f"{owner}: {node.path}")
    if isinstance(node, (nodes.TypeNode, nodes.OperatorNode)):
        return _read_as(node)
    if isinstance(node, nodes.ReferenceNode):
        # An eager one has to be asked for: that is a step of its own.
        return None if node.eager else reference_of(node)
    return compound(node, partial(to_python, owner=owner, keeps=keeps), as_stored=False)


def _read_as(node: nodes.TypeNode | nodes.OperatorNode) -> Convert | None:
    """Return what makes the declared type of one that PyMongo reads as another; None for all other types."""
    if isinstance(node, nodes.TypeNode):
        kinds = {node.type}
    else:
        kinds = set(node.operator) if isinstance(node.operator, OR) else set()
    if re.Pattern in kinds and Regex not in kinds:
        return _pattern
    if DatetimeMS in kinds and datetime.datetime not in kinds:
        return lambda value: DatetimeMS(value) if isinstance(value, datetime.datetime) else value
    return None


def _pattern(value: Any) -> Any:
    try:
        return value.try_compile() if isinstance(value, Regex) else value
    except re.error:
        # One of the server's, which has words that Python does not know: it is accepted as it is.
        return value


def _read(custom: CustomType, place: str) -> Convert:
    kind = custom.mongo_type

    def read(value: Any) -> Any:
        try:
            return custom.to_python(value) if isinstance(value, kind) else value
        except Exception as error:
            name = type(custom).__name__
            error.add_note(f"{place}: {name}.to_python() cannot read what is stored: {shortened(value)}")
            raise

    return read


def _read_or_keep(custom: CustomType) -> Convert:
    kind = custom.mongo_type

    def read(value: Any) -> Any:
        try:
            return custom.to_python(value) if isinstance(value, kind) else value
        except Exception as error:  # noqa: BLE001 (whatever a user's type raises: it is said by validation)
            return Unreadable(value, error)

    return read


def adopt(node: nodes.Node) -> Convert | None:
    """Return the function that makes of a Python value what the structure says: embedded classes of dicts, references
    of documents and ids. In place, but for the top."""
    match node:
        case nodes.ReferenceNode():
            return None if node.eager else reference_of(node)
        case nodes.RecordNode():
            return _adopt_record(node)
        case nodes.ListNode():
            item = adopt(node.item)
            return item and (lambda value: _replaced(value, lambda _: item))
        case nodes.MapNode():
            inner = adopt(node.value)
            return inner and (lambda value: _replaced(value, lambda _: inner))
        case nodes.TupleNode():
            converts = [adopt(item) for item in node.items]
            return (
                (lambda value: _replaced(value, lambda i: converts[i] if i < len(converts) else None))
                if any(converts)
                else None
            )
    return None


def _adopt_record(node: nodes.RecordNode) -> Convert | None:
    converts = {name: convert for name, child in node.fields.items() if (convert := adopt(child)) is not None}
    make = container_of(node.container) if nodes.is_embedded(node.container) else None
    if not converts and make is None:
        return None

    def record(value: Any) -> Any:
        if make is not None and isinstance(value, dict) and not isinstance(value, node.container):
            value = make(value)
        return _replaced(value, converts.get) if isinstance(value, dict) else value

    return record


def _replaced(value: Any, convert_of: Callable[[Any], Convert | None]) -> Any:
    """Convert what a dict or list holds, each by its key or position; a tuple with changes is made anew."""
    if not isinstance(value, (dict, list, tuple)):
        return value
    changed = {}
    for key, item in value.items() if isinstance(value, dict) else enumerate(value):
        convert = convert_of(key)
        new = item if convert is None else convert(item)
        if new is not item:
            changed[key] = new
    if isinstance(value, tuple):
        return tuple(changed.get(i, item) for i, item in enumerate(value)) if changed else value
    for key, new in changed.items():
        value[key] = new
    return value


def compound(
    node: nodes.Node, child: Callable[[nodes.Node], Convert | None], *, as_stored: bool
) -> Convert | None:
    """Return the function that converts what a node consists of, each as ``child`` says; None where nothing differs."""
    match node:
        case nodes.RecordNode():
            return _record(node, child, as_stored=as_stored)
        case nodes.ListNode():
            return _each(child(node.item), list if as_stored else node.container)
        case nodes.I18nNode():
            return (
                _languages_to_bson(child(node.value))
                if as_stored
                else _languages_to_python(child(node.value))
            )
        case nodes.MapNode():
            return _values(child(node.value))
        case nodes.TupleNode():
            return _positions([child(item) for item in node.items], list if as_stored else node.container)
    return None


def _languages_to_bson(convert: Convert | None) -> Convert:
    def stored(value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        return [
            {"lang": language, "value": spoken if convert is None else convert(spoken)}
            for language, spoken in value.items()
        ]

    return stored


def _languages_to_python(convert: Convert | None) -> Convert:
    def spoken(value: Any) -> Any:
        if isinstance(value, list) and all(isinstance(one, dict) and one.keys() == _STORED for one in value):
            pairs = {one["lang"]: one["value"] for one in value}
        elif isinstance(value, dict):
            pairs = value
        else:
            return value
        if convert is not None:
            pairs = {language: convert(one) for language, one in pairs.items()}
        return pairs if isinstance(pairs, i18n) else i18n(pairs)

    return spoken


def _record(
    node: nodes.RecordNode, child: Callable[[nodes.Node], Convert | None], *, as_stored: bool
) -> Convert | None:
    found = ((name, child(field)) for name, field in node.fields.items())
    converts = [(name, convert) for name, convert in found if convert is not None]
    # A dict subclass comes back from the database as a plain dict.
    container = None if as_stored or node.container is dict else node.container
    if not converts and container is None:
        return None
    make = container_of(container) if container else None
    if not converts and container is not None and nodes.is_embedded(container):
        return _embedded(container)

    def record(value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        if container is not None and isinstance(value, container):
            if not converts:
                return value
            copy = container_of(type(value))(value)
        elif make is not None:
            copy = make(value)
        else:
            copy = dict(value) if as_stored else type(value)(value)
        for name, convert in converts:
            if name in copy:
                copy[name] = convert(copy[name])
        return copy

    return record


def _embedded(container: type[dict[str, Any]]) -> Convert:
    """Return what makes instances of a class of which nothing has to be converted: it is called for each element."""
    new = container.__new__

    def embedded(value: Any) -> Any:
        if isinstance(value, container) or not isinstance(value, dict):
            return value
        made = new(container)
        made |= value
        return made

    return embedded


def _each(convert: Convert | None, kind: type) -> Convert | None:
    if kind is tuple:
        if convert is None:
            return lambda value: tuple(value) if type(value) is list else value
        return lambda value: tuple(map(convert, value)) if isinstance(value, (list, tuple)) else value
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


def _positions(converts: list[Convert | None], kind: type) -> Convert | None:
    if not any(converts):
        return _each(None, kind)

    def positions(value: Any) -> Any:
        if not isinstance(value, (list, tuple)) or len(value) != len(converts):
            return value
        pairs = zip(converts, value, strict=True)
        return kind(convert(item) if convert else item for convert, item in pairs)

    return positions
