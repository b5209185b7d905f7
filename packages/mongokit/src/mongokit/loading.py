"""From what PyMongo decoded to documents. What happens to each, in this order:

1. its class is chosen (``type_field``),
2. stored values become Python values,
3. it is bound to its collection, and remembers what it has to,
4. it is migrated,
5. what it refers to is loaded, and goes through all of this,
6. its ``after_load`` is called, after those of what it refers to.

The last three are the :class:`LoadSteps` of a class. A document of a class without any costs no more than a dict.
"""

from __future__ import annotations

import copy
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

import pymongo.collection

from mongokit.binding import bind_references
from mongokit.dotnotation import doted
from mongokit.errors import shortened
from mongokit.flow import Flow, run, run_async
from mongokit.memory import Memory
from mongokit.projection import Projection

if TYPE_CHECKING:
    from mongokit.document import Document

__all__ = ["LoadSteps", "Loader", "Reading", "finish"]

D = TypeVar("D", bound="Document")
Raw = dict[str, Any]
RawCollection = pymongo.collection.Collection[Raw]


class Reading:
    """Documents that are read together, with what they refer to.

    :param session: PyMongo's, for further queries.
    """

    def __init__(self, session: Any = None) -> None:
        self.session = session
        self.known: dict[Any, Document] = {}
        """What has been loaded so far; the keys are the business of ``LoadSteps.refer``."""


class LoadSteps(NamedTuple):
    """What happens to the documents of a class when they have been read; found once, when the class is made."""

    migrate: Callable[[Document, Reading], Flow[None]] | None = None
    """Brings a document up to date, in the database and in place."""
    refer: Callable[[Sequence[Document], Reading], Flow[list[Document]]] | None = None
    """Loads, for several documents at once, what they refer to; returns the documents it has made for that, which are
    finished next. Classes that share the function share its queries."""
    is_hooked: bool = False
    """Whether ``after_load`` is to be called."""

    def __bool__(self) -> bool:
        return self.migrate is not None or self.refer is not None or self.is_hooked


def finish(documents: Sequence[Document], reading: Reading) -> Flow[None]:
    """Take the steps of documents that have just been read, and of those they refer to."""
    levels = []
    while documents:
        levels.append(documents)
        referring: dict[Any, list[Document]] = {}
        for document in documents:
            steps = type(document)._load_steps
            if steps.migrate is not None:
                yield from steps.migrate(document, reading)
            if steps.refer is not None:
                referring.setdefault(steps.refer, []).append(document)
        documents = []
        for refer, several in referring.items():
            documents = [*documents, *(yield from refer(several, reading))]
    for level in reversed(levels):
        for document in level:
            if type(document)._load_steps.is_hooked:
                yield document.after_load()


