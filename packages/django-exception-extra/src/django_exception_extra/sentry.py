"""The user in what Sentry is told about a failed request."""

from __future__ import annotations

from typing import Any

import sentry_sdk
from sentry_sdk.integrations import Integration

from .memory import Who
from .middleware import listen
from .signals import recorded

__all__ = ["ExceptionExtraIntegration"]


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


def _tell(*, who: Who, **_kwargs: Any) -> None:
    if sentry_sdk.get_client().get_integration(ExceptionExtraIntegration) is None:
        return
    scope = sentry_sdk.get_isolation_scope()
    if who.fields:
        scope.set_user(dict(who.fields))
    elif who == Who():
        scope.set_user(None)
    if who.request_id:
        scope.set_tag("request_id", who.request_id)
