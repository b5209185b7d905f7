"""What commands say while the server is away, or lets nobody in: one line, with what to do; no traceback."""

import json
import re
import socket

import pytest
from django.core.management import CommandError, call_command
from pymongo.errors import ConnectionFailure, OperationFailure, ServerSelectionTimeoutError

from django_mongokit.mongodb.reaching import AccessDenied, DatabaseUnavailable, reaching
from django_mongokit.sessions import SessionStore

COMMANDS = {
    "ensure_indexes": ["ensure_indexes"],
    "ensure_indexes, only looking": ["ensure_indexes", "--check"],
    "dumpdocuments": ["dumpdocuments"],
    "dumpdocuments to a file": ["dumpdocuments", "-o", "{folder}/dump"],
    "loaddocuments": ["loaddocuments", "{folder}/given"],
    "migrate_documents": ["migrate_documents", "papers.Memo"],
    "mongo_shell": ["mongo_shell", "-c", "Paper.find_one()"],
    "clearsessions": ["clearsessions"],
    "flush": ["flush", "--database", "mongodb", "--noinput"],
    "test": ["test", "talks.check_cases"],
}
DUMP = '{"django_mongokit": "documents", "version": 2}\n{"collection": "notes", "document": {"_id": 1}}\n{"end": 1}\n'


