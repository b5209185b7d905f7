"""A class's own texts for errors: each kind, at each shape of path, whoever declares it."""

from __future__ import annotations

import datetime
import enum
from typing import Annotated, Any, ClassVar, Literal

import pytest

from mongokit import IS, Document, SchemaDocument, SchemaDocumentError, Set, StructureError
from mongokit.schema_document import BSON_TYPES
from mongokit.types import CustomType

NOW = datetime.datetime(2026, 1, 2, 3, 4, 5)
MISSING = object()


class State(enum.Enum):
    DRAFT = "draft"
    PUBLIC = "public"


class Celsius(CustomType):
    mongo_type = str
    python_type = float

    def to_bson(self, value):
        return f"{value}C"

    def to_python(self, value):
        return float(value[:-1])

    def validate(self, value, path):
        if value < -273:
            raise ValueError(f"{path} is too cold")


def is_kind(text):
    return text != "unkind"


def raises(text):
    raise ValueError(f"%s: never {text}")


class Lazy:
    """A text that is made when it is asked for."""

    def __init__(self, make):
        self.make = make

    def __str__(self):
        return self.make()


# Kind -> the field in a structure, a wrong value, and what else the class says.
DECLARED: dict[str, tuple[Any, Any, dict[str, Any]]] = {
    "required": (str, None, {"required_fields": True}),
    "missing": (str, MISSING, {}),
    "invalid_type": (str, 3, {}),
    "invalid_choice": (IS("a", "b"), "c", {}),
    "invalid_element": (Set(str), {1}, {}),
    "invalid_length": ((int, int), [1], {}),
    "no_time_zone": (datetime.datetime, NOW, {"accept_naive_datetimes": False}),
    "unauthorized_type": (None, range(3), {}),
    "invalid_key": (dict, {"a.b": 1}, {}),
    "unknown": ({"y": int}, {"y": 1, "z": 2}, {}),
    "unstorable": (dict, {3: 1}, {}),
    "validator": (str, "unkind", {"validators": is_kind}),
    "validator raised": (str, "x", {"validators": raises}),
    "validator custom": (Celsius(), -300.0, {}),
    "invalid_type int": (int, True, {}),
    "invalid_type list": ([str], "x", {}),
    "invalid_type record": ({"y": int}, 3, {}),
    "required list": ([str], [], {"required_fields": True}),
    "invalid_key map": ({str: int}, {"$a": 1}, {}),
    "invalid_key type": ({int: int}, {"a": 1}, {}),
}
SHAPES: dict[str, tuple[Any, Any, str, str]] = {
    "flat": (lambda x: {"x": x}, lambda x: x, "x", "x"),
    "nested": (lambda x: {"a": {"x": x}}, lambda x: {"a": x}, "a.x", "a.x"),
    "in a list": (lambda x: {"a": [{"x": x}]}, lambda x: {"a": [x]}, "a.x", "a.0.x"),
    "typed keys": (lambda x: {"a": {str: {"x": x}}}, lambda x: {"a": {"k": x}}, "a.$str.x", "a.k.x"),
    "two levels": (lambda x: {"a": {"b": [{"x": x}]}}, lambda x: {"a": {"b": [x]}}, "a.b.x", "a.b.0.x"),
    "embedded": (lambda x: {"a": embedded(x)}, lambda x: {"a": x}, "a.x", "a.x"),
    "embedded in a list": (lambda x: {"a": [embedded(x)]}, lambda x: {"a": [x]}, "a.x", "a.0.x"),
}


def embedded(spec, **more):
    return type("Inner", (SchemaDocument,), {"structure": {"x": spec}, **more})


def errors_of(cls, content):
    with pytest.raises(SchemaDocumentError) as caught:
        cls(content).validate()
    return caught.value


def same_but_for(told, plain):
    """Compare class, order, paths and data; return the texts that differ."""
    assert type(told) is type(plain)
    own, usual = told.errors(), plain.errors()
    assert [{**one, "message": ""} for one in own] == [{**one, "message": ""} for one in usual]
    return [one["message"] for one, other in zip(own, usual, strict=True) if one != other]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", DECLARED)
