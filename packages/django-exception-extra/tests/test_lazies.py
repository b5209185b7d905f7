"""Lazy users that are not Django's: a copy of the request is asked, or nobody, never the request itself."""
# ruff: noqa: B008 (what is bound once is what these are about)

import logging
import types
import weakref
from collections import defaultdict, deque
from functools import partial

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth import get_user, get_user_model
from django.contrib.sessions.models import Session
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path
from django.utils.functional import LazyObject, SimpleLazyObject, empty
from failing.views import acrash, crash

from django_exception_extra import META_KEY, ExceptionExtraMiddleware
from django_exception_extra.reporter import ExceptionReporter

pytestmark = pytest.mark.django_db(transaction=True)

ANITA = "anita (Anita Test)"


def ask(request, name="anita"):
    request.asked = True
    return get_user_model().objects.get(username=name)


class Loader:
    """Holds the request."""

    def __init__(self, request):
        self.request = request

    def __call__(self):
        return ask(self.request)


class Slotted:
    __slots__ = ("request",)

    def __init__(self, request):
        self.request = request

    def load(self):
        return ask(self.request)


class Stage:
    """What middleware is: it lives longer than any request, and has the next one."""

    def __init__(self, get_response=None):
        self.get_response = get_response

    def load(self, request, user=None):
        return ask(request)

    @classmethod
    def load_by_class(cls, request):
        return ask(request)

    @staticmethod
    def load_by_name(request):
        return ask(request)


def str_of(user):
    return ask(HttpRequest(), str(user))


def calling(inner):
    return lambda: inner()


def recursive(request):
    """Enough that this ends."""

    def find(again=True):
        return find(again=False) if again else ask(request)

    return find


def mutual(request):
    """Two that share a cell, and are held by each other."""
    steps = []

    def odd():
        nonlocal steps
        steps = [*steps, "odd"]
        return even()

    def even():
        return odd() if len(steps) < 2 else ask(request)

    return even


def with_attribute(request):
    def find():
        return ask(find_again.request)

    def find_again():
        return find()

    find_again.request = request
    return find_again


class Held(dict):
    """What it does with what it holds is its own business."""


class ReferenceThatFails(weakref.ref):
    def __call__(self):
        raise KeyError("no")


def of_itself(request):
    held = {"request": request}
    held["self"] = held
    return held


def in_many(request):
    """One lazy object in another, more often than Python calls."""
    user = SimpleLazyObject(lambda: ask(request))
    for _ in range(2000):
        user = SimpleLazyObject(partial(str_of, user))
    return partial(str_of, user)


class Chain:
    """Middleware as deep as that of a large site."""

    def __init__(self, length):
        self.inner = Stage(None)
        for _ in range(length):
            self.inner = Stage(self.inner)

    def load(self, request):
        return ask(request)


