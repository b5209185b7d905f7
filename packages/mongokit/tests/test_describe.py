"""A class described: text that a person reads, and the same as data."""

from __future__ import annotations

import datetime
import enum
from decimal import Decimal
from typing import Annotated, Literal

import pytest
from annotated_types import Ge, Len, Predicate

from mongokit import (
    IS,
    NOT,
    OR,
    CustomType,
    Document,
    DocumentMigration,
    Ref,
    Required,
    SchemaDocument,
    SchemaOperator,
    Set,
    field,
)


def now():
    return datetime.datetime.now(datetime.UTC)


def is_short(topic):
    return len(topic) < 100


class Colour(enum.Enum):
    RED = "red"


class Address(SchemaDocument):
    structure = {"street": str, "town": str}
    required_fields = ["town"]


class Person(Document):
    __collection__ = "people"
    structure = {"name": str}


class TalkMigration(DocumentMigration):
    def allmigration01_tags(self): ...

    def migration01_topic(self): ...


class Talk(Document):
    """What somebody says to others.

    More about it.
    """

    __database__ = "blog"
    __collection__ = "talks"
    use_revision = True
    migration_handler = TalkMigration
    structure = {
        "topic": str,
        "when": datetime.datetime,
        "items": [{"name": str, "price": float}],
        "address": Address,
        "speaker": Ref(Person),
    }
    required_fields = ["topic"]
    default_values = {"when": now, "items": []}
    validators = {"topic": is_short}
    indexes = [
        {"fields": "topic", "unique": True},
        {"fields": [("when", -1), "topic"]},
        {"fields": "items.name"},
    ]


def test_text():
    assert str(Talk.describe()) == (
        """\
Talk(Document): What somebody says to others.
lives in blog.talks
  field             type                           default  checks    in
  topic             str                  required           is_short  topic_1, when_-1_topic_1
  when              datetime                       now()              when_-1_topic_1
  items             list of fields                 []
    items.name      str                                               items.name_1
    items.price     float
  address           Address
    address.street  str
    address.town    str                  required
  speaker           reference to Person
indexes:
  topic_1: topic: unique
  when_-1_topic_1: when (descending), topic
  items.name_1: items.name
migrations:
  migration01_topic
  allmigration01_tags
settings: use_revision = True"""
    )
    assert repr(Talk.describe()) == str(Talk.describe()), "a prompt shows it too"


def test_data():
    data = Talk.describe().as_data()
    assert data["fields"][0] == {
        "path": "topic",
        "type": "str",
        "required": "required",
        "default": None,
        "checks": ("is_short",),
        "indexes": ("topic_1", "when_-1_topic_1"),
        "reference": None,
    }
    assert (data["name"], data["bases"], data["home"]) == ("Talk", ("Document",), "blog.talks")
    assert data["settings"] == {"use_revision": True}
    assert [one["reference"] for one in data["fields"] if one["path"] == "speaker"] == ["Person"]


def test_nothing_to_say():
    assert str(type("Empty", (SchemaDocument,), {}).describe()) == "Empty(SchemaDocument)\nno fields"


def test_a_column_without_content_is_left_out():
    thing = type("Thing", (Document,), {"structure": {"a": str, "bb": int}})
    assert str(thing.describe()).splitlines() == [
        "Thing(Document)",
        "  field  type",
        "  a      str",
        "  bb     int",
    ]


def test_in_a_collection(connection, collection):
    connection.register(Talk)
    assert collection.Talk.describe() == Talk.describe()
    assert Talk(gen_skel=False).describe().name == "Talk"


def test_inherited():
    child = type("Child", (Talk,), {"structure": {"room": str}})
    described = child.describe()
    assert described.purpose == "", "the docstring is that of the base"
    assert [one.path for one in described.fields][-1] == "room"
    assert described.bases == ("Talk",)
    assert len(described.indexes) == 3


class Money(CustomType):
    mongo_type = int
    python_type = Decimal


class Odd(SchemaOperator):
    repr = "odd"


