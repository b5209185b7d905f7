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
from pymongo.errors import PyMongoError

from django_mongokit.admin.fields import in_utc, value_at
from django_mongokit.selection import Documents

__all__ = ["DateHierarchy", "as_stored"]

MOST_PARTS = 100
"""How many years are linked to."""
_EARLIEST = datetime.datetime.min.replace(tzinfo=datetime.UTC)
_LATEST = datetime.datetime.max.replace(tzinfo=datetime.UTC)
_FORMATS = ("%Y", "%Y-%m", "%Y-%m-%d")
_NOT_FOR_ALL = frozenset({"hidden", "partialFilterExpression"})
"""What an index has that does not help with every query."""


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


def _part(moment: datetime.datetime, size: int) -> list[int]:
    """Return year, month and day of a time, as many of them as `size`."""
    return [moment.year, moment.month, moment.day][:size]


def _start(part: list[int]) -> datetime.datetime:
    """Return when a year, month or day begins, by local clocks; raises `ValueError` or `OverflowError` for none."""
    return datetime.datetime(*[*(part or [1]), 1, 1][:3])  # type: ignore[arg-type]  # noqa: DTZ001 (local)


def _end(part: list[int]) -> datetime.datetime | None:
    """Return when the next year, month or day begins; None after Python's last."""
    first = _start(part)
    try:
        match len(part):
            case 1:
                return first.replace(year=first.year + 1)
            case 2:
                return (first + datetime.timedelta(days=32)).replace(day=1)
        return first + datetime.timedelta(days=1)
    except (ValueError, OverflowError):
        return None


def _is_within(
    moment: datetime.datetime, since: datetime.datetime | None, until: datetime.datetime | None
) -> bool:
    return (since is None or since <= moment) and (until is None or moment < until)


