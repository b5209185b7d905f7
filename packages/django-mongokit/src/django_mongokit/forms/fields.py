"""Form fields for what documents hold and Django's models do not."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

from bson import Code, Decimal128, Int64, ObjectId
from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import EMPTY_VALUES, MaxValueValidator, MinValueValidator
from django.forms.boundfield import BoundField
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from django_mongokit.forms.jsontext import PLAIN_TYPES, dumps, loads
from django_mongokit.forms.widgets import DateInput, DateTimeInput, TimeInput

__all__ = [
    "CommaSeparatedField",
    "DateField",
    "DateTimeField",
    "Decimal128Field",
    "Int64Field",
    "IntegerField",
    "JsonField",
    "JsonListField",
    "JsonValueField",
    "ObjectIdField",
    "TimeField",
]

Convert = Callable[[Any], Any]


class _Text(str):
    """What somebody has sent, to be told from a value that is a text."""

    __slots__ = ()


def _is_text(value: Any) -> bool:
    """Return whether a value is text to be read; Code is a str, and a value."""
    return isinstance(value, str) and not isinstance(value, Code)


class ShownBoundField(BoundField):
    """A field whose input, as long as it reads as it was shown, stands for the stored value itself.

    Text may say less than the value: a time of day that the clock shows twice when summer ends, a pattern in a dict.
    """

    field: JsonValueField | DateTimeField

    @property
    def data(self) -> Any:
        """What was sent; the stored value where that is as it was shown."""
        sent = super().data
        form: Any = self.form
        stored = getattr(form, "stored", None)
        if not isinstance(sent, str) or not stored or form.is_new or self.name in form.given:
            return sent
        value = stored.get(self.name)
        if value is None or _is_text(value):
            return sent
        widget: Any = self.field.widget
        shown = widget.format_value(self.field.prepare_value(self.initial))
        # Browsers send the lines of a textarea with the line ends of HTTP.
        return self.field.itself(value) if sent.replace("\r\n", "\n") == shown else sent


class JsonValueField(forms.CharField):
    """Any value, as MongoDB's (relaxed) Extended JSON: plain JSON, with `{"$date": "2010-03-08T12:03:08Z"}`,
    `{"$oid": …}`, `{"$numberDecimal": …}` and `{"$uuid": …}` for what JSON lacks.

    Other keys that begin with `$` or have a dot in them are errors, and so is what BSON cannot hold. The text may be
    as long as `DATA_UPLOAD_MAX_MEMORY_SIZE` lets a request be.

    :param to_stored: makes what is stored, and shown, of the Python value; `to_document` the Python value of it.
    :param types: the types that values may have, at every depth.
    :param empty: makes the value of an empty text.
    """

    widget: type[forms.Widget] = forms.Textarea
    empty_values = [*EMPTY_VALUES, set()]
    kind: type | None = None
    indent: int | None = 2
    default_error_messages = {"kind": _("Enter a JSON value.")}

    def __init__(
        self,
        *,
        to_stored: Convert | None = None,
        to_document: Convert | None = None,
        types: tuple[type, ...] = PLAIN_TYPES,
        empty: Callable[[], Any] | None = None,
        **kwargs: Any,
    ) -> None:
        self.to_stored = to_stored
        self.to_document = to_document
        self.types = types
        self.empty = empty or self.kind or type(None)
        super().__init__(**kwargs)
        # CharField's own are about text; what is cleaned here is a value.
        self.validators = [*self.default_validators, *kwargs.get("validators", ())]

    def to_python(self, value: Any) -> Any:
        """Return the Python value of a text; raises `ValidationError`. What is no text is returned as it is."""
        if not _is_text(value):
            return self.empty() if value is None else value
        text = value.strip()
        if not text:
            return self.empty()
        found = loads(text, self.types)
        if self.kind is not None and not isinstance(found, self.kind):
            raise ValidationError(self.error_messages["kind"], code="kind")
        if self.to_document is None:
            return found
        try:
            return self.to_document(found)
        except ValidationError:
            raise
        except Exception as error:  # noqa: BLE001 (whatever a CustomType raises is about this text)
            raise ValidationError(str(error) or type(error).__name__, code="invalid") from None

    def get_bound_field(self, form: Any, field_name: str) -> ShownBoundField:
        """Return the field of a form."""
        return ShownBoundField(form, self, field_name)

    def itself(self, value: Any) -> Any:
        """Return what `clean` takes for a stored value."""
        return value

    def bound_data(self, data: Any, initial: Any) -> Any:
        """Return what was sent, to be shown as it is."""
        return super().bound_data(_Text(data) if isinstance(data, str) else data, initial)

    def prepare_value(self, value: Any) -> Any:
        """Return the text to be shown for a value."""
        if isinstance(value, _Text) or (isinstance(value, str) and self.kind is not None):
            return value
        if value is None:
            value = self.empty()
        if value is None:
            return ""
        return dumps(value if self.to_stored is None else self.to_stored(value), self.indent)

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Return whether a text stands for another value than the initial one."""
        if self.disabled or (data is initial and not _is_text(data)):
            return False
        try:
            return bool(self.to_python(self.prepare_value(initial)) != self.to_python(data or ""))
        except ValidationError:
            return True


class JsonField(JsonValueField):
    """A dict, as JSON; an empty text is `{}`."""

    kind = dict
    default_error_messages = {"kind": _("Enter a JSON object: {“key”: …}.")}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"initial": "{}", **kwargs})


class JsonListField(JsonValueField):
    """A list, as JSON; an empty text is `[]`."""

    kind = list
    indent = None
    widget = forms.TextInput
    default_error_messages = {"kind": _("Enter a JSON list: [“first”, …].")}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"initial": "[]", **kwargs})


class CommaSeparatedField(forms.CharField):
    """A list of texts, as `foo, bar`: for words that have no comma in them, like tags."""

    def to_python(self, value: Any) -> Any:
        """Return the words, without the space around them and without empty ones."""
        words = value.split(",") if isinstance(value, str) else value or []
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
        return not self.disabled and self.to_python(initial) != self.to_python(data)


class ObjectIdField(forms.CharField):
    """An ObjectId, as its 24 hexadecimal digits."""

    default_error_messages = {"invalid": _("Enter an ObjectId: 24 hexadecimal digits.")}

    def to_python(self, value: Any) -> Any:
        """Return the ObjectId of a text, None of an empty one; raises `ValidationError`."""
        if value in self.empty_values or isinstance(value, ObjectId):
            return value or None
        text = str(value).strip()
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


class Decimal128Field(forms.DecimalField):
    """A decimal number, as `bson.Decimal128`."""

    def clean(self, value: Any) -> Any:
        """Return the `Decimal128` of a text; raises `ValidationError`."""
        found = super().clean(value)
        return None if found is None else Decimal128(found)

    def prepare_value(self, value: Any) -> Any:
        """Return the `decimal.Decimal` to be shown."""
        return value.to_decimal() if isinstance(value, Decimal128) else value

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Return whether a text stands for another number than the initial one."""
        return super().has_changed(self.prepare_value(initial), data)


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


class TimeField(forms.TimeField):
    """A time of day, by the browser's picker."""

    widget = TimeInput
