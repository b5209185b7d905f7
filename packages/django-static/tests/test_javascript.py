"""Scripts in one file: joined safely, kept apart where one file would do something else."""

from __future__ import annotations

import pytest

import django_static
from django_static import kinds, minify
from django_static.references import js


@pytest.fixture
def combine(site):
    def run(*scripts: str | bytes, slim: bool = False, attributes: str = "") -> list[str]:
        """The contents of the files that a block with these scripts loads."""
        for number, content in enumerate(scripts):
            site.write(f"s{number}.js", content, 5)
        tag = "slimall" if slim else "staticall"
        html = "".join(f"<script src=/s{number}.js{attributes}></script>" for number in range(len(scripts)))
        rendered = site.render(f"{{% {tag} %}}{html}{{% end{tag} %}}")
        urls = [part.split('"')[1] for part in rendered.split("<script")[1:]]
        return [(site.media / url.lstrip("/")).read_bytes().decode(errors="replace") for url in urls]

    return run


@pytest.mark.parametrize(
    ("scripts", "joined"),
    [
        pytest.param(("a()", "b()"), "a();\nb();\n", id="no semicolon"),
        pytest.param(("a = b", "(function(){})()"), "a = b;\n(function(){})();\n", id="a call it is not"),
        pytest.param(("a() // end", "b()"), "a() // end\n;\nb();\n", id="comment at the end"),
        pytest.param(("a()\n--> x", "b()"), "a()\n--> x\n;\nb();\n", id="html-like comment"),
        pytest.param(("a()", "  \n"), "a();\n", id="empty part"),
        pytest.param(
            ("#!/usr/bin/env node\na()", "#!/usr/bin/env node\nb()"),
            "#!/usr/bin/env node\na();\nb();\n",
            id="hash-bang",
        ),
        pytest.param(("a()\n//# sourceMappingURL=a.js.map", "b()"), "a();\nb();\n", id="source map"),
        pytest.param(
            ("'use strict'; a()", "'use strict'; b()"),
            "'use strict'; a();\n'use strict'; b();\n",
            id="both strict",
        ),
        pytest.param(("var a", "var a"), "var a;\nvar a;\n", id="var twice"),
        pytest.param(
            ("if (!window.a) b()", "var a"), "if (!window.a) b();\nvar a;\n", id="asks for the value of a var"
        ),
        pytest.param(
            ("var a = window.a || {}", "var a = window.a || {}"),
            "var a = window.a || {};\nvar a = window.a || {};\n",
            id="a name space",
        ),
        pytest.param(
            ("function f() { this.a } b.a()", "function a() {}"),
            "function f() { this.a } b.a();\nfunction a() {};\n",
            id="a property of others",
        ),
        pytest.param(
            ("function f() { return a() }", "function a() {}"),
            "function f() { return a() };\nfunction a() {};\n",
            id="used when all is loaded",
        ),
        pytest.param(
            ("$(function() { a() })", "function a() {}"),
            "$(function() { a() });\nfunction a() {};\n",
            id="used in what is called back",
        ),
        pytest.param(
            (
                "(function(a, {b}) { var c, d; a = b(c); for (d in a); try {} catch (e) { e() } })()",
                "function a() {} let b, c, d, e",
            ),
            "(function(a, {b}) { var c, d; a = b(c); for (d in a); try {} catch (e) { e() } })();\n"
            "function a() {} let b, c, d, e;\n",
            id="names of its own",
        ),
        pytest.param(
            ("b.a = 1; c[0] = d", "function a() {}"),
            "b.a = 1; c[0] = d;\nfunction a() {};\n",
            id="assigned elsewhere",
        ),
        pytest.param(
            ("var global = Function('return this')()", "function a() {}"),
            "var global = Function('return this')();\nfunction a() {};\n",
            id="code that asks for nothing",
        ),
        pytest.param(
            ("function f(b) { return window[b] + eval(b) }", "function a() {}"),
            "function f(b) { return window[b] + eval(b) };\nfunction a() {};\n",
            id="asks for any when all is loaded",
        ),
        pytest.param(
            ("(function(self) { self[b] })(c)", "function a() {}"),
            "(function(self) { self[b] })(c);\nfunction a() {};\n",
            id="asks somebody else",
        ),
        pytest.param(
            ("function f() { return; throw a }", "b()"),
            "function f() { return; throw a };\nb();\n",
            id="ends inside",
        ),
    ],
)
def test_joined(combine, scripts, joined):
    assert combine(*scripts) == [joined]


