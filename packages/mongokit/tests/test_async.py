"""The asynchronous twins as one writes them: awaited."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
import warnings

import pymongo
import pytest
from pymongo import WriteConcern
from pymongo.errors import InvalidOperation

from mongokit import (
    AsyncCollection,
    AsyncConnection,
    AsyncCursor,
    AsyncDatabase,
    Connection,
    CustomType,
    Document,
    DuplicateKeyError,
    MultipleResultsFound,
    OperationFailure,
    SchemaTypeError,
    StaleDocumentError,
)
from mongokit.aio import AsyncDocumentProxy


class Number(Document):
    structure = {"n": int, "more": {"tags": [str]}}
    indexes = [{"fields": "n", "unique": True}]
    use_dot_notation = True

    def evens(self):
        return self.find({"n": {"$mod": [2, 0]}}).sort("n")


class Home(Number):
    __collection__ = "homes"


class Start(Number):
    __collection__ = "starts"
    __database__ = "start_database"


class Plain(Document):
    structure = {"n": int}


class Counter(Document):
    n: int = 0
    use_revision = True


class Base(Document):
    structure = {"_type": str, "n": int}


class Derived(Base):
    pass


@pytest.fixture
async def aconnection(aconnection):
    aconnection.register([Number, Home, Plain, Counter, Base, Derived])
    return aconnection


@pytest.fixture
def acollection(aconnection, adatabase):
    return adatabase.things


@pytest.fixture
async def numbers(acollection):
    await acollection.insert_many([{"_id": n, "n": n, "more": {"tags": [str(n)]}} for n in (3, 0, 4, 1, 2)])
    return acollection.Number


# Names


def test_names(aconnection, adatabase):
    aconnection.register(Start)
    assert type(adatabase) is AsyncDatabase
    assert adatabase is aconnection[adatabase.name]
    assert type(adatabase.things) is AsyncCollection
    assert adatabase.things is adatabase["things"]
    assert type(adatabase.things.Number) is AsyncDocumentProxy
    assert adatabase.things.Number is adatabase.things.Number
    assert adatabase.things.sub.full_name == f"{adatabase.name}.things.sub"
    assert type(adatabase.things.sub) is AsyncCollection
    assert adatabase.Home.collection is adatabase.homes
    assert aconnection.Start.collection.full_name == "start_database.starts"
    with pytest.raises(AttributeError, match=r"Number has no __collection__"):
        _ = adatabase.Number
    with pytest.raises(TypeError, match=r"'Unknown' of collection 'things' cannot be called"):
        adatabase.things.Unknown()
    for holder in (aconnection, adatabase, adatabase.things):
        with pytest.raises(AttributeError):
            _ = holder._no_such


async def test_every_way_gives_our_classes(aconnection, adatabase):
    concern = WriteConcern(w=1)
    collections = [
        adatabase.get_collection("a", write_concern=concern),
        adatabase.a.with_options(write_concern=concern),
        adatabase.with_options(write_concern=concern).a,
        await adatabase.create_collection("c", write_concern=concern),
        aconnection.get_database(adatabase.name, write_concern=concern).a,
        aconnection.get_default_database(adatabase.name, write_concern=concern).a,
    ]
    for found in collections:
        assert type(found) is AsyncCollection
        assert found.write_concern == concern
        assert type(found.Number()) is Number


def test_uuids_are_stored_in_the_standard_way():
    assert AsyncConnection().codec_options.uuid_representation == 4
    assert AsyncConnection(uuidRepresentation="pythonLegacy").codec_options.uuid_representation == 3


async def test_ensure_indexes(adatabase, numbers):
    report = await numbers.ensure_indexes()
    assert [(row.name, row.state) for row in report.rows] == [("n_1", "built")]
    report = await adatabase.ensure_indexes()
    assert [(row.classes, row.name, row.state) for row in report] == [
        (("Home",), "n_1", "built"),
        (("Number",), "n_1", "homeless"),
    ]
    assert "n_1" in await adatabase.homes.index_information()
    assert len(await adatabase.things.Plain.ensure_indexes()) == 0
    with pytest.raises(DuplicateKeyError, match="n must be unique"):
        await numbers({"n": 1, "more": {"tags": []}}).save()


# Documents


async def test_a_document_is_awaited(acollection):
    document = acollection.Number({"n": 1, "more": {"tags": ["x"]}})
    assert await document.save() is document
    assert await acollection.find_one() == document
    document.more.tags.append("y")
    assert await document.save(only=["more"]) is document
    await acollection.update_one({}, {"$set": {"n": 5}})
    assert await document.reload() is None
    assert (document.n, document.more.tags) == (5, ["x", "y"])
    assert await document.update_atomic({"$inc": {"n": 1}}) is document
    assert document.n == 6
    assert await document.delete() is None
    assert await acollection.count_documents({}) == 0
    with pytest.raises(OperationFailure, match="cannot reload Number"):
        await document.reload()


async def test_the_names_that_type_checkers_know(acollection, database, numbers):
    document = acollection.Number({"n": 9, "more": {"tags": []}})
    assert await document.asave(uuid=True) is document
    assert document["_id"].startswith("Number-")
    assert await document.aupdate_atomic({"$inc": {"n": 1}}) is document
    await document.areload()
    assert document.n == 10
    await document.adelete()
    assert await numbers.count() == 5
    blocking = Number({"n": 1, "more": {"tags": []}}, collection=database.things)
    for write in (blocking.asave, blocking.adelete, blocking.areload):
        with pytest.raises(
            TypeError, match=rf"{write.__name__}\(\) is for documents in .* AsyncConnection; this Number"
        ):
            await write()


async def test_what_is_wrong_is_said_when_it_is_awaited(acollection):
    saving = acollection.Number({"n": "x", "more": {"tags": []}}).save()
    with pytest.raises(SchemaTypeError):
        await saving
    assert await acollection.count_documents({}) == 0


async def test_what_is_not_awaited_is_not_done(acollection):
    with pytest.warns(RuntimeWarning, match="never awaited"):
        acollection.Number({"n": 1, "more": {"tags": []}}).save()
    assert await acollection.count_documents({}) == 0


async def test_a_document_asks_for_its_kind(numbers):
    document = await numbers.find_one({"n": 3})
    assert [found.n async for found in document.evens()] == [0, 2, 4]
    assert await document.get_from_id(2) == await numbers.get_from_id(2)
    assert [found.n async for found in numbers.evens()] == [0, 2, 4]


async def test_a_collection_of_pymongos_own(mongodb_uri, database):
    async with pymongo.AsyncMongoClient(mongodb_uri) as client:
        plain = Plain({"n": 1}, collection=client[database.name].things)
        await plain.save()
        assert await plain.one() == plain
        plain["n"] = 2
        await plain.asave()
        await plain.reload()
        assert plain["n"] == 2


# Queries


@pytest.mark.filterwarnings("ignore:find_random:DeprecationWarning")
async def test_queries(numbers):
    assert type(await numbers.find_one()) is Number
    assert (await numbers.find_one(3)).n == 3
    assert await numbers.find_one({"n": 9}) is None
    assert (await numbers.one({"n": 2})).more.tags == ["2"]
    assert await numbers.one({"n": 9}) is None
    with pytest.raises(MultipleResultsFound, match="more than one Number found"):
        await numbers.one()
    assert (await numbers.get_from_id(4)).n == 4
    assert await numbers.get_from_id(9) is None
    with pytest.raises(TypeError, match="is a condition"):
        await numbers.get_from_id({"$gt": ""})
    assert [found.n for found in await numbers.fetch().sort("n").to_list()] == [0, 1, 2, 3, 4]
    assert (await numbers.fetch_one({"n": 1})).n == 1
    assert (await numbers.find_random({"n": 1})).n == 1
    assert await numbers.find_random({"n": 9}) is None
    assert await numbers.count() == 5
    assert await numbers.count({"n": {"$lt": 2}}) == 2
    assert (await numbers.find_one_and_update({"n": 1}, {"$set": {"n": 11}}, return_document=True)).n == 11
    assert (await numbers.find_one_and_replace({"n": 11}, {"n": 1, "more": {"tags": []}})).n == 11
    assert (await numbers.find_one_and_delete({"n": 1})).n == 1


@pytest.mark.filterwarnings("ignore:find_random:DeprecationWarning")
async def test_a_collection_gives_dicts(acollection, numbers):
    assert type(await acollection.find_one()) is dict
    assert type(await acollection.one({"n": 1})) is dict
    with pytest.raises(MultipleResultsFound):
        await acollection.one()
    assert (await acollection.get_from_id(2))["n"] == 2
    assert (await acollection.find_random({"n": 2}))["n"] == 2
    assert await acollection.find_random({"n": 9}) is None
    with pytest.raises(TypeError):
        await acollection.get_from_id({"$gt": 0})


async def test_the_old_spelling(acollection, numbers):
    with pytest.warns(DeprecationWarning, match="find_and_modify"):
        found = await numbers.find_and_modify({"n": 1}, {"$set": {"n": 7}}, new=True)
    assert (type(found), found.n) == (Number, 7)
    assert (await found.find_and_modify({"n": 7}, remove=True)).n == 7
    assert type(await acollection.find_and_modify({"n": 2}, {"n": 9})) is dict
    assert sorted(await acollection.distinct("n")) == [0, 3, 4, 9]


@pytest.mark.filterwarnings("ignore:cursor.count:DeprecationWarning")
async def test_cursors(numbers):
    cursor = numbers.find({"n": {"$gt": 0}})
    assert isinstance(cursor, AsyncCursor)
    assert repr(cursor) == "<mongokit.aio.cursor.AsyncCursor of Number>"
    assert cursor.sort("n").limit(3).skip(1).batch_size(2) is cursor
    assert [found.n async for found in cursor] == [2, 3, 4]
    assert await cursor.count() == 4
    assert await cursor.rewind() is cursor
    assert (await cursor.next()).n == 2
    assert [found.n for found in await cursor.to_list(1)] == [3]
    assert [found.n for found in await cursor.to_list()] == [4]
    with pytest.raises(StopAsyncIteration):
        await cursor.next()
    assert not cursor.alive
    async with cursor.clone() as other:
        assert (await anext(other)).n == 2
    assert sorted(await numbers.find().distinct("n")) == [0, 1, 2, 3, 4]
    assert "queryPlanner" in await numbers.find().explain()
    assert await cursor.clone().add_option(16) is not None
    with pytest.raises(InvalidOperation, match="cannot honour where"):
        await numbers.find().where("true").count()


@pytest.mark.parametrize(
    ("index", "expected"),
    [
        (0, 0),
        (3, 3),
        (slice(1, 3), [1, 2]),
        (slice(3, None), [3, 4]),
        (slice(None, 2), [0, 1]),
        (slice(9, 11), []),
    ],
)
async def test_positions(numbers, index, expected):
    cursor = numbers.find().sort("n").skip(2).limit(1)
    found = cursor[index]
    assert ([each.n async for each in found] if isinstance(index, slice) else (await found).n) == expected
    assert [each.n async for each in cursor] == [2]


async def _begun(numbers, size=0):
    """Return a cursor of which the first document was asked for by ``async for``, which was left."""
    cursor = numbers.find().sort("n").batch_size(size)
    async for found in cursor:
        assert found.n == 0
        break
    return cursor


async def test_a_loop_that_is_left_asks_for_no_more(numbers):
    cursor = await _begun(numbers, size=2)
    assert cursor.retrieved == 2
    assert [found.n async for found in cursor] == [1, 2, 3, 4]
    assert not cursor.alive


READ_ON = {
    "for": (lambda cursor: cursor, [1, 2, 3, 4]),
    "next": (lambda cursor: _by_next(cursor), [1, 2, 3, 4]),
    "all": (lambda cursor: _listed(cursor), [1, 2, 3, 4]),
    "some": (lambda cursor: _listed(cursor, 2), [1, 2]),
    "more than were sent": (lambda cursor: _listed(cursor, 3), [1, 2, 3]),
    "clone": (lambda cursor: cursor.clone(), [0, 1, 2, 3, 4]),
}


async def _by_next(cursor):
    while True:
        try:
            yield await cursor.next()
        except StopAsyncIteration:
            return


async def _listed(cursor, length=None):
    for document in await cursor.to_list(length):
        yield document


@pytest.mark.parametrize("size", [0, 2, 3])
@pytest.mark.parametrize("name", READ_ON)
async def test_a_loop_that_is_left_loses_nothing(numbers, name, size):
    read, expected = READ_ON[name]
    cursor = await _begun(numbers, size)
    assert cursor.alive
    assert [found.n async for found in read(cursor)] == expected


async def test_a_cursor_is_alive_as_long_as_it_has_documents(numbers):
    cursor = await _begun(numbers)
    seen = [cursor.alive, *[cursor.alive async for _ in cursor], cursor.alive]
    assert seen == [True, True, True, True, False, False]


async def test_a_cursor_of_finished_documents_is_alive_as_long_as_it_has_some(numbers):
    """Documents that take steps are finished in portions, ahead of those who ask for them."""
    collection = numbers.collection
    collection.database.client.register(type("Stepping", (Number,), {"after_load": lambda self: None}))
    cursor, found = collection.Stepping.find().sort("n"), []
    while cursor.alive:
        found.append((await cursor.next())["n"])
    assert found == [0, 1, 2, 3, 4]


async def test_a_loop_that_is_left_is_rewound(numbers):
    cursor = await _begun(numbers)
    await cursor.rewind()
    assert [found.n async for found in cursor] == [0, 1, 2, 3, 4]


class OneByOne:
    """A cursor that gives no more than the next, as that of a collection may that is not PyMongo's."""

    def __init__(self, source):
        self.next = source.next


