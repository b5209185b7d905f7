"""The references of a style sheet, read with a CSS tokenizer (CSS Syntax Level 3), never matched in raw text."""

from __future__ import annotations

import bisect
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import tinycss2  # type: ignore[import-untyped]
from tinycss2 import ast

__all__ = ["Import", "Reference", "Sheet", "may_refer", "read", "references"]

_NEWLINE = re.compile(r"\r\n|[\n\r\f]")
_STRING = re.compile(r"""(["'])((?:(?!\1)[^\\\n\r\f]|\\(?:\r\n|[\s\S]))*)\1""")
_BARE_URL = re.compile(r"""(?:[^\\"'()\s]|\\[0-9A-Fa-f]{1,6}(?:\r\n|[ \n\r\t\f])?|\\[^\n\r\f0-9A-Fa-f])*""")
_SPACE = re.compile(r"[ \n\r\t\f]*")
_HINTS = ("url", "@import", "image-set", "src(", "\\")
_IMAGE_SET = ("image-set", "-webkit-image-set")
#: At-rules whose prelude holds no reference to a file, though it may look like one.
_OPAQUE = ("namespace", "document", "-moz-document", "supports", "container", "media", "layer", "charset")


@dataclass(frozen=True, slots=True)
class Reference:
    """A URL in a style sheet: ``text[start:end]`` is what is written, with its quotes if it has any."""

    start: int
    end: int
    url: str
    #: ``"``, ``'``, or empty inside a bare ``url()``.
    quote: str
    line: int


@dataclass(frozen=True, slots=True)
class Import:
    """An ``@import`` rule that counts: ``text[start:end]`` is the whole rule."""

    start: int
    end: int
    url: str
    line: int
    #: Blocks the imported rules would stand in, outermost first: ``@media print``, ``@layer base``.
    wrappers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """What must be known of a style sheet to put it into another one."""

    imports: tuple[Import, ...]
    #: End of a leading ``@charset`` rule, 0 without one.
    charset_end: int
    #: ``@namespace`` rules hold for the whole file: it cannot share it with another.
    has_namespace: bool
    #: Whether every block, string and comment ends before the file does.
    is_closed: bool


class _Positions:
    """Offsets in the text as it is, from the lines and columns of the tokenizer, which unifies line ends."""

    def __init__(self, text: str) -> None:
        self._starts = [0, *(match.end() for match in _NEWLINE.finditer(text))]

    def offset(self, node: ast.Node) -> int:
        return self._starts[int(node.source_line) - 1] + int(node.source_column) - 1

    def line(self, offset: int) -> int:
        return bisect.bisect_right(self._starts, offset)


def may_refer(text: str) -> bool:
    """Whether a full reading could find anything; tokenizing costs a hundred times this test."""
    lowered = text.lower()
    return any(hint in lowered for hint in _HINTS)


def references(text: str) -> list[Reference]:
    """Every URL that a browser would fetch for this style sheet, in document order."""
    if not may_refer(text):
        return []
    positions = _Positions(text)
    found = _walk(text, positions, tinycss2.parse_component_value_list(text), top=True)
    return sorted(found, key=lambda reference: reference.start)


def read(text: str) -> Sheet:
    """The head of a style sheet, and what decides whether others may stand before or after it."""
    sentinel = "django-static-end"
    rules = tinycss2.parse_stylesheet(f"{text}\n{sentinel}{{}}")
    last = rules[-1] if rules else None
    is_closed = isinstance(last, ast.QualifiedRule) and tinycss2.serialize(last.prelude).strip() == sentinel
    positions = _Positions(f"{text}\n")
    imports: list[Import] = []
    charset_end = 0
    in_head = True
    has_namespace = False
    for number, rule in enumerate(rules):
        if isinstance(rule, ast.QualifiedRule | ast.ParseError):
            in_head = False
        if not isinstance(rule, ast.AtRule):
            continue
        start = positions.offset(rule)
        following = rules[number + 1] if number + 1 < len(rules) else None
        end = min(positions.offset(following), len(text)) if following is not None else len(text)
        keyword = rule.lower_at_keyword
        if keyword == "import" and in_head and rule.content is None:
            found = _import(text, positions, rule, start, end)
            if found is not None:
                imports.append(found)
        elif keyword == "charset":
            charset_end = charset_end or (end if start == 0 else 0)
        elif keyword == "namespace":
            has_namespace = True
            in_head = False
        elif keyword != "layer" or rule.content is not None:
            in_head = False
    return Sheet(tuple(imports), charset_end, has_namespace, is_closed)