class DateHierarchy:
    """The links "2026", "November", "22" above a list.

    :param field: dotted name of a field of times.
    :param params: the query string; what is used of it is taken out.

    Raises `IncorrectLookupParameters` for a year, month or day that is none.
    """

    def __init__(self, field: str, params: dict[str, list[str]]) -> None:
        self.field = field
        self.names = [f"{field}__{part}" for part in ("year", "month", "day")]
        self.earliest: datetime.datetime | None = None
        """The first time of all, once it is known."""
        self.has_lists = False
        """Whether a list of times was met, where one should be."""
        sent = [params.pop(name, [None])[-1] for name in self.names]
        given = sent[: sent.index(None)] if None in sent else sent
        try:
            self.chosen = [int(value) for value in given if value is not None]
            self.query: dict[str, Any] = {field: self._of(self.chosen)} if self.chosen else {}
        except (ValueError, OverflowError) as error:
            raise IncorrectLookupParameters(error) from error

    def links(self, changelist: Any) -> dict[str, Any]:
        """Return what Django's template `admin/date_hierarchy.html` shows."""
        chosen, documents = self.chosen, changelist.of_all_dates
        has_index = self._has_index(documents)
        parts = self._parts(documents, chosen, has_index)
        if not chosen and not parts:
            return {"show": False}
        while not self.chosen and len(parts) == 1 and len(chosen) < 2:
            chosen = parts[0]
            parts = self._parts(documents, chosen, has_index)
        titles = [self._title(chosen[:end]) for end in range(1, len(chosen) + 1)]
        at: list[dict[str, Any]] = [
            {"link": self._link(changelist, part), "title": self._title(part)} for part in parts
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

    def _has_index(self, documents: Documents) -> bool:
        """Return whether the server finds times without looking at every document; True where it does not tell."""
        try:
            found = documents.collection.index_information().values()
        except PyMongoError:
            return True
        return any(
            index["key"][0][0] == self.field and index.keys().isdisjoint(_NOT_FOR_ALL) for index in found
        )

    def _parts(self, documents: Documents, chosen: list[int], has_index: bool) -> list[list[int]]:
        """Return the years, or the months of a year, or the days of a month, that have documents."""
        if has_index:
            found = self._asked_for(documents, chosen)
            if not self.has_lists:
                return found
            # In order of times it comes first also where others of its times are meant, and hides what is between.
        return self._grouped(documents, chosen)

    def _grouped(self, documents: Documents, chosen: list[int]) -> list[list[int]]:
        """Return what `_asked_for` does, by one command that looks at every document once.

        The server groups by UTC, of which a year, month or day has times of two local ones at most: of its first time, and
        of its last.
        """
        size = len(chosen) + 1
        if size > 3:
            return []
        since, until = (_start(chosen), _end(chosen)) if chosen else (None, None)
        within = self._between(since, until)
        if "$lt" not in within:
            within["$lte"] = _LATEST
        path = f"${self.field}"
        stages: list[dict[str, Any]] = [
            {"$match": documents.filter({self.field: within}).query},
            # A list of times, where one should be, has others too.
            {"$unwind": path},
            {"$match": {self.field: within}},
            {
                "$group": {
                    "_id": {"$dateToString": {"format": _FORMATS[size - 1], "date": path}},
                    "first": {"$min": path},
                    "last": {"$max": path},
                }
            },
            {"$sort": {"_id": 1}},
            {"$limit": MOST_PARTS + 1},
        ]
        found = documents.collection.aggregate(stages)
        times = (_as_local(one[end]).replace(tzinfo=None) for one in found for end in ("first", "last"))
        parts = {tuple(_part(time, size)) for time in times if _is_within(time, since, until)}
        return [list(part) for part in sorted(parts)[:MOST_PARTS]]

    def _first(
        self,
        documents: Documents,
        since: datetime.datetime | None = None,
        until: datetime.datetime | None = None,
    ) -> datetime.datetime | None:
        """Return the first time of a span, as clocks show it here; None where it has none."""
        condition = {self.field: self._between(since, until)}
        for document in documents.filter(condition).order_by(self.field)[:1]:
            # A list of times, where one should be, has others too.
            inside = [one for one in self._times(document) if _is_within(one, since, until)]
            return min(inside, default=None)
        return None

    def _times(self, document: Any) -> list[datetime.datetime]:
        """Return the times of a document, as clocks show them here."""
        value = value_at(document, self.field)
        if isinstance(value, list):
            self.has_lists = True
        values = value if isinstance(value, list) else [value]
        return [_as_local(one).replace(tzinfo=None) for one in values if isinstance(one, datetime.datetime)]

    def _asked_for(self, documents: Documents, chosen: list[int]) -> list[list[int]]:
        """Return the years, or the months of a year, or the days of a month, that have documents.

        Each is asked for by itself, and after an empty one the first document after it: with an index MongoDB looks at
        one document for each question, and a server that reads the whole of a range reads each part once.
        """
        first: datetime.datetime | None = None
        if not self.chosen:
            if not chosen:
                self.earliest = self._first(documents)
            # Also of a year or month that is the only one.
            first = self.earliest
            if first is None:
                return []
        found: list[list[int]] = []
        size = len(chosen) + 1
        if size > 3:
            return found
        since: datetime.datetime | None = _start(chosen)
        until = _end(chosen) if chosen else None
        while since is not None and (until is None or since < until) and len(found) < MOST_PARTS:
            if self.has_lists:
                break
            if first is None:
                after = _end(_part(since, size))
                first = self._first(documents, since, after)
                if first is None and after is not None and after != until:
                    first = self._first(documents, after, until)
                if first is None:
                    break
            found.append(_part(first, size))
            first, since = None, _end(found[-1])
        return found

    @classmethod
    def _of(cls, chosen: list[int]) -> dict[str, Any]:
        """Return the condition for the times of a year, month or day."""
        return cls._between(_start(chosen), _end(chosen))

    @staticmethod
    def _between(since: datetime.datetime | None, until: datetime.datetime | None) -> dict[str, Any]:
        """Return the condition for the times of a span.

        A bound finds dates only. It has no `$type` beside it, with which the embedded server does without the index.
        """
        found: dict[str, Any] = {}
        # Without a bound where Python's years are over.
        if since is not None:
            with suppress(OverflowError):
                found["$gte"] = as_stored(since)
        if until is not None:
            with suppress(OverflowError):
                found["$lt"] = as_stored(until)
        return found or {"$gte": _EARLIEST}

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
