"""One document migrated by its rules: when it was loaded and is not valid, or on request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pymongo import ReturnDocument

from mongokit.errors import SchemaDocumentError
from mongokit.flow import Flow
from mongokit.migration.updates import among, revised
from mongokit.persistence import identity

if TYPE_CHECKING:
    from mongokit.document import Document
    from mongokit.loading import Reading
    from mongokit.migration.rules import DocumentMigration

__all__ = ["apply_rules", "is_valid", "migrate_loaded"]


def is_valid(document: Document) -> bool:
    """Return whether the document's own ``validate()`` accepts it."""
    try:
        document.validate()
    except SchemaDocumentError:
        return False
    return document.raise_validation_errors or not document._failures


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
    applied = yield from apply_rules(handler(type(document)), document, reading.session)
    if applied:
        proxy = document._proxy()
        raw = yield proxy._reader.find_one(identity(document), **_options(reading.session))
        if raw is not None:
            document._become(proxy._loader.make(raw))


def apply_rules(migration: DocumentMigration, document: Document, session: Any = None) -> Flow[list[str]]:
    """Apply the lazy rules, in the order of their names, to what is stored; returns the names of those that applied."""
    options = _options(session)
    # Rules see what is stored, in plain dicts, whatever the class makes of it.
    collection = _plain(document.collection)
    this = identity(document)
    migration.collection, migration.status = document.collection, False
    migration.doc = yield collection.find_one(this, **options)
    applied: list[str] = []
    for name in migration.rule_names("migration"):
        if migration.doc is None:
            # Somebody has deleted it meanwhile.
            break
        migration.target = migration.update = None
        try:
            yield getattr(migration, name)()
        except LookupError:
            # The rule looks into a document that is not of its kind any more.
            if migration.target is None:
                raise
            found = yield collection.find_one(among(this, migration.target), {"_id": True}, **options)
            if found is not None:
                raise
            continue
        target, update = migration.target_of(name), migration.update
        if update is None:
            migration.doc = yield collection.find_one(this, **options)
            continue
        if callable(update):
            update = update(migration.doc)
        found = yield collection.find_one_and_update(
            among(this, target),
            revised(type(document), name, update),
            return_document=ReturnDocument.AFTER,
            **options,
        )
        if found is not None:
            applied.append(name)
            migration.doc = found
    return applied


def _plain(collection: Any) -> Any:
    return collection.with_options(codec_options=collection.codec_options.with_options(document_class=dict))


def _options(session: Any) -> dict[str, Any]:
    return {} if session is None else {"session": session}
