"""Pipes, sockets, devices and folders where files were published: whoever opens one to send it would wait for ever."""

from __future__ import annotations

import os
import shutil
import socket
from pathlib import Path

import pytest
from django.core.files.storage import FileSystemStorage
from serve_site import Site

import django_static
from django_static.cdn import proxy
from django_static.cdn.headers import payload_of
from django_static.cdn.referred import used
from django_static.cdn.storage_store import StorageStore
from django_static.cdn.store import StoreError
from django_static.manifest import Manifest, ManifestError
from django_static.regular import open_regular, read_regular

KINDS = pytest.mark.parametrize("kind", ["pipe", "socket", "folder", "device", "a link to a pipe"])
EDGES = pytest.mark.parametrize("edge", [0, 1], ids=["wsgi", "asgi"])
CODINGS = {"gzip": ".gz", "br": ".br", "zstd": ".zst"}


@pytest.fixture
def put(tmp_path, monkeypatch):
    """Put something else in place of a file."""

    def make(kind: str, path: Path) -> Path:
        path.unlink(missing_ok=True)
        if kind == "pipe":
            os.mkfifo(path)
        elif kind == "socket":
            monkeypatch.chdir(path.parent)  # the path of a socket must be short
            with socket.socket(socket.AF_UNIX) as bound:
                bound.bind(path.name)
        elif kind == "folder":
            path.mkdir()
        elif kind == "device":
            path.symlink_to("/dev/zero")
        else:
            os.mkfifo(tmp_path / "pipe")
            path.symlink_to(tmp_path / "pipe")
        return path

    return make


@KINDS
def test_what_is_no_file_is_refused_at_once(put, tmp_path, kind, monkeypatch):
    path = put(kind, tmp_path / "a")
    opened, closed = [], []
    open_, close = os.open, os.close

    def noted_open(name, flags, *rest):
        handle = open_(name, flags, *rest)
        if str(name) == str(path):
            opened.append(handle)
        return handle

    def noted_close(handle):
        closed.append(handle)
        close(handle)

    with monkeypatch.context() as patched:
        patched.setattr(os, "open", noted_open)
        patched.setattr(os, "close", noted_close)
        for read in (open_regular, read_regular):
            with pytest.raises(OSError, match=path.name):
                read(path)
    assert set(opened) <= set(closed)
    assert len(opened) == (0 if kind == "socket" else 2)
    with pytest.raises(ManifestError, match="cannot be read"):
        Manifest.read(path)


def test_files_and_links_to_files_are_read(tmp_path):
    (tmp_path / "a").write_bytes(b"bytes")
    (tmp_path / "link").symlink_to("a")
    for path in (tmp_path / "a", str(tmp_path / "link")):
        assert read_regular(path) == b"bytes"
        with open_regular(path) as file:
            assert (file.name, file.read()) == (str(path), b"bytes")
    with pytest.raises(FileNotFoundError):
        open_regular(tmp_path / "nowhere")


class TestServe:
    @pytest.fixture
    def site(self, settings, tmp_path) -> Site:
        site = Site(settings, tmp_path)
        site.usual()
        site.build()
        return site

    @EDGES
    @KINDS
    def test_in_place_of_a_coding(self, site, put, edge, kind, caplog):
        url = site.url("js/site.js")
        client = site.clients()[edge]
        best = client.ask(url, fields={"accept-encoding": "gzip, br, zstd"}).headers["content-encoding"]
        put(kind, Path(f"{site.file(url)}{CODINGS[best]}"))
        client = site.clients()[edge]
        reply = client.ask(url, fields={"accept-encoding": "gzip, br, zstd"})
        assert reply.status == 200
        assert reply.headers["content-encoding"] not in ("", best)
        assert "the next best encoding" in caplog.text

    @EDGES
    @KINDS
    @pytest.mark.parametrize("small", [0, 1 << 20])
    def test_in_place_of_a_file(self, site, put, edge, kind, small, settings, caplog):
        settings.DJANGO_STATIC_SERVE_SMALL = small
        url = site.url("js/site.js")
        client = site.clients()[edge]
        put(kind, site.file(url))
        reply = client.ask(url)
        assert (reply.status, reply.headers["cache-control"]) == (500, "no-store")
        assert "site" in caplog.text


class TestCdn:
    @KINDS
    def test_in_place_of_a_file_to_be_sent(self, cdn_site, bucket, put, kind, warned):
        cdn_site.write("a.png", b"png", 1269174558)
        url = django_static.staticfile("/a.png")
        assert proxy.current().background.wait(60)
        path = cdn_site.media / url[1:]
        proxy.reset()
        shutil.rmtree(cdn_site.media / ".django-static")
        put(kind, path)
        assert proxy.file_proxy(url, new=True, filepath=str(path)) == url
        assert proxy.current().background.wait(60)
        assert proxy.file_proxy(url) == url
        (warning,) = warned()
        assert str(path) in warning
        assert bucket.puts() == [url[1:]]

    @KINDS
    def test_in_place_of_what_is_referred_to(self, tmp_path, put, kind):
        sheet = tmp_path / "a.5.css"
        sheet.write_text("a { b: url(c.5.png) }")
        put(kind, tmp_path / "c.5.png")
        assert list(used("a.5.css", sheet)) == []
        put(kind, tmp_path / "b.5.css") if kind != "a link to a pipe" else None
        assert list(used("b.5.css", tmp_path / "b.5.css")) == []

    @KINDS
    def test_in_a_storage(self, tmp_path, put, kind):
        (tmp_path / "a.5.png").write_bytes(b"")
        (tmp_path / "there").mkdir()
        put(kind, tmp_path / "there/a.5.png")
        store = StorageStore(lambda: FileSystemStorage(location=str(tmp_path / "there")), "cdn")
        with pytest.raises(StoreError, match=r"is not a file|SuspiciousFileOperation"):
            store.standing("a.5.png", payload_of(tmp_path / "a.5.png", with_gzip=False))
