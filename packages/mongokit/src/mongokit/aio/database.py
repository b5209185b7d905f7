"""An asynchronous database: PyMongo's, with our collections."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pymongo.asynchronous.database

from mongokit.aio.collection import AsyncCollection
from mongokit.scopes import DatabaseScope
from mongokit.sessions import DATABASE_METHODS, in_sessions

if TYPE_CHECKING:
    from mongokit.index_report import IndexReport

__all__ = ["AsyncDatabase"]


@in_sessions(lambda database: database.client, DATABASE_METHODS)
class AsyncDatabase(  # type: ignore[misc]  # with_options gives ours
    DatabaseScope[AsyncCollection], pymongo.asynchronous.database.AsyncDatabase[dict[str, Any]]
):
    """PyMongo's asynchronous database; ``database.Class`` is a registered class in its ``__collection__``."""

    _mongokit_collection = AsyncCollection

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._mongokit_collections = {}

    async def create_collection(self, name: str, *args: Any, **kwargs: Any) -> AsyncCollection:
        """Create a collection explicitly, with server-side options; see PyMongo."""
        return self._like(await super().create_collection(name, *args, **kwargs))

    async def ensure_indexes(self, *, dry_run: bool = False, drop: bool = False) -> IndexReport:
        """Build what every registered class that has a ``__collection__`` lacks; see :func:`mongokit.ensure_indexes`."""
        from mongokit.index_build import ensure_indexes

        return await ensure_indexes(self, dry_run=dry_run, drop=drop)
