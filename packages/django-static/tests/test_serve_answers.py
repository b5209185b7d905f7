"""``django_static.serve``: every rule of RFC 9110 that a server of files has to keep, through both edges."""

from __future__ import annotations

import asyncio
import gzip
import re
import tracemalloc
from pathlib import Path
from typing import Any, NamedTuple

import brotli
import pytest
import serve_model
from hypothesis import HealthCheck, example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from serve_site import CSS, JS, OLD, AsgiClient, Site, WsgiClient

from django_static.serve.answer import answer, usual
from django_static.serve.request import Request

WHEN = "Sun, 13 Sep 2020 12:26:40 GMT"  # OLD
BEFORE = "Sun, 13 Sep 2020 12:26:39 GMT"
AFTER = "Sun, 13 Sep 2020 12:26:41 GMT"


@pytest.fixture(scope="module")
def root(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("site")


@pytest.fixture
def site(settings, root) -> Site:
    """Built once, and looked at by many."""
    site = Site(settings, root)
    if not site.static.exists():
        site.usual()
        site.build()
    return site


@pytest.fixture
def own(settings, tmp_path) -> Site:
    """One that may be changed."""
    site = Site(settings, tmp_path)
    site.usual()
    site.build()
    return site


@pytest.fixture(params=["wsgi", "asgi"])
def client(request, site) -> WsgiClient | AsgiClient:
    return site.clients()[["wsgi", "asgi"].index(request.param)]


class TestWhole:
    def test_a_published_file_may_be_kept_for_ever(self, site, client):
        url = site.url("js/site.js")
        reply = client.ask(url)
        assert reply.status == 200
        assert reply.body == JS.encode()
        tag = reply.headers.pop("etag")
        assert re.fullmatch(r'"[0-9a-f]{32}"', tag)
        assert reply.headers == {
            "content-type": "text/javascript; charset=utf-8",
            "content-length": str(len(JS)),
            "last-modified": WHEN,
            "cache-control": "max-age=315360000, public, immutable",
            "vary": "Accept-Encoding",
            "x-content-type-options": "nosniff",
        }

    def test_an_original_may_be_kept_for_a_minute(self, client):
        reply = client.ask("/static/js/site.js")
        assert reply.body == JS.encode()
        assert reply.headers["cache-control"] == "max-age=60, public"

    @pytest.mark.parametrize(
        ("name", "accepted", "said"),
        [("js/site.js", None, None), ("large.bin", None, "bytes"), ("large.bin", "br", None)],
    )
    def test_only_of_a_large_file_it_is_said_that_there_are_parts(self, site, client, name, accepted, said):
        """In the coding that is sent; parts are there of all."""
        fields = {} if accepted is None else {"accept-encoding": accepted}
        assert client.ask(site.url(name), fields=fields).headers.get("accept-ranges") == said
        assert client.ask(site.url(name), fields={**fields, "range": "bytes=0-1"}).status == 206

    def test_an_original_that_was_rewritten_is_sent_as_it_was(self, site, client):
        assert client.ask("/static/css/site.css").body == CSS.encode()
        assert client.ask(site.url("css/site.css")).body != CSS.encode()

    def test_a_picture_that_a_style_sheet_names_is_served(self, site, client):
        sheet = client.ask(site.url("css/site.css")).body.decode()
        (name,) = re.findall(r"url\(\.\.(/img/[^)]+)\)", sheet)
        assert client.ask("/static" + name).body == site.file("/static" + name).read_bytes()

    @pytest.mark.parametrize(
        ("name", "kind", "shared"),
        [
            ("css/site.css", "text/css; charset=utf-8", False),
            ("js/site.js", "text/javascript; charset=utf-8", False),
            ("img/logo.png", "image/png", False),
            ("font.woff2", "font/woff2", True),
            ("large.bin", "application/octet-stream", False),
        ],
    )
    def test_kind_and_sharing(self, site, client, name, kind, shared):
        headers = client.ask(site.url(name)).headers
        assert headers["content-type"] == kind
        assert headers.get("access-control-allow-origin") == ("*" if shared else None)
        assert headers["x-content-type-options"] == "nosniff"

    def test_only_what_has_several_codings_varies(self, site, client):
        assert "vary" in client.ask(site.url("js/site.js")).headers
        assert "vary" not in client.ask(site.url("img/logo.png")).headers

    def test_head_is_get_without_content(self, site, client):
        for name in ("js/site.js", "large.bin", "empty.bin"):
            for fields in ({}, {"accept-encoding": "br"}, {"range": "bytes=0-1"}):
                head = client.ask(site.url(name), "HEAD", fields)
                plain = {key: value for key, value in fields.items() if key != "range"}
                got = client.ask(site.url(name), "GET", plain)
                assert (head.status, head.headers, head.body) == (200, got.headers, b"")

    def test_nothing_is_200_of_no_bytes(self, site, client):
        reply = client.ask(site.url("empty.bin"))
        assert (reply.status, reply.headers["content-length"], reply.body) == (200, "0", b"")

    @pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "TRACE"])
    def test_other_methods_are_refused(self, site, client, method):
        reply = client.ask(site.url("js/site.js"), method)
        assert (reply.status, reply.headers["allow"]) == (405, "GET, HEAD, OPTIONS")
        assert reply.headers["cache-control"] == "no-store"
        assert int(reply.headers["content-length"]) == len(reply.body)

    def test_options_tells_the_methods(self, site, client):
        reply = client.ask(site.url("js/site.js"), "OPTIONS")
        assert (reply.status, reply.headers, reply.body) == (204, {"allow": "GET, HEAD, OPTIONS"}, b"")


