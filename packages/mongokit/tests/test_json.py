"""Documents as JSON and back."""

from __future__ import annotations

import datetime
import decimal
import enum
import json
import math
import re
import uuid

import pytest
from bson import Binary, Code, DBRef, Decimal128, Int64, ObjectId
from hypothesis import given
from hypothesis import strategies as st

from mongokit import (
    IS,
    NOT,
    OR,
    Connection,
    CustomType,
    Document,
    DotedDict,
    EncodingError,
    Ref,
    SchemaDocument,
    SchemaTypeError,
    Set,
)

NOON = datetime.datetime(2026, 1, 2, 12, 0, 0, 345000)
MS = 1767355200345
OID = ObjectId("4b9244989d40b334b4000000")


class Celsius(CustomType):
    """3.5 in the database, "3.5C" in Python."""

    mongo_type = float
    python_type = str

    def to_bson(self, value):
        return float(value.rstrip("C"))

    def to_python(self, value):
        return f"{value}C"


class Date(CustomType):
    mongo_type = datetime.datetime
    python_type = datetime.date

    def to_bson(self, value):
        return datetime.datetime(value.year, value.month, value.day)

    def to_python(self, value):
        return value.date()


class State(enum.Enum):
    DRAFT = "draft"


class Place(SchemaDocument):
    city: str
    since: datetime.datetime | None = None


def document(spec, value, **more):
    thing = type("Thing", (Document,), {"structure": {"x": spec}, **more})
    return thing({"x": value})


BOTH_WAYS = {
    "str": (str, "é", "é"),
    "int": (int, 2**40, 2**40),
    "Int64": (int, Int64(3), 3),
    "a long": (Int64, Int64(3), 3),
    "no long": (Int64, None, None),
    "long or text": (OR(Int64, str), Int64(3), 3),
    "text or long": (OR(Int64, str), "a", "a"),
    "long or a float": (OR(Int64, float), 3.5, 3.5),
    "long or bool": (OR(Int64, bool), True, True),
    "long or time": (OR(Int64, datetime.datetime), Int64(3), 3),
    "one of longs": (IS(Int64(1), Int64(2)), Int64(1), 1),
    "set of longs": (Set(Int64), {Int64(2), Int64(1)}, [1, 2]),
    "longs in a list": ([Int64], [Int64(3), None], [3, None]),
    "longs in a list of dicts": ([{"n": Int64}], [{"n": Int64(3)}], [{"n": 3}]),
    "longs by typed keys": ({str: Int64}, {"a": Int64(3)}, {"a": 3}),
    "longs in a tuple": ((str, Int64), ["a", Int64(3)], ["a", 3]),
    "nested long": ({"a": {"b": Int64}}, {"a": {"b": Int64(3)}}, {"a": {"b": 3}}),
    "float": (float, 1.5, 1.5),
    "infinity": (float, math.inf, {"$numberDouble": "Infinity"}),
    "minus infinity": (float, -math.inf, {"$numberDouble": "-Infinity"}),
    "bool": (bool, True, True),
    "None": (str, None, None),
    "datetime": (datetime.datetime, NOON, MS),
    "before 1970": (datetime.datetime, datetime.datetime(1969, 12, 31, 23, 59, 59), -1000),
    "null date": (datetime.datetime, None, None),
    "dates in a list": ([datetime.datetime], [NOON, None], [MS, None]),
    "dates in a list of dicts": ([{"at": datetime.datetime}], [{"at": NOON}], [{"at": MS}]),
    "dates by typed keys": ({str: datetime.datetime}, {"a": NOON}, {"a": MS}),
    "dates in a tuple": ((int, datetime.datetime), [5, NOON], [5, MS]),
    "date or text": (OR(datetime.datetime, str), NOON, MS),
    "number or text": (OR(int, str), 5, 5),
    "date or number": (OR(datetime.datetime, int), 5, 5),
    "one of": (IS(1, 2), 1, 1),
    "nested date": ({"a": {"b": datetime.datetime}}, {"a": {"b": NOON}}, {"a": {"b": MS}}),
    "ObjectId": (ObjectId, OID, {"$oid": str(OID)}),
    "ObjectIds, free": (dict, {"a": [OID]}, {"a": [{"$oid": str(OID)}]}),
    "number, free": (dict, {"a": MS}, {"a": MS}),
    "open": (None, [1, {"a": OID}], [1, {"a": {"$oid": str(OID)}}]),
    "custom": (Celsius(), "3.5C", "3.5C"),
    "customs in a list": ([Celsius()], ["3.5C", None], ["3.5C", None]),
    "custom date": (Date(), datetime.date(2026, 1, 2), 1767312000000),
    "set": (Set(int), {2, 1}, [1, 2]),
    "set of ids": (Set(ObjectId), {OID}, [{"$oid": str(OID)}]),
    "UUID": (uuid.UUID, uuid.UUID(int=1), {"$uuid": "00000000000000000000000000000001"}),
    "bytes": (bytes, b"abc", {"$binary": "YWJj", "$type": "00"}),
    "Binary": (Binary, Binary(b"abc", 5), {"$binary": "YWJj", "$type": "05"}),
    "Decimal128": (Decimal128, Decimal128("1.50"), {"$numberDecimal": "1.50"}),
    "Code": (Code, Code("x"), {"$code": "x"}),
    "DBRef": (DBRef, DBRef("a", OID, "b"), {"$ref": "a", "$id": {"$oid": str(OID)}, "$db": "b"}),
}


