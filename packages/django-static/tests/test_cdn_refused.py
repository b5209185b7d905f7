"""A store that refuses some files takes all others at once; one that refuses all of them is left in peace."""

from __future__ import annotations

import pytest
import static_test_cdn_storages as storages_of_tests

from django_static.cdn.pages import LOOK_SECONDS, TRUST_SECONDS, Proxy
from django_static.cdn.rests import REFUSALS, RETRY_SECONDS, Rests
from django_static.cdn.stores import store_of
from django_static.conf import conf

COUNT = 30


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0
        self.gone: set[str] = set()

    def goes_on(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def make(cdn_site, bucket, clock, tmp_path):
    """A process of the site, and the files its page names."""
    cdn_site.settings.DJANGO_STATIC_CDN_ATTEMPTS = 1
    files = {f"/p{number}.png": cdn_site.write(f"p{number}.png", f"{number}") for number in range(COUNT)}

    def made(**values: object) -> tuple[Proxy, dict[str, str]]:
        options = conf.cdn
        for name, value in values.items():
            object.__setattr__(options, name, value)
        proxy = Proxy(
            options,
            store_of(options),
            tmp_path / "state",
            probe=lambda url: url not in clock.gone,
            gone=lambda url: url in clock.gone,
            clock=lambda: clock.now,
            wall_clock=lambda: clock.now,
        )
        return proxy, {uri: str(path) for uri, path in files.items()}

    return made


@pytest.fixture
def storage(cdn_site, tmp_path):
    cdn_site.settings.DJANGO_STATIC_CDN_BUCKET = ""
    cdn_site.settings.DJANGO_STATIC_CDN_STORAGE = "cdn"
    cdn_site.settings.STORAGES = {
        "cdn": {
            "BACKEND": "static_test_cdn_storages.Refusing",
            "OPTIONS": {"location": str(tmp_path / "cdn"), "base_url": "https://cdn.example.com/"},
        }
    }
    storages_of_tests.refused.clear()
    yield storages_of_tests.refused
    storages_of_tests.refused.clear()


def settled(proxy: Proxy) -> None:
    assert proxy.background.wait(60)
    assert proxy._probes.wait(60)


def first_page(proxy: Proxy, files: dict[str, str]) -> None:
    for uri, path in files.items():
        proxy(uri, path)
    settled(proxy)


def local(proxy: Proxy, files: dict[str, str]) -> list[str]:
    """What a page prints the local URL of when all that it has begun is done."""
    for uri in files:
        proxy(uri)
    settled(proxy)
    return [uri for uri in files if proxy(uri) == uri]


@pytest.mark.parametrize("threads", [1, 4])
@pytest.mark.parametrize("number", [0, COUNT // 2, COUNT - 1])
def test_one_file_that_is_refused_keeps_no_other_waiting(make, bucket, clock, warned, threads, number):
    proxy, files = make(threads=threads)
    bucket.breaks((f"PUT p{number}.", "403!"))
    first_page(proxy, files)
    assert local(proxy, files) == [f"/p{number}.png"]
    for _ in range(4):
        clock.goes_on(RETRY_SECONDS + 1)
        assert local(proxy, files) == [f"/p{number}.png"]
    (warning,) = warned()
    assert f"storing p{number}.png" in warning
    bucket.breaks()
    clock.goes_on(RETRY_SECONDS + 1)
    assert local(proxy, files) == []


@pytest.mark.parametrize("number", [0, COUNT - 1])
def test_one_file_that_a_storage_refuses(make, storage, clock, warned, number):
    """Its reason is another one each time."""
    storage.append(f"p{number}.")
    proxy, files = make(base="")
    first_page(proxy, files)
    assert local(proxy, files) == [f"/p{number}.png"]
    for _ in range(4):
        clock.goes_on(RETRY_SECONDS + 1)
        assert local(proxy, files) == [f"/p{number}.png"]
    (warning,) = warned()
    assert "not this one" in warning


@pytest.mark.parametrize("threads", [1, 4])
def test_many_that_are_refused_first_keep_the_others_waiting_for_some_minutes(
    make, bucket, clock, warned, threads
):
    """As long as none has been taken nobody knows that it is not all of them."""
    proxy, files = make(threads=threads)
    bucket.breaks(*[(f"PUT p{number}.", "403!") for number in range(10)])
    first_page(proxy, files)
    for _ in range(10):
        clock.goes_on(RETRY_SECONDS + 1)
        local(proxy, files)
    assert local(proxy, files) == [f"/p{number}.png" for number in range(10)]
    # Each once, and no other.
    said = [next(part for part in each.split() if part.endswith(".png")) for each in warned()]
    assert sorted(said) == sorted(f"p{number}.png" for number in range(10))
    bucket.breaks()
    clock.goes_on(RETRY_SECONDS + 1)
    assert local(proxy, files) == []


@pytest.mark.parametrize("fault", ["403!", "500!"])
@pytest.mark.parametrize("threads", [1, 4])
def test_a_store_that_refuses_all_is_left_in_peace(make, bucket, clock, warned, threads, fault):
    proxy, files = make(threads=threads)
    bucket.breaks(("PUT", fault))
    first_page(proxy, files)
    for minutes in range(5):
        # Of each thread one more may be under way.
        tried = sum(method == "PUT" for method, _ in bucket.server.seen)
        assert tried <= max(threads, REFUSALS) * (minutes + 1) + threads * (minutes + 1)
        clock.goes_on(RETRY_SECONDS / 2)
        assert len(local(proxy, files)) == COUNT
        assert sum(method == "PUT" for method, _ in bucket.server.seen) == tried
        clock.goes_on(RETRY_SECONDS / 2)
        assert len(local(proxy, files)) == COUNT
    assert len(warned()) == 1
    bucket.breaks()
    clock.goes_on(RETRY_SECONDS)
    local(proxy, files)
    clock.goes_on(RETRY_SECONDS)
    assert local(proxy, files) == []
    assert len(warned()) == 1
    # When it is so again that is said again.
    bucket.breaks(("PUT", fault))
    path = files["/p0.png"]
    first_page(proxy, {"/q0.png": path})
    assert len(warned()) == 2


def test_an_error_that_nobody_foresaw_is_one_of_its_file(make, monkeypatch, caplog):
    proxy, files = make()
    publish = proxy.publisher.publish

    def fails(key, path, **options):
        if key == "p0.png":
            raise ZeroDivisionError
        return publish(key, path, **options)

    monkeypatch.setattr(proxy.publisher, "publish", fails)
    first_page(proxy, files)
    assert local(proxy, files) == ["/p0.png"]


def test_what_is_gone_and_refused_ends_no_look_at_the_others(make, bucket, clock, warned):
    proxy, files = make(wait_seconds=60.0)
    first_page(proxy, files)
    local(proxy, files)
    assert local(proxy, files) == []
    bucket.breaks(("PUT p0.", "403!"))
    for number in (0, 1, 2):
        bucket.remove(f"p{number}.png")
        clock.gone.add(f"{bucket.base}/p{number}.png")
    clock.goes_on(TRUST_SECONDS + LOOK_SECONDS)
    local(proxy, files)
    clock.gone.clear()
    clock.goes_on(60)
    local(proxy, files)
    assert local(proxy, files) == ["/p0.png"]
    assert bucket.get("p1.png")[0] == bucket.get("p2.png")[0] == 200


def test_what_was_refused_lets_those_go_first_that_were_not_tried():
    now = [0.0]
    rests = Rests(lambda: now[0], refusals=2)
    for uri in ("a", "b"):
        assert not rests.begin(uri, is_general=True)
    assert rests.is_for_all()
    rests.put_off("c")
    now[0] += RETRY_SECONDS
    assert not rests.is_for_all()
    assert [rests.is_over(uri) for uri in "abc"] == [False, False, True]
    assert [rests.is_over(uri) for uri in "abc"] == [True, True, False]


def test_what_no_page_asks_for_any_more_keeps_no_other_back():
    now = [0.0]
    rests = Rests(lambda: now[0], refusals=1)
    rests.begin("a", is_general=True)
    rests.put_off("b")
    now[0] += RETRY_SECONDS
    assert not rests.is_over("a")
    now[0] += RETRY_SECONDS
    assert rests.is_over("a")


def test_what_is_refused_while_others_are_taken_says_nothing_of_them():
    now = [0.0]
    rests = Rests(lambda: now[0], refusals=2)
    for uri in ("a", "b", "c"):
        assert not rests.begin(uri, is_general=True)
    rests.done("d", is_taken=True)
    now[0] += RETRY_SECONDS
    for uri in ("a", "b", "c"):
        assert rests.begin(uri, is_general=True)
    assert not rests.is_for_all()
    # Once it has been taken it is one like any other.
    rests.done("a", is_taken=True)
    assert not rests.begin("a", is_general=True)
