"""MongoKit's queries: fetch, chance, and spellings that warn once."""

from __future__ import annotations

import asyncio
import linecache

import pytest

import mongokit
from mongokit import (
    Connection,
    Document,
    MongoClient,
    MongoReplicaSetClient,
    MultipleResultsFound,
    ReplicaSetConnection,
    mongo_exceptions,
)
from mongokit.paginator import AsyncPaginator, Paginator


class Animal(Document):
    structure = {"_type": str, "name": str}


class Dog(Animal):
    structure = {"tail": int}
    indexes = [{"fields": ["tail"]}]


class Nameless(Document):
    structure = {"tail": int}


@pytest.fixture
def zoo(connection, collection):
    connection.register([Animal, Dog, Nameless])
    collection.Animal({"name": "a"}).save()
    for number in range(3):
        collection.Dog({"name": f"d{number}", "tail": number}).save()
    collection.Nameless({"tail": 9}).save()
    return collection


FETCH = {
    "all fields": (None, ["d0", "d1", "d2"]),
    "and a condition": ({"name": "d1"}, ["d1"]),
    "that finds None": ({"name": None}, []),
    "an operator": ({"$or": [{"tail": 0}, {"tail": 2}]}, ["d0", "d2"]),
    "another field": ({"other": {"$exists": False}}, ["d0", "d1", "d2"]),
    "empty": ({}, ["d0", "d1", "d2"]),
}


@pytest.mark.parametrize(("spec", "names"), FETCH.values(), ids=FETCH)
def test_fetch_finds_what_has_all_fields(zoo, spec, names):
    zoo.insert_one({"_type": "Dog", "tail": 1})
    before = None if spec is None else dict(spec)
    assert [found["name"] for found in zoo.Dog.fetch(spec).sort("name")] == names
    assert [found["name"] for found in zoo.Dog().fetch(spec).sort("name")] == names
    assert spec == before


def test_fetch_finds_subclasses_as_what_they_are(zoo):
    assert [type(found) for found in zoo.Animal.fetch().sort("name")] == [Animal, Dog, Dog, Dog]
    assert len(zoo.Animal.fetch().to_list()) == 4


def test_fetch_one(zoo):
    assert zoo.Dog.fetch_one({"tail": 1})["name"] == "d1"
    assert zoo.Dog({"_id": 1}).fetch_one({"tail": 7}) is None
    with pytest.raises(MultipleResultsFound):
        zoo.Dog.fetch_one()


@pytest.mark.filterwarnings("ignore:find_random:DeprecationWarning")
def test_find_random(zoo, database):
    found = {zoo.Animal.find_random({"_type": "Dog"})["name"] for _ in range(60)}
    assert found == {"d0", "d1", "d2"}
    assert type(zoo.Animal.find_random({"_type": "Dog"})) is Dog
    assert isinstance(zoo.Dog().find_random({"_type": "Dog"}), Dog)
    assert type(zoo.find_random()) is dict
    assert zoo.find_random({"name": "nobody"}) is None
    assert database.empty.find_random() is None
    assert database.empty.proxy(Dog).find_random() is None


def test_find_one_and(zoo):
    old = zoo.Dog.find_one_and_update({"tail": 0}, {"$inc": {"tail": 10}})
    assert (type(old), old["tail"]) == (Dog, 0)
    new = zoo.Dog.find_one_and_update({"tail": 10}, {"$inc": {"tail": 1}}, return_document=True)
    assert new["tail"] == 11
    assert zoo.Dog.find_one_and_update({"tail": 99}, {"$inc": {"tail": 1}}) is None
    replaced = zoo.Dog.find_one_and_replace(
        {"tail": 11}, {"_type": "Dog", "name": "x", "tail": 4}, return_document=True
    )
    assert (replaced["name"], replaced.collection) == ("x", zoo)
    assert zoo.Dog.find_one_and_delete({"name": "x"}) == replaced
    assert zoo.Dog.find_one_and_delete({"name": "x"}) is None


FIND_AND_MODIFY = {
    "as it was": ({"update": {"$set": {"tail": 7}}}, 0, 7),
    "as it is": ({"update": {"$set": {"tail": 7}}, "new": True}, 7, 7),
    "replaced": ({"update": {"_type": "Dog", "name": "d0", "tail": 8}, "new": True}, 8, 8),
    "removed": ({"remove": True}, 0, None),
    "with fields": ({"update": {"$set": {"tail": 7}}, "fields": {"tail": 1, "_type": 1}}, 0, 7),
}


