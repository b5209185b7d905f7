"""The app's entry in INSTALLED_APPS: it brings the system checks."""

from __future__ import annotations

from django.apps import AppConfig
from django.core.checks import Tags, register

__all__ = ["DjangoMongokitConfig"]


class DjangoMongokitConfig(AppConfig):
    """Needed for the checks and for later work; the engine, documents and tests work without it."""

    name = "django_mongokit"
    verbose_name = "MongoDB"

    def ready(self) -> None:
        """Register the checks."""
        from django_mongokit import checks, document_checks

        for check in (*checks.CHECKS, *document_checks.CHECKS):
            register(check, "django_mongokit")
        for check in document_checks.DATABASE_CHECKS:
            register(check, "django_mongokit", Tags.database)
