"""Stored values of another type than their class declares: shown, an error of their field, and never replaced unseen."""

import datetime
import uuid

import bson
import pytest
from bson import Binary, Code, DBRef, Decimal128, Int64, MaxKey, MinKey, ObjectId, Regex, Timestamp
from bson.binary import UuidRepresentation
from bson.codec_options import CodecOptions
from django.contrib import admin
from django.http import HttpResponse
from django.urls import path
from shows.kinds import Kinds
from shows.models import Theatre
from shows.testing import Markup, Page

from django_mongokit import connection
from django_mongokit.admin import DocumentAdmin
from django_mongokit.document import DjangoDocument
from django_mongokit.forms import documentform_factory
from django_mongokit.views import UpdateView


class Top(Kinds, DjangoDocument):
    """All kinds of fields, as its own, in a structure and in a list of structures."""

    __collection__ = "unfit"

    class Meta:
        app_label = "shows"

    title: str
    inner: Kinds | None = None
    rows: list[Kinds] = []

    def __str__(self):
        return str(self.get("title"))


connection.register([Top])
KINDS = sorted(Kinds._structure.fields)
SHAPES = {
    "null": None,
    "text": "Gate",
    "empty": "",
    "digits": "5",
    "iso": "2026-11-23T10:00:00",
    "lines": "a\r\nb\nc",
    "plain lines": "a\nb\n",
    "old lines": "a\rb",
    "line before": "\na",
    "blank lines": "\n\n",
    "spaces": "  a ",
    "nul": "a\x00\nb",
    "int": 5,
    "zero": 0,
    "long": Int64(2**40),
    "float": 1.5,
    "nan": float("nan"),
    "infinity": float("inf"),
    "minus infinity": float("-inf"),
    "true": True,
    "false": False,
    "decimal": Decimal128("1.50"),
    "decimal nan": Decimal128("NaN"),
    "signaling": Decimal128("sNaN"),
    "decimal infinity": Decimal128("-Infinity"),
    "decimal too large for browsers": Decimal128("1E+6000"),
    "minus zero": Decimal128("-0.00"),
    "time": datetime.datetime(2026, 11, 1, 5, 30, 15, 123000),
    "early": datetime.datetime(1, 1, 1),
    "late": datetime.datetime(9999, 12, 31, 23, 59, 59, 999000),
    "key": ObjectId("5f1b2c3d4e5f6a7b8c9d0e1f"),
    "bytes": b"\x00\xff",
    "uuid": Binary.from_uuid(uuid.UUID(int=5)),
    "pattern": Regex("a+", "i"),
    "code": Code("f()"),
    "scoped": Code("f()", {"a": 1}),
    "timestamp": Timestamp(1, 2),
    "least": MinKey(),
    "most": MaxKey(),
    "reference": DBRef("theatres", 5),
    "dict": {"name": "Gate", "minutes": 5},
    "other dict": {"a": 1},
    "no dict": {},
    "list": ["list", "old"],
    "no list": [],
    "mixed": [{"name": "Gate", "minutes": 5}, "Gate", None],
    "nulls": [None],
    "numbers": [1, 2],
    "below": {"name": 5, "minutes": "5"},
    "rows below": [{"name": 5, "minutes": "5"}, {"name": "B", "minutes": 1}],
}
MANY = {
    shape: SHAPES[shape]
    for shape in (
        *("null", "text", "empty", "digits", "int", "true", "decimal", "time", "key", "pattern"),
        *("dict", "no dict", "list", "no list", "mixed", "nulls", "below"),
    )
}
"""Of each kind one: where a form is inside another."""
PLACES = {
    "top": lambda name, value: {name: value},
    "inner": lambda name, value: {"inner": {name: value}},
    "rows": lambda name, value: {"rows": [{"text": "first"}, {name: value}]},
}


CODEC = CodecOptions(uuid_representation=UuidRepresentation.STANDARD)


def stored_bytes(document, *left_out):
    return bson.encode(
        {name: value for name, value in sorted(document.items()) if name not in left_out}, codec_options=CODEC
    )


