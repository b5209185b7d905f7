"""Spans of time, as the date hierarchy and date filters of a list have them."""

from __future__ import annotations

import datetime
from contextlib import suppress
from typing import Any

from django.conf import settings
from django.contrib.admin.options import IncorrectLookupParameters
from django.utils import formats, timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from django_mongokit.admin.fields import in_utc, value_at
from django_mongokit.selection import Documents

__all__ = ["DateHierarchy", "as_stored"]

MOST_PARTS = 100
"""How many years are linked to."""


def as_stored(moment: datetime.datetime) -> datetime.datetime:
    """Return a local time as MongoDB compares it.

    With `USE_TZ` documents have times in UTC; without it, those of the project's time zone as they are. Raises
    `OverflowError` where Python has no year for it.
    """
    if settings.USE_TZ and timezone.is_naive(moment):
        moment = timezone.make_aware(moment)
    return moment.astimezone(datetime.UTC) if timezone.is_aware(moment) else moment


def _as_local(stored: datetime.datetime) -> datetime.datetime:
    if not settings.USE_TZ:
        return stored
    try:
        return timezone.localtime(in_utc(stored))
    except OverflowError:
        return stored.replace(tzinfo=None)


def _next(first: datetime.datetime, parts: int) -> datetime.datetime:
    """Return when the next year, month or day begins; raises ValueError or OverflowError after Python's last."""
    match parts:
        case 1:
            return first.replace(year=first.year + 1)
        case 2:
            return (first + datetime.timedelta(days=32)).replace(day=1)
    return first + datetime.timedelta(days=1)


class DateHierarchy:
    """The links "2026", "November", "22" above a list.

    :param field: dotted name of a field of times.
    :param params: the query string; what is used of it is taken out.

    Raises `IncorrectLookupParameters` for a year, month or day that is none.
    """

    def __init__(self, field: str, params: dict[str, list[str]]) -> None:
        self.field = field
        self.names = [f"{field}__{part}" for part in ("year", "month", "day")]
        sent = [params.pop(name, [None])[-1] for name in self.names]
        given = sent[: sent.index(None)] if None in sent else sent
        try:
            self.chosen = [int(value) for value in given if value is not None]
            self.query: dict[str, Any] = {field: self._of(self.chosen)} if self.chosen else {}
        except (ValueError, OverflowError) as error:
            raise IncorrectLookupParameters(error) from error

    def links(self, changelist: Any) -> dict[str, Any]:
        """Return what Django's template `admin/date_hierarchy.html` shows."""
        chosen, documents = self.chosen, changelist.queryset
        if not chosen:
            first, last = self._ends(documents)
            if first is None or last is None:
                return {"show": False}
            if first.year == last.year:
                chosen = [first.year, first.month] if first.month == last.month else [first.year]
        titles = [self._title(chosen[:end]) for end in range(1, len(chosen) + 1)]
        at: list[dict[str, Any]] = [
            {"link": self._link(changelist, part), "title": self._title(part)}
            for part in self._parts(documents, chosen)
        ]
        back = None
        if self.chosen:
            above = self.chosen[:-1]
            back = {
                "link": self._link(changelist, above),
                "title": self._title(above) if above else _("All dates"),
            }
        if len(self.chosen) == 3:
            at = [{"link": None, "title": titles[-1]}]
        return {"show": True, "back": back, "choices": at, "field_name": changelist.label_of(self.field)}

    def _ends(self, documents: Documents) -> tuple[Any, Any]:
        there = documents.filter({self.field: {"$type": "date"}})
        found = [list(there.order_by(name)[:1]) for name in (self.field, f"-{self.field}")]
        first, last = (min(self._times(one[0]), default=None) if one else None for one in found)
        return first, last

    def _times(self, document: Any) -> list[datetime.datetime]:
        """Return the times of a document, as clocks show them here."""
        value = value_at(document, self.field)
        values = value if isinstance(value, list) else [value]
        return [_as_local(one).replace(tzinfo=None) for one in values if isinstance(one, datetime.datetime)]

    def _parts(self, documents: Documents, chosen: list[int]) -> list[list[int]]:
        """Return the years, or the months of a year, or the days of a month, that have documents.

        Each is found by the first document after the one before, so that with an index no other is looked at.
        """
        found: list[list[int]] = []
        if len(chosen) == 3:
            return found
        whole = self._of(chosen)
        since = datetime.datetime(*[*chosen, 1, 1, 1][:3])  # type: ignore[arg-type]  # noqa: DTZ001 (local)
        while len(found) < MOST_PARTS:
            later = self._since(since)
            first = list(documents.filter({self.field: {**whole, **later}}).order_by(self.field)[:1])
            times = [one for one in self._times(first[0]) if one >= since] if first else []
            if not times:
                break
            part = [*chosen, (min(times).year, min(times).month, min(times).day)[len(chosen)]]
            found.append(part)
            try:
                since = _next(datetime.datetime(*[*part, 1, 1][:3]), len(part))  # type: ignore[arg-type]  # noqa: DTZ001 (local)
            except (ValueError, OverflowError):
                break  # Python's years are over
        return found

    @staticmethod
    def _since(moment: datetime.datetime) -> dict[str, Any]:
        try:
            return {"$gte": as_stored(moment)}
        except OverflowError:
            return {}

    @staticmethod
    def _of(chosen: list[int]) -> dict[str, Any]:
        """Return the condition for the times of a year, month or day, of all where none is chosen."""
        found: dict[str, Any] = {"$type": "date"}
        if chosen:
            first = datetime.datetime(*[*chosen, 1, 1][:3])  # type: ignore[arg-type]  # noqa: DTZ001 (as_stored makes it aware)
            # Without a bound where Python's years are over.
            with suppress(OverflowError):
                found["$gte"] = as_stored(first)
            with suppress(ValueError, OverflowError):
                found["$lt"] = as_stored(_next(first, len(chosen)))
        return found

    def _link(self, changelist: Any, chosen: list[int]) -> str:
        values = dict(zip(self.names, map(str, chosen), strict=False))
        link: str = changelist.get_query_string(values, [f"{self.field}__"])
        return link

    @staticmethod
    def _title(chosen: list[int]) -> str:
        if len(chosen) == 1:
            return str(chosen[0])
        date = datetime.date(*[*chosen, 1][:3])
        return capfirst(
            formats.date_format(date, "YEAR_MONTH_FORMAT" if len(chosen) == 2 else "MONTH_DAY_FORMAT")
        )
