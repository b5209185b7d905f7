"""A script is searched for few words: what is found is what the forms find that are searched for one by one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import django
from hypothesis import given, settings
from hypothesis import strategies as st

from django_static.references import js_candidates as quick
from django_static.references import js_element
from django_static.references.js_found import Candidate

_QUOTE = "[\"'`]"
_CURRENT = re.compile(r"currentScript(?![\w$])(?P<quoted>[\"']\s*\])?")
_NAMED = re.compile(rf"(?:script|SCRIPT){_QUOTE}\s*\)")
_SCRIPTS = re.compile(r"scripts(?![\w$])")
_READS_SRC = re.compile(
    r"\.\s*src(?![\w$])(?!\s*=(?!=))|(?<!setAttribute\()(?<!setAttribute\( )[\"']src[\"']|\{\s*src(?![\w$])"
)


def one_by_one(text: str) -> Iterator[Candidate]:
    """The candidates of a script, each form looked for from its beginning to its end."""
    for pattern in (quick._IMPORT, quick._EXPORT, quick._OWN):
        yield from map(quick._candidate, pattern.finditer(text))
    has_own_url = re.search(rf"(?<![\w$\\#]){quick.OWN_URL.pattern}", text) is not None
    for match in quick._ASSET.finditer(text):
        if has_own_url and quick.OWN_URL.search(text, match.end(), match.end() + 2000):
            yield quick._candidate(match)
    yield from quick._maps(text)
    for match in _CURRENT.finditer(text):
        yield Candidate(match.start() - bool(match["quoted"]), "current", *match.span())
    for match in _NAMED.finditer(text):
        first = max(0, match.start() - 60)
        called = js_element._CALLED.search(text[first : match.start()])
        if called is not None:
            yield Candidate(first + called.start(), "list", first + called.start(), match.end())
    known: dict[str, bool] = {}
    for match in _SCRIPTS.finditer(text):
        first = max(0, match.start() - 60)
        owner = js_element._OWNER.search(text[first : match.start()])
        if owner is not None:
            name = owner["owner"]
            if name not in known:
                given = rf"(?<![\w$.]){re.escape(name)}\s*=\s*(?:[\w$]+\s*\.\s*)?document(?![\w$.])"
                known[name] = name == "document" or re.search(given, text) is not None
            if known[name]:
                yield Candidate(match.start(), "list", first + owner.start(), match.end())
    for kind, pattern in js_element._SELECTORS.items():
        for match in pattern.finditer(text):
            first = max(0, match.start() - 81)
            quote = js_element._START_OF_STRING.search(text[first : match.start()])
            if quote is not None:
                yield Candidate(first + quote.start(), kind, *match.span())


def agree(text: str) -> list[Candidate]:
    found = sorted(quick.candidates(text))
    assert found == sorted(one_by_one(text))
    assert js_element.Looker(text)._reads_src is (_READS_SRC.search(text) is not None)
    return found


def test_the_scripts_of_the_admin():
    admin = Path(django.__file__).parent / "contrib" / "admin" / "static"
    found: list[Candidate] = []
    for path in sorted(admin.rglob("*.js")):
        text = path.read_text("utf-8")
        agree(text)
        found += agree(
            text.replace("var ", "import 'a'; document.currentScript.src;").replace(".", ".scripts.")
        )
    assert {each.kind for each in found} >= {"static", "list"}


#: Words of all forms, what stands around them, and what comes near to them.
_WORDS = st.sampled_from(
    [
        *("import", "export", "port", "imports", "Scripts", "importScripts", "from", "meta", "import.meta.url"),
        *("import.meta", ".resolve(", "new URL(", "new ", "URL", "{a}", "{import}", "* as b", "defer ", "'c'"),
        *("currentScript", "script", "Script", "SCRIPT", "scripts", "cript", "document", "d=document;", "d."),
        *("getElementsByTagName(", "querySelector(", "$(", "link", "[src", "[href", '$="a.css"', "=b", "]", "['"),
        *(".src", "src", ". src", "{ src", "'src'", '"src"', "setAttribute(", "setAttribute( ", ".SRC"),
        *(" ", "\n", "(", ")", "'", '"', "`", "=", "==", ".", ",", "/*", "*/", "//", "$", "\\", "#", "x", "é", "\u2028"),
        *("//# sourceMappingURL=a.map", "/*# sourceMappingURL=b */", "import a from 'b';", "import('c')", "export*from'd'"),
        *("document.currentScript", "document['currentScript']", "document.scripts", "$('script[src*=\"e\"]')"),
        *("f('link[href*=\"g.css\"]')", "new URL('h', import.meta.url)", "import {import as i} from 'j'"),
    ]
)  # fmt: skip


@settings(max_examples=1500, deadline=None)
@given(st.lists(_WORDS, max_size=12))
def test_any_text(words):
    agree("".join(words))


def test_forms_within_forms():
    found = agree(
        "import /* import('a'); import.meta */ b from 'import(\"c\")';"
        "export {/* export * from 'd' */ e} from 'export {f} from \"g\"';"
        "$('script[src*=script[src*=scripts, document.currentScript]'); a.src"
    )
    assert [each.kind for each in found] == ["static", "meta", "static", "selector", "current"]
    assert len(found) == len({each.offset for each in found})


def test_a_script_that_only_seems_to_say_something_is_searched_in_no_time():
    text = (
        "import {" * 20_000
        + "export {" * 20_000
        + "scripts." * 20_000
        + "script [" * 20_000
        + ".src = " * 20_000
    )
    assert agree(text) == []
