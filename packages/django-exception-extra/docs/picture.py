"""Draw mail.png, the picture in the README: a real error mail, as it was sent, without what stands between its ends.

    python packages/django-exception-extra/docs/picture.py

It needs this package with its extra `guid`, and a Chromium: the one that CHROMIUM names, or one on the PATH.
"""

from __future__ import annotations

import html
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import django
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import path

PICTURE = Path(__file__).with_name("mail.png")
WIDTH, HEIGHT = 860, 570
GUID = "201f51041eca4ac4aa20dbf4058cec38"
MARKED = ("Who was logged in", "Request id", "USER:", "ERROR-X-")


def pay(request: HttpRequest) -> HttpResponse:
    """A view with a mistake in it."""
    return HttpResponse(str(100 / len(request.GET)))


urlpatterns = [path("pay/", pay)]


def mail() -> tuple[str, str]:
    """Subject and text of the mail that Django sends when Anita pays."""
    settings.configure(
        SECRET_KEY="of no use outside of this process",  # noqa: S106 (it protects nothing)
        ALLOWED_HOSTS=["shop.example.org"],
        ADMINS=["ops@example.org"] if django.VERSION >= (6, 0) else [("ops", "ops@example.org")],
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
        ROOT_URLCONF=__name__,
        INSTALLED_APPS=[
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "django.contrib.sessions",
            "django_guid",
            "django_exception_extra",
        ],
        MIDDLEWARE=[
            "django_guid.middleware.guid_middleware",
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
            "django_exception_extra.ExceptionExtraMiddleware",
        ],
        DEFAULT_EXCEPTION_REPORTER="django_exception_extra.reporter.ExceptionReporter",
        LOGGING={
            "version": 1,
            "disable_existing_loggers": False,
            "handlers": {
                "mail": {"class": "django_exception_extra.mail.AdminEmailHandler", "level": "ERROR"}
            },
            "loggers": {"django.request": {"handlers": ["mail"], "propagate": False}},
        },
        USE_TZ=True,
    )
    django.setup()
    from django.contrib.auth.models import User
    from django.core import mail
    from django.core.management import call_command
    from django.test import Client
    from django.test.utils import setup_test_environment

    setup_test_environment()
    call_command("migrate", verbosity=0)
    client = Client(raise_request_exception=False)
    client.force_login(User.objects.create_user("anita", "a@x.org", first_name="Anita", last_name="Test"))
    client.get("/pay/", headers={"Host": "shop.example.org", "Correlation-ID": GUID})
    (sent,) = mail.outbox
    return str(sent.subject), str(sent.body)


def page(subject: str, text: str) -> str:
    """The mail as a mail program shows it: its beginning, its traceback's end, and what it tells of the user."""
    lines = text.splitlines()
    error = next(at for at, line in enumerate(lines) if line.startswith("Exception Type"))
    told = [line for line in lines if line.startswith(MARKED[2:])]
    shown = [*lines[:10], "…", *lines[error - 3 : error + 2], "…", *told, "…"]
    body = "\n".join(
        f"<mark>{html.escape(line)}</mark>" if line.startswith(MARKED) else html.escape(line)
        for line in shown
    )
    return f"""<!DOCTYPE html><meta charset="utf-8"><style>
        body {{ margin: 0; font: 15px/1.5 sans-serif; background: #fff; color: #222 }}
        header {{ background: #f1f3f4; border-bottom: 1px solid #ccc; padding: 16px 24px }}
        h1 {{ font-size: 18px; margin: 0 0 6px }} header p {{ margin: 0; color: #555 }}
        pre {{ font: 13px/1.55 monospace; margin: 16px 24px; white-space: pre-wrap }}
        mark {{ background: #fff2a8 }}
        </style><header><h1>{html.escape(subject)}</h1><p>to ops@example.org</p></header><pre>{body}</pre>"""


def draw(page: str, picture: Path) -> None:
    """Have Chromium take a picture of the page; FileNotFoundError where there is none."""
    browser = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        raise FileNotFoundError("no Chromium on the PATH; name one by CHROMIUM=/path/to/chromium")
    with tempfile.TemporaryDirectory() as folder:
        source, drawn = Path(folder, "mail.html"), Path(folder, "mail.png")
        source.write_text(page, encoding="utf-8")
        subprocess.run(  # noqa: S603 (the browser that was asked for)
            [
                browser,
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--hide-scrollbars",
                f"--user-data-dir={folder}/profile",
                f"--window-size={WIDTH},{HEIGHT}",
                f"--screenshot={drawn}",
                source.as_uri(),
            ],
            check=True,
            capture_output=True,
            timeout=120,
        )
        shutil.copyfile(drawn, picture)


if __name__ == "__main__":
    draw(page(*mail()), Path(sys.argv[1]) if sys.argv[1:] else PICTURE)
