"""One MongoDB server for the whole run (MONGODB_URI, or an embedded one), and a way to run the site's manage.py."""

from __future__ import annotations

import atexit
import os
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

import django
import hypothesis
import pytest

# A busy machine is no failure.
hypothesis.settings.register_profile(
    "unhurried", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("unhurried")

pytest_plugins = ["django_mongokit.test.fixtures"]
SITE = Path(__file__).parent / "site"


def pytest_configure(config):
    sys.path[:0] = [str(SITE), str(SITE.parent / "helpers")]
    os.environ["DJANGO_SETTINGS_MODULE"] = "djmsite.settings"
    os.environ["SITE_NAME"] = f"djm_{os.getpid()}"
    if not os.environ.get("MONGODB_URI") and find_spec("secantus") is not None:
        from mongokit.embedded import EmbeddedServer

        folder = tempfile.TemporaryDirectory(prefix="djm-")
        server = EmbeddedServer(Path(folder.name) / "data")
        server.start()
        # Before any exit function of the code under test, so that the server outlives them.
        atexit.register(lambda: (server.stop(), folder.cleanup()))
        os.environ["MONGODB_URI"] = server.uri
    django.setup()


def pytest_collection_modifyitems(items):
    if not os.environ.get("MONGODB_URI"):
        reason = "needs a MongoDB server: SecantusDB has no wheel for this Python; set MONGODB_URI"
        for item in items:
            item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(autouse=True)
def _nothing_was_warned_of(monkeypatch):
    """An old spelling of MongoKit warns, which is an error here, in each test that uses it, whichever came first."""
    from mongokit import legacy

    monkeypatch.setattr(legacy, "_warned", set())


@pytest.fixture(scope="session")
def uri():
    """The URI of the server that all tests share."""
    return os.environ["MONGODB_URI"]


@pytest.fixture(scope="session")
def site():
    """The folder of the little site."""
    return SITE


@pytest.fixture
def client_of_server(uri):
    """A PyMongo client of its own, to look at what the code under test did."""
    from pymongo import MongoClient

    with MongoClient(uri) as client:
        yield client


@pytest.fixture
def name(client_of_server):
    """A database's name of this test's own; it and its test databases are dropped afterwards."""
    chosen = f"djm_{os.getpid()}_{os.urandom(4).hex()}"
    yield chosen
    for found in client_of_server.list_database_names():
        if chosen in found:
            client_of_server.drop_database(found)


@pytest.fixture
def databases(monkeypatch):
    """Put these entries in the place of DATABASES: `databases(default={...}, mongodb={...})`; returns them."""
    from django.conf import settings

    def replace(**entries):
        monkeypatch.setattr(settings, "DATABASES", entries)
        return entries

    return replace


@pytest.fixture(scope="session")
def warm():
    """Runs commands in processes that have imported Django already; see `warm_python`."""
    from warm_python import warm_python

    with warm_python() as running:
        yield running


@pytest.fixture
def run(request, name, tmp_path):
    """Run a command in the site's folder: `run("manage.py", "check", SITE_DEBUG="1")`; 0 is expected unless said.

    Code and modules run in a Python that has imported nothing, scripts in one that is warm.
    """

    def run_command(*arguments, code=0, cwd=SITE, stdin="", path=(), **environment):
        env = {
            **os.environ,
            "SITE_NAME": name,
            "SITE_SQLITE": str(tmp_path / "db.sqlite3"),
            "SITE_ADMIN": "0",
            "PYTHONPATH": os.pathsep.join(map(str, [SITE, *path, os.environ.get("PYTHONPATH", "")])),
            **environment,
        }
        if not arguments[0].startswith("-"):
            done = request.getfixturevalue("warm").run(*arguments, cwd=cwd, env=env, stdin=stdin)
        else:
            done = subprocess.run(
                [sys.executable, "-W", "error", *arguments],
                cwd=cwd,
                env=env,
                input=stdin,
                capture_output=True,
                text=True,
                timeout=100,
                check=False,
            )
        output = done.stdout + done.stderr
        assert done.returncode == code, output
        return output

    return run_command


@pytest.fixture
def manage(run):
    """Run `manage.py` with these arguments."""
    return lambda *arguments, **options: run("manage.py", *arguments, **options)


@pytest.fixture
def person(db):
    """Make somebody who may do these things in the admin: `person("view_show")`; `person()` may do everything."""
    from django.contrib.auth.models import Permission, User
    from django.test import Client
    from shows.testing import Person

    def make(*codenames):
        number = User.objects.count()
        user = User.objects.create(username=f"person{number}", is_staff=True, is_superuser=not codenames)
        found = Permission.objects.filter(codename__in=codenames)
        assert len(found) == len(codenames)
        user.user_permissions.set(found)
        client = Client()
        client.force_login(user)
        return Person(user, client)

    return make


@pytest.fixture
def shows(mongodb):
    """The collection of shows, as documents: `shows.Show(…)`."""
    return mongodb.shows


@pytest.fixture
def show(shows):
    """Store a show: `show("Hamlet", kind="opera")`; returns it as it is stored."""

    def store(title, **fields):
        made = shows.Show()
        made.update({"title": title, **fields})
        made.save()
        return shows.Show.one({"_id": made["_id"]})

    return store
