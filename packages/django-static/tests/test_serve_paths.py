"""``django_static.serve``: which paths are ours, which are the application's, and which were ours once."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from urllib.parse import quote

import pytest
from django.conf import settings as django_settings
from django.core.checks import run_checks
from django.template import engines
from serve_site import JS, Site, asgi_app, wsgi_app

from django_static.conf import conf
from django_static.serve import asgi, wsgi

APP = 299


@pytest.fixture
def site(settings, tmp_path) -> Site:
    site = Site(settings, tmp_path)
    site.usual()
    site.build()
    (tmp_path / "secret.txt").write_text("secret")
    return site


class TestWhatIsOurs:
    @pytest.mark.parametrize(
        "target",
        [
            "/",
            "/about/",
            "/static",
            "/static/",
            "/static/unknown.js",
            "/static/css/",
            "//static/js/site.js",
            "/static//js/site.js",
            "/static/js/site.js/",
            "/static/./js/site.js",
            "/static/js/../js/site.js",
            "/static/%2e%2e/secret.txt",
            "/static/..%2fsecret.txt",
            "/static/%252e%252e/secret.txt",
            "/static/..\\secret.txt",
            "/static/js/site.js%00",
            "/static/%00",
            "/static/js/site.js.br",
            "/static/js/site.1600000000.js.br/",
            "/static/.django-static/manifest.json",
            "/static/.django-static/records.json",
            "/static/JS/site.js",
            "/STATIC/js/site.js",
            "/static/%ff.js",
            "/static/\xe4",
            "/" + "x" * 100_000,
            "/static/" + "../" * 10_000 + "secret.txt",
        ],
    )
    def test_all_else_is_left_to_the_application(self, site, target):
        for client in site.clients():
            assert client.ask(quote(target, safe="/%:\\")).status == APP

    def test_a_name_is_found_however_it_is_encoded(self, site):
        url = site.url("ä b%2e.txt")
        assert "%C3%A4%20b%252e" in url
        for client in site.clients():
            for spelling in (url, url.replace("b", "%62"), url.replace("%C3", "%c3")):
                assert client.ask(spelling).body == b"odd"
            assert (
                client.ask(url.replace("%252e", "%2e")).status == 404
            )  # a name with a fingerprint, but none of ours

    def test_a_slash_may_be_encoded(self, site):
        """Servers decode the path before anyone is asked, as nginx does."""
        for client in site.clients():
            assert client.ask("/static%2Fjs/site.js").body == JS.encode()

    @pytest.mark.skipif(os.fsencode("\udcff") != b"\xff", reason="names of files are not bytes here")
    def test_a_name_that_is_not_utf_8(self, settings, tmp_path):
        site = Site(settings, tmp_path)
        Path(os.fsdecode(bytes(site.source) + b"/\xff\xfe.txt")).write_text("bytes")
        site.write("plain.txt", "plain")
        served = site.build().served
        (url,) = [url for url in served if "%FF%FE" in url and served[url].is_lasting]
        for client in site.clients():
            assert client.ask(url).body == b"bytes"
            assert client.ask(url.replace("%FE", "%FD")).status == 404

    def test_lost_fingerprints_are_not_remembered_by_caches(self, site):
        for client in site.clients():
            for url in (
                "/static/js/site.1500000000.js",
                "/static/a.0123456789ab.css",
                "/static/m.3f2a9c1b.js",
            ):
                reply = client.ask(url)
                assert (reply.status, reply.headers["cache-control"]) == (404, "no-store")
                head = client.ask(url, "HEAD")
                assert (head.status, head.body) == (404, b"")
            assert client.ask("/elsewhere/site.1500000000.js").status == APP

    def test_other_scopes_pass_through(self, site):
        server = asgi.StaticServer(asgi_app)
        for kind in ("lifespan", "websocket", "new-kind"):
            sent = []

            async def send(message, sent=sent):
                sent.append(message)

            asyncio.run(server({"type": kind, "path": "/static/js/site.js"}, None, send))
            assert sent == [{"type": f"app.{kind}"}]

    def test_a_body_that_nobody_wants_is_not_read(self, site):
        assert site.clients()[1].ask("/static/js/site.js", "POST").status == 405


class TestWhereTheApplicationIsPut:
    def test_below_a_path_that_urls_do_not_have(self, site):
        for client in site.clients():
            assert client.ask("/app/static/js/site.js", root="/app").body == JS.encode()
            assert client.ask("/app/other", root="/app").status == APP
            assert client.ask("/app/static/js/site.1500000000.js", root="/app").status == 404

    def test_below_a_path_that_urls_have(self, site, settings):
        settings.STATIC_URL = "/app/static/"
        site.build()
        for client in site.clients():
            assert client.ask("/app/static/js/site.js", root="/app").body == JS.encode()
            assert client.ask("/app/static/js/site.js").body == JS.encode()
            assert client.ask("/app/static/js/site.1500000000.js", root="/app").status == 404

    def test_an_asgi_server_that_leaves_the_root_path_out(self, site, settings):
        settings.STATIC_URL = "/app/static/"
        site.build()
        assert site.clients()[1].ask("/static/js/site.js", root="/app").body == JS.encode()

    def test_force_script_name(self, site, settings):
        """Django puts it before a relative STATIC_URL."""
        from django.urls import set_script_prefix

        settings.FORCE_SCRIPT_NAME = "/app"
        settings.STATIC_URL = "static/"
        set_script_prefix("/app/")
        try:
            assert django_settings.STATIC_URL == "/app/static/"
            site.build()
            for client in site.clients():
                assert client.ask("/app/static/js/site.js", root="/app").body == JS.encode()
        finally:
            set_script_prefix("/")

    @pytest.mark.parametrize("static", ["//static.example.com/s/", "https://static.example.com/s/"])
    def test_urls_with_a_host(self, site, settings, static):
        """What has a host of its own is asked for from pages of another: modules and fonts need leave for that."""
        settings.STATIC_URL = static
        site.build()
        for client in site.clients():
            reply = client.ask("/s/js/site.js")
            assert reply.body == JS.encode()
            assert reply.headers["access-control-allow-origin"] == "*"
            assert client.ask("/s/js/site.1500000000.js").status == 404

    def test_prefixes(self, site, settings, tmp_path):
        settings.DJANGO_STATIC_SAVE_PREFIX = str(tmp_path / "forever")
        settings.DJANGO_STATIC_NAME_PREFIX = "/cache-forever"
        site.build()
        for client in site.clients():
            reply = client.ask("/cache-forever/static/js/site.1600000000.js")
            assert (reply.status, reply.body) == (200, JS.encode())
            assert client.ask("/cache-forever/static/js/site.1500000000.js").status == 404
            assert client.ask("/static/js/site.js").body == JS.encode()

    def test_a_static_url_that_is_the_whole_site_leaves_pages_alone(self, site, settings):
        settings.STATIC_URL = "/"
        site.build()
        for client in site.clients():
            assert client.ask("/js/site.js").body == JS.encode()
            assert client.ask("/invoice.1500000000.pdf").status == APP

    def test_lost_versions_are_known_by_those_there_are(self, settings, tmp_path):
        """Where static files lie among the pages of the site: the name has a fingerprint, and there is another one of it."""
        site = Site(settings, tmp_path)
        settings.STATIC_URL = "/"
        site.usual()
        site.build()
        gone = ["/js/site.1500000000.js", "/js/site.0123456789ab.js", "/js/site.1500000000-0123abcd.js"]
        kept = [
            "/js/sites.1500000000.js",
            "/site.1500000000.js",
            "/js/site.15000x.js",
            "/js/site.1500000000.css",
            "/js/site.2.js",
            "/js/site.20261122.js",
            "/js/site.202611221230.js",
        ]
        for client in site.clients():
            for url in gone:
                reply = client.ask(url)
                assert (reply.status, reply.headers["cache-control"]) == (404, "no-store")
            assert [client.ask(url).status for url in kept] == [APP] * len(kept)


class TestWithoutAManifest:
    @pytest.fixture
    def site(self, settings, tmp_path) -> Site:
        site = Site(settings, tmp_path)
        site.usual()
        settings.DJANGO_STATIC_USE_MANIFEST_FILE = False
        (tmp_path / "secret.txt").write_text("secret")
        return site

    @pytest.mark.parametrize("debug", [True, False])
    @pytest.mark.parametrize("enabled", [True, False])
    def test_what_the_finders_find_is_sent(self, site, settings, debug, enabled):
        settings.DEBUG = debug
        settings.DJANGO_STATIC = enabled
        for client in site.clients():
            reply = client.ask("/static/js/site.js")
            assert reply.body == JS.encode()
            assert reply.headers["cache-control"] == ("no-cache" if debug else "max-age=60, public")
            tag = reply.headers["etag"]
            assert client.ask("/static/js/site.js", fields={"if-none-match": tag}).status == 304
            assert client.ask("/static/%C3%A4%20b%252e.txt").body == b"odd"
            assert client.ask("/static/large.bin").body == (site.source / "large.bin").read_bytes()

    def test_an_edited_file_is_sent_as_it_is_now(self, site, settings):
        settings.DEBUG = True
        for number, client in enumerate(site.clients()):
            before = client.ask("/static/js/site.js")
            site.write("js/site.js", f"changed({number})")
            after = client.ask("/static/js/site.js")
            assert after.body == f"changed({number})".encode()
            assert after.headers["etag"] != before.headers["etag"]
            os.unlink(site.source / "js/site.js")
            assert client.ask("/static/js/site.js").status == APP
            site.write("js/site.js", JS)

    def test_a_large_file_is_known_by_its_time_only(self, site, settings):
        settings.DEBUG = True
        for client in site.clients():
            tag = client.ask("/static/large.bin").headers["etag"]
            assert tag.startswith('W/"')
            assert client.ask("/static/large.bin", fields={"if-none-match": tag}).status == 304
            assert client.ask("/static/large.bin", fields={"if-match": tag}).status == 412
            fields = {"range": "bytes=0-0", "if-range": tag}
            assert client.ask("/static/large.bin", fields=fields).status == 200

    @pytest.mark.parametrize(
        "target",
        [
            "/static/",
            "/static/css",
            "/static/css/",
            "/static/../secret.txt",
            "/static/%2e%2e/secret.txt",
            "/static/css/%2e%2e/%2e%2e/secret.txt",
            "/static//etc/passwd",
            "/static/%2fetc/passwd",
            "/static/..%5csecret.txt",
            "/static/C:%5csecret.txt",
            "/static/c:/secret.txt",
            "/static/js/site.js%00",
            "/static/%00",
            "/static/.hidden",
            "/static/" + "a/" * 5000,
            "/static/" + "a" * 5000,
            "/static/%ff",
        ],
    )
    def test_nothing_else_is_found(self, site, settings, target):
        settings.DEBUG = True
        (site.source / ".hidden").write_text("hidden")
        for client in site.clients():
            assert client.ask(target).status == APP

    @pytest.mark.parametrize("has_prefix", [True, False])
    def test_what_pages_publish_is_sent(self, site, settings, tmp_path, has_prefix):
        settings.MEDIA_ROOT = str(site.source)
        settings.DJANGO_STATIC_SAVE_PREFIX = str(tmp_path / "forever")
        settings.DJANGO_STATIC_NAME_PREFIX = "/forever" if has_prefix else ""
        clients = site.clients()
        template = '{% load django_static %}{% staticfile "/js/site.js" %}'
        settings.TEMPLATES = [
            {"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}
        ]
        url = engines["django"].from_string(template).render()
        assert url == ("/forever" if has_prefix else "") + "/js/site.1600000000.js"
        for client in clients:
            reply = client.ask(url)
            assert reply.body == JS.encode()
            assert "immutable" in reply.headers["cache-control"]
            assert client.ask(url.replace("16", "15", 1)).status == (404 if has_prefix else APP)

    def test_uploads_that_look_published_are_none_of_ours(self, site, settings, tmp_path):
        settings.MEDIA_ROOT = str(tmp_path / "media")
        (tmp_path / "media").mkdir()
        (tmp_path / "media" / "invoice.1600000000.pdf").write_text("private")
        for client in site.clients():
            for target in ("/invoice.1600000000.pdf", "/media/invoice.1600000000.pdf"):
                assert client.ask(target).status == APP

    @pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="needs a file that cannot be read")
    def test_a_file_that_cannot_be_read(self, site, settings, caplog):
        settings.DEBUG = True
        (site.source / "broken.txt").symlink_to("/proc/self/mem")
        for client in site.clients():
            reply = client.ask("/static/broken.txt")
            assert (reply.status, reply.headers["cache-control"]) == (500, "no-store")
            assert "cannot be read" in caplog.text

    def test_development_with_a_manifest_has_both(self, site, settings):
        settings.DEBUG = True
        settings.DJANGO_STATIC_USE_MANIFEST_FILE = True
        site.build()
        site.write("new.txt", "new")
        for client in site.clients():
            assert client.ask("/static/new.txt").body == b"new"
            assert "immutable" in client.ask(site.url("js/site.js")).headers["cache-control"]


class TestSettings:
    def test_arguments_win(self, site):
        for client in site.clients(max_age=7):
            assert client.ask("/static/js/site.js").headers["cache-control"] == "max-age=7, public"

    def test_a_setting(self, site, settings):
        settings.DJANGO_STATIC_SERVE_MAX_AGE = 0
        for client in site.clients():
            assert client.ask("/static/js/site.js").headers["cache-control"] == "no-cache"

    @pytest.mark.parametrize("name", ["small", "memory", "max_age"])
    def test_negative_numbers_are_refused(self, site, name):
        for edge, app in ((wsgi, wsgi_app), (asgi, asgi_app)):
            with pytest.raises(ValueError, match=f"{name} is -1; give 0 or more"):
                edge.StaticServer(app, **{name: -1})

    @pytest.mark.parametrize("value", [-1, "60", 1.5, True, None])
    @pytest.mark.parametrize("name", ["SMALL", "MEMORY", "MAX_AGE"])
    def test_the_check_of_numbers(self, settings, name, value):
        setattr(settings, f"DJANGO_STATIC_SERVE_{name}", value)
        found = [message.id for message in run_checks(tags=["staticfiles"])]
        assert ("django_static.E032" in found) == (value is not None)
        assert "django_static.W002" not in found

    @pytest.mark.parametrize(
        ("setting", "entry"),
        [
            ("MIDDLEWARE", "django_static.serve.wsgi.StaticServer"),
            ("MIDDLEWARE", "django_static.serve"),
            ("INSTALLED_APPS", "django_static.serve"),
        ],
    )
    def test_the_check_of_its_place(self, setting, entry, monkeypatch):
        given = [*getattr(django_settings, setting, []), entry]
        monkeypatch.setattr(django_settings, setting, given, raising=False)
        (found,) = [each for each in run_checks(tags=["staticfiles"]) if each.id == "django_static.E033"]
        assert entry in found.msg
        assert "wsgi.py" in found.hint

    def test_a_folder_that_the_settings_no_longer_have(self, site, settings):
        settings.DJANGO_STATIC_MANIFEST_FILE = str(conf.manifest_file)
        url = site.url("js/site.js")
        settings.STATIC_ROOT = None
        for client in site.clients():
            assert client.ask(url).status == 404
            assert client.ask("/static/js/site.js").status == APP

    def test_nothing_built_yet(self, site, caplog):
        os.unlink(conf.manifest_file)
        clients = site.clients()
        assert "there is no manifest" in caplog.text
        for client in clients:
            assert client.ask("/static/js/site.js").status == APP
