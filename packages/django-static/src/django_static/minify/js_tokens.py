"""The normal form of a script as a list of tokens, which is quick to compare."""

from __future__ import annotations

from typing import Any

from .js_tree import Binding

__all__ = ["serialised"]

Form = tuple[Any, ...]


def serialised(forms: list[Form]) -> list[str]:
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


def _is_increment(form: Form) -> bool:
    """``i = i + 1`` and ``i += 1``, which is ``++i`` only where ``i`` is a number."""
    _, operator, target, value = form
    if operator == "=" and value[0] == "+" and value[1] == target:
        value = value[2]
    elif operator == "=":
        return False
    return target[0] == "variable" and bool(target[1].is_number) and value == ("number", "1.0")


def _is_unused(target: Form) -> bool:
    """Whether a catch parameter is never read, as if it were not there."""
    return not target or (target[0] == "variable" and target[1].uses == 1)
