"""Several references that are searched for: the field, and its input without a script."""

import re

import pytest
from bson import ObjectId
from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from shows.models import Theatre, Troupe
from shows.search import TouringForm, theatres
from shows.testing import Markup

from django_mongokit.forms import DocumentForm, DocumentMultipleSearchField
from django_mongokit.searching import DocumentSearch
from mongokit import Ref

NAMES = ["Globe", "Rose", "Rose", "Rose Garden", "<Swan>"]
GLOBE, ROSE, OTHER_ROSE, GARDEN, SWAN = (ObjectId(bytes([65 + at]) * 12) for at in range(5))


@pytest.fixture
def stored(mongodb):
    """Some theatres, two of one name."""
    keys = [GLOBE, ROSE, OTHER_ROSE, GARDEN, SWAN]
    mongodb.theatres.insert_many(
        {"_id": key, "name": name, "city": "Bonn"} for key, name in zip(keys, NAMES, strict=True)
    )
    return mongodb.troupes


@pytest.fixture
def touring(stored):
    """Store a troupe with theatres, and return it as it is read."""

    def store(*keys):
        stored.insert_one(
            {"_id": 1, "name": "T", "home": None, "theatres": [*keys], "main": None, "stages": []}
        )
        return stored.Troupe.one({"_id": 1})

    return store


def sent(text="", keys=(), found=(), shown=""):
    data = QueryDict(mutable=True)
    data.update({"name": "T", "theatres": text, "theatres-shown": shown})
    data.setlist("theatres-key", [str(one) for one in keys])
    data.setlist("theatres-found", [str(one) for one in found])
    return data


def keys_of(form):
    assert form.is_valid(), form.errors
    return [one.id for one in form.cleaned_data["theatres"]]


def shown(form):
    """What the form shows: the text, the boxes of what is chosen and of what is found, each with its label."""
    html = str(form["theatres"])
    boxes = {
        kind: re.findall(rf'name="theatres-{kind}" value="([^"]*)"( checked)?> ([^<]*)</label>', html)
        for kind in ("key", "found")
    }
    assert all(
        bool(checked) == (kind == "key") for kind, found in boxes.items() for _key, checked, _text in found
    )
    [text] = Markup(f"<form>{html}</form>").forms["form"]["theatres"]
    return text, *({key: text for key, _checked, text in boxes[kind]} for kind in ("key", "found"))


# What is sent, and what it means.
SENT = {
    "nothing": ({}, []),
    "one that was chosen": ({"keys": [GLOBE]}, [GLOBE]),
    "several, in their order": ({"keys": [SWAN, GLOBE]}, [SWAN, GLOBE]),
    "a name": ({"text": " globe "}, [GLOBE]),
    "a name beside others": ({"keys": [SWAN], "text": "globe"}, [SWAN, GLOBE]),
    "a name of one that was chosen": ({"keys": [GLOBE, SWAN], "text": "Globe"}, [GLOBE, SWAN]),
    "a key": ({"text": str(ROSE)}, [ROSE]),
    "of what was found": ({"text": "rose", "shown": "rose", "found": [ROSE, GARDEN]}, [ROSE, GARDEN]),
    "of what was found, beside others": (
        {"keys": [GLOBE], "text": "rose", "shown": "rose", "found": [OTHER_ROSE]},
        [GLOBE, OTHER_ROSE],
    ),
    "and another text": ({"text": "swan>", "shown": "rose", "found": [ROSE]}, None),
    "and another name": ({"text": "<swan>", "shown": "rose", "found": [ROSE]}, [ROSE, SWAN]),
    "one twice": ({"keys": [GLOBE], "found": [GLOBE], "text": "g", "shown": "g"}, [GLOBE]),
    "empty keys": ({"keys": ["", GLOBE]}, [GLOBE]),
}


@pytest.mark.parametrize(("given", "expected"), SENT.values(), ids=SENT)
def test_what_is_sent(stored, given, expected):
    form = TouringForm(sent(**given), collection=stored)
    if expected is None:
        assert form.has_error("theatres", "choose")
        return
    assert keys_of(form) == expected
    text, chosen, found = shown(form)
    assert (text, list(chosen), found) == ("", [str(key) for key in expected], {}), (
        "shown again, it is chosen"
    )
    saved = form.save()
    assert [one.id for one in stored.Troupe.one({"_id": saved["_id"]})["theatres"]] == expected


UNCLEAR = {
    "two of the name": ("Rose", [ROSE, OTHER_ROSE, GARDEN]),
    "a part of the name": ("swan", [SWAN]),
    "in another field": ("bonn", [GLOBE, OTHER_ROSE, GARDEN, SWAN]),
    "nothing": ("Odeon", []),
    "no pattern": (".*", []),
    "a NUL": ("swa\0n", [SWAN]),
}


