"""Clients of this process have a server started again when they find it gone together with its keeper.

PyMongo's clients look after their servers by themselves. What they find out is heard here, so nothing has to run while
all is well: a thread of our own would be one more in every process that forks.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
import weakref
from functools import cache
from typing import TYPE_CHECKING

from pymongo import monitoring

from mongokit.embedded.keeper.pausing import Pauses
from mongokit.embedded.keeper.wire import HOST
from mongokit.processes import unforked

if TYPE_CHECKING:
    from mongokit.embedded.server import EmbeddedServer

__all__ = ["watch"]

logger = logging.getLogger("mongokit.embedded")


class _Attempts:
    """The attempts to have one server started again: what cannot succeed is not to take the machine's time."""

    def __init__(self) -> None:
        self.pauses = Pauses()
        self.due = 0.0
        """The monotonic time before which none is made."""

    def begin(self) -> bool:
        """Return whether one is due, which is then nobody else's: the clients of a process all miss their server at once."""
        # The lock is one that a forked child has free, as the thread that tries is not in it.
        with unforked():
            now = time.monotonic()
            if now < self.due:
                return False
            self.due = now + self.pauses.next
            return True

    def succeed(self) -> None:
        """Have the next made as soon as it is needed."""
        self.pauses.reset()
        self.due = 0.0

    def fail(self) -> float:
        """Return the seconds until the next is due."""
        pause = self.pauses.take()
        self.due = time.monotonic() + pause
        return pause


_servers: weakref.WeakKeyDictionary[EmbeddedServer, _Attempts] = weakref.WeakKeyDictionary()


def watch(server: EmbeddedServer) -> None:
    """Revive a server when a client of this process, made from now on, finds nobody on its port."""
    _servers[server] = _Attempts()
    _listen()


@cache
def _listen() -> None:
    monitoring.register(_Failures())


class _Failures(monitoring.ServerHeartbeatListener):
    """Hears what the clients' looks at their servers come to."""

    def started(self, event: monitoring.ServerHeartbeatStartedEvent) -> None:
        """A client looks: nothing to do."""

    def succeeded(self, event: monitoring.ServerHeartbeatSucceededEvent) -> None:
        """It has found its server: nothing to do."""

    def failed(self, event: monitoring.ServerHeartbeatFailedEvent) -> None:
        """Look after the server, in a thread, since the client may be one that must not wait, in an event loop."""
        # Python is about to end, or another server was added meanwhile: then the next look comes to this.
        with contextlib.suppress(RuntimeError):
            for server, attempts in list(_servers.items()):
                missed = event.connection_id == (HOST, server.known_port)
                if missed and not server.is_busy and attempts.begin():
                    threading.Thread(
                        target=_revive, args=(server, attempts), name="revive-mongodb", daemon=True
                    ).start()


def _revive(server: EmbeddedServer, attempts: _Attempts) -> None:
    # Whoever removes the folder under a server, as tests do at their end, wants no new one in its place.
    if not (server.password_file.exists() and (server.path / "db").is_dir()):
        return
    try:
        if server.revive():
            logger.warning("the keeper of %s had ended; it is served again", server.path)
        attempts.succeed()
    except (
        OSError,
        RuntimeError,
    ) as error:  # an EmbeddedServerError, or what Python says when it is about to end
        logger.error(
            "%s cannot be served again: %s. It is tried again after %g s, when a client misses it",
            server.path,
            str(error).rstrip("."),
            attempts.fail(),
        )
