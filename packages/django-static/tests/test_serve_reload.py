"""``django_static.serve``: another manifest while requests are answered; threads and forks."""

from __future__ import annotations

import asyncio
import os
import re
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from serve_site import JS, Site, wsgi_app

from django_static.conf import conf
from django_static.manifest import Manifest
from django_static.serve import wsgi
from django_static.serve.holdings import Holdings

EDGES = pytest.mark.parametrize("edge", [0, 1], ids=["wsgi", "asgi"])


def text(number: int) -> str:
    """So that each byte tells of which build it is, and each build has another length."""
    return f"[{number:05}]" * (300 + number)


@pytest.fixture
def site(settings, tmp_path) -> Site:
    site = Site(settings, tmp_path)
    settings.DJANGO_STATIC_FINGERPRINT = "hash"
    site.write("same.js", JS)
    site.write("new.txt", text(0))
    site.build()
    return site


def holdings_of(client: Any) -> Holdings:
    app = client.app
    while not hasattr(app, "_holdings"):
        app = app.__closure__[0].cell_contents
    return app._holdings


def until(condition: Any) -> None:
    limit = time.monotonic() + 90
    while not condition():
        assert time.monotonic() < limit, "nothing came of it in 90 seconds"
        time.sleep(0.01)


def published(name: str) -> str:
    found = [
        url
        for url, served in Manifest.read(conf.manifest_file).served.items()
        if served.is_lasting and re.fullmatch(rf"/static/{name}\.[0-9a-f]{{12}}\.\w+", url)
    ]
    assert len(found) == 1
    return found[0]


class TestAnotherManifest:
    @EDGES
    def test_a_new_name_is_known_at_once(self, site, edge):
        """The page that names it may come from another process, and before this one has looked."""
        client = site.clients()[edge]
        assert client.ask("/static/same.js").status == 200
        for number in range(1, 4):
            site.write("new.txt", text(number))
            site.build()
            assert client.ask(published("new")).body == text(number).encode()

    @EDGES
    def test_names_of_builds_before_go_on(self, site, edge):
        client = site.clients()[edge]
        old = published("new")
        assert client.ask(old).status == 200
        site.write("new.txt", text(1))
        site.build()
        assert client.ask(published("new")).status == 200
        assert client.ask(old).body == text(0).encode()
        assert client.ask(published("same")).body == JS.encode()
        site.write("new.txt", text(2))
        site.build()
        assert client.ask(published("new")).status == 200
        assert client.ask(old).body == text(0).encode()

    @EDGES
    def test_originals_follow_within_a_second(self, site, edge):
        client = site.clients()[edge]
        assert client.ask("/static/new.txt").body == text(0).encode()
        site.write("new.txt", text(1))
        site.build()
        until(lambda: client.ask("/static/new.txt").body == text(1).encode())

    @EDGES
    def test_where_no_thread_can_be_started_a_request_reads_it(self, site, edge, monkeypatch):
        def start(thread):
            raise RuntimeError("can't start new thread")

        client = site.clients()[edge]
        assert client.ask("/static/same.js").status == 200
        site.write("same.js", JS[::-1])
        site.build()
        held = holdings_of(client)
        held._due = 0.0
        with monkeypatch.context() as patched:
            patched.setattr(threading.Thread, "start", start)
            held.known("/static/same.js")
        assert client.ask("/static/same.js").body == JS[::-1].encode()

    def test_it_is_looked_at_once_a_second_at_most(self, site, monkeypatch):
        from django_static.serve import holdings

        looks = []
        real = holdings.signature
        monkeypatch.setattr(holdings, "signature", lambda path: looks.append(path) or real(path))
        now = [100.0]
        client = site.clients()[0]
        held = holdings_of(client)
        held._clock = lambda: now[0]
        held._due = 101.0
        looks.clear()
        for _ in range(50):
            client.ask("/static/same.js")
        assert looks == []
        now[0] = 101.0
        for _ in range(50):
            client.ask("/static/same.js")
        assert looks == [conf.manifest_file]

    @EDGES
    @pytest.mark.parametrize("damage", ["gone", "cut", "other format", "no manifest"])
    def test_one_that_cannot_be_read_changes_nothing(self, site, edge, damage, caplog):
        client = site.clients()[edge]
        url = published("new")
        whole = conf.manifest_file.read_bytes()
        if damage == "gone":
            conf.manifest_file.unlink()
        else:
            content = {"cut": whole[:-9], "other format": b'{"format": 1}', "no manifest": b"[]"}[damage]
            conf.manifest_file.write_bytes(content)
        for _ in range(3):
            assert client.ask("/static/lost.0123456789ab.js").status == 404
        assert client.ask(url).body == text(0).encode()
        assert caplog.text.count("what was served before is served") == 1
        site.write("new.txt", text(1))
        conf.manifest_file.unlink(missing_ok=True)
        site.build()
        assert client.ask(published("new")).body == text(1).encode()

    @EDGES
    def test_the_first_one(self, site, edge):
        kept = conf.manifest_file.read_bytes()
        conf.manifest_file.unlink()
        client = site.clients()[edge]
        assert client.ask("/static/same.js").status == 299
        conf.manifest_file.write_bytes(kept)
        assert client.ask(published("same")).body == JS.encode()
        assert client.ask("/static/same.js").body == JS.encode()

    def test_a_coding_that_came_back_is_sent_again_after_the_next_build(self, site):
        client = site.clients()[0]
        url = published("same")
        br = site.file(url + ".br")
        br.unlink()
        fields = {"accept-encoding": "br"}
        assert "content-encoding" not in client.ask(url, fields=fields).headers
        site.write("new.txt", text(1))
        site.build()
        assert br.is_file()
        assert client.ask(published("new")).status == 200
        assert client.ask(url, fields=fields).headers["content-encoding"] == "br"


