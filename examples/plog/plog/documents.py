"""What the site keeps in MongoDB: posts and comments."""

from __future__ import annotations

import datetime
from typing import Annotated

from bson import ObjectId

from django_mongokit import connection
from django_mongokit.document import DjangoDocument
from mongokit import Required, field

__all__ = ["AUTHOR_LENGTH", "TEXT_LENGTH", "Comment", "Post"]

AUTHOR_LENGTH = 60
TEXT_LENGTH = 5000


def now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


class Post(DjangoDocument):
    """One article: Markdown turned to safe HTML when it was stored, so that showing it costs nothing."""

    _id: ObjectId
    slug: str
    title: str
    published: datetime.datetime
    categories: Required[list[str]]
    html: str
    digest: str | None = None
    """Of the source: tells whether the file has changed since."""

    validators = {"categories": lambda names: all(name and "/" not in name for name in names)}
    indexes = [
        {"fields": ["slug"], "unique": True},
        {"fields": [("published", -1), ("_id", -1)]},
        {"fields": [("categories", 1), ("published", -1), ("_id", -1)]},
    ]


class Comment(DjangoDocument):
    """What a reader wrote: plain text. Who wrote it may be empty."""

    _id: ObjectId
    post: str
    """The post's slug."""
    author: Annotated[str, lambda name: len(name) <= AUTHOR_LENGTH] = ""
    text: Annotated[str, lambda text: 0 < len(text) <= TEXT_LENGTH]
    added: datetime.datetime = field(default_factory=now)

    indexes = [{"fields": [("post", 1), ("added", 1), ("_id", 1)]}]


connection.register([Post, Comment])
