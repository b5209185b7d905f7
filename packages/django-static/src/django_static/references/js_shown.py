"""What our parser of JavaScript takes for something else than it is, and what it is shown instead.

It takes ``using = 1`` for a mistake, ``yield`` and ``await`` for operators where no function around makes them such, ``let``
for a name where the name it declares stands on the next line, a NUL in a string for the end of the script, and ``\\u`` in a
template for the beginning of a code point even where a function gets the template as it is written. What it is shown instead
is of the same length, so that all nodes are where they would be.

Sources: ECMA-262 12.7.2 (keywords and reserved words), 12.9.6 (templates), 14.3.1 (``let``), 15.5 and 15.8 (``yield`` and
``await``), and the proposal for explicit resource management (``using``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tree_sitter import Node

__all__ = ["plain", "plainer"]

_BEGINNING = rb"(?<![\w$\\\x80-\xff])"
_END = rb"(?![\w$\\\x80-\xff])"
_NAME = rb"[\w$\\\x80-\xff]"
#: It declares the name behind it on the same line, which the names of operators are not.
_USING = re.compile(
    rb"using(?<=%susing)%s(?!(?:[ \t\v\f]|/\*[^\r\n]*?\*/)++(?!(?:in|instanceof)%s)%s)"
    % (_BEGINNING, _END, _END, _NAME)
)
#: A loop over what ``of`` holds would be ``for (using of of ...)``, which is ruled out for being unclear.
_USING_OF = re.compile(rb"using(?<=\(using)(?=\s+of%s)" % _END)
_LET = re.compile(
    rb"let(?<=%slet)(?=[ \t]*[\r\n/])((?:\s|//[^\r\n]*+|/\*.*?\*/)++)(?!(?:in|instanceof|of)%s)(?=[{\[]|%s)"
    % (_BEGINNING, _END, _NAME),
    re.DOTALL,
)
_OPERATOR = re.compile(rb"(?:await|yield)(?<=%s.....)%s" % (_BEGINNING, _END), re.DOTALL)
_STAND_IN = b"_____"
#: What is no escape sequence, and may stand in a template that a function gets.
_NO_ESCAPE = re.compile(rb"\\(?:u(?!\{[0-9A-Fa-f]+\}|[0-9A-Fa-f]{4})|x(?![0-9A-Fa-f]{2}))")
#: In strict code ``yield`` is never a name; whether all of the code is does not matter where nobody writes it so.
_STRICT = re.compile(rb"use strict|" + _BEGINNING + rb"(?:class|export|import)" + _END)
_LISTS = ("program", "statement_block", "switch_case", "switch_default", "ERROR")
_FUNCTIONS = (
    "function_declaration",
    "function_expression",
    "generator_function",
    "generator_function_declaration",
    "arrow_function",
    "method_definition",
)


def plain(data: bytes) -> bytearray:
    """A script without what can be told by its text: in comments, strings and properties it does not matter."""
    shown = bytearray(data.replace(b"\0", b"\1"))  # which is as much of a mistake in code
    if b"using" in data:
        for pattern in (_USING, _USING_OF):
            for found in pattern.finditer(data):
                shown[found.start() : found.end()] = _STAND_IN
    return shown


def plainer(data: bytes, root: Node) -> bytearray | None:
    """What to show instead of a script that was read as a tree; None if there is nothing to read in another way."""
    edits = [*_declarations(data, root), *_names(data, root), *_raw(data, root)]
    if not edits:
        return None
    shown = plain(data)
    for start, end, other in edits:
        shown[start:end] = other
    return shown


def _declarations(data: bytes, root: Node) -> Iterator[tuple[int, int, bytes]]:
    """Blanks for what is between ``let`` and the name on another line that it declares."""
    for found in _LET.finditer(data) if b"let" in data else ():
        leaf = root.descendant_for_byte_range(found.start(), found.start() + 3)
        if leaf is None or leaf.type != "identifier" or leaf.start_byte != found.start():
            continue
        statement = leaf.parent
        if statement is None or statement.type not in ("expression_statement", "ERROR"):
            continue
        if statement.type == "ERROR" or (statement.parent is not None and statement.parent.type in _LISTS):
            yield found.start(1), found.end(1), b" " * len(found[1])


def _names(data: bytes, root: Node) -> Iterator[tuple[int, int, bytes]]:
    """Other names for ``await`` and ``yield`` where they are names."""
    words = {word for word in (b"await", b"yield") if word in data}
    if b"yield" in words and _STRICT.search(data):
        words.remove(b"yield")
    for found in _OPERATOR.finditer(data) if words else ():
        if found[0] not in words:
            continue
        leaf = root.descendant_for_byte_range(found.start(), found.end())
        if leaf is not None and leaf.type == found[0].decode() and not _is_operator(leaf):
            yield found.start(), found.end(), _STAND_IN


def _raw(data: bytes, root: Node) -> Iterator[tuple[int, int, bytes]]:
    """Text for what looks like an escape sequence in templates that functions get."""
    for found in _NO_ESCAPE.finditer(data) if root.has_error and b"`" in data else ():
        node = root.descendant_for_byte_range(found.start(), found.end())
        while node is not None and node.type not in ("template_string", "template_substitution"):
            node = node.parent
        tagged = None if node is None else node.parent
        if tagged is not None and tagged.type == "call_expression":
            yield found.start(), found.end(), b"__"


def _is_operator(word: Node) -> bool:
    """Whether the function around makes an operator of a word; outside of functions ``await`` is one in modules."""
    node = word.parent
    while node is not None and node.type not in _FUNCTIONS:
        node = node.parent
    if word.type == "await":
        return node is None or any(kid.type == "async" for kid in node.children)
    return node is not None and (
        node.type.startswith("generator") or any(kid.type == "*" for kid in node.children)
    )
