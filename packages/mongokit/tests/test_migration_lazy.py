"""Documents in an old form, migrated when they are loaded."""

from __future__ import annotations

from functools import partialmethod, wraps

import pytest
from bson import DBRef
from pymongo import AsyncMongoClient

from mongokit import (
    IS,
    AsyncConnection,
    Document,
    DocumentMigration,
    OperationFailure,
    OptionConflictError,
    Ref,
    SchemaDocumentError,
    StructureError,
)

OLD = {"_id": 1, "titel": "x"}


class PostMigration(DocumentMigration):
    """Written in another order than the one they run in."""

    def migration03_add_length(self):
        self.target = {"length": {"$exists": False}}
        self.update = {"$set": {"length": len(self.doc["title"])}}

    def migration01_rename_title(self):
        self.target = {"titel": {"$exists": True}}
        self.update = {"$rename": {"titel": "title"}}

    def migration02_add_tags(self):
        self.target = {"tags": {"$exists": False}}
        self.update = {"$set": {"tags": ["old"]}}

    def no_rule(self):
        raise AssertionError("only methods named migration… are rules")

    def allmigration01_of_all(self):
        raise AssertionError("not a lazy rule")


def declare(migration=PostMigration, **more):
    body = {"structure": {"title": str, "tags": [str], "length": int}, "migration_handler": migration}
    return type("Post", (Document,), {**body, **more})


NEW = {"_id": 1, "title": "x", "tags": ["old"], "length": 1}


@pytest.fixture
def posts(connection, collection):
    """The class in its collection, which holds one old document."""
    connection.register(declare())
    collection.insert_one(dict(OLD))
    return collection.Post


LOADS = {
    "find": lambda posts: next(iter(posts.find())),
    "find, to_list": lambda posts: posts.find().to_list()[0],
    "find, by position": lambda posts: posts.find()[0],
    "find_one": lambda posts: posts.find_one({"_id": 1}),
    "one": lambda posts: posts.one(),
    "get_from_id": lambda posts: posts.get_from_id(1),
    "find_random": lambda posts: posts.find_random(),
    "find_one_and_update": lambda posts: posts.find_one_and_update({"_id": 1}, {"$set": {"titel": "x"}}),
}


@pytest.mark.filterwarnings("ignore:find_random:DeprecationWarning")
@pytest.mark.parametrize("load", LOADS.values(), ids=LOADS)
def test_on_load_rules_run_in_sorted_order_and_the_document_is_read_anew(posts, load):
    """Each sees what the one before it has made: the length is that of the renamed title."""
    document = load(posts)
    assert dict(document) == NEW
    assert type(document).__name__ == "Post"
    assert posts.collection.find_one() == NEW, "in the database too"
    document["title"] = "later"
    document.save()


def test_reload_migrates_too(posts):
    document = posts.get_from_id(1)
    posts.collection.replace_one({"_id": 1}, dict(OLD))
    document.reload()
    assert dict(document) == NEW


def test_a_valid_document_is_left_alone(collection):
    class Never(DocumentMigration):
        def migration01(self):
            raise AssertionError("ran")

    collection.insert_one({**NEW, "tags": []})
    assert collection.proxy(declare(Never)).one()["tags"] == []


def test_only_rules_whose_target_matches_apply(posts):
    posts.collection.insert_one({"_id": 2, "title": "abc", "tags": []})
    assert dict(posts.get_from_id(2)) == {"_id": 2, "title": "abc", "tags": [], "length": 3}
    assert posts.collection.find_one({"_id": 1}) == OLD, "another document is none of its business"


def test_what_no_rule_mends_is_loaded_as_it_is(posts):
    posts.collection.insert_one({**NEW, "_id": 3, "more": 1})
    document = posts.get_from_id(3)
    assert document["more"] == 1
    with pytest.raises(StructureError, match="unknown fields in Post: more"):
        document.save()


def test_migrate_on_request(posts):
    document = posts(OLD, gen_skel=False)
    assert document.migrate() == [
        "migration01_rename_title",
        "migration02_add_tags",
        "migration03_add_length",
    ]
    assert dict(document) == NEW
    assert document.migrate() == []


def test_the_handler_migrates_without_touching_the_object(posts):
    document = posts(OLD, gen_skel=False)
    migration = PostMigration(declare())
    assert len(migration.migrate(document)) == 3
    assert dict(document) == OLD
    assert posts.collection.find_one() == NEW


