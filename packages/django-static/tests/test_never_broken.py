"""What a site may hold and templates may say: nothing of it breaks a page or a build."""

from __future__ import annotations

import os
import unicodedata
from pathlib import Path
from urllib.parse import quote

import pytest
from static_test_ways import NAMES, WAYS, Way, leftovers


@pytest.fixture(params=WAYS, ids=NAMES)
def way(request, site, settings):
    return Way(site, settings, *request.param)


@pytest.fixture(params=["lazy", "build"])
def plain(request, site, settings):
    """Either mode with its usual names."""
    return Way(site, settings, request.param, "hash" if request.param == "build" else "mtime", "")


ODD = [
    "a b.png",
    "it's.png",
    'say "hi".png',
    "100%.png",
    "%41.png",
    "c%20d.png",
    "what?.png",
    "no#1.png",
    "a;b.png",
    "a\\b.png",
    "a\nb.png",
    "a&b=c.png",
    "a+b,c$d.png",
    "<i>.png",
    "(1) [2] {3}.png",
    unicodedata.normalize("NFC", "é.png"),
    unicodedata.normalize("NFD", "ë.png"),
    "😀.png",
    os.fsdecode(b"latin-\xe9.png"),
    "*.png",
    ".png",
    ".hidden.png",
    "..png",
    "...",
    "noextension",
    "dot.",
    "UPPER.PNG",
    "-dash",
    "x" * 255,
    "x" * 251 + ".png",
    "é" * 125 + ".png",
    "." + "y" * 254,
    "stem." + "z" * 250,
]


class TestNames:
    def test_in_templates(self, way):
        for name in ODD:
            way.site.write(f"odd/{name}", name.encode("utf-8", "surrogateescape"))
        urls = [f"/odd/{quote(name, errors='surrogateescape')}" for name in ODD]
        template = "\0".join(f'{{% staticfile "{url}" %}}' for url in urls)
        printed = way.show("{% autoescape off %}" + template + "{% endautoescape %}").split("\0")
        for name, url, new in zip(ODD, urls, printed, strict=True):
            assert new != url, name
            assert way.bytes(new) == name.encode("utf-8", "surrogateescape")
        assert len(set(printed)) == len(ODD)

    def test_in_a_style_sheet(self, way):
        for name in ODD:
            way.site.write(f"odd/{name}", name.encode("utf-8", "surrogateescape"))
        rules = [
            f'.a{number} {{ background: url("../odd/{quote(name, errors="surrogateescape")}") }}'
            for number, name in enumerate(ODD)
        ]
        way.site.write("css/a.css", "\n".join(rules))
        loaded = way.loads(way.url("/css/a.css"))
        assert [way.bytes(url) for url in loaded] == [name.encode("utf-8", "surrogateescape") for name in ODD]
        assert not {way.path(url).name for url in loaded} & set(ODD)

    @pytest.mark.parametrize(
        "name", ["a b.css", "%41.css", "a?b.css", "a\nb.css", ".css", "A.CSS", "x" * 251 + ".css"]
    )
    def test_of_style_sheets_in_a_block(self, way, name):
        way.site.write(f"css/{name}", "a { b: url(../i.png) }")
        way.site.write("css/last.css", "c { d: e }")
        way.site.write("i.png", b"i")
        hrefs = [f"/css/{quote(name)}", "/css/last.css"]
        html = way.show(
            "{% slimall %}"
            + "".join(f'<link rel="stylesheet" href="{href}">' for href in hrefs)
            + "{% endslimall %}"
        )
        url = html.partition('href="')[2].partition('"')[0]
        assert html.count("<link") == 1
        assert url not in hrefs
        assert way.bytes(url).startswith(b"a{") and b"c{d:e}" in way.bytes(url)
        assert url.lower().endswith(".css")
        assert [way.bytes(each) for each in way.loads(url)] == [b"i"]
