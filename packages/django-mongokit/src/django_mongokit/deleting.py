"""Deleting many documents: together, as Django deletes models, where nothing asks for one after the other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby, islice
from typing import Any

from django.db.models.signals import ModelSignal, post_delete, pre_delete

from django_mongokit.document import DjangoDocument
from django_mongokit.mongodb.pool import alias_of
from mongokit.performing import is_asynchronous, unit_of
from mongokit.persistence import identity

__all__ = ["delete_documents"]

BATCH = 100
"""How many are deleted by one command: the embedded server takes longer for each key, the more there are in one."""


def delete_documents(documents: Iterable[DjangoDocument]) -> None:
    """Delete stored documents of a collection, in their order, with `pre_delete` and `post_delete` for each.

    Of a batch `pre_delete` is sent for all, then they are deleted, then `post_delete` is sent for all, as Django does for
    models. One after the other are deleted those of a class with a `delete()` or hooks of its own, and what is deleted in
    a unit of work, which has batches itself.
    """
    for together, found in groupby(documents, _may_be_together):
        if not together:
            for document in found:
                document.delete()
            continue
        # A list can be longer than memory: no more than a batch of it is held.
        while batch := list(islice(found, BATCH)):
            _delete(batch)


def _may_be_together(document: DjangoDocument) -> bool:
    cls, collection = type(document), document.collection
    return (
        cls.delete is DjangoDocument.delete
        and not cls._hooks
        and not cls._shard_key  # by which a document is found too
        and not is_asynchronous(collection)
        and unit_of(collection.database.client) is None
    )


def _delete(documents: Sequence[DjangoDocument]) -> None:
    _send(pre_delete, documents)
    documents[0].collection.delete_many({"_id": {"$in": [identity(one)["_id"] for one in documents]}})
    _send(post_delete, documents)


def _send(signal: ModelSignal, documents: Sequence[Any]) -> None:
    for one in documents:
        if signal.has_listeners(type(one)):
            signal.send(sender=type(one), instance=one, using=alias_of(one), origin=one)