def _import(text: str, positions: _Positions, rule: ast.AtRule, start: int, end: int) -> Import | None:
    tokens = [token for token in rule.prelude if not isinstance(token, ast.Comment)]
    while tokens and isinstance(tokens[0], ast.WhitespaceToken):
        tokens.pop(0)
    if not tokens:
        return None
    reference = _reference(text, positions, tokens.pop(0))
    if reference is None:
        return None
    layer = supports = ""
    while tokens:
        token = tokens[0]
        if isinstance(token, ast.WhitespaceToken):
            pass
        elif isinstance(token, ast.IdentToken) and token.lower_value == "layer" and not layer:
            layer = "@layer"
        elif isinstance(token, ast.FunctionBlock) and token.lower_name == "layer" and not layer:
            layer = f"@layer {tinycss2.serialize(token.arguments).strip()}"
        elif isinstance(token, ast.FunctionBlock) and token.lower_name == "supports" and not supports:
            condition = tinycss2.serialize(token.arguments).strip()
            supports = f"@supports ({condition})"
        else:
            break
        tokens.pop(0)
    media = tinycss2.serialize(tokens).strip()
    wrappers = (f"@media {media}" if media else "", supports, layer)
    return Import(start, end, reference.url, reference.line, tuple(filter(None, wrappers)))


def _walk(text: str, positions: _Positions, tokens: Sequence[ast.Node], *, top: bool) -> Iterator[Reference]:
    skipping = False
    importing = False
    for token in tokens:
        if isinstance(token, ast.AtKeywordToken):
            importing = top and token.lower_value == "import"
            skipping = token.lower_value in _OPAQUE
            continue
        if isinstance(token, ast.CurlyBracketsBlock) or (
            isinstance(token, ast.LiteralToken) and token.value == ";"
        ):
            importing = skipping = False
        if skipping or isinstance(token, ast.WhitespaceToken | ast.Comment):
            continue
        if importing:
            # The first value is the URL; what follows are conditions.
            importing, skipping = False, True
            if isinstance(token, ast.StringToken):
                yield from _maybe(_reference(text, positions, token))
                continue
        yield from _token(text, positions, token)


def _token(text: str, positions: _Positions, token: ast.Node) -> Iterator[Reference]:
    if isinstance(token, ast.URLToken):
        yield from _maybe(_reference(text, positions, token))
    elif isinstance(token, ast.FunctionBlock):
        name = token.lower_name
        if name in ("url", "src"):
            yield from _maybe(_reference(text, positions, token))
        else:
            if name in _IMAGE_SET:
                strings = (part for part in token.arguments if isinstance(part, ast.StringToken))
                for string in strings:
                    yield from _maybe(_reference(text, positions, string))
            yield from _walk(text, positions, token.arguments, top=False)
    elif isinstance(token, ast.CurlyBracketsBlock | ast.ParenthesesBlock | ast.SquareBracketsBlock):
        yield from _walk(text, positions, token.content, top=False)


def _reference(text: str, positions: _Positions, token: ast.Node) -> Reference | None:
    """The reference a string, ``url()`` or ``src()`` makes; None when it makes none or is not closed."""
    start = positions.offset(token)
    line = token.source_line
    if isinstance(token, ast.FunctionBlock):
        if token.lower_name not in ("url", "src"):
            return None
        inner = [part for part in token.arguments if not isinstance(part, ast.WhitespaceToken | ast.Comment)]
        if not inner or not isinstance(inner[0], ast.StringToken):
            return None
        return _reference(text, positions, inner[0])
    if isinstance(token, ast.StringToken):
        match = _STRING.match(text, start)
        return Reference(start, match.end(), token.value, match[1], line) if match else None
    if isinstance(token, ast.URLToken):
        begin = _SPACE.match(text, text.index("(", start) + 1)
        match = _BARE_URL.match(text, begin.end() if begin else start)
        end = _SPACE.match(text, match.end()) if match else None
        if match is None or end is None or not text.startswith(")", end.end()):
            return None
        return Reference(match.start(), match.end(), token.value, "", line)
    return None


def _maybe(reference: Reference | None) -> Iterator[Reference]:
    if reference is not None and reference.url:
        yield reference
