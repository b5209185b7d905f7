"""The acceptance test: a view fails, and the error mail of Django itself says who was logged in."""

import io

import pytest
from django.contrib.auth import get_user_model
from django.core.handlers.wsgi import WSGIHandler
from django.test import Client, RequestFactory
from failing.middleware import Reporter, Saboteur

# The transaction pytest-django usually wraps around a test would be an outer transaction of the request.
pytestmark = pytest.mark.django_db(transaction=True)

ANITA = "'anita (Anita Test)'"


@pytest.mark.parametrize(
    "path",
    [
        "/crash/",
        "/crash_knowing_the_user/",
        "/crash_knowing_the_session/",
        "/template/",
        "/suspicious/",
        "/twice/",
        "/twice_hidden/",
        "/twice_in_a_group/",
        "/returned/500/",
        "/returned/503/",
        "/no_template/",
        "/no_answer/",
    ],
)
def test_failed(path, client, told):
    client.get(path)
    assert told() == ANITA


@pytest.mark.parametrize("place", ["in1", "out0", "out1"])
def test_another_middleware_failed(place, client, told):
    assert client.get("/fine/", headers={"Sabotage": place}).status_code == 500
    assert told() == ANITA


@pytest.mark.parametrize(
    ("hook", "path"),
    [("view", "/fine/"), ("template_response", "/template/"), ("exception", "/crash/")],
)
@pytest.mark.parametrize("step", [1, -1])
def test_hook_of_another_middleware_failed(hook, path, step, client, told, settings):
    *others, ours = settings.MIDDLEWARE
    settings.MIDDLEWARE = [*others, *[ours, "failing.middleware.Stumbling"][::step]]
    assert client.get(path, headers={"Stumble": hook}).status_code == 500
    assert told() == ANITA


def test_failed_before_authentication(client, told):
    """Before AuthenticationMiddleware there is no `request.user`, only a session nobody has read."""
    response = client.get("/fine/", headers={"Sabotage": "in0"})
    assert told() == ANITA
    assert not hasattr(response.wsgi_request, "user")
    assert not response.wsgi_request.session.accessed


def test_failed_before_there_was_a_session(client, told, settings):
    settings.MIDDLEWARE = ["failing.middleware.Saboteur", "failing.middleware.Saboteur", *settings.MIDDLEWARE]
    Saboteur.places = 0
    response = client.get("/fine/", headers={"Sabotage": "in0"})
    assert response.status_code == 500
    assert told() == ANITA
    assert not hasattr(response.wsgi_request, "session")


@pytest.mark.parametrize("cookies", [{}, {"sessionid": "no such session"}])
def test_failed_before_there_was_a_session_and_nobody_is_logged_in(cookies, db, told):
    stranger = Client(raise_request_exception=False)
    stranger.cookies.load(cookies)
    assert stranger.get("/fine/", headers={"Sabotage": "in0"}).status_code == 500
    assert told() is None


def test_position_does_not_matter_for_other_middleware(client, told, settings):
    settings.MIDDLEWARE = [settings.MIDDLEWARE[-1], *settings.MIDDLEWARE[:-1]]
    client.get("/fine/", headers={"Sabotage": "in1"})
    assert told() == ANITA


def test_with_an_address(client, anita, told):
    anita.email = "a@x.org"
    anita.save()
    client.get("/crash/")
    assert told() == "'anita a@x.org (Anita Test)'"


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("id", "'id={pk}'"),
        ("username", "'anita'"),
        ("masked", "'id={pk} a*** a***@x*** (A*** T***)'"),
        ("full", "'anita a@x.org (Anita Test)'"),
        ("failing.identities.path_and_user", "'anita at /crash/'"),
        ("failing.identities.asks_database", "'anita of 0'"),
        ("failing.identities.nobody", None),
        ("failing.identities.raises", None),
        ("failing.identities.missing", None),
        ("failing.identities.not_callable", None),
        ("fulll", None),
        (7, None),
    ],
)
def test_identity(mode, expected, client, anita, told, settings):
    settings.EXCEPTION_EXTRA_IDENTITY = mode
    anita.email = "a@x.org"
    anita.save()
    client.get("/crash/")
    assert told() == (expected and expected.format(pk=anita.pk))


def test_hostile_identity_stays_one_line(client, told, mailoutbox, settings):
    settings.EXCEPTION_EXTRA_IDENTITY = "failing.identities.hostile"
    client.get("/crash/")
    assert told() == repr(r"anita\r\nBcc: everybody@example.org\n\x1b[2J\ud800")
    assert mailoutbox[0].message()["Bcc"] is None
    assert b"\nBcc:" not in mailoutbox[0].message().as_bytes()


