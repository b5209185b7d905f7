"""`manage.py check` says what cannot work."""

import re

import pytest
from django.conf import settings as configured
from django.core import checks
from failing.models import Handle

from django_exception_extra.checks import check_settings

SESSION = "django.contrib.sessions.middleware.SessionMiddleware"
AUTH = "django.contrib.auth.middleware.AuthenticationMiddleware"
OURS = "django_exception_extra.ExceptionExtraMiddleware"


def messages():
    found = [m for m in checks.run_checks() if (m.id or "").startswith("django_exception_extra.")]
    assert all(m.hint for m in found)
    return [m.id.removeprefix("django_exception_extra.") for m in found], " ".join(
        f"{m.msg} {m.hint}" for m in found
    )


@pytest.mark.parametrize(
    ("name", "value", "expected", "says"),
    [
        ("EXCEPTION_EXTRA_IDENTITY", "full", [], ""),
        (
            "EXCEPTION_EXTRA_IDENTITY",
            "id",
            ["W004"],
            "is 'id', but django.views.debug.ExceptionReporter prints",
        ),
        ("EXCEPTION_EXTRA_IDENTITY", "masked", ["W004"], "DEFAULT_EXCEPTION_REPORTER = 'django_exception"),
        ("EXCEPTION_EXTRA_REPORT_STREAMS", True, [], ""),
        ("EXCEPTION_EXTRA_REPORT_STREAMS", 1, ["E002"], "EXCEPTION_EXTRA_REPORT_STREAMS is 1"),
        ("EXCEPTION_EXTRA_IDENTITY", "failing.identities.nobody", ["W004"], "nobody', but django"),
        ("EXCEPTION_EXTRA_IDENTITY", "fulll", ["E001"], "'fulll', it must be one of .* Did you mean 'full'"),
        (
            "EXCEPTION_EXTRA_IDENTITY",
            7,
            ["E001"],
            "is 7, it must be one of 'id', 'username', 'masked', 'full' or",
        ),
        ("EXCEPTION_EXTRA_IDENTITY", ["id"], ["E001"], "Nobody is recorded"),
        ("EXCEPTION_EXTRA_IDENTITY", None, ["E001"], "is None"),
        ("EXCEPTION_EXTRA_IDENTITY", "failing.identities.missing", ["E001"], "cannot be imported: .*missing"),
        ("EXCEPTION_EXTRA_IDENTITY", "no.such.module", ["E001"], "No module named 'no'"),
        ("EXCEPTION_EXTRA_IDENTITY", "failing.identities.not_callable", ["E001"], "which is a str"),
        (
            "EXCEPTION_EXTRA_IDENTITY",
            "failing.identities.asynchronous",
            ["E001"],
            "async and would not be awaited",
        ),
        (
            "EXCEPTION_EXTRA_IDENTITY",
            "failing.identities.async_object",
            ["E001"],
            "async and would not be awaited",
        ),
        (
            "EXCEPTION_EXTRA_IDENTITY",
            "failing.identities.marked_asynchronous",
            ["E001"],
            "async and would not be awaited",
        ),
        (
            "EXCEPTION_EXTRA_IDENTITY",
            "failing.identities.async_generator",
            ["E001"],
            "is async and would not",
        ),
        (
            "EXCEPTION_EXTRA_IDENTITY",
            "failing.identities.generator",
            ["E001"],
            "a generator and would not be run",
        ),
        (
            "EXCEPTION_EXTRA_IDENTITY",
            "failing.identities.generator_object",
            ["E001"],
            "a generator and would",
        ),
        (
            "EXCEPTION_EXTRA_IDENTITY",
            "failing.identities.generator_with_more",
            ["E001"],
            "a generator and would",
        ),
        ("EXCEPTION_EXTRA_IDENTITY", "failing.identities.of_one", ["E001"], "be called as .request, user."),
        ("EXCEPTION_EXTRA_IDENTITY", "failing.identities.of_three", ["E001"], "be called as .request, user."),
        ("EXCEPTION_EXTRA_IDENTITY", "failing.models.Handle", ["E001"], "be called as .request, user."),
        ("EXCEPTION_EXTRA_IDENTITY", "failing.identities.of_any", ["W004"], ""),
        ("EXCEPTION_EXTRA_IDENTITY", "builtins.max", ["W004"], ""),
        (
            "EXCEPTION_EXTRA_IDENTITY",
            "failing.raises_name_error.who",
            ["E001"],
            "imported: NameError: .*oops",
        ),
        ("EXCEPTION_EXTRA_IDENTITY", "failing_by_syntax.who", ["E001"], "imported: SyntaxError: "),
        ("EXCEPTION_EXTRA_IN_DEBUG", True, [], ""),
        ("EXCEPTION_EXTRA_IN_DEBUG", "False", ["E002"], "is 'False', it must be True or False"),
        ("EXCEPTION_EXTRA_IDENTIY", "id", ["W001"], "Did you mean EXCEPTION_EXTRA_IDENTITY"),
        (
            "EXCEPTION_EXTRA_SOMETHING_ELSE",
            "id",
            ["W001"],
            "There are EXCEPTION_EXTRA_IDENTITY, EXCEPTION_EXTRA_IN_DEBUG and EXCEPTION_EXTRA_REPORT_STREAMS",
        ),
    ],
)
def test_settings(name, value, expected, says, settings, tmp_path, monkeypatch):
    (tmp_path / "failing_by_syntax.py").write_text("def who(request, user) return ''")
    monkeypatch.syspath_prepend(tmp_path)
    setattr(settings, name, value)
    ids, text = messages()
    assert ids == expected
    assert re.search(says, text)


