"""When the database, the session or the user model are the trouble: never worse, and the most that is known is said."""

import logging
import re
import sqlite3

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth import get_user_model, login
from django.core.handlers.base import BaseHandler
from django.core.signals import got_request_exception
from django.db import connection, connections
from django.db.backends.signals import connection_created
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path
from failing.models import Log
from failing.views import break_transaction

from django_exception_extra import META_KEY, ExceptionExtraMiddleware, Who, who

UNABLE = "Unable to debug who was logged in"


# The transaction pytest-django usually wraps around a test would be an outer transaction of the request.
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def nobody_else_looks(settings):
    settings.ADMINS = []


@pytest.fixture(autouse=True)
def database_that_is_back_afterwards(transactional_db):
    name = connection.settings_dict["NAME"]
    yield
    connection.settings_dict["NAME"] = name


@pytest.fixture
def logged(caplog):
    """What the package has logged, at every level."""
    caplog.set_level(logging.DEBUG, "django_exception_extra")
    return lambda: [r for r in caplog.records if r.name == "django_exception_extra"]


@pytest.fixture
def fail(client):
    """Ask for a path that fails; returns (the line, the statements that reached the database)."""

    def get(path):
        sent = []
        connection.ensure_connection()
        # SQLite's own word on what reached it: Django's list of queries has those it refused to send, too.
        connection.connection.set_trace_callback(sent.append)
        try:
            response = client.get(path)
        finally:
            if connection.connection is not None:
                connection.connection.set_trace_callback(None)
        assert response.status_code >= 500
        return response.wsgi_request.META.get(META_KEY), sent

    return get


def looked_up(queries):
    return [sql for sql in queries if "auth_user" in sql or "django_session" in sql]


@pytest.fixture
def outer_atomic(settings):
    settings.MIDDLEWARE = [*settings.MIDDLEWARE[:-1], "failing.middleware.atomic", settings.MIDDLEWARE[-1]]


@pytest.fixture
def atomic_requests():
    connection.settings_dict["ATOMIC_REQUESTS"] = True
    yield
    connection.settings_dict["ATOMIC_REQUESTS"] = False


@pytest.mark.parametrize("path", ["/twice/", "/twice_hidden/", "/twice_in_a_group/", "/crash/"])
@pytest.mark.parametrize("atomic", [False, True])
def test_a_query_failed_and_nothing_is_broken(path, atomic, fail, request):
    if atomic:
        request.getfixturevalue("atomic_requests")
    line, _ = fail(path)
    assert line == "anita (Anita Test)"
    assert Log.objects.count() == (0 if atomic or path == "/crash/" else 1)


@pytest.mark.parametrize(
    ("path", "by_the_view"),
    [
        ("/twice/", 0),
        ("/twice_in_sql/", 2),
        ("/twice_hidden/", 2),
        ("/twice_in_a_group/", 2),
        ("/break_transaction/", 0),
        ("/break_transaction_knowing_the_session/", 1),
        ("/twice_in_sql_with_a_deferred_user/", 5),
        ("/break_transaction_with_a_deferred_user/", 1),
    ],
)
def test_broken_outer_transaction(path, by_the_view, fail, outer_atomic):
    """The look goes over a connection of its own, except where SQL failed and SQLite answers as before."""
    before = connections["default"]
    line, sent = fail(path)
    assert line == "anita (Anita Test)"
    assert len(looked_up(sent)) == by_the_view
    assert connections["default"] is before
    assert before.connection is not None


def test_broken_outer_transaction_and_a_user_that_is_there(fail, outer_atomic):
    line, sent = fail("/break_transaction_knowing_the_user/")
    assert line == "anita (Anita Test)"
    assert len(looked_up(sent)) == 2


def test_connection_made_aside_is_closed(client, outer_atomic):
    made = []

    def on_created(connection, **_kwargs):
        made.append(connection)

    connection.ensure_connection()
    connection_created.connect(on_created)
    try:
        response = client.get("/break_transaction/")
    finally:
        connection_created.disconnect(on_created)
    assert response.wsgi_request.META[META_KEY] == "anita (Anita Test)"
    (aside,) = made
    assert aside is not connections["default"]
    assert aside.connection is None


