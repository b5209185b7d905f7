"""Values that may be in either form, as ids and those of updates: what is in its Python form becomes what is stored."""

from __future__ import annotations

from functools import partial

from mongokit.reference import Ref
from mongokit.structure.convert import Convert, compound
from mongokit.structure.nodes import CustomNode, Node, ReferenceNode
from mongokit.structure.referring import stored_reference
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
        stored = stored_reference(node)
        return lambda value: stored(value) if isinstance(value, Ref) or is_document(value) else value
    return compound(node, partial(stored_form, python_first=python_first), as_stored=True)


def _custom(custom: CustomType, *, python_first: bool) -> Convert:
    kind = custom.python_type
    if not python_first and issubclass(custom.mongo_type, kind):
        return lambda value: value
    return lambda value: custom.to_bson(value) if isinstance(value, kind) else value
