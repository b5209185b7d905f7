"""What a script refers to; and, read with a real parser, what must be known before it may stand in one file with others."""

from __future__ import annotations

from dataclasses import dataclass

from tree_sitter import Node

from . import js_names
from .js_element import modules_posed, posed
from .js_found import Found, Own, Unknown
from .js_names import declared, text_of
from .js_own import relocated
from .js_references import has_export, scan
from .js_syntax import parse
from .reference import Reference

__all__ = [
    "Found",
    "Own",
    "Reference",
    "Script",
    "Unknown",
    "clash",
    "has_export",
    "modules_posed",
    "parse",
    "posed",
    "read",
    "references",
    "relocated",
    "scan",
    "unknown",
]


def references(text: str) -> list[Reference]:
    """What a script or module loads by URL, in document order: modules, assets, worker scripts, its source map."""
    return list(scan(text).references)


def unknown(text: str) -> list[Unknown]:
    """The places where a script loads what is only known at run time."""
    return list(scan(text).unknown)


@dataclass(frozen=True, slots=True)
class Script:
    """The facts that decide what a script can be joined with."""

    has_errors: bool
    is_strict: bool
    #: It has ``import`` or ``export`` statements.
    is_module: bool
    #: It asks for things by a path relative to its own URL.
    is_relative: bool
    #: It looks at its own ``<script>`` element.
    knows_itself: bool
    #: Top-level ``let``, ``const`` and ``class``; ``function``; ``var``.
    lexical: frozenset[str]
    functions: frozenset[str]
    variables: frozenset[str]
    #: Names that are asked for with ``typeof``, as a property of the global object, or in code in a string.
    asked: frozenset[str]
    #: Names for which it matters whether they are declared at all: asked for with ``in``, or read in a ``try``.
    probed: frozenset[str] = frozenset()
    #: Names that are used while it is loaded, or assigned to, and that no function of it declares.
    used: frozenset[str] = frozenset()
    assigned: frozenset[str] = frozenset()
    #: Names whose value is taken while it is loaded, and that it has not declared or given any before: of elements, by their ids.
    free: frozenset[str] = frozenset()
    #: Names that it gives a value while it is loaded, without a declaration.
    given: frozenset[str] = frozenset()
    #: Whether it asks, while it is loaded, for names that are made then: ``eval(code)``, ``window[name]``.
    asks_for_any: bool = False
    #: It ends before its end: a ``throw`` at its top, a ``return`` that is a mistake there, names nobody may declare.
    ends_early: bool = False

    @property
    def makes(self) -> frozenset[str]:
        """The names that are there for others when it is loaded."""
        return self.lexical | self.functions | self.variables | self.given


def read(text: str) -> Script:
    """Read a script.

    The syntax tree comes from tree-sitter; a script with syntax errors must stand alone, since an error in one script
    of a page does not stop the others, but one in a file of several does.
    """
    root = parse(text).root_node
    lexical: set[str] = set()
    functions: set[str] = set()
    variables: set[str] = set()
    is_module = ends_early = False
    for statement in root.named_children:
        kind = statement.type
        if kind in ("lexical_declaration", "class_declaration"):
            lexical |= declared(statement)
        elif kind in ("function_declaration", "generator_function_declaration"):
            functions |= declared(statement)
        elif kind in ("import_statement", "export_statement"):
            is_module = True
        elif kind in ("throw_statement", "return_statement"):
            ends_early = True
        variables |= js_names.variables(statement)
    asked, probed, relative, knows_itself = _mentions(root)
    names = js_names.read(root)
    return Script(
        has_errors=root.has_error,
        is_strict=_is_strict(root),
        is_module=is_module,
        is_relative=relative,
        knows_itself=knows_itself,
        lexical=frozenset(lexical),
        functions=frozenset(functions),
        variables=frozenset(variables),
        asked=frozenset(asked | names.asked),
        probed=frozenset(probed),
        used=frozenset(names.used),
        assigned=frozenset(names.assigned),
        free=frozenset(names.free - lexical - functions - variables),
        given=frozenset(names.given),
        asks_for_any=names.asks_for_any,
        ends_early=ends_early or not lexical.isdisjoint(_RESERVED),
    )


def declared_twice(earlier: Script, later: Script) -> frozenset[str]:
    """The names that one of two scripts declares by ``let``, ``const`` or ``class``, and the other as well: an error of a file
    that has both, and none of two files but for the second."""
    of_earlier = earlier.lexical | earlier.functions | earlier.variables
    of_later = later.lexical | later.functions | later.variables
    return (earlier.lexical & of_later) | (later.lexical & of_earlier)


