"""``django_static.serve`` beneath real servers, whose processes began before, between and after builds: no page names a file
that any of them answers with 404."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from serve_running import PYTHON, WAIT, Unix, environment, running

SETTINGS = """
from pathlib import Path
BASE_DIR = Path(__file__).parent
SECRET_KEY = "tests"
ALLOWED_HOSTS = ["localhost"]
USE_TZ = True
INSTALLED_APPS = ["django.contrib.staticfiles", "django_static"]
ROOT_URLCONF = "urls"
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "DIRS": [BASE_DIR / "templates"]}]
STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "source"]
DJANGO_STATIC = True
DJANGO_STATIC_FINGERPRINT = "hash"
DJANGO_STATIC_USE_MANIFEST_FILE = True
"""
URLS = """
import json, os
from django.http import HttpResponse
from django.template.loader import render_to_string
from django.urls import path
def page(request):
    return HttpResponse(json.dumps([os.getpid(), render_to_string("page.html")]))
urlpatterns = [path("", page)]
"""
#: Each answer tells which process it comes from.
WSGI = """
import os
from django.core.wsgi import get_wsgi_application
from django_static.serve.wsgi import StaticServer
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings")
server = StaticServer(get_wsgi_application())
def application(environ, start_response):
    def start(status, headers, *rest):
        return start_response(status, [*headers, ("X-Process", str(os.getpid()))], *rest)
    return server(environ, start)
"""
ASGI = """
import os
from django.core.asgi import get_asgi_application
from django_static.serve.asgi import StaticServer
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings")
server = StaticServer(get_asgi_application())
async def application(scope, receive, send):
    async def said(message):
        if message["type"] == "http.response.start":
            process = (b"x-process", str(os.getpid()).encode())
            message = {**message, "headers": [*message["headers"], process]}
        await send(message)
    await server(scope, receive, said)
"""


@pytest.fixture
def project(tmp_path) -> Path:
    for name, text in (
        ("settings.py", SETTINGS),
        ("urls.py", URLS),
        ("wsgi.py", WSGI),
        ("asgi.py", ASGI),
        ("templates/page.html", "{% load django_static %}{% slimfile '/static/site.css' %}"),
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / "source").mkdir()
    build(tmp_path, "red")
    return tmp_path


def build(root: Path, color: str) -> None:
    (root / "source/site.css").write_text(f"p {{ color: {color} }}\n" * 40)
    command = [*PYTHON, "-m", "django", "staticbuild", "--all"]
    subprocess.run(command, cwd=root, env=environment(root), check=True, capture_output=True)


class Asked:
    """Asks until all processes have answered."""

    def __init__(self, place: Path) -> None:
        self._place = place

    def get(self, target: str) -> tuple[int, int, bytes]:
        """The status, the process that answered, the content."""
        with contextlib.closing(Unix(self._place)) as connection:
            connection.request("GET", target)
            reply = connection.getresponse()
            return reply.status, int(reply.headers["x-process"]), reply.read()

    def until(self, condition: Callable[[], Any]) -> None:
        limit = time.monotonic() + WAIT
        while not condition():
            assert time.monotonic() < limit, f"nothing came of it in {WAIT} seconds"

    def printed(self, count: int, without: frozenset[int] = frozenset()) -> dict[int, str]:
        """What pages name, by the process that they come from."""
        found: dict[int, str] = {}

        def ask() -> bool:
            with contextlib.suppress(OSError):  # from one that ends
                process, url = json.loads(self.get("/")[2])
                if process not in without:
                    found[process] = url
            return len(found) == count

        self.until(ask)
        return found

    def all_answer(self, url: str, count: int, color: str) -> None:
        """So many processes, each with the same file."""
        seen: set[int] = set()

        def ask() -> bool:
            status, process, body = self.get(url)
            assert (status, body.count(color.encode())) == (200, 40), (url, process, body[:40])
            seen.add(process)
            return len(seen) == count

        self.until(ask)


def test_a_worker_that_is_replaced_after_a_build(project, tmp_path_factory):
    """gunicorn does so by itself, with ``--max-requests``."""
    pytest.importorskip("gunicorn")
    place = tmp_path_factory.mktemp("s") / "s"
    command = [*PYTHON, "-m", "gunicorn", "--bind", f"unix:{place}", "--workers", "2", "wsgi"]
    with running(command, project, lambda: Unix(place)):
        asked = Asked(place)
        old = asked.printed(2)
        names = {"red": next(iter(old.values()))}
        assert len(set(old.values())) == 1
        for color in ("green", "blue"):
            build(project, color)
            ended = min(old)
            os.kill(ended, signal.SIGTERM)
            now = asked.printed(2, frozenset({ended}))
            (new,) = now.keys() - old.keys()
            names[color] = now[new]
            old = now
            for each, url in names.items():
                asked.all_answer(url, 2, each)
        assert len(set(names.values())) == 3


@pytest.mark.parametrize(
    "command",
    [
        ["gunicorn", "--bind", "unix:{place}", "wsgi"],
        ["uvicorn", "--uds", "{place}", "--no-access-log", "asgi:application"],
    ],
    ids=["gunicorn", "uvicorn"],
)
def test_builds_without_a_restart_and_one(project, tmp_path_factory, command):
    """What a page of this process names is there after any number of builds; after a restart what the last ones named, too."""
    pytest.importorskip(command[0])
    place = tmp_path_factory.mktemp("s") / "s"
    command = [*PYTHON, "-m", *(each.format(place=place) for each in command)]
    names: dict[str, str] = {}
    with running(command, project, lambda: Unix(place)):
        asked = Asked(place)
        (names["red"],) = asked.printed(1).values()
        for color in ("green", "blue", "navy"):
            build(project, color)
            assert list(asked.printed(1).values()) == [names["red"]]
            names[color] = published(project)
            for each, url in names.items():
                asked.all_answer(url, 1, each)
    assert len(set(names.values())) == 4
    place.unlink(missing_ok=True)
    with running(command, project, lambda: Unix(place)):
        asked = Asked(place)
        assert list(asked.printed(1).values()) == [names["navy"]]
        for each, url in names.items():
            asked.all_answer(url, 1, each)


def published(project: Path) -> str:
    """What the last build has named the style sheet."""
    files = json.loads((project / "static/.django-static/manifest.json").read_bytes())["runs"].items()
    (url,) = {run[0][1] for key, run in files if key.startswith("slim") and key.endswith("site.css")}
    return str(url)
