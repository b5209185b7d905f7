"""Loading what many documents refer to: one query for each collection and level, however many documents there are."""

from __future__ import annotations

import pytest
from bson import DBRef

from mongokit import Connection, Document, MissingReferenceError, Ref, SchemaDocument, aprefetch, prefetch


class City(Document):
    structure = {"_id": int, "name": str, "twin": Ref("City")}
    __collection__ = "cities"


class Person(Document):
    name: str
    city: Ref[City] | None = None
    friends: list[Ref[Person]] = []
    __collection__ = "people"


class Remark(SchemaDocument):
    by: Ref[Person] | None = None
    replies: list[Ref[Person]] = []


class Post(Document):
    title: str
    author: Ref[Person] | None = None
    editor: Ref[Person] | None = None
    city: Ref[City] | None = None
    remarks: list[Remark] = []
    roles: dict[str, Ref[Person]] = {}
    pair: tuple[Ref[Person], Ref[City]] | None = None
    __collection__ = "posts"


CLASSES = [City, Person, Post]


@pytest.fixture
def db(mongodb_uri, database, asked):
    """The database, through a connection whose commands are noted."""
    with Connection(mongodb_uri, event_listeners=[asked]) as connection:
        connection.register(CLASSES)
        yield connection[database.name]


@pytest.fixture
def world(db, asked):
    """Three cities, four people, two hundred posts."""
    db.cities.insert_many([{"_id": i, "name": f"City {i}", "twin": (i + 1) % 3} for i in range(3)])
    db.people.insert_many(
        [{"_id": i, "name": f"P{i}", "city": i % 3, "friends": [(i + 1) % 4, 3 - i]} for i in range(4)]
    )
    db.posts.insert_many(
        [
            {
                "_id": i,
                "title": str(i),
                "author": i % 4,
                "editor": (i + 1) % 4,
                "city": i % 3,
                "remarks": [{"by": i % 2, "replies": [2, 3]}, {"by": None, "replies": []}],
                "roles": {"a": 0, "b": 1},
                "pair": [i % 4, i % 3],
            }
            for i in range(200)
        ]
    )
    asked.clear()
    return db


CASES = {
    "one": (["author"], ["find people"]),
    "two of a class share a query": (["author", "editor"], ["find people"]),
    "two collections": (["author", "city"], ["find people", "find cities"]),
    "in a list": (["remarks.by"], ["find people"]),
    "in a list in a list": (["remarks.replies"], ["find people"]),
    "by key": (["roles.a"], ["find people"]),
    "by position": (["pair.0", "pair.1"], ["find people", "find cities"]),
    "a level further": (["author.city"], ["find people", "find cities"]),
    "branching": (["author.city", "author.friends"], ["find people", "find cities"]),
    "three levels": (["author.friends.city.twin"], ["find people", "find cities"]),
    "the same twice": (["author", "author"], ["find people"]),
    "nothing": ([], []),
}


@pytest.mark.parametrize("name", CASES)
def test_queries_of_a_list_of_documents(name, world, asked):
    paths, queries = CASES[name]
    posts = world.Post.find().to_list()
    assert len(posts) == 200
    asked.clear()
    prefetch(posts, *paths)
    assert sorted(asked.since()) == sorted(queries)


def follow(value, path):
    """Return all that is at the end of a path, asking as little as possible."""
    values = [value]
    for name in path.split("."):
        found = []
        for one in values:
            one = one.get() if isinstance(one, Ref) else one
            for each in one if isinstance(one, (list, tuple)) and not name.isdecimal() else [one]:
                each = each.get() if isinstance(each, Ref) else each
                found.append(each[int(name)] if isinstance(each, (list, tuple)) else each[name])
        values = [each for each in found if each is not None]
        values = [one for each in values for one in (each if isinstance(each, list) else [each])]
    return [one.get() for one in values]


@pytest.mark.parametrize("path", sorted({path for paths, _ in CASES.values() for path in paths}))
def test_what_is_there_is_what_would_have_been_loaded(path, world, asked):
    plain = [follow(post, path) for post in world.Post.find().sort("_id").limit(12)]
    posts = world.Post.find().sort("_id").limit(12).prefetch(path).to_list()
    asked.clear()
    assert [follow(post, path) for post in posts] == plain
    assert asked.since() == []
    assert any(plain)


