"""Documents with the keys that other programs have stored, wherever they are shown: found, or clearly not to be named by a page."""

import re
import uuid
from html import unescape

import pytest
from archive.models import Report
from bson import ObjectId
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.admin.utils import quote
from django.core.management import call_command
from django.http import Http404
from django.template import Context, Template
from django.test import RequestFactory
from rest_framework.test import APIRequestFactory

from django_mongokit.document import DjangoDocument
from django_mongokit.forms import DocumentChoiceField, DocumentSearchField
from django_mongokit.rest import DocumentSerializer, DocumentViewSet
from django_mongokit.searching import DocumentSearch
from django_mongokit.selection import Documents, has_text_key
from django_mongokit.views import DeleteView, DetailView, ListView, UpdateView

pytestmark = pytest.mark.django_db
NAMED = {
    "0": 0,
    "a number": -17,
    "False": False,
    "True": True,
    "a UUID": uuid.UUID(int=7),
    "an ObjectId": ObjectId(b"k" * 12),
    "a text": "k/ü",
    "the text None": "None",
}
"""A text in a URL or a form can name them."""
UNNAMED = {"None": None, "a dict": {"a": 1}, "bytes": b"\x00k", "a real number": 1.5}
"""None can: their text is that of another key."""
EMPTY = {"empty": ""}
"""A form can, a URL cannot."""
ALL = {**NAMED, **EMPTY, **UNNAMED}
OTHER = ObjectId(b"o" * 12)
LIST = "/admin/archive/Report/"


def each(**tables):
    [(name, table)] = tables.items()
    return pytest.mark.parametrize(name, table.values(), ids=table)


class NullKey(DjangoDocument):
    _id: str | None
    n: str = ""


class ReportSerializer(DocumentSerializer):
    class Meta:
        document = Report
        fields = ["_id", "pk", "title"]


class Reports(DocumentViewSet):
    serializer_class = ReportSerializer


@pytest.fixture
def store(mongodb):
    """Store a report with a key, and another one; return the first as it is read."""

    def stored(key):
        mongodb.reports.insert_many(
            [{"_id": key, "title": "Odd", "slug": "odd"}, {"_id": OTHER, "title": "Other", "slug": "other"}]
        )
        return mongodb.reports.Report.one({"title": "Odd"})

    return stored


@pytest.fixture
def left(mongodb):
    """What is stored."""
    return lambda: sorted(one["title"] for one in mongodb.reports.find())


def text_of(document):
    return Template("[{{ document.pk }}]").render(Context({"document": document}))


@each(key=ALL)
def test_the_key_as_text(store, key):
    document = store(key)
    if key is None:
        with pytest.raises(KeyError):
            document.pk  # noqa: B018 (what it raises)
        assert text_of(document) == "[]"
    else:
        assert document.pk == str(key)
    assert has_text_key(document) == any(key is one for one in {**NAMED, **EMPTY}.values())


def test_a_new_document_with_a_key_of_none_has_none(mongodb):
    document = mongodb.keys.proxy(NullKey)({"_id": None})
    assert text_of(document) == "[]"
    assert not has_text_key(document)


@each(key=NAMED)
def test_those_that_a_page_can_name_are_found_by_it(store, mongodb, key):
    found = list(Documents(Report, mongodb.reports).filter(pk=store(key).pk))
    assert [one["_id"] for one in found] == [key]
    assert type(found[0]["_id"]) is type(key)


@each(key=ALL)
def test_the_list_of_the_admin(person, store, key):
    document = store(key)
    page = person().get(LIST)
    assert page.status == 200
    assert "2 Reports" in page.text
    assert ("Odd" in page.links) == any(key is one for one in NAMED.values())
    assert "Other" in page.links
    boxes = re.findall(r'<input type="checkbox" name="_selected_action" value="([^"]*)"', page.html)
    assert page.html.count('name="_selected_action"') == len(boxes)
    named = [document.pk] if has_text_key(document) and key != "" else []
    assert sorted(map(unescape, boxes)) == sorted([str(OTHER), *named])


@each(key=NAMED)
def test_it_is_changed_and_deleted_in_the_admin(person, store, left, key):
    somebody, url = person(), f"{LIST}{quote(store(key).pk)}/"
    page = somebody.submit(f"{url}change/", "report_form", title="Changed")
    assert "was changed successfully" in page.text
    assert left() == ["Changed", "Other"]
    page = somebody.submit(f"{url}delete/", "form")
    assert left() == ["Other"]
    page = somebody.get(f"{url}change/")
    assert page.status == 404


@each(key=UNNAMED)
def test_there_is_no_page_for_what_none_can_name(person, store, left, key):
    store(key)
    for action in ("change", "delete", "history"):
        assert person().get(f"{LIST}{quote(str(key))}/{action}/").status in {
            404,
            200 if action == "history" else 404,
        }
    assert left() == ["Odd", "Other"]


def chosen(keys, **more):
    return {"action": "delete_selected", "_selected_action": keys, **more}


@each(key={**NAMED, **EMPTY})
def test_those_chosen_are_deleted(person, store, left, key):
    document, somebody = store(key), person()
    assert "Are you sure" in somebody.post(LIST, chosen([document.pk])).text
    page = somebody.post(LIST, chosen([document.pk], post="yes"))
    assert "Successfully deleted 1 Report" in page.text
    assert left() == ["Other"]
    assert [one.object_id for one in LogEntry.objects.all()] == [document.pk]


