"""Fields declared by annotations: what each annotation accepts, what a new document holds, what is refused."""

from __future__ import annotations

import copy
import datetime
import decimal
import enum
import json
import operator
import pickle
import re
import uuid
from collections.abc import Iterator
from typing import Annotated, Any, ClassVar, Final, Literal, NewType, Optional, Union

import annotated_types
import bson
import jsonschema
import pytest
from bson import Binary, Decimal128, Int64, ObjectId, Regex
from typing_extensions import TypeAliasType

from mongokit import (
    IS,
    OR,
    CustomType,
    DecimalType,
    Document,
    DotedDict,
    DuplicateDefaultValueError,
    EnumType,
    Required,
    SchemaDocument,
    SchemaDocumentError,
    Set,
    StructureError,
    field,
)

UTC = datetime.UTC
NOW = datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
UserId = NewType("UserId", int)
Positive = Annotated[int, annotated_types.Gt(0)]


class State(enum.Enum):
    DRAFT = "draft"
    PUBLIC = "public"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


class Mixed(enum.Enum):
    NUMBER = 1
    TEXT = "one"


class Planet(enum.Enum):
    EARTH = (1.0, 2.0)
    MARS = (3.0, 4.0)


class Parts(enum.Enum):
    LIST = [1, 2]
    DEEP = {"a": [(1,), datetime.datetime(2026, 1, 2)]}


class Era(enum.Enum):
    NEW = datetime.datetime(2026, 1, 2, 3, 4, 5, 6789)


class Various(enum.Enum):
    NUMBER = 1
    PAIR = (1, 2)
    MOMENT = datetime.datetime(2026, 1, 2)
    PATTERN = re.compile("^b")


class Shape(enum.Enum):
    WORD = re.compile("^a", re.IGNORECASE)


class Date(CustomType):
    mongo_type = datetime.datetime
    python_type = datetime.date

    def to_bson(self, value):
        return datetime.datetime(value.year, value.month, value.day)

    def to_python(self, value):
        return value.date()


class Geo(SchemaDocument):
    lat: float
    long: float


class Address(SchemaDocument):
    street: str
    city: str = "Stockholm"
    geo: Geo | None = None

    def label(self):
        return f"{self.street}, {self.city}"


def annotate(hint, *default, base=SchemaDocument, **more):
    """Return a class with one annotated field x."""
    body = {"__annotations__": {"x": hint}, "__module__": __name__, **more}
    if default:
        (body["x"],) = default
    return type("Thing", (base,), body)


def failures(document):
    try:
        document.validate()
    except SchemaDocumentError as error:
        return [(f["path"], f["error"], f["message"]) for f in error.errors()]
    return []


def wrong(hint, value):
    document = annotate(hint)(gen_skel=False)
    document["x"] = value
    return failures(document)


RIGHT = {
    "str": (str, ["", "text"]),
    "int": (int, [0, -3, Int64(2**40)]),
    "float": (float, [0.5, 3]),
    "bool": (bool, [True, False]),
    "bytes": (bytes, [b"", b"x"]),
    "datetime": (datetime.datetime, [NOW, NOW.replace(tzinfo=None)]),
    "ObjectId": (ObjectId, [ObjectId()]),
    "UUID": (uuid.UUID, [uuid.uuid4()]),
    "Binary": (Binary, [Binary(b"x", 5), b"x"]),
    "Decimal128": (Decimal128, [Decimal128("1.5")]),
    "Decimal": (decimal.Decimal, [decimal.Decimal("1.50")]),
    "pattern": (re.Pattern[str], [re.compile("x")]),
    "optional": (str | None, [None, "x"]),
    "typing.Optional": (Optional[str], [None, "x"]),  # noqa: UP045 (the old spelling too)
    "union": (int | str, [1, "x"]),
    "typing.Union": (Union[int, str, None], [1, "x", None]),  # noqa: UP007 (the old spelling too)
    "union with float": (float | str, [1.5, 1, "x"]),
    "Any": (Any, [None, 1, "x", [1], {"a": 1}]),
    "list": (list, [[], [1, "x"]]),
    "list of": (list[str], [[], ["a"]]),
    "list of optional": (list[str | None], [[None, "a"]]),
    "list of lists": (list[list[int]], [[[1], []]]),
    "dict": (dict, [{}, {"a": [1]}]),
    "dict of": (dict[str, int], [{}, {"a": 1}]),
    "dict of Any": (dict[str, Any], [{"a": None, "b": "x"}]),
    "dict of lists": (dict[str, list[int]], [{"a": [1]}]),
    "tuple": (tuple[float, str], [(1.5, "x"), [1, "x"]]),
    "tuple of any length": (tuple[int, ...], [(), (1, 2, 3), [1]]),
    "bare tuple": (tuple, [(), (1, "x")]),
    "set": (set, [set(), {1, "x"}]),
    "set of": (set[str], [set(), {"a"}]),
    "set of Any": (set[Any], [{1, "x"}]),
    "enum": (State, [State.DRAFT]),
    "int enum": (Level, [Level.LOW]),
    "mixed enum": (Mixed, [Mixed.NUMBER, Mixed.TEXT]),
    "list of enums": (list[State], [[State.DRAFT, State.PUBLIC]]),
    "literal": (Literal["a", 2], ["a", 2]),
    "literal with None": (Literal["a", None], ["a", None]),  # noqa: PYI061 (the odd spelling too)
    "new type": (UserId, [3]),
    "type alias": (TypeAliasType("Name", list[str]), [["a"]]),
    "type alias of text": (TypeAliasType("Name", "State | None"), [State.DRAFT, None]),
    "custom": (Annotated[datetime.date, Date()], [datetime.date(2026, 1, 2)]),
    "optional custom": (Annotated[datetime.date | None, Date()], [None, datetime.date(2026, 1, 2)]),
    "list of custom": (list[Annotated[datetime.date, Date()]], [[datetime.date(2026, 1, 2)]]),
    "embedded": (Address, [Address({"street": "x", "city": "y", "geo": None})]),
    "embedded as a dict": (Address, [{"street": "x", "city": "y", "geo": {"lat": 1.0, "long": 2}}]),
    "list of embedded": (list[Geo], [[{"lat": 1.0, "long": 2.0}]]),
    "required": (Required[list[str]], [["a"]]),
    "text": ("datetime.datetime | None", [NOW, None]),
    "text inside": (list["State"], [[State.DRAFT]]),
    "what others read": (Annotated[str, "a comment", annotated_types.doc("of the field")], ["x"]),
}


