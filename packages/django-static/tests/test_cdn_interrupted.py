"""Ctrl-C while a store, or what asks for URLs, does not answer: the end comes at once, and nothing is lost."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from static_test_cdn_project import SECONDS

from django_static.output import locked

pytestmark = pytest.mark.timeout(400)
#: Two are promised, on a machine that has nothing else to do. What is waited for meanwhile takes 20 at least.
SOON = 10
THREADS = 4


class Mute:
    """Takes connections, and never answers."""

    def __init__(self, listening: socket.socket) -> None:
        self.base = f"http://127.0.0.1:{listening.getsockname()[1]}"
        self.taken: list[socket.socket] = []
        self._listening = listening

    def serve(self) -> None:
        while True:
            try:
                self.taken.append(self._listening.accept()[0])
            except OSError:
                return


@pytest.fixture
def mute() -> Iterator[Mute]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        made = Mute(listening)
        thread = threading.Thread(target=made.serve, daemon=True)
        thread.start()
        yield made
        listening.shutdown(socket.SHUT_RDWR)
    thread.join(30)
    for each in made.taken:
        each.close()


def until(is_so, process) -> None:
    deadline = time.monotonic() + SECONDS
    while not is_so():
        assert process.poll() is None, process.communicate(timeout=SECONDS)
        assert time.monotonic() < deadline
        time.sleep(0.01)


@contextmanager
def interrupted(process, is_so, signals: int = 1) -> Iterator[list[str]]:
    """Have a process interrupted when that is so; what it says on its way out."""
    said: list[str] = []
    with process:
        until(is_so, process)
        begun = time.monotonic()
        for _ in range(signals):
            process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=SECONDS)
        took = time.monotonic() - begun
    said += errors.splitlines()
    assert took < SOON
    assert process.returncode == 130, errors
    assert output == ""
    yield said


def asked(bucket, method: str) -> int:
    return sum(each == method for each, _ in bucket.server.seen)


@pytest.mark.parametrize("signals", [1, 2])
@pytest.mark.parametrize("sent", [0, 7])
def test_while_uploads_hang(cdn_project, bucket, sent, signals):
    bucket.breaks(*[("PUT", "")] * sent, ("PUT", "silence!"))
    process = cdn_project.start("staticpublish", "--wait", "0")

    def hangs() -> bool:
        return len(bucket.puts()) == sent and asked(bucket, "PUT") == sent + THREADS

    with interrupted(process, hangs, signals) as said:
        assert len(said) == 1, said
        if signals == 1:
            assert said[0] == (
                f"CommandError: interrupted: {sent} of 12 files are on the CDN, {sent} of them sent now, {12 - sent} still "
                "to be brought there; another run goes on from there"
            )
    there = cdn_project.there()
    assert len(there) == sent
    assert (cdn_project.records().keys() if sent else set()) == there.keys()
    assert not list(cdn_project.media.rglob("*.tmp"))
    bucket.breaks()
    bucket.server.released.set()
    assert cdn_project.do("staticpublish", "--wait", "0").startswith(f"12 files: {12 - sent} sent")
    assert cdn_project.there() == cdn_project.wanted


@pytest.mark.parametrize("method", ["HEAD", "GET"])
def test_while_the_store_does_not_say_what_it_has(cdn_project, bucket, method):
    """A listing is made by the main thread, when all has been sent."""
    if method == "GET":
        cdn_project.do("staticpublish", "--wait", "0")
    requests = asked(bucket, method)
    bucket.breaks((method, "silence!"))
    process = cdn_project.start("staticpublish", "--wait", "0")
    with interrupted(process, lambda: asked(bucket, method) > requests) as said:
        number = 12 if method == "GET" else 0
        assert len(said) == 1
        assert f"interrupted: {number} of 12 files are on the CDN, 0 of them sent now" in said[0]


def test_while_an_endpoint_takes_connections_and_never_answers(cdn_project, mute):
    cdn_project.set(DJANGO_STATIC_CDN_ENDPOINT=mute.base)
    process = cdn_project.start("staticpublish", "--wait", "0")
    with interrupted(process, lambda: len(mute.taken) >= THREADS) as said:
        assert len(said) == 1
        assert "interrupted: 0 of 12 files are on the CDN" in said[0]


def test_while_urls_do_not_answer(cdn_project, bucket, mute):
    cdn_project.set(DJANGO_STATIC_CDN_DOMAIN=mute.base, DJANGO_STATIC_CDN_WAIT_SECONDS=3600)
    process = cdn_project.start("staticpublish", "--wait", "60")
    with interrupted(process, lambda: len(mute.taken) >= THREADS) as said:
        assert len(said) == 1
        assert re.search(r"interrupted: 12 of 12 files are on the CDN, 12 of them sent now, 0 still", said[0])
    assert cdn_project.records().keys() == cdn_project.there().keys() == cdn_project.wanted.keys()


def test_while_a_storage_with_threads_of_its_own_hangs(cdn_project, bucket):
    """Those are joined when an interpreter ends."""
    pytest.importorskip("storages", reason="django-storages is not installed: pip install django-storages")
    options = {
        "bucket_name": bucket.name,
        "endpoint_url": bucket.endpoint,
        "querystring_auth": False,
        "object_parameters": {"CacheControl": "max-age=1"},
        "region_name": "us-east-1",
    }
    storages = {"cdn": {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": options}}
    cdn_project.set(DJANGO_STATIC_CDN_REGION="", DJANGO_STATIC_CDN_ENDPOINT="")
    cdn_project.set(DJANGO_STATIC_CDN_BUCKET="", DJANGO_STATIC_CDN_STORAGE="cdn", STORAGES=storages)
    bucket.breaks(("PUT", "silence!"))
    process = cdn_project.start("staticpublish", "--wait", "0")
    with interrupted(process, lambda: asked(bucket, "PUT") == THREADS) as said:
        assert len(said) == 1, said
        assert "interrupted: 0 of 12 files are on the CDN" in said[0]


def test_while_another_process_keeps_the_records(cdn_project, bucket):
    """What could not be written down is said; the store is asked next time."""
    cdn_project.do("staticpublish", "--wait", "0")
    for key in cdn_project.there():
        bucket.remove(key)
    bucket.breaks(("PUT", "silence!"))
    puts = asked(bucket, "PUT")
    with locked(cdn_project.record.with_suffix(".lock"), 60):
        process = cdn_project.start("staticpublish", "--verify", "--wait", "0")
        with interrupted(process, lambda: asked(bucket, "PUT") == puts + THREADS) as said:
            assert len(said) == 1
            assert said[0].endswith("another process keeps the records locked")
    bucket.breaks()
    bucket.server.released.set()
    assert cdn_project.do("staticpublish", "--verify", "--wait", "0").startswith("12 files: 12 sent")


def test_while_one_file_is_sent_by_hand(cdn_project, bucket):
    bucket.breaks(("PUT", "silence!"))
    process = cdn_project.run("-m", "django_static.cdn", "media/p0.png", "--as", "p0.png")
    with interrupted(process, lambda: asked(bucket, "PUT") == 1) as said:
        assert said == ["interrupted"]


def test_the_program_for_one_file_while_django_is_set_up(tmp_path):
    (tmp_path / "a.png").write_bytes(b"\x89PNG")
    (tmp_path / "slow_settings.py").write_text(
        "import pathlib, time\npathlib.Path('begun').touch()\ntime.sleep(600)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-m", "django_static.cdn", "a.png"],
        cwd=tmp_path,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "slow_settings"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with interrupted(process, (tmp_path / "begun").exists) as said:
        assert said == ["interrupted"]
