"""More than 16 MB: one error of ours, with the path of what is large and the sizes in bytes, and nothing is stored.

PyMongo complains of some of it, and leaves other to the server; of which the embedded one says little. All of it is said
of both kinds of collections.
"""

from __future__ import annotations

import traceback

import bson
import pytest
from bson.codec_options import DEFAULT_CODEC_OPTIONS
from pymongo import InsertOne, ReplaceOne, UpdateMany, UpdateOne
from pymongo.errors import OperationFailure

from mongokit import (
    BulkError,
    BulkWriteError,
    Document,
    DuplicateKeyError,
    EncodingError,
    MaxDocumentSizeError,
)
from mongokit.flow import run
from mongokit.modifying import refusing
from mongokit.sizes import MAX_BSON_SIZE, exceeding, most_of, size_of


class Talk(Document):
    structure = {"topic": str, "parts": [{"text": str}], "more": dict}


class Page(Talk):
    use_revision = True


SIZES = [MAX_BSON_SIZE - 20, 17_000_000, 50_000_000]
"""More than a document may have; than PyMongo sends of one; than it sends at once."""
HALF = "x" * 9_000_000


@pytest.fixture(params=["blocking", "asynchronous"])
def things(request, database):
    found = (database if request.param == "blocking" else request.getfixturevalue("driven")).things
    found.database.client.register([Talk, Page])
    return found


@pytest.fixture(params=["Talk", "Page"])
def proxy(request, things):
    return getattr(things, request.param)


def name_of(proxy):
    return type(proxy()).__name__


def talk(text="b", **more):
    return {"topic": "t", "parts": [{"text": text}], "more": {}, **more}


def one_stored(proxy, **more):
    stored = talk(_id=1, **more)
    proxy.collection.insert_one({**stored, "_revision": 1} if name_of(proxy) == "Page" else stored)
    return proxy.get_from_id(1)


def changed(document, only=None, **values):
    document.update(values)
    document.save(**({} if only is None else {"only": only}))


WHOLE = {
    "save": lambda proxy, text: proxy(talk(text)).save(),
    "save again": lambda proxy, text: changed(proxy.get_from_id(1), parts=[{"text": text}]),
    "save(only)": lambda proxy, text: changed(proxy.get_from_id(1), ["parts"], parts=[{"text": text}]),
    "find_one_and_replace": lambda proxy, text: proxy.find_one_and_replace({"_id": 1}, talk(text)),
    "insert_many": lambda proxy, text: proxy.insert_many([talk(text), talk()]),
    "bulk_write InsertOne": lambda proxy, text: proxy.bulk_write([InsertOne(talk()), InsertOne(talk(text))]),
    "bulk_write ReplaceOne": lambda proxy, text: proxy.bulk_write(
        [InsertOne(talk()), ReplaceOne({"_id": 1}, talk(text))]
    ),
}
UPDATES = {
    "update_atomic": lambda proxy, update: proxy.get_from_id(1).update_atomic(update),
    "find_one_and_update": lambda proxy, update: proxy.find_one_and_update({"_id": 1}, update),
    "bulk_write UpdateOne": lambda proxy, update: proxy.bulk_write(
        [InsertOne(talk()), UpdateOne({"_id": 1}, update)]
    ),
    "bulk_write UpdateMany": lambda proxy, update: proxy.bulk_write(
        [InsertOne(talk()), UpdateMany({}, update)]
    ),
}


def refused(proxy, write, content):
    """The error's text, once nothing is stored."""
    before = one_stored(proxy)
    with pytest.raises(MaxDocumentSizeError) as caught:
        write(proxy, content)
    assert proxy.collection.count_documents({}) == 1
    assert proxy.get_from_id(1) == before
    assert "Keep what is large in GridFS (gridfs), or in documents of their own." in str(caught.value)
    assert sum(map(len, traceback.format_exception(caught.value))) < 50_000, "of what is printed"
    return str(caught.value)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("write", WHOLE.values(), ids=WHOLE)
def test_a_document(proxy, write, size):
    said = refused(proxy, write, "x" * size)
    sent = int(said.partition("it has ")[2].partition(" bytes")[0])
    assert size < sent < size + 200
    assert f"{name_of(proxy)}: it has {sent} bytes as BSON; MongoDB takes 16777216. Most of it is " in said
    assert f"Most of it is parts.0.text, with {size + 5} bytes. " in said


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("write", UPDATES.values(), ids=UPDATES)
def test_an_update(proxy, write, size):
    said = refused(proxy, write, {"$set": {"parts.0.text": "x" * size}})
    assert "the update has" in said
    assert f"Most of the update is $set: parts.0.text, with {size + 5} bytes. " in said


def test_a_pipeline(proxy):
    update = [{"$set": {"topic": "u"}}, {"$set": {"more": {"a": "x" * 16_780_000}}}]
    said = refused(proxy, UPDATES["find_one_and_update"], update)
    assert "Most of the update is 1.$set.more.a, with 16780005 bytes. " in said


