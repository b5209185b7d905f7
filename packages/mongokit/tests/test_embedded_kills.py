"""Whatever kind of write was acknowledged is there when the embedded server was killed right behind it."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
import uuid

import psutil
import pytest
from pymongo import InsertOne, WriteConcern

from mongokit import AsyncConnection, Connection, Document
from mongokit.embedded import EmbeddedServer
from mongokit.embedded.keeper import files
from mongokit.embedded.keeper.process import Keeper, Orders

WRITES = 12
"""Writes of a kind before the kill. It is the last ones that a server that writes later would lose."""


class Entry(Document):
    structure = {"_id": int, "n": int}


class Counted(Entry):
    use_revision = True


def saved(entries, n):
    entries.Entry({"_id": n, "n": 1}).save()


def saved_in_memory(entries, n):
    entries.with_options(write_concern=WriteConcern(w=1)).Entry({"_id": n, "n": 1}).save()


def updated(entries, n):
    entries.Entry({"_id": n, "n": 0}).save().update_atomic({"$set": {"n": 1}})


def found_and_updated(entries, n):
    entries.find_one_and_update({"_id": n}, {"$set": {"n": 1}}, upsert=True)


def in_bulk(entries, n):
    entries.bulk_write([InsertOne({"_id": n, "n": 1})])


def in_a_unit(entries, n):
    with entries.database.client.unit_of_work():
        saved(entries, n)


def in_a_unit_of_revisions(entries, n):
    one, other = (entries.Counted({"_id": key, "n": 0}).save() for key in (n, 100 + n))
    with entries.database.client.unit_of_work():
        one["n"], other["n"] = 1, 2
        one.save()
        other.save()


def in_a_transaction(entries, n):
    with entries.database.client.transaction():
        saved(entries, n)


def in_transaction(entries, n):
    entries.database.client.in_transaction(lambda: saved(entries, n))


def in_a_unit_in_a_transaction(entries, n):
    with entries.database.client.transaction():
        in_a_unit(entries, n)


def in_a_session(entries, n):
    with entries.database.client.start_session() as session, session.start_transaction():
        entries.insert_one({"_id": n, "n": 1}, session=session)


def merged(entries, n):
    list(entries.database.one.aggregate([{"$set": {"_id": n, "n": 1}}, {"$merge": entries.name}]))


def in_bulk_of_the_client(entries, n):
    namespace = f"{entries.database.name}.{entries.name}"
    entries.database.client.bulk_write([InsertOne({"_id": n, "n": 1}, namespace=namespace)])


DOCUMENTS = [
    *(
        saved,
        saved_in_memory,
        updated,
        found_and_updated,
        in_bulk,
        in_a_unit,
        in_a_unit_of_revisions,
        in_a_transaction,
        in_transaction,
    ),
    *(in_a_unit_in_a_transaction, in_a_session, merged, in_bulk_of_the_client),
]
"""Each stores a document."""


def deleted(entries, n):
    entries.Entry.get_from_id(n).delete()


def deleted_in_a_transaction(entries, n):
    with entries.database.client.transaction():
        deleted(entries, n)


DELETIONS = [deleted, deleted_in_a_transaction]


def out(database, n):
    list(database.one.aggregate([{"$out": f"new_{n}"}]))


def created(database, n):
    database.create_collection(f"new_{n}")


def renamed(database, n):
    database.create_collection(f"old_{n}").rename(f"new_{n}")


def copied(database, n):
    # What is to be renamed has documents, which the server moves one by one.
    database[f"old_{n}"].insert_many([{"_id": k} for k in range(20)])
    database[f"old_{n}"].rename(f"new_{n}")


def dropped(database, n):
    database.create_collection(f"new_{n}")
    database[f"old_{n}"].insert_many([{"_id": k} for k in range(20)])
    database[f"old_{n}"].drop()


COLLECTIONS = [out, created, renamed, copied, dropped]
"""Each leaves a collection, and no other."""


def indexed(entries, n):
    entries.create_index(f"f{n}")


def index_dropped(entries, n):
    entries.create_index(f"old{n}")
    entries.create_index(f"f{n}")
    entries.drop_index(f"old{n}_1")


INDEXES = [indexed, index_dropped]
"""Each leaves an index, and no other."""


async def saved_async(entries, n):
    await entries.Entry({"_id": n, "n": 1}).save()


async def in_a_transaction_async(entries, n):
    async with entries.database.client.transaction():
        await saved_async(entries, n)


async def in_a_unit_async(entries, n):
    async with entries.database.client.unit_of_work():
        await saved_async(entries, n)


async def in_bulk_of_the_client_async(entries, n):
    namespace = f"{entries.database.name}.{entries.name}"
    await entries.database.client.bulk_write([InsertOne({"_id": n, "n": 1}, namespace=namespace)])


ASYNC = [saved_async, in_a_transaction_async, in_a_unit_async, in_bulk_of_the_client_async]


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A server that each test kills, and starts again."""
    with EmbeddedServer(tmp_path_factory.mktemp("killed") / "data") as server:
        yield server


@pytest.fixture
def name():
    """The name of a database of the test's own."""
    return f"kills_{uuid.uuid4().hex[:12]}"


