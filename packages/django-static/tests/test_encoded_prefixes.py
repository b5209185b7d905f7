"""``STATIC_URL`` and ``MEDIA_URL`` percent-encoded, or with what has to be: one spelling of each in pages, which all servers know."""

from __future__ import annotations

import json
import re
from io import StringIO
from urllib.parse import unquote, urlsplit

import pytest
import static_test_servers as servers
from django.core.management import CommandError, call_command
from django.urls import get_script_prefix, set_script_prefix
from serve_site import AsgiClient, WsgiClient, asgi_app, wsgi_app
from static_test_built import Built

from django_static import resolver
from django_static.cdn.addresses import bare, public_of
from django_static.conf import conf
from django_static.mount import Mount
from django_static.serve import asgi, wsgi

#: What a setting may be, and what pages print of it.
FORMS = {
    "/my%20static/": "/my%20static/",
    "/my static/": "/my%20static/",
    "/st%C3%A4tic/": "/st%C3%A4tic/",
    "/st%c3%a4tic/": "/st%C3%A4tic/",
    "/stätic/": "/st%C3%A4tic/",
    "/100%25/x/": "/100%25/x/",
    "/a%2520b/": "/a%2520b/",
    "https://cdn.example/my%20static/": "https://cdn.example/my%20static/",
    "my%20static/": "/app/my%20static/",
    "my static/": "/app/my%20static/",
    "st%c3%a4tic/": "/app/st%C3%A4tic/",
    "/static/": "/static/",
}
PAGE = """
<a href="{% staticfile "{prefix}a b%25.png" %}">
<a href="{% static "css/a.css" as name %}{% slimfile name %}">
<a href="{% slimfile "{several}" %}">
<a href="{% static "plain%.png" as name %}{% staticfile name %}">
<a href="{% staticfile "{media}m%20n.png" %}">
{% staticpreload "{prefix}p.png" %}
{% slimall %}<link rel="stylesheet" href="{% static "css/b.css" %}"><link rel="stylesheet" href="{prefix}css/c.css">{% endslimall %}
{% staticimportmap "lib/" "{prefix}js/" "app" "{prefix}js/app.js" %}
"""
STORAGES = {
    "ours": "django_static.storage.StaticStorage",
    "plain": "django.contrib.staticfiles.storage.StaticFilesStorage",
}


@pytest.fixture
def built(site, settings, tmp_path):
    before = get_script_prefix()
    settings.DJANGO_STATIC_COMPRESS = []
    settings.DJANGO_STATIC_SOURCE_MAPS = True
    with Built.made(site, settings, tmp_path) as built:
        yield built
    set_script_prefix(before)


def use(built: Built, url: str, media: str = "/my%20media/") -> str:
    """Make a site of such URLs; returns what names begin with as templates have it."""
    settings = built.settings
    settings.STATIC_URL, settings.MEDIA_URL = url, media
    if not url.startswith(("/", "https:")):
        settings.FORCE_SCRIPT_NAME = "/app"
        set_script_prefix("/app/")
    prefix = url if url.startswith(("/", "https:")) else f"/{url}"
    path = urlsplit(prefix).path
    built.app_file(
        "css/a.css", f"a {{ b : url(../p.png) }}\nc {{ d : url({path.replace(' ', '%20')}p.png) }}"
    )
    built.app_file("css/b.css", "b { c : url('../a%20b%25.png') }")
    built.app_file("css/c.css", "c { d : e }")
    for name in ("p.png", "a b%.png", "plain%.png"):
        built.app_file(name, name)
    built.app_file("js/app.js", "import './x y.js'")
    built.app_file("js/x y.js", "export const x = 1")
    built.site.write("m n.png", "m")
    # Names of another host are never several.
    several = f"{prefix}css/a.css" if ":" in prefix else f"{prefix}css/a.css;{prefix}css/b.css"
    page = PAGE.replace("{prefix}", prefix).replace("{media}", media).replace("{several}", several)
    built.page("page", page)
    resolver.reset()
    return prefix


def urls_of(html: str) -> set[str]:
    found = set(re.findall(r'(?:href|src)="([^"]*)"', html))
    (text,) = re.findall(r'<script type="importmap">(.*)</script>', html)
    return found | {*json.loads(text)["imports"].values()}


def published(built: Built, printed: str) -> set[str]:
    """The URLs of the page, which begin as they should, and so do those in what they lead to."""
    html = built.render("page")
    urls = urls_of(html)
    assert len(urls) >= 8
    mark = r"\.[0-9a-f]{12}\."
    for url in urls:
        assert url.startswith((printed, "/my%20media/")), url
        assert re.search(mark, url), url
    imports = json.loads(re.findall(r'<script type="importmap">(.*)</script>', html)[0])["imports"]
    assert {"app", "lib/app.js", "lib/x%20y.js", f"{printed}js/app.js"} <= imports.keys()
    assert f"{printed}js/x%20y.js" in imports
    for sheet in built.static.rglob("a.*.css"):
        names = re.findall(r"url\((.*?)\)", sheet.read_text())
        assert [re.sub(mark, ".#.", name) for name in names] == [
            "../p.#.png",
            f"{urlsplit(printed).path}p.#.png",
        ]
        assert urlsplit(printed).path != "/static/" or len(names) == 2
    for chart in built.static.rglob("*.map"):
        sources = re.findall(r'"([^"]*\.(?:css|js))"', chart.read_text())
        assert sources
        assert all(source.startswith(printed) for source in sources)
    return urls


def _paths(urls: set[str]) -> list[str]:
    return sorted(urlsplit(url).path for url in urls)


