"""The mark of methods that change what is stored, which template engines respect: else `{{ talk.delete }}` deletes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

__all__ = ["alters_data"]

M = TypeVar("M", bound=Callable[..., Any])


def alters_data(method: M) -> M:
    """Mark a method as Django's templates, and the sandbox of Jinja2, want to be told: they do not call it."""
    method.alters_data = True  # type: ignore[attr-defined]  # a function has whatever it is given
    return method
