"""Declared fields that are missing in a nested dict, set as attributes."""

from __future__ import annotations

import copy
import logging
import pickle

import pytest

from mongokit import Document, SchemaDocument, absent, i18n


class Inner(SchemaDocument):
    x: int
    plain: dict[str, int] | None = None


Inner.use_dot_notation = True


class Sparse(Document):
    structure = {
        "n": {"x": int, "y": int, "deep": {"z": int, "items": int}},
        "l": [{"x": int, "y": int, "inner": [{"z": int}]}],
        "by_name": {str: {"y": int}},
        "pair": ({"y": int}, {"z": int}),
        "free": dict,
        "t": str,
        "tn": {"t": str, "y": int, "names": {"t": str, "y": int}},
        "tl": [{"t": str, "y": int}],
        "records": {"y": int},
    }
    i18n = ["t", "tn.t", "tn.names.t", "tl.t", "records"]
    use_dot_notation = True
    dot_notation_warning = True
    accept_missing_fields = True


WAYS = {
    "nested": ({"n": {"x": 1}}, "n", lambda d: setattr(d.n, "y", 5), {"x": 1, "y": 5}),
    "deeper": ({"n": {"deep": {}}}, "n", lambda d: setattr(d.n.deep, "z", 5), {"deep": {"z": 5}}),
    "named as a method": ({"n": {"deep": {}}}, "n", lambda d: setattr(d.n.deep, "items", 5), {"deep": {"items": 5}}),
    "a dict": ({"n": {}}, "n", lambda d: (setattr(d.n, "deep", {}), setattr(d.n.deep, "z", 5)), {"deep": {"z": 5}}),
    "in a list": ({"l": [{"x": 1}, {}]}, "l", lambda d: setattr(d.l[1], "y", 5), [{"x": 1}, {"y": 5}]),
    "by iteration": ({"l": [{}, {}]}, "l", lambda d: [setattr(one, "y", 5) for one in d.l], [{"y": 5}, {"y": 5}]),
    "list in list": ({"l": [{"inner": [{}]}]}, "l", lambda d: setattr(d.l[0].inner[0], "z", 5), [{"inner": [{"z": 5}]}]),
    "by key": ({"by_name": {"a": {}}}, "by_name", lambda d: setattr(d.by_name.a, "y", 5), {"a": {"y": 5}}),
    "by item": ({"by_name": {"a": {}}}, "by_name", lambda d: setattr(d.by_name["a"], "y", 5), {"a": {"y": 5}}),
    "tuple": ({"pair": [{}, {}]}, "pair", lambda d: setattr(d.pair[1], "z", 5), [{}, {"z": 5}]),
    "translated": ({}, "t", lambda d: setattr(d, "t", "a"), [{"lang": "en", "value": "a"}]),
    "translated nested": ({"tn": {}}, "tn", lambda d: setattr(d.tn, "t", "a"), {"t": [{"lang": "en", "value": "a"}]}),
    "beside a translation": ({"tn": {}}, "tn", lambda d: setattr(d.tn, "y", 5), {"y": 5}),
    "translated deeper": (
        {"tn": {"names": {}}}, "tn", lambda d: setattr(d.tn.names, "t", "a"), {"names": {"t": [{"lang": "en", "value": "a"}]}}
    ),
    "beside it deeper": ({"tn": {"names": {}}}, "tn", lambda d: setattr(d.tn.names, "y", 5), {"names": {"y": 5}}),
    "translated in a list": (
        {"tl": [{}, {"y": 1}]}, "tl", lambda d: setattr(d.tl[1], "t", "a"), [{}, {"y": 1, "t": [{"lang": "en", "value": "a"}]}]
    ),
    "beside it in a list": ({"tl": [{}]}, "tl", lambda d: setattr(d.tl[0], "y", 5), [{"y": 5}]),
    "in a translation": (
        {"records": [{"lang": "en", "value": {}}]}, "records", lambda d: setattr(d.records, "y", 5),
        [{"lang": "en", "value": {"y": 5}}],
    ),
}  # fmt: skip


@pytest.fixture
def said(caplog):
    caplog.set_level(logging.WARNING, "mongokit")
    return lambda: [record.getMessage() for record in caplog.records]