def clash(earlier: Script, later: Script, known: frozenset[str] = frozenset()) -> str:
    """Why two scripts do not behave in one file as they do one after the other; empty when they do.

    ``known`` are the names that scripts before them in that file have made.
    """
    if earlier.is_strict != later.is_strict:
        return "only one of them is strict"
    if earlier.ends_early or later.ends_early:
        return "one of them ends early"
    hoisted = later.lexical | later.functions
    twice = (hoisted & (earlier.lexical | earlier.functions | earlier.variables)) | (
        later.variables & (earlier.lexical | earlier.functions)
    )
    if twice:
        return f"both declare {', '.join(sorted(twice))}"
    asked = hoisted & (earlier.asked | earlier.probed)
    asked |= (later.variables - earlier.variables) & earlier.probed
    if asked:
        return f"the first asks whether there is a {', '.join(sorted(asked))}"
    # What is declared further down is there, or barred, from the first line on.
    other = hoisted & (earlier.used | earlier.assigned)
    if other:
        return f"the first uses another {', '.join(sorted(other))} than the second declares"
    # A variable that has no value yet hides the element of that id.
    hidden = (earlier.free & later.variables) - known - _THERE_FOR_EVER
    if hidden:
        names = ", ".join(sorted(hidden))
        return f"the first uses {names}, which may be an element by its id until the second declares it"
    new = hoisted | (later.variables - earlier.variables)
    if new and earlier.asks_for_any:
        return f"the first may ask for {', '.join(sorted(new)[:3])} by a name it makes up"
    return ""


#: Names that the global object has for ever: to declare them with ``let`` is an error of the whole script.
_RESERVED = ("undefined", "NaN", "Infinity")
#: Names that the global object has in each browser, and that scripts declare all the same: no element is found by them, and
#: ``var`` leaves them what they are.
_THERE_FOR_EVER = {
    *("window", "self", "globalThis", "document", "name", "location", "event", "top", "parent", "status"),
    *(
        "navigator",
        "console",
        "history",
        "screen",
        "Promise",
        "Symbol",
        "Map",
        "Set",
        "JSON",
        "Math",
        "URL",
        "undefined",
    ),
}


def _mentions(root: Node) -> tuple[set[str], set[str], bool, bool]:
    """Names that are asked for, and probed; whether relative files are loaded; whether the own element is looked at."""
    asked: set[str] = set()
    probed: set[str] = set()
    relative = knows_itself = False
    stack = [root]
    while stack:
        node = stack.pop()
        kind = node.type
        if kind == "unary_expression":
            operand = node.child_by_field_name("argument")
            if node.children[0].type == "typeof" and operand is not None and operand.type == "identifier":
                asked.add(text_of(operand))
        elif kind == "binary_expression":
            left, operator = node.child_by_field_name("left"), node.child_by_field_name("operator")
            if operator is not None and operator.type == "in" and left is not None and left.type == "string":
                probed.add(text_of(left)[1:-1])
        elif kind == "try_statement":
            body = node.child_by_field_name("body")
            probed |= _identifiers(body) if body is not None else set()
        if kind == "property_identifier":
            knows_itself = knows_itself or text_of(node) == "currentScript"
        elif kind == "meta_property":
            relative = relative or text_of(node) == "import.meta"
        elif kind in ("import_statement", "export_statement"):
            source = node.child_by_field_name("source")
            relative = relative or (source is not None and text_of(source)[1:2] == ".")
        elif kind == "call_expression":
            function = node.child_by_field_name("function")
            relative = relative or (function is not None and function.type == "import")
        stack += node.children
    return asked, probed, relative, knows_itself


def _identifiers(body: Node) -> set[str]:
    """The names of variables in a piece of code; what is not there ends it, and nothing but it."""
    found: set[str] = set()
    stack = [body]
    while stack:
        node = stack.pop()
        if node.type == "identifier":
            found.add(text_of(node))
        stack += node.named_children
    return found


def _is_strict(root: Node) -> bool:
    """Whether the directive prologue says ``use strict``."""
    for statement in root.named_children:
        if statement.type in ("comment", "html_comment", "hash_bang_line"):
            continue
        if statement.type != "expression_statement" or statement.named_child_count == 0:
            return False
        value = statement.named_children[0]
        if value.type != "string":
            return False
        if text_of(value)[1:-1] == "use strict":
            return True
    return False
