"""Fail in every state a connection can be in, each in a request of its own; prints a line of JSON for each."""

import json
import logging
import os
import sys

import django
from django.conf import settings

os.environ.setdefault("SMTP_PORT", "1")
os.environ["DJANGO_SETTINGS_MODULE"] = "failing.settings_served"
settings.ADMINS = []
settings.ALLOWED_HOSTS = ["testserver"]
settings.ROOT_URLCONF = __name__
settings.MIDDLEWARE = [f"{__name__}.outer", *settings.MIDDLEWARE]
settings.DATABASES["other"] = {
    "ENGINE": "django.db.backends.sqlite3",
    "NAME": "/no such folder/database",
}
settings.DATABASES["second"] = {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}
settings.DATABASES["default"]["OPTIONS"] = json.loads(os.environ.get("OPTIONS", "{}"))
django.setup()

import contextlib

from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import (
    DatabaseError,
    InterfaceError,
    close_old_connections,
    connection,
    connections,
    transaction,
)
from django.http import HttpResponse
from django.test import Client
from django.urls import path

from django_exception_extra import META_KEY
from django_exception_extra.log import LoggedInFilter


def outer(get_response):
    def middleware(request):
        if "Outer" not in request.headers:
            return get_response(request)
        with transaction.atomic():
            response = get_response(request)
            transaction.set_rollback(True)
        return response

    return middleware


def execute(sql, alias="default"):
    with connections[alias].cursor() as cursor:
        cursor.execute(sql)


def swallow(function, *arguments):
    with contextlib.suppress(DatabaseError):
        function(*arguments)


def crash(request):
    raise ValueError("crash")


def swallowed(request):
    swallow(execute, "SELECT * FROM no_such_table")
    raise ValueError("crash")


def swallowed_twin(request):
    swallow(execute, "INSERT INTO failing_log (text) VALUES ('a'), ('a')")
    raise ValueError("crash")


def swallowed_and_logged(request):
    swallow(execute, "SELECT * FROM no_such_table")
    logging.getLogger("failing").error("wrong", extra={"request": request})
    raise ValueError("crash")


def logged_before_login(request):
    request.user = request.auser = None
    logging.getLogger("failing").error("wrong", extra={"request": request})
    del request.user
    request.user = User.objects.get(username="anita")
    raise ValueError("crash")


def savepoint(request):
    """A user nobody else can see: she was made in the transaction around."""
    execute("UPDATE auth_user SET last_name = 'Inside' WHERE username = 'anita'")
    with transaction.atomic():
        execute("INSERT INTO failing_log (text) VALUES ('a'), ('a')")


def other_down(request):
    connections["other"].cursor()


def other_down_swallowed(request):
    swallow(connections["other"].cursor)
    return HttpResponse("fine")


def other_interface_error(request):
    execute("SELECT 1", "second")
    raise InterfaceError("cursor already closed")


def other_failed_in_a_transaction(request):
    with transaction.atomic("second"):
        execute("SELECT * FROM no_such_table", "second")


def closed_cursor(request):
    cursor = connection.cursor()
    cursor.close()
    cursor.execute("SELECT 1")


def limits(request, user):
    """An identity function, which asks how long it may wait."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('lock_timeout'), current_setting('statement_timeout')")
        return ", ".join([str(user), *cursor.fetchone()])


def limited(request):
    settings.EXCEPTION_EXTRA_IDENTITY = f"{__name__}.limits"
    swallowed(request)


def lock(request):
    """The transaction is to be rolled back, says Django, and keeps its locks until then."""
    mysql = connection.vendor == "mysql"
    execute("LOCK TABLES auth_user WRITE" if mysql else "LOCK TABLE auth_user IN ACCESS EXCLUSIVE MODE")
    with transaction.atomic(savepoint=False):
        crash(request)


def killed(request):
    """The administrator ends the connection."""
    connection.ensure_connection()
    other = connection.copy()
    with other.cursor() as cursor:
        if connection.vendor == "mysql":
            cursor.execute("KILL %s", [connection.connection.thread_id()])
        else:
            process = connection.connection.info.backend_pid
            cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [process])
    other.close()
    execute("SELECT 1")


def killed_inside(request):
    """As with ATOMIC_REQUESTS: Django marks the transaction around as broken."""
    with transaction.atomic():
        killed(request)


VIEWS = [value for value in vars().values() if getattr(value, "__module__", "") == __name__]
urlpatterns = [path(f"{view.__name__}/", view) for view in VIEWS]


def main(wishes):
    call_command("migrate", verbosity=0)
    # A server that is not ours may have been used before.
    call_command("flush", verbosity=0, interactive=False)
    anita = User.objects.create_user("anita", first_name="Anita", last_name="Test")
    client = Client(raise_request_exception=False)
    client.force_login(anita)
    handler = logging.NullHandler()
    handler.handle = LoggedInFilter().filter
    logging.getLogger("failing").addHandler(handler)
    for wish in wishes:
        for name in wish.removeprefix("outer ").split(", "):
            # What the end of a request does where it is not the test client that asks.
            close_old_connections()
            response = client.get(f"/{name}/", headers={"Outer": "yes"} if wish.startswith("outer ") else {})
        print(json.dumps({"wish": wish, "line": response.wsgi_request.META.get(META_KEY)}), flush=True)
        settings.EXCEPTION_EXTRA_IDENTITY = "full"
        for each in connections.all():
            each.close()


if __name__ == "__main__":
    main(sys.argv[1:])
