"""What new documents hold, as a class body says it beside plain values: made anew for each, or nothing at all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

__all__ = ["Absent", "Factory", "absent", "field"]

T = TypeVar("T")


class Factory:
    """What makes the default of each new document."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self.make = make


def field(*, default_factory: Callable[[], T]) -> T:
    """Return, as the value of an annotated field, that its default is made anew for each document.

    ``when: datetime = field(default_factory=now)``. Other defaults are written as they are; what can be
    changed is copied for each document.
    """
    if not callable(default_factory):
        raise TypeError(
            f"field(default_factory={default_factory!r}): accepted is a callable without parameters"
        )
    return Factory(default_factory)  # type: ignore[return-value]  # seen by a type checker as the field's type


class Absent:
    """The type of ``absent``, of which there is one."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "absent"

    def __reduce__(self) -> str:
        # Copies and pickles are the one there is.
        return "absent"


absent: Any = Absent()
"""The default of a field that a document may do without: ``isbn: str | None = absent``.

A new document does not have it, and none must; ``del document["isbn"]`` takes it out again. As an attribute it reads as
None. In ``default_values`` it says the same of any named field, in lists too.
"""
