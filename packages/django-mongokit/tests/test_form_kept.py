"""Values that a form's inputs cannot show as they are, and that validate: what nobody touches stays."""

import json
import math
import re
from typing import Annotated

import pytest
from annotated_types import MaxLen
from bson import Code
from django import forms

from django_mongokit import connection
from django_mongokit.document import DjangoDocument
from django_mongokit.forms import documentform_factory
from mongokit import IS


class Shirt(DjangoDocument):
    __collection__ = "kept_shirts"
    structure = {"title": str, "sizes": [IS("S", "M", "L")]}


class Script(DjangoDocument):
    __collection__ = "kept_scripts"
    structure = {"title": str, "run": Code}


def saved(database, cls, stored, sent):
    """What is stored after a form has been sent, or its errors."""
    collection = database[cls.__collection__]
    key = collection.insert_one(dict(stored)).inserted_id
    proxy = collection.proxy(cls)
    form = documentform_factory(cls)(sent, instance=proxy.find_one({"_id": key}))
    if not form.is_valid():
        return form.errors.get_json_data()
    form.save()
    return collection.find_one({"_id": key}, {"_id": 0})


@pytest.mark.parametrize(
    ("stored", "sent", "kept"),
    [
        (["S", None], ["S"], ["S", None]),
        ([None], [], [None]),
        ([None, "L", "S"], ["S", "L"], [None, "L", "S"]),
        (["S", "S"], ["S"], ["S", "S"]),
        (["S", None], ["S", "M"], ["S", "M"]),
        (["S", None], [], []),
        (["S"], ["S"], ["S"]),
    ],
)
def test_none_among_choices(mongodb, stored, sent, kept):
    found = saved(mongodb, Shirt, {"title": "a", "sizes": stored}, {"title": "b", "sizes": sent})
    assert found == {"title": "b", "sizes": kept}


@pytest.mark.parametrize(
    ("stored", "sent", "kept"),
    [
        (Code("f()"), '{"$code": "f()"}', Code("f()")),
        (Code("f()", {"a": 1}), '{"$code": "f()", "$scope": {"a": 1}}', Code("f()", {"a": 1})),
        (Code("f()"), '{"$code": "g()"}', Code("g()")),
        (None, '{"$code": "g()"}', Code("g()")),
        (None, "", None),
    ],
)
def test_code(mongodb, stored, sent, kept):
    shown = documentform_factory(Script)(
        instance=mongodb.kept_scripts.proxy(Script)({"title": "a", "run": stored})
    )
    assert (stored is None) or "$code" in str(shown["run"])
    found = saved(mongodb, Script, {"title": "a", "run": stored}, {"title": "b", "run": sent})
    assert found == {"title": "b", "run": kept}
    assert type(found["run"]) is type(kept)


@pytest.mark.parametrize("text", ["f()", '"f()"', "5", "{"])
def test_what_is_no_code(mongodb, text):
    assert list(saved(mongodb, Script, {"title": "a", "run": Code("f()")}, {"title": "b", "run": text})) == [
        "run"
    ]


class Poem(DjangoDocument):
    __collection__ = "kept_poems"
    title: Annotated[str, MaxLen(5)]
    text: str = "one\ntwo"
    weight: float | None = None


connection.register([Poem])


def shown(form, name):
    return re.search(rf"<(\w+)[^>]*name=\"{name}\"[^>]*>", str(form))


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("ab\r\ncd", "ab\ncd"),
        ("ab\rcd", "ab\ncd"),
        ("\r\na\r\n", "a"),
        ("abcdef", None),
        ("ab\r\ncde", None),
    ],
)
def test_lines_that_are_entered(mongodb, sent, kept):
    """A line end is one character, as the document's class counts it."""
    form = documentform_factory(Poem)(
        {"title": sent, "text": "x", "weight": ""}, collection=mongodb.kept_poems
    )
    assert form.is_valid() == (kept is not None)
    if kept is None:
        assert shown(form, "title")[1] == ("textarea" if "\n" in sent else "input")
    else:
        form.save()
        assert mongodb.kept_poems.find_one()["title"] == kept


