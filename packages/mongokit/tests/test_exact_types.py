"""Values that Python takes for those of another type, and BSON does not."""

from __future__ import annotations

import collections
import datetime
import enum
import re
import uuid
from decimal import Decimal
from typing import Literal

import pytest
from bson import (
    SON,
    Binary,
    Code,
    DatetimeMS,
    DBRef,
    Decimal128,
    Int64,
    MaxKey,
    MinKey,
    ObjectId,
    Regex,
    Timestamp,
)

from mongokit import IS, NOT, OR, CustomType, Document, SchemaDocumentError, SchemaTypeError, Set


class Text(str):
    __slots__ = ()


class Number(enum.IntEnum):
    ONE = 1


class Name(enum.StrEnum):
    A = "a"


class Fraction(float, enum.Enum):
    HALF = 1.0


class Mixed(enum.Enum):
    ONE = 1
    A = "a"
    FRACTION = 2.0


class Truth(enum.Enum):
    YES = True


class Aged(enum.Enum):
    NEW = "new"

    @classmethod
    def _missing_(cls, value):
        return cls.NEW if value == "old" else None


class Shouted(CustomType):
    mongo_type = str
    python_type = str

    def to_bson(self, value):
        return value

    def to_python(self, value):
        return value


class ShoutedCode(Shouted):
    def to_bson(self, value):
        return Code(value)


VALUES = [
    None, True, False, 0, 1, 2, -1, 2**40, Int64(1), Int64(2**40), Number.ONE, 0.0, 1.0, 1.5, 2.0, -0.0, float("nan"), float("inf"),
    Fraction.HALF, "", "a", "old", Text("a"), Name.A, Code("a"), Code("a", {"x": 1}), b"", b"a", Binary(b"a"), Binary(b"a", 5),
    Binary(b"a", 128), uuid.UUID(int=1), ObjectId(), Decimal128("1"), Decimal128("NaN"), Decimal(1), datetime.datetime(2026, 1, 1),
    DatetimeMS(0), DatetimeMS(1), Timestamp(1, 1), re.compile("a"), Regex("a", "i"), [], [1], ["a"], [Code("a")], [True], [1.0], (1,), ("a",),
    {}, {"a": 1}, {"a": "a"}, {"a": Code("a")}, {"a": True}, SON(a=1), collections.OrderedDict(a="a"), collections.Counter("a"), DBRef("x", 1),
    MinKey(), MaxKey(), {1}, {"a"}, {True}, Mixed.A, Truth.YES,
]  # fmt: skip

SPECS = {
    "bool": bool, "int": int, "float": float, "str": str, "bytes": bytes, "Binary": Binary, "dict": dict, "list": list,
    "ObjectId": ObjectId, "DBRef": DBRef, "Code": Code, "UUID": uuid.UUID, "datetime": datetime.datetime, "Regex": Regex,
    "Pattern": re.Pattern, "Timestamp": Timestamp, "Int64": Int64, "Decimal128": Decimal128, "DatetimeMS": DatetimeMS,
    "any": None, "list of any": [], "list of str": [str], "list of int": [int], "list of float": [float],
    "map": {str: str}, "map of int": {str: int}, "record": {"a": str}, "record of int": {"a": int}, "tuple": (str,), "tuple of int": (int,),
    "str or int": OR(str, int), "int or float": OR(int, float), "Code or int": OR(Code, int), "not str": NOT(str),
    "not int": NOT(int), "not Code": NOT(Code), "is 1": IS(1), "is a": IS("a"), "is 1.0": IS(1.0), "is True": IS(True),
    "set": Set(), "set of str": Set(str), "set of int": Set(int), "custom": Shouted(), "custom into Code": ShoutedCode(),
}  # fmt: skip
HINTS = {
    "IntEnum": Number, "StrEnum": Name, "float Enum": Fraction, "mixed Enum": Mixed, "bool Enum": Truth, "Enum with _missing_": Aged,
    "Literal": Literal[1, "a"], "Literal True": Literal[True], "Decimal": Decimal, "str | None": str | None, "int | str": int | str,
    "list[Number]": list[Number], "set[str]": set[str], "dict[str, Name]": dict[str, Name], "tuple[str, ...]": tuple[str, ...],
}  # fmt: skip
TYPES = (MinKey, MaxKey, DatetimeMS, Timestamp, Regex, Int64, Decimal128, DBRef, Code, uuid.UUID, re.Pattern)


def declare(name, **switches):
    authorized = {"authorized_types": [*Document.authorized_types, *TYPES]}
    if name in SPECS:
        return type("Exact", (Document,), {"structure": {"f": SPECS[name]}, **authorized, **switches})
    return type("Exact", (Document,), {"__annotations__": {"f": HINTS[name]}, **authorized, **switches})


def accepted(thing, values):
    """Yield the documents that validation accepts."""
    for number, value in enumerate(values):
        document = thing({"_id": number, "f": value})
        try:
            document.validate()
        except SchemaDocumentError:
            continue
        yield document


