"""The app's entry in INSTALLED_APPS: it brings the system checks, and permissions for documents."""

from __future__ import annotations

from django.apps import AppConfig, apps
from django.core.checks import Tags, register
from django.db.models.signals import post_migrate

__all__ = ["DjangoMongokitConfig"]


class DjangoMongokitConfig(AppConfig):
    """Needed for the checks and the admin; the engine, documents and tests work without it."""

    name = "django_mongokit"
    verbose_name = "MongoDB"

    def ready(self) -> None:
        """Register the checks, have `migrate` make permissions, and content types know documents."""
        from django_mongokit import checks, contenttypes, document_checks, time_checks, usage_checks
        from django_mongokit.permissions import create_permissions

        for check in (*checks.CHECKS, *document_checks.CHECKS, *time_checks.CHECKS, *usage_checks.CHECKS):
            register(check, "django_mongokit")
        for check in document_checks.DATABASE_CHECKS:
            register(check, "django_mongokit", Tags.database)
        post_migrate.connect(
            create_permissions, dispatch_uid="django_mongokit.permissions.create_permissions"
        )
        if apps.is_installed("django.contrib.contenttypes"):
            contenttypes.know_documents()
