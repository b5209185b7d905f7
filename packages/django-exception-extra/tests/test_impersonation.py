"""Somebody acts as somebody else, by the packages people use for that: the line says both."""

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from django_exception_extra import META_KEY

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


def test_function_speaks_alone(acting, anita, settings):
    put_before_ours(settings, "impersonate.middleware.ImpersonateMiddleware")
    settings.EXCEPTION_EXTRA_IDENTITY = "failing.identities.path_and_user"
    session = acting.session
    session["_impersonate"] = str(anita.pk)
    session.save()
    assert acting.get("/crash/").wsgi_request.META[META_KEY] == "anita at /crash/"
