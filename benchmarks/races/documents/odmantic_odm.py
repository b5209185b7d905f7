# mypy: disable-error-code="import-not-found, misc"
# (ODMantic is installed in the races' own environment only)
"""ODMantic with its synchronous engine: documents are Pydantic models."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from operator import attrgetter
from pathlib import Path
from typing import Any

from odmantic import EmbeddedModel, Model, SyncEngine
from pymongo import MongoClient

from harness.contestant import Operation
from races.documents.shapes import ORDER, TALK, Shape
from races.documents.store import Library, operations, scratch_database, uri


class Talk(Model):
    topic: str
    when: datetime
    tags: list[str]
    duration: float
    model_config = {"collection": TALK.collection}


class Item(EmbeddedModel):
    sku: str
    name: str
    quantity: int
    price: float


class Order(Model):
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
    model_config = {"collection": ORDER.collection}


@contextmanager
def enter(workspace: Path) -> Iterator[Mapping[str, Operation]]:
    """``engine.save(Talk(...))``, ``engine.find_one(Talk, Talk.id == ...)``, ``engine.delete(talk)``, ``for talk in engine.find(Talk)``."""
    with scratch_database("bench_odmantic") as database, MongoClient[Any](uri()) as client:
        engine = SyncEngine(client=client, database=database.name)
        yield {
            **operations(database, TALK, _library(engine, TALK, Talk)),
            **operations(database, ORDER, _library(engine, ORDER, Order)),
        }


def _library(engine: Any, shape: Shape, model: Any) -> Library:
    key = attrgetter(shape.key)

    def change(document: Any, text: str) -> None:
        setattr(document, shape.key, text)
        engine.save(document)

    return Library(
        create=lambda values: engine.save(model(**values)),
        load=lambda id_: engine.find_one(model, model.id == id_),
        read=key,
        change=change,
        delete=engine.delete,
        iterate=lambda: [key(document) for document in engine.find(model)],
    )
