"""Macros of Jinja2: what a call of one returns, and those that nobody seems to call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from markupsafe import Markup

from .jinja_expressions import Results
from .jinja_values import UNDEFINED, Frame, MacroValue
from .states import Known, State, Symbol, Value

if TYPE_CHECKING:
    from .jinja_walk import Walk

__all__ = ["as_value", "called", "uncalled"]


def uncalled(walk: Walk) -> None:
    """Walk the macros nobody calls where it can be seen: their arguments are unknown."""
    for macro, called in list(walk.macros.values()):
        if not called:
            walk.entry = macro.frame.unit.name
            arguments = {each.name: Symbol((id(macro.node), each.name)) for each in macro.node.args}
            start = State(scopes=macro.scopes, autoescape=macro.autoescape)
            walk.run(macro.node.body, [start.push(_with_extras(arguments))], macro.frame)


def called(
    walk: Walk,
    macro: MacroValue,
    given: Sequence[Value],
    keywords: Mapping[str, Value],
    state: State,
    frame: Frame,
    caller: Value = UNDEFINED,
) -> Results:
    """What a call of a macro returns."""
    walk.macros[id(macro.node)] = (macro, True)
    parameters = [each.name for each in macro.node.args]
    bindings = dict(zip(parameters, given, strict=False))
    bindings.update({name: value for name, value in keywords.items() if name in parameters})
    scopes = macro.scopes
    level = len(scopes)
    name = getattr(macro.node, "name", None)  # the content of a {% call %} has none
    if name and len(state.scopes) >= level and state.scopes[level - 1].get(name) is macro:
        # Where it was made: it sees what its variables are by now.
        scopes = state.scopes[:level]
    elif macro.frame.context is frame.context:
        scopes = (state.scopes[0], *scopes[1:])
    start = state._replace(scopes=scopes, text="", unknown=(), autoescape=macro.autoescape).push(
        {"caller": caller, **_with_extras({})}
    )
    starts = [start]
    first_default = len(parameters) - len(macro.node.defaults)
    for number, name in enumerate(parameters):
        if name in bindings:
            starts = [each.bind(name, bindings[name]) for each in starts]
        elif number >= first_default:
            default = macro.node.defaults[number - first_default]
            starts = [
                after.bind(name, value)
                for each in starts
                for after, value in walk.expressions.evaluate(default, each, macro.frame)
            ]
        else:
            starts = [each.bind(name, UNDEFINED) for each in starts]
    view = (id(macro.node), state.bindings(), tuple(bindings.items()), caller)
    ends = walk.turn(
        macro.frame.unit,
        view,
        ("macro", id(macro.node)),
        lambda: walk.run(macro.node.body, starts, macro.frame),
    )
    if ends is None:
        return [(state, Symbol())]
    return [as_value(after, state) for after in ends]


def as_value(after: State, state: State) -> tuple[State, Value]:
    """What was captured, as a value where it was asked for."""
    text = after.text or ""
    value: Value = Symbol()
    if not after.unknown:
        value = Known(Markup(text) if state.autoescape else text)  # noqa: S704 (as Jinja2 does)
    return (
        after._replace(
            text=state.text, unknown=state.unknown, scopes=state.scopes, autoescape=state.autoescape
        ),
        value,
    )


def _with_extras(arguments: Mapping[str, Value]) -> dict[str, Value]:
    return {"varargs": Symbol(), "kwargs": Symbol(), **arguments}