class TestCursor:
    def test_one_query_for_each_portion(self, world, asked):
        seen = [post.author.get().city.get()["name"] for post in world.Post.find().prefetch("author.city")]
        assert seen == [f"City {i % 4 % 3}" for i in range(200)]
        # 101 documents, then the rest: twice the same queries, and the one for the rest of the posts.
        assert asked.since() == [
            "find posts",
            "find people",
            "find cities",
            "find people",
            "find cities",
        ]

    def test_chains_in_any_order(self, world, asked):
        found = world.Post.find().prefetch("author").sort("_id").skip(3).limit(2).prefetch("city")
        assert [(post["_id"], post.author.loaded["_id"], post.city.loaded["_id"]) for post in found] == [
            (3, 3, 0),
            (4, 0, 1),
        ]
        assert sorted(asked.since()) == ["find cities", "find people", "find posts"]

    def test_clones_slices_and_positions(self, world, asked):
        cursor = world.Post.find().sort("_id").prefetch("author")
        assert cursor.clone()[5].author.loaded["_id"] == 1
        assert [post.author.loaded["_id"] for post in cursor[2:4]] == [2, 3]
        assert next(cursor).author.loaded["_id"] == 0
        assert next(cursor.rewind()).author.loaded["_id"] == 0
        with pytest.raises(IndexError):
            cursor[1000]

    def test_batch_size(self, world, asked):
        for post in world.Post.find().limit(20).batch_size(5).prefetch("author"):
            assert post.author.loaded is not None
        assert asked.since().count("find people") == 4

    @pytest.mark.parametrize(
        ("path", "message"),
        [
            ("nothing", r"'nothing' leads through no reference of Post; it has author, city, editor"),
            ("title", "'title' leads through no reference of Post"),
            ("remarks", "'remarks' leads through no reference"),
            ("remarks.no", "'remarks.no' leads through no reference"),
            ("pair.2", "'pair.2' leads"),
            ("", "'' leads"),
        ],
    )
    def test_an_unknown_path_is_an_error_at_once(self, world, asked, path, message):
        with pytest.raises(ValueError, match=message):
            world.Post.find().prefetch(path)
        with pytest.raises(ValueError, match=message):
            prefetch([world.Post()], path)
        assert asked.since() == []

    def test_an_unknown_path_behind_a_reference(self, world):
        with pytest.raises(
            ValueError, match="'boss' leads through no reference of Person; it has city, friends"
        ):
            world.Post.find().prefetch("author.boss").to_list()
        with pytest.raises(ValueError, match="no reference of Lonely; it has none"):
            prefetch([type("Lonely", (Document,), {"structure": {}})(collection=world.x)], "a")


