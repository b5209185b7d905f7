"""Operators in the normal form of scripts, as far as no statement is in it."""

from __future__ import annotations

from typing import Any

from .js_truth import FALSE, LITERALS, NULL, TRUE, UNDEFINED, boolean, is_boolean, negated

__all__ = ["equal", "grouped", "unary"]

Form = tuple[Any, ...]


def unary(operator: str, value: Form) -> Form:
    """``!a``, ``void 0``, ``-1``, ``typeof a``"""
    if operator == "!":
        if value[0] == "number":
            return TRUE if value[1] in ("0.0", "nan") else FALSE
        return negated(value)
    if operator == "void" and value[0] in ("number", "undefined"):
        return UNDEFINED
    if operator == "-" and value[0] == "number":
        return ("number", value[1][1:] if value[1].startswith("-") else f"-{value[1]}")
    return ("unary", operator, value)


def grouped(tag: str, parts: list[Form]) -> list[Form]:
    """The operands of a connective with truth values that stand side by side in their one form."""
    result: list[Form] = []
    run: list[Form] = []
    for part in [*parts, None]:
        if part is not None and is_boolean(part):
            run.append(part)
            continue
        if len(run) > 1:
            group = boolean((tag, *run))
            result += group[1:] if group[0] == tag else (group,)
        else:
            result += run
        run = []
        if part is not None:
            result.append(part)
    return result


def equal(operator: str, left: Form, right: Form) -> Form:
    """``a == b``, ``a !== b`` and their like"""
    if operator[0] == "!":
        return negated(equal(f"={operator[1:]}", left, right))
    if ("unary", "typeof") in (left[:2], right[:2]) and "string" in (left[0], right[0]):
        operator = "=="
    if left[0] in LITERALS and right[0] not in LITERALS:
        left, right = right, left
    if operator == "==":
        left, right = ((NULL if side == UNDEFINED else side) for side in (left, right))
    return (operator, left, right)