@pytest.fixture
def away():
    """A port at which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


@pytest.mark.parametrize("arguments", COMMANDS.values(), ids=COMMANDS)
def test_a_command_says_that_the_server_is_away(manage, away, tmp_path, arguments):
    (tmp_path / "given").write_text(DUMP)
    uri = f"mongodb://somebody:secret@127.0.0.1:{away}/?authSource=admin"
    entry = {"HOST": uri, "OPTIONS": {"serverSelectionTimeoutMS": 200}}
    output = manage(
        *(one.format(folder=tmp_path) for one in arguments),
        code=1,
        SITE_ADMIN="1",
        SITE_SETTINGS=json.dumps({"SESSION_ENGINE": "django_mongokit.sessions"}),
        SITE_MONGODB=json.dumps(entry),
    )
    said = [line for line in output.splitlines() if "CommandError" in line or "cannot be reached" in line]
    assert len(said) == 1
    assert f"MongoDB cannot be reached at mongodb://127.0.0.1:{away} (" in said[0]
    assert "in DATABASES['mongodb'] where it is, and run this again." in said[0]
    assert "Traceback" not in output
    assert "secret" not in output
    assert not (tmp_path / "dump").exists()


@pytest.mark.parametrize("arguments", COMMANDS.values(), ids=COMMANDS)
def test_a_command_says_that_nobody_is_let_in(manage, uri, tmp_path, arguments):
    (tmp_path / "given").write_text(DUMP)
    entry = {"HOST": re.sub("//[^@/]*@", "//", uri), "USER": "somebody", "PASSWORD": "secret"}
    output = manage(
        *(one.format(folder=tmp_path) for one in arguments),
        code=1,
        SITE_ADMIN="1",
        SITE_SETTINGS=json.dumps({"SESSION_ENGINE": "django_mongokit.sessions"}),
        SITE_MONGODB=json.dumps(entry),
    )
    (said,) = [line for line in output.splitlines() if "refuses this" in line]
    assert "uthentication failed). Say in DATABASES['mongodb']" in said
    assert "full error" not in said
    assert "Traceback" not in output
    assert "secret" not in output
    assert not (tmp_path / "dump").exists()


DENIED = {
    "wrong password": (18, AccessDenied),
    "no right": (13, AccessDenied),
    "another": (2, OperationFailure),
}


@pytest.mark.parametrize(("code", "kind"), DENIED.values(), ids=DENIED)
def test_what_is_forbidden(code, kind):
    with pytest.raises(OperationFailure) as raised, reaching("mongodb"):
        raise OperationFailure("not you, full error: {…}", code, {"ok": 0})
    assert type(raised.value) is kind
    assert (raised.value.code, raised.value.details) == (code, {"ok": 0})
    assert isinstance(raised.value, CommandError) is (kind is AccessDenied)
    if kind is AccessDenied:
        assert "refuses this (not you). Say in DATABASES['mongodb']" in str(raised.value)
        with pytest.raises(AccessDenied) as again, reaching("mongodb"):
            raise raised.value
        assert again.value is raised.value


def test_an_embedded_server_that_cannot_start_is_named(manage, tmp_path):
    (tmp_path / "file").write_text("in the way")
    entry = {"HOST": "", "OPTIONS": {"embedded": str(tmp_path / "file" / "data")}}
    output = manage("dumpdocuments", code=1, SITE_MONGODB=json.dumps(entry))
    assert f"cannot be reached at {tmp_path}/file/data, the folder of the embedded server (" in output
    assert "Traceback" not in output


NEEDLESS = {
    "check": ["check"],
    "check of a deployment": ["check", "--deploy", "--fail-level", "CRITICAL"],
    "check of SQL": ["check", "--database", "default"],
    "makemigrations": ["makemigrations", "--check", "--dry-run"],
    "migrate": ["migrate", "-v0"],
    "migrate one app": ["migrate", "books", "-v0"],
    "showmigrations": ["showmigrations"],
    "sqlmigrate": ["sqlmigrate", "books", "0001"],
    "flush": ["flush", "--noinput"],
    "createcachetable": ["createcachetable"],
    "dumpdata": ["dumpdata"],
    "createsuperuser": ["createsuperuser", "--noinput", "--username", "a", "--email", "a@b.example"],
    "remove_stale_contenttypes": ["remove_stale_contenttypes", "--noinput"],
    "shell": ["shell", "-c", "print('started')"],
    "test": ["test", "books"],
    "diffsettings": ["diffsettings"],
}
EVERYTHING = {
    "SESSION_ENGINE": "django_mongokit.sessions",
    "CACHES": {"default": {"BACKEND": "django_mongokit.cache.MongoDBCache", "LOCATION": "cache"}},
    "STORAGES": {
        "default": {"BACKEND": "django_mongokit.storage.GridFSStorage"},
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    },
}
"""All that can be in MongoDB beside documents."""
TABLES = {"flush", "dumpdata", "createsuperuser", "remove_stale_contenttypes"}


@pytest.mark.parametrize("needless", NEEDLESS)
def test_what_needs_no_mongodb_does_without(manage, tmp_path, needless):
    """Not even its folder can be made; and the admin has everything that an admin can have."""
    (tmp_path / "file").write_text("in the way")
    site = {
        "SITE_ADMIN": "1",
        "SITE_APPS": '["django.contrib.admindocs"]',
        "SITE_SETTINGS": json.dumps(EVERYTHING),
        "SITE_MONGODB": json.dumps({"HOST": "", "OPTIONS": {"embedded": str(tmp_path / "file" / "data")}}),
    }
    if needless in TABLES:
        manage("migrate", "-v0", **site)
    assert "Traceback" not in manage(*NEEDLESS[needless], **site)


BROKEN = {
    "E001": {"SITE_SETTINGS": {"DATABASES": {"default": {"ENGINE": "django.db.backends.sqlite3"}}}},
    "E003": {"SITE_MONGODB": {"NAME": ""}},
    "E004": {"SITE_MONGODB": {"HOST": "http://127.0.0.1"}},
    "E005": {"SITE_MONGODB": {"PORT": "many"}},
    "E006": {"SITE_MONGODB": {"OPTIONS": {"nonsense": {}, "tz_aware": 7}}},
    "E007": {"SITE_MONGODB": {"TEST": {"NAME": "other"}}},
    "E012": {
        "SITE_SETTINGS": {
            "SESSION_ENGINE": "django_mongokit.sessions",
            "SESSION_MONGODB_ALIAS": "default",
        }
    },
}
CLASHING = {"SITE_MONGODB": {"HOST": "127.0.0.1", "OPTIONS": {"embedded": "/var/lib/data"}}}


@pytest.mark.parametrize(
    ("number", "wrong"), [*BROKEN.items(), ("E006", CLASHING)], ids=[*BROKEN, "embedded and HOST"]
)
def test_wrong_settings_are_said_by_their_check(manage, number, wrong):
    """And by no traceback of an admin that looks at the database first."""
    given = {name: json.dumps(values) for name, values in wrong.items()}
    output = manage("check", code=1, SITE_ADMIN="1", **given)
    assert f"(django_mongokit.{number})" in output
    assert "Traceback" not in output


def test_it_is_a_failure_of_the_connection_and_of_the_command():
    with pytest.raises(DatabaseUnavailable) as raised, reaching("mongodb"):
        raise ServerSelectionTimeoutError(
            "a:1: refused (configured timeouts: …), Timeout: 5s, Topology: many"
        )
    assert isinstance(raised.value, CommandError)
    assert isinstance(raised.value, ConnectionFailure)
    assert "(ServerSelectionTimeoutError: a:1: refused)" in str(raised.value)
    with pytest.raises(DatabaseUnavailable) as again, reaching("mongodb"):
        raise raised.value
    assert again.value is raised.value


def test_another_error_goes_its_way():
    with pytest.raises(KeyError), reaching("mongodb"):
        raise KeyError("x")


def test_code_of_ones_own_in_the_shell_fails_as_it_is(mongodb):
    with pytest.raises(ZeroDivisionError):
        call_command("mongo_shell", command="1 / 0", verbosity=0)


def test_sessions_are_cleared_where_the_server_is_there(mongodb):
    SessionStore.clear_expired()
