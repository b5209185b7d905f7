"""One document class in one asynchronous collection: ``connection.blog.posts.Post``."""

from __future__ import annotations

from collections.abc import Coroutine, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, TypeVar, overload

from mongokit import legacy
from mongokit.aio.cursor import AsyncCursor
from mongokit.changes import AsyncChanges
from mongokit.flow import run_async
from mongokit.history import refuse_unkept
from mongokit.modifying import CHANGE_REFUSALS, modification, refusing, replacing_call
from mongokit.operations import REFUSALS, explaining
from mongokit.proxy_base import ProxyBase, random_stages
from mongokit.results import AsyncResults
from mongokit.sessions import said_clearly
from mongokit.updates import prepared

if TYPE_CHECKING:
    from pymongo.asynchronous.collection import AsyncCollection
    from pymongo.asynchronous.command_cursor import AsyncCommandCursor
    from pymongo.results import BulkWriteResult, InsertManyResult

    from mongokit.document import Document
    from mongokit.index_report import IndexReport

__all__ = ["AsyncDocumentProxy", "random_of"]

D = TypeVar("D", bound="Document")
Raw = dict[str, Any]


async def random_of(
    collection: AsyncCollection[Raw], filter: Mapping[str, Any] | None, options: Mapping[str, Any]
) -> Raw | None:
    """Return a dict chosen by chance, or None."""
    found = await (await collection.aggregate(random_stages(filter), **options)).to_list()
    return found[0] if found else None


