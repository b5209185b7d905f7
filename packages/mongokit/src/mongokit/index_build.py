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
from mongokit.flow import Flow
from mongokit.index_comparison import Declared, compared, declared_of, homeless
from mongokit.index_duplicates import duplicated, duplicates, who
from mongokit.index_report import IndexReport, IndexRow, difference_words

if TYPE_CHECKING:
    from mongokit.document import Document
    from mongokit.indexes import Index

__all__ = ["ensure_class_indexes", "ensure_indexes", "generating", "index_diff"]

logger = logging.getLogger("mongokit")

Raw = dict[str, Any]
Target = tuple[Any, Sequence["type[Document]"]]
"""A collection, and the classes whose documents are in it."""

_OVERTAKEN = frozenset({26, 27, 85, 86, 276, 12587})
"""Codes of the server where others change the same indexes: collection or index gone, another one there, a build that was
broken off or is going on."""
_GONE = frozenset({26, 27})
_BROKEN_OFF = frozenset({276, 12587})
TRIES = 10
"""How often an index is looked at again that others change at the same time."""


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
        declared = _declared(classes)
        for position, row in enumerate((yield from _rows(collection, declared))):
            made = row
            try:
                if row.declared is not None:
                    made = yield from _settled(collection, declared, position, row, drop=drop)
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


def _settled(
    collection: Any, declared: Sequence[Declared], position: int, row: IndexRow, *, drop: bool
) -> Flow[IndexRow]:
    """Build or change one index, and return its row as it is then.

    Others may do the same at the same time, so what was found is looked at again before anything is dropped, and
    wherever the server says that it is otherwise by now.
    """
    for tries_left in reversed(range(TRIES)):
        if row.state == "different" and drop:
            row = (yield from _rows(collection, declared))[position]
        try:
            if row.state == "conflict":
                raise OperationFailure(
                    f"{_cannot(row)}: {'; '.join(difference_words(row))}. {row.advice}", 86
                )
            if row.state == "missing":
                yield from _build(collection, row)
                return dataclasses.replace(row, state="built")
            if row.state == "different" and drop:
                yield from _change(collection, row)
                return dataclasses.replace(row, state="changed")
            return row
        except OperationFailure as error:
            if error.code not in _OVERTAKEN or not tries_left:
                raise
            found = (yield from _rows(collection, declared))[position]
            if found == row and error.code not in _GONE | _BROKEN_OFF:
                # Nobody has changed anything: this is the server's word.
                raise
            row = found
    raise AssertionError  # the last try returns or raises


def _build(collection: Any, row: IndexRow) -> Flow[None]:
    index = row.declared or {}
    try:
        yield collection.create_indexes([_model(index)])
    except pymongo_errors.DuplicateKeyError as error:
        groups = yield from duplicates(collection, index)
        raise duplicated(row, groups, error) from error
    except OperationFailure as error:
        said = (error.details or {}).get("errmsg") or str(error)
        raise OperationFailure(
            f"{_cannot(row)}: {said}",
            error.code,
        ) from error


def _cannot(row: IndexRow) -> str:
    return f"{who(row)}: the index {row.name} of {row.namespace} cannot be built"


def _change(collection: Any, row: IndexRow) -> Flow[None]:
    old = row.existing or {}
    if row.changeable:
        options = {name: wanted for name, (wanted, _) in row.differences.items()}
        yield collection.database.command("collMod", collection.name, index={"name": old["name"], **options})
        return
    if (row.declared or {}).get("unique"):
        groups = yield from duplicates(collection, row.declared or {})
        if groups:
            # Known before the old one is dropped.
            raise duplicated(row, groups, None)
    yield collection.drop_index(old["name"])
    try:
        yield from _build(collection, row)
    except OperationFailure as error:
        if error.code not in _BROKEN_OFF:
            yield from _put_back(collection, old)
        raise


def _put_back(collection: Any, old: Mapping[str, Any]) -> Flow[None]:
    try:
        yield collection.create_indexes([_model(old)])
    except OperationFailure as error:
        if error.code not in _OVERTAKEN:
            raise
        # Somebody else has built one in its place.


def _model(index: Mapping[str, Any]) -> IndexModel:
    options = {name: value for name, value in index.items() if name not in ("key", "v", "ns")}
    return IndexModel(list(index["key"].items()), **options)
