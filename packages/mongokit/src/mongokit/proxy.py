"""One document class in one collection: ``connection.blog.posts.Post``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, TypeVar, overload

import pymongo.collection

from mongokit import legacy
from mongokit.cursor import Cursor
from mongokit.flow import run
from mongokit.history import refuse_unkept
from mongokit.modifying import CHANGE_REFUSALS, modification, refusing, replacing_call
from mongokit.operations import REFUSALS, explaining
from mongokit.proxy_base import ProxyBase, random_stages
from mongokit.results import Results
from mongokit.sessions import said_clearly
from mongokit.updates import prepared

if TYPE_CHECKING:
    from pymongo.command_cursor import CommandCursor
    from pymongo.results import BulkWriteResult, InsertManyResult

    from mongokit.changes import Changes
    from mongokit.document import Document
    from mongokit.index_report import IndexReport

__all__ = ["DocumentProxy", "ProxyBase", "random_of"]

D = TypeVar("D", bound="Document")
Raw = dict[str, Any]


def random_of(
    collection: pymongo.collection.Collection[Raw],
    filter: Mapping[str, Any] | None,
    options: Mapping[str, Any],
) -> Raw | None:
    """Return a dict chosen by chance, or None."""
    return next(iter(collection.aggregate(random_stages(filter), **options)), None)


class DocumentProxy(ProxyBase[D]):
    """Called, it makes a document bound to its collection; its methods find them.

    What it does not have itself is looked up on a document of the class, so methods a class adds can be called on it.
    """

    collection: pymongo.collection.Collection[Raw]
    _reader: pymongo.collection.Collection[Raw]

    def find(
        self,
        filter: Mapping[str, Any] | None = None,
        projection: Any = None,
        skip: int = 0,
        limit: int = 0,
        **options: Any,
    ) -> Cursor[D]:
        """Return a cursor of documents; the parameters are those of PyMongo's ``find``."""
        return Cursor(*self._found(filter, projection, skip, limit, options))

    def find_one(self, filter: Any = None, *args: Any, **options: Any) -> D | None:
        """Return the first document found, or None. A filter that is no dict is an ``_id``."""
        if options:
            legacy.refuse_old_query(options)
        return self._loaded(self._reader.find_one(filter, *args, **options), options, args)

    def one(self, filter: Mapping[str, Any] | None = None, *args: Any, **options: Any) -> D | None:
        """Return the only document found, or None; raises MultipleResultsFound. It costs one query."""
        if options:
            legacy.refuse_old_query(options)
        found = list(self._reader.find(filter, *args, **{**options, "limit": -2}))
        return self._loaded(self._only(found), options, args)

    def get_from_id(self, id: Any, **options: Any) -> D | None:
        """Return the document with this ``_id``, or None; raises TypeError for a condition in place of an id."""
        if options:
            legacy.refuse_old_query(options)
        filter_ = self._by_id(id)
        try:
            raw = self._reader.find_one(filter_, **options)
        except REFUSALS:
            # Entered only now, as documents are read by the thousand.
            with explaining(self._obj_class, self.collection, filter_):
                raise
        if options:
            return self._loaded(raw, options)
        return None if raw is None else (self._loader.load_plainly or self._loader.load)(raw)

    def fetch(self, spec: Mapping[str, Any] | None = None, *args: Any, **options: Any) -> Cursor[D]:
        """Find documents that have every top-level field of the structure, so those of subclasses too.

        No index helps with that: a ``type_field``, or a condition of your own, costs less.
        """
        return self.find(self._present(spec), *args, **options)

    def fetch_one(self, spec: Mapping[str, Any] | None = None, *args: Any, **options: Any) -> D | None:
        """Return the only document that ``fetch`` finds, or None; raises MultipleResultsFound."""
        found: D | None = self._only(list(self.fetch(spec, *args, **{**options, "limit": -2})))
        return found

    def find_random(self, filter: Mapping[str, Any] | None = None, **options: Any) -> D | None:
        """Return a document chosen by the server by chance, or None where there is none."""
        legacy.warn_of("find_random()")
        return self._loaded(random_of(self._reader, filter, options), options)

    def find_one_and_update(
        self,
        filter: Mapping[str, Any],
        update: Any,
        *args: Any,
        validate: bool | None = None,
        **options: Any,
    ) -> D | None:
        """Change one document and return it, or None; the other parameters are those of PyMongo's method.

        :param validate: True or False overrules ``skip_validation``: values are validated as by
            ``Document.update_atomic``, where they are of fields in the structure. A pipeline cannot be validated: only the
            server knows what it makes.

        With ``use_revision`` it counts ``_revision``, so that whoever has read the document before is told when he saves.

        A VersionedDocument keeps no revision of what comes of it, nor of what the methods below write: they raise TypeError
        unless ``versioning=False`` says that this is wanted.

        Raises SchemaDocumentError, MaxDocumentSizeError, DuplicateKeyError with its fields, DocumentValidationError, and what
        PyMongo raises.
        """
        refuse_unkept(self._obj_class, "find_one_and_update", options)
        update = prepared(self._obj_class, update, validate)
        try:
            raw = self._reader.find_one_and_update(filter, update, *args, **options)
        except CHANGE_REFUSALS as error:
            run(refusing(self, error, filter, update, args, options))
        return self._loaded(raw, options, args)

    def find_one_and_replace(
        self,
        filter: Mapping[str, Any],
        replacement: Mapping[str, Any],
        *args: Any,
        validate: bool | None = None,
        **options: Any,
    ) -> D | None:
        """Replace one document and return it, or None; the other parameters are those of PyMongo's method.

        :param replacement: a document of the class, or a dict, which is stored as a document of these fields would be.
        :param validate: True or False overrules ``skip_validation``: the replacement is validated as by ``save()``.

        Hooks are not called. With ``use_revision`` it is sent as an update (of MongoDB 4.2), since a replacement cannot count ``_revision``.

        Raises TypeError for a document of another class, and what ``find_one_and_update`` raises.
        """
        replace, made, named, sent = replacing_call(self, replacement, args, options, validate)
        try:
            raw = replace(filter, made, **named)
        except CHANGE_REFUSALS as error:
            run(refusing(self, error, filter, sent, (), named))
        return self._loaded(raw, options, args)

    def find_one_and_delete(self, filter: Mapping[str, Any], *args: Any, **options: Any) -> D | None:
        """Delete one document and return it as it was, or None; see PyMongo."""
        return self._loaded(self._reader.find_one_and_delete(filter, *args, **options), options, args)

    def find_and_modify(self, *args: Any, validate: bool | None = None, **options: Any) -> D | None:
        """MongoKit's spelling of the three above; see :func:`mongokit.legacy.find_and_modify`.

        :param validate: as above, of an update or a replacement.
        """
        legacy.warn_of("find_and_modify()")
        args, options, update = modification(self, args, options, validate)
        try:
            raw = legacy.find_and_modify(self._reader, *args, **options)
        except CHANGE_REFUSALS as error:
            run(refusing(self, error, args[0] if args else options.get("query"), update, (), options))
        return self._loaded(raw, {**options, "projection": options.get("fields")})

    def _loaded(self, raw: Raw | None, options: Mapping[str, Any], args: tuple[Any, ...] = ()) -> D | None:
        return (
            None if raw is None else self._loader_for(options, args).load(raw, self._session(options, args))
        )

    def count(self, filter: Mapping[str, Any] | None = None, **options: Any) -> int:
        """Return how many documents match, counted by the server."""
        return self.collection.count_documents(filter or {}, **options)

    def distinct(self, key: str, filter: Mapping[str, Any] | None = None, **options: Any) -> list[Any]:
        """Return the different values of a field, as they are stored; see PyMongo."""
        return self.collection.distinct(key, filter, **options)

    @overload
    def aggregate(
        self, pipeline: Sequence[Mapping[str, Any]], *, raw: Literal[False] = False, **options: Any
    ) -> Results[D]: ...
    @overload
    def aggregate(
        self, pipeline: Sequence[Mapping[str, Any]], *, raw: Literal[True], **options: Any
    ) -> CommandCursor[Raw]: ...
    def aggregate(
        self, pipeline: Sequence[Mapping[str, Any]], *, raw: bool = False, **options: Any
    ) -> Results[D] | CommandCursor[Raw]:
        """Have the server aggregate, and return the results: as documents of the class, or ``raw``, as PyMongo's.

        Documents are for pipelines that leave the structure as it is (``$match``, ``$sort``, ``$sample``, ``$limit``…).
        Where there is any other stage they are as those that were read with a projection: a whole ``save()`` is refused,
        since it would lose what the aggregation has left out, and store what it has made.
        """
        if raw:
            return self.collection.aggregate(pipeline, **options)
        return Results(self._reader.aggregate(pipeline, **options), self._loader.of_results(pipeline))

    def insert_many(
        self,
        documents: Iterable[Mapping[str, Any]],
        ordered: bool = True,
        *,
        validate: bool | None = None,
        **options: Any,
    ) -> InsertManyResult:
        """Validate documents, and store them all as new ones, with one call; returns PyMongo's result.

        :param documents: documents of the class, or dicts, which are stored as documents of these fields would be.
        :param ordered: False goes on after a document that the server refuses.
        :param validate: True or False overrules ``skip_validation``.
        :param options: passed to PyMongo's ``insert_many``.

        All get their ``_id``. Hooks are not called. When anything is invalid nothing is written, and one error carries
        all that is wrong, with the position of the document in front of each path: ``3.items.0.price``. Raises
        SchemaDocumentError and MaxDocumentSizeError where nothing was written, and BulkError, which has what was, for
        what else is refused.
        """
        from mongokit.bulk import inserting  # which needs what needs this module

        return run(inserting(self, documents, ordered, validate, options))

    def bulk_write(
        self, requests: Iterable[Any], *, validate: bool | None = None, **options: Any
    ) -> BulkWriteResult:
        """Send PyMongo's InsertOne, UpdateOne and so on in one call; returns PyMongo's result.

        The documents in it are validated, as by ``insert_many``, and updates must be of fields in the structure, with
        values as it says, as for ``update_atomic``; a pipeline cannot be validated. Hooks are not called; revisions are
        counted, and not compared. What the server refuses is a BulkWriteError: PyMongo's, and a BulkError that has the errors
        ``save()`` would have raised, with the requests. Raises MaxDocumentSizeError, before
        anything is sent for what is too large itself, and after what comes before it for an update that makes it so.
        """
        from mongokit.bulk_writes import writing  # as above

        return run(writing(self, requests, validate, options))

    def watch(self, pipeline: Sequence[Mapping[str, Any]] | None = None, **options: Any) -> Changes[D]:
        """Return the changes of the collection from now on; the parameters are those of PyMongo's ``watch``.

        With ``full_document="updateLookup"`` the documents that were updated come with them. Raises
        ReplicaSetNeeded.
        """
        from mongokit.changes import Changes  # of no use to who does not watch

        with said_clearly("change streams", self.connection):
            return Changes(self._reader.watch(pipeline, **options), self._loader.of_results(pipeline or ()))

    def ensure_indexes(self, *, dry_run: bool = False, drop: bool = False) -> IndexReport:
        """Build the indexes of the class that the collection lacks; see :func:`mongokit.ensure_indexes`."""
        return self._obj_class.ensure_indexes(self.collection, dry_run=dry_run, drop=drop)
