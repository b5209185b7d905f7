"""System checks of :mod:`django_static.serve`: its settings, and whether it stands where it works."""

from __future__ import annotations

from collections.abc import Iterator

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning

from .checks_reading import given
from .conf import PREFIX, conf
from .names import decoded
from .sources import is_foreign
from .standing import stands_around

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
    yield from _out_of_the_site()


def _out_of_the_site() -> Iterator[CheckMessage]:
    """Whoever sends what lies below one path to the application asks it for nothing else; nginx and Caddy ask folders."""
    below, prefix, host = settings.FORCE_SCRIPT_NAME, given("_NAME_PREFIX"), given("_MEDIA_URL")
    path = f"/{below.strip('/')}" if isinstance(below, str) else "/"
    if path == "/" or host or not (isinstance(prefix, str) and prefix.strip("/")):
        return
    if f"{decoded(conf.name_prefix)}/".startswith(f"{path}/") or is_foreign(str(settings.STATIC_URL)):
        return
    if conf.enabled and stands_around():
        yield Warning(
            f"{PREFIX}_NAME_PREFIX is {prefix!r}, and the site lies below {path!r} (FORCE_SCRIPT_NAME): StaticServer, which is "
            "a part of the application, is not asked for files outside of that path.",
            hint=f"Set it to {path + conf.name_prefix!r}. Or have a web server send the files, as 'manage.py staticnginx' "
            "prints, and take StaticServer away.",
            id="django_static.W025",
        )
