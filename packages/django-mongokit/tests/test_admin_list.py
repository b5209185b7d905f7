"""The list of documents: columns, search, filters, dates, order, pages, actions, and rows that are changed in it."""

import datetime
import decimal
import html
import re
import uuid

import pytest
from api.models import Speech
from bson import DBRef, Decimal128, ObjectId
from django.contrib import admin
from django.contrib.admin.models import CHANGE, DELETION, LogEntry
from django.contrib.admin.options import IncorrectLookupParameters
from django.test import override_settings
from pymongo.errors import OperationFailure
from shows.models import Mood, Note, Show, Theatre
from shows.testing import Commands, Page

from django_mongokit.admin import DocumentAdmin, FieldFilter, offers
from django_mongokit.admin.fitting import filter_for
from django_mongokit.key_texts import meanings, text_of
from django_mongokit.places import node_at
from django_mongokit.selection import Documents, refers_to

pytestmark = pytest.mark.django_db
LIST = "/admin/shows/Show/"


@pytest.fixture
def options(monkeypatch):
    """Change options of the admin of shows: `options(list_per_page=2)`."""
    found = admin.site.get_model_admin(Show)

    def change(**given):
        for name, value in given.items():
            monkeypatch.setattr(found, name, value)

    return change


@pytest.fixture
def titles(person):
    """Open the list with this query string; return the titles in it."""
    somebody = person()

    def find(**query):
        page = somebody.get(LIST, **query)
        assert page.status == 200
        return [row[1] for row in page.rows[1:]]

    return find


def refused(somebody, **query):
    """Whether a query string leads back to the whole list, as Django does with one that means nothing."""
    response = somebody.client.get(LIST, query)
    return response.status_code == 302 and response["Location"] == f"{LIST}?e=1"


# ------------------------------------------------------------------------------------------------ columns


def test_columns(person, show, options):
    options(list_editable=[])
    show(
        "Hamlet",
        kind="opera",
        mood=None,
        start=datetime.datetime(2026, 11, 22, 19),
        is_free=True,
        place={"city": "Bonn", "street": None},
        acts=[{"name": "One", "minutes": 7}, {"name": "Two", "minutes": 5}],
    )
    show("Othello")
    page = person().get(LIST)
    assert page.rows == [
        ["", "Title", "Kind", "Mood", "Place city", "Start", "Is free", "Seats", "How long", "Shout"],
        ["", "Hamlet", "opera", "-", "Bonn", "Nov. 22, 2026, 1 p.m.", "True", "-", "12", "HAMLET"],
        ["", "Othello", "play", "-", "-", "-", "False", "-", "nothing", "OTHELLO"],
    ]
    assert page.html.count(f'href="{page.links["Hamlet"]}"') == 2  # the kind leads there too
    assert "field-place-city" in page.html


SHOWN = {
    "list of texts": ("tags", ["b", "a"], "b, a"),
    "nothing in a list": ("tags", [], "-"),
    "what is below a list": ("acts.name", None, "One, Two"),
    "a nested structure": ("place", {"city": "Köln", "street": None}, '{"city": "Köln", "street": null}'),
    "free content": ("notes", {"a": {"b": [1]}}, '{"a": {"b": [1]}}'),
    "what nothing declares": ("notes.a", {"a": 5}, "5"),
    "the key": ("_id", None, None),
    "the revision": ("_revision", None, "1"),
    "a text with tags": ("slug", "<script>x</script>", "<script>x</script>"),
    "much of it": ("notes", {"a": "x" * 500}, '{"a": "' + "x" * 192 + "…"),
}


@pytest.mark.parametrize(("column", "value", "expected"), SHOWN.values(), ids=SHOWN)
def test_what_a_column_shows(person, show, options, column, value, expected):
    options(list_display=["title", column], list_editable=[], list_display_links=["title"])
    stored = show(
        "Hamlet",
        acts=[{"name": "One", "minutes": 7}, {"name": "Two", "minutes": 5}],
        **({} if value is None else {column.partition(".")[0]: value}),
    )
    page = person().get(LIST)
    assert page.rows[1][2] == (expected or stored.pk)
    assert "<script>x" not in page.html


def test_a_reference_is_shown_by_the_name_of_its_document_or_its_key(person, show, mongodb, options):
    options(list_display=["title", "theatre"], list_editable=[], list_display_links=["title"])
    theatre = mongodb.theatres.Theatre()
    theatre.update(name="Globe")
    theatre.save()
    show("Hamlet", theatre=theatre)
    somebody = person()
    assert somebody.get(LIST).rows[1][2] == "Globe"
    theatre.delete()
    assert somebody.get(LIST).rows[1][2] == theatre.pk


def test_columns_of_all_kinds(person, show, options):
    def loud(one):
        return one["title"] + "!"

    loud.short_description = "LOUD"
    options(
        list_display=["__str__", loud, lambda one: "λ"],
        list_display_links=None,
        list_editable=[],
        ordering=None,
    )
    show("Hamlet")
    page = person().get(LIST)
    assert page.rows == [["", "show".capitalize(), "LOUD", "--"], ["", "Hamlet", "Hamlet!", "λ"]]
    assert "Hamlet" not in page.links


def test_a_field_goes_before_what_the_admin_has_of_its_name():
    document = type("Odd", (Show,), {"__annotations__": {"ordering": str}, "__module__": __name__})
    found = DocumentAdmin(document, admin.AdminSite())
    assert found.column("ordering")({"ordering": "x"}) == "x"


# ------------------------------------------------------------------------------------------------ search

SEARCHED = {
    "anywhere": ("aml", ["Hamlet"]),
    "whatever the case": ("HAM", ["Hamlet"]),
    "each word": ("et ham", ["Hamlet"]),
    "each word in a field of its own": ("hamlet bonn", ["Hamlet"]),
    "a word that is nowhere": ("hamlet nowhere", []),
    "what is quoted, together": ('"The Tempest"', ["The Tempest (1)"]),
    "quoted and not so": ('"Tempest The"', []),
    "at the beginning only": ("onn", []),
    "the beginning": ("bon", ["Hamlet"]),
    "the whole only": ("ham-1", ["Hamlet"]),
    "not a part of the whole": ("am-1", []),
    "a number": ("40", ["Hamlet"]),
    "a number that is none": ("4e", []),
    "a pattern is none": (".*", []),
    "a bracket": ("(1", ["The Tempest (1)"]),
    "an open bracket": ("(", ["The Tempest (1)"]),
    "a dollar": ("$gt", []),
    "an operator": ('{"$gt": ""}', []),
    "a backslash": ("\\", []),
    "a quote": ('"', []),
    "a huge number": ("9" * 40, []),
    "letters of anywhere": ("ünders", []),
    "too much of it": ("a" * 5000, []),
    "spaces": ("   ", ["Hamlet", "The Tempest (1)"]),
}