def test_a_kind_at_a_place(name, shape):
    kind = name.partition(" ")[0]
    spec, wrong, switches = DECLARED[name]
    make, content, path, found = SHAPES[shape]
    body = {
        **{key: value for key, value in switches.items() if key not in ("required_fields", "validators")},
        **({"required_fields": [path]} if "required_fields" in switches else {}),
        **({"validators": {path: switches["validators"]}} if "validators" in switches else {}),
        "structure": make(spec),
    }
    field = {} if wrong is MISSING else {"x": wrong}
    document = content(field) if shape != "flat" else field
    plain = errors_of(type("Thing", (SchemaDocument,), body), document or {"_id": 1})

    def told(messages):
        thing = type("Thing", (SchemaDocument,), {**body, "error_messages": messages})
        return same_but_for(errors_of(thing, document or {"_id": 1}), plain)

    other = "required" if kind not in ("required", "missing") else "validator"
    assert told({path: {kind: "Not so, {path}."}})[0].startswith(f"Not so, {found}")
    assert told({path: "Nothing of the kind"}) == ["Nothing of the kind"]
    assert told({path: {"*": "Nothing of the kind"}}) == ["Nothing of the kind"]
    assert told({path: {other: "Something else"}}) == []


# Kind -> the annotation, and a wrong value.
ANNOTATED: dict[str, tuple[Any, Any]] = {
    "required": (str, None),
    "missing": (str, MISSING),
    "invalid_type": (str, 3),
    "invalid_choice": (Literal["a", "b"], "c"),
    "invalid_choice enum": (State, "hidden"),
    "invalid_element": (set[str], {1}),
    "invalid_length": (tuple[int, int], (1,)),
    "unauthorized_type": (Any, range(3)),
    "invalid_key": (dict[str, int], {"a.b": 1}),
    "validator": (Annotated[str, is_kind], "unkind"),
}


@pytest.mark.parametrize("name", ANNOTATED)
@pytest.mark.parametrize(
    ("around", "content", "path"),
    [
        (lambda inner: inner, lambda x: {"a": x}, "a.x"),
        (lambda inner: list[inner], lambda x: {"a": [x]}, "a.x"),
        (lambda inner: dict[str, inner], lambda x: {"a": {"k": x}}, "a.$str.x"),
    ],
    ids=["embedded", "in a list", "typed keys"],
)
@pytest.mark.parametrize("by", ["the outer class", "the inner class"])
def test_annotated(name, around, content, path, by):
    kind = name.partition(" ")[0]
    hint, wrong = ANNOTATED[name]
    said = {kind: "Not so"}
    field = {} if wrong is MISSING else {"x": wrong}

    def outer(own, inner_own):
        inner = type(
            "Inner", (SchemaDocument,), {"__annotations__": {"x": hint}, "error_messages": inner_own}
        )
        return type(
            "Outer", (SchemaDocument,), {"__annotations__": {"a": around(inner)}, "error_messages": own}
        )

    plain = errors_of(outer({}, {}), content(field))
    cls = outer({path: said}, {}) if by == "the outer class" else outer({}, {"x": said})
    assert same_but_for(errors_of(cls, content(field)), plain) == ["Not so"]


def test_of_a_flat_annotated_class():
    class Talk(SchemaDocument):
        topic: str
        error_messages: ClassVar[dict[str, Any]] = {"topic": {"required": "Give it a topic"}}

    assert list(Talk._structure.fields) == ["topic"]
    assert str(errors_of(Talk, {"topic": None})) == "Give it a topic"


class Titled(SchemaDocument):
    structure = {"title": str, "tags": [str], "scores": {str: int}, "pair": (int, str)}
    i18n = ["title"]
    required_fields = ["title"]
    error_messages = {
        "title": {"required": "A title!", "invalid_type": "Words, {path}"},
        "tags": {"invalid_type": "A tag is a word, {path}", "required": "Tags!"},
        "scores": {"invalid_type": "Scores of somebody"},
        "scores.$str": "A score is a number, {path}",
        "pair.1": {"invalid_type": "Second is a word, {field}"},
    }


VALID = {"title": {"en": "A"}, "tags": [], "scores": {}, "pair": [1, "x"]}
ELEMENTS = {
    "in a language": ({"title": {"en": 3}}, "Words, title.en"),
    "not translated": ({"title": "A"}, "Words, title"),
    "no language": ({"title": {}}, "A title!"),
    "element": ({"tags": ["a", 3]}, "A tag is a word, tags.1"),
    "list": ({"tags": "a"}, "A tag is a word, tags"),
    "typed key": ({"scores": {"me": "x"}}, "A score is a number, scores.me"),
    "what has typed keys": ({"scores": 3}, "Scores of somebody"),
    "position": ({"pair": [1, 2]}, "Second is a word, 1"),
}


@pytest.mark.parametrize(("given", "text"), ELEMENTS.values(), ids=ELEMENTS)
def test_places_without_a_name_of_their_own(given, text):
    assert str(errors_of(Titled, {**VALID, **given})) == text


