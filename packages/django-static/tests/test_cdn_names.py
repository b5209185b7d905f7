"""Names and headers of files on a CDN: tables of what goes in and what comes out."""

from __future__ import annotations

import hashlib
import os
import zlib
from io import StringIO
from urllib.parse import unquote

import pytest
from django.core.management import call_command
from django.urls import set_script_prefix
from hypothesis import assume, given
from hypothesis import strategies as st
from static_test_marks import NAMES

from django_static.cdn import proxy
from django_static.cdn.addresses import key_of, public_of, url_of
from django_static.cdn.headers import content_type, payload_of
from django_static.cdn.referred import used
from django_static.cdn.stamps import is_certain, newer, outdated, stamp_of
from django_static.cdn.store import Stored, StoreError
from django_static.conf import conf
from django_static.names import quoted

DAY = 86_400
NOW = 1_800_000_000.0


@pytest.mark.parametrize(
    ("key", "parts"),
    [
        ("logo.1269170122.png", ("logo", "1269170122", ".png")),
        ("img/logo.1269170122.png", ("img/logo", "1269170122", ".png")),
        ("img/my.logo.5.png", ("img/my.logo", "5", ".png")),
        ("img/logo.-5.png", ("img/logo", "-5", ".png")),
        ("img/logo.3f2a9c1b4d5e.png", ("img/logo", "3f2a9c1b4d5e", ".png")),
        ("img/logo.126917012212.png", ("img/logo", "126917012212", ".png")),
        ("css/a_b.5-0123abcd.css", ("css/a_b", "5", ".css")),
        ("LICENSE.5", ("LICENSE", "5", "")),
        ("a\nb.5.png", ("a\nb", "5", ".png")),
        ("css/a.5.css.map", ("css/a", "5", ".css.map")),
        ("js/a.5-0123abcd.mjs.map", ("js/a", "5", ".mjs.map")),
        ("a.5.png.map", None),
        ("logo.png", None),
        ("logo.5a.png", None),
        (".5.png", None),
        ("img/.5.png", None),
        ("5.png", None),
        ("v1.5/logo.png", None),
        ("logo.5.png.bak.old", None),
        ("", None),
    ],
)
def test_stamps(key, parts):
    stamp = stamp_of(key)
    assert (stamp and tuple(stamp)) == parts


@pytest.mark.parametrize(
    ("key", "prefix", "found"),
    [
        ("live/css/a.css", "live", ["live/css/b.png", "live/c.png"]),
        ("css/a.css", "", ["css/b.png", "c.png"]),
        ("live/a.css", "live", ["live/b.png"]),
        ("a.css", "", ["b.png"]),
        ("live/css/a.css", "live/css", ["live/css/b.png"]),
        ("lives/css/a.css", "live", []),
    ],
)
def test_what_is_referred_to_is_looked_for_below_the_prefix_only(tmp_path, key, prefix, found):
    """Elsewhere it would be among the files of another site."""
    folder = tmp_path / "x" / "y"
    folder.mkdir(parents=True)
    sheet = folder / "a.css"
    sheet.write_text("a { b: url(b.png), url(../c.png) }")
    for place in (folder / "b.png", folder.parent / "c.png"):
        place.write_bytes(b"")
    assert [other for other, _ in used(key, sheet, prefix)] == found


def stored(**days_ago: float) -> list[Stored]:
    return [Stored(key, NOW - days * DAY) for key, days in days_ago.items()]


@pytest.mark.parametrize(
    ("key", "there", "later"),
    [
        ("logo.1500000005.png", {"logo.1500000006.png": 1}, "logo.1500000006.png"),
        ("logo.1500000005.png", {"logo.1500000006.png": 1, "logo.1500000010.png": 2}, "logo.1500000010.png"),
        ("logo.1500000005.png", {"logo.1500000004.png": 1, "logo.1500000005.png": 1}, ""),
        (
            "logo.1500000005.png",
            {
                "x-logo.1500000006.png": 1,
                "logo.1500000006.png.bak": 1,
                "logo.1500000006.gif": 1,
                "a/logo.1500000006.png": 1,
            },
            "",
        ),
        ("logo.1500000005.png", {"logox1500000006.png": 1, "logo.1500000006xpng": 1}, ""),
        ("l.go.1500000005.png", {"lxgo.1500000006.png": 1}, ""),
        ("logo.3f2a9c1b4d5e.png", {"logo.ffffffffffff.png": 1, "logo.1500000006.png": 1}, ""),
        ("logo.1500000005.png", {"logo.ffffffffffff.png": 1}, ""),
        ("logo.1500000005.png", {"logo.20261122093000.png": 1, "logo.1699999999999.png": 1}, ""),
        ("logo.png", {"logo.1500000006.png": 1}, ""),
    ],
)
def test_a_later_version(key, there, later):
    assert newer(key, stored(**there)) == later


