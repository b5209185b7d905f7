"""Files of documents in forms: uploaded, replaced, removed, and nothing left of what failed."""

import datetime
import re

import pytest
from archive.models import Leaf, Report
from django import forms
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile, TemporaryUploadedFile
from django.core.validators import FileExtensionValidator
from django.db.models.signals import post_save, pre_save
from django.test import Client
from django.urls import reverse
from lectures.models import Lecture
from pymongo.errors import AutoReconnect

from django_mongokit.forms import DocumentFileField, DocumentForm, StoredFile, documentform_factory
from django_mongokit.forms.files import Uploads, stored_file
from mongokit import DuplicateKeyError, StaleDocumentError
from mongokit.aio import AsyncConnection
from mongokit.flow import run

ReportForm = documentform_factory(Report)
LeafForm = documentform_factory(Leaf)


def upload(content=b"first", name="a.txt", kind="text/plain"):
    return SimpleUploadedFile(name, content, kind)


def make(mongodb, form=ReportForm, files=None, **data):
    made = form({"title": "T", **data}, files or {}, collection=mongodb[form._meta.document.__collection__])
    assert made.is_valid(), made.errors
    return made.save()


def change(instance, form=ReportForm, files=None, **data):
    seen = {"_revision": str(instance["_revision"])} if "_revision" in instance else {}
    made = form({"title": "T", **seen, **data}, files or {}, instance=instance)
    assert made.is_valid(), made.errors
    return made.save()


def kept(mongodb):
    """How many files and chunks there are."""
    return mongodb["fs.files"].count_documents({}), len(mongodb["fs.chunks"].distinct("files_id"))


def test_fields_are_those_that_the_class_declares():
    assert list(ReportForm.base_fields) == ["title", "slug", "source", "picture"]
    assert isinstance(ReportForm.base_fields["source"], DocumentFileField)
    assert not ReportForm.base_fields["source"].required
    assert list(documentform_factory(Report, fields=["picture", "title"]).base_fields) == ["picture", "title"]
    assert list(documentform_factory(Report, exclude=["source", "slug"]).base_fields) == ["title", "picture"]
    assert (
        documentform_factory(Report, labels={"source": "Manuscript"}).base_fields["source"].label
        == "Manuscript"
    )
    chosen = documentform_factory(Report, field_classes={"source": forms.FileField})
    assert type(chosen.base_fields["source"]) is forms.FileField
    assert not any(
        isinstance(one, forms.FileField) for one in documentform_factory(Lecture).base_fields.values()
    )


def test_uploaded_replaced_removed(mongodb):
    report = make(mongodb, files={"source": upload()})
    assert report.fs.source == b"first"
    assert kept(mongodb) == (1, 1)
    change(report, files={"source": upload(b"second", "b.bin", "application/x-b")})
    assert report.fs.source == b"second"
    assert kept(mongodb) == (1, 1)
    found = mongodb["fs.files"].find_one()
    assert (found["contentType"], found["original"], found["filename"]) == (
        "application/x-b",
        "b.bin",
        "source",
    )
    assert "staged" not in found
    change(report, title="Other")
    assert report.fs.source == b"second"
    change(report, **{"source-clear": "on"})
    assert kept(mongodb) == (0, 0)
    assert mongodb.reports.find_one() == {"_id": report["_id"], "title": "T", "slug": None}


def test_each_document_and_each_field_has_its_own(mongodb):
    one = make(mongodb, files={"source": upload(b"1s"), "picture": upload(b"1p")})
    two = make(mongodb, files={"source": upload(b"2s")})
    change(one, files={"source": upload(b"1n")}, **{"picture-clear": "on"})
    assert (one.fs.source, two.fs.source) == (b"1n", b"2s")
    assert kept(mongodb) == (2, 2)
    one.fs.notes["source"] = b"in a container"
    change(one, **{"source-clear": "on"})
    assert one.fs.notes["source"] == b"in a container"


def test_a_large_file_comes_in_pieces(mongodb):
    large = TemporaryUploadedFile("big.bin", "application/octet-stream", 0, None)
    for number in range(40):
        large.write(bytes([number]) * 25_000)
    large.size = 1_000_000
    large.seek(0)
    report = make(mongodb, files={"source": large})
    large.close()
    assert report.fs.source == b"".join(bytes([number]) * 25_000 for number in range(40))
    assert mongodb["fs.chunks"].count_documents({}) > 1