class TestCodings:
    # Of this file br is the smallest, then zst, gz, identity.
    TABLE = [
        ("nothing said", None, "identity"),
        ("empty", "", "identity"),
        ("only commas", ",, ,", "identity"),
        ("one", "gzip", "gzip"),
        ("old name", "x-gzip", "gzip"),
        ("capitals", "GZip", "gzip"),
        ("browser", "gzip, deflate, br, zstd", "smallest"),
        ("by weight", "gzip;q=1, br;q=0.9", "gzip"),
        ("weight of three digits", "gzip;q=0.001, br;q=0.002", "br"),
        ("spaces", " gzip ; q=0.5 ,\tbr ; q=0.4", "gzip"),
        ("refused", "br;q=0, gzip", "gzip"),
        ("refused with a point", "br;q=0.000, zstd;q=0., gzip", "gzip"),
        ("anything", "*", "smallest"),
        ("anything but", "br;q=0, zstd;q=0, *", "gzip"),
        ("identity preferred", "gzip;q=0.5, identity", "identity"),
        ("identity no worse", "identity, gzip", "gzip"),
        ("identity by star", "gzip;q=0.2, *;q=0.1", "gzip"),
        ("star before named", "br;q=0.1, zstd;q=0.1, gzip;q=0.1, *;q=0.5", "identity"),
        ("unknown only", "compress, x-new", "identity"),
        ("identity refused", "identity;q=0, gzip", "gzip"),
        ("identity refused alone", "identity;q=0", None),
        ("all refused", "*;q=0", None),
        ("all but one refused", "*;q=0, gzip", "gzip"),
        ("identity kept", "*;q=0, identity", "identity"),
        ("malformed weight", "gzip;q=2", "identity"),
        ("malformed weight, another right", "gzip;q=x, br", "br"),
        ("named twice", "gzip;q=0, gzip", "identity"),
        ("long", ", ".join(f"x{n};q=0.5" for n in range(80)) + ", gzip", "gzip"),
        ("absurdly long", "x" * 100_000 + ", gzip", "identity"),
        ("absurdly many", ", ".join(f"x{n}" for n in range(5000)) + ", gzip", "identity"),
    ]

    @pytest.mark.parametrize(("field", "coding"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
    def test_which_is_sent(self, site, client, field, coding):
        url = site.url("css/site.css")
        reply = client.ask(url, fields={} if field is None else {"accept-encoding": field})
        if coding is None:
            assert (reply.status, reply.headers["vary"]) == (406, "Accept-Encoding")
            return
        plain = site.file(url).read_bytes()
        if coding == "smallest":
            sizes = {
                name: len(client.ask(url, fields={"accept-encoding": name}).body)
                for name in ("gzip", "br", "zstd")
            }
            coding = min(sizes, key=lambda name: sizes[name])
        assert reply.headers.get("content-encoding", "identity") == coding
        assert reply.headers["vary"] == "Accept-Encoding"
        assert int(reply.headers["content-length"]) == len(reply.body)
        ending = {"gzip": ".gz", "br": ".br", "zstd": ".zst", "identity": ""}[coding]
        assert reply.body == site.file(url + ending).read_bytes()
        decode = {"gzip": gzip.decompress, "br": brotli.decompress}.get(coding)
        if decode is not None:
            assert decode(reply.body) == plain

    def test_fields_of_strangers_fill_no_memory(self, site, client):
        """Who sends another absurd field each time leaves nothing behind."""
        url = site.url("css/site.css")
        client.ask(url, fields={"accept-encoding": "br"})
        tracemalloc.start()
        try:
            for length in (60_000, 1000):
                ends = [f".{n}" for n in range(length // 8)]
                before = tracemalloc.get_traced_memory()[0]
                for number in range(400):
                    # In one go: to make each coding alone takes a hundred times as long as to answer.
                    codings = f"{number}" + f",{number}".join(ends)
                    assert client.ask(url, fields={"accept-encoding": codings}).status == 200
                assert tracemalloc.get_traced_memory()[0] - before < 4_000_000
        finally:
            tracemalloc.stop()

    def test_a_field_in_two_lines_is_one_list(self, site):
        """RFC 9110, 5.3; WSGI servers join them themselves."""
        server = site.clients()[1].app
        url = site.url("css/site.css")
        lines = [(b"accept-encoding", b"gzip;q=0.5"), (b"accept-encoding", b"br;q=0.4")]
        sent = []
        for headers in (lines, lines[::-1], lines[1:]):

            async def send(message: dict[str, Any]) -> None:
                sent.append(dict(message.get("headers", ())).get(b"content-encoding"))

            asyncio.run(
                server({"type": "http", "method": "GET", "path": url, "headers": headers}, None, send)
            )
        assert sent[::2] == [b"gzip", b"gzip", b"br"]

    def test_each_coding_has_a_tag_of_its_own(self, site, client):
        url = site.url("css/site.css")
        tags = {
            client.ask(url, fields={"accept-encoding": coding}).headers["etag"]
            for coding in ("gzip", "br", "zstd", "identity")
        }
        assert len(tags) == 4
        assert not any(tag.startswith("W/") for tag in tags)

    def test_the_tag_of_a_coding_changes_with_what_makes_it(self, own, settings):
        url = own.url("css/site.css")
        before = own.clients()[0].ask(url, fields={"accept-encoding": "br"})
        settings.DJANGO_STATIC_COMPRESS = ["br:1"]
        own.build()
        after = own.clients()[0].ask(url, fields={"accept-encoding": "br"})
        assert brotli.decompress(before.body) == brotli.decompress(after.body)
        assert before.headers["etag"] != after.headers["etag"]

    def test_the_tag_is_that_of_the_content_and_not_of_the_name(self, own):
        own.write("js/copy.js", JS)
        own.build()
        client = own.clients()[0]
        tags = [client.ask(own.url(f"js/{name}.js")).headers["etag"] for name in ("site", "copy")]
        assert tags[0] == tags[1]


class TestConditions:
    # {tag} is that of the identity, {br} of another coding, which is not the one selected here.
    TABLE = [
        ("none match: the tag", {"if-none-match": "{tag}"}, 304),
        ("none match: weak", {"if-none-match": "W/{tag}"}, 304),
        ("none match: list", {"if-none-match": '"a", W/"b" ,{tag}'}, 304),
        ("none match: list without spaces", {"if-none-match": '"a",{tag},"b"'}, 304),
        ("none match: empty members", {"if-none-match": ', ,{tag},,"b",'}, 304),
        ("none match: star", {"if-none-match": "*"}, 304),
        ("none match: a comma inside a tag", {"if-none-match": '"a,{bare}",{tag}'}, 304),
        ("none match: only inside another tag", {"if-none-match": '"a,{bare}"'}, 200),
        ("none match: other", {"if-none-match": '"other"'}, 200),
        ("none match: of another coding", {"if-none-match": "{br}"}, 200),
        ("none match: without quotes", {"if-none-match": "{bare}"}, 200),
        ("none match: malformed list", {"if-none-match": "{tag} {tag}"}, 200),
        ("none match: small w", {"if-none-match": "w/{tag}"}, 200),
        ("none match: star in a list", {"if-none-match": '*, "a"'}, 200),
        ("none match: empty", {"if-none-match": ""}, 200),
        ("none match: absurdly long", {"if-none-match": '"' + "x" * 100_000 + '", {tag}'}, 304),
        ("modified since: same", {"if-modified-since": WHEN}, 304),
        ("modified since: later", {"if-modified-since": AFTER}, 304),
        ("modified since: earlier", {"if-modified-since": BEFORE}, 200),
        ("modified since: RFC 850", {"if-modified-since": "Sunday, 13-Sep-20 12:26:40 GMT"}, 304),
        ("modified since: asctime", {"if-modified-since": "Sun Sep 13 12:26:40 2020"}, 304),
        ("modified since: malformed", {"if-modified-since": "a while ago"}, 200),
        ("modified since: no such day", {"if-modified-since": "Sun, 32 Sep 2020 12:26:40 GMT"}, 200),
        ("modified since: two dates", {"if-modified-since": f"{WHEN}, {WHEN}"}, 200),
        ("modified since: after none match", {"if-none-match": '"x"', "if-modified-since": WHEN}, 200),
        ("modified since: after malformed", {"if-none-match": "?", "if-modified-since": WHEN}, 200),
        ("none match before a date", {"if-none-match": "{tag}", "if-modified-since": BEFORE}, 304),
        ("match: the tag", {"if-match": "{tag}"}, 200),
        ("match: list", {"if-match": '"a", {tag}'}, 200),
        ("match: star", {"if-match": "*"}, 200),
        ("match: weak is not enough", {"if-match": "W/{tag}"}, 412),
        ("match: other", {"if-match": '"other"'}, 412),
        ("match: malformed", {"if-match": "{bare}"}, 412),
        ("match and none match", {"if-match": "{tag}", "if-none-match": "{tag}"}, 304),
        ("match fails before none match", {"if-match": '"x"', "if-none-match": "{tag}"}, 412),
        ("unmodified since: same", {"if-unmodified-since": WHEN}, 200),
        ("unmodified since: earlier", {"if-unmodified-since": BEFORE}, 412),
        ("unmodified since: later", {"if-unmodified-since": AFTER}, 200),
        ("unmodified since: malformed", {"if-unmodified-since": "soon"}, 200),
        ("unmodified since: after match", {"if-match": "{tag}", "if-unmodified-since": BEFORE}, 200),
        ("a range, not modified", {"range": "bytes=0-0", "if-none-match": "{tag}"}, 304),
        ("a range, failed", {"range": "bytes=0-0", "if-match": '"x"'}, 412),
    ]

    @pytest.mark.parametrize("method", ["GET", "HEAD"])
    @pytest.mark.parametrize(("fields", "status"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
    def test_in_the_order_of_the_rfc(self, site, client, fields, status, method):
        url = site.url("js/site.js")
        tag = client.ask(url).headers["etag"]
        br = client.ask(url, fields={"accept-encoding": "br"}).headers["etag"]
        given = {
            name: value.replace("{tag}", tag).replace("{br}", br).replace("{bare}", tag.strip('"'))
            for name, value in fields.items()
        }
        reply = client.ask(url, method, given)
        assert reply.status == status
        if status == 304:
            assert reply.body == b""
            assert reply.headers == {
                "etag": tag,
                "cache-control": "max-age=315360000, public, immutable",
                "vary": "Accept-Encoding",
            }

    def test_names_by_content_come_without_a_date(self, own, settings):
        """It would differ from server to server, and then mean nothing."""
        settings.DJANGO_STATIC_FINGERPRINT = "hash"
        own.build()
        for client in own.clients():
            served = [url for url in client_urls(own) if re.search(r"\.[0-9a-f]{12}\.js", url)]
            reply = client.ask(served[0], fields={"if-modified-since": AFTER, "if-unmodified-since": BEFORE})
            assert reply.status == 200
            assert "last-modified" not in reply.headers

    def test_a_file_from_the_future_has_no_date(self, own):
        own.write("js/site.js", JS + "//", 4_000_000_000)
        own.build()
        reply = own.clients()[0].ask("/static/js/site.4000000000.js", fields={"if-modified-since": AFTER})
        assert reply.status == 200
        assert "last-modified" not in reply.headers


def client_urls(site: Site) -> list[str]:
    return list(site.build().served)


class TestUsual:
    """The way that most requests take: no other answers, and nothing left behind for those that follow."""

    ACCEPTED = (None, "", "gzip, deflate, br, zstd", "br;q=0, gzip", "identity;q=0", "*;q=0", "x" * 2000)
    DATES = (None, "", WHEN, BEFORE, AFTER, "once")

    def test_it_is_the_answer_that_all_the_rules_give(self, site):
        url = site.url("js/site.js")
        entry = site.clients()[0].server._holdings.find(url)
        given = {}
        for accepted in self.ACCEPTED:
            chosen = entry.select(accepted)
            tag = chosen.etag if chosen else '"none"'
            for tags in (None, "", "*", tag, f"W/{tag}", f'"a", {tag}', f" {tag}", '"other"', tag.strip('"')):
                for date in self.DATES:
                    short = usual(entry, accepted, tags, date)
                    whole = answer(
                        entry, Request("GET", accepted, if_none_match=tags, if_modified_since=date)
                    )
                    assert short is None or short is whole
                    given[accepted, tags, date] = short
        # What browsers send is among them.
        tag = entry.select("gzip, deflate, br, zstd").etag
        for date in (None, WHEN):
            assert given["gzip, deflate, br, zstd", tag, date].status == 304
        for accepted in (None, "gzip, deflate, br, zstd"):
            assert given[accepted, None, None].status == 200

    @pytest.mark.parametrize("fields", [{}, {"if-none-match": "{tag}"}, {"range": "bytes=0-1"}])
    def test_who_is_around_may_change_the_headers(self, site, fields):
        """PEP 3333 lets a server change the list, and middleware does."""
        client = site.clients()[0]
        server = client.server
        url = site.url("js/site.js")
        fields = {name: value.format(tag=client.ask(url).headers["etag"]) for name, value in fields.items()}
        first = client.ask(url, fields=fields).headers

        def around(environ: Any, start_response: Any) -> Any:
            def start(status: str, headers: list[tuple[str, str]]) -> Any:
                headers.append(("X-More", "1"))
                headers.sort()
                return start_response(status, headers)

            return server(environ, start)

        for _ in range(2):
            assert WsgiClient(around).ask(url, fields=fields).headers == first | {"x-more": "1"}
        assert client.ask(url, fields=fields).headers == first


class TestRanges:
    #: Of a file of 262 bytes: what is sent, as first and last; None for all of it, [] for 416.
    TABLE = [
        ("first byte", "bytes=0-0", [(0, 0)]),
        ("last byte", "bytes=261-261", [(261, 261)]),
        ("one byte as suffix", "bytes=-1", [(261, 261)]),
        ("middle", "bytes=10-19", [(10, 19)]),
        ("open", "bytes=200-", [(200, 261)]),
        ("suffix", "bytes=-62", [(200, 261)]),
        ("suffix of more than all", "bytes=-1000", [(0, 261)]),
        ("all", "bytes=0-", [(0, 261)]),
        ("beyond the end", "bytes=200-1000", [(200, 261)]),
        ("leading zeros", "bytes=0000-0001", [(0, 1)]),
        ("unit in capitals", "BYTES=0-0", [(0, 0)]),
        ("absurdly large", "bytes=0-" + "9" * 5000, [(0, 261)]),
        ("not there", "bytes=262-", []),
        ("not there at all", "bytes=1000-2000", []),
        ("absurdly far", "bytes=" + "9" * 5000 + "-", []),
        ("nothing", "bytes=-0", []),
        ("two", "bytes=0-0,10-11", [(0, 0), (10, 11)]),
        ("two in reverse", "bytes=10-11, 0-0", [(10, 11), (0, 0)]),
        ("two that overlap", "bytes=0-9,5-14", [(0, 9), (5, 14)]),
        ("two, one not there", "bytes=0-0,500-", [(0, 0)]),
        ("two, none there", "bytes=300-,500-", []),
        ("with empty members", "bytes=,0-0,,10-10,", [(0, 0), (10, 10)]),
        ("first and last", "bytes=0-0,-1", [(0, 0), (261, 261)]),
        ("as many as may be", "bytes=" + ",".join(f"{n * 2}-{n * 2}" for n in range(16)), 16),
        ("too many", "bytes=" + ",".join(f"{n * 2}-{n * 2}" for n in range(17)), None),
        ("absurdly many", "bytes=" + ",".join(["0-0"] * 50_000), None),
        ("more than all", "bytes=0-200,100-", None),
        ("all twice", "bytes=0-,0-", None),
        ("backwards", "bytes=5-4", None),
        ("one of two backwards", "bytes=0-0,5-4", None),
        ("other unit", "lines=0-1", None),
        ("no unit", "0-1", None),
        ("no range", "bytes=", None),
        ("only commas", "bytes=,,", None),
        ("only a hyphen", "bytes=-", None),
        ("letters", "bytes=a-b", None),
        ("negative", "bytes=--1", None),
        ("space inside", "bytes=0 - 1", None),
        ("space before the unit's sign", "bytes =0-1", None),
        ("digits that are none of ASCII", "bytes=\xb2-\xb3", None),
        ("empty", "", None),
    ]

    @pytest.mark.parametrize(("field", "sent"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
    def test_what_is_sent(self, site, client, field, sent):
        url = site.url("img/logo.png")
        content = site.file(url).read_bytes()
        assert len(content) == 262
        if sent == 16:
            sent = [(n * 2, n * 2) for n in range(16)]
        reply = client.ask(url, fields={"range": field})
        assert int(reply.headers["content-length"]) == len(reply.body)
        if sent is None:
            assert (reply.status, reply.body) == (200, content)
            assert "content-range" not in reply.headers
        elif not sent:
            assert (reply.status, reply.headers["content-range"]) == (416, "bytes */262")
        else:
            assert reply.status == 206
            assert reply.parts == [
                (f"bytes {first}-{last}/262", content[first : last + 1]) for first, last in sent
            ]
            assert ("content-range" in reply.headers) == (len(sent) == 1)
            for name in ("etag", "cache-control", "last-modified"):
                assert reply.headers[name] == client.ask(url).headers[name]

    def test_of_a_large_file(self, site, client):
        url = site.url("large.bin")
        content = site.file(url).read_bytes()
        reply = client.ask(url, fields={"range": "bytes=1000-700000,0-0,-1"})
        assert [part for _, part in reply.parts] == [content[1000:700001], content[:1], content[-1:]]
        assert int(reply.headers["content-length"]) == len(reply.body)
        assert client.ask(url, fields={"range": "bytes=-300000"}).body == content[-300000:]
        assert client.ask(url, fields={"range": "bytes=1024000-"}).status == 416

    def test_of_a_coding(self, site, client):
        url = site.url("js/site.js")
        content = site.file(url + ".br").read_bytes()
        reply = client.ask(url, fields={"accept-encoding": "br", "range": "bytes=3-9"})
        assert (reply.status, reply.body) == (206, content[3:10])
        assert reply.headers["content-encoding"] == "br"
        assert reply.headers["content-range"] == f"bytes 3-9/{len(content)}"

    @pytest.mark.parametrize(
        ("field", "status"), [("bytes=0-", 416), ("bytes=0-0", 416), ("bytes=-1", 200), ("bytes=-0", 416)]
    )
    def test_of_nothing(self, site, client, field, status):
        assert client.ask(site.url("empty.bin"), fields={"range": field}).status == status

    @pytest.mark.parametrize(
        ("condition", "status"),
        [
            ("{tag}", 206),
            (" {tag} ", 206),
            ("W/{tag}", 200),
            ('"other"', 200),
            ("*", 200),
            ('{tag}, "other"', 200),
            (WHEN, 206),
            ("Sunday, 13-Sep-20 12:26:40 GMT", 206),
            (BEFORE, 200),
            (AFTER, 200),
            ("once", 200),
            ("", 200),
        ],
    )
    def test_if_range(self, site, client, condition, status):
        url = site.url("js/site.js")
        tag = client.ask(url).headers["etag"]
        fields = {"range": "bytes=0-3", "if-range": condition.replace("{tag}", tag)}
        reply = client.ask(url, fields=fields)
        assert reply.status == status
        assert reply.body == (JS.encode() if status == 200 else JS.encode()[:4])

    def test_if_range_with_the_tag_of_another_coding(self, site, client):
        url = site.url("js/site.js")
        tag = client.ask(url).headers["etag"]
        reply = client.ask(url, fields={"accept-encoding": "br", "range": "bytes=0-0", "if-range": tag})
        assert reply.status == 200

    def test_a_date_proves_nothing_of_a_file_that_may_change(self, client):
        reply = client.ask("/static/css/site.css")
        date = reply.headers["last-modified"]
        fields = {"range": "bytes=0-3", "if-range": date}
        assert client.ask("/static/css/site.css", fields=fields).status == 200
        fields["if-range"] = reply.headers["etag"]
        assert client.ask("/static/css/site.css", fields=fields).status == 206


def resource_of(client: Any, url: str, modified: int | None) -> serve_model.Resource:
    found = {}
    for coding in ("identity", "gzip", "br", "zstd"):
        reply = client.ask(url, fields={"accept-encoding": f"{coding}, *;q=0"})
        if reply.status == 200:
            found[coding] = (reply.body, reply.headers["etag"])
    return serve_model.Resource(found, modified)


def pieces(*tokens: str, most: int = 8) -> st.SearchStrategy[str]:
    """Tokens of a grammar in an order of nobody's."""
    return st.lists(st.sampled_from(tokens), max_size=most).map("".join)


WEIGHTS = st.sampled_from(
    ["", ";q=0", ";q=1", ";q=0.5", "; q=0.501", ";Q=0.", ";q=1.001", ";q=", ";x=1", " ;q=0.9"]
)
NAMES = st.sampled_from(["gzip", "br", "zstd", "identity", "*", "x-gzip", "BR", "deflate", "", "g zip"])
ACCEPT = st.one_of(
    st.lists(st.tuples(NAMES, WEIGHTS).map("".join), max_size=5).map(", ".join),
    pieces("gzip", "br", "*", "identity", ";", "q=", "0", "1", ".5", ",", " ", "\t"),
)
DATES = st.one_of(
    st.sampled_from([WHEN, BEFORE, AFTER, "Sunday, 13-Sep-20 12:26:40 GMT", "Sun Sep 13 12:26:40 2020"]),
    st.sampled_from(
        ["", "0", "x", WHEN.lower().replace("gmt", ""), f"{WHEN}, {WHEN}", WHEN[:-4], WHEN + "+1"]
    ),
)
TAGS = pieces("{identity}", "{gzip}", "{br}", "W/", '"', '"a"', ",", " ", "*", "\t", "\xe9", "\x7f")
TAG_LISTS = st.one_of(
    TAGS,
    st.lists(st.sampled_from(["{identity}", "W/{identity}", "{br}", '"a,b"', '""', "", " "]), max_size=4).map(
        ",".join
    ),
)
NUMBERS = st.one_of(st.integers(0, 12), st.integers(0, 6000), st.just(10**30)).map(str)
RANGES = st.one_of(
    st.lists(
        st.tuples(st.one_of(st.just(""), NUMBERS), st.just("-"), st.one_of(st.just(""), NUMBERS)).map(
            "".join
        ),
        max_size=5,
    )
    .map(", ".join)
    .map("bytes={}".format),
    pieces("bytes", "BYTES", "=", "-", ",", "0", "1", "99", " ", "\t", "x", most=12),
)
FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "accept-encoding": ACCEPT,
        "if-match": TAG_LISTS,
        "if-none-match": TAG_LISTS,
        "if-modified-since": DATES,
        "if-unmodified-since": DATES,
        "if-range": st.one_of(TAGS, DATES, st.sampled_from(["{identity}", "{br}"])),
        "range": RANGES,
    },
)
METHODS = st.sampled_from(["GET", "GET", "GET", "HEAD", "OPTIONS", "POST"])


class Shape(NamedTuple):
    """A file that is served: which, under what settings, and what its date says."""

    name: str
    settings: dict[str, object]
    #: Whether the name it is asked for by is the published one.
    is_published: bool = True
    #: The time that is told, and whether no other content can have been there at that time.
    modified: int | None = OLD
    strong_date: bool = True


FOUND = {"DEBUG": True, "DJANGO_STATIC_USE_MANIFEST_FILE": False}
SHAPES = {
    "in four codings": Shape("js/site.js", {}),
    "nothing": Shape("empty.bin", {}),
    "large": Shape("large.bin", {}),
    "codings too large for memory": Shape("js/site.js", {"DJANGO_STATIC_SERVE_MEMORY": 0}),
    "by content": Shape("js/site.js", {"DJANGO_STATIC_FINGERPRINT": "hash"}, modified=None),
    "an original": Shape("js/site.js", {}, is_published=False, strong_date=False),
    "an original by content": Shape(
        "img/logo.png", {"DJANGO_STATIC_FINGERPRINT": "hash"}, is_published=False, modified=None
    ),
    "found": Shape("js/site.js", FOUND, is_published=False, strong_date=False),
    "found, and large": Shape("large.bin", FOUND, is_published=False, strong_date=False),
    "found, and nothing": Shape("empty.bin", FOUND, is_published=False, strong_date=False),
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("edge", [0, 1], ids=["wsgi", "asgi"])
def test_as_the_slow_and_obviously_right_model(own, settings, shape, edge):
    name, given_settings, is_published, modified, strong_date = SHAPES[shape]
    for setting, value in given_settings.items():
        setattr(settings, setting, value)
    if given_settings is not FOUND:
        own.build()
    client = own.clients()[edge]
    url = own.url(name) if is_published else f"/static/{name}"
    resource = resource_of(client, url, modified)
    resource.strong_date = strong_date
    is_compressed = name in ("js/site.js", "large.bin") and given_settings is not FOUND
    assert len(resource.codings) == (4 if is_compressed else 1)
    assert resource.codings["identity"][1].startswith("W/") == (shape == "found, and large")

    @hypothesis_settings(
        max_examples=300 if edge == 0 and shape == "in four codings" else 50,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
    @given(METHODS, FIELDS)
    @example("GET", {"range": "bytes=0-0,-1", "if-range": "{identity}"})
    @example("GET", {"if-none-match": 'W/"a", {identity}', "accept-encoding": "br;q=0"})
    def judge(method: str, fields: dict[str, str]) -> None:
        given_fields = {}
        for field, value in fields.items():
            for coding, (_, tag) in resource.codings.items():
                value = value.replace(f"{{{coding}}}", tag)
            given_fields[field] = value
        wanted = serve_model.expected(resource, method, given_fields)
        reply = client.ask(url, method, given_fields)
        assert reply.status == wanted.status
        if wanted.status in (200, 206, 304):
            content, tag = resource.codings[wanted.coding or "identity"]
            assert reply.headers["etag"] == tag
        if wanted.status == 200:
            assert reply.headers.get("content-encoding", "identity") == wanted.coding
            assert reply.headers["content-length"] == str(len(content))
            assert reply.body == (b"" if method == "HEAD" else content)
        elif wanted.status == 206:
            assert reply.parts == [
                (f"bytes {first}-{last}/{len(content)}", content[first : last + 1])
                for first, last in wanted.parts or ()
            ]
            assert reply.headers["content-length"] == str(len(reply.body))
        elif wanted.status == 416:
            size = len(resource.codings[wanted.coding or "identity"][0])
            assert reply.headers["content-range"] == f"bytes */{size}"
        elif method == "HEAD" or wanted.status in (204, 304):
            assert reply.body == b""

    judge()
