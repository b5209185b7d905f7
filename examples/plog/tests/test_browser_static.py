"""What only a browser can say of the tags of django-static: digests, preloads, import maps, nonces, source maps."""

from __future__ import annotations

import shutil
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.template import Engine
from django.template.context import Context
from playwright.sync_api import sync_playwright

from django_static import preloads, resolver

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on PATH (Debian: apt install chromium)"),
    pytest.mark.timeout(300),
]

FILES = {
    "css/a.css": "body { color : rgb(1, 2, 3) ; font-family : 'text' }\n",
    "css/b.css": "h1 { color : rgb(4, 5, 6) ; }\n",
    "js/a.js": "window.ran = ( window.ran || '' ) + 'a' ;\n",
    "js/b.js": "window.ran = ( window.ran || '' ) + 'b' ;\n",
    "js/app.js": "import { count } from './count.js' ;\nexport const app = count ;\nexport const id = { } ;\n",
    "js/count.js": "window.loaded = ( window.loaded || 0 ) + 1 ;\nexport const count = window.loaded ;\n",
    "js/lib/one.js": "import { id } from 'app' ;\nexport const one = id ;\n",
    "js/fail.js": "window.fail = function ( ) {\n  throw new Error( 'here' ) ;\n} ;\n",
}


class _Quiet(SimpleHTTPRequestHandler):
    #: Headers of the page.
    headers_of_page: dict[str, str] = {}

    def log_message(self, *args: object) -> None:
        pass

    def end_headers(self) -> None:
        if self.path == "/page.html":
            # Two pages written within one second have one Last-Modified: the browser would be told 304 for the second.
            self.send_header("Cache-Control", "no-store")
            for name, value in self.headers_of_page.items():
                self.send_header(name, value)
        super().end_headers()


