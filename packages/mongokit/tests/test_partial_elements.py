"""Documents of which a query reads other elements or values than are stored there: these never go to the wrong place.

Said of both kinds of collections.
"""

from __future__ import annotations

import copy

import pytest
from bson import Decimal128
from pymongo import InsertOne, ReplaceOne

from mongokit import Document, PartialDocumentError, VersionedDocument
from mongokit.projection import Projection


class Basket(Document):
    structure = {
        "title": str,
        "items": [{"n": int, "p": int, "sizes": [int]}],
        "tags": [str],
        "where": {"city": str, "room": int, "near": [str]},
    }
    accept_missing_fields = True


class Careless(Basket):
    skip_validation = True


class Author(Document):
    structure = {"name": str, "born": int}


class Post(Document):
    structure = {"title": str, "text": str, "author": Author, "editor": Author}
    use_autorefs = True


class Kept(VersionedDocument):
    structure = {"title": str, "text": str}
    accept_missing_fields = True


ITEMS = [None, {"n": 1, "p": 1, "sizes": [1, 2]}, {"n": 2, "p": 2, "sizes": [3]}]
STORED = {
    "_id": 1,
    "title": "t",
    "items": ITEMS,
    "tags": ["a", "b"],
    "where": {"city": "x", "room": 1, "near": ["c", "d"]},
}
SECOND = {"$filter": {"input": "$items", "as": "one", "cond": {"$eq": ["$$one.n", 2]}}}


@pytest.fixture(params=["blocking", "asynchronous"])
def things(request, database):
    found = (database if request.param == "blocking" else request.getfixturevalue("driven")).things
    found.database.client.register([Basket, Careless, Author, Post, Kept])
    return found


@pytest.fixture
def baskets(things):
    things.insert_one(copy.deepcopy(STORED))
    return things


def aggregated(*stages):
    return lambda proxy: next(iter(proxy.aggregate([{"$match": {"_id": 1}}, *stages]).to_list()))


def read(projection):
    return lambda proxy: proxy.find_one({"items.n": 2}, projection)


ELEMENTS = {
    "the one that was found": read({"items.$": 1}),
    "that, by name": read(["items.$"]),
    "that and more": read({"title": 1, "items.$": 1}),
    "a match": read({"items": {"$elemMatch": {"n": 2}}}),
    "the last": read({"items": {"$slice": -1}}),
    "what an expression leaves": read({"items": SECOND}),
    "an expression": read({"items": [{"n": 2, "p": 2}]}),
    "what an aggregation leaves": aggregated({"$set": {"items": SECOND}}),
    "what a projecting aggregation leaves": aggregated({"$project": {"items": SECOND}}),
}
POSITIONS = {
    "a field of one": lambda basket: (basket["items"][0].update(p=99), "items.0.p"),
    "one": lambda basket: (basket["items"].__setitem__(0, {"n": 9, "p": 9, "sizes": []}), "items.0"),
    "one in one": lambda basket: (basket["items"][0].update(sizes=[99]), "items.0.sizes.0"),
    "behind the end": lambda basket: (basket["items"].pop(), "items.5"),
    "all": lambda basket: (basket["items"][0].update(p=99), "items"),
}


@pytest.mark.parametrize("change", POSITIONS.values(), ids=POSITIONS)
@pytest.mark.parametrize("way", ELEMENTS.values(), ids=ELEMENTS)
@pytest.mark.parametrize("name", ["Basket", "Careless"])
def test_some_elements_are_not_written_in_the_place_of_others(baskets, name, way, change):
    basket = way(getattr(baskets, name))
    _, path = change(basket)
    for options in ({}, {"validate": False}):
        with pytest.raises(PartialDocumentError, match="items"):
            basket.save(only=[path], **options)
    assert baskets.find_one() == STORED


FIELDS = {
    "some fields": (["items.n", "title"], {"items.0", "items.0.n", "items.0.p", "items"}, {"title"}),
    "some fields, as a dict": ({"items": {"n": 1}, "title": 1}, {"items.0", "items.0.n", "items"}, {"title"}),
    "all but some fields": ({"items.p": 0}, {"items.1", "items", "items.1.p.x"}, {"items.1.n", "title"}),
    "all but some, as a dict": ({"items": {"p": 0}}, {"items.1", "items"}, {"items.1.n", "tags"}),
    "a list": (["items"], {"title"}, {"items", "items.1", "items.1.p", "items.1.sizes.0"}),
    "inside of a dict": ({"where": {"city": 1}}, {"where", "where.near"}, {"where.city"}),
    "all but what is inside of a dict": ({"where": {"city": 0}}, {"where"}, {"where.room", "where.near.0"}),
    "a list in a dict": ({"where": {"near": {"$slice": 1}}}, {"where", "where.near", "where.near.0"}, {"where.city", "tags"}),
    "an expression in a dict": ({"where": {"near": "$tags"}}, {"where", "where.near", "where.near.0"}, set()),
    "a list that was made": ({"tags": {"$reverseArray": "$tags"}}, {"tags", "tags.0"}, set()),
    "a dict that was made": ({"where": "$where", "title": 1}, {"where", "where.near", "where.near.0"}, {"title"}),
    "a text that was made": ({"title": {"$toUpper": "$title"}}, {"tags"}, {"title"}),
    "a text that is given": ({"title": ""}, {"tags"}, {"title"}),
}  # fmt: skip