@pytest.mark.parametrize(
    ("key", "keep", "there", "old"),
    [
        # As in 2010: what is older goes at once.
        (
            "logo.1500000005.png",
            0,
            {"logo.1500000004.png": 9, "logo.1500000003.png": 20},
            ["logo.1500000003.png", "logo.1500000004.png"],
        ),
        # Never what is later, or the same, or a version of another file.
        (
            "logo.1500000005.png",
            0,
            {
                "logo.1500000006.png": 9,
                "logo.1500000005.png": 9,
                "x-logo.1500000001.png": 9,
                "logo.1500000001.gif": 9,
            },
            [],
        ),
        (
            "logo.1500000005.png",
            0,
            {
                "a/logo.1500000004.png": 9,
                "logo.1500000004.png.bak": 9,
                "logo.old.1500000004.png": 9,
                "logo.png": 9,
            },
            [],
        ),
        # Ten digits are more than nine, though not as text.
        ("logo.1000000000.png", 0, {"logo.999999999.png": 9}, ["logo.999999999.png"]),
        ("logo.999999999.png", 0, {"logo.1000000000.png": 9}, []),
        # What anybody may have called so is nobody's version.
        ("logo.1500000005.gif", 0, {"logo.2.gif": 9, "logo.20261122.gif": 9, "logo.-5.gif": 9}, []),
        ("logo.1500000005.gif", 0, {"logo.20261122093000.gif": 9, "logo.1699999999999.gif": 9}, []),
        ("logo.aaaaaaaaaaaa.gif", 0, {"logo.202611220930.gif": 9}, []),
        # What has just been replaced stays, however old it is.
        ("logo.1500000005.png", 14, {"logo.1500000004.png": 900}, []),
        # What was replaced long ago goes.
        (
            "logo.1500000005.png",
            14,
            {"logo.1500000004.png": 15, "logo.1500000003.png": 900},
            ["logo.1500000003.png"],
        ),
        ("logo.1500000005.png", 14, {"logo.1500000004.png": 13, "logo.1500000003.png": 900}, []),
        (
            "logo.1500000005.png",
            14,
            {"logo.1500000005.png": 15, "logo.1500000004.png": 900},
            ["logo.1500000004.png"],
        ),
        ("logo.1500000005.png", 14, {"logo.1500000005.png": 13, "logo.1500000004.png": 900}, []),
        # Back to an earlier version, and nothing is written down: the last to come was current until now.
        ("logo.aaaaaaaaaaaa.png", 14, {"logo.aaaaaaaaaaaa.png": 60, "logo.ffffffffffff.png": 30}, []),
        (
            "logo.aaaaaaaaaaaa.png",
            14,
            {"logo.aaaaaaaaaaaa.png": 60, "logo.bbbbbbbbbbbb.png": 30, "logo.ffffffffffff.png": 16},
            ["logo.bbbbbbbbbbbb.png"],
        ),
        # By content: the order is that of arrival.
        ("logo.aaaaaaaaaaaa.png", 0, {"logo.ffffffffffff.png": 9}, ["logo.ffffffffffff.png"]),
        ("logo.aaaaaaaaaaaa.png", 14, {"logo.ffffffffffff.png": 900}, []),
        (
            "logo.aaaaaaaaaaaa.png",
            14,
            {"logo.ffffffffffff.png": 900, "logo.bbbbbbbbbbbb.png": 15},
            ["logo.ffffffffffff.png"],
        ),
        # The two ways to name do not mix.
        ("logo.aaaaaaaaaaaa.png", 0, {"logo.1500000005.png": 9}, []),
        ("logo.1500000005.png", 0, {"logo.aaaaaaaaaaaa.png": 9}, []),
        ("logo.png", 0, {"logo.1500000005.png": 9}, []),
        # Two contents under one time: neither is older.
        ("logo.1500000005.png", 0, {"logo.1500000005-0123abcd.png": 9}, []),
    ],
)
def test_outdated_versions(key, keep, there, old):
    assert [each.key for each in outdated(key, stored(**there), keep, NOW, {})] == old


