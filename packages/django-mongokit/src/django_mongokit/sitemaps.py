"""`django.contrib.sitemaps` over documents."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, NoReturn

from django.conf import settings
from django.contrib import sitemaps
from django.utils import timezone

from django_mongokit.paginator import DocumentList
from mongokit.memory import value_at

__all__ = ["GenericSitemap"]


class GenericSitemap(sitemaps.GenericSitemap):  # type: ignore[type-arg]  # the class can't be subscripted at run time
    """Django's, with documents in the place of a queryset; each says its own address by `get_absolute_url()`.

        GenericSitemap({"queryset": lambda: get_database().talks.Talk.find().sort("when"), "date_field": "when"})

    :param info_dict: `queryset` is a cursor, a `DocumentList`, or a function that returns one of them, which is called
        for each request, so that a test run's database is found there too; `date_field` is the dotted name of the
        field that says when a document was changed last.
    """

    queryset: Any
    date_field: str | None

    def __init__(self, info_dict: Mapping[str, Any], *args: Any, **kwargs: Any) -> None:
        super().__init__(dict(info_dict), *args, **kwargs)
        found = DocumentList.of(self.queryset)
        if not isinstance(found, DocumentList) and not callable(found):
            _refuse(found)

    def items(self) -> Any:
        """Return the documents, of which a page is read at a time."""
        found = DocumentList.of(self.queryset)
        if not isinstance(found, DocumentList):
            found = DocumentList.of(found())
        # A new one for each request: a list keeps what it has read.
        return DocumentList(found.cursor) if isinstance(found, DocumentList) else _refuse(found)

    def lastmod(self, item: Any) -> datetime.datetime | None:
        """Return when a document was changed last, None where that is not known."""
        return None if self.date_field is None else _time_at(item, self.date_field)

    def get_latest_lastmod(self) -> datetime.datetime | None:
        """Return when the last changed of all documents was, of which only one is read."""
        if self.date_field is None:
            return None
        found = self.items().cursor.sort(self.date_field, -1).limit(1).to_list()
        return self.lastmod(found[0]) if found else None


def _refuse(given: Any) -> NoReturn:
    raise TypeError(
        "GenericSitemap takes a cursor of documents, a DocumentList, or a function that returns one of them, not "
        f"{given!r:.80}. For a queryset there is Django's own, of django.contrib.sitemaps."
    )


def _time_at(document: Mapping[str, Any], path: str) -> datetime.datetime | None:
    found = value_at(document, path)
    if not isinstance(found, datetime.datetime):
        return None
    return timezone.make_aware(found, datetime.UTC) if settings.USE_TZ and timezone.is_naive(found) else found
