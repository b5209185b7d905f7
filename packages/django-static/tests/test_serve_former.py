"""``django_static.serve``: names that builds before the last one gave, which pages of processes that began before print still."""

from __future__ import annotations

import os
from collections.abc import Mapping
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from serve_site import CSS, JS, AsgiClient, Site, WsgiClient, asgi_app, wsgi_app

from django_static import resolver
from django_static.conf import conf
from django_static.manifest import Manifest
from django_static.serve import asgi, holdings, wsgi

EDGES = pytest.mark.parametrize("edge", [0, 1], ids=["wsgi", "asgi"])
CODINGS = ("", "gzip", "br", "zstd")
#: Files whose content each build changes.
CHANGING = ("js/site.js", "img/big.bin", "ä b%2e.txt")
GONE = (404, "no-store")


@pytest.fixture(params=["hash", "mtime"])
def site(request, settings, tmp_path) -> Site:
    site = Site(settings, tmp_path)
    settings.DJANGO_STATIC_FINGERPRINT = request.param
    site.usual()
    edit(site, 0)
    return site


def edit(site: Site, number: int) -> None:
    """Change the files, and build."""
    for name in CHANGING:
        site.write(
            name, f"// {number}\n" + JS * (1 if "big" not in name else 200), mtime=1_600_000_000 + number
        )
    site.build()


def urls(site: Site) -> list[str]:
    return [site.url(name) for name in CHANGING]


def replies(client: Any, url: str) -> dict[str, tuple[int, Mapping[str, str], bytes]]:
    """What is answered, in every coding."""
    found = {}
    for coding in CODINGS:
        reply = client.ask(url, fields={"accept-encoding": coding})
        assert reply.status == 200, (url, coding, reply)
        found[coding] = (reply.status, reply.headers, reply.body)
    return found


def state(client: Any, url: str) -> tuple[int, str | None]:
    reply = client.ask(url)
    return reply.status, reply.headers.get("cache-control")


def former() -> Path:
    return conf.manifest_file.with_name(f"{conf.manifest_file.name}.former")


def clean(*options: str) -> None:
    call_command("staticclean", *options, stdout=StringIO(), skip_checks=True)


@EDGES
def test_all_names_of_all_builds_are_answered_as_on_the_first_day(site, edge):
    """By a server that was there all the time, by one that missed some builds, and by one that starts at the end."""
    always, rarely = site.clients()[edge], site.clients()[edge]
    expected = {}
    for number in range(4):
        if number:
            edit(site, number)
        expected |= {url: replies(always, url) for url in urls(site)}
    assert len(expected) == 4 * len(CHANGING)
    assert any(reply["br"][1].get("content-encoding") == "br" for reply in expected.values())
    for client in (always, rarely, site.clients()[edge], site.clients(small=0)[edge]):
        for url, given in expected.items():
            found = replies(client, url)
            for each in (*found.values(), *given.values()):
                each[1].pop("accept-ranges", None)  # said of large files, and what is large is a setting
            assert found == given
            etag = given["br"][1]["etag"]
            again = client.ask(url, fields={"accept-encoding": "br", "if-none-match": etag})
            assert again.status == 304
            part = client.ask(url, fields={"range": "bytes=3-8"})
            assert (part.status, part.body) == (206, given[""][2][3:9])
            assert client.ask(url, "HEAD").headers["etag"] == given[""][1]["etag"]


@EDGES
def test_a_file_that_is_no_more(site, edge):
    """No manifest has a version of it; also where its URL has a host, or lies elsewhere."""
    site.write("css/old.css", CSS)
    site.settings.STATIC_URL = "https://static.example.com/assets/"
    site.settings.DJANGO_STATIC_NAME_PREFIX = ""
    site.build()
    (url,) = (
        url
        for url in Manifest.read(conf.manifest_file).served
        if "/css/old." in url and url[-7:] != "old.css"
    )
    (site.source / "css/old.css").unlink()
    site.build()
    assert url not in Manifest.read(conf.manifest_file).served
    client = site.clients()[edge]
    reply = client.ask(url.removeprefix("https://static.example.com"))
    assert (reply.status, reply.headers["access-control-allow-origin"]) == (200, "*")
    (site.static / "css" / url.rpartition("/")[2]).unlink()
    assert state(site.clients()[edge], url.removeprefix("https://static.example.com")) == GONE


