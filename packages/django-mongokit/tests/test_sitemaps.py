"""Django's GenericSitemap, over documents."""

import datetime
import re

import pytest
from books.models import Book
from django.contrib.sitemaps import GenericSitemap as DjangosSitemap
from django.contrib.sitemaps.views import sitemap
from django.http import Http404
from django.test import RequestFactory, override_settings
from papers.models import Paper
from shows.models import Show
from shows.testing import Commands

from django_mongokit import get_database
from django_mongokit.paginator import DocumentList
from django_mongokit.sitemaps import GenericSitemap
from mongokit import Connection

DATES = {"A": datetime.datetime(2026, 11, 1, 23, 30), "B": datetime.datetime(2026, 11, 3, 12), "C": None}


@pytest.fixture
def papers(mongodb):
    """Three shows' worth of pages, each with a date but one."""
    for title, date in DATES.items():
        show = mongodb.shows.Show()
        show.update(title=title, start=date, place={"city": title, "street": None})
        show.save()
    return mongodb.shows


def find():
    return get_database().shows.Show.find().sort("title")


WAYS = {
    "a cursor": find,
    "a list of documents": lambda: DocumentList(find()),
    "a function": lambda: find,
    "a function that makes a list": lambda: lambda: DocumentList(find()),
}


def rendered(made, **query):
    response = sitemap(RequestFactory().get("/sitemap.xml", query), {"shows": made})
    return response, response.render().content.decode()


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_addresses(papers, way):
    made = GenericSitemap({"queryset": way()}, priority=0.5, changefreq="daily", protocol="https")
    keys = [papers.Show.one({"title": title}).pk for title in "ABC"]
    response, page = rendered(made)
    assert re.findall("<loc>(.*?)</loc>", page) == [f"https://testserver/shows/{key}/" for key in keys]
    assert (
        page.count("<priority>0.5</priority><changefreq>") + page.count("<changefreq>daily</changefreq>") == 3
    )
    assert "lastmod" not in page
    assert "Last-Modified" not in response


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_each_request_asks_anew(papers, way):
    made = GenericSitemap({"queryset": way()})
    assert rendered(made)[1].count("<loc>") == 3
    papers.delete_one({"title": "A"})
    assert rendered(made)[1].count("<loc>") == 2


def test_days(papers):
    with override_settings(TIME_ZONE="America/Chicago"):
        response, page = rendered(GenericSitemap({"queryset": find, "date_field": "start"}))
    assert re.findall("<lastmod>(.*?)</lastmod>", page) == ["2026-11-01", "2026-11-03"]
    assert "Last-Modified" not in response, "of one of them it is not known"
    papers.delete_one({"title": "C"})
    response, _page = rendered(GenericSitemap({"queryset": find, "date_field": "start"}))
    assert response["Last-Modified"] == "Tue, 03 Nov 2026 12:00:00 GMT"


def test_without_time_zones_they_are_as_they_are_stored(papers):
    with override_settings(USE_TZ=False):
        _response, page = rendered(GenericSitemap({"queryset": find, "date_field": "start"}))
    assert re.findall("<lastmod>(.*?)</lastmod>", page) == ["2026-11-01", "2026-11-03"]


OTHER_FIELDS = {"none of dates": "title", "what is not there": "nothing.there", "nested": "place.city"}


@pytest.mark.parametrize("path", OTHER_FIELDS.values(), ids=OTHER_FIELDS)
def test_a_field_that_is_no_date_says_nothing(papers, path):
    made = GenericSitemap({"queryset": find, "date_field": path})
    assert "lastmod" not in rendered(made)[1]
    assert made.get_latest_lastmod() is None


def test_it_asks_for_one_document_to_know_the_latest(papers, uri):
    commands = Commands()
    with Connection(uri, event_listeners=[commands]) as connection:
        connection.register([Show])
        cursor = connection[papers.database.name].shows.Show.find().sort("title")
        latest = GenericSitemap({"queryset": cursor, "date_field": "start"}).get_latest_lastmod()
    assert latest == DATES["B"].replace(tzinfo=datetime.UTC)
    found = [(command["limit"], command["sort"]) for name, command in commands.sent if name == "find"]
    assert found == [(1, {"start": -1})]


def test_nothing_there_yet(mongodb):
    made = GenericSitemap({"queryset": find, "date_field": "start"})
    assert made.get_latest_lastmod() is None
    assert "<loc>" not in rendered(made)[1]


def test_a_page_reads_its_own_documents_only(papers, uri):
    class Short(GenericSitemap):
        limit = 2

    commands = Commands()
    with Connection(uri, event_listeners=[commands]) as connection:
        connection.register([Show])
        made = Short({"queryset": connection[papers.database.name].shows.Show.find().sort("title")})
        assert rendered(made, p=2)[1].count("<loc>") == 1
        with pytest.raises(Http404):
            rendered(made, p=9)
    found = [command for name, command in commands.sent if name == "find"]
    assert [(command["skip"], command["limit"]) for command in found] == [(2, 1)]


WRONG = {
    "a list": [],
    "a query": {"year": 2000},
    "nothing": None,
    "a queryset": Book.objects,
}


@pytest.mark.parametrize("given", WRONG.values(), ids=WRONG)
def test_what_is_no_list_of_documents_is_refused(given):
    with pytest.raises(TypeError, match="takes a cursor of documents, a DocumentList, or a function"):
        GenericSitemap({"queryset": given})


def test_what_a_function_returns_is_looked_at_too():
    with pytest.raises(TypeError, match=r"returns one of them, not \[<class 'papers"):
        GenericSitemap({"queryset": lambda: [Paper]}).items()


def test_it_is_one_of_djangos():
    assert issubclass(GenericSitemap, DjangosSitemap)
