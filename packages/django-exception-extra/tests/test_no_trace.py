"""What must not happen: to a request that succeeds nothing at all, to one that fails nothing but the line."""

import pytest
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.signed_cookies import SessionStore
from django.contrib.sessions.models import Session
from django.core.signals import request_finished
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils.functional import empty
from failing.models import Addressed

from django_exception_extra import META_KEY, ExceptionExtraMiddleware, recorded

# The transaction pytest-django usually wraps around a test would add savepoints to what is counted here.
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def nobody_else_looks(settings):
    """Django's mail prints the user of its own accord; without a recipient it is not made."""
    settings.ADMINS = []


@pytest.mark.parametrize(
    "path",
    [
        "/fine/",
        "/stream/",
        "/answer/404/",
        "/answer/403/",
        "/answer/400/",
        "/answer/4000/",
        "/returned/404/",
        "/nowhere/",
    ],
)
def test_no_failure_no_look(path, client, django_assert_num_queries):
    with django_assert_num_queries(0):
        response = client.get(path)
    request = response.wsgi_request
    assert META_KEY not in request.META
    assert request.user._wrapped is empty
    assert not request.session.accessed
    assert "Vary" not in response


@pytest.mark.parametrize("path", ["/crash/", "/returned/500/", "/suspicious/"])
def test_failure_costs_two_queries_and_changes_nothing(path, client, django_assert_num_queries):
    with django_assert_num_queries(2):
        response = client.get(path)
    request = response.wsgi_request
    assert request.META[META_KEY] == "anita (Anita Test)"
    assert request.user._wrapped is empty
    assert not hasattr(request, "_cached_user")
    assert not request.session.accessed
    assert not hasattr(request.session, "_session_cache")
    assert "Vary" not in response
    assert not response.cookies


def test_failure_of_an_anonymous_costs_no_query(db, django_assert_num_queries):
    with django_assert_num_queries(0):
        response = Client(raise_request_exception=False).get("/crash/")
    assert META_KEY not in response.wsgi_request.META


def test_user_the_view_loaded_is_not_loaded_again(client, django_assert_num_queries):
    with django_assert_num_queries(2):
        response = client.get("/crash_knowing_the_user/")
    assert response.wsgi_request.META[META_KEY] == "anita (Anita Test)"
    assert response["Vary"] == "Cookie"


def test_error_page_that_shows_the_user_still_varies(client, settings):
    """Evaluating `request.user` itself would hide from Django that this page depends on the cookie."""
    settings.ROOT_URLCONF = "failing.urls_personal"
    response = client.get("/crash/")
    assert response.content == b"sorry, anita"
    assert response["Vary"] == "Cookie"
    assert response.wsgi_request.META[META_KEY] == "anita (Anita Test)"


def test_session_of_a_changed_password_is_not_ended(client, anita):
    """Django ends such a session when it next looks at the user; a failure is no occasion for that."""
    anita.set_password("new")
    anita.save()
    response = client.get("/crash/")
    assert META_KEY not in response.wsgi_request.META
    assert Session.objects.count() == 1
    assert not response.cookies


def test_session_of_a_former_secret_is_not_renewed(client, settings):
    """Django gives it a new key, but sends no cookie with an answer of 500: the user would be logged out."""
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another"
    key = client.cookies["sessionid"].value
    response = client.get("/crash/")
    assert response.wsgi_request.META[META_KEY] == "anita (Anita Test)"
    assert Session.objects.get().pk == key
    assert client.get("/who/").content == b"anita"


def test_what_the_view_has_of_the_session_is_not_changed(client, settings):
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another"
    stored = Session.objects.get().get_decoded()
    response = client.get("/crash_knowing_the_session/")
    assert response.wsgi_request.META[META_KEY] == "anita (Anita Test)"
    assert dict(response.wsgi_request.session.items()) == stored
    assert not response.wsgi_request.session.modified


def test_cookie_of_an_expired_session_is_not_deleted(client):
    Session.objects.all().delete()
    response = client.get("/crash/")
    assert META_KEY not in response.wsgi_request.META
    assert not response.cookies
    assert "Vary" not in response


