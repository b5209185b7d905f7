"""get_document_or_404, with values as a browser sends them."""

import pytest
from bson import ObjectId
from django.core.exceptions import ImproperlyConfigured
from django.db.utils import ConnectionDoesNotExist
from django.http import Http404
from django.test import Client

import django_mongokit
from django_mongokit import get_database, get_document_or_404


@pytest.fixture
def talks(mongodb):
    for key, topic in ((ObjectId("4b9244989d40b334b4000000"), "Bananas"), ("Talk-1", "Apples"), (7, "Seven")):
        mongodb.talks.insert_one({"_id": key, "topic": topic, "tags": [], "when": None, "duration": None})
    return mongodb.talks


FOUND = {
    "pk of an object id": ((), {"pk": "4b9244989d40b334b4000000"}, "Bananas"),
    "pk, an object id": ((), {"pk": ObjectId("4b9244989d40b334b4000000")}, "Bananas"),
    "pk of text": ((), {"pk": "Talk-1"}, "Apples"),
    "pk, a number": ((), {"pk": 7}, "Seven"),
    "pk, a number as text": ((), {"pk": "7"}, "Seven"),
    "_id": ((), {"_id": "Talk-1"}, "Apples"),
    "a field": ((), {"topic": "Apples"}, "Apples"),
    "two fields": ((), {"topic": "Apples", "duration": None}, "Apples"),
    "a query": (({"topic": {"$in": ["Apples", "Pears"]}},), {}, "Apples"),
    "query and field": (({"topic": {"$gt": "Az"}},), {"pk": "4b9244989d40b334b4000000"}, "Bananas"),
    "query and field of one name": (({"topic": {"$gt": "A"}},), {"topic": "Apples"}, "Apples"),
}


@pytest.mark.parametrize(("query", "fields", "topic"), FOUND.values(), ids=FOUND)
def test_found(talks, query, fields, topic):
    talk = get_document_or_404(talks.Talk, *query, **fields)
    assert talk["topic"] == topic
    assert type(talk).__name__ == "Talk"


NOT_FOUND = {
    "no such key": ((), {"pk": "4b9244989d40b334b4000001"}),
    "no object id": ((), {"pk": "x"}),
    "empty": ((), {"pk": ""}),
    "the number in quotes": ((), {"pk": '"7"'}),
    "no such value": ((), {"topic": "Pears"}),
    "one fits, one does not": ((), {"pk": "Talk-1", "topic": "Bananas"}),
    "query does not fit": (({"topic": {"$gt": "B"}},), {"pk": "Talk-1"}),
    "operator of a user": ((), {"pk": {"$gt": ""}}),
    "operator of a user in a field": ((), {"topic": {"$ne": "Apples"}}),
    "operator hidden in a list": ((), {"topic": [{"$gt": ""}]}),
    "operator hidden below": ((), {"topic": {"a": {"$gt": ""}}}),
    "where": ((), {"topic": {"$where": "1"}}),
}


@pytest.mark.parametrize(("query", "fields"), NOT_FOUND.values(), ids=NOT_FOUND)
def test_not_found(talks, query, fields):
    with pytest.raises(Http404, match="No Talk matches the given query"):
        get_document_or_404(talks.Talk, *query, **fields)


def test_more_than_one(talks):
    from mongokit import MultipleResultsFound

    with pytest.raises(MultipleResultsFound):
        get_document_or_404(talks.Talk, {"duration": None})


def test_no_condition_at_all_takes_the_only_one(mongodb):
    mongodb.talks.insert_one({"_id": 1, "topic": "only"})
    assert get_document_or_404(mongodb.talks.Talk)["topic"] == "only"


@pytest.mark.parametrize(
    ("pk", "status"), [("4b9244989d40b334b4000000", 200), ("Talk-1", 200), ("nothing", 404)]
)
def test_in_a_view(talks, pk, status):
    assert Client().get(f"/talks/{pk}/").status_code == status


WRONG = {
    "an alias": ("archive", r"""'archive'.*get_database\(using='archive'\)"""),
    "a class": (dict, r"takes a mongokit Connection.*not <class 'dict'>"),
}


@pytest.mark.parametrize(("value", "message"), WRONG.values(), ids=WRONG)
def test_get_database_of_what_is_no_connection(value, message):
    with pytest.raises(TypeError, match=message):
        get_database(value)


def test_get_database_of_a_connection(mongodb, client_of_server):
    """What has databases by name will do, so also a client of PyMongo's, and `connection` itself."""
    for given in (django_mongokit.connection, mongodb.client, client_of_server):
        assert get_database(given).name == mongodb.name


def test_the_alias_by_either_name(mongodb):
    assert get_database(alias="mongodb") == get_database(using="mongodb") == mongodb
    with pytest.raises(ConnectionDoesNotExist):
        get_database(alias="nothing")


def test_an_alias_of_sql(mongodb):
    with pytest.raises(ImproperlyConfigured, match=r"'default', which is no alias of MongoDB.*'mongodb'"):
        get_database(using="default")
