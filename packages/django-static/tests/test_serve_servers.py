"""``django_static.serve`` as it is deployed: in a project's ``wsgi.py`` and ``asgi.py``, beneath real servers on loopback."""

from __future__ import annotations

import contextlib
import http.client
import re
import subprocess
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from serve_running import EDGE, PYTHON, WAIT, Unix, environment, running

from django_static.manifest import Manifest

SETTINGS = """
from pathlib import Path
BASE_DIR = Path(__file__).parent
SECRET_KEY = "tests"
ALLOWED_HOSTS = ["localhost", "127.0.0.1"]
USE_TZ = True
INSTALLED_APPS = ["django.contrib.staticfiles", "django_static"]
ROOT_URLCONF = "urls"
WSGI_APPLICATION = "wsgi.application"
STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "source"]
DJANGO_STATIC = True
DJANGO_STATIC_USE_MANIFEST_FILE = True
DJANGO_STATIC_SERVE_SMALL = 100_000
"""
URLS = """
from django.http import HttpResponse
from django.urls import path
urlpatterns = [path("", lambda request: HttpResponse("a page"))]
"""
SERVERS = {
    "gunicorn sync": ["gunicorn", "--bind", "unix:{socket}", "--workers", "2", "wsgi"],
    "gunicorn threads, preloaded": [
        *("gunicorn", "--bind", "unix:{socket}", "--threads", "4", "--workers", "2", "--preload", "wsgi"),
    ],
    "uvicorn": ["uvicorn", "--uds", "{socket}", "--no-access-log", "asgi:application"],
    "granian wsgi": ["granian", "--interface", "wsgi", "--uds", "{socket}", "wsgi:application"],
    "granian asgi": ["granian", "--interface", "asginl", "--uds", "{socket}", "asgi:application"],
}


class Server:
    def __init__(self, connect: Any, project: Path) -> None:
        self._connect = connect
        self.project = project
        self.manifest = Manifest.read(project / "static/.django-static/manifest.json")

    def ask(
        self, target: str, method: str = "GET", fields: dict[str, str] | None = None, body: bytes = b""
    ) -> tuple[int, dict[str, str], bytes]:
        with contextlib.closing(self._connect()) as connection:
            # Who refuses a request need not wait for its body.
            with contextlib.suppress(BrokenPipeError):
                connection.request(method, target, body or None, fields or {})
            reply = connection.getresponse()
            return reply.status, {name.lower(): value for name, value in reply.getheaders()}, reply.read()

    def raw(self, data: bytes) -> bytes:
        """What comes back until the server closes, or has nothing more to say."""
        with contextlib.closing(self._connect()) as connection:
            connection.connect()
            with contextlib.suppress(OSError):
                connection.sock.sendall(data)
            reply = b""
            with contextlib.suppress(OSError):
                while chunk := connection.sock.recv(65536):
                    reply += chunk
            return reply


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("project")
    (root / "settings.py").write_text(SETTINGS)
    (root / "urls.py").write_text(URLS)
    for edge in ("wsgi", "asgi"):
        (root / f"{edge}.py").write_text(EDGE.format(edge=edge))
    (root / "source").mkdir()
    (root / "source/site.css").write_text("p { background: url(logo.png) }\n" * 300)
    (root / "source/logo.png").write_bytes(bytes(range(256)))
    (root / "source/large.bin").write_bytes(bytes(range(256)) * 8000)
    (root / "source/empty.txt").write_bytes(b"")
    (root / "source/ä b%.txt").write_text("odd")
    manage = [*PYTHON, "-m", "django"]
    subprocess.run(
        [*manage, "staticbuild", "--all"], cwd=root, env=environment(root), check=True, capture_output=True
    )
    return root


@pytest.fixture(scope="module", params=[*SERVERS, "runserver"])
def server(request, project, tmp_path_factory) -> Iterator[Server]:
    if request.param == "runserver":
        command = [*PYTHON, "-u", "-m", "django", "runserver", "127.0.0.1:0", "--nostatic", "--noreload"]

        def connect() -> http.client.HTTPConnection:
            # The port that was free is known when it says so.
            said = re.search(r"http://127\.0\.0\.1:([1-9]\d*)/", (project / "log").read_text())
            if said is None:
                raise ConnectionRefusedError("it does not listen yet")
            return http.client.HTTPConnection("127.0.0.1", int(said[1]), timeout=WAIT)

    else:
        program, *arguments = SERVERS[request.param]
        if find_spec(program) is None:
            pytest.skip(f"{program} is not installed")
        path = tmp_path_factory.mktemp("s") / "s"
        command = [*PYTHON, "-m", program, *(each.format(socket=path) for each in arguments)]

        def connect() -> http.client.HTTPConnection:
            return Unix(path)

    with running(command, project, connect):
        yield Server(connect, project)


