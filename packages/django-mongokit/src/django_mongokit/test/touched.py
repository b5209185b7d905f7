"""Bring the collections that a test wrote to back to what they were before it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pymongo import WriteConcern

from django_mongokit.conf import mongodb_aliases
from django_mongokit.mongodb.prepared import is_prepared
from django_mongokit.mongodb.watch import Name, recorder
from django_mongokit.shortcut import get_database

if TYPE_CHECKING:
    from mongokit import Database

__all__ = ["Baseline", "clean", "remember", "test_databases"]


@dataclass
class Baseline:
    """What a test class stored once for all its tests: documents, options and indexes by collection."""

    documents: dict[Name, list[Any]] = field(default_factory=dict)
    options: dict[Name, dict[str, Any]] = field(default_factory=dict)
    indexes: dict[Name, list[dict[str, Any]]] = field(default_factory=dict)


def test_databases() -> dict[str, Database]:
    """Return the test databases in use, by name. An alias without one was not written to, nor may be there at all."""
    found = (get_database(using=alias) for alias in mongodb_aliases() if is_prepared(alias))
    return {database.name: database for database in found}


def remember(baseline: Baseline) -> None:
    """Add to the baseline what the collections touched so far hold, and start from nothing."""
    databases = test_databases()
    for name in recorder.written | recorder.restructured:
        if name[0] in databases:
            collection = databases[name[0]][name[1]]
            baseline.documents[name] = list(collection.find())
            baseline.options[name] = dict(collection.options())
            baseline.indexes[name] = [_definition(index) for index in collection.list_indexes()]
    recorder.forget()


def clean(baseline: Baseline | None = None, *, everything: bool = False) -> None:
    """Bring the touched collections back to what they were: empty, or as the `baseline` has them.

    Documents are deleted and indexes stay, as making them anew is what is slow; but a collection whose indexes or
    options were changed is dropped.

    :param everything: do so with all collections there are, since not every write is heard: one by another process, or
        by a client that was there before the tests.
    """
    try:
        databases, before = test_databases(), baseline or Baseline()
        recorder.restructured.update(name for name in before.documents if name[0] in recorder.dropped)
        touched = recorder.written | recorder.restructured
        if everything:
            touched |= before.documents.keys() | set(_collections(databases.values()))
        for name in sorted(touched):
            if name[0] in databases:
                _clean_one(databases[name[0]][name[1]], name, before)
    finally:
        recorder.forget()


def _collections(databases: Iterable[Database]) -> Iterator[Name]:
    """Yield what holds documents of its own, so no views, and none of the server's."""
    for database in databases:
        for found in database.list_collections():
            if found.get("type") != "view" and not found["name"].startswith("system."):
                yield database.name, found["name"]


def _clean_one(collection: Any, name: Name, before: Baseline) -> None:
    # To wait for the disk is what takes longest, and a test database need not survive a crash.
    concern = {**collection.write_concern.document, "j": False}
    collection = collection.with_options(write_concern=WriteConcern(**concern))
    if name in recorder.restructured:
        collection.drop()
        if before.options.get(name):
            collection.database.create_collection(collection.name, **before.options[name])
        indexes = [index for index in before.indexes.get(name, ()) if index["name"] != "_id_"]
        if indexes:
            collection.database.command("createIndexes", collection.name, indexes=indexes)
    else:
        collection.delete_many({})
    if before.documents.get(name):
        collection.insert_many(before.documents[name])


def _definition(index: Mapping[str, Any]) -> dict[str, Any]:
    """Return what `createIndexes` takes of what `listIndexes` says."""
    return {key: value for key, value in index.items() if key not in {"v", "ns"}}