@pytest.mark.parametrize(("timeout", "expected"), [(20, 1.0), (0.5, 0.5), (None, 1.0)])
def test_connection_made_aside_has_little_patience_and_no_pool(
    timeout, expected, client, outer_atomic, monkeypatch
):
    made = []

    def on_created(connection, **_kwargs):
        made.append(connection)

    connection.ensure_connection()
    # From now on only: SQLite itself refuses an option `pool`, and the look would fail with it.
    options = {"pool": True} | ({} if timeout is None else {"timeout": timeout})
    monkeypatch.setitem(connection.settings_dict, "OPTIONS", options)
    connection_created.connect(on_created)
    try:
        response = client.get("/break_transaction/")
    finally:
        connection_created.disconnect(on_created)
    assert response.wsgi_request.META[META_KEY] == "anita (Anita Test)"
    (aside,) = made
    assert aside.settings_dict["OPTIONS"] == {"timeout": expected}
    assert connection.settings_dict["OPTIONS"] == options


def test_user_deleted_in_the_transaction_that_broke(fail, outer_atomic, anita):
    """The other connection sees what was committed: she is not gone, since the deletion never happened."""
    line, _ = fail("/delete_me_and_break/")
    assert line == "anita (Anita Test)"


@pytest.mark.parametrize("change", ["deleted", "inactive"])
@pytest.mark.parametrize("path", ["/break_transaction/", "/break_transaction_knowing_the_session/"])
def test_user_gone_and_a_broken_transaction(path, change, fail, outer_atomic, anita):
    """The other connection has looked, and can say why there is nobody."""
    session_id = anita.pk
    if change == "deleted":
        anita.delete()
    else:
        type(anita).objects.update(is_active=False)
    line, sent = fail(path)
    assert line == f"id={session_id} (from the session; {change})"
    assert not any("auth_user" in sql for sql in sent)


def test_user_made_in_the_transaction_that_broke(outer_atomic, settings):
    """Another connection does not see one who never came to be: that is no deletion."""
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
    settings.ROOT_URLCONF = __name__
    response = Client(raise_request_exception=False).get("/sign_up/")
    assert re.fullmatch(r"id=\d+ \(from the session\)", response.wsgi_request.META[META_KEY])


def sign_up(request):
    login(request, get_user_model().objects.create_user("berta"))
    del request.user
    break_transaction(request)


urlpatterns = [path("sign_up/", sign_up)]


def test_function_that_queries_in_a_broken_transaction(fail, outer_atomic, settings):
    settings.EXCEPTION_EXTRA_IDENTITY = "failing.identities.asks_database"
    line, sent = fail("/break_transaction_knowing_the_user/")
    assert line == "anita of 0"
    assert not any("failing_log" in sql for sql in sent)


@pytest.mark.parametrize(
    "path", ["/no_such_table/", "/no_such_table_knowing_the_session/", "/no_such_table_answered/"]
)
def test_statement_failed_and_the_database_is_well(path, fail):
    line, _ = fail(path)
    assert line == "anita (Anita Test)"


@pytest.mark.parametrize(
    ("path", "expected", "look_ups"),
    [("/gone/", None, 0), ("/gone_knowing_the_session/", "id={pk} (from the session)", 1)],
)
def test_sick_database_is_not_asked_again(path, expected, look_ups, fail, anita):
    line, queries = fail(path)
    assert line == (expected and expected.format(pk=anita.pk))
    assert len(looked_up(queries)) == look_ups


def test_sick_database_seen_by_another_middleware(client, django_assert_num_queries):
    with django_assert_num_queries(0):
        response = client.get("/fine/", headers={"Sabotage": "gone1"})
    assert response.status_code == 500
    assert META_KEY not in response.wsgi_request.META


@pytest.mark.parametrize("engine", ["signed_cookies", "cache"])
def test_sick_database_and_a_session_elsewhere(engine, anita, settings):
    settings.SESSION_ENGINE = f"django.contrib.sessions.backends.{engine}"
    client = Client(raise_request_exception=False)
    client.force_login(anita)
    response = client.get("/gone/")
    assert response.wsgi_request.META[META_KEY] == f"id={anita.pk} (from the session)"
    assert not response.wsgi_request.session.accessed


def test_unreachable_database_is_not_asked_again(client, monkeypatch, tmp_path, logged):
    """A connection that cannot be made may take long to say so: once is enough."""
    attempts = []

    def connect(parameters):
        attempts.append(parameters)
        return sqlite3.connect(tmp_path / "no such folder" / "database")

    connection.close()
    monkeypatch.setattr(connections["default"], "get_new_connection", connect)
    response = client.get("/crash_knowing_the_user/")
    assert response.status_code == 500
    assert META_KEY not in response.wsgi_request.META
    assert len(attempts) == 1
    assert logged() == []


