"""The system checks of documents, sessions and caches, as `manage.py check` runs them."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.db import connections

from django_mongokit import connection, document, document_checks
from django_mongokit.document import DjangoDocument
from django_mongokit.mongodb import pool
from mongokit import absent


@pytest.fixture
def indexed(manage, client_of_server, name):
    """The site's database, with every declared index."""
    manage("ensure_indexes")
    return client_of_server[name]


def test_indexes_that_are_there(manage, indexed):
    assert "no issues" in manage("check", "--database", "mongodb")


def test_missing(manage):
    output = manage("check", "--database", "mongodb")
    assert "(django_mongokit.W002) Paper: the index slug_1 (slug: unique) is missing in " in output
    assert "HINT: manage.py ensure_indexes\n" in output


def test_different(manage, indexed):
    indexed.papers.drop_indexes()
    indexed.papers.create_index("slug")
    output = manage("check", "--database", "mongodb")
    assert "(django_mongokit.W003) Paper: the index slug_1 in " in output
    assert "with --drop it changes it" in output


def test_nothing_is_asked_unless_the_database_is_named(manage):
    assert "no issues" in manage("check", MONGODB_URI="mongodb://127.0.0.1:9/")
    assert "no issues" in manage("check", "--database", "default", MONGODB_URI="mongodb://127.0.0.1:9/")


def test_a_server_that_is_gone_is_a_warning(manage):
    uri = "mongodb://127.0.0.1:9/?serverSelectionTimeoutMS=100"
    output = manage("check", "--database", "mongodb", MONGODB_URI=uri)
    assert "(django_mongokit.W004) The indexes of DATABASES['mongodb'] could not be compared" in output
    assert "(ServerSelectionTimeoutError: 127.0.0.1:9: " in output
    assert "Topology" not in output, "one sentence, as commands say it"


def test_a_server_that_is_gone_is_waited_for_no_longer_than_the_uri_says(run):
    code = """
import django; django.setup()
from django_mongokit import document_checks
document_checks.reason_of = lambda error: str(error.__cause__)
(found,) = document_checks.check_indexes(databases=["mongodb"])
assert ", Timeout: 0.1s, " in found.msg, found.msg
"""
    run("-c", code, MONGODB_URI="mongodb://127.0.0.1:9/?serverSelectionTimeoutMS=100")


@pytest.mark.parametrize(("command", "code"), [("check", 0), ("migrate", 1)])
def test_a_wrong_password_is_a_warning_of_one_line(manage, uri, command, code):
    """What the server answers goes on with all its fields, which help nobody."""
    entry = {"HOST": re.sub("//[^@/]*@", "//", uri), "USER": "somebody", "PASSWORD": "secret"}
    output = manage(command, "--database", "mongodb", code=code, SITE_MONGODB=json.dumps(entry))
    (line,) = [line for line in output.splitlines() if "W004" in line]
    assert "uthentication failed). Say in DATABASES['mongodb'] with which USER and PASSWORD" in line
    assert "full error" not in output
    assert "secret" not in output


def test_another_alias(manage, uri, name):
    """The same classes are there; the command that builds their indexes is its own."""
    code = """
import django; django.setup()
from django.conf import settings
settings.DATABASES["archive"] = {**settings.DATABASES["mongodb"], "NAME": settings.DATABASES["mongodb"]["NAME"] + "_b"}
from django.core.management import call_command
call_command("check", databases=["archive"])
"""
    output = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], **site_process(name, uri), check=True
    )
    assert "HINT: manage.py ensure_indexes --database archive" in output.stderr
    assert "Paper: the index slug_1" in output.stderr


def test_what_two_classes_declare_in_two_ways(uri, name):
    code = """
import django; django.setup()
from django.core.management import call_command
from django_mongokit import connection
from mongokit import Document
class Rival(Document):
    __collection__ = "papers"
    structure = {"slug": str}
    indexes = [{"fields": "slug"}]
connection.register(Rival)
call_command("check", databases=["mongodb"])
"""
    output = subprocess.run([sys.executable, "-c", code], **site_process(name, uri), check=True).stderr
    assert "(django_mongokit.W003) Rival: the index slug_1 (slug) cannot be in " in output
    assert "unique: nothing is declared by Rival, True by Paper." in output
    assert "HINT: Rival and Paper declare one index in two ways: " in output


def site_process(name, uri):
    site = Path(__file__).parent / "site"
    environment = {**os.environ, "SITE_NAME": name, "MONGODB_URI": uri, "PYTHONPATH": str(site)}
    return {"cwd": site, "env": environment, "capture_output": True, "text": True, "timeout": 100}


def test_a_test_run_compares_nothing(mongodb):
    """Its database begins without indexes, and nobody is to be warned of that in each run."""
    assert document_checks.check_indexes(databases=["mongodb"]) == []


# Names.


def named(name, module):
    return type(DjangoDocument)(name, (DjangoDocument,), {"structure": {"a": int}, "__module__": module})


@pytest.fixture
def registered(monkeypatch):
    monkeypatch.setattr(pool, "_registered", {})
    monkeypatch.setattr(pool, "_shared", {})
    return lambda *classes: connection.register(classes)


def test_two_classes_of_one_name(registered):
    registered(named("Thing", "one.models"), named("Other", "one.models"), named("Thing", "two.models"))
    (message,) = document_checks.check_names()
    assert message.id == "django_mongokit.W001"
    assert (
        "2 document classes of DATABASES['mongodb'] are called Thing: one.models.Thing, two.models.Thing"
        in message.msg
    )


