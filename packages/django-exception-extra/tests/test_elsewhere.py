"""Log records travel to other threads, by a `QueueListener` or from the jobs of a pool, while their request goes on."""

import asyncio
import contextvars
import gc
import logging
import logging.handlers
import queue
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth import SESSION_KEY, logout
from django.contrib.sessions.models import Session
from django.http import HttpRequest, HttpResponse
from django.test import AsyncClient, Client
from django.urls import path
from django.utils.functional import SimpleLazyObject

from django_exception_extra import META_KEY, ExceptionExtraMiddleware, home
from django_exception_extra.log import LoggedInFilter
from django_exception_extra.mail import AdminEmailHandler
from django_exception_extra.reporter import ExceptionReporter

pytestmark = pytest.mark.django_db(transaction=True)

OURS = "django_exception_extra.ExceptionExtraMiddleware"
ANITA = "anita (Anita Test)"


class Meeting:
    """Where the thread that looks and the view meet: the view goes on in the middle of the look, if there is one."""

    def __init__(self):
        self.reached, self.gone_on = threading.Event(), threading.Event()

    def in_the_middle(self):
        if threading.current_thread() is not threading.main_thread():
            self.reached.set()
            assert self.gone_on.wait(60)


meeting = Meeting()


def slow_identity(request, user):
    meeting.in_the_middle()
    return str(user)


class SlowReporter(ExceptionReporter):
    def get_traceback_frames(self):
        meeting.in_the_middle()
        return super().get_traceback_frames()


def log_an_error(request):
    logging.getLogger("failing").error("something is wrong", extra={"request": request})
    assert meeting.reached.wait(60)


def leave(request):
    log_an_error(request)
    logout(request)
    return HttpResponse("bye")


def buy(request):
    log_an_error(request)
    request.session["cart"] = "book"
    return HttpResponse("ok")


def greet(request):
    log_an_error(request)
    return HttpResponse(f"{type(request.user) is SimpleLazyObject} {request.user} {request.user.pk}")


def send(request):
    log_an_error(request)
    return HttpResponse(request.POST["text"])


def crash(request):
    log_an_error(request)
    raise ValueError("crash")


urlpatterns = [path(f"{view.__name__}/", view) for view in (leave, buy, greet, send, crash)]


@pytest.fixture(autouse=True)
def met(settings):
    global meeting
    meeting = Meeting()
    settings.ROOT_URLCONF = __name__


@pytest.fixture(params=["with the middleware", "without it"])
def anywhere(request, settings):
    """Without the middleware nothing tells whose thread it is, so there it is looked at."""
    if request.param == "without it":
        settings.MIDDLEWARE = [m for m in settings.MIDDLEWARE if m != OURS]
    return request.param


class Kept(logging.Handler):
    def __init__(self, handler=None):
        super().__init__()
        self.records, self.handler = [], handler

    def emit(self, record):
        if self.handler is not None:
            self.handler.emit(record)
        self.records.append(record)
        meeting.reached.set()


@pytest.fixture
def listening():
    """Put a handler behind a queue; the view goes on while it works, and it has ended when the request is looked at."""
    logger = logging.getLogger("failing")
    started = []

    def start(handler):
        put = logging.handlers.QueueHandler(queue.SimpleQueue())
        listener = logging.handlers.QueueListener(put.queue, handler)
        listener.start()
        logger.addHandler(put)
        started.append((listener, put))
        return handler

    yield start
    meeting.gone_on.set()
    for listener, put in started:
        logger.removeHandler(put)
        if listener._thread is not None:
            listener.stop()


class Filtered(Kept):
    def __init__(self):
        super().__init__()
        self.addFilter(LoggedInFilter())


def go_on_after(send):
    """The view has ended, and only then the other thread may."""
    try:
        return send()
    finally:
        meeting.gone_on.set()


def test_logout_ends_the_session(client, listening, settings, anywhere):
    settings.EXCEPTION_EXTRA_IDENTITY = f"{__name__}.slow_identity"
    listening(Filtered())
    assert go_on_after(lambda: client.get("/leave/")).content == b"bye"
    assert not [s for s in Session.objects.all() if SESSION_KEY in s.get_decoded()]


