"""The history of documents that keep every revision: where it is, how it is written, and what would leave none."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from pymongo import errors as pymongo_errors

from mongokit.flow import Flow
from mongokit.sessions import current

if TYPE_CHECKING:
    from mongokit.document import Document

__all__ = ["ensure_index", "in_transaction", "is_taken", "place", "refuse_unkept", "shared"]

Raw = dict[str, Any]

logger = logging.getLogger("mongokit")


def refuse_unkept(cls: type[Document], method: str, options: Raw, *, is_storing: bool = True) -> None:
    """Raise TypeError where a class keeps every revision, and the options of a method that keeps none do not say
    ``versioning=False``, which is taken out of them.

    :param is_storing: False where nothing but a deletion is wanted, which leaves the history as it is.
    """
    if getattr(cls, "_keeps_revisions", False) and options.pop("versioning", True) and is_storing:
        raise TypeError(
            f"{cls.__name__}.{method}() keeps no revision of what it writes: save() each document, or say versioning=False"
        )


def ensure_index(collection: Any, indexes: Iterable[Any]) -> Flow[None]:
    """Build the indexes of a companion collection, once for each process and database object. Numbers are unique without."""
    done = collection.database.__dict__.setdefault("_mongokit_versioned", set())
    if collection.name in done:
        return
    try:
        yield collection.create_indexes([index.model() for index in indexes])
    except pymongo_errors.OperationFailure as error:
        logger.warning("%s has no index of (id, revision): %s", collection.full_name, error)
    done.add(collection.name)


def place(id: Any, number: int) -> Raw:
    """Return the ``_id`` of a revision."""
    return {"id": id, "revision": number}


def shared(options: Raw) -> Raw:
    """Return those of the options that hold for the revisions too."""
    return {name: options[name] for name in ("session", "comment") if name in options}


def is_taken(error: Exception) -> bool:
    """Return whether somebody else has stored something under this ``_id``."""
    return isinstance(error, pymongo_errors.DuplicateKeyError) and (error.details or {}).get(
        "keyPattern"
    ) == {"_id": 1}


def in_transaction(collection: Any, options: Raw) -> bool:
    """Return whether an operation with these options is part of a transaction."""
    session = options.get("session")
    if session is not None:
        return bool(session.in_transaction)
    return current(collection.database.client) is not None
