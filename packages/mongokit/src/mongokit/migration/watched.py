"""The collection as a rule sees it: it is noticed when the rule writes itself, and refused where that is too early."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mongokit.either import COLLECTIONS
from mongokit.errors import MigrationError

__all__ = ["Watched"]

_READING = frozenset(
    [
        "find",
        "find_one",
        "find_raw_batches",
        "count_documents",
        "estimated_document_count",
        "distinct",
        "one",
        "get_from_id",
        "find_random",
        "index_information",
        "list_indexes",
        "options",
    ]
)


class Watched:
    """A collection that notices being written to; anything else is the collection's own.

    :param refuse: raise MigrationError instead of writing.
    """

    def __init__(self, collection: Any, rule: str, *, refuse: bool) -> None:
        self._collection = collection
        self._rule = rule
        self._refuse = refuse
        self.has_written = False
        """Whether it was written to, or was to be."""

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._collection, name)
        if not hasattr(type(self._collection), name):
            if not isinstance(found, COLLECTIONS):
                # A document class: what is made of it can be saved.
                self._note(name)
            return found
        if not callable(found) or name in _READING:
            return found

        def method(*args: Any, **options: Any) -> Any:
            if not name.startswith("aggregate") or _writes(args[0] if args else options.get("pipeline")):
                self._note(f"{name}()")
            return found(*args, **options)

        return method

    def _note(self, what: str) -> None:
        self.has_written = True
        if self._refuse:
            raise MigrationError(
                f"{self._rule} uses collection.{what} where nothing may be written: put what writes below "
                "`if not self.status:`"
            )

    def __getitem__(self, name: str) -> Any:
        return self._collection[name]

    def __iter__(self) -> Iterator[Any]:
        return iter(self._collection)


def _writes(pipeline: Any) -> bool:
    return any(name in ("$out", "$merge") for stage in pipeline or () for name in stage)
