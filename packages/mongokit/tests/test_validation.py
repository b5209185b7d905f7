"""Value in, failures out."""

from __future__ import annotations

import collections
import datetime
import pickle
import re
import uuid

import pytest
from bson import Binary, Code, Decimal128, Int64, ObjectId, Regex

from mongokit import (
    IS,
    NOT,
    OR,
    AuthorizedTypeError,
    RequireFieldError,
    SchemaDocument,
    SchemaDocumentError,
    SchemaTypeError,
    StructureError,
    ValidationError,
)

UTC = datetime.UTC
NOW = datetime.datetime(2026, 1, 2, 3, 4, 5)


class MyInt(int):
    pass


class MyFloat(float):
    pass


class MyDict(dict):
    pass


def failures(spec, value, **more):
    """Return what is wrong with one field, as (path, error, message)."""
    thing = type("Thing", (SchemaDocument,), {"structure": {"x": spec}, **more})
    document = thing({"x": value})
    try:
        document.validate()
    except SchemaDocumentError as error:
        return [(f["path"], f["error"], f["message"]) for f in error.errors()]
    return []


RIGHT = [
    (str, "text"), (str, ""), (int, 3), (int, MyInt(3)), (int, Int64(2**40)), (int, -(2**62)), (float, 3.5), (float, 3),
    (float, MyFloat(3)), (float, float("nan")), (bool, True), (datetime.datetime, NOW),
    (datetime.datetime, NOW.replace(tzinfo=UTC)), (ObjectId, ObjectId(b"a" * 12)), (uuid.UUID, uuid.UUID(int=5)), (bytes, b"x"),
    (Binary, Binary(b"x", 5)), (Binary, b"x"), (Decimal128, Decimal128("1.1")), (Code, Code("x")),
    (re.Pattern, re.compile("x")), (Regex, Regex("x")),
    (dict, {"any": ["thing", {}]}), (list, [1, "x", None]), (list, (1, 2)),
    (None, 3), (None, "x"), (None, [1]), ([], [1, "x"]), ([], ()),
    ([str], ["a", "b"]), ([str], []), ([str], ("a",)), ([str], ["a", None]), ([[int]], [[1], []]),
    ([{"a": int}], [{"a": 1}, {"a": None}]), ({"a": {"b": int}}, {"a": {"b": 1}}),
    ({str: int}, {"a": 1, "b": 2}), ({str: int}, {}), ({str: {str: [int]}}, {"a": {"b": [1]}}),
    ((int, str), [1, "a"]), ((int, str), (1, "a")), ((int, str), [None, None]),
    (OR(str, int), "x"), (OR(str, int), 3), (NOT(str, int), 3.5), (IS("a", 2), "a"), (IS("a", 2), 2),
    ({"a": int}, MyDict(a=1)), (MyDict(a=int), MyDict(a=1)),
]  # fmt: skip


@pytest.mark.parametrize(("spec", "value"), RIGHT, ids=[f"{spec}-{value}"[:60] for spec, value in RIGHT])
def test_right(spec, value):
    assert failures(spec, value) == []


@pytest.mark.parametrize("spec", [spec for spec, _ in RIGHT], ids=str)
def test_none_is_always_right(spec):
    assert failures(spec, None) == []


