"""Whatever writes says what is wrong in the class's words. All of it is said of both kinds of collections."""

from __future__ import annotations

import enum

import pytest
from bson import DBRef, ObjectId
from pymongo import InsertOne, ReplaceOne, UpdateOne

from mongokit import (
    Document,
    DocumentMigration,
    Ref,
    SchemaDocument,
    SchemaDocumentError,
    VersionedDocument,
)


class State(enum.Enum):
    DRAFT = "draft"


class Item(SchemaDocument):
    structure = {"price": float, "name": str}
    required_fields = ["name"]
    error_messages = {"name": {"required": "An item has a name"}}


class Talk(Document):
    structure = {
        "topic": str,
        "items": [Item],
        "scores": {str: int},
        "seats": int,
        "pair": (int, int),
        "any": None,
    }
    required_fields = ["topic"]
    validators = {"seats": lambda seats: seats > 0}
    error_messages = {
        "topic": {"required": "Give the talk a topic", "invalid_type": "A topic is text, not {value}"},
        "items.price": "A price is a number, {path}",
        "scores.$str": "A score is a number, {path}",
        "seats": {
            "validator": "At least one seat",
            "unstorable": "Not so many",
            "invalid_type": "A number",
            "missing": "How many seats?",
        },
        "pair": {"invalid_length": "Two of them"},
        "any": {"unstorable": "Nothing of that, {path}"},
    }


class Page(VersionedDocument):
    structure = {"topic": str}
    error_messages = {"topic": "A page has a topic"}


class Owner(Document):
    structure = {"talk": Talk, "name": str}
    use_autorefs = True
    error_messages = {"talk": "A talk, please"}


class Place(Document):
    structure = {"name": str}
    __collection__ = "places"


class Reader(Document):
    structure = {"place": Ref(Place), "state": str}
    error_messages = {"place": {"invalid_type": "A place to refer to"}}


class Keyed(Document):
    structure = {"_id": str, "state": str}
    error_messages = {"_id": {"required": "Choose a key", "unstorable": "No such key"}}


class Stated(Document):
    state: State = State.DRAFT
    error_messages = {"state": {"invalid_choice": "One of {accepted}"}}


ALL = (Talk, Owner, Place, Reader, Keyed, Stated)
RIGHT = {"topic": "A", "items": [], "scores": {}, "seats": 1, "pair": [1, 2], "any": None}


@pytest.fixture(params=["blocking", "asynchronous"])
def collection(request, database):
    found = (database if request.param == "blocking" else request.getfixturevalue("driven")).things
    found.database.client.register(ALL)
    return found


def told(action):
    """Return the texts of what is wrong, by path."""
    with pytest.raises(SchemaDocumentError) as caught:
        action()
    return {one["path"]: one["message"] for one in caught.value.errors()}


WRITES = {
    "save": lambda talks, wrong: talks.Talk(wrong).save(),
    "insert_many": lambda talks, wrong: talks.Talk.insert_many([wrong]),
    "insert_many of documents": lambda talks, wrong: talks.Talk.insert_many([talks.Talk(wrong)]),
    "bulk_write": lambda talks, wrong: talks.Talk.bulk_write([InsertOne(wrong)]),
    "replacements": lambda talks, wrong: talks.Talk.bulk_write([ReplaceOne({}, wrong)]),
    "find_one_and_replace": lambda talks, wrong: talks.Talk.find_one_and_replace({}, wrong),
}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_documents(collection, write):
    wrong = {
        **RIGHT,
        "topic": None,
        "items": [{"price": "x", "name": ""}],
        "scores": {"me": "x"},
        "seats": -1,
    }
    found = told(lambda: write(collection, {**wrong, "pair": [1], "items": [{"price": "x", "name": None}]}))
    texts = {
        "topic": "Give the talk a topic",
        "items.0.price": "A price is a number, items.0.price",
        "items.0.name": "An item has a name",
        "scores.me": "A score is a number, scores.me",
        "seats": "At least one seat",
        "pair": "Two of them",
    }
    assert set(found) in (set(texts), {f"0.{path}" for path in texts})
    for path, text in found.items():
        assert text.endswith(texts[path.removeprefix("0.")])


def test_a_unit_of_work(collection):
    def work():
        with collection.database.client.unit_of_work():
            collection.Talk({**RIGHT, "topic": 3}).save()

    assert told(work) == {"topic": "A topic is text, not 3"}


