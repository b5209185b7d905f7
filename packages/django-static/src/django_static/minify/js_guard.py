"""Keep a bold engine from what it is known to get wrong in scripts, by marks that are taken out of its result.

It drops the last parameters of a function when they are not used, though ``length`` counts them (Express, Mocha and
lodash ask for it); it puts ``const {a} = b()`` before what stands before it, and draws ``outer = 1`` into a ``var`` that
stands before it; it makes operators of ``Math.pow``, ``Math.abs`` or ``Math.trunc``, which do something else to large
numbers, strings and NaN; and it writes ``undefined`` as ``0[0]``, which others can define. And where a script asks
anything for its ``name``, functions must keep theirs.
Nothing rests on the marks: what comes out is judged against the original.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tree_sitter import Node

from ..references import js
from . import js_kept

__all__ = ["within", "without"]

#: A function of Math that it does not know.
_MATH = "_math_django_static"
#: Declarations with it in between are not drawn together.
_APART = "debugger;"
#: Parameters before one that takes the rest are kept.
_REST = ",...{length_django_static:[]}"
_FUNCTIONS = ("function_expression", "generator_function", "arrow_function", "class")
_LISTS = ("statement_block", "program", "switch_case", "switch_default")
_HOLDS_AN_OPERAND = ("member_expression", "subscript_expression", "call_expression", "new_expression")


def within(text: str) -> str:
    """The script with the marks; as it is when it has them already."""
    if _MATH in text or _REST in text or js_kept.MARK in text:
        return text
    data = text.encode("utf-8", "surrogatepass")
    script = js_kept.Script(js.parse(text).root_node)
    edits = [(at, at, mark) for at, mark in js_kept.marks(script)]
    may_stand_apart = b"debugger" not in data
    for place in script.places:
        node = place.node
        if node.type == "member_expression":
            name = node.child_by_field_name("property")
            if name is not None and data[node.start_byte : name.start_byte] == b"Math.":
                edits.append((name.end_byte, name.end_byte, _MATH))
            continue
        if may_stand_apart and _is_to_stand_apart(place, script):
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
    text = js_kept.without(text.replace(_APART, "").replace(_REST, "").replace(_MATH, ""))
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


def _is_to_stand_apart(place: js_kept.Place, script: js_kept.Script) -> bool:
    """Whether a statement must not be drawn together with the one before."""
    node, parent, before, function = place
    if parent is None or parent.type not in _LISTS or before is None:
        return False
    if node.type == "lexical_declaration":
        return before.type == node.type and (_unpacks(before) or _unpacks(node))
    if node.type == "return_statement":
        # return a(), function(){} is not judged to be the same.
        return bool(node.named_child_count) and node.named_children[-1].type in _FUNCTIONS
    return (
        node.type == "expression_statement"
        and before.type == "variable_declaration"
        and _sets_an_outer_name(node, function, script)
    )


def _sets_an_outer_name(node: Node, function: Node | None, script: js_kept.Script) -> bool:
    """Whether a statement begins with an assignment to what is declared outside of the function."""
    first = node.named_children[0]
    while first.type == "sequence_expression":
        first = first.named_children[0]
    target = first.child_by_field_name("left") if first.type == "assignment_expression" else None
    if target is None or target.type != "identifier":
        return False
    return function is None or target.text not in script.names_in(function)


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
