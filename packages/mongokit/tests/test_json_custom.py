"""Values of a CustomType as JSON and back, whatever two types it is between."""

from __future__ import annotations

import datetime
import decimal
import enum
import itertools
import json
import uuid

import pytest
from bson import Binary, Code, Decimal128, Int64, ObjectId, Timestamp

from mongokit import Connection, CustomType, Document, Set

NOON = datetime.datetime(2026, 1, 2, 12, 0, 0, 345000)
MS = 1767355200345
OID = ObjectId("4b9244989d40b334b4000000")
ZONE = datetime.timezone(datetime.timedelta(hours=2))


class Name(str):
    __slots__ = ()


class State(enum.StrEnum):
    DRAFT = "draft"


class Level(enum.IntEnum):
    LOW = 1


PYTHON = {
    "str": "text",
    "int": 1325376000,
    "float": 1.5,
    "bool": True,
    "datetime": datetime.datetime(2012, 1, 1, 10, 0, 0, 123456),
    "datetime with a zone": datetime.datetime(2012, 1, 1, 10, 0, 0, 123456, tzinfo=ZONE),
    "date": datetime.date(2012, 1, 1),
    "Decimal": decimal.Decimal("1.50"),
    "bytes": b"python",
    "list": ["a", NOON],
    "tuple": (1, "b"),
    "dict": {"a": NOON},
    "set": {1, 2},
    "class of str": Name("a name"),
    "enumeration of str": State.DRAFT,
    "enumeration of int": Level.LOW,
    "ObjectId": ObjectId("5b9244989d40b334b4000000"),
}
STORED = {
    "str": "stored",
    "int": 7,
    "Int64": Int64(2**40),
    "float": 3.0,
    "bool": False,
    "datetime": NOON,
    "list": [1, NOON, {"at": NOON, "id": OID}],
    "dict": {"a": [NOON, None], "n": MS, "d": Decimal128("1.5")},
    "ObjectId": OID,
    "bytes": b"stored",
    "Binary": Binary(b"stored", 5),
    "Binary of a UUID": Binary.from_uuid(uuid.UUID(int=1)),
    "UUID": uuid.UUID(int=1),
    "Decimal128": Decimal128("2.5"),
    "Code": Code("x"),
    "Timestamp": Timestamp(1, 2),
}
PAIRS = {
    f"{python} stored as {stored}": (PYTHON[python], STORED[stored])
    for python, stored in itertools.product(PYTHON, STORED)
}


def between(python, stored, mongo_type=None):
    """Return a custom type for two values, which knows no others."""

    class Between(CustomType):
        def to_bson(self, value):
            assert (type(value), value) == (self.python_type, python)
            return stored

        def to_python(self, value):
            assert isinstance(value, type(stored))
            assert value == stored
            return python

    Between.mongo_type = mongo_type or type(stored)
    Between.python_type = type(python)
    return Between()


def there_and_back(structure, content, **more):
    thing = type("Thing", (Document,), {"structure": structure, **more})
    given = thing()
    # The constructor would take what is of both types for what is stored.
    given.update(content)
    for text in (given.to_json(), json.dumps(given.to_json_type())):
        found = thing().from_json(text)
        assert found == given == content
        found.validate()
        yield found


@pytest.mark.parametrize(("python", "stored"), PAIRS.values(), ids=PAIRS)
def test_there_and_back(python, stored):
    custom = between(python, stored)
    structure = {
        "x": custom,
        "list": [custom],
        "in": {"dict": custom},
        "by": {str: custom},
        "dicts": [{"x": custom}],
    }
    structure |= {"pair": (int, custom), "none": custom, "said": custom}
    content = {"x": python, "list": [python, None], "in": {"dict": python}, "by": {"a": python}}
    content |= {"dicts": [{"x": python}], "pair": [1, python], "none": None, "said": {"en": python}}
    for found in there_and_back(structure, content, i18n=["said"]):
        assert type(found["x"]) is type(found["list"][0]) is type(found["in"]["dict"]) is type(python)


@pytest.mark.parametrize("stored", ["text", 7, 1.5, NOON, [NOON]], ids=repr)
def test_what_is_stored_as_any_type(stored):
    custom = between(datetime.date(2012, 1, 1), stored, object)
    for _ in there_and_back({"x": custom, "none": custom}, {"x": datetime.date(2012, 1, 1), "none": None}):
        pass


FORMS = {
    "what JSON has is as in Python": ("text", 7, "text"),
    "a number in place of a time": (1325376000, NOON, 1325376000),
    "a time in place of a text": (NOON, "2026-01-02", "2026-01-02"),
    "a time": (datetime.date(2026, 1, 2), NOON, MS),
    "a time in a list": (datetime.date(2026, 1, 2), [NOON], [{"$date": MS}]),
    "an enumeration": (State.DRAFT, 7, 7),
}


@pytest.mark.parametrize(("python", "stored", "written"), FORMS.values(), ids=FORMS)
def test_the_form(python, stored, written):
    thing = type("Thing", (Document,), {"structure": {"x": between(python, stored)}})
    assert thing({"x": python}).to_json_type() == {"x": written}


def test_times_in_sets():
    moments = {NOON, NOON + datetime.timedelta(1)}
    for _ in there_and_back({"x": Set(), "y": Set(datetime.datetime)}, {"x": moments, "y": moments}):
        pass


def test_the_other_form_is_read_where_it_cannot_be_mistaken():
    thing = type(
        "Thing", (Document,), {"structure": {"x": between("3.5C", 3.5), "at": between("noon", NOON)}}
    )
    assert thing().from_json(f'{{"x": 3.5, "at": {MS}}}') == {"x": "3.5C", "at": "noon"}
    assert thing().from_json(f'{{"at": {{"$date": {MS}}}}}') == {"at": "noon"}
    wrong = thing().from_json('{"x": [1], "at": true}')
    assert wrong == {"x": [1], "at": True}


def test_a_number_of_the_other_form_is_not_converted():
    thing = type("Thing", (Document,), {"structure": {"x": between(1.5, 150)}})
    assert thing().from_json('{"x": 150}') == {"x": 150}


@pytest.mark.parametrize("aware", [False, True])
def test_as_the_connection_gives_times(mongodb_uri, database, aware):
    class Day(CustomType):
        mongo_type = str
        python_type = datetime.datetime

        def to_bson(self, value):
            return value.strftime("%Y-%m-%d")

        def to_python(self, value):
            return datetime.datetime.strptime(value, "%Y-%m-%d")

    class Local(CustomType):
        mongo_type = datetime.datetime
        python_type = datetime.datetime

        def to_bson(self, value):
            return value.astimezone(datetime.UTC)

        def to_python(self, value):
            return (value if value.tzinfo else value.replace(tzinfo=datetime.UTC)).astimezone(ZONE)

    class Timed(Document):
        structure = {"day": Day(), "at": Local()}

    with Connection(mongodb_uri, tz_aware=aware) as connection:
        connection.register(Timed)
        things = connection[database.name].things
        things.Timed({"day": datetime.datetime(2026, 1, 2), "at": NOON.replace(tzinfo=ZONE)}).save()
        found = things.Timed.find_one()
        read = things.Timed.from_json(found.to_json())
        assert read == found
        assert read["day"].tzinfo is None
        assert read["at"].tzinfo is ZONE
        read.save()
