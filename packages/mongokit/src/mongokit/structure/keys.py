"""Keys that MongoDB would take for something else, in the parts of a document that the structure leaves open."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mongokit.errors import BadKeyError, EncodingError, Failure

__all__ = [
    "DEEPEST",
    "bad_keys",
    "bad_map_key",
    "open_fields",
    "shortened_path",
    "unending",
    "unstorable_key",
]

DEEPEST = 100
"""Levels of dicts and lists in each other that MongoDB documents as its limit."""

Failures = list[Failure]


def bad_keys(failures: Failures, path: str, value: Any) -> None:
    """Add a failure for each key, at any depth, with a dot or a leading ``$``, or that is no str; and for too many levels.

    A server of today stores such keys, and then no query, update or index can name them; and an operator in
    somebody's JSON would be stored as if it were a value.
    """
    waiting: list[tuple[str, Any, tuple[int, ...]]] = [(path, value, (id(value),))]
    while waiting:
        place, holder, around = waiting.pop()
        if isinstance(holder, dict):
            for key in holder:
                if not isinstance(key, str):
                    message = f"the key {key!r} of {shortened_path(place)} is no str"
                    failures.append(Failure(place, EncodingError, message, key))
                elif key[:1] == "$" or "." in key:
                    failures.append(_failure(place, key))
        for key, item in holder.items() if isinstance(holder, dict) else enumerate(holder):
            if isinstance(item, (dict, list, tuple)) and item:
                below = f"{place}.{key}"
                if id(item) in around:
                    failures.append(unending(below, item, "it holds itself"))
                elif len(around) == DEEPEST:
                    failures.append(unending(below, item, f"it is more than {DEEPEST} levels deep"))
                else:
                    waiting.append((below, item, (*around, id(item))))


def unending(path: str, value: Any, why: str) -> Failure:
    return Failure(path, EncodingError, f"{shortened_path(path)} cannot be stored: {why}", value)


def shortened_path(path: str) -> str:
    """Return a path as a message shows it: of one through a hundred levels the beginning and the end."""
    return path if len(path) <= 120 else f"{path[:60]}…{path[-40:]}"


def bad_map_key(failures: Failures, path: str, key: str) -> None:
    failures.append(_failure(path, key))


def unstorable_key(failures: Failures, path: str, key: Any) -> None:
    """Add a failure for a key of the type that the structure asks for, where MongoDB has only text."""
    message = (
        f"the key {key!r} of {shortened_path(path) or 'the document'} is no str, and MongoDB has no others"
    )
    failures.append(Failure(path, EncodingError, message, key))


def open_fields(failures: Failures, path: str, declared: Mapping[str, Any], value: Mapping[Any, Any]) -> None:
    """Look into the fields of a schemaless record that are not declared."""
    for key, item in value.items():
        if key not in declared:
            if isinstance(key, str) and (key[:1] == "$" or "." in key):
                failures.append(_failure(path, key))
            if isinstance(item, (dict, list, tuple)):
                bad_keys(failures, f"{path}.{key}" if path else str(key), item)


def _failure(path: str, key: str) -> Failure:
    where = f"{path}: the key" if path else "the field"
    shown = key if len(key) <= 60 else key[:57] + "..."
    return Failure(path, BadKeyError, f"{where} {shown!r} must not contain '.' or start with '$'", key)
