"""``django_static.cdn.file_proxy`` with an S3 on loopback: what is sent, what is printed, and what goes wrong."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import subprocess
import sys
import threading
import urllib.request
import zlib
from pathlib import Path
from urllib.parse import unquote

import pytest
from django.test import override_settings

import django_static
from django_static.cdn import SlowMap, file_proxy, proxy
from django_static.cdn.complaints import AGAIN_SECONDS
from django_static.cdn.headers import payload_of
from django_static.cdn.rests import REFUSALS, RETRY_SECONDS
from django_static.cdn.state import State
from django_static.cdn.store import StoreError
from django_static.cdn.stores import store_of
from django_static.conf import conf

PNG = b"\x89PNG" + bytes(range(256))


def settled(seconds: float = 60) -> None:
    """Wait until what pages have begun is done."""
    chosen = proxy.current()
    assert chosen.background.wait(seconds)
    assert chosen._probes.wait(seconds)


def printed(name: str) -> list[str]:
    """What the first page prints, and what a later one does."""
    first = django_static.staticfile(name)
    settled()
    return [first, django_static.staticfile(name)]


def restart(site) -> None:
    settled()
    site.restart()
    proxy.reset()


def states(site) -> dict:
    (path,) = (site.media / ".django-static").glob("cdn-*.json")
    return json.loads(path.read_text())["objects"]


# What is sent, and what is printed


def test_a_picture_goes_to_the_cdn_and_the_page_does_not_wait(cdn_site, bucket):
    cdn_site.write("img/mysprite.gif", PNG, 5)
    template = '{% staticfile "/img/mysprite.gif" %}'
    assert cdn_site.render(template) == "/img/mysprite.5.gif"
    settled()
    url = cdn_site.render(template)
    assert url == f"{bucket.base}/img/mysprite.5.gif"
    with urllib.request.urlopen(url, timeout=30) as response:
        assert response.read() == PNG


def test_the_headers_are_those_of_the_post(cdn_site, bucket):
    cdn_site.write("a.png", PNG, 5)
    printed("/a.png")
    status, headers, body = bucket.get("a.5.png")
    assert (status, body) == (200, PNG)
    assert headers["Cache-Control"] == "max-age=315360000, public"
    assert headers["Expires"] == "Thu, 31 Dec 2037 23:55:55 GMT"
    assert headers["Content-Type"] == "image/png"
    assert "Content-Encoding" not in headers
    (_, sent) = bucket.server.stored[-1]
    assert sent["Cache-Control"] == headers["Cache-Control"]
    assert sent["Expires"] == headers["Expires"]
    # What came through damaged is refused by the store.
    checksum = {name.lower(): value for name, value in sent.items()}["x-amz-checksum-sha256"]
    assert base64.b64decode(checksum) == hashlib.sha256(PNG).digest()


@pytest.mark.parametrize(("gzip", "encoding"), [(True, "gzip"), (False, None)])
def test_text_may_be_stored_in_gzip(cdn_site, bucket, gzip, encoding):
    cdn_site.settings.DJANGO_STATIC_CDN_TYPES = ["css"]
    cdn_site.settings.DJANGO_STATIC_CDN_GZIP = gzip
    text = b"a { color: red }\n" * 99
    cdn_site.write("a.css", text, 5)
    assert printed("/a.css")[1] == f"{bucket.base}/a.5.css"
    _, headers, body = bucket.get("a.5.css")
    assert headers["Content-Type"] == "text/css; charset=utf-8"
    assert headers.get("Content-Encoding") == encoding
    assert (zlib.decompress(body, 31) if gzip else body) == text
    # Another way to store it replaces what is there.
    cdn_site.settings.DJANGO_STATIC_CDN_GZIP = not gzip
    restart(cdn_site)
    assert printed("/a.css")[1] == f"{bucket.base}/a.5.css"
    assert bucket.get("a.5.css")[1].get("Content-Encoding") == (None if gzip else "gzip")


def test_only_chosen_types_go(cdn_site, bucket):
    for name in ("a.jpg", "b.GIF", "c.png", "d.css", "e.js", "f.txt"):
        cdn_site.write(name, PNG if name < "d" else b"a()", 5)
        printed(f"/{name}")
    assert sorted(bucket.keys()) == ["a.5.jpg", "b.5.GIF", "c.5.png"]
    assert django_static.staticfile("/d.css") == "/d.5.css"


@pytest.mark.parametrize(
    "name", ["a b.png", "100%.png", "ä.png", "it's.png", "a+b&c=d.png", "日本.png", 'q"q.png']
)
def test_odd_names(cdn_site, bucket, name):
    cdn_site.write(f"img/{name}", PNG, 5)
    url = printed(f"/img/{name}")[1]
    assert url.startswith(f"{bucket.base}/img/")
    with urllib.request.urlopen(url, timeout=30) as response:
        assert response.read() == PNG


def test_two_files_of_one_base_name(cdn_site, bucket):
    for folder in ("a", "b"):
        cdn_site.write(f"{folder}/logo.png", folder, 5)
        printed(f"/{folder}/logo.png")
    assert bucket.get("a/logo.5.png")[2] == b"a"
    assert bucket.get("b/logo.5.png")[2] == b"b"


def test_prefix_and_host(cdn_site, bucket):
    cdn_site.settings.DJANGO_STATIC_NAME_PREFIX = "/cache-forever"
    cdn_site.settings.DJANGO_STATIC_SAVE_PREFIX = str(cdn_site.root / "cache-forever")
    cdn_site.settings.DJANGO_STATIC_MEDIA_URL = "//static.example.com"
    cdn_site.write("a.png", PNG, 5)
    assert printed("/a.png") == [
        "//static.example.com/cache-forever/a.5.png",
        f"{bucket.base}/cache-forever/a.5.png",
    ]


def test_what_a_style_sheet_names_goes_before_it(cdn_site, bucket):
    cdn_site.settings.DJANGO_STATIC_CDN_TYPES = ["css", "js"]
    cdn_site.write("img/a b.png", PNG, 4)
    cdn_site.write("fonts/x.woff2", b"wOF2", 4)
    cdn_site.write(
        "css/a.css",
        "@font-face { src: url(../fonts/x.woff2?#iefix) } a { b: url('../img/a b.png') } c { d: url(data:,x) }"
        " e { f: url(/img/absolute.png) } g { h: url(../missing.png) } i { j: url(https://example.com/x.png) }",
        5,
    )
    cdn_site.write("js/lib.js", "export const a = 1;", 4)
    cdn_site.write("js/app.js", "import { a } from './lib.js'; import 'bare'; console.log(a);", 5)
    url = printed("/css/a.css")[1]
    assert url == f"{bucket.base}/css/a.5.css"
    assert bucket.puts() == ["fonts/x.4.woff2", "img/a%20b.4.png", "css/a.5.css"]
    printed("/js/app.js")
    assert bucket.puts()[3:] == ["js/lib.4.js", "js/app.5.js"]


def test_modules_in_a_circle(cdn_site, bucket):
    cdn_site.settings.DJANGO_STATIC_CDN_TYPES = ["js"]
    cdn_site.write("a.js", "import './b.js'; export const a = 1;", 5)
    cdn_site.write("b.js", "import './a.js'; export const b = 1;", 5)
    assert printed("/a.js")[1].startswith(bucket.base)
    assert len(bucket.keys()) == 2


def test_it_is_off_with_django_static(cdn_site, bucket):
    cdn_site.settings.DJANGO_STATIC = False
    cdn_site.write("a.png", PNG, 5)
    assert printed("/a.png") == ["/a.png"] * 2
    assert bucket.requests() == 0


def test_an_edited_picture(cdn_site, bucket):
    cdn_site.settings.DEBUG = True
    cdn_site.write("a.png", PNG, 5)
    printed("/a.png")
    cdn_site.write("a.png", PNG * 2, 8)
    assert printed("/a.png") == ["/a.8.png", f"{bucket.base}/a.8.png"]
    assert sorted(bucket.keys()) == ["a.5.png", "a.8.png"]


def test_the_proxy_of_the_post(site):
    """The one with a map that is slow on purpose: an hour with the URL of the site, then that of the distribution."""
    now, uploads = [0.0], []
    conversion_map = SlowMap(60 * 60, clock=lambda: now[0])

    def upload_to_cloudfront(filepath):
        uploads.append(filepath)
        return f"http://d111111abcdef8.cloudfront.net/{os.path.basename(filepath)}"

    def proxy_of_2010(uri, new=False, filepath=None, changed=False, **kwargs):
        if filepath and (new or changed) and filepath.lower().split(".")[-1] in ("jpg", "gif", "png"):
            conversion_map[uri] = upload_to_cloudfront(filepath)
        return conversion_map.get(uri, uri)

    site.settings.DJANGO_STATIC_FILE_PROXY = proxy_of_2010
    site.write("img/mysprite.gif", PNG, 1269170122)
    template = '{% staticfile "/img/mysprite.gif" %}'
    assert [site.render(template) for _ in range(3)] == ["/img/mysprite.1269170122.gif"] * 3
    now[0] += 60 * 60
    assert site.render(template) == "http://d111111abcdef8.cloudfront.net/mysprite.1269170122.gif"
    assert uploads == [str(site.media / "img/mysprite.1269170122.gif")]


# Nothing is sent twice


def test_nothing_is_asked_after_a_restart(cdn_site, bucket):
    cdn_site.write("a.png", PNG, 5)
    printed("/a.png")
    requests = bucket.requests()
    restart(cdn_site)
    assert printed("/a.png") == [f"{bucket.base}/a.5.png"] * 2
    assert bucket.requests() == requests


def test_nothing_is_sent_where_only_the_store_knows(cdn_site, bucket):
    cdn_site.write("a.png", PNG, 5)
    printed("/a.png")
    (path,) = (cdn_site.media / ".django-static").glob("cdn-*.json")
    path.unlink()
    restart(cdn_site)
    assert printed("/a.png") == ["/a.5.png", f"{bucket.base}/a.5.png"]
    assert bucket.puts() == ["a.5.png"]
    assert list(states(cdn_site)) == ["a.5.png"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        '{"format": 1}',
        '{"format": 99, "objects": {}}',
        '{"format": 1, "objects": {"a.5.png": {"x": 1}}}',
        '{"format": 1, "objects": {"a.5.png": {"digest": "", "size": 1e400, "mtime_ns": 1, "since": 1}}}',
        '{"format": 1, "objects": {"a.5.png": {"digest": "", "size": 1, "mtime_ns": 1, "since": 1%s}}}'
        % ("0" * 400),
    ],
)
def test_a_state_that_cannot_be_read_is_none(cdn_site, bucket, text):
    cdn_site.write("a.png", PNG, 5)
    printed("/a.png")
    (path,) = (cdn_site.media / ".django-static").glob("cdn-*.json")
    path.write_text(text)
    restart(cdn_site)
    assert printed("/a.png")[1] == f"{bucket.base}/a.5.png"
    assert bucket.puts() == ["a.5.png"]
    assert list(states(cdn_site)) == ["a.5.png"]


def test_a_copy_of_the_site_with_other_times_sends_nothing(cdn_site, bucket):
    cdn_site.settings.DJANGO_STATIC_FINGERPRINT = "hash"
    path = cdn_site.write("a.png", PNG, 5)
    url = printed("/a.png")[1]
    requests = bucket.requests()
    restart(cdn_site)
    os.utime(path, (9, 9))
    for published in cdn_site.media.glob("a.*.png"):
        os.utime(published, (9, 9))
    assert printed("/a.png") == [url, url]
    assert bucket.requests() == requests


def test_another_bucket_is_another_state(cdn_site, bucket):
    cdn_site.write("a.png", PNG, 5)
    printed("/a.png")
    bucket.make("other-bucket")
    cdn_site.settings.DJANGO_STATIC_CDN_BUCKET = "other-bucket"
    cdn_site.settings.DJANGO_STATIC_CDN_DOMAIN = f"{bucket.endpoint}/other-bucket"
    restart(cdn_site)
    assert printed("/a.png") == ["/a.5.png", f"{bucket.endpoint}/other-bucket/a.5.png"]


def test_another_content_under_the_name_is_left_alone(cdn_site, bucket, warned):
    bucket.put("a.5.png", b"other")
    cdn_site.write("a.png", PNG, 5)
    assert printed("/a.png") == ["/a.5.png"] * 2
    assert bucket.get("a.5.png")[2] == b"other"
    (warning,) = warned()
    assert "another content" in warning
    assert "DJANGO_STATIC_FINGERPRINT = 'hash'" in warning


def test_a_file_that_is_no_longer_the_one_that_was_sent(cdn_site, bucket, warned):
    """The same name and size, another content: the first page may print the old copy, the next does not."""
    cdn_site.write("a.png", PNG, 5)
    printed("/a.png")
    restart(cdn_site)
    published = cdn_site.media / "a.5.png"
    published.unlink()
    published.write_bytes(PNG[::-1])
    file_proxy("/a.5.png", new=True, filepath=str(published))
    settled()
    assert file_proxy("/a.5.png") == "/a.5.png"
    assert bucket.get("a.5.png")[2] == PNG
    assert any("another content" in warning for warning in warned())


# Old versions


@pytest.mark.parametrize(
    ("keep", "left"),
    [
        (0, ["a.1500000008.png"]),
        (14, ["a.1500000005.png", "a.1500000008.png"]),
        (None, ["a.1500000005.png", "a.1500000008.png"]),
    ],
)
def test_old_versions(cdn_site, bucket, keep, left):
    cdn_site.settings.DJANGO_STATIC_CDN_KEEP_DAYS = keep
    # What another site has sent looks just like what this one has.
    others = ["x-a.1500000001.png", "a.1500000001.gif", "a.png", "b/a.1500000001.png", "a.1500000001.png"]
    for other in others:
        bucket.put(other)
    for mtime in (1500000005, 1500000008):
        cdn_site.write("a.png", f"{mtime}", mtime)
        restart(cdn_site)
        assert printed("/a.png")[1] == f"{bucket.base}/a.{mtime}.png"
    assert sorted(bucket.keys()) == sorted([*others, *left])


@pytest.mark.parametrize(("keep", "left"), [(0, []), (14, ["a.1500000005.png"])])
def test_below_a_prefix_all_versions_are_this_sites(cdn_site, bucket, keep, left):
    """Another machine of the site has sent them."""
    cdn_site.settings.DJANGO_STATIC_CDN_KEEP_DAYS = keep
    cdn_site.settings.DJANGO_STATIC_CDN_PREFIX = "shop/live"
    others = ["a.1500000005.png", "shop/a.1500000005.png", "shop/live/x-a.1500000005.png"]
    for other in [*others, "shop/live/a.1500000005.png"]:
        bucket.put(other)
    cdn_site.write("a.png", PNG, 1500000008)
    assert printed("/a.png")[1] == f"{bucket.base}/shop/live/a.1500000008.png"
    assert sorted(bucket.keys()) == sorted(
        [*others, *(f"shop/live/{name}" for name in [*left, "a.1500000008.png"])]
    )


def test_a_style_sheet_below_a_prefix_finds_what_it_names_there(cdn_site, bucket):
    cdn_site.settings.DJANGO_STATIC_CDN_TYPES = ["css"]
    cdn_site.settings.DJANGO_STATIC_CDN_PREFIX = "live"
    cdn_site.write("img/a.png", PNG, 1500000005)
    cdn_site.write("css/a.css", "a { background: url(../img/a.png) }", 1500000005)
    assert printed("/css/a.css")[1] == f"{bucket.base}/live/css/a.1500000005.css"
    assert bucket.keys() == ["live/css/a.1500000005.css", "live/img/a.1500000005.png"]


def test_what_another_stage_has_sent_is_never_removed(cdn_site, bucket, tmp_path):
    """Two stages with one bucket and no prefix: the live one has sent a file, staging finds it, and goes on without it."""
    cdn_site.settings.DJANGO_STATIC_CDN_KEEP_DAYS = 0
    cdn_site.write("a.png", PNG, 1500000005)
    printed("/a.png")
    for place in (cdn_site.media / ".django-static").glob("cdn-*.json"):
        place.unlink()  # another machine
    restart(cdn_site)
    assert printed("/a.png")[1] == f"{bucket.base}/a.1500000005.png"
    assert len(bucket.puts()) == 1
    cdn_site.write("a.png", PNG * 2, 1500000008)
    restart(cdn_site)
    assert printed("/a.png")[1] == f"{bucket.base}/a.1500000008.png"
    assert bucket.keys() == ["a.1500000005.png", "a.1500000008.png"]


def test_an_older_version_is_not_sent_after_a_later_one(cdn_site, bucket, warned):
    bucket.put("a.1500000010.png")
    cdn_site.write("a.png", PNG, 1500000009)
    assert printed("/a.png") == ["/a.1500000009.png"] * 2
    assert bucket.keys() == ["a.1500000010.png"]
    (warning,) = warned()
    assert "/a.1500000009.png stays on the site, since there is a later a.1500000010.png" in warning
    assert "(touch)" in warning
    # What it says to do does it.
    restart(cdn_site)
    cdn_site.write("a.png", PNG, 1500000011)
    assert printed("/a.png")[1] == f"{bucket.base}/a.1500000011.png"


def test_an_older_version_that_is_still_there_is_used(cdn_site, bucket):
    cdn_site.settings.DEBUG = True
    for mtime in (1500000005, 1500000008, 1500000005):
        cdn_site.write("a.png", str(mtime), mtime)
        url = printed("/a.png")[1]
    assert url == f"{bucket.base}/a.1500000005.png"
    # It comes again, so that those who go by dates alone do not take it for replaced.
    assert bucket.puts() == ["a.1500000005.png", "a.1500000008.png", "a.1500000005.png"]


# The wait


def test_the_url_is_printed_when_it_answers(cdn_site, bucket):
    cdn_site.settings.DJANGO_STATIC_CDN_WAIT_SECONDS = 3600
    cdn_site.write("a.png", PNG, 5)
    assert printed("/a.png") == ["/a.5.png"] * 2  # reading it asks for it
    settled()
    assert django_static.staticfile("/a.png") == f"{bucket.base}/a.5.png"
    assert states(cdn_site)["a.5.png"]["answers"] is True
    requests = bucket.requests()
    restart(cdn_site)
    assert printed("/a.png") == [f"{bucket.base}/a.5.png"] * 2
    assert bucket.requests() == requests


def test_a_url_that_does_not_answer_is_not_printed(cdn_site, bucket):
    cdn_site.settings.DJANGO_STATIC_CDN_WAIT_SECONDS = 3600
    cdn_site.settings.DJANGO_STATIC_CDN_DOMAIN = f"{bucket.base}/not-yet"
    cdn_site.write("a.png", PNG, 5)
    for _ in range(3):
        assert printed("/a.png") == ["/a.5.png"] * 2
    assert states(cdn_site)["a.5.png"]["answers"] is False
    # Nor after a restart, however long ago it was stored.
    (path,) = (cdn_site.media / ".django-static").glob("cdn-*.json")
    value = json.loads(path.read_text())
    value["objects"]["a.5.png"]["since"] -= 10_000
    path.write_text(json.dumps(value))
    restart(cdn_site)
    assert printed("/a.png") == ["/a.5.png"] * 2


def test_without_a_probe_time_counts_across_restarts(cdn_site, bucket):
    cdn_site.settings.DJANGO_STATIC_CDN_WAIT_SECONDS = 3600
    cdn_site.settings.DJANGO_STATIC_CDN_PROBE = False
    cdn_site.write("a.png", PNG, 5)
    assert printed("/a.png") == ["/a.5.png"] * 2
    restart(cdn_site)
    assert printed("/a.png") == ["/a.5.png"] * 2
    (path,) = (cdn_site.media / ".django-static").glob("cdn-*.json")
    value = json.loads(path.read_text())
    value["objects"]["a.5.png"]["since"] -= 3600
    path.write_text(json.dumps(value))
    restart(cdn_site)
    assert printed("/a.png") == [f"{bucket.base}/a.5.png"] * 2
    assert bucket.puts() == ["a.5.png"]


# What goes wrong


def test_an_error_of_the_server_is_tried_again(cdn_site, bucket, warned):
    bucket.breaks(("PUT", "500"))
    cdn_site.write("a.png", PNG, 5)
    assert printed("/a.png") == ["/a.5.png", f"{bucket.base}/a.5.png"]
    assert warned() == []


def test_half_an_upload_is_tried_again_and_never_printed(cdn_site, bucket):
    bucket.breaks(("PUT", "half"))
    cdn_site.write("a.png", PNG * 400, 5)
    assert printed("/a.png")[1] == f"{bucket.base}/a.5.png"
    assert bucket.get("a.5.png")[2] == PNG * 400


def test_half_an_upload_that_fails_each_time(cdn_site, bucket, warned):
    cdn_site.write("a.png", PNG * 4, 5)
    bucket.breaks(("PUT", "half!"))
    assert printed("/a.png") == ["/a.5.png"] * 2
    assert len(warned()) == 1
    bucket.breaks()
    restart(cdn_site)
    assert printed("/a.png")[1] == f"{bucket.base}/a.5.png"
    assert bucket.get("a.5.png")[2] == PNG * 4


def test_half_a_file_that_stayed_is_replaced(cdn_site, bucket):
    """What says that it is our file, and is shorter: a store that kept what it got before the connection broke."""
    digest = hashlib.sha256(PNG * 4).hexdigest()
    bucket.put("a.5.png", PNG * 2, x_amz_meta_sha256=digest)
    cdn_site.write("a.png", PNG * 4, 5)
    assert printed("/a.png")[1] == f"{bucket.base}/a.5.png"
    assert bucket.get("a.5.png")[2] == PNG * 4


@pytest.mark.parametrize("fault", [("*", "500!"), ("PUT", "500!"), ("HEAD", "500!"), ("PUT", "half!")])
def test_a_store_that_is_down(cdn_site, bucket, warned, fault):
    bucket.breaks(fault)
    for number in range(5):
        cdn_site.write(f"{number}.png", PNG, 5)
    pages = [django_static.staticfile(f"/{number}.png") for number in range(5)]
    settled()
    assert pages == [f"/{number}.5.png" for number in range(5)]
    assert [django_static.staticfile(f"/{number}.png") for number in range(5)] == pages
    assert len(warned()) == 1
    assert "the local URL" in warned()[0]


def test_what_waits_does_not_try_a_store_that_is_down(cdn_site, bucket):
    cdn_site.settings.DJANGO_STATIC_CDN_THREADS = 1
    bucket.breaks(("*", "500!"))
    for number in range(5):
        cdn_site.write(f"{number}.png", PNG, 5)
        django_static.staticfile(f"/{number}.png")
    settled()
    assert bucket.requests() == REFUSALS * cdn_site.settings.DJANGO_STATIC_CDN_ATTEMPTS


def test_it_comes_back(cdn_site, bucket, warned):
    clock = [0.0]
    bucket.breaks(("*", "500!"))
    cdn_site.write("a.png", PNG, 5)
    proxy.current()._rests._clock = proxy.current()._complaints._clock = lambda: clock[0]
    assert printed("/a.png") == ["/a.5.png"] * 2
    requests = bucket.requests()
    clock[0] += RETRY_SECONDS - 1
    assert printed("/a.png") == ["/a.5.png"] * 2
    assert bucket.requests() == requests  # it is left in peace for a minute
    bucket.breaks()
    clock[0] += 1
    assert printed("/a.png") == ["/a.5.png", f"{bucket.base}/a.5.png"]
    assert len(warned()) == 1
    # And when it goes again, not at once, that is said again.
    clock[0] += AGAIN_SECONDS
    bucket.breaks(("*", "500!"))
    cdn_site.write("b.png", PNG, 5)
    assert printed("/b.png") == ["/b.5.png"] * 2
    assert len(warned()) == 2


def test_a_store_that_never_answers_holds_no_page(cdn_site, bucket, warned):
    cdn_site.settings.DJANGO_STATIC_CDN_READ_TIMEOUT = 0.3
    cdn_site.settings.DJANGO_STATIC_CDN_ATTEMPTS = 1
    cdn_site.settings.DJANGO_STATIC_CDN_THREADS = 1
    bucket.breaks(("*", "silence!"))
    for name in ("a", "b", "c", "d", "e"):
        cdn_site.write(f"{name}.png", PNG, 5)
        assert django_static.staticfile(f"/{name}.png") == f"/{name}.5.png"
    assert not proxy.current().background.wait(0)  # it hangs, and the pages are there
    settled()
    assert django_static.staticfile("/a.png") == "/a.5.png"
    assert bucket.requests() == REFUSALS
    (warning,) = warned()
    assert "ReadTimeoutError" in warning


def test_a_file_that_vanishes_before_it_is_sent(cdn_site, bucket, tmp_path):
    path = tmp_path / "a.5.png"
    path.write_bytes(PNG)
    payload = payload_of(path, with_gzip=False)
    path.unlink()
    with pytest.raises(StoreError, match="cannot be read") as raised:
        store_of(conf.cdn).put("a.5.png", payload)
    assert not raised.value.is_general
    assert bucket.keys() == []


def test_connection_refused(cdn_site, bucket, warned):
    cdn_site.settings.DJANGO_STATIC_CDN_ENDPOINT = "http://127.0.0.1:9"
    cdn_site.write("a.png", PNG, 5)
    assert printed("/a.png") == ["/a.5.png"] * 2
    (warning,) = warned()
    assert "127.0.0.1:9" in warning


def test_no_credentials(cdn_site, bucket, warned):
    del cdn_site.settings.AWS_ACCESS_KEY_ID
    for name in ("a", "b", "c"):
        cdn_site.write(f"{name}.png", PNG, 5)
        assert printed(f"/{name}.png") == [f"/{name}.5.png"] * 2
    (warning,) = warned()
    assert "NoCredentialsError" in warning
    assert "AWS_ACCESS_KEY_ID" in warning
    assert bucket.requests() == 0


def test_no_such_bucket(cdn_site, bucket, warned):
    cdn_site.settings.DJANGO_STATIC_CDN_BUCKET = "nowhere"
    cdn_site.write("a.png", PNG, 5)
    assert printed("/a.png") == ["/a.5.png"] * 2
    assert any("make the bucket" in warning for warning in warned())


def test_no_boto3(cdn_site, monkeypatch, warned):
    monkeypatch.setitem(sys.modules, "boto3", None)
    cdn_site.write("a.png", PNG, 5)
    assert printed("/a.png") == ["/a.5.png"] * 2
    (warning,) = warned()
    assert "pip install slimstack-static[s3]" in warning


@pytest.mark.parametrize(("name", "said"), [("BUCKET", "CDN_BUCKET"), ("DOMAIN", "CDN_DOMAIN")])
def test_settings_that_are_missing(cdn_site, warned, name, said):
    setattr(cdn_site.settings, f"DJANGO_STATIC_CDN_{name}", "")
    cdn_site.write("a.png", PNG, 5)
    assert django_static.staticfile("/a.png") == "/a.5.png"
    assert django_static.staticfile("/a.png") == "/a.5.png"
    proxy._chosen and proxy._chosen.background.wait(60)
    (warning,) = warned()
    assert said in warning


def test_a_file_that_has_vanished(cdn_site, bucket, warned):
    assert file_proxy("/a.5.png", new=True, filepath="/nowhere/a.5.png") == "/a.5.png"
    settled()
    (warning,) = warned()
    assert "/nowhere/a.5.png cannot be read" in warning
    assert bucket.requests() == 0


def test_a_name_that_no_bucket_takes(cdn_site, bucket, warned):
    assert file_proxy("/%FF.5.png", new=True, filepath=os.fsdecode(b"/nowhere/\xff.5.png")) == "/%FF.5.png"
    (warning,) = warned()
    assert "UTF-8" in warning


def test_a_setting_that_is_no_number(cdn_site, warned):
    cdn_site.settings.DJANGO_STATIC_CDN_THREADS = "many"
    assert file_proxy("/a.5.png") == "/a.5.png"
    assert file_proxy("/a.5.png") == "/a.5.png"
    assert len(warned()) == 1


def test_a_state_that_cannot_be_written(cdn_site, bucket, warned):
    blocked = cdn_site.root / "file"
    blocked.write_text("")
    cdn_site.settings.DJANGO_STATIC_MANIFEST_FILE = str(blocked / "x" / "manifest.json")
    for name in ("a", "b"):
        cdn_site.write(f"{name}.png", PNG, 5)
        assert printed(f"/{name}.png")[1] == f"{bucket.base}/{name}.5.png"
    (warning,) = warned()
    assert "cannot be written down" in warning


def test_records_that_cannot_be_replaced_are_told_of_once(cdn_site, bucket, warned):
    records = proxy.current().state.path
    (records / "kept").mkdir(parents=True)
    for name in ("a", "b", "c"):
        cdn_site.write(f"{name}.png", PNG, 5)
        assert printed(f"/{name}.png")[1] == f"{bucket.base}/{name}.5.png"
    (warning,) = warned()
    assert f"asked for again at each start: {records}: Is a directory" in warning


def test_listing_may_be_forbidden(cdn_site, bucket, warned):
    bucket.breaks(("GET", "500!"))
    for name in ("a", "b"):
        cdn_site.write(f"{name}.png", PNG, 5)
        assert printed(f"/{name}.png")[1] == f"{bucket.base}/{name}.5.png"
    (warning,) = warned()
    assert "old versions stay" in warning


# Processes and threads


def test_two_processes_send_a_file_once(cdn_site, bucket, tmp_path):
    path = cdn_site.write("img/a.1500000005.png", PNG * 2000)
    module = tmp_path / "cdn_test_settings.py"
    names = ("BUCKET", "DOMAIN", "ENDPOINT", "REGION", "WAIT_SECONDS")
    lines = [
        f"DJANGO_STATIC_CDN_{n} = {getattr(cdn_site.settings, f'DJANGO_STATIC_CDN_{n}')!r}" for n in names
    ]
    module.write_text(
        f"MEDIA_ROOT = {str(cdn_site.media)!r}\nINSTALLED_APPS = ['django_static']\n" + "\n".join(lines)
    )
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": module.stem,
        "PYTHONPATH": str(tmp_path),
        "AWS_ACCESS_KEY_ID": "tests",
        "AWS_SECRET_ACCESS_KEY": "tests",
    }
    command = [sys.executable, "-m", "django_static.cdn", str(path)]
    started = [
        subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    done = [process.communicate(timeout=100) for process in started]
    assert done == [(f"{bucket.base}/img/a.1500000005.png\n", "")] * 2
    assert bucket.puts() == ["img/a.1500000005.png"]


def test_many_threads_send_a_file_once(cdn_site, bucket):
    cdn_site.write("a.png", PNG * 1000, 5)
    path = cdn_site.media / "a.5.png"
    path.write_bytes(PNG * 1000)
    threads = [threading.Thread(target=file_proxy, args=("/a.5.png", True, str(path))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    settled()
    assert bucket.puts() == ["a.5.png"]


def test_no_more_threads_than_asked_for(cdn_site, bucket):
    cdn_site.settings.DJANGO_STATIC_CDN_THREADS = 2
    bucket.breaks(("*", "silence!"))
    for number in range(9):
        cdn_site.write(f"{number}.png", PNG, 5)
        django_static.staticfile(f"/{number}.png")
    working = [thread for thread in threading.enumerate() if thread.name == "django_static.cdn"]
    assert len(working) == 2
    assert all(thread.daemon for thread in working)
    bucket.breaks()
    bucket.server.released.set()
    settled()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_fork_goes_on_with_what_its_parent_was_told(cdn_site, bucket):
    """As under gunicorn --preload: the page was rendered before the fork, and its upload hangs in the parent."""
    cdn_site.settings.DJANGO_STATIC_CDN_READ_TIMEOUT = 3
    cdn_site.settings.DJANGO_STATIC_CDN_ATTEMPTS = 1
    bucket.breaks(("*", "silence"))
    cdn_site.write("a.png", PNG, 5)
    assert django_static.staticfile("/a.png") == "/a.5.png"
    assert bucket.server.asked.wait(60)
    assert _in_a_child(lambda: printed("/a.png")) == str(["/a.5.png", f"{bucket.base}/a.5.png"])
    assert bucket.puts() == ["a.5.png"]


def _in_a_child(work) -> str:
    reader, writer = os.pipe()
    pid = os.fork()
    if not pid:
        answer = "?"
        try:
            answer = str(work())
        except BaseException as error:
            answer = repr(error)
        finally:
            os.write(writer, answer.encode())
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as file:
        answer = file.read()
    os.waitpid(pid, 0)
    return answer


def test_a_process_ends_while_an_upload_hangs(cdn_site, bucket, tmp_path):
    bucket.breaks(("*", "silence!"))
    path = cdn_site.write("a.5.png", PNG)
    script = f"""
