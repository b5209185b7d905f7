"""Many documents at once: insert_many, bulk_write, aggregations. All of it is said of both kinds of collections."""

from __future__ import annotations

import enum

import pymongo
import pytest
from bson import ObjectId
from pymongo import DeleteOne, InsertOne, ReplaceOne, UpdateMany, UpdateOne

from mongokit import (
    BulkError,
    Document,
    DuplicateKeyError,
    EncodingError,
    MaxDocumentSizeError,
    SchemaTypeError,
    StructureError,
    UpdateQueryError,
    ValidationError,
)
from mongokit.results import AsyncResults, Results


class State(enum.Enum):
    DRAFT = "draft"
    PUBLIC = "public"


class Talk(Document):
    structure = {"topic": str, "seats": int, "items": [{"price": float}]}
    required_fields = ["topic"]
    validators = {"seats": lambda seats: seats > 0}


class Counter(Document):
    n: int = 0
    state: State = State.DRAFT
    use_revision = True
    track_changes = True


class Base(Document):
    structure = {"_type": str, "a": int}


class Derived(Base):
    pass


class Strict(Talk):
    def validate(self):
        super().validate()
        if self["topic"] == "forbidden":
            raise ValidationError("forbidden is forbidden")


class Quiet(Talk):
    raise_validation_errors = False


class Careless(Talk):
    skip_validation = True


@pytest.fixture(params=["blocking", "asynchronous"])
def collection(request, database):
    found = (database if request.param == "blocking" else request.getfixturevalue("driven")).things
    found.database.client.register([Talk, Counter, Base, Derived, Strict, Quiet, Careless])
    return found


def talk(**changed):
    return {"topic": "x", "seats": 1, "items": [], **changed}


# insert_many

FORMS = {
    "dicts": lambda col, dicts: dicts,
    "documents": lambda col, dicts: [col.Talk(each) for each in dicts],
    "unbound documents": lambda col, dicts: [Talk(each) for each in dicts],
    "both": lambda col, dicts: [dicts[0], *(col.Talk(each) for each in dicts[1:])],
    "a generator": lambda col, dicts: (each for each in dicts),
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize("name", ["Talk", "Strict", "Quiet", "Careless"])
def test_insert_many(collection, form, name):
    if name != "Talk" and form in (FORMS["documents"], FORMS["unbound documents"], FORMS["both"]):
        form = FORMS["dicts"]
    dicts = [talk(topic=topic) for topic in "abc"]
    given = form(collection, dicts)
    given = list(given) if form is not FORMS["a generator"] else given
    result = getattr(collection, name).insert_many(given)
    assert [found["topic"] for found in collection.find()] == ["a", "b", "c"]
    assert result.inserted_ids == [found["_id"] for found in collection.find()]
    if isinstance(given, list):
        assert [each["_id"] for each in given] == result.inserted_ids


def test_inserted_documents_are_bound(collection):
    document = Talk(talk())
    collection.Talk.insert_many([document])
    document["topic"] = "y"
    document.save()
    assert collection.find_one()["topic"] == "y"


def test_what_is_stored_in_another_form(collection):
    counters = [collection.Counter(), collection.Counter()]
    collection.Counter.insert_many([*counters, {"n": 3, "state": State.PUBLIC}])
    assert [(each["n"], each["state"], each["_revision"]) for each in collection.find()] == [
        (0, "draft", 1),
        (0, "draft", 1),
        (3, "public", 1),
    ]
    for counter in counters:
        assert (counter.state, counter["_revision"]) == (State.DRAFT, 1)
        assert counter.changed() == []
        counter.n = 1
        counter.save()
    assert collection.count_documents({"n": 1, "_revision": 2}) == 2


def test_subclasses_keep_their_class(collection):
    collection.Base.insert_many([collection.Derived({"a": 1}), {"a": 2}])
    assert [type(found) for found in collection.Base.find()] == [Derived, Base]


@pytest.mark.parametrize("name", ["Talk", "Strict", "Quiet"])
def test_all_that_is_wrong_is_said_with_its_position(collection, name):
    given = [
        talk(),
        talk(topic=3, items=[{"price": 1.0}, {"price": "x"}]),
        talk(),
        talk(seats=-1),
        {"topic": "y"},
        talk(topic=None),
    ]
    with pytest.raises(ValidationError) as caught:
        getattr(collection, name).insert_many(given)
    assert [(error["path"], error["error"]) for error in caught.value.errors()] == [
        ("3.seats", "ValidationError"),
        ("1.topic", "SchemaTypeError"),
        ("1.items.1.price", "SchemaTypeError"),
        ("4.seats", "StructureError"),
        ("4.items", "StructureError"),
        ("5.topic", "RequireFieldError"),
    ]
    assert str(caught.value).startswith("document 3: seats does not pass")
    assert "document 1: topic must be an instance of str not int" in str(caught.value)
    assert collection.count_documents({}) == 0
    assert not any("_id" in each for each in given)


def test_a_validate_of_ones_own(collection):
    with pytest.raises(ValidationError, match="document 1: forbidden is forbidden") as caught:
        collection.Strict.insert_many([talk(), talk(topic="forbidden")])
    assert caught.value.errors()[0]["path"] == "1"


@pytest.mark.parametrize(
    ("name", "validate", "written"),
    [("Talk", None, False), ("Talk", False, True), ("Careless", None, True), ("Careless", True, False)],
)
def test_validation_can_be_left_out(collection, name, validate, written):
    proxy = getattr(collection, name)
    if written:
        proxy.insert_many([talk(topic=3)], validate=validate)
    else:
        with pytest.raises(SchemaTypeError):
            proxy.insert_many([talk(topic=3)], validate=validate)
    assert collection.count_documents({}) == written


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (talk(), r"insert_many\(\) takes a list of documents, not one"),
        ([3], r"Talk.insert_many\(\) takes dicts and documents of the class, not 3"),
        ([Base({"a": 1})], "takes dicts and documents of the class"),
        ([], "non-empty list"),
    ],
)
def test_what_are_no_documents(collection, given, message):
    with pytest.raises(TypeError, match=message):
        collection.Talk.insert_many(given)