class AsyncDocumentProxy(ProxyBase[D]):
    """What :class:`mongokit.proxy.DocumentProxy` is to a collection, awaited.

    Called, it makes a document bound to its collection, whose ``save()``, ``delete()``, ``reload()`` and
    ``update_atomic()`` are awaited.
    """

    collection: AsyncCollection[Raw]
    _reader: AsyncCollection[Raw]

    def find(
        self,
        filter: Mapping[str, Any] | None = None,
        projection: Any = None,
        skip: int = 0,
        limit: int = 0,
        **options: Any,
    ) -> AsyncCursor[D]:
        """Return a cursor of documents, for ``async for``; the parameters are those of PyMongo's ``find``."""
        return AsyncCursor(*self._found(filter, projection, skip, limit, options))

    async def find_one(self, filter: Any = None, *args: Any, **options: Any) -> D | None:
        """Return the first document found, or None. A filter that is no dict is an ``_id``."""
        if options:
            legacy.refuse_old_query(options)
        return await self._loaded(await self._reader.find_one(filter, *args, **options), options, args)

    async def one(self, filter: Mapping[str, Any] | None = None, *args: Any, **options: Any) -> D | None:
        """Return the only document found, or None; raises MultipleResultsFound. It costs one query."""
        if options:
            legacy.refuse_old_query(options)
        found = await self._reader.find(filter, *args, **{**options, "limit": -2}).to_list()
        return await self._loaded(self._only(found), options, args)

    async def get_from_id(self, id: Any, **options: Any) -> D | None:
        """Return the document with this ``_id``, or None; raises TypeError for a condition in place of an id."""
        if options:
            legacy.refuse_old_query(options)
        filter_ = self._by_id(id)
        try:
            raw = await self._reader.find_one(filter_, **options)
        except REFUSALS:
            # Entered only now, as documents are read by the thousand.
            with explaining(self._obj_class, self.collection, filter_):
                raise
        if options:
            return await self._loaded(raw, options)
        if raw is None:
            return None
        load = self._loader.load_plainly
        return await self._loader.load_async(raw) if load is None else load(raw)

    def fetch(self, spec: Mapping[str, Any] | None = None, *args: Any, **options: Any) -> AsyncCursor[D]:
        """Find documents that have every top-level field of the structure; see ``DocumentProxy.fetch``."""
        return self.find(self._present(spec), *args, **options)

    async def fetch_one(self, spec: Mapping[str, Any] | None = None, *args: Any, **options: Any) -> D | None:
        """Return the only document that ``fetch`` finds, or None; raises MultipleResultsFound."""
        found: D | None = self._only(await self.fetch(spec, *args, **{**options, "limit": -2}).to_list())
        return found

    def find_random(
        self, filter: Mapping[str, Any] | None = None, **options: Any
    ) -> Coroutine[Any, Any, D | None]:
        """Return a document chosen by the server by chance, or None where there is none."""
        legacy.warn_of("find_random()")
        return self._find_random(filter, options)

    async def _find_random(self, filter: Mapping[str, Any] | None, options: Mapping[str, Any]) -> D | None:
        return await self._loaded(await random_of(self._reader, filter, options), options)

    async def find_one_and_update(
        self,
        filter: Mapping[str, Any],
        update: Any,
        *args: Any,
        validate: bool | None = None,
        **options: Any,
    ) -> D | None:
        """Change one document and return it, or None; see ``DocumentProxy.find_one_and_update``."""
        refuse_unkept(self._obj_class, "find_one_and_update", options)
        update = prepared(self._obj_class, update, validate)
        try:
            raw = await self._reader.find_one_and_update(filter, update, *args, **options)
        except CHANGE_REFUSALS as error:
            await run_async(refusing(self, error, filter, update, args, options))
        return await self._loaded(raw, options, args)

    async def find_one_and_replace(
        self,
        filter: Mapping[str, Any],
        replacement: Mapping[str, Any],
        *args: Any,
        validate: bool | None = None,
        **options: Any,
    ) -> D | None:
        """Replace one document and return it, or None; see ``DocumentProxy.find_one_and_replace``."""
        replace, made, named, sent = replacing_call(self, replacement, args, options, validate)
        try:
            raw = await replace(filter, made, **named)
        except CHANGE_REFUSALS as error:
            await run_async(refusing(self, error, filter, sent, (), named))
        return await self._loaded(raw, options, args)

    async def find_one_and_delete(self, filter: Mapping[str, Any], *args: Any, **options: Any) -> D | None:
        """Delete one document and return it as it was, or None; see PyMongo."""
        return await self._loaded(
            await self._reader.find_one_and_delete(filter, *args, **options), options, args
        )

    def find_and_modify(
        self, *args: Any, validate: bool | None = None, **options: Any
    ) -> Coroutine[Any, Any, D | None]:
        """MongoKit's spelling of the three above; see :func:`mongokit.legacy.find_and_modify`."""
        legacy.warn_of("find_and_modify()")
        return self._find_and_modify(args, options, validate)

    async def _find_and_modify(
        self, args: tuple[Any, ...], options: dict[str, Any], validate: bool | None
    ) -> D | None:
        args, options, update = modification(self, args, options, validate)
        try:
            found: Any = legacy.find_and_modify(self._reader, *args, **options)  # type: ignore[arg-type]  # awaited here
            raw = await found
        except CHANGE_REFUSALS as error:
            query = args[0] if args else options.get("query")
            await run_async(refusing(self, error, query, update, (), options))
        return await self._loaded(raw, {**options, "projection": options.get("fields")})

    async def _loaded(
        self, raw: Raw | None, options: Mapping[str, Any], args: tuple[Any, ...] = ()
    ) -> D | None:
        if raw is None:
            return None
        return await self._loader_for(options, args).load_async(raw, self._session(options, args))

    async def count(self, filter: Mapping[str, Any] | None = None, **options: Any) -> int:
        """Return how many documents match, counted by the server."""
        return await self.collection.count_documents(filter or {}, **options)

    async def distinct(self, key: str, filter: Mapping[str, Any] | None = None, **options: Any) -> list[Any]:
        """Return the different values of a field, as they are stored; see PyMongo."""
        return await self.collection.distinct(key, filter, **options)

    @overload
    async def aggregate(
        self, pipeline: Sequence[Mapping[str, Any]], *, raw: Literal[False] = False, **options: Any
    ) -> AsyncResults[D]: ...
    @overload
    async def aggregate(
        self, pipeline: Sequence[Mapping[str, Any]], *, raw: Literal[True], **options: Any
    ) -> AsyncCommandCursor[Raw]: ...
    async def aggregate(
        self, pipeline: Sequence[Mapping[str, Any]], *, raw: bool = False, **options: Any
    ) -> AsyncResults[D] | AsyncCommandCursor[Raw]:
        """Have the server aggregate, and return the results; see ``DocumentProxy.aggregate``."""
        if raw:
            return await self.collection.aggregate(pipeline, **options)
        results = await self._reader.aggregate(pipeline, **options)
        return AsyncResults(results, self._loader.of_results(pipeline))

    async def insert_many(
        self,
        documents: Iterable[Mapping[str, Any]],
        ordered: bool = True,
        *,
        validate: bool | None = None,
        **options: Any,
    ) -> InsertManyResult:
        """Validate documents, and store them all as new ones; see ``DocumentProxy.insert_many``."""
        from mongokit.bulk import inserting  # which needs what needs this module

        return await run_async(inserting(self, documents, ordered, validate, options))

    async def bulk_write(
        self, requests: Iterable[Any], *, validate: bool | None = None, **options: Any
    ) -> BulkWriteResult:
        """Send PyMongo's InsertOne, UpdateOne and so on in one call; see ``DocumentProxy.bulk_write``."""
        from mongokit.bulk_writes import writing  # as above

        return await run_async(writing(self, requests, validate, options))

    async def watch(
        self, pipeline: Sequence[Mapping[str, Any]] | None = None, **options: Any
    ) -> AsyncChanges[D]:
        """Return the changes of the collection from now on; see ``DocumentProxy.watch``."""
        with said_clearly("change streams", self.connection):
            return AsyncChanges(
                await self._reader.watch(pipeline, **options), self._loader.of_results(pipeline or ())
            )

    async def ensure_indexes(self, *, dry_run: bool = False, drop: bool = False) -> IndexReport:
        """Build the indexes of the class that the collection lacks; see :func:`mongokit.ensure_indexes`."""
        cls: Any = self._obj_class
        report: IndexReport = await cls.ensure_indexes(self.collection, dry_run=dry_run, drop=drop)
        return report
