"""One request in a project with Sentry; prints what would have been sent."""

import json
import logging
import os

import django
import sentry_sdk
from django.conf import settings
from sentry_sdk.integrations.django import DjangoIntegration
from sentry_sdk.transport import Transport

from django_exception_extra.log import LoggedInFilter
from django_exception_extra.sentry import ExceptionExtraIntegration

EVENTS = []


class Kept(Transport):
    def capture_envelope(self, envelope):
        event = envelope.get_event()
        if event is not None:
            request_id = dict(event.get("tags") or {}).get("request_id")
            EVENTS.append({"user": event.get("user")} | ({"request_id": request_id} if request_id else {}))


def main(path, sabotage, order, mode, login, after):
    sentry_sdk.init(
        dsn="http://key@127.0.0.1:9/1",
        auto_enabling_integrations=order != "ours only",
        transport=Kept,
        integrations={
            "ours, guid": [ExceptionExtraIntegration()],
            "ours": [ExceptionExtraIntegration()],
            "ours only": [ExceptionExtraIntegration()],
            "ours, Django's": [ExceptionExtraIntegration(), DjangoIntegration()],
            "Django's first": [DjangoIntegration(), ExceptionExtraIntegration()],
            "Django's only": [DjangoIntegration()],
        }[order],
    )
    settings.configure(
        SECRET_KEY="of the tests",
        ALLOWED_HOSTS=["*"],
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "db.sqlite3"}},
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        INSTALLED_APPS=[
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "django.contrib.sessions",
            "django_exception_extra",
            "failing",
            *(["django_guid"] if "guid" in order else []),
        ],
        MIDDLEWARE=[
            *(["django_guid.middleware.guid_middleware"] if "guid" in order else []),
            "django.contrib.sessions.middleware.SessionMiddleware",
            "failing.middleware.Saboteur",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
            "failing.middleware.Saboteur",
            "django_exception_extra.ExceptionExtraMiddleware",
        ],
        ROOT_URLCONF="failing.urls",
        LOGGING_CONFIG=None,
        USE_TZ=True,
        EXCEPTION_EXTRA_IDENTITY=mode,
    )
    django.setup()
    from django.contrib.auth import get_user_model
    from django.core.management import call_command
    from django.core.wsgi import get_wsgi_application
    from django.test import Client, RequestFactory

    handler = logging.NullHandler()
    handler.handle = LoggedInFilter().filter
    logging.getLogger("failing").addHandler(handler)
    call_command("migrate", verbosity=0, run_syncdb=True)
    user = get_user_model().objects.create_user("anita", "a@x.org", first_name="Anita", last_name="Test")
    client = Client()
    client.force_login(user)
    request = RequestFactory().get(path, headers={"Sabotage": sabotage} if sabotage else {})
    environ = request.environ | {"HTTP_HOST": "localhost"}
    if login:
        environ["HTTP_COOKIE"] = f"sessionid={client.cookies['sessionid'].value}"
    application = get_wsgi_application()
    response = application(environ, lambda status, headers: None)
    list(response)
    if after != "next, never closed":
        response.close()
    if after == "job":
        sentry_sdk.capture_message("of a job in this thread")
    elif after:
        environ = RequestFactory().get(path).environ | {"HTTP_HOST": "localhost"}
        list(application(environ, lambda status, headers: None))
    sentry_sdk.flush()
    print(json.dumps(EVENTS))


if __name__ == "__main__":
    main(*json.loads(os.environ["WISH"]))
