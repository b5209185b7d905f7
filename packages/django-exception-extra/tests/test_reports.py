"""Where the report goes: subject and text of the mail, the technical page, log records, the signal, the request's id."""

import logging
import logging.config
import re
from pathlib import Path

import pytest
from django.contrib.auth import get_user
from django.contrib.auth.middleware import RemoteUserMiddleware
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpRequest
from django.test import Client, RequestFactory
from django.views.debug import ExceptionReporter as DjangoReporter

from django_exception_extra import META_KEY, META_REQUEST_ID, Who, recorded
from django_exception_extra.log import LoggedInFilter
from django_exception_extra.mail import AdminEmailHandler
from django_exception_extra.reporter import ExceptionReporter

pytestmark = pytest.mark.django_db(transaction=True)

REPORTER = "django_exception_extra.reporter.ExceptionReporter"


@pytest.fixture
def handler():
    """A handler at Django's own logger, in place of Django's mail for the time of the test."""
    logger, added = logging.getLogger("django"), []
    before = logger.handlers[:]

    def use(handler):
        logger.handlers[:] = [handler]
        added.append(handler)
        return handler

    yield use
    logger.handlers[:] = before
    for each in added:
        each.close()


class Kept(logging.Handler):
    def __init__(self):
        super().__init__()
        self.records = []
        self.addFilter(LoggedInFilter())

    def emit(self, record):
        self.records.append(record)


@pytest.mark.parametrize(
    ("path", "ending"),
    [
        ("/crash/", "Internal Server Error: /crash/ [anita (Anita Test)]"),
        ("/suspicious/", "what is this [anita (Anita Test)]"),
    ],
)
def test_subject(path, ending, client, handler, mailoutbox):
    handler(AdminEmailHandler())
    client.get(path)
    (mail,) = mailoutbox
    assert mail.subject.endswith(ending)
    assert mail.body.startswith(ending)
    assert "ERROR-X-LOGGED-IN = 'anita (Anita Test)'" in mail.body


def test_subject_of_an_anonymous_request(db, handler, mailoutbox):
    handler(AdminEmailHandler())
    Client(raise_request_exception=False).get("/crash/")
    assert mailoutbox[0].subject.endswith("Internal Server Error: /crash/")


def test_subject_is_bounded_and_one_line(client, anita, handler, mailoutbox):
    handler(AdminEmailHandler())
    anita.first_name, anita.last_name = "x" * 150, "\r\nBcc: everybody@example.org"
    anita.save()
    client.get("/crash/")
    (mail,) = mailoutbox
    line = mail.subject.partition("[anita")[2]
    assert len("anita" + line.removesuffix("]")) == 120
    assert line.endswith("…]")
    assert mail.message()["Bcc"] is None


def test_subject_of_a_record_without_a_request(handler, mailoutbox):
    handler(AdminEmailHandler())
    logging.getLogger("django").error("out of %s", "paper")
    assert mailoutbox[0].subject.endswith("ERROR: out of paper")


def test_other_handlers_see_the_record_as_it_was(client, handler, mailoutbox):
    handler(AdminEmailHandler())
    kept = Kept()
    logging.getLogger("django").addHandler(kept)
    client.get("/crash/")
    assert kept.records[-1].getMessage() == "Internal Server Error: /crash/"


@pytest.mark.parametrize(
    ("path", "level", "expected"),
    [
        ("/crash/", "ERROR", "anita (Anita Test)"),
        ("/suspicious/", "ERROR", "anita (Anita Test)"),
        ("/returned/503/", "ERROR", "anita (Anita Test)"),
        ("/nowhere/", "WARNING", ""),
    ],
)
def test_record(path, level, expected, client, handler):
    kept = handler(Kept())
    response = client.get(path)
    record = kept.records[-1]
    assert (record.levelname, record.logged_in) == (level, expected)
    assert response.wsgi_request.META.get(META_KEY, "") == expected


@pytest.mark.parametrize("extra", [{}, {"request": object()}, {"request": None}])
def test_record_of_no_request(extra, caplog):
    caplog.handler.addFilter(LoggedInFilter())
    try:
        logging.getLogger("anything").error("crash", extra=extra)
    finally:
        caplog.handler.filters.clear()
    assert caplog.records[-1].logged_in == ""


def test_suspicious_operation_of_another_middleware_has_no_signal(client, handler, settings):
    """Nobody hears of it but the log: the filter looks, and the record and META have the line."""
    settings.MIDDLEWARE = ["failing.middleware.suspicious", *settings.MIDDLEWARE]
    kept = handler(Kept())
    response = client.get("/fine/")
    assert response.status_code == 400
    assert kept.records[-1].logged_in == "anita (Anita Test)"
    assert response.wsgi_request.META[META_KEY] == "anita (Anita Test)"


