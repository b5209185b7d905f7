"""Keep a bold engine from what it is known to get wrong in scripts, by marks that are taken out of its result.

It drops the last parameters of a function when they are not used, though ``length`` counts them (Express, Mocha and
lodash ask for it); it puts ``const {a} = b()`` before what stands before it; it makes ``Math.pow`` an operator, which takes other operands; and it writes ``undefined`` as
``0[0]``, which others can define. Nothing rests on the marks: what comes out is judged against the original.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tree_sitter import Node

from ..references import js

__all__ = ["within", "without"]

_POW = "pow_django_static"
#: Declarations with it in between are not drawn together.
_APART = "debugger;"
#: Parameters before one that takes the rest are kept.
_REST = ",...{length_django_static:[]}"
_HOLDS_AN_OPERAND = ("member_expression", "subscript_expression", "call_expression", "new_expression")


def within(text: str) -> str:
    """The script with the marks; as it is when it has them already."""
    if _POW in text or _REST in text:
        return text
    data = text.encode("utf-8", "surrogatepass")
    edits: list[tuple[int, int, str]] = []
    for node in _walk(js.parse(text).root_node):
        if node.type == "member_expression":
            name = node.child_by_field_name("property")
            if name is not None and data[node.start_byte : node.end_byte] == b"Math.pow":
                edits.append((name.start_byte, name.end_byte, _POW))
            continue
        if node.type == "lexical_declaration" and b"debugger" not in data:
            before = node.prev_named_sibling
            if before is not None and before.type == node.type and (_unpacks(before) or _unpacks(node)):
                edits.append((node.start_byte, node.start_byte, _APART))
        several = node.child_by_field_name("parameters")
        last = several.named_children[-1] if several is not None and several.named_child_count else None
        is_setter = any(kid.type == "set" for kid in node.children)
        if last is not None and last.type == "identifier" and not is_setter:
            edits.append((last.end_byte, last.end_byte, _REST))
        single = node.child_by_field_name("parameter") if node.type == "arrow_function" else None
        if single is not None and not _is_named_again(data, single, node):
            edits += [
                (single.start_byte, single.start_byte, "("),
                (single.end_byte, single.end_byte, f"{_REST})"),
            ]
    return _edited(data, edits)


def without(text: str) -> str:
    """A result without the marks."""
    text = text.replace(_APART, "").replace(_REST, "").replace(_POW, "pow")
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


def _is_named_again(data: bytes, name: Node, within: Node) -> bool:
    """Whether a parameter seems to be used; the mark costs an arrow its short form, ``a => b``."""
    again = re.compile(rb"(?<![\w$])%s(?![\w$])" % re.escape(data[name.start_byte : name.end_byte]))
    return again.search(data, name.end_byte, within.end_byte) is not None


def _unpacks(declaration: Node) -> bool:
    names = [part.child_by_field_name("name") for part in declaration.named_children]
    return any(name is not None and name.type != "identifier" for name in names)


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
