"""mongokit: new documents saved in a unit of work, which are validated and encoded when it is sent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from harness.contestant import Operation
from mongokit import Connection
from races.documents.mongokit_documents import Order, Talk, library
from races.documents.shapes import ORDER, TALK, Shape
from races.documents.store import Library, operations, scratch_database, uri


@contextmanager
def enter(workspace: Path) -> Iterator[Mapping[str, Operation]]:
    """``with connection.unit_of_work(late=True):`` around ``collection.Talk(values).save()``; nothing else is asked of it."""
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
        with connection.unit_of_work(late=True):
            for values in documents:
                model(values).save()

    return replace(library(shape, model), create_many=create_many)
