"""An index as ``createIndexes`` takes it, and as ``listIndexes`` gives it: what of it tells indexes apart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["folded_keys", "keys_of", "options_of", "plain"]

Raw = dict[str, Any]

_NO_OPTIONS = frozenset({"name", "key", "v", "ns", "background", "comment", "dropDups", "prepareUnique"})
"""What an index does not do otherwise for."""
_DEFAULTS: Mapping[str, Any] = {
    "unique": False,
    "sparse": False,
    "hidden": False,
    "default_language": "english",
    "language_override": "language",
    "bits": 26,
    "min": -180,
    "max": 180,
}
_VERSIONS = ("textIndexVersion", "2dsphereIndexVersion")
"""Chosen by the server where they are not declared."""


def options_of(index: Mapping[str, Any], other: Mapping[str, Any]) -> Raw:
    """Return the options that are not what the server assumes anyway.

    :param other: the index to compare with.
    """
    found = {
        name: value
        for name, value in index.items()
        if name not in _NO_OPTIONS
        and value is not None
        and not (name in _DEFAULTS and value == _DEFAULTS[name])
        and not (name in _VERSIONS and name not in other)
    }
    weights = _weights(index)
    found.pop("weights", None)
    if any(weight != 1 for weight in weights.values()):
        found["weights"] = weights
    return found


def keys_of(index: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Return the keys of an index with their directions, 1 and -1, or kinds."""
    return [
        (name, kind if isinstance(kind, str) else (1 if kind > 0 else -1))
        for name, kind in index.get("key", {}).items()
    ]


def folded_keys(index: Mapping[str, Any]) -> Any:
    """Return the keys as they are compared: the fields of a text index have no order."""
    keys = [
        ("", "text") if kind == "text" else (name, kind) for name, kind in keys_of(index) if name != "_ftsx"
    ]
    folded = [pair for i, pair in enumerate(keys) if pair not in keys[:i]]
    return folded, sorted(_weights(index))


def _weights(index: Mapping[str, Any]) -> dict[str, Any]:
    fields = [name for name, kind in keys_of(index) if kind == "text" and name != "_fts"]
    return {**dict.fromkeys(fields, 1), **index.get("weights", {})}


def plain(value: Any) -> Any:
    """Return a value with plain dicts in it, which compare without regard to order."""
    if isinstance(value, Mapping):
        return {name: plain(item) for name, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, (list, tuple)) else value
