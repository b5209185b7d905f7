"""What the embedded server does of MongoDB, and what it does not; a real one, named by MONGODB_URI, does all of it."""

from __future__ import annotations

import subprocess
import sys
import uuid

import mongod_features
import pytest
from pymongo.errors import OperationFailure


@pytest.fixture
def empty(connection):
    """A database of the test's own: features leave collections of kinds behind that others cannot use."""
    name = f"mongokit_test_{uuid.uuid4().hex[:12]}"
    yield connection[name]
    connection.drop_database(name)


@pytest.fixture
def is_embedded(connection):
    # It says a version of MongoDB, and that it was built from no commit.
    return set(connection.server_info()["gitVersion"]) == {"0"}


@pytest.mark.parametrize("does", mongod_features.WORKING.values(), ids=mongod_features.WORKING)
def test_what_works(empty, does):
    assert does(empty)


@pytest.mark.parametrize("does", mongod_features.LACKING.values(), ids=mongod_features.LACKING)
def test_what_mongod_does_and_the_embedded_server_does_not(empty, is_embedded, does):
    """When the embedded server has learned it this fails: take it off the list, and off the page."""
    try:
        done = does(empty)
    except OperationFailure:
        done = False
    assert done is not is_embedded


CONFTEST = 'pytest_plugins = ["mongokit.embedded.fixtures"]'
TESTS = """
import pytest

@pytest.mark.parametrize("turn", range(2))
def test_each_finds_an_empty_database(mongodb_database, turn):
    assert mongodb_database.list_collection_names() == []
    mongodb_database.things.insert_one({})
    assert mongodb_database.things.count_documents({}) == 1

def test_one_connection(mongodb_connection, mongodb_database, mongodb_uri):
    assert mongodb_database.client is mongodb_connection
    assert mongodb_uri.startswith("mongodb")
    assert not [name for name in mongodb_connection.list_database_names() if name.startswith("test_")]
"""


@pytest.mark.parametrize("given", [False, True], ids=["embedded", "MONGODB_URI"])
def test_the_fixtures_for_pytest(tmp_path, monkeypatch, mongodb_uri, server_folder, given):
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "test_things.py").write_text(TESTS)
    if given:
        monkeypatch.setenv("MONGODB_URI", mongodb_uri)
        (tmp_path / "test_things.py").write_text(TESTS.replace("    assert not [name", "    [name"))
    else:
        monkeypatch.delenv("MONGODB_URI", raising=False)
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:randomly",
        str(tmp_path),
    ]
    said = subprocess.run(command, capture_output=True, text=True, check=False, timeout=100, cwd=tmp_path)
    assert "3 passed" in said.stdout, said.stdout + said.stderr
