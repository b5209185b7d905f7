"""What an update would make of a document, known before it is sent. Said of both kinds of collections."""

from __future__ import annotations

import copy
import datetime
import decimal
import enum
from typing import Annotated

import pytest
from annotated_types import Ge
from bson import DBRef, Decimal128, Int64, ObjectId
from pymongo import InsertOne, UpdateMany, UpdateOne

from mongokit import (
    IS,
    OR,
    AuthorizedTypeError,
    BadKeyError,
    CustomType,
    Document,
    DuplicateKeyError,
    EncodingError,
    MaxDocumentSizeError,
    OperationFailure,
    Ref,
    RequireFieldError,
    SchemaDocument,
    SchemaDocumentError,
    SchemaTypeError,
    Set,
    StructureError,
    UpdateQueryError,
    ValidationError,
)
from mongokit.errors import SetContentError


class Day(CustomType):
    mongo_type = str
    python_type = datetime.date

    def to_bson(self, value):
        return value.isoformat()

    def to_python(self, value):
        return datetime.date.fromisoformat(value)


class State(enum.Enum):
    DRAFT = "draft"
    PUBLIC = "public"


class Author(Document):
    structure = {"name": str}
    __collection__ = "authors"


class Talk(Document):
    structure = {
        "topic": str,
        "seats": int,
        "price": float,
        "exact": Decimal128,
        "when": datetime.datetime,
        "day": Day(),
        "state": IS("draft", "public"),
        "either": OR(int, str),
        "any": None,
        "free": dict,
        "loose": list,
        "tags": [str],
        "words": Set(str),
        "pair": (int, str),
        "items": [{"price": float, "count": int}],
        "counts": {str: int},
        "where": {"city": str, "room": int},
        "author": Ref(Author),
        "title": str,
    }
    required_fields = ["topic", "tags", "where.city"]
    validators = {"seats": lambda seats: seats > 0, "items.price": lambda price: price >= 0}
    i18n = ["title"]


class Place(SchemaDocument):
    city: str
    room: int | None = None


class Noted(Document):
    name: str
    seats: Annotated[int, Ge(1)] = 1
    cost: decimal.Decimal = decimal.Decimal("1.5")
    state: State = State.DRAFT
    place: Place
    places: list[Place] = []
    note: str | None = None


class Careless(Talk):
    skip_validation = True


class Loose(Document):
    structure = {"n": int, "in": {"m": int}}
    use_schemaless = True
    required_fields = ["n"]


class Owner(Document):
    structure = {"author": Author, "authors": [Author], "by": {str: Author}}
    use_autorefs = True
    force_autorefs_current_db = True


ALL = [Author, Talk, Noted, Careless, Loose, Owner]


@pytest.fixture(params=["blocking", "asynchronous"])
def things(request, database):
    found = (database if request.param == "blocking" else request.getfixturevalue("driven")).things
    found.database.client.register(ALL)
    return found


def talk():
    return {
        **Talk(), "_id": 1, "topic": "a", "seats": 5, "price": 1.0, "exact": Decimal128("1"), "tags": ["x", "y"],
        "words": {"w"}, "pair": [1, "x"], "items": [{"price": 1.0, "count": 1}], "where": {"city": "Bonn", "room": 1},
        "title": {"en": "A"},
    }  # fmt: skip


