"""References that somebody else has made: conditions in the place of ids, names of no collection, other collections."""

from __future__ import annotations

import pickle
import re

import pytest
from bson import DBRef, Regex
from pymongo import UpdateOne

from mongokit import Document, Ref, SchemaDocumentError, SchemaTypeError, StructureError


class Author(Document):
    __collection__ = "authors"
    structure = {"_id": str, "name": str}


class Free(Document):
    """Of no collection of its own."""

    structure = {"name": str}


class Talk(Document):
    structure = {"by": Ref(Author), "at": Ref(Author, dbref=True), "free": Ref(Free, dbref=True)}


class Owner(Document):
    structure = {"by": Author, "free": Free}
    use_autorefs = True


class Current(Owner):
    force_autorefs_current_db = True


ALL = [Author, Free, Talk, Owner, Current]
HOSTILE = {
    "exists": DBRef("authors", {"$exists": True}),
    "greater": DBRef("authors", {"$gt": ""}),
    "a pattern": DBRef("authors", re.compile("")),
    "PyMongo's pattern": DBRef("authors", Regex("")),
    "a command": DBRef("$cmd", "kim"),
    "no name": DBRef("", "kim"),
    "a dot before": DBRef(".authors", "kim"),
    "a dot behind": DBRef("authors.", "kim"),
    "two dots": DBRef("a..b", "kim"),
    "a NUL": DBRef("a\0b", "kim"),
    "a database of no name": DBRef("authors", "kim", ""),
    "a database with a dot": DBRef("authors", "kim", "a.b"),
    "a database with a dollar": DBRef("authors", "kim", "$external"),
    "a long database": DBRef("authors", "kim", "x" * 64),
}
each_hostile = pytest.mark.parametrize("dbref", HOSTILE.values(), ids=HOSTILE)


@pytest.fixture(params=["blocking", "asynchronous"])
def db(request, database):
    found = database if request.param == "blocking" else request.getfixturevalue("driven")
    found.client.register(ALL)
    database.authors.insert_one({"_id": "kim", "name": "Kim"})
    return found


def talk(db, **fields):
    return db.talks.Talk({"by": None, "at": None, "free": None, **fields})


@pytest.mark.parametrize("field", ["by", "at", "free"])
@each_hostile
def test_no_reference(db, database, field, dbref):
    document = talk(db)
    document[field] = dbref
    for write in (document.save, talk(db, **{field: dbref}).save):
        with pytest.raises(SchemaTypeError, match=f"{field} must refer to"):
            write()
    assert database.talks.find_one() is None
    stored = talk(db).save()
    for update in (stored.update_atomic, lambda update: db.talks.Talk.find_one_and_update({}, update)):
        with pytest.raises(SchemaDocumentError):
            update({"$set": {field: dbref}})


@each_hostile
def test_nothing_to_dereference(db, dbref):
    for options in ({}, {"Model": Author}):
        with pytest.raises((TypeError, ValueError)):
            db.dereference(dbref, **options)


def test_dereferenced(database):
    database.client.register(ALL)
    database.authors.insert_one({"_id": "kim", "name": "Kim"})
    kim = {"_id": "kim", "name": "Kim"}
    for dbref in (DBRef("authors", "kim"), DBRef("authors", "kim", database.name)):
        assert database.dereference(dbref) == kim
        assert type(database.dereference(dbref)) is dict
        for model in (Author, database.authors.Author):
            assert database.dereference(dbref, model) == kim
            assert type(database.dereference(dbref, model)) is Author
    with pytest.raises(TypeError, match="takes a DBRef"):
        database.dereference("kim")


@pytest.mark.parametrize("how", ["constructor", "item", "Ref"])
def test_a_dbref_to_the_home_is_stored_as_the_id(db, database, how):
    for dbref in (DBRef("authors", "kim"), DBRef("authors", "kim", database.name)):
        document = talk(db, by=dbref) if how == "constructor" else talk(db)
        if how != "constructor":
            document["by"] = dbref
        document["at"] = dbref
        document.save()
        assert database.talks.find_one({"_id": document["_id"]})["by"] == "kim"
        assert isinstance(database.talks.find_one({"_id": document["_id"]})["at"], DBRef)
        document.update_atomic({"$set": {"by": DBRef("authors", "kim")}})
        assert database.talks.find_one({"_id": document["_id"]})["by"] == "kim"


