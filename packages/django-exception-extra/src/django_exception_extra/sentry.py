"""The user in what Sentry is told about a failed request."""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import sentry_sdk
from django.core.signals import request_finished, request_started
from django.http import HttpRequest
from sentry_sdk.integrations import Integration
from sentry_sdk.scope import add_global_event_processor

from . import home, who
from .memory import Who
from .middleware import listen
from .signals import recorded

if TYPE_CHECKING:
    from sentry_sdk.types import Event, Hint

__all__ = ["ExceptionExtraIntegration"]

# Who failed in this thread or task, where no `DjangoIntegration` gives each request a scope of its own: what is in
# there then is shared with other requests, so nothing may be written to it.
_failed: ContextVar[Who | None] = ContextVar("exception_extra_failed", default=None)


class ExceptionExtraIntegration(Integration):
    """`sentry_sdk.init(integrations=[ExceptionExtraIntegration()])`.

    Sets the `user` of the event to what `EXCEPTION_EXTRA_IDENTITY` allows, and the tag `request_id` where django-guid
    gives one. It has to stand before `DjangoIntegration()`, if that is listed: what other middleware raises is
    reported in this order. Without `DjangoIntegration` it is the event itself that is told, no scope.
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
    client = sentry_sdk.get_client()
    if client.get_integration(ExceptionExtraIntegration) is None:
        return
    # In another thread nobody would ever take it back.
    if not home.is_here(request):
        return
    if client.get_integration("django") is None:
        _failed.set(None if who == Who() else who)
        return
    scope = sentry_sdk.get_isolation_scope()
    if who.fields:
        scope.set_user(dict(who.fields))
    elif who == Who():
        scope.set_user(None)
    if who.request_id:
        scope.set_tag("request_id", who.request_id)


def _take_back(**_kwargs: Any) -> None:
    _failed.set(None)


def _add_to_event(event: Event, hint: Hint) -> Event:
    client = sentry_sdk.get_client()
    if (
        client.get_integration(ExceptionExtraIntegration) is None
        or client.get_integration("django") is not None
    ):
        return event
    record = (hint or {}).get("log_record")
    request = who.http_request(getattr(record, "request", None))
    # A record that names its request is one of that, whichever thread or task it is in.
    found = _failed.get() if request is None else who.known(request)
    if found is None:
        return event
    if found.fields:
        event["user"] = dict(found.fields)
    if found.request_id:
        event["tags"] = {**dict(event.get("tags") or {}), "request_id": found.request_id}
    return event