@pytest.fixture
def store(mongodb):
    """Put a document with these fields into the collection, whole but for them; returns what is stored."""

    def put(**fields):
        mongodb.unfit.delete_many({})
        made = mongodb.unfit.Top()
        made["title"] = "old"
        made.save()
        inside = {name: value for name, value in made._stored().items() if name in KINDS}
        for name, value in fields.items():
            if name == "inner" and isinstance(value, dict):
                value = {**inside, **value}
            if name == "rows" and isinstance(value, list):
                value = [{**inside, **one} if isinstance(one, dict) else one for one in value]
            mongodb.client[mongodb.name].unfit.update_one({}, {"$set": {name: value}})
        return raw(mongodb)

    return put


def raw(mongodb):
    found = mongodb.client[mongodb.name].unfit.find_one()
    return {name: value for name, value in found.items() if name != "_revision"}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("name", KINDS)
def test_a_form(mongodb, store, name, place):
    """Only the title is edited: the rest is as it was, or an error of its field."""
    path = name if place == "top" else f"{place}.{name}"
    form_class = documentform_factory(Top, fields=["title", path])
    wrong = {}
    for shape, value in SHAPES.items() if place == "top" else MANY.items():
        before = store(**PLACES[place](name, value))
        document = mongodb.unfit.Top.one()
        head = path.partition(".")[0]
        page = Markup(f"<form id=form>{form_class(instance=document)}</form>")
        form = form_class(page.sends("form", title="new"), instance=document)
        saved = form.try_save()
        after = raw(mongodb)
        if saved is None:
            is_right = list(form.errors) == [head]
            is_right = is_right and stored_bytes(after) == stored_bytes(before)
        else:
            is_right = after["title"] == "new" and stored_bytes(after, "title") == stored_bytes(
                before, "title"
            )
        if not is_right:
            wrong[shape] = (before[head], after.get(head), dict(form.errors))
    assert not wrong


class TopAdmin(DocumentAdmin):
    list_display = ["title", "time", "number", "flag", "text"]
    list_display_links = None
    list_editable = ["title", "time", "number", "flag", "text"]


class TopUpdate(UpdateView):
    document = Top
    fields = ["title", *KINDS, "rows"]
    success_url = "/admin/shows/Top/"

    def render_to_response(self, context, **options):
        answer = HttpResponse(f"<form id=top_form>{context['form'].as_p()}</form>")
        answer.form = context["form"]
        return answer


site = admin.AdminSite()
site.register(Top, TopAdmin)
site.register(Theatre, DocumentAdmin)
urlpatterns = [path("admin/", site.urls), path("edit/<pk>/", TopUpdate.as_view())]
CHANGE, UPDATE, LIST = "/admin/shows/Top/{}/change/", "/edit/{}/", "/admin/shows/Top/"


@pytest.fixture
def pages(settings):
    """Show the pages above."""
    settings.ROOT_URLCONF = __name__


def sent_back(somebody, url, form, **changes):
    """Open a page, enter something, and send its form; returns the answer as it came."""
    page = Page(somebody.client.get(url))
    assert page.status == 200
    return somebody.client.post(url, page.sends(form, **changes))


@pytest.mark.parametrize("url", [CHANGE, UPDATE], ids=["admin", "view"])
@pytest.mark.parametrize(("shape", "value"), SHAPES.items(), ids=SHAPES)
def test_pages_show_every_kind_of_value_in_every_field(mongodb, store, pages, person, url, shape, value):
    before = store(**dict.fromkeys(KINDS, value), rows=[dict.fromkeys(KINDS, value)])
    answer = sent_back(person(), url.format(before["_id"]), "top_form", title="new")
    assert answer.status_code == 200
    assert stored_bytes(raw(mongodb)) == stored_bytes(before)


NESTED = {
    "a structure as text": ("slot", "Bonn", "ust be an instance of Slot not str"),
    "a structure as a list": ("slot", ["x"], "ust be an instance of Slot not list"),
    "a structure as a number": ("slot", 5, "ust be an instance of Slot not int"),
    "a list as a structure": ("slots", {"name": "Gate", "minutes": 5}, "ust be an instance of list not"),
    "a list as text": ("slots", "Gate", "ust be an instance of list not str"),
    "a list as a number": ("slots", 5, "ust be an instance of list not int"),
    "a list of texts": ("slots", ["Gate"], "slots.0 must be an instance of Slot not str"),
    "a text as a list": ("text", ["old", "list"], "ust be an instance of str not list"),
    "a text as a structure": ("text", {"a": 1}, "ust be an instance of str not dict"),
    "a time as a number": ("time", 5, "Enter a valid date/time."),
    "a time as a bool": ("time", True, "Enter a valid date/time."),
    "a box as text": ("box", "yes", "ust be an instance of bool not str"),
    "rows as text": ("rows", "x", "ust be an instance of list not str"),
    "an element as text": ("rows", ["x"], "rows.0 must be an instance of Kinds not str"),
}


