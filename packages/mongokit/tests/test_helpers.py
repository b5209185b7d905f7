"""Times as milliseconds, and back."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mongokit.helpers import fromtimestamp, totimestamp

EAST = datetime.timezone(datetime.timedelta(hours=2))


@pytest.mark.parametrize(
    ("moment", "milliseconds"),
    [
        (datetime.datetime(1970, 1, 1), 0),
        (datetime.datetime(2010, 3, 8, 12, 30, 15, 250_000), 1268051415250),
        (datetime.datetime(2010, 3, 8, 14, 30, 15, 250_000, tzinfo=EAST), 1268051415250),
        (datetime.datetime(1969, 12, 31, 23, 59, 59, 999_000), -1),
        (datetime.datetime(2010, 3, 8, 12, 30, 15, 999), 1268051415000),
    ],
    ids=["the beginning", "milliseconds", "time zone", "before", "microseconds"],
)
def test_milliseconds(moment, milliseconds):
    assert totimestamp(moment) == milliseconds
    assert type(totimestamp(moment)) is int


@given(st.datetimes(datetime.datetime(1, 1, 1), datetime.datetime(9999, 12, 31)))
def test_there_and_back(moment):
    in_milliseconds = moment.replace(microsecond=moment.microsecond // 1000 * 1000)
    assert fromtimestamp(totimestamp(moment)) == in_milliseconds
    assert fromtimestamp(totimestamp(moment)).tzinfo is None


def test_a_time_there_is_not():
    with pytest.raises(OverflowError):
        fromtimestamp(10**18)
