"""Form fields for values of any type, as JSON."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import EMPTY_VALUES
from django.utils.translation import gettext_lazy as _

from django_mongokit.forms.alike import is_same, kept_longs
from django_mongokit.forms.jsontext import PLAIN_TYPES, loads
from django_mongokit.forms.shown import ShownBoundField, is_text
from django_mongokit.forms.stored import text_of

__all__ = ["JsonField", "JsonListField", "JsonValueField"]

Convert = Callable[[Any], Any]


class _Text(str):
    """What somebody has sent, to be told from a value that is a text."""

    __slots__ = ()


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
        if not is_text(value):
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
        if isinstance(value, _Text) or (isinstance(value, str) and self._is_shown(value)):
            return value
        if value is None:
            value = self.empty()
        if value is None:
            return ""
        return text_of(value, self.to_stored, self.indent)

    def _is_shown(self, text: str) -> bool:
        """Return whether a text is what is to be shown, as an `initial` may be, and no stored value."""
        try:
            return self.kind is not None and isinstance(loads(text, self.types), self.kind)
        except ValidationError:
            return not text.strip()

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Return whether a text stands for another value than the initial one."""
        if self.disabled or (data is initial and not is_text(data)):
            return False
        try:
            # True is no 1, as `==` has it; and a number is of the type that it was of.
            shown = kept_longs(initial, self.to_python(self.prepare_value(initial)))
            return not is_same(shown, kept_longs(initial, self.to_python(data or "")))
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