@pytest.mark.filterwarnings("ignore:find_and_modify")
def test_the_old_spelling(things):
    for update in ({"$set": {"more.a": "x" * 16_780_000}}, talk("x" * 16_780_000)):
        for write in (
            lambda proxy, update: proxy.find_and_modify({"_id": 1}, update),
            lambda proxy, update: proxy.find_and_modify(query={"_id": 1}, update=update),
        ):
            assert "with 16780005 bytes" in refused(things.Talk, write, update)
            things.delete_many({})


GROWING = {
    "$set": ({"$set": {"more.a": HALF}}, "$set: more.a, with 9000005 bytes"),
    "$push": ({"$push": {"parts": {"text": HALF}}}, "$push: parts.text, with 9000005 bytes"),
    "a pipeline": ([{"$set": {"more.a": HALF}}], "0.$set.more.a, with 9000005 bytes"),
}


@pytest.mark.parametrize("name", ["update_atomic", "find_one_and_update"])
@pytest.mark.parametrize(("update", "most"), GROWING.values(), ids=GROWING)
def test_what_an_update_makes_of_it(proxy, name, update, most):
    if name == "update_atomic" and isinstance(update, list):
        update, most = GROWING["$set"]
    one_stored(proxy, more={"b": HALF})
    size = len(bson.encode(proxy.collection.find_one()))
    with pytest.raises(MaxDocumentSizeError) as caught:
        UPDATES[name](proxy, update)
    said = str(caught.value)
    assert f"{name_of(proxy)} 1: it has {size} bytes as BSON, and this update 9000" in said
    assert f"; MongoDB takes 16777216. Most of the update is {most}. " in said
    assert isinstance(caught.value.__cause__, OperationFailure)
    assert len(proxy.collection.find_one({"_id": 1})["more"]) == 1


def test_it_is_the_document_that_the_query_finds(things):
    things.insert_one(talk(_id=1, more={"b": HALF}))
    things.insert_one(talk(_id=2, more={"b": HALF + HALF[:1000]}))
    update = {"$set": {"more.a": HALF}}
    with pytest.raises(MaxDocumentSizeError, match=r"^Talk 2: it has 90010\d\d bytes"):
        things.Talk.find_one_and_update({}, update, sort=[("_id", -1)])
    with pytest.raises(MaxDocumentSizeError, match=r"^Talk 1: it has 90000\d\d bytes"):
        things.Talk.find_one_and_update({}, update, None, [("_id", 1)])


def test_fields_that_make_it_too_large(proxy):
    one_stored(proxy, more={"b": HALF})
    document = proxy.find_one({"_id": 1}, {"more": 0})
    with pytest.raises(MaxDocumentSizeError) as caught:
        changed(document, ["parts"], parts=[{"text": HALF}])
    said = str(caught.value)
    assert f"{name_of(proxy)}: it would have more bytes as BSON, of which 90" in said
    assert "Most of it is parts.0.text, with 9000005 bytes. " in said


def test_an_update_in_a_bulk_write(proxy):
    """What was carried out before it is told: the server stops there."""
    one_stored(proxy, more={"b": HALF})
    requests = [
        InsertOne(talk()),
        UpdateOne({"topic": "t"}, {"$set": {"topic": "u"}}),
        UpdateOne({"_id": 1}, {"$set": {"more.a": HALF}}),
        InsertOne(talk()),
    ]
    with pytest.raises(MaxDocumentSizeError) as caught:
        proxy.bulk_write(requests)
    assert str(caught.value).startswith(f"request 2: {name_of(proxy)}: it would have more bytes as BSON")
    assert str(caught.value).endswith("The other requests have reached 2 documents.")
    assert sum(map(len, traceback.format_exception(caught.value))) < 50_000
    assert proxy.collection.count_documents({}) == 2
    with pytest.raises(
        MaxDocumentSizeError, match=r"2 requests are refused for this\) The other .* 1 documents"
    ):
        proxy.bulk_write([requests[2], requests[0], requests[2]], ordered=False)


def test_an_update_beside_what_else_is_refused(proxy):
    one_stored(proxy, more={"b": HALF})
    requests = [
        InsertOne({**talk(), "_id": 1}),
        UpdateOne({"_id": 1}, {"$set": {"more.a": HALF}}),
    ]
    with pytest.raises(BulkWriteError) as caught:
        proxy.bulk_write(requests, ordered=False)
    duplicate, large = (error for _, error in caught.value.failures)
    assert isinstance(duplicate, DuplicateKeyError)
    assert isinstance(large, MaxDocumentSizeError)
    assert "Most of the update is $set: more.a, with " in str(large)
    assert sum(map(len, traceback.format_exception(caught.value))) < 50_000


