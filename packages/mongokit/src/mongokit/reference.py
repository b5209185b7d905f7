"""A reference to a document: in a structure that there is one, in a document which one."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Generator, Iterator, Mapping
from functools import reduce
from typing import TYPE_CHECKING, Any, Generic, NoReturn, TypeVar, overload

from bson.dbref import DBRef

from mongokit.errors import ConnectionError, MissingReferenceError, StructureError
from mongokit.flow import Flow, drive, run_async

if TYPE_CHECKING:
    from mongokit.document import Document

__all__ = ["Ref", "Target", "is_document", "made", "registered_as"]

D = TypeVar("D", bound="Document")
_NONE: Any = object()


def is_document(value: object) -> bool:
    """Return whether a value is a document of a collection. (Importing the class here would go up the flow.)"""
    return isinstance(value, dict) and hasattr(type(value), "_collection")


class Target:
    """The class that a reference goes to, given itself or by name.

    :param given: the class; or its name, to be looked for when it is first needed: among the classes of ``places`` and
        their bases, in their modules, as ``"package.module.Class"``, and among the classes registered at the connection.
    :param owner: the class that has the reference.
    :param places: the classes in whose declarations the name stands.
    """

    __slots__ = ("_found", "given", "owner", "path", "places")

    def __init__(
        self, given: type[Any] | str, owner: type | None = None, path: str = "", places: tuple[type, ...] = ()
    ) -> None:
        self.given = given
        self.owner = owner
        self.path = path
        self.places = places
        self._found: type[Document] | None = given if isinstance(given, type) else None

    @property
    def name(self) -> str:
        """The name of the class."""
        return self.given if isinstance(self.given, str) else self.given.__name__

    def resolve(self, collection: Any = None) -> type[Document]:
        """Return the class; raises StructureError where there is none of that name.

        :param collection: the class registered at its connection takes the place of one of the same name.
        """
        registered: Mapping[str, type[Document]] = (
            {} if collection is None else getattr(collection.database.client, "registered", {})
        )
        found = self._found
        if found is None:
            found = self._found = next(self._candidates(), None)
        if found is None:
            found = registered.get(self.name)
            if found is None:
                self._refuse(
                    "leads to no class: give the class itself, or 'package.module.Class', or register it at the connection"
                )
            return found
        return registered_as(found, registered)

    def _candidates(self) -> Iterator[type[Document]]:
        classes = [cls for place in self.places for cls in place.__mro__]
        for cls in classes:
            if self.given in (cls.__name__, cls.__qualname__) and hasattr(cls, "_collection"):
                yield cls
        names = str(self.given).split(".")
        for cls in classes:
            yield from _in_module(sys.modules.get(cls.__module__), names)
        if len(names) > 1:
            try:
                module = importlib.import_module(".".join(names[:-1]))
            except ImportError:
                return
            yield from _in_module(module, names[-1:])

    def _refuse(self, why: str) -> NoReturn:
        owner = "" if self.owner is None else f"{self.owner.__name__}: {self.path}: "
        raise StructureError(f"{owner}the reference to {self.name!r} {why}")

    def accepts(self, cls: type) -> bool:
        """Return whether documents of a class may be referred to."""
        found = self.resolve()
        return issubclass(cls, found) or any(_is_same(one, found) for one in cls.__mro__)

    def home(self, collection: Any) -> Any:
        """Return the collection of the class, for an owner that is in this one.

        Raises StructureError for a class without ``__collection__`` that is no relative of the owner.
        """
        cls = self.resolve(collection)
        if cls.__collection__ is None:
            if not self.is_related(cls):
                self.refuse_homeless()
            return collection
        database = collection.database
        if cls.__database__ is not None and cls.__database__ != database.name:
            database = database.client[cls.__database__]
        elif cls.__collection__ == collection.name:
            return collection
        return database[cls.__collection__]

    def is_related(self, cls: type) -> bool:
        """Return whether a class without a home can be expected where the owner is."""
        return self.owner is not None and (issubclass(self.owner, cls) or issubclass(cls, self.owner))

    def refuse_homeless(self) -> NoReturn:
        """Raise the error for a class that does not say where it is."""
        self._refuse(
            f"does not say where to look: set __collection__ in {self.name}, or store collection and database with "
            f"each reference: Ref({self.name}, dbref=True)"
        )


def _in_module(module: object, names: list[str]) -> Iterator[type[Document]]:
    found: Any = reduce(lambda holder, name: getattr(holder, name, None), names, module)
    if isinstance(found, type) and hasattr(found, "_collection"):
        yield found


def _is_same(one: type, other: type) -> bool:
    return (one.__module__, one.__qualname__) == (other.__module__, other.__qualname__)


def registered_as(cls: type[D], registered: Mapping[str, type[Any]]) -> type[D]:
    """Return what has been registered in the place of a class since, or the class."""
    found = registered.get(cls.__name__)
    return found if found is not None and (issubclass(found, cls) or _is_same(found, cls)) else cls


class Ref(Generic[D]):
    """A reference to a document, which is loaded when it is asked for, and then kept.

    In a structure, ``Ref(Author)`` says that there is a reference; ``author: Ref[Author]`` is the same as an annotation.
    The class may be given by name (``Ref("Author")``), as it has to be before it is made. In a document the value is a
    ``Ref`` with an ``id``; it may be set to a document, a Ref, or an id.

    :param target: the class of the document.
    :param id: its ``_id``; without it, this is what a structure holds.
    :param dbref: store the reference as a DBRef, with collection and database, instead of the ``_id``.
    """

    __slots__ = ("_collection", "_document", "_id", "_place", "_target", "dbref")

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

    if TYPE_CHECKING:
        # What type checkers are to know of a field annotated with Ref[…]: it can be set to more than it gives.
        @overload
        def __get__(self, instance: None, owner: type) -> Ref[D]: ...
        @overload
        def __get__(self, instance: object, owner: type) -> Ref[D]: ...
        def __get__(self, instance: object, owner: type) -> Ref[D]: ...
        def __set__(self, instance: object, value: Any) -> None: ...

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
        return None if self._id is _NONE else self._id

    @property
    def loaded(self) -> D | None:
        """The document, where it is here already; no server is asked."""
        return self._document

    def get(self) -> D:
        """Return the document, asking the server only if it has not been loaded yet.

        With an asynchronous connection write ``await reference``.

        Raises MissingReferenceError where there is no such document (any more), ConnectionError where the document
        that holds the reference is bound to no collection.
        """
        if self._document is not None:
            return self._document
        return self.fetch()

    def fetch(self) -> D:
        """Read the document from the server and return it; see :meth:`get`."""
        found: D = drive(self.home, self._fetch())
        return found

    def __await__(self) -> Generator[Any, None, D]:
        """Return the document, as :meth:`get` does."""
        return self._get_async().__await__()

    async def _get_async(self) -> D:
        return self._document if self._document is not None else await run_async(self._fetch())

    def _fetch(self) -> Flow[D]:
        from mongokit.lookups import find_one

        found: D | None = yield from find_one(self.home, self.document_class, self.id)
        if found is None:
            self.missing()
        self._document = found
        return found

    def exists(self) -> bool:
        """Ask the server whether there is such a document. With an asynchronous connection the answer is awaited."""
        found: bool = drive(self.home, self._exists())
        return found

    def _exists(self) -> Flow[bool]:
        found = yield self.home.find_one({"_id": {"$in": [self.id]}}, {"_id": True})
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
        return other

    def bind(self, collection: Any) -> None:
        """Say in which collection the document is that holds the reference."""
        self._collection = collection

    def hold(self, document: D) -> None:
        """Keep the document, which somebody else has loaded."""
        self._document = document

    def stored(self, *, dbref: bool) -> Any:
        """Return what is stored for it: the id, or a DBRef."""
        if self._document is None and self._place is not None:
            # As it was found, also where an id is stored today: it says more.
            return DBRef(self._place[0], self._id, self._place[1])
        if not dbref:
            return self.id
        if self._document is None and self._collection is None:
            cls = self._target.resolve()
            if cls.__collection__ is None:
                self._target.refuse_homeless()
            return DBRef(cls.__collection__, self._id, cls.__database__)
        home = self.home
        return DBRef(home.name, self.id, home.database.name)

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
        return _unpickled, (self._target.given, _NONE if self.is_spec else self.id, self.dbref, self._place)


def _unpickled(given: Any, id: Any, dbref: bool, place: Any) -> Ref[Any]:
    made: Ref[Any] = Ref(given, id, dbref=dbref)
    made._place = place
    return made


def made(target: Target, value: Any) -> Ref[Any]:
    """Return the reference for a document, a DBRef or an id."""
    reference: Ref[Any] = Ref.__new__(Ref)
    reference._target = target
    reference.dbref = False
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
