"""System checks of what else the project has: ``runserver``, another storage, the abandoned original."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import metadata

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning

from .checks_reading import given
from .conf import PREFIX, conf

__all__ = ["check"]

_ORIGINAL = "django-static"


def check() -> Iterator[CheckMessage]:
    """What does not go together."""
    yield from _runserver()
    yield from _storage()
    yield from _middleware()
    yield from _original()


def _runserver() -> Iterator[CheckMessage]:
    finder = "django_static.finders.PublishedFinder"
    if (
        conf.enabled
        and conf.debug
        and settings.STATIC_ROOT
        and not given("_SAVE_PREFIX")
        and "django.contrib.staticfiles" in settings.INSTALLED_APPS
        and finder not in settings.STATICFILES_FINDERS
    ):
        yield Warning(
            "Static files are published into STATIC_ROOT, which runserver does not serve.",
            hint=f"Add {finder!r} to STATICFILES_FINDERS, or set {PREFIX}_SAVE_PREFIX.",
            id="django_static.W007",
        )


def _storage() -> Iterator[CheckMessage]:
    """Whether ``{% static %}`` prints names of another manifest than our tags do."""
    if not (conf.enabled and "django.contrib.staticfiles" in settings.INSTALLED_APPS):
        return
    from django.contrib.staticfiles.storage import HashedFilesMixin
    from django.utils.module_loading import import_string

    try:
        backend = import_string(settings.STORAGES["staticfiles"]["BACKEND"])
    except (AttributeError, ImportError, KeyError, TypeError):
        return  # Django says so
    if isinstance(backend, type) and issubclass(backend, HashedFilesMixin):
        yield Warning(
            f"STORAGES['staticfiles'] is {backend.__module__}.{backend.__qualname__}, which gives files names of its own.",
            hint="Set it to 'django_static.storage.StaticStorage', so that {% static %} and the tags print the same names: "
            "what has another name inside a block is not combined.",
            id="django_static.W010",
        )


def _middleware() -> Iterator[CheckMessage]:
    """Whether pages that come from a cache have the ``Link`` header of what was registered when they were rendered."""
    from django.middleware.cache import UpdateCacheMiddleware
    from django.utils.module_loading import import_string

    from .middleware import LinkHeaderMiddleware

    above = ""
    for entry in getattr(settings, "MIDDLEWARE", None) or ():
        try:
            kind = import_string(entry)
        except (AttributeError, ImportError):
            continue  # Django says so
        if not isinstance(kind, type):
            continue
        if issubclass(kind, LinkHeaderMiddleware):
            above = entry
        elif above and issubclass(kind, UpdateCacheMiddleware):
            yield Warning(
                f"MIDDLEWARE has {above!r} above {entry!r}, which keeps pages without the Link header: those that come from "
                "the cache have none of what {% staticpreload %} names.",
                hint=f"Move {above!r} below {entry!r}.",
                id="django_static.W013",
            )


def _original() -> Iterator[CheckMessage]:
    try:
        version = metadata.version(_ORIGINAL)
    except metadata.PackageNotFoundError:
        return
    yield Error(
        f"The abandoned distribution {_ORIGINAL} {version} is installed beside slimstack-static; both have the package "
        "django_static, and what is imported is a mixture of the two.",
        hint=f"pip uninstall {_ORIGINAL}, then pip install --force-reinstall slimstack-static.",
        id="django_static.E011",
    )
