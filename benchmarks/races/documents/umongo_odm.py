# mypy: disable-error-code="import-not-found, misc, untyped-decorator"
# (umongo is installed in the races' own environment only)
"""umongo: documents described by Marshmallow's fields."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from operator import attrgetter
from pathlib import Path
from typing import Any

from pymongo import MongoClient
from umongo import Document, EmbeddedDocument, fields
from umongo.frameworks import PyMongoInstance

from harness.contestant import Operation
from races.documents.shapes import ORDER, TALK, Shape
from races.documents.store import Library, operations, scratch_database, uri

instance = PyMongoInstance()


@instance.register
class Talk(Document):
    topic = fields.StrField(required=True)
    when = fields.NaiveDateTimeField(required=True)
    tags = fields.ListField(fields.StrField())
    duration = fields.FloatField(required=True)

    class Meta:
        collection_name = TALK.collection


@instance.register
class Item(EmbeddedDocument):
    sku = fields.StrField(required=True)
    name = fields.StrField(required=True)
    quantity = fields.IntField(required=True)
    price = fields.FloatField(required=True)


@instance.register
class Order(Document):
    reference = fields.StrField(required=True)
    number = fields.IntField(required=True)
    status = fields.StrField(required=True)
    created = fields.NaiveDateTimeField(required=True)
    updated = fields.NaiveDateTimeField(required=True)
    paid = fields.BoolField(required=True)
    currency = fields.StrField(required=True)
    total = fields.FloatField(required=True)
    tax = fields.FloatField(required=True)
    shipping = fields.FloatField(required=True)
    discount = fields.FloatField(required=True)
    weight = fields.FloatField(required=True)
    priority = fields.IntField(required=True)
    customer = fields.StrField(required=True)
    email = fields.StrField(required=True)
    phone = fields.StrField(required=True)
    street = fields.StrField(required=True)
    city = fields.StrField(required=True)
    postcode = fields.StrField(required=True)
    country = fields.StrField(required=True)
    language = fields.StrField(required=True)
    source = fields.StrField(required=True)
    comment = fields.StrField(required=True)
    tags = fields.ListField(fields.StrField())
    items = fields.ListField(fields.EmbeddedField(Item))

    class Meta:
        collection_name = ORDER.collection


@contextmanager
def enter(workspace: Path) -> Iterator[Mapping[str, Operation]]:
    """``Talk(...).commit()``, ``Talk.find_one({"id": ...})``, ``talk.delete()``, ``for talk in Talk.find()``."""
    with scratch_database("bench_umongo") as database, MongoClient[Any](uri()) as client:
        instance.set_db(client[database.name])
        yield {
            **operations(database, TALK, _library(TALK, Talk)),
            **operations(database, ORDER, _library(ORDER, Order)),
        }


def _library(shape: Shape, model: Any) -> Library:
    key = attrgetter(shape.key)

    def change(document: Any, text: str) -> None:
        setattr(document, shape.key, text)
        document.commit()

    return Library(
        create=lambda values: model(**values).commit(),
        load=lambda id_: model.find_one({"id": id_}),
        read=key,
        change=change,
        delete=lambda document: document.delete(),
        iterate=lambda: [key(document) for document in model.find()],
    )
