"""Who does what was planned: at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from mongokit.persistence import identity
from mongokit.writes import REFUSALS, Insert, Operation

if TYPE_CHECKING:
    from mongokit.document import Document

__all__ = ["is_direct", "perform", "save_plainly"]

D = TypeVar("D", bound="Document")
R = TypeVar("R")


def perform(collection: object, plan: Callable[..., Operation[R]], *arguments: Any) -> R:
    """Plan an operation, do it, and return what came of it.

    :param plan: returns the operation; called with the arguments.
    """
    operation = plan(*arguments)
    try:
        result = operation.send()
    except REFUSALS as error:
        operation.refused(error)
    finally:
        operation.settle()
    return operation.done(result)


def is_direct(collection: object) -> bool:
    """Return whether an operation on the collection is done at once."""
    return True


def save_plainly(document: D, collection: Any, options: dict[str, Any]) -> D:
    """Do what ``perform`` would with ``plan_save``, for a document that is stored as it is, without the objects
    between: half a microsecond less."""
    try:
        if "_id" in document:
            collection.replace_one(identity(document), document, upsert=True, **options)
        else:
            collection.insert_one(document, **options)
    except REFUSALS as error:
        Insert(document, collection, options, document).refused(error)
    return document
