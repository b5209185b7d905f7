"""References that are loaded, validated and saved with the document that has them: ``use_autorefs``."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, TypeVar

from bson import ObjectId
from bson.dbref import DBRef

from mongokit.errors import AutoReferenceError, Failure, SchemaDocumentError, SchemaTypeError
from mongokit.flow import Flow
from mongokit.identifying import lacks_id
from mongokit.loading import Reading, finish
from mongokit.lookups import Key, find_many, key_of, known, note
from mongokit.portions import portions
from mongokit.scalars import is_plain, stored_id
from mongokit.structure.nodes import ReferenceNode
from mongokit.target import is_document

if TYPE_CHECKING:
    from mongokit.document import Document

__all__ = [
    "changed_targets",
    "check_targets",
    "load_targets",
    "refuse_unsaved",
    "replace_target",
    "take_in",
    "targets",
]

D = TypeVar("D", bound="Document")

Parts = tuple[Any, ...]


def targets(document: Document) -> list[tuple[Parts, Any]]:
    """Return the documents that a document refers to, each with its path."""
    found: list[tuple[Parts, Any]] = []

    def visit(value: Any, node: ReferenceNode, parts: Parts) -> Any:
        if node.eager and is_document(value):
            found.append((parts, value))
        return value

    walk = type(document)._structure.references
    if walk is not None:
        walk(document, (), visit)
    return found


def load_targets(documents: Sequence[Document], reading: Reading) -> Flow[list[Document]]:
    """Put documents in the place of the DBRefs to them; returns those that had to be read for that.

    What the reading knows is not read again, so a circle of references ends at the document it began with.
    """
    wanted: dict[Key, tuple[Any, Any]] = {}
    for document in documents:
        collection = getattr(document, "_collection", None)
        if collection is not None and document.get("_id") is not None:
            note(
                reading,
                document,
                key_of(collection, type(document), stored_id(type(document), document["_id"])),
            )
    for document in documents:

        def want(value: Any, node: ReferenceNode, parts: Parts, document: Document = document) -> Any:
            if node.eager and isinstance(value, DBRef):
                home = _home(document, node, value)
                key = key_of(home, node.target.resolve(document.collection), value.id)
                if known(reading, key) is None:
                    wanted[key] = (home, value.id)
            return value

        _walk(document, want)
    made = yield from find_many(wanted, reading, remember=True)
    for document in documents:

        def put(value: Any, node: ReferenceNode, parts: Parts, document: Document = document) -> Any:
            if not (node.eager and isinstance(value, DBRef)):
                return value
            home = _home(document, node, value)
            found = known(reading, key_of(home, node.target.resolve(document.collection), value.id))
            if found is None:
                raise AutoReferenceError(
                    f"{_path(parts)} of {_shown(document)} refers to {node.target.name} "
                    f"{value.id!r} in {home.full_name}, which is not there (any more)"
                )
            return found

        _walk(document, put)
    return made


def take_in(document: D) -> Flow[D]:
    """Load what a document that was read from JSON refers to; returns it."""
    from mongokit.json import Embedded  # of no use to who has no JSON

    reading = Reading()
    waiting: list[Document] = [document]
    fresh: list[Document] = []
    while waiting:
        owner = waiting.pop()
        fresh.append(owner)

        def visit(value: Any, node: ReferenceNode, parts: Parts, owner: Document = owner) -> Any:
            if not isinstance(value, (DBRef, Embedded)) or not node.eager:
                return value
            home = node.target.trusted(owner.collection, value.collection, value.database)
            id = value.id if isinstance(value, DBRef) else value.content.get("_id")
            if isinstance(value, DBRef) or id is not None:
                return DBRef(home.name, id, home.database.name)
            made = node.target.resolve(home)(value.content, gen_skel=False, collection=home)
            waiting.append(made)
            return made

        _walk(owner, visit)
    yield from finish((yield from load_targets(fresh, reading)), reading)
    return document


def _shown(document: Document) -> str:
    name, id = type(document).__name__, document.get("_id")
    return f"a new {name}" if id is None else f"{name} {id!r}"


def _walk(document: Document, visit: Any) -> None:
    walk = type(document)._structure.references
    if walk is not None:
        walk(document, (), visit)


def _home(document: Document, node: ReferenceNode, dbref: DBRef) -> Any:
    database = document.collection.database
    if dbref.database is None:
        if not type(document).force_autorefs_current_db:
            raise RuntimeError(
                f"{node.path} of {_shown(document)} is {dbref!r}, without a database. If "
                f"it is the current one, set force_autorefs_current_db = True in {type(document).__name__}"
            )
    elif dbref.database != database.name:
        database = database.client[dbref.database]
    return database[dbref.collection]


def _path(parts: Iterable[Any]) -> str:
    return ".".join(map(str, parts))


_inner: ContextVar[list[tuple[Parts, Any]] | None] = ContextVar("mongokit_validating", default=None)
"""Where a document that is validated as part of another leaves what it refers to."""


def check_targets(document: Document, failures: list[Failure]) -> None:
    """Validate what a document refers to, what that refers to, and so on, each once.

    Not within each other, as a chain of references may be longer than Python's stack.
    """
    inner = _inner.get()
    if inner is not None:
        inner.extend(targets(document))
        return
    seen = {id(document)}
    waiting = deque(targets(document))
    while waiting:
        parts, target = waiting.popleft()
        if id(target) in seen:
            continue
        seen.add(id(target))
        below: list[tuple[Parts, Any]] = []
        token = _inner.set(below)
        try:
            failures.extend(_at(_path(parts), failure) for failure in _failures(target))
        finally:
            _inner.reset(token)
        waiting.extend(((*parts, *more), one) for more, one in below)


def _failures(target: Document) -> Iterable[Failure]:
    if target.skip_validation:
        return ()
    try:
        target.validate()
    except SchemaDocumentError as error:
        return error.failures or [Failure("", type(error), str(error), target)]
    return () if target.raise_validation_errors else target._failures


def _at(path: str, failure: Failure) -> Failure:
    """Return the failure of a document as one of the document that refers to it."""
    names_path = failure.path and failure.message.startswith(failure.path) and not failure.is_own
    separator = "." if names_path else ": "
    where = f"{path}.{failure.path}" if failure.path else path
    return failure._replace(path=where, message=f"{path}{separator}{failure.message}")


def changed_targets(document: Document, session: Any, only: Iterable[str] | None) -> Flow[list[Document]]:
    """Return the documents that a document refers to, directly or not, and that are not stored as they are now.

    The innermost come first. What was not loaded as a reference is compared with what is stored, one query for each
    collection; what has no ``_id`` gets one.

    :param only: the paths of the document that are to be saved.

    Raises ConnectionError for one that is to be saved and is bound to no collection.
    """
    changed: list[Document] = []
    unknown: dict[str, list[Document]] = {}
    for target in _all_targets(document, only):
        # Bound it has to be, before anything is written.
        place, memory = target.collection.full_name, target._memory
        if target.get("_id") is None:
            changed.append(target)
        elif memory is None or memory.fields is None:
            unknown.setdefault(place, []).append(target)
        elif target._differs():
            changed.append(target)
    for several in unknown.values():
        changed += yield from _differing(several, session)
    order = {id(target): position for position, target in enumerate(_all_targets(document, only))}
    changed.sort(key=lambda target: -order[id(target)])
    for target in changed:
        # Now, as a circle needs the ids of all before one is written.
        if lacks_id(type(target), target):
            target["_id"] = ObjectId()
    return changed


def replace_target(document: Document, other: Document) -> None:
    """Have whatever is referred to, directly or not, refer to the document where it refers to the other."""

    def visit(value: Any, node: ReferenceNode, parts: Parts) -> Any:
        return document if value is other else value

    for owner in (document, *_all_targets(document, None)):
        _walk(owner, visit)


def refuse_unsaved(document: Document) -> None:
    """Raise SchemaTypeError where a document that is stored by itself refers to one that has no ``_id`` yet."""
    for parts, target in targets(document):
        if target.get("_id") is None:
            name, path = type(target).__name__, _path(parts)
            raise SchemaTypeError(
                f"{path} of {type(document).__name__} refers to {name} {target!r}, which has no _id yet: save it first, as "
                "only save() saves what a document refers to"
            )


def _all_targets(document: Document, only: Iterable[str] | None) -> list[Document]:
    names = None if only is None else {path.partition(".")[0] for path in only}
    found: list[Document] = []
    seen = {id(document)}
    waiting = deque(target for parts, target in targets(document) if names is None or parts[0] in names)
    while waiting:
        target = waiting.popleft()
        if id(target) not in seen:
            seen.add(id(target))
            found.append(target)
            waiting.extend(inner for _, inner in targets(target))
    return found


def _differing(several: Sequence[Document], session: Any) -> Flow[list[Document]]:
    """Return those of one collection that are not stored as they are now."""
    collection = several[0].collection
    ids = [id for id in (stored_id(type(one), one["_id"]) for one in several) if is_plain(id)]
    stored: dict[Key, Any] = {}
    for some in portions(ids):
        raws = yield collection.find({"_id": {"$in": some}}, session=session).to_list()
        stored |= {key_of(collection, None, raw["_id"]): raw for raw in raws}
    changed = []
    for one in several:
        raw = stored.get(key_of(collection, None, stored_id(type(one), one["_id"])))
        if raw is not None:
            one._remember_all(raw)
        if raw is None or one._differs():
            changed.append(one)
    return changed
