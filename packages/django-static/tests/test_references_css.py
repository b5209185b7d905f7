"""The scanner of style sheets: it finds what tinycss2's tokens say, and what odd but legal style sheets mean."""

from __future__ import annotations

from pathlib import Path

import css_oracle
import django
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from django_static.references import css, splice
from django_static.references.reference import quote_for

_PIECES = [
    *(
        "url(",
        "URL(",
        "src(",
        "image-set(",
        "-webkit-image-set(",
        "reset(",
        "calc(",
        "a",
        "i.png",
        "#",
        "@",
        "é{",
    ),
    *(
        "@import",
        "@IMPORT ",
        "@media",
        "@layer x",
        "@supports",
        "@namespace",
        "@font-face",
        "@charset",
        "!",
        "<!--",
    ),
    *(
        "{",
        "}",
        "(",
        ")",
        "[",
        "]",
        ";",
        ":",
        ",",
        " ",
        "\n",
        "\r\n",
        "\r",
        "\f",
        "\t",
        '"',
        "'",
        '"i.png"',
        "'j.png'",
    ),
    *(
        "\\",
        "\\\n",
        "\\\r\n",
        "\\75 ",
        "u\\72l(",
        "\\000075rl(",
        "\\)",
        "\\(",
        '\\"',
        "s\\72 c(",
        "@\\69mport",
    ),
    *(
        "/*",
        "*/",
        "/",
        "*",
        "/**/",
        "/*# sourceMappingURL=a.map */",
        "/*@ sourceMappingURL=",
        "-->",
        "-",
        "--",
    ),
    *(
        "/*#sourceMappingURL=data:x*/",
        "url( 'a' )",
        "url(b.png)",
        "url(c d)",
        "url('e' f)",
        "src('g')",
        "layer(url(x))",
    ),
    *(
        "image-set('h' 1x)",
        "1",
        "1e3",
        ".5",
        "%",
        "+",
        "u",
        "\0",
        "\x01",
        "\x7f",
        "é",
        "\u00a0",
        "\\d800 ",
        "\\110000",
    ),
    *("a:b;", "{c:d}", "\ufeff"),
]


@settings(max_examples=600, deadline=None)
@given(st.lists(st.one_of(st.sampled_from(_PIECES), st.text(max_size=3)), max_size=18).map("".join))
@example("@import/*# sourceMappingURL=a.map */'b.css'")
@example("url(a\u00a0b.png)")
@example("<!--url(i.png)")
@example("url(\\")
@example("url(a\\")
@example("\\<!--url(i.png)")
@example("@media(min-width:1px){a{b:url(i.png)}}")
@example("image-set(url(a) 1x,'b' 2x,calc('c'),'d\\'')'e'")
def test_the_same_as_a_tokenizer_says(text):
    assume(css_oracle.is_comparable(text))
    assert css.references(text) == css_oracle.references(text)


_ADMIN = Path(django.__file__).parent / "contrib" / "admin" / "static"


