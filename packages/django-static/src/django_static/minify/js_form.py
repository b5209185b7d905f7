"""A normal form of scripts: two scripts with the same one do the same.

What honest minifiers change is made alike: names of local variables, ``if`` and ``?:`` and ``&&``, blocks and commas,
``while`` and ``for``, ``!0`` and ``true``, ``a["b"]`` and ``a.b``, ``var`` in one place or several. All else counts, in its
order: every call, operand, literal, property, free name, declaration, import and export.
"""

from __future__ import annotations

import re
from typing import Any

from . import js_statements as flow
from .js_tree import Binding, Node, Scope, declared_names, lexical_names, read, var_names

__all__ = ["normal_form"]

#: A node of the form: a tuple of a tag and forms, strings, lists of forms, or variables.
Form = tuple[Any, ...]

_ESCAPE = re.compile(
    r"\\(?:u\{([0-9A-Fa-f]+)\}|u([0-9A-Fa-f]{4})|x([0-9A-Fa-f]{2})|(\r\n|[\n\r\u2028\u2029])|(0(?![0-9]))|([\s\S]))"
)
_CLASS = re.compile(r"\\.|\[(?:[^\]\\]|\\.)*\]", re.DOTALL)
_NEEDLESS_ESCAPE = re.compile(r"\\([^\w\\\]^\-]|-(?=\]$))|\\.", re.DOTALL)
_SIMPLE = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v"}
_TRUE: Form = ("true",)
_FALSE: Form = ("false",)
_UNDEFINED: Form = ("undefined",)
_INFINITY: Form = ("number", "inf")


def normal_form(text: str) -> list[str] | None:
    """The normal form as a list of tokens; None when the script has syntax errors.

    Raises:
        RecursionError: it is nested too deeply to be read.
    """
    root = read(text)
    if root is None:
        return None
    return _Reader(root).tokens()


