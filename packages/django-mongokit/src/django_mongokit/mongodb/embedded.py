"""The embedded servers this process uses, started when they are needed. A killed one mongokit's clients have started again.

A start waits up to a minute, which is right for a command and wrong for a visitor. Within `answering()`, where
`DatabaseUnavailableMiddleware` puts each request, a thread does the waiting: the request gives up early, and the
requests after it find what the thread has brought about. What cannot be started is not tried for each of them, but after
pauses that double, as mongokit's clients do for a server that was killed.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

from django.conf import settings
from pymongo.errors import ConnectionFailure

if TYPE_CHECKING:
    from pathlib import Path

    from mongokit.embedded import EmbeddedServer
    from mongokit.embedded.keeper.pausing import Pauses

_Key = tuple[int, str, "Path"]

__all__ = ["answering", "is_unavailable", "started_server"]

LINGER = 5.0
"""Seconds for which an embedded server outlives its last user while DEBUG is on: the time of a reload."""

STARTING = 10.0
"""Seconds for which a request waits where nobody served the folder yet, however little it waits otherwise."""

_answering: ContextVar[bool] = ContextVar("django_mongokit_answering", default=False)
# By process, alias and folder: what a forked child inherits may be locked by a thread that it did not inherit.
_servers: dict[_Key, EmbeddedServer] = {}
_starts: dict[_Key, Future[None]] = {}
_failures: dict[_Key, _Failure] = {}


class _Failure:
    """What starts of one server for requests have come to, and when the next is due."""

    def __init__(self, pauses: Pauses) -> None:
        self.pauses = pauses
        self.due = 0.0
        self.error = ""

    def note(self, error: Exception) -> None:
        """Remember the last failure, and make the next pause longer."""
        self.error = str(error).rstrip(".")
        self.due = time.monotonic() + self.pauses.take()


@contextmanager
def answering() -> Iterator[None]:
    """Mark what runs inside as the work for one request, which must not wait long."""
    token = _answering.set(True)
    try:
        yield
    finally:
        _answering.reset(token)


def is_unavailable(error: BaseException) -> bool:
    """Return whether an exception says that MongoDB cannot be reached, PyMongo's way or the embedded server's."""
    if isinstance(error, ConnectionFailure):
        return True
    # It cannot be imported on Windows, and who has not imported it cannot have raised its error.
    embedded = sys.modules.get("mongokit.embedded")
    return embedded is not None and isinstance(error, embedded.EmbeddedServerError)


def started_server(alias: str, folder: Path, seconds: float) -> EmbeddedServer:
    """Return the server of a folder when it answers; this process is a user of it until it ends.

    `seconds` is how long a request waits for a server that is away; outside of requests the server's own timeout
    holds. Raises `mongokit.embedded.EmbeddedServerError`.
    """
    from mongokit.embedded import EmbeddedServer  # it cannot be imported on Windows

    made = EmbeddedServer(folder, linger=LINGER if settings.DEBUG else 0.0)
    key = os.getpid(), alias, made.path
    server = _servers.setdefault(key, made)
    if _answering.get():
        _await_start(server, key, seconds)
    else:
        server.start()
    return server


def _await_start(server: EmbeddedServer, key: _Key, seconds: float) -> None:
    """Return when the server answers, raise when that takes too long for a request; the start goes on behind it."""
    from mongokit.embedded import EmbeddedServerError

    failed = _failures.get(key)
    # Where somebody else has had more luck, there is nothing to be paused for.
    if failed is not None and (pause := failed.due - time.monotonic()) > 0 and not server.running:
        raise EmbeddedServerError(f"{failed.error}. It is tried again after {pause:.2g} s")
    wait = seconds if server.running else max(seconds, STARTING)
    mine: Future[None] = Future()
    start = _starts.setdefault(key, mine)
    if start is mine:
        threading.Thread(target=_start, args=(server, mine, key), name="start-mongodb", daemon=True).start()
    try:
        start.result(wait)
    except TimeoutError:
        raise EmbeddedServerError(
            f"the server of {server.path} has not answered for {wait:g} s; it is still waited for, try again. "
            f"{server.path / 'server.log'} may say why"
        ) from None


def _start(server: EmbeddedServer, promise: Future[None], key: _Key) -> None:
    try:
        server.start()
    except Exception as error:  # noqa: BLE001 (it is raised where the start is waited for)
        from mongokit.embedded.keeper.pausing import Pauses

        _failures.setdefault(key, _Failure(Pauses())).note(error)
        del _starts[key]  # a request after the pause tries anew
        promise.set_exception(error)
    else:
        _failures.pop(key, None)
        del _starts[key]
        promise.set_result(None)
