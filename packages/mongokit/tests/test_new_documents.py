"""What a new document holds: the skeleton, the defaults, and what is given."""

from __future__ import annotations

import copy
import dataclasses
import datetime
import itertools
import pickle
import threading
from typing import Annotated, NamedTuple

import pytest

from mongokit import CustomType, DefaultFieldTypeError, Document, DotedDict, SchemaDocument, Set


class Celsius(CustomType):
    """Stored as text: '3.5C'."""

    mongo_type = str
    python_type = float

    def to_bson(self, value):
        return f"{value}C"

    def to_python(self, value):
        return float(value.rstrip("C"))


class Counter(CustomType):
    mongo_type = dict
    python_type = dict
    init_type = dict


def new(structure, *args, **more):
    return type("Thing", (SchemaDocument,), {"structure": structure, **more})(*args)


SKELETONS = {
    "scalars": (
        {"a": str, "b": int, "c": datetime.datetime, "d": None},
        {"a": None, "b": None, "c": None, "d": None},
    ),
    "lists": ({"a": list, "b": [], "c": [int], "d": [{"e": int}]}, {"a": [], "b": [], "c": [], "d": []}),
    "dicts": ({"a": dict, "b": {str: int}, "c": {}}, {"a": {}, "b": {}, "c": {}}),
    "nested": ({"a": {"b": {"c": int, "d": [str]}}}, {"a": {"b": {"c": None, "d": []}}}),
    "tuple": ({"a": (int, str, {"b": int})}, {"a": [None, None, None]}),
    "custom": ({"a": Celsius(), "b": Counter(), "c": Set(int)}, {"a": None, "b": {}, "c": set()}),
    "odd names": ({"a'b": {'"': int, "\\": [int]}}, {"a'b": {'"': None, "\\": []}}),
}


@pytest.mark.parametrize(("structure", "expected"), SKELETONS.values(), ids=SKELETONS)
def test_skeleton(structure, expected):
    assert new(structure) == expected
    assert new(structure, {}) == expected
    assert new(structure, None, False) == {}


@pytest.mark.parametrize(("structure", "expected"), SKELETONS.values(), ids=SKELETONS)
def test_generate_skeleton_fills_what_is_missing(structure, expected):
    document = new(structure, {"_id": 1})
    assert document == {"_id": 1}
    document.generate_skeleton()
    assert document == {"_id": 1, **expected}


def test_generate_skeleton_leaves_what_is_there():
    document = new({"a": {"b": int, "c": int}, "d": {"e": int}, "f": [int]}, {"a": {"b": 1}, "d": None})
    document.generate_skeleton()
    assert document == {"a": {"b": 1, "c": None}, "d": None, "f": []}


def test_no_two_documents_share_a_container():
    thing = type(
        "Thing", (SchemaDocument,), {"structure": {"a": [int], "b": {"c": {str: int}}, "d": Set(), "e": list}}
    )
    first, second = thing(), thing()
    first["a"].append(1)
    first["b"]["c"]["x"] = 1
    first["d"].add(1)
    first["e"].append(1)
    assert second == {"a": [], "b": {"c": {}}, "d": set(), "e": []}


DEFAULTS = {
    "value": ({"a": int}, {"a": 3}, {"a": 3}),
    "false": ({"a": int, "b": str}, {"a": 0, "b": ""}, {"a": 0, "b": ""}),
    "callable": ({"a": list, "b": str}, {"a": list, "b": lambda: "x"}, {"a": [], "b": "x"}),
    "nested": ({"a": {"b": int, "c": int}}, {"a.b": 3}, {"a": {"b": 3, "c": None}}),
    "a whole dict": ({"a": {"b": int, "c": int}}, {"a": {"b": 3}}, {"a": {"b": 3, "c": None}}),
    "callables in a list": ({"a": [int]}, {"a": [lambda: 1, 2]}, {"a": [1, 2]}),
    "callables in a dict": ({"a": dict}, {"a": {"b": lambda: [1]}}, {"a": {"b": [1]}}),
    "typed keys": ({"a": {str: int}}, {"a": {"x": 1}}, {"a": {"x": 1}}),
    "typed keys, nested": ({"a": {"b": {str: int}}}, {"a.b": {"x": 1}}, {"a": {"b": {"x": 1}}}),
    "empty spec": ({"a": {}}, {"a": {}}, {"a": {}}),
    "a set": ({"a": Set(int)}, {"a": {1, 2}}, {"a": {1, 2}}),
    "custom": ({"a": Celsius()}, {"a": 3.5}, {"a": 3.5}),
    "None for a dict": ({"a": {"b": int}}, {"a": None}, {"a": None}),
    "tuple": ({"a": (int, str)}, {"a": (1, "x")}, {"a": (1, "x")}),
}


@pytest.mark.parametrize(("structure", "defaults", "expected"), DEFAULTS.values(), ids=DEFAULTS)
def test_defaults(structure, defaults, expected):
    assert new(structure, default_values=defaults) == expected


def test_a_callable_is_called_for_each_document():
    count = itertools.count(1).__next__
    thing = type("Thing", (SchemaDocument,), {"structure": {"n": int}, "default_values": {"n": count}})
    assert [thing()["n"], thing()["n"]] == [1, 2]


def test_default_containers_are_not_shared():
    defaults = {"a": [[1]], "b": {"c": {"d": []}}}
    thing = type(
        "Thing", (SchemaDocument,), {"structure": {"a": [[int]], "b": dict}, "default_values": defaults}
    )
    first = thing()
    first["a"][0].append(2)
    first["b"]["c"]["d"].append(3)
    assert thing() == {"a": [[1]], "b": {"c": {"d": []}}}
    assert defaults == {"a": [[1]], "b": {"c": {"d": []}}}


