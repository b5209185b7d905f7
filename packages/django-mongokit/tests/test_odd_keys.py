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
from hypothesis import given, settings
from hypothesis import strategies as st
from rest_framework.test import APIRequestFactory

from django_mongokit.document import DjangoDocument
from django_mongokit.forms import DocumentChoiceField, DocumentSearchField
from django_mongokit.key_texts import has_text_key, keys_of, text_of
from django_mongokit.rest import DocumentSerializer, DocumentViewSet
from django_mongokit.searching import DocumentSearch
from django_mongokit.selection import Documents
from django_mongokit.shortcut import get_document_or_404
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


def shown_key(document):
    return Template("[{{ document.pk }}]").render(Context({"document": document}))


@each(key=ALL)
def test_the_key_as_text(store, key):
    document = store(key)
    if key is None:
        with pytest.raises(KeyError):
            document.pk  # noqa: B018 (what it raises)
        assert shown_key(document) == "[]"
    else:
        assert document.pk == str(key)
    assert has_text_key(document) == any(key is one for one in {**NAMED, **EMPTY}.values())


def test_a_new_document_with_a_key_of_none_has_none(mongodb):
    document = mongodb.keys.proxy(NullKey)({"_id": None})
    assert shown_key(document) == "[]"
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


# Two keys that look alike: a page of the one is never one of the other, nor when its document is gone.

ALIKE = {
    "a number": (5, "5"),
    "an ObjectId": (OTHER, str(OTHER)),
    "a UUID": (uuid.UUID(int=7), str(uuid.UUID(int=7))),
    "a bool": (True, "True"),
    "in quotes": ("5", '"5"'),
    "in two quotes": ('"5"', '""5""'),
}


@pytest.fixture(params=[False, True], ids=["the first", "the second"])
def alike(request, mongodb):
    """Store one of the two, or both; return the text of the other's page and of its own, and what is stored by whom."""

    def stored(keys, *, both):
        mine, theirs = reversed(keys) if request.param else keys
        mongodb.reports.insert_many(
            [{"_id": key, "title": name, "slug": name} for key, name in ((mine, "Mine"), (theirs, "Theirs"))]
        )
        texts = [mongodb.reports.Report.one({"title": name}).pk for name in ("Mine", "Theirs")]
        if not both:
            mongodb.reports.delete_one({"title": "Mine"})
        return texts

    return stored


@each(keys=ALIKE)
def test_each_is_found_by_a_text_of_its_own(alike, mongodb, keys):
    for text, title in zip(alike(keys, both=True), ("Mine", "Theirs"), strict=True):
        [found] = Documents(Report, mongodb.reports).filter(pk=text)
        assert found["title"] == title
        assert get_document_or_404(mongodb.reports.Report, pk=text)["title"] == title
        view = Reports.as_view({"get": "retrieve"})
        assert view(APIRequestFactory().get("/"), pk=text).data["title"] == title


@each(keys=ALIKE)
def test_a_page_of_what_is_gone_opens_and_deletes_no_other(alike, left, person, mongodb, keys):
    text, _theirs = alike(keys, both=False)
    for action in ("change", "delete"):
        url = f"{LIST}{quote(text)}/{action}/"
        assert person().get(url).status == 404
        # For an ObjectId that is gone the form comes back, to be stored as a new one.
        assert person().post(url, {"post": "yes", "title": "Changed"}).status in {404, 200}
    person().post(LIST, chosen([text], post="yes"))
    with pytest.raises(Http404):
        get_document_or_404(mongodb.reports.Report, pk=text)
    view = DeleteView.as_view(document=Report, success_url="/done/")
    with pytest.raises(Http404):
        view(RequestFactory().post("/"), pk=text)
    view = Reports.as_view({"get": "retrieve", "delete": "destroy"})
    assert view(APIRequestFactory().delete("/"), pk=text).status_code == 404
    assert left() == ["Theirs"]


@each(keys=ALIKE)
def test_in_the_admin_each_has_a_page(alike, left, person, keys):
    text, _theirs = alike(keys, both=True)
    url = f"{LIST}{quote(text)}/"
    page = person().submit(f"{url}change/", "report_form", title="Changed")
    assert "was changed successfully" in page.text
    assert left() == ["Changed", "Theirs"]
    person().submit(f"{url}delete/", "form")
    assert left() == ["Theirs"]


class TextKey(DjangoDocument):
    _id: str


class NumberKey(DjangoDocument):
    _id: int


class EitherKey(DjangoDocument):
    _id: int | str


class OddKey(DjangoDocument):
    n: str = ""


HEX = str(OTHER)
READ = {
    "a declared text": (
        TextKey,
        {
            "5": "5",
            HEX: HEX,
            "True": "True",
            '"5"': '"5"',
            "": "",
            "(5)": 5,
            '"(5)"': "(5)",
            "(k)": "(k)",
            f"({HEX})": OTHER,
        },
    ),
    "a declared number": (NumberKey, {"5": 5, "-5": -5, HEX: OTHER, "k": "k", '"5"': "5"}),
    "both": (EitherKey, {"5": 5, '"5"': "5", '"5': '"5', '"k"': '"k"', "5.0": "5.0", "05": "05"}),
    "the smallest number": (OddKey, {str(-(2**63)): -(2**63), f'"{-(2**63)}"': str(-(2**63))}),
    "undeclared": (
        OddKey,
        {HEX: OTHER, "k": "k", "5": 5, '"5"': "5", f'"{HEX}"': HEX, '""5""': '"5"', '"': '"', '""': '""'},
    ),
}


@pytest.mark.parametrize(("cls", "expected"), READ.values(), ids=READ)
def test_what_a_text_stands_for(cls, expected):
    for text, key in expected.items():
        assert keys_of(cls, text) == [key]
        assert type(keys_of(cls, text)[0]) is type(key)
        assert text_of(cls, key) == text
        assert has_text_key(cls({"_id": key}))


@pytest.mark.parametrize(
    ("cls", "key"), [(TextKey, 5.0), (TextKey, 2**63), (OddKey, 2**63), (OddKey, "\ud800")], ids=repr
)
def test_a_key_that_the_class_does_not_declare_takes_no_text_from_one_that_it_does(cls, key):
    assert not has_text_key(cls({"_id": key}))


@settings(max_examples=400)
@given(
    st.sampled_from([TextKey, NumberKey, EitherKey, OddKey]),
    st.text('"5aT-()', max_size=6) | st.sampled_from(["True", HEX, 5, -5, True, OTHER, uuid.UUID(int=7)]),
)
def test_every_text_is_a_key_of_its_own(cls, key):
    [found] = keys_of(cls, text_of(cls, key))
    assert found == key
    assert type(found) is type(key)


def test_many_quotes_are_read_in_no_time():
    text = '"' * 50_000 + "5" + '"' * 50_000
    assert keys_of(OddKey, text_of(OddKey, text)) == [text]
