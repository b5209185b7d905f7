"""Sites with one ``STATIC_ROOT``: a clean-up of one keeps what the pages of another publish by themselves and print."""

from __future__ import annotations

import json
import os
import shutil
import time

import pytest
from django.core.management import CommandError
from static_test_sites import NOTHING_KEPT

from django_static.page_claims import PageClaims

DAY = 86_400


@pytest.mark.parametrize("media", [True, False])
def test_what_pages_of_another_site_print_stays(sites, media):
    """Wherever these keep their records: in a folder of their own, or in this one."""
    published = sites.build("a", "one()", media=True)
    assert sites.print("b", "one()", media=media) == published
    second = sites.build("a", "two()", media=True)
    sites.clean("a", media=True)
    assert published.exists()
    assert second.exists()


def test_it_does_as_long_as_its_record(sites):
    published = sites.build("a", "one()")
    assert sites.print("b", "one()") == published
    second = sites.print("b", "two()")
    sites.build("a", "two()")
    # Two weeks later.
    (pages,) = sites.lists_of_pages()
    for place in (*(sites.root / "a/st/builds").glob("*.json"), *sites.lists()):
        if place != pages:
            place.rename(place.with_name(f"{int(place.stem) - 15 * DAY * 10**9:020}.json"))
    assert published.name not in sites.clean("a", "--keep-builds", "1", "--dry-run")
    value = json.loads(pages.read_text())
    value["replaced"][0][0] -= 15 * DAY
    pages.write_text(json.dumps(value))
    sites.clean("a", "--keep-builds", "1")
    assert not published.exists()
    assert second.exists()


def test_a_site_removes_what_its_own_pages_have_replaced(sites):
    first = sites.print("b", "one()")
    second = sites.print("b", "two()")
    for place in (sites.root / "b/media/.django-static").glob("*.json"):
        value = json.loads(place.read_text())
        value["replaced"][0]["since"] -= 15 * DAY
        place.write_text(json.dumps(value))
    assert "removed: 1 file" in sites.clean("b", media=True)
    assert not first.exists()
    assert second.exists()
    (place,) = sites.lists_of_pages()
    assert json.loads(place.read_text()) == {"files": [second.name], "replaced": []}


def test_one_whose_original_is_gone_is_given_up(sites):
    published = sites.print("b", "one()")
    os.unlink(sites.root / "b/assets/a.js")
    sites.clean("b", "--keep-builds", "1", "--keep-days", "0", media=True)
    assert not published.exists()
    assert sites.lists_of_pages() == []


def test_a_site_that_is_no_more(sites):
    """Its folder among the lists says what was kept for it."""
    published = sites.build("a", "one()")
    sites.print("b", "one()")
    sites.build("a", "two()")
    shutil.rmtree(sites.root / "b")
    assert published.name not in sites.clean("a", *NOTHING_KEPT, "--dry-run")
    (place,) = sites.lists_of_pages()
    shutil.rmtree(place.parent)
    sites.clean("a")
    assert not published.exists()


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"files": 1, "replaced": []}', '{"files": [], "replaced": [1]}']
)
def test_a_list_that_cannot_be_read_holds_everything(sites, text):
    published = sites.build("a", "one()")
    sites.print("b", "two()")
    sites.build("a", "two()")
    (place,) = sites.lists_of_pages()
    place.write_text(text)
    with pytest.raises(CommandError, match="none is removed"):
        sites.clean("a")
    assert published.exists()


def test_who_may_not_write_there_prints_all_the_same(sites, warned):
    sites.build("a", "one()")
    others = sites.static / ".django-static/others"
    shutil.rmtree(others)
    others.write_text("in the way")
    assert sites.print("b", "two()").read_text() == "two()"
    assert any("other sites cannot be told" in text for text in warned())


def test_beside_the_records_there_is_no_list(sites):
    sites.print("b", "one()", media=False)
    assert sites.lists() == []


def test_what_was_left_half_written_among_the_lists_is_swept_up(sites):
    sites.print("b", "one()")
    (place,) = sites.lists_of_pages()
    half = place.with_name(f"{place.name}-12-34.tmp")
    half.write_text("half")
    an_hour_ago = time.time() - 3601
    os.utime(half, (an_hour_ago, an_hour_ago))
    sites.clean("a")
    assert not half.exists()
    assert place.exists()


def again(sites, *, media: bool = True):
    """What a process prints that begins now, of originals that nobody has touched."""
    sites.be("b", media=media, lazy=True)
    return sites.published()


@pytest.mark.parametrize("media", [True, False])
def test_the_state_of_the_folder_is_deleted(sites, media):
    """As it may be at any time: processes that begin afterwards say again what they need."""
    published = sites.build("a", "one()", media=True)
    assert sites.print("b", "one()", media=media) == published
    shutil.rmtree(sites.static / ".django-static")
    assert again(sites, media=media) == published
    second = sites.build("a", "two()", media=True)
    sites.clean("a", media=True)
    assert published.exists()
    assert second.exists()


def test_what_a_page_refers_to_is_said_again_too(sites):
    for name in "ab":
        sites.be(name, media=True)
        sites.built.app_file("i.svg", "<svg/>")
        sites.built.app_file("a.css", "a { b : url(i.svg) }")
    sites.built.page("page", '{% slimfile "/static/a.css" %}')
    sites.build("a", "one()", media=True)
    sheet = sites.print("b", "one()")
    picture = sites.static / sheet.read_text().partition("url(")[2].rstrip(")}").rpartition("/")[2]
    assert picture.exists()
    shutil.rmtree(sites.static / ".django-static")
    assert again(sites) == sheet
    for name in ("i.svg", "a.css"):
        sites.be("a", media=True)
        sites.built.app_file(name, (sites.built.extra / name).read_text() + " ")
    sites.built.build()
    sites.clean("a", media=True)
    assert sheet.exists()
    assert picture.exists()


def test_what_was_removed_until_it_was_said_again_is_published_again(sites, monkeypatch):
    """The clean-up of another site, which the page waits for, had not known of it."""
    published = sites.build("a", "one()", media=True)
    sites.print("b", "one()")
    shutil.rmtree(sites.static / ".django-static/others")
    held, removed = PageClaims.held, []

    def held_after_a_clean_up(self, timeout):
        if not removed:
            published.unlink()
            removed.append(published)
        return held(self, timeout)

    monkeypatch.setattr(PageClaims, "held", held_after_a_clean_up)
    assert again(sites) == published
    assert removed == [published]
    assert published.read_text() == "one()"


def test_with_the_lists_in_their_place_nobody_waits(sites, monkeypatch):
    published = sites.print("b", "one()")
    monkeypatch.setattr(PageClaims, "held", lambda self, timeout: pytest.fail("a lock was taken"))
    assert again(sites) == published


def test_who_cannot_say_it_again_prints_all_the_same(sites, warned):
    for name in ("a.js", "b.js"):
        sites.be("b", media=True, lazy=True)
        sites.built.app_file(name, f"{name[0]}()")
    sites.built.page("page", '{% slimfile "/static/a.js" %} {% slimfile "/static/b.js" %}')
    sites.be("b", media=True, lazy=True)
    first = sites.built.render("page")
    others = sites.static / ".django-static/others"
    shutil.rmtree(others)
    others.write_text("in the way")
    sites.be("b", media=True, lazy=True)
    assert sites.built.render("page") == first
    assert sum("other sites cannot be told" in text for text in warned()) == 1, "not of each file"
