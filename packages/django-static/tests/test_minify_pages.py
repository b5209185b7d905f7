"""The judge of minified HTML on what is rarely in a page: what it takes as the same, and what it does not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_static import minify
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
    "import map": ("<script type=importmap>{ }</script>", "<script type=importmap>{}</script>"),
    "speculation rules": (
        "<script type=SpeculationRules>{ }</script>",
        "<script type=SpeculationRules>{}</script>",
    ),
    "nobody edits": ("<p contenteditable=false> a  b </p>", "<p contenteditable=false>a b</p>"),
    "after what is edited": ("<div><p contenteditable> a </p> b  c", "<div><p contenteditable> a </p>b c"),
    "after an image that is edited": ("<img contenteditable> a  b", "<img contenteditable> a b"),
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
    "said to be seen": (
        "<p style='color:red;White-Space : pre-wrap'> a",
        "<p style='color:red;White-Space : pre-wrap'>a",
    ),
    "said to be kept": (
        "<p style='white-space-collapse:preserve'>a  b",
        "<p style='white-space-collapse:preserve'>a b",
    ),
    "edited": ("<p contenteditable> a", "<p contenteditable>a"),
    "edited as text": (
        "<p contenteditable=plaintext-only><b> a </b>",
        "<p contenteditable=plaintext-only><b>a</b>",
    ),
    "nested in what is edited": (
        "<div contenteditable><div></div> a  b</div>",
        "<div contenteditable><div></div> a b</div>",
    ),
    "xmp": ("<xmp> a </xmp>", "<xmp>a</xmp>"),
    "xml:space": ("<p xml:space=preserve> a", "<p xml:space=preserve>a"),
    "number in an import map": (
        "<script type=importmap>[1.0]</script>",
        "<script type=importmap>[1]</script>",
    ),
    "end of what not all see": ("<!--[if !IE]><!-->a<!--<![endif]-->", "<!--[if !IE]><!-->a"),
    "server's": ("<!--#include virtual='a' -->b", "b"),
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


SLIM = {
    "pre by its style": (
        "<p  style='white-space:pre'>  a  </p> <p>  b",
        "<p style='white-space:pre'>  a  </p> <p> b",
    ),
    "edited": (
        "<div contenteditable> a <div> b </div> c </div>  d  e",
        "<div contenteditable> a <div> b </div> c </div> d e",
    ),
    "edited and never closed": ("<p> a </p> <p contenteditable> b  c", "<p> a </p> <p contenteditable> b  c"),
    "empty value": (
        "<div>\n <input type='text' value=''>\n</div>",
        "<div>\n<input type='text' value=''>\n</div>",
    ),
    "empty attributes": ("<p onclick='' id='' style=''>  a </p>", "<p onclick='' id='' style=''> a </p>"),
    "viewport": (
        '<head>\n <meta name="viewport" content="width=device-width, initial-scale=1.0">\n</head>',
        '<head>\n<meta name="viewport" content="width=device-width, initial-scale=1.0">\n</head>',
    ),
    "drawing": (
        '<p>  <svg xmlns="http://www.w3.org/2000/svg"><path d="M 0 0 L 10 10"/></svg>  </p>',
        '<p> <svg xmlns="http://www.w3.org/2000/svg"><path d="M 0 0 L 10 10"/></svg> </p>',
    ),
    "drawing in a drawing": (
        "<p> a  <svg><svg/><svg> b  </svg></svg>5",
        "<p> a <svg><svg/><svg> b  </svg></svg>5",
    ),
    "empty drawing": ("<p> <svg/>  a  b", "<p> <svg/> a b"),
    "formula": ("<p> <math><mi> x </mi></math> </p>", "<p> <math><mi> x </mi></math> </p>"),
    "numbers of JSON": (
        '<div> <script type="application/ld+json">{ "a": 1.0 }</script> </div>',
        '<div> <script type="application/ld+json">{"a":1.0}</script> </div>',
    ),
    "import map": (
        '<script type="importmap">{ "imports": { } }</script> <p> a',
        '<script type="importmap">{"imports":{}}</script> <p> a',
    ),
    "JSON that is none": (
        "<p> a <script type=a/json>{a  b}</script>",
        "<p> a <script type=a/json>{a  b}</script>",
    ),
    "template of a script": (
        "<p> a <script type=text/html><p> a </p></script>",
        "<p> a <script type=text/html><p> a </p></script>",
    ),
    "script with a mistake": ("<p> a  b <script>a(  (</script>", "<p> a b <script>a(  (</script>"),
    "script and style": (
        "<div> <style> a { b : c } </style> <script defer> var a  =  1 </script> </div>",
        "<div> <style>a{b:c}</style> <script defer>var a=1</script> </div>",
    ),
    "module": (
        "<script type=module>import a from './b'; a ( )</script>",
        '<script type=module>import a from"./b";a()</script>',
    ),
    "script that never ends": ("<p> a </p> <script> a ( ) ", "<p> a </p> <script> a ( ) "),
    "lines between attributes": ("<a\n  href='b'\n  class=c\n>  d </a>", "<a href='b' class=c> d </a>"),
    "section of no known kind": ("<p> a <![x[ y ]]> <p>  b", "<p> a <![x[ y ]]> <p> b"),
    "old doctype": ('<!DOCTYPE html PUBLIC "x"> <p>  a', '<!DOCTYPE html PUBLIC "x"> <p> a'),
    "instruction": ("<?xml version='1.0'?> <p>  a", "<?xml version='1.0'?> <p> a"),
    "slash at the end": ("<p> <img src=a/> <br class=b />", "<p> <img src=a/> <br class=b>"),
    "conditional": (
        "<p> a </p> <!--[if IE]> <p> b </p> <![endif]-->",
        "<p> a </p> <!--[if IE]> <p> b </p> <![endif]-->",
    ),
    "what others see": (
        "<p> a <!--[if !IE]><!--> b <!--<![endif]-->",
        "<p> a <!--[if !IE]><!--> b <!--<![endif]-->",
    ),
    "in a line by its style": (
        "<i style='display:inline-block'> a </i>  <p style='display:inline'> b",
        "<i style='display:inline-block'> a </i> <p style='display:inline'> b",
    ),
    "style that says nothing": ("<p> a  <style> q { } </style>b", "<p> a <style></style>b"),
    "unclosed link reconstructed": ("<a name=x> <div>  a </div> </a>", "<a name=x> <div> a </div> </a>"),
}
_PIECES = [
    *(text for text, _ in [*SLIM.values(), *SAME.values(), *OTHER.values()]),
    *(
        " ",
        "a  b",
        "<!",
        "<![",
        "<!--",
        "-->",
        "<",
        ">",
        "</",
        "/>",
        '"',
        "'",
        "=",
        "\0",
        "</p>",
        "</svg>",
        "</script>",
    ),
]


@pytest.mark.parametrize(("text", "slim"), table(SLIM))
def test_pages_are_slimmed_around_what_must_stay(text, slim):
    assert minify.slim(text, "html", ["tdewolff"]) == (slim, "")


def test_the_word_for_what_is_hidden_is_no_word_of_a_page():
    text = "<p>  django-static-data-0-  </p> <p id='a'>  b"
    assert minify.slim(text, "html", ["tdewolff"]).text == "<p> django-static-data-0- </p> <p id='a'> b"


@given(st.lists(st.sampled_from(_PIECES), max_size=12).map("".join))
def test_whatever_page_comes_means_the_same_or_stays(text):
    result = minify.slim(text, "html", ["tdewolff"])
    if result.problem:
        assert result.text.endswith(text)
    else:
        assert verify.difference(text, result.text, "html") == ""
        assert len(result.text) <= len(text)
        assert "django-static-data-" not in result.text


def test_scripts_in_pages_are_made_smaller_by_the_engines_for_scripts():
    chains = {"html": ["tdewolff"], "js": [], "css": ["strip"]}
    text = "<p>  a</p><script>a ( )</script><style>a { b : #ff0000 }</style>"
    assert (
        minify.slim_inline(text, "", chains).text
        == "<p> a</p><script>a ( )</script><style>a{b : #ff0000}</style>"
    )


def test_an_engine_that_loses_what_is_hidden_is_caught(monkeypatch):
    monkeypatch.setattr(
        "static_test_helpers.broken", lambda text, kind: text.replace("django-static-data-0-", "")
    )
    result = minify.slim("<p id=a>  b", "html", ["static_test_helpers.broken"])
    assert result.text.endswith("<p id=a>  b")
    assert result.problem
