"""ServeStatic around an ASGI application, as it is used without Django."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

from harness.contestant import Operation
from races.static_serve import rivals, serving, site

_STORAGES = {"staticfiles": {"BACKEND": "servestatic.storage.CompressedStaticFilesStorage"}}


def build() -> str:
    site.configure(STORAGES=_STORAGES)
    return rivals.collect()


build_many = rivals.move


def before() -> Any:
    """Nothing but the application that gets the rest."""

    async def application(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            await send({"type": "http.response.start", "status": 404, "headers": [(b"content-length", b"0")]})
            await send({"type": "http.response.body", "body": b""})

    return application


def serve(application: Any, edge: str) -> Any:
    del edge
    return import_module("servestatic").ServeStaticASGI(
        application, root=str(rivals.folder()), prefix="static/", max_age=rivals.MAX_AGE
    )


def asgi() -> Any:
    return serve(before(), "asgi")


@contextmanager
def enter(workspace: Path) -> Iterator[Mapping[str, Operation]]:
    """Under the kind of server it is made for."""
    with serving.operations("servestatic_bare", workspace, edges=("asgi",), build=build) as found:
        yield found
