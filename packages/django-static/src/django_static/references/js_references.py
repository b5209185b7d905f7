"""What a script or module refers to, read where it is code."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from . import js_element
from .js_candidates import EXPORTED, OWN_URL, candidates
from .js_code import BLANKS, STRING, TEMPLATE, Code, arguments
from .js_found import Candidate, Found, Look, Own, Unknown
from .js_own import look
from .js_slash import Unsure
from .js_syntax import Syntax
from .reference import Lines, Reference

__all__ = ["has_export", "scan"]

_LITERAL = rf"(?P<literal>{STRING}|{TEMPLATE})"
_ONE_ARGUMENT = re.compile(rf"{BLANKS}{_LITERAL}{BLANKS}(?=[,)])")
_AN_ASSET = re.compile(rf"{BLANKS}{_LITERAL}{BLANKS},{BLANKS}{OWN_URL.pattern}{BLANKS},?{BLANKS}\)")
#: A constant in pieces, ``'./' + 'n.js'``; not in a template, where a reference has other escapes.
_SUM = re.compile(rf"(?:{STRING}{BLANKS}\+{BLANKS})+{STRING}{BLANKS}")
_STRING = re.compile(STRING)
_WHOLE_LITERAL = re.compile(rf"{_LITERAL}{BLANKS}")
_BODY = re.compile(rf"{BLANKS}\{{")
_GLOBAL = re.compile(r"(?:^|[^\w$.])(?:self|globalThis)\s*\.\s*\Z")
_ESCAPED = re.compile(
    r"\\(?:u\{([0-9A-Fa-f]+)\}|u([0-9A-Fa-f]{4})|x([0-9A-Fa-f]{2})|([0-3]?[0-7]{1,2})|(\r\n|[\n\r\u2028\u2029])|([\s\S]))"
)
_SINGLE_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "v": "\v", "f": "\f"}
_LONGEST_CALL = 10_000
_LONGEST_EXPRESSION = 80


def scan(text: str) -> Found:
    """Everything a script or module refers to; from one with syntax errors what is certain."""
    found = sorted(candidates(text))
    return _scanned(text, found) if found else Found()


def _scanned(text: str, found: list[Candidate]) -> Found:
    try:
        return _Reader(text, Code(text)).read(found)
    except Unsure:
        looks = [each for each in found if each.kind in js_element.LOOKS]
    if not looks:
        return _Reader(text, Syntax(text)).read(found)
    # To be wrong about a look costs a few bytes, and the parser seconds.
    others = _scanned(text, [each for each in found if each.kind not in js_element.LOOKS])
    return replace(others, looks=_Reader(text, _Anywhere(text)).read(looks).looks)


def has_export(text: str) -> bool | None:
    """Whether a script has an ``export`` statement; None where its tokens do not tell what is code."""
    place = Code(text)
    try:
        for match in EXPORTED.finditer(text):
            if place.reach(match.start()) and not place.is_member(match.start()):
                return True
    except Unsure:
        return None
    return False


class _Place(Protocol):
    """Knows of ascending offsets whether there is code."""

    def reach(self, offset: int) -> bool:
        """Whether a token of the code, or a comment, begins there; each offset must be greater than the last."""

    def is_member(self, offset: int) -> bool:
        """Whether the name at the offset reached last is that of a property: ``a.name``."""


class _Anywhere:
    """Takes everything for code."""

    def __init__(self, text: str) -> None:
        self._text = text

    def reach(self, offset: int) -> bool:
        return offset >= 0

    def is_member(self, offset: int) -> bool:
        return self._text[max(0, offset - 20) : offset].rstrip().endswith(".")


class _Reader:
    """Reads the candidates that are code."""

    def __init__(self, text: str, place: _Place) -> None:
        self.text = text
        self.place = place
        self.references: list[Reference] = []
        self.unknown: list[Unknown] = []
        self.own: list[Own] = []
        self.looks: list[Look] = []
        self.looker = js_element.Looker(text)
        #: Up to where what a script reads of itself is taken care of.
        self.known = 0
        self.map: Reference | None = None
        self.has_statement = False
        #: Whether the arguments read last end where they seem to.
        self.is_sure = True
        #: Characters to be read for arguments; only calls nested without end need more.
        self.budget = 100_000 + 4 * len(text)

    def read(self, candidates: list[Candidate]) -> Found:
        readers: dict[str, Callable[[Candidate], None]] = {
            "static": self._static,
            "dynamic": self._dynamic,
            "resolve": self._dynamic,
            "asset": self._asset,
            "scripts": self._scripts,
            "map": self._map,
            "meta": self._meta,
            **dict.fromkeys(js_element.LOOKS, self._look),
        }
        for candidate in candidates:
            if candidate.is_certain or self.place.reach(candidate.offset):
                readers[candidate.kind](candidate)
        if self.map is not None and self.map.url[:5].lower() != "data:":
            self.references.append(self.map)
        return self._numbered()

    def _numbered(self) -> Found:
        lines = Lines(self.text)
        starts = sorted(
            [
                *map(_start, self.references),
                *map(_start, self.unknown),
                *map(_start, self.own),
                *map(_start, self.looks),
            ]
        )
        numbers = {start: lines.at(start) for start in starts}
        return Found(
            tuple(
                Reference(each.start, each.end, each.url, each.quote, numbers[each.start], each.what)
                for each in sorted(self.references, key=_start)
            ),
            tuple(replace(found, line=numbers[found.start]) for found in sorted(self.unknown, key=_start)),
            tuple(replace(found, line=numbers[found.start]) for found in self.own),
            tuple(replace(found, line=numbers[found.start]) for found in self.looks),
            self.has_statement,
        )

    def _map(self, candidate: Candidate) -> None:
        start, end = candidate.start, candidate.end
        self.map = Reference(start, end, self.text[start:end], "", 0, "map")

    def _static(self, candidate: Candidate) -> None:
        self.has_statement = True
        self._literal(candidate.start, candidate.end, "module")

    def _dynamic(self, candidate: Candidate) -> None:
        if self.place.is_member(candidate.offset):
            return
        match = _ONE_ARGUMENT.match(self.text, candidate.end)
        if match is not None:
            self._literal(*match.span("literal"), "module")
            return
        spans = self._arguments(candidate.start)
        if spans and OWN_URL.fullmatch(self.text, *spans[0]):
            self.known = spans[0][1]  # the script itself, whatever it is called
        elif spans and _SUM.fullmatch(self.text, *spans[0]):
            self._sum(*spans[0])
        elif spans:
            self._open(*spans[0], "module")

    def _asset(self, candidate: Candidate) -> None:
        match = _AN_ASSET.match(self.text, candidate.end)
        if match is not None:
            if self._literal(*match.span("literal"), "asset"):
                self.known = match.end()
            return
        spans = self._arguments(candidate.start)
        if len(spans) == 2 and OWN_URL.fullmatch(self.text, *spans[1]):
            self._open(*spans[0], "asset")

    def _meta(self, candidate: Candidate) -> None:
        if candidate.offset < self.known or self.place.is_member(candidate.offset):
            return
        found = look(self.text, candidate.offset, candidate.end)
        if found is not None:
            self.own.append(found)

    def _look(self, candidate: Candidate) -> None:
        is_member = self.place.is_member(candidate.offset)
        found = self.looker.look(candidate, is_member=is_member)
        if found is not None:
            self.looks.append(found)

    def _scripts(self, candidate: Candidate) -> None:
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


def _start(found: Reference | Unknown | Own | Look) -> int:
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
