"""Python values that BSON has no type for, made from annotations: enumerations and decimal numbers."""

from __future__ import annotations

import datetime
import decimal
import enum
import re
from typing import Any

from bson import Code, Decimal128, Regex

from mongokit.errors import SchemaTypeError
from mongokit.times import as_stored
from mongokit.types import CustomType

__all__ = ["DecimalType", "EnumType"]

_KINDS = (bool, int, float, Code, str, bytes)
"""Each before those that it is a subclass of; others have to be the same."""


class EnumType(CustomType):
    """A member of an enumeration, stored as its value: ``EnumType(State)``."""

    def __init__(self, enumeration: type[enum.Enum]) -> None:
        stored = [(_plain(member.value), member) for member in enumeration]
        kinds = {type(value) for value, _ in stored}
        self.python_type = enumeration
        self.mongo_type = kinds.pop() if len(kinds) == 1 else object
        self._unequal = [
            (value, member)
            for value, member in stored
            if value is not member.value or isinstance(value, datetime.datetime)
        ]
        """What is stored of members that Python would not find by what is read of it."""
        super().__init__()

    def __repr__(self) -> str:
        return f"EnumType({self.python_type.__name__})"

    def to_bson(self, value: enum.Enum) -> Any:
        return _plain(value.value) if self._unequal else value.value

    def to_python(self, value: Any) -> Any:
        """Return the member; a value that none has is left as it is, for validation to name.

        A value of another type than the member's is another value to BSON, though Python finds them equal: True is no 1.
        """
        for stored, member in self._unequal:
            if _is_same(value, stored):
                return member
        try:
            member = self.python_type(value)
        except ValueError:
            return value
        return value if member.value == value and not _is_same(value, member.value) else member


def _plain(value: Any) -> Any:
    """Return what is read where a value was stored, in lists and dicts made anew; scalars stay what they are."""
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return Regex.from_native(value) if isinstance(value, re.Pattern) else value


def _is_same(one: Any, other: Any) -> bool:
    """Return whether two values are stored as the same."""
    if isinstance(one, datetime.datetime) and isinstance(other, datetime.datetime):
        return as_stored(one) == as_stored(other)
    if isinstance(one, (list, tuple)) and isinstance(other, (list, tuple)):
        return len(one) == len(other) and all(map(_is_same, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_is_same(one[key], other[key]) for key in one)
    return bool(one == other) and _kind(one) is _kind(other)


def _kind(value: Any) -> type:
    """Return as what a value is stored."""
    return next((kind for kind in _KINDS if isinstance(value, kind)), type(value))


class DecimalType(CustomType):
    """A ``decimal.Decimal``, stored as Decimal128 (IEEE 754-2008: at most 34 digits)."""

    mongo_type = Decimal128
    python_type = decimal.Decimal

    def __repr__(self) -> str:
        return "DecimalType()"

    def validate(self, value: decimal.Decimal, path: str) -> None:
        """Raise SchemaTypeError for a number that would be rounded."""
        try:
            Decimal128(value)
        except decimal.DecimalException:
            raise SchemaTypeError(
                f"{path} must have at most 34 digits and an exponent from -6176 to 6111 not {str(value)[:60]}"
            ) from None

    def to_bson(self, value: decimal.Decimal) -> Decimal128:
        return Decimal128(value)

    def to_python(self, value: Decimal128) -> decimal.Decimal:
        return value.to_decimal()
