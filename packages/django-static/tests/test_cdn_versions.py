"""How long an old version stays: from when another took its place, whoever had called what how before."""

from __future__ import annotations

import os

import pytest
from django.core.files.storage import FileSystemStorage

import django_static
from django_static.cdn import proxy
from django_static.cdn.options import Options
from django_static.cdn.publisher import Publisher
from django_static.cdn.state import State
from django_static.cdn.storage_store import StorageStore

PNG = b"\x89PNG"
DAY = 86_400
START = 1_800_000_000.0


class Shelf:
    """A bucket and the machine that publishes to it, on days that a test says."""

    def __init__(self, root) -> None:
        self.root, self.there, self.now = root, root / "there", START
        self.forget()

    def forget(self) -> None:
        """Another machine, or one that starts from nothing for each deployment."""
        for path in self.root.glob("cdn-*.json"):
            path.unlink()
        store = StorageStore(lambda: FileSystemStorage(location=str(self.there)), "cdn")
        options = Options(base="https://cdn.example.com", keep_days=14.0)
        self.state = State(self.root, store.identity)
        self.publisher = Publisher(store, self.state, options, clock=lambda: self.now)

    def page(self, day: float, name: str) -> list[str]:
        """A page names a version, and it is brought there; the versions that are then."""
        self.now = START + day * DAY
        path = self.root / name
        path.write_text(name)
        is_new = not (self.there / name).exists()
        self.publisher.publish(name, path)
        if is_new:
            os.utime(self.there / name, (self.now, self.now))
        self.state.flush()
        return self.left()

    def deploy(self, day: float, name: str) -> list[str]:
        """The same by ``staticpublish``."""
        self.page(day, name)
        self.publisher.sweep([name])
        self.state.flush()
        return self.left()

    def left(self) -> list[str]:
        return sorted(path.name for path in self.there.iterdir())


ONE, TWO, THREE = (f"a.{digit * 12}.png" for digit in "fbd")
NAMES = {
    "by content": (ONE, TWO, THREE),
    "by content, the other way round": (THREE, TWO, ONE),
    "by time": ("a.1500000001.png", "a.1500000002.png", "a.1500000003.png"),
    "by a time that is no certain name": ("a.1.png", "a.2.png", "a.3.png"),
}


@pytest.fixture
def shelf(tmp_path):
    return Shelf(tmp_path)


@pytest.fixture(params=NAMES.values(), ids=NAMES)
def versions(request):
    return request.param


def test_a_version_stays_for_its_days_after_the_next_one(shelf, versions):
    one, two, _ = versions
    shelf.deploy(0, one)
    assert shelf.deploy(100, two) == sorted([one, two])
    assert shelf.deploy(113, two) == sorted([one, two])
    assert shelf.deploy(114, two) == [two]


def test_pages_remove_it_when_they_bring_the_next(shelf, versions):
    one, two, three = versions
    shelf.page(0, one)
    shelf.page(100, two)
    assert shelf.page(113, three) == sorted([one, two, three])
    assert shelf.deploy(114, three) == sorted([two, three])
    assert shelf.deploy(127, three) == [three]


def test_what_was_current_a_moment_ago_stays_when_one_goes_back(shelf, versions):
    one, two, _ = versions
    shelf.deploy(0, one)
    shelf.deploy(10, two)
    assert shelf.deploy(20, one) == sorted([one, two])
    assert shelf.deploy(33, one) == sorted([one, two])
    left = shelf.deploy(34, one)
    # By time the later one is never older than the one that is published again.
    assert left == ([one] if len(one.split(".")[1]) == 12 else [one, two])


def test_what_one_went_back_to_was_current_until_the_next(shelf, versions):
    one, two, three = versions
    shelf.deploy(0, one)
    shelf.deploy(10, two)
    shelf.deploy(20, one)
    assert shelf.deploy(50, three) == sorted([one, three])
    assert shelf.deploy(63, three) == sorted([one, three])
    assert shelf.deploy(64, three) == [three]


