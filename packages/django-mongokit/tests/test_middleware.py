"""The middleware against a real server that is killed and comes back."""

import asyncio
import logging
import signal
import subprocess
from concurrent.futures import ThreadPoolExecutor
from importlib import metadata

import pymongo
import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connections
from django.http import HttpResponse, StreamingHttpResponse
from django.template import TemplateDoesNotExist
from django.test import AsyncClient, AsyncRequestFactory, Client, RequestFactory
from django.utils.decorators import decorator_from_middleware
from free_ports import free_port
from pymongo.errors import (
    AutoReconnect,
    ConnectionFailure,
    NetworkTimeout,
    NotPrimaryError,
    OperationFailure,
    PyMongoError,
    ServerSelectionTimeoutError,
    WaitQueueTimeoutError,
)

from django_mongokit.middleware import DatabaseUnavailableMiddleware
from django_mongokit.mongodb import pool

#: PyMongo by itself would wait for 30.
SECONDS = 20


def within(seconds, function, *arguments):
    """Return what the function returns; a TimeoutError when it takes longer."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(function, *arguments).result(timeout=seconds)


class Server:
    """A server of this test's own, on one port and folder through all its deaths."""

    def __init__(self, folder):
        self.port = free_port()
        self.folder = folder
        scripts = [file for file in metadata.distribution("SecantusDB").files if file.name == "secantusd-py"]
        self.command = [
            str(scripts[0].locate()),
            "--port",
            str(self.port),
            "--storage-path",
            str(folder / "db"),
        ]
        (folder / "none.toml").touch()
        self.command += ["--cache-size", "64M", "--config", str(folder / "none.toml")]
        self.uri = f"mongodb://127.0.0.1:{self.port}/?directConnection=true&retryWrites=false&journal=true"
        self.process = None

    def start(self):
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen(self.command, stdout=log, stderr=log, cwd=self.folder)
        with pymongo.MongoClient(self.uri, serverSelectionTimeoutMS=30_000) as client:
            client.admin.command("ping")

    def kill(self):
        if self.process:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait(60)
            self.process = None


@pytest.fixture
def server(tmp_path):
    if "SecantusDB" not in {found.metadata["Name"] for found in metadata.distributions()}:
        pytest.skip("needs a server that may be killed: SecantusDB is not installed")
    found = Server(tmp_path)
    found.start()
    yield found
    found.kill()


@pytest.fixture
def on_that_server(server, mongodb_setup, monkeypatch):
    """The site's alias, on the server that will be killed, with the waiting time of development."""
    values = connections.settings["mongodb"]
    monkeypatch.setitem(values, "HOST", server.uri)
    monkeypatch.setitem(values, "OPTIONS", {"serverSelectionTimeoutMS": 500})
    pool.renew_connection("mongodb")
    yield server
    pool.shared_connection().close()
    pool.renew_connection("mongodb")


@pytest.mark.parametrize("path", ["/", "/template/", "/async/"])
def test_killed_and_back(on_that_server, path):
    client = Client(raise_request_exception=False)
    assert within(60, get_when_there, client, path).status_code == 200
    on_that_server.kill()
    for _ in range(2):
        response = within(SECONDS, client.get, path)
        assert response.status_code == 503
        assert response["Retry-After"] == "5"
        assert "no-store" in response["Cache-Control"]
        assert response["Content-Type"] == "text/plain; charset=utf-8"
        assert (
            response.content
            == b"The database cannot be reached just now. Please try again in a few seconds.\n"
        )
    assert client.get("/answer/").content == b"no database\n\n", "pages without the database are served"
    on_that_server.start()
    assert within(60, get_when_there, client, path).status_code == 200


def get_when_there(client, path):
    while True:
        response = client.get(path)
        if response.status_code != 503:
            return response


def test_killed_and_back_under_asgi(on_that_server):
    client = AsyncClient(raise_request_exception=False)

    async def story():
        async with asyncio.timeout(60):
            while (response := await client.get("/async/")).status_code == 503:
                pass
        assert response.status_code == 200
        on_that_server.kill()
        response = await asyncio.wait_for(client.get("/async/"), SECONDS)
        assert (response.status_code, response["Retry-After"]) == (503, "5")
        assert (await asyncio.wait_for(client.get("/"), SECONDS)).status_code == 503

    asyncio.run(story())


def test_a_new_process_without_a_server(run):
    """The first request of all finds nobody there."""
    code = """
import django; django.setup()
from django.test import Client
response = Client().get("/")
print(response.status_code, response["Retry-After"])
"""
    output = run("-c", code, MONGODB_URI="mongodb://127.0.0.1:9/", SITE_DEBUG="1")
    assert "503 5" in output


