"""A document's own texts for errors, as JSON: for what fields find, and for what the document does."""

from __future__ import annotations

import datetime
import enum
from typing import Annotated, Any

import annotated_types as at
import pytest
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from django_mongokit.document import DjangoDocument
from django_mongokit.rest import DocumentSerializer
from mongokit import IS, Ref, SchemaDocument, Set


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
    "a value that the framework does not tell": ({"name": []}, {"name": ["Not a valid string."]}),
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
