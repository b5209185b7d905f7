"""Originals that are not UTF-8: what is published of them says what it is, and nothing else is said of it."""

from __future__ import annotations

import base64
import codecs
import gzip
import hashlib
import re
from io import StringIO
from urllib.parse import urljoin

import pytest
from django.core.management import call_command
from hypothesis import given
from hypothesis import strategies as st
from serve_site import Site as Served
from static_test_ways import NAMES, WAYS, Way

import django_static
from django_static import charsets
from django_static.cdn.headers import payload_of
from django_static.content_types import CONTENT_TYPES, content_type

MARK = codecs.BOM_UTF8
LATIN = b'@charset "iso-8859-1";\n#a::before { content: "\xe9\x80" }\n'
UTF8 = '@charset "utf-8";\n#a::before { content: "é€" }\n'.encode()


@pytest.fixture(params=WAYS, ids=NAMES)
def way(request, site, settings):
    return Way(site, settings, *request.param)


@pytest.mark.parametrize(
    ("kind", "data", "text", "facts"),
    [
        ("css", "a{b:'é'}".encode(), "a{b:'é'}", ""),
        ("css", MARK + "a{b:'é'}".encode(), "a{b:'é'}", "marked"),
        ("css", b"a{b:c}", "a{b:c}", ""),
        ("css", LATIN, '@charset "iso-8859-1";\n#a::before { content: "é€" }\n', "foreign"),
        ("css", b'@charset "ISO-8859-2";\xb1', '@charset "ISO-8859-2";ą', "foreign"),
        ("css", b'@charset " koi8-r ";\xc1', '@charset " koi8-r ";а', "foreign"),
        ("css", b'@charset "macintosh";\x8e', '@charset "macintosh";é', "foreign"),
        ("css", b'@charset "windows-874";\xa1', '@charset "windows-874";ก', "foreign"),
        ("css", b'@charset "latin1";a', '@charset "latin1";a', ""),
        ("css", '@charset "utf-8";é'.encode(), '@charset "utf-8";é', ""),
        ("css", '@charset "utf-16";é'.encode(), '@charset "utf-16";é', ""),
        # What a style sheet says counts, even if it is not what was meant.
        ("css", '@charset "latin1";é'.encode(), '@charset "latin1";Ã©', "foreign"),
        # A mark comes before what a style sheet says.
        ("css", MARK + '@charset "latin1";é'.encode(), '@charset "latin1";é', "marked"),
        ("css", codecs.BOM_UTF16_LE + "é".encode("utf-16-le"), "é", "foreign"),
        ("css", codecs.BOM_UTF16_BE + "é".encode("utf-16-be"), "é", "foreign"),
        ("js", codecs.BOM_UTF16_LE + "é".encode("utf-16-le"), "é", "foreign"),
        ("js", "é".encode(), "é", ""),
        # These are no @charset rules.
        ("css", b"@charset 'latin1';\xe9", "@charset 'latin1';é", "unknown"),
        ("css", b' @charset "latin1";\xe9', ' @charset "latin1";é', "unknown"),
        ("css", b'@charset "latin1" ;\xe9', '@charset "latin1" ;é', "unknown"),
        ("css", b'@charset "latin-1";\xe9', '@charset "latin-1";é', "unknown"),
        ("css", b'@charset "no";\xe9', '@charset "no";é', "unknown"),
        ("js", LATIN, LATIN.decode("latin-1"), "unknown"),
        # Python and browsers do not read all of it alike.
        ("css", b'@charset "shift_jis";\x81\x60', '@charset "shift_jis";\x81`', "unknown"),
        ("css", b'@charset "shift_jis";a', '@charset "shift_jis";a', ""),
        ("css", b'@charset "iso-2022-jp";\x1b$B', '@charset "iso-2022-jp";\x1b$B', "unknown"),
        ("css", b'@charset "windows-1252";\x81', '@charset "windows-1252";\x81', "unknown"),
        ("css", b'@charset "utf-8";\xe9', '@charset "utf-8";é', "unknown"),
        ("css", codecs.BOM_UTF16_LE + b"\x00\xd8", "\xff\xfe\x00\xd8", "unknown"),
        ("css", b"\xe9", "é", "unknown"),
        ("js", b"\xe9", "é", "unknown"),
        ("js", b"", "", ""),
    ],
)  # fmt: skip
def test_what_an_original_says(kind, data, text, facts):
    found = charsets.decoded(data, kind)
    assert found.text == text
    assert (found.is_certain, found.has_mark, found.is_foreign) == (
        facts != "unknown",
        facts == "marked",
        facts == "foreign",
    )


