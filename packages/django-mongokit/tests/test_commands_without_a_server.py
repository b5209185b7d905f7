"""What commands say while the server is away: one line, with its address and what to do; no traceback."""

import json
import socket

import pytest
from django.core.management import CommandError, call_command
from pymongo.errors import ConnectionFailure, ServerSelectionTimeoutError

from django_mongokit.mongodb.reaching import DatabaseUnavailable, reaching
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


def test_an_embedded_server_that_cannot_start_is_named(manage, tmp_path):
    (tmp_path / "file").write_text("in the way")
    entry = {"HOST": "", "OPTIONS": {"embedded": str(tmp_path / "file" / "data")}}
    output = manage("dumpdocuments", code=1, SITE_MONGODB=json.dumps(entry))
    assert f"cannot be reached at {tmp_path}/file/data, the folder of the embedded server (" in output
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
