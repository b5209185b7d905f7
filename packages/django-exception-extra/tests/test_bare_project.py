"""A project without django.contrib.auth, sessions or a database, and one that lists only the middleware."""

import importlib.metadata
import subprocess
import sys

import pytest

import django_exception_extra

BARE = """
import django
from django.conf import settings
from django.core import mail
from django.test.utils import setup_test_environment
from django.urls import path

def crash(request):
    raise ValueError("crash")

urlpatterns = [path("", crash)]
settings.configure(
    ROOT_URLCONF=__name__,
    SECRET_KEY="bare",
    ADMINS=["ops@example.org"] if django.VERSION >= (6, 0) else [("ops", "ops@example.org")],
    ALLOWED_HOSTS=["*"],
    MIDDLEWARE=["django_exception_extra.ExceptionExtraMiddleware"],
)
django.setup()
setup_test_environment()

import logging
seen = logging.Handler()
seen.emit = lambda record: print("LOGGED", record.getMessage())
logging.getLogger("django_exception_extra").addHandler(seen)
logging.getLogger("django_exception_extra").setLevel("DEBUG")

from django.test import Client
print(Client(raise_request_exception=False).get("/").status_code)
print(len(mail.outbox), "ERROR-X-LOGGED-IN" in mail.outbox[0].body)
"""


def test_without_auth_sessions_and_database():
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", BARE], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stdout.split("\n") == ["500", "1 False", ""], done.stderr


MANAGED = """
import sys
import django
from django.conf import settings
from django.core.management import call_command

settings.configure(
    ROOT_URLCONF=__name__,
    SECRET_KEY="managed",
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    INSTALLED_APPS=[*sys.argv[1].split(","), "django_exception_extra"],
    MIDDLEWARE=[*filter(None, sys.argv[2].split(",")), "django_exception_extra.ExceptionExtraMiddleware"],
)
urlpatterns = []
django.setup()
call_command("check")
call_command("migrate", verbosity=0)
print("migrated")
"""


@pytest.mark.parametrize(
    "apps", ["django.contrib.sessions", "django.contrib.sessions,django.contrib.contenttypes"]
)
@pytest.mark.parametrize(
    "middleware",
    [
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
    ],
)
def test_checks_pass_without_auth(apps, middleware):
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", MANAGED, apps, middleware],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout == "migrated\n", done.stderr
    assert "django_exception_extra.W003" in done.stderr


IN_MEMORY = """
import sys
made = []
sys.addaudithook(lambda event, arguments: made.append(arguments) if event == "sqlite3.connect" else None)

import django
from django.conf import settings
from django.urls import path

settings.configure(
    ROOT_URLCONF=__name__,
    SECRET_KEY="in memory",
    ALLOWED_HOSTS=["testserver"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions"],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django_exception_extra.ExceptionExtraMiddleware",
    ],
)
django.setup()
from django.contrib.auth.models import Group, User
from django.core.management import call_command
from django.db import transaction
from django.test import Client

def twice(request):
    Group.objects.create(name="a")
    Group.objects.create(name="a")

def twice_knowing_the_user(request):
    str(request.user)
    twice(request)

urlpatterns = [path("no/", twice), path("yes/", twice_knowing_the_user)]
call_command("migrate", verbosity=0)
client = Client(raise_request_exception=False)
client.force_login(User.objects.create_user("anita"))
for name in ("no", "yes"):
    with transaction.atomic():
        print(client.get(f"/{name}/").wsgi_request.META.get("ERROR-X-LOGGED-IN"))
        transaction.set_rollback(True)
print(len(made))
"""


def test_broken_transaction_of_a_database_in_memory():
    """As the `TestCase` of most projects has it. Another connection would see nothing, and nobody closes it."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", IN_MEMORY],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.stdout, done.returncode) == ("None\nanita\n1\n", 0), done.stderr


def test_version_is_that_of_the_distribution():
    assert django_exception_extra.__version__ == importlib.metadata.version("slimstack-exception-extra")