@pytest.mark.parametrize(("text", "offered"), UNCLEAR.values(), ids=UNCLEAR)
def test_what_is_unclear_is_offered_beside_what_is_chosen(stored, text, offered):
    chosen = [ROSE] if text == "bonn" else []
    form = TouringForm(sent(text, keys=chosen), collection=stored)
    assert [one.code for one in form.errors.as_data()["theatres"]] == ["choose" if offered else "nothing"]
    shown_text, boxes, found = shown(form)
    assert (shown_text, list(boxes)) == (text.replace("\0", "\ufffd"), [str(key) for key in chosen])
    assert sorted(found) == sorted(str(key) for key in offered)
    assert ("&lt;Swan&gt;" in found.values()) == (SWAN in offered)
    # Sent as it is nothing is chosen, and it is asked once more.
    again = TouringForm(sent(text, keys=chosen, shown=text), collection=stored)
    assert again.has_error("theatres")
    if offered:
        again = TouringForm(sent(text, keys=chosen, shown=text, found=offered[-1:]), collection=stored)
        assert keys_of(again) == [*chosen, offered[-1]]


def test_a_document_with_references(stored, touring):
    troupe = touring(SWAN, GLOBE)
    text, chosen, found = shown(TouringForm(instance=troupe))
    assert (text, found) == ("", {})
    assert list(chosen.items()) == [(str(SWAN), "&lt;Swan&gt;"), (str(GLOBE), "Globe")]
    same = TouringForm(sent(keys=[SWAN, GLOBE]), instance=troupe)
    assert keys_of(same) == [SWAN, GLOBE]
    assert not same.has_changed()
    for changed in ({"keys": [GLOBE, SWAN]}, {"keys": [SWAN]}, {}, {"keys": [SWAN, GLOBE], "text": "x"}):
        assert TouringForm(sent(**changed), instance=troupe).changed_data == ["theatres"]


def test_one_whose_document_is_gone(stored, touring):
    gone = ObjectId(b"z" * 12)
    troupe = touring(GLOBE, gone)
    _text, chosen, _found = shown(TouringForm(instance=troupe))
    assert chosen == {str(GLOBE): "Globe", str(gone): f"{gone} (not there any more)"}
    stays = TouringForm(sent(keys=[GLOBE, gone]), instance=troupe)
    assert stays.is_valid(), "what nobody has touched stays"
    assert keys_of(TouringForm(sent(keys=[GLOBE]), instance=troupe)) == [GLOBE]
    refused = TouringForm(sent(keys=[GLOBE, gone, SWAN]), instance=troupe)
    assert refused.has_error("theatres", "invalid_choice")


@pytest.mark.parametrize("key", ["0" * 24, "\ud800", "x", "9" * 30])
def test_a_key_of_nobody(stored, key):
    form = TouringForm(sent(keys=[GLOBE, key]), collection=stored)
    assert form.has_error("theatres", "invalid_choice")


def test_only_those_that_the_search_finds(stored):
    stored.database.theatres.update_one({"_id": OTHER_ROSE}, {"$set": {"city": "Ulm"}})
    field = DocumentMultipleSearchField(DocumentSearch(Theatre, "name", query={"city": "Bonn"}))
    assert [one.id for one in field.clean([str(GLOBE)])] == [GLOBE]
    with pytest.raises(ValidationError):
        field.clean([str(OTHER_ROSE)])
    only = type("Form", (forms.Form,), {"theatres": field})(sent("rose"))
    assert only.is_valid(), "of two of the name one is in Bonn"
    assert "data-url" not in str(only["theatres"])


def test_required(stored):
    form = type("Form", (forms.Form,), {"theatres": DocumentMultipleSearchField(theatres)})
    assert not re.search(r"<input[^>]* required", str(form()["theatres"])), (
        "the input is empty where all is chosen"
    )
    assert form(sent()).has_error("theatres", "required")
    assert form(sent("globe")).is_valid()


def test_a_disabled_one_keeps_what_is_there(stored, touring):
    class Fixed(DocumentForm):
        theatres = DocumentMultipleSearchField(theatres, disabled=True)

        class Meta:
            document = Troupe
            fields = ("name", "theatres")

    form = Fixed(sent(keys=[SWAN]), instance=touring(GLOBE))
    assert keys_of(form) == [GLOBE]
    assert Markup(f'<form id="f">{form["theatres"]}</form>').forms["f"] == {"theatres-shown": [""]}


def test_a_plain_dict_is_data_too(stored):
    form = TouringForm(
        {"name": "T", "theatres": "", "theatres-key": [str(SWAN), str(GLOBE)]}, collection=stored
    )
    assert keys_of(form) == [SWAN, GLOBE]
    assert keys_of(TouringForm({"name": "T", "theatres-key": str(SWAN)}, collection=stored)) == [SWAN]


def test_it_is_cleaned_to_references(stored):
    field = DocumentMultipleSearchField(theatres, kind=tuple, required=False)
    assert field.clean([]) == ()
    [found] = field.clean([str(GLOBE)])
    assert isinstance(found, Ref)
    [found] = DocumentMultipleSearchField(theatres, eager=True).clean([str(GLOBE)])
    assert isinstance(found, Theatre)


def test_what_is_chosen_is_asked_for_at_once(stored, touring, monkeypatch):
    asked = []
    documents = theatres.documents
    monkeypatch.setattr(theatres, "documents", lambda: asked.append(1) or documents())
    troupe = touring(GLOBE, ROSE, SWAN)
    assert len(shown(TouringForm(instance=troupe))[1]) == 3
    assert len(asked) == 1
