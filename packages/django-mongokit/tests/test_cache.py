"""The cache backend: Django's contract as a table, run on Django's own memory cache too, and what only MongoDB has."""

import asyncio
import datetime
import os
import pickle
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor
from itertools import chain

import pytest
from asgiref.local import Local
from django.core.cache import CacheHandler, InvalidCacheBackendError, caches
from django.core.cache.backends.base import CacheKeyWarning
from django.core.cache.backends.locmem import LocMemCache
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpResponse
from django.test import RequestFactory
from django.views.decorators.cache import cache_page
from hypothesis import given, settings
from hypothesis import strategies as st
from pymongo.errors import DocumentTooLarge

from django_mongokit import connection
from django_mongokit.cache import MongoDBCache
from mongokit import ReplicaSetNeeded

GONE = object()


def mongodb_cache(location, **params):
    return MongoDBCache(location, params)


@pytest.fixture
def location(mongodb):
    """A collection's name that no test has used before, nor the process has given an index."""
    return f"cache_{os.urandom(4).hex()}"


@pytest.fixture(params=[mongodb_cache, LocMemCache], ids=["mongodb", "locmem"])
def make(request, location):
    """Make a cache, ours or Django's; all that one test makes are of the same entries."""
    if request.param is LocMemCache:
        made = lambda **params: LocMemCache(location, params)
    else:
        made = lambda **params: mongodb_cache(location, **params)
    yield made
    made().clear()


@pytest.fixture
def cache(make):
    return make()


@pytest.fixture
def ours(location):
    return mongodb_cache(location)


@pytest.fixture
def entries(mongodb, location):
    return mongodb[location]


def add(a, b):
    return a + b


VALUES = {
    "none": None,
    "true": True,
    "int": 42,
    "int beyond 8 bytes": 2**63,
    "int of 8 bytes": -(2**63),
    "float": 1.5,
    "text": "a\0ä€𝄞",
    "empty text": "",
    "bytes": b"\x00\xff",
    "list": [1, "a", None, {"$gt": ""}],
    "dict with dots and dollars": {"a.b": 1, "$set": 2, 3: 4, (5, 6): {7}},
    "date": datetime.datetime(2010, 3, 8, tzinfo=datetime.UTC),
    "function": add,
    "class": OSError,
}


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
def test_value(cache, value):
    cache.set("key", value)
    got = cache.get("key", GONE)
    assert got == value
    assert type(got) is type(value)
    assert cache.get_many(["key"]) == {"key": value}
    assert "key" in cache


KEYS = ["a", "ä€𝄞", "a.b", "$where", "a b", "nul\0nul", "", "x" * 5_000, "{'$gt': ''}", "\ud7ff", "a:1:b", 7]


@pytest.mark.filterwarnings("ignore::django.core.cache.backends.base.CacheKeyWarning")
@pytest.mark.parametrize("key", KEYS, ids=ascii)
def test_key(cache, key):
    assert cache.get(key) is None
    assert cache.add(key, 1) is True
    assert cache.incr(key) == 2
    cache.set(key, 3)
    assert cache.get_many([key, "another"]) == {key: 3}
    assert cache.touch(key) is True
    assert cache.delete(key) is True
    assert cache.get(key) is None


@pytest.mark.parametrize("key", ["a b", "x" * 251, "tab\t"])
@pytest.mark.parametrize(
    "use",
    [
        lambda cache, key: cache.get(key),
        lambda cache, key: cache.set(key, 1),
        lambda cache, key: cache.add(key, 1),
        lambda cache, key: cache.touch(key),
        lambda cache, key: cache.delete(key),
        lambda cache, key: cache.get_many([key]),
        lambda cache, key: cache.set_many({key: 1}),
        lambda cache, key: cache.delete_many([key]),
        lambda cache, key: cache.has_key(key),
    ],
    ids=["get", "set", "add", "touch", "delete", "get_many", "set_many", "delete_many", "has_key"],
)
def test_a_key_that_memcached_would_refuse_is_warned_of(cache, key, use):
    with pytest.warns(CacheKeyWarning):
        use(cache, key)


