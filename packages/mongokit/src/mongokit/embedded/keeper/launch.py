"""The server's process: how it is started, and what is said when it does not."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from .files import log_tail
from .wire import HOST

__all__ = ["PANIC", "StartError", "failure", "launch", "make_private", "port_in"]

LAUNCHER = """
import ctypes, os, signal, sys
keeper = int(sys.argv[1])
if sys.platform == "linux":
    ctypes.CDLL(None).prctl(1, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != keeper:
        sys.exit("the keeper is gone")
os.execv(sys.argv[2], sys.argv[2:])
"""
# PR_SET_PDEATHSIG (1): where the kernel can, the server dies with a keeper that was killed. SIGKILL, since journaled
# writes survive it and a new keeper may be waiting. Set by a program between, as threads run there (no preexec_fn).

CLOSED = ("--auth",)
OPEN = ("--log-level", "INFO")
"""The open server is there to be told the password: it has to log its port."""
SETTING, WRITTEN, ON_DISK = (
    "WIREDTIGER_CONFIG",
    "transaction_sync=(enabled=true,method=none)",
    "transaction_sync=(enabled=true,method=fsync)",
)
"""What WiredTiger does with its journal before it takes a change for made, which no option of the server's says as well:
left alone it keeps all but single journaled writes for 0.05 s in its memory, to which kill -9 is death. Written means to the
operating system, which has it from then on. ``--sync-on-commit`` is ON_DISK."""
LISTENING = re.compile(rf"{re.escape(HOST)}:([1-9]\d{{0,4}})\b")


PANIC = "WT_PANIC"
"""What WiredTiger calls it when it does nothing any more, and what is logged of every operation from then on."""

SMALLEST, BLOCK = 1 << 20, 1 << 16
"""Bytes that a new database takes, rounded up, and that are written at a time to find out whether they fit."""


class StartError(Exception):
    """The server did not start; the text says why."""


def launch(
    command: Iterable[str], folder: Path, port: int, server_fd: int, *, closed: bool, fsync: bool
) -> subprocess.Popen[bytes]:
    """Start the server of a data folder.

    :param port: the TCP port; 0 lets the kernel choose.
    :param server_fd: the descriptor whose lock says that somebody has the database open.
    :param closed: whether it lets in only who has a password. Where not, its changes are on the disk at once: the password
        that it is told is of no use without.
    :param fsync: whether all changes are on the disk, and not only written, when they are acknowledged.
    """
    arguments = [
        *(sys.executable, "-I", "-S", "-c", LAUNCHER, str(os.getpid()), *command),
        *("--host", HOST, "--port", str(port), "--storage-path", str(folder / "db")),
        *(CLOSED if closed else OPEN),
    ]
    environment = {**os.environ, SETTING: ON_DISK if fsync or not closed else WRITTEN}
    return subprocess.Popen(  # noqa: S603 (our own command)
        arguments, stdin=subprocess.DEVNULL, stdout=2, pass_fds=[server_fd], env=environment
    )


def port_in(log: str) -> int | None:
    """Return the port that a server which chose it itself has logged, or None."""
    found = LISTENING.search(log)
    return int(found[1]) if found else None


def failure(server: subprocess.Popen[bytes], folder: Path, since: int, seconds: float) -> StartError:
    """Return the error for a server that does not answer, with what the log has said since."""
    code = server.poll()
    how = f"ended with status {code}" if code is not None else f"did not answer in {seconds:g} s"
    # Where there is no room the log is not written, either.
    lack = _lack(folder)
    room = f". There is no room in {folder}: {lack}" if lack else ""
    tail = log_tail(folder, since=since) or "(nothing)"
    return StartError(f"the server {how}{room}. The end of {folder / 'server.log'}:\n{tail}")


def _lack(folder: Path) -> str | None:
    """Return what is said of a file of the size that a new database has, or None where there is room for it."""
    try:
        with tempfile.TemporaryFile(dir=folder, buffering=0) as file:
            for _ in range(SMALLEST // BLOCK):
                file.write(bytes(BLOCK))
    except OSError as error:
        return error.strerror
    return None


def make_private(folder: Path) -> None:
    """Make a folder that nobody else can look into, or make it one."""
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.stat().st_mode & 0o077:
        folder.chmod(0o700)
