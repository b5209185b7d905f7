"""The admin's pages of documents: who may see which, and what becomes of what is entered there."""

import datetime
import re

import pytest
from django.contrib import admin
from django.contrib.admin.models import ADDITION, CHANGE, DELETION, LogEntry
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from django.urls import reverse
from shows.models import Note, Show, Theatre
from shows.testing import Page
from talks.models import Talk

from django_mongokit.admin import DocumentAdmin

pytestmark = pytest.mark.django_db
LIST = "/admin/shows/Show/"
ADD = f"{LIST}add/"


def change(document):
    return f"{LIST}{document.pk}/change/"


# ------------------------------------------------------------------------------------------------ registering


def test_registered_one_way_or_the_other():
    site = admin.AdminSite()
    site.register(Talk, DocumentAdmin, collection="talks")
    site.register([Show, Theatre], DocumentAdmin)
    admin.register(Note, site=site)(type("NoteAdmin", (DocumentAdmin,), {"collection": "notes"}))
    assert {type(one).__mro__[-5:] for one in site._registry.values()} == {
        type(site.get_model_admin(Talk)).__mro__[-5:]
    }
    assert list(site._registry) == [Talk, Show, Theatre, Note]
    assert site.get_model_admin(Talk).collection == "talks"


def test_registered_twice():
    site = admin.AdminSite()
    site.register(Talk, DocumentAdmin)
    with pytest.raises(admin.exceptions.AlreadyRegistered, match="Talk is already registered"):
        site.register(Talk, DocumentAdmin)
    site.unregister(Talk)
    assert not site.is_registered(Talk)


def test_a_model_is_no_document():
    from books.models import Book

    with pytest.raises(ImproperlyConfigured, match=r"DjangoDocument; <class 'books.models.Book'> is none"):
        admin.AdminSite().register(Book, DocumentAdmin)


def test_nobody_knows_where_the_documents_are():
    found = DocumentAdmin(Note, admin.AdminSite())
    with pytest.raises(ImproperlyConfigured, match="set its `collection`, or __collection__ in Note"):
        found.get_collection()


@pytest.mark.parametrize("name", ["show", "Show"])
def test_urls_have_two_names(name):
    assert reverse(f"admin:shows_{name}_changelist") == LIST
    assert reverse(f"admin:shows_{name}_add") == ADD
    for page in ("change", "delete", "history"):
        assert reverse(f"admin:shows_{name}_{page}", args=["x"]) == f"{LIST}x/{page}/"


# ------------------------------------------------------------------------------------------------ the index


def test_the_index_leads_everywhere(person, shows):
    page = person().get("/admin/")
    assert [page.links[name] for name in ("Shows", "Theatres", "Notes")] == [
        "/admin/shows/",
        "/admin/shows/Theatre/",
        "/admin/shows/Note/",
    ]
    assert LIST in page.links.values() or LIST in page.html
    assert ADD in page.html
    assert "Theatres" in person().get("/admin/shows/").text


def test_the_index_shows_what_one_may(person, shows):
    html = person("view_theatre").get("/admin/").html
    assert "/admin/shows/Theatre/" in html
    assert "/admin/shows/Theatre/add/" not in html
    assert LIST not in html


# ------------------------------------------------------------------------------------------------ who may what

MAY = {
    "nothing of it": (["view_note"], {"list": 403, "add": 403, "change": 403, "delete": 403, "history": 403}),
    "view": (["view_show"], {"list": 200, "add": 403, "change": 200, "delete": 403, "history": 200}),
    "add": (["add_show"], {"list": 403, "add": 200, "change": 403, "delete": 403, "history": 403}),
    "change": (["change_show"], {"list": 200, "add": 403, "change": 200, "delete": 403, "history": 200}),
    "delete": (["delete_show"], {"list": 403, "add": 403, "change": 403, "delete": 200, "history": 403}),
    "everything": ([], {"list": 200, "add": 200, "change": 200, "delete": 200, "history": 200}),
}


@pytest.mark.parametrize(("codenames", "expected"), MAY.values(), ids=MAY)
def test_who_may_see_what(person, show, codenames, expected):
    hamlet = show("Hamlet")
    urls = {"list": LIST, "add": ADD}
    urls |= {page: f"{LIST}{hamlet.pk}/{page}/" for page in ("change", "delete", "history")}
    somebody = person(*codenames)
    assert {page: somebody.client.get(url).status_code for page, url in urls.items()} == expected


