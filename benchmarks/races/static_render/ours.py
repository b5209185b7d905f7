"""What django-static's three contestants have in common."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from races.static_render import site

__all__ = ["configure"]


def configure(workspace: Path, *, tag: Callable[[str], str]) -> None:
    """Switched on, everything else as it is installed: files are prepared by the first rendering."""
    site.configure(
        workspace,
        apps=("django_static",),
        load="{% load django_static %}",
        tag=tag,
        MEDIA_ROOT=str(workspace / "source"),
        DJANGO_STATIC=True,
        DJANGO_STATIC_SAVE_PREFIX=str(workspace / "published"),
        DJANGO_STATIC_NAME_PREFIX="/static",
    )
