"""Numbers that are stored in 8 bytes: people see and write plain numbers, and none changes its type."""

import json
from typing import Any

import pytest
from bson import Int64

from django_mongokit.document import DjangoDocument
from django_mongokit.forms import documentform_factory
from django_mongokit.forms.alike import is_same, kept_longs
from mongokit import OR, CustomType, SchemaDocument, Set

LONG, BIG = Int64(5), Int64(2**40)


class Seconds(CustomType):
    mongo_type = Int64
    python_type = int

    def to_bson(self, value):
        return Int64(value)

    def to_python(self, value):
        return int(value)


class Row(SchemaDocument):
    name: str
    more: dict


class Ledger(DjangoDocument):
    __collection__ = "long_ledgers"
    structure = {
        "title": str,
        "n": int,
        "free": dict,
        "some": list,
        "any": None,
        "ints": {str: int},
        "longs": {str: Int64},
        "series": [Int64],
        "pair": (str, Int64),
        "either": OR(Int64, str),
        "set": Set(Int64),
        "seconds": {str: Seconds()},
        "rows": [Row],
    }
    accept_missing_fields = True


def typed(value: Any) -> Any:
    """The value with the type of each number in it."""
    if isinstance(value, dict):
        return {key: typed(one) for key, one in value.items()}
    if isinstance(value, list):
        return [typed(one) for one in value]
    return (value, type(value).__name__) if isinstance(value, (int, float)) else value


def edited(mongodb, stored, **entered):
    """What is stored after somebody has changed a form, or its errors."""
    collection = mongodb.long_ledgers
    key = collection.insert_one({"title": "a", **stored}).inserted_id
    form = documentform_factory(Ledger)
    rows = {"rows-TOTAL_FORMS": "0", "rows-INITIAL_FORMS": "0"}
    page = form(instance=collection.proxy(Ledger).find_one({"_id": key}))
    data = {bound.name: bound.value() for bound in page if bound.name != "rows"} | rows
    data = {name: "" if value is None else value for name, value in data.items()}
    assert "$numberLong" not in str(data)
    sent = form({**data, "title": "b", **entered}, instance=collection.proxy(Ledger).find_one({"_id": key}))
    if not sent.is_valid():
        return sent.errors.get_json_data()
    sent.save()
    found = collection.find_one({"_id": key}, {"_id": 0})
    assert found.pop("title") == "b"
    return found


STORED = {
    "free": {"a": LONG, "b": 5, "c": [LONG, 5, {"d": LONG}]},
    "some": [LONG, 5],
    "any": LONG,
    "ints": {"a": LONG, "b": 5},
    "longs": {"a": LONG},
    "series": [LONG, BIG],
    "pair": ["x", LONG],
    "either": LONG,
    "set": [LONG],
    "seconds": {"a": LONG},
    "n": LONG,
}


@pytest.mark.parametrize("name", STORED)
def test_nothing_changes_its_type_with_another_field(mongodb, name):
    found = edited(mongodb, {name: STORED[name]})
    assert typed(found) == typed({name: STORED[name]})


