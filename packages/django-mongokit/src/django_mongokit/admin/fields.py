"""Fields of a document as the admin shows them: what one is called, of what type it is, and its value as text."""

from __future__ import annotations

import datetime
import enum
import json
from collections.abc import Iterator, Mapping
from typing import Any, Self

from bson import json_util
from django.conf import settings
from django.contrib.admin.utils import display_for_value
from django.forms.utils import pretty_name
from django.utils import timezone

from django_mongokit.document import DjangoDocument
from django_mongokit.places import node_at, python_type
from mongokit import Ref
from mongokit.structure.nodes import Node, RecordNode, ReferenceNode

__all__ = [
    "Column",
    "as_json",
    "in_utc",
    "is_nested",
    "label_of",
    "shown",
    "value_at",
]

_LONGEST = 200
"""Characters of a nested structure that a list shows."""


def label_of(path: str) -> str:
    """Return what people read for a field: "Meeting city" for "meeting.city"."""
    return pretty_name(path.strip("_").replace(".", " "))


def value_at(document: Mapping[str, Any], path: str) -> Any:
    """Return the value at a dotted path, a list of values where it leads through lists; None where there is none."""
    found = list(_values(document, path.split(".")))
    through_list = len(found) > 1 or (found and _passes_list(document, path.split(".")))
    return found if through_list else found[0] if found else None


def _values(value: Any, names: list[str]) -> Iterator[Any]:
    if not names:
        yield value
    elif isinstance(value, Mapping):
        if names[0] in value:
            yield from _values(value[names[0]], names[1:])
    elif isinstance(value, (list, tuple)):
        for one in value:
            yield from _values(one, names)


def _passes_list(value: Any, names: list[str]) -> bool:
    for name in names:
        if isinstance(value, (list, tuple)):
            return True
        value = value.get(name) if isinstance(value, Mapping) else None
    return False


def shown(value: Any) -> Any:
    """Return a value as Django's admin can show it: times aware, members of an Enum by their label, the rest as text.

    What Django has its own way for (numbers, times, bool, None) stays what it is.
    """
    if isinstance(value, enum.Enum):
        label = getattr(value, "label", None)
        return str(label) if label is not None else pretty_name(value.name.lower())
    if isinstance(value, datetime.datetime):
        return _shown_time(value)
    if value is None or isinstance(value, (str, bool, int, float, datetime.date, datetime.time)):
        return value
    if isinstance(value, Ref):
        return str(value.loaded if value.loaded is not None else value.id)
    if isinstance(value, DjangoDocument):
        return str(value)
    if is_nested(value):
        text = as_json(value)
        return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
    if isinstance(value, (list, tuple, set, frozenset)):
        return ", ".join(display_for_value(shown(one), "-") for one in value)
    return str(value)


def in_utc(stored: datetime.datetime) -> datetime.datetime:
    """Return a time of a document with its time zone, which is UTC where it says none."""
    return timezone.make_aware(stored, datetime.UTC) if timezone.is_naive(stored) else stored


def _shown_time(value: datetime.datetime) -> Any:
    if not settings.USE_TZ:
        return value
    try:
        timezone.localtime(in_utc(value))
    except OverflowError:
        # Here it would be in a year that Python has not.
        return f"{value.replace(tzinfo=None).isoformat(' ')} UTC"
    return in_utc(value)


def is_nested(value: Any) -> bool:
    """Return whether a value is a structure, or a list of them."""
    if isinstance(value, (list, tuple)):
        return any(isinstance(one, (Mapping, list, tuple)) for one in value)
    return isinstance(value, Mapping) and not isinstance(value, DjangoDocument)


def as_json(value: Any, indent: int | None = None) -> str:
    """Return a structure as Extended JSON, for people to read."""
    return json.dumps(value, default=_json_of, ensure_ascii=False, indent=indent)


def _json_of(value: Any) -> Any:
    try:
        return json_util.default(value, json_util.RELAXED_JSON_OPTIONS)
    except TypeError:
        return str(shown(value))


class Column(str):
    """A field of a document, as a callable that Django's `list_display` and `readonly_fields` know how to show.

    It equals its dotted name, so that it is found wherever Django looks for that.
    """

    __slots__ = ("admin_order_field", "boolean", "empty_value_display", "short_description")

    admin_order_field: str | None
    boolean: bool
    short_description: Any

    def __new__(cls, path: str, document: type[DjangoDocument], label: Any = None) -> Self:
        """Return the column of a dotted path."""
        node = node_at(document, path)
        made = super().__new__(cls, path)
        made.admin_order_field = None if _is_unordered(node) else path
        made.boolean = python_type(node) is bool
        made.short_description = label or label_of(made.path)
        return made

    @property
    def path(self) -> str:
        """Where the value is in a document; "pk" is another word for the key."""
        return "_id" if self == "pk" else str(self)

    @property
    def __name__(self) -> str:
        """What Django makes a CSS class of."""
        return self.replace(".", "-")

    def __call__(self, document: Mapping[str, Any]) -> Any:
        """Return what is shown for a document."""
        value = value_at(document, self.path)
        if self.boolean:
            return value if isinstance(value, bool) else None
        return shown(value)


def _is_unordered(node: Node | None) -> bool:
    return isinstance(node, RecordNode) or (isinstance(node, ReferenceNode) and node.eager)
