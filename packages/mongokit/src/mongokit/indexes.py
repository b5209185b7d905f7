"""Indexes as declared by ``indexes``, checked when the class is made."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import FrameType
from typing import Any, NamedTuple

from pymongo import IndexModel

from mongokit.errors import BadIndexError
from mongokit.guessing import meant
from mongokit.structure import Structure

__all__ = [
    "INDEX_ALL",
    "INDEX_ASCENDING",
    "INDEX_DESCENDING",
    "INDEX_GEO2D",
    "INDEX_GEOHAYSTACK",
    "INDEX_GEOSPHERE",
    "INDEX_HASHED",
    "INDEX_OFF",
    "Index",
    "parse_indexes",
]

INDEX_ASCENDING = 1
INDEX_DESCENDING = -1
INDEX_OFF = 0
INDEX_ALL = 2
INDEX_GEO2D = "2d"
INDEX_GEOHAYSTACK = "geoHaystack"
INDEX_GEOSPHERE = "2dsphere"
INDEX_HASHED = "hashed"

_DIRECTIONS = (1, -1, 0, 2, "2d", "2dsphere", "geoHaystack", "hashed", "text")
_ALWAYS_THERE = frozenset({"_id", "_ns", "_revision", "_version"})
_OBSOLETE = {
    "ttl": "it was MongoKit's cache time and never made a document expire; for that give expireAfterSeconds",
    "dropDups": "no supported MongoDB drops duplicates",
}


class Index(NamedTuple):
    """One checked index."""

    keys: tuple[tuple[str, int | str], ...]
    options: tuple[tuple[str, Any], ...]

    def model(self) -> IndexModel:
        """Return what PyMongo's ``create_indexes`` takes."""
        return IndexModel(
            [(name, 1 if kind == INDEX_ALL else kind) for name, kind in self.keys], **dict(self.options)
        )


def parse_indexes(
    owner: str, declared: Iterable[Any], structure: Structure | None, module: str | None = None
) -> Iterator[Index]:
    """Yield the indexes a class declares; raises BadIndexError, and ValueError for a path not in the structure.

    :param module: the name of the module with the class statement, for warnings to point to; None where there is none.
    """
    if isinstance(declared, (str, Mapping)) or not isinstance(declared, Iterable):
        raise BadIndexError(f"{owner}: indexes must be a list of dicts, not {declared!r}")
    for entry in declared:
        if not isinstance(entry, Mapping) or "fields" not in entry:
            raise BadIndexError(
                f"{owner}: indexes: {entry!r} must be a dict with 'fields', as {{'fields': ['name']}}"
            )
        keys = tuple(_keys(owner, entry["fields"]))
        if not keys:
            raise BadIndexError(f"{owner}: indexes: {entry!r} has no fields")
        for name, _ in keys:
            _refuse_typed_keys(owner, name)
        if structure is not None and entry.get("check", True):
            for name, _ in keys:
                if name not in _ALWAYS_THERE and name not in structure.places:
                    raise ValueError(
                        f"Error in indexes: can't find {name} in structure (of {owner}){meant(name, structure.places)}"
                    )
        for option in _OBSOLETE.keys() & entry.keys():
            warnings.warn(
                f"{owner}: indexes: {option} is ignored: {_OBSOLETE[option]}",
                UserWarning,
                stacklevel=_level_of(module),
            )
        left_out = {"fields", "check", *_OBSOLETE}
        kept = tuple((name, kind) for name, kind in keys if kind != INDEX_OFF)
        if kept:
            yield Index(kept, tuple((key, value) for key, value in entry.items() if key not in left_out))


def _refuse_typed_keys(owner: str, name: str) -> None:
    for part in name.split("."):
        if part.startswith("$") and part != "$**":
            raise BadIndexError(
                f"{owner}: indexes: {name}: {part} stands for every key, and MongoDB indexes a field: name the key in its "
                "place, or write '$**' at the end for all of them, either with 'check': False"
            )


def _level_of(module: str | None) -> int:
    """Return the ``stacklevel``, for who calls this, of the class statement, or of who has made the class without one.

    :param module: the class statement's; between it and us there may be metaclasses of others.
    """
    level = 1
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        name = frame.f_globals.get("__name__", "")
        if name == module or (module is None and not name.startswith(f"{__package__}.")):
            return level
        level, frame = level + 1, frame.f_back
    return 1


def _keys(owner: str, fields: Any) -> Iterator[tuple[str, int | str]]:
    match fields:
        case str():
            yield fields, INDEX_ASCENDING
        case tuple():
            yield _pair(owner, fields)
        case list():
            for item in fields:
                if isinstance(item, str):
                    yield item, INDEX_ASCENDING
                else:
                    yield _pair(owner, item)
        case _:
            raise BadIndexError(
                f"{owner}: indexes: fields must be 'name', ('name', direction) or a list of these, not {fields!r}"
            )


def _pair(owner: str, item: Any) -> tuple[str, int | str]:
    if not isinstance(item, Sequence) or isinstance(item, str) or len(item) != 2:
        raise BadIndexError(f"{owner}: indexes: {item!r} must be ('name', direction)")
    name, kind = item
    if not isinstance(name, str):
        raise BadIndexError(f"{owner}: indexes: the field {name!r} must be a str, not {type(name).__name__}")
    if isinstance(kind, bool) or kind not in _DIRECTIONS:
        raise BadIndexError(f"{owner}: indexes: {name}: direction must be one of {_DIRECTIONS}, not {kind!r}")
    return name, kind