@pytest.mark.parametrize(("hint", "values"), RIGHT.values(), ids=RIGHT)
def test_right(hint, values):
    for value in values:
        assert wrong(hint, value) == []


WRONG = {
    "str": (str, 3, "x", "x must be an instance of str not int"),
    "bool for int": (int, True, "x", "x must be an instance of int not bool"),
    "union": (int | str, 1.5, "x", "x must be an instance of <int or str> not float"),
    "list": (list[str], ["a", 3], "x.1", "x.1 must be an instance of str not int"),
    "dict": (dict[str, int], {"a": "b"}, "x.a", "x.a must be an instance of int not str"),
    "tuple length": (tuple[float, str], (1.5,), "x", "x must have 2 elements not 1"),
    "tuple element": (tuple[float, str], (1.5, 2), "x.1", "x.1 must be an instance of str not int"),
    "tuple of any length": (tuple[int, ...], (1, "x"), "x.1", "x.1 must be an instance of int not str"),
    "set": (set[str], {3}, "x", "x must be a set of str; 3 is int"),
    "enum": (State, "draft", "x", "x must be an instance of State not str"),
    "literal": (Literal["a", "b"], "c", "x", "x must be in ['a', 'b'] not 'c'"),
    "Decimal": (decimal.Decimal, 1.5, "x", "x must be an instance of Decimal not float"),
    "new type": (UserId, "3", "x", "x must be an instance of int not str"),
    "embedded": (Address, 3, "x", "x must be an instance of Address not int"),
    "embedded field": (
        Address,
        {"street": 3, "city": "", "geo": None},
        "x.street",
        "x.street must be an instance of str not int",
    ),
    "embedded below": (
        list[Address],
        [{"street": "", "city": "", "geo": {"lat": 1.0, "long": "2"}}],
        "x.0.geo.long",
        "x.0.geo.long must be an instance of float not str",
    ),
    "embedded unknown": (
        Geo,
        {"lat": 1.0, "long": 1.0, "height": 1},
        "x.height",
        "unknown fields in Thing: x.height",
    ),
    "digits": (
        decimal.Decimal,
        decimal.Decimal("1" * 35),
        "x",
        f"x must have at most 34 digits and an exponent from -6176 to 6111 not {'1' * 35}",
    ),
}


@pytest.mark.parametrize(("hint", "value", "path", "message"), WRONG.values(), ids=WRONG)
def test_wrong(hint, value, path, message):
    ((found, _, said),) = wrong(hint, value)
    assert (found, said) == (path, message)


NOT_NONE = {
    "str": (str, None, "x"),
    "list": (list[str], None, "x"),
    "element": (list[str], ["a", None], "x.1"),
    "value": (dict[str, int], {"a": None}, "x.a"),
    "tuple element": (tuple[int, int], (1, None), "x.1"),
    "enum": (State, None, "x"),
    "literal": (Literal["a"], None, "x"),
    "union": (int | str, None, "x"),
    "embedded": (Address, None, "x"),
    "in embedded": (Address, {"street": None, "city": "", "geo": None}, "x.street"),
    "below optional": (Address, {"street": "", "city": "", "geo": {"lat": None, "long": 1.0}}, "x.geo.lat"),
    "required": (Required[str], None, "x"),
    "required and optional": (Required[str | None], None, "x"),
    "required, empty": (Required[list[str]], [], "x"),
    "required, empty dict": (Required[dict[str, int]], {}, "x"),
}


