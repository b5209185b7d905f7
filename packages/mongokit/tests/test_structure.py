"""What a class may declare, and what is said when it may not."""

from __future__ import annotations

import datetime
import decimal
import uuid

import pytest
from bson import Binary, ObjectId

from mongokit import (
    IS,
    NOT,
    OR,
    AuthorizedTypeError,
    BadKeyError,
    CustomType,
    Document,
    DuplicateRequiredError,
    SchemaDocument,
    Set,
    StructureError,
)
from mongokit.structure import Structure


class Celsius(CustomType):
    mongo_type = str
    python_type = float


def declare(structure, base=SchemaDocument, **more):
    return type("Thing", (base,), {"structure": structure, **more})


ACCEPTED = {
    "types": {
        "a": str,
        "b": int,
        "c": float,
        "d": bool,
        "e": datetime.datetime,
        "f": ObjectId,
        "g": uuid.UUID,
    },
    "binary": {"a": bytes, "b": Binary},
    "open": {"a": None},
    "free": {"a": dict, "b": list},
    "lists": {"a": [], "b": [str], "c": [[int]], "d": [{"e": str}], "f": [dict]},
    "nested": {"a": {"b": {"c": int}}},
    "empty": {},
    "nothing in it": {"a": {}},
    "typed keys": {"a": {str: int}, "b": {str: {str: [float]}}, "c": {int: str}},
    "tuples": {"a": (int, str), "b": [(float, float)]},
    "operators": {"a": OR(str, int), "b": NOT(str), "c": IS("draft", "published"), "d": IS(None, 1)},
    "custom": {"a": Celsius(), "b": [Celsius()], "c": {"d": Celsius()}},
    "sets": {"a": Set(), "b": Set(str)},
    "odd names": {"a b": str, "'": int, '"': {"\\": str}, "é": [{"\n": str}], "items": str, "{x}": str},
}


@pytest.mark.parametrize("structure", ACCEPTED.values(), ids=ACCEPTED)
def test_accepted_and_a_new_document_is_valid(structure):
    thing = declare(structure)()
    assert set(thing) == set(structure)
    thing.validate()


REFUSED = {
    "no dict": ([], StructureError, "Thing: structure must be a dict, not list"),
    "no type": ({"a": 3}, TypeError, "Thing: a: 3 is not a type"),
    "no type, nested": ({"a": {"b": [{"c": "x"}]}}, TypeError, r"Thing: a\.b\.c: 'x' is not a type"),
    "set": ({"a": set}, StructureError, r"Thing: <class 'set'> is not an authorized type \(at a\)"),
    "decimal": ({"a": {"b": decimal.Decimal}}, StructureError, r"is not an authorized type \(at a\.b\)"),
    "date": (
        {"a": [datetime.date]},
        StructureError,
        "Thing: <class 'datetime.date'> is not an authorized type",
    ),
    "type as key": (
        {"a": {set: int}},
        AuthorizedTypeError,
        r"Thing: <class 'set'> is not an authorized type \(at a\)",
    ),
    "type as key at the top": (
        {set: int},
        AuthorizedTypeError,
        r"Thing: <class 'set'> is not an authorized type \(at structure\)",
    ),
    "number as key": (
        {"a": {3: int}},
        StructureError,
        "Thing: a: the key 3 must be a str or a type, not int",
    ),
    "typed and named keys": (
        {"a": {str: int, "b": int}},
        StructureError,
        "Thing: a: the key str stands for every key",
    ),
    "typed keys at the top": (
        {str: int},
        StructureError,
        "Thing: structure: the fields of a document must be named",
    ),
    "dot in key": ({"a": {"b.c": int}}, BadKeyError, r"Thing: a\.b\.c: a key must not contain '\.'"),
    "dollar key": ({"$a": int}, BadKeyError, r"Thing: \$a: a key must not"),
    "null in key": ({"a\0": int}, BadKeyError, "null character"),
    "two elements": (
        {"a": [int, str]},
        StructureError,
        r"Thing: a: .* has 2 elements; accepted are \[\] and \[T\]",
    ),
    "empty tuple": ({"a": ()}, StructureError, "Thing: a: an empty tuple holds nothing"),
    "custom class": ({"a": Celsius}, StructureError, r"Thing: a: Celsius is a class; write Celsius\(\)"),
    "document": (
        {"a": [Document]},
        StructureError,
        r"Thing: a: Document is a Document, .* write Ref\(Document\), or set use_autorefs = True",
    ),
    "operand": ({"a": OR(str, set)}, StructureError, r"<class 'set'> is not an authorized type \(at a\)"),
    "operand no type": ({"a": OR(str, 3)}, TypeError, "Thing: a: 3 is not a type"),
    "enum of sets": ({"a": IS(frozenset())}, StructureError, "<class 'frozenset'> is not an authorized type"),
    "set of sets": ({"a": Set(set)}, StructureError, r"<class 'set'> is not an authorized type \(at a\)"),
}