def test_hostile_name_stays_one_line(client, anita, told):
    anita.last_name = "Test)\r\nERROR-X-LOGGED-IN = 'boss"
    anita.save()
    client.get("/crash/")
    assert told() == repr(r"anita (Anita Test\x29\r\nERROR-X-LOGGED-IN = 'boss)")


def test_client_cannot_send_the_line(told, mailoutbox, db):
    Client(raise_request_exception=False).get("/crash/", headers={"Error-X-Logged-In": "boss"})
    assert told() is None
    assert "HTTP_ERROR_X_LOGGED_IN = 'boss'" in mailoutbox[0].body


def test_anonymous(db, told):
    Client(raise_request_exception=False).get("/crash/")
    assert told() is None


def test_after_logout(client, told):
    client.get("/crash_after_logout/")
    assert told() is None


def test_without_authentication(client, told, settings):
    settings.MIDDLEWARE = ["django_exception_extra.ExceptionExtraMiddleware"]
    assert client.get("/crash/").status_code == 500
    assert told() is None


def test_without_the_middleware(client, told, settings):
    client.get("/fine/")
    settings.MIDDLEWARE = [m for m in settings.MIDDLEWARE if "exception_extra" not in m]
    other = Client(raise_request_exception=False)
    other.cookies = client.cookies
    other.get("/crash/")
    assert told() is None


def test_authentication_of_another_kind(db, told, settings):
    settings.MIDDLEWARE = ["failing.middleware.ambassador", "django_exception_extra.ExceptionExtraMiddleware"]
    Client(raise_request_exception=False).get("/crash/")
    assert told() == "'token-user'"


def test_reporter_with_process_exception_sees_it(client, settings):
    settings.MIDDLEWARE = [*settings.MIDDLEWARE[:-1], "failing.middleware.Reporter", settings.MIDDLEWARE[-1]]
    Reporter.seen.clear()
    client.get("/crash/")
    assert Reporter.seen == ["anita (Anita Test)"]


@pytest.mark.parametrize(
    ("model", "fields", "expected"),
    [
        ("failing.Handle", {"handle": "anita"}, "'anita'"),
        ("failing.Member", {"address": "anita@x.org", "nick": "Nita"}, "'anita@x.org (Nita)'"),
    ],
)
def test_custom_user_model(model, fields, expected, db, told, settings):
    settings.AUTH_USER_MODEL = model
    settings.AUTHENTICATION_BACKENDS = ["failing.backends.Backend"]
    user = get_user_model().objects.create(**fields)
    client = Client(raise_request_exception=False)
    client.force_login(user)
    client.get("/crash/")
    assert told() == expected


@pytest.mark.parametrize(("in_debug", "shown"), [(False, False), (True, True)])
def test_debug(in_debug, shown, client, settings):
    settings.DEBUG = True
    settings.EXCEPTION_EXTRA_IN_DEBUG = in_debug
    page = client.get("/crash/").content.decode()
    assert "ValueError at /crash/" in page
    assert ("ERROR-X-LOGGED-IN" in page) == shown


def test_wsgi_handler(client, told):
    """The handler a WSGI server calls, not the one of Django's test client."""
    status = []
    environ = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": "/crash/",
        "SERVER_NAME": "testserver",
        "SERVER_PORT": "80",
        "HTTP_COOKIE": f"sessionid={client.cookies['sessionid'].value}",
        "wsgi.input": io.BytesIO(),
        "wsgi.url_scheme": "http",
    }
    response = WSGIHandler()(environ, lambda line, headers: status.append(line))
    response.close()
    assert status == ["500 Internal Server Error"]
    assert told() == ANITA
    assert environ["ERROR-X-LOGGED-IN"] == "anita (Anita Test)"


class OwnHandler(WSGIHandler):
    """A project's own way to handle requests, around all middleware."""

    def get_response(self, request):
        request.META["OWN"] = "yes"
        return super().get_response(request)


def test_custom_handler(client, mailoutbox, told):
    environ = RequestFactory().get("/crash/").environ | {
        "HTTP_COOKIE": f"sessionid={client.cookies['sessionid'].value}"
    }
    OwnHandler()(environ, lambda line, headers: None).close()
    assert told() == ANITA
    assert "OWN = 'yes'" in mailoutbox[0].body


def test_middleware_class_of_the_project(client, told, settings):
    settings.MIDDLEWARE = [*settings.MIDDLEWARE[:-1], "failing.middleware.OwnExceptionExtra"]
    client.get("/fine/", headers={"Sabotage": "out0"})
    assert told() == ANITA
