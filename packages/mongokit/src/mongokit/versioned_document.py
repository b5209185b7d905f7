"""Documents with a history: each save is kept, under a number that no other save has.

The number is taken by storing the revision: its ``_id`` holds the document's and the number, so of two who take the
same one the server refuses the second, who takes the next. Only then is the document written, unless somebody with a
higher number was faster. So nothing is lost, whoever saves when: the document is what its newest revision is.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any, ClassVar, Self

from bson import ObjectId
from pymongo import errors as pymongo_errors

from mongokit.altering import alters_data
from mongokit.document import Document
from mongokit.errors import StructureError
from mongokit.flow import Flow, run, run_async
from mongokit.history import ensure_index, in_transaction, is_taken, place, refuse_unkept, shared
from mongokit.legacy import refuse_old_save, with_safe
from mongokit.operations import REFUSALS
from mongokit.performing import after, is_asynchronous, performing, preparing
from mongokit.persistence import check, plan_delete, plan_save
from mongokit.portions import AT_ONCE
from mongokit.scalars import scalar, stored_id
from mongokit.sessions import keep_state
from mongokit.writes import Replace

__all__ = ["RevisionDocument", "VersionedDocument"]

Raw = dict[str, Any]

PREFIX = "versioned_"
"""Of the companion collection's name."""
MOST_TRIES = 10_000
"""Saves of one document by others between a look at the last number and taking the next. Each of theirs went through."""
BATCH = AT_ONCE
"""Documents that ``remove`` deletes at once, with their histories."""


class RevisionDocument(Document):
    """What the companion collection holds: a document as it was saved, with its number."""

    structure: ClassVar[dict[str, Any] | None] = {"id": None, "revision": int, "doc": dict}
    required_fields: ClassVar[list[str]] = ["id", "revision", "doc"]
    indexes: ClassVar[list[dict[str, Any]]] = [{"fields": ["id", "revision"], "unique": True}]


