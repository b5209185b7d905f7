"""The order in which files that refer to one another are finished."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_static.graph import components


@pytest.mark.parametrize(
    ("edges", "roots", "expected"),
    [
        pytest.param({}, "a", ["a"], id="alone"),
        pytest.param({"a": "b", "b": "c"}, "a", ["c", "b", "a"], id="chain"),
        pytest.param({"a": "bc", "b": "d", "c": "d"}, "a", ["d", "b", "c", "a"], id="diamond"),
        pytest.param({"a": "b", "b": "a"}, "a", ["ab"], id="circle"),
        pytest.param({"a": "a"}, "a", ["a"], id="itself"),
        pytest.param({"a": "b", "b": "cd", "c": "b", "d": ""}, "a", ["d", "bc", "a"], id="circle below"),
        pytest.param({"a": "b", "b": "c", "c": "a", "d": "b"}, "da", ["abc", "d"], id="two roots"),
        pytest.param({"a": "bb", "b": ""}, "aab", ["b", "a"], id="named twice"),
    ],
)
def test_order(edges, roots, expected):
    found = components(list(roots), lambda node: edges.get(node, ""))
    assert ["".join(sorted(component)) for component in found] == expected


def test_a_long_chain_needs_no_stack():
    found = list(components([0], lambda node: [node + 1] if node < 50_000 else [0]))
    assert [len(component) for component in found] == [50_001]


@given(st.dictionaries(st.integers(0, 12), st.lists(st.integers(0, 12), max_size=4), max_size=12))
def test_every_node_comes_once_and_after_what_it_refers_to(edges):
    asked: list[int] = []

    def follow(node: int) -> list[int]:
        asked.append(node)
        return edges.get(node, [])

    found = list(components(list(edges), follow))
    place = {node: number for number, component in enumerate(found) for node in component}
    assert len(place) == sum(map(len, found))
    assert sorted(asked) == sorted(place)
    reach = {node: _reach(node, edges) for node in place}
    for node, targets in edges.items():
        for target in targets:
            assert place[target] <= place[node]
            assert (place[target] == place[node]) == (target == node or node in reach[target])


def _reach(node: int, edges: dict[int, list[int]]) -> set[int]:
    seen: set[int] = set()
    pending = [node]
    while pending:
        for target in edges.get(pending.pop(), []):
            if target not in seen:
                seen.add(target)
                pending.append(target)
    return seen
