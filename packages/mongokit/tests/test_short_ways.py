"""Documents with nothing to them are made, validated and stored by shorter ways: what comes of it is the same."""

from __future__ import annotations

import enum
import gc

import pytest
from pymongo.monitoring import CommandListener

from mongokit import (
    BulkError,
    Connection,
    Document,
    DuplicateKeyError,
    EncodingError,
    SchemaDocumentError,
    SchemaTypeError,
)


class Colour(enum.Enum):
    RED = "red"


class Plain(Document):
    structure = {"topic": str, "seats": int, "items": [{"price": float}]}
    required_fields = ["topic"]


class OwnInit(Plain):
    def __init__(self, doc=None, gen_skel=True, collection=None, **more):
        super().__init__({"seats": 7, **(doc or {})}, gen_skel, collection, **more)


class OwnNew(Plain):
    def __new__(cls, *args, **more):
        made = super().__new__(cls)
        made["seats"] = 7
        return made


class OwnValidate(Plain):
    def validate(self, auto_migrate=False):
        super().validate(auto_migrate)
        if self["topic"] == "forbidden":
            raise SchemaDocumentError("forbidden is forbidden")


class Quiet(Plain):
    raise_validation_errors = False


class Doted(Document):
    topic: str
    seats: int | None
    items_: list[dict]


class Typed(Document):
    structure = {"_type": str, "topic": str}


class Coloured(Document):
    topic: str
    colour: Colour = Colour.RED


class Hooked(Plain):
    def before_save(self):
        self["seats"] = 7


CLASSES = [Plain, OwnInit, OwnNew, OwnValidate, Quiet, Doted, Typed, Coloured, Hooked]
SHORT = {
    # class: (saved without further steps, made of its content without further steps)
    Plain: (True, True),
    OwnInit: (True, False),
    OwnNew: (True, False),
    OwnValidate: (True, True),
    Quiet: (True, True),
    Doted: (True, True),
    Typed: (True, False),
    Coloured: (False, False),
    Hooked: (False, True),
}
VALUES = {
    Doted: {"topic": "x", "seats": None, "items_": [{"price": 1.5}]},
    Typed: {"topic": "x"},
    Coloured: {"topic": "x", "colour": Colour.RED},
}
names = pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)


def values_of(cls, **changed):
    return {**VALUES.get(cls, {"topic": "x", "seats": 1, "items": [{"price": 1.5}]}), **changed}


@pytest.fixture(params=["blocking", "asynchronous"])
def collection(request, database):
    found = (database if request.param == "blocking" else request.getfixturevalue("driven")).things
    found.database.client.register(CLASSES)
    return found


@names
def test_who_goes_the_short_ways(cls):
    assert (cls._plain, cls._takes_content) == SHORT[cls]


@names
def test_a_document_of_a_collection_is_what_the_class_makes(cls, collection):
    here, there = getattr(collection, cls.__name__)(values_of(cls)), cls(values_of(cls))
    assert (type(here), dict(here)) == (cls, dict(there))
    assert [type(value) for value in here.values()] == [type(value) for value in there.values()]
    assert here.collection.full_name == collection.full_name
    # Also where nothing is given, or not everything.
    assert getattr(collection, cls.__name__)({}) == cls()
    assert getattr(collection, cls.__name__)({"topic": "x"}) == cls({"topic": "x"})


def test_a_document_is_no_window_on_what_it_was_made_of(collection):
    values = values_of(Plain)
    document = collection.Plain(values)
    document["topic"] = "changed"
    values["seats"] = 5
    assert (values["topic"], document["seats"]) == ("x", 1)


def save(collection, cls, values):
    return getattr(collection, cls.__name__)(values).save()


def save_in_a_unit(collection, cls, values):
    with collection.database.client.unit_of_work():
        return getattr(collection, cls.__name__)(values).save()


def save_behind_another(collection, cls, values):
    """In a unit of work, where what is the same for both is looked at for the first."""
    model = getattr(collection, cls.__name__)
    with collection.database.client.unit_of_work():
        first = model(values_of(cls)).save()
        saved = model(values).save()
    first.delete()
    return saved


def insert_a_dict(collection, cls, values):
    getattr(collection, cls.__name__).insert_many([values])


def insert_a_document(collection, cls, values):
    getattr(collection, cls.__name__).insert_many([cls(values)])


