"""WhiteNoise around an application, as it is used without Django."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

from harness.contestant import Operation
from races.static_serve import rivals, serving, site

STORAGES = {"staticfiles": {"BACKEND": "whitenoise.storage.CompressedStaticFilesStorage"}}


def build() -> str:
    site.configure(STORAGES=STORAGES)
    return rivals.collect()


build_many = rivals.move


def before() -> Any:
    """Nothing but the application that gets the rest."""

    def application(environ: Any, start_response: Any) -> list[bytes]:
        start_response("404 Not Found", [("Content-Length", "0")])
        return []

    return application


def serve(application: Any, edge: str) -> Any:
    del edge
    return import_module("whitenoise").WhiteNoise(
        application, root=str(rivals.folder()), prefix="static/", max_age=rivals.MAX_AGE
    )


def wsgi() -> Any:
    return serve(before(), "wsgi")


@contextmanager
def enter(workspace: Path) -> Iterator[Mapping[str, Operation]]:
    """Under the kind of servers it is made for."""
    with serving.operations(
        "whitenoise_bare", workspace, edges=("wsgi", "wsgi_granian", "wsgi_uwsgi"), build=build
    ) as found:
        yield found
