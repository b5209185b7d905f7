"""The structure as JSON Schema: what it says, and that the server and validation agree."""

from __future__ import annotations

import datetime
import enum
import json
import os
import re
import uuid
from decimal import Decimal
from typing import Annotated, Literal

import jsonschema
import pytest
from annotated_types import Ge, Gt, Interval, Le, Len, Lt, MaxLen, MinLen, MultipleOf, Predicate
from bson import Code, DBRef, Decimal128, Int64, ObjectId, Regex, Timestamp
from bson.binary import Binary
from pymongo.errors import WriteError

from mongokit import (
    IS,
    NOT,
    OR,
    CustomType,
    Document,
    EnumType,
    Ref,
    Required,
    SchemaDocument,
    SchemaOperator,
    Set,
)

NOON = datetime.datetime(2026, 11, 22, 12)


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Mixed(enum.Enum):
    A = "a"
    ONE = 1


class Planet(enum.Enum):
    EARTH = (1.0, 2.0)
    NEW = NOON


class Rights(enum.Flag):
    READ = 1
    WRITE = 2


class Cents(CustomType):
    mongo_type = int
    python_type = Decimal

    def to_bson(self, value):
        return int(value * 100)

    def to_python(self, value):
        return Decimal(value) / 100


class Whatever(CustomType):
    mongo_type = object
    python_type = str

    def to_bson(self, value):
        return value

    to_python = to_bson


class Even(SchemaOperator):
    repr = "even"

    def validate(self, value):
        return value % 2 == 0


class Address(SchemaDocument):
    structure = {"street": str, "town": {"name": str}}
    required_fields = ["town.name"]


class Loose(SchemaDocument):
    structure = {"a": int, "b": str}
    required_fields = ["b"]
    use_schemaless = True


def declare(spec=None, base=Document, **more):
    return type("Thing", (base,), {"structure": {"x": spec}, **more})


def annotate(hint, **more):
    return type("Thing", (Document,), {"__annotations__": {"x": hint}, **more})


def of(kind, *more):
    return {"bsonType": [*kind.split(), *more, "null"]}


SAID = {
    "str": (str, of("string")),
    "int": (int, of("int long")),
    "float": (float, of("double int long")),
    "bool": (bool, of("bool")),
    "bytes": (bytes, of("binData")),
    "datetime": (datetime.datetime, of("date")),
    "id": (ObjectId, of("objectId")),
    "uuid": (uuid.UUID, of("binData")),
    "decimal": (Decimal128, of("decimal")),
    "long": (Int64, of("long")),
    "regex": (Regex, of("regex")),
    "code": (Code, of("javascript javascriptWithScope")),
    "dbref": (DBRef, {}),
    "any": (None, {}),
    "not": (NOT(str, int), {"not": {"bsonType": ["int", "long", "string"]}}),
    "not Code": (NOT(Code), {"not": {"bsonType": ["javascript", "javascriptWithScope"]}}),
    "not what others are stored as too": (NOT(bytes), {}),
    "timestamp": (Timestamp, of("timestamp")),
    "list": (list, of("array")),
    "dict": (dict, of("object")),
    "list of": ([str], {"bsonType": ["array", "null"], "items": of("string")}),
    "tuple": (
        (str, int),
        {"bsonType": ["array", "null"], "items": [of("string"), of("int long")], "minItems": 2, "maxItems": 2},
    ),
    "map": (
        {str: int},
        {
            "bsonType": ["object", "null"],
            "additionalProperties": of("int long"),
            "patternProperties": {r"^\$|\.": {"not": {}}},
        },
    ),
    "map by number": ({int: int}, {"bsonType": ["object", "null"], "maxProperties": 0}),
    "record": (
        {"a": str},
        {
            "bsonType": ["object", "null"],
            "required": ["a"],
            "properties": {"a": of("string")},
            "additionalProperties": False,
        },
    ),
    "nothing in it": ({}, {"bsonType": ["object", "null"], "properties": {}, "additionalProperties": False}),
    "or": (OR(str, float), of("string double int long")),
    "is": (IS("a", "b"), {"bsonType": ["string", "null"], "enum": ["a", "b", None]}),
    "is, of several types": (
        IS("a", 1, 2.5),
        {
            "anyOf": [
                {"bsonType": "null"},
                {"bsonType": "string", "enum": ["a"]},
                {"bsonType": ["int", "long"], "enum": [1]},
                {"bsonType": "double", "enum": [2.5]},
            ]
        },
    ),
    "is, of what compares otherwise": (IS({"a": 1, "b": 2}), of("object")),
    "an operator of one's own": (Even(int), {}),
    "set": (Set(int), {"bsonType": ["array", "null"], "items": {"bsonType": ["int", "long"]}}),
    "any set": (Set(), of("array")),
    "custom": (Cents(), of("int long")),
    "custom, stored as anything": (Whatever(), {}),
    "embedded": (
        Address,
        {
            "bsonType": ["object", "null"],
            "required": ["street", "town"],
            "properties": {
                "street": of("string"),
                "town": {
                    "bsonType": ["object", "null"],
                    "required": ["name"],
                    "properties": {"name": {"bsonType": "string"}},
                    "additionalProperties": False,
                },
            },
            "additionalProperties": False,
        },
    ),
    "embedded, schemaless": (
        Loose,
        {
            "bsonType": ["object", "null"],
            "required": ["b"],
            "properties": {"a": of("int long"), "b": {"bsonType": "string"}},
        },
    ),
}  # fmt: skip


