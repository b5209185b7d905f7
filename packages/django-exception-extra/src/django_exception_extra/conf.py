"""The settings, each read when it is asked for, so that `override_settings` works."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from asgiref.sync import iscoroutinefunction
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest
from django.utils.module_loading import import_string

__all__ = [
    "MODES",
    "NAMES",
    "SWITCHES",
    "Custom",
    "answer",
    "custom_identity",
    "identity",
    "in_debug",
    "report_streams",
]

Custom = Callable[[HttpRequest, Any], str | None]

MODES = ("id", "username", "masked", "full")
SWITCHES = ("EXCEPTION_EXTRA_IN_DEBUG", "EXCEPTION_EXTRA_REPORT_STREAMS")
_NO_ANSWERS: dict[str, Callable[[object], bool]] = {
    "is async and would not be awaited": lambda f: iscoroutinefunction(f) or inspect.isasyncgenfunction(f),
    "is a generator and would not be run": inspect.isgeneratorfunction,
}
NAMES = ("EXCEPTION_EXTRA_IDENTITY", *SWITCHES)


def identity() -> Any:
    """`EXCEPTION_EXTRA_IDENTITY`: one of `MODES`, or the dotted path of a `Custom` function; as written, unchecked."""
    return getattr(settings, "EXCEPTION_EXTRA_IDENTITY", "full")


def in_debug() -> bool:
    """`EXCEPTION_EXTRA_IN_DEBUG`: whether to work while `DEBUG` is on, too."""
    return bool(getattr(settings, "EXCEPTION_EXTRA_IN_DEBUG", False))


def report_streams() -> bool:
    """`EXCEPTION_EXTRA_REPORT_STREAMS`: whether an error in the body of a streaming answer is logged as Django logs others."""
    return bool(getattr(settings, "EXCEPTION_EXTRA_REPORT_STREAMS", False))


def custom_identity(value: object) -> Custom:
    """The function a value of `EXCEPTION_EXTRA_IDENTITY` outside `MODES` points to.

    Raises `ImproperlyConfigured`, with what is accepted, for anything that is not the dotted path of a callable.
    """
    accepted = (
        f"one of {', '.join(map(repr, MODES))} or the dotted path of a function (request, user) -> str | None"
    )
    if not isinstance(value, str) or "." not in value:
        raise ImproperlyConfigured(f"EXCEPTION_EXTRA_IDENTITY is {value!r}, it must be {accepted}.")
    try:
        function = import_string(value)
    except Exception as error:  # not only ImportError: a module can raise anything
        raise ImproperlyConfigured(
            f"EXCEPTION_EXTRA_IDENTITY is {value!r}, which cannot be imported: {type(error).__name__}: {error}"
        ) from error
    if not callable(function):
        raise ImproperlyConfigured(
            f"EXCEPTION_EXTRA_IDENTITY is {value!r}, which is a {type(function).__name__}; it must be {accepted}."
        )
    # Of an object it is its class that says so.
    for kind, is_one in _NO_ANSWERS.items():
        if any(map(is_one, (function, type(function).__call__))):
            raise ImproperlyConfigured(
                f"EXCEPTION_EXTRA_IDENTITY is {value!r}, which {kind}; it must be {accepted}."
            )
    if isinstance(function, type) or not _takes_two(function):
        raise ImproperlyConfigured(
            f"EXCEPTION_EXTRA_IDENTITY is {value!r}, which cannot be called as (request, user); it must be {accepted}."
        )
    custom: Custom = function
    return custom


def answer(given: object) -> str:
    """What a `Custom` function has returned, as text; "" for None.

    Raises `TypeError` for what would have to be awaited or iterated over, which only the call can tell of some functions.
    """
    if inspect.iscoroutine(given):
        given.close()  # else Python warns of it
    if inspect.isawaitable(given) or inspect.isgenerator(given) or inspect.isasyncgen(given):
        raise TypeError(
            f"The function of EXCEPTION_EXTRA_IDENTITY returned a {type(given).__name__}; it must return str or None."
        )
    return "" if given is None else str(given)


def _takes_two(function: Callable[..., Any]) -> bool:
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # written in C, and says nothing
        return True
    try:
        signature.bind(None, None)
    except TypeError:
        return False
    return True
