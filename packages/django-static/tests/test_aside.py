"""Work that a process of its own does meanwhile: a help that may fail, and is never needed."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from django_static import aside
from django_static.aside import Aside

pytestmark = pytest.mark.skipif(
    not hasattr(os, "fork") or sys.platform == "darwin", reason="no safe fork() here"
)


@pytest.fixture(autouse=True)
def several_cores(monkeypatch):
    """On a machine with one core, too; threads that other tests have left do not count."""
    monkeypatch.setattr(aside, "cores", lambda: 2)
    count, others = threading.active_count, threading.active_count() - 1
    monkeypatch.setattr(threading, "active_count", lambda: count() - others)


@pytest.fixture
def started():
    """Starts work in another process, which is ended with the test."""
    with contextlib.ExitStack() as ends:

        def start(
            work: Callable[[Callable[[], None]], object], then: Callable[[], object] | None = None
        ) -> Aside[object, object]:
            process = Aside.start(work, then)
            assert process is not None
            ends.callback(process.close)
            return process

        yield start


def test_the_result_comes_from_another_process(started):
    process = started(lambda _: os.getpid())
    result = process.result()
    process.close()
    assert isinstance(result, int)
    assert result != os.getpid()
    with pytest.raises(ChildProcessError):
        os.waitpid(result, os.WNOHANG)  # it was waited for


def test_a_result_larger_than_a_pipe(started):
    assert started(lambda _: b"x" * 5_000_000).result() == b"x" * 5_000_000


def test_more_comes_after_the_result(started):
    process = started(lambda _: b"x" * 5_000_000, lambda: os.getpid())
    other = process._process
    assert process.result() == b"x" * 5_000_000
    assert process.more() == other
    assert process.more() is None


def test_what_fails_after_the_result_leaves_that(started, capfd):
    process = started(lambda _: 1, lambda: os.kill(os.getpid(), signal.SIGKILL))
    assert process.result() == 1
    assert process.more() is None
    assert capfd.readouterr().err == ""


def fails(_: Callable[[], None]) -> object:
    raise OSError("no space left")


def leaves(_: Callable[[], None]) -> object:
    sys.exit(0)


def is_killed(_: Callable[[], None]) -> object:
    os.kill(os.getpid(), signal.SIGKILL)
    return "never"


def cannot_be_sent(_: Callable[[], None]) -> object:
    return threading.Lock()


@pytest.mark.parametrize("work", [fails, leaves, is_killed, cannot_be_sent])
def test_a_process_that_fails_has_no_result(started, work, capfd):
    process = started(work, lambda: "never")
    assert process.result() is None
    assert process.more() is None
    assert capfd.readouterr().err == ""


def test_one_that_nobody_waits_for_is_ended(started):
    process = started(lambda _: time.sleep(60))
    other = process._process
    begun = time.monotonic()
    process.close()
    process.close()
    assert time.monotonic() - begun < 30
    with pytest.raises(ChildProcessError):
        os.waitpid(other, os.WNOHANG)


def test_none_where_it_would_not_pay(monkeypatch):
    monkeypatch.setattr(aside, "cores", lambda: 1)
    assert Aside.start(lambda _: 1) is None


def test_none_beside_other_threads():
    done = threading.Event()
    thread = threading.Thread(target=done.wait)
    thread.start()
    try:
        assert Aside.start(lambda _: 1) is None
    finally:
        done.set()
        thread.join()


def test_none_without_a_process_to_be_had(monkeypatch):
    def none() -> int:
        raise BlockingIOError("too many processes")

    before = len(os.listdir("/dev/fd"))
    monkeypatch.setattr(os, "fork", none)
    assert Aside.start(lambda _: 1) is None
    assert len(os.listdir("/dev/fd")) == before


_ORPHAN = """
import os, sys, time
from pathlib import Path
from django_static import aside
aside.cores = lambda: 2
place = Path(sys.argv[1])

def work(check):
    place.with_suffix(".begun").write_text(str(os.getpid()))
    try:
        for _ in range(3000):
            time.sleep(0.01)
            check()
    except aside.OrphanedError:
        place.with_suffix(".told").write_text("")
        raise

aside.Aside.start(work)
time.sleep(60)
"""


def appears(path: Path) -> bool:
    for _ in range(1000):
        if path.exists():
            return True
        time.sleep(0.01)
    return False


def test_one_whose_parent_is_killed_is_told(tmp_path):
    place = tmp_path / "orphan"
    with subprocess.Popen([sys.executable, "-c", _ORPHAN, str(place)]) as parent:
        try:
            assert appears(place.with_suffix(".begun"))
        finally:
            parent.kill()
    assert appears(place.with_suffix(".told"))
