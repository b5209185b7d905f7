"""The keeper's process: starts the server, restarts it, and stops it after the last user."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import select
import signal
import threading
import time
from pathlib import Path

from .files import log_since, open_lock, try_lock
from .journal import Journal
from .launch import PANIC, StartError
from .pausing import Pauses
from .serving import Orders, Serving
from .wire import answers

__all__ = ["LOG_LIMIT", "Orders", "main"]

LOG_LIMIT = 1_000_000
"""Bytes after which the log is moved aside, at the next start of a keeper."""
STEADY_SECONDS = 60.0
"""Seconds a server has to live before the pauses between its restarts are short again."""
STARTING_SECONDS = 0.1
"""Seconds between two looks whether a server that was started answers."""
KILLED = (-signal.SIGKILL, -signal.SIGTERM)
"""The ends that somebody else has made."""

LOOK_SECONDS = 2.0
"""Seconds between two looks at what the server has logged, and at its journal: what a power failure may take."""


class Keeper(Serving):
    """The keeper's state and its loop."""

    def __init__(self, orders: Orders) -> None:
        super().__init__(orders)
        self.users_fd = open_lock(self.folder, "users.lock")
        self.unused = False
        self.answers = True
        """Whether the server has answered since it was started; that of the first start has."""
        self.has_failed = False
        """Whether its storage has, for which this keeper has ended it."""
        self.journal = Journal(self.folder)
        self.wake_read, self.wake_write = os.pipe()

    def run(self) -> None:
        """Start the server, report to the user that waits, and keep it until the last user has gone."""
        self.watch_signals()
        try:
            self.claim_database()
            self.start()
        except (StartError, OSError) as error:
            self.report(str(error))
            self.stop_server()
            return
        self.report(None)
        threading.Thread(target=self.await_last_user, daemon=True).start()
        self.keep()
        (self.folder / "server.json").unlink(missing_ok=True)
        self.stop_server()

    def report(self, error: str | None) -> None:
        """Tell the user that started this keeper how it went; it may be gone already."""
        with contextlib.suppress(OSError):
            os.write(self.orders.report_fd, report(error))
        os.close(self.orders.report_fd)

    def watch_signals(self) -> None:
        """Turn the server's end and a request to stop into bytes on the wake-up pipe."""
        for end in (self.wake_read, self.wake_write):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(self.wake_write, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGTERM, self.terminate)
        for number in (signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)

    def terminate(self, *_: object) -> None:
        self.terminated = True

    def await_last_user(self) -> None:
        """Wait, in a thread, for the exclusive lock that says that no user is left."""
        while True:
            fcntl.flock(self.users_fd, fcntl.LOCK_EX)
            if self.orders.linger > 0:
                fcntl.flock(self.users_fd, fcntl.LOCK_UN)
                time.sleep(self.orders.linger)
                if not try_lock(self.users_fd, fcntl.LOCK_EX):
                    continue
            self.unused = True
            os.write(self.wake_write, b"\0")
            return

    def keep(self) -> None:
        """Restart the server when it ends by itself, until the last user has gone or a signal asks to stop."""
        pauses, started, restart_at = Pauses(), time.monotonic(), None
        while not (self.unused or self.terminated):
            now = time.monotonic()
            self.end_panicked()
            # What the disk does not take the server cannot store either: it is the one to say so.
            with contextlib.suppress(OSError):
                self.journal.put_on_disk()
            code = self.server.poll() if self.server else None
            if self.server and code is not None:
                pause = self.pause(pauses, code, now - started)
                when = f"in {pause:g} s" if pause else "at once"
                self.say(f"server {self.server.pid} ended with status {code}; starting it again {when}")
                self.server, restart_at = None, now + pause
            elif restart_at is not None and now >= restart_at:
                started, restart_at = now, None
                self.answers = self.has_failed = False
                try:
                    self.launch(self.port)
                except OSError as error:
                    self.say(f"could not start the server: {error}")
                    restart_at = now + pauses.next
            if self.server and self.server.pid != self.announced:
                # Where the disk is full the next look tries again. Clients know the port meanwhile.
                with contextlib.suppress(OSError):
                    self.announce(self.server)
            if self.server and not self.answers and answers(self.port, STARTING_SECONDS):
                self.answers = True
                self.say(f"server {self.server.pid} answers")
            timeout = (
                STARTING_SECONDS if not self.answers and now - started < STEADY_SECONDS else LOOK_SECONDS
            )
            if restart_at is not None:
                timeout = max(0.0, restart_at - time.monotonic())
            select.select([self.wake_read], [], [], timeout)
            with contextlib.suppress(BlockingIOError):
                os.read(self.wake_read, 4096)

    def pause(self, pauses: Pauses, code: int, lived: float) -> float:
        """Return the seconds until a server that has ended is started again.

        What was killed when all was well is no reason to wait. What cannot start, or ends by itself, may go on doing so.
        """
        if code in KILLED and self.answers and not self.has_failed:
            pauses.reset()
            return 0.0
        if lived > STEADY_SECONDS:
            pauses.reset()
        return pauses.take()

    def end_panicked(self) -> None:
        """End a server that answers, but whose storage has given up, as on a full disk: what it has acknowledged is in the
        journal, and only a new process opens that."""
        size = os.fstat(2).st_size
        if self.server is None or size == self.log_read:
            return
        has_panicked = PANIC in log_since(self.folder, self.log_read)
        self.log_read = size
        if has_panicked and self.server.poll() is None and not self.reads():
            self.say(f"the storage of server {self.server.pid} has failed, see above; ending it")
            self.has_failed = True
            self.server.kill()
            self.server.wait()


def report(error: str | None) -> bytes:
    """Return what the user that waits is told: one line, as the pipe may have no end where that user has forked."""
    return f"{json.dumps({'error': error})}\n".encode()


def main(argument: str) -> None:
    """Leave the process that started this one, become the one keeper of the folder, and run."""
    orders = Orders(**json.loads(argument))
    if os.fork():
        os._exit(0)
    folder = Path(orders.folder)
    # A user that looks whether there is a keeper holds the lock for a moment.
    if not try_lock(open_lock(folder, "keeper.lock"), fcntl.LOCK_EX, 0.3):
        os.write(orders.report_fd, report(None))
        return
    log = folder / "server.log"
    with contextlib.suppress(FileNotFoundError):
        if log.stat().st_size > LOG_LIMIT:
            log.replace(folder / "server.log.1")
    handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(handle, 1)
    os.dup2(handle, 2)
    os.close(handle)
    os.chdir("/")
    os.umask(0o077)
    Keeper(orders).run()
