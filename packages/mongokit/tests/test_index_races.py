"""Several processes that bring the same indexes up to date at once, as the workers of a deployment do."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pymongo
import pytest
from ensure_at_once import Thing
from pymongo import IndexModel
from pymongo.errors import OperationFailure

from mongokit import AsyncConnection, Connection, Document, index_diff

WORKERS = 5
PROGRAM = Path(__file__).with_name("ensure_at_once.py")


def differing(collection):
    """Build the indexes that an earlier version of the class declared."""
    collection.create_indexes(
        [IndexModel("a"), IndexModel("b"), IndexModel([("a", 1), ("b", 1)], name="ab"), IndexModel("items.n")]
    )
    collection.insert_many([{"a": str(n), "b": n, "items": [{"n": n}]} for n in range(100)])


@pytest.mark.parametrize("kind", ["blocking", "asynchronous"])
def test_processes_that_change_indexes_at_once(mongodb_uri, database, kind):
    differing(database.things)
    workers = [
        subprocess.Popen(
            [sys.executable, PROGRAM, kind, mongodb_uri, database.name],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for _ in range(WORKERS)
    ]  # fmt: skip
    try:
        for worker in workers:
            assert worker.stdout.readline() == "ready\n"
        for worker in workers:
            worker.stdin.close()
        said = [worker.stderr.read() for worker in workers]
        assert [worker.wait(timeout=60) for worker in workers] == [0] * WORKERS, said
    finally:
        for worker in workers:
            worker.kill()
            worker.wait()
            worker.stdout.close()
            worker.stderr.close()
    report = index_diff(database.things, [Thing])
    assert [(row.name, row.state) for row in report] == [
        ("a_1", "same"),
        ("ab", "same"),
        ("b_1", "same"),
        ("n", "same"),
    ]
    assert report.ok


class Meddling:
    """Does something to the collection, as another process would, before the first commands of some names are sent."""

    def __init__(self, collection, command, meddle, times=1):
        self.collection, self.command, self.meddle, self.left = collection, command, meddle, times

    def __call__(self, name):
        if name == self.command and self.left:
            self.left -= 1
            self.meddle(self.collection)


class Listener(pymongo.monitoring.CommandListener):
    def __init__(self, meddling):
        self.meddling = meddling

    def started(self, event):
        self.meddling(event.command_name)

    def succeeded(self, event):
        pass

    failed = succeeded


def gone(collection):
    collection.drop_index("a_1")


def built(collection):
    collection.drop_index("a_1")
    collection.create_index("a", unique=True)


MEDDLED = {
    "dropped before it is dropped": ("dropIndexes", gone, "built"),
    "built before it is dropped": ("dropIndexes", built, "changed"),
    "built before it is looked at again": ("listIndexes", built, "same"),
    "collection dropped before it is dropped": ("dropIndexes", lambda collection: collection.drop(), "changed"),
}  # fmt: skip


class Unique(Document):
    structure = {"a": str}
    indexes = [{"fields": "a", "unique": True}]


@pytest.mark.parametrize(("command", "meddle", "state"), MEDDLED.values(), ids=MEDDLED)
def test_what_another_does_meanwhile(mongodb_uri, collection, command, meddle, state):
    collection.create_index("a")
    meddling = Meddling(collection, command, meddle)
    with Connection(mongodb_uri, event_listeners=[Listener(meddling)]) as connection:
        where = connection[collection.database.name][collection.name]
        (row,) = where.proxy(Unique).ensure_indexes(drop=True)
    assert (row.name, row.state, meddling.left) == ("a_1", state, 0)
    assert collection.index_information()["a_1"]["unique"] is True


async def test_what_another_does_meanwhile_to_asynchronous_ones(mongodb_uri, collection):
    collection.create_index("a")
    meddling = Meddling(collection, "dropIndexes", gone)
    async with AsyncConnection(mongodb_uri, event_listeners=[Listener(meddling)]) as connection:
        where = connection[collection.database.name][collection.name]
        (row,) = await where.proxy(Unique).ensure_indexes(drop=True)
    assert (row.state, meddling.left) == ("built", 0)


def test_an_expiry_that_is_changed_where_the_index_is_gone(mongodb_uri, collection):
    class Dated(Document):
        structure = {"a": str}
        indexes = [{"fields": "a", "expireAfterSeconds": 9}]

    collection.create_index("a", expireAfterSeconds=5)
    meddling = Meddling(collection, "collMod", gone)
    with Connection(mongodb_uri, event_listeners=[Listener(meddling)]) as connection:
        where = connection[collection.database.name][collection.name]
        assert [row.state for row in where.proxy(Dated).ensure_indexes(drop=True)] == ["built"]
    assert collection.index_information()["a_1"]["expireAfterSeconds"] == 9


def test_it_does_not_try_for_ever(mongodb_uri, collection):
    """Somebody who puts the old one back each time is no rival who wants the same."""
    collection.create_index("a")
    meddling = Meddling(collection, "createIndexes", lambda collection: collection.create_index("a"), 1000)
    with (
        Connection(mongodb_uri, event_listeners=[Listener(meddling)]) as connection,
        pytest.raises(OperationFailure, match=r"Unique: the index a_1 of .* cannot be built"),
    ):
        connection[collection.database.name][collection.name].proxy(Unique).ensure_indexes(drop=True)
    assert "unique" not in collection.index_information()["a_1"]
    assert meddling.left > 900
