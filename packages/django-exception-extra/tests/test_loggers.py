"""What only Django's log hears of: its own error mail, as Django sets it up, has the line in these cases, too."""

import json
import logging
import logging.config
import subprocess
import sys
import threading
import time

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth import get_user_model
from django.core.exceptions import SuspiciousOperation
from django.core.signals import request_started
from django.http import HttpRequest
from django.test import AsyncClient, Client
from django.utils import log
from django.utils.functional import SimpleLazyObject

from django_exception_extra import META_KEY, loggers, middleware
from django_exception_extra.log import LoggedInFilter
from django_exception_extra.mail import AdminEmailHandler

pytestmark = pytest.mark.django_db(transaction=True)

ANITA = "'anita (Anita Test)'"
OURS = "django_exception_extra.reporter.ExceptionReporter"
CSRF = "django.middleware.csrf.CsrfViewMiddleware"


@pytest.fixture
def outside(settings):
    """Put a middleware before all others."""

    def put(path):
        settings.MIDDLEWARE = [path, *settings.MIDDLEWARE]

    return put


def test_answer_of_a_middleware_outside(client, outside, told):
    outside("failing.middleware.answering")
    assert client.get("/fine/").status_code == 503
    assert told() == ANITA


@pytest.mark.parametrize("path", ["/fine/", "/afine/"])
async def test_answer_of_an_async_middleware_outside(path, client, outside, told):
    outside("failing.middleware.async_answering")
    aclient = AsyncClient()
    aclient.cookies = client.cookies
    assert (await aclient.get(path)).status_code == 503
    assert told() == ANITA


def test_suspicious_operation_of_a_middleware_outside(client, outside, told, mailoutbox):
    outside("failing.middleware.suspicious")
    assert client.get("/fine/").status_code == 400
    assert told() == ANITA
    assert mailoutbox[0].subject.endswith("what is this")


@pytest.mark.parametrize("name", ["DATA_UPLOAD_MAX_NUMBER_FIELDS", "DATA_UPLOAD_MAX_MEMORY_SIZE"])
def test_form_too_large_for_the_csrf_check(name, anita, settings, told):
    """Django reads the form there, before the view; nothing is raised where `process_exception` would see it."""
    settings.MIDDLEWARE = [*settings.MIDDLEWARE[:-1], CSRF, settings.MIDDLEWARE[-1]]
    setattr(settings, name, 3)
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    client.force_login(anita)
    client.cookies["csrftoken"] = "x" * 32
    body = "&".join(f"field{number}=1" for number in range(9))
    response = client.post("/fine/", body, content_type="application/x-www-form-urlencoded")
    assert response.status_code in (400, 413)
    assert told() == ANITA


def test_suspicious_operation_of_the_project(client, outside, told):
    outside(f"{__name__}.strange")
    assert client.get("/fine/").status_code == 400
    assert told() == ANITA


class StrangeError(SuspiciousOperation):
    pass


def strange(get_response):
    def middleware(request):
        raise StrangeError("strange")

    return middleware


def test_anonymous(db, outside, told):
    outside("failing.middleware.answering")
    Client().get("/fine/")
    assert told() is None


@pytest.mark.parametrize("status", [404, 400, 403])
def test_warning_is_no_failure(status, client, django_assert_num_queries):
    with django_assert_num_queries(0):
        response = client.get(f"/returned/{status}/")
    assert META_KEY not in response.wsgi_request.META


def test_without_the_middleware(client, outside, told, settings):
    """The process has had it before."""
    client.get("/fine/")
    settings.MIDDLEWARE = [m for m in settings.MIDDLEWARE if "exception_extra" not in m]
    outside("failing.middleware.answering")
    other = Client()
    other.cookies = client.cookies
    other.get("/fine/")
    assert told() is None


