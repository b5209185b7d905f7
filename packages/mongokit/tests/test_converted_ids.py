"""Documents whose ``_id`` is one thing in Python and another in the database. Said of both kinds of connections."""

from __future__ import annotations

import decimal
import enum
from typing import Any

import pytest
from bson import DBRef, Decimal128
from pymongo import InsertOne, ReplaceOne

from mongokit import (
    BulkError,
    CustomType,
    Document,
    Ref,
    StaleDocumentError,
    VersionedDocument,
    prefetch,
)
from mongokit.errors import MissingReferenceError


class Number(CustomType):
    mongo_type = str
    python_type = int

    def to_bson(self, value):
        return f"n{value}"

    def to_python(self, value):
        return int(value[1:])


class Backwards(CustomType):
    """Both forms are of one type."""

    mongo_type = str
    python_type = str

    def to_bson(self, value):
        return value[::-1]

    to_python = to_bson


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Kind(enum.Enum):
    """Stored as values of different types."""

    ONE = 1
    TEXT = "text"


class Person(Document):
    __collection__ = "people"
    structure = {"name": str}


class Common(Document):
    structure = {"n": int}


class OfNumber(Common):
    __collection__ = "numbers"
    structure = {"_id": Number()}


class OfText(Common):
    structure = {"_id": Backwards()}


class OfColour(Common):
    _id: Colour


class OfKind(Common):
    _id: Kind


class OfDecimal(Common):
    _id: decimal.Decimal


class OfParts(Common):
    structure = {"_id": {"a": Number(), "b": int}}


class OfPerson(Common):
    structure = {"_id": Ref(Person)}


class Revised(OfNumber):
    use_revision = True


class Kept(VersionedDocument):
    structure = {"_id": Number(), "n": int}


class Referring(Document):
    structure = {"one": Ref(OfNumber), "two": Ref(OfNumber, dbref=True), "colour": Ref("OfColour")}


class Owner(Document):
    structure = {"one": OfNumber}
    use_autorefs = True


ALL = [
    Person,
    OfNumber,
    OfText,
    OfColour,
    OfKind,
    OfDecimal,
    OfParts,
    OfPerson,
    Revised,
    Kept,
    Referring,
    Owner,
]
FORMS: dict[type[Document], tuple[Any, Any]] = {
    OfNumber: (5, "n5"),
    OfText: ("abc", "cba"),
    OfColour: (Colour.RED, "red"),
    OfKind: (Kind.TEXT, "text"),
    OfDecimal: (decimal.Decimal("1.5"), Decimal128("1.5")),
    OfParts: ({"a": 1, "b": 2}, {"a": "n1", "b": 2}),
    OfPerson: (Ref(Person, 7), 7),
}
each_class = pytest.mark.parametrize("cls", FORMS, ids=lambda cls: cls.__name__)


@pytest.fixture(params=["blocking", "asynchronous"])
def db(request, database):
    found = database if request.param == "blocking" else request.getfixturevalue("driven")
    found.client.register(ALL)
    return found


@pytest.fixture
def proxy(db, cls):
    return getattr(db.things, cls.__name__)


def made(proxy, cls, n=1):
    return proxy({"_id": FORMS[cls][1], "n": n})


@each_class
class TestOneDocument:
    def test_saved_again(self, proxy, cls, database):
        python, stored = FORMS[cls]
        document = made(proxy, cls).save()
        assert document["_id"] == python
        for n in (2, 3):
            document["n"] = n
            document.save()
        assert document["_id"] == python
        assert list(database.things.find()) == [{"_id": stored, "n": 3}]

    def test_loaded_and_saved(self, proxy, cls, database):
        python, stored = FORMS[cls]
        database.things.insert_one({"_id": stored, "n": 1})
        document = proxy.find_one()
        assert document["_id"] == python
        document["n"] = 2
        document.save()
        document["n"] = 3
        document.save(only=["n"])
        assert list(database.things.find()) == [{"_id": stored, "n": 3}]

    def test_found_by_either_form(self, proxy, cls, database):
        python, stored = FORMS[cls]
        made(proxy, cls).save()
        assert proxy.get_from_id(python)["_id"] == python
        # Where a value could be either form it is taken for the one that documents hold.
        assert proxy.get_from_id(stored) == (None if cls is OfText else proxy.get_from_id(python))

    def test_reloaded_and_updated(self, proxy, cls):
        document = made(proxy, cls).save()
        document.update_atomic({"$inc": {"n": 4}})
        assert document == {"_id": FORMS[cls][0], "n": 5}
        document["n"] = 0
        document.reload()
        assert document == {"_id": FORMS[cls][0], "n": 5}

    def test_deleted(self, proxy, cls, database):
        database.things.insert_one({"_id": "another", "n": 1})
        made(proxy, cls).save().delete()
        assert [one["_id"] for one in database.things.find()] == ["another"]

    def test_in_a_unit_of_work(self, proxy, cls, db, database):
        python, stored = FORMS[cls]
        document = made(proxy, cls).save()
        with db.client.unit_of_work():
            document["n"] = 2
            document.save()
            assert document["_id"] == python
        assert list(database.things.find()) == [{"_id": stored, "n": 2}]
        with db.client.unit_of_work():
            document.delete()
        assert database.things.find_one() is None

    def test_inserted_with_others(self, proxy, cls, database):
        python, stored = FORMS[cls]
        document = made(proxy, cls)
        proxy.insert_many([document])
        assert document["_id"] == python
        assert database.things.find_one() == {"_id": stored, "n": 1}

    def test_in_bulk(self, proxy, cls, database):
        stored = FORMS[cls][1]
        proxy.bulk_write([InsertOne(made(proxy, cls)), ReplaceOne({"_id": stored}, made(proxy, cls, 2))])
        assert list(database.things.find()) == [{"_id": stored, "n": 2}]


