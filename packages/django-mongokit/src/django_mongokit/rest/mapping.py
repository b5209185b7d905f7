"""From a place in a compiled structure to the serializer field for it."""

from __future__ import annotations

import datetime
import decimal
import uuid
from collections.abc import Callable
from functools import singledispatch
from typing import Any

from bson import Decimal128, Int64, ObjectId
from rest_framework import serializers

from django_mongokit.forms.alike import as_entered
from django_mongokit.forms.keys import is_made
from django_mongokit.forms.limits import constraints_of, limits_of, may_be_empty, values_of
from django_mongokit.forms.mapping import Making
from django_mongokit.forms.messages import codes_of, field_messages
from django_mongokit.forms.stored import as_stored
from django_mongokit.rest.fields import (
    DateTimeField,
    Decimal128Field,
    DecimalField,
    FloatField,
    Int64Field,
    IntegerField,
    ObjectIdField,
)
from django_mongokit.rest.references import HyperlinkedReferenceField, ReferenceField, ReferenceListField
from django_mongokit.rest.telling import SentMessage
from django_mongokit.rest.values import JsonValueField, SetField, TupleField, ValueChoiceField
from mongokit.conversions import EnumType
from mongokit.structure import nodes
from mongokit.structure.messages import text_of
from mongokit.types import IS, OR, Set

__all__ = ["field_of", "is_required"]

Described = tuple[Callable[..., Any], dict[str, Any], dict[str, Any]]
"""The field's class, what it cannot do without, and what it checks of what is sent."""

_TYPES: dict[type, Callable[..., Any]] = {
    bool: serializers.BooleanField,
    int: IntegerField,
    float: FloatField,
    str: serializers.CharField,
    datetime.datetime: DateTimeField,
    datetime.date: serializers.DateField,
    datetime.time: serializers.TimeField,
    decimal.Decimal: DecimalField,
    uuid.UUID: serializers.UUIDField,
    ObjectId: ObjectIdField,
    Int64: Int64Field,
    Decimal128: Decimal128Field,
}
_SHOWN_DEFAULTS = (bool, int, float, str)


def field_of(node: nodes.Node, making: Making, **given: Any) -> Any:
    """Return the field for a place in a structure.

    :param given: parameters of the field, in place of those that fit. With `view_name` a reference is a URL.
    """
    if "view_name" in given:
        names = [name for name in ("view_name", "lookup_url_kwarg") if name in given]
        kind, needed, checks = _reference_by_url(node, {name: given.pop(name) for name in names})
    else:
        kind, needed, checks = _described(node, making)
    checks = {**_common(node, making), **checks}
    if making.is_key(node):
        made = is_made(node, making.defaults)
        checks |= {"required": not made, "allow_null": made}
        if "allow_blank" in checks:
            checks["allow_blank"] = made
    if given.get("read_only"):
        checks = {}
    elif "default" in given or given.get("required") is False:
        checks.pop("required", None)
    if given.get("write_only") or "initial" in given:
        checks.pop("initial", None)
    own = _messages(node, kind, {**needed, **checks})
    if own:
        given["error_messages"] = {**own, **(given.get("error_messages") or {})}
    return kind(**{**needed, **checks, **given})


_EMPTY = ("required", "null", "blank", "empty")
_LIMITS = ("min_value", "max_value", "min_length", "max_length")


def _messages(node: nodes.Node, kind: Callable[..., Any], parameters: dict[str, Any]) -> dict[str, Any]:
    """Return what the document class says of a place, as `error_messages` of its field."""
    if not node.messages:
        return {}
    codes = codes_of(kind) | (codes_of(serializers.ListSerializer) if parameters.get("many") else set())
    known = {
        **dict.fromkeys(codes - {*_LIMITS}, "invalid_type"),
        **dict.fromkeys(codes & {*_EMPTY}, "required"),
        **dict.fromkeys(codes & {*_LIMITS} & parameters.keys(), "validator"),
        **{code: code for code in codes & {"invalid_choice"}},
        **dict.fromkeys(codes & {"length"}, "invalid_length"),
    }
    return field_messages(node, known, SentMessage)


def is_required(node: nodes.Node, making: Making) -> bool:
    """Return whether a new document cannot do without a value of the client's."""
    if making.defaults.get(node.path) is not None:
        return False
    if isinstance(node, nodes.RecordNode) and node.fields:
        inner = making.below(node.path.rpartition(".")[2], node)
        return not node.unset and any(is_required(child, inner) for child in node.fields.values())
    return node.required or (node.present and not may_be_empty(node))


def _common(node: nodes.Node, making: Making) -> dict[str, Any]:
    found: dict[str, Any] = {
        "required": is_required(node, making),
        "allow_null": not (node.required or node.present),
    }
    default = None if node.absent else making.defaults.get(node.path)
    if type(default) in _SHOWN_DEFAULTS:
        found["initial"] = default
    return found


