"""Forms as people meet them: pages, what is sent from them, and the HTML they are made of."""

import datetime
import html.parser
import json
from typing import Annotated, Literal

import annotated_types as at
import pytest
from bson import ObjectId
from django.test import AsyncClient, Client
from django.utils.datastructures import MultiValueDict
from hypothesis import given
from hypothesis import settings as trying
from hypothesis import strategies as st
from lectures.models import Lecture
from pymongo import MongoClient

from django_mongokit.document import DjangoDocument
from django_mongokit.forms import documentform_factory
from mongokit import SchemaDocument, field

GOOD = {"topic": "Bananas", "when": "2010-12-31T15:00", "tags": " foo , bar, ,", "duration": "1.5"}


@pytest.fixture
def lectures(mongodb):
    return mongodb.lectures


@pytest.fixture
def client():
    return Client()


def test_nothing_yet(client, lectures):
    text = client.get("/lectures/").content.decode()
    assert "No talks added yet" in text
    assert '<input type="datetime-local" name="when"' in text


def test_an_empty_topic(client, lectures):
    response = client.post("/lectures/", {**GOOD, "topic": ""})
    assert response.status_code == 200
    text = response.content.decode()
    assert 'class="errorlist"' in text
    assert text.count("This field is required") == 1
    assert 'value="2010-12-31T15:00"' in text
    assert lectures.count_documents({}) == 0


def test_a_good_post(client, lectures):
    response = client.post("/lectures/", GOOD)
    assert (response.status_code, response["Location"]) == (302, "/lectures/")
    [lecture] = lectures.find()
    assert (lecture["topic"], lecture["tags"], lecture["duration"]) == ("Bananas", ["foo", "bar"], 1.5)
    text = client.get("/lectures/").content.decode()
    assert "31 December 2010" in text
    assert "Tags: foo, bar" in text


def test_change_and_delete(client, lectures):
    client.post("/lectures/", GOOD)
    pk = str(lectures.find_one()["_id"])
    text = client.get(f"/lectures/{pk}/").content.decode()
    assert 'value="foo, bar"' in text
    assert 'value="2010-12-31T15:00"' in text
    assert client.post(f"/lectures/{pk}/", {**GOOD, "tags": "", "topic": "Apples"}).status_code == 302
    assert {**lectures.find_one(), "when": 0, "_id": 0} == {
        "_id": 0,
        "topic": "Apples",
        "when": 0,
        "tags": [],
        "duration": 1.5,
    }
    assert client.get(f"/lectures/{pk}/delete/").status_code == 302
    assert lectures.count_documents({}) == 0
    assert client.post(f"/lectures/{pk}/", GOOD).status_code == 404


def test_newest_first(client, lectures):
    for year in (2008, 2010, 2009):
        client.post("/lectures/", {**GOOD, "topic": f"of {year}", "when": f"{year}-01-01T00:00"})
    text = client.get("/lectures/").content.decode()
    assert text.index("of 2010") < text.index("of 2009") < text.index("of 2008")


async def test_an_asynchronous_view(lectures):
    client = AsyncClient()
    assert (await client.post("/lectures/add/", GOOD)).status_code == 302
    response = await client.post("/lectures/add/", {**GOOD, "duration": "long"})
    assert "Enter a number." in response.content.decode()
    assert lectures.count_documents({}) == 1


@pytest.mark.parametrize(
    "sent", [{"topic[$gt]": ""}, {"topic": '{"$gt": ""}'}, {"topic": "x", "when": '{"$ne": null}'}]
)
def test_operators_in_a_query_string_are_text_or_errors(client, lectures, sent):
    response = client.post("/lectures/", {**GOOD, "topic": "", **sent})
    stored = lectures.find_one()
    assert response.status_code == (302 if stored else 200)
    assert stored is None or stored["topic"] == '{"$gt": ""}'


