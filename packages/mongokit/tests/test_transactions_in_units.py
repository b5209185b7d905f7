# ruff: noqa: PT012 (what ends a block is what is tested)
"""A transaction inside of a unit of work is one: what is done in its block is done at once, and as a whole."""

from __future__ import annotations

import contextlib

import pytest
from forking import in_child
from pymongo.errors import OperationFailure

from mongokit import BulkError, Document, DuplicateKeyError, StaleDocumentError

pytestmark = pytest.mark.usefixtures("replica_set")


class Talk(Document):
    structure = {"topic": str}


class Counter(Document):
    structure = {"topic": str, "n": int}
    use_revision = True


class Oops(Exception):
    pass


@pytest.fixture
def things(connection, database):
    connection.register([Talk, Counter])
    database.create_collection("things")
    database.things.create_index("topic", unique=True)
    return database.things


@pytest.fixture
def athings(aconnection, adatabase, things):
    aconnection.register([Talk, Counter])
    return adatabase.things


def topics(things):
    return sorted(things.distinct("topic"))


def in_block(connection, action):
    with connection.transaction():
        return action()


WAYS = {
    "transaction": in_block,
    "in_transaction": lambda connection, action: connection.in_transaction(action),
}
each_way = pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)


@each_way
def test_what_is_refused_is_said_in_the_block_and_nothing_is_stored(connection, things, way):
    def action():
        for topic in ("1", "2", "1"):
            things.Talk({"topic": topic}).save()

    with connection.unit_of_work() as unit:
        with pytest.raises(DuplicateKeyError):
            way(connection, action)
        assert topics(things) == []
        assert len(unit) == 0
    assert topics(things) == []


@each_way
@pytest.mark.parametrize("late", [False, True])
def test_the_block_sees_what_it_writes_and_is_stored_at_its_end(connection, things, way, late):
    counter = things.Counter({"topic": "c", "n": 0}).save()

    def action():
        things.Talk({"topic": "inside"}).save()
        counter["n"] += 1
        counter.save()
        assert topics(things) == ["before", "c", "inside"]
        assert things.Counter.get_from_id(counter["_id"])["n"] == 1
        return "done"

    with connection.unit_of_work(late=late) as unit:
        things.Talk({"topic": "before"}).save()
        assert way(connection, action) == "done"
        assert len(unit) == 0
        assert topics(things) == ["before", "c", "inside"]
        things.Talk({"topic": "after"}).save()
        assert len(unit) == 1
        assert topics(things) == ["before", "c", "inside"]
    assert topics(things) == ["after", "before", "c", "inside"]
    assert counter["_revision"] == 2


def test_a_transaction_that_fails_leaves_what_was_pending_before(connection, things):
    counter = things.Counter({"topic": "c", "n": 0}).save()
    with pytest.raises(Oops), connection.unit_of_work():
        things.Talk({"topic": "before"}).save()
        counter["n"] = 1
        counter.save()
        with connection.transaction():
            counter["n"] = 2
            counter.save()
            counter.delete()
            raise Oops
    assert topics(things) == ["before", "c"]
    assert (things.Counter.find_one({"topic": "c"})["n"], counter["_revision"]) == (1, 2)


def test_what_is_pending_is_refused_before_the_transaction_begins(connection, things):
    things.Talk({"topic": "1"}).save()
    begun = []
    with pytest.raises(BulkError), connection.unit_of_work():
        things.Talk({"topic": "1"}).save()
        with connection.transaction():
            begun.append(True)
    assert begun == []


def test_somebody_else_was_faster(connection, things):
    counter = things.Counter({"topic": "c", "n": 0}).save()
    things.Counter.find_one().save()
    with connection.unit_of_work():
        with pytest.raises(StaleDocumentError), connection.transaction():
            things.Talk({"topic": "inside"}).save()
            counter.save()
        assert counter["_revision"] == 1
    assert topics(things) == ["c"]


def test_a_unit_inside_is_one_of_the_transaction(connection, things):
    with connection.unit_of_work() as outer:
        with contextlib.suppress(Oops), connection.transaction():
            with connection.unit_of_work() as inner:
                things.Talk({"topic": "1"}).save()
                assert (len(inner), len(outer)) == (1, 0)
            assert topics(things) == ["1"]
            raise Oops
        assert topics(things) == []
        with connection.transaction(), connection.unit_of_work():
            things.Talk({"topic": "2"}).save()
        assert topics(things) == ["2"]


def test_a_unit_between_two_transactions(connection, things):
    with contextlib.suppress(Oops), connection.transaction():
        with connection.unit_of_work() as unit:
            things.Talk({"topic": "1"}).save()
            with connection.transaction():
                assert topics(things) == ["1"]
                things.Talk({"topic": "2"}).save()
                assert topics(things) == ["1", "2"]
            assert connection.in_transaction(lambda: topics(things)) == ["1", "2"]
            things.Talk({"topic": "3"}).save()
            assert len(unit) == 1
        assert topics(things) == ["1", "2", "3"]
        raise Oops
    assert topics(things) == []


def test_another_try(connection, things):
    tries = []

    def action():
        tries.append(True)
        things.Talk({"topic": "inside"}).save()
        if len(tries) < 3:
            error = OperationFailure("again", 112)
            error._add_error_label("TransientTransactionError")
            raise error

    with connection.unit_of_work():
        things.Talk({"topic": "before"}).save()
        connection.in_transaction(action)
        assert topics(things) == ["before", "inside"]
    assert len(tries) == 3


def test_a_child_has_a_transaction_of_its_own(connection, things):
    def child():
        with connection.transaction():
            things.Talk({"topic": "child"}).save()
        return topics(things)

    with connection.unit_of_work() as unit:
        things.Talk({"topic": "parent"}).save()
        assert in_child(child) == "['child']"
        assert len(unit) == 1
    assert topics(things) == ["child", "parent"]


async def test_asynchronous(aconnection, athings, things):
    async def action():
        for topic in ("1", "2", "1"):
            await athings.Talk({"topic": topic}).save()

    async with aconnection.unit_of_work() as unit:
        await athings.Talk({"topic": "before"}).save()
        with pytest.raises(DuplicateKeyError):
            async with aconnection.transaction():
                await action()
        assert topics(things) == ["before"]
        await athings.Talk({"topic": "between"}).save()
        with pytest.raises(DuplicateKeyError):
            await aconnection.in_transaction(action)
        assert topics(things) == ["before", "between"]
        async with aconnection.transaction():
            await athings.Talk({"topic": "inside"}).save()
            async with aconnection.transaction():
                assert len(await athings.distinct("topic")) == 3
            await aconnection.in_transaction(athings.Talk({"topic": "too"}).save)
            assert len(await athings.distinct("topic")) == 4
            assert topics(things) == ["before", "between"]
        await athings.Talk({"topic": "after"}).save()
        assert len(unit) == 1
        assert topics(things) == ["before", "between", "inside", "too"]
    assert topics(things) == ["after", "before", "between", "inside", "too"]


async def test_an_asynchronous_unit_inside(aconnection, athings, things):
    async with aconnection.unit_of_work() as outer:
        with contextlib.suppress(Oops):
            async with aconnection.transaction():
                async with aconnection.unit_of_work() as inner:
                    await athings.Talk({"topic": "1"}).save()
                    assert (len(inner), len(outer)) == (1, 0)
                assert await athings.distinct("topic") == ["1"]
                raise Oops
    assert topics(things) == []
