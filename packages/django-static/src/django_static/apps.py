"""The Django app."""

from __future__ import annotations

from django.apps import AppConfig
from django.core.checks import Tags, register
from django.core.signals import setting_changed

__all__ = ["StaticConfig"]


class StaticConfig(AppConfig):
    """``INSTALLED_APPS = ["django_static"]``."""

    name = "django_static"
    verbose_name = "Static files"

    def ready(self) -> None:
        from .checks import check_settings
        from .checks_of_manifest import TAG, check_manifest
        from .resolver import reset

        register(check_settings, Tags.staticfiles)
        register(check_manifest, TAG)
        setting_changed.connect(reset, dispatch_uid="django_static.resolver.reset")
