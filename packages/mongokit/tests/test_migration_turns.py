"""Whose turn a bulk migration is where a runner has died: known at once on its machine, waited for from any other."""

from __future__ import annotations

import datetime
import functools
import json
import logging
import os
import signal
import subprocess
import sys
import uuid
from pathlib import Path
from types import SimpleNamespace

import pytest
from pymongo import AsyncMongoClient

from mongokit import MigrationError
from mongokit.flow import run, run_async
from mongokit.migration import bookmark as bookmarks
from mongokit.migration import runner
from mongokit.migration.bookmark import Bookmark
from mongokit.migration.runner import is_gone, this_process

SCRIPT = Path(__file__).with_name("migrate_in_batches.py")
NAME = "things __main__.PostMigration"
PATIENCE = 20
"""Seconds: much less than the lease, and more than a look takes."""

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"),
    reason="other systems do not tell processes apart so that it is certain",
)


@pytest.fixture
def running(mongodb_uri, database):
    """A runner in a process of its own that is at its fourth batch of ten."""
    database.things.insert_many([{"n": i} for i in range(100)])
    process = subprocess.Popen(
        [sys.executable, SCRIPT, mongodb_uri, database.name, "4"], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "here\n"
    yield process
    process.kill()
    process.wait(PATIENCE)
    process.stdout.close()


def taking(store, *, wait, lease=60.0):
    return Bookmark(store, NAME, lease=lease, wait=wait)


def has_ended(process):
    """Wait for the end of a process, and leave it as it is: without its parent having asked how."""
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)


@pytest.mark.parametrize("asked", [True, False], ids=["and waited for", "and not waited for"])
def test_who_was_killed_on_this_machine_is_not_waited_for(running, database, caplog, asked):
    running.kill()
    if asked:
        running.wait(PATIENCE)
    else:
        has_ended(running)
    next_ = taking(database.mongokit_migrations, wait=0)
    run(next_.take())
    assert database.mongokit_migrations.find_one()["owner"] == next_.owner
    assert f":{running.pid}:" in caplog.text
    assert "its process is gone" in caplog.text
    assert next_.rules["allmigration01_add_tags"]["matched"] == 40


async def test_nor_by_an_asynchronous_runner(running, database, mongodb_uri):
    running.kill()
    running.wait(PATIENCE)
    async with AsyncMongoClient(mongodb_uri) as client:
        next_ = taking(client[database.name].mongokit_migrations, wait=0)
        await run_async(next_.take())
    assert database.mongokit_migrations.find_one()["owner"] == next_.owner


@pytest.mark.parametrize("stopped", [False, True])
def test_who_lives_is_waited_for(running, database, caplog, stopped):
    if stopped:
        running.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, running.pid, os.WSTOPPED | os.WNOWAIT)
    before = database.mongokit_migrations.find_one()
    with pytest.raises(MigrationError, match=f":{running.pid}:.*, is at it, and was after 0.6 s"):
        run(taking(database.mongokit_migrations, wait=0.6).take())
    assert database.mongokit_migrations.find_one() == before
    assert "taken over" not in caplog.text.replace("is taken over in", "")


def test_of_many_one_takes_over(running, database):
    """Whoever comes second waits for the first of them."""
    running.kill()
    running.wait(PATIENCE)
    store = database.mongokit_migrations
    run(taking(store, wait=0).take())
    with pytest.raises(MigrationError, match="another runner"):
        run(taking(store, wait=0).take())


@functools.cache
def ended():
    """Return a process of this machine that has ended, as it told of itself."""
    told = (
        "import json; from mongokit.migration.runner import this_process; print(json.dumps(this_process()))"
    )
    process = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    return json.loads(process.stdout)