def test_the_same_in_the_style_sheets_of_the_admin():
    sheets = [path.read_text("utf-8") for path in sorted(_ADMIN.rglob("*.css"))]
    found = [css.references(sheet) for sheet in sheets]
    assert found == [css_oracle.references(sheet) for sheet in sheets]
    assert sum(map(len, found)) > 30


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # What ManifestStaticFilesStorage and its like get wrong, and what they never saw.
        pytest.param("/* url(no.png) */a{b:url(i.png)}", [("url", "i.png")], id="url() in a comment"),
        pytest.param('a{content:"url(no.png)"}', [], id="url() in a string"),
        pytest.param("a{content:'\\'url(no.png)'}", [], id="url() after an escaped quote"),
        pytest.param("a{b:url('a\\\nb.png')}", [("url", "ab.png")], id="string over two lines"),
        pytest.param("a{b:url('a\\62\r\n.png')}", [("url", "ab.png")], id="escape that takes a new line"),
        pytest.param("a{b:'\\62\nx' url(i.png)}", [("url", "i.png")], id="the same in another string"),
        pytest.param("a{b:url(a\\(1\\).png)}", [("url", "a(1).png")], id="escaped parentheses"),
        pytest.param("a{b:url(a%281%29.png)}", [("url", "a%281%29.png")], id="quoted parentheses"),
        pytest.param('a{b:url("a (1).png")}', [("url", "a (1).png")], id="blank in a string"),
        pytest.param("a{b:url(a\u00a0b.png)}", [("url", "a\u00a0b.png")], id="no-break space is no blank"),
        pytest.param("a{b:url(\n  i.png\n)}", [("url", "i.png")], id="url over lines"),
        pytest.param("a{b:url(i.eot?#iefix)}", [("url", "i.eot?#iefix")], id="?#iefix"),
        pytest.param("a{b:url(#f)}", [("url", "#f")], id="fragment"),
        pytest.param("a{b:url(//h/i.png)}", [("url", "//h/i.png")], id="protocol-relative"),
        pytest.param("a{b:url(\"data:image/svg+xml,<svg a='url(#x)'/>\")}",
                     [("url", "data:image/svg+xml,<svg a='url(#x)'/>")], id="data with url() in it"),
        pytest.param("a{b:url(%22i.png%22)}", [("url", "%22i.png%22")], id="quotes that are no quotes"),
        pytest.param("a{b:image-set('i.png' 1x,\"j.png\" 2x)}", [("url", "i.png"), ("url", "j.png")], id="image-set"),
        pytest.param("a{b:IMAGE-SET('i.avif' type('image/avif'))}", [("url", "i.avif")], id="type()"),
        pytest.param("a{b:image-set(image-set('i.png' 1x) 1x)}", [("url", "i.png")], id="set in a set"),
        pytest.param("a{b:image-set(calc('no') 1x)}", [], id="string deeper in a set"),
        pytest.param("a{b:cross-fade(url(i.png),url(j.png),50%)}", [("url", "i.png"), ("url", "j.png")], id="cross-fade"),
        pytest.param("a{b:url('i.png' crossorigin(anonymous))}", [("url", "i.png")], id="url modifiers"),
        pytest.param("a{b:url('i.png' url(no.png))}", [("url", "i.png")], id="one URL in url()"),
        pytest.param("a{b:src(/*c*/'i.png')}", [("url", "i.png")], id="comment in src()"),
        pytest.param("a{b:src(var(--x))}", [], id="src() of a variable"),
        pytest.param("a{b:url(/*c*/'no.png')}", [], id="no comments in url()"),
        pytest.param("@font-face{src:local('no'),url(f.woff2)format('woff2')}", [("url", "f.woff2")], id="font"),
        pytest.param("@import'a.css'layer(x)supports(b:url(no))screen;", [("import", "a.css")], id="import conditions"),
        pytest.param("@import/**/url( 'a.css' );", [("import", "a.css")], id="import url string"),
        pytest.param("@import src('a.css');", [("import", "a.css")], id="import src"),
        pytest.param("@imp\\6frt 'a.css';", [("import", "a.css")], id="import with an escape"),
        pytest.param("@import foo(url(no.css));", [], id="import without a URL"),
        pytest.param("@media print{@import 'no.css';a{b:url(i.png)}}", [("url", "i.png")], id="import in a block"),
        pytest.param("@import 'a.css' x{} b{c:url(i.png)}", [("import", "a.css"), ("url", "i.png")], id="import, then rules"),
        pytest.param("@namespace svg url(http://x);a{b:url(i.png)}", [("url", "i.png")], id="namespace"),
        pytest.param("@container style(--x:url(no)){a{b:url(i.png)}}", [("url", "i.png")], id="container"),
        pytest.param("@supports not (b:url(no)) {a{b:url(i.png)}}", [("url", "i.png")], id="supports"),
        pytest.param("@document url(no),domain(no){a{b:url(i.png)}}", [("url", "i.png")], id="document"),
        pytest.param("@media x{a{b:c}}d{e:url(i.png)}", [("url", "i.png")], id="after a block"),
        pytest.param(".md\\:w-1\\/2,.a\\'b{b:url(i.png)}", [("url", "i.png")], id="escapes in selectors"),
        pytest.param("a\\23 url(no){}", [], id="name with an escape and a blank"),
        pytest.param("#url(no),@url(no),5url(no),-url(no){}", [], id="names that end like url"),
        pytest.param("a{b:1.url(i.png)}", [("url", "i.png")], id="after a number"),
        pytest.param("a{unicode-range:U+0-7F;b:url(i.png)}", [("url", "i.png")], id="unicode range"),
        pytest.param("a{b:'open\nc:url(i.png)}", [("url", "i.png")], id="bad string ends with its line"),
        pytest.param("a{b:url('open\nc:url(no.png));d:url(i.png)}", [("url", "i.png")], id="bad string in url()"),
        pytest.param("a{b:url(bad(x\\)x);c:url(i.png)}", [("url", "i.png")], id="bad url"),
        pytest.param("a{b:url(bad x\\\\);c:url(i.png)}", [("url", "i.png")], id="bad url with a backslash"),
        pytest.param("a{b:url(i\\d800 .png)}", [("url", "i\ufffd.png")], id="half a surrogate pair"),
        pytest.param("a{b:url(i\0.png)}", [("url", "i\ufffd.png")], id="NUL"),
        pytest.param("a]})b{c:url(i.png)}", [("url", "i.png")], id="closed too often"),
        pytest.param("a{b:(url(i.png)", [("url", "i.png")], id="open blocks"),
        pytest.param("a{b:url(i.png)}/* url(no.png)", [("url", "i.png")], id="open comment"),
        pytest.param("<!-- a{b:url(i.png)} -->", [("url", "i.png")], id="HTML marks"),
        pytest.param("a{b:url(i.png)}/*# sourceMappingURL=a.css.map */", [("url", "i.png"), ("map", "a.css.map")], id="map"),
        pytest.param("/*@ sourceMappingURL=a.map*/", [("map", "a.map")], id="old mark, no blank"),
        pytest.param("/*# sourceMappingURL=a.map\r\n*/\r\n\r\n", [("map", "a.map")], id="map over lines"),
        pytest.param("/*# sourceMappingURL=a.map */b{}/*# sourceMappingURL=c.map */", [("map", "c.map")], id="last map"),
        pytest.param("/*# sourceMappingURL=a.map */b{}/*# sourceMappingURL=data:,x */", [], id="last map is data"),
        pytest.param("a{b:'/*# sourceMappingURL=no.map */'}", [], id="map in a string"),
        pytest.param("a{b:url(/*#sourceMappingURL=no.map*/)}", [("url", "/*#sourceMappingURL=no.map*/")], id="map in a url"),
        pytest.param("/* # sourceMappingURL=no.map */", [], id="blank before the mark"),
        pytest.param("/*# sourceMappingURL=no map */", [], id="blank in the map"),
        pytest.param("/*# sourceMappingURL=no.map ", [], id="open map comment"),
        pytest.param("/*# sourceMappingURL= */", [], id="empty map"),
    ],
)  # fmt: skip
def test_odd_but_legal(text, expected):
    found = css.references(text)
    assert [(reference.what, reference.url) for reference in found] == expected
    for reference in found:
        written = text[reference.start : reference.end]
        assert written.startswith(reference.quote)
        assert written.endswith(reference.quote)


def test_deep_nesting():
    text = "a{" * 20_000 + "b:url(i.png)" + "}" * 20_000 + "(" * 20_000
    assert [reference.url for reference in css.references(text)] == ["i.png"]


@pytest.mark.parametrize(
    "text",
    ["\\" * 200_000, "a(" * 100_000, "'\n" * 100_000, "/*" * 100_000 + "url("],
    ids=lambda text: text[:4],
)
def test_hostile_text_takes_no_more_than_its_length(text):
    """A reader that looked back further each time would take hours here."""
    assert css.references(text + "src(") == []


_URLS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=12)


@pytest.mark.parametrize(
    "form", ["a{b:url(%s)}", 'a{b:url("%s")}', "a{b:src('%s')}", "@import '%s';", "@import url(%s);"]
)
@given(url=_URLS)
def test_whatever_is_written_is_read_again(form, url):
    text = form % "i.png"
    [reference] = css.references(text)
    changed = splice(text, [(reference.start, reference.end, quote_for(reference, url))])
    assert [found.url for found in css.references(changed)] == [url]
    assert css.references(changed)[0].what == reference.what