from django.conf import settings
settings.configure(MEDIA_ROOT={str(cdn_site.media)!r}, DJANGO_STATIC_CDN_BUCKET={bucket.name!r},
    DJANGO_STATIC_CDN_DOMAIN="x", DJANGO_STATIC_CDN_ENDPOINT={bucket.endpoint!r}, DJANGO_STATIC_CDN_REGION="us-east-1",
    AWS_ACCESS_KEY_ID="a", AWS_SECRET_ACCESS_KEY="b", DJANGO_STATIC_CDN_READ_TIMEOUT=1000)
from django_static.cdn import SlowMap, file_proxy, proxy
print(file_proxy("/a.5.png", new=True, filepath={str(path)!r}))
assert not proxy.current().background.wait(0)
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "/a.5.png\n", "")


def test_states_of_two_processes_become_one(tmp_path):
    one, two = State(tmp_path, "x"), State(tmp_path, "x")
    from django_static.cdn.state import Entry

    one.note("a", Entry("1", 1, 1, 1.0))
    two.note("b", Entry("2", 2, 2, 2.0))
    one.flush()
    two.flush()
    assert sorted(State(tmp_path, "x").keys()) == ["a", "b"]
    assert one.get("b") is None
    one.refresh()
    assert one.get("b") == Entry("2", 2, 2, 2.0)
    two.note("a", None)
    two.flush()
    assert State(tmp_path, "x").keys() == ["b"]
    assert State(tmp_path, "y").keys() == []
    assert [path.name for path in tmp_path.glob("*") if path.suffix != ".json"] == []


