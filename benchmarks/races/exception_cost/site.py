"""The site that every contestant of this race serves: one view, a visitor who is logged in, and one middleware more."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import django
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.core.management import call_command
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.urls import path
from django.utils.module_loading import import_string

from harness.contestant import Operation

__all__ = ["acall", "answered", "call", "configure", "whole"]

_MIDDLEWARE = (
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
)


def _view(request: HttpRequest) -> HttpResponse:
    return HttpResponse("fine")


urlpatterns = [path("", _view)]


def configure(workspace: Path, *middleware: str, apps: Iterable[str] = (), **more: Any) -> None:
    """Set Django up as in production, with `middleware` after Django's own."""
    del workspace
    settings.configure(
        DEBUG=False,
        SECRET_KEY="of no use outside of this process",
        ALLOWED_HOSTS=["testserver"],
        ROOT_URLCONF=__name__,
        USE_TZ=True,
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        INSTALLED_APPS=[
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "django.contrib.sessions",
            *apps,
        ],
        MIDDLEWARE=[*_MIDDLEWARE, *middleware],
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
        **more,
    )
    django.setup()


def whole(after: Callable[[WSGIHandler, dict[str, Any]], None] | None = None) -> Operation:
    """A whole request. `after` is asked once, after the check, for checks of the contestant's own."""
    call_command("migrate", verbosity=0)
    from django.contrib.auth import get_user_model

    client = Client()
    client.force_login(get_user_model().objects.create_user("anita"))
    environ = RequestFactory().get("/").environ | {
        "HTTP_COOKIE": f"sessionid={client.cookies['sessionid'].value}"
    }
    handler = WSGIHandler()
    found = list(answered(handler, environ))
    if found != ["200 OK", b"fine"]:
        raise ValueError(f"the view answers '200 OK' and b'fine'; {found} arrived")
    if after:
        after(handler, environ)

    def run(loops: int) -> None:
        for _ in range(loops):
            for _ in answered(handler, environ):
                pass

    return Operation(run=run)


def call(name: str) -> Operation:
    """The middleware by its dotted path, around a function that returns an answer."""
    request, answer = RequestFactory().get("/"), HttpResponse("fine")

    def inner(request: HttpRequest) -> HttpResponse:
        return answer

    middleware = import_string(name)(inner)
    if middleware(request) is not answer:
        raise ValueError(f"{name} did not pass the answer on")

    def run(loops: int) -> None:
        for _ in range(loops):
            middleware(request)

    def overhead(loops: int) -> None:
        for _ in range(loops):
            inner(request)

    return Operation(run=run, overhead=overhead)


def acall(name: str) -> Operation:
    """The same, around a coroutine function."""
    request, answer = RequestFactory().get("/"), HttpResponse("fine")

    async def inner(request: HttpRequest) -> HttpResponse:
        return answer

    middleware = import_string(name)(inner)
    if asyncio.run(_once(middleware, request)) is not answer:
        raise ValueError(f"{name} did not pass the answer on")

    return Operation(
        run=lambda loops: asyncio.run(_repeat(middleware, request, loops)),
        overhead=lambda loops: asyncio.run(_repeat(inner, request, loops)),
    )


async def _once(function: Callable[[HttpRequest], Any], request: HttpRequest) -> object:
    return await function(request)


async def _repeat(function: Callable[[HttpRequest], Any], request: HttpRequest, loops: int) -> None:
    for _ in range(loops):
        await function(request)


def _write(part: bytes) -> object:
    raise ValueError("WSGI's old way to write, which Django has no use for")


def answered(handler: WSGIHandler, environ: dict[str, Any]) -> Iterable[object]:
    """Ask once: what comes is the status line, then the parts of the body."""
    statuses: list[str] = []

    def start(
        status: str, headers: list[tuple[str, str]], exc_info: object = None, /
    ) -> Callable[[bytes], object]:
        statuses.append(status)
        return _write

    response = handler(dict(environ), start)
    yield from statuses
    yield from response
    response.close()
