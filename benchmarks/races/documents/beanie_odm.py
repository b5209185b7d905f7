# mypy: disable-error-code="import-not-found, misc"
# (Beanie is installed in the races' own environment only)
"""Beanie: documents are Pydantic models, over PyMongo's asynchronous client."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from operator import attrgetter
from pathlib import Path
from typing import Any

from beanie import Document, init_beanie
from pydantic import BaseModel
from pymongo import AsyncMongoClient

from harness.contestant import Operation
from races.documents.shapes import ORDER, TALK, Shape
from races.documents.store import AsyncLibrary, async_operations, scratch_database, uri


class Talk(Document):
    topic: str
    when: datetime
    tags: list[str]
    duration: float

    class Settings:
        name = TALK.collection


class Item(BaseModel):
    sku: str
    name: str
    quantity: int
    price: float


class Order(Document):
    reference: str
    number: int
    status: str
    created: datetime
    updated: datetime
    paid: bool
    currency: str
    total: float
    tax: float
    shipping: float
    discount: float
    weight: float
    priority: int
    customer: str
    email: str
    phone: str
    street: str
    city: str
    postcode: str
    country: str
    language: str
    source: str
    comment: str
    tags: list[str]
    items: list[Item]

    class Settings:
        name = ORDER.collection


@contextmanager
def enter(workspace: Path) -> Iterator[Mapping[str, Operation]]:
    """``await Talk(...).insert()``, ``await Talk.get(...)``, ``await talk.save()``, ``.delete()``, ``async for talk in Talk.find_all()``."""
    with scratch_database("bench_beanie") as database, asyncio.Runner() as runner:
        client: AsyncMongoClient[Any] = AsyncMongoClient(uri())
        runner.run(init_beanie(database=client[database.name], document_models=[Talk, Order]))
        yield {
            **async_operations(database, TALK, _library(TALK, Talk), runner),
            **async_operations(database, ORDER, _library(ORDER, Order), runner),
        }
        runner.run(client.close())


def _library(shape: Shape, model: Any) -> AsyncLibrary:
    key = attrgetter(shape.key)

    async def change(document: Any, text: str) -> None:
        setattr(document, shape.key, text)
        await document.save()

    async def iterate() -> list[object]:
        return [key(document) async for document in model.find_all()]

    return AsyncLibrary(
        create=lambda values: model(**values).insert(),
        load=model.get,
        read=key,
        change=change,
        delete=lambda document: document.delete(),
        iterate=iterate,
    )
