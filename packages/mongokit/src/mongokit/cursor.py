"""The documents that a query finds."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import islice
from types import MethodType, TracebackType
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar, overload

import pymongo.cursor
from pymongo.errors import InvalidOperation

from mongokit.ahead import ReadAhead
from mongokit.flow import Flow
from mongokit.legacy import warn_of_count, warn_once
from mongokit.loading import Loader, Reading

if TYPE_CHECKING:
    from mongokit.document import Document

__all__ = ["Cursor", "CursorBase", "check_length", "counter_of"]

D = TypeVar("D", bound="Document")
Raw = dict[str, Any]


class CursorBase(Generic[D]):
    """What the blocking and the asynchronous cursor have in common: the query, and its options."""

    _is_countable = True
    """Whether ``count_documents`` can say as much as the query."""

    def __init__(self, source: Any, loader: Loader[D], counted: Mapping[str, Any]) -> None:
        self._source = source
        self._loader = loader
        self._counted = dict(counted)
        self._batch_size: int | None = None
        self._paths: tuple[str, ...] = ()
        """What ``prefetch`` was called with."""
        self._is_empty = False
        """Whether it is a slice that ends where it begins."""
        self._ahead: ReadAhead[D] | None = None
        """Documents that are finished, and not asked for yet."""
        self._taken: deque[Raw] = deque()
        """What the server has sent, and nobody has asked for yet: to ask PyMongo for each costs more than to take all."""

    def __repr__(self) -> str:
        return f"<{type(self).__module__}.{type(self).__name__} of {self._loader.document_class.__name__}>"

    @property
    def collection(self) -> Any:
        """The collection that is asked."""
        return self._loader.collection

    @property
    def is_part(self) -> bool:
        """Whether ``limit``, ``skip`` or a slice leave a part of what the query finds, which ``count()`` counts whole."""
        return bool(self._is_empty or self._counted.get("limit") or self._counted.get("skip"))

    @property
    def alive(self) -> bool:
        """Whether there may be more documents; see PyMongo."""
        is_finished = self._ahead is not None and self._ahead.is_pending
        return is_finished or bool(self._taken) or self._source.alive

    def sort(self, key_or_list: Any, direction: int | str | None = None) -> Self:
        """Order by a field, or by a list of (field, direction) pairs."""
        self._source.sort(key_or_list, direction)
        return self

    def limit(self, limit: int) -> Self:
        """Return at most so many documents; 0 is no limit."""
        self._source.limit(limit)
        self._note(limit=limit)
        self._is_empty = False
        return self

    def skip(self, skip: int) -> Self:
        """Leave out so many documents at the beginning."""
        self._source.skip(skip)
        self._note(skip=skip)
        return self

    def batch_size(self, batch_size: int) -> Self:
        """Have the server send so many documents at a time; 0 leaves that to it."""
        self._source.batch_size(batch_size)
        self._batch_size = batch_size or None
        return self

    def prefetch(self, *paths: str) -> Self:
        """Load what the documents refer to together with them: one query for each collection, level of references, and
        101 ids, and for each portion of the cursor (101 documents, then 1,000 at a time, or what ``batch_size`` says).

        ``find().prefetch("author", "comments.author.employer")``: paths of references are dotted, and go through lists,
        nested structures, and other references. See :func:`mongokit.prefetch`.

        Raises ValueError for a path that is no reference of the class.
        """
        # Who has no references to prefetch does not wait for this to be imported.
        from mongokit.prefetching import check_paths

        check_paths(self._loader.document_class, paths)
        self._paths += paths
        return self

    def hint(self, index: Any) -> Self:
        """Name the index to use; None forgets it."""
        self._source.hint(index)
        self._note(hint=index)
        return self

    def collation(self, collation: Any) -> Self:
        """Compare text by the rules of a language."""
        self._source.collation(collation)
        self._note(collation=collation)
        return self

    def where(self, code: Any) -> Self:
        """Add a JavaScript condition."""
        self._source.where(code)
        self._is_countable = False
        return self

    def min(self, spec: Any) -> Self:
        """Set the lower bound of the index given by ``hint``."""
        self._source.min(spec)
        self._is_countable = False
        return self

    def max(self, spec: Any) -> Self:
        """Set the upper bound of the index given by ``hint``."""
        self._source.max(spec)
        self._is_countable = False
        return self

    def clone(self) -> Self:
        """Return a cursor of the same query that has not been used."""
        other = type(self)(self._source.clone(), self._loader, self._counted)
        other._is_countable = self._is_countable
        other._batch_size, other._paths, other._is_empty = self._batch_size, self._paths, self._is_empty
        return other

    __copy__ = clone

    def __deepcopy__(self, memo: object) -> Self:
        # As PyMongo's: of the query, and of no client.
        return self.clone()

    def _reading_ahead(self) -> ReadAhead[D]:
        if self._ahead is None:
            self._ahead = ReadAhead(self._loader, self._source.session, self._batch_size, self._prefetching())
        return self._ahead

    def _prefetching(self) -> Callable[[Sequence[D], Reading], Flow[None]] | None:
        if not self._paths:
            return None
        from mongokit.prefetching import prefetching  # see prefetch()

        return partial(prefetching, paths=self._paths)

    @property
    def _has_steps(self) -> bool:
        """Whether there is more to do for a document than to make it."""
        return bool(self._paths) or self._loader.has_steps

    def _note(self, **options: Any) -> None:
        self._counted |= options

    def _counting(self, *, with_limit_and_skip: bool) -> tuple[Any, Raw]:
        """Return the arguments of ``count_documents``."""
        if not self._is_countable:
            raise InvalidOperation(
                "count() cannot honour where(), min() or max(); use $expr or operators in the filter"
            )
        options = dict(self._counted)
        limit, skip = options.pop("limit", 0), options.pop("skip", 0)
        if with_limit_and_skip:
            options |= ({"limit": abs(limit)} if limit else {}) | ({"skip": skip} if skip else {})
        return options.pop("filter") or {}, options

    def __getattr__(self, name: str) -> Any:
        """Find the rest on PyMongo's cursor; what chains there chains here."""
        if name.startswith("_"):
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        found = getattr(self._source, name)
        if not isinstance(found, MethodType):
            return found

        def method(*args: Any, **kwargs: Any) -> Any:
            result = found(*args, **kwargs)
            return self if result is self._source else result

        return method