@pytest.mark.parametrize(("options", "returned", "stored"), FIND_AND_MODIFY.values(), ids=FIND_AND_MODIFY)
@pytest.mark.parametrize("raw", [False, True])
def test_find_and_modify(zoo, options, returned, stored, raw):
    where = zoo if raw else zoo.Dog
    with pytest.warns(
        DeprecationWarning, match=r"find_and_modify\(\) is MongoKit's old spelling; use find_one_and_"
    ) as warned:
        found = where.find_and_modify(query={"name": "d0"}, **options)
    assert warned[0].filename == __file__
    assert found["tail"] == returned
    assert type(found) is (dict if raw else Dog)
    now = zoo.find_one({"name": "d0"})
    assert (None if now is None else now["tail"]) == stored


def test_find_and_modify_by_way_of_a_document_and_the_first_by_order(zoo):
    with pytest.warns(DeprecationWarning, match="find_and_modify"):
        found = zoo.Dog().find_and_modify(
            {"_type": "Dog"}, {"$set": {"name": "last"}}, sort=[("tail", -1)], new=True
        )
    assert (found["name"], found["tail"]) == ("last", 2)
    assert zoo.Dog.find_and_modify({"name": "nobody"}, {"$set": {"name": "x"}}) is None
    assert zoo.Dog.find_and_modify({"name": "new"}, {"$set": {"tail": 5}}, upsert=True, new=True)["tail"] == 5


@pytest.mark.parametrize("options", [{}, {"update": {"$set": {"a": 1}}, "remove": True}])
def test_find_and_modify_needs_one_thing_to_do(zoo, options):
    with (
        pytest.warns(DeprecationWarning, match="find_and_modify"),
        pytest.raises(ValueError, match=r"takes either update=.* or remove=True"),
    ):
        zoo.Dog.find_and_modify({"name": "d0"}, **options)
    assert zoo.count_documents({"name": "d0"}) == 1


# Each spelling as it is written, with what it gives, and what its warning names: PyMongo's way.
OLD = {
    "find_and_modify, of a collection": (
        lambda zoo: zoo.find_and_modify({"name": "d0"}, {"$set": {"tail": 5}}),
        lambda found: found["tail"] in (0, 5),
        r"find_and_modify\(\) .*find_one_and_update\(\)",
    ),
    "find_and_modify, of a class": (
        lambda zoo: zoo.Dog.find_and_modify({"name": "d0"}, {"$set": {"tail": 5}}),
        lambda found: type(found) is Dog,
        r"find_and_modify\(\) .*find_one_and_update\(\)",
    ),
    "find_and_modify, of a document": (
        lambda zoo: zoo.Dog().find_and_modify({"name": "d0"}, {"$set": {"tail": 5}}),
        lambda found: type(found) is Dog,
        r"find_and_modify\(\) .*find_one_and_update\(\)",
    ),
    "find_random, of a collection": (
        lambda zoo: zoo.find_random({"name": "d1"}),
        lambda found: (type(found), found["tail"]) == (dict, 1),
        r"find_random\(\) .*aggregate\(\[\{\"\$sample\": \{\"size\": 1\}\}\]\)",
    ),
    "find_random, of a class": (
        lambda zoo: zoo.Dog.find_random({"name": "d1"}),
        lambda found: (type(found), found["tail"]) == (Dog, 1),
        r"find_random\(\) .*aggregate\(\[\{\"\$sample\"",
    ),
    "find_random, of a document": (
        lambda zoo: zoo.Dog().find_random({"name": "d1"}),
        lambda found: (type(found), found["tail"]) == (Dog, 1),
        r"find_random\(\) .*aggregate\(\[\{\"\$sample\"",
    ),
    "generate_index, of a class": (
        lambda zoo: Dog.generate_index(zoo),
        lambda names: names == ["tail_1"],
        r"generate_index\(\) .*ensure_indexes\(\).*create_index\(\)",
    ),
    "generate_index, of a document": (
        lambda zoo: zoo.Dog().generate_index(zoo),
        lambda names: names == ["tail_1"],
        r"generate_index\(\) .*ensure_indexes\(\).*create_index\(\)",
    ),
    "count": (
        lambda zoo: zoo.Dog.find({"_type": "Dog"}).limit(1).count(),
        lambda number: number == 3,
        r"cursor.count\(\) .*count_documents\(.*estimated_document_count\(\)",
    ),
    "safe": (
        lambda zoo: zoo.Dog({"_id": 9, "name": "x", "tail": 1}).save(safe=True),
        lambda document: document["_id"] == 9,
        r"save\(safe=True\) .*which waits",
    ),
    "not safe": (
        lambda zoo: zoo.Dog({"_id": 9, "name": "x", "tail": 1}).save(safe=False),
        lambda document: document["_id"] == 9,
        r"save\(safe=False\) .*WriteConcern\(w=0\)",
    ),
}


