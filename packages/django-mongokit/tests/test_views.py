"""The generic views, in a site: pages, forms, and what people type into address bars."""

import re
import threading

import pytest
from bson import ObjectId
from django.contrib.messages import get_messages
from django.core.exceptions import ImproperlyConfigured
from django.core.paginator import Paginator as DjangosPaginator
from django.http import Http404
from django.test import Client, RequestFactory, override_settings
from django.urls import NoReverseMatch, reverse
from papers.models import Paper
from papers.urls import DraftUpdate, Newest, PaperDelete, PaperUpdate

from django_mongokit import (
    aget_document_or_404,
    aget_list_or_404,
    get_document_or_404,
    get_list_or_404,
)
from django_mongokit.converters import ObjectIdConverter
from django_mongokit.paginator import DocumentList, Paginator
from django_mongokit.views import CreateView
from mongokit import DuplicateKeyError, MultipleResultsFound
from mongokit.aio import AsyncConnection


@pytest.fixture
def client():
    return Client()


@pytest.fixture
def papers(mongodb):
    """Seven papers, of which five are of this century; the unique index is there."""
    Paper.ensure_indexes(mongodb.papers)
    for number, letter in enumerate("GEACFBD"):
        save(mongodb.papers, title=letter, slug=f"slug-{letter}", year=1998 + number)
    return mongodb.papers


def save(papers, **fields):
    paper = papers.Paper()
    paper.update(fields)
    paper.save()
    return paper


def text(response):
    assert response.status_code == 200, response
    return response.content.decode().strip()


def one(papers, title):
    return papers.Paper.one({"title": title})


# Lists.


def test_list(client, papers):
    assert text(client.get("/papers/")) == "[G][E][A][C][F][B][D]"


def test_empty_list(client, mongodb):
    assert text(client.get("/papers/")) == "none"
    assert text(client.get("/papers/newest/")) == "none"


PAGES = {
    "first": ("newest/", "[D][B][F] page 1 of 2, 1-3 of 7"),
    "by query": ("newest/?page=2", "[C][A][E][G] page 2 of 2, 4-7 of 7"),
    "by path": ("newest/2/", "[C][A][E][G] page 2 of 2, 4-7 of 7"),
    "last": ("newest/?page=last", "[C][A][E][G] page 2 of 2, 4-7 of 7"),
    "of a query": ("modern/?page=3", "[D] page 3 of 3, 5-5 of 5"),
    "of a cursor": ("cursor/?page=2", "[C][D] page 2 of 4, 3-4 of 7"),
}


@pytest.mark.parametrize(("path", "expected"), PAGES.values(), ids=PAGES)
def test_page(client, papers, path, expected):
    assert text(client.get(f"/papers/{path}")) == expected


@pytest.mark.parametrize(
    "page", ["3", "0", "-1", "x", "1.5", "9" * 40, "%00", "[$gt]", "1e3", "{%22$gt%22:0}", "٣٣"]
)
def test_no_such_page(client, papers, page):
    assert client.get(f"/papers/newest/?page={page}").status_code == 404


def test_operators_in_a_query_string_choose_nothing(client, papers):
    """A view takes nothing from there but the page."""
    assert (
        text(client.get("/papers/?title[$ne]=A&$where=1&query={}&ordering=-title")) == "[G][E][A][C][F][B][D]"
    )
    assert client.get("/papers/newest/?page[$gt]=2").status_code == 200


def test_empty_where_that_is_not_allowed(client, mongodb):
    assert client.get("/papers/modern/").status_code == 404
    mongodb.papers.insert_one({"title": "old", "year": 1900})
    assert client.get("/papers/modern/").status_code == 404
    mongodb.papers.insert_one({"title": "new", "year": 2000})
    assert text(client.get("/papers/modern/")) == "[new]"


def test_a_page_asks_for_its_documents_and_counts_once(client, papers, commands):
    client.get("/papers/modern/?page=2")
    assert [command for command, _ in commands] == ["find", "aggregate", "find"], (
        "is there any; how many; which"
    )
    assert commands[-1][1]["limit"] == 2
    assert commands[-1][1]["skip"] == 2


def test_a_list_without_pages_counts_nothing(client, papers, commands):
    client.get("/papers/")
    assert [command for command, _ in commands] == ["find"]


