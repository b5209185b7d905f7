"""What a collection's validator refuses: class, path, and what is accepted there."""

from __future__ import annotations

import pytest
from pymongo.errors import OperationFailure, WriteError

from mongokit import BulkError, Document, DocumentValidationError, SchemaDocument
from mongokit.refusals import reasons


class Town(SchemaDocument):
    structure = {"name": str}


class Talk(Document):
    structure = {"topic": str, "seats": int, "town": Town, "tags": [str]}
    required_fields = ["topic"]


class Loose(Document):
    """Somebody else's idea of the same documents."""

    use_schemaless = True
    structure = {"topic": str}


class Hooked(Loose):
    """Not saved by the short way."""

    def before_save(self):
        pass


GOOD = {"topic": "x", "seats": 1, "town": {"name": "y"}, "tags": ["a"]}
WRONG = {"topic": None, "seats": "many", "town": {"name": 3}, "tags": ["a", 3], "more": 1}
PATHS = ["topic", "seats", "town.name", "tags.1", "more"]


@pytest.fixture
def talks(database):
    Talk.set_validator(database.talks)
    return database.talks


def check(error, owner, paths):
    assert isinstance(error, DocumentValidationError)
    assert isinstance(error, WriteError)
    assert isinstance(error, OperationFailure)
    assert error.code == 121
    assert error.details["errInfo"]
    assert sorted(path for path, _ in error.reasons) == sorted(paths)
    text = str(error)
    assert text.startswith(f"{owner}: the validator of the collection refuses it:\n")
    assert all(f"\n  {path}: {what}" in text for path, what in error.reasons)
    assert f"{owner}.set_validator(collection)" in text


@pytest.mark.parametrize("cls", [Loose, Hooked], ids=lambda cls: cls.__name__)
@pytest.mark.parametrize("stored", [False, True], ids=["new", "stored"])
def test_save(talks, cls, stored):
    if stored:
        talks.insert_one({"_id": 1, **GOOD})
    made = cls({**WRONG, **({"_id": 1} if stored else {})}, collection=talks)
    with pytest.raises(DocumentValidationError) as caught:
        made.save()
    check(caught.value, cls.__name__, PATHS)
    assert isinstance(caught.value.__cause__, WriteError)
    assert dict(caught.value.reasons)["seats"] == "'many' is refused; accepted is bsonType int, long, null"
    assert dict(caught.value.reasons)["tags.1"] == "3 is refused; accepted is bsonType string, null"
    assert dict(caught.value.reasons)["more"] == "is no field of the schema"
    assert talks.count_documents({}) == stored


def test_what_is_missing(talks):
    with pytest.raises(DocumentValidationError) as caught:
        Loose({"topic": "x", "town": {}}, gen_skel=False, collection=talks).save()
    check(caught.value, "Loose", ["seats", "tags", "town.name"])
    assert {text for _, text in caught.value.reasons} == {"is missing"}


def test_parts_and_updates(talks):
    talks.insert_one({"_id": 1, **GOOD})
    document = Loose(collection=talks).get_from_id(1)
    document["seats"] = 1.5
    with pytest.raises(DocumentValidationError) as caught:
        document.save(only=["seats"])
    check(caught.value, "Loose", ["seats"])
    # To PyMongo this is no WriteError.
    with pytest.raises(DocumentValidationError) as caught:
        document.update_atomic({"$set": {"topic": 3}}, validate=False)
    check(caught.value, "Loose", ["topic"])
    assert type(caught.value.__cause__) is OperationFailure
    assert talks.find_one() == {"_id": 1, **GOOD}


def test_another_failure_of_an_update_is_pymongos(talks):
    talks.insert_one({"_id": 1, **GOOD})
    document = Loose(collection=talks).get_from_id(1)
    with pytest.raises(OperationFailure) as caught:
        document.update_atomic({"$inc": {"topic": 1}}, validate=False)
    assert not isinstance(caught.value, DocumentValidationError)


async def test_awaited(adatabase, talks):
    document = Loose({"_id": 1, **WRONG}, collection=adatabase.talks)
    with pytest.raises(DocumentValidationError) as caught:
        await document.asave()
    check(caught.value, "Loose", PATHS)
    talks.insert_one({"_id": 1, **GOOD})
    with pytest.raises(DocumentValidationError) as caught:
        await document.aupdate_atomic({"$set": {"seats": "many"}}, validate=False)
    check(caught.value, "Loose", ["seats"])


@pytest.mark.parametrize("cls", [Loose, Hooked], ids=lambda cls: cls.__name__)
def test_units_of_work(connection, talks, cls):
    good, wrong = cls(GOOD, collection=talks), cls(WRONG, collection=talks)

    def work():
        with connection.unit_of_work():
            wrong.save()
            good.save()

    with pytest.raises(BulkError) as caught:
        work()
    ((document, error),) = caught.value.failures
    assert document is wrong
    check(error, cls.__name__, PATHS)
    assert f"seats: {dict(error.reasons)['seats']}" in str(caught.value)
    assert talks.count_documents({}) == 0


