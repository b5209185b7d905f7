"""The middleware: a failed request comes in, `request.META` says who was logged in."""

from __future__ import annotations

import logging
import sys
from collections.abc import Awaitable, Callable
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction, sync_to_async
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.core.exceptions import BadRequest, PermissionDenied
from django.core.signals import got_request_exception
from django.http import Http404, HttpRequest
from django.http.multipartparser import MultiPartParserError
from django.http.response import HttpResponseBase

from . import home, installed, log, loggers, running, streams, who

__all__ = ["ExceptionExtraMiddleware", "listen"]

GetResponse = Callable[[HttpRequest], Any]

# What a view raises to answer 400, 403 or 404: ordinary traffic, which Django logs as a warning and mails to nobody.
# SuspiciousOperation is none of them: that it does mail.
_ANSWERS = (Http404, PermissionDenied, BadRequest, MultiPartParserError)
_SERVER_ERROR = 500


class ExceptionExtraMiddleware:
    """Puts who was logged in into `request.META["ERROR-X-LOGGED-IN"]` when a request fails.

    Django's own error mail, and every reporter that prints `META`, then shows it. A request fails when a view or a
    template raises (`process_exception`), when another middleware does (the signal `got_request_exception`, so the
    position in `MIDDLEWARE` does not matter for it), when the answer is 500 or above, or when the body of a streaming
    answer raises. A request that succeeds is not looked at: no query, and neither `request.user` nor the session is
    touched.

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
        listen()

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        if self._is_async:
            return self._acall(request)
        try:
            home.enter(request)
        except AttributeError:  # no request of Django's, but it may be one to whoever answers it
            return self.get_response(request)  # type: ignore[no-any-return]
        handlers = loggers.SECURITY.handlers
        # Somebody may have taken it away by hand.
        if not handlers or type(handlers[0]) is not loggers.FirstHandler:
            loggers.listen(_on_record)
        # What it costs is kept from those who have nobody to tell.
        run = running.enter(request) if running.hearing else None
        try:
            response: HttpResponseBase = self.get_response(request)
            if response.status_code >= _SERVER_ERROR:
                who.record(request, None)
            if response.streaming:
                streams.watch(request, response)  # type: ignore[arg-type] # `streaming` says that it is one
            return response
        finally:
            if run:
                running.leave(run)

    async def _acall(self, request: HttpRequest) -> HttpResponseBase:
        try:
            home.enter(request)
        except AttributeError:  # as above
            return await self.get_response(request)  # type: ignore[no-any-return]
        handlers = loggers.SECURITY.handlers
        if not handlers or type(handlers[0]) is not loggers.FirstHandler:
            loggers.listen(_on_record)
        run = running.enter(request) if running.hearing else None
        try:
            response: HttpResponseBase = await self.get_response(request)
            if response.status_code >= _SERVER_ERROR and who.known(request) is None:
                await sync_to_async(who.record)(request, None)
            if response.streaming:
                streams.watch(request, response)  # type: ignore[arg-type] # `streaming` says that it is one
            return response
        finally:
            if run:
                running.leave(run)

    def process_exception(self, request: HttpRequest, exception: BaseException) -> None:
        """Record who was logged in; always returns None, so that Django goes on with the exception."""
        if not isinstance(exception, _ANSWERS):
            who.record(request, exception)


def listen() -> None:
    """Hear of what other middleware raises and answers, and who comes and goes while a request lasts.

    The first call decides the place among those who hear of it.
    """
    got_request_exception.connect(_on_exception, dispatch_uid=__name__)
    loggers.listen(_on_record)
    user_logged_in.connect(_on_change, dispatch_uid=__name__)
    user_logged_out.connect(_on_change, dispatch_uid=__name__)


def _on_exception(*, request: HttpRequest | None = None, **_kwargs: object) -> None:
    # Once connected it stays, so a process whose settings change (a test suite) asks whether it is still wanted.
    if request is not None and who.known(request) is None and installed.has(ExceptionExtraMiddleware):
        # Django sends the signal from a thread, others may send it from the event loop.
        who.at_hand(request, sys.exc_info()[1], final=True)


def _on_record(record: logging.LogRecord) -> None:
    if installed.has(ExceptionExtraMiddleware):
        log.of_record(record)


def _on_change(*, request: HttpRequest | None = None, **_kwargs: object) -> None:
    who.forget(request)
