"""JavaScript as a parser sees it."""

from __future__ import annotations

from functools import cache

import tree_sitter_javascript
from tree_sitter import Language, Parser, Tree

from . import js_shown

__all__ = ["Syntax", "parse"]


@cache
def _language() -> Language:
    return Language(tree_sitter_javascript.language())


def parse(text: str) -> Tree:
    """The syntax tree of a script or module; parsers are not shared between threads.

    Where the parser would take a name for a keyword, or the other way round, it is shown what it reads right.
    """
    data = text.encode("utf-8", "surrogatepass")
    tree = _read(data, js_shown.plain(data))
    plainer = js_shown.plainer(data, tree.root_node)
    if plainer is not None:
        again = _read(data, plainer)
        if tree.root_node.has_error or not again.root_node.has_error:
            tree = again
    return tree


def _read(data: bytes, shown: bytearray) -> Tree:
    """The tree of what the parser is shown, with the text of what is there."""
    tree = Parser(_language()).parse(shown)
    # Nodes take their text from here, when they are asked for it.
    shown[:] = data
    return tree


class Syntax:
    """Where in a script there is code: the same as ``js_code.Code``, told by the parser."""

    _NO_CODE = (
        "string_fragment",
        "escape_sequence",
        "regex_pattern",
        "regex_flags",
        "hash_bang_line",
        "html_comment",
        "jsx_text",
    )

    def __init__(self, text: str) -> None:
        self._text = text
        self._root = parse(text).root_node
        self._offset = self._bytes = 0

    def reach(self, offset: int) -> bool:
        self._bytes += len(self._text[self._offset : offset].encode("utf-8", "surrogatepass"))
        self._offset = offset
        leaf = self._root.descendant_for_byte_range(self._bytes, self._bytes + 1)
        return leaf is not None and leaf.start_byte == self._bytes and leaf.type not in self._NO_CODE

    def is_member(self, offset: int) -> bool:
        leaf = self._root.descendant_for_byte_range(self._bytes, self._bytes + 1)
        return leaf is not None and leaf.type in ("property_identifier", "private_property_identifier")
