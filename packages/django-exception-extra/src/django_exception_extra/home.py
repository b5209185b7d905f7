"""Where a request is at home: which thread or task may look at it.

Log records travel: behind a `QueueListener`, and from the jobs of a pool, a request is seen by threads that have nothing to
do with it, while it goes on in its own.

Every request pays for this, so it is next to nothing: a thread has one home for all the requests it serves, a task that
serves one has its own, and so do the jobs that are given the context of either.
"""

from __future__ import annotations

from contextvars import ContextVar

from django.http import HttpRequest

__all__ = ["enter", "is_elsewhere"]

_MARK = "_exception_extra_home"

_home: ContextVar[object] = ContextVar("exception_extra_home", default=None)


def enter(request: HttpRequest) -> None:
    """From here on the request belongs to the context this is called in, and to those made from it."""
    home = _home.get()
    if home is None:
        home = object()
        _home.set(home)
    request._exception_extra_home = home  # type: ignore[attr-defined] # a name of our own


def is_elsewhere(request: HttpRequest) -> bool:
    """Whether the request is known to belong to another thread or task."""
    mark = request.__dict__.get(_MARK)
    return mark is not None and mark is not _home.get()
