"""Values to choose from: members of an Enum, of a Literal, or of `IS(…)`."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django import forms
from django.forms.utils import pretty_name

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise

__all__ = ["ValueChoiceField", "ValueMultipleChoiceField", "label", "plain"]


class _Values:
    """Values, each with the text that stands for it in HTML."""

    def __init__(self, values: Iterable[Any]) -> None:
        self.by_key: dict[str, Any] = {}
        # Texts first: they stand for themselves.
        for value in sorted(values, key=lambda one: not isinstance(plain(one), str)):
            key = str(plain(value))
            while key in self.by_key:
                key = f"{type(plain(value)).__name__}:{key}"
            self.by_key[key] = value

    def key(self, value: Any) -> Any:
        """Return the text for a value; what is no value of these is returned as it is."""
        for key, known in self.by_key.items():
            if type(known) is type(value) and known == value:
                return key
        return value


def plain(value: Any) -> Any:
    """Return the value of a member of an Enum, and what is none as it is."""
    return value.value if isinstance(value, enum.Enum) else value


def label(value: Any) -> _StrOrPromise:
    """Return what people read for a value to choose."""
    if isinstance(value, enum.Enum):
        found: _StrOrPromise | None = getattr(value, "label", None)  # of Django's own Choices
        return pretty_name(value.name.lower()) if found is None else found
    return str(value)


def _choices(values: Iterable[Any], known: _Values) -> list[tuple[str, _StrOrPromise]]:
    return [(known.key(value), label(value)) for value in values]


class ValueChoiceField(forms.TypedChoiceField):
    """One of some values; cleaned to the value itself, of its type.

    :param values: in the order in which they are shown.
    """

    def __init__(self, values: Iterable[Any], **kwargs: Any) -> None:
        values = list(values)
        self.values = _Values(values)
        choices = [("", "---------"), *_choices(values, self.values)]
        super().__init__(
            **{"choices": choices, "coerce": self.values.by_key.__getitem__, "empty_value": None, **kwargs}
        )

    def prepare_value(self, value: Any) -> Any:
        """Return the text that stands for a value."""
        return self.values.key(value)

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Return whether another value is chosen than the initial one."""
        before = self.prepare_value(initial)
        return not self.disabled and ("" if before is None else before) != (data or "")


class ValueMultipleChoiceField(forms.TypedMultipleChoiceField):
    """Several of some values, as a list, in the order in which the values are shown.

    :param values: in the order in which they are shown.
    """

    def __init__(self, values: Iterable[Any], **kwargs: Any) -> None:
        values = list(values)
        self.values = _Values(values)
        choices = _choices(values, self.values)
        super().__init__(**{"choices": choices, "coerce": self.values.by_key.__getitem__, **kwargs})

    def prepare_value(self, value: Any) -> Any:
        """Return the texts that stand for the values of a list."""
        return [self.values.key(one) for one in value] if isinstance(value, (list, tuple, set)) else value

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Return whether other values are chosen than the initial ones; a None among these, which nobody can choose, is no
        matter of that."""
        before = {one for one in self.prepare_value(initial or []) if one is not None}
        return not self.disabled and before != set(data or [])
