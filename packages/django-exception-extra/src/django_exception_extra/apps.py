"""The Django app: it only registers the system checks."""

from django.apps import AppConfig
from django.core import checks

from .checks import check_middleware, check_settings

__all__ = ["ExceptionExtraConfig"]


class ExceptionExtraConfig(AppConfig):
    """`django_exception_extra` in `INSTALLED_APPS`."""

    name = "django_exception_extra"
    verbose_name = "Exception extra"

    def ready(self) -> None:
        checks.register(check_settings)
        checks.register(check_middleware)