@pytest.mark.parametrize(("hint", "value", "path"), NOT_NONE.values(), ids=NOT_NONE)
def test_none_is_no_value_where_the_annotation_does_not_say_so(hint, value, path):
    assert wrong(hint, value) == [(path, "RequireFieldError", f"{path} is required")]


def test_an_absent_field_is_told_as_missing_and_one_that_is_none_as_required():
    assert failures(annotate(str)({"_id": 1})) == [("x", "StructureError", "missed fields in Thing: x")]
    assert failures(annotate(str)({"x": None})) == [("x", "RequireFieldError", "x is required")]


SKELETONS = {
    "str": (str, (), None),
    "optional": (str | None, (), None),
    "list": (list[str], (), []),
    "optional list": (list[str] | None, (), None),
    "dict": (dict[str, int], (), {}),
    "tuple": (tuple[int, str], (), None),
    "tuple of any length": (tuple[int, ...], (), ()),
    "set": (set[str], (), set()),
    "enum": (State, (), None),
    "embedded": (Address, (), {"street": None, "city": "Stockholm", "geo": None}),
    "optional embedded": (Address | None, (), None),
    "list of embedded": (list[Address], (), []),
    "default": (str, ("x",), "x"),
    "false default": (int, (0,), 0),
    "None": (str | None, (None,), None),
    "default list": (list[int], ([1],), [1]),
    "default enum": (State, (State.DRAFT,), State.DRAFT),
    "default Decimal": (decimal.Decimal, (decimal.Decimal("0.1"),), decimal.Decimal("0.1")),
    "default tuple": (tuple[int, int], ((1, 2),), (1, 2)),
    "default set": (set[str], ({"a"},), {"a"}),
    "factory": (datetime.datetime, (field(default_factory=lambda: NOW),), NOW),
    "factory of a list": (list[int], (field(default_factory=lambda: [1]),), [1]),
    "default embedded": (Geo, (Geo({"lat": 1.0, "long": 2.0}),), {"lat": 1.0, "long": 2.0}),
}


@pytest.mark.parametrize(("hint", "default", "expected"), SKELETONS.values(), ids=SKELETONS)
def test_a_new_document(hint, default, expected):
    document = annotate(hint, *default)()
    assert document == {"x": expected}
    assert type(document["x"]) is type(expected) or isinstance(document["x"], dict)
    assert document.x == expected


@pytest.mark.parametrize("default", [[[1]], {"a": [1]}, {1}, Geo({"lat": 1.0, "long": 2.0})], ids=repr)
def test_a_mutable_default_is_never_shared(default):
    before = copy.deepcopy(default)
    thing = annotate(Any if not isinstance(default, (set, Geo)) else type(default), default)
    first, second = thing(), thing()
    for value in (first.x, second.x):
        assert value == before
        value.clear()
    assert default == before
    assert thing().x == before
    nested = annotate(list[list[int]], [[1]])
    nested().x[0].append(2)
    assert nested() == {"x": [[1]]}


def test_a_factory_is_called_for_each_document():
    counted = iter(range(10))
    thing = annotate(int, field(default_factory=lambda: next(counted)))
    assert [thing().x, thing().x] == [0, 1]
    with pytest.raises(TypeError, match=r"field\(default_factory=3\): accepted is a callable"):
        field(default_factory=3)


STORED = {
    "enum": (State, State.DRAFT, "draft"),
    "int enum": (Level, Level.HIGH, 2),
    "mixed enum": (Mixed, Mixed.TEXT, "one"),
    "enum of tuples": (Planet, Planet.MARS, [3.0, 4.0]),
    "enum of containers": (Parts, Parts.DEEP, {"a": [[1], datetime.datetime(2026, 1, 2)]}),
    "enum of containers, a list": (Parts, Parts.LIST, [1, 2]),
    "enum of tuples, in a list": (list[Planet], [Planet.EARTH], [[1.0, 2.0]]),
    "optional enum of tuples": (Planet | None, None, None),
    "enum of moments": (Era, Era.NEW, datetime.datetime(2026, 1, 2, 3, 4, 5, 6000)),
    "enum of patterns": (Shape, Shape.WORD, Regex("^a", "iu")),
    "list of enums": (list[State], [State.DRAFT], ["draft"]),
    "Decimal": (decimal.Decimal, decimal.Decimal("1.50"), Decimal128("1.50")),
    "optional Decimal": (decimal.Decimal | None, None, None),
    "set": (set[str], {"b", "a"}, ["a", "b"]),
    "tuple": (tuple[float, str], (1.5, "x"), [1.5, "x"]),
    "tuple of enums": (tuple[State, int], (State.DRAFT, 1), ["draft", 1]),
    "tuple of any length": (tuple[int, ...], (1, 2), [1, 2]),
    "tuple of enums of any length": (tuple[State, ...], (State.DRAFT,), ["draft"]),
    "bare tuple": (tuple, (1, "x"), [1, "x"]),
    "dict of enums": (dict[str, State], {"a": State.PUBLIC}, {"a": "public"}),
    "custom": (Annotated[datetime.date, Date()], datetime.date(2026, 1, 2), datetime.datetime(2026, 1, 2)),
    "embedded": (Geo, Geo({"lat": 1.0, "long": 2.0}), {"lat": 1.0, "long": 2.0}),
    "nested tuple": (list[tuple[int, int]], [(1, 2)], [[1, 2]]),
    "UUID": (uuid.UUID, uuid.UUID(int=1), uuid.UUID(int=1)),
    "bytes": (bytes, b"x", b"x"),
}


