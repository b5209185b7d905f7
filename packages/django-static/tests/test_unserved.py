"""Names that lead to a file, and a page that prints a URL which leads to nothing."""

from __future__ import annotations

import pytest
from static_test_built import Built

from django_static import resolver


@pytest.fixture
def built(site, settings, tmp_path):
    with Built.made(site, settings, tmp_path) as built:
        built.app_file("css/a.css", "a { b : url(../p.png) }")
        built.app_file("css/b.css", "b { c : d }")
        built.app_file("p.png", "picture")
        yield built


WRONG = {
    "without a slash": '\n{% slimfile "css/a.css" %}',
    "from the root": '\n{% slimfile "/css/a.css" %}',
    "with a query": '\n{% staticfile "/css/a.css?x=1" %}',
    "one of several": '\n{% slimfile "/static/css/b.css;/css/a.css" %}',
    "in a block": '\n{% slimall %}<link rel="stylesheet" href="css/a.css">{% endslimall %}',
}


@pytest.mark.parametrize("page", WRONG.values(), ids=WRONG)
def test_the_check_fails_with_what_to_write(built, page):
    built.page("page", page)
    said = built.check()
    assert "page, line 2" in said
    assert "'/static/css/a.css'" in said
    assert "DJANGO_STATIC_MEDIA_ROOTS" in said
    assert "1 reference leads nowhere" in said


@pytest.mark.parametrize("page", WRONG.values(), ids=WRONG)
def test_builds_say_so_every_time(built, page):
    built.page("page", page)
    for _ in range(2):
        said = built.build()
        assert "page, line 2" in said
        assert "'/static/css/a.css'" in said


def test_what_only_static_root_has_is_no_better(built):
    built.page("page", '{% staticfile "/own.css" %}')
    built.static.mkdir()
    (built.static / "own.css").write_text("o { w : n }")
    assert "'/static/own.css'" in built.check()


def test_a_reference_of_a_style_sheet_counts_with_its_line(built):
    built.app_file("css/c.css", "\nc { d : url(/p.png) }")
    built.page("page", '{% slimfile "/static/css/c.css" %}')
    said = built.check()
    assert "c.css:2: '/p.png' is " in said
    assert "'/static/p.png'" in said
    # Of a sheet that nobody gets it is the sheet that matters.
    built.page("page", '{% slimfile "/css/c.css" %}')
    assert built.check().count(" is published where ") == 1


def test_it_may_be_ignored(built):
    built.page("page", WRONG["from the root"])
    assert built.check("--ignore", "page") == ""


def right(settings, built, site):
    return '{% slimfile "/static/css/a.css" %}{% staticfile "/static/p%2Epng" %}'


def with_static(settings, built, site):
    return '{% slimall %}<link rel="stylesheet" href="{% static "css/a.css" %}">{% endslimall %}{% static "p.png" %}'


def in_a_media_root(settings, built, site):
    site.write("css/a.css", "a { b : url(/css/own.png) }")
    site.write("css/own.png", "picture")
    return '{% slimfile "css/a.css" %}{% slimfile "/css/a.css" %}{% staticfile "/media/css/own.png" %}'


def the_folder_is_a_media_root(settings, built, site):
    settings.DJANGO_STATIC_MEDIA_ROOTS = [str(built.extra)]
    return '{% slimfile "/css/a.css" %}'


def static_root_is_a_media_root(settings, built, site):
    settings.DJANGO_STATIC_MEDIA_ROOTS = [str(built.static)]
    return '{% slimfile "/css/a.css" %}'


def with_a_prefix(settings, built, site):
    """As of old: one location for all names."""
    settings.DJANGO_STATIC_SAVE_PREFIX = str(built.static.with_name("cache-forever"))
    settings.DJANGO_STATIC_NAME_PREFIX = "/cache-forever"
    return '{% slimfile "/css/a.css" %}'


def at_the_root(settings, built, site):
    settings.STATIC_URL = "/"
    return '{% slimfile "/css/a.css" %}'


def on_a_host(settings, built, site):
    settings.STATIC_URL = "https://cdn.example/static/"
    return '{% slimfile "https://cdn.example/static/css/a.css" %}'


def below_a_path(settings, built, site):
    settings.FORCE_SCRIPT_NAME = "/app"
    settings.STATIC_URL = "static/"
    return '{% slimfile "/static/css/a.css" %}'


def inline(settings, built, site):
    """What is printed as it is leads where it always led."""
    return "<style>a { b : url(/p.png) }</style>"


def with_a_prefix_alone(settings, built, site):
    settings.DJANGO_STATIC_NAME_PREFIX = "/static"
    return '{% slimfile "/css/a.css" %}'


def with_a_host_for_all(settings, built, site):
    settings.DJANGO_STATIC_MEDIA_URL = "//static.example.com"
    return '{% slimfile "/css/a.css" %}'


RIGHT = [
    *(right, with_static, in_a_media_root, the_folder_is_a_media_root, static_root_is_a_media_root),
    *(with_a_prefix, at_the_root, on_a_host, below_a_path, inline),
    *(with_a_prefix_alone, with_a_host_for_all),
]


@pytest.mark.parametrize("case", RIGHT)
def test_of_what_is_served_nothing_is_said(built, site, settings, case):
    built.page("page", case(settings, built, site))
    resolver.reset()
    assert built.check() == ""
    assert "STATIC_URL" not in built.build()


def test_below_a_path_it_is_written_as_templates_have_it(built, settings):
    settings.FORCE_SCRIPT_NAME = "/app"
    settings.STATIC_URL = "static/"
    resolver.reset()
    built.page("page", '{% slimfile "/css/a.css" %}')
    assert "'/static/css/a.css'" in built.check()