def test_a_large_collection_that_is_listed_whole_is_not_counted(client, papers, commands, monkeypatch):
    monkeypatch.setattr("django_mongokit.views._COUNTED", 5)
    assert "of 7" in text(client.get("/papers/newest/"))
    assert [command for command, _ in commands] == ["count", "find"], "count is what the server keeps"
    commands.clear()
    assert "of 5" in text(client.get("/papers/modern/"))
    assert "aggregate" in [command for command, _ in commands], "a query is counted"


@pytest.fixture
def commands(papers):
    """What is sent from now on, as (name, command); through the listener that PyMongo has for it."""
    from django_mongokit.mongodb.watch import recorder

    sent = []
    original = recorder.started

    def started(event):
        original(event)
        if event.command_name not in ("endSessions", "hello"):
            sent.append((event.command_name, event.command))

    recorder.started = started
    yield sent
    del recorder.started


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("nothing/", "Nothing does not say what it shows. Write document"),
        ("homeless/", "Homeless does not say where to find"),
    ],
)
def test_views_that_say_too_little(client, mongodb, path, words):
    with pytest.raises(ImproperlyConfigured, match=words):
        client.get(f"/papers/{path}")


# One document.


def test_detail(client, papers):
    paper = one(papers, "A")
    expected = f"A|slug-A|{paper.pk}"
    assert text(client.get(f"/papers/pk/{paper.pk}/")) == expected
    assert text(client.get(f"/papers/id/{paper.pk}/")) == expected
    assert text(client.get("/papers/slug/slug-A/")) == expected


FORGED = ["4b9244989d40b334b4000000", "x", "%00", "%7B%22$gt%22:%22%22%7D", "7", "[object Object]", "ä€𝄞", "f" * 5_000, "$where", "-1"]  # fmt: skip


@pytest.mark.parametrize("path", ["pk/{}/", "pk/{}/edit/", "pk/{}/delete/", "slug/{}/", "id/{}/"])
@pytest.mark.parametrize("forged", FORGED, ids=range(len(FORGED)))
def test_forged_ids(client, papers, forged, path):
    for method in (client.get, client.post):
        assert method(f"/papers/{path.format(forged)}").status_code in {404, 405}
    assert papers.count_documents({}) == 7


def test_the_query_of_a_view_holds_for_one_document_too(client, papers):
    old, new = one(papers, "G"), one(papers, "D")
    assert text(client.get(f"/papers/modern/{new.pk}/slug-D/")).startswith("D|")
    assert client.get(f"/papers/modern/{old.pk}/slug-G/").status_code == 404
    assert client.get(f"/papers/modern/{new.pk}/slug-F/").status_code == 404, "the slug of another"


def test_a_url_without_pk_and_slug(client, papers):
    with pytest.raises(AttributeError, match="PaperDetail must be called with a document's 'pk' or 'slug'"):
        client.get("/papers/anything/")


def test_methods_that_are_not_allowed(client, papers):
    assert client.post("/papers/").status_code == 405
    assert client.delete(f"/papers/pk/{one(papers, 'A').pk}/").status_code == 405


# Forms.

NEW = {"title": "H & <b>", "slug": "h", "year": "2020", "place-city": "Oslo"}


def test_create(client, papers):
    assert '<input type="text" name="title"' in text(client.get("/papers/new/"))
    response = client.post("/papers/new/", NEW)
    made = papers.find_one({"slug": "h"})
    assert (response.status_code, response["Location"]) == (302, f"/papers/id/{made['_id']}/")
    assert {**made, "_id": 0} == {
        "_id": 0,
        "title": "H & <b>",
        "slug": "h",
        "year": 2020,
        "place": {"city": "Oslo"},
    }
    assert "H &amp; &lt;b&gt;|h" in text(client.get(response["Location"]))


def test_create_of_what_is_wrong(client, papers):
    page = text(client.post("/papers/new/", {**NEW, "title": "", "year": "x"}))
    assert page.count('class="errorlist"') == 2
    assert 'value="h"' in page
    assert papers.count_documents({}) == 7


def test_a_slug_that_is_taken(client, papers):
    assert "already exists" in text(client.post("/papers/new/", {**NEW, "slug": "slug-A"}))
    assert papers.count_documents({}) == 7


