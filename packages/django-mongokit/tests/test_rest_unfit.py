"""Stored values of another type than their class declares, in REST: shown as they are stored, and never an error."""

import datetime
import json
import uuid

import pytest
from bson import Binary, Code, DBRef, Decimal128, Int64, MaxKey, ObjectId, Regex, Timestamp
from rest_framework.renderers import JSONRenderer
from shows.kinds import Kinds, Mood

from django_mongokit import connection
from django_mongokit.document import DjangoDocument
from django_mongokit.forms.jsontext import dumps
from django_mongokit.forms.unfit import unfit_of
from django_mongokit.rest import DocumentSerializer


class Strange(Kinds, DjangoDocument):
    __collection__ = "strange"

    class Meta:
        app_label = "shows"

    inner: Kinds | None = None
    rows: list[Kinds] = []


connection.register([Strange])
NAMES = sorted(Kinds._structure.fields)
SHAPES = [
    *("Gate", "5", "2026-11-23T10:00:00", 5, 0, Int64(2**40), 1.5, float("nan"), True, False),
    *(Decimal128("1.50"), Decimal128("NaN"), datetime.datetime(2026, 11, 1, 5, 30, 15, 123000)),
    *(
        ObjectId("5f1b2c3d4e5f6a7b8c9d0e1f"),
        b"\x00\xff",
        Binary.from_uuid(uuid.UUID(int=5)),
        Regex("a+", "i"),
    ),
    *(Code("f()"), Code("f()", {"a": 1}), Timestamp(1, 2), MaxKey(), DBRef("theatres", 5)),
    *(
        {"name": "Gate", "minutes": 5},
        {"a": 1, "b": 2},
        {},
        ["list", "old"],
        [],
        [{"name": "Gate"}, "Gate", None],
    ),
    *([None], [1, 2], {"name": 5, "minutes": "5"}, [{"name": 5, "minutes": "5"}]),
]


class StrangeSerializer(DocumentSerializer):
    class Meta:
        document = Strange
        fields = "__all__"


def shown(documents):
    """What a client gets."""
    return json.loads(JSONRenderer().render(StrangeSerializer(documents.one()).data))


@pytest.mark.parametrize("value", SHAPES, ids=repr)
@pytest.mark.parametrize("place", ["top", "inner", "rows"])
def test_what_is_stored_is_shown(mongodb, place, value):
    """In each field of which it is not the type; the others show what they did."""
    mongodb.strange.delete_many({})
    made = mongodb.strange.Strange()
    made.save()
    raw = mongodb.client[mongodb.name].strange
    inside = {name: one for name, one in raw.find_one().items() if name in NAMES}
    fields = dict.fromkeys(NAMES, value)
    raw.update_one(
        {}, {"$set": {"top": fields, "inner": {"inner": fields}, "rows": {"rows": [inside, fields]}}[place]}
    )
    document = mongodb.strange.Strange.one()
    found = shown(mongodb.strange.Strange)
    parts = {"top": found, "inner": found["inner"], "rows": found["rows"] and found["rows"][-1]}[place]
    start = {"top": "", "inner": "inner.", "rows": "rows.1."}[place]
    wrong = {path.removeprefix(start) for path in unfit_of(document) if path.startswith(start)}
    assert wrong
    as_stored = json.loads(dumps(value))
    assert {name: parts[name] for name in wrong if name in NAMES} == {
        name: as_stored for name in wrong if name in NAMES
    }
    below = {path.partition(".")[0] for path in wrong} - wrong - {"slot", "slots"}
    assert {name: parts[name] for name in below} == dict.fromkeys(below, as_stored)


def test_a_structure_shows_what_is_wrong_in_it(mongodb):
    mongodb.strange.delete_many({})
    mongodb.strange.Strange().save()
    slot = {"name": 5, "minutes": "5"}
    mongodb.client[mongodb.name].strange.update_one({}, {"$set": {"slot": slot, "slots": [slot, "Gate"]}})
    found = shown(mongodb.strange.Strange)
    assert found["slot"] == slot
    assert found["slots"] == [slot, "Gate"]


def test_what_is_of_its_type_is_shown_as_ever(mongodb):
    mongodb.strange.delete_many({})
    made = mongodb.strange.Strange()
    made["words"] = {"b", "a"}
    made["durations"] = [datetime.timedelta(seconds=5)]
    made["real"] = float("inf")
    made["day"] = datetime.date(2026, 11, 23)
    made["mood"] = Mood.GAY
    made.save()
    found = shown(mongodb.strange.Strange)
    expected = {"words": ["a", "b"], "durations": ["5"], "real": "Infinity", "day": "2026-11-23", "mood": "g"}
    assert {name: found[name] for name in expected} == expected
