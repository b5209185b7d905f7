"""Django's widgets for dates and times, as HTML5 inputs that browsers have a picker for."""

from __future__ import annotations

import datetime
from typing import Any

from django import forms

__all__ = ["DateInput", "DateTimeInput", "TimeInput"]


class DateInput(forms.DateInput):
    """`<input type="date">`; its value is ISO 8601 whatever the locale, as HTML demands."""

    input_type = "date"

    def __init__(self, attrs: dict[str, Any] | None = None, format: str = "%Y-%m-%d") -> None:
        super().__init__(attrs, format)

    def format_value(self, value: Any) -> str | None:
        """Return the text of a date, in the form HTML demands; a text that was sent is left as it is."""
        if self.format == "%Y-%m-%d" and isinstance(value, datetime.date):
            return value.isoformat()[:10]  # strftime writes early years with fewer digits
        return super().format_value(value)


class TimeInput(forms.TimeInput):
    """`<input type="time">`, with seconds where there are some."""

    input_type = "time"

    def __init__(self, attrs: dict[str, Any] | None = None, format: str | None = None) -> None:
        # Without a step browsers would refuse a time with seconds once its minutes are changed.
        super().__init__({"step": "any", **(attrs or {})}, format)

    def format_value(self, value: Any) -> str | None:
        """Return the text of a time, in the form HTML demands; a text that was sent is left as it is."""
        if self.format is None and isinstance(value, (datetime.time, datetime.datetime)):
            time = value.time() if isinstance(value, datetime.datetime) else value
            return time.isoformat("seconds" if time.second else "minutes")
        return super().format_value(value)


class DateTimeInput(forms.DateTimeInput):
    """`<input type="datetime-local">`, with seconds where there are some."""

    input_type = "datetime-local"

    def __init__(self, attrs: dict[str, Any] | None = None, format: str | None = None) -> None:
        super().__init__({"step": "any", **(attrs or {})}, format)

    def format_value(self, value: Any) -> str | None:
        """Return the text of a time, in the form HTML demands; a text that was sent is left as it is."""
        if self.format is None and isinstance(value, datetime.datetime):
            return value.replace(tzinfo=None).isoformat("T", "seconds" if value.second else "minutes")
        return super().format_value(value)
