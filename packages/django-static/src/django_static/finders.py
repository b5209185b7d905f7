"""Let ``runserver`` serve what has been published into ``STATIC_ROOT``, which it does not look into by itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import BaseFinder
from django.core.files.storage import FileSystemStorage

__all__ = ["PublishedFinder"]


class PublishedFinder(BaseFinder):
    """``STATICFILES_FINDERS = [..., "django_static.finders.PublishedFinder"]``.

    It finds what lies in ``STATIC_ROOT`` and lists nothing, so that ``collectstatic`` copies nothing onto itself.
    """

    def find(self, path: str, find_all: bool = False, **kwargs: Any) -> Any:
        """The file of that name in ``STATIC_ROOT``; an empty list when there is none."""
        if not settings.STATIC_ROOT:
            return []
        storage = FileSystemStorage(location=settings.STATIC_ROOT)
        if not storage.exists(path):
            return []
        return [storage.path(path)] if find_all else storage.path(path)

    def list(self, ignore_patterns: Any) -> Iterator[Any]:
        """Nothing."""
        return iter(())
