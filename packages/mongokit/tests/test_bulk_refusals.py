"""What the server refuses of ``Class.bulk_write()``: PyMongo's error, which names class and fields as ours do."""

from __future__ import annotations

import pickle

import pymongo.errors
import pytest
from pymongo import DeleteOne, InsertOne, ReplaceOne, UpdateMany, UpdateOne

from mongokit import BulkError, BulkWriteError, Document, DocumentValidationError, DuplicateKeyError


class Account(Document):
    structure = {"owner": str, "bank": str, "money": int}
    accept_missing_fields = True
    indexes = [{"fields": ["owner", "bank"], "unique": True}]


class Counted(Account):
    use_revision = True


@pytest.fixture(params=["blocking", "asynchronous"])
def collection(request, database):
    database.client.register([Account, Counted])
    database.accounts.Account.ensure_indexes()
    database.accounts.insert_many(
        [{"_id": name, "owner": name, "bank": "b", "money": 0} for name in ("Anita", "Berit")]
    )
    if request.param == "blocking":
        return database.accounts
    driven = request.getfixturevalue("driven")
    driven.client.register([Account, Counted])
    return driven.accounts


TAKEN = {"owner": "Anita", "bank": "b"}
REQUESTS = {
    "insert": InsertOne(TAKEN),
    "replace": ReplaceOne({"_id": "Berit"}, TAKEN),
    "replace, upsert": ReplaceOne({"_id": "new"}, TAKEN, upsert=True),
    "update": UpdateOne({"_id": "Berit"}, {"$set": TAKEN}),
    "update, upsert": UpdateOne({"_id": "new"}, {"$set": TAKEN}, upsert=True),
    "update many": UpdateMany({"_id": "Berit"}, {"$set": {"owner": "Anita"}}),
    "update by a pipeline": UpdateOne({"_id": "Berit"}, [{"$set": {"owner": "Anita"}}]),
}


@pytest.mark.parametrize("name", ["Account", "Counted"])
@pytest.mark.parametrize("request_", REQUESTS.values(), ids=REQUESTS)
def test_a_unique_index_names_its_fields(collection, name, request_):
    first, last = UpdateOne({"_id": "Anita"}, {"$inc": {"money": 1}}), DeleteOne({"_id": "Anita"})
    with pytest.raises(pymongo.errors.BulkWriteError) as caught:
        getattr(collection, name).bulk_write([first, request_, last])
    error = caught.value
    assert isinstance(error, BulkError)
    assert type(error) is BulkWriteError
    ((refused, reason),) = error.failures
    assert refused is request_
    assert type(reason) is DuplicateKeyError
    assert reason.fields == ("owner", "bank")
    said = f"{name}: owner and bank must be unique; there is another with 'Anita', 'b'"
    assert str(error) == f"1 of 3 requests were done; refused:\n  request 1: {said}"
    assert (error.written, error.unwritten) == ((first,), (request_, last))
    assert (error.code, error.details["nMatched"], error.details["writeErrors"][0]["index"]) == (65, 1, 1)
    assert collection.find_one({"_id": "Anita"})["money"] == 1


def test_in_no_order(collection):
    given = [
        InsertOne(TAKEN),
        InsertOne({"owner": "Cilla", "bank": "b"}),
        UpdateOne({"_id": "Berit"}, {"$set": TAKEN}),
        DeleteOne({"_id": "nobody"}),
    ]
    with pytest.raises(BulkWriteError, match=r"^2 of 4 requests were done") as caught:
        collection.Account.bulk_write(given, ordered=False)
    assert [request for request, _ in caught.value.failures] == [given[0], given[2]]
    assert caught.value.written == (given[1], given[3])
    assert caught.value.unwritten == (given[0], given[2])


def test_many_are_counted(collection):
    with pytest.raises(BulkWriteError, match=r"request 19: .*\n  and 5 more: see failures$"):
        collection.Account.bulk_write([InsertOne(dict(TAKEN)) for _ in range(25)], ordered=False)


def test_a_validator_names_the_paths(collection, database):
    Account.set_validator(database.accounts)
    with pytest.raises(
        BulkWriteError, match=r"request 0: Account: the validator of the collection"
    ) as caught:
        collection.Account.bulk_write([InsertOne({"money": "much"})], validate=False)
    ((_, reason),) = caught.value.failures
    assert type(reason) is DocumentValidationError
    assert [path for path, _ in reason.reasons] == ["money"]


def test_it_can_be_pickled(collection):
    with pytest.raises(BulkWriteError) as caught:
        collection.Account.bulk_write([InsertOne(TAKEN)])
    copied = pickle.loads(pickle.dumps(caught.value))
    assert (str(copied), copied.details) == (str(caught.value), caught.value.details)
    assert copied.failures[0][1].fields == ("owner", "bank")


def test_what_is_not_about_a_request_is_pymongos(database, monkeypatch):
    database.client.register(Account)
    given = pymongo.errors.BulkWriteError({"writeErrors": [], "writeConcernErrors": [{"code": 64}]})

    def refused(*arguments, **options):
        raise given

    collection = database.accounts
    monkeypatch.setattr(collection, "bulk_write", refused)
    with pytest.raises(pymongo.errors.BulkWriteError) as caught:
        collection.Account.bulk_write([InsertOne({"owner": "Cilla"})])
    assert caught.value is given
