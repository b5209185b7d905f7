"""A request lasts, and the one who is logged in changes while it does: an error logged before is no word on the rest."""

import logging

import pytest
import structlog
from asgiref.sync import sync_to_async
from django.contrib.auth import SESSION_KEY, alogin, alogout, get_user_model, login, logout
from django.contrib.auth.signals import user_logged_out
from django.contrib.sessions.backends.db import SessionStore
from django.core.signals import got_request_exception
from django.http import HttpRequest, HttpResponse
from django.test import AsyncClient, Client
from django.urls import path
from failing import identities

from django_exception_extra import META_KEY, ExceptionExtraMiddleware, Who, middleware, recorded
from django_exception_extra import structlog as ours
from django_exception_extra.log import LoggedInFilter

pytestmark = pytest.mark.django_db(transaction=True)

ANITA = "anita (Anita Test)"
BERT = "bert (Bert Test)"


def log_an_error(request, level=logging.ERROR):
    logging.getLogger("failing").log(level, "something is wrong", extra={"request": request})


def other():
    return get_user_model().objects.get(username="bert")


def log_in(request):
    login(request, other())


def log_in_again(request):
    login(request, get_user_model().objects.get(username="anita"))


def act_as_other(request):
    """As packages for impersonation do it."""
    request.impersonator, request.user = request.user, other()


def end_the_session(request):
    request.session.flush()


def session_of_other(request):
    request.session[SESSION_KEY] = str(other().pk)
    request.session["_auth_user_hash"] = other().get_session_auth_hash()


def nothing(request):
    """And the session is read."""
    request.session.get("anything")


def look_at_the_user(request):
    str(request.user)


def wish(request, kind="Change"):
    return globals()[request.headers.get(kind, "nothing")]


def crash(request):
    wish(request, "First")(request)
    log_an_error(request)
    wish(request)(request)
    raise ValueError("crash")


def logs_again(request):
    log_an_error(request)
    wish(request)(request)
    log_an_error(request, logging.WARNING)
    return HttpResponse("fine")


def quiet(request):
    log_an_error(request)
    wish(request)(request)
    return HttpResponse("fine")


async def acrash(request):
    if "Known" in request.headers:
        await request.auser()
        log_an_error(request)
    else:
        await sync_to_async(log_an_error)(request)
    if request.headers["Change"] == "log_in":
        await alogin(request, await sync_to_async(other)())
    else:
        await alogout(request)
    if "Loop" in request.headers:
        log_an_error(request)
        return HttpResponse("fine")
    raise ValueError("crash")


urlpatterns = [path(f"{view.__name__}/", view) for view in (crash, logs_again, quiet, acrash)]


@pytest.fixture(autouse=True)
def bert(db, settings):
    settings.ADMINS = []
    settings.ROOT_URLCONF = __name__
    return get_user_model().objects.create_user("bert", first_name="Bert", last_name="Test")


@pytest.fixture
def lines():
    """What the records of the views say."""
    said = []
    handler = logging.NullHandler()
    ask = LoggedInFilter()

    def handle(record):
        ask.filter(record)
        said.append(record.logged_in)

    handler.handle = handle
    logger = logging.getLogger("failing")
    logger.addHandler(handler)
    yield said
    logger.removeHandler(handler)


@pytest.fixture
def heard():
    said = []

    def receiver(who, **_kwargs):
        said.append(who.line)

    recorded.connect(receiver)
    yield said
    recorded.disconnect(receiver)


