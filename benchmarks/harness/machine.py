"""What machine this is, and how much of it others use while a race is run.

Foreign CPU use is all of the machine's busy time less that of the race's own processes. It is read from the kernel's
counters (``/proc/stat``) and known on Linux only; elsewhere it is ``None``, which every report says in words.
"""

from __future__ import annotations

import os
import platform
import resource
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

import psutil

__all__ = ["ForeignCpu", "Meter", "facts", "listener_pids", "load", "noise_story"]

_LINUX = platform.system() == "Linux"
_CLOCK_TICK = 0.01
_CPUINFO = Path("/proc/cpuinfo")
_GOVERNOR = Path("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")
# Without irq and softirq: those of the race's own traffic over loopback are in no process's account, so they would
# pass for foreign.
_BUSY = ("user", "nice", "system", "steal")


class Meter(Protocol):
    """Tells how many cores others used, on average, since the last ``start()``; None where it can't be known."""

    def start(self) -> None: ...

    def read(self) -> float | None: ...


class ForeignCpu:
    """The meter of this machine. ``pids`` are processes of the race that are not (or not yet) reaped children.

    Counts as the race's own: this process, its children once they are reaped, and ``pids`` with what they reaped.
    """

    def __init__(self, pids: Iterable[int] = ()) -> None:
        self._pids = tuple(pids)
        self._mark: tuple[float, float, dict[int, float]] | None = None
        self._begun = 0.0

    def start(self) -> None:
        """Begin a measurement."""
        self._begun = time.monotonic()
        self._mark = self._counters() if _LINUX else None

    def read(self) -> float | None:
        """Cores that others used since ``start()``."""
        if self._mark is None:
            return None
        busy, own, services = self._counters()
        elapsed = time.monotonic() - self._begun
        old_busy, old_own, old_services = self._mark
        # A service that is gone keeps its last figure; what it used after that is counted as foreign.
        of_services = sum(now - old_services.get(pid, 0.0) for pid, now in services.items())
        foreign = (busy - old_busy) - (own - old_own) - of_services
        # The counters have a grain: below it there is nothing to be seen.
        return max(0.0, foreign) / max(elapsed, _CLOCK_TICK)

    def _counters(self) -> tuple[float, float, dict[int, float]]:
        times = psutil.cpu_times()
        busy = sum(getattr(times, name, 0.0) for name in _BUSY)
        own = 0.0
        for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN):
            usage = resource.getrusage(who)
            own += usage.ru_utime + usage.ru_stime
        return busy, own, {pid: used for pid in self._pids if (used := _cpu_of(pid)) is not None}


def _cpu_of(pid: int) -> float | None:
    try:
        times = psutil.Process(pid).cpu_times()
    except psutil.Error:
        return None
    return float(times.user + times.system + times.children_user + times.children_system)


def noise_story() -> str:
    """How foreign CPU use is measured here, in a sentence for the result."""
    if _LINUX:
        return "foreign CPU use measured: /proc/stat less the race's own processes"
    return f"foreign CPU use NOT measured: no such counters are read on {platform.system()}; noisy rounds go unnoticed"


def listener_pids(port: int) -> tuple[int, ...]:
    """The local processes that listen on a TCP port; empty where there is none or it may not be looked at."""
    found = set()
    for process in psutil.process_iter():
        try:
            connections = process.net_connections(kind="tcp")
        except psutil.Error:
            continue
        if any(c.status == psutil.CONN_LISTEN and c.laddr.port == port for c in connections):
            found.add(process.pid)
    return tuple(sorted(found))


def load() -> list[float]:
    """The load averages over 1, 5 and 15 minutes."""
    return [round(value, 2) for value in os.getloadavg()]


def facts() -> dict[str, str | int]:
    """What is worth knowing of this machine beside a figure taken on it. Nothing that names it."""
    return {
        "cpu": _cpu_model(),
        "cores": os.cpu_count() or 1,
        "usable_cores": len(psutil.Process().cpu_affinity()) if _LINUX else os.cpu_count() or 1,
        "governor": _read(_GOVERNOR) or "unknown (no cpufreq: a virtual machine, most likely)",
        "memory_mb": round(psutil.virtual_memory().total / 2**20),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "kernel": f"{platform.system()} {platform.release()} {platform.machine()}",
    }


def _cpu_model() -> str:
    for line in (_read(_CPUINFO) or "").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _read(path: Path) -> str | None:
    try:
        return path.read_text().strip()
    except OSError:
        return None
