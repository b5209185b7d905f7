"""The floor: applications that know one answer, and send it whatever they are asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from harness.contestant import Operation
from races.static_serve import serving, site

_LENGTH = str(len(site.CONTENT))


def wsgi() -> Any:
    def application(environ: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", _LENGTH)])
        return [site.CONTENT]

    return application


def asgi() -> Any:
    headers = [(b"content-type", b"text/plain"), (b"content-length", _LENGTH.encode())]

    async def application(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": site.CONTENT})

    return application


@contextmanager
def enter(workspace: Path) -> Iterator[Mapping[str, Operation]]:
    """No file, no conditional request, nothing to start."""
    with serving.operations(
        "constant",
        workspace,
        edges=("wsgi", "wsgi_granian", "wsgi_uwsgi", "asgi"),
        build=lambda: f"/{site.NAME}",
        revalidates=False,
        starts=False,
    ) as found:
        yield found
