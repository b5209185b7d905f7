"""The files of a data folder::

users.lock    every user holds a shared flock for its lifetime (forked children inherit it); the keeper waits
              for the exclusive one and gets it exactly when the last user is gone, also when it was killed
keeper.lock   held exclusively by the keeper: there is one
server.lock   held by whoever has the database open: the keeper, and the server, which inherits it
server.json   where the server is; written when it answers, removed when it is stopped on purpose
stopped       made by who has the server stopped, with its port; while it is there no client has it started again
server.log    what the keeper and the server say
password      of the server's one user; without it, or where others can read it, a new one is set at the next start
db/           the server's own files, which nobody else can look into
"""

from __future__ import annotations

import fcntl
import json
import os
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

__all__ = [
    "ServerState",
    "forget_stop",
    "is_stopped",
    "log_since",
    "log_tail",
    "note_stop",
    "open_lock",
    "read_state",
    "try_lock",
    "write_state",
]

STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class ServerState:
    """What ``server.json`` says."""

    pid: int
    port: int
    keeper: int
    linger: float = 0.0


def read_state(folder: Path) -> ServerState | None:
    """Return what ``server.json`` says, or None where there is none that can be read."""
    try:
        fields = json.loads((folder / "server.json").read_bytes())
        return ServerState(
            int(fields["pid"]), int(fields["port"]), int(fields["keeper"]), float(fields["linger"])
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def write_state(folder: Path, state: ServerState) -> None:
    """Put ``server.json`` in place at once."""
    _put(folder, "server.json", asdict(state))


def note_stop(folder: Path, port: int | None) -> None:
    """Note that the server is stopped on purpose, and where its clients look for it; None leaves what was noted before."""
    if port is not None or not is_stopped(folder):
        _put(folder, STOPPED, port)


def is_stopped(folder: Path) -> bool:
    """Return whether the server was stopped on purpose, and nobody has started it since."""
    return (folder / STOPPED).exists()


def forget_stop(folder: Path) -> int | None:
    """Have the server be one that runs, or is to; returns the port that it had, where that was noted."""
    try:
        text = (folder / STOPPED).read_text()
        (folder / STOPPED).unlink()
        found = json.loads(text)
    except (OSError, ValueError):
        return None
    return found if type(found) is int and 0 < found < 65536 else None


def _put(folder: Path, filename: str, content: object) -> None:
    handle, name = tempfile.mkstemp(dir=folder, prefix=f".{filename}.")
    try:
        with os.fdopen(handle, "w") as file:
            json.dump(content, file)
        Path(name).replace(folder / filename)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def try_lock(fd: int, operation: int, seconds: float = 0.0) -> bool:
    """Take a flock without blocking, trying again for so many seconds; returns whether it was had."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            fcntl.flock(fd, operation | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                return False
            time.sleep(0.02)
        else:
            return True


def open_lock(folder: Path, name: str) -> int:
    """Open a lock file, making it where it is missing; returns a descriptor that programs started later do not get."""
    return os.open(folder / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def log_tail(folder: Path, lines: int = 15, since: int = 0) -> str:
    """Return the last lines of ``server.log``, of what was written after the first ``since`` bytes."""
    return "\n".join(log_since(folder, since).splitlines()[-lines:])


def log_since(folder: Path, since: int) -> str:
    """Return what ``server.log`` holds after the first ``since`` bytes, the last 20,000 of it; nothing without a log."""
    try:
        with (folder / "server.log").open("rb") as file:
            file.seek(max(since, file.seek(0, os.SEEK_END) - 20_000))
            return file.read().decode("utf-8", "replace")
    except OSError:
        return ""