@pytest.mark.parametrize("codename", ["view_show", "add_show", "delete_show"])
def test_who_may_not_change_does_not(person, show, shows, codename):
    hamlet = show("Hamlet")
    sent = person().get(change(hamlet)).sends("show_form", title="Othello")
    assert person(codename).client.post(change(hamlet), sent).status_code == 403
    assert [one["title"] for one in shows.find()] == ["Hamlet"]


@pytest.mark.parametrize("codename", ["view_show", "change_show", "delete_show"])
def test_who_may_not_add_does_not(person, shows, codename):
    sent = person().get(ADD).sends("show_form", title="Othello")
    assert person(codename).client.post(ADD, sent).status_code == 403
    assert shows.count_documents({}) == 0


@pytest.mark.parametrize("codename", ["view_show", "add_show", "change_show"])
def test_who_may_not_delete_does_not(person, show, shows, codename):
    hamlet = show("Hamlet")
    somebody = person(codename)
    assert somebody.client.post(f"{LIST}{hamlet.pk}/delete/", {"post": "yes"}).status_code == 403
    sent = {"action": "delete_selected", "_selected_action": [hamlet.pk], "post": "yes"}
    somebody.client.post(LIST, sent)
    assert shows.count_documents({}) == 1


def test_who_is_nobody_has_to_log_in(show):
    for url in (LIST, ADD, change(show("Hamlet")), f"{LIST}references/?field_name=theatre"):
        response = Client().get(url)
        assert (response.status_code, response["Location"].partition("?")[0]) == (302, "/admin/login/")


def test_viewing_only(person, show):
    hamlet = show(
        "Hamlet",
        place={"city": "Bonn", "street": None},
        acts=[{"name": "One", "minutes": 20}],
        start=datetime.datetime(2026, 11, 22, 19),
    )
    page = person("view_show").get(change(hamlet))
    assert "View show" in page.text
    assert "Acts: Name One Minutes 20" in page.text
    assert "Place: City Bonn Street -" in page.text
    assert "{" not in page.text.replace("Notes: {}", "")
    assert "Nov. 22, 2026, 1 p.m." in page.text  # Chicago, Django's default
    assert page.forms["show_form"].keys() <= {"csrfmiddlewaretoken"}
    assert "Save" not in page.html[page.html.find("submit-row") :]


def test_a_token_is_needed(person, show, shows):
    somebody = person()
    hamlet = show("Hamlet")
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(somebody.user)
    sent = somebody.get(change(hamlet)).sends("show_form", title="Othello", csrfmiddlewaretoken="forged")
    for url in (change(hamlet), ADD, LIST, f"{LIST}{hamlet.pk}/delete/"):
        assert strict.post(url, {**sent, "post": "yes"}).status_code == 403
    assert [one["title"] for one in shows.find()] == ["Hamlet"]


# ------------------------------------------------------------------------------------------------ adding

ENTERED = {
    "title": "Hamlet",
    "slug": "hamlet",
    "kind": "play",
    "mood": "v",
    "start": "2026-11-22T20:00",
    "is_free": "on",
    "seats": "40",
    "tags": '["old", "sad"]',
    "place-city": "Bonn",
    "notes": '{"a": 1}',
}
STORED = {
    "title": "Hamlet",
    "slug": "hamlet",
    "kind": "play",
    "mood": "v",
    "start": datetime.datetime(2026, 11, 23, 2, tzinfo=datetime.UTC),
    "is_free": True,
    "seats": 40,
    "tags": ["old", "sad"],
    "place": {"city": "Bonn", "street": None},
    "acts": [],
    "theatre": None,
    "notes": {"a": 1},
    "_revision": 1,
}


def test_a_show_is_added(person, shows):
    somebody = person()
    page = somebody.submit(ADD, "show_form", **ENTERED)
    assert "The show “ Hamlet ” was added successfully." in page.text
    stored = shows.find_one()
    key = stored.pop("_id")
    assert stored == STORED
    [entry] = LogEntry.objects.all()
    assert (entry.action_flag, entry.object_id, entry.object_repr) == (ADDITION, str(key), "Hamlet")
    assert (entry.user, str(entry.content_type.model)) == (somebody.user, "Show")
    assert entry.get_admin_url() == f"{LIST}{key}/change/"
    assert entry.get_change_message() == "Added."


