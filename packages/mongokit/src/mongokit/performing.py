"""Who does what was planned: at once or awaited, and with the document's hooks around it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, TypeVar

import pymongo.asynchronous.collection
from pymongo.errors import OperationFailure

from mongokit.flow import Flow, run, run_async
from mongokit.identifying import lacks_id
from mongokit.ids import new_id
from mongokit.operations import REFUSALS, Operation
from mongokit.parts import refuse_part
from mongokit.persistence import check, identity, plan_delete, plan_save
from mongokit.scalars import PLAIN_IDS
from mongokit.sessions import keep_state
from mongokit.writes import Delete, Insert, Replace, SetFields, Write

if TYPE_CHECKING:
    from mongokit.document import Document
    from mongokit.units import Unit

__all__ = [
    "ASYNCHRONOUS",
    "after",
    "apart",
    "before",
    "delete_plainly",
    "delete_plainly_async",
    "flushing",
    "is_asynchronous",
    "perform",
    "performing",
    "preparing",
    "save_plainly",
    "save_plainly_async",
    "unit_of",
    "working",
]

D = TypeVar("D", bound="Document")
R = TypeVar("R")

ASYNCHRONOUS = pymongo.asynchronous.collection.AsyncCollection
"""The class of collections of which the operations are awaited."""

_ANSWERS = (*REFUSALS, OperationFailure)
"""REFUSALS, and what is none of PyMongo's WriteErrors: a validator's refusal of a findAndModify."""


_units: ContextVar[tuple[Unit, ...]] = ContextVar("mongokit_units", default=())


def unit_of(client: Any) -> Unit | None:
    """Return the unit of work that is running on this client, or None."""
    for unit in reversed(_units.get()):
        if unit.client is client:
            return unit
    return None


@contextmanager
def working(unit: Unit) -> Iterator[None]:
    """Let the writes of this thread or task be part of the unit while the block runs."""
    token = _units.set((*_units.get(), unit))
    try:
        yield
    finally:
        _units.reset(token)


def flushing(client: Any) -> Flow[None]:
    """Send what is pending in the unit of work that is running on this client."""
    unit = unit_of(client)
    if unit is not None:
        yield from unit._flushing()


@contextmanager
def apart(client: Any) -> Iterator[None]:
    """Let the writes of this thread or task on this client be part of no unit of work that has begun before the block."""
    token = _units.set(tuple(unit for unit in _units.get() if unit.client is not client))
    try:
        yield
    finally:
        _units.reset(token)


def perform(collection: object, plan: Callable[..., Operation[R]], *arguments: Any) -> R:
    """Plan an operation, do it, and return what came of it; for an asynchronous collection, the awaitable of that.

    :param plan: returns the operation; called with the arguments, of which the first is the document.
    """
    if isinstance(collection, ASYNCHRONOUS):
        return run_async(performing(plan, *arguments))  # type: ignore[return-value]  # see Document.save
    cls = type(arguments[0])
    if cls._hooks or cls._has_autorefs or _units.get():
        return run(performing(plan, *arguments))
    operation = plan(*arguments)
    try:
        result = operation.send()
    except _ANSWERS as error:
        operation.refused(error)
    finally:
        operation.settle()
    keep_state(collection, operation.document)
    return operation.done(result)


def performing(plan: Callable[..., Operation[R]], *arguments: Any) -> Flow[R]:
    """Do what ``perform`` does, with the document's hooks and in units of work, for either kind of connection."""
    document = arguments[0]
    yield from before(plan, document)
    if plan is plan_save and type(document)._has_autorefs:
        arguments = yield from _saving_targets(*arguments)
    made = yield from _performing(plan, *arguments)
    return made


def preparing(
    document: Document, collection: Any, uuid: bool, validate: bool | None, options: dict[str, Any]
) -> Flow[bool | None]:
    """Do what comes before a whole document is planned to be saved, for who does the rest himself: its hook, what it
    refers to, and what is pending in a unit of work. Returns whether it is still to be validated."""
    yield from before(plan_save, document)
    unit = unit_of(collection.database.client)
    if unit is not None:
        yield from unit._flushing()
    if type(document)._has_autorefs:
        _, _, _, validate, _, _ = yield from _saving_targets(
            document, collection, uuid, validate, None, options
        )
        if unit is not None:
            yield from unit._flushing()
    return validate


def _performing(plan: Callable[..., Operation[R]], *arguments: Any) -> Flow[R]:
    operation = plan(*arguments)
    unit = unit_of(operation.collection.database.client)
    if unit is not None:
        if isinstance(operation, Write):
            taken: R = unit.add(operation)
            return taken
        yield from unit._flushing()
    try:
        result = yield operation.send()
    except _ANSWERS as error:
        operation.refused(error)
    finally:
        operation.settle()
    keep_state(operation.collection, operation.document)
    made = operation.done(result)
    yield from after(operation, result)
    return made


