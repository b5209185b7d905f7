"""Keep a bold engine from what it is known to get wrong in scripts, by marks that are taken out of its result.

It drops the last parameters of a function when they are not used, though ``length`` counts them (Express, Mocha and
lodash ask for it); it makes ``Math.pow`` an operator, which takes other operands; and it writes ``undefined`` as
``0[0]``, which others can define. Nothing rests on the marks: what comes out is judged against the original.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tree_sitter import Node

from ..references import js

__all__ = ["within", "without"]

_MARK = "django_static_mark"
_HOLDS_AN_OPERAND = ("member_expression", "subscript_expression", "call_expression", "new_expression")


def within(text: str) -> str:
    """The script with the marks; as it is when it has them already."""
    if _MARK in text:
        return text
    data = text.encode("utf-8", "surrogatepass")
    edits: list[tuple[int, int, str]] = []
    for node in _walk(js.parse(text).root_node):
        if node.type == "member_expression":
            name = node.child_by_field_name("property")
            if name is not None and data[node.start_byte : node.end_byte] == b"Math.pow":
                edits.append((name.start_byte, name.end_byte, f"pow{_MARK}"))
            continue
        single = node.child_by_field_name("parameter") if node.type == "arrow_function" else None
        several = node.child_by_field_name("parameters")
        last = single or (several.named_children[-1:] or [None])[0] if several or single else None
        if last is None or last.type != "identifier":
            continue
        name_again = re.compile(rb"(?<![\w$])%s(?![\w$])" % re.escape(data[last.start_byte : last.end_byte]))
        if name_again.search(data, last.end_byte, node.end_byte):
            continue
        if single is not None:
            edits.append((last.start_byte, last.start_byte, "("))
        edits.append((last.end_byte, last.end_byte, f"={_MARK}" + (")" if single is not None else "")))
    return _edited(data, edits)


def without(text: str) -> str:
    """A result without the marks."""
    text = text.replace(f"={_MARK}", "").replace(f"pow{_MARK}", "pow")
    if "0[0]" not in text:
        return text
    data = text.encode("utf-8", "surrogatepass")
    edits = [
        (node.start_byte, node.end_byte, "void 0")
        for node in _walk(js.parse(text).root_node)
        if node.type == "subscript_expression"
        and data[node.start_byte : node.end_byte] == b"0[0]"
        and (node.parent is None or node.parent.type not in _HOLDS_AN_OPERAND)
        and not re.match(rb"[\w$.\\]", data[node.end_byte : node.end_byte + 1])
    ]
    return _edited(data, edits)


def _edited(data: bytes, edits: list[tuple[int, int, str]]) -> str:
    pieces: list[bytes] = []
    position = 0
    for start, end, new in sorted(edits):
        pieces += (data[position:start], new.encode())
        position = end
    return b"".join([*pieces, data[position:]]).decode("utf-8", "surrogatepass")


def _walk(root: Node) -> Iterator[Node]:
    stack = [root]
    while stack:
        node = stack.pop()
        yield node
        stack += node.children