def test_what_is_wrong_is_said_at_its_field(person, shows):
    page = person().submit(
        ADD, "show_form", **{**ENTERED, "title": "", "seats": "many", "notes": '{"$a": 1}'}
    )
    assert "Please correct the errors below." in page.text
    assert page.text.count("This field is required.") == 1
    assert "Enter a whole number." in page.text
    assert "must not contain “.” or start with “$”" in page.text
    assert page.forms["show_form"]["slug"] == ["hamlet"]
    assert shows.count_documents({}) == 0
    assert not LogEntry.objects.exists()


def test_a_slug_is_there_once(person, show, shows):
    show("Hamlet", slug="hamlet")
    page = person().submit(ADD, "show_form", **ENTERED)
    assert "Show with this Slug already exists." in page.text
    assert shows.count_documents({}) == 1


AFTER = {
    "_save": (LIST, "was added successfully."),
    "_continue": (None, "You may edit it again below."),
    "_addanother": (ADD, "You may add another show below."),
}


@pytest.mark.parametrize("button", AFTER)
def test_where_one_gets_after_adding(person, shows, button):
    somebody = person()
    sent = somebody.get(ADD).sends("show_form", **ENTERED, **{button: "1"})
    response = somebody.client.post(ADD, sent, follow=True)
    url, text = AFTER[button]
    assert response.redirect_chain == [(url or change(shows.Show.one()), 302)]
    assert text in Page(response).text


def test_who_may_only_add_gets_to_the_index(person, shows):
    somebody = person("add_show")
    response = somebody.client.post(ADD, somebody.get(ADD).sends("show_form", **ENTERED))
    assert (response.status_code, response["Location"]) == (302, "/admin/")


def test_fields_are_filled_from_the_address(person, shows):
    page = person().get(ADD, title="From afar", kind="opera", nothing="x", place="x", tags="x", _revision="7")
    sent = page.sends("show_form")
    assert (sent["title"], sent["kind"]) == ("From afar", "opera")


# ------------------------------------------------------------------------------------------------ changing


def test_what_is_opened_and_saved_stays_as_it_was(person, show, shows):
    before = dict(
        show(
            "Hamlet",
            start=datetime.datetime(2026, 11, 22, 19, 0, 1, 123000),
            place={"city": "Bonn", "street": "Am Hof"},
            acts=[{"name": "One", "minutes": 20}, {"name": "Two", "minutes": 5}],
            tags=["b", "a"],
            notes={"deep": {"er": [1, None]}},
        )
    )
    page = person().submit(f"{LIST}{before['_id']}/change/", "show_form")
    assert "was changed successfully" in page.text
    assert shows.find_one() == {
        **shows.find_one(),
        **{name: before[name] for name in before if name not in {"_revision", "mood"}},
    }
    assert LogEntry.objects.get().get_change_message() == "No fields changed."


def test_a_show_is_changed(person, show, shows):
    hamlet = show("Hamlet", seats=1)
    page = person().submit(change(hamlet), "show_form", title="Othello", seats="2")
    assert "The show “ Othello ” was changed successfully." in page.text
    assert [(one["title"], one["seats"]) for one in shows.find()] == [("Othello", 2)]
    [entry] = LogEntry.objects.all()
    assert (entry.action_flag, entry.get_change_message()) == (CHANGE, "Changed Title and Seats.")


def test_readonly_fields_are_shown_and_not_taken(person, show, shows, monkeypatch):
    found = admin.site.get_model_admin(Show)
    monkeypatch.setattr(found, "readonly_fields", ["title", "place.city", "how_long", "shout"])
    monkeypatch.setattr(found, "prepopulated_fields", {})
    hamlet = show(
        "<b>Hamlet</b>", place={"city": "Bonn", "street": None}, acts=[{"name": "One", "minutes": 7}]
    )
    somebody = person()
    page = somebody.get(change(hamlet))
    assert "title" not in page.forms["show_form"]
    assert "&lt;b&gt;Hamlet&lt;/b&gt;" in page.html
    assert "<b>Hamlet" not in page.html
    assert "Title: <b>Hamlet</b>" in page.text
    assert "How long: 7" in page.text
    assert "Place city: Bonn" in page.text
    somebody.submit(change(hamlet), "show_form", title="Othello", seats="3")
    assert [(one["title"], one["seats"]) for one in shows.find()] == [("<b>Hamlet</b>", 3)]


