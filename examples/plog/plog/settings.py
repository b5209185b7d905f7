"""The settings of the example site: production's by default, development's with ``PLOG_DEBUG=1``.

============== ========================================================================================================
``PLOG_VAR``   the folder for everything the site writes; ``var/plog`` of the repository unless set
``PLOG_DEBUG`` ``1`` for development: plain assets, Django's error pages
``PLOG_HOSTS`` names the site answers to beside this machine's own, separated by commas
``MONGODB_URI`` a MongoDB server of yours; unless set the site runs an embedded one on a folder of ``PLOG_VAR``
============== ========================================================================================================
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import django

from plog.secret import secret_key

BASE_DIR = Path(__file__).resolve().parent
EXAMPLE_DIR = BASE_DIR.parent
VAR = Path(os.environ.get("PLOG_VAR") or EXAMPLE_DIR.parent.parent / "var" / "plog").resolve()
CONTENT_DIR = EXAMPLE_DIR / "content"

DEBUG = os.environ.get("PLOG_DEBUG") == "1"
SECRET_KEY = secret_key(VAR / "secret_key")
ALLOWED_HOSTS = ["127.0.0.1", "localhost", "[::1]"]
ALLOWED_HOSTS += [name for name in os.environ.get("PLOG_HOSTS", "").split(",") if name]

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django_static",
    "django_mongokit",
    "django_exception_extra",
    "plog",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "plog.middleware.ContentSecurityPolicyMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "django_mongokit.middleware.DatabaseUnavailableMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_exception_extra.ExceptionExtraMiddleware",
]

ROOT_URLCONF = "plog.urls"
WSGI_APPLICATION = "plog.wsgi.application"
APPEND_SLASH = False

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {"context_processors": ["django.template.context_processors.request"]},
    },
]

# Accounts and sessions live in SQL, what the site is about lives in MongoDB.
DATABASES: dict[str, dict[str, Any]] = {
    "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": VAR / "accounts.sqlite3"},
    "mongodb": {
        "ENGINE": "django_mongokit.mongodb",
        "NAME": "plog",
        # A site that waits longer for its database than this is down anyhow: say so with a 503 instead. The first is for
        # a server that is there and does not answer, the second for the first look at an embedded one.
        "OPTIONS": {"timeoutMS": 1200, "serverSelectionTimeoutMS": 300},
    },
}
if os.environ.get("MONGODB_URI"):
    DATABASES["mongodb"]["HOST"] = os.environ["MONGODB_URI"]
else:
    DATABASES["mongodb"]["OPTIONS"]["embedded"] = VAR / "mongodb"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

LANGUAGE_CODE = "en-gb"
USE_I18N = False
USE_TZ = True
TIME_ZONE = "UTC"

# Every asset goes through the tags. With DEBUG on they print what they were given and urls.py serves the originals.
MEDIA_ROOT = BASE_DIR / "media"
DJANGO_STATIC = not DEBUG
DJANGO_STATIC_MEDIA_ROOTS = [MEDIA_ROOT]
DJANGO_STATIC_SAVE_PREFIX = VAR / "cache-forever"
DJANGO_STATIC_NAME_PREFIX = "/cache-forever"

# Nothing but our own files, no inline script or style, no plug-ins, no frames around us.
CONTENT_SECURITY_POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "plog.views.csrf_failure"
# A comment is bounded at some thousand characters, and nothing else is ever sent here.
DATA_UPLOAD_MAX_MEMORY_SIZE = 64 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 20

# Error reports are kept as files: put a real backend here, and yourself into ADMINS.
ADMINS: list[Any]
if django.VERSION >= (6, 1):
    ADMINS = ["admin@localhost"]
    MAILERS = {
        "default": {
            "BACKEND": "django.core.mail.backends.filebased.EmailBackend",
            "OPTIONS": {"file_path": VAR / "mail"},
        },
    }
else:
    ADMINS = [("The administrator", "admin@localhost")]
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    EMAIL_FILE_PATH = VAR / "mail"
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {
        "file": {
            "class": "logging.handlers.WatchedFileHandler",
            "filename": VAR / "plog.log",
            "delay": True,
            "formatter": "line",
            "level": "WARNING",
        },
    },
    "root": {"handlers": ["file"], "level": "WARNING"},
}
