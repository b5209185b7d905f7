"""The page of one document where it is hard: lists inside, references, two people at once, what should not be sent."""

import re

import pytest
from bson import ObjectId
from django import forms
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.admin.utils import quote
from django.db.models.signals import pre_save
from django.test import RequestFactory, override_settings
from shows.models import Show, Theatre

from django_mongokit import connection
from django_mongokit.admin import DocumentAdmin, StackedEmbedded, TabularEmbedded
from django_mongokit.document import DjangoDocument
from django_mongokit.forms import DocumentChoiceField, DocumentForm
from django_mongokit.key_texts import text_of
from mongokit import Document, Ref

pytestmark = pytest.mark.django_db
LIST = "/admin/shows/Show/"
ADD = f"{LIST}add/"
ACTS = [{"name": "One", "minutes": 20}, {"name": "Two", "minutes": 5}]


def change(document):
    return f"{LIST}{document.pk}/change/"


@pytest.fixture
def options(monkeypatch):
    """Change options of the admin of shows."""
    found = admin.site.get_model_admin(Show)

    def change_options(**given):
        for name, value in given.items():
            monkeypatch.setattr(found, name, value)

    return change_options


@pytest.fixture
def theatre(mongodb):
    """Store a theatre of this name."""

    def store(name):
        made = mongodb.theatres.Theatre()
        made.update(name=name)
        made.save()
        return made

    return store


@pytest.fixture
def receiver():
    """Connect a receiver of a signal of shows for this test."""
    connected = []

    def connect(signal, function):
        signal.connect(function, sender=Show, weak=False)
        connected.append((signal, function))

    yield connect
    for signal, function in connected:
        signal.disconnect(function, sender=Show)


# ------------------------------------------------------------------------------------------------ lists inside


def test_a_list_of_structures_is_an_inline(person, show):
    page = person().get(change(show("Hamlet", acts=ACTS)))
    assert 'data-inline-type="tabular"' in page.html
    assert "&quot;addText&quot;: &quot;Add another Act&quot;" in page.html
    assert "admin/js/inlines" in page.html
    assert 'id="acts-empty"' in page.html
    heads = next(row for row in page.rows if "Name" in row)
    assert heads == ["", "Name", "Minutes", "Order", "Delete?"]
    sent = page.sends("show_form")
    assert [sent[f"acts-{name}_FORMS"] for name in ("TOTAL", "INITIAL")] == ["3", "2"]
    assert [sent[f"acts-{number}-name"] for number in range(3)] == ["One", "Two", ""]
    assert "field-acts" not in page.html


CHANGES = {
    "one changed": ({"acts-1-minutes": "6"}, [("One", 20), ("Two", 6)]),
    "one deleted": ({"acts-0-DELETE": "on"}, [("Two", 5)]),
    "all deleted": ({"acts-0-DELETE": "on", "acts-1-DELETE": "on"}, []),
    "one more": ({"acts-2-name": "Three"}, [("One", 20), ("Two", 5), ("Three", 10)]),
    "one by JavaScript": (
        {"acts-TOTAL_FORMS": "4", "acts-3-name": "Four", "acts-3-minutes": "1", "acts-3-ORDER": ""},
        [("One", 20), ("Two", 5), ("Four", 1)],
    ),
    "another order": ({"acts-0-ORDER": "2", "acts-1-ORDER": "1"}, [("Two", 5), ("One", 20)]),
}


@pytest.mark.parametrize(("sent", "expected"), CHANGES.values(), ids=CHANGES)
def test_elements_are_changed(person, show, shows, sent, expected):
    hamlet = show("Hamlet", acts=ACTS)
    page = person().submit(change(hamlet), "show_form", **sent)
    assert "was changed successfully" in page.text
    assert [(act["name"], act["minutes"]) for act in shows.find_one()["acts"]] == expected
    assert LogEntry.objects.get().get_change_message() == "Changed Acts."


def test_what_is_wrong_with_an_element_is_said_in_its_row(person, show, shows):
    hamlet = show("Hamlet", acts=ACTS)
    page = person().submit(change(hamlet), "show_form", **{"acts-1-minutes": "0", "title": "Othello"})
    assert page.text.count("Ensure this value is greater than or equal to 1.") == 1
    assert next(row for row in page.rows if "Ensure" in " ".join(row))[2].startswith("Ensure")
    assert page.forms["show_form"]["acts-1-minutes"] == ["0"]
    assert shows.find_one()["acts"] == ACTS