@pytest.mark.parametrize(
    ("replaced", "old"),
    [
        # What is written down counts, whenever the others came and whatever the name looks like.
        ({"logo.3.png": 15, "logo.4.png": 13}, ["logo.3.png"]),
        ({"logo.3.png": 13, "logo.4.png": 13}, []),
        ({"logo.4.png": 14}, ["logo.4.png"]),
        ({}, []),
    ],
)
def test_what_is_written_down_counts(replaced, old):
    there = stored(**{"logo.3.png": 900, "logo.4.png": 800, "logo.6.png": 700, "logo.5.png": 600})
    since = {key: NOW - days * DAY for key, days in replaced.items()}
    assert [each.key for each in outdated("logo.5.png", there, 14, NOW, since)] == old
    later = stored(**{"logo.3.png": 900, "logo.6.png": 1})
    assert newer("logo.5.png", later) == ""
    assert newer("logo.5.png", later, {"logo.6.png"}) == "logo.6.png"


@given(
    st.lists(st.tuples(st.integers(0, 20), st.floats(0, 100)), max_size=8),
    st.integers(0, 20),
    st.floats(0, 50),
)
def test_what_goes_is_older_and_was_replaced_in_time(versions, own, keep):
    there = {f"logo.{1_500_000_000 + mark}.png": days for mark, days in versions}
    key = f"logo.{1_500_000_000 + own}.png"
    for old, _ in outdated(key, stored(**there), keep, NOW, {}):
        assert old < key
        later = [days for days in there.values() if days < there[old]] + ([] if key in there else [0.0])
        assert keep <= max(later, default=0.0) + 1e-6


@given(
    st.dictionaries(st.sampled_from("bcdef"), st.floats(0, 100), min_size=1),
    st.none() | st.floats(0, 100),
    st.floats(0.001, 50),
)
def test_by_content_what_came_last_was_current_until_now(days, own, keep):
    there = {f"logo.{letter * 12}.png": age for letter, age in days.items()}
    if own is not None:
        there["logo.aaaaaaaaaaaa.png"] = own
    gone = outdated("logo.aaaaaaaaaaaa.png", stored(**there), keep, NOW, {})
    for old, _ in gone:
        assert keep <= max(age for age in there.values() if age < there[old]) + 1e-6
    assert "logo.aaaaaaaaaaaa.png" not in [key for key, _ in gone]


@pytest.mark.parametrize(("key", "is_published"), NAMES.items())
def test_which_names_are_certain(key, is_published):
    assert is_certain(key) == is_published
    assert stamp_of(key) is not None or not is_published


def test_a_name_without_a_stem_is_nobodys_version():
    assert not is_certain("img/.1269170122.png")


@pytest.mark.parametrize(
    ("name", "kind", "encoding"),
    [
        ("a.png", "image/png", ""),
        ("a.JPG", "image/jpeg", ""),
        ("a.gif", "image/gif", ""),
        ("a.webp", "image/webp", ""),
        ("a.avif", "image/avif", ""),
        ("a.svg", "image/svg+xml", ""),
        ("a.svgz", "image/svg+xml", "gzip"),
        ("a.ico", "image/x-icon", ""),
        ("a.css", "text/css; charset=utf-8", ""),
        ("a.js", "text/javascript; charset=utf-8", ""),
        ("a.mjs", "text/javascript; charset=utf-8", ""),
        ("a.js.map", "application/json", ""),
        ("a.json", "application/json", ""),
        ("a.wasm", "application/wasm", ""),
        ("a.woff2", "font/woff2", ""),
        ("a.html", "text/html; charset=utf-8", ""),
        ("a.mp4", "video/mp4", ""),
        ("a.pdf", "application/pdf", ""),
        ("a.tar.gz", "application/gzip", ""),
        ("a.xz", "application/x-xz", ""),
        ("a.MOV", "video/quicktime", ""),
        ("a.csv", "text/csv; charset=utf-8", ""),
        ("a.zzz", "application/octet-stream", ""),
        ("a", "application/octet-stream", ""),
        ("a b%.1.png", "image/png", ""),
    ],
)
def test_content_types(name, kind, encoding):
    assert content_type(name) == (kind, encoding)