def test_what_a_request_for_many_has_changed_is_not_known(proxy):
    one_stored(proxy, more={})
    proxy.collection.insert_one({**talk(), "_id": 2, "more": {"b": HALF}})
    with pytest.raises(
        MaxDocumentSizeError, match=r"Of the documents of request 0 some may have been changed\.$"
    ):
        proxy.bulk_write([UpdateMany({}, {"$set": {"more.a": HALF}})])


def test_a_bulk_write_names_what_cannot_be_encoded(proxy):
    requests = [
        InsertOne(talk()),
        UpdateOne({}, {"$set": {"topic": "\ud800"}}),
        ReplaceOne({}, talk(more={"n": 2**70})),
    ]
    with pytest.raises(
        EncodingError, match=r"request 1: \$set.topic cannot be stored: text with half"
    ) as caught:
        proxy.bulk_write(requests)
    assert [error["path"] for error in caught.value.errors()] == ["1.$set.topic", "2.more.n"]
    assert proxy.collection.count_documents({}) == 0


@pytest.mark.parametrize("size", [17_000_000, 50_000_000])
@pytest.mark.parametrize("bad", ["large", "unencodable"])
def test_insert_many_tells_what_is_written(proxy, bad, size):
    """The server takes one after the other, and PyMongo sends one message before it encodes the next."""
    content = {"topic": "x" * size} if bad == "large" else {"topic": "\ud800"}
    # The third is more than goes into one message with the others.
    given = [talk(), talk(_id=7), *(talk("y" * 16_000_000) for _ in range(3)), {**talk(), **content}, talk()]
    given = [proxy(one) for one in given]
    with pytest.raises(BulkError) as caught:
        proxy.insert_many(given)
    error = caught.value
    stored = {one["_id"] for one in proxy.collection.find({}, {"_id": 1})}
    assert {one["_id"] for one in error.written} == stored
    assert {7, given[0]["_id"]} <= stored
    assert {one["_id"] for one in error.unwritten} == {one["_id"] for one in given} - stored
    ((document, why),) = error.failures
    assert document is given[5]
    assert isinstance(why, MaxDocumentSizeError if bad == "large" else EncodingError)
    assert sum(map(len, traceback.format_exception(error))) < 50_000 or bad == "unencodable"


def test_what_was_there_before_is_not_said_to_be_written(things):
    """Of a key that was given only what is stored just so is this document."""
    things.insert_many([talk(_id=1, more={"theirs": True}), talk(_id=2, more={"theirs": True})])
    given = [talk(_id=1), talk(_id=2), {**talk(), "topic": "\ud800"}]
    with pytest.raises(EncodingError, match="document 2: topic cannot be stored"):
        things.Talk.insert_many(given)


@pytest.mark.parametrize("more", [{}, {"topic": "\ud800"}])
def test_what_else_fails_in_the_server_is_not_said_to_be_too_large(database, more):
    """The embedded server says "internal server error" of much."""
    database.client.register([Talk])
    things = database.things
    things.insert_one(talk(_id=1))
    error = OperationFailure("internal server error", 1)
    for sent in ({"$set": {"topic": "u"}}, talk(), [{"$set": {"topic": "u"}}], None):
        for filter in ({}, {"_id": 2}, {"_id": {"$bad": 1}}):
            with pytest.raises(OperationFailure) as caught:
                run(refusing(things.Talk, error, filter, sent, (), {}))
            assert caught.value is error


PARTS = {
    "a field": ({"a": "x" * 100, "b": 1}, "a", 105, 0),
    "inside": ({"a": {"b": ["s", {"c": "x" * 100}]}}, "a.b.1.c", 105, 0),
    "many alike": ({"a": ["x" * 10] * 10}, "a", 5 + 10 * (1 + 2 + 15), 10),
    "no half": ({"a": "x" * 10, "b": "x" * 11, "c": "x" * 9}, "b", 16, 0),
    "an update": ({"$set": {"a.b": "x" * 100}}, "$set: a.b", 105, 0),
    "numbers as keys": ({1: "x" * 9}, "1", 14, 0),
}


@pytest.mark.parametrize(("value", "path", "size", "number"), PARTS.values(), ids=PARTS)
def test_most_of(value, path, size, number):
    value = {str(key): each for key, each in value.items()}
    said = most_of(value, DEFAULT_CODEC_OPTIONS)
    among = f" in {number} elements" if number else ""
    assert said.startswith(f"Most of it is {path}, with {size} bytes{among}. Keep ")


def test_sizes():
    assert size_of({"a": 1}, DEFAULT_CODEC_OPTIONS) == len(bson.encode({"a": 1}))
    assert most_of({}, DEFAULT_CODEC_OPTIONS).startswith("Keep what is large")
    assert exceeding({"a": 1}, DEFAULT_CODEC_OPTIONS).startswith(
        "it would have more bytes as BSON, of which 12 are"
    )
