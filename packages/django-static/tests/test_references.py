"""What the readers of all languages share: references, how they are written, lines."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_static.references import splice
from django_static.references.reference import Lines, Reference, quote_for


@pytest.mark.parametrize(
    ("what", "url", "bare"),
    [
        ("module", "lodash", True),
        ("module", "@scope/name/file.js", True),
        ("module", "#internal", True),
        ("module", ".hidden", True),
        ("module", "./a.js", False),
        ("module", "../a.js", False),
        ("module", "/a.js", False),
        ("module", "//h/a.js", False),
        ("module", "https://h/a.js", False),
        ("module", "data:text/javascript,1", False),
        ("asset", "a.png", False),
        ("script", "a.js", False),
        ("url", "a.png", False),
    ],
)
def test_bare_specifiers(what, url, bare):
    assert Reference(0, 0, url, '"', 1, what).is_bare is bare


@pytest.mark.parametrize(
    ("what", "quote", "url", "written"),
    [
        ("url", "", "a.png", "a.png"),
        ("url", "", "a b.png", '"a b.png"'),
        ("url", "", "a(1).png", '"a(1).png"'),
        ("url", "", 'a"b.png', '"a\\"b.png"'),
        ("url", "'", "it's", "'it\\'s'"),
        ("url", '"', "it's", '"it\'s"'),
        ("url", '"', "a\nb", '"a\\a b"'),
        ("import", '"', "a\\b.css", '"a\\\\b.css"'),
        ("module", "'", "it's", "'it\\'s'"),
        ("module", '"', "it's", '"it\'s"'),
        ("module", '"', "a\u2028b", '"a\\u2028b"'),
        ("asset", "`", "${a}`$", "`\\${a}\\`$`"),
        ("asset", "'", "${a}", "'${a}'"),
        ("script", "'", "a\\b\n", "'a\\\\b\\u000a'"),
        ("map", "", "a b.map", "a%20b.map"),
        ("map", "", "a*/b.map?x=1#y", "a%2A/b.map?x=1#y"),
        ("map", "", "a%20b.map", "a%20b.map"),
    ],
)
def test_written_as_it_must_be(what, quote, url, written):
    assert quote_for(Reference(0, 0, "old", quote, 1, what), url) == written


@given(st.lists(st.sampled_from(["a", "\n", "\r\n", "\r", "\f"]), max_size=20), st.booleans())
def test_lines(pieces, form_feeds):
    ends = ("\n", "\r\n", "\r", "\f") if form_feeds else ("\n", "\r\n", "\r")
    lines = Lines("".join(pieces), form_feeds=form_feeds)
    position, line = 0, 1
    for number, piece in enumerate(pieces):
        if piece in ends and not (piece == "\n" and number and pieces[number - 1] == "\r"):
            line += 1
        position += len(piece)
        if piece == "\r" and pieces[number + 1 : number + 2] == ["\n"]:
            continue  # within a line end
        assert lines.at(position) == line


def test_splice():
    assert splice("abcdef", [(4, 5, "X"), (0, 1, ""), (2, 2, "-")]) == "b-cdXf"
