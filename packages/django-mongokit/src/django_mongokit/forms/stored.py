"""What is stored for a value, to be shown: also of a value that no `CustomType` takes, since others have stored it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django_mongokit.forms.jsontext import dumps
from mongokit import Ref, Unreadable
from mongokit.structure.convert import Convert, compound, to_bson
from mongokit.structure.nodes import CustomNode, Node, ReferenceNode
from mongokit.types import CustomType

__all__ = ["as_plain", "as_stored", "text_of"]


def as_stored(node: Node) -> Convert | None:
    """Return the function from a Python value to the stored one; None where nothing differs.

    A value of another type than the declared one is what is stored already, at every depth: it is left as it is.
    """
    if isinstance(node, CustomNode):
        return _guarded(node.custom)
    if isinstance(node, ReferenceNode):
        return _tried(to_bson(node))
    return compound(node, as_stored, as_stored=True)


def _guarded(custom: CustomType) -> Convert:
    convert = _tried(custom.to_bson)

    def stored(value: Any) -> Any:
        if isinstance(value, Unreadable):
            return value.stored
        return convert(value) if isinstance(value, custom.python_type) else value

    return stored


def _tried(convert: Callable[[Any], Any] | None) -> Convert:
    def tried(value: Any) -> Any:
        try:
            return value if convert is None else convert(value)
        except Exception:  # noqa: BLE001 (a CustomType may raise whatever it likes for what is none)
            return value

    return tried


def as_plain(value: Any) -> Any:
    """Return a value with the keys of references in their place, and lists for sets: what BSON knows."""
    if isinstance(value, Ref):
        return value.id
    if isinstance(value, Unreadable):
        return value.stored
    if isinstance(value, Mapping):
        return {key: as_plain(one) for key, one in value.items()}
    return [*map(as_plain, value)] if isinstance(value, (list, tuple, set, frozenset)) else value


def text_of(value: Any, convert: Convert | None = None, indent: int | None = None) -> str:
    """Return a value as Extended JSON, converted before; what even that has no word for as Python shows it."""
    for one in (convert, as_plain):
        try:
            return dumps(value if one is None else one(value), indent)
        except Exception:  # noqa: BLE001, S112 (what is shown may be of any kind, and so may a field's converter)
            continue
    return str(value)
