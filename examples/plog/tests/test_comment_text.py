"""The text of comments: tidied on the way in, escaped on the way out."""

from __future__ import annotations

import re
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plog.comment_text import tidy, tidy_line, to_html


@pytest.mark.parametrize(
    ("text", "tidied"),
    [
        pytest.param("a\r\nb\rc", "a\nb\nc", id="line-ends"),
        pytest.param("\n\n a\n\n\n\nb \n\n", " a\n\nb", id="empty-lines"),
        pytest.param("a  \nb", "a\nb", id="trailing-blanks"),
        pytest.param("a\tb", "a    b", id="tab"),
        pytest.param("a\x00\x07\x1bb\x7f", "ab", id="control"),
        pytest.param("a\u202egnp.exe\u2066", "agnp.exe", id="bidi-overrides"),
        pytest.param("naïve 日本語 👍 שלום", "naïve 日本語 👍 שלום", id="letters"),
        pytest.param("if x:\n    y()", "if x:\n    y()", id="indented"),
        pytest.param("   ", "", id="blank"),
    ],
)
def test_tidy(text, tidied):
    assert tidy(text) == tidied


def test_tidy_line():
    assert tidy_line(" A \n reader\t ") == "A reader"


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("one\n\ntwo\nthree", "<p>one</p>\n\n<p>two<br>three</p>"),
        ("<b>bold</b>", "<p>&lt;b&gt;bold&lt;/b&gt;</p>"),
        ("a & b", "<p>a &amp; b</p>"),
        (
            "http://a.example/",
            '<p><a href="http://a.example/" rel="nofollow ugc noopener">http://a.example/</a></p>',
        ),
        ("javascript:alert(1)", "<p>javascript:alert(1)</p>"),
        ("**not** _Markdown_ `x`", "<p>**not** _Markdown_ `x`</p>"),
        ("&lt;", "<p>&amp;lt;</p>"),
    ],
)
def test_to_html(text, html):
    assert to_html(text) == html


def test_mail_addresses_are_not_links():
    assert "href" not in to_html("write to a@b.example")


@given(st.text(max_size=300))
def test_tidying_twice_changes_nothing(text):
    once = tidy(text)
    assert tidy(once) == once
    assert "\r" not in once
    assert "\0" not in once


@given(
    st.text(alphabet=st.sampled_from("<>&\"'/ =:abjavscriptonerror.\n"), max_size=200) | st.text(max_size=200)
)
def test_only_paragraphs_breaks_and_links_come_out(text):
    html = to_html(tidy(text))
    tags = re.findall(r"<[^>]*>", html)
    assert all(
        re.fullmatch(r'</?p>|<br>|</a>|<a (?:href="https?://[^"<>]*" )?rel="nofollow ugc noopener">', tag)
        for tag in tags
    ), tags
    # What a reader sees is what was typed.
    seen = "".join(unescape(re.sub(r"<[^>]*>", "", html)).split())
    assert seen == "".join(tidy(text).split())