@pytest.mark.parametrize("change", ["deleted", "inactive"])
@pytest.mark.parametrize("path", ["/crash/", "/crash_knowing_the_user/"])
def test_user_gone_while_the_session_lives(change, path, client, anita):
    session_id = anita.pk
    if change == "deleted":
        anita.delete()
    else:
        type(anita).objects.update(is_active=False)
    response = client.get(path)
    assert response.wsgi_request.META[META_KEY] == f"id={session_id} (from the session; {change})"


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("id", "id={pk} (from the session; deleted)"),
        ("masked", "id={pk} (from the session; deleted)"),
        ("username", "anita"),
        ("full", "anita (Anita Test)"),
    ],
)
def test_user_deleted_by_the_view(mode, expected, client, anita, settings):
    """`delete()` takes the id from the object the view has."""
    settings.EXCEPTION_EXTRA_IDENTITY = mode
    told = []

    def on_recorded(who, **_kwargs):
        told.append(dict(who.fields))

    recorded.connect(on_recorded)
    try:
        response = client.get("/delete_me_and_crash/")
    finally:
        recorded.disconnect(on_recorded)
    assert response.wsgi_request.META[META_KEY] == expected.format(pk=anita.pk)
    (fields,) = told
    assert fields.get("id") == (str(anita.pk) if mode in ("id", "masked") else None)


@pytest.mark.parametrize("mode", ["full", "username", "masked"])
def test_user_deleted_whose_name_was_the_key(mode, rf, settings):
    settings.EXCEPTION_EXTRA_IDENTITY = mode
    settings.AUTH_USER_MODEL = "failing.Addressed"
    request = rf.get("/")
    request.session = SessionStore()
    request.session["_auth_user_id"] = "anita"
    request.user = Addressed(pk=None)
    ExceptionExtraMiddleware(lambda request: None).process_exception(request, ValueError("crash"))
    told = "anita" if mode == "full" else "a***"
    assert request.META[META_KEY] == f"id={told} (from the session; deleted)"


@pytest.mark.parametrize("engine", ["signed_cookies", "cache", "file", "cached_db"])
def test_other_sessions(engine, anita, settings, tmp_path):
    settings.SESSION_ENGINE = f"django.contrib.sessions.backends.{engine}"
    settings.SESSION_FILE_PATH = tmp_path
    client = Client(raise_request_exception=False)
    client.force_login(anita)
    response = client.get("/crash/")
    assert response.wsgi_request.META[META_KEY] == "anita (Anita Test)"
    assert not response.wsgi_request.session.accessed
    assert client.get("/who/").content == b"anita"


def test_process_exception_returns_none(anita, rf: RequestFactory):
    request = rf.get("/")
    request.user = anita
    middleware = ExceptionExtraMiddleware(lambda request: None)
    assert middleware.process_exception(request, ValueError("crash")) is None
    assert request.META[META_KEY] == "anita (Anita Test)"


def test_plain_dict_as_session(anita, rf):
    """As tests of views often have it."""
    request = rf.get("/")
    request.user, request.session = anita, {SESSION_KEY: str(anita.pk)}
    ExceptionExtraMiddleware(lambda request: None).process_exception(request, ValueError("crash"))
    assert request.META[META_KEY] == "anita (Anita Test)"
    assert request.session == {SESSION_KEY: str(anita.pk)}


def test_connection_made_for_the_look_is_closed(anita, rf, tmp_path):
    request = rf.get("/")
    client = Client()
    client.force_login(anita)
    request.COOKIES = {"sessionid": client.cookies["sessionid"].value}
    _through_django_middleware(request)
    connection.close()
    ExceptionExtraMiddleware(lambda request: None).process_exception(request, ValueError("crash"))
    assert request.META[META_KEY] == "anita (Anita Test)"
    assert connection.connection is None


def _through_django_middleware(request):
    from django.contrib.auth.middleware import AuthenticationMiddleware
    from django.contrib.sessions.middleware import SessionMiddleware

    SessionMiddleware(lambda request: None).process_request(request)
    AuthenticationMiddleware(lambda request: None).process_request(request)


def test_open_connection_stays_open(client):
    with CaptureQueriesContext(connection):
        client.get("/crash/")
    assert connection.connection is not None
    request_finished.send(sender=None)
