"""Sites with one ``STATIC_ROOT``: a clean-up of one keeps what the pages of another publish by themselves and print."""

from __future__ import annotations

import json
import os
import shutil
import time

import pytest
from django.core.management import CommandError
from static_test_sites import NOTHING_KEPT

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