def kill(server):
    """End the server by kill -9, and its keeper, which would start the next by itself; then start that."""
    state = files.read_state(server.path)
    killed = [psutil.Process(pid) for pid in (state.pid, state.keeper)]
    for process in killed:
        # On Linux the first to die takes the other with it.
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(killed, timeout=60)
    assert server.start().pid != state.pid


@contextlib.contextmanager
def after_a_kill(server, name):
    """The database after a kill of the server."""
    kill(server)
    with Connection(server.uri) as connection:
        yield connection[name]
        connection.drop_database(name)


def ids(database):
    """What the kinds that store documents have stored."""
    return [found["_id"] for found in database.entries.find({"n": 1}).sort("_id")]


@pytest.mark.parametrize("write", DOCUMENTS)
def test_documents(server, name, write):
    with Connection(server.uri) as connection:
        connection.register([Entry, Counted])
        database = connection[name]
        database.one.insert_one({})
        for n in range(WRITES):
            write(database.entries, n)
        with after_a_kill(server, name) as found:
            assert ids(found) == list(range(WRITES))


@pytest.mark.parametrize("write", ASYNC)
async def test_documents_of_an_asynchronous_connection(server, name, write):
    async with AsyncConnection(server.uri) as connection:
        connection.register(Entry)
        for n in range(WRITES):
            await write(connection[name].entries, n)
    # The client has been closed, which takes it less time than the server has taken to write.
    with after_a_kill(server, name) as found:
        assert ids(found) == list(range(WRITES))


@pytest.mark.parametrize("write", DELETIONS)
def test_deletions(server, name, write):
    with Connection(server.uri) as connection:
        connection.register(Entry)
        entries = connection[name].entries
        entries.insert_many([{"_id": n, "n": 1} for n in range(WRITES + 1)])
        for n in range(WRITES):
            write(entries, n)
        with after_a_kill(server, name) as found:
            assert ids(found) == [WRITES]


@pytest.mark.parametrize("write", COLLECTIONS)
def test_collections(server, name, write):
    with Connection(server.uri) as connection:
        database = connection[name]
        database.one.insert_one({})
        for n in range(WRITES):
            write(database, n)
        with after_a_kill(server, name) as found:
            assert set(found.list_collection_names()) == {"one", *(f"new_{n}" for n in range(WRITES))}


@pytest.mark.parametrize("write", INDEXES)
def test_indexes(server, name, write):
    with Connection(server.uri) as connection:
        entries = connection[name].entries
        for n in range(WRITES):
            write(entries, n)
        with after_a_kill(server, name) as found:
            assert set(found.entries.index_information()) == {"_id_", *(f"f{n}_1" for n in range(WRITES))}


def test_dropped_databases(server, name):
    with Connection(server.uri) as connection:
        names = [f"{name}_{n}" for n in range(WRITES)]
        for each in names:
            connection[each].create_collection("things")
            connection.drop_database(each)
        with after_a_kill(server, name) as found:
            assert not set(names) & set(found.client.list_database_names())


def test_with_fsync_changes_are_on_the_disk_and_not_only_written(tmp_path, name):
    with EmbeddedServer(tmp_path / "data", fsync=True) as server:
        assert psutil.Process(server.pid).environ()["WIREDTIGER_CONFIG"].endswith("method=fsync)")
        with Connection(server.uri) as connection:
            connection.register(Entry)
            in_a_transaction(connection[name].entries, 0)
            with after_a_kill(server, name) as found:
                assert ids(found) == [0]
        assert psutil.Process(server.pid).environ()["WIREDTIGER_CONFIG"].endswith("method=fsync)")


def test_the_command_has_fsync(tmp_path):
    command = [sys.executable, "-m", "mongokit.embedded", "--data", str(tmp_path / "data"), "--fsync"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            assert process.stdout.readline().startswith("mongodb://")
            pid = files.read_state(tmp_path / "data").pid
            assert psutil.Process(pid).environ()["WIREDTIGER_CONFIG"].endswith("method=fsync)")
        finally:
            process.terminate()


def test_the_keeper_puts_the_journal_on_the_disk_where_it_was_written(server, name, monkeypatch):
    put, fsync = [], os.fsync
    monkeypatch.setattr(os, "fsync", lambda handle: put.append(os.fstat(handle).st_ino) or fsync(handle))
    keeper = Keeper(Orders(str(server.path), None, 0, 30, 10, [], -1))

    def look():
        """Have the keeper look once, without the pause behind it."""
        put.clear()
        keeper.unused = False
        monkeypatch.setattr(keeper, "end_panicked", lambda: setattr(keeper, "unused", True))
        os.write(keeper.wake_write, b"\0")
        keeper.keep()
        return put.copy()

    try:
        with Connection(server.uri) as connection:
            connection[name].things.insert_one({})
            assert set(look()) == {
                path.stat().st_ino for path in (server.path / "db").glob("WiredTigerLog.*")
            }
            connection[name].things.insert_one({})
            assert len(look()) == 1
            deadline = time.monotonic() + 60
            while look():
                assert time.monotonic() < deadline
            connection.drop_database(name)
    finally:
        for handle in (keeper.users_fd, keeper.wake_read, keeper.wake_write):
            os.close(handle)
