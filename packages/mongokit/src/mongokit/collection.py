"""A collection: PyMongo's, that knows the registered document classes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import pymongo.collection

from mongokit import legacy
from mongokit.proxy import DocumentProxy, only_one, random_of, scalar

if TYPE_CHECKING:
    from mongokit.document import Document

__all__ = ["Collection"]

D = TypeVar("D", bound="Document")
Raw = dict[str, Any]


class Collection(pymongo.collection.Collection[Raw]):
    """PyMongo's collection, giving plain dicts; ``collection.Class`` is the way to documents of a registered class."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._mongokit_proxies: dict[type[Document], DocumentProxy[Any]] = {}

    def proxy(self, document_class: type[D]) -> DocumentProxy[D]:
        """Return the class in this collection, whether it is registered or not."""
        found = self._mongokit_proxies.get(document_class)
        if found is None:
            found = DocumentProxy(document_class, self, self._registered())
            self._mongokit_proxies[document_class] = found
        return found

    def _registered(self) -> Mapping[str, type[Document]]:
        registered: Mapping[str, type[Document]] = getattr(self.database.client, "registered", {})
        return registered

    def __getattr__(self, name: str) -> Any:
        document_class = None if name.startswith("_") else self._registered().get(name)
        return super().__getattr__(name) if document_class is None else self.proxy(document_class)

    def __getitem__(self, name: str) -> Collection:
        sub: Collection = self.database[f"{self.name}.{name}"]  # type: ignore[assignment]
        return sub.with_options(
            self.codec_options, self.read_preference, self.write_concern, self.read_concern
        )

    def with_options(self, *args: Any, **kwargs: Any) -> Collection:  # type: ignore[override]
        """Return the collection with other options; see PyMongo."""
        other = super().with_options(*args, **kwargs)
        options = (other.codec_options, other.read_preference, other.write_concern, other.read_concern)
        return type(self)(self.database, self.name, False, *options)

    def __call__(self, *args: Any, **kwargs: Any) -> NoReturn:
        parent, _, name = self.name.rpartition(".")
        where = f"collection {parent!r}" if parent else f"database {self.database.name!r}"
        raise TypeError(
            f"{name!r} of {where} cannot be called: it is neither a registered document class "
            f"(connection.register([{name}])) nor a method of PyMongo {pymongo.version}"
        )

    def one(self, filter: Mapping[str, Any] | None = None, *args: Any, **options: Any) -> Raw | None:
        """Return the only dict found, or None; raises MultipleResultsFound. It costs one query."""
        found: Raw | None = only_one(list(self.find(filter, *args, **{**options, "limit": -2})), "document")
        return found

    def get_from_id(self, id: Any, **options: Any) -> Raw | None:
        """Return the dict with this ``_id``, or None; raises TypeError for a condition in place of an id."""
        return self.find_one({"_id": scalar(id)}, **options)

    def find_random(self, filter: Mapping[str, Any] | None = None, **options: Any) -> Raw | None:
        """Return a dict chosen by the server by chance, or None where there is none."""
        return random_of(self, filter, options)

    def find_and_modify(self, *args: Any, **options: Any) -> Raw | None:
        """MongoKit's spelling of ``find_one_and_update``; see :func:`mongokit.legacy.find_and_modify`."""
        return legacy.find_and_modify(self, *args, **options)