@dataclasses.dataclass
class Money:
    amounts: list[int]


class Pair(NamedTuple):
    money: Money
    label: str


class Moneys(list):
    """With a constructor of its own."""

    def __init__(self, first, second):
        super().__init__([first, second])


class Whatever(CustomType):
    """Between a class of somebody's and what is stored of it."""

    mongo_type = dict
    to_bson = to_python = staticmethod(dict)

    def __init__(self, kind):
        self.python_type = kind
        super().__init__()


SHARABLE = {
    "an object": (Whatever(Money), Money([1]), lambda value: value.amounts),
    "a named tuple": (Whatever(Pair), Pair(Money([1]), "a"), lambda value: value.money.amounts),
    "a tuple": (Whatever(tuple), (Money([1]),), lambda value: value[0].amounts),
    "a list of one's own": (Whatever(Moneys), Moneys([1], [2]), lambda value: value[0]),
    "a list of objects": ([Whatever(Money)], [Money([1])], lambda value: value[0].amounts),
    "a dict of objects": ({str: Whatever(Money)}, {"a": Money([1])}, lambda value: value["a"].amounts),
    "fields of objects": ({"a": Whatever(Money)}, {"a": Money([1])}, lambda value: value["a"].amounts),
    "a tuple of objects": ((Whatever(Money), int), (Money([1]), 2), lambda value: value[0].amounts),
}


@pytest.mark.parametrize("nested", [False, True])
@pytest.mark.parametrize(("spec", "default", "amounts_of"), SHARABLE.values(), ids=SHARABLE)
def test_default_objects_are_not_shared(spec, default, amounts_of, nested):
    thing = type("Thing", (SchemaDocument,), {"structure": {"a": spec}, "default_values": {"a": default}})
    if nested:
        thing = type("Outer", (SchemaDocument,), {"structure": {"in": thing}})
    first, second = ((one["in"] if nested else one)["a"] for one in (thing(), thing()))
    amounts_of(first).append(9)
    assert amounts_of(second) == [1] == amounts_of(default)
    assert type(second) is type(default)


def test_a_default_object_of_an_annotated_field_is_not_shared():
    class Order(SchemaDocument):
        money: Annotated[Money, Whatever(Money)] = Money([1])

    Order().money.amounts.append(9)
    assert Order().money == Money([1])


def test_a_default_that_cannot_be_copied_is_refused():
    class Locked:
        def __init__(self):
            self.lock = threading.Lock()

    match = r"Error in default_values: the default of a cannot be copied for each document \(.*lock.*\): give a function that makes it"
    for spec, default in ((Whatever(Locked), Locked()), ([Whatever(Locked)], [Locked()])):
        with pytest.raises(ValueError, match=match):
            new({"a": spec}, default_values={"a": default})
    assert new({"a": Whatever(Locked)}, default_values={"a": Locked})["a"].lock is not None


@pytest.mark.parametrize("default", ["warm", lambda: "warm"])
def test_a_default_of_a_custom_type_is_checked(default):
    with pytest.raises(DefaultFieldTypeError, match="a must be an instance of float not str"):
        new({"a": Celsius()}, default_values={"a": default})


def test_what_is_given_is_not_added_to():
    given = {"a": 1}
    document = new({"a": int, "b": [int]}, given, default_values={"b": [1]})
    assert document == {"a": 1}
    document["a"] = 2
    assert given == {"a": 1}


def test_given_stored_values_become_python_values():
    document = new({"a": Celsius(), "b": [Celsius()], "c": {str: Set(int)}, "d": (int, Celsius())},
                   {"a": "3.5C", "b": ["1C", 2.0, None], "c": {"x": [1, 1]}, "d": [1, "2C"]})  # fmt: skip
    assert document == {"a": 3.5, "b": [1.0, 2.0, None], "c": {"x": {1}}, "d": [1, 2.0]}


@pytest.mark.parametrize("given", [{"b": 3}, {"b": "x"}, {"c": [1]}, {"d": [1]}, {"d": 3}, {"b": None}])
def test_given_values_of_wrong_types_are_left_for_validation(given):
    structure = {"b": [Celsius()], "c": {str: Set(int)}, "d": (int, Celsius())}
    assert new(structure, given) == given


# A dict among dicts


def test_it_is_a_dict():
    document = new({"a": int})
    assert document == {"a": None}
    document.update(a=3)
    assert list(document.items()) == [("a", 3)]
    assert document.pop("a") == 3
    assert not document


class Talk(Document):
    structure = {"topic": str, "speakers": [{"name": str}], "places": Set(str)}
    use_dot_notation = True


class Plain(Document):
    structure = {"topic": str}


@pytest.mark.parametrize("cls", [Talk, Plain])
@pytest.mark.parametrize(
    "copied", [copy.copy, copy.deepcopy, lambda document: pickle.loads(pickle.dumps(document))]
)
def test_copies(cls, copied):
    document = cls({"topic": "x"})
    object.__setattr__(document, "note", ["an attribute"])
    twin = copied(document)
    assert type(twin) is cls
    assert twin == document
    assert twin is not document
    assert twin.note == ["an attribute"]


def test_a_deep_copy_shares_nothing():
    document = Talk({"speakers": [{"name": "Anna"}]})
    twin = copy.deepcopy(document)
    twin.speakers[0].name = "Berta"
    assert document.speakers[0].name == "Anna"
    assert isinstance(twin.speakers[0], DotedDict)


def test_hash():
    document = Plain({"_id": 3})
    assert hash(document) == hash(3)
    assert len({document, Plain({"_id": 3})}) == 1
    with pytest.raises(TypeError, match="Plain has no _id yet"):
        hash(Plain())