@pytest.mark.parametrize(("spec", "value", "expected"), BOTH_WAYS.values(), ids=BOTH_WAYS)
def test_there_and_back(spec, value, expected):
    given = document(spec, value)
    assert given.to_json_type() == {"x": expected}
    text = given.to_json()
    assert json.loads(text) == {"x": expected}
    found = type(given)().from_json(text)
    assert found == {"x": value}
    assert type(found) is type(given)
    assert type(found["x"]) is type(value) or spec is int
    found.validate()
    assert given == {"x": value}


LONG = {"$numberLong": "5"}
FREE_LONGS = {
    "dict": (dict, {"n": Int64(5), "int": 5}, {"n": LONG, "int": 5}),
    "list": (list, [Int64(-5), 5], [{"$numberLong": "-5"}, 5]),
    "at every depth": (dict, {"a": [{"b": Int64(5)}]}, {"a": [{"b": LONG}]}),
    "anything": (None, Int64(5), LONG),
    "anything in a list": ([], [Int64(5), True], [LONG, True]),
    "anything but text": (NOT(str), Int64(5), LONG),
    "a dict or text": (OR(dict, str), {"n": Int64(5)}, {"n": LONG}),
    "a free set": (Set(), {Int64(5), 6}, [LONG, 6]),
    # Whoever reads the document from MongoDB gets these as Int64, too: there is nothing to be told apart.
    "more than 4 bytes": (dict, {"n": Int64(2**31), "m": Int64(-(2**63))}, {"n": 2**31, "m": -(2**63)}),
    "the most and least of 4 bytes": (
        dict,
        {"a": Int64(2**31 - 1), "b": Int64(-(2**31)), "c": 2**31 - 1},
        {"a": {"$numberLong": str(2**31 - 1)}, "b": {"$numberLong": str(-(2**31))}, "c": 2**31 - 1},
    ),
    "the id of a DBRef": (dict, {"to": DBRef("a", Int64(5))}, {"to": {"$ref": "a", "$id": LONG}}),
    "the id of any DBRef": (DBRef, DBRef("a", Int64(5)), {"$ref": "a", "$id": LONG}),
}


