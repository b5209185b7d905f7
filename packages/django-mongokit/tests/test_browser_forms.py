"""What a real Chromium sends of forms that nobody touches: every stored value comes back as it was."""

import datetime
import decimal
import urllib.parse
from typing import Annotated

import bson
import pytest
from bson import Decimal128
from chromium import CHROMIUM, FLAGS, MARKS, playwright
from django import forms
from django.utils.datastructures import MultiValueDict

from django_mongokit import connection
from django_mongokit.document import DjangoDocument
from django_mongokit.forms import CommaSeparatedField, documentform_factory
from mongokit import CustomType, SchemaDocument

pytestmark = MARKS


class Amount(CustomType):
    mongo_type = Decimal128
    python_type = decimal.Decimal

    def to_bson(self, value):
        return Decimal128(value)

    def to_python(self, value):
        return value.to_decimal()


class Day(CustomType):
    mongo_type = str
    python_type = datetime.date

    def to_bson(self, value):
        return value.isoformat()

    def to_python(self, value):
        return datetime.date.fromisoformat(value)


class Part(SchemaDocument):
    text: str | None = None
    memo: str | None = None
    mail: str | None = None
    real: float | None = None
    exact: Decimal128 | None = None
    price: Annotated[decimal.Decimal, Amount()] | None = None
    day: Annotated[datetime.date, Day()] | None = None
    words: list[str] = []
    lines: list[str] = []


class Held(Part, DjangoDocument):
    """The fields as its own, in a structure and in a list of structures."""

    __collection__ = "held"

    class Meta:
        app_label = "shows"

    title: str
    inner: Part | None = None
    rows: list[Part] = []


connection.register([Held])
TEXTS = ["line one\nline two\n", "\n\nafter two", "a\r\nb\nc", "a\rb", " blanks ", "\n", "a\x00b", "<b>&\"'"]
REALS = [float("nan"), float("inf"), float("-inf"), 1e300, 5e-324, -0.0, 0.1 + 0.2]
EXACT = ["NaN", "sNaN", "Infinity", "-Infinity", "1E+6000", "-1E-6000", "-0.00", "1.50", "1E+2"]
VALUES = [
    *(dict.fromkeys(["text", "memo", "mail"], text) for text in TEXTS),
    *({"real": real} for real in REALS),
    *({"exact": Decimal128(text), "price": Decimal128(text)} for text in EXACT),
    {"day": "0001-01-01"},
    {"day": "9999-12-31"},
    {"words": ["a", "b\nc"], "lines": ["a\nb", "c"]},
    {"words": ["a, b", " c "], "lines": [" a ", "\n"]},
]


def form_class():
    class Form(
        documentform_factory(Held, widgets={"inner.memo": forms.Textarea, "rows.memo": forms.Textarea})
    ):
        memo = forms.CharField(required=False, widget=forms.Textarea)
        mail = forms.CharField(required=False, widget=forms.EmailInput)
        words = CommaSeparatedField(required=False)

    return Form


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as started:
        found = started.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield found
        found.close()


@pytest.fixture
def sent_by(browser):
    """Return what Chromium sends of a form in which somebody has entered a title."""
    context = browser.new_context()
    page = context.new_page()
    shown = {}

    def answer(route):
        if route.request.method == "POST":
            shown["sent"] = route.request.post_data
        route.fulfill(content_type="text/html; charset=utf-8", body=shown["html"])

    page.route("**/*", answer)

    def send(form, **entered):
        shown["html"] = f"<!doctype html><form method=post novalidate>{form}<button>Save</button></form>"
        page.goto("http://forms.example/")
        for name, text in entered.items():
            page.fill(f"[name='{name}']", text)
        with page.expect_navigation():
            page.click("button")
        return MultiValueDict(urllib.parse.parse_qs(shown["sent"], keep_blank_values=True))

    yield send
    context.close()


@pytest.fixture
def store(mongodb):
    """Put a document with these fields in all three places; returns what is stored."""

    def put(fields):
        mongodb.held.delete_many({})
        made = mongodb.held.Held()
        made["title"] = "old"
        made.save()
        raw = mongodb.client[mongodb.name].held
        inside = {name: value for name, value in made._stored().items() if name in Part._structure.fields}
        rows = [{**inside, **fields}, {**inside, "text": "second"}]
        raw.update_one({}, {"$set": {**fields, "inner": {**inside, **fields}, "rows": rows}})
        return raw.find_one()

    return put


def as_bytes(document):
    return bson.encode({name: value for name, value in sorted(document.items()) if name != "title"})


@pytest.mark.parametrize("fields", VALUES, ids=repr)
def test_what_nobody_touches_stays(mongodb, store, sent_by, fields):
    before = store(fields)
    document = mongodb.held.Held.one()
    form = form_class()(sent_by(form_class()(instance=document), title="new"), instance=document)
    assert form.try_save(), form.errors
    after = mongodb.client[mongodb.name].held.find_one()
    assert after["title"] == "new"
    assert as_bytes(after) == as_bytes(before)
    assert form.changed_data == ["title"]


def test_a_text_of_several_lines_is_changed(mongodb, store, sent_by):
    store({"text": "one\r\ntwo"})
    document = mongodb.held.Held.one()
    entered = {"text": "one\nand two\n", "inner-text": "one\ntwo\nthree", "rows-0-text": "one"}
    form = form_class()(sent_by(form_class()(instance=document), **entered), instance=document)
    assert form.try_save(), form.errors
    after = mongodb.client[mongodb.name].held.find_one()
    assert after["text"] == "one\nand two"
    assert after["inner"]["text"] == "one\ntwo\nthree"
    assert after["rows"][0]["text"] == "one"


def test_several_lines_that_were_sent_are_shown_again(mongodb, store, sent_by):
    """Of a page that somebody has had open since the text had several lines."""
    store({"text": "one\ntwo"})
    page = form_class()(instance=mongodb.held.Held.one())
    sent = sent_by(page, title="", text="mine\nstill", **{"rows-0-real": "5"})
    store({"text": "one"})
    form = form_class()(sent, instance=mongodb.held.Held.one())
    assert not form.try_save()
    assert form.errors == {"title": ["This field is required."]}
    form = form_class()(sent_by(form, title="new"), instance=mongodb.held.Held.one())
    assert form.try_save()
    assert mongodb.held.find_one()["text"] == "mine\nstill"
