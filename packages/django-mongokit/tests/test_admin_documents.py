"""`Documents`: what actions, filters and hooks of a DocumentAdmin are given in the place of a queryset."""

import uuid

import pytest
from bson import ObjectId
from hypothesis import given
from hypothesis import strategies as st
from shows.models import Show

from django_mongokit.admin import Documents
from django_mongokit.admin.fields import value_at
from django_mongokit.admin.pages import DocumentPaginator
from django_mongokit.key_texts import meanings

ID = "65f0c0ffee65f0c0ffee65f0"
KEYS = {
    "a text": ("abc", ["abc"]),
    "an ObjectId": (ID, [ID, ObjectId(ID)]),
    "a number": ("17", ["17", 17]),
    "a negative one": ("-17", ["-17", -17]),
    "noughts in front": ("017", ["017"]),
    "as much as BSON holds": (str(2**63 - 1), [str(2**63 - 1), 2**63 - 1]),
    "more": (str(2**63), [str(2**63)]),
    "far more": ("9" * 99, ["9" * 99]),
    "other digits": ("\u0663", ["\u0663"]),
    "a UUID": (
        "12345678-1234-5678-1234-567812345678",
        ["12345678-1234-5678-1234-567812345678", uuid.UUID(int=0x12345678123456781234567812345678)],
    ),
    "a UUID without dashes": ("12345678123456781234567812345678", ["12345678123456781234567812345678"]),
    "a bool": ("False", ["False", False]),
    "another spelling of one": ("false", ["false"]),
    "nothing": ("", [""]),
    "a minus": ("-", ["-"]),
}


@pytest.mark.parametrize(("text", "expected"), KEYS.values(), ids=KEYS)
def test_keys(text, expected):
    assert meanings(text) == expected


@given(
    st.one_of(
        st.integers(-(2**63) + 1, 2**63 - 1), st.uuids(), st.text(), st.binary(min_size=12, max_size=12)
    )
)
def test_a_key_is_among_those_that_its_text_may_stand_for(key):
    key = ObjectId(key) if isinstance(key, bytes) else key
    assert key in meanings(str(key))


@given(st.text())
def test_any_text_may_be_a_key(text):
    assert meanings(text)[0] == text


VALUES = {
    "a field": ("a", {"a": 1}, 1),
    "none": ("b", {"a": 1}, None),
    "nested": ("a.b", {"a": {"b": 1}}, 1),
    "below nothing": ("a.b", {"a": None}, None),
    "below a text": ("a.b", {"a": "x"}, None),
    "a list": ("a", {"a": [1, 2]}, [1, 2]),
    "below a list": ("a.b", {"a": [{"b": 1}, {"b": 2}]}, [1, 2]),
    "below a list of one": ("a.b", {"a": [{"b": 1}]}, [1]),
    "below an empty list": ("a.b", {"a": []}, None),
    "below lists of lists": ("a.b.c", {"a": [{"b": [{"c": 1}, {}]}, {"b": []}]}, [1]),
}


@pytest.mark.parametrize(("path", "document", "expected"), VALUES.values(), ids=VALUES)
def test_values(path, document, expected):
    assert value_at(document, path) == expected


@pytest.fixture
def five(shows):
    shows.insert_many([{"title": title, "seats": seats} for seats, title in enumerate("ABCDE")])
    return Documents(Show, shows).order_by("title")


def titles(documents):
    return [one["title"] for one in documents]


def test_going_through(five):
    assert titles(five) == list("ABCDE")
    assert isinstance(five[0], Show)
    assert (len(five), five.count(), bool(five)) == (5, 5, True)
    assert (five.verbose_name, five.verbose_name_plural) == ("show", "shows")
    assert repr(five).startswith("<Documents Show in ")


SLICES = [(0, 2), (1, 3), (2, None), (4, 9), (7, 9), (3, 3), (3, 1), (None, None), (None, 0)]


@pytest.mark.parametrize(("start", "stop"), SLICES)
def test_parts(five, start, stop):
    part = five[start:stop]
    assert titles(part) == list("ABCDE"[start:stop])
    assert five[start:stop].count() == len("ABCDE"[start:stop])
    assert titles(five[start:stop][1:2]) == list("ABCDE"[start:stop][1:2])


@pytest.mark.parametrize("part", [slice(-1, None), slice(0, -1), slice(0, 4, 2)])
def test_parts_that_cannot_be(five, part):
    with pytest.raises(ValueError, match="count from the start"):
        five[part]


def test_filters_add_up_and_change_nothing(five):
    some = five.filter({"seats": {"$gte": 1}}).filter({"seats": {"$lte": 3}})
    assert titles(some) == list("BCD")
    assert some.count(2) == 2
    assert titles(five) == list("ABCDE")
    assert titles(some.filter(pk=some[0].pk)) == ["B"]
    assert titles(some.filter(pk__in=[one.pk for one in five])) == list("BCD")
    assert titles(some.filter(pk__in=[])) == []
    assert titles(some.filter()) == list("BCD")
    assert titles(some.filter({"$or": [{"seats": 1}, {"seats": 3}]})) == ["B", "D"]


def test_djangos_language_is_not_spoken(five):
    with pytest.raises(
        TypeError, match=r"filter\(title__icontains=…\) is Django's language; .*filter\(\{'title': …\}\)"
    ):
        five.filter(title__icontains="a")


def test_orders(five):
    assert titles(five.order_by("-seats", "title", "seats")) == list("EDCBA")
    assert five.order_by("-pk", "pk", "a.b").sort == (("_id", -1), ("a.b", 1))


def test_values_there_are(five, shows):
    shows.update_many({}, {"$set": {"tags": ["x", "y"], "kind": "play"}})
    shows.update_one({"title": "A"}, {"$set": {"tags": []}, "$unset": {"kind": 1}})
    assert five.distinct("tags", 10) == [None, "x", "y"]
    assert five.distinct("seats", 2) == [0, 1]
    assert five.filter({"seats": {"$gt": 3}}).distinct("title", 10) == ["E"]


def test_deleting(five, shows):
    assert five.filter({"seats": {"$gt": 2}}).delete() == 2
    assert titles(Documents(Show, shows).order_by("title")) == list("ABC")


def test_what_was_gone_through_is_not_asked_for_again(five, shows):
    assert len(five) == 5
    shows.delete_many({})
    assert (len(five), five.count(), titles(five)) == (5, 5, list("ABCDE"))
    assert five.order_by("seats").count() == 0


PAGES = {
    "all": ({}, None, 5, 3),
    "all, and more than is counted": ({}, 2, 5, 3),
    "some": ({"seats": {"$gt": 1}}, None, 3, 2),
    "as many as are counted": ({"seats": {"$gt": 1}}, 3, 3, 2),
    "more than are counted": ({"seats": {"$gt": 0}}, 3, 3, 2),
    "none": ({"seats": 99}, 3, 0, 1),
}


@pytest.mark.parametrize(("query", "limit", "count", "pages"), PAGES.values(), ids=PAGES)
def test_pages(five, query, limit, count, pages):
    found = DocumentPaginator(five.filter(query), 2)
    found.count_limit = limit
    assert (found.count, found.num_pages) == (count, pages)
    assert found.is_capped == (limit == 3 and query == {"seats": {"$gt": 0}})
    assert len(found.page(1).object_list) == min(2, count)
