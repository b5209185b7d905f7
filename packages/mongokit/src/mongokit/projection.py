"""Which part of a document was read, so that no more than that is ever written back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from bson import Decimal128

__all__ = ["Projection"]

_KEEPING = frozenset({"$match", "$sort", "$limit", "$skip", "$sample", "$search", "$vectorSearch"})
"""Stages of an aggregation that choose and order documents, and change nothing in them."""
_CUTTING = frozenset({"$slice", "$elemMatch"})
_ADDING = frozenset({"$slice", "$meta"})
"""What leaves the other fields in where it is alone."""


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
    made: tuple[str, ...] = ()
    """What an expression has made, whatever is stored there."""

    @classmethod
    def unknown(cls) -> Projection:
        """Return that of which nothing is known."""
        return cls((), is_inclusive=True, is_open=True)

    @classmethod
    def of_pipeline(cls, stages: Iterable[Any]) -> Projection | None:
        """Return what is known of the documents of an aggregation; None where they are as they are stored."""
        if all(isinstance(stage, Mapping) and _KEEPING.issuperset(stage) for stage in stages):
            return None
        return cls.unknown()

    @classmethod
    def of(cls, given: Any) -> Projection | None:
        """Return the projection for what a query was given; None where that is no projection."""
        if not given:
            return None
        asked = list(_flat(given)) if isinstance(given, Mapping) else [(name, True) for name in given]
        fields = [(_without_position(name), value) for name, value in asked if name != "_id"]
        # What of these are left in or out, besides the others.
        choosing = [(name, value) for name, value in fields if not _has(value, _ADDING)]
        cut = tuple(
            short
            for (name, value), short in ((each, _without_position(each[0])) for each in asked)
            if short != name or _has(value, _CUTTING)
        )
        of_id = dict(asked).get("_id", True)
        is_inclusive = any(not _leaves_out(value) for _, value in choosing) or (
            not choosing and not cut and "_id" in dict(asked) and not _leaves_out(of_id)
        )
        return cls(
            tuple(name for name, _ in (fields if is_inclusive else choosing)),
            is_inclusive,
            cut,
            not _leaves_out(of_id),
            made=tuple(name for name, value in asked if _is_made(value)),
        )

    def holds(self, path: str) -> bool:
        """Return whether the path was read, or would have been, were it stored."""
        if path == "_id":
            return self.has_id
        return self.is_inclusive is any(_is_in(path, name) for name in self.names)

    @property
    def makes_id(self) -> bool:
        """Whether the ``_id`` is not the stored one."""
        return "_id" in self.made

    def is_made(self, path: str) -> bool:
        """Return whether what is at a path may be something else than what is stored there."""
        return self.is_open or any(_is_in(path, name) or _is_in(name, path) for name in self.made)

    def missing(self, given: str, path: str, lists: Iterable[str]) -> str | None:
        """Return what of a path was not read, in words; None where all of it was.

        :param given: the path, for the words.
        :param path: it without positions in lists.
        :param lists: the lists, without positions, into which it leads by a position.
        """
        if any(_is_in(name, path) or _is_in(path, name) for name in self.cut):
            return f"only some elements of {given} were"
        inside = [name for name in self.names if name != path and _is_in(name, path)]
        if inside and not (self.is_inclusive and path in self.names):
            what = "only its" if self.is_inclusive else "all but its"
            return f"of {given} {what} {', '.join(name.removeprefix(f'{path}.') for name in inside)} was"
        for one in lists:
            # Of elements only some fields are asked for, and so those that have none are left out.
            if self.is_made(one) or (
                self.is_inclusive
                and not any(_is_in(one, name) for name in self.names)
                and any(_is_in(name, one) for name in self.names)
            ):
                return f"the place of {given} in the stored {one} was not"
        return None


def _flat(given: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Return the paths of a projection: dicts that are no expressions are as good as dotted paths."""
    for name, value in given.items():
        if isinstance(value, Mapping) and value and not any(str(key).startswith("$") for key in value):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def _without_position(name: str) -> str:
    """Return the list of which ``list.$`` is the element that was found; other names as they are."""
    names = name.split(".")
    return ".".join(names[: names.index("$")]) if "$" in names[1:] else name


def _has(value: Any, operators: frozenset[str]) -> bool:
    return isinstance(value, Mapping) and not operators.isdisjoint(value)


def _leaves_out(value: Any) -> bool:
    if isinstance(value, Decimal128):
        return value.to_decimal() == 0
    return isinstance(value, (bool, int, float)) and not value


def _is_made(value: Any) -> bool:
    """Return whether it is an expression, and neither yes, no nor a part of a list."""
    return not (isinstance(value, (bool, int, float, Decimal128)) or _has(value, _CUTTING))


def _is_in(path: str, other: str) -> bool:
    return path == other or path.startswith(f"{other}.")