def test_get_default(cache):
    assert cache.get("key", "default") == "default"
    cache.set("key", None)
    assert cache.get("key", "default") is None


def test_add_does_not_replace(cache):
    assert cache.add("key", 1) is True
    assert cache.add("key", 2) is False
    assert cache.get("key") == 1


def test_add_replaces_what_has_expired(cache):
    cache.set("key", 1, -1)
    assert cache.add("key", 2) is True
    assert cache.get("key") == 2


def test_none_is_there(cache):
    cache.set("key", None)
    assert "key" in cache
    assert cache.has_key("key")
    assert cache.add("key", 1) is False
    assert cache.get_many(["key"]) == {"key": None}
    assert cache.get_or_set("key", 1) is None


LIVES = {"0": (0, False), "negative": (-5, False), "none": (None, True), "100": (100, True), "a century": (3e9, True), "fraction": (0.999e9, True), "beyond dates": (1e18, True)}  # fmt: skip


@pytest.mark.parametrize(("timeout", "lives"), LIVES.values(), ids=LIVES)
class TestTimeout:
    def test_set(self, cache, timeout, lives):
        cache.set("key", 1)
        cache.set("key", 2, timeout)
        assert cache.get("key") == (2 if lives else None)
        assert ("key" in cache) is lives

    def test_add(self, cache, timeout, lives):
        assert cache.add("key", 1, timeout) is True
        assert cache.get("key") == (1 if lives else None)

    def test_set_many(self, cache, timeout, lives):
        cache.set_many({"a": 1, "b": 2}, timeout)
        assert cache.get_many(["a", "b"]) == ({"a": 1, "b": 2} if lives else {})

    def test_touch(self, cache, timeout, lives):
        cache.set("key", 1)
        assert cache.touch("key", timeout) is True
        assert cache.get("key") == (1 if lives else None)

    def test_of_the_cache(self, make, timeout, lives):
        cache = make(TIMEOUT=None if timeout is None else int(timeout))
        cache.set("key", 1)
        assert cache.get("key") == (1 if lives else None)
        cache.set("key", 1, None)
        assert cache.touch("key")
        assert cache.get("key") == (1 if lives else None)


def test_what_has_expired_is_gone_for_all(cache):
    cache.set("key", 1, -1)
    assert cache.touch("key") is False
    assert cache.get_many(["key"]) == {}
    with pytest.raises(ValueError, match="key"):
        cache.incr("key")


def test_what_has_expired_is_not_deleted_but_gone(ours):
    """Django's memory cache says that it has deleted something."""
    ours.set("key", 1, -1)
    assert ours.delete("key") is False


def test_touch(cache):
    assert cache.touch("key") is False
    cache.set("key", 1, 1_000)
    assert cache.touch("key", -1) is True
    assert cache.touch("key", 1_000) is False


def test_delete(cache):
    cache.set_many({"a": 1, "b": 2})
    assert cache.delete("a") is True
    assert cache.delete("a") is False
    assert cache.get("a") is None
    assert cache.get("b") == 2


def test_many(cache):
    assert cache.set_many({}) == []
    assert cache.get_many([]) == {}
    cache.delete_many([])
    assert cache.set_many({"a": 1, "b": [2], "c": None}) == []
    assert cache.get_many(["a", "b", "c", "d"]) == {"a": 1, "b": [2], "c": None}
    assert cache.get_many(iter(["a", "b"])) == {"a": 1, "b": [2]}
    assert cache.set_many({"a": 9, "d": 4}) == []
    cache.delete_many(iter(["b", "c", "e"]))
    assert cache.get_many(["a", "b", "c", "d"]) == {"a": 9, "d": 4}


INCREMENTS = {
    "one": (41, (), 42),
    "ten": (1, (10,), 11),
    "down": (1, (-10,), -9),
    "nothing": (3, (0,), 3),
    "across 4 bytes": (2**31 - 1, (), 2**31),
    "across 8 bytes": (2**63 - 1, (), 2**63),
    "back into 8 bytes": (2**63, (-1,), 2**63 - 1),
    "float": (1, (0.5,), 1.5),
    "of a float": (1.5, (1,), 2.5),
    "of true": (True, (1,), 2),
}


