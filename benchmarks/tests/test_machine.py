"""Foreign CPU use and the facts of the machine, against real processes."""

from __future__ import annotations

import platform
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from harness import machine
from harness.machine import ForeignCpu, facts, listener_pids, load, noise_story

SPIN = "while True: pass"
linux = pytest.mark.skipif(platform.system() != "Linux", reason="foreign CPU use is measured on Linux only")


@pytest.fixture
def spinner():
    """A process that does nothing but use a core."""
    process = subprocess.Popen([sys.executable, "-c", SPIN])
    yield process
    process.kill()
    process.wait()


def cpu_of(pid):
    times = psutil.Process(pid).cpu_times()
    return times.user + times.system


def wait_for_cpu(pid, seconds):
    """Until the process has used so much CPU time, however long that takes."""
    goal = cpu_of(pid) + seconds
    deadline = time.monotonic() + 60
    while cpu_of(pid) < goal:
        assert time.monotonic() < deadline, "the machine gives the process no CPU time"
        psutil.Process(pid).cpu_times()
        time.sleep(0.01)


@linux
def test_the_cpu_time_of_others_is_seen_and_that_of_services_is_not(spinner):
    blind, knowing = ForeignCpu(), ForeignCpu(pids=[spinner.pid])
    begun = time.monotonic()
    used = cpu_of(spinner.pid)
    blind.start()
    knowing.start()
    wait_for_cpu(spinner.pid, 1.0)
    foreign, other = blind.read(), knowing.read()
    used = cpu_of(spinner.pid) - used
    elapsed = time.monotonic() - begun

    assert foreign * elapsed >= 0.7, "a second of CPU time was used by a process that is not the race's"
    assert (foreign - other) * elapsed == pytest.approx(used, abs=0.3)


@linux
def test_the_own_cpu_time_is_not_foreign_nor_that_of_reaped_children(monkeypatch):
    monkeypatch.setattr(psutil, "cpu_times", busy_like_this_process)
    meter = ForeignCpu()
    meter.start()
    subprocess.run([sys.executable, "-c", "sum(range(10_000_000))"], check=True)
    sum(range(3_000_000))

    assert meter.read() == pytest.approx(0.0, abs=0.001)


def busy_like_this_process():
    """The counters of a machine on which nobody else runs."""
    import resource

    own, children = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return SimpleNamespace(user=own.ru_utime + children.ru_utime, system=own.ru_stime + children.ru_stime)


@linux
@pytest.mark.parametrize(
    ("counter", "counts"),
    [
        ("user", 1),
        ("nice", 1),
        ("system", 1),
        ("steal", 1),
        ("softirq", 0),
        ("irq", 0),
        ("idle", 0),
        ("iowait", 0),
    ],
)
def test_what_counts_as_busy(monkeypatch, counter, counts):
    before = dict.fromkeys(("user", "nice", "system", "steal", "softirq", "irq", "idle", "iowait"), 100.0)
    after = {**before, counter: 1100.0}
    readings = [SimpleNamespace(**before), SimpleNamespace(**after)]
    clock = iter([0.0, 500.0])
    monkeypatch.setattr(psutil, "cpu_times", lambda: readings.pop(0))
    monkeypatch.setattr(machine, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    meter = ForeignCpu()
    meter.start()

    assert meter.read() == pytest.approx(2.0 * counts, abs=0.01), "cores, over 500 seconds"


@linux
def test_a_service_that_ends_does_not_break_the_meter(spinner):
    meter = ForeignCpu(pids=[spinner.pid])
    meter.start()
    spinner.kill()
    spinner.wait()

    assert meter.read() >= 0


@pytest.mark.parametrize("system", ["Darwin", "FreeBSD"])
def test_elsewhere_it_is_unknown_and_said(monkeypatch, system):
    monkeypatch.setattr(machine, "_LINUX", False)
    monkeypatch.setattr(platform, "system", lambda: system)
    meter = ForeignCpu()
    meter.start()

    assert meter.read() is None
    assert "NOT measured" in noise_story()
    assert system in noise_story()


def test_a_meter_that_was_not_started_knows_nothing():
    assert ForeignCpu().read() is None


@linux
def test_on_linux_the_story_says_where_it_is_read():
    assert noise_story().startswith("foreign CPU use measured: /proc/stat")


def test_facts_say_what_machine_and_do_not_name_it():
    said = facts()

    assert set(said) == {"cpu", "cores", "usable_cores", "governor", "memory_mb", "python", "kernel"}
    assert 1 <= said["usable_cores"] <= said["cores"]
    assert said["memory_mb"] > 16
    assert platform.python_version() in said["python"]
    assert all(said.values())
    assert socket.gethostname() not in str(said).split()


def test_facts_where_the_kernel_tells_little(monkeypatch, tmp_path):
    monkeypatch.setattr(machine, "_CPUINFO", tmp_path / "absent")
    monkeypatch.setattr(machine, "_GOVERNOR", tmp_path / "absent")

    assert facts()["cpu"]
    assert facts()["governor"].startswith("unknown")


def test_the_governor_and_the_model_are_read(monkeypatch, tmp_path):
    (tmp_path / "governor").write_text("powersave\n")
    (tmp_path / "cpuinfo").write_text("processor : 0\nmodel name\t: Abacus 3000 @ 1 Hz\nflags : none\n")
    monkeypatch.setattr(machine, "_CPUINFO", Path(tmp_path, "cpuinfo"))
    monkeypatch.setattr(machine, "_GOVERNOR", Path(tmp_path, "governor"))

    assert facts()["governor"] == "powersave"
    assert facts()["cpu"] == "Abacus 3000 @ 1 Hz"


def test_load_has_three_figures():
    assert len(load()) == 3
    assert all(value >= 0 for value in load())


def test_the_process_behind_a_port_is_found():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert listener_pids(port) == (psutil.Process().pid,)
    assert listener_pids(port) == ()
