"""A document's own texts for errors, in forms: at their fields, below `Meta`'s, in the language of whoever reads them."""

from __future__ import annotations

import datetime
import enum
from typing import Annotated, Any, Literal

import annotated_types as at
import pytest
from django import forms
from django.contrib import admin
from django.test import RequestFactory
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from django_mongokit.admin import DocumentAdmin
from django_mongokit.document import DjangoDocument
from django_mongokit.forms import DocumentForm, documentform_factory
from mongokit import IS, SchemaDocument


class Kind(enum.Enum):
    SHORT = "short"
    LONG = "long"


class Speaker(SchemaDocument):
    structure = {"name": str, "age": int}
    required_fields = ["name"]
    error_messages = {"name": {"required": "Who speaks?"}, "age": {"invalid_type": "An age is a number"}}


class Conference(DjangoDocument):
    structure = {
        "topic": str,
        "when": datetime.datetime,
        "seats": int,
        "price": float,
        "level": IS("easy", "hard"),
        "tags": [str],
        "days": [IS("mo", "tu")],
        "where": {"city": str, "zip": int},
        "lines": [{"sku": str, "count": int}],
        "speaker": Speaker,
    }
    required_fields = ["topic", "where.city", "lines.sku"]
    validators = {"seats": lambda seats: seats > 0}
    error_messages = {
        "topic": {"required": "Give it a topic: 100%, {field}"},
        "when": {"invalid_type": _("Enter a valid date/time.")},
        "seats": {
            "invalid_type": "{value} is no number {{}} of %(seats)s",
            "validator": "{value} seats are too few",
        },
        "price": _("Enter a number."),
        "level": {"invalid_choice": "{value} is none of {accepted}, 100%"},
        "tags": {"invalid_type": "A tag is a word, {path}"},
        "days": {"invalid_choice": "No such day"},
        "where.city": {"required": "In which city?"},
        "where.zip": {"invalid_type": "A code of {accepted}"},
        "lines.sku": {"required": "Of what?"},
        "lines.count": {"invalid_type": "{value} is no count"},
    }


class Lecture(DjangoDocument):
    topic: str
    kind: Kind = Kind.SHORT
    language: Literal["de", "en"] = "de"
    seats: Annotated[int, at.Ge(1), at.Le(10)] = 1
    name: Annotated[str, at.MinLen(2), lambda name: name != "no"] = "abc"
    error_messages = {
        "topic": {"required": _("This field is required."), "invalid_type": "unused"},
        "kind": "A kind is {accepted}",
        "language": {"invalid_type": "A language is {accepted}"},
        "seats": {"validator": "From one to ten, 100% not {value}"},
        "name": {"validator": "A name is longer"},
    }


ConferenceForm = documentform_factory(Conference)
LectureForm = documentform_factory(Lecture)


@pytest.fixture
def conferences(mongodb):
    return mongodb.conferences


def sent(**given: Any) -> dict[str, Any]:
    """Return what a valid page sends, but for what is given."""
    return {
        "topic": "A",
        "when": "",
        "seats": "",
        "price": "",
        "level": "",
        "tags": "[]",
        "where-city": "B",
        "where-zip": "",
        "speaker-name": "C",
        "speaker-age": "",
        "lines-TOTAL_FORMS": "1",
        "lines-INITIAL_FORMS": "0",
        "lines-0-sku": "",
        "lines-0-count": "",
        **given,
    }


