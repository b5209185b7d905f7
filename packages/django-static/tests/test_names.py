"""What is put into a name can be taken out of it again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from static_test_marks import NAMES

from django_static import names

MARKS = st.one_of(st.integers(-(2**31), 2**40), st.text("0123456789abcdef", min_size=12, max_size=12))
WORDS = st.text(st.characters(codec="utf-8", exclude_characters="/\0\n."), min_size=1, max_size=20)


def urls_of(*ends):
    """Files in a folder."""
    return st.builds(lambda folder, stem, end: f"/{folder}/{stem}{end}", WORDS, WORDS, st.sampled_from(ends))


URLS = urls_of("", ".js", ".css", ".woff2")
CONTENTS = st.text("0123456789abcdef", min_size=64, max_size=64)


@given(URLS, MARKS)
def test_a_stamp_comes_off(url, mark):
    assert names.has_mark(names.stamped(url, mark))
    assert names.unmarked(names.stamped(url, mark)) == url


@given(URLS, MARKS, CONTENTS)
def test_a_digest_beside_the_stamp_comes_off_too(url, mark, content):
    made = names.with_digest(names.stamped(url, mark), content)
    assert names.has_mark(made)
    assert names.unmarked(made) == url


@given(st.lists(urls_of(".js"), min_size=2, max_size=4), MARKS, MARKS)
def test_versions_of_a_bundle_have_one_name(urls, one, other):
    versions = [names.combined(urls, [0] * len(urls), mark, 40) for mark in (one, other)]
    assert names.unmarked(versions[0]) == names.unmarked(versions[1])


@pytest.mark.parametrize(
    ("url", "bare"),
    [
        ("/js/site.1269198161.js", "/js/site.js"),
        ("/js/site.1269198161.js.map", "/js/site.js.map"),
        ("/js/site.0123456789ab-89abcdef.mjs.map", "/js/site.mjs.map"),
        ("/LICENSE.1269198161", "/LICENSE"),
        ("/LICENSE-89abcdef.1269198161", "/LICENSE"),
        ("/a.tar.1269198161.gz", "/a.tar.gz"),
        ("site.1269198161.js", "site.js"),
        ("/js/site.js", "/js/site.js"),
        ("/v1.5/site.js", "/v1.5/site.js"),
        ("/v.1269198161.d/site.js", "/v.1269198161.d/site.js"),
        ("/js/site.0123456789AB.js", "/js/site.0123456789AB.js"),
        ("", ""),
    ],
)
def test_table(url, bare):
    assert names.unmarked(url) == bare
    assert names.has_mark(url) is (url != bare)


@pytest.mark.parametrize(("name", "is_published"), NAMES.items())
def test_which_names_are_surely_published(name, is_published):
    assert names.has_sure_mark(name) == is_published
    assert names.has_sure_mark(f"/{name}") == is_published


@given(URLS, st.integers(10**8, 10**11 - 1), CONTENTS.filter(lambda each: not each.isdecimal()))
def test_what_is_published_is_known_for_it(url, time, content):
    for mark in (time, names.mark_of(content)):
        made = names.stamped(url, mark)
        assert names.has_sure_mark(made)
        assert names.has_sure_mark(names.with_digest(made, content))


@pytest.mark.parametrize(
    ("content", "mark"),
    [
        ("3f2a9c1b4d5e" + "0" * 52, "3f2a9c1b4d5e"),
        ("12691701222a" + "0" * 52, "12691701222a"),
        ("202611221230f" + "0" * 51, "02611221230f"),
        ("0" * 52 + "a" + "0" * 11, "00000000000a"),
        ("1" * 64, "1" * 12),
    ],
)
def test_no_mark_is_like_a_date(content, mark):
    assert names.mark_of(content) == mark
