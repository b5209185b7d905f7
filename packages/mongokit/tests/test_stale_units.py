# ruff: noqa: PT012 (what ends a block is what is tested)
"""Units of work and somebody else who writes the same to the same document: each is told of what is not stored.

Said of both kinds of connections, and of servers that answer to each write of a bulk write (MongoDB 8) and those that do
not.
"""

from __future__ import annotations

import os

import pytest
from pymongo.hello import Hello
from pymongo.monitoring import CommandListener

from mongokit import BulkError, Connection, Document, DuplicateKeyError, StaleDocumentError, answers


class Counter(Document):
    structure = {"n": int, "m": int}
    use_revision = True


class Plain(Document):
    structure = {"n": int, "m": int}


@pytest.fixture(params=["MongoDB 8", "older"], autouse=True)
def server(request, monkeypatch):
    if request.param == "older":
        monkeypatch.setattr(answers, "ANSWERS_EACH", 1000)


@pytest.fixture(params=["blocking", "asynchronous"])
def collection(request, database):
    found = (database if request.param == "blocking" else request.getfixturevalue("driven")).things
    found.database.client.register([Counter, Plain])
    return found


@pytest.fixture
def unit(collection):
    return collection.database.client.unit_of_work


def counters(collection, how_many):
    return [collection.Counter({"_id": at, "n": 0, "m": 0}).save() for at in range(how_many)]


def add_one(counter, only=None):
    counter["n"] += 1
    return counter.save(only=only)


WAYS = {"whole": None, "a part": ["n"]}
each_way = pytest.mark.parametrize("only", WAYS.values(), ids=WAYS)


@each_way
@pytest.mark.parametrize("late", [[0], [2], [0, 2], [0, 1, 2, 3]], ids=str)
def test_the_same_content_and_the_same_revision(collection, unit, only, late):
    mine = counters(collection, 4)
    for at in late:
        add_one(collection.Counter.get_from_id(at))
    with pytest.raises(BulkError) as caught, unit():
        for counter in mine:
            add_one(counter, only)
    assert [counter["_id"] for counter, _ in caught.value.failures] == late
    assert {type(reason) for _, reason in caught.value.failures} == {StaleDocumentError}
    assert [counter["_id"] for counter in caught.value.unwritten] == late
    assert [counter["_revision"] for counter in mine] == [1 if at in late else 2 for at in range(4)]
    # Who was told can do it again, and then both are counted.
    with unit():
        for counter in caught.value.unwritten:
            counter.reload()
            add_one(counter, only)
    found = {counter["_id"]: counter["n"] for counter in collection.find()}
    assert found == {at: 2 if at in late else 1 for at in range(4)}


@each_way
def test_two_units_after_each_other(collection, unit, only):
    (first,) = counters(collection, 1)
    second = collection.Counter.get_from_id(0)
    with unit() as work:
        add_one(first, only)
    with pytest.raises(BulkError), unit():
        add_one(second, only)
    assert work.results[0].matched_count == 1
    assert collection.find_one() == {"_id": 0, "n": 1, "m": 0, "_revision": 2}


def test_two_objects_of_one_document_in_one_unit(collection, unit):
    (first,) = counters(collection, 1)
    second = collection.Counter.get_from_id(0)
    with pytest.raises(BulkError) as caught, unit():
        add_one(first)
        add_one(second)
    ((refused, _),) = caught.value.failures
    assert refused is second
    assert caught.value.written == (first,)
    assert collection.find_one()["n"] == 1


def test_who_was_written_and_then_overwritten_is_not_late(mongodb_uri, database):
    """Told to be late he would do it again, and it would be done twice."""

    class Other(CommandListener):
        """Changes a document as soon as a write to it was done, before its client knows."""

        def started(self, event):
            pass

        def succeeded(self, event):
            if event.command_name in ("update", "bulkWrite"):
                database.things.update_one({"_id": 0, "n": 1}, {"$inc": {"n": 10, "_revision": 1}})

        failed = started

    with Connection(mongodb_uri, event_listeners=[Other()]) as connection:
        connection.register(Counter)
        things = connection[database.name].things
        mine = counters(things, 3)
        database.things.update_one({"_id": 2}, {"$inc": {"m": 1, "_revision": 1}})
        with pytest.raises(BulkError) as caught, connection.unit_of_work():
            for counter in mine:
                add_one(counter)
    assert [counter["_id"] for counter, _ in caught.value.failures] == [2]
    assert [counter["_revision"] for counter in mine] == [2, 2, 1]
    assert [found["n"] for found in database.things.find()] == [11, 1, 0]


def test_among_writes_of_all_kinds(collection, unit):
    mine = counters(collection, 3)
    plain, gone, deleted = (collection.Plain({"_id": name, "n": 0, "m": 0}).save() for name in ("plain", "gone", "deleted"))  # fmt: skip
    add_one(collection.Counter.get_from_id(1))
    collection.delete_one({"_id": "gone"})
    with pytest.raises(BulkError) as caught, unit() as work:
        collection.Plain({"n": 5, "m": 5}).save()
        for document in (*mine, plain, gone):
            add_one(document, ["n"])
        collection.Plain({"_id": "new", "n": 6, "m": 6}).save()
        deleted.delete()
        collection.Plain({"n": 7, "m": 7}).save()
    assert [document["_id"] for document, _ in caught.value.failures] == [1, "gone"]
    assert len(caught.value.written) == 7
    (result,) = work.results
    counts = result.inserted_count, result.upserted_count, result.matched_count, result.deleted_count
    assert counts == (2, 1, 3, 1)
    stored = {str(found["_id"]): found["n"] for found in collection.find({"n": {"$lt": 2}})}
    assert stored == {"0": 1, "1": 1, "2": 1, "plain": 1}
    assert collection.count_documents({}) == 7


