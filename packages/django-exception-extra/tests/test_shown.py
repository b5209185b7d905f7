"""What a report prints of variables: it is seen as it is, and nothing is worked out for it."""

import asyncio
import collections
import dataclasses
import logging
import sys
import types
from html import unescape

import pytest
from django.contrib.auth import get_user_model
from django.contrib.sessions.models import Session
from django.db import connection
from django.template.defaultfilters import pprint
from django.test import AsyncClient, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import path
from django.utils.functional import LazyObject, SimpleLazyObject, empty
from django.utils.log import AdminEmailHandler
from django.views.debug import ExceptionReporter as DjangoReporter
from django.views.decorators.debug import sensitive_variables
from hypothesis import given
from hypothesis import strategies as st

from django_exception_extra.reporter import ExceptionReporter

SEEN = "<SimpleLazyObject: not evaluated>"


@dataclasses.dataclass
class Cart:
    user: object
    note: str = "long enough to be printed on a line of its own " * 2


class OwnKind(LazyObject):
    def _setup(self):
        raise AssertionError("evaluated")


SHAPES = {
    "itself": lambda user: user,
    "list": lambda user: [user],
    "long list": lambda user: [user, "x" * 100],
    "deep": lambda user: {"a": [({"b": {"c": [[user, "x" * 100]]}},)]},
    "dict": lambda user: {"user": user},
    "tuple": lambda user: (user,),
    "long tuple": lambda user: (user, "x" * 100),
    "ordered": lambda user: collections.OrderedDict(user=user),
    "default": lambda user: collections.defaultdict(list, user=user),
    "deque": lambda user: collections.deque([user, "x" * 100]),
    "chain": lambda user: collections.ChainMap({"user": user}, {"x": "x" * 100}),
    "user dict": lambda user: collections.UserDict(user=user),
    "user list": lambda user: collections.UserList([user, "x" * 100]),
    "view": lambda user: types.MappingProxyType({"user": user, "x": "x" * 100}),
    "namespace": lambda user: types.SimpleNamespace(user=user, note="x" * 100),
    "dataclass": Cart,
}


def evaluated():
    raise AssertionError("evaluated")


def data_of(variables, reporter=ExceptionReporter):
    """What is printed of the variables of a function that raises."""
    code = compile(
        "def fail(" + ", ".join(variables) + "):\n    raise ValueError('crash')", "fail.py", "exec"
    )
    made = {}
    exec(code, made)
    try:
        made["fail"](**variables)
    except ValueError:
        return dict(reporter_of(reporter).get_traceback_data()["frames"][-1]["vars"])


def reporter_of(kind):
    """The report on what is being handled."""
    return kind(RequestFactory().get("/"), *sys.exc_info())


@pytest.mark.parametrize("shape", SHAPES)
def test_lazy_variable_is_not_evaluated(shape):
    lazy = SimpleLazyObject(evaluated)
    text = data_of({"value": SHAPES[shape](lazy)})["value"]
    # A text of the class's own shows the lazy object by its own text, which is how it would be worked out.
    assert SEEN in text or "<SimpleLazyObject: <function evaluated" in text
    assert lazy._wrapped is empty


@pytest.mark.parametrize("shape", SHAPES)
def test_evaluated_variable_is_shown_as_django_does(shape):
    user = SimpleLazyObject(lambda: "anita")
    str(user)
    value = SHAPES[shape](user)
    assert data_of({"value": value}) == data_of({"value": value}, DjangoReporter)
    assert "anita" in data_of({"value": value})["value"]


def test_lazy_variable_of_another_kind():
    assert data_of({"value": [OwnKind(), "x" * 100]})["value"].startswith("[<OwnKind: not evaluated>,\n")


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.binary()
    | st.sets(st.integers()),
    lambda inner: st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(VALUES)
def test_everything_else_is_shown_as_django_does(value):
    assert data_of({"value": value}) == data_of({"value": value}, DjangoReporter)


def test_value_that_holds_itself():
    value = [SimpleLazyObject(evaluated), "x" * 100]
    value.append(value)
    text = data_of({"value": value})["value"]
    assert SEEN in text
    assert "<Recursion on list" in text


def test_value_that_cannot_be_printed():
    """As Django says it."""
    value = type("U", (), {"__repr__": lambda self: 1 / 0})()
    assert data_of({"value": value})["value"] == "Error in formatting: ZeroDivisionError: division by zero"


@sensitive_variables("secret")
def with_secret(user, secret):
    raise ValueError("crash")


@sensitive_variables()
async def with_secrets(user, secret):
    raise ValueError("crash")


@pytest.mark.parametrize("function", [with_secret, with_secrets])
def test_secrets_stay_secret(function):
    lazy = SimpleLazyObject(evaluated)
    try:
        asyncio.run(function(lazy, "hush"))
    except ValueError:
        frames = reporter_of(ExceptionReporter).get_traceback_data()["frames"]
    found = [dict(frame["vars"]) for frame in frames if "secret" in dict(frame["vars"])]
    assert [each["secret"] for each in found] == [pprint("*" * 20)]
    assert found[0]["user"] == (SEEN if function is with_secret else pprint("*" * 20))
    wrappers = [dict(f["vars"]) for f in frames if f["function"] == "sensitive_variables_wrapper"]
    assert [each["func_args"] for each in wrappers] == [pprint("*" * 20)] * (function is with_secret)
    assert lazy._wrapped is empty