def test_a_valid_document_is_valid():
    Titled(VALID).validate()


def test_the_document_as_a_whole_has_unknown_fields():
    class Talk(SchemaDocument):
        structure = {"topic": str, "where": {"city": str}}
        error_messages = {
            "": {"unknown": "{field} is none of {accepted}"},
            "where": {"unknown": "no {field} at {path}"},
        }

    error = errors_of(Talk, {"topic": "A", "where": {"city": "B", "street": "C"}, "speaker.x": "D"})
    assert [one["message"] for one in error.errors()] == [
        "speaker.x is none of topic, where",
        "no street at where.street",
    ]


def test_missing_is_required_unless_it_has_a_text():
    structure = {"structure": {"topic": str}, "required_fields": ["topic"]}
    cls = type(
        "Talk", (SchemaDocument,), {**structure, "error_messages": {"topic": {"required": "A topic!"}}}
    )
    assert type(errors_of(cls, {"_id": 1})) is StructureError
    assert str(errors_of(cls, {"_id": 1})) == "A topic!"
    both = {"required": "A topic!", "missing": "Where is it?"}
    cls = type("Talk", (SchemaDocument,), {**structure, "error_messages": {"topic": both}})
    assert str(errors_of(cls, {"_id": 1})) == "Where is it?"


@pytest.mark.parametrize("kind", ["invalid_choice", "invalid_element", "invalid_length", "no_time_zone"])
def test_what_is_a_wrong_type_too(kind):
    spec, wrong, switches = DECLARED[kind]
    body = {"structure": {"x": spec}, **switches}
    cls = type("Thing", (SchemaDocument,), {**body, "error_messages": {"x": {"invalid_type": "Not that"}}})
    assert str(errors_of(cls, {"x": wrong})) == "Not that"


class Address(SchemaDocument):
    structure = {"street": str, "number": int, "city": str}
    required_fields = ["street", "city"]
    error_messages = {
        "": {"unknown": "An address has no {field}"},
        "street": {"required": "Which street?", "invalid_type": "Streets have names"},
        "number": {"invalid_type": "A number!"},
        "city": {"required": "Which city?"},
    }


class Person(SchemaDocument):
    structure = {"home": Address, "others": [Address]}
    error_messages = {
        "home.street": {"required": "Where do you live?"},
        "home.number": "Numbers of houses are numbers",
        "others.city": "Cities have names",
    }


def test_the_outer_class_goes_before_the_embedded_one():
    wrong = {"street": None, "number": "x", "city": None, "zip": 1}
    found = {
        one["path"]: one["message"]
        for one in errors_of(Person, {"home": wrong, "others": [{**wrong, "street": 3}]}).errors()
    }
    assert found == {
        "home.zip": "An address has no zip",
        "home.street": "Where do you live?",
        "home.number": "Numbers of houses are numbers",
        "home.city": "Which city?",
        "others.0.zip": "An address has no zip",
        "others.0.street": "Streets have names",
        "others.0.number": "A number!",
        "others.0.city": "Cities have names",
    }


def test_three_levels():
    class Company(SchemaDocument):
        structure = {"boss": Person}
        error_messages = {"boss.home.street": {"invalid_type": "No street"}}

    said = {"street": 3, "number": "x", "city": "A"}
    found = errors_of(Company, {"boss": {"home": said, "others": []}}).errors()
    assert [one["message"] for one in found] == ["No street", "Numbers of houses are numbers"]


def test_a_root_of_an_embedded_class_is_said_of_by_both():
    class Company(SchemaDocument):
        structure = {"seat": Address}
        error_messages = {"seat": {"invalid_type": "An address, please"}}

    wrong = {"street": "A", "number": 1, "city": "B", "zip": 1}
    assert str(errors_of(Company, {"seat": wrong})) == "An address has no zip"
    assert str(errors_of(Company, {"seat": 1})) == "An address, please"


class Base(SchemaDocument):
    structure = {"topic": str, "seats": int}
    required_fields = ["topic"]
    error_messages = {
        "topic": {"required": "base required", "invalid_type": "base type"},
        "seats": {"invalid_type": "base seats"},
    }


class Mixin:
    error_messages = {"seats": {"invalid_type": "mixin seats"}}