def failing(error, middleware=DatabaseUnavailableMiddleware):
    def view(request):
        raise error

    return decorator_from_middleware(middleware)(view)


CAUGHT = [
    ServerSelectionTimeoutError("no server"),
    AutoReconnect("connection closed"),
    ConnectionFailure("refused"),
    NetworkTimeout("timed out"),
    NotPrimaryError("stepping down"),
    WaitQueueTimeoutError("pool exhausted"),
]


@pytest.mark.parametrize("error", CAUGHT, ids=lambda error: type(error).__name__)
def test_connection_failures_are_answered(error, caplog):
    response = failing(error)(RequestFactory().get("/talks/"))
    assert response.status_code == 503
    [record] = [record for record in caplog.records if record.name == "django_mongokit"]
    assert record.levelno == logging.ERROR
    assert record.getMessage() == f"MongoDB unavailable: GET /talks/: {type(error).__name__}: {error}"


PASSED_ON = [
    OperationFailure("duplicate key"),
    PyMongoError("anything"),
    ConnectionError("of the system, not of MongoDB"),
    ImproperlyConfigured("settings"),
    TemplateDoesNotExist("talks/list.html"),
    ValueError("a mistake"),
]


@pytest.mark.parametrize("error", PASSED_ON, ids=lambda error: type(error).__name__)
def test_nothing_else_is_swallowed(error):
    with pytest.raises(type(error)) as caught:
        failing(error)(RequestFactory().get("/"))
    assert caught.value is error


def test_the_sites_own_mistakes_stay_500():
    assert Client(raise_request_exception=False).get("/broken/").status_code == 500


def test_debug_says_why(settings):
    settings.DEBUG = True
    response = failing(AutoReconnect("connection closed"))(RequestFactory().get("/"))
    assert b"AutoReconnect: connection closed" in response.content


@pytest.fixture
def templates(settings, tmp_path):
    """Write templates of the project: `templates(**{"503.html": "text"})`."""

    def write(**files):
        for file, text in files.items():
            (tmp_path / file).write_text(text)
        settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [tmp_path]}]

    return write


def test_the_projects_template(templates):
    templates(**{"503.html": "<h1>Back soon{{ request }}</h1>"})
    response = failing(AutoReconnect())(RequestFactory().get("/"))
    assert response.content == b"<h1>Back soon</h1>"
    assert (response.status_code, response["Content-Type"]) == (503, "text/html; charset=utf-8")
    assert response["Retry-After"] == "5"


def test_a_template_that_lacks_its_parent_is_an_error_of_the_site(templates):
    templates(**{"503.html": "{% extends 'nothing.html' %}"})
    with pytest.raises(TemplateDoesNotExist, match=r"nothing\.html"):
        failing(AutoReconnect())(RequestFactory().get("/"))


def test_a_template_that_needs_the_database_itself(templates, settings, caplog):
    templates(**{"503.html": "{% load needy %}{% needy %}"})
    settings.TEMPLATES[0]["OPTIONS"] = {"libraries": {"needy": "talks.needy"}}
    settings.TEMPLATES = list(settings.TEMPLATES)
    response = failing(AutoReconnect())(RequestFactory().get("/"))
    assert response.status_code == 503
    assert response.content.startswith(b"The database cannot be reached")
    assert "503.html itself needs MongoDB" in caplog.text


def test_a_subclass_says_how_long():
    class Patient(DatabaseUnavailableMiddleware):
        retry_after = 60

    assert failing(AutoReconnect(), Patient)(RequestFactory().get("/"))["Retry-After"] == "60"


def test_a_good_response_goes_through_untouched():
    response = StreamingHttpResponse([b"x"])
    assert DatabaseUnavailableMiddleware(lambda request: response)(RequestFactory().get("/")) is response


def test_it_is_async_where_the_site_is():
    async def get_response(request):
        return HttpResponse("x")

    middleware = DatabaseUnavailableMiddleware(get_response)
    from asgiref.sync import iscoroutinefunction

    assert iscoroutinefunction(middleware)
    assert not iscoroutinefunction(DatabaseUnavailableMiddleware(lambda request: HttpResponse()))
    assert asyncio.run(middleware(AsyncRequestFactory().get("/"))).content == b"x"


# What fails in other middleware. Django makes a 500 of it before ours sees it.