def test_input_shows_what_is_there(mongodb):
    report = make(mongodb, files={"source": upload(b"x" * 2048, '<b>"&.txt')})
    page = str(ReportForm(instance=report)["source"])
    assert f'Currently: <a href="/reports/{report.pk}/source/">' in page
    assert "&lt;b&gt;&quot;&amp;.txt" in page
    assert "2.0\xa0KB" in page
    assert 'name="source-clear"' in page
    assert 'id="id_source"' in page
    empty = str(ReportForm(instance=report)["picture"])
    assert "Currently" not in empty
    assert "checkbox" not in empty
    assert 'type="file"' in empty
    assert ReportForm(instance=report).is_multipart()
    plain = make(mongodb, LeafForm, files={"source": upload()})
    page = str(LeafForm(instance=plain)["source"])
    assert "Currently: a.txt (5\xa0bytes)" in page
    assert "<a" not in page
    assert "Currently" not in str(LeafForm(collection=mongodb.plain_reports)["source"])


def test_a_file_that_another_program_stored_is_shown_too(mongodb):
    report = make(mongodb)
    report.fs.put(b"12345", "source")
    assert stored_file(report, "source") == StoredFile("source", 5, f"/reports/{report.pk}/source/")


class Strict(DocumentForm):
    source = DocumentFileField(max_size=10, validators=[FileExtensionValidator(["txt"])])

    class Meta:
        document = Report
        fields = ["title", "source"]


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({}, "This field is required."),
        ({"source": upload(b"")}, "The submitted file is empty."),
        ({"source": upload(b"x" * 11)}, "This file is too large: 11\xa0bytes, of at most 10\xa0bytes."),
        (
            {"source": upload(b"x", "a.exe")},
            "File extension “exe” is not allowed. Allowed extensions are: txt.",
        ),
        ({"source": upload()}, None),
    ],
)
def test_a_field_of_one_s_own(mongodb, files, said):
    form = Strict({"title": "T"}, files, collection=mongodb.reports)
    assert form.is_valid() is (said is None)
    if said is not None:
        assert form.errors == {"source": [said]}


def test_required_is_satisfied_by_what_is_there(mongodb):
    report = make(mongodb, Strict, files={"source": upload()})
    form = Strict({"title": "New"}, {}, instance=report)
    assert form.is_valid()
    assert form.changed_data == ["title"]
    assert "checkbox" not in str(Strict(instance=report)["source"])
    form.save()
    assert report.fs.source == b"first"


def test_new_file_and_remove_at_once_is_a_contradiction(mongodb):
    report = make(mongodb, files={"source": upload()})
    form = ReportForm({"title": "T", "source-clear": "on"}, {"source": upload(b"x")}, instance=report)
    assert not form.is_valid()
    assert "not both" in form.errors["source"][0]
    with pytest.raises(ValueError, match="could not be changed"):
        form.save()
    assert kept(mongodb) == (1, 1)


# What fails leaves nothing, and what was there.


def test_refused_document_leaves_no_file(mongodb):
    Report.ensure_indexes(mongodb.reports)
    make(mongodb, slug="a")
    form = ReportForm({"title": "T", "slug": "b"}, {"source": upload()}, collection=mongodb.reports)
    assert form.is_valid()
    make(mongodb, slug="b")
    with pytest.raises(DuplicateKeyError):
        form.save()
    assert form.errors == {"slug": ["Report with this Slug already exists."]}
    assert kept(mongodb) == (0, 0)


def test_somebody_else_s_change_keeps_their_file(mongodb):
    plain = make(mongodb, LeafForm, files={"source": upload(b"old")})
    mine, theirs = (mongodb.plain_reports.Leaf.one({"_id": plain["_id"]}) for _ in range(2))
    sent = {"title": "Mine", "_revision": str(mine["_revision"])}
    form = LeafForm(sent, {"source": upload(b"mine")}, instance=mine)
    assert form.is_valid()
    change(theirs, LeafForm, files={"source": upload(b"theirs")})
    with pytest.raises(StaleDocumentError):
        form.save()
    assert theirs.fs.source == b"theirs"
    assert kept(mongodb) == (1, 1)
    assert form.try_save() is None