@EDGES
def test_a_name_that_comes_back_and_goes_again(site, edge):
    first = urls(site)
    expected = {url: replies(site.clients()[edge], url) for url in first}
    for number in (1, 0, 2, 0, 1):
        edit(site, number)
        assert {url: replies(site.clients()[edge], url) for url in first} == expected
    assert former().stat().st_size < 4000


@EDGES
def test_what_staticclean_removes_is_gone(site, edge, caplog):
    """Nobody is told to build again: no build would bring it back. And it is forgotten."""
    old = urls(site)
    edit(site, 1)
    kept = urls(site)
    edit(site, 2)
    client = site.clients()[edge]
    assert [state(client, url)[0] for url in old] == [200] * len(old)
    clean("--keep-builds", "2", "--keep-days", "0")
    fresh = site.clients(small=0)[edge]
    assert {state(fresh, url) for url in old} == {GONE}
    assert [state(fresh, url)[0] for url in kept] == [200] * len(kept)
    assert [state(client, url)[0] for url in kept] == [200] * len(kept)
    assert "staticbuild" not in caplog.text
    text = former().read_text()
    assert all(url in text for url in kept)
    assert not any(url in text for url in old)
    edit(site, 3)
    assert state(client, site.url("js/site.js"))[0] == 200
    assert {state(site.clients()[edge], url) for url in old} == {GONE}


@EDGES
def test_one_that_a_clean_up_removes_while_it_is_known(site, edge, caplog):
    old = site.url("img/big.bin")
    edit(site, 1)
    client = site.clients(small=0)[edge]
    assert client.ask(old).status == 200
    for path in site.static.glob("img/big.*"):
        if path.name.startswith(old.rpartition("/")[2]):
            path.unlink()
    assert state(client, old) == GONE
    assert caplog.text == ""


@EDGES
@pytest.mark.parametrize("damage", ["edited", "cut", "nothing", "no names", "deep", "a folder"])
def test_a_damaged_record_counts_for_nothing(site, edge, damage):
    """But what this process has known stays known, as long as the file is there."""
    old = urls(site)
    edit(site, 1)
    client = site.clients()[edge]
    data = former().read_bytes()
    if damage == "a folder":
        former().unlink()
        former().mkdir()
    else:
        content = {
            "edited": data.replace(b"/site.", b"/sita."),
            "cut": data[:-3],
            "nothing": b"",
            "no names": b"4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945\n[]",
            "deep": b"[" * 100_000,
        }[damage]
        assert content != data
        former().write_bytes(content)
    fresh = site.clients()[edge]
    assert {state(fresh, url) for url in old} == {GONE}
    assert fresh.ask(site.url("js/site.js")).status == 200
    client.ask("/static/lost.0123456789ab.js")  # it looks for what is new
    assert [client.ask(url).status for url in old] == [200] * len(old)
    if damage != "a folder":
        last = urls(site)
        edit(site, 2)
        assert [site.clients()[edge].ask(url).status for url in last] == [200] * len(last)
        client.ask(urls(site)[0])
        assert [client.ask(url).status for url in old] == [200] * len(old)
    site.file(old[0]).unlink()
    site.write("css/site.css", CSS + "a { color: red }")
    if damage != "a folder":
        site.build()
        assert client.ask(site.url("css/site.css")).status == 200
        assert state(client, old[0]) == GONE


@EDGES
def test_a_build_that_does_not_come_to_its_end(site, edge, monkeypatch):
    """The manifest is what it was; the build that follows loses no name either."""
    names = urls(site)
    with monkeypatch.context() as patched:
        patched.setattr(Manifest, "write", _refuse)
        with pytest.raises(Exception, match="no room"):
            edit(site, 1)
    assert [site.clients()[edge].ask(url).status for url in names] == [200] * len(names)
    for number in (2, 3):
        edit(site, number)
    assert [site.clients()[edge].ask(url).status for url in names] == [200] * len(names)


def _refuse(*given: Any) -> None:
    raise OSError("no room")