@pytest.mark.parametrize("name", ["django.request", "django.security"])
def test_handlers_of_the_project_come_after_it(name, client, outside):
    seen = []
    handler = logging.NullHandler()
    handler.handle = lambda record: seen.append(record.request.META.get(META_KEY))
    logger = logging.getLogger(name)
    before = logger.handlers[:]
    logger.handlers[:] = [handler]
    try:
        middleware.listen()
        outside(f"failing.middleware.{'answering' if name == 'django.request' else 'suspicious'}")
        client.get("/fine/")
    finally:
        logger.handlers[:] = before
    assert seen == ["anita (Anita Test)"]


@pytest.mark.parametrize("kind", ["filters", "handlers"])
@pytest.mark.parametrize("name", ["django.request", "django.security"])
def test_there_is_one_of_it(name, kind):
    logger = logging.getLogger(name)
    middleware.listen()
    before = getattr(logger, kind)[:]
    middleware.listen()
    assert getattr(logger, kind) == before
    assert len({type(each) for each in before}) == len(before)


RECONFIGURED = """
import sys, logging, logging.config
from django_exception_extra import loggers
loggers._CONFIGURING = float(sys.argv[1])
from io import BytesIO
import django
from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.http import HttpResponse
from django.urls import path
from django.utils.log import DEFAULT_LOGGING

SESSIONS = "django.contrib.sessions.middleware.SessionMiddleware"
settings.configure(
    SECRET_KEY="of the tests", ALLOWED_HOSTS=["*"], ROOT_URLCONF=__name__, ADMINS=[], DEBUG=False,
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions"],
    MIDDLEWARE=[
        "__main__.outside", SESSIONS, "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django_exception_extra.ExceptionExtraMiddleware",
    ],
    SESSION_ENGINE="django.contrib.sessions.backends.signed_cookies",
)
django.setup()

class StrangeError(SuspiciousOperation):
    pass

def outside(get_response):
    def middleware(request):
        if request.path == "/strange/":
            raise StrangeError("strange")
        return HttpResponse("come back later", status=503)
    return middleware

urlpatterns = []
from django.contrib.auth.models import User
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from django.test import Client, RequestFactory

call_command("migrate", verbosity=0)
client = Client()
client.force_login(User.objects.create_user("anita"))
application = get_wsgi_application()
cookie = "sessionid=" + client.cookies["sessionid"].value
console = {"class": "logging.StreamHandler", "stream": "ext://sys.stderr", "level": "CRITICAL"}
CONFIGS = {
    "nothing": {},
    "Django's own": DEFAULT_LOGGING,
    "another logger": {"loggers": {"app": {"level": "INFO"}}},
    "a parent": {"handlers": {"c": console}, "loggers": {"django": {"handlers": ["c"]}}},
    "these": {
        "handlers": {"c": console},
        "loggers": {"django.request": {"handlers": ["c"]}, "django.security": {"handlers": ["c"], "propagate": False}},
    },
}
for name, config in CONFIGS.items():
    logging.config.dictConfig({"version": 1, "disable_existing_loggers": False, **config})
    lines = []
    for path in ("/strange/", "/answer/"):
        environ = RequestFactory().get(path).environ | {"HTTP_COOKIE": cookie}
        list(application(environ, lambda status, headers: None))
        lines.append(environ.get("ERROR-X-LOGGED-IN"))
    print(name, *lines, sep=", ")
"""


@pytest.mark.parametrize("seconds", ["60", "-1"])
def test_logging_configured_later(seconds):
    """By the project or a server, when the middleware stands already: it hears of the very next request.

    Be it while requests still look after the handler, or when they have done that.
    """
    done = subprocess.run(
        [sys.executable, "-c", RECONFIGURED, seconds],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "nothing, anita, anita",
        "Django's own, anita, anita",
        "another logger, anita, anita",
        "a parent, anita, anita",
        "these, anita, anita",
    ]