@pytest.mark.parametrize(
    "scripts",
    [
        pytest.param(("'use strict'; a()", "b()"), id="strict and not"),
        pytest.param(("a()", '"use strict"; b()'), id="not and strict"),
        pytest.param(("let a", "let a"), id="let twice"),
        pytest.param(("let {a, b: [c]} = d", "const c = 1"), id="destructured"),
        pytest.param(("function a() {} a()", "function a() {} a()"), id="function twice"),
        pytest.param(("var a = 1", "function a() {}"), id="var and function"),
        pytest.param(("class A {}", "var A"), id="class and var"),
        pytest.param(("for (var a of b);", "let a"), id="var of a loop"),
        pytest.param(("if (typeof A == 'undefined') b()", "class A {}"), id="asked for before it is there"),
        pytest.param(
            ("if (!window.A) b()", "function A() {}"), id="a property of the window that is not there yet"
        ),
        pytest.param(("if (!self['A']) b()", "function A() {}"), id="the same by a string"),
        pytest.param(("'a' in globalThis", "var a"), id="whether there is a var"),
        pytest.param(("try { a() } catch (e) { b() }", "function a() {}"), id="tried before it is there"),
        pytest.param(("try { a } catch (e) { b() }", "var a"), id="a var that is tried"),
        pytest.param(("a = 5", "let a"), id="assigned before it is declared"),
        pytest.param(("a = 5; b(a)", "function a() {}"), id="assigned to what another function is"),
        pytest.param(("[a, {b: c}] = d", "function c() {}"), id="assigned in a pattern"),
        pytest.param(("a++", "function a() {}"), id="counted"),
        pytest.param(("a ||= 1", "function a() {}"), id="assigned with an operator"),
        pytest.param(("for (a in b);", "function a() {}"), id="assigned by a loop"),
        pytest.param(("function f() { a = 1 }", "class a {}"), id="assigned in a function"),
        pytest.param(("$('b')", "function $(a) {}"), id="another of that name is there"),
        pytest.param(
            ("(function() { $('b') })()", "function $() {}"),
            id="another is there, in a function called at once",
        ),
        pytest.param(("(() => { b = {$} })()", "function $() {}"), id="the same in an arrow"),
        pytest.param(("!function() { $() }.call(this)", "function $() {}"), id="the same with call"),
        pytest.param(("class B { static { $() } }", "function $() {}"), id="the same in a class"),
        pytest.param(("b(this.a)", "function a() {}"), id="a property of the script's this"),
        pytest.param(
            ("(() => b(this.a))()", "function a() {}"), id="a property of the script's this in an arrow"
        ),
        pytest.param(("eval('typeof a')", "function a() {}"), id="asked for by code in a string"),
        pytest.param(
            ("new Function('return typeof a')()", "let a"), id="asked for by a function made of a string"
        ),
        pytest.param(("(0, eval)('typeof a')", "let a"), id="asked for by code that sees no locals"),
        pytest.param(("eval(b)", "function a() {}"), id="code made at run time"),
        pytest.param(("window['a' + b]", "function a() {}"), id="a name made at run time"),
        pytest.param(
            ("(function(window) { window[b] })(this)", "function a() {}"), id="the same by a parameter"
        ),
        pytest.param(("for (b in this);", "var a"), id="all that there is"),
        pytest.param(("Object.keys(window)", "var a"), id="the names of all that there is"),
        pytest.param(
            ("Object.prototype.hasOwnProperty.call(window, b)", "function a() {}"), id="has it a name"
        ),
        pytest.param(("throw a", "b()"), id="thrown at the top"),
        pytest.param(("a(); return; ", "b()"), id="return at the top"),
        pytest.param(("let undefined = 2", "b()"), id="a name nobody may declare"),
        pytest.param(("b()", "a(); return; "), id="return at the top of the later one"),
        pytest.param(("b()", "let undefined = 2"), id="a name nobody may declare in the later one"),
        pytest.param(("a(", "b()"), id="syntax error"),
        pytest.param(("import a from 'a'", "b()"), id="module"),
        pytest.param(("import('./a.js')", "b()"), id="relative import"),
        pytest.param(("document.currentScript.dataset", "b()"), id="own element"),
        pytest.param((b"a('\xe9')", "b()"), id="another encoding"),
    ],
)
def test_apart(combine, scripts):
    assert len(combine(*scripts)) == len(scripts)


def test_three_with_one_in_the_middle(combine):
    assert combine("a()", "'use strict'; b()", "c()") == ["a()", "'use strict'; b()", "c()"]


def test_a_text_that_is_too_long_for_a_page_that_waits(site, warned, monkeypatch):
    monkeypatch.setattr(kinds, "LONGEST_AT_ONCE", 20)
    site.write("a.js", "aaaaaaaaaa ( 1 ) ; b ( )", 5)
    text = site.text(django_static.slimfile("/a.js"))
    assert text.startswith("/* django-static: not minified: 24 characters take too long")
    assert text.endswith("aaaaaaaaaa ( 1 ) ; b ( )")
    assert "staticbuild" in warned()[0]


def test_a_text_that_is_too_long_at_all(site, warned, monkeypatch):
    monkeypatch.setattr(minify, "LONGEST", 20)
    site.write("a.css", "aaaaaaaaaaaaaa { b: c }", 5)
    assert site.text(django_static.slimfile("/a.css")).endswith("*/\naaaaaaaaaaaaaa { b: c }")
    assert "23 characters take minutes" in warned()[0]


