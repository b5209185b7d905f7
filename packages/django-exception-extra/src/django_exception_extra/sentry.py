"""The user in what Sentry is told about a failed request."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any

import sentry_sdk
from django.core.signals import request_finished, request_started
from django.http import HttpRequest
from sentry_sdk.integrations import Integration

from . import home
from .memory import Who
from .middleware import listen
from .signals import recorded

__all__ = ["ExceptionExtraIntegration"]

# What has to be taken back, where no `DjangoIntegration` gives each request a scope of its own.
_told: ContextVar[sentry_sdk.Scope | None] = ContextVar("exception_extra_told", default=None)


class ExceptionExtraIntegration(Integration):
    """`sentry_sdk.init(integrations=[ExceptionExtraIntegration()])`.

    Sets the `user` of the event to what `EXCEPTION_EXTRA_IDENTITY` allows, and the tag `request_id` where django-guid
    gives one. It has to stand before `DjangoIntegration()`, if that is listed: what other middleware raises is
    reported in this order.
    """

    identifier = "django_exception_extra"

    @staticmethod
    def setup_once() -> None:
        listen()
        recorded.connect(_tell, dispatch_uid=__name__)
        # At the start, too: an answer that a server never closed does not send the other one.
        request_started.connect(_take_back, dispatch_uid=__name__)
        request_finished.connect(_take_back, dispatch_uid=__name__)


def _tell(*, request: HttpRequest, who: Who, **_kwargs: Any) -> None:
    client = sentry_sdk.get_client()
    if client.get_integration(ExceptionExtraIntegration) is None:
        return
    # In another thread nobody would ever take it back.
    if not home.is_here(request):
        return
    scope = sentry_sdk.get_isolation_scope()
    if client.get_integration("django") is None:
        _told.set(scope)
    if who.fields:
        scope.set_user(dict(who.fields))
    elif who == Who():
        scope.set_user(None)
    if who.request_id:
        scope.set_tag("request_id", who.request_id)


def _take_back(**_kwargs: Any) -> None:
    scope = _told.get()
    if scope is not None:
        _told.set(None)
        scope.set_user(None)
        scope.remove_tag("request_id")
