"""What Django's own tags do to the state of a page, and what can be said of the tags of others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from django.template import defaulttags
from django.template.base import Node, TextNode, VariableNode
from django.templatetags import cache, i18n, l10n, static, tz
from django.utils.html import conditional_escape, strip_spaces_between_tags
from django.utils.safestring import SafeString

from .django_expressions import plain, printed, truth
from .django_foreign import place, written
from .states import Known, State, Symbol, merge, widest

if TYPE_CHECKING:
    from .django_walk import Frame, Walk

__all__ = ["HANDLERS", "safe"]

#: A loop is walked again while its turns leave something behind, at most so often.
_MOST_TURNS = 8


def safe(text: str) -> SafeString:
    return SafeString(text)


def _print(node: Node, text: str | None, state: State) -> State:
    return state.cannot_write(written(node)) if text is None else state.write(text)


def _variable(walk: Walk, node: Any, state: State, frame: Frame) -> list[State]:
    expression = node.filter_expression
    if expression.token == "block.super":  # noqa: S105 (a piece of a template)
        parent = walk.parent_block(state)
        return parent(state) if parent is not None else [state.cannot_write(written(node))]
    return [
        _print(node, printed(value, after.autoescape), after)
        for after, value in walk.expressions.evaluate(expression, state)
    ]


def _if(walk: Walk, node: Any, state: State, frame: Frame) -> list[State]:
    results: list[State] = []
    pending = [state]
    for condition, nodelist in node.conditions_nodelists:
        others: list[State] = []
        for each in pending:
            answers = [(each, True)] if condition is None else walk.expressions.is_true(condition, each)
            for after, is_true in answers:
                if is_true:
                    results += walk.run(nodelist, [after], frame)
                else:
                    others.append(after)
        pending = merge(others, written(node), exact=True)
    return results + pending


def _for(walk: Walk, node: Any, state: State, frame: Frame) -> list[State]:
    results: list[State] = []
    for after, value in walk.expressions.evaluate(node.sequence, state, or_none=True):
        is_known = isinstance(value, Known)
        may_be_empty = not isinstance(value, Known) or not value.value
        if may_be_empty:
            results += [each.pop() for each in walk.run(node.nodelist_empty, [after.push()], frame)]
        if not (is_known and may_be_empty):
            results += _turns(walk, node, after, frame)
    return results


def _turns(walk: Walk, node: Any, state: State, frame: Frame) -> list[State]:
    """Any turn of a loop: its variables are symbols, and what an earlier turn left behind may be there."""
    marker = ("turn", id(node))
    symbols = {name: Symbol((marker, name)) for name in ("forloop", *node.loopvars)}

    def turned(each: State) -> State:
        each = each.forget(marker)
        return each._replace(scopes=(*each.scopes[:-1], {**each.scopes[-1], **symbols}))

    starts = [turned(state._replace(text=None).push())]
    ends = walk.run(node.nodelist_loop, starts, frame)
    for turn in range(_MOST_TURNS):
        following = merge([*starts, *map(turned, ends)])
        if _same(following, starts):
            break
        starts = [widest(following)] if turn + 1 == _MOST_TURNS else following
        ends = walk.run(node.nodelist_loop, starts, frame)
    lost = [] if state.text is None else walk.capture(node.nodelist_loop, starts[0], frame)
    return [
        end.forget(marker)
        .pop()
        ._replace(text=state.text, unknown=state.unknown)
        .cannot_write(written(node))
        .lose(lost)
        for end in ends
    ]


def _same(some: Sequence[State], others: Sequence[State]) -> bool:
    def seen(states: Sequence[State]) -> set[object]:
        return {(state.key(), frozenset(state.assumed.items())) for state in states}

    return seen(some) == seen(others)


def _with(walk: Walk, node: Any, state: State, frame: Frame) -> list[State]:
    return [
        end.pop()
        for after, values in walk.values(node.extra_context, state)
        for end in walk.run(node.nodelist, [after.push(values)], frame)
    ]


def _autoescape(walk: Walk, node: Any, state: State, frame: Frame) -> list[State]:
    inner = state._replace(autoescape=node.setting)
    return [after._replace(autoescape=state.autoescape) for after in walk.run(node.nodelist, [inner], frame)]


def _children(walk: Walk, node: Any, state: State, frame: Frame) -> list[State]:
    return walk.run(node.nodelist, [state], frame)


def _nothing(walk: Walk, node: Any, state: State, frame: Frame) -> list[State]:
    return [state]


def _verbatim(walk: Walk, node: Any, state: State, frame: Frame) -> list[State]:
    return [state.write(node.content)]


def _template_tag(walk: Walk, node: Any, state: State, frame: Frame) -> list[State]:
    return [state.write(node.mapping.get(node.tagtype, ""))]


def _spaceless(walk: Walk, node: Any, state: State, frame: Frame) -> list[State]:
    return _changed(
        walk, node, state, frame, lambda text, after: [(after, strip_spaces_between_tags(text.strip()))]
    )


def _filter(walk: Walk, node: Any, state: State, frame: Frame) -> list[State]:
    def change(text: str, state: State) -> list[tuple[State, str | None]]:
        pushed = state.push({"var": Known(safe(text))})
        return [
            (after.pop(), value.value if isinstance(value, Known) and isinstance(value.value, str) else None)
            for after, value in walk.expressions.evaluate(node.filter_expr, pushed)
        ]

    return _changed(walk, node, state, frame, change)


def _changed(
    walk: Walk,
    node: Any,
    state: State,
    frame: Frame,
    change: Callable[[str, State], Sequence[tuple[State, str | None]]],
) -> list[State]:
    """A tag that prints what its content becomes."""
    if state.text is None:
        return walk.run(node.nodelist, [state], frame)
    results: list[State] = []
    for after in walk.capture(node.nodelist, state, frame):
        outer = after._replace(text=state.text, unknown=state.unknown)
        if after.unknown:
            results.append(outer.cannot_write(*after.unknown).lose([after]))
        else:
            results += [_print(node, text, end) for end, text in change(after.text or "", outer)]
    return results


def _first_of(walk: Walk, node: Any, state: State, frame: Frame) -> list[State]:
    results: list[State] = []
    pending = [state]
    for variable in node.vars:
        others: list[State] = []
        for each in pending:
            for middle, value in walk.expressions.evaluate(variable, each, or_none=True):
                for after, is_true in truth(value, middle):
                    if is_true:
                        results.append(
                            _bind_or_print(node, node.asvar, printed(value, after.autoescape), after)
                        )
                    else:
                        others.append(after)
        pending = merge(others, written(node), exact=True)
    return results + [_bind_or_print(node, node.asvar, "", each) for each in pending]


def _bind_or_print(node: Node, name: str | None, text: str | None, state: State) -> State:
    if not name:
        return _print(node, text, state)
    return state.bind(name, Symbol() if text is None else Known(safe(text)))


def _if_changed(walk: Walk, node: Any, state: State, frame: Frame) -> list[State]:
    return [
        *walk.run(node.nodelist_true, [state], frame),
        *walk.run(node.nodelist_false, [state], frame),
    ]


def _cycle(walk: Walk, node: Any, state: State, frame: Frame) -> list[State]:
    if node.variable_name:
        name = node.variable_name
        level = next((n for n in range(len(state.scopes) - 1, -1, -1) if name in state.scopes[n]), -1)
        scopes = list(state.scopes)
        scopes[level] = {**scopes[level], name: Symbol()}
        state = state._replace(scopes=tuple(scopes))
    return [state if node.silent else state.cannot_write(written(node))]


def _cache(walk: Walk, node: Any, state: State, frame: Frame) -> list[State]:
    """What is printed may stem from another request, which answered all questions for itself, or is made now."""
    results = []
    for after in walk.run(node.nodelist, [state._replace(assumed={})], frame):
        end = after._replace(assumed=state.assumed)
        results += [end, end._replace(scopes=state.scopes)]
    return results


def _static(walk: Walk, node: Any, state: State, frame: Frame) -> list[State]:
    results = []
    for after, value in walk.expressions.evaluate(node.path, state):
        url: str | None = None
        if isinstance(value, Known):
            if isinstance(value.value, str):
                walk.findings.mention(place(node, "static"), plain(value.value))
            try:
                url = walk.static(value.value)
            except Exception as error:  # noqa: BLE001 (a storage may do anything; the page will fail there too)
                walk.findings.note(f"{written(node)} has no URL: {error}")
        text = None if url is None else plain(conditional_escape(url) if after.autoescape else url)
        results.append(_bind_or_print(node, node.varname, text, after))
    return results


def _prefix(walk: Walk, node: Any, state: State, frame: Frame) -> list[State]:
    prefix = node.handle_simple(node.name)
    if node.varname is None:
        return [state.write(prefix)]
    return [state.bind(node.varname, Known(prefix))]


def _partial(walk: Walk, node: Any, state: State, frame: Frame) -> list[State]:
    """Django 6: ``{% partial %}`` prints what ``{% partialdef %}`` holds, as a template of its own."""
    try:
        partial = node.partial_mapping[node.partial_name]
    except KeyError:
        walk.findings.note(f"{written(node)}: there is no such partial")
        return [state.cannot_write(written(node))]
    if not walk.enter(node):
        return [state.cannot_write(written(node))]
    results = walk.run(partial.nodelist, [state], type(frame)())
    walk.leave(node)
    return results


def _partial_definition(walk: Walk, node: Any, state: State, frame: Frame) -> list[State]:
    return walk.run(node.nodelist, [state], frame) if node.inline else [state]


Handler = Callable[["Walk", Any, State, "Frame"], list[State]]

HANDLERS: dict[type[Node], Handler] = {
    VariableNode: _variable,
    TextNode: _nothing,
    defaulttags.AutoEscapeControlNode: _autoescape,
    defaulttags.CommentNode: _nothing,
    defaulttags.CycleNode: _cycle,
    defaulttags.FilterNode: _filter,
    defaulttags.FirstOfNode: _first_of,
    defaulttags.ForNode: _for,
    defaulttags.IfChangedNode: _if_changed,
    defaulttags.IfNode: _if,
    defaulttags.LoadNode: _nothing,
    defaulttags.ResetCycleNode: _nothing,
    defaulttags.SpacelessNode: _spaceless,
    defaulttags.TemplateTagNode: _template_tag,
    defaulttags.VerbatimNode: _verbatim,
    defaulttags.WithNode: _with,
    cache.CacheNode: _cache,
    i18n.LanguageNode: _children,
    l10n.LocalizeNode: _children,
    static.PrefixNode: _prefix,
    static.StaticNode: _static,
    tz.LocalTimeNode: _children,
    tz.TimezoneNode: _children,
}
if hasattr(defaulttags, "PartialNode"):
    HANDLERS[defaulttags.PartialNode] = _partial
    HANDLERS[defaulttags.PartialDefNode] = _partial_definition
