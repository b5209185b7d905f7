"""An `_id` that is absent or None is none; 0, "" and False are keys like any other. One rule, wherever it is asked."""

import pytest
from archive.models import Report
from bson import ObjectId
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models.signals import post_save
from gridfs import GridFS
from rest_framework.exceptions import ValidationError

from django_mongokit.document import DjangoDocument
from django_mongokit.forms import documentform_factory, save_instance
from django_mongokit.forms.files import stored_file
from django_mongokit.rest import DocumentSerializer
from mongokit import SchemaDocument
from mongokit.identifying import has_id

ABSENT = object()
NONE = {"absent": ABSENT, "None": None}
THERE = {"0": 0, "empty": "", "False": False, "a text": "k"}


class Line(SchemaDocument):
    text: str = ""


class Page(DjangoDocument):
    """With any key, that MongoDB makes unless somebody else does."""

    n: str = ""
    lines: list[Line]
    indexes = [{"fields": ["n"], "unique": True}]


class Named(DjangoDocument):
    """With a key that people choose."""

    structure = {"_id": str, "n": str}


class Counted(DjangoDocument):
    structure = {"_id": int, "n": str}


class Flagged(DjangoDocument):
    structure = {"_id": bool, "n": str}


PageForm = documentform_factory(Page)
KEYED = [(0, Counted), ("", Named), (False, Flagged), ("k", Named)]


class PageSerializer(DocumentSerializer):
    class Meta:
        document = Page
        fields = ["_id", "n"]


@pytest.fixture
def pages(mongodb):
    return mongodb.pages


@pytest.fixture
def make(pages):
    """Make a document with an `_id`, or without one; it is not stored."""

    def made(key, cls=Page, **fields):
        document = pages.proxy(cls)()
        document.update({"n": "a", **fields} if key is ABSENT else {"_id": key, "n": "a", **fields})
        return document

    return made


@pytest.fixture
def store(pages, make):
    """Store a document as other programs may have done; return it."""

    def stored(key, cls=Page, **fields):
        document = make(key, cls, **fields)
        pages.insert_one(dict(document))
        return document

    return stored


def rows(*texts, initial=0):
    found = {"lines-TOTAL_FORMS": str(len(texts)), "lines-INITIAL_FORMS": str(initial)}
    return found | {f"lines-{at}-text": text for at, text in enumerate(texts)}


def sent(n, *texts, **more):
    return {"n": n, **rows(*texts, **more)}


def saved(form):
    found = form.try_save()
    assert found is not None, form.errors
    return found


@pytest.mark.parametrize("key", NONE.values(), ids=NONE)
def test_it_has_none(make, key):
    assert not has_id(make(key))


@pytest.mark.parametrize("key", THERE.values(), ids=THERE)
def test_it_has_one(make, key):
    assert has_id(make(key))


# ------------------------------------------------------------------------------------------------ forms


@pytest.mark.parametrize("key", NONE.values(), ids=NONE)
def test_a_form_stores_a_document_without_a_key_as_a_new_one(pages, make, store, key):
    store(None, n="somebody else's")
    found = saved(PageForm(sent("b", "x"), instance=make(key)))
    assert isinstance(found["_id"], ObjectId)
    assert pages.find_one({"_id": found["_id"]}) == {"_id": found["_id"], "n": "b", "lines": [{"text": "x"}]}
    assert pages.find_one({"_id": None})["n"] == "somebody else's"


@pytest.mark.parametrize("key", THERE.values(), ids=THERE)
def test_a_form_changes_the_document_with_a_key(pages, store, key):
    page = store(key, lines=[{"text": "x"}])
    assert saved(PageForm(sent("b", "x", "y", initial=1), instance=page)) is page
    assert list(pages.find()) == [{"_id": key, "n": "b", "lines": [{"text": "x"}, {"text": "y"}]}]


@pytest.mark.parametrize("key", THERE.values(), ids=THERE)
def test_a_form_makes_no_new_document_of_one_with_a_key_that_is_gone(pages, make, key):
    form = PageForm(sent("b"), instance=make(key, lines=[]))
    assert form.try_save() is None
    assert form.has_error("__all__", "gone")
    assert pages.count_documents({}) == 0


