"""What scripts refer to: found where it is code, and nowhere else."""

from __future__ import annotations

from pathlib import Path

import django
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from django_static.references import js, js_candidates, js_code, js_references, js_syntax, splice
from django_static.references.reference import quote_for


def _read(text: str) -> list[tuple[str, str]]:
    found = js.references(text)
    for reference in found:
        written = text[reference.start : reference.end]
        assert written.startswith(reference.quote)
        assert written.endswith(reference.quote)
    assert found == sorted(found, key=lambda reference: reference.start)
    return [(reference.what, reference.url) for reference in found]


@pytest.mark.parametrize(
    "text",
    [
        "import './a.js'",
        'import"./a.js";',
        "import a from './a.js'",
        "import a,{b}from'./a.js'",
        "import{a as b,default as c}from'./a.js'",
        "import { 'string name' as x } from './a.js'",
        "import * as a from './a.js'",
        "import a, * as b from './a.js'",
        "import from from './a.js'",
        "import defer from './a.js'",
        "import defer * as a from './a.js'",
        "import source a from './a.js'",
        "import $ from './a.js'",
        "import \\u0061b from './a.js'",
        "import été from './a.js'",
        "import e\u0301t\u200de from './a.js'",
        "import {e\u0301, \u2118 as \u00b7\U00010000} from './a.js'",
        "import a /* from 'no.js' */ from // from 'no.js'\n './a.js'",
        "import {\n  a, // the 'a'\n  b,\n} from './a.js'",
        "import a from './a.js' with { type: 'json' }",
        "import a from './a.js' assert{type:'css'};",
        "\ufeffimport './a.js'",
        "#!/usr/bin/env node 'tis\nimport './a.js'",
        "a()\nimport './a.js'",
        "// Load it.\nimport './a.js'",
        "export * from './a.js'",
        "export*as a from'./a.js'",
        "export * as 'a b' from './a.js'",
        "export {a, b as default} from './a.js'",
        "export{}from'./a.js'",
        "import('./a.js')",
        "await import(`./a.js`)",
        "import (/* webpackChunkName: 'x' */ './a.js')",
        "import('./a.js', {with: {type: 'json'}})",
        "import('./a.js',)",
        "import.defer('./a.js')",
        "import . source ( './a.js' )",
        "[...import('./a.js')]",
        "f(x)\n  // Ends with a stop.\n  import('./a.js')",
        "x = import('./a.js')",
        "`${import('./a.js')}`",
        "`a${{b: `c${import('./a.js')}`}}`",
        "import.meta.resolve('./a.js')",
        "import('./\\x61.js')",
        "import('.\\/\\u{61}\\u002ejs')",
        "import('./a.\\\njs')",
        "{ import('./a.js') }",
        "if (x) /'/.test(y) && import('./a.js')",
        "while (f(a, \"b\", (c))) /'/.test(y) && import('./a.js')",
        "for await (x of y) /'/.test(x) && import('./a.js')",
        "a.if(x) / '/' / import('./a.js')",
        "a = b / c; import('./a.js'); d = '/'",
        "a = (b) / 'c' / import('./a.js')",
        "a = f(g(\"(\") / 2) / 'c' / import('./a.js')",
        "a = (/* ( */ b) / 'c' / import('./a.js')",
        "a = (/x/.y(z) / 2) / 'c' / import('./a.js')",
        "a = (b // c\n) / '/' / import('./a.js')",
        "a = f('it\\'s') / '/' / import('./a.js')",
        "a = f('b\\\nc') / '/' / import('./a.js')",
        "a = (`b`) / '/' / import('./a.js')",
        "a = (b" + " + c" * 1000 + ") / '/' / import('./a.js')",
        "a = {} / '/' / import('./a.js')",
        "a++ / 'b' / import('./a.js')",
        "a = 1. / 'b' / import('./a.js')",
        "a = [] / 'b' / import('./a.js')",
        "a = 'b' / 'c' / import('./a.js')",
        "a = `b` / 'c' / import('./a.js')",
        "a = /x/g / 'c' / import('./a.js')",
        "a = b.return / 'c' / import('./a.js')",
        "a = this.#of / 'c' / import('./a.js')",
        "a = /[/'\"]/; import('./a.js')",
        "a = b => /'/; import('./a.js')",
        "a = !/'/.test(b); import('./a.js')",
        "a = b + /'/.source; import('./a.js')",
        "[.../'/.source]; import('./a.js')",
        "return /'/; import('./a.js')",
        "function f(){}\n/'/.test(a); import('./a.js')",
        "function f(){}\n/\\d'/.test(a); import('./a.js')",
        "a; // '\n/'/.test(a); import('./a.js')",
        "a\n// Comment\n/ 'b' / import('./a.js')",
        "a /* b */ / 'c' / import('./a.js')",
        "a = /* b */ /'/; import('./a.js')",
        "a = 'it\\'s'; import('./a.js')",
        "a = \"//\"; import('./a.js')",
        "a = '/*'; import('./a.js')",
        "a = '\u2028'; import('./a.js')",
        "a = /'/\u2028import('./a.js')",
        "a = `\\``; import('./a.js')",
        "a = `$\\{`; import('./a.js')",
        "a = `${b}'${c}`; import('./a.js')",
        "a = `${{}}'`; import('./a.js')",
        "a = `${'}'}'`; import('./a.js')",
        "a = b<!--c'\nimport('./a.js')",
        "class A { static { import('./a.js') } }",
        "x = {import: 1, export: 2, './b.js': import('./a.js')}",
    ],
)
def test_one_module(text):
    assert _read(text) == [("module", "./a.js")]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "// import './a.js'",
        "/* import './a.js' */",
        "/**\n * import a from './a.js'\n */",
        "'import \"./a.js\"'",
        "`import './a.js'`",
        "`${a}import('./a.js')`",
        "`${a}${b}import('./a.js')${c}`",
        "a = /import('b')/",
        "a = [/import('b')/, /[/]import('b')/]",
        "if (a) /import('b')/.test(c)",
        "a.import('./a.js')",
        "a?.import('./a.js')",
        "a.\n  import('./a.js')",
        "a. /* b */ import('./a.js')",
        "this.#import('./a.js')",
        "reimport('./a.js'); $import('./a.js'); éimport('./a.js')",
        "import_('./a.js'); imports('./a.js')",
        "import.meta",
        "import()",
        "import ''",
        "a = {import: './a.js'}",
        "export {a}; b = 'x'",
        "export default from_('./a.js')",
        "export const a = {from: './a.js'}",
        "a.URL('./a.js', import.meta.url)",
        "new URL('./a.js', location)",
        "new URL('', import.meta.url)",
        "new Url('./a.js', import.meta.url)",
        "anew URL('./a.js', import.meta.url)",
        "// new URL('./a.js', import.meta.url)",
        "a.importScripts('./a.js')",
        "function importScripts(a) {}",
        "'//# sourceMappingURL=a.map'",
        "a = `\n//# sourceMappingURL=a.map\n`",
        "/*\n//# sourceMappingURL=a.map\n*/",
        "/*\n//# sourceMappingURL=a.map*/",
        "//# sourceMappingURL=",
        "//# sourceMappingURL=a b",
        '//# sourceMappingURL="a.map"',
        "/// # sourceMappingURL=a.map",
        "///# sourceMappingURL=a.map",
        "$///# sourceMappingURL=a.map\na()",
        "//*# sourceMappingURL=a.map */",
        "// # sourceMappingURL=a.map",
        "//# sourceMappingURL=data:application/json;base64,e30=",
        "//# sourceMappingURL=a.map\nb()\n//# sourceMappingURL=data:,x",
        "a = /[//# sourceMappingURL=a]/",
        "f('//# sourceMappingURL=a.map\\\n')",
        "<!-- import('./a.js')",
    ],
)
def test_nothing(text):
    assert _read(text) == []
    assert js.unknown(text) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("import 'lodash';import('/x.js')", [("module", "lodash"), ("module", "/x.js")], id="bare"),
        pytest.param("new URL('i.png', import.meta.url)", [("asset", "i.png")], id="new URL"),
        pytest.param("new URL(`i.png`,import.meta.url,).href", [("asset", "i.png")], id="template, trailing comma"),
        pytest.param("new self.URL(/* c */ 'i.png', import . meta . url)", [("asset", "i.png")], id="self.URL"),
        pytest.param(
            "new Worker(new URL('./w.js', import.meta.url), {type: 'module'})", [("asset", "./w.js")], id="worker"
        ),
        pytest.param("importScripts('a.js', \"b.js\")", [("script", "a.js"), ("script", "b.js")], id="scripts"),
        pytest.param("self . importScripts('a.js')", [("script", "a.js")], id="self.importScripts"),
        pytest.param("globalThis.importScripts(`a.js` /* c */)", [("script", "a.js")], id="a template"),
        pytest.param("a()\n//# sourceMappingURL=a.js.map", [("map", "a.js.map")], id="map"),
        pytest.param("a()\r\n//# sourceMappingURL=a.js.map\r\n\r\n \r\n", [("map", "a.js.map")], id="CRLF"),
        pytest.param("a()\r//@ sourceMappingURL=a.js.map\t \r", [("map", "a.js.map")], id="CR and @"),
        pytest.param("a();//#sourceMappingURL=a.js.map", [("map", "a.js.map")], id="map after code"),
        pytest.param("a();\n/*# sourceMappingURL=a.js.map */\n", [("map", "a.js.map")], id="map in a block comment"),
        pytest.param("a();/*# sourceMappingURL=a.map */ b()", [("map", "a.map")], id="map between code"),
        pytest.param("/* c *///# sourceMappingURL=a.map\nb()", [("map", "a.map")], id="map after a comment"),
        pytest.param("a = /b///# sourceMappingURL=a.map\nb()", [("map", "a.map")], id="map after a regex"),
        pytest.param("//# sourceMappingURL=a.map\nb()", [("map", "a.map")], id="map before code"),
        pytest.param("//# sourceMappingURL=a.map\n//# sourceMappingURL=b.map", [("map", "b.map")], id="last map"),
        pytest.param("//# sourceMappingURL=a.map\nb('//# sourceMappingURL=c.map\\\n')", [("map", "a.map")], id="last real map"),
        pytest.param("//# sourceMappingURL=a.map\n//# sourceURL=a.js", [("map", "a.map")], id="map, then another"),
        pytest.param("//# sourceMappingURL=https://h/a.map?v=1#x", [("map", "https://h/a.map?v=1#x")], id="remote map"),
        pytest.param("//# sourceMappingURL=a.map" + " " * 3000, [("map", "a.map")], id="many blanks"),
        pytest.param("a = 'unclosed\nimport './a.js'", [("module", "./a.js")], id="syntax error"),
        pytest.param("import './a.js'; )]} '", [("module", "./a.js")], id="error at the end"),
        pytest.param("import './a.js'; /* open", [("module", "./a.js")], id="open comment"),
        pytest.param("import './a.js'; `open ${", [("module", "./a.js")], id="open template"),
        pytest.param("import('\\ud83d\\ude00.js')", [("module", "😀.js")], id="surrogate pair"),
        pytest.param("import('\\ud83d.js')", [("module", "\ufffd.js")], id="half a pair"),
        pytest.param("import('\\q\\n\\0\\101\\u{110000}')", [("module", "q\n\0A\ufffd")], id="escapes"),
        pytest.param(
            "import a from 'a';export*from'b';import('c');//# sourceMappingURL=d",
            [("module", "a"), ("module", "b"), ("module", "c"), ("map", "d")],
            id="in order",
        ),
    ],
)  # fmt: skip
def test_what_it_is(text, expected):
    assert _read(text) == expected
    assert js.unknown(text) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("import(a)", [("module", "a")]),
        ("import('./' + a)", [("module", "'./' + a")]),
        ("import(`./${a}.js`)", [("module", "`./${a}.js`")]),
        ("import(/* @vite-ignore */\n  a, {with: {}})", [("module", "a")]),
        ("import(a(b, [c, '(']), {d: `)${e(',')}`})", [("module", "a(b, [c, '('])")]),
        ("import(a.b /* c */)", [("module", "a.b /* c */")]),
        ("import.meta.resolve(a)", [("module", "a")]),
        ("new URL(a, import.meta.url)", [("asset", "a")]),
        ("new URL('a' + b(1, 2), import.meta.url)", [("asset", "'a' + b(1, 2)")]),
        ("new URL(a, b); import.meta.url", []),
        ("new URL(a, b, import.meta.url)", []),
        ("importScripts(a, 'b.js', ...c)", [("script", "a"), ("script", "...c")]),
        ("a = { import(b) {}, async import(c) { } }", []),
        ("class A { static import(b) /* c */ {} }", []),
        ("a.import(b)", []),
        ("'import(a)'", []),
        ("// import(a)", []),
        ("import(" + "a+" * 100 + "a)", [("module", ("a+" * 40))]),
        ("import(" + "a+" * 10_000 + "a)", [("module", ("a+" * 40))]),
        ("import(/'/.exec(a)[0])", [("module", "/'/.exec(a)[0]")]),
        ("import(a", [("module", "a")]),
        ("import(a]", [("module", "a]")]),
    ],
)
def test_known_only_at_run_time(text, expected):
    assert [(place.what, place.expression) for place in js.unknown(text)] == expected


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_lines(newline):
    text = newline.join(
        ["import './a.js'", "/*", "*/ import(b); import('./c.js')", "", "//# sourceMappingURL=d.map"]
    )
    found = js.scan(text)
    assert [(reference.line, reference.url) for reference in found.references] == [
        (1, "./a.js"),
        (3, "./c.js"),
        (5, "d.map"),
    ]
    assert [place.line for place in found.unknown] == [3]


