"""The system checks, by id, on the settings; and by the real `manage.py check`."""

import json
from importlib import metadata

import pytest
from django.core.checks import registry, run_checks

from django_mongokit import checks

SQL = {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}


def found(entries, databases):
    databases(**entries)
    return [message for check in checks.CHECKS for message in check()]


def ours(**values):
    return {"default": SQL, "mongodb": {"ENGINE": "django_mongokit.mongodb", "NAME": "mydb", **values}}


FINE = {
    "least": ours(),
    "uri": ours(HOST="mongodb+srv://u:p@cluster.example/?retryWrites=true"),
    "two": {**ours(), "archive": ours()["mongodb"]},
    "user and options": ours(USER="u", PASSWORD="p", OPTIONS={"tls": True, "authSource": "admin"}),
    "test name": ours(TEST={"NAME": "test_other"}),
    "embedded": ours(OPTIONS={"embedded": "var/mongodb"}),
    "as long as can be": ours(NAME="n" * 58),
    "longer, with a test name": ours(NAME="n" * 63, TEST={"NAME": "test_n"}),
}


@pytest.mark.parametrize("entries", FINE.values(), ids=FINE)
def test_fine(entries, databases):
    assert found(entries, databases) == []


WRONG = {
    "no alias": ({"default": SQL}, "E001", "no alias 'mongodb'"),
    "other engine": ({"default": SQL, "mongodb": {"ENGINE": "djongo"}}, "E002", "has the ENGINE 'djongo'"),
    "no engine": ({"default": SQL, "mongodb": {"NAME": "x"}}, "E002", "has the ENGINE None"),
    "engine spelled as its module": (
        {"default": SQL, "mongodb": {"ENGINE": "django_mongokit.mongodb.base"}},
        "E002",
        "has the ENGINE 'django_mongokit.mongodb.base'",
    ),
    "no name": (ours(NAME=""), "E003", "is missing"),
    "bad name": (ours(NAME="my db"), "E003", "'my db' has ' ' in it"),
    "host": (ours(HOST="http://x"), "E004", "'http://x'"),
    "port": (ours(PORT="x"), "E005", "is 'x'"),
    "options": (ours(OPTIONS=[1]), "E006", "is [1]"),
    "unknown option": (ours(OPTIONS={"tlsss": True}), "E006", "tlsss"),
    "value of an option": (ours(OPTIONS={"tls": "perhaps"}), "E006", "tls"),
    "value of another type": (ours(OPTIONS={"maxPoolSize": []}), "E006", "maxPoolSize"),
    "bad uri": (ours(HOST="mongodb://"), "E006", "PyMongo refuses how DATABASES['mongodb']"),
    "embedded and host": (ours(HOST="h", OPTIONS={"embedded": "x"}), "E006", "HOST names another server"),
    "test name": (ours(TEST={"NAME": "mine"}), "E007", "'mine'"),
    "old test name": (ours(TEST_NAME="mine"), "E007", "'mine'"),
    "real as test": (ours(NAME="test_x", TEST={"NAME": "test_x"}), "E007", "the real database"),
    "too long as test": (ours(NAME="n" * 60), "E007", "is longer than 63 bytes"),
    "atomic": (ours(ATOMIC_REQUESTS=True), "E008", "ATOMIC_REQUESTS"),
    "short engine": (
        {**ours(), "default": {"ENGINE": "sqlite3", "NAME": "example-sqlite3.db"}},
        "E010",
        "'sqlite3', a spelling that Django gave up",
    ),
    "engine of a driver": (
        {**ours(), "sql": {"ENGINE": "django.db.backends.postgresql_psycopg2"}},
        "E010",
        "postgresql_psycopg2",
    ),
}


@pytest.mark.parametrize(("entries", "number", "text"), WRONG.values(), ids=WRONG)
def test_wrong(entries, number, text, databases):
    [message] = found(entries, databases)
    assert message.id == f"django_mongokit.{number}"
    assert text in message.msg
    assert message.hint
    assert message.is_serious()