@pytest.mark.parametrize(("hint", "value", "stored"), STORED.values(), ids=STORED)
def test_what_is_stored_and_comes_back(collection, hint, value, stored):
    thing = annotate(hint, base=Document)
    document = thing({"x": value}, collection=collection)
    document.save()
    assert collection.find_one()["x"] == stored
    for found in (document, document.one(), next(iter(document.find())), thing({"x": stored})):
        assert found["x"] == value
        assert type(found["x"]) is type(value) or isinstance(value, dict)
        assert found.x == value
        found.validate()


def test_a_stored_value_that_no_member_has_is_named_by_validation(collection):
    collection.insert_one({"x": "gone"})
    found = annotate(State, base=Document)(collection=collection).one()
    assert failures(found) == [("x", "SchemaTypeError", "x must be an instance of State not str")]


@pytest.mark.parametrize(
    ("hint", "stored", "kind"),
    [(Planet, [True, 2.0], "list"), (Parts, [1.0, 2], "list"), (Parts, {"a": []}, "dict")],
)
def test_a_stored_container_that_only_looks_like_a_members_is_none(collection, hint, stored, kind):
    collection.insert_one({"x": stored})
    found = annotate(hint, base=Document)(collection=collection).one()
    name = hint.__name__
    assert failures(found) == [("x", "SchemaTypeError", f"x must be an instance of {name} not {kind}")]


def test_members_that_are_no_scalars_are_written_as_json_and_read_again():
    class Thing(Document):
        planet: Planet
        parts: list[Parts]
        era: Era

        various: list[Various]

    thing = Thing({"planet": Planet.EARTH, "parts": list(Parts), "era": Era.NEW, "various": list(Various)})
    again = thing.from_json(thing.to_json())
    assert again == thing
    assert all(map(operator.is_, [*again.parts, *again.various], [*Parts, *Various]))
    assert (again.planet, again.era) == (Planet.EARTH, Era.NEW)
    jsonschema.validate(json.loads(thing.to_json()), Thing.json_schema("json"))


# Constraints

CONSTRAINTS = {
    "Gt": (Positive, 1, 0, "x must be > 0 not 0"),
    "Ge": (Annotated[float, annotated_types.Ge(0)], 0, -1.5, "x must be >= 0 not -1.5"),
    "Lt": (Annotated[int, annotated_types.Lt(10)], 9, 10, "x must be < 10 not 10"),
    "Le": (Annotated[int, annotated_types.Le(10)], 10, 11, "x must be <= 10 not 11"),
    "Interval": (
        Annotated[int, annotated_types.Interval(ge=1, lt=5)],
        4,
        5,
        "x must be < 5 not 5",
    ),
    "MultipleOf": (Annotated[int, annotated_types.MultipleOf(5)], 10, 7, "x must be a multiple of 5 not 7"),
    "MinLen": (
        Annotated[str, annotated_types.MinLen(2)],
        "ab",
        "a",
        "x must have at least 2 characters not 'a'",
    ),
    "Len": (
        Annotated[list[int], annotated_types.Len(0, 1)],
        [1],
        [1, 2],
        "x must have at most 1 elements not [1, 2]",
    ),
    "Predicate": (annotated_types.LowerCase[str], "ab", "AB", "x does not pass the validator islower"),
    "Not": (
        Annotated[str, annotated_types.Predicate(annotated_types.Not(str.isdigit))],
        "ab",
        "12",
        "x does not pass the validator Not",
    ),
    "aware": (
        Annotated[datetime.datetime, annotated_types.Timezone(...)],
        NOW,
        NOW.replace(tzinfo=None),
        "x must have a time zone: not datetime.datetime(2026, 1, 2, 3, 4, 5)",
    ),
    "naive": (
        Annotated[datetime.datetime, annotated_types.Timezone(None)],
        NOW.replace(tzinfo=None),
        NOW,
        f"x must have no time zone: not {repr(NOW)[:57]}...",
    ),
    "UTC by name": (
        Annotated[datetime.datetime, annotated_types.Timezone("UTC")],
        NOW,
        NOW.astimezone(datetime.timezone(datetime.timedelta(hours=1))).replace(year=1),
        None,
    ),
    "UTC": (Annotated[datetime.datetime, annotated_types.Timezone(UTC)], NOW, NOW.replace(tzinfo=None), None),
    "UTC by name, as it is read": (
        Annotated[datetime.datetime, annotated_types.Timezone("UTC")],
        NOW.replace(tzinfo=bson.tz_util.utc),
        NOW.replace(tzinfo=None),
        None,
    ),
    "UTC, as it is read": (
        Annotated[datetime.datetime, annotated_types.Timezone(UTC)],
        NOW.replace(tzinfo=bson.tz_util.utc),
        NOW.replace(tzinfo=datetime.timezone(datetime.timedelta(hours=1))),
        None,
    ),
    "callable": (Annotated[str, str.isalpha], "ab", "a1", "x does not pass the validator isalpha"),
    "several": (Annotated[Positive, annotated_types.Lt(5)], 4, 5, "x must be < 5 not 5"),
    "optional": (Positive | None, None, 0, "x must be > 0 not 0"),
    "long": (
        Annotated[str, annotated_types.MaxLen(3)],
        "abc",
        "%s" * 100,
        "x must have at most 3 characters not '" + "%s" * 28 + "...",
    ),
}


