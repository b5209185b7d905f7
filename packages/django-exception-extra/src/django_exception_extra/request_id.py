"""The request's id, where django-guid gives it one."""

from __future__ import annotations

from django.apps import apps

__all__ = ["current"]


def current() -> str:
    """django-guid's id of the request at hand; "" where that app is not installed or has given none."""
    if not apps.is_installed("django_guid"):
        return ""
    from django_guid import get_guid

    return str(get_guid() or "")
