"""A page of what a query finds, and what a template needs to lead to the others."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any, Generic, Protocol, TypeVar

__all__ = ["Paginator"]

D = TypeVar("D")


class _Counted(Protocol):
    """A cursor, of what it takes to be paged."""

    def count(self) -> int: ...

    def clone(self) -> Any: ...


class Paginator(Generic[D]):
    """One page of a cursor. It asks for the count, and for the documents of the page, each when it is first needed.

    :param cursor: of documents; sorted, or else the server may give any order, and another one for each page. It is
        left as it is: an earlier ``skip`` and ``limit`` count for nothing.
    :param page: counted from 1; what is beyond the last page is the last, what is below 1 the first.
    :param limit: documents on a page.

    Raises ValueError for a page or limit that is no number (text that is one will do), or a limit below 1.
    """

    def __init__(self, cursor: _Counted, page: int | str = 1, limit: int | str = 10) -> None:
        self._cursor = cursor
        self._wanted = _number("page", page)
        self.limit = _number("limit", limit)
        """Documents on a page."""
        if self.limit < 1:
            raise ValueError(f"limit={limit!r}: a page has at least one document")

    @cached_property
    def count(self) -> int:
        """How many documents the query finds."""
        return self._cursor.count()

    @cached_property
    def items(self) -> Sequence[D]:
        """The documents of the page."""
        found = self._cursor.clone().skip(self._skipped).limit(self.limit)
        items: list[D] = found.to_list()
        return items

    @property
    def num_pages(self) -> int:
        """How many pages there are; at least one."""
        return max(1, -(-self.count // self.limit))

    @property
    def page_range(self) -> list[int]:
        """The numbers of all pages."""
        return list(range(1, self.num_pages + 1))

    @property
    def current_page(self) -> int:
        """The number of this page."""
        return min(max(1, self._wanted), self.num_pages)

    @property
    def is_paginated(self) -> bool:
        """Whether there is more than one page."""
        return self.num_pages > 1

    @property
    def has_next(self) -> bool:
        """Whether this is not the last page."""
        return self.current_page < self.num_pages

    @property
    def has_previous(self) -> bool:
        """Whether this is not the first page."""
        return self.current_page > 1

    @property
    def next_page(self) -> int | None:
        """The number of the next page, or None."""
        return self.current_page + 1 if self.has_next else None

    @property
    def previous_page(self) -> int | None:
        """The number of the page before, or None."""
        return self.current_page - 1 if self.has_previous else None

    @property
    def start_index(self) -> int:
        """The position of the first document on the page, counted from 1; 0 where nothing is found."""
        return self._skipped + 1 if self.count else 0

    @property
    def end_index(self) -> int:
        """The position of the last document on the page, counted from 1."""
        return min(self._skipped + self.limit, self.count)

    @property
    def _skipped(self) -> int:
        return (self.current_page - 1) * self.limit


def _number(name: str, given: int | str) -> int:
    try:
        return int(given)
    except (TypeError, ValueError):
        raise ValueError(f"{name}={given!r}: accepted is a number, counted from 1") from None