WRONG = [
    (str, 3, "x must be an instance of str not int"),
    (str, b"text", "x must be an instance of str not bytes"),
    (str, {"$gt": ""}, "x must be an instance of str not dict"),
    (int, "3", "x must be an instance of int not str"),
    (int, "", "x must be an instance of int not str"),
    (int, 3.0, "x must be an instance of int not float"),
    (int, True, "x must be an instance of int not bool"),
    (float, "3.5", "x must be an instance of float not str"),
    (float, True, "x must be an instance of float not bool"),
    (bool, 1, "x must be an instance of bool not int"),
    (datetime.datetime, NOW.date(), "x must be an instance of datetime not date"),
    (ObjectId, "0" * 24, "x must be an instance of ObjectId not str"),
    (dict, [], "x must be an instance of dict not list"),
    (list, {}, "x must be an instance of list not dict"),
    (list, {1}, "x must be an instance of list not set"),
    ([str], "text", "x must be an instance of list not str"),
    ({"a": int}, 3, "x must be an instance of dict not int"),
    ({str: int}, [], "x must be an instance of dict not list"),
    ((int, str), [1], "x must have 2 elements not 1"),
    ((int, str), "ab", "x must be an instance of list not str"),
    (OR(str, int), 3.5, "x must be an instance of <str or int> not float"),
    (OR(str, int), True, "x must be an instance of <str or int> not bool"),
    (NOT(str, int), "x", "x must be an instance of <not str, not int> not str"),
    (NOT(str), {1}, "x must be an instance of <not str> not set"),
    (IS("a", 2), "b", "x must be in ['a', 2] not 'b'"),
    (IS("a", 1), True, "x must be in ['a', 1] not True"),
    (IS(2), 2.0, "x must be in [2] not 2.0"),
]


@pytest.mark.parametrize(("spec", "value", "message"), WRONG, ids=[message for *_, message in WRONG])
def test_wrong(spec, value, message):
    assert failures(spec, value) == [("x", "SchemaTypeError", message)]


def test_a_dict_class_is_made_of_a_stored_dict_and_asked_for_afterwards():
    thing = type("Thing", (SchemaDocument,), {"structure": {"x": MyDict(a=int)}})
    document = thing({"x": {"a": 1}})
    assert type(document["x"]) is MyDict
    document["x"] = {"a": 1}
    assert str(wrong(document)) == "x must be an instance of MyDict not dict"


def test_elements_and_keys_are_named_by_their_path():
    assert failures([{"price": float}], [{"price": 1.0}, {"price": "2"}, {"price": []}]) == [
        ("x.1.price", "SchemaTypeError", "x.1.price must be an instance of float not str"),
        ("x.2.price", "SchemaTypeError", "x.2.price must be an instance of float not list"),
    ]
    assert failures({str: [int]}, {"a": [1], "b": [1, "2"]}) == [
        ("x.b.1", "SchemaTypeError", "x.b.1 must be an instance of int not str")
    ]
    assert failures({str: int}, {3: 1}) == [
        ("x", "SchemaTypeError", "x: the key 3 must be an instance of str not int")
    ]
    assert failures((int, {"a": str}), [1, {"a": 2}]) == [
        ("x.1.a", "SchemaTypeError", "x.1.a must be an instance of str not int")
    ]
    assert [path for path, *_ in failures([[int]], [[1], [2, "3"], "4"])] == ["x.1.1", "x.2"]


@pytest.mark.parametrize(
    ("spec", "value", "path"), [(None, {1}, "x"), ([], [1, {2}], "x.1"), (None, object(), "x")]
)
def test_open_types_take_authorized_types_only(spec, value, path):
    ((found, error, message),) = failures(spec, value)
    assert (found, error) == (path, "AuthorizedTypeError")
    assert message.startswith(f"{path} must be an instance of an authorized type (")
    assert issubclass(AuthorizedTypeError, SchemaDocumentError)


@pytest.mark.parametrize(
    ("spec", "value", "switch"),
    [
        (int, True, {"accept_bool_for_int": True}),
        ([int], [True], {"accept_bool_for_int": True}),
        (OR(str, int), True, {"accept_bool_for_int": True}),
    ],
)
def test_what_a_switch_lets_in(spec, value, switch):
    assert failures(spec, value) != []
    assert failures(spec, value, **switch) == []