def types_of(value):
    """Return a value with the type of each that is in it."""
    match value:
        case dict():
            return {key: types_of(item) for key, item in value.items()}
        case list():
            return [types_of(item) for item in value]
        case set():
            return {types_of(item) for item in value}
        case DBRef():
            return (DBRef, types_of(value.id))
    return (type(value), value)


@pytest.mark.parametrize(("spec", "value", "expected"), FREE_LONGS.values(), ids=FREE_LONGS)
def test_longs_where_no_type_is_declared(spec, value, expected):
    given = document(spec, value)
    given.validate()
    assert given.to_json_type() == {"x": expected}
    found = given.from_json(given.to_json())
    assert types_of(found["x"]) == types_of(value)
    found.validate()
    assert found.to_json() == given.to_json()


@pytest.mark.parametrize("schemaless", [False, True])
def test_longs_of_a_schemaless_document(schemaless):
    class Free(Document):
        structure = {"x": dict, "n": int}
        use_schemaless = schemaless

    found = Free().from_json(
        '{"x": {"n": {"$numberLong": "5"}}, "n": {"$numberLong": "5"}, "more": 3000000000}'
    )
    assert types_of(found["x"]) == {"n": (Int64, 5)}
    assert found["n"] == 5
    assert types_of(found["more"]) == (Int64, 3000000000)
    assert json.loads(found.to_json()) == {"x": {"n": LONG}, "n": 5, "more": 3000000000}


def test_a_number_that_bson_cannot_hold_stays_one():
    found = document(dict, {}).from_json('{"x": {"n": 9223372036854775808, "m": {"$numberLong": "many"}}}')
    assert types_of(found["x"]["n"]) == (int, 2**63)
    assert found["x"]["m"] == {"$numberLong": "many"}


@pytest.mark.parametrize("spec", [int, OR(int, str), NOT(Int64), IS(2**40, "a"), Set(int)], ids=repr)
def test_what_is_declared_has_no_longs(spec):
    value = {2**40} if isinstance(spec, Set) else 2**40
    found = document(spec, value).from_json(document(spec, value).to_json())
    found.validate()
    assert types_of(found["x"]) == types_of(value)
    assert json.loads(document(spec, value).to_json())["x"] in (2**40, [2**40])


def test_longs_inside_of_a_stored_form():
    class Wrapped(CustomType):
        mongo_type = dict
        python_type = tuple

        def to_bson(self, value):
            return {"n": value[0]}

        def to_python(self, value):
            return (value["n"],)

    given = document(Wrapped(), (Int64(5),))
    assert given.to_json_type() == {"x": {"n": LONG}}
    assert type(given.from_json(given.to_json())["x"][0]) is Int64


@pytest.mark.parametrize("declared", [Int64, int, None])
@pytest.mark.parametrize("dbref", [False, True], ids=["id", "DBRef"])
def test_references_by_longs_of_every_declaration(dbref, declared):
    class Other(Document):
        __database__, __collection__ = "mydb", "others"
        structure = {"name": str} if declared is None else {"_id": declared}

    given = document(Ref(Other, dbref=dbref), DBRef("others", Int64(5), "mydb") if dbref else Int64(5))
    written = json.loads(given.to_json())["x"]
    assert (written["$id"] if dbref else written) == (LONG if declared is None else 5)
    found = given.from_json(given.to_json())
    found.validate()
    assert found == given
    if declared is not int:
        assert type(found["x"].id) is Int64


class Numbered(Document):
    __database__, __collection__ = "mydb", "numbered"
    structure = {"_id": Int64}


@pytest.mark.parametrize("dbref", [False, True], ids=["id", "DBRef"])
def test_references_by_longs(dbref):
    given = document(
        {"one": Ref(Numbered, dbref=dbref), "many": [Ref(Numbered, dbref=dbref)]},
        {"one": DBRef("numbered", Int64(3), "mydb"), "many": [DBRef("numbered", Int64(4), "mydb")]},
    )
    found = given.from_json(given.to_json())
    found.validate()
    assert found == given
    assert type(found["x"]["one"].id) is Int64


