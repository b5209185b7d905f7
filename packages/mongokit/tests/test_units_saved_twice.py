# ruff: noqa: PT012 (what ends a block is what is tested)
"""Documents with revisions that are saved more than once in a unit of work, while somebody else writes to some."""

from __future__ import annotations

import pytest
from pymongo import WriteConcern
from pymongo.errors import AutoReconnect

from mongokit import BulkError, Document, DuplicateKeyError, StaleDocumentError, answers, turns


class Counter(Document):
    structure = {"n": int, "m": int}
    use_revision = True


class Plain(Document):
    structure = {"n": int}


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


@pytest.fixture
def mine(collection):
    return [collection.Counter({"_id": at, "n": 0, "m": 0}).save() for at in range(4)]


def add_one(*counters, only=None):
    for counter in counters:
        counter["n"] += 1
        counter.save(only=only)


def change_elsewhere(collection, *ids):
    for id_ in ids:
        counter = collection.Counter.get_from_id(id_)
        counter["m"] += 100
        counter.save()


def ids(documents):
    return [document["_id"] for document in documents]


def stored(collection, name="n"):
    return [found[name] for found in collection.find().sort("_id", 1)]


def test_all_goes_well(collection, unit, mine):
    with unit() as work:
        for _ in range(3):
            add_one(*mine)
    assert stored(collection) == [3] * 4
    assert stored(collection, "_revision") == [counter["_revision"] for counter in mine] == [4] * 4
    assert [result.matched_count for result in work.results] == [4, 4, 4]


@pytest.mark.parametrize("only", [None, ["n"]], ids=["whole", "a part"])
@pytest.mark.parametrize("late", [[0], [1], [0, 2], [0, 1, 2, 3]], ids=str)
def test_the_rest_of_the_collection_is_written(collection, unit, mine, late, only):
    change_elsewhere(collection, *late)
    with pytest.raises(BulkError) as caught, unit():
        add_one(mine[0], mine[1], mine[1], mine[2], mine[2], mine[2], mine[3], only=only)
    saves = [1, 2, 3, 1]
    assert [0 if at in late else saves[at] for at in range(4)] == stored(collection)
    assert [100 * (at in late) for at in range(4)] == stored(collection, "m")
    assert ids(document for document, _ in caught.value.failures) == late
    assert {type(error) for _, error in caught.value.failures} == {StaleDocumentError}
    assert ids(caught.value.unwritten) == late
    assert ids(caught.value.written) == [at for at in range(4) if at not in late]
    assert [counter["_revision"] for counter in mine] == [1 if at in late else 1 + saves[at] for at in range(4)]  # fmt: skip
    # What was refused can be done again, and counts once.
    for counter in caught.value.unwritten:
        counter.reload()
        add_one(counter)
    assert [1 if at in late else saves[at] for at in range(4)] == stored(collection)


def test_the_revision_of_somebody_else_is_not_taken(collection, unit, mine):
    """He has made the revision that the second save asks for, and the content it was made of."""
    add_one(collection.Counter.get_from_id(0))
    with pytest.raises(BulkError) as caught, unit():
        add_one(mine[0], mine[0], mine[1])
    assert stored(collection) == [1, 1, 0, 0]
    assert ids(caught.value.unwritten) == [0]
    assert mine[0]["_revision"] == 1


def test_who_comes_between_the_saves(collection, unit, mine, monkeypatch):
    """The first is stored and the second is not: then the document is one that is to be saved again."""
    sending, moments = turns.sending, []

    def interrupted(batch, results):
        sent = yield from sending(batch, results)
        if not moments:
            moments.append(batch)
            yield batch.collection.update_one({"_id": 0}, {"$inc": {"m": 100, "_revision": 1}})
        return sent

    monkeypatch.setattr(turns, "sending", interrupted)
    with pytest.raises(BulkError) as caught, unit():
        add_one(mine[0], mine[0], mine[1], mine[1])
    assert stored(collection) == [1, 2, 0, 0]
    assert ids(caught.value.unwritten) == [0]
    assert ids(caught.value.written) == [1]
    assert [counter["_revision"] for counter in mine[:2]] == [2, 3]
    assert "1 of 2 documents were written" in str(caught.value)


def test_the_turns_of_the_collections(collection, unit, mine):
    other = collection.database.others
    change_elsewhere(collection, 0)
    with pytest.raises(BulkError) as caught, unit():
        add_one(mine[0], mine[1])
        unsent = other.Plain({"_id": "other", "n": 1}).save()
        add_one(mine[1], mine[2])
    assert stored(collection) == [0, 2, 1, 0]
    assert other.count_documents({}) == 0
    assert caught.value.unwritten == (mine[0], unsent)


def test_the_same_collection_with_other_options(collection, unit, mine):
    strict = collection.with_options(write_concern=WriteConcern(w=1, j=True))
    change_elsewhere(collection, 0)
    with pytest.raises(BulkError) as caught, unit():
        add_one(mine[0])
        strict.Plain({"_id": "strict", "n": 5}).save()
        add_one(mine[0], mine[1])
    assert stored(collection) == [0, 1, 0, 0, 5]
    assert ids(caught.value.unwritten) == [0]
    assert [type(document) for document in caught.value.written] == [Plain, Counter]


def test_what_is_deleted_in_the_end_is_not_late(collection, unit, mine):
    change_elsewhere(collection, 0)
    with unit():
        add_one(mine[0], mine[0], mine[1])
        mine[0].delete()
    assert ids(collection.find()) == [1, 2, 3]


def test_what_is_deleted_and_saved_again_is(collection, unit, mine):
    change_elsewhere(collection, 0)
    with pytest.raises(BulkError) as caught, unit():
        add_one(mine[0], mine[0])
        mine[0].delete()
        add_one(mine[0], mine[1])
    assert ids(collection.find()) == [1, 2, 3]
    assert caught.value.unwritten == (mine[0],)
    assert [type(error) for _, error in caught.value.failures] == [StaleDocumentError]


def test_nothing_is_sent_behind_what_the_server_refuses(collection, unit, mine):
    collection.create_index("m", unique=True, partialFilterExpression={"m": {"$gt": 0}})
    change_elsewhere(collection, 0)
    with pytest.raises(BulkError) as caught, unit():
        add_one(mine[0], mine[1], mine[0], mine[1])
        mine[2]["m"] = 100
        add_one(mine[2], mine[3])
    assert [type(error) for _, error in caught.value.failures] == [StaleDocumentError, DuplicateKeyError]
    assert stored(collection) == [0, 2, 0, 0]
    assert ids(caught.value.unwritten) == [0, 2, 3]
    assert ids(caught.value.written) == [1]
    assert [counter["_revision"] for counter in mine] == [1, 3, 1, 1]


def test_a_connection_that_breaks_between_the_saves(collection, unit, mine, monkeypatch):
    sending, sent = turns.sending, []

    def broken(batch, results):
        if sent:
            raise AutoReconnect("broken")
        sent.append((yield from sending(batch, results)))
        return sent[0]

    monkeypatch.setattr(turns, "sending", broken)
    change_elsewhere(collection, 0)
    with pytest.raises(AutoReconnect), unit():
        add_one(mine[0], mine[1], mine[0], mine[1], mine[2])
    assert stored(collection) == [0, 1, 0, 0]
    assert [counter["_revision"] for counter in mine] == [1, 2, 1, 1]
