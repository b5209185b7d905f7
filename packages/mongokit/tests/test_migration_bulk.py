"""All documents of a collection migrated: resumable, rehearsed, reported, and by one runner at a time."""

from __future__ import annotations

import datetime
import importlib.util
import logging
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pymongo
import pytest
from bson import ObjectId
from pymongo import AsyncMongoClient
from pymongo.errors import DuplicateKeyError

from mongokit import (
    Connection,
    CustomType,
    Document,
    DocumentMigration,
    MigrationError,
    SchemaTypeError,
    UpdateQueryError,
)
from mongokit.flow import run
from mongokit.migration.bookmark import Bookmark

SCRIPT = Path(__file__).with_name("migrate_in_batches.py")
WAIT = 30
"""Seconds for what takes one."""


class Post(Document):
    structure = {"title": str, "tags": [str], "n": int, "where": {"city": str}, "full": str}


class PostMigration(DocumentMigration):
    """Written in another order than the one they run in."""

    def allmigration02_tags_of_title(self):
        self.target = {"tags": {"$exists": False}, "title": {"$exists": True}}
        self.update = {"$set": {"tags": []}}

    def allmigration01_rename_title(self):
        self.target = {"titel": {"$exists": True}}
        self.update = {"$rename": {"titel": "title"}}

    def migration01_of_one(self):
        raise AssertionError("not a bulk rule")


RULES = ["allmigration01_rename_title", "allmigration02_tags_of_title"]


def rule(body, base=DocumentMigration, **more):
    """Return a migration of one rule."""
    return type("One", (base,), {"allmigration01": body, **more})(Post)


def sets(target, update):
    def body(self):
        self.target, self.update = target, update

    return body


@pytest.fixture
def posts(collection):
    """A hundred in the old form, of which ten are half new."""
    collection.insert_many([{"titel": str(i), "n": i} for i in range(90)])
    collection.insert_many([{"title": str(i), "n": i} for i in range(90, 100)])
    return collection


def test_all_documents_go_through_all_rules_in_sorted_order(posts):
    report = PostMigration(Post).migrate_all(posts)
    assert [one.name for one in report.rules] == RULES
    assert [(one.state, one.before, one.changed, one.after) for one in report.rules] == [
        ("done", 90, 90, 0),
        ("done", 100, 100, 0),
    ]
    assert report.changed == 190
    assert report.complete
    assert posts.count_documents({"title": {"$exists": True}, "titel": {"$exists": False}, "tags": []}) == 100


@pytest.mark.parametrize("size", [1, 7, 100, 1000])
def test_batches(posts, size):
    seen = []
    report = PostMigration(Post).migrate_all(posts, batch_size=size, progress=seen.append)
    first = [one for one in seen if one.name == RULES[0]]
    assert [one.matched for one in first if one.state == "running"] == [
        min(i + size, 90) for i in range(0, 90, size)
    ]
    assert first[-1] == report.rules[0]
    assert first[-1].state == "done"
    assert all(one.before == 90 for one in first)
    assert posts.count_documents({"tags": []}) == 100


def test_again_there_is_nothing_to_do(posts):
    migration = PostMigration(Post)
    migration.migrate_all(posts)
    before = list(posts.find())
    report = migration.migrate_all(posts)
    assert [(one.state, one.before, one.changed) for one in report.rules] == [("idle", 0, 0)] * 2
    assert report.complete
    assert list(posts.find()) == before


def test_what_comes_later_is_migrated_by_the_next_run(posts):
    migration = PostMigration(Post)
    migration.migrate_all(posts)
    posts.insert_one({"_id": "smaller than all ObjectIds", "titel": "late", "n": 1})
    assert [one.changed for one in migration.migrate_all(posts).rules] == [1, 1]


def test_ids_of_all_kinds(collection):
    ids = [None, -1, 2.5, "x", {"a": 1}, b"x", ObjectId(), True]
    collection.insert_many([{"_id": id, "titel": "x"} for id in ids])
    PostMigration(Post).migrate_all(collection, batch_size=3)
    assert collection.count_documents({"title": "x", "tags": []}) == len(ids)


