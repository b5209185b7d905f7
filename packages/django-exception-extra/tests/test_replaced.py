"""A `request.user` the project has put in the place of Django's: the report names whom the view sees, and nobody else."""

import sqlite3

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import AsyncClient, Client
from django.urls import include, path
from django.utils.decorators import async_only_middleware
from django.utils.functional import SimpleLazyObject
from failing.views import acrash, alogs_an_error, crash

from django_exception_extra import META_KEY

pytestmark = pytest.mark.django_db(transaction=True)


class Token:
    is_authenticated = True
    pk = 5

    def __str__(self):
        return "token-user"


class Flagless:
    """Nobody can say whether it is somebody."""

    @property
    def is_authenticated(self):
        raise LookupError("gone")


def raising():
    raise LookupError("gone")


def bert():
    return get_user_model().objects.get(username="bert")


# What is put into the place of Django's, and what the report says.
WORDS = {
    "lazy user": (lambda: SimpleLazyObject(bert), "bert"),
    "user": (bert, "bert"),
    "lazy token": (lambda: SimpleLazyObject(Token), "token-user"),
    "lazy nobody": (lambda: SimpleLazyObject(AnonymousUser), None),
    "nobody": (AnonymousUser, None),
}
# No word at all: then there is the session's, as such.
SILENT = {
    "none": lambda: None,
    "text": lambda: "anita",
    "flag raises": Flagless,
    "class": lambda: object,
    "lazy, raises": lambda: SimpleLazyObject(raising),
    "lazy, flag raises": lambda: SimpleLazyObject(Flagless),
    "lazy none": lambda: SimpleLazyObject(lambda: None),
}
# What was asked before: as `request.user` evaluated, as `await request.auser()`, the session, or nothing.
ASKED = ("user", "auser", "session", "nothing")


@pytest.fixture
def replacing(anita, settings):
    """A browser of Anita's whose requests get another `request.user`, after somebody has asked for the first."""
    get_user_model().objects.create_user("bert")
    settings.ADMINS = []
    settings.ROOT_URLCONF = __name__
    client = AsyncClient(raise_request_exception=False)
    client.force_login(anita)

    def put(make, asked):
        @async_only_middleware
        def replace(get_response):
            async def middleware(request):
                if asked == "user":
                    await request.auser()
                    request._cached_user = request._acached_user
                elif asked == "auser":
                    await request.auser()
                elif asked == "session":
                    await request.session.aget("anything")
                request.user = (
                    await get_user_model().objects.aget(username="bert") if make is bert else make()
                )
                return await get_response(request)

            return middleware

        globals()["replace"] = replace
        settings.MIDDLEWARE = [*settings.MIDDLEWARE[:-1], f"{__name__}.replace", settings.MIDDLEWARE[-1]]
        return client

    return put


urlpatterns = [
    path("crash/", crash),
    path("acrash/", acrash),
    path("alogs_an_error/", alogs_an_error),
    path("hijack/", include("hijack.urls")),
]


async def line_of(client, url):
    response = await client.get(url)
    assert response.status_code == 500
    return response.asgi_request.META.get(META_KEY)


@pytest.mark.parametrize("asked", ASKED)
@pytest.mark.parametrize("word", WORDS)
async def test_word_of_the_project(word, asked, replacing):
    make, line = WORDS[word]
    assert await line_of(replacing(make, asked), "/crash/") == line


@pytest.mark.parametrize("asked", ASKED)
@pytest.mark.parametrize("silent", SILENT)
async def test_no_word_of_the_project(silent, asked, replacing, anita):
    client = replacing(SILENT[silent], asked)
    assert await line_of(client, "/crash/") == f"id={anita.pk} (from the session)"


async def test_in_the_event_loop_nothing_is_known_of_a_lazy_one(replacing):
    """There it cannot be asked, and Django's user is another."""
    client = replacing(lambda: SimpleLazyObject(bert), "auser")
    assert META_KEY not in (await client.get("/alogs_an_error/")).asgi_request.META


@pytest.mark.parametrize("word", ["lazy nobody", "nobody"])
async def test_nobody_since_the_user_is_gone(word, replacing, anita):
    """Why the project says so is told."""
    client = replacing(WORDS[word][0], "session")
    pk = anita.pk
    await type(anita).objects.filter(pk=pk).adelete()
    assert await line_of(client, "/crash/") == f"id={pk} (from the session; deleted)"


@pytest.mark.parametrize("silent", SILENT)
async def test_session_django_does_not_believe(silent, replacing, anita):
    """The password is another one now; the session is left as it is, too."""
    client = replacing(SILENT[silent], "nothing")
    anita.set_password("new")
    await anita.asave()
    assert await line_of(client, "/crash/") is None
    assert await Session.objects.acount() == 1


