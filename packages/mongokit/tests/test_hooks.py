"""What a class does itself when its documents are saved, deleted or loaded."""

from __future__ import annotations

from itertools import islice

import pytest
from pymongo.errors import CursorNotFound

from mongokit import Document
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
    "find_one_and_replace": lambda col: col.Loaded.find_one_and_replace({"_id": 3}, {"name": "x"}),
    "find_one_and_delete": lambda col: col.Loaded.find_one_and_delete({"_id": 3}),
    "next": lambda col: next(col.Loaded.find({"_id": 3})),
    "next through the parent": lambda col: next(col.Recorder.find({"_id": 3})),
    "iteration": lambda col: next(iter(col.Loaded.find({"_id": 3}))),
    "iteration through the parent": lambda col: next(iter(col.Recorder.find({"_id": 3}))),
    "to_list": lambda col: col.Loaded.find({"_id": 3}).to_list()[0],
    "position": lambda col: col.Loaded.find().sort("_id")[3],
    "slice": lambda col: next(col.Loaded.find().sort("_id")[3:5]),
}


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
