"""What parsers of JavaScript stumble over: names that are keywords elsewhere, and what may stand in strings and templates."""

from __future__ import annotations

import json
import shutil
import subprocess

import pytest

from django_static import minify
from django_static.minify import verify
from django_static.references import js
from django_static.references.js_syntax import parse

#: Names of variables in scripts that are not strict.
WORDS = [
    "using",
    "await",
    "yield",
    "async",
    "of",
    "get",
    "set",
    "let",
    "static",
    "accessor",
    "from",
    "as",
    "meta",
    "type",
]
#: Each reads and writes the variable, and leaves in ``out`` what came of it.
USES = {
    "assigned": "%s = { x: 1 }; %s.x += 2; out.push(%s.x, %s [ 'x' ], %s ?.x)",
    "declared": "var a = 1, %s = a + 1, b ; out.push(%s / 2 / 1, %s * 3, %s - 1, + %s, ! %s)",
    "called": "var %s = function ( x ) { return [ x ] } ; out.push(%s ( 1 ), new %s ( 2 ).length)",
    "parameter": "( function ( %s, long ) { out.push(%s, long, typeof %s) } ) ( 1, 2 )",
    "parameter that is called": "( function ( %s ) { out.push(%s ( 2 )) } ) ( function ( x ) { return x + 1 } )",
    "parameter that is bare": "out.push( ( %s => ( %s ) + 1 ) ( 1 ), ( ( %s, b ) => ( %s ) + b ) ( 1, 2 ) )",
    "counted": "for ( var %s = 0 ; %s < 3 ; %s ++ ) out.push(%s)",
    "in a loop": "var %s ; for ( %s in { a: 1 } ) out.push(%s)",
    "in a template": "var %s = 1 ; out.push(`a${ %s }b`, [ ...[ %s ] ])",
    "unpacked": "var { %s } = { %s: 1 } ; out.push(%s) ; [ %s ] = [ 2 ] ; out.push({ %s }.%s)",
    "label": "%s : for ( ; ; ) { out.push(1) ; break %s }",
    "compared": "var %s = 1 ; out.push(%s == 1 , %s instanceof Object, %s in [ 1, 2 ], %s < 2 , %s ? 3 : 4)",
    "or": "var %s ; out.push(%s || ( %s = { b: 1 } ), ( %s ).b, ( 0 , %s ))",
    "own line": "var %s = 1\n%s\n++ %s\nout.push(%s\n)",
    "property": "out.%s = { %s: 1, %s2 : 2 } ; out.push(out.%s.%s, out.%s.%s2)",
    "method": "out.push({ %s ( ) { return 1 } }.%s ( ), { get %s ( ) { return 2 } }.%s)",
    "caught": "try { throw 1 } catch ( %s ) { out.push(%s) }",
    "function": "function %s ( x ) { return x + 1 } out.push(%s ( 1 ))",
    "class": "class A { %s ( ) { return 1 } static %s ( ) { return 2 } b = 3 } out.push(new A ( ).%s ( ), A.%s ( ))",
    "switch": "var %s = 1 ; switch ( %s ) { case %s : out.push(%s) ; default : %s = 2 }",
    "asynchronous beside": "async function beside ( ) { await 1 } var %s = beside ( ) ; out.push(%s.then.name)",
}
SCRIPTS = {f"{word}, {name}": text.replace("%s", word) for word in WORDS for name, text in USES.items()}
MORE = {
    "let and a new line": "let\n  a = 1,\n  b = 2\nout.push(a, b)",
    "let and a comment": "let // long\n  a = 1 /* b */\nlet /* c */\n[ d ] = [ 2 ]\nout.push(a, d)",
    "let and braces": "let\n{ a } = { a: 1 }\nout.push(a)",
    "let in a switch": "switch ( 1 ) { case 1 : let\n  a = 1 ; out.push(a) }",
    "let in a comment": "// let\nout.push(1) // let\nout.push(2) /* let */\nout.push('let\\\n a')",
    "let as the only statement": "var let ; if ( true ) let\nout.push(1)",
    "using in a string": "out.push('using = 1', `using ${ 1 } using`, /using\\./.test('using.'))",
    "using a new line": "var using = 1 , a\nusing\na = 2\nout.push(using, a)",
    "yield in generators": "function * a ( ) { var b = yield ( 1 ) ; yield [ b ] ; yield * [ 3 ] } out.push([ ...a ( ) ])",
    "yield within and around": "function * a ( ) { yield 1 } var yield = 2 ; out.push([ ...a ( ) ], yield)",
    "yield in a method": "out.push([ ...{ * a ( ) { yield ( 1 ) } }.a ( ) ])",
    "raw": "out.push(String.raw`\\uc1 ${ 1 } \\u{} \\xg`, String.raw`\\\\\\u` , ( x => x [ 0 ] ) `\\u`)",
    "raw in raw": "out.push(String.raw`a ${ String.raw`\\x` } \\u`)",
    "raw in a function": "function a ( ) { return String.raw`\\unicode` } out.push(a ( ))",
    "NUL in a string": "out.push('a\0b' , `c\0`.length)",
    "await in and around": "( function ( await ) { ( async function ( ) { await 1 } ) ( ) ; out.push(await ( 1 )) } ) ( x => x )",
}


