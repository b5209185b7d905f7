"""The operations of the race, from what each library has to say to them.

A library is some functions for each shape: ``create(values)`` makes a document of its own class from plain values and
saves it the usual way, ``load(id)`` loads one by its id, ``read(document)`` reads one field of it, so that who loads lazily
has at least begun, ``iterate()`` loads all and reads them, ``change(document, text)`` changes that field and saves, and
``delete(document)`` deletes it; ``create_many(list)`` stores many at once. What is stored is checked with PyMongo first.
"""

from __future__ import annotations

import asyncio
import gc
import os
import time
import tracemalloc
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count, cycle, islice
from typing import Any, TypeVar

from bson import ObjectId
from pymongo import MongoClient
from pymongo.collection import Collection
from pymongo.database import Database

from harness.contestant import Elapsed, Operation
from races.documents.shapes import Shape

__all__ = [
    "DOCUMENTS",
    "MEMORY",
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
CALLS = 10
"""How many times as many are stored in one call: enough for the clock, and few for a server that is the slower of the two."""
MEMORY = "memory"
"""The gauge of the bytes that one loaded document takes."""
URI = "BENCH_MONGODB_URI"
"""The environment variable in which the race hands its server to the contestants."""

_Raw = dict[str, Any]
_Loaded = TypeVar("_Loaded")


@dataclass(frozen=True, kw_only=True)
class Library:
    """A library's way with one shape; ``read`` returns the document's key field, ``iterate`` a list of them."""

    create: Callable[[_Raw], object]
    load: Callable[[ObjectId], Any]
    read: Callable[[Any], object]
    change: Callable[[Any, str], object]
    delete: Callable[[Any], object]
    iterate: Callable[[], list[object]]
    create_many: Callable[[list[_Raw]], object] | None = None
    """Stores many new documents in one call, validated as one is; None for a library that does not take part."""


@dataclass(frozen=True, kw_only=True)
class AsyncLibrary:
    """The same, awaited, but for ``read``."""

    create: Callable[[_Raw], Awaitable[object]]
    load: Callable[[ObjectId], Awaitable[Any]]
    read: Callable[[Any], object]
    change: Callable[[Any, str], Awaitable[object]]
    delete: Callable[[Any], Awaitable[object]]
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
    made: _Raw = field(default_factory=dict)
    """A document as the library has stored it."""
    texts: Iterator[str] = field(init=False)
    """New values of the key field, as long as those of the samples."""

    def __post_init__(self) -> None:
        beginning = self.shape.samples[0][self.shape.key][:-6]
        self.texts = (f"{beginning}{number:06}" for number in count())

    def clear(self) -> None:
        # Not delete_many: of all that was stored in one call that takes longer than to store it.
        self.collection.drop()
        self.ids = []

    def fill(self, create: Callable[[_Raw], object]) -> None:
        """Have ``DOCUMENTS`` of them."""
        if not self.ids:
            self.ids = self.renewed(create, DOCUMENTS)

    def renewed(self, create: Callable[[_Raw], object], number: int) -> list[ObjectId]:
        """Have so many, and return their ids: copies of one that the library made, whose extra fields it may want to find."""
        self.clear()
        if not self.made:
            create(self.shape.samples[0])
            (self.made,) = self.collection.find()
            self.clear()
        values = islice(cycle(self.shape.samples), number)
        copies = [{**self.made, **each, "_id": ObjectId()} for each in values]
        return self.collection.insert_many(copies).inserted_ids

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
        document = library.load(stored["_id"])
        loaded = library.read(document), library.iterate()
        if loaded != (key, [key]):
            raise ValueError(f"loaded {loaded!r}, which should be {(key, [key])!r}")
        library.change(document, "changed")
        (changed,) = self.collection.find()
        if changed != {**stored, self.shape.key: "changed"}:
            raise ValueError(f"changed to {changed!r}, which should be {stored!r} but for {self.shape.key!r}")
        library.delete(library.load(stored["_id"]))
        if self.collection.count_documents({}):
            raise ValueError("deleted one document, which is still there")
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
            library.read(library.load(id_))

    def edit(loops: int) -> None:
        for id_, text in zip(islice(cycle(stock.ids), loops), stock.texts, strict=False):
            library.change(library.load(id_), text)

    def delete(documents: list[Any]) -> None:
        for document in documents:
            library.delete(document)

    def iterate(loops: int) -> None:
        for _ in range(loops):
            library.iterate()

    return _cases(stock, library, create, get, edit, delete, iterate)


def async_operations(
    database: Database[_Raw], shape: Shape, library: AsyncLibrary, runner: asyncio.Runner
) -> dict[str, Operation]:
    """The cases of a shape for a library that is awaited, one operation after the other."""
    stock = _Stock(database[shape.collection], shape)

    blocking = Library(
        create=lambda values: runner.run(_finished(library.create(values))),
        load=lambda id_: runner.run(_finished(library.load(id_))),
        read=library.read,
        change=lambda document, text: runner.run(_finished(library.change(document, text))),
        delete=lambda document: runner.run(_finished(library.delete(document))),
        iterate=lambda: runner.run(_finished(library.iterate())),
    )
    stock.check(blocking)

    async def create(loops: int) -> None:
        for values in islice(cycle(shape.samples), loops):
            await library.create(values)

    async def get(loops: int) -> None:
        for id_ in islice(cycle(stock.ids), loops):
            library.read(await library.load(id_))

    async def edit(loops: int) -> None:
        for id_, text in zip(islice(cycle(stock.ids), loops), stock.texts, strict=False):
            await library.change(await library.load(id_), text)

    async def delete(documents: list[Any]) -> None:
        for document in documents:
            await library.delete(document)

    async def iterate(loops: int) -> None:
        for _ in range(loops):
            await library.iterate()

    return _cases(
        stock,
        blocking,
        lambda loops: runner.run(create(loops)),
        lambda loops: runner.run(get(loops)),
        lambda loops: runner.run(edit(loops)),
        lambda documents: runner.run(delete(documents)),
        lambda loops: runner.run(iterate(loops)),
    )


async def _finished(work: Awaitable[_Loaded]) -> _Loaded:
    return await work


def _cases(
    stock: _Stock,
    library: Library,
    create: Callable[[int], None],
    get: Callable[[int], None],
    edit: Callable[[int], None],
    delete: Callable[[list[Any]], None],
    iterate: Callable[[int], None],
) -> dict[str, Operation]:
    name = stock.shape.name.lower()

    def deleted(loops: int) -> Elapsed:
        documents = [library.load(id_) for id_ in stock.renewed(library.create, loops)]
        gc.collect()
        wall, cpu = time.perf_counter(), time.process_time()
        delete(documents)
        return Elapsed(wall=time.perf_counter() - wall, cpu=time.process_time() - cpu)

    def memory() -> dict[str, float]:
        filled()
        return {MEMORY: _memory(library.load, stock.ids[: DOCUMENTS // 5])}

    def filled() -> None:
        stock.fill(library.create)

    def many(loops: int) -> None:
        for _ in range(loops):
            create_many([dict(values) for values in islice(cycle(stock.shape.samples), DOCUMENTS)])

    def warm() -> None:
        many(1)
        stock.clear()

    create_many = library.create_many or (lambda values: None)
    bulk = {f"bulk_{name}": Operation(run=many, before=warm, units=DOCUMENTS, turns=CALLS)}
    return {
        **(bulk if library.create_many else {}),
        f"create_{name}": Operation(run=create, before=stock.clear),
        f"get_{name}": Operation(run=get, before=filled, check=memory),
        f"edit_{name}": Operation(run=edit, before=filled),
        f"delete_{name}": Operation(run=deleted, before=stock.clear),
        f"iterate_{name}": Operation(run=iterate, before=filled, units=DOCUMENTS),
    }


def _memory(load: Callable[[ObjectId], Any], ids: list[ObjectId]) -> float:
    """Bytes that one of the documents takes, of those that are kept together, without what each of them would share."""
    kept = [load(id_) for id_ in ids]
    kept.clear()
    gc.collect()
    tracemalloc.start()
    try:
        empty = tracemalloc.get_traced_memory()[0]
        kept += [load(id_) for id_ in ids]
        gc.collect()
        return (tracemalloc.get_traced_memory()[0] - empty) / len(ids)
    finally:
        tracemalloc.stop()
