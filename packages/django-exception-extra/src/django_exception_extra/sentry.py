"""The user in what Sentry is told about a failed request."""

from __future__ import annotations

import weakref
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import sentry_sdk
from django.core.signals import request_finished, request_started
from django.http import HttpRequest
from sentry_sdk.integrations import Integration
from sentry_sdk.scope import add_global_event_processor

from . import home, streams, who
from .memory import Who
from .middleware import listen
from .signals import recorded

if TYPE_CHECKING:
    from sentry_sdk.types import Event, Hint

__all__ = ["ExceptionExtraIntegration"]

# Which request failed in this thread or task, and who it was. Not the scope of Sentry: that one may be shared by requests
# and outlive them, as under a handler of the project's own, which nothing of Sentry's is around.
_failed: ContextVar[tuple[weakref.ref[HttpRequest], Who] | None] = ContextVar(
    "exception_extra_failed", default=None
)


class ExceptionExtraIntegration(Integration):
    """`sentry_sdk.init(integrations=[ExceptionExtraIntegration()])`.

    Sets the `user` of the event to what `EXCEPTION_EXTRA_IDENTITY` allows, and the tag `request_id` where django-guid
    gives one. It has to stand before `DjangoIntegration()`, if that is listed: what other middleware raises is
    reported in this order. It is the event itself that is told, no scope: those of the thread or task in which the request
    failed, until it ends, log records that name the request, and what its streaming answer raised.
    """

    identifier = "django_exception_extra"

    @staticmethod
    def setup_once() -> None:
        listen()
        home.listen()
        recorded.connect(_tell, dispatch_uid=__name__)
        # At the start, too: an answer that a server never closed does not send the other one.
        request_started.connect(_take_back, dispatch_uid=__name__)
        request_finished.connect(_take_back, dispatch_uid=__name__)
        add_global_event_processor(_add_to_event)


def _tell(*, request: HttpRequest, who: Who, **_kwargs: Any) -> None:
    if sentry_sdk.get_client().get_integration(ExceptionExtraIntegration) is None:
        return
    # In another thread nobody would ever take it back.
    if not home.is_here(request):
        return
    _failed.set(None if who == Who() else (weakref.ref(request), who))


def _take_back(**_kwargs: Any) -> None:
    _failed.set(None)


def _add_to_event(event: Event, hint: Hint) -> Event:
    if sentry_sdk.get_client().get_integration(ExceptionExtraIntegration) is None:
        return event
    found = _of_event(hint or {})
    if found is None:
        return event
    if found.fields:
        event["user"] = dict(found.fields)
    if found.request_id:
        event["tags"] = {**dict(event.get("tags") or {}), "request_id": found.request_id}
    return event


def _of_event(hint: Hint) -> Who | None:
    """Who the event is of. What names its request is of that, whichever thread or task it is in."""
    request = who.http_request(getattr(hint.get("log_record"), "request", None))
    if request is None:
        request = streams.broken_by((hint.get("exc_info") or (None, None, None))[1])
    if request is not None:
        return who.known(request)
    failed = _failed.get()
    # A server that never ends a request lets go of it all the same.
    return failed[1] if failed and failed[0]() is not None else None