@pytest.fixture
def nobody(monkeypatch):
    """The site's alias, on a port where nobody is."""
    values = connections.settings["mongodb"]
    monkeypatch.setitem(values, "HOST", "127.0.0.1")
    monkeypatch.setitem(values, "PORT", 9)
    monkeypatch.setitem(values, "OPTIONS", {"serverSelectionTimeoutMS": 100})
    pool.renew_connection("mongodb")
    yield
    pool.shared_connection().close()
    pool.renew_connection("mongodb")


OURS = "django_mongokit.middleware.DatabaseUnavailableMiddleware"
SESSIONS = {
    "SESSION_ENGINE": "django_mongokit.sessions",
    "MIDDLEWARE": [
        OURS,
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
    ],
}
ASKING = {
    "a login asked for": SESSIONS
    | {"MIDDLEWARE": [*SESSIONS["MIDDLEWARE"], "django.contrib.auth.middleware.LoginRequiredMiddleware"]},
    "a csrf token in the session": SESSIONS
    | {
        "MIDDLEWARE": [*SESSIONS["MIDDLEWARE"], "django.middleware.csrf.CsrfViewMiddleware"],
        "CSRF_USE_SESSIONS": True,
    },
    "a cache of the site": {
        "CACHES": {"default": {"BACKEND": "django_mongokit.cache.MongoDBCache", "LOCATION": "cache"}},
        "MIDDLEWARE": [
            OURS,
            "django.middleware.cache.UpdateCacheMiddleware",
            "django.middleware.cache.FetchFromCacheMiddleware",
        ],
    },
}


@pytest.mark.parametrize("debug", [False, True], ids=["", "debug"])
@pytest.mark.parametrize("kind", [Client, AsyncClient])
@pytest.mark.parametrize("values", ASKING.values(), ids=ASKING)
def test_other_middleware(nobody, settings, values, kind, debug):
    settings.DEBUG = debug
    for name, value in values.items():
        setattr(settings, name, value)
    client = kind(raise_request_exception=False)
    client.cookies["sessionid"] = "x" * 32
    found = client.get("/answer/")
    response = found if kind is Client else asyncio.run(as_coroutine(found))
    assert (response.status_code, response["Retry-After"]) == (503, "5")
    assert response.content.startswith(b"The database cannot be reached just now.")
    assert (b"ServerSelectionTimeoutError" in response.content) is debug


async def as_coroutine(awaitable):
    return await awaitable


def raising(error):
    """A middleware that raises instead of answering."""

    def factory(get_response):
        def middleware(request):
            raise error

        return middleware

    return factory


def caught(get_response):
    """A middleware in whose work a page of its own stands for what failed."""

    def middleware(request):
        response = get_response(request)
        return HttpResponse("instead", status=500 if "500" in request.path else 200) if response else None

    return middleware


refused = raising(AutoReconnect("closed"))
mistaken = raising(ValueError("a mistake"))


def failing_after(get_response):
    """A middleware whose own mistake comes after the failure of what it calls."""

    def middleware(request):
        get_response(request)
        raise ValueError("a mistake")

    return middleware


@pytest.mark.parametrize("kind", [Client, AsyncClient])
@pytest.mark.parametrize(
    ("names", "status"),
    [
        (["refused"], 503),
        (["mistaken"], 500),
        (["caught", "refused"], 200),
        (["failing_after", "refused"], 500),
    ],
    ids=["refused", "a mistake", "a page instead", "a mistake after it"],
)
def test_only_the_500_of_that_failure_is_replaced(settings, kind, names, status):
    settings.MIDDLEWARE = [OURS, *(f"{__name__}.{name}" for name in names)]
    found = kind(raise_request_exception=False).get("/answer/")
    response = found if kind is Client else asyncio.run(as_coroutine(found))
    assert response.status_code == status


def needy_500(request):
    raise AutoReconnect("its page asks too")


def wrong_500(request):
    raise ValueError("a mistake")


handler500 = needy_500
urlpatterns = []


@pytest.mark.parametrize("kind", [Client, AsyncClient])
@pytest.mark.parametrize("page", [needy_500, wrong_500])
def test_a_page_for_500_that_fails(settings, monkeypatch, kind, page):
    settings.MIDDLEWARE = [OURS, f"{__name__}.mistaken"]
    settings.ROOT_URLCONF = __name__
    monkeypatch.setitem(globals(), "handler500", page)

    def get():
        found = kind().get("/answer/")
        return found if kind is Client else asyncio.run(as_coroutine(found))

    client_raises = pytest.raises(ValueError, match="a mistake")
    if page is wrong_500:
        with client_raises:
            get()
        return
    monkeypatch.setattr(kind, "check_exception", lambda self, response: None)
    assert get().status_code == 503