FIELDS = {
    "fields": ({"fields": ["title", ("kind", "seats")]}, {"title", "kind", "seats"}),
    "fieldsets": (
        {
            "fieldsets": [
                (None, {"fields": ["title"]}),
                ("More", {"fields": ["seats"], "classes": ["collapse"]}),
            ]
        },
        {"title", "seats"},
    ),
    "exclude": (
        {"exclude": ["title", "slug", "kind", "mood", "start", "tags", "place", "acts", "theatre", "notes"]},
        {"seats"},
    ),
    "a part of a nested structure": ({"fields": ["title", "place.city"]}, {"title", "place-city"}),
}


@pytest.mark.parametrize(("options", "expected"), FIELDS.values(), ids=FIELDS)
def test_which_fields_there_are(person, show, shows, monkeypatch, options, expected):
    found = admin.site.get_model_admin(Show)
    for name, value in {"prepopulated_fields": {}, "readonly_fields": [], **options}.items():
        monkeypatch.setattr(found, name, value)
    hamlet = show("Hamlet", seats=1, place={"city": "Bonn", "street": "Am Hof"}, tags=["a"])
    somebody = person()
    page = somebody.get(change(hamlet))
    sent = page.forms["show_form"].keys() - {"csrfmiddlewaretoken", "_revision"}
    assert sent == expected
    assert ("More" in page.text) == ("fieldsets" in options)
    somebody.submit(change(hamlet), "show_form")
    assert shows.find_one()["place"] == {"city": "Bonn", "street": "Am Hof"}
    assert shows.find_one()["tags"] == ["a"]


def test_a_key_that_people_choose(person, mongodb):
    somebody = person()
    url = "/admin/shows/Note/add/"
    page = somebody.submit(url, "note_form", _id="a/b?c #1", text="x")
    assert "was added successfully" in page.text
    assert "Note object (a/b?c #1)" in page.text
    assert "with this Id already exists" in somebody.submit(url, "note_form", _id="a/b?c #1", text="y").text
    link = next(url for url in somebody.get("/admin/shows/Note/").links.values() if url.endswith("/change/"))
    page = somebody.get(link)
    assert re.search(r'name="_id" value="a/b\?c #1"[^>]* disabled', page.html), (
        "another key is another document"
    )
    assert "_id" not in page.sends("note_form")
    assert "was changed successfully" in somebody.submit(link, "note_form", text="z").text
    assert [(one["_id"], one["text"]) for one in mongodb.notes.find()] == [("a/b?c #1", "z")]
    somebody.submit(link, "note_form", _id="forged", text="z")
    assert list(mongodb.notes.find()) == [{"_id": "a/b?c #1", "text": "z"}]
    assert somebody.get(link.replace("change", "history")).text.count("Changed") == 1


KEYS = {
    "a field": {"fields": ["_id", "title"]},
    "by its other name": {"fields": ["pk", "title"]},
    "beside another": {"fields": [("_id", "title")]},
    "in a fieldset": {"fieldsets": [("All", {"fields": ["_id", "title"]})]},
    "said to be read-only": {"fields": ["_id", "title"], "readonly_fields": ["_id"]},
    "read-only, by its other name": {"fields": ["pk", "title"], "readonly_fields": ["pk"]},
    "read-only, and not in a list": {"readonly_fields": ["_id"]},
}


@pytest.mark.parametrize("options", KEYS.values(), ids=KEYS)
def test_a_key_that_mongodb_makes_is_shown(person, show, shows, monkeypatch, options):
    found = admin.site.get_model_admin(Show)
    for name, value in {"prepopulated_fields": {}, **options}.items():
        monkeypatch.setattr(found, name, value)
    assert found.check() == []
    stored, somebody = show("Hamlet"), person()
    page = somebody.get(f"/admin/shows/Show/{stored.pk}/change/")
    assert f"Id: {stored.pk}" in page.text
    assert not {"_id", "pk"} & page.forms["show_form"].keys()
    somebody.submit(f"/admin/shows/Show/{stored.pk}/change/", "show_form", title="Othello", _id="1", pk="1")
    assert [one["_id"] for one in shows.find({"title": "Othello"})] == [stored["_id"]]
    page = somebody.get("/admin/shows/Show/add/")
    assert "Id: -" in page.text
    somebody.submit("/admin/shows/Show/add/", "show_form", title="Fidelio")
    assert shows.count_documents({"title": "Fidelio", "_id": {"$type": "objectId"}}) == 1


