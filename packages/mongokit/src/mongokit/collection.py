"""A collection: PyMongo's, that knows the registered document classes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import pymongo.collection

from mongokit import legacy
from mongokit.proxy import DocumentProxy, random_of
from mongokit.proxy_base import only_one
from mongokit.scalars import scalar
from mongokit.scopes import CollectionScope
from mongokit.sessions import COLLECTION_METHODS, in_sessions

if TYPE_CHECKING:
    from mongokit.document import Document

__all__ = ["Collection"]

D = TypeVar("D", bound="Document")
Raw = dict[str, Any]


@in_sessions(lambda collection: collection.database.client, COLLECTION_METHODS, legacy.CHECKED_QUERIES)
class Collection(CollectionScope, pymongo.collection.Collection[Raw]):  # type: ignore[misc]  # with_options gives ours
    """PyMongo's collection, giving plain dicts; ``collection.Class`` is the way to documents of a registered class."""

    _mongokit_proxy = DocumentProxy

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._mongokit_proxies = {}

    def proxy(self, document_class: type[D]) -> DocumentProxy[D]:
        """Return the class in this collection, whether it is registered or not."""
        found: DocumentProxy[D] = self._proxy_of(document_class)  # type: ignore[assignment]  # of _mongokit_proxy
        return found

    def one(self, filter: Mapping[str, Any] | None = None, *args: Any, **options: Any) -> Raw | None:
        """Return the only dict found, or None; raises MultipleResultsFound. It costs one query."""
        found: Raw | None = only_one(list(self.find(filter, *args, **{**options, "limit": -2})), "document")
        return found

    def get_from_id(self, id: Any, **options: Any) -> Raw | None:
        """Return the dict with this ``_id``, or None; raises TypeError for a condition in place of an id."""
        return self.find_one({"_id": scalar(id)}, **options)

    def find_random(self, filter: Mapping[str, Any] | None = None, **options: Any) -> Raw | None:
        """Return a dict chosen by the server by chance, or None where there is none."""
        legacy.warn_of("find_random()")
        return random_of(self, filter, options)

    def find_and_modify(self, *args: Any, **options: Any) -> Raw | None:
        """MongoKit's spelling of ``find_one_and_update``; see :func:`mongokit.legacy.find_and_modify`."""
        legacy.warn_of("find_and_modify()")
        return legacy.find_and_modify(self, *args, **options)