@pytest.mark.parametrize("ordered", [True, False])
@pytest.mark.parametrize("form", ["dicts", "documents"])
def test_what_the_server_refuses_is_named(collection, ordered, form):
    collection.create_index("topic", unique=True)
    given = FORMS[form](collection, [talk(topic=topic) for topic in "abacbd"])
    with pytest.raises(BulkError) as caught:
        collection.Talk.insert_many(given, ordered=ordered)
    error = caught.value
    assert [type(each) for _, each in error.failures] == [DuplicateKeyError] * (1 if ordered else 2)
    assert [document["topic"] for document, _ in error.failures] == (["a"] if ordered else ["a", "b"])
    assert error.failures[0][1].fields == ("topic",)
    assert [each["topic"] for each in error.written] == list("ab" if ordered else "abcd")
    assert [each["topic"] for each in error.unwritten] == list("acbd" if ordered else "ab")
    assert str(error).startswith(
        f"{2 if ordered else 4} of 6 documents were written; refused:\n  Talk ObjectId("
    )
    assert "topic must be unique; there is another with 'a'" in str(error)
    assert error.code == 11000
    assert isinstance(error, pymongo.errors.OperationFailure)
    assert sorted(found["topic"] for found in collection.find()) == list("ab" if ordered else "abcd")
    # A second try is not a second document.
    for each in error.unwritten:
        each["topic"] += "2"
        collection.Talk(dict(each)).save()
    assert collection.count_documents({}) == 6


def test_revisions_of_those_that_were_written(collection):
    collection.create_index("n", unique=True)
    counters = [collection.Counter({"n": n, "state": State.DRAFT}) for n in (1, 1, 2)]
    with pytest.raises(BulkError):
        collection.Counter.insert_many(counters)
    assert [counter.get("_revision") for counter in counters] == [1, None, None]
    assert [counter.changed() == [] for counter in counters] == [True, False, False]


def test_what_cannot_be_encoded_is_named(collection):
    given = [talk(), talk(topic="\ud800"), talk(), {**talk(), "topic": "\ud801"}]
    with pytest.raises(
        EncodingError, match=r"document 1: topic cannot be stored: text with half a"
    ) as caught:
        collection.Talk.insert_many(given)
    assert [error["path"] for error in caught.value.errors()] == ["1.topic", "3.topic"]
    assert collection.count_documents({}) == 0


@pytest.mark.parametrize("size", [17_000_000, 50_000_000])
def test_what_is_too_large_is_named(collection, size):
    with pytest.raises((BulkError, MaxDocumentSizeError)) as caught:
        collection.Talk.insert_many([talk(), talk(topic="x" * size)])
    error = caught.value
    assert len(str(error)) < 1000
    if isinstance(error, BulkError):
        assert [document["topic"] for document in error.written] == ["x"]
        ((_, error),) = error.failures
    assert isinstance(error, MaxDocumentSizeError)


@pytest.mark.parametrize("size", [16_780_000, 16_800_000, 50_000_000])
def test_one_that_is_too_large_alone(collection, size):
    with pytest.raises(MaxDocumentSizeError, match=r"too large|MongoDB takes 16777216|bytes"):
        collection.Talk.insert_many([talk(topic="x" * size)])
    assert collection.count_documents({}) == 0


# bulk_write