def test_pages_that_go_back_make_it_current_again(shelf, versions):
    one, two, three = versions
    shelf.page(0, one)
    shelf.page(10, two)
    assert not shelf.publisher.is_certain(one, shelf.root / one)  # though it is the very file
    shelf.page(20, one)
    assert shelf.publisher.is_certain(one, shelf.root / one)
    # Whether the other is still in use by somebody cannot be told.
    assert shelf.page(50, three) == sorted([one, two, three])
    assert shelf.deploy(64, three) == [three]


@pytest.mark.parametrize("versions", [NAMES["by content"], NAMES["by content, the other way round"]])
def test_where_nothing_is_written_down_the_last_to_come_was_current(shelf, versions):
    one, two, _ = versions
    shelf.deploy(0, one)
    shelf.deploy(30, two)
    shelf.forget()
    assert shelf.deploy(60, one) == sorted([one, two])
    shelf.forget()
    assert shelf.deploy(90, one) == sorted([one, two])


@pytest.mark.parametrize("versions", list(NAMES.values())[:3])
def test_where_nothing_is_written_down_the_next_to_come_replaced_it(shelf, versions):
    one, two, three = versions
    for day, version, left in [
        (0, one, [one]),
        (30, two, [one, two]),
        (40, three, [one, two, three]),
        (44, three, [two, three]),
        (53, three, [two, three]),
        (54, three, [three]),
    ]:
        shelf.forget()
        assert shelf.deploy(day, version) == sorted(left)


def test_two_files_of_one_run_are_no_versions_of_each_other(shelf):
    shelf.publisher._options = Options(base="https://cdn.example.com", keep_days=0)
    for name in (ONE, TWO):
        (shelf.there / name).parent.mkdir(exist_ok=True)
        (shelf.there / name).write_text(name)
    assert shelf.publisher.sweep([ONE, TWO]) == []
    assert shelf.left() == sorted([ONE, TWO])
    assert shelf.publisher.sweep([ONE]) == [TWO]


STRANGERS = [
    "logo.2.png",
    "logo.20261122.png",
    "logo.20261122093000.png",
    "logo.1699999999999.png",
    "logo.202611220930.png",
    "logo.1000000000.gif",
    "logo.png",
    "x-logo.1000000000.png",
]


@pytest.mark.parametrize("fingerprint", ["mtime", "hash"])
def test_files_of_others_stay(cdn_site, bucket, fingerprint):
    cdn_site.settings.DJANGO_STATIC_FINGERPRINT = fingerprint
    cdn_site.settings.DJANGO_STATIC_CDN_KEEP_DAYS = 0
    for name in STRANGERS:
        bucket.put(name, b"theirs")
    for content, mtime in ((PNG, 1500000001), (PNG + b"2", 1500000002)):
        cdn_site.write("logo.png", content, mtime)
        cdn_site.restart()
        proxy.reset()
        first = django_static.staticfile("/logo.png")
        assert proxy.current().background.wait(60)
        assert django_static.staticfile("/logo.png") == f"{bucket.base}{first}"
        assert sorted(bucket.keys()) == sorted([*STRANGERS, first[1:]])
        proxy.current().publisher.sweep([first[1:]])
        assert sorted(bucket.keys()) == sorted([*STRANGERS, first[1:]])


def test_what_was_sent_from_here_is_removed_whatever_it_is_called(cdn_site, bucket):
    cdn_site.settings.DEBUG = True
    cdn_site.settings.DJANGO_STATIC_CDN_KEEP_DAYS = 0
    for mtime in (5, 8):
        cdn_site.write("logo.png", str(mtime), mtime)
        django_static.staticfile("/logo.png")
        assert proxy.current().background.wait(60)
    assert bucket.keys() == ["logo.8.png"]
