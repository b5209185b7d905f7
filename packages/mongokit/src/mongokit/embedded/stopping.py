"""The server of a folder is stopped for all who use it, on purpose, and stays so until somebody starts it."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path

from mongokit.embedded.keeper.files import note_stop, read_state
from mongokit.embedded.programs import EmbeddedServerError
from mongokit.embedded.server import EmbeddedServer

__all__ = ["stop_server"]


def stop_server(path: str | os.PathLike[str], timeout: float = 60.0) -> bool:
    """End the server of a data folder in good order, whoever uses it; returns whether there was one.

    The data stay. Clients of programs that go on running do not have it started again: their operations fail until some
    process calls ``start()``, which brings it back on its port if that is free, and them with it.

    :param path: the data folder.
    :param timeout: seconds to wait until the server has ended.

    Raises :class:`EmbeddedServerError` for what is no data folder, for that of another user, and when the time is over.
    """
    server = EmbeddedServer(path, timeout=timeout)
    folder = server.path
    _check(folder)
    deadline = time.monotonic() + timeout
    try:
        # First of all: its clients miss the server at once.
        state = read_state(folder)
        note_stop(folder, None if state is None else state.port)
        was_there, told = server.running, 0
        while server.running:
            state = read_state(folder)
            # A keeper that is about to start its server, or has been told, says nothing of itself.
            if state is not None and state.keeper != told:
                if told:
                    return True  # somebody has started another meanwhile
                told = state.keeper
                note_stop(folder, state.port)
                with contextlib.suppress(ProcessLookupError):
                    os.kill(told, signal.SIGTERM)
            if time.monotonic() > deadline:
                raise EmbeddedServerError(
                    f"the server of {folder} has not ended in {timeout:g} s; see {folder / 'server.log'}"
                )
            time.sleep(0.02)
    except OSError as error:
        raise EmbeddedServerError(f"cannot stop the server of {folder}: {error.strerror}") from error
    return was_there


def _check(folder: Path) -> None:
    try:
        found = folder.stat()
        if found.st_uid != os.geteuid() != 0:
            raise EmbeddedServerError(
                f"cannot stop the server of {folder}: the folder belongs to the user with the id {found.st_uid}, and this "
                f"is {os.geteuid()}. Its owner can stop it, and root"
            )
        # The database alone may be a copy that nobody has served yet.
        is_one = (folder / "keeper.lock").is_file() or (folder / "db").is_dir()
    except OSError as error:
        raise EmbeddedServerError(f"there is no data folder {folder}: {error.strerror}") from error
    if not is_one:
        raise EmbeddedServerError(
            f"{folder} is no data folder of an embedded server: it has no keeper.lock in it"
        )