@pytest.mark.parametrize(
    ("spec", "value", "switch", "message"),
    [
        (float, 3, {"accept_int_for_float": False}, "x must be an instance of float not int"),
        (OR(str, float), 3, {"accept_int_for_float": False}, "x must be an instance of <str or float> not int"),
        (NOT(int), True, {"accept_bool_for_int": True}, "x must be an instance of <not int> not bool"),
        (
            datetime.datetime, NOW, {"accept_naive_datetimes": False},
            f"x must be a datetime with a time zone; {NOW!r} has none",
        ),
    ],
)  # fmt: skip
def test_what_a_switch_keeps_out(spec, value, switch, message):
    assert failures(spec, value) == []
    assert failures(spec, value, **switch) == [("x", "SchemaTypeError", message)]


def test_an_aware_datetime_passes_the_strict_switch_and_its_validators_run():
    seen = []
    more = {"accept_naive_datetimes": False, "validators": {"x": lambda value: seen.append(value) or True}}
    assert failures(datetime.datetime, NOW.replace(tzinfo=UTC), **more) == []
    assert len(failures(datetime.datetime, NOW, **more)) == 1
    assert seen == [NOW.replace(tzinfo=UTC)]


# Fields


class Order(SchemaDocument):
    structure = {
        "customer": str,
        "address": {"street": str, "city": str},
        "items": [{"price": float, "count": int}],
        "stock": {str: {"left": int}},
        "tags": [str],
    }
    required_fields = ["customer", "address.city", "items", "items.price", "stock.$str.left", "tags"]
    validators = {
        "items.price": [lambda price: price > 0, lambda price: price < 1000],
        "items": lambda items: len(items) < 3,
        "address": lambda address: address["street"] != address["city"],
    }


def order(**changed):
    return Order(
        {
            "customer": "Anna",
            "address": {"street": "S", "city": "C"},
            "items": [{"price": 1.5, "count": 2}],
            "stock": {"a": {"left": 1}},
            "tags": ["x"],
            **changed,
        }
    )


def wrong(document):
    with pytest.raises(SchemaDocumentError) as caught:
        document.validate()
    return caught.value


def test_a_right_order():
    order().validate()


@pytest.mark.parametrize("name", ["_id", "_ns", "_revision", "_version"])
def test_fields_that_need_no_declaration(name):
    order(**{name: 1}).validate()


MISSING_AND_UNKNOWN = {
    "unknown": ({"colour": "red"}, [("colour", "unknown fields in Order: colour")]),
    "unknown, near": ({"adress": 1}, [("adress", "unknown fields in Order: adress (did you mean address?)")]),
    "unknown, no text": ({3: 1}, [("3", "unknown fields in Order: 3")]),
    "unknown below": (
        {"address": {"street": "a", "city": "b", "x": 1}},
        [("address.x", "unknown fields in Order: address.x")],
    ),
    "an _id below": (
        {"address": {"street": "a", "city": "b", "_id": 1}},
        [("address._id", "unknown fields in Order: address._id")],
    ),
    "missing in a list": (
        {"items": [{"price": 2.0}]},
        [("items.0.count", "missed fields in Order: items.0.count")],
    ),
    "one for the other": (
        {"items": [{"price": 2.0, "kount": 1}]},
        [
            ("items.0.count", "missed fields in Order: items.0.count"),
            ("items.0.kount", "unknown fields in Order: items.0.kount (did you mean count?)"),
        ],
    ),
}


@pytest.mark.parametrize(("changed", "expected"), MISSING_AND_UNKNOWN.values(), ids=MISSING_AND_UNKNOWN)
def test_missing_and_unknown_fields(changed, expected):
    error = wrong(Order({**order(), **changed}))
    assert type(error) is StructureError
    assert [(f["path"], f["message"]) for f in error.errors()] == expected


