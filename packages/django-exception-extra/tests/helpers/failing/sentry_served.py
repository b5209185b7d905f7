"""A project with Sentry as a server runs it: what would have been sent is written to the file that EVENTS names.

SENTRY is `ours only` or `with Django's`, for `DjangoIntegration`. `python -m failing.sentry_served` makes the tables and
the people, and prints their session keys as JSON.
"""

import json
import os
from pathlib import Path

import django
import sentry_sdk
from django.conf import settings
from django.http import HttpResponse, StreamingHttpResponse
from django.urls import path
from sentry_sdk.transport import Transport

from django_exception_extra.sentry import ExceptionExtraIntegration

PEOPLE = ("anita", "bert", "clara")


class Kept(Transport):
    def capture_envelope(self, envelope):
        event = envelope.get_event()
        if event is not None:
            line = json.dumps({"user": event.get("user"), "asked_by": asked_by(event)}) + "\n"
            # In one write, since threads share it.
            with Path(os.environ["EVENTS"]).open("ab", buffering=0) as file:
                file.write(line.encode())


def asked_by(event):
    """Each failure and message ends with the name of who asked for it."""
    values = event.get("exception", {}).get("values")
    text = values[-1]["value"] if values else event.get("message") or event["logentry"]["message"]
    return text.rsplit(maxsplit=1)[-1]


def crash(request):
    raise ValueError(f"asked by {request.GET['by']}")


async def acrash(request):
    raise ValueError(f"asked by {request.GET['by']}")


def say(request):
    """Nothing fails."""
    sentry_sdk.capture_message(f"asked by {request.GET['by']}")
    return HttpResponse("fine")


async def asay(request):
    return say(request)


def stream(request):
    def body():
        yield b"half"
        raise ValueError(f"asked by {request.GET['by']}")

    return StreamingHttpResponse(body())


async def astream(request):
    async def body():
        yield b"half"
        raise ValueError(f"asked by {request.GET['by']}")

    return StreamingHttpResponse(body())


def outside(get_response):
    """Fails on its way out, where the address says so."""

    def middleware(request):
        response = get_response(request)
        if "outside" in request.GET:
            crash(request)
        return response

    return middleware


urlpatterns = [path(f"{view.__name__}/", view) for view in (crash, acrash, say, asay, stream, astream)]

sentry_sdk.init(
    dsn="http://key@127.0.0.1:9/1",
    auto_enabling_integrations=os.environ["SENTRY"] != "ours only",
    transport=Kept,
    integrations=[ExceptionExtraIntegration()],
)
settings.configure(
    SECRET_KEY="of the tests",
    ALLOWED_HOSTS=["*"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "db.sqlite3"}},
    INSTALLED_APPS=[
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
        "django_exception_extra",
    ],
    MIDDLEWARE=[
        "failing.sentry_served.outside",
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django_exception_extra.ExceptionExtraMiddleware",
    ],
    PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
    ROOT_URLCONF="failing.sentry_served",
    USE_TZ=True,
    EXCEPTION_EXTRA_IDENTITY="username",
    EXCEPTION_EXTRA_REPORT_STREAMS=True,
)
django.setup()

if __name__ == "__main__":
    from django.contrib.auth.models import User
    from django.core.management import call_command
    from django.test import Client

    call_command("migrate", verbosity=0)
    keys = {}
    for name in PEOPLE:
        client = Client()
        client.force_login(User.objects.create_user(name))
        keys[name] = client.cookies["sessionid"].value
    print(json.dumps(keys))
else:
    from django.core.asgi import get_asgi_application
    from django.core.wsgi import get_wsgi_application

    asgi, wsgi = get_asgi_application(), get_wsgi_application()
