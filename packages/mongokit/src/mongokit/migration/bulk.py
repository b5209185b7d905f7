"""All documents of a collection migrated, rule by rule, in batches; interrupted, it goes on where it was."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pymongo import ASCENDING, UpdateOne

from mongokit.errors import MigrationError
from mongokit.flow import Flow
from mongokit.migration.bookmark import Bookmark
from mongokit.migration.declared import called, full_name
from mongokit.migration.report import MigrationReport, RuleReport
from mongokit.migration.updates import among, check_fields, revised
from mongokit.migration.watched import Watched
from mongokit.portions import portions

if TYPE_CHECKING:
    from mongokit.migration.rules import DocumentMigration

__all__ = ["BulkRun", "deprecated"]

logger = logging.getLogger("mongokit.migration")

Raw = dict[str, Any]
Progress = Callable[[RuleReport], Any]


@dataclass(slots=True)
class BulkRun:
    """One run over a collection.

    :param bookmark: None on a dry run.
    :param batch_size: documents that are changed between two notes in the bookmark.
    """

    migration: DocumentMigration
    collection: Any
    bookmark: Bookmark | None
    batch_size: int
    progress: Progress | None

    def run(self) -> Flow[MigrationReport]:
        """Do it."""
        bookmark = self.bookmark
        if bookmark is not None:
            yield from bookmark.take()
        rules: list[RuleReport] = []
        try:
            for name in self.migration.rule_names("allmigration"):
                rules.append((yield from self._rule(name)))
                yield from self._tell(rules[-1])
        finally:
            if bookmark is not None:
                yield from bookmark.release()
        cls = type(self.migration).__name__
        report = MigrationReport(self.collection.full_name, cls, bookmark is None, tuple(rules))
        logger.info("%s", report)
        return report

    def _tell(self, rule: RuleReport) -> Flow[None]:
        if self.progress is not None:
            yield self.progress(rule)

    def _rule(self, name: str) -> Flow[RuleReport]:
        began = time.monotonic()
        migration = self.migration
        try:
            yield from call(migration, name, self.collection, status=True)
            target, update, before = migration.target_of(name), migration.update, None
        except MigrationError:
            if not migration.has_written:
                raise
            if self.bookmark is None:
                return RuleReport(name, "planned")
            # It does not look at `status`: what there is to do is known when it has done it.
            target, update, before = None, None, None
        if target is not None:
            before = yield self.collection.count_documents(target)
            if not before:
                if self.bookmark is not None:
                    yield from self.bookmark.note(name, state="done")
                return RuleReport(name, "idle", 0)
        rule = RuleReport(name, "planned", before)
        if self.bookmark is None:
            if update is not None:
                yield from self._rehearsed(name, target, update)
            return rule
        planned = update
        if planned is not None and not callable(planned):
            self._checked(name, planned)
        yield from call(migration, name, self.collection, status=False)
        target = target or migration.target_of(name)
        # What a rule sets next to what it writes itself is what it has written, unless it had set it before.
        update = planned if planned is not None or migration.has_written else migration.update
        if planned is not None and migration.has_written:
            done = max((before or 0) - (yield self.collection.count_documents(target)), 0)
            rule = replace(rule, matched=done, changed=done)
        if update is None:
            after = yield self.collection.count_documents(target)
            changed = max((before or 0) - after, 0)
            yield from self.bookmark.note(name, state="done", matched=changed)
            made = replace(rule, state="done", matched=changed, changed=changed, after=after)
        else:
            made = yield from self._batches(self.bookmark, rule, target, update, began)
        return replace(made, seconds=time.monotonic() - began)

    def _batches(
        self, bookmark: Bookmark, rule: RuleReport, target: Any, update: Any, began: float
    ) -> Flow[RuleReport]:
        """Change all documents that match, in the order of their ``_id``, writing down how far it is."""
        name = rule.name
        update = update if callable(update) else self._checked(name, update)
        noted = bookmark.rules.get(name, {})
        filter_ = target
        if noted.get("state") == "running":
            rule = replace(rule, earlier=noted["matched"])
            # Not {"_id": {"$gt": …}}, which finds ids of the same type only.
            position = {"$expr": {"$gt": ["$_id", {"$literal": noted["position"]}]}}
            filter_ = {"$and": [position, target]}
        projection = None if callable(update) else {"_id": True}
        cursor = self.collection.find(filter_, projection, batch_size=self.batch_size)
        cursor = cursor.sort("_id", ASCENDING).allow_disk_use(True)
        try:
            while True:
                documents: list[Raw] = yield cursor.to_list(self.batch_size)
                if not documents:
                    break
                matched, changed = yield from self._write(name, documents, target, update)
                rule = replace(
                    rule,
                    state="running",
                    matched=rule.matched + matched,
                    changed=rule.changed + changed,
                    seconds=time.monotonic() - began,
                )
                yield from bookmark.note(
                    name,
                    state="running",
                    position=documents[-1]["_id"],
                    matched=rule.earlier + rule.matched,
                    before=rule.before,
                )
                yield from self._tell(rule)
        finally:
            yield cursor.close()
        after = yield self.collection.count_documents(target)
        yield from bookmark.note(name, state="done", matched=rule.earlier + rule.matched)
        return replace(rule, state="done", after=after)

    def _write(self, name: str, documents: Sequence[Raw], target: Any, update: Any) -> Flow[tuple[int, int]]:
        """Change one batch; the target is asked again, as somebody else may have changed a document meanwhile."""
        if not callable(update):
            matched = changed = 0
            for some in portions(document["_id"] for document in documents):
                result = yield self.collection.update_many(among({"_id": {"$in": some}}, target), update)
                matched += result.matched_count
                changed += result.modified_count
            return matched, changed
        changes = [
            UpdateOne(among({"_id": document["_id"]}, target), self._checked(name, made))
            for document, made in self._made(documents, update)
        ]
        if not changes:
            return 0, 0
        result = yield self.collection.bulk_write(changes, ordered=False)
        return result.matched_count, result.modified_count

    def _made(self, documents: Sequence[Raw], update: Callable[[Raw], Any]) -> Iterator[tuple[Raw, Any]]:
        for document in documents:
            made = update(document)
            if made is not None:
                yield document, made

    def _rehearsed(self, name: str, target: Any, update: Any) -> Flow[None]:
        """Check the update, or what it makes of each document, without writing."""
        if not callable(update):
            self._checked(name, update)
            return
        cursor = self.collection.find(target, batch_size=self.batch_size)
        try:
            while documents := (yield cursor.to_list(self.batch_size)):
                for _, made in self._made(documents, update):
                    self._checked(name, made)
        finally:
            yield cursor.close()

    def _checked(self, name: str, update: Any) -> Any:
        cls, rule = self.migration.doc_class, full_name(self.migration, name)
        made = revised(cls, rule, update)
        check_fields(cls, rule, made)
        return made


def call(migration: DocumentMigration, name: str, collection: Any, *, status: bool) -> Flow[None]:
    """Have a bulk rule say what it wants; with ``status`` it must not write itself."""
    watched = Watched(collection, name, refuse=status)
    migration.target = migration.update = migration.doc = None
    migration.collection, migration.status, migration.watched = watched, status, watched
    yield from called(migration, name)


def deprecated(migration: DocumentMigration, collection: Any) -> Flow[Mapping[str, list[str]]]:
    """Return which bulk rules no document needs any more, and which some do."""
    found: dict[str, list[str]] = {"deprecated": [], "active": []}
    for name in migration.rule_names("allmigration"):
        yield from call(migration, name, collection, status=True)
        match = yield collection.find_one(migration.target_of(name), {"_id": True})
        found["deprecated" if match is None else "active"].append(name)
    return found
