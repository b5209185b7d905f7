# ruff: noqa: PT012 (what ends a block is what is tested)
"""Units of work: what is sent when, and what is left when some of it is refused. Said of both kinds of connections."""

from __future__ import annotations

import asyncio
import datetime
import enum
import threading

import bson
import pymongo
import pytest
from bson import ObjectId
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pymongo import WriteConcern
from pymongo.errors import AutoReconnect, InvalidOperation
from pymongo.monitoring import CommandListener

from mongokit import (
    BulkError,
    Connection,
    Document,
    DuplicateKeyError,
    EncodingError,
    MaxDocumentSizeError,
    OperationFailure,
    SchemaTypeError,
    StaleDocumentError,
)


class State(enum.Enum):
    DRAFT = "draft"
    PUBLIC = "public"


class Talk(Document):
    structure = {"topic": str, "tags": [str]}


class Counter(Document):
    n: int = 0
    m: int = 0
    state: State = State.DRAFT
    use_revision = True
    track_changes = True


class Hooked(Document):
    structure = {"n": int}

    def before_save(self):
        happened.append("before save")

    def after_save(self, created):
        happened.append(f"after save {created}")

    def before_delete(self):
        happened.append("before delete")

    def after_delete(self):
        happened.append("after delete")


happened = []


class Oops(Exception):
    pass


@pytest.fixture(params=["blocking", "asynchronous"])
def collection(request, database):
    happened.clear()
    found = (database if request.param == "blocking" else request.getfixturevalue("driven")).things
    found.database.client.register([Talk, Counter, Hooked])
    return found


@pytest.fixture
def unit(collection):
    """A unit of work as a context manager, of either kind of connection."""
    return collection.database.client.unit_of_work


def topics(collection):
    return sorted(found["topic"] for found in collection.find())


def talk(collection, topic, **more):
    return collection.Talk({"topic": topic, "tags": [], **more})


def test_nothing_is_sent_before_the_end(collection, unit):
    gone = talk(collection, "gone").save()
    kept = talk(collection, "kept").save()
    with unit() as work:
        new = talk(collection, "new")
        assert new.save() is new
        assert isinstance(new["_id"], ObjectId)
        kept["topic"] = "kept changed"
        kept.save()
        gone.delete()
        assert len(work) == 3
        assert topics(collection) == ["gone", "kept"]
    assert topics(collection) == ["kept changed", "new"]
    assert len(work) == 0
    (result,) = work.results
    assert (result.inserted_count, result.matched_count, result.deleted_count) == (1, 1, 1)
    new["topic"] = "saved at once"
    new.save()
    assert topics(collection) == ["kept changed", "saved at once"]


def test_what_is_stored_is_what_was_saved(collection, unit):
    with unit():
        document = talk(collection, "a", tags=["x"]).save()
        document["topic"] = "not saved"
        document["tags"].append("not saved")
        counter = collection.Counter().save()
        counter.n = 5
        counter.save(only=["n"])
        counter.n = 6
    assert collection.find_one({"_id": document["_id"]}) == {
        "_id": document["_id"],
        "topic": "a",
        "tags": ["x"],
    }
    assert collection.find_one({"_id": counter["_id"]})["n"] == 5


class Tags(list):
    """A list that is no list where it is copied."""

    def __copy__(self):
        return self

    __deepcopy__ = __reduce_ex__ = lambda self, _: self


class Entry(dict):
    """The same of a dict."""

    def copy(self):
        return self

    __copy__ = copy
    __deepcopy__ = __reduce_ex__ = lambda self, _: self


texts = st.text(st.characters(codec="utf-8"), max_size=5)
times = st.datetimes(
    min_value=datetime.datetime(1970, 1, 2), timezones=st.sampled_from([None, datetime.UTC])
).map(lambda time: time.replace(microsecond=0))
entries = st.builds(lambda kind, name, count: kind(name=name, count=count), st.sampled_from([dict, Entry]), texts, st.integers(-(2**63), 2**63 - 1))  # fmt: skip
contents = st.fixed_dictionaries(
    {
        "topic": texts | st.none(),
        "when": times,
        "data": st.binary(max_size=5),
        "tags": st.lists(texts, max_size=3).flatmap(lambda tags: st.sampled_from([tags, Tags(tags)])),
        "entries": st.lists(entries, max_size=3),
        "more": st.dictionaries(st.sampled_from("abc"), st.lists(entries, max_size=2), max_size=2),
    }
)


