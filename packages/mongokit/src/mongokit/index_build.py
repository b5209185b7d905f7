"""Indexes compared with, and built in, collections; for both kinds of connection."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Awaitable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, overload

from pymongo import IndexModel
from pymongo import errors as pymongo_errors
from pymongo.errors import OperationFailure

from mongokit.either import CLIENTS, COLLECTIONS, DATABASES, Awaited, Blocking, done
from mongokit.errors import DuplicateKeyError, shortened
from mongokit.flow import Flow
from mongokit.index_comparison import Declared, compared, declared_of, homeless
from mongokit.index_report import IndexReport, IndexRow, difference_words

if TYPE_CHECKING:
    from mongokit.document import Document
    from mongokit.indexes import Index

__all__ = ["ensure_class_indexes", "ensure_indexes", "generating", "index_diff"]

logger = logging.getLogger("mongokit")

Raw = dict[str, Any]
Target = tuple[Any, Sequence["type[Document]"]]
"""A collection, and the classes whose documents are in it."""

NAMED = 5
"""Duplicate values, and documents with each, that an error names."""


@overload
def index_diff(where: Awaited, classes: Iterable[type[Document]] | None = None) -> Awaitable[IndexReport]: ...
@overload
def index_diff(where: Blocking, classes: Iterable[type[Document]] | None = None) -> IndexReport: ...
def index_diff(where: Any, classes: Iterable[type[Document]] | None = None) -> Any:
    """Compare the indexes that classes declare with those that are there, and return a row for each.

    :param where: a connection, database or collection; of an asynchronous one the result is to be awaited.
    :param classes: whose indexes; by default those of the registered classes whose ``__collection__`` (for a
        connection also ``__database__``) says that they live there.

    Only collections in which a class lives are looked at; what is declared by a registered class that does not say
    where it lives is in the report as ``homeless``. Raises TypeError where there is no class.
    """
    targets, others = _targets(where, classes)
    return done(where, _diff(targets, others))


@overload
def ensure_indexes(
    where: Awaited,
    classes: Iterable[type[Document]] | None = None,
    *,
    dry_run: bool = False,
    drop: bool = False,
) -> Awaitable[IndexReport]: ...
@overload
def ensure_indexes(
    where: Blocking,
    classes: Iterable[type[Document]] | None = None,
    *,
    dry_run: bool = False,
    drop: bool = False,
) -> IndexReport: ...
def ensure_indexes(
    where: Any,
    classes: Iterable[type[Document]] | None = None,
    *,
    dry_run: bool = False,
    drop: bool = False,
) -> Any:
    """Build the declared indexes that are missing, and return what there was to do; the parameters as of ``index_diff``.

    :param dry_run: build nothing, only compare.
    :param drop: change the indexes that differ, dropping them where there is no other way. Without it they stay as
        they are, and a warning is logged. What nobody declares is never dropped.

    Raises DuplicateKeyError, naming the documents, where a unique index cannot be built, OperationFailure where the
    server refuses an index for another reason; all others are built before.
    """
    targets, others = _targets(where, classes)
    return done(where, _diff(targets, others) if dry_run else _ensure(targets, others, drop=drop))


def generating(indexes: Sequence[Index], collection: Any, options: Raw) -> Flow[list[str]]:
    """Build indexes, and return their names, in their order."""
    models = [index.model() for index in indexes]
    # That of the _id is there before any other, and not every server takes the wish for it.
    wanted = [model for model in models if not _is_of_id(model)]
    names = iter((yield collection.create_indexes(wanted, **options)) if wanted else ())
    return ["_id_" if _is_of_id(model) else next(names) for model in models]


def _is_of_id(model: IndexModel) -> bool:
    return dict(model.document["key"]) == {"_id": 1}


def ensure_class_indexes(cls: type[Document], collection: Any, *, dry_run: bool, drop: bool) -> IndexReport:
    """Do what ``ensure_indexes`` does for one class; the indexes of others are none of its business."""
    report: IndexReport = done(collection, _own([(collection, [cls])], dry_run=dry_run, drop=drop))
    return report


def _own(targets: Sequence[Target], *, dry_run: bool, drop: bool) -> Flow[IndexReport]:
    report = yield from _diff(targets) if dry_run else _ensure(targets, drop=drop)
    return IndexReport(tuple(row for row in report if row.state != "unknown"))


def _targets(where: Any, classes: Iterable[type[Document]] | None) -> tuple[list[Target], list[IndexRow]]:
    """Return the collections to look at, and the rows of the registered classes that are not said to live in one."""
    client = where if isinstance(where, CLIENTS) else None
    if isinstance(where, COLLECTIONS):
        client = where.database.client
    elif isinstance(where, DATABASES):
        client = where.client
    elif client is None:
        raise TypeError(f"accepted are a connection, database or collection, not {where!r}")
    given = list(vars(client).get("registered", {}).values() if classes is None else classes)
    if isinstance(where, COLLECTIONS):
        here = [cls for cls in given if classes is not None or cls.__collection__ == where.name]
        if not here:
            raise TypeError(
                f"no registered class has __collection__ = {where.name!r}: say which classes live in "
                f"{where.full_name}, index_diff(collection, [Class])"
            )
        return [(where, here)], []
    others: list[IndexRow] = []
    groups: dict[tuple[str | None, str], list[type[Document]]] = {}
    for cls in given:
        place = (None if isinstance(where, DATABASES) else cls.__database__, cls.__collection__)
        if place[1] is not None and (place[0] is not None or isinstance(where, DATABASES)):
            groups.setdefault((place[0], place[1]), []).append(cls)
            continue
        missing = "__collection__" if place[1] is None else "__database__"
        if classes is not None:
            raise TypeError(f"{cls.__name__} has no {missing}: give the collection in which it lives")
        others += homeless(cls, missing)
    return [
        ((where if database is None else where[database])[collection], found)
        for (database, collection), found in groups.items()
    ], others


def _diff(targets: Sequence[Target], others: Sequence[IndexRow] = ()) -> Flow[IndexReport]:
    rows: list[IndexRow] = []
    for collection, classes in targets:
        rows += yield from _rows(collection, _declared(classes))
    return IndexReport((*rows, *others))


def _declared(classes: Iterable[type[Document]]) -> list[Declared]:
    return declared_of((cls.__name__, index) for cls in classes for index in cls._indexes)


def _rows(collection: Any, declared: Sequence[Declared]) -> Flow[list[IndexRow]]:
    cursor = yield collection.list_indexes()
    existing: list[Mapping[str, Any]] = yield cursor.to_list()
    collation = None
    if any("collation" in index for index in existing):
        options = yield collection.options()
        collation = options.get("collation")
    return compared(collection.full_name, declared, existing, collation)


def _ensure(targets: Sequence[Target], others: Sequence[IndexRow] = (), *, drop: bool) -> Flow[IndexReport]:
    rows: list[IndexRow] = []
    failed: list[OperationFailure] = []
    for collection, classes in targets:
        for row in (yield from _rows(collection, _declared(classes))):
            made = row
            try:
                if row.state == "missing":
                    yield from _build(collection, row)
                    made = dataclasses.replace(row, state="built")
                elif row.state == "different" and drop:
                    yield from _change(collection, row)
                    made = dataclasses.replace(row, state="changed")
            except OperationFailure as error:
                failed.append(error)
            if made.state == "different":
                logger.warning(
                    "index %s of %s is not as declared: %s. %s",
                    *(row.name, row.namespace, "; ".join(difference_words(row)), row.advice),
                )
            rows.append(made)
    if failed:
        for other in failed[1:]:
            failed[0].add_note(f"also: {other}")
        raise failed[0]
    for row in others:
        logger.warning("index %s is not built: %s", row.name, row.advice)
    return IndexReport((*rows, *others))


def _build(collection: Any, row: IndexRow) -> Flow[None]:
    index = row.declared or {}
    try:
        yield collection.create_indexes([_model(index)])
    except pymongo_errors.DuplicateKeyError as error:
        groups = yield from _duplicates(collection, index)
        raise _duplicated(row, groups, error) from error
    except OperationFailure as error:
        said = (error.details or {}).get("errmsg") or str(error)
        raise OperationFailure(
            f"{_who(row)}: the index {row.name} of {row.namespace} cannot be built: {said}",
            error.code,
        ) from error


def _change(collection: Any, row: IndexRow) -> Flow[None]:
    old = row.existing or {}
    if row.changeable:
        options = {name: wanted for name, (wanted, _) in row.differences.items()}
        yield collection.database.command("collMod", collection.name, index={"name": old["name"], **options})
        return
    if (row.declared or {}).get("unique"):
        groups = yield from _duplicates(collection, row.declared or {})
        if groups:
            # Known before the old one is dropped.
            raise _duplicated(row, groups, None)
    yield collection.drop_index(old["name"])
    try:
        yield from _build(collection, row)
    except OperationFailure:
        yield collection.create_indexes([_model(old)])
        raise


def _model(index: Mapping[str, Any]) -> IndexModel:
    options = {name: value for name, value in index.items() if name not in ("key", "v", "ns")}
    return IndexModel(list(index["key"].items()), **options)


def _duplicates(collection: Any, index: Mapping[str, Any]) -> Flow[list[Raw]]:
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


def _duplicated(
    row: IndexRow, groups: Iterable[Raw], error: pymongo_errors.DuplicateKeyError | None
) -> DuplicateKeyError:
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
        f"{_who(row)}: the unique index {row.name} of {row.namespace} cannot be built, as documents share values: "
        f"{which}. Change or delete all but one of each, and ensure_indexes() again",
        11000,
    )
    made.fields = paths
    return made


def _who(row: IndexRow) -> str:
    return " and ".join(row.classes)
