"""The switches of a class that decide what a type accepts."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["Rules"]


class Rules(NamedTuple):
    """The switches of a class."""

    owner: str
    schemaless: bool = False
    bool_for_int: bool = False
    int_for_float: bool = True
    naive_datetimes: bool = True
    keeps_unreadable: bool = False
