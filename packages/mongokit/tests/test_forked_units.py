"""A fork inside of a unit of work: the parent sends what it has collected, and the child cannot add to it unheard."""

from __future__ import annotations

import asyncio

import pytest
from forking import in_child
from pymongo.errors import InvalidOperation

from mongokit import AsyncConnection, Document


class Talk(Document):
    structure = {"topic": str}


class Counter(Document):
    structure = {"n": int}
    use_revision = True


@pytest.fixture
def things(connection, collection):
    connection.register([Talk, Counter])
    return collection


def test_the_parent_sends_once_whatever_the_child_does(connection, things):
    def child():
        unit.flush()
        return len(unit), things.count_documents({})

    with connection.unit_of_work() as unit:
        things.Talk({"topic": "a"}).save()
        assert in_child(child) == "(0, 0)"
        assert len(unit) == 1
        things.Talk({"topic": "b"}).save()
    assert sorted(things.distinct("topic")) == ["a", "b"]


WRITES = {
    "new": lambda things, stored: things.Talk({"topic": "child"}).save(),
    "new, late": lambda things, stored: things.Talk({"topic": "child"}).save(validate=False),
    "with a revision": lambda things, stored: things.Counter({"n": 1}).save(),
    "stored": lambda things, stored: stored.save(),
    "only": lambda things, stored: stored.save(only=["topic"]),
    "delete": lambda things, stored: stored.delete(),
}


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_what_the_child_writes_is_refused(connection, things, write, late):
    stored = things.Talk({"topic": "stored"}).save()
    with connection.unit_of_work(late=late):
        things.Talk({"topic": "parent"}).save()
        said = in_child(lambda: write(things, stored))
        assert said.startswith("InvalidOperation: this process was forked inside of a unit of work")
    assert sorted(things.distinct("topic")) == ["parent", "stored"]
    assert things.count_documents({}) == 2


def test_a_child_has_units_of_its_own(connection, things):
    def child():
        with connection.unit_of_work() as own:
            saved = things.Talk({"topic": "child"}).save()
            with connection.unit_of_work() as inner:
                things.Counter({"n": 1}).save()
            pending = len(inner)
        saved["topic"] = "again"
        with pytest.raises(InvalidOperation, match="forked inside of a unit of work"):
            saved.save()
        return own is inner, own is unit, pending, saved.reload()

    with connection.unit_of_work() as unit:
        things.Talk({"topic": "parent"}).save()
        assert in_child(child) == "(True, False, 2, None)"
        assert len(unit) == 1
        assert things.count_documents({}) == 2
    assert sorted(things.distinct("topic")) == ["child", "parent"]


def test_an_asynchronous_unit(mongodb_uri, database):
    """The child runs a loop of its own, as the parent's is not in it."""

    async def parent():
        async with AsyncConnection(mongodb_uri, serverSelectionTimeoutMS=20_000) as connection:
            connection.register(Talk)
            things = connection[database.name].things
            async with connection.unit_of_work() as unit:
                await things.Talk({"topic": "parent"}).save()
                document = things.Talk({"topic": "child"})
                said = in_child(lambda: document.save().send(None))
                return said, len(unit)

    said, pending = asyncio.run(parent())
    assert said.startswith("InvalidOperation: this process was forked inside of a unit of work")
    assert pending == 1
    assert database.things.distinct("topic") == ["parent"]
