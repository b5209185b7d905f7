"""Whether the check finds a fault with a URL, and whether web servers do under the configuration that is printed for the settings."""

from __future__ import annotations

from io import StringIO

import pytest
import static_test_servers as servers
from django.core.management import call_command
from serve_site import AsgiClient, WsgiClient, asgi_app, wsgi_app
from static_test_built import Built

from django_static import resolver
from django_static.cdn.addresses import public_of
from django_static.conf import conf
from django_static.serve import asgi, wsgi

#: Settings, and the names of which a page prints a URL that leads nowhere, among those of NAMES.
CASES: dict[str, tuple[dict[str, str], set[str]]] = {
    "a prefix": ({"NAME_PREFIX": "/p"}, set()),
    "an encoded prefix": ({"NAME_PREFIX": "/f%C3%BCr ever"}, set()),
    "the prefix of static files": ({"NAME_PREFIX": "/static"}, set()),
    "the prefix of media files": ({"NAME_PREFIX": "/media"}, set()),
    "a prefix and a folder": ({"NAME_PREFIX": "/p", "SAVE_PREFIX": "own"}, set()),
    "a host that is static files": (
        {"MEDIA_URL": "/static"},
        {"/static/css/a.css", "/css/m.css", "/media/css/m.css", "/media/n.css"},
    ),
    "a host that is media files": (
        {"MEDIA_URL": "/media"},
        {"/static/css/a.css", "/css/o.css", "/media/css/m.css"},
    ),
    "such a host and a folder": (
        {"MEDIA_URL": "/static", "SAVE_PREFIX": "own"},
        {"/static/css/a.css", "/css/o.css", "/css/m.css", "/media/css/m.css", "/media/n.css"},
    ),
    "such a host and a prefix": (
        {"MEDIA_URL": "/static", "NAME_PREFIX": "/p"},
        {"/static/css/a.css", "/css/o.css", "/css/m.css", "/media/css/m.css", "/media/n.css"},
    ),
}
NAMES = ["/static/css/a.css", "/css/o.css", "/css/m.css", "/media/css/m.css", "/media/n.css"]


@pytest.fixture
def built(site, settings, tmp_path):
    settings.DJANGO_STATIC_COMPRESS = []
    with Built.made(site, settings, tmp_path) as built:
        built.app_file("css/a.css", "a { b : url(../p.png) }")
        built.app_file("css/o.css", "o { p : q }")
        built.app_file("p.png", "picture")
        site.write("css/m.css", "m { n : o }")
        site.write("media/n.css", "n { o : p }")
        yield built


def use(built: Built, tmp_path, case: str) -> set[str]:
    given, wrong = CASES[case]
    for name, value in given.items():
        setattr(
            built.settings, f"DJANGO_STATIC_{name}", str(tmp_path / value) if name == "SAVE_PREFIX" else value
        )
    built.page("page", "\n".join(f'{{% slimfile "{name}" %}}' for name in NAMES))
    resolver.reset()
    return wrong


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("kind", ["nginx", "caddy"])
def test_the_check_and_servers_agree(built, tmp_path, kind, case):
    getattr(servers, f"{kind}_program")()
    tmp_path.chmod(0o755)
    wrong = use(built, tmp_path, case)
    said = built.check()
    told = built.build()
    urls = built.render("page").split()
    output = StringIO()
    port = servers.free_port()
    arguments = ["--whole", "--listen", f"127.0.0.1:{port}", "--server-name", "_"]
    call_command("staticnginx", *arguments, *(["--caddy"] if kind == "caddy" else []), stdout=output)
    lost = set()
    with getattr(servers, kind)(tmp_path / "server", output.getvalue(), port) as server:
        for name, url in zip(NAMES, urls, strict=True):
            answer = server.get(url)
            if answer.status == 200:
                assert "immutable" in answer.all("Cache-Control"), url
            else:
                lost.add(name)
            assert (f"{name!r} is published in" in said) is (name in wrong), name
            assert (f"{name!r} is published in" in told) is (name in wrong), name
    assert lost == wrong
    assert said.count("//static.example.com") == len(wrong)


@pytest.mark.parametrize("name", ["/static/css/a.css", "/css/o.css"])
@pytest.mark.parametrize("client", [WsgiClient, AsgiClient])
@pytest.mark.parametrize("case", ["a prefix", "an encoded prefix", "the prefix of static files"])
def test_what_pages_have_published_is_sent(built, tmp_path, case, client, name):
    """Without a manifest, too."""
    built.settings.DJANGO_STATIC_USE_MANIFEST_FILE = False
    use(built, tmp_path, case)
    url = built.render("page").split()[NAMES.index(name)]
    app = wsgi.StaticServer(wsgi_app) if client is WsgiClient else asgi.StaticServer(asgi_app)
    reply = client(app).ask(url)
    assert (reply.status, "immutable" in reply.headers["cache-control"]) == (200, True)


def test_the_key_of_a_file_has_the_prefix_that_pages_print(built, tmp_path):
    use(built, tmp_path, "a prefix")
    assert public_of(built.static / "css/a.5.css", conf) == "/p/static/css/a.5.css"
    use(built, tmp_path, "a prefix and a folder")
    assert public_of(built.static / "css/a.css", conf) == "/static/css/a.css"


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("/static/css/a.css", "leave it out, or write '/css/a.css' in the tag"),
        ("/css/m.css", "or leave it out\n"),
    ],
)
def test_what_to_do(built, settings, name, advice):
    settings.DJANGO_STATIC_MEDIA_URL = "/static"
    built.page("page", f'\n{{% slimfile "{name}" %}}')
    said = built.check()
    assert said.startswith(f"page, line 2, {{% slimfile %}}: {name!r} is published in ")
    assert advice in said
    assert built.check("--ignore", "page") == ""


@pytest.mark.parametrize("url", ["//static.example.com", "https://static.example.com/static", "/proxy", ""])
def test_where_it_leads_the_site_knows(built, settings, url):
    settings.DJANGO_STATIC_MEDIA_URL = url
    built.page("page", '{% slimfile "/static/css/a.css" %}{% slimfile "/css/m.css" %}')
    assert built.check() == ""


@pytest.mark.parametrize(
    "kind", ["django_static.storage.StaticStorage", "django.contrib.staticfiles.storage.StaticFilesStorage"]
)
def test_what_django_prints_has_nothing_before_it(built, settings, kind):
    settings.STORAGES = {"staticfiles": {"BACKEND": kind}}
    settings.DJANGO_STATIC_MEDIA_URL = "/static"
    built.page("page", '{% static "css/a.css" %}')
    assert ("is published in" in built.check()) is kind.startswith("django_static")


def test_references_have_nothing_before_them(built, settings):
    settings.DJANGO_STATIC_MEDIA_URL = "/static"
    built.app_file("css/b.css", "b { c : url(/static/p.png) }")
    built.page("page", '{% slimfile "/css/b.css" %}')
    assert built.check() == ""
