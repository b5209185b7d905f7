"""The operations of the race, from what each library has to say to them.

A library is three functions for each shape, or four: ``create(values)`` makes a document of its own class from plain values
and saves it the usual way, ``get(id)`` loads one by its id, ``iterate()`` loads all of them; the last two read one
field of every document, so that who loads lazily has at least begun; ``create_many(list)`` stores many at once. What is stored is checked with PyMongo first.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import cycle, islice
from typing import Any, TypeVar

from bson import ObjectId
from pymongo import MongoClient
from pymongo.collection import Collection
from pymongo.database import Database

from harness.contestant import Operation
from races.documents.shapes import Shape

__all__ = [
    "DOCUMENTS",
    "URI",
    "AsyncLibrary",
    "Library",
    "async_operations",
    "operations",
    "scratch_database",
    "uri",
]

DOCUMENTS = 1000
"""How many documents are there to be read."""
URI = "BENCH_MONGODB_URI"
"""The environment variable in which the race hands its server to the contestants."""

_Raw = dict[str, Any]
_Loaded = TypeVar("_Loaded")


@dataclass(frozen=True, kw_only=True)
class Library:
    """A library's way with one shape; ``get`` returns the document's key field, ``iterate`` a list of them."""

    create: Callable[[_Raw], object]
    get: Callable[[ObjectId], object]
    iterate: Callable[[], list[object]]
    create_many: Callable[[list[_Raw]], object] | None = None
    """Stores many new documents in one call, validated as one is; None for a library that does not take part."""


@dataclass(frozen=True, kw_only=True)
class AsyncLibrary:
    """The same, awaited."""

    create: Callable[[_Raw], Awaitable[object]]
    get: Callable[[ObjectId], Awaitable[object]]
    iterate: Callable[[], Awaitable[list[object]]]


def uri() -> str:
    """Where the server of the race is."""
    return os.environ[URI]


@contextmanager
def scratch_database(name: str) -> Iterator[Database[_Raw]]:
    """A database of that name through PyMongo itself, empty now and gone afterwards."""
    client: MongoClient[_Raw] = MongoClient(uri())
    with client:
        client.drop_database(name)
        yield client[name]
        client.drop_database(name)


@dataclass
class _Stock:
    """The collection of a shape, and what is in it."""

    collection: Collection[_Raw]
    shape: Shape
    ids: list[ObjectId] = field(default_factory=list)

    def clear(self) -> None:
        self.collection.delete_many({})
        self.ids = []

    def fill(self, create: Callable[[_Raw], object]) -> None:
        """Have ``DOCUMENTS`` of them: copies of one that the library made, whose extra fields it may want to find."""
        if not self.ids:
            self.clear()
            create(self.shape.samples[0])
            (made,) = self.collection.find()
            self.clear()
            values = islice(cycle(self.shape.samples), DOCUMENTS)
            self.ids = self.collection.insert_many(
                [{**made, **each, "_id": ObjectId()} for each in values]
            ).inserted_ids

    def check(self, library: Library) -> None:
        """ValueError where the library does not store and load what every other one does."""
        self.clear()
        values = self.shape.samples[7]
        library.create(values)
        (stored,) = self.collection.find()
        kept = {name: stored.get(name) for name in values}
        if kept != values:
            raise ValueError(f"stored {kept!r}, which should be {values!r}")
        key = values[self.shape.key]
        loaded = library.get(stored["_id"]), library.iterate()
        if loaded != (key, [key]):
            raise ValueError(f"loaded {loaded!r}, which should be {(key, [key])!r}")
        self.clear()
        if library.create_many is not None:
            library.create_many([dict(each) for each in self.shape.samples])
            many = [{name: found.get(name) for name in values} for found in self.collection.find()]
            if many != list(self.shape.samples):
                raise ValueError(f"stored {len(many)} documents in one call that are not those it was given")
            self.clear()


def operations(database: Database[_Raw], shape: Shape, library: Library) -> dict[str, Operation]:
    """The cases of a shape for a library that blocks."""
    stock = _Stock(database[shape.collection], shape)
    stock.check(library)

    def create(loops: int) -> None:
        for values in islice(cycle(shape.samples), loops):
            library.create(values)

    def get(loops: int) -> None:
        for id_ in islice(cycle(stock.ids), loops):
            library.get(id_)

    def iterate(loops: int) -> None:
        for _ in range(loops):
            library.iterate()

    return _cases(stock, library, create, get, iterate)


def async_operations(
    database: Database[_Raw], shape: Shape, library: AsyncLibrary, runner: asyncio.Runner
) -> dict[str, Operation]:
    """The cases of a shape for a library that is awaited, one operation after the other."""
    stock = _Stock(database[shape.collection], shape)

    blocking = Library(
        create=lambda values: runner.run(_finished(library.create(values))),
        get=lambda id_: runner.run(_finished(library.get(id_))),
        iterate=lambda: runner.run(_finished(library.iterate())),
    )
    stock.check(blocking)

    async def create(loops: int) -> None:
        for values in islice(cycle(shape.samples), loops):
            await library.create(values)

    async def get(loops: int) -> None:
        for id_ in islice(cycle(stock.ids), loops):
            await library.get(id_)

    async def iterate(loops: int) -> None:
        for _ in range(loops):
            await library.iterate()

    return _cases(
        stock,
        blocking,
        lambda loops: runner.run(create(loops)),
        lambda loops: runner.run(get(loops)),
        lambda loops: runner.run(iterate(loops)),
    )


async def _finished(work: Awaitable[_Loaded]) -> _Loaded:
    return await work


def _cases(
    stock: _Stock,
    library: Library,
    create: Callable[[int], None],
    get: Callable[[int], None],
    iterate: Callable[[int], None],
) -> dict[str, Operation]:
    name = stock.shape.name.lower()

    def filled() -> None:
        stock.fill(library.create)

    def many(loops: int) -> None:
        for _ in range(loops):
            create_many([dict(values) for values in islice(cycle(stock.shape.samples), DOCUMENTS)])

    create_many = library.create_many or (lambda values: None)
    bulk = {f"bulk_{name}": Operation(run=many, before=stock.clear, units=DOCUMENTS)}
    return {
        **(bulk if library.create_many else {}),
        f"create_{name}": Operation(run=create, before=stock.clear),
        f"get_{name}": Operation(run=get, before=filled),
        f"iterate_{name}": Operation(run=iterate, before=filled, units=DOCUMENTS),
    }
