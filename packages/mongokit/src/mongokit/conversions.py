"""Python values that BSON has no type for, made from annotations: enumerations and decimal numbers."""

from __future__ import annotations

import decimal
import enum
from typing import Any

from bson import Code, Decimal128

from mongokit.errors import SchemaTypeError
from mongokit.types import CustomType

__all__ = ["DecimalType", "EnumType"]

_KINDS = (bool, int, float, Code, str, bytes)
"""Each before those that it is a subclass of; others have to be the same."""


class EnumType(CustomType):
    """A member of an enumeration, stored as its value: ``EnumType(State)``."""

    def __init__(self, enumeration: type[enum.Enum]) -> None:
        kinds = {type(member.value) for member in enumeration}
        self.python_type = enumeration
        self.mongo_type = kinds.pop() if len(kinds) == 1 else object
        super().__init__()

    def __repr__(self) -> str:
        return f"EnumType({self.python_type.__name__})"

    def to_bson(self, value: enum.Enum) -> Any:
        return value.value

    def to_python(self, value: Any) -> Any:
        """Return the member; a value that none has is left as it is, for validation to name.

        A value of another type than the member's is another value to BSON, though Python finds them equal: True is no 1.
        """
        try:
            member = self.python_type(value)
        except ValueError:
            return value
        return value if member.value == value and _kind(member.value) is not _kind(value) else member


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
