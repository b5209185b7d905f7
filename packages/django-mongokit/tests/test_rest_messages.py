"""A document's own texts for errors, as JSON: for what fields find, and for what the document does."""

from __future__ import annotations

import datetime
import enum
import json
from typing import Annotated, Any

import annotated_types as at
import pytest
from django.http import QueryDict
from django.utils import translation
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.renderers import JSONRenderer

from django_mongokit import connection
from django_mongokit.document import DjangoDocument
from django_mongokit.rest import DocumentSerializer
from django_mongokit.rest.filters import stored_value
from mongokit import IS, Ref, SchemaDocument, SchemaDocumentError, Set


class Kind(enum.Enum):
    SHORT = "short"
    LONG = "long"


class Speaker(SchemaDocument):
    structure = {"name": str}
    required_fields = ["name"]
    error_messages = {"name": {"required": "Who speaks?"}}


class Town(DjangoDocument):
    structure = {"name": str}
    __collection__ = "towns"


class Meeting(DjangoDocument):
    structure = {
        "topic": str,
        "when": datetime.datetime,
        "seats": int,
        "level": IS("easy", "hard"),
        "tags": [str],
        "words": Set(str),
        "pair": (int, int),
        "counts": {str: int},
        "any": dict,
        "where": {"city": str, "zip": int},
        "lines": [{"sku": str, "count": int}],
        "speaker": Speaker,
        "town": Ref(Town),
    }
    __collection__ = "meetings"
    required_fields = ["topic", "where.city"]
    validators = {"seats": lambda seats: seats != 13}
    error_messages = {
        "topic": {"required": "Give it a topic: 100% {field}", "invalid_type": "A topic is text"},
        "when": {"invalid_type": _("Enter a valid date/time.")},
        "seats": {"invalid_type": "A {accepted}, {{}} of %(seats)s", "validator": "{value}? Bad luck"},
        "level": {"invalid_choice": "{value} is none of {accepted}"},
        "tags": {"invalid_type": "A tag is a word"},
        "words": "Words only",
        "pair": {"invalid_length": "Two of them", "invalid_type": "Numbers"},
        "counts.$str": {"invalid_type": "A count is a number"},
        "any": {"invalid_type": "Anything, in an object"},
        "where.city": {"required": "In which city?"},
        "where": {"invalid_type": "Where is it?"},
        "lines.sku": {"invalid_type": "A code"},
        "lines": {"invalid_type": "A list of lines"},
        "town": {"invalid_type": "There is no {value}"},
    }


class Course(DjangoDocument):
    topic: str
    kind: Kind = Kind.SHORT
    seats: Annotated[int, at.Ge(1)] = 1
    name: Annotated[str, at.MinLen(2)] = "abc"
    __collection__ = "courses"
    error_messages = {
        "topic": {"required": _("This field is required.")},
        "kind": "A kind is {accepted}, not {value}",
        "seats": {"validator": "At least one, 100%"},
        "name": {"validator": "A name is longer, 100%", "invalid_type": "{value} is no name"},
    }


class MeetingSerializer(DocumentSerializer):
    class Meta:
        document = Meeting
        fields = "__all__"


class CourseSerializer(DocumentSerializer):
    class Meta:
        document = Course
        fields = "__all__"


VALID = {"topic": "A", "where": {"city": "B"}, "speaker": {"name": "C"}}


def errors(serializer: Any) -> Any:
    """Return what is wrong, as plain data."""
    assert not serializer.is_valid()
    return _plain(serializer.errors)


def _plain(found: Any) -> Any:
    if isinstance(found, dict):
        return {key: _plain(one) for key, one in found.items()}
    return [_plain(one) for one in found] if isinstance(found, list) else str(found)


SAID = {
    "absent": ({"topic": ...}, {"topic": ["Give it a topic: 100% topic"]}),
    "null": ({"topic": None}, {"topic": ["Give it a topic: 100% topic"]}),
    "blank": ({"topic": ""}, {"topic": ["Give it a topic: 100% topic"]}),
    "a text": ({"topic": []}, {"topic": ["A topic is text"]}),
    "lazy": ({"when": "x"}, {"when": ["Enter a valid date/time."]}),
    "a number": ({"seats": "x"}, {"seats": ["A int, {} of %(seats)s"]}),
    "a validator": ({"seats": 13}, {"seats": ["13? Bad luck"]}),
    "a choice": ({"level": "{path}%s"}, {"level": ["'{path}%s' is none of 'easy' or 'hard'"]}),
    "no list": ({"tags": 3}, {"tags": ["A tag is a word"]}),
    "in a list": ({"tags": ["a", []]}, {"tags": {"1": ["A tag is a word"]}}),
    "in a set": ({"words": ["a", []]}, {"words": {"1": ["Words only"]}}),
    "a length": ({"pair": [1]}, {"pair": ["Two of them"]}),
    "at a position": ({"pair": [1, "x"]}, {"pair": {"1": ["A valid integer is required."]}}),
    "no pair": ({"pair": 3}, {"pair": ["Numbers"]}),
    "typed keys": ({"counts": {"a": "x"}}, {"counts": {"a": ["A count is a number"]}}),
    "open": ({"any": []}, {"any": ["Anything, in an object"]}),
    "nested": ({"where": {}}, {"where": {"city": ["In which city?"]}}),
    "no structure": ({"where": 3}, {"where": {"non_field_errors": ["Where is it?"]}}),
    "in lines": ({"lines": [{"sku": []}]}, {"lines": {"0": {"sku": ["A code"]}}}),
    "no lines": ({"lines": 3}, {"lines": {"non_field_errors": ["A list of lines"]}}),
    "embedded": ({"speaker": {}}, {"speaker": {"name": ["Who speaks?"]}}),
    "a reference": ({"town": "nowhere"}, {"town": ["There is no 'nowhere'"]}),
}


