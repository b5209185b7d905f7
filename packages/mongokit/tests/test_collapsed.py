"""Nested dicts and dotted paths."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mongokit import DotCollapsedDict, DotExpandedDict, EvalException, ObjectId

BOTH_WAYS = {
    "flat": ({"a": 1, "b": "x"}, {"a": 1, "b": "x"}),
    "nested": ({"a": {"b": {"c": 1, "d": 2}}, "e": 3}, {"a.b.c": 1, "a.b.d": 2, "e": 3}),
    "empty dict": ({"a": {}, "b": {"c": {}}}, {"a": {}, "b.c": {}}),
    "list": ({"a": {"b": [{"c": 1}]}}, {"a.b": [{"c": 1}]}),
    "type": ({"a": {int: {"c": 3}}}, {"a.$int.c": 3}),
    "types": ({"a": {str: {int: {"b": 1}}}, "d": {float: 2}}, {"a.$str.$int.b": 1, "d.$float": 2}),
    "BSON's types": ({"a": {ObjectId: {datetime.datetime: 1}}}, {"a.$ObjectId.$datetime": 1}),
    "type at the top": ({int: {"a": 1}}, {"$int.a": 1}),
    "number as a key": ({3: 4, "a": {"b": 1}}, {3: 4, "a.b": 1}),
    "nothing": ({}, {}),
}


@pytest.mark.parametrize(("nested", "flat"), BOTH_WAYS.values(), ids=BOTH_WAYS)
def test_there_and_back(nested, flat):
    assert DotCollapsedDict(nested) == flat
    assert DotExpandedDict(flat) == nested


@pytest.mark.parametrize(
    ("nested", "flat"),
    [
        ({"a": {int: {"c": 3}}}, {"a": {}}),
        ({"a": {"b": {str: int}, "c": 1}}, {"a.b": {}, "a.c": 1}),
        ({"a": {"b": 1}}, {"a.b": 1}),
    ],
)
def test_nothing_below_types(nested, flat):
    assert DotCollapsedDict(nested, remove_under_type=True) == flat


def test_reference_keeps_dicts():
    nested = {"a": {"b": {"c": 1}, "d": {"e": 2}}}
    assert DotCollapsedDict(nested, reference={"a.b": None}) == {"a.b": {"c": 1}, "a.d.e": 2}
    assert DotCollapsedDict(nested, reference=["a"]) == nested


def test_a_dict_beside_its_paths_is_filled():
    assert DotExpandedDict({"a.b": 1, "a": {"c": 2}}) == {"a": {"b": 1, "c": 2}}
    given = {"a": {"c": 2}, "a.b": 1}
    assert DotExpandedDict(given) == {"a": {"b": 1, "c": 2}}
    assert given == {"a": {"c": 2}, "a.b": 1}


@pytest.mark.parametrize("name", ["unicode", "long"])
def test_names_of_python_2(name):
    assert DotExpandedDict({f"a.${name}": 1}) == {"a": {{"unicode": str, "long": int}[name]: 1}}


@pytest.mark.parametrize("name", ["nothing", "__import__('os')", ""])
def test_a_name_that_is_no_type(name):
    with pytest.raises(EvalException, match=r"is no type; known are .*int"):
        DotExpandedDict({f"a.${name}.b": 1})


def test_a_path_through_a_value():
    with pytest.raises(ValueError, match=r"'a\.b' goes through 'a', which has the value 1"):
        DotExpandedDict({"a": 1, "a.b": 2})


@pytest.mark.parametrize("cls", [DotCollapsedDict, DotExpandedDict])
@pytest.mark.parametrize("value", [None, [], "a", 3])
def test_only_dicts(cls, value):
    with pytest.raises(TypeError, match="takes a dict, not"):
        cls(value)


KEYS = st.one_of(st.text("abc_é ", min_size=1, max_size=3), st.sampled_from([int, str, float]))
NESTED = st.recursive(
    st.integers(), lambda inner: st.dictionaries(KEYS, inner, max_size=3), max_leaves=8
).filter(lambda value: isinstance(value, dict))


@given(NESTED)
def test_what_is_collapsed_expands_to_what_it_was(nested):
    assert DotExpandedDict(DotCollapsedDict(nested)) == nested