@pytest.mark.parametrize(("hint", "right", "bad", "message"), CONSTRAINTS.values(), ids=CONSTRAINTS)
def test_constraints(hint, right, bad, message):
    assert wrong(hint, right) == []
    ((path, error, said),) = wrong(hint, bad)
    assert (path, error) == ("x", "ValidationError")
    assert said.startswith("x must be in the time zone UTC: not ") if message is None else said == message


@pytest.mark.parametrize(
    ("hint", "value", "path"),
    [
        (list[Positive], [1, 0, 2], "x.1"),
        (dict[str, Positive], {"a": 0}, "x.a"),
        (tuple[str, Positive], ("a", 0), "x.1"),
        (list[list[Positive]], [[1], [1, 0]], "x.1.1"),
    ],
)
def test_constraints_of_elements(hint, value, path):
    assert wrong(hint, value) == [(path, "ValidationError", f"{path} must be > 0 not 0")]


# What is refused when the class is made

REFUSED = {
    "object": (object, r"Thing: <class 'object'> is not an authorized type \(at x\)"),
    "date": (datetime.date, r"<class 'datetime.date'> is not an authorized type"),
    "frozenset": (frozenset, "is not an authorized type"),
    "number": (3, "Thing: x: the annotation 3 says nothing a structure can hold. Accepted are a BSON type, "),
    "callable": (re.compile, "says nothing a structure can hold"),
    "generator": (Iterator[int], r"the annotation collections.abc.Iterator\[int\] says nothing a structure"),
    "union of lists": (list[int] | str, "of a union every member must be a plain type or None"),
    "only None": (Literal[None], "a field that can only be None holds nothing"),  # noqa: PYI061 (as above)
    "literal of enums": (Literal[State.DRAFT], "annotate with the Enum"),
    "custom class": (Date, r"annotate with its Python type: Annotated\[…, Date\(\)\]"),
    "keys": (dict[list[int], int], "keys are of a plain type"),
    "members": (set[State], "members of a set are of a plain type"),
    "optional members": (set[str | None], "members of a set are of a plain type"),
    "document": (Document, r"x: Document is a Document, .* write Ref\(Document\), or set use_autorefs"),
    "unknown name": (
        "Unknown",
        "Thing: x: the annotation 'Unknown' cannot be evaluated: name 'Unknown' is not",
    ),
    "unknown name inside": (list["Unknown"], "the annotation 'Unknown' cannot be evaluated"),  # noqa: F821 (on purpose)
    "no expression": ("list[", r"the annotation 'list\[' cannot be evaluated: '\[' was never closed"),
}


@pytest.mark.parametrize(("hint", "message"), REFUSED.values(), ids=REFUSED)
def test_refused(hint, message):
    with pytest.raises(StructureError, match=message):
        annotate(hint)


def test_a_field_declared_twice():
    with pytest.raises(
        StructureError, match="Thing: x is declared twice: by its annotation, and in structure"
    ):
        annotate(str, structure={"x": str})
    with pytest.raises(DuplicateDefaultValueError, match=r"x is declared twice: .* and in default_values"):
        annotate(str, "a", default_values={"x": "b"})


@pytest.mark.parametrize("name", ["items", "keys", "save", "collection", "validate"])
def test_a_field_that_an_attribute_would_hide(name):
    with pytest.raises(StructureError, match=rf"Thing: {name} is a field .*, and an attribute of .* too"):
        type("Thing", (Document,), {"__annotations__": {name: int}})