def test_a_state_is_read_again_only_when_it_has_changed(tmp_path, monkeypatch):
    from django_static.cdn.state import Entry

    one, two = State(tmp_path, "x"), State(tmp_path, "x")
    reads = []
    load = State._load
    monkeypatch.setattr(State, "_load", lambda self: (reads.append(1), load(self))[1])
    one.refresh()
    assert reads == []
    two.note("b", Entry("2", 2, 2, 2.0))
    two.flush()
    two.refresh()
    one.refresh()
    one.refresh()
    assert len(reads) == 2
    assert one.get("b") is not None


def test_work_that_fails_keeps_no_other_from_it(caplog):
    from django_static.cdn.background import Background

    done = []
    background = Background(1)
    background.submit(lambda: 1 / 0)
    background.submit(lambda: done.append(1))
    assert background.wait(60)
    assert done == [1]
    assert "not foreseen" in caplog.text


def test_no_thread_can_be_started(monkeypatch):
    from django_static.cdn.background import Background

    def start(self):
        raise RuntimeError("can't start new thread")

    background, done = Background(2), []
    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", start)
        with pytest.raises(RuntimeError):
            background.submit(lambda: done.append(1))  # who is told of it tries again
    assert background.wait(60)
    assert not background.is_waiting()
    begun, may_end = threading.Event(), threading.Event()

    def first():
        begun.set()
        may_end.wait(60)
        done.append(2)

    background.submit(first)
    assert begun.wait(60)
    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", start)
        background.submit(lambda: done.append(3))  # the one that is there does it
    may_end.set()
    assert background.wait(60)
    assert done == [2, 3]


