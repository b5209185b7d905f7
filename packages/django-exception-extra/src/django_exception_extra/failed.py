"""Which request of this thread or task has failed, and who it was of: for those who tell of what comes after.

Kept beside the request and not in a scope or context of the reporter's own: that one may be shared by requests and
outlive them, as under a handler of the project's own, which nothing of the reporter's is around.
"""

from __future__ import annotations

import weakref
from contextvars import ContextVar
from typing import Any

from django.http import HttpRequest

from . import running
from .memory import Who
from .signals import recorded

__all__ = ["current", "listen"]

_Entry = tuple[weakref.ref[HttpRequest], Who]

# The oldest first. A request that is never ended is let go of with all that is held by it.
_failed: ContextVar[tuple[_Entry, ...]] = ContextVar("exception_extra_failed", default=())


def listen() -> None:
    """Hear of requests that fail, and of which of them is the one that runs."""
    running.hear(_settle)
    recorded.connect(_keep, dispatch_uid=__name__)


def current() -> Who | None:
    """Who it was whose request runs here and has failed; None where the one that runs has not."""
    for each, who in reversed(_failed.get()):
        request = each()
        if request is not None and running.is_innermost(request):
            return who
    return None


def _keep(*, request: HttpRequest, who: Who, **_kwargs: Any) -> None:
    # In another thread it would never be taken for the one that runs, and is none that does.
    if not running.is_here(request):
        return
    running.come_back(request)
    others = tuple(each for each in _failed.get() if each[0]() is not request and _lasts(each))
    _failed.set((*others, (weakref.ref(request), who)) if who != Who() else others)


def _lasts(entry: _Entry) -> bool:
    request = entry[0]()
    return request is not None and running.is_here(request)


def _settle() -> None:
    """Another request is the one that runs here. One that never came to ours is said to have ended by no more than that."""
    entries = _failed.get()
    if entries:
        _failed.set(tuple(each for each in entries if _lasts(each) and running.has_come(each[0]())))  # type: ignore[arg-type] # it lasts
