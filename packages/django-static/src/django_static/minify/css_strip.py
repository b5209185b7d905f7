"""Take comments and white space out of a style sheet, and nothing else; for what a bolder engine gets wrong."""

from __future__ import annotations

from collections.abc import Sequence

import tinycss2  # type: ignore[import-untyped]
from tinycss2 import ast

__all__ = ["strip"]


def strip(text: str) -> str:
    """The style sheet without its comments, apart from licences (``/*!``), and with its white space drawn together."""
    return _written(tinycss2.parse_component_value_list(text), top=True).strip()


def _written(tokens: Sequence[ast.Node], *, top: bool) -> str:
    pieces: list[ast.Node] = []
    for token in tokens:
        if isinstance(token, ast.Comment) and not token.value.startswith("!"):
            continue
        if isinstance(token, ast.WhitespaceToken):
            token = ast.WhitespaceToken(token.source_line, token.source_column, " ")
            if not pieces or _ends(pieces[-1]):
                continue
        if _ends(token) and pieces and isinstance(pieces[-1], ast.WhitespaceToken):
            pieces.pop()
        pieces.append(token)
    return "".join(_serialised(run) for run in _runs(pieces))


def _ends(token: ast.Node) -> bool:
    """Whether white space beside a token never means anything."""
    is_border = isinstance(token, ast.LiteralToken) and token.value == ";"
    return is_border or isinstance(token, ast.CurlyBracketsBlock | ast.Comment | ast.WhitespaceToken)


def _runs(pieces: list[ast.Node]) -> list[list[ast.Node]]:
    """Blocks apart from what stands between them; the serialiser must see neighbours to keep them apart."""
    runs: list[list[ast.Node]] = [[]]
    for piece in pieces:
        if isinstance(piece, ast.CurlyBracketsBlock):
            runs += [[piece], []]
        else:
            runs[-1].append(piece)
    return runs


def _serialised(run: list[ast.Node]) -> str:
    if len(run) == 1 and isinstance(run[0], ast.CurlyBracketsBlock):
        return f"{{{_written(run[0].content, top=False).strip().removesuffix(';')}}}"
    text: str = tinycss2.serialize(run)
    return text