@pytest.mark.parametrize(("text", "expected"), SEARCHED.values(), ids=SEARCHED)
def test_search(titles, show, text, expected):
    show("Hamlet", slug="ham-1", seats=40, place={"city": "Bonn", "street": None})
    show("The Tempest (1)", slug="x")
    assert titles(q=text) == expected


def test_search_for_a_key(titles, show):
    hamlet = show("Hamlet")
    show("Othello")
    assert titles(q=hamlet.pk) == ["Hamlet"]


def test_a_null_character_is_no_search(person, show):
    show("Hamlet")
    assert "Null characters are not allowed." in person().get(LIST, q="a\0b").text


def test_the_search_says_how_many_of_all(person, show):
    for title in ("Hamlet", "Othello", "Ham"):
        show(title)
    page = person().get(LIST, q="ham")
    assert "2 results ( 3 total )" in page.text
    assert page.links["3 total"] == "?"


# ------------------------------------------------------------------------------------------------ filters

FILTERED = {
    "a choice": ({"kind": "opera"}, ["Fidelio"]),
    "a member of an Enum": ({"mood": "v"}, ["Hamlet"]),
    "yes": ({"is_free": "1"}, ["Fidelio"]),
    "no": ({"is_free": "0"}, ["Hamlet", "Othello"]),
    "a value there is": ({"place.city": "Bonn"}, ["Fidelio"]),
    "a value there is not": ({"place.city": "Rome"}, []),
    "what looks like an operator": ({"place.city": '{"$ne": null}'}, []),
    "an element of a list": ({"tags": "sad"}, ["Hamlet", "Othello"]),
    "two": ({"tags": "sad", "kind": "play", "mood": "v"}, ["Hamlet"]),
    "one of one's own": ({"length": "short"}, ["Hamlet"]),
    "from a day on": ({"start__gte": "2026-11-22"}, ["Fidelio"]),
    "between two": ({"start__gte": "2010-01-01", "start__lt": "2010-02-01"}, ["Hamlet"]),
    "without a date": ({"start__isnull": "1"}, ["Othello"]),
    "with a date": ({"start__isnull": "0"}, ["Fidelio", "Hamlet"]),
    "with a search": ({"tags": "sad", "q": "oth"}, ["Othello"]),
}


@pytest.fixture
def three(show):
    show(
        "Fidelio",
        kind="opera",
        is_free=True,
        start=datetime.datetime(2026, 11, 22, 19),
        place={"city": "Bonn", "street": None},
    )
    show(
        "Hamlet",
        mood=Mood.GRAVE,
        tags=["sad"],
        start=datetime.datetime(2010, 1, 31),
        acts=[{"name": "I", "minutes": 1}],
    )
    show("Othello", tags=["sad", "old"])


@pytest.mark.parametrize(("query", "expected"), FILTERED.values(), ids=FILTERED)
def test_filters(titles, three, query, expected):
    assert titles(**query) == expected


WRONG = {
    "an operator in brackets": {"title[$gt]": ""},
    "an operator": {"$where": "1"},
    "a field that is no filter": {"title": "Hamlet"},
    "Django's lookup": {"title__icontains": "x"},
    "a lookup of a filter's field": {"kind__regex": "."},
    "no choice": {"kind": "ballet"},
    "no member": {"mood": "GAY"},
    "neither yes nor no": {"is_free": "2"},
    "no date": {"start__gte": "yesterday"},
    "an operator for a date": {"start__gte[$ne]": "1"},
    "neither with nor without": {"start__isnull": "x"},
    "no year": {"start__year": "x"},
    "the year nought": {"start__year": "0"},
    "no month": {"start__year": "2026", "start__month": "13"},
    "no day": {"start__year": "2026", "start__month": "2", "start__day": "30"},
    "a page there is not": {"p": "77"},
    "no page": {"p": "0"},
    "a page below": {"p": "-1"},
    "a page too far": {"p": "9" * 30},
    "what somebody's mail adds": {"utm_source": "x"},
}


@pytest.mark.parametrize("query", WRONG.values(), ids=WRONG)
def test_what_means_nothing_leads_back_to_the_list(person, three, query):
    somebody = person()
    assert refused(somebody, **query)
    page = somebody.get(LIST, **query)
    assert page.status == 200
    assert len(page.rows) == 4


def test_of_a_parameter_sent_twice_the_last_counts(person, three):
    page = Page(person().client.get(f"{LIST}?kind=opera&kind=play"))
    assert [row[1] for row in page.rows[1:]] == ["Hamlet", "Othello"]


def test_a_filter_shows_what_there_is_to_choose(person, three):
    page = person().get(LIST, kind="opera", is_free="1")
    assert page.links["play"] == "?is_free=1&kind=play"
    assert page.links["No"] == "?is_free=0&kind=opera"
    assert page.links["Bonn"] == "?is_free=1&kind=opera&place.city=Bonn"
    assert page.links["✖ Clear all filters"] == "?"
    assert page.links["Grave"].endswith("mood=v")


def distinct(commands):
    """What was asked for the values of fields: (field, how many documents, how many values)."""
    pipelines = [command["pipeline"] for name, command in commands if name == "aggregate"]
    pipelines = [stages for stages in pipelines if "$dateToString" not in str(stages)]
    found = [
        (
            [stage["$unwind"]["path"] for stage in stages if "$unwind" in stage],
            [stage["$limit"] for stage in stages if "$limit" in stage],
        )
        for stages in pipelines
    ]
    return [(paths[0], *limits) for paths, limits in found if paths]


def test_the_values_of_a_filter_are_looked_for_in_so_many_documents_only(person, show, options, commands):
    options(list_filter=["place.city", "tags", "seats"], count_limit=3)
    show("Hamlet", tags=["a", "b"])
    person().get(LIST)
    assert distinct(commands) == [("$place.city", 4, 101), ("$tags", 4, 101), ("$seats", 4, 101)]
    commands.clear()
    options(count_limit=None)
    person().get(LIST)
    assert distinct(commands) == [("$place.city", 101), ("$tags", 101), ("$seats", 101)]


NOTES = {
    "all of them": (3, {"tags": ["a", "b", "c"]}, ""),
    "no list": (3, {"seats": 1}, ""),
    "of more documents": (4, {"tags": ["a", "b", "c"]}, "Of 3 documents only: others may have more."),
    "of more documents, which have none": (4, {"tags": []}, "Of 3 documents only: others may have more."),
    "of more documents, and no list": (4, {"seats": 1}, "Of 3 documents only: others may have more."),
    "as many as are offered": (1, {"tags": ["a", "b", "c", "d", "e"]}, ""),
    "more": (1, {"tags": ["a", "b", "c", "d", "e", "f"]}, "There are more: these are the first 5."),
}