# A required field that is not there is told once, as MongoKit comes to it first: as missing.
TOLD_ONCE = {
    "at the top": (lambda o: o.pop("tags"), [("tags", "StructureError")]),
    "two of them": (
        lambda o: (o.pop("tags"), o.pop("items")),
        [("tags", "StructureError"), ("items", "StructureError")],
    ),
    "in a list": (lambda o: o["items"][0].pop("price"), [("items.0.price", "StructureError")]),
    "what it holds is another field": (
        lambda o: o.pop("address"),
        [("address", "StructureError"), ("address.city", "RequireFieldError")],
    ),
    "beside one that is None": (
        lambda o: (o.pop("tags"), o.update(customer=None)),
        [("tags", "StructureError"), ("customer", "RequireFieldError")],
    ),
    "beside a wrong type": (
        lambda o: (o.pop("tags"), o.update(customer=5)),
        [("tags", "StructureError"), ("customer", "SchemaTypeError")],
    ),
}


@pytest.mark.parametrize(("spoil", "expected"), TOLD_ONCE.values(), ids=TOLD_ONCE)
def test_a_required_field_that_is_missing_is_told_once(spoil, expected):
    document = order()
    spoil(document)
    error = wrong(document)
    assert type(error) is StructureError
    assert sorted((f["path"], f["error"]) for f in error.errors()) == sorted(expected)
    assert str(error).count("\n") == len(expected) - 1
    document.raise_validation_errors = False
    document.validate()
    told = {path for path, _ in expected} - {"address"}
    assert set(document.validation_errors) == {None, *told}, "as MongoKit collects: what is required, too"


def test_a_declared_id_may_be_absent():
    class Keyed(SchemaDocument):
        structure = {"_id": str, "x": int}

    keyed = Keyed({"x": 1})
    keyed.validate()
    keyed["_id"] = "a"
    keyed.validate()
    keyed["_id"] = 3
    assert str(wrong(keyed)) == "_id must be an instance of str not int"
    assert [f["path"] for f in wrong(Keyed({"x": 1, "y": 2})).errors()] == ["y"]


REQUIRED = {
    "None": ({"customer": None}, ["customer"]),
    "empty list": ({"items": []}, ["items"]),
    "empty tuple": ({"tags": ()}, ["tags"]),
    "in a list": ({"items": [{"price": 1.0, "count": 1}, {"price": None, "count": 1}]}, ["items.1.price"]),
    "below None": ({"address": None}, ["address.city"]),
    "a None in a list": ({"items": [None]}, ["items.0.price"]),
    "below typed keys": ({"stock": {"a": {"left": 1}, "b": {"left": None}}}, ["stock.b.left"]),
}


@pytest.mark.parametrize(("changed", "paths"), REQUIRED.values(), ids=REQUIRED)
def test_required(changed, paths):
    error = wrong(order(**changed))
    assert type(error) is RequireFieldError
    assert [f["path"] for f in error.errors()] == paths
    assert str(error) == f"{paths[0]} is required"


@pytest.mark.parametrize("changed", [{"customer": ""}, {"stock": {}}, {"stock": None}])
def test_empty_text_is_there_and_absent_parents_of_typed_keys_do(changed):
    order(**changed).validate()


@pytest.mark.parametrize(
    ("spec", "value"),
    [(int, 0), (float, 0.0), (bool, False), (str, ""), (None, 0), (OR(str, int), ""), (bytes, b"")],
)
def test_false_is_not_absent(spec, value):
    assert failures(spec, value, required_fields=["x"]) == []


@pytest.mark.parametrize(
    ("spec", "value"),
    [(None, []), (None, {}), (OR(list, dict), []), (dict, {}), ({str: int}, {}), (None, None)],
)
def test_empty_is_absent(spec, value):
    assert failures(spec, value, required_fields=["x"]) == [("x", "RequireFieldError", "x is required")]


def test_validators():
    error = wrong(order(items=[{"price": -1.0, "count": 1}, {"price": 2000.0, "count": 1}]))
    assert type(error) is ValidationError
    assert [f["path"] for f in error.errors()] == ["items.0.price", "items.1.price"]
    too_many = [{"price": 1.0, "count": 1}] * 3
    assert [f["path"] for f in wrong(order(items=too_many)).errors()] == ["items"]


