"""The names of earlier builds: which of them are kept where nobody cleans, and what a file that somebody has made up can do."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from serve_site import JS, Site

from django_static import former, names, noting
from django_static.conf import conf
from django_static.former import Former
from django_static.manifest import Manifest, Served
from django_static.places import Places, former_of

DAY = 86_400
NOW = 1_800_000_000.0


@pytest.fixture
def place(tmp_path, monkeypatch) -> Path:
    """A manifest, beside which four names are few."""
    monkeypatch.setattr(former, "FEW", 4)
    return tmp_path / "manifest.json"


def manifest(*urls: str, lasting: bool = True) -> Manifest:
    return Manifest(
        served={url: Served(f"static:{url}", 1, 0, "ab", lasting, {"gz": 1}) for url in urls},
        codecs={"gz": "9"},
    )


def build(place: Path, found: Manifest, now: float) -> None:
    data = found.encoded()
    noting.note(place, found, data, now)
    found.write(place, data)


def build_all(place: Path, ages: list[float], each: int = 1) -> None:
    """Builds that each have so many files of their own, replaced so many days ago."""
    build(place, manifest(*(f"/0.{part}" for part in range(each))), NOW - 1000 * DAY)
    for number, age in enumerate(ages, 1):
        build(place, manifest(*(f"/{number}.{part}" for part in range(each))), NOW - age * DAY)


def kept(place: Path) -> list[str]:
    return list(Former.read(place))


@pytest.mark.parametrize(
    ("ages", "found"),
    [
        ([900, 800, 700, 600], 4),  # few
        ([900, 800, 700, 600, 500], 5),  # the last builds
        ([900, 800, 700, 600, 500, 400, 300], 5),
        ([900, 800, 700, 13, 12, 11, 10, 9, 8], 6),  # the last days
        ([15, 14.1, 13.9, 13, 12, 11, 10, 9, 0], 7),
        ([13.9] * 50, 50),
    ],
)
def test_what_is_kept_where_nobody_cleans(place, ages, found):
    build_all(place, ages)
    assert kept(place) == [f"/{number}.0" for number in range(len(ages) - found, len(ages))]


def test_a_build_goes_as_a_whole(place):
    build_all(place, [900 - 20 * number for number in range(7)], each=3)
    assert kept(place) == [f"/{number}.{part}" for number in range(2, 7) for part in range(3)]


def test_all_that_staticclean_keeps_by_itself_is_kept(place):
    """Where the defaults differ, pages get 404 for files that are there."""
    from django_static.management.commands.staticclean import Command

    parser = Command().create_parser("manage.py", "staticclean")
    usual = parser.parse_args([])
    build_all(place, [usual.keep_days + 1] * 9 + [0])
    assert len(kept(place)) == usual.keep_builds
    build_all(place, [usual.keep_days - 0.1] * 30 + [0])
    assert len(kept(place)) == 31


def test_a_name_counts_from_when_it_was_last_replaced(place):
    build_all(place, [900, 800])
    build(place, manifest("/0.0"), NOW - 700 * DAY)
    for number in range(10, 15):
        build(place, manifest(f"/{number}.0"), NOW - 13 * DAY + number)
    build(place, manifest("/last"), NOW)
    assert "/0.0" in kept(place)
    assert "/1.0" not in kept(place)


def test_a_build_that_fails_again_and_again_pushes_nothing_out(place):
    build_all(place, [900, 800, 700, 600, 500, 400])
    before = kept(place)
    for number in range(20):
        failing = manifest("/failing")
        noting.note(place, failing, failing.encoded(), NOW - 300 * DAY + number)
    assert kept(place) == [*before[1:], "/6.0"]


def test_a_clock_that_was_wrong_keeps_nothing_for_years(place):
    build_all(place, [-10_000, -9_000, 100, 99, 98, 97, 96, 95, 94, 93])
    assert len(kept(place)) > former.KEEP_BUILDS
    for number in range(20, 26):
        build(place, manifest(f"/{number}.0"), NOW)
    assert len(kept(place)) > former.KEEP_BUILDS
    build(place, manifest("/later"), NOW + 15 * DAY)
    assert kept(place) == ["/21.0", "/22.0", "/23.0", "/24.0", "/25.0"]


def test_what_lasts_not_is_not_noted(place):
    build(place, manifest("/a", lasting=False), NOW)
    build(place, manifest("/b"), NOW)
    assert not former_of(place).exists()


def test_more_than_any_reader_takes_is_not_written(place, monkeypatch):
    """The latest are what is wanted."""
    monkeypatch.setattr(former, "_MOST_BYTES", 2000)
    build_all(place, [9] * 40)
    found = kept(place)
    assert 1800 < former_of(place).stat().st_size <= 2000
    assert found == [f"/{number}.0" for number in range(40 - len(found), 40)]


def test_a_huge_one_is_not_read(place):
    """Its size alone tells that it is none of ours."""
    with former_of(place).open("wb") as file:
        file.truncate(1 << 42)
    assert kept(place) == []


def sealed(*lines: Any, form: bytes = b"2") -> bytes:
    """A file that says of itself that it is as it was written."""
    data = b"\n".join(
        (form, *(each if isinstance(each, bytes) else json.dumps(each).encode() for each in lines))
    )
    return names.content_digest(data).encode() + b"\n" + data


def text(*changed: Any) -> str:
    usual = ["static:x.0123456789ab.js", 3, 0, "ab", {}]
    return json.dumps([*changed, *usual[len(changed) :]])


URL = "/static/x.0123456789ab.js"
HOSTILE = {
    "another format": sealed([NOW, {}, {URL: text()}], form=b"3"),
    "no build": sealed(b""),
    "a number": sealed(7),
    "too few values": sealed([NOW, {}]),
    "no time": sealed([None, {}, {URL: text()}]),
    "an endless time": sealed(b'[Infinity, {}, {"/a": "[]"}]'),
    "no number for a time": sealed(b'[NaN, {}, {"/a": "[]"}]'),
    "a time too large": sealed(b"[1" + b"0" * 400 + b', {}, {"/a": "[]"}]'),
    "codecs that are a list": sealed([NOW, [], {URL: text()}]),
    "codecs that are numbers": sealed([NOW, {"gz": 9}, {URL: text()}]),
    "names that are a list": sealed([NOW, {}, [URL]]),
    "values that are lists": sealed([NOW, {}, {URL: ["static:x", 3, 0, "ab", {}]}]),
    "half a character": sealed([NOW, {}, {"/static/\ud800": text()}]),
    "deep": sealed(b"[" * 100_000),
    "a text that is none": sealed([NOW, {}, {URL: "{"}]),
    "a deep text": sealed([NOW, {}, {URL: "[" * 100_000}]),
    "a text of another shape": sealed([NOW, {}, {URL: "{}"}]),
    "a place that is a number": sealed([NOW, {}, {URL: text(7)}]),
    "a place with a NUL": sealed([NOW, {}, {URL: text("static:a\0b")}]),
    "a place with half a character": sealed([NOW, {}, {URL: text("static:\ud800")}]),
    "a size that is a text": sealed([NOW, {}, {URL: text("static:x", "3")}]),
    "a size below none": sealed([NOW, {}, {URL: text("static:x", -3)}]),
    "a size beyond all": sealed([NOW, {}, {URL: text("static:x", 10**300)}]),
    "a time beyond all": sealed([NOW, {}, {URL: text("static:x", 3, 10**30)}]),
    "a digest that is another field": sealed([NOW, {}, {URL: text("static:x", 3, 0, "ab\r\nX: y")}]),
    "siblings that are a list": sealed([NOW, {}, {URL: text("static:x", 3, 0, "ab", ["gz"])}]),
    "siblings of no size": sealed([NOW, {}, {URL: text("static:x", 3, 0, "ab", {"gz": None})}]),
    "no URL": sealed([NOW, {}, {"": text(), "//": text(), "https:": text(), "%": text()}]),
    "bytes": b"\xff\xfe\n\xff",
}


@pytest.fixture
def site(settings, tmp_path) -> Site:
    site = Site(settings, tmp_path)
    settings.DJANGO_STATIC_FINGERPRINT = "hash"
    site.usual()
    edit(site, 0)
    return site


def edit(site: Site, number: int) -> None:
    site.write("js/site.js", f"// {number}\n" + JS)
    site.build()


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE)
def test_one_that_somebody_has_made_up_does_no_harm(site, data):
    """Servers start and answer, builds and clean-ups go on, and what they note is found."""
    old = site.url("js/site.js")
    (site.static / "x.0123456789ab.js").write_text("???")
    former_of(conf.manifest_file).write_bytes(data)
    clients = site.clients()
    for client in clients:
        assert client.ask(URL).status in (404, 500)
        assert client.ask("/elsewhere").status == 299  # the application
        assert client.ask(old).status == 200
    edit(site, 1)
    for client in clients:
        assert client.ask(site.url("js/site.js")).status == 200
    for fresh in site.clients():
        assert fresh.ask(old).status == 200
    edit(site, 2)
    call_command("staticclean", "--keep-builds", "1", "--keep-days", "0", verbosity=0, skip_checks=True)
    for fresh in site.clients():
        assert fresh.ask(old).status == 404
        assert fresh.ask(site.url("js/site.js")).status == 200


def test_what_cannot_be_told_of_a_file_is_kept_when_others_are_forgotten(place):
    """A clean-up knows nothing of it that it could go by."""
    data = sealed(
        [NOW, {}, {"/odd": "{", "/gone": text("static:gone.js"), "/there": text("static:there.js")}]
    )
    former_of(place).write_bytes(data)
    folder = place.parent / "static"
    noting.forget(place, Places({"static": folder}), [os.fspath(folder / "gone.js")])
    assert kept(place) == ["/odd", "/there"]


def test_a_name_is_said_to_be_unknown_where_nothing_is_said_of_it(place):
    former_of(place).write_bytes(sealed([NOW, {}, {"/odd": "{"}]))
    found = Former.read(place)
    for url in ("/odd", "/other"):
        with pytest.raises(KeyError):
            found.served(url)