@pytest.mark.parametrize("storage", STORAGES)
@pytest.mark.parametrize("url", FORMS)
def test_of_a_manifest(built, warned, url, storage):
    built.settings.STORAGES = {"staticfiles": {"BACKEND": STORAGES[storage]}}
    use(built, url)
    assert built.check() == ""
    built.build()
    urls = published(built, FORMS[url])
    for client in (WsgiClient(wsgi.StaticServer(wsgi_app)), AsgiClient(asgi.StaticServer(asgi_app))):
        for path in _paths(urls):
            root = "/app" if path.startswith("/app/") else ""
            reply = client.ask(path, root=root)
            assert (reply.status, "immutable" in reply.headers["cache-control"]) == (200, True), path
    assert warned() == []


@pytest.mark.parametrize("url", FORMS)
def test_of_pages_that_publish(built, warned, url):
    built.settings.DJANGO_STATIC_USE_MANIFEST_FILE = False
    use(built, url)
    urls = published(built, FORMS[url])
    client = WsgiClient(wsgi.StaticServer(wsgi_app))
    for path in _paths(each for each in urls if "/my%20media/" not in each):
        assert client.ask(path, root="/app" if path.startswith("/app/") else "").status == 200, path
    assert warned() == []


@pytest.mark.parametrize("url", FORMS)
@pytest.mark.parametrize("kind", ["nginx", "caddy"])
@pytest.mark.parametrize("place", ["beside", "own", "prefix"])
def test_of_web_servers(built, tmp_path, url, kind, place):
    getattr(servers, f"{kind}_program")()
    tmp_path.chmod(0o755)
    use(built, url, "/my%20media/")
    if place != "beside":
        built.settings.DJANGO_STATIC_SAVE_PREFIX = str(tmp_path / "own")
    if place == "prefix":
        built.settings.DJANGO_STATIC_NAME_PREFIX = "/for%20ever"
    built.build()
    html = built.render("page")
    port = servers.free_port()
    output = StringIO()
    arguments = ["--whole", "--listen", f"127.0.0.1:{port}", "--server-name", "_"]
    if kind == "caddy" and "%" in unquote(url):
        with pytest.raises(CommandError, match="a pattern for Caddy; choose another prefix"):
            call_command("staticnginx", *arguments, "--caddy", stdout=output)
        return
    call_command("staticnginx", *arguments, *(["--caddy"] if kind == "caddy" else []), stdout=output)
    with getattr(servers, kind)(tmp_path / "server", output.getvalue(), port) as server:
        for path in _paths(urls_of(html)):
            answer = server.get(path)
            assert (answer.status, "immutable" in answer.all("Cache-Control")) == (200, True), path


@pytest.mark.parametrize("given", ["/my%20static/p.png", "/my static/p.png"])
@pytest.mark.parametrize("url", ["/my%20static/", "/my static/"])
@pytest.mark.parametrize("is_ahead", [True, False])
def test_either_spelling_of_a_name(built, url, given, is_ahead):
    built.settings.DJANGO_STATIC_USE_MANIFEST_FILE = is_ahead
    use(built, url)
    if is_ahead:
        built.page("page", f'{{% staticfile "{given}" %}}')
        built.build()
    else:
        built.page("page", f'{{% staticfile "{given}" %}}')
    assert re.fullmatch(r"/my%20static/p\.[0-9a-f]{12}\.png", built.render("page"))


@pytest.mark.parametrize("url", FORMS)
def test_the_keys_of_a_cdn(built, url):
    use(built, url)
    path = urlsplit(FORMS[url]).path
    assert public_of(built.static / "p.5.png", conf) == f"{path}p.5.png"
    key = path.removeprefix("/app")
    assert bare(f"{path}p.5.png", conf.sources().mounts) == f"{key}p.5.png"


@pytest.mark.parametrize("pattern", ["{}js/*.js", "{}js/", "{}*.js"])
@pytest.mark.parametrize("url", FORMS)
def test_patterns_of_files(built, url, pattern):
    prefix = use(built, url)
    built.settings.DJANGO_STATIC_BUNDLES = {
        "slimfile": [pattern.format(prefix) if "*" in pattern else f"{prefix}js/app.js"]
    }
    built.settings.DJANGO_STATIC_IMPORTMAP = {"all/": pattern.format(prefix)}
    built.page("page", "{% staticimportmap %}{% slimfile name %}")
    assert built.check() == ""
    built.build()
    (text,) = re.findall(r'<script type="importmap">(.*)</script>', built.render("page", name=""))
    assert {name.rpartition("/")[2] for name in json.loads(text)["imports"] if name.startswith("all/")} == {
        "app.js",
        "x%20y.js",
    }
    html = built.render("page", name=f"{prefix}js/app.js")
    assert re.search(rf">{re.escape(FORMS[url])}js/app\.[0-9a-f]{{12}}\.js$", html)


def test_a_manifest_that_is_mounted_elsewhere(built, warned):
    """Built where nobody says where the site lies."""
    use(built, "my%20static/")
    at(built, "/")
    built.build()
    at_the_root = urls_of(built.render("page"))
    assert all(url.startswith(("/my%20static/", "/my%20media/")) for url in at_the_root)
    at(built, "/app/")
    below = {url.replace("/my%20static/", "/app/my%20static/") for url in at_the_root}
    assert urls_of(built.render("page")) == below
    assert warned() == []


def at(built: Built, path: str) -> None:
    """Let a server say where the site lies."""
    built.settings.FORCE_SCRIPT_NAME = None
    set_script_prefix(path)
    built.settings.STATIC_URL = "my%20static/"
    resolver.reset()


def test_a_mount_says_what_is_written():
    (mount,) = Mount.of("STATIC_URL", "my static/", "/app/my static/")
    assert bare("/app/my%20static/a%20b.5.png", [mount]) == "/my%20static/a%20b.5.png"
    assert bare("/other/a.png", [mount]) == "/other/a.png"
