"""Content types of documents, and what Django finds by them: the history's objects, the picker of permissions, links."""

import html
import io

import pytest
from bson import ObjectId
from django.apps import apps
from django.contrib import admin
from django.contrib.admin import sites
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import Permission, User
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ImproperlyConfigured, ObjectDoesNotExist
from django.core.management import call_command
from papers.models import Draft, Paper
from shows.models import Note, Show

from django_mongokit.admin import DocumentAdmin
from django_mongokit.contenttypes import all_of, document_of, know_documents
from django_mongokit.document import DjangoDocument, document_classes, model_names
from django_mongokit.permissions import create_permissions

pytestmark = pytest.mark.django_db


@pytest.fixture
def passing():
    """Have document classes of this test forgotten after it: one of an installed app is given permissions."""
    before, names = document_classes[:], model_names[:]
    yield
    document_classes[:], model_names[:] = before, names


@pytest.fixture
def site():
    """An admin site of this test's own."""
    made = admin.AdminSite("aaa")
    yield made
    sites.all_sites.discard(made)


@pytest.fixture
def entry(person):
    """Note in the history that somebody has changed a document; returns the entry, as it is read again."""
    somebody = person()

    def make(document):
        LogEntry.objects.log_actions(somebody.user.pk, [document], CHANGE, "changed")
        return LogEntry.objects.get()

    return make


def test_the_history_leads_to_the_document(entry, person, show):
    stored = show("Hamlet")
    found = entry(stored)
    assert found.get_edited_object() == stored
    assert isinstance(found.get_edited_object(), Show)
    page = person().get(found.get_admin_url())
    assert (page.status, page.forms["show_form"]["title"]) == (200, ["Hamlet"])


def test_a_document_that_is_gone(entry, show, shows):
    found = entry(show("Hamlet"))
    shows.delete_many({})
    with pytest.raises(ObjectDoesNotExist) as caught:
        found.get_edited_object()
    assert "There is no shows.Show with pk=" in str(caught.value)
    assert found.object_id in str(caught.value)
    assert ".shows (any more)" in str(caught.value)


def test_where_only_the_admin_knows_the_collection(entry, mongodb):
    note = mongodb.notes.Note()
    note.update({"_id": "one/1", "text": "x"})
    note.save()
    found = entry(note)
    assert found.get_edited_object()["text"] == "x"
    assert found.get_admin_url() == "/admin/shows/Note/one_2F1/change/"


def test_where_the_documents_of_a_class_are(mongodb, monkeypatch):
    assert all_of(Note).collection.name == "notes"
    assert all_of(Paper).collection.name == "papers"
    with pytest.raises(ImproperlyConfigured, match="Draft does not say where to find its documents"):
        all_of(Draft)
    monkeypatch.setattr(apps, "is_installed", lambda name: name != "django.contrib.admin")
    assert all_of(Show).collection.name == "shows"
    with pytest.raises(ImproperlyConfigured, match="Note does not say"):
        all_of(Note)


def test_the_default_site_goes_before_others(mongodb, site):
    for document, name in ((Note, "other"), (Draft, "drafts")):
        site.register(document, type("OtherAdmin", (DocumentAdmin,), {"collection": name}))
    assert all_of(Note).collection.name == "notes"
    assert all_of(Draft).collection.name == "drafts"


def test_a_content_type_knows_its_class():
    found = ContentType.objects.get(app_label="shows", model="Show")
    assert found.model_class() is Show
    assert (found.name, str(found)) == ("show", "Shows | show")
    assert document_of(found) is Show


def test_several_of_them(shows, show):
    titles = {show(title).pk: title for title in ("A", "B", "C")}
    kind = ContentType.objects.get_for_model(Show)
    found = kind.get_all_objects_for_this_type(pk__in=list(titles)[:2])
    assert sorted(one["title"] for one in found) == ["A", "B"]
    with pytest.raises(ObjectDoesNotExist):
        kind.get_object_for_this_type(pk=str(ObjectId()))
    with pytest.raises(TypeError, match="Django's language"):
        kind.get_object_for_this_type(title="A")


