"""The documents a query finds, awaited."""

from __future__ import annotations

from collections.abc import AsyncIterator, Coroutine
from types import TracebackType
from typing import TYPE_CHECKING, Any, NoReturn, Self, TypeVar, overload

from mongokit.cursor import CursorBase, check_length
from mongokit.legacy import warn_of_count

if TYPE_CHECKING:
    from pymongo.asynchronous.cursor import AsyncCursor as SourceCursor

    from mongokit.document import Document

__all__ = ["AsyncCursor"]

D = TypeVar("D", bound="Document")
Raw = dict[str, Any]


class AsyncCursor(CursorBase[D]):
    """The documents a query finds: PyMongo's asynchronous cursor, with documents coming out.

    ``async for document in cursor``. What only describes the query (``sort``, ``limit``, ``skip``, ``hint``…) chains as
    it does on :class:`mongokit.Cursor`; what asks the server is awaited: ``to_list``, ``count``, ``next``,
    ``distinct``, ``explain``, ``rewind``, ``close``.
    """

    _source: SourceCursor[Raw]

    def __aiter__(self) -> AsyncIterator[D]:
        if self._has_steps:
            return self._finished()
        return self._loader.iterate_taken_async(self._taken, self._take)

    async def _take(self) -> bool:
        """Take what the server sends next, all of it; returns whether there is any."""
        take = getattr(self._source, "_next_batch", None)
        if take is not None:
            return bool(await take(self._taken))
        try:
            self._taken.append(await self._source.next())
        except StopAsyncIteration:
            return False
        return True

    async def _advance(self) -> Raw:
        """Return the next of what the server sends; raises StopAsyncIteration where there is none."""
        return self._taken.popleft() if self._taken else await self._source.next()

    async def _finished(self) -> AsyncIterator[D]:
        try:
            while True:
                yield await self.next()
        except StopAsyncIteration:
            return

    def __iter__(self) -> NoReturn:
        # Without this, as it has positions, Python would ask for one after the other, and never come to an end.
        raise TypeError(
            f"{self!r} is awaited: write `async for document in cursor`, or `await cursor.to_list()` for a list"
        )

    def __contains__(self, value: object) -> NoReturn:
        # Whose own message Python puts in the place of that of __iter__.
        self.__iter__()

    async def next(self) -> D:
        """Return the next document; raises StopAsyncIteration where there is none."""
        if self._has_steps:
            return await self._reading_ahead().next_async(self._advance)
        return self._loader.make(await self._advance())

    __anext__ = next

    async def to_list(self, length: int | None = None) -> list[D]:
        """Return all remaining documents, or at most ``length``; raises ValueError for less than 1, as PyMongo's does."""
        check_length(length)
        if not self._has_steps and not self._taken:
            make = self._loader.maker()
            return [make(raw) for raw in await self._source.to_list(length)]
        found: list[D] = []
        try:
            while length is None or len(found) < length:
                found.append(await self.next())
        except StopAsyncIteration:
            pass
        return found

    @overload
    def __getitem__(self, index: int) -> Coroutine[Any, Any, D]: ...
    @overload
    def __getitem__(self, index: slice) -> Self: ...
    def __getitem__(self, index: int | slice) -> Coroutine[Any, Any, D] | Self:
        """Return a new cursor over a part, or the awaitable document at a position; this cursor stays as it is.

        Either is a query of its own, and takes the place of an earlier ``skip`` and ``limit``. Raises IndexError for
        a negative index, a step, or, when awaited, a position after the end.
        """
        if isinstance(index, slice):
            start, stop = index.start or 0, index.stop
            if index.step is not None or start < 0 or (stop is not None and stop <= start):
                raise IndexError(
                    f"{index!r}: accepted are a start of 0 or more, a stop after it, and no step (an empty part "
                    "cannot be asked for)"
                )
            return self.clone().skip(start).limit(0 if stop is None else stop - start)
        if index < 0:
            raise IndexError(f"{index}: a position is counted from the beginning; sort() the other way round")
        return self._at(index)

    async def _at(self, index: int) -> D:
        async for document in self.clone().skip(index).limit(-1):
            return document
        raise IndexError(f"no document at position {index}")

    def count(self) -> Coroutine[Any, Any, int]:
        """Return how many documents the query finds, counted by the server, whatever ``skip`` and ``limit`` say.

        MongoKit's spelling: it warns once; see :meth:`mongokit.Cursor.count`.
        """
        warn_of_count()
        return self._count()

    async def _count(self) -> int:
        """Count, and warn of nothing."""
        filter_, options = self._counting(with_limit_and_skip=False)
        count: int = await self._loader.collection.count_documents(filter_, **options)  # type: ignore[misc]
        return count

    async def rewind(self) -> Self:
        """Go back to the beginning; the query is sent again when the next document is asked for."""
        await self._source.rewind()
        self._taken.clear()
        self._ahead = None
        return self

    async def add_option(self, mask: int) -> Self:
        """Set flags of the query; see PyMongo."""
        await self._source.add_option(mask)
        return self

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._source.close()