UPDATES = {
    "$set": ({"$set": {"topic": 3}}, {"topic": "A topic is text, not 3"}),
    "$set None": ({"$set": {"topic": None}}, {"topic": "Give the talk a topic"}),
    "in a list": ({"$set": {"items.4.price": "x"}}, {"items.4.price": "A price is a number, items.4.price"}),
    "in all of a list": (
        {"$set": {"items.$[].price": "x"}},
        {"items.$[].price": "A price is a number, items.$[].price"},
    ),
    "typed keys": ({"$set": {"scores.me": "x"}}, {"scores.me": "A score is a number, scores.me"}),
    "embedded": (
        {"$push": {"items": {"price": 1.0, "name": None}}},
        {"items.name": "An item has a name"},
    ),
    "$each": (
        {"$push": {"items": {"$each": [{"price": "x", "name": "A"}]}}},
        {"items.$each.0.price": "A price is a number, items.$each.0.price"},
    ),
    "$unset": (
        {"$unset": {"topic": 1, "seats": 1}},
        {"topic": "Give the talk a topic", "seats": "How many seats?"},
    ),
    "$inc": ({"$inc": {"seats": "x"}}, {"seats": "A number"}),
    "validator": ({"$max": {"seats": -1}}, {"seats": "At least one seat"}),
    "$push to a tuple": ({"$push": {"pair": 3}}, {"pair": "Two of them"}),
}


@pytest.mark.parametrize(("update", "texts"), UPDATES.values(), ids=UPDATES)
def test_updates(collection, update, texts):
    talk = collection.Talk(RIGHT)
    talk.save()
    assert told(lambda: talk.update_atomic(update)) == texts
    assert told(lambda: collection.Talk.find_one_and_update({}, update)) == texts
    in_bulk = told(lambda: collection.Talk.bulk_write([UpdateOne({}, update)]))
    assert all(text.endswith(texts[path.removeprefix("0.")]) for path, text in in_bulk.items())


def test_values_of_custom_types(collection):
    change = {"$set": {"state": "hidden"}}
    assert told(lambda: collection.Stated.find_one_and_update({}, change)) == {"state": "One of 'draft'"}
    assert told(lambda: collection.Stated({"state": 3}).save()) == {"state": "One of 'draft'"}


def test_what_bson_cannot_hold(collection):
    talk = collection.Talk({**RIGHT, "seats": 2**70})
    assert told(talk.save) == {"seats": "Not so many"}
    assert told(lambda: collection.Talk.insert_many([{**RIGHT, "any": ["\ud800"]}])) == {
        "0.any.0": "document 0: Nothing of that, any.0"
    }


def test_documents_that_are_saved_with_others(collection):
    owner = collection.Owner({"talk": collection.Talk({**RIGHT, "topic": None}), "name": "A"})
    assert told(owner.save) == {"talk.topic": "talk: Give the talk a topic"}
    assert told(collection.Owner({"talk": 3, "name": "A"}).save) == {"talk": "A talk, please"}
    assert told(lambda: collection.Owner.find_one_and_update({}, {"$set": {"talk": 3}})) == {
        "talk": "A talk, please"
    }


def test_references(collection):
    text = {"place": "A place to refer to"}
    assert told(collection.Reader({"place": 1.5j, "state": ""}).save) == text
    assert told(collection.Reader({"place": DBRef("elsewhere", ObjectId()), "state": ""}).save) == text


def test_ids(collection):
    assert told(collection.Keyed({"state": ""}).save) == {"_id": "Choose a key"}


class WrongRule(DocumentMigration):
    def allmigration01(self):
        self.target = {"topic": {"$exists": True}}
        self.update = {"$set": {"topic": 3}}


def test_rules_of_migrations(database):
    database.things.insert_one({"topic": "A"})
    with pytest.raises(SchemaDocumentError, match=r"allmigration01: A topic is text, not 3$"):
        WrongRule(Talk).migrate_all(database.things)


def test_versioned_documents(database):
    database.client.register([Page])
    assert told(database.things.Page({"topic": 3}).save) == {"topic": "A page has a topic"}


async def test_awaited(adatabase):
    adatabase.client.register([Talk, Page])
    with pytest.raises(SchemaDocumentError, match=r"^A page has a topic$"):
        await adatabase.things.Page({"topic": 3}).save()
    with pytest.raises(SchemaDocumentError, match=r"^Give the talk a topic$"):
        await adatabase.things.Talk({**RIGHT, "topic": None}).save()
    with pytest.raises(SchemaDocumentError, match=r"^A price is a number, items.0.price$"):
        await adatabase.things.Talk.find_one_and_update({}, {"$set": {"items.0.price": "x"}})
