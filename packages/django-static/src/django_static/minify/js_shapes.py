"""Of what kind a part of the normal form of scripts is."""

from __future__ import annotations

from typing import Any

from .js_truth import LITERALS

__all__ = ["NAMELESS", "SETTLED", "is_expression", "is_optional", "jumps"]

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
