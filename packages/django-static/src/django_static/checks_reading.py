"""What checks have in common: the value that a setting was given, and the message that it is wrong."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import Error

from .conf import PREFIX

__all__ = ["given", "wrong"]


def given(name: str) -> Any:
    """A setting as it is, by the rest of its name; None where there is none."""
    return getattr(settings, PREFIX + name, None)


def wrong(name: str, hint: str, id: str, why: str = "") -> Error:
    """What is to be said of a setting that is not as it must be."""
    return Error(f"{PREFIX}{name} is {given(name)!r}{f': {why}' if why else ''}.", hint=hint, id=id)
