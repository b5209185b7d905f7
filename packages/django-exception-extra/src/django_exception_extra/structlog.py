"""The user in structlog's context, from the failure of a request to its end."""

from __future__ import annotations

from typing import Any

import structlog
from django.core.signals import request_finished, request_started
from django.http import HttpRequest

from . import home
from .memory import Who
from .signals import recorded

__all__ = ["connect"]

_UID = __name__


def connect() -> None:
    """Bind `logged_in` to structlog's context variables when a request fails.

    It is in every event logged after that, until the request ends, if the processors begin with
    `structlog.contextvars.merge_contextvars`. To be called once, beside `structlog.configure()`. A request id
    comes from django-guid's own integration with structlog, or from django-structlog.
    """
    home.listen()
    recorded.connect(_bind, dispatch_uid=_UID)
    # At the start, too: an answer that a server never closed does not send the other one.
    request_started.connect(_unbind, dispatch_uid=_UID)
    request_finished.connect(_unbind, dispatch_uid=_UID)


def _bind(*, request: HttpRequest, who: Who, **_kwargs: Any) -> None:
    # In another thread nobody would ever take it back.
    if not home.is_here(request):
        return
    if who.line:
        structlog.contextvars.bind_contextvars(logged_in=who.line)
    else:
        _unbind()


def _unbind(**_kwargs: Any) -> None:
    structlog.contextvars.unbind_contextvars("logged_in")