@pytest.mark.parametrize(("number", "fields", "note"), NOTES.values(), ids=NOTES)
def test_a_filter_says_what_it_does_not_offer(person, show, options, monkeypatch, number, fields, note):
    [field] = fields
    options(list_filter=[field], count_limit=3)
    monkeypatch.setattr(offers, "LONGEST", 5)
    for index in range(number):
        show(f"S{index}", **fields)
    page = person().get(LIST)
    assert re.findall('<p class="quiet">(.*?)</p>', page.html) == ([note] if note else [])
    values = fields[field] if isinstance(fields[field], list) else [fields[field]]
    assert [page.links.get(str(one)) for one in values[:5]] == [f"?{field}={one}" for one in values[:5]]
    assert "f" not in page.links


def test_a_filter_by_what_is_inside_of_a_list(person, titles, show, options):
    options(list_filter=["acts.name", "acts.minutes"], count_limit=3)
    show(
        "Hamlet",
        acts=[{"name": "I", "minutes": 1}, {"name": "II", "minutes": 2}, {"name": "II", "minutes": 1}],
    )
    show("Othello", acts=[{"name": "II", "minutes": 30}])
    show("Fidelio")
    page = person().get(LIST)
    assert [page.links[name] for name in ("I", "II")] == ["?acts.name=I", "?acts.name=II"]
    assert [page.links[name] for name in ("1", "2", "30")] == [f"?acts.minutes={one}" for one in (1, 2, 30)]
    assert "Of 3 documents only" not in page.text, "each is counted once"
    assert titles(**{"acts.name": "II"}) == ["Hamlet", "Othello"]
    assert titles(**{"acts.minutes": "30"}) == ["Othello"]
    assert titles(**{"acts.name": "III"}) == []
    show("Tosca")
    assert "Of 3 documents only: others may have more." in person().get(LIST).text


BEYOND = {"a text": ("tags", "zz", ["Z"]), "a number": ("seats", "99", ["Z"]), "none": ("seats", "98", [])}


@pytest.mark.parametrize(("field", "value", "expected"), BEYOND.values(), ids=BEYOND)
def test_what_is_not_offered_can_be_asked_for(person, titles, show, options, field, value, expected):
    options(list_filter=[field], count_limit=1)
    show("A", tags=["a"], seats=1)
    show("Z", tags=["zz"], seats=99)
    assert titles(**{field: value}) == expected
    assert person().get(LIST, **{field: value}).links[value] == f"?{field}={value}"
    assert refused(person(), seats="many")


def test_a_filter_by_a_reference(person, titles, show, mongodb):
    globe, rose = mongodb.theatres.Theatre(), mongodb.theatres.Theatre()
    for theatre, name in ((globe, "Globe"), (rose, "Rose")):
        theatre.update(name=name)
        theatre.save()
    show("Hamlet", theatre=globe)
    show("Othello", theatre=rose)
    show("Ham")
    assert person().get(LIST).links["Globe"] == f"?theatre={globe.pk}"
    assert titles(theatre=globe.pk) == ["Hamlet"]
    assert titles(theatre="forged") == []


def test_a_filter_by_a_reference_says_that_there_are_more(
    person, titles, show, mongodb, options, monkeypatch
):
    monkeypatch.setattr(offers, "LONGEST", 2)
    options(list_filter=["theatre"])
    theatres = [mongodb.theatres.Theatre({"name": f"House {index}", "city": None}) for index in range(3)]
    for index, theatre in enumerate(theatres):
        theatre.save()
        show(f"S{index}", theatre=theatre)
    somebody, note = person(), "There are more: these are the first 2."
    page = somebody.get(LIST)
    offered = [one for one in theatres if page.links.get(one["name"]) == f"?theatre={one.pk}"]
    assert len(offered) == 2
    assert note in page.text
    [beyond] = [one for one in theatres if one not in offered]
    page = somebody.get(LIST, theatre=beyond.pk)
    marked = re.findall(r'<li class="selected">\s*<a href="([^"]*)">([^<]*)</a>', page.html)
    assert marked == [(f"?theatre={beyond.pk}", beyond["name"])]
    assert titles(theatre=beyond.pk) == [f"S{theatres.index(beyond)}"]
    mongodb.theatres.delete_one({"_id": beyond["_id"]})
    page = somebody.get(LIST, theatre=beyond.pk)
    assert page.links[beyond.pk] == f"?theatre={beyond.pk}", "of one that is gone there is the key"
    assert note not in page.text


@pytest.mark.parametrize("with_database", [False, True])
def test_a_filter_by_a_dbref(shows, mongodb, with_database):
    """The embedded server looks for one as a whole only, MongoDB for its key."""
    node = node_at(Show, "theatre").but(dbref=True)
    theatres = Documents(Theatre, mongodb.theatres)
    database = mongodb.name if with_database else None
    shows.insert_many(
        [{"title": str(key), "theatre": DBRef("theatres", key, database)} for key in ("1", 1, 2)]
        + [{"title": "none", "theatre": None}, {"title": "list", "theatre": [DBRef("theatres", 1, database)]}]
    )
    found = shows.find(refers_to("theatre", node, theatres, meanings("1")), {"title": 1}).sort("_id")
    assert [one["title"] for one in found] == ["1", "1", "list"]


PRICES = {
    "as it is stored": ("1.10", ["a", "b"]),
    "written otherwise": ("1.1", ["a", "b"]),
    "one that is not offered": ("7", []),
    "no number": ("much", None),
}


@pytest.mark.parametrize("field", ["price", "weight"])
@pytest.mark.parametrize(("chosen", "expected"), PRICES.values(), ids=PRICES)
def test_a_filter_by_decimals(mongodb, rf, field, chosen, expected):
    for topic, price in (("a", "1.10"), ("b", "1.10"), ("c", "2.5"), ("d", None)):
        talk = mongodb.api_talks.Speech()
        kind = Decimal128 if field == "weight" else decimal.Decimal
        talk.update({"topic": topic, field: None if price is None else kind(price)})
        talk.save()
    speeches = DocumentAdmin(Speech, admin.AdminSite())
    request = rf.get("/")
    made = filter_for(field, request, {field: [chosen]}, Speech, speeches)
    assert [text for text, _title in made.lookups()][:2] == ["1.10", "2.5"]
    if expected is None:
        with pytest.raises(IncorrectLookupParameters):
            made.queryset(request, speeches.get_queryset(request))
        return
    found = made.queryset(request, speeches.get_queryset(request))
    assert sorted(one["topic"] for one in found) == expected


@override_settings(TIME_ZONE="Asia/Tokyo")
def test_days_are_those_of_the_time_zone(titles, show):
    show("Late", start=datetime.datetime(2026, 11, 21, 15))
    show("Early", start=datetime.datetime(2026, 11, 21, 14, 59))
    assert titles(start__gte="2026-11-22", start__lt="2026-11-23") == ["Late"]
    assert titles(start__year="2026", start__month="11", start__day="21") == ["Early"]


@override_settings(USE_TZ=False, TIME_ZONE="Asia/Tokyo")
def test_without_time_zones_times_are_as_they_are_stored(person, titles, show):
    show("A", start=datetime.datetime(2026, 11, 21, 23, 30))
    show("B", start=datetime.datetime(2026, 11, 22, 0, 30))
    assert titles(start__gte="2026-11-22", start__lt="2026-11-23") == ["B"]
    assert titles(start__year="2026", start__month="11", start__day="21") == ["A"]
    page = person().get(LIST)
    assert list(dates(page)) == ["November 21", "November 22"]
    assert "Nov. 22, 2026, 12:30 a.m." in page.text


