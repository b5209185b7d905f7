"""``use_revision``: whatever writes counts, so that nobody's change is overwritten. Said of both kinds of connections."""

from __future__ import annotations

import datetime

import pytest
from pymongo import InsertOne, ReplaceOne, ReturnDocument, UpdateMany, UpdateOne

from mongokit import (
    BulkError,
    CustomType,
    Document,
    SchemaDocumentError,
    SchemaTypeError,
    StaleDocumentError,
    UpdateQueryError,
)


class Day(CustomType):
    mongo_type = str
    python_type = datetime.date

    def to_bson(self, value):
        return value.isoformat()

    def to_python(self, value):
        return datetime.date.fromisoformat(value)


class Counter(Document):
    structure = {"n": int, "text": str, "day": Day()}
    use_revision = True


class Other(Document):
    structure = {"n": int, "text": str, "day": Day()}


REPLACEMENT = {"n": 7, "text": "$n", "day": None}
PIPELINE = [{"$set": {"n": {"$add": ["$n", 1]}}}]
AFTER = {"return_document": ReturnDocument.AFTER}
WRITES = {
    "update_atomic": lambda proxy: proxy.get_from_id(1).update_atomic({"$inc": {"n": 1}}),
    "find_one_and_update": lambda proxy: proxy.find_one_and_update({"_id": 1}, {"$set": {"n": 2}}),
    "find_one_and_update, counting itself": lambda proxy: proxy.find_one_and_update(
        {"_id": 1}, {"$set": {"n": 2}, "$inc": {"_revision": 1}}
    ),
    "find_one_and_update by a pipeline": lambda proxy: proxy.find_one_and_update({"_id": 1}, PIPELINE),
    "find_one_and_replace": lambda proxy: proxy.find_one_and_replace({"_id": 1}, REPLACEMENT),
    "find_one_and_replace, of another revision": lambda proxy: proxy.find_one_and_replace(
        {"_id": 1}, {**REPLACEMENT, "_id": 1, "_revision": 1}
    ),
    "find_and_modify": lambda proxy: proxy.find_and_modify({"_id": 1}, {"$set": {"n": 2}}),
    "find_and_modify by name": lambda proxy: proxy.find_and_modify(query={"_id": 1}, update={"$set": {"n": 2}}),
    "find_and_modify, replacing": lambda proxy: proxy.find_and_modify({"_id": 1}, REPLACEMENT),
    "find_and_modify by a pipeline": lambda proxy: proxy.find_and_modify({"_id": 1}, PIPELINE),
    "UpdateOne": lambda proxy: proxy.bulk_write([UpdateOne({"_id": 1}, {"$set": {"n": 2}})]),
    "UpdateMany": lambda proxy: proxy.bulk_write([UpdateMany({}, {"$set": {"n": 2}})]),
    "UpdateOne by a pipeline": lambda proxy: proxy.bulk_write([UpdateOne({"_id": 1}, PIPELINE)]),
    "ReplaceOne": lambda proxy: proxy.bulk_write([ReplaceOne({"_id": 1}, REPLACEMENT)]),
    "ReplaceOne by a document": lambda proxy: proxy.bulk_write([ReplaceOne({"_id": 1}, proxy.get_from_id(1))]),
}  # fmt: skip
each_write = pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
old_spelling = pytest.mark.filterwarnings("ignore:find_and_modify:DeprecationWarning")


@pytest.fixture(params=["blocking", "asynchronous"])
def things(request, database):
    found = (database if request.param == "blocking" else request.getfixturevalue("driven")).things
    found.database.client.register([Counter, Other])
    return found


def stored(things):
    things.Counter({"_id": 1, "n": 0, "text": "a", "day": None}).save()
    # Some writes already, so that a count that begins anew is seen.
    for _ in range(2):
        things.Counter.get_from_id(1).save()
    return things.Counter.get_from_id(1)


@old_spelling
@each_write
def test_whoever_has_read_it_before_is_told(things, database, write):
    document = stored(things)
    write(things.Counter)
    assert database.things.find_one()["_revision"] == document["_revision"] + 1 == 4
    document["text"] = "mine"
    with pytest.raises(StaleDocumentError, match="at revision 3"):
        document.save()
    with pytest.raises(StaleDocumentError, match="at revision 3"):
        document.save(only=["text"])
    fresh = things.Counter.get_from_id(1)
    fresh.save()
    assert fresh["_revision"] == 5


@old_spelling
@each_write
def test_others_have_none(things, database, write):
    things.Other({"_id": 1, "n": 0, "text": "a", "day": None}).save()
    if (
        write is not WRITES["find_one_and_replace, of another revision"]
        and write is not (WRITES["find_one_and_update, counting itself"])
    ):
        write(things.Other)
        assert "_revision" not in database.things.find_one()


