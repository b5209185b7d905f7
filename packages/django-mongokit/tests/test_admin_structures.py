"""Nested structures on a page to look at, and what of Django's media it takes to show them."""

import re

import pytest
from bson import ObjectId
from django.contrib.staticfiles import finders
from django.test import override_settings
from shows.models import Show, Troupe

from django_mongokit.admin.structures import as_html
from django_mongokit.places import node_at, references_in

ID = ObjectId("65f0c0ffee65f0c0ffee65f0")


def names_and_values(*pairs):
    return "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in pairs)


def record(*pairs):
    return f'<dl class="embedded-shown">{names_and_values(*pairs)}</dl>'


def numbered(*items):
    return f'<ol class="embedded-shown">{"".join(f"<li>{item}</li>" for item in items)}</ol>'


SHOWN = {
    "a structure": ("place", {"street": None, "city": "Bonn"}, record(("City", "Bonn"), ("Street", "-"))),
    "half of one": ("place", {"street": "Am Hof"}, record(("Street", "Am Hof"))),
    "what is not declared": (
        "place",
        {"city": "Bonn", "zip_code": 1, "more": {"a": [1]}},
        record(
            ("City", "Bonn"),
            ("Zip code", 1),
            ("More", "<pre>{\n  &quot;a&quot;: [\n    1\n  ]\n}</pre>"),
        ),
    ),
    "a list of structures": (
        "acts",
        [{"name": "One", "minutes": 20}, {"name": "Two", "minutes": 5}],
        numbered(record(("Name", "One"), ("Minutes", 20)), record(("Name", "Two"), ("Minutes", 5))),
    ),
    "an element that is none": (
        "acts",
        [{"name": "One"}, "Two", None],
        numbered(record(("Name", "One")), "Two", "-"),
    ),
    "a structure where a list is declared": ("acts", {"a": 1}, "<pre>{\n  &quot;a&quot;: 1\n}</pre>"),
    "a list where a structure is declared": (
        "place",
        [{"a": 1}],
        "<pre>[\n  {\n    &quot;a&quot;: 1\n  }\n]</pre>",
    ),
    "free content": ("notes", {"a": {"b": [ID]}}, None),
    "a text with tags": ("place", {"city": "<b>"}, record(("City", "&lt;b&gt;"))),
    "a name with tags": ("place", {"<b>": "x"}, record(("&lt;b&gt;", "x"))),
}


@pytest.mark.parametrize(("path", "value", "expected"), SHOWN.values(), ids=SHOWN)
def test_what_is_shown(path, value, expected):
    html = as_html(value, node_at(Show, path))
    if expected is None:
        assert html.startswith("<pre>{")
        assert "$oid" in html
    else:
        assert html == expected


def test_structures_in_structures():
    node = node_at(Troupe, "stages")
    html = as_html([{"name": "big", "others": [ID, ID], "theatre": None}], node)
    assert html == numbered(record(("Name", "big"), ("Theatre", "-"), ("Others", f"{ID}, {ID}")))


def test_yes_and_no():
    assert as_html(True, None).startswith("<img")
    assert as_html(False, None).startswith("<img")


def test_where_references_are():
    found = {path: node.dbref for path, node in references_in(Troupe._structure.root, "")}
    assert found == dict.fromkeys(
        ["home", "theatres", "main.theatre", "main.others", "stages.theatre", "stages.others"], False
    )


@pytest.mark.django_db
def test_the_style_sheet_is_there(person, show):
    page = person("view_show").get(f"/admin/shows/Show/{show('Hamlet').pk}/change/")
    [name] = re.findall(r'href="/static/(django_mongokit/[^"]+)"', page.html)
    with override_settings(STATICFILES_FINDERS=["django.contrib.staticfiles.finders.AppDirectoriesFinder"]):
        assert finders.find(name)
