"""Answer 503, quickly, while MongoDB cannot be reached."""

from __future__ import annotations

import logging
import sys
from collections.abc import Awaitable, Callable
from typing import Any, cast

from asgiref.sync import iscoroutinefunction, markcoroutinefunction, sync_to_async
from django.conf import settings
from django.core.signals import got_request_exception
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template import TemplateDoesNotExist, loader
from django.utils.cache import add_never_cache_headers

from django_mongokit.mongodb.embedded import answering, is_unavailable

__all__ = ["DatabaseUnavailableMiddleware"]

logger = logging.getLogger("django_mongokit")

_FAILURE = "_django_mongokit_failure"
"""The attribute of a request for which MongoDB could not be reached, of which Django has made a 500."""

_SENTENCE = "The database cannot be reached just now. Please try again in a few seconds.\n"


class DatabaseUnavailableMiddleware:
    """Turns a connection failure of PyMongo into `503 Service Unavailable`: of a view, its template, other middleware.

    It sees what fails in the middleware that stands after it, so it stands first. A first connection for which the embedded
    server cannot be had in the time an operation may wait is such a failure, too.

    The answer is the project's template `503.html` if it has one (rendered without a context, as Django's `500.html`
    is), else one plain sentence. Every other exception goes its way. Subclass it to change `retry_after`.
    """

    sync_capable = True
    async_capable = True

    retry_after = 5
    """Seconds after which the client is told to try again."""

    template_name = "503.html"

    def __init__(
        self,
        get_response: Callable[[HttpRequest], HttpResponseBase]
        | Callable[[HttpRequest], Awaitable[HttpResponseBase]],
    ) -> None:
        self.get_response = get_response
        self._is_async = iscoroutinefunction(get_response)
        if self._is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        """Pass the request on. A view's failures come by `process_exception`, those of other middleware as a 500."""
        if self._is_async:
            return self._await_response(request)
        with answering():
            try:
                response = self.get_response(request)
            except Exception as error:
                # What makes the 500 failed too.
                found = self.process_exception(request, error)
                if found is None:
                    raise
                return found
            failure = _failure(request, cast("HttpResponseBase", response))
            return response if failure is None else self._answer(request, failure)

    async def _await_response(self, request: HttpRequest) -> HttpResponseBase:
        with answering():
            try:
                response = await cast("Awaitable[HttpResponseBase]", self.get_response(request))
            except Exception as error:
                found = await sync_to_async(self.process_exception)(request, error)
                if found is None:
                    raise
                return found
            failure = _failure(request, response)
            return response if failure is None else await sync_to_async(self._answer)(request, failure)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Return the 503 for a `ConnectionFailure` (no server, lost server, exhausted pool), None for all else.

        An `EmbeddedServerError` is one of them: the embedded server is away, or cannot be started.
        """
        return self._answer(request, exception) if is_unavailable(exception) else None

    def _answer(self, request: HttpRequest, exception: Exception) -> HttpResponse:
        # One line: PyMongo's text has the whole topology in it, a traceback per request buries the log.
        logger.error(
            "MongoDB unavailable: %s %s: %s: %s",
            request.method,
            request.path,
            type(exception).__name__,
            exception,
        )
        response = self._page(exception)
        response.headers["Retry-After"] = str(self.retry_after)
        add_never_cache_headers(response)
        return response

    def _page(self, exception: Exception) -> HttpResponse:
        try:
            template = loader.get_template(self.template_name)
        except TemplateDoesNotExist:
            return self._sentence(exception)
        try:
            return HttpResponse(template.render(), status=503)
        except Exception as error:
            if not is_unavailable(error):
                raise
            logger.exception("%s itself needs MongoDB", self.template_name)
            return self._sentence(exception)

    def _sentence(self, exception: Exception) -> HttpResponse:
        text = f"{_SENTENCE}\n{type(exception).__name__}: {exception}\n" if settings.DEBUG else _SENTENCE
        return HttpResponse(text, status=503, content_type="text/plain; charset=utf-8")


def _note(request: HttpRequest | None = None, **kwargs: Any) -> None:
    """Keep with a request what Django makes a 500 of, if it is a connection failure: the last that fails counts."""
    error = sys.exc_info()[1]
    if request is not None:
        setattr(request, _FAILURE, error if error is not None and is_unavailable(error) else None)


def _failure(request: HttpRequest, response: HttpResponseBase) -> Exception | None:
    """Return the connection failure that a response is Django's 500 for."""
    # Who has caught it, and answers something else, is left alone.
    return getattr(request, _FAILURE, None) if response.status_code == 500 else None


got_request_exception.connect(_note, dispatch_uid="django_mongokit.middleware")
