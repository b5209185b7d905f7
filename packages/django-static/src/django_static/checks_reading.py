"""What checks have in common: the value that a setting was given, the function it names, and the message that it is wrong."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.checks import Error
from django.utils.module_loading import import_string

from .conf import PREFIX

__all__ = ["function_of", "given", "see_arguments", "wrong"]


def given(name: str) -> Any:
    """A setting as it is, by the rest of its name; None where there is none."""
    return getattr(settings, PREFIX + name, None)


def wrong(name: str, hint: str, id: str, why: str = "") -> Error:
    """What is to be said of a setting that is not as it must be."""
    return Error(f"{PREFIX}{name} is {given(name)!r}{f': {why}' if why else ''}.", hint=hint, id=id)


def function_of(value: object, *arguments: object) -> Callable[..., str]:
    """The function that a setting names or is.

    Raises:
        Exception: it is none that can be called so; or whatever importing it raises.
    """
    if not isinstance(value, str) and not callable(value):
        raise TypeError("it is neither a function nor the dotted path of one")
    function: object = value if callable(value) else import_string(str(value))
    if not callable(function):
        raise TypeError(f"{function!r} cannot be called")
    see_arguments(function, *arguments)
    return function


def see_arguments(function: Callable[..., object], *arguments: object, **named: object) -> None:
    """
    Raises:
        TypeError: it cannot be called so.
    """
    try:
        taken = inspect.signature(function)
    except (TypeError, ValueError):
        return  # one that is not written in Python
    taken.bind(*arguments, **named)