def test_safe_is_an_old_spelling(posts):
    with pytest.warns(DeprecationWarning, match="migrate\\(safe=…\\) is MongoKit's old spelling") as warned:
        posts(OLD, gen_skel=False).migrate(safe=True)
    assert warned[0].filename == __file__
    assert PostMigration(declare()).migrate(posts(OLD, gen_skel=False), True) == []


def test_safe_of_the_handler_is_an_old_spelling(posts):
    with pytest.warns(DeprecationWarning, match="migrate\\(safe=…\\) is MongoKit's old spelling") as warned:
        PostMigration(declare()).migrate(posts(OLD, gen_skel=False), safe=True)
    assert warned[0].filename == __file__


def test_validate_does_not_migrate_unless_asked_to(posts):
    document = posts(OLD, gen_skel=False)
    with pytest.raises(StructureError):
        document.validate()
    with pytest.raises(StructureError):
        document.validate(auto_migrate=False)
    assert posts.collection.find_one() == OLD
    document.validate(auto_migrate=True)
    assert dict(document) == NEW


def test_auto_migrate_raises_what_the_rules_do_not_mend(posts):
    posts.collection.update_one({"_id": 1}, {"$set": {"more": 1}})
    document = posts.get_from_id(1)
    with pytest.raises(StructureError, match="unknown fields in Post: more"):
        document.validate(auto_migrate=True)


def test_auto_migrate_without_rules_only_validates(collection):
    plain = declare(None)({"title": 1, "tags": [], "length": 0}, collection=collection)
    with pytest.raises(SchemaDocumentError):
        plain.validate(auto_migrate=True)


@pytest.mark.parametrize("asks", [True, False])
def test_an_overridden_validate(collection, asks):
    """It derives a field first, as MongoKit's documents did."""

    class Derived(declare()):
        def validate(self, auto_migrate=False):
            if "title" in self:
                self["length"] = len(self["title"])
            super().validate(auto_migrate=False)

    collection.insert_many([dict(OLD), {"_id": 2, "title": "abc", "tags": []}])
    found = collection.proxy(Derived).get_from_id(1)
    assert dict(found) == NEW
    assert collection.proxy(Derived).get_from_id(2)["length"] == 3
    assert "length" not in collection.find_one({"_id": 2}), "valid as it validates: no rule had to run"
    found.validate(auto_migrate=asks)


def test_skip_validation_is_off(collection):
    thing = declare(skip_validation=True)
    assert thing.skip_validation is False
    collection.insert_one(dict(OLD))
    assert dict(collection.proxy(thing).one()) == NEW
    with pytest.raises(SchemaDocumentError):
        thing({"title": 1}, collection=collection).save()
    assert type("Child", (thing,), {"skip_validation": True}).skip_validation is False


def test_errors_that_are_kept_instead_of_raised(collection):
    collection.insert_one(dict(OLD))
    assert dict(collection.proxy(declare(raise_validation_errors=False)).one()) == NEW


def test_not_with_schemaless():
    with pytest.raises(
        OptionConflictError, match="Post: migration_handler and use_schemaless exclude each other"
    ):
        declare(use_schemaless=True)
    with pytest.raises(OptionConflictError):
        type("Child", (declare(),), {"use_schemaless": True})


@pytest.mark.parametrize("handler", [object, PostMigration(None), "PostMigration"])
def test_a_handler_that_is_none(handler):
    with pytest.raises(
        TypeError, match="Post: migration_handler must be a subclass of DocumentMigration, not"
    ):
        declare(handler)


def test_without_a_handler_there_is_nothing_to_migrate(collection):
    with pytest.raises(TypeError, match="Post has no migration_handler"):
        declare(None)(OLD, collection=collection).migrate()


def test_without_an_id_there_is_nothing_to_migrate(posts):
    with pytest.raises(KeyError):
        posts().migrate()


def test_inherited_rules_and_classes(connection, collection):
    """The stored class is loaded, with the rules of its base and its own."""

    class TalkMigration(PostMigration):
        def migration09_add_room(self):
            self.target = {"room": {"$exists": False}}
            self.update = {"$set": {"room": self.doc_class.__name__}}

    post = declare(type_field="_type", structure={"_type": str, "title": str, "tags": [str], "length": int})
    talk = type("Talk", (post,), {"structure": {"room": str}, "migration_handler": TalkMigration})
    keynote = type("Keynote", (talk,), {})
    connection.register([post, talk, keynote])
    collection.insert_many([{**OLD, "_type": "Post"}, {**OLD, "_id": 2, "_type": "Keynote"}])
    one, two = sorted(collection.Post.find(), key=lambda document: document["_id"])
    assert (type(one), type(two)) == (post, keynote)
    assert dict(one) == {**NEW, "_type": "Post"}
    assert dict(two) == {**NEW, "_id": 2, "_type": "Keynote", "room": "Keynote"}


