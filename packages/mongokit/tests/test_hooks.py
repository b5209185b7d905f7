"""What a class does itself when its documents are saved, deleted or loaded."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from itertools import islice

import pytest
from pymongo import WriteConcern
from pymongo.errors import CursorNotFound

from mongokit import Document, DuplicateKeyError, SchemaTypeError
from mongokit.errors import MultipleResultsFound


class Recorder(Document):
    structure = {"_type": str, "name": str, "n": int}
    use_dot_notation = True


class Loaded(Recorder):
    def after_load(self):
        self.n = (self.n or 0) + 100
        self.seen = self["_id"]


@pytest.fixture
def things(connection, collection):
    connection.register([Recorder, Loaded])
    collection.insert_many([{"_id": i, "_type": "Loaded", "name": str(i), "n": i} for i in range(250)])
    return collection


QUERIES = {
    "find_one": lambda col: col.Loaded.find_one({"_id": 3}),
    "one": lambda col: col.Loaded.one({"_id": 3}),
    "get_from_id": lambda col: col.Loaded.get_from_id(3),
    "through the parent": lambda col: col.Recorder.get_from_id(3),
    "through a document": lambda col: col.Recorder().find_one({"_id": 3}),
    "fetch_one": lambda col: col.Loaded.fetch_one({"_id": 3}),
    "find_random": lambda col: col.Loaded.find_random({"_id": 3}),
    "find_one_and_update": lambda col: col.Loaded.find_one_and_update({"_id": 3}, {"$set": {"name": "x"}}),
    "find_one_and_replace": lambda col: col.Loaded.find_one_and_replace({"_id": 3}, {"name": "x", "n": 3}),
    "find_one_and_delete": lambda col: col.Loaded.find_one_and_delete({"_id": 3}),
    "next": lambda col: next(col.Loaded.find({"_id": 3})),
    "next through the parent": lambda col: next(col.Recorder.find({"_id": 3})),
    "iteration": lambda col: next(iter(col.Loaded.find({"_id": 3}))),
    "iteration through the parent": lambda col: next(iter(col.Recorder.find({"_id": 3}))),
    "to_list": lambda col: col.Loaded.find({"_id": 3}).to_list()[0],
    "position": lambda col: col.Loaded.find().sort("_id")[3],
    "slice": lambda col: next(col.Loaded.find().sort("_id")[3:5]),
}


@pytest.mark.filterwarnings("ignore:find_random:DeprecationWarning")
@pytest.mark.parametrize("name", QUERIES)
def test_after_load_runs_for(name, things):
    found = QUERIES[name](things)
    assert (type(found), found["n"], found.seen) == (Loaded, 103, 3)


def test_reload_and_update_atomic_load(things):
    document = things.Loaded.get_from_id(3)
    document.seen = None
    document.reload()
    assert (document.n, document.seen) == (103, 3)
    document.update_atomic({"$inc": {"n": 1}})
    assert document.n == 104


def test_a_new_document_is_not_loaded(things):
    assert things.Loaded().n is None
    assert things.Loaded({"n": 1}).n == 1


def test_a_class_without_hooks_has_no_steps():
    assert not Recorder._load_steps
    assert Recorder._hooks == frozenset()
    assert Loaded._hooks == {"after_load"}


class TestCursor:
    """Documents of a class with steps are read ahead, which nobody may notice."""

    @pytest.mark.parametrize("through", ["Loaded", "Recorder"])
    @pytest.mark.parametrize("size", [None, 0, 1, 7, 250, 1000])
    def test_all_come_in_order(self, things, through, size):
        cursor = getattr(things, through).find().sort("_id")
        if size is not None:
            cursor.batch_size(size)
        assert [(d["_id"], d.n) for d in cursor] == [(i, i + 100) for i in range(250)]
        assert list(cursor) == []

    def test_iteration_goes_on_where_it_was_left(self, things):
        cursor = things.Loaded.find().sort("_id")
        for document in cursor:
            if document["_id"] == 5:
                break
        assert next(cursor)["_id"] == 6
        assert [d["_id"] for d in cursor.to_list(3)] == [7, 8, 9]
        assert [d["_id"] for d in cursor] == list(range(10, 250))
        with pytest.raises(StopIteration):
            next(cursor)

    def test_rewind_and_clone_begin_anew(self, things):
        cursor = things.Loaded.find().sort("_id")
        next(cursor)
        assert next(cursor.clone())["_id"] == 0
        assert next(cursor.rewind())["_id"] == 0

    def test_limit(self, things):
        assert [d["_id"] for d in things.Loaded.find().sort("_id").skip(2).limit(2)] == [2, 3]

    def test_an_error_of_the_server_comes_after_what_was_read(self, things):
        cursor = things.Loaded.find().sort("_id").batch_size(40)
        assert next(cursor)["_id"] == 0
        things.database.command("killCursors", things.name, cursors=[cursor.cursor_id])
        assert [document["_id"] for document in islice(cursor, 39)] == list(range(1, 40))
        with pytest.raises(CursorNotFound):
            next(cursor)
        with pytest.raises(StopIteration):
            next(cursor)

    def test_what_was_read_of_a_portion_comes_before_the_error(self, things):
        cursor = things.Loaded.find().sort("_id")
        cursor._source.batch_size(40)
        assert next(cursor)["_id"] == 0
        things.database.command("killCursors", things.name, cursors=[cursor.cursor_id])
        assert [document["_id"] for document in islice(cursor, 119)] == list(range(1, 120))
        with pytest.raises(CursorNotFound):
            next(cursor)


class Failing(Recorder):
    def after_load(self):
        if self.n == 150:
            raise ZeroDivisionError(self.name)


def test_what_after_load_raises_the_query_raises(things, connection):
    connection.register(Failing)
    assert things.Failing.get_from_id(1).n == 1
    with pytest.raises(ZeroDivisionError, match="150"):
        things.Failing.get_from_id(150)
    with pytest.raises(ZeroDivisionError, match="150"):
        list(things.Failing.find())


def test_a_failed_portion_ends_the_cursor(things, connection):
    connection.register(Failing)
    cursor = things.Failing.find().sort("_id")
    assert [next(cursor)["_id"] for _ in range(101)] == list(range(101))
    for _ in range(3):
        with pytest.raises(ZeroDivisionError, match="150"):
            next(cursor)
    assert next(cursor.rewind())["_id"] == 0


def test_but_not_where_a_portion_is_one_document(things, connection):
    connection.register(Failing)
    cursor = things.Failing.find({"_id": {"$gte": 149}}).sort("_id").batch_size(1)
    assert next(cursor)["_id"] == 149
    with pytest.raises(ZeroDivisionError, match="150"):
        next(cursor)
    assert next(cursor)["_id"] == 151


def test_one_complains_before_anything_is_loaded(things, connection):
    connection.register(Failing)
    with pytest.raises(MultipleResultsFound):
        things.Failing.one({"_id": {"$gte": 150}})


def test_async_hooks_need_an_asynchronous_connection(things, connection):
    @connection.register
    class Awaited(Recorder):
        async def after_load(self):
            self.n = 1

    with pytest.raises(TypeError, match=r"Awaited\.after_load has to be awaited"):
        things.Awaited.get_from_id(1)


class Story(Document):
    """Writes down what is called, and what is stored at that moment."""

    structure = {"_id": int, "name": str, "slug": str, "n": int}
    required_fields = ["slug"]
    use_dot_notation = True
    dot_notation_warning = False

    def note(self, *what):
        stored = self.collection.find_one({"_id": self.get("_id")})
        self.log = [*getattr(self, "log", []), (*what, stored and stored["name"])]
        if self.name == f"fails in {what[0]}":
            raise ZeroDivisionError(what[0])

    def before_save(self):
        self.slug = (self.name or "").lower()
        self.note("before_save")

    def after_save(self, created):
        self.note("after_save", created)

    def before_delete(self):
        self.note("before_delete")

    def after_delete(self):
        self.note("after_delete")


class Counted(Story):
    use_revision = True


class Tracked(Story):
    track_changes = True


@pytest.fixture(params=[Story, Counted, Tracked])
def story(request, connection, collection):
    connection.register(request.param)
    return getattr(collection, request.param.__name__)({"_id": 1, "name": "A", "slug": None, "n": 1})


class TestSaveAndDelete:
    def test_before_save_fills_what_validation_demands(self, story):
        assert story.save() is story
        assert story.collection.find_one()["slug"] == "a"

    def test_order(self, story):
        story.save()
        story.name = "B"
        story.save()
        story.delete()
        assert story.log == [
            ("before_save", None),
            ("after_save", True, "A"),
            ("before_save", "A"),
            ("after_save", False, "B"),
            ("before_delete", "B"),
            ("after_delete", None),
        ]

    def test_a_part(self, story):
        story.save()
        story.name, story.n = "B", 5
        story.save(only=["slug", "name"])
        assert story.log[2:] == [("before_save", "A"), ("after_save", False, "B")]
        assert story.collection.find_one()["n"] == 1
        assert story.collection.find_one()["slug"] == "b"

    def test_nothing_to_write(self, story):
        story.save()
        story.save(only=[])
        assert story.log[2:] == [("before_save", "A")]

    @pytest.mark.parametrize("hook", ["before_save", "before_delete"])
    def test_what_raises_before_prevents(self, story, hook):
        story.save()
        story.collection.update_one({}, {"$set": {"name": "stored"}})
        story.name = f"fails in {hook}"
        with pytest.raises(ZeroDivisionError, match=hook):
            story.save() if hook == "before_save" else story.delete()
        assert story.collection.find_one()["name"] == "stored"

    def test_what_raises_before_inserts_nothing(self, story):
        story.name = "fails in before_save"
        with pytest.raises(ZeroDivisionError):
            story.save()
        assert story.collection.find_one() is None

    def test_what_raises_after_save_is_stored(self, story):
        story.name = "fails in after_save"
        with pytest.raises(ZeroDivisionError, match="after_save"):
            story.save()
        assert story.collection.find_one()["name"] == story.name
        story.name = "then"
        story.save()
        assert story.collection.find_one()["name"] == "then"

    def test_what_raises_after_delete_is_deleted(self, story):
        story.save()
        story.name = "fails in after_delete"
        with pytest.raises(ZeroDivisionError, match="after_delete"):
            story.delete()
        assert story.collection.find_one() is None

    def test_what_is_invalid_has_no_after(self, story):
        story.n = "x"
        with pytest.raises(SchemaTypeError):
            story.save()
        assert [call[0] for call in story.log] == ["before_save"]

    def test_deleting_what_is_gone(self, story):
        story.delete()
        assert [call[0] for call in story.log] == ["before_delete", "after_delete"]

    def test_others_ways_to_write_run_none(self, story):
        story.save()
        log = list(story.log)
        story.update_atomic({"$set": {"name": "C"}})
        story.collection.update_one({}, {"$set": {"name": "D"}})
        story.reload()
        assert story.log == log
        assert story.name == "D"

    def test_what_the_server_refuses_has_no_after(self, story):
        story.collection.create_index("slug", unique=True)
        story.collection.insert_one({"_id": 2, "slug": "a", "name": "other"})
        with pytest.raises(DuplicateKeyError, match="slug"):
            story.save()
        assert [call[0] for call in story.log] == ["before_save"]


def test_unacknowledged_writes_do_not_say_who_created(connection, collection):
    seen = []

    @connection.register
    class Unsure(Document):
        structure = {"name": str}

        def after_save(self, created):
            seen.append(created)

    unsure = collection.with_options(write_concern=WriteConcern(w=0)).proxy(Unsure)
    document = unsure({"name": "x"}).save()
    document.save()
    unsure({"_id": 5, "name": "x"}).save()
    assert seen == [True, False, False]


class Mixin:
    def before_save(self):
        self["n"] = (self["n"] or 0) + 1
        super().before_save()


class Base(Document):
    structure = {"n": int}


class Mixed(Mixin, Base):
    def before_save(self):
        self["n"] = 10
        super().before_save()


class Silent(Mixed):
    before_save = Document.before_save


@pytest.mark.parametrize(
    ("cls", "n", "hooks"), [(Mixed, 11, {"before_save"}), (Base, 1, set()), (Silent, 1, set())]
)
def test_hooks_are_methods_like_any_other(cls, n, hooks, collection):
    document = cls({"n": 1}, collection=collection).save()
    assert (document["n"], cls._hooks) == (n, hooks)
    assert cls._plain is (not hooks)


def test_an_async_hook_writes_nothing_at_a_synchronous_connection(collection):
    class Awaited(Document):
        structure = {"n": int}

        async def before_save(self):
            self["n"] = 1

    with pytest.raises(TypeError, match=r"Awaited\.before_save has to be awaited"):
        Awaited(collection=collection).save()
    assert collection.find_one() is None


class Written(Document):
    structure = {"_id": int, "n": int}
    calls = []

    def note(self, *what):
        Written.calls.append((self["_id"], *what))

    def before_save(self):
        self.note("before_save")

    def after_save(self, created):
        self.note("after_save", created)

    def before_delete(self):
        self.note("before_delete")

    def after_delete(self):
        self.note("after_delete")


class AsyncWritten(Written):
    async def before_save(self):
        await asyncio.sleep(0)
        self["n"] = (await self.collection.count_documents({})) + 1
        super().before_save()

    async def after_save(self, created):
        stored = await self.collection.find_one({"_id": self["_id"]})
        self.note("after_save", created, stored["n"])

    async def before_delete(self):
        if self["n"] == 1:
            raise ZeroDivisionError
        super().before_delete()

    async def after_load(self):
        await asyncio.sleep(0)
        self["loaded"] = True


@pytest.fixture
def calls():
    Written.calls.clear()
    return Written.calls


class TestUnitOfWork:
    def test_after_what_was_sent(self, connection, collection, calls):
        one, two = (Written({"_id": i, "n": i}, collection=collection) for i in (1, 2))
        with connection.unit_of_work():
            one.save()
            two.save()
            assert calls == [(1, "before_save"), (2, "before_save")]
        assert calls[2:] == [(1, "after_save", True), (2, "after_save", True)]
        calls.clear()
        with connection.unit_of_work():
            one.save()
            two.delete()
        assert calls == [
            (1, "before_save"),
            (2, "before_delete"),
            (1, "after_save", False),
            (2, "after_delete"),
        ]

    def test_not_after_what_was_not_sent(self, connection, collection, calls):
        with suppress(ZeroDivisionError), connection.unit_of_work():
            Written({"_id": 1, "n": 1}, collection=collection).save()
            raise ZeroDivisionError
        assert calls == [(1, "before_save")]


class TestAsync:
    async def test_they_are_awaited(self, aconnection, adatabase, calls):
        aconnection.register(AsyncWritten)
        things = adatabase.things
        one = await things.AsyncWritten({"_id": 1, "n": 0}).asave()
        await things.AsyncWritten({"_id": 2, "n": 0}).asave()
        assert calls == [
            (1, "before_save"),
            (1, "after_save", True, 1),
            (2, "before_save"),
            (2, "after_save", True, 2),
        ]
        with pytest.raises(ZeroDivisionError):
            await one.adelete()
        assert await things.count_documents({}) == 2
        found = await things.AsyncWritten.get_from_id(2)
        assert found["loaded"] is True
        assert [each["loaded"] async for each in things.AsyncWritten.find()] == [True, True]
        calls.clear()
        await found.adelete()
        assert calls == [(2, "before_delete"), (2, "after_delete")]
        assert await things.count_documents({}) == 1

    async def test_plain_ones_do_too(self, adatabase, calls):
        await Written({"_id": 1, "n": 0}, collection=adatabase.things).asave()
        assert calls == [(1, "before_save"), (1, "after_save", True)]

    async def test_a_cancelled_hook_writes_nothing(self, adatabase):
        waiting = asyncio.Event()

        class Slow(Document):
            structure = {"n": int}

            async def before_save(self):
                waiting.set()
                await asyncio.Event().wait()

        task = asyncio.create_task(Slow({"n": 1}, collection=adatabase.things).asave())
        await asyncio.wait_for(waiting.wait(), 20)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await adatabase.things.count_documents({}) == 0
