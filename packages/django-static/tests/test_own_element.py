"""Classic scripts that look for their own element: its URL is what it would be if nothing had been published."""

from __future__ import annotations

import logging
import os
import re
from io import StringIO

import pytest
from django.core.management import call_command
from hypothesis import given
from hypothesis import strategies as st
from static_test_ways import NAMES, WAYS, Way

from django_static import minify
from django_static.references import js, splice

POSED = '"$1$2/js/a.js")'
HEAD = re.compile(
    r"\(function\(s\)\{function f\(u\).*?\(typeof document==\"object\"&&document\.currentScript\);"
)


def posed(text: str, host: str = "", path: str = "/js/a.js") -> str:
    return splice(text, [js.posed(text, js.scan(text), host, path)])


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        # The element of the script that runs.
        ("a = document.currentScript.src", "current"),
        ("a = document?.currentScript?.src", "current"),
        ("a = document.currentScript.getAttribute('src')", "current"),
        ("a = document.currentScript . getAttribute( \"src\" )", "current"),
        ("a = document.currentScript['src']", "current"),
        ("a = document['currentScript'].src", "current"),
        ("a = document['currentScript']; b = a.src", "current"),
        ("f(document.currentScript); function f(s) { return s.src.length }", "current"),
        ("a = document.currentScript || b; c = a.src", "current"),
        ("if (document.currentScript) a = document.currentScript.src", "current current"),
        ("a = d.currentScript && d.currentScript.src", "current"),
        ("var { currentScript } = document; a = currentScript.src", "current"),
        ("const { src } = document.currentScript", "current"),
        ("x = `${document.currentScript.src}`", "current"),
        # All scripts of the page.
        ("a = document.getElementsByTagName('script'); b = a[a.length - 1].src", "list"),
        ('a = d.getElementsByTagName( "SCRIPT" ); b = a[0].getAttribute("src")', "list"),
        ("a = document.getElementsByTagName('script')[0].src", "list"),
        ("a = document.querySelectorAll('script'); a.forEach(b => b.src == c)", "list"),
        ("$('script').each(function () { return this.src })", "list"),
        ("jQuery(`script`).attr('src')", "list"),
        ("a = document.scripts; b = a[0].src", "list"),
        ("var d = window.document, a = d.scripts; b = a[0].src", "list"),
        ("var d=document,a=d.scripts;b=a[0].src", "list"),
        ("".join(f"a{n}.scripts;" for n in range(30)) + "var d =\n\tdocument; a = d.scripts; b = a[0].src", "list"),
        ("var d = document.body, e = mydocument, a = d.scripts || e.scripts; b = a[0].src", ""),
        # By their names.
        ("a = document.querySelector('script[src$=\"/a.js\"]')", "selector"),
        ('a = $("head script[src*=\'a.js\']")', "selector"),
        ("a = document.querySelectorAll('script[src]')", "selector"),
        ("a = document.querySelector(`script[src*=\"${b}\"]`)", "selector"),
        ("a = document.querySelector('link[href$=\"a.css\"]').href", "sheet"),
        # Nothing of the kind.
        ("document.currentScript.dataset.b; c.src", ""),
        ("document.currentScript.parentNode.removeChild(a); b.src", ""),
        ("document.currentScript.src = a", ""),
        ("a = document.currentScript", ""),
        ("if ('currentScript' in document) a = b.src", ""),
        ("a = { currentScript: b.src }", ""),
        ("a = document.currentScripts.src", ""),
        ("// document.currentScript.src", ""),
        ("'document.currentScript.src'", ""),
        ("/* $('script').src */ `document.scripts`", ""),
        ("s = d.getElementsByTagName('script')[0]; s.parentNode.insertBefore(a, s); b.src", ""),
        ("s = d.getElementsByTagName('script').item(0); s.before(a); b.src", ""),
        ("s = d.getElementsByTagName('script'); s[0].before(a); a.src = b", ""),
        ("s = d.getElementsByTagName('script'); a.setAttribute('src', b)", ""),
        ("a.$('script').src", ""),
        ("a.scripts[0].src", ""),
        ("a.find('script').src", ""),
        ("a = '<script src=b>'", ""),
        ("a = document.querySelector('noscript[src]')", "selector"),
        ("a = document.querySelector('link[href$=\".ico\"]').href", ""),
        ("a = document.querySelector('link[rel=icon]').href", ""),
        ("a = document.querySelector('script[type=b]').innerHTML + c.src", ""),
    ],
)  # fmt: skip
def test_looks(text, kinds):
    assert " ".join(each.kind for each in js.scan(text).looks) == kinds


