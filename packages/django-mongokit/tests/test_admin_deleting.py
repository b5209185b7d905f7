"""What refers to a document that is to be deleted: said on the page of confirmation, and in the way where a project says so."""

import pytest
from bson import DBRef
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.test import RequestFactory
from papers.models import Draft
from shows.models import Show, Theatre, Troupe
from shows.testing import Commands

from django_mongokit.admin import referrers
from mongokit import Connection

pytestmark = pytest.mark.django_db
SAYS = "These are not deleted, and will refer to nothing:"


@pytest.fixture
def globe(mongodb):
    """A theatre to be deleted."""
    made = mongodb.theatres.Theatre()
    made.update(name="Globe")
    made.save()
    return made


@pytest.fixture
def troupe(mongodb):
    def store(name, **fields):
        mongodb.troupes.insert_one(
            {"name": name, "home": None, "theatres": [], "main": None, "stages": [], **fields}
        )

    return store


def delete_url(theatre):
    return f"/admin/shows/Theatre/{theatre.pk}/delete/"


def confirm_many(somebody, *theatres):
    keys = [one.pk for one in theatres]
    return somebody.post("/admin/shows/Theatre/", {"action": "delete_selected", "_selected_action": keys})


def test_nothing_refers(person, globe, show):
    show("Hamlet")
    page = person().get(delete_url(globe))
    assert page.status == 200
    assert SAYS not in page.text
    assert "referring-objects" not in page.html


def test_what_refers_is_named(person, globe, show, troupe):
    stored = show("Hamlet <1>", theatre=globe["_id"])
    show("Othello")
    page = person().get(delete_url(globe))
    assert f"{SAYS} Shows: 1 Hamlet <1> Are you sure" in page.text
    assert page.links["Hamlet <1>"] == f"/admin/shows/Show/{stored.pk}/change/"


PLACES = {
    "a field": lambda key: {"home": key},
    "a list": lambda key: {"theatres": [key]},
    "a nested structure": lambda key: {"main": {"name": "x", "theatre": key, "others": []}},
    "a list in it": lambda key: {"main": {"name": "x", "theatre": None, "others": [key]}},
    "a list of structures": lambda key: {"stages": [{"name": "x", "theatre": key, "others": []}]},
    "a list in those": lambda key: {"stages": [{"name": "x", "theatre": None, "others": [key]}]},
    "several at once": lambda key: {"home": key, "theatres": [key, key]},
}


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
def test_wherever_it_stands(person, globe, troupe, place):
    troupe("Players", **place(globe["_id"]))
    troupe("Others")
    text = person().get(delete_url(globe)).text
    assert f"{SAYS} Troupes: 1 Players Are you sure" in text
    assert "Others" not in text


DBREFS = {
    "by its collection": lambda name, key, database: DBRef(name, key),
    "by its database too": lambda name, key, database: DBRef(name, key, database),
}


@pytest.mark.parametrize("made", DBREFS.values(), ids=DBREFS)
def test_a_dbref(person, globe, mongodb, monkeypatch, made):
    [(path, node)] = list(referrers.references_in(Show._structure.root, ""))
    assert (path, node.dbref) == ("theatre", False)
    monkeypatch.setattr(referrers, "references_in", lambda root, path: [("theatre", node.but(dbref=True))])
    monkeypatch.setattr(referrers, "document_classes", [Show])
    mongodb.shows.insert_one({"title": "Hamlet", "theatre": made("theatres", globe["_id"], mongodb.name)})
    mongodb.shows.insert_one({"title": "Othello", "theatre": made("theatres", 1, mongodb.name)})
    request = RequestFactory().get("/")
    request.user = person().user
    [said] = referrers.referrers_of(admin.site.get_model_admin(Theatre), request, [globe["_id"]])
    assert [one["title"] for one in said.documents] == ["Hamlet"]


MANY = {
    "ten": (10, "10", False),
    "eleven": (11, "11", True),
    "more than are counted": (14, "more than 12", True),
}


@pytest.mark.parametrize(("number", "said", "has_more"), MANY.values(), ids=MANY)
def test_many(person, globe, troupe, monkeypatch, number, said, has_more):
    monkeypatch.setattr(referrers, "COUNTED", 12)
    for index in range(number):
        troupe(f"T{index:02}", home=globe["_id"])
    text = person().get(delete_url(globe)).text
    assert f"Troupes: {said} T" in text
    assert (" … Are you sure" in text) == has_more
    assert sum(f"T{index:02}" in text for index in range(number)) == 10


@pytest.fixture
def commands(mongodb, uri, monkeypatch):
    """The commands that ask for shows and troupes, over a connection of its own."""
    listener = Commands()
    with Connection(uri, event_listeners=[listener]) as connection:
        connection.register([Show, Troupe])
        for cls in (Show, Troupe):
            collection = connection[mongodb.name][cls.__collection__]
            monkeypatch.setattr(
                admin.site.get_model_admin(cls), "get_collection", lambda found=collection: found
            )
        yield listener.sent


