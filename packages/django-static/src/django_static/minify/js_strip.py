"""Take comments and white space out of a script, and nothing else; for what a bolder engine gets wrong."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from ..references import js

__all__ = ["strip"]

#: What is one token to us, though the parser sees into it.
_WHOLE = ("string", "template_string", "regex", "comment", "html_comment")
_OPENING = tuple("{([,;:?=&|*%^~!")
_CLOSING = tuple("})],;")
_TIGHT = frozenset("{}()[];,:?=&|*%^~!\"'`")


def strip(text: str) -> str:
    """The script without its comments, apart from licences (``/*!``), and without the white space it does not need.

    Raises:
        ValueError: it has syntax errors.
    """
    root = js.parse(text).root_node
    if root.has_error:
        raise ValueError("the script has syntax errors")
    data = text.encode("utf-8", "surrogatepass")
    pieces: list[str] = []
    before = ""
    position = 0
    for node in _tokens(root):
        token = data[node.start_byte : node.end_byte].decode("utf-8", "surrogatepass")
        if not token or (node.type.endswith("comment") and not token.startswith("/*!")):
            continue
        gap = data[position : node.start_byte].decode("utf-8", "surrogatepass")
        pieces += (_gap(before, gap, token), token)
        before, position = token, node.end_byte
    return "".join(pieces)


def _gap(before: str, gap: str, after: str) -> str:
    """What must stay of the white space and comments between two tokens."""
    if not before or not gap:
        return ""
    if any(newline in gap for newline in "\n\r\u2028\u2029"):
        # A new line may be what ends a statement.
        return "" if before.endswith(_OPENING) or after.startswith(_CLOSING) else "\n"
    if before.endswith("<") and after.startswith("!"):
        return " "  # <!-- begins a comment
    return "" if before[-1] in _TIGHT or after[0] in _TIGHT else " "


def _tokens(root: Node) -> Iterator[Node]:
    stack = [root]
    while stack:
        node = stack.pop()
        if node.child_count == 0 or node.type in _WHOLE:
            yield node
        else:
            stack += reversed(node.children)
