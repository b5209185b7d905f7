"""The race over serving: its client, its checks, and the contestant that needs no rival's package."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import psutil
import pytest
from races.static_serve import constant, serving, site
from races.static_serve.load import Exchange, fetch, load

from harness.contestant import find_races

REQUEST = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
REPLY = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nyes"


@contextmanager
def answering(*replies: bytes, is_kept: bool) -> Iterator[tuple[tuple[str, int], list[int]]]:
    """A server that sends these in turn, the last again and again; and how many requests it had."""
    count = [0]
    lock = threading.Lock()

    def serve(sock: socket.socket) -> None:
        with sock:
            while sock.recv(1 << 16):
                with lock:
                    reply = replies[min(count[0], len(replies) - 1)]
                    count[0] += 1
                sock.sendall(reply)
                if not is_kept:
                    return

    def accept() -> None:
        while True:
            try:
                sock, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=(sock,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        try:
            yield listener.getsockname(), count
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join(10)


@pytest.mark.parametrize("is_kept", [True, False], ids=["kept", "closed"])
@pytest.mark.parametrize(("count", "connections"), [(1, 8), (7, 3), (100, 8)])
def test_so_many_exchanges_take_place(is_kept, count, connections):
    with answering(REPLY, is_kept=is_kept) as (address, seen):
        seconds = load(
            address, Exchange(REQUEST, b"HTTP/1.1 200 OK", len(REPLY), is_kept), count, connections
        )
        assert seconds > 0
        assert seen == [count]


@pytest.mark.parametrize("is_kept", [True, False], ids=["kept", "closed"])
@pytest.mark.parametrize(
    "odd",
    [REPLY.replace(b"200", b"404"), REPLY + b"!", REPLY[:-1], b"\0"],
    ids=["other status", "longer", "shorter", "torn"],
)
def test_who_sends_something_else_is_no_contestant(is_kept, odd, monkeypatch):
    monkeypatch.setattr("races.static_serve.load._PATIENCE", 0.5)
    with (
        answering(REPLY, odd, is_kept=is_kept) as (address, _),
        pytest.raises(ValueError, match=r"a reply of|and then nothing"),
    ):
        load(address, Exchange(REQUEST, b"HTTP/1.1 200 OK", len(REPLY), is_kept), 10, 1)


@pytest.mark.parametrize("edge", ["wsgi", "wsgi_granian", "wsgi_uwsgi"])
def test_the_floor_is_measured(tmp_path, edge):
    """Beneath the server that the lock of the tests has, too."""
    with serving.operations(
        "constant", tmp_path, edges=(edge,), build=lambda: "/", revalidates=False, starts=False
    ) as found:
        elapsed = found[edge].run(20)
        assert elapsed.wall > 0
        assert elapsed.cpu >= 0
        assert found[edge].gauges()["memory"] > 1_000_000


def test_cpu_time_is_that_of_all_threads():
    """As the tables of the system have it, threads that have ended included; and of no other process."""
    work = "import threading\ndef work():\n    sum(range(10**7))\nfor _ in range(2):\n    t = threading.Thread(target=work); t.start(); t.join()\n"
    code = f"{work}print(flush=True)\ninput()"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        asked = psutil.Process(process.pid)
        times = asked.cpu_times()
        taken = serving._cpu(asked)
        assert taken == pytest.approx(times.user + times.system, abs=0.05)
        assert taken > 0.05
        process.communicate(b"\n")


def test_who_sends_another_file_is_no_contestant(tmp_path, monkeypatch):
    monkeypatch.setattr(site, "CONTENT", b"another")
    with (
        pytest.raises(ValueError, match=r"is answered with b'HTTP/1\.1 200 OK.*and 30000 bytes"),
        serving.operations(
            "constant", tmp_path, edges=("wsgi",), build=lambda: "/", revalidates=False, starts=False
        ),
    ):
        pass


def test_each_contestant_says_how_it_is_made():
    race = find_races()["static_serve"]
    assert {contestant.name for contestant in race.contestants if contestant.ours} == {"ours"}
    assert len(site.CONTENT) == 30_000
    assert callable(constant.wsgi())


def test_fetch_takes_all(tmp_path):
    with answering(REPLY, is_kept=False) as (address, _):
        assert fetch(address, REQUEST) == REPLY
