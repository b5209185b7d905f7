"""The floor: PyMongo itself, plain dicts in and out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from operator import itemgetter
from pathlib import Path
from typing import Any

from pymongo.database import Database

from harness.contestant import Operation
from races.documents.shapes import SHAPES, Shape
from races.documents.store import Library, operations, scratch_database


@contextmanager
def enter(workspace: Path) -> Iterator[Mapping[str, Operation]]:
    """``insert_one``, ``find_one``, ``replace_one``, ``delete_one``, ``find``, ``insert_many``."""
    with scratch_database("bench_pymongo") as database:
        yield {
            case: operation
            for shape in SHAPES
            for case, operation in operations(database, shape, _library(database, shape)).items()
        }


def _library(database: Database[dict[str, Any]], shape: Shape) -> Library:
    collection, key = database[shape.collection], shape.key

    def change(document: dict[str, Any], text: str) -> None:
        document[key] = text
        collection.replace_one({"_id": document["_id"]}, document)

    return Library(
        create=lambda values: collection.insert_one(dict(values)),
        load=lambda id_: collection.find_one({"_id": id_}),
        read=itemgetter(key),
        change=change,
        delete=lambda document: collection.delete_one({"_id": document["_id"]}),
        iterate=lambda: [document[key] for document in collection.find()],
        create_many=collection.insert_many,
    )