class Broken(SimpleUploadedFile):
    """An upload of which the second part cannot be read any more."""

    def chunks(self, chunk_size=None):
        yield b"x" * 300_000
        raise OSError("gone")


def test_upload_that_breaks_off_changes_nothing(mongodb):
    report = make(mongodb, files={"source": upload(b"old")})
    files = {"picture": upload(b"whole"), "source": Broken("a.txt", b"x")}
    form = ReportForm({"title": "New"}, files, instance=report)
    assert form.is_valid()
    with pytest.raises(OSError, match="gone"):
        form.save()
    assert mongodb.reports.find_one()["title"] == "T"
    assert report.fs.source == b"old"
    assert kept(mongodb) == (1, 1)
    form = ReportForm({"title": "New"}, {"source": Broken("a.txt", b"x")}, collection=mongodb.reports)
    assert form.is_valid()
    with pytest.raises(OSError, match="gone"):
        form.save()
    assert mongodb.reports.count_documents({}) == 1
    assert kept(mongodb) == (1, 1)


@pytest.mark.parametrize("error", [AutoReconnect("away"), KeyboardInterrupt(), ValueError("a fault")])
def test_whatever_fails_while_saving_leaves_no_file(mongodb, error):
    def fail(**_):
        assert mongodb["fs.files"].find_one()["staged"] is True  # written already, and nobody's yet
        raise error

    form = ReportForm({"title": "T"}, {"source": upload()}, collection=mongodb.reports)
    assert form.is_valid()
    pre_save.connect(fail, sender=Report)
    try:
        with pytest.raises(type(error)):
            form.save()
    finally:
        pre_save.disconnect(fail, sender=Report)
    assert kept(mongodb) == (0, 0)
    assert mongodb.reports.count_documents({}) == 0


def test_old_file_is_read_until_the_new_one_is_whole(mongodb):
    report = make(mongodb, files={"source": upload(b"old")})
    seen = []

    def look(instance, **_):
        seen.append((instance.fs.source, [found.read() for found in instance.fs]))

    form = ReportForm({"title": "New"}, {"source": upload(b"new")}, instance=report)
    assert form.is_valid()
    post_save.connect(look, sender=Report)
    try:
        form.save()
    finally:
        post_save.disconnect(look, sender=Report)
    assert seen == [(b"old", [b"old"])]
    assert report.fs.source == b"new"
    stored = mongodb["fs.files"].find_one()
    assert abs(stored["uploadDate"].replace(tzinfo=datetime.UTC) - datetime.datetime.now(datetime.UTC)) < datetime.timedelta(days=1)  # fmt: skip


def test_without_commit_the_files_are_stored_when_asked(mongodb):
    form = ReportForm({"title": "T"}, {"source": upload()}, collection=mongodb.reports)
    assert form.is_valid()
    report = form.save(commit=False)
    assert kept(mongodb) == (0, 0)
    report.save()
    form.save_files()
    assert report.fs.source == b"first"


def test_broken_upload_after_the_document_leaves_no_file(mongodb):
    files = {"picture": upload(b"whole"), "source": Broken("a.txt", b"x")}
    for order in (["picture", "source"], ["source", "picture"]):
        form = documentform_factory(Report, fields=["title", *order])(
            {"title": "T"}, files, collection=mongodb.reports
        )
        assert form.is_valid()
        form.save(commit=False).save()
        sent = {name: form.cleaned_data[name] for name in ("picture", "source")}
        with pytest.raises(OSError, match="gone"):
            run(Uploads(form.instance, sent).stage())
        with pytest.raises(OSError, match="gone"):
            form.save_files()
    assert kept(mongodb) == (0, 0)


