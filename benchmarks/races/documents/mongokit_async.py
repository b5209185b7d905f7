"""mongokit with asyncio: the same documents in the collections of an AsyncConnection."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from operator import itemgetter
from pathlib import Path
from typing import Any

from harness.contestant import Operation
from mongokit import AsyncConnection
from races.documents.mongokit_documents import Order, Talk
from races.documents.shapes import ORDER, TALK
from races.documents.store import AsyncLibrary, async_operations, scratch_database, uri


@contextmanager
def enter(workspace: Path) -> Iterator[Mapping[str, Operation]]:
    """``await collection.Talk(values).save()``, ``await collection.Talk.get_from_id(...)``, ``await document.save()``, ``.delete()``, ``async for``."""
    with scratch_database("bench_mongokit_async") as database, asyncio.Runner() as runner:
        connection = AsyncConnection(uri())
        connection.register([Talk, Order])
        scope = connection[database.name]
        models = ((TALK, scope[TALK.collection].Talk), (ORDER, scope[ORDER.collection].Order))
        yield {
            case: operation
            for shape, model in models
            for case, operation in async_operations(
                database, shape, _library(model, shape.key), runner
            ).items()
        }
        runner.run(connection.close())


def _library(model: Any, key: str) -> AsyncLibrary:
    async def change(document: Any, text: str) -> None:
        document[key] = text
        await document.save()

    async def iterate() -> list[object]:
        return [document[key] async for document in model.find()]

    return AsyncLibrary(
        create=lambda values: model(values).save(),
        load=model.get_from_id,
        read=itemgetter(key),
        change=change,
        delete=lambda document: document.delete(),
        iterate=iterate,
    )