@pytest.mark.parametrize(("value", "delta", "expected"), INCREMENTS.values(), ids=INCREMENTS)
def test_incr(cache, value, delta, expected):
    cache.set("key", value)
    got = cache.incr("key", *delta)
    assert (got, type(got)) == (expected, type(expected))
    assert cache.get("key") == expected
    assert cache.decr("key", *delta) == value
    assert cache.get("key") == value


def test_incr_of_nothing(cache):
    with pytest.raises(ValueError, match="key"):
        cache.incr("key")
    with pytest.raises(ValueError, match="key"):
        cache.decr("key")
    assert "key" not in cache


def test_incr_of_text_is_an_error_and_changes_nothing(cache):
    cache.set("key", "text")
    with pytest.raises(TypeError):
        cache.incr("key")
    assert cache.get("key") == "text"


def test_incr_keeps_the_time_of_its_end(ours, entries):
    """That of a counter of requests a minute; Django's own database cache begins it anew, its memory cache does not."""
    ours.set("key", 1, 1_000)
    before = entries.find_one()["expires"]
    ours.incr("key")
    assert entries.find_one()["expires"] == before


def test_versions(cache):
    cache.set("key", 1)
    cache.set("key", 2, version=2)
    assert cache.get("key") == 1
    assert cache.get("key", version=2) == 2
    assert cache.get_many(["key"], version=2) == {"key": 2}
    assert cache.has_key("key", version=3) is False
    assert cache.add("key", 3, version=3) is True
    assert cache.incr("key", version=2) == 3
    cache.delete("key", version=1)
    assert cache.get("key") is None
    assert cache.get("key", version=2) == 3
    cache.set_many({"key": 5}, version=5)
    assert cache.touch("key", version=5) is True
    cache.delete_many(["key"], version=5)
    assert cache.get("key", version=5) is None


def test_incr_version(cache):
    cache.set("key", "value")
    assert cache.incr_version("key") == 2
    assert cache.get("key") is None
    assert cache.get("key", version=2) == "value"
    assert cache.decr_version("key", version=2) == 1
    assert cache.get("key") == "value"
    with pytest.raises(ValueError, match="nothing"):
        cache.incr_version("nothing")


def test_prefixes_and_key_functions(make):
    one, other = make(KEY_PREFIX="one"), make(KEY_PREFIX="other")
    turned = make(KEY_FUNCTION=lambda key, prefix, version: f"{version}/{key[::-1]}", VERSION=7)
    for number, cache in enumerate([one, other, turned]):
        cache.set("key", number)
    assert [cache.get("key") for cache in [one, other, turned]] == [0, 1, 2]
    one.clear()
    assert [cache.get("key") for cache in [one, other, turned]] == [None] * 3


def test_get_or_set(cache):
    assert cache.get_or_set("key", lambda: "made") == "made"
    assert cache.get_or_set("key", "other") == "made"
    assert cache.get_or_set("none", None) is None
    assert cache.get_or_set("none", "other") is None
    cache.set("gone", 1, -1)
    assert cache.get_or_set("gone", 2, 100) == 2


def test_close(cache):
    cache.set("key", 1)
    cache.close()
    assert cache.get("key") == 1


def test_what_cannot_be_pickled(cache):
    with pytest.raises((pickle.PicklingError, AttributeError, TypeError)):
        cache.set("key", lambda: None)
    assert "key" not in cache


CULLS = {"a third": ({}, 30, range(20, 34)), "half": ({"CULL_FREQUENCY": 2}, 30, range(15, 34)), "all": ({"CULL_FREQUENCY": 0}, 30, range(34))}  # fmt: skip


@pytest.mark.parametrize(("options", "most", "expected"), CULLS.values(), ids=CULLS)
@pytest.mark.parametrize("many", [False, True], ids=["one by one", "many"])
def test_culling(make, options, most, expected, many):
    cache = make(OPTIONS={"MAX_ENTRIES": most, **options})
    if many:
        for start in range(0, 50, 5):
            cache.set_many({f"k{number}": number for number in range(start, start + 5)})
    else:
        for number in range(50):
            cache.set(f"k{number}", number)
    assert len(cache.get_many([f"k{number}" for number in range(50)])) in expected