@pytest.mark.parametrize(("structure", "error", "message"), REFUSED.values(), ids=REFUSED)
def test_refused_with_class_and_path(structure, error, message):
    with pytest.raises(error, match=message):
        declare(structure)


FIELDS = {"a": str, "b": {"c": int}, "d": [{"e": float}], "f": {str: {"g": int}}, "h": list}

WRONG_DESCRIPTORS = {
    "required unknown": (
        {"required_fields": ["x"]},
        ValueError,
        "Error in required_fields: can't find x in structure",
    ),
    "required below": ({"required_fields": ["b.x"]}, ValueError, r"can't find b\.x in structure"),
    "required twice": (
        {"required_fields": ["a", "a"]},
        DuplicateRequiredError,
        r"duplicate required_fields : \['a'\]",
    ),
    "required text": (
        {"required_fields": "a"},
        StructureError,
        "required_fields must be a list of paths, not 'a'",
    ),
    "required number": ({"required_fields": [3]}, ValueError, "can't find 3 in structure"),
    "default unknown": (
        {"default_values": {"x": 1}},
        ValueError,
        "Error in default_values: can't find x in structure",
    ),
    "default in a list": (
        {"default_values": {"d.e": 1.0}},
        ValueError,
        r"default_values: d\.e of Thing is inside a list",
    ),
    "default below a typed key": (
        {"default_values": {"f.$str.g": 1}},
        ValueError,
        r"f\.\$str\.g of Thing is inside",
    ),
    "defaults no dict": (
        {"default_values": [1]},
        StructureError,
        "Thing: default_values must be a dict, not list",
    ),
    "validator unknown": (
        {"validators": {"x": bool}},
        ValueError,
        "Error in validators: can't find x in structure",
    ),
    "validator not callable": (
        {"validators": {"a": 3}},
        TypeError,
        "validators: a: 3 is neither callable nor a list",
    ),
    "validators not callable": (
        {"validators": {"a": [bool, 3]}},
        TypeError,
        "validators: a: 3 is not callable",
    ),
    "validator text": ({"validators": {"a": "strip"}}, TypeError, "'strip' is neither callable nor"),
    "i18n path": ({"i18n": ["no"]}, ValueError, "Error in i18n: can't find no in structure"),
    "gridfs no dict": ({"gridfs": ["a"]}, StructureError, "Thing: gridfs must be"),
}


@pytest.mark.parametrize(("more", "error", "message"), WRONG_DESCRIPTORS.values(), ids=WRONG_DESCRIPTORS)
def test_wrong_descriptors(more, error, message):
    with pytest.raises(error, match=message):
        declare(FIELDS, Document, **more)


@pytest.mark.parametrize("path", ["a", "b", "b.c", "d", "d.e", "f", "f.$str", "f.$str.g", "h"])
def test_paths_of_descriptors(path):
    thing = declare(FIELDS, required_fields=[path], validators={path: bool})
    assert thing.required_fields == [path]


def test_namespaces_have_parents_before_children_and_nothing_inside_lists():
    thing = declare({"1": {"2": {str: {int: str}}}, "3": [{"4": int}], "5": (int, {"6": str})})
    assert thing._namespaces == ["1", "1.2", "1.2.$str", "1.2.$str.$int", "3", "5"]


def test_absent_and_none_are_no_structure():
    class Bare(SchemaDocument):
        pass

    assert Bare.structure is None
    assert Bare() == {}
    assert declare(None).structure is None


def test_authorized_types_can_be_extended():
    class Money(float):
        pass

    thing = declare({"a": Money}, authorized_types=[*SchemaDocument.authorized_types, Money])
    thing({"a": Money(3)}).validate()
    with pytest.raises(StructureError, match=r"Money'> is not an authorized type"):
        declare({"a": Money})