@given(st.text(max_size=20), st.sampled_from(["", '@charset "latin1";', "@charset 'x'"]))
def test_a_text_in_utf8_says_so_itself(text, head):
    sheet, script = charsets.as_utf8(head + text, "css"), charsets.as_utf8(text, "js")
    again = charsets.decoded(sheet, "css")
    assert again.is_certain
    assert not again.is_foreign
    assert again.text.removeprefix('@charset "utf-8";').endswith(text)
    assert charsets.decoded(script, "js").text == text
    assert script.startswith(MARK) is not text.isascii()
    assert sheet.startswith(b'@charset "utf-8";') or sheet.isascii()


class TestPublished:
    def test_a_sheet_that_says_what_it_is(self, way):
        way.site.write("css/a.css", LATIN)
        url = way.url("/css/a.css")
        assert way.bytes(url) == UTF8
        assert re.fullmatch(rf"{way.prefix}/css/a\.\w+\.css", url)
        assert (
            way.bytes(way.url("/css/a.css", "slimfile")).decode()
            == '@charset "utf-8";#a::before{content:"é€"}'
        )

    def test_references_of_a_sheet_of_wide_characters(self, way):
        way.site.write("css/a.css", "a { b: url('../i/é.png') }".encode("utf-16"))
        way.site.write("i/é.png", b"i")
        url = way.url("/css/a.css")
        assert way.bytes(url).startswith(b"a { b: url('../i/%C3%A9.")
        assert [way.bytes(each) for each in way.loads(url)] == [b"i"]

    def test_ascii_is_left_alone(self, way):
        data = b'@charset "iso-8859-1";\na { b: c }\n'
        way.site.write("css/a.css", data)
        assert way.bytes(way.url("/css/a.css")) == data

    def test_scripts(self, way):
        way.site.write("js/a.js", "a('é')".encode("utf-16"))
        way.site.write("js/b.js", "b()".encode("utf-16-be").join([codecs.BOM_UTF16_BE, b""]))
        way.site.write("js/c.js", "import './a.js'; c('é')".encode())
        assert way.bytes(way.url("/js/a.js")) == MARK + "a('é')".encode()
        assert way.bytes(way.url("/js/b.js")) == b"b()"
        assert [way.bytes(each) for each in way.loads(way.url("/js/c.js"))] == [MARK + "a('é')".encode()]

    def test_in_one_file_with_others(self, way):
        way.site.write("css/a.css", "a{b:'ł'}")
        way.site.write("css/b.css", LATIN)
        way.site.write("css/c.css", "c{d:'ł'}".encode("utf-16"))
        way.site.write("js/a.js", "a('ł')")
        way.site.write("js/b.js", "b('ł')".encode("utf-16"))
        html = way.show(
            "{% slimall %}"
            + "".join(f'<link rel="stylesheet" href="/css/{each}.css">' for each in "abc")
            + "".join(f'<script src="/js/{each}.js"></script>' for each in "ab")
            + "{% endslimall %}"
        )
        sheet, script = re.findall(r'(?:href|src)="([^"]+)"', html)
        text = way.bytes(sheet).decode()
        assert text == '@charset "utf-8";a{b:"ł"}\n#a::before{content:"é€"}\nc{d:"ł"}'.replace('"ł"', "'ł'")
        assert way.bytes(script).decode("utf-8-sig").count("ł") == 2
        assert way.bytes(script).startswith(MARK)

    def test_imported_and_put_in_its_place(self, way):
        way.site.write("css/a.css", '@import "b.css"; a{b:c}')
        way.site.write("css/b.css", LATIN)
        way.site.write("css/c.css", "@namespace svg url(x); c{d:e}")
        links = '<link rel="stylesheet" href="/css/a.css"><link rel="stylesheet" href="/css/c.css">'
        html = way.show("{% staticall %}" + links + "{% endstaticall %}")
        text = way.bytes(html.partition('href="')[2].partition('"')[0]).decode()
        assert text.startswith('@charset "utf-8";')
        assert "@import" not in text
        assert "é€" in text

    @pytest.mark.parametrize("inner", [b"b{c:'\xe9'}", b"b{c:d}", b"@charset 'latin1';b{c:'\xe9'}", LATIN])
    def test_an_import_that_relies_on_the_importing_sheet(self, way, inner):
        """What says nothing is in the encoding of the sheet that imports it, which must stay in that then."""
        data = b'@charset "windows-1252";\n@import "b.css";\n#a::before { content: "\xe9" }\n'
        way.site.write("css/a.css", data)
        way.site.write("css/b.css", inner)
        url = way.url("/css/a.css")
        (imported,) = (
            urljoin(url, each) for each in re.findall(r'@import "([^"]+)"', way.bytes(url).decode("latin-1"))
        )
        relies = inner != LATIN and b"\xe9" in inner
        assert (".nocharset." in url) is (".nocharset." in imported) is relies
        if relies:
            assert way.bytes(url).startswith(b'@charset "windows-1252";')
            assert way.bytes(imported) == inner
        assert '"é"'.encode("cp1252" if relies else "utf-8") in way.bytes(url)

    def test_nobody_knows(self, way):
        """Byte for byte but for references, and the name says that there is nothing to be said."""
        way.site.write("css/a.css", b"a { b: url(../i.png); c: '\xe9' }")
        way.site.write("css/b.css", b"b{}")
        way.site.write("js/a.js", b"a('\xe9')")
        way.site.write("i.png", b"i")
        url = way.url("/css/a.css")
        assert re.fullmatch(rf"{way.prefix}/css/a\.nocharset\.\w+\.css", url)
        assert b"c: '\xe9' }" in way.bytes(url)
        assert [way.bytes(each) for each in way.loads(url)] == [b"i"]
        assert content_type(url) == "text/css"
        script = way.url("/js/a.js", "slimfile")
        assert way.bytes(script) == b"a('\xe9')"
        assert content_type(script) == "text/javascript"
        assert ".nocharset." not in way.url("/css/b.css")

    @pytest.mark.parametrize(
        ("name", "data", "is_known"),
        [
            ("a.txt", "é".encode(), True),
            ("a.txt", b"\xe9", False),
            ("a.txt", "é".encode("utf-16"), True),
            ("a.html", b"<meta charset=latin1>\xe9", False),
            ("a.csv", b"\xe9", False),
            ("a.vtt", b"a", True),
            ("a.svg", b'<?xml version="1.0" encoding="latin1"?><svg>\xe9</svg>', True),
            ("a.json", b"\xe9", True),
            ("a.png", b"\xe9", True),
            ("a.NOCHARSET.TXT", b"a", True),
        ],
    )
    def test_other_texts(self, way, name, data, is_known):
        way.site.write(f"t/{name}", data)
        url = way.url(f"/t/{name}")
        assert way.bytes(url) == data
        assert (".nocharset." in url) is not is_known
        if not is_known:
            assert ";" not in content_type(url)

    def test_under_a_digest_of_the_author(self, way):
        """Its bytes stay; that they are not UTF-8 is said of them."""
        way.site.write("css/a.css", LATIN)
        link = '<link rel="stylesheet" href="/css/a.css" integrity="sha384-x">'
        url = way.show("{% slimall %}" + link + "{% endslimall %}").partition('href="')[2].partition('"')[0]
        assert way.bytes(url) == LATIN
        assert url == "/css/a.css" if way.prefix else ".nocharset." in url

    @pytest.mark.parametrize(
        ("data", "is_known"),
        [(b"a('\xe9')", False), ("a('é')".encode(), True), (b"a()", True), ("a('é')".encode("utf-16"), True)],
        ids=["latin", "utf-8", "ascii", "utf-16"],
    )
    def test_what_a_bundler_has_named(self, way, data, is_known):
        """It keeps its name only if that says enough."""
        way.site.write("js/main.3f2a9c1b.js", data)
        url = way.url("/js/main.3f2a9c1b.js")
        assert (".nocharset." in url) is not is_known
        assert is_known or ";" not in content_type(url)
        assert way.bytes(url) == (
            codecs.BOM_UTF8 + "a('é')".encode() if data[:1] == b"\xff" and way.prefix else data
        )
        if data[:1] != b"\xff" or not way.prefix:
            assert (url == f"{way.prefix}/js/main.3f2a9c1b.js") is is_known

    def test_a_circle_of_a_bundler(self, way):
        way.site.write("js/a-3f2a9c1b.js", b"import './b-0a1b2c3d.js'; a('\xe9')")
        way.site.write("js/b-0a1b2c3d.js", b"import './a-3f2a9c1b.js'")
        url = way.url("/js/a-3f2a9c1b.js")
        assert ".nocharset." in url
        if way.prefix:
            (other,) = way.loads(url)
            assert way.loads(other) == [url]

    def test_check_tells_of_what_a_bundler_has_named(self, way):
        way.site.write("js/main.3f2a9c1b.js", b"a('\xe9')")
        way.url("/js/main.3f2a9c1b.js")
        out = StringIO()
        call_command("staticbuild", "--check", stdout=StringIO(), stderr=out, skip_checks=True)
        assert "main.3f2a9c1b.js: is not UTF-8" in out.getvalue()

    def test_once_it_is_converted(self, way):
        way.site.write("css/a.css", b"a{b:'\xe9'}", 5)
        assert ".nocharset." in way.url("/css/a.css")
        way.site.write("css/a.css", "a{b:'é'}", 6)
        url = way.url("/css/a.css")
        assert ".nocharset." not in url
        assert way.bytes(url) == "a{b:'é'}".encode()

    def test_a_name_that_is_too_long_keeps_it(self, way):
        way.site.write(f"css/{'x' * 250}.css", b"a{b:'\xe9'}")
        url = way.url(f"/css/{'x' * 250}.css")
        assert content_type(url) == "text/css"
        assert way.bytes(url) == b"a{b:'\xe9'}"