DEAD = {
    "it has ended": lambda gone: gone,
    "another has its number": lambda gone: {**gone, "pid": os.getpid()},
    "after many days": lambda gone: {**gone, "pid": os.getpid(), "started": 2**40},
}
UNKNOWN = {
    "another host": lambda gone: {**gone, "host": "another"},
    "another boot": lambda gone: {**gone, "boot": str(uuid.uuid4())},
    "another container of the same name": lambda gone: {**gone, "pid_namespace": 1},
    "another clock": lambda gone: {**gone, "time_namespace": 1},
    "it lives": lambda gone: this_process(),
    "nothing is told": lambda gone: {},
    "no number": lambda gone: {name: value for name, value in gone.items() if name != "pid"},
    "no start": lambda gone: {name: value for name, value in gone.items() if name != "started"},
    "no host": lambda gone: {name: value for name, value in gone.items() if name != "host"},
    **{
        f"the number {pid!r}": lambda gone, pid=pid: {**gone, "pid": pid}
        for pid in (0, -1, 2**31, 2**40, "1", None, True, 1.0, {"$gt": 0})
    },
}


@pytest.fixture
def left(database):
    """A function that leaves a bookmark as somebody would who was this process."""

    def leave(process, owner="somebody", told_by="somebody"):
        database.mongokit_migrations.insert_one(
            {
                "_id": NAME,
                "owner": owner,
                "beat": 7,
                "rules": {},
                "process": {"owner": told_by, **process} if isinstance(process, dict) else process,
            }
        )
        return database.mongokit_migrations

    return leave


@pytest.mark.parametrize("told", DEAD.values(), ids=DEAD)
def test_who_is_certainly_gone(left, told):
    run(taking(left(told(ended())), wait=0).take())


@pytest.mark.parametrize("told", UNKNOWN.values(), ids=UNKNOWN)
def test_who_may_live_is_waited_for(left, told):
    store = left(told(ended()))
    with pytest.raises(MigrationError, match="another runner, somebody, is at it"):
        run(taking(store, wait=0.02).take())
    run(taking(store, wait=PATIENCE, lease=0.05).take())


@pytest.mark.parametrize("process", [None, "x", 3, [1]], ids=repr)
def test_what_is_no_process(left, process):
    with pytest.raises(MigrationError, match="another runner, somebody, is at it"):
        run(taking(left(process), wait=0).take())


def test_a_process_that_an_earlier_owner_told_of(left):
    """As a version of the library that knows nothing of it takes over, and lives."""
    with pytest.raises(MigrationError, match="another runner, who came later, is at it"):
        run(taking(left(ended(), owner="who came later"), wait=0).take())


def test_it_gives_a_sign_of_life_between_the_look_and_the_claim(left):
    """Whatever was thought of it: what moves is alive."""
    store = left(ended())

    class Living(type(store)):
        def find_one(self, *args, **options):
            found = super().find_one(*args, **options)
            store.update_one({}, {"$inc": {"beat": 1}})
            return found

    with pytest.raises(MigrationError, match="another runner, somebody, is at it"):
        run(taking(Living(store.database, store.name), wait=0.02).take())
    assert store.find_one()["owner"] == "somebody"


@pytest.mark.parametrize(
    "zone", [None, datetime.UTC, datetime.timezone(datetime.timedelta(hours=5))], ids=str
)
def test_for_whom_is_waited(left, caplog, monkeypatch, zone):
    clock = [1000.0]

    def rest(store, seconds):
        clock[0] += seconds

    monkeypatch.setattr(bookmarks, "time", SimpleNamespace(monotonic=lambda: clock[0]))
    monkeypatch.setattr(bookmarks, "rest", rest)
    monkeypatch.setattr(bookmarks, "LOOKS", 250)
    monkeypatch.setattr(bookmarks, "TOLD", 1000)
    plain = left({**ended(), "host": "another"}, owner="another:7:abc", told_by="another:7:abc")
    plain.update_one({}, {"$currentDate": {"since": True}})
    since = plain.find_one()["since"]
    store = plain.with_options(plain.codec_options.with_options(tz_aware=zone is not None, tzinfo=zone))
    with caplog.at_level(logging.WARNING, "mongokit.migration"):
        run(taking(store, wait=None, lease=4000.0).take())
    assert clock[0] == 5000
    assert [record.getMessage() for record in caplog.records] == [
        *(
            f"{NAME}: waiting for another runner, another:7:abc, which took its turn at {since:%Y-%m-%d %H:%M:%S} UTC by "
            f"its clock; it is taken over in {yet} s if it gives no sign of life until then (lease=4000.0)"
            for yet in range(4000, -1, -1000)
        ),
        f"{NAME}: taken over from another:7:abc: no sign of life for 4000 s",
    ]


