"""What a client may ask for in a URL: only what the view declares, and never in MongoDB's language."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from rest_framework import filters
from rest_framework.exceptions import ValidationError

from django_mongokit.forms.mapping import Making
from django_mongokit.places import node_at
from django_mongokit.rest.mapping import field_of
from django_mongokit.rest.options import SerializerOptions
from django_mongokit.rest.references import ReferenceField, key_of
from django_mongokit.rest.serializers import inner_serializer
from django_mongokit.rest.telling import with_sent
from django_mongokit.search import search_query
from mongokit.structure.convert import to_bson
from mongokit.structure.nodes import ListNode, Node

__all__ = ["DocumentOrderingFilter", "DocumentSearchFilter", "ValueFilter", "value_field"]


class DocumentSearchFilter(filters.SearchFilter):
    """`?search=…` in the view's `search_fields`, as the admin searches: "^topic" from its beginning, "=slug" the whole."""

    def filter_queryset(self, request: Any, queryset: Any, view: Any) -> Any:
        """Return what the search finds; what is sent is never a pattern or an operator."""
        fields = self.get_search_fields(view, request)
        text = str(request.query_params.get(self.search_param, "")).replace("\0", "")
        query = search_query(queryset.model, [str(field) for field in fields], text) if fields else {}
        return queryset.filter(query) if query else queryset


class DocumentOrderingFilter(filters.OrderingFilter):
    """`?ordering=-when,topic`, of the view's `ordering_fields`; without those nobody but the view orders."""

    def get_valid_fields(self, queryset: Any, view: Any, context: Any = None) -> Any:
        """Return the fields that may be named, each with what it is called."""
        found = getattr(view, "ordering_fields", self.ordering_fields) or ()
        if found == "__all__":
            raise ImproperlyConfigured(
                f'{type(view).__name__}.ordering_fields = "__all__" would let anybody sort a collection by what has no '
                "index: name the fields."
            )
        return [(one, one) if isinstance(one, str) else tuple(one) for one in found]


class ValueFilter(filters.BaseFilterBackend):
    """`?kind=opera&place.city=Bern`: documents with just these values, in the view's `filter_fields`.

    Of a list one element has to have the value; of a parameter that is sent twice the last one counts. A value that the
    field cannot have is answered 400.
    """

    def filter_queryset(self, request: Any, queryset: Any, view: Any) -> Any:
        """Return the documents with the values that were sent."""
        for path, node in self._fields(queryset.model, view):
            sent = request.query_params.get(path)
            if sent not in (None, ""):
                try:
                    queryset = queryset.filter({path: {"$eq": stored_value(queryset, node, sent)}})
                except ValidationError as error:
                    raise ValidationError({path: error.detail}) from None
        return queryset

    def _fields(self, document: Any, view: Any) -> Iterator[tuple[str, Node]]:
        for path in getattr(view, "filter_fields", None) or ():
            node = node_at(document, path)
            if node is None:
                raise ImproperlyConfigured(
                    f"{type(view).__name__}.filter_fields: {path!r} is no field of {document.__name__}."
                )
            yield path, node.item if isinstance(node, ListNode) else node

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        """Return the parameters, for OpenAPI."""
        return [
            {
                "name": path,
                "required": False,
                "in": "query",
                "description": path,
                "schema": {"type": "string"},
            }
            for path in getattr(view, "filter_fields", None) or ()
        ]


def value_field(node: Node) -> Any:
    """Return the field that reads a single value of a place."""
    making = Making(SerializerOptions(), {}, inner_serializer)
    return field_of(node, making, required=True, allow_null=False)


def stored_value(queryset: Any, node: Node, text: str) -> Any:
    """Return what is stored for a value that stands in a URL; raises `ValidationError`."""
    field = value_field(node)
    field.parent = _Owner(queryset)
    try:
        found = field.run_validation(text)
    except ValidationError as error:
        raise ValidationError(with_sent(error.detail, text, node.path)) from None
    if isinstance(field, ReferenceField):
        return key_of(found)
    convert = to_bson(node)
    return found if convert is None else convert(found)


class _Owner:
    """Stands for the serializer, of which a reference asks where its documents are."""

    parent = None

    def __init__(self, queryset: Any) -> None:
        self._queryset = queryset
        self.root = self

    def get_documents(self) -> Any:
        return self._queryset
