"""A store that refuses some files takes all others at once; one that refuses all of them is left in peace."""

from __future__ import annotations

import pytest
import static_test_cdn_storages as storages_of_tests

from django_static.cdn.complaints import AGAIN_SECONDS, MOST
from django_static.cdn.pages import LOOK_SECONDS, TRUST_SECONDS, Proxy
from django_static.cdn.patience import DENIALS, REFUSALS, Patience
from django_static.cdn.rests import RETRY_SECONDS, Rests
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


def puts(bucket, begin: str = "") -> int:
    return sum(method == "PUT" and begin in path for method, path in bucket.server.seen)


@pytest.fixture
def folders(cdn_site):
    """Write files, given the names of folders and how many there are in each."""

    def written(**counts: int) -> dict[str, str]:
        return {
            f"/{folder}/{number}.png": str(cdn_site.write(f"{folder}/{number}.png", f"{folder}{number}"))
            for folder, count in counts.items()
            for number in range(count)
        }

    return written


@pytest.mark.parametrize("fault", ["403!", "500!"])
@pytest.mark.parametrize("threads", [1, 4])
def test_a_folder_that_is_refused_first_keeps_no_other_waiting(
    make, folders, bucket, clock, warned, threads, fault
):
    """Nor is it asked for more than a few, or warned of for each."""
    proxy, _ = make(threads=threads)
    files = folders(denied=40, good=5, more=5)
    bucket.breaks(("PUT denied/", fault))
    first_page(proxy, files)
    assert local(proxy, files) == [uri for uri in files if uri.startswith("/denied/")]
    assert puts(bucket, "/denied/") <= max(threads, DENIALS) + threads
    for _ in range(8):
        clock.goes_on(RETRY_SECONDS)
        assert len(local(proxy, files)) == 40
    before = puts(bucket, "/denied/")
    for _ in range(8):
        clock.goes_on(RETRY_SECONDS)
        assert len(local(proxy, files)) == 40
    assert puts(bucket, "/denied/") - before <= 8 * (max(threads, REFUSALS) + threads)
    (warning,) = warned()
    assert "denied/" in warning
    bucket.breaks()
    for _ in range(12):
        clock.goes_on(RETRY_SECONDS)
        local(proxy, files)
        local(proxy, files)
        if not local(proxy, files):
            break
    assert local(proxy, files) == []
    assert len(warned()) == 1


@pytest.mark.parametrize("threads", [1, 4])
@pytest.mark.parametrize("is_flat", [False, True])
def test_many_that_are_denied_before_others_of_their_folder(
    make, folders, bucket, clock, warned, threads, is_flat
):
    """A policy may go by anything; nor may so many folders say what the next one meets with."""
    proxy, _ = make(threads=threads)
    if is_flat:
        files = folders(many=45)
        denied = [f"many/{number}." for number in range(40)]
    else:
        files = folders(**{f"d{number:02}": 1 for number in range(40)}, g=5)
        denied = [f"d{number:02}/" for number in range(40)]
    bucket.breaks(*[(f"PUT {each}", "403!") for each in denied])
    first_page(proxy, files)
    for _ in range(2):
        clock.goes_on(RETRY_SECONDS)
        local(proxy, files)
        local(proxy, files)
    assert len(local(proxy, files)) == 40
    clock.goes_on(RETRY_SECONDS)
    assert len(local(proxy, files)) == 40
    assert 1 <= len(warned()) <= (1 if is_flat else MOST)


@pytest.mark.parametrize("threads", [1, 4])
def test_a_store_that_is_not_there_is_asked_for_few_of_many_folders(
    make, folders, bucket, clock, warned, threads
):
    proxy, _ = make(threads=threads)
    files = folders(a=10, b=10, c=10)
    bucket.breaks(("*", "500!"))
    first_page(proxy, files)
    limit = max(threads, REFUSALS)
    # As many again may be under way, and of each other folder one.
    assert len(bucket.server.seen) <= limit + threads + 2
    for _ in range(5):
        before = len(bucket.server.seen)
        clock.goes_on(RETRY_SECONDS)
        assert len(local(proxy, files)) == 30
        assert 1 <= len(bucket.server.seen) - before <= limit
    assert len(warned()) == 1
    bucket.breaks()
    clock.goes_on(RETRY_SECONDS)
    for _ in range(3):
        left = local(proxy, files)
    assert left == []


def test_what_is_only_denied_while_things_are_bad_is_not_taken_for_a_store_that_is_not_there():
    patience = Patience(2, lambda place: 3)
    for key in ("a/1", "a/2"):
        patience.refused(key)
    patience.presume("b/1")
    assert patience.ended("b/2") == ""
    patience.refused("b/1", is_denied=True)
    assert patience.is_down
    assert patience.ended("c/1") is None
    patience.taken("b/1")
    for key in ("b/1", "b/2"):
        patience.presume(key)
        patience.refused(key, is_denied=True)
    assert not patience.is_down
    assert patience.ended("b/3") is None


