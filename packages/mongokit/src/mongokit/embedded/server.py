"""The user's side: be counted as a user of a data folder, and find or start the server that serves it."""

from __future__ import annotations

import fcntl
import logging
import os
import stat
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from mongokit.embedded.keeper.access import MECHANISM, PASSWORD_FILE, USER
from mongokit.embedded.keeper.files import (
    ServerState,
    forget_stop,
    is_stopped,
    log_tail,
    open_lock,
    read_state,
    try_lock,
)
from mongokit.embedded.keeper.wire import HOST, answers
from mongokit.embedded.passwords import password_of
from mongokit.embedded.programs import EmbeddedServerError
from mongokit.embedded.reviving import watch
from mongokit.embedded.starting import start_keeper
from mongokit.processes import unforked, watch_forks

__all__ = ["EmbeddedServer"]

logger = logging.getLogger("mongokit.embedded")

ACCESS_OPTIONS = f"authMechanism={MECHANISM}&authSource=admin"
URI_OPTIONS = "directConnection=true&retryWrites=false&journal=true&maxIdleTimeMS=240000"
# It scans its memory of retryable writes at each one. It closes a connection that was idle for 300 s, and PyMongo's
# asynchronous client only sees that when it writes to it next. That it journals is up to the keeper's launch.py.


WAITING_SECONDS = 2.0
"""Seconds between two lines in the log while a server is waited for."""


