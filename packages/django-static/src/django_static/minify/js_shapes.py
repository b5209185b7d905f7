"""Of what kind a part of the normal form of scripts is, and what statements an expression is made of."""

from __future__ import annotations

from typing import Any

from .js_truth import LITERALS

__all__ = ["NAMELESS", "SETTLED", "effect", "hoisted", "is_expression", "is_optional", "jumps"]

Form = tuple[Any, ...]

#: What has a name only from the variable it is put in at once.
NAMELESS = ("function", "arrow", "class")
#: What is the same with a parenthesis around it, wherever it stands.
SETTLED = (
    *LITERALS,
    "and",
    "array",
    "call",
    "choose",
    "new",
    "not",
    "object",
    "or",
    "template",
    "==",
    "===",
)
_JUMPS = ("return", "throw", "break", "continue")
_STATEMENTS = frozenset(
    [
        "return",
        "throw",
        "break",
        "continue",
        "if",
        "block",
        "declare",
        "define",
        "for",
        "lexical-for",
        "do",
        "each",
        "switch",
        "try",
        "label",
        "with",
        "import",
        "export",
        "directive",
        "debugger_statement",
    ]
)


def is_optional(form: Form) -> bool:
    """Whether a form is an optional chain that a parenthesis would end."""
    while form[0] in ("get", "call", "optional-get", "optional-call"):
        if form[0].startswith("optional"):
            return True
        form = form[1]
    return False


def is_expression(form: Form) -> bool:
    if form[0] == "if":
        return all(map(is_expression, [*form[2], *form[3]]))
    return form[0] not in _STATEMENTS


def jumps(statements: list[Form]) -> bool:
    if not statements:
        return False
    last = statements[-1]
    if last[0] == "if":
        return jumps(last[2]) and jumps(last[3])
    if last[0] == "block":
        return jumps(last[1])
    return last[0] in _JUMPS


def effect(form: Form) -> list[Form]:
    """An expression of which the value is not used."""
    tag = form[0]
    if tag == "not" or (tag == "unary" and form[1] in ("void", "!")):
        return [form[-1]]
    if tag == "choose":
        return [("if", form[1], [form[2]], [form[3]])]
    if tag == "and":
        return [("if", form[1] if len(form) == 3 else (tag, *form[1:-1]), [form[-1]], [])]
    if tag == "or":
        return [("if", form[1] if len(form) == 3 else (tag, *form[1:-1]), [], [form[-1]])]
    return [form]


def hoisted(form: Form) -> list[Form]:
    """``return a, b`` as two statements, where nothing else is evaluated first."""
    head, value = form[:-1], form[-1]
    simple = form[0] in ("return", "throw", "declare") or (head[1] == "=" and head[2][0] == "variable")
    return [*value[1:-1], (*head, value[-1])] if simple and value[-1][0] not in NAMELESS else [form]
