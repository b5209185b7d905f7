"""Serializer fields for the plain values that documents hold and Django's models do not."""

from __future__ import annotations

import datetime
import decimal
import math
from contextlib import suppress
from typing import Any

from bson import Decimal128, Int64, ObjectId
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from django_mongokit.rest.values import key_as_json

__all__ = [
    "DateTimeField",
    "Decimal128Field",
    "FloatField",
    "Int64Field",
    "IntegerField",
    "KeyField",
    "ObjectIdField",
]
_NO_NUMBERS = {math.inf: "Infinity", -math.inf: "-Infinity"}


class KeyField(serializers.Field):  # type: ignore[type-arg]  # not subscriptable at run time
    """The `_id` of a document, whatever its type; it is only shown."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{**kwargs, "read_only": True})

    def to_representation(self, value: Any) -> Any:
        """Return the key as JSON."""
        return key_as_json(value)


class ObjectIdField(serializers.CharField):
    """An ObjectId, as its 24 hexadecimal digits."""

    default_error_messages = {"object_id": _("Enter an ObjectId: 24 hexadecimal digits.")}

    def to_internal_value(self, data: Any) -> Any:
        """Return the ObjectId of a text; raises `ValidationError`."""
        if not (isinstance(data, str) and ObjectId.is_valid(data)):
            self.fail("object_id")
        return ObjectId(data)

    def run_validators(self, value: Any) -> None:
        """Let the validators of texts see the digits."""
        super().run_validators(str(value))


class IntegerField(serializers.IntegerField):
    """A whole number of at most 8 bytes, as BSON has them."""

    def __init__(self, **kwargs: Any) -> None:
        low, high = kwargs.pop("min_value", None), kwargs.pop("max_value", None)
        least, most = -(2**63), 2**63 - 1
        super().__init__(
            min_value=least if low is None else max(low, least),
            max_value=most if high is None else min(high, most),
            **kwargs,
        )


class Int64Field(IntegerField):
    """A whole number, as `bson.Int64`."""

    def run_validation(self, data: Any = serializers.empty) -> Any:
        """Return the `Int64`; raises `ValidationError`."""
        found = super().run_validation(data)
        return None if found is None else Int64(found)


class FloatField(serializers.FloatField):
    """A number. What is none in JSON is the text "NaN", "Infinity" or "-Infinity"."""

    def to_internal_value(self, data: Any) -> float:
        """Return the number; raises `ValidationError`."""
        no_number = isinstance(data, str) and data in {"NaN", *_NO_NUMBERS.values()}
        return float(data) if no_number else super().to_internal_value(data)

    def to_representation(self, value: Any) -> Any:
        """Return the number, or the text for it."""
        found = float(value)
        return found if math.isfinite(found) else _NO_NUMBERS.get(found, "NaN")


class DecimalField(serializers.DecimalField):
    """A decimal number of at most 34 digits, as text in JSON."""

    def __init__(
        self, max_digits: int | None = None, decimal_places: int | None = None, **kwargs: Any
    ) -> None:
        super().__init__(max_digits, decimal_places, **kwargs)

    def to_internal_value(self, data: Any) -> Any:
        """Return the number; raises `ValidationError`, also for one that would be rounded."""
        found = super().to_internal_value(data)
        try:
            Decimal128(found)
        except decimal.DecimalException:
            self.fail("invalid")
        return found


class Decimal128Field(DecimalField):
    """The same, as `bson.Decimal128`."""

    def run_validation(self, data: Any = serializers.empty) -> Any:
        """Return the `Decimal128`; raises `ValidationError`."""
        found = super().run_validation(data)
        return None if found is None else Decimal128(found)

    def to_representation(self, value: Any) -> Any:
        """Return the digits."""
        return super().to_representation(value.to_decimal() if isinstance(value, Decimal128) else value)


class DateTimeField(serializers.DateTimeField):
    """A time. One without time zone that comes from a document is UTC, where the project has `USE_TZ`.

    What comes in is cut to the milliseconds that MongoDB keeps.
    """

    def enforce_timezone(self, value: datetime.datetime) -> datetime.datetime:
        """Return a time in the current time zone; in UTC, where that is outside Python's years there.

        Raises `ValidationError` for one without time zone that is outside them in UTC.
        """
        zone: datetime.tzinfo | None = getattr(self, "timezone", None) or self.default_timezone()
        if zone is not None and timezone.is_aware(value):
            try:
                value.astimezone(zone)
            except OverflowError:
                with suppress(OverflowError):
                    return value.astimezone(datetime.UTC)
        try:
            return super().enforce_timezone(value)
        except OverflowError:
            self.fail("overflow")

    def to_internal_value(self, value: Any) -> Any:
        """Return the time, in UTC where it has a time zone; raises `ValidationError`."""
        found = super().to_internal_value(value)
        found = found.replace(microsecond=found.microsecond // 1000 * 1000)
        try:
            return found if timezone.is_naive(found) else found.astimezone(datetime.UTC)
        except OverflowError:
            self.fail("overflow")

    def to_representation(self, value: Any) -> Any:
        """Return the time as text: in the current time zone, or in UTC where that is outside Python's years."""
        if isinstance(value, datetime.datetime) and settings.USE_TZ and timezone.is_naive(value):
            value = value.replace(tzinfo=datetime.UTC)
        return super().to_representation(value)
