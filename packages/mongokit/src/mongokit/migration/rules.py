"""The base of migrations: rules are methods that say which documents are old, and how they become new."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, overload

import pymongo.asynchronous.collection
import pymongo.collection

from mongokit.either import done
from mongokit.errors import shortened
from mongokit.flow import Flow
from mongokit.legacy import warn_once
from mongokit.migration.bookmark import Bookmark
from mongokit.migration.bulk import BulkRun, Progress, deprecated
from mongokit.migration.declared import check_rules, full_name, names_of
from mongokit.migration.lazy import apply_rules
from mongokit.migration.report import MigrationReport
from mongokit.migration.watched import Watched

if TYPE_CHECKING:
    from mongokit.document import Document

__all__ = ["DocumentMigration", "note_safe"]


RawCollection = pymongo.collection.Collection[Any]
AwaitedCollection = pymongo.asynchronous.collection.AsyncCollection[Any]


class DocumentMigration:
    """The rules by which documents of a class become what it declares today.

    A rule is a method that sets ``self.target``, the query that finds the documents in their old form, and
    ``self.update``, which gives them the new one, so that they do not match the target any more::

        class TalkMigration(DocumentMigration):
            def allmigration01_add_tags(self):
                self.target = {"tags": {"$exists": False}}
                self.update = {"$set": {"tags": []}}

    Methods named ``migration…`` are for one document, ``self.doc``, when it is loaded (``migration_handler``);
    those named ``allmigration…`` are for a whole collection (``migrate_all``). They run in the order of their names.
    The update is a dict of operators, a list of aggregation stages, or a function that is given each document and
    returns one of these, or None to leave it alone.

    Raises TypeError, when the class is made, for what has the name of a rule and is no method, or takes arguments.

    A bulk rule may also write itself, to ``self.collection``, where ``self.status`` is false.
    With an asynchronous collection everything here is to be awaited, and rules may be ``async def``.
    """

    bookmarks: ClassVar[str] = "mongokit_migrations"
    """The name of the collection, in the same database, where it is written down how far a run is."""

    target: Any = None
    """The query of the rule that runs."""
    update: Any = None
    """Its update."""
    doc: Any = None
    """For a lazy rule: the document as it is stored, with what the rules before have made of it."""
    collection: Any = None
    status: bool = False
    """For a bulk rule: whether it is only asked what it would do."""
    watched: Watched | None = None

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Check the rules, which would be passed over, or fail, when they are to run."""
        super().__init_subclass__(**kwargs)
        check_rules(cls)

    def __init__(self, doc_class: type[Document]) -> None:
        self.doc_class = doc_class

    def migrate(self, doc: Document, safe: bool | None = None) -> list[str]:
        """Apply the lazy rules to one document in the database; returns the names of those that applied.

        The object stays as it was read: ``doc.migrate()`` brings it up to date too.

        :param safe: MongoKit's; rules always wait for the server's answer.

        Raises KeyError for a document without ``_id``, OperationFailure for one that is not stored (any more).
        """
        note_safe(safe, "migrate")
        applied: list[str] = done(doc.collection, self._applied(doc))
        return applied

    def _applied(self, doc: Document) -> Flow[list[str]]:
        return (yield from apply_rules(self, doc)).names(doc)

    @overload
    def migrate_all(
        self,
        collection: AwaitedCollection,
        safe: bool | None = None,
        *,
        dry_run: bool = False,
        batch_size: int = 1000,
        progress: Progress | None = None,
        lease: float = 60.0,
        wait: float | None = None,
    ) -> Awaitable[MigrationReport]: ...
    @overload
    def migrate_all(
        self,
        collection: RawCollection,
        safe: bool | None = None,
        *,
        dry_run: bool = False,
        batch_size: int = 1000,
        progress: Progress | None = None,
        lease: float = 60.0,
        wait: float | None = None,
    ) -> MigrationReport: ...
    def migrate_all(
        self,
        collection: Any,
        safe: bool | None = None,
        *,
        dry_run: bool = False,
        batch_size: int = 1000,
        progress: Progress | None = None,
        lease: float = 60.0,
        wait: float | None = None,
    ) -> Any:
        """Apply the bulk rules to a collection, each to all documents before the next, and report what was done.

        It can be interrupted at any time, and called again: where it was is kept in the database. Of several runners
        one works, the others wait and then find nothing left to do.

        :param safe: MongoKit's; rules always wait for the server's answer.
        :param dry_run: write nothing; check the updates, and count the documents that match each rule now (what a rule
            before it would change it does not see).
        :param batch_size: documents that are changed between two notes in the bookmark.
        :param progress: called with a :class:`RuleReport` after each batch and each rule.
        :param lease: seconds without a sign of life after which another runner's turn ends. A batch, a count of the
            target, or a rule that writes itself has to be quicker.
        :param wait: seconds to wait for another runner; None: as long as it takes.

        Raises UpdateQueryError for a field that is not in the structure, SchemaDocumentError for a value that its field
        does not take, MigrationError where another runner does
        not come to an end, or has taken over.
        """
        note_safe(safe, "migrate_all")
        if batch_size < 1:
            raise ValueError(f"migrate_all(batch_size={batch_size!r}): accepted is a number of at least 1")
        bookmark = None if dry_run else Bookmark(*self._bookmark(collection), lease=lease, wait=wait)
        return done(collection, BulkRun(self, collection, bookmark, batch_size, progress).run())

    @overload
    def get_deprecated(self, collection: AwaitedCollection) -> Awaitable[Mapping[str, list[str]]]: ...
    @overload
    def get_deprecated(self, collection: RawCollection) -> Mapping[str, list[str]]: ...
    def get_deprecated(self, collection: Any) -> Any:
        """Return ``{"deprecated": […], "active": […]}``: the bulk rules that match nothing any more, and the others."""
        return done(collection, deprecated(self, collection))

    @overload
    def bookmark(self, collection: AwaitedCollection) -> Awaitable[dict[str, Any] | None]: ...
    @overload
    def bookmark(self, collection: RawCollection) -> dict[str, Any] | None: ...
    def bookmark(self, collection: Any) -> Any:
        """Return what is written down of runs over a collection: ``owner``, ``rules``; None where there was none."""
        store, name = self._bookmark(collection)
        return store.find_one({"_id": name})

    def _bookmark(self, collection: Any) -> tuple[Any, str]:
        cls = type(self)
        return collection.database[self.bookmarks], f"{collection.name} {cls.__module__}.{cls.__qualname__}"

    def rule_names(self, prefix: str) -> list[str]:
        """Return the names of the rules of one kind, in the order in which they run."""
        return names_of(self, prefix)

    def target_of(self, name: str) -> Mapping[str, Any]:
        """Return the target that a rule has set; raises TypeError where it has not."""
        if not isinstance(self.target, Mapping):
            raise TypeError(
                f"{full_name(self, name)} must set self.target to the query that finds what is old, "
                f"not {shortened(self.target)}"
            )
        return self.target

    @property
    def has_written(self) -> bool:
        """Whether the rule that runs has written, or wanted to, itself."""
        return self.watched is not None and self.watched.has_written


def note_safe(safe: bool | None, method: str) -> None:
    if safe is not None:
        warn_once(f"{method}(safe=…)", f"{method}(): rules always wait for the server's answer")