# The same, awaited.


async def test_async(cache):
    assert await cache.aget("key", "default") == "default"
    assert await cache.aadd("key", 1) is True
    assert await cache.aadd("key", 2) is False
    assert await cache.aincr("key") == 2
    assert await cache.adecr("key", 2) == 0
    assert await cache.ahas_key("key") is True
    assert await cache.aset_many({"a": 1, "b": None}) == []
    assert await cache.aget_many(["a", "b", "c"]) == {"a": 1, "b": None}
    await cache.adelete_many(["a", "b"])
    assert await cache.aget_many(["a", "b"]) == {}
    assert await cache.aget_or_set("made", lambda: 3, 100) == 3
    assert await cache.atouch("made", -1) is True
    assert await cache.ahas_key("made") is False
    await cache.aset("key", 5, version=2)
    assert await cache.aincr_version("key", version=2) == 3
    assert await cache.aget("key", version=3) == 5
    assert await cache.adelete("key", version=3) is True
    await cache.aclear()
    assert await cache.aget("key") is None
    with pytest.raises(ValueError, match="key"):
        await cache.aincr("key")
    await cache.aclose()


async def test_async_incr_is_atomic(ours):
    """Django's own reads, and then writes what it has added up."""
    await ours.aset("key", 0)
    await asyncio.gather(*(ours.aincr("key") for _ in range(30)))
    assert await ours.aget("key") == 30


# Races: between threads with backends of their own, which is what processes are to a database.


def race(location, function, threads=8):
    start = threading.Barrier(threads)

    def run(number):
        cache = mongodb_cache(location)
        start.wait(30)
        return function(cache, number)

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(run, range(threads)))


@pytest.mark.parametrize("before", ["nothing", "expired"])
def test_of_many_who_add_one_does(location, ours, before):
    if before == "expired":
        ours.set("lock", "old", -1)
    added = race(location, lambda cache, number: cache.add("lock", number))
    assert sorted(added) == [False] * 7 + [True]
    assert ours.get("lock") == added.index(True)


@pytest.mark.parametrize(
    ("value", "step"), [(0, 1), (2**63 - 20, 1), (0.0, 0.5)], ids=["int", "beyond", "float"]
)
def test_no_increment_is_lost(location, ours, value, step):
    ours.set("hits", value)
    got = race(location, lambda cache, number: [cache.incr("hits", step) for _ in range(10)])
    assert sorted(chain.from_iterable(got)) == [value + step * number for number in range(1, 81)]
    assert ours.get("hits") == value + step * 80


def test_many_who_set_one_key_all_succeed(location, ours):
    def work(cache, number):
        for turn in range(10):
            cache.set(f"k{turn}", number)
            cache.set_many({f"m{turn}{one}": number for one in range(3)})

    race(location, work)
    assert set(ours.get_many([f"k{turn}" for turn in range(10)]).values()) <= set(range(8))
    assert len(ours.get_many([f"m{turn}{one}" for turn in range(10) for one in range(3)])) == 30


PLAIN = st.none() | st.integers() | st.text() | st.binary()
VALUE = st.recursive(PLAIN, lambda one: st.lists(one) | st.dictionaries(st.text(), one), max_leaves=5)
KEY = st.text(st.characters(exclude_categories=["Cs"]))


@settings(max_examples=30)
@given(st.dictionaries(KEY, VALUE, max_size=8))
def test_round_trip(mongodb_setup, data):
    cache = mongodb_cache("cache_round_trip")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CacheKeyWarning)
        try:
            assert cache.set_many(data) == []
            assert cache.get_many(data) == data
        finally:
            cache.clear()


# What is in the database.


def test_the_index_is_made_by_the_first_write(ours, entries):
    ours.get("key")
    assert "expires_1" not in entries.index_information()
    ours.add("key", 1)
    assert entries.index_information()["expires_1"]["expireAfterSeconds"] == 0