@pytest.mark.parametrize(("spec", "schema"), SAID.values(), ids=SAID)
def test_said(spec, schema):
    said = declare(spec).json_schema()["properties"]["x"]
    assert said == schema


ANNOTATED = {
    "needed": (str, {"bsonType": "string"}),
    "optional": (str | None, of("string")),
    "filled": (Required[list[int]], {"bsonType": "array", "items": {"bsonType": ["int", "long"]}, "minItems": 1}),
    "filled dict": (Required[dict], {"bsonType": "object", "minProperties": 1}),
    "at least": (Annotated[int, Ge(1)], {"bsonType": ["int", "long"], "minimum": 1}),
    "more than": (Annotated[int, Gt(1)], {"bsonType": ["int", "long"], "minimum": 1, "exclusiveMinimum": True}),
    "at most": (Annotated[float, Le(1.5)], {"bsonType": ["double", "int", "long"], "maximum": 1.5}),
    "less than": (Annotated[int, Lt(9)], {"bsonType": ["int", "long"], "maximum": 9, "exclusiveMaximum": True}),
    "twice": (
        Annotated[int, Ge(1), Gt(3)],
        {"bsonType": ["int", "long"], "minimum": 1, "allOf": [{"minimum": 3, "exclusiveMinimum": True}]},
    ),
    "interval": (Annotated[int, Interval(ge=1, le=5)], {"bsonType": ["int", "long"], "minimum": 1, "maximum": 5}),
    "multiple": (Annotated[int, MultipleOf(-5)], {"bsonType": ["int", "long"], "multipleOf": 5}),
    "multiple of a fraction": (Annotated[float, MultipleOf(0.1)], {"bsonType": ["double", "int", "long"]}),
    "endless": (Annotated[float, Le(float("inf"))], {"bsonType": ["double", "int", "long"]}),
    "too large": (Annotated[int, Le(2**64)], {"bsonType": ["int", "long"]}),
    "decimal": (Annotated[Decimal, Ge(Decimal("0.1"))], {"bsonType": "decimal", "minimum": Decimal128("0.1")}),
    "too many digits": (Annotated[Decimal, Ge(Decimal("0." + "1" * 40))], {"bsonType": "decimal"}),
    "length of text": (Annotated[str, Len(2, 3)], {"bsonType": "string", "minLength": 2, "maxLength": 3}),
    "length of list": (
        Annotated[list[int], MinLen(2)],
        {"bsonType": "array", "items": {"bsonType": ["int", "long"]}, "minItems": 2},
    ),
    "length of set": (
        Annotated[set[str], MaxLen(2)],
        {"bsonType": "array", "items": {"bsonType": "string"}, "maxItems": 2},
    ),
    "length of dict": (
        Annotated[dict[str, int], MinLen(1)],
        {
            "bsonType": "object", "additionalProperties": {"bsonType": ["int", "long"]}, "minProperties": 1,
            "patternProperties": {r"^\$|\.": {"not": {}}},
        },
    ),
    "length of bytes": (Annotated[bytes, MinLen(2)], {"bsonType": "binData"}),
    "order of text": (Annotated[str, Ge("b")], {"bsonType": "string"}),
    "function": (Annotated[str, Predicate(str.islower)], {"bsonType": "string"}),
    "literal": (Literal["a", "b"], {"bsonType": "string", "enum": ["a", "b"]}),
    "enum": (Colour, {"bsonType": "string", "enum": ["red", "blue"]}),
    "enum or None": (Colour | None, {"bsonType": ["string", "null"], "enum": ["red", "blue", None]}),
    "mixed enum": (
        Mixed,
        {"anyOf": [{"bsonType": "string", "enum": ["a"]}, {"bsonType": ["int", "long"], "enum": [1]}]},
    ),
    "flags": (Rights, {"bsonType": ["int", "long"]}),
    "tuple of any length": (tuple[int, ...], {"bsonType": "array", "items": {"bsonType": ["int", "long"]}}),
}  # fmt: skip


