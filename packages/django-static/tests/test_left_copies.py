"""Originals that are gone, of which a build or ``collectstatic`` has left a copy in ``STATIC_ROOT``."""

from __future__ import annotations

import os
import shutil
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from static_test_built import Built

from django_static import resolver

OURS = {"staticfiles": {"BACKEND": "django_static.storage.StaticStorage"}}
PAGE = '{% slimfile "/static/css/a.css" %} {% staticfile "/static/i.svg" %}'
GONE = "is the copy of an original that is no longer there"


@pytest.fixture
def built(site, settings, tmp_path):
    with Built.made(site, settings, tmp_path) as built:
        built.app_file("css/a.css", "a { b : url(../p.png) }")
        built.app_file("p.png", "picture")
        built.app_file("i.svg", "<svg/>")
        built.page("page", PAGE)
        yield built


def collect() -> None:
    call_command("collectstatic", interactive=False, verbosity=0, skip_checks=True)
    resolver.reset()


def all_of(built: Built) -> None:
    built.build("--all")


def with_storage(built: Built) -> None:
    built.settings.STORAGES = OURS
    built.build()


def collected(built: Built) -> None:
    built.settings.STORAGES = OURS
    collect()


def below_a_prefix(built: Built) -> None:
    """The copies are still in STATIC_ROOT, and the records elsewhere."""
    built.settings.DJANGO_STATIC_SAVE_PREFIX = f"{built.static}/../saved"
    collected(built)


WAYS = [all_of, with_storage, collected, below_a_prefix]


@pytest.mark.parametrize("publish", WAYS)
def test_the_copy_is_no_original(built, publish):
    publish(built)
    assert built.check() == ""
    (built.extra / "i.svg").unlink()
    (built.extra / "p.png").unlink()
    before = built.check()
    # However often it is built after that, it is as in a fresh checkout.
    for _ in range(2):
        publish(built)
        assert (built.static / "i.svg").exists()
        assert built.check() == before
    assert before.count(GONE) == 2
    assert "2 references lead nowhere" in before
    assert built.render("page").split()[1] == "/static/i.svg"
    shutil.rmtree(built.static)
    assert "2 references lead nowhere" in built.check()


@pytest.mark.parametrize("publish", WAYS[:2])
def test_a_build_says_so_and_publishes_nothing_of_it(built, publish):
    publish(built)
    (built.extra / "css/a.css").unlink()
    said = built.build(*(["--all"] if publish is all_of else []))
    assert GONE in said
    assert built.render("page").split()[0] == "/static/css/a.css"


def test_what_came_back_is_published_again(built):
    built.build("--all")
    url = built.render("page")
    held = (built.extra / "i.svg").read_bytes()
    (built.extra / "i.svg").unlink()
    built.build("--all")
    assert built.render("page") != url
    built.app_file("i.svg", held)
    built.build("--all")
    assert built.check() == ""
    assert built.render("page") == url


def test_the_finder_of_published_files_finds_no_originals_either(built, settings):
    settings.STATICFILES_FINDERS = [*settings.STATICFILES_FINDERS, "django_static.finders.PublishedFinder"]
    built.build("--all")
    (built.extra / "i.svg").unlink()
    assert "1 reference leads nowhere" in built.check()


@pytest.mark.parametrize("publish", WAYS)
def test_files_that_others_keep_there_are_originals(built, publish):
    """A finder has never known them."""
    built.page("page", '{% slimfile "/static/own.css" %}')
    built.static.mkdir()
    (built.static / "own.css").write_text("o { w : n }")
    for _ in range(2):
        publish(built)
        assert built.check() == ""
    assert built.render("page") != "/static/own.css"


def test_a_file_that_somebody_has_put_in_place_of_a_copy_is_an_original(built):
    built.build("--all")
    (built.extra / "i.svg").unlink()
    (built.static / "i.svg").unlink()
    (built.static / "i.svg").write_text("<svg>own</svg>")
    built.build("--all")
    assert built.check() == ""


def test_a_copy_that_was_moved_to_another_disk_is_still_one(built):
    """As images of containers keep files: with times in whole seconds."""
    built.build("--all")
    (built.extra / "i.svg").unlink()
    copy = built.static / "i.svg"
    content, seconds = copy.read_bytes(), int(copy.stat().st_mtime)
    copy.unlink()
    copy.write_bytes(content)
    os.utime(copy, (seconds, seconds))
    assert "1 reference leads nowhere" in built.check()


def test_media_roots_are_taken_at_their_word(built, settings):
    built.build("--all")
    (built.extra / "i.svg").unlink()
    settings.DJANGO_STATIC_MEDIA_ROOTS = [str(built.static)]
    built.page("page", '{% slimfile "/css/a.css" %} {% staticfile "/i.svg" %}')
    assert built.check("--all") == ""


def test_pages_without_a_manifest_have_what_is_there(built, settings):
    """Where pages are rendered there may be nothing but STATIC_ROOT."""
    built.build("--all")
    shutil.rmtree(built.extra)
    built.extra.mkdir()
    settings.DJANGO_STATIC_USE_MANIFEST_FILE = False
    resolver.reset()
    assert all("." in Path(url).stem for url in built.render("page").split())


def remarks(*arguments: str) -> str:
    out, error = StringIO(), StringIO()
    call_command("staticbuild", "--check", *arguments, stdout=out, stderr=error, skip_checks=True)
    return error.getvalue()


def test_what_no_finder_has_is_told_of(built):
    """It may have been copied by a collectstatic of which there are no records."""
    collect()
    assert remarks() == ""
    (built.extra / "i.svg").unlink()
    (built.extra / "p.png").unlink()
    said = remarks()
    assert said.count("\n") == 1
    assert "/static/i.svg, /static/p.png" in said or "/static/p.png, /static/i.svg" in said
    assert "no staticfiles finder" in said
    assert remarks("--verbosity", "0") == ""


def test_a_damaged_list_of_copies_is_none(built):
    built.build("--all")
    place = built.manifest.with_name("originals.json")
    (built.extra / "i.svg").unlink()
    for text in ("{", "[]", '{"i.svg": 5}'):
        place.write_text(text)
        assert built.check() == ""


def test_the_report_goes_by_the_same(built, tmp_path):
    built.build("--all")
    (built.extra / "i.svg").unlink()
    call_command("staticreport", "--output", str(tmp_path / "r.html"), verbosity=0, skip_checks=True)
    assert GONE in (tmp_path / "r.html").read_text()


def test_check_fails(built):
    built.build("--all")
    (built.extra / "i.svg").unlink()
    with pytest.raises(CommandError) as caught:
        call_command("staticbuild", "--check", stdout=StringIO(), skip_checks=True)
    assert caught.value.returncode == 1
