"""Files that vanish from the CDN after their URLs have answered: pages find out off the request, and heal."""

from __future__ import annotations

from dataclasses import replace

import pytest

from django_static.cdn.answering import CannotTell, is_gone
from django_static.cdn.pages import LOOK_SECONDS, TRUST_SECONDS, Proxy
from django_static.cdn.publication import Publication
from django_static.cdn.rests import RETRY_SECONDS
from django_static.cdn.state import Entry, State
from django_static.cdn.stores import store_of
from django_static.conf import conf

DAY = 86_400


class Web:
    """What a browser would meet, and two clocks."""

    def __init__(self) -> None:
        self.gone: set[str] = set()
        self.asked: list[str] = []
        self.now, self.wall = 1000.0, 1_800_000_000.0
        self.is_cut = False

    def answers(self, url: str) -> bool:
        return url not in self.gone

    def is_gone(self, url: str) -> bool:
        self.asked.append(url)
        if self.is_cut:
            raise CannotTell(url)
        return url in self.gone

    def goes_on(self, seconds: float) -> None:
        self.now += seconds
        self.wall += seconds


@pytest.fixture
def web():
    return Web()


@pytest.fixture
def make(cdn_site, bucket, web, tmp_path):
    """A process of the site."""
    cdn_site.settings.DJANGO_STATIC_CDN_WAIT_SECONDS = 60

    def made(**values: object) -> Proxy:
        options = conf.cdn
        for name, value in values.items():
            object.__setattr__(options, name, value)
        return Proxy(
            options,
            store_of(options),
            tmp_path / "state",
            probe=web.answers,
            gone=web.is_gone,
            clock=lambda: web.now,
            wall_clock=lambda: web.wall,
        )

    return made


def settled(proxy: Proxy) -> None:
    assert proxy.background.wait(60)
    assert proxy._probes.wait(60)


def shown(proxy: Proxy, uri: str, path: object = None) -> str:
    """What a page prints when all that earlier ones have begun is done."""
    proxy(uri, None if path is None else str(path))
    settled(proxy)
    proxy(uri)
    settled(proxy)
    return proxy(uri)


@pytest.fixture
def picture(cdn_site):
    return cdn_site.write("a.1500000005.png", b"\x89PNG")


URI = "/a.1500000005.png"


def test_what_is_gone_is_stored_again_and_named_when_it_answers(make, web, bucket, picture, warned):
    proxy = make()
    url = f"{bucket.base}{URI}"
    assert shown(proxy, URI, picture) == url
    bucket._straight(f"{bucket.name}{URI}", "DELETE")
    web.gone.add(url)
    web.goes_on(TRUST_SECONDS - 1)
    assert shown(proxy, URI) == url
    assert web.asked == []  # it is believed for a day
    web.goes_on(LOOK_SECONDS)
    assert shown(proxy, URI) == URI
    assert web.asked == [url]
    assert bucket.get(URI[1:])[0] == 200
    assert [f"{url} is gone" in each for each in warned()] == [True]
    web.gone.clear()
    web.goes_on(60)
    assert shown(proxy, URI) == url
    web.goes_on(TRUST_SECONDS + LOOK_SECONDS)
    assert shown(proxy, URI) == url


def test_what_the_store_has_is_not_sent_again_and_not_named_either(make, web, bucket, picture):
    proxy = make()
    url = f"{bucket.base}{URI}"
    assert shown(proxy, URI, picture) == url
    web.gone.add(url)
    web.goes_on(DAY + LOOK_SECONDS)
    assert shown(proxy, URI) == URI
    assert bucket.puts() == [URI[1:]]
    # After a restart, too.
    assert shown(make(), URI, picture) == URI
    web.gone.clear()
    web.goes_on(60)
    assert shown(proxy, URI) == url


def test_what_cannot_be_sent_again_is_named_on_the_site(make, web, bucket, picture):
    proxy = make()
    url = f"{bucket.base}{URI}"
    assert shown(proxy, URI, picture) == url
    picture.unlink()
    web.gone.add(url)
    web.goes_on(DAY + LOOK_SECONDS)
    assert shown(proxy, URI) == URI


def test_several_processes_ask_once_a_day(make, web, bucket, picture):
    first = make()
    url = f"{bucket.base}{URI}"
    assert shown(first, URI, picture) == url
    others = [make(), make()]
    for each in others:
        assert shown(each, URI, picture) == url
    web.goes_on(DAY + LOOK_SECONDS)
    for each in [first, *others]:
        assert shown(each, URI) == url
    assert web.asked == [url]


def test_a_machine_without_a_network_changes_nothing(make, web, bucket, picture):
    proxy = make()
    assert shown(proxy, URI, picture) == f"{bucket.base}{URI}"
    web.is_cut = True
    web.goes_on(DAY + LOOK_SECONDS)
    assert shown(proxy, URI) == f"{bucket.base}{URI}"
    assert len(web.asked) == 1


