"""What becomes of a page where templates of Jinja2 are made of others: blocks, includes, imports, macros."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from jinja2 import nodes

from ..resolver import Place
from . import jinja_handed, jinja_macros
from .jinja_handed import Imported
from .jinja_operations import write
from .jinja_values import Frame, ListValue, MacroValue, ModuleValue, elements, unparse
from .states import Known, State, Symbol

if TYPE_CHECKING:
    from .jinja_walk import Walk

__all__ = ["HANDLERS"]


def _block(walk: Walk, node: Any, state: State, frame: Frame) -> list[State]:
    if frame.is_mute or node.name not in frame.blocks:
        return [state]
    scopes = state.scopes if node.scoped else state.scopes[:1]
    ends = walk.block(node.name, len(frame.blocks[node.name]) - 1, state._replace(scopes=scopes), frame)
    return [after._replace(scopes=state.scopes) for after in ends]


def _extends(walk: Walk, node: Any, state: State, frame: Frame) -> list[State]:
    """One under a condition: the parent depends on it, and so does what is printed here."""
    for _, value in walk.expressions.evaluate(node.template, state, frame):
        walk.named(value, node, "extends", frame)  # it must be there all the same
    return [walk.unplaced(node, Symbol(), state, frame)]


def _include(walk: Walk, node: Any, state: State, frame: Frame) -> list[State]:
    written = f"{{% include {unparse(node.template)} %}}"
    results: list[State] = []
    for after, value in walk.expressions.evaluate(node.template, state, frame):
        candidates = elements(value) if isinstance(value, ListValue) else (value,)
        chosen = None
        for candidate in candidates or ():
            chosen = candidate
            if not isinstance(candidate, Known) or walk.units.exists(
                walk.environment.join_path(str(candidate.value), frame.unit.name)
            ):
                break
        else:
            if node.ignore_missing:
                results.append(after)
                continue
            if candidates and len(candidates) > 1:
                names = ", ".join(str(each.value) for each in candidates if isinstance(each, Known))
                walk.findings.lacks(
                    Place(frame.unit.name, node.lineno, "include"), f"there is none of the templates {names}"
                )
                results.append(after.cannot_write(written))
                continue
        unit = None if chosen is None else walk.named(chosen, node, "include", frame)
        place = Place(frame.unit.name, node.lineno, "include")
        if not isinstance(chosen, Known):
            jinja_handed.included(walk, place, node, written, after)
        elif walk.is_reached(place):
            walk.findings.told.add((place, written))
        # Jinja2 prints one without context past the block it stands in, unless it is asynchronous.
        is_past = not node.with_context and after.text is not None and not walk.environment.is_async
        ends = None
        if unit is not None:
            ends = walk.include(unit, after._replace(text=None) if is_past else after, node.with_context)
        if ends is None:
            results.append(after.cannot_write(written))
        elif is_past:
            results += [end._replace(text=after.text).cannot_write(written) for end in ends]
        else:
            results += ends
    return results


def _import(walk: Walk, node: Any, state: State, frame: Frame) -> list[State]:
    results = []
    for after, value in walk.expressions.evaluate(node.template, state, frame):
        unit = walk.named(value, node, "import", frame)
        place = Place(frame.unit.name, node.lineno, "import")
        unforeseen = Imported(place, unparse(node.template)) if not isinstance(value, Known) else None
        if unforeseen is None and walk.is_reached(place):
            walk.findings.told.add((place, unparse(node.template)))
        module = Symbol(unforeseen) if unit is None else walk.module(unit, after, node.with_context)
        if isinstance(node, nodes.Import):
            results.append(after.bind(node.target, module))
            continue
        for name in node.names:
            name, alias = name if isinstance(name, tuple) else (name, name)
            found = module.attribute(name) if isinstance(module, ModuleValue) else Symbol()
            if unforeseen is not None:
                found = Symbol(replace(unforeseen, name=name))
            after = after.bind(alias, found)
        results.append(after)
    return results


def _macro(walk: Walk, node: Any, state: State, frame: Frame) -> list[State]:
    macro = MacroValue(node, replace(frame, is_mute=False), state.scopes, state.autoescape)
    walk.macros.setdefault(id(node), (macro, False))
    return [state.bind(node.name, macro)]


def _call_block(walk: Walk, node: Any, state: State, frame: Frame) -> list[State]:
    """``{% call %}``: the content is a macro that the called one knows as ``caller``."""
    written = f"{{% call {unparse(node.call)} %}}"
    caller = MacroValue(node, frame, state.scopes, state.autoescape)
    results: list[State] = []
    given = [*node.call.args, *(each.value for each in node.call.kwargs)]
    for middle, value in walk.expressions.evaluate(node.call.node, state, frame):
        if not isinstance(value, MacroValue) or node.call.dyn_args or node.call.dyn_kwargs:
            names = {each.name: Symbol((id(node), each.name)) for each in node.args}
            for after, _ in walk.expressions.evaluate(node.call, middle, frame):
                inside = walk.run(node.body, [after._replace(text=None).push(names)], frame)
                results += [
                    end.pop()._replace(text=state.text, unknown=state.unknown).cannot_write(written)
                    for end in inside
                ]
            continue
        count = len(node.call.args)
        for after, values in walk.expressions.all(given, middle, frame):
            keywords = dict(zip((each.key for each in node.call.kwargs), values[count:], strict=True))
            for end, returned in jinja_macros.called(
                walk, value, values[:count], keywords, after, frame, caller
            ):
                results.append(write(returned, written, end))
    return results


HANDLERS: dict[type[nodes.Node], Callable[[Walk, Any, State, Frame], list[State]]] = {
    nodes.Block: _block,
    nodes.CallBlock: _call_block,
    nodes.Extends: _extends,
    nodes.FromImport: _import,
    nodes.Import: _import,
    nodes.Include: _include,
    nodes.Macro: _macro,
}