def test_session_is_written(client, listening, settings, anywhere):
    settings.EXCEPTION_EXTRA_IDENTITY = f"{__name__}.slow_identity"
    listening(Filtered())
    go_on_after(lambda: client.get("/buy/"))
    assert client.session["cart"] == "book"


def test_failure_has_its_line(client, listening, settings):
    """Though another thread is looking at the request at the time."""
    settings.EXCEPTION_EXTRA_IDENTITY = f"{__name__}.slow_identity"
    listening(Filtered())
    response = go_on_after(lambda: client.get("/crash/"))
    assert response.wsgi_request.META[META_KEY] == "anita"


@pytest.mark.parametrize("mode", ["id", "full"])
def test_user_of_the_view_stays(mode, client, anita, listening, settings, anywhere):
    settings.EXCEPTION_EXTRA_IDENTITY = mode
    mail = AdminEmailHandler(reporter_class=f"{__name__}.SlowReporter")
    listening(Kept(mail))
    response = go_on_after(lambda: client.get("/greet/"))
    assert response.content.decode() == f"True anita {anita.pk}"


@pytest.mark.parametrize("behind", [True, False])
def test_form_can_be_read_after_the_report(behind, client, listening, settings, mailoutbox, anywhere):
    """It can be read only once: in its own thread the report has it, in another it is left alone."""
    kept = Kept(AdminEmailHandler(reporter_class="django_exception_extra.reporter.ExceptionReporter"))
    logger = logging.getLogger("failing")
    if behind:
        listening(kept)
    else:
        logger.addHandler(kept)
    try:
        response = client.post("/send/", {"text": "hello"})
    finally:
        logger.removeHandler(kept)
    assert response.content == b"hello"
    (mail,) = mailoutbox
    assert ("text = 'hello'" in mail.body) == (not behind or anywhere == "without it")


def first_field(request, user):
    return f"{user} sends {request.body.decode()} {sorted(request.POST)}"


def test_body_read_by_a_function_of_the_project(client, settings):
    """It has a copy of the request, but there is one body."""
    settings.EXCEPTION_EXTRA_IDENTITY = f"{__name__}.first_field"
    logger = logging.getLogger("failing")
    kept = Filtered()
    logger.addHandler(kept)
    try:
        form = "application/x-www-form-urlencoded"
        response = client.post("/send/", "text=hello", content_type=form)
    finally:
        logger.removeHandler(kept)
    assert [record.logged_in for record in kept.records] == ["anita sends text=hello ['text']"]
    assert response.content == b"hello"


@pytest.mark.parametrize("filtered", [Kept, Filtered])
def test_filter_at_the_queue_handler(filtered, client, listening):
    """It works in the request's own thread, before the record is put into the queue."""
    kept = listening(filtered())
    logger = logging.getLogger("failing")
    (put,) = (h for h in logger.handlers if isinstance(h, logging.handlers.QueueHandler))
    put.addFilter(LoggedInFilter())
    client.get("/buy/")
    assert [record.logged_in for record in kept.records] == [ANITA]


def test_listener_does_not_look_by_itself(client, listening):
    kept = listening(Filtered())
    response = client.get("/greet/")
    assert [record.logged_in for record in kept.records] == [""]
    assert META_KEY not in response.wsgi_request.META


@pytest.fixture
def pool():
    with ThreadPoolExecutor(1) as pool:
        yield pool


@pytest.mark.parametrize(("copied", "line"), [(False, ""), (True, ANITA)])
def test_job_of_a_pool(copied, line, client, pool, settings):
    """A job that was given the context of the request works for it."""
    kept = Filtered()

    def outer(get_response):
        def middleware(request):
            response = get_response(request)
            context = contextvars.copy_context()
            job = (context.run, kept.handle) if copied else (kept.handle,)
            record = logging.makeLogRecord({"levelno": logging.ERROR, "request": request})
            pool.submit(*job, record).result(20)
            return response

        return middleware

    globals()["outer"] = outer
    settings.MIDDLEWARE = [*settings.MIDDLEWARE[:2], f"{__name__}.outer", *settings.MIDDLEWARE[2:]]
    settings.ROOT_URLCONF = "failing.urls"
    response = client.get("/fine/")
    assert [record.logged_in for record in kept.records] == [line]
    assert not response.wsgi_request.session.accessed


