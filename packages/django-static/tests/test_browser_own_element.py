"""In a real browser: scripts that look for their own element find their files, published lazily or ahead, by every server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from io import StringIO
from pathlib import Path
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest
import static_test_browser as browser
import static_test_servers as servers
from django.core.management import call_command
from static_test_built import Built

from django_static import resolver

playwright = pytest.importorskip("playwright.sync_api", reason="needs Playwright: pip install playwright")
pytestmark = browser.NEEDS_CHROMIUM

#: What each does with the URL it has found: load the rest of itself from there.
_LOAD = """
  function load(base) {
    var part = document.createElement("script");
    part.src = base + "parts/" + NAME + ".js";
    document.head.appendChild(part);
  }
"""
LOOKS = {
    # As bundles do.
    "current": "load(document.currentScript.src.replace(/current\\.js$/, ''));",
    # As editors of the time before that do: the name of the file is looked for among all scripts.
    "list": """
      var all = document.getElementsByTagName("script"), found = "";
      for (var i = 0; i < all.length; i++) {
        var match = all[i].src.match(/^(.*\\/)list\\.js(\\?.*)?$/);
        if (match) { found = match[1]; break; }
      }
      if (!found) throw new Error("where am I?");
      load(found);
    """,
    # As plugins do that are told to begin when the page is there.
    "late": """
      document.addEventListener("DOMContentLoaded", function () {
        load(document.querySelector('script[src*="/late.js"]').getAttribute("src").split("late.js")[0]);
      });
    """,
    # As what is older still does.
    "last": "var all = document.scripts; load(all[all.length - 1].getAttribute('src').split('last.js')[0]);",
    "strict": "'use strict'; function f() { return this } if (f()) throw new Error('sloppy'); load((0, eval)('document').currentScript.src.slice(0, -9));",
}
FILES = {
    **{
        f"js/{name}.js": f"{'' if name != 'strict' else chr(39) + 'use strict' + chr(39) + chr(10)}(function () {{\n"
        f"  var NAME = '{name}';{_LOAD}{look}\n}})();\n"
        for name, look in LOOKS.items()
        if name != "strict"
    },
    "js/strict.js": "'use strict'\nvar NAME = 'strict';" + _LOAD + LOOKS["strict"],
    **{f"js/parts/{name}.js": f"window.parts = (window.parts || []).concat('{name}');" for name in LOOKS},
    # As maps do: a class has the picture for its background, and from its URL the folder of all is told.
    "map/map.css": ".probe { background-image: url(images/pin.png) }",
    "map/map.js": """(function () {
      var probe = document.body.appendChild(document.createElement("div"));
      probe.className = "probe";
      var found = /^url\\(['"]?(.*)pin\\.png['"]?\\)$/.exec(getComputedStyle(probe).backgroundImage);
      var shade = document.body.appendChild(new Image());
      shade.onload = function () { window.parts = (window.parts || []).concat("map"); };
      shade.src = found[1] + "shade.svg";
    })();""",
    "map/images/pin.png": "not shown",
    "map/images/shade.svg": '<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>',
}
EXPECTED = [*LOOKS, "map"]
PAGE = (
    "<!doctype html><title>a page</title><link rel=icon href=data:,>{% TAG %}"
    '<link rel="stylesheet" href="/static/map/map.css">{% endTAG %}<body>{% TAG %}'
    + "".join(f'<script src="/static/js/{name}.js"></script>' for name in LOOKS)
    + '<script src="/static/map/map.js"></script>{% endTAG %}'
)


class QuietWsgi(WSGIRequestHandler):
    def log_message(self, *arguments: object) -> None:
        pass


class Threaded(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class Site:
    """The files of a project, published in one way or another, and a server for them."""

    def __init__(self, built: Built, root: Path, prefix: str) -> None:
        self.built = built
        self.root = root
        self.prefix = prefix
        settings = built.settings
        settings.DJANGO_STATIC_COMPRESS = ()
        settings.STORAGES = {"staticfiles": {"BACKEND": "django_static.storage.StaticStorage"}}
        if prefix:
            settings.DJANGO_STATIC_NAME_PREFIX = prefix
            settings.DJANGO_STATIC_SAVE_PREFIX = str(root / "out" / prefix.strip("/"))
        for name, text in FILES.items():
            built.app_file(name, text)

    def files(self) -> AbstractContextManager[int]:
        return browser.files(self.prefix, self.root / "out", self.built.static, self.built.extra)

    @contextmanager
    def ours(self) -> Iterator[int]:
        from django_static.serve.wsgi import StaticServer

        def nothing(environ: dict[str, object], start: Callable[..., object]) -> list[bytes]:
            start("404 Not Found", [])
            return [b""]

        with browser.running(make_server("127.0.0.1", 0, StaticServer(nothing), Threaded, QuietWsgi)) as port:
            yield port

    @contextmanager
    def web_server(self, kind: str) -> Iterator[int]:
        port, config = servers.free_port(), StringIO()
        arguments = ["--whole", "--listen", f"127.0.0.1:{port}", "--server-name", "127.0.0.1"]
        program, start = {
            "nginx": (servers.nginx_program, servers.nginx),
            "caddy": (servers.caddy_program, servers.caddy),
        }[kind]
        program()
        call_command("staticnginx", *arguments, *(["--caddy"] if kind == "caddy" else []), stdout=config)
        with start(self.root / "server", config.getvalue(), port):
            yield port


@pytest.fixture(scope="module")
def chromium():
    with browser.started() as found:
        yield found


@pytest.fixture
def made(site, settings, tmp_path):
    tmp_path.chmod(0o755)

    def make(prefix: str, tag: str) -> Site:
        found = Site(built, tmp_path, prefix)
        built.page("page", PAGE.replace("TAG", tag))
        return found

    with Built.made(site, settings, tmp_path) as built:
        yield make


def shown(chromium, port: int, html: str) -> tuple[list[str], list[str], list[str]]:
    """What has come of a page: the parts that were loaded, what went wrong, and what was asked for."""
    base = f"http://127.0.0.1:{port}"
    page = chromium.new_page()
    wrong: list[str] = []
    asked: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("requestfinished", lambda request: asked.append(request.url.removeprefix(base)))
    page.on("response", lambda answer: wrong.append(answer.url) if answer.status >= 400 else None)
    # Once: while there is a route every request goes by way of us.
    page.route("**/page", lambda route: route.fulfill(body=html, content_type="text/html"), times=1)
    page.goto(f"{base}/page")
    with suppress(playwright.TimeoutError):
        page.wait_for_function(f"(window.parts || []).length >= {len(EXPECTED)}", timeout=30_000)
    parts = page.evaluate("window.parts || []")
    page.close()
    return parts, wrong, asked


@pytest.mark.parametrize("tag", ["staticall", "slimall"])
@pytest.mark.parametrize("fingerprint", ["mtime", "hash"])
@pytest.mark.parametrize("prefix", ["", "/forever"])
def test_published_by_the_first_render(made, chromium, prefix, fingerprint, tag):
    site = made(prefix, tag)
    site.built.settings.DJANGO_STATIC_USE_MANIFEST_FILE = False
    site.built.settings.DJANGO_STATIC_FINGERPRINT = fingerprint
    resolver.reset()
    html = site.built.render("page")
    with site.files() as port:
        parts, wrong, asked = shown(chromium, port, html)
    assert (sorted(parts), wrong) == (sorted(EXPECTED), [])
    assert sum(url.startswith(f"{prefix}/static/js/") and url.count(".") > 1 for url in asked) == len(LOOKS)


@pytest.mark.parametrize("server", ["ours", "nginx", "caddy"])
@pytest.mark.parametrize("prefix", ["", "/forever"])
def test_built_ahead(made, chromium, prefix, server):
    site = made(prefix, "slimall")
    if server == "ours":
        site.built.build("--all")
    else:
        call_command("collectstatic", interactive=False, stdout=StringIO(), stderr=StringIO())
        resolver.reset()
    html = site.built.render("page")
    with site.ours() if server == "ours" else site.web_server(server) as port:
        parts, wrong, asked = shown(chromium, port, html)
    assert (sorted(parts), wrong) == (sorted(EXPECTED), [])
    assert sum(url.startswith(f"{prefix}/static/js/") and url.count(".") > 1 for url in asked) == len(LOOKS)


def test_development_shows_what_is_to_be_the_same(made, chromium):
    site = made("", "slimall")
    site.built.settings.DJANGO_STATIC = False
    resolver.reset()
    html = site.built.render("page")
    with site.files() as port:
        parts, wrong, _ = shown(chromium, port, html)
    assert (sorted(parts), wrong) == (sorted(EXPECTED), [])
