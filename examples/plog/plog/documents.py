"""What the site keeps in MongoDB: posts and comments."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING

from django_mongokit import connection
from django_mongokit.document import DjangoDocument

if TYPE_CHECKING:
    from bson import ObjectId

__all__ = ["AUTHOR_LENGTH", "TEXT_LENGTH", "Comment", "Post"]

AUTHOR_LENGTH = 60
TEXT_LENGTH = 5000


def now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


class Post(DjangoDocument):
    """One article: Markdown turned to safe HTML when it was stored, so that showing it costs nothing."""

    if TYPE_CHECKING:
        _id: ObjectId
        slug: str
        title: str
        published: datetime.datetime
        categories: list[str]
        html: str
        digest: str

    structure = {
        "slug": str,
        "title": str,
        "published": datetime.datetime,
        "categories": [str],
        "html": str,
        "digest": str,  # of the source: tells whether the file has changed since
    }
    required_fields = ["slug", "title", "published", "categories", "html"]
    validators = {"categories": lambda names: all(name and "/" not in name for name in names)}
    use_dot_notation = True
    indexes = [
        {"fields": ["slug"], "unique": True},
        {"fields": [("published", -1), ("_id", -1)]},
        {"fields": [("categories", 1), ("published", -1), ("_id", -1)]},
    ]


class Comment(DjangoDocument):
    """What a reader wrote: plain text. Who wrote it may be empty."""

    if TYPE_CHECKING:
        _id: ObjectId
        post: str
        author: str
        text: str
        added: datetime.datetime

    structure = {
        "post": str,  # the post's slug
        "author": str,
        "text": str,
        "added": datetime.datetime,
    }
    required_fields = ["post", "text", "added"]
    default_values = {"author": "", "added": now}
    validators = {
        "author": lambda name: len(name) <= AUTHOR_LENGTH,
        "text": lambda text: 0 < len(text) <= TEXT_LENGTH,
    }
    use_dot_notation = True
    indexes = [{"fields": [("post", 1), ("added", 1), ("_id", 1)]}]


connection.register([Post, Comment])
