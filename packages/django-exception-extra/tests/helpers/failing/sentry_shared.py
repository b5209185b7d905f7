"""Requests one after the other in one thread, where Sentry gives them no scope of their own; prints whom it is told of.

SENTRY is `ours only` or `with Django's`, for `DjangoIntegration`.
"""

import contextvars
import json
import logging
import os
import warnings

import django
import sentry_sdk
from django.conf import settings
from django.core import signals
from django.core.handlers.base import BaseHandler
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpResponse, StreamingHttpResponse
from django.test import Client, RequestFactory
from django.urls import path
from sentry_sdk.transport import Transport

from django_exception_extra.log import LoggedInFilter
from django_exception_extra.sentry import ExceptionExtraIntegration

EVENTS = []
# What is asked for, by each handler.
VIEWS = ("nobody", "anita", "nobody", "stream", "nobody", "astream", "nobody", "nested", "between", "nobody")


class Kept(Transport):
    def capture_envelope(self, envelope):
        event = envelope.get_event()
        if event is not None:
            EVENTS.append((event.get("user") or {}).get("username"))


class Anita:
    is_authenticated = True
    pk = 1

    def __str__(self):
        return "anita"


def nobody(request):
    raise ValueError("crash")


def anita(request):
    request.user = Anita()
    raise ValueError("crash")


def stream(request):
    request.user = Anita()

    def body():
        yield b"half"
        raise ValueError("crash")

    return StreamingHttpResponse(body())


def astream(request):
    request.user = Anita()

    async def body():
        yield b"half"
        raise ValueError("crash")

    return StreamingHttpResponse(body())


def nested(request):
    """Sends a request of its own."""
    Client(raise_request_exception=False).get("/anita/")
    raise ValueError("crash")


def between(request):
    """Says something after an error it has logged, within and after a request of its own."""
    request.user = Anita()
    LoggedInFilter().filter(logging.makeLogRecord({"request": request, "levelno": logging.ERROR}))
    Client().get("/saying/")
    sentry_sdk.capture_message("after")
    return HttpResponse()


def saying(request):
    sentry_sdk.capture_message("within")
    return HttpResponse()


urlpatterns = [
    path(f"{view.__name__}/", view) for view in (nobody, anita, stream, astream, nested, between, saying)
]


class Own(BaseHandler):
    """As a server of another protocol has it, which nothing of Sentry's is around."""

    def __init__(self):
        self.load_middleware()

    def __call__(self, environ, start_response):
        signals.request_started.send(sender=type(self), environ=environ)
        response = self.get_response(WSGIRequest(environ))
        start_response(f"{response.status_code} so", [])
        return response


def main():
    sentry_sdk.init(
        dsn="http://key@127.0.0.1:9/1",
        auto_enabling_integrations=os.environ["SENTRY"] != "ours only",
        transport=Kept,
        integrations=[ExceptionExtraIntegration()],
    )
    settings.configure(
        SECRET_KEY="of the tests",
        ALLOWED_HOSTS=["*"],
        ROOT_URLCONF=__name__,
        MIDDLEWARE=["django_exception_extra.ExceptionExtraMiddleware"],
        LOGGING_CONFIG=None,
    )
    django.setup()
    from django.core.wsgi import get_wsgi_application

    # Both would report the same once more.
    logging.disable(logging.CRITICAL)
    # Of an asynchronous body, which Django reads before it sends any.
    warnings.simplefilter("ignore")
    applications = {"wsgi": get_wsgi_application(), "own": Own()}

    def call(handler, view):
        environ = RequestFactory().get(f"/{view}/").environ
        response = applications[handler](environ, lambda status, headers: None)
        try:
            list(response)
        except ValueError as error:
            # As a server under ASGI, which hears of it in a context that is not the request's.
            contextvars.Context().run(sentry_sdk.capture_exception, error)
        response.close()

    found = []
    for handler in applications:
        for view in VIEWS:
            EVENTS.clear()
            call(handler, view)
            # Of a job that comes in between.
            sentry_sdk.capture_message("between")
            sentry_sdk.flush()
            found.append([handler, view, *EVENTS])
    client = Client(raise_request_exception=False)
    for view in ("nobody", "anita", "nobody"):
        EVENTS.clear()
        client.get(f"/{view}/")
        sentry_sdk.capture_message("between")
        found.append(["client", view, *EVENTS])
    print(json.dumps(found))


if __name__ == "__main__":
    main()