def test_an_inline_of_ones_own(person, show, options):
    class Stacked(StackedEmbedded):
        field = "acts"
        verbose_name = "part"
        verbose_name_plural = "parts"
        classes = ("collapse",)

    options(embedded=[Stacked])
    page = person().get(change(show("Hamlet", acts=ACTS)))
    assert 'data-inline-type="stacked"' in page.html
    assert "<details>" in page.html
    assert "Parts" in page.text
    assert "Part: #1" in page.text
    assert "Add another Part" in page.html


# ------------------------------------------------------------------------------------------------ structures inside


def test_a_nested_structure_is_a_fieldset(person, show, shows):
    hamlet = show("Hamlet", place={"city": "Bonn", "street": None})
    somebody = person()
    page = somebody.get(change(hamlet))
    assert re.search(r'<h2 id="(\S+)" class="fieldset-heading">Place</h2>', page.html)
    assert "Place City: Street:" in page.text
    page = somebody.submit(change(hamlet), "show_form", **{"place-city": "", "place-street": "Am Hof"})
    assert page.text.count("This field is required.") == 1
    assert page.sends("show_form")["place-street"] == "Am Hof"
    somebody.submit(change(hamlet), "show_form", **{"place-city": "Rome", "place-street": "Via"})
    assert shows.find_one()["place"] == {"city": "Rome", "street": "Via"}
    somebody.submit(change(hamlet), "show_form", **{"place-city": "", "place-street": ""})
    assert shows.find_one()["place"] is None


def test_a_fieldset_of_nested_structures_only_keeps_its_name(person, show, options):
    options(fieldsets=[("Where", {"fields": [("place", "theatre")]}), ("There", {"fields": ["place.city"]})])
    options(prepopulated_fields={}, readonly_fields=[])
    page = person().get(change(show("Hamlet", place={"city": "Bonn", "street": None})))
    assert re.search("Where Theatre: .*Place City: Street:", page.text)
    assert page.text.count("City:") == 1


# ------------------------------------------------------------------------------------------------ references


def test_a_reference_is_chosen(person, shows, theatre, options):
    options(autocomplete_fields=[])
    globe, rose = theatre("Globe"), theatre("Rose")
    somebody = person()
    page = somebody.get(ADD)
    assert f'<option value="{rose.pk}">Rose</option>' in page.html
    somebody.post(ADD, page.sends("show_form", title="Hamlet", theatre=globe.pk))
    assert shows.find_one()["theatre"] == globe["_id"]
    hamlet = shows.Show.one()
    page = somebody.get(change(hamlet))
    assert page.sends("show_form")["theatre"] == globe.pk
    somebody.post(change(hamlet), page.sends("show_form"))
    assert LogEntry.objects.latest("pk").get_change_message() == "No fields changed."
    somebody.submit(change(hamlet), "show_form", theatre="")
    assert shows.find_one()["theatre"] is None


@pytest.mark.parametrize("sent", ["forged", "0" * 24, '{"$ne": 1}'])
def test_a_reference_to_nothing_is_refused(person, shows, theatre, sent):
    theatre("Globe")
    page = person().submit(ADD, "show_form", title="Hamlet", theatre=sent)
    assert "Select a valid choice." in page.text
    assert shows.count_documents({}) == 0


@pytest.mark.parametrize("fields", [[], ["theatre"]])
def test_a_reference_whose_document_is_gone_is_not_lost_unseen(person, show, shows, theatre, options, fields):
    options(autocomplete_fields=fields)
    globe = theatre("Globe")
    hamlet = show("Hamlet", theatre=globe)
    globe.delete()
    somebody = person()
    page = somebody.get(change(hamlet))
    assert page.sends("show_form")["theatre"] == globe.pk
    assert f"{globe.pk} (not there any more)" in page.html
    assert "was changed successfully" in somebody.submit(change(hamlet), "show_form", title="Other").text
    assert (shows.find_one()["title"], shows.find_one()["theatre"]) == ("Other", globe["_id"])


def test_a_reference_that_is_not_among_the_first_is_offered_all_the_same(
    person, show, theatre, options, monkeypatch
):
    from django_mongokit.admin import references

    monkeypatch.setattr(references, "OFFERED", 1)
    options(autocomplete_fields=[])
    first, second, third = (theatre(name) for name in ("A", "B", "C"))
    page = person().get(change(show("Hamlet", theatre=third)))
    assert page.sends("show_form")["theatre"] == third.pk
    assert first.pk in page.html
    assert second.pk not in page.html