def test_a_dry_run_writes_nothing(posts):
    before = list(posts.find())
    migration = PostMigration(Post)
    report = migration.migrate_all(posts, dry_run=True)
    assert [(one.name, one.state, one.before, one.changed, one.after) for one in report.rules] == [
        (RULES[0], "planned", 90, 0, None),
        (RULES[1], "planned", 10, 0, None),
    ], "as it is now: what the first rule will add to the second it does not see"
    assert report.dry_run
    assert not report.complete
    assert list(posts.find()) == before
    assert posts.database.list_collection_names() == ["things"]
    assert migration.bookmark(posts) is None
    migration.migrate_all(posts)
    again = migration.migrate_all(posts, dry_run=True)
    assert [one.state for one in again.rules] == ["idle", "idle"]
    assert again.complete


def test_get_deprecated(posts):
    """Deprecated is a rule whose target matches nothing."""
    migration = PostMigration(Post)
    assert migration.get_deprecated(posts) == {"deprecated": [], "active": RULES}
    posts.delete_many({"titel": {"$exists": True}})
    assert migration.get_deprecated(posts) == {"deprecated": [RULES[0]], "active": [RULES[1]]}
    migration.migrate_all(posts)
    assert migration.get_deprecated(posts) == {"deprecated": RULES, "active": []}


def itself(self):
    """MongoKit's way: the body writes, where `status` does not say that it is only asked."""
    self.target = {"titel": {"$exists": True}}
    if not self.status:
        for doc in self.collection.find(self.target):
            self.update = {"$set": {"title": doc["titel"] + "!"}, "$unset": {"titel": 1}}
            self.collection.update_one({"_id": doc["_id"]}, self.update)


def careless(self):
    """The same, without a look at `status`."""
    self.status = False
    itself(self)


@pytest.mark.parametrize(("body", "before"), [(itself, 90), (careless, None)])
def test_a_rule_may_write_itself(posts, body, before):
    (report,) = rule(body).migrate_all(posts).rules
    assert (report.state, report.before, report.after) == ("done", before, 0)
    assert posts.count_documents({"title": {"$regex": "!$"}}) == 90
    assert posts.find_one({"n": 7})["title"] == "7!"


def test_status_is_true_where_nothing_may_be_written(posts):
    before = list(posts.find())
    migration = rule(itself)
    assert migration.get_deprecated(posts) == {"deprecated": [], "active": ["allmigration01"]}
    assert migration.migrate_all(posts, dry_run=True).rules[0].before == 90
    assert list(posts.find()) == before


WRITES = {
    "update_many": lambda c: c.update_many({}, {"$set": {"n": 0}}),
    "insert_one": lambda c: c.insert_one({}),
    "bulk_write": lambda c: c.bulk_write([pymongo.DeleteOne({})]),
    "drop": lambda c: c.drop(),
    "$out": lambda c: c.aggregate([{"$out": "elsewhere"}]),
    "$merge": lambda c: c.aggregate(pipeline=[{"$merge": {"into": "elsewhere"}}]),
    "a document class": lambda c: c.Post.find_one().save(),
    "other options": lambda c: c.with_options().drop(),
}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_a_rule_that_does_not_look_at_status_is_stopped(connection, posts, write):
    connection.register(Post)
    before = list(posts.find())

    def body(self):
        self.target = {}
        write(self.collection)

    migration = rule(body)
    report = migration.migrate_all(posts, dry_run=True)
    assert str(report.rules[0]) == "writes itself, what is not known"
    with pytest.raises(
        MigrationError, match=r"allmigration01 uses collection\..* where nothing may be written"
    ):
        migration.get_deprecated(posts)
    assert list(posts.find()) == before
    assert posts.database.list_collection_names() == ["things"]


