"""The user in structlog's context, from the failure to the end of the request."""

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor

import pytest
import structlog
from django.contrib.auth import get_user_model
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.http import HttpResponse
from django.test import AsyncClient, Client
from django.urls import path
from django.utils.decorators import async_only_middleware

from django_exception_extra import ExceptionExtraMiddleware, recorded
from django_exception_extra import structlog as ours
from django_exception_extra.log import LoggedInFilter

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def connected():
    signals = (recorded, request_started, request_finished)
    before = [signal.receivers[:] for signal in signals]
    ours.connect()
    ours.connect()
    yield
    for signal, receivers in zip(signals, before, strict=True):
        signal.receivers = receivers
        signal.sender_receivers_cache.clear() if signal.use_caching else None
    structlog.contextvars.clear_contextvars()


@pytest.fixture
def events(settings):
    """What is logged by structlog; `failing.middleware.event_logger` stands outside and logs after the answer."""
    settings.MIDDLEWARE = ["failing.middleware.event_logger", *settings.MIDDLEWARE]
    kept = []

    def keep(logger, method, event):
        kept.append(event)
        raise structlog.DropEvent

    structlog.configure(processors=[structlog.contextvars.merge_contextvars, keep])
    yield kept
    structlog.reset_defaults()


def test_events_after_the_failure_have_it(client, events):
    client.get("/crash/")
    assert events == [{"event": "begin"}, {"event": "end", "logged_in": "anita (Anita Test)"}]


async def test_from_an_async_view(client, events):
    aclient = AsyncClient(raise_request_exception=False)
    aclient.cookies = client.cookies
    await aclient.get("/acrash/")
    assert events[1] == {"event": "end", "logged_in": "anita (Anita Test)"}


def test_next_request_of_the_same_thread_has_not(client, events):
    client.get("/crash/")
    assert structlog.contextvars.get_contextvars() == {}
    client.get("/fine/")
    assert events[2:] == [{"event": "begin"}, {"event": "end"}]


def test_next_request_has_not_though_the_last_was_never_ended(events):
    structlog.contextvars.bind_contextvars(logged_in="somebody", mine="stays")
    Client().get("/fine/")
    assert events == [{"event": "begin", "mine": "stays"}, {"event": "end", "mine": "stays"}]


def test_nobody(db, events):
    Client(raise_request_exception=False).get("/crash/")
    assert events[1] == {"event": "end"}


@pytest.mark.parametrize("step", [1, -1])
def test_thread_of_a_pool_has_not(step, client, events, settings):
    """Nobody would take it back; here before and after the request has passed our middleware."""
    with ThreadPoolExecutor(1) as pool:
        told = []

        def middleware(get_response):
            def look(request):
                record = logging.makeLogRecord({"levelno": logging.ERROR, "request": request})
                pool.submit(LoggedInFilter().filter, record).result(20)
                told.append(record.logged_in)
                return get_response(request)

            return look

        globals()["look"] = middleware
        settings.MIDDLEWARE = [
            *settings.MIDDLEWARE[:-1],
            *[f"{__name__}.look", settings.MIDDLEWARE[-1]][::step],
        ]
        client.get("/fine/")
        assert told == ["anita (Anita Test)" if step == 1 else ""]
        assert pool.submit(structlog.contextvars.get_contextvars).result(20) == {}


def test_request_sent_by_another(client, events, settings):
    """The outer one fails after the inner one has ended."""
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, f"{__name__}.asks_itself"]
    client.get("/crash/")
    assert [event.get("logged_in") for event in events] == [None, None, None, "anita (Anita Test)"]


def asks_itself(get_response):
    def middleware(request):
        if "Inner" not in request.headers:
            Client().get("/fine/", headers={"Inner": "yes"})
        return get_response(request)

    return middleware


async def fails(request):
    if request.headers.get("Within"):
        raise ValueError("inner")
    structlog.get_logger().info("asked")
    await ask_within(request.headers["How"])
    structlog.get_logger().info("answered")
    raise ValueError("outer")


