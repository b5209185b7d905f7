"""MongoTestMixin: what a test class leaves behind, which is nothing, and what it keeps between its tests."""

import copy
import subprocess
import sys
import threading
import unittest
from types import SimpleNamespace

import pytest
from django.contrib.auth.models import Group
from django.db import connections, transaction
from django.test import SimpleTestCase, TestCase
from talks.models import add_talk

from django_mongokit import connection, get_database
from django_mongokit.mongodb import creation, pool, prepared
from django_mongokit.mongodb.watch import recorder
from django_mongokit.test import MongoTestCase, MongoTestMixin, MongoTransactionTestCase


def run(*classes):
    """Run test classes as a runner would and return their result; every test must have run."""
    suite = unittest.TestSuite(unittest.defaultTestLoader.loadTestsFromTestCase(cls) for cls in classes)
    count = suite.countTestCases()
    result = unittest.TestResult()
    suite.run(result)
    assert result.testsRun == count > 0
    return result


def passes(*classes):
    result = run(*classes)
    assert result.wasSuccessful(), [text for _, text in result.errors + result.failures]


def empty(mongodb):
    return {name for name in mongodb.list_collection_names() if mongodb[name].count_documents({})} == set()


def write(database, number):
    """Write in every way there is; each alone is one test."""
    talks = database.talks
    if number > 0:
        talks.insert_one({"_id": 1, "n": 1})
    return (
        lambda: add_talk(database),
        lambda: talks.insert_many([{}, {}]),
        lambda: talks.replace_one({"_id": 2}, {}, upsert=True),
        lambda: talks.update_one({"_id": 2}, {"$set": {"a": 1}}, upsert=True),
        lambda: talks.find_one_and_update({"_id": 2}, {"$set": {"a": 1}}, upsert=True),
        lambda: talks.aggregate([{"$out": "copy"}]),
        lambda: talks.aggregate([{"$merge": "merged"}]),
        lambda: talks.aggregate([{"$merge": {"into": "merged"}}]),
        lambda: talks.rename("renamed"),
        lambda: talks.create_index("n", unique=True),
        lambda: database.create_collection("capped", capped=True, size=10_000).insert_one({}),
        lambda: database.command("insert", "by_command", documents=[{"_id": 1}]),
        lambda: (database.client.drop_database(database.name), talks.insert_one({"_id": 3})),
    )[number]


def indexes(database):
    return {name: set(database[name].index_information()) for name in database.list_collection_names()}


@pytest.mark.parametrize("number", range(13))
def test_whatever_way_a_test_writes(mongodb, number):
    class Writing(MongoTestMixin, SimpleTestCase):
        def test_1(self):
            write(self.database, number)()
            assert self.database.list_collection_names()

        def test_2(self):
            assert empty(self.database)

    # Other tests may have left collections with indexes, empty.
    before = indexes(mongodb)
    passes(Writing)
    assert empty(mongodb)
    assert all(left == before.get(name, {"_id_"}) for name, left in indexes(mongodb).items())


def test_only_touched_collections_are_looked_at(mongodb):
    mongodb.talks.insert_one({"_id": "of another test's making"})

    class Elsewhere(MongoTestMixin, SimpleTestCase):
        def test(self):
            self.database.others.insert_one({})
            list(self.database.talks.find())

    recorder.forget()
    passes(Elsewhere)
    assert mongodb.talks.count_documents({}) == 1
    assert mongodb.others.count_documents({}) == 0
    mongodb.talks.delete_many({})


def test_indexes_made_before_stay(mongodb):
    mongodb.talks.create_index("topic", unique=True)
    recorder.forget()

    class Writing(MongoTestMixin, SimpleTestCase):
        def test(self):
            self.database.talks.insert_one({})

    passes(Writing)
    assert "topic_1" in mongodb.talks.index_information()
    mongodb.talks.drop()


def test_another_database_is_not_touched(mongodb, name):
    class Elsewhere(MongoTestMixin, SimpleTestCase):
        def test(self):
            connection[name].talks.insert_one({"_id": 1})

    passes(Elsewhere)
    assert connection[name].talks.count_documents({}) == 1


