"""References that are searched for: the field and its input without a script, and the view that the script asks."""

import re

import pytest
from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.test import Client
from shows.models import Theatre, Troupe
from shows.search import TroupeForm, theatres

from django_mongokit.forms import DocumentSearchField
from django_mongokit.searching import PAGE, DocumentSearch


@pytest.fixture
def stored(mongodb):
    """Some theatres, two of one name."""
    found = []
    for name, city in [
        ("Globe", "London"),
        ("Rose", "London"),
        ("Rose", "Bonn"),
        ("Rose Garden", "Bonn"),
        ("<Swan>", "Ulm"),
    ]:
        made = mongodb.theatres.Theatre()
        made.update(name=name, city=city)
        made.save()
        found.append(made)
    return found


@pytest.fixture
def many(mongodb):
    mongodb.theatres.insert_many([{"name": f"Stage {number:03}", "city": "Köln"} for number in range(205)])


def form(text="", key="", shown="", **kwargs):
    data = QueryDict(mutable=True)
    data.update({"name": "Troupe", "home": text, "home-key": key, "home-shown": shown})
    return TroupeForm(data, **kwargs)


def inputs(html):
    return dict(re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', html))


# The field.


def test_what_is_chosen(mongodb, stored):
    found = form("Globe", stored[0].pk, "Globe", collection=mongodb.troupes)
    assert found.is_valid(), found.errors
    assert found.save()["home"].id == stored[0]["_id"]


def test_nothing_is_chosen(mongodb, stored):
    """Who empties the input means nobody, whatever was chosen before."""
    found = form("", stored[0].pk, "Globe", collection=mongodb.troupes)
    assert found.is_valid(), found.errors
    assert found.cleaned_data["home"] is None


TYPED = {
    "as one is called": ("globe ", 0),
    "as one is called, of which others have the words": ("Rose Garden", 3),
    "the key": (None, 1),
}


@pytest.mark.parametrize(("text", "place"), TYPED.values(), ids=TYPED)
@pytest.mark.parametrize("stale", [False, True], ids=["", "another was chosen before"])
def test_what_is_typed(mongodb, stored, text, place, stale):
    before = (stored[4].pk, "<Swan>") if stale else ()
    found = form(stored[place].pk if text is None else text, *before, collection=mongodb.troupes)
    assert found.is_valid(), found.errors
    assert found.cleaned_data["home"].id == stored[place]["_id"]
    html = str(found["home"])
    assert inputs(html)["home-key"] == stored[place].pk, "shown again, it is chosen"


UNCLEAR = {
    "two of the name": ("Rose", {"Rose": 2, "Rose Garden": 1}),
    "a part of the name": ("glo", {"Globe": 1}),
    "in another field": ("bonn", {"Rose": 1, "Rose Garden": 1}),
    "what HTML has a meaning for": ("swan", {"&lt;Swan&gt;": 1}),
    "no pattern": (".*", {}),
    "nothing": ("Odeon", {}),
    "too long": ("x" * 2000, {}),
    "a NUL": ("Glo\0be", {"Globe": 1}),
}


@pytest.mark.parametrize(("text", "offered"), UNCLEAR.values(), ids=UNCLEAR)
def test_what_is_unclear_is_offered_at_the_field(mongodb, stored, text, offered):
    found = form(text, collection=mongodb.troupes)
    assert [one.code for one in found.errors.as_data()["home"]] == ["choose" if offered else "nothing"]
    html = str(found["home"])
    options = re.findall(r'<option value="(\w+)">([^<]*)</option>', html)
    assert {label: len([one for one in options if one[1] == label]) for _key, label in options} == offered
    if not options:
        return
    # The answer to that page, where one is chosen and the text is as it was.
    assert 'name="home-shown"' in html
    key, label = options[-1]
    again = form(text, key, text, collection=mongodb.troupes)
    assert again.is_valid(), again.errors
    assert str(again.cleaned_data["home"].id) == key
    assert f'value="{label}"' in str(again["home"])


def test_of_many(mongodb, many):
    """Of more documents than a select has."""
    html = str(TroupeForm(collection=mongodb.troupes)["home"])
    assert "Stage" not in html
    assert 'data-url="/theatres/search/"' in html
    html = str(form("Stage", collection=mongodb.troupes)["home"])
    assert html.count("<option") == 101
    found = form("stage 204", collection=mongodb.troupes)
    assert found.is_valid(), found.errors


def test_a_document_with_a_reference(mongodb, stored):
    troupe = mongodb.troupes.Troupe()
    troupe.update(name="Troupe", home=stored[4])
    troupe.save()
    troupe = mongodb.troupes.Troupe.one({"_id": troupe["_id"]})
    html = str(TroupeForm(instance=troupe)["home"])
    assert 'value="&lt;Swan&gt;"' in html
    assert inputs(html) == {"home-shown": "&lt;Swan&gt;", "home-key": stored[4].pk}
    same = form("<Swan>", stored[4].pk, "<Swan>", instance=troupe)
    assert same.is_valid()
    assert not same.has_changed()
    assert form("Globe", stored[4].pk, "<Swan>", instance=troupe).has_changed()
    stored[4].delete()
    html = str(TroupeForm(instance=troupe)["home"])
    text = f"{stored[4].pk} (not there any more)"
    assert f'value="{text}"' in html
    stays = form(text, stored[4].pk, text, instance=troupe)
    assert stays.is_valid(), stays.errors
    assert stays.save()["home"].id == stored[4]["_id"]


@pytest.mark.parametrize("key", ["0" * 24, "\ud800", "x", "9" * 30])
def test_a_key_of_nobody(mongodb, stored, key):
    found = form("Globe", key, "Globe", collection=mongodb.troupes)
    assert [one.code for one in found.errors.as_data()["home"]] == ["invalid_choice"]


def test_only_those_that_the_search_finds(mongodb, stored):
    field = DocumentSearchField(DocumentSearch(Theatre, "name", query={"city": "Bonn"}))
    assert field.clean(stored[2].pk).id == stored[2]["_id"]
    with pytest.raises(ValidationError):
        field.clean(stored[1].pk)
    only = type("Form", (forms.Form,), {"home": field})({"home": "Rose"})
    assert only.is_valid(), "of two of the name one is in Bonn"
    assert "data-url" not in str(only["home"])


def test_required():
    assert "required" in str(type("Form", (forms.Form,), {"a": DocumentSearchField(theatres)})()["a"])


def test_a_search_of_nothing():
    with pytest.raises(TypeError, match="at least one field"):
        DocumentSearch(Troupe, [])


# The view.


def test_search(stored):
    response = Client().get("/theatres/search/", {"term": "rose lon"})
    assert response.json() == {
        "results": [{"id": stored[1].pk, "text": "Rose"}],
        "pagination": {"more": False},
    }
    assert "no-store" in response["Cache-Control"]


PAGES = {
    "": (PAGE, True),
    "2": (PAGE, True),
    "11": (5, False),
    "0": (PAGE, True),
    "x": (PAGE, True),
    "²": (PAGE, True),
}


@pytest.mark.parametrize(("page", "found"), PAGES.items(), ids=PAGES)
def test_its_pages(many, page, found):
    answer = Client().get("/theatres/search/", {"term": "stage", "page": page}).json()
    assert (len(answer["results"]), answer["pagination"]["more"]) == found


@pytest.mark.parametrize("term", ["$where", '{"$gt": ""}', "(", "\\", "z\0q", "x" * 5000, "\ud800"])
def test_what_is_searched_for_is_text(stored, term):
    assert (
        Client().get("/theatres/search/", {"term": term.encode("utf-8", "surrogatepass")}).json()["results"]
        == []
    )


def test_who_may_not(stored):
    assert Client().get("/theatres/search/", {"secret": "1"}).status_code == 403
    assert Client().post("/theatres/search/").status_code == 405
