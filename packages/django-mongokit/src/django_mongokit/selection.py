"""What a page of the admin, or of an API, is about: the documents that a query finds, in an order, not yet asked for."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Self, overload

from bson import ObjectId
from django.utils.functional import cached_property

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise

    from django_mongokit.document import DjangoDocument
    from mongokit import Collection

__all__ = ["Documents", "keys_of"]

_LARGEST = 2**63
_MOST = 2**31 - 1
"""A limit, as the server takes it."""


def keys_of(text: str) -> list[Any]:
    """Return the keys that a text in a URL may stand for: itself, an ObjectId, an integer of BSON, a UUID."""
    found: list[Any] = [text]
    if ObjectId.is_valid(text):
        found.append(ObjectId(text))
    if text.removeprefix("-").isdecimal() and str(int(text[:20])) == text and abs(int(text)) < _LARGEST:
        found.append(int(text))
    try:
        made = uuid.UUID(text)
    except ValueError:
        return found
    return [*found, made] if str(made) == text else found


class Documents:
    """A query, which is sent when it is gone through, and at most once; what actions and filters are given.

    It never changes: each method returns another one. It goes through documents of the class, as `find()` does.

    :param document: the class.
    :param collection: where they are, of `get_database()`.
    :param query: in MongoDB's language.
    :param sort: (field, direction) pairs.
    """

    def __init__(
        self,
        document: type[DjangoDocument],
        collection: Collection,
        query: Mapping[str, Any] | None = None,
        sort: Iterable[tuple[str, int]] = (),
        *,
        skip: int = 0,
        limit: int | None = None,
    ) -> None:
        self.model = document
        self.collection = collection
        self.query = dict(query or {})
        self.sort = tuple(sort)
        self.skip = skip
        self.limit = limit

    def __repr__(self) -> str:
        return f"<Documents {self.model.__name__} in {self.collection.full_name}: {self.query!r:.200}>"

    @property
    def verbose_name(self) -> _StrOrPromise:
        """What one of them is called."""
        return self.model._meta.verbose_name

    @property
    def verbose_name_plural(self) -> _StrOrPromise:
        """What several of them are called."""
        return self.model._meta.verbose_name_plural

    def filter(self, query: Mapping[str, Any] | None = None, /, **fields: Any) -> Self:
        """Return those that a query finds too: one in MongoDB's language, or `pk=`, `pk__in=` with keys as text.

        Raises `TypeError` for Django's other lookups.
        """
        clauses = [dict(query)] if query else []
        for name, value in fields.items():
            if name not in {"pk", "pk__in"}:
                raise TypeError(
                    f"filter({name}=…) is Django's language; documents are found in MongoDB's: "
                    f"filter({{{name.partition('__')[0]!r}: …}})"
                )
            keys = [value] if name == "pk" else value
            clauses.append({"_id": {"$in": [key for one in keys for key in _candidates(one)]}})
        clauses = [one for one in (self.query, *clauses) if one]
        return self._with(query={"$and": clauses} if len(clauses) > 1 else clauses[0] if clauses else {})

    def order_by(self, *names: str) -> Self:
        """Return the same in another order: names of fields, dotted ones too, with "-" in front for descending."""
        sort: dict[str, int] = {}
        for name in names:
            field = name.removeprefix("-")
            # A field that is named twice, which MongoDB refuses, is in the order of its first time.
            sort.setdefault("_id" if field == "pk" else field, -1 if name.startswith("-") else 1)
        return self._with(sort=tuple(sort.items()))

    def _with(self, **changes: Any) -> Self:
        made = type(self)(
            self.model, self.collection, self.query, self.sort, skip=self.skip, limit=self.limit
        )
        for name, value in changes.items():
            setattr(made, name, value)
        return made

    @cached_property
    def _found(self) -> list[DjangoDocument]:
        if self.limit == 0:
            return []
        found: Any = self.collection.proxy(self.model).find(self.query)
        if self.sort:
            found = found.sort(list(self.sort))
        return list(found.skip(self.skip).limit(min(self.limit or 0, _MOST)))

    def __iter__(self) -> Iterator[Any]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)

    def __bool__(self) -> bool:
        return bool(self._found)

    @overload
    def __getitem__(self, index: int) -> Any: ...
    @overload
    def __getitem__(self, index: slice) -> Self: ...
    def __getitem__(self, index: int | slice) -> Any:
        """Return the document at a position, or a part, which is a query of its own."""
        if not isinstance(index, slice):
            return self._found[index]
        start, stop = index.start or 0, index.stop
        if start < 0 or (stop is not None and stop < 0) or index.step is not None:
            raise ValueError(
                f"Documents have no part [{index.start}:{stop}:{index.step}]: count from the start"
            )
        left = None if self.limit is None else max(self.limit - start, 0)
        wanted = None if stop is None else max(stop - start, 0)
        bounds = [one for one in (left, wanted) if one is not None]
        return self._with(skip=self.skip + start, limit=min(bounds) if bounds else None)

    def count(self, limit: int | None = None) -> int:
        """Return how many there are, asking the server.

        :param limit: count no further. Without a query, and without a limit, the server says what it knows without
            looking at the documents.
        """
        if "_found" in self.__dict__:
            return len(self._found) if limit is None else min(limit, len(self._found))
        if not self.query and limit is None and self.limit is None and not self.skip:
            return self.collection.estimated_document_count()
        bounds = [one for one in (limit, self.limit) if one is not None]
        if 0 in bounds:
            return 0
        options: dict[str, Any] = {"limit": min(bounds)} if bounds else {}
        if self.skip:
            options["skip"] = self.skip
        return self.collection.count_documents(self.query, **options)

    def distinct(self, field: str, limit: int) -> list[Any]:
        """Return the values of a field, sorted, at most so many."""
        stages: list[dict[str, Any]] = [{"$match": self.query}] if self.query else []
        stages += [
            {"$unwind": {"path": f"${field}", "preserveNullAndEmptyArrays": True}},
            {"$group": {"_id": f"${field}"}},
            {"$sort": {"_id": 1}},
            {"$limit": limit},
        ]
        return [found["_id"] for found in self.collection.aggregate(stages)]

    def delete(self) -> int:
        """Delete them one after the other, so that each sends its signals; return how many there were."""
        for document in self:
            document.delete()
        return len(self)


def _candidates(key: Any) -> list[Any]:
    return keys_of(key) if isinstance(key, str) else [key]