@pytest.mark.parametrize(("hint", "schema"), ANNOTATED.values(), ids=ANNOTATED)
def test_said_of_annotations(hint, schema):
    said = annotate(hint).json_schema()["properties"]["x"]
    assert said == schema


def test_the_document_as_a_whole():
    schema = declare(str).json_schema()
    assert schema == {
        "title": "Thing",
        "bsonType": "object",
        "required": ["x"],
        "properties": {"x": of("string"), "_id": {}, "_ns": {}, "_revision": {}, "_version": {}},
        "additionalProperties": False,
    }
    schema["properties"].clear()
    assert declare(str).json_schema()["properties"], "what is returned is the caller's own"


def test_schemaless():
    schema = declare(str, use_schemaless=True, required_fields=["x"]).json_schema()
    assert "additionalProperties" not in schema
    assert schema["required"] == ["x"]
    assert "required" not in declare(str, use_schemaless=True).json_schema()


def test_switches():
    strict = declare(float, accept_int_for_float=False).json_schema()
    assert strict["properties"]["x"] == of("double")
    assert declare(int, accept_bool_for_int=True).json_schema()["properties"]["x"] == of("int long bool")


def test_declared_id_and_type():
    thing = type("Thing", (Document,), {"structure": {"_id": str, "_type": str, "_revision": int}})
    schema = thing.json_schema()
    assert schema["properties"]["_id"] == of("string")
    assert schema["properties"]["_revision"] == of("int long")
    assert schema["required"] == ["_type", "_revision"]


def test_required_in_what_may_be_absent():
    thing = declare({"a": {"b": int}}, required_fields=["x.a.b"])
    x = thing.json_schema()["properties"]["x"]
    assert x["bsonType"] == x["properties"]["a"]["bsonType"] == "object"
    assert x["properties"]["a"]["properties"]["b"] == {"bsonType": ["int", "long"]}


def test_an_unknown_flavour():
    with pytest.raises(
        ValueError, match=r"json_schema\('yaml'\): accepted are 'bson', for MongoDB, and 'json'"
    ):
        declare(str).json_schema("yaml")