class Loader(Generic[D]):
    """Makes documents of one class, bound to one collection, of decoded dicts.

    :param registered: the classes by name, among which ``type_field`` finds that of each document.
    """

    __slots__ = (
        *("_assigns", "_bind"),
        *("collection", "document_class", "load_plainly", "part", "registered", "type_field"),
    )

    def __init__(
        self, document_class: type[D], collection: RawCollection, registered: Mapping[str, type[Document]]
    ) -> None:
        self.document_class = document_class
        self.collection = collection
        self.registered = registered
        type_field = document_class.type_field
        self.type_field = type_field if type_field in document_class._structure.fields else None
        self.part: Projection | None = None
        """What is read of each document, where that is not the whole."""
        # The slot itself, for a class that has a __setattr__: where it has none, an assignment costs a third of that.
        self._bind: Callable[[Any, RawCollection], None] = document_class._collection.__set__
        self._assigns = document_class.__setattr__ is object.__setattr__
        is_bare = self._is_plain and not (document_class._has_refs or document_class._load_steps)
        self.load_plainly: Callable[[Any], D] | None = self._taking() if is_bare else None
        """What does all of ``load`` where there is nothing to it but to take the content."""

    def of_part(self, projection: Any) -> Loader[D]:
        """Return the loader for documents of which a query reads only what its projection says."""
        part = Projection.of(projection)
        if part is None:
            return self
        return self._of(part)

    def of_results(self, pipeline: Any) -> Loader[D]:
        """Return the loader for documents that come out of an aggregation, which may have made something of them."""
        part = Projection.of_pipeline(pipeline)
        if part is None:
            return self
        return self._of(part)

    def of_unknown(self) -> Loader[D]:
        """Return the loader for documents of which nobody knows how much was read."""
        return self._of(Projection.unknown())

    def _of(self, part: Projection) -> Loader[D]:
        other = copy.copy(self)
        other.part = part
        other.load_plainly = None
        return other

    def load(self, raw: Raw, session: Any = None) -> D:
        """Return the finished document for a decoded dict, which it takes over."""
        if self.load_plainly is not None:
            return self.load_plainly(raw)
        document = self.make(raw)
        if type(document)._load_steps:
            run(finish([document], Reading(session)))
        return document

    async def load_async(self, raw: Raw, session: Any = None) -> D:
        """Do what ``load`` does, awaiting what has to be."""
        if self.load_plainly is not None:
            return self.load_plainly(raw)
        document = self.make(raw)
        if type(document)._load_steps:
            await run_async(finish([document], Reading(session)))
        return document

    def make(self, raw: Raw) -> D:
        """Return the document for a decoded dict, which it takes over, before any of its class's steps."""
        cls = self.document_class
        if self.type_field is not None:
            cls = self._stored_class(raw)
            if cls._structure.nested is not self.document_class._structure.loaded:
                raw = {key: doted(value, cls._structure.nested) for key, value in raw.items()}
        convert = cls._structure.to_python
        document = cls.__new__(cls)
        try:
            dict.update(document, raw if convert is None else convert(raw))
        except Exception as error:
            error.add_note(
                f"this is {cls.__name__} {shortened(raw.get('_id'))} in {self.collection.full_name}; next() of the same "
                "cursor gives the document behind it"
            )
            raise
        self._bind(document, self.collection)
        if cls._has_refs:
            bind_references(document, found=True)
        if cls._remembers:
            document._remember(raw)
        if self.part is not None:
            document._set_memory((document._memory or Memory(None, ()))._replace(part=self.part))
        return document

    def _stored_class(self, raw: Raw) -> type[D]:
        name = raw.get(self.type_field or "")
        found = self.registered.get(name) if isinstance(name, str) else None
        if found is not None and issubclass(found, self.document_class):
            return found
        return self.document_class

    @property
    def has_steps(self) -> bool:
        """Whether there is more to do for a document, or may be for one of a subclass, than to make it."""
        cls = self.document_class
        if cls._load_steps or self.type_field is None:
            return bool(cls._load_steps)
        return any(issubclass(one, cls) and one._load_steps for one in list(self.registered.values()))

    @property
    def _is_plain(self) -> bool:
        """Whether a document is its stored form, and bound, and nothing else."""
        cls = self.document_class
        return not (
            self.type_field is not None or cls._structure.to_python is not None or cls._remembers or self.part
        )

    def maker(self) -> Callable[[Any], D]:
        """Return what does the same as ``make``, for many: with what is the same for all looked at once."""
        if not self._is_plain or self.document_class._has_refs:
            return self.make
        return self._taking()

    def maker_of_new(self) -> Callable[[Any], D] | None:
        """Return what makes a new document of its content, or None where there is more to it than to take that."""
        cls = self.document_class
        if not cls._takes_content or cls._has_refs or cls._structure.nested is not dict:
            return None
        return self._taking()

    def _taking(self) -> Callable[[Any], D]:
        """Return what makes a document of its content, of which nothing has to be converted."""
        cls, collection, bind = self.document_class, self.collection, self._bind
        new, assigns = cls.__new__, self._assigns

        def make(content: Mapping[str, Any]) -> D:
            document: Any = new(cls)
            document |= content
            if assigns:
                document._collection = collection
            else:
                bind(document, collection)
            made: D = document
            return made

        return make

    def iterate(self, advance: Callable[[], Raw]) -> Iterator[D]:
        """Return the documents of what ``advance`` returns until it raises StopIteration.

        They are not finished: where the class ``has_steps``, use :class:`mongokit.ahead.ReadAhead`.
        """
        make = self.maker()
        try:
            while True:
                yield make(advance())
        except StopIteration:
            return

    # These loops are what a document costs more than a dict: nothing is called in them that can be avoided.

    def iterate_taken(self, taken: deque[Raw], take: Callable[[], object]) -> Iterator[D]:
        """Return the documents of what is in ``taken``, which ``take`` fills again, until that returns nothing; see
        ``iterate``."""
        cls, collection, bind = self.document_class, self.collection, self._bind
        new, assigns, next_taken = cls.__new__, self._assigns, taken.popleft
        if not self._is_plain:
            make = self.make
            while taken or take():
                yield make(next_taken())
        while taken or take():
            document: Any = new(cls)
            document |= next_taken()
            if assigns:
                document._collection = collection
            else:
                bind(document, collection)
            yield document

    async def iterate_taken_async(
        self, taken: deque[Raw], take: Callable[[], Awaitable[object]]
    ) -> AsyncIterator[D]:
        """Do what ``iterate_taken`` does, awaiting what ``take`` gives."""
        cls, collection, bind = self.document_class, self.collection, self._bind
        new, assigns, next_taken = cls.__new__, self._assigns, taken.popleft
        if not self._is_plain:
            make = self.make
            while taken or await take():
                yield make(next_taken())
        while taken or await take():
            document: Any = new(cls)
            document |= next_taken()
            if assigns:
                document._collection = collection
            else:
                bind(document, collection)
            yield document