# Classes


class Talk(Document):
    topic: str
    when: datetime.datetime | None
    tags: list[str] = []
    speaker: Address
    duration: Annotated[float, annotated_types.Ge(0)] = 0.0
    room: "int | str" = 1  # noqa: UP037 (text in text)
    __collection__ = "talks"
    limit: ClassVar[int] = 3
    maximum: Final = 5
    _cached: int = 7
    skip_validation: bool = False
    default_values = {"when": lambda: NOW}
    required_fields = ["tags"]
    validators = {"topic": str.istitle}

    def shout(self):
        return self.topic.upper()


def test_what_is_a_field():
    assert list(Talk.structure) == ["topic", "when", "tags", "speaker", "duration", "room"]
    assert (Talk.limit, Talk.maximum, Talk._cached, Talk.skip_validation) == (3, 5, 7, False)
    assert Talk.use_dot_notation is True
    assert not hasattr(Talk, "topic")
    assert not hasattr(Talk, "tags")


def test_descriptors_work_on_annotated_fields():
    assert failures(
        Talk({**Talk(), "topic": "small", "speaker": {"street": "x", "city": "y", "geo": None}})
    ) == [
        ("topic", "ValidationError", "topic does not pass the validator istitle"),
        ("tags", "RequireFieldError", "tags is required"),
    ]
    assert Talk().when == NOW


def test_both_ways_to_declare_compile_to_the_same(collection):
    class Annotated_(Document):
        a: str | None
        b: int | str | None
        c: Literal["x", "y"] | None
        e: float | None = 1.5
        use_dot_notation = False

    class Declared(Document):
        structure = {"a": str, "b": OR(int, str), "c": IS("x", "y"), "e": float}
        default_values = {"e": 1.5}

    assert Annotated_() == Declared() == {"a": None, "b": None, "c": None, "e": 1.5}
    assert Annotated_._namespaces == Declared._namespaces
    for value in ({"a": 1}, {"b": 1.5}, {"c": "z"}, {"e": "x"}, {"z": 1}, {"a": "x", "c": "y", "e": 1}):
        left, right = (
            [
                (path, error, text.replace("Annotated_", "Declared"))
                for path, error, text in failures(cls({**cls(), **value}))
            ]
            for cls in (Annotated_, Declared)
        )
        assert left == right
    for name, node in Declared._structure.fields.items():
        twin = Annotated_._structure.fields[name]
        assert type(twin) is type(node)
        assert (twin.path, twin.required, twin.present, twin.filled) == (node.path, False, False, False)


def test_both_ways_in_one_class():
    class Mixed_(SchemaDocument):
        structure = {"items": [int]}
        topic: str = "x"

    assert Mixed_() == {"items": [], "topic": "x"}
    assert Mixed_().topic == "x"


def test_inheritance():
    class Lecture(Talk):
        topic: str = "New"
        level: Level | None = None

    class Course(Lecture):
        structure = {"weeks": int}
        topic: str | None

    assert list(Lecture.structure)[-1] == "level"
    assert Lecture().topic == "New"
    assert Talk().topic is None
    assert Course()["topic"] == "New"
    course = Course({**Course(), "topic": None, "tags": ["x"], "weeks": None, "speaker": address()})
    assert failures(course) == []
    assert Lecture.required_fields == ["tags"]
    assert Course().shout() == "NEW"


def address(**changed):
    return {"street": "x", "city": "y", "geo": None, **changed}


def test_several_bases():
    class Stamped(SchemaDocument):
        stamp: datetime.datetime = field(default_factory=lambda: NOW)

    class Named:
        """No document: its annotations count all the same."""

        name: str | None

    class Thing(Stamped, Named, Document):
        x: int = 1

    assert Thing() == {"stamp": NOW, "name": None, "x": 1}
    assert Thing().name is None


def test_a_default_of_a_plain_mixin_would_hide_the_field():
    class Named:
        name: str = "x"

    with pytest.raises(StructureError, match=r"name is a field .* and an attribute of Named too"):
        type("Thing", (Named, Document), {})


def test_a_child_cannot_hide_a_field_by_an_attribute():
    with pytest.raises(
        StructureError, match=r"topic is a field .* A new default is written with its annotation"
    ):
        type("Lecture", (Talk,), {"topic": "x"})
    with pytest.raises(StructureError, match="topic is a field"):
        type("Lecture", (Talk,), {"topic": property(lambda self: "x")})


def test_dot_notation_can_be_refused():
    thing = annotate(str, "a", use_dot_notation=False)
    assert not hasattr(thing(), "x")
    assert thing() == {"x": "a"}


def test_names_of_the_function_where_the_class_is_made():
    class Local(SchemaDocument):
        a: int

    class Outer(SchemaDocument):
        b: Local
        c: list[Local] = []

    assert Outer() == {"b": {"a": None}, "c": []}


