"""Moments as MongoDB's and JSON's milliseconds since 1970 (UTC), and back."""

from __future__ import annotations

import datetime

__all__ = ["as_stored", "aware", "milliseconds", "moment"]

_EPOCH = datetime.datetime(1970, 1, 1)  # noqa: DTZ001 (UTC, as PyMongo gives it)


def milliseconds(value: datetime.datetime) -> int:
    """Return the milliseconds since 1970; what has no time zone is UTC, and microseconds are cut off."""
    utc = value if value.tzinfo is None else value.astimezone(datetime.UTC).replace(tzinfo=None)
    return (utc - _EPOCH) // datetime.timedelta(milliseconds=1)


def moment(value: float) -> datetime.datetime:
    """Return the time, in UTC and without a time zone as PyMongo gives it; raises OverflowError for none there is."""
    return _EPOCH + datetime.timedelta(milliseconds=value)


def aware(value: datetime.datetime) -> datetime.datetime:
    """Return a time with its time zone; what has none is UTC."""
    return value.replace(tzinfo=datetime.UTC) if value.tzinfo is None else value


def as_stored(value: datetime.datetime) -> datetime.datetime:
    """Return a time with its time zone, cut off to the milliseconds that are stored: what compares as moments do."""
    return aware(value).replace(microsecond=value.microsecond // 1000 * 1000)
