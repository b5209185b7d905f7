"""The user in structlog's context, from the failure of a request to its end."""

from __future__ import annotations

from typing import Any

import structlog

from . import failed, running
from .signals import recorded

__all__ = ["connect"]


def connect() -> None:
    """Bind `logged_in` to structlog's context variables when a request fails.

    It is in every event logged after that, until the request ends, if the processors begin with
    `structlog.contextvars.merge_contextvars`. To be called once, beside `structlog.configure()`. A request id
    comes from django-guid's own integration with structlog, or from django-structlog.
    """
    failed.listen()
    running.hear(_bind)
    recorded.connect(_bind, dispatch_uid=__name__)


def _bind(**_kwargs: Any) -> None:
    found = failed.current()
    if found is not None and found.line:
        structlog.contextvars.bind_contextvars(logged_in=found.line)
    else:
        structlog.contextvars.unbind_contextvars("logged_in")