CHECKED = {
    "str": (str, ["", "ü", None], [1, b"x", ["a"]]),
    "int": (int, [1, 2**40, None], [1.0, "1", True]),
    "float": (float, [1.5, 1, 2**40, float("inf")], ["1", True, Decimal128("1")]),
    "bool": (bool, [True, None], [1, "true"]),
    "bytes": (bytes, [b"", b"\0", None], ["x"]),
    "binary": (Binary, [Binary(b"a", 7), b"x"], ["x"]),
    "datetime": (datetime.datetime, [NOON, None], ["2026-11-22", 1]),
    "id": (ObjectId, [ObjectId(), None], [str(ObjectId())]),
    "decimal": (Decimal128, [Decimal128("1.5"), None], [1.5]),
    "long": (Int64, [Int64(1)], [1.0]),
    "regex": (Regex, [Regex("a")], ["a"]),
    "timestamp": (Timestamp, [Timestamp(1, 2)], [1]),
    "any": (None, [1, "a", None, {"a": 1}, [1], NOON, Decimal128("1"), b"x", Regex("a")], []),
    "list": (list, [[], [1, "a"], None], [{}, "x"]),
    "dict": (dict, [{}, {"a": [1]}, None], [[], "x"]),
    "any list": ([], [[], [1, "a", None, {"b": 1}]], [{}, 1]),
    "list of": ([str], [[], ["a", None]], [["a", 1], "a", {"0": "a"}]),
    "list of lists": ([[int]], [[], [[]], [[1], None]], [[1], [["a"]]]),
    "list of records": ([{"a": int}], [[], [{"a": 1}, None]], [[{}], [{"a": "x"}], [{"a": 1, "b": 2}]]),
    "tuple": ((str, int), [["a", 1], [None, None], None], [["a"], ["a", 1, 2], [1, "a"], []]),
    "map": ({str: int}, [{}, {"a": 1, "b": None}], [{"a": "x"}, [], {"a.b": 1}]),
    "map of records": ({str: {"n": int}}, [{}, {"a": {"n": 1}}], [{"a": {}}, {"a": {"n": "x"}}]),
    "record": ({"a": str, "b": {"c": int}}, [{"a": "x", "b": {"c": 1}}, {"a": None, "b": None}, None], [
        {}, {"a": "x"}, {"a": "x", "b": {}}, {"a": "x", "b": {"c": 1, "d": 2}}, {"a": 1, "b": None},
    ]),
    "no fields": ({}, [{}, None], [{"a": 1}, []]),
    "or": (OR(str, int), ["a", 1, None], [1.5, True, ["a"]]),
    "or a list": (OR(str, list), ["a", [1], None], [1, {}]),
    "not": (NOT(str, int), [1.5, True, [1], {"a": 1}, NOON, None], ["a", 1]),
    "not float": (NOT(float), [1, "a"], [1.5]),
    "is": (IS("a", "b"), ["a", None], ["c", 1, ["a"]]),
    "is of numbers": (IS(1, 2.5), [1, 2.5], [1.0, 2, True, "1"]),
    "is of true": (IS(True), [True, None], [1, False]),
    "set": (Set(int), [{1, 2}, set(), None], [{"a"}]),
    "custom": (Cents(), [Decimal("1.50"), None], []),
    "embedded": (Address, [{"street": None, "town": {"name": "x"}}, {"street": "a", "town": None}, None], [
        {"street": "a"}, {"street": "a", "town": {"name": None}}, {"street": "a", "town": {}}, "a",
    ]),
    "schemaless": (Loose, [{"b": "x"}, {"a": 1, "b": "x", "c": [2]}, None], [{"a": 1}, {"a": "x", "b": "y"}]),
}  # fmt: skip


def check(thing, value, collection):
    """Return what validation says of a value, and what the server says of what would be stored."""
    document = thing(gen_skel=False)
    dict.update(document, {"_id": 1, "x": value})
    document.raise_validation_errors = False
    document.validate()
    convert = thing._structure.to_bson
    try:
        stored = dict(document) if convert is None else convert(document)
    except (TypeError, AttributeError):
        stored = dict(document)
    collection.replace_one({"_id": 1}, stored, upsert=True)
    accepted = collection.count_documents({"_id": 1, "$jsonSchema": thing.json_schema()})
    return not document.validation_errors, bool(accepted)


@pytest.mark.parametrize(("spec", "good", "bad"), CHECKED.values(), ids=CHECKED)
def test_the_server_agrees(collection, spec, good, bad):
    thing = declare(spec)
    assert [check(thing, value, collection) for value in good] == [(True, True)] * len(good)
    assert [check(thing, value, collection) for value in bad] == [(False, False)] * len(bad)