@pytest.mark.parametrize("key", NONE.values(), ids=NONE)
@pytest.mark.parametrize("cls", [Named, Counted])
def test_a_form_asks_for_the_key_of_a_document_without_one(pages, make, key, cls):
    form_class = documentform_factory(cls, fields=["_id", "n"])
    assert not form_class(instance=make(key, cls)).fields["_id"].disabled
    form = form_class({"_id": "", "n": "b"}, instance=make(key, cls))
    assert form.try_save() is None
    assert form.has_error("_id", "required")
    for sent_key in ("1", "2"):
        saved(form_class({"_id": sent_key, "n": "b"}, instance=make(key, cls)))
    assert [str(one["_id"]) for one in pages.find()] == ["1", "2"]


@pytest.mark.parametrize("key", NONE.values(), ids=NONE)
def test_a_key_entered_for_a_document_without_one_may_be_taken(pages, make, store, key):
    store("k", Named, n="somebody else's")
    form = documentform_factory(Named, fields=["_id", "n"])({"_id": "k", "n": "b"}, instance=make(key, Named))
    assert form.try_save() is None
    assert form.has_error("_id", "unique")
    assert list(pages.find()) == [{"_id": "k", "n": "somebody else's"}]


@pytest.mark.parametrize(("key", "cls"), KEYED, ids=THERE)
def test_a_form_leaves_the_key_that_is_there(pages, store, key, cls):
    document = store(key, cls)
    form_class = documentform_factory(cls, fields=["_id", "n"])
    assert form_class(instance=document).fields["_id"].disabled
    saved(form_class({"_id": "7", "n": "b"}, instance=document))
    assert list(pages.find()) == [{"_id": key, "n": "b"}]


@pytest.mark.parametrize("key", NONE.values(), ids=NONE)
def test_for_a_document_without_a_key_all_others_are_others(make, store, key):
    store(None, n="taken")
    form = PageForm(sent("taken"), instance=make(key))
    assert form.try_save() is None
    assert form.has_error("n", "unique")


@pytest.mark.parametrize("key", THERE.values(), ids=THERE)
def test_a_document_with_a_key_is_no_other_of_its_own(store, key):
    page = store(key, n="mine", lines=[])
    store(ObjectId(), n="taken")
    saved(PageForm(sent("mine"), instance=page))
    form = PageForm(sent("taken"), instance=page)
    assert form.try_save() is None
    assert form.has_error("n", "unique")


@pytest.mark.parametrize("key", NONE.values(), ids=NONE)
def test_what_a_new_document_has_beside_its_structure_is_wrong(make, key):
    """What is stored already stays as it is; this was not."""
    form = PageForm(sent("b"), instance=make(key, stray=1))
    assert form.try_save() is None
    assert form.strays == frozenset()


@pytest.mark.parametrize("key", THERE.values(), ids=THERE)
def test_what_a_stored_document_has_beside_its_structure_stays(pages, store, key):
    saved(PageForm(sent("b"), instance=store(key, stray=1, lines=[])))
    assert pages.find_one() == {"_id": key, "n": "b", "lines": [], "stray": 1}


@pytest.mark.parametrize("key", NONE.values(), ids=NONE)
def test_save_instance_stores_a_document_without_a_key_as_a_new_one(pages, make, key):
    document = make(key, Named)
    form = documentform_factory(Named, fields=["_id", "n"])({"_id": "k", "n": "b"}, collection=pages)
    save_instance(form, document)
    assert list(pages.find()) == [{"_id": "k", "n": "b"}]


@pytest.mark.parametrize("key", {**NONE, **THERE}.values(), ids={**NONE, **THERE})
def test_post_save_says_whether_the_document_is_new(make, key):
    seen = []

    def note(created, **kwargs):
        seen.append(created)

    post_save.connect(note, sender=Page)
    try:
        make(key, lines=[]).save()
    finally:
        post_save.disconnect(note, sender=Page)
    assert seen == [key is ABSENT or key is None]


# ------------------------------------------------------------------------------------------------ files


@pytest.fixture
def report(mongodb):
    def made(key):
        document = mongodb.reports.proxy(Report)()
        document.update({"title": "T"} if key is ABSENT else {"_id": key, "title": "T"})
        return document

    return made


