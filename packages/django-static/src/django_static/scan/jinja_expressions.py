"""The value of a Jinja2 expression, as far as it is the same in every request."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Protocol

import jinja2
from jinja2 import nodes
from jinja2.runtime import markup_join, str_join
from markupsafe import Markup, escape

from . import jinja_filters
from .jinja_operations import PRINTABLE, compared, computed, item, truth, without
from .jinja_values import (
    UNDEFINED,
    DictValue,
    Frame,
    FunctionValue,
    ListValue,
)
from .states import Known, State, Symbol, Value

__all__ = ["Calls", "Expressions"]

Results = list[tuple[State, Value]]

_CHANGES = frozenset(
    ["append", "clear", "extend", "insert", "pop", "remove", "reverse", "setdefault", "sort", "update"]
)


class Calls(Protocol):
    """What happens where an expression calls something."""

    def __call__(self, node: nodes.Call, state: State, frame: Frame) -> Results:
        """The results."""


@dataclass(frozen=True, slots=True)
class Expressions:
    """Evaluates for one environment; ``calls`` is asked for every call, and ``is_sought`` which globals are looked for."""

    environment: jinja2.Environment
    calls: Calls
    is_sought: Callable[[object], bool]

    def evaluate(self, node: nodes.Expr, state: State, frame: Frame) -> Results:
        """The values an expression may have, each with the state in which it has it."""
        handle = _HANDLERS.get(type(node))
        return handle(self, node, state, frame) if handle else self._other(node, state, frame)

    def all(
        self, expressions: Iterable[nodes.Expr], state: State, frame: Frame
    ) -> list[tuple[State, tuple[Value, ...]]]:
        """The values several expressions may have together."""
        found: list[tuple[State, tuple[Value, ...]]] = [(state, ())]
        for expression in expressions:
            found = [
                (after, (*values, value))
                for before, values in found
                for after, value in self.evaluate(expression, before, frame)
            ]
        return found

    def is_true(self, node: nodes.Expr, state: State, frame: Frame) -> list[tuple[State, bool]]:
        """The truth values a condition may have."""
        return [
            result for after, value in self.evaluate(node, state, frame) for result in truth(value, after)
        ]

    def printed(self, value: Value, state: State) -> str | None:
        """What ``{{ value }}`` prints; None if only a request can tell."""
        if self.environment.finalize is not None:
            return None
        if value == UNDEFINED:
            silent = self.environment.undefined in (jinja2.Undefined, jinja2.ChainableUndefined)
            return "" if silent else None
        if not isinstance(value, Known) or not isinstance(value.value, PRINTABLE):
            return None
        return str.__str__(escape(value.value) if state.autoescape else str(value.value))

    def _constant(self, node: Any, state: State, frame: Frame) -> Results:
        return [(state, Known(node.value))]

    def _data(self, node: Any, state: State, frame: Frame) -> Results:
        return [(state, Known(Markup(node.data) if state.autoescape else node.data))]  # noqa: S704 (the template's own)

    def _name(self, node: Any, state: State, frame: Frame) -> Results:
        value = state.lookup(node.name)
        if value is None:
            function: Any = self.environment.globals.get(node.name)
            value = FunctionValue(function) if self.is_sought(function) else Symbol(node.name)
        return [(state, value)]

    def _choice(self, node: Any, state: State, frame: Frame) -> Results:
        results: Results = []
        for after, found in self.is_true(node.test, state, frame):
            branch = node.expr1 if found else node.expr2
            results += [(after, UNDEFINED)] if branch is None else self.evaluate(branch, after, frame)
        return results

    def _or_and(self, node: Any, state: State, frame: Frame) -> Results:
        results: Results = []
        for middle, value in self.evaluate(node.left, state, frame):
            for after, found in truth(value, middle):
                decided = found is isinstance(node, nodes.Or)
                results += [(after, value)] if decided else self.evaluate(node.right, after, frame)
        return results

    def _not(self, node: Any, state: State, frame: Frame) -> Results:
        return [(after, Known(not found)) for after, found in self.is_true(node.node, state, frame)]

    def _concat(self, node: Any, state: State, frame: Frame) -> Results:
        results: Results = []
        for after, values in self.all(node.nodes, state, frame):
            if all(isinstance(value, Known) and isinstance(value.value, PRINTABLE) for value in values):
                plain = [value.value for value in values if isinstance(value, Known)]
                text: Any = markup_join(plain) if after.autoescape else str_join(plain)
                results.append((after, Known(text)))
            else:
                results.append((after, Symbol()))
        return results

    def _add(self, node: Any, state: State, frame: Frame) -> Results:
        results: Results = []
        for after, (left, right) in self.all((node.left, node.right), state, frame):
            value: Value = Symbol()
            if isinstance(left, ListValue) and isinstance(right, ListValue):
                value = ListValue(left.items + right.items)
            elif isinstance(left, Known) and isinstance(right, Known):
                value = computed(operator.add, left.value, right.value)
            results.append((after, value))
        return results

    def _compare(self, node: Any, state: State, frame: Frame) -> Results:
        if len(node.ops) != 1:
            return self._other(node, state, frame)
        name = node.ops[0].op
        results: Results = []
        for after, (left, right) in self.all((node.expr, node.ops[0].expr), state, frame):
            results += [(end, Known(found)) for end, found in compared(name, left, right, after)]
        return results

    def _test(self, node: Any, state: State, frame: Frame) -> Results:
        results: Results = []
        for middle, value in self.evaluate(node.node, state, frame):
            for after, given in self.all(node.args, middle, frame):
                results += [
                    (end, Known(found))
                    for end, found in jinja_filters.tested(self.environment, node, value, given, after)
                ]
        return results

    def _filter(self, node: Any, state: State, frame: Frame) -> Results:
        if node.node is None:
            return [(state, Symbol())]
        return [
            result
            for middle, value in self.evaluate(node.node, state, frame)
            for result in self.filtered(node, value, middle, frame)
        ]

    def filtered(self, node: Any, value: Value, state: State, frame: Frame) -> Results:
        """What a filter may make of a value."""
        return [
            result
            for after, given in self.all([*node.args, *(each.value for each in node.kwargs)], state, frame)
            for result in jinja_filters.filtered(self.environment, node, value, given, after, frame)
        ]

    def _attribute(self, node: Any, state: State, frame: Frame) -> Results:
        return [(after, item(value, node.attr)) for after, value in self.evaluate(node.node, state, frame)]

    def _subscript(self, node: Any, state: State, frame: Frame) -> Results:
        if isinstance(node.arg, nodes.Slice):
            return self._other(node, state, frame)
        return [
            (after, item(value, index.value) if isinstance(index, Known) else Symbol())
            for after, (value, index) in self.all((node.node, node.arg), state, frame)
        ]

    def _list(self, node: Any, state: State, frame: Frame) -> Results:
        return [(after, ListValue(values)) for after, values in self.all(node.items, state, frame)]

    def _dict(self, node: Any, state: State, frame: Frame) -> Results:
        results: Results = []
        expressions = [each for pair in node.items for each in (pair.key, pair.value)]
        for after, values in self.all(expressions, state, frame):
            keys = values[::2]
            if all(isinstance(key, Known) for key in keys):
                plain = [key.value for key in keys if isinstance(key, Known)]
                items = dict(zip(plain, values[1::2], strict=True))
                results.append((after, DictValue(tuple(items.items()))))
            else:
                results.append((after, Symbol()))
        return results

    def _call(self, node: Any, state: State, frame: Frame) -> Results:
        return self.calls(node, state, frame)

    def changed(self, node: Any, state: State, frame: Frame) -> State:
        """What is left of a state by a call, which may change a list or dictionary in place."""
        if isinstance(node.node, nodes.Getattr) and node.node.attr in _CHANGES:
            for _, mutable in self.evaluate(node.node.node, state, frame):
                state = without(mutable, state)
        return state

    def _other(self, node: nodes.Expr, state: State, frame: Frame) -> Results:
        """An expression whose value is unknown, but whose parts may call something."""
        parts = [child for child in node.iter_child_nodes() if isinstance(child, nodes.Expr)]
        for helper in node.iter_child_nodes():
            if isinstance(helper, nodes.Helper):
                parts += [child for child in helper.iter_child_nodes() if isinstance(child, nodes.Expr)]
        return [(after, Symbol()) for after, _ in self.all(parts, state, frame)]


_HANDLERS: dict[type[nodes.Node], Callable[[Expressions, Any, State, Frame], Results]] = {
    nodes.Add: Expressions._add,
    nodes.And: Expressions._or_and,
    nodes.Call: Expressions._call,
    nodes.Compare: Expressions._compare,
    nodes.Concat: Expressions._concat,
    nodes.CondExpr: Expressions._choice,
    nodes.Const: Expressions._constant,
    nodes.Dict: Expressions._dict,
    nodes.Filter: Expressions._filter,
    nodes.Getattr: Expressions._attribute,
    nodes.Getitem: Expressions._subscript,
    nodes.List: Expressions._list,
    nodes.Name: Expressions._name,
    nodes.Not: Expressions._not,
    nodes.Or: Expressions._or_and,
    nodes.TemplateData: Expressions._data,
    nodes.Test: Expressions._test,
    nodes.Tuple: Expressions._list,
}
