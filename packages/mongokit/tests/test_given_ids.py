"""An ``_id`` of None is none; where no ObjectId will do, one must be given; no array, and no keys that are operators."""

from __future__ import annotations

import asyncio

import pytest
from bson import ObjectId
from pymongo import InsertOne

from mongokit import OR, AsyncConnection, Document, RequireFieldError, SchemaDocumentError, SchemaOperator


class Note(Document):
    _id: ObjectId | None = None
    text: str


class OldNote(Document):
    structure = {"_id": ObjectId, "text": str}
    default_values = {"_id": None}


class Plain(Document):
    structure = {"text": str}


class Counted(Document):
    structure = {"text": str}
    use_revision = True


class Converted(Document):
    _id: ObjectId | None = None
    text: str
    tags: set[str] = set()


CLASSES = [Note, OldNote, Plain, Counted, Converted]


@pytest.fixture(params=CLASSES, ids=lambda cls: cls.__name__)
def notes(request, connection, database):
    connection.register(CLASSES)
    return getattr(database.notes, request.param.__name__)


def _made(notes, count=3):
    made = [notes() for number in range(count)]
    for number, each in enumerate(made):
        each.update({"_id": None, "text": str(number)})
    assert all(each["_id"] is None for each in made)
    return made


def _check_stored(notes, made):
    stored = {each["_id"]: each["text"] for each in notes.collection.find()}
    assert stored == {each["_id"]: each["text"] for each in made}
    assert len(stored) == len(made)
    assert all(type(each) is ObjectId for each in stored)


@pytest.mark.parametrize("validate", [None, False])
def test_save_makes_one_for_none(notes, validate):
    made = _made(notes)
    for each in made:
        each.save(validate=validate)
        each.save(validate=validate)
    _check_stored(notes, made)


def test_the_default_of_none_makes_no_key(connection, database):
    connection.register(CLASSES)
    for cls in ("Note", "OldNote"):
        made = []
        for text in ("first", "second", "third"):
            note = getattr(database[cls], cls)()
            note["text"] = text
            assert note["_id"] is None
            made.append(note.save())
        _check_stored(getattr(database[cls], cls), made)


def test_save_with_uuid_makes_text_of_none(connection, database):
    connection.register([Plain])
    note = database.notes.Plain({"_id": None, "text": "a"}).save(uuid=True)
    assert note["_id"].startswith("Plain-")


@pytest.mark.parametrize("late", [False, True])
def test_units_make_one_for_none(notes, connection, late):
    made = _made(notes)
    with connection.unit_of_work(late=late):
        for each in made:
            each.save()
    _check_stored(notes, made)


def test_insert_many_and_bulk_write_make_one_for_none(notes):
    made = _made(notes)
    notes.insert_many(made)
    _check_stored(notes, made)
    more = _made(notes)
    notes.bulk_write([InsertOne(each) for each in more])
    _check_stored(notes, made + more)


def test_insert_many_makes_one_for_none_in_dicts(connection, database):
    connection.register([Note])
    given = [{"_id": None, "text": "a"}, {"_id": None, "text": "b"}]
    database.notes.Note.insert_many(given)
    assert {each["_id"] for each in database.notes.find()} == {each["_id"] for each in given}
    assert len(given) == 2


def test_the_asynchronous_ones_do_the_same(mongodb_uri, database):
    async def run():
        async with AsyncConnection(mongodb_uri) as connection:
            connection.register([Note, Counted])
            for cls in ("Note", "Counted"):
                notes = getattr(connection[database.name].notes, cls)
                made = [notes({"_id": None, "text": str(number)}) for number in range(4)]
                await made[0].save()
                await made[1].save()
                await notes.insert_many(made[2:3])
                async with connection.unit_of_work():
                    await made[3].save()
                assert len({each["_id"] for each in made}) == 4
                assert None not in {each["_id"] for each in made}
                keys = {each["_id"] for each in await notes.collection.find().to_list()}
                assert keys >= {each["_id"] for each in made}
                assert None not in keys

    asyncio.run(run())


