"""What a type's ``to_python`` raises for: an error of reading, or, with ``keep_unreadable``, of validation."""

from __future__ import annotations

import copy
import datetime
import pickle
from typing import Annotated

import pytest

from mongokit import CustomType, Document, SchemaDocument, SchemaTypeError, Unreadable


class Iso(CustomType):
    """A date as text."""

    mongo_type = str
    python_type = datetime.date

    def to_bson(self, value):
        return value.isoformat()

    def to_python(self, value):
        return datetime.date.fromisoformat(value)


class Caesar(CustomType):
    """Text as text: what could not be read would pass for what was."""

    mongo_type = python_type = str

    def to_bson(self, value):
        return value[::-1] + "!"

    def to_python(self, value):
        if not value.endswith("!"):
            raise KeyError(value)
        return value[-2::-1]


class Inner(SchemaDocument):
    day: Annotated[datetime.date | None, Iso()] = None


class Thing(Document):
    structure = {
        "n": int,
        "day": Iso(),
        "days": [Iso()],
        "by": {str: Iso()},
        "pair": (int, Iso()),
        "inner": Inner,
        "secret": Caesar(),
    }
    keep_unreadable = True
    accept_missing_fields = True
    track_changes = True


class Keyed(Document):
    structure = {"_id": Iso(), "n": int}
    keep_unreadable = True


class Strict(Thing):
    keep_unreadable = False


class Plain(Document):
    structure = {"day": Iso()}


DAY = datetime.date(2026, 1, 2)
PLACES = {
    "a field": ({"day": "never"}, "day"),
    "in a list": ({"days": ["2026-01-02", "never"]}, "days.1"),
    "in a map": ({"by": {"x": "never", "y": "2026-01-02"}}, "by.x"),
    "in a tuple": ({"pair": [1, "never"]}, "pair.1"),
    "inside": ({"inner": {"day": "never"}}, "inner.day"),
    "text that is none": ({"secret": "never"}, "secret"),
}


@pytest.fixture(params=["blocking", "asynchronous"])
def things(request, database):
    found = (database if request.param == "blocking" else request.getfixturevalue("driven")).things
    found.database.client.register([Thing, Strict, Plain, Keyed])
    return found


def at(document, path):
    for name in path.split("."):
        document = document[int(name) if name.isdecimal() else name]
    return document


@pytest.mark.parametrize(("stored", "path"), PLACES.values(), ids=PLACES)
def test_it_stays_and_validation_names_it(things, stored, path):
    things.insert_one({"_id": 1, "n": 1, **stored})
    (found,) = list(things.Thing.find())
    value = at(found, path)
    assert isinstance(value, Unreadable)
    assert (value.stored, str(value)) == ("never", "never")
    assert repr(value).startswith("<unreadable 'never' (")
    with pytest.raises(SchemaTypeError) as caught:
        found.save()
    (error,) = caught.value.errors()
    assert error["path"] == path
    assert error["message"].startswith(f"{path}: what is stored, 'never', cannot be read: ")
    assert error["message"].endswith(value.error)
    assert found.changed() == []
    # What is beside it can be written, and as a whole it is what it was.
    found.update_atomic({"$set": {"n": 2}})
    assert things.find_one() == {"_id": 1, "n": 2, **stored}
    found.save(validate=False)
    assert things.find_one() == {"_id": 1, "n": 2, **stored}
    assert found.get_size() == things.Thing.get_from_id(1).get_size()


@pytest.mark.parametrize(("stored", "path"), PLACES.values(), ids=PLACES)
def test_copies_and_json(things, stored, path):
    things.insert_one({"_id": 1, **stored})
    found = things.Thing.find_one()
    for other in (copy.copy(found), copy.deepcopy(found), pickle.loads(pickle.dumps(dict(found)))):
        assert at(other, path) == at(found, path)
        assert dict(other) == dict(found)
    assert at(found.to_json_type(), path) == "never"
    assert found != {"_id": 1, **stored}


def test_another_value_in_its_place(things):
    things.insert_one({"_id": 1, "day": "never", "secret": "never"})
    found = things.Thing.find_one()
    found["day"], found["secret"] = DAY, "a"
    found.save()
    assert things.find_one() == {"_id": 1, "day": "2026-01-02", "secret": "a!"}
    assert dict(things.Thing.find_one()) == {"_id": 1, "day": DAY, "secret": "a"}


@pytest.mark.parametrize("name", ["Strict", "Plain"])
def test_without_it_reading_raises(things, name):
    things.insert_one({"day": "never"})
    with pytest.raises(ValueError, match="never"):
        getattr(things, name).find_one()


def test_as_a_key(things):
    things.insert_many([{"_id": "2026-01-02", "n": 1}, {"_id": "never", "n": 2}])
    first, second = things.Keyed.find().sort("n")
    assert (first["_id"], second["_id"].stored) == (DAY, "never")
    second.reload()
    second.update_atomic({"$set": {"n": 3}})
    assert things.find_one({"_id": "never"})["n"] == 3
    second.delete()
    assert things.count_documents({}) == 1
    with pytest.raises(TypeError):
        hash(second)


def test_unreadable():
    one = Unreadable("x" * 500, ValueError("y" * 500))
    assert len(repr(one)) < 500
    assert one == Unreadable("x" * 500, KeyError())
    assert one != "x" * 500
    assert Unreadable([1], ValueError("bad")).error == "ValueError: bad"