def test_a_time_zone_that_is_an_offset_only(titles, show):
    from django.utils import timezone

    show("A", start=datetime.datetime(2026, 11, 21, 23, 30))
    show("B", start=datetime.datetime(2026, 11, 20, 21, 30))
    with timezone.override(datetime.timezone(datetime.timedelta(hours=2))):
        assert titles(start__year="2026", start__month="11", start__day="22") == ["A"]
        assert titles(start__year="2026", start__month="11", start__day="20") == ["B"]
        assert titles(start__year="2026") == ["A", "B"]


def test_the_filters_for_days_find_today(person, show):
    now = datetime.datetime.now(datetime.UTC).replace(tzinfo=None)
    show("Now", start=now)
    show("Long ago", start=datetime.datetime(1999, 1, 1))
    somebody = person()
    page = somebody.get(LIST)
    for name in ("Past 7 days", "This year", "Has date"):
        found = Page(somebody.client.get(LIST + page.links[name]))
        assert "Now" in [row[1] for row in found.rows[1:]], name


def test_a_filter_class_for_a_field(titles, show, options):
    class FirstLetter(FieldFilter):
        def lookups(self):
            return [("h", "H"), ("o", "O")]

        def query(self, value):
            return (
                {self.path: {"$regex": f"^{value}", "$options": "i"}} if value in "ho" else self.refuse(value)
            )

    options(list_filter=[("title", FirstLetter)])
    show("Hamlet")
    show("Othello")
    assert titles(title="o") == ["Othello"]


# ------------------------------------------------------------------------------------------------ dates


def dates(page):
    """Return the links above the list, by their text."""
    nav = re.search(r'<nav class="toplinks".*?</nav>', page.html, re.DOTALL)
    links = re.findall(r'<a href="([^"]*)"[^>]*>([^<]*)</a>', nav[0] if nav else "")
    return {html.unescape(text): html.unescape(url) for url, text in links}


def test_the_way_through_the_dates(person, show):
    for title, when in (
        ("A", (2025, 3, 1)),
        ("B", (2026, 1, 5)),
        ("C", (2026, 1, 6)),
        ("D", (2026, 2, 1)),
        ("E", ()),
    ):
        show(title, start=datetime.datetime(*when, 20) if when else None)
    somebody = person()
    page = somebody.get(LIST, kind="play")
    assert dates(page) == {"2025": "?kind=play&start__year=2025", "2026": "?kind=play&start__year=2026"}
    page = Page(somebody.client.get(LIST + page.links["2026"]))
    assert list(dates(page)) == ["‹ All dates", "January 2026", "February 2026"]
    assert page.links["‹ All dates"] == "?kind=play"
    page = Page(somebody.client.get(LIST + page.links["January 2026"]))
    assert list(dates(page)) == ["‹ 2026", "January 5", "January 6"]
    page = Page(somebody.client.get(LIST + page.links["January 6"]))
    assert [row[1] for row in page.rows[1:]] == ["C"]
    assert list(dates(page)) == ["‹ January 2026"]


def test_where_all_is_of_one_month_its_days_are_offered(person, show):
    show("A", start=datetime.datetime(2026, 1, 5, 20))
    show("B", start=datetime.datetime(2026, 1, 6, 20))
    assert list(dates(person().get(LIST))) == ["January 5", "January 6"]


def test_what_is_no_date_is_on_no_way_through_the_dates(person, titles, show, shows):
    show("A", start=datetime.datetime(2026, 1, 5, 20))
    show("B", start=datetime.datetime(2026, 3, 6, 20))
    shows.insert_many([{"title": "odd", "kind": "play", "start": odd} for odd in ("2026-02-01", 5, None)])
    assert list(dates(person().get(LIST))) == ["January 2026", "March 2026"]
    assert titles(start__year="2026") == ["A", "B"]


def test_a_list_of_dates_where_one_should_be(person, show, shows):
    show("A", start=datetime.datetime(2026, 1, 5))
    far_apart = [datetime.datetime(2024, 5, 1), datetime.datetime(2027, 5, 1)]
    shows.insert_one({"title": "odd", "kind": "play", "start": far_apart})
    page = person().get(LIST)
    assert page.html.count("?start__year=2024") == 1
    assert len(dates(page)) <= 3


def test_years_far_from_each_other(person, show):
    for year in (1, 1066, 1067, 9999):
        show(str(year), start=datetime.datetime(year, 12, 31, 23, 59))
    somebody = person()
    page = somebody.get(LIST)
    assert list(dates(page)) == ["1", "1066", "1067", "9999"]
    page = somebody.get(LIST, start__year="9999")
    assert list(dates(page)) == ["‹ All dates", "December 9999"]
    page = somebody.get(LIST, start__year="9999", start__month="12")
    assert list(dates(page)) == ["‹ 9999", "December 31"]


def test_where_there_are_no_dates_there_is_no_way_through_them(person, show):
    show("A")
    assert dates(person().get(LIST)) == {}


@pytest.fixture
def indexed(shows):
    """Make an index of the times; it goes after the test."""
    yield lambda *keys, **options: shows.create_index(list(keys or [("start", 1)]), name="times", **options)
    if "times" in shows.index_information():
        shows.drop_index("times")


MOMENTS = {
    "a year": ["2026-01-05T20:00", "2026-03-06T20:00"],
    "years": ["2024-02-29T12:00", "2026-03-06T20:00"],
    "far from each other": ["0001-12-31T23:59", "1066-01-01T00:00", "9999-12-31T23:59"],
    "the turn of a year": ["2025-12-31T23:30", "2026-01-01T00:30"],
    "around it": ["2025-12-31T10:00", "2025-12-31T14:00", "2026-01-01T02:00"],
    "the turn of a month": ["2026-04-30T21:30", "2026-04-30T22:30", "2026-05-30T22:30", "2026-05-31T22:30"],
    "summer time": ["2026-03-29T00:30", "2026-03-29T01:30", "2026-10-25T00:30", "2026-10-25T01:30"],
    "one": ["2026-03-06T20:00"],
    "none": [],
}


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Pacific/Kiritimati"])
@pytest.mark.parametrize("moments", MOMENTS.values(), ids=MOMENTS)
def test_with_an_index_and_without_one_the_dates_are_the_same(
    person, shows, indexed, settings, moments, zone
):
    settings.TIME_ZONE = zone
    times = [datetime.datetime.fromisoformat(moment) for moment in moments]
    odd = ["2026-02-01", 5, None, times, [*times, "x"], {"a": 1}]
    shows.insert_many([{"title": str(one), "kind": "play", "start": one} for one in (*times, *odd)])
    somebody = person()

    def followed(query, seen):
        found = dates(somebody.get(LIST, **query))
        for link in found.values():
            further = dict(re.findall(r"(start__\w+)=(\d+)", link or ""))
            if len(further) > len(query):
                followed(further, seen)
        seen[tuple(query.values())] = found
        return seen

    without = followed({}, {})
    indexed()
    assert followed({}, {}) == without
    assert bool(without[()]) == bool(moments)