def test_what_the_server_refuses_behind_who_is_late(collection, unit):
    collection.create_index("m", unique=True, partialFilterExpression={"m": {"$gt": 0}})
    mine = counters(collection, 4)
    add_one(collection.Counter.get_from_id(0))
    with pytest.raises(BulkError) as caught, unit() as work:
        for counter in mine:
            counter["m"] = min(counter["_id"] + 1, 3)
            add_one(counter)
    reasons = {counter["_id"]: type(reason) for counter, reason in caught.value.failures}
    assert reasons == {0: StaleDocumentError, 3: DuplicateKeyError}
    assert caught.value.failures[-1][1].fields == ("m",)
    assert [counter["_revision"] for counter in mine] == [1, 2, 2, 1]
    assert work.results == []


def test_nothing_is_sent_behind_what_the_server_refuses(collection, unit):
    collection.create_index("m", unique=True, partialFilterExpression={"m": {"$gt": 0}})
    mine = counters(collection, 4)
    with pytest.raises(BulkError) as caught, unit():
        for counter, m in zip(mine, (1, 1, 2, 3), strict=True):
            counter["m"] = m
            add_one(counter)
    assert [counter["_id"] for counter in caught.value.unwritten] == [1, 2, 3]
    assert [found["n"] for found in collection.find()] == [1, 0, 0, 0]


def test_a_server_that_nobody_has_asked_yet(mongodb_uri, database, monkeypatch, asked):
    """Of one before MongoDB 8 it turns out when it is to be asked."""
    for at in range(3):
        database.things.insert_one({"_id": at, "n": int(at == 1), "m": 0, "_revision": 1 + (at == 1)})
    monkeypatch.setattr(Hello, "max_wire_version", 21)
    with Connection(mongodb_uri, event_listeners=[asked]) as connection:
        connection.register(Counter)
        things = connection[database.name].things
        with pytest.raises(BulkError) as caught, connection.unit_of_work():
            for at in range(3):
                things.Counter({"_id": at, "n": 1, "m": 0, "_revision": 1}).save()
    assert [counter["_id"] for counter, _ in caught.value.failures] == [1]
    assert asked.commands == ["update things"] * 3
    assert [found["_revision"] for found in database.things.find()] == [2, 2, 2]


def test_what_has_one_write_to_find_needs_no_more(mongodb_uri, database, asked):
    with Connection(mongodb_uri, event_listeners=[asked]) as connection:
        connection.register([Counter, Plain])
        things = connection[database.name].things
        (counter,) = counters(things, 1)
        asked.clear()
        with connection.unit_of_work():
            things.Plain({"_id": "a", "n": 1, "m": 1}).save()
            add_one(counter)
            things.Plain({"_id": "b", "n": 1, "m": 1}).save()
        assert asked.commands == ["update things"]
    assert database.things.count_documents({"n": 1}) == 3


@pytest.mark.usefixtures("replica_set")
def test_in_a_transaction(connection, database):
    connection.register(Counter)
    things = database.things
    mine = counters(things, 2)
    add_one(things.Counter.get_from_id(1))
    with pytest.raises(BulkError), connection.transaction(), connection.unit_of_work():
        for counter in mine:
            add_one(counter)
    assert [found["n"] for found in things.find()] == [0, 1]
    mine[1].reload()
    with connection.transaction(), connection.unit_of_work():
        for counter in mine:
            counter.save()
    assert [found["n"] for found in things.find()] == [1, 1]


@each_way
def test_processes_that_count(mongodb_uri, connection, database, only):
    """Each adds one to a counter of all of them and to one of its own, in units, and does again what was refused."""
    connection.register(Counter)
    processes, times = 4, 15
    counters(database.things, processes + 1)

    def work(own):
        with Connection(mongodb_uri) as mine:
            mine.register(Counter)
            proxy = mine[database.name].things.Counter
            for _ in range(times):
                left = [own, 0]
                while left:
                    try:
                        with mine.unit_of_work():
                            for id in left:
                                add_one(proxy.get_from_id(id), only)
                    except BulkError as error:
                        left = [counter["_id"] for counter in error.unwritten]
                    else:
                        left = []

    children = []
    for own in range(1, processes + 1):
        pid = os.fork()
        if pid == 0:
            status = 1
            try:
                work(own)
                status = 0
            finally:
                os._exit(status)
        children.append(pid)
    assert [os.waitpid(pid, 0)[1] for pid in children] == [0] * processes
    expected = {0: processes * times, **dict.fromkeys(range(1, processes + 1), times)}
    assert {found["_id"]: found["n"] for found in database.things.find()} == expected
    assert {found["_id"]: found["_revision"] - 1 for found in database.things.find()} == expected
