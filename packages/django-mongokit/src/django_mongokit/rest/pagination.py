"""Pages by the last `_id`, which cost the same however far one goes, and neither repeat nor skip what others add."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

from django.core.exceptions import ValidationError
from rest_framework.exceptions import NotFound
from rest_framework.pagination import CursorPagination
from rest_framework.utils.urls import replace_query_param

from django_mongokit.forms.jsontext import dumps, loads

__all__ = ["DocumentCursorPagination"]

_LONGEST = 4000
"""Characters of a cursor in a URL."""


class DocumentCursorPagination(CursorPagination):
    """The framework's pages by cursor, over documents in the order of their ids: `ordering` is "_id" or "-_id" (ObjectIds:
    newest first).

    All ids of the collection have to be of one type, as MongoDB compares only what is of one type.
    """

    ordering = "_id"
    page: list[Any]

    def paginate_queryset(self, queryset: Any, request: Any, view: Any = None) -> list[Any] | None:
        """Return the documents of the page; raises `NotFound` for a cursor that is none."""
        size = self.get_page_size(request)
        if not size:
            return None
        self.request = request
        self.page_size = size
        self.base_url = request.build_absolute_uri()
        back, at = self._position(request.query_params.get(self.cursor_query_param))
        upwards = (self.ordering == "_id") is not back
        if at:
            queryset = queryset.filter({"_id": {"$gt" if upwards else "$lt": at[0]}})
        # One more, to know whether there is more.
        found = list(queryset.order_by("_id" if upwards else "-_id")[: size + 1])
        more, page = len(found) > size, found[:size]
        self.page = page[::-1] if back else page
        self.has_next = bool(self.page) and (back or more)
        self.has_previous = bool(self.page) and (more if back else bool(at))
        self.display_page_controls = bool(self.template) and (self.has_next or self.has_previous)
        return self.page

    def get_next_link(self) -> str | None:
        """Return the URL of the page after this one."""
        return self._link("+", self.page[-1]) if self.has_next else None

    def get_previous_link(self) -> str | None:
        """Return the URL of the page before this one."""
        return self._link("-", self.page[0]) if self.has_previous else None

    def _link(self, direction: str, document: Any) -> str:
        text = f"{direction}{dumps([document['_id']])}"
        cursor = urlsafe_b64encode(text.encode()).decode().rstrip("=")
        url: str = replace_query_param(str(self.base_url), self.cursor_query_param, cursor)
        return url

    def _position(self, cursor: str | None) -> tuple[bool, list[Any]]:
        """Return whether a page before an id is wanted, and the id: none for the first page."""
        if cursor is None:
            return False, []
        try:
            if len(cursor) > _LONGEST:
                raise ValueError(len(cursor))
            text = urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4)).decode()
            at = loads(text[1:])
        except (ValueError, ValidationError):
            raise NotFound(self.invalid_cursor_message) from None
        # A dict or a list in its place could only be forged.
        if text[0] not in "+-" or not isinstance(at, list) or len(at) != 1 or isinstance(at[0], (dict, list)):
            raise NotFound(self.invalid_cursor_message)
        return text[0] == "-", at