def test_what_needs_a_file_of_a_folder_that_is_refused(make, cdn_site, folders, bucket, clock, warned):
    """It is left out as that is; style sheets beside it are sent."""
    proxy, _ = make(types=("*",), threads=1)
    files = folders(img=40)
    for number in range(40):
        for name, text in ((f"n{number}", f"url(../img/{number}.png)"), (f"o{number}", f"x{number}")):
            files[f"/css/{name}.css"] = str(cdn_site.write(f"css/{name}.css", f"a {{ b: {text} }}"))
    bucket.breaks(("PUT img/", "403!"))
    first_page(proxy, files)
    assert puts(bucket, "/img/") <= DENIALS + 1
    assert local(proxy, files) == [uri for uri in files if "/o" not in uri]
    assert len(warned()) == 1


def test_each_of_many_that_are_refused_has_its_turn():
    """Not always those that a page names first."""
    now = [0.0]
    rests = Rests(lambda: now[0], refusals=2)
    uris = [f"/a/{number}" for number in range(20)]
    for uri in uris:
        rests.begin(uri, is_general=True)
    tried: set[str] = set()
    for _ in range(100):
        now[0] += RETRY_SECONDS
        turn = [uri for uri in uris if rests.is_over(uri) and not rests.begin(uri, is_general=True)]
        assert len(turn) <= 2
        tried.update(turn)
    assert tried == set(uris)


def test_a_store_that_takes_a_few_of_what_it_gets_is_one_warning(make, folders, bucket, clock, warned):
    proxy, _ = make(threads=1)
    files = folders(a=50, b=50)
    # Three of four, whatever they are for.
    bucket.breaks(*[("*", "500"), ("*", "500"), ("*", "500"), ("*", "")] * 4000)
    first_page(proxy, files)
    for minute in range(60):
        assert len(warned()) <= 2, minute
        clock.goes_on(RETRY_SECONDS)
        local(proxy, files)
    assert 1 <= len(warned()) <= 2


@pytest.mark.parametrize("fault", ["403!", "500!"])
@pytest.mark.parametrize("threads", [1, 4])
def test_a_store_that_refuses_all_is_left_in_peace(make, bucket, clock, warned, threads, fault):
    proxy, files = make(threads=threads)
    bucket.breaks(("PUT", fault))
    first_page(proxy, files)
    for minutes in range(5):
        # Of each thread one more may be under way. What is only denied is tried once soon.
        tried = puts(bucket)
        assert tried <= max(threads, REFUSALS) * (minutes + 1) + threads * (minutes + 1) + (
            COUNT if fault == "403!" else 0
        )
        clock.goes_on(RETRY_SECONDS / 2)
        assert len(local(proxy, files)) == COUNT
        assert puts(bucket) == tried
        clock.goes_on(RETRY_SECONDS / 2)
        assert len(local(proxy, files)) == COUNT
    assert len(warned()) == 1
    bucket.breaks()
    clock.goes_on(RETRY_SECONDS)
    local(proxy, files)
    clock.goes_on(RETRY_SECONDS)
    assert local(proxy, files) == []
    assert len(warned()) == 1
    # When it is so again that is said again, once it has been over for a while.
    bucket.breaks(("PUT", fault))
    path = files["/p0.png"]
    first_page(proxy, {"/q0.png": path})
    assert len(warned()) == 1
    clock.goes_on(AGAIN_SECONDS)
    local(proxy, {"/q0.png": path})
    assert "again: storing q0.png" in warned()[1]
    clock.goes_on(AGAIN_SECONDS)
    local(proxy, {"/q0.png": path})
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
    assert rests.puts_off("c", "c")
    now[0] += RETRY_SECONDS
    assert [rests.is_over(uri) for uri in "abc"] == [False, False, True]
    assert not rests.puts_off("c", "c")
    now[0] += RETRY_SECONDS
    assert [rests.is_over(uri) for uri in "abc"] == [True, True, False]


def test_what_was_refused_waits_for_others_of_its_folder_only():
    now = [0.0]
    rests = Rests(lambda: now[0], refusals=3)
    for uri in ("/a/1", "/a/2", "/a/0", "/b/1"):
        assert not rests.begin(uri, is_general=True)
    assert not rests.puts_off("/c/1", "/c/1")
    assert rests.puts_off("/a/3", "/a/3")
    now[0] += RETRY_SECONDS
    assert [rests.is_over(uri) for uri in ("/a/1", "/b/1", "/a/3")] == [False, True, True]


def test_what_no_page_asks_for_any_more_keeps_no_other_back():
    now = [0.0]
    rests = Rests(lambda: now[0], refusals=1)
    rests.begin("a", is_general=True)
    now[0] += RETRY_SECONDS / 2
    assert rests.puts_off("b", "b")
    # However long no page comes: the first one may name both.
    now[0] += RETRY_SECONDS * 9
    assert not rests.is_over("a")
    now[0] += RETRY_SECONDS
    assert rests.is_over("a")


def test_what_is_refused_while_others_are_taken_says_nothing_of_them():
    now = [0.0]
    rests = Rests(lambda: now[0], refusals=2)
    for uri in ("/a/1", "/a/2", "/b/1"):
        assert not rests.begin(uri, is_general=True)
    rests.done("/d/1", is_taken=True)
    assert not rests.puts_off("/b/2", "/b/2")
    now[0] += RETRY_SECONDS
    for uri in ("/a/1", "/a/2", "/b/1"):
        assert rests.begin(uri, is_general=True)
    # Once it has been taken it is one like any other.
    rests.done("/a/1", is_taken=True)
    assert not rests.begin("/a/1", is_general=True)