def test_a_request_that_is_too_large_is_refused_by_django(client, lectures, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 10_000
    body = "topic=x&tags=" + "x" * 20_000
    response = client.post("/lectures/", body, content_type="application/x-www-form-urlencoded")
    assert response.status_code == 400
    assert lectures.count_documents({}) == 0


def test_texts_are_escaped(lectures):
    lecture = Lecture({"topic": '"><script>alert(1)</script>', "tags": ["</textarea>"]}, collection=lectures)
    shown = documentform_factory(Lecture)(instance=lecture).as_p()
    assert "<script>" not in shown
    assert "</textarea>" not in shown


# The HTML of a form with everything


class Place(SchemaDocument):
    city: str
    code: Annotated[str, at.MaxLen(5)] = ""


class Stop(SchemaDocument):
    name: str
    minutes: Annotated[int, at.Ge(0)] = 0
    where: Place | None = None


class Tour(DjangoDocument):
    title: str
    start: datetime.datetime = field(default_factory=lambda: datetime.datetime(2010, 3, 8, 12, 3))
    kind: Literal["walk", "ride"] = "walk"
    public: bool = False
    guide: ObjectId | None = None
    meeting: Place
    extra: dict = {}
    stops: list[Stop]
    last: str = ""


VOID = {"input", "br", "meta", "link", "img", "hr"}
IN_PARAGRAPHS = {"input", "select", "option", "textarea", "label", "span", "legend", "ul", "li", "p"}


class Nesting(html.parser.HTMLParser):
    """Collects what no browser would leave as it is: what is not closed, and blocks inside paragraphs."""

    def __init__(self):
        super().__init__()
        self.open, self.wrong, self.ids, self.names = [], [], [], []

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.ids += [given["id"]] if "id" in given else []
        self.names += [given["name"]] if "name" in given and given.get("type") != "hidden" else []
        if "p" in self.open and tag in ("fieldset", "div", "ul", "p", "legend", "table"):
            self.wrong.append(f"{tag} in p")
        if tag == "legend" and self.open[-1] != "fieldset":
            self.wrong.append(f"legend in {self.open[-1]}")
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.wrong.append(f"</{tag}>")


def tour(bad):
    data = {
        "title": "" if bad else "T",
        "start": "2010-03-08T12:03",
        "kind": "ride",
        "guide": "",
        "meeting-city": "" if bad else "Bonn",
        "extra": "{}",
        "stops-TOTAL_FORMS": "2",
        "stops-INITIAL_FORMS": "0",
        "stops-0-name": "A",
        "stops-0-minutes": "-1" if bad else "1",
        "stops-0-where-city": "",
        "last": "",
    }
    return {**data, "extra": '{"$a": 1}'} if bad else data


STYLES = ["as_p", "as_div", "as_table", "as_ul"]


@pytest.mark.parametrize("state", ["empty", "good", "bad"])
@pytest.mark.parametrize("style", STYLES)
def test_the_html_is_well_formed(mongodb, style, state):
    form_class = documentform_factory(Tour)
    data = None if state == "empty" else tour(state == "bad")
    form = form_class(data, collection=mongodb.tours)
    text = getattr(form, style)()
    parser = Nesting()
    parser.feed(text)
    assert parser.wrong == []
    assert parser.open == []
    assert len(parser.ids) == len(set(parser.ids))
    assert len(parser.names) == len(set(parser.names))
    assert [name for name in parser.names if name == "last"] == ["last"]
    assert parser.names.index("title") < parser.names.index("meeting-city") < parser.names.index("last")
    assert text.count("errorlist") == (4 if state == "bad" else 0)


def test_every_name_that_is_sent_is_read(mongodb):
    """What a browser would send of an empty form, filled in, is a document."""
    parser = Nesting()
    form_class = documentform_factory(Tour)
    parser.feed(form_class(collection=mongodb.tours).as_div())
    assert "stops-0-where-city" in parser.names
    document = form_class(tour(bad=False), collection=mongodb.tours).save()
    assert document["stops"] == [{"name": "A", "minutes": 1, "where": None}]
    assert document["meeting"] == {"city": "Bonn", "code": ""}


def test_nested_fields_are_in_a_fieldset_with_a_legend(mongodb):
    text = documentform_factory(Tour)(collection=mongodb.tours).as_div()
    assert "<legend>Meeting:</legend>" in text
    assert "<legend>Stops #1</legend>" in text


def test_labels_of_nested_fields_in_lists_and_tables_label_no_input(mongodb):
    text = documentform_factory(Tour)(collection=mongodb.tours).as_table()
    assert "<span>Meeting:</span>" in text
    assert '<label for="id_meeting-city">' in text


def test_the_error_of_a_whole_list_is_shown_in_paragraphs(mongodb):
    form = documentform_factory(Tour)(
        {**tour(bad=False), "stops-INITIAL_FORMS": "7"}, collection=mongodb.tours
    )
    assert form.as_p().count("Somebody has added or removed elements meanwhile.") == 1


def test_errors_as_json(mongodb):
    form = documentform_factory(Tour)(tour(bad=True), collection=mongodb.tours)
    assert json.loads(form.errors.as_json()) == {
        "title": [{"message": "This field is required.", "code": "required"}],
        "meeting": [{"message": "City: This field is required.", "code": "required"}],
        "extra": [
            {"message": "The key “$a” must not contain “.” or start with “$”.", "code": "key"},
        ],
        "stops": [
            {
                "message": "#1: Minutes: Ensure this value is greater than or equal to 0.",
                "code": "min_value",
            }
        ],
    }


NAMES = [
    "title",
    "start",
    "initial-start",
    "kind",
    "public",
    "guide",
    "meeting",
    "meeting-city",
    "meeting-code",
    "extra",
    "last",
    "_id",
    "_revision",
    "stops",
    "stops-TOTAL_FORMS",
    "stops-INITIAL_FORMS",
    "stops-MAX_NUM_FORMS",
    "stops-0-name",
    "stops-0-minutes",
    "stops-0-where-city",
    "stops-0-ORDER",
    "stops-0-DELETE",
    "stops-1-name",
    "stops-1-ORDER",
    "stops-__prefix__-name",
    "stops-0",
]
NASTY = [
    "",
    " ",
    "x",
    "0",
    "1",
    "2",
    "-1",
    "1e400",
    "NaN",
    "on",
    "null",
    "{}",
    "[]",
    '{"$gt": ""}',
    "\0",
    "9" * 40,
]
NASTY += [
    "[" * 5000,
    "2010-03-08T12:03",
    "0001-01-01T00:00",
    "9999-12-31T23:59",
    "99999-01-01T00:00",
    "ride",
    "\ud800",
]


@trying(deadline=None, max_examples=50)
@given(st.dictionaries(st.sampled_from(NAMES), st.lists(st.sampled_from(NASTY) | st.text(), max_size=2)))
def test_whatever_is_sent_is_answered_with_a_page(data):
    """No input, however forged, makes a form raise: not when it is validated, and not when it is shown again."""
    with MongoClient("mongodb://127.0.0.1:1", connect=False) as client:
        form = documentform_factory(Tour)(MultiValueDict(data), collection=client.nowhere.tours)
        if form.is_valid():
            document = form.save(commit=False)
            document.validate()
            assert document["title"] == document["title"].strip() != ""
        else:
            assert all(message for messages in form.errors.values() for message in messages)
        for style in STYLES:
            getattr(form, style)()


@trying(deadline=None, max_examples=50)
@given(st.dictionaries(st.sampled_from(NAMES), st.lists(st.sampled_from(NASTY) | st.text(), max_size=2)))
def test_whatever_is_sent_for_a_stored_document_is_answered(data):
    with MongoClient("mongodb://127.0.0.1:1", connect=False) as client:
        stored = Tour(
            {
                "_id": 1,
                "title": "T",
                "start": datetime.datetime(2010, 10, 31, 0, 30),
                "kind": "gone",
                "public": True,
                "guide": None,
                "meeting": Place({"city": "B", "code": "1"}),
                "last": "",
                "extra": {"a": [1]},
                "stops": [Stop({"name": "A", "minutes": 1, "where": None})],
            },
            collection=client.nowhere.tours,
        )
        before = dict(stored)
        form = documentform_factory(Tour)(MultiValueDict(data), instance=stored)
        form.is_valid()
        str(form)
        assert stored == before