def test_reading_is_not_writing(posts):
    def body(self):
        assert self.collection.count_documents({}) == self.collection.estimated_document_count() == 100
        assert len(list(self.collection.aggregate([{"$match": {"n": {"$lt": 5}}}]))) == 5
        assert self.collection.name == "things"
        assert self.collection["sub"].full_name.endswith("things.sub")
        assert self.collection.sub.full_name.endswith("things.sub")
        first = self.collection.find_one({}, sort=[("n", 1)])
        self.target = {"n": first["n"]}
        self.update = {"$set": {"n": -1}}

    assert rule(body).migrate_all(posts, dry_run=True).rules[0].before == 1


UPDATES = {
    "operators": ({"$set": {"full": "x"}}, "x"),
    "stages": ([{"$set": {"full": {"$concat": ["$titel", "!"]}}}], "7!"),
    "function": (lambda doc: {"$set": {"full": doc["titel"] + "?"}}, "7?"),
    "function that makes stages": (lambda doc: [{"$set": {"full": {"$concat": ["$titel", "!"]}}}], "7!"),
}


@pytest.mark.parametrize(("update", "full"), UPDATES.values(), ids=UPDATES)
def test_updates(posts, update, full):
    report = rule(sets({"titel": {"$exists": True}, "full": {"$exists": False}}, update)).migrate_all(
        posts, batch_size=20
    )
    assert [(one.matched, one.changed, one.after) for one in report.rules] == [(90, 90, 0)]
    assert posts.find_one({"n": 7})["full"] == full


def test_a_function_leaves_alone_what_it_returns_none_for(posts):
    update = lambda doc: {"$set": {"full": "even"}} if doc["n"] % 2 == 0 else None
    report = rule(sets({"full": {"$exists": False}, "n": {"$lt": 10}}, update)).migrate_all(
        posts, batch_size=1
    )
    assert (report.rules[0].changed, report.rules[0].after) == (5, 5)
    assert not report.complete


WRONG = {
    "$set": ({"$set": {"n": "seven"}}, "n", "allmigration01: n must be an instance of int not str"),
    "an element": ({"$set": {"tags": ["a", 1]}}, "tags.1", "tags.1 must be an instance of str not int"),
    "$push": ({"$push": {"tags": {"$each": ["a", 1]}}}, "tags.$each.1", "must be an instance of str not int"),
    "below": ({"$set": {"where": {"city": 1}}}, "where.city", "where.city must be an instance of str"),
    "$inc": ({"$inc": {"title": 1}}, "title", "title must be an instance of str not int"),
    "a stage": ([{"$set": {"n": "seven", "tags": "$tags"}}], "n", "n must be an instance of int not str"),
    "another stage": ([{"$addFields": {"title": 7}}], "title", "title must be an instance of str not int"),
    "of a function": (
        lambda doc: {"$set": {"n": str(doc["n"])}},
        "n",
        "n must be an instance of int not str",
    ),
}


@pytest.mark.parametrize("dry_run", [True, False])
@pytest.mark.parametrize(("update", "path", "message"), WRONG.values(), ids=WRONG)
def test_values_that_fields_do_not_take(posts, update, path, message, dry_run):
    before = list(posts.find())
    migration = rule(sets({"titel": {"$exists": True}}, update))
    with pytest.raises(SchemaTypeError, match=message) as caught:
        migration.migrate_all(posts, dry_run=dry_run)
    assert [failure.path for failure in caught.value.failures] == [path]
    assert list(posts.find()) == before
    assert dry_run or migration.bookmark(posts)["owner"] is None, "the next one can run"


class Day(CustomType):
    mongo_type = str
    python_type = datetime.date

    def to_bson(self, value):
        return value.isoformat()

    def to_python(self, value):
        return datetime.date.fromisoformat(value)


STORED = {
    "as it is stored": ({"$set": {"day": "2010-05-01"}}, True),
    "None": ({"$set": {"day": None}}, True),
    "an expression": ([{"$set": {"day": {"$toString": "$n"}, "n": "$n"}}], True),
    "no day": ({"$set": {"day": "yesterday"}}, False),
    "another type": ({"$set": {"day": 20100501}}, False),
}