def test_two_at_once_take_a_slug(papers):
    """Both find it free; one is told, by the index, when it saves."""
    start = threading.Barrier(2)

    class Slow(CreateView):
        document = Paper

        def form_valid(self, form):
            start.wait(30)
            return super().form_valid(form)

    def work(number):
        request = RequestFactory().post("/", {**NEW, "title": f"T{number}"})
        response = Slow.as_view()(request)
        answers.append(response.status_code if response.status_code == 302 else response.rendered_content)

    answers = []
    threads = [threading.Thread(target=work, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    answers.remove(302)
    [page] = answers
    assert "already exists" in page
    assert re.search(r'value="T[01]"', page), "nothing is lost"
    assert papers.count_documents({"slug": "h"}) == 1


def test_an_error_of_some_other_document_is_none_of_the_form(papers):
    class Careless(CreateView):
        document = Paper

        def form_valid(self, form):
            save(papers, title="other", slug="slug-A")
            return super().form_valid(form)

    with pytest.raises(DuplicateKeyError):
        Careless.as_view()(RequestFactory().post("/", NEW))


def test_update(client, papers):
    paper = one(papers, "A")
    page = text(client.get(f"/papers/pk/{paper.pk}/edit/"))
    assert 'value="slug-A"' in page
    response = client.post(f"/papers/pk/{paper.pk}/edit/", {**NEW, "slug": "slug-A"})
    assert (response.status_code, response["Location"]) == (302, f"/papers/id/{paper.pk}/")
    assert papers.find_one({"_id": paper["_id"]})["title"] == "H & <b>"
    page = text(client.post(f"/papers/pk/{paper.pk}/edit/", {**NEW, "slug": "slug-B"}))
    assert "already exists" in page
    assert papers.find_one({"_id": paper["_id"]})["slug"] == "slug-A"


def test_deleted_between_list_and_edit(client, papers):
    paper = one(papers, "A")
    client.get(f"/papers/pk/{paper.pk}/edit/")
    paper.delete()
    for path in ("edit", "delete"):
        assert client.get(f"/papers/pk/{paper.pk}/{path}/").status_code == 404
        assert client.post(f"/papers/pk/{paper.pk}/{path}/", NEW).status_code == 404
    assert papers.count_documents({}) == 6


def test_what_was_sent_of_a_deleted_document_is_not_lost(client, papers, mongodb):
    paper = one(papers, "A")
    paper.delete()
    response = client.post(f"/papers/pk/{paper.pk}/edit/", {**NEW, "title": "My long text"})
    page = response.content.decode()
    assert response.status_code == 404
    assert 'value="My long text"' in page
    assert "Somebody else has deleted this" in page
    assert papers.count_documents({}) == 6
    draft = mongodb.drafts.Draft({"title": "first"})
    draft.save()
    draft.delete()
    sent = {"title": "mine", "_revision": "1"}
    page = client.post(f"/papers/drafts/{draft.pk}/", sent).content.decode()
    assert 'value="mine"' in page
    assert page.count("Somebody else") == 1
    assert mongodb.drafts.count_documents({}) == 0
    for forged in ("9" * 5000, "9" * 30, "\u0663", "-1"):
        assert client.post(f"/papers/drafts/{draft.pk}/", {**sent, "_revision": forged}).status_code == 404


def test_the_second_of_two_editors_is_told(client, mongodb):
    draft = mongodb.drafts.Draft({"title": "first"})
    draft.save()
    url = f"/papers/drafts/{draft.pk}/"
    revision = draft["_revision"]
    assert f'name="_revision" value="{revision}"' in text(client.get(url))
    assert client.post(url, {"title": "hers", "_revision": revision}).status_code == 302
    page = text(client.post(url, {"title": "his", "_revision": revision}))
    assert 'class="errorlist nonfield"' in page
    assert 'value="his"' in page
    assert mongodb.drafts.find_one()["title"] == "hers"


def test_somebody_saves_while_the_form_is_being_saved(mongodb):
    draft = mongodb.drafts.Draft({"title": "first"})
    draft.save()

    class Late(DraftUpdate):
        def form_valid(self, form):
            other = mongodb.drafts.Draft.one()
            other["title"] = "hers"
            other.save()
            return super().form_valid(form)

    request = RequestFactory().post("/", {"title": "his", "_revision": draft["_revision"]})
    response = Late.as_view()(request, pk=draft.pk)
    assert response.status_code == 200
    assert 'value="his"' in response.rendered_content
    assert mongodb.drafts.find_one()["title"] == "hers"


def test_delete(client, papers):
    paper = one(papers, "A")
    assert "Delete A?" in text(client.get(f"/papers/pk/{paper.pk}/delete/"))
    assert papers.count_documents({}) == 7
    response = client.post(f"/papers/pk/{paper.pk}/delete/")
    assert (response.status_code, response["Location"]) == (302, "/papers/")
    assert papers.count_documents({}) == 6


def test_what_is_put_into_an_address_is_quoted(client, papers):
    """Else a title of somebody's would lead wherever they like."""

    class Anywhere(PaperUpdate):
        success_url = "/{title}/{place[city]}?pk={pk}"

    paper = one(papers, "A")
    request = RequestFactory().post("/", {**NEW, "title": "/evil.example?a=ä", "place-city": "a/b"})
    response = Anywhere.as_view()(request, pk=paper.pk)
    assert response["Location"] == f"/%2Fevil.example%3Fa%3D%C3%A4/a%2Fb?pk={paper.pk}"


def test_a_view_that_does_not_say_where_to_go_next(mongodb):
    draft = mongodb.drafts.Draft({"title": "x"})
    draft.save()

    class Lost(DraftUpdate):
        success_url = None

    with pytest.raises(
        ImproperlyConfigured, match=r"Lost does not say where .* get_absolute_url\(\) in Draft"
    ):
        Lost.as_view()(
            RequestFactory().post("/", {"title": "y", "_revision": draft["_revision"]}), pk=draft.pk
        )


def test_a_deletion_that_does_not_say_where_to_go_next_deletes_nothing(papers):
    class Lost(PaperDelete):
        success_url = None

    with pytest.raises(ImproperlyConfigured, match="Lost does not say where to go next"):
        Lost.as_view()(RequestFactory().post("/"), pk=one(papers, "A").pk)
    assert papers.count_documents({}) == 7


def test_fields_and_form_class(papers):
    class Both(PaperUpdate):
        fields = ["title"]
        form_class = object

    with pytest.raises(ImproperlyConfigured, match="both fields and form_class"):
        Both.as_view()(RequestFactory().get("/"), pk=one(papers, "A").pk)


@override_settings(
    MIDDLEWARE=["django.contrib.messages.middleware.MessageMiddleware"],
    MESSAGE_STORAGE="django.contrib.messages.storage.cookie.CookieStorage",
)
def test_messages(papers):
    client = Client()
    response = client.post("/papers/announced/", {"title": "H", "slug": "h"})
    assert [str(message) for message in get_messages(response.wsgi_request)] == ["H is there"]
    refused = Client().post("/papers/announced/", {"title": "H", "slug": "h"})
    assert refused.status_code == 200
    assert list(get_messages(refused.wsgi_request)) == []


def test_a_form_of_17_megabytes(client, papers):
    assert client.post("/papers/new/", {**NEW, "title": "x" * 17_000_000}).status_code == 400
    with override_settings(DATA_UPLOAD_MAX_MEMORY_SIZE=None):
        page = text(client.post("/papers/new/", {**NEW, "title": "x" * 17_000_000}))
    assert 'class="errorlist nonfield"' in page
    assert papers.count_documents({}) == 7


# What else takes documents.


def test_sitemap(client, papers):
    page = text(client.get("/papers/sitemap.xml?p=2"))
    assert re.findall("<loc>(.*?)</loc>", page) == [
        f"http://testserver/papers/id/{one(papers, title).pk}/" for title in "CD"
    ]
    assert client.get("/papers/sitemap.xml?p=5").status_code == 404


def test_feed(client, papers):
    page = client.get("/papers/feed/").content.decode()
    assert re.findall("<title>(.*?)</title>", page) == ["Papers", "A", "B"]
    assert "<description>of 2000</description>" in page
    assert f"<link>http://testserver/papers/id/{one(papers, 'A').pk}/</link>" in page


# The pieces.


def titles(found):
    return "".join(paper["title"] for paper in found)


@pytest.fixture
def found(papers):
    return DocumentList(papers.Paper.find().sort("title"))


SLICES = {
    "middle": (slice(2, 4), "CD"),
    "begin": (slice(None, 2), "AB"),
    "rest": (slice(5, None), "FG"),
    "all": (slice(None), "ABCDEFG"),
    "empty": (slice(3, 3), ""),
    "turned": (slice(3, 2), ""),
    "none": (slice(0, 0), ""),
    "beyond": (slice(6, 20), "G"),
    "far beyond": (slice(20, 30), ""),
    "every second": (slice(0, 5, 2), "ACE"),
}


@pytest.mark.parametrize(("which", "expected"), SLICES.values(), ids=SLICES)
@pytest.mark.parametrize("read", [False, True])
def test_slice(found, which, expected, read):
    if read:
        list(found)
    assert titles(found[which]) == expected


def test_list_of_documents(found, commands):
    assert found
    assert found[2]["title"] == "C"
    assert [found.count(), found.count()] == [7, 7]
    assert titles(found) == titles(found) == "ABCDEFG"
    assert (len(found), found.count(), bool(found), found[6]["title"]) == (7, 7, True, "G")
    assert [command for command, _ in commands] == ["find", "find", "aggregate", "find"]


@pytest.mark.parametrize("which", [-1, slice(-2, None), slice(None, -1), slice(None, None, -1)], ids=str)
def test_no_counting_from_the_end(found, which):
    with pytest.raises(ValueError, match="from its beginning"):
        found[which]


def test_beyond_the_end(found):
    with pytest.raises(IndexError, match="no document 7"):
        found[7]


def test_nothing_is_found(papers):
    found = DocumentList(papers.Paper.find({"title": "Z"}))
    assert not found
    assert (len(found), found.count(), list(found)) == (0, 0, [])
    assert "Paper" in repr(found)


@pytest.mark.parametrize("paginator", [Paginator, DjangosPaginator])
def test_paginator(found, paginator):
    pages = paginator(found, 3)
    assert [titles(page) for page in pages] == ["ABC", "DEF", "G"]
    assert (pages.count, pages.num_pages, pages.get_page("x").number, pages.get_page(9).number) == (
        7,
        3,
        1,
        3,
    )


def test_paginator_of_a_cursor_and_of_a_list(papers):
    assert [titles(page) for page in Paginator(papers.Paper.find().sort("title", -1), 4)] == ["GFED", "CBA"]
    assert [page.object_list for page in Paginator([1, 2, 3], 2)] == [[1, 2], [3]]


def test_newest_is_one_class_for_all_requests(client, papers):
    """Nothing that a request found stays with the class."""
    client.get("/papers/newest/")
    papers.delete_many({})
    assert text(client.get("/papers/newest/")) == "none"
    assert not hasattr(Newest, "object_list")


CONVERTED = {"small": "4b9244989d40b334b4000000", "id": ObjectId("4b9244989d40b334b4000000")}


@pytest.mark.parametrize("value", CONVERTED.values(), ids=CONVERTED)
def test_converter(client, value):
    assert reverse("paper", args=[value]) == "/papers/id/4b9244989d40b334b4000000/"
    assert ObjectIdConverter().to_python(str(value)) == ObjectId("4b9244989d40b334b4000000")


@pytest.mark.parametrize("value", ["x", "", 7, None, "4b9244989d40b334b400000", {"$gt": ""}])
def test_converter_refuses(value):
    with pytest.raises(NoReverseMatch):
        reverse("paper", args=[value])


def test_a_document_has_one_address(client, papers):
    save(papers, _id=ObjectId("4b9244989d40b334b400000a"), title="x", slug="x")
    assert client.get("/papers/id/4b9244989d40b334b400000a/").status_code == 200
    assert client.get("/papers/id/4B9244989D40B334B400000A/").status_code == 404


def test_get_list_or_404(papers):
    assert titles(get_list_or_404(papers.Paper, {"year": {"$lt": 2001}}, sort="title")) == "AEG"
    assert titles(get_list_or_404(papers.Paper, sort=[("title", -1)])) == "GFEDCBA"
    assert titles(get_list_or_404(papers.Paper, {"year": {"$lt": 2001}}, title="A")) == "A"
    for fields in ({"title": "Z"}, {"title": {"$ne": ""}}, {"title": [{"$gt": ""}]}):
        with pytest.raises(Http404, match="No Paper matches"):
            get_list_or_404(papers.Paper, **fields)


@pytest.mark.parametrize("native", [False, True])
async def test_awaited(papers, uri, native):
    async with AsyncConnection(uri) as connection:
        connection.register([Paper])
        documents = connection[papers.database.name].papers.Paper if native else papers.Paper
        assert (await aget_document_or_404(documents, title="A"))["slug"] == "slug-A"
        assert titles(await aget_list_or_404(documents, {"year": {"$lt": 2001}}, sort="title")) == "AEG"
        for fields in ({"title": "Z"}, {"title": {"$ne": ""}}):
            with pytest.raises(Http404, match="No Paper matches"):
                await aget_document_or_404(documents, **fields)
            with pytest.raises(Http404, match="No Paper matches"):
                await aget_list_or_404(documents, **fields)


def test_one_of_several(papers):
    with pytest.raises(MultipleResultsFound):
        get_document_or_404(papers.Paper, {"year": {"$gt": 0}})
