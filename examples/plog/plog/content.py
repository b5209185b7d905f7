"""The sample posts: Markdown files with TOML on top, and their comments, read and brought into the database."""

from __future__ import annotations

import datetime
import hashlib
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from bson import ObjectId

from django_mongokit import get_database
from plog import blog
from plog.documents import Comment, Post
from plog.markdown import render

__all__ = ["ContentError", "Loaded", "SampleComment", "SamplePost", "load", "read"]

FENCE = "+++\n"
# Part of every post's digest: raise it when the same Markdown is to be rendered differently from before.
RENDERING = "1"


class ContentError(Exception):
    """A file of the content folder cannot be understood; the message names the file and what it should hold."""


@dataclass(frozen=True)
class SampleComment:
    added: datetime.datetime
    text: str
    author: str = ""


@dataclass(frozen=True)
class SamplePost:
    slug: str
    title: str
    published: datetime.datetime
    categories: list[str]
    source: str
    comments: list[SampleComment] = field(default_factory=list)


@dataclass
class Loaded:
    """What a run of `load` did."""

    new: int = 0
    changed: int = 0
    same: int = 0
    comments: int = 0

    def __str__(self) -> str:
        posts = self.new + self.changed + self.same
        return (
            f"{posts} posts: {self.new} new, {self.changed} changed, {self.same} as they were; "
            f"{self.comments} comments added"
        )


def read(folder: Path) -> Iterator[SamplePost]:
    """Read every ``*.md`` of ``folder``, with the comments of the same name in ``comments/*.toml``.

    Raises `ContentError` for a file that is not as it should be.
    """
    for path in sorted(folder.glob("*.md")):
        _, head, source = _parted(path)
        try:
            meta = tomllib.loads(head)
            day: datetime.date = meta["date"]
            yield SamplePost(
                slug=meta["slug"],
                title=meta["title"],
                published=datetime.datetime.combine(day, datetime.time(9), datetime.UTC),
                categories=list(meta["categories"]),
                source=source,
                comments=list(_read_comments(folder / "comments" / f"{path.stem}.toml")),
            )
        except (tomllib.TOMLDecodeError, KeyError, TypeError) as error:
            raise ContentError(
                f"{path}: the lines between the two +++ are TOML with slug, title, date and categories; {error!r}."
            ) from error


def load(folder: Path, pictures: Path) -> Loaded:
    """Bring the sample posts into the database and say what was done.

    May run at any time and any number of times, also after it was killed half-way. A post whose file has changed is
    replaced. The sample comments come with a new post only: what was written or removed since stays so.
    """
    done = Loaded()
    posts = get_database().posts
    for sample in read(folder):
        digest = hashlib.sha256("\0".join((RENDERING, repr(sample))).encode()).hexdigest()
        stored: Post | None = blog.find_post(sample.slug)
        if stored is not None and stored.digest == digest:
            done.same += 1
            continue
        if stored is None:
            # The comments go first and have fixed keys: only a post that has all of its comments ever counts as loaded.
            done.comments += _store_comments(sample)
            done.new += 1
        else:
            done.changed += 1
        post: Post = stored if stored is not None else posts.Post()
        post.setdefault("_id", _fixed_key(sample.published, sample.slug))
        post.update(
            slug=sample.slug,
            title=sample.title,
            published=sample.published,
            categories=sample.categories,
            html=render(sample.source, prefix=sample.slug, pictures=pictures),
            digest=digest,
        )
        post.save()
    return done


def _store_comments(sample: SamplePost) -> int:
    comments = get_database().comments
    for number, item in enumerate(sample.comments):
        comment: Comment = comments.Comment()
        comment.update(
            _id=_fixed_key(item.added, f"{sample.slug}\0{number}"),
            post=sample.slug,
            author=item.author,
            text=item.text,
            added=item.added,
        )
        comment.save()
    return len(sample.comments)


def _fixed_key(moment: datetime.datetime, name: str) -> ObjectId:
    """The same key in every run, so that a second loader, at once or after a crash, finds what the first one stored."""
    seconds = int(moment.timestamp()).to_bytes(4, "big")
    return ObjectId(seconds + hashlib.sha256(name.encode()).digest()[:8])


def _parted(path: Path) -> tuple[str, str, str]:
    parts = path.read_text(encoding="utf-8").split(FENCE, 2)
    if len(parts) != 3 or parts[0]:
        raise ContentError(
            f"{path}: it has to begin with +++, then TOML, then another line of +++, then Markdown."
        )
    return parts[0], parts[1], parts[2]


def _read_comments(path: Path) -> Iterator[SampleComment]:
    if not path.exists():
        return
    try:
        for item in tomllib.loads(path.read_text(encoding="utf-8"))["comment"]:
            yield SampleComment(**item)
    except (tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise ContentError(
            f"{path}: it holds [[comment]] tables with added, text and maybe author; {error!r}."
        ) from error
