"""What a script or module refers to: the forms a browser takes a URL from, found where they are code.

Sources: ECMA-262 (modules, clause 16.2), WHATWG HTML (module specifiers, ``import.meta.resolve()``,
``importScripts()``), ECMA-426 (source map comments).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import NamedTuple, Protocol

from .js_code import BLANKS, COMMENT, STRING, TEMPLATE, Code, arguments
from .js_found import Found, Own, Unknown
from .js_own import look
from .js_slash import Unsure
from .js_syntax import Syntax
from .patterns import loop
from .reference import Lines, Reference

__all__ = ["may_refer", "scan"]

_IDENTIFIER = loop(r"[\w$\u200c\u200d]++", r"\\u(?:[0-9A-Fa-f]{4}|\{[0-9A-Fa-f]++\})", least=1)
_END_OF_WORD = r"(?![\w$\\])"
_NOT_IN_A_WORD = r"(?<![\w$\\#]{0})"
_NAMED = r"\{" + loop(r"[\w$\s,\\\ufeff]++", COMMENT, STRING) + r"\}"
_STAR = rf"\*{BLANKS}as{_END_OF_WORD}{BLANKS}{_IDENTIFIER}"
_CLAUSE = (
    rf"(?:(?:defer|source){_END_OF_WORD}{BLANKS})?"
    rf"(?:{_NAMED}|{_STAR}|{_IDENTIFIER}(?:{BLANKS},{BLANKS}(?:{_NAMED}|{_STAR}))?)"
)
_META = rf"{BLANKS}\.{BLANKS}meta{BLANKS}\.{BLANKS}"
_LITERAL = rf"(?P<literal>{STRING}|{TEMPLATE})"
#: Words with a fixed beginning, since that is what the search is fast for.
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
_ASSET = re.compile(
    rf"new{_NOT_IN_A_WORD.format('new')}{_END_OF_WORD}{BLANKS}(?:(?:window|self|globalThis){BLANKS}\.{BLANKS})?"
    rf"URL{BLANKS}(?P<asset>\()"
)
_OWN_URL = re.compile(rf"import{_META}url")
_OWN = re.compile(
    rf"import{_NOT_IN_A_WORD.format('import')}{BLANKS}\.{BLANKS}(?P<meta>meta){_END_OF_WORD}"
    rf"(?!{BLANKS}\.{BLANKS}resolve{BLANKS}\()"
)
_ONE_ARGUMENT = re.compile(rf"{BLANKS}{_LITERAL}{BLANKS}(?=[,)])")
_AN_ASSET = re.compile(rf"{BLANKS}{_LITERAL}{BLANKS},{BLANKS}{_OWN_URL.pattern}{BLANKS},?{BLANKS}\)")
#: A constant in pieces, ``'./' + 'n.js'``; not in a template, where a reference has other escapes.
_SUM = re.compile(rf"(?:{STRING}{BLANKS}\+{BLANKS})+{STRING}{BLANKS}")
_STRING = re.compile(STRING)
_WHOLE_LITERAL = re.compile(rf"{_LITERAL}{BLANKS}")
_BODY = re.compile(rf"{BLANKS}\{{")
_GLOBAL = re.compile(r"(?:^|[^\w$.])(?:self|globalThis)\s*\.\s*\Z")
_MAP_WORD = "sourceMappingURL="
_MAP = re.compile(
    r"(?://[#@]\s*+sourceMappingURL=(?P<line>[^\s\"'`]++)[^\S\n\r\u2028\u2029]*+(?=[\n\r\u2028\u2029]|\Z)"
    r"|/\*[#@]\s*+sourceMappingURL=(?P<block>[^\s\"'`*]++(?:\*(?!/)[^\s\"'`*]*+)*)\s*+\*/)"
)
#: What the mark before ``sourceMappingURL=`` may take.
_MAP_MARK = re.compile(r"(?://|/\*)[#@]\s*\Z")
_ESCAPED = re.compile(
    r"\\(?:u\{([0-9A-Fa-f]+)\}|u([0-9A-Fa-f]{4})|x([0-9A-Fa-f]{2})|([0-3]?[0-7]{1,2})|(\r\n|[\n\r\u2028\u2029])|([\s\S]))"
)
_SINGLE_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "v": "\v", "f": "\f"}
_LONGEST_CALL = 10_000
_LONGEST_EXPRESSION = 80


def may_refer(text: str | bytes) -> bool:
    """Whether a reading could find anything; for bytes, of any encoding that agrees with ASCII."""
    if isinstance(text, bytes):
        return b"import" in text or _MAP_WORD.encode() in text or (b"export" in text and b"from" in text)
    return "import" in text or _MAP_WORD in text or ("export" in text and "from" in text)


def scan(text: str) -> Found:
    """Everything a script or module refers to; from one with syntax errors what is certain."""
    candidates = sorted(_candidates(text))
    if not candidates:
        return Found()
    try:
        return _Reader(text, Code(text)).read(candidates)
    except Unsure:
        return _Reader(text, Syntax(text)).read(candidates)


class _Candidate(NamedTuple):
    """A place that refers to something if it is code."""

    offset: int
    #: ``map``, or a group of the expressions above.
    kind: str
    #: Of the literal, or of the parenthesis before the arguments.
    start: int
    end: int
    is_certain: bool = False


def _candidates(text: str) -> Iterator[_Candidate]:
    if "import" in text:
        for match in _IMPORT.finditer(text):
            yield _candidate(match)
        if "meta" in text and _OWN_URL.search(text):
            for match in _ASSET.finditer(text):
                if _OWN_URL.search(text, match.end(), match.end() + 2000):
                    yield _candidate(match)
        if "meta" in text:
            for match in _OWN.finditer(text):
                yield _candidate(match)
    if "export" in text and "from" in text:
        for match in _EXPORT.finditer(text):
            yield _candidate(match)
    if _MAP_WORD in text:
        yield from _maps(text)


def _candidate(match: re.Match[str]) -> _Candidate:
    kind = match.lastgroup or ""
    return _Candidate(match.start(), kind, *match.span(kind))


def _maps(text: str) -> Iterator[_Candidate]:
    """The comments that may name the source map; only the last of them if it is certain that it does."""
    index = text.rfind(_MAP_WORD)
    while index >= 0:
        first = max(0, index - 20)
        mark = _MAP_MARK.search(text[first:index])
        match = _MAP.match(text, first + mark.start()) if mark else None
        if match is not None:
            is_certain = _ends_script(text, match)
            yield _Candidate(match.start(), "map", *match.span(match.lastgroup or 0), is_certain)
            if is_certain:
                return
        index = text.rfind(_MAP_WORD, 0, index)


def _ends_script(text: str, match: re.Match[str]) -> bool:
    """Whether nothing but blanks follows, so that it can be in no string or template, which would not end."""
    if text[match.end() : match.end() + 1000].strip() or match.end() + 1000 < len(text):
        return False
    before = text[max(0, match.start() - 1000) : match.start()].rstrip(" \t")
    if before.endswith(("\n", "\r")) or not match.start():
        return True
    # After code on its line it might still be in a regular expression.
    return match["line"] is not None and "]" not in match["line"] and not before.endswith(("/", "*", "\\"))


class _Place(Protocol):
    """Knows of ascending offsets whether there is code."""

    def reach(self, offset: int) -> bool:
        """Whether a token of the code, or a comment, begins there; each offset must be greater than the last."""

    def is_member(self, offset: int) -> bool:
        """Whether the name at the offset reached last is that of a property: ``a.name``."""


class _Reader:
    """Reads the candidates that are code."""

    def __init__(self, text: str, place: _Place) -> None:
        self.text = text
        self.place = place
        self.references: list[Reference] = []
        self.unknown: list[Unknown] = []
        self.own: list[Own] = []
        #: Up to where what a script reads of itself is taken care of.
        self.known = 0
        self.map: Reference | None = None
        #: Whether the arguments read last end where they seem to.
        self.is_sure = True
        #: Characters to be read for arguments; only calls nested without end need more.
        self.budget = 100_000 + 4 * len(text)

    def read(self, candidates: list[_Candidate]) -> Found:
        readers: dict[str, Callable[[_Candidate], None]] = {
            "static": self._static,
            "dynamic": self._dynamic,
            "resolve": self._dynamic,
            "asset": self._asset,
            "scripts": self._scripts,
            "map": self._map,
            "meta": self._meta,
        }
        for candidate in candidates:
            if candidate.is_certain or self.place.reach(candidate.offset):
                readers[candidate.kind](candidate)
        if self.map is not None and self.map.url[:5].lower() != "data:":
            self.references.append(self.map)
        return self._numbered()

    def _numbered(self) -> Found:
        lines = Lines(self.text)
        starts = sorted([*map(_start, self.references), *map(_start, self.unknown), *map(_start, self.own)])
        numbers = {start: lines.at(start) for start in starts}
        return Found(
            tuple(replace(found, line=numbers[found.start]) for found in sorted(self.references, key=_start)),
            tuple(replace(found, line=numbers[found.start]) for found in sorted(self.unknown, key=_start)),
            tuple(replace(found, line=numbers[found.start]) for found in self.own),
        )

    def _map(self, candidate: _Candidate) -> None:
        start, end = candidate.start, candidate.end
        self.map = Reference(start, end, self.text[start:end], "", 0, "map")

    def _static(self, candidate: _Candidate) -> None:
        self._literal(candidate.start, candidate.end, "module")

    def _dynamic(self, candidate: _Candidate) -> None:
        if self.place.is_member(candidate.offset):
            return
        match = _ONE_ARGUMENT.match(self.text, candidate.end)
        if match is not None:
            self._literal(*match.span("literal"), "module")
            return
        spans = self._arguments(candidate.start)
        if spans and _OWN_URL.fullmatch(self.text, *spans[0]):
            self.known = spans[0][1]  # the script itself, whatever it is called
        elif spans and _SUM.fullmatch(self.text, *spans[0]):
            self._sum(*spans[0])
        elif spans:
            self._open(*spans[0], "module")

    def _asset(self, candidate: _Candidate) -> None:
        match = _AN_ASSET.match(self.text, candidate.end)
        if match is not None:
            if self._literal(*match.span("literal"), "asset"):
                self.known = match.end()
            return
        spans = self._arguments(candidate.start)
        if len(spans) == 2 and _OWN_URL.fullmatch(self.text, *spans[1]):
            self._open(*spans[0], "asset")

    def _meta(self, candidate: _Candidate) -> None:
        if candidate.offset < self.known or self.place.is_member(candidate.offset):
            return
        found = look(self.text, candidate.offset, candidate.end)
        if found is not None:
            self.own.append(found)

    def _scripts(self, candidate: _Candidate) -> None:
        before = self.text[max(0, candidate.offset - 40) : candidate.offset]
        if not _GLOBAL.search(before) and self.place.is_member(candidate.offset):
            return
        for start, end in self._arguments(candidate.start):
            match = _WHOLE_LITERAL.fullmatch(self.text, start, end)
            if match is not None:
                self._literal(*match.span("literal"), "script")
            else:
                self._open(start, end, "script")

    def _arguments(self, parenthesis: int) -> list[tuple[int, int]]:
        """Where the arguments of a call are; none if it is the head of a method of that name."""
        farthest = min(len(self.text), parenthesis + 1 + min(self.budget, _LONGEST_CALL))
        try:
            spans, end = arguments(self.text, parenthesis, farthest)
        except Unsure:
            self.budget -= farthest - parenthesis
            self.is_sure = False
            return [(parenthesis + 1, min(len(self.text), parenthesis + 1 + _LONGEST_EXPRESSION))]
        self.is_sure = True
        self.budget -= end - parenthesis
        return [] if _BODY.match(self.text, end) else spans

    def _literal(self, start: int, end: int, what: str) -> bool:
        """Note a reference; False if it is empty, and so none."""
        url = _decoded(self.text[start + 1 : end - 1])
        if url:
            self.references.append(Reference(start, end, url, self.text[start], 0, what))
        return bool(url)

    def _sum(self, start: int, end: int) -> None:
        """Note a reference to what several literals are together."""
        literals = list(_STRING.finditer(self.text, start, end))
        url = "".join(_decoded(each[0][1:-1]) for each in literals)
        if url:
            first, last = literals[0].start(), literals[-1].end()
            self.references.append(Reference(first, last, url, self.text[first], 0, "module"))

    def _open(self, start: int, end: int, what: str) -> None:
        expression = " ".join(self.text[start:end].split())[:_LONGEST_EXPRESSION]
        self.unknown.append(Unknown(start, 0, what, expression, end if self.is_sure else 0))


def _start(found: Reference | Unknown | Own) -> int:
    return found.start


def _decoded(text: str) -> str:
    """The value of a string or template (ECMA-262, 12.9.4); half a surrogate pair is no character of a URL."""
    if "\\" not in text:
        return text
    value = _ESCAPED.sub(_character, text)
    return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _character(escape: re.Match[str]) -> str:
    *codes, octal, newline, single = escape.groups()
    code = next(filter(None, codes), None)
    if code is not None:
        number = int(code, 16)
        return chr(number) if number <= 0x10FFFF else "\ufffd"
    if octal is not None:
        return chr(int(octal, 8))
    return "" if newline else _SINGLE_ESCAPES.get(single, single)
