"""Endpoints that are not S3, refusals, URLs that cannot be asked for, and a process that is killed while it sends."""

from __future__ import annotations

import errno
import logging
import os
import signal
import socket
import subprocess
import sys
import time

import pytest

import django_static
from django_static.cdn import answering, proxy
from django_static.cdn.answering import CannotTell, answers
from django_static.cdn.headers import payload_of
from django_static.cdn.rests import RETRY_SECONDS
from django_static.cdn.store import StoreError
from django_static.cdn.stores import store_of
from django_static.conf import conf

PNG = b"\x89PNG" + bytes(range(256))


def settled() -> None:
    chosen = proxy.current()
    assert chosen.background.wait(60)
    assert chosen._probes.wait(60)


def printed(name: str) -> list[str]:
    first = django_static.staticfile(name)
    settled()
    return [first, django_static.staticfile(name)]


@pytest.mark.parametrize(
    "faults",
    [
        [("*", "website!")],
        [("*", "no xml!")],
        [("*", "nothing!")],
        [("*", "404!")],
        [("*", "405!")],
        [("*", "301!")],
        [("HEAD", "website!")],
        [("PUT", "website!")],
        [("PUT", "nothing!")],
        [("PUT", "405!")],
    ],
    ids=lambda faults: " ".join(faults[0]),
)
def test_what_is_not_s3(cdn_site, bucket, caplog, faults):
    """Nothing it says is believed: one warning, the local URL, and another attempt in a minute."""
    caplog.set_level(logging.INFO, "django_static")
    clock = [0.0]
    cdn_site.settings.DJANGO_STATIC_CDN_ATTEMPTS = 1
    proxy.reset()
    proxy.current()._rests._clock = lambda: clock[0]
    bucket.breaks(*faults)
    for name in ("a", "b"):
        cdn_site.write(f"{name}.png", PNG, 5)
        assert printed(f"/{name}.png") == [f"/{name}.5.png"] * 2
    (record,) = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert record.levelno == logging.WARNING
    assert not record.exc_info
    message = record.getMessage()
    assert bucket.endpoint in message
    assert "nginx/1.27" in message or "RecursionError" in message
    assert "whether DJANGO_STATIC_CDN_ENDPOINT is right" in message
    bucket.breaks()
    clock[0] += RETRY_SECONDS
    assert printed("/a.png")[1] == f"{bucket.base}/a.5.png"


@pytest.mark.parametrize("fault", ["website!", "no xml!", "nothing!"])
def test_a_listing_that_is_none_of_s3(cdn_site, bucket, warned, fault):
    """What a listing of that sort does not name may well be there."""
    cdn_site.settings.DJANGO_STATIC_CDN_ATTEMPTS = 1
    bucket.breaks(("GET", fault))
    store = store_of(conf.cdn)
    with pytest.raises(StoreError, match="DJANGO_STATIC_CDN_ENDPOINT"):
        list(store.list("a."))


def test_an_answer_without_a_size(cdn_site, bucket, monkeypatch, tmp_path):
    path = tmp_path / "a.5.png"
    path.write_bytes(PNG)
    store = store_of(conf.cdn)
    client = store._s3()
    monkeypatch.setattr(client, "head_object", lambda **given: {"ETag": '"x"'})
    with pytest.raises(StoreError, match="no ContentLength"):
        store.standing("a.5.png", payload_of(path, with_gzip=False))


def test_a_refusal_is_one_warning(cdn_site, bucket, warned):
    bucket.breaks(("*", "403!"))
    for name in ("a", "b"):
        cdn_site.write(f"{name}.png", PNG, 5)
        assert printed(f"/{name}.png") == [f"/{name}.5.png"] * 2
    (warning,) = warned()
    assert "storing a.5.png" in warning
    assert "s3:PutObject" in warning


def test_a_listing_that_is_refused_is_said_where_the_upload_is_not(cdn_site, bucket, warned):
    bucket.breaks(("GET", "403!"))
    for name in ("a", "b"):
        cdn_site.write(f"{name}.png", PNG, 5)
        assert printed(f"/{name}.png")[1] == f"{bucket.base}/{name}.5.png"
    (warning,) = warned()
    assert "old versions stay" in warning
    assert "s3:ListBucket" in warning


