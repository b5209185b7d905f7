"""The syntax tree of JavaScript."""

from __future__ import annotations

from functools import cache

import tree_sitter_javascript
from tree_sitter import Language, Parser, Tree

__all__ = ["parse"]


@cache
def _language() -> Language:
    return Language(tree_sitter_javascript.language())


def parse(text: str) -> Tree:
    """The syntax tree of a script or module; parsers are not shared between threads."""
    return Parser(_language()).parse(text.encode("utf-8", "surrogatepass"))
