"""Operators and custom types."""

from __future__ import annotations

import datetime

import pytest

from mongokit import (
    IS,
    NOT,
    OR,
    BadKeyError,
    CustomType,
    Document,
    SchemaDocument,
    SchemaDocumentError,
    SchemaOperator,
    SchemaTypeError,
    Set,
)


@pytest.mark.parametrize(
    ("operator", "shown"),
    [
        (OR(str, int), "<str or int>"),
        (NOT(str, int), "<not str, not int>"),
        (IS("spam", "eggs"), "<is 'spam' or is 'eggs'>"),
    ],
)
def test_shown(operator, shown):
    assert str(operator) == repr(operator) == shown


def test_operators_are_compared_by_class_and_operands():
    assert OR(str, int) == OR(str, int)
    assert OR(str, int) != OR(int, str)
    assert OR(str, int) != NOT(str, int)
    assert OR(str) != "<str>"
    assert len({IS([1], 2), IS([1], 2), IS(2)}) == 2
    assert list(OR(str, int)) == [str, int]


def test_an_operator_of_ones_own():
    class BETWEEN(SchemaOperator):
        repr = "to"

        def operand_types(self):
            return (int,)

        def validate(self, value):
            return isinstance(value, int) and min(self) <= value <= max(self)

    class Dice(SchemaDocument):
        structure = {"eyes": BETWEEN(1, 6)}

    Dice({"eyes": 6}).validate()
    with pytest.raises(SchemaDocumentError, match="eyes must be an instance of <1 to 6> not int"):
        Dice({"eyes": 7}).validate()


def test_the_base_operator_is_abstract_and_wants_operands():
    with pytest.raises(NotImplementedError, match=r"Bare\.validate"):
        type("Bare", (SchemaOperator,), {"repr": "bare"})(int).validate(3)
    with pytest.raises(TypeError, match=r"OR\(\) needs at least one operand"):
        OR()


class Longer(SchemaOperator):
    """As applications wrote theirs: a constructor that gives the base nothing."""

    repr = "longer"

    def __init__(self, least):
        super().__init__()
        self.least = least

    def validate(self, value):
        return len(value) >= self.least


class Silent(Longer):
    """One that does not even call it."""

    def __init__(self, least):
        self.least = least


@pytest.mark.parametrize("operator", [Longer, Silent])
def test_an_operator_with_a_constructor_of_its_own(operator):
    class Code(SchemaDocument):
        structure = {"text": operator(3), "several": [operator(1)]}

    Code({"text": "abc", "several": [["a"], {"a": 1}]}).validate()
    with pytest.raises(SchemaTypeError, match="text must be an instance of <longer> not str"):
        Code({"text": "ab", "several": []}).validate()
    with pytest.raises(BadKeyError):
        Code({"text": "abc", "several": [{"$a": 1}]}).validate()
    assert operator(3) == operator(3) != operator(4)
    assert hash(operator(3)) == hash(operator(3))
    assert (list(operator(3)), str(operator(3))) == ([], "<longer>")
    Code.describe()
    assert Code.json_schema()


class Date(CustomType):
    """A date, stored as a datetime."""

    mongo_type = datetime.datetime
    python_type = datetime.date

    def to_bson(self, value):
        return datetime.datetime(value.year, value.month, value.day)

    def to_python(self, value):
        return value.date()

    def validate(self, value, path):
        if value.year < 1900:
            raise ValueError("%s is before 1900")


class Diary(Document):
    structure = {
        "day": Date(),
        "days": [Date()],
        "entries": [{"on": Date(), "text": str}],
        "by_name": {str: Date()},
        "tags": Set(str),
        "any": Set(),
    }
    validators = {"day": lambda day: day.weekday() < 5}


DAY = datetime.date(2026, 1, 2)


def diary(**changed):
    return {"day": DAY, "days": [], "entries": [], "by_name": {}, "tags": set(), "any": set(), **changed}