def test_which_inputs_are_textareas(mongodb):
    """Those of texts of several lines: in the document, by default, or given; and those that a class asks for."""
    kind, made = (
        documentform_factory(Poem),
        mongodb.kept_poems.Poem({"title": "a\nb", "text": "one line", "weight": None}),
    )
    made.save()
    tags = {
        "new": kind(collection=mongodb.kept_poems),
        "stored": kind(instance=made),
        "given": kind(initial={"title": "x", "text": "a\r\nb"}, instance=made),
        "asked for": documentform_factory(Poem, widgets={"text": forms.Textarea})(instance=made),
    }
    assert {name: (shown(form, "title")[1], shown(form, "text")[1]) for name, form in tags.items()} == {
        "new": ("input", "textarea"),
        "stored": ("textarea", "input"),
        "given": ("input", "textarea"),
        "asked for": ("textarea", "textarea"),
    }
    assert 'maxlength="5"' in shown(tags["stored"], "title")[0]
    assert "required" in shown(tags["stored"], "title")[0]
    assert shown(kind(collection=mongodb.kept_poems), "title")[1] == "input", "of another form of the class"


@pytest.mark.parametrize("text", ["nan", "inf", "-Infinity", "NaN"])
def test_nobody_enters_what_is_no_number(mongodb, text):
    form = documentform_factory(Poem)(
        {"title": "a", "text": "x", "weight": text}, collection=mongodb.kept_poems
    )
    assert form.errors == {"weight": ["Enter a number."]}
    assert 'type="text"' in shown(form, "weight")[0], "a browser would empty one for numbers"


def test_a_clean_method_sees_what_is_stored_and_may_change_it(mongodb):
    class Form(documentform_factory(Poem)):
        def clean_weight(self):
            return 0.0 if math.isnan(self.cleaned_data["weight"]) else self.cleaned_data["weight"]

    made = mongodb.kept_poems.Poem({"title": "a", "text": "x", "weight": float("nan")})
    made.save()
    assert Form({"title": "b", "text": "x", "weight": "nan"}, instance=made).try_save()
    assert mongodb.kept_poems.find_one()["weight"] == 0


class Parcel(DjangoDocument):
    __collection__ = "kept_parcels"
    structure = {
        "title": str,
        "text": str,
        "weight": float,
        "tags": [str],
        "nest": {"text": str, "weight": float},
        "rows": [{"text": str, "weight": float}],
    }
    accept_missing_fields = True


#: What is sent for no field but the title.
UNTOUCHED = {
    "text": "",
    "weight": "",
    "tags": "[]",
    "nest-text": "",
    "nest-weight": "1.0",
    "rows-TOTAL_FORMS": "2",
    "rows-INITIAL_FORMS": "1",
    "rows-0-text": "",
    "rows-0-weight": "2.0",
    "rows-0-ORDER": "1",
    "rows-1-text": "",
    "rows-1-weight": "",
    "rows-1-ORDER": "",
}
PARTLY = {"nest": {"weight": 1.0}, "rows": [{"weight": 2.0}]}


@pytest.mark.parametrize(
    ("entered", "changed"),
    [
        ({}, {}),
        ({"text": "t"}, {"text": "t"}),
        ({"tags": '["t"]'}, {"tags": ["t"]}),
        ({"nest-text": "t"}, {"nest": {"weight": 1.0, "text": "t"}}),
        ({"nest-weight": "3"}, {"nest": {"weight": 3.0}}),
        ({"rows-0-text": "t"}, {"rows": [{"weight": 2.0, "text": "t"}]}),
    ],
)
def test_what_may_be_missing_is_not_filled(mongodb, entered, changed):
    found = saved(mongodb, Parcel, {"title": "a", **PARTLY}, {"title": "b", **UNTOUCHED, **entered})
    assert found == {"title": "b", **PARTLY, **changed}


def test_a_new_document_is_filled(mongodb):
    rows = {"rows-INITIAL_FORMS": "0", "rows-TOTAL_FORMS": "0"}
    form = documentform_factory(Parcel)({"title": "b", **UNTOUCHED, **rows}, collection=mongodb.kept_parcels)
    assert form.is_valid(), form.errors
    assert form.save().keys() >= Parcel.structure.keys()


@pytest.mark.parametrize("stored", ["text", "a, b", '"', "{}"])
def test_a_text_where_a_list_is_declared_is_shown_as_the_text_it_is(mongodb, stored):
    collection = mongodb.kept_parcels
    key = collection.insert_one({"title": "a", "tags": stored}).inserted_id
    form = documentform_factory(Parcel)(instance=collection.proxy(Parcel).find_one({"_id": key}))
    assert json.loads(form["tags"].value() if isinstance(form["tags"].value(), str) else "") == stored