@pytest.mark.parametrize("url", [CHANGE, UPDATE], ids=["admin", "view"])
@pytest.mark.parametrize(("name", "value", "words"), NESTED.values(), ids=NESTED)
def test_pages_say_what_is_wrong_and_keep_it(mongodb, store, pages, person, url, name, value, words):
    before = store(**{name: value})
    answer = sent_back(person(), url.format(before["_id"]), "top_form", title="new")
    form = answer.context["adminform"].form if url == CHANGE else answer.form
    assert list(form.errors) == [name]
    assert words in form.errors[name][0]
    assert words in Page(answer).text
    assert stored_bytes(raw(mongodb)) == stored_bytes(before)


@pytest.mark.parametrize("value", [5, True, 1.5, "x", ["a"], {"a": 1}, b"x", Regex("a")], ids=repr)
@pytest.mark.parametrize("name", ["time", "number", "flag", "text"])
def test_rows_of_the_list(mongodb, store, pages, person, name, value):
    """Whoever changes another row is kept from nothing; whoever changes this one is told what is wrong with it."""
    before, somebody = store(**{name: value}), person()
    other = mongodb.unfit.Top()
    other["title"] = "other"
    other.save()
    page = somebody.get(LIST)
    [mine, theirs] = [
        key.partition("-title")[0]
        for wanted in ("old", "other")
        for key, values in page.forms["changelist-form"].items()
        if values == [wanted]
    ]
    is_right = (name, value) in [("text", "x"), ("number", 5), ("flag", True)]
    answer = sent_back(somebody, LIST, "changelist-form", **{f"{theirs}-title": "new", "_save": "Save"})
    assert answer.status_code == 302
    assert mongodb.unfit.count_documents({"title": "new"}) == 1
    assert stored_bytes(raw(mongodb)) == stored_bytes(before)
    answer = sent_back(somebody, LIST, "changelist-form", **{f"{mine}-title": "mine", "_save": "Save"})
    assert answer.status_code == (302 if is_right else 200)
    assert stored_bytes(raw(mongodb), "title") == stored_bytes(before, "title")
    if not is_right:
        assert raw(mongodb)["title"] == "old"
        [wrong] = [form.errors for form in answer.context["cl"].formset if form.errors]
        assert list(wrong) == [name]


WAYS_OUT = {
    "a list": (
        "slots",
        {"name": "Gate"},
        '[{"name": "Gate", "minutes": 5}]',
        [{"name": "Gate", "minutes": 5}],
    ),
    "no list": ("slots", "Gate", "", []),
    "a structure": ("slot", "Gate", '{"name": "Gate", "minutes": 5}', {"name": "Gate", "minutes": 5}),
    "no structure": ("slot", ["x"], "", None),
    "null": ("slot", ["x"], "null", None),
    "a box": ("box", "yes", "true", True),
    "choices": ("choices", "a", '["a"]', ["a"]),
    "a text": ("text", 5, "5 ", "5"),
    "a number": ("number", "5", " 5", 5),
    "a time": ("time", 5, "2026-11-23T10:00:00Z", datetime.datetime(2026, 11, 23, 10)),
}


@pytest.mark.parametrize(("name", "value", "text", "expected"), WAYS_OUT.values(), ids=WAYS_OUT)
def test_what_is_entered_instead_is_stored(mongodb, store, pages, person, name, value, text, expected):
    before = store(**{name: value})
    answer = sent_back(person(), CHANGE.format(before["_id"]), "top_form", title="new", **{name: text})
    assert answer.status_code == 302
    after = raw(mongodb)[name]
    assert (after.replace(tzinfo=None) if name == "time" else after) == expected


@pytest.mark.parametrize("text", ["[5]", '"x"', "5", "{", '[{"name": 5}]'])
def test_what_is_entered_instead_has_to_be_of_the_type(mongodb, store, text):
    before = store(slots="Gate")
    form_class = documentform_factory(Top, fields=["title", "slots"])
    form = form_class({"title": "new", "slots": text}, instance=mongodb.unfit.Top.one())
    assert not form.try_save()
    assert list(form.errors) == ["slots"]
    assert form["slots"].value() == text
    assert stored_bytes(raw(mongodb)) == stored_bytes(before)