def assert_warned_once(warned, name, advice):
    """Exactly one warning, at the line of the table."""
    (one,) = warned
    assert (one.category, one.filename) == (DeprecationWarning, __file__)
    assert f"{name.partition(',')[0].removeprefix('not ')}" in linecache.getline(one.filename, one.lineno)
    with pytest.raises(DeprecationWarning, match=advice):
        raise one.message


@pytest.mark.filterwarnings("always::DeprecationWarning")
@pytest.mark.parametrize("name", OLD)
def test_old_spellings_work_and_warn_once(zoo, name, recwarn):
    call, is_right, advice = OLD[name]
    for _ in range(3):
        assert is_right(call(zoo))
    assert_warned_once(recwarn.list, name, advice)


@pytest.mark.filterwarnings("always::DeprecationWarning")
@pytest.mark.parametrize("is_task", [False, True], ids=["awaited", "task"])
@pytest.mark.parametrize("name", OLD)
async def test_old_spellings_that_are_awaited_work_and_warn_once(zoo, adatabase, name, is_task, recwarn):
    call, is_right, advice = OLD[name]
    adatabase.client.register([Animal, Dog])
    for _ in range(3):
        called = call(adatabase[zoo.name])
        assert is_right(await (asyncio.create_task(called) if is_task else called))
    assert_warned_once(recwarn.list, name, advice)


@pytest.mark.filterwarnings("always::DeprecationWarning")
def test_a_part_is_counted_in_an_old_spelling_of_its_own(zoo, recwarn):
    for _ in range(3):
        assert zoo.Dog.find().limit(1).count(with_limit_and_skip=True) == 1
    assert_warned_once(recwarn.list, "count", r"count\(with_limit_and_skip=True\) .*skip=…, limit=…")


def called_by(module, call):
    """Call something as code of a module of this name does."""
    names = {"__name__": module, "call": call} if module else {"call": call}
    exec("def calling():\n    return call()\n", names)
    return names["calling"]()


CALLERS = {
    "django.core.paginator": False,
    "django.template.base": False,
    "jinja2.runtime": False,
    "rest_framework.pagination": False,
    "djangoesque": True,
    "site.views": True,
    "mysite.django": True,
    "": True,
}


@pytest.mark.filterwarnings("always::DeprecationWarning")
@pytest.mark.parametrize(("module", "is_told"), CALLERS.items())
def test_who_counts_whatever_it_is_given_is_told_nothing(zoo, module, is_told, recwarn):
    cursor = zoo.Dog.find({"_type": "Dog"})
    assert called_by(module, cursor.count) == 3
    assert len(recwarn) == is_told
    assert cursor.count() == 3
    assert len(recwarn) == 1


@pytest.mark.filterwarnings("always::DeprecationWarning")
async def test_our_own_pages_warn_of_nothing(zoo, adatabase, recwarn):
    assert Paginator(zoo.Dog.find({"_type": "Dog"})).count == 3
    adatabase.client.register(Dog)
    assert (await AsyncPaginator(adatabase[zoo.name].Dog.find({"_type": "Dog"}))).count == 3
    assert zoo.Dog.count({"_type": "Dog"}) == 3
    zoo.Dog.ensure_indexes()
    assert recwarn.list == []


def test_what_is_no_cursor_of_ours_is_asked_for_its_count(zoo):
    class Three(list):
        def count(self):
            return 3

    assert Paginator(Three()).count == 3
    with pytest.raises(AttributeError, match="'count'"):
        _ = Paginator(zoo.find()).count


@pytest.mark.parametrize(
    ("safe", "advice"),
    [
        (True, r"save\(safe=True\) is .*; use save\(\), which waits for the server's answer"),
        (False, r"save\(safe=False\) is .*; use .*WriteConcern\(w=0\)"),
    ],
)
def test_what_to_write_in_place_of_safe(zoo, safe, advice):
    with pytest.warns(DeprecationWarning, match=advice):
        zoo.Dog({"name": "x", "tail": 1}).save(safe=safe)


def test_other_names_of_the_connection():
    assert MongoClient is ReplicaSetConnection is MongoReplicaSetClient is Connection


def test_the_module_of_exceptions():
    assert mongo_exceptions.__all__
    for name in mongo_exceptions.__all__:
        assert getattr(mongo_exceptions, name) is getattr(mongokit, name)
