"""The server of a folder as its keeper has it: started so that it lets in who has the password, asked, and ended."""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from .access import (
    PASSWORD_FILE,
    create_user,
    drop_others,
    log_in,
    new_password,
    read_password,
    write_password,
)
from .files import ServerState, log_since, log_tail, open_lock, read_state, try_lock, write_state
from .launch import StartError, failure, launch, make_private, port_in
from .wire import CommandError, Line, answers, free_port, port_is_free

__all__ = ["Orders", "Serving"]

STRANGER_SECONDS = 10.0
"""How long a server may take to find out that somebody else has its port."""
KNOCK_SECONDS = 0.1
"""How long a server that is to stop is left alone before it is given a connection."""


@dataclass(frozen=True, slots=True)
class Orders:
    """What a user asks the keeper it starts to do."""

    folder: str
    port: int | None
    linger: float
    seconds: float
    stop_seconds: float
    """How long the server may take to stop before it is killed."""
    command: list[str]
    report_fd: int
    last_port: int | None = None
    """Where clients look for the server, if nothing in the folder says that any more."""
    fsync: bool = False
    """Whether each change waits until the disk has it."""


class Serving:
    """One server at a time, and what is known of it."""

    def __init__(self, orders: Orders) -> None:
        self.orders = orders
        self.folder = Path(orders.folder)
        self.port = 0
        self.server: subprocess.Popen[bytes] | None = None
        self.server_fd = -1
        self.announced: int | None = None
        """The process that ``server.json`` names."""
        self.log_read = 0
        """Bytes of the log in which nothing is to be looked for any more."""
        self.terminated = False
        """Whether somebody has asked to stop: then nothing is waited for any more."""

    def say(self, text: str) -> None:
        """Write a line to the log, which is this process's standard error."""
        stamp = time.strftime("%Y-%m-%d %H:%M:%S")
        with contextlib.suppress(OSError):
            os.write(2, f"{stamp} keeper {os.getpid()}: {text}\n".encode())

    def claim_database(self) -> None:
        """Make sure that no server of a keeper that was killed still has the database open."""
        self.server_fd = open_lock(self.folder, "server.lock")
        if try_lock(self.server_fd, fcntl.LOCK_EX, 2.0):
            return
        left_over = read_state(self.folder)
        if left_over is not None:
            # The lock is held and no keeper is there: the process that holds it is the server that the file names.
            self.say(f"ending server {left_over.pid}, left by keeper {left_over.keeper}")
            with contextlib.suppress(ProcessLookupError):
                os.kill(left_over.pid, signal.SIGKILL)
        if not try_lock(self.server_fd, fcntl.LOCK_EX, 5.0):
            raise StartError(f"{self.folder / 'server.lock'} is held by a process that cannot be ended")

    def start(self) -> None:
        """Start the server for the first time, as one that lets in who has the password; raises :class:`StartError`."""
        deadline = time.monotonic() + self.orders.seconds
        make_private(self.folder / "db")
        earlier = read_state(self.folder)
        self.port = self.orders.port or (earlier.port if earlier else self.orders.last_port or 0)
        # Until this keeper says where its server is, nobody is to take it for one that is ready.
        (self.folder / "server.json").unlink(missing_ok=True)
        password = read_password(self.folder)
        new = password is None
        if password is None:
            password = self.set_password(deadline)
        self.announce(self.serve(password, deadline, new=new))

    def serve(self, password: str, deadline: float, *, new: bool) -> subprocess.Popen[bytes]:
        """Start the server on a port and return it when it lets in who has the password."""
        wanted = self.port
        for attempt in range(3):
            self.port = wanted if wanted and (self.orders.port or port_is_free(wanted)) else free_port()
            if not port_is_free(self.port):
                raise StartError(f"port {self.port} is taken by another program; name another, or none")
            since = os.fstat(2).st_size
            server = self.launch(self.port)
            refusal = None
            if self.await_answer(server, deadline):
                refusal = self.await_access(server, password, deadline, new=new)
                if refusal is None:
                    return server
            tail = log_tail(self.folder, since=since)
            if self.orders.port is None and attempt < 2 and "Address already in use" in tail:
                wanted = 0
                continue
            if refusal is not None and server.poll() is None:
                raise StartError(refusal)
            raise failure(server, self.folder, since, self.orders.seconds)
        raise AssertionError("the last attempt raises")

    def launch(self, port: int, *, closed: bool = True) -> subprocess.Popen[bytes]:
        """Start the server process."""
        self.log_read = os.fstat(2).st_size
        self.server = launch(
            self.orders.command, self.folder, port, self.server_fd, closed=closed, fsync=self.orders.fsync
        )
        return self.server

    def await_answer(self, server: subprocess.Popen[bytes], deadline: float) -> bool:
        while time.monotonic() < deadline and server.poll() is None and not self.terminated:
            if answers(self.port):
                return True
            time.sleep(0.02)
        return False

    def await_access(
        self, server: subprocess.Popen[bytes], password: str, deadline: float, *, new: bool
    ) -> str | None:
        """Return None when the server lets us in, or why what answers does not.

        That may be a stranger's program, which was faster to take the port: then the server ends, or has it at last.
        """
        end = min(time.monotonic() + STRANGER_SECONDS, deadline)
        while True:
            refusal = self.refusal(password, new=new)
            if refusal is None or server.poll() is not None or time.monotonic() > end or self.terminated:
                return refusal
            time.sleep(0.2)

    def refusal(self, password: str, *, new: bool) -> str | None:
        """Return why what answers on the port is not let in to, or None: it takes the password, and knows it itself.

        With a new one, all other users are dropped: somebody may have made them while the server was open. A password
        that is not the database's is no reason to open it: a stranger's server may have refused it.
        """
        try:
            with Line(self.port) as line:
                log_in(line, password)
                dropped = drop_others(line) if new else []
        except CommandError as error:
            return (
                f"the server on port {self.port} does not take the password in {self.folder / PASSWORD_FILE}: {error}. "
                "If the folder db was put there from elsewhere, remove that file: the next start sets a new password"
            )
        except (OSError, ValueError) as error:
            return f"the server on port {self.port} broke off while it was asked for access: {error}"
        if dropped:
            self.say(f"dropped the users {', '.join(dropped)}, made before there was a password")
        return None

    def set_password(self, deadline: float) -> str:
        """Make the database's user anew, with a new password, and return it.

        The server makes a user only while it asks nobody who he is. It does so on a port that the kernel chooses and
        the log, which is this user's own, tells: a stranger who waits for the password at a port cannot foresee it.
        """
        self.say("setting a new password")
        since = os.fstat(2).st_size
        server = self.launch(0, closed=False)
        try:
            port = self.await_port(server, since, deadline)
            password = new_password()
            with Line(port, max(1.0, deadline - time.monotonic())) as line:
                create_user(line, password)
        except (OSError, ValueError, CommandError) as error:
            raise StartError(f"the server took no password: {error}") from error
        finally:
            self.kill_server()
        write_password(self.folder, password)
        return password

    def await_port(self, server: subprocess.Popen[bytes], since: int, deadline: float) -> int:
        """Return the port that the server's log names."""
        while time.monotonic() < deadline and server.poll() is None and not self.terminated:
            port = port_in(log_since(self.folder, since))
            if port is not None:
                return port
            time.sleep(0.01)
        raise failure(server, self.folder, since, self.orders.seconds)

    def announce(self, server: subprocess.Popen[bytes]) -> None:
        """Say in ``server.json`` where the server is."""
        write_state(self.folder, ServerState(server.pid, self.port, os.getpid(), self.orders.linger))
        self.announced = server.pid

    def reads(self) -> bool:
        """Return whether the server can read what it has stored; it has not said that it cannot, while it is slow."""
        try:
            password = read_password(self.folder)
            with Line(self.port) as line:
                if password is not None:
                    log_in(line, password)
                line.command({"listDatabases": 1, "nameOnly": True})
        except CommandError:
            return False
        except (OSError, ValueError):
            pass
        return True

    def kill_server(self) -> None:
        """End a server of which nobody knows yet; what it was told is on the disk."""
        if self.server is not None:
            self.server.kill()
            self.server.wait()
            self.server = None

    def stop_server(self) -> None:
        """Ask the server to stop; end it when it does not."""
        if self.server is None:
            return
        self.server.terminate()
        end = time.monotonic() + self.orders.stop_seconds
        while (left := end - time.monotonic()) > 0:
            try:
                self.server.wait(min(left, KNOCK_SECONDS))
            except subprocess.TimeoutExpired:
                # It waits, for two seconds, for its thread that accepts connections: one more wakes that.
                with contextlib.suppress(OSError):
                    socket.create_connection(("127.0.0.1", self.port), KNOCK_SECONDS).close()
            else:
                return
        self.say(f"server {self.server.pid} does not stop; ending it")
        self.server.kill()
        self.server.wait()