@pytest.mark.parametrize(("update", "is_taken"), STORED.values(), ids=STORED)
def test_values_are_in_their_stored_form(posts, update, is_taken):
    cls = type("Dated", (Document,), {"structure": {"n": int, "day": Day()}})
    migration = type("M", (DocumentMigration,), {"allmigration01": sets({"n": 1}, update)})(cls)
    if is_taken:
        assert migration.migrate_all(posts).changed == 1
    else:
        with pytest.raises(SchemaTypeError, match="allmigration01: day"):
            migration.migrate_all(posts)


UNKNOWN = {
    "$set": ({"$set": {"nothing": 1}}, r"allmigration01: \$set: can't find nothing in structure \(of Post\)"),
    "below": ({"$set": {"where.street": 1}}, "can't find where.street"),
    "$inc": ({"$inc": {"m": 1}}, r"\$inc: can't find m"),
    "among others": ({"$set": {"n": 1, "m": 2}}, "can't find m"),
    "a stage": ([{"$set": {"nothing": 1}}], r"\$set: can't find nothing"),
    "another stage": ([{"$addFields": {"nothing": 1}}], r"\$addFields: can't find nothing"),
    "of a function": (lambda doc: {"$set": {"nothing": 1}}, "can't find nothing"),
}


@pytest.mark.parametrize("dry_run", [True, False])
@pytest.mark.parametrize(("update", "message"), UNKNOWN.values(), ids=UNKNOWN)
def test_fields_that_are_not_in_the_structure(posts, update, message, dry_run):
    before = list(posts.find())
    with pytest.raises(UpdateQueryError, match=message):
        rule(sets({"titel": {"$exists": True}}, update)).migrate_all(posts, dry_run=dry_run)
    assert list(posts.find()) == before


KNOWN = {
    "$unset": {"$unset": {"nothing": 1}},
    "$rename": {"$rename": {"old": "new"}},
    "below": {"$set": {"where.city": "x"}},
    "in a list": {"$set": {"tags.0": "x"}},
    "_revision": {"$set": {"_revision": 1}},
    "stages that leave out": [{"$unset": "nothing"}, {"$project": {"nothing": 0}}],
}


@pytest.mark.parametrize("update", KNOWN.values(), ids=KNOWN)
def test_fields_that_may_be_named(posts, update):
    assert rule(sets({"n": 1}, update)).migrate_all(posts, dry_run=True).rules[0].before == 1


def test_a_schemaless_class_has_all_fields(posts):
    loose = type("Loose", (Document,), {"structure": {"a": int}, "use_schemaless": True})
    migration = type("M", (DocumentMigration,), {"allmigration01": sets({"n": 1}, {"$set": {"nothing": 1}})})(
        loose
    )
    assert migration.migrate_all(posts).changed == 1


BAD = {
    "no target": (lambda self: None, "One.allmigration01 must set self.target to the query that finds what is old, not None"),
    "no operators": (sets({}, {"n": 1}), "self.update must be a dict of operators"),
    "no stages": (sets({}, ["$set"]), "self.update must be a dict of operators"),
    "no dict of fields": (sets({}, {"$set": 1}), r"\$set takes a dict of fields, not 1"),
}  # fmt: skip


@pytest.mark.parametrize(("body", "message"), BAD.values(), ids=BAD)
def test_rules_that_are_none(posts, body, message):
    migration = rule(body)
    with pytest.raises(TypeError, match=message):
        migration.migrate_all(posts)
    assert migration.bookmark(posts)["owner"] is None, "the next one can run"


def test_a_batch_has_something_in_it(posts):
    with pytest.raises(ValueError, match="batch_size=0"):
        PostMigration(Post).migrate_all(posts, batch_size=0)


def test_safe_is_an_old_spelling(posts):
    with pytest.warns(DeprecationWarning, match="migrate_all\\(safe=…\\)") as warned:
        report = PostMigration(Post).migrate_all(posts, True)
    assert warned[0].filename == __file__
    assert report.changed == 190


def test_no_rules(posts):
    report = DocumentMigration(Post).migrate_all(posts)
    assert report.rules == ()
    assert str(report).splitlines()[1] == "  no rules (methods named allmigration…)"