def test_bulk_write(collection):
    first, second = collection.Talk(talk(topic="a")).save(), collection.Talk(talk(topic="b")).save()
    new = collection.Talk(talk(topic="c"))
    result = collection.Talk.bulk_write(
        [
            InsertOne(new),
            InsertOne(talk(topic="d")),
            ReplaceOne({"_id": first["_id"]}, talk(topic="a2")),
            UpdateOne({"_id": second["_id"]}, {"$set": {"topic": "b2"}}),
            UpdateMany({}, {"$inc": {"seats": 1}}),
            UpdateMany({}, [{"$set": {"seats": {"$add": ["$seats", 1]}}}]),
            DeleteOne({"topic": "d"}),
        ]
    )
    assert (result.inserted_count, result.deleted_count) == (2, 1)
    assert isinstance(new["_id"], ObjectId)
    assert {found["topic"]: found["seats"] for found in collection.find()} == {"a2": 3, "b2": 3, "c": 3}


def test_bulk_write_in_stored_form(collection):
    counter = collection.Counter().save()
    counter.state = State.PUBLIC
    request = ReplaceOne({"_id": counter["_id"]}, counter)
    collection.Counter.bulk_write([InsertOne(collection.Counter()), request], ordered=False)
    assert sorted((each["state"], each["_revision"]) for each in collection.find()) == [
        ("draft", 1),
        ("public", 2),
    ]
    assert request._doc is counter


def test_bulk_write_validates_all_of_them(collection):
    requests = [InsertOne(talk(seats=0)), DeleteOne({}), ReplaceOne({}, talk(topic=3)), InsertOne({"x": 1})]
    with pytest.raises(ValidationError) as caught:
        collection.Talk.bulk_write(requests)
    assert [each["path"] for each in caught.value.errors()][:2] == ["0.seats", "2.topic"]
    assert "request 2: topic must be an instance of str" in str(caught.value)
    assert collection.count_documents({}) == 0
    collection.Talk.bulk_write(requests[:1], validate=False)
    assert collection.count_documents({}) == 1


def test_bulk_write_checks_updates(collection):
    requests = [DeleteOne({}), UpdateOne({}, {"$set": {"tpoic": 1}})]
    with pytest.raises(
        UpdateQueryError, match=r"request 1: bulk_write\(\): \$set: can't find tpoic in structure"
    ):
        collection.Talk.bulk_write(requests)


# aggregate, distinct, explain


def test_aggregate(collection):
    collection.Talk.insert_many(
        [talk(topic=topic, seats=seats) for topic, seats in zip("abc", (3, 1, 2), strict=True)]
    )
    pipeline = [{"$match": {"seats": {"$gt": 1}}}, {"$sort": {"seats": 1}}]
    found = list(collection.Talk.aggregate(pipeline))
    assert [(type(each), each["topic"]) for each in found] == [(Talk, "c"), (Talk, "a")]
    found[0]["topic"] = "changed"
    found[0].save()
    assert collection.count_documents({"topic": "changed"}) == 1
    raw = collection.Talk.aggregate([{"$group": {"_id": None, "sum": {"$sum": "$seats"}}}], raw=True)
    assert raw.to_list() == [{"_id": None, "sum": 6}]


def test_the_results_of_an_aggregation(collection):
    collection.Talk.insert_many([talk(seats=seats) for seats in range(1, 6)])
    results = collection.Talk.aggregate([{"$sort": {"seats": 1}}])
    assert isinstance(getattr(results, "_target", results), (Results, AsyncResults))
    assert results.next()["seats"] == 1
    assert [each["seats"] for each in results.to_list(2)] == [2, 3]
    assert [each["seats"] for each in results.to_list()] == [4, 5]
    assert list(results) == []
    results.close()


def test_an_aggregation_takes_the_steps_of_loading(collection):
    loaded = []

    class Loud(Talk):
        def after_load(self):
            loaded.append(self["seats"])

    collection.database.client.register(Loud)
    collection.Talk.insert_many([talk(seats=seats) for seats in (1, 2, 3)])
    results = collection.Loud.aggregate([{"$sort": {"seats": 1}}])
    assert [each["seats"] for each in results.to_list(2)] == [1, 2]
    assert [type(each) for each in results] == [Loud]
    assert loaded == [1, 2, 3]


def test_an_aggregation_in_another_codec(collection):
    class Doted(Talk):
        use_dot_notation = True

    collection.database.client.register(Doted)
    collection.Talk.insert_many([talk(items=[{"price": 2.5}])])
    (found,) = collection.Doted.aggregate([{"$match": {}}])
    assert found["items"][0].price == 2.5


def test_distinct_and_explain(collection):
    collection.Talk.insert_many([talk(topic=topic, seats=2) for topic in "aab"])
    assert sorted(collection.Talk.distinct("topic")) == ["a", "b"]
    assert collection.Talk.distinct("seats", {"topic": "a"}) == [2]
    assert sorted(collection.Talk.find({"seats": 2}).distinct("topic")) == ["a", "b"]
    assert "queryPlanner" in collection.Talk.find({"topic": "a"}).explain()


def test_a_structure_error_names_the_position(collection):
    with pytest.raises(StructureError, match="document 0: unknown fields"):
        collection.Talk.insert_many([talk(other=1)])