def test_a_generator_is_told(site):
    site.settings.DJANGO_STATIC_FILENAME_GENERATOR = "static_test_helpers.by_version"
    site.write("css/a.css", b"a{b:'\xe9'}", 5)
    assert content_type(django_static.staticfile("/css/a.css")) == "text/css"


def test_digest_and_siblings_are_those_of_what_is_published(site, settings):
    way = Way(site, settings, "build", "hash", "/forever")
    settings.DJANGO_STATIC_INTEGRITY = True
    settings.DJANGO_STATIC_COMPRESS = ["gz"]
    data = LATIN + b"a { b : c }\n" * 100
    site.write("css/a.css", data)
    html = way.show('{% slimall %}<link rel="stylesheet" href="/css/a.css">{% endslimall %}')
    (url,) = re.findall(r'href="([^"]+)"', html)
    published = way.bytes(url)
    digest = base64.b64encode(hashlib.sha384(published).digest()).decode()
    assert f'integrity="sha384-{digest}"' in html
    assert hashlib.sha256(published).hexdigest()[:12] in url
    assert gzip.decompress(way.bytes(f"{url}.gz")) == published
    assert '"é€"' in published.decode()


def test_on_a_cdn(site, settings):
    way = Way(site, settings, "build", "hash", "/forever")
    site.write("css/a.css", LATIN)
    site.write("css/b.css", b"a{b:'\xe9'}")
    site.write("i/a.svg", b'<?xml version="1.0" encoding="latin1"?><svg>\xe9</svg>')
    for name, kind in {
        "/css/a.css": "text/css; charset=utf-8",
        "/css/b.css": "text/css",
        "/i/a.svg": "image/svg+xml",
    }.items():
        assert payload_of(way.path(way.url(name)), with_gzip=False).content_type == kind


