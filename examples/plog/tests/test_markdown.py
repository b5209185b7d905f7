"""Markdown to HTML that may stand in a page as it is."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plog.markdown import ATTRIBUTES, TAGS, map_assets, render, shift_headings


class Tags(HTMLParser):
    def __init__(self, html):
        super().__init__()
        self.found = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


def assert_safe(html):
    for tag, attributes in Tags(html).found:
        assert tag in TAGS
        assert set(attributes) <= ATTRIBUTES.get(tag, set()), (tag, attributes)
        for name in ("href", "src", "srcset"):
            scheme = re.match(r"\s*([\w+.-]+):", attributes.get(name) or "")
            assert scheme is None or scheme[1].lower() in ("http", "https", "mailto"), attributes


@pytest.mark.parametrize(
    "source",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[x](javascript:alert(1))",
        "[x](JaVaScRiPt:alert(1))",
        "[x](&#106;avascript:alert(1))",
        "![x](data:text/html;base64,PHNjcmlwdD4=)",
        "<javascript:alert(1)>",
        "![x](data:image/png;base64,AAAA)",
        "[x](steam://run)",
        "[x](vbscript:x)",
        '[x](/a "onclick=alert(1)")',
        '![x"onerror="alert(1)](/img/a.svg)',
        '```"><script>alert(1)</script>\nx\n```',
        '``` x" onclick=alert(1)\nx\n```',
        "[^x]\n\n[^x]: <script>alert(1)</script>",
        "::: update\n<iframe src=//x></iframe>\n:::",
        "| a | b |\n|:-:|---|\n| <style>*{}</style> | [x](javascript:1) |",
        "<svg/onload=alert(1)>",
        "<!--><img src=x onerror=alert(1)>-->",
        "a <b style=x> c\n: <form action=//x>",
    ],
)
def test_hostile(source):
    html = render(source, prefix="x")
    assert_safe(html)
    assert "<script" not in html


@given(
    st.text(max_size=400) | st.text(alphabet=st.sampled_from("<>[]()!`*_#|-:\"'= \nabjsx^&;/"), max_size=200)
)
def test_whatever_is_written_is_safe(source):
    assert_safe(render(source, prefix="x"))


@given(prefix=st.text(max_size=20))
def test_whatever_the_prefix(prefix):
    assert_safe(render("a[^1]\n\n[^1]: b", prefix=prefix))


@pytest.mark.parametrize(
    ("source", "html"),
    [
        pytest.param("`a < b`", "<p><code>a &lt; b</code></p>\n", id="inline-code"),
        pytest.param('"Don\'t"', "<p>“Don’t”</p>\n", id="quotes"),
        pytest.param("1. a\n2. b", "<ol>\n<li>a</li>\n<li>b</li>\n</ol>\n", id="ordered-list"),
        pytest.param("[x](/plog/y)", '<p><a href="/plog/y">x</a></p>\n', id="link"),
        pytest.param("a\n:   b", "<dl>\n<dt>a</dt>\n<dd>b</dd>\n</dl>\n", id="definition"),
        pytest.param("::: update\nb\n:::", '<div class="update" role="note">\n<p>b</p>\n</div>\n', id="update"),
        pytest.param("![a](/img/a.png)",
                     '<figure><picture><img src="/img/a.png" alt="a" loading="lazy"></picture>'
                     "<figcaption>a</figcaption></figure>\n", id="figure"),
        pytest.param("x ![a](/img/a.png)",
                     '<p>x <picture><img src="/img/a.png" alt="a" loading="lazy"></picture></p>\n', id="picture-in-text"),
        pytest.param("```\n\n x\n```",
                     '<div class="code" role="group" aria-label="Text"><pre tabindex="0"><code>\n x\n</code></pre></div>\n',
                     id="code-as-it-is"),
        pytest.param("```python\nx\n```",
                     '<div class="code" role="group" aria-label="Python"><pre tabindex="0"><code>'
                     '<span class="n">x</span>\n</code></pre></div>\n', id="python"),
        pytest.param("```klingon\nx\n```",
                     '<div class="code" role="group" aria-label="Text"><pre tabindex="0"><code>x\n</code></pre></div>\n',
                     id="unknown-language"),
    ],
)  # fmt: skip
def test_rendered(source, html):
    assert render(source, prefix="x") == html


@pytest.mark.parametrize(
    "language", ["python", "pycon", "console", "nginx", "html+django", "html", "javascript", "text"]
)
def test_no_code_is_lost(language):
    code = "a <b> & 'c' \"d\"\n    $ {% e %} >>> f\n"
    html = render(f"```{language}\n{code}```", prefix="x")
    from html import unescape

    assert unescape(re.sub(r"<[^>]*>", "", html)) == code + "\n"


def test_cells_are_aligned_without_styles():
    html = render("| a | b | c |\n|--:|:-:|---|\n| 1 | 2 | 3 |", prefix="x")
    assert "style" not in html
    assert '<td class="right">1</td>\n<td class="center">2</td>\n<td>3</td>' in html


def test_pictures_know_their_size_and_their_dark_twin(tmp_path):
    (tmp_path / "img").mkdir()
    (tmp_path / "img/a.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg" width="10" height="20"/>')
    (tmp_path / "img/a-dark.svg").touch()
    html = render("![x](/img/a.svg)", prefix="x", pictures=tmp_path)
    assert '<source srcset="/img/a-dark.svg" media="(prefers-color-scheme: dark)">' in html
    assert re.search(r'<img [^>]*width="10" height="20"', html) or (
        'width="10"' in html and 'height="20"' in html
    )


@pytest.mark.parametrize(
    "address", ["/../secret.svg", "/img/../../secret.svg", "secret.svg", "//x/secret.svg"]
)
def test_pictures_outside_are_not_looked_at(tmp_path, address):
    (tmp_path / "media").mkdir()
    (tmp_path / "secret.svg").write_text('<svg width="1" height="2"/>')
    assert 'height="2"' not in render(f"![x]({address})", prefix="x", pictures=tmp_path / "media")


def test_assets_in_tags_are_mapped_and_those_in_text_are_not():
    source = '[f](/files/a.py) ![b "c>"](/img/b.svg) `<img src="/img/c.svg">`\n\n```html\n<img src="/img/d.svg">\n```'
    html = map_assets(render(source, prefix="x"), lambda address: f"/forever{address}")
    assert 'href="/forever/files/a.py"' in html
    assert 'src="/forever/img/b.svg"' in html
    assert html.count("/forever/") == 2


def test_what_is_mapped_is_escaped():
    html = map_assets(render("![b](/img/b.svg)", prefix="x"), lambda address: 'x"><script>')
    assert_safe(html)


def test_links_to_pages_stay():
    html = render("[a](/plog/x) [b](https://example.com/img/y.svg)", prefix="x")
    assert map_assets(html, lambda address: "changed") == html


def test_headings_are_moved_down():
    html = render("## A\n\n### B\n\n`<h2>`", prefix="x")
    assert shift_headings(html) == "<h3>A</h3>\n<h4>B</h4>\n<p><code>&lt;h2&gt;</code></p>\n"