class EmbeddedServer:
    """A MongoDB server in a process of its own, for one data folder, shared by all processes that use the folder.

    :param path: the data folder; it is made where it is missing, readable by its owner only. Empty text is a ValueError.
    :param port: the TCP port on 127.0.0.1; None takes a free one.
    :param linger: seconds for which the server is kept when its last user has gone. What counts is the value given
        by whoever started it.
    :param timeout: seconds to wait for the server to answer, or for an earlier one to finish stopping.
    :param fsync: whether each change waits until the disk has it, and not only the operating system: then nothing that was
        acknowledged is lost by a power failure, either, and what changes many things one by one (to drop or rename a
        collection, to build an index) takes 20 to 100 times as long. What counts is the value given by whoever started it.

    ``start`` and ``stop`` may be called any number of times; as a context manager it does both. Every process that
    called ``start`` is a user until it calls ``stop`` or ends, however it ends; a forked child is a user of its own.
    When the last one is gone the server stops. When it is killed, or ends by itself, it is started again, on its port; where its
    keeper was ended, too, by whatever signal, a client of a user, made after ``start``, has that done as soon as it misses the server.

    Only who can read the folder's files gets in: a password is made with the database, kept in
    :attr:`password_file`, and part of :attr:`uri`.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        port: int | None = None,
        *,
        linger: float = 0.0,
        timeout: float = 60.0,
        fsync: bool = False,
    ) -> None:
        if not os.fspath(path):
            raise ValueError(
                "EmbeddedServer takes the path of a folder, as 'var/mongodb'; not '', which would be the current one: "
                "say '.' for that"
            )
        if port is not None and not (_is_number(port, int) and 0 < port < 65536):
            raise EmbeddedServerError(
                f"port {port!r} is no TCP port: accepted are the numbers 1 to 65535, or None for a free one"
            )
        for name, seconds in (("linger", linger), ("timeout", timeout)):
            if not (_is_number(seconds, int, float) and seconds >= 0):
                raise EmbeddedServerError(f"{name} {seconds!r} are no seconds: accepted are numbers from 0")
        self.path = Path(path).expanduser().resolve()
        self.linger = linger
        self.timeout = timeout
        self.fsync = fsync
        self._wanted_port = port
        self._state: ServerState | None = None
        self._password: str | None = None
        self._users_fd: int | None = None
        self._guard = threading.Lock()
        watch_forks(self)

    def _mongokit_after_fork(self) -> None:
        # The thread that holds the parent's is not in the child, and would never let go.
        self._guard = threading.Lock()

    def __repr__(self) -> str:
        where = "not started" if self._state is None else f"port {self._state.port}"
        return f"<{type(self).__name__} {str(self.path)!r}, {where}>"

    def start(self) -> Self:
        """Become a user of the folder and return when its server answers; raises :class:`EmbeddedServerError`.

        Called again it looks whether all is well, and starts a new server where a killed keeper left none, or somebody has
        stopped it by :func:`stop_server`.
        """
        with self._guard:
            deadline = time.monotonic() + self.timeout
            joined = self._users_fd is not None
            if not joined:
                self._join(deadline)
            try:
                self._state = self._find_or_start(deadline, forget_stop(self.path))
            except BaseException:
                # Ctrl-C, or a server that did not start: what was begun is gone when the caller hears of it.
                if not joined:
                    self._leave_and_wait()
                raise
        watch(self)
        return self

    def revive(self) -> bool:
        """Start a keeper and a server again where the keeper was killed; returns whether that was needed.

        For processes that have no client: PyMongo's have it done by themselves. Costs two system calls when all is well,
        so it can be asked often. Does nothing before ``start``. The server comes back on its port when that is still
        free. Where :func:`stop_server` has ended it nothing is done: then only ``start`` does. Raises :class:`EmbeddedServerError`.
        """
        with self._guard:
            if self._users_fd is None or self._keeper_lives() or is_stopped(self.path):
                return False
            self._state = self._find_or_start(time.monotonic() + self.timeout)
        return True

    def stop(self) -> None:
        """Stop being a user; when this was the last one, return when the server has stopped (or after ``timeout``)."""
        with self._guard:
            if self._users_fd is not None:
                self._leave_and_wait()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def running(self) -> bool:
        """Whether the folder is served, by whomever, or about to be: no more than that its keeper lives."""
        return self.path.is_dir() and self._keeper_lives()

    @property
    def is_stopped(self) -> bool:
        """Whether :func:`stop_server` has ended it, and nobody has started it since."""
        return is_stopped(self.path)

    @property
    def is_busy(self) -> bool:
        """Whether a thread starts, revives or stops it."""
        return self._guard.locked()

    @property
    def known_port(self) -> int | None:
        """The port; None while it is not started."""
        return None if self._state is None else self._state.port

    @property
    def port(self) -> int:
        """The TCP port on 127.0.0.1; it stays the same when the server is restarted."""
        return self._started().port

    @property
    def uri(self) -> str:
        """The URI for PyMongo, with the password and the options this server needs.

        On a command line every user of the machine would see the password: give :attr:`address` there.
        """
        return self._uri("" if self._password is None else f":{self._password}")

    @property
    def address(self) -> str:
        """The URI without the password, which programs like ``mongosh`` then ask for; it is in :attr:`password_file`."""
        return self._uri("")

    @property
    def password_file(self) -> Path:
        """The file that holds the password, which only the folder's owner can read.

        Without the file, or where others may read it, ``start`` fails while the server runs, and the next start of the server
        sets a new password.
        """
        return self.path / PASSWORD_FILE

    def _uri(self, password: str) -> str:
        if self._password is None:
            return f"mongodb://{HOST}:{self.port}/?{URI_OPTIONS}"
        return f"mongodb://{USER}{password}@{HOST}:{self.port}/?{ACCESS_OPTIONS}&{URI_OPTIONS}"

    @property
    def pid(self) -> int:
        """The process id of the server as it runs now; it changes when the server is restarted."""
        return (read_state(self.path) or self._started()).pid

    def _started(self) -> ServerState:
        if self._state is None:
            raise EmbeddedServerError(f"{self!r}: call start(), or use it in a with statement, first")
        return self._state

    def _join(self, deadline: float) -> None:
        """Become a user, by a shared lock."""
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._keep_others_out()
            while not self._try_to_join():
                if time.monotonic() >= deadline:
                    raise EmbeddedServerError(
                        f"the server of {self.path} has been stopping for {self.timeout:g} s; "
                        f"see {self.path / 'server.log'}, or end it: {read_state(self.path) or 'its process'}"
                    )
                time.sleep(0.02)
        except OSError as error:
            raise EmbeddedServerError(
                f"cannot use {self.path} as data folder: {error.strerror}. It must be a folder this user may write to."
            ) from error

    def _try_to_join(self) -> bool:
        with unforked():
            fd = open_lock(self.path, "users.lock")
            # Held exclusively only while an earlier server stops.
            if try_lock(fd, fcntl.LOCK_SH):
                self._users_fd = fd
                return True
            os.close(fd)
            return False

    def _keep_others_out(self) -> None:
        """Take from others the right to put files into the folder; raises EmbeddedServerError for another's folder."""
        found = self.path.stat()
        if found.st_uid != os.geteuid():
            if os.geteuid() != 0:
                raise EmbeddedServerError(
                    f"cannot use {self.path} as data folder: it belongs to the user with the id {found.st_uid}, who "
                    f"could read what is in it, and this is {os.geteuid()}. Name a folder of your own"
                )
        elif found.st_mode & 0o022:
            self.path.chmod(stat.S_IMODE(found.st_mode) & ~0o022)

    def _leave(self) -> None:
        """Close the lock's descriptor. It is not unlocked: forked children share the lock and still need it."""
        with unforked():
            if self._users_fd is not None:
                os.close(self._users_fd)
            self._users_fd = self._state = None

    def _leave_and_wait(self) -> None:
        self._leave()
        deadline = time.monotonic() + self.timeout
        while time.monotonic() < deadline and not self._stopped_or_used():
            time.sleep(0.02)

    def _stopped_or_used(self) -> bool:
        """Return whether the keeper is gone, or other users keep it."""
        if not self._keeper_lives():
            return True
        if self._is_free("users.lock", fcntl.LOCK_EX):
            # Nobody holds it: the keeper is about to take it, or lingers.
            state = read_state(self.path)
            return state is not None and state.linger > 0
        return self._is_free("users.lock", fcntl.LOCK_SH)

    def _keeper_lives(self) -> bool:
        return not self._is_free("keeper.lock", fcntl.LOCK_SH)

    def _is_free(self, name: str, operation: int) -> bool:
        """Return whether a lock can be had, as in a folder that was removed: nobody can have it there."""
        # A forked child would keep what is held for a moment.
        with unforked():
            try:
                fd = open_lock(self.path, name)
            except (FileNotFoundError, NotADirectoryError):
                return True
            try:
                return try_lock(fd, operation)
            finally:
                os.close(fd)

    def _find_or_start(self, deadline: float, last_port: int | None = None) -> ServerState:
        """Return where the server is, when it answers; `last_port` is where it was, unless this user knows better."""
        started = said = time.monotonic()
        while (now := time.monotonic()) < deadline:
            state = read_state(self.path)
            if state is not None and self._keeper_lives():
                if self._wanted_port not in (None, state.port):
                    raise EmbeddedServerError(
                        f"port {self._wanted_port} was asked for, but {self.path} is served on port {state.port} already"
                    )
                if answers(state.port, min(1.0, deadline - now)):
                    self._password = password_of(self.path, state.port)
                    return state
            elif not self._keeper_lives():
                start_keeper(
                    self.path,
                    self._wanted_port,
                    self.linger,
                    deadline - now,
                    self.known_port or last_port,
                    self.fsync,
                )
                continue
            if now - said > WAITING_SECONDS:
                said = now
                logger.info("waiting for the server of %s since %.0f s", self.path, now - started)
            time.sleep(0.02)
        raise EmbeddedServerError(
            f"the server of {self.path} did not answer in {self.timeout:g} s. "
            f"The end of {self.path / 'server.log'}:\n{log_tail(self.path)}"
        )


def _is_number(value: object, *types: type) -> bool:
    """Return whether a value is of one of these types, and not True or False, which are integers to Python."""
    return isinstance(value, types) and not isinstance(value, bool)