@EDGES
def test_a_server_that_starts_while_a_build_ends(site, edge, monkeypatch):
    """Between the two files that it reads: all names of both builds are known."""
    names = urls(site)

    class Between(Manifest):
        @classmethod
        def read_with_data(cls, path: Path) -> tuple[Manifest, bytes]:
            found = Manifest.read_with_data(path)
            monkeypatch.setattr(holdings, "Manifest", Manifest)
            edit(site, 1)
            return found

    monkeypatch.setattr(holdings, "Manifest", Between)
    client = AsgiClient(asgi.StaticServer(asgi_app)) if edge else WsgiClient(wsgi.StaticServer(wsgi_app))
    names += urls(site)
    assert [client.ask(url).status for url in names] == [200] * len(names)
    edit(site, 2)
    names += urls(site)
    assert [client.ask(url).status for url in reversed(names)] == [200] * len(names)


@EDGES
def test_a_record_that_is_copied_after_its_manifest(site, edge):
    """As on a server that is deployed to file by file."""
    old = urls(site)
    edit(site, 1)
    data = former().read_bytes()
    former().unlink()
    client = site.clients()[edge]
    assert {state(client, url) for url in old} == {GONE}
    former().write_bytes(data)
    assert [client.ask(url).status for url in old] == [200] * len(old)


@pytest.mark.parametrize("site", ["hash"], indirect=True)
def test_manifests_beside_one_another_have_names_of_their_own(site, settings):
    """Two sites that leave theirs in one folder: none answers for what only the other one has."""
    folder = site.root / "manifests"
    found = {}
    for name in ("one", "two"):
        settings.DJANGO_STATIC_MANIFEST_FILE = str(folder / f"{name}.json")
        settings.STATIC_ROOT = str(site.root / name)
        resolver.reset()
        site.write("own.js", f"// {name}\n" + JS)
        edit(site, 1)
        found[name] = site.url("own.js")
        site.write("own.js", f"// later {name}\n" + JS, mtime=1_600_000_001)
        edit(site, 2)
        client = site.clients()[0]
        assert client.ask(found[name]).status == 200
        assert found[name] in former().read_text()
    assert found["one"] not in former().read_text()
    assert state(client, found["one"]) == GONE


@EDGES
def test_another_content_under_an_old_name_is_not_sent(site, edge, caplog):
    """It cannot come from a build; what somebody has put there is no file for ever."""
    old = site.url("js/site.js")
    edit(site, 1)
    site.file(old).write_text("alert()")
    for suffix in ("gz", "br", "zst"):
        Path(f"{site.file(old)}.{suffix}").unlink(missing_ok=True)
    assert state(site.clients()[edge], old) == (500, "no-store")
    assert str(site.file(old)) in caplog.text
    assert "staticbuild" not in caplog.text


@EDGES
@pytest.mark.parametrize("site", ["mtime"], indirect=True)
def test_the_manifest_knows_better_than_what_was_noted(site, edge):
    """Where records were lost, a name by time may get another content: then that is the one that is sent."""
    old = site.url("js/site.js")
    edit(site, 1)
    for path in (site.static, conf.manifest_file.parent):
        for each in path.glob("*"):
            if each.is_file() and each not in (conf.manifest_file, former()):
                each.unlink()
    for path in site.static.glob("js/*"):
        path.unlink()
    site.write("js/site.js", "// another\n" + JS, mtime=1_600_000_000)
    site.build()
    assert site.url("js/site.js") == old
    for client in (site.clients()[edge], site.clients(small=0)[edge]):
        assert client.ask(old).body == b"// another\n" + JS.encode()


def test_nothing_is_written_where_nothing_is_new(site):
    edit(site, 1)
    before = former().stat()
    site.build()
    (conf.manifest_file.parent / "seal.json").unlink()
    site.build()
    after = former().stat()
    assert (before.st_mtime_ns, before.st_ino) == (after.st_mtime_ns, after.st_ino)


def test_what_a_killed_build_left_half_written_is_swept_up(site):
    half = former().with_name(f".{former().name}.tmp")
    half.write_text("half")
    os.utime(half, (0, 0))
    clean()
    assert not half.exists()


def test_it_is_a_secret(site):
    """As all that lies beside a manifest."""
    from django_static.places import records_beside

    assert str(former()) in records_beside(conf.manifest_file)
