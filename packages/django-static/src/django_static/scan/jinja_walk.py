"""Walks parsed Jinja2 templates as a page would render them, and gathers what our tags and globals are handed."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import jinja2
from jinja2 import nodes

from ..resolver import Place
from . import jinja_calls, jinja_handed, jinja_macros, jinja_statements
from .jinja_expressions import Expressions, Results
from .jinja_listing import Units, names
from .jinja_values import Frame, FunctionValue, MacroValue, ModuleValue, Unit, unparse
from .result import Findings, Use
from .states import Known, State, Symbol, Value, merge, widest

__all__ = ["Walk", "scan_environment"]

#: So often may a template or macro use itself with other values each time before it is given up.
_MOST_TURNS = 8


def scan_environment(
    environment: jinja2.Environment, findings: Findings, static: Callable[[str], str]
) -> None:
    """Walk every template that an environment can load."""
    walk = Walk(environment, findings, static)
    done: set[str] = set()
    waiting = names(environment, findings.note)
    while waiting:
        for name in waiting:
            done.add(name)
            walk.template(name)
        waiting = [name for name in walk.units.met if name not in done]
    jinja_macros.uncalled(walk)
    jinja_handed.settle(walk)


@dataclass(slots=True)
class Walk:
    """The walk through all templates of one environment; ``static`` gives the URL that a global ``static()`` prints."""

    environment: jinja2.Environment
    findings: Findings
    static: Callable[[str], str]
    units: Units = field(init=False)
    expressions: Expressions = field(init=False)
    #: Macros that were seen, and whether they were called.
    macros: dict[int, tuple[MacroValue, bool]] = field(default_factory=dict)
    #: The imports of templates that are known at run time only from which something is called with the name of a file.
    imported: dict[tuple[Place, str], bool] = field(default_factory=dict)
    #: The template that was begun with.
    entry: str = ""
    _depth: int = 0
    _turns: dict[Hashable, int] = field(default_factory=dict)
    _walked: set[Hashable] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.units = Units(self.environment, self.findings)
        self.expressions = Expressions(self.environment, self._called, jinja_calls.is_sought)

    def template(self, name: str) -> None:
        """Walk a template that a view may render."""
        unit = self.units.load(name)
        if isinstance(unit, Unit):
            self.entry = name
            self.render(unit, State())
        elif unit:
            self.findings.note(unit)

    def run(self, statements: Iterable[nodes.Node], states: Sequence[State], frame: Frame) -> list[State]:
        """Every way through some statements."""
        current = list(states)
        for node in statements:
            handle = jinja_statements.HANDLERS.get(type(node), jinja_statements.other)
            current = merge(
                [result for state in current for result in handle(self, node, state, frame)],
                _overflow(node),
            )
        return current

    def capture(self, statements: Iterable[nodes.Node], state: State, frame: Frame) -> list[State]:
        """Every way through some statements, each with the text they print."""
        return self.run(statements, [state._replace(text="", unknown=())], frame)

    def render(self, unit: Unit, state: State, blocks: Mapping[str, Any] | None = None) -> list[State]:
        """A template from its top, with the variables in the first scope as its context."""
        found = {name: ((node, unit), *(blocks or {}).get(name, ())) for name, node in unit.blocks.items()}
        frame = Frame(unit, object(), {**(blocks or {}), **found})
        outer = state.autoescape
        state = state._replace(autoescape=unit.autoescape)
        position = next((n for n, node in enumerate(unit.body) if isinstance(node, nodes.Extends)), None)
        if position is None:
            results = self.run(unit.body, [state], frame)
        else:
            results = []
            for before in self.run(unit.body[:position], [state], frame):
                mute = replace(frame, is_mute=True)
                # What follows is run for the variables it sets.
                for after in self.run(unit.body[position + 1 :], [before._replace(text=None)], mute):
                    ready = after._replace(text=before.text, unknown=before.unknown)
                    results += self._extended(unit.body[position], ready, frame)
        return [after._replace(autoescape=outer) for after in results]

    def _extended(self, node: Any, state: State, frame: Frame) -> list[State]:
        results = []
        for after, value in self.expressions.evaluate(node.template, state, frame):
            parent = self.named(value, node, "extends", frame)
            if parent is not None:
                results += self.render(parent, after, frame.blocks)
            else:
                results.append(self.unplaced(node, value, after, frame))
        return results

    def unplaced(self, node: Any, value: Value, state: State, frame: Frame) -> State:
        """The parent is known at run time only: the blocks are walked one by one, on their own."""
        if not isinstance(value, Known) and frame.unit.blocks:
            self.cannot_know(Place(frame.unit.name, node.lineno, "extends"), unparse(node.template))
        for block in frame.unit.blocks.values():
            self.run([block], [state._replace(text=None)], replace(frame, is_mute=False))
        return state.cannot_write(f"{{% extends {unparse(node.template)} %}}")

    def named(self, value: Value, node: nodes.Node, tag: str, frame: Frame) -> Unit | None:
        """The template that a value names; told of if there is none of that name."""
        if not isinstance(value, Known) or not isinstance(value.value, str):
            return None
        name = self.environment.join_path(str.__str__(value.value), frame.unit.name)
        unit = self.units.load(name)
        if isinstance(unit, Unit):
            return unit
        if unit:
            self.findings.lacks(Place(frame.unit.name, node.lineno, tag), unit)
        return None

    def block(self, name: str, position: int, state: State, frame: Frame) -> list[State]:
        """A block of a page; its position among those of its name tells which ``super()`` it is."""
        node, unit = frame.blocks[name][position]
        if self._turns.get(id(node)):  # a block in itself, by way of a parent's block
            return [state.cannot_write(f"{{% block {name} %}}")]
        inner = Frame(unit, frame.context, frame.blocks, (name, position), state.scopes)
        start = state.push()._replace(autoescape=unit.autoescape)
        self._turns[id(node)] = 1
        ends = self.run(node.body, [start], inner)
        del self._turns[id(node)]
        return [after.pop()._replace(autoescape=state.autoescape) for after in ends]

    def parent_block(self, state: State, frame: Frame) -> list[State] | None:
        """What ``{{ super() }}`` prints here; None where there is nothing above."""
        name, position = frame.current
        if not position:
            return None
        start = state._replace(scopes=frame.scopes)
        return [after._replace(scopes=state.scopes) for after in self.block(name, position - 1, start, frame)]

    def include(self, unit: Unit, state: State, with_context: bool) -> list[State] | None:
        """An included template; None where it includes itself again."""
        bindings = state.bindings() if with_context else frozenset()
        view = (unit.name, bindings)
        walked = (view, frozenset(state.assumed.items()))
        if state.text is None and walked in self._walked:
            return [state]
        start = state._replace(scopes=(dict(bindings),))
        results = self.turn(unit, view, unit.name, lambda: self.render(unit, start))
        if results is None:
            return [state] if state.text is None else None
        self._walked.add(walked)
        return [after._replace(scopes=state.scopes) for after in results]

    def module(self, unit: Unit, state: State, with_context: bool) -> Value:
        """What an import makes of a template."""
        bindings = state.bindings() if with_context else frozenset()
        start = State(scopes=(dict(bindings),), assumed=state.assumed)
        results = self.turn(
            unit, ("import", unit.name, bindings), ("import", unit.name), lambda: self.render(unit, start)
        )
        if results is None:
            return Symbol()
        scope = widest(results).scopes[0]
        return ModuleValue(
            frozenset((name, value) for name, value in scope.items() if not name.startswith("_"))
        )

    def turn(
        self, unit: Unit, view: Hashable, name: Hashable, do: Callable[[], list[State]]
    ) -> list[State] | None:
        """Go one template deeper, unless it is going round in circles."""
        if self._turns.get(view):
            return None
        if self._turns.get((name,), 0) >= _MOST_TURNS:
            what = "a macro of it" if isinstance(name, tuple) and name[0] == "macro" else "it"
            self.findings.note(
                f"{what} uses itself with other values each time, and is followed {_MOST_TURNS} times",
                Place(unit.name, 0, ""),
            )
            return None
        for key in (view, (name,)):
            self._turns[key] = self._turns.get(key, 0) + 1
        self._depth += 1
        try:
            return do()
        finally:
            self._depth -= 1
            for key in (view, (name,)):
                self._turns[key] -= 1

    def cannot_know(self, place: Place, expression: str, written: str = "") -> None:
        self.findings.cannot_know(place, expression, written, reached=self.is_reached(place))

    def use(self, use: Use, written: str = "") -> None:
        self.findings.use(use, written, reached=self.is_reached(use.place))

    def is_reached(self, place: Place) -> bool:
        """Whether a place is come to through another template than its own."""
        return self._depth > 0 or place.template != self.entry

    # Calls in expressions

    def _called(self, node: nodes.Call, state: State, frame: Frame) -> Results:
        match node.node:
            case nodes.Name(name="super") if state.lookup("super") is None and not node.args:
                return self._super(state, frame)
        results: Results = []
        for after, value in self.expressions.evaluate(node.node, state, frame):
            known = self._known_call(node, value, after, frame)
            results += self._unknown_call(node, value, after, frame) if known is None else known
        return results

    def _unknown_call(self, node: nodes.Call, value: Value, state: State, frame: Frame) -> Results:
        jinja_calls.lost(self, value, node, frame)
        given = [*node.args, *(each.value for each in node.kwargs)]
        given += [each for each in (node.dyn_args, node.dyn_kwargs) if each is not None]
        results: Results = []
        for after, values in self.expressions.all(given, state, frame):
            jinja_handed.called(self, node, values, after)
            for each in values:
                jinja_calls.lost(self, each, node, frame)
            results.append((self.expressions.changed(node, after, frame), Symbol()))
        return results

    def _known_call(self, node: nodes.Call, value: Value, state: State, frame: Frame) -> Results | None:
        if isinstance(value, FunctionValue):
            return jinja_calls.called(self, value.function, node, state, frame)
        if not isinstance(value, MacroValue) or node.dyn_args or node.dyn_kwargs:
            return None
        results: Results = []
        given = [*node.args, *(each.value for each in node.kwargs)]
        for after, values in self.expressions.all(given, state, frame):
            keywords = dict(zip((each.key for each in node.kwargs), values[len(node.args) :], strict=True))
            results += jinja_macros.called(self, value, values[: len(node.args)], keywords, after, frame)
        return results

    def _super(self, state: State, frame: Frame) -> Results:
        parents = self.parent_block(state._replace(text="", unknown=()), frame)
        if parents is None:
            return [(state, Symbol())]
        return [jinja_macros.as_value(after, state) for after in parents]


def _overflow(node: nodes.Node) -> str:
    return f"{{% if {unparse(node.test)} %}}" if isinstance(node, nodes.If) else unparse(node)
