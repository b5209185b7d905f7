"""The style sheets and scripts of a piece of HTML, found by parsing it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html import unescape
from html.parser import HTMLParser

__all__ = [
    "Attribute",
    "Element",
    "Inline",
    "Parser",
    "Token",
    "attributes_of",
    "inline",
    "is_special",
    "read",
    "tokens",
]

_WHITESPACE = " \t\n\r\f"
_SPECIAL = re.compile(r"\s*(?:<!)?\[|#")
_SCRIPT_TYPES = (
    "",
    "text/javascript",
    "application/javascript",
    "application/x-javascript",
    "application/ecmascript",
    "text/ecmascript",
)
#: Elements whose content is text, whatever it looks like.
_TEXT_ONLY = ("textarea", "title", "iframe", "xmp", "noembed", "noframes", "plaintext")


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute of a start tag; ``start`` and ``end`` are those of its value with its quotes."""

    name: str
    value: str | None
    start: int
    end: int
    #: Where its name begins.
    begin: int


@dataclass(frozen=True, slots=True)
class Element:
    """A piece of the HTML.

    ``kind`` is ``css`` (a style sheet link), ``js`` (a classic script with a source), ``module``, ``blank`` (white space
    and comments: nothing that takes part in the cascade or runs) or ``other``.
    """

    kind: str
    start: int
    end: int
    attributes: tuple[Attribute, ...] = ()

    def get(self, name: str) -> Attribute | None:
        return next((attribute for attribute in self.attributes if attribute.name == name), None)

    @property
    def location(self) -> Attribute:
        """The attribute with the URL; only of ``css``, ``js`` and ``module``."""
        found = self.get("href" if self.kind == "css" else "src")
        assert found is not None  # noqa: S101 (the kinds say so)
        return found


@dataclass(frozen=True, slots=True)
class Inline:
    """A style sheet (``kind`` is ``css``), script (``js``) or import map (``importmap``) that stands in the HTML itself.

    It begins at ``start``, in an attribute with its quote; ``text`` is without that and without character references.
    """

    kind: str
    #: ``<script>``, ``<style>`` or ``style=``.
    inside: str
    start: int
    text: str


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


def read(html: str) -> list[Element]:
    """Split HTML into elements that lie end to end: ``html[element.start:element.end]``."""
    all_tokens = tokens(html)
    elements: list[Element] = []
    number = 0
    text_only = ""
    while number < len(all_tokens):
        token = all_tokens[number]
        number += 1
        kind, end, attributes = "other", token.end, tuple[Attribute, ...]()
        if text_only:
            text_only = "" if (token.what, token.name) == ("end", text_only) else text_only
        elif token.what == "comment" or (token.what == "data" and not token.raw.strip(_WHITESPACE)):
            kind = "blank"
        elif token.what == "start" and token.name in _TEXT_ONLY:
            text_only = token.name
        elif token.what == "start" and token.name == "link":
            attributes = attributes_of(token)
            kind = _link_kind(attributes)
        elif token.what == "start" and token.name == "script":
            attributes = attributes_of(token)
            blank = True
            while number < len(all_tokens):
                inner = all_tokens[number]
                number += 1
                end = inner.end
                if (inner.what, inner.name) == ("end", "script"):
                    kind = _script_kind(attributes) if blank else "other"
                    break
                blank = blank and not html[inner.start : inner.end].strip(_WHITESPACE)
        elements.append(Element(kind, token.start, end, attributes))
    return elements


def inline(html: str) -> list[Inline]:
    """The style sheets, scripts, modules among them, and import maps that stand in the HTML itself."""
    all_tokens = tokens(html)
    found: list[Inline] = []
    text_only = ""
    for number, token in enumerate(all_tokens):
        if text_only:
            text_only = "" if (token.what, token.name) == ("end", text_only) else text_only
            continue
        if token.what != "start":
            continue
        if token.name in _TEXT_ONLY:
            text_only = token.name
        attributes = {attribute.name: attribute for attribute in attributes_of(token)}
        style = attributes.get("style")
        if style is not None and style.value:
            found.append(Inline("css", "style=", style.start, style.value))
        if token.name not in ("script", "style"):
            continue
        text_only = token.name
        kind = (attributes["type"].value or "" if "type" in attributes else "").strip(_WHITESPACE).lower()
        if "src" in attributes or kind not in (
            ("", "text/css") if token.name == "style" else (*_SCRIPT_TYPES, "module", "importmap")
        ):
            continue
        following = number + 1
        while following < len(all_tokens) and all_tokens[following].what != "end":
            following += 1
        last = all_tokens[following].start if following < len(all_tokens) else len(html)
        start = token.start + len(token.raw)
        what = "css" if token.name == "style" else kind if kind == "importmap" else "js"
        found.append(Inline(what, f"<{token.name}>", start, html[start:last]))
    return found


def _link_kind(attributes: tuple[Attribute, ...]) -> str:
    values = {attribute.name: (attribute.value or "").strip(_WHITESPACE) for attribute in attributes}
    relations = values.get("rel", "").lower().split()
    usual = values.get("type", "").lower().split(";")[0].strip() in ("", "text/css")
    return "css" if "stylesheet" in relations and usual and values.get("href") else "other"


def _script_kind(attributes: tuple[Attribute, ...]) -> str:
    values = {attribute.name: (attribute.value or "").strip(_WHITESPACE) for attribute in attributes}
    if not values.get("src"):
        return "other"
    kind = values.get("type", "").lower()
    if kind == "module":
        return "module"
    return "js" if kind in _SCRIPT_TYPES else "other"


def attributes_of(token: Token) -> tuple[Attribute, ...]:
    """The attributes of a start tag as HTML's tokenizer sees them (WHATWG HTML 13.2.5.32 to 13.2.5.40)."""
    text = token.raw
    length = len(text) - (1 if text.endswith(">") else 0)
    position = 1 + len(token.name)
    found: dict[str, Attribute] = {}
    while True:
        while position < length and text[position] in _WHITESPACE + "/":
            position += 1
        if position >= length:
            return tuple(found.values())
        start = position
        position += 1
        while position < length and text[position] not in _WHITESPACE + "/=":
            position += 1
        name = text[start:position].lower()
        after = position
        while after < length and text[after] in _WHITESPACE:
            after += 1
        value: str | None = None
        value_start = value_end = position
        if after < length and text[after] == "=":
            position = after + 1
            while position < length and text[position] in _WHITESPACE:
                position += 1
            value_start = position
            if position < length and text[position] in "\"'":
                close = text.find(text[position], position + 1, length)
                close = length if close < 0 else close
                value, position = text[value_start + 1 : close], min(close + 1, length)
            else:
                while position < length and text[position] not in _WHITESPACE:
                    position += 1
                value = text[value_start:position]
            value_end = position
            value = unescape(value)
        # A second attribute of the same name is ignored by browsers.
        found.setdefault(
            name,
            Attribute(name, value, token.start + value_start, token.start + value_end, token.start + start),
        )
