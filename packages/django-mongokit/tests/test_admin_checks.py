"""What `manage.py check` says of a DocumentAdmin."""

import pytest
from api.models import Speech
from django.apps import apps
from django.contrib import admin
from django.contrib.admin import ShowFacets, SimpleListFilter
from django.forms import ModelForm
from shows.models import Note, Show, Theatre

from django_mongokit.admin import DocumentAdmin, EmbeddedInline, TabularEmbedded
from django_mongokit.forms import DocumentForm


def found(document=Show, **options):
    made = type("OwnAdmin", (DocumentAdmin,), options)(document, admin.AdminSite())
    return [(one.id.rpartition(".")[2], one.msg) for one in made.check()]


class OnPlace(TabularEmbedded):
    field = "place"


class OnActs(TabularEmbedded):
    field = "acts"


class Declared(DocumentForm):
    from django import forms

    extra = forms.CharField()

    class Meta:
        document = Show


WRONG = {
    "no collection": ({"document": Note}, "E101", "Nothing says in which collection Notes are."),
    "a column": ({"list_display": ["nothing"]}, "E102", "list_display has 'nothing', which is no callable"),
    "a nested column": ({"list_display": ["place.town"]}, "E102", "list_display has 'place.town'"),
    "what is read only": ({"readonly_fields": ["nothing"]}, "E102", "readonly_fields has 'nothing'"),
    "a link": (
        {"list_display_links": ["kind"]},
        "E102",
        "list_display_links has 'kind', which is not in list_display",
    ),
    "a sort": ({"sortable_by": ["nothing"]}, "E102", "sortable_by has 'nothing'"),
    "editing the key": ({"list_editable": ["_id"]}, "E103", "list_editable has '_id': the key of"),
    "the key by another word": (
        {"document": Note, "collection": "notes", "fields": ["pk"]},
        "E107",
        "fields has 'pk', which people enter",
    ),
    "editing a structure": (
        {"list_editable": ["place"]},
        "E103",
        "list_editable has 'place', which is no field with one",
    ),
    "editing a list of structures": ({"list_editable": ["acts"]}, "E103", "list_editable has 'acts'"),
    "editing inside": ({"list_editable": ["place.city"]}, "E103", "list_editable has 'place.city'"),
    "editing what is not shown": (
        {"list_editable": ["seats"]},
        "E103",
        "'seats', which is not in list_display",
    ),
    "editing the link": (
        {"list_display": ["title"], "list_editable": ["title"]},
        "E103",
        "'title', which is the link to the document's page",
    ),
    "a filter": ({"list_filter": ["nothing"]}, "E104", "list_filter has 'nothing', which is no field"),
    "a filter that fits nothing": (
        {"list_filter": ["notes"]},
        "E104",
        "no filter fits the field 'notes' of shows.Show",
    ),
    "no filter class": (
        {"list_filter": [int]},
        "E104",
        "list_filter has <class 'int'>, which is no ListFilter",
    ),
    "a search": ({"search_fields": ["^nothing"]}, "E105", "search_fields has '^nothing', which is no field"),
    "an order": ({"ordering": ["-nothing"]}, "E105", "ordering has '-nothing', which is no field"),
    "dates": (
        {"date_hierarchy": "title"},
        "E106",
        "date_hierarchy is 'title', which is no field with one datetime",
    ),
    "no dates": ({"date_hierarchy": "nothing"}, "E106", "date_hierarchy is 'nothing'"),
    "a field": (
        {"fields": ["nothing"]},
        "E107",
        "fields has 'nothing', which is neither a field nor in readonly_fields",
    ),
    "a field twice": ({"fields": ["title", ("title", "kind")]}, "E107", "fields has 'title' more than once"),
    "a field of a fieldset": (
        {"fieldsets": [(None, {"fields": ["nothing"]})]},
        "E107",
        "fieldsets has 'nothing'",
    ),
    "both": (
        {"fields": ["title"], "fieldsets": [(None, {"fields": ["title"]})]},
        "E107",
        "Both fields and fieldsets are there",
    ),
    "a text to exclude": ({"exclude": "title"}, "E107", "exclude is a text: write ['title']"),
    "a model's form": ({"form": ModelForm}, "E108", "which is no DocumentForm"),
    "an inline for no list": (
        {"embedded": [OnPlace]},
        "E109",
        "OnPlace is for the field 'place', which is no list",
    ),
    "no inline": ({"embedded": [EmbeddedInline]}, "E109", "which is no subclass of TabularEmbedded"),
    "no reference": (
        {"autocomplete_fields": ["title"]},
        "E110",
        "autocomplete_fields has 'title', which is no reference",
    ),
    "nothing to search": ({"autocomplete_fields": ["theatre"]}, "E110", "there is nothing to search in"),
    "inlines": ({"inlines": [OnActs]}, "E111", "inlines means nothing for documents"),
    "radio fields": ({"radio_fields": {"kind": 1}}, "E111", "radio_fields means nothing for documents"),
    "facets": (
        {"show_facets": ShowFacets.ALLOW},
        "E111",
        "show_facets: what filters would find is not counted",
    ),
}


@pytest.mark.parametrize(("options", "number", "text"), WRONG.values(), ids=WRONG)
def test_what_is_wrong(options, number, text):
    [(said, message)] = found(**options)
    assert said == number
    assert text in message


class Short(SimpleListFilter):
    title = parameter_name = "short"


RIGHT = {
    "nothing": {},
    "columns": {
        "list_display": ["title", "place.city", "acts.name", "_id", "shout", len, "own"],
        "own": lambda one: 1,
    },
    "editing": {"list_display": ["title", "seats", "tags"], "list_editable": ["seats", "tags"]},
    "editing without a link": {
        "list_display": ["title"],
        "list_editable": ["title"],
        "list_display_links": None,
    },
    "filters": {
        "list_filter": ["kind", "mood", "is_free", "start", "seats", "tags", "theatre", "place.city", Short]
    },
    "a pair": {"list_filter": [("notes", Short)]},
    "search": {"search_fields": ["title", "^place.city", "=slug", "acts.name", "_id", "pk"]},
    "order": {"ordering": ["-start", "pk"]},
    "dates": {"date_hierarchy": "start"},
    "fields": {"fields": ["title", ("kind", "place.city"), "shout"], "readonly_fields": ["shout"]},
    "a declared field": {"form": Declared, "fields": ["title", "extra"]},
    "an inline": {"embedded": [OnActs]},
}


@pytest.mark.parametrize("options", RIGHT.values(), ids=RIGHT)
def test_what_is_right(options):
    assert found(**options) == []


def test_a_collection_may_be_named_here_or_there():
    assert found(Note, collection="notes") == []
    assert found(Theatre) == []


def test_django_asks_for_it():
    assert admin.site.check(None) == []
    site = admin.AdminSite()
    site.register(Show, DocumentAdmin, ordering=["nothing"])
    [error] = site.check([apps.get_app_config("shows")])
    assert error.id == "django_mongokit.E105"
    assert "The fields of Show are title, slug, kind" in error.hint
    assert site.check([apps.get_app_config("talks")]) == []


def test_filters_by_decimals():
    assert found(Speech, list_filter=["price", "weight"]) == []
