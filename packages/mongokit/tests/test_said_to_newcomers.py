"""What a wrong program is told: the thing, the value, what is accepted, and what to write."""

from __future__ import annotations

import pytest

from mongokit import IS, OR, Connection, Document, VersionedDocument
from mongokit.guessing import meant


class Talk(Document):
    structure = {"title": str, "seats": int, "items": [{"price": float}]}


class Page(VersionedDocument):
    structure = {"title": str}


def declared(**attributes):
    return lambda: type("Thing", (Document,), {"structure": {"title": str, "seats": int}, **attributes})


ACCEPTED = r" is not a type; accepted are types \(str, int, …\), .* A default is given in default_values$"
CLASSES = {
    "a type as text": (declared(structure={"a": "str"}), TypeError, r"^Thing: a: 'str'" + ACCEPTED),
    "a default": (declared(structure={"a": {"b": 5}}), TypeError, r"^Thing: a\.b: 5" + ACCEPTED),
    "values in OR": (declared(structure={"a": OR("x", "y")}), TypeError, r"^Thing: a: 'x'" + ACCEPTED + "|IS of"),
    "a required path": (declared(required_fields=["titel"]), ValueError, r"can't find titel in structure \(of Thing\) \(did you mean title\?\)"),
    "a default's path": (declared(default_values={"seat": 1}), ValueError, r"\(did you mean seats\?\)"),
    "a validator's path": (declared(validators={"seat": len}), ValueError, r"\(did you mean seats\?\)"),
    "an index": (declared(indexes=[{"fields": ["titel"]}]), ValueError, r"\(did you mean title\?\)"),
    "an index without fields": (declared(indexes=[{"field": "title"}]), Exception, r"as \{'fields': \['name'\]\}"),
    "a shard key": (declared(shard_key=["titel"]), ValueError, r"\(did you mean title\?\)"),
    "nothing alike": (declared(required_fields=["zzz"]), ValueError, r"can't find zzz in structure \(of Thing\)$"),
    "a text as content": (lambda: Talk("x"), TypeError, r"^Talk\(\) takes a dict of fields, as Talk\(\{'field': value\}\), not 'x'$"),
    "a list as content": (lambda: Talk([1, 2]), TypeError, r"^Talk\(\) takes a dict of fields, .* not \[1, 2\]$"),
    "a number as content": (lambda: Talk(5), TypeError, r"^Talk\(\) takes a dict of fields, .* not 5$"),
    "a validator's collection": (lambda: Talk.set_validator("x"), TypeError, r"^Talk\.set_validator\(\) takes a collection, as .*, not 'x'$"),
    "a client for a collection": (lambda: Talk.set_validator(Connection(connect=False)), TypeError, r"takes a collection, as .*, not "),
    "a database for a collection": (lambda: Talk.ensure_indexes(Connection(connect=False)["blog"]), TypeError, r"takes a collection, as .*, not "),
    "an index's collection": (lambda: Talk.ensure_indexes("x"), TypeError, r"^Talk\.ensure_indexes\(\) takes a collection, as .*, not 'x'$"),
}  # fmt: skip


@pytest.mark.parametrize(("wrong", "error", "said"), CLASSES.values(), ids=CLASSES)
def test_classes(wrong, error, said):
    with pytest.raises(error, match=said):
        wrong()


@pytest.fixture(params=["blocking", "asynchronous"])
def things(request, database):
    found = (database if request.param == "blocking" else request.getfixturevalue("driven")).things
    found.database.client.register([Talk, Page])
    return found


def saved(things):
    return things.Talk({"_id": 1, "title": "a", "seats": 1, "items": []}).save()


CALLS = {
    "a text as query": (
        lambda things: things.Talk.find("x"),
        TypeError,
        r"^Talk\.find\(\) takes a query as a dict, as \{'field': value\}, not 'x'; .* by get_from_id\('x'\)$",
    ),
    "an option of find": (
        lambda things: things.Talk.find({}, limt=3),
        TypeError,
        r"^Talk\.find\(\) has no option 'limt' \(did you mean limit\?\); accepted are .*batch_size",
    ),
    "a document as request": (
        lambda things: things.Talk.bulk_write([{"title": "a"}]),
        TypeError,
        r"^request 0: bulk_write\(\) takes PyMongo's requests, as InsertOne.* not \{'title': 'a'\}; .*insert_many",
    ),
    "a text for documents": (
        lambda things: things.Talk.insert_many("abc"),
        TypeError,
        r"^insert_many\(\) takes a list of documents, not 'abc'$",
    ),
    "a field of save(only)": (
        lambda things: saved(things).save(only=["titel"]),
        ValueError,
        r"can't find titel among .* \(of Talk\) \(did you mean title\?\)$",
    ),
    "a field of an update": (
        lambda things: saved(things).update_atomic({"$set": {"titel": "b"}}),
        Exception,
        r"\$set: can't find titel in structure \(of Talk\) \(did you mean title\?\)$",
    ),
    "a reference to nothing": (
        lambda things: things.Talk().get_dbref(),
        KeyError,
        r"this Talk has no _id, which a reference leads to: save\(\) it first",
    ),
    "no function": (
        lambda things: things.database.client.in_transaction(5),
        TypeError,
        r"^in_transaction\(\) takes a function without parameters, .* not 5; .*connection\.transaction\(\)",
    ),
    "a document to be registered": (
        lambda things: things.database.client.register(Talk({"title": "a"})),
        TypeError,
        r"^register\(\) takes subclasses of mongokit\.Document, or a list of them, not an instance of Talk: ",
    ),
    "a name to be registered": (
        lambda things: things.database.client.register("Talk"),
        TypeError,
        r"or a list of them, not an instance of str: 'Talk'$",
    ),
    "a number to be registered": (
        lambda things: things.database.client.register(5),
        TypeError,
        r"or a list of them, not an instance of int: 5$",
    ),
}


@pytest.mark.parametrize(("wrong", "error", "said"), CALLS.values(), ids=CALLS)
def test_calls(things, wrong, error, said):
    with pytest.raises(error, match=said):
        wrong(things)


def test_revisions_of_nothing(database):
    page = database.things.proxy(Page)({"title": "a"})
    with pytest.raises(
        KeyError, match=r"this Page has no _id, so that it has no revisions: save\(\) it first"
    ):
        page.get_revision(1)


def test_pairs_are_content_as_for_a_dict():
    assert Talk([("title", "a")]) == {"title": "a"}
    assert IS("a").validate("a")


def test_what_a_type_error_of_pymongo_says_is_kept(things):
    with pytest.raises(TypeError, match="batch_size"):
        things.Talk.find({}, batch_size="x")


def test_meant():
    assert meant("titel", ["seats", "title"]) == " (did you mean title?)"
    assert meant(5, ["seats"]) == ""