def _agree(text: str) -> None:
    """That the reader of tokens and the parser see the same code."""
    candidates = sorted(js_candidates.candidates(text))
    by_syntax = js_references._Reader(text, js_syntax.Syntax(text)).read(candidates)
    assert js_references._Reader(text, js_code.Code(text)).read(candidates) == by_syntax


def test_the_same_as_the_parser_says_in_the_scripts_of_the_admin():
    admin = Path(django.__file__).parent / "contrib" / "admin" / "static"
    scripts = [path.read_text("utf-8") for path in sorted(admin.rglob("*.js"))]
    for script in scripts:
        _agree(script)
    assert len(scripts) > 20


def test_every_word_of_the_admin_is_code_or_not_as_the_parser_says():
    admin = Path(django.__file__).parent / "contrib" / "admin" / "static"
    for path in sorted(admin.rglob("*.js")):
        text = path.read_text("utf-8")
        words = [
            place for place in range(1, len(text), 7) if text[place].isalpha() and text[place - 1] in " (=,"
        ]
        code, syntax = js_code.Code(text), js_syntax.Syntax(text)
        assert [code.reach(word) for word in words] == [syntax.reach(word) for word in words], path


#: Statements, each with what it refers to.
_STATEMENTS = st.sampled_from(
    [
        ("import('N');", True),
        ("x = await import(`N`)\n", True),
        ("import 'N';", True),
        ("import {a as b} from 'N'\n", True),
        ("export * from 'N';", True),
        ("new URL('N', import.meta.url);", True),
        ("importScripts('N');", True),
        ("a = `x${import('N')}y`;", True),
        ("f(import('N') / 2, /'/);", True),
        ("'import(\"N\")';", False),
        ("// import('N')\n", False),
        ("/* import('N')\n' */", False),
        ("a = `import('N')${b}'`;", False),
        ("a = /import('N')/g;", False),
        ("a = /[/'\"`]/.test(b) / 2;", False),
        ("if (a) /'/.exec(b);", False),
        ("a = (b + c) / d / e;", False),
        ('a = b / 2 + "\'" + c / 3;', False),
        ("a = f(\"(\") / g(')') / 2\n", False),
        ("a.import('N');", False),
        ("a = x++ / 2; b = '/';", False),
        ('function f() { return /"/ }\n', False),
        ("a = '\\'' + \"\\\"\";", False),
        ("a = `\\`${`${'`'}`}`;", False),
        ("a = { b: 1 };\n", False),
        ("\r\n", False),
    ]
)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(_STATEMENTS, max_size=12),
    st.sampled_from(["%s", "function g(){%s}", "a = `${(() => {%s})()}`", "{\n%s\n}"]),
)
def test_programs(statements, around):
    program = around % "".join(
        text.replace("N", f"n{number}.js") for number, (text, _) in enumerate(statements)
    )
    expected = [f"n{number}.js" for number, (_, refers) in enumerate(statements) if refers]
    assert [reference.url for reference in js.references(program)] == expected