def test_many(talks):
    with pytest.raises(BulkError) as caught:
        talks.proxy(Loose).insert_many([dict(GOOD), {**GOOD, "seats": "many"}])
    ((_, error),) = caught.value.failures
    check(error, "Loose", ["seats"])


def test_classes_that_share_a_collection(database):
    Talk.set_validator(database.talks, also=[Loose])
    with pytest.raises(DocumentValidationError) as caught:
        Hooked({"topic": 1}, gen_skel=False, collection=database.talks).save(validate=False)
    found = [(path, text) for path, text in caught.value.reasons if path == "topic"]
    assert [text.partition(":")[0] for _, text in found] == ["alternative 1", "alternative 2"]


def of_schema(*rules):
    return {"operatorName": "$jsonSchema", "schemaRulesNotSatisfied": list(rules)}


def of_property(name, *rules):
    return {
        "operatorName": "properties",
        "propertiesNotSatisfied": [{"propertyName": name, "description": "said", "details": list(rules)}],
    }


MINIMUM = {
    "operatorName": "minimum",
    "specifiedAs": {"minimum": 3},
    "reason": "comparison failed",
    "consideredValue": 1,
}
NOT = {
    "operatorName": "not",
    "specifiedAs": {"not": {"bsonType": "int"}},
    "reason": "child expression matched",
}
TYPE = {
    "operatorName": "bsonType",
    "specifiedAs": {"bsonType": "object"},
    "reason": "type did not match",
    "consideredValue": 1,
    "consideredType": "int",
}
LENGTH = {
    "operatorName": "minItems",
    "specifiedAs": {"minItems": 1},
    "reason": "array did not match specified length",
    "consideredValue": [],
}
ENUM = {
    "operatorName": "enum",
    "specifiedAs": {"enum": ["a", "b"]},
    "reason": "value was not found in enum",
    "consideredValue": "c",
}
SAID = {
    "nothing": (None, []),
    "no answer": ({"code": 121}, []),
    "not in this form": ({"errInfo": {"details": "no"}}, []),
    "an id alone": ({"errInfo": {"failingDocumentId": 1}}, []),
    "a bound": (of_schema(of_property("n", MINIMUM)), [("n", "1 is refused; accepted is minimum 3")]),
    "a length": (of_schema(of_property("l", LENGTH)), [("l", "[] is refused; accepted is minItems 1")]),
    "values": (of_schema(of_property("e", ENUM)), [("e", "'c' is refused; accepted is enum a, b")]),
    "not": (of_schema(of_property("x", NOT)), [("x", "is refused; accepted is not {'bsonType': 'int'}")]),
    "the document": (of_schema(TYPE), [("", "1 is refused; accepted is bsonType object")]),
    "below": (
        of_schema(of_property("a", of_property("b", MINIMUM))),
        [("a.b", "1 is refused; accepted is minimum 3")],
    ),
    "the values of open keys": (
        of_schema(
            of_property(
                "m",
                {
                    "operatorName": "additionalProperties",
                    "reason": "at least one additional property did not match the subschema",
                    "failingProperty": "k",
                    "details": [MINIMUM],
                },
            )
        ),
        [("m.k", "1 is refused; accepted is minimum 3")],
    ),
    "both": (
        of_schema({"operatorName": "allOf", "schemasNotSatisfied": [{"index": 0, "details": [TYPE]}]}),
        [("", "1 is refused; accepted is bsonType object")],
    ),
    "twice the same": (of_schema(TYPE, TYPE), [("", "1 is refused; accepted is bsonType object")]),
    "a condition": (
        {"operatorName": "$gt", "specifiedAs": {"n": {"$gt": 1}}, "reason": "comparison failed"},
        [("", "is refused by $gt: comparison failed")],
    ),
    "an unknown form": ({"operatorName": "$jsonSchema", "schemaRulesNotSatisfied": "?"}, None),
}


@pytest.mark.parametrize(("details", "expected"), SAID.values(), ids=SAID)
def test_what_the_manual_shows(details, expected):
    answer = (
        details if details is None or "operatorName" not in details else {"errInfo": {"details": details}}
    )
    found = reasons(answer)
    assert found == ([("", "is refused by $jsonSchema: no reason given")] if expected is None else expected)


def test_without_reasons_the_class_is_named():
    error = DocumentValidationError.of("Talk", WriteError("failed", 121, {"code": 121}), ())
    assert str(error).splitlines() == [
        "Talk: the validator of the collection refuses it",
        "  Talk.set_validator(collection) makes the validator what the class says today, full error: {'code': 121}",
    ]
    assert error.reasons == ()


def test_many_reasons_are_counted():
    error = DocumentValidationError.of(
        "Talk", WriteError("failed", 121), [(f"f{i}", "is missing") for i in range(30)]
    )
    assert "\n  f19: is missing\n  and 10 more: see reasons\n" in str(error)
    assert len(error.reasons) == 30
