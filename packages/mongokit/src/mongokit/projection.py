"""Which part of a document was read, so that no more than that is ever written back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

__all__ = ["Projection"]

_KEEPING = frozenset({"$match", "$sort", "$limit", "$skip", "$sample", "$search", "$vectorSearch"})
"""Stages of an aggregation that choose and order documents, and change nothing in them."""
_CUTTING = ("$slice", "$elemMatch")


class Projection(NamedTuple):
    """What PyMongo's ``projection`` says of the paths in a document."""

    names: tuple[str, ...]
    """The paths that were asked for, or were left out."""
    is_inclusive: bool
    """Whether the names were asked for, and nothing else."""
    cut: tuple[str, ...] = ()
    """Lists of which only some elements were read."""
    has_id: bool = True
    is_open: bool = False
    """Whether nobody knows what it is of the document: it came out of an aggregation that made something of it."""

    @classmethod
    def of_pipeline(cls, stages: Iterable[Any]) -> Projection | None:
        """Return what is known of the documents of an aggregation; None where they are as they are stored."""
        if all(isinstance(stage, Mapping) and _KEEPING.issuperset(stage) for stage in stages):
            return None
        return cls((), is_inclusive=True, is_open=True)

    @classmethod
    def of(cls, given: Any) -> Projection | None:
        """Return the projection for what a query was given; None where that is no projection."""
        if not given:
            return None
        if not isinstance(given, Mapping):
            return cls(tuple(given), is_inclusive=True)
        cut = tuple(
            name
            for name, value in given.items()
            if name.endswith(".$") or (isinstance(value, Mapping) and any(key in value for key in _CUTTING))
        )
        # $slice alone leaves the other fields in.
        others = {
            name: value
            for name, value in given.items()
            if name != "_id" and not (isinstance(value, Mapping) and "$slice" in value)
        }
        is_inclusive = any(others.values()) or (not others and not cut and bool(given.get("_id", False)))
        names = tuple(name for name in given if name != "_id") if is_inclusive else tuple(others)
        return cls(names, is_inclusive, cut, bool(given.get("_id", True)))

    def holds(self, path: str) -> bool:
        """Return whether the path was read, or would have been, were it stored."""
        if path == "_id":
            return self.has_id
        return self.is_inclusive is any(_is_in(path, name) for name in self.names)

    def missing(self, paths: Iterable[str]) -> str | None:
        """Return what of these paths was not read, in words; None where all of it was."""
        for path in paths:
            if any(_is_in(name, path) or _is_in(path, name) for name in self.cut):
                return f"only some elements of {path} were"
            inside = [name for name in self.names if name != path and _is_in(name, path)]
            if inside and not (self.is_inclusive and path in self.names):
                what = "only its" if self.is_inclusive else "all but its"
                return f"of {path} {what} {', '.join(name.removeprefix(f'{path}.') for name in inside)} was"
        return None


def _is_in(path: str, other: str) -> bool:
    return path == other or path.startswith(f"{other}.")
