"""The forms of 2010: every sentence of their contract."""

import datetime

import pytest
from django import forms
from django.core.exceptions import FieldError
from talks.models import Talk

from django_mongokit import forms as mongo_forms
from django_mongokit.document import DjangoDocument
from django_mongokit.forms import (
    BaseDocumentForm,
    DocumentForm,
    JsonField,
    JsonListField,
    document_to_dict,
    documentform_factory,
    fields_for_document,
    formfield_for_document_field,
    get_default_form_field_types,
    get_field_type_from_document,
    save_instance,
    value_from_document,
)


class Everything(DjangoDocument):
    """One field of each type that the forms of 2010 knew."""

    structure = {
        "a_bool": bool,
        "an_int": int,
        "a_float": float,
        "a_str": str,
        "a_datetime": datetime.datetime,
        "a_date": datetime.date,
        "a_time": datetime.time,
        "a_list": list,
        "a_dict": dict,
    }
    authorized_types = [datetime.date, datetime.time]
    required_fields = ["an_int", "a_list"]
    default_values = {"a_float": 1.5, "a_str": lambda: "made", "a_list": ["x"]}


class TalkForm(DocumentForm):
    class Meta:
        document = Talk


@pytest.fixture
def talks(mongodb):
    return mongodb.talks


DATA = {"topic": "Bananas", "when": "2010-03-08 12:03", "tags": '["a"]', "duration": "2.5"}


def test_all_the_old_names_are_there():
    old = [
        "DocumentForm",
        "BaseDocumentForm",
        "DocumentFormMetaclass",
        "DocumentFormOptions",
        "documentform_factory",
        "fields_for_document",
        "formfield_for_document_field",
        "document_to_dict",
        "value_from_document",
        "save_instance",
        "get_field_type_from_document",
        "get_default_form_field_types",
    ]
    assert set(old) <= set(mongo_forms.__all__)
    assert all(hasattr(mongo_forms, name) for name in mongo_forms.__all__)
    from django_mongokit.forms import fields

    assert (fields.JsonField, fields.JsonListField) == (JsonField, JsonListField)


FIELDS = {
    "a_bool": (forms.BooleanField, forms.CheckboxInput),
    "an_int": (forms.IntegerField, forms.NumberInput),
    "a_float": (forms.FloatField, forms.NumberInput),
    "a_str": (forms.CharField, forms.TextInput),
    "a_datetime": (forms.DateTimeField, forms.DateTimeInput),
    "a_date": (forms.DateField, forms.DateInput),
    "a_time": (forms.TimeField, forms.TimeInput),
    "a_list": (JsonListField, forms.TextInput),
    "a_dict": (JsonField, forms.Textarea),
}


@pytest.mark.parametrize(("name", "expected"), FIELDS.items(), ids=FIELDS)
def test_the_field_for_a_type(name, expected):
    field = formfield_for_document_field(Everything, name)
    assert isinstance(field, expected[0])
    assert isinstance(field.widget, expected[1])


@pytest.mark.parametrize(
    ("name", "initial"), {"a_list": ["x"], "a_dict": "{}", "a_float": 1.5, "an_int": None}.items()
)
def test_what_a_field_shows_first(name, initial):
    assert formfield_for_document_field(Everything, name).initial == initial


def test_a_list_without_a_default_shows_an_empty_one():
    assert formfield_for_document_field(Talk, "tags").initial == "[]"


def test_a_callable_default_is_called_when_the_form_is_shown(mongodb):
    form = documentform_factory(Everything)(collection=mongodb.things)
    assert form["a_str"].value() == "made"


@pytest.mark.parametrize(
    ("name", "required"),
    {"an_int": True, "a_list": True, "a_str": False, "a_bool": False, "a_dict": False}.items(),
)
def test_required_is_what_the_document_requires(name, required):
    assert formfield_for_document_field(Everything, name).required is required


def test_a_required_bool_may_be_false(mongodb):
    class Flagged(DjangoDocument):
        structure = {"flag": bool}
        required_fields = ["flag"]

    form = documentform_factory(Flagged)({}, collection=mongodb.flags)
    assert form.is_valid(), form.errors
    assert form.save()["flag"] is False


