"""Templates that are named at run time only: told of where what they are handed may reach one of our tags."""

from __future__ import annotations

from pathlib import Path

import django.forms
import jinja2
import pytest
from django.template import Engine

from django_static.jinja2 import StaticExtension
from django_static.scan import scan

#: The templates of the widgets of forms, which name each other at run time.
FORMS = Path(django.forms.__file__).parent / "templates"
WIDGET = '{% load django_static %}<script src="{% slimfile src %}"></script>'
LITERAL = '{% include "widget" with src="/a.js" %}'
BUILTINS = {"libraries": {"django_static": "django_static.templatetags.django_static"}}


def told(pages: dict[str, str]) -> list[str]:
    loaders = [("django.template.loaders.locmem.Loader", pages)]
    found = scan([Engine(loaders=loaders, **BUILTINS)]).unknown
    return [f"{each.place}: {each.expression}" for each in found if not each.alone]


@pytest.mark.parametrize(
    ("page", "expression"),
    [
        ('{% include template with src="/b.js" %}', "template"),
        ('{% include template|lower with src="/b.js" only %}', "template|lower"),
        ("{% include template with src=file %}", "template"),
        ('{% with src="/b.js" %}{% include template %}{% endwith %}', "template"),
        ('{% for x in y %}{% include x.template with other="/b.js" %}{% endfor %}', "x.template"),
        ('{% if a %}{% include a with src="/b.js" %}{% endif %}', "a"),
    ],
)
def test_a_dynamic_include(page, expression):
    pages = {"widget": WIDGET, "literal": LITERAL, "page": page}
    assert told(pages) == [f"page, line 1, {{% include %}}: {expression}"]


@pytest.mark.parametrize(
    "page",
    [
        "{% include widget.template_name %}",
        "{% include option.template_name with widget=option %}",
        '{% include template with label="Name" %}',
        "{% include template with size=5 %}",
        '{% with src="/b.js" %}{% include template only %}{% endwith %}',
        '{% with other="/b.js" %}{% include template %}{% endwith %}',
    ],
)
def test_an_include_that_leads_to_no_tag_of_ours(page):
    assert told({"widget": WIDGET, "literal": LITERAL, "page": page}) == []


def test_nobody_asks_for_what_is_handed_on():
    assert told({"page": '{% include template with src="/b.js" %}', "other": LITERAL, "widget": "x"}) == []


def test_where_the_template_is_known_when_another_includes_it():
    pages = {
        "widget": WIDGET,
        "literal": LITERAL,
        "part": '{% include template with src="/b.js" %}',
        "page": '{% include "part" with template="widget" %}',
    }
    assert told(pages) == []
    assert told({**pages, "more": '{% include "part" with template=x %}'}) == [
        "part, line 1, {% include %}: template"
    ]


def test_in_a_block_the_block_is_told_of():
    page = '{% load django_static %}{% slimall %}{% include t with src="/b.js" %}{% endslimall %}'
    assert told({"widget": WIDGET, "literal": LITERAL, "page": page}) == [
        'page, line 1, {% slimall %}: {% include t with src="/b.js" %}'
    ]


def test_templates_of_widgets_are_no_news():
    pages = {"widget": WIDGET + "{% slimfile widget.js %}", "literal": LITERAL}
    loaders = [
        ("django.template.loaders.locmem.Loader", pages),
        ("django.template.loaders.filesystem.Loader", [str(FORMS)]),
    ]
    engine = Engine(loaders=loaders, **BUILTINS)
    found = scan([engine])
    assert [each.expression for each in found.unknown if not each.alone] == ["widget.js"]
    assert found.failed == ()


class TestJinja:
    MACROS = "{% macro m(n) %}{{ slimfile(n) }}{% endmacro %}"
    CALLER = "{% import 'macros' as M %}{{ M.m('/a.js') }}"

    def told(self, pages: dict[str, str]) -> list[str]:
        environment = jinja2.Environment(
            loader=jinja2.DictLoader(pages), extensions=[StaticExtension], autoescape=True
        )
        found = scan([environment]).unknown
        return [f"{each.place}: {each.expression}" for each in found if not each.alone]

    @pytest.mark.parametrize(
        "page",
        [
            "{% import tt as M %}{{ M.m('/b.js') }}",
            "{% import tt as M %}{% call M.m(n='/b.js') %}x{% endcall %}",
            "{% from tt import m %}{{ m('/b.js') }}",
            "{% from tt import m as n %}{% if x %}{{ n('/b.js') }}{% endif %}",
        ],
    )
    def test_a_dynamic_import(self, page):
        pages = {"macros": self.MACROS, "caller": self.CALLER, "page": page}
        assert self.told(pages) == ["page, line 1, {% import %}: tt"]

    @pytest.mark.parametrize(
        "page",
        [
            "{% import tt as M %}{{ M.m('Name') }}",
            "{% from tt import m %}{{ m(5) }}",
            "{% import tt as M %}{{ other('/b.js') }}",
        ],
    )
    def test_an_import_that_leads_to_no_call_of_ours(self, page):
        assert self.told({"macros": self.MACROS, "caller": self.CALLER, "page": page}) == []

    def test_no_macro_asks_for_files(self):
        pages = {"macros": "{% macro m(n) %}{{ n }}{% endmacro %}", "caller": self.CALLER}
        assert self.told({**pages, "page": "{% import tt as M %}{{ M.m('/b.js') }}"}) == []

    def test_an_import_that_is_known_when_another_includes_it(self):
        pages = {
            "macros": self.MACROS,
            "caller": self.CALLER,
            "part": "{% import tt as M %}{{ M.m('/b.js') }}",
            "page": "{% set tt = 'macros' %}{% include 'part' %}",
        }
        assert self.told(pages) == []

    @pytest.mark.parametrize(
        ("page", "told"),
        [
            ("{% set src = '/b.js' %}{% include t %}", ["page, line 1, {% include %}: t"]),
            (
                "{% with src = '/b.js' %}{% include [t, 5] %}{% endwith %}",
                ["page, line 1, {% include %}: [t, 5]"],
            ),
            ("{% set src = '/b.js' %}{% include t without context %}", []),
            ("{% set other = '/b.js' %}{% include t %}", []),
            ("{% include t %}", []),
        ],
    )
    def test_a_dynamic_include(self, page, told):
        pages = {"widget": "{{ slimfile(src) }}", "literal": "{% set src = '/a.js' %}{% include 'widget' %}"}
        assert self.told({**pages, "page": page}) == told
