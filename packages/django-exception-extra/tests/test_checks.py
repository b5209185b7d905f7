"""`manage.py check` says what cannot work."""

import re

import pytest
from django.core import checks

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
        ("EXCEPTION_EXTRA_IN_DEBUG", True, [], ""),
        ("EXCEPTION_EXTRA_IN_DEBUG", "False", ["E002"], "is 'False', it must be True or False"),
        ("EXCEPTION_EXTRA_IDENTIY", "id", ["W001"], "Did you mean EXCEPTION_EXTRA_IDENTITY"),
        (
            "EXCEPTION_EXTRA_SOMETHING_ELSE",
            "id",
            ["W001"],
            "There are EXCEPTION_EXTRA_IDENTITY and EXCEPTION_EXTRA_IN_DEBUG and EXCEPTION_EXTRA_REPORT_STREAMS",
        ),
    ],
)
def test_settings(name, value, expected, says, settings):
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
        ([SESSION, AUTH, "failing.middleware.Reporter", OURS], []),
        ([SESSION, AUTH, OURS, "failing.middleware.Reporter"], ["I001"]),
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
