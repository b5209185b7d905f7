"""Many ids in the queries that ask for them: how many at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

__all__ = ["AT_ONCE", "portions"]

T = TypeVar("T")

AT_ONCE = 101
"""Ids in one ``$in``: those of the documents that a cursor reads first. The embedded server takes a time for them that grows
with their square: some 100 at a time cost it the least. To MongoDB each further query is one more way there and back."""


def portions(ids: Iterable[T], size: int | None = None) -> Iterator[list[T]]:
    """Yield ids in lists of at most this size; None leaves it to us."""
    left = iter(ids)
    while some := list(islice(left, size or AT_ONCE)):
        yield some
