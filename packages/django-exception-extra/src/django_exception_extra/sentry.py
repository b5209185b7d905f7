"""The user in what Sentry is told about a failed request."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sentry_sdk
from sentry_sdk.integrations import Integration
from sentry_sdk.scope import add_global_event_processor

from . import failed, streams, who
from .memory import Who
from .middleware import listen

if TYPE_CHECKING:
    from sentry_sdk.types import Event, Hint

__all__ = ["ExceptionExtraIntegration"]


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
        failed.listen()
        add_global_event_processor(_add_to_event)


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
    return failed.current()
