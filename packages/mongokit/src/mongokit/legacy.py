"""Spellings of MongoKit that PyMongo has successors for: they work, and say so once per process."""

from __future__ import annotations

import sys
import threading
import warnings
from collections.abc import Callable, Mapping
from types import FrameType
from typing import Any

import pymongo.collection
from pymongo import ReturnDocument, WriteConcern

__all__ = [
    "CHECKED_QUERIES",
    "find_and_modify",
    "refuse_old_client",
    "refuse_old_query",
    "refuse_old_save",
    "warn_of",
    "warn_of_count",
    "warn_once",
    "with_safe",
]

Raw = dict[str, Any]

_warned: set[str] = set()
_lock = threading.Lock()


OURS = frozenset(["mongokit", "django_mongokit"])
"""Packages that no warning points at: they pass on what an application calls."""

COUNTING = frozenset(["django", "jinja2", "rest_framework"])
"""Packages that count whatever they are given to show (pages, templates), where nobody could write anything else."""

SUCCESSORS: Mapping[str, str] = {
    "find_and_modify()": "find_one_and_update(), find_one_and_replace() or find_one_and_delete()",
    "find_random()": 'aggregate([{"$sample": {"size": 1}}])',
    "generate_index()": "ensure_indexes(), or PyMongo's collection.create_index()",
    "connection.disconnect()": "close(), after which a connection is not used again",
    "connection._registered_documents": "connection.registered",
    "cursor.count()": "collection.count_documents(filter), or collection.estimated_document_count() of all",
}
"""Old name of a method -> what there is in its place."""


def warn_of(old: str) -> None:
    """Warn once of a method among ``SUCCESSORS``.

    What is awaited calls it before there is a coroutine, which may run where its caller is not on the stack.
    """
    if old not in _warned:
        warn_once(old, SUCCESSORS[old])


def warn_of_count() -> None:
    """Warn once of ``cursor.count()``, called by what calls this, unless it is called from there by ``COUNTING``."""
    if "cursor.count()" not in _warned and _package_of(sys._getframe(2)) not in COUNTING:
        warn_of("cursor.count()")


def warn_once(old: str, new: str) -> None:
    """Give a DeprecationWarning, the first time that it is asked for; it points at the line that called the package."""
    with _lock:
        if old in _warned:
            return
        _warned.add(old)
    frame: FrameType | None = sys._getframe()
    level = 1
    while frame is not None and _package_of(frame) in OURS:
        frame, level = frame.f_back, level + 1
    warnings.warn(f"{old} is MongoKit's old spelling; use {new}", DeprecationWarning, stacklevel=level)


def _package_of(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__")).partition(".")[0]


def with_safe(collection: Any, *, safe: bool) -> Any:
    """Return the collection that ``save(safe=…)`` writes to."""
    if safe:
        warn_once("save(safe=True)", "save(), which waits for the server's answer")
        return collection
    warn_once("save(safe=False)", "collection.with_options(write_concern=WriteConcern(w=0))")
    return collection.with_options(write_concern=WriteConcern(w=0))


WRITE_CONCERN = ("w", "j", "wtimeout", "fsync")
"""Options of a write concern: they were given to each write, and belong to a collection now."""


def refuse_old_save(options: Mapping[str, Any]) -> None:
    """Raise TypeError for what was an option of ``save()`` once; what else is unknown PyMongo refuses."""
    for name in WRITE_CONCERN:
        if name in options:
            given = f"{name}={options[name]!r}"
            raise TypeError(
                f"save({given}) is MongoKit's old spelling; use a collection that has it, and its documents: "
                f"collection.with_options(write_concern=WriteConcern({given}))"
            )


def refuse_old_query(options: Mapping[str, Any]) -> None:
    """Raise TypeError for what was an option of a query once; what else is unknown PyMongo refuses."""
    for name, (successor, switched) in QUERY_OPTIONS.items():
        if name in options:
            given = options[name]
            if switched is None:
                use = f"use {successor}={given!r}"
            else:
                use = f"use {successor}" if given is switched else f"leave {name} out"
            raise TypeError(f"{name}={given!r} is the old spelling of an option of queries; {use}")
    if "wrap" in options:
        raise TypeError(
            f"wrap={options['wrap']!r} is the old spelling of an option of queries; leave it out: collection.Class.find() "
            "gives documents, collection.find() dicts"
        )
    if "slave_okay" in options:
        given = options["slave_okay"]
        use = f"use collection.with_options(read_preference={SECONDARY})" if given else "leave it out"
        raise TypeError(f"slave_okay={given!r} is the old spelling of an option of queries; {use}")


def refuse_old_client(options: Mapping[str, Any]) -> None:
    """Raise TypeError for what was an option of a connection once; what else is unknown PyMongo refuses."""
    for name, given in options.items():
        use = CLIENT_OPTIONS.get(name.lower())
        if use is not None:
            if not given:
                use = "leave it out"
            raise TypeError(
                f"{name}={given!r} is the old spelling of an option of connections; {use.format(given)}"
            )


SECONDARY = "ReadPreference.SECONDARY_PREFERRED"
_BY_ITSELF = "leave it out, as PyMongo does that by itself"
CLIENT_OPTIONS: Mapping[str, str] = {
    "slave_okay": f"use read_preference={SECONDARY}",
    "slaveok": f"use read_preference={SECONDARY}",
    "network_timeout": "use socketTimeoutMS, in milliseconds",
    "max_pool_size": "use maxPoolSize={!r}",
    "auto_start_request": _BY_ITSELF,
    "use_greenlets": _BY_ITSELF,
    "safe": "leave it out, as writes wait for the server's answer, or use w=1",
}
"""Old name of an option of a connection, in small letters -> what to do."""


CHECKED_QUERIES: Mapping[str, Callable[[Mapping[str, Any]], None]] = {
    "find": refuse_old_query,
    "find_one": refuse_old_query,
}
"""PyMongo's queries that know nothing of old options -> what names their successors."""

QUERY_OPTIONS: Mapping[str, tuple[str, bool | None]] = {
    "fields": ("projection", None),
    "spec": ("filter", None),
    "spec_or_id": ("filter", None),
    "timeout": ("no_cursor_timeout=True", False),
    "tailable": ("cursor_type=CursorType.TAILABLE", True),
    "partial": ("allow_partial_results=True", True),
}
"""Old name of an option -> what has taken its place; where that is of another kind, the value that asks for it."""


def find_and_modify(
    collection: pymongo.collection.Collection[Raw],
    query: Mapping[str, Any] | None = None,
    update: Mapping[str, Any] | list[Mapping[str, Any]] | None = None,
    *,
    remove: bool = False,
    new: bool = False,
    fields: Any = None,
    **options: Any,
) -> Raw | None:
    """Change or remove the first dict found, and return it as it was, or with ``new`` as it is then; or None.

    Raises ValueError unless there is either an update or ``remove``.
    """
    if remove == (update is not None):
        raise ValueError("find_and_modify() takes either update={…} or remove=True")
    found: Raw | None
    if update is None:
        found = collection.find_one_and_delete(query or {}, fields, **options)
        return found
    options["return_document"] = ReturnDocument.AFTER if new else ReturnDocument.BEFORE
    is_update = not isinstance(update, Mapping) or any(key.startswith("$") for key in update)
    method: Any = collection.find_one_and_update if is_update else collection.find_one_and_replace
    found = method(query or {}, update, fields, **options)
    return found