CHANGES = {
    "nothing": (ANITA, ANITA),
    "look_at_the_user": (ANITA, ANITA),
    "log_in": (BERT, BERT),
    "log_in_again": (ANITA, ANITA),
    "logout": (None, None),
    "act_as_other": (f"{BERT}, impersonated by {ANITA}",) * 2,
    # A user the view has looked at stays what Django says of her.
    "end_the_session": (None, ANITA),
    "session_of_other": (BERT, ANITA),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("known", [False, True])
def test_crash_names_who_is_logged_in_then(change, known, client, lines):
    first = {"First": "look_at_the_user"} if known else {}
    response = client.get("/crash/", headers={"Change": change} | first)
    assert response.status_code == 500
    assert lines == [ANITA]
    assert response.wsgi_request.META.get(META_KEY) == CHANGES[change][known]


@pytest.mark.parametrize(("change", "line"), [("nothing", ANITA), ("log_in", ""), ("logout", "")])
def test_later_record_that_is_no_error(change, line, client, lines):
    """It is no occasion to look; what does not hold any more is not said."""
    client.get("/logs_again/", headers={"Change": change})
    assert lines == [ANITA, line]


@pytest.mark.parametrize(("change", "line"), [("nothing", ANITA), ("log_in", None), ("logout", None)])
def test_meta_of_a_request_that_goes_on(change, line, client, lines):
    """Reports that nobody tells us of print it as it stands."""
    response = client.get("/quiet/", headers={"Change": change})
    assert response.wsgi_request.META.get(META_KEY) == line


def test_line_that_is_not_ours_stays(client, lines, settings, anita):
    def outer(get_response):
        def middleware(request):
            log_an_error(request)
            request.META[META_KEY] = "of the project"
            logout(request)
            return get_response(request)

        return middleware

    settings.MIDDLEWARE = [*settings.MIDDLEWARE, f"{__name__}.written_over"]
    globals()["written_over"] = outer
    assert client.get("/quiet/").wsgi_request.META[META_KEY] == "of the project"


@pytest.mark.parametrize(("change", "said"), [("log_in", [ANITA, "", BERT]), ("logout", [ANITA, ""])])
def test_signal_takes_it_back(change, said, client, lines, heard):
    client.get("/crash/", headers={"Change": change})
    assert heard == said


@pytest.mark.parametrize("path", ["/crash/", "/quiet/"])
def test_error_logged_by_the_look_itself(path, client, lines, settings):
    """Here by a function of the project: it is asked once."""
    settings.EXCEPTION_EXTRA_IDENTITY = "failing.identities.logs_an_error"
    identities.asked.clear()
    client.get(path)
    assert identities.asked == ["anita"]
    assert lines == ["", "anita"]


def test_signal_is_sent_again_when_the_request_fails_for_good(client, lines, heard):
    client.get("/crash/", headers={"Change": "look_at_the_user"})
    assert heard == [ANITA, ANITA]


def test_structlog_forgets(client, lines):
    before = recorded.receivers[:]
    ours.connect()
    bound = []

    def receiver(**_kwargs):
        bound.append(structlog.contextvars.get_contextvars().get("logged_in"))

    recorded.connect(receiver)
    try:
        client.get("/crash/", headers={"Change": "log_in"})
    finally:
        recorded.receivers = before
        structlog.contextvars.clear_contextvars()
    assert bound == [ANITA, None, BERT]


@pytest.mark.parametrize("logged", [False, True])
def test_what_the_request_failed_with_stays(logged, client, request, settings):
    """Who hit the bug is no other because somebody is logged out for it, an error logged before or not."""
    if logged:
        request.getfixturevalue("lines")
    settings.MIDDLEWARE = [f"{__name__}.Expelling", *settings.MIDDLEWARE]
    response = client.get("/crash/")
    assert response.status_code == 503
    assert response.wsgi_request.META[META_KEY] == ANITA
    assert client.session.is_empty()


class Expelling:
    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return self.get_response(request)

    def process_exception(self, request, exception):
        logout(request)
        return HttpResponse("you are out", status=503)


@pytest.mark.parametrize("known", [False, True])
@pytest.mark.parametrize(("change", "line"), [("log_in", BERT), ("logout", None)])
async def test_async_view(known, change, line, client, lines):
    aclient = AsyncClient(raise_request_exception=False)
    aclient.cookies = client.cookies
    headers = {"Change": change} | ({"Known": "yes"} if known else {})
    response = await aclient.get("/acrash/", headers=headers)
    assert lines == [ANITA]
    assert response.asgi_request.META.get(META_KEY) == line


@pytest.mark.parametrize(("change", "line"), [("log_in", BERT), ("logout", "")])
async def test_error_logged_in_the_event_loop_after_it(change, line, client, lines):
    aclient = AsyncClient(raise_request_exception=False)
    aclient.cookies = client.cookies
    await aclient.get("/acrash/", headers={"Change": change, "Loop": "yes"})
    assert lines == [ANITA, line]


def early(get_response):
    def middleware(request):
        log_an_error(request)
        return get_response(request)

    return middleware


def leaving(get_response):
    def middleware(request):
        log_an_error(request)
        get_response(request)
        raise ValueError("crash")

    return middleware


@pytest.mark.parametrize("before", ["early", "nothing"])
def test_django_impersonate(before, client, anita, bert, lines, settings):
    bert.is_superuser = bert.is_staff = True
    bert.save()
    middleware = [f"{__name__}.{before}"] if before == "early" else []
    middleware += ["impersonate.middleware.ImpersonateMiddleware"]
    settings.MIDDLEWARE = [*settings.MIDDLEWARE[:-1], *middleware, settings.MIDDLEWARE[-1]]
    browser = Client(raise_request_exception=False)
    browser.force_login(bert)
    session = browser.session
    session["_impersonate"] = str(anita.pk)
    session.save()
    response = browser.get("/crash/")
    line = f"{ANITA}, impersonated by {BERT}"
    assert lines == [*([BERT] if before == "early" else []), line]
    assert response.wsgi_request.META[META_KEY] == line


def test_django_hijack(anita, bert, lines, settings):
    """The answer that makes the boss somebody else fails on its way out."""
    bert.is_superuser = True
    bert.save()
    settings.ROOT_URLCONF = "failing.urls_acting"
    settings.MIDDLEWARE = [
        *settings.MIDDLEWARE[:-1],
        "hijack.middleware.HijackUserMiddleware",
        f"{__name__}.leaving",
        settings.MIDDLEWARE[-1],
    ]
    browser = Client(raise_request_exception=False)
    browser.force_login(bert)
    response = browser.post("/hijack/acquire/", {"user_pk": anita.pk})
    assert response.status_code == 500
    assert lines == [BERT]
    assert response.wsgi_request.META[META_KEY] == f"{ANITA}, impersonated by id={bert.pk}"


def test_login_outside_of_a_request(anita, heard):
    """As the test client does it: the signals come without a request of ours."""
    client = Client()
    client.force_login(anita)
    client.logout()
    assert heard == []


def test_recorded_says_nothing_with_an_empty_who():
    assert Who() == Who(line="", fields={}, request_id="")


class Hostile(HttpRequest):
    """A request whose user nobody may ask for after the first time."""

    def __init__(self, user):
        super().__init__()
        self.answers = [user]

    @property
    def user(self):
        if not self.answers:
            raise LookupError("hostile")
        return self.answers[0]


@pytest.mark.parametrize(
    "ask",
    [
        lambda request: log_an_error(request, logging.WARNING),
        log_an_error,
        lambda request: got_request_exception.send(None, request=request),
        lambda request: user_logged_out.send(None, request=request, user=None),
    ],
    ids=["warning", "error", "signal", "logout"],
)
@pytest.mark.parametrize("lost", ["user", "META"])
def test_memory_that_cannot_be_checked_never_raises(ask, lost, anita, lines):
    request = Hostile(anita)
    middleware.listen()
    log_an_error(request)
    if lost == "user":
        request.answers.clear()
    else:
        del request.META
    ask(request)
    assert lines[0] == ANITA


async def test_memory_that_cannot_be_checked_of_an_async_answer(anita, lines):
    request = Hostile(anita)
    await sync_to_async(log_an_error)(request)
    request.answers.clear()

    async def get_response(request):
        return HttpResponse("written by hand", status=500)

    assert (await ExceptionExtraMiddleware(get_response)(request)).status_code == 500


def test_question_leaves_no_trace_in_the_session(anita, rf, lines):
    request = rf.get("/")
    request.user = anita
    request.session = SessionStore()
    request.session[SESSION_KEY] = str(anita.pk)
    request.session.accessed = request.session.modified = False
    log_an_error(request)
    log_an_error(request, logging.WARNING)
    assert lines == [ANITA, ANITA]
    assert not request.session.accessed
