"""One document migrated by its rules: when it was loaded and is not valid, or on request."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import bson
from bson.raw_bson import RawBSONDocument
from pymongo import ReadPreference, ReturnDocument
from pymongo.errors import OperationFailure

from mongokit.errors import SchemaDocumentError
from mongokit.flow import Flow
from mongokit.migration.declared import called, full_name
from mongokit.migration.updates import among, revised
from mongokit.operations import shown
from mongokit.persistence import identity

if TYPE_CHECKING:
    from mongokit.document import Document
    from mongokit.loading import Reading
    from mongokit.migration.rules import DocumentMigration

__all__ = ["Outcome", "apply_rules", "is_old", "is_valid", "migrate_loaded", "read_anew"]

logger = logging.getLogger("mongokit.migration")


def is_valid(document: Document) -> bool:
    """Return whether the document's own ``validate()`` accepts it."""
    try:
        document.validate()
    except SchemaDocumentError:
        return False
    return document.raise_validation_errors or not document._failures


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of the lazy rules for one document."""

    applied: list[str] = field(default_factory=list)
    """The names of those that changed it."""
    targets: list[Mapping[str, Any]] = field(default_factory=list)
    """The targets of all that were asked."""
    is_gone: bool = False
    """It is not stored (any more)."""

    def names(self, document: Document) -> list[str]:
        """Return the names; raises OperationFailure where the document is not stored."""
        if self.is_gone:
            raise OperationFailure(
                f"{shown(document)} is not stored (any more) in {document.collection.full_name}: no rule can migrate it"
            )
        return self.applied


def migrate_loaded(document: Document, reading: Reading) -> Flow[None]:
    """Migrate a document that was just read, where it is not valid; what is not valid afterwards stays as it is.

    The steps that come after this one have not been taken yet: it is read anew, and no more.
    """
    handler, memory = type(document).migration_handler, document._memory
    if handler is None or "_id" not in document:
        return
    if (memory is not None and memory.part is not None) or is_valid(document):
        # Of what a projection has left out nobody knows whether it is old.
        return
    yield from apply_rules(handler(type(document)), document, reading.session)
    # Where no rule applied too: somebody else may have migrated it since it was read.
    made = yield from read_anew(document, reading.session)
    if made is None:
        logger.warning(
            "%s in %s was deleted before it could be migrated: it is handed out as it was read",
            shown(document),
            document.collection.full_name,
        )
        return
    document._become(made)


def read_anew(document: Document, session: Any = None) -> Flow[Document | None]:
    """Return the document as it is stored now, before any of its class's steps; None where it is gone."""
    proxy = document._proxy()
    raw = yield _primary(proxy._reader).find_one(identity(document), **_options(session))
    return None if raw is None else proxy._loader.make(raw)


def apply_rules(migration: DocumentMigration, document: Document, session: Any = None) -> Flow[Outcome]:
    """Apply the lazy rules, in the order of their names, to what is stored."""
    options = _options(session)
    collection = _plain(document.collection)
    this = identity(document)
    migration.collection, migration.status = document.collection, False
    outcome = Outcome()
    found: Any = None
    for name in migration.rule_names("migration"):
        # Anew for each rule that does not see what the one before has made: others may migrate it at the same time.
        migration.doc = found if found is not None else (yield collection.find_one(this, **options))
        found = None
        if migration.doc is None:
            return replace(outcome, is_gone=True)
        migration.target = migration.update = None
        try:
            yield from called(migration, name)
        except LookupError:
            # The rule looks into a document that is not of its kind any more.
            if migration.target is None:
                raise
            outcome.targets.append(migration.target_of(name))
            if (
                yield collection.find_one(among(this, migration.target), {"_id": True}, **options)
            ) is not None:
                raise
            continue
        target, update = migration.target_of(name), migration.update
        outcome.targets.append(target)
        if update is None:
            continue
        if callable(update):
            matching = yield collection.find_one(among(this, target), **options)
            update = None if matching is None else update(matching)
            if update is None:
                # It is none of its documents, or one that it leaves alone.
                continue
        found = yield collection.find_one_and_update(
            among(this, target),
            revised(type(document), full_name(migration, name), update),
            return_document=ReturnDocument.AFTER,
            **options,
        )
        if found is not None:
            outcome.applied.append(name)
    return outcome


def is_old(document: Document, targets: Sequence[Mapping[str, Any]]) -> Flow[bool]:
    """Return whether a document as it is in memory, and not as it is stored, matches one of the targets."""
    if not targets:
        return False
    try:
        content = bson.encode(document._stored(), codec_options=document._codec_options())
    except Exception:  # noqa: BLE001 (of a value of whatever type: it was never stored, so it is not old but wrong)
        return False
    stages: list[Mapping[str, Any]] = [
        {"$match": identity(document)},
        {"$replaceRoot": {"newRoot": {"$literal": RawBSONDocument(content)}}},
        {"$match": {"$or": list(targets)}},
        {"$project": {"_id": True}},
    ]
    try:
        found = yield _plain(document.collection).aggregate(stages)
        return bool((yield found.to_list()))
    except OperationFailure:
        # A query by $where, $text or $near finds what is stored, and nothing else.
        return False


def _plain(collection: Any) -> Any:
    # Rules see what is stored, in plain dicts, whatever the class makes of it.
    return _primary(
        collection.with_options(codec_options=collection.codec_options.with_options(document_class=dict))
    )


def _primary(collection: Any) -> Any:
    # What was just written another member may not have yet.
    return collection.with_options(read_preference=ReadPreference.PRIMARY)


def _options(session: Any) -> dict[str, Any]:
    return {} if session is None else {"session": session}
