"""What filters and tests of Jinja2 make of values of which not all is known."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jinja2
from jinja2 import nodes
from jinja2.filters import FILTERS as DEFAULT_FILTERS
from jinja2.tests import TESTS as DEFAULT_TESTS

from .jinja_operations import compared, computed, plain, truth
from .jinja_values import UNDEFINED, Frame, is_certain
from .states import Known, State, Symbol, Value, ways

__all__ = ["filtered", "tested"]

Results = list[tuple[State, Value]]

#: Filters that give the same result whenever they are called. Those with other arguments than constants are unknown.
_PURE = frozenset(
    [
        "capitalize",
        "d",
        "default",
        "e",
        "escape",
        "first",
        "forceescape",
        "format",
        "join",
        "last",
        "lower",
        "replace",
        "safe",
        "string",
        "title",
        "trim",
        "upper",
        "urlencode",
    ]
)
_PURE_TESTS = frozenset(
    [
        "==",
        "!=",
        "boolean",
        "divisibleby",
        "eq",
        "equalto",
        "even",
        "false",
        "in",
        "lower",
        "ne",
        "none",
        "number",
        "odd",
        "sequence",
        "string",
        "true",
        "upper",
    ]
)


def tested(
    environment: jinja2.Environment, node: Any, value: Value, given: Sequence[Value], state: State
) -> list[tuple[State, bool]]:
    """The truth values that ``value is test`` may have."""
    if node.name in ("defined", "undefined"):
        negated = node.name == "undefined"
        if isinstance(value, Symbol):
            question = None if value.key is None else ("defined", value.key)
            return [(after, found is not negated) for after, found in ways(state, question)]
        return [(state, (value != UNDEFINED) is not negated)]
    is_own = environment.tests.get(node.name) is not DEFAULT_TESTS.get(node.name)
    if is_own or node.name not in _PURE_TESTS or node.kwargs or node.dyn_args or node.dyn_kwargs:
        return ways(state, None)
    if node.name in ("==", "eq", "equalto", "!=", "ne") and len(given) == 1:
        return compared("ne" if node.name in ("!=", "ne") else "eq", value, given[0], state)
    if all(isinstance(each, Known) and each != UNDEFINED for each in (value, *given)):
        plain = [each.value for each in (value, *given) if isinstance(each, Known)]
        test: Any = DEFAULT_TESTS[node.name]
        result = computed(test, *plain)
        if isinstance(result, Known):
            return [(state, bool(result.value))]
    if isinstance(value, Symbol) and value.key is not None and not given:
        return ways(state, ("test", node.name, value.key))
    return ways(state, None)


def filtered(
    environment: jinja2.Environment,
    node: Any,
    value: Value,
    given: Sequence[Value],
    state: State,
    frame: Frame,
) -> Results:
    """What a filter may make of a value; ``given`` are its arguments, those with a name last."""
    is_own = environment.filters.get(node.name) is not DEFAULT_FILTERS.get(node.name)
    if is_own or node.name not in _PURE or node.dyn_args or node.dyn_kwargs:
        return [(state, Symbol())]
    if node.name in ("d", "default"):
        return _default(node, value, given, state)
    if not is_certain(value) or not all(map(is_certain, given)):
        return [(state, Symbol())]
    context = nodes.EvalContext(environment, frame.unit.name)
    context.autoescape = state.autoescape
    return [(state, _applied(environment, node, value, given, context))]


def _default(node: Any, value: Value, given: Sequence[Value], state: State) -> Results:
    arguments = dict(zip(("default_value", "boolean"), given[: len(node.args)], strict=False))
    arguments.update(
        {each.key: found for each, found in zip(node.kwargs, given[len(node.args) :], strict=True)}
    )
    fallback = arguments.get("default_value", Known(""))
    boolean = arguments.get("boolean", Known(False))
    if not isinstance(boolean, Known):
        return [(state, Symbol())]
    if boolean.value:
        return [(after, value if found else fallback) for after, found in truth(value, state)]
    if not isinstance(value, Symbol):
        return [(state, fallback if value == UNDEFINED else value)]
    question = None if value.key is None else ("defined", value.key)
    return [(after, value if found else fallback) for after, found in ways(state, question)]


def _applied(
    environment: jinja2.Environment,
    node: Any,
    value: Value,
    given: Sequence[Value],
    context: nodes.EvalContext,
) -> Value:
    constants = [nodes.Const(plain(each)) for each in given]
    count = len(node.args)
    keywords = [
        nodes.Keyword(each.key, constant)
        for each, constant in zip(node.kwargs, constants[count:], strict=True)
    ]
    constant = nodes.Filter(nodes.Const(plain(value)), node.name, constants[:count], keywords, None, None)
    constant.set_environment(environment)
    return computed(constant.as_const, context)
