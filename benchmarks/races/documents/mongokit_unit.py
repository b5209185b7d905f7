"""mongokit: documents saved in a unit of work."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from harness.contestant import Operation
from mongokit import Connection
from races.documents.mongokit_documents import Order, Talk
from races.documents.shapes import ORDER, TALK, Shape
from races.documents.store import Library, operations, scratch_database, uri


@contextmanager
def enter(workspace: Path) -> Iterator[Mapping[str, Operation]]:
    """``with connection.unit_of_work():`` around ``collection.Talk(values).save()``; nothing else is asked of it."""
    connection = Connection(uri())
    with scratch_database("bench_mongokit_unit") as database, connection:
        connection.register([Talk, Order])
        scope = connection[database.name]
        cases = {
            **operations(database, TALK, _library(connection, TALK, scope[TALK.collection].Talk)),
            **operations(database, ORDER, _library(connection, ORDER, scope[ORDER.collection].Order)),
        }
        yield {case: operation for case, operation in cases.items() if case.startswith("bulk_")}


def _library(connection: Connection, shape: Shape, model: Any) -> Library:
    def create_many(documents: list[dict[str, Any]]) -> None:
        with connection.unit_of_work():
            for values in documents:
                model(values).save()

    return Library(
        create=lambda values: model(values).save(),
        get=lambda id_: model.get_from_id(id_)[shape.key],
        iterate=lambda: [document[shape.key] for document in model.find()],
        create_many=create_many,
    )
