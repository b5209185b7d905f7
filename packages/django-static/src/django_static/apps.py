"""The Django app."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, Tags, register
from django.core.signals import setting_changed

__all__ = ["MANIFEST_TAG", "StaticConfig"]

#: Apart from Django's tag ``staticfiles``, whose checks run before a build, too.
MANIFEST_TAG = "django_static_manifest"


class StaticConfig(AppConfig):
    """``INSTALLED_APPS = ["django_static"]``."""

    name = "django_static"
    verbose_name = "Static files"

    def ready(self) -> None:
        # What pages need is imported here and now: processes that are forked afterwards share its memory.
        from . import preloads  # noqa: F401 (the tags and the middleware need it, too)
        from .resolver import reset

        register(_check_settings, Tags.staticfiles)
        register(_check_manifest, MANIFEST_TAG)
        setting_changed.connect(reset, dispatch_uid="django_static.resolver.reset")


# Checks look at all there is; they are imported when they run, which they never do in a process that serves pages.


def _check_settings(**kwargs: Any) -> list[CheckMessage]:
    from .checks import check_settings

    return check_settings(**kwargs)


def _check_manifest(**kwargs: Any) -> list[CheckMessage]:
    from .checks_of_manifest import check_manifest

    return check_manifest(**kwargs)