class Event(Document):
    structure = {
        "topic": str,
        "when": datetime.datetime,
        "data": bytes,
        "tags": [str],
        "entries": [{"name": str, "count": int}],
        "more": dict,
    }


def changed(value):
    """Change all that there is to be changed in a value, in place."""
    if isinstance(value, dict):
        for held in value.values():
            changed(held)
        value["added"] = 5
    elif isinstance(value, list):
        for held in value:
            changed(held)
        value.append("added")


@given(contents=st.lists(contents, min_size=1, max_size=3), late_block=st.booleans())
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_changed_afterwards_is_not_stored(connection, database, contents, late_block):
    """Whatever is changed, at any depth, and however what is in a document lets itself be copied."""
    connection.register([Event])
    events, options = database.events, database.events.codec_options
    documents = [events.Event(content) for content in contents]
    expected = [bson.decode(bson.encode(content, codec_options=options)) for content in contents]
    with connection.unit_of_work(), connection.unit_of_work(late=late_block):
        for document in documents:
            document.save()
            changed(document)
    ids = [document["_id"] for document in documents]
    stored = {found.pop("_id"): found for found in events.find({"_id": {"$in": ids}})}
    assert [stored[one] for one in ids] == expected


def test_flush_sends_what_there_is(collection, unit):
    with unit() as work:
        talk(collection, "a").save()
        work.flush()
        assert topics(collection) == ["a"]
        talk(collection, "b").save()
        assert topics(collection) == ["a"]
        work.flush()
        work.flush()
        assert len(work.results) == 2
    assert topics(collection) == ["a", "b"]


def test_an_exception_sends_nothing(collection, unit):
    counter = collection.Counter().save()
    with pytest.raises(Oops), unit():
        talk(collection, "a").save()
        counter.n = 1
        counter.save()
        assert counter["_revision"] == 2
        raise Oops
    assert collection.count_documents({}) == 1
    assert (counter["_revision"], counter.changed()) == (1, ["n"])
    counter.save()
    assert collection.find_one()["n"] == 1


def test_one_document_several_times(collection, unit):
    counter = collection.Counter()
    with unit() as work:
        counter.save()
        assert counter["_revision"] == 1
        counter.n = 1
        counter.save()
        counter.m = 2
        counter.state = State.PUBLIC
        counter.save(only=["m", "state"])
        assert (counter["_revision"], counter.changed()) == (3, [])
        counter.save(only=[])
        assert len(work) == 3
    expected = {"n": 1, "m": 2, "state": "public", "_revision": 3}
    assert collection.find_one({}, {"_id": 0}) == expected
    with unit():
        counter.n = 9
        counter.save()
        counter.delete()
    assert collection.count_documents({}) == 0


def test_what_is_wrong_is_said_at_once(collection, unit):
    with unit() as work:
        for document, error in [
            (talk(collection, 3), SchemaTypeError),
            (talk(collection, "\ud800"), EncodingError),
            (talk(collection, "x" * 17_000_000), MaxDocumentSizeError),
            (collection.Counter({"n": 2**70, "m": 0, "state": State.DRAFT}), EncodingError),
        ]:
            with pytest.raises(error):
                document.save()
            assert "_revision" not in document
        assert len(work) == 0
        talk(collection, "right").save()
    assert topics(collection) == ["right"]


def test_a_unit_of_nothing_but_what_is_wrong(collection, unit):
    with unit() as work, pytest.raises(EncodingError):
        talk(collection, "\ud800").save()
    assert (work.results, collection.count_documents({})) == ([], 0)


def test_what_the_server_refuses(collection, unit):
    collection.create_index("topic", unique=True)
    talk(collection, "taken").save()
    first, second, third = (talk(collection, topic) for topic in ("a", "taken", "b"))
    with pytest.raises(BulkError) as caught, unit():
        first.save()
        second.save()
        third.save()
    error = caught.value
    assert error.written == (first,)
    assert error.unwritten == (second, third)
    ((document, reason),) = error.failures
    assert document is second
    assert isinstance(reason, DuplicateKeyError)
    assert reason.fields == ("topic",)
    assert isinstance(error.__cause__, DuplicateKeyError)
    assert f"1 of 3 documents were written; refused:\n  Talk {second['_id']!r}: Talk: topic must be" in str(
        error
    )
    assert topics(collection) == ["a", "taken"]
    # What was left can be saved; what was written is not written twice.
    second["topic"] = "c"
    with unit():
        for document in error.unwritten:
            document.save()
    assert topics(collection) == ["a", "b", "c", "taken"]