def test_a_reference_to_nobody_knows_where_is_json(person, mongodb, monkeypatch):
    class Nowhere(DjangoDocument):
        structure = {"name": str}

    class Plain(Document):
        __collection__ = "plain"
        structure = {"name": str}

    class Trip(DjangoDocument):
        __collection__ = "trips"
        structure = {
            "title": str,
            "to": Ref(Nowhere, dbref=True),
            "by": Ref(Plain),
            "named": Ref("NobodyHasThis", dbref=True),
        }

    connection.register([Nowhere, Plain, Trip])
    site = admin.AdminSite()
    site.register(Trip, DocumentAdmin, list_display=["title", "to"])
    found = site.get_model_admin(Trip)
    request = RequestFactory().get("/")
    request.user = person().user
    form = found.get_form(request)
    assert not [one for one in form.base_fields.values() if isinstance(one, DocumentChoiceField)]
    assert form.base_fields.keys() == {"title", "to", "by", "named"}
    found.list_filter = ["to"]
    [error] = found.check()
    assert (error.id, "Nowhere does not say where its documents are" in error.msg) == (
        "django_mongokit.E104",
        True,
    )


def test_in_a_popup(person, show, shows):
    somebody = person()
    page = somebody.get(f"{LIST}?_popup=1")
    assert "_save" not in page.html
    assert "Select show" in page.text
    sent = somebody.get(f"{ADD}?_popup=1").sends("show_form", title="Hamlet")
    page = somebody.post(f"{ADD}?_popup=1", sent)
    assert f"&quot;value&quot;: &quot;{shows.find_one()['_id']}&quot;" in page.html


class ToMongoDB:
    """A router of somebody who takes the app of documents for one of the alias."""

    def db_for_write(self, model, **hints):
        return "mongodb" if model._meta.app_label == "shows" else None

    db_for_read = db_for_write


def test_a_router_that_sends_the_app_to_mongodb(person, shows, settings):
    settings.DATABASE_ROUTERS = [ToMongoDB()]
    somebody = person()
    assert "added successfully" in somebody.submit(ADD, "show_form", title="Hamlet").text
    hamlet = shows.Show.one()
    assert "changed successfully" in somebody.submit(change(hamlet), "show_form", seats="1").text
    rows = {"form-0-seats": "5", "_save": "Save"}
    assert "1 show was changed" in somebody.submit(LIST, "changelist-form", **rows).text
    assert (
        "Enter a whole number"
        in somebody.submit(LIST, "changelist-form", **{**rows, "form-0-seats": "x"}).text
    )
    assert "deleted successfully" in somebody.submit(f"{LIST}{hamlet.pk}/delete/", "form").text
    sent = {"action": "delete_selected", "_selected_action": ["x"], "post": "yes"}
    assert somebody.post(LIST, sent).status == 200


def test_a_form_of_ones_own_has_a_say(person, show, shows, options, theatre):
    class ShowForm(DocumentForm):
        class Meta:
            document = Show
            labels = {"theatre": "House"}
            help_texts = {"theatre": "Where it is played."}
            widgets = {"theatre": forms.RadioSelect}

        def clean_title(self):
            return self.cleaned_data["title"].title()

    rose = theatre("Rose")
    options(form=ShowForm)
    somebody = person()
    hamlet = show("Hamlet")
    page = somebody.get(change(hamlet))
    assert "House:" in page.text
    assert "Where it is played." in page.text
    assert f'<input type="radio" name="theatre" value="{rose.pk}"' in page.html
    assert 'class="vTextField"' in page.html
    assert "vTextField" not in str(ShowForm(collection=shows))
    somebody.submit(change(hamlet), "show_form", title="to be or not", theatre=rose.pk)
    stored = shows.find_one()
    assert (stored["title"], stored["theatre"]) == ("To Be Or Not", rose["_id"])
    assert LogEntry.objects.get().get_change_message() == "Changed Title and House."


def search(somebody, **query):
    return somebody.client.get(f"{LIST}references/", {"field_name": "theatre", **query})


