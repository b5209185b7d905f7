"""What takes the place of a document by way of a class is validated. Said of both kinds of connections."""

from __future__ import annotations

import datetime
import enum

import pytest
from bson import ObjectId
from pymongo import ReplaceOne, ReturnDocument

from mongokit import (
    CustomType,
    Document,
    DuplicateKeyError,
    EncodingError,
    RequireFieldError,
    SchemaTypeError,
    StructureError,
    ValidationError,
)

pytestmark = pytest.mark.filterwarnings("ignore:find_and_modify:DeprecationWarning")


class State(enum.Enum):
    DRAFT = "draft"


class Day(CustomType):
    mongo_type = str
    python_type = datetime.date

    def to_bson(self, value):
        return value.isoformat()

    def to_python(self, value):
        return datetime.date.fromisoformat(value)


class Talk(Document):
    structure = {"topic": str, "seats": int, "day": Day()}
    required_fields = ["topic"]
    validators = {"seats": lambda seats: seats > 0}
    called = 0

    def before_save(self):
        Talk.called += 1


class Counted(Talk):
    use_revision = True


class Careless(Talk):
    skip_validation = True


class Quiet(Talk):
    raise_validation_errors = False


class Unnamed(Document):
    structure = {"_id": ObjectId, "topic": str}
    default_values = {"_id": None}


class CountedUnnamed(Unnamed):
    use_revision = True


class Written(Document):
    topic: str
    state: State = State.DRAFT


class Derived(Talk):
    pass


OLD = {"_id": 1, "topic": "a", "seats": 5, "day": "2026-01-02"}
NEW = {"topic": "b", "seats": 6, "day": datetime.date(2026, 1, 3)}
STORED = {"_id": 1, "topic": "b", "seats": 6, "day": "2026-01-03"}
CALLS = {
    "find_one_and_replace": lambda proxy, new, **how: proxy.find_one_and_replace({"_id": 1}, new, **how),
    "find_and_modify": lambda proxy, new, **how: proxy.find_and_modify({"_id": 1}, new, **how),
    "find_and_modify by name": lambda proxy, new, **how: proxy.find_and_modify(query={"_id": 1}, update=new, **how),
    "bulk_write": lambda proxy, new, **how: proxy.bulk_write([ReplaceOne({"_id": 1}, new)], **how),
}  # fmt: skip
WRONG = {
    "a type": ({**NEW, "topic": 3}, SchemaTypeError, "topic"),
    "a condition": ({**NEW, "topic": {"$gt": ""}}, SchemaTypeError, "topic"),
    "a type that is converted": ({**NEW, "day": 3}, SchemaTypeError, "day"),
    "unknown": ({**NEW, "zzz": 3}, StructureError, "zzz"),
    "a validator": ({**NEW, "seats": -1}, ValidationError, "seats"),
    "nothing": ({}, StructureError, "topic"),
    "required": ({**NEW, "topic": None}, RequireFieldError, "topic"),
    "missing": ({"topic": "b", "day": None}, StructureError, "seats"),
}
each_call = pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)


@pytest.fixture(params=["blocking", "asynchronous"])
def things(request, database):
    database.things.insert_one(OLD)
    found = (database if request.param == "blocking" else request.getfixturevalue("driven")).things
    found.database.client.register(
        [Talk, Counted, Careless, Quiet, Unnamed, CountedUnnamed, Written, Derived]
    )
    return found


@each_call
@pytest.mark.parametrize("cls", ["Talk", "Counted", "Quiet"])
@pytest.mark.parametrize("as_document", [False, True], ids=["dict", "document"])
@pytest.mark.parametrize(("new", "error", "path"), WRONG.values(), ids=WRONG)
def test_what_is_not_valid_is_not_stored(things, database, call, cls, as_document, new, error, path):
    proxy = getattr(things, cls)
    given = new
    if as_document:
        given = proxy()
        given.clear()
        given.update(new)
    with pytest.raises(error) as caught:
        call(proxy, given)
    assert path in [failure["path"].removeprefix("0.") for failure in caught.value.errors()]
    assert database.things.find_one() == OLD


@each_call
@pytest.mark.parametrize("cls", ["Talk", "Counted"])
@pytest.mark.parametrize("as_document", [False, True], ids=["dict", "document"])
def test_what_is_valid_is_stored_in_its_form(things, database, call, cls, as_document):
    proxy = getattr(things, cls)
    given = proxy({}) if as_document else {}
    given.update(NEW)
    call(proxy, given)
    counted = {"_revision": 1} if cls == "Counted" else {}
    assert database.things.find_one() == STORED | counted
    assert given == NEW
    assert Talk.called == 0


