"""The class that a reference goes to, and where its documents are."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator, Mapping
from functools import reduce
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from mongokit.errors import StructureError

if TYPE_CHECKING:
    from mongokit.document import Document

__all__ = ["Target", "is_document"]

D = TypeVar("D", bound="Document")


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
        found = self.find(collection)
        if found is None:
            self._refuse(
                "leads to no class: give the class itself, or 'package.module.Class', or register it at the connection"
            )
        return found

    def find(self, collection: Any = None) -> type[Document] | None:
        """Return the class; without a collection None for one that is known to connections only."""
        if self._found is None:
            self._found = next(self._candidates(), None)
        if collection is None:
            return self._found
        registered: Mapping[str, type[Document]] = getattr(collection.database.client, "registered", {})
        return registered.get(self.name) if self._found is None else registered_as(self._found, registered)

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
        found = self.find()
        if found is None:
            return any(one.__name__ == self.name for one in cls.__mro__)
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

    def trusted(self, collection: Any, name: str | None, database: str | None) -> Any:
        """Return the collection that a text names for a reference; an owner in this collection has been read from it.

        A text that came from outside must not choose what is read, and overwritten by a later save: raises ValueError
        for another database than the class's or the owner's, and for another collection than the class's.
        """
        cls, here = self.resolve(collection), collection.database
        expected = (cls.__database__ or here.name, cls.__collection__)
        if database not in (None, expected[0]) or (name is not None and expected[1] not in (None, name)):
            raise ValueError(
                f"from_json(): {self.path} refers to {database or expected[0]}.{name}, and a {cls.__name__} is looked for "
                f"in {'.'.join(filter(None, expected))}: set __database__ and __collection__ in the class"
            )
        home = here if expected[0] == here.name else here.client[expected[0]]
        return home[expected[1] or name or collection.name]

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