@pytest.mark.parametrize("how", ["constructor", "item"])
@pytest.mark.parametrize("dbref", [DBRef("secrets", "kim"), DBRef("authors", "kim", "elsewhere")], ids=str)
def test_a_dbref_into_another_collection_is_refused(db, database, how, dbref):
    document = talk(db, by=dbref) if how == "constructor" else talk(db)
    document["by"] = document["by"] if how == "constructor" else dbref
    with pytest.raises(SchemaTypeError, match=r"by refers to a document in .*, and would be looked for in"):
        document.save()
    document["by"] = None
    document["at"] = dbref
    document.save()
    assert database.talks.find_one()["at"] == dbref


def test_a_dbref_that_was_found_stays(db, database):
    database.talks.insert_one({"by": DBRef("secrets", "kim"), "at": None, "free": None})
    found = db.talks.Talk.find_one()
    found.save()
    assert database.talks.find_one()["by"] == DBRef("secrets", "kim")
    copied = talk(db, by=pickle.loads(pickle.dumps(found["by"]))).save()
    assert database.talks.find_one({"_id": copied["_id"]})["by"] == DBRef("secrets", "kim")


@pytest.mark.parametrize("field", ["by", "at"])
def test_updates_that_lead_elsewhere(db, database, field):
    document = talk(db).save()
    update = {"$set": {field: DBRef("secrets", "kim")}}
    if field == "at":
        document.update_atomic(update)
        assert document["at"].place == ("secrets", None)
        return
    for write in (
        lambda: document.update_atomic(update),
        lambda: db.talks.Talk.find_one_and_update({}, update),
        lambda: db.talks.Talk.bulk_write([UpdateOne({}, update)]),
    ):
        with pytest.raises(
            SchemaDocumentError, match="by leads to secrets, where no document of Author is looked for"
        ):
            write()
    assert database.talks.find_one()["by"] is None


class TestOwners:
    @pytest.mark.parametrize("field", ["by", "free"])
    @each_hostile
    def test_no_reference(self, db, field, dbref):
        for cls in (Owner, Current):
            owner = db.owners.proxy(cls)({"by": None, "free": None}).save()
            with pytest.raises(SchemaDocumentError, match="can lead to none"):
                owner.update_atomic({"$set": {field: dbref}})

    def test_elsewhere(self, db, database):
        owner = db.owners.Owner({"by": None, "free": None}).save()
        with pytest.raises(SchemaDocumentError, match="leads to secrets"):
            owner.update_atomic({"$set": {"by": DBRef("secrets", "kim", database.name)}})
        with pytest.raises(SchemaDocumentError, match="without a database, which cannot be loaded"):
            owner.update_atomic({"$set": {"by": DBRef("authors", "kim")}})
        assert database.owners.find_one()["by"] is None

    def test_where_they_are(self, db, database):
        owner = db.owners.Owner({"by": None, "free": None}).save()
        free = db.anywhere.Free({"name": "x"}).save()
        kim = db.authors.Author.get_from_id("kim")
        owner.update_atomic({"$set": {"by": kim.get_dbref(), "free": free.get_dbref()}})
        assert (owner["by"], owner["free"]) == (kim, free)
        owner.update_atomic({"$set": {"by": None}})
        owner.update_atomic({"$set": {"by": kim}})
        assert database.owners.find_one()["by"] == kim.get_dbref()
        current = db.owners.Current({"by": None, "free": None}).save()
        current.update_atomic({"$set": {"by": DBRef("authors", "kim")}})
        assert current["by"] == kim


def test_a_class_that_nobody_knows_yet():
    class Early(Document):
        structure = {"by": Ref("NobodyYet")}

    with pytest.raises(StructureError):
        Early({"by": DBRef("$cmd", 1)})["by"].document_class  # noqa: B018 (it is what raises)
