"""Somebody acts as somebody else, by the packages people use for that: the line says both."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.contrib.auth import get_user_model
from django.core.signing import TimestampSigner
from django.db import connection
from django.test import Client

from django_exception_extra import META_KEY, ExceptionExtraMiddleware, identity, recorded

HELPERS = Path(__file__).parent / "helpers"

pytestmark = pytest.mark.django_db(transaction=True)

MODES = [
    ("full", "anita (Anita Test)", "boss b@x.org"),
    ("username", "anita", "boss"),
    ("masked", "id={anita} a*** (A*** T***)", "id={boss} b*** b***@x***"),
    ("id", "id={anita}", "id={boss}"),
]


@pytest.fixture
def boss(db):
    return get_user_model().objects.create_superuser("boss", "b@x.org")


@pytest.fixture
def acting(boss, settings):
    """The boss's browser."""
    settings.ADMINS = []
    settings.ROOT_URLCONF = "failing.urls_acting"
    client = Client(raise_request_exception=False)
    client.force_login(boss)
    return client


def put_before_ours(settings, path):
    settings.MIDDLEWARE = [*settings.MIDDLEWARE[:-1], path, settings.MIDDLEWARE[-1]]


@pytest.mark.parametrize(("mode", "who", "by"), MODES)
@pytest.mark.parametrize("path", ["/crash/", "/twice_in_sql/"])
def test_django_impersonate(path, mode, who, by, acting, anita, boss, settings):
    put_before_ours(settings, "impersonate.middleware.ImpersonateMiddleware")
    settings.EXCEPTION_EXTRA_IDENTITY = mode
    session = acting.session
    session["_impersonate"] = str(anita.pk)
    session.save()
    line = acting.get(path).wsgi_request.META[META_KEY]
    assert line == f"{who}, impersonated by {by}".format(anita=anita.pk, boss=boss.pk)


def test_django_impersonate_and_nobody_is_impersonated(acting, settings):
    put_before_ours(settings, "impersonate.middleware.ImpersonateMiddleware")
    assert acting.get("/crash/").wsgi_request.META[META_KEY] == "boss b@x.org"


@pytest.mark.parametrize(("mode", "who", "by"), MODES)
def test_django_hijack(mode, who, by, acting, anita, boss, settings):
    put_before_ours(settings, "hijack.middleware.HijackUserMiddleware")
    settings.EXCEPTION_EXTRA_IDENTITY = mode
    assert acting.post("/hijack/acquire/", {"user_pk": anita.pk}).status_code == 302
    line = acting.get("/crash/").wsgi_request.META[META_KEY]
    # Only the id of the other one is in the session; to load that user would cost a query more.
    assert line == f"{who}, impersonated by id={boss.pk}".format(anita=anita.pk)


def hijacking(acting, anita, settings, engine):
    settings.SESSION_ENGINE = f"django.contrib.sessions.backends.{engine}"
    put_before_ours(settings, "hijack.middleware.HijackUserMiddleware")
    acting.force_login(get_user_model().objects.get(username="boss"))
    assert acting.post("/hijack/acquire/", {"user_pk": anita.pk}).status_code == 302


@pytest.mark.parametrize("mode", ["full", "username", "masked", "id"])
@pytest.mark.parametrize("change", ["deleted", "inactive"])
def test_whom_they_act_as_is_gone(change, mode, acting, anita, boss, settings):
    """Who it was that acted is told all the same."""
    settings.EXCEPTION_EXTRA_IDENTITY = mode
    hijacking(acting, anita, settings, "db")
    session_id = anita.pk
    if change == "deleted":
        anita.delete()
    else:
        get_user_model().objects.filter(pk=session_id).update(is_active=False)
    line = acting.get("/crash/").wsgi_request.META[META_KEY]
    assert line == f"id={session_id} (from the session; {change}), impersonated by id={boss.pk}"


def test_whom_they_act_as_cannot_be_loaded(acting, anita, boss, settings):
    hijacking(acting, anita, settings, "signed_cookies")
    told = []

    def on_recorded(who, **_kwargs):
        told.append(dict(who.fields))

    recorded.connect(on_recorded)
    name = connection.settings_dict["NAME"]
    try:
        line = acting.get("/gone/").wsgi_request.META[META_KEY]
    finally:
        connection.settings_dict["NAME"] = name
        recorded.disconnect(on_recorded)
    assert line == f"id={anita.pk} (from the session), impersonated by id={boss.pk}"
    assert told == [{"id": str(anita.pk), "impersonator": f"id={boss.pk}"}]