SAID = {
    "required": ({"topic": ""}, {"topic": ["Give it a topic: 100%, topic"]}),
    "a wrong type": ({"seats": "many"}, {"seats": ["'many' is no number {} of %(seats)s"]}),
    "hostile": ({"seats": "{path}%s{0}"}, {"seats": ["'{path}%s{0}' is no number {} of %(seats)s"]}),
    "a validator": ({"seats": "-3"}, {"seats": ["-3 seats are too few"]}),
    "a choice": ({"level": "odd"}, {"level": ["'odd' is none of 'easy' or 'hard', 100%"]}),
    "a hostile choice": (
        {"level": "%(x)s{path}"},
        {"level": ["'%(x)s{path}' is none of 'easy' or 'hard', 100%"]},
    ),
    "choices": ({"days": ["mo", "xx"]}, {"days": ["No such day"]}),
    "in a list": ({"tags": '["a", 3]'}, {"tags": ["A tag is a word, tags.1"]}),
    "no list": ({"tags": "{}"}, {"tags": ["A tag is a word, tags"]}),
    "lazy": (
        {"price": "x", "when": "x"},
        {"when": ["Enter a valid date/time."], "price": ["Enter a number."]},
    ),
    "nested": (
        {"where-city": "", "where-zip": "x"},
        {"where": ["City: In which city?", "Zip: A code of int"]},
    ),
    "a formset": (
        {"lines-0-sku": "", "lines-0-count": "x"},
        {"lines": ["#1: Sku: Of what?", "#1: Count: 'x' is no count"]},
    ),
    "embedded": (
        {"speaker-name": "", "speaker-age": "x"},
        {"speaker": ["Name: Who speaks?", "Age: An age is a number"]},
    ),
}


@pytest.mark.parametrize(("given", "errors"), SAID.values(), ids=SAID)
def test_what_the_document_says(conferences, given, errors):
    form = ConferenceForm(sent(**given), collection=conferences)
    assert form.errors == errors
    assert all(code for codes in form.errors.get_json_data().values() for code in codes)


GERMAN = {
    "fields": (
        {"price": "x", "when": "x"},
        {
            "when": ["Bitte ein gültiges Datum und Uhrzeit eingeben."],
            "price": ["Bitte eine Zahl eingeben."],
        },
    ),
    "the document": ({"seats": "-3"}, {"seats": ["-3 seats are too few"]}),
}


@pytest.mark.parametrize(("given", "errors"), GERMAN.values(), ids=GERMAN)
def test_in_another_language(conferences, given, errors):
    with translation.override("de"):
        assert ConferenceForm(sent(**given), collection=conferences).errors == errors


ANNOTATED = {
    "required": ({"topic": ""}, {"topic": ["This field is required."]}),
    "an enumeration": ({"kind": "odd"}, {"kind": ["A kind is 'short' or 'long'"]}),
    "a literal": ({"language": "fr"}, {"language": ["A language is 'de' or 'en'"]}),
    "too few": ({"seats": "0"}, {"seats": ["From one to ten, 100% not 0"]}),
    "too many": ({"seats": "11"}, {"seats": ["From one to ten, 100% not 11"]}),
    "too short": ({"name": "a"}, {"name": ["A name is longer"]}),
    "a validator": ({"name": "no"}, {"name": ["A name is longer"]}),
    "beyond BSON": (
        {"seats": str(2**64)},
        {"seats": ["From one to ten, 100% not 18446744073709551616"]},
    ),
}


@pytest.mark.parametrize(("given", "errors"), ANNOTATED.values(), ids=ANNOTATED)
def test_annotated(mongodb, given, errors):
    data = {"topic": "A", "kind": "short", "language": "de", "seats": "1", "name": "abc", **given}
    form = LectureForm(data, collection=mongodb.lectures)
    assert {name: list(dict.fromkeys(texts)) for name, texts in form.errors.items()} == errors


def test_annotated_in_another_language(mongodb):
    data = {"topic": "", "kind": "short", "language": "de", "seats": "1", "name": "abc"}
    with translation.override("de"):
        form = LectureForm(data, collection=mongodb.lectures)
        assert form.errors == {"topic": ["Dieses Feld ist zwingend erforderlich."]}


META = {
    "required": ({"topic": ""}, {"topic": ["Meta required"]}),
    "invalid": ({"seats": "x"}, {"seats": ["Meta invalid"]}),
    "validator": ({"seats": "-1"}, {"seats": ["Meta validator"]}),
    "choice": ({"level": "x"}, {"level": ["Meta choice"]}),
    "nested": ({"where-city": "", "where-zip": "x"}, {"where": ["City: Meta city", "Zip: A code of int"]}),
    "type": ({"tags": "[3]"}, {"tags": ["Meta type"]}),
}


