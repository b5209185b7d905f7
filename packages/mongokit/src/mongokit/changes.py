"""What happens in a collection, as it happens: PyMongo's change streams, with documents coming out."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar

from mongokit.loading import Loader

if TYPE_CHECKING:
    from pymongo.asynchronous.change_stream import AsyncChangeStream
    from pymongo.change_stream import ChangeStream

    from mongokit.document import Document

__all__ = ["AsyncChanges", "Change", "Changes"]

D = TypeVar("D", bound="Document")
Raw = dict[str, Any]
FIELDS = ("fullDocument", "fullDocumentBeforeChange")


class Change(dict[str, Any], Generic[D]):
    """One change: a dict as MongoDB sends it (``operationType``, ``documentKey``, ``updateDescription``…)."""

    __slots__ = ("before", "document")
    document: D | None
    """The document; None where it was deleted, or the stream was not asked for it."""
    before: D | None
    """The document as it was before, where the collection keeps such images and the stream was asked for them."""


class _Stream(Generic[D]):
    """What both kinds of streams have in common."""

    def __init__(self, source: Any, loader: Loader[D]) -> None:
        self._source = source
        self._loader = loader

    @property
    def alive(self) -> bool:
        """Whether there may be more."""
        alive: bool = self._source.alive
        return alive

    @property
    def resume_token(self) -> Any:
        """Where it is, for ``watch(resume_after=…)``."""
        return self._source.resume_token


class Changes(_Stream[D]):
    """The changes of a collection: iterated, or asked by ``try_next``; ``with`` closes it."""

    _source: ChangeStream[Raw]

    def __iter__(self) -> Iterator[Change[D]]:
        return self

    def __next__(self) -> Change[D]:
        return self._change(self._source.next())

    next = __next__

    def try_next(self) -> Change[D] | None:
        """Return the next change, or None when the server knows of none within ``max_await_time_ms``."""
        raw = self._source.try_next()
        return None if raw is None else self._change(raw)

    def _change(self, raw: Raw) -> Change[D]:
        change = Change[D](raw)
        change.document, change.before = (
            self._loader.load(raw[name]) if raw.get(name) else None for name in FIELDS
        )
        return change

    def close(self) -> None:
        """Stop watching."""
        self._source.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class AsyncChanges(_Stream[D]):
    """The changes of a collection: for ``async for``, or asked by ``try_next``; ``async with`` closes it."""

    _source: AsyncChangeStream[Raw]

    def __aiter__(self) -> AsyncIterator[Change[D]]:
        return self

    async def __anext__(self) -> Change[D]:
        return await self._change(await self._source.next())

    next = __anext__

    async def try_next(self) -> Change[D] | None:
        """Return the next change, or None when the server knows of none within ``max_await_time_ms``."""
        raw = await self._source.try_next()
        return None if raw is None else await self._change(raw)

    async def _change(self, raw: Raw) -> Change[D]:
        change = Change[D](raw)
        change.document, change.before = [
            await self._loader.load_async(raw[name]) if raw.get(name) else None for name in FIELDS
        ]
        return change

    async def close(self) -> None:
        """Stop watching."""
        await self._source.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()