@pytest.mark.parametrize(
    ("name", "data", "with_gzip", "kind", "encoding"),
    [
        ("a.css", b"a { b : c }" * 99, False, "text/css; charset=utf-8", ""),
        ("a.css", b"a { b : c }" * 99, True, "text/css; charset=utf-8", "gzip"),
        ("a.css", b"a{}", True, "text/css; charset=utf-8", ""),
        ("a.css", '@charset "latin-1"; a::after { content: "ä" }'.encode("latin-1"), False, "text/css", ""),
        ("a.png", b"\x89PNG" * 500, True, "image/png", ""),
        ("a.bin", b"\0" * 500, True, "application/octet-stream", "gzip"),
        ("a.svgz", zlib.compress(b"x" * 500), True, "image/svg+xml", "gzip"),
        ("a.txt", b"", True, "text/plain; charset=utf-8", ""),
    ],
)
def test_what_is_sent(tmp_path, name, data, with_gzip, kind, encoding):
    path = tmp_path / name
    path.write_bytes(data)
    payload = payload_of(path, with_gzip=with_gzip)
    assert (payload.content_type, payload.content_encoding) == (kind, encoding)
    with payload.open() as body:
        sent = body.read()
    is_packed = encoding == "gzip" and name != "a.svgz"
    assert (zlib.decompress(sent, 31) if is_packed else sent) == data
    assert payload.digest == hashlib.sha256(data).hexdigest()
    assert (payload.size, payload.checksum) == (len(sent), hashlib.sha256(sent).digest())


@pytest.mark.parametrize(
    ("uri", "key"),
    [
        ("/img/logo.5.png", "img/logo.5.png"),
        ("//static.example.com/forever/img/a%20b.5.png", "forever/img/a b.5.png"),
        ("https://static.example.com/a%25b.5.png", "a%b.5.png"),
        ("/img/%C3%A4.5.png", "img/ä.5.png"),
    ],
)
def test_keys(uri, key):
    assert key_of(uri) == key


@pytest.mark.parametrize(
    "uri",
    ["/", "", "///b.png", "/a/../b.png", "/a//b.png", "/a/%2e%2e/b", "/%FF.png", f"/{'ä' * 513}", "/a/"],
)
def test_names_that_are_none(uri):
    with pytest.raises(StoreError, match="is no name for a file on a CDN"):
        key_of(uri)


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40))
def test_every_name_comes_back(name):
    assume(not name.startswith("/"))  # what follows two slashes is a host
    try:
        key = key_of(quoted(f"/{name}"))
    except StoreError:
        assert set(name.split("/")) & {"", ".", ".."}
        return
    assert key == name
    url = url_of(key, "https://d1.cloudfront.net", None)
    assert unquote(url.removeprefix("https://d1.cloudfront.net/")) == name
    assert url.isascii()
    assert not set(" \"'<>\n") & set(url)


@pytest.mark.parametrize(
    ("settings_given", "place", "public"),
    [
        ({}, "media/img/a b.5.png", "/img/a%20b.5.png"),
        ({"DJANGO_STATIC_NAME_PREFIX": "/forever"}, "media/a.5.png", "/forever/a.5.png"),
        ({"STATIC_ROOT": "collected"}, "collected/a.5.png", "/static/a.5.png"),
        ({"DJANGO_STATIC_SAVE_PREFIX": "saved"}, "saved/img/a.5.png", "/img/a.5.png"),
        ({}, "elsewhere/img/a.5.png", "/a.5.png"),
        ({}, "media2/a.5.png", "/a.5.png"),
    ],
)
def test_the_url_of_a_file(site, settings_given, place, public):
    for name, value in settings_given.items():
        is_folder = name.endswith(("ROOT", "SAVE_PREFIX"))
        setattr(site.settings, name, str(site.root / value) if is_folder else value)
    assert public_of(site.root / place, conf) == public


