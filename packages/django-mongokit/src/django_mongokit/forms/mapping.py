"""From a place in a compiled structure to the form field for it."""

from __future__ import annotations

import datetime
import decimal
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import singledispatch
from typing import Any

from bson import Code, Decimal128, Int64, ObjectId
from django import forms
from django.forms.utils import pretty_name

from django_mongokit.forms.alike import as_entered
from django_mongokit.forms.choices import ValueChoiceField, ValueMultipleChoiceField
from django_mongokit.forms.fields import JsonField, JsonListField, JsonValueField
from django_mongokit.forms.formsets import FormSetField
from django_mongokit.forms.jsontext import PLAIN_TYPES
from django_mongokit.forms.keys import KEY, is_made
from django_mongokit.forms.limits import constraints_of, is_empty, limits_of, may_be_empty, values_of
from django_mongokit.forms.messages import form_messages
from django_mongokit.forms.nested import NestedField
from django_mongokit.forms.options import DocumentFormOptions
from django_mongokit.forms.referred import ReferenceField, ReferenceListField, reference_in, referred_class
from django_mongokit.forms.scalars import (
    CharField,
    DateField,
    DateTimeField,
    Decimal128Field,
    DecimalField,
    FloatField,
    Int64Field,
    IntegerField,
    ObjectIdField,
    TimeField,
)
from django_mongokit.forms.stored import as_stored
from mongokit.conversions import EnumType
from mongokit.structure import nodes
from mongokit.structure.defaults import Factory
from mongokit.types import IS, OR, Set

__all__ = ["Making", "default_form_field_types", "field_of", "fields_of_record"]

Field = forms.Field
_NONE = object()


@dataclass(frozen=True)
class Making:
    """What fields are made with, beside the place they are for."""

    options: DocumentFormOptions
    """What the form's `Meta` says, as seen from where the fields are."""
    defaults: Mapping[str, Any]
    """Dotted path -> default value, or callable that makes it."""
    inner_form: Callable[[nodes.RecordNode, Making], Any]
    """Makes the class of the form for a nested structure."""
    is_document: bool = False
    """Whether the fields are those of a document, rather than of what is nested in one."""

    def is_key(self, node: nodes.Node) -> bool:
        """Return whether a place is that of the document's key."""
        return self.is_document and node.path == KEY

    def below(self, name: str, node: nodes.Node) -> Making:
        """Return the same for what is nested in a field."""
        record = node.item if isinstance(node, nodes.ListNode) else node
        own: dict[str, Any] = {}
        if isinstance(record, nodes.RecordNode) and nodes.is_embedded(record.container):
            inner: Mapping[str, Any] = vars(record.container)["_structure"].defaults
            own = {nodes.join(record.path, path): value for path, value in inner.items()}
        defaults = {**own, **self.defaults}
        return replace(self, options=self.options.below(name), defaults=defaults, is_document=False)


def default_form_field_types() -> dict[type, type[Field]]:
    """Return the fields for plain types; a subclass of a type has the field of the type."""
    return {
        bool: forms.BooleanField,
        int: IntegerField,
        float: FloatField,
        str: CharField,
        datetime.datetime: DateTimeField,
        datetime.date: DateField,
        datetime.time: TimeField,
        list: JsonListField,
        dict: JsonField,
        decimal.Decimal: DecimalField,
        uuid.UUID: forms.UUIDField,
        ObjectId: ObjectIdField,
        Int64: Int64Field,
        Decimal128: Decimal128Field,
    }


def fields_of_record(
    record: nodes.RecordNode, making: Making, declared: Iterable[str] = (), left_out: Iterable[str] = ()
) -> dict[str, Field]:
    """Return the fields for a structure, in their order; those that are declared come from elsewhere.

    :param left_out: names that get a field only where `fields` has them.
    """
    made = {}
    for name in making.options.names(record.fields, declared, left_out):
        if name in record.fields and name not in declared:
            made[name] = field_of(name, record.fields[name], making, **making.options.of_field(name))
    return made


def field_of(
    name: str,
    node: nodes.Node,
    making: Making,
    *,
    form_class: Callable[..., Field] | None = None,
    **given: Any,
) -> Field:
    """Return the field for a place in a structure.

    :param form_class: the field's class, in place of the one that fits.
    :param given: parameters of the field, in place of those that fit.
    """
    default = _NONE if node.absent else making.defaults.get(node.path, _NONE)
    common = _common(node, default)
    if making.is_key(node):
        common["required"] = not is_made(node, making.defaults)
    if name.startswith("_"):
        common["label"] = pretty_name(name.strip("_"))
    if form_class is None:
        fitting, parameters = _described(node, making.below(name, node))
    else:
        fitting, parameters = form_class, {}
    own = form_messages(node, fitting, parameters)
    if own:
        given["error_messages"] = {**own, **(given.get("error_messages") or {})}
    return fitting(**{**common, **parameters, **given})


