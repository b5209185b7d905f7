"""WhiteNoise as Django's first middleware, as its manual says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from harness.contestant import Operation
from races.static_serve import rivals, serving, site

_STORAGES = {"staticfiles": {"BACKEND": "whitenoise.storage.CompressedStaticFilesStorage"}}


def build() -> str:
    site.configure(STORAGES=_STORAGES)
    return rivals.collect()


build_many = rivals.move


def before() -> None:
    """What a project has done before it makes its application."""
    site.configure(
        STORAGES=_STORAGES,
        middleware=("whitenoise.middleware.WhiteNoiseMiddleware",),
        WHITENOISE_MAX_AGE=rivals.MAX_AGE,
    )


def serve(application: Any, edge: str) -> Any:
    del application, edge
    from django.core.handlers.wsgi import WSGIHandler

    return WSGIHandler()


def wsgi() -> Any:
    before()
    return serve(None, "wsgi")


@contextmanager
def enter(workspace: Path) -> Iterator[Mapping[str, Operation]]:
    """Under the kind of servers it is made for."""
    with serving.operations(
        "whitenoise_middleware", workspace, edges=("wsgi", "wsgi_granian", "wsgi_uwsgi"), build=build
    ) as found:
        yield found