@pytest.mark.parametrize("values", [{"probe": False}, {"wait_seconds": 0.0}])
def test_where_nobody_is_to_be_asked_nobody_is(make, web, picture, values):
    proxy = make(**values)
    shown(proxy, URI, picture)
    web.goes_on(30 * DAY)
    shown(proxy, URI)
    assert web.asked == []


@pytest.mark.parametrize(
    ("fault", "gone"),
    [("404!", True), ("403!", True), ("500!", False), ("301!", False), ("website!", False)],
)
def test_what_counts_as_gone(bucket, fault, gone):
    bucket.breaks(("HEAD", fault))
    assert is_gone(f"{bucket.base}/a.png") == gone


@pytest.fixture
def lost(make, web, bucket, picture):
    """A process whose picture has gone from the bucket, and cannot be sent again so far; its URL."""
    proxy = make(attempts=1)
    url = f"{bucket.base}{URI}"
    assert shown(proxy, URI, picture) == url

    def lose() -> None:
        bucket._straight(f"{bucket.name}{URI}", "DELETE")
        web.gone.add(url)
        bucket.breaks(("PUT", "500!"))
        web.goes_on(DAY + LOOK_SECONDS)

    return proxy, url, lose


def test_what_cannot_be_sent_again_now_is_tried_until_it_is(lost, make, web, bucket, picture):
    proxy, url, lose = lost
    lose()
    assert shown(proxy, URI) == URI
    web.goes_on(RETRY_SECONDS + 1)
    assert shown(proxy, URI) == URI
    assert shown(make(attempts=1), URI, picture) == URI  # nor after a restart
    bucket.breaks()
    web.goes_on(RETRY_SECONDS + 1)
    shown(proxy, URI)
    assert bucket.get(URI[1:])[0] == 200
    web.gone.clear()
    web.goes_on(60)
    assert shown(proxy, URI) == url


@pytest.mark.parametrize("is_sent_again", [False, True])
def test_what_another_process_has_found_gone_is_not_named_for_long(
    lost, make, web, bucket, picture, is_sent_again
):
    proxy, url, lose = lost
    other = make(attempts=1)
    assert shown(other, URI, picture) == url
    lose()
    if is_sent_again:  # and does not answer yet
        bucket.breaks()
    assert shown(proxy, URI) == URI
    web.asked.clear()
    assert shown(other, URI) == URI
    web.goes_on(LOOK_SECONDS)
    assert shown(other, URI) == URI
    bucket.breaks()
    web.gone.clear()
    web.goes_on(RETRY_SECONDS + 1)
    assert shown(other, URI) == url
    assert bucket.get(URI[1:])[0] == 200


def test_what_is_no_longer_written_down_is_asked_for(make, web, bucket, picture, tmp_path):
    proxy = make()
    url = f"{bucket.base}{URI}"
    assert shown(proxy, URI, picture) == url
    other = make()
    other.state.note(URI[1:], None)  # a version that was removed, its days having gone
    other.state.flush()
    bucket._straight(f"{bucket.name}{URI}", "DELETE")
    web.gone.add(url)
    web.goes_on(LOOK_SECONDS)
    assert shown(proxy, URI) == URI
    assert bucket.get(URI[1:])[0] == 200


SHEET = "/a.1500000006.css"


@pytest.fixture(params=["picture", "sheet", "picture that is waited for"])
def doubted(request, cdn_site, make, web, bucket, picture):
    """What makes a process that names a file, its URL on the site, and its original."""
    uri, path = URI, picture
    if request.param == "sheet":
        uri, path = SHEET, cdn_site.write(SHEET[1:], f"a{{background:url({URI[1:]})}}")
    if request.param == "picture that is waited for":
        web.gone.add(f"{bucket.base}{uri}")
    return uri, path


@pytest.mark.parametrize("values", [{}, {"probe": False}, {"wait_seconds": 0.0}])
def test_what_a_run_has_found_wrong_is_named_no_more_though_it_answers(make, web, bucket, doubted, values):
    uri, path = doubted
    url = f"{bucket.base}{uri}"
    values = {"types": ("css", "png"), "attempts": 1, **values}
    proxies = [make(**values), make(**values)]
    for each in proxies:
        shown(each, uri, path)
    if web.gone:
        web.gone.clear()
    else:
        web.goes_on(60)
        assert [shown(each, uri) for each in proxies] == [url, url]
    right = bucket.get(URI[1:])[2]
    bucket.remove(URI[1:])
    bucket.put(URI[1:], b"another file's bytes")
    wanted = {URI[1:]: path.parent / URI[1:], uri[1:]: path}
    run = make(**values)
    publication = Publication(run._store, run.state, run._options)
    assert publication.run(wanted, verify=True).failed.keys() == wanted.keys()
    web.goes_on(LOOK_SECONDS)
    assert [shown(each, uri) for each in proxies] == [uri, uri]
    web.goes_on(RETRY_SECONDS + 1)
    assert [shown(each, uri) for each in proxies] == [uri, uri]
    assert web.asked == []
    bucket.remove(URI[1:])
    assert not publication.run(wanted, verify=True).failed
    assert bucket.get(URI[1:])[2] == right
    web.goes_on(RETRY_SECONDS + 1)
    [shown(each, uri) for each in proxies]
    web.goes_on(60)
    assert [shown(each, uri) for each in proxies] == [url, url]


