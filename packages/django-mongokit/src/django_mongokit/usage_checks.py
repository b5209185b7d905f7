"""System checks of how documents are used: what nobody can read, and what only a request would find.

django_mongokit.W006  a field of a document has the name of an attribute
django_mongokit.W007  a generic view does not say which documents it is about, or where they are
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Warning
from django.core.exceptions import ImproperlyConfigured
from django.urls import get_resolver

from django_mongokit import document
from django_mongokit.permissions import is_of_an_app
from django_mongokit.shortcut import name_of_collection
from django_mongokit.views import DocumentMixin

__all__ = ["CHECKS", "check_attributes", "check_views"]

_KEY = "pk"
_CHOOSING = ("get_document_class", "get_documents", "get_object", "get_queryset")
"""Methods that may say of themselves which documents there are."""


def check_attributes(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """Check that no field has the name of an attribute: of documents with dot notation, and "pk" of any."""
    return [
        Warning(
            f"{cls._meta.label}: the field {path} has the name of an attribute, which {_said(path)} gives.",
            hint=f"Rename it. Until then document[{path.split('.')[0]!r}] is the field, in templates too."
            if "." not in path
            else "Rename it. Until then the field is read as an item: […].",
            id="django_mongokit.W006",
        )
        for cls in document.document_classes
        if is_of_an_app(cls._meta)
        for path in _hidden(cls)
    ]


def check_views(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """Check that each generic view in the URLconf knows its documents. Who overrides how it finds them is believed."""
    if not getattr(settings, "ROOT_URLCONF", None):
        return []
    return [
        Warning(
            f"{error} It is the view of the URL {route!r}, which can only answer with an error.",
            id="django_mongokit.W007",
        )
        for route, error in _lost(get_resolver().url_patterns, "")
    ]


CHECKS = (check_attributes, check_views)


def _said(path: str) -> str:
    return f"document.{path}" if path != _KEY else "document.pk, as get_document_or_404(pk=…) and URLs do,"


def _hidden(cls: Any) -> Iterator[str]:
    own = {name for base in document.DjangoDocument.__mro__ for name in vars(base)} | {"_meta"}
    nested = cls._structure.nested
    for path in cls._structure.places:
        above, _dot, name = path.rpartition(".")
        if not above:
            if name == _KEY or (cls.use_dot_notation and name in own):
                yield path
        elif cls.use_dot_notation and hasattr(nested, name):
            yield path


def _lost(patterns: Iterable[Any], prefix: str) -> Iterator[tuple[str, ImproperlyConfigured]]:
    for pattern in patterns:
        route = f"{prefix}{pattern.pattern}"
        if hasattr(pattern, "url_patterns"):
            yield from _lost(pattern.url_patterns, route)
            continue
        view = getattr(pattern.callback, "view_class", None)
        if isinstance(view, type) and issubclass(view, DocumentMixin) and not _chooses(view):
            made = view(**pattern.callback.view_initkwargs)
            try:
                name_of_collection(view, made.get_document_class(), made.collection)
            except ImproperlyConfigured as error:
                yield route, error


def _chooses(view: type) -> bool:
    found = (getattr(view, name, None) for name in _CHOOSING)
    return any(
        method is not None and method.__module__.partition(".")[0] not in {"django", "django_mongokit"}
        for method in found
    )