def test_a_refused_revision(collection, unit):
    collection.create_index("n", unique=True)
    one, two, three = (collection.Counter({"n": n, "m": 0, "state": State.DRAFT}).save() for n in (1, 2, 3))
    with pytest.raises(BulkError) as caught, unit():
        one.n = 10
        one.save()
        two.n = 3
        two.save()
        three.n = 30
        three.save()
    assert [document.n for document in caught.value.unwritten] == [3, 30]
    assert [document["_revision"] for document in (one, two, three)] == [2, 1, 1]
    assert [document.changed() for document in (one, two, three)] == [[], ["n"], ["n"]]
    assert sorted(found["n"] for found in collection.find()) == [2, 3, 10]
    two.n = 20
    with unit():
        two.save()
        three.save()
    assert sorted(found["n"] for found in collection.find()) == [10, 20, 30]


WAYS = {"whole": lambda counter: counter.save(), "a part": lambda counter: counter.save(only=["n"])}


@pytest.mark.parametrize("save", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize("fate", ["changed", "changed twice", "deleted"])
def test_who_comes_late_is_told(collection, unit, save, fate):
    first, late, third = (collection.Counter().save() for _ in range(3))
    other = collection.Counter.get_from_id(late["_id"])
    if fate == "deleted":
        other.delete()
    for _ in range(["deleted", "changed", "changed twice"].index(fate)):
        other.m += 5
        other.save()
    with pytest.raises(BulkError) as caught, unit():
        for counter in (first, late, third):
            counter.n = 1
            save(counter)
    error = caught.value
    assert [type(reason) for _, reason in error.failures] == [StaleDocumentError]
    assert error.failures[0][0] is error.unwritten[0] is late
    # The server does not stop for it, so what came later is stored too.
    assert error.written == (first, third)
    assert [counter["_revision"] for counter in (first, late, third)] == [2, 1, 2]
    stored = collection.find_one({"_id": late["_id"]})
    assert stored is None if fate == "deleted" else (stored["n"], stored["m"]) == (0, other.m)
    assert collection.count_documents({"n": 1}) == 2


def test_late_several_times(collection, unit):
    """The second write must not take the revision that somebody else has made for the one of the first."""
    late = collection.Counter().save()
    collection.update_one({}, {"$inc": {"_revision": 1, "m": 7}})
    with pytest.raises(BulkError) as caught, unit():
        late.n = 1
        late.save()
        late.n = 2
        late.save(only=["n"])
        late.n = 3
        late.save()
    assert [type(reason) for _, reason in caught.value.failures] == [StaleDocumentError]
    assert (caught.value.written, caught.value.unwritten) == ((), (late,))
    assert late["_revision"] == 1
    assert (collection.find_one()["n"], collection.find_one()["m"]) == (0, 7)


def test_late_and_deleted_in_the_end(collection, unit):
    late = collection.Counter().save()
    collection.update_one({}, {"$inc": {"_revision": 1}})
    with unit():
        late.n = 1
        late.save()
        late.delete()
    assert collection.count_documents({}) == 0


def test_late_and_refused(collection, unit):
    collection.create_index("m", unique=True)
    late, refused = (collection.Counter({"n": 0, "m": m, "state": State.DRAFT}).save() for m in (1, 2))
    collection.update_one({"m": 1}, {"$inc": {"_revision": 1}})
    with pytest.raises(BulkError) as caught, unit():
        late.n = 1
        late.save()
        refused.m = 1
        refused.save()
        talk(collection, "not tried").save()
    assert [(document.get("m"), type(reason)) for document, reason in caught.value.failures] == [
        (1, StaleDocumentError),
        (1, DuplicateKeyError),
    ]
    assert len(caught.value.unwritten) == 3
    assert [late["_revision"], refused["_revision"]] == [1, 1]


def test_a_part_of_what_is_gone(collection, unit):
    document, other = talk(collection, "a").save(), talk(collection, "b").save()
    collection.delete_one({"topic": "a"})
    with pytest.raises(BulkError) as caught, unit():
        for each in (document, other):
            each["tags"] = ["x"]
            each.save(only=["tags"])
    assert isinstance(caught.value.failures[0][1], OperationFailure)
    assert "cannot save Talk" in str(caught.value)
    assert caught.value.written == (other,)


def test_a_new_document_whose_key_is_taken(collection, unit):
    collection.Counter({"_id": {"a": 1}, "n": 1, "m": 0, "state": State.DRAFT}).save()
    mine = collection.Counter({"_id": {"a": 1}, "n": 2, "m": 0, "state": State.DRAFT})
    with pytest.raises(BulkError) as caught, unit():
        mine.save()
    assert [type(reason) for _, reason in caught.value.failures] == [StaleDocumentError]
    assert "_revision" not in mine
    assert collection.find_one()["n"] == 1


def test_the_order_between_collections(collection, unit):
    """Each collection keeps its order; their turns come in the order of their first writes."""
    other = collection.database.others
    with unit() as work:
        talk(collection, "1").save()
        talk(other, "2").save()
        talk(collection, "3").save()
        talk(other, "4").save()
    assert [result.inserted_count for result in work.results] == [2, 2]
    assert [found["topic"] for found in collection.find()] == ["1", "3"]
    assert [found["topic"] for found in other.find()] == ["2", "4"]
    other.create_index("topic", unique=True)
    with pytest.raises(BulkError) as caught, unit() as work:
        talk(collection, "5").save()
        talk(other, "2").save()
        talk(collection, "6").save()
        talk(collection.database.thirds, "7").save()
    assert topics(collection) == ["1", "3", "5", "6"]
    assert [document["topic"] for document in caught.value.unwritten] == ["2", "7"]
    assert collection.database.thirds.count_documents({}) == 0


def test_other_options_of_the_same_collection_keep_the_order(collection, unit):
    other = collection.with_options(write_concern=WriteConcern(w=1))
    with unit() as work:
        document = talk(collection, "a").save()
        same = other.Talk(dict(document))
        same["topic"] = "b"
        same.save()
        document["topic"] = "c"
        document.save()
    assert len(work.results) == 3
    assert topics(collection) == ["c"]


@pytest.mark.parametrize(
    ("save", "message"),
    [
        (
            lambda col: talk(col, "a").save(comment="x"),
            "comment: in a unit of work save.. and delete.. take no",
        ),
        (lambda col: talk(col, "a", _id=1).delete(comment="x"), "comment: in a unit of work"),
        (
            lambda col: talk(col.with_options(write_concern=WriteConcern(w=0)), "a").save(),
            "has a write concern of 0: a unit of work needs the server's answers",
        ),
    ],
)
def test_what_a_unit_does_not_take(collection, unit, save, message):
    with unit() as work, pytest.raises(ValueError, match=message):
        save(collection)
    assert (len(work), collection.count_documents({})) == (0, 0)


def test_a_block_inside_is_part_of_it(collection, unit):
    with unit() as outer:
        with unit() as inner:
            assert inner == outer
            talk(collection, "a").save()
        assert collection.count_documents({}) == 0
    assert collection.count_documents({}) == 1


def test_reading_again_sends_first(collection, unit):
    counter = collection.Counter().save()
    with unit():
        counter.n = 3
        counter.save()
        counter.reload()
        assert counter.n == 3
        counter.m = 4
        counter.save()
        counter.update_atomic({"$inc": {"m": 1}})
        assert (counter.m, counter["_revision"]) == (5, 4)
    assert collection.find_one()["m"] == 5


def test_hooks_run_when_it_is_done(collection, unit):
    old = collection.Hooked({"_id": 1, "n": 1}).save()
    happened.clear()
    with unit():
        collection.Hooked({"n": 1}).save()
        collection.Hooked({"_id": 7, "n": 1}).save()
        old.save()
        old.delete()
        assert happened == ["before save"] * 3 + ["before delete"]
        happened.clear()
    assert happened == ["after save True", "after save True", "after save False", "after delete"]


# What belongs to whom


def test_a_thread_is_not_part_of_it(connection, database):
    connection.register(Talk)
    with connection.unit_of_work() as work:
        thread = threading.Thread(target=talk(database.things, "a").save)
        thread.start()
        thread.join(30)
        assert len(work) == 0
        assert database.things.count_documents({}) == 1


def test_another_connection_is_not_part_of_it(connection, database, mongodb_uri):
    with Connection(mongodb_uri) as other, connection.unit_of_work() as work:
        other.register(Talk)
        there = other[database.name].things
        talk(there, "a").save()
        assert (len(work), there.count_documents({})) == (0, 1)
        with other.unit_of_work() as second:
            talk(there, "b").save()
            assert (len(work), len(second)) == (0, 1)


def test_a_unit_that_is_over_takes_nothing(connection, database):
    connection.register([Talk, Counter])
    context = connection.unit_of_work()
    with context as work:
        pass
    from mongokit.performing import working

    for document in (talk(database.things, "a"), Counter(collection=database.things)):
        with working(work), pytest.raises(InvalidOperation, match="this unit of work is over"):
            document.save()
    assert database.things.count_documents({}) == 0


def test_one_bulk_write_for_many_documents(mongodb_uri, database):
    class Sent(CommandListener):
        def __init__(self):
            self.commands = []

        def started(self, event):
            self.commands.append(event.command_name)

        def succeeded(self, event):
            pass

        failed = succeeded

    sent = Sent()
    with Connection(mongodb_uri, event_listeners=[sent]) as connection:
        connection.register([Talk, Counter])
        things = connection[database.name].things
        with connection.unit_of_work():
            for number in range(300):
                talk(things, str(number)).save()
            for _ in range(300):
                things.Counter().save()
        counters = list(things.Counter.find({"n": 0}))
        sent.commands.clear()
        with connection.unit_of_work():
            for counter in counters:
                counter.n = 1
                counter.save()
            for document in things.Talk.find({"topic": {"$exists": True}}):
                document.delete()
        assert [name for name in sent.commands if name != "getMore"] == ["find", "bulkWrite"]
    assert (
        database.things.count_documents({})
        == database.things.count_documents({"n": 1, "_revision": 2})
        == 300
    )


@pytest.mark.usefixtures("replica_set")
def test_a_unit_in_a_transaction(connection, database):
    connection.register(Counter)
    things = database.create_collection("things")
    things.create_index("n", unique=True)
    one, two = (things.Counter({"n": n, "m": 0, "state": State.DRAFT}).save() for n in (1, 2))
    with pytest.raises(BulkError), connection.transaction(), connection.unit_of_work():
        one.n = 10
        one.save()
        two.n = 10
        two.save()
    assert sorted(found["n"] for found in things.find()) == [1, 2]
    assert [one["_revision"], two["_revision"]] == [1, 1]
    with connection.transaction(), connection.unit_of_work():
        two.n = 20
        one.save()
        two.save()
    assert sorted(found["n"] for found in things.find()) == [10, 20]


@pytest.mark.usefixtures("replica_set")
async def test_an_asynchronous_unit_in_a_transaction(aconnection, adatabase):
    aconnection.register(Counter)
    things = await adatabase.create_collection("things")
    counter = await things.Counter().save()
    with pytest.raises(Oops):
        async with aconnection.transaction():
            async with aconnection.unit_of_work():
                counter.n = 1
                await counter.save()
            assert (await things.Counter.one()).n == 1
            raise Oops
    assert ((await things.Counter.one()).n, counter["_revision"]) == (0, 1)


async def test_tasks_inside_are_part_of_it(aconnection, adatabase):
    aconnection.register(Talk)
    things = adatabase.things
    async with aconnection.unit_of_work() as work:
        await asyncio.gather(*(talk(things, str(number)).save() for number in range(5)))
        assert len(work) == 5
        assert await things.Talk.count() == 0
    assert await things.Talk.count() == 5


async def test_asynchronous_hooks(aconnection, adatabase):
    told = []

    class Awaiting(Document):
        structure = {"n": int}

        async def before_save(self):
            await asyncio.sleep(0)
            told.append("before")

        async def after_save(self, created):
            await asyncio.sleep(0)
            told.append(created)

    aconnection.register(Awaiting)
    async with aconnection.unit_of_work():
        await adatabase.things.Awaiting({"n": 1}).save()
        assert told == ["before"]
    assert told == ["before", True]


def test_a_server_that_is_gone(server_folder):
    """Nobody knows what was done: documents are at their old revisions, which can at worst be found to be stale."""
    from mongokit.embedded import EmbeddedServer

    server = EmbeddedServer(server_folder).start()
    port = server.port
    with Connection(server.uri, serverSelectionTimeoutMS=2_000) as connection:
        connection.register([Talk, Counter])
        counter = connection.t.things.Counter().save()
        work = connection.unit_of_work()
        with pytest.raises((AutoReconnect, pymongo.errors.ServerSelectionTimeoutError)), work:
            counter.n = 1
            counter.save()
            new = talk(connection.t.things, "a").save()
            server.stop()
        assert counter["_revision"] == 1
        with EmbeddedServer(server_folder, port=port):
            with connection.unit_of_work():
                counter.save()
                new.save()
            assert connection.t.things.count_documents({}) == 2
            assert connection.t.things.Counter.one({"n": 1})["_revision"] == 2
