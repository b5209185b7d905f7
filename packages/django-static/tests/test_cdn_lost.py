"""What the store has lost, whoever took it away: the next run finds out from the listing that it makes anyway."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.files.storage import FileSystemStorage
from django.core.management import CommandError, call_command

import django_static
from django_static.cdn import proxy
from django_static.cdn.options import Options
from django_static.cdn.publication import Publication
from django_static.cdn.s3 import S3
from django_static.cdn.state import State
from django_static.cdn.storage_store import StorageStore

PNG = b"\x89PNG"


@pytest.fixture
def built(cdn_site):
    """A site that is built ahead, with pictures in two folders."""
    cdn_site.settings.DJANGO_STATIC_USE_MANIFEST_FILE = True
    cdn_site.settings.DJANGO_STATIC_COMPRESS = []
    cdn_site.settings.DJANGO_STATIC_BUNDLES = {"staticfile": ["/img/a.png", "/img/b.png", "/c.gif"]}
    for name in ("img/a.png", "img/b.png", "c.gif"):
        cdn_site.write(name, PNG + name.encode(), 1500000005)
    call_command("staticbuild", stdout=StringIO(), stderr=StringIO())
    cdn_site.restart()
    return cdn_site


def publish(*arguments: str) -> str:
    output = StringIO()
    proxy.reset()
    call_command("staticpublish", *arguments, stdout=output, stderr=output)
    return output.getvalue()


A, B, C = "img/a.1500000005.png", "img/b.1500000005.png", "c.1500000005.gif"


def takes_away(bucket, *keys):
    for key in keys:
        bucket._straight(f"{bucket.name}/{key}", "DELETE")


@pytest.mark.parametrize("lost", [(A,), (C,), (A, B, C)])
def test_a_plain_run_sends_again_what_is_lost(built, bucket, lost):
    publish()
    takes_away(bucket, *lost)
    output = publish()
    assert output.startswith(f"3 files: {len(lost)} sent")
    assert f", {3 - len(lost)} there already, 0 failed" in output
    assert sorted(bucket.keys()) == [C, A, B]
    assert publish().startswith("3 files: 0 sent (0 bytes), 3 there already, 0 failed")


def test_what_is_all_there_costs_one_list_for_each_folder(built, bucket):
    publish()
    requests = bucket.requests()
    publish()
    assert [method for method, _ in bucket.server.seen[requests:]] == ["GET", "GET"]


def test_what_cannot_be_sent_again_is_named_on_the_site(built, bucket):
    publish()
    takes_away(bucket, A)
    built.settings.DJANGO_STATIC_CDN_ATTEMPTS = 1
    bucket.breaks(("PUT", "500!"))
    with pytest.raises(CommandError, match="1 file could not"):
        publish()
    for _ in range(2):  # also after a restart, and where nothing but time counts
        proxy.reset()
        assert django_static.staticfile("/img/a.png") == f"/{A}"
        assert django_static.staticfile("/img/b.png") == f"{bucket.base}/{B}"
        assert proxy.current().background.wait(60)
        built.settings.DJANGO_STATIC_CDN_PROBE = False
    bucket.breaks()
    assert publish().startswith("3 files: 1 sent")


def test_where_one_may_not_list_all_counts_as_there(built, bucket):
    publish()
    takes_away(bucket, A)
    bucket.breaks(("GET", "403!"))
    output = publish()
    assert "3 files: 0 sent (0 bytes), 3 there already, 0 failed" in output
    assert "old versions stay" in output
    bucket.breaks()
    assert bucket.get(A)[0] == 404


class Unlisted(FileSystemStorage):
    asked = 0

    def listdir(self, path):
        raise NotImplementedError

    def exists(self, name):
        type(self).asked += 1
        return super().exists(name)


@pytest.mark.parametrize(("kind", "sent"), [(FileSystemStorage, [B]), (Unlisted, [])])
def test_a_storage_is_believed_where_it_lists(tmp_path, kind, sent, monkeypatch):
    files = {}
    for key in (A, B):
        path = files[key] = tmp_path / "site" / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(PNG + key.encode())
    folder = tmp_path / "stored"
    store = StorageStore(lambda: kind(location=folder, base_url="https://cdn.example.com/"), "cdn")

    def run():
        return Publication(store, State(tmp_path, "x"), Options(storage="cdn")).run(files)

    assert sorted(run().sent) == [A, B]
    (folder / B).unlink()
    monkeypatch.setattr(Unlisted, "asked", 0)
    done = run()
    assert (sorted(done.sent), sorted(done.files), done.failed) == (sent, [A, B], {})
    assert Unlisted.asked == 0


class Killed(BaseException):
    """The end of a process: nothing that comes after is done."""


@pytest.mark.parametrize("fingerprint", ["mtime", "hash"])
def test_a_run_killed_after_a_removal_leaves_nobody_believing_in_what_is_removed(
    cdn_site, bucket, monkeypatch, fingerprint
):
    cdn_site.settings.DJANGO_STATIC_USE_MANIFEST_FILE = True
    cdn_site.settings.DJANGO_STATIC_COMPRESS = []
    cdn_site.settings.DJANGO_STATIC_FINGERPRINT = fingerprint
    cdn_site.settings.DJANGO_STATIC_CDN_KEEP_DAYS = 0
    cdn_site.settings.DJANGO_STATIC_BUNDLES = {"staticfile": ["/logo.png"]}

    def build(content, mtime):
        cdn_site.write("logo.png", content, mtime)
        call_command("staticbuild", stdout=StringIO(), stderr=StringIO())
        cdn_site.restart()

    build(b"one", 1500000005)
    publish()
    (first,) = bucket.keys()
    build(b"two!", 1500000006)
    delete, flush = S3.delete, State.flush

    def killed(self, key):
        delete(self, key)
        monkeypatch.setattr(State, "flush", lambda self: None)
        raise Killed

    monkeypatch.setattr(S3, "delete", killed)
    with pytest.raises(Killed):
        publish()
    monkeypatch.setattr(S3, "delete", delete)
    monkeypatch.setattr(State, "flush", flush)
    assert first not in set(bucket.keys())
    cdn_site.settings.DJANGO_STATIC_CDN_PROBE = False
    cdn_site.settings.DJANGO_STATIC_CDN_WAIT_SECONDS = 0
    build(b"one", 1500000005)
    proxy.reset()
    assert django_static.staticfile("/logo.png") == f"/{first}"
    assert proxy.current().background.wait(60)
