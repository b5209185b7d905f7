"""Indexes: declared, checked, built."""

from __future__ import annotations

import linecache
from typing import ClassVar

import pymongo
import pytest

from mongokit import INDEX_DESCENDING, INDEX_GEO2D, INDEX_OFF, BadIndexError, CustomType, Document, Set
from mongokit.document import DocumentProperties

pytestmark = pytest.mark.filterwarnings("ignore:generate_index:DeprecationWarning")

STRUCTURE = {
    "a": str,
    "b": int,
    "c": {"d": str},
    "e": [{"f": int}],
    "g": Set(str),
    "free": dict,
    "place": [float],
}


def declare(*indexes, **more):
    return type("Thing", (Document,), {"structure": STRUCTURE, "indexes": list(indexes), **more})


BUILT = {
    "name": ({"fields": "a"}, ["a_1"]),
    "list": ({"fields": ["a"]}, ["a_1"]),
    "pair": ({"fields": ("a", -1)}, ["a_-1"]),
    "pairs": ({"fields": [("a", 1), ("b", INDEX_DESCENDING)]}, ["a_1_b_-1"]),
    "the _id": ({"fields": "_id"}, ["_id_"]),
    "every key": ({"fields": "free.$**", "check": False}, ["free.$**_1"]),
    "mixed": ({"fields": ["a", ["b", -1]]}, ["a_1_b_-1"]),
    "nested": ({"fields": "c.d"}, ["c.d_1"]),
    "in a list": ({"fields": "e.f"}, ["e.f_1"]),
    "custom": ({"fields": "g"}, ["g_1"]),
    "_id and others": ({"fields": [("_id", 1), ("_revision", 1)]}, ["_id_1__revision_1"]),
    "named": ({"fields": "a", "name": "mine"}, ["mine"]),
    "not checked": ({"fields": "free.x.y", "check": False}, ["free.x.y_1"]),
    "all": ({"fields": ("a", 2)}, ["a_1"]),
    "off": ({"fields": [("a", INDEX_OFF), "b"]}, ["b_1"]),
    "all off": ({"fields": ("a", INDEX_OFF)}, []),
    "geo": ({"fields": ("place", INDEX_GEO2D)}, ["place_2d"]),
}


@pytest.mark.parametrize(("index", "names"), BUILT.values(), ids=BUILT)
def test_built(collection, index, names):
    assert declare(index).generate_index(collection) == names
    assert set(collection.index_information()) - {"_id_"} == set(names) - {"_id_"}


def test_the_index_of_the_id_keeps_its_place(collection):
    thing = declare({"fields": "b"}, {"fields": ["_id"]}, {"fields": "a"})
    assert thing.generate_index(collection) == ["b_1", "_id_", "a_1"]
    assert set(collection.index_information()) == {"_id_", "a_1", "b_1"}


@pytest.mark.parametrize("indexes", [[], [{"fields": "_id"}], [{"fields": "a"}]], ids=str)
async def test_what_an_asynchronous_collection_gives_is_awaited(adatabase, indexes):
    names = ["_id_" if index["fields"] == "_id" else "a_1" for index in indexes]
    assert await declare(*indexes).generate_index(adatabase.things) == names


def test_options_are_passed_on(collection):
    thing = declare(
        {"fields": "a", "unique": True, "sparse": True}, {"fields": "b", "expireAfterSeconds": 60}
    )
    thing.generate_index(collection)
    information = collection.index_information()
    assert information["a_1"]["unique"] is True
    assert information["a_1"]["sparse"] is True
    assert information["b_1"]["expireAfterSeconds"] == 60
    thing({"a": "x"}, collection=collection).save(validate=False)
    with pytest.raises(pymongo.errors.DuplicateKeyError):
        thing({"a": "x"}, collection=collection).save(validate=False)


def test_nothing_is_built_by_itself(connection, collection):
    thing = declare({"fields": "a"})
    connection.register(thing)
    collection.Thing().save()
    assert list(collection.index_information()) == ["_id_"]
    assert [(row.name, row.state) for row in collection.Thing.ensure_indexes()] == [("a_1", "built")]
    assert [(row.name, row.state) for row in collection.Thing.ensure_indexes()] == [("a_1", "same")]
    assert thing().generate_index(collection) == ["a_1"]


def test_no_indexes_no_command(collection):
    assert declare().generate_index(collection) == []
    assert collection.database.list_collection_names() == []


