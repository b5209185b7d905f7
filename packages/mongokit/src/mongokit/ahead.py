"""Documents that take steps when they are read: finished in portions, so that what a portion refers to is one query."""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from itertools import chain, repeat
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from mongokit.flow import Flow, run, run_async
from mongokit.loading import Loader, Reading, finish

if TYPE_CHECKING:
    from mongokit.document import Document

__all__ = ["ReadAhead"]

D = TypeVar("D", bound="Document")
Raw = dict[str, Any]

FIRST, NEXT = 101, 1000
"""Documents that are finished together: as many as MongoDB sends first, then more."""


class ReadAhead(Generic[D]):
    """The documents of a cursor whose class has steps: made in portions, so that what a portion refers to is one query.

    :param size: how many documents make a portion; None leaves that to us.
    :param then: what else is to be done with the finished documents of a portion.
    """

    def __init__(
        self,
        loader: Loader[D],
        session: Any = None,
        size: int | None = None,
        then: Callable[[Sequence[D], Reading], Flow[None]] | None = None,
    ) -> None:
        self._loader = loader
        self._session = session
        self._sizes = repeat(size) if size else chain([FIRST], repeat(NEXT))
        self._then = then
        self._ready: deque[D] = deque()
        self._broken_off: Exception | None = None
        """What reading raised, when there were documents before it."""
        self._failed: Exception | None = None
        """What came of a portion, and will come of it until the cursor is rewound."""

    @property
    def is_pending(self) -> bool:
        """Whether there is something that was read, and that nobody has asked for yet."""
        return bool(self._ready) or self._broken_off is not None

    def next(self, advance: Callable[[], Raw]) -> D:
        """Return the next document; raises StopIteration after the last."""
        if not self._ready and not run(self._fill(advance)):
            raise StopIteration
        return self._ready.popleft()

    async def next_async(self, advance: Callable[[], Awaitable[Raw]]) -> D:
        """Return the next document; raises StopAsyncIteration after the last."""
        if not self._ready and not await run_async(self._fill(advance)):
            raise StopAsyncIteration
        return self._ready.popleft()

    def _fill(self, advance: Callable[[], Any]) -> Flow[bool]:
        """Make the next portion; returns whether there is one."""
        if self._failed is not None:
            raise self._failed
        if self._broken_off is not None:
            broken_off, self._broken_off = self._broken_off, None
            raise broken_off
        made: list[D] = []
        size = next(self._sizes)
        try:
            while len(made) < size:
                made.append(self._loader.make((yield advance())))
        except (StopIteration, StopAsyncIteration):
            pass
        except Exception as error:
            if not made:
                raise
            # What was read before comes first.
            self._broken_off = error
        reading = Reading(self._session)
        try:
            yield from finish(made, reading)
            if self._then is not None:
                yield from self._then(made, reading)
        except Exception as error:
            if len(made) > 1:
                # Nobody shall go on, and not know that others of the portion are missing.
                self._failed = error
            raise
        self._ready.extend(made)
        return bool(made)