@pytest.mark.parametrize(("given", "errors"), META.values(), ids=META)
def test_meta_goes_before_the_document(conferences, given, errors):
    form = documentform_factory(
        Conference,
        error_messages={
            "topic": {"required": "Meta required"},
            "seats": {"invalid": "Meta invalid", "validator": "Meta validator"},
            "level": {"invalid_choice": "Meta choice"},
            "where.city": {"required": "Meta city"},
            "tags": {"type": "Meta type"},
        },
    )(sent(**given), collection=conferences)
    assert form.errors == errors


def test_what_meta_does_not_say_the_document_does(conferences):
    form = documentform_factory(Conference, error_messages={"seats": {"required": "Meta"}})
    assert form(sent(seats="x"), collection=conferences).errors["seats"] == [
        "'x' is no number {} of %(seats)s"
    ]


def test_other_classes_of_fields_have_the_texts(conferences):
    form = documentform_factory(
        Conference, field_classes={"topic": forms.SlugField, "seats": forms.DecimalField}
    )
    found = form(sent(topic="", seats="x"), collection=conferences).errors
    assert found == {"topic": ["Give it a topic: 100%, topic"], "seats": ["'x' is no number {} of %(seats)s"]}


class Positional(forms.IntegerField):
    """A field whose errors have parameters without names."""

    def to_python(self, value):
        try:
            return super().to_python(value)
        except forms.ValidationError:
            raise forms.ValidationError(self.error_messages["invalid"], params=(value,)) from None


def test_parameters_without_names(conferences):
    form = documentform_factory(Conference, field_classes={"seats": Positional})
    found = form(sent(seats="x"), collection=conferences).errors
    assert found == {"seats": ["'x' is no number {} of %(seats)s"]}


def test_a_declared_field_has_its_own_texts_and_the_document_s_for_the_document(conferences):
    class Form(DocumentForm):
        topic = forms.CharField(required=False, empty_value=None)
        seats = forms.IntegerField(required=False, error_messages={"invalid": "mine"})

        class Meta:
            document = Conference
            fields = ["topic", "seats"]

    form = Form({"topic": "", "seats": "x"}, collection=conferences)
    assert form.errors == {"topic": ["Give it a topic: 100%, topic"], "seats": ["mine"]}


def test_a_text_without_places_is_the_very_text(conferences):
    form = ConferenceForm(collection=conferences)
    assert form["where"].inner.fields["city"].error_messages["required"] == "In which city?"
    assert str(form.fields["topic"].error_messages["required"]) == "Give it a topic: 100%, topic"
    assert form.fields["seats"].error_messages["required"] == forms.Field.default_error_messages["required"]


def test_what_is_stored_and_unfit_is_told_in_the_document_s_words(conferences):
    conferences.insert_one(
        {**Conference(), "topic": "A", "where": {"city": "B", "zip": None}, "seats": ["x"]}
    )
    conference = Conference(conferences.find_one(), collection=conferences)
    form = ConferenceForm(sent(seats=str(["x"])), instance=conference)
    assert form.errors["seats"] == [""""['x']" is no number {} of %(seats)s"""]


def test_the_admin(conferences):
    class ConferenceAdmin(DocumentAdmin):
        collection = "conferences"

    form = ConferenceAdmin(Conference, admin.AdminSite()).get_form(RequestFactory().get("/"))
    data = sent(topic="", seats="x", **{"where-city": ""})
    found = form(data, collection=conferences).errors
    assert found["topic"] == ["Give it a topic: 100%, topic"]
    assert found["seats"] == ["'x' is no number {} of %(seats)s"]
    assert found["where"] == ["City: In which city?"]


def test_html_in_what_was_sent_is_escaped(conferences):
    form = ConferenceForm(sent(seats="<b>"), collection=conferences)
    assert "<b>" not in form.as_p()
    assert "&lt;b&gt;" in str(form["seats"].errors)