def test_the_methods_of_a_form_see_no_value_of_another_type(mongodb, store):
    class Form(documentform_factory(Top, fields=["title", "slots"])):
        def clean_slots(self):
            return [{**slot, "minutes": 1} for slot in self.cleaned_data["slots"]]

    store(slots="Gate")
    for text in ('"Gate"', '"x"', "[5]"):
        form = Form({"title": "new", "slots": text}, instance=mongodb.unfit.Top.one())
        assert list(form.errors) == ["slots"]
    form = Form({"title": "new", "slots": '[{"name": "A"}]'}, instance=mongodb.unfit.Top.one())
    assert form.try_save()
    assert raw(mongodb)["slots"] == [{"name": "A", "minutes": 1}]


def test_a_page_that_was_made_before_the_list_became_something_else(mongodb, store):
    form_class = documentform_factory(Top, fields=["title", "slots"])
    store(slots=[{"name": "Gate", "minutes": 5}])
    page = Markup(f"<form id=form>{form_class(instance=mongodb.unfit.Top.one())}</form>")
    before = store(slots="Gate")
    form = form_class(page.sends("form", title="new"), instance=mongodb.unfit.Top.one())
    assert not form.try_save()
    assert list(form.errors) == ["slots"]
    assert stored_bytes(raw(mongodb)) == stored_bytes(before)


NO_JSON = (
    "What was entered is no JSON. Enter a value of the declared type as JSON; or, if this was not a text when the page "
    "was made, reload the page: somebody else has stored something else here meanwhile."
)
SENT_BY_OTHER_WIDGETS = {
    "a box that is ticked": ("box", True, "yes", {"box": "on"}, "Must be an instance of bool not str"),
    "a choice": ("choices", ["a"], 5, {"choices": ["a", "b"]}, "Must be an instance of list not int"),
    "no JSON": ("box", "yes", "no", {"box": "{no"}, "Must be an instance of bool not str"),
}


@pytest.mark.parametrize(
    ("name", "before", "after", "sent", "words"), SENT_BY_OTHER_WIDGETS.values(), ids=SENT_BY_OTHER_WIDGETS
)
def test_what_another_widget_has_sent_is_no_json(
    mongodb, store, pages, person, name, before, after, sent, words
):
    """It is told what is stored, and what to do; not what a parser expects."""
    url = CHANGE.format(store(**{name: before})["_id"])
    somebody = person()
    page = Page(somebody.client.get(url))
    mongodb.unfit.update_one({}, {"$set": {name: after}})
    stored = raw(mongodb)
    answer = somebody.client.post(url, page.sends("top_form", title="new", **sent))
    errors = answer.context["adminform"].form.errors[name]
    assert errors == [
        words,
        NO_JSON,
    ]
    assert "Expecting" not in Page(answer).text
    assert stored_bytes(raw(mongodb)) == stored_bytes(stored)


def test_a_box_that_is_not_ticked_replaces_nothing_unseen(mongodb, store, pages, person):
    url = CHANGE.format(store(box=False)["_id"])
    somebody = person()
    page = Page(somebody.client.get(url))
    mongodb.unfit.update_one({}, {"$set": {"box": "yes"}})
    somebody.client.post(url, page.sends("top_form", title="new"))
    assert raw(mongodb)["box"] == "yes"


def test_a_disabled_field_stays(mongodb, store):
    class Form(documentform_factory(Top, fields=["title", "slots"])):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            self.fields["slots"].disabled = True

    before = store(slots="Gate")
    form = Form({"title": "new", "slots": "[]"}, instance=mongodb.unfit.Top.one())
    assert not form.try_save()
    assert list(form.errors) == ["slots"]
    assert stored_bytes(raw(mongodb)) == stored_bytes(before)


def test_an_empty_structure_that_is_stored_stays(mongodb, store):
    before = store(inner={})
    form_class = documentform_factory(Top, fields=["title", "inner.text"])
    form = form_class({"title": "new", "inner-text": ""}, instance=mongodb.unfit.Top.one())
    assert form.try_save()
    assert stored_bytes(raw(mongodb), "title") == stored_bytes(before, "title")