class Odd(DocumentMigration):
    def migration01(self):
        self.target = {"titel": {"$exists": True}}
        self.update = UPDATES[self.doc["which"]]


UPDATES = {
    "stages": [{"$set": {"title": {"$concat": ["$titel", "!"]}, "tags": [], "length": 1}}, {"$unset": ["titel", "which"]}],
    "function": lambda doc: {
        "$set": {"title": doc["titel"] + "!", "tags": [], "length": 1}, "$unset": {"titel": 1, "which": 1},
    },
}  # fmt: skip


@pytest.mark.parametrize("which", UPDATES)
def test_updates_of_other_forms(collection, which):
    collection.insert_one({**OLD, "which": which})
    assert dict(collection.proxy(declare(Odd)).one()) == {"_id": 1, "title": "x!", "tags": [], "length": 1}


BAD = {
    "no target": (lambda m: setattr(m, "update", {"$set": {"a": 1}}), "must set self.target to the query"),
    "a document": (lambda m: vars(m).update(target={}, update={"title": "x"}), "self.update must be a dict of operators"),
    "text": (lambda m: vars(m).update(target={}, update="x"), "self.update must be a dict of operators"),
    "nothing in it": (lambda m: vars(m).update(target={}, update={}), "self.update must be a dict of operators"),
    "no fields": (lambda m: vars(m).update(target={}, update={"$set": 1}), r"\$set takes a dict of fields, not 1"),
    "text of a function": (lambda m: vars(m).update(target={}, update=lambda doc: "x"), "self.update must be a dict .* not 'x'"),
    "a number of a function": (lambda m: vars(m).update(target={}, update=len), "self.update must be a dict .* not 2"),
    "no stages": (lambda m: vars(m).update(target={}, update=["$set"]), "self.update must be a dict of operators"),
    "returned": (lambda m: vars(m).update(target={}) or {"$set": {"a": 1}}, "returns {'\\$set': {'a': 1}}, which changes nothing"),
    "returned stages": (lambda m: [{"$set": {"a": 1}}], r"returns \[{'\$set'.*: a rule is a method that takes self alone"),
    "a function returned": (lambda m: len, "returns <built-in function len>, which changes nothing"),
}  # fmt: skip


@pytest.mark.parametrize("asynchronous", [False, True])
@pytest.mark.parametrize(("body", "message"), BAD.values(), ids=BAD)
def test_rules_that_are_none(collection, driven, body, message, asynchronous):
    migration = type("Bad", (DocumentMigration,), {"migration01": body})
    collection.insert_one(dict(OLD))
    where = driven[collection.name] if asynchronous else collection
    with pytest.raises(TypeError, match=rf"^Bad\.migration01:? .*{message}"):
        where.proxy(declare(migration)).one()
    assert collection.find_one() == OLD


@pytest.mark.parametrize("revised", [False, True])
def test_a_function_that_leaves_a_document_alone(collection, revised):
    class Choosy(PostMigration):
        def migration00(self):
            self.target = {}
            self.update = lambda doc: {"$set": {"titel": "y"}} if doc["_id"] == 2 else None

    collection.insert_many([dict(OLD), {**OLD, "_id": 2}])
    proxy = collection.proxy(declare(Choosy, use_revision=revised))
    assert [proxy.get_from_id(1)["title"], proxy.get_from_id(2)["title"]] == ["x", "y"]
    assert proxy(OLD, gen_skel=False).migrate() == []


def takes_more(self, document):
    raise AssertionError("ran")


NO_METHODS = {
    "an update": ({"$set": {"tags": []}}, r"is {'\$set': {'tags': \[\]}}"),
    "text": ("x", "is 'x'"),
    "nothing": (None, "is None"),
    "a class": (dict, "is <class 'dict'>"),
    "a static method": (staticmethod(lambda: None), "is a staticmethod"),
    "a class method": (classmethod(lambda cls: None), "is a classmethod"),
    "a property": (property(lambda self: None), "is <property object"),
    "more arguments": (takes_more, r"takes \(self, document\)"),
    "an argument by name": (lambda self, *, doc: None, r"takes \(self, \*, doc\)"),
    "not even self": (lambda: None, r"takes \(\)"),
}