SAVING = (save, save_in_a_unit, save_behind_another)
WAYS = [*SAVING, insert_a_dict, insert_a_document]
ways = pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)


@names
@ways
def test_the_same_is_stored(collection, cls, way):
    way(collection, cls, values_of(cls))
    expected = cls(values_of(cls))
    if cls is Hooked and way in SAVING:
        expected["seats"] = 7
    (stored,) = collection.find()
    del stored["_id"]
    assert stored == expected._stored()


@names
@ways
def test_what_is_wrong_is_not_stored(collection, cls, way):
    with pytest.raises(SchemaTypeError, match="topic must be an instance of str not int"):
        way(collection, cls, values_of(cls, topic=5))
    assert collection.count_documents({}) == 0


@ways
def test_a_validate_of_its_own_is_asked(collection, way):
    with pytest.raises(SchemaDocumentError, match="forbidden is forbidden"):
        way(collection, OwnValidate, values_of(OwnValidate, topic="forbidden"))
    assert collection.count_documents({}) == 0


@ways
def test_a_validate_that_is_put_in_later_is_asked(collection, way, monkeypatch):
    asked = []
    monkeypatch.setattr(Plain, "validate", lambda document: asked.append(document))
    way(collection, Plain, values_of(Plain, topic=5))
    assert asked[-1]["topic"] == 5


@ways
@pytest.mark.parametrize(
    "values", [{"seats": 2**63}, {"topic": "\ud800"}, {"_id": 1 << 70}], ids=["int", "text", "id"]
)
def test_what_cannot_be_encoded_is_refused(collection, way, values):
    (path,) = values
    with pytest.raises(EncodingError, match=f"{path} cannot be stored"):
        way(collection, Plain, values_of(Plain, **values))
    assert collection.count_documents({}) == 0


SWITCHES = {
    "the class decides": ({}, {}, False),
    "the document skips": ({"skip_validation": True}, {}, True),
    "the call skips": ({}, {"validate": False}, True),
    "the call insists": ({"skip_validation": True}, {"validate": True}, False),
}


@pytest.mark.parametrize(("attributes", "options", "is_stored"), SWITCHES.values(), ids=SWITCHES)
def test_who_decides_whether_to_validate(collection, attributes, options, is_stored):
    document = collection.Plain(values_of(Plain, topic=5))
    for name, value in attributes.items():
        setattr(document, name, value)
    if is_stored:
        document.save(**options)
    else:
        with pytest.raises(SchemaTypeError):
            document.save(**options)
    assert collection.count_documents({}) == is_stored


@pytest.mark.parametrize("late", [False, True], ids=["at once", "late"])
def test_a_document_that_is_not_as_the_one_before_it(collection, late):
    """In a unit of work, which takes what is like the one before it in fewer steps."""
    with collection.database.client.unit_of_work(late=late) as work:
        collection.Plain(values_of(Plain)).save()
        unchecked = collection.Plain(values_of(Plain, topic=5))
        unchecked.skip_validation = True
        unchecked.save()
        collection.Plain(values_of(Plain, topic=6)).save(validate=False)
        quiet = collection.Plain(values_of(Plain, topic=7))
        quiet.raise_validation_errors = False
        with pytest.raises(SchemaTypeError):
            quiet.save()
        assert list(quiet.validation_errors) == ["topic"]
        with pytest.raises(TypeError):
            collection.Plain(values_of(Plain, _id={"$gt": ""})).save()
        with pytest.raises(ValueError, match="take no options"):
            collection.Plain(values_of(Plain)).save(session=None)
        with pytest.raises(SchemaDocumentError, match="forbidden is forbidden"):
            collection.OwnValidate(values_of(OwnValidate, topic="forbidden")).save()
        collection.Plain(values_of(Plain, topic="given", _id=1)).save()
        without = collection.Plain(values_of(Plain, topic="none", _id=None)).save()
        collection.database.others.Plain(values_of(Plain, topic="elsewhere")).save()
        collection.Plain(values_of(Plain, topic="last")).save()
        assert len(work) == 7
    stored = {found["topic"]: found["_id"] for found in collection.find()}
    assert list(stored) == ["x", 5, 6, "given", "none", "last"]
    assert (stored["given"], stored["none"]) == (1, without["_id"])
    assert without["_id"] is not None
    assert [found["topic"] for found in collection.database.others.find()] == ["elsewhere"]