class Wrapped:
    """As Django REST framework's request: another one's attributes, and a user of its own."""

    user = "somebody"

    def __init__(self, request):
        self._request = request

    def __getattr__(self, name):
        return getattr(self._request, name)


@pytest.mark.parametrize("mode", ["full", "id"])
def test_record_of_a_wrapped_request(mode, anita, rf, handler, mailoutbox, settings):
    settings.EXCEPTION_EXTRA_IDENTITY = mode
    settings.DEFAULT_EXCEPTION_REPORTER = REPORTER
    line = "anita (Anita Test)" if mode == "full" else f"id={anita.pk}"
    request = rf.get("/")
    request.user = anita
    handler(AdminEmailHandler(include_html=True)).addFilter(LoggedInFilter())
    logging.getLogger("django").error("wrong", extra={"request": Wrapped(request)})
    (mail,) = mailoutbox
    assert mail.subject.endswith(f"wrong [{line}]")
    assert f"Who was logged in: {line}\n" in mail.body
    assert f"USER: {line}\n" in mail.body
    assert f"ERROR-X-LOGGED-IN = '{line}'" in mail.body
    assert "somebody" not in mail.body + mail.alternatives[0][0]


async def test_record_in_the_event_loop_does_not_look(client, handler):
    """No query can be sent there, and what cannot be found out now can be later."""
    kept = handler(Kept())
    request = HttpRequest()
    logging.getLogger("django").error("soon", extra={"request": request})
    assert kept.records[-1].logged_in == ""
    assert META_KEY not in request.META
    assert not hasattr(request, "_exception_extra_who")


README = Path(__file__).parent.parent / "README.md"


@pytest.mark.parametrize("debug", [False, True])
def test_configured_as_in_the_readme(debug, client, capsys, mailoutbox, settings):
    """Pasted as it stands there; no mail while `DEBUG` is on."""
    (block,) = re.findall(r"<!-- settings -->\n```python\n(.*?)```", README.read_text(), re.DOTALL)
    pasted = {}
    exec(block, pasted)
    settings.DEBUG = debug
    settings.DEFAULT_EXCEPTION_REPORTER = pasted["DEFAULT_EXCEPTION_REPORTER"]
    logger = logging.getLogger("django")
    before = (logger.handlers[:], logger.propagate, logger.level)
    try:
        logging.config.dictConfig(pasted["LOGGING"])
        client.get("/nowhere/")
        client.get("/crash/")
    finally:
        logger.handlers[:], logger.propagate, logger.level = before
    lines = [line for line in capsys.readouterr().err.splitlines() if " [" in line]
    assert lines[0] == "WARNING [] Not Found: /nowhere/"
    name = "" if debug else "anita (Anita Test)"
    assert f"ERROR [{name}] Internal Server Error: /crash/" in lines
    assert [mail.subject.endswith("[anita (Anita Test)]") for mail in mailoutbox] == ([] if debug else [True])
    assert all("Who was logged in: anita (Anita Test)" in mail.body for mail in mailoutbox)


@pytest.mark.parametrize(
    ("mode", "line", "leak"),
    [
        ("full", "anita a@x.org (Anita Test)", None),
        ("masked", "id={pk} a*** a***@x*** (A*** T***)", "anita"),
        ("id", "id={pk}", "anita"),
        ("failing.identities.nobody", None, "anita"),
    ],
)
def test_mail_tells_no_more_than_it_may(mode, line, leak, client, anita, handler, mailoutbox, settings):
    """Django's own `USER:` prints the name whatever the setting says."""
    settings.EXCEPTION_EXTRA_IDENTITY = mode
    anita.email = "a@x.org"
    anita.save()
    handler(AdminEmailHandler(include_html=True, reporter_class=REPORTER))
    response = client.get("/crash/")
    (mail,) = mailoutbox
    line = line and line.format(pk=anita.pk)
    html = mail.alternatives[0][0]
    assert f"USER: {line or 'nobody, or nobody known'}\n" in mail.body
    assert (f"Who was logged in: {line}\n" in mail.body) == (line is not None)
    assert ('<div id="who"' in html) == (line is not None)
    assert line is None or f'<tr><th scope="row">Who was logged in:</th><td>{line}</td></tr>' in html
    for text in (mail.subject, mail.body, html):
        assert leak is None or leak not in text
    assert not response.wsgi_request.session.accessed
    assert "Vary" not in response


