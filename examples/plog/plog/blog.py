"""The questions the site asks its database. Each function is a fixed number of queries, whatever there is to show."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from bson import ObjectId

from django_mongokit import get_database
from django_mongokit.document import DjangoDocument
from plog.documents import Comment, Post

__all__ = [
    "COMMENTS_ON_PAGE",
    "POSTS_ON_PAGE",
    "Category",
    "Page",
    "add_comment",
    "categories",
    "comment_counts",
    "comments_page",
    "ensure_indexes",
    "find_post",
    "last_comments_page",
    "neighbours",
    "posts_page",
]

POSTS_ON_PAGE = 10
COMMENTS_ON_PAGE = 100

NEWEST_FIRST = [("published", -1), ("_id", -1)]
OLDEST_FIRST = [("published", 1), ("_id", 1)]
COLLECTIONS: dict[str, type[DjangoDocument]] = {"posts": Post, "comments": Comment}


@dataclass(frozen=True)
class Page:
    """A part of a long list, and the numbers of the pages beside it."""

    number: int
    items: list[Any]
    previous: int | None
    next: int | None


@dataclass(frozen=True)
class Category:
    name: str
    posts: int


def posts_page(number: int, names: Sequence[str] = ()) -> Page:
    """The posts of one page, newest first: all, or those with any of the categories ``names``. One query."""
    query: dict[str, Any] = {"categories": {"$in": list(names)}} if names else {}
    return _page(get_database().posts.Post.find(query).sort(NEWEST_FIRST), number, POSTS_ON_PAGE)


def find_post(slug: str) -> Post | None:
    """The post of this slug, if there is one. One query."""
    found: Post | None = get_database().posts.Post.find_one({"slug": slug})
    return found


def neighbours(post: Post) -> tuple[Post | None, Post | None]:
    """The posts before and after ``post`` in time, with no more than their titles. Two queries."""
    posts = get_database().posts

    def beside(operator: str, order: list[tuple[str, int]]) -> Post | None:
        same_day = {"published": post.published, "_id": {operator: post._id}}
        query = {"$or": [{"published": {operator: post.published}}, same_day]}
        found: Post | None = posts.Post.find_one(query, {"slug": 1, "title": 1}, sort=order)
        return found

    return beside("$lt", NEWEST_FIRST), beside("$gt", OLDEST_FIRST)


def categories() -> list[Category]:
    """All categories that some post has, by name, with the number of their posts. One query."""
    pipeline: list[dict[str, Any]] = [
        {"$unwind": "$categories"},
        {"$group": {"_id": "$categories", "posts": {"$sum": 1}}},
        {"$sort": {"_id": 1}},
    ]
    return [Category(item["_id"], item["posts"]) for item in get_database().posts.aggregate(pipeline)]


def comment_counts(slugs: Iterable[str]) -> dict[str, int]:
    """How many comments each of these posts has. One query.

    They are counted where they are. A number kept beside the post would be wrong after the first crash between
    storing a comment and adding one.
    """
    counts = dict.fromkeys(slugs, 0)
    pipeline: list[dict[str, Any]] = [
        {"$match": {"post": {"$in": list(counts)}}},
        {"$group": {"_id": "$post", "comments": {"$sum": 1}}},
    ]
    for item in get_database().comments.aggregate(pipeline):
        counts[item["_id"]] = item["comments"]
    return counts


def comments_page(slug: str, number: int) -> Page:
    """The comments of one page below a post, oldest first. One query."""
    cursor = get_database().comments.Comment.find({"post": slug}).sort([("added", 1), ("_id", 1)])
    return _page(cursor, number, COMMENTS_ON_PAGE)


def last_comments_page(slug: str) -> int:
    """The number of the page where a comment made now can be seen. One query."""
    count: int = get_database().comments.count_documents({"post": slug})
    return max(1, -(-count // COMMENTS_ON_PAGE))


def add_comment(slug: str, author: str, text: str, key: ObjectId) -> Comment:
    """Store a comment under the key it got when it was previewed: the same one sent twice is stored once."""
    comments = get_database().comments
    stored: Comment | None = comments.Comment.find_one({"_id": key})
    if stored is not None:
        return stored
    comment: Comment = comments.Comment()
    comment.update(_id=key, post=slug, author=author, text=text)
    comment.save()
    return comment


def ensure_indexes() -> None:
    """Make the indexes the queries above need; those which are there stay."""
    database = get_database()
    for name, document in COLLECTIONS.items():
        document.ensure_indexes(database[name])


def _page(cursor: Any, number: int, size: int) -> Page:
    # One more than fits tells whether there is a next page, at no extra query.
    items = list(cursor.skip((number - 1) * size).limit(size + 1))
    return Page(
        number=number,
        items=items[:size],
        previous=number - 1 if number > 1 else None,
        next=number + 1 if len(items) > size else None,
    )
