"""What stands in `MIDDLEWARE`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

__all__ = ["authentication", "has", "is_a", "middleware"]

_AUTH = "django.contrib.auth.middleware.AuthenticationMiddleware"


def middleware() -> Iterator[tuple[str, Any]]:
    """The dotted path and the class or function of each, in order; those that cannot be imported are left out."""
    for path in settings.MIDDLEWARE:
        try:
            yield path, import_string(path)
        except ImportError:
            continue  # Django refuses to start with it, and says why


def has(base: type) -> bool:
    """Whether `base` or a subclass is one of them."""
    return any(is_a(each, base) for _, each in middleware())


def is_a(candidate: object, base: type) -> bool:
    """Whether a middleware is `base`, or a subclass; functions never are."""
    return isinstance(candidate, type) and issubclass(candidate, base)


def authentication() -> type:
    """Django's `AuthenticationMiddleware`, which is not to be imported where its app is not installed."""
    found: type = import_string(_AUTH)
    return found