@singledispatch
def _described(node: nodes.Node, making: Making) -> Described:
    return JsonValueField, {"to_stored": as_stored(node), "to_document": as_entered(node)}, {}


@_described.register
def _(node: nodes.TypeNode, making: Making) -> Described:
    return _of_type(node, node.type)


@_described.register
def _(node: nodes.CustomNode, making: Making) -> Described:
    custom = node.custom
    if isinstance(custom, EnumType):
        return ValueChoiceField, {"values": list(custom.python_type)}, {}
    if isinstance(custom, Set):
        child = (
            field_of(_element(node, custom.structure_type), _nothing_said(making))
            if custom.structure_type
            else JsonValueField()
        )
        return SetField, {"child": child, "to_stored": as_stored(node)}, _emptiness(node)
    if any(kind in _TYPES for kind in custom.python_type.__mro__):
        return _of_type(node, custom.python_type)
    return JsonValueField, {"to_stored": as_stored(node), "to_document": as_entered(node)}, {}


def _element(node: nodes.Node, kind: type) -> nodes.Node:
    """Return the place of the elements of a set, which structures have none for."""
    text = text_of(node.messages or {}, "invalid_element")
    messages = None if text is None else {"invalid_type": text}
    return nodes.TypeNode(path=node.path, type=kind, present=True, messages=messages)


@_described.register
def _(node: nodes.OperatorNode, making: Making) -> Described:
    if isinstance(node.operator, IS):
        return ValueChoiceField, {"values": values_of(node)}, {}
    kinds = {kind for kind in node.operator if kind is not type(None)}
    if isinstance(node.operator, OR) and kinds == {int, float}:
        return JsonValueField, {"types": (int, float)}, {}
    if isinstance(node.operator, OR) and len(kinds) == 1:
        return _of_type(node, kinds.pop())
    return JsonValueField, {"to_document": as_entered(node)}, {}


@_described.register
def _(node: nodes.RecordNode, making: Making) -> Described:
    if not node.fields:
        return JsonValueField, {"kind": dict}, {}
    return making.inner_form(node, making.below(node.path.rpartition(".")[2], node)), {}, {}


@_described.register
def _(node: nodes.ListNode, making: Making) -> Described:
    item = node.item
    checks = {**_emptiness(node), **_lengths(node)}
    if isinstance(item, nodes.RecordNode) and item.fields:
        inner = making.inner_form(item, making.below(node.path.rpartition(".")[2], node))
        return inner, {"many": True}, checks
    child = field_of(item, _nothing_said(making))
    kind = ReferenceListField if isinstance(item, nodes.ReferenceNode) else serializers.ListField
    return kind, {"child": child}, checks


@_described.register
def _(node: nodes.TupleNode, making: Making) -> Described:
    return TupleField, {"items": [field_of(item, _nothing_said(making)) for item in node.items]}, {}


@_described.register
def _(node: nodes.MapNode, making: Making) -> Described:
    child = field_of(node.value, _nothing_said(making))
    return serializers.DictField, {"child": child}, _emptiness(node)


@_described.register
def _(node: nodes.ReferenceNode, making: Making) -> Described:
    return ReferenceField, {"node": node}, {}


def _reference_by_url(node: nodes.Node, urls: dict[str, Any]) -> Described:
    if isinstance(node, nodes.ListNode) and isinstance(node.item, nodes.ReferenceNode):
        child = HyperlinkedReferenceField(node=node.item, **urls)
        return ReferenceListField, {"child": child}, {**_emptiness(node), **_lengths(node)}
    if not isinstance(node, nodes.ReferenceNode):
        raise TypeError(f"{node.path} is no reference, so that view_name means nothing there")
    return HyperlinkedReferenceField, {"node": node, **urls}, {}


def _of_type(node: nodes.Node, kind: type) -> Described:
    if kind in (dict, list):
        return JsonValueField, {"kind": kind}, {}
    found = next((_TYPES[one] for one in kind.__mro__ if one in _TYPES), None)
    if found is None:
        return JsonValueField, {"types": (kind,)}, {}
    limits = limits_of(node, kind)
    limits.pop("step_size", None)  # the document checks that itself
    if found is serializers.CharField:
        limits["allow_blank"] = not (node.required or node.filled)
    return found, {}, limits


def _emptiness(node: nodes.Node) -> dict[str, Any]:
    return {"allow_empty": not (node.required or node.filled)}


def _lengths(node: nodes.Node) -> dict[str, Any]:
    found = {}
    for constraint in constraints_of(node):
        match type(constraint).__name__:
            case "MinLen":
                found["min_length"] = constraint.min_length
            case "MaxLen":
                found["max_length"] = constraint.max_length
    return found


def _nothing_said(making: Making) -> Making:
    """Return the same for elements, which have no names, and no defaults of their own."""
    return Making(type(making.options)(), {}, making.inner_form)