def test_request_within_a_request(client, anita, settings):
    """The outer one is still at home afterwards."""
    kept = Filtered()

    def outer(get_response):
        def middleware(request):
            response = get_response(request)
            if "Inner" not in request.headers:
                Client().get("/fine/", headers={"Inner": "yes"})
                kept.handle(logging.makeLogRecord({"levelno": logging.ERROR, "request": request}))
            return response

        return middleware

    globals()["outer"] = outer
    settings.MIDDLEWARE = [f"{__name__}.outer", *settings.MIDDLEWARE]
    settings.ROOT_URLCONF = "failing.urls"
    client.get("/fine/")
    assert [record.logged_in for record in kept.records] == [ANITA]


def marked():
    request = HttpRequest()
    home.enter(request)
    return request


def test_thread_of_a_server_is_home_to_its_requests():
    """It goes from one to the next; another thread is home to none of them."""
    requests = [marked() for _ in range(100)]
    assert [home.is_elsewhere(request) for request in requests] == [False] * 100
    with ThreadPoolExecutor(1) as pool:
        assert list(pool.map(home.is_elsewhere, requests)) == [True] * 100
        theirs = pool.submit(marked).result(20)
    assert home.is_elsewhere(theirs)
    assert home.is_elsewhere(HttpRequest()) is False


def test_what_a_thread_was_home_to_is_let_go():
    def run():
        latest = weakref.ref(marked())
        gc.collect()
        return latest()

    assert contextvars.Context().run(run) is None


async def test_each_task_of_a_server_is_home_to_its_own_request():
    """And what it gives its context to, a thread as well as a task."""

    async def serve():
        request = marked()
        told = [await asyncio.to_thread(home.is_elsewhere, request)]
        told.append(await asyncio.create_task(ask(request)))
        return request, told

    async def ask(request):
        return home.is_elsewhere(request)

    def task():
        return asyncio.create_task(serve(), context=contextvars.Context())

    (one, told_one), (other, told_other) = await asyncio.gather(task(), task())
    assert (told_one, told_other) == ([False, False], [False, False])
    assert home.is_elsewhere(one)
    inside = contextvars.Context()
    inside.run(home.enter, one)
    assert not inside.run(home.is_elsewhere, one)
    assert inside.run(home.is_elsewhere, other)


@pytest.mark.parametrize("many", [1, 9, 100])
def test_outer_request_is_at_home_after_those_that_it_has_sent(many, anita, rf):
    """A middleware outside of ours raises then: only the log tells of it."""
    request = rf.get("/")
    request.user = anita

    def view(request):
        for _ in range(many):
            ExceptionExtraMiddleware(lambda request: HttpResponse())(rf.get("/"))
        return HttpResponse()

    def run():
        ExceptionExtraMiddleware(view)(request)
        record = logging.makeLogRecord({"request": request, "levelno": logging.ERROR})
        LoggedInFilter().filter(record)
        return record.logged_in, contextvars.Context().run(home.is_elsewhere, request)

    assert contextvars.copy_context().run(run) == (ANITA, True)


def test_listed_twice_it_is_at_home_once(anita, rf):
    request = rf.get("/")
    request.user = anita
    inner = ExceptionExtraMiddleware(lambda request: HttpResponse())
    ExceptionExtraMiddleware(inner)(request)
    assert not home.is_elsewhere(request)
    after = rf.get("/")
    inner(after)
    assert not home.is_elsewhere(after)


@pytest.mark.parametrize("asks", ["blocking", "asynchronous"])
def test_middleware_outside_that_sends_many_and_raises(asks, client, anita, settings, mailoutbox):
    """However many have ended meanwhile."""

    def batch(get_response):
        def middleware(request):
            response = get_response(request)
            if request.headers.get("Within"):
                return response
            for _ in range(70):
                if asks == "blocking":
                    Client().get("/fine/", headers={"Within": "yes"})
                else:
                    async_to_sync(AsyncClient().get)("/fine/", headers={"Within": "yes"})
            raise ValueError("late")

        return middleware

    globals()["batch"] = batch
    settings.MIDDLEWARE = [f"{__name__}.batch", *settings.MIDDLEWARE]
    settings.ROOT_URLCONF = "failing.urls"
    for _ in range(3):
        assert client.get("/fine/").wsgi_request.META[META_KEY] == ANITA
    assert len(mailoutbox) == 3
