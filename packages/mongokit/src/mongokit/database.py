"""A database: PyMongo's, with our collections."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pymongo.database

from mongokit.collection import Collection
from mongokit.scopes import DatabaseScope
from mongokit.sessions import DATABASE_METHODS, in_sessions

if TYPE_CHECKING:
    from mongokit.index_report import IndexReport

__all__ = ["Database"]


@in_sessions(lambda database: database.client, DATABASE_METHODS)
class Database(DatabaseScope[Collection], pymongo.database.Database[dict[str, Any]]):  # type: ignore[misc]  # with_options gives ours
    """PyMongo's database; ``database.Class`` is a registered class in the collection its ``__collection__`` names."""

    _mongokit_collection = Collection

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._mongokit_collections = {}

    def create_collection(self, name: str, *args: Any, **kwargs: Any) -> Collection:
        """Create a collection explicitly, with server-side options; see PyMongo."""
        return self._like(super().create_collection(name, *args, **kwargs))

    def ensure_indexes(self, *, dry_run: bool = False, drop: bool = False) -> IndexReport:
        """Build what every registered class that has a ``__collection__`` lacks; see :func:`mongokit.ensure_indexes`."""
        from mongokit.index_build import ensure_indexes

        return ensure_indexes(self, dry_run=dry_run, drop=drop)
