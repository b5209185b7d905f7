"""``staticpublish --clean``: what this site has sent and no build names any more goes when its days have gone."""

from __future__ import annotations

import errno
import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

import django_static
from django_static.cdn import proxy
from django_static.cdn.__main__ import main
from django_static.cdn.clearing import Clearing
from django_static.cdn.options import Options
from django_static.cdn.publisher import Publisher
from django_static.cdn.state import Entry, State
from django_static.cdn.store import Stored, StoreError
from django_static.cdn.stores import store_of
from django_static.conf import conf

DAY = 86_400
PNG = b"\x89PNG"
NAMES = ("img/a.png", "img/b.png", "c.gif")


@pytest.fixture
def shop(cdn_site, tmp_path):
    """A site that is built ahead, with the pictures its page names."""
    cdn_site.settings.DJANGO_STATIC_USE_MANIFEST_FILE = True
    cdn_site.settings.DJANGO_STATIC_COMPRESS = []
    cdn_site.settings.DJANGO_STATIC_CDN_KEEP_DAYS = 0
    for name in NAMES:
        cdn_site.write(name, PNG + name.encode(), 1500000005)
    build(cdn_site, *NAMES)
    return cdn_site


def build(site, *names: str) -> None:
    site.settings.DJANGO_STATIC_BUNDLES = {"staticfile": [f"/{name}" for name in names]}
    site.settings.TEMPLATES = []
    call_command("staticbuild", stdout=StringIO(), stderr=StringIO())
    site.restart()
    proxy.reset()


def publish(*arguments: str) -> tuple[str, str]:
    output, errors = StringIO(), StringIO()
    call_command("staticpublish", *arguments, stdout=output, stderr=errors)
    return output.getvalue(), errors.getvalue()


def published(name: str) -> str:
    stem, _, extension = name.rpartition(".")
    return f"{stem}.1500000005.{extension}"


ALL = sorted(map(published, NAMES))


@pytest.mark.parametrize("prefix", ["", "shop/live"])
def test_what_no_build_names_goes_and_nothing_of_others(shop, bucket, prefix):
    shop.settings.DJANGO_STATIC_CDN_PREFIX = prefix
    start = f"{prefix}/" if prefix else ""
    others = ["img/z.1500000005.png", f"{start}img/y.1500000005.png", f"{start}img/a.png"]
    for key in others:
        bucket.put(key)
    publish()
    assert sorted(bucket.keys()) == sorted([*others, *(start + name for name in ALL)])
    build(shop, "img/a.png")
    foreseen = publish("--clean", "--dry-run")[0]
    gone = [f"{start}c.1500000005.gif", f"{start}img/b.1500000005.png"]
    assert [line for line in foreseen.splitlines() if "would be removed: " in line] == [
        f"would be removed: {key}" for key in gone
    ]
    assert foreseen.endswith("; 0 could not; 2 files that no build names any more would be removed\n")
    assert len(bucket.keys()) == len(others) + 3
    output, errors = publish("--clean", "-v2")
    assert [f"removed: {key}" in output for key in gone] == [True, True]
    assert output.endswith("2 files that no build names any more removed\n")
    assert errors == ""
    assert sorted(bucket.keys()) == sorted([*others, f"{start}img/a.1500000005.png"])
    assert "0 files that no build names any more removed" in publish("--clean")[0]


def test_its_days_begin_with_the_first_run_that_does_not_name_it(shop, bucket):
    now = bucket.server
    now.now = 1_800_000_000.0  # the bucket's clock
    shop.settings.DJANGO_STATIC_CDN_KEEP_DAYS = 14
    publish()
    build(shop, "img/a.png")
    assert "0 files that no build" in publish("--clean")[0]
    now.now += 14 * DAY - 900
    assert "0 files that no build" in publish("--clean")[0]
    now.now += 1800
    publish()  # without the option nothing goes
    assert sorted(bucket.keys()) == ALL
    # A build that names it again takes it back.
    build(shop, "img/a.png", "c.gif")
    publish()
    build(shop, "img/a.png")
    assert "1 file that no build" in publish("--clean")[0]
    assert bucket.keys() == ["c.1500000005.gif", "img/a.1500000005.png"]
    assert len(bucket.puts()) == 3


def test_what_was_sent_by_hand_stays(shop, bucket, capsys):
    assert main([str(shop.write("talk.png", PNG)), "--as", "talks/2026/talk.png"]) == 0
    publish()
    build(shop, "img/a.png")
    publish("--clean")
    assert bucket.keys() == ["img/a.1500000005.png", "talks/2026/talk.png"]