def test_rules_are_inherited(posts):
    class More(PostMigration):
        def allmigration03(self):
            self.target, self.update = {"full": {"$exists": False}}, {"$set": {"full": "x"}}

    assert [one.name for one in More(Post).migrate_all(posts).rules] == [*RULES, "allmigration03"]


def test_a_revision_counts(collection):
    """A document that was read before the migration is stale after it."""
    thing = type("Thing", (Document,), {"structure": {"n": int}, "use_revision": True})
    thing({"n": 1}, collection=collection).save()
    read = collection.proxy(thing).one()
    for update in ({"$set": {"n": 2}}, [{"$set": {"n": 3}}]):
        type("M", (DocumentMigration,), {"allmigration01": sets({}, update)})(thing).migrate_all(collection)
    assert collection.find_one()["_revision"] == 3
    with pytest.raises(pymongo.errors.OperationFailure, match="has been changed"):
        read.save()


class Stop(Exception):
    pass


def stop_after(batches):
    seen = []

    def progress(one):
        seen.append(one)
        if len(seen) == batches:
            raise Stop

    return progress


def test_an_interrupted_run_goes_on_where_it_was(posts):
    migration = rule(sets({"full": {"$exists": False}}, {"$set": {"full": "x"}}))
    with pytest.raises(Stop):
        migration.migrate_all(posts, batch_size=10, progress=stop_after(3))
    assert posts.count_documents({"full": "x"}) == 30
    bookmark = migration.bookmark(posts)
    assert bookmark["owner"] is None
    assert bookmark["rules"]["allmigration01"]["state"] == "running"
    assert bookmark["rules"]["allmigration01"]["matched"] == 30
    (one,) = migration.migrate_all(posts, batch_size=10).rules
    assert (one.earlier, one.before, one.matched, one.changed, one.after) == (30, 70, 70, 70, 0)
    assert one.resumed
    assert migration.bookmark(posts)["rules"]["allmigration01"]["state"] == "done"


def test_it_does_not_come_to_a_document_twice(posts):
    """Also where the update does not take documents out of the target, which it should."""
    migration = rule(sets({"n": {"$gte": 0}}, {"$inc": {"n": 1000}}))
    with pytest.raises(Stop):
        migration.migrate_all(posts, batch_size=30, progress=stop_after(2))
    report = migration.migrate_all(posts, batch_size=30)
    assert sorted(post["n"] for post in posts.find()) == [i + 1000 for i in range(100)]
    assert report.rules[0].after == 100
    assert "100 still match" in str(report)
    assert "the rule is to be mended" in str(report)


def test_going_on_among_ids_of_several_kinds(collection):
    ids = [5, "x", ObjectId(), True, 2.5, None]
    collection.insert_many([{"_id": id, "n": 0} for id in ids])
    migration = rule(sets({"n": {"$lt": 10}}, {"$inc": {"n": 1}}))
    with pytest.raises(Stop):
        migration.migrate_all(collection, batch_size=2, progress=stop_after(1))
    assert migration.migrate_all(collection, batch_size=2).rules[0].matched == 4
    assert [post["n"] for post in collection.find()] == [1] * 6


def test_a_refused_change_leaves_the_bookmark(posts):
    posts.create_index("full", unique=True, sparse=True)
    migration = rule(
        sets({"titel": {"$exists": True}, "full": {"$exists": False}}, {"$set": {"full": "same"}})
    )
    with pytest.raises(DuplicateKeyError):
        migration.migrate_all(posts, batch_size=1)
    assert posts.count_documents({"full": "same"}) == 1
    assert migration.bookmark(posts)["owner"] is None
    posts.drop_index("full_1")
    assert migration.migrate_all(posts).rules[0].matched == 89