@pytest.fixture
def archive(monkeypatch, name):
    """A second alias: `archive(HOST=...)`."""

    def declare(**values):
        entry = {**copy.deepcopy(connections.settings["mongodb"]), "NAME": name, **values}
        monkeypatch.setitem(connections.settings, "archive", entry)

    yield declare
    creation._restore("archive")
    prepared.current.pop("archive", None)
    pool.renew_connection("archive")
    if hasattr(connections._connections, "archive"):
        del connections["archive"]


def test_a_second_alias_is_cleaned_too(mongodb, archive, name):
    archive()

    class Both(MongoTestMixin, SimpleTestCase):
        def test_1(self):
            assert get_database(using="archive").name == f"test_{name}"
            self.database.talks.insert_one({})
            get_database(using="archive").talks.insert_one({})
            assert get_database(using="archive").talks.count_documents({}) == 1

        def test_2(self):
            assert empty(self.database)
            assert empty(get_database(using="archive"))

    passes(Both)


def test_a_second_alias_that_no_test_uses_need_not_be_there(mongodb, archive):
    archive(HOST="127.0.0.1", PORT=9, OPTIONS={"serverSelectionTimeoutMS": 100})

    class One(MongoTestMixin, SimpleTestCase):
        def test(self):
            self.database.talks.insert_one({})

    passes(One)
    assert empty(mongodb)


class Loaded:
    """What a class stores once, seen by tests that spoil it."""

    def test_1_spoil(self):
        self.spoil()

    def test_2_all_is_there_again(self):
        assert [talk["_id"] for talk in self.database.talks.find()] == [1, 2]
        assert "topic_1" in self.database.talks.index_information()
        assert self.database.talks.index_information()["topic_1"]["unique"]

    @classmethod
    def load(cls):
        cls.get().talks.create_index("topic", unique=True)
        cls.get().talks.insert_many([{"_id": 1, "topic": "a"}, {"_id": 2, "topic": "b"}])

    @classmethod
    def get(cls):
        from django_mongokit import get_database

        return get_database()


SPOIL = {
    "delete": lambda self: self.database.talks.delete_many({}),
    "update": lambda self: self.database.talks.update_many({}, {"$set": {"x": 1}}),
    "insert": lambda self: self.database.talks.insert_one({"_id": 3}),
    "index": lambda self: self.database.talks.drop_indexes(),
    "drop": lambda self: self.database.talks.drop(),
    "drop the database": lambda self: self.database.client.drop_database(self.database.name),
    "drop, and store again": lambda self: (
        self.database.talks.drop(),
        self.database.talks.insert_one({"_id": 3}),
    ),
    "more indexes": lambda self: self.database.talks.create_index("other"),
    "nothing": lambda self: None,
}


@pytest.mark.parametrize("spoil", SPOIL.values(), ids=SPOIL)
@pytest.mark.parametrize("base", [SimpleTestCase, TestCase, unittest.TestCase])
def test_data_of_set_up_class_is_there_for_every_test(mongodb, base, spoil):
    class First(Loaded, MongoTestMixin, base):
        @classmethod
        def setUpClass(cls):
            super().setUpClass()
            cls.load()

    class Second(MongoTestMixin, base):
        def test(self):
            assert empty(self.database), "gone with the class"
            assert "topic_1" not in self.database.talks.index_information()

    First.spoil = spoil
    if base is TestCase:
        First.databases = Second.databases = set()
    passes(First, Second)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("spoil", SPOIL.values(), ids=SPOIL)
def test_data_of_set_up_test_data(mongodb, spoil):
    class First(Loaded, MongoTestCase):
        @classmethod
        def setUpTestData(cls):
            cls.load()
            cls.talk = cls.get().talks.Talk({"_id": 9, "topic": "mine"})

        def test_3_attributes_are_copies(self):
            self.talk["topic"] = "changed"

        def test_4_of_the_class(self):
            assert self.talk["topic"] == "mine"

    First.spoil = spoil
    passes(First)
    assert empty(mongodb)


def test_what_is_dropped_has_its_options_again(mongodb):
    class Capped(MongoTestMixin, SimpleTestCase):
        @classmethod
        def setUpClass(cls):
            super().setUpClass()
            get_database().create_collection("capped", capped=True, size=8192).insert_one({"_id": 1})

        def test_1(self):
            self.database.capped.drop()

        def test_2(self):
            assert self.database.capped.options()["capped"] is True
            assert [one["_id"] for one in self.database.capped.find()] == [1]

    passes(Capped)
    assert "capped" not in mongodb.list_collection_names()


