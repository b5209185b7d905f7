"""A normal form of scripts: two scripts with the same one do the same.

What honest minifiers change is made alike: names of local variables, ``if`` and ``?:`` and ``&&``, blocks and commas,
``while`` and ``for``, ``!0`` and ``true``, ``a["b"]`` and ``a.b``, ``var`` in one place or several. All else counts, in
its order: every call, operand, literal, property, free name, declaration, import and export.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from . import js_statements as flow
from .js_definitions import Definitions
from .js_tokens import serialised
from .js_tree import (
    Node,
    Scope,
    block_functions,
    declared_names,
    function_names,
    lexical_names,
    read,
    var_names,
)
from .js_truth import TRUE, UNDEFINED
from .js_values import UnclearError, unescaped

__all__ = ["normal_form"]

Form = tuple[Any, ...]

_NO_BEGINNING = ("object", "object_pattern", "function_expression", "generator_function", "class")
_KEYS = (
    "property_identifier",
    "string_fragment",
    "shorthand_property_identifier",
    "shorthand_property_identifier_pattern",
)


def normal_form(text: str) -> list[str] | None:
    """The normal form as a list of tokens; None when the script has syntax errors.

    Raises:
        RecursionError: it is nested too deeply to be read.
    """
    root = read(text)
    if root is None:
        return None
    reader = _Reader(root)
    del root  # with the reader's, so that what is made of it does not lie beside it
    try:
        return reader.tokens()
    except UnclearError:
        return None


class _Reader(Definitions):
    def __init__(self, root: Node) -> None:
        super().__init__(
            names_count=any(
                node.type == "with_statement"
                or (node.type == "identifier" and unescaped(node.text) == "eval")
                for node in root.walk()
            ),
            names_are_read=any(node.type in _KEYS and unescaped(node.text) == "name" for node in root.walk()),
            has_vars=any(node.type == "var" for node in root.walk()),
        )
        self.root = root

    def tokens(self) -> list[str]:
        scope = Scope(None, set())
        self.refuse_twice(self.root, self.root.named)
        names = var_names(self.root) | block_functions(self.root)
        self.shadowed = names | lexical_names(self.root.named)
        forms = self.body(self.root.named, scope)
        del self.root
        return [*sorted(names), *serialised(forms)]

    def body(self, statements: Sequence[Node], scope: Scope) -> list[Form]:
        """Statements with the directives before them."""
        directives: list[Form] = []
        rest = [node for node in statements if node.type != "hash_bang_line"]
        while rest and rest[0].type == "expression_statement" and rest[0].named[0].type == "string":
            directives.append(("directive", "".join(kid.text for kid in rest.pop(0).named[0].named)))
        return [*directives, *flow.normal(self.statements(rest, scope), tail="return")]

    def statements(self, nodes: Sequence[Node], scope: Scope) -> list[Form]:
        return [form for node in nodes for form in self.statement(node, scope)]

    def statement(self, node: Node | None, scope: Scope) -> list[Form]:
        if node is None:
            return []
        handler = getattr(self, f"_s_{node.type}", None)
        if handler is not None:
            result: list[Form] = handler(node, scope)
            return result
        return [self.expression(node, scope)]

    def block(self, node: Node | None, scope: Scope) -> list[Form]:
        """The statements of a block or of a single statement in its place."""
        if node is None:
            return []
        if node.type == "function_declaration":
            return [("block", self.statement(node, scope), True)]
        if node.type in ("lexical_declaration", "class_declaration"):
            raise UnclearError("a declaration needs a block of its own there")
        forms = self.statement(node, scope)
        return list(forms[0][1]) if len(forms) == 1 and forms[0][0] == "block" and not forms[0][2] else forms

    def _s_expression_statement(self, node: Node, scope: Scope) -> list[Form]:
        first = node
        while first.kids:
            first = first.kids[0]
            if first.type in _NO_BEGINNING:
                raise UnclearError("an expression cannot begin a statement in this way")
        return [self.expression(node.named[0], scope)]

    def _s_empty_statement(self, node: Node, scope: Scope) -> list[Form]:
        return []

    def _s_statement_block(self, node: Node, scope: Scope) -> list[Form]:
        self.refuse_twice(node, node.named)
        functions = function_names(node.named)
        inner = Scope(scope, lexical_names(node.named), functions)
        # Which variable a name means is in the form: what is declared in a block may as well be declared around it, unless
        # something looks for it by its name. Functions are known outside of their block in some modes.
        return [
            (
                "block",
                self.statements(node.named, inner),
                bool(functions or (inner.names and self.names_count)),
            )
        ]

    def _s_variable_declaration(self, node: Node, scope: Scope) -> list[Form]:
        forms = []
        for declarator in node.named:
            value = declarator.fields.get("value")
            if value is not None:
                forms.append(self.assignment("=", declarator.fields["name"], value, scope))
        return forms

    def _s_lexical_declaration(self, node: Node, scope: Scope) -> list[Form]:
        forms: list[Form] = []
        for declarator in node.named:
            value = declarator.fields.get("value")
            name = declarator.fields["name"]
            initial = UNDEFINED if value is None else self.named(name, value, scope)
            forms.append(("declare", node.kids[0].type, self.pattern(name, scope), initial))
        return forms

    def _s_function_declaration(self, node: Node, scope: Scope) -> list[Form]:
        name = node.fields["name"]
        return [("define", self.pattern(name, scope), self.function(node, scope, self.own_name(name)))]

    _s_generator_function_declaration = _s_function_declaration

    def _s_class_declaration(self, node: Node, scope: Scope) -> list[Form]:
        name = node.fields["name"]
        return [("declare", "class", self.pattern(name, scope), self.klass(node, scope, self.own_name(name)))]

    def _s_if_statement(self, node: Node, scope: Scope) -> list[Form]:
        test = self.expression(node.fields["condition"], scope)
        then = self.block(node.fields["consequence"], scope)
        alternative = node.fields.get("alternative")
        other = (
            self.block(alternative.named[0], scope) if alternative is not None and alternative.named else []
        )
        return [("if", test, then, other)]

    def _s_return_statement(self, node: Node, scope: Scope) -> list[Form]:
        return [("return", self.expression(node.named[0], scope) if node.named else UNDEFINED)]

    def _s_throw_statement(self, node: Node, scope: Scope) -> list[Form]:
        return [("throw", self.expression(node.named[0], scope))]

    def _s_break_statement(self, node: Node, scope: Scope) -> list[Form]:
        return [("break", *(kid.text for kid in node.named))]

    def _s_continue_statement(self, node: Node, scope: Scope) -> list[Form]:
        return [("continue", *(kid.text for kid in node.named))]

    def _s_while_statement(self, node: Node, scope: Scope) -> list[Form]:
        test = self.expression(node.fields["condition"], scope)
        return [("for", test, [], self.block(node.fields["body"], scope))]

    def _s_do_statement(self, node: Node, scope: Scope) -> list[Form]:
        body = self.block(node.fields["body"], scope)
        return [("do", body, self.expression(node.fields["condition"], scope))]

    def _s_for_statement(self, node: Node, scope: Scope) -> list[Form]:
        initial = node.fields.get("initializer")
        lexical = initial is not None and initial.type == "lexical_declaration"
        inner = Scope(scope, declared_names(initial)) if initial is not None and lexical else scope
        before = (
            []
            if initial is None or initial.type in (";", "empty_statement")
            else self.statement(initial, inner)
        )
        condition = node.fields.get("condition")
        test = TRUE
        if condition is not None and condition.type not in (";", "empty_statement"):
            test = self.expression(condition, inner)
        step = node.fields.get("increment")
        steps = [] if step is None else [self.expression(step, inner)]
        loop = ("for", test, steps, self.block(node.fields["body"], inner))
        # The scope of let is the loop: it is made anew for every turn.
        return [("lexical-for", before, loop)] if lexical else [*before, loop]

    def _s_for_in_statement(self, node: Node, scope: Scope) -> list[Form]:
        left = node.fields["left"]
        kind = next((kid.type for kid in node.kids if kid.type in ("var", "let", "const")), "")
        inner = Scope(scope, declared_names(left)) if kind in ("let", "const") else scope
        flags = [kid.type for kid in node.kids if kid.type in ("await", "of", "in")]
        initial = node.fields.get("value")
        first = [] if initial is None else [self.assignment("=", left, initial, scope)]
        # The names of let are there, though without a value, where the right side is evaluated.
        right = self.expression(node.fields["right"], inner)
        target = self.pattern(left, inner)
        kind = "" if kind == "var" else kind
        return [*first, ("each", *flags, kind, target, right, self.block(node.fields["body"], inner))]

    def _s_switch_statement(self, node: Node, scope: Scope) -> list[Form]:
        value = self.expression(node.fields["value"], scope)
        cases = node.fields["body"].named
        inside = [kid for case in cases for kid in case.named]
        self.refuse_twice(node.fields["body"], inside)
        inner = Scope(scope, lexical_names(inside), function_names(inside))
        forms = []
        for case in cases:
            test = case.fields.get("value")
            body = [kid for kid in case.named if kid is not test]
            label = ("default",) if test is None else self.expression(test, inner)
            forms.append(("case", label, self.statements(body, inner)))
        return [("switch", value, forms)]

    def _s_try_statement(self, node: Node, scope: Scope) -> list[Form]:
        body = self.block(node.fields["body"], scope)
        handler: Form = ()
        found = node.fields.get("handler")
        if found is not None:
            parameter = found.fields.get("parameter")
            names = declared_names(parameter) if parameter is not None else set()
            if names & lexical_names(found.fields["body"].named):
                raise UnclearError("a name is declared twice")
            inner = Scope(scope, names)
            caught = self.block(found.fields["body"], inner)
            target = self.pattern(parameter, inner) if parameter is not None else ()
            handler = ("catch", target, caught)
        last = node.fields.get("finalizer")
        final: Form = ("finally", self.block(last.fields["body"], scope)) if last is not None else ()
        return [("try", body, handler, final)]

    def _s_labeled_statement(self, node: Node, scope: Scope) -> list[Form]:
        return [("label", node.fields["label"].text, self.block(node.fields["body"], scope))]

    def _s_with_statement(self, node: Node, scope: Scope) -> list[Form]:
        return [
            ("with", self.expression(node.fields["object"], scope), self.block(node.fields["body"], scope))
        ]

    def _s_import_statement(self, node: Node, scope: Scope) -> list[Form]:
        return [("import", *_module_tokens(node))]

    def _s_export_statement(self, node: Node, scope: Scope) -> list[Form]:
        declaration = node.fields.get("declaration") or node.fields.get("value")
        if declaration is None:
            return [("export", *_module_tokens(node))]
        if not node.has("default"):
            return [("export", *sorted(_exported_names(declaration))), *self.statement(declaration, scope)]
        found = declaration.fields.get("name")
        is_needed = found is not None and (self.own_name(found) or self._is_mentioned(found.text))
        name = found.text if found is not None and is_needed else ""
        if declaration.type.startswith(("function", "generator_function")):
            return [("export", "default-function", name, self.function(declaration, scope))]
        if declaration.type.startswith("class"):
            return [("export", "default-class", name, self.klass(declaration, scope))]
        return [("export", "default", self.expression(declaration, scope))]

    def _is_mentioned(self, name: str) -> bool:
        """Whether a top-level name is used apart from its declaration."""
        kinds = ("identifier", "shorthand_property_identifier")
        return sum(node.type in kinds and node.text == name for node in self.root.walk()) > 1


def _exported_names(declaration: Node) -> set[str]:
    """The names an exported declaration makes."""
    name = declaration.fields.get("name")
    return {name.text} if name is not None else declared_names(declaration)


def _module_tokens(node: Node) -> list[str]:
    """The words and strings of an import or export, without the punctuation that may be left out."""
    words = []
    for inner in node.walk():
        if inner.type == "string":
            words.append(repr(unescaped("".join(kid.text for kid in inner.named))))
        elif not inner.kids and inner.type not in (";", ",", "'", '"', "string_fragment", "escape_sequence"):
            words.append(inner.text)
    return words