@pytest.fixture
def script():
    """The module that the killed process runs."""
    spec = importlib.util.spec_from_file_location("migrate_in_batches", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run_until(uri, database, batches):
    process = subprocess.Popen(
        [sys.executable, SCRIPT, uri, database, str(batches)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "here\n"
    return process


def kill(process):
    process.send_signal(signal.SIGKILL)
    process.wait(WAIT)
    process.stdout.close()


@pytest.mark.skipif(os.name == "nt", reason="no kill -9 on Windows")
def test_a_killed_run_goes_on_where_it_was(mongodb_uri, database, script):
    database.things.insert_many([{"n": i} for i in range(100)])
    kill(run_until(mongodb_uri, database.name, 4))
    assert database.things.count_documents({"tags": {"$exists": True}}) == 40
    migration = script.PostMigration(script.Post)
    migration.bookmarks = "mongokit_migrations"
    name = "__main__.PostMigration"
    assert database.mongokit_migrations.find_one()["_id"] == f"things {name}"
    script.PostMigration.__module__ = "__main__"
    assert migration.bookmark(database.things)["owner"] is not None, "it had no time to give it back"
    (one,) = migration.migrate_all(database.things, batch_size=10).rules
    assert (one.earlier, one.changed, one.after) == (40, 60, 0)
    assert database.things.count_documents({"runs": 1}) == 100, "each document once"
    assert all(post["tags"] == [str(post["n"])] for post in database.things.find())


def test_two_runners_take_turns(posts):
    """The second waits for the first, and finds nothing left to do."""
    first_is_at_it, go_on = threading.Event(), threading.Event()
    reports = {}

    def hold(one):
        first_is_at_it.set()
        assert go_on.wait(WAIT)

    def first():
        reports["first"] = increasing().migrate_all(posts, batch_size=10, progress=hold)

    def second():
        reports["second"] = increasing().migrate_all(posts)

    def increasing():
        return rule(sets({"n": {"$lt": 1000}}, {"$inc": {"n": 1000}}), __qualname__="Increasing")

    threads = [threading.Thread(target=first), threading.Thread(target=second)]
    threads[0].start()
    assert first_is_at_it.wait(WAIT)
    threads[1].start()
    go_on.set()
    for thread in threads:
        thread.join(WAIT)
    assert reports["first"].changed == 100
    assert [one.state for one in reports["second"].rules] == ["idle"]
    assert sorted(post["n"] for post in posts.find()) == [i + 1000 for i in range(100)]


def test_many_runners_at_once(connection, posts):
    """Each document is changed once, whoever comes to it."""
    migration = type("Turns", (DocumentMigration,), {
        "allmigration01": sets({"full": {"$exists": False}}, {"$set": {"full": "x"}, "$inc": {"n": 1000}}),
    })  # fmt: skip
    changed = []

    def run():
        changed.append(migration(Post).migrate_all(posts, batch_size=5).changed)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(WAIT)
    assert sum(changed) == 100
    assert sorted(post["n"] for post in posts.find()) == [i + 1000 for i in range(100)]


def test_waiting_comes_to_an_end(posts):
    migration = PostMigration(Post)

    def while_it_runs(one):
        with pytest.raises(MigrationError, match=r"another runner, .*, is at it, and was after 0 s"):
            PostMigration(Post).migrate_all(posts, wait=0)

    assert migration.migrate_all(posts, progress=while_it_runs).changed == 190


def test_who_was_taken_over_from_stops(posts, caplog):
    """A runner that gave no sign of life does not write on when it wakes up."""
    migration = PostMigration(Post)

    def sleeps(one):
        with caplog.at_level(logging.WARNING, "mongokit.migration"):
            assert PostMigration(Post).migrate_all(posts, batch_size=10, lease=0).changed == 180

    with pytest.raises(MigrationError, match="another runner has taken over"):
        migration.migrate_all(posts, batch_size=10, progress=sleeps)
    assert "waiting for another runner" in caplog.text
    assert "taken over from" in caplog.text
    assert posts.count_documents({"tags": []}) == 100
    assert migration.bookmark(posts)["owner"] is None


@pytest.mark.parametrize("update", [{"$set": {"full": "x"}}, lambda doc: {"$set": {"full": "x"}}])
def test_a_document_that_somebody_changes_meanwhile_is_asked_again(posts, update):
    """Between being found and being changed it has left the target."""

    class Racing(type(posts)):
        def racing(self):
            posts.update_one({"n": 7}, {"$set": {"full": "by another"}})

        def update_many(self, *args, **options):
            self.racing()
            return super().update_many(*args, **options)

        def bulk_write(self, *args, **options):
            self.racing()
            return super().bulk_write(*args, **options)

    racing = Racing(posts.database, posts.name)
    report = rule(sets({"full": {"$exists": False}}, update)).migrate_all(racing)
    assert report.changed == 99
    assert posts.find_one({"n": 7})["full"] == "by another"


def test_a_runner_that_lives_is_not_taken_over_from(posts):
    """It gives a sign of life between being looked at and being taken over from."""
    store = posts.database.mongokit_migrations

    class Living(type(store)):
        def find_one(self, *args, **options):
            found = super().find_one(*args, **options)
            store.update_one({}, {"$inc": {"beat": 1}})
            return found

    name = "things of somebody"
    store.insert_one({"_id": name, "owner": "alive", "beat": 0, "rules": {}})
    bookmark = Bookmark(Living(store.database, store.name), name, lease=0, wait=0.02)
    with pytest.raises(MigrationError, match="another runner, alive, is at it"):
        run(bookmark.take())
    assert store.find_one()["owner"] == "alive"


def test_migrations_of_one_collection_do_not_wait_for_each_other(posts):
    other = rule(sets({"n": 1}, {"$set": {"n": 2}}))

    def meanwhile(one):
        other.migrate_all(posts, wait=0)

    assert PostMigration(Post).migrate_all(posts, progress=meanwhile).changed == 190


def test_the_report_is_readable(posts, caplog):
    with caplog.at_level(logging.INFO, "mongokit.migration"):
        report = PostMigration(Post).migrate_all(posts)
    name = posts.full_name
    lines = str(report).splitlines()
    assert lines[0] == f"PostMigration on {name}"
    assert lines[1].startswith("  allmigration01_rename_title   90 changed of 90, 0.")
    assert lines[2].startswith("  allmigration02_tags_of_title  100 changed of 100, 0.")
    assert len(lines) == 3
    assert "PostMigration on" in caplog.text
    posts.insert_many([{"titel": str(i)} for i in range(1200)])
    assert str(PostMigration(Post).migrate_all(posts, dry_run=True)) == (
        f"PostMigration on {name} (dry run: nothing was written)\n"
        "  allmigration01_rename_title   1,200 to change\n"
        "  allmigration02_tags_of_title  nothing to do"
    )


def test_the_report_as_data(posts):
    data = PostMigration(Post).migrate_all(posts, dry_run=True).as_data()
    assert data == {
        "namespace": posts.full_name,
        "migration": "PostMigration",
        "dry_run": True,
        "rules": [
            {"name": name, "state": "planned", "before": before, "matched": 0, "changed": 0, "earlier": 0, "after": None,
             "seconds": 0.0}
            for name, before in zip(RULES, (90, 10), strict=True)
        ],
    }  # fmt: skip


def test_a_resumed_rule_says_so(posts):
    migration = rule(sets({"full": {"$exists": False}}, {"$set": {"full": "x"}}))
    with pytest.raises(Stop):
        migration.migrate_all(posts, batch_size=40, progress=stop_after(1))
    text = str(migration.migrate_all(posts))
    assert "60 changed of 60, after 40 of an interrupted run, 0." in text


async def test_asynchronous_collections(mongodb_uri, posts):
    class Awaited(PostMigration):
        async def allmigration03_itself(self):
            self.target = {"full": {"$exists": False}}
            if not self.status:
                async for doc in self.collection.find(self.target):
                    await self.collection.update_one({"_id": doc["_id"]}, {"$set": {"full": doc["title"]}})

    seen = []

    async def progress(one):
        seen.append(one.state)

    migration = Awaited(Post)
    async with AsyncMongoClient(mongodb_uri) as client:
        collection = client[posts.database.name].things
        assert (await migration.get_deprecated(collection))["active"] == [*RULES, "allmigration03_itself"]
        dry = await migration.migrate_all(collection, dry_run=True)
        assert [one.before for one in dry.rules] == [90, 10, 100]
        report = await migration.migrate_all(collection, batch_size=40, progress=progress)
        assert (await migration.bookmark(collection))["owner"] is None
    assert [(one.changed, one.after) for one in report.rules] == [(90, 0), (100, 0), (100, 0)]
    assert seen == ["running", "running", "running", "done"] * 2 + ["done"]
    assert posts.find_one({"n": 7})["full"] == "7"


async def test_asynchronous_runners_wait_for_each_other(mongodb_uri, posts):
    migration = PostMigration(Post)
    async with AsyncMongoClient(mongodb_uri) as client:
        collection = client[posts.database.name].things
        store = posts.database.mongokit_migrations
        store.insert_one({"_id": f"things {__name__}.PostMigration", "owner": "dead", "beat": 3, "rules": {}})
        with pytest.raises(MigrationError, match="another runner, dead, is at it"):
            await migration.migrate_all(collection, wait=0.05)
        assert (await migration.migrate_all(collection, lease=0.1)).changed == 190


@pytest.mark.parametrize(
    "target", [{"n": {"$lt": 0}}, {"n": {"$lt": 0}, "_id": {"$gte": 10}}], ids=["apart", "by the id"]
)
@pytest.mark.parametrize("makes", ["one update", "an update of each"])
def test_ids_are_sent_in_portions(mongodb_uri, database, asked, target, makes):
    database.posts.insert_many([{"_id": number, "n": -1} for number in range(250)])
    expected = database.posts.count_documents(target)
    update = (
        {"$set": {"n": 1}} if makes == "one update" else (lambda document: {"$set": {"n": document["_id"]}})
    )
    with Connection(mongodb_uri, event_listeners=[asked]) as connection:
        report = rule(sets(target, update)).migrate_all(connection[database.name].posts)
    assert (report.rules[0].matched, report.rules[0].changed, report.rules[0].after) == (
        expected,
        expected,
        0,
    )
    by_id = [each for each in asked.filters if ("_id" in each and "n" in each) or "$and" in each]
    assert len(by_id) >= expected // 101
    several = [each["_id"]["$in"] for each in by_id if "$in" in str(each.get("_id"))]
    assert all(len(ids) <= 101 for ids in several)
    if "_id" not in target:
        # In an $and the embedded server would use no index.
        assert not any("$and" in each for each in asked.filters)
    if makes == "one update" and "_id" not in target:
        assert [len(ids) for ids in several] == [101, 101, 48]


class TwoWays(DocumentMigration):
    """One update for all, and another for those that it looks at itself."""

    def allmigration01(self):
        self.target = {"old": {"$exists": True}}
        self.update = {"$set": {"kind": "other"}, "$unset": {"old": 1}}
        if not self.status:
            for found in self.collection.find({"old": {"$gt": 1}}):
                change = {"$set": {"kind": "much"}, "$unset": {"old": 1}}
                self.collection.update_one({"_id": found["_id"]}, change)


def test_a_rule_with_an_update_that_writes_itself_too(collection):
    thing = type("TwoWayed", (Document,), {"structure": {"kind": str}})
    collection.insert_many([{"_id": number, "old": number} for number in range(4)])
    planned = TwoWays(thing).migrate_all(collection, dry_run=True)
    assert (planned.rules[0].before, collection.count_documents({"old": {"$exists": True}})) == (4, 4)
    [rule] = TwoWays(thing).migrate_all(collection).rules
    assert [one["kind"] for one in collection.find().sort("_id")] == ["other", "other", "much", "much"]
    assert (rule.state, rule.before, rule.matched, rule.changed, rule.after) == ("done", 4, 4, 4, 0)
    assert TwoWays(thing).migrate_all(collection).rules[0].state == "idle"


def test_its_update_is_checked_before_it_writes(collection):
    collection.insert_many([{"_id": number, "old": number} for number in range(4)])
    with pytest.raises(UpdateQueryError, match="can't find kind"):
        TwoWays(type("TwoWayed", (Document,), {"structure": {"a": str}})).migrate_all(collection)
    assert collection.count_documents({"old": {"$exists": True}}) == 4
