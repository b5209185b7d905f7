# mypy: disable-error-code="import-not-found, misc"
# (MongoEngine is installed in the races' own environment only)
"""MongoEngine: documents are objects with a field descriptor for each field."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from operator import attrgetter
from pathlib import Path
from typing import Any

import mongoengine as me

from harness.contestant import Operation
from races.documents.shapes import ORDER, TALK, Shape
from races.documents.store import Library, operations, scratch_database, uri


class Talk(me.Document):
    topic = me.StringField(required=True)
    when = me.DateTimeField(required=True)
    tags = me.ListField(me.StringField())
    duration = me.FloatField(required=True)
    meta = {"collection": TALK.collection}


class Item(me.EmbeddedDocument):
    sku = me.StringField(required=True)
    name = me.StringField(required=True)
    quantity = me.IntField(required=True)
    price = me.FloatField(required=True)


class Order(me.Document):
    reference = me.StringField(required=True)
    number = me.IntField(required=True)
    status = me.StringField(required=True)
    created = me.DateTimeField(required=True)
    updated = me.DateTimeField(required=True)
    paid = me.BooleanField(required=True)
    currency = me.StringField(required=True)
    total = me.FloatField(required=True)
    tax = me.FloatField(required=True)
    shipping = me.FloatField(required=True)
    discount = me.FloatField(required=True)
    weight = me.FloatField(required=True)
    priority = me.IntField(required=True)
    customer = me.StringField(required=True)
    email = me.StringField(required=True)
    phone = me.StringField(required=True)
    street = me.StringField(required=True)
    city = me.StringField(required=True)
    postcode = me.StringField(required=True)
    country = me.StringField(required=True)
    language = me.StringField(required=True)
    source = me.StringField(required=True)
    comment = me.StringField(required=True)
    tags = me.ListField(me.StringField())
    items = me.EmbeddedDocumentListField(Item)
    meta = {"collection": ORDER.collection}


@contextmanager
def enter(workspace: Path) -> Iterator[Mapping[str, Operation]]:
    """``Talk(...).save()``, ``Talk.objects.get(id=...)``, ``talk.delete()``, ``for talk in Talk.objects``."""
    with scratch_database("bench_mongoengine") as database:
        me.connect(database.name, host=uri(), uuidRepresentation="standard")
        yield {
            **operations(database, TALK, _library(TALK, Talk, lambda values: Talk(**values).save())),
            **operations(database, ORDER, _library(ORDER, Order, _create_order)),
        }
        me.disconnect()


def _create_order(values: dict[str, Any]) -> object:
    items = [Item(**item) for item in values["items"]]
    return Order(**{**values, "items": items}).save()


def _library(shape: Shape, model: Any, create: Any) -> Library:
    key = attrgetter(shape.key)

    def change(document: Any, text: str) -> None:
        setattr(document, shape.key, text)
        document.save()

    return Library(
        create=create,
        load=lambda id_: model.objects.get(id=id_),
        read=key,
        change=change,
        delete=lambda document: document.delete(),
        iterate=lambda: [key(document) for document in model.objects],
    )
