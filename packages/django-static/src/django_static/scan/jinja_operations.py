"""What operators make of values of which not all is known."""

from __future__ import annotations

import operator
from collections.abc import Callable, Hashable
from typing import Any

from .jinja_values import (
    UNDEFINED,
    DictValue,
    FunctionValue,
    ListValue,
    LoopValue,
    MacroValue,
    ModuleValue,
    is_certain,
)
from .states import EQUALS, Known, State, Symbol, Value, ways

__all__ = ["PRINTABLE", "compared", "computed", "item", "plain", "truth", "without", "write"]

#: What is printed alike in every request.
PRINTABLE = (str, bool, int, float, type(None))


def computed(function: Callable[..., Any], *arguments: Any) -> Value:
    try:
        result = function(*arguments)
        hash(result)
    except Exception:  # noqa: BLE001 (the page will fail there, or it is not the filter it was taken for)
        return Symbol()
    return Known(result) if isinstance(result, PRINTABLE) else Symbol()


def plain(value: Value) -> Any:
    if isinstance(value, ListValue):
        return [plain(item) for item in value.items]
    if isinstance(value, DictValue):
        return {key: plain(item) for key, item in value.items}
    return value.value if isinstance(value, Known) else None


def item(value: Value, key: Any) -> Value:
    if isinstance(value, Symbol):
        return value if value.key is None else Symbol((value.key, ".", key))
    if isinstance(value, LoopValue) and isinstance(key, str):
        known = value.attribute(key)
        return Symbol() if known is None else known
    if isinstance(value, ModuleValue) and isinstance(key, str):
        return value.attribute(key)
    if isinstance(value, DictValue):
        return dict(value.items).get(key, Symbol())
    if isinstance(value, ListValue) and isinstance(key, int):
        return value.items[key] if -len(value.items) <= key < len(value.items) else UNDEFINED
    return Symbol()


def truth(value: Value, state: State) -> list[tuple[State, bool]]:
    """The truth values that a value may have."""
    if isinstance(value, Known):
        return [(state, bool(value.value))]
    if isinstance(value, ListValue | DictValue):
        return [(state, bool(value.items))]
    if isinstance(value, FunctionValue | LoopValue | MacroValue | ModuleValue):
        return [(state, True)]
    return ways(state, value.key if isinstance(value, Symbol) else None)


def without(value: Value, state: State) -> State:
    """A list or dictionary was changed in place: whatever has it is unknown from here."""
    if not isinstance(value, ListValue | DictValue):
        return state
    scopes = tuple(
        {name: Symbol() if found == value else found for name, found in scope.items()}
        for scope in state.scopes
    )
    return state._replace(scopes=scopes)


def write(value: Value, expression: str, state: State) -> State:
    """Print a text as it is."""
    if isinstance(value, Known) and isinstance(value.value, str):
        return state.write(str.__str__(value.value))
    return state.cannot_write(expression)


_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "gt": operator.gt,
    "gteq": operator.ge,
    "lt": operator.lt,
    "lteq": operator.le,
    "in": lambda one, other: one in other,
    "notin": lambda one, other: one not in other,
}


def compared(name: str, left: Value, right: Value, state: State) -> list[tuple[State, bool]]:
    if is_certain(left) and is_certain(right):
        result = computed(_OPERATORS[name], plain(left), plain(right))
        if isinstance(result, Known):
            return [(state, bool(result.value))]
    if not isinstance(left, Known | Symbol) or not isinstance(right, Known | Symbol):
        return ways(state, None)
    if Symbol() in (left, right) or UNDEFINED in (left, right):
        return ways(state, None)
    negated = name in ("ne", "notin")
    positive = {"ne": "eq", "notin": "in"}.get(name, name)
    if positive == "eq" and isinstance(left, Known):
        left, right = right, left
    question: Hashable = (f"operator {positive}", left, right)
    if (
        positive == "eq"
        and isinstance(left, Symbol)
        and isinstance(right, Known)
        and isinstance(right.value, str)
    ):
        question = (EQUALS, left.key, str.__str__(right.value))
    return [(after, found is not negated) for after, found in ways(state, question)]
