"""The two languages of schemas: how they name the types of values, and what else they say differently."""

from __future__ import annotations

import datetime
import enum
import math
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, DecimalException
from typing import Any, Literal

from bson import Binary, Code, DatetimeMS, DBRef, Decimal128, Int64, ObjectId, Regex, Timestamp

from mongokit.types import CustomType

__all__ = ["LANGUAGES", "NUMBERS", "Flavour", "Language", "Schema"]

Schema = dict[str, Any]
Flavour = Literal["bson", "json"]


def _extended(name: str, value: Schema | None = None) -> list[Schema]:
    """Return the schema of a value that Extended JSON writes as an object."""
    return [{"type": "object", "properties": {name: value or {}}, "required": [name]}]


_BSON_NAMES: Mapping[type, str] = {
    type(None): "null",
    bool: "bool",
    int: "int long",
    float: "double",
    str: "string",
    list: "array",
    dict: "object",
    bytes: "binData",
    Binary: "binData",
    uuid.UUID: "binData",
    ObjectId: "objectId",
    datetime.datetime: "date",
    DatetimeMS: "date",
    re.Pattern: "regex",
    Regex: "regex",
    Code: "javascript javascriptWithScope",
    Decimal128: "decimal",
    Int64: "long",
    Timestamp: "timestamp",
}
_BSON: Mapping[type, list[Schema]] = {
    kind: [{"bsonType": name} for name in names.split()] for kind, names in _BSON_NAMES.items()
}
_JSON: Mapping[type, list[Schema]] = {
    type(None): [{"type": "null"}],
    bool: [{"type": "boolean"}],
    int: [{"type": "integer"}],
    # JSON has no word for what is no number, or has no end.
    float: [{"type": "number"}, *_extended("$numberDouble", {"enum": ["Infinity", "-Infinity", "NaN"]})],
    str: [{"type": "string"}],
    list: [{"type": "array"}],
    dict: [{"type": "object"}],
    datetime.datetime: [{"type": "integer", "description": "milliseconds since 1970-01-01 UTC"}],
    ObjectId: _extended("$oid", {"type": "string", "pattern": "^[0-9a-f]{24}$"}),
    bytes: _extended("$binary"),
    uuid.UUID: _extended("$uuid"),
    Decimal128: _extended("$numberDecimal", {"type": "string"}),
    re.Pattern: _extended("$regex"),
    Regex: _extended("$regex"),
    Code: _extended("$code"),
    DBRef: _extended("$ref"),
    Timestamp: _extended("$timestamp"),
    DatetimeMS: _extended("$date"),
}
_OPEN = (DBRef,)
"""An object to MongoDB, and of no type at all to SecantusDB: nothing is said of them."""
NUMBERS = (int, float, Decimal128)
_LISTED = (str, int, float, bool, ObjectId, bytes, uuid.UUID, datetime.datetime, Decimal128)
"""Types whose values Python and the server compare alike."""


@dataclass(frozen=True, slots=True)
class Language:
    """What differs between the two flavours."""

    name: Flavour
    type_key: str
    types: Mapping[type, list[Schema]]

    @property
    def bson(self) -> bool:
        return self.name == "bson"

    def of(self, kind: type) -> list[Schema] | None:
        """Return the alternatives for the values of a Python type; None where nothing can be said."""
        if self.bson and issubclass(kind, _OPEN):
            return None
        return next((self.types[base] for base in kind.__mro__ if base in self.types), None)

    def stored(self, custom: CustomType) -> type:
        """Return the type of which a custom type's values are written."""
        scalars = (str, int, float, datetime.datetime)
        if not self.bson and issubclass(custom.python_type, scalars):
            # `json` writes those as they are.
            return custom.mongo_type if issubclass(custom.python_type, enum.Enum) else custom.python_type  # type: ignore[no-any-return]
        return custom.mongo_type  # type: ignore[no-any-return]  # it was checked to be a type

    def limit(self, name: str, value: Any) -> Schema | None:
        """Return the keywords for a bound of numbers, or None where it cannot be said."""
        if isinstance(value, Decimal) and self.bson:
            try:
                value = Decimal128(value)
            except DecimalException:
                return None
        elif (
            isinstance(value, bool)
            or not isinstance(value, (int, float))
            or not math.isfinite(value)
            or abs(value) >= 2**63
        ):
            return None
        if name == "multiple_of":
            # Of fractions every implementation has its own idea.
            return {"multipleOf": abs(value)} if isinstance(value, int) and value else None
        keyword = "minimum" if name in ("gt", "ge") else "maximum"
        exclusive = f"exclusive{keyword.capitalize()}"
        if name in ("ge", "le"):
            return {keyword: value}
        return {keyword: value, exclusive: True} if self.bson else {exclusive: value}

    def listable(self, value: Any) -> bool:
        kinds = _LISTED if self.bson else (str, int, float, bool)
        return isinstance(value, kinds) and not (
            (isinstance(value, float) and not math.isfinite(value))
            or (isinstance(value, int) and abs(value) >= 2**63)
        )


LANGUAGES: Mapping[str, Language] = {
    "bson": Language("bson", "bsonType", _BSON),
    "json": Language("json", "type", _JSON),
}
