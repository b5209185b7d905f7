"""django-static's ``StaticServer`` around Django's application, with the manifest of ``staticbuild``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from harness.contestant import Operation
from races.static_serve import serving, site


def configure() -> None:
    """Compressed siblings as usual, so that the choice among them is part of the work."""
    site.configure(
        apps=("django_static",),
        DJANGO_STATIC=True,
        DJANGO_STATIC_FINGERPRINT="hash",
        DJANGO_STATIC_USE_MANIFEST_FILE=True,
    )


def build() -> str:
    """As a deployment does."""
    from django.core.management import call_command

    from django_static.conf import conf
    from django_static.manifest import Manifest

    configure()
    call_command("staticbuild", "--all", verbosity=0)
    stem = f"/static/{site.NAME.partition('.')[0]}."
    served = Manifest.read(conf.manifest_file).served.items()
    return next(url for url, facts in served if facts.is_lasting and url.startswith(stem))


def build_many() -> None:
    """The same for many files."""
    build()


def before() -> None:
    """What a project has done before it comes to its last line."""
    configure()


def serve(application: Any, edge: str) -> Any:
    """The line in ``wsgi.py`` or ``asgi.py``."""
    if edge == "wsgi":
        from django_static.serve import wsgi as module
    else:
        from django_static.serve import asgi as module  # type: ignore[no-redef]
    return module.StaticServer(application)


def wsgi() -> Any:
    from django.core.wsgi import get_wsgi_application

    before()
    return serve(get_wsgi_application(), "wsgi")


def asgi() -> Any:
    from django.core.asgi import get_asgi_application

    before()
    return serve(get_asgi_application(), "asgi")


@contextmanager
def enter(workspace: Path) -> Iterator[Mapping[str, Operation]]:
    """Under both kinds of servers."""
    with serving.operations(
        "ours", workspace, edges=("wsgi", "wsgi_granian", "wsgi_uwsgi", "asgi"), build=build
    ) as found:
        yield found
