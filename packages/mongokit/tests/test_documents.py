"""Saving, deleting, reloading: what gets to the database and what does not."""

from __future__ import annotations

import copy
import datetime
import pickle
import re
import uuid

import bson
import pymongo
import pytest
from bson import Code, Decimal128, ObjectId, Regex
from pymongo.errors import DuplicateKeyError

from mongokit import (
    Connection,
    ConnectionError,
    Document,
    MaxDocumentSizeError,
    OperationFailure,
    RequireFieldError,
    SchemaTypeError,
    StructureError,
)


class Talk(Document):
    structure = {"topic": str, "when": datetime.datetime, "tags": [str], "duration": float}
    required_fields = ["topic"]


@pytest.fixture
def talks(connection, collection):
    connection.register(Talk)
    return collection


def talk(**changed):
    return {"topic": "x", "when": None, "tags": [], "duration": None, **changed}


def test_save_inserts_and_gives_an_id(talks):
    document = talks.Talk(talk())
    assert document.save() is document
    assert isinstance(document["_id"], ObjectId)
    assert talks.find_one() == document


def test_save_replaces_the_whole_document(talks):
    document = talks.Talk(talk()).save()
    talks.update_one({"_id": document["_id"]}, {"$set": {"other": 1}})
    document["topic"] = "y"
    document.save()
    assert list(talks.find()) == [document]


def test_save_with_an_id_of_ones_own_inserts_and_replaces(talks):
    talks.Talk(talk(_id="a")).save()
    talks.Talk(talk(_id="a", topic="y")).save()
    assert [found["topic"] for found in talks.find()] == ["y"]


def test_save_with_uuid(talks):
    document = talks.Talk(talk()).save(uuid=True)
    assert re.fullmatch(r"Talk-[0-9a-f-]{36}", document["_id"])
    kept = document["_id"]
    document.save(uuid=True)
    assert document["_id"] == kept
    assert talks.count_documents({}) == 1


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (talk(topic=3), SchemaTypeError),
        (talk(topic=None), RequireFieldError),
        ({"topic": "x"}, StructureError),
    ],
)
@pytest.mark.parametrize("stored", [False, True])
def test_what_is_wrong_is_not_written(talks, content, error, stored):
    document = talks.Talk(talk())
    if stored:
        document.save()
    before = list(talks.find())
    wrong = talks.Talk({**content, "_id": document["_id"]} if stored else content)
    with pytest.raises(error):
        wrong.save()
    assert list(talks.find()) == before


def test_what_is_wrong_is_not_written_where_errors_are_not_raised(talks, connection):
    @connection.register
    class Quiet(Talk):
        raise_validation_errors = False

    document = talks.Quiet({**talk(), "topic": 3})
    with pytest.raises(SchemaTypeError, match="topic must be an instance of str not int"):
        document.save()
    assert talks.count_documents({}) == 0
    document["topic"] = "x"
    document.save()
    assert talks.count_documents({}) == 1


@pytest.mark.parametrize(
    ("skip", "validate", "written"),
    [
        (False, None, False),
        (False, False, True),
        (True, None, True),
        (True, True, False),
        (False, True, False),
    ],
)
def test_validation_can_be_skipped(collection, skip, validate, written):
    class Careless(Talk):
        skip_validation = skip

    document = Careless(talk(topic=3), collection=collection)
    if written:
        document.save(validate=validate)
    else:
        with pytest.raises(SchemaTypeError):
            document.save(validate=validate)
    assert collection.count_documents({}) == int(written)


@pytest.mark.filterwarnings("ignore:save:DeprecationWarning")
@pytest.mark.parametrize("safe", [True, False])
def test_save_without_waiting_for_the_answer(talks, safe):
    document = talks.Talk(talk())
    assert document.save(safe=safe) is document
    assert "_id" in document


def test_options_go_to_pymongo(talks, connection):
    with connection.start_session() as session:
        document = talks.Talk(talk()).save(session=session)
        document.reload(session=session)
        document.delete(session=session)
    assert talks.count_documents({}) == 0


def test_a_refused_document_keeps_its_id_so_that_a_second_try_makes_no_second_one(talks):
    talks.create_index("topic", unique=True)
    talks.Talk(talk()).save()
    document = talks.Talk(talk())
    with pytest.raises(DuplicateKeyError) as caught:
        document.save()
    assert isinstance(caught.value, OperationFailure)
    document["topic"] = "y"
    document.save()
    assert talks.count_documents({}) == 2


def test_too_large(talks):
    document = talks.Talk(talk(topic="x" * (16 * 1024 * 1024)))
    with pytest.raises(
        MaxDocumentSizeError, match=r"^Talk: it has 1[67]\d{6} bytes as BSON; MongoDB takes 16777216"
    ):
        document.save()
    assert talks.count_documents({}) == 0


def test_delete(talks):
    kept, document = talks.Talk(talk()).save(), talks.Talk(talk()).save()
    document.delete()
    assert list(talks.find()) == [kept]
    document.delete()
    with pytest.raises(KeyError):
        talks.Talk().delete()


def test_a_deleted_document_can_be_saved_again(talks):
    document = talks.Talk(talk()).save()
    document.delete()
    document.save()
    assert list(talks.find()) == [document]


