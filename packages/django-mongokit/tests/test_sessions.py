"""The session engine: Django's contract, run against Django's own cache engine too, and what only MongoDB has."""

import asyncio
import datetime
import importlib
import logging
import os
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from asgiref.sync import sync_to_async
from django.conf import settings as django_settings
from django.contrib.sessions.backends.base import CreateError, UpdateError
from django.contrib.sessions.exceptions import SessionInterrupted
from django.contrib.sessions.middleware import SessionMiddleware
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpResponse
from django.test import RequestFactory

from django_mongokit import connection, get_database
from django_mongokit.sessions import SessionStore
from mongokit import ReplicaSetNeeded

OURS, DJANGOS = "django_mongokit.sessions", "django.contrib.sessions.backends.cache"


@pytest.fixture(params=[OURS, DJANGOS], ids=["mongodb", "djangos"])
def store(request, mongodb):
    """The class of an engine. Django's own shows that what is expected here is what Django expects."""
    from django.core.cache import cache

    yield importlib.import_module(request.param).SessionStore
    cache.clear()


@pytest.fixture
def sessions(mongodb, settings):
    """A collection for the sessions that no test has used before."""
    settings.SESSION_MONGODB_COLLECTION = f"sessions_{os.urandom(4).hex()}"
    return mongodb[settings.SESSION_MONGODB_COLLECTION]


@pytest.fixture
def settings(monkeypatch):
    class Settings:
        def __setattr__(self, name, value):
            monkeypatch.setattr(django_settings, name, value, raising=False)

        def __getattr__(self, name):
            return getattr(django_settings, name)

    return Settings()


def saved(store, **data):
    session = store()
    session.update(data)
    session.save()
    return session


# What Django's documentation says of every engine.


def test_a_new_session_is_empty(store):
    session = store()
    assert session.is_empty()
    assert session.session_key is None
    assert (session.accessed, session.modified) == (False, False)
    assert session.get("x", 1) == 1
    assert session.accessed
    assert not session.modified


def test_what_is_saved_is_there_for_the_next_request(store):
    data = {"user": 7, "list": [1, {"a": None}], "text": "\0ä€𝄞 $gt"}
    session = saved(store, **data)
    again = store(session.session_key)
    assert dict(again.items()) == data
    assert store().exists(session.session_key)
    assert len(session.session_key) == 32


def test_a_change_is_saved_under_the_same_key(store):
    session = saved(store, a=1)
    again = store(session.session_key)
    again["b"] = 2
    del again["a"]
    again.save()
    assert again.session_key == session.session_key
    assert dict(store(session.session_key).items()) == {"b": 2}


def test_the_last_of_two_writers_wins(store):
    key = saved(store, a=1).session_key
    one, other = store(key), store(key)
    one["a"], other["a"] = 2, 3
    other.save()
    one.save()
    assert store(key)["a"] == 2


KEYS = {
    "made up": "x" * 32,
    "operator": '{"$gt": ""}',
    "path": "../../etc/passwd",
    "long": "x" * 5_000,
    "nul": "a\0" * 8,
}


@pytest.mark.filterwarnings("ignore::django.core.cache.backends.base.CacheKeyWarning")
@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
def test_a_key_that_somebody_made_up_becomes_nobodys(store, key):
    session = store(key)
    assert session.get("x") is None
    assert session.session_key is None
    session["x"] = 1
    session.save()
    assert session.session_key not in (None, key)
    assert not store().exists(key)


@pytest.mark.parametrize("key", ["", "short", None])
def test_a_key_too_short_is_none(store, key):
    assert store(key).session_key is None


def test_create_stores_it_at_once(store):
    session = store()
    session.create()
    assert store().exists(session.session_key)
    assert session.modified


def test_save_without_a_key_makes_one(store):
    session = store()
    session["a"] = 1
    session.save()
    assert store(session.session_key)["a"] == 1


def test_must_create_does_not_overwrite(store):
    session = saved(store, owner="first")
    intruder = store(session.session_key)
    with pytest.raises(CreateError):
        intruder.save(must_create=True)
    assert store(session.session_key)["owner"] == "first"


def test_what_is_deleted_meanwhile_is_not_saved_again(store):
    """Who logs out in one tab must not be logged in again by a slow page of the other."""
    session = saved(store, user=1)
    slow = store(session.session_key)
    slow["b"] = 2
    session.flush()
    with pytest.raises(UpdateError):
        slow.save()
    assert not store().exists(slow.session_key)


def test_what_is_gone_before_it_was_read_is_not_saved(store):
    key = saved(store, user=1).session_key
    slow = store(key)
    store(key).delete()
    with pytest.raises(UpdateError):
        slow.save()
    assert not store().exists(key)


def test_delete_by_key(store):
    one, other = saved(store, a=1), saved(store, a=2)
    one.delete(other.session_key)
    assert not store().exists(other.session_key)
    assert store().exists(one.session_key)
    one.delete()
    assert not store().exists(one.session_key)