def test_a_list_of_times_hides_no_others(person, shows, indexed):
    """With an index it is found first, whichever of its times are asked for."""
    starts = [datetime.datetime(year, month, 5, 12) for year in (2000, 2004, 2008) for month in (3, 7)]
    lists = [
        [datetime.datetime(1991, 1, 5), datetime.datetime(2010, 1, 5)],
        [datetime.datetime(2004, 1, 5), datetime.datetime(2004, 9, 5)],
    ]
    shows.insert_many([{"title": str(one), "kind": "play", "start": one} for one in (*starts, *lists)])
    indexed()
    somebody = person()
    assert list(dates(somebody.get(LIST))) == ["1991", "2000", "2004", "2008", "2010"]
    page = somebody.get(LIST, start__year="2004")
    assert list(dates(page)) == [
        "‹ All dates",
        *(f"{month} 2004" for month in ("January", "March", "July", "September")),
    ]


KINDS = {
    "none": (None, True),
    "of the times": ([("start", 1)], False),
    "downwards": ([("start", -1)], False),
    "of the times, and more": ([("start", 1), ("title", 1)], False),
    "of more, and the times": ([("title", 1), ("start", 1)], True),
    "of some documents": ({"partialFilterExpression": {"title": "x"}}, True),
}


@pytest.mark.parametrize(("kind", "at_once"), KINDS.values(), ids=KINDS)
def test_without_an_index_the_dates_are_asked_for_at_once(person, show, commands, indexed, kind, at_once):
    for day in range(1, 29):
        show(str(day), start=datetime.datetime(2026, 2, day, 12))
    if isinstance(kind, dict):
        indexed(**kind)
    elif kind:
        indexed(*kind)
    somebody = person()
    commands.clear()
    page = somebody.get(LIST, start__year="2026", start__month="2")
    assert list(dates(page)) == ["‹ 2026", *(f"February {day}" for day in range(1, 29))]
    asking = [
        name
        for name, command in commands
        if any("$dateToString" in str(stage) for stage in command.get("pipeline", ()))
        or command.get("sort") == {"start": 1}
    ]
    assert asking == (["aggregate"] if at_once else ["find"] * 28)


def test_where_the_indexes_are_not_told(person, show, shows, monkeypatch):
    def refuse(*args, **kwargs):
        raise OperationFailure("not authorized")

    show("A", start=datetime.datetime(2026, 1, 5, 20))
    monkeypatch.setattr(type(shows), "index_information", refuse)
    assert list(dates(person().get(LIST))) == ["January 5"]


# ------------------------------------------------------------------------------------------------ order


def test_the_order(titles, show):
    show("B", seats=1)
    show("A", seats=2)
    show("C", seats=2)
    assert titles() == ["A", "B", "C"]
    assert titles(o="-1") == ["C", "B", "A"]
    assert titles(o="7.-1") == ["B", "C", "A"]
    assert titles(o="-7.1") == ["A", "C", "B"]
    assert titles(o="4") == ["C", "A", "B"]  # the newest first among those that are alike
    for odd in ("99", "x", "-", "1.", "²", "--1", "0", "9"):
        assert len(titles(o=odd)) == 3


def test_heads_of_columns_are_links(person, show):
    show("Hamlet")
    page = person().get(LIST, o="1.-7")
    assert page.links["Title"] == "?o=-1.-7"
    assert page.links["Seats"] == "?o=7.1"
    assert page.links["Place city"] == "?o=4.1.-7"
    assert "How long" in page.links
    assert "Shout" not in page.links


def test_only_some_columns_can_be_sorted_by(person, titles, show, options):
    options(sortable_by=["seats"])
    show("B", seats=1)
    show("A", seats=2)
    assert "Title" not in person().get(LIST).links
    assert titles(o="-7") == ["A", "B"]
    assert titles(o="-1") == ["A", "B"]  # the newest first


# ------------------------------------------------------------------------------------------------ pages


def test_pages(person, titles, show, options):
    options(list_per_page=2, list_max_show_all=5)
    for letter in "ABCDE":
        show(letter)
    assert [titles(p=number) for number in ("1", "2", "3")] == [["A", "B"], ["C", "D"], ["E"]]
    page = person().get(LIST)
    assert page.links["3"] == "?p=3"
    assert "5 shows" in page.text
    assert titles(all="") == ["A", "B", "C", "D", "E"]
    show("F")
    assert titles(all="") == ["A", "B"]
    assert "Show all" not in person().get(LIST).links


def test_what_is_found_is_counted_once(person, show, options, commands):
    options(count_limit=2, list_per_page=2, show_full_result_count=False)
    for number in range(5):
        show(str(number), start=datetime.datetime(2026, 1, 5, 12), kind="opera")
    somebody = person()
    commands.clear()
    page = somebody.get(LIST, kind="opera")
    assert "There are more than were counted." in page.text
    counting = [
        command for _name, command in commands if any("$group" in one for one in command.get("pipeline", ()))
    ]
    assert (
        sum(
            {"$limit": 3} in one["pipeline"]
            for one in counting
            if {"$match": {"kind": "opera"}} in one["pipeline"]
        )
        == 1
    )


def test_the_last_page_is_not_full_and_the_first_not_there(titles, options):
    options(list_per_page=2)
    assert titles() == []


@pytest.fixture
def commands(shows, options, monkeypatch, uri):
    """The commands that the list sends, over a connection of its own."""
    from shows.models import Show

    from mongokit import Connection

    listener = Commands()
    with Connection(uri, event_listeners=[listener]) as connection:
        connection.register([Show])
        options(get_collection=lambda: connection[shows.database.name]["shows"])
        yield listener.sent


def spans(commands, **query):
    """Return the conditions for times that the list sent."""
    found = [command.get("filter") or command.get("query") or {} for _name, command in commands]
    found += [
        stage["$match"]
        for _name, command in commands
        for stage in command.get("pipeline", ())
        if "$match" in stage
    ]
    assert not any("$and" in one for one in found), (
        "an embedded server takes no index for one of two conditions"
    )
    return [one["start"] for one in found if "start" in one]


