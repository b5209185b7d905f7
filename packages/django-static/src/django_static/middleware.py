"""Middleware: the ``Link`` header of pages."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any, cast

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from . import preloads
from .conf import conf

__all__ = ["LinkHeaderMiddleware"]

logger = logging.getLogger("django_static")

_PAGES = ("text/html", "application/xhtml+xml")


class LinkHeaderMiddleware:
    """Adds one ``Link`` header to pages, so that a browser or a CDN can ask for files before it reads the page.

    It names what ``{% staticpreload %}`` has registered while the response was rendered, and ``DJANGO_STATIC_PRELOAD``.
    Other kinds of content get none, nor do redirects, 304 and other answers without a page, nor streaming responses, of
    which nobody knows yet what they will hold.
    """

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self.get_response = get_response
        self._is_async = iscoroutinefunction(get_response)
        if self._is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        if self._is_async:
            return self._call_async(request)
        return self._with_links(request, self.get_response(request))

    async def _call_async(self, request: HttpRequest) -> HttpResponseBase:
        return self._with_links(request, await self.get_response(request))

    def _with_links(self, request: HttpRequest, response: Any) -> HttpResponseBase:
        if _is_page(response):
            try:
                wanted = preloads.of_setting(conf.preload)
            except ValueError as error:  # the system check says so, too
                logger.error("%s", error)
                wanted = []
            everywhere = [link for each in wanted for link in preloads.links(each)]
            before = response.get("Link", "")
            value = preloads.header([*everywhere, *preloads.registered(request)], before)
            if value != before:
                response["Link"] = value
        return cast(HttpResponseBase, response)


def _is_page(response: Any) -> bool:
    kind = response.get("Content-Type", "").partition(";")[0].strip().lower()
    has_page = response.status_code >= 400 or response.status_code in (200, 201, 203)
    return kind in _PAGES and has_page and not response.streaming