ACCEPTED = {
    "a value": {"$set": {"topic": "b", "seats": 7, "price": 2, "where.room": None}},
    "None": {"$set": {"seats": None, "when": None, "author": None, "title": None}},
    "nested": {"$set": {"where": {"city": "Ulm", "room": None}, "items": [{"price": 0.0, "count": None}]}},
    "inside": {
        "$set": {"items.0.price": 3.5, "items.$[].count": 2, "counts.a": 1, "pair.1": "z", "tags.0": "t"}
    },
    "open": {"$set": {"free": {"x": {"y": [1]}}, "any": "x", "loose": [1, "x"], "either": "x"}},
    "below what is open": {"$set": {"free.deep.er": {"y": 1}}},
    "stored forms": {
        "$set": {"day": "2026-01-02", "words": ["b", "a"], "state": "public", "author": ObjectId()}
    },
    "a translation": {"$set": {"title": [{"lang": "en", "value": "B"}]}},
    "inside a translation": {"$set": {"title.0.value": "B"}},
    "least and most": {"$min": {"seats": 1}, "$max": {"price": 9}},
    "counted": {
        "$inc": {"seats": -1, "price": 2, "counts.new": 1, "items.0.count": Int64(2)},
        "$mul": {"exact": 2},
    },
    "counted exactly": {"$inc": {"exact": Decimal128("0.1"), "either": 1}},
    "pushed": {"$push": {"tags": "y", "items": {"price": 1.0, "count": 0}, "loose": {"a": 1}}},
    "several pushed": {"$push": {"tags": {"$each": ["y", "z"], "$position": 0, "$slice": 5}}},
    "added": {"$addToSet": {"words": "v", "tags": {"$each": []}}},
    "several added": {"$addToSet": {"words": {"$each": ["v", "u"]}}},
    "pulled": {
        "$pull": {"tags": {"$in": ["a", 3]}, "items": {"price": {"$gt": 0}}},
        "$pullAll": {"words": [1]},
    },
    "popped": {"$pop": {"tags": 1}},
    "now": {"$currentDate": {"when": True}},
    "now, as a date": {"$currentDate": {"when": {"$type": "date"}}},
    "removed, what is open": {"$unset": {"counts.a": "", "free.x": "", "gone": ""}},
}


@pytest.mark.parametrize("update", ACCEPTED.values(), ids=ACCEPTED)
def test_what_leaves_a_document_valid(things, update):
    document = things.Talk(talk())
    document["counts"], document["free"], document["loose"], document["either"] = {"a": 1}, {"x": 1}, [], 1
    document.save()
    given = copy.deepcopy(update)
    document.update_atomic(update)
    assert update == given
    document.validate()
    assert things.Talk.find_one_and_update({}, update) is not None