def test_custom_types_go_to_the_database_and_back(connection, collection):
    connection.register(Diary)
    content = diary(
        days=[DAY, None],
        entries=[{"on": DAY, "text": "x"}],
        by_name={"a": DAY},
        tags={"b", "a"},
        any={3, "x"},
    )
    document = collection.Diary(content)
    document.save()
    assert document == {**content, "_id": document["_id"]}
    raw = collection.find_one()
    moment = datetime.datetime(2026, 1, 2)
    assert raw["day"] == moment
    assert raw["days"] == [moment, None]
    assert raw["entries"] == [{"on": moment, "text": "x"}]
    assert raw["by_name"] == {"a": moment}
    assert raw["tags"] == ["a", "b"]
    assert sorted(map(str, raw["any"])) == ["3", "x"]
    for found in (collection.Diary.one(), next(collection.Diary.find()), next(iter(collection.Diary.find()))):
        assert found == document
        found.save()
        found.save()
        found.reload()
        assert found == document
    assert collection.find_one() == raw


def test_a_stored_document_that_lacks_the_field(connection, collection):
    connection.register(Diary)
    collection.insert_one({"_id": 1, "days": None})
    assert collection.Diary.one() == {"_id": 1, "days": None}


@pytest.mark.parametrize(
    ("changed", "kind", "message"),
    [
        ({"day": "today"}, "SchemaTypeError", "day must be an instance of date not str"),
        ({"days": [DAY, 3]}, "SchemaTypeError", "days.1 must be an instance of date not int"),
        ({"day": datetime.date(1800, 1, 1)}, "ValidationError", "day is before 1900"),
        ({"day": datetime.date(2026, 1, 3)}, "ValidationError", "day does not pass the validator <lambda>"),
        ({"tags": ["a"]}, "SchemaTypeError", "tags must be an instance of set not list"),
        ({"tags": {"a", 3}}, "SetContentError", "tags must be a set of str; 3 is int"),
    ],
)
def test_wrong_values(changed, kind, message):
    document = Diary(diary())
    document.update(changed)
    with pytest.raises(SchemaDocumentError) as caught:
        document.validate()
    assert [(f["error"], f["message"]) for f in caught.value.errors()] == [(kind, message)]


def test_wrong_set_content_is_a_value_error_too():
    document = Diary(diary())
    document["tags"] = {3}
    with pytest.raises(ValueError, match="tags must be a set of str; 3 is int"):
        document.validate()


def test_what_to_bson_makes_is_checked():
    class Broken(CustomType):
        mongo_type = str
        python_type = int

        def to_bson(self, value):
            if value < 0:
                raise SchemaDocumentError("no debts")
            return value / (value - 5)

        def to_python(self, value):
            return int(value)

    class Account(SchemaDocument):
        structure = {"sum": Broken()}

    for value, message in (
        (3, r"sum must be an instance of str not float \(as made by Broken.to_bson\)"),
        (5, "sum: division by zero"),
        (-1, "no debts"),
    ):
        document = Account()
        document["sum"] = value
        with pytest.raises(SchemaDocumentError, match=message):
            document.validate()


@pytest.mark.parametrize("missing", ["mongo_type", "python_type"])
def test_both_types_are_needed(missing):
    kind = type("Half", (CustomType,), {"mongo_type": str, "python_type": str, missing: None})
    with pytest.raises(TypeError, match=f"Half.{missing} must be a type, not None"):
        kind()

    class Sloppy(kind):
        def __init__(self):
            pass

    with pytest.raises(TypeError, match=f"Thing: a: Sloppy.{missing} must be a type"):
        type("Thing", (SchemaDocument,), {"structure": {"a": Sloppy()}})


@pytest.mark.parametrize(
    ("operator", "right", "wrong"),
    [
        (OR(str, int), ["a", 1], [1.5, True]),
        (NOT(str, int), [1.5, True], ["a", 1]),
        (IS("a", 1), ["a", 1], ["b", True]),
    ],
)
def test_operators_can_be_asked_directly(operator, right, wrong):
    assert all(operator.validate(value) for value in right)
    assert not any(operator.validate(value) for value in wrong)


