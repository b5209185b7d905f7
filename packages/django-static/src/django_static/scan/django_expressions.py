"""The value of a Django template expression, as far as it is the same in every request.

Only filters of a short list are applied: those that give the same result whenever they are called, whatever the language
or the settings.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.template import defaultfilters
from django.template.base import FilterExpression, Variable
from django.template.defaulttags import TemplateLiteral
from django.template.smartif import OPERATORS
from django.utils.html import conditional_escape
from django.utils.safestring import SafeData, mark_safe

from .states import EQUALS, Known, State, Symbol, Value, ways

__all__ = ["Expressions", "Lookup", "plain", "printed", "truth"]

_PURE = frozenset(
    {
        defaultfilters.add,
        defaultfilters.capfirst,
        defaultfilters.cut,
        defaultfilters.default,
        defaultfilters.default_if_none,
        defaultfilters.escape_filter,
        defaultfilters.force_escape,
        defaultfilters.lower,
        defaultfilters.safe,
        defaultfilters.slice_filter,
        defaultfilters.upper,
        defaultfilters.urlencode,
    }
)
_CONSTANTS = {"True": Known(True), "False": Known(False), "None": Known(None)}


class Lookup(NamedTuple):
    """A bound variable and the attributes asked of it."""

    value: Hashable
    path: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Expressions:
    """Evaluates for one engine.

    ``special`` is asked for attributes of bound values that are neither known nor symbols, such as ``block.super``.
    """

    string_if_invalid: str
    special: Callable[[Lookup, State], list[tuple[State, Value]]]

    def evaluate(
        self, expression: FilterExpression, state: State, *, or_none: bool = False
    ) -> list[tuple[State, Value]]:
        """The values the expression may have, each with the state in which it has it.

        ``or_none``: a variable that does not exist is None, as in conditions, and not ``string_if_invalid``.
        """
        if expression.is_var:
            found = []
            for after, value in self._variable(expression.var, state):
                if value is not None:
                    found.append((after, value))
                elif or_none:
                    found.append((after, Known(None)))
                elif self.string_if_invalid:
                    text = self.string_if_invalid
                    return [(after, Known(text % expression.var if "%s" in text else text))]
                else:
                    found.append((after, Known("")))
        else:
            # A constant marked for translation is a lazy string.
            constant = expression.var
            found = [
                (state, Known(constant) if isinstance(constant, str) else Symbol(("_", expression.token)))
            ]
        for function, arguments in expression.filters:
            found = [
                result
                for after, value in found
                for result in self._filtered(function, arguments, value, after)
            ]
        return found

    def is_true(self, condition: Any, state: State) -> list[tuple[State, bool]]:
        """The truth values the condition of an ``{% if %}`` may have."""
        if isinstance(condition, TemplateLiteral):
            return [
                result
                for after, value in self.evaluate(_expression(condition), state, or_none=True)
                for result in truth(value, after)
            ]
        name = condition.id
        if name == "not":
            return [(after, not found) for after, found in self.is_true(condition.first, state)]
        if name in ("and", "or"):
            results: list[tuple[State, bool]] = []
            for after, found in self.is_true(condition.first, state):
                decided = found is (name == "or")
                results += [(after, found)] if decided else self.is_true(condition.second, after)
            return results
        return [
            result
            for middle, first in self._operand(condition.first, state)
            for after, second in self._operand(condition.second, middle)
            for result in _compared(name, first, second, after)
        ]

    def _operand(self, condition: Any, state: State) -> list[tuple[State, Value]]:
        if isinstance(condition, TemplateLiteral):
            return self.evaluate(_expression(condition), state, or_none=True)
        return [(after, Known(found)) for after, found in self.is_true(condition, state)]

    def _variable(self, variable: Variable, state: State) -> list[tuple[State, Value | None]]:
        """The values of a variable; None where there is none of that name."""
        if variable.translate:
            return [(state, Symbol(("_", variable.var)))]
        if variable.lookups is None:
            return [(state, Known(variable.literal))]
        name, *path = variable.lookups
        value = state.lookup(name)
        if value is None:
            value = _CONSTANTS.get(name)
        if value is None:
            if not state.is_open:
                return [(state, None)]
            value = Symbol(name)
        if not path:
            return [(state, value)]
        if isinstance(value, Symbol):
            return [(state, Symbol((value.key, *path)) if value.key is not None else value)]
        if isinstance(value, Known):
            return [(state, Symbol((value, *path)))]
        return [*self.special(Lookup(value, tuple(path)), state)]

    def _filtered(
        self, function: Callable[..., Any], arguments: Iterable[tuple[bool, Any]], value: Value, state: State
    ) -> list[tuple[State, Value]]:
        given: list[Value] = []
        for is_variable, argument in arguments:
            if is_variable:
                # One way is enough: an argument that is itself ``block.super`` makes the result unknown.
                state, resolved = self._variable(argument, state)[0]
                given.append(Symbol() if resolved is None else resolved)
            else:
                given.append(Known(argument) if isinstance(argument, str) else Symbol(("_", str(argument))))
        if isinstance(value, Symbol) and given:
            choice = _choice(function, value, given[0], state)
            if choice:
                return choice
        if function not in _PURE:
            return [(state, Symbol())]
        if not isinstance(value, Known) or not all(isinstance(each, Known) for each in given):
            parts = (value, *given)
            if any(not isinstance(part, Known | Symbol) or part == Symbol() for part in parts):
                return [(state, Symbol())]
            return [(state, Symbol(("|", function.__name__, *parts)))]
        plain = [each.value for each in given if isinstance(each, Known)]
        keywords = {"autoescape": state.autoescape} if getattr(function, "needs_autoescape", False) else {}
        try:
            result = function(value.value, *plain, **keywords)
            hash(result)
        except Exception:  # noqa: BLE001 (the page will fail there, or it is not the filter it was taken for)
            return [(state, Symbol())]
        if getattr(function, "is_safe", False) and isinstance(value.value, SafeData):
            result = mark_safe(result)  # noqa: S308 (as Django does; it is compared, not shown)
        return [(state, Known(result))]


def _expression(literal: Any) -> FilterExpression:
    found: FilterExpression = literal.value
    return found


def _choice(
    function: Callable[..., Any], value: Symbol, argument: Value, state: State
) -> list[tuple[State, Value]]:
    """Filters that choose by what they are given; empty for others."""
    if function is defaultfilters.default:
        return [(after, value if found else argument) for after, found in ways(state, value.key)]
    if function is defaultfilters.default_if_none:
        question = None if value.key is None else ("is none", value.key)
        return [(after, argument if found else value) for after, found in ways(state, question)]
    if function is defaultfilters.yesno and isinstance(argument, Known) and isinstance(argument.value, str):
        words = argument.value.split(",")
        if len(words) == 2:
            return [(after, Known(words[0 if found else 1])) for after, found in ways(state, value.key)]
    return []


def truth(value: Value, state: State) -> list[tuple[State, bool]]:
    """Whether a value is true."""
    if isinstance(value, Known):
        return [(state, bool(value.value))]
    return ways(state, value.key if isinstance(value, Symbol) else None)


def _compared(name: str, first: Value, second: Value, state: State) -> list[tuple[State, bool]]:
    question: Hashable
    negated = name in ("!=", "not in", "is not")
    positive = {"!=": "==", "not in": "in", "is not": "is"}.get(name, name)
    if isinstance(first, Known) and isinstance(second, Known):
        if positive == "is" and isinstance(first.value, str) and isinstance(second.value, str):
            return ways(state, None)
        operator = OPERATORS[name]()
        operator.first, operator.second = _Given(first.value), _Given(second.value)
        return [(state, bool(operator.eval(None)))]
    if isinstance(first, Known) and positive == "==":
        first, second = second, first
    if not isinstance(first, Known | Symbol) or not isinstance(second, Known | Symbol):
        return ways(state, None)
    if Symbol() in (first, second):
        return ways(state, None)
    if (
        positive == "=="
        and isinstance(first, Symbol)
        and isinstance(second, Known)
        and isinstance(second.value, str)
    ):
        question = (EQUALS, first.key, str(second.value))
    else:
        question = (f"operator {positive}", first, second)
    return [(after, found is not negated) for after, found in ways(state, question)]


@dataclass(frozen=True, slots=True)
class _Given:
    """An operand whose value is known, as the operators of ``{% if %}`` want it."""

    value: Any

    def eval(self, context: object) -> Any:
        return self.value


def plain(value: object) -> str:
    """An ordinary string, also of a safe one, whose ``str()`` is itself."""
    return str.__str__(value) if isinstance(value, str) else str(value)


def printed(value: Value, autoescape: bool) -> str | None:
    """What ``{{ value }}`` prints; None if only a request can tell."""
    if not isinstance(value, Known):
        return None
    given = value.value
    # Large numbers and fractions are printed as the language of the request wants them.
    if not isinstance(given, str | bool | None) and not (isinstance(given, int) and abs(given) < 1000):
        return None
    text = given if isinstance(given, str) else str(given)
    return plain(conditional_escape(text) if autoescape else text)