async def test_a_cursor_that_gives_one_after_the_other(numbers):
    cursor = numbers.find().sort("n")
    cursor._source = OneByOne(cursor._source)
    assert [found.n async for found in cursor] == [0, 1, 2, 3, 4]
    assert [found.n async for found in cursor] == []


async def test_a_loop_goes_on_behind_a_document_that_cannot_be_read(acollection):
    class Exact(CustomType):
        mongo_type, python_type = str, int

        def to_python(self, value):
            return int(value)

        def to_bson(self, value):
            return str(value)

    class Exactly(Document):
        structure = {"n": Exact()}

    acollection.database.client.register(Exactly)
    await acollection.insert_many([{"_id": at, "n": text} for at, text in enumerate(["0", "1", "?", "3"])])
    cursor = acollection.Exactly.find().sort("_id")
    reading = aiter(cursor)
    assert [(await anext(reading))["n"], (await anext(reading))["n"]] == [0, 1]
    with pytest.raises(ValueError, match="invalid literal"):
        await anext(reading)
    assert [document["n"] async for document in cursor] == [3]


async def test_the_collection_of_a_cursor(numbers, acollection):
    for cursor in (numbers.find(), numbers.find()[1:2]):
        assert cursor.collection is acollection


BLOCKING = {
    "for": lambda cursor: [each for each in cursor],  # noqa: C416 (that is what is tried)
    "list()": list,
    "sorted()": sorted,
    "in": lambda cursor: {"n": 1} in cursor,
    "unpacking": lambda cursor: [*cursor],
    "any()": any,
}