def test_a_value_that_is_named_twice_is_once_in_the_schema():
    """MongoDB refuses a validator otherwise: "enum array cannot contain duplicate values"."""
    x = declare(IS("a", "b", "a", 1, True, 1)).json_schema()["properties"]["x"]
    assert x == {
        "anyOf": [
            {"bsonType": "null"},
            {"bsonType": "string", "enum": ["a", "b"]},
            {"bsonType": ["int", "long"], "enum": [1]},
            {"bsonType": "bool", "enum": [True]},
        ]
    }


REQUIRED = {
    "str": (str, ["", "a"], [None]),
    "list": (list, [[0]], [None, []]),
    "list of": ([int], [[0], [None]], [None, []]),
    "dict": (dict, [{"a": None}], [None, {}]),
    "map": ({str: int}, [{"a": None}], [None, {}]),
    "record": ({"a": str}, [{"a": None}], [None]),
    "tuple": ((str, str), [[None, None]], [None]),
    "any": (None, [0, "", [0], {"a": 1}], [None, [], {}]),
    "or": (OR(str, list), ["", [0]], [None, []]),
    "not": (NOT(str), [0, [0]], [None, [], {}]),
    "is": (IS("a"), ["a"], [None]),
    "set": (Set(int), [{0}], [None, set()]),
    "custom": (Cents(), [Decimal(0)], [None]),
    "own operator": (Even(int), [2], [None]),
}


@pytest.mark.parametrize(("spec", "good", "bad"), REQUIRED.values(), ids=REQUIRED)
def test_the_server_agrees_on_what_is_required(collection, spec, good, bad):
    thing = declare(spec, required_fields=["x"])
    assert [check(thing, value, collection) for value in good] == [(True, True)] * len(good)
    assert [check(thing, value, collection) for value in bad] == [(False, False)] * len(bad)


BOUNDED = {
    "ge": (Annotated[int, Ge(1)], [1, 2], [0, None, "a"]),
    "gt": (Annotated[float, Gt(1)], [1.1, 2], [1, 1.0]),
    "lt": (Annotated[int, Lt(3)], [2], [3]),
    "tight": (Annotated[int, Ge(1), Gt(3), Le(9), Le(5)], [4, 5], [3, 6]),
    "multiple": (Annotated[int, MultipleOf(5)], [0, -5, 10], [1]),
    "text": (Annotated[str, Len(2, 3)], ["üü", "abc"], ["a", "abcd"]),
    "list": (Annotated[list[int], Len(1, 2)], [[1], [1, 2]], [[], [1, 2, 3]]),
    "tuple": (Annotated[tuple[int, ...], MinLen(2)], [(1, 2)], [(1,)]),
    "set": (Annotated[set[int], MinLen(2)], [{1, 2}], [{1}]),
    "dict": (Annotated[dict[str, int], MaxLen(1)], [{}, {"a": 1}], [{"a": 1, "b": 2}]),
    "elements": (list[Annotated[int, Ge(0)]], [[], [0]], [[-1], [0, None]]),
    "either": (Annotated[int | str, MaxLen(2)], ["ab"], ["abc"]),
    "enum": (Colour, [Colour.RED], [None]),
    "enum of tuples": (Planet, [Planet.EARTH, Planet.NEW], [None, 1]),
    "literal": (Literal["a", 1], ["a", 1], ["b", 2, True, None]),
    "optional": (Annotated[int, Ge(1)] | None, [None, 1], [0]),
}


@pytest.mark.parametrize(("hint", "good", "bad"), BOUNDED.values(), ids=BOUNDED)
def test_the_server_agrees_on_constraints(collection, hint, good, bad):
    thing = annotate(hint)
    assert [check(thing, value, collection) for value in good] == [(True, True)] * len(good)
    assert [check(thing, value, collection) for value in bad] == [(False, False)] * len(bad)