#: What a page prints in a process that has no right to one more thread; a map with a probe beside it.
WITHOUT_THREADS = """
import logging, os, resource, sys, threading
logging.basicConfig(format="%(levelname)s %(message)s")
from django.conf import settings
settings.configure(MEDIA_ROOT={media!r}, DJANGO_STATIC=True, DJANGO_STATIC_CDN_STORAGE="cdn", USE_TZ=True,
    DJANGO_STATIC_CDN_DOMAIN="cdn.example.com", STORAGES={{"cdn": {{
        "BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {{"location": {there!r}}}}}}})
import django; django.setup()
from django_static.cdn import SlowMap, file_proxy
if os.geteuid() == 0:
    os.setgid(54321); os.setuid(54321)  # no limit counts for root
resource.setrlimit(resource.RLIMIT_NPROC, (1, 1))
try:
    threading.Thread(target=print).start()
except RuntimeError:
    now = 0
    urls = SlowMap(10, lambda url: False, clock=lambda: now)
    urls["a"] = urls["b"] = "url"
    print(urls.get("a"), urls.get("b"))
    now = 10
    print(urls.get("a"), urls.get("b"))
    for _ in range(3):
        print(file_proxy("/a.5.png", new=True, filepath={media!r} + "/a.5.png"))
else:
    print("threads")
"""


