"""Where a script or module may refer to something: the forms a browser takes a URL from, before anybody knows what is code.

Sources: ECMA-262 (modules, clause 16.2), WHATWG HTML (module specifiers, ``import.meta.resolve()``,
``importScripts()``), ECMA-426 (source map comments).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from .js_code import BLANKS, COMMENT, STRING
from .js_element import places
from .js_found import Candidate
from .patterns import has, loop

__all__ = ["EXPORTED", "OWN_URL", "candidates"]

#: Beyond ASCII letters are not told from other signs: these would be a mistake there.
_IDENTIFIER = loop(r"[\w$]++", r"[^\s\x00-\x7f\ufeff]++", r"\\u(?:[0-9A-Fa-f]{4}|\{[0-9A-Fa-f]++\})", least=1)
_END_OF_WORD = r"(?![\w$\\])"
_NOT_IN_A_WORD = r"(?<![\w$\\#]{0})"
_NAMED = r"\{" + loop(r"[\w$\s,\\]++", r"[^\x00-\x7f]++", COMMENT, STRING) + r"\}"
_STAR = rf"\*{BLANKS}as{_END_OF_WORD}{BLANKS}{_IDENTIFIER}"
_CLAUSE = (
    rf"(?:(?:defer|source){_END_OF_WORD}{BLANKS})?"
    rf"(?:{_NAMED}|{_STAR}|{_IDENTIFIER}(?:{BLANKS},{BLANKS}(?:{_NAMED}|{_STAR}))?)"
)
_META = rf"{BLANKS}\.{BLANKS}meta{BLANKS}\.{BLANKS}"
#: What both words end with: a search is fast for a fixed beginning, and for nothing else.
_PORT = re.compile(r"port(?<=import|export)(?<![\w$\\#](?:im|ex)port)")
_IMPORT = re.compile(
    rf"import{_NOT_IN_A_WORD.format('import')}(?:Scripts{BLANKS}(?P<scripts>\()|{_END_OF_WORD}(?:"
    rf"(?:{BLANKS}{_CLAUSE}{BLANKS}from)?{BLANKS}(?P<static>{STRING})"
    rf"|(?:{BLANKS}\.{BLANKS}(?:defer|source))?{BLANKS}(?P<dynamic>\()"
    rf"|{_META}resolve{BLANKS}(?P<resolve>\()))"
)
_EXPORT = re.compile(
    rf"export{_NOT_IN_A_WORD.format('export')}{BLANKS}"
    rf"(?:{_NAMED}|\*(?:{BLANKS}as{_END_OF_WORD}{BLANKS}(?:{_IDENTIFIER}|{STRING}))?)"
    rf"{BLANKS}from{BLANKS}(?P<static>{STRING})"
)
#: What follows the word in a statement, and where it is the name of a property does not.
EXPORTED = re.compile(
    rf"export{_NOT_IN_A_WORD.format('export')}{_END_OF_WORD}{BLANKS}"
    rf"(?:[{{*@]|(?:default|const|let|var|function|class|async){_END_OF_WORD})"
)
_ASSET = re.compile(
    rf"new{_NOT_IN_A_WORD.format('new')}{_END_OF_WORD}{BLANKS}(?:(?:window|self|globalThis){BLANKS}\.{BLANKS})?"
    rf"URL{BLANKS}(?P<asset>\()"
)
OWN_URL = re.compile(rf"import{_META}url")
_OWN = re.compile(
    rf"import{_NOT_IN_A_WORD.format('import')}{BLANKS}\.{BLANKS}(?P<meta>meta){_END_OF_WORD}"
    rf"(?!{BLANKS}\.{BLANKS}resolve{BLANKS}\()"
)
_MAP_WORD = "sourceMappingURL="
_MAP = re.compile(
    r"(?://[#@]\s*+sourceMappingURL=(?P<line>[^\s\"'`]++)[^\S\n\r\u2028\u2029]*+(?=[\n\r\u2028\u2029]|\Z)"
    r"|/\*[#@]\s*+sourceMappingURL=(?P<block>[^\s\"'`*]++(?:\*(?!/)[^\s\"'`*]*+)*)\s*+\*/)"
)
#: What the mark before ``sourceMappingURL=`` may take.
_MAP_MARK = re.compile(r"(?://|/\*)[#@]\s*\Z")


def candidates(text: str) -> Iterator[Candidate]:
    """The places that refer to something, or look for the script itself, if they are code; in no order."""
    yield from _statements(text)
    yield from places(text)
    if has(text, _MAP_WORD):
        yield from _maps(text)


def _statements(text: str) -> Iterator[Candidate]:
    """What ``import`` and ``export`` say; one search for both, since the search is what a long script takes time for."""
    behind_import = behind_export = 0
    has_own_url = False
    for word in _PORT.finditer(text):
        start = word.end() - len("import")
        if text[start] == "e":
            match = _EXPORT.match(text, start) if start >= behind_export else None
            if match is not None:
                behind_export = match.end()
                yield _candidate(match)
            continue
        match = _IMPORT.match(text, start) if start >= behind_import else None
        if match is not None:
            behind_import = match.end()
            yield _candidate(match)
        own = _OWN.match(text, start)
        if own is not None:
            yield _candidate(own)
        has_own_url = has_own_url or OWN_URL.match(text, start) is not None
    for match in _ASSET.finditer(text) if has_own_url else ():
        if OWN_URL.search(text, match.end(), match.end() + 2000):
            yield _candidate(match)


def _candidate(match: re.Match[str]) -> Candidate:
    kind = match.lastgroup or ""
    return Candidate(match.start(), kind, *match.span(kind))


def _maps(text: str) -> Iterator[Candidate]:
    """The comments that may name the source map; only the last of them if it is certain that it does."""
    index = text.rfind(_MAP_WORD)
    while index >= 0:
        first = max(0, index - 20)
        mark = _MAP_MARK.search(text[first:index])
        match = _MAP.match(text, first + mark.start()) if mark else None
        if match is not None:
            is_certain = _ends_script(text, match)
            yield Candidate(match.start(), "map", *match.span(match.lastgroup or 0), is_certain)
            if is_certain:
                return
        index = text.rfind(_MAP_WORD, 0, index)


def _ends_script(text: str, match: re.Match[str]) -> bool:
    """Whether nothing but blanks follows, so that it can be in no string or template, which would not end."""
    if text[match.end() : match.end() + 1000].strip() or match.end() + 1000 < len(text):
        return False
    if match["line"] is not None and "*/" in match["line"]:
        return False  # it may be what ends a comment around it
    before = text[max(0, match.start() - 1000) : match.start()].rstrip(" \t")
    if before.endswith(("\n", "\r")) or not match.start():
        return True
    # After code on its line it might still be in a regular expression.
    return match["line"] is not None and "]" not in match["line"] and not before.endswith(("/", "*", "\\"))