@pytest.mark.parametrize("copied", [lambda one: one, copy.deepcopy], ids=["itself", "a copy"])
@pytest.mark.parametrize("again", [False, True], ids=["at once", "after it was read"])
@pytest.mark.parametrize(("stored", "field", "change", "expected"), WAYS.values(), ids=WAYS)
def test_of_a_stored_document(collection, said, stored, field, change, expected, again, copied):
    collection.insert_one({"_id": 1, **copy.deepcopy(stored)})
    document = collection.proxy(Sparse).get_from_id(1)
    if again:
        _ = [getattr(document, name) for name in stored]
    document = copied(document)
    change(document)
    document.save()
    assert collection.find_one({"_id": 1}, {field: True, "_id": False}) == {field: expected}
    assert said() == []


@pytest.mark.parametrize("field", ["n", "l", "by_name", "pair", "tn", "tl"])
def test_of_a_document_that_was_given(collection, said, field):
    stored, _, change, expected = next(way for way in WAYS.values() if way[1] == field)
    document = Sparse(copy.deepcopy(stored), collection=collection)
    change(document)
    document.save()
    assert collection.find_one()[field] == expected
    assert said() == []


def test_absent_defaults(collection):
    class Absent(Document):
        structure = {"n": {"x": int, "y": int}, "l": [{"x": int, "y": int}]}
        default_values = {"n.y": absent, "l.y": absent}
        use_dot_notation = True

    new = Absent(collection=collection)
    assert new == {"n": {"x": None}, "l": []}
    with pytest.raises(AttributeError, match="no attribute or field 'y'"):
        _ = new.n.y
    new.n.x = 1
    new.n.y = 2
    new.save()
    assert collection.find_one({}, {"_id": False}) == {"n": {"x": 1, "y": 2}, "l": []}
    del new.n.y
    new.save()
    assert collection.find_one({}, {"_id": False}) == {"n": {"x": 1}, "l": []}


def test_of_a_part(collection):
    class Whole(Document):
        structure = {"n": {"x": int, "y": int}}
        use_dot_notation = True

    collection.insert_one({"_id": 1, "n": {"x": 1, "y": 2}})
    document = collection.proxy(Whole).find_one({}, {"n.x": 1})
    document.n.y = 9
    document.save(only=["n.y"])
    assert collection.find_one() == {"_id": 1, "n": {"x": 1, "y": 9}}


def test_changed_notices(collection):
    class Tracked(Sparse):
        track_changes = True

    collection.insert_one({"_id": 1, "n": {"x": 1}})
    document = collection.proxy(Tracked).get_from_id(1)
    _ = document.n.x
    assert document.changed() == []
    document.n.y = 1
    assert document.changed() == ["n"]


def test_what_is_not_declared_is_still_an_attribute(collection, said):
    document = Sparse({"n": {"deep": {}}, "l": [{}], "free": {"a": {}}}, collection=collection)
    document.n.deep.other = document.l[0].other = document.n.other = document.free.a.other = 1
    assert document == {"n": {"deep": {}}, "l": [{}], "free": {"a": {}}}
    assert (document.n.other, document.n.deep.other) == (1, 1)
    assert said() == [
        f"dot notation: other was not found in structure of {where}; it is not stored"
        for where in ("n.deep", "l", "n", "a nested dict")
    ]


def test_embedded_documents(collection):
    class Holder(Document):
        inner: Inner
        several: list[Inner] = []
        accept_missing_fields = True

    collection.insert_one({"_id": 1, "inner": {}, "several": [{}]})
    document = collection.proxy(Holder).get_from_id(1)
    document.inner.x = 1
    document.several[0].x = 2
    document.save()
    assert collection.find_one() == {"_id": 1, "inner": {"x": 1}, "several": [{"x": 2}]}


def test_languages_take_the_place_of_each_other(collection):
    document = Sparse({"tn": {}}, collection=collection, lang="de")
    document.tn.t = i18n({"en": "a"})
    document.tn.t = "b"
    assert document["tn"] == {"t": {"en": "a", "de": "b"}}


@pytest.mark.parametrize(
    "copied", [copy.copy, copy.deepcopy, lambda doted: pickle.loads(pickle.dumps(doted))]
)
@pytest.mark.parametrize("field", ["n", "tn"])
def test_a_copy_of_a_nested_dict_is_no_part_of_the_document(copied, field):
    document = Sparse({field: {"y": 1}})
    found = getattr(document, field)
    twin = copied(found)
    assert twin == found == {"y": 1}
    assert vars(twin) == {}