def test_the_check_tells_which_should_be_converted(site, settings):
    way = Way(site, settings, "build", "hash", "")
    path = site.write("css/a.css", b"/* \xe9 */")
    site.write("css/b.css", LATIN)
    way.publish(page='{% staticfile "/css/a.css" %}{% staticfile "/css/b.css" %}')
    out, err = StringIO(), StringIO()
    call_command("staticbuild", "--check", stdout=out, stderr=err, skip_checks=True)
    assert out.getvalue() == "every reference leads to a file\n"
    assert err.getvalue().startswith(f"{path}: is not UTF-8")
    assert err.getvalue().count("\n") == 1


@pytest.fixture
def served(settings, tmp_path):
    return Served(settings, tmp_path)


@pytest.mark.parametrize("edge", [0, 1], ids=["wsgi", "asgi"])
def test_what_the_server_says(served, edge):
    """Of published files what their names say, of originals what is in them, as far as they are read."""
    files = {
        "css/latin.css": (LATIN, "text/css; charset=utf-8", "text/css"),
        "css/raw.css": (b"a{b:'\xe9'}", "text/css", "text/css"),
        "css/wide.css": ("a{b:'é'}".encode("utf-16"), "text/css; charset=utf-8", "text/css; charset=utf-8"),
        "css/utf.css": ("a{b:'é'}".encode(), "text/css; charset=utf-8", "text/css; charset=utf-8"),
        "css/refers.css": (b"a{b:url(latin.css);c:'\xe9'}", "text/css", "text/css"),
        "x.nocharset.d/a.css": (b"a{}", "text/css; charset=utf-8", "text/css; charset=utf-8"),
        "css/long.css": (b"a{b:url(latin.css)}\n" * 99, "text/css; charset=utf-8", "text/css"),
        "t/raw.txt": (b"\xe9", "text/plain", "text/plain"),
        "t/a.xml": (
            b"<?xml version='1.0' encoding='latin1'?><a>\xe9</a>",
            "application/xml",
            "application/xml",
        ),
    }
    for name, (data, _, _) in files.items():
        served.write(name, data)
    manifest = served.build()
    client = served.clients(small=1000)[edge]
    for name, (data, kind, kind_of_original) in files.items():
        original = client.ask(f"/static/{name}")
        assert (original.status, original.body) == (200, data)
        assert original.headers["content-type"] == kind_of_original, name
        stem, _, ending = name.rpartition(".")
        (url,) = (
            url
            for url in manifest.served
            if re.fullmatch(rf"/static/{stem}(\.nocharset)?\.\d+\.{ending}", url)
        )
        published = client.ask(url)
        assert published.status == 200
        assert published.headers["content-type"] == kind, name
        charset = "utf-8-sig" if ";" in kind else "latin-1"
        assert ("é" in published.body.decode(charset)) is (
            b"\xe9" in data or "é".encode() in data or name == "css/wide.css"
        )


def test_xml_is_left_to_say_it_itself():
    kinds = [kind for kind in CONTENT_TYPES if "xml" in kind]
    assert {"application/xml", "application/xhtml+xml", "image/svg+xml"} <= set(kinds)
    assert not [kind for kind in kinds if "charset" in kind]