@pytest.mark.parametrize("name", ["_id", "pk"])
def test_keys_in_the_list(person, show, monkeypatch, name):
    found = admin.site.get_model_admin(Show)
    for option, value in {
        "list_display": [name, "title"],
        "list_editable": ["title"],
        "list_display_links": [name],
        "search_fields": [name],
        "ordering": [f"-{name}"],
    }.items():
        monkeypatch.setattr(found, option, value)
    assert found.check() == []
    keys = [show(title).pk for title in ("Hamlet", "Othello")]
    page = person().get("/admin/shows/Show/")
    assert [row[1] for row in page.rows] == ["Id", *reversed(keys)]
    assert [row[1] for row in person().get("/admin/shows/Show/", o="1").rows[1:]] == keys
    assert page.links[keys[0]] == f"/admin/shows/Show/{keys[0]}/change/"
    assert [row[1] for row in person().get("/admin/shows/Show/", q=keys[1]).rows[1:]] == [keys[1]]


def test_saved_as_a_new_one(person, show, shows):
    acts = [{"name": "One", "minutes": 20}, {"name": "Two", "minutes": 5}]
    hamlet = show("Hamlet", slug="hamlet", acts=acts, place={"city": "Bonn", "street": None})
    somebody = person()
    page = somebody.submit(change(hamlet), "show_form", title="Othello", slug="othello", _saveasnew="1")
    assert "The show “ Othello ” was added successfully." in page.text
    old, new = shows.find().sort("title", 1)
    assert (old["title"], old["_revision"]) == ("Hamlet", 1)
    assert (new["title"], new["acts"], new["place"]) == ("Othello", acts, {"city": "Bonn", "street": None})
    page = somebody.submit(change(hamlet), "show_form", title="Third", _saveasnew="1")
    assert "Show with this Slug already exists." in page.text
    assert page.sends("show_form")["title"] == "Third"
    assert shows.count_documents({}) == 2
    assert page.sends("show_form")["acts-1-name"] == "Two"


def test_view_on_site(person, show, monkeypatch):
    hamlet = show("Hamlet")
    somebody = person()
    assert somebody.get(change(hamlet)).links["View on site"] == f"/shows/{hamlet.pk}/"
    found = admin.site.get_model_admin(Show)
    monkeypatch.setattr(found, "view_on_site", lambda one: f"/elsewhere/{one['title']}/")
    assert somebody.get(change(hamlet)).links["View on site"] == "/elsewhere/Hamlet/"
    monkeypatch.setattr(found, "view_on_site", False)
    assert "View on site" not in somebody.get(change(hamlet)).links


# ------------------------------------------------------------------------------------------------ deleting, history


def test_a_show_is_deleted(person, show, shows):
    hamlet = show("<i>Hamlet</i>")
    show("Othello")
    somebody = person()
    url = f"{LIST}{hamlet.pk}/delete/"
    page = somebody.get(url)
    assert "Are you sure" in page.text
    assert page.links["<i>Hamlet</i>"] == change(hamlet)
    assert "<i>Hamlet" not in page.html
    assert shows.count_documents({}) == 2
    page = somebody.submit(url, "form")
    assert "The show “<i>Hamlet</i>” was deleted successfully." in page.text
    assert [one["title"] for one in shows.find()] == ["Othello"]
    [entry] = LogEntry.objects.all()
    assert (entry.action_flag, entry.object_id, entry.object_repr) == (DELETION, hamlet.pk, "<i>Hamlet</i>")


def test_the_history(person, show):
    hamlet = show("Hamlet")
    somebody = person()
    url = f"{LIST}{hamlet.pk}/history/"
    assert "doesn’t have a change history" in somebody.get(url).text
    somebody.submit(change(hamlet), "show_form", title="Othello")
    person().submit(change(hamlet), "show_form", seats="3")
    page = somebody.get(url)
    assert "Change history: Othello" in page.text
    assert [row[1:] for row in page.rows[1:]] == [
        [somebody.user.username, "Changed Title."],
        [LogEntry.objects.latest("pk").user.username, "Changed Seats."],
    ]


def test_nothing_is_logged_of_what_was_not_deleted(person, show, shows):
    from django.db.models.signals import pre_delete

    def refuse(**kwargs):
        raise ValueError("never")

    hamlet = show("Hamlet")
    somebody = person()
    pre_delete.connect(refuse, sender=Show)
    try:
        with pytest.raises(ValueError, match="never"):
            somebody.post(f"{LIST}{hamlet.pk}/delete/", {"post": "yes"})
    finally:
        pre_delete.disconnect(refuse, sender=Show)
    assert shows.count_documents({}) == 1
    assert not LogEntry.objects.exists()
