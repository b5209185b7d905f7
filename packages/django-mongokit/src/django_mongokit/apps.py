"""The app's entry in INSTALLED_APPS: it brings the system checks, and permissions for documents."""

from __future__ import annotations

from django.apps import AppConfig
from django.core.checks import register
from django.db.models.signals import post_migrate

__all__ = ["DjangoMongokitConfig"]


class DjangoMongokitConfig(AppConfig):
    """Needed for the checks and the admin; the engine, documents and tests work without it."""

    name = "django_mongokit"
    verbose_name = "MongoDB"

    def ready(self) -> None:
        """Register the checks, and have `migrate` make permissions."""
        from django_mongokit.checks import CHECKS
        from django_mongokit.permissions import create_permissions

        for check in CHECKS:
            register(check, "django_mongokit")
        post_migrate.connect(
            create_permissions, dispatch_uid="django_mongokit.permissions.create_permissions"
        )