def test_what_is_replaced(things, database):
    stored(things)
    found = things.Counter.find_one_and_replace({"_id": 1}, REPLACEMENT)
    assert found == {"_id": 1, "n": 0, "text": "a", "day": None, "_revision": 3}
    found = things.Counter.find_one_and_replace({"_id": 1}, {**REPLACEMENT, "n": 8}, **AFTER)
    assert found == {"_id": 1, **REPLACEMENT, "n": 8, "_revision": 5}
    found = things.Counter.find_one_and_replace({}, REPLACEMENT, ["n"], [("n", 1)], False, True)
    assert found == {"_id": 1, "n": 7}
    document = things.Counter.get_from_id(1)
    document["day"] = datetime.date(2026, 1, 2)
    things.Counter.find_one_and_replace({"_id": 1}, document)
    assert database.things.find_one() == {
        "_id": 1, "n": 7, "text": "$n", "day": "2026-01-02", "_revision": 7
    }  # fmt: skip


@pytest.mark.parametrize("upsert", ["find_one_and_replace", "find_one_and_update", "ReplaceOne", "UpdateOne"])
def test_what_was_not_there(things, database, upsert):
    if upsert == "find_one_and_replace":
        things.Counter.find_one_and_replace({"_id": 9}, REPLACEMENT, upsert=True)
    elif upsert == "find_one_and_update":
        things.Counter.find_one_and_update({"_id": 9}, {"$set": REPLACEMENT}, upsert=True)
    else:
        request = (
            ReplaceOne({"_id": 9}, REPLACEMENT, upsert=True)
            if upsert == "ReplaceOne"
            else UpdateOne({"_id": 9}, {"$set": REPLACEMENT}, upsert=True)
        )
        assert things.Counter.bulk_write([request]).upserted_ids == {0: 9}
    assert database.things.find_one() == {"_id": 9, **REPLACEMENT, "_revision": 1}


def test_what_is_inserted_in_bulk(things, database):
    things.Counter.bulk_write([InsertOne({**REPLACEMENT, "_id": 9})])
    assert database.things.find_one() == {"_id": 9, **REPLACEMENT, "_revision": 1}


def test_a_document_as_replacement_where_there_are_no_revisions(things, database):
    things.Other({"_id": 1, "n": 0, "text": "a", "day": None}).save()
    document = things.Other({"_id": 1, "n": 1, "text": "b", "day": None})
    document["day"] = datetime.date(2026, 1, 2)
    things.Other.find_one_and_replace({"_id": 1}, document)
    assert database.things.find_one() == {"_id": 1, "n": 1, "text": "b", "day": "2026-01-02"}


SETTING = {
    "set": {"$set": {"_revision": 1}},
    "when inserted": {"$setOnInsert": {"_revision": 1}},
    "removed": {"$unset": {"_revision": ""}},
    "renamed": {"$rename": {"n": "_revision"}},
}


@pytest.mark.parametrize("update", SETTING.values(), ids=SETTING)
def test_the_revision_is_nobodys_to_set(things, update):
    stored(things)
    with pytest.raises(UpdateQueryError, match="_revision"):
        things.Counter.find_one_and_update({}, update, validate=False)
    assert things.Counter.get_from_id(1)["_revision"] == 3


NOT_UPDATES = {"empty": {}, "no operators": {"n": 1}, "values": {"$set": 3}, "text": "x"}


@pytest.mark.parametrize("update", NOT_UPDATES.values(), ids=NOT_UPDATES)
def test_what_is_no_update_is_not_made_one(things, update):
    stored(things)
    with pytest.raises(Exception):  # noqa: B017, PT011 (PyMongo's or the server's, of several kinds)
        things.Counter.find_one_and_update({}, update)
    assert things.Counter.get_from_id(1)["_revision"] == 3


def test_operators_are_no_replacement(things):
    stored(things)
    with pytest.raises(ValueError, match="replacement"):
        things.Counter.find_one_and_replace({}, {"$set": {"n": 1}})


HOSTILE = {
    "text": "1", "a condition": {"$gt": 0}, "exists": {"$exists": True}, "below 0": -1, "huge": 2**63 - 1,
    "more than BSON has": 2**70, "True": True, "a float": 1.0, "a list": [1],
}  # fmt: skip


@pytest.mark.parametrize("revision", HOSTILE.values(), ids=HOSTILE)
def test_what_can_be_no_revision(things, database, revision):
    document = stored(things)
    document["_revision"] = revision
    before = database.things.find_one()
    with_unit = things.database.client.unit_of_work
    writes = [document.save, lambda: document.save(only=["n"])]
    writes.append(lambda: things.Counter.bulk_write([ReplaceOne({"_id": 1}, document)]))
    for write in writes:
        with pytest.raises(SchemaTypeError, match="_revision of Counter must be a number from 0") as caught:
            write()
        assert [failure["path"] for failure in caught.value.errors()] == ["_revision"]
    with pytest.raises(SchemaDocumentError), with_unit():
        document.save()
    assert database.things.find_one() == before


def test_a_unit_of_work_names_the_revision_that_was_read(things):
    document = stored(things)
    other = things.Counter.get_from_id(1)
    other["n"] = 1
    other.save()
    document["n"] = 2
    with (
        pytest.raises(BulkError, match="since it was read \\(at revision 3\\)"),
        things.database.client.unit_of_work(),
    ):
        document.save()
    assert document["_revision"] == 3
    new = things.Counter({"_id": 1, "n": 2, "text": "b", "day": None})
    with pytest.raises(StaleDocumentError, match="before it had a revision"):
        new.save()
