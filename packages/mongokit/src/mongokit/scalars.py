"""Values that a query compares, and that must not be conditions."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from bson.objectid import ObjectId
from bson.regex import Regex

if TYPE_CHECKING:
    from mongokit.schema_document import SchemaDocument

__all__ = ["PLAIN_IDS", "is_plain", "scalar", "scalar_id", "stored_id"]

PLAIN_IDS = frozenset({ObjectId, str, int, uuid.UUID})
"""Types of which each value is an ``_id`` that needs no closer look."""


def scalar(value: Any) -> Any:
    """Return a value that is to be compared as it is; raises TypeError for what MongoDB would take as a condition.

    So ``{"$gt": ""}`` in somebody's JSON does not become "any document".
    """
    if type(value) in PLAIN_IDS:
        return value
    if not is_plain(value):
        raise TypeError(
            f"{value!r} is a condition; a value is expected here. To query by a condition use find()"
        )
    return value


def is_plain(value: Any) -> bool:
    """Return whether MongoDB takes a value for what it is, and for no condition."""
    return not isinstance(value, (re.Pattern, Regex)) and not (
        isinstance(value, Mapping) and any(isinstance(key, str) and key.startswith("$") for key in value)
    )


def stored_id(cls: type[SchemaDocument], value: Any) -> Any:
    """Return the ``_id`` of a document of a class as it is stored, for one in either form."""
    convert = cls._structure.stored_id
    return value if convert is None else convert(value)


def scalar_id(cls: type[SchemaDocument], value: Any) -> Any:
    """Return what ``stored_id`` does, for a query; raises TypeError as ``scalar`` does."""
    convert = cls._structure.stored_id
    return scalar(value if convert is None else convert(value))