CERTAIN = {
    "closure": lambda request: lambda: ask(request),
    "default": lambda request: lambda asked=request: ask(asked),
    "keyword": lambda request: lambda *, asked=request, name="anita": ask(asked, name),
    "partial": lambda request: partial(ask, request),
    "partial with a keyword": lambda request: partial(ask, request=request, name="anita"),
    "function in a closure": lambda request: calling(partial(ask, request)),
    "another lazy object": lambda request: partial(str_of, SimpleLazyObject(lambda: ask(request))),
    "of itself": recursive,
    "of each other": mutual,
    "attribute of a function": with_attribute,
    "method of a middleware": lambda request: partial(Stage(Stage()).load, request),
    "method of a middleware, closure": lambda request: lambda stage=Stage(): stage.load(request),
    "method of a class": lambda request: partial(Stage.load_by_class, request),
    "static method": lambda request: lambda: Stage.load_by_name(request),
    "verified, with a lazy user": lambda request: partial(
        Stage().load, request, SimpleLazyObject(lambda: ask(request))
    ),
    "list": lambda request: lambda held=[request]: ask(*held),
    "dict": lambda request: lambda held={"request": request}: ask(**held),
    "set": lambda request: lambda held={request}: ask(*held),
    "queue": lambda request: lambda held=deque([request]): ask(*held),
    "dict with a default": lambda request: (
        lambda held=defaultdict(dict, {1: {"request": request}}): ask(**held[1])
    ),
    "dict of itself": lambda request: lambda held=of_itself(request): ask(held["self"]["request"]),
    "deep middleware": lambda request: partial(Chain(300).load, request),
}
UNCERTAIN = {
    "object": Loader,
    "method": lambda request: Loader(request).__call__,
    "slots": lambda request: Slotted(request).load,
    "object in a closure": lambda request: calling(Loader(request)),
    "object in a partial": lambda request: partial(calling, Loader(request)),
    "dict of a class of its own": lambda request: lambda held=Held(request=request): ask(**held),
    "tuple": lambda request: lambda held=(request,): ask(*held),
    "far away": lambda request: (
        lambda held=Stage(Stage([Loader(request)])): ask(held.get_response.get_response[0].request)
    ),
    "weak reference": lambda request: lambda find=weakref.ref(request): ask(find()),
    "weak reference in an object": lambda request: calling(
        partial(Stage.load_weakly, Stage(weakref.ref(request)))
    ),
    "proxy": lambda request: lambda held=weakref.proxy(request): ask(held),
    "generator": lambda request: (ask(each) for each in [request]).__next__,
    "method of the request's wrapper": lambda request: partial(Loader.__call__, Loader(request)),
    "its attributes": lambda request: lambda held=vars(request): held["loaded"],
    "a factory of defaults": lambda request: lambda held=defaultdict(Loader(request)): held["user"],
    "reference that fails": lambda request: lambda held=(ReferenceThatFails(request),): ask(request),
    "one in many": in_many,
    "a chain without end": lambda request: partial(Chain(20_000).load, request),
}


def load_weakly(self):
    return ask(self.get_response())


Stage.load_weakly = load_weakly


class Kind(LazyObject):
    """One of a class of its own."""

    def __init__(self, request):
        self.__dict__["_request"] = request
        super().__init__()

    def _setup(self):
        self._wrapped = ask(self.__dict__["_request"])


class SimpleKind(SimpleLazyObject):
    def _setup(self):
        self._wrapped = ask(self.__dict__["_setupfunc"]())


@pytest.mark.parametrize("shape", CERTAIN)
def test_copy_is_asked(shape, anita, rf):
    request = rf.get("/")
    user = request.user = SimpleLazyObject(CERTAIN[shape](request))
    ExceptionExtraMiddleware(lambda request: None).process_exception(request, ValueError("crash"))
    assert request.META[META_KEY] == ANITA
    assert request.user is user
    assert user._wrapped is empty
    assert not hasattr(request, "asked")
    # And nothing of it was changed: it can still be asked by the project.
    assert str(request.user) == "anita"
    assert shape == "another lazy object" or hasattr(request, "asked")


@pytest.mark.parametrize("shape", [*UNCERTAIN, "class of its own", "simple class of its own"])
def test_nobody_is_asked(shape, anita, rf):
    request = rf.get("/")
    request.loaded = anita
    own = {"class of its own": Kind, "simple class of its own": lambda r: SimpleKind(lambda: r)}
    make = own.get(shape) or (lambda request: SimpleLazyObject(UNCERTAIN[shape](request)))
    user = request.user = make(request)
    ExceptionExtraMiddleware(lambda request: None).process_exception(request, ValueError("crash"))
    assert META_KEY not in request.META
    assert request.user is user
    assert user._wrapped is empty
    assert not hasattr(request, "asked")


def test_copies_share_what_the_originals_share(anita, rf, settings):
    """One user under two names is asked for once, and one that cannot be copied costs the others nothing."""
    settings.EXCEPTION_EXTRA_IDENTITY = f"{__name__}.same"
    request = rf.get("/")
    found = SimpleLazyObject(partial(ask, request))
    request.member = SimpleLazyObject(lambda: found)
    request.user = SimpleLazyObject(lambda: found)
    request.hidden = SimpleLazyObject(partial(lambda held, user: user, Loader(request), found))
    ExceptionExtraMiddleware(lambda request: None).process_exception(request, ValueError("crash"))
    assert request.META[META_KEY] == "True True"


