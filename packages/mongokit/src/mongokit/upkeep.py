"""What a document class does for a collection before documents are in it: indexes, and a validator of the server's."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar

import pymongo.collection

from mongokit.either import CLIENTS, DATABASES
from mongokit.errors import shortened
from mongokit.flow import drive
from mongokit.legacy import warn_of

if TYPE_CHECKING:
    from mongokit.document import Document
    from mongokit.index_report import IndexReport
    from mongokit.indexes import Index

__all__ = ["Upkeep"]

Raw = dict[str, Any]
RawCollection = pymongo.collection.Collection[Raw]


class Upkeep:
    """The part of a document class that prepares collections."""

    __slots__ = ()
    _indexes: ClassVar[tuple[Index, ...]]

    @classmethod
    def generate_index(cls, collection: RawCollection, **options: Any) -> list[str]:
        """Build the indexes of the class in a collection and return their names, in the order of declaration.

        :param options: passed to PyMongo's ``create_indexes``.

        MongoKit's spelling, which warns once: ``ensure_indexes`` compares first with what is there.
        """
        warn_of("generate_index()")
        from mongokit.index_build import generating  # which who builds none does without

        names: list[str] = drive(collection, generating(cls._indexes, collection, options))
        return names

    @classmethod
    def ensure_indexes(
        cls, collection: RawCollection, *, dry_run: bool = False, drop: bool = False
    ) -> IndexReport:
        """Build the indexes of the class that a collection lacks; see :func:`mongokit.ensure_indexes`."""
        from mongokit.index_build import ensure_class_indexes

        document_class: Any = cls
        _check_collection(f"{cls.__name__}.ensure_indexes()", collection)
        return ensure_class_indexes(document_class, collection, dry_run=dry_run, drop=drop)

    @classmethod
    def set_validator(
        cls,
        collection: RawCollection,
        level: str = "strict",
        action: str = "error",
        *,
        also: Iterable[type[Document]] = (),
    ) -> Raw:
        """Make the server check what anybody writes to a collection against the structure; returns the validator.

        The collection is made where there is none; a validator it has is replaced. What is stored already stays.

        :param level: ``"strict"``; ``"moderate"`` lets a stored document that is wrong be updated; ``"off"`` keeps the
            validator and does not use it.
        :param action: ``"error"`` refuses what is wrong, ``"warn"`` only logs it, ``"errorAndLog"`` does both.
        :param also: other classes whose documents live in the same collection, subclasses among them.

        Raises ValueError for another level or action, OperationFailure where the server does not take it.
        """
        from mongokit.collection_validator import set_validator

        document_class: Any = cls
        _check_collection(f"{cls.__name__}.set_validator()", collection)
        return set_validator([document_class, *also], collection, level, action)


def _check_collection(call: str, given: Any) -> None:
    # What stands for a collection is as good; of a database and a client any name is an attribute.
    if isinstance(given, (*CLIENTS, *DATABASES)) or not hasattr(given, "database"):
        raise TypeError(f"{call} takes a collection, as connection['blog']['posts'], not {shortened(given)}")