def test_references_are_searched_for(person, show, theatre):
    found = [theatre(f"Globe {number:02}") for number in range(23)]
    theatre("Rose")
    somebody = person()
    page = somebody.get(change(show("Hamlet", theatre=found[3])))
    assert f'data-ajax--url="{LIST}references/"' in page.html
    assert "select2" in page.html
    assert "Globe 03" in page.html
    assert "Globe 04" not in page.html
    answer = search(somebody, term="globe").json()
    assert len(answer["results"]) == 20
    assert answer["pagination"] == {"more": True}
    assert answer["results"][0] == {"id": found[0].pk, "text": "Globe 00"}
    answer = search(somebody, term="globe", page="2").json()
    assert [one["text"] for one in answer["results"]] == ["Globe 20", "Globe 21", "Globe 22"]
    assert answer["pagination"] == {"more": False}
    assert [one["text"] for one in search(somebody, term="ROSE").json()["results"]] == ["Rose"]
    for odd in ({"term": "("}, {"term": "a\0"}, {"page": "x"}, {"page": "-1"}, {"page": "9" * 40}):
        assert search(somebody, **odd).status_code == 200


def test_who_may_search(person, theatre):
    theatre("Globe")
    assert search(person("view_show", "view_theatre")).status_code == 403
    assert search(person("change_show")).status_code == 403
    assert search(person("change_show", "view_theatre")).status_code == 200
    assert search(person("add_show", "view_theatre")).status_code == 200


@pytest.mark.parametrize("name", ["title", "nothing", "", "theatre.name", "$where"])
def test_only_what_is_a_reference_is_searched(person, name):
    assert search(person(), field_name=name).status_code == 404


# ------------------------------------------------------------------------------------------------ two people


def test_two_people_at_one_document(person, show, shows):
    hamlet = show("Hamlet")
    she, he = person(), person()
    hers, his = (one.get(change(hamlet)).sends("show_form") for one in (she, he))
    assert "changed successfully" in she.post(change(hamlet), {**hers, "title": "Hers"}).text
    page = he.post(change(hamlet), {**his, "title": "His", "acts-0-name": "Mine"})
    assert "Somebody else has changed this show since you opened it." in page.text
    sent = page.sends("show_form")
    assert (sent["title"], sent["acts-0-name"]) == ("His", "Mine")
    assert shows.find_one()["title"] == "Hers"
    assert "changed successfully" in he.post(change(hamlet), sent).text
    assert shows.find_one()["title"] == "His"
    assert LogEntry.objects.count() == 2


def test_at_the_very_same_moment(person, show, shows, receiver):
    """Somebody saves between the check of the revision and the write."""
    hamlet = show("Hamlet")
    waiting = [True]

    def interfere(instance, **kwargs):
        if waiting:
            waiting.clear()
            shows.update_one({"_id": instance["_id"]}, {"$set": {"title": "Hers"}, "$inc": {"_revision": 1}})

    receiver(pre_save, interfere)
    somebody = person()
    page = somebody.submit(change(hamlet), "show_form", title="His", seats="7")
    assert "Somebody else has changed this show since you opened it." in page.text
    sent = page.sends("show_form")
    assert (sent["title"], sent["seats"]) == ("His", "7")
    assert shows.find_one()["title"] == "Hers"
    assert not LogEntry.objects.exists()
    somebody.post(change(hamlet), sent)
    assert shows.find_one()["title"] == "His"


def test_two_take_one_slug_at_the_same_moment(person, shows, receiver):
    shows.Show.ensure_indexes()
    waiting = [True]

    def interfere(instance, **kwargs):
        if waiting:
            waiting.clear()
            shows.insert_one({"title": "First", "slug": "one"})

    receiver(pre_save, interfere)
    page = person().submit(ADD, "show_form", title="Second", slug="one")
    assert "Show with this Slug already exists." in page.text
    assert page.sends("show_form")["title"] == "Second"
    assert [one["title"] for one in shows.find()] == ["First"]
    assert not LogEntry.objects.exists()
    shows.drop()


def test_what_only_the_write_finds_wrong_is_said_too(person, show, shows, receiver):
    """A pre_save receiver that makes the document one that is refused, each time."""

    def spoil(instance, **kwargs):
        instance["seats"] = "many"

    hamlet = show("Hamlet")
    receiver(pre_save, spoil)
    page = person().submit(change(hamlet), "show_form", title="Othello")
    assert "Please correct the error below." in page.text
    assert "seats" in page.text.lower()
    assert page.sends("show_form")["title"] == "Othello"
    assert shows.find_one()["title"] == "Hamlet"