def same(request, user):
    str(request.member)
    try:
        str(request.hidden)
    except RuntimeError as error:
        refused = "could leave a trace" in str(error)
    return f"{request.member._wrapped is request.user._wrapped} {refused}"


def session_of(request, session):
    session.get("anything")
    return get_user(types.SimpleNamespace(session=session, META=request.META))


@pytest.fixture
def lazily(settings):
    """Let a middleware after Django's set `request.user` lazily; the argument makes what loads it."""

    def put(make):
        def lazy(get_response):
            def middleware(request):
                request.user = SimpleLazyObject(make(request))
                return get_response(request)

            return middleware

        globals()["lazy"] = lazy
        settings.MIDDLEWARE = [*settings.MIDDLEWARE[:-1], f"{__name__}.lazy", settings.MIDDLEWARE[-1]]
        settings.ROOT_URLCONF = __name__
        settings.ADMINS = []

    return put


urlpatterns = [
    path("crash/", crash),
    path("acrash/", acrash),
    path("log_and_show/", lambda request: log_and_show(request)),
]


class OfSession:
    def __init__(self, request):
        self.request = request

    def load(self):
        return get_user(self.request)


SHAPES = {
    "object": lambda request: OfSession(request).load,
    "session": lambda request: partial(session_of, request, request.session),
}


def put_into_meta(request):
    request.META["current"] = lambda: get_user(request)
    return lambda: request.META["current"]()


def put_into_session(request):
    request.session.owner = OfSession(request)
    return lambda: request.session.owner.load()


def put_beside(name, value):
    """The user is found by way of another attribute of the request."""

    def make(request):
        setattr(request, name, value(request))
        return lambda: find(getattr(request, name))

    def find(value):
        return (
            value.load()
            if hasattr(value, "load")
            else next(iter(value))()
            if isinstance(value, dict)
            else value()
        )

    return make


# Found by the copy; or not asked, and what the session says is told.
DETOURS = {
    "auser": (lambda request: lambda: async_to_sync(request.auser)(), True),
    "function": (put_beside("current", lambda request: lambda: get_user(request)), True),
    "partial": (put_beside("current", lambda request: partial(get_user, request)), True),
    "method": (put_beside("current", lambda request: OfSession(request).load), False),
    "object": (put_beside("current", OfSession), False),
    "dict": (put_beside("current", lambda request: {lambda: get_user(request): 1}), True),
    "META": (put_into_meta, False),
    "session": (put_into_session, False),
}


@pytest.mark.parametrize("shape", DETOURS)
def test_session_stays_as_it_was_by_a_detour(shape, anita, client, lazily):
    """What hangs on a copy of the request must not lead back to it."""
    make, found = DETOURS[shape]
    lazily(make)
    response = client.get("/crash/")
    request = response.wsgi_request
    assert request.META[META_KEY] == (ANITA if found else f"id={anita.pk} (from the session)")
    assert request.user._wrapped is empty
    assert not request.session.accessed
    assert "Vary" not in response
    # And the project can still ask.
    assert str(request.user) == "anita"


@pytest.mark.parametrize("hung", ["META", "object", "messages"])
def test_user_of_django_is_found_beside_any_of_them(hung, client, settings):
    def hang(get_response):
        def middleware(request):
            if hung == "META":
                request.META["current"] = OfSession(request)
            else:
                setattr(request, {"messages": "_messages", "object": "current"}[hung], OfSession(request))
            return get_response(request)

        return middleware

    globals()["hang"] = hang
    settings.MIDDLEWARE = [*settings.MIDDLEWARE[:-1], f"{__name__}.hang", settings.MIDDLEWARE[-1]]
    settings.ADMINS = []
    response = client.get("/crash/")
    assert response.wsgi_request.META[META_KEY] == ANITA
    assert "Vary" not in response


def by_auser(request, user):
    return str(async_to_sync(request.auser)())


def test_function_of_the_project_may_ask_auser(client, settings):
    settings.EXCEPTION_EXTRA_IDENTITY = f"{__name__}.by_auser"
    settings.ADMINS = []
    response = client.get("/crash/")
    request = response.wsgi_request
    assert request.META[META_KEY] == "anita"
    assert not hasattr(request, "_acached_user")
    assert not request.session.accessed
    assert "Vary" not in response


