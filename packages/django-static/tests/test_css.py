"""The references of style sheets: found, published, rewritten; imports; encodings."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import django_static
from django_static.references import css, splice


@pytest.mark.parametrize(
    ("text", "urls"),
    [
        pytest.param("a{b:url(i.png)}", ["i.png"], id="bare"),
        pytest.param("a{b:url( i.png )}", ["i.png"], id="blanks"),
        pytest.param("a{b:url('i.png')}", ["i.png"], id="single"),
        pytest.param('a{b:url( "i.png" )}', ["i.png"], id="double"),
        pytest.param("a{b:URL(i.png)}", ["i.png"], id="capitals"),
        pytest.param(r"a{b:u\72l(i.png)}", ["i.png"], id="escaped name"),
        pytest.param(r"a{b:url(i\(1\).png)}", ["i(1).png"], id="escaped parentheses"),
        pytest.param(r"a{b:url(i\20 j.png)}", ["i j.png"], id="escaped blank"),
        pytest.param(r"a{b:url('i\'j.png')}", ["i'j.png"], id="escaped quote"),
        pytest.param("a{b:url('i\\\nj.png')}", ["ij.png"], id="continued line"),
        pytest.param("a{b:url(i.png),url(j.png)}", ["i.png", "j.png"], id="two"),
        pytest.param("a{b:src('i.png')}", ["i.png"], id="src()"),
        pytest.param("a{b:image-set('i.png' 1x, url(j.png) 2x)}", ["i.png", "j.png"], id="image-set"),
        pytest.param("a{b:image-set('i.png' type('image/png'))}", ["i.png"], id="type()"),
        pytest.param("a{b:-webkit-image-set(url(i.png) 1x)}", ["i.png"], id="prefixed image-set"),
        pytest.param("@font-face{src:url(f.woff2) format('woff2')}", ["f.woff2"], id="format()"),
        pytest.param("@media print{a{b:url(i.png)}}", ["i.png"], id="nested"),
        pytest.param("a{&:hover{b:url(i.png)}}", ["i.png"], id="nesting"),
        pytest.param("a{--x:url(i.png)}", ["i.png"], id="custom property"),
        pytest.param("@import 'a.css';", ["a.css"], id="import string"),
        pytest.param("@import url(a.css) layer(x) supports(b:url(n)) print;", ["a.css"], id="import url"),
        pytest.param('@IMPORT "a.css" print', ["a.css"], id="import without an end"),
        pytest.param("a{b:url(data:image/png;base64,AA==)}", ["data:image/png;base64,AA=="], id="data"),
        pytest.param("/* url(i.png) @import 'a.css'; */", [], id="comment"),
        pytest.param("a{content:'url(i.png)'}", [], id="string"),
        pytest.param("a[href='i.png']{b:c}", [], id="selector"),
        pytest.param("@namespace url(http://www.w3.org/1999/xhtml);", [], id="namespace"),
        pytest.param("@-moz-document url(http://x/){a{b:url(i.png)}}", ["i.png"], id="document"),
        pytest.param("@supports (b:url(n)){a{b:url(i.png)}}", ["i.png"], id="supports"),
        pytest.param("a{b:url(i.png", ["i.png"], id="open at the end"),
        pytest.param("a{b:url( i.png \n", ["i.png"], id="open at the end with blanks"),
        pytest.param("a{b:url(", [], id="open and empty"),
        pytest.param("a{b:url('", [], id="string open and empty"),
        pytest.param("a{b:url(i j.png", [], id="bad url open at the end"),
        pytest.param("a{b:url('i.png\n", [], id="string broken at the end"),
        pytest.param("a{b:url(i.png\\", ["i.png\ufffd"], id="open after a backslash"),
        pytest.param("a{b:url('i.png\\", ["i.png"], id="string open after a backslash"),
        pytest.param("a{b:url('i.png\\\\", ["i.png\\"], id="string open after two backslashes"),
        pytest.param("a{b:src('i.png", ["i.png"], id="src open at the end"),
        pytest.param("a{b:image-set('i.png", ["i.png"], id="image set open at the end"),
        pytest.param("@import 'i.css", ["i.css"], id="import open at the end"),
        pytest.param("a{b:'i.png", [], id="another string open at the end"),
        pytest.param("a{b:url('i.png", ["i.png"], id="string open at the end"),
        pytest.param("a{b:url(i j.png)}", [], id="bad url"),
        pytest.param("a{b:url()}", [], id="empty"),
        pytest.param("a{b:url(var(--x))}", [], id="bad url with a function"),
        pytest.param("a{b:my-url(i.png)}", [], id="another function"),
        pytest.param("", [], id="nothing"),
    ],
)
def test_references(text, urls):
    found = css.references(text)
    assert [reference.url for reference in found] == urls
    for reference in found:
        assert text[reference.start : reference.end].startswith(reference.quote)
    replaced = splice(text, [(r.start, r.end, f"{r.quote}new.png{r.quote}") for r in found])
    assert [reference.url for reference in css.references(replaced)] == ["new.png"] * len(urls)


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r", "\f"])
def test_lines_and_line_ends(newline):
    text = newline.join(["/* é", "*/", "a{b:url(i.png)}", "c{d:url('j.png')}"])
    assert [(r.line, text[r.start : r.end]) for r in css.references(text)] == [(3, "i.png"), (4, "'j.png'")]


_VALUES = st.sampled_from(
    [
        "url(%s)",
        "url('%s')",
        'url( "%s" )',
        "image-set('%s' 1x)",
        "src('%s')",
        "'no'",
        "red",
        "/* url(n.png) */",
        "1px",
    ]
)


@given(st.lists(_VALUES, max_size=8), st.sampled_from(["\n", "\r\n", " ", ""]))
def test_splicing_touches_nothing_else(values, blank):
    names = [f"n{number}.png" for number in range(len(values))]
    text = blank.join(
        f"a{{b:{value % name if '%' in value else value}}}" for value, name in zip(values, names, strict=True)
    )
    expected = [name for value, name in zip(values, names, strict=True) if "%" in value]
    found = css.references(text)
    assert [reference.url for reference in found] == expected
    longer = splice(text, [(r.start, r.end, f"{r.quote}{r.url}.longer{r.quote}") for r in found])
    assert longer.replace(".longer", "") == text


@given(st.text(max_size=60))
def test_no_text_makes_the_reader_fail(text):
    found = css.references(f"a{{b:url(i.png)}}{text}url(x)")
    assert found[0].url == "i.png"
    css.read(text)


def test_images_are_published_under_their_own_names(site):
    for name in ("bare", "single", "double", "font", "import"):
        site.write(f"img/{name}.png", name, 1269170122)
    site.write("css/other.css", "b{c:d}", 1269170000)
    site.write(
        "css/a.css",
        "@import 'other.css';a{b:url(../img/bare.png) url('../img/single.png') url(\"/img/double.png?v=1\")"
        " url(data:,x) url(#f) url(//h/i.png) url(https://h/i.png) url(../img/font.png?#iefix)}/* url(../img/no.png) */",
        1269178381,
    )
    assert django_static.staticfile("/css/a.css") == "/css/a.1269178381.css"
    assert site.text("/css/a.1269178381.css") == (
        "@import 'other.1269170000.css';a{b:url(../img/bare.1269170122.png) url('../img/single.1269170122.png')"
        ' url("/img/double.1269170122.png?v=1") url(data:,x) url(#f) url(//h/i.png) url(https://h/i.png)'
        " url(../img/font.1269170122.png?#iefix)}/* url(../img/no.png) */"
    )
    assert site.text("/img/single.1269170122.png") == "single"


def test_a_newer_image_gives_the_style_sheet_its_time(site):
    site.write("i.png", "", 9)
    site.write("a.css", "a{b:url(i.png)}", 5)
    assert django_static.staticfile("/a.css") == "/a.9.css"


def test_after_a_restart_a_changed_image_changes_the_style_sheet(site):
    site.write("i.png", "one", 5)
    site.write("a.css", "a{b:url(i.png)}", 7)
    assert site.text(django_static.staticfile("/a.css")) == "a{b:url(i.5.png)}"
    site.write("i.png", "two", 6)
    site.restart()
    url = django_static.staticfile("/a.css")
    assert site.text(url) == "a{b:url(i.6.png)}"
    assert url != "/a.7.css", "the old content keeps the old name"


def test_a_missing_image_is_a_warning_with_file_and_line(site, warned):
    path = site.write("a.css", "p{}\n\na{b:url(no.png)}", 5)
    assert site.text(django_static.staticfile("/a.css")) == "p{}\n\na{b:url(no.png)}"
    assert len(warned()) == 1
    assert f"{path}:3: " in warned()[0]
    assert "'/no.png'" in warned()[0]
    site.write("no.png", "", 4)
    site.restart()
    assert "no.4.png" in site.text(django_static.staticfile("/a.css"))


@pytest.mark.parametrize(
    ("url", "prefix", "text", "said"),
    [
        ("no.png", "", "no.png", "'no.png' goes on meaning /css/no.png"),
        ("no.png", "/forever", "/css/no.png", "'no.png' goes on meaning /css/no.png"),
        ("../no.png", "/forever", "/no.png", "'../no.png' goes on meaning /no.png"),
        ("/no.png", "", "/no.png", "'/no.png' stays as it is"),
        ("/no.png", "/forever", "/no.png", "'/no.png' stays as it is"),
    ],
)
def test_what_is_said_of_a_missing_image_is_true(site, warned, url, prefix, text, said):
    site.settings.DJANGO_STATIC_NAME_PREFIX = prefix
    site.write("css/a.css", f"a{{b:url({url})}}", 5)
    published = django_static.staticfile("/css/a.css").removeprefix(prefix)
    assert site.text(published) == f"a{{b:url({text})}}"
    (message,) = warned()
    assert message.endswith(said)


def test_an_image_outside_is_refused(site, warned):
    (site.root / "x.png").write_text("secret")
    site.write("a.css", "a{b:url(../../../x.png)}", 5)
    django_static.staticfile("/a.css")
    assert site.published() == ["a.5.css", "a.css"]
    assert len(warned()) == 1


def test_special_characters_in_names(site):
    site.write("a b'(1).png", "", 4)
    site.write("a.css", 'a{b:url("a b\'(1).png") url(a%20b%27%281%29.png)}', 5)
    stamped = "a%20b%27%281%29.4.png"
    assert site.text(django_static.staticfile("/a.css")) == f'a{{b:url("{stamped}") url({stamped})}}'


def test_a_circle_of_imports_is_reported_with_its_members(site, warned):
    site.write("a.css", "@import 'b.css';a{b:c}", 5)
    site.write("b.css", "@import 'a.css';b{b:c}", 5)
    assert django_static.staticfile("/a.css") == "/a.5.css"
    assert site.text("/a.5.css") == "@import 'b.5.css';a{b:c}"
    assert any("circular import: /a.css -> /b.css -> /a.css" in message for message in warned())


def test_a_style_sheet_that_imports_itself(site, warned):
    site.write("a.css", "@import 'a.css';a{b:c}", 5)
    assert django_static.staticfile("/a.css") == "/a.5.css"
    assert "/a.css -> /a.css" in warned()[0]


class TestCombining:
    @pytest.fixture
    def combine(self, site):
        def run(**sheets: str | bytes) -> list[str]:
            """The contents of the files that a block with these style sheets loads."""
            for name, content in sheets.items():
                site.write(f"{name}.css", content, 5)
            names = [name for name in sheets if not name.startswith("_")]
            html = site.render(
                "{% staticall %}"
                + "".join(f"<link rel=stylesheet href=/{n}.css>" for n in names)
                + "{% endstaticall %}"
            )
            assert "<link" in html
            return [site.text(part.split('"')[1]) for part in html.split("<link")[1:]]

        return run

    @pytest.mark.parametrize(
        ("rule", "opening", "closing"),
        [
            ("@import '_i.css';", "", ""),
            ("@import url(_i.css);", "", ""),
            ("@import '_i.css' print;", "@media print{", "\n}"),
            ("@import '_i.css' layer;", "@layer{", "\n}"),
            ("@import '_i.css' layer(x) print and (color);", "@media print and (color){@layer x{", "\n}\n}"),
            (
                "@import '_i.css' layer(x) supports(display: grid) print;",
                "@media print{@supports (display: grid){@layer x{",
                "\n}\n}\n}",
            ),
        ],
    )
    def test_local_imports_are_inlined(self, combine, rule, opening, closing):
        assert combine(_i="i{b:c}", a="a{b:c}", b=f"{rule}b{{b:c}}") == [
            f"a{{b:c}}\n{opening}i{{b:c}}{closing}\nb{{b:c}}"
        ]

    def test_imports_of_imports(self, combine):
        assert combine(
            _k="k{b:c}", _i="@import '_k.css';i{b:c}", a="a{b:c}", b="@import '_i.css' print;b{b:c}"
        ) == ["a{b:c}\n@media print{k{b:c}\ni{b:c}\n}\nb{b:c}"]

    def test_a_circle_ends(self, combine, warned):
        assert combine(_i="@import 'b.css';i{b:c}", a="a{b:c}", b="@import '_i.css';b{b:c}") == [
            "a{b:c}\ni{b:c}\nb{b:c}"
        ]
        assert any("circular import: /b.css -> /_i.css -> /b.css" in message for message in warned())

    def test_a_remote_import_stays_at_the_top(self, combine):
        remote = "@import url(https://fonts.example.com/f.css);"
        assert combine(a=f"{remote}a{{b:c}}", b="b{b:c}") == [f"{remote}a{{b:c}}\nb{{b:c}}"]

    @pytest.mark.parametrize(
        "sheet",
        ["@import url(https://h/f.css);", "@layer x,y;"],
    )
    def test_a_minifier_takes_no_semicolon_that_others_need(self, site, sheet):
        site.write("a.css", sheet, 5)
        site.write("b.css", "b{b:c}", 5)
        html = site.slimall("<link rel=stylesheet href=/a.css><link rel=stylesheet href=/b.css>")
        assert html == '<link rel=stylesheet href="/a_b.5.css">'
        text = site.text("/a_b.5.css")
        assert text.endswith(";\nb{b:c}")
        assert css.read(text).is_closed

    def test_rules_do_not_move_behind_a_remote_import(self, combine):
        remote = "@import url(https://fonts.example.com/f.css);"
        assert combine(a="a{b:c}", b=f"{remote}b{{b:c}}", c="c{b:c}") == [
            "a{b:c}",
            f"{remote}b{{b:c}}\nc{{b:c}}",
        ]

    def test_a_local_import_beside_a_remote_one_keeps_its_order(self, combine):
        head = "@import url(https://h/f.css);@import '_i.css';"
        assert combine(_i="i{b:c}", a=f"{head}a{{b:c}}", b="b{b:c}") == [
            "@import url(https://h/f.css);@import '_i.5.css';a{b:c}\nb{b:c}"
        ]

    def test_layers_may_stand_before_imports(self, combine):
        assert combine(_i="i{b:c}", a="@layer x, y;@import '_i.css' layer(x);a{b:c}", b="b{b:c}") == [
            "@layer x, y;@layer x{i{b:c}\n}\na{b:c}\nb{b:c}"
        ]

    def test_an_import_after_a_rule_does_not_count(self, combine):
        assert combine(_i="i{b:c}", a="a{b:c}", b="b{b:c}@import '_i.css';") == [
            "a{b:c}\nb{b:c}@import '_i.5.css';"
        ]

    @pytest.mark.parametrize(
        "last",
        [
            "@import '_j.css'",
            "@import '_j.css' ",
            "@import '_j.css' /* x */",
            "@import url(_j.css) /**/",
            "@import url('_j.css'",
        ],
    )
    @pytest.mark.parametrize("order", ["ab", "ba"])
    def test_the_last_import_may_lack_its_semicolon(self, combine, last, order):
        sheets = {"a": "a{b:c}", "b": f"@import '_i.css';{last}"}
        published = {"a": "a{b:c}", "b": "i{b:c}\nj{b:c}\n"}
        combined = combine(_i="i{b:c}", _j="j{b:c}", **{name: sheets[name] for name in order})
        assert combined == [published[name] for name in order]

    @pytest.mark.parametrize(
        ("last", "published"),
        [
            ("@import '_j.css", "@import '_j.5.css'"),
            ("@import url(_j.css", "@import url(_j.5.css"),
            ("@import url('_j.css", "@import url('_j.5.css'"),
            ("@import '';", "@import '';"),
            ("@import '", "@import '"),
        ],
    )
    def test_an_import_of_nobody_knows_what_keeps_its_place(self, combine, last, published):
        combined = combine(_i="i{b:c}", _j="j{b:c}", a="a{b:c}", b=f"@import '_i.css';{last}")
        assert combined == ["a{b:c}", f"@import '_i.5.css';{published}"]

    @pytest.mark.parametrize(
        "head",
        [
            "@foo bar;",
            "@foo{}",
            "!! {}",
            "{}",
            "a,{}",
            ":unheard-of{}",
            "::-moz-x{}",
            "@-moz-document url(){}",
            "@supports bogus{}",
            "@font-face x{}",
            "@keyframes{}",
            "@media;",
            "@media ]{}",
            "@import x 'y';",
            "@import '_j.css' {}",
            "@import url('_j.css' x);",
            "@import src('_j.css');",
            "@import '_j.css' ];",
            "@import '_j.css'; @layer x;",
            "@layer x; @import '_j.css'; @layer y;",
        ],
    )
    def test_an_import_that_may_count_or_not_keeps_its_place(self, combine, head):
        """Behind a rule that is not valid an import counts, and what is valid is another thing in every browser."""
        sheet = f"{head}@import '_i.css';b{{b:c}}"
        sheets = {"_i": "i{b:c}", "_j": "/* nothing */", "a": "a{b:c}", "b": sheet, "c": "@import 'b.css';"}
        combined = [text.replace(".5.css", ".css") for text in combine(**sheets)]
        assert combined == ["a{b:c}", sheet, "@import 'b.css';"]

    @pytest.mark.parametrize("rule", ["b{b:c}", "b,.c > #d{}", "@media print{}", "@font-face{}", "x{} @foo;"])
    def test_an_import_after_what_is_valid_everywhere_is_dead(self, combine, rule):
        sheet = f"@layer x;{rule}@import '_i.css';"
        assert combine(_i="i{b:c}", a="a{b:c}", b=sheet) == [f"a{{b:c}}\n{sheet.replace('_i.', '_i.5.')}"]

    def test_imports_stand_before_a_namespace(self, combine):
        sheet = "@import '_i.css';@namespace svg url(http://www.w3.org/2000/svg);svg|a{b:c}"
        assert combine(_i="i{b:c}", a="a{b:c}", b=sheet) == ["a{b:c}", sheet.replace("_i.", "_i.5.")]

    @pytest.mark.parametrize(
        ("conditions", "opening"),
        [
            ("layer()", "@media layer(){"),
            ("layer( q )", "@layer q{"),
            ("layer(q/**/.r)", "@layer q.r{"),
            ("layer(q .r)", "@media layer(q .r){"),
            ("layer(q r)", "@media layer(q r){"),
            ("layer (q)", "@media (q){@layer{"),
            ("layer(q) layer(r)", "@media layer(r){@layer q{"),
            ("layer layer", "@media layer{@layer{"),
            ("supports(a:b) layer(q)", "@media layer(q){@supports (a:b){"),
            ("supports(a:b) supports(c:d)", "@media supports(c:d){@supports (a:b){"),
            ("LAYER(Q) SUPPORTS(a:b) PRINT", "@media PRINT{@supports (a:b){@layer Q{"),
            ("supports(not (a:b)), print", "@media , print{@supports (not (a:b)){"),
        ],
    )
    def test_conditions_in_another_order_are_unknown_media(self, combine, conditions, opening):
        blocks = opening.count("{")
        assert combine(_i="i{b:c}", a="a{b:c}", b=f"@import '_i.css' {conditions};") == [
            f"a{{b:c}}\n{opening}i{{b:c}}" + "\n}" * blocks + "\n"
        ]

    @pytest.mark.parametrize(
        "inner",
        ["i{b:c}; j{b:c}", "<!-- i{b:c} -->", "i{b:c} --> j{b:c}", "i{b:c} } j{b:c} k{b:c}", "@x ;}; i{b:c}"],
    )
    def test_what_means_something_else_in_a_block_is_imported(self, combine, inner):
        combined = combine(_i=inner, a="a{b:c}", b="@import '_i.css' print;", c="@import '_i.css';")
        assert combined == ["a{b:c}", f"@import '_i.5.css' print;\n{inner}\n"]

    @pytest.mark.parametrize("broken", ["b{b:c", "b{b:c}/* open", "b{b:'open", "b{b:c}}", "b,"])
    def test_a_style_sheet_that_is_not_closed_swallows_no_other(self, combine, broken):
        assert combine(a="a{b:c}", b=broken, c="c{b:c}") == ["a{b:c}", broken, "c{b:c}"]

    def test_a_namespace_holds_for_one_file(self, combine):
        sheet = "@namespace svg url(http://www.w3.org/2000/svg);svg|a{b:c}"
        assert combine(a="a{b:c}", b=sheet, c="c{b:c}") == ["a{b:c}", sheet, "c{b:c}"]

    def test_charsets_and_marks(self, combine):
        assert combine(a='@charset "utf-8";a{b:"é"}', b='@charset "utf-8";b{b:c}') == [
            '@charset "utf-8";a{b:"é"}\nb{b:c}'
        ]
        assert combine(d="\ufeffd{b:c}", e="e{b:c}") == ["d{b:c}\ne{b:c}"]

    def test_an_unknown_encoding_stays_alone(self, site):
        site.write("a.css", "a{b:c}", 5)
        site.write("b.css", 'b{b:"é"}'.encode("latin-1"), 5)
        html = site.slimall("<link rel=stylesheet href=/a.css><link rel=stylesheet href=/b.css>")
        names = ("/a.5.css", "/b.nocharset.5.css")
        assert html == "".join(f'<link rel=stylesheet href="{name}">' for name in names)
        assert (site.media / "b.nocharset.5.css").read_bytes() == 'b{b:"é"}'.encode("latin-1")


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", b""),
        (b"\xef\xbb\xbf", b"\xef\xbb\xbf"),
        (b"\xef\xbb\xbfa{b:url(i.png)}", b"\xef\xbb\xbfa{b:url(i.4.png)}"),
        (b"a{c:'\xe9';b:url(i.png)}", b"a{c:'\xe9';b:url(i.4.png)}"),
        (
            b"@charset \"iso-8859-1\";a{c:'\xe9';b:url(i.png)}",
            b"@charset \"utf-8\";a{c:'\xc3\xa9';b:url(i.4.png)}",
        ),
        (b'@charset "no-such-thing";a{b:url(i.png)}', b'@charset "no-such-thing";a{b:url(i.4.png)}'),
        (b"a{\r\nb:url(i.png)}\r\n", b"a{\r\nb:url(i.4.png)}\r\n"),
        (b"\0\xff\xfe", b"\0\xff\xfe"),
    ],
)
def test_text_around_a_reference_is_kept(site, data, expected):
    site.write("i.png", "", 4)
    site.write("a.css", data, 5)
    url = django_static.staticfile("/a.css")
    assert (site.media / url.lstrip("/")).read_bytes() == expected
    assert django_static.slimfile("/a.css").endswith(".css")


@pytest.mark.parametrize("tag", ["slimfile", "staticfile"])
@pytest.mark.parametrize("prefix", ["", "/cache"])
@pytest.mark.parametrize(
    "end", ["url(../img/i.png", "url( ../img/i.png \n", "url('../img/i.png", 'url("../img/i.png"', "url("]
)
def test_a_sheet_that_ends_inside_a_url(site, settings, tmp_path, warned, tag, prefix, end):
    """A browser takes the end of a style sheet for all that is missing."""
    site.write("img/i.png", "picture", 5)
    site.write("css/a.css", f"p {{ color : red; background: {end}", 6)
    folder = site.media
    if prefix:
        settings.DJANGO_STATIC_SAVE_PREFIX = folder = tmp_path / "out"
        settings.DJANGO_STATIC_NAME_PREFIX = prefix
    url = site.render(f"{{% {tag} '/css/a.css' %}}")
    assert url == f"{prefix}/css/a.6.css"
    published = css.references(site.text(url.removeprefix(prefix), folder))
    assert [each.url for each in published] == ["../img/i.5.png"] * (end != "url(")
    assert (folder / "img/i.5.png").exists() == (end != "url(")
    other = site.slimall("<link rel=stylesheet href=/css/a.css><link rel=stylesheet href=/css/a.css>")
    assert other.count("<link") == 2, "nothing can come behind it in one file"
