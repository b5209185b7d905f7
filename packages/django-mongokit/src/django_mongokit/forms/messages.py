"""What a document class says of errors (`error_messages`), for the fields of forms and serializers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Self

from mongokit.errors import shortened
from mongokit.structure.messages import filled, placeholders_of, text_of
from mongokit.structure.nodes import Node
from mongokit.structure.wording import placeholder

__all__ = ["Message", "codes_of", "field_messages", "form_messages"]

_FORM_KINDS = {
    "required": "required",
    "invalid": "invalid_type",
    "invalid_list": "invalid_type",
    "kind": "invalid_type",
    "invalid_choice": "invalid_choice",
}
"""Codes of form fields, with the kinds that documents have for the same."""
_LIMITS = ("min_value", "max_value", "step_size", "min_length", "max_length")
_VALUES = ("value", "input", "pk_value")
"""Under which names Django and Django REST framework say what was sent."""


class Message:
    """A text of a document class, for errors that a field finds: filled in when it is shown, in the language of then.

    Django takes it for a text with parameters (`%`), Django REST framework for one with braces (`format`); it is neither,
    so that nothing in it, nor in what was sent, is mistaken for a place to be filled in.
    """

    __slots__ = ("_kind", "_node", "_text")

    def __init__(self, text: Any, node: Node, kind: str) -> None:
        self._text = text
        self._node = node
        self._kind = kind

    def __str__(self) -> str:
        return self._filled(self._unknown())

    def __mod__(self, params: Any) -> str:
        return self.format(**params) if isinstance(params, Mapping) else str(self)

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self

    def format(self, *_given: Any, **params: Any) -> str:
        """Return the text for an error with parameters."""
        found = [params[name] for name in _VALUES if name in params]
        return self._filled(shortened(found[0]) if found else self._unknown())

    def _unknown(self) -> str:
        """Return what stands for the value where it is not told."""
        return shortened(None)

    def _filled(self, value: str) -> str:
        def value_of(name: str) -> str:
            return value if name == "value" else self._placeholder(name)

        return _Finished(filled(self._text, value_of))

    def _placeholder(self, name: str) -> str:
        return placeholder(self._node, self._kind, name)

    def asks_for_value(self) -> bool:
        """Return whether the text is to name the value that is wrong."""
        return "value" in placeholders_of(self._text)


class _Finished(str):
    """A text in which nothing is left to be filled in."""

    __slots__ = ()

    def __mod__(self, params: Any) -> str:
        return self

    def format(self, *_given: Any, **_params: Any) -> str:
        return self


def field_messages(node: Node, kinds: Mapping[str, str], message: type[Message] = Message) -> dict[str, Any]:
    """Return what a document class says of a place, by the codes of a field's errors.

    :param kinds: those codes, with the kinds of `error_messages`.
    :param message: what a text with something to be filled in becomes.
    """
    if not node.messages:
        return {}
    found = {}
    for code, kind in kinds.items():
        text = text_of(node.messages, kind)
        if text is not None:
            is_plain = isinstance(text, str) and not set("{}%") & set(text)
            found[code] = text if is_plain else message(text, node, kind)
    return found


def codes_of(field_class: Callable[..., Any]) -> set[str]:
    """Return the codes of errors for which the fields of a class have texts."""
    classes: Iterable[type] = field_class.__mro__ if isinstance(field_class, type) else ()
    return {code for cls in classes for code in vars(cls).get("default_error_messages", ())}


def form_messages(
    node: Node, field_class: Callable[..., Any], parameters: Mapping[str, Any]
) -> dict[str, Any]:
    """Return what a document class says of a place, as `error_messages` of a form field.

    :param parameters: of the field; its limits are what validators of the document ask for.
    """
    if not node.messages:
        return {}
    codes = codes_of(field_class) or {"required", "invalid"}
    kinds = {code: kind for code, kind in _FORM_KINDS.items() if code in codes}
    return field_messages(node, {**kinds, **{name: "validator" for name in _LIMITS if name in parameters}})