def test_a_mistake_of_ours_holds_nothing_back_for_ever(cdn_site, bucket, caplog, monkeypatch):
    clock = [0.0]
    chosen = proxy.current()
    chosen._rests._clock = lambda: clock[0]
    cdn_site.write("a.png", PNG, 5)
    with monkeypatch.context() as patched:
        patched.setattr(chosen.publisher, "publish", lambda key, path: 1 / 0)
        assert printed("/a.png") == ["/a.5.png"] * 2
    assert "not foreseen" in caplog.text
    clock[0] += RETRY_SECONDS
    assert printed("/a.png")[1] == f"{bucket.base}/a.5.png"


# Whether a URL answers


def test_what_answers(bucket):
    bucket.put("a.png")
    assert answers(f"{bucket.base}/a.png")
    assert not answers(f"{bucket.base}/b.png")
    for fault in ("301", "403", "405", "500"):
        bucket.breaks(("HEAD", fault))
        assert not answers(f"{bucket.base}/a.png")


def test_what_nobody_listens_at():
    assert not answers("http://127.0.0.1:9/a.png")
    assert not answers("//127.0.0.1:9/a.png")


@pytest.mark.parametrize(
    ("error", "is_ours"),
    [
        (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), False),
        (socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution"), True),
        (ConnectionRefusedError(errno.ECONNREFUSED, "refused"), False),
        (ConnectionResetError(errno.ECONNRESET, "reset"), False),
        (TimeoutError("timed out"), False),
        (UnicodeError("label too long"), False),
        (OSError(errno.ENETUNREACH, "Network is unreachable"), True),
        (OSError(errno.EMFILE, "Too many open files"), True),
        (PermissionError(errno.EPERM, "Operation not permitted"), True),
    ],
)
def test_what_says_something_of_this_machine_only(monkeypatch, error, is_ours):
    def connect(*args, **kwargs):
        raise error

    monkeypatch.setattr(socket, "create_connection", connect)
    if is_ours:
        with pytest.raises(
            CannotTell, match=r"http://cdn\.example\.com/a\.png cannot be asked for from here"
        ):
            answers("http://cdn.example.com/a.png")
    else:
        assert not answers("http://cdn.example.com/a.png")


def test_a_page_goes_by_time_where_no_url_can_be_asked_for(cdn_site, bucket, warned, monkeypatch):
    """A server that may not reach the world prints the URLs after the wait."""

    def unreachable(url):
        raise CannotTell(url)

    clock = [0.0]
    monkeypatch.setattr(answering, "answers", unreachable)
    cdn_site.settings.DJANGO_STATIC_CDN_WAIT_SECONDS = 3600
    chosen = proxy.current()
    chosen._probe, chosen.urls._clock = unreachable, lambda: clock[0]
    cdn_site.write("a.png", PNG, 5)
    assert printed("/a.png") == ["/a.5.png"] * 2
    settled()
    clock[0] += 3600
    assert printed("/a.png")[1] == f"{bucket.base}/a.5.png"
    assert warned() == []


# A process that is killed


def test_a_process_that_is_killed_while_it_sends(cdn_site, bucket, tmp_path):
    """Nothing of it is there or written down, and it keeps the next one from nothing."""
    path = cdn_site.write("img/a.1500000005.png", PNG * 4000)
    module = tmp_path / "killed_test_settings.py"
    names = ("BUCKET", "DOMAIN", "ENDPOINT", "REGION", "WAIT_SECONDS")
    lines = [
        f"DJANGO_STATIC_CDN_{n} = {getattr(cdn_site.settings, f'DJANGO_STATIC_CDN_{n}')!r}" for n in names
    ]
    module.write_text(f"MEDIA_ROOT = {str(cdn_site.media)!r}\nINSTALLED_APPS = []\n" + "\n".join(lines))
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": module.stem,
        "PYTHONPATH": str(tmp_path),
        "AWS_ACCESS_KEY_ID": "tests",
        "AWS_SECRET_ACCESS_KEY": "tests",
    }
    command = [sys.executable, "-m", "django_static.cdn", str(path)]
    bucket.breaks(("PUT", "silence!"))
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        deadline = time.monotonic() + 60
        while not any(method == "PUT" for method, _ in bucket.server.seen):
            assert time.monotonic() < deadline
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        assert process.wait(60) == -signal.SIGKILL
        assert process.stdout.read() == b""
    assert bucket.keys() == []
    assert not list((cdn_site.media / ".django-static").glob("cdn-*.json"))
    bucket.breaks()
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=100, check=False)
    assert (done.stdout, done.stderr) == (f"{bucket.base}/img/a.1500000005.png\n", "")
    assert bucket.get("img/a.1500000005.png")[2] == PNG * 4000