@pytest.mark.parametrize(
    ("stored", "entered", "kept"),
    [
        # Another part of it.
        ({"free": {"a": LONG, "b": 5}}, {"free": '{"a": 5, "b": 6}'}, {"free": {"a": LONG, "b": 6}}),
        ({"free": {"a": LONG}}, {"free": '{"x": 5, "a": 5}'}, {"free": {"x": 5, "a": LONG}}),
        ({"free": {"a": {"b": LONG}}}, {"free": '{"a": {"b": 5, "c": 1}}'}, {"free": {"a": {"b": LONG, "c": 1}}}),
        ({"ints": {"a": LONG, "b": 5}}, {"ints": '{"a": 5, "b": 6}'}, {"ints": {"a": LONG, "b": 6}}),
        # The number itself.
        ({"free": {"a": LONG, "b": 5}}, {"free": '{"a": 7, "b": 7}'}, {"free": {"a": Int64(7), "b": 7}}),
        ({"free": {"a": BIG}}, {"free": '{"a": 1}'}, {"free": {"a": Int64(1)}}),
        ({"any": LONG}, {"any": "7"}, {"any": Int64(7)}),
        ({"n": LONG}, {"n": "7"}, {"n": Int64(7)}),
        ({"n": 5}, {"n": "7"}, {"n": 7}),
        # Something else in its place.
        ({"free": {"a": LONG}}, {"free": '{"a": true}'}, {"free": {"a": True}}),
        ({"free": {"a": LONG}}, {"free": '{"a": 5.0}'}, {"free": {"a": 5.0}}),
        ({"free": {"a": LONG}}, {"free": '{"a": [5]}'}, {"free": {"a": [5]}}),
        ({"free": {"a": 5}}, {"free": '{"a": true}'}, {"free": {"a": True}}),
        ({"free": {"a": 1}}, {"free": '{"a": true}'}, {"free": {"a": True}}),
        ({"free": {"a": 1.0}}, {"free": '{"a": 1}'}, {"free": {"a": 1}}),
        ({"some": [0]}, {"some": "[false]"}, {"some": [False]}),
        ({"free": {"a": 5, "b": 1}}, {"free": '{"b": 1, "a": 5}'}, {"free": {"b": 1, "a": 5}}),
        # As a long one, by its word.
        ({"free": {"a": 5}}, {"free": '{"a": {"$numberLong": "5"}}'}, {"free": {"a": LONG}}),
        ({"free": {"a": 5}}, {"free": '{"a": {"$numberLong": "6"}}'}, {"free": {"a": Int64(6)}}),
        # Of a list it is the element, wherever it goes.
        ({"some": [LONG, 5]}, {"some": "[5, 6]"}, {"some": [LONG, 6]}),
        ({"some": [LONG, 5]}, {"some": "[6, 5]"}, {"some": [Int64(6), 5]}),
        ({"some": [LONG, 6]}, {"some": "[6, 5]"}, {"some": [6, LONG]}),
        ({"some": [LONG, 6]}, {"some": '["new", 5, 6]'}, {"some": ["new", LONG, 6]}),
        ({"some": [LONG, 6]}, {"some": "[6]"}, {"some": [6]}),
        ({"some": [{"n": LONG}, 6]}, {"some": '[7, {"n": 5}, 6]'}, {"some": [7, {"n": LONG}, 6]}),
        ({"some": [{"n": LONG}, 6]}, {"some": '[{"n": 7}, 6, 5]'}, {"some": [{"n": Int64(7)}, 6, 5]}),
        ({"some": [True, LONG]}, {"some": "[5, true]"}, {"some": [LONG, True]}),
    ],
)  # fmt: skip
def test_long_numbers_of_free_content(mongodb, stored, entered, kept):
    assert typed(edited(mongodb, stored, **entered)) == typed(kept)
    assert list(kept.get("free", {})) == list(edited(mongodb, stored, **entered).get("free", {}))


@pytest.mark.parametrize(
    ("entered", "kept"),
    [
        ({"longs": '{"a": 7, "b": 8}'}, {"longs": {"a": Int64(7), "b": Int64(8)}}),
        ({"series": "[7]"}, {"series": [Int64(7)]}),
        ({"pair": '["x", 7]'}, {"pair": ["x", Int64(7)]}),
        ({"either": "7"}, {"either": Int64(7)}),
        ({"either": '"7"'}, {"either": "7"}),
        ({"set": "[8, 7]"}, {"set": [Int64(7), Int64(8)]}),
        ({"seconds": '{"a": 7}'}, {"seconds": {"a": Int64(7)}}),
        ({"ints": '{"a": 7}'}, {"ints": {"a": 7}}),
    ],
)
def test_a_declared_long_is_entered_as_a_number(mongodb, entered, kept):
    assert typed(edited(mongodb, {}, **entered)) == typed(kept)