@pytest.mark.parametrize(
    "shape", ["itself", "list", "long list", "deep", "dict", "tuple", "dataclass", "ordered"]
)
@pytest.mark.parametrize("mode", ["full", "id"])
def test_lazy_value_in_meta_is_not_evaluated(shape, mode, settings, rf):
    settings.EXCEPTION_EXTRA_IDENTITY = mode
    lazy = SimpleLazyObject(evaluated)
    value = SHAPES[shape](lazy)
    request = rf.get("/", X_USER=value, SERVER_NAME="example", X_API_KEY="hush")
    request.user = None
    reporter = ExceptionReporter(request, ValueError, ValueError("crash"), None)
    text, page = reporter.get_traceback_text(), unescape(reporter.get_traceback_html())
    # Python prints a dataclass that fits on a line, and the text of a mail has lines of any length.
    assert (SEEN if shape != "dataclass" else "<SimpleLazyObject: <function evaluated") in text
    assert SEEN in page
    assert "SERVER_NAME = 'example'" in text
    assert "<pre>'example'</pre>" in page
    assert "hush" not in text + page
    assert lazy._wrapped is empty
    assert request.META["X_USER"] is value


@pytest.mark.parametrize(
    "value", [["x" * 50, "y" * 50], {"a": ["b" * 90] * 3, "c": {"d": (1,) * 90}}, [b"z" * 100], 7, "x" * 200]
)
def test_value_of_meta_is_on_one_line_of_the_text_and_on_many_of_the_page(value, rf):
    request = rf.get("/", X_VALUE=value)
    request.user = None
    ours, theirs = (
        each(request, ValueError, ValueError("crash"), None) for each in (ExceptionReporter, DjangoReporter)
    )
    assert f"\nX_VALUE = {value!r}\n" in ours.get_traceback_text()
    assert f"\nX_VALUE = {value!r}\n" in theirs.get_traceback_text()
    shown = f"<pre>{pprint(value)}</pre>"
    assert shown in unescape(ours.get_traceback_html())
    assert shown in unescape(theirs.get_traceback_html())


def local(request):
    user = request.user
    raise ValueError(user is None)


async def alocal(request):
    user = request.user
    context = {"user": user, "form": "x" * 100}
    raise ValueError(len(context))


def told(request):
    user = request.user
    raise ValueError(f"crash of {user}")


urlpatterns = [path(f"{view.__name__}/", view) for view in (local, alocal, told)]


@pytest.fixture
def site(settings):
    """Errors are mailed by Django's handler with the reporter of this package."""
    settings.ROOT_URLCONF = __name__
    settings.DEFAULT_EXCEPTION_REPORTER = "django_exception_extra.reporter.ExceptionReporter"
    logger = logging.getLogger("django")
    before, handler = logger.handlers[:], AdminEmailHandler(include_html=True)
    logger.handlers[:] = [handler]
    yield
    logger.handlers[:] = before
    handler.close()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("url", ["/local/", "/alocal/"])
def test_user_in_a_variable(url, site, client, mailoutbox):
    """The mail is made without a query of its own, and the answer does not vary by cookie for it."""
    with CaptureQueriesContext(connection) as queries:
        response = client.get(url)
    assert len(mailoutbox) == 1
    assert "ERROR-X-LOGGED-IN = 'anita (Anita Test)'" in mailoutbox[0].body
    # Those of the look, for the session and the user.
    assert len(queries) == 2
    assert "Vary" not in response
    assert response.wsgi_request.user._wrapped is empty
    assert not response.wsgi_request.session.accessed


@pytest.mark.django_db(transaction=True)
async def test_user_in_a_variable_under_asgi(site, client, mailoutbox):
    browser = AsyncClient(raise_request_exception=False)
    browser.cookies = client.cookies
    response = await browser.get("/alocal/")
    assert "ERROR-X-LOGGED-IN = 'anita (Anita Test)'" in mailoutbox[0].body
    assert "Vary" not in response
    assert response.asgi_request.user._wrapped is empty


@pytest.mark.django_db(transaction=True)
def test_user_in_a_variable_and_a_session_that_is_not_believed(site, client, anita):
    """Evaluated it would end the session."""
    anita.set_password("new")
    anita.save()
    response = client.get("/local/")
    assert Session.objects.count() == 1
    assert not response.cookies


@pytest.mark.django_db(transaction=True)
def test_page_shows_who_the_view_has_seen(site, client, settings):
    settings.DEBUG = settings.EXCEPTION_EXTRA_IN_DEBUG = True
    assert "SimpleLazyObject: &lt;User: anita&gt;" in client.get("/told/").content.decode()
    assert "SimpleLazyObject: not evaluated" in client.get("/local/").content.decode()
    assert get_user_model().objects.get().last_login is not None