def test_a_quiet_document_keeps_what_was_wrong(collection):
    loud, quiet = (collection.Plain(values_of(Plain, topic=5)) for _ in range(2))
    quiet.raise_validation_errors = False
    for document, kept in ((loud, []), (quiet, ["topic"])):
        with pytest.raises(SchemaTypeError):
            document.save()
        assert list(document.validation_errors) == kept


def test_a_dict_is_stored_without_a_document_of_it(database):
    """What insert_many is quick by: no document is there while the value of one is looked at."""

    def made_by(cls):
        seen = []

        class Counted(cls):
            structure = {"topic": str}
            validators = {
                "topic": lambda topic: (
                    seen.append(sum(type(one) is Counted for one in gc.get_objects())) or True
                )
            }

        database.things.proxy(Counted).insert_many([values_of(Plain)])
        return seen

    assert (made_by(Plain), made_by(OwnInit)) == ([0], [1])


class Sent(CommandListener):
    def __init__(self):
        self.commands = []

    def started(self, event):
        if event.command_name in ("insert", "update"):
            self.commands.append((event.command_name, event.command))

    def succeeded(self, event):
        pass

    failed = succeeded


def test_new_documents_of_a_unit_are_one_insert(mongodb_uri, database):
    sent = Sent()
    with Connection(mongodb_uri, event_listeners=[sent]) as connection:
        connection.register(CLASSES)
        things = connection[database.name].things
        with connection.unit_of_work() as work:
            documents = [things.Plain(values_of(Plain, seats=number)).save() for number in range(5)]
        ((name, command),) = sent.commands
        assert (name, command["ordered"]) == ("insert", True)
        # Who listens can read what is sent.
        assert [dict(each)["seats"] for each in command["documents"]] == [0, 1, 2, 3, 4]
        (result,) = work.results
        assert result.bulk_api_result == {
            "writeErrors": [],
            "writeConcernErrors": [],
            "nInserted": 5,
            "nUpserted": 0,
            "nMatched": 0,
            "nModified": 0,
            "nRemoved": 0,
            "upserted": [],
        }
        assert (result.acknowledged, result.inserted_count) == (True, 5)
        with connection.unit_of_work() as work:
            documents[0].save()
            things.Plain(values_of(Plain)).save()
            things.Coloured(values_of(Coloured)).save()
        assert [name for name, _ in sent.commands] == ["insert", "update", "insert"]
        assert (work.results[0].inserted_count, work.results[0].matched_count) == (2, 1)
    assert database.things.count_documents({}) == 7


def test_a_refusal_among_new_documents_only(collection):
    collection.create_index("topic", unique=True)
    with pytest.raises(BulkError) as caught, collection.database.client.unit_of_work() as work:
        documents = [collection.Plain(values_of(Plain, topic=topic)).save() for topic in "abac"]
    error = caught.value
    assert [document for document, _ in error.failures] == [documents[2]]
    assert (list(error.written), list(error.unwritten)) == (documents[:2], documents[2:])
    assert isinstance(error.failures[0][1], DuplicateKeyError)
    assert (len(work), work.results) == (0, [])
    assert [found["topic"] for found in collection.find()] == ["a", "b"]


def test_two_units_of_two_connections_amid_each_other(connection, database, mongodb_uri):
    connection.register(CLASSES)
    with Connection(mongodb_uri) as other:
        other.register(CLASSES)
        here, there = database.things, other[database.name].others
        with connection.unit_of_work() as outer, other.unit_of_work() as inner:
            for number in range(3):
                here.Plain(values_of(Plain, seats=number)).save()
                there.Plain(values_of(Plain, seats=number)).save()
                there.Plain(values_of(Plain, seats=number)).save()
            assert (len(outer), len(inner)) == (3, 6)
        assert [found["seats"] for found in here.find()] == [0, 1, 2]
        assert [found["seats"] for found in there.find()] == [0, 0, 1, 1, 2, 2]


def test_a_flush_between_writes_to_one_collection(collection):
    with collection.database.client.unit_of_work() as work:
        collection.Plain(values_of(Plain, seats=1)).save()
        work.flush()
        document = collection.Plain(values_of(Plain, seats=2)).save()
        assert len(work) == 1
        document["seats"] = 3
        document.save()
        assert [found["seats"] for found in collection.find()] == [1]
    assert [found["seats"] for found in collection.find()] == [1, 3]
