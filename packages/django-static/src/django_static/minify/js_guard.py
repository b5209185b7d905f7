"""Keep a bold engine from what it is known to get wrong in scripts, by marks that are taken out of its result.

- It drops the last parameters of a function when they are not used, though ``length`` counts them (Express, Mocha and
  lodash ask for it).
- It puts ``const {a} = b()`` before what stands before it, draws ``outer = 1`` into a ``var`` that stands before it, and
  makes expressions of directives it does not know.
- It makes operators of ``Math.pow``, ``Math.abs`` or ``Math.trunc``, which do something else to large numbers, strings
  and NaN; it takes ``a === null || a === undefined`` for ``a == null``, which is true of ``document.all``, and ``a ||
  false`` for ``a``; and it writes ``undefined`` as ``0[0]``, which others can define.
- It makes ``f(a() ? b : c)`` of ``a() ? f(b) : f(c)``, though ``a`` may be what sets ``f``; and of ``a(); return undefined`` it
  makes ``return a()``.
- Where a script asks anything for its ``name``, functions must keep theirs, and all names where ``eval`` looks them up.

Some is right, but not known to be right to the judge: backslashes taken out of regular expressions, and ``return a(),
function(){}``. Nothing rests on the marks: what comes out is judged against the original.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tree_sitter import Node

from ..references import js
from . import js_kept

__all__ = ["within", "without"]

_ANY = "django_static"
#: A function of Math that it does not know.
_MATH = "_math_django_static"
#: Literals that might be anything, and what they are written as.
_LITERALS = {"null": "null", "true": "!0", "false": "!1"}
_LITERAL = re.compile(r"(null|true|false)_literal_django_static")
#: Needless backslashes in regular expressions.
_ESCAPES = {b"\\^": rb"\x5e_escape_django_static", b"\\-": rb"\x2d_escape_django_static"}
#: Declarations with it in between are not drawn together.
_APART = "debugger;"
#: An argument that keeps a call from being made one with another.
_CALL = ',"call_django_static"'
#: What a condition may hold that does nothing to the function that is called next.
_INERT = (
    *("number", "string", "string_fragment", "null", "true", "false", "undefined"),
    *("unary_expression", "parenthesized_expression", "binary_expression"),
    *("!", "typeof", "&&", "||", "===", "!==", "(", ")", '"', "'"),
)
#: Parameters before one that takes the rest are kept.
_REST = ",...{length_django_static:[]}"
_FUNCTIONS = ("function_expression", "generator_function", "arrow_function", "class")
_ENDS_IN_ITS_LAST = (
    *("else_clause", "expression_statement", "parenthesized_expression", "return_statement"),
    *("sequence_expression", "statement_block"),
)
_HOLDS_AN_OPERAND = ("member_expression", "subscript_expression", "call_expression", "new_expression")


def within(text: str) -> tuple[str, bool]:
    """The script with the marks, unless it has such already; and whether it looks variables up by their names."""
    data = text.encode("utf-8", "surrogatepass")
    script = js_kept.Script(js.parse(text).root_node)
    looks_up = any(_looks_up(place.node) for place in script.places)
    if _ANY in text:
        return text, looks_up
    edits = [(at, at, mark) for at, mark in js_kept.marks(script, looks_up=looks_up)]
    may_stand_apart = b"debugger" not in data
    for place in script.places:
        node = place.node
        if node.type in _LITERALS and _is_compared(place):
            edits.append((node.end_byte, node.end_byte, "_literal_django_static"))
        elif node.type == "regex_pattern":
            edits += _escapes(node)
        elif node.type == "member_expression":
            name = node.child_by_field_name("property")
            if name is not None and data[node.start_byte : name.start_byte] == b"Math.":
                edits.append((name.end_byte, name.end_byte, _MATH))
        elif may_stand_apart and _is_to_stand_apart(place, script):
            edits.append((node.start_byte, node.start_byte, _APART))
        if node.type in ("ternary_expression", "if_statement"):
            edits += _apart(place, script)
        elif node.type == "return_statement" and node.named_child_count:
            value = node.named_children[0]
            if value.text in (b"undefined", b"void 0"):
                edits.append((value.start_byte, value.end_byte, ""))
        if node.type in js_kept.FUNCTIONS:
            edits += _with_all_parameters(node, data)
    return _edited(data, edits), looks_up


def without(text: str) -> str:
    """A result without the marks."""
    text = js_kept.without(text.replace(_APART, "").replace(_REST, "").replace(_MATH, "").replace(_CALL, ""))
    text = _LITERAL.sub(lambda found: _LITERALS[found[1]], text)
    for plain, mark in _ESCAPES.items():
        text = text.replace(mark.decode(), plain.decode())
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


def _looks_up(node: Node) -> bool:
    return node.type == "with_statement" or (node.type == "identifier" and node.text == b"eval")


def _is_compared(place: js_kept.Place) -> bool:
    """Whether a literal is compared with ``===``, or is what ``||`` or ``&&`` fall back to, or a test by itself."""
    operator = None
    if place.parent is not None and place.parent.type == "parenthesized_expression":
        return place.node.type != "null"
    if place.parent is not None and place.parent.type == "binary_expression":
        operator = place.parent.child_by_field_name("operator")
    operators = ("===", "!==") if place.node.type == "null" else ("||", "&&")
    return operator is not None and operator.type in operators


def _escapes(pattern: Node) -> Iterator[tuple[int, int, str]]:
    text = pattern.text or b""
    for found in re.finditer(rb"\\[\s\S]", text):
        if found[0] in _ESCAPES:
            start = pattern.start_byte + found.start()
            yield start, start + 2, _ESCAPES[found[0]].decode()


def _with_all_parameters(node: Node, data: bytes) -> Iterator[tuple[int, int, str]]:
    several = node.child_by_field_name("parameters")
    last = several.named_children[-1] if several is not None and several.named_child_count else None
    if last is not None and last.type == "identifier" and not any(kid.type == "set" for kid in node.children):
        yield last.end_byte, last.end_byte, _REST
    single = node.child_by_field_name("parameter") if node.type == "arrow_function" else None
    if single is not None and not _is_named_again(data, single, node):
        yield single.start_byte, single.start_byte, "("
        yield single.end_byte, single.end_byte, f"{_REST})"


def _is_named_again(data: bytes, name: Node, within: Node) -> bool:
    """Whether a parameter seems to be used; the mark costs an arrow its short form, ``a => b``."""
    again = re.compile(rb"(?<![\w$])%s(?![\w$])" % re.escape(data[name.start_byte : name.end_byte]))
    return again.search(data, name.end_byte, within.end_byte) is not None


def _apart(place: js_kept.Place, script: js_kept.Script) -> Iterator[tuple[int, int, str]]:
    """A mark in the second of two calls of one function that a condition decides between."""
    choice = place.node
    test, then, other = (
        choice.child_by_field_name(name) for name in ("condition", "consequence", "alternative")
    )
    if choice.type == "if_statement" and other is None:
        other = choice.next_named_sibling
    first, second = _last_call(then), _last_call(other)
    if test is None or first is None or second is None or _is_inert(test, place.function, script):
        return
    (function, arguments), (other_function, other_arguments) = map(_call, (first, second))
    if function == other_function and arguments and len(arguments) == len(other_arguments):
        yield other_arguments[-1].end_byte, other_arguments[-1].end_byte, _CALL


def _call(node: Node) -> tuple[bytes | None, list[Node]]:
    """What is called, and the arguments."""
    function, arguments = (node.child_by_field_name(name) for name in ("function", "arguments"))
    given = arguments.named_children if arguments is not None and arguments.type == "arguments" else []
    return function.text if function is not None else None, [kid for kid in given if kid.type != "comment"]


def _last_call(node: Node | None) -> Node | None:
    """The call that a branch ends in."""
    while node is not None:
        if node.type == "call_expression":
            return node
        if node.type == "assignment_expression":
            node = node.child_by_field_name("right")
        elif node.type in _ENDS_IN_ITS_LAST:
            node = next((kid for kid in reversed(node.named_children) if kid.type != "comment"), None)
        else:
            return None
    return None


def _is_inert(test: Node, function: Node | None, script: js_kept.Script) -> bool:
    """Whether a condition reads nothing but local variables: a global may have a getter."""
    return all(
        node.type in _INERT
        or (
            node.type == "identifier"
            and any(node.text in script.names_in(around) for around in script.around(function))
        )
        for node in _walk(test)
    )


def _is_to_stand_apart(place: js_kept.Place, script: js_kept.Script) -> bool:
    """Whether a statement must not be drawn together with the one before."""
    node, parent, before, function = place
    if parent is None or parent.type not in js_kept.LISTS or before is None:
        return False
    if node.type == "lexical_declaration":
        return before.type == node.type and (_unpacks(before) or _unpacks(node))
    if before.type == "expression_statement" and before.named_children[0].type == "string":
        return (before.text or b"")[1:11] != b"use strict"
    if node.type == "return_statement":
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