def test_a_class_var_may_name_what_only_type_checkers_import():
    class Thing(SchemaDocument):
        a: int
        b: ClassVar[Unknown]  # noqa: F821

    assert list(Thing.structure) == ["a"]


@pytest.mark.parametrize(
    "hint", [ClassVar[int], ClassVar, Final, "ClassVar[int]", "typing.ClassVar", "Final[int]"], ids=str
)
def test_what_is_no_field(hint):
    thing = annotate(hint, 3)
    assert (thing.structure, thing.x) == (None, 3)


def test_generate_skeleton():
    thing = annotate(Address | None)({"_id": 1})
    thing.generate_skeleton()
    assert thing == {"_id": 1, "x": None}
    thing = annotate(Address)({"x": {"street": "a"}})
    thing.generate_skeleton()
    assert thing == {"x": {"street": "a", "city": None, "geo": None}}


def test_a_key_alone():
    class Keyed(SchemaDocument):
        _id: int

    assert Keyed() == {}
    assert failures(Keyed()) == []
    assert failures(Keyed({"_id": "a"})) == [
        ("_id", "SchemaTypeError", "_id must be an instance of int not str")
    ]


def test_the_key():
    class Keyed(Document):
        _id: ObjectId
        name: str = "x"

    assert Keyed() == {"name": "x"}
    assert failures(Keyed()) == []
    assert failures(Keyed({"_id": "a", "name": "x"})) == [
        ("_id", "SchemaTypeError", "_id must be an instance of ObjectId not str")
    ]


def test_documents_without_a_key_do_not_overwrite_each_other(collection):
    class Keyed(Document):
        structure = {"_id": ObjectId, "name": str}

    for name in ("a", "b"):
        document = Keyed(collection=collection)
        document["name"] = name
        document.save()
    assert sorted(found["name"] for found in collection.find()) == ["a", "b"]


def test_the_type_field():
    class Animal(Document):
        _type: str
        name: str = "x"

    class Dog(Animal):
        type_field = "_type"

    assert Dog() == {"_type": "Dog", "name": "x"}


# Embedded classes


class Line(SchemaDocument):
    sku: str
    price: Annotated[float, annotated_types.Gt(0)]
    state: State = State.DRAFT
    required_fields = ["sku"]
    validators = {"sku": str.isupper}

    def double(self):
        return self.price * 2


class Order(Document):
    address: Address
    lines: list[Line] = []
    by_name: dict[str, Line] = {}
    pair: tuple[Line, int] | None = None
    other: Address | None = None


def order(**changed):
    return Order({"address": address(), "lines": [], "by_name": {}, "pair": None, "other": None, **changed})


def line(**changed):
    return {"sku": "A", "price": 2.0, "state": State.DRAFT, **changed}


def test_descriptors_of_embedded_classes_apply_where_they_are():
    wrongly = order(
        address=address(street=None),
        lines=[line(), line(sku="a")],
        by_name={"x": line(price=-1.0)},
        pair=(line(state="draft"), 1),
    )
    assert failures(wrongly) == [
        ("lines.1.sku", "ValidationError", "lines.1.sku does not pass the validator isupper"),
        ("by_name.x.price", "ValidationError", "by_name.x.price must be > 0 not -1.0"),
        ("address.street", "RequireFieldError", "address.street is required"),
    ]


def test_embedded_documents_come_back_as_what_they_are(collection):
    document = order(
        address=address(geo={"lat": 1.0, "long": 2.0}),
        lines=[line(), line(sku="B")],
        by_name={"x": line()},
        pair=(line(), 3),
    )
    document._bind_like(Order(collection=collection))
    document.save()
    assert collection.find_one({}, {"_id": 0})["pair"] == [{"sku": "A", "price": 2.0, "state": "draft"}, 3]
    for found in (document, document.one()):
        assert type(found.address) is type(found["address"]) is Address
        assert type(found.address.geo) is Geo
        assert found.address.label() == "x, y"
        assert [one.double() for one in found.lines] == [4.0, 4.0]
        assert found.by_name["x"].state is State.DRAFT
        assert (type(found.pair), type(found.pair[0]), found.pair[1]) == (tuple, Line, 3)
        assert found.other is None
        assert found == document
        found.validate()


def test_attributes_give_the_class_also_of_what_was_set_as_an_item():
    document = order()
    document["address"] = address(geo={"lat": 1.0, "long": 2.0})
    document["lines"] = lines = [line()]
    document["by_name"] = {"x": line()}
    document["pair"] = (line(), 1)
    assert document.address.label() == "x, y"
    assert type(document["address"]) is Address
    assert document.address is document["address"]
    assert type(document.address.geo) is Geo
    assert document.lines is lines
    document.lines.append(line(sku="B"))
    assert [type(one) for one in document.lines] == [Line, Line]
    assert document["lines"] is lines
    assert document.by_name["x"].double() == 4.0
    assert document.pair[0].double() == 4.0
    assert document.pair is document["pair"]
    document.address = address(street="z")
    assert document.address.label() == "z, y"
    kept = document.address = Address(address())
    assert document.address is kept
    document["lines"] = 3
    assert document.lines == 3
    assert failures(document) == [("lines", "SchemaTypeError", "lines must be an instance of list not int")]