@pytest.mark.parametrize("use", BLOCKING.values(), ids=BLOCKING)
async def test_what_is_awaited_says_so(numbers, use):
    with pytest.raises(TypeError, match="async for document in cursor"):
        use(numbers.find())


async def test_positions_that_are_none(numbers):
    cursor = numbers.find().sort("n")
    with pytest.raises(IndexError, match="no document at position 5"):
        await cursor[5]
    for index in (-1, slice(-1, None), slice(3, 3), slice(3, 1), slice(0, 3, 2)):
        with pytest.raises(IndexError):
            _ = cursor[index]


async def test_classes_that_share_a_collection(acollection):
    await acollection.Derived({"n": 1}).save()
    await acollection.Base({"n": 2}).save()
    found = [type(each) async for each in acollection.Base.find().sort("n")]
    assert found == [Derived, Base]


async def test_loading_awaits_hooks(acollection):
    loaded = []

    class Loud(Plain):
        async def after_load(self):
            await asyncio.sleep(0)
            loaded.append(self["n"])

    acollection.database.client.register(Loud)
    await acollection.insert_many([{"_id": n, "n": n} for n in range(5)])
    assert [each["n"] async for each in acollection.Loud.find().sort("n")] == loaded == [0, 1, 2, 3, 4]
    loaded.clear()
    cursor = acollection.Loud.find().sort("n")
    assert (await cursor.next())["n"] == 0
    assert [each["n"] for each in await cursor.to_list(2)] == [1, 2]
    assert [each["n"] for each in await cursor.to_list()] == [3, 4]
    await cursor.rewind()
    assert (await cursor.next())["n"] == 0
    assert (await acollection.Loud.get_from_id(3))["n"] == 3
    assert loaded[-1] == 3


