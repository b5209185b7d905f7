"""Where a request runs: which thread or task may look at it, and may say of itself that it works for it.

Log records travel: behind a `QueueListener`, and from the jobs of a pool, a request is seen by threads that have
nothing to do with it, while it goes on in its own. And a view may send requests of its own, as Django's test clients do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from typing import Any

from django.core.signals import request_finished, request_started
from django.http import HttpRequest

__all__ = [
    "come_back",
    "enter",
    "has_come",
    "hear",
    "is_elsewhere",
    "is_here",
    "is_innermost",
    "leave",
    "listen",
]

_MARK = "_exception_extra_home"
# Middleware outside of ours may send requests while an answer passes them, and there may be some that nobody ends: the outer
# one is still at home after so many.
_DEPTH = 8
# Where a server ends none a thread goes from one to the next: only when this many have come the oldest are let go, since to
# do so with each is what would cost most.
_MANY = 64

# The home of a request. A list, since an object of a class of its own takes twice as long to make. What it has: the home of
# the outermost request by whose view it was sent, and the one that was at hand then, or None; how far it has come; and if it
# is an outermost one, the home of the one that was begun before it, and how many of these there are.
_Home = list[Any]
_ROOT, _STATE, _BEFORE, _COUNT, _SENDER = range(5)
# It has come to our middleware; has passed it on its way out, where others may be; has ended.
_WITHIN, _WITHOUT, _ENDED = range(3)

_home: ContextVar[_Home | None] = ContextVar("exception_extra_home", default=None)
# A request of WSGI that was begun, and has not come to a home or ended.
_begun: ContextVar[Mapping[str, Any] | None] = ContextVar("exception_extra_begun", default=None)

_hearing: list[Callable[[], object]] = []


def enter(request: HttpRequest) -> _Home | None:
    """From here on the request belongs to the context this is called in, and to those made from it.

    Returns what `leave` is to be given, whatever comes; None for a request that has been here.
    """
    if _MARK in request.__dict__:
        return None
    at_hand = _home.get()
    # One that was sent before and has passed.
    while at_hand is not None and at_hand[_STATE] != _WITHIN and at_hand[_ROOT] is not None:
        at_hand[_STATE] = _ENDED
        at_hand = at_hand[_SENDER]
    if at_hand is None:
        home: _Home = [None, _WITHIN, None, 1, None]
    else:
        root = at_hand[_ROOT] or at_hand
        if root[_STATE] == _WITHIN:
            home = [root, _WITHIN, None, 0, at_hand]
        else:
            home = [None, _WITHIN, root, root[_COUNT] + 1, None]
            if home[_COUNT] > _MANY:
                _let_go(home)
    request.__dict__[_MARK] = home
    _home.set(home)
    if _hearing:
        _begun.set(None)
        _tell()
    return home


def leave(home: _Home) -> None:
    """A request has passed on its way out: its answer, or what comes in place of one."""
    home[_STATE] = _WITHOUT
    if _home.get() is not home:
        # Those that it has sent are over, though nobody has closed their answers.
        _home.set(home)
        if _hearing:
            _begun.set(None)
            _tell()


def come_back(request: HttpRequest) -> None:
    """It is this request that runs here: those that it has sent are over, though nobody has closed their answers."""
    mark = request.__dict__.get(_MARK)
    here = sent = _home.get()
    while here is not None and here is not mark and here[_STATE] != _WITHIN:
        here = here[_SENDER]
    if here is None or here is not mark or here is sent:
        return
    _home.set(here)
    _begun.set(None)


def is_elsewhere(request: HttpRequest) -> bool:
    """Whether the request is known to belong to another thread or task."""
    mark = request.__dict__.get(_MARK)
    if mark is None:
        return False
    root = mark[_ROOT] or mark
    here = _home.get()
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
        return mark[_STATE] != _ENDED and not is_elsewhere(request)
    # Under ASGI each request has a context of its own, where what Django's signals leave in it is lost.
    return hasattr(request, "scope") or request.META is _begun.get()


def is_innermost(request: HttpRequest) -> bool:
    """Whether the request is the one that runs here, and not one that waits for another it has sent, or has ended."""
    mark = request.__dict__.get(_MARK)
    if mark is None:  # it has failed before it came to a home
        return is_here(request)
    here = _home.get()
    return here is not None and here is mark and here[_STATE] != _ENDED and _begun.get() is None


def has_come(request: HttpRequest) -> bool:
    """Whether the request has come to a home, and not failed before."""
    return _MARK in request.__dict__


def listen() -> None:
    """Hear of the end of requests: one that has sent others, however many, is still at home after these."""
    request_finished.connect(_on_finished, dispatch_uid=__name__)


def hear(of_change: Callable[[], object]) -> None:
    """Have a function called whenever another request is the one that runs here; twice is as good as once."""
    listen()
    request_started.connect(_on_started, dispatch_uid=__name__)
    if of_change not in _hearing:
        _hearing.append(of_change)


def _let_go(home: _Home) -> None:
    """Keep the last few of the homes before this one."""
    home[_COUNT] = _DEPTH
    for _ in range(_DEPTH - 1):
        home = home[_BEFORE]
    home[_BEFORE] = None


def _tell() -> None:
    for of_change in _hearing:
        of_change()


def _on_started(*, environ: Mapping[str, Any] | None = None, **_kwargs: object) -> None:
    if environ is not None:
        _begun.set(environ)
        _tell()


def _on_finished(**_kwargs: object) -> None:
    _begun.set(None)
    home = _home.get()
    if home is not None and home[_STATE] == _WITHOUT:
        home[_STATE] = _ENDED
        _home.set(home[_SENDER] or home[_BEFORE])
    _tell()
