"""What a query finds, in the shape in which Django's pages, templates, sitemaps and feeds take it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

from django.core import paginator as django_paginator
from django.utils.functional import cached_property

from mongokit.cursor import counter_of

if TYPE_CHECKING:
    from mongokit import Cursor, Document

__all__ = ["DocumentList", "Paginator"]

D = TypeVar("D", bound="Document")


class DocumentList(Generic[D]):
    """The documents of a cursor as a list that is read when it is needed: sliced, counted, iterated more than once.

    A slice reads just its documents; iterating, or `len()`, reads all and keeps them, as a `QuerySet` does. To go
    through many without keeping them, iterate over the cursor itself.

    :param cursor: sorted. It is left unused. Of one with `skip` or `limit`, which slices need for themselves, all that they
        leave is read at the first use.
    :param count: how to count what the query finds; unless given, as the cursor's `count()` does. It is called once.
    """

    def __init__(self, cursor: Cursor[D], count: Callable[[], int] | None = None) -> None:
        self._cursor = cursor
        self._count_them = counter_of(cursor) if count is None else count
        self._kept: list[D] | None = None

    def __iter__(self) -> Iterator[D]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())

    def __bool__(self) -> bool:
        return self.exists()

    @overload
    def __getitem__(self, which: int) -> D: ...
    @overload
    def __getitem__(self, which: slice) -> list[D]: ...
    def __getitem__(self, which: int | slice) -> D | list[D]:
        """Return one document, or a list of those of a slice; raises `IndexError`, `ValueError` below zero."""
        kept = self._known()
        if kept is not None:
            return kept[which]
        if isinstance(which, slice):
            return self._slice(which.start or 0, which.stop, which.step)
        found = self._slice(which, which + 1)
        if not found:
            raise IndexError(f"there is no document {which}: the query finds fewer")
        return found[0]

    def count(self) -> int:
        """Return how many documents the query finds. It is counted once, whoever asks."""
        kept = self._known()
        return self._count if kept is None else len(kept)

    def exists(self) -> bool:
        """Return whether the query finds any."""
        kept = self._known()
        return bool(self._slice(0, 1) if kept is None else kept)

    def __repr__(self) -> str:
        return f"<DocumentList of {self._cursor!r}>"

    @property
    def cursor(self) -> Cursor[D]:
        """A cursor of the same query, unused."""
        return self._cursor.clone()

    @classmethod
    def of(cls, documents: Any) -> Any:
        """Return a cursor as a list, and anything else as it is."""
        is_cursor = hasattr(documents, "clone") and hasattr(documents, "to_list")
        return cls(documents) if is_cursor else documents

    @cached_property
    def _count(self) -> int:
        return self._count_them()

    def _known(self) -> list[D] | None:
        """Return the documents where they are read, or have to be for whatever is asked."""
        return self._all() if self._cursor.is_part else self._kept

    def _all(self) -> list[D]:
        if self._kept is None:
            self._kept = self._cursor.clone().to_list()
        return self._kept

    def _slice(self, start: int, stop: int | None, step: int | None = None) -> list[D]:
        if start < 0 or (stop is not None and stop < 0) or (step is not None and step < 1):
            raise ValueError(
                "the documents of a query are counted from its beginning, forwards; sort it the other way"
            )
        if stop is not None and stop <= start:
            return []  # while limit(0) is all of them
        cursor = self._cursor.clone().skip(start)
        found: list[D] = (cursor if stop is None else cursor.limit(stop - start)).to_list()
        return found[::step]


class Paginator(django_paginator.Paginator):  # type: ignore[type-arg]  # not subscriptable at run time
    """Django's Paginator, which takes a cursor of documents too, sorted; the parameters are the same."""

    def __init__(self, object_list: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(DocumentList.of(object_list), *args, **kwargs)