def test_regular_expressions():
    found = document(re.Pattern, re.compile("a", re.IGNORECASE)).to_json()
    assert json.loads(found) == {"x": {"$regex": "a", "$options": "iu"}}
    pattern = document(re.Pattern, None).from_json(found)["x"]
    assert pattern == re.compile("a", re.IGNORECASE)


TIMED = {
    "a time": datetime.datetime,
    "a set": Set(datetime.datetime),
    "one of several": IS(NOON, "never"),
    "one of two types": OR(datetime.datetime, str),
    "no number": NOT(int, float),
    "a list": [datetime.datetime],
    "a custom type": Date(),
}


@pytest.mark.parametrize("aware", [False, True])
@pytest.mark.parametrize("spec", TIMED.values(), ids=TIMED)
def test_times_as_the_connection_gives_them(mongodb_uri, database, spec, aware):
    class Timed(Document):
        structure = {"x": spec}

    with Connection(mongodb_uri, tz_aware=aware) as connection:
        connection.register(Timed)
        things = connection[database.name].things
        noon = NOON.replace(tzinfo=datetime.UTC) if aware else NOON
        value = {TIMED["a set"]: {noon}, TIMED["a custom type"]: datetime.date(2026, 1, 2)}.get(
            spec if isinstance(spec, CustomType) else None, noon
        )
        things.Timed({"x": None}).save()
        document = things.Timed.find_one()
        document["x"] = [value] if isinstance(spec, list) else value
        document.save()
        found = things.Timed.find_one()
        found.validate()
        read = things.Timed.from_json(found.to_json())
        assert read == found == document
        read.validate()
        read.save()


def test_times_in_the_zone_of_the_connection(mongodb_uri, database):
    class Timed(Document):
        structure = {"x": datetime.datetime, "any": None}

    zone = datetime.timezone(datetime.timedelta(hours=2))
    with Connection(mongodb_uri, tz_aware=True, tzinfo=zone) as connection:
        connection.register(Timed)
        found = connection[database.name].things.Timed.from_json(f'{{"x": {MS}, "any": {{"$date": {MS}}}}}')
    assert found["x"] == found["any"] == NOON.replace(tzinfo=datetime.UTC)
    assert found["x"].utcoffset() == found["any"].utcoffset() == datetime.timedelta(hours=2)


def test_a_number_among_the_values_stays_one():
    spec = IS(NOON, MS, 5)
    assert document(spec, None).from_json('{"x": 5}') == {"x": 5}
    assert document(spec, None).from_json(f'{{"x": {MS}}}') == {"x": MS}
    assert document(NOT(str), None).from_json(f'{{"x": {MS}}}') == {"x": MS}
    assert document(NOT(int, datetime.datetime), None).from_json(f'{{"x": {MS}}}') == {"x": MS}


@pytest.mark.parametrize("far", [2**62, -(2**62)])
def test_a_time_that_python_does_not_know(far):
    assert document(datetime.datetime, None).from_json(f'{{"x": {far}}}') == {"x": far}


def test_what_is_too_deep_to_be_written():
    deep = value = {}
    for _ in range(5000):
        value["a"] = value = {}
    circle = [1]
    circle.append({"in": circle})
    for method in ("to_json", "to_json_type"):
        with pytest.raises(
            EncodingError, match=r"x\.a\.a.*cannot be stored: it is more than 100 levels deep"
        ):
            getattr(document(dict, deep), method)()
        with pytest.raises(EncodingError, match=r"x.1.in cannot be stored: it holds itself"):
            getattr(document(list, circle), method)()


def test_nan():
    found = document(float, math.nan).to_json()
    assert json.loads(found) == {"x": {"$numberDouble": "NaN"}}
    assert math.isnan(document(float, None).from_json(found)["x"])