@pytest.mark.parametrize(("projection", "refused", "taken"), FIELDS.values(), ids=FIELDS)
def test_what_of_it_may_be_written(baskets, projection, refused, taken):
    for path in sorted(refused):
        basket = baskets.Basket.find_one({}, projection)
        with pytest.raises(PartialDocumentError, match="read with a projection"):
            basket.save(only=[path], validate=False)
        assert baskets.find_one() == STORED
    for path in sorted(taken):
        basket = baskets.Basket.find_one({}, projection)
        basket.save(only=[path], validate=False)
        found = baskets.find_one()
        if path == "title":
            assert found.pop("title") == basket["title"]
            assert found == {name: value for name, value in STORED.items() if name != "title"}
        else:
            assert found == STORED
        baskets.replace_one({}, STORED)


def test_an_id_that_was_made(baskets):
    baskets.insert_one({"_id": "t", "title": "another"})
    for basket in (
        baskets.Basket.find_one({"_id": 1}, {"_id": "$title", "title": 1}),
        baskets.Careless.find_one({"_id": 1}, {"_id": "$title", "title": 1}),
    ):
        assert basket == {"_id": "t", "title": "t"}
        for write in (
            lambda basket=basket: basket.save(only=["title"]),
            lambda basket=basket: basket.update_atomic({"$set": {"title": "x"}}),
            basket.save,
            basket.reload,
            basket.delete,
        ):
            with pytest.raises(PartialDocumentError, match="read with a projection"):
                write()
    assert list(baskets.find()) == [STORED, {"_id": "t", "title": "another"}]


PROJECTIONS = {
    "the one that was found": ({"a.$": 1}, {"a", "a.b", "_id"}, {"b"}),
    "that, by name": (["a.$"], {"a", "a.b"}, {"b"}),
    "dicts": ({"a": {"b": {"c": 1}, "d": True}}, {"a.b.c", "a.d", "a.d.e"}, {"a", "a.b", "b"}),
    "dicts that leave out": ({"a": {"b": 0}, "c": False}, {"a", "d"}, {"a.b", "c"}),
    "a nought": ({"a": Decimal128("0.0")}, {"b"}, {"a"}),
    "an empty text": ({"a": ""}, {"a"}, {"b"}),
    "None": ({"a": None}, {"a"}, {"b"}),
    "what is added": ({"score": {"$meta": "textScore"}}, {"a", "score"}, set()),
    "what is added to some": ({"score": {"$meta": "textScore"}, "a": 1}, {"a", "score"}, {"b"}),
    "an id that is made": ({"_id": "$a"}, {"_id"}, {"a"}),
}


@pytest.mark.parametrize(("given", "held", "not_held"), PROJECTIONS.values(), ids=PROJECTIONS)
def test_projections(given, held, not_held):
    projection = Projection.of(given)
    assert {path for path in held | not_held if projection.holds(path)} == held


