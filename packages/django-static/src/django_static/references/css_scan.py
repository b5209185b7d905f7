"""The references of a style sheet, found by one pass of regular expressions that cut CSS into its tokens.

CSS Syntax Level 3, section 4, as far as it decides what is a URL: comments, strings, ``url()`` tokens good and bad, names
with escapes, and brackets. What lies between is taken in great strides, whole rules at a time, and only where something
may refer does Python look.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from .patterns import BLOCK_COMMENT, loop, quoted
from .reference import Lines, Reference

__all__ = ["OPAQUE", "scan"]

#: At-rules whose prelude holds no reference to a file, though it may look like one.
OPAQUE = ("namespace", "document", "-moz-document", "supports", "container", "media", "layer", "charset")

_IMAGE_SETS = ("image-set", "-webkit-image-set")

_BLANK = r"[ \t\n\r\f]"
_LETTER = r"[-0-9A-Za-z_\x00\x80-\U0010ffff]"
_HEX = rf"[0-9A-Fa-f]{{1,6}}+(?:\r\n|{_BLANK})?"
_ESCAPE = rf"\\(?:{_HEX}|[^\n\r\f0-9A-Fa-f]|\Z)"
_STRING_ESCAPE = rf"\\(?:{_HEX}|\r\n|[\s\S])"
_STRING = quoted(r"\n\r\f", _STRING_ESCAPE)
_MAP_MARK = r"[#@]\s*+sourceMappingURL="
#: A closed comment that names no source map.
_COMMENT = rf"/\*(?!{_MAP_MARK}){BLOCK_COMMENT}"
_SLASH = r"/(?!\*)"
_OTHER = r"""[^"'/\\@(){}\[\]]"""
#: Not after the name of a function that takes a URL; what only ends like one is looked at closely.
_FUNCTION = r"(?<![uU][rR][lL])(?<![sS][rR][cC])(?<![sS][eE][tT])"
_INNER = (f"{_OTHER}++", _STRING, _SLASH)
_INNERMOST = rf"{_FUNCTION}\({loop(*_INNER)}\)"
_PARENTHESES = rf"{_FUNCTION}\({loop(*_INNER, _INNERMOST)}\)"
_SQUARE = rf"\[{loop(f'{_OTHER}++', _STRING)}\]"
_CURLY = rf"\{{{loop(*_INNER, _COMMENT, _PARENTHESES)}\}}"
_CLOSED = (_SLASH, _COMMENT, _PARENTHESES, _SQUARE)
_USUAL = re.compile(loop(f"{_OTHER}++", *_CLOSED, _STRING, _CURLY))
#: Up to what ends the prelude of an at-rule.
_PRELUDE = re.compile(loop(r"""[^"'/\\@(){}\[\];]++""", *_CLOSED, _STRING))
#: Up to the next string of an ``image-set()``.
_ARGUMENTS = re.compile(loop(f"{_OTHER}++", *_CLOSED, _CURLY))

_BLANKS = re.compile(rf"{_BLANK}*+")
_BLANKS_AND_COMMENTS = re.compile(loop(f"{_BLANK}++", _COMMENT))
_WHOLE_STRING = re.compile(_STRING)
#: To the end of its line.
_BROKEN_STRING = re.compile("[\"']" + loop(r"[^\\\n\r\f]++", _STRING_ESCAPE, r"\\\Z"))
_NAME = re.compile(loop(_LETTER, _ESCAPE, least=1))
_AT_KEYWORD = re.compile(rf"@((?:-?(?:[A-Za-z_\x00\x80-\U0010ffff]|{_ESCAPE})|--){loop(_LETTER, _ESCAPE)})")
_BARE_URL = re.compile(loop(r"""[^\x01-\x20"'()\\\x7f]++""", _ESCAPE))
_REST_OF_BAD_URL = re.compile(loop(r"[^)\\]++", r"\\[\s\S]?") + r"\)?")
_MAP = re.compile(rf"/\*{_MAP_MARK}(\S+?)\s*\Z")
_ESCAPED = re.compile(rf"\\(?:([0-9A-Fa-f]{{1,6}})(?:\r\n|{_BLANK})?|(\r\n|[\n\r\f])|([\s\S]?))|\x00")
_LETTERS = frozenset("-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz\0")
_REPLACEMENT = "\ufffd"


def scan(text: str) -> list[Reference]:
    """Every reference of a style sheet in document order; of the comments that name a source map, the last."""
    return _Scanner(text).run()


class _Frame(NamedTuple):
    """An open block or function, or the style sheet itself."""

    #: What closes it.
    close: str
    #: Whether what is written in it can refer to anything.
    is_live: bool
    is_image_set: bool = False
    #: In the prelude of an at-rule that refers to nothing.
    is_opaque: bool = False


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0
        #: The end of the last name that was taken as a whole: the next one begins after it.
        self.floor = 0
        self.frame = _Frame("", is_live=True)
        self.outer: list[_Frame] = []
        self.found: list[Reference] = []
        self.map: Reference | None = None
        self.lines = Lines(text, form_feeds=True)

    def run(self) -> list[Reference]:
        text = self.text
        while True:
            frame = self.frame
            stride = _USUAL
            if frame.is_opaque:
                stride = _PRELUDE
            elif frame.is_image_set:
                stride = _ARGUMENTS
            self.position = _end(stride, text, self.position)
            if self.position >= len(text):
                break
            self._token(text[self.position])
        if self.map is not None and self.map.url[:5].lower() != "data:":
            self.found = sorted([*self.found, self.map], key=lambda reference: reference.start)
        return self.found

    def _token(self, character: str) -> None:
        if character in "\"'":
            self._string(counts=self.frame.is_image_set and not self.frame.is_opaque)
        elif character == "(":
            self._function(self._name(self.position), is_live=self._counts)
        elif character == "{":
            # The block of a rule counts, whatever its prelude.
            self._state(is_opaque=False)
            self._open("}", is_live=self.frame.is_live)
        elif character == "[":
            self._open("]", is_live=self._counts)
        elif character in ")]}":
            self.position += 1
            if character == self.frame.close:
                self.frame = self.outer.pop()
        elif character == ";":
            self.position += 1
            self._state(is_opaque=False)
        elif character == "@":
            self._at_keyword()
        elif character == "\\":
            self._escaped_name()
        else:
            self._comment()

    @property
    def _counts(self) -> bool:
        return self.frame.is_live and not self.frame.is_opaque

    def _state(self, *, is_opaque: bool) -> None:
        if self.frame.is_opaque != is_opaque:
            self.frame = self.frame._replace(is_opaque=is_opaque)

    def _open(self, close: str, *, is_live: bool, is_image_set: bool = False) -> None:
        self.position += 1
        self.outer.append(self.frame)
        self.frame = _Frame(close, is_live, is_image_set and is_live)

    def _add(self, start: int, end: int, quote: str, what: str, *, is_closed: bool = True) -> None:
        written = self.text[start + len(quote) : end - len(quote) if is_closed else end]
        if quote and not is_closed and (len(written) - len(written.rstrip("\\"))) % 2:
            written = written[:-1]  # it escapes nothing, since nothing follows (4.3.5)
        url = _unescaped(written)
        if url:
            self.found.append(Reference(start, end, url, quote, self.lines.at(start), what))

    def _string(self, *, counts: bool, what: str = "url") -> None:
        match = _WHOLE_STRING.match(self.text, self.position)
        if match is None:
            start, self.position = self.position, _end(_BROKEN_STRING, self.text, self.position)
            if counts and self.position == len(self.text):
                # The end of a style sheet closes what is open.
                self._add(start, self.position, self.text[start], what, is_closed=False)
            return
        if counts:
            self._add(match.start(), match.end(), self.text[self.position], what)
        self.position = match.end()

    def _name_start(self, end: int) -> int:
        text, start = self.text, end
        while start > self.floor and (text[start - 1] in _LETTERS or text[start - 1] >= "\x80"):
            start -= 1
        if text.startswith("--", start) and text.startswith("<!", max(start - 2, self.floor)):
            return start + 2  # <!-- is a token of its own
        return start

    def _name(self, end: int) -> str:
        """The name that ends there, in lower case, if it is that of a function that takes a URL."""
        text = self.text
        if text[max(end - 3, self.floor) : end].lower() not in ("url", "src", "set"):
            return ""
        start = self._name_start(end)
        return "" if text.startswith("#", max(start - 1, self.floor)) else text[start:end].lower()

    def _escaped_name(self) -> None:
        text = self.text
        match = _NAME.match(text, self.position)
        if match is None:
            self.floor = self.position = self.position + 1
            return
        start = self._name_start(self.position)
        is_hash = text.startswith("#", max(start - 1, self.floor))
        self.floor = self.position = match.end()
        if text.startswith("(", match.end()):
            name = "" if is_hash else _unescaped(text[start : match.end()]).lower()
            self._function(name, is_live=self._counts)

    def _at_keyword(self) -> None:
        match = _AT_KEYWORD.match(self.text, self.position)
        if match is None:
            self.floor = self.position = self.position + 1
            return
        self.floor = self.position = match.end()
        keyword = _unescaped(match[1]).lower()
        self._state(is_opaque=keyword in OPAQUE or keyword == "import")
        if keyword == "import" and not self.outer:
            self._import()

    def _import(self) -> None:
        """The URL of an ``@import``; what follows are conditions, and without a URL it is no import."""
        text = self.text
        self._skip_blanks(comments=True)
        if text.startswith(("'", '"'), self.position):
            self._string(counts=True, what="import")
            return
        match = _NAME.match(text, self.position)
        if match is not None and text.startswith("(", match.end()):
            name = _unescaped(match[0]).lower()
            if name in ("url", "src"):
                self.position = match.end()
                self._function(name, is_live=True, what="import")

    def _skip_blanks(self, *, comments: bool) -> None:
        text = self.text
        self.position = _end(_BLANKS_AND_COMMENTS if comments else _BLANKS, text, self.position)
        while comments and text.startswith("/*", self.position):
            self._comment()
            self.position = _end(_BLANKS_AND_COMMENTS, text, self.position)

    def _function(self, name: str, *, is_live: bool, what: str = "url") -> None:
        """What begins with the parenthesis at hand."""
        if name not in ("url", "src"):
            self._open(")", is_live=is_live, is_image_set=name in _IMAGE_SETS)
            return
        self._open(")", is_live=False)
        self._skip_blanks(comments=name == "src")
        if self.text.startswith(("'", '"'), self.position):
            self._string(counts=is_live, what=what)
        elif name == "url":
            self._bare_url(is_live=is_live, what=what)

    def _bare_url(self, *, is_live: bool, what: str) -> None:
        text = self.text
        start, end = self.position, _end(_BARE_URL, text, self.position)
        self.position = _end(_BLANKS, text, end)
        if text.startswith(")", self.position) or self.position == len(text):
            if is_live:
                self._add(start, end, "", what)
            self.position = min(self.position + 1, len(text))
        else:
            self.position = _end(_REST_OF_BAD_URL, text, self.position)
        self.frame = self.outer.pop()

    def _comment(self) -> None:
        """A comment that is not closed, or names a source map."""
        text, start = self.text, self.position
        end = text.find("*/", start + 2)
        self.position = len(text) if end < 0 else end + 2
        match = _MAP.match(text, start, end) if end >= 0 else None
        if match is not None:
            line = self.lines.at(match.start(1))
            url = match[1].replace("\0", _REPLACEMENT)
            self.map = Reference(match.start(1), match.end(1), url, "", line, "map")


def _end(pattern: re.Pattern[str], text: str, position: int) -> int:
    """Where a pattern that matches nothing, too, ends."""
    match = pattern.match(text, position)
    return match.end() if match else position


def _unescaped(text: str) -> str:
    """The value of a name, string or URL (CSS Syntax Level 3, 4.3.7)."""
    return _ESCAPED.sub(_character, text) if "\\" in text or "\0" in text else text


def _character(escape: re.Match[str]) -> str:
    code, newline, literal = escape.groups()
    if code:
        number = int(code, 16)
        usable = 0 < number <= 0x10FFFF and not 0xD800 <= number <= 0xDFFF
        return chr(number) if usable else _REPLACEMENT
    return "" if newline else literal or _REPLACEMENT
