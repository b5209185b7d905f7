"""The switches of a class that decide what a type accepts."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Rules"]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Rules:
    """The switches of a class."""

    owner: str
    schemaless: bool = False
    bool_for_int: bool = False
    int_for_float: bool = True
    naive_datetimes: bool = True