def _common(node: nodes.Node, default: Any) -> dict[str, Any]:
    required = node.required or node.filled
    if node.present and not required:
        # Where None is no value something has to be entered, unless an empty one will do.
        required = not (may_be_empty(node) if default in (_NONE, None) else is_empty(default))
    common: dict[str, Any] = {"required": required}
    if default is _NONE:
        return common
    common["initial"] = default.make if isinstance(default, Factory) else default
    if callable(common["initial"]) and not isinstance(common["initial"], type):
        # As Django does it: else an empty form would seem filled in, as the default is another one by then.
        common["show_hidden_initial"] = True
    return common


Described = tuple[Callable[..., Field], dict[str, Any]]


@singledispatch
def _described(node: nodes.Node, making: Making) -> Described:
    """Return the class of the field that fits, and its own parameters."""
    return JsonValueField, {"to_stored": as_stored(node), "to_document": as_entered(node)}


@_described.register
def _(node: nodes.TypeNode, making: Making) -> Described:
    return _of_type(node, node.type)


@_described.register
def _(node: nodes.CustomNode, making: Making) -> Described:
    custom = node.custom
    if isinstance(custom, EnumType):
        return ValueChoiceField, {"values": list(custom.python_type)}
    if isinstance(custom, Set):
        return JsonListField, {
            "to_stored": as_stored(node),
            "to_document": as_entered(node),
            "empty": _nothing if node.unset else set,
        }
    if any(kind in default_form_field_types() for kind in custom.python_type.__mro__):
        return _of_type(node, custom.python_type)
    return JsonValueField, {"to_stored": as_stored(node), "to_document": as_entered(node)}


@_described.register
def _(node: nodes.OperatorNode, making: Making) -> Described:
    if isinstance(node.operator, IS):
        return ValueChoiceField, {"values": values_of(node)}
    kinds = {kind for kind in node.operator if kind is not type(None)}
    if isinstance(node.operator, OR) and kinds == {int, float}:
        return _of_type(node, float)
    if isinstance(node.operator, OR) and len(kinds) == 1:
        return _of_type(node, kinds.pop())
    return JsonValueField, {"to_document": as_entered(node)}


@_described.register
def _(node: nodes.RecordNode, making: Making) -> Described:
    if not node.fields:
        return JsonField, {}
    # A required field inside is required of the whole.
    return NestedField, {"form_class": making.inner_form(node, making), "optional": node.unset}


@_described.register
def _(node: nodes.ReferenceNode, making: Making) -> Described:
    return _of_reference(node) or (
        JsonValueField,
        {"to_stored": as_stored(node), "to_document": as_entered(node)},
    )


@_described.register
def _(node: nodes.ListNode, making: Making) -> Described:
    item = node.item
    if isinstance(item, nodes.ReferenceNode):
        return _of_reference(node) or (JsonListField, _as_json(node, node.container))
    if isinstance(item, nodes.RecordNode) and item.fields:
        factory: dict[str, Any] = {}
        for constraint in constraints_of(node):
            match type(constraint).__name__:
                case "MinLen":
                    factory |= {"min_num": constraint.min_length, "validate_min": True}
                case "MaxLen":
                    factory |= {"max_num": constraint.max_length, "validate_max": True}
        return FormSetField, {
            "form_class": making.inner_form(item, making),
            "optional": node.unset,
            "kind": node.container,
            "factory": factory,
        }
    values = values_of(item)
    if values:
        return ValueMultipleChoiceField, {"values": values, "empty_value": node.container()}
    return JsonListField, _as_json(node, node.container)


@_described.register
def _(node: nodes.TupleNode, making: Making) -> Described:
    return JsonListField, {
        "initial": None,
        **_as_json(node, lambda: node.container([None] * len(node.items))),
    }


@_described.register
def _(node: nodes.MapNode, making: Making) -> Described:
    return JsonField, _as_json(node, dict)


def _as_json(node: nodes.Node, empty: Callable[[], Any]) -> dict[str, Any]:
    return {
        "to_stored": as_stored(node),
        "to_document": as_entered(node),
        "empty": _nothing if node.unset else empty,
        **({"initial": None} if node.unset else {}),
    }


def _nothing() -> None:
    return None


def _of_reference(node: nodes.Node) -> Described | None:
    """Return the field for a reference, or a list of them; None where nobody knows which documents there are."""
    reference = reference_in(node)
    target = referred_class(reference)
    if target is None or not target.__collection__:
        return None
    parameters = {"target": target, "eager": getattr(reference, "eager", False)}
    if isinstance(node, nodes.ListNode):
        return ReferenceListField, {**parameters, "kind": node.container}
    return ReferenceField, parameters


def _of_type(node: nodes.Node, kind: type) -> Described:
    known = default_form_field_types()
    found = next((known[one] for one in kind.__mro__ if one in known), None)
    parameters = limits_of(node, kind)
    if found is None or issubclass(kind, Code):
        # Code is a str to Python, and none to MongoDB.
        return JsonValueField, {"types": (*PLAIN_TYPES, kind)}
    if found is forms.BooleanField:
        if node.unset:
            return forms.NullBooleanField, {"required": False}
        return found, {"required": False}
    if found in (JsonField, JsonListField) and node.unset:
        parameters |= {"empty": _nothing, "initial": None}
    if found is CharField and node.unset:
        parameters["empty_value"] = None
    return found, parameters