INHERITED = {
    "as it is": ((Base,), {}, ["base required", "base type", "base seats"]),
    "a kind": ((Base,), {"topic": {"required": "own"}}, ["own", "base type", "base seats"]),
    "a text alone": ((Base,), {"topic": "own"}, ["own", "own", "base seats"]),
    "another path": ((Base,), {"seats": "own"}, ["base required", "base type", "own"]),
    "a mixin": ((Mixin, Base), {}, ["base required", "base type", "mixin seats"]),
    "a mixin below": (
        (Mixin, Base),
        {"seats": {"invalid_type": "own"}},
        ["base required", "base type", "own"],
    ),
}


@pytest.mark.parametrize(("bases", "own", "texts"), INHERITED.values(), ids=INHERITED)
def test_inheritance(bases, own, texts):
    cls = type("Derived", bases, {"error_messages": own})
    found = [
        str(errors_of(cls, {"topic": None, "seats": 1})),
        str(errors_of(cls, {"topic": 3, "seats": 1})),
        str(errors_of(cls, {"topic": "A", "seats": "x"})),
    ]
    assert found == texts
    assert str(errors_of(Base, {"topic": None, "seats": 1})) == "base required", "the base keeps its own"


def test_a_kind_over_a_text_alone():
    parent = type("Parent", (Base,), {"error_messages": {"topic": "any"}})
    child = type("Child", (parent,), {"error_messages": {"topic": {"required": "own"}}})
    assert str(errors_of(child, {"topic": None, "seats": 1})) == "own"
    assert str(errors_of(child, {"topic": 3, "seats": 1})) == "any"
    assert child.error_messages == {
        "topic": {"*": "any", "required": "own"},
        "seats": {"invalid_type": "base seats"},
    }


def test_texts_are_made_when_they_are_asked_for():
    language = []
    text = Lazy(lambda: {"de": "Ein Thema, {path}!", "fr": "Un sujet {"}[language[-1]])
    cls = type("Talk", (SchemaDocument,), {"structure": {"topic": str}, "error_messages": {"topic": text}})
    language.append("de")
    assert str(errors_of(cls, {"topic": 3})) == "Ein Thema, topic!"
    language.append("fr")
    assert str(errors_of(cls, {"topic": 3})) == "Un sujet {", "a stray brace of a translation stays"
    assert cls.describe().messages == {"topic": {"*": "Un sujet {"}}


PLACEHOLDERS = {
    "value": ("{value}!", 3, "3!"),
    "long value": ("{value}", ["x" * 300], f"{['x' * 300]!r:.197}..."),
    "path and field": ("{path} {field}", 3, "a.0.x x"),
    "accepted": ("{accepted}", 3, "str"),
    "braces": ("{{value}} }}{{", 3, "{value} }{"),
    "per cent": ("100% %s %(value)s", 3, "100% %s %(value)s"),
    "a hostile value": ("<{value}>", ["{path}{0.__class__}{{%s"], "<['{path}{0.__class__}{{%s']>"),
}


@pytest.mark.parametrize(("text", "value", "told"), PLACEHOLDERS.values(), ids=PLACEHOLDERS)
def test_placeholders(text, value, told):
    body = {"structure": {"a": [{"x": str}]}, "error_messages": {"a.x": text}}
    assert str(errors_of(type("Thing", (SchemaDocument,), body), {"a": [{"x": value}]})) == told


def test_a_hostile_key_is_not_looked_into():
    body = {"structure": {"a": {str: int}}, "error_messages": {"a.$str": "{path} {value}"}}
    error = errors_of(type("Thing", (SchemaDocument,), body), {"a": {"{value}": "{path}"}})
    assert str(error) == "a.{value} '{path}'"


ACCEPTED = {
    "choice": (IS("a", "b"), "c", {}, "'a' or 'b'"),
    "list": ([str], 3, {}, "list of str"),
    "any": (
        None,
        range(2),
        {},
        f"{', '.join(sorted(kind.__name__ for kind in BSON_TYPES if kind is not type(None)))}",
    ),
    "validator": (str, "unkind", {"validators": {"x": is_kind}}, "is_kind"),
    "unknown": ({"y": int, "w": int}, {"y": 1, "w": 1, "z": 1}, {}, "y, w"),
}


@pytest.mark.parametrize(("spec", "value", "more", "told"), ACCEPTED.values(), ids=ACCEPTED)
def test_what_is_accepted(spec, value, more, told):
    body = {"structure": {"x": spec}, "error_messages": {"x": "{accepted}"}, **more}
    assert str(errors_of(type("Thing", (SchemaDocument,), body), {"x": value})) == told


def test_the_values_of_an_enumeration_are_accepted():
    cls = type(
        "Thing", (SchemaDocument,), {"__annotations__": {"x": State}, "error_messages": {"x": "{accepted}"}}
    )
    assert str(errors_of(cls, {"x": "hidden"})) == "'draft' or 'public'"