def log_and_show(request):
    logging.getLogger("django.request").error("x", extra={"request": request, "status_code": 500})
    return HttpResponse(str(request.user))


def kept_in(cache):
    def make(request):
        def find():
            if "user" not in cache:
                cache["user"] = get_user(request)
            return cache["user"]

        return find

    return make


def kept_in_list(request):
    found = []

    def find():
        found or found.append(get_user(request))
        return found[0]

    return find


def kept_by_bound(cache):
    """In what the method of a dict is bound to; there, or in its slot."""
    keep, get = cache.setdefault, cache.__getitem__

    def make(request):
        def find():
            keep("user", get_user(request))
            return get("user")

        return find

    return make


def kept_by_append(found):
    keep = found.append

    def make(request):
        def find():
            found or keep(get_user(request))
            return found[0]

        return find

    return make


def kept_on_the_request(request):
    request.found = {}
    return lambda: request.found.get("user") or request.found.setdefault("user", get_user(request))


KEPT = {
    "dict": lambda request: kept_in({})(request),
    "dict of dicts": lambda request: kept_in(defaultdict(dict))(request),
    "list": kept_in_list,
    "method of a dict": lambda request: kept_by_bound({})(request),
    "method of a list": lambda request: kept_by_append([])(request),
    "on the request": kept_on_the_request,
}


@pytest.mark.parametrize("shape", KEPT)
def test_page_after_an_error_varies_though_the_user_is_kept(shape, client, lazily):
    """The look must not fill what the page itself then finds filled, without a question to the session."""
    lazily(KEPT[shape])
    response = client.get("/log_and_show/")
    assert response.content == b"anita"
    assert response.wsgi_request.META[META_KEY] == ANITA
    assert response["Vary"] == "Cookie"


ENGINES = ["db", "signed_cookies", "cache", "cached_db"]


@pytest.mark.parametrize("url", ["/crash/", "/acrash/"])
@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("shape", "line"), [("object", "id={pk} (from the session)"), ("session", ANITA)])
def test_session_stays_as_it_was(shape, line, engine, url, anita, lazily, settings):
    """What cannot be asked is not; what Django would find in the session is known all the same."""
    lazily(SHAPES[shape])
    settings.SESSION_ENGINE = f"django.contrib.sessions.backends.{engine}"
    client = Client(raise_request_exception=False)
    client.force_login(anita)
    response = client.get(url)
    request = response.wsgi_request
    assert request.META[META_KEY] == line.format(pk=anita.pk)
    assert request.user._wrapped is empty
    assert not request.session.accessed
    assert "Vary" not in response
    assert not response.cookies


@pytest.mark.parametrize("shape", SHAPES)
def test_session_of_a_changed_password_is_not_ended(shape, client, anita, lazily):
    lazily(SHAPES[shape])
    anita.set_password("new")
    anita.save()
    response = client.get("/crash/")
    assert META_KEY not in response.wsgi_request.META
    assert Session.objects.count() == 1
    assert not response.cookies


@pytest.mark.parametrize("change", ["deleted", "inactive"])
def test_user_gone(change, client, anita, lazily):
    lazily(SHAPES["object"])
    session_id = anita.pk
    if change == "deleted":
        anita.delete()
    else:
        type(anita).objects.update(is_active=False)
    line = client.get("/crash/").wsgi_request.META[META_KEY]
    assert line == f"id={session_id} (from the session; {change})"


def test_function_of_the_project_says_nothing_of_one_it_cannot_be_given(client, lazily, settings):
    lazily(SHAPES["object"])
    settings.EXCEPTION_EXTRA_IDENTITY = "failing.identities.path_and_user"
    assert META_KEY not in client.get("/crash/").wsgi_request.META


def test_report_does_not_ask_either(client, anita, lazily):
    lazily(SHAPES["object"])
    request = client.get("/crash/").wsgi_request
    text = ExceptionReporter(request, ValueError, ValueError("crash"), None).get_traceback_text()
    assert f"USER: id={anita.pk} (from the session)" in text
    assert request.user._wrapped is empty
    assert not request.session.accessed