def _saving_targets(
    document: Document, collection: Any, uuid: bool, validate: bool | None, only: Any, options: dict[str, Any]
) -> Flow[tuple[Any, ...]]:
    """Save what has changed of what a document refers to; returns the arguments with which the document is planned.

    Nothing is written before all of it is valid.
    """
    from mongokit.autorefs import changed_targets  # which the class of the document has imported

    only = list(only) if only is not None and not isinstance(only, str) else only
    session = options.get("session")
    changed = yield from changed_targets(document, session, only)
    for target in changed:
        yield from before(plan_save, target)
    check(document, validate, only)
    if only is None and not uuid:
        lacks_id(type(document), document)
    for target in changed:
        refuse_part(target)
    if validate is None and not document.skip_validation:
        # They have been, by the document.
        validate = False
    for target in changed:
        shared = {} if session is None else {"session": session}
        target._keep_remembering()
        yield from _performing(plan_save, target, target.collection, False, validate, None, shared)
    return document, collection, uuid, validate, only, options


def before(plan: Callable[..., Operation[Any]], document: Document) -> Flow[None]:
    """Run what a document wants to do itself before this is planned."""
    hooks = type(document)._hooks
    if plan is plan_save and "before_save" in hooks:
        yield document.before_save()
    elif plan is plan_delete and "before_delete" in hooks:
        yield document.before_delete()


def after(operation: Operation[Any], result: Any) -> Flow[None]:
    """Run what a document wants to do itself now that this is done."""
    document: Document = operation.document
    hooks = type(document)._hooks
    if "after_save" in hooks and isinstance(operation, (Insert, Replace, SetFields)):
        yield document.after_save(_has_created(operation, result))
    elif "after_delete" in hooks and isinstance(operation, Delete):
        yield document.after_delete()


def _has_created(operation: Operation[Any], result: Any) -> bool:
    if isinstance(operation, Replace):
        return bool(result.acknowledged and result.upserted_id is not None)
    return isinstance(operation, Insert)


def is_asynchronous(collection: object) -> bool:
    """Return whether the collection's operations are awaited."""
    return isinstance(collection, ASYNCHRONOUS)


def save_plainly(document: D, collection: Any, validate: bool | None, options: dict[str, Any]) -> D:
    """Do what ``perform`` would with ``plan_save``, for a document that is stored as it is, without the objects
    between."""
    units = _units.get()
    if units and validate is None and not options:
        batch = units[-1].latest
        if (
            batch is not None
            and batch.short is type(document)
            and batch.collection is collection
            and batch.take(document)
        ):
            return document
    unit = _unit_amid(units, collection) if units else None
    if unit is not None:
        unit.add_plain(document, collection, validate, options)
    else:
        document._check_plainly(validate)
        try:
            _sent(document, collection, options)
        except REFUSALS as error:
            Insert(document, collection, options, document).refused(error)
    return document


async def save_plainly_async(
    document: D, collection: Any, validate: bool | None, options: dict[str, Any]
) -> D:
    """Do what ``save_plainly`` does, awaited."""
    units = _units.get()
    if units and _unit_amid(units, collection) is not None:
        # There it waits for nobody.
        return save_plainly(document, collection, validate, options)
    document._check_plainly(validate)
    try:
        await _sent(document, collection, options)
    except REFUSALS as error:
        Insert(document, collection, options, document).refused(error)
    return document


def _unit_amid(units: Sequence[Unit], collection: Any) -> Unit | None:
    """Do what ``unit_of`` does, for a collection: where the innermost is amid the same one, it need not be looked for."""
    latest = units[-1].latest
    if latest is not None and latest.collection is collection:
        return units[-1]
    return unit_of(collection.database.client)


def _sent(document: Document, collection: Any, options: dict[str, Any]) -> Any:
    # First what lacks_id() and identity() would say of nearly all, in fewer steps.
    cls, id_ = type(document), document.get("_id")
    if type(id_) in PLAIN_IDS:
        return collection.replace_one({"_id": id_}, document, upsert=True, **options)
    if not (id_ is None is cls._structure.asked_id) and not lacks_id(cls, document):
        return collection.replace_one(identity(document), document, upsert=True, **options)
    # At the end, where PyMongo puts it too, which would take twice the time.
    document.pop("_id", None)
    document["_id"] = new_id()
    return collection.insert_one(document, **options)


def delete_plainly(document: Document, collection: Any, options: dict[str, Any]) -> bool:
    """Do what ``perform`` would with ``plan_delete``, for a document without hooks; return False, and do nothing, where
    that is for the unit of work that is running."""
    if _units.get() and unit_of(collection.database.client) is not None:
        return False
    filter_ = _found_by(document)
    try:
        collection.delete_one(filter_, **options)
    except REFUSALS as error:
        Delete(document, collection, options, filter_).refused(error)
    return True


async def delete_plainly_async(document: Document, collection: Any, options: dict[str, Any]) -> None:
    """Do what ``perform`` would with ``plan_delete``, for a document without hooks, awaited."""
    if _units.get() and unit_of(collection.database.client) is not None:
        await run_async(performing(plan_delete, document, collection, options))
        return
    filter_ = _found_by(document)
    try:
        await collection.delete_one(filter_, **options)
    except REFUSALS as error:
        Delete(document, collection, options, filter_).refused(error)


def _found_by(document: Document) -> dict[str, Any]:
    id_ = document.get("_id")
    return {"_id": id_} if type(id_) in PLAIN_IDS and document._memory is None else identity(document)
