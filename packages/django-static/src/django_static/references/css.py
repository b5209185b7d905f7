"""The references of a style sheet, and what must be known to put it into another; read token by token, as CSS is."""

from __future__ import annotations

import re
from collections.abc import Sequence
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
    #: Empty where no file can be told: ``@import ""``, a string that the end of the file closes.
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
    #: Whether every rule, block, string and comment ends before the file does.
    is_closed: bool
    #: Whether it means the same inside a block, in which ``;``, ``}`` and ``<!--`` mean something else.
    fits_block: bool
    #: Whether an import counts or not by what a browser takes for a rule: only where it stands, nothing else changes.
    is_unsure: bool


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
    """The head of a style sheet, and what decides whether others may stand before or after it.

    CSS Cascade 5, 2: imports come before all other valid rules, but for ``@charset`` and, before the first of them,
    ``@layer`` statements. What is not valid is passed over, and what is valid is another thing in every browser.
    """
    sentinel = "django-static-end"
    rules = tinycss2.parse_stylesheet(f"{text}\n{sentinel}{{}}")
    last = rules[-1] if rules else None
    is_closed = isinstance(last, ast.QualifiedRule) and tinycss2.serialize(last.prelude).strip() == sentinel
    # What is open takes the sentinel for its own.
    rules = rules[:-1] if is_closed else tinycss2.parse_stylesheet(text)
    positions = Positions(f"{text}\n")
    written = [reference for reference in references(text) if reference.what == "import"]
    imports: list[Import] = []
    charset_end = 0
    has_namespace = is_unsure = may_have_ended = has_ended = False
    for number, rule in enumerate(rules):
        if isinstance(rule, _NOTHING):
            continue
        keyword = rule.lower_at_keyword if isinstance(rule, ast.AtRule) else ""
        has_namespace = has_namespace or keyword == "namespace"
        if has_ended:
            continue
        if keyword in ("import", "charset"):
            start = positions.offset(rule)
            end = positions.offset(rules[number + 1]) if number + 1 < len(rules) else len(text)
            if keyword == "charset":
                charset_end = charset_end or (end if start == 0 else 0)
                continue
            wrappers = _wrappers(rule)
            url = next((reference for reference in written if start <= reference.start < end), None)
            if may_have_ended or wrappers is None:
                is_unsure = True
            else:
                imports.append(Import(start, end, url.url if url else "", url.line if url else 1, wrappers))
        elif keyword == "layer" and rule.content is None and not imports:
            continue
        else:
            may_have_ended = True
            has_ended = _is_valid(rule)
    return Sheet(tuple(imports), charset_end, has_namespace, is_closed, _fits_block(text, rules), is_unsure)


_NOTHING = (ast.WhitespaceToken, ast.Comment)
#: Selectors that no browser of any age takes for invalid.
_PLAIN_SELECTOR = re.compile(r"\s*[.#]?[A-Za-z][\w-]*(?:\s*[,>\s]\s*[.#]?[A-Za-z][\w-]*)*\s*", re.ASCII)
#: What ends a declaration, or nothing at all, at the top of a style sheet and inside a block.
_ELSEWHERE = (";", "<!--", "-->")


def _is_valid(rule: ast.Node) -> bool:
    """Whether every browser takes a rule for one, so that no import counts after it; often one that does is not sure."""
    if isinstance(rule, ast.QualifiedRule):
        return bool(_PLAIN_SELECTOR.fullmatch(tinycss2.serialize(rule.prelude)))
    if not isinstance(rule, ast.AtRule) or rule.content is None or any(map(_is_elsewhere, rule.prelude)):
        return False
    return bool(rule.lower_at_keyword == "media") or (
        rule.lower_at_keyword == "font-face" and not _values(rule.prelude)
    )


def _fits_block(text: str, rules: Sequence[ast.Node]) -> bool:
    if "<!--" in text or "-->" in text:
        return False
    for rule in rules:
        if isinstance(rule, ast.ParseError):
            return False
        if isinstance(rule, ast.QualifiedRule | ast.AtRule) and any(map(_is_elsewhere, rule.prelude)):
            return False
    return True


def _is_elsewhere(token: ast.Node) -> bool:
    return isinstance(token, ast.ParseError) or (
        isinstance(token, ast.LiteralToken) and token.value in _ELSEWHERE
    )


def _values(tokens: Sequence[ast.Node]) -> list[ast.Node]:
    return [token for token in tokens if not isinstance(token, _NOTHING)]


def _wrappers(rule: ast.AtRule) -> tuple[str, ...] | None:
    """The blocks that say the same as the conditions of an ``@import``; None where that is not known for sure.

    Their order is fixed: what is a layer or ``supports()`` anywhere else is a media query, and an unknown one.
    """
    tokens = [token for token in rule.prelude if not isinstance(token, ast.Comment)]
    while tokens and isinstance(tokens[0], ast.WhitespaceToken):
        tokens.pop(0)
    if rule.content is not None or not tokens or not _is_url(tokens[0]):
        return None
    tokens = _without_blanks(tokens[1:])
    layer = supports = ""
    if tokens and isinstance(tokens[0], ast.IdentToken) and tokens[0].lower_value == "layer":
        layer = "@layer"
        tokens = _without_blanks(tokens[1:])
    elif tokens and isinstance(tokens[0], ast.FunctionBlock) and tokens[0].lower_name == "layer":
        name = _layer_name(tokens[0].arguments)
        if name:
            layer = f"@layer {name}"
            tokens = _without_blanks(tokens[1:])
    if tokens and isinstance(tokens[0], ast.FunctionBlock) and tokens[0].lower_name == "supports":
        supports = f"@supports ({tinycss2.serialize(tokens[0].arguments).strip()})"
        tokens = tokens[1:]
    if any(isinstance(token, ast.ParseError) for token in tokens):
        return None
    media = tinycss2.serialize(tokens).strip()
    return tuple(filter(None, (f"@media {media}" if media else "", supports, layer)))


def _is_url(token: ast.Node) -> bool:
    if isinstance(token, ast.FunctionBlock) and token.lower_name == "url":
        return [type(value) for value in _values(token.arguments)] == [ast.StringToken]
    return isinstance(token, ast.StringToken | ast.URLToken)


def _without_blanks(tokens: Sequence[ast.Node]) -> list[ast.Node]:
    start = 0
    while start < len(tokens) and isinstance(tokens[start], ast.WhitespaceToken):
        start += 1
    return list(tokens[start:])


def _layer_name(tokens: Sequence[ast.Node]) -> str:
    """The name in ``layer(a.b)``; empty for what is none."""
    bare = [token for token in tokens if not isinstance(token, ast.Comment)]
    name = tinycss2.serialize(bare).strip()
    values = _values(bare)
    is_name = len(values) % 2 == 1 and all(
        isinstance(value, ast.LiteralToken if number % 2 else ast.IdentToken)
        for number, value in enumerate(values)
    )
    dots = {value.value for value in values[1::2]}
    return name if is_name and dots <= {"."} and name == tinycss2.serialize(values) else ""
