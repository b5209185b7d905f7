"""Take comments and white space out of a style sheet, and nothing else; for what a bolder engine gets wrong."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import tinycss2  # type: ignore[import-untyped]
from tinycss2 import ast

from ..references import splice
from ..references.css import Positions

__all__ = ["strip"]

_Edit = tuple[int, int, str]
_SPACE = re.compile(r"[ \t\r\n\f]+")


def strip(text: str) -> str:
    """The style sheet without its comments, apart from licences (``/*!``), and with its white space drawn together.

    All else stays as it is written: scripts may read the values of custom properties.
    """
    edits = _edits(tinycss2.parse_component_value_list(text), text, Positions(text), is_block=False)
    return splice(text, edits).strip()


def _edits(tokens: Sequence[ast.Node], text: str, positions: Positions, *, is_block: bool) -> Iterator[_Edit]:
    #: What stands before, white space and comments apart; None at the beginning.
    last: ast.Node | None = None
    #: What stands in between, and whether white space does.
    between: list[_Edit] = []
    spaced = False
    #: The semicolon after which nothing has come.
    semicolon: _Edit | None = None
    for token in tokens:
        start = positions.offset(token)
        if isinstance(token, ast.Comment) and not token.value.startswith("!"):
            end = text.find("*/", start + 2)
            between.append((start, end + 2 if end >= 0 else len(text), ""))
            continue
        if isinstance(token, ast.WhitespaceToken):
            space = _SPACE.match(text, start)
            between.append((start, space.end() if space else start, ""))
            spaced = True
            continue
        if between and last is not None and not _ends(last) and not _ends(token):
            # Without the comment the two might be one.
            between[0] = (*between[0][:2], " " if spaced else "/**/")
        yield from between
        between, spaced = [], False
        semicolon = (start, start + 1, "") if _is_semicolon(token) else None
        if isinstance(token, ast.CurlyBracketsBlock):
            yield from _edits(token.content, text, positions, is_block=True)
        last = token
    yield from between
    if is_block and semicolon is not None:
        yield semicolon


def _ends(token: ast.Node) -> bool:
    """Whether white space beside a token never means anything."""
    return _is_semicolon(token) or isinstance(token, ast.CurlyBracketsBlock | ast.Comment)


def _is_semicolon(token: ast.Node) -> bool:
    return isinstance(token, ast.LiteralToken) and token.value == ";"
