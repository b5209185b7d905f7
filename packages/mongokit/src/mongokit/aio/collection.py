"""An asynchronous collection: PyMongo's, that knows the registered document classes."""

from __future__ import annotations

from collections.abc import Coroutine, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import pymongo.asynchronous.collection

from mongokit import legacy
from mongokit.aio.proxy import AsyncDocumentProxy, random_of
from mongokit.proxy_base import only_one
from mongokit.scalars import scalar
from mongokit.scopes import CollectionScope
from mongokit.sessions import COLLECTION_METHODS, in_sessions

if TYPE_CHECKING:
    from mongokit.document import Document

__all__ = ["AsyncCollection"]

D = TypeVar("D", bound="Document")
Raw = dict[str, Any]


@in_sessions(lambda collection: collection.database.client, COLLECTION_METHODS, legacy.CHECKED_QUERIES)
class AsyncCollection(CollectionScope, pymongo.asynchronous.collection.AsyncCollection[Raw]):  # type: ignore[misc]  # with_options gives ours
    """PyMongo's asynchronous collection, giving plain dicts; ``collection.Class`` is the way to documents."""

    _mongokit_proxy = AsyncDocumentProxy

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._mongokit_proxies = {}

    def proxy(self, document_class: type[D]) -> AsyncDocumentProxy[D]:
        """Return the class in this collection, whether it is registered or not."""
        found: AsyncDocumentProxy[D] = self._proxy_of(document_class)  # type: ignore[assignment]  # of _mongokit_proxy
        return found

    async def one(self, filter: Mapping[str, Any] | None = None, *args: Any, **options: Any) -> Raw | None:
        """Return the only dict found, or None; raises MultipleResultsFound. It costs one query."""
        found: Raw | None = only_one(
            await self.find(filter, *args, **{**options, "limit": -2}).to_list(), "document"
        )
        return found

    async def get_from_id(self, id: Any, **options: Any) -> Raw | None:
        """Return the dict with this ``_id``, or None; raises TypeError for a condition in place of an id."""
        return await self.find_one({"_id": scalar(id)}, **options)

    def find_random(
        self, filter: Mapping[str, Any] | None = None, **options: Any
    ) -> Coroutine[Any, Any, Raw | None]:
        """Return a dict chosen by the server by chance, or None where there is none."""
        legacy.warn_of("find_random()")
        return random_of(self, filter, options)

    def find_and_modify(self, *args: Any, **options: Any) -> Coroutine[Any, Any, Raw | None]:
        """MongoKit's spelling of ``find_one_and_update``; see :func:`mongokit.legacy.find_and_modify`."""
        legacy.warn_of("find_and_modify()")
        found: Any = legacy.find_and_modify(self, *args, **options)  # type: ignore[arg-type]  # it is awaited
        awaited: Coroutine[Any, Any, Raw | None] = found
        return awaited