def evaluated(texts: list[str]) -> list[object]:
    """What the scripts leave in ``out``, each by itself; None for one that is a mistake."""
    program = """
        const { runInNewContext } = require('vm')
        const results = JSON.parse(require('fs').readFileSync(0)).map(text => {
            try { return runInNewContext('var out = [];' + text + '\\n;JSON.stringify(out)') }
            catch (error) { return null }
        })
        console.log(JSON.stringify(results))
    """
    given = json.dumps(texts)
    done = subprocess.run(
        ["node", "-e", program], input=given, capture_output=True, text=True, check=True, timeout=60
    )
    return list(json.loads(done.stdout))


@pytest.mark.parametrize("name", [*SCRIPTS, *MORE])
def test_a_script_with_such_a_word_is_minified(name):
    text = {**SCRIPTS, **MORE}[name]
    assert not parse(text).root_node.has_error
    result = minify.slim(text, "js", minify.DEFAULT_ENGINES["js"])
    assert result.problem == ""
    assert len(result.text) < len(text)
    assert verify.difference(text, result.text, "js") == ""


@pytest.mark.skipif(shutil.which("node") is None, reason="runs scripts with node, which is not installed")
def test_what_is_minified_does_the_same():
    scripts = {**SCRIPTS, **MORE}
    minified = [minify.slim(text, "js", minify.DEFAULT_ENGINES["js"]).text for text in scripts.values()]
    before, after = evaluated(list(scripts.values())), evaluated(minified)
    assert dict(zip(scripts, before, strict=True)) == dict(zip(scripts, after, strict=True))
    assert {name for name, result in zip(scripts, before, strict=True) if not result} == set()


@pytest.mark.parametrize(
    ("text", "fact", "names"),
    [
        ("using = 1; using.a", "assigned", {"using"}),
        ("using.a(); b", "used", {"using", "b"}),
        ("function f(a) { yield(a) }\nyield(1)", "used", {"yield"}),
        ("(function () { await(a) })()", "used", {"await", "a"}),
        ("function* f() { yield a }\nasync function g() { await b }", "used", set()),
        ("let\n  a = 1,\n  b = 2", "lexical", {"a", "b"}),
        ("{ let\n  a = 1 }", "lexical", set()),
        ("using\na = 1", "assigned", {"a"}),
        ("var using, yield", "variables", {"using", "yield"}),
    ],
)
def test_names_are_known_as_names(text, fact, names):
    assert getattr(js.read(text), fact) == names


@pytest.mark.parametrize(
    "text",
    [
        "using a = f()",
        "{ using a = f(), b = g() }",
        "async function h() { await using a = f() }",
        "for (using a of b) c()",
    ],
)
def test_a_resource_is_not_taken_for_a_name(text):
    """Not all browsers know it, so it stays as it is written."""
    assert not parse(text).root_node.has_error
    assert minify.slim(text, "js", minify.DEFAULT_ENGINES["js"]).text.endswith(text)
    assert verify.difference(text, text.replace("using ", ""), "js") != ""


def test_scripts_that_declare_the_same_on_another_line_are_not_joined(site):
    site.write("a.js", "let\n  both = 1", 5)
    site.write("b.js", "var both = 2", 5)
    html = site.render(
        "{% staticall %}<script src=/a.js></script><script src=/b.js></script>{% endstaticall %}"
    )
    assert html.count("<script") == 2


@pytest.mark.parametrize(
    "text", ["let\n", "let //", "let /*", "let\n" * 3, "yield", "await", "using", "yield =>", "for (using of"]
)
def test_half_a_statement_is_no_more_than_a_mistake(text):
    result = minify.slim(text, "js", minify.DEFAULT_ENGINES["js"])
    assert bool(result.problem) == parse(text).root_node.has_error
    assert not result.problem or result.text.endswith(text)


@pytest.mark.parametrize("text", ["a(`\\u`)", "a('\\u')", "b`${ '\\u' }`", "a()\0", "a = \0b", "b`\\u"])
def test_what_is_a_mistake_stays_one(text):
    assert js.read(text).has_errors


def test_places_are_those_of_the_script():
    text = "'é'; using = 1; let\n\n  long = using"
    data = text.encode()
    root = parse(text).root_node
    assert root.text == data
    stack = [root]
    while stack:
        node = stack.pop()
        assert node.text == data[node.start_byte : node.end_byte]
        stack += node.children