def test_dates_are_asked_for_by_narrow_spans(person, show, commands, indexed):
    """The embedded server reads a span as a whole, and takes no index for `$type`."""
    indexed()
    for year, month, day in ((2023, 5, 1), (2024, 1, 5), (2024, 1, 7), (2024, 2, 1), (2026, 2, 1)):
        show(f"{year}{month}{day}", start=datetime.datetime(year, month, day, 20))
    somebody = person()
    asked = {
        (): (["2023", "2024", "2026"], 1 + 1 + 2 + 2),
        (2024,): (["‹ All dates", "January 2024", "February 2024"], 2 + 2 + 2),
        (2024, 1): (["‹ 2024", "January 5", "January 7"], 2 + 2 + 1 + 2 + 2),
        (2024, 1, 5): (["‹ January 2024"], 2),
    }
    for chosen, (links, most) in asked.items():
        commands.clear()
        names = ("start__year", "start__month", "start__day")
        page = somebody.get(LIST, **dict(zip(names, map(str, chosen), strict=False)))
        assert list(dates(page)) == links
        sent = spans(commands)
        assert len(sent) <= most, chosen
        assert not any("$type" in one for one in sent)
        if chosen:
            assert all("$gte" in one and "$lt" in one for one in sent), chosen


def test_a_million_documents_are_not_counted(person, show, commands):
    show("Hamlet")
    page = person().get(LIST)
    assert "1 show" in page.text
    counts = [command for name, command in commands if name == "count"]
    assert counts
    assert not any("query" in one and one["query"] for one in counts)
    summed = [
        command["pipeline"] for name, command in commands if name == "aggregate" and "$sum" in str(command)
    ]
    assert all("$limit" in pipeline[0] for pipeline in summed), "the values of filters, of so many documents"


def test_what_a_search_finds_is_counted_so_far_only(person, show, options, commands):
    options(count_limit=3, list_per_page=2, list_max_show_all=2)
    for letter in "ABCDEFG":
        show(f"{letter} play")
    somebody = person()
    page = somebody.get(LIST, q="play")
    counted = [
        command["pipeline"]
        for name, command in commands
        if name == "aggregate" and "$sum" in str(command) and "$unwind" not in str(command)
    ]
    assert counted
    assert all({"$limit": 4} in one for one in counted)
    assert "There are more than were counted." in page.text
    assert page.links["2"] == "?p=2&q=play"
    assert "Next page" not in page.links
    page = somebody.get(LIST, q="play", p="2")
    assert page.links["Next page"] == "?p=3&q=play"
    page = somebody.get(LIST, q="play", p="4")
    assert [row[1] for row in page.rows[1:]] == ["G play"]
    assert "Next page" not in page.links
    assert refused(somebody, q="play", p="5")


def test_all_of_it_is_counted_where_somebody_wants_that(person, show, options):
    options(count_limit=None, list_per_page=2)
    for letter in "ABCDE":
        show(f"{letter} play")
    page = person().get(LIST, q="play")
    assert "5 shows" in page.text
    assert "more than were counted" not in page.text


def test_only_what_may_be_seen_is_seen(person, titles, show, options):
    found = admin.site.get_model_admin(Show)
    options(get_queryset=lambda request: found.documents().filter({"kind": "play"}))
    show("Hamlet")
    fidelio = show("Fidelio", kind="opera")
    assert titles() == ["Hamlet"]
    somebody = person()
    for page in ("change", "delete", "history"):
        assert somebody.client.get(f"{LIST}{fidelio.pk}/{page}/").status_code == 404
    sent = {"action": "delete_selected", "_selected_action": [fidelio.pk], "post": "yes"}
    assert "Successfully deleted" not in somebody.post(LIST, sent).text
    assert fidelio.collection.count_documents({}) == 2


# ------------------------------------------------------------------------------------------------ actions


def test_some_are_deleted_once_it_is_confirmed(person, show, shows):
    chosen = [show("<i>A</i>"), show("B")]
    show("C")
    somebody = person()
    sent = {"action": "delete_selected", "_selected_action": [one.pk for one in chosen], "index": "0"}
    page = somebody.post(LIST, sent)
    assert "Are you sure you want to delete the selected shows?" in page.text
    assert "<i>A" not in page.html
    assert shows.count_documents({}) == 3
    page = somebody.post(LIST, page.sends("form"))
    assert "Successfully deleted 2 shows." in page.text
    assert [one["title"] for one in shows.find()] == ["C"]
    logged = {(one.object_id, one.action_flag) for one in LogEntry.objects.all()}
    assert logged == {(one.pk, DELETION) for one in chosen}


def test_each_that_is_deleted_sends_its_signals(person, show):
    from django.db.models.signals import post_delete

    seen = []

    def note(instance, **kwargs):
        seen.append(instance["title"])

    chosen = [show("A"), show("B")]
    post_delete.connect(note, sender=Show)
    try:
        person().post(
            LIST, {"action": "delete_selected", "_selected_action": [one.pk for one in chosen], "post": "yes"}
        )
    finally:
        post_delete.disconnect(note, sender=Show)
    assert seen == ["A", "B"]


def test_an_action_of_ones_own(person, show, shows):
    chosen = show("A")
    show("B")
    somebody = person()
    page = somebody.get(LIST)
    assert "Give away the selected shows" in page.text
    page = somebody.post(LIST, {"action": "make_free", "_selected_action": [chosen.pk], "index": "0"})
    assert "1 given away" in page.text
    assert [one["title"] for one in shows.find({"is_free": True})] == ["A"]


def test_an_action_for_all_that_a_filter_leaves(person, show, shows):
    chosen = show("A", kind="opera")
    for title in ("B", "C"):
        show(title, kind="opera")
    show("D")
    sent = {"action": "make_free", "_selected_action": [chosen.pk], "index": "0", "select_across": "1"}
    assert "3 given away" in person().post(f"{LIST}?kind=opera", sent).text
    assert sorted(one["title"] for one in shows.find({"is_free": True})) == ["A", "B", "C"]


@pytest.mark.parametrize("across", ["1", "true", "on"])
@pytest.mark.parametrize("query", ["", "?kind=opera"], ids=["all", "some"])
def test_no_action_for_more_than_are_counted(person, show, shows, options, query, across):
    options(count_limit=2)
    chosen = [show(title, kind="opera") for title in "ABC"]
    sent = {"action": "make_free", "_selected_action": [chosen[0].pk], "index": "0", "select_across": across}
    somebody = person()
    page = somebody.post(LIST + query, sent)
    assert "These are more than 2 shows. Narrow the search" in page.text
    assert shows.count_documents({"is_free": True}) == 0
    assert "1 given away" in somebody.post(LIST + query, {**sent, "select_across": "0"}).text


def test_who_may_only_look_has_no_actions(person, show):
    show("A")
    page = person("view_show").get(LIST)
    assert "Action:" not in page.text
    assert "Select show to view" in page.text


ODD_ACTIONS = {
    "nothing chosen": ({"action": "make_free", "index": "0"}, "Items must be selected"),
    "no action": ({"action": "", "_selected_action": ["x"], "index": "0"}, "No action selected."),
    "one there is not": ({"action": "drop", "_selected_action": ["x"], "index": "0"}, "No action selected."),
    "forged keys": (
        {"action": "make_free", "_selected_action": ["x", '{"$ne": 1}', "0" * 24], "index": "0"},
        "3 of the shows you had chosen were not found",
    ),
}


