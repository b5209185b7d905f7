"""mongokit: documents are dicts with a declared structure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from operator import itemgetter
from pathlib import Path
from typing import Any

from harness.contestant import Operation
from mongokit import Connection, Document
from races.documents.shapes import ORDER, TALK, Shape
from races.documents.store import Library, operations, scratch_database, uri


class Talk(Document):
    structure = {"topic": str, "when": datetime, "tags": [str], "duration": float}
    required_fields = ["topic", "when", "duration"]


class Order(Document):
    structure = {
        "reference": str,
        "number": int,
        "status": str,
        "created": datetime,
        "updated": datetime,
        "paid": bool,
        "currency": str,
        "total": float,
        "tax": float,
        "shipping": float,
        "discount": float,
        "weight": float,
        "priority": int,
        "customer": str,
        "email": str,
        "phone": str,
        "street": str,
        "city": str,
        "postcode": str,
        "country": str,
        "language": str,
        "source": str,
        "comment": str,
        "tags": [str],
        "items": [{"sku": str, "name": str, "quantity": int, "price": float}],
    }
    required_fields = [name for name in structure if name not in {"tags", "items"}]


@contextmanager
def enter(workspace: Path) -> Iterator[Mapping[str, Operation]]:
    """``collection.Talk(values)``, ``.get_from_id(...)``, ``.find()``, ``.insert_many(...)``; ``document.save()``, ``.delete()``."""
    connection = Connection(uri())
    with scratch_database("bench_mongokit") as database, connection:
        connection.register([Talk, Order])
        scope = connection[database.name]
        yield {
            **operations(database, TALK, library(TALK, scope[TALK.collection].Talk)),
            **operations(database, ORDER, library(ORDER, scope[ORDER.collection].Order)),
        }


def library(shape: Shape, model: Any) -> Library:
    """What mongokit has to say to a shape."""
    key = shape.key

    def change(document: Any, text: str) -> None:
        document[key] = text
        document.save()

    return Library(
        create=lambda values: model(values).save(),
        load=model.get_from_id,
        read=itemgetter(key),
        change=change,
        delete=lambda document: document.delete(),
        iterate=lambda: [document[key] for document in model.find()],
        create_many=model.insert_many,
    )