@pytest.mark.parametrize("name", ["longs", "series", "pair", "either", "set"])
@pytest.mark.parametrize("text", ["true", "1.5", "{}"])
def test_what_is_no_number_is_no_long(mongodb, name, text):
    whole = {"longs": '{"a": %s}', "series": "[%s]", "pair": '["x", %s]', "either": "%s", "set": "[%s]"}
    assert list(edited(mongodb, {}, **{name: whole[name] % text})) == [name]


def test_of_a_wrong_value_beside_it(mongodb):
    """The whole is shown as text, and entered anew."""
    found = edited(mongodb, {"ints": {"a": LONG, "b": "many"}}, ints='{"a": 5, "b": 6}')
    assert typed(found) == {"ints": {"a": (5, "Int64"), "b": (6, "int")}}


def test_rows_keep_the_numbers_of_their_elements(mongodb):
    """Also when they change places: each row is of its element."""
    stored = [{"name": "a", "more": {"n": LONG}}, {"name": "b", "more": {"n": 5}}]
    rows = {
        "rows-TOTAL_FORMS": "2",
        "rows-INITIAL_FORMS": "2",
        "rows-0-name": "a",
        "rows-0-more": '{"n": 5, "m": 1}',
        "rows-0-ORDER": "2",
        "rows-1-name": "b",
        "rows-1-more": '{"n": 5, "m": 1}',
        "rows-1-ORDER": "1",
    }
    found = edited(mongodb, {"rows": stored}, **rows)["rows"]
    assert [typed(one["more"]["n"]) for one in found] == [(5, "int"), (5, "Int64")]


def test_a_form_that_changes_nothing_has_changed_nothing(mongodb):
    collection = mongodb.long_ledgers
    key = collection.insert_one({"title": "a", **STORED}).inserted_id
    form = documentform_factory(Ledger, exclude=["rows"])
    page = form(instance=collection.proxy(Ledger).find_one({"_id": key}))
    data = {bound.name: bound.value() for bound in page}
    # As somebody writes it who formats JSON in another way.
    data = {
        name: json.dumps(json.loads(value), indent=7) if isinstance(value, str) and name != "title" else value
        for name, value in data.items()
    }
    sent = form(data, instance=collection.proxy(Ledger).find_one({"_id": key}))
    assert sent.is_valid(), sent.errors
    assert sent.changed_data == []
    before = collection.find_one()
    sent.save()
    assert typed(collection.find_one()) == typed(before)


@pytest.mark.parametrize(
    ("stored", "value", "kept"),
    [
        (None, 5, 5),
        (LONG, None, None),
        (LONG, True, True),
        (LONG, 5.0, 5.0),
        (LONG, "5", "5"),
        ([], [5], [5]),
        ([LONG], (5,), (LONG,)),
        ({"a": LONG}, [5], [5]),
        ([LONG, [LONG, 5]], [5, [5, 5]], [LONG, [LONG, 5]]),
        ([[LONG], [5]], [[5], [5]], [[LONG], [5]]),
    ],
)
def test_kept_longs(stored, value, kept):
    found = kept_longs(stored, value)
    assert is_same(found, kept)
    assert type(found) is type(value) or isinstance(found, Int64)


def test_long_lists_are_matched_in_little_time():
    """Each element is read once: a list that was turned round is no square of comparisons."""
    stored = [{"n": Int64(number), "m": number} for number in range(20_000)]
    found = kept_longs(stored, [{"n": number, "m": number} for number in reversed(range(20_000))])
    assert all(type(one["n"]) is Int64 and type(one["m"]) is int for one in found)


def test_a_value_is_left_alone():
    stored, value = {"a": [LONG]}, {"a": [5]}
    assert typed(kept_longs(stored, value)) == typed(stored)
    assert typed(value) == {"a": [(5, "int")]}


@pytest.mark.parametrize(
    ("before", "after", "same"),
    [
        (1, True, False),
        (1, 1.0, False),
        (5, LONG, False),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, False),
        ([1, {"a": [None]}], [1, {"a": [None]}], True),
        ([1], (1,), True),
        ([1], [1, 2], False),
        ("1", 1, False),
    ],
)
def test_is_same(before, after, same):
    assert is_same(before, after) is same