@pytest.mark.parametrize("edge", [0, 1], ids=["wsgi", "asgi"])
def test_under_load_no_answer_is_torn_or_of_another_file(site, edge):
    """Manifests are replaced while four clients ask for new names, old names and an original."""
    client = site.clients()[edge]
    builds = 12
    urls = [published("new")]
    manifests = [conf.manifest_file.read_bytes()]
    for number in range(1, builds):
        site.write("new.txt", text(number))
        site.build()
        urls.append(published("new"))
        manifests.append(conf.manifest_file.read_bytes())
    same = published("same")
    original = {text(number).encode() for number in range(builds)}
    now = [0]
    stop = threading.Event()
    faults: list[str] = []
    asked = [0]

    def place(number: int) -> None:
        temporary = conf.manifest_file.with_suffix(".other")
        temporary.write_bytes(manifests[number])
        temporary.replace(conf.manifest_file)
        now[0] = number

    def judge(number: int, reply: Any) -> None:
        asked[0] += 1
        if reply.status == 200 and reply.body != text(number).encode():
            faults.append(f"{number}: {len(reply.body)} bytes, not {len(text(number))}")
        elif reply.status != 200:
            faults.append(f"{number}: {reply.status}")

    def load() -> None:
        while not stop.is_set():
            number = now[0]
            reply = client.ask(urls[number])
            judge(number, reply)
            if reply.status != 200 and now[0] == number:
                faults.append(f"{number} is named by the manifest, and answered with {reply.status}")
            judge(0, client.ask(urls[0]))
            if client.ask(same, fields={"range": "bytes=3-8"}).body != JS.encode()[3:9]:
                faults.append("a range of another file")
            plain = client.ask("/static/new.txt")
            if plain.status != 200 or plain.body not in original:
                faults.append(f"original: {plain.status}, {len(plain.body)} bytes")

    place(0)
    threads = [threading.Thread(target=load) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(3):
            for number in range(builds):
                place(number)
                before = asked[0]
                until(lambda before=before: asked[0] > before + 8 or faults)
    finally:
        stop.set()
        for thread in threads:
            thread.join(30)
    assert faults == []
    assert asked[0] > 200


@pytest.mark.parametrize("memory", [0, 5_000, 10_000_000], ids=["none", "little", "enough"])
@EDGES
def test_a_file_replaced_under_load_is_sent_whole(site, edge, memory, settings):
    """One that may change, in development: each answer is one of its contents, never part of two."""
    settings.DEBUG = True
    path = site.write("loose.txt", text(0))
    client = site.clients(memory=memory)[edge]
    contents = {text(number).encode() for number in range(10)}
    stop = threading.Event()

    def replace() -> None:
        while not stop.is_set():
            for number in range(10):
                other = path.with_suffix(".other")
                other.write_text(text(number))
                other.replace(path)

    thread = threading.Thread(target=replace)
    thread.start()
    try:
        for turn in range(150):
            fields = {"range": "bytes=0-7,-7"} if turn % 3 == 0 else {}
            reply = client.ask("/static/loose.txt", fields=fields)
            if not fields:
                assert reply.status == 200
                assert reply.body in contents
            else:
                assert reply.status == 206
                (_, start), (_, end) = reply.parts
                assert start[:7] == end
            assert reply.headers["content-length"] == str(len(reply.body))
    finally:
        stop.set()
        thread.join(30)


def test_a_server_that_is_forked_goes_on(site, tmp_path):
    """As with gunicorn --preload: each worker follows the manifest for itself."""
    server = wsgi.StaticServer(wsgi_app)

    def get(url: str) -> bytes:
        environ = {"REQUEST_METHOD": "GET", "PATH_INFO": url, "SCRIPT_NAME": ""}
        return b"".join(server(environ, lambda *given: None))

    assert get(published("same")) == JS.encode()
    site.write("new.txt", text(1))
    site.build()
    url = published("new")
    reads, writes = os.pipe()
    child = os.fork()
    if child == 0:  # pragma: no cover (another process)
        good = get(url) == text(1).encode() and get("/static/same.js") == JS.encode()
        os.write(writes, b"good" if good else b"bad")
        os._exit(0)
    os.close(writes)
    with os.fdopen(reads, "rb") as answer:
        assert answer.read() == b"good"
    os.waitpid(child, 0)
    assert get(url) == text(1).encode()


def test_requests_at_once_in_one_loop(site):
    client = site.clients(small=0)[1]
    site.write("large.bin", os.urandom(1_000_000))
    site.build()
    url = published("large")
    content = site.file(url).read_bytes()

    async def many() -> list[Any]:
        return await asyncio.gather(
            *(client.ask_async(url) for _ in range(8)),
            *(client.ask_async(url, fields={"range": f"bytes={n}-{n + 300_000}"}) for n in range(8)),
        )

    replies = asyncio.run(many())
    assert all(reply.body == content for reply in replies[:8])
    assert all(reply.body == content[n : n + 300_001] for n, reply in enumerate(replies[8:]))


def test_the_manifest_tells_the_same_wherever_it_is_built(site, tmp_path):
    """By content: so servers that build for themselves have the same tags, and no dates that differ."""
    first = conf.manifest_file.read_bytes()
    for path in site.source.iterdir():
        os.utime(path, (1_700_000_000, 1_700_000_000))
    for path in sorted(Path(site.static).rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    site.build()
    assert conf.manifest_file.read_bytes() == first
