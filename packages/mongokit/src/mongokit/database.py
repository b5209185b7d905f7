"""A database: PyMongo's, with our collections."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pymongo.database

from mongokit.collection import Collection

if TYPE_CHECKING:
    from mongokit.document import Document

__all__ = ["Database"]


class Database(pymongo.database.Database[dict[str, Any]]):
    """PyMongo's database; ``database.Class`` is a registered class in the collection its ``__collection__`` names."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._mongokit_collections: dict[str, Collection] = {}

    def __getattr__(self, name: str) -> Any:
        registered: dict[str, type[Document]] = getattr(self.client, "registered", {})
        document_class = None if name.startswith("_") else registered.get(name)
        if document_class is None:
            return super().__getattr__(name)
        if document_class.__collection__ is None:
            raise AttributeError(
                f"{name} has no __collection__, so database.{name} does not say where: "
                f"set it in the class, or write database.<collection>.{name}"
            )
        return self[document_class.__collection__].proxy(document_class)

    def __getitem__(self, name: str) -> Collection:
        found = self._mongokit_collections.get(name)
        if found is None:
            found = self._mongokit_collections[name] = Collection(self, name)
        return found

    def get_collection(self, name: str, *args: Any, **kwargs: Any) -> Collection:
        """Return a collection with options of its own; see PyMongo."""
        return self[name].with_options(*args, **kwargs)

    def create_collection(self, name: str, *args: Any, **kwargs: Any) -> Collection:
        """Create a collection explicitly, with server-side options; see PyMongo."""
        made = super().create_collection(name, *args, **kwargs)
        return self[name].with_options(
            made.codec_options, made.read_preference, made.write_concern, made.read_concern
        )

    def with_options(self, *args: Any, **kwargs: Any) -> Database:  # type: ignore[override]
        """Return the database with other options; see PyMongo."""
        other = super().with_options(*args, **kwargs)
        options = (other.codec_options, other.read_preference, other.write_concern, other.read_concern)
        return type(self)(self.client, self.name, *options)

    def ensure_indexes(self) -> dict[str, list[str]]:
        """Build the indexes of every registered class that has a ``__collection__``; returns names by class."""
        registered: dict[str, type[Document]] = getattr(self.client, "registered", {})
        return {
            name: cls.generate_index(self[cls.__collection__])
            for name, cls in registered.items()
            if cls.__collection__ is not None
        }
