"""The server's process: how it is started, and what is said when it does not."""

from __future__ import annotations

import os
import re
import subprocess
import sys
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
OPEN = ("--log-level", "INFO", "--sync-on-commit")
"""The open server is there to be told the password: it has to log its port, and to have the user on disk at once."""
LISTENING = re.compile(rf"{re.escape(HOST)}:([1-9]\d{{0,4}})\b")


PANIC = "WT_PANIC"
"""What WiredTiger calls it when it does nothing any more, and what is logged of every operation from then on."""


class StartError(Exception):
    """The server did not start; the text says why."""


def launch(
    command: Iterable[str], folder: Path, port: int, server_fd: int, *, closed: bool
) -> subprocess.Popen[bytes]:
    """Start the server of a data folder.

    :param port: the TCP port; 0 lets the kernel choose.
    :param server_fd: the descriptor whose lock says that somebody has the database open.
    :param closed: whether it lets in only who has a password.
    """
    arguments = [
        *(sys.executable, "-I", "-S", "-c", LAUNCHER, str(os.getpid()), *command),
        *("--host", HOST, "--port", str(port), "--storage-path", str(folder / "db")),
        *(CLOSED if closed else OPEN),
    ]
    return subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=2, pass_fds=[server_fd])  # noqa: S603 (our own command)


def port_in(log: str) -> int | None:
    """Return the port that a server which chose it itself has logged, or None."""
    found = LISTENING.search(log)
    return int(found[1]) if found else None


def failure(server: subprocess.Popen[bytes], folder: Path, since: int, seconds: float) -> StartError:
    """Return the error for a server that does not answer, with what the log has said since."""
    code = server.poll()
    how = f"ended with status {code}" if code is not None else f"did not answer in {seconds:g} s"
    tail = log_tail(folder, since=since)
    return StartError(f"the server {how}. The end of {folder / 'server.log'}:\n{tail}")


def make_private(folder: Path) -> None:
    """Make a folder that nobody else can look into, or make it one."""
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.stat().st_mode & 0o077:
        folder.chmod(0o700)
