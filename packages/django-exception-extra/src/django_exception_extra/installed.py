"""What stands in `MIDDLEWARE`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from django.apps import apps
from django.conf import settings
from django.utils.module_loading import import_string

__all__ = ["authentication", "has", "is_a", "middleware", "remote_user_keys"]

_AUTH = "django.contrib.auth.middleware.AuthenticationMiddleware"
_REMOTE = "django.contrib.auth.middleware.RemoteUserMiddleware"


def middleware() -> Iterator[tuple[str, Any]]:
    """The dotted path and the class or function of each, in order; those that cannot be imported are left out."""
    for path in settings.MIDDLEWARE:
        # Not only ImportError: a module can raise anything. Django refuses to start with such a one, and says why.
        with suppress(Exception):
            yield path, import_string(path)


def has(base: type | None) -> bool:
    """Whether `base` or a subclass is one of them; None never is."""
    return base is not None and any(is_a(each, base) for _, each in middleware())


def is_a(candidate: object, base: type) -> bool:
    """Whether a middleware is `base`, or a subclass; functions never are."""
    return isinstance(candidate, type) and issubclass(candidate, base)


def authentication() -> type | None:
    """Django's `AuthenticationMiddleware`; None where its app is not installed, since importing it imports models."""
    if not apps.is_installed("django.contrib.auth"):
        return None
    found: type = import_string(_AUTH)
    return found


def remote_user_keys() -> set[str]:
    """The keys of `META` under which a server tells the name of the user, by Django's `RemoteUserMiddleware`."""
    keys = {"REMOTE_USER"}
    if apps.is_installed("django.contrib.auth"):
        base = import_string(_REMOTE)
        keys |= {each.header for _, each in middleware() if is_a(each, base)}
    return keys
