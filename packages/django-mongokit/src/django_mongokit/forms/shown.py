"""A field of a form whose input stands for the stored value as long as it reads as it was shown."""

from __future__ import annotations

from typing import Any

from bson import Code
from django.forms.boundfield import BoundField

__all__ = ["ShownBoundField", "in_one_line", "is_as_shown", "is_text"]


def is_text(value: Any) -> bool:
    """Return whether a value is text to be read; Code is a str, and a value."""
    return isinstance(value, str) and not isinstance(value, Code)


def in_one_line(text: Any) -> str:
    """Return a text without line ends, of which browsers send others, or none."""
    return str(text).replace("\r", "").replace("\n", "")


def is_as_shown(bound: BoundField) -> bool:
    """Return whether the text that was sent for a field is the one that its input showed."""
    widget: Any = bound.field.widget
    sent = widget.value_from_datadict(bound.form.data, bound.form.files, bound.html_name)
    shown = widget.format_value(bound.field.prepare_value(bound.initial))
    return isinstance(sent, str) and in_one_line(sent) == in_one_line("" if shown is None else shown)


class ShownBoundField(BoundField):
    """A field whose input, as long as it reads as it was shown, stands for the stored value itself.

    Text may say less than the value: a time of day that the clock shows twice when summer ends, a pattern in a dict.
    """

    field: Any
    """It has `itself(value)`: what its `clean` takes for a stored value."""

    @property
    def data(self) -> Any:
        """What was sent; the stored value where that is as it was shown."""
        sent = super().data
        form: Any = self.form
        stored = getattr(form, "stored", None)
        if not isinstance(sent, str) or not stored or form.is_new or self.name in form.given:
            return sent
        value = stored.get(self.name)
        if value is None or is_text(value) or self.name in form.unfit:
            # Of one that is of a wrong type the field knows the text only.
            return sent
        widget: Any = self.field.widget
        shown = widget.format_value(self.field.prepare_value(self.initial))
        # Browsers send the lines of a textarea with the line ends of HTTP.
        return self.field.itself(value) if sent.replace("\r\n", "\n") == shown else sent
