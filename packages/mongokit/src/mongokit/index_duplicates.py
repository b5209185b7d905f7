"""Documents that stand in the way of a unique index, and the error that names them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pymongo import errors as pymongo_errors

from mongokit.errors import DuplicateKeyError, shortened
from mongokit.flow import Flow
from mongokit.index_report import IndexRow

__all__ = ["duplicated", "duplicates", "who"]

Raw = dict[str, Any]

NAMED = 5
"""Duplicate values, and documents with each, that an error names."""


def duplicates(collection: Any, index: Mapping[str, Any]) -> Flow[list[Raw]]:
    """Return values that more than one document has, with the ``_id`` of each; a list counts for each of its elements."""
    paths = list(index["key"])
    match: list[Mapping[str, Any]] = []
    if index.get("partialFilterExpression"):
        match.append(index["partialFilterExpression"])
    if index.get("sparse"):
        match.append({"$or": [{path: {"$exists": True}} for path in paths]})
    parts = [path.split(".") for path in paths]
    holders = dict.fromkeys(".".join(names[: i + 1]) for names in parts for i in range(len(names)))
    cursor = yield collection.aggregate(
        [
            *([{"$match": {"$and": match}}] if match else []),
            *({"$unwind": {"path": f"${path}", "preserveNullAndEmptyArrays": True}} for path in holders),
            {
                "$group": {
                    "_id": {f"k{i}": {"$ifNull": [f"${path}", None]} for i, path in enumerate(paths)},
                    "ids": {"$addToSet": "$_id"},
                }
            },
            {"$match": {"ids.1": {"$exists": True}}},
            {"$limit": NAMED},
        ],
        allowDiskUse=True,
        **({"collation": index["collation"]} if index.get("collation") else {}),
    )
    groups: list[Raw] = yield cursor.to_list()
    return groups


def duplicated(
    row: IndexRow, groups: Iterable[Raw], error: pymongo_errors.DuplicateKeyError | None
) -> DuplicateKeyError:
    """Return the error for a unique index that cannot be built.

    :param groups: what ``duplicates`` has found.
    :param error: the server's.
    """
    paths = tuple((row.declared or {})["key"])
    said = []
    for group in groups:
        values = ", ".join(f"{path} {shortened(group['_id'][f'k{i}'])}" for i, path in enumerate(paths))
        ids = ", ".join(shortened(one) for one in group["ids"][:NAMED])
        more = f" and {len(group['ids']) - NAMED} more" if len(group["ids"]) > NAMED else ""
        said.append(f"{values} (_id {ids}{more})")
    details = dict(error.details or {}) if error is not None else {}
    which = "; ".join(said) or details.get("errmsg") or str(error)
    made = DuplicateKeyError(
        f"{who(row)}: the unique index {row.name} of {row.namespace} cannot be built, as documents share values: "
        f"{which}. Change or delete all but one of each, and ensure_indexes() again",
        11000,
    )
    made.fields = paths
    return made


def who(row: IndexRow) -> str:
    """Return the names of the classes that declare an index."""
    return " and ".join(row.classes)
