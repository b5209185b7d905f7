"""Where a request runs: which thread or task may look at it, and may say of itself that it works for it.

Log records travel: behind a `QueueListener`, and from the jobs of a pool, a request is seen by threads that have
nothing to do with it, while it goes on in its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any

from django.core.signals import request_finished, request_started
from django.http import HttpRequest

__all__ = ["enter", "is_elsewhere", "is_here", "listen"]

_MARK = "_exception_extra_home"
# A view may send requests of its own, as Django's test client does: the outer one is still at home after it.
_DEPTH = 8
# A thread of a server goes from request to request: only when this many have come the oldest are let go, since to do
# so with each is what would cost most.
_MANY = 64


# The home of a request: the one that was begun before it in the same context, and how many there are. A list, since an
# object of a class of its own takes twice as long to make.
_Home = list[Any]

_home: ContextVar[_Home | None] = ContextVar("exception_extra_home", default=None)
_running: ContextVar[tuple[Mapping[str, Any], ...]] = ContextVar("exception_extra_running", default=())


def enter(request: HttpRequest) -> None:
    """From here on the request belongs to the context this is called in, and to those made from it."""
    before = _home.get()
    home = request.__dict__[_MARK] = [before, before[1] + 1 if before else 1]
    _home.set(home)
    if home[1] > _MANY:
        _let_go(home)


def is_elsewhere(request: HttpRequest) -> bool:
    """Whether the request is known to belong to another thread or task."""
    mark = request.__dict__.get(_MARK)
    home = _home.get()
    while home and home is not mark:
        home = home[0]
    return mark is not None and home is None


def _let_go(home: _Home) -> None:
    """Keep the last few of the homes before this one."""
    home[1] = _DEPTH
    for _ in range(_DEPTH - 1):
        home = home[0]
    home[0] = None


def is_here(request: HttpRequest) -> bool:
    """Whether the request is one that this thread or task has begun and not ended."""
    if is_elsewhere(request):
        return False
    # Under ASGI each request has a context of its own, where what Django's signals leave in it is lost.
    return hasattr(request, "scope") or any(request.META is environ for environ in _running.get())


def listen() -> None:
    """Hear of requests from their very begin on, before any middleware sees them."""
    request_started.connect(_on_started, dispatch_uid=__name__)
    request_finished.connect(_on_finished, dispatch_uid=__name__)


def _on_started(*, environ: Mapping[str, Any] | None = None, **_kwargs: object) -> None:
    if environ is not None:
        _running.set((*_running.get()[1 - _DEPTH :], environ))


def _on_finished(**_kwargs: object) -> None:
    _running.set(_running.get()[:-1])
