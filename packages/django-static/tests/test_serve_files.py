"""``django_static.serve``: memory, large files, and files that are not what they were."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

import pytest
from serve_site import JS, AsgiClient, Site, WsgiClient, asgi_app, wsgi_app

from django_static.serve import asgi, wsgi
from django_static.serve.memory import Memory
from django_static.serve.representation import Representation, Terms

EDGES = pytest.mark.parametrize("edge", [0, 1], ids=["wsgi", "asgi"])


@pytest.fixture
def site(settings, tmp_path) -> Site:
    site = Site(settings, tmp_path)
    site.usual()
    site.build()
    return site


class TestDamage:
    @EDGES
    @pytest.mark.parametrize("method", ["GET", "HEAD"])
    @pytest.mark.parametrize("name", ["js/site.js", "large.bin"])
    def test_a_file_that_vanished(self, site, caplog, name, edge, method):
        url = site.url(name)
        client = site.clients()[edge]
        path = site.file(url)
        kept = path.read_bytes()
        path.unlink()
        reply = client.ask(url, method)
        assert (reply.status, reply.headers["cache-control"]) == (404, "no-store")
        assert str(path) in caplog.text
        assert "staticbuild" in caplog.text
        path.write_bytes(kept)
        assert client.ask(url).body == kept

    @EDGES
    @pytest.mark.parametrize("fields", [{}, {"range": "bytes=1-2"}])
    @pytest.mark.parametrize("name", ["js/site.js", "large.bin"])
    @pytest.mark.parametrize("change", ["cut", "longer", "folder", "none"])
    def test_a_file_of_another_size(self, site, caplog, name, edge, fields, change):
        url = site.url(name)
        path = site.file(url)
        content = path.read_bytes()
        if change == "folder":
            path.unlink()
            path.mkdir()
        elif change != "none":
            path.write_bytes(content[:-1] if change == "cut" else content + b"!")
        reply = site.clients()[edge].ask(url, fields=fields)
        if change == "none":
            assert reply.status == (206 if fields else 200)
            return
        assert (reply.status, reply.headers["cache-control"]) == (500, "no-store")
        assert int(reply.headers["content-length"]) == len(reply.body)
        assert str(path) in caplog.text

    @EDGES
    def test_other_bytes_under_a_name_for_ever(self, site, caplog, edge):
        url = site.url("js/site.js")
        site.file(url).write_bytes(JS.encode()[::-1])
        assert site.clients()[edge].ask(url).status == 500
        assert "another content" in caplog.text

    @EDGES
    def test_a_coding_that_vanished_is_done_without(self, site, caplog, edge):
        url = site.url("js/site.js")
        client = site.clients()[edge]
        sent = []
        for _ in range(4):
            reply = client.ask(url, fields={"accept-encoding": "gzip, br, zstd"})
            assert reply.status == 200
            sent.append(reply.headers.get("content-encoding", "identity"))
            site.file(f"{url}.{ {'gzip': 'gz', 'zstd': 'zst'}.get(sent[-1], sent[-1]) }").unlink(
                missing_ok=True
            )
            client = site.clients()[edge]
        assert sorted(sent) == ["br", "gzip", "identity", "zstd"]
        assert caplog.text.count("next best") == 6
        assert client.ask(url, fields={"accept-encoding": "gzip, identity;q=0"}).status == 406

    @EDGES
    def test_a_file_that_is_cut_while_it_is_sent(self, site, edge, monkeypatch):
        """The length has been promised: the connection must break, and nothing else be sent in place of the rest."""
        url = site.url("large.bin")
        path = site.file(url)
        original = (wsgi if edge == 0 else asgi)._CHUNK

        monkeypatch.setattr(wsgi if edge == 0 else asgi, "_CHUNK", original // 4)
        if edge == 0:
            server = wsgi.StaticServer(wsgi_app)
            environ = {"REQUEST_METHOD": "GET", "PATH_INFO": url, "SCRIPT_NAME": ""}
            chunks = server(environ, lambda *given: None)
            taken = next(iter(chunks))
            os.truncate(path, len(taken))
            with pytest.raises(OSError, match="was cut while it was sent"):
                for _ in chunks:
                    pass
            chunks.close()
            return
        sent = []

        async def receive() -> Any:
            await asyncio.Event().wait()

        async def send(message: Any) -> None:
            sent.append(message)
            if len(sent) == 2:
                os.truncate(path, len(message["body"]))

        scope = {"type": "http", "method": "GET", "path": url, "headers": []}
        with pytest.raises(OSError, match="was cut while it was sent"):
            asyncio.run(asgi.StaticServer(asgi_app)(scope, receive, send))
        assert sent[-1]["more_body"]

    @EDGES
    def test_an_original_that_may_change_is_sent_as_it_is(self, site, edge):
        client = site.clients()[edge]
        before = client.ask("/static/css/site.css")
        (site.static / "css/site.css").unlink()
        assert client.ask("/static/css/site.css").status == 299
        (site.static / "css/site.css").write_text("p{}")
        after = client.ask("/static/css/site.css")
        assert after.body == b"p{}"
        assert after.headers["etag"] != before.headers["etag"]

    @EDGES
    def test_a_file_that_cannot_be_opened(self, site, edge, caplog):
        url = site.url("js/site.js")
        path = site.file(url)
        path.unlink()
        path.symlink_to(path)
        assert site.clients()[edge].ask(url).status == 500
        assert "cannot be read" in caplog.text

    @EDGES
    @pytest.mark.parametrize("small", [0, 100_000])
    def test_a_file_that_is_replaced_before_it_is_opened(self, site, edge, small, monkeypatch, settings):
        """What is said is said of the file that is sent, whatever was seen before."""
        from django_static.serve import holdings, loose, memory

        settings.DEBUG = True
        path = site.write("loose.txt", "0")
        real = memory.open_file
        opened = [0]

        def open_file(name: str) -> Any:
            opened[0] += 1
            other = path.with_suffix(".other")
            other.write_text(str(opened[0]) * opened[0])
            other.replace(path)
            return real(name)

        for module in (holdings, loose, memory):
            monkeypatch.setattr(module, "open_file", open_file)
        client = site.clients(small=small)[edge]
        for _ in range(3):
            reply = client.ask("/static/loose.txt")
            assert reply.status == 200
            assert reply.body == str(opened[0]).encode() * opened[0]
            assert reply.headers["content-length"] == str(len(reply.body))
        assert opened[0] == (1 if small else 6)


class TestLargeFiles:
    def test_the_servers_own_way_is_used(self, site):
        url = site.url("large.bin")
        content = site.file(url).read_bytes()
        client = WsgiClient(wsgi.StaticServer(wsgi_app), has_wrapper=True)
        assert client.ask(url).body == content
        assert client.ask(url, fields={"range": "bytes=5-9"}).body == content[5:10]
        client = AsgiClient(asgi.StaticServer(asgi_app), extensions={"http.response.pathsend": {}})
        assert client.ask(url).body == content
        assert client.ask(url, fields={"range": "bytes=5-9"}).body == content[5:10]
        assert client.ask(url, "HEAD").body == b""

    def test_files_are_closed(self, site):
        url = site.url("large.bin")
        before = len(os.listdir("/proc/self/fd")) if Path("/proc/self/fd").is_dir() else None
        if before is None:
            pytest.skip("open files are counted in /proc")
        for client in site.clients():
            for method in ("GET", "HEAD"):
                for fields in (
                    {},
                    {"range": "bytes=1-"},
                    {"range": "bytes=1-2,4-5"},
                    {"range": "bytes=2000000-"},
                ):
                    client.ask(url, method, fields)
        server = wsgi.StaticServer(wsgi_app)
        server(
            {"REQUEST_METHOD": "GET", "PATH_INFO": url, "SCRIPT_NAME": ""}, lambda *given: None
        ).close()  # by a server whose client has gone before the first byte
        assert len(os.listdir("/proc/self/fd")) == before

    def test_nothing_more_is_read_when_nobody_listens(self, site, monkeypatch):
        monkeypatch.setattr(asgi, "_CHUNK", 1024)
        url = site.url("large.bin")
        sent = []
        left = asyncio.Event()

        async def receive() -> Any:
            await left.wait()
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            sent.append(message)
            if len(sent) == 3:
                left.set()

        scope = {"type": "http", "method": "GET", "path": url, "headers": []}
        asyncio.run(asgi.StaticServer(asgi_app)(scope, receive, send))
        assert 3 <= len(sent) < 10

    def test_a_client_that_is_gone_at_once(self, site):
        async def receive() -> Any:
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            raise OSError("gone")

        scope = {"type": "http", "method": "GET", "path": site.url("large.bin"), "headers": []}
        with pytest.raises(OSError, match="gone"):
            asyncio.run(asgi.StaticServer(asgi_app)(scope, receive, send))


class TestMemory:
    @staticmethod
    def held(client: WsgiClient | AsgiClient) -> Any:
        server = client.app
        while not hasattr(server, "_holdings"):
            server = server.__closure__[0].cell_contents
        return server._holdings.catalogue

    @EDGES
    def test_what_was_sent_is_not_read_again(self, site, edge):
        url = site.url("js/site.js")
        client = site.clients()[edge]
        first = client.ask(url)
        site.file(url).unlink()
        assert client.ask(url) == first
        assert client.ask(url, fields={"range": "bytes=0-1"}).body == first.body[:2]

    @EDGES
    @pytest.mark.parametrize("options", [{"small": 100}, {"memory": 100}, {"memory": 0}, {"small": 0}])
    def test_what_is_too_large_is_not_kept(self, site, edge, options):
        url = site.url("js/site.js")
        client = site.clients(**options)[edge]
        assert client.ask(url).body == JS.encode()
        assert self.held(client).memory.size == 0
        site.file(url).unlink()
        assert client.ask(url).status == 404

    def test_nothing_is_read_at_the_start(self, site):
        client = site.clients()[0]
        assert self.held(client).memory.size == 0
        assert len(self.held(client)) > 10

    def test_it_never_holds_more_than_it_may(self, settings, tmp_path):
        site = Site(settings, tmp_path)
        for number in range(20):
            site.write(f"{number}.bin", bytes([number]) * 1000)
        site.build()
        client = site.clients(memory=5500)[0]
        often = site.url("0.bin")
        assert client.ask(often).status == 200
        site.file(often).unlink()
        for number in range(1, 20):
            assert client.ask(site.url(f"{number}.bin")).body == bytes([number]) * 1000
            assert client.ask(often).body == b"\0" * 1000
            assert self.held(client).memory.size <= 5500
        # What is asked for between stays, as the file that is not there any more; what was asked for once goes.
        site.file(site.url("3.bin")).unlink()
        assert client.ask(site.url("3.bin")).status == 404

    def test_it_forgets_before_it_holds_too_much(self):
        terms = Terms("x/y", modified=0, max_age=0, is_lasting=True, is_shared=False, is_varying=False)
        memory = Memory(100)
        held = []
        for size in (60, 30, 50, 100, 101, 1):
            each = Representation(
                terms, path="", size=size, etag='"a"', coding="identity", digest="", is_small=True
            )
            held.append(each)
            memory.keep(each, b"x" * size)
            memory.keep(each, b"x" * size)
            assert memory.size == sum(len(one.content) for one in held if one.content is not None) <= 100
        assert [one.content is not None for one in held] == [False, False, False, False, False, True]