def test_an_instance_that_is_given_stays_what_it_is(collection):
    given = Line({"sku": "A", "price": 2.0, "state": "draft"})
    document = order(lines=[given], by_name={"x": given})
    assert type(document["lines"][0]) is Line
    assert document["lines"][0] == given == line()
    document._bind_like(Order(collection=collection))
    document.save()
    assert document.lines[0].state is State.DRAFT
    assert document.one() == document


def test_an_embedded_class_in_a_structure():
    class Shop(SchemaDocument):
        structure = {"address": Address, "lines": [Line], "open": bool}
        default_values = {"address.street": "Main"}

    assert Shop() == {
        "address": {"street": "Main", "city": "Stockholm", "geo": None},
        "lines": [],
        "open": None,
    }
    shop = Shop({"address": address(), "lines": [line()], "open": True})
    assert type(shop["lines"][0]) is Line
    assert failures(shop) == []
    shop["address"] = None
    shop["lines"] = [line(sku="a"), None]
    assert failures(shop) == [
        ("lines.0.sku", "ValidationError", "lines.0.sku does not pass the validator isupper")
    ]


def test_an_embedded_class_may_be_open():
    class Free(SchemaDocument):
        use_schemaless = True
        a: int | None = None

    thing = annotate(Free)
    assert failures(thing({"x": {"b": 1}})) == []
    assert failures(thing({"x": {"a": "no"}})) == [
        ("x.a", "SchemaTypeError", "x.a must be an instance of int not str")
    ]


def test_an_embedded_class_may_authorize_types_of_its_own():
    class Money(float):
        pass

    class Priced(SchemaDocument):
        authorized_types = [*SchemaDocument.authorized_types, Money]
        price: Money

    assert failures(annotate(Priced)({"x": {"price": Money(3)}})) == []


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda it: pickle.loads(pickle.dumps(it))])
def test_copies(copied):
    document = order(lines=[line()], address=address(geo={"lat": 1.0, "long": 2.0}))
    twin = copied(document)
    assert twin == document
    assert type(twin.lines[0]) is Line
    assert type(twin.address.geo) is Geo


def test_plain_dicts_inside_are_doted():
    thing = annotate(dict[str, dict], {"a": {"b": 1}})
    assert isinstance(thing().x, dict)
    found = thing({"x": {"a": {"b": 1}}})
    assert isinstance(found.x, DotedDict)
    assert found.x.a.b == 1


def test_types_made_for_annotations_can_be_used_in_a_structure():
    class Item(SchemaDocument):
        structure = {"state": EnumType(State), "price": DecimalType(), "tags": Set(str)}

    item = Item({"state": "draft", "price": Decimal128("1.5"), "tags": ["a"]})
    assert item == {"state": State.DRAFT, "price": decimal.Decimal("1.5"), "tags": {"a"}}
    assert (repr(Item.structure["state"]), repr(Item.structure["price"])) == (
        "EnumType(State)",
        "DecimalType()",
    )
    assert failures(item) == []


def test_a_constraint_can_be_read_back_by_forms_and_schemas():
    class Seat(SchemaDocument):
        number: Annotated[int, annotated_types.Interval(ge=1, lt=9), bool]

    found = [
        getattr(validator, "constraint", None) for validator in Seat._structure.places["number"].validators
    ]
    assert found == [annotated_types.Ge(1), annotated_types.Lt(9)]


def test_the_structure_is_readable():
    class Thing(SchemaDocument):
        a: int
        b: list[str] = []
        c: datetime.datetime | None
        d: dict[str, tuple[int, str]]
        e: Annotated[int, annotated_types.Ge(1)] | None = None
        f: Required[list[int]]

    assert str(Thing.structure).startswith(
        "{'a': int, 'b': [str], 'c': datetime | None, 'd': {str: (int, str)}, 'e': Annotated["
    )
    assert "'f': Required[[int]]" in str(Thing.structure)


@pytest.mark.parametrize("hint", [Final, Final[int], "Final", "Final[int]", "typing.Final[int]"])
def test_a_constant_without_a_value_is_no_field(hint):
    body = {"__annotations__": {"a": hint}}
    with pytest.raises(
        StructureError, match=r"Thing: a: Final is for constants of the class, and this has no value"
    ):
        type(SchemaDocument)("Thing", (SchemaDocument,), dict(body))
    thing = type(SchemaDocument)("Thing", (SchemaDocument,), {**body, "a": 3})
    assert (thing.a, thing.structure) == (3, None)