async def test_asynchronous_collections(mongodb):
    async with AsyncConnection(settings.DATABASES["mongodb"]["HOST"]) as connection:
        connection.register([Report])
        reports = connection[mongodb.name].reports
        form = ReportForm({"title": "T"}, {"source": upload(), "picture": upload(b"p")}, collection=reports)
        assert form.is_valid()
        report = await form.asave()
        assert await report.fs.read("source") == b"first"
        assert stored_file(report, "source") is None
        form = ReportForm(
            {"title": "U", "picture-clear": "on"}, {"source": upload(b"second")}, instance=report
        )
        assert form.is_valid()
        assert await form.atry_save()
        assert await report.fs.read("source") == b"second"
        form = ReportForm({"title": "V"}, {"source": Broken("a", b"x")}, instance=report)
        assert form.is_valid()
        with pytest.raises(OSError, match="gone"):
            await form.asave()
        form = ReportForm({"title": "W"}, {"picture": upload(b"w")}, instance=report)
        assert form.is_valid()
        await (await form.asave(commit=False)).save()
        await form.asave_files()
        assert await report.fs.read("picture") == b"w"
    assert kept(mongodb) == (2, 2)


async def test_awaited_with_a_blocking_collection(mongodb):
    form = ReportForm({"title": "T"}, {"source": upload()}, collection=mongodb.reports)
    assert await form.atry_save()
    assert kept(mongodb) == (1, 1)


# Pages.


@pytest.mark.urls("archive.urls")
def test_generic_views(mongodb):
    client = Client()
    assert 'enctype="multipart/form-data"' in client.get("/new/").content.decode()
    assert client.post("/new/", {"title": "T", "source": upload()}).status_code == 302
    report = mongodb.reports.Report.one()
    assert report.fs.source == b"first"
    page = client.get(f"/{report.pk}/edit/").content.decode()
    assert "a.txt" in page
    assert client.post(f"/{report.pk}/edit/", {"title": "", "source": upload(b"lost")}).status_code == 200
    assert report.fs.source == b"first"
    assert client.post(f"/{report.pk}/edit/", {"title": "T", "source-clear": "on"}).status_code == 302
    assert kept(mongodb) == (0, 0)


@pytest.mark.parametrize("model", ["report", "leaf"])
def test_admin(mongodb, person, model):
    somebody = person()
    add = reverse(f"admin:archive_{model}_add")
    page = somebody.client.get(add).content.decode()
    assert re.search(r"<form[^>]*multipart/form-data", page)
    assert 'type="file" name="source"' in page
    response = somebody.client.post(
        add, {"title": "T", "slug": "", "source": upload(), "_continue": "1"}, follow=True
    )
    assert response.status_code == 200
    documents = mongodb.reports.Report if model == "report" else mongodb.plain_reports.Leaf
    document = documents.one()
    assert document.fs.source == b"first"
    page = response.content.decode()
    assert "a.txt" in page
    assert 'name="source-clear"' in page
    url = reverse(f"admin:archive_{model}_change", args=[document.pk])
    revision = {"_revision": document["_revision"]} if model == "leaf" else {}
    somebody.client.post(url, {"title": "T", "slug": "", "source": upload(b"second", "b.txt"), **revision})
    assert document.fs.source == b"second"
    history = somebody.get(reverse(f"admin:archive_{model}_history", args=[document.pk])).text
    assert "Changed Source" in history
    revision = {"_revision": documents.one()["_revision"]} if model == "leaf" else {}
    somebody.client.post(url, {"title": "U", "slug": "", "source-clear": "on", **revision})
    assert documents.one()["title"] == "U"
    assert kept(mongodb) == (0, 0)


def test_admin_stores_nothing_for_a_refused_document(mongodb, person):
    somebody = person()
    plain = make(mongodb, LeafForm, files={"source": upload(b"old")})
    url = reverse("admin:archive_leaf_change", args=[plain.pk])
    response = somebody.client.post(url, {"title": "T", "source": upload(b"new"), "_revision": "7"})
    assert response.status_code == 200
    assert "Somebody else" in response.content.decode()
    assert plain.fs.source == b"old"
    assert kept(mongodb) == (1, 1)


def test_admin_shows_files_to_who_may_only_look(mongodb, person):
    make(mongodb, files={"source": upload()})
    report = mongodb.reports.Report.one()
    page = person("view_report").client.get(reverse("admin:archive_report_change", args=[report.pk]))
    assert page.status_code == 200
    assert 'type="file"' not in page.content.decode()