async def ask_within(how):
    """Bert asks, who fails; or many of them at once; or somebody whose request is none that comes to our middleware."""
    user = await get_user_model().objects.aget(username="bert")
    client = AsyncClient(raise_request_exception=False)
    await client.aforce_login(user)
    path = "/turned_away/" if how == "turned away" else "/fails/"
    many = 3 if how == "many" else 1
    requests = [client.get(path, headers={"Within": "yes"}) for _ in range(many)]
    if how == "many":
        await asyncio.gather(*requests)
    else:
        for each in requests:
            await each


@async_only_middleware
def turns_away(get_response):
    """Fails before our middleware is asked."""

    async def middleware(request):
        if request.path == "/turned_away/":
            raise ValueError("turned away")
        return await get_response(request)

    return middleware


urlpatterns = [path("fails/", fails), path("turned_away/", fails)]


@pytest.mark.parametrize("how", ["one", "many", "turned away"])
@pytest.mark.parametrize("outer", ["WSGI", "ASGI"])
async def test_request_of_asgi_sent_by_another(outer, how, client, events, settings):
    """Each is known from the other, and the one that has ended from the one that goes on."""
    await get_user_model().objects.acreate_user("bert")
    settings.ROOT_URLCONF = __name__
    settings.MIDDLEWARE = [f"{__name__}.turns_away", *settings.MIDDLEWARE]
    settings.ADMINS = []
    headers = {"How": how}
    if outer == "ASGI":
        aclient = AsyncClient(raise_request_exception=False)
        aclient.cookies = client.cookies
        response = await aclient.get("/fails/", headers=headers)
    else:
        response = await asyncio.to_thread(client.get, "/fails/", headers=headers)
    assert response.status_code == 500
    said = [(each["event"], each.get("logged_in")) for each in events]
    outer_said = [each for each in said if each[0] in ("asked", "answered")]
    assert outer_said == [("asked", None), ("answered", None)]
    assert said[-1] == ("end", "anita (Anita Test)")
    within = [each for each in said if each[0] == "end"][:-1]
    assert within == [("end", "bert")] * {"one": 1, "many": 3, "turned away": 0}[how]


@pytest.mark.parametrize("sends", ["one", "nine", "unclosed", "direct"])
def test_outer_request_after_a_nested_one(sends, client, rf, anita, events):
    """What is said of the outer one is not said of the nested, and is again when these have ended."""
    request = rf.get("/")
    request.user = anita
    said = []

    def view(request):
        record = logging.makeLogRecord({"request": request, "levelno": logging.ERROR, "levelname": "ERROR"})
        LoggedInFilter().filter(record)
        if sends == "direct":
            WSGIHandler().get_response(rf.get("/fine/"))
        elif sends == "unclosed":
            said.append(client.get("/stream/"))
        for _ in range({"one": 1, "nine": 9}.get(sends, 0)):
            client.get("/crash/")
        said.append(structlog.contextvars.get_contextvars())
        raise ValueError("outer")

    def fail(request):
        try:
            return view(request)
        except ValueError as error:
            middleware.process_exception(request, error)
            return HttpResponse(status=500)

    middleware = ExceptionExtraMiddleware(fail)
    request_started.send(sender=None, environ=request.META)
    middleware(request)
    known = {"logged_in": "anita (Anita Test)"}
    # Of one that no client has sent it is only known when it comes to our middleware.
    first = known if sends == "direct" else {}
    begun = [each for each in events if each["event"] == "begin"]
    assert begun == [{"event": "begin"} | first] * len(begun)
    # Of one that has not ended nobody says so before the outer one fails.
    assert said[-1] == (known if sends in ("one", "nine") else {})
    assert structlog.contextvars.get_contextvars() == known
    request_finished.send(sender=None)
    assert structlog.contextvars.get_contextvars() == {}