def test_what_fails_otherwise_is_not_hidden(person, show, shows, receiver):
    def fail(**kwargs):
        raise ZeroDivisionError

    hamlet = show("Hamlet")
    receiver(pre_save, fail)
    somebody = person()
    with pytest.raises(ZeroDivisionError):
        somebody.submit(change(hamlet), "show_form", title="Othello")
    assert shows.find_one()["title"] == "Hamlet"


# ------------------------------------------------------------------------------------------------ what is not there

KEYS = {
    "no key": "forged",
    "a key of nothing": "0" * 24,
    "an operator": '{"$ne": null}',
    "a path": "../../etc/passwd",
    "a null": "a%00b",
    "letters": "ünders",
    "a number": "17",
    "a huge number": "9" * 50,
    "a UUID": "12345678-1234-5678-1234-567812345678",
}


@pytest.mark.parametrize("page", ["change", "delete", "history"])
@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
def test_forged_keys(person, show, shows, key, page):
    sent = person().get(change(show("Hamlet"))).sends("show_form")
    client = person().client
    assert client.get(f"{LIST}{key}/{page}/").status_code == 404
    if page != "history" and key != KEYS["a key of nothing"]:  # which may be one of what was deleted
        assert client.post(f"{LIST}{key}/{page}/", sent).status_code == 404
    assert shows.count_documents({}) == 1


@pytest.mark.parametrize("page", ["change", "delete", "history"])
def test_gone_between_the_list_and_the_page(person, show, shows, page):
    hamlet = show("Hamlet")
    somebody = person()
    assert hamlet.pk in somebody.get(LIST).html
    shows.delete_many({})
    assert somebody.get(f"{LIST}{hamlet.pk}/{page}/").status == 404


def test_gone_between_the_question_and_the_answer(person, show, shows):
    hamlet = show("Hamlet")
    somebody = person()
    url = f"{LIST}{hamlet.pk}/delete/"
    sent = somebody.get(url).sends("form")
    shows.delete_many({})
    assert somebody.post(url, sent).status == 404
    assert not LogEntry.objects.exists()


def test_what_was_entered_of_a_document_that_is_gone_becomes_a_new_one(person, show, shows):
    hamlet = show("Hamlet", acts=ACTS, place={"city": "Bonn", "street": None})
    somebody = person()
    url = change(hamlet)
    sent = somebody.get(url).sends(
        "show_form", **{"title": "Mine", "acts-1-name": "Second", "place-city": "Rome"}
    )
    shows.delete_many({})
    found = somebody.post(url, sent)
    assert found.status == 200
    assert "Somebody else has deleted this show meanwhile. What you have entered is still here" in found.text
    assert re.search(r'<form action="/admin/shows/Show/add/"', found.html)
    assert shows.count_documents({}) == 0
    assert not LogEntry.objects.exists()
    again = somebody.post(ADD, found.sends("show_form", _save="Save"))
    assert "was added successfully" in again.text
    [stored] = shows.find()
    assert (stored["title"], stored["place"]["city"], stored["_revision"]) == ("Mine", "Rome", 1)
    assert [act["name"] for act in stored["acts"]] == ["One", "Second"]


def test_who_may_not_add_loses_no_text_either(person, show, shows):
    hamlet = show("Hamlet", acts=ACTS)
    somebody = person("change_show")
    sent = somebody.get(change(hamlet)).sends("show_form", title="Mine")
    shows.delete_many({})
    found = somebody.post(change(hamlet), sent)
    assert "you may not make a new one of it" in found.text
    assert found.sends("show_form")["title"] == "Mine"
    assert 'type="submit" value="Save"' not in found.html
    assert somebody.client.post(ADD, sent).status_code == 403


@pytest.mark.parametrize("revision", [True, False])
def test_gone_between_the_form_and_its_saving(person, show, shows, receiver, monkeypatch, revision):
    monkeypatch.setattr(Show, "use_revision", revision)
    hamlet = show("Hamlet")
    somebody = person()
    sent = somebody.get(change(hamlet)).sends("show_form", title="Mine")
    receiver(pre_save, lambda **kwargs: shows.delete_many({}))
    found = somebody.post(change(hamlet), sent)
    assert "Somebody else has deleted this show meanwhile." in found.text
    assert found.sends("show_form")["title"] == "Mine"
    assert shows.count_documents({}) == 0, "a form brings nothing back"