def test_handler_is_looked_after_while_logging_is_configured_only(monkeypatch, client):
    """After that no request pays for it."""

    def receivers():
        return [
            key for (key, _), *_ in request_started.receivers if str(key).startswith("django_exception_extra")
        ]

    security = logging.getLogger("django.security")
    middleware.listen()
    before = request_started.receivers[:], security.handlers[:]
    try:
        client.get("/fine/")
        monkeypatch.setattr(loggers, "_CONFIGURING", -1)
        client.get("/fine/")
        assert "django_exception_extra.loggers" not in receivers()
        # As dictConfig does it.
        security.handlers[0].close()
        security.handlers.clear()
        assert "django_exception_extra.loggers" in receivers()
        client.get("/fine/")
        assert "django_exception_extra.loggers" not in receivers()
        assert isinstance(security.handlers[0], loggers.FirstHandler)
        assert not security.handlers[0].is_closed
    finally:
        request_started.receivers, security.handlers = before


TAKEN = {
    "cleared": lambda logger: logger.handlers.clear(),
    "another list": lambda logger: setattr(logger, "handlers", []),
    "removed": lambda logger: logger.removeHandler(logger.handlers[0]),
    "another before it": lambda logger: logger.handlers.insert(0, logging.NullHandler()),
}


@pytest.mark.parametrize("take", TAKEN)
@pytest.mark.parametrize("asks", ["blocking", "asynchronous"])
def test_handler_taken_away_by_hand_is_back_with_a_request(asks, take, client, outside, told, monkeypatch):
    """Long after logging was configured."""
    security = logging.getLogger("django.security")
    before = request_started.receivers[:], security.handlers
    security.handlers = before[1][:]
    monkeypatch.setattr(loggers, "_CONFIGURING", -1)
    try:
        client.get("/fine/")
        client.get("/fine/")
        TAKEN[take](security)
        if asks == "blocking":
            client.get("/fine/")
        else:
            async_to_sync(AsyncClient().get)("/afine/")
        assert isinstance(security.handlers[0], loggers.FirstHandler)
        assert len([each for each in security.handlers if isinstance(each, loggers.FirstHandler)]) == 1
        outside("failing.middleware.suspicious")
        other = Client()
        other.cookies = client.cookies
        other.get("/fine/")
    finally:
        request_started.receivers, security.handlers = before
    assert told() == ANITA


def slow_handler():
    """One whose making takes its time, as that of a file or a connection does."""
    time.sleep(0.01)
    return logging.NullHandler()


def test_logging_configured_while_requests_come(client):
    """What the project has put there stays, in whatever moment it is looked after."""
    security = logging.getLogger("django.security")
    before = request_started.receivers[:], security.handlers[:]
    mine = {"()": f"{__name__}.slow_handler"}
    config = {"version": 1, "disable_existing_loggers": False, "handlers": {"mine": mine}}
    config["loggers"] = {"django.security": {"handlers": ["mine"]}}
    done = threading.Event()

    def come():
        while not done.is_set():
            request_started.send(sender=None, environ={})

    threads = [threading.Thread(target=come) for _ in range(2)]
    try:
        client.get("/fine/")
        for thread in threads:
            thread.start()
        kept = []
        for _ in range(20):
            logging.config.dictConfig(config)
            made = logging.getHandlerByName("mine") if hasattr(logging, "getHandlerByName") else None
            made = made or next(each for each in security.handlers if type(each) is logging.NullHandler)
            request_started.send(sender=None, environ={})
            kept.append([type(each) for each in security.handlers] + [security.handlers[-1] is made])
    finally:
        done.set()
        for thread in threads:
            thread.join(60)
        request_started.receivers, security.handlers = before
    assert kept == [[loggers.FirstHandler, logging.NullHandler, True]] * 20


@pytest.mark.parametrize("extra", [{}, {"request": None}, {"request": object()}])
@pytest.mark.parametrize("name", ["django.request", "django.security.Strange"])
def test_records_of_other_things(name, extra, caplog):
    middleware.listen()
    logging.getLogger(name).error("unrelated", extra=extra)
    assert [record.message for record in caplog.records] == ["unrelated"]


def test_session_that_raises_does_not_stop_the_mail(client, outside, settings, mailoutbox, told):
    outside("failing.middleware.suspicious")
    settings.SESSION_ENGINE = "failing.sessions_broken"
    other = Client()
    other.cookies = client.cookies
    other.get("/fine/")
    assert len(mailoutbox) == 1
    assert told() is None


