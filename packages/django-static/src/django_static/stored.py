"""What ``{% static %}`` prints: whether our storage is asked, and which file a path means."""

from __future__ import annotations

from urllib.parse import quote

from django.conf import settings
from django.utils.module_loading import import_string

from .sources import Sources, split_suffix

__all__ = ["is_stored", "name_of_static"]


def is_stored() -> bool:
    """Whether ``STORAGES["staticfiles"]`` is our storage, so that all files of the finders are to be published."""
    if "django.contrib.staticfiles" not in settings.INSTALLED_APPS:
        return False
    from .storage import StaticStorage

    backend: object = import_string(settings.STORAGES["staticfiles"]["BACKEND"])
    return isinstance(backend, type) and issubclass(backend, StaticStorage)


def name_of_static(path: str, sources: Sources) -> str:
    """How tags would name what ``{% static path %}`` prints; empty for a folder, behind which scripts put names.

    To Django a path is the name of a file, with every "?" and "#" in it; with ``font.eot?#iefix`` people mean a URL. So the
    file of the whole name comes first, then that of what stands before these.
    """
    whole = sources.written_static_url + quote(path)
    if sources.has(whole):
        return whole
    bare, suffix = split_suffix(path)
    return sources.written_static_url + quote(bare) + suffix if bare and not bare.endswith("/") else ""
