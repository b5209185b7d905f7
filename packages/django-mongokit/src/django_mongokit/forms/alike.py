"""What of a value stays as it is stored, when JSON says it once more: JSON has one word for the numbers of 4 and of 8 bytes."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bson import Int64

from django_mongokit.forms.stored import text_of
from mongokit.json_reading import is_long, stored_node
from mongokit.structure.convert import Convert, compound, container_of, to_python
from mongokit.structure.nodes import CustomNode, Node, OperatorNode, TypeNode

__all__ = ["as_entered", "is_same", "kept_longs"]


def as_entered(node: Node) -> Convert | None:
    """Return the function from what JSON says at a place to the Python value; None where nothing differs.

    A number is an `Int64` where that is declared, and an int is not.
    """
    if isinstance(node, CustomNode):
        return _custom(node)
    if isinstance(node, (TypeNode, OperatorNode)):
        read = to_python(node)

        def entered(value: Any) -> Any:
            if is_long(node, value):
                return Int64(value)
            return value if read is None else read(value)

        return entered if read is not None or _may_be_long(node) else None
    return compound(node, as_entered, as_stored=False) or to_python(node)


def _may_be_long(node: TypeNode | OperatorNode) -> bool:
    return node.type is Int64 if isinstance(node, TypeNode) else Int64 in node.operator.operand_types()


def _custom(node: CustomNode) -> Convert | None:
    read, form = to_python(node), stored_node(node.custom)
    stored = None if form is None else as_entered(form)
    if read is None or stored is None:
        return read
    convert, first = read, stored
    return lambda value: convert(first(value))


def kept_longs(stored: Any, value: Any) -> Any:
    """Return a value with an `Int64` for each int that stands where `stored` has one, at every depth.

    An element of a list is looked for by what it says, then at the places that are left, in their order.
    """
    if isinstance(stored, Int64):
        return Int64(value) if type(value) is int else value
    if isinstance(value, dict) and isinstance(stored, Mapping):
        found = {key: kept_longs(stored[key], one) for key, one in value.items() if key in stored}
        return _with(value, found) if any(found[key] is not value[key] for key in found) else value
    if isinstance(value, (list, tuple)) and isinstance(stored, (list, tuple)) and _has_longs(stored):
        kept = [*map(kept_longs, _elements(stored, value), value)]
        return tuple(kept) if isinstance(value, tuple) else kept
    return value


def _with(value: dict[str, Any], found: Mapping[str, Any]) -> dict[str, Any]:
    """Return a copy of a dict, of its class, with other values."""
    made = container_of(type(value))(value)
    dict.update(made, found)
    return made


def _has_longs(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(map(_has_longs, value.values()))
    if isinstance(value, (list, tuple)):
        return any(map(_has_longs, value))
    return isinstance(value, Int64)


def _elements(stored: Sequence[Any], value: Sequence[Any]) -> Iterator[Any]:
    """Yield, for each element of a list, the stored one that it was made of; None where there is none."""
    before, after = [*map(text_of, stored)], [*map(text_of, value)]
    pairs = enumerate(zip(before, after, strict=False))
    found = {place: place for place, (old, new) in pairs if old == new}
    free: dict[str, deque[int]] = defaultdict(deque)
    for place, text in enumerate(before):
        if place not in found:
            free[text].append(place)
    for place, text in enumerate(after):
        if place not in found and free[text]:
            found[place] = free[text].popleft()
    left = iter(sorted(set(range(len(before))).difference(found.values())))
    for place in range(len(after)):
        origin = found[place] if place in found else next(left, None)
        yield None if origin is None else stored[origin]


def is_same(before: Any, after: Any) -> bool:
    """Return whether two values are stored alike: True is no 1, and a dict has an order."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        return list(before) == list(after) and all(is_same(before[key], after[key]) for key in before)
    if isinstance(before, (list, tuple)) and isinstance(after, (list, tuple)):
        return len(before) == len(after) and all(map(is_same, before, after))
    return type(before) is type(after) and bool(before == after)