def test_the_old_address_of_a_document(person, show):
    hamlet = show("Hamlet")
    response = person().client.get(f"{LIST}{hamlet.pk}/")
    assert (response.status_code, response["Location"]) == (302, change(hamlet))


def test_pages_that_are_not_there(person):
    somebody = person()
    assert somebody.client.get("/admin/shows/Nothing/").status_code == 404


@pytest.mark.parametrize("name", ["title", "slug[$gt]", "_id.x"])
def test_no_field_but_the_key_may_be_referred_to(person, show, name):
    hamlet = show("Hamlet")
    assert person().client.get(change(hamlet), {"_to_field": name}).status_code == 400
    assert person().client.get(change(hamlet), {"_to_field": "_id"}).status_code == 200


def test_a_key_may_be_of_any_type(person, mongodb):
    import uuid

    keys = [ObjectId(), "text", 17, -3, uuid.uuid4(), "a" * 24]
    for key in keys:
        mongodb.shows.insert_one({"_id": key, "title": f"t{key}", "_revision": 1})
    somebody = person()
    for key in keys:
        url = f"{LIST}{quote(text_of(Show, key))}/change/"
        assert somebody.get(url).sends("show_form")["title"] == f"t{key}"
        somebody.submit(url, "show_form", kind="opera")
    assert {one["_id"] for one in mongodb.shows.find({"kind": "opera"})} == set(keys)


# ------------------------------------------------------------------------------------------------ what should not be sent


def test_17_megabytes(person, show, shows):
    hamlet = show("Hamlet")
    somebody = person()
    sent = somebody.get(change(hamlet)).sends("show_form", title="x" * 17_000_000)
    assert somebody.client.post(change(hamlet), sent).status_code == 400
    with override_settings(DATA_UPLOAD_MAX_MEMORY_SIZE=None):
        page = somebody.post(change(hamlet), sent)
    assert "This is too large: 16.2\xa0MB, of at most 16.0\xa0MB." in page.html
    assert shows.find_one()["title"] == "Hamlet"


def test_fields_that_the_form_does_not_have_are_not_taken(person, show, shows):
    hamlet = show("Hamlet")
    person().submit(
        change(hamlet),
        "show_form",
        **{
            "_id": "forged",
            "how_long": "99",
            "title[$set]": "x",
            "place[city]": "x",
            "new": "x",
            "notes.x": "1",
        },
    )
    found = shows.find_one()
    assert found["_id"] == hamlet["_id"]
    assert found.keys() == dict(hamlet).keys() | {"mood"}
    assert found["notes"] == {}


HOSTILE = "\"><script>alert(1)</script><b onclick='x'>&amp;{{ 7|add:7 }}"


def test_what_is_shown_is_only_shown(person, show, theatre, options):
    options(
        list_display=["title", "slug", "place.city", "tags", "notes", "theatre", "__str__"],
        list_editable=["slug"],
    )
    options(list_display_links=["title"])
    rose = theatre(HOSTILE)
    hamlet = show(
        HOSTILE,
        slug=HOSTILE,
        place={"city": HOSTILE, "street": HOSTILE},
        tags=[HOSTILE],
        notes={"a": HOSTILE},
        acts=[{"name": HOSTILE, "minutes": 1}],
        theatre=rose,
    )
    somebody = person()
    somebody.submit(change(hamlet), "show_form")
    urls = [LIST, f"{LIST}?q={HOSTILE[:20]}", f"{LIST}?place.city={HOSTILE[:9]}", "/admin/"]
    urls += [f"{LIST}{hamlet.pk}/{page}/" for page in ("change", "delete", "history")]
    for url in urls:
        html = somebody.get(url).html
        assert "<script>alert" not in html, url
        assert "<b onclick" not in html, url
    page = somebody.post(LIST, {"action": "delete_selected", "_selected_action": [hamlet.pk], "index": "0"})
    assert "<script>alert" not in page.html
    viewer = person("view_show")
    assert "<script>alert" not in viewer.get(change(hamlet)).html


def test_tabular_is_a_template_of_djangos():
    found = DocumentAdmin(Theatre, admin.AdminSite())
    assert found.embedded == ()
    assert TabularEmbedded("acts", "Acts").verbose_name == "Act"
    assert TabularEmbedded("glass", "Glass").verbose_name == "Glass"
