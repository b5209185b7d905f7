"""Many ids in the queries that ask for them: how many at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

__all__ = ["AT_ONCE", "portions"]

T = TypeVar("T")

AT_ONCE = 100
"""Ids in one ``$in``. The embedded server takes a time for them that grows with their square: for 10,000 documents 100 at
a time cost it the least. To MongoDB each further query is one more way there and back."""


def portions(ids: Iterable[T], size: int | None = None) -> Iterator[list[T]]:
    """Yield ids in lists of at most this size; None leaves it to us."""
    left = iter(ids)
    while some := list(islice(left, size or AT_ONCE)):
        yield some
