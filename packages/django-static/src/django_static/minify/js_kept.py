"""Marks that make a bold engine keep the names of functions, where a script may ask them for it.

``with`` looks names up as they are written, so whoever renames variables leaves those of a function with one in it alone,
but not those of the functions inside. The mark is such a statement, at the beginning of the functions in which names of
others are declared; it is taken out again afterwards. A short name that is kept might be given to a variable outside as
well, so where there is one the functions around are marked, too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from tree_sitter import Node

__all__ = ["FUNCTIONS", "LISTS", "Place", "Script", "marks", "without"]

_MARK = "keep_django_static"
_MARKS = re.compile(rf"with\({_MARK}(?:,[^()]*)?\);")

FUNCTIONS = (
    "function_declaration",
    "function_expression",
    "generator_function",
    "generator_function_declaration",
    "arrow_function",
    "method_definition",
)
#: Characters of the names that variables are given.
_SHORT = 2
_DECLARATIONS = ("function_declaration", "generator_function_declaration", "class_declaration")
_NAMED = ("function_expression", "generator_function")
_NAMELESS = ("function_expression", "generator_function", "arrow_function", "class")
#: What gives a function that has no name that of a variable: the fields of its name and of its value.
_GIVERS = {
    "variable_declarator": ("name", "value"),
    "assignment_expression": ("left", "right"),
    "augmented_assignment_expression": ("left", "right"),
    "assignment_pattern": ("left", "right"),
    "object_assignment_pattern": ("left", "right"),
}
#: What holds statements: one may have to stand apart from that before it.
LISTS = ("statement_block", "program", "switch_case", "switch_default")
#: All else that is looked at.
_COUNTING = frozenset(
    (
        *FUNCTIONS,
        *_DECLARATIONS,
        *_GIVERS,
        *("null", "true", "false", "regex_pattern", "member_expression"),
        *("ternary_expression", "if_statement", "return_statement", "with_statement"),
    )
)
#: Names that tell of the whole script that names count.
_TELLING = (b"eval", b"name")
_IDENTIFIERS = ("identifier", "shorthand_property_identifier_pattern")
_KEYS = (
    "property_identifier",
    "string_fragment",
    "shorthand_property_identifier",
    "shorthand_property_identifier_pattern",
)


class Place(NamedTuple):
    """A node and what is around it, which the parser would have to search for."""

    node: Node
    parent: Node | None
    #: What stands before it in its parent, comments apart.
    before: Node | None
    function: Node | None


class _Around:
    """A node whose children are seen, one after the other."""

    __slots__ = ("before", "function", "node")

    def __init__(self, node: Node | None, function: Node | None) -> None:
        self.node = node
        self.function = function
        self.before: Node | None = None


def _counts(place: Place) -> bool:
    """Whether anybody looks at a place."""
    kind = place.node.type
    if kind in _COUNTING:
        return True
    if kind in _KEYS or kind == "identifier":
        return place.node.text in _TELLING
    return place.before is not None and place.parent is not None and place.parent.type in LISTS


class Script:
    """A script as a list of the places that may be marked, or say that others are to be; and its functions.

    There are millions of others in a large script, and each as an object of Python would be hundreds of bytes; so they are
    seen one by one. A node that was asked for its children holds them for as long as it is held itself.
    """

    def __init__(self, root: Node) -> None:
        self.places: list[Place] = []
        #: The function around a function, by its id.
        self.outer: dict[int, Node | None] = {}
        self._declared: dict[int, set[bytes]] = {}
        cursor = root.walk()
        #: The nodes around, each with the function that its children are in, and the last of these so far.
        around = [_Around(None, None)]
        while True:
            node, outer = cursor.node, around[-1]
            assert node is not None  # noqa: S101 (the cursor stands on a node)
            place = Place(node, outer.node, outer.before, outer.function)
            if _counts(place):
                self.places.append(place)
            if node.is_named and node.type != "comment":
                outer.before = node
            function = outer.function
            if node.type in FUNCTIONS:
                self.outer[node.id] = function
                function = node
            if cursor.goto_first_child():
                around.append(_Around(node, function))
                continue
            while not cursor.goto_next_sibling():
                if not cursor.goto_parent():
                    return
                around.pop()

    def around(self, function: Node | None) -> Iterator[Node]:
        """A function and those around it, from the inside out."""
        while function is not None:
            yield function
            function = self.outer[function.id]

    def names_in(self, function: Node) -> set[bytes]:
        """The names of a function's own variables."""
        if function.id not in self._declared:
            self._declared[function.id] = {part.text or b"" for part in _declared(function)}
        return self._declared[function.id]


