"""The server of the demo: gunicorn, in the process that prepared everything."""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gunicorn.app.base import BaseApplication

if TYPE_CHECKING:
    from types import FrameType

__all__ = ["Server"]

WORKERS, THREADS = 2, 4


class Server(BaseApplication):
    """gunicorn in this very process, so that one process is the parent of all that is served."""

    def __init__(self, listener: socket.socket, var: Path, say: Callable[[str], None]) -> None:
        # gunicorn closes the descriptor it is given.
        self.descriptor = os.dup(listener.fileno())
        self.address = "http://{}:{}/".format(*listener.getsockname())
        self.var = var
        self.say = say
        super().__init__()

    def load_config(self) -> None:
        settings: dict[str, Any] = {
            "bind": f"fd://{self.descriptor}",
            "workers": WORKERS,
            # Threads, so that a slow reader does not hold a worker; and such a worker looks once a second whether its
            # parent is still there.
            "worker_class": "gthread",
            "threads": THREADS,
            "keepalive": 5,
            # Seconds that a request may still take when the demo is stopped.
            "graceful_timeout": 15,
            "loglevel": "warning",
            "accesslog": str(self.var / "access.log"),
            "control_socket_disable": True,
            "proc_name": "plog",
            "post_worker_init": self.worker_ready,
            "when_ready": self.end_with_the_terminal,
            # The interpreter forgets our handlers at its end, and a signal that came then would be its death.
            "on_exit": lambda arbiter: signal.setitimer(signal.ITIMER_REAL, 0),
        }
        for name, value in settings.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        from plog.wsgi import application

        return application

    def end_with_the_terminal(self, arbiter: Any) -> None:
        # gunicorn reloads at SIGHUP. Here it says that the terminal was closed, and nobody would stop us later.
        arbiter.handle_hup = arbiter.handle_term
        terminals = [stream for stream in (0, 1, 2) if os.isatty(stream)]

        def look(number: int, frame: FrameType | None) -> None:
            if not all(map(os.isatty, terminals)):
                signal.setitimer(signal.ITIMER_REAL, 0)
                os.kill(os.getpid(), signal.SIGHUP)

        if terminals:
            # The kernel sends it to the leader of the session alone. A shell passes it on, but in a window that was
            # opened for `make demo` the leader is make, which does not. A timer is not inherited by workers.
            signal.signal(signal.SIGALRM, look)
            signal.setitimer(signal.ITIMER_REAL, 1.0, 1.0)

    def worker_ready(self, worker: Any) -> None:
        # A terminal sends Ctrl-C to the workers too, and their parent then tells them to quit. The second signal may find
        # the first one's handler at work, holding the lock of the thread pool, and such a worker never ends by itself.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        # Not here: where the embedded server is away the first connection waits for it, up to a minute, and gunicorn
        # ends a worker that takes longer than half of that to begin. Visitors get their 503 in time meanwhile.
        threading.Thread(target=connect, name="connect", daemon=True).start()
        # The first worker says it, once it can serve. One that replaces it is of a higher age.
        if worker.age == 1:
            self.say(f"plog runs on {self.address} (Ctrl-C stops it)")


def connect() -> None:
    """Make this worker's connection before somebody asks for a page."""
    from django.db import connections

    from mongokit.embedded import EmbeddedServerError

    # Who asks for a page is told, and tries again.
    with suppress(EmbeddedServerError):
        connections["mongodb"].is_usable()