def test_cleaning_comes_after_the_tests_own_cleanups(mongodb):
    class Careful(MongoTestMixin, SimpleTestCase):
        def setUp(self):
            self.database.talks.insert_one({"_id": 1})
            self.addCleanup(self.check)

        def tearDown(self):
            self.check()

        def check(self):
            assert self.database.talks.count_documents({}) == 1

        def test(self):
            self.check()

    passes(Careful)
    assert empty(mongodb)


@pytest.mark.parametrize("where", ["setUp", "test", "tearDown"])
def test_an_error_does_not_keep_it_from_cleaning(mongodb, where):
    class Failing(MongoTestMixin, SimpleTestCase):
        def step(self, name):
            self.database[name].insert_one({})
            if name == where:
                raise ValueError("on purpose")

        def setUp(self):
            self.step("setUp")

        def test(self):
            self.step("test")

        def tearDown(self):
            self.step("tearDown")

    result = run(Failing)
    assert [text.splitlines()[-1] for _, text in result.errors] == ["ValueError: on purpose"]
    assert empty(mongodb)


def test_a_failing_cleaning_is_an_error_of_that_test(mongodb, monkeypatch):
    class Blocking(MongoTestMixin, SimpleTestCase):
        def test(self):
            recorder.written.add((self.database.name, "bad\0name"))

    result = run(Blocking)
    recorder.forget()
    assert len(result.errors) == 1
    assert "InvalidName" in result.errors[0][1]


def test_debug_cleans_too(mongodb):
    class Debugged(MongoTestMixin, SimpleTestCase):
        def test(self):
            self.database.talks.insert_one({})

    Debugged.setUpClass()
    Debugged("test").debug()
    Debugged.doClassCleanups()
    assert empty(mongodb)


DECLARED = {"both": {"default", "mongodb"}, "all": "__all__", "one": {"mongodb"}, "a list": ["mongodb"]}


@pytest.mark.parametrize("declared", DECLARED.values(), ids=DECLARED)
def test_databases_are_put_back(declared):
    seen = []

    class Declared(MongoTestMixin, SimpleTestCase):
        databases = declared

        def test(self):
            seen.append(self.databases)

    passes(Declared)
    assert "mongodb" not in seen[0]
    assert ("default" in seen[0]) == ("default" in declared or declared == "__all__")
    assert Declared.databases == declared


def test_mongo_test_case_names_both():
    assert MongoTestCase.databases == {"default", "mongodb"}


def test_commands_that_only_read_touch_nothing(mongodb):
    mongodb.talks.insert_one({"_id": 1})
    recorder.forget()
    mongodb.talks.find_one()
    mongodb.talks.count_documents({})
    list(mongodb.talks.aggregate([{"$match": {}}]))
    mongodb.talks.distinct("_id")
    mongodb.list_collection_names()
    mongodb.command("ping")
    assert (recorder.written, recorder.restructured) == (set(), set())
    mongodb.talks.delete_one({})


COMMANDS = {
    "bulkWrite": ({"bulkWrite": 1, "nsInfo": [{"ns": "d.a"}, {"ns": "d.b.c"}]}, {("d", "a"), ("d", "b.c")}),
    "out elsewhere": ({"aggregate": "x", "pipeline": [{"$out": {"db": "e", "coll": "a"}}]}, {("e", "a")}),
    "merge elsewhere": (
        {"aggregate": "x", "pipeline": [{"$merge": {"into": {"db": "e", "coll": "a"}}}]},
        {("e", "a")},
    ),
    "mapReduce": ({"mapReduce": "x", "out": "a"}, {("d", "a")}),
    "aggregate of a database": ({"aggregate": 1, "pipeline": [{"$currentOp": {}}]}, set()),
}


@pytest.mark.parametrize(("command", "written"), COMMANDS.values(), ids=COMMANDS)
def test_commands_that_this_server_may_lack(command, written):
    """PyMongo's event is a plain record, so a look-alike is what the real server would have caused."""
    recorder.forget()
    recorder.started(SimpleNamespace(command=command, command_name=next(iter(command)), database_name="d"))
    assert (recorder.written, recorder.restructured) == (written, set())
    recorder.forget()


def in_thread(function):
    """Call a function in a thread, and return what it returns."""
    found = []
    thread = threading.Thread(target=lambda: found.append(function()))
    thread.start()
    thread.join(60)
    return found[0]