@settings(max_examples=300, deadline=None)
@given(st.text(st.sampled_from("ax/*'\"`\\\n${}()[]= 1+.;"), max_size=30))
def test_no_text_makes_the_reader_fail(text):
    js.scan(
        f"{text}import('./a.js'){text}import(a){text}new URL(b,import.meta.url)//# sourceMappingURL=a.map"
    )


_URLS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)


@pytest.mark.parametrize(
    "form", ["import '%s'", 'import("%s")', "import(`%s`)", "new URL('%s', import.meta.url)"]
)
@given(url=_URLS)
def test_whatever_is_written_is_read_again(form, url):
    text = form % "a.js"
    [reference] = js.references(text)
    changed = splice(text, [(reference.start, reference.end, quote_for(reference, url))])
    [found] = js.references(changed)
    assert (found.url, found.what) == (url, reference.what)


@pytest.mark.parametrize(
    "text",
    ["import(" * 30_000, "`${" * 30_000, "a/" * 100_000, "(a)/" * 30_000, "/*" * 100_000, "import {" * 30_000, "new URL(" * 20_000],
    ids=lambda text: text[:10],
)  # fmt: skip
def test_hostile_text_takes_no_more_than_its_length(text):
    """A reader that began anew at each word would take hours here."""
    assert js.references(f"{text} import.meta.url") == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("import 'a'", True),
        ("import b from 'a'", True),
        ("export * from 'a'", True),
        ("export { b } from 'a'; c()", True),
        ("import('a')", False),
        ("import.meta.resolve('a')", False),
        ("// import 'a'", False),
        ("b = `import 'a'`", False),
        ("new Worker('a')", False),
    ],
)
def test_statements_that_only_modules_have(text, expected):
    assert js.scan(text).has_statement is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("export default 1", True),
        ("a()\nexport{b}", True),
        ("export /* b */ const c = 1", True),
        ("export async function a() {}", True),
        ("export * from 'a'", True),
        ("export @a class B {}", True),
        ("a.export * 2", False),
        ("a?.export * 2", False),
        ("a = { export: 1, b: { export() {} } }", False),
        ("class A { export = 1; #export }", False),
        ("// export default 1", False),
        ("'export {a}' + `export class A`", False),
        ("exports * 2; $export * 2; exported({})", False),
        ("exportdefault", False),
    ],
)
def test_export_statements(text, expected):
    assert js.has_export(text) is expected
    kinds = [node.type for node in js.parse(text).root_node.named_children]
    assert ("export_statement" in kinds) is expected