def test_a_doubt_counts_where_the_store_is_mute(lost, make, web, bucket, picture):
    proxy, url, _ = lost
    other = make()
    other.state.doubt(URI[1:])
    other.state.flush()
    bucket.breaks(*[("HEAD", "500!")])
    web.goes_on(LOOK_SECONDS)
    assert shown(proxy, URI) == URI
    bucket.breaks()
    web.goes_on(RETRY_SECONDS + 1)
    assert shown(proxy, URI) == url


def test_what_could_not_be_asked_for_is_asked_at_the_next_look(make, web, bucket, picture):
    proxy = make()
    assert shown(proxy, URI, picture) == f"{bucket.base}{URI}"
    web.is_cut = True
    web.goes_on(DAY + LOOK_SECONDS)
    shown(proxy, URI)
    web.is_cut = False
    web.gone.add(f"{bucket.base}{URI}")
    web.goes_on(LOOK_SECONDS)
    assert shown(proxy, URI) == URI


def test_what_two_processes_find_out_of_a_file_is_both_written_down(make, picture):
    shown(make(), URI, picture)
    first, second = make().state, make().state
    first.doubt(URI[1:])
    first.flush()
    second.change(URI[1:], asked=5.0)
    second.flush()
    entry = make().state.get(URI[1:])
    assert (entry.doubted, entry.asked) == (True, 5.0)


#: What the second process does while what the first one has noted is not written down yet; what is then to be read.
MEANWHILE = {
    "a doubt": (lambda state: state.doubt("a.png"), {"doubted": True, "answers": False}),
    "sent by hand": (lambda state: state.change("a.png", by_hand=True), {"by_hand": True}),
    "it has answered": (lambda state: state.answers("a.png", 7.0), {"answers": True, "asked": 7.0}),
    "its URL": (lambda state: state.named("a.png", "https://x/a.png", 7.0), {"url": "https://x/a.png"}),
    "another took its place": (lambda state: state.change("a.png", replaced=7.0), {"replaced": 7.0}),
    "it is gone": (lambda state: state.note("a.png", None), {"mtime_ns": 2, "digest": "1"}),
}


@pytest.mark.parametrize("is_known", [True, False])
@pytest.mark.parametrize(("act", "expected"), MEANWHILE.values(), ids=MEANWHILE)
def test_what_is_noted_takes_nothing_back_that_others_have_found_out(tmp_path, act, expected, is_known):
    """A run notes what it finds, and writes it down fifty files later."""
    entry = Entry("1", 4, 1, 1.0, sent=True)
    if is_known:
        before = State(tmp_path, "x")
        before.note("a.png", entry)
        before.flush()
    first, second = State(tmp_path, "x"), State(tmp_path, "x")
    first.note("a.png", replace(entry, mtime_ns=2))
    if not is_known:
        second.note("a.png", entry)
    act(second)
    second.flush()
    first.flush()
    found = State(tmp_path, "x").get("a.png")
    assert {name: getattr(found, name) for name in expected} == expected
    assert (found.mtime_ns, found.sent) == (2, True)
    assert first.get("a.png") == found


def test_what_is_noted_again_is_all_written_down(tmp_path):
    """Nothing of what was there before it was gone; and what was seen to be right is doubted no more."""
    one = State(tmp_path, "x")
    one.note("a.png", Entry("1", 4, 1, 1.0, replaced=5.0, doubted=True, by_hand=True))
    one.note("b.png", Entry("1", 4, 1, 1.0, replaced=5.0, doubted=True, by_hand=True))
    one.flush()
    one.note("a.png", None)
    fresh = Entry("2", 5, 6, 7.0)
    one.note("a.png", fresh)
    one.note("b.png", replace(one.get("b.png"), doubted=False, replaced=0.0))
    one.flush()
    assert State(tmp_path, "x").get("a.png") == fresh
    assert State(tmp_path, "x").get("b.png") == Entry("1", 4, 1, 1.0, by_hand=True)


def test_what_a_killed_process_has_left_of_the_records_is_removed(tmp_path):
    state = State(tmp_path, "x")
    left = tmp_path / f"{state.path.name}-12-34.tmp"
    others = [tmp_path / "cdn-12345678.json-12-34.tmp", tmp_path / f"{state.path.name}-notes.tmp"]
    for path in (left, *others):
        path.write_text("{")
    state.note("a.png", Entry("1", 4, 1, 1.0))
    state.flush()
    assert not left.exists()
    assert all(path.exists() for path in others)
    assert State(tmp_path, "x").get("a.png") is not None
