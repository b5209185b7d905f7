"""A little site with an SQL database and MongoDB, as a user would write it; the environment varies it."""

import json
import os
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent
SECRET_KEY = "not a secret"
DEBUG = os.environ.get("SITE_DEBUG") == "1"
ALLOWED_HOSTS = ["*"]
USE_TZ = True
STATIC_URL = "static/"
ROOT_URLCONF = "djmsite.urls"
# Some of its views know nothing of their documents, for tests of just that.
SILENCED_SYSTEM_CHECKS = ["django_mongokit.W007"]
INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django_mongokit",
    "talks",
    "lectures",
    "books",
    "papers",
    "django.contrib.sitemaps",
    *json.loads(os.environ.get("SITE_APPS", "[]")),
]
MIDDLEWARE = [
    "django_mongokit.middleware.DatabaseUnavailableMiddleware",
    "django.middleware.common.CommonMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "DIRS": json.loads(os.environ.get("SITE_TEMPLATES", "[]")),
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
DATABASES = {
    "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.environ.get("SITE_SQLITE", ":memory:")},
    "mongodb": {
        "ENGINE": "django_mongokit.mongodb",
        "NAME": os.environ.get("SITE_NAME", "djm_site"),
        "HOST": os.environ.get("MONGODB_URI", ""),
        **json.loads(os.environ.get("SITE_MONGODB", "{}")),
    },
}
for alias, values in json.loads(os.environ.get("SITE_ALIASES", "{}")).items():
    DATABASES[alias] = {
        "ENGINE": "django_mongokit.mongodb",
        "HOST": os.environ.get("MONGODB_URI", ""),
        **values,
    }
# The admin makes each start and each test database slower, so that commands that need none go without.
if os.environ.get("SITE_ADMIN", "1") == "1":
    INSTALLED_APPS += [
        "django.contrib.sessions",
        "django.contrib.messages",
        "django.contrib.admin",
        "rest_framework",
        "shows",
        "api",
        "archive",
    ]
    MIDDLEWARE[1:1] = [
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
    ]
if os.environ.get("SITE_ROUTERS"):
    DATABASE_ROUTERS = ["djmsite.routers.EverythingEverywhere"]
if os.environ.get("SITE_SESSIONS"):
    SESSION_ENGINE = "django_mongokit.sessions"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
globals().update(json.loads(os.environ.get("SITE_SETTINGS", "{}")))
