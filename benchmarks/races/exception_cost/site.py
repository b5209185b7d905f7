"""The site that every contestant of this race serves: one view, a visitor who is logged in, and one middleware more."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import Any

import django
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from django.core.management import call_command
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.urls import path
from django.utils.module_loading import import_string

from harness.contestant import Elapsed, Operation

__all__ = ["acall", "added", "answered", "call", "configure", "whole"]

_MIDDLEWARE = (
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
)

# Requests in a row with one middleware, then as many with the other; and how often.
_BLOCK, _BLOCKS = 250, 30


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
    environ, handler = _visit(), WSGIHandler()
    _check(handler, environ)
    if after:
        after(handler, environ)

    def run(loops: int) -> None:
        _ask(handler, environ, loops)

    return Operation(run=run)


def added(name: str) -> Operation:
    """What a whole request pays for the middleware, beyond what it does for one that does nothing.

    Both stand in the same process, and are asked in turns: from one process to the next a request differs by more. So
    this is for a middleware that leaves nothing in Django that the other one's requests would pay for, too.
    """
    environ = _visit()
    handlers = [_handler(each) for each in (name, "races.exception_cost.noop_middleware.noop")]
    for handler in handlers:
        _check(handler, environ)
        _ask(handler, environ, _BLOCK)

    def run(loops: int) -> Elapsed:
        blocks = [[_timed(handler, environ) for handler in handlers] for _ in range(loops // _BLOCK)]
        wall, cpu = (
            median(with_it[clock] - without[clock] for with_it, without in blocks) for clock in (0, 1)
        )
        return Elapsed(wall=wall * loops / _BLOCK, cpu=cpu * loops / _BLOCK)

    return Operation(run=run, turns=_BLOCK * _BLOCKS)


def _visit() -> dict[str, Any]:
    """What a server hands to Django for a visitor who is logged in."""
    call_command("migrate", verbosity=0)
    from django.contrib.auth import get_user_model

    client = Client()
    client.force_login(get_user_model().objects.get_or_create(username="anita")[0])
    return RequestFactory().get("/").environ | {
        "HTTP_COOKIE": f"sessionid={client.cookies['sessionid'].value}"
    }


def _handler(name: str) -> WSGIHandler:
    configured = settings.MIDDLEWARE
    settings.MIDDLEWARE = [*_MIDDLEWARE, name]
    try:
        return WSGIHandler()
    finally:
        settings.MIDDLEWARE = configured


def _check(handler: WSGIHandler, environ: dict[str, Any]) -> None:
    found = list(answered(handler, environ))
    if found != ["200 OK", b"fine"]:
        raise ValueError(f"the view answers '200 OK' and b'fine'; {found} arrived")


def _ask(handler: WSGIHandler, environ: dict[str, Any], times: int) -> None:
    for _ in range(times):
        for _ in answered(handler, environ):
            pass


def _timed(handler: WSGIHandler, environ: dict[str, Any]) -> tuple[float, float]:
    wall, cpu = perf_counter(), process_time()
    _ask(handler, environ, _BLOCK)
    return perf_counter() - wall, process_time() - cpu


def call(name: str) -> Operation:
    """The middleware by its dotted path, around a function that returns an answer; each time a new request."""
    fresh, answer = _fresh(), HttpResponse("fine")

    def inner(request: HttpRequest) -> HttpResponse:
        return answer

    middleware = import_string(name)(inner)
    if middleware(fresh()) is not answer:
        raise ValueError(f"{name} did not pass the answer on")

    def run(loops: int) -> None:
        for _ in range(loops):
            middleware(fresh())

    def overhead(loops: int) -> None:
        for _ in range(loops):
            inner(fresh())

    return Operation(run=run, overhead=overhead)


def acall(name: str) -> Operation:
    """The same, around a coroutine function."""
    fresh, answer = _fresh(), HttpResponse("fine")

    async def inner(request: HttpRequest) -> HttpResponse:
        return answer

    middleware = import_string(name)(inner)
    if asyncio.run(_once(middleware, fresh())) is not answer:
        raise ValueError(f"{name} did not pass the answer on")

    return Operation(
        run=lambda loops: asyncio.run(_repeat(middleware, fresh, loops)),
        overhead=lambda loops: asyncio.run(_repeat(inner, fresh, loops)),
    )


def _fresh() -> Callable[[], HttpRequest]:
    """What makes new requests, at less cost than Django does: what a middleware leaves on one is on no other."""
    parts = vars(RequestFactory().get("/"))

    def fresh() -> HttpRequest:
        request = WSGIRequest.__new__(WSGIRequest)
        request.__dict__.update(parts)
        return request

    return fresh


async def _once(function: Callable[[HttpRequest], Any], request: HttpRequest) -> object:
    return await function(request)


async def _repeat(
    function: Callable[[HttpRequest], Any], fresh: Callable[[], HttpRequest], loops: int
) -> None:
    for _ in range(loops):
        await function(fresh())


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