REFUSED = {
    "no dict": (["a"], BadIndexError, "Thing: indexes: 'a' must be a dict with 'fields'"),
    "no fields": ([{"unique": True}], BadIndexError, "must be a dict with 'fields'"),
    "empty fields": ([{"fields": []}], BadIndexError, "has no fields"),
    "a dict of fields": ([{"fields": {"a": 1}}], BadIndexError, "fields must be 'name', .* not {'a': 1}"),
    "short pair": ([{"fields": ("a",)}], BadIndexError, r"\('a',\) must be \('name', direction\)"),
    "long pair": ([{"fields": [("a", 1, 2)]}], BadIndexError, "must be"),
    "name no text": ([{"fields": (1, 1)}], BadIndexError, "the field 1 must be a str, not int"),
    "direction": (
        [{"fields": ("a", 3)}],
        BadIndexError,
        "Thing: indexes: a: direction must be one of .* not 3",
    ),
    "direction true": ([{"fields": ("a", True)}], BadIndexError, "not True"),
    "number": ([{"fields": [3]}], BadIndexError, r"3 must be \('name', direction\)"),
    "not in structure": ([{"fields": "x"}], ValueError, "Error in indexes: can't find x in structure"),
    "not below": ([{"fields": ["c.x"]}], ValueError, r"can't find c\.x in structure"),
    "below free content": ([{"fields": ["free.x"]}], ValueError, r"can't find free\.x in structure"),
    "a typed key": (
        [{"fields": "k.$str.q"}],
        BadIndexError,
        r"Thing: indexes: k\.\$str\.q: \$str stands for every key, .*'\$\*\*'",
    ),
    "a typed key, not checked": (
        [{"fields": ["a", ("k.$str.q", -1)], "check": False}],
        BadIndexError,
        "stands for every key",
    ),
    "a dict": ({"fields": "a"}, BadIndexError, "Thing: indexes must be a list of dicts"),
}


@pytest.mark.parametrize(("indexes", "error", "message"), REFUSED.values(), ids=REFUSED)
def test_refused_at_class_creation(indexes, error, message):
    with pytest.raises(error, match=message):
        type("Thing", (Document,), {"structure": STRUCTURE, "indexes": indexes})


@pytest.mark.parametrize(
    ("option", "reason"), [("ttl", "expireAfterSeconds"), ("dropDups", "no supported MongoDB")]
)
def test_obsolete_options_are_ignored_loudly(collection, option, reason):
    with pytest.warns(UserWarning, match=f"Thing: indexes: {option} is ignored: .*{reason}") as warned:
        thing = declare({"fields": "a", option: 300})
    # Shown to whoever has written the class, and at that line: Python hides what is deprecated in modules.
    assert [(one.filename, one.category) for one in warned] == [(__file__, UserWarning)]

    # Somebody else's metaclass is between us and the class statement.
    names = {"__name__": "elsewhere", "DocumentProperties": DocumentProperties}
    exec(
        "class Meta(DocumentProperties):\n"
        "    def __init__(cls, *arguments): DocumentProperties.__init__(cls, *arguments)",
        names,
    )

    with pytest.warns(UserWarning, match="is ignored") as warned:

        class Other(Document, metaclass=names["Meta"]):
            structure = STRUCTURE
            indexes: ClassVar = [{"fields": "a", option: 300}]

    assert (warned[0].filename, linecache.getline(__file__, warned[0].lineno).strip()) == (
        __file__,
        'class Other(Document, metaclass=names["Meta"]):',
    )
    assert thing.generate_index(collection) == ["a_1"]


def test_own_indexes_come_before_inherited_ones(collection):
    base = declare({"fields": "a"}, {"fields": "b"})
    child = type(
        "Child", (base,), {"indexes": [{"fields": ["c.d"]}, {"fields": "b"}], "structure": {"x": int}}
    )
    assert child.generate_index(collection) == ["c.d_1", "b_1", "a_1"]
    assert type("Grandchild", (child,), {}).generate_index(collection) == ["c.d_1", "b_1", "a_1"]


def test_a_custom_type_can_be_indexed_below_when_not_checked(collection):
    class Place(CustomType):
        mongo_type = python_type = dict

        def to_bson(self, value):
            return value

        to_python = to_bson

    thing = type(
        "Thing", (Document,), {"structure": {"p": Place()}, "indexes": [{"fields": "p.x", "check": False}]}
    )
    assert thing.generate_index(collection) == ["p.x_1"]
