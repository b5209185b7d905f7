"""During a test run: which collections were written to, learnt from the commands PyMongo sends.

Asking the server for its collections after every test, or dropping the database, costs more than many a test does;
noting the name in a command costs next to nothing, and sees every way of writing, documents or plain PyMongo.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pymongo import monitoring

from django_mongokit.conf import mongodb_aliases
from django_mongokit.mongodb.pool import renew_connection

__all__ = ["Name", "TouchedCollections", "listen", "recorder", "start_recording"]

# Their first value is the collection; the documents in it, or their number, change.
_WRITES = frozenset({"insert", "update", "delete", "findAndModify", "findandmodify"})
# These change what deleting documents would not undo: indexes, options, the collection being there at all.
_SCHEMA = frozenset(
    {"create", "createIndexes", "drop", "dropIndexes", "collMod", "convertToCapped", "createSearchIndexes"}
)

Name = tuple[str, str]
"""A database's name and a collection's."""


class TouchedCollections(monitoring.CommandListener):
    """Notes the collections that this process writes to. Safe between threads: it only adds to sets."""

    def __init__(self) -> None:
        self.written: set[Name] = set()
        self.restructured: set[Name] = set()
        self.dropped: set[str] = set()
        """The databases that were dropped as a whole, so that any of their collections may be gone."""

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        """Note what the command about to be sent will touch."""
        command, name = event.command, event.command_name
        if name in _WRITES:
            self.written.add((event.database_name, command[name]))
        elif name in _SCHEMA:
            self.restructured.add((event.database_name, command[name]))
        elif name == "dropDatabase":
            self.dropped.add(event.database_name)
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
        self.dropped.clear()


recorder = TouchedCollections()
_recording = False


def start_recording() -> None:
    """Have the connections of this process note their writes in `recorder` from the next use on.

    A database that somebody got before the tests, and kept, is on the old connection and is not noticed.
    """
    global _recording
    if _recording:
        return
    listen(recorder)
    _recording = True


def listen(listener: monitoring.CommandListener) -> None:
    """Have the connections of this process tell a listener of their commands from the next use on.

    PyMongo takes listeners for new clients only, so each alias gets another one. Who kept a database from before is
    on the old one, which goes on working unheard.
    """
    monitoring.register(listener)
    for alias in mongodb_aliases():
        renew_connection(alias)


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
