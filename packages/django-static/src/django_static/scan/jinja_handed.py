"""Templates of Jinja2 that are included or imported by names known at run time only, and what they are handed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jinja2 import nodes

from ..answers import Place
from .handed import Handed, is_path
from .jinja_values import unparse
from .states import State, Symbol, Value

if TYPE_CHECKING:
    from .jinja_walk import Walk

__all__ = ["Imported", "called", "included", "settle"]


@dataclass(frozen=True, slots=True)
class Imported:
    """The key of what was imported from a template that is known at run time only; ``name`` is that of a macro."""

    place: Place
    expression: str
    name: str = ""


def included(walk: Walk, place: Place, node: Any, written: str, state: State) -> None:
    """Note what an include hands on: the variables around it."""
    handed = Handed.of({}, state if node.with_context else None)
    handed.reached = walk.is_reached(place)
    walk.findings.hands(place, unparse(node.template), written, handed)


def called(walk: Walk, node: nodes.Call, given: Sequence[Value], state: State) -> None:
    """Note that something imported so is called with what may be the name of a file."""
    root: nodes.Node = node.node
    while isinstance(root, nodes.Getattr | nodes.Getitem):
        root = root.node
    value = state.lookup(root.name) if isinstance(root, nodes.Name) else None
    if isinstance(value, Symbol) and isinstance(value.key, Imported) and any(map(is_path, given)):
        imported = value.key
        reached = walk.is_reached(imported.place)
        walk.imported[imported.place, imported.expression] = reached or walk.imported.get(
            (imported.place, imported.expression), False
        )


def settle(walk: Walk) -> None:
    """Tell of those calls if there are macros at all in templates that ask for files."""
    asking = {use.place.template for use in walk.findings.uses}
    asking |= {place.template for place, _, _ in walk.findings.unknown}
    if any(macro.frame.unit.name in asking for macro, _ in walk.macros.values()):
        for (place, expression), reached in walk.imported.items():
            walk.findings.cannot_know(place, expression, expression, reached=reached)
