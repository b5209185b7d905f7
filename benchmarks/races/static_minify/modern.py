# mypy: disable-error-code="import-not-found, import-untyped"
# (the minifiers are installed in the races' own environment, or have no types)
r"""Scripts as they are written today, small ones, each of which prints what it does: a minified one must print the same.

They are run by node before and after. Each has one thing in it on which a minifier may trip: where white space, a newline or a
comment means something, what is a regular expression and what a division, and whatever came into the language since 2015.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

__all__ = ["INPUTS", "Judgement", "judge", "node"]

_TIMEOUT_SECONDS = 30

INPUTS: Mapping[str, str] = {
    # Text that is no code.
    "template with spaces": "const n = 2;\nconsole.log(`a   b\n   c ${n}   d`);",
    "template with comments": "console.log(`// no comment /* nor this */ ${1 /* but this */ + 1} // still text`);",
    "nested templates": "const a = [1, 2];\nconsole.log(`<${a.map(x => `  ${x}  `).join('  ')}>`);",
    "template with quotes": 'console.log(`it\'s  "so"`, `${\'`\'}  ${"}"}  `);',
    "template with braces": "console.log(`a ${ {b: {c: 1}}.b.c }  }  ${ (() => { return `{  ${2}  }`; })() }`);",
    "template with escapes": "console.log(`\\`  \\${1}  \\\\`, `a\\\n  b`);",
    "raw template": "console.log(String.raw`a\\n  b${1}  \\u0041`);",
    "tagged template": "function tag(s, ...v) { return s.raw.join('|') + v.join(); }\nconsole.log(tag`a  ${1}  b  ${2}`);",
    "template after keyword": "function f() { return `a  b`; }\nconsole.log(typeof `x  y`, f());",
    "line continuation": "console.log('a \\\n   b');",
    "string with comment": "console.log('// a', \"/* b */\", 'it\\'s  // c');",
    "string with script end": "console.log('<\\/script>', '<!-- a', '--> b');",
    "line separators in strings": "console.log('a\u2028b'.length, 'c\u2029d'.length);",
    # What a slash begins.
    "regex with quote": 'console.log(/[\'"]/.test("\'"), "a  b");',
    "regex with backtick": "console.log('a`b'.replace(/`/g, '  '), 'c  d');",
    "regex with slashes in class": "console.log('a//b'.split(/[//]+/), 'x');  // end",
    "regex with comment start": "console.log('a/*b'.replace(/\\/*\\*/, '-'), 'c */ d');",
    "regex with spaces": "console.log(/a  b/.test('a  b'), /a {2}b/.test('a  b'));",
    "regex after return": "function f(s) { return /  x/.test(s); }\nconsole.log(f('  x'));",
    "regex after condition": "let s = 'a  b', n = 0;\nif (s) /a  b/.test(s) && n++;\nconsole.log(n);",
    "regex after brace": "let r = [];\n{ r.push(1); }\n/a  \"b/.test('a  \"b') && r.push(2);\nconsole.log(r);",
    "regex after arrow": "const f = s => /\"  '/.test(s);\nconsole.log(f('\"  \\''));",
    "regex after typeof": "console.log(typeof /  '/, void /  \"/);",
    "regex after await": "console.log(await /  `/.test('  `'));\nexport {};",
    "regex after yield": "function* g() { yield /  '/.source; }\nconsole.log(g().next().value);",
    "regex after operator": "console.log(1 + /  a'/.source.length, !/  '/.test('x'), [/  \"/.source]);",
    "regex in case": "switch (true) { case /  '/.test(\"  '\"): console.log('hit'); }",
    "division after bracket": "const a = [8], g = 2, b = 2;\nconsole.log(a[0] / b / g, (a[0]) / b / g);",
    "division after increment": "let a = 8, g = 2;\nconsole.log(a++ / 2 / g, 'x  y');",
    "division over lines": "let a = 8, hi = 2, g = 1;\na = a\n/hi/g;\nconsole.log(a);",
    "regex flags": "console.log('aXb'.replace(/x/gi, '-'), /a.b/s.test('a\\nb'), /(?<y>\\d{4})/u.exec('2026').groups.y);",
    "regex lookbehind": "console.log('a1 b2'.replace(/(?<=b)\\d/, '  '), /(?<!a)1/.test('a1'));",
    "regex sets": "console.log(/[\\p{L}--[a-z]]/v.test('A'), /[\\p{L}--[a-z]]/v.test('a'));",
    # Where a newline means something.
    "newline ends a statement": "const a = 1\nconst b = 2\nconsole.log(a + b)",
    "newline before increment": "let a = 1, b = 2\na\n++b\nconsole.log(a, b)",
    "newline after return": "function f() {\n  return\n  1\n}\nconsole.log(f())",
    "newline before bracket": "let a = 1\n;[1, 2].forEach(x => a += x)\nconsole.log(a)",
    "newline in a class": "class A {\n  get\n  *x() { yield 1 }\n  static\n  y() { return 2 }\n}\nconsole.log(Object.keys(new A()), [...new A().x()], A.y())",
    "fields without semicolons": "class A {\n  ['c'] = 3\n  a = 1\n  b = this.a + 1\n  static d = 4\n  e\n}\nconsole.log(new A(), A.d)",
    "newline after do while": "let i = 0\ndo i++\nwhile (i < 3)\nconsole.log(i)",
    "newline after break": "a: for (;;) { for (;;) { break\na } break }\nconsole.log('out')",
    "newline before template": "const f = x => x\nconst a = f\n`a  b`\nconsole.log(String(a))",
    "newline in a comment": "const a = 1 /*\n*/ const b = 2\nconsole.log(a, b)",
    "newline after arrow": "const f = (a) =>\n  a + 1\nconst g = async () =>\n  ({ a: 1 })\nconsole.log(f(1))\ng().then(console.log)",
    "async on its own line": "var async = 1\nasync\nfunction f() { return 2 }\nconsole.log(async, f())",
    # Where a space means something.
    "plus and plus": "let a = 1, b = 2;\nconsole.log(a + +b, a - -b, a + ++b, a - --b, a++ + b);",
    "number and dot": "console.log(1 .toString(), 1..toString(), 1.5.toFixed(2), 0x1f .toString());",
    "keyword and string": "const o = { a: 1 };\nconsole.log('a' in o, typeof 'x', void 'y');\nfor (const k of 'ab') console.log(k);",
    "question mark and number": "const a = true, o = { b: 2 };\nconsole.log(a ? .5 : 1, a?.5:1, o ?.b);",
    "less and exclamation": "let a = 1, b = 0;\nconsole.log(a < ! --b);",
    "identifiers beyond ascii": "const été = 1, 変数 = 2, \\u0061b = 3;\nconsole.log(été + 変数 + ab, typeof été);",
    # What the language has had since 2015.
    "optional chaining": "const o = { a: { f: () => 'x  y' } };\nconsole.log(o?.a?.f?.(), o.b?.[0]?.c, o?.['a'] ?.f());",
    "nullish": "let a = null, b = 0, c;\na ??= 1; b ||= 2; c &&= 3;\nconsole.log(a, b, c, null ?? 'd', (a || null) ?? 5);",
    "exponent": "console.log((-2) ** 2, 2 ** -1, 2 ** 3 ** 2);\nlet a = 2; a **= 3; console.log(a);",
    "numbers": "console.log(1_000_000, 0b1010, 0o17, 10n ** 20n, 0xFFn, .5e-3, 1e1000);",
    "private members": "class A {\n  #x = 1;\n  static #n = 0;\n  get #y() { return this.#x * 2; }\n  #m() { return this.#y; }\n"
    "  static make() { A.#n++; return new A(); }\n  has(o) { return #x in o; }\n  get all() { return [this.#m(), A.#n]; }\n}\n"
    "console.log(A.make().all, new A().has({}));",
    "static block": "class A { static x; static { const y = 2; this.x = y  *  2; } }\nconsole.log(A.x);",
    "computed names": "const k = 'a  b';\nclass A { [k]() { return 1; } static ['x' + 1] = 2; get [`t  ${k}`]() { return 3; } }\n"
    "console.log(new A()[k](), A.x1, new A()['t  a  b']);",
    "generators": "function* g() { const x = yield 1; yield* [x, 3]; }\nconst i = g();\nconsole.log(i.next().value, i.next(2).value, [...i]);",
    "async iteration": "async function* g() { yield 1; await null; yield 2; }\nfor await (const x of g()) console.log(x);\nexport {};",
    "top level await": "const x = await Promise.resolve(1);\nconsole.log(x);\nexport default x;",
    "dynamic import": "const { sep } = await import('node:path');\nconsole.log(sep, import.meta.url.startsWith('file:'));\nexport {};",
    "imports and exports": "import path, { join as j } from 'node:path';\nimport * as all from 'node:os';\nexport * from 'node:util';\n"
    "export const a = 1; export { a as 'b  c' };\nconsole.log(path.sep, j('a', 'b'), typeof all.EOL);",
    "import attributes": "import data from 'data:application/json,{\"a\":1}' with { type: 'json' };\nconsole.log(data.a);",
    "destructuring": "const { a = 1, b: { c, ...r } = { c: 2, d: 3 }, ...s } = { e: 4 };\nconst [x, , y = x] = [5];\nconsole.log(a, c, r, s, x, y);",
    "defaults that see others": "let n = 0;\nconst f = (a = ++n, b = a, { c = a + b } = {}, ...d) => [a, b, c, d];\nconsole.log(f(), f(5), n);",
    "closures in loops": "const f = [];\nfor (let i = 0; i < 3; i++) f.push(() => i);\nfor (const k in { a: 1, b: 2 }) f.push(() => k);\n"
    "console.log(f.map(g => g()));",
    "optional catch": "try { throw new Error('x', { cause: 'y' }); } catch { console.log('caught'); } finally { console.log('done'); }",
    "shadowed names": "var e = 1;\ntry { throw 2; } catch (e) { var e = 3; }\nconsole.log(e);",
    "hoisted functions": "console.log(typeof f, typeof g);\n{ function f() {} }\nif (true) { function g() {} }\nconsole.log(typeof f, typeof g);",
    "names that eval sees": "function f(value) { const local = 2; return eval('value + local'); }\nconsole.log(f(1));",
    "names that with sees": "function f(o, x) { with (o) { return x; } }\nconsole.log(f({ x: 1 }, 2), f({}, 2));",
    "strictness": "'use strict';\nfunction f() { return this; }\nconsole.log(f());\ntry { undeclared = 1; } catch (e) { console.log(e.name); }",
    "directive of a function": "function f() { 'use strict'; return this === undefined; }\nfunction g() { ('use strict'); return this === undefined; }\nconsole.log(f(), g());",
    "getters and setters": "const o = { get a() { return 1; }, set a(v) { console.log('set', v); }, async: 1, get: 2, static: 3, of: 4, await: 5 };\n"
    "o.a = 2;\nconsole.log(o.a, o.async + o.get + o.static + o.of + o.await);",
    "proto and computed proto": "const a = { __proto__: Array.prototype }, b = { ['__proto__']: 1 };\nconsole.log(a instanceof Array, Object.keys(b));",
    "new target": "function F() { return new.target === F; }\nclass A { constructor() { console.log(new.target.name); } }\nclass Bee extends A {}\nnew Bee();\n"
    "console.log(typeof new F());",
    "labels": "outer: for (const a of [1, 2, 3]) { for (const b of [1, 2]) { if (b === 2) continue outer; if (a === 3) break outer; console.log(a, b); } }",
    "dangling else": "const f = (a, b) => { if (a) { if (b) return 1; } else return 2; return 3; };\nconsole.log(f(1, 1), f(1, 0), f(0, 0));",
    "commas and conditions": "let a = 1;\nconst f = () => (a++, a);\nconsole.log(f(), (0, eval)('typeof f'), a ? (a, 2) : 3);",
    "order of evaluation": "const log = [], t = (x) => (log.push(x), x);\nconst o = { [t('k')]: t('v'), ...(t('s') && { z: 1 }) };\nt(1) + t(2) * t(3);\n"
    "console.log(log.join(), o);",
    "hash-bang": "#!/usr/bin/env node\nconsole.log('started');",
    "html-like comments": "let a = 1;\n<!-- a = 2;\nconsole.log(a);\n--> a = 3;\nconsole.log(a);",
    "names of things": "class Named {}\nconst arrow = () => {};\nexport default class {}\nexport { Named, arrow };\nconsole.log(typeof Named, typeof arrow);",
    "negative zero and not a number": "console.log(Object.is(-0, 0), 1 / -0, NaN === NaN, void 0 === undefined);",
    "undefined as a name": "(function (undefined) { console.log(undefined); })(1);\nvar f = function (Infinity) { return Infinity; };\nconsole.log(f(2));",
}
"""The scripts, by what they are about. Those that import, export or await at the top are modules."""


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """``judged`` scripts ran before; ``broken`` names those that then did something else, and what."""

    judged: int
    broken: dict[str, str]


def node() -> str | None:
    """Where node is, if it is."""
    return shutil.which("node")


def judge(minify: Callable[[str], str], node_path: str, inputs: Mapping[str, str] | None = None) -> Judgement:
    """Run every script before and after ``minify``. An exception of ``minify`` breaks nothing: the original is served.

    A script that this node can't run is not judged.
    """
    inputs = INPUTS if inputs is None else inputs
    with ThreadPoolExecutor(max_workers=2) as pool:

        def run(texts: Mapping[str, str]) -> dict[str, tuple[int, str]]:
            outcomes = pool.map(
                lambda name: _run(texts[name], node_path, is_module=_is_module(inputs[name])), texts
            )
            return dict(zip(texts, outcomes, strict=True))

        ran = {name: outcome for name, outcome in run(inputs).items() if outcome[0] == 0}
        after = run({name: _minified(minify, inputs[name]) for name in ran})
    broken = {name: _difference(ran[name], after[name]) for name in ran if ran[name] != after[name]}
    return Judgement(judged=len(ran), broken=broken)


def _minified(minify: Callable[[str], str], text: str) -> str:
    try:
        return minify(text)
    except Exception:  # noqa: BLE001 (who refuses breaks nothing)
        return text


def _run(text: str, node_path: str, *, is_module: bool) -> tuple[int, str]:
    """The exit code and what was printed; of an error, its last line only, since the lines before have places in them."""
    with tempfile.TemporaryDirectory(prefix="bench-modern-") as folder:
        path = Path(folder, "script.mjs" if is_module else "script.cjs")
        path.write_text(text, encoding="utf-8")
        try:
            done = subprocess.run(
                [node_path, "--no-warnings", path.name],
                cwd=folder,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                encoding="utf-8",
                timeout=_TIMEOUT_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return (-1, "no end")
    errors = [line for line in done.stderr.splitlines() if "Error" in line]
    return (done.returncode, done.stdout if done.returncode == 0 else "".join(errors[:1]))


def _is_module(text: str) -> bool:
    return any(line.startswith(("import ", "export ")) for line in text.split("\n"))


def _difference(before: tuple[int, str], after: tuple[int, str]) -> str:
    return f"printed {after[1]!r} and not {before[1]!r}" if after[0] == 0 else f"fails: {after[1]}"


def main() -> int:
    """Say for each minifier what it breaks: ``python -m races.static_minify.modern``."""
    import minify
    import rjsmin

    from django_static import minify as ours

    node_path = node()
    if node_path is None:
        print("error: there is no node to run the scripts in", file=sys.stderr)
        return 1
    for name, function in {
        "rjsmin": rjsmin.jsmin,
        "tdewolff": lambda text: str(minify.string("text/javascript", text)),
        "django-static": lambda text: ours.slim(text, "js", ours.DEFAULT_ENGINES["js"]).text,
    }.items():
        judgement = judge(function, node_path)
        print(f"{name}: {len(judgement.broken)} broken of {judgement.judged}")
        print("".join(f"    {what}: {problem}\n" for what, problem in judgement.broken.items()), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