async def test_function_says_nothing_of_what_is_no_user(replacing, settings):
    settings.EXCEPTION_EXTRA_IDENTITY = "failing.identities.path_and_user"
    assert await line_of(replacing(SILENT["lazy, raises"], "nothing"), "/crash/") is None


async def test_no_session_without_djangos_authentication(replacing, settings):
    """Whatever is in the session then, nobody reads it as a user."""
    client = replacing(SILENT["none"], "nothing")
    settings.MIDDLEWARE = [each for each in settings.MIDDLEWARE if "Authentication" not in each]
    assert await line_of(client, "/crash/") is None


class Notes(list):
    """What was asked; a class of its own."""


def test_user_that_fails_by_the_database_costs_no_second_query(anita, settings):
    """The database is locked when a lazy user is asked: the session, which is in the same one, is left alone."""
    settings.ADMINS = []
    settings.ROOT_URLCONF = __name__
    asked = Notes()
    # No list, of which the copy that is asked has one of its own.
    note = asked.append

    def locked():
        note("user")
        connection.cursor().execute("SELECT 1 FROM auth_user")

    def lock(get_response):
        def middleware(request):
            request.user = SimpleLazyObject(locked)
            connection.cursor().execute("PRAGMA busy_timeout = 10")
            other = sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)
            other.execute("BEGIN EXCLUSIVE")
            connection.connection.set_trace_callback(asked.append)
            try:
                return get_response(request)
            finally:
                other.close()
                connection.close()

        return middleware

    globals()["lock"] = lock
    settings.MIDDLEWARE = [*settings.MIDDLEWARE[:-1], f"{__name__}.lock", settings.MIDDLEWARE[-1]]
    client = Client(raise_request_exception=False)
    client.force_login(anita)
    assert META_KEY not in client.get("/crash/").wsgi_request.META
    assert asked == ["user", "SELECT 1 FROM auth_user"]


@pytest.mark.parametrize("session", ["failing.sessions_broken", "failing.sessions_nowhere"])
async def test_session_that_cannot_be_read(session, replacing, settings):
    client = replacing(SILENT["none"], "nothing")
    settings.SESSION_ENGINE = session
    assert await line_of(client, "/crash/") is None


@pytest.fixture
def both(settings):
    """The middleware of django-impersonate, and then that of django-hijack, which makes its lazy user of the other's."""
    settings.ADMINS = []
    settings.ROOT_URLCONF = __name__
    acting = ["impersonate.middleware.ImpersonateMiddleware", "hijack.middleware.HijackUserMiddleware"]
    settings.MIDDLEWARE = [*settings.MIDDLEWARE[:-1], *acting, settings.MIDDLEWARE[-1]]
    client = Client(raise_request_exception=False)
    client.force_login(get_user_model().objects.create_superuser("boss"))
    return client


@pytest.mark.parametrize("url", ["/crash/", "/acrash/"])
def test_impersonated_where_hijacking_is_possible(url, both, anita):
    session = both.session
    session["_impersonate"] = str(anita.pk)
    session.save()
    request = both.get(url).wsgi_request
    assert (
        request.META[META_KEY]
        == f"{request.user} (Anita Test), impersonated by boss"
        == ("anita (Anita Test), impersonated by boss")
    )


def test_hijacked_where_impersonation_is_possible(both, anita):
    boss = both.session["_auth_user_id"]
    assert both.post("/hijack/acquire/", {"user_pk": anita.pk}).status_code == 302
    line = both.get("/crash/").wsgi_request.META[META_KEY]
    assert line == f"anita (Anita Test), impersonated by id={boss}"


def test_nobody_acts_where_both_are_possible(both):
    assert both.get("/crash/").wsgi_request.META[META_KEY] == "boss"


@pytest.mark.parametrize("url", ["/crash/", "/acrash/"])
def test_backend_that_was_removed(url, client, anita, settings):
    """Django makes nobody of whoever logged in by it."""
    settings.ADMINS = []
    settings.AUTHENTICATION_BACKENDS = ["failing.backends.Backend"]
    line = client.get(url).wsgi_request.META[META_KEY]
    assert line == f"id={anita.pk} (from the session; backend removed)"
    type(anita).objects.update(is_active=False)
    assert client.get(url).wsgi_request.META[META_KEY] == line
    pk = anita.pk
    anita.delete()
    line = client.get(url).wsgi_request.META[META_KEY]
    assert line == f"id={pk} (from the session; deleted)"
