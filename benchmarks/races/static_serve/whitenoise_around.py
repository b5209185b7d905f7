"""WhiteNoise around Django's application: the process holds what ours does, and only the requests differ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from harness.contestant import Operation
from races.static_serve import serving, site, whitenoise_bare

build = whitenoise_bare.build
build_many = whitenoise_bare.build_many
serve = whitenoise_bare.serve


def before() -> Any:
    """What a project has done before it comes to the line in ``wsgi.py``."""
    from django.core.wsgi import get_wsgi_application

    site.configure(STORAGES=whitenoise_bare.STORAGES)
    return get_wsgi_application()


def wsgi() -> Any:
    return serve(before(), "wsgi")


@contextmanager
def enter(workspace: Path) -> Iterator[Mapping[str, Operation]]:
    """Under the kind of servers it is made for."""
    with serving.operations(
        "whitenoise_around",
        workspace,
        edges=("wsgi", "wsgi_granian", "wsgi_uwsgi"),
        build=build,
        starts=False,
    ) as found:
        yield found