def test_those_of_models_are_as_they_were(person):
    somebody = person()
    found = ContentType.objects.get_for_model(User)
    assert found.model_class() is User
    assert found.get_object_for_this_type(pk=somebody.user.pk) == somebody.user
    assert found.get_object_for_this_type(using="default", pk=somebody.user.pk) == somebody.user
    assert list(found.get_all_objects_for_this_type(pk=somebody.user.pk)) == [somebody.user]
    with pytest.raises(User.DoesNotExist):
        found.get_object_for_this_type(pk=0)
    assert ContentType(app_label="nobody", model="Nothing").model_class() is None


def test_a_document_of_no_installed_app_has_none(passing):
    class Afar(DjangoDocument):
        class Meta:
            app_label = "afar"

    assert ContentType(app_label="afar", model="Afar").model_class() is None


def test_a_model_of_the_same_name_keeps_its_row(passing):
    class book(DjangoDocument):
        class Meta:
            app_label = "books"

    class Book(DjangoDocument):
        class Meta:
            app_label = "books"

    assert ContentType(app_label="books", model="book").model_class() is apps.get_model("books", "Book")
    assert ContentType(app_label="books", model="Book").model_class() is Book
    assert book._meta.label != Book._meta.label


def test_said_twice_it_is_known_once():
    before = ContentType.model_class
    know_documents()
    assert ContentType.model_class is before


def test_permissions_are_not_taken_for_stale():
    """Of a class that is gone they are, as those of a model."""
    ContentType.objects.create(app_label="shows", model="Gone")
    before = Permission.objects.filter(content_type__app_label="shows").count()
    call_command("remove_stale_contenttypes", interactive=False, verbosity=0)
    assert not ContentType.objects.filter(model="Gone").exists()
    assert Permission.objects.filter(content_type__app_label="shows").count() == before > 0


def test_the_picker_of_permissions_says_of_which_app(person):
    client = person().client
    page = html.unescape(client.get("/admin/auth/group/add/").content.decode())
    assert ">Shows | show | Can add show</option>" in page
    assert ">Shows | Theatre | Can view Theatre</option>" in page


@pytest.mark.parametrize("action", ["add", "change", "delete", "view"])
def test_names_of_permissions(person, action):
    somebody = person(f"{action}_show").user
    assert somebody.has_perm(f"shows.{action}_show")
    assert not somebody.has_perm(f"shows.{action}_Show")
    assert not somebody.has_perm(f"shows.{action}_theatre")


def test_the_history_of_somebody_on_the_index(person, show):
    somebody = person()
    somebody.submit("/admin/shows/Show/add/", "show_form", title="Hamlet")
    page = somebody.get("/admin/")
    assert page.links["Hamlet"] == LogEntry.objects.get().get_admin_url()
    assert "Recent actions My actions" in page.text
    assert "Hamlet Show" in page.text


def test_django_leads_to_the_documents_own_page(person, show):
    stored = show("Hamlet")
    kind = ContentType.objects.get_for_model(Show)
    client = person().client
    response = client.get(f"/admin/r/{kind.pk}/{stored.pk}/")
    assert (response.status_code, response["Location"]) == (302, f"http://testserver/shows/{stored.pk}/")
    assert client.get(f"/admin/r/{kind.pk}/{ObjectId()}/").status_code == 404


def test_where_content_types_are_not_installed_nothing_is_changed(run):
    code = (
        "from django.conf import settings; settings.configure(INSTALLED_APPS=['django_mongokit']); "
        "import django, sys; django.setup(); print('django.contrib.contenttypes.models' in sys.modules)"
    )
    assert run("-c", code, DJANGO_SETTINGS_MODULE="").strip() == "False"


def test_permissions_are_made_of_the_same_rows():
    out = io.StringIO()
    create_permissions(apps.get_app_config("auth"), verbosity=2, stdout=out)
    assert out.getvalue() == ""