def test_the_order_of_the_structure_or_of_meta_fields():
    assert list(TalkForm.base_fields) == ["topic", "when", "tags", "duration"]
    form = documentform_factory(Talk, fields=["duration", "topic"])
    assert list(form.base_fields) == ["duration", "topic"]


def test_exclude():
    assert list(documentform_factory(Talk, exclude=["when", "tags"]).base_fields) == ["topic", "duration"]
    both = documentform_factory(Talk, fields=["when", "topic"], exclude=["when"])
    assert list(both.base_fields) == ["topic"]


@pytest.mark.parametrize("arguments", [{}, {"data": DATA}, {"instance": None, "collection": None}])
def test_without_instance_and_collection(arguments):
    with pytest.raises(TypeError, match=r"TalkForm needs instance=.* or collection="):
        TalkForm(**arguments)


def test_the_instance_must_be_bound():
    with pytest.raises(TypeError, match=r"bound to no collection: make it by collection.Talk"):
        TalkForm(instance=Talk())


def test_the_instance_must_be_of_the_class(mongodb):
    with pytest.raises(TypeError, match="is for Talk, not for Computer"):
        TalkForm(instance=mongodb.computers.Computer())


def test_the_document_of_meta_must_be_unbound(talks):
    with pytest.raises(TypeError, match=r"bound to no collection.*write Talk"):
        documentform_factory(talks.Talk)
    with pytest.raises(TypeError, match="write Talk"):
        type("F", (DocumentForm,), {"Meta": type("Meta", (), {"document": talks.Talk()})})


def test_the_document_of_meta_must_be_a_document():
    with pytest.raises(TypeError, match="subclass of Document"):
        type("F", (DocumentForm,), {"Meta": type("Meta", (), {"document": dict})})


def test_the_document_of_meta_must_be_there(talks):
    class Nothing(DocumentForm):
        pass

    with pytest.raises(AttributeError, match=r"Nothing has no Meta\.document"):
        Nothing(collection=talks)


@pytest.mark.parametrize("option", ["fields", "exclude", "localized_fields"])
def test_a_name_that_should_be_a_list_of_names(option):
    with pytest.raises(TypeError, match=rf"Meta.{option} cannot be a string. .*\('topic',\)"):
        documentform_factory(Talk, **{option: "topic"})


def test_an_unknown_name_in_fields():
    with pytest.raises(FieldError, match=r"Unknown field\(s\) \(topik\).*topic, when"):
        documentform_factory(Talk, fields=["topik"])


def test_all_fields_may_be_said():
    assert list(documentform_factory(Talk, fields="__all__").base_fields) == list(TalkForm.base_fields)


def test_an_empty_form_shows_nothing(talks):
    form = TalkForm(collection=talks)
    assert not form.is_bound
    assert form["topic"].value() is None
    assert form["tags"].value() == "[]"


@pytest.mark.parametrize("place", ["collection", "proxy"])
def test_a_new_document_is_saved(talks, place):
    form = TalkForm(DATA, collection=talks if place == "collection" else talks.Talk)
    assert form.is_valid(), form.errors
    talk = form.save()
    assert type(talk) is Talk
    [stored] = talks.find()
    assert stored["_id"] == talk["_id"]
    assert (stored["topic"], stored["tags"], stored["duration"]) == ("Bananas", ["a"], 2.5)


def test_a_document_is_shown_and_changed(talks):
    talk = talks.Talk({"topic": "Old", "when": None, "tags": ["é", 1], "duration": 1.0})
    talk.save()
    form = TalkForm(instance=talk)
    assert form["topic"].value() == "Old"
    assert form["tags"].value() == '["é", 1]'
    form = TalkForm(DATA, instance=talk)
    assert form.save() is talk
    [stored] = talks.find()
    assert (stored["_id"], stored["topic"]) == (talk["_id"], "Bananas")


def test_initial_goes_before_the_document(talks):
    talk = talks.Talk({"topic": "Old"})
    assert TalkForm(instance=talk, initial={"topic": "New"})["topic"].value() == "New"