def counter_of(cursor: Any) -> Callable[[], Any]:
    """Return what counts the documents of a cursor and warns of nothing; of what is no cursor of ours, its ``count``."""
    quiet: Callable[[], Any] | None = getattr(cursor, "_count", None)
    return cursor.count if quiet is None else quiet


def check_length(length: Any) -> None:
    """Raise ValueError for what PyMongo's ``to_list`` refuses: a length of less than 1."""
    if isinstance(length, int) and length < 1:
        raise ValueError(
            f"to_list({length!r}): length must be greater than 0, as for PyMongo; None is all that is left"
        )


def _with_limit_and_skip(with_limit_and_skip: bool = False) -> bool:
    """Return what ``Cursor.count`` was called with; raises TypeError as a function with this parameter does."""
    return with_limit_and_skip


class Cursor(CursorBase[D]):
    """The documents a query finds: PyMongo's cursor, with documents coming out.

    Everything PyMongo's cursor has is here and chains: ``sort``, ``limit``, ``skip``, ``hint``, ``batch_size``,
    ``collation``, ``max_time_ms``, ``where``, ``distinct``, ``explain``, ``close``, ``alive``…
    It has no length, as only the server knows it: ``collection.Class.count(filter)`` asks.
    """

    _source: pymongo.cursor.Cursor[Raw]

    def __iter__(self) -> Iterator[D]:
        return self._finished() if self._has_steps else self._loader.iterate_taken(self._taken, self._take)

    def _take(self) -> bool:
        """Take what the server sends next, all of it; returns whether there is any."""
        # What PyMongo's own to_list() is made of. No public method gives one batch, and asks for no other.
        take = getattr(self._source, "_next_batch", None)
        if take is not None:
            return bool(take(self._taken))
        try:
            self._taken.append(self._source.next())
        except StopIteration:
            return False
        return True

    def _advance(self) -> Raw:
        """Return the next of what the server sends; raises StopIteration where there is none."""
        return self._taken.popleft() if self._taken else self._source.next()

    def __next__(self) -> D:
        if self._has_steps:
            return self._reading_ahead().next(self._advance)
        return self._loader.make(self._advance())

    def _finished(self) -> Iterator[D]:
        try:
            while True:
                yield next(self)
        except StopIteration:
            return

    next = __next__

    def to_list(self, length: int | None = None) -> list[D]:
        """Return all remaining documents, or at most ``length``; raises ValueError for less than 1, as PyMongo's does."""
        check_length(length)
        if self._has_steps or self._taken:
            return list(islice(self, length))
        make = self._loader.maker()
        return [make(raw) for raw in self._source.to_list(length)]

    @overload
    def __getitem__(self, index: int) -> D: ...
    @overload
    def __getitem__(self, index: slice) -> Self: ...
    def __getitem__(self, index: int | slice) -> D | Self:
        """Return the document at a position, or a new cursor over a part; this cursor stays as it is.

        Either is a query of its own, and takes the place of an earlier ``skip`` and ``limit``. Raises IndexError for
        a negative index, a step, or a position after the end.
        """
        if isinstance(index, slice):
            part = self.clone()
            part._source = part._source[index]
            start = index.start or 0
            part._is_empty = index.stop is not None and index.stop == start
            part._note(skip=start, limit=0 if index.stop is None else index.stop - start)
            return part
        if self._paths:
            for document in self[index : index + 1]:
                return document
            raise IndexError(f"no document at position {index}")
        return self._loader.load(self._source.clone()[index], self._source.session)

    @overload
    def count(self) -> int: ...
    @overload
    def count(self, with_limit_and_skip: bool) -> int: ...
    def count(self, *given: bool, **named: bool) -> int:
        """Return how many documents the query finds, counted by the server.

        :param with_limit_and_skip: count only what ``limit``, ``skip`` and slices leave.

        A spelling of MongoKit and PyMongo 3, which warns once; not where a paginator or a template calls it.
        """
        # Django's paginator calls only what has no parameter of a name, and asks others for their len().
        part = bool(_with_limit_and_skip(*given, **named))
        if part:
            warn_once(
                "count(with_limit_and_skip=True)", "collection.count_documents(filter, skip=…, limit=…)"
            )
        else:
            warn_of_count()
        return self._count(part=part)

    def _count(self, *, part: bool = False) -> int:
        """Count, and warn of nothing."""
        filter_, options = self._counting(with_limit_and_skip=part)
        if part and self._is_empty:
            return 0
        return self._loader.collection.count_documents(filter_, **options)

    def rewind(self) -> Self:
        """Go back to the beginning; the query is sent again when the next document is asked for."""
        self._source.rewind()
        self._taken.clear()
        self._ahead = None
        return self

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._source.close()