def test_an_id_of_the_servers_is_taken_over(db, database):
    db.client.register(Common)
    documents = [db.things.Common({"n": 1}), {"n": 2}]
    db.things.Common.insert_many(documents)
    assert [one["_id"] for one in documents] == [one["_id"] for one in database.things.find().sort("n")]


def save_together(db, documents):
    with db.client.unit_of_work():
        for document in documents:
            document.save()


class TestRevisions:
    def test_stale(self, db):
        document = db.things.Revised({"_id": 5, "n": 1}).save()
        other = db.things.Revised.get_from_id(5)
        other["n"] = 2
        other.save()
        with pytest.raises(StaleDocumentError):
            document.save()
        with pytest.raises(BulkError) as caught, db.client.unit_of_work():
            document.save()
        assert isinstance(caught.value.failures[0][1], StaleDocumentError)

    def test_a_unit_of_work_tells_who_is_stale(self, db):
        documents = [db.things.Revised({"_id": number, "n": 1}).save() for number in range(3)]
        other = db.things.Revised.get_from_id(1)
        other["n"] = 2
        other.save()
        with pytest.raises(BulkError) as caught:
            save_together(db, documents)
        assert [document for document, _ in caught.value.failures] == [documents[1]]

    def test_a_history(self, database):
        database.client.register(ALL)
        document = database.things.Kept({"_id": 5, "n": 1}).save()
        document["n"] = 2
        document.save()
        assert document["_id"] == 5
        assert document.get_last_revision_id() == 2
        assert document.get_revision(1) == {"_id": 5, "n": 1, "_revision": 1}
        assert [one["id"] for one in database.versioned_things.find()] == ["n5", "n5"]
        document.delete(versioning=True)
        assert database.versioned_things.find_one() is database.things.find_one() is None


class TestReferences:
    @pytest.fixture
    def target(self, db):
        return db.numbers.OfNumber({"_id": 5, "n": 1}).save()

    @pytest.mark.parametrize("given", ["document", "Python form", "stored form", "Ref", "DBRef"])
    def test_stored_and_read(self, db, database, target, given):
        value = {
            "document": target, "Python form": 5, "stored form": "n5", "Ref": Ref.to(target), "DBRef": target.get_dbref(),
        }[given]  # fmt: skip
        document = db.things.Referring({"one": value, "two": value, "colour": None})
        document.save()
        assert target.get_dbref() == DBRef("numbers", "n5", database.name)
        assert database.things.find_one()["two"] == target.get_dbref()
        if given != "DBRef":
            assert database.things.find_one()["one"] == "n5"
        found = db.things.Referring.find_one()
        assert found["one"].id == found["two"].id == 5
        assert found["one"] == Ref.to(target)
        assert document == found

    def test_an_enumeration_by_name(self, db, database):
        document = db.things.Referring({"one": None, "two": None, "colour": None})
        document["colour"] = Colour.RED
        document.save()
        assert database.things.find_one()["colour"] == "red"
        assert db.things.Referring.find_one()["colour"].id is Colour.RED

    def test_what_is_no_id_is_refused(self, db):
        document = db.things.Referring({"one": 1.5, "two": None, "colour": "green"})
        with pytest.raises(Exception, match="one must refer to an OfNumber"):
            document.save()


def test_references_are_loaded(database):
    database.client.register(ALL)
    database.numbers.OfNumber({"_id": 5, "n": 1}).save()
    database.things.Referring({"one": 5, "two": 6, "colour": None}).save()
    (found,) = database.things.Referring.find().prefetch("one", "two")
    assert found["one"].loaded == {"_id": 5, "n": 1}
    assert found["two"].loaded is None
    found = database.things.Referring.find_one()
    prefetch([found], "one")
    assert found["one"].get() == {"_id": 5, "n": 1}
    found = database.things.Referring.find_one()
    assert found["one"].get() == {"_id": 5, "n": 1}
    assert found["one"].exists()
    assert not found["two"].exists()
    with pytest.raises(MissingReferenceError):
        found["two"].get()


def test_documents_saved_with_their_owner(db, database):
    owner = db.owners.Owner({"one": db.numbers.OfNumber({"_id": 5, "n": 1})}).save()
    assert database.owners.find_one()["one"] == DBRef("numbers", "n5", database.name)
    found = db.owners.Owner.find_one()
    assert found["one"] == {"_id": 5, "n": 1}
    found["one"]["n"] = 2
    found.save()
    assert list(database.numbers.find()) == [{"_id": "n5", "n": 2}]
    owner.reload()
    assert owner["one"]["n"] == 2
    # Not loaded as a reference, so it is compared with what is stored.
    again = db.owners.Owner({"one": db.numbers.OfNumber({"_id": 5, "n": 3})}).save()
    assert list(database.numbers.find()) == [{"_id": "n5", "n": 3}]
    assert again["one"]["_id"] == 5


def test_files(database):
    class Filed(OfNumber):
        gridfs = {"files": ["text"]}

    document = Filed({"_id": 5, "n": 1}, collection=database.things).save()
    document.fs.text = b"x"
    assert Filed(collection=database.things).get_from_id(5).fs.text == b"x"


def test_json(database):
    database.client.register(ALL)
    document = database.things.OfNumber({"_id": 5, "n": 1})
    assert database.things.OfNumber.from_json(document.to_json()) == document
