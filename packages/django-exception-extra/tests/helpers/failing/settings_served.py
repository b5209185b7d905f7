"""The project as a server runs it: mails go over SMTP, and what differs between the runs is in the environment."""

import os
from urllib.parse import parse_qs, unquote, urlsplit

import django


def _database(url):
    """A path is SQLite's; `postgresql://user@/name?host=folder` and `mysql://user:word@host:port/name` are servers."""
    parts = urlsplit(url)
    if not parts.scheme:
        return {"ENGINE": "django.db.backends.sqlite3", "NAME": url}
    host = parse_qs(parts.query).get("host", [parts.hostname or ""])[0]
    return {
        "ENGINE": f"django.db.backends.{parts.scheme}",
        "NAME": parts.path.strip("/"),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": host,
        "PORT": parts.port or "",
    }


SECRET_KEY = "of the tests"
ALLOWED_HOSTS = ["*"]
ADMINS = ["ops@example.org"] if django.VERSION >= (6, 0) else [("ops", "ops@example.org")]
if django.VERSION >= (6, 1):
    MAILERS = {
        "default": {
            "BACKEND": "django.core.mail.backends.smtp.EmailBackend",
            "OPTIONS": {"host": "127.0.0.1", "port": int(os.environ["SMTP_PORT"]), "timeout": 20},
        }
    }
else:
    EMAIL_HOST, EMAIL_PORT, EMAIL_TIMEOUT = "127.0.0.1", int(os.environ["SMTP_PORT"]), 20
DATABASES = {"default": _database(os.environ["DATABASE"])}
DATABASES["default"]["ATOMIC_REQUESTS"] = os.environ.get("ATOMIC_REQUESTS") == "yes"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django_exception_extra",
    "failing",
]
SYNC_ONLY = os.environ.get("SYNC_ONLY") == "yes"
MIDDLEWARE = [
    *(["failing.middleware.wished_atomic"] if SYNC_ONLY else []),
    "django.contrib.sessions.middleware.SessionMiddleware",
    *(["failing.middleware.Saboteur"] if SYNC_ONLY else []),
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    *(["failing.middleware.Saboteur"] if SYNC_ONLY else []),
    "django_exception_extra.ExceptionExtraMiddleware",
]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
ROOT_URLCONF = "failing.urls"
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates"}]
USE_TZ = True
EXCEPTION_EXTRA_REPORT_STREAMS = True
