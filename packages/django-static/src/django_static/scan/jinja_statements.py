"""What the statements of Jinja2 do to the state of a page."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from jinja2 import nodes
from markupsafe import Markup

from ..jinja2 import StaticExtension
from . import jinja_calls, jinja_composition
from .holes import filled
from .jinja_operations import write
from .jinja_values import Frame, LoopValue, elements, unparse
from .result import Use
from .states import Known, State, Symbol, Value, merge

if TYPE_CHECKING:
    from .jinja_walk import Walk

__all__ = ["HANDLERS", "other"]

#: A loop over a literal list is walked turn by turn up to this length.
_MOST_TURNS = 64


def _output(walk: Walk, node: Any, state: State, frame: Frame) -> list[State]:
    current = [state]
    for part in node.nodes:
        results: list[State] = []
        for each in current:
            if isinstance(part, nodes.TemplateData):
                results.append(each.write(part.data))
                continue
            parents = walk.parent_block(each, frame) if _is_super(part, each) else None
            if parents is not None:
                results += parents
                continue
            for after, value in walk.expressions.evaluate(part, each, frame):
                text = walk.expressions.printed(value, after)
                results.append(
                    after.cannot_write(f"{{{{ {unparse(part)} }}}}") if text is None else after.write(text)
                )
        current = merge(results, unparse(part))
    return current


def _is_super(node: nodes.Node, state: State) -> bool:
    match node:
        case nodes.Call(node=nodes.Name(name="super"), args=[]):
            return state.lookup("super") is None
    return False


def _if(walk: Walk, node: Any, state: State, frame: Frame) -> list[State]:
    results: list[State] = []
    pending = [state]
    for branch in (node, *node.elif_):
        others: list[State] = []
        for each in pending:
            for after, is_true in walk.expressions.is_true(branch.test, each, frame):
                if is_true:
                    results += walk.run(branch.body, [after], frame)
                else:
                    others.append(after)
        pending = merge(others, f"{{% if {unparse(branch.test)} %}}", exact=True)
    return results + walk.run(node.else_, pending, frame)


def _for(walk: Walk, node: Any, state: State, frame: Frame) -> list[State]:
    results: list[State] = []
    for after, value in walk.expressions.evaluate(node.iter, state, frame):
        items = elements(value)
        if items == ():
            results += _inner(walk, node.else_, after, frame)
        elif items is None or node.test or node.recursive or len(items) > _MOST_TURNS or _breaks(node):
            results += _unknown_turns(walk, node, after, frame)
        else:
            turns = [after]
            for number, item in enumerate(items):
                bindings = {"loop": LoopValue(number, len(items)), **_targets(node.target, item)}
                turns = merge(
                    [
                        end.pop()
                        for each in turns
                        for end in walk.run(node.body, [each.push(bindings)], frame)
                    ],
                    f"{{% for {unparse(node.target)} in {unparse(node.iter)} %}}",
                )
            results += turns
    return results


def _unknown_turns(walk: Walk, node: Any, state: State, frame: Frame) -> list[State]:
    """Any number of turns: the variables are symbols, and nothing that a turn sets is there in the next."""
    marker = ("turn", id(node))
    names = {name: Symbol((marker, name)) for name in ("loop", *_names(node.target))}
    start = state._replace(text=None).forget(marker).push(names)
    if node.test:
        # The condition may call something; whatever it says, a turn is possible.
        for _ in walk.expressions.evaluate(node.test, start, frame):
            pass
    ends = walk.run(node.body, [start], frame)
    lost = [] if state.text is None else walk.capture(node.body, start, frame)
    written = f"{{% for {unparse(node.target)} in {unparse(node.iter)} %}}"
    done = [
        end.forget(marker)
        .pop()
        ._replace(text=state.text, unknown=state.unknown)
        .cannot_write(written)
        .lose(lost)
        for end in ends
    ]
    return done + _inner(walk, node.else_, state, frame)


def _breaks(node: Any) -> bool:
    return any(
        child.find((nodes.Break, nodes.Continue)) or isinstance(child, nodes.Break | nodes.Continue)
        for child in node.body
    )


def _names(target: Any) -> list[str]:
    if isinstance(target, nodes.Name):
        return [target.name]
    return [name for each in getattr(target, "items", ()) for name in _names(each)]


def _targets(target: Any, value: Value) -> dict[str, Value]:
    """The variables that an assignment binds."""
    if isinstance(target, nodes.Name):
        return {target.name: value}
    parts = getattr(target, "items", ())
    items = elements(value)
    if items is None or len(items) != len(parts):
        items = (Symbol(),) * len(parts)
    found: dict[str, Value] = {}
    for part, item in zip(parts, items, strict=True):
        found.update(_targets(part, item))
    return found


def _inner(walk: Walk, body: Iterable[nodes.Node], state: State, frame: Frame) -> list[State]:
    return [after.pop() for after in walk.run(body, [state.push()], frame)]


def _with(walk: Walk, node: Any, state: State, frame: Frame) -> list[State]:
    results: list[State] = []
    for after, values in walk.expressions.all(node.values, state, frame):
        bindings: dict[str, Value] = {}
        for target, value in zip(node.targets, values, strict=True):
            bindings.update(_targets(target, value))
        results += [end.pop() for end in walk.run(node.body, [after.push(bindings)], frame)]
    return results


def _assign(walk: Walk, node: Any, state: State, frame: Frame) -> list[State]:
    results = []
    for after, value in walk.expressions.evaluate(node.node, state, frame):
        if isinstance(node.target, nodes.NSRef):  # whoever has the namespace has it then
            jinja_calls.lost(walk, value, node, frame)
        for name, bound in _targets(node.target, value).items():
            after = after.bind(name, bound)
        results.append(after)
    return results


def _assign_block(walk: Walk, node: Any, state: State, frame: Frame) -> list[State]:
    results = []
    for after in walk.capture(node.body, state.push(), frame):
        outer = after.pop()._replace(text=state.text, unknown=state.unknown)
        value: Value = Symbol()
        if not after.unknown:
            text = after.text or ""
            value = Known(Markup(text) if outer.autoescape else text)  # noqa: S704 (as Jinja2 does)
        ends = [(outer, value)]
        if node.filter is not None:
            # A filter of a block gets a plain string.
            plain = Known(str.__str__(value.value)) if isinstance(value, Known) else value
            ends = [
                (end, _marked(found, end)) for end, found in _chain(walk, node.filter, plain, outer, frame)
            ]
        for end, found in ends:
            for name, bound in _targets(node.target, found).items():
                end = end.bind(name, bound)
            results.append(end)
    return results


def _marked(value: Value, state: State) -> Value:
    if state.autoescape and isinstance(value, Known) and isinstance(value.value, str):
        return Known(Markup(value.value))  # noqa: S704 (as Jinja2 does)
    return value


def _chain(walk: Walk, node: Any, value: Value, state: State, frame: Frame) -> list[tuple[State, Value]]:
    """The filters of a block: the innermost has nothing to filter but the block."""
    found = [(state, value)] if node.node is None else _chain(walk, node.node, value, state, frame)
    return [result for after, each in found for result in walk.expressions.filtered(node, each, after, frame)]


def _filter_block(walk: Walk, node: Any, state: State, frame: Frame) -> list[State]:
    if state.text is None:
        return _inner(walk, node.body, state, frame)
    results: list[State] = []
    for after in walk.capture(node.body, state.push(), frame):
        outer = after.pop()._replace(text=state.text, unknown=state.unknown)
        if after.unknown:
            results.append(outer.cannot_write(*after.unknown).lose([after]))
            continue
        text = after.text or ""
        start: Value = Known(Markup(text) if outer.autoescape else text)  # noqa: S704 (as Jinja2 does)
        for end, value in _chain(walk, node.filter, start, outer, frame):
            results.append(write(value, f"{{% filter {unparse(node.filter).lstrip('|')} %}}", end))
    return results


def _scope(walk: Walk, node: Any, state: State, frame: Frame) -> list[State]:
    ours = StaticExtension.found(node, walk.environment)
    if ours is None:
        return _inner(walk, node.body, state, frame)
    place, argument, body = ours
    if frame.is_mute:
        return _inner(walk, body, state, frame)
    results = []
    with walk.findings.block() if place.tag != "slimcontent" else contextlib.nullcontext():
        ends = walk.capture(body, state._replace(pieces=frozenset()).push(), frame)
    for after in ends:
        text = after.text or ""
        uses: list[Use] = []
        decisive: Sequence[str] = after.unknown
        if place.tag != "slimcontent":
            found, decisive = filled(text, after.unknown) if after.unknown else ([text], ())
            found = [*found, *sorted(after.pieces.difference(found))]
            uses = [Use(place, "block", place.tag == "slimall", each, argument) for each in found]
        elif not after.unknown:
            uses = [Use(place, "content", True, text, argument)]
        for use in uses:
            walk.use(use)
        for expression in decisive:
            walk.cannot_know(place, expression)
        outer = after.pop()._replace(text=state.text, unknown=state.unknown, pieces=state.pieces)
        results.append(outer.cannot_write(f"{{% {place.tag} %}}"))
    return results


def _expression(walk: Walk, node: Any, state: State, frame: Frame) -> list[State]:
    return merge([after for after, _ in walk.expressions.evaluate(node.node, state, frame)])


def _evaluation(walk: Walk, node: Any, state: State, frame: Frame) -> list[State]:
    """``{% autoescape %}``."""
    inner = state
    for option in node.options:
        if option.key == "autoescape":
            for _, value in walk.expressions.evaluate(option.value, state, frame):
                inner = inner._replace(autoescape=bool(value.value) if isinstance(value, Known) else True)
    if not isinstance(node, nodes.ScopedEvalContextModifier):
        return [inner]
    return [after._replace(autoescape=state.autoescape) for after in _inner(walk, node.body, inner, frame)]


def other(walk: Walk, node: nodes.Node, state: State, frame: Frame) -> list[State]:
    """A statement of an extension: what it prints is unknown, and what it holds may be printed or not."""
    ends = [state._replace(text=None)]
    inside: Sequence[nodes.Node] = list(node.iter_child_nodes())
    statements = [child for child in inside if isinstance(child, nodes.Stmt)]
    for after in list(ends):
        ends = merge([*ends, *_inner(walk, statements, after, frame)])
    return [
        end._replace(text=state.text, unknown=state.unknown).cannot_write(type(node).__name__.lower())
        for end in ends
    ]


HANDLERS: dict[type[nodes.Node], Callable[[Walk, Any, State, Frame], list[State]]] = {
    **jinja_composition.HANDLERS,
    nodes.Assign: _assign,
    nodes.AssignBlock: _assign_block,
    nodes.EvalContextModifier: _evaluation,
    nodes.ExprStmt: _expression,
    nodes.FilterBlock: _filter_block,
    nodes.For: _for,
    nodes.If: _if,
    nodes.Output: _output,
    nodes.Scope: _scope,
    nodes.ScopedEvalContextModifier: _evaluation,
    nodes.With: _with,
}