@pytest.mark.parametrize(
    "switches", [{}, {"accept_bool_for_int": True}, {"accept_int_for_float": False}], ids=str
)
@pytest.mark.parametrize("name", [*SPECS, *HINTS])
def test_the_server_takes_what_validation_takes(collection, name, switches):
    """And what is read is valid again."""
    thing = declare(name, **switches)
    documents = list(accepted(thing, VALUES))
    assert documents
    proxy = collection.proxy(thing)
    proxy.insert_many(documents)
    found = {one["_id"] for one in collection.find({"$jsonSchema": thing.json_schema()}, {"_id": True})}
    refused = [VALUES[one["_id"]] for one in documents if one["_id"] not in found]
    assert refused == []
    for document in proxy.find():
        document.validate()


LOOK_ALIKES = {
    "Code for str": ("str", Code("a")),
    "Code for str, by its scope": ("str", Code("a", {})),
    "Code in a list": ("list of str", ["a", Code("a")]),
    "Code in a map": ("map", {"x": Code("a")}),
    "Code in a record": ("record", {"a": Code("a")}),
    "Code in a tuple": ("tuple", (Code("a"),)),
    "Code for str or int": ("str or int", Code("a")),
    "Code for IS": ("is a", Code("a")),
    "Code for a custom type of str": ("custom", Code("a")),
    "Code made by a custom type": ("custom into Code", "a"),
    "Code for a StrEnum": ("StrEnum", Code("a")),
    "Code for an enumeration": ("mixed Enum", Code("a")),
    "Code for a Literal": ("Literal", Code("a")),
    "Code for an optional str": ("str | None", Code("a")),
    "Code for a union": ("int | str", Code("a")),
    "True for an IntEnum": ("IntEnum", True),
    "1.0 for an IntEnum": ("IntEnum", 1.0),
    "Decimal for an IntEnum": ("IntEnum", Decimal(1)),
    "Decimal128 for an IntEnum": ("IntEnum", Decimal128("1")),
    "True in a list of IntEnum": ("list[Number]", [True]),
    "1 for a float enumeration": ("float Enum", 1),
    "True for a float enumeration": ("float Enum", True),
    "True for one of several types": ("mixed Enum", True),
    "1.0 for one of several types": ("mixed Enum", 1.0),
    "2 for one of several types": ("mixed Enum", 2),
    "Decimal for one of several types": ("mixed Enum", Decimal(1)),
    "1 for an enumeration of bool": ("bool Enum", 1),
    "1.0 for an enumeration of bool": ("bool Enum", 1.0),
    "bytes for a StrEnum": ("StrEnum", b"a"),
    "True for a Literal": ("Literal", True),
    "1.0 for a Literal": ("Literal", 1.0),
    "1 for a Literal of True": ("Literal True", 1),
    "True for IS": ("is 1", True),
    "1 for IS(1.0)": ("is 1.0", 1),
}


def ways_of(name, value):
    """How a value may come into a document; BSON has nothing that is loaded as some of them."""
    is_storable = not isinstance(value, (set, Decimal)) and name not in ("set of str", "custom into Code")
    return ["given", "set", "update", *(["stored"] if is_storable else [])]


WAYS = {
    f"{title}, {way}": (name, value, way)
    for title, (name, value) in LOOK_ALIKES.items()
    for way in ways_of(name, value)
}


@pytest.mark.parametrize(("name", "value", "way"), WAYS.values(), ids=WAYS)
def test_look_alikes_are_refused(collection, name, value, way):
    thing = declare(name)
    if way == "stored":
        collection.insert_one({"_id": 1, "f": value})
        document = collection.proxy(thing).get_from_id(1)
    elif way == "set":
        document = thing({"_id": 1}, collection=collection)
        document["f"] = value
    else:
        document = thing({"_id": 1, "f": value}, collection=collection)
    if way == "update":
        collection.insert_one({"_id": 1})
        document = thing({"_id": 1}, collection=collection)
    with pytest.raises(SchemaDocumentError, match=r"^f"):
        document.update_atomic({"$set": {"f": value}}) if way == "update" else document.validate()


def test_the_message_names_both_types():
    with pytest.raises(SchemaTypeError, match=r"^f must be an instance of str not Code$"):
        declare("str")({"f": Code("x")}).validate()
    with pytest.raises(SchemaTypeError, match=r"^f must be an instance of Number not bool$"):
        declare("IntEnum")({"f": True}).validate()


def test_code_in_json_is_no_text(collection):
    thing = declare("str")
    document = collection.proxy(thing).from_json('{"f": {"$code": "function() {}"}}')
    with pytest.raises(SchemaTypeError, match=r"^f must be an instance of str not Code"):
        document.save()


MEMBERS = {
    "int": ("IntEnum", 1, Number.ONE),
    "Int64, as the server has it": ("IntEnum", Int64(1), Number.ONE),
    "str": ("StrEnum", "a", Name.A),
    "a subclass": ("StrEnum", Text("a"), Name.A),
    "float": ("float Enum", 1.0, Fraction.HALF),
    "bool": ("bool Enum", True, Truth.YES),
    "one of several": ("mixed Enum", 2.0, Mixed.FRACTION),
    "Int64 of several": ("mixed Enum", Int64(1), Mixed.ONE),
    "as the class says": ("Enum with _missing_", "old", Aged.NEW),
}


@pytest.mark.parametrize(("name", "stored", "member"), MEMBERS.values(), ids=MEMBERS)
def test_members_are_found_by_their_values(collection, name, stored, member):
    collection.insert_one({"_id": 1, "f": stored})
    document = collection.proxy(declare(name)).get_from_id(1)
    assert document["f"] is member
    document.validate()
