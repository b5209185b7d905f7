# ruff: noqa: PT012 (what ends a block is what is tested)
"""Transactions and change streams, on the embedded server or that of MONGODB_URI; what a single server says."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import threading

import pymongo
import pytest
from free_ports import free_port
from pymongo.errors import InvalidOperation, OperationFailure
from pymongo.read_concern import ReadConcern

from mongokit import (
    AsyncConnection,
    Connection,
    Document,
    ReplicaSetNeeded,
    SchemaTypeError,
    StaleDocumentError,
)


class Account(Document):
    owner: str
    money: int = 0
    use_revision = True


class Note(Document):
    structure = {"text": str, "more": {"tags": [str]}}
    use_dot_notation = True


pytestmark = pytest.mark.usefixtures("replica_set")


@pytest.fixture
def accounts(connection, collection):
    connection.register([Account, Note])
    collection.database.create_collection(collection.name)
    return collection


@pytest.fixture
def moneys(accounts):
    """What another client sees."""

    def look():
        with pymongo.MongoClient(host=accounts.database.client._mongokit_arguments[0]) as client:
            found = client[accounts.database.name][accounts.name].find().sort("owner")
            return {account["owner"]: account["money"] for account in found}

    return look


class Oops(Exception):
    pass


def opened(accounts, **moneys):
    return [accounts.Account({"owner": owner, "money": money}).save() for owner, money in moneys.items()]


def test_all_of_it_happens(connection, accounts, moneys):
    a, b = opened(accounts, a=10, b=0)
    with connection.transaction() as session:
        assert session.in_transaction
        a.money -= 3
        b.money += 3
        a.save()
        b.save()
        accounts.Account({"owner": "c", "money": 0}).save()
        assert accounts.Account.count() == 3
        assert moneys() == {"a": 10, "b": 0}
    assert moneys() == {"a": 7, "b": 3, "c": 0}


def test_or_none_of_it(connection, accounts, moneys):
    a, b = opened(accounts, a=10, b=0)
    with pytest.raises(Oops), connection.transaction():
        a.money -= 3
        a.save()
        b.delete()
        accounts.Account({"owner": "c", "money": 0}).save()
        raise Oops
    assert moneys() == {"a": 10, "b": 0}
    # Nothing was stored, so the document is still at the revision that is.
    assert (a["_revision"], a.money) == (1, 7)
    a.save()
    assert moneys() == {"a": 7, "b": 0}


WAYS = {
    "save": lambda col, a: a.save(),
    "save only": lambda col, a: a.save(only=["money"]),
    "save new": lambda col, a: col.Account({"owner": "n", "money": 0}).save(),
    "delete": lambda col, a: a.delete(),
    "update_atomic": lambda col, a: a.update_atomic({"$inc": {"money": 1}}),
    "insert_one": lambda col, a: col.insert_one({"owner": "n"}),
    "insert_many": lambda col, a: col.insert_many([{"owner": "n"}]),
    "update_one": lambda col, a: col.update_one({}, {"$set": {"owner": "n"}}),
    "update_many": lambda col, a: col.update_many({}, {"$set": {"owner": "n"}}),
    "replace_one": lambda col, a: col.replace_one({}, {"owner": "n"}),
    "delete_one": lambda col, a: col.delete_one({}),
    "delete_many": lambda col, a: col.delete_many({}),
    "bulk_write": lambda col, a: col.bulk_write([pymongo.InsertOne({"owner": "n"})]),
    "find_one_and_update": lambda col, a: col.Account.find_one_and_update({}, {"$set": {"owner": "n"}}),
    "find_one_and_replace": lambda col, a: col.Account.find_one_and_replace({}, {"owner": "n", "money": 0}),
    "find_one_and_delete": lambda col, a: col.Account.find_one_and_delete({}),
    "command": lambda col, a: col.database.command(
        "update", col.name, updates=[{"q": {}, "u": {"$set": {"owner": "n"}}}]
    ),
    "other options": lambda col, a: col.with_options(
        codec_options=col.codec_options.with_options(tz_aware=True)
    ).insert_one({"owner": "n"}),
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_every_write_is_part_of_it(connection, accounts, way):
    (a,) = opened(accounts, a=10)
    a.money = 99
    before = list(accounts.find())
    with pytest.raises(Oops), connection.transaction():
        way(accounts, a)
        assert list(accounts.find()) != before
        raise Oops
    assert list(accounts.find()) == before


READS = {
    "find": lambda col: len(list(col.Account.find())),
    "find_one": lambda col: 2 if col.Account.find_one({"owner": "n"}) else 1,
    "one": lambda col: 2 if col.Account.one({"owner": "n"}) else 1,
    "get_from_id": lambda col: 2 if col.Account.get_from_id("n") else 1,
    "count": lambda col: col.Account.count(),
    "cursor.count": lambda col: col.Account.find().count(),
    "fetch": lambda col: len(list(col.Account.fetch())),
    "distinct": lambda col: len(col.distinct("owner")),
    "cursor.distinct": lambda col: len(col.Account.find().distinct("owner")),
    "aggregate": lambda col: len(list(col.aggregate([{"$match": {}}]))),
}


@pytest.mark.filterwarnings("ignore:cursor.count:DeprecationWarning")
@pytest.mark.parametrize("read", READS.values(), ids=READS)
def test_every_read_sees_it(connection, accounts, read):
    opened(accounts, a=10)
    with connection.transaction():
        accounts.Account({"_id": "n", "owner": "n", "money": 1}).save()
        assert read(accounts) == 2
        seen = []
        thread = threading.Thread(target=lambda: seen.append(read(accounts)))
        thread.start()
        thread.join(30)
        assert seen == [1]


def test_a_block_inside_is_part_of_it(connection, accounts, moneys):
    (a,) = opened(accounts, a=10)
    with pytest.raises(Oops), connection.transaction() as outer:
        with connection.transaction() as inner:
            assert inner is outer
            a.money = 5
            a.save()
        assert connection.in_transaction(lambda: accounts.Account.one().money) == 5
        assert moneys() == {"a": 10}
        raise Oops
    assert moneys() == {"a": 10}
    with (
        connection.transaction(),
        pytest.raises(ValueError, match="read_concern: this is part of the transaction around it"),
        connection.transaction(read_concern=ReadConcern("snapshot")),
    ):
        pass


def test_a_session_that_is_given_is_used(connection, accounts):
    with connection.start_session() as other, connection.transaction() as session:
        accounts.insert_one({"owner": "inside", "money": 0})
        assert accounts.find_one({"owner": "inside"}, session=other) is None
        assert accounts.find_one({"owner": "inside"}, session=session) is not None


def test_another_connection_is_not_part_of_it(connection, accounts, mongodb_uri):
    with Connection(mongodb_uri) as other, connection.transaction():
        accounts.insert_one({"owner": "inside", "money": 0})
        elsewhere = other[accounts.database.name][accounts.name]
        assert elsewhere.count_documents({}) == 0
        with other.transaction():
            elsewhere.insert_one({"owner": "other", "money": 0})
            assert elsewhere.count_documents({}) == 1
        assert accounts.count_documents({}) == 1


def test_what_somebody_else_has_changed(connection, accounts, moneys):
    (a,) = opened(accounts, a=10)
    with pytest.raises(OperationFailure) as caught, connection.transaction():
        assert accounts.Account.one().money == 10
        thread = threading.Thread(target=lambda: accounts.update_one({}, {"$set": {"money": 50}}))
        thread.start()
        thread.join(30)
        a.money += 1
        accounts.update_one({}, {"$inc": {"money": 1}})
    assert caught.value.has_error_label("TransientTransactionError")
    assert moneys() == {"a": 50}


def test_in_transaction_tries_again(connection, accounts, moneys):
    opened(accounts, a=10)
    tries = []

    def transfer():
        a = accounts.Account.one()
        tries.append(a.money)
        if len(tries) == 1:
            thread = threading.Thread(target=lambda: accounts.update_one({}, {"$set": {"money": 50}}))
            thread.start()
            thread.join(30)
        a.money += 1
        accounts.update_one({"_id": a["_id"]}, {"$set": {"money": a.money}})
        return a.money

    assert connection.in_transaction(transfer) == 51
    assert tries == [10, 50]
    assert moneys() == {"a": 51}


def test_in_transaction_gives_up(connection, accounts, moneys):
    (a,) = opened(accounts, a=10)

    def wrong():
        a.money = 5
        a.save()
        raise Oops

    with pytest.raises(Oops):
        connection.in_transaction(wrong)
    assert (a["_revision"], moneys()) == (1, {"a": 10})


def test_a_document_tried_again_is_at_its_old_revision(connection, accounts, moneys):
    (a,) = opened(accounts, a=10)
    tries = []

    def change():
        tries.append(a["_revision"])
        a.money += 1
        a.save()
        if len(tries) < 3:
            error = OperationFailure("again", 112)
            error._add_error_label("TransientTransactionError")
            raise error

    connection.in_transaction(change)
    assert tries == [1, 1, 1]
    assert (a["_revision"], moneys()) == (2, {"a": 13})


def test_validation_and_staleness_end_it(connection, accounts, moneys):
    (a,) = opened(accounts, a=10)
    stale = accounts.Account.one()
    a.save()
    with pytest.raises(StaleDocumentError), connection.transaction():
        accounts.Account({"owner": "b", "money": 0}).save()
        stale.save()
    with pytest.raises(SchemaTypeError), connection.transaction():
        accounts.Account({"owner": "b", "money": 0}).save()
        accounts.Account({"owner": 3, "money": 0}).save()
    assert moneys() == {"a": 10}


def test_sixteen_transfer_and_nothing_is_lost(connection, accounts, moneys):
    opened(accounts, a=100, b=100)
    errors = []

    def work(number):
        def transfer():
            a, b = accounts.Account.one({"owner": "a"}), accounts.Account.one({"owner": "b"})
            a.money -= number
            b.money += number
            a.save()
            b.save()

        while True:
            try:
                return connection.in_transaction(transfer)
            except StaleDocumentError:
                continue
            except Exception as error:
                errors.append(error)
                return None

    threads = [threading.Thread(target=work, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(90)
    assert errors == []
    assert moneys() == {"a": 100 - sum(range(16)), "b": 100 + sum(range(16))}


# Asynchronous


@pytest.fixture
def aaccounts(aconnection, accounts):
    aconnection.register([Account, Note])
    return aconnection[accounts.database.name][accounts.name]


@pytest.mark.filterwarnings("ignore:cursor.count:DeprecationWarning")
async def test_asynchronous_transactions(aconnection, aaccounts, moneys):
    a = await aaccounts.Account({"owner": "a", "money": 10}).save()
    with pytest.raises(Oops):
        async with aconnection.transaction() as session:
            a.money = 5
            await a.save()
            await aaccounts.Account({"owner": "b", "money": 0}).save()
            assert await aaccounts.Account.count() == 2
            async with aconnection.transaction() as inner:
                assert inner is session
            assert await aconnection.in_transaction(aaccounts.Account.find({"owner": "b"}).count) == 1
            raise Oops
    assert (moneys(), a["_revision"]) == ({"a": 10}, 1)
    async with aconnection.transaction():
        await a.save()
    assert moneys() == {"a": 5}


async def test_asynchronous_in_transaction_tries_again(aconnection, aaccounts, accounts, moneys):
    a = await aaccounts.Account({"owner": "a", "money": 10}).save()
    tries = []

    async def change():
        tries.append(a["_revision"])
        a.money += 1
        await a.save()
        if len(tries) < 3:
            error = OperationFailure("again", 112)
            error._add_error_label("TransientTransactionError")
            raise error
        return "done"

    assert await aconnection.in_transaction(change) == "done"
    assert (tries, moneys()) == ([1, 1, 1], {"a": 13})

    async def wrong():
        await a.save()
        raise Oops

    with pytest.raises(Oops):
        await aconnection.in_transaction(wrong)
    assert a["_revision"] == 2


async def test_a_transaction_belongs_to_its_task(aconnection, aaccounts):
    async with aconnection.transaction():
        await aaccounts.Account({"owner": "a", "money": 0}).save()
        with pytest.raises(InvalidOperation, match="started inside a transaction of another one"):
            await asyncio.gather(aaccounts.Account.count())
    assert await asyncio.gather(aaccounts.Account.count()) == [1]


async def test_tasks_do_not_see_each_others(aconnection, aaccounts):
    inside, looked = asyncio.Event(), asyncio.Event()

    async def write():
        async with aconnection.transaction():
            await aaccounts.Account({"owner": "a", "money": 0}).save()
            inside.set()
            await looked.wait()

    task = asyncio.create_task(write())
    await inside.wait()
    assert await aaccounts.Account.count() == 0
    looked.set()
    await task
    assert await aaccounts.Account.count() == 1


# Change streams


def test_watching(connection, accounts):
    with accounts.Note.watch(full_document="updateLookup", max_await_time_ms=2000) as changes:
        assert changes.alive
        note = accounts.Note({"text": "a", "more": {"tags": ["x"]}}).save()
        note.more.tags.append("y")
        note.save(only=["more"])
        note.delete()
        inserted, updated, deleted = next(changes), changes.try_next(), changes.next()
        assert type(inserted.document) is Note
        assert inserted.document.more.tags == ["x"]
        assert inserted.document.collection is accounts
        assert (inserted["operationType"], updated["operationType"]) == ("insert", "update")
        assert updated["documentKey"] == {"_id": note["_id"]}
        assert (deleted["operationType"], deleted.document, deleted.before) == ("delete", None, None)
        token = updated["_id"]
        assert changes.resume_token == deleted["_id"]
    assert not changes.alive
    with accounts.Note.watch(resume_after=token) as changes:
        for change in changes:
            assert change["operationType"] == "delete"
            break


def test_watching_a_part(accounts):
    pipeline = [{"$match": {"operationType": "delete"}}]
    with accounts.Note.watch(pipeline, max_await_time_ms=2000) as changes:
        accounts.Note({"text": "a", "more": {"tags": []}}).save().delete()
        assert next(changes)["operationType"] == "delete"


async def test_asynchronous_watching(aaccounts):
    async with await aaccounts.Note.watch(max_await_time_ms=2000) as changes:
        note = await aaccounts.Note({"text": "a", "more": {"tags": ["x"]}}).save()
        await note.delete()
        change = await changes.try_next()
        assert (type(change.document), change.document.more.tags) == (Note, ["x"])
        assert change.document.collection is aaccounts
        async for change in changes:
            assert (change["operationType"], change.document) == ("delete", None)
            break
        note = await aaccounts.Note({"text": "b", "more": {"tags": ["x"]}}).save()
        assert (await changes.next()).document == note
    assert not changes.alive


# A single server


@pytest.fixture(scope="module")
def single_server(tmp_path_factory):
    """A server that is no replica set, and can be told to fail."""
    from mongokit.embedded.programs import EmbeddedServerError, find_server

    try:
        command = find_server()
    except EmbeddedServerError as error:
        pytest.skip(str(error))
    port = free_port()
    folder = tmp_path_factory.mktemp("single")
    with (folder / "log").open("w") as log:
        server = subprocess.Popen(
            [
                command,
                "--standalone",
                "--enable-test-commands",
                "--port",
                str(port),
                "--storage-path",
                folder,
            ],
            stdout=log,
            stderr=log,
            cwd=folder,
        )
        try:
            uri = f"mongodb://127.0.0.1:{port}/?retryWrites=false"
            with pymongo.MongoClient(uri, serverSelectionTimeoutMS=30_000) as client:
                client.admin.command("ping")
            yield uri
        finally:
            server.terminate()
            server.wait(30)


@contextlib.contextmanager
def refusing_transactions(client):
    """Have the server answer what mongod answers that is in no replica set."""
    point = {"configureFailPoint": "failCommand"}
    data = {"failCommands": ["insert"], "errorCode": 20}
    client.admin.command(point | {"mode": "alwaysOn", "data": data})
    try:
        yield
    finally:
        client.admin.command(point | {"mode": "off"})


def test_a_single_server_says_what_is_needed(single_server):
    with Connection(single_server) as connection:
        connection.register(Note)
        notes = connection.t.notes
        with pytest.raises(
            ReplicaSetNeeded, match=r"change streams need a replica set .* mongod with --replSet"
        ):
            notes.Note.watch()
        with (
            refusing_transactions(connection),
            pytest.raises(ReplicaSetNeeded, match="transactions need a replica set"),
            connection.transaction(),
        ):
            notes.insert_one({})
        with refusing_transactions(connection), pytest.raises(ReplicaSetNeeded):
            connection.in_transaction(lambda: notes.insert_one({}))
        with refusing_transactions(connection), pytest.raises(OperationFailure) as caught:
            notes.insert_one({})
        assert not isinstance(caught.value, ReplicaSetNeeded)


async def test_an_asynchronous_single_server(single_server):
    async with AsyncConnection(single_server) as connection:
        connection.register(Note)
        with pytest.raises(ReplicaSetNeeded, match="change streams need a replica set"):
            await connection.t.notes.Note.watch()
        with (
            pymongo.MongoClient(single_server) as client,
            refusing_transactions(client),
            pytest.raises(ReplicaSetNeeded, match="transactions need a replica set"),
        ):
            async with connection.transaction():
                await connection.t.notes.insert_one({})


def test_the_same_error_from_a_replica_set_is_left_alone(connection, accounts):
    with pytest.raises(OperationFailure) as caught, connection.transaction():
        raise OperationFailure("Transaction numbers are not to be had", 20)
    assert not isinstance(caught.value, ReplicaSetNeeded)
