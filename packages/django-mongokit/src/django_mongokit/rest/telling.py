"""What a document class says of errors, as JSON: with what was sent, and where, which only the outermost serializer knows."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from rest_framework.exceptions import ErrorDetail
from rest_framework.fields import empty
from rest_framework.settings import api_settings

from django_mongokit.forms.messages import Message
from mongokit.errors import shortened

__all__ = ["SentMessage", "with_sent"]

_SENT, _PATH = (f"\ue000{secrets.token_hex(16)}\ue000" for _ in range(2))
"""Stand in a text for what was sent, and for its path, until those are known. Nobody can send them."""


class SentMessage(Message):
    """A text of a document class for an error that a serializer field finds: `with_sent` puts in what was sent, and where."""

    __slots__ = ()

    def _unknown(self) -> str:
        return _SENT

    def _placeholder(self, name: str) -> str:
        return _PATH if name == "path" else super()._placeholder(name)


def with_sent(detail: Any, value: Any, path: str = "") -> Any:
    """Return the errors of a value with what was sent, and its path, where their texts ask for it.

    :param detail: of a `ValidationError`: a list of errors, or errors by field or position.
    :param value: what was sent; the framework's `empty` for nothing.
    :param path: of the value, dotted.
    """

    def inside(one: Any, key: Any) -> Any:
        return with_sent(one, _at(value, key), f"{path}.{key}" if path else str(key))

    if isinstance(detail, Mapping):
        own = api_settings.NON_FIELD_ERRORS_KEY
        return {
            key: with_sent(one, value, path) if key == own else inside(one, key)
            for key, one in detail.items()
        }
    if isinstance(detail, list):
        # Errors of a value, or, of a list, those of each element.
        is_of_elements = any(isinstance(one, (Mapping, list)) for one in detail)
        return [
            inside(one, position) if is_of_elements else with_sent(one, value, path)
            for position, one in enumerate(detail)
        ]
    if isinstance(detail, ErrorDetail) and (_SENT in detail or _PATH in detail):
        sent = shortened(None if value is empty else value)
        return ErrorDetail(detail.replace(_PATH, path).replace(_SENT, sent), detail.code)
    return detail


def _at(value: Any, key: Any) -> Any:
    if isinstance(value, Mapping):
        return value.get(key, empty)
    is_list = isinstance(value, Sequence) and not isinstance(value, (str, bytes))
    return value[key] if is_list and isinstance(key, int) and 0 <= key < len(value) else empty
