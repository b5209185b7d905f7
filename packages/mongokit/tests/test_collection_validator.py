"""The structure as the server's own check of a collection."""

from __future__ import annotations

import pytest
from pymongo.errors import OperationFailure, WriteError

from mongokit import Document, embedded

DOCUMENT_VALIDATION_FAILURE = 121


class Talk(Document):
    structure = {"_type": str, "topic": str, "seats": int}
    required_fields = ["topic"]


class Keynote(Talk):
    structure = {"speaker": str}


def options(collection):
    (found,) = collection.database.list_collections(filter={"name": collection.name})
    return found["options"]


def refused(collection, **content):
    try:
        collection.insert_one(content)
    except WriteError as error:
        if error.code != DOCUMENT_VALIDATION_FAILURE:
            raise
        return True
    return False


GOOD = {"_type": "Talk", "topic": "x", "seats": 1}


def test_a_collection_that_is_not_there_is_made(collection):
    made = Talk.set_validator(collection)
    assert made == {"$jsonSchema": Talk.json_schema()}
    assert options(collection) == {
        "validator": made,
        "validationLevel": "strict",
        "validationAction": "error",
    }


def test_what_others_write_is_checked(collection):
    collection.insert_one({"old": "stays"})
    Talk.set_validator(collection)
    assert refused(collection, topic="x")
    assert refused(collection, **{**GOOD, "seats": "many"})
    assert refused(collection, **{**GOOD, "topic": None})
    assert refused(collection, **GOOD, more=1)
    assert not refused(collection, **GOOD)
    with pytest.raises(WriteError):
        collection.update_one({"topic": "x"}, {"$set": {"seats": 1.5}})
    Talk({"topic": "y", "seats": 2}, collection=collection).save()
    assert collection.count_documents({}) == 3


def test_a_validator_is_replaced(collection):
    Talk.set_validator(collection)
    Keynote.set_validator(collection, "moderate", "warn")
    assert options(collection)["validator"] == {"$jsonSchema": Keynote.json_schema()}
    assert options(collection)["validationLevel"] == "moderate"
    assert options(collection)["validationAction"] == "warn"
    assert not refused(collection, **GOOD)


def test_off(collection):
    Talk.set_validator(collection)
    assert refused(collection, a=1)
    Talk.set_validator(collection, level="off")
    assert not refused(collection, a=1)


def test_moderate_lets_what_was_wrong_be_updated(collection):
    collection.insert_one({"_id": 1, "old": "x"})
    Talk.set_validator(collection, level="moderate")
    collection.update_one({"_id": 1}, {"$set": {"old": "y"}})
    assert collection.find_one() == {"_id": 1, "old": "y"}
    assert refused(collection, old="x")
    Talk.set_validator(collection)
    with pytest.raises(WriteError):
        collection.update_one({"_id": 1}, {"$set": {"old": "z"}})


def test_classes_that_share_a_collection(collection):
    Talk.set_validator(collection, also=[Keynote])
    assert not refused(collection, **GOOD)
    assert not refused(collection, **GOOD, speaker="who")
    assert refused(collection, **GOOD, speaker=1)
    assert refused(collection, speaker="who")


REFUSED = {
    "level": ({"level": "on"}, r"set_validator\(level='on'\): accepted are 'strict', 'moderate', 'off'"),
    "action": (
        {"action": "no"},
        r"set_validator\(action='no'\): accepted are 'error', 'warn', 'errorAndLog'",
    ),
}


@pytest.mark.parametrize(("arguments", "message"), REFUSED.values(), ids=REFUSED)
def test_refused_arguments(collection, arguments, message):
    with pytest.raises(ValueError, match=message):
        Talk.set_validator(collection, **arguments)
    assert collection.database.list_collection_names() == []


def test_a_server_that_does_not_take_it_is_quoted(collection, monkeypatch):
    monkeypatch.setattr(Talk, "json_schema", lambda: {"no such keyword": 1})
    with pytest.raises(
        OperationFailure, match="does not take the structure of Talk as the validator"
    ) as error:
        Talk.set_validator(collection)
    assert "no such keyword" in str(error.value)
    assert error.value.code == 9
    assert error.value.__cause__ is not None


def test_a_collection_made_meanwhile(database):
    """Both runners find none; the later one finds that of the first."""
    collection = database.things
    create = type(database).create_collection

    class Racing(type(database)):
        def create_collection(self, name, *args, **options):
            create(database, name)
            return create(self, name, *args, **options)

    racing = Racing(database.client, database.name)
    Talk.set_validator(racing.get_collection("things"))
    assert refused(collection, a=1)


def test_embedded_server_enforces(server_folder):
    """SecantusDB checks documents as MongoDB does, after a restart too."""
    from mongokit import Connection

    for start in range(2):
        with embedded.EmbeddedServer(server_folder) as server, Connection(server.uri) as connection:
            things = connection.test.things
            if not start:
                Talk.set_validator(things)
            assert refused(things, a=start)
            assert not refused(things, **GOOD)