def test_the_base_custom_type_is_abstract():
    kind = type("Mine", (CustomType,), {"mongo_type": str, "python_type": str})()
    with pytest.raises(NotImplementedError, match=r"Mine\.to_bson"):
        kind.to_bson("")
    with pytest.raises(NotImplementedError, match=r"Mine\.to_python"):
        kind.to_python("")


def test_set_takes_a_type_or_nothing():
    assert repr(Set(str)) == "Set(str)"
    assert repr(Set()) == "Set()"
    with pytest.raises(TypeError, match=r"Set\('x'\): accepted is a type, or nothing"):
        Set("x")


def test_required_custom_types():
    class Needy(SchemaDocument):
        structure = {"tags": Set(str), "day": Date()}
        required_fields = ["tags", "day"]

    with pytest.raises(SchemaDocumentError) as caught:
        Needy().validate()
    assert [f["message"] for f in caught.value.errors()] == ["tags is required", "day is required"]


class Tagged(Document):
    structure = {"tags": Set(), "numbers": Set(int), "deep": [Set()]}


@pytest.mark.parametrize("element", [{"a": 1}, [1, 2]], ids=["a dict", "a list"])
def test_a_stored_set_of_what_cannot_be_in_one_stays_a_list(connection, database, element):
    """What others have stored can be read, is named by validation, and stays as it is where it is not."""
    connection.register([Tagged])
    stored = {"_id": 1, "tags": ["b", element, "a"], "numbers": [element], "deep": [[element], ["x"]]}
    database.things.insert_one(stored)
    found = database.things.Tagged.find_one()
    assert found == {**stored, "deep": [[element], {"x"}]}
    with pytest.raises(SchemaDocumentError, match="tags must be an instance of set not list") as caught:
        found.validate()
    assert [failure["path"] for failure in caught.value.errors()] == ["tags", "numbers", "deep.0"]
    found.save(validate=False)
    assert database.things.find_one() == stored


@pytest.mark.parametrize(
    ("structure", "stored", "path"),
    [
        (lambda custom: {"when": custom}, {"when": "never"}, "when"),
        (lambda custom: {"a": {"b": [custom]}}, {"a": {"b": ["2026-01-02", "never"]}}, "a.b"),
        (lambda custom: {"m": {str: custom}}, {"m": {"x": "never"}}, "m.$str"),
    ],
    ids=["a field", "in a list", "in a map"],
)
def test_what_a_type_cannot_read_is_named(collection, structure, stored, path):
    class Iso(CustomType):
        mongo_type = str
        python_type = datetime.date

        def to_bson(self, value):
            return value.isoformat()

        def to_python(self, value):
            return datetime.date.fromisoformat(value)

    thing = type("Thing", (Document,), {"structure": structure(Iso())})
    collection.insert_one(stored)
    with pytest.raises(ValueError, match="never") as caught:
        thing(collection=collection).find_one()
    what, where = caught.value.__notes__
    assert what == f"Thing: {path}: Iso.to_python() cannot read what is stored: 'never'"
    id_ = collection.find_one()["_id"]
    assert where.startswith(
        f"this is Thing {id_!r} in {collection.full_name}; next() of the same cursor gives"
    )


@pytest.mark.parametrize("has_steps", [False, True])
def test_behind_what_a_type_cannot_read_the_cursor_goes_on(collection, has_steps):
    class Number(CustomType):
        mongo_type = str
        python_type = int

        def to_bson(self, value):
            return str(value)

        def to_python(self, value):
            return int(value)

    class Thing(Document):
        structure = {"n": Number()}

        if has_steps:

            def after_load(self):
                pass

    collection.insert_many([{"_id": i, "n": n} for i, n in enumerate(["1", "x", "y", "4", "z"])])
    cursor = Thing(collection=collection).find().sort("_id")
    read, failed = [], 0
    while True:
        try:
            read.append(next(cursor)["n"])
        except ValueError:
            failed += 1
        except StopIteration:
            break
    assert (read, failed) == ([1, 4], 3)


def test_an_operator_needs_its_word():
    with pytest.raises(NotImplementedError, match=r"Bare\.repr is to be set"):
        type("Bare", (SchemaOperator,), {})(int)