@pytest.mark.parametrize(("given", "told"), SAID.values(), ids=SAID)
def test_what_the_document_says(mongodb, given, told):
    data = {name: value for name, value in {**VALID, **given}.items() if value is not ...}
    found = errors(MeetingSerializer(data=data))
    assert {key: _keys(one) for key, one in found.items()} == told


def _keys(found: Any) -> Any:
    return {str(key): one for key, one in found.items()} if isinstance(found, dict) else found


ANNOTATED = {
    "required": ({"topic": ...}, {"topic": ["This field is required."]}),
    "an enumeration": ({"kind": "odd"}, {"kind": ["A kind is 'short' or 'long', not 'odd'"]}),
    "too few": ({"seats": 0}, {"seats": ["At least one, 100%"]}),
    "too short": ({"name": "a"}, {"name": ["A name is longer, 100%"]}),
    "a value of another type": ({"name": []}, {"name": ["[] is no name"]}),
    "a choice of another type": ({"kind": 3}, {"kind": ["A kind is 'short' or 'long', not 3"]}),
    "none": ({"kind": None}, {"kind": ["A kind is 'short' or 'long', not None"]}),
}


@pytest.mark.parametrize(("given", "told"), ANNOTATED.values(), ids=ANNOTATED)
def test_annotated(mongodb, given, told):
    data = {name: value for name, value in {"topic": "A", **given}.items() if value is not ...}
    assert errors(CourseSerializer(data=data)) == told


def test_in_another_language(mongodb):
    with translation.override("de"):
        assert errors(CourseSerializer(data={})) == {"topic": ["Dieses Feld ist zwingend erforderlich."]}
        assert errors(MeetingSerializer(data={**VALID, "when": "x"})) == {
            "when": ["Bitte ein gültiges Datum und Uhrzeit eingeben."]
        }


def test_what_extra_kwargs_say_goes_before(mongodb):
    class Mine(DocumentSerializer):
        class Meta:
            document = Meeting
            fields = ["topic", "seats", "where"]
            extra_kwargs = {
                "topic": {"error_messages": {"required": "mine"}},
                "where.city": {"error_messages": {"required": "my city"}},
            }

    assert errors(Mine(data={"where": {}, "seats": "x"})) == {
        "topic": ["mine"],
        "where": {"city": ["my city"]},
        "seats": ["A int, {} of %(seats)s"],
    }


def test_codes_are_as_they_were(mongodb):
    serializer = MeetingSerializer(data={"topic": "", "where": {"city": "B"}, "seats": 13, "level": "x"})
    assert not serializer.is_valid()
    codes = {name: [one.code for one in found] for name, found in serializer.errors.items()}
    assert (codes["topic"], codes["level"]) == (["blank"], ["invalid_choice"])
    serializer = MeetingSerializer(data={**VALID, "seats": 13})
    assert not serializer.is_valid()
    assert [one.code for one in serializer.errors["seats"]] == ["validator"]


class Told(DjangoDocument):
    """Every text names what was sent."""

    __collection__ = "told"
    structure = {
        "topic": str,
        "seats": int,
        "price": float,
        "open": bool,
        "when": datetime.datetime,
        "level": IS("easy", 3),
        "tags": [str],
        "words": Set(str),
        "pair": (int, int),
        "counts": {str: int},
        "any": dict,
        "where": {"city": str, "zip": int},
        "lines": [{"sku": str, "count": int}],
        "town": Ref(Town),
        "towns": [Ref(Town)],
    }
    required_fields = ["topic", "tags"]
    validators = {"seats": lambda seats: seats != 13}
    error_messages = dict.fromkeys(
        (*structure, *("where.city", "where.zip", "lines.sku", "lines.count", "counts.$str")),
        "{path}: {value}, {{}} 100%s; accepted: {accepted}",
    )


connection.register([Told])


class ToldSerializer(DocumentSerializer):
    class Meta:
        document = Told
        fields = "__all__"


