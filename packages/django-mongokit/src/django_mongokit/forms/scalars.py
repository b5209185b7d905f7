"""Form fields for the plain values that documents hold and Django's models do not."""

from __future__ import annotations

import datetime
import decimal
import math
from typing import Any

from bson import Decimal128, Int64, ObjectId
from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from django_mongokit.forms.shown import ShownBoundField
from django_mongokit.forms.whole import with_plain_ends
from django_mongokit.forms.widgets import DateInput, DateTimeInput, TimeInput

__all__ = [
    "CharField",
    "CommaSeparatedField",
    "DateField",
    "DateTimeField",
    "Decimal128Field",
    "DecimalField",
    "FloatField",
    "Int64Field",
    "IntegerField",
    "ObjectIdField",
    "TimeField",
]


class CharField(forms.CharField):
    """A text. Its line ends are those that code writes, not those of HTTP, so that each counts as one character."""

    def to_python(self, value: Any) -> Any:
        """Return the text, without the space around it unless `strip` is False."""
        return super().to_python(with_plain_ends(value) if isinstance(value, str) else value)


class CommaSeparatedField(forms.CharField):
    """A list of texts, as `foo, bar`: for words that have no comma in them, like tags."""

    def to_python(self, value: Any) -> Any:
        """Return the words, without the space around them and without empty ones."""
        words = with_plain_ends(value).split(",") if isinstance(value, str) else value or []
        return [word for word in (str(word).strip() for word in words) if word]

    def run_validators(self, value: Any) -> None:
        """Check each word as CharField does its text."""
        for word in value:
            super().run_validators(word)

    def prepare_value(self, value: Any) -> Any:
        """Return the text to be shown for a list."""
        return ", ".join(map(str, value)) if isinstance(value, (list, tuple, set)) else value

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Return whether a text stands for other words than the initial ones."""
        return not self.disabled and self.to_python(self.prepare_value(initial)) != self.to_python(data)


class ObjectIdField(forms.CharField):
    """An ObjectId, as its 24 hexadecimal digits."""

    default_error_messages = {"invalid": _("Enter an ObjectId: 24 hexadecimal digits.")}

    def to_python(self, value: Any) -> Any:
        """Return the ObjectId of a text, None of an empty one; raises `ValidationError`."""
        if value in self.empty_values or isinstance(value, ObjectId):
            return value or None
        text = str(value).strip()
        if not text:
            return None
        if not ObjectId.is_valid(text):
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        return ObjectId(text)

    def prepare_value(self, value: Any) -> Any:
        """Return the digits of an ObjectId."""
        return str(value) if isinstance(value, ObjectId) else value

    def run_validators(self, value: Any) -> None:
        """CharField's own validators are about text: check the digits."""
        super().run_validators("" if value is None else str(value))

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Return whether a text stands for another id than the initial one."""
        try:
            return not self.disabled and self.to_python(initial) != self.to_python(data)
        except ValidationError:
            return True


class IntegerField(forms.IntegerField):
    """A whole number of at most 8 bytes, as BSON has them."""

    default_validators = [MinValueValidator(-(2**63)), MaxValueValidator(2**63 - 1)]


class Int64Field(IntegerField):
    """A whole number, as `bson.Int64`."""

    def clean(self, value: Any) -> Any:
        """Return the `Int64` of a text; raises `ValidationError`."""
        found = super().clean(value)
        return None if found is None else Int64(found)


class _StoredNumber(forms.Field):
    """A number that stays what it is as long as its input reads as it was shown: NaN and infinity, which nobody can
    enter, and one of more digits than the field's type has."""

    def get_bound_field(self, form: Any, field_name: str) -> ShownBoundField:
        """Return the field of a form."""
        return ShownBoundField(form, self, field_name)

    def itself(self, value: Any) -> Any:
        """Return what `clean` takes for a stored value."""
        return value

    def clean(self, value: Any) -> Any:
        """Return the number of a text; raises `ValidationError`, also for one that is none to calculate with."""
        return value if _is_no_number(value) else super().clean(value)

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Return whether a text stands for another number than the initial one."""
        is_same = data is initial and not isinstance(data, str)
        return not is_same and super().has_changed(initial, data)


def _is_no_number(value: Any) -> bool:
    if isinstance(value, Decimal128):
        value = value.to_decimal()
    if isinstance(value, decimal.Decimal):
        return not value.is_finite()
    return isinstance(value, float) and not math.isfinite(value)


class FloatField(_StoredNumber, forms.FloatField):
    """A number."""


class DecimalField(_StoredNumber, forms.DecimalField):
    """A decimal number."""


class Decimal128Field(DecimalField):
    """A decimal number, as `bson.Decimal128`."""

    default_error_messages = {
        "inexact": _("Enter a number of at most 34 digits, whose exponent is between -6176 and 6111.")
    }

    def clean(self, value: Any) -> Any:
        """Return the `Decimal128` of a text; raises `ValidationError`, also for one that would be rounded."""
        found = super().clean(value)
        if isinstance(found, Decimal128):
            return found
        try:
            return None if found is None else Decimal128(found)
        except decimal.DecimalException:
            raise ValidationError(self.error_messages["inexact"], code="inexact") from None

    def prepare_value(self, value: Any) -> Any:
        """Return the `decimal.Decimal` to be shown."""
        return value.to_decimal() if isinstance(value, Decimal128) else value

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Return whether a text stands for another number than the initial one."""
        return data is not initial and super().has_changed(self.prepare_value(initial), data)


class DateTimeField(forms.DateTimeField):
    """A time. One without time zone that comes from a document is UTC, where the project has `USE_TZ`."""

    widget = DateTimeInput

    def get_bound_field(self, form: Any, field_name: str) -> ShownBoundField:
        """Return the field of a form."""
        return ShownBoundField(form, self, field_name)

    def itself(self, value: Any) -> Any:
        """Return what `clean` takes for a stored value: with a time zone, where the project has them."""
        if settings.USE_TZ and isinstance(value, datetime.datetime) and timezone.is_naive(value):
            return value.replace(tzinfo=datetime.UTC)
        return value

    def to_python(self, value: Any) -> Any:
        """Return the time of a text; raises `ValidationError`, also for one that has no UTC in Python's years."""
        found = super().to_python(value)
        try:
            if found is not None and settings.USE_TZ:
                found.astimezone(datetime.UTC)
        except OverflowError:
            raise ValidationError(self.error_messages["invalid"], code="invalid") from None
        return found

    def prepare_value(self, value: Any) -> Any:
        """Return the time to be shown: in the current time zone, unless that is outside Python's years."""
        try:
            return super().prepare_value(self.itself(value))
        except OverflowError:
            return value.replace(tzinfo=None)

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Return whether a text stands for another time than the initial one."""
        if isinstance(data, datetime.datetime):
            data = data.replace(microsecond=0)
        return super().has_changed(self.itself(initial), data)


class DateField(forms.DateField):
    """A date, by the browser's picker."""

    widget = DateInput

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Return whether a text stands for another date than the initial one, which may be that of a time."""
        before = initial.date() if isinstance(initial, datetime.datetime) else initial
        return super().has_changed(before, data)


class TimeField(forms.TimeField):
    """A time of day, by the browser's picker."""

    widget = TimeInput
