"""Which request runs in a thread or task, and which wait for it: for those who tell of what happens beside a request.

A view may send requests of its own, as Django's test clients do. Each request is followed from our middleware to its end where
structlog or Sentry hear of it, and nowhere else, since that is most of what a request would pay for us.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from typing import Any

from django.core.signals import request_finished, request_started
from django.http import HttpRequest

__all__ = [
    "Run",
    "come_back",
    "enter",
    "has_come",
    "hear",
    "hearing",
    "is_here",
    "is_innermost",
    "leave",
]

_MARK = "_exception_extra_running"
# Middleware outside of ours may send requests while an answer passes them, and there may be some that nobody ends: the outer
# one is still known after so many.
_DEPTH = 8
# Where a server ends none a thread goes from one to the next: only when this many have come the oldest are let go, since to
# do so with each is what would cost most.
_MANY = 64

# What is known of a request that runs. A list, since an object of a class of its own takes twice as long to make. It has that of
# the outermost request by whose view this one was sent, and of the one that was at hand then, or None; how far it has come; and
# if it is an outermost one, that of the one that was begun before it, and how many of these there are.
Run = list[Any]
_ROOT, _STATE, _BEFORE, _COUNT, _SENDER = range(5)
# It has come to our middleware; has passed it on its way out, where others may be; has ended.
_WITHIN, _WITHOUT, _ENDED = range(3)

_run: ContextVar[Run | None] = ContextVar("exception_extra_running", default=None)
# A request of WSGI that was begun, and has not come to our middleware or ended.
_begun: ContextVar[Mapping[str, Any] | None] = ContextVar("exception_extra_begun", default=None)

# Who is to be told when another request is the one that runs. While this is empty nobody need follow any.
hearing: list[Callable[[], object]] = []


def enter(request: HttpRequest) -> Run | None:
    """From here on the request runs in the context this is called in, and in those made from it.

    Returns what `leave` is to be given, whatever comes; None for a request that has been here.
    """
    if _MARK in request.__dict__:
        return None
    at_hand = _run.get()
    # One that was sent before and has passed.
    while at_hand is not None and at_hand[_STATE] != _WITHIN and at_hand[_ROOT] is not None:
        at_hand[_STATE] = _ENDED
        at_hand = at_hand[_SENDER]
    if at_hand is None:
        run: Run = [None, _WITHIN, None, 1, None]
    else:
        root = at_hand[_ROOT] or at_hand
        if root[_STATE] == _WITHIN:
            run = [root, _WITHIN, None, 0, at_hand]
        else:
            run = [None, _WITHIN, root, root[_COUNT] + 1, None]
            if run[_COUNT] > _MANY:
                _let_go(run)
    request.__dict__[_MARK] = run
    _run.set(run)
    _begun.set(None)
    _tell()
    return run


def leave(run: Run) -> None:
    """A request has passed on its way out: its answer, or what comes in place of one."""
    run[_STATE] = _WITHOUT
    if _run.get() is not run:
        # Those that it has sent are over, though nobody has closed their answers.
        _run.set(run)
        _begun.set(None)
        _tell()


def come_back(request: HttpRequest) -> None:
    """It is this request that runs here: those that it has sent are over, though nobody has closed their answers."""
    mark = request.__dict__.get(_MARK)
    here = sent = _run.get()
    while here is not None and here is not mark and here[_STATE] != _WITHIN:
        here = here[_SENDER]
    if here is None or here is not mark or here is sent:
        return
    _run.set(here)
    _begun.set(None)


def _is_elsewhere(request: HttpRequest) -> bool:
    """Whether the request is known to run in another thread or task."""
    mark = request.__dict__.get(_MARK)
    if mark is None:
        return False
    root = mark[_ROOT] or mark
    here = _run.get()
    while here is not None:
        here = here[_ROOT] or here
        if here is root:
            return False
        here = here[_BEFORE]
    return True


def is_here(request: HttpRequest) -> bool:
    """Whether the request is one that this thread or task has begun and not ended."""
    mark = request.__dict__.get(_MARK)
    if mark is not None:
        return mark[_STATE] != _ENDED and not _is_elsewhere(request)
    # Under ASGI each request has a context of its own, where what Django's signals leave in it is lost.
    return hasattr(request, "scope") or request.META is _begun.get()


def is_innermost(request: HttpRequest) -> bool:
    """Whether the request is the one that runs here, and not one that waits for another it has sent, or has ended."""
    mark = request.__dict__.get(_MARK)
    if mark is None:  # it has failed before it came to our middleware
        return is_here(request)
    here = _run.get()
    return here is not None and here is mark and here[_STATE] != _ENDED and _begun.get() is None


def has_come(request: HttpRequest) -> bool:
    """Whether the request has come to our middleware, and not failed before."""
    return _MARK in request.__dict__


def hear(of_change: Callable[[], object]) -> None:
    """Have a function called whenever another request is the one that runs here; twice is as good as once."""
    request_started.connect(_on_started, dispatch_uid=__name__)
    request_finished.connect(_on_finished, dispatch_uid=__name__)
    if of_change not in hearing:
        hearing.append(of_change)


def _let_go(run: Run) -> None:
    """Keep the last few of those before this one."""
    run[_COUNT] = _DEPTH
    for _ in range(_DEPTH - 1):
        run = run[_BEFORE]
    run[_BEFORE] = None


def _tell() -> None:
    for of_change in hearing:
        of_change()


def _on_started(*, environ: Mapping[str, Any] | None = None, **_kwargs: object) -> None:
    if environ is not None:
        _begun.set(environ)
        _tell()


def _on_finished(**_kwargs: object) -> None:
    _begun.set(None)
    run = _run.get()
    if run is not None and run[_STATE] == _WITHOUT:
        run[_STATE] = _ENDED
        _run.set(run[_SENDER] or run[_BEFORE])
    _tell()
