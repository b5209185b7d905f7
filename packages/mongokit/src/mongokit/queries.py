"""Queries by way of a document: in its collection, for its class."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from mongokit.cursor import Cursor
    from mongokit.proxy import DocumentProxy

__all__ = ["Queries"]


class Queries:
    """What a document can be asked, as the class in its collection can: see :class:`DocumentProxy`."""

    __slots__ = ()

    def _proxy(self) -> DocumentProxy[Any]:
        raise NotImplementedError

    def find(self, *args: Any, **options: Any) -> Cursor[Self]:  # type: ignore[type-var]  # mixed into documents
        """Find documents of this class in this document's collection; see :meth:`DocumentProxy.find`."""
        return self._proxy().find(*args, **options)

    def find_one(self, *args: Any, **options: Any) -> Self | None:
        """See :meth:`DocumentProxy.find_one`."""
        return self._proxy().find_one(*args, **options)

    def one(self, *args: Any, **options: Any) -> Self | None:
        """See :meth:`DocumentProxy.one`."""
        return self._proxy().one(*args, **options)

    def get_from_id(self, id: Any, **options: Any) -> Self | None:
        """See :meth:`DocumentProxy.get_from_id`."""
        return self._proxy().get_from_id(id, **options)

    def fetch(self, *args: Any, **options: Any) -> Cursor[Self]:  # type: ignore[type-var]  # as above
        """See :meth:`DocumentProxy.fetch`."""
        return self._proxy().fetch(*args, **options)

    def fetch_one(self, spec: Mapping[str, Any] | None = None, *args: Any, **options: Any) -> Self | None:
        """See :meth:`DocumentProxy.fetch_one`."""
        return self._proxy().fetch_one(spec, *args, **options)

    def find_random(self, filter: Mapping[str, Any] | None = None, **options: Any) -> Self | None:
        """See :meth:`DocumentProxy.find_random`."""
        return self._proxy().find_random(filter, **options)

    def find_and_modify(self, *args: Any, **options: Any) -> Self | None:
        """See :meth:`DocumentProxy.find_and_modify`."""
        return self._proxy().find_and_modify(*args, **options)
