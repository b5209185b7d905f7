"""The judge of minified HTML on what is rarely in a page: what it takes as the same, and what it does not."""

from __future__ import annotations

import pytest

from django_static.minify import verify

SAME = {
    "after a block": ("<div> <p> a </p> </div>", "<div><p>a</p></div>"),
    "inside inline at the end of a line": ("<p>a <b>b </b></p>", "<p>a <b>b</b></p>"),
    "inside nested inline at the end of a line": ("<p>a <b><i>b </i> </b></p>", "<p>a <b><i>b</i></b></p>"),
    "nothing but white space in inline": ("<p><b> </b></p>", "<p><b></b></p>"),
    "line ends in pre": ("<pre>a\r\nb</pre>", "<pre>a\nb</pre>"),
    "after pre": ("<pre> a </pre> <p>b</p>", "<pre> a </pre><p>b</p>"),
    "doctype in capitals": ("<!DOCTYPE  HTML><p>a", "<!doctype html><p>a"),
    "conditional comment": ("<!--[if IE]>  <p>a</p> <![endif]-->", "<!--[if IE]> <p>a</p> <![endif]-->"),
    "json that is none": ("<script type='application/ld+json'>{a}</script>",) * 2,
    "empty script": ('<script src="a"> </script>', '<script src="a"></script>'),
    "javascript: handler": ('<p onclick="javascript:a ( )">', '<p onclick="a()">'),
    "void with a slash": ('<br class="a  b" />', '<br class="a b">'),
    "instruction": ("<?php a ?>", "<?php a ?>"),
}
OTHER = {
    "white space that is all there is between": ("<p>a<b> </b>c</p>", "<p>a<b></b>c</p>"),
    "between inline and text": ("<p><b>a</b> b</p>", "<p><b>a</b>b</p>"),
    "inside inline with text behind": ("<p>a<b> b</b> c</p>", "<p>a<b>b</b> c</p>"),
    "nbsp is no white space": ("<p>a&nbsp;b</p>", "<p>a b</p>"),
    "pre after its end": ("<pre>a</pre><pre> b </pre>", "<pre>a</pre><pre>b</pre>"),
    "nested pre": ("<pre><pre> a </pre> b  c</pre>", "<pre><pre> a </pre> b c</pre>"),
    "doctype": ('<!doctype html SYSTEM "about:legacy-compat">', "<!doctype html>"),
    "conditional comment that says else": ("<!--[if IE]>a<![endif]-->", "<!--[if IE]>b<![endif]-->"),
    "json": ("<script type=importmap+json>{}</script>", '<script type=importmap+json>{"a": 1}</script>'),
    "json that is none": ("<script type=a/json>{a  b}</script>", "<script type=a/json>{a b}</script>"),
    "module turned classic": ("<script type=module>a()</script>", "<script>a()</script>"),
    "handler": ('<p onclick="a()">', '<p onclick="b()">'),
    "style attribute": ('<p style="a:b">', '<p style="a:c">'),
    "instruction": ("<?php a ?>", "<?php b ?>"),
    "declared as data": ("<p><![CDATA[a]]></p>", "<p><![CDATA[b]]></p>"),
    "character by number": ("&#65;", "&#66;"),
    "void with a slash": ('<img src="a" />', '<img src="b">'),
}


def table(pairs: dict[str, tuple[str, str]]) -> list:
    return [pytest.param(*pair, id=name) for name, pair in pairs.items()]


@pytest.mark.parametrize(("before", "after"), table(SAME))
def test_the_same(before, after):
    assert verify.difference(before, after, "html") == ""


@pytest.mark.parametrize(("before", "after"), table(OTHER))
def test_not_the_same(before, after):
    assert verify.difference(before, after, "html") != ""
    assert verify.difference(before, before, "html") == ""
