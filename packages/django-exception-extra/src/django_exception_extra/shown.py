"""The values of a report as text, none of which is worked out for it.

Django's own report evaluates a lazy object that is a local variable, to see what kind of thing it is: of `request.user`
this means queries, a session marked as accessed, or even ended.
"""

from __future__ import annotations

import pprint
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.http import HttpRequest

from . import lazies

if TYPE_CHECKING:
    from _typeshed import SupportsWrite

__all__ = ["ON_A_PAGE", "ON_ONE_LINE", "Filter", "as_seen"]

# How many characters wide a value is printed: as `pprint` does, which Django uses on its page, and for the text of a mail.
ON_A_PAGE = 80
ON_ONE_LINE = sys.maxsize


class Filter:
    """The filter of a reporter, which is never given an unevaluated lazy object, and nor is who prints what it returns."""

    def __init__(self, inner: Any, *, meta_width: int) -> None:
        self._inner = inner
        self._meta_width = meta_width

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def get_traceback_frame_variables(
        self, request: HttpRequest | None, tb_frame: Any
    ) -> Iterable[tuple[str, Any]]:
        found = self._inner.get_traceback_frame_variables(request, _Frame(tb_frame))
        return [(name, _Printed(value)) for name, value in found]

    def get_safe_request_meta(self, request: HttpRequest) -> dict[str, Any]:
        found = self._inner.get_safe_request_meta(request)
        # Not what is text, which templates of the project may use as such.
        return {
            name: value if type(value) is str else _Printed(value, self._meta_width)
            for name, value in found.items()
        }


def as_seen(value: Any) -> Any:
    """The value with a stand-in for each unevaluated lazy object in it, as deep as a filter looks for what is secret."""
    if lazies.is_unevaluated(value):
        return _Unevaluated(value)
    # Subclasses, too: a filter makes such a plain one of each of them.
    if issubclass(type(value), dict):
        return {name: as_seen(each) for name, each in value.items()}
    for kind in (list, tuple):
        if issubclass(type(value), kind):
            return kind(map(as_seen, value))
    return value


class _Frame:
    """A frame whose variables have stand-ins; of a function's callers, which are not printed, all is as it is."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self.f_locals = {name: _shallow(value) for name, value in inner.f_locals.items()}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


def _shallow(value: Any) -> Any:
    return _Unevaluated(value) if lazies.is_unevaluated(value) else value


class _Unevaluated:
    def __init__(self, value: Any) -> None:
        self._name = type(value).__name__

    def __repr__(self) -> str:
        return f"<{self._name}: not evaluated>"


class _Printed:
    """A value that prints as Django prints it, but for the lazy objects in it."""

    def __init__(self, value: Any, width: int = ON_A_PAGE) -> None:
        self._value = value
        self._width = width

    def __repr__(self) -> str:
        return _Printer(width=self._width).pformat(self._value)


class _Printer(pprint.PrettyPrinter):
    """It asks each value for its class, where a lazy object answers for that of what it stands for."""

    def format(
        self, object: Any, context: dict[int, int], maxlevels: int, level: int
    ) -> tuple[str, bool, bool]:
        return super().format(_shallow(object), context, maxlevels, level)

    def _format(
        self,
        object: Any,
        stream: SupportsWrite[str],
        indent: int,
        allowance: int,
        context: dict[int, int],
        level: int,
    ) -> None:
        super()._format(_shallow(object), stream, indent, allowance, context, level)