class TestDocuments:
    def test_one_document_for_all_who_refer_to_it(self, world):
        posts = world.Post.find().to_list()
        prefetch(posts, "author", "editor")
        assert posts[0].author.loaded is posts[4].author.loaded is posts[3].editor.loaded

    def test_what_is_loaded_is_not_asked_for_again(self, world, asked):
        posts = world.Post.find().limit(4).to_list()
        prefetch(posts, "author")
        author = posts[0].author.loaded
        asked.clear()
        prefetch(posts, "author.city")
        assert asked.since() == ["find cities"]
        assert posts[0].author.loaded is author

    def test_missing_ones(self, world, asked):
        world.people.delete_one({"_id": 1})
        posts = world.Post.find().sort("_id").limit(4).to_list()
        prefetch(posts, "author.city")
        assert [post.author.loaded and post.author.loaded["_id"] for post in posts] == [0, None, 2, 3]
        with pytest.raises(MissingReferenceError):
            posts[1].author.get()

    def test_circles(self, world, asked):
        people = world.Person.find().sort("_id").to_list()
        asked.clear()
        prefetch(people, "friends.friends.friends.friends")
        assert asked.since() == ["find people"]
        kim = people[0]
        for _ in range(4):
            kim = kim.friends[0].loaded
        assert kim.name == "P0"

    def test_documents_of_several_classes(self, world, asked):
        mixed = [world.Post.find_one(), world.Person.find_one({"_id": 1})]
        asked.clear()
        prefetch(mixed, "city")
        assert asked.since() == ["find cities"]
        assert [one.city.loaded["_id"] for one in mixed] == [0, 1]

    def test_new_documents(self, world, asked):
        post = world.Post()
        post.update(title="x", author=2, city=None)
        asked.clear()
        prefetch([post], "author", "city")
        assert post.author.loaded["name"] == "P2"
        assert post.city is None
        assert asked.since() == ["find people"]

    def test_none_at_all(self, asked):
        prefetch([], "author")
        assert asked.since() == []

    def test_ids_that_mongodb_takes_for_the_same(self, world):
        post = world.Post()
        post.update(title="x", author=2.0)
        prefetch([post], "author")
        assert post.author.loaded["name"] == "P2"

    def test_ids_that_are_conditions_lead_nowhere(self, world, asked):
        class Dicted(Document):
            structure = {"_id": {"a": int}, "n": int}
            __collection__ = "dicted"

        class Odd(Document):
            structure = {"to": Ref(Dicted)}

        world.client.register([Odd, Dicted])
        world.dicted.insert_one({"_id": {"a": 1}, "n": 1})
        world.odd.insert_many([{"_id": 1, "to": {"a": 1}}, {"_id": 2, "to": {"a": 2}}])
        found = world.odd.Odd.find().sort("_id").prefetch("to").to_list()
        assert [one["to"].loaded for one in found] == [{"_id": {"a": 1}, "n": 1}, None]
        world.posts.update_many({}, {"$set": {"author": DBRef("people", {"$gt": ""})}})
        found = world.Post.find().prefetch("author").to_list()
        assert {one.author.loaded for one in found} == {None}

    def test_very_many(self, world, asked, monkeypatch):
        monkeypatch.setattr("mongokit.portions.AT_ONCE", 3)
        posts = world.Post.find().to_list()
        asked.clear()
        prefetch(posts, "author")
        assert asked.since() == ["find people", "find people"]
        assert all(post.author.loaded for post in posts)


class Hooked(Person):
    structure = {"_type": str}

    def after_load(self):
        self.name = self.name.lower()


def test_hooks_run_on_what_is_prefetched(world):
    world.client.register(Hooked)
    world.people.update_one({"_id": 0}, {"$set": {"_type": "Hooked"}})

    class Fan(Document):
        structure = {"of": Ref(Hooked)}

    fan = Fan({"of": 0}, collection=world.fans)
    prefetch([fan], "of")
    assert fan["of"].loaded["name"] == "p0"


class TestAsync:
    async def test_cursor_and_documents(self, adatabase, aconnection, world):
        aconnection.register(CLASSES)
        seen = [
            post.author.loaded["name"] async for post in adatabase.Post.find().prefetch("author").limit(3)
        ]
        assert seen == ["P0", "P1", "P2"]
        cursor = adatabase.Post.find().sort("_id")
        async for post in cursor:
            assert post["_id"] == 0
            break
        rest = [post async for post in cursor.prefetch("author")]
        assert [post["_id"] for post in rest] == list(range(1, len(rest) + 1))
        assert {post.author.loaded["name"] for post in rest} >= {"P0", "P1", "P2"}
        posts = await adatabase.Post.find().to_list(5)
        await aprefetch(posts, "author.city")
        assert [post.author.get().city.get()["_id"] for post in posts] == [0, 1, 2, 0, 0]
        await aprefetch([], "author")
        with pytest.raises(ValueError, match="no reference of Post"):
            await aprefetch(posts, "nothing")


def test_a_dict_of_references(world):
    class Circle(Document):
        structure = {"by": {str: Ref(Person)}, "lists": {str: [Ref(Person)]}}

    world.client.register(Circle)
    people = [person["_id"] for person in world.Person.find()]
    world.circles.insert_one({"by": dict(zip("ab", people, strict=False)), "lists": {"c": people[:2]}})
    for paths in (("by", "lists"), ("by.*", "lists.any")):
        circle = world.circles.Circle.find().prefetch(*paths).next()
        assert all(one.loaded for one in (*circle["by"].values(), *circle["lists"]["c"]))