def test_what_it_has_no_words_for(collection):
    """The schema accepts what is valid, and some of what is not."""
    assert check(declare(str, validators={"x": str.islower}), "A", collection) == (False, True)
    assert check(declare(uuid.UUID), b"x", collection) == (False, True)
    assert check(declare(dict), {"a.b": 1}, collection) == (False, True)


@pytest.mark.skipif("MONGODB_URI" in os.environ, reason="what the embedded server lacks")
def test_the_embedded_server_passes_over_the_bounds_of_decimals(collection):
    """MongoDB compares them: there this is (False, False)."""
    thing = annotate(Annotated[Decimal, Gt(0)])
    assert check(thing, Decimal("0.1"), collection) == (True, True)
    assert check(thing, Decimal(0), collection) == (False, True)


class Everything(Document):
    a: str
    b: int | None = None
    c: list[Annotated[float, Ge(0)]]
    d: datetime.datetime
    e: Decimal
    f: Colour
    g: tuple[int, str]
    h: dict[str, int]
    i: Literal["x", 1]
    j: set[str]
    k: uuid.UUID
    l: bytes
    m: Annotated[str, MinLen(1)]
    n: ObjectId
    o: int | str


WHOLE = {
    "a": "x", "c": [1, 2.5], "d": NOON, "e": Decimal("1.5"), "f": Colour.RED, "g": (1, "a"), "h": {"a": 1},
    "i": 1, "j": {"a"}, "k": uuid.UUID(int=1), "l": b"x", "m": "y", "n": ObjectId("0" * 24), "o": 1,
}  # fmt: skip


def test_plain_json_schema():
    document = Everything(gen_skel=True)
    document.update(WHOLE)
    document.validate()
    schema = Everything.json_schema("json")
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    jsonschema.Draft202012Validator.check_schema(schema)
    checker = jsonschema.Draft202012Validator(schema)
    assert list(checker.iter_errors(document.to_json_type())) == []
    wrong = {
        **document.to_json_type(),
        "b": "x",
        "c": [-1],
        "g": [1],
        "i": 2,
        "m": "",
        "n": {"$oid": "zz"},
        "z": 1,
    }
    found = {error.json_path for error in checker.iter_errors(wrong)}
    assert found == {"$", "$.b", "$.c[0]", "$.g", "$.i", "$.m", "$.n['$oid']"}


PLAIN = {
    "text": (str, {"type": ["string", "null"]}),
    "time": (datetime.datetime, {"type": ["integer", "null"], "description": "milliseconds since 1970-01-01 UTC"}),
    "tuple": (
        (str, bool),
        {
            "type": ["array", "null"], "minItems": 2, "maxItems": 2,
            "prefixItems": [{"type": ["string", "null"]}, {"type": ["boolean", "null"]}],
        },
    ),
    "decimal": (
        Cents(), {"type": ["integer", "null"]},
    ),
    "by number": ({int: str}, {"type": ["object", "null"]}),
    "id": (ObjectId, {
        "type": ["object", "null"], "required": ["$oid"],
        "properties": {"$oid": {"type": "string", "pattern": "^[0-9a-f]{24}$"}},
    }),
}  # fmt: skip


class Percent(CustomType):
    mongo_type = str
    python_type = float

    def to_bson(self, value):
        return f"{value} %"

    def to_python(self, value):
        return float(value.removesuffix(" %"))


class Limit(enum.Enum):
    NONE = float("inf")
    HALF = 0.5


UNENDING = {
    "float": (float, [1.5, float("inf"), float("-inf"), float("nan"), 1]),
    "either": (OR(str, float), ["a", 1.5, float("inf")]),
    "list": ([float], [[1.5, float("-inf")]]),
    "map": ({str: float}, [{"a": float("nan")}]),
    "tuple": ((float, int), [[float("inf"), 1]]),
    "set": (Set(float), [{float("inf"), 1.5}]),
    "is": (IS(1.5, float("inf")), [1.5, float("inf")]),
    "custom": (Percent(), [1.5, float("inf")]),
    "member": (EnumType(Limit), list(Limit)),
    "free": (dict, [{"a": float("inf")}]),
    "any": (None, [float("inf")]),
}  # fmt: skip


