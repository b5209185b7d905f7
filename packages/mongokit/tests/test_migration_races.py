"""Documents in an old form that are migrated, or deleted, by somebody else in the middle of being loaded."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from bson import DBRef
from pymongo import ReadPreference

from mongokit import Document, DocumentMigration, OperationFailure, SchemaDocumentError

OLD, NEW = {"_id": 1, "titel": "x"}, {"_id": 1, "title": "x", "length": 1}


def rules(meanwhile=lambda: None):
    """Return rules, of which the first has something else happen before it is applied."""

    class Rules(DocumentMigration):
        def migration01(self):
            self.target = {"titel": {"$exists": True}}
            self.update = {"$rename": {"titel": "title"}}
            meanwhile()

        def migration02(self):
            self.target = {"length": {"$exists": False}}
            self.update = {"$set": {"length": len(self.doc["title"])}}

    return Rules


def declare(migration, **more):
    body = {"structure": {"title": str, "length": int}, "migration_handler": migration}
    return type("Raced", (Document,), {**body, **more})


def test_two_threads_that_have_both_read_the_old_document(collection):
    both = threading.Barrier(2)
    posts = collection.proxy(declare(rules(lambda: both.wait(30))))
    collection.insert_one(dict(OLD))
    with ThreadPoolExecutor(2) as pool:
        loaded = list(pool.map(lambda _: dict(posts.get_from_id(1)), range(2)))
    assert loaded == [NEW, NEW]


async def test_two_tasks_that_have_both_read_the_old_document(adatabase, collection):
    both = asyncio.Barrier(2)

    class Rules(rules()):
        async def migration01(self):
            await asyncio.wait_for(both.wait(), 30)
            super().migration01()

    posts = adatabase.things.proxy(declare(Rules))
    collection.insert_one(dict(OLD))
    loaded = await asyncio.gather(posts.get_from_id(1), posts.find().to_list())
    assert [dict(loaded[0]), *map(dict, loaded[1])] == [NEW, NEW]


async def test_many_tasks_with_many_documents(adatabase, collection):
    posts = adatabase.things.proxy(declare(rules()))
    collection.insert_many([{"_id": number, "titel": "x"} for number in range(30)])
    for found in await asyncio.gather(*(posts.find().to_list() for _ in range(4))):
        assert [dict(post) for post in found] == [{**NEW, "_id": number} for number in range(30)]


def test_processes(mongodb_uri, database, collection):
    collection.insert_many([{"_id": number} for number in range(200)])
    command = [sys.executable, str(Path(__file__).with_name("load_old.py")), mongodb_uri, database.name]
    running = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(3)
    ]
    try:
        assert [one.stdout.readline() for one in running] == ["ready\n"] * 3
        for one in running:
            one.stdin.write("go\n")
            one.stdin.flush()
        assert [one.communicate(timeout=60)[0] for one in running] == ["[]\n"] * 3
    finally:
        for one in running:
            one.kill()
            one.communicate()
    assert collection.count_documents({"tags": []}) == 200


def become_new(collection):
    return lambda: collection.replace_one({"_id": 1}, {"_id": 1, "title": "xyz"})


def test_later_rules_see_what_the_other_has_made(collection):
    """Not the document as it was before."""
    posts = collection.proxy(declare(rules(become_new(collection))))
    collection.insert_one(dict(OLD))
    assert dict(posts.get_from_id(1)) == {"_id": 1, "title": "xyz", "length": 3}


def test_a_function_is_given_what_the_target_matches(collection):
    class Rules(DocumentMigration):
        def migration01(self):
            self.target = {"titel": {"$exists": True}}
            self.update = lambda doc: {"$set": {"title": doc["titel"], "length": 1}, "$unset": {"titel": 1}}
            collection.replace_one({"_id": 1}, NEW)

    collection.insert_one(dict(OLD))
    assert dict(collection.proxy(declare(Rules)).get_from_id(1)) == NEW


def test_a_rule_that_writes_itself_is_read_too(collection):
    class Itself(DocumentMigration):
        def migration01(self):
            self.target = {"titel": {"$exists": True}}
            self.collection.replace_one({"_id": self.doc["_id"]}, NEW)

    posts = collection.proxy(declare(Itself))
    collection.insert_one(dict(OLD))
    assert dict(posts.get_from_id(1)) == NEW
    collection.replace_one({"_id": 1}, OLD)
    document = posts(OLD, gen_skel=False)
    assert document.migrate() == []
    assert dict(document) == NEW


def test_through_a_reference(connection, database, collection):
    posts = declare(rules(lambda: collection.replace_one({"_id": 1}, NEW)))
    owner = type("RacedOwner", (Document,), {"structure": {"post": posts}, "use_autorefs": True})
    connection.register([posts, owner])
    collection.insert_one(dict(OLD))
    database.owners.insert_one({"post": DBRef(collection.name, 1, database.name)})
    assert dict(database.owners.RacedOwner.find_one()["post"]) == NEW


@pytest.mark.parametrize("asynchronous", [False, True])
@pytest.mark.parametrize("load", ["find", "find_one", "reload"])
def test_deleted_while_it_is_loaded(collection, driven, caplog, load, asynchronous):
    where = driven[collection.name] if asynchronous else collection
    posts = where.proxy(declare(rules(lambda: collection.delete_one({"_id": 1}))))
    collection.insert_one(dict(OLD))
    if load == "find":
        found = posts.find().to_list()[0]
    elif load == "find_one":
        found = posts.find_one()
    else:
        found = posts(OLD, gen_skel=False)
        found.reload()
    assert dict(found) == OLD
    [record] = caplog.records
    assert record.message == (
        f"Raced 1 in {collection.full_name} was deleted before it could be migrated: it is handed out as it was read"
    )


def test_find_one_and_delete_of_an_old_document(collection):
    collection.insert_one(dict(OLD))
    assert dict(collection.proxy(declare(rules())).find_one_and_delete({})) == OLD


ON_REQUEST = {
    "migrate()": lambda document: document.migrate(),
    "validate()": lambda document: document.validate(auto_migrate=True),
}


@pytest.mark.parametrize("bring_up", ON_REQUEST.values(), ids=ON_REQUEST)
def test_on_request_where_another_has_migrated_it(collection, bring_up):
    document = declare(rules())(OLD, collection=collection)
    collection.insert_one(dict(NEW))
    bring_up(document)
    assert dict(document) == NEW


@pytest.mark.parametrize("bring_up", ON_REQUEST.values(), ids=ON_REQUEST)
def test_on_request_in_two_threads(collection, bring_up):
    both = threading.Barrier(2)
    posts = collection.proxy(declare(rules(lambda: both.wait(30))))
    collection.insert_one(dict(OLD))
    documents = [posts(OLD, gen_skel=False) for _ in range(2)]
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(bring_up, documents))
    assert [*map(dict, documents)] == [NEW, NEW]


WRONG = {
    "a value": {**NEW, "length": "wrong"},
    "a value that cannot be stored": {**NEW, "length": object()},
    "a key": {**NEW, "more": 1},
}


@pytest.mark.parametrize("content", WRONG.values(), ids=WRONG)
def test_what_the_application_has_done_wrong_is_not_taken_for_old(collection, content):
    """What is stored is new: reading that instead would lose the change without a word."""
    document = declare(rules())(content, collection=collection)
    collection.insert_one(dict(NEW))
    with pytest.raises(SchemaDocumentError):
        document.validate(auto_migrate=True)
    assert dict(document) == content
    assert document.migrate() == []
    assert dict(document) == content


def test_a_target_that_only_finds_what_is_stored(collection):
    class Text(DocumentMigration):
        def migration01(self):
            self.target = {"$text": {"$search": "x"}}

    document = declare(Text)({**NEW, "length": "wrong"}, collection=collection)
    collection.insert_one(dict(NEW))
    with pytest.raises(SchemaDocumentError, match="length"):
        document.validate(auto_migrate=True)


@pytest.mark.parametrize(
    "ask", [Document.migrate, lambda document: rules()(type(document)).migrate(document)]
)
@pytest.mark.parametrize("content", [OLD, NEW])
def test_a_document_that_is_not_stored(collection, ask, content):
    document = declare(rules())(content, collection=collection)
    with pytest.raises(
        OperationFailure, match=r"^Raced 1 is not stored \(any more\) in .*: no rule can migrate"
    ):
        ask(document)
    assert dict(document) == content


def test_deleted_by_the_last_rule(collection):
    class Drop(rules()):
        def migration03(self):
            self.target = {}
            self.collection.delete_one({"_id": self.doc["_id"]})

    collection.insert_one(dict(OLD))
    document = declare(Drop)(OLD, collection=collection)
    with pytest.raises(OperationFailure, match="is not stored"):
        document.migrate()
    assert dict(document) == OLD


@pytest.mark.parametrize("content", [OLD, {"titel": "x"}])
def test_a_new_document_has_to_be_right_by_itself(collection, content):
    document = declare(rules())(content, collection=collection)
    with pytest.raises(SchemaDocumentError, match="titel"):
        document.validate(auto_migrate=True)


def test_migrated_documents_are_read_where_they_were_written(collection, monkeypatch):
    """Another member of a replica set may not have them yet."""
    asked = []
    find_one = type(collection).find_one

    def noting(self, *args, **options):
        asked.append(self.read_preference)
        return find_one(self, *args, **options)

    monkeypatch.setattr(type(collection), "find_one", noting)
    collection.insert_one(dict(OLD))
    things = collection.with_options(read_preference=ReadPreference.SECONDARY_PREFERRED)
    assert dict(things.proxy(declare(rules())).find_one()) == NEW
    first, *more = asked
    assert first == ReadPreference.SECONDARY_PREFERRED
    assert more == [ReadPreference.PRIMARY] * len(more)
    assert len(more) >= 2