@pytest.mark.parametrize("host", ["http://peter:s3@cr:t@h/db", ["mongodb://peter:s3@cr:t@h", 1]], ids=str)
def test_no_password_is_said(databases, host):
    (message,) = found(ours(HOST=host), databases)
    assert message.id == "django_mongokit.E004"
    assert "peter:***@h" in message.msg
    assert "s3" not in str(message)


def test_short_engine_says_how_to_write_it(databases):
    [message] = found({**ours(), "default": {"ENGINE": "postgresql_psycopg2"}}, databases)
    assert message.hint == 'Write "ENGINE": "django.db.backends.postgresql".'


def test_each_alias_is_checked(databases):
    entries = {**ours(PORT="x"), "archive": {"ENGINE": "django_mongokit.mongodb"}}
    assert [message.id[-4:] for message in found(entries, databases)] == ["E005", "E003"]


def test_several_things_wrong_are_all_said(databases):
    entries = ours(NAME="", PORT="x", ATOMIC_REQUESTS=True)
    assert {message.id[-4:] for message in found(entries, databases)} == {"E003", "E005", "E008"}


def test_embedded_without_its_package(databases, monkeypatch):
    monkeypatch.setattr(checks, "find_spec", lambda name: None)
    [message] = found(ours(OPTIONS={"embedded": "var"}), databases)
    assert message.id == "django_mongokit.E009"
    assert "slimstack-django-mongokit[embedded]" in message.hint


@pytest.mark.parametrize("original", ["django-mongokit", "mongokit"])
def test_an_original_beside_ours(databases, tmp_path, monkeypatch, original):
    assert found(ours(), databases) == []
    info = tmp_path / f"{original.replace('-', '_')}-0.2.6.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {original}\nVersion: 0.2.6\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert metadata.version(original) == "0.2.6"
    [message] = found(ours(), databases)
    assert message.id == "django_mongokit.E011"
    assert f"slimstack-{original}" in message.msg
    assert f"pip uninstall {original}" in message.hint


def test_registered_with_a_tag_and_run_by_default():
    assert "django_mongokit" in registry.registry.tags_available()
    assert [one for one in run_checks(tags=["django_mongokit"]) if not one.is_silenced()] == []


def test_ids_of_the_docs_are_those_of_the_code():
    documented = {
        line.split()[0] for line in checks.__doc__.splitlines() if line.startswith("django_mongokit.")
    }
    errors = {f"django_mongokit.E{number:03}" for number in range(1, 12)}
    assert documented == {*errors, "django_mongokit.W011"}


def test_manage_py_check(manage):
    output = manage("check", code=1, SITE_MONGODB=json.dumps({"NAME": "a.b", "PORT": "x"}))
    assert "django_mongokit.E003" in output


def test_manage_py_check_of_the_spelling_of_2010(run, tmp_path):
    """A project without SQL models gets our explanation; one with them fails before any check, with Django's."""
    (tmp_path / "old.py").write_text(
        "SECRET_KEY = 'x'\nINSTALLED_APPS = ['django_mongokit']\n"
        "DATABASES = {'default': {'ENGINE': 'sqlite3', 'NAME': 'example-sqlite3.db'},\n"
        "             'mongodb': {'ENGINE': 'django_mongokit.mongodb', 'NAME': 'mydb'}}\n"
    )
    output = run("manage.py", "check", code=1, path=[tmp_path], DJANGO_SETTINGS_MODULE="old")
    assert "(django_mongokit.E010) DATABASES['default'] has the ENGINE 'sqlite3'" in output
    assert 'Write "ENGINE": "django.db.backends.sqlite3".' in output
    (tmp_path / "older.py").write_text(
        "from old import *\nINSTALLED_APPS += ['django.contrib.contenttypes']\n"
    )
    output = run("manage.py", "check", code=1, path=[tmp_path], DJANGO_SETTINGS_MODULE="older")
    assert "'sqlite3' isn't an available database backend" in output
    assert "'django.db.backends.XXX'" in output