FINE = {"topic": "A", "tags": ["a"]}
LONG = "x" * 500
SAME = {
    "null": ({"topic": None}, "topic"),
    "a text": ({"topic": ["{value}", "%s"]}, "topic"),
    "a long value": ({"seats": LONG}, "seats"),
    "a number": ({"seats": "x"}, "seats"),
    "a float": ({"price": "x"}, "price"),
    "a bool": ({"open": "x"}, "open"),
    "a time": ({"when": "{path}%(value)s"}, "when"),
    "a choice": ({"level": "odd"}, "level"),
    "a choice of another type": ({"level": 4}, "level"),
    "a validator": ({"seats": 13}, "seats"),
    "no list": ({"tags": 3}, "tags"),
    "an empty list": ({"tags": []}, "tags"),
    "in a list": ({"tags": ["a", ["b"]]}, "tags.1"),
    "typed keys": ({"counts": {"a": "x"}}, "counts.a"),
    "open": ({"any": [1]}, "any"),
    "nested": ({"where": {"city": "a", "zip": "x"}}, "where.zip"),
    "no structure": ({"where": 3}, "where"),
    "in lines": ({"lines": [{"sku": "a", "count": 1}, {"sku": [5], "count": 1}]}, "lines.1.sku"),
    "no lines": ({"lines": 3}, "lines"),
}


def found_at(found: Any, path: str) -> Any:
    for name in path.split("."):
        found = found[int(name) if isinstance(found, list) else name]
    return found.get("non_field_errors", found) if isinstance(found, dict) else found


@pytest.mark.parametrize(("given", "path"), SAME.values(), ids=SAME)
def test_what_errors_says(mongodb, given, path):
    """The same text, with the same value, as the document's own errors()."""
    data = {**FINE, **given}
    serializer = ToldSerializer(data=data)
    assert not serializer.is_valid()
    found = json.loads(JSONRenderer().render(serializer.errors))
    document = mongodb.told.Told({**Told(), **data})
    with pytest.raises(SchemaDocumentError) as caught:
        document.validate()
    told = [one["message"] for one in caught.value.errors() if one["path"] == path]
    assert told
    assert found_at(found, path) == told
    assert "\ue000" not in str(found)


OTHERS = {
    "absent": ({"topic": ...}, {"topic": ["topic: None, {} 100%s; accepted: str"]}),
    "a length": ({"pair": [1]}, "pair: [1], {} 100%s"),
    "in a set": ({"words": ["a", [7]]}, "words.1: [7], {} 100%s"),
    "no set": ({"words": 5}, "words: 5, {} 100%s"),
    "a reference": ({"town": "nowhere"}, "town: 'nowhere', {} 100%s"),
    "in a list of references": ({"towns": ["nowhere"]}, "towns.0: 'nowhere', {} 100%s"),
    "no list of references": ({"towns": 3}, "towns: 3, {} 100%s"),
    "no object": ({"where": [1]}, "where: [1], {} 100%s"),
}


@pytest.mark.parametrize(("given", "told"), OTHERS.values(), ids=OTHERS)
def test_what_fields_say_with_the_value(mongodb, given, told):
    data = {name: value for name, value in {**FINE, **given}.items() if value is not ...}
    found = errors(ToldSerializer(data=data))
    assert found == told if isinstance(told, dict) else told in str(found)
    assert "\ue000" not in str(found)


def test_a_form_of_html(mongodb):
    data = QueryDict("topic=A&tags=a&where.city=B&where.zip=x&lines[0]sku=a&lines[0]count=y&seats=many")
    found = errors(ToldSerializer(data=data))
    assert found["seats"] == ["seats: 'many', {} 100%s; accepted: int"]
    assert found["where"]["zip"] == ["where.zip: 'x', {} 100%s; accepted: int"]
    assert found["lines"][0]["count"] == ["lines.0.count: 'y', {} 100%s; accepted: int"]


def test_several_documents(mongodb):
    found = errors(ToldSerializer(data=[FINE, {**FINE, "seats": "x"}], many=True))
    # The framework's own versions say it as a list, or by position.
    assert found[1] == {"seats": ["seats: 'x', {} 100%s; accepted: int"]}
    assert errors(ToldSerializer(data=3))["non_field_errors"]


def test_codes_are_kept(mongodb):
    serializer = ToldSerializer(data={**FINE, "seats": "x", "level": "odd", "where": 3})
    assert not serializer.is_valid()
    found = serializer.errors
    assert [found["seats"][0].code, found["level"][0].code] == ["invalid", "invalid_choice"]
    assert found["where"]["non_field_errors"][0].code == "invalid"


def test_what_a_filter_says(mongodb):
    """Of a value in a URL."""
    node = Told._structure.fields["seats"]
    with pytest.raises(ValidationError) as caught:
        stored_value(None, node, "x")
    assert caught.value.detail == ["seats: 'x', {} 100%s; accepted: int"]


def test_inside_of_a_serializer_of_ones_own(mongodb):
    class Around(serializers.Serializer):
        told = ToldSerializer()

    found = errors(Around(data={"told": {**FINE, "where": {"zip": "x"}}}))
    assert found == {"told": {"where": {"zip": ["where.zip: 'x', {} 100%s; accepted: int"]}}}
