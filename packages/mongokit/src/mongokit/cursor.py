"""From what PyMongo decoded to documents: one at a time, or as a cursor."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar, overload

import pymongo.collection
import pymongo.cursor
from pymongo.errors import InvalidOperation

from mongokit.dotnotation import doted
from mongokit.legacy import warn_once

if TYPE_CHECKING:
    from mongokit.document import Document

__all__ = ["Cursor", "Loader"]

D = TypeVar("D", bound="Document")
Raw = dict[str, Any]
RawCollection = pymongo.collection.Collection[Raw]


class Loader(Generic[D]):
    """Makes documents of one class, bound to one collection, of decoded dicts.

    :param registered: the classes by name, among which ``type_field`` finds that of each document.
    """

    __slots__ = ("_bind", "collection", "document_class", "registered", "type_field")

    def __init__(
        self, document_class: type[D], collection: RawCollection, registered: Mapping[str, type[Document]]
    ) -> None:
        self.document_class = document_class
        self.collection = collection
        self.registered = registered
        type_field = document_class.type_field
        self.type_field = type_field if type_field in document_class._structure.fields else None
        self._bind: Callable[[Any, RawCollection], None] = document_class._collection.__set__

    def load(self, raw: Raw) -> D:
        """Return the document for a decoded dict, which it takes over."""
        cls = self.document_class
        if self.type_field is not None:
            cls = self._stored_class(raw)
            if cls._structure.nested is not self.document_class._structure.loaded:
                raw = {key: doted(value, cls._structure.nested) for key, value in raw.items()}
        convert = cls._structure.to_python
        document = cls.__new__(cls)
        dict.update(document, raw if convert is None else convert(raw))
        self._bind(document, self.collection)
        if cls._remembers:
            document._remember(raw)
        return document

    def _stored_class(self, raw: Raw) -> type[D]:
        name = raw.get(self.type_field or "")
        found = self.registered.get(name) if isinstance(name, str) else None
        if found is not None and issubclass(found, self.document_class):
            return found
        return self.document_class

    def iterate(self, advance: Callable[[], Raw]) -> Iterator[D]:
        """Return the documents of what ``advance`` returns until it raises StopIteration."""
        cls = self.document_class
        if self.type_field is not None or cls._structure.to_python is not None or cls._remembers:
            return self._converted(advance)
        if cls.__setattr__ is object.__setattr__:
            return self._plain(advance)
        return self._bound(advance)

    def _converted(self, advance: Callable[[], Raw]) -> Iterator[D]:
        load = self.load
        try:
            while True:
                yield load(advance())
        except StopIteration:
            return

    # These loops are what a document costs more than a dict: nothing is called in them that can be avoided.

    def _plain(self, advance: Callable[[], Raw]) -> Iterator[D]:
        cls, new, collection = self.document_class, self.document_class.__new__, self.collection
        try:
            while True:
                document: Any = new(cls)
                document |= advance()
                document._collection = collection
                yield document
        except StopIteration:
            return

    def _bound(self, advance: Callable[[], Raw]) -> Iterator[D]:
        cls, new, collection, bind = (
            self.document_class,
            self.document_class.__new__,
            self.collection,
            self._bind,
        )
        try:
            while True:
                document: Any = new(cls)
                document |= advance()
                bind(document, collection)
                yield document
        except StopIteration:
            return


class Cursor(Generic[D]):
    """The documents a query finds: PyMongo's cursor, with documents coming out.

    Everything PyMongo's cursor has is here and chains: ``sort``, ``limit``, ``skip``, ``hint``, ``batch_size``,
    ``collation``, ``max_time_ms``, ``where``, ``distinct``, ``explain``, ``close``, ``alive``…
    It has no length, as only the server knows it: ask ``count()``.
    """

    def __init__(
        self, source: pymongo.cursor.Cursor[Raw], loader: Loader[D], counted: Mapping[str, Any]
    ) -> None:
        self._source = source
        self._loader = loader
        self._counted: dict[str, Any] | None = dict(counted)

    def __repr__(self) -> str:
        return f"<{type(self).__module__}.{type(self).__name__} of {self._loader.document_class.__name__}>"

    def __iter__(self) -> Iterator[D]:
        return self._loader.iterate(self._source.next)

    def __next__(self) -> D:
        return self._loader.load(self._source.next())

    next = __next__

    def to_list(self, length: int | None = None) -> list[D]:
        """Return all remaining documents, or at most ``length``."""
        return [self._loader.load(raw) for raw in self._source.to_list(length)]

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
            return part
        return self._loader.load(self._source.clone()[index])

    def count(self, with_limit_and_skip: bool = False) -> int:
        """Return how many documents the query finds, counted by the server.

        :param with_limit_and_skip: count only what ``limit`` and ``skip`` leave (PyMongo 3's spelling).
        """
        if with_limit_and_skip:
            warn_once(
                "count(with_limit_and_skip=True)", "collection.count_documents(filter, skip=…, limit=…)"
            )
        if self._counted is None:
            raise InvalidOperation(
                "count() cannot honour where(), min() or max(); use $expr or operators in the filter"
            )
        options = dict(self._counted)
        limit, skip = options.pop("limit", 0), options.pop("skip", 0)
        if with_limit_and_skip:
            options |= ({"limit": abs(limit)} if limit else {}) | ({"skip": skip} if skip else {})
        return self._loader.collection.count_documents(options.pop("filter") or {}, **options)

    def sort(self, key_or_list: Any, direction: int | str | None = None) -> Self:
        """Order by a field, or by a list of (field, direction) pairs."""
        self._source.sort(key_or_list, direction)
        return self

    def limit(self, limit: int) -> Self:
        """Return at most so many documents; 0 is no limit."""
        self._source.limit(limit)
        self._note(limit=limit)
        return self

    def skip(self, skip: int) -> Self:
        """Leave out so many documents at the beginning."""
        self._source.skip(skip)
        self._note(skip=skip)
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
        self._counted = None
        return self

    def min(self, spec: Any) -> Self:
        """Set the lower bound of the index given by ``hint``."""
        self._source.min(spec)
        self._counted = None
        return self

    def max(self, spec: Any) -> Self:
        """Set the upper bound of the index given by ``hint``."""
        self._source.max(spec)
        self._counted = None
        return self

    def rewind(self) -> Self:
        """Go back to the beginning; the query is sent again when the next document is asked for."""
        self._source.rewind()
        return self

    def clone(self) -> Self:
        """Return a cursor of the same query that has not been used."""
        other = type(self)(self._source.clone(), self._loader, self._counted or {})
        other._counted = None if self._counted is None else dict(self._counted)
        return other

    __copy__ = clone

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._source.close()

    def _note(self, **options: Any) -> None:
        if self._counted is not None:
            self._counted |= options

    def __getattr__(self, name: str) -> Any:
        """Find the rest on PyMongo's cursor; what chains there chains here."""
        if name.startswith("_"):
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        found = getattr(self._source, name)
        if not callable(found):
            return found

        def method(*args: Any, **kwargs: Any) -> Any:
            result = found(*args, **kwargs)
            return self if result is self._source else result

        return method
