"""A page of what a query finds, and what a template needs to lead to the others."""

from __future__ import annotations

from collections.abc import Awaitable, Generator, Sequence
from functools import cached_property
from typing import Any, Generic, Protocol, Self, TypeVar

from mongokit.cursor import counter_of

__all__ = ["AsyncPaginator", "Paginator"]

D = TypeVar("D")


class _Query(Protocol):
    """A cursor, of what it takes to choose a page."""

    def clone(self) -> Self: ...

    def skip(self, skip: int, /) -> Self: ...

    def limit(self, limit: int, /) -> Self: ...


class _Counted(_Query, Protocol[D]):
    """A cursor that answers at once."""

    def count(self) -> int: ...

    def to_list(self) -> list[D]: ...


class _Awaited(_Query, Protocol[D]):
    """A cursor that is awaited."""

    def count(self) -> Awaitable[int]: ...

    def to_list(self) -> Awaitable[list[D]]: ...


class _Page(Generic[D]):
    """What is known of one page, once the documents are counted."""

    count: int
    """How many documents the query finds."""

    def __init__(self, page: int | str, limit: int | str) -> None:
        self._wanted = _number("page", page)
        self.limit = _number("limit", limit)
        """Documents on a page."""
        if self.limit < 1:
            raise ValueError(f"limit={limit!r}: a page has at least one document")

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


class Paginator(_Page[D]):
    """One page of a cursor. It asks for the count, and for the documents of the page, each when it is first needed.

    :param cursor: of documents; sorted, or else the server may give any order, and another one for each page. It is
        left as it is: an earlier ``skip`` and ``limit`` count for nothing.
    :param page: counted from 1; what is beyond the last page is the last, what is below 1 the first.
    :param limit: documents on a page.

    Raises ValueError for a page or limit that is no number (text that is one will do), or a limit below 1; TypeError
    for a cursor that is awaited: it has :class:`AsyncPaginator`.
    """

    def __init__(self, cursor: _Counted[D], page: int | str = 1, limit: int | str = 10) -> None:
        if hasattr(cursor, "__anext__"):
            raise TypeError(
                f"Paginator({cursor!r}): this cursor is awaited, so its pages are: page = await AsyncPaginator(cursor)"
            )
        super().__init__(page, limit)
        self._cursor = cursor

    @cached_property
    def count(self) -> int:  # type: ignore[override]  # which is found out late
        """How many documents the query finds."""
        count: int = counter_of(self._cursor)()
        return count

    @cached_property
    def items(self) -> Sequence[D]:
        """The documents of the page."""
        return self._cursor.clone().skip(self._skipped).limit(self.limit).to_list()


class AsyncPaginator(_Page[D]):
    """One page of an asynchronous cursor: ``page = await AsyncPaginator(cursor, 2)``, which sends both queries.

    After that it has all that :class:`Paginator` has, and nothing more to await, so that templates can use it; before
    that it raises RuntimeError. The parameters, and what else is raised, are those of :class:`Paginator`.
    """

    items: Sequence[D]
    """The documents of the page."""

    def __init__(self, cursor: _Awaited[D], page: int | str = 1, limit: int | str = 10) -> None:
        if not hasattr(cursor, "__anext__"):
            raise TypeError(
                f"AsyncPaginator({cursor!r}): this cursor answers at once: Paginator(cursor) takes it"
            )
        super().__init__(page, limit)
        self._cursor = cursor

    async def _load(self) -> Self:
        self.count = await counter_of(self._cursor)()
        self.items = await self._cursor.clone().skip(self._skipped).limit(self.limit).to_list()
        return self

    def __await__(self) -> Generator[Any, None, Self]:
        """Send the queries, and return the page itself."""
        return self._load().__await__()

    def __getattr__(self, name: str) -> Any:
        if name in ("count", "items"):
            raise RuntimeError(f"{name}: this page is not read yet: page = await AsyncPaginator(cursor)")
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")


def _number(name: str, given: int | str) -> int:
    try:
        return int(given)
    except (TypeError, ValueError):
        raise ValueError(f"{name}={given!r}: accepted is a number, counted from 1") from None
