"""What is stored, and a type's ``to_python`` cannot read: it stays in the document, for validation to name."""

from __future__ import annotations

from typing import Any

from mongokit.errors import shortened

__all__ = ["Unreadable"]


class Unreadable:
    """A value that the ``to_python`` of a CustomType has raised for, where the class has ``keep_unreadable``.

    It is invalid wherever it is, and is stored as it was: a document is saved once another value is in its place.
    """

    __slots__ = ("error", "stored")

    def __init__(self, stored: Any, error: Exception) -> None:
        self.stored = stored
        """What the database has."""
        self.error = f"{type(error).__name__}: {error}"
        """What ``to_python`` has raised, in words."""

    def __repr__(self) -> str:
        return f"<unreadable {shortened(self.stored)} ({shortened(self.error)})>"

    def __str__(self) -> str:
        return str(self.stored)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Unreadable) and bool(other.stored == self.stored)

    __hash__ = None  # type: ignore[assignment]  # what is stored may be a list
