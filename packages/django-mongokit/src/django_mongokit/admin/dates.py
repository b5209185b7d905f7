"""Spans of time, as the date hierarchy and date filters of a list have them."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.contrib.admin.options import IncorrectLookupParameters
from django.utils import formats, timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from django_mongokit.admin.fields import value_at
from django_mongokit.selection import Documents

__all__ = ["DateHierarchy", "as_stored"]


def as_stored(moment: datetime.datetime) -> datetime.datetime:
    """Return a local time as MongoDB compares it.

    With `USE_TZ` documents have times in UTC; without it, those of the project's time zone as they are.
    """
    if settings.USE_TZ and timezone.is_naive(moment):
        return timezone.make_aware(moment)
    return moment


def _as_local(stored: datetime.datetime) -> datetime.datetime:
    if not settings.USE_TZ:
        return stored
    return timezone.localtime(
        timezone.make_aware(stored, datetime.UTC) if timezone.is_naive(stored) else stored
    )


def _zone() -> str:
    """Return the current time zone as MongoDB knows it: by its name, else as an offset."""
    if not settings.USE_TZ:
        return "UTC"
    zone = timezone.get_current_timezone()
    name: str | None = getattr(zone, "key", None)
    return timezone.localtime().strftime("%z") if name is None else name


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
            if self.chosen:
                self.query: dict[str, Any] = {field: {"$gte": self._start(), "$lt": self._end()}}
            else:
                self.query = {}
        except (ValueError, OverflowError) as error:
            raise IncorrectLookupParameters(error) from error

    def _start(self) -> datetime.datetime:
        year, month, day = [*self.chosen, 1, 1][:3]
        return as_stored(datetime.datetime(year, month, day))  # noqa: DTZ001 (as_stored makes it aware)

    def _end(self) -> datetime.datetime:
        year, month, day = [*self.chosen, 1, 1][:3]
        start = datetime.datetime(year, month, day)  # noqa: DTZ001 (as_stored makes it aware)
        match len(self.chosen):
            case 1:
                return as_stored(start.replace(year=year + 1))
            case 2:
                return as_stored((start + datetime.timedelta(days=32)).replace(day=1))
        return as_stored(start + datetime.timedelta(days=1))

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
        first, last = (self._local(value_at(one[0], self.field)) if one else None for one in found)
        return first, last

    @staticmethod
    def _local(value: Any) -> datetime.datetime | None:
        if isinstance(value, list):
            value = next((one for one in value if isinstance(one, datetime.datetime)), None)
        return _as_local(value) if isinstance(value, datetime.datetime) else None

    def _parts(self, documents: Documents, chosen: list[int]) -> list[list[int]]:
        """Return the years, or the months of a year, or the days of a month, that have documents."""
        if len(chosen) == 3:
            return []
        part = ("$year", "$month", "$dayOfMonth")[len(chosen)]
        stages: list[Mapping[str, Any]] = [
            {"$match": {"$and": [documents.query or {}, self._within(chosen)]}},
            {"$group": {"_id": {part: {"date": f"${self.field}", "timezone": _zone()}}}},
            {"$sort": {"_id": 1}},
        ]
        return [[*chosen, found["_id"]] for found in documents.collection.aggregate(stages)]

    def _within(self, chosen: list[int]) -> dict[str, Any]:
        is_date = {self.field: {"$type": "date"}}
        if not chosen:
            return is_date
        span = DateHierarchy(
            self.field, {name: [str(one)] for name, one in zip(self.names, chosen, strict=False)}
        )
        return {"$and": [is_date, span.query]}

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
