"""What HTML is made of: tags with their attributes, comments and text, each with its place."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html import unescape
from html.parser import HTMLParser

__all__ = ["WHITESPACE", "Attribute", "Parser", "Token", "attributes_of", "is_special", "tokens"]

#: WHATWG Infra, 4.6.
WHITESPACE = " \t\n\r\f"
_SPECIAL = re.compile(r"\s*(?:<!)?\[|#")


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute of a start tag; ``start`` and ``end`` are those of its value with its quotes."""

    name: str
    value: str | None
    start: int
    end: int
    #: Where its name begins.
    begin: int


@dataclass(slots=True)
class Token:
    """A tag, comment or text; ``what`` is ``start``, ``end``, ``data``, ``comment`` or ``other``."""

    what: str
    name: str
    start: int
    raw: str = ""
    end: int = field(default=0)


class Parser(HTMLParser):
    """Python's reader of HTML, which in some versions raises for ``<![x[`` what is only a comment to browsers."""

    def parse_marked_section(self, i: int, report: bool = True) -> int:
        try:
            return super().parse_marked_section(i, report)
        except AssertionError:
            end = self.rawdata.find(">", i)
            if end < 0:
                return -1
            self.unknown_decl(self.rawdata[i + 3 : end])
            return end + 1


class _Tokens(Parser):
    """The tokens with their positions; each ends where the next begins."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=False)
        self._lines = [0]
        for position, character in enumerate(html):
            if character == "\n":
                self._lines.append(position + 1)
        self.found: list[Token] = []
        self.feed(html)
        self.close()
        for token, following in zip(self.found, self.found[1:], strict=False):
            token.end = following.start
        if self.found:
            self.found[-1].end = len(html)

    def _add(self, what: str, name: str = "", raw: str = "") -> None:
        line, column = self.getpos()
        self.found.append(Token(what, name, self._lines[line - 1] + column, raw))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._add("start", tag, self.get_starttag_text() or "")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        self._add("end", tag)

    def handle_data(self, data: str) -> None:
        self._add("data", raw=data)

    def handle_entityref(self, name: str) -> None:
        self._add("data", raw="&")

    def handle_charref(self, name: str) -> None:
        self._add("data", raw="&")

    def handle_comment(self, data: str) -> None:
        self._add("other" if is_special(data) else "comment")

    def handle_decl(self, decl: str) -> None:
        self._add("other")

    def unknown_decl(self, data: str) -> None:
        self._add("other")

    def handle_pi(self, data: str) -> None:
        self._add("other")


def is_special(comment: str) -> bool:
    """Whether a comment, between its ``<!--`` and ``-->``, means something to some browsers or servers.

    Conditional comments hold markup for old browsers, which takes part in their cascade, or, as ``<!--<![endif]-->``,
    end what others see as well; a server puts something in the place of ``<!--#include -->``.
    """
    return _SPECIAL.match(comment) is not None


def tokens(html: str) -> list[Token]:
    """What HTML is made of, lying end to end."""
    return _Tokens(html).found


def attributes_of(token: Token) -> tuple[Attribute, ...]:
    """The attributes of a start tag as HTML's tokenizer sees them (WHATWG HTML 13.2.5.32 to 13.2.5.40)."""
    text = token.raw
    length = len(text) - (1 if text.endswith(">") else 0)
    position = 1 + len(token.name)
    found: dict[str, Attribute] = {}
    while True:
        while position < length and text[position] in WHITESPACE + "/":
            position += 1
        if position >= length:
            return tuple(found.values())
        start = position
        position += 1
        while position < length and text[position] not in WHITESPACE + "/=":
            position += 1
        name = text[start:position].lower()
        after = position
        while after < length and text[after] in WHITESPACE:
            after += 1
        value: str | None = None
        value_start = value_end = position
        if after < length and text[after] == "=":
            position = after + 1
            while position < length and text[position] in WHITESPACE:
                position += 1
            value_start = position
            if position < length and text[position] in "\"'":
                close = text.find(text[position], position + 1, length)
                close = length if close < 0 else close
                value, position = text[value_start + 1 : close], min(close + 1, length)
            else:
                while position < length and text[position] not in WHITESPACE:
                    position += 1
                value = text[value_start:position]
            value_end = position
            value = unescape(value)
        # A second attribute of the same name is ignored by browsers.
        found.setdefault(
            name,
            Attribute(name, value, token.start + value_start, token.start + value_end, token.start + start),
        )