def test_djangos_reporter_leaks(client, mailoutbox, settings):
    """Why there is one of our own, and W004: this is what the test above would find without it."""
    settings.EXCEPTION_EXTRA_IDENTITY = "id"
    client.get("/crash/")
    assert "USER: anita" in mailoutbox[0].body


def test_hostile_name_in_html(client, anita, settings):
    settings.DEBUG = settings.EXCEPTION_EXTRA_IN_DEBUG = True
    settings.DEFAULT_EXCEPTION_REPORTER = REPORTER
    anita.last_name = "<script>alert(1)</script>"
    anita.save()
    page = client.get("/crash/").content.decode()
    section = re.search(r'<div id="who".*?</div>', page, re.DOTALL)[0]
    assert "anita (Anita &lt;script&gt;alert(1)&lt;/script&gt;)" in section
    assert "<script>alert(1)" not in page
    assert page.index('<div id="who"') < page.index('<div id="requestinfo">')


@pytest.mark.parametrize("in_debug", [False, True])
def test_technical_page(in_debug, client, settings):
    settings.DEBUG = True
    settings.EXCEPTION_EXTRA_IN_DEBUG = in_debug
    settings.DEFAULT_EXCEPTION_REPORTER = REPORTER
    page = client.get("/crash/").content.decode()
    assert ('<div id="who"' in page) == in_debug
    plain = client.get("/crash/", headers={"Accept": "text/plain"}).content.decode()
    assert plain.startswith("Who was logged in: anita (Anita Test)\n\nValueError at /crash/\n") == in_debug
    assert (plain.startswith("ValueError at /crash/\n")) == (not in_debug)


@pytest.mark.parametrize("request_", [None, object()])
def test_reporter_without_a_request(request_, settings):
    settings.DEFAULT_EXCEPTION_REPORTER = REPORTER
    ours, theirs = (each(None, None, None, None) for each in (ExceptionReporter, DjangoReporter))
    assert "Who was logged in" not in ours.get_traceback_text()
    assert ours.get_traceback_text().splitlines()[:2] == theirs.get_traceback_text().splitlines()[:2]
    assert '<div id="who"' not in ours.get_traceback_html()


class OwnRequest(WSGIRequest):
    """Whose user is worked out each time."""

    asked = 0

    @property
    def user(self):
        type(self).asked += 1
        return get_user(self)


def test_user_that_is_a_property_is_not_worked_out(client, anita, settings):
    settings.EXCEPTION_EXTRA_IDENTITY = "id"
    request = OwnRequest(RequestFactory().get("/").environ)
    request.session = client.session
    reporter = ExceptionReporter(request, ValueError, ValueError("crash"), None)
    before, OwnRequest.asked = OwnRequest.asked, 0
    text, page = reporter.get_traceback_text(), reporter.get_traceback_html()
    line = f"id={anita.pk}"
    assert f"Who was logged in: {line}\n" in text
    assert f"USER: {line}\n" in text
    assert "anita" not in text + page
    # Once, on a copy, by the look itself.
    assert OwnRequest.asked - before == 1
    assert not request.session.accessed
    assert type(reporter.request) is OwnRequest


class Unprintable(dict):
    """A `META` of which no copy can be had."""

    def items(self):
        raise RuntimeError("not now")

    def __or__(self, other):
        raise RuntimeError("not now")


class Ugly:
    def __repr__(self):
        raise RuntimeError("not now")


@pytest.mark.parametrize("where", ["META", "COOKIES", "GET"])
def test_value_that_cannot_be_printed_costs_the_report_nothing_else(where, anita, rf, caplog):
    """Django prints some only while it renders; its own report fails by them."""
    request = rf.get("/")
    request.user = anita
    request.GET = request.GET.copy()
    getattr(request, where)["UGLY"] = Ugly()
    with pytest.raises(RuntimeError):
        DjangoReporter(request, ValueError, ValueError("crash"), None).get_traceback_text()
    reporter = ExceptionReporter(request, ValueError, ValueError("crash"), None)
    text, page = reporter.get_traceback_text(), reporter.get_traceback_html()
    for each in (text, page):
        assert "crash" in each
        assert "anita (Anita Test)" in each
    assert reporter.request is request


@pytest.mark.parametrize("identity", ["full", "id"])
def test_request_that_cannot_be_printed_costs_the_report_nothing_else(identity, anita, rf, settings, caplog):
    settings.EXCEPTION_EXTRA_IDENTITY = identity
    request = rf.get("/")
    request.user = anita
    request.META = Unprintable(request.META)
    reporter = ExceptionReporter(request, ValueError, ValueError("crash"), None)
    with caplog.at_level("DEBUG", "django_exception_extra"):
        text, page = reporter.get_traceback_text(), reporter.get_traceback_html()
    assert "ValueError" in text
    assert "crash" in text
    assert "crash" in page
    line = "anita (Anita Test)" if identity == "full" else f"id={anita.pk}"
    assert f"Who was logged in: {line}\n" in text
    assert {"Unable to debug who was logged in"} == {each.getMessage() for each in caplog.records}
    assert reporter.request is request