async def test_sixteen_writers_lose_nothing(acollection):
    counter = await acollection.Counter().save()

    async def write():
        for _ in range(5):
            while True:
                mine = await acollection.Counter.get_from_id(counter["_id"])
                mine.n += 1
                try:
                    await mine.save()
                    break
                except StaleDocumentError:
                    continue

    async with asyncio.timeout(100):
        await asyncio.gather(*(write() for _ in range(16)))
    await counter.reload()
    assert (counter.n, counter["_revision"]) == (80, 81)


# Loops, forks, servers that come and go


def test_another_event_loop_is_told(mongodb_uri):
    aconnection = AsyncConnection(mongodb_uri)
    aconnection.register(Plain)

    async def use():
        return await aconnection.admin.command("ping")

    async def close():
        await aconnection.close()

    with asyncio.Runner() as first:
        assert first.run(use())["ok"] == 1
        with asyncio.Runner() as second, pytest.raises(RuntimeError, match="different event loop"):
            second.run(use())
        first.run(close())


def test_a_closed_connection(mongodb_uri):
    async def use():
        async with AsyncConnection(mongodb_uri) as aconnection:
            await aconnection.admin.command("ping")
        with pytest.raises(InvalidOperation):
            await aconnection.admin.command("ping")
        aconnection._mongokit_after_fork()
        with pytest.raises(InvalidOperation):
            await aconnection.admin.command("ping")

    asyncio.run(use())


