"""Walks compiled Django templates as a page would render them, and gathers what our tags are handed."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.template import Engine, Origin, Template, TemplateSyntaxError
from django.template.base import Node, TextNode
from django.template.loader_tags import BlockNode, ExtendsNode, IncludeNode, construct_relative_path

from ..resolver import Place
from . import django_tags
from .django_expressions import Expressions, Lookup, plain
from .django_foreign import foreign, place, written
from .django_ours import asked
from .django_templates import Templates
from .handed import Handed
from .result import Findings, Use
from .states import Known, State, Symbol, Value, merge

__all__ = ["Frame", "Walk"]

#: So often may a template include itself with other values each time before it is given up.
_MOST_TURNS = 4


@dataclass(frozen=True, slots=True)
class Frame:
    """What belongs to the rendering of one template: the overriding blocks, and the templates it has extended so far.

    ``blocks`` has those of one name from the base to the most derived; None where nothing is extended.
    """

    blocks: Mapping[str, tuple[BlockNode, ...]] | None = None
    history: tuple[Origin, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class _Block:
    """The variable ``block`` inside a block."""

    name: str
    node: BlockNode
    frame: Frame


@dataclass(slots=True)
class Walk:
    """The walk through all templates of one engine; ``static`` gives the URL that ``{% static path %}`` prints."""

    engine: Engine
    findings: Findings
    static: Callable[[str], str]
    #: Names of templates that were met and may not have been listed.
    met: dict[str, None] = field(default_factory=dict)
    expressions: Expressions = field(init=False)
    templates: Templates = field(init=False)
    _entry: str = ""
    _depth: int = 0
    _turns: dict[Hashable, int] = field(default_factory=dict)
    _walked: set[Hashable] = field(default_factory=set)
    _active: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.templates = Templates(self.engine, self.findings)
        self.expressions = Expressions(self.engine.string_if_invalid, self._block_attribute)

    def template(self, name: str) -> None:
        """Walk a template that a view may render."""
        template = self.templates.load(name)
        if isinstance(template, str):
            self.findings.note(template)
            return
        if template is None:
            return
        self._entry = name
        start = State(autoescape=self.engine.autoescape)
        self.run(template.nodelist, [start], Frame())
        # Django 6: a view may render "name#partial".
        for partial in (getattr(template, "extra_data", None) or {}).get("partials", {}).values():
            self.run(partial.nodelist, [start], Frame())

    def run(self, nodes: Iterable[Node], states: Sequence[State], frame: Frame) -> list[State]:
        """Every way through some nodes."""
        current = list(states)
        for node in nodes:
            if type(node) is TextNode:
                if current and current[0].text is not None:
                    current = [state.write(node.s) for state in current]
                continue
            handle = _HANDLERS.get(type(node))
            results: list[State] = []
            for state in current:
                if handle is not None:
                    results += handle(self, node, state, frame)
                    continue
                found = asked(self, node, state, frame)
                results += foreign(self, node, state, frame) if found is None else found
            current = merge(results, written(node))
        return current

    def capture(self, nodes: Iterable[Node], state: State, frame: Frame) -> list[State]:
        """Every way through some nodes, each with the text they print."""
        return self.run(nodes, [state._replace(text="", unknown=())], frame)

    def use(self, use: Use, node: Node) -> None:
        self.findings.use(use, written(node), reached=self._is_reached(use.place))

    def cannot_know(self, place: Place, expression: str, node: Node) -> None:
        self.findings.cannot_know(place, expression, written(node), reached=self._is_reached(place))

    def _is_reached(self, place: Place) -> bool:
        return self._depth > 0 or place.template != self._entry

    # Templates made of templates

    def extends(self, node: Any, state: State, frame: Frame) -> list[State]:
        results = []
        for after, value in self.expressions.evaluate(node.parent_name, state):
            if not isinstance(value, Known):
                results.append(self._extends_unknown(node, after))
                continue
            history = frame.history or (node.origin,)
            parent = self.templates.load(plain(value.value), history)
            if not isinstance(parent, Template):
                self._missing(node, parent)
                results.append(after.cannot_write(written(node)))
                continue
            blocks = _added(frame.blocks or {}, node.blocks)
            first = next((each for each in parent.nodelist if not isinstance(each, TextNode)), None)
            if first is not None and not isinstance(first, ExtendsNode):
                found = parent.nodelist.get_nodes_by_type(BlockNode)
                blocks = _added(blocks, {each.name: each for each in found if isinstance(each, BlockNode)})
            results += self.run(parent.nodelist, [after], Frame(blocks, (*history, parent.origin)))
        return results

    def _extends_unknown(self, node: Any, state: State) -> State:
        """The parent is known at run time only: its blocks are walked one by one, on their own."""
        if node.blocks:
            self.cannot_know(place(node, "extends"), node.parent_name.token, node)
        for block in node.blocks.values():
            self.block(block, state._replace(text=None), Frame())
        return state.cannot_write(written(node))

    def block(self, node: Any, state: State, frame: Frame) -> list[State]:
        queue = (frame.blocks or {}).get(node.name, ())
        found, inner = node, frame
        if queue:
            found = queue[-1]
            inner = replace(frame, blocks={**(frame.blocks or {}), node.name: queue[:-1]})
        pushed = state.push({"block": _Block(node.name, found, inner)})
        return [after.pop() for after in self.run(found.nodelist, [pushed], inner)]

    def parent_block(self, state: State) -> Callable[[State], list[State]] | None:
        """What prints ``{{ block.super }}`` here; None where it cannot be known."""
        value = state.lookup("block")
        if not isinstance(value, _Block) or value.frame.blocks is None:
            return None
        if not value.frame.blocks.get(value.name):
            return lambda state: [state]
        return lambda state: self.block(value.node, state, value.frame)

    def _block_attribute(self, lookup: Lookup, state: State) -> list[tuple[State, Value]]:
        parent = self.parent_block(state) if lookup.path == ("super",) else None
        if parent is None or state.lookup("block") is not lookup.value:
            return [(state, Symbol())]
        results: list[tuple[State, Value]] = []
        for after in parent(state._replace(text="", unknown=())):
            value = Symbol() if after.unknown else Known(django_tags.safe(after.text or ""))
            results.append((after._replace(text=state.text, unknown=state.unknown), value))
        return results

    def include(self, node: Any, state: State, frame: Frame) -> list[State]:
        results = []
        for named, value in self.expressions.evaluate(node.template, state):
            for after, values in self.values(node.extra_context, named):
                if isinstance(value, Known) and isinstance(value.value, str):
                    if self._is_reached(_place(node)):
                        self.findings.told.add((_place(node), written(node)))
                    results += self._included(node, plain(value.value), values, after)
                else:
                    self._hands(node, values, after)
                    results.append(after.cannot_write(written(node)))
        return results

    def _hands(self, node: Any, values: Mapping[str, Value], state: State) -> None:
        """Note what goes to a template that is known at run time only.

        The templates of form widgets hand each other the widget: one that asks for a file of it is told of by itself.
        """
        if _place(node).template.startswith("django/forms/"):
            return
        handed = Handed.of(values, None if node.isolated_context else state)
        handed.reached = self._is_reached(_place(node))
        self.findings.hands(_place(node), node.template.token, written(node), handed)

    def _included(self, node: Any, name: str, values: Mapping[str, Value], state: State) -> list[State]:
        try:
            name = construct_relative_path(node.origin.template_name, name)
        except TemplateSyntaxError as error:
            self._missing(node, str(error))
            return [state.cannot_write(written(node))]
        template = self.templates.load(name)
        if template is None or isinstance(template, str):
            self._missing(node, template)
            return [state.cannot_write(written(node))]
        self.met[name] = None
        if node.isolated_context:
            inner = state._replace(scopes=(dict(values),), is_open=False)
        else:
            inner = state.push(values)
        view = (inner.bindings(), inner.autoescape, inner.is_open)
        walked = (name, view, frozenset(inner.assumed.items()))
        if state.text is None and walked in self._walked:
            return [state]
        turn, turns = (name, view), name
        if self._turns.get(turn) or self._turns.get(turns, 0) >= _MOST_TURNS:
            if not self._turns.get(turn):
                self.findings.note(
                    f"it includes itself with other values each time, and is followed {_MOST_TURNS} times",
                    _place(node),
                )
            return [state.cannot_write(written(node))]
        for key in (turn, turns):
            self._turns[key] = self._turns.get(key, 0) + 1
        self._depth += 1
        try:
            results = self.run(template.nodelist, [inner], Frame())
        finally:
            self._depth -= 1
            for key in (turn, turns):
                self._turns[key] -= 1
        if all(after.scopes == inner.scopes for after in results):
            self._walked.add(walked)
        if node.isolated_context:
            return [after._replace(scopes=state.scopes, is_open=state.is_open) for after in results]
        return [after.pop() for after in results]

    def values(
        self, expressions: Mapping[str, object], state: State
    ) -> list[tuple[State, Mapping[str, Value]]]:
        """The bindings of a ``with``."""
        found: list[tuple[State, Mapping[str, Value]]] = [(state, {})]
        for name, expression in expressions.items():
            found = [
                (after, {**values, name: value})
                for before, values in found
                for after, value in self.expressions.evaluate(expression, before)  # type: ignore[arg-type]
            ]
        return found

    def enter(self, node: Node) -> bool:
        """Mark a node as being walked; False if it is already, as nodes that hold each other are."""
        if id(node) in self._active:
            return False
        self._active.add(id(node))
        return True

    def leave(self, node: Node) -> None:
        self._active.discard(id(node))

    def _missing(self, node: Node, reason: str | None) -> None:
        # The templates of form widgets are rendered by an engine of their own that has these, too.
        if reason and "django/forms/" not in reason:
            self.findings.lacks(_place(node), reason)


def _place(node: Node) -> Place:
    return place(node, "extends" if isinstance(node, ExtendsNode) else "include")


def _added(
    blocks: Mapping[str, tuple[BlockNode, ...]], more: Mapping[str, BlockNode]
) -> dict[str, tuple[BlockNode, ...]]:
    """The blocks with those of a parent; the most derived stays last."""
    return {**blocks, **{name: (node, *blocks.get(name, ())) for name, node in more.items()}}


_HANDLERS: dict[type[Node], Callable[[Walk, Any, State, Frame], list[State]]] = {
    ExtendsNode: Walk.extends,
    IncludeNode: Walk.include,
    BlockNode: Walk.block,
    **django_tags.HANDLERS,
}
