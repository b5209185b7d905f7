"""Inputs that hold the values they show: browsers take the line ends out of some, and empty others of what does not fit."""

from __future__ import annotations

import copy
import math
import re
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from django import forms
from django.forms.boundfield import BoundField

from django_mongokit.forms.shown import is_text

if TYPE_CHECKING:
    from django_mongokit.forms.records import BaseRecordForm

__all__ = ["reads_as_shown", "show_whole", "with_plain_ends"]

_ONE_LINE = frozenset({"text", "search", "tel", "url", "email"})
"""Inputs out of which browsers take line ends."""
_TRIMMED = frozenset({"url", "email"})
_NUMBER = re.compile(r"-?(\d+(\.\d+)?|\.\d+)([eE][-+]?\d+)?", re.ASCII)


def _is_number(text: str) -> bool:
    return _NUMBER.fullmatch(text) is not None and math.isfinite(float(text))


def _matches(pattern: str) -> Callable[[str], bool]:
    compiled = re.compile(pattern, re.ASCII)
    return lambda text: compiled.fullmatch(text) is not None


_TIME = r"\d\d:\d\d(:\d\d(\.\d{1,3})?)?"
_FITTING: dict[str, Callable[[str], bool]] = {
    "number": _is_number,
    "range": _is_number,
    "date": _matches(r"\d{4,}-\d\d-\d\d"),
    "datetime-local": _matches(rf"\d{{4,}}-\d\d-\d\d[T ]{_TIME}"),
    "time": _matches(_TIME),
}
"""Which texts browsers leave in inputs that they empty of all others, or fill with something else."""
_MOST_ROWS = 12


def with_plain_ends(text: str) -> str:
    """Return a text with the line ends that all systems know; browsers send those of HTTP."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def show_whole(form: BaseRecordForm) -> None:
    """Have the inputs of a form hold what they are to show, be it stored, a default, or what was sent.

    A text of several lines is in a textarea: of another input browsers send it in one. A NaN, and what else is no
    number to them, is in an input for texts: they empty one for numbers, and the value would be replaced by none.
    """
    for name, field in form.fields.items():
        widget: Any = field.widget
        if not isinstance(widget, forms.widgets.Input):
            continue
        kind = _kind(widget)
        if kind in _FITTING:
            if not all(map(_FITTING[kind], _texts(form, name, field))):
                widget.input_type = "text"
                widget.attrs.pop("type", None)
        elif kind in _ONE_LINE and any(map(_has_lines, _given(form, name, field))):
            field.widget = _textarea(field, max(map(_lines, _given(form, name, field))))


def reads_as_shown(bound: BoundField) -> bool:
    """Return whether a field that shows a text was sent as a browser sends it when nobody touches it."""
    widget: Any = bound.field.widget
    shown = bound.field.prepare_value(bound.initial)
    if not (isinstance(bound.initial, str) and is_text(shown)) or bound.field.disabled:
        return False
    sent = widget.value_from_datadict(bound.form.data, bound.form.files, bound.html_name)
    return isinstance(sent, str) and _as_sent(widget, sent) == _as_sent(widget, shown)


def _as_sent(widget: Any, text: str) -> str:
    # No page can hold a NUL: browsers put the sign for what is unknown in its place.
    plain = with_plain_ends(text).replace("\x00", "\ufffd")
    return plain.strip() if _kind(widget) in _TRIMMED else plain


def _kind(widget: Any) -> str | None:
    kind: str | None = widget.attrs.get("type", getattr(widget, "input_type", None))
    return kind


def _given(form: BaseRecordForm, name: str, field: forms.Field) -> Iterator[Any]:
    """Yield the value that a field shows first, and what was sent for it."""
    value = form.initial.get(name, field.initial)
    # A default that is made would be another one when it is made again.
    if not callable(value):
        yield value
    if form.is_bound:
        yield field.widget.value_from_datadict(form.data, form.files, form.add_prefix(name))


def _texts(form: BaseRecordForm, name: str, field: forms.Field) -> Iterator[str]:
    for value in _given(form, name, field):
        text = field.widget.format_value(field.prepare_value(value))
        if isinstance(text, str) and text:
            yield text


def _has_lines(value: Any) -> bool:
    return _lines(value) > 1


def _lines(value: Any) -> int:
    if is_text(value):
        return 1 + with_plain_ends(value).count("\n")
    words: Iterable[Any] = value if isinstance(value, (list, tuple, set)) else ()
    return 1 + sum(_lines(word) - 1 for word in words if is_text(word))


def _textarea(field: forms.Field, lines: int) -> forms.Widget:
    before: Any = field.widget
    made: Any = copy.deepcopy(getattr(field, "textarea", None)) or forms.Textarea()
    own = {**made.attrs, "rows": str(min(lines + 1, _MOST_ROWS))}
    kept = {name: value for name, value in before.attrs.items() if name not in {"type", "size"}}
    made.attrs = {**kept, **own}
    made.is_required, made.is_localized = before.is_required, before.is_localized
    return made  # type: ignore[no-any-return]  # a widget