def test_delete_of_nothing_is_no_error(store):
    store().delete()
    store().delete("x" * 32)


def test_flush(store):
    session = saved(store, a=1)
    key = session.session_key
    session.flush()
    assert session.session_key is None
    assert list(session.items()) == []
    assert not store().exists(key)
    assert session.modified


def test_cycle_key_keeps_the_data_and_forgets_the_old_key(store):
    session = saved(store, a=1, b=2)
    key = session.session_key
    session.cycle_key()
    assert session.session_key != key
    assert dict(session.items()) == {"a": 1, "b": 2}
    session.save()
    assert dict(store(session.session_key).items()) == {"a": 1, "b": 2}
    assert not store().exists(key)


def test_cycle_key_of_a_new_session(store):
    session = store()
    session["a"] = 1
    session.cycle_key()
    session.save()
    assert store(session.session_key)["a"] == 1


def test_an_expired_session_is_not_read(store):
    session = saved(store, a=1)
    session.set_expiry(-1)
    session.save()
    assert store(session.session_key).get("a") is None


EXPIRIES = {
    "seconds": (300, 300),
    "at browser close": (0, django_settings.SESSION_COOKIE_AGE),
    "default": (None, django_settings.SESSION_COOKIE_AGE),
    "delta": (datetime.timedelta(days=2), 172_800),
    "date": (datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=3), 259_200),
}


@pytest.mark.parametrize(("value", "seconds"), EXPIRIES.values(), ids=EXPIRIES)
def test_expiry_is_that_of_the_index(sessions, value, seconds):
    session = SessionStore()
    session["a"] = 1
    session.set_expiry(value)
    session.save()
    ends = sessions.find_one({"_id": session.session_key})["expires"].replace(tzinfo=datetime.UTC)
    ahead = (ends - datetime.datetime.now(datetime.UTC)).total_seconds()
    assert seconds - 3_600 < ahead <= seconds, "an hour for a busy machine"
    assert SessionStore(session.session_key)["a"] == 1


def test_expiry_without_time_zones(sessions, settings):
    settings.USE_TZ = False
    session = SessionStore()
    session["a"] = 1
    session.set_expiry(7_200)
    session.save()
    ends = sessions.find_one()["expires"].replace(tzinfo=datetime.UTC)
    assert 3_600 < (ends - datetime.datetime.now(datetime.UTC)).total_seconds() <= 7_200
    assert SessionStore(session.session_key)["a"] == 1


# The same, awaited.


async def test_async(store):
    session = store()
    await session.aset("a", 1)
    await session.asave()
    key = session.session_key
    assert await store().aexists(key)
    assert await store(key).aget("a") == 1
    assert dict(await store(key).aload()) == {"a": 1}
    await session.acycle_key()
    assert session.session_key != key
    assert not await store().aexists(key)
    await session.asave()
    with pytest.raises(CreateError):
        await store(session.session_key).asave(must_create=True)
    slow = store(session.session_key)
    await slow.aset("b", 1)
    await session.aflush()
    with pytest.raises(UpdateError):
        await slow.asave()
    other = store()
    await other.acreate()
    await other.adelete()
    assert not await store().aexists(other.session_key)


async def test_async_clear_expired(sessions):
    def make():
        expired = SessionStore()
        expired.set_expiry(-1)
        expired.save()
        return expired.session_key, saved(SessionStore, a=1).session_key

    gone, kept = await sync_to_async(make)()
    await SessionStore.aclear_expired()
    assert [one["_id"] for one in await sync_to_async(list)(sessions.find())] == [kept]
    assert gone != kept


async def test_many_at_once(sessions):
    async def visit(number):
        session = SessionStore()
        await session.aset("n", number)
        await session.asave()
        return await SessionStore(session.session_key).aget("n")

    assert await asyncio.gather(*map(visit, range(20))) == list(range(20))


# Races.


def test_of_many_who_create_one_key_one_does(sessions):
    key, threads = "k" * 32, 8
    start = threading.Barrier(threads)

    def create(number):
        session = SessionStore(key)
        session._session_cache = {"n": number}
        start.wait(30)
        try:
            session.save(must_create=True)
        except CreateError:
            return None
        return number

    with ThreadPoolExecutor(threads) as pool:
        winners = [number for number in pool.map(create, range(threads)) if number is not None]
    assert len(winners) == 1
    assert SessionStore(key)["n"] == winners[0]


def test_a_key_that_is_taken_is_tried_again(sessions, monkeypatch):
    import django_mongokit.sessions as engine

    taken = saved(SessionStore, owner="first").session_key
    keys = iter([taken, "f" * 32])
    monkeypatch.setattr(engine, "get_random_string", lambda *args: next(keys))
    session = SessionStore()
    session.create()
    assert session.session_key == "f" * 32
    assert SessionStore(taken)["owner"] == "first"


