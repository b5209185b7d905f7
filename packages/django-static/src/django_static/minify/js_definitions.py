"""The functions, classes and patterns of a script in the normal form; see :mod:`.js_form`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from . import js_statements as flow
from . import js_values as values
from .js_expressions import Expressions
from .js_shapes import NAMELESS
from .js_tree import (
    Binding,
    Node,
    Scope,
    block_functions,
    declared_names,
    function_names,
    lexical_names,
    own_names,
    var_names,
)
from .js_truth import UNDEFINED

__all__ = ["Definitions"]

Form = tuple[Any, ...]

_NAMES = ("identifier", "shorthand_property_identifier_pattern")


class Definitions(Expressions):
    """Reads what has a scope of its own; its heir reads the statements there."""

    def body(self, statements: Sequence[Node], scope: Scope) -> list[Form]:
        raise NotImplementedError

    def statements(self, nodes: Sequence[Node], scope: Scope) -> list[Form]:
        raise NotImplementedError

    def _e_function_expression(self, node: Node, scope: Scope) -> Form:
        name = node.fields.get("name")
        if name is None:
            return self.function(node, scope)
        inner = Scope(scope, {name.text})
        self.pattern(name, inner)
        return self.function(node, inner, self.own_name(name))

    _e_generator_function = _e_function_expression

    def _e_arrow_function(self, node: Node, scope: Scope) -> Form:
        return self.function(node, scope)

    def own_name(self, name: Node) -> str:
        """What a function or class answers when asked for its name, if that may happen."""
        return name.text if self.names_count or self.names_are_read else ""

    def named(self, target: Node, value: Node, scope: Scope) -> Form:
        """A value that has its name, if it is a function without one, from what it is assigned to."""
        form = self.expression(value, scope)
        anonymous = form[0] in NAMELESS and not form[1] and target.type in _NAMES
        return (form[0], self.own_name(target), *form[2:]) if anonymous else form

    def function(self, node: Node, scope: Scope, name: str = "") -> Form:
        body = node.fields["body"]
        single = node.fields.get("parameter")
        parameters = [single] if single is not None else node.fields["parameters"].named
        block = body.named if body.type == "statement_block" else []
        names = var_names(body) | lexical_names(block)
        taken = {name for parameter in parameters for name in declared_names(parameter)}
        if taken & (lexical_names(block) - function_names(block)):
            raise values.UnclearError("a name is declared twice")
        self.refuse_twice(body, block)
        # A default does not see the variables of the body.
        outer = Scope(scope, taken)
        inner = Scope(outer, names - taken, block_functions(body))
        arrow = node.type == "arrow_function"
        flags = [kid.type for kid in node.kids if kid.type in ("async", "*")]
        if "generator" in node.type and "*" not in flags:
            flags.append("*")
        patterns: list[Any] = [self.pattern(parameter, outer) for parameter in parameters]
        if self.names_count:
            patterns.append(("var", *sorted(names)))
        if body.type == "statement_block":
            forms = self.body(block, inner)
        else:
            forms = flow.normal([("return", self.expression(body, inner))], tail="return")
        return ("arrow" if arrow else "function", name, *flags, patterns, forms)

    def refuse_twice(self, body: Node, statements: Sequence[Node]) -> None:
        """Refuse what browsers refuse and this parser does not see: a name that ``let`` and something else declare in one scope."""
        names = own_names(statements)
        if len(names) > len(set(names)) or (
            names and self.has_vars and not var_names(body).isdisjoint(names)
        ):
            raise values.UnclearError("a name is declared twice")

    def _e_class(self, node: Node, scope: Scope) -> Form:
        name = node.fields.get("name")
        if name is None:
            return self.klass(node, scope)
        inner = Scope(scope, {name.text})
        self.pattern(name, inner)
        return self.klass(node, inner, self.own_name(name))

    def klass(self, node: Node, scope: Scope, name: str = "") -> Form:
        body = node.fields["body"]
        names = {
            kid.text
            for member in body.named
            for kid in member.kids
            if kid.type == "private_property_identifier"
        }
        self.private.append({name: Binding(name) for name in names})
        heritage = [self.expression(kid.named[0], scope) for kid in node.kids if kid.type == "class_heritage"]
        members: list[Form] = []
        for member in body.named:
            flags = sorted(
                kid.type
                for kid in member.kids
                if kid.type in ("static", "get", "set", "async", "*", "static get")
            )
            if member.type == "class_static_block":
                block = member.fields["body"]
                self.refuse_twice(block, block.named)
                inner = Scope(scope, var_names(block) | lexical_names(block.named), block_functions(block))
                members.append(("static", flow.normal(self.statements(block.named, inner))))
            elif member.type == "field_definition":
                value = member.fields.get("value")
                initial = UNDEFINED if value is None else self.expression(value, scope)
                members.append(("field", *flags, self.key(member.fields["property"], scope), initial))
            elif member.type == "method_definition":
                members.append(
                    ("method", *flags, self.key(member.fields["name"], scope), self.function(member, scope))
                )
            else:
                members.append(self.expression(member, scope))
        self.private.pop()
        return ("class", name, heritage, members)

    def pattern(self, node: Node, scope: Scope) -> Form:
        kind = node.type
        if kind in ("identifier", "shorthand_property_identifier_pattern"):
            target = self.identifier(node.text, scope)
            if target[0] == "variable":
                target[1].is_number = False
            return target if kind == "identifier" else ("pair", ("string", node.text), target)
        if kind == "object_pattern":
            return ("object-pattern", *(self.pattern(kid, scope) for kid in node.named))
        if kind == "array_pattern":
            return ("array-pattern", *self.elements(node, scope, pattern=True))
        if kind == "pair_pattern":
            return ("pair", self.key(node.fields["key"], scope), self.pattern(node.fields["value"], scope))
        if kind == "object_assignment_pattern":
            left = node.fields["left"]
            value = self.named(left, node.fields["right"], scope)
            target = self.pattern(left, scope)
            if target[0] == "pair":
                return ("pair", target[1], ("default", target[2], value))
            return ("default", target, value)
        if kind == "assignment_pattern":
            target = self.pattern(node.fields["left"], scope)
            return ("default", target, self.named(node.fields["left"], node.fields["right"], scope))
        if kind == "rest_pattern":
            return ("rest", self.pattern(node.named[0], scope))
        return self.expression(node, scope)
