"""Indexes as declared beside those that are there: compared, built, changed."""

from __future__ import annotations

import datetime
import logging
import re

import pymongo
import pytest
from bson.son import SON
from pymongo import AsyncMongoClient, IndexModel
from pymongo.collation import Collation
from pymongo.errors import OperationFailure

from mongokit import Connection, Document, DuplicateKeyError, IndexReport, ensure_indexes, index_diff
from mongokit.index_comparison import compared, declared_of
from mongokit.indexes import parse_indexes

STRUCTURE = {
    "a": str,
    "b": int,
    "when": datetime.datetime,
    "items": [{"sku": str, "tags": [str]}],
    "place": [float],
}


def declare(*indexes, name="Thing", **more):
    return type(name, (Document,), {"structure": STRUCTURE, "indexes": list(indexes), **more})


def states(report):
    return [(row.name, row.state) for row in report]


GERMAN = {
    "locale": "de", "caseLevel": False, "caseFirst": "off", "strength": 2, "numericOrdering": False,
    "alternate": "non-ignorable", "maxVariable": "punct", "normalization": False, "backwards": False,
    "version": "57.1",
}  # fmt: skip
TEXT = {"v": 2, "key": SON(_fts="text", _ftsx=1), "default_language": "english", "language_override": "language",
        "textIndexVersion": 3}  # fmt: skip

# What MongoDB's listIndexes gives for what is declared: compared without a server, as not every one has all of it.
SAME = {
    "one field": ({"fields": "a"}, {"name": "a_1", "key": {"a": 1}}),
    "floats for directions": ({"fields": ("a", -1)}, {"name": "a_-1", "key": {"a": -1.0}}),
    "an unnamed one under another name": ({"fields": "a"}, {"name": "mine", "key": {"a": 1}}),
    "a named one": ({"fields": "a", "name": "mine"}, {"name": "mine", "key": {"a": 1}}),
    "what is off": ({"fields": "a", "unique": False, "sparse": False}, {"name": "a_1", "key": {"a": 1}}),
    "background": ({"fields": "a", "background": True}, {"name": "a_1", "key": {"a": 1}}),
    "written out by the server": (
        {"fields": "a"}, {"name": "a_1", "key": {"a": 1}, "hidden": False, "unique": False, "ns": "db.things"},
    ),
    "unique": ({"fields": "a", "unique": True}, {"name": "a_1", "key": {"a": 1}, "unique": True}),
    "expiry": (
        {"fields": "when", "expireAfterSeconds": 60}, {"name": "when_1", "key": {"when": 1}, "expireAfterSeconds": 60.0},
    ),
    "partial": (
        {"fields": "a", "partialFilterExpression": {"b": {"$gt": 1, "$lt": 5}}},
        {"name": "a_1", "key": {"a": 1}, "partialFilterExpression": SON(b=SON([("$lt", 5), ("$gt", 1)]))},
    ),
    "collation": (
        {"fields": "a", "collation": Collation("de", strength=2)}, {"name": "a_1", "key": {"a": 1}, "collation": GERMAN},
    ),
    "simple collation": (
        {"fields": "a", "collation": {"locale": "simple"}}, {"name": "a_1", "key": {"a": 1}},
    ),
    "text": ({"fields": ("a", "text")}, {"name": "a_text", **TEXT, "weights": {"a": 1}}),
    "text in another order": (
        {"fields": [("b", 1), ("when", "text"), ("a", "text")]},
        {"name": "b_1_when_text_a_text", **TEXT, "key": SON([("b", 1), ("_fts", "text"), ("_ftsx", 1)]),
         "weights": {"a": 1, "when": 1}},
    ),
    "weights": (
        {"fields": ("a", "text"), "weights": {"a": 5}}, {"name": "a_text", **TEXT, "weights": {"a": 5}},
    ),
    "sphere": (
        {"fields": ("place", "2dsphere")}, {"name": "place_2dsphere", "key": {"place": "2dsphere"}, "2dsphereIndexVersion": 3},
    ),
    "plane": (
        {"fields": ("place", "2d")}, {"name": "place_2d", "key": {"place": "2d"}, "bits": 26, "min": -180.0, "max": 180.0},
    ),
}  # fmt: skip


