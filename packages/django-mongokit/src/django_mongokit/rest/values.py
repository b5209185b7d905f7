"""Serializer fields for what is made of several values, is one of some, or may be any."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from bson import ObjectId
from django.core.exceptions import ValidationError as DjangoValidationError
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from django_mongokit.forms.choices import label, plain
from django_mongokit.forms.jsontext import PLAIN_TYPES, dumps, loads

__all__ = ["JsonValueField", "SetField", "TupleField", "ValueChoiceField", "as_json", "key_as_json"]

Convert = Callable[[Any], Any]


def as_json(value: Any) -> Any:
    """Return any stored value as what JSON knows: MongoDB's relaxed Extended JSON, text where even that has no word."""
    try:
        return json.loads(dumps(value))
    except (TypeError, ValueError, OverflowError):
        return str(value)


def key_as_json(value: Any) -> Any:
    """Return the `_id` of a document as JSON: ObjectIds and UUIDs as text."""
    if value is None or isinstance(value, (str, int)):
        return value
    return str(value) if isinstance(value, (ObjectId, uuid.UUID)) else as_json(value)


class JsonValueField(serializers.JSONField):
    """Any value, as (relaxed) Extended JSON: plain JSON, with `{"$date": …}`, `{"$oid": …}` and so on for what JSON lacks.

    Other keys that begin with `$`, or have a dot in them, are errors, and so is what BSON cannot hold.

    :param to_stored: makes what is shown of the Python value; `to_document` the Python value of what is sent.
    :param types: the types that values may have, at every depth.
    :param kind: the type of the whole value.
    """

    default_error_messages = {"kind": _("Expected {expected} but got {found}.")}

    def __init__(
        self,
        *,
        to_stored: Convert | None = None,
        to_document: Convert | None = None,
        types: tuple[type, ...] = PLAIN_TYPES,
        kind: type | None = None,
        **kwargs: Any,
    ) -> None:
        self.to_stored = to_stored
        self.to_document = to_document
        self.types = types
        self.kind = kind
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> Any:
        """Return the Python value; raises `ValidationError`."""
        text = data if getattr(data, "is_json_string", False) else _text(data)
        if text is None:
            self.fail("invalid")
        try:
            found = loads(text, self.types)
            if self.kind is not None and not isinstance(found, self.kind):
                self.fail("kind", expected=self.kind.__name__, found=type(found).__name__)
            return found if self.to_document is None else self.to_document(found)
        except (ValidationError, DjangoValidationError):
            raise
        except Exception as error:  # noqa: BLE001 (whatever a CustomType raises is about this value)
            raise ValidationError(str(error) or type(error).__name__, code="invalid") from None

    def to_representation(self, value: Any) -> Any:
        """Return the value as JSON."""
        return as_json(value if self.to_stored is None else self.to_stored(value))


def _text(data: Any) -> str | None:
    try:
        return json.dumps(data)
    except (TypeError, ValueError, RecursionError):
        return None


class ValueChoiceField(serializers.ChoiceField):
    """One of some values, of its type; members of an Enum are shown and sent as their values.

    :param values: in the order in which they are shown.
    """

    def __init__(self, values: Iterable[Any], **kwargs: Any) -> None:
        self.values = list(values)
        super().__init__([(_choice(value), str(label(value))) for value in self.values], **kwargs)

    def to_internal_value(self, data: Any) -> Any:
        """Return the value; raises `ValidationError`. Text will do for what is none, as HTML forms have no other."""
        alike = [one for one in self.values if type(_choice(one)) is type(data) and _choice(one) == data]
        as_text = [one for one in self.values if isinstance(data, str) and str(_choice(one)) == data]
        if not (alike or as_text):
            self.fail("invalid_choice", input=str(data)[:100], value=data)
        return (alike or as_text)[0]

    def to_representation(self, value: Any) -> Any:
        """Return the value as JSON."""
        return _choice(value)


def _choice(value: Any) -> Any:
    found = plain(value)
    return found if type(found) in (str, int, float, bool) else str(found)


class SetField(serializers.ListField):
    """A set, as a list.

    :param to_stored: makes the sorted list.
    """

    def __init__(self, *, to_stored: Convert, **kwargs: Any) -> None:
        self.to_stored = to_stored
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> Any:
        """Return the set; raises `ValidationError`."""
        found = super().to_internal_value(data)
        try:
            return set(found)
        except TypeError as error:
            raise ValidationError(str(error), code="invalid") from None

    def to_representation(self, data: Any) -> Any:
        """Return the list."""
        return super().to_representation(self.to_stored(data))


class TupleField(serializers.Field):  # type: ignore[type-arg]
    """A list of fixed length, each element with a field of its own.

    :param items: the fields.
    """

    default_error_messages = {
        "not_a_list": _('Expected a list of items but got type "{input_type}".'),
        "length": _("Expected {expected} items but got {found}."),
    }

    def __init__(self, *, items: Sequence[Any], **kwargs: Any) -> None:
        self.items = list(items)
        super().__init__(**kwargs)
        for number, item in enumerate(self.items):
            item.bind(str(number), self)

    def to_internal_value(self, data: Any) -> list[Any]:
        """Return the values; raises `ValidationError`."""
        if not isinstance(data, (list, tuple)):
            self.fail("not_a_list", input_type=type(data).__name__)
        if len(data) != len(self.items):
            self.fail("length", expected=len(self.items), found=len(data))
        found: list[Any] = []
        errors: dict[Any, Any] = {}
        for number, (item, value) in enumerate(zip(self.items, data, strict=True)):
            try:
                found.append(item.run_validation(value))
            except ValidationError as error:
                errors[number] = error.detail
        if errors:
            raise ValidationError(errors)
        return found

    def to_representation(self, value: Any) -> list[Any]:
        """Return the values as JSON."""
        pairs = zip(self.items, value, strict=True)
        return [None if one is None else item.to_representation(one) for item, one in pairs]
