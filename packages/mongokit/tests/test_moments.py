"""Limits and members that are times: the same moments, whether a time has a time zone or, as MongoDB's UTC, none."""

from __future__ import annotations

import datetime
import enum
from typing import Annotated

import annotated_types
import pytest
from annotated_types import Ge, Gt, Interval, Le, Lt

from mongokit import Connection, Document, SchemaDocumentError

UTC = datetime.UTC
HOUR = datetime.timedelta(hours=1)
NOON = datetime.datetime(2026, 1, 2, 12, 0, tzinfo=UTC)
FAR = datetime.timezone(14 * HOUR)
ZONES = {
    "naive": lambda moment: moment.replace(tzinfo=None),
    "aware": lambda moment: moment,
    "far": lambda moment: moment.astimezone(FAR),
}
LIMITS = {
    "Ge": (Ge, NOON, NOON - HOUR),
    "Gt": (Gt, NOON + HOUR, NOON),
    "Le": (Le, NOON, NOON + HOUR),
    "Lt": (Lt, NOON - HOUR, NOON),
    "Interval": (lambda limit: Interval(ge=limit, lt=limit + HOUR), NOON, NOON + HOUR),
}


@pytest.fixture(params=[False, True], ids=["naive connection", "aware connection"])
def things(request, mongodb_uri, database):
    """A collection whose times are read with a time zone, or without."""
    with Connection(mongodb_uri, tz_aware=request.param) as connection:
        yield connection[database.name].things


@pytest.mark.parametrize("zone", ZONES.values(), ids=ZONES)
@pytest.mark.parametrize("limit_zone", ZONES.values(), ids=ZONES)
@pytest.mark.parametrize(("kind", "right", "bad"), LIMITS.values(), ids=LIMITS)
def test_a_limit_is_a_moment(things, kind, right, bad, limit_zone, zone):
    class Talk(Document):
        when: Annotated[datetime.datetime, kind(limit_zone(NOON))]
        all: list[Annotated[datetime.datetime, kind(limit_zone(NOON))]] = []

    talk = things.proxy(Talk)({"when": zone(right), "all": [zone(right)]})
    talk.save()
    found = things.proxy(Talk).get_from_id(talk["_id"])
    found.save()
    for fields in ({"when": zone(bad)}, {"all": [zone(bad)]}):
        with pytest.raises(SchemaDocumentError, match=r"(when|all\.0) must be "):
            things.proxy(Talk)({"when": found.when, "all": [], **fields}).save()
    with pytest.raises(SchemaDocumentError, match="when must be "):
        found.update_atomic({"$set": {"when": zone(bad)}})


def test_a_limit_is_as_exact_as_what_is_stored(things):
    moment = NOON.replace(microsecond=1999)

    class Talk(Document):
        when: Annotated[datetime.datetime, annotated_types.Ge(moment)]

    talk = things.proxy(Talk)({"when": moment})
    talk.save()
    talk.reload()
    talk.save()
    with pytest.raises(SchemaDocumentError, match="when must be >="):
        things.proxy(Talk)({"when": moment.replace(microsecond=999)}).save()


def test_limits_of_what_is_no_time_are_as_they_were():
    class Talk(Document):
        day: Annotated[int, Ge(3)] = 3

    with pytest.raises(SchemaDocumentError, match="day must be >= 3 not 2"):
        Talk({"day": 2}).validate()


@pytest.mark.parametrize("zone", ZONES.values(), ids=ZONES)
def test_a_member_that_is_a_moment_is_read_as_it(things, zone):
    class Era(enum.Enum):
        NEW = zone(NOON)
        EXACT = zone(NOON.replace(microsecond=123456))

    class Talk(Document):
        era: Era

    for era in Era:
        talk = things.proxy(Talk)({"era": era})
        talk.save()
        found = things.proxy(Talk).get_from_id(talk["_id"])
        assert found.era is era
        found.save()