def test_aware_times_are_utc():
    stockholm = datetime.timezone(datetime.timedelta(hours=1))
    assert document(
        datetime.datetime, NOON.replace(tzinfo=datetime.UTC).astimezone(stockholm)
    ).to_json_type() == {"x": MS}


def test_it_is_a_new_dict():
    given = document({"a": [int]}, {"a": [1]})
    made = given.to_json_type()
    made["x"]["a"].append(2)
    assert given == {"x": {"a": [1]}}
    assert type(made) is dict


class Post(Document):
    _id: ObjectId
    title: str
    added: datetime.datetime
    price: decimal.Decimal = decimal.Decimal("0.10")
    state: State = State.DRAFT
    place: Place
    places: list[Place] = []
    point: tuple[int, int] | None = None
    words: set[str] = set()


def post():
    return {
        "title": "x",
        "added": NOON,
        "price": decimal.Decimal("0.10"),
        "state": State.DRAFT,
        "place": {"city": "y", "since": NOON},
        "places": [{"city": "z", "since": None}],
        "point": (1, 2),
        "words": {"a"},
    }


def test_annotated_documents(connection, collection):
    connection.register(Post)
    given = collection.Post(post())
    assert json.loads(given.to_json()) == {
        "title": "x",
        "added": MS,
        "price": {"$numberDecimal": "0.10"},
        "state": "draft",
        "place": {"city": "y", "since": MS},
        "places": [{"city": "z", "since": None}],
        "point": [1, 2],
        "words": ["a"],
    }
    given.save()
    found = collection.Post.from_json(given.to_json())
    assert found == given
    assert found.collection is collection
    assert (type(found.place), type(found.places[0]), type(found.point), type(found._id)) == (
        Place,
        Place,
        tuple,
        ObjectId,
    )
    found.title = "changed"
    found.save()
    assert collection.Post.one().title == "changed"


def test_dot_notation_of_what_was_read():
    thing = document({"a": {"b": int}}, {"a": {"b": 1}}, use_dot_notation=True)
    found = thing.from_json(thing.to_json())
    assert found.x.a.b == 1
    assert isinstance(found["x"], DotedDict)


def test_what_does_not_fit_is_left_for_validation():
    for text in ('{"x": "today"}', '{"x": true}', '{"x": {"$date": "never"}}', '{"x": 99999999999999999999}'):
        found = document(datetime.datetime, None).from_json(text)
        with pytest.raises(SchemaTypeError, match="x must be an instance of datetime"):
            found.validate()
    for text in ('{"x": {"$oid": "short"}}', '{"x": {"$gt": ""}}', '{"x": {"$oid": 3}}'):
        with pytest.raises(SchemaTypeError, match="x must be an instance of str not dict"):
            document(str, None).from_json(text).validate()
    found = document((int, str), None).from_json('{"x": [1, "a", 3]}')
    with pytest.raises(SchemaTypeError, match="x must have 2 elements not 3"):
        found.validate()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[1]", r"from_json\(\) takes a JSON object, not list: '\[1\]'"),
        ("3", "not int"),
        ("{", "Expecting property name"),
        ("", "Expecting value"),
    ],
)
def test_what_is_no_document(text, message):
    with pytest.raises(ValueError, match=message):
        document(str, None).from_json(text)


def test_bytes_are_read_too():
    assert document(str, None).from_json('{"x": "é"}'.encode()) == {"x": "é"}


JSON = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**63), 2**63 - 1),
        st.floats(allow_nan=False),
        st.text(max_size=5),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.text(max_size=4).filter(lambda key: not key.startswith("$")), inner, max_size=3),
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.text(max_size=4).filter(lambda key: not key.startswith("$")), JSON, max_size=4))
def test_what_json_has_stays_what_it_is(content):
    class Free(Document):
        use_schemaless = True

    free = Free(gen_skel=False)
    dict.update(free, content)
    assert free.from_json(free.to_json()) == content
