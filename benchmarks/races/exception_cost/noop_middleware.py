"""A middleware of the new kind that does nothing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from asgiref.sync import iscoroutinefunction
from django.http import HttpRequest
from django.utils.decorators import sync_and_async_middleware

__all__ = ["eager", "noop"]


@sync_and_async_middleware
def noop(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    """Calls what is inside of it."""
    if iscoroutinefunction(get_response):

        async def amiddleware(request: HttpRequest) -> Awaitable[Any]:
            response: Awaitable[Any] = await get_response(request)
            return response

        return amiddleware

    def middleware(request: HttpRequest) -> Any:
        return get_response(request)

    return middleware


def eager(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    """What many projects wrote: who is logged in, found out ahead of any failure."""

    def middleware(request: HttpRequest) -> Any:
        request.META["LOGGED_IN"] = str(request.user)
        return get_response(request)

    return middleware
