"""A connection made for the look has little patience: a report must not wait as long as a page may.

Above all it must not wait for what its own request holds, a lock or the last connection of a pool, since that would
be for good.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from threading import Lock, Timer
from typing import Any

from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper

__all__ = ["another", "limited"]

# In seconds, by what the drivers call it.
_OPTIONS: dict[str, dict[str, float]] = {
    "mysql": {"connect_timeout": 2, "read_timeout": 2},
    "postgresql": {"connect_timeout": 2},
    "sqlite": {"timeout": 1.0},
}
# In milliseconds, for one transaction only. A pooler such as PgBouncer refuses or ignores what is set when a
# connection is made, and would hand on to others what is set for a session.
_POSTGRESQL = "SELECT set_config('lock_timeout', '1000', true), set_config('statement_timeout', '2000', true)"
# PostgreSQL's drivers wait without end for a pooler that has no connection to give. In seconds.
_AT_ALL = 5.0


def another(connection: BaseDatabaseWrapper) -> BaseDatabaseWrapper:
    """A connection to the same database, not made yet, which gives up soon."""
    another: BaseDatabaseWrapper = connection.copy()
    options: dict[str, Any] = another.settings_dict.setdefault("OPTIONS", {})
    # A pool may have no other connection to give, and would let the report wait for one.
    options.pop("pool", None)
    for name, seconds in _OPTIONS.get(another.vendor, {}).items():
        options[name] = _at_most(seconds, options.get(name))
    return another


@contextmanager
def limited(connections: Iterable[BaseDatabaseWrapper]) -> Iterator[None]:
    """Inside, what those of PostgreSQL send is given up after a while; for others the driver does that.

    They must be those of the thread, and not be in use yet.
    """
    with ExitStack() as stack:
        for connection in connections:
            if connection.vendor == "postgresql":
                stack.enter_context(_cut_off(connection))
                stack.enter_context(connection.execute_wrapper(_begin(connection, stack)))
        yield


def _begin(connection: BaseDatabaseWrapper, stack: ExitStack) -> Callable[..., Any]:
    """Have the first statement begin a transaction with limits of its own, which lasts as long as the stack."""

    def begin(execute: Callable[..., Any], *arguments: Any) -> Any:
        if not connection.in_atomic_block:
            stack.enter_context(transaction.atomic(using=connection.alias))
            with connection.cursor() as cursor:
                cursor.execute(_POSTGRESQL)
        return execute(*arguments)

    return begin


@contextmanager
def _cut_off(connection: BaseDatabaseWrapper) -> Iterator[None]:
    over = Lock()

    def cut() -> None:
        # Not after the end, when the number of the socket may already be another's.
        if over.acquire(blocking=False):
            with suppress(Exception), socket.socket(fileno=os.dup(connection.connection.fileno())) as line:
                line.shutdown(socket.SHUT_RDWR)
            over.release()

    timer = Timer(_AT_ALL, cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        over.acquire()
        timer.cancel()


def _at_most(seconds: float, own: Any) -> Any:
    """The project's own number of seconds, which may be text, unless it is a longer time; 0 is without end."""
    try:
        return own if 0 < float(own) <= seconds else seconds
    except (TypeError, ValueError):
        return seconds