class _Reader:
    def __init__(self, root: Node) -> None:
        self.root = root
        #: ``eval`` and ``with`` look variables up by name.
        self.names_count = any(
            node.type == "with_statement"
            or (node.type == "call_expression" and node.fields["function"].text == "eval")
            for node in root.walk()
        )
        self.private: list[dict[str, Binding]] = []

    def tokens(self) -> list[str]:
        scope = Scope(None, set())
        form = self.body(self.root.named, scope)
        return _serialised(form)

    # Statements

    def body(self, statements: list[Node], scope: Scope) -> list[Form]:
        """Statements with the directives before them."""
        directives: list[Form] = []
        rest = [node for node in statements if node.type != "hash_bang_line"]
        while rest and rest[0].type == "expression_statement" and rest[0].named[0].type == "string":
            directives.append(("directive", "".join(kid.text for kid in rest.pop(0).named[0].named)))
        return [*directives, *flow.normal(self.statements(rest, scope), tail="return")]

    def statements(self, nodes: list[Node], scope: Scope) -> list[Form]:
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
        forms = self.statement(node, scope)
        return list(forms[0][1]) if len(forms) == 1 and forms[0][0] == "block" and not forms[0][2] else forms

    def _s_expression_statement(self, node: Node, scope: Scope) -> list[Form]:
        return [self.expression(node.named[0], scope)]

    def _s_empty_statement(self, node: Node, scope: Scope) -> list[Form]:
        return []

    def _s_statement_block(self, node: Node, scope: Scope) -> list[Form]:
        names = lexical_names(node.named)
        inner = Scope(scope, names) if names else scope
        return [("block", self.statements(node.named, inner), bool(names))]

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
            initial = _UNDEFINED if value is None else self.expression(value, scope)
            forms.append(
                ("declare", node.kids[0].type, self.pattern(declarator.fields["name"], scope), initial)
            )
        return forms

    def _s_function_declaration(self, node: Node, scope: Scope) -> list[Form]:
        return [("define", self.pattern(node.fields["name"], scope), self.function(node, scope))]

    _s_generator_function_declaration = _s_function_declaration

    def _s_class_declaration(self, node: Node, scope: Scope) -> list[Form]:
        return [("declare", "class", self.pattern(node.fields["name"], scope), self.klass(node, scope))]

    def _s_if_statement(self, node: Node, scope: Scope) -> list[Form]:
        test = self.expression(node.fields["condition"], scope)
        then = self.block(node.fields["consequence"], scope)
        alternative = node.fields.get("alternative")
        other = (
            self.block(alternative.named[0], scope) if alternative is not None and alternative.named else []
        )
        return [("if", test, then, other)]

    def _s_return_statement(self, node: Node, scope: Scope) -> list[Form]:
        return [("return", self.expression(node.named[0], scope) if node.named else _UNDEFINED)]

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
        test = _TRUE
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
        right = self.expression(node.fields["right"], scope)
        target = self.pattern(left, inner)
        kind = "" if kind == "var" else kind
        return [("each", *flags, kind, target, right, self.block(node.fields["body"], inner))]

    def _s_switch_statement(self, node: Node, scope: Scope) -> list[Form]:
        value = self.expression(node.fields["value"], scope)
        cases = node.fields["body"].named
        names = lexical_names([kid for case in cases for kid in case.named])
        inner = Scope(scope, names)
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
            inner = Scope(scope, declared_names(parameter)) if parameter is not None else scope
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
        default = "default" if node.has("default") else ""
        if not default:
            return [("export", *sorted(declared_names_of(declaration))), *self.statement(declaration, scope)]
        if declaration.type in ("function_declaration", "generator_function_declaration"):
            name = declaration.fields.get("name")
            used = name is not None and self._is_mentioned(name.text)
            return [
                ("export", default, name.text if name and used else "", self.function(declaration, scope))
            ]
        if declaration.type == "class_declaration":
            name = declaration.fields.get("name")
            used = name is not None and self._is_mentioned(name.text)
            return [("export", default, name.text if name and used else "", self.klass(declaration, scope))]
        return [("export", default, "", self.expression(declaration, scope))]

    def _is_mentioned(self, name: str) -> bool:
        """Whether a top-level name is used apart from its declaration."""
        kinds = ("identifier", "shorthand_property_identifier")
        return sum(node.type in kinds and node.text == name for node in self.root.walk()) > 1

    # Expressions

    def expression(self, node: Node, scope: Scope) -> Form:
        handler = getattr(self, f"_e_{node.type}", None)
        if handler is not None:
            result: Form = handler(node, scope)
            return result
        if not node.kids:
            return (node.type, node.text)
        return (node.type, *(self.expression(kid, scope) for kid in node.kids))

    def identifier(self, name: str, scope: Scope) -> Form:
        name = _unescaped(name) if "\\" in name else name
        binding = scope.find(name)
        if binding is None:
            return {"undefined": _UNDEFINED, "Infinity": _INFINITY}.get(name, ("name", name))
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
        return ("group", form) if node.type == "parenthesized_expression" and flow.is_optional(form) else form

    def _e_string(self, node: Node, scope: Scope) -> Form:
        return ("string", _unescaped("".join(kid.text for kid in node.named)))

    def _e_template_string(self, node: Node, scope: Scope, tagged: bool = False) -> Form:
        chunks: list[Any] = [""]
        for kid in node.named:
            if kid.type == "template_substitution":
                chunks += [self.expression(kid.named[0], scope), ""]
            else:
                chunks[-1] += kid.text.replace("\r\n", "\n").replace("\r", "\n")
        if tagged:
            return ("raw", *(chunk if isinstance(chunk, tuple) else ("chunk", chunk) for chunk in chunks))
        chunks = [_unescaped(chunk) if isinstance(chunk, str) else chunk for chunk in chunks]
        return ("string", chunks[0]) if len(chunks) == 1 else ("template", *chunks)

    def _e_number(self, node: Node, scope: Scope) -> Form:
        return _number(node.text)

    def _e_true(self, node: Node, scope: Scope) -> Form:
        return _TRUE

    def _e_false(self, node: Node, scope: Scope) -> Form:
        return _FALSE

    def _e_regex(self, node: Node, scope: Scope) -> Form:
        flags = node.fields.get("flags")
        letters = "".join(sorted(flags.text)) if flags else ""
        pattern = node.fields["pattern"].text
        return ("regex", pattern if "v" in letters else _CLASS.sub(_plain_class, pattern), letters)

    def _e_unary_expression(self, node: Node, scope: Scope) -> Form:
        operator = node.kids[0].type
        return flow.unary(operator, self.expression(node.fields["argument"], scope))

    def _e_binary_expression(self, node: Node, scope: Scope) -> Form:
        operator = node.fields["operator"].type
        left = node.fields["left"]
        if left.type == "private_property_identifier":
            return ("in", self.private_name(left.text), self.expression(node.fields["right"], scope))
        # A chain of a hundred strings is as deep as it is long.
        pending = [(operator, node.fields["right"])]
        while left.type == "binary_expression" and left.fields["left"].type != "private_property_identifier":
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
        value = self.expression(right, scope)
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
            else ("string", _unescaped(name.text))
        )
        return ("optional-get" if "optional_chain" in _types(node) else "get", target, key)

    def _e_subscript_expression(self, node: Node, scope: Scope) -> Form:
        target = self.head(node.fields["object"], scope)
        key = _key(self.expression(node.fields["index"], scope))
        if target == ("number", "0.0") and key == ("string", "0"):
            return _UNDEFINED
        return ("optional-get" if "optional_chain" in _types(node) else "get", target, key)

    def _e_call_expression(self, node: Node, scope: Scope) -> Form:
        function = self.head(node.fields["function"], scope)
        arguments = node.fields["arguments"]
        if arguments.type == "template_string":
            return ("tagged", function, self._e_template_string(arguments, scope, tagged=True))
        values = [self.expression(kid, scope) for kid in arguments.named]
        if function == ("get", ("name", "Math"), ("string", "pow")) and len(values) == 2:
            return flow.binary("**", *values)
        return ("optional-call" if "optional_chain" in _types(node) else "call", function, values)

    def _e_new_expression(self, node: Node, scope: Scope) -> Form:
        arguments = node.fields.get("arguments")
        values = [] if arguments is None else [self.expression(kid, scope) for kid in arguments.named]
        return ("new", self.expression(node.fields["constructor"], scope), values)

    def _e_await_expression(self, node: Node, scope: Scope) -> Form:
        return ("await", self.expression(node.named[0], scope))

    def _e_yield_expression(self, node: Node, scope: Scope) -> Form:
        value = self.expression(node.named[0], scope) if node.named else _UNDEFINED
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
            return ("pair", ("string", node.text), self.identifier(node.text, scope))
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
            return ("string", _unescaped(node.text))
        if node.type.startswith("private"):
            return self.private_name(node.text)
        if node.type == "computed_property_name":
            value = self.expression(node.named[0], scope)
            return ("computed", value) if _key(value) == ("string", "__proto__") else _key(value)
        return _key(self.expression(node, scope))

    def private_name(self, name: str) -> Form:
        for names in reversed(self.private):
            if name in names:
                return ("private", names[name])
        return ("private", name)

    def _e_function_expression(self, node: Node, scope: Scope) -> Form:
        name = node.fields.get("name")
        inner = Scope(scope, {name.text}) if name is not None else scope
        return self.function(node, inner)

    _e_generator_function = _e_function_expression

    def _e_arrow_function(self, node: Node, scope: Scope) -> Form:
        return self.function(node, scope)

    def function(self, node: Node, scope: Scope) -> Form:
        body = node.fields["body"]
        single = node.fields.get("parameter")
        parameters = [single] if single is not None else node.fields["parameters"].named
        block = body.named if body.type == "statement_block" else []
        names = var_names(body) | lexical_names(block)
        for parameter in parameters:
            names |= declared_names(parameter)
        inner = Scope(scope, names)
        arrow = node.type == "arrow_function"
        if not arrow:
            inner.names.pop("arguments", None)
        flags = [kid.type for kid in node.kids if kid.type in ("async", "*")]
        if "generator" in node.type and "*" not in flags:
            flags.append("*")
        patterns = [self.pattern(parameter, inner) for parameter in parameters]
        if body.type == "statement_block":
            forms = self.body(block, inner)
        else:
            forms = flow.normal([("return", self.expression(body, inner))], tail="return")
        return ("arrow" if arrow else "function", *flags, patterns, forms)

    def _e_class(self, node: Node, scope: Scope) -> Form:
        name = node.fields.get("name")
        return self.klass(node, Scope(scope, {name.text}) if name is not None else scope)

    def klass(self, node: Node, scope: Scope) -> Form:
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
                inner = Scope(scope, var_names(block) | lexical_names(block.named))
                members.append(("static", flow.normal(self.statements(block.named, inner))))
            elif member.type == "field_definition":
                value = member.fields.get("value")
                initial = _UNDEFINED if value is None else self.expression(value, scope)
                members.append(("field", *flags, self.key(member.fields["property"], scope), initial))
            elif member.type == "method_definition":
                members.append(
                    ("method", *flags, self.key(member.fields["name"], scope), self.function(member, scope))
                )
            else:
                members.append(self.expression(member, scope))
        self.private.pop()
        return ("class", heritage, members)

    # Patterns

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
            value = self.expression(node.fields["right"], scope)
            target = self.pattern(left, scope)
            if target[0] == "pair":
                return ("pair", target[1], ("default", target[2], value))
            return ("default", target, value)
        if kind == "assignment_pattern":
            target = self.pattern(node.fields["left"], scope)
            return ("default", target, self.expression(node.fields["right"], scope))
        if kind == "rest_pattern":
            return ("rest", self.pattern(node.named[0], scope))
        return self.expression(node, scope)


