"""The indexes that classes declare beside those that a collection has. No I/O."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from mongokit.index_documents import folded_keys, keys_of, options_of, plain
from mongokit.index_report import IndexRow, State
from mongokit.indexes import Index

__all__ = ["Declared", "compared", "declared_of", "homeless"]

Raw = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Declared:
    """One index that classes want, as ``createIndexes`` takes it."""

    document: Raw
    classes: tuple[str, ...]
    named: bool
    """Whether the class gives it a name."""


def declared_of(indexes: Iterable[tuple[str, Index]]) -> list[Declared]:
    """Return the indexes of several classes, those that are the same once.

    :param indexes: class name, index.
    """
    found: list[Declared] = []
    for owner, index in indexes:
        one = Declared(plain(index.model().document), (owner,), "name" in dict(index.options))
        place = next((i for i, other in enumerate(found) if _are_one(one, other)), None)
        if place is None:
            found.append(one)
            continue
        earlier = found[place]
        kept = one if one.named and not earlier.named else earlier
        found[place] = replace(kept, classes=tuple(dict.fromkeys((*earlier.classes, owner))))
    return found


def _are_one(one: Declared, other: Declared) -> bool:
    """Return whether one index is both: two that are called differently, by those who declare them, are not."""
    ours, theirs = one.document, other.document
    return (
        folded_keys(ours) == folded_keys(theirs)
        and options_of(ours, theirs) == options_of(theirs, ours)
        and (ours["name"] == theirs["name"] or not (one.named and other.named))
    )


def homeless(cls: Any, lacks: str) -> list[IndexRow]:
    """Return the rows of a document class of which nobody knows where it lives.

    :param lacks: the attribute that would say so.
    """
    return [
        IndexRow(f"no {lacks}", one.document["name"], "homeless", one.document, classes=one.classes)
        for one in declared_of((cls.__name__, index) for index in cls._indexes)
    ]


def compared(
    namespace: str,
    declared: Sequence[Declared],
    existing: Iterable[Mapping[str, Any]],
    collation: Mapping[str, Any] | None = None,
) -> list[IndexRow]:
    """Return the rows of one collection, those that are declared first, in their order.

    :param collation: that of the collection, which indexes have where they do not say otherwise.
    """
    there: list[Raw] = [plain(index) for index in existing]
    left = {index["name"]: index for index in there}
    found: dict[int, IndexRow] = {}

    def settle(position: int, index: Raw, differences: Mapping[str, tuple[Any, Any]]) -> None:
        one = declared[position]
        left.pop(index["name"], None)
        state: State = "different" if differences else "same"
        # What nobody has named is found under the name it has.
        name = one.document["name"] if one.named or differences else index["name"]
        found[position] = IndexRow(namespace, name, state, one.document, index, differences, one.classes)

    tries = (_by_all, _by_name, _by_keys)
    for fits in tries:
        for position, one in enumerate(declared):
            if position in found:
                continue
            for index in list(left.values()):
                differences = _differences(one, index, collation)
                if fits(one, index, differences):
                    settle(position, index, differences)
                    break
    rows = _with_missing(namespace, declared, found)
    unknown = (index for name, index in sorted(left.items()) if name != "_id_")
    return rows + [IndexRow(namespace, index["name"], "unknown", existing=index) for index in unknown]


def _with_missing(
    namespace: str, declared: Sequence[Declared], found: Mapping[int, IndexRow]
) -> list[IndexRow]:
    """Return a row for each declared index, in their order, with those that are not there."""
    rows: list[IndexRow] = []
    for i, one in enumerate(declared):
        row = found.get(i)
        if row is None:
            name = one.document["name"]
            if keys_of(one.document) == [("_id", 1)]:
                # A collection has it from the start, and nobody can build it.
                row = IndexRow(
                    namespace, name if one.named else "_id_", "same", one.document, classes=one.classes
                )
            else:
                row = _conflict(namespace, one, declared, found, rows) or IndexRow(
                    namespace, name, "missing", one.document, classes=one.classes
                )
        rows.append(row)
    return rows


def _conflict(
    namespace: str,
    one: Declared,
    declared: Sequence[Declared],
    found: Mapping[int, IndexRow],
    before: Sequence[IndexRow],
) -> IndexRow | None:
    """Return the row of an index that is not there, where another is declared in whose place it would have to be.

    :param before: the rows of those that are declared before it.
    """
    for i, other in enumerate(declared):
        taken = found.get(i) or (before[i] if i < len(before) and before[i].state == "missing" else None)
        if taken is None or other is one:
            continue
        named = taken.name == one.document["name"]
        # Under two names there cannot be two that are the same.
        if named or _are_one(replace(one, named=False), other):
            differences = _differences(replace(one, named=True), other.document, None)
            return IndexRow(
                *(namespace, one.document["name"], "conflict", one.document, None),
                *(differences, one.classes, other.classes),
            )
    return None


Differences = Mapping[str, tuple[Any, Any]]


def _by_all(one: Declared, index: Raw, differences: Differences) -> bool:
    return not differences


def _by_name(one: Declared, index: Raw, differences: Differences) -> bool:
    return bool(one.document["name"] == index["name"])


def _by_keys(one: Declared, index: Raw, differences: Differences) -> bool:
    return "fields" not in differences and index["name"] != "_id_"


def _differences(one: Declared, index: Raw, collation: Mapping[str, Any] | None) -> Differences:
    wanted, there = one.document, index
    found: dict[str, tuple[Any, Any]] = {}
    if folded_keys(wanted) != folded_keys(there):
        found["fields"] = (keys_of(wanted), keys_of(there))
    if index["name"] == "_id_" and not found:
        # Its options are the server's business.
        return {}
    ours, theirs = options_of(wanted, there), options_of(there, wanted)
    for name in (*ours, *(theirs.keys() - ours.keys())):
        mine, other = ours.get(name), theirs.get(name)
        if name == "collation":
            fits = _collates(mine if mine is not None else collation, other)
        else:
            fits = mine == other
        if not fits:
            found[name] = (mine, other)
    if one.named and wanted["name"] != there["name"]:
        found["name"] = (wanted["name"], there["name"])
    return found


def _collates(wanted: Mapping[str, Any] | None, there: Mapping[str, Any] | None) -> bool:
    """Return whether a collation is the declared one: the server adds what was left to it."""
    if wanted is None or wanted.get("locale") == "simple":
        return there is None
    return there is not None and all(there.get(name) == value for name, value in wanted.items())