@pytest.mark.parametrize(("sent", "text"), ODD_ACTIONS.values(), ids=ODD_ACTIONS)
def test_actions_that_do_nothing(person, show, shows, sent, text):
    show("A")
    page = person().post(LIST, sent)
    assert text in page.text
    assert "given away" not in page.text
    assert shows.count_documents({"is_free": True}) == 0


def test_an_action_for_rows_of_which_some_are_gone(person, show, shows):
    chosen = [show(title) for title in "ABC"]
    keys = [one.pk for one in chosen]
    chosen[0].delete()
    somebody = person()
    page = somebody.post(LIST, {"action": "make_free", "_selected_action": keys, "index": "0"})
    assert page.messages == [
        (
            "warning",
            (
                "1 of the shows you had chosen was not found: it has been deleted meanwhile, or changed so that this "
                "list does not have it any more."
            ),
        ),
        ("info", "2 given away"),
    ]
    assert shows.count_documents({"is_free": True}) == 2
    chosen[1].delete()
    # The last was sent twice, and is one all the same.
    page = somebody.post(LIST, {"action": "make_free", "_selected_action": [*keys, keys[2]], "index": "0"})
    assert [text[:50] for _level, text in page.messages] == [
        "2 of the shows you had chosen were not found: they",
        "1 given away",
    ]


def test_an_action_for_rows_that_are_all_gone(person, show, shows):
    chosen = [show(title) for title in "AB"]
    keys = [one.pk for one in chosen]
    show("C")
    for one in chosen:
        one.delete()
    somebody = person()
    for action in ("make_free", "delete_selected"):
        page = somebody.post(LIST, {"action": action, "_selected_action": keys, "index": "0"})
        assert page.messages == [
            (
                "warning",
                (
                    "2 of the shows you had chosen were not found: they have been deleted meanwhile, or changed so that "
                    "this list does not have them any more. Items must be selected in order to perform actions on them. "
                    "No items have been changed."
                ),
            )
        ]
        assert [row[1] for row in page.rows[1:]] == ["C"], (
            "the list, and no page that asks whether to delete none"
        )
    assert shows.count_documents({"is_free": True}) == 0


def test_an_action_for_a_row_that_a_filter_leaves_out_meanwhile(person, show, shows):
    chosen = [show(title, kind="opera") for title in "AB"]
    shows.update_one({"title": "A"}, {"$set": {"kind": "play"}})
    sent = {"action": "make_free", "_selected_action": [one.pk for one in chosen], "index": "0"}
    page = person().post(f"{LIST}?kind=opera", sent)
    assert [level for level, _text in page.messages] == ["warning", "info"]
    assert [one["title"] for one in shows.find({"is_free": True})] == ["B"]


def test_of_rows_that_are_gone_those_left_are_deleted(person, show, shows):
    chosen = [show(title) for title in "ABC"]
    keys = [one.pk for one in chosen]
    chosen[0].delete()
    somebody = person()
    page = somebody.post(LIST, {"action": "delete_selected", "_selected_action": keys, "index": "0"})
    assert "Are you sure you want to delete the selected shows?" in page.text
    assert page.messages[0][1].startswith("1 of the shows you had chosen was not found")
    sent = page.sends("form")
    assert sent["_selected_action"] == keys[1:]
    chosen[1].delete()
    page = somebody.post(LIST, sent)
    assert [text.partition(":")[0] for _level, text in page.messages] == [
        "1 of the shows you had chosen was not found",
        "Successfully deleted 1 show.",
    ]
    assert shows.count_documents({}) == 0


def test_rows_that_are_gone_do_not_matter_to_an_action_for_all(person, show, shows):
    gone = show("A")
    show("B")
    gone.delete()
    sent = {"action": "make_free", "_selected_action": [gone.pk], "index": "0", "select_across": "1"}
    assert person().post(LIST, sent).messages == [("info", "1 given away")]


def test_keys_of_every_kind_are_found_again(person, mongodb):
    """As a list shows them: as text."""
    keys = ["k", 7, uuid.UUID(int=5), ObjectId(b"a" * 12)]
    mongodb.notes.insert_many([{"_id": key, "text": "x"} for key in keys])
    sent = {
        "action": "delete_selected",
        "_selected_action": [text_of(Note, key) for key in keys],
        "post": "yes",
    }
    assert person().post("/admin/shows/Note/", sent).messages == [
        ("success", "Successfully deleted 4 Notes.")
    ]


# ------------------------------------------------------------------------------------------------ rows


def test_rows_are_changed_in_the_list(person, show, shows):
    for title in "ABC":
        show(title, seats=1)
    somebody = person()
    page = somebody.submit(
        LIST, "changelist-form", **{"form-0-seats": "5", "form-2-is_free": "on", "_save": "Save"}
    )
    assert "2 shows were changed successfully." in page.text
    found = [
        (one["title"], one["seats"], one["is_free"], one["_revision"])
        for one in shows.find().sort("title", 1)
    ]
    assert found == [("A", 5, False, 2), ("B", 1, False, 1), ("C", 1, True, 2)]
    assert {
        (one.object_repr, one.action_flag, one.get_change_message()) for one in LogEntry.objects.all()
    } == {
        ("A", CHANGE, "Changed Seats."),
        ("C", CHANGE, "Changed Is free."),
    }


def test_a_row_that_is_wrong_says_so_and_nothing_is_saved(person, show, shows):
    for title in "AB":
        show(title, seats=1)
    sent = {"form-0-seats": "many", "form-1-seats": "7", "_save": "Save"}
    page = person().submit(LIST, "changelist-form", **sent)
    assert "Please correct the error below." in page.text
    assert "Enter a whole number." in page.text
    assert page.forms["changelist-form"]["form-0-seats"] == ["many"]
    assert page.forms["changelist-form"]["form-1-seats"] == ["7"]
    assert [one["seats"] for one in shows.find()] == [1, 1]


def test_a_document_that_is_wrong_keeps_no_other_row_from_being_saved(person, show, shows):
    wrong = {"acts": [{"name": "", "minutes": 0}]}
    show("Hamlet")
    shows.update_one({"_id": show("Othello")["_id"]}, {"$set": wrong})
    page = person().submit(LIST, "changelist-form", **{"form-0-seats": "7", "_save": "Save"})
    assert "1 show was changed successfully." in page.text
    assert shows.find_one({"title": "Hamlet"})["seats"] == 7
    assert wrong.items() <= shows.find_one({"title": "Othello"}).items()


def test_rows_that_were_not_changed_cost_nothing_more(person, show, options, commands, monkeypatch):
    options(
        list_editable=["slug"], list_display=["title", "slug"], list_display_links=["title"], list_per_page=30
    )
    for number in range(20):
        show(f"S{number:02}", slug=f"s{number}")
    validated, validate = [], Show.validate
    monkeypatch.setattr(
        Show, "validate", lambda self, *given: (validated.append(self), validate(self, *given))[1]
    )
    somebody = person()
    sent = somebody.get(LIST).sends("changelist-form", **{"form-3-slug": "new", "_save": "Save"})
    commands.clear()
    validated.clear()
    assert somebody.client.post(LIST, sent).status_code == 302
    assert [name for name, _command in commands if name in {"find", "update"}] == [
        "find",
        "find",
        "update",
    ], "the rows, whether the slug is taken, the row that is changed"
    assert len(validated) == 2, "the changed one as it would be, and when it is saved"


