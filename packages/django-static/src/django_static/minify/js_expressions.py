"""The expressions of a script in the normal form; see :mod:`.js_form`."""

from __future__ import annotations

from typing import Any

from . import js_statements as flow
from . import js_values as values
from .js_operators import unary
from .js_shapes import is_optional
from .js_tree import Binding, Node, Scope
from .js_truth import FALSE, TRUE, UNDEFINED

__all__ = ["Expressions"]

Form = tuple[Any, ...]

_GLOBALS: dict[str, Form] = {"undefined": UNDEFINED, "Infinity": ("number", "inf")}


class Expressions:
    """Reads expressions; its heirs read the functions, classes and patterns in them, and the statements in those."""

    def __init__(self, *, names_count: bool, names_are_read: bool, has_vars: bool) -> None:
        #: ``eval`` and ``with`` look variables up by name.
        self.names_count = names_count
        #: Something is asked for its ``name``, and it may be a function.
        self.names_are_read = names_are_read
        self.has_vars = has_vars
        #: Names of the script at its top, which may be those of globals.
        self.shadowed: set[str] = set()
        self.private: list[dict[str, Binding]] = []

    def function(self, node: Node, scope: Scope, name: str = "") -> Form:
        raise NotImplementedError

    def named(self, target: Node, value: Node, scope: Scope) -> Form:
        raise NotImplementedError

    def pattern(self, node: Node, scope: Scope) -> Form:
        raise NotImplementedError

    def expression(self, node: Node, scope: Scope) -> Form:
        handler = getattr(self, f"_e_{node.type}", None)
        if handler is not None:
            result: Form = handler(node, scope)
            return result
        if not node.kids:
            return (node.type, node.text)
        return (node.type, *(self.expression(kid, scope) for kid in node.kids))

    def identifier(self, name: str, scope: Scope) -> Form:
        name = values.unescaped(name) if "\\" in name else name
        if name == "arguments":
            return ("name", name)
        binding = scope.find(name)
        if binding is None:
            known = name in _GLOBALS and not self.names_count and name not in self.shadowed
            return _GLOBALS[name] if known else ("name", name)
        binding.uses += 1
        return ("name", name) if self.names_count else ("variable", binding)

    def _e_identifier(self, node: Node, scope: Scope) -> Form:
        return self.identifier(node.text, scope)

    def _e_undefined(self, node: Node, scope: Scope) -> Form:
        return self.identifier("undefined", scope)

    def _e_parenthesized_expression(self, node: Node, scope: Scope) -> Form:
        return self.expression(node.named[0], scope)

    def head(self, node: Node, scope: Scope) -> Form:
        """What a member is taken of or that is called: ``(a?.b).c`` is another thing than ``a?.b.c``."""
        form = self.expression(node, scope)
        return ("group", form) if node.type == "parenthesized_expression" and is_optional(form) else form

    def _e_string(self, node: Node, scope: Scope) -> Form:
        return ("string", values.unescaped("".join(kid.text for kid in node.named)))

    def _e_template_string(self, node: Node, scope: Scope, tagged: bool = False) -> Form:
        chunks: list[Any] = [""]
        for kid in node.named:
            if kid.type == "template_substitution":
                chunks += [self.expression(kid.named[0], scope), ""]
            else:
                chunks[-1] += kid.text.replace("\r\n", "\n").replace("\r", "\n")
        if tagged:
            return ("raw", *(chunk if isinstance(chunk, tuple) else ("chunk", chunk) for chunk in chunks))
        chunks = [values.unescaped(chunk) if isinstance(chunk, str) else chunk for chunk in chunks]
        return ("string", chunks[0]) if len(chunks) == 1 else ("template", *chunks)

    def _e_number(self, node: Node, scope: Scope) -> Form:
        return values.number(node.text)

    def _e_true(self, node: Node, scope: Scope) -> Form:
        return TRUE

    def _e_false(self, node: Node, scope: Scope) -> Form:
        return FALSE

    def _e_regex(self, node: Node, scope: Scope) -> Form:
        flags = node.fields.get("flags")
        return values.regex(node.fields["pattern"].text, flags.text if flags else "")

    def _e_unary_expression(self, node: Node, scope: Scope) -> Form:
        operator = node.kids[0].type
        return unary(operator, self.expression(node.fields["argument"], scope))

    def _e_binary_expression(self, node: Node, scope: Scope) -> Form:
        operator = node.fields["operator"].type
        left = node.fields["left"]
        _refuse_ambiguous(operator, left, node.fields["right"])
        if left.type == "private_property_identifier":
            return ("in", self.private_name(left.text), self.expression(node.fields["right"], scope))
        # A chain of a hundred strings is as deep as it is long.
        pending = [(operator, node.fields["right"])]
        while left.type == "binary_expression" and left.fields["left"].type != "private_property_identifier":
            _refuse_ambiguous(left.fields["operator"].type, left.fields["left"], left.fields["right"])
            pending.append((left.fields["operator"].type, left.fields["right"]))
            left = left.fields["left"]
        form = self.expression(left, scope)
        for operator, right in reversed(pending):
            form = flow.binary(operator, form, self.expression(right, scope))
        return form

    def _e_ternary_expression(self, node: Node, scope: Scope) -> Form:
        test, then, other = (
            self.expression(node.fields[name], scope) for name in ("condition", "consequence", "alternative")
        )
        return flow.choice(test, then, other)

    def _e_sequence_expression(self, node: Node, scope: Scope) -> Form:
        return flow.sequence([self.expression(kid, scope) for kid in node.named])

    def _e_assignment_expression(self, node: Node, scope: Scope) -> Form:
        return self.assignment("=", node.fields["left"], node.fields["right"], scope)

    def _e_augmented_assignment_expression(self, node: Node, scope: Scope) -> Form:
        return self.assignment(node.fields["operator"].type, node.fields["left"], node.fields["right"], scope)

    def assignment(self, operator: str, left: Node, right: Node, scope: Scope) -> Form:
        if left.type != "identifier":
            target = self.pattern(left, scope) if operator == "=" else self.expression(left, scope)
            return ("assign", operator, target, self.expression(right, scope))
        target = self.identifier(left.text, scope)
        value = self.named(left, right, scope)
        if target[0] == "variable" and not _keeps_number(operator, target, value):
            target[1].is_number = False
        return ("assign", operator, target, value)

    def _e_update_expression(self, node: Node, scope: Scope) -> Form:
        prefix = not node.kids[0].is_named
        operator = node.fields["operator"].type
        return (
            "update",
            "prefix" if prefix else "suffix",
            operator,
            self.expression(node.fields["argument"], scope),
        )

    def _e_member_expression(self, node: Node, scope: Scope) -> Form:
        target = self.head(node.fields["object"], scope)
        name = node.fields["property"]
        key = (
            self.private_name(name.text)
            if name.type.startswith("private")
            else ("string", values.unescaped(name.text))
        )
        return ("optional-get" if "optional_chain" in _types(node) else "get", target, key)

    def _e_subscript_expression(self, node: Node, scope: Scope) -> Form:
        target = self.head(node.fields["object"], scope)
        key = values.key(self.expression(node.fields["index"], scope))
        return ("optional-get" if "optional_chain" in _types(node) else "get", target, key)

    def _e_call_expression(self, node: Node, scope: Scope) -> Form:
        function = self.head(node.fields["function"], scope)
        arguments = node.fields["arguments"]
        if arguments.type == "template_string":
            # Each place hands over a list of its own: two are never one.
            return ("tagged", Binding(""), function, self._e_template_string(arguments, scope, tagged=True))
        values = [self.expression(kid, scope) for kid in arguments.named]
        return ("optional-call" if "optional_chain" in _types(node) else "call", function, values)

    def _e_new_expression(self, node: Node, scope: Scope) -> Form:
        arguments = node.fields.get("arguments")
        values = [] if arguments is None else [self.expression(kid, scope) for kid in arguments.named]
        return ("new", self.expression(node.fields["constructor"], scope), values)

    def _e_await_expression(self, node: Node, scope: Scope) -> Form:
        return ("await", self.expression(node.named[0], scope))

    def _e_yield_expression(self, node: Node, scope: Scope) -> Form:
        value = self.expression(node.named[0], scope) if node.named else UNDEFINED
        return ("yield*" if node.has("*") else "yield", value)

    def _e_array(self, node: Node, scope: Scope) -> Form:
        return ("array", *self.elements(node, scope))

    def elements(self, node: Node, scope: Scope, *, pattern: bool = False) -> list[Form]:
        """The elements of an array with its holes."""
        forms: list[Form] = []
        is_hole = True
        for kid in node.kids[1:-1]:
            if kid.type == ",":
                if is_hole:
                    forms.append(("hole",))
                is_hole = True
            else:
                forms.append(self.pattern(kid, scope) if pattern else self.expression(kid, scope))
                is_hole = False
        return forms

    def _e_object(self, node: Node, scope: Scope) -> Form:
        return ("object", *(self.member(kid, scope) for kid in node.named))

    def member(self, node: Node, scope: Scope) -> Form:
        if node.type == "pair":
            return ("pair", self.key(node.fields["key"], scope), self.expression(node.fields["value"], scope))
        if node.type == "shorthand_property_identifier":
            # { __proto__ } makes a property, { __proto__: a } a prototype.
            tag = "own" if node.text == "__proto__" else "pair"
            return (tag, ("string", node.text), self.identifier(node.text, scope))
        if node.type == "method_definition":
            flags = [kid.type for kid in node.kids if not kid.is_named]
            return (
                "method",
                *sorted(flags),
                self.key(node.fields["name"], scope),
                self.function(node, scope),
            )
        return self.expression(node, scope)

    def key(self, node: Node, scope: Scope) -> Form:
        if node.type == "property_identifier":
            return ("string", values.unescaped(node.text))
        if node.type.startswith("private"):
            return self.private_name(node.text)
        if node.type == "computed_property_name":
            value = self.expression(node.named[0], scope)
            return ("computed", value) if value in _SPECIAL_KEYS else values.key(value)
        return values.key(self.expression(node, scope))

    def private_name(self, name: str) -> Form:
        for names in reversed(self.private):
            if name in names:
                return ("private", names[name])
        return ("private", name)


_SPECIAL_KEYS = tuple(("string", name) for name in ("__proto__", "constructor", "prototype"))


def _refuse_ambiguous(operator: str, left: Node, right: Node) -> None:
    """Refuse what browsers refuse and this parser reads in one of its two meanings: ``-a ** b``, ``a ?? b || c``."""
    inner = {side.fields["operator"].type for side in (left, right) if side.type == "binary_expression"}
    if (
        (operator == "**" and left.type in ("unary_expression", "await_expression"))
        or (operator == "??" and inner & {"||", "&&"})
        or (operator in ("||", "&&") and "??" in inner)
    ):
        raise values.UnclearError(f"{operator} needs parentheses")


def _types(node: Node) -> list[str]:
    return [kid.type for kid in node.kids]


def _keeps_number(operator: str, target: Form, value: Form) -> bool:
    """Whether a variable that is a number is one after an assignment."""
    if operator == "=" and value[0] == "+" and value[1] == target:
        value = value[2]
    return operator in ("=", "+=") and value[0] == "number"
