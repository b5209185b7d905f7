"""Originals that a system which does not tell case, or the forms of accents, apart takes for one."""

from __future__ import annotations

import logging
import unicodedata
from io import StringIO

import pytest
from django.core.management import call_command
from static_test_built import Built

from django_static import resolver

COMPOSED = unicodedata.normalize("NFC", "caf\u00e9.png")
TAKEN_APART = unicodedata.normalize("NFD", COMPOSED)


@pytest.fixture
def built(site, settings, tmp_path):
    with Built.made(site, settings, tmp_path) as built:
        settings.STORAGES = {"staticfiles": {"BACKEND": "django_static.storage.StaticStorage"}}
        built.page("page", "")
        yield built


@pytest.fixture(params=["staticbuild", "collectstatic", "--check"])
def told(request, built, caplog):
    """What is said of names that are alike: of each way to say it, the lines."""

    def run() -> list[str]:
        caplog.clear()
        caplog.set_level(logging.WARNING, "django_static")
        out = StringIO()
        if request.param == "collectstatic":
            call_command("collectstatic", interactive=False, verbosity=0, skip_checks=True)
        else:
            check = request.param == "--check"
            call_command("staticbuild", check=check, stdout=out, stderr=out, skip_checks=True)
        resolver.reset()
        lines = [*out.getvalue().splitlines(), *(record.getMessage() for record in caplog.records)]
        return [line for line in lines if "differ only" in line]

    return run


def test_names_that_differ_in_case(built, told):
    for name in ("i/A.png", "i/a.png", "i/b.png", "Css/x.css", "css/x.css"):
        built.app_file(name, name)
    for _ in range(2):
        assert sorted(told()) == [
            "/static/Css/x.css and /static/css/x.css differ only in case, which not every system tells apart",
            "/static/i/A.png and /static/i/a.png differ only in case, which not every system tells apart",
        ]


def test_names_that_differ_in_the_form_of_accents(built, told):
    built.app_file(COMPOSED, "1")
    built.app_file(TAKEN_APART, "2")
    (said,) = told()
    assert "differ only in how accents are written (NFC and NFD)" in said


def test_names_that_differ_in_both(built, told):
    built.app_file(COMPOSED, "1")
    built.app_file(TAKEN_APART.upper().replace("PNG", "png"), "2")
    (said,) = told()
    assert "in case and in how accents are written" in said


def test_others_are_not_alike(built, told):
    for name in ("a.png", "b/a.png", "\u00e9.png", "e.png"):
        built.app_file(name, name)
    assert told() == []


@pytest.mark.parametrize("told", ["staticbuild", "--check"], indirect=True)
def test_what_templates_name_only(built, settings, site, told):
    """Without the storage it is what they lead to that counts."""
    settings.STORAGES = {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
    built.page("page", '{% staticfile "/a.png" %}{% slimfile "/x.css" %}')
    site.write("a.png", "1", 1)
    site.write("A.png", "2", 2)
    site.write("x.css", "b { top: url(A.png) }")
    assert told() == ["/A.png and /a.png differ only in case, which not every system tells apart"]


def test_published_files(built, settings):
    """Of originals with other names, by a function of the site."""
    settings.DJANGO_STATIC_FILENAME_GENERATOR = lambda parts, mark: (
        "/static/a.x" if parts[0].endswith("a") else "/static/A.x"
    )
    built.app_file("a.css", "a{}")
    built.app_file("b.png", "b")
    said = [line for line in built.build().splitlines() if "differ only" in line]
    assert len(said) == 1
    assert f"{built.static}/A.x and {built.static}/a.x" in said[0]