def test_authorized_types_are_merged_over_all_bases():
    class Money(float):
        pass

    class Weight(float):
        pass

    class Priced(SchemaDocument):
        authorized_types = [Money]

    class Weighed:
        authorized_types = [Weight]

    class Parcel(Priced, Weighed):
        structure = {"price": Money, "weight": Weight, "name": str}

    Parcel({"price": Money(1), "weight": Weight(2), "name": "x"}).validate()
    assert Money not in SchemaDocument.authorized_types
    with pytest.raises(StructureError, match="is not an authorized type"):
        declare({"weight": Weight}, Priced)


def test_the_compiled_structure_cannot_be_changed():
    thing = declare({"a": {"b": int}})
    structure = thing._structure
    assert isinstance(structure, Structure)
    with pytest.raises(AttributeError, match=r"Structure\.owner cannot be changed"):
        structure.owner = "Other"
    with pytest.raises(AttributeError, match=r"Structure\.check cannot be deleted"):
        del structure.check
    with pytest.raises(TypeError):
        structure.fields["x"] = None
    with pytest.raises(AttributeError):
        structure.fields["a"].required = True


def test_changing_the_declaration_afterwards_changes_nothing():
    declared = {"a": {"b": int}}
    thing = declare(declared)
    declared["a"]["c"] = str
    thing.structure["a"]["d"] = str
    assert thing() == {"a": {"b": None}}
    thing({"a": {"b": 1}}).validate()


def test_a_structure_of_any_depth():
    spec = {"leaf": int}
    for _ in range(60):
        spec = {"x": [spec]}
    value = {"leaf": "no"}
    for _ in range(60):
        value = {"x": [value]}
    with pytest.raises(Exception, match=r"^(x\.0\.){60}leaf must be an instance of int not str$"):
        declare(spec)(value).validate()


# Inheritance


class Animal(SchemaDocument):
    structure = {"name": str, "legs": int}
    required_fields = ["name"]
    default_values = {"legs": 4}
    validators = {"legs": lambda legs: legs % 2 == 0}


class Swimmer(SchemaDocument):
    structure = {"depth": float, "legs": int}
    required_fields = ["depth"]
    default_values = {"depth": 1.0}


def test_a_child_adds_to_what_it_inherits():
    class Dog(Animal):
        structure = {"breed": str}
        required_fields = ["breed"]
        default_values = {"legs": 2}

    assert Dog.structure == {"name": str, "legs": int, "breed": str}
    assert Dog.required_fields == ["name", "breed"]
    assert Dog.default_values == {"legs": 2}
    assert Dog() == {"name": None, "legs": 2, "breed": None}
    with pytest.raises(Exception, match="legs does not pass the validator"):
        Dog({"name": "Rex", "legs": 3, "breed": "x"}).validate()
    assert Animal() == {"name": None, "legs": 4}


def test_several_bases_are_merged():
    class Otter(Animal, Swimmer):
        pass

    assert Otter() == {"name": None, "legs": 4, "depth": 1.0}
    assert set(Otter.required_fields) == {"name", "depth"}


def test_the_nearest_class_of_the_resolution_order_wins():
    class Root(SchemaDocument):
        structure = {"x": int}

    class Left(Root):
        pass

    class Right(Root):
        structure = {"x": str}

    class Both(Left, Right):
        pass

    Both({"x": "text"}).validate()


def test_a_plain_mixin_counts():
    class Stamped:
        structure = {"stamp": datetime.datetime}
        required_fields = ["stamp"]

    class Note(Stamped, SchemaDocument):
        structure = {"text": str}

    assert Note.structure == {"stamp": datetime.datetime, "text": str}
    assert Note.required_fields == ["stamp"]


def test_a_child_without_structure_has_a_copy():
    class Cat(Animal):
        pass

    Cat.structure["extra"] = int
    assert "extra" not in Animal.structure


def test_merging_by_hand_still_works():
    class Cow(Animal):
        auto_inheritance = False
        structure = {**Animal.structure, "milk": float}

    assert list(Cow.structure) == ["name", "legs", "milk"]
    assert list(Cow()) == ["name", "legs", "milk"]


def test_a_required_field_named_again_by_a_child_is_no_duplicate():
    class Named(Animal):
        required_fields = ["name", "legs"]

    assert Named.required_fields == ["name", "legs"]
