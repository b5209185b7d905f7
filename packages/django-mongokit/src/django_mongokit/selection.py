"""What a page of the admin, or of an API, is about: the documents that a query finds, in an order, not yet asked for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self, overload

from bson import DBRef
from django.utils.functional import cached_property

from django_mongokit.deleting import delete_documents
from django_mongokit.key_texts import is_storable, keys_of
from django_mongokit.places import node_at
from mongokit.structure.nodes import ListNode

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise

    from django_mongokit.document import DjangoDocument
    from mongokit import Collection
    from mongokit.structure.nodes import ReferenceNode

__all__ = ["DistinctValues", "Documents", "refers_to"]

_MOST = 2**31 - 1
"""A limit, as the server takes it."""
_AT = "_distinct_at"
"""The position of a value in its list, while the server looks for distinct ones."""


class DistinctValues(list[Any]):
    """Values of a field."""

    are_cut = False
    """Whether the documents that were looked at have more of them."""
    are_of_some = False
    """Whether there are documents that were not looked at."""


def refers_to(path: str, node: ReferenceNode, documents: Documents, keys: Sequence[Any]) -> dict[str, Any]:
    """Return the query for what refers, at a path, to a document with one of some keys.

    :param documents: those that the reference leads to.
    """
    if not node.dbref:
        return {path: {"$in": list(keys)}}
    home = documents.collection
    # The embedded server compares a DBRef as a whole only.
    whole = [DBRef(home.name, key, database) for key in keys for database in (None, home.database.name)]
    return {"$or": [{f"{path}.$id": {"$in": list(keys)}}, {path: {"$in": whole}}]}


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
            clauses.append({"_id": {"$in": [key for one in keys for key in self._keys(one)]}})
        clauses = [one for one in (self.query, *clauses) if one]
        return self._with(query={"$and": clauses} if len(clauses) > 1 else clauses[0] if clauses else {})

    def _keys(self, key: Any) -> list[Any]:
        if isinstance(key, str):
            return keys_of(self.model, key)
        return [key] if is_storable(key) else []

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

    def distinct(self, field: str, limit: int, among: int | None = None) -> DistinctValues:
        """Return the values of a field, sorted, at most so many; of each element, where it is inside of lists.

        :param among: look at so many documents and no more; None looks at all of them.
        """
        stages: list[dict[str, Any]] = [{"$match": self.query}] if self.query else []
        if among is not None:
            stages.append({"$limit": among + 1})
        names = field.split(".")
        above = (".".join(names[:end]) for end in range(1, len(names)))
        lists = [*(path for path in above if isinstance(node_at(self.model, path), ListNode)), field]
        positions = {path: f"{_AT}_{number}" for number, path in enumerate(lists)}
        later: list[Any] = [{"$gt": [f"${position}", 0]} for position in positions.values()]
        is_first = {"$cond": [{"$or": later}, 0, 1]}
        stages += [
            *(
                {"$unwind": {"path": f"${path}", "preserveNullAndEmptyArrays": True, "includeArrayIndex": at}}
                for path, at in positions.items()
            ),
            {"$group": {"_id": f"${field}", "documents": {"$sum": is_first}}},
            {"$sort": {"_id": 1}},
            {"$limit": limit + 1},
        ]
        found = list(self.collection.aggregate(stages))
        made = DistinctValues(one["_id"] for one in found[:limit])
        made.are_cut = len(found) > limit
        made.are_of_some = among is not None and sum(one["documents"] for one in found) > among
        return made

    def delete(self) -> int:
        """Delete them, each with its signals; return how many there were. See `deleting.delete_documents`."""
        delete_documents(self)
        return len(self)