def test_thousands_of_looks_are_read_in_one_go():
    text = "a.scripts; b.scripts; document.currentScript; c(document.currentScript);\n" * 20_000
    assert js.scan(text).looks == ()
    assert len(js.scan(text + "d.src").looks) == 40_000


def test_what_is_told_of_a_look():
    found = js.scan("\n\na = $('script[src*=\"b/c.js\"]')\nd = document.currentScript.src")
    assert [(each.line, each.expression, each.value) for each in found.looks] == [
        (3, 'script[src*="b/c.js"]', "b/c.js"),
        (4, "currentScript", ""),
    ]


def test_where_tokens_are_not_sure_a_look_is_one():
    """A slash after a brace may begin a regular expression; the parser would know, and take seconds for a big script."""
    unsure = "a = {}\n/b'/.c\n"
    found = js.scan(unsure + "d = document.currentScript.src; import('./e.js'); import(f)")
    assert [each.kind for each in found.looks] == ["current"]
    assert [each.url for each in found.references] == ["./e.js"]
    assert [each.expression for each in found.unknown] == ["f"]


LOOK = "a = document.currentScript.src"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", ""),
        ("#!/bin/node\n", ""),
        ("'use strict';", ""),
        ("/* a */ 'b' ; // c\n\"use strict\" /* d */ ;", "\n"),
        ("'use strict'", "\n  var b;"),
        ("'use strict'", " // c\n\n/* d */ b();"),
        ("'b'\n'use strict'", "\n{ c }"),
        ("'use strict'", "\n!function () {}();"),
        # No directives.
        ("", "'use strict'\n+ b;"),
        ("", "'use strict'\n(b);"),
        ("", "'use strict', b;"),
        ("", "'use strict'\nin b;"),
        ("", "'use strict'\n!= b;"),
        ("", "'use strict'.length;"),
        ("", "// 'use strict'\n"),
    ],
)  # fmt: skip
def test_the_first_statement_stands_behind_the_directives(before, after):
    text = f"{before}{after}{LOOK}"
    result = posed(text)
    head = HEAD.search(result)
    assert head is not None
    semicolon = ";" if before.endswith(("'", '"')) else ""
    assert result == before + semicolon + head[0] + after + LOOK
    assert js.read(result).is_strict is js.read(text).is_strict
    assert js.read(result).has_errors is js.read(text).has_errors


def test_alone_a_directive_stays_one():
    text = "'use strict'"
    found = js.scan(LOOK)
    assert js.read(splice(text, [js.posed(text, found, "", "/a.js")])).is_strict


@pytest.mark.parametrize(
    ("host", "path", "target"),
    [
        ("", "/js/a.js", "$1$2/js/a.js"),
        ("", "/$&/it's.js", "$1$2/$$&/it's.js"),
        ("//s.example.com", "/js/a.js", "$1//s.example.com/js/a.js"),
        ("https://s.example.com", "/js/a.js", "https://s.example.com/js/a.js"),
    ],
)
def test_places(host, path, target):
    assert f'"{target}")' in posed(LOOK, host, path)


def test_the_attribute_is_set_for_selectors_only():
    assert "setAttribute" not in posed(LOOK + "; $('script').attr('src')")
    assert 's.setAttribute("src",f(' in posed("a = $('script[src*=b]')")


def test_minifying_keeps_what_is_said():
    text = "'use strict';\n" + LOOK + ";  b( a ) ;"
    result = minify.slim(posed(text), "js", minify.DEFAULT_ENGINES["js"])
    assert not result.problem
    assert result.text.startswith(('"use strict";', "'use strict';"))
    assert POSED in result.text


@given(
    st.text(st.sampled_from("a \n;'\"`${}()/*.!"), max_size=14), st.sampled_from(["'use strict'", '"a";', ""])
)
def test_whatever_stands_there_stays(text, start):
    script = f"{start}{text}\n{LOOK}"
    found = js.scan(LOOK)
    begin, end, head = js.posed(script, found, "", "/a.js")
    assert begin == end
    before, after = js.read(script), js.read(script[:begin] + head + script[begin:])
    if not before.has_errors:
        assert (after.has_errors, after.is_strict) == (False, before.is_strict)


@pytest.fixture(params=WAYS, ids=NAMES)
def way(request, site, settings):
    return Way(site, settings, *request.param)


@pytest.fixture
def forever(site, settings):
    return Way(site, settings, "build", "hash", "/forever")


