"""``django_static.serve``: names that a bundler has given, which are kept and stand for one content each."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Mapping
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.template import engines
from serve_site import JS, Site

from django_static import former, resolver
from django_static.conf import conf
from django_static.manifest import Manifest

NAME = "js/main.3f2a9c1b.js"
URL = f"/static/{NAME}"
LASTING = "max-age=315360000, public, immutable"
SHORT = "max-age=60, public"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django_static.storage.StaticStorage"},
}
COMMANDS = pytest.mark.parametrize("command", ["staticbuild", "collectstatic"])
#: Settings, and what URLs begin with: what is published, and what originals have.
PLACES = {
    "usual": ({}, "", ""),
    "prefix": ({"DJANGO_STATIC_NAME_PREFIX": "/cf"}, "/cf", ""),
    "host": ({"DJANGO_STATIC_MEDIA_URL": "//cdn.example.com"}, "//cdn.example.com", ""),
    "a folder": ({"DJANGO_STATIC_SAVE_PREFIX": "forever"}, "", ""),
    "both": ({"DJANGO_STATIC_SAVE_PREFIX": "forever", "DJANGO_STATIC_NAME_PREFIX": "/cf"}, "/cf", ""),
    "a host of all": (
        {"STATIC_URL": "https://static.example.com/static/"},
        "https://static.example.com",
        "https://static.example.com",
    ),
}
EVERYWHERE = pytest.mark.parametrize("place", PLACES)
#: Where templates name originals without a host.
AT_THE_ROOT = pytest.mark.parametrize("place", [name for name, (_, _, plain) in PLACES.items() if not plain])


@pytest.fixture(params=["hash", "mtime"])
def site(request, settings, tmp_path) -> Site:
    site = Site(settings, tmp_path)
    settings.STORAGES = STORAGES
    settings.DJANGO_STATIC_FINGERPRINT = request.param
    site.write("img/logo.png", b"\x89PNG\r\n" + bytes(range(256)))
    site.write(NAME, text(1))
    return site


def text(number: int) -> str:
    return f"// {number}\n{JS}"


def put(site: Site, place: str) -> tuple[str, str]:
    """Have the settings of a place; tells what URLs of published files and of originals begin with."""
    given, published, plain = PLACES[place]
    for name, value in given.items():
        setattr(site.settings, name, str(site.root / value) if name.endswith("SAVE_PREFIX") else value)
    return published, plain


def publish(site: Site, command: str = "staticbuild") -> dict[str, str]:
    """The URL that pages get of each name."""
    if command == "staticbuild":
        manifest = site.build()
    else:
        call_command("collectstatic", interactive=False, stdout=StringIO(), skip_checks=True)
        manifest = Manifest.read(conf.manifest_file)
    return {key.rpartition("/static/")[2]: run[0].public for key, run in manifest.runs.items()}


def path_of(url: str) -> str:
    """What a server is asked for."""
    return url if url.startswith("/") and url[:2] != "//" else "/" + url.split("/", 3)[3]


def replies(site: Site, url: str) -> list[tuple[bytes, Mapping[str, str]]]:
    """What each server answers that starts now."""
    found = []
    for client in site.clients():
        for coding in ("", "gzip"):
            reply = client.ask(path_of(url), fields={"accept-encoding": coding})
            assert reply.status == 200, (url, reply)
            found.append((reply.body, reply.headers))
    return found


@COMMANDS
@EVERYWHERE
def test_a_name_has_its_content_after_the_original_has_another(site, place, command):
    start, _ = put(site, place)
    before = publish(site, command)
    assert before[NAME] == start + URL
    given = replies(site, before[NAME])
    assert given[0][0] == text(1).encode()
    assert {headers["cache-control"] for _, headers in given} == {LASTING}
    clients = site.clients()
    for number in (2, 3):
        site.write(NAME, text(number))
        after = publish(site, command)
        assert after[NAME] != before[NAME]
        assert replies(site, after[NAME])[0][0] == text(number).encode()
        assert replies(site, before[NAME]) == given
        for client in clients:
            client.ask(path_of(after[NAME]))  # so that it has the new manifest
            assert client.ask(path_of(before[NAME])).body == text(1).encode()
    # And it comes back.
    site.write(NAME, text(1))
    assert publish(site, command)[NAME] == before[NAME]
    assert replies(site, before[NAME]) == given


@COMMANDS
@EVERYWHERE
def test_what_is_there_is_sent_where_nobody_knows_of_it(site, place, command):
    """Not the original, which has another content: it is asked for by its new name."""
    _, plain = put(site, place)
    publish(site, command)
    site.write(NAME, text(2))
    conf.manifest_file.unlink()
    publish(site, command)
    there = Path(conf.save_prefix or site.static)
    there = there / (URL.lstrip("/") if conf.save_prefix else NAME)
    assert there.read_text() == text(1)
    if place != "both":  # there it has no URL without a manifest
        for body, headers in replies(site, plain + URL):
            assert body == text(1).encode()
            assert headers["cache-control"] == SHORT


def test_a_name_of_an_original_that_is_rewritten_now(site):
    """It has a digest from then on, and the bytes that have the plain name keep it."""
    before = publish(site)
    site.write(NAME, "import '../js/other.js';\nimg = new URL('../img/logo.png', import.meta.url)")
    site.write("js/other.js", "export let a")
    after = publish(site)
    assert after[NAME] != before[NAME]
    assert (site.static / NAME).read_text() == text(1)
    for body, headers in replies(site, URL):
        assert headers["cache-control"] == LASTING
        assert headers.get("content-encoding") or body == text(1).encode()


def test_what_was_removed_is_gone(site):
    publish(site)
    site.write(NAME, text(2))
    publish(site)
    (site.static / NAME).unlink()
    for client in site.clients():
        reply = client.ask(URL)
        assert (reply.status, reply.headers["cache-control"]) == (404, "no-store")
    publish(site)
    assert replies(site, URL)[0][0] == text(2).encode()


def test_a_damaged_one_is_sent_as_it_is_and_not_for_ever(site):
    """What it should be nobody has any more."""
    publish(site)
    (site.static / NAME).write_text("cut")
    os.utime(site.static / NAME, (1, 1))
    site.write(NAME, text(2))
    publish(site)
    assert URL not in former.Former.read(conf.manifest_file)
    for body, headers in replies(site, URL):
        assert body == b"cut"
        assert headers["cache-control"] == SHORT


@pytest.mark.parametrize("name", [NAME, "img/logo.png"])
def test_a_name_without_the_prefix_is_no_name_for_ever(site, name):
    """Pages have it with one; what scripts put together may be anything."""
    put(site, "prefix")
    publish(site)
    for _, headers in replies(site, f"/static/{name}"):
        assert headers["cache-control"] == SHORT


@COMMANDS
@pytest.mark.parametrize("place", ["host", "a host of all"])
def test_other_origins_may_use_what_a_host_of_its_own_sends(site, place, command):
    start, _ = put(site, place)
    for _ in range(2):
        for name, url in publish(site, command).items():
            assert url.startswith(start)
            for _, headers in replies(site, url):
                assert headers["cache-control"] == LASTING, name
                assert headers["access-control-allow-origin"] == "*", name
        old = replies(site, start + URL)[0]
        assert (old[0], old[1]["access-control-allow-origin"]) == (text(1).encode(), "*")
        site.write(NAME, text(2))


def by_mark(name: tuple[str, str], mark: object) -> str:
    """A generator of names that do not show it."""
    return f"{name[0]}-v{mark}{name[1]}"


def joined(stamped: list[str], length: int) -> str:
    return f"/static/js/all-{len(stamped)}.js"


class TestPagesThatPublishByThemselves:
    @pytest.fixture
    def site(self, site) -> Site:
        site.settings.DJANGO_STATIC_USE_MANIFEST_FILE = False
        site.settings.TEMPLATES = [
            {"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}
        ]
        for name in ("js/site.js", "js/other.js"):
            site.write(name, f"go({name!r})")
        return site

    def page(self, *names: str) -> list[str]:
        resolver.reset()
        links = "".join(f'<script src="/static/{name}"></script>' for name in names)
        text = f"{{% load django_static %}}{{% staticall %}}{links}{{% endstaticall %}}"
        return re.findall('src="([^"]+)"', engines["django"].from_string(text).render())

    @AT_THE_ROOT
    def test_kept_names(self, site, place):
        start, _ = put(site, place)
        before = site.clients()
        assert self.page(NAME) == [start + URL]
        for client in (*before, *site.clients()):
            reply = client.ask(path_of(start + URL))
            assert (reply.status, reply.headers["cache-control"]) == (200, LASTING)
            assert reply.body == text(1).encode()

    @AT_THE_ROOT
    @pytest.mark.parametrize("debug", [False, True])
    def test_names_of_a_function(self, site, place, debug):
        start, _ = put(site, place)
        site.settings.DEBUG = debug
        site.settings.DJANGO_STATIC_FILENAME_GENERATOR = f"{__name__}.by_mark"
        site.settings.DJANGO_STATIC_COMBINE_FILENAMES_GENERATOR = f"{__name__}.joined"
        before = site.clients()
        for client in before:
            assert client.ask("/static/js/site-v0.js").status in (299, 404)
        found = [*self.page("js/site.js"), *self.page("js/site.js", "js/other.js")]
        assert len(found) == 2
        for url in found:
            assert url.startswith(f"{start}/static/js/")
            for client in (*before, *site.clients()):
                reply = client.ask(path_of(url))
                assert (reply.status, reply.headers["cache-control"]) == (200, LASTING)

    def test_a_name_has_its_content_after_the_original_has_another(self, site):
        site.settings.DJANGO_STATIC_USE_SYMLINK = False
        clients = site.clients()
        assert self.page(NAME) == [URL]
        site.write(NAME, text(2))
        (other,) = self.page(NAME)
        for client in clients:
            assert client.ask(URL).body == text(1).encode()
            assert client.ask(other).body == text(2).encode()

    @pytest.mark.parametrize("prefix", ["", "/cf"])
    def test_nothing_else_is_sent(self, site, prefix):
        """Where uploads lie among published files, only what pages have published."""
        folder = site.root / "all"
        folder.mkdir()
        site.settings.MEDIA_ROOT = str(folder / "media")
        site.settings.DJANGO_STATIC_SAVE_PREFIX = str(folder)
        site.settings.DJANGO_STATIC_NAME_PREFIX = prefix
        site.settings.DJANGO_STATIC_FILENAME_GENERATOR = f"{__name__}.by_mark"
        for name in ("media/private.3f2a9c1b.pdf", "media/private.pdf", "settings.py"):
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_text("private")
        (url,) = self.page("js/site.js")
        kept = self.page(NAME)
        for client in site.clients():
            assert client.ask(url).status == 200
            assert client.ask(*kept).status == 200
            for name in ("media/private.3f2a9c1b.pdf", "media/private.pdf", "settings.py"):
                assert client.ask(f"{prefix}/{name}").status in (299, 404)
            records = [each.name for each in (folder / ".django-static").glob("*.json")]
            assert records
            for name in records:
                assert client.ask(f"{prefix}/.django-static/{name}").status in (299, 404)

    def test_records_that_nobody_can_read(self, site):
        site.settings.DJANGO_STATIC_FILENAME_GENERATOR = f"{__name__}.by_mark"
        (url,) = self.page("js/site.js")
        (other,) = self.page("js/other.js")
        state = site.static / ".django-static"
        (record,) = (
            each for each in state.glob("*.json") if '"/static/js/site.js"' in each.read_text("utf-8")
        )
        for damaged in ("{", "[]", '{"outputs": 5}', '{"outputs": [], "replaced": 5}'):
            record.write_text(damaged)
            for client in site.clients():
                assert client.ask(url).status != 200
                assert client.ask(other).status == 200
        shutil.rmtree(state)
        for client in site.clients():
            assert client.ask(other).status != 200
