"""PyMongo's asynchronous client, plain dicts in and out."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from operator import itemgetter
from pathlib import Path
from typing import Any

from pymongo import AsyncMongoClient
from pymongo.asynchronous.collection import AsyncCollection

from harness.contestant import Operation
from races.documents.shapes import SHAPES
from races.documents.store import AsyncLibrary, async_operations, scratch_database, uri


@contextmanager
def enter(workspace: Path) -> Iterator[Mapping[str, Operation]]:
    """``insert_one``, ``find_one``, ``replace_one``, ``delete_one``, ``find``, each awaited."""
    with scratch_database("bench_pymongo_async") as database, asyncio.Runner() as runner:
        client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(uri())
        yield {
            case: operation
            for shape in SHAPES
            for case, operation in async_operations(
                database, shape, _library(client[database.name][shape.collection], shape.key), runner
            ).items()
        }
        runner.run(client.close())


def _library(collection: AsyncCollection[dict[str, Any]], key: str) -> AsyncLibrary:
    async def change(document: dict[str, Any], text: str) -> None:
        document[key] = text
        await collection.replace_one({"_id": document["_id"]}, document)

    async def iterate() -> list[object]:
        return [document[key] async for document in collection.find()]

    return AsyncLibrary(
        create=lambda values: collection.insert_one(dict(values)),
        load=lambda id_: collection.find_one({"_id": id_}),
        read=itemgetter(key),
        change=change,
        delete=lambda document: collection.delete_one({"_id": document["_id"]}),
        iterate=iterate,
    )