def test_two_classes_of_one_name_on_two_aliases(registered, databases):
    """Those of every alias are told of once, for the first; an alias's own beside them for that alias."""
    values = connections.settings["mongodb"]
    databases(**connections.settings, archive=values, other=values)
    registered(named("Thing", "one.models"), named("Thing", "two.models"), named("Other", "one.models"))
    pool.LazyConnection("archive").register(named("Other", "three.models"))
    of_all, of_one = document_checks.check_names()
    assert "DATABASES['mongodb'] are called Thing: one.models.Thing, two.models.Thing" in of_all.msg
    assert "DATABASES['archive'] are called Other: one.models.Other, three.models.Other" in of_one.msg


def test_a_class_that_is_registered_again(registered):
    """As a module does that is read again."""
    registered(named("Thing", "one.models"))
    registered(named("Thing", "one.models"))
    assert document_checks.check_names() == []


# Sessions and caches.

CACHE = {"BACKEND": "django_mongokit.cache.MongoDBCache"}
WRONG = {
    "alias of the sessions": (
        {"SESSION_ENGINE": "django_mongokit.sessions", "SESSION_MONGODB_ALIAS": "default"},
        "E012",
        "SESSION_MONGODB_ALIAS is 'default'",
    ),
    "collection of the sessions": (
        {"SESSION_ENGINE": "django_mongokit.sessions", "SESSION_MONGODB_COLLECTION": None},
        "E012",
        "SESSION_MONGODB_COLLECTION is None",
    ),
    "cache without a collection": (
        {"CACHES": {"pages": CACHE}},
        "E013",
        "CACHES['pages']: LOCATION of the cache is ''",
    ),
    "cache on sql": (
        {"CACHES": {"pages": {**CACHE, "LOCATION": "c", "OPTIONS": {"ALIAS": "default"}}}},
        "E013",
        "OPTIONS['ALIAS'] of the cache is 'default'",
    ),
}
FINE = {
    "sessions": {"SESSION_ENGINE": "django_mongokit.sessions"},
    "sessions elsewhere": {"SESSION_MONGODB_ALIAS": "nothing"},
    "cache": {"CACHES": {"default": {**CACHE, "LOCATION": "cache"}}},
    "another cache": {"CACHES": {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}},
}


def messages(values, monkeypatch):
    for name, value in values.items():
        monkeypatch.setattr(django_settings, name, value, raising=False)
    # Not run_checks(), since Django's own checks would keep what they see of CACHES.
    return [*document_checks.check_sessions(), *document_checks.check_caches()]


@pytest.mark.parametrize(("values", "number", "words"), WRONG.values(), ids=WRONG)
def test_wrong(values, number, words, monkeypatch):
    (message,) = messages(values, monkeypatch)
    assert message.id == f"django_mongokit.{number}"
    assert words in message.msg


@pytest.mark.parametrize("values", FINE.values(), ids=FINE)
def test_fine(values, monkeypatch):
    assert messages(values, monkeypatch) == []


def test_by_the_command(manage):
    output = manage(
        "check", code=1, SITE_SESSIONS="1", SITE_SETTINGS=json.dumps({"SESSION_MONGODB_ALIAS": "x"})
    )
    assert "(django_mongokit.E012) SESSION_MONGODB_ALIAS is 'x'" in output


@pytest.mark.parametrize("name", [name for name in WRONG if name.startswith("cache")])
def test_caches_by_the_command(manage, name):
    """Django's own check of caches, which makes them, comes first."""
    values, number, words = WRONG[name]
    caches = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}, **values["CACHES"]}
    for more in ([], ["--deploy"]):
        output = manage("check", *more, code=1, SITE_SETTINGS=json.dumps({"CACHES": caches}))
        assert f"(django_mongokit.{number})" in output
        assert words in output
        assert "Traceback" not in output


def test_a_unique_sparse_index_that_takes_null(monkeypatch):
    # Other tests' checks are not to find these.
    made = []
    monkeypatch.setattr(document, "document_classes", made)
    monkeypatch.setattr(document_checks, "document_classes", made)

    class Coin(DjangoDocument):
        class Meta:
            app_label = "talks"

        number: str | None = None
        year: int | None = None
        mint: str
        indexes = [
            {"fields": [field], "unique": True, "sparse": True} for field in ("number", "year", "mint")
        ] + [
            {"fields": ["year", "mint"], "unique": True, "sparse": True},
            {"fields": ["number"], "sparse": True},
        ]

    class Loose(Coin):
        class Meta:
            app_label = "talks"

        accept_missing_fields = True

    class Open(Coin):
        class Meta:
            app_label = "talks"

        use_schemaless = True

    class Medal(DjangoDocument):
        class Meta:
            app_label = "talks"

        structure = {"number": str, "of": {"year": int, "mint": str}}
        default_values = {"number": absent}
        indexes = [{"fields": [field], "unique": True, "sparse": True} for field in ("number", "of.year")] + [
            {"fields": ["number", "of.mint"], "unique": True, "sparse": True}
        ]

    class Elsewhere(Coin):
        """Of no installed app, as those of tests are."""

    found = document_checks.check_sparse()
    assert [cls.__name__ for cls in made] == ["Coin", "Loose", "Open", "Medal", "Elsewhere"]
    assert {one.id for one in found} == {"django_mongokit.W005"}
    assert [one.msg.partition(": ")[2].partition(" takes")[0] for one in found] == [
        "the unique sparse index of number",
        "the unique sparse index of year",
        "the unique sparse index of of.year",
        "the unique sparse index of number, of.mint",
    ]
    assert [one.hint.partition("without it: ")[2] for one in found] == [
        "number: … | None = mongokit.absent.",
        "year: … | None = mongokit.absent.",
        "default_values = {'of.year': mongokit.absent}.",
        "default_values = {'of.mint': mongokit.absent}.",
    ]
