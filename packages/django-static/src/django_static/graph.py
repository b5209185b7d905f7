"""The order in which things that refer to one another can be finished."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

__all__ = ["components"]

Node = TypeVar("Node")


def components(roots: Sequence[Node], edges: Callable[[Node], Sequence[Node]]) -> Iterator[tuple[Node, ...]]:
    """What is reached from the roots, each after all it refers to; nodes that refer to one another come together.

    These are the strongly connected components in reverse topological order (R. Tarjan, "Depth-first search and linear
    graph algorithms", 1972), without recursion: modules import one another deeper than Python's stack is.
    ``edges`` is asked once for each node. A node that refers to itself is a component of one.
    """
    number: dict[Node, int] = {}
    lowest: dict[Node, int] = {}
    pending: list[Node] = []
    is_pending: set[Node] = set()
    for root in roots:
        if root in number:
            continue
        first = edges(root)
        number[root] = lowest[root] = len(number)
        if not first:  # as most: there is no order to be found
            yield (root,)
            continue
        pending.append(root)
        is_pending.add(root)
        path = [(root, iter(first))]
        while path:
            node, following = path[-1]
            for other in following:
                if other not in number:
                    number[other] = lowest[other] = len(number)
                    pending.append(other)
                    is_pending.add(other)
                    path.append((other, iter(edges(other))))
                    break
                if other in is_pending:
                    lowest[node] = min(lowest[node], number[other])
            else:
                path.pop()
                if path:
                    above = path[-1][0]
                    lowest[above] = min(lowest[above], lowest[node])
                if lowest[node] == number[node]:
                    component = [pending.pop()]
                    while component[-1] != node:
                        component.append(pending.pop())
                    is_pending.difference_update(component)
                    yield tuple(component)
