"""The references of a style sheet as tinycss2's tokens give them: slow, independent of the scanner, and what it must equal."""

from __future__ import annotations

import bisect
import re
from collections.abc import Iterator, Sequence

import tinycss2
from tinycss2 import ast

from django_static.references.css import Reference

_NEWLINE = re.compile(r"\r\n|[\n\r\f]")
_STRING = re.compile(
    r"""(["'])((?:(?!\1)[^\\\n\r\f]|\\[0-9A-Fa-f]{1,6}(?:\r\n|[ \n\r\t\f])?|\\(?:\r\n|[^0-9A-Fa-f]))*)(?:\1|\\?\Z)"""
)
_BARE_URL = re.compile(
    r"""(?:[^\x01-\x20\\"'()\x7f]|\\[0-9A-Fa-f]{1,6}(?:\r\n|[ \n\r\t\f])?|\\[^\n\r\f0-9A-Fa-f]|\\\Z)*"""
)
_SPACE = re.compile(r"[ \n\r\t\f]*")
_MAP = re.compile(r"[@#]\s*sourceMappingURL=(\S+?)\s*\Z")
_SURROGATE = re.compile("[\ud800-\udfff]")
_OPAQUE = (
    "import",
    "namespace",
    "document",
    "-moz-document",
    "supports",
    "container",
    "media",
    "layer",
    "charset",
)
#: Where tinycss2 2 departs from CSS Syntax Level 3: it has tokens for unicode ranges everywhere, and in what is left of
#: a bad ``url()`` it takes ``\\\\)`` for an escaped parenthesis.
_APART = re.compile(r"[Uu]\+[0-9a-fA-F?]|\\\\\)")


def is_comparable(text: str) -> bool:
    return not _APART.search(text)


def references(text: str) -> list[Reference]:
    return _Walk(text).run()


class _Walk:
    def __init__(self, text: str) -> None:
        self.text = text
        # Offsets in the text as it is: the tokenizer unifies line ends.
        self.starts = [0, *(match.end() for match in _NEWLINE.finditer(text))]
        self.maps: list[Reference] = []

    def run(self) -> list[Reference]:
        found = list(self.walk(tinycss2.parse_component_value_list(self.text), top=True))
        found += [last for last in self.maps[-1:] if not last.url.lower().startswith("data:")]
        return sorted(
            (reference for reference in found if reference.url), key=lambda reference: reference.start
        )

    def walk(self, tokens: Sequence[ast.Node], *, top: bool, strings: bool = False) -> Iterator[Reference]:
        skipping = importing = False
        for token in tokens:
            if isinstance(token, ast.Comment):
                self.comment(token)
                continue
            if isinstance(token, ast.WhitespaceToken):
                continue
            if isinstance(token, ast.AtKeywordToken):
                importing = top and token.lower_value == "import"
                skipping = token.lower_value in _OPAQUE
                continue
            if isinstance(token, ast.CurlyBracketsBlock) or token == ";":
                importing = skipping = False
            if importing:
                # The first value is the URL; what follows are conditions.
                importing = False
                is_function = isinstance(token, ast.FunctionBlock) and token.lower_name in ("url", "src")
                if isinstance(token, ast.StringToken | ast.URLToken) or is_function:
                    yield from self.reference(token, "import")
                    self.comments(token)
                    continue
            if skipping:
                self.comments(token)
                continue
            if isinstance(token, ast.StringToken):
                yield from self.reference(token) if strings else ()
            elif isinstance(token, ast.URLToken):
                yield from self.reference(token)
            elif isinstance(token, ast.FunctionBlock) and token.lower_name in ("url", "src"):
                yield from self.reference(token)
                self.comments(token)
            elif isinstance(token, ast.FunctionBlock):
                is_set = token.lower_name in ("image-set", "-webkit-image-set")
                yield from self.walk(token.arguments, top=False, strings=is_set)
            elif isinstance(token, ast.CurlyBracketsBlock | ast.ParenthesesBlock | ast.SquareBracketsBlock):
                yield from self.walk(token.content, top=False)

    def comments(self, token: ast.Node) -> None:
        """Those within something that refers to nothing."""
        for part in getattr(token, "arguments", None) or getattr(token, "content", None) or ():
            if isinstance(part, ast.Comment):
                self.comment(part)
            self.comments(part)

    def comment(self, token: ast.Comment) -> None:
        match = _MAP.match(token.value)
        start = self.offset(token) + 2
        end = self.text.find("*/", start)
        if match and end >= 0:
            self.maps.append(self.at(start + match.start(1), start + match.end(1), match[1], "", "map"))

    def reference(self, token: ast.Node, what: str = "url") -> Iterator[Reference]:
        """The reference a string, ``url()`` or ``src()`` makes; the end of the text closes what is open."""
        start = self.offset(token)
        if isinstance(token, ast.FunctionBlock):
            inner = [
                part for part in token.arguments if not isinstance(part, ast.WhitespaceToken | ast.Comment)
            ]
            if inner and isinstance(inner[0], ast.StringToken):
                yield from self.reference(inner[0], what)
        elif isinstance(token, ast.StringToken):
            match = _STRING.match(self.text, start)
            if match:
                yield self.at(start, match.end(), token.value, match[1], what)
        elif isinstance(token, ast.URLToken):
            begin = _SPACE.match(self.text, self.text.index("(", start) + 1).end()
            end = _BARE_URL.match(self.text, begin).end()
            after = _SPACE.match(self.text, end).end()
            if self.text.startswith(")", after) or after == len(self.text):
                yield self.at(begin, end, token.value, "", what)

    def at(self, start: int, end: int, url: str, quote: str, what: str) -> Reference:
        # A surrogate is no character (CSS Syntax Level 3, 4.3.7).
        url = _SURROGATE.sub("\ufffd", url)
        return Reference(start, end, url, quote, bisect.bisect_right(self.starts, start), what)

    def offset(self, node: ast.Node) -> int:
        return self.starts[node.source_line - 1] + node.source_column - 1