def test_id_is_told_though_the_reason_cannot_be_found(client, anita, settings, logged):
    """The user model is another one now; the session is of the old one, and the backend is gone."""
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
    browser = Client(raise_request_exception=False)
    browser.force_login(anita)
    settings.AUTHENTICATION_BACKENDS = ["failing.backends.Nobody"]
    settings.AUTH_USER_MODEL = "failing.Stranded"
    response = browser.get("/crash/")
    assert response.wsgi_request.META[META_KEY] == f"id={anita.pk} (from the session)"
    assert [record.message for record in logged()] == [UNABLE]


def test_locked_database(client, anita):
    """Another process holds the database; the look gives up with what the view gave up with."""
    connection.cursor().execute("PRAGMA busy_timeout = 10")
    other = sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    try:
        response = client.get("/crash_knowing_the_user/")
    finally:
        other.close()
        connection.close()
    assert response.status_code == 500
    assert META_KEY not in response.wsgi_request.META
    assert client.get("/who/").content == b"anita"


@pytest.mark.parametrize(
    ("engine", "message"),
    [
        ("failing.sessions_nowhere", "no such table"),
        ("failing.sessions_broken", "the session server is gone"),
    ],
)
def test_session_that_cannot_be_read(engine, message, fail, settings, logged):
    settings.SESSION_ENGINE = engine
    line, _ = fail("/crash/")
    assert line is None
    (record,) = logged()
    assert (record.message, record.levelname) == (UNABLE, "DEBUG")
    assert message in str(record.exc_info[1])


def test_failing_look_does_not_break_the_transaction_around(fail, outer_atomic, settings):
    settings.SESSION_ENGINE = "failing.sessions_nowhere"
    line, queries = fail("/crash/")
    assert line is None
    assert any(sql.startswith("ROLLBACK TO SAVEPOINT") for sql in queries)
    assert Log.objects.get().text == "middleware"


def raising(*_args):
    raise LookupError("hostile")


class Odd:
    """A user that is authenticated, unless told otherwise."""

    is_authenticated = True
    pk = 5


USERS = {
    "none": (None, None),
    "text": ("anita", None),
    "str raises": (type("U", (Odd,), {"__str__": raising}), "id=5"),
    "str raises, more is there": (
        type("U", (Odd,), {"__str__": raising, "email": "a@x.org", "first_name": "Anita"}),
        "a@x.org (Anita)",
    ),
    "str is no text": (type("U", (Odd,), {"__str__": lambda self: 7}), "id=5"),
    "flag raises": (type("U", (Odd,), {"is_authenticated": property(raising)}), None),
    "email raises": (
        type("U", (Odd,), {"__str__": lambda s: "anita", "email": property(raising), "last_name": "Test"}),
        "anita (Test)",
    ),
    "first name raises": (
        type(
            "U", (Odd,), {"__str__": lambda s: "anita", "email": "a@x.org", "first_name": property(raising)}
        ),
        "anita a@x.org",
    ),
    "full name raises": (
        type("U", (Odd,), {"__str__": lambda s: "anita", "get_full_name": raising}),
        "anita",
    ),
    "key raises": (type("U", (Odd,), {"__str__": lambda s: "anita", "pk": property(raising)}), "anita"),
    "no key": (type("U", (), {"is_authenticated": True, "__str__": lambda s: "device-17"}), "device-17"),
    "nothing at all": (type("U", (), {"is_authenticated": True, "__str__": lambda s: ""}), None),
    "blank name": (type("U", (Odd,), {"__str__": lambda s: " "}), "id=5"),
    "flag is a method, true": (
        type("U", (Odd,), {"is_authenticated": lambda s: True, "__str__": lambda s: "old"}),
        "old",
    ),
    "flag is a method, false": (type("U", (Odd,), {"is_authenticated": lambda s: False}), None),
    "exits": (type("U", (Odd,), {"__str__": lambda self: [].append(raising())}), "id=5"),
    "very long": (type("U", (Odd,), {"__str__": lambda self: "x" * 10_000_000}), "x" * 1023 + "…"),
}


@pytest.mark.parametrize("name", USERS)
def test_odd_users_never_raise(name, rf):
    user, expected = USERS[name]
    request = rf.get("/")
    request.user = user() if isinstance(user, type) else user
    assert ExceptionExtraMiddleware(BaseHandler()).process_exception(request, ValueError("crash")) is None
    assert request.META.get(META_KEY) == expected