@pytest.mark.parametrize("name", ["migration01", "allmigration01_of_all"])
@pytest.mark.parametrize(("body", "message"), NO_METHODS.values(), ids=NO_METHODS)
def test_what_can_be_no_rule_is_said_when_the_class_is_made(name, body, message):
    message = rf"^Bad\.{name} {message}.*: a rule is a method that takes self alone, and sets self.target and self.update"
    with pytest.raises(TypeError, match=message):
        type("Bad", (DocumentMigration,), {name: body})
    mixin = type("Mixin", (), {name: body})
    with pytest.raises(TypeError, match=message):
        type("Bad", (mixin, DocumentMigration), {})


def test_what_can_be_a_rule():
    async def awaited(self): ...

    class Many(DocumentMigration):
        migration01 = awaited
        migration02 = partialmethod(takes_more, document=None)
        migration03 = lambda self, batch=3, *more, **names: None
        migrations = PostMigration.migration02_add_tags
        # These are no rules.
        migrate_slowly = None
        _migration = None
        all_migrations = None

        @wraps(PostMigration.migration02_add_tags)
        def allmigration01(self):
            raise AssertionError("ran")

    assert Many(declare()).rule_names("migration") == [
        "migration01",
        "migration02",
        "migration03",
        "migrations",
    ]
    assert Many(declare()).rule_names("allmigration") == ["allmigration01"]


def test_a_rule_that_looks_for_what_is_gone_does_not_apply(collection):
    class Careless(DocumentMigration):
        def migration01(self):
            self.target = {"titel": {"$exists": True}}
            self.update = {"$set": {"title": self.doc["titel"].upper()}, "$unset": {"titel": 1}}

        def migration02(self):
            self.target = {"length": {"$exists": False}}
            self.update = {"$set": {"length": self.doc["nothing"]}}

    collection.insert_one({**NEW, "more": 1})
    proxy = collection.proxy(declare(Careless))
    assert proxy.get_from_id(1)["more"] == 1
    collection.insert_one({"_id": 2, "title": "a"})
    with pytest.raises(KeyError, match="nothing"):
        proxy.get_from_id(2)


def test_a_rule_without_update_may_write_itself(collection):
    class Itself(DocumentMigration):
        def migration01(self):
            self.target = {"titel": {"$exists": True}}
            self.collection.update_one({"_id": self.doc["_id"]}, {"$rename": {"titel": "title"}})

        def migration02(self):
            self.target = {"tags": {"$exists": False}}
            self.update = {"$set": {"tags": [self.doc["title"]], "length": 1}}

    collection.insert_one(dict(OLD))
    assert dict(collection.proxy(declare(Itself)).one()) == {**NEW, "tags": ["x"]}


def test_a_refusing_database_is_heard(collection):
    class Duplicate(DocumentMigration):
        def migration01(self):
            self.target = {"titel": {"$exists": True}}
            self.update = {"$set": {"title": "taken"}}

    collection.create_index("title", unique=True, sparse=True)
    collection.insert_many([{"title": "taken"}, dict(OLD)])
    with pytest.raises(OperationFailure, match="dup key"):
        collection.proxy(declare(Duplicate)).get_from_id(1)
    assert collection.find_one({"_id": 1}) == OLD


PARTS = {
    "find": lambda posts: posts.find({}, {"titel": True})[0],
    "find_one": lambda posts: posts.find_one({}, {"titel": True}),
    "one": lambda posts: posts.one({}, projection={"titel": True}),
    "without _id": lambda posts: posts.find_one({}, {"titel": True, "_id": False}),
}


@pytest.mark.parametrize("load", PARTS.values(), ids=PARTS)
def test_a_document_of_which_a_part_was_read_is_left_alone(posts, load):
    assert load(posts)["titel"] == "x"
    assert posts.collection.find_one() == OLD


def test_a_revision_counts(collection):
    """Who has read the document before the rules ran is told when saving."""
    thing = declare(use_revision=True)
    collection.insert_one({**OLD, "_revision": 4})
    document = collection.proxy(thing).one()
    assert document["_revision"] == 7, "three rules applied"
    document.save()