class Site:
    """A folder with published files, a server, and a browser that looks at one page."""

    def __init__(self, folder, settings, browser, url, handler):
        self.folder = folder
        self.settings = settings
        self.browser = browser
        self.url = url
        self.handler = handler
        self.complaints: list[str] = []
        self.requested: list[str] = []

    def render(self, template: str, **context) -> str:
        libraries = {"django_static": "django_static.templatetags.django_static"}
        engine = Engine(libraries=libraries, builtins=["django_static.templatetags.django_static"])
        return engine.from_string(template).render(Context(context))

    def show(self, template: str, **context):
        """The page after it has loaded."""
        html = self.render(template, **context)
        (self.folder / "page.html").write_text(f"<!doctype html><meta charset=utf-8>{html}<h1>A page</h1>")
        page = self.browser.new_page()
        page.on("console", lambda message: self.complaints.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        page.on("request", lambda request: self.requested.append(request.url.removeprefix(self.url)))
        page.goto(f"{self.url}/page.html", wait_until="networkidle")
        return page

    def await_unused(self, page):
        """Wait until Chromium complains of a preload of ``count.js``, which nobody uses, as it would of any other by then."""

        def is_meant(text):
            return "/js/count." in text and "preload" in text

        if not any(map(is_meant, self.complaints)):
            page.wait_for_event("console", lambda message: is_meant(message.text), timeout=60_000)


@pytest.fixture(scope="module")
def chromium():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def shown(tmp_path, settings, chromium):
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (tmp_path / "favicon.ico").write_bytes(b"")
    settings.MEDIA_ROOT = str(tmp_path)
    settings.DEBUG = False
    settings.DJANGO_STATIC = True
    settings.DJANGO_STATIC_FINGERPRINT = "hash"
    settings.DJANGO_STATIC_INTEGRITY = True
    settings.DJANGO_STATIC_USE_MANIFEST_FILE = False
    settings.DJANGO_STATIC_MEDIA_ROOTS = [str(tmp_path)]
    settings.DJANGO_STATIC_SAVE_PREFIX = ""
    settings.DJANGO_STATIC_NAME_PREFIX = ""
    settings.DJANGO_STATIC_MEDIA_URL = ""
    resolver.reset()
    handler = type("Handler", (_Quiet,), {"headers_of_page": {}})
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(handler, directory=str(tmp_path)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    context = chromium.new_context()
    yield Site(tmp_path, settings, context, f"http://127.0.0.1:{server.server_port}", handler)
    context.close()
    server.shutdown()
    server.server_close()
    thread.join(10)
    resolver.reset()


BLOCK = (
    '{% slimall %}<link rel="stylesheet" href="/css/a.css"><link rel="stylesheet" href="/css/b.css">'
    '<script src="/js/a.js"></script><script src="/js/b.js"></script>{% endslimall %}'
)
COLOURS = "[getComputedStyle(document.body).color, getComputedStyle(document.querySelector('h1')).color]"


def test_digests_are_accepted(shown):
    page = shown.show(BLOCK)
    assert page.evaluate("window.ran") == "ab"
    assert page.evaluate(COLOURS) == ["rgb(1, 2, 3)", "rgb(4, 5, 6)"]
    assert page.locator("script").get_attribute("integrity").startswith("sha384-")
    assert page.locator("link").get_attribute("integrity").startswith("sha384-")
    assert shown.complaints == []


def test_changed_bytes_are_refused(shown):
    shown.render(BLOCK)
    (script,) = shown.folder.glob("js/a_b.*.js")
    (sheet,) = shown.folder.glob("css/a_b.*.css")
    script.write_bytes(script.read_bytes() + b"\n")
    sheet.write_bytes(sheet.read_bytes() + b"\n")
    page = shown.show(BLOCK)
    assert page.evaluate("window.ran") is None
    assert page.evaluate(COLOURS) == ["rgb(0, 0, 0)", "rgb(0, 0, 0)"]
    assert len([text for text in shown.complaints if "integrity" in text]) == 2


def test_a_preload_is_used(shown):
    page = shown.show(
        '{% staticpreload "/js/count.js" %}{% staticpreload "/css/a.css;/css/b.css" slim %}{% staticpreload "/js/a.js;/js/b.js" slim %}'
        + BLOCK
    )
    # Chromium complains of a preload that nobody has used some seconds after the page has loaded.
    shown.await_unused(page)
    assert page.evaluate("window.ran") == "ab"
    assert len(shown.complaints) == 1, shown.complaints
    assert len(shown.requested) == len(set(shown.requested)), "nothing was fetched a second time"
    assert sum("/js/a_b." in url for url in shown.requested) == 1


def test_the_header_is_understood(shown):
    shown.render(BLOCK)
    names = ("/js/count.js", "/css/a.css;/css/b.css", "/js/a.js;/js/b.js")
    wanted = [preloads.Wanted(name, slim=True) for name in names]
    links = [link for each in wanted for link in preloads.links(each)]
    shown.handler.headers_of_page = {"Link": preloads.header(links)}
    page = shown.show(BLOCK)
    shown.await_unused(page)
    assert page.evaluate("window.ran") == "ab"
    assert len(shown.complaints) == 1, shown.complaints
    assert len(shown.requested) == len(set(shown.requested))


MODULES = (
    '{% staticimportmap "lib/" "/js/lib/" slim nonce=nonce %}'
    '{% slimall %}<script type="module" nonce="{{ nonce }}" src="/js/app.js"></script>{% endslimall %}'
    '<script type="module" nonce="{{ nonce }}">'
    "import * as bare from 'app';"
    "import * as plain from '/js/app.js';"
    "import * as published from '{% slimfile \"/js/app.js\" %}';"
    "import { one } from 'lib/one.js';"
    "import { count } from '/js/count.js';"
    "window.same = [bare.id === plain.id, plain.id === published.id, one === bare.id];"
    "window.count = count;"
    "</script>"
)


def test_an_import_map_gives_one_instance(shown):
    shown.settings.DJANGO_STATIC_IMPORTMAP = {"app": "/js/app.js"}
    page = shown.show(MODULES, nonce="")
    assert page.evaluate("window.same") == [True, True, True]
    assert page.evaluate("[window.loaded, window.count]") == [1, 1]
    assert shown.complaints == []


def test_an_import_map_guards_what_is_imported(shown):
    shown.settings.DJANGO_STATIC_IMPORTMAP = {"app": "/js/app.js"}
    shown.render(MODULES, nonce="")
    (path,) = shown.folder.glob("js/count.*.js")
    path.write_text(path.read_text() + "\n")
    page = shown.show(MODULES, nonce="")
    assert page.evaluate("window.same === undefined")
    assert any("integrity" in text for text in shown.complaints)


def test_nonces_under_a_policy(shown):
    shown.settings.DJANGO_STATIC_IMPORTMAP = {"app": "/js/app.js"}
    for nonce in ("Zmlyc3Q=", "c2Vjb25k"):
        shown.handler.headers_of_page = {
            "Content-Security-Policy": f"script-src 'nonce-{nonce}' 'strict-dynamic'; object-src 'none'"
        }
        template = (
            MODULES + '{% slimall %}<script nonce="{{ nonce }}" src="/js/a.js"></script>{% endslimall %}'
        )
        page = shown.show(template, nonce=nonce)
        assert page.evaluate("[window.same, window.ran]") == [[True, True, True], "a"]
    assert shown.complaints == []


def test_a_source_map_is_followed(shown):
    shown.settings.DJANGO_STATIC_SOURCE_MAPS = True
    page = shown.browser.new_page()
    html = shown.render(
        '{% staticall %}<script src="/js/a.js"></script><script src="/js/fail.js"></script>{% endstaticall %}'
    )
    (shown.folder / "page.html").write_text(html)
    devtools = page.context.new_cdp_session(page)
    parsed: list[dict] = []
    devtools.on("Debugger.scriptParsed", lambda event: parsed.append(event))
    devtools.send("Debugger.enable")
    page.goto(f"{shown.url}/page.html", wait_until="networkidle")
    (script,) = [each for each in parsed if "a_fail." in each["url"]]
    assert script["sourceMapURL"].endswith(".js.map")
    response = page.request.get(script["url"].rpartition("/")[0] + "/" + script["sourceMapURL"])
    assert response.ok
    sources = [source for section in response.json()["sections"] for source in section["map"]["sources"]]
    assert sources == ["/js/a.js", "/js/fail.js"]
