"""Unique sparse indexes, of which people expect that any number of documents may lack a value."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

__all__ = ["may_be_missing", "may_be_null", "sparse_and_unique"]


def sparse_and_unique(document: Any) -> Iterator[tuple[str, ...]]:
    """Yield the fields of each unique sparse index of a class."""
    for index in document._indexes:
        options = dict(index.options)
        names = tuple(name for name, _direction in index.keys)
        if options.get("unique") and options.get("sparse") and "_id" not in names:
            yield names


def may_be_null(document: Any, path: str) -> bool:
    """Return whether the structure of a class takes null in a field."""
    node = document._structure.places.get(path)
    return node is None or node.unset or not (node.required or node.present or node.filled)


def may_be_missing(document: Any, path: str) -> bool:
    """Return whether the documents of a class may do without a field."""
    node = document._structure.places.get(path)
    return bool(document.use_schemaless) or (node is not None and node.optional)
