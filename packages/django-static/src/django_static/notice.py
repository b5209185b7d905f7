"""A line for people, with what it is about."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Self

__all__ = ["Notice", "listed", "restored"]


class Notice(str):
    """A line for people that knows what it is about, so that those who leave that alone need not read it out of the text.

    Args:
        about: the path of a file, or the name of a template; empty for the work as a whole.
    """

    about: str

    def __new__(cls, text: str, about: str = "") -> Self:
        notice = super().__new__(cls, text)
        notice.about = about
        return notice


def listed(notices: Iterable[Notice]) -> list[list[str]]:
    """Notices as plain values."""
    return [[each.about, str(each)] for each in notices]


def restored(values: Iterable[Iterable[object]]) -> tuple[Notice, ...]:
    """The notices of such values.

    Raises:
        TypeError, ValueError: they are damaged.
    """
    return tuple(Notice(str(text), str(about)) for about, text in values)