@pytest.fixture
def elsewhere(uri):
    """Write to a database in another process, whose commands nobody hears: `elsewhere("name", "…")`."""

    def write_there(database, *statements):
        code = f"import pymongo; database = pymongo.MongoClient({uri!r})[{database!r}]; " + "; ".join(
            statements
        )
        subprocess.run([sys.executable, "-c", code], check=True, timeout=100)

    return write_there


@pytest.mark.django_db(transaction=True)
def test_what_nobody_was_heard_to_write_is_emptied(mongodb, elsewhere):
    class Unheard(MongoTransactionTestCase):
        def test_1(self):
            elsewhere(
                self.database.name,
                "database.unheard.insert_one({'_id': 1})",
                "database.unheard.create_index('n')",
                "database.create_collection('limited', capped=True, size=8192).insert_one({'_id': 1})",
            )
            assert self.database.unheard.count_documents({}) == 1
            assert self.database.limited.count_documents({}) == 1

        def test_2(self):
            assert empty(self.database)
            assert "n_1" in self.database.unheard.index_information(), "emptied, not dropped"

    passes(Unheard)
    assert empty(mongodb)
    mongodb.client.drop_database(mongodb.name)
    recorder.forget()


@pytest.mark.django_db(transaction=True)
def test_the_plain_case_does_not_look_at_what_it_did_not_hear(mongodb, elsewhere):
    class Heard(MongoTestCase):
        def test(self):
            elsewhere(self.database.name, "database.unheard.insert_one({'_id': 1})")

    passes(Heard)
    assert [one["_id"] for one in mongodb.unheard.find()] == [1]
    mongodb.unheard.drop()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("spoil", SPOIL.values(), ids=SPOIL)
def test_data_of_set_up_class_in_a_transaction_test_case(mongodb, spoil):
    class First(Loaded, MongoTransactionTestCase):
        @classmethod
        def setUpClass(cls):
            super().setUpClass()
            cls.load()

    First.spoil = spoil
    passes(First)
    assert empty(mongodb)


@pytest.mark.django_db(transaction=True)
def test_sql_is_committed_in_a_transaction_test_case_and_flushed(mongodb):
    done = []

    class Committing(MongoTransactionTestCase):
        def test_1(self):
            with transaction.atomic():
                Group.objects.create(name="one")
                transaction.on_commit(lambda: done.append(Group.objects.count()))
                assert done == []
            assert done == [1]
            assert not connections["default"].in_atomic_block
            self.database.talks.insert_one({"_id": 1})

        def test_2(self):
            assert Group.objects.count() == 0
            assert empty(self.database)

    class RolledBack(MongoTestCase):
        def test(self):
            transaction.on_commit(lambda: done.append("never"))
            assert connections["default"].in_atomic_block

    passes(Committing, RolledBack)
    assert done == [1]
    assert Committing.databases == {"default", "mongodb"}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("base", [MongoTestCase, MongoTransactionTestCase])
def test_transactions_of_mongodb_commit_and_threads_see_them(mongodb, client_of_server, base):
    class Committing(base):
        def test_1(self):
            talks = self.database.talks
            talks.insert_one({"_id": 0})

            def seen_elsewhere():
                return client_of_server[self.database.name].talks.count_documents({})

            with connection.start_session() as session, session.start_transaction():
                talks.insert_one({"_id": 1}, session=session)
                assert in_thread(seen_elsewhere) == 1
            assert in_thread(seen_elsewhere) == 2
            in_thread(lambda: get_database().others.insert_one({"_id": 1}))
            assert self.database.others.count_documents({}) == 1

        def test_2(self):
            assert empty(self.database)

    passes(Committing)
    assert empty(mongodb)


@pytest.mark.django_db(transaction=True)
def test_a_view_that_another_process_made_stays(mongodb, elsewhere):
    class Viewing(MongoTransactionTestCase):
        def test(self):
            self.database.talks.insert_one({"_id": 1})
            elsewhere(self.database.name, "database.create_collection('shown', viewOn='talks', pipeline=[])")
            assert self.database.shown.count_documents({}) == 1

    passes(Viewing)
    assert mongodb.shown.count_documents({}) == 0
    assert "shown" in mongodb.list_collection_names()
    mongodb.shown.drop()