class TestPublished:
    @pytest.mark.parametrize("tag", ["staticfile", "slimfile"])
    def test_says_where_it_was(self, way, tag):
        way.site.write("js/a.js", "window.a  =  document.currentScript.src ;")
        url = way.url("/js/a.js", tag)
        text = way.bytes(url).decode()
        assert url.startswith(f"{way.prefix}/js/a.")
        assert url != "/js/a.js"
        assert text.count(POSED) == 1
        assert text.rstrip(" ;").endswith("document.currentScript.src")

    def test_what_does_not_look_is_left_alone(self, way):
        way.site.write("js/a.js", "document.currentScript.dataset.b; c.src ;")
        assert way.bytes(way.url("/js/a.js")) == b"document.currentScript.dataset.b; c.src ;"

    def test_what_is_said_changes_with_what_it_asks(self, way):
        way.site.write("js/a.js", LOOK, 5)
        assert POSED.encode() in way.bytes(way.url("/js/a.js"))
        way.site.write("js/a.js", "b()", 6)
        assert way.bytes(way.url("/js/a.js")) == b"b()"

    def test_a_worker_and_a_look_in_one(self, way):
        way.site.write("js/w.js", "postMessage(1)")
        way.site.write("js/a.js", LOOK + "; import('./w.js'); import(a)")
        url = way.url("/js/a.js")
        assert [way.bytes(each) for each in way.loads(url)] == [b"postMessage(1)"]
        text = way.bytes(url).decode()
        assert text.count(POSED) == 1
        assert ('"/js/"+u:u)(a)' in text) is bool(way.prefix)

    def test_bytes_of_no_known_encoding(self, way):
        way.site.write("js/a.js", (LOOK + " + 'é'").encode("latin-1"))
        url = way.url("/js/a.js")
        assert ".nocharset." in url
        assert way.bytes(url).endswith(b" + '\xe9'")
        assert POSED.encode() in way.bytes(url)

    def test_what_a_bundler_has_named(self, way):
        """It lies where it did, under the name it had, unless there is a prefix."""
        way.site.write("js/a.3f2a9c1b.js", LOOK)
        url = way.url("/js/a.3f2a9c1b.js")
        assert (url == "/js/a.3f2a9c1b.js") is not bool(way.prefix)
        assert (b"$1$2/js/a.3f2a9c1b.js" in way.bytes(url)) is bool(way.prefix)


class TestModules:
    """They are told of no element: what looks through those of the page finds what the modules there would have said."""

    LOOKS = ("document.querySelectorAll('script').forEach(s => s.src)", "$('script[src*=a]')")

    @pytest.mark.parametrize("look", LOOKS)
    @pytest.mark.parametrize("text", ["LOOK; export {}", "import './b.js'; LOOK", "LOOK; f(import.meta)"])
    def test_those_of_the_page_say_where_they_were(self, way, look, text):
        way.site.write("js/a.js", text.replace("LOOK", look))
        way.site.write("js/b.js", "b()")
        published = way.bytes(way.url("/js/a.js", "slimfile")).decode()
        assert published.count('querySelectorAll("script[type=module][src]")') == 1
        assert ("setAttribute" in published) is ("[src*=a]" in look)
        assert (")?\\/forever(" in published) is bool(way.prefix)
        assert "currentScript" not in published

    @pytest.mark.parametrize("text", [LOOK, "a = $('link[href$=\"a.css\"]').href"])
    def test_what_finds_no_module_is_left_alone(self, way, settings, text):
        settings.DJANGO_STATIC_MINIFIERS = {"js": None}
        way.site.write("js/a.js", f"{text}; export {{}}")
        assert way.bytes(way.url("/js/a.js")).decode() == f"{text}; export {{}}"


@pytest.mark.parametrize("prefix", ["", "/forever"])
def test_big_ones_are_minified_by_processes_beside(site, settings, tmp_path, monkeypatch, prefix):
    """Their text is known before: nothing in it waits for the name of another file."""
    journal = tmp_path / "journal"
    monkeypatch.setenv("STATIC_TEST_JOURNAL", str(journal))
    settings.DJANGO_STATIC_MINIFIERS = {"js": ["static_test_helpers.counted"]}
    way = Way(site, settings, "build", "hash", prefix)
    site.write("js/a.js", LOOK + ";\n" + "    a(1);\n" * 10_500)
    text = way.bytes(way.url("/js/a.js", "slimfile")).decode()
    assert POSED in text
    assert "    " not in text
    (worker,) = (line.split()[2] for line in journal.read_text().splitlines())
    assert int(worker) != os.getpid()


