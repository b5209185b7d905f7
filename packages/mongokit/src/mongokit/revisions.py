"""``_revision``, of classes with ``use_revision``: what it is in a document, and how all that writes counts it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mongokit.errors import Failure, SchemaDocumentError, SchemaTypeError, UpdateQueryError, shortened

if TYPE_CHECKING:
    from mongokit.document import Document

__all__ = ["at_revision", "counted", "replacing", "revision_of"]

Raw = dict[str, Any]

FIELD = "_revision"
LAST = 2**63 - 2
"""The highest that leaves one for the next write: BSON's integers have 64 bits."""
_NEXT = {"$add": [{"$ifNull": [f"${FIELD}", 0]}, 1]}


def revision_of(document: Document) -> int | None:
    """Return the revision a document was read at; None before it has one.

    Raises SchemaTypeError for what is none, as somebody's JSON may hold.
    """
    found = document.get(FIELD)
    if found is None or (isinstance(found, int) and not isinstance(found, bool) and 0 <= found <= LAST):
        return found
    raise SchemaDocumentError.of(
        [
            Failure(
                FIELD,
                SchemaTypeError,
                f"{FIELD} of {type(document).__name__} must be a number from 0 to {LAST}, as save() counts it, not "
                f"{shortened(found)}: it is not for whoever sends a document to say; reload() tells what it is",
                found,
            )
        ]
    )


def at_revision(revision: int | None) -> Raw:
    """Return the filter for a document that has not been written since."""
    return {FIELD: {"$exists": False} if revision is None else revision}


def counted(cls: type[Document], update: Any) -> Any:
    """Return an update that counts the revision, where the class has revisions: operators, or the stages of a pipeline.

    What is no update stays, for PyMongo to name. Raises UpdateQueryError for one that sets the revision itself.
    """
    if not cls.use_revision or not update:
        return update
    if isinstance(update, list):
        return [*update, {"$set": {FIELD: _NEXT}}]
    if not isinstance(update, Mapping) or not all(
        isinstance(changes, Mapping) for changes in update.values()
    ):
        return update
    for operator, changes in update.items():
        if operator != "$inc" and (FIELD in changes or (operator == "$rename" and FIELD in changes.values())):
            raise UpdateQueryError(
                f"{operator}: {cls.__name__} has use_revision, and counts {FIELD} itself with every write: leave it out"
            )
    return {**update, "$inc": {**update.get("$inc", {}), FIELD: 1}}


def replacing(replacement: Mapping[str, Any]) -> list[Raw]:
    """Return the stages of an update that puts a stored form in the place of what is there, one revision further.

    (MongoDB 4.2. A replacement cannot count.)
    """
    content = {name: value for name, value in replacement.items() if name != FIELD}
    # An _id of its own comes behind: where it is another, the server refuses it as it does in a replacement.
    return [{"$replaceWith": {"$mergeObjects": [{"_id": "$_id"}, {"$literal": content}, {FIELD: _NEXT}]}}]
