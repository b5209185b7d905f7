"""A MongoDB server for the whole run, and a database that each test finds empty."""

from __future__ import annotations

import contextvars
import os
import sys
import uuid
from pathlib import Path

import hypothesis
import pymongo
import pytest

from mongokit import AsyncConnection, Connection, legacy

sys.path.insert(0, str(Path(__file__).parent))

from counting import Asked
from driving import Driven, Driver, documents_driven_by

# A busy machine is no failure.
hypothesis.settings.register_profile(
    "unhurried", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("unhurried")


@pytest.fixture(scope="session", autouse=True)
def _measured_keepers():
    """Under coverage let keepers see the site-packages that measure them."""
    if "COVERAGE_PROCESS_CONFIG" not in os.environ:
        yield
        return
    from mongokit.embedded import starting

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(starting, "ISOLATED", ())
        yield


@pytest.fixture(scope="session")
def mongodb_uri(tmp_path_factory):
    """The server of MONGODB_URI, or an embedded one for this run."""
    given = os.environ.get("MONGODB_URI")
    if given:
        yield given
        return
    from mongokit.embedded import EmbeddedServer

    with EmbeddedServer(tmp_path_factory.mktemp("mongodb")) as server:
        yield server.uri


@pytest.fixture(scope="session")
def replica_set(mongodb_uri):
    """What needs transactions or change streams is skipped where there are none."""
    with pymongo.MongoClient(mongodb_uri) as client:
        if not client.admin.command("hello").get("setName"):
            pytest.skip("the server of MONGODB_URI is no replica set")


@pytest.fixture(scope="session")
def _session_connection(mongodb_uri):
    connection = Connection(mongodb_uri, serverSelectionTimeoutMS=20_000)
    name = f"mongokit_test_{uuid.uuid4().hex[:12]}"
    yield connection, name
    connection.drop_database(name)
    connection.close()


@pytest.fixture(autouse=True)
def _nothing_was_warned_of(monkeypatch):
    """An old spelling warns in each test that uses it, whichever came first."""
    monkeypatch.setattr(legacy, "_warned", set())


@pytest.fixture
def connection(_session_connection):
    """A connection without registered classes."""
    connection, _ = _session_connection
    connection.registered.clear()
    return connection


@pytest.fixture
def database(connection, _session_connection):
    """An empty database."""
    database = connection[_session_connection[1]]
    yield database
    for name in database.list_collection_names():
        database.drop_collection(name)


@pytest.fixture
def collection(database):
    return database.things


@pytest.fixture(scope="session")
def _driver(mongodb_uri):
    """An event loop in a thread, and a connection in it."""
    driver = Driver()
    connection = AsyncConnection(mongodb_uri, serverSelectionTimeoutMS=20_000)
    yield driver, connection
    driver.finish(connection.close())
    driver.stop()


@pytest.fixture
def driven(_driver, database):
    """The empty database of an AsyncConnection, for tests that are written for a blocking one."""
    driver, connection = _driver
    connection.registered.clear()
    driver.context = contextvars.Context()
    with pytest.MonkeyPatch.context() as patch, documents_driven_by(driver, patch):
        yield Driven(connection[database.name], driver)


@pytest.fixture
def asked():
    """What a connection with this as an event listener sends."""
    return Asked()


@pytest.fixture
async def aconnection(mongodb_uri):
    """An asynchronous connection, of the event loop of the test."""
    async with AsyncConnection(mongodb_uri, serverSelectionTimeoutMS=20_000) as connection:
        yield connection


@pytest.fixture
def adatabase(aconnection, database):
    """An empty database, asynchronous."""
    return aconnection[database.name]


@pytest.fixture
def server_folder(tmp_path):
    """A data folder for a server of the test's own; skipped where there is no server to start."""
    from mongokit.embedded.programs import EmbeddedServerError, find_server

    try:
        find_server()
    except EmbeddedServerError as error:
        pytest.skip(str(error))
    return Path(tmp_path, "data")