def scripts(*names: str) -> str:
    return "".join(f'<script src="/js/{name}.js"></script>' for name in names)


class TestBlocks:
    @pytest.mark.parametrize("text", [LOOK, "$('script').attr('src')", "$('script[src*=a]')"])
    def test_it_stands_alone(self, way, text):
        for name, script in {"a": "a()", "b": "b()", "c": text, "d": "d()", "e": "e()"}.items():
            way.site.write(f"js/{name}.js", script)
        html = way.show("{% slimall %}" + scripts(*"abcde") + "{% endslimall %}")
        names = re.findall(r'src="[^"]*/js/(\w+)\.', html)
        assert names == ["a_b", "c", "d_e"]

    def test_a_place_to_put_others_before_is_no_obstacle(self, way):
        way.site.write("js/a.js", "s = d.getElementsByTagName('script')[0]; e = b.src")
        way.site.write("js/b.js", "b()")
        html = way.show("{% slimall %}" + scripts("a", "b") + "{% endslimall %}")
        assert re.findall(r'src="[^"]*/js/(\w+)\.', html) == ["a_b"]

    def test_together_all_the_same(self, way, caplog):
        """As it is asked for, each says where it was when its turn comes; and the log tells."""
        way.site.write("js/a.js", LOOK)
        way.site.write("js/b.js", LOOK)
        with caplog.at_level(logging.WARNING, "django_static"):
            text = way.bytes(way.url("/js/a.js;/js/b.js")).decode()
        assert text.index(POSED) < text.index('"$1$2/js/b.js")')
        assert "looks for its own script element" in caplog.text


class TestIntegrity:
    @pytest.mark.parametrize("prefix", ["", "/forever"])
    def test_under_a_digest_of_the_author_it_keeps_its_url(self, site, settings, warned, prefix):
        way = Way(site, settings, "build", "hash", prefix)
        site.write("js/a.js", LOOK)
        block = '<script src="/js/a.js" integrity="sha384-x"></script>'
        assert way.show("{% slimall %}" + block + "{% endslimall %}") == block
        (said,) = set(warned())
        assert "keeps its URL, /js/a.js: it looks for its own script element" in said
        assert ("below /forever" in said) is bool(prefix)


class TestCheck:
    def said(self, *arguments: str) -> tuple[str, str]:
        out, err = StringIO(), StringIO()
        call_command("staticbuild", "--check", *arguments, stdout=out, stderr=err, skip_checks=True)
        return out.getvalue(), err.getvalue()

    def test_below_a_prefix_the_originals_must_be_there(self, forever):
        path = forever.site.write("js/a.js", "\n" + LOOK)
        forever.url("/js/a.js")
        out, err = self.said()
        assert out == "every reference leads to a file\n"
        assert err.startswith(f"{path}:2: what 'currentScript' leads to is known at run time only")
        assert self.said("--ignore", "*/js/*")[1] == ""

    MODULE = "export {};\na = document.scripts; b = a[0].src"

    def test_a_module_below_a_prefix(self, forever):
        path = forever.site.write("js/a.js", self.MODULE)
        forever.url("/js/a.js")
        out, err = self.said()
        assert out == "every reference leads to a file\n"
        assert err.startswith(f"{path}:2: what 'document.scripts' finds is known at run time only: ")
        assert "the originals, which must be served" in err
        assert "/js/, where" not in err

    @pytest.mark.parametrize("prefix", ["", "/forever"])
    def test_a_module_with_names_that_nobody_can_undo(self, site, settings, prefix):
        way = Way(site, settings, "build", "hash", prefix)
        settings.DJANGO_STATIC_FILENAME_GENERATOR = "static_test_helpers.by_version"
        path = site.write("js/a.js", self.MODULE)
        way.url("/js/a.js")
        out, err = self.said()
        assert out == "every reference leads to a file\n"
        assert err.startswith(f"{path}:2: what 'document.scripts' finds is known at run time only, and ")
        assert "DJANGO_STATIC_FILENAME_GENERATOR" in err
        assert "give it their folder in the page" in err

    def test_a_module_without_either_is_helped(self, site, settings):
        way = Way(site, settings, "build", "hash", "")
        site.write("js/a.js", self.MODULE)
        way.url("/js/a.js")
        assert self.said() == ("every reference leads to a file\n", "")

    @pytest.mark.parametrize(
        ("text", "what"),
        [
            ("$('script[src*=\"/lib/jquery.js\"]')", "another script by its name, 'script[src*=\"/lib/jquery.js\"]'"),
            ("$('link[href$=\"b.css\"]').href", "a style sheet by its name, 'link[href$=\"b.css\"]'"),
        ],
    )  # fmt: skip
    @pytest.mark.parametrize("prefix", ["", "/forever"])
    def test_what_cannot_be_helped(self, site, settings, prefix, text, what):
        way = Way(site, settings, "build", "hash", prefix)
        path = site.write("js/a.js", text)
        way.url("/js/a.js")
        out, err = self.said()
        assert out == "every reference leads to a file\n"
        assert f"{path}:1: looks in the page for {what}" in err
        assert "give it their folder in the page" in err

    @pytest.mark.parametrize(
        "text",
        [
            LOOK,
            "$('script[src*=\"js/a.js\"]')",
            '$(`script[src*="${b}"]`)',
            "$('script[src]')",
            # What it asks the sheet for last.
            "a = /^(.*)x\\.png$/.exec(b) || $('link[href$=\"a.css\"]').href",
        ],
    )
    def test_what_is_helped_is_not_told(self, site, settings, text):
        way = Way(site, settings, "build", "hash", "")
        site.write("js/a.js", text)
        way.url("/js/a.js")
        assert self.said() == ("every reference leads to a file\n", "")


