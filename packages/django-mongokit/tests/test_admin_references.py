"""References in lists and in nested structures, as choices; and by the name of what they refer to."""

import pytest
from django.contrib import admin
from shows.models import Stage, Theatre, Troupe
from shows.testing import Commands

from mongokit import Connection

pytestmark = pytest.mark.django_db
LIST = "/admin/shows/Troupe/"


@pytest.fixture
def theatres(mongodb):
    """Four theatres, by name."""
    found = {}
    for name in ("Globe", "Rose", "Swan", "Gone"):
        found[name] = mongodb.theatres.Theatre({"name": name, "city": None}).save()
    return found


@pytest.fixture
def troupe(mongodb, theatres):
    """A troupe that refers to three theatres in every way."""
    made = mongodb.troupes.Troupe()
    made.update(
        name="Men",
        home=theatres["Globe"],
        theatres=[theatres["Swan"], theatres["Rose"]],
        main=Stage({"name": "Main", "theatre": theatres["Rose"], "others": []}),
        stages=[Stage({"name": "One", "theatre": theatres["Swan"], "others": [theatres["Globe"]]})],
    )
    return made.save()


@pytest.fixture
def searched(monkeypatch):
    """Have the references searched for."""
    paths = ["home", "theatres", "main.theatre", "main.others", "stages.theatre", "stages.others"]
    monkeypatch.setattr(admin.site.get_model_admin(Troupe), "autocomplete_fields", paths)


def change(document):
    return f"{LIST}{document.pk}/change/"


def names(mongodb):
    """Return the names of the theatres that the one troupe refers to."""
    by_id = {one["_id"]: one["name"] for one in mongodb.theatres.find()}
    [stored] = mongodb.troupes.find()
    return {
        "home": by_id.get(stored["home"]),
        "theatres": [by_id.get(one) for one in stored["theatres"]],
        "main": by_id.get(stored["main"]["theatre"]),
        "stages": [
            (by_id.get(one["theatre"]), [by_id.get(two) for two in one["others"]]) for one in stored["stages"]
        ],
    }


BEFORE = {"home": "Globe", "theatres": ["Swan", "Rose"], "main": "Rose", "stages": [("Swan", ["Globe"])]}


def test_opened_and_saved_they_are_the_same(person, mongodb, troupe):
    assert "was changed successfully" in person().submit(change(troupe), "troupe_form", name="Other").text
    assert names(mongodb) == BEFORE


def test_others_are_chosen(person, mongodb, troupe, theatres):
    key = {name: one.pk for name, one in theatres.items()}
    page = person().submit(
        change(troupe),
        "troupe_form",
        **{
            "theatres": [key["Rose"], key["Globe"]],
            "main-theatre": key["Swan"],
            "stages-0-theatre": key["Rose"],
            "stages-0-others": [key["Swan"], key["Rose"]],
            "stages-1-name": "Two",
            "stages-1-theatre": key["Globe"],
        },
    )
    assert "was changed successfully" in page.text
    assert names(mongodb) == {
        "home": "Globe",
        "theatres": ["Rose", "Globe"],
        "main": "Swan",
        "stages": [("Rose", ["Swan", "Rose"]), ("Globe", [])],
    }


def test_none_is_chosen(person, mongodb, troupe):
    sent = {"home": "", "theatres": None, "main-theatre": "", "stages-0-others": None}
    assert "was changed successfully" in person().submit(change(troupe), "troupe_form", **sent).text
    assert names(mongodb) == {"home": None, "theatres": [], "main": None, "stages": [("Swan", [])]}


@pytest.mark.parametrize("field", ["home", "theatres", "main-theatre", "stages-0-theatre", "stages-0-others"])
@pytest.mark.parametrize("key", ["0" * 24, "x", '{"$gt": ""}'])
def test_keys_of_nobody_are_refused(person, mongodb, troupe, theatres, field, key):
    page = person().submit(change(troupe), "troupe_form", **{field: key})
    assert "Select a valid choice." in page.text
    assert names(mongodb) == BEFORE


def test_what_is_gone_stays_until_it_is_changed(person, mongodb, troupe, theatres):
    for one in theatres.values():
        one.delete()
    somebody = person()
    page = somebody.get(change(troupe))
    assert f"{theatres['Globe'].pk} (not there any more)" in page.html
    assert "was changed successfully" in somebody.submit(change(troupe), "troupe_form", name="Other").text
    [stored] = mongodb.troupes.find()
    assert stored["name"] == "Other"
    assert stored["home"] == theatres["Globe"]["_id"]
    assert stored["theatres"] == [theatres["Swan"]["_id"], theatres["Rose"]["_id"]]
    assert stored["stages"][0]["theatre"] == theatres["Swan"]["_id"]


def test_they_are_searched_for(person, mongodb, troupe, theatres, searched):
    somebody = person()
    page = somebody.get(change(troupe))
    assert page.html.count("admin-autocomplete") >= 5
    assert theatres["Gone"].pk not in page.html, "only what is chosen"
    for path in ("theatres", "main.theatre", "stages.theatre", "stages.others"):
        answer = somebody.client.get(f"{LIST}references/", {"field_name": path, "term": "glo"}).json()
        assert [one["text"] for one in answer["results"]] == ["Globe"]
    assert (
        somebody.client.get(f"{LIST}references/", {"field_name": "stages.name", "term": ""}).status_code
        == 404
    )
    assert "was changed successfully" in somebody.submit(change(troupe), "troupe_form", name="Other").text
    assert names(mongodb) == BEFORE


def test_a_list_shows_names(person, mongodb, troupe, theatres, uri, monkeypatch):
    mongodb.troupes.insert_many([{**mongodb.troupes.find_one(), "_id": number} for number in range(20)])
    listener = Commands()
    with Connection(uri, event_listeners=[listener]) as connection:
        collection = connection[mongodb.name].theatres
        monkeypatch.setattr(admin.site.get_model_admin(Theatre), "get_collection", lambda: collection)
        page = person().get(LIST)
    rows = [row[1:] for row in page.rows if "Men" in row]
    assert rows == [["Men", "Globe", "Swan, Rose", "Rose", "Swan"]] * 21
    assert [name for name, _command in listener.sent if name in {"find", "aggregate"}] == ["find"] * 4, (
        "one a column"
    )


def test_who_may_only_look_sees_names(person, troupe):
    page = person("view_troupe").get(change(troupe))
    assert "Home: Globe" in page.text
    assert "Theatres: Swan, Rose" in page.text
    assert "Main: Name Main Theatre Rose Others - Stages:" in page.text
    assert "Stages: Name One Theatre Swan Others Globe" in page.text


def test_a_dict_where_a_list_of_references_is_declared(person, mongodb, troupe):
    mongodb.troupes.update_one({}, {"$set": {"theatres": {"a": 1}}})
    somebody = person()
    assert somebody.get(LIST).status == 200
    assert somebody.get(change(troupe)).status == 200
    assert somebody.client.post(
        change(troupe), somebody.get(change(troupe)).sends("troupe_form")
    ).status_code in (200, 302)
