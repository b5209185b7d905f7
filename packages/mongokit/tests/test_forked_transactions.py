# ruff: noqa: PT012 (what ends a block is what is tested)
"""A fork inside of a transaction: the session is the parent's, and the child can neither use nor end it."""

from __future__ import annotations

import asyncio
import os

import pytest
from forking import in_child
from pymongo.errors import InvalidOperation

from mongokit import AsyncConnection, Document

REFUSED = "InvalidOperation: this process was forked inside of a transaction"


class ForkedTalk(Document):
    structure = {"topic": str}


class ForkedCounter(Document):
    structure = {"topic": str, "n": int}
    use_revision = True


pytestmark = pytest.mark.usefixtures("replica_set")


@pytest.fixture
def things(connection, collection):
    connection.register([ForkedTalk, ForkedCounter])
    collection.database.create_collection(collection.name)
    return collection


def topics(things):
    return sorted(things.distinct("topic"))


OPERATIONS = {
    "save": lambda things, stored: things.ForkedTalk({"topic": "child"}).save(),
    "save with a revision": lambda things, stored: things.ForkedCounter({"topic": "child", "n": 1}).save(),
    "save once more": lambda things, stored: stored.save(),
    "delete": lambda things, stored: stored.delete(),
    "read": lambda things, stored: stored.reload(),
    "find": lambda things, stored: list(things.ForkedTalk.find()),
    "raw": lambda things, stored: things.insert_one({"topic": "child"}),
    "of the database": lambda things, stored: things.database.command("ping"),
}


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS)
def test_what_the_child_does_is_refused(connection, things, operation):
    stored = things.ForkedTalk({"topic": "stored"}).save()
    with connection.transaction():
        things.ForkedTalk({"topic": "before"}).save()
        assert in_child(lambda: operation(things, stored)).startswith(REFUSED)
        things.ForkedTalk({"topic": "after"}).save()
    assert topics(things) == ["after", "before", "stored"]


def test_the_session_itself_is_over_in_the_child(connection, things):
    def child():
        things.insert_one({"topic": "child"}, session=session)

    with connection.transaction() as session:
        things.ForkedTalk({"topic": "parent"}).save()
        assert in_child(child) == "InvalidOperation: Cannot use ended session"
        assert session.in_transaction
    assert topics(things) == ["parent"]


class Left(Exception):
    pass


LEAVING = {"": None, "by an exception": Left("left"), "by the end of the process": SystemExit(3)}


def leave(manager, error):
    """Leave a block; return what became of the exception."""
    try:
        return manager.__exit__(error and type(error), error, None)
    except BaseException as raised:
        return raised is error


@pytest.mark.parametrize("error", LEAVING.values(), ids=LEAVING)
@pytest.mark.parametrize("is_kept", [True, False])
def test_a_child_that_leaves_the_block_neither_commits_nor_aborts(connection, things, error, is_kept):
    block = connection.transaction()
    block.__enter__()
    things.ForkedTalk({"topic": "before"}).save()
    assert in_child(lambda: leave(block, error)) == "False"
    things.ForkedTalk({"topic": "after"}).save()
    own = None if is_kept else Left()
    assert leave(block, own) is False
    assert topics(things) == (["after", "before"] if is_kept else [])


@pytest.mark.parametrize("error", LEAVING.values(), ids=LEAVING)
def test_a_child_that_returns_from_the_callback(connection, things, error):
    said, reads = [], []

    def callback():
        things.ForkedTalk({"topic": "before"}).save()
        read_end, write_end = os.pipe()
        pid = os.fork()
        if pid == 0:
            reads.append(write_end)
            if error is not None:
                raise error
            return "child"
        os.close(write_end)
        with os.fdopen(read_end) as pipe:
            said.append(pipe.read())
        os.waitpid(pid, 0)
        things.ForkedTalk({"topic": "after"}).save()
        return "parent"

    result = None
    try:
        result = connection.in_transaction(callback)
    except BaseException as raised:
        if not reads:
            raise
        result = type(raised).__name__
    finally:
        if reads:
            os.write(reads[0], str(result).encode())
            os._exit(0)
    assert result == "parent"
    assert said == ["child" if error is None else type(error).__name__]
    assert topics(things) == ["after", "before"]


def test_a_child_has_transactions_of_its_own(connection, things):
    def child():
        with connection.transaction() as session:
            is_another = session.session_id != parents
            saved = things.ForkedCounter({"topic": "child", "n": 1}).save()
            with connection.transaction() as inner:
                assert inner is session
        with pytest.raises(Left), connection.transaction():
            things.ForkedTalk({"topic": "lost"}).save()
            raise Left
        connection.in_transaction(lambda: things.ForkedTalk({"topic": "again"}).save())
        with pytest.raises(InvalidOperation, match="forked inside of a transaction"):
            saved.save()
        return saved["_revision"], is_another

    with connection.transaction() as session:
        parents = session.session_id
        things.ForkedTalk({"topic": "parent"}).save()
        assert in_child(child) == "(1, True)"
    assert topics(things) == ["again", "child", "parent"]


def test_a_fork_outside_of_the_block_knows_nothing_of_it(connection, things):
    with connection.transaction():
        things.ForkedTalk({"topic": "parent"}).save()
    assert in_child(lambda: things.ForkedTalk({"topic": "child"}).save()["topic"]) == "'child'"
    assert topics(things) == ["child", "parent"]


def finished(coroutine):
    """Return what a coroutine returns that waits for nothing: the loop of the parent is not in the child."""
    try:
        coroutine.send(None)
    except StopIteration as end:
        return end.value
    raise AssertionError("it waits")


def test_an_asynchronous_transaction(mongodb_uri, things):
    async def parent():
        async with AsyncConnection(mongodb_uri, serverSelectionTimeoutMS=20_000) as connection:
            connection.register(ForkedTalk)
            own = connection[things.database.name].things
            block = connection.transaction()
            await block.__aenter__()
            await own.ForkedTalk({"topic": "before"}).save()
            document = own.ForkedTalk({"topic": "child"})
            said = [
                in_child(lambda: finished(document.save())),
                in_child(lambda: finished(block.__aexit__(None, None, None))),
                in_child(lambda: finished(block.__aexit__(Left, Left("left"), None))),
            ]
            await own.ForkedTalk({"topic": "after"}).save()
            await block.__aexit__(None, None, None)
            return said

    refused, *left = asyncio.run(parent())
    assert refused.startswith(REFUSED)
    assert left == ["False", "False"]
    assert topics(things) == ["after", "before"]