def test_a_forked_child_has_a_client_and_a_loop_of_its_own(mongodb_uri, database):
    """In a process of its own: a fork in the middle of an event loop is nothing that pytest should have done to it."""
    code = """
        import asyncio, os, sys
        from mongokit import AsyncConnection, Document

        class Plain(Document):
            structure = {"n": int}

        uri, name = sys.argv[1:]
        aconnection = AsyncConnection(uri)
        aconnection.register(Plain)
        document = aconnection[name].things.Plain({"_id": 1, "n": 0})

        async def add():
            document["n"] += 1
            await document.save()
            return await aconnection[name].things.Plain.count()

        async def main():
            await add()
            await aconnection.close()

        with asyncio.Runner() as runner:
            runner.run(add())
            pid = os.fork()
            if pid == 0:
                asyncio.set_event_loop(None)
                asyncio.events._set_running_loop(None)
                asyncio.run(main())
                os._exit(0)
            code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
            runner.run(document.reload())
            print(code, document["n"])
            runner.run(aconnection.close())
    """
    # The child drops the sockets of its parent without closing the connection.
    options = ("-W", "error", "-W", "ignore::ResourceWarning")
    command = [sys.executable, *options, "-c", textwrap.dedent(code), mongodb_uri, database.name]
    said = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
    assert (said.stdout.strip(), said.stderr) == ("0 2", "")


@pytest.mark.parametrize("kind", ["blocking", "asynchronous"])
async def test_a_server_that_is_killed_between_two_operations(kind, server_folder):
    """kill -9: its keeper starts it again, and what had been acknowledged is there."""
    from mongokit.embedded import EmbeddedServer

    async def done(result):
        return await result if kind == "asynchronous" else result

    with EmbeddedServer(server_folder) as server:
        options = {"serverSelectionTimeoutMS": 60_000}
        aconnection = (AsyncConnection if kind == "asynchronous" else Connection)(server.uri, **options)
        aconnection.register([Plain, Counter])
        things = aconnection.t.things
        counter = await done(things.Counter().save())
        before = server.pid
        os.kill(server.pid, signal.SIGKILL)
        counter.n = 7
        deadline = asyncio.get_running_loop().time() + 90
        while True:
            try:
                await done(counter.save())
                break
            except pymongo.errors.ConnectionFailure:
                assert asyncio.get_running_loop().time() < deadline
        assert server.pid != before
        assert await done(things.Counter.count()) == 1
        assert (await done(things.Counter.get_from_id(counter["_id"]))).n == 7
        await done(aconnection.close())


def test_nothing_is_opened_before_the_first_operation():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        aconnection = AsyncConnection("mongodb://nowhere.invalid:1/")
        assert aconnection.a.b.name == "b"
        del aconnection
