"""What our own tags ask for in Django's templates."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from django.template.base import Node

from .. import import_maps
from ..nodes import ImportMapNode, NamedNode, PreloadNode
from ..templatetags import django_static as ours
from .django_expressions import plain
from .django_foreign import written
from .holes import filled
from .result import Use
from .states import Known, State, Symbol

if TYPE_CHECKING:
    from .django_walk import Frame, Walk

__all__ = ["asked"]


def asked(walk: Walk, node: Node, state: State, frame: Frame) -> list[State] | None:
    """Note what one of our tags asks for; None for a tag that is none of ours."""
    if isinstance(node, ours.FileNode):
        return _file(walk, node, state)
    if isinstance(node, NamedNode):
        return _about(walk, node, state)
    if isinstance(node, ImportMapNode):
        return _modules(walk, node, state)
    if isinstance(node, ours.BlockNode | ours.ContentNode):
        return _text(walk, node, state, frame)
    return None


def _file(walk: Walk, node: ours.FileNode, state: State) -> list[State]:
    # The URL depends on the content of the file, which may change between the scan and the page.
    return [
        after.bind(node.variable, Symbol()) if node.variable else after.cannot_write(written(node))
        for after in _named(walk, node, state)
    ]


def _named(walk: Walk, node: ours.FileNode | NamedNode, state: State) -> list[State]:
    """Note the file that a tag asks for."""
    results = []
    for after, value in walk.expressions.evaluate(node.name, state):
        if isinstance(value, Known):
            name = "" if value.value is None else plain(value.value)
            if name:
                walk.use(Use(node.place, "file", node.slim, name), node)
        else:
            walk.cannot_know(node.place, node.name.token, node)
        results.append(after)
    return results


def _about(walk: Walk, node: NamedNode, state: State) -> list[State]:
    is_silent = isinstance(node, PreloadNode) and node.is_silent
    found = _named(walk, node, state)
    return found if is_silent else [after.cannot_write(written(node)) for after in found]


def _modules(walk: Walk, node: ImportMapNode, state: State) -> list[State]:
    pairs = {f"{n}{side}": pair[side] for n, pair in enumerate(node.pairs) for side in (0, 1)}
    results = []
    for after, values in walk.values(pairs, state):
        unknown = [pairs[key].token for key, value in values.items() if not isinstance(value, Known)]
        for expression in unknown:
            walk.cannot_know(node.place, expression, node)
        if not unknown:
            texts = [plain(value.value) for value in values.values() if isinstance(value, Known)]
            try:
                value = import_maps.specification(dict(zip(texts[::2], texts[1::2], strict=True)))
            except ValueError as error:
                walk.findings.note(str(error), node.place)
            else:
                walk.use(Use(node.place, "modules", node.slim, value), node)
        results.append(after.cannot_write(written(node)))
    return results


def _text(walk: Walk, node: ours.BlockNode | ours.ContentNode, state: State, frame: Frame) -> list[State]:
    results = []
    with walk.findings.block() if isinstance(node, ours.BlockNode) else contextlib.nullcontext():
        ends = walk.capture(node.nodelist, state._replace(pieces=frozenset()), frame)
    for after in ends:
        text = after.text or ""
        uses: list[Use] = []
        decisive: Sequence[str] = after.unknown
        if isinstance(node, ours.BlockNode):
            found, decisive = filled(text, after.unknown) if after.unknown else ([text], ())
            found = [*found, *sorted(after.pieces.difference(found))]
            uses = [Use(node.place, "block", node.slim, each, node.mode) for each in found]
        elif not after.unknown:
            uses = [Use(node.place, "content", True, text, node.kind)]
        for use in uses:
            walk.use(use, node)
        for expression in decisive:
            walk.cannot_know(node.place, expression, node)
        outer = after._replace(text=state.text, unknown=state.unknown, pieces=state.pieces)
        results.append(outer.cannot_write(written(node)))
    return results