def test_user_is_not_evaluated(client, outside, settings):
    settings.ADMINS = []
    outside("failing.middleware.answering")
    response = client.get("/fine/")
    assert not response.wsgi_request.session.accessed
    assert get_user_model().objects.get().last_login is not None


LAST_RESORT = """
import logging, sys, json
from django.conf import settings
settings.configure(LOGGING_CONFIG=None, **json.loads(sys.argv[1]))
import django
django.setup()
from django_exception_extra.middleware import listen
listen()
for name in ("django.request", "django.security.Strange"):
    logging.getLogger(name).warning("warning of %s", name)
    logging.getLogger(name).info("info of %s", name)
    logging.getLogger(name).error("error of %s", name)
"""


def run_without_logging(more):
    done = subprocess.run(
        [sys.executable, "-c", more + LAST_RESORT, json.dumps({})],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return done.stderr.splitlines()


def test_without_any_handler_python_still_prints():
    """A logger that has a handler is one whose records are no longer printed for want of one."""
    assert run_without_logging("") == [
        "warning of django.request",
        "error of django.request",
        "warning of django.security.Strange",
        "error of django.security.Strange",
    ]


def test_with_a_handler_of_the_project_nothing_is_printed_twice():
    configured = "import logging; logging.basicConfig(format='mine: %(message)s')"
    assert run_without_logging(configured) == [
        "mine: warning of django.request",
        "mine: error of django.request",
        "mine: warning of django.security.Strange",
        "mine: error of django.security.Strange",
    ]


def test_without_last_resort():
    """As without us: Python says so once, and only of a logger that has no handler, which the other has."""
    assert run_without_logging("import logging; logging.lastResort = None") == [
        'No handlers could be found for logger "django.request"'
    ]


def raiser(*_args):
    raise RuntimeError("working outside of a request")


class Hostile:
    _request = property(raiser)


class Classless:
    __class__ = property(raiser)


ODD = {
    "lazy": lambda: SimpleLazyObject(raiser),
    "property": Hostile,
    "class": Classless,
    "bare": HttpRequest,
    "no dict": lambda: HttpRequest,
}


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("level", [logging.ERROR, logging.WARNING])
def test_record_with_anything_as_its_request(odd, level, mailoutbox):
    """A project that logs must be able to: neither the filter raises, nor what hears Django's own loggers."""
    middleware.listen()
    record = logging.makeLogRecord(
        {"levelno": level, "levelname": "ERROR", "msg": "wrong", "name": "django.request"}
    )
    record.request = ODD[odd]()
    assert LoggedInFilter().filter(record)
    assert record.logged_in == ""
    (first,) = (f for f in logging.getLogger("django.request").filters if isinstance(f, loggers.FirstFilter))
    assert first.filter(record)
    assert logging.getLogger("django.security").handlers[0].handle(record)


@pytest.mark.parametrize("odd", ["lazy", "property", "class"])
def test_mail_of_a_record_with_anything_as_its_request(odd, mailoutbox):
    """What Django's own handler can mail of, ours can."""
    record = logging.makeLogRecord({"levelno": logging.ERROR, "levelname": "ERROR", "msg": "wrong"})
    record.request = ODD[odd]()
    raised = []
    for handler in (log.AdminEmailHandler(), AdminEmailHandler(reporter_class=OURS)):
        try:
            handler.emit(record)
        except Exception as error:
            raised.append(type(error))
    assert len(raised) in (0, 2)


@pytest.mark.parametrize("info", [True, (), (None, None, None), ValueError("crash"), "text"])
def test_record_with_anything_as_its_exception(info, anita, rf):
    request = rf.get("/")
    request.user = anita
    record = logging.makeLogRecord({"levelno": logging.ERROR, "exc_info": info, "request": request})
    assert LoggedInFilter().filter(record)
    assert record.logged_in == "anita (Anita Test)"
