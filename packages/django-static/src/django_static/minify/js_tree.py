"""A script as a tree that is quick to walk, and its scopes: which name is which variable."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from types import MappingProxyType

from ..references import js

__all__ = [
    "Binding",
    "Node",
    "Scope",
    "block_functions",
    "declared_names",
    "function_names",
    "lexical_names",
    "own_names",
    "read",
    "var_names",
]

_COMMENTS = ("comment", "html_comment")

FUNCTIONS = frozenset(
    (
        "function_declaration",
        "generator_function_declaration",
        "function_expression",
        "generator_function",
        "arrow_function",
        "method_definition",
    )
)


_OF_MODULES = ("import_statement", "export_statement")
#: What no browser reads yet, and what this parser takes for a language of its own.
_REFUSED = ("decorator", "using", "using_declaration", "jsx_element", "jsx_self_closing_element")
_DECLARATIONS = ("function_declaration", "generator_function_declaration")
_VAR_SCOPES = FUNCTIONS | {"class_static_block"}


_NO_FIELDS: Mapping[str, Node] = MappingProxyType({})


class Node:
    """A node of the syntax tree without its comments."""

    __slots__ = ("fields", "is_named", "kids", "named", "text", "type")

    def __init__(self, kind: str, is_named: bool, text: str) -> None:
        self.type = kind
        self.is_named = is_named
        #: Of a leaf; empty for an inner node.
        self.text = text
        # There are millions, and most are leaves: these share what is empty.
        self.kids: Sequence[Node] = ()
        self.named: Sequence[Node] = ()
        self.fields: Mapping[str, Node] = _NO_FIELDS

    def has(self, *tokens: str) -> bool:
        """Whether one of the unnamed children is such a token."""
        return any(kid.type in tokens for kid in self.kids if not kid.is_named)

    def walk(self) -> Iterator[Node]:
        stack = [self]
        while stack:
            node = stack.pop()
            yield node
            stack += reversed(node.kids)


def read(text: str) -> Node | None:
    """The tree of a script; None when it has syntax errors, or parts that scripts and modules read in different ways."""
    tree = js.parse(text)
    if tree.root_node.has_error:
        return None
    data = text.encode("utf-8", "surrogatepass")
    is_module = any(kid.type in _OF_MODULES for kid in tree.root_node.named_children)
    cursor = tree.walk()
    #: The parser makes a string of its own for each of millions of nodes, and there are some thousand that differ.
    known: dict[str, str] = {}
    root = Node("program", True, "")
    path = [_Grown(root)]
    if not cursor.goto_first_child():
        return root
    while True:
        found = cursor.node
        assert found is not None  # noqa: S101 (the cursor stands on a node)
        kind = found.type
        kind = known.setdefault(kind, kind)
        # The rest of the line is a comment in a script, and part of an expression in a module.
        is_open = kind == "<" and data.startswith(b"!--", found.end_byte)
        if is_open or kind in _REFUSED or (kind == "html_comment" and is_module):
            return None
        if kind not in _COMMENTS and not (found.is_extra and kind != "hash_bang_line"):
            leaf = found.child_count == 0
            raw = data[found.start_byte : found.end_byte].decode("utf-8", "surrogatepass") if leaf else ""
            node = Node(kind, found.is_named, known.setdefault(raw, raw))
            field = cursor.field_name
            path[-1].add(node, field and known.setdefault(field, field))
            if cursor.goto_first_child():
                path.append(_Grown(node))
                continue
        while not cursor.goto_next_sibling():
            if not cursor.goto_parent():
                return root
            path.pop()
            if not path:
                return root


class _Grown:
    """A node that gets children."""

    __slots__ = ("fields", "kids", "named", "node")

    def __init__(self, node: Node) -> None:
        self.node = node
        node.kids = self.kids = list[Node]()
        node.named = self.named = list[Node]()
        node.fields = self.fields = dict[str, Node]()

    def add(self, kid: Node, field: str | None) -> None:
        self.kids.append(kid)
        if kid.is_named:
            self.named.append(kid)
        if field is not None:
            self.fields.setdefault(field, kid)


class Binding:
    """A variable: occurrences of the same one are the same object, whatever it is called."""

    __slots__ = ("is_number", "name", "uses")

    def __init__(self, name: str) -> None:
        self.name = name
        self.uses = 0
        #: Whether it never gets anything but numbers.
        self.is_number = True


class Scope:
    """The names of a function, block, class or loop. The outermost one keeps its names: others may know them.

    So do functions in blocks (``kept``): where they are known besides depends on the mode the script runs in
    (ECMAScript B.3.2), and may be more than one variable.
    """

    __slots__ = ("names", "parent")

    def __init__(self, parent: Scope | None, names: set[str], kept: AbstractSet[str] = frozenset()) -> None:
        self.parent = parent
        self.names = {name: None if name in kept else Binding(name) for name in names | kept}

    def find(self, name: str) -> Binding | None:
        """The variable a name means here; None for a global, or another that keeps its name."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.names:
                return scope.names[name]
            scope = scope.parent
        return None


