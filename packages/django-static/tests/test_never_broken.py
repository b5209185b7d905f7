"""What a site may hold and templates may say: nothing of it breaks a page or a build."""

from __future__ import annotations

import codecs
import os
import re
import unicodedata
from urllib.parse import quote, unquote

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
    def test_of_style_sheets_in_a_block(self, plain, name):
        plain.site.write(f"css/{name}", "a { b: url(../i.png) }")
        plain.site.write("css/last.css", "c { d: e }")
        plain.site.write("i.png", b"i")
        hrefs = [f"/css/{quote(name)}", "/css/last.css"]
        html = plain.show(
            "{% slimall %}"
            + "".join(f'<link rel="stylesheet" href="{href}">' for href in hrefs)
            + "{% endslimall %}"
        )
        url = html.partition('href="')[2].partition('"')[0]
        assert html.count("<link") == 1
        assert url not in hrefs
        assert plain.bytes(url).startswith(b"a{")
        assert b"c{d:e}" in plain.bytes(url)
        assert url.lower().endswith(".css")
        assert [plain.bytes(each) for each in plain.loads(url)] == [b"i"]


CONTENTS: dict[str, tuple[dict[str, str | bytes], str]] = {
    "latin-1": ({"css/a.css": b"/* \xe9 */ a { b: url(../i.png) }", "i.png": b"i"}, "/css/a.css"),
    "latin-1 declared": (
        {"css/a.css": b'@charset "latin1";/* \xe9 */ a { b: url(../i.png) }', "i.png": b"i"},
        "/css/a.css",
    ),
    "byte order mark": ({"css/a.css": b"\xef\xbb\xbfa { b: url(../i.png) }", "i.png": b"i"}, "/css/a.css"),
    "utf-16": ({"css/a.css": "\ufeffa { b: c }".encode("utf-16")}, "/css/a.css"),
    "utf-32": ({"css/a.css": "\ufeffa { b: c }".encode("utf-32")}, "/css/a.css"),
    "NUL": ({"css/a.css": b"a\0 { b: url(../i\0.png) }"}, "/css/a.css"),
    "no css at all": ({"css/a.css": bytes(range(256)) * 4}, "/css/a.css"),
    "no script at all": ({"js/a.js": bytes(range(256)) * 4}, "/js/a.js"),
    **{
        f"charset {name}": (
            {"css/a.css": f'@charset "{name}";a {{ b: url(../i.png) }}', "i.png": b"i"},
            "/css/a.css",
        )
        for name in (
            "rot13",
            "hex",
            "zlib",
            "undefined",
            "idna",
            "punycode",
            "unicode_escape",
            "utf-7",
            "cp037",
            "\0",
            "é",
            "x" * 900,
            "",
        )
    },
    "quotes in url()": (
        {"css/a.css": 'a { b: url("%22images/i.png%22"); c: url(%22i.png%22) }'},
        "/css/a.css",
    ),
    "missing": (
        {"css/a.css": 'a { b: url(none.png) } @import "none.css"; /*# sourceMappingURL=a.css.map */'},
        "/css/a.css",
    ),
    "missing in a script": (
        {
            "js/a.js": "import './none.js';\nnew URL('none.png', import.meta.url);\n//# sourceMappingURL=a.js.map"
        },
        "/js/a.js",
    ),
    "CRLF and a source map": (
        {"js/a.js": "a();\r\n//# sourceMappingURL=a.js.map\r\n", "js/a.js.map": "{}"},
        "/js/a.js",
    ),
    "CR and a source map": (
        {"css/a.css": "a { b: c }\r/*# sourceMappingURL=a.css.map */\r", "css/a.css.map": "{}"},
        "/css/a.css",
    ),
    "circular imports": (
        {"css/a.css": '@import "b.css";', "css/b.css": '@import "a.css"; a { b: c }'},
        "/css/a.css",
    ),
    "circular modules": (
        {
            "js/a.js": 'import "./b.js";',
            "js/b.js": 'import "./c.js";',
            "js/c.js": 'import "./a.js"; import "./b.js"',
        },
        "/js/a.js",
    ),
    "itself": ({"css/a.css": '@import "a.css"; a { b: url(a.css) }'}, "/css/a.css"),
    "empty sheet": ({"css/a.css": ""}, "/css/a.css"),
    "empty script": ({"js/a.js": ""}, "/js/a.js"),
    "only a mark": ({"css/a.css": b"\xef\xbb\xbf"}, "/css/a.css"),
    "only a comment": ({"css/a.css": "/* a */"}, "/css/a.css"),
    "not closed": ({"css/a.css": 'a { b: url("../i.png'}, "/css/a.css"),
    "a comment that is not closed": ({"css/a.css": "a { b: c } /* "}, "/css/a.css"),
    "a string that is not closed": ({"js/a.js": "var a = 'b\n"}, "/js/a.js"),
    "a template that is not closed": ({"js/a.js": "var a = `${b"}, "/js/a.js"),
    "nested": ({"css/a.css": "a{" * 3000 + "}" * 3000}, "/css/a.css"),
    "nested functions": ({"css/a.css": "a{b:" + "c(" * 3000 + ")" * 3000 + "}"}, "/css/a.css"),
    "nested brackets": ({"js/a.js": "var a = " + "[" * 3000 + "]" * 3000}, "/js/a.js"),
    "nested blocks": ({"js/a.js": "{" * 3000 + "}" * 3000}, "/js/a.js"),
    "a long sum": ({"js/a.js": "var a = 1" + " + 1" * 20000}, "/js/a.js"),
    "nested templates": ({"js/a.js": "`${" * 1500 + "}`" * 1500}, "/js/a.js"),
    "references that climb": (
        {
            "css/a.css": "a { b: url(../../../../../etc/passwd); c: url(..%2f..%2f..%2fetc/passwd); d: url(/..) }"
        },
        "/css/a.css",
    ),
    "references to folders": (
        {"css/a.css": "a { b: url(..); c: url(.); d: url(/); e: url(./); f: url(''); g: url(?); h: url(#) }"},
        "/css/a.css",
    ),
    "odd hosts": (
        {
            "css/a.css": "a { b: url(//[); c: url(http://[::1); d: url(///); e: url(x:y); f: url(:); g: url(/\\\\/) }"
        },
        "/css/a.css",
    ),
    "lone surrogates": ({"js/a.js": "import '../\\ud800.js'; import('./\\udcff.js')"}, "/js/a.js"),
    "a long reference": ({"css/a.css": f"a {{ b: url({'x' * 5000}.png) }}"}, "/css/a.css"),
    "a map that is no map": (
        {"js/a.js": "a()\n//# sourceMappingURL=a.js.map", "js/a.js.map": "[" * 9999},
        "/js/a.js",
    ),
}