def test_what_was_sent_by_hand_and_could_not_be_written_down_is_said(shop, bucket, capsys, monkeypatch):
    def fails(self):
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(State, "flush", fails)
    path = shop.write("talk.png", PNG)
    assert main([str(path), "--as", "talks/2026/talk.png"]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert "cannot be written down" in said.err
    assert "Read-only file system" in said.err
    assert f"{path} is at {bucket.base}/talks/2026/talk.png" in said.err
    assert bucket.keys() == ["talks/2026/talk.png"]


def test_what_another_machine_has_sent_stays_unless_a_prefix_says_whose_it_is(shop, bucket):
    for prefix, left in (("", ALL), ("mine", ["mine/img/a.1500000005.png"])):
        shop.settings.DJANGO_STATIC_CDN_PREFIX = prefix
        build(shop, *NAMES)
        publish()
        for place in (shop.media / ".django-static").glob("cdn-*.json"):
            place.unlink()
        publish()
        build(shop, "img/a.png")
        publish("--clean")
        assert [key for key in sorted(bucket.keys()) if key.startswith("mine/") == bool(prefix)] == left


def test_a_file_that_cannot_be_read_keeps_all(shop, bucket):
    publish()
    build(shop, "img/a.png")
    place = shop.media / "img/a.1500000005.png"
    place.unlink()
    errors = StringIO()
    output = StringIO()
    with pytest.raises(CommandError, match="1 file could not be brought to the CDN"):
        call_command("staticpublish", "--clean", "--dry-run", stdout=output, stderr=errors)
    assert "0 files that no build names any more would be removed" in output.getvalue()
    assert str(place) in errors.getvalue()
    errors = StringIO()
    with pytest.raises(
        CommandError, match="1 file could not be brought to the CDN; pages print its local URL"
    ):
        call_command("staticpublish", "--clean", stdout=StringIO(), stderr=errors)
    assert "nothing that builds no longer name is removed" in errors.getvalue()
    assert sorted(bucket.keys()) == ALL


def test_where_pages_publish_by_themselves_builds_do_not_say_all(shop, bucket):
    publish()
    build(shop, "img/a.png")
    shop.settings.DJANGO_STATIC_USE_MANIFEST_FILE = False
    for arguments in (("--clean",), ("--clean", "--dry-run")):
        with pytest.raises(CommandError, match="DJANGO_STATIC_USE_MANIFEST_FILE"):
            publish(*arguments)
    publish()
    (place,) = (shop.media / ".django-static").glob("cdn-*.json")
    assert [entry["replaced"] for entry in json.loads(place.read_text())["objects"].values()] == [0, 0, 0]
    shop.settings.DJANGO_STATIC_USE_MANIFEST_FILE = True
    shop.settings.DJANGO_STATIC_CDN_KEEP_DAYS = None
    with pytest.raises(CommandError, match="nothing is ever removed"):
        publish("--clean")


def test_a_refusal_is_said_and_the_rest_goes(shop, bucket):
    publish()
    build(shop, "img/a.png")
    shop.settings.DJANGO_STATIC_CDN_ATTEMPTS = 1
    bucket.breaks(("DELETE", "403"))
    said = StringIO()
    with pytest.raises(CommandError, match="1 file that no build names any more could not be removed"):
        call_command("staticpublish", "--clean", stdout=said, stderr=said)
    assert "c.1500000005.gif stays on the CDN: removing c.1500000005.gif" in said.getvalue()
    assert "1 file that no build" in said.getvalue()
    assert "1 file that no build" in publish("--clean")[0]
    assert bucket.keys() == ["img/a.1500000005.png"]


class Shelf:
    """A store that says when a file came."""

    def __init__(self, **dates: float) -> None:
        self.dates = dates

    def list(self, prefix):
        return [Stored(key, date) for key, date in self.dates.items()]

    def delete(self, key):
        del self.dates[key]

    def now(self):
        return None


def test_what_came_again_since_stays_for_its_days(tmp_path):
    """Another machine of the site has gone back to it."""
    now = [1_800_000_000.0]
    state = State(tmp_path, "x")
    shelf = Shelf(a=now[0] - DAY)
    clearing = Clearing(shelf, state, Options(keep_days=14), clock=lambda: now[0])
    state.note("a", Entry("d", 1, 1, 1.0, sent=True))
    clearing.mark({})
    shelf.dates["a"] = now[0] + 10 * DAY
    now[0] += 14 * DAY
    assert clearing.due({}) == ["a"]
    assert clearing.run({}) == ([], {})
    now[0] += 10 * DAY
    assert clearing.run({}) == (["a"], {})
    assert shelf.dates == {}
    assert "a" not in state


def test_the_time_of_a_store_is_told_in_whole_seconds(tmp_path):
    """So the next run may be told less than the run before was: with no days to stay that is no reason to stay."""

    class Told(Shelf):
        told = 1_800_000_000.9

        def now(self):
            return self.told

    shelf = Told(a=1_700_000_000.0)
    state = State(tmp_path, "x")
    state.note("a", Entry("d", 1, 1, 1.0, sent=True))
    Clearing(shelf, state, Options(keep_days=0)).mark({})
    shelf.told -= 0.8
    assert Clearing(shelf, state, Options(keep_days=0)).run({}) == (["a"], {})


def test_what_another_process_goes_back_to_meanwhile_stays(tmp_path):
    class Slow(Shelf):
        def list(self, prefix):
            other = State(tmp_path, "x")
            other.change("a", replaced=0.0)
            other.note("b", None)
            other.flush()
            return super().list(prefix)

    state = State(tmp_path, "x")
    for key in ("a", "b", "c"):
        state.note(key, Entry("d", 1, 1, 1.0, sent=True, replaced=1.0))
    state.flush()
    shelf = Slow(a=0.5, b=0.5, c=0.5)
    assert Clearing(shelf, state, Options(keep_days=0)).run({}) == (["c"], {})
    assert sorted(shelf.dates) == ["a", "b"]


def test_a_store_that_cannot_be_asked_keeps_all(tmp_path):
    class Silent(Shelf):
        def list(self, prefix):
            raise StoreError("no")

    state = State(tmp_path, "x")
    state.note("a", Entry("d", 1, 1, 1.0, sent=True))
    clearing = Clearing(Silent(), state, Options(keep_days=0))
    assert clearing.run({}) == ([], {"a": "no"})
    assert "a" in state


def test_what_another_machine_may_remove_is_asked_for_when_it_is_named_again(shop, bucket):
    """Without a prefix: this machine has found there what the other has sent, and neither names it for a while."""
    publish()
    (records,) = (shop.media / ".django-static").glob("cdn-*.json")
    theirs = records.read_bytes()
    records.unlink()
    publish()  # finds all there
    build(shop, "img/a.png")
    publish("--clean")
    assert sorted(bucket.keys()) == ALL
    ours = records.read_bytes()
    records.write_bytes(theirs)
    publish("--clean")
    assert bucket.keys() == ["img/a.1500000005.png"]
    records.write_bytes(ours)
    entries = json.loads(ours)["objects"]
    assert {key: entry["replaced"] > 0 for key, entry in entries.items()} == {
        key: key != "img/a.1500000005.png" for key in ALL
    }
    build(shop, *NAMES)
    proxy.reset()
    assert django_static.staticfile("/c.gif") == "/c.1500000005.gif"  # not before it is there again
    assert proxy.current().background.wait(60)
    publish()
    assert sorted(bucket.keys()) == ALL


def test_what_a_run_names_again_is_kept_by_one_that_began_before(shop, bucket, monkeypatch):
    publish()
    build(shop, "img/a.png")
    publish()
    (records,) = (shop.media / ".django-static").glob("cdn-*.json")
    identity = store_of(conf.cdn).identity
    earlier = State(records.parent, identity)
    clearing = Clearing(store_of(conf.cdn), earlier, conf.cdn)
    assert sorted(clearing.due({"img/a.1500000005.png"})) == ["c.1500000005.gif", "img/b.1500000005.png"]
    build(shop, *NAMES)
    bring = Publisher.publish
    cleared = []

    def publish_late(self, key, path, **how):
        if not cleared:  # nothing of this run but its beginning is written down
            cleared.append(None)
            cleared.append(clearing.run({"img/a.1500000005.png"}))
        return bring(self, key, path, **how)

    monkeypatch.setattr(Publisher, "publish", publish_late)
    shop.settings.DJANGO_STATIC_CDN_THREADS = 1
    publish()
    assert cleared == [None, ([], {})]
    assert sorted(bucket.keys()) == ALL


def test_records_that_cannot_be_written_keep_all(shop, bucket, monkeypatch):
    publish()
    build(shop, "img/a.png")

    def refuse(self):
        raise OSError("No space left on device")

    monkeypatch.setattr(State, "flush", refuse)
    said = StringIO()
    with pytest.raises(CommandError, match="pages do not know of it"):
        call_command("staticpublish", "--clean", stdout=said, stderr=said)
    assert "cannot be written down" in said.getvalue()
    assert sorted(bucket.keys()) == ALL


def test_what_was_sent_by_hand_stays_though_the_site_had_sent_it(shop, bucket, capsys):
    publish()
    assert main([str(shop.media / "c.1500000005.gif")]) == 0
    build(shop, "img/a.png")
    publish("--clean")
    assert sorted(bucket.keys()) == ["c.1500000005.gif", "img/a.1500000005.png"]


def test_a_site_without_a_folder_is_told_so_by_the_program(shop, bucket, capsys):
    shop.settings.MEDIA_ROOT = ""
    shop.settings.STATIC_ROOT = None
    shop.settings.DJANGO_STATIC_SAVE_PREFIX = None
    assert main([__file__]) == 1
    assert "MEDIA_ROOT" in capsys.readouterr().err