def declared_names(pattern: Node) -> set[str]:
    """The names a binding pattern or declaration makes."""
    names: set[str] = set()
    stack = [pattern]
    while stack:
        node = stack.pop()
        if node.type in ("identifier", "shorthand_property_identifier_pattern"):
            names.add(node.text)
        elif node.type in ("assignment_pattern", "object_assignment_pattern"):
            stack.append(node.fields["left"])
        elif node.type == "pair_pattern":
            stack.append(node.fields["value"])
        elif node.type == "variable_declarator":
            stack.append(node.fields["name"])
        else:
            stack += node.named
    return names


def var_names(body: Node) -> set[str]:
    """The names ``var`` makes in a function body, at any depth but not in functions within."""
    names: set[str] = set()
    stack = [body]
    while stack:
        node = stack.pop()
        if node.type == "variable_declaration":
            names |= declared_names(node)
        elif node.type == "for_in_statement" and node.has("var"):
            names |= declared_names(node.fields["left"])
        if node is body or node.type not in _VAR_SCOPES:
            stack += node.named
    return names


def block_functions(body: Node) -> set[str]:
    """The names of functions declared in blocks of a body, which sloppy code knows outside of the blocks as well."""
    names: set[str] = set()
    stack = [kid for kid in body.named if kid.type not in _VAR_SCOPES and kid.type != "export_statement"]
    while stack:
        node = stack.pop()
        names |= function_names([node])
        if node.type not in _VAR_SCOPES:
            stack += node.named
    return names


def function_names(statements: Sequence[Node]) -> set[str]:
    """The names of the functions declared among statements."""
    return {node.fields["name"].text for node in statements if node.type in _DECLARATIONS}


def own_names(statements: Sequence[Node]) -> list[str]:
    """What ``let``, ``const`` and ``class`` declare among statements of one block, each time they do."""
    names: list[str] = []
    for outer in statements:
        node = outer.fields.get("declaration", outer) if outer.type == "export_statement" else outer
        if node.type == "lexical_declaration":
            for declarator in node.named:
                names += sorted(declared_names(declarator))
        elif node.type == "class_declaration":
            names.append(node.fields["name"].text)
    return names


def lexical_names(statements: Sequence[Node]) -> set[str]:
    """The names ``let``, ``const``, ``class``, ``function`` and ``import`` make among statements of one block."""
    names: set[str] = set()
    for outer in statements:
        node = outer.fields.get("declaration", outer) if outer.type == "export_statement" else outer
        if node.type == "lexical_declaration":
            names |= declared_names(node)
        elif node.type in ("class_declaration", "function_declaration", "generator_function_declaration"):
            names.add(node.fields["name"].text)
    return names