@pytest.mark.parametrize("key", NONE.values(), ids=NONE)
def test_a_document_without_a_key_has_no_files(client_of_server, mongodb, report, key):
    # As something has stored it for no document.
    GridFS(client_of_server[mongodb.name]).put(b"x", filename="source", docid=None, collection="reports")
    document = report(key)
    assert stored_file(document, "source") is None
    assert "Currently" not in str(documentform_factory(Report)(instance=document)["source"])


@pytest.mark.parametrize("key", THERE.values(), ids=THERE)
def test_a_document_with_a_key_has_its_files(report, key):
    document = report(key)
    document.collection.insert_one(dict(document))
    form_class = documentform_factory(Report)
    upload = SimpleUploadedFile("a.txt", b"first", "text/plain")
    saved(form_class({"title": "T"}, {"source": upload}, instance=document))
    assert stored_file(document, "source").name == "a.txt"
    assert "a.txt" in str(form_class(instance=report(key))["source"])


# ------------------------------------------------------------------------------------------------ REST


@pytest.mark.parametrize("key", NONE.values(), ids=NONE)
def test_a_serializer_makes_a_key_where_there_is_none(pages, store, key, monkeypatch):
    store(None, n="somebody else's")
    if key is None:
        monkeypatch.setattr(Page, "__init__", with_id_none(Page.__init__))
    serializer = PageSerializer(data={"n": "b"}, context={"documents": pages.proxy(Page)})
    assert serializer.is_valid(), serializer.errors
    found = serializer.save()
    assert isinstance(found["_id"], ObjectId)
    assert pages.find_one({"_id": None})["n"] == "somebody else's"


def with_id_none(init):
    def made(self, *args, **kwargs):
        init(self, *args, **kwargs)
        self["_id"] = None

    return made


@pytest.mark.parametrize("key", THERE.values(), ids=THERE)
def test_a_serializer_shows_and_changes_the_document_with_a_key(pages, store, key):
    page = store(key, lines=[])
    assert PageSerializer(page).data == {"_id": key, "n": "a"}
    serializer = PageSerializer(page, data={"_id": "other", "n": "b"})
    assert serializer.is_valid(), serializer.errors
    serializer.save()
    assert list(pages.find()) == [{"_id": key, "n": "b", "lines": []}]


@pytest.mark.parametrize(("key", "cls"), [(0, Counted), (False, Flagged)], ids=["0", "False"])
def test_a_key_in_what_a_client_sends_may_be_taken(pages, store, key, cls):
    store(key, cls, n="somebody else's")
    meta = type("Meta", (), {"document": cls, "fields": ["_id", "n"]})
    kind = type("KeySerializer", (DocumentSerializer,), {"Meta": meta})
    serializer = kind(data={"_id": key, "n": "b"}, context={"documents": pages.proxy(cls)})
    assert serializer.is_valid(), serializer.errors
    with pytest.raises(ValidationError) as refused:
        serializer.save()
    assert refused.value.get_codes() == {"_id": ["unique"]}
    assert list(pages.find()) == [{"_id": key, "n": "somebody else's"}]


# ------------------------------------------------------------------------------------------------ admin

LIST = "/admin/shows/Note/"


@pytest.mark.parametrize("key", [None, *THERE.values()], ids=["None", *THERE])
def test_the_list_of_the_admin_has_every_document(person, mongodb, key):
    mongodb.notes.insert_one({"_id": key, "text": "x"})
    page = person().get(LIST)
    assert page.status == 200
    assert "1 Note" in page.text


@pytest.mark.parametrize("key", [0, "k"], ids=["0", "a text"])
def test_the_admin_changes_the_document_with_a_key(person, mongodb, key):
    mongodb.troupes.insert_one({"_id": key, "name": "A", "stages": []})
    page = person().submit(f"/admin/shows/Troupe/{key}/change/", "troupe_form", name="B")
    assert [level for level, _text in page.messages] == ["success"]
    assert [(one["_id"], one["name"]) for one in mongodb.troupes.find()] == [(key, "B")]


@pytest.mark.parametrize("key", THERE.values(), ids=THERE)
def test_the_admin_deletes_all_that_have_a_key(person, mongodb, key):
    mongodb.notes.insert_one({"_id": key, "text": "x"})
    sent = {"action": "delete_selected", "_selected_action": ["x"], "select_across": "1", "post": "yes"}
    assert person().post(LIST, sent).messages == [("success", "Successfully deleted 1 Note.")]
    assert mongodb.notes.count_documents({}) == 0