def test_validators_see_no_none_and_no_wrong_type():
    seen = []
    more = {"validators": {"x": lambda value: seen.append(value) or True}}
    failures(int, None, **more)
    failures(int, "3", **more)
    failures(int, 3, **more)
    assert seen == [3]


def test_a_validator_of_a_container_sees_no_wrong_content():
    seen = []
    more = {"validators": {"x": lambda value: seen.append(value) or True}}
    failures([int], [1, "2"], **more)
    failures({"a": int}, {}, **more)
    failures([int], [1], **more)
    assert seen == [[1]]


class AtLeast:
    def __init__(self, length):
        self.length = length

    def __call__(self, value):
        if len(value) < self.length:
            raise ValueError(f"%s must be atleast {self.length} characters long.")
        return True


@pytest.mark.parametrize(
    ("validator", "message"),
    [
        (AtLeast(2), "x must be atleast 2 characters long."),
        (lambda value: 1 / 0, "x: division by zero"),
        (lambda value: value.no_such, "x: 'str' object has no attribute 'no_such'"),
        (lambda value: (_ for _ in ()).throw(ValueError()), "x: ValueError"),
        (lambda value: 0, "x does not pass the validator <lambda>"),
        (str.isdigit, "x does not pass the validator isdigit"),
    ],
)
def test_what_a_validator_says(validator, message):
    assert failures(str, "a", validators={"x": validator}) == [("x", "ValidationError", message)]


def test_every_validator_of_a_path_runs():
    found = failures(int, 5, validators={"x": [lambda v: v > 10, lambda v: v % 2 == 0, lambda v: v > 0]})
    assert len(found) == 2


# All that is wrong, in one exception


def test_everything_wrong_is_collected_and_the_class_is_that_of_mongokits_first_check():
    document = Order(
        {
            "customer": None,
            "address": {"street": 3, "city": "C"},
            "items": [{"price": -1.0, "count": "1"}],
            "stock": {"a": {}},
            "tags": ["x", 1],
        }
    )
    error = wrong(document)
    assert type(error) is ValidationError
    assert [(f["path"], f["error"]) for f in error.errors()] == [
        ("items.0.price", "ValidationError"),
        ("address.street", "SchemaTypeError"),
        ("items.0.count", "SchemaTypeError"),
        ("stock.a.left", "StructureError"),
        ("tags.1", "SchemaTypeError"),
        ("customer", "RequireFieldError"),
    ]
    lines = str(error).split("\n")
    assert lines[0] == "items.0.price does not pass the validator <lambda>"
    assert lines[1] == "  also: address.street must be an instance of str not int"
    assert len(lines) == 6


@pytest.mark.parametrize(
    ("changed", "kind"),
    [
        ({"tags": 3, "customer": None}, SchemaTypeError),
        ({"tags": 3, "x": 1}, StructureError),
        ({"items": [{"price": -1.0, "count": 1}], "customer": 3}, ValidationError),
    ],
)
def test_the_class_of_the_exception(changed, kind):
    assert type(wrong(order(**changed))) is kind


def test_errors_are_plain_data_with_shortened_values():
    ((failure),) = wrong(order(tags="x" * 1000)).errors()
    assert failure["path"] == "tags"
    assert len(failure["value"]) == 200
    assert failure["value"].endswith("...")
    assert wrong(order(tags=3)).errors()[0]["value"] == "3"


def test_the_exception_survives_pickling():
    error = pickle.loads(pickle.dumps(wrong(order(tags=3))))
    assert type(error) is SchemaTypeError
    assert error.errors() == wrong(order(tags=3)).errors()