class Slotted:
    __slots__ = ("META", "status_code", "user")


ODD_REQUESTS = {
    "slots": Slotted,
    "dict": dict,
    "text": lambda: "a request",
    "none": lambda: None,
    "bare": HttpRequest,
    "without META": lambda: without_meta(),
}


def without_meta():
    request = HttpRequest()
    del request.META
    return request


@pytest.mark.parametrize("name", ODD_REQUESTS)
@pytest.mark.parametrize("status", [200, 500])
@pytest.mark.parametrize("how", ["call", "exception", "signal", "log", "at hand"])
def test_what_is_no_request_of_django_never_raises(how, status, name):
    request, answer = ODD_REQUESTS[name](), HttpResponse(status=status)
    middleware = ExceptionExtraMiddleware(lambda request: answer)
    if how == "call":
        assert middleware(request) is answer
    elif how == "exception":
        assert middleware.process_exception(request, ValueError("crash")) is None
    elif how == "signal":
        # What a receiver raises of what it is sent, `send()` passes on.
        got_request_exception.send(sender=None, request=request)
    elif how == "log":
        logging.getLogger("django.security.Odd").error("wrong", extra={"request": request})
    else:
        assert who.at_hand(request, None) in (None, Who())


async def test_what_is_no_request_of_django_never_raises_in_the_event_loop():
    for make in ODD_REQUESTS.values():
        assert who.at_hand(make(), None) is None


def test_odd_requests_never_raise(logged):
    middleware = ExceptionExtraMiddleware(BaseHandler())
    request = HttpRequest()
    request.user = type("U", (Odd,), {"__str__": lambda self: "anita"})()
    del request.META
    assert middleware.process_exception(request, ValueError("crash")) is None
    assert [record.message for record in logged()] == [UNABLE]
    assert middleware.process_exception(None, ValueError("crash")) is None


async def test_signal_from_the_event_loop(anita, rf):
    """No query can be sent there: nothing is said, and the request can still be looked at later."""
    request = rf.get("/")
    got_request_exception.send(sender=None, request=request)
    assert META_KEY not in request.META
    request.user = anita
    await sync_to_async(got_request_exception.send)(sender=None, request=request)
    assert request.META[META_KEY] == "anita (Anita Test)"


def test_exceptions_that_form_a_circle(client, anita, rf):
    first, second = ValueError("first"), KeyError("second")
    first.__context__, second.__context__ = second, first
    request = rf.get("/")
    request.user = anita
    ExceptionExtraMiddleware(BaseHandler()).process_exception(request, first)
    assert request.META[META_KEY] == "anita (Anita Test)"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("returns_a_coroutine", None),
        ("returns_a_generator", None),
        ("returns_an_async_generator", None),
        ("returns_blanks", None),
        ("returns_a_number", "0"),
    ],
)
def test_odd_answers_of_a_function(name, expected, anita, rf, settings, logged):
    """None of them is written into a report as what it is, and Python warns of no coroutine that was never awaited."""
    settings.EXCEPTION_EXTRA_IDENTITY = f"failing.identities.{name}"
    request = rf.get("/")
    request.user = anita
    assert ExceptionExtraMiddleware(BaseHandler()).process_exception(request, ValueError("crash")) is None
    assert request.META.get(META_KEY) == expected
    messages = [str(record.exc_info[1]) for record in logged()]
    assert messages == (
        [f"{PREFIX}{RETURNED[name]}; it must return str or None."] if name in RETURNED else []
    )


PREFIX = "The function of EXCEPTION_EXTRA_IDENTITY returned a "
RETURNED = {
    "returns_a_coroutine": "coroutine",
    "returns_a_generator": "generator",
    "returns_an_async_generator": "async_generator",
}


@pytest.mark.parametrize("mode", ["full", "username", "masked", "id"])
def test_user_without_a_key(mode, rf, settings):
    """Such as a device that proves itself by a token: what it is called is all there is."""
    settings.EXCEPTION_EXTRA_IDENTITY = mode
    request = rf.get("/")
    request.user = USERS["no key"][0]()
    ExceptionExtraMiddleware(BaseHandler()).process_exception(request, ValueError("crash"))
    expected = {"full": "device-17", "username": "device-17", "masked": "d***", "id": None}
    assert request.META.get(META_KEY) == expected[mode]
