"""A reference to a document: in a structure that there is one, in a document which one."""

from __future__ import annotations

import uuid
from collections.abc import Generator
from typing import TYPE_CHECKING, Any, Generic, NoReturn, TypeVar

from bson import ObjectId
from bson.dbref import DBRef

from mongokit.errors import ConnectionError, MissingReferenceError
from mongokit.flow import Flow, run, run_async
from mongokit.scalars import is_plain, stored_id
from mongokit.target import Target, is_document

if TYPE_CHECKING:
    from mongokit.document import Document

__all__ = ["Ref", "made"]

D = TypeVar("D", bound="Document")
Id = ObjectId | str | int | uuid.UUID | bytes
_NONE: Any = object()


class Ref(Generic[D]):
    """A reference to a document, which is loaded when it is asked for, and then kept.

    In a structure, ``Ref(Author)`` says that there is a reference; ``author: Ref[Author]`` is the same as an annotation.
    The class may be given by name (``Ref("Author")``), as it has to be before it is made. In a document the value is a
    ``Ref`` with an ``id``; it may be set to a document, a Ref, or an id.

    :param target: the class of the document.
    :param id: its ``_id``; without it, this is what a structure holds.
    :param dbref: store the reference as a DBRef, with collection and database, instead of the ``_id``.
    """

    __slots__ = ("_collection", "_document", "_id", "_is_found", "_place", "_target", "dbref")

    def __init__(self, target: type[D] | str, id: Any = _NONE, *, dbref: bool = False) -> None:
        given: Any = target
        if not isinstance(given, str) and not (isinstance(given, type) and hasattr(given, "_collection")):
            raise TypeError(f"Ref({target!r}): accepted is a subclass of Document, or its name")
        self._target = Target(target)
        self._id = id
        self.dbref = dbref
        self._document: D | None = None
        self._collection: Any = None
        self._place: tuple[str, str | None] | None = None
        self._is_found = False

    if TYPE_CHECKING:
        # What type checkers are to know of a field annotated with Ref[…]: it can be set to more than it gives.
        def __get__(self, instance: object, owner: type | None = None) -> Ref[D]: ...
        def __set__(self, instance: object, value: D | Ref[D] | DBRef | Id | None) -> None: ...

    @classmethod
    def to(cls, document: D) -> Ref[D]:
        """Return a reference to a document."""
        return made(Target(type(document)), document)

    @property
    def is_spec(self) -> bool:
        """Whether this says of a field that it is a reference, and not to which document."""
        return self._document is None and self._id is _NONE

    @property
    def target(self) -> Target:
        """The class it goes to, as declared."""
        return self._target

    @property
    def document_class(self) -> type[D]:
        """The class it goes to; raises StructureError where a name leads to none."""
        found: type[D] = self._target.resolve(self._collection)  # type: ignore[assignment]  # it was given as one
        return found

    @property
    def id(self) -> Any:
        """The ``_id`` of the document; None as long as it has none."""
        if self._document is not None:
            return self._document.get("_id")
        if self._id is _NONE:
            return None
        cls = self._target.find()
        convert = None if cls is None else cls._structure.python_id
        return self._id if convert is None else convert(self._id)

    @property
    def stored_id(self) -> Any:
        """The ``_id`` of the document as it is stored, which differs where the class converts it."""
        cls = type(self._document) if self._document is not None else self._target.find()
        given = self._id if self._document is None else self._document.get("_id")
        return given if cls is None else stored_id(cls, given)

    @property
    def loaded(self) -> D | None:
        """The document, where it is here already; no server is asked."""
        return self._document

    def get(self) -> D:
        """Return the document, asking the server only if it has not been loaded yet.

        With an asynchronous connection it is ``await reference``, or ``await reference.aget()``.

        Raises MissingReferenceError where there is no such document (any more), ConnectionError where the document
        that holds the reference is bound to no collection.
        """
        return self.fetch() if self._document is None else self._document

    def fetch(self) -> D:
        """Read the document from the server, again if need be, and return it; see :meth:`get`."""
        return run(self._fetch())

    async def aget(self) -> D:
        """Return the document, as :meth:`get` does."""
        return await self.afetch() if self._document is None else self._document

    async def afetch(self) -> D:
        """Read the document from the server, as :meth:`fetch` does."""
        return await run_async(self._fetch())

    def __await__(self) -> Generator[Any, None, D]:
        """Return the document: ``await reference`` is ``await reference.aget()``."""
        return self.aget().__await__()

    def _fetch(self) -> Flow[D]:
        from mongokit.lookups import find_one

        found: D | None = yield from find_one(self.home, self.document_class, self.stored_id)
        if found is None:
            self.missing()
        self._document = found
        return found

    def exists(self) -> bool:
        """Ask the server whether there is such a document."""
        return run(self._exists())

    async def aexists(self) -> bool:
        """Ask the server, as :meth:`exists` does."""
        return await run_async(self._exists())

    def _exists(self) -> Flow[bool]:
        id = self.stored_id
        found = (yield self.home.find_one({"_id": id}, {"_id": True})) if is_plain(id) else None
        return found is not None

    def missing(self) -> NoReturn:
        """Raise the error for a document that is not there."""
        raise MissingReferenceError(
            f"there is no {self._target.name} with the _id {self.id!r} in {self.home.full_name} (any more)"
        )

    @property
    def home(self) -> Any:
        """The collection of the document; raises ConnectionError where it cannot be known yet."""
        if self._document is not None:
            return self._document.collection
        if self._collection is None:
            raise ConnectionError(
                f"{self!r} is not part of a document that is bound to a collection: save the document, or use a "
                "document that was found"
            )
        if self._place is None:
            return self._target.home(self._collection)
        name, database = self._place
        own = self._collection.database
        return (own if database in (None, own.name) else own.client[database])[name]

    @property
    def place(self) -> tuple[str, str | None] | None:
        """The names of collection and database, where they were stored with it."""
        return self._place

    def retargeted(self, target: Target) -> Ref[D]:
        """Return the same reference, as one of a field."""
        other = made(target, self._id if self._document is None else self._document)
        other._collection, other._place = self._collection, self._place
        other._is_found = self._is_found
        return other

    def bind(self, collection: Any, *, found: bool = False) -> None:
        """Say in which collection the document is that holds the reference, and whether it was found there with it."""
        self._collection = collection
        self._is_found = self._is_found or found

    @property
    def is_found(self) -> bool:
        """Whether it was read from the database, in the form in which it is kept."""
        return self._is_found

    def hold(self, document: D) -> None:
        """Keep the document, which somebody else has loaded."""
        self._document = document

    def stored(self, *, dbref: bool) -> Any:
        """Return what is stored for it: the id, or a DBRef."""
        if self._place is not None and (dbref or self._is_found):
            # As it was found, also where an id is stored today: it says more.
            return DBRef(self._place[0], self.stored_id, self._place[1])
        if not dbref:
            return self.stored_id
        if self._document is None and self._collection is None:
            cls = self._target.resolve()
            if cls.__collection__ is None:
                self._target.refuse_homeless()
            return DBRef(cls.__collection__, self.stored_id, cls.__database__)
        home = self.home
        return DBRef(home.name, self.stored_id, home.database.name)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Ref):
            return NotImplemented
        return (self._target.name, self.is_spec, self.id) == (other._target.name, other.is_spec, other.id)

    def __hash__(self) -> int:
        return hash(self.id)

    def __repr__(self) -> str:
        return f"Ref({self._target.name}{'' if self.is_spec else f', {self.id!r}'})"

    def __copy__(self) -> Ref[D]:
        # What it refers to never changes, so copies of a document can share it.
        return self

    def __deepcopy__(self, memo: object) -> Ref[D]:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle where it leads to; like a document, it is bound to no collection afterwards."""
        ids = () if self.is_spec else (self.stored_id,)
        return _unpickled, (self._target.given, ids, self.dbref, self._place, self._is_found)


def _unpickled(given: Any, ids: tuple[Any, ...], dbref: bool, place: Any, is_found: bool) -> Ref[Any]:
    made: Ref[Any] = Ref(given, *ids, dbref=dbref)
    made._place, made._is_found = place, is_found
    return made


def made(target: Target, value: Any) -> Ref[Any]:
    """Return the reference for a document, a DBRef or an id."""
    reference: Ref[Any] = Ref.__new__(Ref)
    reference._target = target
    reference.dbref = reference._is_found = False
    reference._collection = reference._document = reference._place = None
    if isinstance(value, DBRef):
        reference._place = (value.collection, value.database)
        reference._id = value.id
    elif is_document(value):
        reference._document = value
        reference._id = None
    else:
        reference._id = value
    return reference
