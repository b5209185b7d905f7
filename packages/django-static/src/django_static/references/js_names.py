"""The names a script takes from others or gives to them: how, and whether while it is loaded."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from tree_sitter import Node

__all__ = ["FUNCTIONS", "GLOBAL", "Names", "declared", "pattern_names", "read", "text_of", "variables"]

GLOBAL = ("window", "self", "globalThis")
FUNCTIONS = (
    "function_declaration",
    "generator_function_declaration",
    "function_expression",
    "generator_function",
    "arrow_function",
    "method_definition",
    "class_static_block",
)
_CALLED_BY = ("call", "apply")
#: Those of ``Object`` and ``Reflect`` list, or look up, the names of what they are given.
_REFLECTING = ("Object", "Reflect")
_EVALUATING = re.compile(r"\(\s*0\s*,\s*eval\s*\)|(?:(?:window|self|globalThis)\.)?(?:eval|Function)")
_WORD = re.compile(r"[\w$]+")


@dataclass(slots=True)
class Names:
    """What a script does with names that no function of its own declares."""

    #: Names that are used while the script is loaded: outside of functions, and in functions called where they stand.
    used: set[str] = field(default_factory=set)
    #: Names that are assigned to, there or in any function.
    assigned: set[str] = field(default_factory=set)
    #: Where each name that is used is first taken for more than to be called, or for what is assigned to.
    taken: dict[str, int] = field(default_factory=dict)
    #: Where each name that is given a value while the script is loaded, as a variable or a property of the window, has it.
    given: dict[str, int] = field(default_factory=dict)
    #: Words of code in strings, and properties of the ``this`` of the script.
    asked: set[str] = field(default_factory=set)
    #: Whether it asks, while it is loaded, for names that are made then: ``eval(code)``, ``window[name]``.
    asks_for_any: bool = False

    @property
    def free(self) -> set[str]:
        """Names whose value is taken before they are given any."""
        return {name for name, start in self.taken.items() if start < self.given.get(name, start + 1)}


@dataclass(frozen=True, slots=True)
class _Scope:
    names: frozenset[str]
    outer: _Scope | None
    #: Whether the code runs while the script is loaded.
    is_run: bool
    #: Whether ``this`` is the global object.
    has_this: bool

    def has(self, name: str) -> bool:
        scope: _Scope | None = self
        while scope is not None:
            if name in scope.names:
                return True
            scope = scope.outer
        return False


def read(root: Node) -> Names:
    """The names of a script by its syntax tree."""
    names = Names()
    called: set[int] = set()
    #: What is only called, which no element can be, or only assigned to.
    not_taken: set[int] = set()
    stack = [(root, _Scope(frozenset(), None, is_run=True, has_this=True))]
    while stack:
        node, scope = stack.pop()
        kind = node.type
        if kind in FUNCTIONS:
            scope = _Scope(
                frozenset(_own_names(node)),
                scope,
                is_run=scope.is_run and (node.id in called or kind == "class_static_block"),
                has_this=scope.has_this and kind == "arrow_function",
            )
        elif kind in ("identifier", "shorthand_property_identifier"):
            if scope.is_run and not scope.has(text_of(node)):
                names.used.add(text_of(node))
                if node.id not in not_taken:
                    _note(names.taken, text_of(node), node.start_byte)
        elif kind in _TARGETS:
            target = node.child_by_field_name(_TARGETS[kind])
            if target is not None and node.child_by_field_name("kind") is None:
                names.assigned |= {name for name in pattern_names(target) if not scope.has(name)}
                if kind == "assignment_expression" and scope.is_run:
                    not_taken.add(target.id)
                    _give(node, target, scope, names)
        if kind in ("call_expression", "new_expression"):
            called |= {function.id for function in _called(node)}
            not_taken |= {child.id for child in node.named_children[:1]}
            _ask(node, scope, names)
        elif kind in ("member_expression", "subscript_expression", "for_in_statement"):
            _look(node, scope, names)
        stack += [(child, scope) for child in node.named_children]
    return names


def _note(places: dict[str, int], name: str, place: int) -> None:
    places[name] = min(place, places.get(name, place))


def _give(assignment: Node, target: Node, scope: _Scope, names: Names) -> None:
    """What has a value when an assignment is done, if it is a variable of no function, or a property of the window."""
    if target.type == "identifier" and not scope.has(text_of(target)):
        _note(names.given, text_of(target), assignment.end_byte)
    holder, name = target.child_by_field_name("object"), target.child_by_field_name("property")
    if holder is not None and name is not None and _is_global(holder, scope):
        _note(names.given, text_of(name), assignment.end_byte)


#: Where what is assigned to stands.
_TARGETS = {
    "assignment_expression": "left",
    "augmented_assignment_expression": "left",
    "update_expression": "argument",
    "for_in_statement": "left",
}


def _ask(node: Node, scope: _Scope, names: Names) -> None:
    """What a call asks for by code in a string, or of the global object."""
    function = node.child_by_field_name("function") or node.child_by_field_name("constructor")
    arguments = node.child_by_field_name("arguments")
    if function is None or arguments is None:
        return
    name = text_of(function)
    if _EVALUATING.fullmatch(name) and not scope.has(name):
        for argument in arguments.named_children:
            if argument.type == "string":
                names.asked |= set(_WORD.findall(text_of(argument)))
            else:
                names.asks_for_any = names.asks_for_any or scope.is_run
    elif name.partition(".")[0] in _REFLECTING and scope.is_run:
        given = arguments.named_children[:1]
        names.asks_for_any = names.asks_for_any or any(_is_global(argument, scope) for argument in given)


def _look(node: Node, scope: _Scope, names: Names) -> None:
    """What is asked for of the global object, by a name that stands in the code or not."""
    holder = node.child_by_field_name("right" if node.type == "for_in_statement" else "object")
    if holder is None or not _is_global(holder, scope):
        return
    name = node.child_by_field_name("property") or node.child_by_field_name("index")
    if name is not None and name.type in ("property_identifier", "string"):
        names.asked.add(text_of(name).strip("\"'"))
    elif name is None or name.type != "number":
        names.asks_for_any = names.asks_for_any or scope.is_run


def _is_global(node: Node, scope: _Scope) -> bool:
    if node.type == "this":
        return scope.has_this
    # A parameter of that name is the same; "self" is often somebody else.
    return text_of(node) in GLOBAL and not (text_of(node) == "self" and scope.has("self"))


def _called(node: Node) -> Iterator[Node]:
    """The function that stands where it is called: ``(function() {})()``, ``(function() {}).call(this)``."""
    function = node.child_by_field_name("function") or node.child_by_field_name("constructor")
    while function is not None and function.type in ("parenthesized_expression", "member_expression"):
        if function.type == "parenthesized_expression":
            function = next(iter(function.named_children), None)
            continue
        name = function.child_by_field_name("property")
        if name is None or text_of(name) not in _CALLED_BY:
            return
        function = function.child_by_field_name("object")
    if function is not None and function.type in FUNCTIONS:
        yield function


def _own_names(function: Node) -> set[str]:
    """The names a function declares anywhere in itself, but for the functions within."""
    names = {"arguments"} if function.type != "arrow_function" else set()
    for part in ("parameter", "parameters"):
        given = function.child_by_field_name(part)
        names |= pattern_names(given) if given is not None else set()
    name = function.child_by_field_name("name")
    if name is not None and function.type in ("function_expression", "generator_function"):
        names.add(text_of(name))
    stack = list(function.named_children)
    while stack:
        node = stack.pop()
        if node.type in _DECLARATIONS:
            names |= declared(node)
        elif node.type == "for_in_statement" and node.child_by_field_name("kind") is not None:
            left = node.child_by_field_name("left")
            names |= pattern_names(left) if left is not None else set()
        elif node.type == "catch_clause":
            caught = node.child_by_field_name("parameter")
            names |= pattern_names(caught) if caught is not None else set()
        if node.type not in FUNCTIONS:
            stack += node.named_children
    return names


_DECLARATIONS = (
    "variable_declaration",
    "lexical_declaration",
    "class_declaration",
    "function_declaration",
    "generator_function_declaration",
)


def text_of(node: Node) -> str:
    """A node as it is written."""
    return (node.text or b"").decode("utf-8", "surrogatepass")


def declared(statement: Node) -> set[str]:
    """The names a declaration binds."""
    name = statement.child_by_field_name("name")
    if name is not None:
        return {text_of(name)}
    names: set[str] = set()
    for declarator in statement.named_children:
        target = declarator.child_by_field_name("name")
        if target is not None:
            names |= pattern_names(target)
    return names


def pattern_names(target: Node) -> set[str]:
    """The names in what is bound or assigned to; of ``a.b`` none is."""
    names: set[str] = set()
    stack = [target]
    while stack:
        node = stack.pop()
        if node.type in ("identifier", "shorthand_property_identifier_pattern"):
            names.add(text_of(node))
        elif node.type in ("assignment_pattern", "object_assignment_pattern"):
            left = node.child_by_field_name("left")
            if left is not None:
                stack.append(left)
        elif node.type == "pair_pattern":
            value = node.child_by_field_name("value")
            if value is not None:
                stack.append(value)
        elif node.type not in ("member_expression", "subscript_expression"):
            stack += node.named_children
    return names


def variables(statement: Node) -> set[str]:
    """The ``var`` names a statement makes in its scope, which is not that of a function within."""
    names: set[str] = set()
    stack = [statement]
    while stack:
        node = stack.pop()
        if node.type in FUNCTIONS:
            continue
        if node.type == "variable_declaration":
            names |= declared(node)
        elif node.type == "for_in_statement" and _kind_of_loop(node) == "var":
            left = node.child_by_field_name("left")
            if left is not None:
                names |= pattern_names(left)
        stack += node.named_children
    return names


def _kind_of_loop(node: Node) -> str:
    kind = node.child_by_field_name("kind")
    return text_of(kind) if kind is not None else ""
