"""Views of Django REST framework over documents; what those say of models and querysets holds for documents here.

class TalkViewSet(DocumentViewSet):
    serializer_class = TalkSerializer
    filter_backends = [DocumentSearchFilter, DocumentOrderingFilter]
    search_fields = ["topic"]
    ordering_fields = ["when"]
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ImproperlyConfigured, RequestDataTooBig
from django.http import Http404
from rest_framework import mixins, viewsets
from rest_framework.exceptions import ValidationError
from rest_framework.generics import GenericAPIView
from rest_framework.parsers import JSONParser
from rest_framework.permissions import SAFE_METHODS

from django_mongokit.conf import DEFAULT_ALIAS
from django_mongokit.places import node_at
from django_mongokit.rest.errors import RequestTooLarge
from django_mongokit.rest.filters import stored_value
from django_mongokit.rest.parsers import BoundedJSONParser
from django_mongokit.selection import Documents
from django_mongokit.shortcut import documents_of
from mongokit.identifying import has_id

__all__ = ["DocumentViewSet", "GenericDocumentView", "ReadOnlyDocumentViewSet"]


class _Queryset:
    """What the framework's routers, schemas and permissions look at: `queryset.model` is the document class."""

    def __get__(self, view: Any, owner: Any) -> Any:
        document = owner.document or getattr(getattr(owner.serializer_class, "Meta", None), "document", None)
        return None if document is None else _OfClass(document)


class _OfClass:
    def __init__(self, model: Any) -> None:
        self.model = model


class _KeyPattern:
    """What routers take for a key in a URL: all but slashes, since keys have dots, too; but not the suffix of a format."""

    def __get__(self, view: Any, owner: Any) -> str:
        formats = {str(one.format) for one in owner.renderer_classes if one.format}
        return "[^/]+" + "".join(rf"(?<!\.{re.escape(one)})" for one in sorted(formats))


class GenericDocumentView(GenericAPIView):  # type: ignore[type-arg]  # not subscriptable at run time
    """The framework's generic view over documents, to be mixed with its `ListModelMixin` and so on."""

    queryset: Any = _Queryset()

    lookup_value_regex: Any = _KeyPattern()
    """Which texts routers take for a key; give another where keys end as a format does: "talk.json"."""

    lookup_value_converter = "str"
    """The same, for a router with `use_regex_path=False`."""

    document: Any = None
    """The document class; that of the `serializer_class` unless given."""

    collection: str | None = None
    """The name of the collection; None for what the serializer's `Meta` says, or the class's `__collection__`."""

    using: str | None = None
    """The alias in `DATABASES`; None for what the serializer's `Meta` says, or "mongodb"."""

    query: Mapping[str, Any] | None = None
    """Which of its documents the view knows; None is all. Nothing that comes from a user belongs in it unchecked."""

    ordering: Any = "_id"
    """The order of lists: a field or several, "-when" for downwards."""

    def get_query(self) -> Mapping[str, Any]:
        """Return the query of every document that the view may show or change: `query`, unless overridden."""
        return self.query or {}

    def get_document_class(self) -> Any:
        """Return `document`, or that of the serializer; raises `ImproperlyConfigured` without either."""
        found = self.document or getattr(self._meta, "document", None)
        if found is None:
            raise ImproperlyConfigured(
                f"{type(self).__name__} does not say what it is about. Write document = …, the document class, in it, or "
                "serializer_class = …."
            )
        return found

    @property
    def _meta(self) -> Any:
        return getattr(self.serializer_class, "Meta", None)

    def get_documents(self) -> Any:
        """Return the document class in its collection, as `get_database().talks.Talk`."""
        name = self.collection or getattr(self._meta, "collection", None)
        using = self.using or getattr(self._meta, "using", None) or DEFAULT_ALIAS
        return documents_of(type(self), self.get_document_class(), name, using)

    def get_queryset(self) -> Any:
        """Return the documents that the view knows, not yet asked for."""
        ordering = [self.ordering] if isinstance(self.ordering, str) else self.ordering
        collection = self.get_documents().collection
        return Documents(self.get_document_class(), collection, self.get_query()).order_by(*ordering)

    def get_object(self) -> Any:
        """Return the document that the URL names; raises `Http404`, also for a key that can be none."""
        found = self.filter_queryset(self.get_queryset())
        name = self.lookup_field
        value = self.kwargs[self.lookup_url_kwarg or name]
        if name == "pk":
            rows = list(found.filter(pk=value)[:1])
        else:
            node = node_at(found.model, name)
            if node is None:
                raise ImproperlyConfigured(
                    f"{type(self).__name__}.lookup_field: {name!r} is no field of {found.model.__name__}."
                )
            try:
                rows = list(found.filter({name: {"$eq": stored_value(found, node, value)}})[:1])
            except ValidationError:
                rows = []
        # Nothing is found by an `_id` of None again: such a document can be shown, and not changed.
        if not rows or not (self.request.method in SAFE_METHODS or has_id(rows[0])):
            raise Http404
        self.check_object_permissions(self.request, rows[0])
        return rows[0]

    def get_serializer_context(self) -> dict[str, Any]:
        """Return what serializers are told: the collection, beside what the framework tells them."""
        return {**super().get_serializer_context(), "documents": self.get_documents()}

    def handle_exception(self, exc: Exception) -> Any:
        """Answer 413 where Django itself has found the body too large, and else as the framework does."""
        return super().handle_exception(RequestTooLarge() if isinstance(exc, RequestDataTooBig) else exc)

    def get_parsers(self) -> list[Any]:
        """Return the parsers: the framework's for JSON is replaced by one with limits."""
        found = super().get_parsers()
        return [BoundedJSONParser() if type(one) is JSONParser else one for one in found]


class ReadOnlyDocumentViewSet(
    mixins.RetrieveModelMixin,
    mixins.ListModelMixin,
    viewsets.ViewSetMixin,
    GenericDocumentView,
):
    """Lists documents, and shows one."""


class DocumentViewSet(
    mixins.CreateModelMixin,
    mixins.RetrieveModelMixin,
    mixins.UpdateModelMixin,
    mixins.DestroyModelMixin,
    mixins.ListModelMixin,
    viewsets.ViewSetMixin,
    GenericDocumentView,
):
    """Lists, shows, creates, changes and deletes documents."""
