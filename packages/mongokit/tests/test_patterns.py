"""Values that PyMongo reads as another type than was stored: patterns, and times beyond Python's."""

from __future__ import annotations

import datetime
import re

import pytest
from bson import DatetimeMS, Regex

from mongokit import OR, Connection, Document, SchemaTypeError

ANY_CASE = re.compile("a+", re.IGNORECASE)
THEN = DatetimeMS(5)
NOON = datetime.datetime(2026, 1, 2, 12)

# specification -> what is given, and what is read
VALUES = {
    "a pattern": (re.Pattern, ANY_CASE, ANY_CASE),
    "a pattern as PyMongo has it": (re.Pattern, Regex.from_native(ANY_CASE), ANY_CASE),
    "a pattern of bytes": (re.Pattern, re.compile(b"a+"), re.compile("a+")),
    "a pattern or text": (OR(re.Pattern, str), ANY_CASE, ANY_CASE),
    "text, or a pattern": (OR(re.Pattern, str), "a+", "a+"),
    "patterns": ([re.Pattern], [ANY_CASE], [ANY_CASE]),
    "patterns in a dict": ({str: {"x": re.Pattern}}, {"k": {"x": ANY_CASE}}, {"k": {"x": ANY_CASE}}),
    "a pattern of the server's": (re.Pattern, Regex("(?|a)"), Regex("(?|a)")),
    "PyMongo's own": (Regex, Regex("a+", 2), Regex("a+", 2)),
    "either": (OR(re.Pattern, Regex), Regex("a+", 2), Regex("a+", 2)),
    "milliseconds": (DatetimeMS, THEN, THEN),
    "milliseconds or text": (OR(DatetimeMS, str), THEN, THEN),
    "milliseconds or a time": (OR(DatetimeMS, datetime.datetime), NOON, NOON),
    "many milliseconds": ([DatetimeMS], [THEN, None], [THEN, None]),
    "none": (re.Pattern, None, None),
}


@pytest.mark.parametrize("aware", [False, True])
@pytest.mark.parametrize(("spec", "value", "read"), VALUES.values(), ids=VALUES)
def test_read_and_saved_again(mongodb_uri, database, spec, value, read, aware):
    class Holder(Document):
        structure = {"x": spec}

    with Connection(mongodb_uri, tz_aware=aware) as connection:
        connection.register(Holder)
        things = connection[database.name].things
        things.Holder({"x": value}).save()
        found = things.Holder.find_one()
        if isinstance(read, datetime.datetime) and aware:
            read = read.replace(tzinfo=datetime.UTC)
        assert found["x"] == read
        assert type(found["x"]) is type(read)
        found.save()
        assert things.Holder.find_one() == found
        found.update_atomic({"$set": {"x": value}})
        assert found["x"] == read


def test_patterns_are_still_checked(database):
    class Holder(Document):
        structure = {"x": re.Pattern}

    with pytest.raises(SchemaTypeError, match="x must be an instance of Pattern not str"):
        Holder({"x": "a+"}).validate()


def test_times_that_python_does_not_know():
    class Holder(Document):
        structure = {"x": DatetimeMS}

    # As PyMongo reads them with datetime_conversion="DATETIME_AUTO"; not every server stores them.
    document = Holder({"x": DatetimeMS(2**55)})
    document.validate()
    assert document == {"x": DatetimeMS(2**55)}
