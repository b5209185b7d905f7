"""Bring the collections that a test wrote to back to what they were before it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pymongo import WriteConcern

from django_mongokit.conf import entry, mongodb_aliases
from django_mongokit.mongodb.naming import servers_of
from django_mongokit.mongodb.prepared import is_prepared
from django_mongokit.mongodb.watch import Name, recorder
from django_mongokit.shortcut import get_database

if TYPE_CHECKING:
    from mongokit import Database

__all__ = ["Baseline", "clean", "remember", "test_databases"]


Place = tuple[frozenset[str], str, str]
"""The servers, as `servers_of` names them, a database's name and a collection's: there may be two of one name."""


@dataclass
class Baseline:
    """What a test class stored once for all its tests: documents, options and indexes by collection."""

    documents: dict[Place, list[Any]] = field(default_factory=dict)
    options: dict[Place, dict[str, Any]] = field(default_factory=dict)
    indexes: dict[Place, list[dict[str, Any]]] = field(default_factory=dict)

    @property
    def names(self) -> set[Name]:
        """The names of its collections, whichever server they are on."""
        return {(database, collection) for _, database, collection in self.documents}


def test_databases() -> dict[tuple[frozenset[str], str], Database]:
    """Return the test databases in use, by server and name, each once however many aliases share it.

    An alias without one was not written to, nor may be there at all.
    """
    aliases = [alias for alias in mongodb_aliases() if is_prepared(alias)]
    found = ((servers_of(alias, entry(alias)), get_database(using=alias)) for alias in aliases)
    return {(servers, database.name): database for servers, database in found}


def remember(baseline: Baseline) -> None:
    """Add to the baseline what the collections touched so far hold, and start from nothing."""
    for place, collection in _collections_called(recorder.written | recorder.restructured):
        baseline.documents[place] = list(collection.find())
        baseline.options[place] = dict(collection.options())
        baseline.indexes[place] = [_definition(index) for index in collection.list_indexes()]
    recorder.forget()


def clean(baseline: Baseline | None = None, *, everything: bool = False) -> None:
    """Bring the touched collections back to what they were: empty, or as the `baseline` has them.

    Documents are deleted and indexes stay, as making them anew is what is slow; but a collection whose indexes or
    options were changed is dropped.

    :param everything: do so with all collections there are, since not every write is heard: one by another process, or
        by a client that was there before the tests.
    """
    try:
        before = baseline or Baseline()
        recorder.restructured.update(name for name in before.names if name[0] in recorder.dropped)
        touched = recorder.written | recorder.restructured
        if everything:
            touched |= before.names | set(_collections(test_databases().values()))
        for place, collection in _collections_called(touched):
            _clean_one(collection, place, before)
    finally:
        recorder.forget()


def _collections_called(names: Iterable[Name]) -> Iterator[tuple[Place, Any]]:
    """Yield the collections of these names in the test databases. A write is heard of without its server."""
    databases = test_databases()
    for database, collection in sorted(names):
        for (servers, name), found in databases.items():
            if name == database:
                yield (servers, name, collection), found[collection]


def _collections(databases: Iterable[Database]) -> Iterator[Name]:
    """Yield what holds documents of its own, so no views, and none of the server's."""
    for database in databases:
        for found in database.list_collections():
            if found.get("type") != "view" and not found["name"].startswith("system."):
                yield database.name, found["name"]


def _clean_one(collection: Any, place: Place, before: Baseline) -> None:
    # To wait for the disk is what takes longest, and a test database need not survive a crash.
    concern = {**collection.write_concern.document, "j": False}
    collection = collection.with_options(write_concern=WriteConcern(**concern))
    if place[1:] in recorder.restructured:
        collection.drop()
        if before.options.get(place):
            collection.database.create_collection(collection.name, **before.options[place])
        indexes = [index for index in before.indexes.get(place, ()) if index["name"] != "_id_"]
        if indexes:
            collection.database.command("createIndexes", collection.name, indexes=indexes)
    else:
        collection.delete_many({})
    if before.documents.get(place):
        collection.insert_many(before.documents[place])


def _definition(index: Mapping[str, Any]) -> dict[str, Any]:
    """Return what `createIndexes` takes of what `listIndexes` says."""
    return {key: value for key, value in index.items() if key not in {"v", "ns"}}