def test_where_code_cannot_be_told_the_parser_is_asked():
    text = "if (a) {}\n/b'/.test(c)\nexport default 1"
    assert js.has_export(text) is None
    assert js.read(text).is_module
    assert js.has_export("if (a) {}\n/b'/.test(c)\na.exports = 1; import(b)") is False


#: Statements that only modules have, and what is none of them and looks like it.
_OF_MODULES = st.sampled_from(
    [
        *("import 'a';", "import a from 'b'\n", "import/*c*/{d as e}from'f';", "import g,*as h from 'i';"),
        *("import j\u0301, {'k l' as m} from 'n';", "import defer * as o from 'p';", "import source q from 'r';"),
        *("export default 1;", "export {s};", "export {t as 'u'};", "export * from 'v';", "export*as w from 'x';"),
        *("export const y = 1;", "export let [z] = a;", "export var b;", "export async function c() {}"),
        *("export /* d */ class E {}", "export function* f() {}", "@g export class H {}", "export @i class J {}"),
        *("import('a');", "import.meta;", "x.import;", "x = {import: 1, export: 2};", "x?.export * 2;"),
        *("class K { export = 1; import; #export; static import(a) {} }\n", "x = {export() {}, import() {}};"),
        *("// import 'a'\n", "/* export {b}\n */", "'import \"c\"';", "x = `export default 1`;", "x = /export {}/;"),
        *("x = `${f(import('d'))}export * from 'e'`;", "important; exports; $import; _export\n"),
        *("if (a) {}\n/b'/.test(c);", "a = b\n", ";", "{ c }\n"),
    ]
)  # fmt: skip


@settings(max_examples=500, deadline=None)
@given(st.lists(_OF_MODULES, max_size=6))
def test_without_the_parser_no_statement_of_a_module_is_overlooked(statements):
    text = "".join(statements)
    kinds = {node.type for node in js.parse(text).root_node.named_children}
    assert js.scan(text).has_statement is ("import_statement" in kinds or "from '" in _exports(text))
    exported = js.has_export(text)
    if exported is None:
        assert "/b'/" in text
    else:
        assert exported is ("export_statement" in kinds)


def _exports(text: str) -> str:
    root = js.parse(text).root_node
    return "".join(
        bytes(node.text or b"").decode() for node in root.named_children if node.type == "export_statement"
    )


def test_the_scripts_of_the_admin_are_no_modules_and_no_parser_is_needed_to_tell():
    admin = Path(django.__file__).parent / "contrib" / "admin" / "static"
    for path in sorted(admin.rglob("*.js")):
        text = path.read_text("utf-8")
        found = js.scan(text)
        assert js.read(text).is_module is found.has_statement
        if not found.has_statement:
            assert js.has_export(text) is False, path