REFUSED: dict[str, tuple[Any, str]] = {
    "no dict": (["topic"], "Thing: error_messages must be a dict, not list: ['topic']"),
    "unknown path": (
        {"topik": "x"},
        "Error in error_messages: can't find topik in structure (of Thing) (did you mean topic?)",
    ),
    "no path": ({3: "x"}, "Error in error_messages: can't find 3 in structure (of Thing)"),
    "a position": (
        {"items.0.price": "x"},
        "Error in error_messages: can't find items.0.price in structure (of Thing) (did you mean items.price?)",
    ),
    "unknown kind": (
        {"topic": {"requird": "x"}},
        (
            "Thing: error_messages: topic: 'requird' is no kind of error (did you mean required?); accepted are required, "
            "missing, invalid_type, invalid_choice, invalid_element, invalid_length, no_time_zone, unauthorized_type, "
            "invalid_key, unknown, unstorable, validator, and '*' for all others"
        ),
    ),
    "a number": (
        {"topic": 3},
        (
            "Thing: error_messages: topic: 3 is no text; accepted are a str, one that is translated when it is asked for, and "
            "for a path a dict of kinds with such texts"
        ),
    ),
    "a list": (
        {"topic": {"required": ["x"]}},
        "Thing: error_messages: topic: required: ['x'] is no text; accepted",
    ),
    "None": (
        {"topic": {"required": None}},
        "Thing: error_messages: topic: required: None is no text; accepted",
    ),
    "bytes": ({"topic": b"x"}, "Thing: error_messages: topic: b'x' is no text; accepted"),
    "a function": ({"topic": is_kind}, "Thing: error_messages: topic: <function is_kind"),
    "a class": ({"topic": Lazy}, "Thing: error_messages: topic: <class"),
    "an exception": ({"topic": ValueError("x")}, "Thing: error_messages: topic: ValueError('x') is no text"),
    "a time": (
        {"topic": NOW},
        "Thing: error_messages: topic: datetime.datetime(2026, 1, 2, 3, 4, 5) is no text",
    ),
    "a stray brace": (
        {"items.price": "a {brace"},
        (
            "Thing: error_messages: items.price: 'a {brace' has a '{' that belongs to no placeholder; accepted are {path}, "
            "{field}, {value}, {accepted}, and {{ and }} for the braces themselves"
        ),
    ),
    "another placeholder": (
        {"topic": {"required": "{valeu}"}},
        "Thing: error_messages: topic: required: '{valeu}' has a '{'",
    ),
    "an attribute": (
        {"topic": "{value.__class__}"},
        "Thing: error_messages: topic: '{value.__class__}' has a '{'",
    ),
    "a format": ({"topic": "{value!r}"}, "Thing: error_messages: topic: '{value!r}' has a '{'"),
    "a closing brace": ({"": {"unknown": "}"}}, "Thing: error_messages: '': unknown: '}' has a '}'"),
}


@pytest.mark.parametrize(("given", "told"), REFUSED.values(), ids=REFUSED)
def test_what_a_class_cannot_say(given, told):
    with pytest.raises(StructureError) as caught:
        type(
            "Thing",
            (SchemaDocument,),
            {"structure": {"topic": str, "items": [{"price": float}]}, "error_messages": given},
        )
    assert str(caught.value).startswith(told)


def test_what_a_class_says_is_described():
    described = Person.describe()
    assert described.messages["home.street"] == {
        "required": "Where do you live?",
        "invalid_type": "Streets have names",
    }
    assert described.as_data()["messages"]["others.city"] == {"*": "Cities have names"}
    assert "messages:\n  home unknown: An address has no {field}\n" in str(described)
    assert "\n  others.city: Cities have names" in str(described)
    assert "messages" not in str(type("Plain", (SchemaDocument,), {"structure": {"a": int}}).describe())


def test_errors_that_are_kept_have_them_too():
    class Quiet(Base):
        raise_validation_errors = False

    document = Quiet({"topic": None, "seats": "x"})
    document.validate()
    found = {path: [str(error) for error in errors] for path, errors in document.validation_errors.items()}
    assert found == {"topic": ["base required"], "seats": ["base seats"]}


def test_a_class_without_them_pays_nothing():
    without = type("Plain", (Document,), {"structure": {"a": int, "b": [{"c": str}]}})
    # The very functions of validation, with nothing around them.
    names = set(without._structure.check.__globals__) - {"__builtins__"}
    assert not any(name.startswith("W") for name in names)
    assert not without._structure.has_messages