def test_a_process_that_may_start_no_thread(tmp_path):
    pytest.importorskip("resource", reason="this system has no limits of processes")
    tmp_path.chmod(0o755)
    (tmp_path / "a.5.png").write_bytes(PNG)
    code = WITHOUT_THREADS.format(media=str(tmp_path), there=str(tmp_path / "there"))
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=100, check=False, cwd="/"
    )
    if done.stdout == "threads\n":
        pytest.skip("this system lets a process have threads beyond its limit")
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["None", "None", "url", "url", *["/a.5.png"] * 3]
    assert done.stderr.count("values cannot be probed, and appear by their time alone") == 1
    assert done.stderr.count("nothing can be done off the request: can't start new thread") == 1
    assert done.stderr.count("WARNING") == 2


def test_another_process_that_takes_too_long(cdn_site, bucket, warned, monkeypatch):
    cdn_site.settings.DJANGO_STATIC_CDN_READ_TIMEOUT = 0.05
    cdn_site.settings.DJANGO_STATIC_CDN_ATTEMPTS = 1
    cdn_site.write("a.png", PNG, 5)
    with proxy.current().state.locked("a.5.png", 10):
        assert printed("/a.png") == ["/a.5.png"] * 2
    (warning,) = warned()
    assert "another process takes too long" in warning
    assert bucket.requests() == 0


