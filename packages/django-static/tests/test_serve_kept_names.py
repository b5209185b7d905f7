"""``django_static.serve``: names that a bundler has given, which are kept and stand for one content each."""

from __future__ import annotations

import os
from collections.abc import Mapping
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from serve_site import JS, Site

from django_static import former
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