@pytest.mark.parametrize("tag", ["staticfile", "slimfile"])
def test_contents(plain, tag):
    """All of them in one site, each in a folder of its own."""
    for number, (files, _) in enumerate(CONTENTS.values()):
        for each, content in files.items():
            plain.site.write(f"{number}/{each}", content)
    names = [f"/{number}{name}" for number, (_, name) in enumerate(CONTENTS.values())]
    printed = plain.show(" ".join(f'{{% {tag} "{name}" %}}' for name in names)).split(" ")
    for title, name, url in zip(CONTENTS, names, printed, strict=True):
        files, own = CONTENTS[title]
        assert url != name, title
        text = plain.bytes(url)
        is_module = any(own.endswith(".js") and "import '" in str(content) for content in files.values())
        if "i.png" in files:
            assert b"../i." in text, title
            assert b"../i.png" not in text, title
        if tag == "staticfile" and len(files) == 1 and not is_module:
            given = files[own.lstrip("/")]
            given = given.encode() if isinstance(given, str) else given
            if given.startswith(codecs.BOM_UTF16_LE):
                given = b'@charset "utf-8";' + given[2:].decode("utf-16-le").encode()
            assert text == given or own.rpartition("/")[2].encode() in given, title


class TestMuch:
    def test_a_chain_of_modules(self, plain):
        count = 2000 if plain.mode == "build" else 200
        for number in range(count):
            plain.site.write(f"js/{number}.js", f'import "./{number + 1}.js"; a({number})')
        plain.site.write(f"js/{count}.js", "b()")
        url = plain.url("/js/0.js")
        for number in range(count):
            text = plain.bytes(url)
            assert f"a({number})".encode() in text.replace(b"e3)", b"000)")
            (url,) = plain.loads(url)
        assert plain.bytes(url) == b"b()"

    def test_a_chain_of_modules_of_which_the_last_changes(self, plain):
        for number in range(40):
            plain.site.write(f"js/{number}.js", f'import "./{number + 1}.js"; a({number})')
        plain.site.write("js/40.js", "b()")
        before = plain.url("/js/0.js")
        plain.site.write("js/40.js", "c()", 1269179999)
        url = plain.url("/js/0.js")
        assert url != before
        for _ in range(40):
            (url,) = plain.loads(url)
        assert plain.bytes(url) == b"c()"

    def test_a_chain_of_imports(self, plain):
        count = 1200 if plain.mode == "build" else 200
        for number in range(count):
            plain.site.write(f"css/{number}.css", f'@import "{number + 1}.css"; a{number} {{ b: c }}')
        plain.site.write(f"css/{count}.css", "last { b: c }")
        plain.site.write("css/more.css", "d { e: f }")
        html = plain.show(
            '{% staticall %}<link rel="stylesheet" href="/css/0.css"><link rel="stylesheet" href="/css/more.css">{% endstaticall %}'
        )
        url = html.partition('href="')[2].partition('"')[0]
        assert url != "/css/0.css"
        rules = 0
        while plain.loads(url):
            rules += plain.bytes(url).count(b"{")
            url = plain.loads(url)[0]
        assert rules + plain.bytes(url).count(b"{") >= count + 1

    def test_imports_that_multiply(self, plain):
        """Each sheet imports the next one twice: in one piece the first would hold the last a billion times."""
        for number in range(30):
            plain.site.write(
                f"css/{number}.css", f'@import "{number + 1}.css"; @import "./{number + 1}.css";'
            )
        plain.site.write("css/30.css", "last { b: c }")
        plain.site.write("css/more.css", "d { e: f }")
        html = plain.show(
            '{% staticall %}<link rel="stylesheet" href="/css/0.css"><link rel="stylesheet" href="/css/more.css">{% endstaticall %}'
        )
        url = html.partition('href="')[2].partition('"')[0]
        for _ in range(30):
            first, second = plain.loads(url)
            assert first == second != url
            url = first
        assert plain.bytes(url) == b"last { b: c }"

    def test_references(self, plain):
        count = 3000 if plain.mode == "build" else 300
        for number in range(count):
            plain.site.write(f"i/{number}.png", str(number))
        plain.site.write(
            "css/a.css", "".join(f".a{n} {{ b: url(../i/{n}.png) url(none{n}.png) }}\n" for n in range(count))
        )
        loaded = plain.loads(plain.url("/css/a.css"))
        assert [plain.bytes(url) for url in loaded[::2]] == [str(n).encode() for n in range(count)]
        assert loaded[1::2] == [f"/css/none{n}.png" for n in range(count)]

    def test_one_that_is_referred_to_again_and_again(self, plain, monkeypatch, warned):
        """It is looked for once, and each place that leads nowhere is told of."""
        from django_static.sources import Sources

        asked = []
        find = Sources.find
        monkeypatch.setattr(Sources, "find", lambda self, name: asked.append(name) or find(self, name))
        plain.site.write("i.png", "i")
        plain.site.write("css/a.css", "a { b: url(../i.png) }\n" * 3000 + "c { d: url(none.png) }\n" * 3)
        loaded = plain.loads(plain.url("/css/a.css"))
        assert len(set(loaded)) == 2
        assert plain.bytes(loaded[0]) == b"i"
        assert asked.count("/i.png") < 20
        said = "\n".join([*warned(), plain.said])
        assert all(f"css/a.css:{line}: '/css/none.png' was not found" in said for line in (3001, 3002, 3003))

    @pytest.mark.parametrize("name", ["big.bin", "big.css"])
    def test_a_big_file(self, plain, name):
        content = b"a { b: c }\n" * 1_900_000
        plain.site.write(name, content)
        url = plain.url(f"/{name}")
        assert url != f"/{name}"
        assert plain.bytes(url) == content


