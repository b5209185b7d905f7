"""Which collections were written to, learnt from the commands PyMongo sends, and how to clean just those.

Asking the server for its collections after every test, or dropping the database, costs more than many a test does;
noting the name in a command costs next to nothing, and sees every way of writing, documents or plain PyMongo.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pymongo import monitoring

from django_mongokit.conf import mongodb_aliases
from django_mongokit.mongodb.pool import renew_connection
from django_mongokit.shortcut import get_database

if TYPE_CHECKING:
    from mongokit import Database

__all__ = ["Baseline", "TouchedCollections", "clean", "recorder", "remember", "start_recording"]

# Their first value is the collection; the documents in it, or their number, change.
_WRITES = frozenset({"insert", "update", "delete", "findAndModify", "findandmodify"})
# These change what deleting documents would not undo: indexes, options, the collection being there at all.
_SCHEMA = frozenset(
    {"create", "createIndexes", "dropIndexes", "collMod", "convertToCapped", "createSearchIndexes"}
)

Name = tuple[str, str]
"""A database's name and a collection's."""


@dataclass
class Baseline:
    """What a test class stored once for all its tests: documents and indexes by collection."""

    documents: dict[Name, list[Any]] = field(default_factory=dict)
    indexes: dict[Name, list[dict[str, Any]]] = field(default_factory=dict)


class TouchedCollections(monitoring.CommandListener):
    """Notes the collections that this process writes to. Safe between threads: it only adds to sets."""

    def __init__(self) -> None:
        self.written: set[Name] = set()
        self.restructured: set[Name] = set()

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        """Note what the command about to be sent will touch."""
        command, name = event.command, event.command_name
        if name in _WRITES:
            self.written.add((event.database_name, command[name]))
        elif name in _SCHEMA:
            self.restructured.add((event.database_name, command[name]))
        elif name == "aggregate":
            self.written.update(_outputs(event.database_name, command.get("pipeline", ())))
        elif name == "bulkWrite":
            self.written.update(_split(info["ns"]) for info in command.get("nsInfo", ()))
        elif name == "renameCollection":
            self.restructured.update({_split(command[name]), _split(command["to"])})
        elif name in {"mapReduce", "mapreduce"} and isinstance(command.get("out"), str):
            self.written.add((event.database_name, command["out"]))

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        """Nothing more is known then."""

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        """A command that failed may have written all the same."""

    def forget(self) -> None:
        """Start from nothing."""
        self.written.clear()
        self.restructured.clear()


recorder = TouchedCollections()
_recording = False


def start_recording() -> None:
    """Have the connections of this process note their writes in `recorder` from the next use on.

    A database that somebody got before, and kept, is on the old connection and is not noticed.
    """
    global _recording
    if _recording:
        return
    monitoring.register(recorder)
    _recording = True
    for alias in mongodb_aliases():
        renew_connection(alias)


def test_databases() -> dict[str, Database]:
    """Return the test database of every MongoDB alias, by name."""
    found = (get_database(using=alias) for alias in mongodb_aliases())
    return {database.name: database for database in found}


def remember(baseline: Baseline) -> None:
    """Add to the baseline what the collections touched so far hold, and start from nothing."""
    databases = test_databases()
    for name in recorder.written | recorder.restructured:
        if name[0] in databases:
            collection = databases[name[0]][name[1]]
            baseline.documents[name] = list(collection.find())
            baseline.indexes[name] = [_definition(index) for index in collection.list_indexes()]
    recorder.forget()


def clean(baseline: Baseline | None = None) -> None:
    """Bring the touched collections back to what they were: empty, or as the `baseline` has them.

    Documents are deleted and indexes stay, as making them anew is what is slow; but a collection whose indexes or
    options were changed is dropped.
    """
    try:
        databases = test_databases()
        for name in sorted(recorder.written | recorder.restructured):
            if name[0] in databases:
                _clean_one(databases[name[0]][name[1]], name, baseline or Baseline())
    finally:
        recorder.forget()


def _clean_one(collection: Any, name: Name, before: Baseline) -> None:
    if name in recorder.restructured:
        collection.drop()
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


def _outputs(database: str, pipeline: Any) -> Iterator[Name]:
    for stage in pipeline:
        target = stage.get("$out")
        if "$merge" in stage:
            target = stage["$merge"]
            target = target["into"] if isinstance(target, Mapping) and "into" in target else target
        if isinstance(target, str):
            yield database, target
        elif isinstance(target, Mapping):
            yield target.get("db", database), target["coll"]


def _split(namespace: str) -> Name:
    database, _, collection = namespace.partition(".")
    return database, collection
