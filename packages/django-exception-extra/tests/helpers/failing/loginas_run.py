"""A superuser logs in as somebody else by django-loginas, and back; prints the line of each failure."""

import sys

import django
from django.conf import settings
from django.urls import include, path


def crash(request):
    raise ValueError("crash")


urlpatterns = [path("crash/", crash)]


def main(mode):
    settings.configure(
        SECRET_KEY="of the tests",
        ALLOWED_HOSTS=["*"],
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        INSTALLED_APPS=[
            "django.contrib.admin",
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "django.contrib.messages",
            "django.contrib.sessions",
            "loginas",
        ],
        MIDDLEWARE=[
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
            "django.contrib.messages.middleware.MessageMiddleware",
            "django_exception_extra.ExceptionExtraMiddleware",
        ],
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
        ROOT_URLCONF=__name__,
        LOGGING_CONFIG=None,
        LOGIN_REDIRECT_URL="/",
        USE_TZ=True,
        EXCEPTION_EXTRA_IDENTITY=mode,
    )
    django.setup()
    from django.contrib.auth.models import User
    from django.core.management import call_command
    from django.test import Client

    urlpatterns.append(path("", include("loginas.urls")))
    call_command("migrate", verbosity=0)
    boss = User.objects.create_superuser("boss")
    anita = User.objects.create_user("anita", first_name="Anita", last_name="Test")
    client = Client(raise_request_exception=False)

    def line():
        return client.get("/crash/").wsgi_request.META.get("ERROR-X-LOGGED-IN")

    client.force_login(boss)
    assert client.post(f"/login/user/{anita.pk}/").status_code == 302
    print(line())
    anita.delete()
    print(line())
    client.force_login(boss)
    print(line())


if __name__ == "__main__":
    main(sys.argv[1])