def test_validate_does_not_write():
    counted = collections.defaultdict(list, street="a", city="b")
    document = order(address=counted, items=({"price": 1.0, "count": "x"},))
    before = pickle.dumps(dict(document))
    wrong(document)
    assert pickle.dumps(dict(document)) == before
    lacking = collections.defaultdict(list, street="a")
    wrong(order(address=lacking))
    assert dict(lacking) == {"street": "a"}


# Switches


class Loose(SchemaDocument):
    use_schemaless = True
    structure = {"a": int, "b": {"c": str}}
    required_fields = ["a"]


@pytest.mark.parametrize(
    "content", [{"a": 1}, {"a": 1, "x": object()}, {"a": 1, "b": {"y": 1}}, {"a": 1, "b": {"c": "x"}}]
)
def test_schemaless_takes_missing_and_unknown_fields(content):
    Loose(content).validate()


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        ({"a": "1"}, SchemaTypeError),
        ({"x": 1}, RequireFieldError),
        ({"a": 1, "b": {"c": 1}}, SchemaTypeError),
    ],
)
def test_schemaless_checks_what_is_declared(content, kind):
    assert type(wrong(Loose(content))) is kind


def test_schemaless_without_structure():
    class Free(SchemaDocument):
        use_schemaless = True

    Free({"any": ["thing"]}).validate()


def test_without_a_structure_no_field_is_known():
    class Bare(SchemaDocument):
        pass

    assert type(wrong(Bare({"a": 1}))) is StructureError


def test_errors_can_be_kept_instead_of_raised():
    class Quiet(Order):
        raise_validation_errors = False

    document = Quiet({**order(), "tags": 3, "customer": None, "x": 1})
    document.validate()
    found = document.validation_errors
    assert {path: [type(error) for error in errors] for path, errors in found.items()} == {
        None: [StructureError],
        "tags": [SchemaTypeError],
        "customer": [RequireFieldError],
    }
    document.update(tags=["x"], customer="Anna")
    del document["x"]
    document.validate()
    assert document.validation_errors == {}


def test_validate_can_be_overridden_to_derive_fields():
    class Slugged(SchemaDocument):
        structure = {"title": str, "slug": str}
        required_fields = ["slug"]

        def validate(self):
            self["slug"] = self["title"].lower()
            super().validate()

    document = Slugged({"title": "A"})
    document.validate()
    assert document["slug"] == "a"


class Town(SchemaDocument):
    structure = {"name": str}


class Inhabited(SchemaDocument):
    """A path into an embedded class is required of the owner: also where the whole is absent."""

    structure = {"town": Town}
    required_fields = ["town.name"]


class Named(SchemaDocument):
    structure = {"name": str}
    required_fields = ["name"]


class Optional(SchemaDocument):
    """What an embedded class requires is required where it is."""

    structure = {"town": Named}


NO_NAME = ("town.name", "RequireFieldError")
EMBEDDED_REQUIRED = {
    "the whole is None": (Inhabited, {"town": None}, [NO_NAME]),
    "the whole is absent": (Inhabited, {}, [("town", "StructureError"), NO_NAME]),
    "the whole is empty": (Inhabited, {"town": {}}, [("town.name", "StructureError")]),
    "None": (Inhabited, {"town": {"name": None}}, [NO_NAME]),
    "there": (Inhabited, {"town": {"name": "x"}}, []),
    "its own, and it is None": (Optional, {"town": None}, []),
    "its own, and None": (Optional, {"town": {"name": None}}, [NO_NAME]),
}


@pytest.mark.parametrize(
    ("cls", "content", "expected"), EMBEDDED_REQUIRED.values(), ids=EMBEDDED_REQUIRED.keys()
)
def test_required_in_an_embedded_class(cls, content, expected):
    document = cls(content, gen_skel=False)
    found = []
    try:
        document.validate()
    except SchemaDocumentError as error:
        found = [(failure["path"], failure["error"]) for failure in error.errors()]
    assert sorted(found) == sorted(expected)
