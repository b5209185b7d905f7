"""The ``migration_handler`` of a class, and what its documents do with it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mongokit.either import done, is_asynchronous
from mongokit.errors import OptionConflictError
from mongokit.flow import Flow, run
from mongokit.loading import Reading, finish
from mongokit.migration.lazy import Outcome, apply_rules, is_old, is_valid, read_anew
from mongokit.migration.rules import DocumentMigration, note_safe

if TYPE_CHECKING:
    from mongokit.document import Document

__all__ = ["check_handler", "migrate_now", "validate_migrating"]


def check_handler(cls: Any) -> None:
    """Check the rules of a document class, and switch ``skip_validation`` off.

    Raises TypeError for a handler that is none, OptionConflictError together with ``use_schemaless``.
    """
    handler = cls.migration_handler
    if not (isinstance(handler, type) and issubclass(handler, DocumentMigration)):
        raise TypeError(
            f"{cls.__name__}: migration_handler must be a subclass of DocumentMigration, not {handler!r}"
        )
    if cls.use_schemaless:
        raise OptionConflictError(
            f"{cls.__name__}: migration_handler and use_schemaless exclude each other: without a fixed structure no "
            "document is in an old form. Drop one of them"
        )
    if cls.skip_validation:
        cls.skip_validation = False


def migrate_now(document: Document, safe: bool | None) -> list[str]:
    """Migrate a document on request; see ``Document.migrate``."""
    note_safe(safe, "migrate")
    if document.migration_handler is None:
        raise TypeError(f"{type(document).__name__} has no migration_handler")
    applied: list[str] = done(document.collection, _migrate(document, document.migration_handler))
    return applied


def _migrate(document: Document, handler: type[DocumentMigration]) -> Flow[list[str]]:
    return (yield from _migrate_and_load(document, handler)).names(document)


def _migrate_and_load(document: Document, handler: type[DocumentMigration]) -> Flow[Outcome]:
    outcome = yield from apply_rules(handler(type(document)), document)
    if not outcome.is_gone and (outcome.applied or (yield from is_old(document, outcome.targets))):
        # Not only read: what it refers to is loaded too.
        found = yield from read_anew(document)
        if found is None:
            return replace(outcome, is_gone=True)
        yield from finish([found], Reading())
        document._become(found)
    return outcome


def validate_migrating(document: Document) -> None:
    """Validate, and where that fails once more after the rules were applied."""
    if is_asynchronous(document.collection):
        raise TypeError(
            f"validate(auto_migrate=True) cannot wait for an asynchronous collection: "
            f"await this {type(document).__name__}'s migrate(), then validate()"
        )
    if is_valid(document):
        return
    if document.migration_handler is not None and "_id" in document:
        # One that is not stored has to be right by itself.
        run(_migrate_and_load(document, document.migration_handler))
    document.validate()
