"""System checks of how documents are used: what nobody can read, and what only a request would find.

django_mongokit.W006  a field of a document has the name of an attribute
django_mongokit.W007  a generic view does not say which documents it is about, or where they are
django_mongokit.W008  a document and a model of one app have the same name
django_mongokit.W009  DatabaseUnavailableMiddleware stands after Django's middleware that asks MongoDB
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.checks import CheckMessage, Warning
from django.core.exceptions import ImproperlyConfigured
from django.urls import get_resolver
from django.utils.module_loading import import_string

from django_mongokit import document
from django_mongokit.middleware import DatabaseUnavailableMiddleware
from django_mongokit.permissions import is_of_an_app
from django_mongokit.shortcut import name_of_collection
from django_mongokit.views import DocumentMixin

__all__ = ["CHECKS", "check_attributes", "check_middleware", "check_models", "check_views"]

_KEY = "pk"
_CHOOSING = ("get_document_class", "get_documents", "get_object", "get_queryset")
"""Methods that may say of themselves which documents there are."""


_SESSIONS = (
    "django.contrib.auth.middleware",
    "django.contrib.messages.middleware",
    "django.contrib.sessions.middleware",
)
"""Where Django's middleware is that asks sessions, which know the user."""
_SESSIONS_IN_CACHE = ("django.contrib.sessions.backends.cache", "django.contrib.sessions.backends.cached_db")


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


def check_models(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """Check that no document is called as a model of its app is, whatever the capitals."""
    found = {cls._meta.label: cls._meta for cls in document.document_classes if is_of_an_app(cls._meta)}
    return [
        Warning(
            f"{label} is a document, and {model.__module__}.{model.__qualname__} a model of the same app and name: the names "
            "of their pages in the admin, their permissions' codenames and the names of their content types are the same, "
            "so that one is taken for the other.",
            hint="Rename one, or give the document's Meta another app_label.",
            id="django_mongokit.W008",
        )
        for label, meta in sorted(found.items())
        if (model := apps.all_models[meta.app_label].get(meta.module_name)) is not None
    ]


def check_middleware(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """Check that our middleware sees what fails in Django's own, or a subclass, as it does only of what stands after it.

    Only in that which asks MongoDB: what else stands before it may well ask no database.
    """
    names = list(settings.MIDDLEWARE)
    place = next((number for number, name in enumerate(names) if _is_ours(name)), 0)
    asking = _asking() if place else ()
    earlier = [name for name in names[:place] if not _modules(name).isdisjoint(asking)]
    if not earlier:
        return []
    return [
        Warning(
            f"{names[place]} stands after {', '.join(earlier)} in MIDDLEWARE: where they ask MongoDB, for a session, a user "
            "or a cached page, and it cannot be reached, the answer is 500 instead of 503.",
            hint=f"Put {names[place]!r} first.",
            id="django_mongokit.W009",
        )
    ]


CHECKS = (check_attributes, check_views, check_models, check_middleware)


def _asking() -> set[str]:
    """Return the modules of Django's middleware that asks MongoDB, as sessions and caches are set."""
    found: set[str] = set()
    sessions = _modules(f"{settings.SESSION_ENGINE}.SessionStore")
    in_cache = not sessions.isdisjoint(_SESSIONS_IN_CACHE) and _is_cached_here(settings.SESSION_CACHE_ALIAS)
    if in_cache or "django_mongokit.sessions" in sessions:
        found.update(_SESSIONS)
        if settings.CSRF_USE_SESSIONS:
            found.add("django.middleware.csrf")
    if _is_cached_here(settings.CACHE_MIDDLEWARE_ALIAS):
        found.add("django.middleware.cache")
    return found


def _is_cached_here(alias: str) -> bool:
    return "django_mongokit.cache" in _modules(settings.CACHES.get(alias, {}).get("BACKEND", ""))


def _is_ours(name: str) -> bool:
    return DatabaseUnavailableMiddleware.__module__ in _modules(name)


def _modules(name: str) -> set[str]:
    """Return where a class and its bases are; nothing for what is none, or is not to be had, of which Django says why."""
    try:
        found = import_string(name)
    except ImportError:
        return set()
    return {base.__module__ for base in found.__mro__} if isinstance(found, type) else set()


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