REFUSED = {
    "an operator": ({"$set": {"topic": {"$gt": ""}}}, SchemaTypeError, ["topic"]),
    "an operator in a nested field": ({"$set": {"where.city": {"$ne": None}}}, SchemaTypeError, ["where.city"]),
    "an operator in an open field": ({"$set": {"free": {"$gt": ""}}}, BadKeyError, ["free"]),
    "an operator below an open field": ({"$set": {"free.x": {"y": {"$gt": ""}}}}, BadKeyError, ["free.x.y"]),
    "an operator for anything": ({"$set": {"any": [{"$gt": ""}]}}, BadKeyError, ["any.0"]),
    "an operator pushed": ({"$push": {"tags": {"$gt": ""}}}, SchemaTypeError, ["tags"]),
    "an operator pushed anywhere": ({"$push": {"loose": {"$gt": ""}}}, BadKeyError, ["loose.0"]),
    "types": (
        {"$set": {"topic": 1, "seats": 1.5, "price": "x", "either": 1.5, "state": "gone"}},
        SchemaTypeError,
        ["topic", "seats", "price", "either", "state"],
    ),
    "a bool": ({"$set": {"seats": True}}, SchemaTypeError, ["seats"]),
    "a type for anything": ({"$set": {"any": datetime.date(2026, 1, 1)}}, AuthorizedTypeError, ["any"]),
    "a validator": ({"$set": {"seats": 0}}, ValidationError, ["seats"]),
    "a validator inside": ({"$set": {"items.3.price": -1.0}}, ValidationError, ["items.3.price"]),
    "a validator below": ({"$set": {"items": [{"price": 1.0, "count": 1}, {"price": -1.0, "count": 1}]}}, ValidationError, ["items.1.price"]),
    "all matching": ({"$set": {"items.$[].price": "x"}}, SchemaTypeError, ["items.$[].price"]),
    "required": ({"$set": {"topic": None, "tags": []}}, RequireFieldError, ["topic", "tags"]),
    "required below": ({"$set": {"where": {"city": None, "room": 1}}}, RequireFieldError, ["where.city"]),
    "missing": ({"$set": {"where": {"city": "x"}}}, StructureError, ["where.room"]),
    "unknown": ({"$set": {"where": {"city": "x", "room": 1, "x": 1}}}, StructureError, ["where.x"]),
    "an element": ({"$set": {"tags.1": 3}}, SchemaTypeError, ["tags.1"]),
    "an element of a pair": ({"$set": {"pair.0": "x"}}, SchemaTypeError, ["pair.0"]),
    "the length of a pair": ({"$set": {"pair": [1, "x", 2]}}, SchemaTypeError, ["pair"]),
    "a value of a map": ({"$set": {"counts.a": "x"}}, SchemaTypeError, ["counts.a"]),
    "neither as it is stored nor as in Python": ({"$set": {"day": 5}}, SchemaTypeError, ["day"]),
    "what cannot be stored": ({"$set": {"words": {1j}}}, SetContentError, ["words"]),
    "what cannot be read": ({"$set": {"day": "tomorrow"}}, SchemaTypeError, ["day"]),
    "elements of a set": ({"$set": {"words": ["a", 3]}}, SetContentError, ["words"]),
    "a reference": ({"$set": {"author": {"$gt": ""}}}, SchemaTypeError, ["author"]),
    "a translation": ({"$set": {"title": [{"lang": "en", "value": 3}]}}, SchemaTypeError, ["title.en"]),
    "no translation": ({"$set": {"title": "x"}}, SchemaTypeError, ["title"]),
    "the least": ({"$min": {"seats": {"$gt": 1}}}, SchemaTypeError, ["seats"]),
    "the most": ({"$max": {"seats": -1}}, ValidationError, ["seats"]),
    "no number": ({"$inc": {"seats": "1"}}, SchemaTypeError, ["seats"]),
    "a number of another type": ({"$inc": {"seats": 0.5}}, SchemaTypeError, ["seats"]),
    "counting what is none": ({"$mul": {"topic": 2}, "$inc": {"tags": 1}}, SchemaTypeError, ["topic", "tags"]),
    "counting by truth": ({"$inc": {"seats": True}}, SchemaTypeError, ["seats"]),
    "pushed": ({"$push": {"tags": 3}}, SchemaTypeError, ["tags"]),
    "pushed to what is no list": ({"$push": {"topic": "x"}}, SchemaTypeError, ["topic"]),
    "pushed to a pair": ({"$push": {"pair": 1}}, SchemaTypeError, ["pair"]),
    "pushed None": ({"$push": {"items": {"price": 1.0}}}, StructureError, ["items.count"]),
    "several pushed": ({"$push": {"tags": {"$each": ["a", 3]}}}, SchemaTypeError, ["tags.$each.1"]),
    "no list to push": ({"$push": {"tags": {"$each": "ab"}}}, SchemaTypeError, ["tags.$each"]),
    "added": ({"$addToSet": {"tags": 3, "words": 3}}, SchemaDocumentError, ["tags", "words"]),
    "several added": ({"$addToSet": {"words": {"$each": [3]}}}, SetContentError, ["words"]),
    "no time": ({"$currentDate": {"topic": True}}, SchemaTypeError, ["topic"]),
    "a timestamp": ({"$currentDate": {"when": {"$type": "timestamp"}}}, SchemaTypeError, ["when"]),
    "removed, and required": ({"$unset": {"topic": "", "where.city": ""}}, RequireFieldError, ["topic", "where.city"]),
    "removed, and missed": ({"$unset": {"seats": "", "where.room": ""}}, StructureError, ["seats", "where.room"]),
    "renamed": ({"$rename": {"topic": "state"}}, RequireFieldError, ["topic"]),
    "all at once": (
        {"$set": {"topic": 1}, "$inc": {"seats": "x"}, "$push": {"tags": None, "items": 3}},
        SchemaTypeError,
        ["topic", "seats", "items"],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("update", "error", "paths"), REFUSED.values(), ids=REFUSED)
def test_what_would_make_a_document_invalid(things, update, error, paths):
    document = things.Talk(talk()).save()
    before = things.find_one()
    for write in (
        lambda **options: document.update_atomic(update, **options),
        lambda **options: things.Talk.find_one_and_update({"_id": 1}, update, **options),
    ):
        with pytest.raises(error) as caught:
            write()
        assert {failure["path"] for failure in caught.value.errors()} == set(paths)
        assert all(path in str(caught.value) for path in paths)
        assert things.find_one() == before
    with pytest.raises(error) as caught:
        things.Talk.bulk_write([InsertOne(talk() | {"_id": 9}), UpdateOne({"_id": 1}, update)])
    assert {failure["path"] for failure in caught.value.errors()} == {f"1.{path}" for path in paths}
    assert str(caught.value).startswith("request 1: ")
    assert things.count_documents({}) == 1


@pytest.mark.parametrize("name", ["Talk", "Careless"])
@pytest.mark.parametrize("validate", [None, True, False])
def test_validation_can_be_left_out(things, name, validate):
    document = getattr(things, name)(talk()).save()
    update = {"$set": {"seats": -1}}
    writes = (
        lambda: document.update_atomic(update, validate=validate),
        lambda: getattr(things, name).find_one_and_update({}, update, validate=validate),
        lambda: getattr(things, name).bulk_write([UpdateMany({}, update)], validate=validate),
    )
    is_checked = name == "Talk" if validate is None else validate
    for write in writes:
        things.update_one({}, {"$set": {"seats": 5}})
        if is_checked:
            with pytest.raises(ValidationError, match="seats does not pass"):
                write()
        else:
            write()
        assert things.find_one()["seats"] == (5 if is_checked else -1)


PYTHON = {
    "a custom type": ({"$set": {"day": datetime.date(2026, 1, 2)}}, "day", "2026-01-02"),
    "a set": ({"$set": {"words": {"b", "a"}}}, "words", ["a", "b"]),
    "an empty set": ({"$set": {"words": set()}}, "words", []),
    "languages": ({"$set": {"title": {"en": "B", "fr": "C"}}}, "title", [{"lang": "en", "value": "B"}, {"lang": "fr", "value": "C"}]),
    "languages as stored": ({"$set": {"title": [{"lang": "en", "value": "B"}]}}, "title", [{"lang": "en", "value": "B"}]),
    "the larger of two": ({"$max": {"day": datetime.date(2026, 1, 2)}}, "day", "2026-01-02"),
    "an id": ({"$set": {"author": "kim"}}, "author", "kim"),
    "a Ref": ({"$set": {"author": Ref(Author, "kim")}}, "author", "kim"),
    "a document": ({"$set": {"author": Author({"_id": "kim", "name": "Kim"})}}, "author", "kim"),
}  # fmt: skip


@pytest.mark.parametrize("validate", [None, False])
@pytest.mark.parametrize(("update", "field", "stored"), PYTHON.values(), ids=PYTHON)
def test_values_as_they_are_in_python(things, database, update, field, stored, validate):
    document = things.Talk(talk()).save()
    given = copy.deepcopy(update)
    document.update_atomic(update, validate=validate)
    assert database.things.find_one()[field] == stored
    document.validate()
    document["seats"] = 9
    document.save()
    database.things.update_one({}, {"$unset": {field: ""}})
    things.Talk.find_one_and_update({"_id": 1}, update, validate=validate)
    assert database.things.find_one()[field] == stored
    database.things.update_one({}, {"$unset": {field: ""}})
    things.Talk.bulk_write([UpdateOne({"_id": 1}, update)], validate=validate)
    assert database.things.find_one()[field] == stored
    assert update == given


class Dated(Document):
    structure = {"days": [Day()], "by": {str: [Day()]}, "twice": [{"day": Day()}]}


FIRST, SECOND = datetime.date(2026, 1, 1), datetime.date(2026, 1, 2)
ELEMENTS = {
    "pushed": ({"$push": {"days": SECOND}}, "days", ["2026-01-01", "2026-01-02"]),
    "pushed, several": ({"$push": {"days": {"$each": [SECOND, "2026-01-03"]}}}, "days", ["2026-01-01", "2026-01-02", "2026-01-03"]),
    "added": ({"$addToSet": {"days": FIRST}}, "days", ["2026-01-01"]),
    "pulled": ({"$pull": {"days": FIRST}}, "days", []),
    "pulled, several": ({"$pullAll": {"days": [FIRST, SECOND]}}, "days", []),
    "pulled by a condition": ({"$pull": {"days": {"$in": ["2026-01-01"]}}}, "days", []),
    "in a map": ({"$set": {"by.a": [FIRST]}}, "by", {"a": ["2026-01-01"]}),
    "in a dict": ({"$push": {"twice": {"day": FIRST}}}, "twice", [{"day": "2026-01-01"}]),
    "at a position": ({"$set": {"days.0": SECOND}}, "days", ["2026-01-02"]),
}  # fmt: skip


@pytest.mark.parametrize(("update", "field", "stored"), ELEMENTS.values(), ids=ELEMENTS)
def test_elements_as_they_are_in_python(things, database, update, field, stored):
    things.database.client.register(Dated)
    document = things.Dated({"days": [FIRST], "by": {}, "twice": []}).save()
    document.update_atomic(update)
    assert database.things.find_one()[field] == stored


class Broken(Day):
    def to_bson(self, value):
        raise RuntimeError("not today")


@pytest.mark.parametrize("validate", [None, False])
def test_a_type_that_raises_is_told_with_its_path(things, validate):
    class Unlucky(Document):
        structure = {"day": Broken()}

    things.database.client.register(Unlucky)
    with pytest.raises(
        SchemaTypeError, match=r"day: datetime.date\(2026, 1, 1\) cannot be stored: not today"
    ):
        things.Unlucky.find_one_and_update({}, {"$set": {"day": FIRST}}, validate=validate)


POSITIONS = {
    "$": {"$set": {"items.$.count": 7}},
    "$[]": {"$inc": {"items.$[].count": 6}},
    "in a free list": {"$set": {"loose.$[].count": 7}},
    "in a list of a free dict": {"$set": {"free.list.$[].count": 7}},
    "in what is open": {"$set": {"any.$[].count": 7}},
}


@pytest.mark.parametrize("update", POSITIONS.values(), ids=POSITIONS)
def test_positions_in_lists(things, database, update):
    one = [{"price": 1.0, "count": 1}]
    things.Talk({**talk(), "items": one, "loose": one, "any": one, "free": {"list": one}}).save()
    things.Talk.bulk_write([UpdateOne({"items.count": 1}, update)])
    assert "7" in str(database.things.find_one())


def test_named_positions(things, database):
    things.Talk(talk()).save()
    things.Talk.find_one_and_update(
        {}, {"$set": {"items.$[cheap].count": 7}}, array_filters=[{"cheap.price": {"$lt": 2}}]
    )
    assert database.things.find_one()["items"] == [{"price": 1.0, "count": 7}]


def test_keys_that_should_not_be_there_can_be_removed(things, database):
    document = things.Talk(talk()).save()
    database.things.update_one({}, [{"$set": {"free": {"$literal": {"$z": 1}}}}])
    assert database.things.find_one()["free"] == {"$z": 1}
    document.update_atomic({"$unset": {"free.$z": ""}})
    assert document["free"] == {}


BAD_KEYS = {
    "an operator as a key": ({"$set": {"free.$z": 1}}, "free.$z"),
    "an operator as a key, deeper": ({"$inc": {"free.a.$z": 1}}, "free.a.$z"),
    "an operator as a key of a map": ({"$inc": {"counts.$inc": 1}}, "counts.$inc"),
    "an operator as a key of a list": ({"$set": {"loose.$x": 1}}, "loose.$x"),
    "a position in a dict": ({"$set": {"free.$": 1}}, "free.$"),
    "all positions in a dict": ({"$set": {"where.$[].city": "x"}}, "where.$[].city"),
    "renamed to an operator": ({"$rename": {"any": "free.$z"}}, "free.$z"),
    "a path that is a number": ({"$set": {1: 2}}, "1"),
}  # fmt: skip


@pytest.mark.parametrize(("update", "path"), BAD_KEYS.values(), ids=BAD_KEYS)
def test_keys_that_would_be_operators(things, database, update, path):
    things.Talk(talk()).save()
    before = database.things.find_one()
    with pytest.raises(BadKeyError) as caught:
        things.Talk.find_one_and_update({}, update)
    assert [failure["path"] for failure in caught.value.errors()] == [path]
    assert database.things.find_one() == before


BAD_PATHS = {
    "an operator": ({"$set": {"free.$z": 1}}, r"\$set: free.\$z: the key '\$z' must not start with '\$'"),
    "renamed": ({"$rename": {"any": "free.$z"}}, r"\$rename: free.\$z: the key '\$z' must not"),
    "a number": ({"$inc": {1: 1}}, r"\$inc: 1 is no path: accepted is a str"),
    "renamed to a number": ({"$rename": {"any": 1}}, r"\$rename: 1 is no path"),
}


@pytest.mark.parametrize(("update", "message"), BAD_PATHS.values(), ids=BAD_PATHS)
def test_paths_that_none_can_be(things, database, update, message):
    document = things.Careless(talk()).save()
    before = database.things.find_one()
    with pytest.raises(UpdateQueryError, match=message):
        document.update_atomic(update)
    with pytest.raises(UpdateQueryError, match=message):
        things.Careless.bulk_write([UpdateOne({}, update)])
    assert database.things.find_one() == before


ANNOTATED = {
    "as stored": ({"$set": {"cost": Decimal128("2.5"), "state": "public", "note": None}}, []),
    "embedded": ({"$set": {"place": {"city": "Bonn", "room": 3}}}, []),
    "pushed": ({"$push": {"places": {"city": "Bonn", "room": 1}}}, []),
    "counted": ({"$inc": {"cost": 1, "seats": 2}}, []),
    "as in Python": ({"$set": {"cost": decimal.Decimal("2.5"), "state": State.PUBLIC}}, []),
    "too many digits": ({"$set": {"cost": decimal.Decimal(f"1.{'3' * 40}")}}, ["cost"]),
    "None": ({"$set": {"name": None, "seats": None}}, ["name", "seats"]),
    "a constraint": ({"$set": {"seats": 0}}, ["seats"]),
    "an enum": ({"$set": {"state": "gone"}}, ["state"]),
    "embedded and wrong": ({"$set": {"place": {"city": 3, "room": None}}}, ["place.city"]),
    "pushed and wrong": ({"$push": {"places": {"city": None, "room": 1}}}, ["places.city"]),
    "pushed None": ({"$push": {"places": None}}, ["places"]),
    "removed": ({"$unset": {"name": "", "place.city": ""}}, ["name", "place.city"]),
    "a gap": ({"$unset": {"places.0": ""}}, ["places.0"]),
}  # fmt: skip


@pytest.mark.parametrize(("update", "paths"), ANNOTATED.values(), ids=ANNOTATED)
def test_annotated_fields(things, update, paths):
    document = things.Noted()
    document.name, document.place.city = "x", "Ulm"
    document.save()
    if not paths:
        document.update_atomic(update)
        document.validate()
        return
    with pytest.raises(SchemaDocumentError) as caught:
        document.update_atomic(update)
    assert [failure["path"] for failure in caught.value.errors()] == paths


def test_documents_that_are_loaded_with_their_owner(things):
    author = things.database.authors.Author({"name": "x"}).save()
    owner = things.Owner().save()
    dbref = DBRef("authors", author["_id"])
    owner.update_atomic({"$set": {"author": dbref, "authors": [dbref], "by.x": dbref}})
    assert owner["author"]["name"] == "x"
    for wrong in ({"author": {"$gt": ""}}, {"authors": [author["_id"]]}, {"by": {"x": 3}}):
        with pytest.raises(SchemaTypeError):
            owner.update_atomic({"$set": wrong})


def test_a_schemaless_class(things):
    document = things.Loose({"n": 1, "in": {"m": 1}, "more": 1}).save()
    document.update_atomic({"$set": {"other": {"a": 1}}, "$unset": {"more": "", "in": ""}, "$inc": {"x": 1}})
    assert things.find_one() == {"_id": document["_id"], "n": 1, "other": {"a": 1}, "x": 1}
    for update in (
        {"$set": {"other": {"$gt": 1}}},
        {"$set": {"n": "x"}},
        {"$unset": {"n": ""}},
        {"$push": {"x": {"$a": 1}}},
    ):
        with pytest.raises(SchemaDocumentError):
            document.update_atomic(update)


def test_fields_that_a_class_does_not_know_are_pymongos_business(things):
    things.insert_one({"_id": 1, "titel": "x"})
    found = things.Talk.find_one_and_update({"_id": 1}, {"$set": {"titel": "y"}, "$inc": {"_version": 1}})
    assert found["titel"] == "x"
    made = things.Talk.find_one_and_update(
        {"_id": 2}, {"$setOnInsert": {"topic": "new"}}, upsert=True, return_document=True
    )
    assert made["topic"] == "new"
    with pytest.raises(SchemaTypeError):
        things.Talk.find_one_and_update({"_id": 3}, {"$setOnInsert": {"topic": {"$gt": ""}}}, upsert=True)
    assert things.count_documents({}) == 2


def test_a_pipeline_is_the_servers(things):
    things.insert_one({"_id": 1, "seats": 1})
    things.Talk.find_one_and_update({}, [{"$set": {"seats": {"$add": ["$seats", 1]}}}])
    assert things.find_one()["seats"] == 2


@pytest.mark.filterwarnings("ignore:find_and_modify:DeprecationWarning")
def test_the_old_spelling(things):
    things.insert_one({"_id": 1, "seats": 1})
    for call in (
        lambda: things.Talk.find_and_modify({}, {"$set": {"seats": {"$gt": 1}}}),
        lambda: things.Talk.find_and_modify(query={}, update={"$set": {"seats": "x"}}),
    ):
        with pytest.raises(SchemaTypeError, match="seats must be an instance of int"):
            call()
    assert things.Talk.find_and_modify({}, {"$set": {"seats": -1}}, validate=False)["seats"] == 1
    assert things.find_one()["seats"] == -1


UNIQUE = {
    "find_one_and_update": lambda things: things.Talk.find_one_and_update(
        {"_id": 2}, {"$set": {"topic": "a"}}
    ),
    "find_one_and_replace": lambda things: things.Talk.find_one_and_replace({"_id": 2}, {**talk(), "_id": 2}),
    "find_and_modify": lambda things: things.Talk.find_and_modify({"_id": 2}, {"$set": {"topic": "a"}}),
    "find_and_modify, whole": lambda things: things.Talk.find_and_modify({"_id": 2}, {**talk(), "_id": 2}),
    "update_atomic": lambda things: things.Talk.get_from_id(2).update_atomic({"$set": {"topic": "a"}}),
}


@pytest.mark.filterwarnings("ignore:find_and_modify:DeprecationWarning")
@pytest.mark.parametrize("write", UNIQUE.values(), ids=UNIQUE)
def test_a_unique_field_is_named(things, write):
    things.create_index("topic", unique=True)
    things.insert_many([{"_id": 1, "topic": "a"}, {"_id": 2, "topic": "b"}])
    with pytest.raises(
        DuplicateKeyError, match="Talk: topic must be unique; there is another with 'a'"
    ) as caught:
        write(things)
    assert caught.value.fields == ("topic",)
    assert type(caught.value.__cause__) is not DuplicateKeyError
    assert things.find_one({"_id": 2})["topic"] == "b"


def test_what_cannot_be_encoded_is_named(things):
    things.insert_one({"_id": 1})
    for write in (
        lambda: things.Talk.find_one_and_update({}, {"$set": {"seats": 2**70}}),
        lambda: things.Talk.find_one_and_replace({}, {**talk(), "seats": 2**70}),
        lambda: things.Talk.get_from_id(1).update_atomic({"$set": {"seats": 2**70}}),
    ):
        with pytest.raises(EncodingError, match="seats cannot be stored"):
            write()


def test_what_gets_too_large_is_said(things):
    things.insert_one({"_id": 1, "topic": "x" * 9_000_000})
    document, update = things.Talk.get_from_id(1), {"$set": {"where.city": "y" * 9_000_000}}
    with pytest.raises(
        MaxDocumentSizeError, match=r"Talk 1: it has 90000\d\d bytes .*MongoDB takes 16777216"
    ) as caught:
        document.update_atomic(update)
    assert isinstance(caught.value.__cause__, (OperationFailure, MaxDocumentSizeError))
    assert things.find_one({}, {"where": 1}) == {"_id": 1}


SHARDED = {
    "in a list": ({"items": [{"x": int}]}, "items.x"),
    "a list": ({"tags": [str]}, "tags"),
    "a tuple": ({"pair": (int, str)}, "pair"),
    "in a tuple": ({"pair": ({"x": int},)}, "pair.0.x"),
}


@pytest.mark.parametrize(("structure", "path"), SHARDED.values(), ids=SHARDED)
def test_a_shard_key_is_in_no_list(structure, path):
    with pytest.raises(ValueError, match=r"^Error in shard_key: "):
        type("Sharded", (Document,), {"structure": structure, "shard_key": [path]})
    nested = type("Sharded", (Document,), {"structure": {"a": {"x": int}}, "shard_key": ["a.x", "_id"]})
    assert nested.shard_key == ["a.x", "_id"]
