"""What can be said of tags that are not known: they print something, and hold nodes and perhaps names of variables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from django.template import Template
from django.template.base import Node, NodeList, TokenType
from django.template.library import InclusionNode, SimpleNode

from ..resolver import Place
from .states import State, Symbol, merge

if TYPE_CHECKING:
    from .django_walk import Frame, Walk

__all__ = ["foreign", "place", "written"]

#: Where tags that put their result into a variable keep its name.
_TARGETS = ("asvar", "target_var", "var_name", "variable", "varname")


def written(node: Node) -> str:
    """A tag or variable as the template has it."""
    token = node.token
    if token is None:
        return type(node).__name__
    return f"{{{{ {token.contents} }}}}" if token.token_type is TokenType.VAR else f"{{% {token.contents} %}}"


def place(node: Node, tag: str) -> Place:
    """Where a tag stands."""
    name = node.origin.template_name or node.origin.name
    return Place(str(name), node.token.lineno or 0 if node.token else 0, tag)


def foreign(walk: Walk, node: Node, state: State, frame: Frame) -> list[State]:
    """Any other tag: what it prints is unknown, and whether and how often it renders what it holds.

    A variable that it names may be another afterwards. (One that sets a variable whose name stands in its own Python
    code only cannot be seen through.)
    """
    if not walk.enter(node):
        return [state]
    attributes = getattr(node, "__dict__", {})
    is_django = type(node).__module__.startswith("django.")
    after = state._replace(text=None)
    if not is_django or isinstance(node, SimpleNode):
        after = after._replace(is_open=True)
    bound = {name for name, _ in state.bindings()}
    for name in sorted(_words(attributes) & bound):
        after = after.bind(name, Symbol())
    for name in _targets(attributes):
        after = after.bind(name, Symbol())
    _meet(walk, node)
    ends = [after]
    for nodes in _nodelists(node, attributes):
        ends = merge([*ends, *(end.pop() for end in walk.run(nodes, [each.push() for each in ends], frame))])
        ends = merge([*ends, *walk.run(nodes, ends, frame)])
    walk.leave(node)
    silent = bool(_targets(attributes)) and (is_django or isinstance(node, SimpleNode))
    results = [end._replace(text=state.text, unknown=state.unknown) for end in ends]
    return results if silent else [end.cannot_write(written(node)) for end in results]


def _meet(walk: Walk, node: Node) -> None:
    """The templates of an inclusion tag, which may be none that a loader lists."""
    if isinstance(node, InclusionNode):
        given: Any = node.filename
        for name in given if isinstance(given, list | tuple) else [given]:
            if isinstance(name, str):
                walk.met[name] = None


def _targets(attributes: Mapping[str, Any]) -> list[str]:
    found = (attributes.get(key) for key in _TARGETS)
    return [name for name in found if isinstance(name, str) and name]


def _words(attributes: Mapping[str, Any]) -> set[str]:
    """The strings a node keeps."""
    found: set[str] = set()
    for value in attributes.values():
        if isinstance(value, str):
            found.add(value)
        elif isinstance(value, list | tuple | set | dict):
            found.update(each for each in value if isinstance(each, str))
    return found


def _nodelists(node: Node, attributes: Mapping[str, Any]) -> Iterator[Sequence[Node]]:
    """The nodes that a node holds."""
    seen: list[object] = []
    given = [getattr(node, name, None) for name in node.child_nodelists]
    for value in [*given, *attributes.values()]:
        if any(value is other for other in seen):
            continue
        seen.append(value)
        yield from _nodes_in(value, 3)


def _nodes_in(value: Any, depth: int) -> Iterator[Sequence[Node]]:
    if isinstance(value, NodeList):
        yield value
    elif isinstance(value, Node):
        yield [value]
    elif isinstance(value, Template):
        yield value.nodelist
    elif depth and isinstance(value, list | tuple):
        for each in value:
            yield from _nodes_in(each, depth - 1)
    elif depth and isinstance(value, dict):
        yield from _nodes_in(list(value.values()), depth - 1)