class TestPicturesOfASheet:
    """A script that has the browser tell it the URL of a picture, and cuts off the name it knows."""

    SHEET = ".probe { background: url(img/pin-x.png) } .b { background: url(img/other.png) }"

    def published(self, way, *, script: str, name: str = "map.js") -> str:
        for picture in ("pin-x", "other"):
            way.site.write(f"lib/img/{picture}.png", picture)
        way.site.write("lib/map.css", self.SHEET)
        way.site.write(f"lib/{name}", script)
        return way.url("/lib/map.css")

    @pytest.mark.parametrize("name", ["map.js", "map-src.js", "map.min.js", "../js/map.js"])
    def test_keep_the_name_the_script_looks_for(self, way, name):
        url = self.published(way, script=r"a = /^(.*)pin-x\.png$/.exec(b)[1]", name=name)
        pin, other = way.loads(url)
        assert pin == "/lib/img/pin-x.png"
        assert re.fullmatch(rf"{way.prefix}/lib/img/other\.\w+\.png", other)
        assert way.bytes(other) == b"other"

    @pytest.mark.parametrize(
        ("script", "name"),
        [
            ("a = /pin-x.png$/", "map.js"),
            ("a = 'pin-x.png'", "map.js"),
            (r"a = /pin-x\.png$/", "other.js"),
            (r"a = /pin\.png$/", "map.js"),
        ],
    )
    def test_what_nobody_looks_for_is_published(self, way, script, name):
        urls = way.loads(self.published(way, script=script, name=name))
        assert [re.sub(r"\.\w{10,12}\.", ".", url) for url in urls] == [
            f"{way.prefix}/lib/img/pin-x.png",
            f"{way.prefix}/lib/img/other.png",
        ]

    def test_names_that_are_no_text(self, way):
        name = "pin\udce9.png"
        way.site.write(f"lib/img/{name}", "pin")
        way.site.write("lib/map.css", ".probe { background: url(img/pin%E9.png) }")
        way.site.write("lib/map.js", rb"a = /pin\xe9\.png$/".replace(rb"\xe9", b"\xe9"))
        (pin,) = way.loads(way.url("/lib/map.css"))
        assert pin == "/lib/img/pin%E9.png"

    def test_in_one_file_with_others(self, way):
        self.published(way, script=r"a = /pin-x\.png$/")
        way.site.write("a.css", "a { b: c }")
        links = "".join(f'<link rel="stylesheet" href="{name}">' for name in ("/a.css", "/lib/map.css"))
        html = way.show("{% slimall %}" + links + "{% endslimall %}")
        (url,) = re.findall(r'href="([^"]+)"', html)
        assert "/lib/img/pin-x.png" in way.loads(url)


@pytest.mark.parametrize("is_found", [True, False])
@pytest.mark.parametrize("wrapped", ["{}", "if (a) {{ {} }}", "(function () {{ {} }})()"])
def test_depth_makes_no_difference(wrapped, is_found):
    text = wrapped.format(LOOK if is_found else LOOK.replace("src", "id"))
    assert js.scan(text).looks_for_itself is is_found
