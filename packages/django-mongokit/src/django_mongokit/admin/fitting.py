"""Which filter there is for an entry of `list_filter`."""

from __future__ import annotations

import datetime
from typing import Any

from django.contrib.admin import ListFilter

from django_mongokit.admin.filters import BooleanFilter, ChoicesFilter, DateFilter, FieldFilter, item_of
from django_mongokit.admin.offers import ReferenceFilter, ValuesFilter
from django_mongokit.forms.limits import values_of
from django_mongokit.places import is_decimal, node_at, python_type
from mongokit.structure.nodes import ReferenceNode

__all__ = ["filter_for", "kind_for"]


def filter_for(
    given: Any, request: Any, params: dict[str, Any], model: Any, model_admin: Any
) -> ListFilter | None:
    """Return the filter for an entry of `list_filter`: a class, a field's name, or both in a pair."""
    if isinstance(given, type):
        made: ListFilter = given(request, params, model, model_admin)
        return made
    path, kind = given if isinstance(given, (tuple, list)) else (given, kind_for(model, given))
    field_filter: ListFilter = kind(path, request, params, model, model_admin)
    return field_filter


def kind_for(model: Any, path: str) -> type[FieldFilter]:
    """Return the kind of filter that fits a field; raises `LookupError` where none does."""
    node = item_of(node_at(model, path))
    if isinstance(node, ReferenceNode):
        return ReferenceFilter
    if node is not None and values_of(node):
        return ChoicesFilter
    kind = python_type(node)
    if kind is bool:
        return BooleanFilter
    if kind is not None and issubclass(kind, datetime.datetime):
        return DateFilter
    if is_decimal(node) or (kind is not None and issubclass(kind, (str, int, float))):
        return ValuesFilter
    raise LookupError(f"no filter fits the field {path!r} of {model._meta.label}")