def test_slim_parts(combine):
    assert combine("a ( 1 ) ;", "/*! licence */\nb ( 2 ) ;", slim=True) == ["a(1);\n/*! licence */b(2);\n"]


def test_a_minified_file_is_not_minified_again(site):
    site.write("a.min.js", "a ( 1 ) ;", 5)
    site.write("b.minified.js", "b ( 2 ) ;", 5)
    site.write("c.js", "c ( 3 ) ;", 5)
    assert site.text(django_static.slimfile("/a.min.js")) == "a ( 1 ) ;"
    html = site.slimall("".join(f"<script src=/{name}.js></script>" for name in ("a.min", "b.minified", "c")))
    assert html == '<script src="/a.min_b.minified_c.5.js"></script>'
    assert site.text("/a.min_b.minified_c.5.js") == "a ( 1 ) ;\nb ( 2 ) ;\nc(3);\n"


def test_a_failing_part_is_joined_as_it_was(site, warned):
    site.settings.DJANGO_STATIC_MINIFIERS = {"js": "static_test_helpers.lossy"}
    site.write("a.js", "a(1); b(2)", 5)
    site.write("b.js", "c(3); d(4)", 5)
    html = site.slimall("<script src=/a.js></script><script src=/b.js></script>")
    text = site.text(html.split('"')[1])
    assert text.count("/* django-static: not minified: ") == 2
    assert text.endswith("c(3); d(4);\n")
    assert len(warned()) == 2


class TestModules:
    def test_are_never_combined(self, combine):
        assert combine("a()", "b()", attributes=" type=module") == ["a()", "b()"]

    def test_what_they_import_is_published_and_named_anew(self, site):
        site.write("a.js", "import './b.js'; a()", 5)
        site.write("b.js", "export const b = 1", 6)
        html = "<script type=module src=/a.js></script><script type=module src=/b.js></script>"
        assert site.slimall(html) == (
            '<script type=module src="/a.6.js"></script><script type=module src="/b.6.js"></script>'
        )
        assert site.text("/a.6.js") == 'import"./b.6.js";a()'

    def test_one_that_is_asked_for_by_name_is_published(self, site):
        site.write("b.js", "export const b = 1", 5)
        assert django_static.staticfile("/b.js") == "/b.5.js"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xef\xbb\xbf",
        b"\xef\xbb\xbfa ( 1 )",
        b"a('\xe9')",
        b"a()\r\nb()\r\n",
        b"\0",
        b"\xff\xfe",
        b"\xff\xfd",
    ],
)
def test_no_bytes_make_it_fail(site, data):
    site.write("a.js", data, 5)
    for url in (django_static.staticfile("/a.js"), django_static.slimfile("/a.js")):
        assert (site.media / url.lstrip("/")).exists()
    published = (site.media / django_static.slimfile("/a.js").lstrip("/")).read_bytes()
    if b"\xe9" in data or b"\xff\xfd" in data:
        assert published == data, "bytes of an unknown encoding are not touched"
    if data == b"\xff\xfe":
        assert published == b"", "there is nothing behind the mark of UTF-16"


def test_a_mark_stays_at_the_front(site):
    site.write("a.js", "\ufeffa( 'é' )", 5)
    site.write("b.js", "b( 'é' )", 5)
    html = site.slimall("<script src=/b.js></script><script src=/a.js></script>")
    data = (site.media / html.split('"')[1].lstrip("/")).read_bytes()
    assert data.decode() == '\ufeffb("é");\na("é");\n'


@pytest.mark.parametrize(
    ("text", "fact", "value"),
    [
        ("'use asm'; 'use strict'; a()", "is_strict", True),
        ("a(); 'use strict'", "is_strict", False),
        ("/* c */ 'use strict'", "is_strict", True),
        ("('use strict')", "is_strict", False),
        ("export {a}", "is_module", True),
        ("import a from 'b'", "is_module", True),
        ("import('b')", "is_module", False),
        ("import a from './b'", "is_relative", True),
        ("import a from 'b'", "is_relative", False),
        ("a = import.meta.url", "is_relative", True),
        ("export * from '../b'", "is_relative", True),
        ("function f() { var a } { var b; let c }", "variables", frozenset({"b"})),
        ("async function f() {} function* g() {}", "functions", frozenset({"f", "g"})),
        ("let a, [b, ...c] = d, {e = 1, f: {g}} = h; class I {}", "lexical", frozenset("abcegI")),
        ("typeof a; typeof b.c", "asked", frozenset({"a"})),
        ("a(b.c, {d}, {e: f}); function g() { h }", "used", frozenset("abdf")),
        ("a = 1; b.c = 2; function f(d) { d = e = 3 }", "assigned", frozenset("ae")),
        ("window.a; self['b']; globalThis[0]; this.c", "asked", frozenset("abc")),
        ("function f() { var self = this; self.a; this.b }", "asked", frozenset()),
    ],
)
def test_facts(text, fact, value):
    assert getattr(js.read(text), fact) == value