def test_a_row_that_somebody_else_has_changed(person, show, shows):
    hamlet = show("A", seats=1)
    show("B", seats=1)
    somebody = person()
    sent = somebody.get(LIST).sends(
        "changelist-form", **{"form-0-seats": "5", "form-1-seats": "6", "_save": "Save"}
    )
    hamlet["seats"] = 3
    hamlet.save()
    page = somebody.post(LIST, sent)
    assert "Somebody else has changed this show since you opened it." in page.text
    assert page.forms["changelist-form"]["form-0-seats"] == ["5"]
    assert [one["seats"] for one in shows.find().sort("title", 1)] == [3, 1]
    page = somebody.post(LIST, page.sends("changelist-form", _save="Save"))
    assert "2 shows were changed successfully." in page.text
    assert [one["seats"] for one in shows.find().sort("title", 1)] == [5, 6]


def test_a_row_whose_document_is_gone(person, show, shows):
    gone = show("A", seats=1)
    show("B", seats=1)
    somebody = person()
    sent = somebody.get(LIST).sends(
        "changelist-form", **{"form-0-seats": "5", "form-1-seats": "6", "_save": "Save"}
    )
    gone.delete()
    page = somebody.post(LIST, sent)
    assert "Somebody else has deleted 1 of these meanwhile." in page.text
    assert "What you had entered there: “5”." in page.text
    assert [row[1] for row in page.rows if "B" in row] == ["B"]
    page = somebody.post(LIST, page.sends("changelist-form", _save="Save"))
    assert "1 show was changed successfully." in page.text
    assert [(one["title"], one["seats"]) for one in shows.find()] == [("B", 6)]


def test_rows_of_which_none_is_left(person, show, shows):
    gone = show("A", seats=1)
    somebody = person()
    sent = somebody.get(LIST).sends("changelist-form", **{"form-0-seats": "<5>", "_save": "Save"})
    gone.delete()
    page = somebody.post(LIST, sent)
    assert "Somebody else has deleted 1 of these meanwhile." in page.text
    assert "What you had entered there: “<5>”." in page.text
    assert shows.count_documents({}) == 0


def test_a_row_without_its_key_is_no_success(person, show, shows):
    for title in "AB":
        show(title, seats=1)
    somebody = person()
    sent = somebody.get(LIST).sends(
        "changelist-form", **{"form-0-seats": "5", "form-1-seats": "6", "_save": "Save"}
    )
    one = {name: value for name, value in sent.items() if name != "form-0-_id"}
    page = somebody.post(LIST, one)
    assert "1 of the rows came without the key of their document. Nothing was saved." in page.text
    assert "What you had entered there: “5”." in page.text
    assert page.sends("changelist-form")["form-0-seats"] == "6"
    none = {name: value for name, value in one.items() if name != "form-1-_id"}
    assert "2 of the rows came without the key" in somebody.post(LIST, none).text
    assert [one["seats"] for one in shows.find()] == [1, 1]


def test_rows_are_known_by_their_key_wherever_they_stand(person, show, shows):
    show("A", seats=1)
    show("C", seats=1)
    somebody = person()
    sent = somebody.get(LIST).sends("changelist-form", **{"form-1-seats": "9", "_save": "Save"})
    show("B", seats=1)
    somebody.post(LIST, sent)
    assert {one["title"]: one["seats"] for one in shows.find()} == {"A": 1, "B": 1, "C": 9}


FORGED = {
    "no rows": {"_save": "Save"},
    "no number": {"_save": "Save", "form-TOTAL_FORMS": "x", "form-INITIAL_FORMS": "1", "form-0-seats": "5"},
    "a million": {"_save": "Save", "form-TOTAL_FORMS": "1000000", "form-INITIAL_FORMS": "1000000"},
    "no key": {"_save": "Save", "form-TOTAL_FORMS": "1", "form-INITIAL_FORMS": "1", "form-0-seats": "5"},
    "an operator": {
        "_save": "Save",
        "form-TOTAL_FORMS": "1",
        "form-INITIAL_FORMS": "1",
        "form-0-_id": '{"$ne": 1}',
        "form-0-_id[$ne]": "1",
        "form-0-seats": "5",
    },
}


@pytest.mark.parametrize("sent", FORGED.values(), ids=FORGED)
def test_rows_that_nobody_was_shown(person, show, shows, sent):
    show("A", seats=1)
    assert person().post(LIST, sent).status == 200
    assert shows.find_one()["seats"] == 1
    assert not LogEntry.objects.exists()


def test_who_may_not_change_has_no_rows_to_change(person, show, shows):
    show("A", seats=1)
    sent = person().get(LIST).sends("changelist-form", **{"form-0-seats": "5", "_save": "Save"})
    somebody = person("view_show")
    assert "form-0-seats" not in somebody.get(LIST).html
    assert somebody.client.post(LIST, sent).status_code == 403
    assert shows.find_one()["seats"] == 1


def test_where_mongodb_refuses_a_row_the_others_are_saved(person, show, shows, options):
    options(list_display=["title", "slug"], list_editable=["slug"], list_display_links=["title"])
    shows.Show.ensure_indexes()
    show("A", slug="a")
    show("B", slug="b")
    page = person().submit(
        LIST, "changelist-form", **{"form-0-slug": "new", "form-1-slug": "new", "_save": "Save"}
    )
    assert "1 show was changed successfully." in page.text
    assert "Show with this Slug already exists." in page.text
    assert {one["title"]: one["slug"] for one in shows.find()} == {"A": "new", "B": "b"}
    shows.drop()


@pytest.mark.parametrize("zone", ["Asia/Tokyo", "America/Chicago", "UTC"])
@pytest.mark.parametrize("year", ["1", "9999"])
def test_the_first_and_the_last_year(person, show, shows, zone, year):
    show(
        "Hamlet",
        start=datetime.datetime(int(year), 1, 1) if year == "1" else datetime.datetime(9999, 12, 31, 23, 59),
    )
    with override_settings(TIME_ZONE=zone):
        somebody = person()
        for query in (
            {},
            {"start__year": year},
            {"start__gte": "0001-01-01"},
            {"start__gte": "0001-01-01T00:00:00+14:00"},
        ):
            page = somebody.get(LIST, **query)
            assert page.status == 200
            assert "Database error" not in page.text
        assert "Hamlet" in somebody.get(LIST, start__year=year).text or zone != "UTC"
        assert somebody.get(f"{LIST}{shows.Show.one().pk}/change/").status == 200
        assert somebody.client.get(LIST, {"start__year": "0"}).status_code == 302