def test_they_are_asked_for_with_a_limit(person, globe, troupe, show, commands):
    for index in range(11):
        troupe(f"T{index:02}", home=globe["_id"])
    show("Hamlet", theatre=globe["_id"])
    somebody = person()
    commands.clear()
    somebody.get(delete_url(globe))
    found = [(command["find"], command["limit"]) for name, command in commands if name == "find"]
    assert found == [("shows", 11), ("troupes", 11)]
    [counting] = [command for name, command in commands if name == "aggregate"]
    assert counting["aggregate"] == "troupes"
    assert {"$limit": 1001} in counting["pipeline"]


def test_what_is_deleted_with_them_is_left_out(person, globe, mongodb, monkeypatch):
    [(_path, node)] = list(referrers.references_in(Show._structure.root, ""))
    monkeypatch.setattr(referrers, "references_in", lambda root, path: [("friend", node)])
    monkeypatch.setattr(referrers, "document_classes", [Theatre])
    mongodb.theatres.insert_one({"_id": 1, "name": "Rose", "friend": globe["_id"]})
    mongodb.theatres.update_one({"_id": globe["_id"]}, {"$set": {"friend": globe["_id"]}})
    found = admin.site.get_model_admin(Theatre)
    request = RequestFactory().get("/")
    request.user = person().user
    [said] = referrers.referrers_of(found, request, [globe["_id"]])
    assert ([one["name"] for one in said.documents], said.count) == (["Rose"], 1)
    assert referrers.referrers_of(found, request, [globe["_id"], 1]) == []


def test_several_are_deleted(person, globe, mongodb, troupe):
    other = mongodb.theatres.Theatre()
    other.update(name="Rose")
    other.save()
    troupe("Players", home=globe["_id"], theatres=[other["_id"]])
    somebody = person()
    page = confirm_many(somebody, globe, other)
    assert f"{SAYS} Troupes: 1 Players Are you sure you want to delete the selected Theatres?" in page.text
    page = somebody.post(
        "/admin/shows/Theatre/",
        {"action": "delete_selected", "_selected_action": [globe.pk, other.pk], "post": "yes"},
    )
    assert "Successfully deleted 2 Theatres" in page.text
    assert mongodb.theatres.count_documents({}) == 0
    assert mongodb.troupes.find_one()["home"] == globe["_id"], "what refers to it stays as it is"


def test_who_may_not_see_them_learns_how_many_there_are(person, globe, troupe):
    troupe("Players", home=globe["_id"])
    somebody = person("view_theatre", "delete_theatre")
    text = somebody.get(delete_url(globe)).text
    assert f"{SAYS} Troupes: 1 Are you sure" in text
    assert "Players" not in text


def test_those_without_an_admin_are_named_and_no_links(person, globe, troupe):
    troupe("Players", home=globe["_id"])
    found = admin.site.get_model_admin(Troupe)
    admin.site.unregister(Troupe)
    try:
        page = person().get(delete_url(globe))
    finally:
        admin.site._registry[Troupe] = found
    assert "Troupes: 1 Players" in page.text
    assert "Players" not in page.links


@pytest.fixture
def protecting(monkeypatch):
    """Have troupes keep their theatres, and shows not."""
    monkeypatch.setattr(
        admin.site.get_model_admin(Theatre),
        "is_protected",
        lambda request, referrers: referrers.model is Troupe,
        raising=True,
    )


def test_a_project_protects(person, globe, troupe, show, mongodb, protecting):
    show("Hamlet", theatre=globe["_id"])
    somebody = person()
    assert f"{SAYS} Shows: 1 Hamlet" in somebody.get(delete_url(globe)).text
    troupe("Players", home=globe["_id"])
    page = somebody.get(delete_url(globe))
    assert "would require deleting the following protected related objects: Troupes: 1 Players" in page.text
    assert "Hamlet" not in page.text
    somebody.post(delete_url(globe), {"post": "yes"})
    page = confirm_many(somebody, globe)
    assert "protected related objects: Troupes: 1 Players" in page.text
    assert SAYS not in page.text
    somebody.post(
        "/admin/shows/Theatre/", {"action": "delete_selected", "_selected_action": [globe.pk], "post": "yes"}
    )
    assert mongodb.theatres.count_documents({}) == 1
    assert LogEntry.objects.count() == 0
    mongodb.troupes.delete_many({})
    somebody.post(delete_url(globe), {"post": "yes"})
    assert mongodb.theatres.count_documents({}) == 0


def test_where_nobody_knows_the_documents_nothing_is_asked(globe, monkeypatch):
    [(_path, node)] = list(referrers.references_in(Show._structure.root, ""))
    monkeypatch.setattr(referrers, "references_in", lambda root, path: [("friend", node)])
    monkeypatch.setattr(referrers, "document_classes", [Draft])
    assert referrers.referrers_of(admin.site.get_model_admin(Theatre), None, [globe["_id"]]) == []


def test_of_nothing_nothing_is_asked(globe):
    assert referrers.referrers_of(admin.site.get_model_admin(Theatre), None, []) == []
