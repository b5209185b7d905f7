"""The same through Django's async request handling, where exceptions are handled in other threads."""

import asyncio
import logging
import sqlite3

import pytest
from asgiref.sync import sync_to_async
from asgiref.testing import ApplicationCommunicator
from django.core.handlers.asgi import ASGIHandler
from django.db import connections
from django.db.backends.signals import connection_created
from django.test import AsyncClient

from django_exception_extra import META_KEY
from django_exception_extra.log import LoggedInFilter
from django_exception_extra.mail import AdminEmailHandler

pytestmark = [pytest.mark.asyncio, pytest.mark.django_db(transaction=True)]

ANITA = "'anita (Anita Test)'"


@pytest.fixture(autouse=True)
def opened():
    """The connections opened by the test, in every thread, each with the statements it has sent."""
    made = []

    def on_created(connection, **_kwargs):
        sent = []
        connection.connection.set_trace_callback(sent.append)
        made.append((connection, sent))

    connection_created.connect(on_created)
    yield made
    connection_created.disconnect(on_created)


async def start_counting(opened):
    await sync_to_async(connections.close_all)()
    opened.clear()


@pytest.fixture
def aclient(client):
    aclient = AsyncClient(raise_request_exception=False)
    aclient.cookies = client.cookies
    return aclient


@pytest.mark.parametrize(
    "path",
    [
        "/acrash/",
        "/acrash_knowing_the_user/",
        "/acrash_after_login/",
        "/areturned/",
        "/ano_answer/",
        "/no_answer/",
        "/crash/",
        "/crash_knowing_the_user/",
        "/returned/500/",
        "/template/",
    ],
)
async def test_failed(path, aclient, told):
    response = await aclient.get(path)
    assert response.status_code >= 500
    assert told() == ANITA


@pytest.mark.parametrize("place", ["in1", "out0", "out1"])
async def test_another_middleware_failed(place, aclient, told):
    assert (await aclient.get("/afine/", headers={"Sabotage": place})).status_code == 500
    assert told() == ANITA


async def test_after_logout(aclient, told):
    """`request.auser()` was asked before the logout, and would still give the old answer."""
    await aclient.get("/acrash_after_logout/")
    assert told() is None


async def test_after_the_session_ended(aclient, told):
    await aclient.get("/acrash_after_the_session_ended/")
    assert told() is None


class Kept(logging.Handler):
    """What reaches it, with who was logged in."""

    def __init__(self):
        super().__init__()
        self.addFilter(LoggedInFilter())
        self.lines = []

    def emit(self, record):
        self.lines.append(record.logged_in)


@pytest.fixture
def attached():
    """Attach a handler to the logger of the views."""
    logger = logging.getLogger("failing")
    handlers = []

    def attach(handler):
        logger.addHandler(handler)
        handlers.append(handler)
        return handler

    yield attach
    for handler in handlers:
        logger.removeHandler(handler)


KNOWN = pytest.mark.parametrize("known", ["auser", "user", "not"])


@KNOWN
@pytest.mark.parametrize("mode", ["full", "id"])
async def test_error_logged_in_the_event_loop(known, mode, aclient, anita, attached, settings):
    """What is known already needs no query; the rest waits for a look that can send one."""
    settings.EXCEPTION_EXTRA_IDENTITY = mode
    kept = attached(Kept())
    response = await aclient.get("/alogs_an_error/", headers={"Known": known})
    assert response.status_code == 200
    line = f"id={anita.pk}" if mode == "id" else "anita (Anita Test)"
    assert kept.lines == ["" if known == "not" else line]
    assert response.asgi_request.META.get(META_KEY, "") == kept.lines[0]


async def test_function_that_queries_in_the_event_loop(aclient, anita, attached, settings):
    settings.EXCEPTION_EXTRA_IDENTITY = "failing.identities.asks_database"
    kept = attached(Kept())
    assert (await aclient.get("/alogs_an_error/", headers={"Known": "user"})).status_code == 200
    assert kept.lines == [""]