def test_the_document_stays_as_it_is_until_it_is_saved(talks):
    talk = talks.Talk({"topic": "Old", "when": None, "tags": [], "duration": 1.0})
    form = TalkForm({**DATA, "duration": "x"}, instance=talk)
    assert not form.is_valid()
    assert TalkForm(DATA, instance=talk).is_valid()
    assert talk == {"topic": "Old", "when": None, "tags": [], "duration": 1.0}


def test_commit_false_stores_nothing(talks):
    form = TalkForm(DATA, collection=talks)
    talk = form.save(commit=False)
    assert talk["topic"] == "Bananas"
    assert talks.count_documents({}) == 0
    talk.save()
    assert talks.count_documents({}) == 1


def test_saving_validates(talks):
    form = TalkForm({**DATA}, collection=talks)
    talk = form.save(commit=False)
    talk["duration"] = "long"
    with pytest.raises(Exception, match="duration must be an instance of float"):
        talk.save()


@pytest.mark.parametrize(("saved", "word"), [(False, "created"), (True, "changed")])
def test_saving_a_form_with_errors(talks, saved, word):
    talk = talks.Talk({"topic": "Old"})
    given = {"instance": talk} if saved else {"collection": talks}
    form = TalkForm({"topic": ""}, **given)
    with pytest.raises(ValueError, match=f"The Talk could not be {word} because the data didn't validate"):
        form.save()
    assert talks.count_documents({}) == 0


def test_saving_a_form_that_was_not_sent(talks):
    with pytest.raises(ValueError, match="the form has no data"):
        TalkForm(collection=talks).save()


@pytest.mark.parametrize(
    ("text", "says"),
    {
        "no JSON": ("{not json", "Expecting property name"),
        "words": ("a, b", "Expecting value: line 1 column 1 (char 0)"),
        "half": ('["a"', "Expecting ',' delimiter"),
    }.values(),
)
def test_invalid_json_is_an_error_of_the_field(talks, text, says):
    form = TalkForm({**DATA, "tags": text}, collection=talks)
    [error] = form.errors["tags"]
    assert error.startswith(says)
    assert error.endswith('in which texts stand in double quotes: ["first", "second"]')
    assert str(form["tags"]).count(text.replace('"', "&quot;")) == 1


def test_empty_texts_are_an_empty_list_and_an_empty_dict():
    assert JsonListField(required=False).clean("") == []
    assert JsonField(required=False).clean(" ") == {}


def test_declared_fields_go_first(talks):
    class Own(DocumentForm):
        topic = forms.ChoiceField(choices=[("a", "A")])
        extra = forms.CharField(required=False)

        class Meta:
            document = Talk

    form = Own({**DATA, "topic": "a", "extra": "x"}, collection=talks)
    assert list(form.fields) == ["topic", "when", "tags", "duration", "extra"]
    assert form.is_valid(), form.errors
    assert form.cleaned_data["extra"] == "x"
    assert "extra" not in form.save()


def test_fields_may_name_a_declared_field_for_its_place():
    class Own(DocumentForm):
        extra = forms.CharField()

        class Meta:
            document = Talk
            fields = ["extra", "topic"]

    assert list(Own.base_fields) == ["extra", "topic"]


def test_clean_of_a_field(talks):
    class Own(TalkForm):
        def clean_topic(self):
            if self.cleaned_data["topic"] == "no":
                raise forms.ValidationError("Not this one")
            return self.cleaned_data["topic"].upper()

    assert Own({**DATA, "topic": "no"}, collection=talks).errors == {"topic": ["Not this one"]}
    assert Own(DATA, collection=talks).save()["topic"] == "BANANAS"


def test_clean_of_a_field_changes_what_was_not_touched(talks):
    class Own(TalkForm):
        def clean_topic(self):
            return self.cleaned_data["topic"].upper()

    talk = talks.Talk({"topic": "Bananas", "when": None, "tags": [], "duration": 1.0})
    assert Own(DATA, instance=talk).save()["topic"] == "BANANAS"