@pytest.mark.parametrize("confirmed", [{}, {"post": "yes"}], ids=["asked", "confirmed"])
@each(key=UNNAMED)
def test_all_are_deleted_only_where_each_can_be_named(person, store, left, key, confirmed):
    store(key)
    page = person().post(LIST, chosen([str(OTHER)], select_across="1", **confirmed))
    assert page.status == 200
    assert f"the key {key!r} is none that a page can name" in page.text
    assert "Cannot delete" in page.text
    assert left() == ["Odd", "Other"]
    assert LogEntry.objects.count() == 0


@pytest.fixture
def editable(monkeypatch):
    """Have the titles be changed in the list."""
    found = admin.site.get_model_admin(Report)
    monkeypatch.setattr(found, "list_display", ["pk", "title"])
    monkeypatch.setattr(found, "list_editable", ["title"])


@each(key={**NAMED, **EMPTY})
def test_rows_are_changed(person, store, left, editable, key):
    store(key)
    somebody = person()
    page = somebody.get(LIST)
    fields = [name for name, value in page.forms["changelist-form"].items() if value == ["Odd"]]
    sent = page.sends("changelist-form", _save="Save", **dict.fromkeys(fields, "Changed"))
    page = somebody.post(LIST, sent)
    assert "1 Report was changed successfully" in page.text
    assert left() == ["Changed", "Other"]


@each(key=UNNAMED)
def test_a_row_that_none_can_name_is_shown_and_keeps_no_other_from_being_changed(
    person, store, left, editable, key
):
    store(key)
    somebody = person()
    page = somebody.get(LIST)
    assert "Odd" in page.text
    fields = [name for name, value in page.forms["changelist-form"].items() if value == ["Other"]]
    sent = page.sends("changelist-form", _save="Save", **dict.fromkeys(fields, "Changed"))
    page = somebody.post(LIST, sent)
    assert "1 Report was changed successfully" in page.text
    assert left() == ["Changed", "Odd"]


@each(key=ALL)
def test_generic_views(store, key):
    document = store(key)
    request = RequestFactory().get("/")
    response = ListView.as_view(document=Report, template_name="x.html")(request)
    assert [one["title"] for one in response.context_data["report_list"]].count("Odd") == 1
    response = DetailView.as_view(document=Report, slug_field="title", template_name="x.html")(
        request, slug="Odd"
    )
    assert response.context_data["object"] == document


@pytest.mark.parametrize("view", [UpdateView, DeleteView])
def test_what_has_no_key_is_not_changed_by_a_view(store, left, view):
    """It would be stored as a new one."""
    store(None)
    answer = view.as_view(document=Report, template_name="archive/form.html", success_url="/done/{pk}/")
    for method in ("get", "post"):
        request = getattr(RequestFactory(), method)("/", {"title": "Changed"})
        try:
            status = answer(request, slug="odd").status_code
        except Http404:
            status = 404
        assert status == 404
    assert left() == ["Odd", "Other"]


class ReportsBySlug(Reports):
    lookup_field = "slug"


def test_what_has_no_key_is_not_changed_by_rest(store, left):
    store(None)
    methods = {"get": 200, "put": 404, "patch": 404, "delete": 404}
    view = ReportsBySlug.as_view(
        {"get": "retrieve", "put": "update", "patch": "partial_update", "delete": "destroy"}
    )
    for method, status in methods.items():
        request = getattr(APIRequestFactory(), method)("/", {"title": "Changed", "slug": "odd"})
        assert view(request, slug="odd").status_code == status
    assert left() == ["Odd", "Other"]


@each(key=ALL)
def test_rest(store, key):
    document = store(key)
    response = Reports.as_view({"get": "list"})(APIRequestFactory().get("/"))
    response.render()
    [found] = [one for one in response.data if one["title"] == "Odd"]
    assert found.get("pk") == (None if key is None else str(key))
    assert (found["_id"] is None) == (key is None)
    if has_text_key(document):
        view = Reports.as_view({"get": "retrieve", "delete": "destroy"})
        assert view(APIRequestFactory().get("/"), pk=document.pk).data == found
        assert view(APIRequestFactory().delete("/"), pk=document.pk).status_code == 204
        assert document.collection.count_documents({}) == 1


@each(key=ALL)
def test_dumped_and_loaded(store, mongodb, tmp_path, key):
    document = store(key)
    file = tmp_path / "dump.jsonl"
    call_command("dumpdocuments", "reports", output=str(file))
    mongodb.reports.delete_many({})
    call_command("loaddocuments", str(file), verbosity=0)
    found = mongodb.reports.find_one({"title": "Odd"})
    assert found == document
    assert type(found["_id"]) is type(key)


@each(key=ALL)
def test_choices_are_of_what_has_a_key(store, mongodb, key):
    document = store(key)
    search = DocumentSearch(Report, "title")
    field = DocumentChoiceField(search.documents, search.find)
    offered = [one for one, _label in field.widget.choices]
    assert (document.get("_id") is None) == (len(offered) == 2)
    if has_text_key(document) and key != "":
        assert field.clean(document.pk).id == key


@each(key=ALL)
def test_a_search(store, key):
    document = store(key)
    search = DocumentSearch(Report, "title", label=lambda one: one["title"])
    view = search.as_view(may=lambda request: True)
    response = view(RequestFactory().get("/", {"term": "odd"}))
    assert response.status_code == 200
    assert (b"Odd" in response.content) == has_text_key(document)
    field = DocumentSearchField(search)
    if has_text_key(document) and key != "":
        assert field.clean(document.pk).id == key