@pytest.mark.parametrize(
    ("given_domain", "base"),
    [
        (None, ""),
        ("", ""),
        ("d1.cloudfront.net", "https://d1.cloudfront.net"),
        ("https://static.example.com/", "https://static.example.com"),
        ("//static.example.com/x/", "//static.example.com/x"),
        ("http://127.0.0.1:9000/bucket", "http://127.0.0.1:9000/bucket"),
    ],
)
def test_domains(site, given_domain, base):
    site.settings.DJANGO_STATIC_CDN_DOMAIN = given_domain
    assert conf.cdn.base == base


@pytest.mark.parametrize(
    ("types", "wanted"),
    [
        (None, ["a.JPG", "a.gif", "a.5.png"]),
        (["css", ".JS"], ["a.css", "a.js"]),
        (["*"], ["a.JPG", "a.gif", "a.5.png", "a.css", "a.js", "a"]),
        ([], []),
    ],
)
def test_types(site, types, wanted):
    site.settings.DJANGO_STATIC_CDN_TYPES = types
    names = ["a.JPG", "a.gif", "a.5.png", "a.css", "a.js", "a"]
    assert [name for name in names if conf.cdn.wants(name)] == wanted


def test_credentials_by_the_names_of_today_and_of_2010(site):
    assert conf.cdn.credentials is None
    site.settings.AWS_ACCESS_KEY, site.settings.AWS_ACCESS_SECRET = "old", "older"
    assert conf.cdn.credentials == ("old", "older")
    site.settings.AWS_ACCESS_KEY_ID, site.settings.AWS_SECRET_ACCESS_KEY = "key", "secret"
    assert conf.cdn.credentials == ("key", "secret")


@pytest.mark.parametrize("prefix", ["", "shop"])
def test_a_file_has_one_key_wherever_the_site_lies(cdn_site, bucket, prefix):
    """Commands do not know below which path the server has put the site; with ``--clean`` they removed what pages named."""
    settings, start = cdn_site.settings, f"{prefix}/" if prefix else ""
    settings.DJANGO_STATIC_USE_MANIFEST_FILE = True
    settings.DJANGO_STATIC_COMPRESS = []
    settings.DJANGO_STATIC_CDN_PREFIX = prefix
    settings.DJANGO_STATIC_CDN_KEEP_DAYS = 0
    settings.DJANGO_STATIC_BUNDLES = {"staticfile": ["/static/img/a.png"]}
    settings.STATICFILES_DIRS = [str(cdn_site.root / "assets")]
    settings.STATIC_ROOT = str(cdn_site.root / "out")
    picture = cdn_site.root / "assets/img/a.png"
    picture.parent.mkdir(parents=True)
    picture.write_bytes(b"\x89PNG")
    os.utime(picture, (1500000005, 1500000005))

    def lies_below(path):
        set_script_prefix(path)
        settings.STATIC_URL = "static/"
        cdn_site.restart()
        proxy.reset()

    def publishes(*arguments):
        output = StringIO()
        call_command("staticpublish", *arguments, stdout=output, stderr=output)
        return output.getvalue()

    try:
        lies_below("/")
        call_command("staticbuild", stdout=StringIO(), stderr=StringIO())
        lies_below("/")
        assert publishes().startswith("1 file: 1 sent")
        for path in ("/", "/app/", "/other/app/"):
            lies_below(path)
            page = cdn_site.render('{% staticfile "/static/img/a.png" %}')
            assert page == f"{bucket.base}/{start}static/img/a.1500000005.png"
            assert proxy.current().background.wait(60)
            assert publishes("--clean").startswith("1 file: 0 sent (0 bytes), 1 there already")
        lies_below("/")
        assert publishes("--clean").startswith("1 file: 0 sent (0 bytes), 1 there already")
        assert bucket.keys() == [f"{start}static/img/a.1500000005.png"]
    finally:
        set_script_prefix("/")