def marks(script: Script, *, looks_up: bool) -> list[tuple[int, str]]:
    """The marks of a script and the positions they belong to, in bytes.

    There are none if it asks nothing for its ``name`` and does not look variables up by name.
    """
    if not looks_up and not any(
        place.node.type in _KEYS and place.node.text == b"name" for place in script.places
    ):
        return []
    keeping: dict[int, tuple[Node, str]] = {}
    for node, _, _, function in script.places:
        name = node.child_by_field_name("name") if node.type in (*_DECLARATIONS, *_NAMED) else None
        if name is not None and name.text is not None and node.type in _NAMED:
            # Its name is its own variable, which is dropped if nothing mentions it.
            keeping[node.id] = (node, f"with({_MARK},{name.text.decode()});")
        elif name is not None:
            _keep(function, keeping)
        elif node.type in _GIVERS:
            target, value = (node.child_by_field_name(field) for field in _GIVERS[node.type])
            if target is not None and value is not None and _is_nameless(value):
                owners = (one for one in script.around(function) if target.text in script.names_in(one))
                _keep(next(owners, None), keeping)
    for function, _ in list(keeping.values()):
        own = function.child_by_field_name("name") if function.type in _NAMED else None
        kept = script.names_in(function) | ({own.text or b""} if own is not None else set())
        if any(len(name) <= _SHORT for name in kept):
            for outer in script.around(script.outer[function.id]):
                _keep(outer, keeping)
    return [place for function, mark in keeping.values() for place in _places(function, mark)]


def without(text: str) -> str:
    """A result without the marks."""
    return _MARKS.sub("", text) if _MARK in text else text


def _keep(function: Node | None, keeping: dict[int, tuple[Node, str]]) -> None:
    if function is not None:
        keeping.setdefault(function.id, (function, f"with({_MARK});"))


def _is_nameless(value: Node) -> bool:
    while value.type == "parenthesized_expression" and value.named_children:
        value = value.named_children[0]
    return value.type in _NAMELESS and value.child_by_field_name("name") is None


def _declared(function: Node) -> Iterator[Node]:
    """The names that parameters and declarations make in a function, apart from functions inside."""
    for field in ("parameter", "parameters"):
        yield from _identifiers(function.child_by_field_name(field))
    stack = [function.child_by_field_name("body")]
    while stack:
        node = stack.pop()
        if node is None:
            continue
        if node.type in _DECLARATIONS or node.type == "variable_declarator":
            yield from _identifiers(node.child_by_field_name("name"))
        elif node.type == "catch_clause":
            yield from _identifiers(node.child_by_field_name("parameter"))
        elif node.type == "for_in_statement" and node.child_by_field_name("kind") is not None:
            yield from _identifiers(node.child_by_field_name("left"))
        if node.type not in FUNCTIONS:
            stack += node.named_children


def _identifiers(node: Node | None) -> Iterator[Node]:
    if node is not None:
        stack = [node]
        while stack:
            part = stack.pop()
            if part.type in _IDENTIFIERS:
                yield part
            stack += part.named_children


def _places(function: Node, mark: str) -> list[tuple[int, str]]:
    """The mark where the statements of a function begin, after its directives; an arrow may have none."""
    body = function.child_by_field_name("body")
    if body is None or body.type != "statement_block":
        return []
    for statement in body.named_children:
        first = statement.named_children[0] if statement.named_children else None
        is_directive = (
            statement.type == "expression_statement" and first is not None and first.type == "string"
        )
        if not is_directive and statement.type != "comment":
            return [(statement.start_byte, mark)]
    return [(body.end_byte - 1, f";{mark}")]