class VersionedDocument(Document):
    """A document each save of which is kept in the companion collection ``versioned_<collection>``.

    With an asynchronous connection the methods return what is to be awaited, and ``get_revisions()`` is for
    ``async for``.
    """

    _keeps_revisions: ClassVar[bool] = True

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if cls.use_revision:
            raise StructureError(
                f"{cls.__name__}: use_revision: a VersionedDocument counts its revisions itself, and keeps every one"
            )

    @property
    def versioning_collection(self) -> Any:
        """The companion collection."""
        return self.collection.database[PREFIX + self.collection.name]

    @alters_data
    def save(  # type: ignore[override]  # MongoKit's order of parameters
        self,
        versioning: bool = True,
        uuid: bool = False,
        validate: bool | None = None,
        safe: bool | None = None,
        **options: Any,
    ) -> Self:
        """Validate and store the document, and keep what is stored as its next revision; returns itself.

        ``_revision`` is the number: 1 for the first. Saved again, an old revision becomes the newest. When somebody
        else saves the same document at the same time, both are kept, and the one with the higher number is what is
        stored. In a transaction the server aborts it then: try it again. In a unit of work it is not collected: what
        is pending is sent, and then it is saved.

        :param versioning: False stores the document and keeps no revision, as a Document does.
        :param uuid, validate, safe, options: see ``Document.save``.

        Raises what ``Document.save`` does.
        """
        if not versioning:
            return super().save(uuid, validate, safe, **options)
        refuse_old_save(options)
        if options.get("only") is not None:
            raise ValueError(
                "save(only=…) has no whole document to keep: say versioning=False, or leave only out"
            )
        if safe is not None:
            with_safe(self.collection, safe=safe)
            if not safe:
                raise ValueError("a revision needs the server's answer: say versioning=False with safe=False")
        for where in (self.collection, self.versioning_collection):
            if not where.write_concern.acknowledged:
                raise ValueError(
                    f"{where.full_name} has a write concern of 0, and a revision needs the server's answer: say "
                    "versioning=False, or give it another one"
                )
        options.pop("only", None)
        saved: Self = self._do(self._save(uuid, validate, options))
        return saved

    @alters_data
    def delete(self, versioning: bool = False, **options: Any) -> None:
        """Delete the document, and with ``versioning`` its revisions too; raises KeyError without ``_id``."""
        deleted: None = self._do(self._delete(versioning, options))
        return deleted

    @alters_data
    def remove(self, query: Mapping[str, Any], versioning: bool = False, **options: Any) -> int:
        """Delete the documents that a query finds, with ``versioning`` their revisions too; returns how many.

        :param options: passed to PyMongo's ``delete_many``.
        """
        removed: int = self._do(self._remove(query, versioning, options))
        return removed

    def get_revision(self, revision: int, **options: Any) -> Self | None:
        """Return the document as it was with this number, or None.

        :param options: passed to PyMongo's ``find_one``.
        """
        found: Self | None = self._do(self._get_revision(revision, options))
        return found

    def get_revisions(self, **options: Any) -> Iterator[Self]:
        """Return all revisions, the oldest first.

        :param options: passed to PyMongo's ``find``.
        """
        cursor = self._reader().find(self._history(), sort=[("revision", 1)], **options)
        if is_asynchronous(self.collection):
            return self._loaded_async(cursor, options)  # type: ignore[return-value]  # see the class
        return self._loaded(cursor, options)

    def get_last_revision_id(self, **options: Any) -> int:
        """Return the number of the newest revision; 0 where there is none.

        :param options: passed to PyMongo's ``find_one``.
        """
        last: int = self._do(self._last(options))
        return last

    @alters_data
    def update_atomic(
        self,
        update: Mapping[str, Any],
        *,
        versioning: bool = True,
        validate: bool | None = None,
        **options: Any,
    ) -> Self:
        """Let the server change the stored document, and keep no revision of what it is then; returns itself.

        :param versioning: False says that this is wanted; see ``Document.update_atomic`` for the rest. ``_revision``
            stays what it was, and ``get_revision()`` of it gives the document as it was saved.

        Raises TypeError without ``versioning=False``, and what ``Document.update_atomic`` does.
        """
        refuse_unkept(type(self), "update_atomic", {"versioning": versioning})
        return super().update_atomic(update, validate=validate, versioning=False, **options)

    def _do(self, flow: Flow[Any]) -> Any:
        return run_async(flow) if is_asynchronous(self.collection) else run(flow)

    def _save(self, uuid: bool, validate: bool | None, options: Raw) -> Flow[Self]:
        validate = yield from preparing(self, self.collection, uuid, validate, options)
        check(self, validate)
        if "_id" not in self and not uuid:
            self["_id"] = ObjectId()
        planned = plan_save(self, self.collection, uuid, False, None, options)
        if not isinstance(planned, Replace):
            raise TypeError(f"{type(planned).__name__} is no way to store a {type(self).__name__}")
        if not in_transaction(self.collection, options):
            yield from ensure_index(self.versioning_collection, RevisionDocument._indexes)
        number = yield from self._take_number(planned, options)
        kept = {**planned.stored, "_revision": number}
        not_newer = {"_revision": {"$not": {"$gte": number}}}
        store: Replace[Self] = Replace(
            self, self.collection, options, kept, number, filter={**planned.filter, **not_newer}
        )
        result = None
        try:
            result = yield store.send()
        except REFUSALS as error:
            # What fails in a transaction has ended it.
            has_ended = in_transaction(self.collection, options)
            if not has_ended and not is_taken(error):
                # The document was not stored, so this was no revision of it.
                yield self.versioning_collection.delete_one(
                    {"_id": place(kept["_id"], number)}, **shared(options)
                )
            if has_ended or not is_taken(error):
                store.refused(error)
        keep_state(self.collection, self)
        if result is not None:
            store.done(result)
            yield from after(store, result)
        else:
            # A newer revision is stored: this one has its place before it.
            self["_revision"] = number
            if "after_save" in type(self)._hooks:
                yield self.after_save(False)
        return self

    def _take_number(self, planned: Replace[Any], options: Raw) -> Flow[int]:
        """Keep what is to be stored under the next number, and return that."""
        collection, id = self.versioning_collection, planned.stored["_id"]
        for _ in range(MOST_TRIES):
            number = (yield from self._last(shared(options))) + 1
            kept = {**planned.stored, "_revision": number}
            revision = {"_id": place(id, number), "id": id, "revision": number, "doc": kept}
            try:
                yield collection.insert_one(revision, **shared(options))
            except pymongo_errors.DuplicateKeyError:
                if in_transaction(self.collection, options):
                    raise
            except REFUSALS as error:
                planned.refused(error)
            else:
                return number
        raise pymongo_errors.OperationFailure(
            f"no revision of {type(self).__name__} {id!r} could be kept: {MOST_TRIES} others were faster each time"
        )

    def _last(self, options: Raw) -> Flow[int]:
        found = yield self.versioning_collection.find_one(
            self._history(), {"revision": True}, sort=[("revision", -1)], **options
        )
        return 0 if found is None else int(found["revision"])

    def _delete(self, versioning: bool, options: Raw) -> Flow[None]:
        yield from performing(plan_delete, self, self.collection, options)
        if versioning:
            yield self.versioning_collection.delete_many(self._history(), **shared(options))

    def _remove(self, query: Mapping[str, Any], versioning: bool, options: Raw) -> Flow[int]:
        if not versioning:
            result = yield self.collection.delete_many(query, **options)
            return int(result.deleted_count)
        removed = 0
        while True:
            cursor = self.collection.find(query, {"_id": True}, limit=BATCH, **shared(options))
            found = yield cursor.to_list()
            ids = [one["_id"] for one in found]
            if not ids:
                return removed
            result = yield self.collection.delete_many({"_id": {"$in": ids}}, **options)
            yield self.versioning_collection.delete_many({"id": {"$in": ids}}, **shared(options))
            removed += result.deleted_count

    def _get_revision(self, revision: int, options: Raw) -> Flow[Self | None]:
        found = yield self._reader().find_one({**self._history(), "revision": scalar(revision)}, **options)
        return None if found is None else (yield self._load(found, options))

    def _loaded(self, cursor: Any, options: Raw) -> Iterator[Self]:
        for found in cursor:
            yield self._load(found, options)

    async def _loaded_async(self, cursor: Any, options: Raw) -> AsyncIterator[Self]:
        async for found in cursor:
            yield await self._load(found, options)

    def _load(self, found: Raw, options: Raw) -> Any:
        loader, session = self._proxy()._loader, options.get("session")
        if options.get("projection"):
            # It is one of what the revision is kept in.
            loader = loader.of_unknown()
        if is_asynchronous(self.collection):
            return loader.load_async(found["doc"], session)
        return loader.load(found["doc"], session)

    def _reader(self) -> Any:
        collection, loaded = self.versioning_collection, type(self)._structure.loaded
        options = collection.codec_options.with_options(document_class=loaded)
        return collection.with_options(codec_options=options)

    def _history(self) -> Raw:
        if "_id" not in self:
            raise KeyError(
                f"this {type(self).__name__} has no _id, so that it has no revisions: save() it first"
            )
        return {"id": {"$eq": stored_id(type(self), self["_id"])}}