@KNOWN
@pytest.mark.parametrize("identity", ["id", "failing.identities.raises", "no.such.function"])
async def test_mail_from_the_event_loop_tells_no_name(
    known, identity, aclient, anita, attached, mailoutbox, settings
):
    settings.EXCEPTION_EXTRA_IDENTITY = identity
    settings.DEFAULT_EXCEPTION_REPORTER = "django_exception_extra.reporter.ExceptionReporter"
    attached(AdminEmailHandler(include_html=True))
    await aclient.get("/alogs_an_error/", headers={"Known": known})
    (mail,) = mailoutbox
    (html, _) = mail.alternatives[0]
    told = f"id={anita.pk}" if identity == "id" and known != "not" else "nobody, or nobody known"
    assert f"USER: {told}" in mail.body.splitlines()
    assert told in html
    assert "anita" not in mail.subject + mail.body + html


async def test_user_from_auser_is_not_loaded_again(aclient, opened, settings):
    settings.ADMINS = []
    await start_counting(opened)
    response = await aclient.get("/acrash_knowing_the_user/")
    assert response.asgi_request.META[META_KEY] == "anita (Anita Test)"
    statements = [sql for _, sent in opened for sql in sent]
    assert len([sql for sql in statements if "auth_user" in sql]) == 1


async def test_connection_of_a_pool_thread_is_closed(aclient, opened, settings):
    """Django handles what an async middleware raises in a thread of a pool, where nobody closes connections."""
    settings.ADMINS = []
    settings.MIDDLEWARE = ["failing.middleware.async_saboteur", *settings.MIDDLEWARE]
    await start_counting(opened)
    response = await aclient.get("/afine/")
    assert response.status_code == 500
    assert response.asgi_request.META[META_KEY] == "anita (Anita Test)"
    ((connection, sent),) = opened
    assert len(sent) == 2
    assert connection.connection is None


@pytest.mark.parametrize("before", [0, 1])
async def test_database_in_trouble_is_not_asked_again(before, aclient, opened, settings, monkeypatch):
    """In the thread of the pool no connection knows what has happened in another; it may have looked for others, too."""
    settings.ADMINS = []
    settings.MIDDLEWARE = ["failing.middleware.async_querying", *settings.MIDDLEWARE]
    for _ in range(before):
        response = await aclient.get("/afine/", headers={"Twice": "yes"})
        assert response.asgi_request.META[META_KEY] == "anita (Anita Test)"
    await start_counting(opened)
    attempts = []

    def refused(connection, parameters):
        attempts.append(parameters)
        raise sqlite3.OperationalError("unable to open database file")

    monkeypatch.setattr(type(connections["default"]), "get_new_connection", refused)
    response = await aclient.get("/afine/")
    assert response.status_code == 500
    assert len(attempts) == 1


async def test_statement_of_async_middleware_failed(aclient, settings):
    """The database is well."""
    settings.ADMINS = []
    settings.MIDDLEWARE = ["failing.middleware.async_querying", *settings.MIDDLEWARE]
    response = await aclient.get("/afine/", headers={"Twice": "yes"})
    assert response.status_code == 500
    assert response.asgi_request.META[META_KEY] == "anita (Anita Test)"


async def test_success_is_not_looked_at(aclient):
    response = await aclient.get("/afine/")
    assert META_KEY not in response.asgi_request.META
    assert not response.asgi_request.session.accessed
    assert not hasattr(response.asgi_request, "_cached_user")
    assert "Vary" not in response


async def test_many_at_once_keep_their_users_apart(anita, client, settings):
    settings.ADMINS = []
    clients = [AsyncClient(raise_request_exception=False) for _ in range(8)]
    for one in clients[::2]:
        one.cookies = client.cookies
    responses = await asyncio.gather(*(one.get("/acrash/") for one in clients))
    lines = [response.asgi_request.META.get(META_KEY) for response in responses]
    assert lines == ["anita (Anita Test)", None] * 4


@pytest.mark.parametrize("path", ["/acrash/", "/crash/"])
async def test_asgi_handler(path, client, told):
    """The handler an ASGI server calls, not the one of Django's test client."""
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "method": "GET",
        "path": path,
        "query_string": b"",
        "headers": [
            (b"host", b"testserver"),
            (b"cookie", f"sessionid={client.cookies['sessionid'].value}".encode()),
        ],
    }
    server = ApplicationCommunicator(ASGIHandler(), scope)
    await server.send_input({"type": "http.request", "body": b""})
    start = await server.receive_output(60)
    await server.receive_output(60)
    await server.wait(60)
    assert start["status"] == 500
    assert told() == ANITA
