"""System checks of :mod:`django_static.serve`: its settings, and whether it stands where it works."""

from __future__ import annotations

from collections.abc import Iterator

from django.conf import settings
from django.core.checks import CheckMessage, Error

from .checks_reading import given
from .conf import PREFIX

__all__ = ["SERVING", "check"]

#: What each number counts.
SERVING = {"_SERVE_SMALL": "bytes", "_SERVE_MEMORY": "bytes", "_SERVE_MAX_AGE": "seconds"}

_PACKAGE = "django_static.serve"


def check() -> Iterator[CheckMessage]:
    """What is wrong with them."""
    for name, unit in SERVING.items():
        value = given(name)
        if value is not None and (not isinstance(value, int) or isinstance(value, bool) or value < 0):
            yield Error(
                f"{PREFIX}{name} is {value!r}.",
                hint=f"Set it to a number of {unit}, 0 or more.",
                id="django_static.E032",
            )
    for setting in ("MIDDLEWARE", "INSTALLED_APPS"):
        for entry in getattr(settings, setting, None) or ():
            if isinstance(entry, str) and (entry == _PACKAGE or entry.startswith(f"{_PACKAGE}.")):
                yield Error(
                    f"{setting} has {entry!r}, which is neither a middleware nor an app: it stands around the whole "
                    "application.",
                    hint="Take it out, and write 'application = StaticServer(get_wsgi_application())' in wsgi.py, with "
                    "'from django_static.serve.wsgi import StaticServer'; in asgi.py the same with asgi.",
                    id="django_static.E033",
                )