def test_what_changed_is_remembered_of_the_migrated(collection):
    collection.insert_one(dict(OLD))
    document = collection.proxy(declare(track_changes=True)).one()
    assert document.changed() == []
    document["title"] = "y"
    assert document.changed() == ["title"]


def test_python_values_of_what_was_migrated(collection):
    from mongokit import Set

    class AddKinds(DocumentMigration):
        def migration01(self):
            assert type(self.doc) is dict, "rules see what is stored"
            self.target = {"kinds": {"$exists": False}}
            self.update = {"$set": {"kinds": ["a", "a"], "state": "old"}}

    thing = declare(AddKinds, structure={"kinds": Set(str), "state": IS("old", "new")}, use_dot_notation=True)
    collection.insert_one({"_id": 1})
    document = collection.proxy(thing).one()
    assert document.kinds == {"a"}


def test_hooks_run_after_the_migration(collection):
    class Hooked(declare()):
        def after_load(self):
            self.seen = dict(self)

    collection.insert_one(dict(OLD))
    assert collection.proxy(Hooked).one().seen == NEW


async def test_asynchronous_collections(mongodb_uri, database):
    database.things.insert_one(dict(OLD))
    thing = declare()
    async with AsyncMongoClient(mongodb_uri) as client:
        document = thing(OLD, gen_skel=False, collection=client[database.name].things)
        applied = await PostMigration(thing).migrate(document)
        assert len(applied) == 3
        with pytest.raises(TypeError, match="await this Post's migrate"):
            document.validate(auto_migrate=True)
    assert database.things.find_one() == NEW


def test_what_documents_refer_to_is_migrated_too(connection, database):
    """Through eager references, with one query for all of them, and through those loaded when asked for."""
    post = declare(__collection__="posts")
    eager = type("Eager", (Document,), {"structure": {"post": post, "posts": [post]}, "use_autorefs": True})
    lazy = type("Lazy", (Document,), {"structure": {"post": Ref(post)}})
    connection.register([post, eager, lazy])
    database.posts.insert_many([{**OLD, "_id": i} for i in range(1, 5)])
    references = [DBRef("posts", i, database.name) for i in range(1, 4)]
    database.things.insert_one({"post": references[0], "posts": references})
    found = database.things.Eager.one()
    assert dict(found["post"]) == NEW
    assert [dict(one) for one in found["posts"]] == [{**NEW, "_id": i} for i in range(1, 4)]
    database.others.insert_one({"post": 4})
    assert dict(database.others.Lazy.one()["post"].get()) == {**NEW, "_id": 4}
    assert database.posts.count_documents({"titel": {"$exists": True}}) == 0


def test_a_document_that_refers_is_migrated_before_it_loads_what_it_refers_to(connection, database):
    class NameToReference(DocumentMigration):
        def migration01(self):
            self.target = {"posting": {"$exists": True}}
            self.update = {"$rename": {"posting": "post"}}

    post = declare(__collection__="posts")
    owner = type("Owner", (Document,), {
        "structure": {"post": post}, "use_autorefs": True, "migration_handler": NameToReference,
    })  # fmt: skip
    connection.register([post, owner])
    database.posts.insert_one(dict(NEW))
    old = {"posting": DBRef("posts", 1, database.name)}
    database.things.insert_many([{**old, "_id": 1}, {**old, "_id": 2}])
    assert dict(database.things.Owner.get_from_id(1)["post"]) == NEW
    on_request = database.things.Owner({**old, "_id": 2}, gen_skel=False)
    on_request.migrate()
    assert dict(on_request["post"]) == NEW


async def test_asynchronous_loads(mongodb_uri, database):
    thing = declare()
    database.things.insert_many([{**OLD, "_id": i} for i in range(1, 5)])
    async with AsyncConnection(mongodb_uri) as connection:
        things = connection[database.name].things.proxy(thing)
        assert dict(await things.get_from_id(1)) == NEW
        assert dict(await things.find_one({"_id": 2})) == {**NEW, "_id": 2}
        async for found in things.find({"_id": 3}):
            assert dict(found) == {**NEW, "_id": 3}
        document = thing({**OLD, "_id": 4}, gen_skel=False, collection=things.collection)
        assert len(await document.migrate()) == 3
        assert dict(document) == {**NEW, "_id": 4}
    assert database.things.count_documents({"titel": {"$exists": True}}) == 0
