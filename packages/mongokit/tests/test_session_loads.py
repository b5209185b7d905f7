"""What a document refers to is read in the session in which the document was: a transaction of one's own has it nowhere else."""

from __future__ import annotations

import pytest

from mongokit import Document, VersionedDocument


class Author(Document):
    structure = {"name": str}
    __collection__ = "authors"


class Post(Document):
    structure = {"title": str, "author": Author}
    use_autorefs = True


class Page(VersionedDocument):
    structure = {"title": str, "author": Author}
    use_autorefs = True


pytestmark = [
    pytest.mark.usefixtures("replica_set"),
    pytest.mark.filterwarnings("ignore:find_:DeprecationWarning"),
]
TITLED = {"$set": {"title": "new"}}

# Positions as PyMongo's methods have them.
WAYS = {
    "find_one": lambda posts, post, s: posts.find_one({}, session=s),
    "one": lambda posts, post, s: posts.one({}, session=s),
    "get_from_id": lambda posts, post, s: posts.get_from_id(post["_id"], session=s),
    "fetch_one": lambda posts, post, s: posts.fetch_one({}, session=s),
    "find_random": lambda posts, post, s: posts.find_random(session=s),
    "find_one_and_update": lambda posts, post, s: posts.find_one_and_update({}, TITLED, session=s),
    "find_one_and_update by position": lambda posts, post, s: posts.find_one_and_update(
        {}, TITLED, None, None, False, True, None, None, s
    ),
    "find_one_and_replace": lambda posts, post, s: posts.find_one_and_replace({}, dict(post), session=s),
    "find_one_and_replace by position": lambda posts, post, s: posts.find_one_and_replace(
        {}, dict(post), None, None, False, True, None, s
    ),
    "find_one_and_delete": lambda posts, post, s: posts.find_one_and_delete({}, session=s),
    "find_one_and_delete by position": lambda posts, post, s: posts.find_one_and_delete(
        {}, None, None, None, s
    ),
    "find_and_modify": lambda posts, post, s: posts.find_and_modify({}, TITLED, session=s),
    "find_and_modify, replacing": lambda posts, post, s: posts.find_and_modify({}, dict(post), session=s),
    "find_and_modify, removing": lambda posts, post, s: posts.find_and_modify({}, remove=True, session=s),
    "update_atomic": lambda posts, post, s: post.update_atomic(TITLED, session=s),
}


@pytest.fixture
def where(connection, database):
    """A database with the collections that there have to be before a transaction."""
    connection.register([Author, Post, Page])
    for name in ("authors", "posts", "pages", "versioned_pages"):
        database.create_collection(name)
    return database


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_loaded_in_the_session_that_is_given(connection, where, way):
    with connection.start_session() as session, session.start_transaction():
        author = where.authors.Author({"name": "A"}).save(session=session)
        post = where.posts.Post({"title": "t", "author": author}).save(session=session)
        assert way(where.posts.Post, post, session)["author"]["name"] == "A"
        session.abort_transaction()


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
async def test_loaded_in_the_session_that_is_given_to_asynchronous_ones(aconnection, adatabase, where, way):
    aconnection.register([Author, Post])
    async with aconnection.start_session() as session, await session.start_transaction():
        author = await adatabase.authors.Author({"name": "A"}).save(session=session)
        post = await adatabase.posts.Post({"title": "t", "author": author}).save(session=session)
        assert (await way(adatabase.posts.Post, post, session))["author"]["name"] == "A"
        await session.abort_transaction()


def test_revisions_are_loaded_in_the_session_that_is_given(connection, where):
    with connection.start_session() as session, session.start_transaction():
        author = where.authors.Author({"name": "A"}).save(session=session)
        page = where.pages.Page({"title": "t", "author": author})
        page.save(session=session)
        assert page.get_revision(1, session=session)["author"]["name"] == "A"
        assert [one["author"]["name"] for one in page.get_revisions(session=session)] == ["A"]
        session.abort_transaction()


async def test_revisions_are_loaded_in_the_session_of_asynchronous_ones(aconnection, adatabase, where):
    aconnection.register([Author, Page])
    async with aconnection.start_session() as session, await session.start_transaction():
        author = await adatabase.authors.Author({"name": "A"}).save(session=session)
        page = adatabase.pages.Page({"title": "t", "author": author})
        await page.save(session=session)
        assert (await page.get_revision(1, session=session))["author"]["name"] == "A"
        assert [one["author"]["name"] async for one in page.get_revisions(session=session)] == ["A"]
        await session.abort_transaction()
