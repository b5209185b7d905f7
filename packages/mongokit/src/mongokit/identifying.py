"""Whether a document has an ``_id``, and whether one can be made for it when it is to be stored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mongokit.errors import EncodingError, Failure, RequireFieldError, SchemaDocumentError
from mongokit.scalars import PLAIN_IDS, scalar
from mongokit.structure.keys import bad_keys
from mongokit.structure.own_words import in_words_of

if TYPE_CHECKING:
    from mongokit.schema_document import SchemaDocument

__all__ = ["has_id", "lacks_id"]


def has_id(document: Mapping[str, Any]) -> bool:
    """Return whether a document has a key: an ``_id`` that is not None. 0, "" and False are keys."""
    return document.get("_id") is not None


def lacks_id(cls: type[SchemaDocument], document: Mapping[str, Any]) -> bool:
    """Return whether a document, or its stored form, needs an ObjectId: it has no ``_id``, or one of None.

    None would be the key of all such documents, of which each save replaced the one before.

    Raises SchemaDocumentError where the structure takes no ObjectId, for an array, and for a dict with keys that MongoDB would
    take for something else; TypeError for a condition.
    """
    found = document.get("_id")
    if type(found) in PLAIN_IDS:
        return False
    failures: list[Failure] = []
    if found is None:
        wanted = cls._structure.asked_id
        if wanted is None:
            return True
        message = f"_id is required: it is to be {wanted}, so none can be made"
        failures.append(Failure("_id", RequireFieldError, message))
    elif isinstance(found, (list, tuple)):
        failures.append(Failure("_id", EncodingError, f"_id cannot be an array: {found!r}", found))
    elif isinstance(scalar(found), dict):
        bad_keys(failures, "_id", found)
    if failures:
        raise SchemaDocumentError.of(in_words_of(cls, failures))
    return False