def test_reload(talks):
    document = talks.Talk(talk()).save()
    talks.update_one({}, {"$set": {"topic": "y"}})
    document["duration"] = 5.0
    document["extra"] = 1
    document.reload()
    assert document == talk(_id=document["_id"], topic="y")
    document.delete()
    with pytest.raises(
        OperationFailure, match=r"cannot reload Talk ObjectId\(.*\): it is not in the database"
    ):
        document.reload()
    with pytest.raises(KeyError):
        talks.Talk().reload()


CONDITIONS = [{"$gt": ""}, {"$ne": None}, {"a": 1, "$exists": True}, re.compile("."), Regex(".")]


@pytest.mark.parametrize("condition", CONDITIONS, ids=str)
@pytest.mark.parametrize("action", ["delete", "reload", "save"])
def test_an_id_that_is_a_condition_is_refused(talks, condition, action):
    victim = talks.Talk(talk(_id="victim")).save()
    document = talks.Talk(talk(topic="attack"))
    document["_id"] = condition
    with pytest.raises(TypeError, match="is a condition; a value is expected here"):
        getattr(document, action)()
    assert list(talks.find()) == [victim]


def test_an_id_may_be_a_dict(talks):
    document = talks.Talk(talk(_id={"year": 2026, "n": 1})).save()
    assert talks.Talk.get_from_id({"year": 2026, "n": 1}) == document
    document.delete()
    assert talks.count_documents({}) == 0


@pytest.mark.parametrize("name", ["collection", "db", "connection"])
def test_unbound_documents_say_so(name):
    with pytest.raises(ConnectionError, match="this Talk is bound to no collection: make it by collection"):
        getattr(Talk(), name)


@pytest.mark.parametrize("action", ["save", "delete", "reload", "find", "one", "find_one", "get_dbref"])
def test_unbound_documents_do_nothing(action):
    with pytest.raises(ConnectionError):
        getattr(Talk(talk(_id=1)), action)()


def test_unbound_with_dot_notation():
    class Doted(Talk):
        use_dot_notation = True

    with pytest.raises(ConnectionError):
        Doted(talk()).save()


def test_where_a_document_is(talks, database, connection):
    for document in (talks.Talk(), Talk(collection=talks)):
        assert document.collection is talks
        assert document.db is database
        assert document.connection is connection


def test_a_collection_of_pymongo_will_do(mongodb_uri, database):
    with pymongo.MongoClient(mongodb_uri) as client:
        raw = client[database.name].things
        document = Talk(talk(), collection=raw).save()
        assert document.collection is raw
        assert document.one() == document
        assert type(document.find_one()) is Talk
        document.reload()


def test_copies_stay_in_the_collection_and_pickles_do_not(talks):
    document = talks.Talk(talk())
    assert copy.copy(document).collection is talks
    assert copy.deepcopy(document).collection is talks
    with pytest.raises(ConnectionError):
        _ = pickle.loads(pickle.dumps(document)).collection


def test_size_and_reference(talks):
    document = talks.Talk(talk(_id=1)).save()
    assert document.get_size() == len(bson.encode(dict(document)))
    assert Talk(document).get_size() == document.get_size()
    assert document.get_dbref() == bson.DBRef("things", 1, talks.database.name)


def test_every_kind_of_value_comes_back(connection, collection):
    @connection.register
    class Zoo(Document):
        structure = {
            "a": bool, "b": int, "c": float, "d": str, "e": bytes, "f": datetime.datetime, "g": ObjectId,
            "h": uuid.UUID, "i": Decimal128, "j": Regex, "k": (int, str), "l": {str: [int]}, "m": Code, "n": None,
        }  # fmt: skip

    content = {
        "a": True, "b": 2**40, "c": 3, "d": "é\0", "e": b"\0", "f": datetime.datetime(2026, 1, 2), "g": ObjectId(),
        "h": uuid.uuid4(), "i": Decimal128("1.10"), "j": Regex("x", "i"), "k": (1, "a"), "l": {"a": [1]},
        "m": Code("x"), "n": [1, {"a": None}],
    }  # fmt: skip
    collection.Zoo(content).save()
    found = collection.Zoo.one()
    assert found == {**content, "_id": found["_id"], "k": [1, "a"]}
    found.save()
    assert collection.Zoo.one() == found


def test_aware_datetimes_are_stored_as_utc(talks):
    berlin = datetime.timezone(datetime.timedelta(hours=1))
    talks.Talk(talk(when=datetime.datetime(2026, 1, 2, 12, tzinfo=berlin))).save()
    assert talks.Talk.one()["when"] == datetime.datetime(2026, 1, 2, 11)


def test_names_of_collections_are_left_to_the_application(talks):
    class Named(Talk):
        collection_name = "talks"
        db_name = "x"

    assert Named(talk(), collection=talks).save().collection_name == "talks"


def test_naive_datetimes_are_utc_and_come_back_aware_from_an_aware_connection(mongodb_uri, database):
    naive = datetime.datetime(2026, 1, 2, 3, 4, 5)
    with Connection(mongodb_uri, tz_aware=True) as aware:
        aware.register(Talk)
        talks = aware[database.name].things
        for given in (naive, naive.replace(tzinfo=datetime.UTC)):
            document = talks.Talk(talk(when=given)).save()
            assert talks.Talk.get_from_id(document["_id"])["when"] == naive.replace(tzinfo=datetime.UTC)
            assert Talk(collection=database.things).get_from_id(document["_id"])["when"] == naive
            document.reload()
            assert document["when"].tzinfo is not None