def test_a_document_with_none_is_not_found_by_it(connection, database):
    connection.register([Plain])
    database.notes.insert_one({"_id": None, "text": "stored by others"})
    note = database.notes.Plain({"_id": None, "text": "a"})
    for act in (note.delete, note.reload, lambda: note.save(only=["text"])):
        with pytest.raises(KeyError, match="no _id"):
            act()
    with pytest.raises(TypeError, match="no _id"):
        hash(note)
    assert database.notes.count_documents({}) == 1


class Short(SchemaOperator):
    repr = "short"

    def validate(self, value):
        return len(value) < 9


FORBIDDEN = {"str": str, "int or str": OR(int, str), "dict": {"a": int}, "list": [int], "own": Short(str)}


@pytest.fixture(params=FORBIDDEN)
def named(request, connection, database):
    class Named(Document):
        structure = {"_id": FORBIDDEN[request.param], "text": str}

    connection.register([Named])
    return database.named.Named


def _refuses(act):
    with pytest.raises(RequireFieldError, match=r"_id is required: it is to be .*, so none can be made"):
        act()


def test_none_is_made_where_no_object_id_is_taken(named, connection):
    for content in ({"text": "a"}, {"_id": None, "text": "a"}):
        document = named(content)
        _refuses(document.save)
        _refuses(lambda document=document: document.save(validate=False))
        for late in (False, True):
            with connection.unit_of_work(late=late) as unit:
                _refuses(document.save)
                assert len(unit) == 0
        for given in (document, dict(content)):
            with pytest.raises(SchemaDocumentError, match=r"document 0: _id is required"):
                named.insert_many([given])
        _refuses(lambda document=document: named.bulk_write([InsertOne(document)]))
        assert document.get("_id") is None
    assert named.collection.count_documents({}) == 0


def test_none_is_made_of_it_asynchronously(mongodb_uri, database):
    class Named(Document):
        structure = {"_id": str}

    async def run():
        async with AsyncConnection(mongodb_uri) as connection:
            connection.register([Named])
            with pytest.raises(RequireFieldError, match="to be str"):
                await connection[database.name].named.Named().save()

    asyncio.run(run())
    assert database.named.count_documents({}) == 0


@pytest.mark.parametrize("declared", [None, ObjectId, OR(str, ObjectId), object])
def test_one_is_made_where_an_object_id_is_taken(connection, database, declared):
    class Free(Document):
        structure = {"_id": declared}
        authorized_types = [*Document.authorized_types, object]

    connection.register([Free])
    database.free.Free().save()
    assert type(database.free.Free.find_one().save()["_id"]) is ObjectId


def test_nothing_is_written_of_what_it_refers_to(connection, database):
    class Target(Document):
        structure = {"name": str}

    class Owner(Document):
        structure = {"_id": str, "target": Target}
        use_autorefs = True

    class Group(Document):
        structure = {"owner": Owner}
        use_autorefs = True

    connection.register([Target, Owner, Group])
    owner = database.owners.Owner({"target": database.targets.Target({"name": "a"})})
    _refuses(owner.save)
    _refuses(database.groups.Group({"owner": owner}).save)
    assert database.list_collection_names() == []


@pytest.mark.parametrize("key", [[], [1], {"a.b": 1}, {"$a": 1}, {"a": {"$b": 1}}, {"a": [{"b.c": 1}]}])
def test_keys_that_the_server_would_not_take_are_refused(connection, database, key):
    connection.register([Plain])
    document = database.notes.Plain({"_id": key, "text": "a"})
    for act in (document.save, lambda: database.notes.Plain.insert_many([document])):
        with pytest.raises((SchemaDocumentError, TypeError), match=r"_id|is a condition"):
            act()
    for late in (False, True):
        with (
            connection.unit_of_work(late=late),
            pytest.raises((SchemaDocumentError, TypeError), match=r"_id|is a condition"),
        ):
            document.save()
    assert database.notes.count_documents({}) == 0


def test_a_dict_is_a_key_as_ever(connection, database):
    connection.register([Plain])
    document = database.notes.Plain({"_id": {"a": 1, "b": [2]}, "text": "a"}).save()
    assert database.notes.Plain.get_from_id(document["_id"]) == document