class TestPlaces:
    """What lies in the folders but is no file to publish."""

    def test_links_and_pipes(self, way, tmp_path, warned):
        (tmp_path / "secret.css").write_text("secret")
        (tmp_path / "outside").mkdir()
        (tmp_path / "outside" / "x.css").write_text("secret")
        media = way.site.media
        (media / "out.css").symlink_to(tmp_path / "secret.css")
        (media / "outside").symlink_to(tmp_path / "outside")
        (media / "a.css").symlink_to("b.css")
        (media / "b.css").symlink_to("a.css")
        (media / "self").symlink_to(".")
        (media / "gone.css").symlink_to("nowhere.css")
        os.mkfifo(media / "pipe.css")
        (media / "folder.css").mkdir()
        way.site.write("in.css", "in { a: b }")
        (media / "inner.css").symlink_to("in.css")
        refused = [
            "out.css",
            "outside/x.css",
            "a.css",
            "gone.css",
            "pipe.css",
            "folder.css",
            "folder.css/",
            "in.css/x.css",
        ]
        imports = "".join(f"@import '{name}';" for name in refused)
        way.site.write("all.css", imports + "@import 'self/all.css'; @import 'inner.css'; all { a: b }")
        printed = way.show(
            " ".join(f'{{% staticfile "/{name}" %}}' for name in [*refused, "inner.css", "all.css"])
        ).split(" ")
        assert printed[:-2] == [f"/{name}" for name in refused]
        assert way.bytes(printed[-2]) == b"in { a: b }"
        loaded = way.loads(printed[-1])
        assert [url.rpartition("/")[2] for url in loaded[:6]] == [
            name.rpartition("/")[2] for name in refused[:6]
        ]
        assert way.bytes(loaded[-1]) == b"in { a: b }"
        assert not any(
            b"secret" in path.read_bytes()
            for path in way.out.rglob("*.css")
            if path.is_file() and media in path.resolve().parents
        )
        assert leftovers(tmp_path) == []

    def test_every_file_of_the_finders(self, plain, settings, tmp_path):
        from django.contrib.staticfiles import finders
        from django.core.management import CommandError, call_command

        app = tmp_path / "app"
        app.mkdir()
        settings.STATICFILES_DIRS = [str(app), ("vendor", str(app))]
        settings.STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
        settings.STATIC_ROOT = str(tmp_path / "static")
        finders.get_finder.cache_clear()
        for name in ODD:
            (app / name).write_bytes(b"odd")
        os.mkfifo(app / "pipe.css")
        (app / "a.css").symlink_to("b.css")
        (app / "b.css").symlink_to("a.css")
        (app / "c.css").write_text(
            "c { d: url(100%25.png) url(..//vendor//etc/passwd) url(/static/vendor//etc/passwd) }"
        )
        try:
            plain.mode = "lazy"
            plain.settings.DJANGO_STATIC_USE_MANIFEST_FILE = False
            assert plain.url("/static/vendor//etc/passwd") == "/static/vendor//etc/passwd"
            with pytest.raises(CommandError, match=r"cannot list all files: .*a\.css"):
                call_command("staticbuild", "--all", skip_checks=True)
            (app / "a.css").unlink()
            call_command("staticbuild", "--all", skip_checks=True)
        finally:
            finders.get_finder.cache_clear()
        from django_static.manifest import Manifest

        static = tmp_path / "static"
        runs = Manifest.read(static / ".django-static" / "manifest.json").runs
        assert len(runs) == 1 + sum(
            not name.startswith(".") for name in ODD
        )  # the finders pass over dotfiles
        for printed in runs.values():
            path = static / unquote(printed[0].public.removeprefix("/static/"), errors="surrogateescape")
            assert path.read_bytes() == b"odd" or path.name.startswith("c.")

    def test_one_that_vanishes_in_the_middle(self, plain, monkeypatch, warned):

        from django_static.parts import Part

        plain.site.write("css/a.css", "a { b: url(../i.png) }")
        gone = plain.site.write("i.png", b"i")
        read = Part.read

        def read_and_lose(part):
            gone.unlink(missing_ok=True)
            return read(part)

        monkeypatch.setattr(Part, "read", read_and_lose)
        url = plain.url("/css/a.css")
        assert plain.bytes(url) == b"a { b: url(../i.png) }"
        gone = plain.site.write("css/b.css", "b { c: d }")
        plain.site.write("css/c.css", '@import "b.css"; e { f: g }')
        assert plain.bytes(plain.url("/css/c.css")).startswith(b'@import "b.css"')
        monkeypatch.undo()
        plain.site.write("css/b.css", "b { c: d }")
        url = plain.url("/css/c.css")
        assert [plain.bytes(each) for each in plain.loads(url)] == [b"b { c: d }"]


