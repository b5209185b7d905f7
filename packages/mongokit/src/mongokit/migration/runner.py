"""Which process a runner of a bulk migration is, so that the next one on the same machine knows when it is gone.

Numbers of processes are compared only where both runners see the same ones: with the same host name, boot of the kernel and
namespace of processes. Containers that share a host name have one each, and machines a boot. Whatever is not known for
certain is answered with "it may live": then the lease decides.
"""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import Any

__all__ = ["is_gone", "this_process"]

Raw = dict[str, Any]

PROC = Path("/proc")
_PLACE = ("host", "boot", "pid_namespace", "time_namespace")
"""What two processes have in common that see each other's numbers, and times of start by the same clock."""


def this_process() -> Raw | None:
    """Return what tells this process from all others, as plain data; None where the system does not say (it is Linux's)."""
    pid = os.getpid()
    try:
        status = Path(PROC, "self", "status").read_text()
        numbers = next(line for line in status.splitlines() if line.startswith("NSpid:")).split()[1:]
        if numbers != [str(pid)]:
            # /proc is of another namespace than the one we are in: it has other numbers than ours.
            return None
        return {
            "host": socket.gethostname(),
            "boot": Path(PROC, "sys", "kernel", "random", "boot_id").read_text().strip(),
            "pid_namespace": Path(PROC, "self", "ns", "pid").stat().st_ino,
            "time_namespace": _inode(Path(PROC, "self", "ns", "time")),
            "pid": pid,
            "started": _looked_up(pid)[0],
        }
    except (OSError, StopIteration, ValueError, IndexError):
        return None


def is_gone(process: Any) -> bool:
    """Return whether a process, as ``this_process()`` told of it, was one of this machine and has certainly ended."""
    here = this_process()
    if here is None or not isinstance(process, dict):
        return False
    if any(process.get(name, "") != here[name] for name in _PLACE):
        return False
    pid, started = process.get("pid"), process.get("started")
    # Not of exactly this type: what takes more than 4 bytes is read as an Int64.
    if (
        not isinstance(pid, int)
        or not isinstance(started, int)
        or isinstance(pid, bool)
        or not 0 < pid < 2**31
    ):
        return False
    try:
        # Not by looking into /proc alone, which may hide the processes of others.
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except OSError:
        pass
    try:
        began, has_ended = _looked_up(pid)
    except (OSError, ValueError, IndexError):
        return False
    # Another process may have the number by now; and one that has ended keeps it until its parent has asked how.
    return began != started or has_ended


def _looked_up(pid: int) -> tuple[int, bool]:
    """Return when a process began, in ticks of the clock since the boot, and whether it has ended with all its threads."""
    # The name of the program, in parentheses, may have anything in it.
    fields = Path(PROC, str(pid), "stat").read_bytes().rpartition(b")")[2].split()
    return int(fields[19]), fields[0] in (b"Z", b"X") and int(fields[17]) <= 1


def _inode(path: Path) -> int | None:
    """Return the number of a namespace; None of one that the kernel does not have."""
    try:
        return path.stat().st_ino
    except FileNotFoundError:
        return None