def declared_names_of(declaration: Node) -> set[str]:
    """The names an exported declaration makes."""
    name = declaration.fields.get("name")
    return {name.text} if name is not None else declared_names(declaration)


def _types(node: Node) -> list[str]:
    return [kid.type for kid in node.kids]


def _module_tokens(node: Node) -> list[str]:
    """The words and strings of an import or export, without the punctuation that may be left out."""
    words = []
    for inner in node.walk():
        if inner.type == "string":
            words.append(repr(_unescaped("".join(kid.text for kid in inner.named))))
        elif not inner.kids and inner.type not in (";", ",", "'", '"', "string_fragment", "escape_sequence"):
            words.append(inner.text)
    return words


def _key(form: Form) -> Form:
    """A property key: ``a[0]``, ``a["0"]`` and ``{0: 1}`` mean the same one."""
    if form[0] == "number" and form[1].endswith(".0") and "e" not in form[1]:
        return ("string", form[1][:-2])
    return form


def _number(text: str) -> Form:
    plain = text.replace("_", "").lower()
    if plain.endswith("n"):
        return ("bigint", str(int(plain[:-1], 0)))
    if len(plain) > 1 and plain[0] == "0" and plain.isdigit():
        return ("number", repr(float(int(plain, 10 if set(plain) & set("89") else 8))))
    if plain[:2] in ("0x", "0o", "0b"):
        return ("number", repr(float(int(plain, 0))))
    return ("number", repr(float(plain)))