def test_a_bookmark_without_a_time(left, caplog):
    with pytest.raises(MigrationError):
        run(taking(left({}), wait=0.02).take())
    assert "waiting for another runner, somebody; it is taken over in 60 s" in caplog.text


# What the system tells

STATUS = f"Name:\tx\nNSpid:\t{os.getpid()}\n"


@pytest.fixture
def system(tmp_path, monkeypatch):
    """A function that makes what the system tells of this process, in the place of what it does."""

    def tell(status=STATUS, stat=b"1 (a) b) S " + b"1 " * 40):
        for folder in ("self/ns", str(os.getpid()), "sys/kernel/random"):
            tmp_path.joinpath(folder).mkdir(parents=True)
        tmp_path.joinpath("self/status").write_text(status)
        tmp_path.joinpath("self/ns/pid").write_text("")
        tmp_path.joinpath("sys/kernel/random/boot_id").write_text("boot\n")
        tmp_path.joinpath(str(os.getpid()), "stat").write_bytes(stat)
        monkeypatch.setattr(runner, "PROC", tmp_path)
        return tmp_path

    return tell


def test_what_this_process_is(system):
    found = this_process()
    assert (found["pid"], found["boot"]) == (
        os.getpid(),
        Path("/proc/sys/kernel/random/boot_id").read_text().strip(),
    )
    assert this_process() == found
    assert ended()["started"] >= found["started"]
    system()
    assert this_process()["time_namespace"] is None, "an older kernel"
    assert this_process()["started"] == 1


NOT_TOLD = {
    "of another namespace": {"status": f"NSpid:\t{os.getpid()}\t2\n"},
    "of another number": {"status": "NSpid:\t1\n"},
    "nothing of namespaces": {"status": "Name:\tx\n"},
    "no start": {"stat": b"1 (a) S 1 2"},
    "something else": {"stat": b"1 (a) S " + b"x " * 40},
}


@pytest.mark.parametrize("told", NOT_TOLD.values(), ids=NOT_TOLD)
def test_where_the_system_does_not_say(system, told):
    gone = ended()
    assert is_gone(gone)
    system(**told)
    assert this_process() is None
    assert not is_gone(gone)


def test_where_there_is_no_proc(tmp_path, monkeypatch, left):
    gone = ended()
    monkeypatch.setattr(runner, "PROC", tmp_path / "none")
    store = left(gone)
    with pytest.raises(MigrationError, match="another runner"):
        run(taking(store, wait=0).take())
    next_ = taking(store, wait=PATIENCE, lease=0.05)
    run(next_.take())
    assert store.find_one()["process"] == {"owner": next_.owner}


def test_processes_of_others_may_be_hidden(system):
    folder = system()
    here = this_process()
    folder.joinpath(str(os.getpid()), "stat").rename(folder / "kept")
    assert not is_gone({**here, "started": 2})


@pytest.mark.parametrize(("threads", "gone"), [(1, True), (2, False)])
def test_threads_may_outlive_the_first(system, threads, gone):
    system(stat=b"1 (a) Z " + b"1 " * 16 + b"%d 1 1 1 1 1" % threads)
    assert is_gone(this_process()) is gone