TYPES = {
    "any": (None, "anything"),
    "list": (list, "list"),
    "any list": ([], "list of anything"),
    "lists": ([[int]], "list of list of int"),
    "tuple": ((str, int), "(str, int)"),
    "map": ({str: [int]}, "str -> list of int"),
    "or": (OR(str, int), "str or int"),
    "not": (NOT(str), "not str"),
    "neither": (NOT(str, int), "neither str nor int"),
    "is": (IS("a", 1), "'a' or 1"),
    "an operator": (Odd(int), "<int>"),
    "set": (Set(str), "set (Set(str), stored as list)"),
    "custom": (Money(), "Decimal (Money, stored as int)"),
    "reference": (Ref(Person), "reference to Person"),
    "references": ([Ref(Person)], "list of reference to Person"),
}


LANGUAGES = {
    "text": (str, "str in each language"),
    "a list": ([str], "list of str in each language"),
    "fields": ({"short": str}, "fields in each language"),
}


@pytest.mark.parametrize(("spec", "words"), LANGUAGES.values(), ids=LANGUAGES)
def test_translated_fields(spec, words):
    described = type("Thing", (Document,), {"structure": {"x": spec}, "i18n": ["x"]}).describe()
    assert described.fields[0].type == words
    assert words in str(described)


@pytest.mark.parametrize(("spec", "words"), TYPES.values(), ids=TYPES)
def test_types(spec, words):
    (one,) = type("Thing", (Document,), {"structure": {"x": spec}}).describe().fields[:1]
    assert one.type == words


ANNOTATIONS = {
    "needed": (str, ("str", "not None", None, ())),
    "optional": (str | None, ("str", "", None, ())),
    "filled": (Required[list[str]], ("list of str", "required", None, ())),
    "constraints": (Annotated[int, Ge(1)], ("int", "not None", None, (">= 1",))),
    "lengths": (
        Annotated[str, Len(2, 9)],
        ("str", "not None", None, ("at least 2 characters", "at most 9 characters")),
    ),
    "lengths of a list": (
        Annotated[list[str], Len(2, 9)],
        ("list of str", "not None", None, ("at least 2 elements", "at most 9 elements")),
    ),
    "lengths of bytes": (Annotated[bytes, Len(2)], ("bytes", "not None", None, ("at least 2 bytes",))),
    "function": (Annotated[str, Predicate(str.islower)], ("str", "not None", None, ("islower",))),
    "literal": (Literal["a", "b"], ("'a' or 'b'", "not None", None, ())),
    "enum": (Colour, ("Colour (EnumType(Colour), stored as str)", "not None", None, ())),
    "tuple": (tuple[int, ...], ("tuple of int", "not None", None, ())),
}


@pytest.mark.parametrize(("hint", "said"), ANNOTATIONS.values(), ids=ANNOTATIONS)
def test_annotations(hint, said):
    thing = type("Thing", (Document,), {"__annotations__": {"x": hint}})
    (one,) = thing.describe().fields
    assert (one.type, one.required, one.default, one.checks) == said


class Defaults(Document):
    a: list[str] = ["x"]
    b: datetime.datetime = field(default_factory=now)
    c: str = "y" * 300
    d: int = 1


def test_defaults():
    a, b, c, d = (one.default for one in Defaults.describe().fields)
    assert (a, b, d) == ("['x']", "now()", "1")
    assert c.endswith("...")
    assert len(c) == 200


def test_functions_without_a_name():
    class Big:
        def __call__(self, value):
            return value > 1

    thing = type(
        "Thing", (Document,), {"structure": {"x": int}, "validators": {"x": [lambda x: x > 0, Big()]}}
    )
    lambda_, big = thing.describe().fields[0].checks
    assert lambda_.startswith("lambda at test_describe.py:")
    assert big == "Big"


def test_settings():
    thing = type(
        "Thing", (Document,), {"use_schemaless": True, "accept_int_for_float": False, "type_field": None}
    )
    assert thing.describe().settings == {
        "use_schemaless": True,
        "accept_int_for_float": False,
        "type_field": None,
    }