@each_call
@pytest.mark.parametrize("cls", ["Unnamed", "CountedUnnamed"])
@pytest.mark.parametrize("as_document", [False, True], ids=["dict", "document"])
def test_an_id_of_none_is_none(things, database, call, cls, as_document):
    proxy = getattr(things, cls)
    given = proxy() if as_document else {"_id": None}
    given["topic"] = "b"
    call(proxy, given)
    assert given == {"_id": None, "topic": "b"}
    counted = {} if cls == "Unnamed" else {"_revision": 1}
    assert database.things.find_one() == {"_id": 1, "topic": "b"} | counted


UPSERTS = {
    "find_one_and_replace": lambda proxy, filter, new: proxy.find_one_and_replace(filter, new, upsert=True),
    "find_and_modify": lambda proxy, filter, new: proxy.find_and_modify(filter, new, upsert=True),
    "bulk_write": lambda proxy, filter, new: proxy.bulk_write([ReplaceOne(filter, new, upsert=True)]),
}


@pytest.mark.parametrize("upsert", UPSERTS.values(), ids=UPSERTS)
@pytest.mark.parametrize("cls", ["Unnamed", "CountedUnnamed"])
def test_upserts_without_an_id_get_one_each(things, database, upsert, cls):
    proxy = getattr(things, cls)
    for topic in ("b", "c"):
        new = proxy()
        new["topic"] = topic
        upsert(proxy, {"topic": topic}, new)
    upsert(proxy, {"_id": "named"}, {"_id": None, "topic": "d"})
    stored = {found["topic"]: found["_id"] for found in database.things.find({"_id": {"$ne": 1}})}
    assert stored["d"] == "named"
    assert [type(stored[topic]) for topic in ("b", "c")] == [ObjectId, ObjectId]


@each_call
def test_the_switch(things, database, call):
    with pytest.raises(RequireFieldError):
        call(things.Careless, {**NEW, "topic": None}, validate=True)
    call(things.Careless, {**NEW, "topic": None})
    assert database.things.find_one() == {**STORED, "topic": None}
    call(things.Talk, {"topic": 3, "zzz": 1}, validate=False)
    assert database.things.find_one() == {"_id": 1, "topic": 3, "zzz": 1}


@each_call
def test_annotated_documents(things, database, call):
    with pytest.raises(SchemaTypeError):
        call(things.Written, {"topic": "a", "state": "unknown"})
    assert database.things.find_one() == OLD
    call(things.Written, {"topic": "a", "state": State.DRAFT})
    call(things.Written, {"topic": "b", "state": "draft"})
    assert database.things.find_one() == {"_id": 1, "topic": "b", "state": "draft"}


@each_call
def test_documents_of_other_classes(things, database, call):
    call(things.Talk, things.Derived({**NEW, "day": None}))
    assert database.things.find_one() == {**STORED, "day": None}
    with pytest.raises(
        TypeError, match=r"Talk\.(find_one_and_replace|find_and_modify|bulk_write)\(\) takes dicts and"
    ):
        call(things.Talk, things.Written({"topic": "c"}))
    assert database.things.find_one() == {**STORED, "day": None}


def test_what_comes_back(things):
    old = things.Talk.find_one_and_replace({"_id": 1}, NEW)
    assert (type(old), old["seats"]) == (Talk, 5)
    new = things.Talk.find_one_and_replace(
        {"_id": 1}, {**NEW, "seats": 7}, return_document=ReturnDocument.AFTER
    )
    assert new == {"_id": 1, **NEW, "seats": 7}
    assert things.Talk.find_one_and_replace({"_id": 2}, NEW) is None
    made = things.Talk.find_one_and_replace({"_id": 2}, NEW, ["topic"], None, True, True)
    assert made == {"_id": 2, "topic": "b"}


def test_no_replacement(things, database):
    for given in ({"$set": {"topic": "b"}}, [{"$set": {"topic": "b"}}], "b", None):
        with pytest.raises((TypeError, ValueError)):
            things.Talk.find_one_and_replace({"_id": 1}, given)
    assert database.things.find_one() == OLD


def test_operators_behind_a_field(things, database):
    """PyMongo looks at the first key alone."""
    for call in CALLS.values():
        with pytest.raises((StructureError, ValueError), match="\\$"):
            call(things.Talk, {**NEW, "$set": {"seats": 1}})
        assert database.things.find_one() == OLD


@pytest.mark.parametrize("name", [name for name in CALLS if name != "bulk_write"])
@pytest.mark.parametrize("cls", ["Talk", "Counted"])
def test_what_cannot_be_encoded_is_named(things, database, name, cls):
    with pytest.raises(EncodingError, match="seats cannot be stored"):
        CALLS[name](getattr(things, cls), {**NEW, "seats": 2**70})
    assert database.things.find_one() == OLD


def test_a_unique_field_is_named(things, database):
    database.things.create_index("topic", unique=True)
    database.things.insert_one({"_id": 2, "topic": "b"})
    for cls in ("Talk", "Counted"):
        with pytest.raises(DuplicateKeyError, match="topic must be unique; there is another with 'b'"):
            getattr(things, cls).find_one_and_replace({"_id": 1}, NEW)
