"""What records say of published files, read with care: nothing may be removed by records that are damaged."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .records import REPLACED, SINCE, from_json
from .regular import read_regular

__all__ = [
    "Unreadable",
    "identity",
    "inputs",
    "load",
    "outputs",
    "replaced",
    "sizes",
    "unreadable",
    "uses",
]


class Unreadable(Exception):
    """Something that says which files are wanted cannot be read, so that nothing may be removed; says what to do."""


def load(place: Path) -> Any:
    """The value in a file, or None when there is no such file.

    Raises:
        Unreadable: it is damaged.
    """
    try:
        return json.loads(read_regular(place))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError) as error:
        raise unreadable(place, error) from error


def unreadable(place: Path, error: object) -> Unreadable:
    """What is to be said of a file, and done about it."""
    return Unreadable(
        f"{place} cannot be read ({error}), so it is not known which files are wanted, and none is removed; "
        "delete it if no page needs what it stood for, or wait until newer builds have replaced it"
    )


def outputs(value: Any, place: Path) -> list[str]:
    """The paths of what the values of a record say was published."""
    try:
        return [_text(each[3]) for each in value["outputs"]]
    except (LookupError, TypeError) as error:
        raise unreadable(place, error) from error


def sizes(value: Any, place: Path) -> dict[str, int]:
    """The same, with the sizes in bytes."""
    try:
        return {_text(each[3]): int(each[5]) for each in value["outputs"]}
    except (LookupError, TypeError, ValueError) as error:
        raise unreadable(place, error) from error


def inputs(value: Any, place: Path) -> list[str]:
    """The paths of the originals that were there."""
    if isinstance(value, dict) and "outputs" not in value:
        return []
    try:
        return [_text(path) for path, seen in value["inputs"].items() if seen is not None]
    except (AttributeError, LookupError, TypeError) as error:
        raise unreadable(place, error) from error


def uses(value: Any, place: Path) -> set[tuple[str, str]]:
    """The records that are used, by key and identity."""
    try:
        return {(_text(key), _text(identity)) for key, identity in value["uses"]}
    except (LookupError, TypeError, ValueError) as error:
        raise unreadable(place, error) from error


def replaced(value: dict[str, Any], place: Path) -> Iterator[dict[str, Any]]:
    """What the record of a page said before, with the time it was replaced at."""
    try:
        for each in value.get(REPLACED, ()):
            yield {**each, SINCE: float(each[SINCE])}
    except (LookupError, TypeError, ValueError) as error:
        raise unreadable(place, error) from error


def identity(value: Any) -> str:
    """What tells this outcome from another; empty where that cannot be said any more."""
    try:
        return from_json("", value).identity
    except ValueError:
        return ""


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is not a text")
    return value