def test_page_without_the_known_places(client, rf, anita, monkeypatch):
    """A project's own template: the section stands at the end."""
    request = rf.get("/")
    request.user = anita
    monkeypatch.setattr(DjangoReporter, "get_traceback_html", lambda self: "<p>short</p>")
    page = ExceptionReporter(request, ValueError, ValueError("crash"), None).get_traceback_html()
    assert page.startswith('<p>short</p><div id="who"')
    assert request.user is anita


@pytest.fixture
def heard():
    said = []

    def receiver(sender, request, who, **_kwargs):
        said.append((sender, request.path, who))

    recorded.connect(receiver)
    yield said
    recorded.disconnect(receiver)


def test_signal_is_sent_once(client, anita, heard):
    client.get("/crash/")
    fields = {"id": str(anita.pk), "username": "anita", "name": "Anita Test"}
    assert heard == [(Who, "/crash/", Who("anita (Anita Test)", fields))]


@pytest.mark.parametrize("path", ["/fine/", "/nowhere/"])
def test_signal_is_not_sent(path, client, heard):
    client.get(path)
    assert heard == []


def test_signal_is_not_sent_for_nobody(db, heard):
    Client(raise_request_exception=False).get("/crash/")
    assert heard == []


def test_receiver_that_raises(client, heard, caplog):
    def receiver(**_kwargs):
        raise LookupError("hostile")

    recorded.connect(receiver)
    recorded.receivers.reverse()
    try:
        response = client.get("/crash/")
    finally:
        recorded.disconnect(receiver)
    assert response.status_code == 500
    assert response.wsgi_request.META[META_KEY] == "anita (Anita Test)"
    assert len(heard) == 1
    (record,) = [r for r in caplog.records if r.name == "django.dispatch"]
    assert isinstance(record.exc_info[1], LookupError)


@pytest.mark.parametrize("path", ["/crash/", "/acrash/"])
def test_request_id_of_django_guid(path, client, handler, mailoutbox, settings, heard):
    settings.MIDDLEWARE = ["django_guid.middleware.guid_middleware", *settings.MIDDLEWARE]
    handler(AdminEmailHandler(include_html=True, reporter_class=REPORTER))
    response = client.get(path)
    guid = response.wsgi_request.META[META_REQUEST_ID]
    assert guid == response["Correlation-ID"]
    assert re.fullmatch("[0-9a-f]{32}", guid)
    assert f"Request id: {guid}\n" in mailoutbox[0].body
    assert f'<tr><th scope="row">Request id:</th><td>{guid}</td></tr>' in mailoutbox[0].alternatives[0][0]
    assert heard[0][2].request_id == guid


def test_request_id_of_an_anonymous_request(db, settings, heard):
    settings.MIDDLEWARE = ["django_guid.middleware.guid_middleware", *settings.MIDDLEWARE]
    meta = Client(raise_request_exception=False).get("/crash/").wsgi_request.META
    assert META_KEY not in meta
    assert heard == [(Who, "/crash/", Who(request_id=meta[META_REQUEST_ID]))]


class Behind(RemoteUserMiddleware):
    """Of a site whose server tells the name in a header of its own."""

    header = "HTTP_X_NAME"


@pytest.mark.parametrize(
    ("mode", "shown"),
    [
        ("full", True),
        ("username", True),
        ("masked", False),
        ("id", False),
        ("failing.identities.nobody", False),
    ],
)
def test_name_a_server_in_front_puts_into_meta(mode, shown, anita, rf, settings):
    settings.EXCEPTION_EXTRA_IDENTITY = mode
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, f"{__name__}.Behind"]
    request = rf.get("/", REMOTE_USER="anita", headers={"X-Name": "anita"})
    request.user = anita
    text = ExceptionReporter(request, ValueError, ValueError("crash"), None).get_traceback_text()
    assert ("REMOTE_USER = 'anita'" in text, "HTTP_X_NAME = 'anita'" in text) == (shown, shown)
    assert ("anita" in text) == shown
    assert (f"REMOTE_USER = '{'*' * 20}'" in text) == (not shown)
    # The request itself goes on with it.
    assert (request.META["REMOTE_USER"], request.META["HTTP_X_NAME"]) == ("anita", "anita")