@pytest.mark.parametrize("mode", ["full", "masked", "id"])
def test_they_cannot_be_asked_for_their_name(mode, anita, rf, settings):
    """That costs the line nothing else."""
    settings.EXCEPTION_EXTRA_IDENTITY = mode
    request = rf.get("/")
    request.user, request.impersonator = anita, Nobody()
    ExceptionExtraMiddleware(lambda request: None).process_exception(request, ValueError("crash"))
    expected = {
        "full": "anita (Anita Test)",
        "masked": f"id={anita.pk} a*** (A*** T***)",
        "id": f"id={anita.pk}",
    }
    assert request.META[META_KEY] == expected[mode]


LONG = "\x07" * 150


@pytest.mark.parametrize(
    ("long", "is_cut"),
    [
        ({"username": LONG, "first_name": LONG}, True),
        # As long as Django's own can be.
        ({"username": "u" * 150, "email": "e" * 254, "first_name": "f" * 150, "last_name": "l" * 150}, False),
    ],
)
def test_long_name_hides_nobody_who_acts(long, is_cut, anita, rf):
    request = rf.get("/")
    for name, value in long.items():
        setattr(anita, name, value)
    request.user, request.impersonator = anita, type(anita)(username="boss")
    ExceptionExtraMiddleware(lambda request: None).process_exception(request, ValueError("crash"))
    found = request.META[META_KEY]
    whole, link, by = found.rpartition(", impersonated by ")
    assert (link, by) == (", impersonated by ", "boss")
    assert whole.endswith("…") is is_cut
    assert len(found) == 1024 if is_cut else whole == identity.as_full(anita)


@pytest.mark.parametrize("mode", ["full", "username", "masked"])
def test_long_name_of_who_acts_hides_nobody(mode, anita, rf, settings):
    settings.EXCEPTION_EXTRA_IDENTITY = mode
    request = rf.get("/")
    request.user, request.impersonator = anita, type(anita)(username="(" * 2_000_000, first_name=LONG)
    ExceptionExtraMiddleware(lambda request: None).process_exception(request, ValueError("crash"))
    found = request.META[META_KEY]
    user, link, by = found.partition(", impersonated by ")
    assert len(found) <= 1024
    assert link
    assert (
        user
        == {"full": "anita (Anita Test)", "username": "anita", "masked": f"id={anita.pk} a*** (A*** T***)"}[
            mode
        ]
    )
    assert by


class Nobody:
    @property
    def is_authenticated(self):
        raise ConnectionError("gone")


@pytest.mark.parametrize(
    ("mode", "who"),
    [("full", "anita (Anita Test)"), ("masked", "id=2 a*** (A*** T***)"), ("id", "id=2")],
)
def test_django_loginas(mode, who, tmp_path):
    """In a project of its own, since it needs Django's admin."""
    if importlib.util.find_spec("loginas") is None:
        pytest.skip("django-loginas is not installed")
    done = subprocess.run(
        [sys.executable, "-m", "failing.loginas_run", mode],
        env=os.environ | {"PYTHONPATH": str(HELPERS)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        f"{who}, impersonated by id=1",
        "id=2 (from the session; deleted), impersonated by id=1",
        "boss" if mode == "full" else "id=1 b***" if mode == "masked" else "id=1",
    ]


def test_name_of_what_django_loginas_keeps(anita, client, settings):
    """As its setting says; what is no text there is none of its."""
    session = client.session
    session["own"] = TimestampSigner().sign("a:b:c")
    session["loginas_from_user"] = 7
    session.save()
    settings.ADMINS = []
    assert client.get("/crash/").wsgi_request.META[META_KEY] == "anita (Anita Test)"
    settings.LOGINAS_FROM_USER_SESSION_FLAG = "own"
    line = client.get("/crash/").wsgi_request.META[META_KEY]
    assert line == "anita (Anita Test), impersonated by id=a:b:c"


def test_function_speaks_alone(acting, anita, settings):
    put_before_ours(settings, "impersonate.middleware.ImpersonateMiddleware")
    settings.EXCEPTION_EXTRA_IDENTITY = "failing.identities.path_and_user"
    session = acting.session
    session["_impersonate"] = str(anita.pk)
    session.save()
    assert acting.get("/crash/").wsgi_request.META[META_KEY] == "anita at /crash/"