def rows(declared, existing, collation=None):
    owned = [("Thing", index) for index in parse_indexes("Thing", declared, None)]
    return compared("db.things", declared_of(owned), existing, collation)


@pytest.mark.parametrize(("declared", "existing"), SAME.values(), ids=SAME)
def test_the_same(declared, existing):
    found = rows([declared], [{"name": "_id_", "key": {"_id": 1}}, {"v": 2, **existing}])
    assert [(row.name, row.state, row.advice) for row in found] == [(existing["name"], "same", "")]


DIFFERENT = {
    "fields": (
        {"fields": "a", "name": "mine"}, {"name": "mine", "key": {"b": 1}}, {"fields": ([("a", 1)], [("b", 1)])},
    ),
    "order of fields": (
        {"fields": ["a", "b"], "name": "x"}, {"name": "x", "key": SON([("b", 1), ("a", 1)])},
        {"fields": ([("a", 1), ("b", 1)], [("b", 1), ("a", 1)])},
    ),
    "direction": (
        {"fields": ("a", -1), "name": "x"}, {"name": "x", "key": {"a": 1}}, {"fields": ([("a", -1)], [("a", 1)])},
    ),
    "name": ({"fields": "a", "name": "mine"}, {"name": "a_1", "key": {"a": 1}}, {"name": ("mine", "a_1")}),
    "unique": ({"fields": "a", "unique": True}, {"name": "a_1", "key": {"a": 1}}, {"unique": (True, None)}),
    "not unique": ({"fields": "a"}, {"name": "a_1", "key": {"a": 1}, "unique": True}, {"unique": (None, True)}),
    "sparse": ({"fields": "a", "sparse": True}, {"name": "a_1", "key": {"a": 1}}, {"sparse": (True, None)}),
    "hidden": ({"fields": "a"}, {"name": "a_1", "key": {"a": 1}, "hidden": True}, {"hidden": (None, True)}),
    "expiry": (
        {"fields": "a", "expireAfterSeconds": 60}, {"name": "a_1", "key": {"a": 1}, "expireAfterSeconds": 30},
        {"expireAfterSeconds": (60, 30)},
    ),
    "partial": (
        {"fields": "a", "partialFilterExpression": {"b": 1}},
        {"name": "a_1", "key": {"a": 1}, "partialFilterExpression": {"b": 2}},
        {"partialFilterExpression": ({"b": 1}, {"b": 2})},
    ),
    "collation": (
        {"fields": "a", "collation": {"locale": "de", "strength": 1}},
        {"name": "a_1", "key": {"a": 1}, "collation": GERMAN},
        {"collation": ({"locale": "de", "strength": 1}, GERMAN)},
    ),
    "a collation there": (
        {"fields": "a"}, {"name": "a_1", "key": {"a": 1}, "collation": GERMAN}, {"collation": (None, GERMAN)},
    ),
    "weights": (
        {"fields": ("a", "text"), "weights": {"a": 5}}, {"name": "a_text", **TEXT, "weights": {"a": 2}},
        {"weights": ({"a": 5}, {"a": 2})},
    ),
    "language": (
        {"fields": ("a", "text"), "default_language": "german"}, {"name": "a_text", **TEXT, "weights": {"a": 1}},
        {"default_language": ("german", None)},
    ),
    "version of text": (
        {"fields": ("a", "text"), "textIndexVersion": 2}, {"name": "a_text", **TEXT, "weights": {"a": 1}},
        {"textIndexVersion": (2, 3)},
    ),
    "text fields": (
        {"fields": ("a", "text"), "name": "x"}, {**TEXT, "name": "x", "weights": {"b": 1}},
        {"fields": ([("a", "text")], [("_fts", "text"), ("_ftsx", 1)])},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("declared", "existing", "differences"), DIFFERENT.values(), ids=DIFFERENT)
def test_different(declared, existing, differences):
    (row,) = rows([declared], [existing])
    assert row.state == "different"
    assert row.differences == differences
    assert existing["name"] in row.advice or "collMod" in row.advice


def test_the_collation_of_the_collection_is_that_of_its_indexes():
    there = {"name": "a_1", "key": {"a": 1}, "collation": GERMAN}
    assert rows([{"fields": "a"}], [there], GERMAN)[0].state == "same"
    french = {**GERMAN, "locale": "fr"}
    assert rows([{"fields": "a"}], [there], french)[0].state == "different"
    simple = {"fields": "a", "collation": {"locale": "simple"}}
    assert rows([simple], [{"name": "a_1", "key": {"a": 1}}], GERMAN)[0].state == "same"


def test_each_index_there_is_one_declared():
    """Of two on the same fields each finds its own, whatever the order."""
    plain, partial = {"fields": "a"}, {"fields": "a", "name": "p", "partialFilterExpression": {"b": 1}}
    there = [
        {"name": "a_1", "key": {"a": 1}},
        {"name": "p", "key": {"a": 1}, "partialFilterExpression": {"b": 1}},
    ]
    for declared in ([plain, partial], [partial, plain]):
        assert {row.state for row in rows(declared, there)} == {"same"}
    found = rows([partial, plain], there[:1])
    assert [(row.name, row.state) for row in found] == [("p", "missing"), ("a_1", "same")]


def test_unknown_comes_last_and_the_id_never(collection):
    collection.create_indexes([IndexModel("z"), IndexModel("b")])
    thing = declare({"fields": "a"})
    report = index_diff(collection, [thing])
    assert states(report) == [("a_1", "missing"), ("b_1", "unknown"), ("z_1", "unknown")]
    assert not report.ok
    assert [row.name for row in (*report.missing, *report.unknown)] == ["a_1", "b_1", "z_1"]
    assert report.different == []


def test_a_declared_index_of_the_id_is_there():
    assert rows([{"fields": "_id"}], [{"name": "_id_", "key": {"_id": 1}}])[0].state == "same"


def test_nothing_is_built_on_a_dry_run(collection):
    thing = declare({"fields": "a"}, {"fields": "b", "unique": True})
    report = ensure_indexes(collection, [thing], dry_run=True)
    assert states(report) == [("a_1", "missing"), ("b_1", "missing")]
    assert collection.database.list_collection_names() == []


def test_what_is_missing_is_built_and_once(collection):
    thing = declare({"fields": "a"}, {"fields": ("b", -1), "unique": True, "sparse": True})
    assert states(ensure_indexes(collection, [thing])) == [("a_1", "built"), ("b_-1", "built")]
    report = ensure_indexes(collection, [thing])
    assert states(report) == [("a_1", "same"), ("b_-1", "same")]
    assert report.ok
    assert index_diff(collection, [thing]).ok


def test_every_option_the_server_has_comes_back_the_same(collection):
    thing = declare(
        {"fields": "a", "collation": {"locale": "de", "strength": 2}},
        {"fields": "b", "partialFilterExpression": {"b": {"$gt": 1}}, "name": "p"},
        {"fields": "when", "expireAfterSeconds": 60},
        {"fields": ["a", ("b", -1)], "hidden": True},
        {"fields": ("place", "2dsphere")},
        {"fields": [("items.sku", 1)], "sparse": True},
    )
    assert {state for _, state in states(ensure_indexes(collection, [thing]))} == {"built"}
    assert {state for _, state in states(index_diff(collection, [thing]))} == {"same"}


def test_what_differs_stays_and_is_warned_of(collection, caplog):
    collection.create_index("a", sparse=True)
    thing = declare({"fields": "a", "unique": True})
    with caplog.at_level(logging.WARNING, "mongokit"):
        report = ensure_indexes(collection, [thing])
    assert states(report) == [("a_1", "different")]
    assert "sparse" in collection.index_information()["a_1"]
    assert "a_1 of" in caplog.text
    assert "unique: True is declared, nothing is there" in caplog.text
    assert "ensure_indexes(drop=True) drops 'a_1'" in caplog.text


def test_drop_changes_what_differs_and_leaves_the_unknown(collection):
    collection.create_indexes([IndexModel("a", sparse=True), IndexModel("b")])
    thing = declare({"fields": "a", "unique": True})
    report = ensure_indexes(collection, [thing], drop=True)
    assert states(report) == [("a_1", "changed"), ("b_1", "unknown")]
    there = collection.index_information()
    assert there["a_1"]["unique"] is True
    assert "sparse" not in there["a_1"]
    assert "b_1" in there


def test_drop_under_another_name(collection):
    collection.create_index("a", name="old")
    ensure_indexes(collection, [declare({"fields": "a", "name": "new"})], drop=True)
    assert set(collection.index_information()) == {"_id_", "new"}


def test_expiry_is_changed_where_it_is(collection, monkeypatch):
    collection.create_index("when", expireAfterSeconds=30)
    monkeypatch.setattr(type(collection), "drop_index", None)
    thing = declare({"fields": "when", "expireAfterSeconds": 60})
    assert "collMod" in index_diff(collection, [thing])[0].advice
    assert states(ensure_indexes(collection, [thing], drop=True)) == [("when_1", "changed")]
    assert collection.index_information()["when_1"]["expireAfterSeconds"] == 60


def test_an_index_that_gets_an_expiry_is_built_anew(collection):
    collection.create_index("when")
    thing = declare({"fields": "when", "expireAfterSeconds": 60})
    assert not index_diff(collection, [thing])[0].changeable
    ensure_indexes(collection, [thing], drop=True)
    assert collection.index_information()["when_1"]["expireAfterSeconds"] == 60


SHARED = {
    "a value": ({"fields": "a"}, [{"a": "x"}, {"a": "x"}, {"a": "y"}], r"a 'x' \(_id 0, 1\)"),
    "absent": ({"fields": "a"}, [{}, {"a": None}], r"a None \(_id 0, 1\)"),
    "several": (
        {"fields": ["a", "b"]}, [{"a": "x", "b": 1}, {"a": "x", "b": 1}, {"a": "x", "b": 2}],
        r"a 'x', b 1 \(_id 0, 1\)",
    ),
    "in a list": (
        {"fields": "items.sku"}, [{"items": [{"sku": "x"}, {"sku": "y"}]}, {"items": [{"sku": "y"}]}],
        r"items\.sku 'y' \(_id 0, 1\)",
    ),
    "in a list of lists": (
        {"fields": "items.tags"}, [{"items": [{"tags": ["p", "q"]}]}, {"items": [{"tags": ["q"]}]}],
        r"items\.tags 'q' \(_id 0, 1\)",
    ),
    "sparse": ({"fields": "a", "sparse": True}, [{}, {}, {"a": "x"}, {"a": "x"}], r"values: a 'x' \(_id 2, 3\)\. "),
    "partial": (
        {"fields": "a", "partialFilterExpression": {"b": 1}},
        [{"a": "x"}, {"a": "x"}, {"a": "y", "b": 1}, {"a": "y", "b": 1}],
        r"values: a 'y' \(_id 2, 3\)\. ",
    ),
    "many": ({"fields": "a"}, [{"a": "x"}] * 8, r"a 'x' \(_id \d, \d, \d, \d, \d and 3 more\)"),
}  # fmt: skip


@pytest.mark.parametrize(("declared", "contents", "message"), SHARED.values(), ids=SHARED)
def test_a_unique_index_that_cannot_be_names_the_documents(collection, declared, contents, message):
    collection.insert_many([{"_id": i, **content} for i, content in enumerate(contents)])
    thing = declare({**declared, "unique": True}, {"fields": "when"})
    with pytest.raises(DuplicateKeyError, match=message) as error:
        ensure_indexes(collection, [thing])
    fields = declared["fields"]
    assert error.value.fields == tuple([fields] if isinstance(fields, str) else fields)
    assert error.value.code == 11000
    assert str(error.value).startswith("Thing: the unique index ")
    assert isinstance(error.value, pymongo.errors.DuplicateKeyError)
    assert "when_1" in collection.index_information(), "the others are built"


def test_duplicates_are_found_before_the_old_index_is_dropped(collection, monkeypatch):
    collection.create_index("a")
    monkeypatch.setattr(type(collection), "drop_index", None)
    collection.insert_many([{"a": "x"}, {"a": "x"}])
    thing = declare({"fields": "a", "unique": True})
    with pytest.raises(DuplicateKeyError, match="a 'x'"):
        ensure_indexes(collection, [thing], drop=True)
    assert "unique" not in collection.index_information()["a_1"]


def test_an_index_that_cannot_be_built_anew_comes_back(collection):
    collection.create_index("a", sparse=True)
    thing = declare({"fields": "a", "partialFilterExpression": {"$no": 1}})
    with pytest.raises(OperationFailure, match=r"Thing: the index a_1 of .*things cannot be built"):
        ensure_indexes(collection, [thing], drop=True)
    assert collection.index_information()["a_1"]["sparse"] is True


def test_several_failures_are_all_told(collection):
    collection.insert_many([{"a": "x", "b": 1}, {"a": "x", "b": 1}])
    thing = declare({"fields": "a", "unique": True}, {"fields": "b", "unique": True})
    with pytest.raises(DuplicateKeyError, match="a 'x'") as error:
        ensure_indexes(collection, [thing])
    (note,) = error.value.__notes__
    assert note.startswith("also: Thing: the unique index b_1")


@pytest.fixture
def shop(connection, database):
    """Two classes in one collection, one elsewhere, one at home nowhere."""
    home = {"__database__": database.name, "__collection__": "goods"}
    book = declare({"fields": "a"}, {"fields": "b"}, name="Book", **home)
    disc = declare({"fields": "a"}, {"fields": "when"}, name="Disc", **home)
    order = declare({"fields": "a"}, name="Order", __collection__="orders")
    connection.register([book, disc, order, declare(name="Homeless")])
    return database


def test_a_database(shop):
    report = shop.ensure_indexes()
    assert [(row.namespace.partition(".")[2], row.name, row.classes) for row in report] == [
        ("goods", "a_1", ("Book", "Disc")),
        ("goods", "b_1", ("Book",)),
        ("goods", "when_1", ("Disc",)),
        ("orders", "a_1", ("Order",)),
    ]
    assert set(shop.list_collection_names()) == {"goods", "orders"}
    shop.goods.create_index("items.sku")
    assert [row.name for row in index_diff(shop).unknown] == ["items.sku_1"]
    assert index_diff(shop).ok, "an index that nobody declares is no fault"


def test_what_is_declared_by_a_class_that_lives_nowhere(connection, shop, caplog):
    connection.register([declare({"fields": "a"}, {"fields": "b", "unique": True}, name="Wanderer")])
    report = shop.ensure_indexes()
    assert [(row.name, row.classes, row.namespace) for row in report.homeless] == [
        ("a_1", ("Wanderer",), "no __collection__"), ("b_1", ("Wanderer",), "no __collection__"),
    ]  # fmt: skip
    assert [row.name for row in report.of("built")] == ["a_1", "b_1", "when_1", "a_1"]
    assert caplog.text.count("Wanderer does not say where it lives") == 2
    for found in (report, index_diff(shop), shop.ensure_indexes(dry_run=True)):
        assert not found.ok
        assert re.search("homeless  b_1 +b: unique +Wanderer", str(found))
        assert (
            "-> Wanderer does not say where it lives (no __collection__): give it that, or ask for its collection, "
            "index_diff(collection, [Wanderer])"
        ) in str(found)
        assert found.as_data()[-1]["state"] == "homeless"
    assert index_diff(shop, [cls for cls in connection.registered.values() if cls.__collection__]).ok
    assert shop.wanderers.Wanderer.ensure_indexes().ok


async def test_what_is_declared_nowhere_is_told_of_asynchronous_databases_too(aconnection, adatabase):
    aconnection.register([declare({"fields": "a"}, name="Wanderer")])
    assert [row.state for row in await adatabase.ensure_indexes()] == ["homeless"]
    assert not (await index_diff(adatabase)).ok


def test_a_connection(connection, shop):
    assert states(connection.ensure_indexes(dry_run=True)) == [
        ("a_1", "missing"), ("b_1", "missing"), ("when_1", "missing"), ("a_1", "homeless"),
    ]  # fmt: skip
    assert shop.list_collection_names() == []
    assert [row.state for row in connection.ensure_indexes()] == ["built"] * 3 + ["homeless"]
    report = index_diff(connection)
    assert [(row.classes, row.namespace) for row in report.homeless] == [(("Order",), "no __database__")]
    assert not report.ok


def test_a_collection_knows_the_classes_at_home_in_it(shop):
    assert states(index_diff(shop.goods)) == [("a_1", "missing"), ("b_1", "missing"), ("when_1", "missing")]


def test_a_class_minds_its_own(connection, shop):
    """Those of the other class in the same collection are not unknown to it."""
    shop.goods.Disc.ensure_indexes()
    assert states(shop.goods.Book.ensure_indexes(dry_run=True)) == [("a_1", "same"), ("b_1", "missing")]
    book = connection.registered["Book"]
    assert states(book.ensure_indexes(shop.goods)) == [("a_1", "same"), ("b_1", "built")]
    assert states(book().ensure_indexes(shop.goods, drop=True)) == [("a_1", "same"), ("b_1", "same")]


DISAGREEING = {
    "an option": (
        {"fields": "a"},
        {"fields": "a", "unique": True},
        "a_1",
        "unique: True is declared by Two, nothing by One",
    ),
    "other fields of a name": (
        {"fields": "a", "name": "mine"},
        {"fields": "b", "name": "mine"},
        "mine",
        "fields: [('b', 1)] is declared by Two, [('a', 1)] by One",
    ),
    "the name alone": (
        {"fields": "a", "name": "one"},
        {"fields": "a", "name": "two"},
        "two",
        "name: 'two' is declared by Two, 'one' by One",
    ),
}


@pytest.mark.parametrize("drop", [False, True])
@pytest.mark.parametrize("is_there", [False, True])
@pytest.mark.parametrize(("first", "second", "name", "words"), DISAGREEING.values(), ids=DISAGREEING)
def test_two_classes_that_disagree(collection, first, second, name, words, is_there, drop):
    one, two = declare(first, name="One"), declare(second, {"fields": "when"}, name="Two")
    if is_there:
        ensure_indexes(collection, [one])
    report = index_diff(collection, [one, two])
    assert [(row.state, row.classes) for row in report] == [
        ("same" if is_there else "missing", ("One",)),
        ("conflict", ("Two",)),
        ("missing", ("Two",)),
    ]
    assert not report.ok
    (row,) = report.conflicting
    assert (row.name, row.rivals) == (name, ("One",))
    assert row.advice == (
        "Two and One declare one index in two ways: let them agree, or give each its name and what tells it apart"
    )
    assert row.as_data()["rivals"] == ["One"]
    assert f"\n      {words}\n      -> {row.advice}" in str(report)
    with pytest.raises(OperationFailure, match=rf"Two: the index {name} of .* cannot be built: ") as error:
        ensure_indexes(collection, [one, two], drop=drop)
    assert str(error.value).endswith(f"{words}. {row.advice}")
    assert "when_1" in collection.index_information(), "the others are built"
    assert states(index_diff(collection, [one])) == [(report[0].name, "same"), ("when_1", "unknown")]


@pytest.mark.parametrize(
    "first", [{"fields": "a"}, {"fields": "a", "name": "mine"}, {"fields": "a", "background": True}]
)
def test_two_classes_that_agree_have_one_index(collection, first):
    """Whoever gives it no name takes it under any."""
    classes = [declare(first, name="One"), declare({"fields": "a", "sparse": False}, name="Two")]
    for several in (classes, classes[::-1]):
        (row,) = index_diff(collection, several)
        assert (row.name, row.state) == (first.get("name", "a_1"), "missing")
        assert row.classes == tuple(cls.__name__ for cls in several)
    assert len(ensure_indexes(collection, classes)) == 1
    assert [row.state for row in index_diff(collection, classes)] == ["same"]


def test_what_is_declared_of_one_name_does_not_matter_where_another_is_used(collection):
    """One takes the index under the name it has, and so leaves its own to Two."""
    collection.create_index("a", name="mine")
    classes = [declare({"fields": "a"}, name="One"), declare({"fields": "a", "unique": True}, name="Two")]
    assert states(ensure_indexes(collection, classes)) == [("mine", "same"), ("a_1", "built")]


ID_INDEXES = {
    "alone": [{"fields": "_id"}],
    "with another": [{"fields": "_id"}, {"fields": "a"}],
    "with options": [{"fields": "_id", "unique": True, "name": "mine"}],
    "twice": [{"fields": "_id"}, {"fields": ("_id", 1), "unique": True}],
}


@pytest.mark.parametrize("is_there", [False, True])
@pytest.mark.parametrize("indexes", ID_INDEXES.values(), ids=ID_INDEXES)
def test_the_index_of_the_id_needs_no_building(collection, indexes, is_there):
    if is_there:
        collection.database.create_collection(collection.name)
    thing = declare(*indexes)
    report = index_diff(collection, [thing])
    wanted = {"same"} if len(indexes) == 1 or "a" not in indexes[1].values() else {"same", "missing"}
    assert {row.state for row in report} == wanted
    assert {row.state for row in ensure_indexes(collection, [thing], drop=True)} <= {"same", "built"}
    assert index_diff(collection, [thing]).ok
    assert index_diff(collection, [declare({"fields": ("_id", -1)})])[0].state == "missing"


NOWHERE = {
    "a collection without classes": (lambda d: index_diff(d.empty), r"no registered class has __collection__ = 'empty'"),
    "a class without collection": (
        lambda d: index_diff(d, [declare({"fields": "a"})]), "Thing has no __collection__",
    ),
    "a class without database": (
        lambda d: index_diff(d.client, [declare({"fields": "a"}, __collection__="x")]), "Thing has no __database__",
    ),
    "nothing of MongoDB's": (lambda d: index_diff("blog"), "accepted are a connection, database or collection, not 'blog'"),
}  # fmt: skip


@pytest.mark.parametrize(("ask", "message"), NOWHERE.values(), ids=NOWHERE)
def test_where_there_is_no_class(database, ask, message):
    with pytest.raises(TypeError, match=message):
        ask(database)


def test_the_report_is_readable(database):
    collection = database.things
    collection.create_indexes(
        [IndexModel("a", sparse=True), IndexModel([("b", -1)], name="old"), IndexModel("when")]
    )
    thing = declare(
        {"fields": "when"},
        {"fields": [("a", -1), "b"], "unique": True},
        {"fields": "a", "expireAfterSeconds": 9},
    )
    assert str(index_diff(collection, [thing])).replace(database.name, "db") == (
        """\
db.things
  same       when_1    when                       Thing
  missing    a_-1_b_1  a (descending), b: unique  Thing
      -> ensure_indexes() builds it
  different  a_1       a: expireAfterSeconds=9    Thing
      expireAfterSeconds: 9 is declared, nothing is there
      sparse: nothing is declared, True is there
      -> ensure_indexes(drop=True) drops 'a_1' and builds it as declared
  unknown    old       b (descending)
      -> not declared: if nobody else needs it, drop it by database['things'].drop_index('old')"""
    )  # fmt: skip
    assert str(IndexReport(())) == "no indexes declared, and none there"


def test_the_report_as_data(collection):
    collection.create_index("a")
    data = index_diff(collection, [declare({"fields": "a", "unique": True})]).as_data()
    assert data == [
        {
            "namespace": collection.full_name,
            "name": "a_1",
            "state": "different",
            "fields": [["a", 1]],
            "differences": {"unique": [True, None]},
            "classes": ["Thing"],
            "rivals": [],
            "advice": "ensure_indexes(drop=True) drops 'a_1' and builds it as declared",
        }
    ]


def test_a_text_index_is_shown_with_its_fields():
    (row,) = rows([], [{"name": "t", **TEXT, "weights": {"a": 1, "b": 2}}])
    assert row.fields == "a (text), b (text)"
    (row,) = rows([{"fields": ("place", "2d")}], [])
    assert row.fields == "place (2d)"


async def test_asynchronous_collections(mongodb_uri, database):
    thing = declare({"fields": "a", "unique": True})
    async with AsyncMongoClient(mongodb_uri) as client:
        collection = client[database.name].things
        assert states(await index_diff(collection, [thing])) == [("a_1", "missing")]
        assert states(await ensure_indexes(collection, [thing])) == [("a_1", "built")]
        assert states(await thing.ensure_indexes(collection)) == [("a_1", "same")]
        await collection.drop_indexes()
        await collection.insert_many([{"_id": 1, "a": "x"}, {"_id": 2, "a": "x"}])
        with pytest.raises(DuplicateKeyError, match=r"a 'x' \(_id 1, 2\)"):
            await ensure_indexes(collection, [thing])
        await thing.set_validator(collection)
    with pytest.raises(pymongo.errors.WriteError):
        database.things.insert_one({"b": 1})


def test_a_plain_client_will_do(mongodb_uri, database):
    with pymongo.MongoClient(mongodb_uri) as client:
        collection = client[database.name].things
        assert states(ensure_indexes(collection, [declare({"fields": "a"})])) == [("a_1", "built")]
    with Connection(mongodb_uri) as connection:
        assert list(connection.ensure_indexes()) == []
