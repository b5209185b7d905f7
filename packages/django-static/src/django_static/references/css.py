"""The references of a style sheet, and what must be known to put it into another; read token by token, as CSS is."""

from __future__ import annotations

import re
from dataclasses import dataclass

import tinycss2  # type: ignore[import-untyped]
from tinycss2 import ast

from . import css_scan
from .reference import Reference

__all__ = ["Import", "Positions", "Reference", "Sheet", "may_refer", "read", "references"]

_NEWLINE = re.compile(r"\r\n|[\n\r\f]")
#: Without one of them in lower case nothing is referred to; a backslash may hide any.
_HINTS = ("url", "@import", "image-set", "src(", "\\")


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


class Positions:
    """Offsets in the text as it is, from the lines and columns of the tokenizer, which unifies line ends."""

    def __init__(self, text: str) -> None:
        self._starts = [0, *(match.end() for match in _NEWLINE.finditer(text))]

    def offset(self, node: ast.Node) -> int:
        return self._starts[int(node.source_line) - 1] + int(node.source_column) - 1


def may_refer(text: str) -> bool:
    """Whether a full reading could find anything; tokenizing costs a hundred times this test."""
    lowered = text.lower()
    return any(hint in lowered for hint in _HINTS)


def references(text: str) -> list[Reference]:
    """Every URL that a browser would fetch for this style sheet, and that of its source map, in document order.

    Of several comments that name a source map the last one counts (ECMA-426); ``data:`` URLs of maps are left out.
    """
    return css_scan.scan(text) if may_refer(text) else []


def read(text: str) -> Sheet:
    """The head of a style sheet, and what decides whether others may stand before or after it."""
    sentinel = "django-static-end"
    rules = tinycss2.parse_stylesheet(f"{text}\n{sentinel}{{}}")
    last = rules[-1] if rules else None
    is_closed = isinstance(last, ast.QualifiedRule) and tinycss2.serialize(last.prelude).strip() == sentinel
    positions = Positions(f"{text}\n")
    written = [reference for reference in references(text) if reference.what == "import"]
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
            url = next((reference for reference in written if start <= reference.start < end), None)
            if url is not None:
                imports.append(Import(start, end, url.url, url.line, _wrappers(rule)))
        elif keyword == "charset":
            charset_end = charset_end or (end if start == 0 else 0)
        elif keyword == "namespace":
            has_namespace = True
            in_head = False
        elif keyword != "layer" or rule.content is not None:
            in_head = False
    return Sheet(tuple(imports), charset_end, has_namespace, is_closed)


def _wrappers(rule: ast.AtRule) -> tuple[str, ...]:
    """The blocks that say the same as the conditions of an ``@import``."""
    tokens = [token for token in rule.prelude if not isinstance(token, ast.Comment)]
    while tokens and isinstance(tokens[0], ast.WhitespaceToken):
        tokens.pop(0)
    tokens = tokens[1:]
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
    return tuple(filter(None, wrappers))
