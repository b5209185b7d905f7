"""What a stored document has beside its structure, or against it: a form leaves it as it is, unless somebody changes it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from django import forms

from django_mongokit.forms.refusals import failures_of
from mongokit import SchemaTypeError, StructureError
from mongokit.errors import Failure
from mongokit.structure.nodes import reaches

__all__ = ["show_what_is_wrong", "strays_of", "without"]

_BLANK = frozenset({"number", "date", "datetime-local", "time", "color"})
"""Inputs that browsers leave empty for what does not fit them."""
_POSITION = re.compile(r"\.\d+(?=\.|$)")


def strays_of(document: Any) -> frozenset[str]:
    """Return the dotted paths of the fields that a document has and its class does not declare.

    What is in lists has no positions: another order of the elements does not make it new.
    """
    root = type(document)._structure.root
    return frozenset(
        _general(failure.path)
        for failure in failures_of(document)[0]
        if failure.error is StructureError and failure.path and not reaches(root, failure.path)
    )


def without(failures: Iterable[Failure], strays: frozenset[str]) -> list[Failure]:
    """Return the failures that are not about these paths."""
    return [failure for failure in failures if _general(failure.path) not in strays]


def _general(path: str) -> str:
    return _POSITION.sub("", path)


def show_what_is_wrong(fields: dict[str, forms.Field], document: Any) -> None:
    """Have the fields whose stored value is of a wrong type show it as text.

    A browser leaves an input for numbers empty that is to show "many", and a choice that is none; what was not shown
    would be replaced by nothing, whoever changes something else.
    """
    for failure in failures_of(document)[0]:
        field = fields.get(failure.path)
        if field is None or failure.error is not SchemaTypeError:
            continue
        if isinstance(field.widget, forms.Select) and not field.widget.allow_multiple_selected:
            field.widget = forms.TextInput(field.widget.attrs)
        elif getattr(field.widget, "input_type", None) in _BLANK:
            widget: Any = field.widget
            widget.input_type = "text"
