"""The user in structlog's context, from the failure to the end of the request."""

import logging
from concurrent.futures import ThreadPoolExecutor

import pytest
import structlog
from django.core.signals import request_finished, request_started
from django.test import AsyncClient, Client

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


def test_outer_request_that_fails_after_a_nested_one(client, rf, anita):
    """What ended with the nested one is said of the outer one again, when that fails for good."""
    request = rf.get("/")
    request.user = anita
    request_started.send(sender=None, environ=request.META)
    record = logging.makeLogRecord({"request": request, "levelno": logging.ERROR, "levelname": "ERROR"})
    LoggedInFilter().filter(record)
    client.get("/fine/")
    assert structlog.contextvars.get_contextvars() == {}
    ExceptionExtraMiddleware(lambda request: None).process_exception(request, ValueError("crash"))
    assert structlog.contextvars.get_contextvars() == {"logged_in": "anita (Anita Test)"}
    request_finished.send(sender=None)
    assert structlog.contextvars.get_contextvars() == {}