@pytest.mark.parametrize(
    ("middleware", "expected"),
    [
        ([SESSION, AUTH, OURS], []),
        ([OURS, SESSION, AUTH], []),
        ([SESSION, AUTH, "django_exception_extra.middleware.ExceptionExtraMiddleware"], []),
        ([SESSION, AUTH], ["W002"]),
        ([], ["W002"]),
        ([SESSION, OURS], ["W003"]),
        ([SESSION, "django.contrib.auth.middleware.PersistentRemoteUserMiddleware", OURS], ["W003"]),
        ([AUTH, OURS], ["W006"]),
        ([AUTH, SESSION, OURS], ["W006"]),
        (["failing.middleware.OwnSession", "failing.middleware.OwnAuthentication", OURS], []),
        (["failing.middleware.OwnAuthentication", "failing.middleware.OwnSession", OURS], ["W006"]),
        ([SESSION, AUTH, SESSION, OURS], []),
        ([AUTH], ["W002"]),
        ([SESSION, AUTH, "failing.middleware.Reporter", OURS], []),
        ([SESSION, AUTH, OURS, "failing.middleware.Reporter"], ["W005"]),
        ([SESSION, AUTH, OURS, "failing.middleware.atomic", "no.such.Middleware"], []),
    ],
)
def test_middleware(middleware, expected, settings):
    settings.MIDDLEWARE = middleware
    assert messages()[0] == expected


@pytest.mark.parametrize("mode", ["id", "masked", "failing.identities.nobody"])
@pytest.mark.parametrize(
    ("reporter", "expected"),
    [
        ("django_exception_extra.reporter.ExceptionReporter", []),
        ("failing.reporters.Grandchild", []),
        ("django.views.debug.ExceptionReporter", ["W004"]),
        ("no.such.Reporter", []),
    ],
)
def test_what_django_would_tell(mode, reporter, expected, settings):
    settings.EXCEPTION_EXTRA_IDENTITY = mode
    settings.DEFAULT_EXCEPTION_REPORTER = reporter
    assert messages()[0] == expected


@pytest.mark.parametrize(
    ("handlers", "expected"),
    [
        ({"mail": {"reporter_class": "django.views.debug.ExceptionReporter"}}, ["W004"]),
        ({"mail": {"reporter_class": "django_exception_extra.reporter.ExceptionReporter"}}, []),
        ({"mail": {"reporter_class": "no.such.Reporter"}}, []),
        ({"mail": {"class": "logging.NullHandler"}, "odd": None}, []),
        (None, []),
    ],
)
def test_what_a_handler_of_its_own_would_tell(handlers, expected, settings, monkeypatch):
    settings.EXCEPTION_EXTRA_IDENTITY = "id"
    settings.DEFAULT_EXCEPTION_REPORTER = "django_exception_extra.reporter.ExceptionReporter"
    # Not by the fixture: Django 6.1 would configure the log by it at once.
    monkeypatch.setattr(configured, "LOGGING", {"handlers": handlers})
    ids, text = messages()
    assert ids == expected
    assert ("Give the handler 'mail' in LOGGING the reporter_class" in text) == bool(expected)


def test_no_logging_at_all(settings, monkeypatch):
    settings.EXCEPTION_EXTRA_IDENTITY = "id"
    monkeypatch.setattr(configured, "LOGGING", None)
    assert messages()[0] == ["W004"]


@pytest.mark.parametrize(
    ("model", "own", "expected"),
    [
        ("auth.User", False, []),
        ("failing.Handle", False, []),
        ("failing.Handle", True, ["W004"]),
        ("no.Model", False, []),
    ],
)
def test_text_of_a_user_under_username(model, own, expected, settings, monkeypatch):
    """Django prints `str(user)`, which is the user name unless the model has a text of its own."""
    settings.EXCEPTION_EXTRA_IDENTITY = "username"
    settings.AUTH_USER_MODEL = model
    if own:
        monkeypatch.setattr(Handle, "__str__", lambda self: f"{self.handle} <a@x.org>")
    assert [m.id for m in check_settings()] == [f"django_exception_extra.{id}" for id in expected]