def test_every_file_in_every_coding(server):
    for url, served in server.manifest.served.items():
        path = server.project / "static" / unquote(url.removeprefix("/static/"))
        for ending, coding in (("", ""), (".gz", "gzip"), (".br", "br"), (".zst", "zstd")):
            has = not ending or ending[1:] in served.siblings
            status, headers, body = server.ask(url, fields={"Accept-Encoding": coding})
            sent = Path(f"{path}{ending}") if has and served.is_lasting else path
            if not served.is_lasting and headers.get("content-encoding"):
                continue  # from the published twin
            assert status == 200
            assert headers.get("content-encoding", "") == (coding if has else "")
            assert body == sent.read_bytes()
            assert headers["content-length"] == str(len(body))
            again = server.ask(url, fields={"Accept-Encoding": coding, "If-None-Match": headers["etag"]})
            assert (again[0], again[2]) == (304, b"")
            head = server.ask(url, "HEAD", {"Accept-Encoding": coding})
            assert (head[0], head[2]) == (200, b"")
            # Development's server leaves out a length of nothing.
            assert head[1].get("content-length", "0") == str(len(body))
            assert head[1]["etag"] == headers["etag"]


def test_ranges(server):
    (url,) = (url for url in server.manifest.served if re.match(r"/static/large\.\d+", url))
    content = (server.project / "source/large.bin").read_bytes()
    for field, first, stop in (
        ("bytes=0-0", 0, 1),
        ("bytes=-1", len(content) - 1, len(content)),
        ("bytes=1000000-", 1_000_000, len(content)),
        ("bytes=5-1500000", 5, 1_500_001),
    ):
        status, headers, body = server.ask(url, fields={"Range": field})
        assert status == 206
        assert body == content[first:stop]
        assert headers["content-range"] == f"bytes {first}-{stop - 1}/{len(content)}"
    status, headers, body = server.ask(url, fields={"Range": "bytes=0-99,300000-900000"})
    assert headers["content-type"].startswith("multipart/byteranges")
    assert content[300_000:900_001] in body
    assert headers["content-length"] == str(len(body))
    status, headers, _ = server.ask(url, fields={"Range": f"bytes={len(content)}-"})
    assert (status, headers["content-range"]) == (416, f"bytes */{len(content)}")


def test_the_application_has_the_rest(server):
    assert server.ask("/")[2] == b"a page"
    for target in (
        "/static/unknown.css",
        "/static/../settings.py",
        "/static/%2e%2e/settings.py",
    ):
        status, _, body = server.ask(target)
        assert status in (400, 404)
        assert b"SECRET" not in body
    status, headers, _ = server.ask("/static/lost.0123456789ab.css")
    assert (status, headers["cache-control"]) == (404, "no-store")
    status, headers, _ = server.ask("/static/site.css", "POST", body=b"x=1")
    assert (status, headers["allow"]) == (405, "GET, HEAD, OPTIONS")
    assert server.ask("/static/site.css", "OPTIONS")[0] == 204


@pytest.mark.parametrize(
    "lines",
    [
        b"Accept-Encoding: " + b"gzip," * 900,
        b"Range: bytes=" + b"0-0," * 900,
        b'If-None-Match: "' + b"x" * 3000 + b'"',
        b"Accept-Encoding: gzip\r\nAccept-Encoding: br;q=0",
        b"Range: bytes=0-0\r\nRange: bytes=1-1",
        b"If-Modified-Since: \xff\xfe",
        b"X: " + b"y" * 1_000_000,
        b"\r\n".join(b"X-%d: y" % n for n in range(5000)),
    ],
    ids=["codings", "ranges", "tag", "two codings", "two ranges", "bytes", "long", "many"],
)
def test_absurd_headers(server, lines):
    """The server beneath may refuse them; what gets through is answered, and nothing fails."""
    reply = server.raw(
        b"GET /static/logo.png HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" + lines + b"\r\n\r\n"
    )
    if reply:
        assert re.match(rb"HTTP/1\.[01] (200|206|4\d\d) ", reply), reply[:100]
    assert server.ask("/static/logo.png")[0] == 200
