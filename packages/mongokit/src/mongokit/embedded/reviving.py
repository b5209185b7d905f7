"""Clients of this process have a server started again when they find it gone together with its keeper.

PyMongo's clients look after their servers by themselves. What they find out is heard here, so nothing has to run while
all is well: a thread of our own would be one more in every process that forks.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import weakref
from functools import cache
from typing import TYPE_CHECKING

from pymongo import monitoring

from mongokit.embedded.keeper.wire import HOST

if TYPE_CHECKING:
    from mongokit.embedded.server import EmbeddedServer

__all__ = ["watch"]

logger = logging.getLogger("mongokit.embedded")

_servers: weakref.WeakSet[EmbeddedServer] = weakref.WeakSet()


def watch(server: EmbeddedServer) -> None:
    """Revive a server when a client of this process, made from now on, finds nobody on its port."""
    _servers.add(server)
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
            for server in list(_servers):
                if event.connection_id == (HOST, server.known_port) and not server.is_busy:
                    threading.Thread(
                        target=_revive, args=(server,), name="revive-mongodb", daemon=True
                    ).start()


def _revive(server: EmbeddedServer) -> None:
    # Whoever removes the folder under a server, as tests do at their end, wants no new one in its place.
    if not (server.password_file.exists() and (server.path / "db").is_dir()):
        return
    try:
        if server.revive():
            logger.warning("the keeper of %s was killed; it is served again", server.path)
    except (
        OSError,
        RuntimeError,
    ) as error:  # an EmbeddedServerError, or what Python says when it is about to end
        logger.error("%s cannot be served again: %s", server.path, error)