def test_what_never_expires_is_not_culled_before_what_does(location):
    cache = mongodb_cache(location, OPTIONS={"MAX_ENTRIES": 10, "CULL_FREQUENCY": 2})
    cache.set_many({f"kept{number}": number for number in range(5)}, None)
    for number in range(20):
        cache.set(f"k{number}", number, 1_000 + number)
    assert len(cache.get_many([f"kept{number}" for number in range(5)])) == 5


def test_what_has_expired_is_culled_first(location, entries):
    cache = mongodb_cache(location, OPTIONS={"MAX_ENTRIES": 10, "CULL_FREQUENCY": 1})
    cache.set_many({f"old{number}": number for number in range(9)}, -1)
    for number in range(10):
        cache.set(f"k{number}", number)
    assert len(cache.get_many([f"k{number}" for number in range(10)])) == 10
    assert entries.count_documents({}) == 10


def test_culling_of_more_than_one_batch(location, entries):
    past = datetime.datetime(2999, 1, 1)
    entries.insert_many(
        [{"_id": f":1:k{number:04}", "value": number, "expires": past} for number in range(2_500)]
    )
    cache = mongodb_cache(location, OPTIONS={"MAX_ENTRIES": 1_000})
    cache.set("new", 1, None)
    assert entries.count_documents({}) == 1_000
    assert cache.get("new") == 1


def test_a_value_too_large_is_refused_by_its_key(ours):
    with pytest.raises(DocumentTooLarge, match=":1:big"):
        ours.set("big", b"x" * 17_000_000)
    assert "big" not in ours


def test_a_transaction_of_documents_does_not_undo_it(ours, mongodb):
    def fail():
        with connection.transaction():
            mongodb.other.insert_one({"_id": 1})
            ours.set("key", 1)
            assert ours.add("key", 2) is False  # which would abort a transaction
            raise ZeroDivisionError

    try:
        fail()
    except ReplicaSetNeeded:
        pytest.skip("this server has no transactions")
    except ZeroDivisionError:
        pass
    assert ours.get("key") == 1
    assert mongodb.other.find_one({"_id": 1}) is None


# In Django.


def handler(**values):
    return CacheHandler({"default": {"BACKEND": "django_mongokit.cache.MongoDBCache", **values}})


def test_settings(mongodb, location):
    cache = handler(LOCATION=location, TIMEOUT=60, OPTIONS={"MAX_ENTRIES": 5, "ALIAS": "mongodb"})["default"]
    cache.set("key", 1)
    assert mongodb[location].find_one()["_id"] == ":1:key"


WRONG = {
    "no location": ({}, "LOCATION of the cache is ''"),
    "a path": ({"LOCATION": ["a"]}, "LOCATION of the cache is \\['a'\\]"),
    "sql": (
        {"LOCATION": "c", "OPTIONS": {"ALIAS": "default"}},
        "OPTIONS\\['ALIAS'\\] of the cache is 'default', which is no alias of MongoDB; DATABASES has 'mongodb'",
    ),
}


@pytest.mark.parametrize(("values", "words"), WRONG.values(), ids=WRONG)
def test_settings_that_cannot_work(values, words):
    """Django's own checks make every cache, and are not to fail before ours has spoken."""
    cache = handler(**values)["default"]
    with pytest.raises(ImproperlyConfigured, match=words) as raised:
        cache.get("key")
    assert not isinstance(raised.value, InvalidCacheBackendError)


def test_cache_page(location, monkeypatch):
    monkeypatch.setattr(
        caches,
        "settings",
        {"default": {"BACKEND": "django_mongokit.cache.MongoDBCache", "LOCATION": location}},
    )
    monkeypatch.setattr(caches, "_connections", Local(caches.thread_critical))
    calls = []

    @cache_page(60)
    def view(request):
        calls.append(request.path)
        return HttpResponse(f"called {len(calls)} times")

    pages = [view(RequestFactory().get("/page/")).content for _ in range(3)]
    assert pages == [b"called 1 times"] * 3
    assert calls == ["/page/"]