REPLACEMENTS = {
    "find_one_and_replace": lambda proxy, part, **how: proxy.find_one_and_replace({"_id": 1}, part, **how),
    "find_and_modify": lambda proxy, part, **how: proxy.find_and_modify({"_id": 1}, part, **how),
    "bulk_write": lambda proxy, part, **how: proxy.bulk_write(
        [InsertOne({"_id": 2, **STORED, "items": []} | {"_id": 2}), ReplaceOne({"_id": 1}, part)], **how
    ),
    "bulk_write, upsert": lambda proxy, part, **how: proxy.bulk_write([ReplaceOne({"_id": 1}, part, upsert=True)], **how),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore:find_and_modify:DeprecationWarning")
@pytest.mark.parametrize("replace", REPLACEMENTS.values(), ids=REPLACEMENTS)
@pytest.mark.parametrize("name", ["Basket", "Careless"])
def test_a_part_does_not_take_the_place_of_the_whole(baskets, name, replace):
    proxy = getattr(baskets, name)
    part = proxy.find_one({}, ["title"])
    part["title"] = "b"
    for options in ({}, {"validate": False}):
        with pytest.raises(
            PartialDocumentError,
            match=rf"{name} 1 was read with a projection, so \w+\(\).* would lose what was not read: save\(only=\[…\]\) "
            r"what was read, or reload\(\) it first",
        ):
            replace(proxy, part, **options)
    assert list(baskets.find()) == [STORED]
    part.reload()
    part["title"] = "c"
    replace(proxy, part)
    assert baskets.count_documents({"title": "c"}) == 1


@pytest.fixture
def posts(things):
    author = things.Author({"_id": "a", "name": "A", "born": 1}).save()
    editor = things.Author({"_id": "e", "name": "E", "born": 2}).save()
    things.Post({"_id": 1, "title": "t", "text": "x", "author": author, "editor": editor}).save()
    return things


@pytest.mark.parametrize("projection", [["title"], {"text": 0}, ["title", "author"]], ids=str)
def test_a_part_of_what_refers_to_others(posts, projection):
    before = posts.find_one(1)
    post = posts.Post.find_one(1, projection)
    post["title"] = "new"
    with pytest.raises(PartialDocumentError, match=r"so save\(\) would lose"):
        post.save()
    with pytest.raises(PartialDocumentError, match="text was not read"):
        post.save(only=["text"])
    post.save(only=["title"])
    assert posts.find_one(1) == {**before, "title": "new"}
    with posts.database.client.unit_of_work():
        post["title"] = "newer"
        post.save(only=["title"])
    assert posts.find_one(1) == {**before, "title": "newer"}


def test_a_part_and_what_it_refers_to(posts):
    post = posts.Post.find_one(1, ["author"])
    post["author"]["name"] = "B"
    post.save(only=["author"])
    assert posts.find_one("a") == {"_id": "a", "name": "B", "born": 1}


def test_who_is_referred_to_and_was_read_in_part(posts):
    """Nothing is written before that is known."""
    post = posts.Post.find_one(1)
    post["author"]["name"] = "B"
    editor = posts.Author.find_one("e", ["name"])
    editor["name"] = "F"
    post["editor"] = editor
    before = list(posts.find())
    for only in (None, ["author", "editor"]):
        with pytest.raises(PartialDocumentError, match="Author 'e' was read with a projection"):
            post.save(only=only, validate=False)
        assert list(posts.find()) == before


def test_revisions_of_which_a_part_was_read(connection, database):
    connection.register(Kept)
    kept = database.things.Kept({"title": "a", "text": "x"}).save()
    kept["title"] = "b"
    kept.save()
    parts = [
        kept.get_revision(1, projection={"doc.text": 0}),
        *kept.get_revisions(projection=["doc.title", "doc._id"]),
    ]
    for part in parts:
        with pytest.raises(PartialDocumentError):
            part.save()
    assert database.things.find_one()["title"] == "b"
    kept.get_revision(1).save()
    assert database.things.find_one()["title"] == "a"


async def test_revisions_of_which_a_part_was_read_asynchronously(aconnection, adatabase):
    aconnection.register(Kept)
    kept = await adatabase.things.Kept({"title": "a", "text": "x"}).save()
    parts = [await kept.get_revision(1, projection={"doc.text": 0})]
    parts += [part async for part in kept.get_revisions(projection=["doc.title", "doc._id"])]
    for part in parts:
        with pytest.raises(PartialDocumentError):
            await part.save()
    await (await kept.get_revision(1)).save()
    assert (await adatabase.things.find_one())["text"] == "x"


RESHAPED = [{"$project": {"fullDocument.title": 1, "fullDocument._id": 1, "operationType": 1}}]
CHOSEN = [{"$match": {"operationType": "insert"}}]


@pytest.mark.usefixtures("replica_set")
def test_changes_of_which_a_part_was_sent(connection, database):
    connection.register(Basket)
    with (
        database.things.Basket.watch(RESHAPED, max_await_time_ms=2000) as reshaped,
        database.things.Basket.watch(CHOSEN, max_await_time_ms=2000) as chosen,
        database.things.Basket.watch(max_await_time_ms=2000) as all_of_them,
    ):
        database.things.insert_one(copy.deepcopy(STORED))
        part, *whole = (next(changes).document for changes in (reshaped, chosen, all_of_them))
    part["title"] = "new"
    with pytest.raises(PartialDocumentError):
        part.save()
    assert database.things.find_one() == STORED
    for document in whole:
        document.save()
    assert database.things.find_one() == STORED


@pytest.mark.usefixtures("replica_set")
async def test_changes_of_which_a_part_was_sent_asynchronously(aconnection, adatabase):
    aconnection.register(Basket)
    things = adatabase.things
    async with (
        await things.Basket.watch(RESHAPED, max_await_time_ms=2000) as reshaped,
        await things.Basket.watch(CHOSEN, max_await_time_ms=2000) as chosen,
    ):
        await things.insert_one(copy.deepcopy(STORED))
        part, whole = (await reshaped.next()).document, (await chosen.next()).document
    part["title"] = "new"
    with pytest.raises(PartialDocumentError):
        await part.save()
    await whole.save()
    assert await things.find_one() == STORED
