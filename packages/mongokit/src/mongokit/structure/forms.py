"""Values that may be in either form, as ids and those of updates: what is in its Python form becomes what is stored."""

from __future__ import annotations

from functools import partial
from typing import Any

from bson.dbref import DBRef

from mongokit.reference import Ref
from mongokit.structure.convert import Convert, compound
from mongokit.structure.nodes import CustomNode, Node, ReferenceNode
from mongokit.structure.referring import stored_reference
from mongokit.structure.unreadable import Unreadable
from mongokit.target import is_document
from mongokit.types import CustomType

__all__ = ["stored_form"]


def stored_form(node: Node, *, python_first: bool = False) -> Convert | None:
    """Return the function that makes of a value in either form the stored one, or None where both are the same.

    :param python_first: take for the Python form what can be either, as where both are a str; if not, for the stored one.
    """
    if isinstance(node, CustomNode):
        return _custom(node.custom, python_first=python_first)
    if isinstance(node, ReferenceNode):
        return _reference(node)
    return compound(node, partial(stored_form, python_first=python_first), as_stored=True)


def _reference(node: ReferenceNode) -> Convert:
    stored = stored_reference(node)

    def convert(value: Any) -> Any:
        if isinstance(value, Ref) or is_document(value):
            return stored(value)
        if not isinstance(value, DBRef) or node.eager or node.dbref:
            return value
        cls = node.target.find()
        # Where the class does not say that it is its home, the place is more than the id.
        is_home = cls is not None and (value.collection, value.database) in (
            (cls.__collection__, None),
            (cls.__collection__, cls.__database__),
        )
        return value.id if is_home else value

    return convert


def _custom(custom: CustomType, *, python_first: bool) -> Convert:
    kind = custom.python_type
    if not python_first and issubclass(custom.mongo_type, kind):
        return lambda value: value

    def stored(value: Any) -> Any:
        if isinstance(value, kind):
            return custom.to_bson(value)
        return value.stored if isinstance(value, Unreadable) else value

    return stored