def _plain_class(match: re.Match[str]) -> str:
    """A character class without the backslashes it does not need."""
    found = match[0]
    return found if found[0] == "\\" else _NEEDLESS_ESCAPE.sub(lambda escape: escape[1] or escape[0], found)


def _unescaped(text: str) -> str:
    """The value of the inside of a string or untagged template."""
    if "\\" not in text:
        return text

    def value(match: re.Match[str]) -> str:
        braced, four, two, newline, zero, other = match.groups()
        if newline is not None:
            return ""
        if zero is not None:
            return "\0"
        code = braced or four or two
        return chr(int(code, 16)) if code else _SIMPLE.get(other, other)

    return _ESCAPE.sub(value, text).encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")


def _serialised(forms: list[Form]) -> list[str]:
    """The form as tokens, its variables numbered in the order of their appearance."""
    numbers: dict[Binding, str] = {}
    tokens: list[str] = []
    stack: list[Any] = [forms]
    while stack:
        item = stack.pop()
        if isinstance(item, str):
            tokens.append(item)
        elif isinstance(item, Binding):
            tokens.append(numbers.setdefault(item, f"${len(numbers)}"))
        elif isinstance(item, tuple) and item and item[0] == "catch" and _is_unused(item[1]):
            stack += (")", item[2], "catch", "(")
        elif isinstance(item, tuple):
            if item[:2] in (("assign", "="), ("assign", "+=")) and _is_increment(item):
                item = ("update", "prefix", "++", item[2])
            if item and item[0] in ("function", "arrow"):
                item = (*item[:-2], _needed(item[-2]), item[-1])
            stack.append(")")
            stack += reversed(item)
            stack.append("(")
        elif isinstance(item, list):
            stack.append("]")
            stack += reversed(item)
            stack.append("[")
        else:
            tokens.append(repr(item))
    return tokens


def _keeps_number(operator: str, target: Form, value: Form) -> bool:
    """Whether a variable that is a number is one after an assignment."""
    if operator == "=" and value[0] == "+" and value[1] == target:
        value = value[2]
    return operator in ("=", "+=") and value[0] == "number"


def _is_increment(form: Form) -> bool:
    """``i = i + 1`` and ``i += 1``, which is ``++i`` only where ``i`` is a number."""
    _, operator, target, value = form
    if operator == "=" and value[0] == "+" and value[1] == target:
        value = value[2]
    elif operator == "=":
        return False
    return target[0] == "variable" and target[1].is_number and value == ("number", "1.0")


def _needed(parameters: list[Form]) -> list[Form]:
    """The parameters without those at the end that are never read."""
    end = len(parameters)
    while end and _is_unused(parameters[end - 1]):
        end -= 1
    return parameters[:end]


def _is_unused(target: Form) -> bool:
    """Whether a catch parameter is never read, as if it were not there."""
    return not target or (target[0] == "variable" and target[1].uses == 1)