@pytest.mark.parametrize(("spec", "values"), UNENDING.values(), ids=UNENDING)
def test_plain_json_schema_takes_what_no_number_of_json_is(spec, values):
    thing = declare(spec)
    schema = thing.json_schema("json")
    jsonschema.Draft202012Validator.check_schema(schema)
    for value in values:
        document = thing({"x": value})
        document.validate()
        jsonschema.validate(json.loads(document.to_json()), schema)
        assert repr(document.from_json(document.to_json())["x"]) == repr(value)


def test_plain_json_schema_of_floats_takes_no_other_objects_and_texts():
    checker = jsonschema.Draft202012Validator(declare(float).json_schema("json"))
    for value in ("Infinity", {"$numberDouble": "1.5"}, {"$numberDouble": 1}, {}, {"a": 1}, True):
        assert not checker.is_valid({"x": value})
    assert declare(IS(1.5, 2.5)).json_schema("json")["properties"]["x"] == {
        "type": ["number", "null"], "enum": [1.5, 2.5, None],
    }  # fmt: skip


@pytest.mark.parametrize(("spec", "schema"), PLAIN.values(), ids=PLAIN)
def test_plain_json_schema_of(spec, schema):
    assert declare(spec).json_schema("json")["properties"]["x"] == schema


def test_plain_exclusive_bounds_are_numbers():
    assert annotate(Annotated[int, Gt(1), Lt(9)]).json_schema("json")["properties"]["x"] == {
        "type": "integer", "exclusiveMinimum": 1, "exclusiveMaximum": 9,
    }  # fmt: skip


def test_a_type_of_ones_own_is_what_it_is_stored_as(collection):
    class Money(float):
        pass

    thing = declare(Money, authorized_types=[*Document.authorized_types, Money])
    assert thing.json_schema()["properties"]["x"] == of("double")
    assert check(thing, Money(1.5), collection) == (True, True)


def test_a_type_that_nothing_is_known_of_is_left_open():
    class Odd:
        pass

    thing = declare(Odd, authorized_types=[*Document.authorized_types, Odd])
    assert thing.json_schema()["properties"]["x"] == {}
    assert declare(OR(str, Odd), authorized_types=[Odd]).json_schema()["properties"]["x"] == {}


def test_patterns_are_regular_expressions(collection):
    pattern = declare({str: int}).json_schema()["properties"]["x"]["patternProperties"]
    (expression,) = pattern
    assert [bool(re.search(expression, key)) for key in ("a", "$a", "a.b", "a$")] == [
        False,
        True,
        True,
        False,
    ]


class Author(Document):
    __collection__ = "authors"
    structure = {"name": str}


REFERENCES = {
    "an id": (Ref(Author), {}, {}, ObjectId()),
    "a dbref": (Ref(Author, dbref=True), {}, {}, DBRef("authors", 1, "x")),
    "eager": (Author, {"use_autorefs": True}, {}, DBRef("authors", 1, "x")),
    "required": (Ref(Author), {"required_fields": ["x"]}, {"not": {"bsonType": "null"}}, 1),
}


@pytest.mark.parametrize(("spec", "more", "schema", "stored"), REFERENCES.values(), ids=REFERENCES)
def test_references_are_what_is_stored(collection, spec, more, schema, stored):
    thing = declare(spec, **more)
    assert thing.json_schema()["properties"]["x"] == schema
    thing.set_validator(collection)
    collection.insert_one({"x": stored})
    if "required_fields" in more:
        with pytest.raises(WriteError):
            collection.insert_one({"x": None})


class Numbered(Document):
    __collection__ = "numbered"
    structure = {"_id": int}


class Keyed(Document):
    __collection__ = "keyed"
    structure = {"_id": {"year": int}}


NO_NUMBERS = [
    "bool",
    "double",
    "string",
    "array",
    "binData",
    "objectId",
    "date",
    "regex",
    "javascript",
    "javascriptWithScope",
    "decimal",
    "timestamp",
]
PLACED = DBRef("numbered", 1, "x")