def test_factory(talks):
    class Base(DocumentForm):
        class Meta:
            labels = {"topic": "About"}

    form = documentform_factory(Talk, Base, ["topic"], help_texts={"topic": "In short"})
    assert form.__name__ == "TalkForm"
    assert issubclass(form, Base)
    bound = form(collection=talks)["topic"]
    assert (bound.label, bound.help_text) == ("About", "In short")


def test_factory_with_a_callback():
    def callback(document, name, **parameters):
        assert document is Talk
        return None if name == "tags" else forms.CharField(**{"label": name.upper(), **parameters})

    form = documentform_factory(Talk, formfield_callback=callback, labels={"when": "At"})
    assert {name: field.label for name, field in form.base_fields.items()} == {
        "topic": "TOPIC",
        "when": "At",
        "duration": "DURATION",
    }
    assert list(fields_for_document(Talk, formfield_callback=callback)) == ["topic", "when", "duration"]


def test_fields_for_document():
    assert list(fields_for_document(Talk)) == ["topic", "when", "tags", "duration"]
    found = fields_for_document(Talk, ["when", "topic"], ["topic"], widgets={"when": forms.HiddenInput})
    assert list(found) == ["when"]
    assert isinstance(found["when"].widget, forms.HiddenInput)
    with pytest.raises(FieldError, match="nothing"):
        fields_for_document(Talk, ["nothing"])


def test_formfield_for_document_field():
    field = formfield_for_document_field(Talk, "tags", form_class=forms.CharField, label="Words")
    assert type(field) is forms.CharField
    assert (field.label, field.required) == ("Words", False)
    with pytest.raises(KeyError):
        formfield_for_document_field(Talk, "nothing")


def test_document_to_dict(talks):
    talk = talks.Talk({"_id": 7, "topic": "T", "tags": ["a"]})
    assert document_to_dict(talk) == {"topic": "T", "tags": ["a"]}
    assert document_to_dict(talk, ["topic"]) == {"topic": "T"}
    assert document_to_dict(talk, exclude=["topic"]) == {"tags": ["a"]}


def test_value_from_document():
    assert value_from_document(Talk({"topic": "T"}), "topic") == "T"
    assert value_from_document(Talk({"topic": "T"}), "when") is None


class Typed(DjangoDocument):
    structure = {"words": [str], "nested": {"x": int}, "number": int}
    text: str


@pytest.mark.parametrize(
    ("name", "kind"), {"words": list, "nested": dict, "number": int, "text": str}.items()
)
def test_get_field_type_from_document(name, kind):
    assert get_field_type_from_document(Typed, name) is kind
    assert get_field_type_from_document(Typed(), name) is kind


def test_get_default_form_field_types():
    types = get_default_form_field_types()
    assert types[bool] is forms.BooleanField
    types.clear()
    assert get_default_form_field_types()[list] is JsonListField


def test_save_instance(talks):
    form = TalkForm(DATA, collection=talks)
    talk = talks.Talk()
    assert save_instance(form, talk, ["topic", "when"], exclude=["when"], commit=False) is talk
    assert (talk["topic"], talk["when"], talk["duration"]) == ("Bananas", None, None)
    assert talks.count_documents({}) == 0
    save_instance(form, talk)
    assert talks.find_one()["duration"] == 2.5
    with pytest.raises(ValueError, match="could not be eaten because"):
        save_instance(TalkForm({}, collection=talks), talk, fail_message="eaten")


def test_a_form_of_ones_own_base(talks):
    assert issubclass(DocumentForm, BaseDocumentForm)
    assert issubclass(documentform_factory(Talk), DocumentForm)


@pytest.mark.parametrize("name", ["_id", "_revision", "_type"])
def test_what_is_mongodbs_and_mongokits_own_is_asked_for_by_name_only(name):
    class Keyed(DjangoDocument):
        structure = {"_id": str, "_revision": int, "_type": str, "text": str}

    assert list(fields_for_document(Keyed)) == ["text"]
    assert list(fields_for_document(Keyed, [name, "text"])) == [name, "text"]