# The program


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "required: FILE"),
        (["a", "b"], "unrecognized arguments: b"),
        (["--as", "x"], "required: FILE"),
        (["--nothing", __file__], "unrecognized arguments"),
        ([str(Path(__file__).parent)], "is not a file"),
        (["/nowhere.png"], "/nowhere.png is not a file"),
    ],
)
def test_usage(forks, arguments, said):
    process = forks.start("-m", "django_static.cdn", *arguments)
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    assert output == ""
    assert errors.startswith("usage:")
    assert said in errors


def test_the_program_without_settings(tmp_path):
    environment = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    done = subprocess.run(
        [sys.executable, "-m", "django_static.cdn", __file__],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=environment,
        cwd=tmp_path,
    )
    assert done.returncode == 1
    assert "DJANGO_SETTINGS_MODULE" in done.stderr


def test_the_program_explains_itself():
    command = [sys.executable, "-m", "django_static.cdn", "--help"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert "--as NAME" in done.stdout


@pytest.fixture
def program(capsys):
    """What the program prints, or else what it complains of."""
    from django_static.cdn.__main__ import main

    def run(*arguments):
        capsys.readouterr()
        code = main([str(each) for each in arguments])
        said = capsys.readouterr()
        assert (code == 0) == bool(said.out)
        assert (code == 0) == (not said.err)
        return said.out.removesuffix("\n") or said.err

    return run


def test_a_published_file_keeps_its_name(cdn_site, bucket, tmp_path, program):
    for path, key in (
        (cdn_site.write("img/a.1500000005.png", PNG), "img/a.1500000005.png"),
        (cdn_site.write("b.3f2a9c1b4d5e.png", PNG), "b.3f2a9c1b4d5e.png"),
        (cdn_site.write("c-0a1b2c3d4e.png", PNG), "c-0a1b2c3d4e.png"),  # as bundlers do
        (tmp_path / "other.1500000005.png", "other.1500000005.png"),
    ):
        path.write_bytes(PNG)
        assert program(path) == f"{bucket.base}/{key}"
        assert bucket.get(key)[2] == PNG
    bucket.put("img/a.1500000006.png")
    older = cdn_site.write("img/a.1500000004.png", PNG)
    assert "there is the later img/a.1500000006.png" in program(older)
    cdn_site.settings.DJANGO_STATIC_CDN_BUCKET = ""
    assert "DJANGO_STATIC_CDN_BUCKET" in program(older)


@pytest.mark.parametrize("fingerprint", ["mtime", "hash"])
@pytest.mark.parametrize("prefix", ["", "/für immer"])
def test_any_other_file_gets_the_name_that_tags_give_it(
    cdn_site, bucket, tmp_path, program, fingerprint, prefix
):
    """Its name alone would be that of its first content for ten years."""
    cdn_site.settings.DJANGO_STATIC_FINGERPRINT = fingerprint
    cdn_site.settings.DJANGO_STATIC_NAME_PREFIX = prefix
    path = cdn_site.write("img/a b.png", PNG, 1500000005)
    dated = cdn_site.write("photo.20261122.png", PNG, 1500000005)
    with override_settings(DJANGO_STATIC_FILE_PROXY=None):
        printed_by_tag = [django_static.staticfile(name) for name in ("/img/a b.png", "/photo.20261122.png")]
    assert [program(path), program(dated)] == [f"{bucket.base}{url}" for url in printed_by_tag]
    assert len(bucket.keys()) == 2
    # Another content is another file, and nobody is told to change anything.
    path.write_bytes(PNG[::-1])
    os.utime(path, (1500000006, 1500000006))
    assert program(path) not in printed_by_tag
    assert len(bucket.keys()) == 3
    other = tmp_path / "elsewhere.png"
    other.write_bytes(PNG)
    assert program(other).startswith(f"{bucket.base}/elsewhere.")


def test_a_name_of_ones_own(cdn_site, bucket, tmp_path, program):
    path = cdn_site.write("a.png", PNG, 5)
    assert program(path, "--as", "/talks/2026/a b.png") == f"{bucket.base}/talks/2026/a%20b.png"
    assert bucket.get("talks/2026/a%20b.png")[2] == PNG
    path.write_bytes(b"another")
    said = program(path, "--as", "talks/2026/a b.png")
    assert "another content" in said
    assert said.endswith("give it another name\n")
    assert "'a/../b.png' is no name for a file" in program(path, "--as", "a/../b.png")
    assert bucket.keys() == ["talks/2026/a b.png"]


@pytest.mark.parametrize(
    ("name", "url"),
    [
        ("x?y#z.png", "x%3Fy%23z.png"),
        ("a%20b.png", "a%2520b.png"),
        ("100%.png", "100%25.png"),
        ("//host/c.png", "host/c.png"),
        ("https:d.png", "https%3Ad.png"),
    ],
)
@pytest.mark.parametrize("prefix", ["", "live"])
def test_a_name_of_ones_own_is_taken_as_it_is(cdn_site, bucket, program, name, url, prefix):
    cdn_site.settings.DJANGO_STATIC_CDN_PREFIX = prefix
    whole = f"{prefix}/{url}" if prefix else url
    printed_url = program(cdn_site.write("a.png", PNG, 5), "--as", name)
    assert unquote(printed_url) == unquote(f"{bucket.base}/{whole}")
    assert bucket.get(printed_url.removeprefix(f"{bucket.base}/"))[2] == PNG
    assert bucket.keys() == [f"{prefix}/{name.lstrip('/')}".lstrip("/")]


def test_what_the_bucket_has_lost_is_sent_again_by_hand(cdn_site, bucket, program):
    """The records say that it is there; who asks for its URL gives that to others."""
    cdn_site.write("img/a.1500000005.png", PNG)
    picture = cdn_site.write("b.1500000005.png", PNG)
    sheet = cdn_site.write("c.1500000005.css", "a { b: url(img/a.1500000005.png) }")
    urls = [program(each) for each in (picture, sheet)]
    before = bucket.puts()
    assert len(before) == 3
    assert [program(each) for each in (picture, sheet)] == urls
    assert bucket.puts() == before
    for key in before:
        bucket.remove(key)
    assert [program(each) for each in (picture, sheet)] == urls
    assert sorted(bucket.keys()) == sorted(before)


@pytest.mark.parametrize(("fault", "said"), [("403!", "AccessDenied"), ("500!", "InternalError")])
def test_what_cannot_be_sent_again_has_no_url(cdn_site, bucket, program, fault, said):
    cdn_site.settings.DJANGO_STATIC_CDN_ATTEMPTS = 1
    picture = cdn_site.write("b.png", PNG, 1500000005)
    url = program(picture)
    bucket.remove("b.1500000005.png")
    bucket.breaks(("PUT", fault))
    assert said in program(picture)
    # Nor do pages print it.
    assert printed("/b.png") == ["/b.1500000005.png"] * 2
    bucket.breaks()
    assert program(picture) == url
    assert states(cdn_site)["b.1500000005.png"]["by_hand"]


def test_what_names_files_that_were_not_published(cdn_site, bucket, program):
    cdn_site.write("img/a.png", PNG, 1500000005)
    sheet = cdn_site.write("css/a.css", "a { b: url(../img/a.png) }", 1500000005)
    assert "staticbuild" in program(sheet)
    assert bucket.keys() == []
    with override_settings(DJANGO_STATIC_FILE_PROXY=None):
        url = django_static.slimfile("/css/a.css")
    assert program(cdn_site.media / url[1:]) == f"{bucket.base}{url}"
    assert sorted(bucket.keys()) == ["css/a.1500000005.css", "img/a.1500000005.png"]


def test_the_program_runs_as_a_module():
    assert Path(proxy.__file__).with_name("__main__.py").exists()