def test_an_id_has_the_type_that_the_target_declares(connection, database):
    thing = declare(Ref(Numbered))
    assert thing.json_schema()["properties"]["x"] == {"not": {"bsonType": NO_NUMBERS}}
    collection = database.things
    thing.set_validator(collection)
    # A DBRef that was found stays one, and validation takes it.
    found = collection.insert_one({"x": PLACED}).inserted_id
    for good in (1, 2**40, None, PLACED):
        made = thing({"x": good}, collection=collection)
        if good is PLACED:
            made = made.get_from_id(found)
        made.save()
        assert collection.find_one({"_id": made["_id"]})["x"] == good
    for bad in ("1", ObjectId(), 1.5, [1], True, NOON):
        assert not valid(thing, bad)
        with pytest.raises(WriteError):
            collection.insert_one({"x": bad})


def test_a_required_id_is_not_null(collection):
    thing = declare(Ref(Numbered), required_fields=["x"])
    thing.set_validator(collection)
    collection.insert_one({"x": 1})
    for bad in (None, "1"):
        with pytest.raises(WriteError):
            collection.insert_one({"x": bad})


@pytest.mark.parametrize("spec", [Ref(Keyed), Ref("NotYetThere"), Ref(Numbered, dbref=True)], ids=repr)
def test_an_id_of_which_nothing_is_known_is_left_open(spec):
    assert declare(spec).json_schema()["properties"]["x"] == {}


def test_references_in_lists_are_ids_too(collection):
    thing = declare([Ref(Numbered)])
    thing.set_validator(collection)
    collection.insert_one({"x": [1, PLACED, None]})
    with pytest.raises(WriteError):
        collection.insert_one({"x": [1, "2"]})


def test_references_are_left_open_in_json():
    assert declare(Ref(Numbered)).json_schema("json")["properties"]["x"] == {}


def valid(thing, value):
    document = thing({"x": value})
    document.raise_validation_errors = False
    document.validate()
    return not document.validation_errors


def test_files_are_stored_apart(database):
    thing = declare(str, gridfs={"files": ["picture"], "containers": ["pages"]})
    assert thing.json_schema() == declare(str).json_schema()
    thing.set_validator(database.things)
    made = thing({"x": "a"}, collection=database.things)
    made.save()
    made.fs.picture = b"png"
    made.fs.pages["one"] = b"text"
    made.save()
    assert database.things.find_one() == {"_id": made["_id"], "x": "a"}


class Translated(Document):
    structure = {"title": str, "tags": [str], "part": {"note": str}}
    i18n = ["title", "tags", "part.note"]
    required_fields = ["title"]


def test_translated_fields_are_lists_in_the_database_and_objects_in_json():
    spoken = {
        "bsonType": "object",
        "properties": {"lang": {"bsonType": "string"}, "value": {"bsonType": ["string", "null"]}},
        "required": ["lang", "value"],
        "additionalProperties": False,
    }
    stored = Translated.json_schema("bson")["properties"]["title"]
    assert stored["items"] == spoken
    assert (stored["bsonType"], stored["minItems"]) == ("array", 1)
    written = Translated.json_schema("json")["properties"]["title"]
    assert (written["type"], written["minProperties"]) == ("object", 1)
    assert written["additionalProperties"] == {"type": ["string", "null"]}


def test_the_server_takes_what_validation_takes_of_translated_fields(connection, database):
    connection.register([Translated])
    collection = database.translated
    Translated.set_validator(collection)
    made = collection.Translated(
        {"title": {"en": "x", "fr": None}, "tags": {"en": ["a"]}, "part": {"note": {}}}
    )
    made.save()
    for wrong in ({"en": "x"}, [], [{"lang": "en"}], [{"lang": "en", "value": 3}], "x"):
        with pytest.raises(WriteError):
            collection.update_one({}, {"$set": {"title": wrong}})
    collection.update_one({}, {"$set": {"title": [{"lang": "de", "value": "y"}]}})
    assert collection.Translated.find_one()["title"] == {"de": "y"}