A, B = '<link rel="stylesheet" href="/css/a.css">', '<link rel="stylesheet" href="/css/b.css">'
#: What a block holds, and which of its two sheets come out in how many published files.
BLOCKS = {
    "conditional comment": (f"<!--[if IE]>{A}<![endif]-->{B}", 1),
    "a revealed conditional comment": (f"<!--[if !IE]><!-->{A}<!--<![endif]-->{B}", 2),
    "noscript": (f"<noscript>{A}</noscript>{B}", 2),
    "template": (f"<template>{A}</template>{B}", 2),
    "unclosed": (f"<div><p>{A}<span>{B}", 2),
    "an unclosed tag": (f"{A}{B}<link rel=stylesheet href=/css/a.css", 1),
    "an unclosed comment": (f"{A}<!-- {B}", 1),
    "an unclosed script": (f"{A}<script>{B}", 1),
    "an unclosed attribute": (f'{A}<link rel="stylesheet" href="/css/b.css>', 1),
    "base": (f'<base href="https://example.com/x/">{A}{B}', 1),
    "upper case": ('<LINK REL="STYLESHEET" HREF="/css/a.css"><Link Rel=StyleSheet Href=/css/b.css>', 1),
    "duplicate attributes": (f'<link rel="stylesheet" href="/css/a.css" href="/x" rel="x">{B}', 1),
    "entities": (
        '<link rel="stylesheet" href="/css&#47;a.css"><link rel="stylesheet" href="&sol;css/b.css">',
        1,
    ),
    "textarea": (f"<textarea>{A}</textarea>{B}", 1),
    "a script that holds markup": (f"{A}<script>'{B}'</script>", 1),
    "NUL": (f"{A}\0{B}", 2),
    "no markup": ("< <> </> <!> <? ?> </a <a", 0),
    "no value": (
        "<link rel=stylesheet href><link rel=stylesheet href=''><script src></script><script src=' '></script>",
        0,
    ),
    "missing": (
        '<link rel="stylesheet" href="/none.css"><script src="//["></script><script src="http://[::1"></script>',
        0,
    ),
    "nested": ("<div>" * 3000 + A, 1),
}


@pytest.mark.parametrize(("html", "count"), BLOCKS.values(), ids=BLOCKS)
def test_blocks(plain, html, count):
    plain.site.write("css/a.css", "a { b: c }")
    plain.site.write("css/b.css", "b { c: d }")
    shown = plain.show("{% slimall %}" + html + "{% endslimall %}")
    urls = {
        word for word in re.split(r"[\"'<> =]", shown) if word.startswith("/css/") and word.count(".") == 2
    }
    assert len(urls) == count
    for url in urls:
        assert plain.bytes(url) in (b"a{b:c}", b"b{c:d}", b"a{b:c}\nb{c:d}")
    if not count:
        assert shown == html
