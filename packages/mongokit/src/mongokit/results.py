"""What an aggregation gives, as documents."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from itertools import islice
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar

from mongokit.ahead import ReadAhead
from mongokit.cursor import check_length
from mongokit.loading import Loader

if TYPE_CHECKING:
    from pymongo.asynchronous.command_cursor import AsyncCommandCursor
    from pymongo.command_cursor import CommandCursor

    from mongokit.document import Document

__all__ = ["AsyncResults", "Results"]

D = TypeVar("D", bound="Document")
Raw = dict[str, Any]


class Results(Generic[D]):
    """The documents of an aggregation, to be iterated once; ``with`` closes it."""

    def __init__(self, source: CommandCursor[Raw], loader: Loader[D]) -> None:
        self._source = source
        self._ahead = ReadAhead(loader, source.session)
        self._documents = self._finished() if loader.has_steps else loader.iterate(source.next)

    def _finished(self) -> Iterator[D]:
        try:
            while True:
                yield self._ahead.next(self._source.next)
        except StopIteration:
            return

    def __iter__(self) -> Iterator[D]:
        return self._documents

    def __next__(self) -> D:
        return next(self._documents)

    next = __next__

    def to_list(self, length: int | None = None) -> list[D]:
        """Return all remaining documents, or at most ``length``; raises ValueError for less than 1, as PyMongo's does."""
        check_length(length)
        return list(islice(self._documents, length))

    def close(self) -> None:
        """Tell the server that no more is wanted."""
        self._source.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class AsyncResults(Generic[D]):
    """The documents of an aggregation, for ``async for``, once; ``async with`` closes it."""

    def __init__(self, source: AsyncCommandCursor[Raw], loader: Loader[D]) -> None:
        self._source = source
        self._loader = loader
        self._ahead = ReadAhead(loader, source.session) if loader.has_steps else None

    def __aiter__(self) -> AsyncIterator[D]:
        return self

    async def __anext__(self) -> D:
        if self._ahead is not None:
            return await self._ahead.next_async(self._source.next)
        return self._loader.make(await self._source.next())

    next = __anext__

    async def to_list(self, length: int | None = None) -> list[D]:
        """Return all remaining documents, or at most ``length``; raises ValueError for less than 1, as PyMongo's does."""
        check_length(length)
        found: list[D] = []
        try:
            while length is None or len(found) < length:
                found.append(await self.next())
        except StopAsyncIteration:
            pass
        return found

    async def close(self) -> None:
        """Tell the server that no more is wanted."""
        await self._source.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()
