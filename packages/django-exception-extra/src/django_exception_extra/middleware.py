"""The middleware: a failed request comes in, `request.META` says who was logged in."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction, sync_to_async
from django.conf import settings
from django.core.exceptions import BadRequest, PermissionDenied
from django.core.signals import got_request_exception
from django.http import Http404, HttpRequest
from django.http.multipartparser import MultiPartParserError
from django.http.response import HttpResponseBase
from django.utils.module_loading import import_string

from . import conf
from .report import logged_in, logger

__all__ = ["META_KEY", "ExceptionExtraMiddleware"]

META_KEY = "ERROR-X-LOGGED-IN"

GetResponse = Callable[[HttpRequest], Any]

# What a view raises to answer 400, 403 or 404: ordinary traffic, which Django logs as a warning and mails to nobody.
# SuspiciousOperation is none of them: that it does mail.
_ANSWERS = (Http404, PermissionDenied, BadRequest, MultiPartParserError)
_SEEN = "_exception_extra_seen"


class ExceptionExtraMiddleware:
    """Puts who was logged in into `request.META["ERROR-X-LOGGED-IN"]` when a request fails.

    Django's own error mail, and every reporter that prints `META`, then shows it. A request fails when a view or a
    template raises (`process_exception`), when another middleware does (the signal `got_request_exception`, so the
    position in `MIDDLEWARE` does not matter for it), or when the answer is 500 or above. A request that succeeds
    is not looked at: no query, and neither `request.user` nor the session is touched.

    Does nothing while `DEBUG` is on, unless `EXCEPTION_EXTRA_IN_DEBUG` is true. Never raises: what goes wrong is
    logged by `django_exception_extra` at level debug.
    """

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        self._is_async = iscoroutinefunction(get_response)
        if self._is_async:
            markcoroutinefunction(self)
        got_request_exception.connect(_on_exception, dispatch_uid=__name__)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        if self._is_async:
            return self._acall(request)
        response: HttpResponseBase = self.get_response(request)
        if response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
            _record(request, None)
        return response

    async def _acall(self, request: HttpRequest) -> HttpResponseBase:
        response: HttpResponseBase = await self.get_response(request)
        if response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR and not _is_done(request):
            await sync_to_async(_record)(request, None)
        return response

    def process_exception(self, request: HttpRequest, exception: BaseException) -> None:
        """Record who was logged in; always returns None, so that Django goes on with the exception."""
        if not isinstance(exception, _ANSWERS):
            _record(request, exception)


def _on_exception(*, request: HttpRequest | None = None, **_kwargs: object) -> None:
    # Once connected it stays, so a process whose settings change (a test suite) asks whether it is still wanted.
    if request is not None and not _is_done(request) and _is_installed():
        _record(request, sys.exc_info()[1])


def _record(request: HttpRequest, exception: BaseException | None) -> None:
    try:
        if _is_done(request) or (settings.DEBUG and not conf.in_debug()):
            return
        # One failure passes here up to three times: as an exception, as a signal and as an answer.
        setattr(request, _SEEN, True)
        line = logged_in(request, exception)
        if line:
            request.META[META_KEY] = line
    except Exception:  # noqa: BLE001 (an error report must never add an error)
        logger.debug("Unable to debug who was logged in", exc_info=True)


def _is_done(request: HttpRequest) -> bool:
    return hasattr(request, _SEEN)


def _is_installed() -> bool:
    try:
        classes = [import_string(path) for path in settings.MIDDLEWARE]
    except ImportError:
        return False
    return any(isinstance(c, type) and issubclass(c, ExceptionExtraMiddleware) for c in classes)
