"""Fixtures for pytest: ``pytest_plugins = ["mongokit.embedded.fixtures"]`` in ``conftest.py``.

``mongodb_database`` is an empty database for each test, on an embedded server that runs as long as the tests do, or on
the server that the environment variable ``MONGODB_URI`` names.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator

import pytest

from mongokit import Connection, Database
from mongokit.embedded import EmbeddedServer

__all__ = ["mongodb_connection", "mongodb_database", "mongodb_uri"]


@pytest.fixture(scope="session")
def mongodb_uri(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URI of a server for the whole run: that of ``MONGODB_URI``, or an embedded one with a new folder."""
    given = os.environ.get("MONGODB_URI")
    if given:
        yield given
        return
    with EmbeddedServer(tmp_path_factory.mktemp("mongodb")) as server:
        yield server.uri


@pytest.fixture(scope="session")
def mongodb_connection(mongodb_uri: str) -> Iterator[Connection]:
    """A connection to that server; document classes are registered with it once for all tests."""
    with Connection(mongodb_uri) as connection:
        yield connection


@pytest.fixture
def mongodb_database(mongodb_connection: Connection) -> Iterator[Database]:
    """A database that nobody else uses, gone after the test."""
    name = f"test_{uuid.uuid4().hex}"
    yield mongodb_connection[name]
    mongodb_connection.drop_database(name)