# What is in the database.


def test_the_index_is_made_by_the_first_write_not_by_reading(sessions):
    SessionStore("x" * 32).get("a")
    assert "expires_1" not in sessions.index_information()
    saved(SessionStore, a=1)
    assert sessions.index_information()["expires_1"]["expireAfterSeconds"] == 0


def test_clear_expired_brings_a_lost_index_back(sessions):
    kept = saved(SessionStore, a=1)
    expired = SessionStore()
    expired.set_expiry(-60)
    expired.save()
    sessions.drop_indexes()
    SessionStore.clear_expired()
    assert [one["_id"] for one in sessions.find()] == [kept.session_key]
    assert sessions.index_information()["expires_1"]["expireAfterSeconds"] == 0


def test_without_the_index_sessions_work_and_the_log_says_what_to_do(sessions, caplog):
    """As for a user who may not make indexes; here another one is in the way."""
    sessions.create_index("expires", expireAfterSeconds=99)
    with caplog.at_level(logging.WARNING, "django_mongokit"):
        session = saved(SessionStore, a=1)
        session.save()
    assert SessionStore(session.session_key)["a"] == 1
    (record,) = [record for record in caplog.records if record.name == "django_mongokit"]
    assert f"db.{sessions.name}.createIndex({{expires: 1}}, {{expireAfterSeconds: 0}})" in record.getMessage()


def test_the_data_cannot_be_forged_by_who_can_write_to_the_database(sessions, caplog):
    session = saved(SessionStore, user=1)
    stored = sessions.find_one()["data"]
    sessions.update_one({}, {"$set": {"data": "x" + stored}})
    with caplog.at_level(logging.WARNING, "django.security.SuspiciousSession"):
        assert SessionStore(session.session_key).get("user") is None
    assert "corrupted" in caplog.text


def test_a_transaction_of_documents_does_not_undo_a_session(sessions):
    """A login that is done inside of one stays; the embedded server has transactions."""
    session = SessionStore()
    session["a"] = 1

    def fail():
        with connection.transaction():
            get_database().other.insert_one({"_id": 1})
            session.save()
            raise ZeroDivisionError

    try:
        fail()
    except ReplicaSetNeeded:
        pytest.skip("this server has no transactions")
    except ZeroDivisionError:
        pass
    assert SessionStore(session.session_key)["a"] == 1
    assert get_database().other.find_one({"_id": 1}) is None


# In Django.


def visit(view, cookie=None):
    request = RequestFactory().get("/")
    if cookie:
        request.COOKIES[django_settings.SESSION_COOKIE_NAME] = cookie
    response = SessionMiddleware(view)(request)
    morsel = response.cookies.get(django_settings.SESSION_COOKIE_NAME)
    return response, morsel


def count(request):
    request.session["visits"] = request.session.get("visits", 0) + 1
    return HttpResponse(str(request.session["visits"]))


def test_middleware(mongodb, settings):
    settings.SESSION_ENGINE = OURS
    response, cookie = visit(count)
    assert response.content == b"1"
    response, _ = visit(count, cookie.value)
    assert response.content == b"2"
    response, forged = visit(count, "f" * 32)
    assert response.content == b"1"
    assert forged.value != "f" * 32


def test_middleware_when_somebody_logs_out_meanwhile(mongodb, settings):
    settings.SESSION_ENGINE = OURS
    _, cookie = visit(count)

    def slow(request):
        request.session["x"] = 1
        SessionStore(cookie.value).flush()
        return HttpResponse()

    with pytest.raises(SessionInterrupted):
        visit(slow, cookie.value)
    assert not SessionStore().exists(cookie.value)


def test_clearsessions(manage, client_of_server, name):
    past = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=1)
    collection = client_of_server[name].django_session
    collection.insert_one({"_id": "x" * 32, "data": "", "expires": past})
    manage("clearsessions", SITE_SESSIONS="1", SITE_APPS='["django.contrib.sessions"]')
    assert collection.count_documents({}) == 0
    assert collection.index_information()["expires_1"]["expireAfterSeconds"] == 0


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        (
            "SESSION_MONGODB_ALIAS",
            "default",
            "SESSION_MONGODB_ALIAS is 'default', which is no alias of MongoDB; DATABASES has 'mongodb'",
        ),
        ("SESSION_MONGODB_COLLECTION", "", "SESSION_MONGODB_COLLECTION is ''"),
        ("SESSION_MONGODB_COLLECTION", 3, "SESSION_MONGODB_COLLECTION is 3"),
    ],
)
def test_settings_that_cannot_work(mongodb, settings, name, value, words):
    setattr(settings, name, value)
    with pytest.raises(ImproperlyConfigured, match=words):
        SessionStore("x" * 32).get("a")
