"""Blocks of HTML: what is combined, what stays apart, and that all else is left as it was."""

from __future__ import annotations

import pytest

A, B, C = (f'<link rel="stylesheet" href="/{name}.css">' for name in "abc")
X, Y, Z = (f'<script src="/{name}.js"></script>' for name in "xyz")
AB = '<link rel="stylesheet" href="/a_b.5.css">'
XY = '<script src="/x_y.5.js"></script>'
ONE = {
    name: html.replace(f"/{name}.", f"/{name}.5.")
    for name, html in zip("abcxyz", (A, B, C, X, Y, Z), strict=True)
}


@pytest.fixture
def files(site):
    for name in "abc":
        site.write(f"{name}.css", f".{name} {{ color : red }}", 5)
    for name in "xyz":
        site.write(f"{name}.js", f"var {name} = 1 ;", 5)
    return site


def link(attributes: str, name: str = "a") -> str:
    return f'<link rel="stylesheet" href="/{name}.css"{attributes}>'


def script(attributes: str, name: str = "x") -> str:
    return f'<script src="/{name}.js"{attributes}></script>'


def test_the_example_of_the_source(site):
    site.write("css/screen.css", "body { color : red }", 1269174100)
    site.write("css/typo.css", "p { color : blue }", 1269174558)
    site.write("css/print.css", "p { display : none }", 1269178381)
    html = site.slimall(
        '\n<link rel="stylesheet" href="/css/screen.css" />\n<link rel="stylesheet" href="/css/typo.css" />\n'
        '<link rel="stylesheet" href="/css/print.css" media="print" />\n'
    )
    assert html == (
        '\n<link rel="stylesheet" href="/css/screen_typo.1269174558.css" />\n'
        '<link rel="stylesheet" href="/css/print.1269178381.css" media="print" />\n'
    )
    assert site.text("/css/screen_typo.1269174558.css") == "body{color:red}\np{color:blue}"
    assert site.text("/css/print.1269178381.css") == "p{display:none}"


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        pytest.param(A + B, AB, id="two"),
        pytest.param(A + "\n  " + B + "\n", AB + "\n", id="white space"),
        pytest.param(B + A, '<link rel="stylesheet" href="/b_a.5.css">', id="document order"),
        pytest.param(A + A, '<link rel="stylesheet" href="/a_a.5.css">', id="the same twice"),
        pytest.param(A, ONE["a"], id="one"),
        pytest.param(X + Y + Z, '<script src="/x_y_z.5.js"></script>', id="scripts"),
        pytest.param(A + X + B, ONE["a"] + ONE["x"] + ONE["b"], id="a script between links"),
        pytest.param(A + B + X + Y, AB + XY, id="links, then scripts"),
        pytest.param(
            A + "<style>p{}</style>" + B, ONE["a"] + "<style>p{}</style>" + ONE["b"], id="inline style"
        ),
        pytest.param(
            X + "<script>go()</script>" + Y, ONE["x"] + "<script>go()</script>" + ONE["y"], id="inline script"
        ),
        pytest.param(A + "text" + B, ONE["a"] + "text" + ONE["b"], id="text"),
        pytest.param(A + "&nbsp;" + B, ONE["a"] + "&nbsp;" + ONE["b"], id="entity"),
        pytest.param(A + "<!-- why -->" + B, AB + "<!-- why -->", id="comment"),
        pytest.param(
            A + "\n<!-- why -->\n" + B + "\n", AB + "\n<!-- why -->\n", id="comment and white space"
        ),
        pytest.param(
            A + "<!--[if IE]>" + C + "<![endif]-->" + B,
            ONE["a"] + "<!--[if IE]>" + C + "<![endif]-->" + ONE["b"],
            id="conditional comment",
        ),
        pytest.param(
            A + "<!--[if !IE]><!-->" + B + "<!--<![endif]-->" + C,
            ONE["a"] + "<!--[if !IE]><!-->" + ONE["b"] + "<!--<![endif]-->" + ONE["c"],
            id="conditional comment that others see",
        ),
        pytest.param(
            A + "<!--[if !IE]> -->" + B + "<!-- <![endif]-->" + C,
            ONE["a"] + "<!--[if !IE]> -->" + ONE["b"] + "<!-- <![endif]-->" + ONE["c"],
            id="conditional comment that others see, with blanks",
        ),
        pytest.param(
            A + '<!--#include virtual="/b.html" -->' + B,
            ONE["a"] + '<!--#include virtual="/b.html" -->' + ONE["b"],
            id="something from the server",
        ),
        pytest.param(A + "<![x[y]]>" + B, ONE["a"] + "<![x[y]]>" + ONE["b"], id="section of no known kind"),
        pytest.param(A + "<![x[y]]", ONE["a"] + "<![x[y]]", id="section that never ends"),
        pytest.param(A + "<!-- # [if] -->" + B, AB + "<!-- # [if] -->", id="comment that begins oddly"),
        pytest.param(
            A + "<![if !IE]>" + B + "<![endif]>",
            ONE["a"] + "<![if !IE]>" + ONE["b"] + "<![endif]>",
            id="revealed",
        ),
        pytest.param(
            "<noscript>" + A + "</noscript>" + B,
            "<noscript>" + ONE["a"] + "</noscript>" + ONE["b"],
            id="noscript",
        ),
        pytest.param(
            "<textarea>" + A + "</textarea>", "<textarea>" + A + "</textarea>", id="text of a textarea"
        ),
        pytest.param("<!-- " + A + " -->", "<!-- " + A + " -->", id="commented out"),
        pytest.param("<script>'" + A + "'</script>", "<script>'" + A + "'</script>", id="string in a script"),
        pytest.param("<meta charset=utf-8>" + A, "<meta charset=utf-8>" + ONE["a"], id="other elements"),
        pytest.param("", "", id="empty"),
        pytest.param("<p>no links</p>", "<p>no links</p>", id="nothing to do"),
        pytest.param(
            "<link rel=stylesheet href=/a.css>", '<link rel=stylesheet href="/a.5.css">', id="no quotes"
        ),
        pytest.param(
            "<LINK REL='Stylesheet' HREF='/a.css'>",
            "<LINK REL='Stylesheet' HREF=\"/a.5.css\">",
            id="capitals",
        ),
        pytest.param(
            "<link\n href = '/a.css'\n rel=stylesheet>",
            '<link\n href = "/a.5.css"\n rel=stylesheet>',
            id="lines",
        ),
        pytest.param(
            "<link rel=stylesheet href=/a.css href=/b.css>",
            '<link rel=stylesheet href="/a.5.css" href=/b.css>',
            id="attribute twice",
        ),
        pytest.param("<link rel=icon href=/a.css>", "<link rel=icon href=/a.css>", id="icon"),
        pytest.param(
            "<link rel=preload as=image href=/a.css>", "<link rel=preload as=image href=/a.css>", id="preload"
        ),
        pytest.param(link(' type="text/less"'), link(' type="text/less"'), id="less"),
        pytest.param(script(' type="text/template"'), script(' type="text/template"'), id="template"),
        pytest.param('<script src="/x.js">', '<script src="/x.js">', id="script that never ends"),
        pytest.param(
            "<script src></script>" + A, "<script src></script>" + ONE["a"], id="src without a value"
        ),
        pytest.param(
            '<link rel="stylesheet" href="https://cdn.example.com/q.css">' + A,
            '<link rel="stylesheet" href="https://cdn.example.com/q.css">' + ONE["a"],
            id="another host",
        ),
    ],
)
def test_what_is_combined(files, html, expected):
    assert files.slimall(html) == expected


@pytest.mark.parametrize(
    ("first", "second", "together"),
    [
        ("", "", True),
        ("", ' type="text/css"', True),
        (' media="print"', ' media="print"', True),
        (' media="print"', "", False),
        (' media="print"', ' media="screen"', False),
        (' nonce="q"', ' nonce="q"', True),
        (' nonce="q"', ' nonce="r"', False),
        (" crossorigin", " crossorigin", True),
        (' data-a="1"', ' data-a="2"', False),
        (' data-a="1" media="all"', ' media="all" data-a="1"', True),
        (' id="q"', ' id="q"', False),
        (' onload="go()"', ' onload="go()"', False),
        (' integrity="sha256-q"', ' integrity="sha256-q"', False),
        (' title="blue"', ' title="red"', False),
        (" disabled", "", False),
    ],
)
def test_links_with_the_same_attributes(files, first, second, together):
    html = files.slimall(link(first, "a") + link(second, "b"))
    if together:
        assert html == link(first, "a").replace("/a.css", "/a_b.5.css")
    else:
        assert html == link(first, "a").replace("/a.", "/a.5.") + link(second, "b").replace("/b.", "/b.5.")


@pytest.mark.parametrize(
    ("first", "second", "together"),
    [
        ("", "", True),
        ("", ' type="text/javascript"', True),
        (" defer", " defer", True),
        (" async", " async", True),
        (" async", " defer", False),
        ("", " defer", False),
        (" nomodule", " nomodule", True),
        (' type="module"', ' type="module"', False),
        (' type="module"', "", False),
        (' crossorigin="anonymous"', "", False),
    ],
)
def test_scripts_of_the_same_kind(files, first, second, together):
    html = files.slimall(script(first, "x") + script(second, "y"))
    if together:
        assert html == script(first, "x").replace("/x.js", "/x_y.5.js")
    else:
        assert html == script(first, "x").replace("/x.", "/x.5.") + script(second, "y").replace(
            "/y.", "/y.5."
        )


@pytest.mark.parametrize("mode", ["async", "defer"])
def test_async_and_defer_of_the_tag(files, mode):
    html = files.render("{% slimall " + mode + " %}" + X + Y + script(" defer", "z") + A + "{% endslimall %}")
    assert html == f'<script {mode} src="/x_y.5.js"></script>' + script(" defer", "z.5") + ONE["a"]


def test_staticall_combines_without_minifying(files):
    assert files.render("{% staticall %}" + A + B + "{% endstaticall %}") == AB
    assert files.text("/a_b.5.css") == ".a { color : red }\n.b { color : red }"


def test_a_missing_file_stays_and_splits(files, warned):
    missing = '<link rel="stylesheet" href="/no.css">'
    assert files.slimall(A + missing + B) == ONE["a"] + missing + ONE["b"]
    assert files.slimall(A + missing + B) == ONE["a"] + missing + ONE["b"]
    assert len(warned()) == 1
    assert "/no.css" in warned()[0]
    assert "slimall" in warned()[0]


def test_a_hash_in_the_page_keeps_the_bytes(files):
    html = files.slimall(script(' integrity="sha256-q"'))
    assert html == '<script src="/x.5.js" integrity="sha256-q"></script>'
    assert files.text("/x.5.js") == "var x = 1 ;"


def test_a_hash_and_another_folder_leave_a_style_sheet_alone(files):
    files.settings.DJANGO_STATIC_NAME_PREFIX = "/q"
    assert files.slimall(link(' integrity="sha256-q"')) == link(' integrity="sha256-q"')


def test_ampersands_in_attributes(site):
    site.write("a&b.css", "a{b:c}", 5)
    assert (
        site.slimall('<link rel=stylesheet href="/a&amp;b.css">')
        == '<link rel=stylesheet href="/a%26b.5.css">'
    )


def test_links_made_by_the_static_tag(site, tmp_path):
    folder = tmp_path / "assets"
    (folder / "css").mkdir(parents=True)
    (folder / "css/a.css").write_text(".a{b:c}")
    (folder / "css/b.css").write_text(".b{b:c}")
    site.settings.STATICFILES_DIRS = [str(folder)]
    site.settings.STATIC_ROOT = str(tmp_path / "collected")
    _forget_finders()
    html = site.slimall(
        "<link rel=stylesheet href=\"{% static 'css/a.css' %}\"><link rel=stylesheet href=\"{% static 'css/b.css' %}\">"
    )
    assert html.startswith('<link rel=stylesheet href="/static/css/a_b.')
    url = html.split('"')[1]
    assert site.text(url.removeprefix("/static"), tmp_path / "collected") == ".a{b:c}\n.b{b:c}"
    _forget_finders()


def _forget_finders() -> None:
    from django.contrib.staticfiles.finders import get_finder

    get_finder.cache_clear()


def test_a_changing_nonce_does_not_read_the_files_again(files, monkeypatch):
    first = files.slimall(link(' nonce="1"'))
    (files.media / "a.css").unlink()
    assert files.slimall(link(' nonce="2"')) == first.replace('"1"', '"2"')


def test_media_url_always(files):
    files.settings.DJANGO_STATIC = False
    files.settings.DJANGO_STATIC_MEDIA_URL = "//static.example.com"
    assert files.render('{% staticfile "/a.css" %}') == "/a.css"
    files.settings.DJANGO_STATIC_MEDIA_URL_ALWAYS = True
    assert files.render('{% staticfile "/a.css" %}') == "//static.example.com/a.css"
    assert (
        files.render('{% slimfile "/a.css;/b.css" %}')
        == "//static.example.com/a.css;//static.example.com/b.css"
    )
    assert files.render('{% staticfile "//x/a.css" %}') == "//x/a.css"
    assert files.slimall(A + X) == A.replace("/a", "//static.example.com/a") + X.replace(
        "/x", "//static.example.com/x"
    )


class TestNames:
    def test_a_long_name_is_cut_and_stays_one_of_its_own(self, site):
        names = [f"component-number-{number}" for number in range(6)]
        for name in names:
            site.write(f"{name}.css", f".{name}{{b:c}}", 5)
        urls = set()
        for count in range(3, 7):
            html = site.slimall(
                "".join(f'<link rel=stylesheet href="/{name}.css">' for name in names[:count])
            )
            urls.add(html.split('"')[1])
        assert len(urls) == 4
        assert all(len(url.split("/")[-1].split(".")[0]) <= 40 for url in urls)

    def test_the_length_is_a_setting(self, files):
        files.settings.DJANGO_STATIC_NAME_MAX_LENGTH = 16
        files.write("aaaaaaaaaaaaaaaaaa.css", "a{b:c}", 5)
        html = files.slimall(A + '<link rel="stylesheet" href="/aaaaaaaaaaaaaaaaaa.css">')
        stem = html.split("/")[-1].split(".")[0]
        assert len(stem) == 16
        assert stem.startswith("a_aaaaa-")

    def test_bundles_with_the_same_stems_do_not_collide(self, site):
        site.write("a.css", ".a{b:c}", 5)
        site.write("b_c.css", ".b_c{b:c}", 5)
        site.write("a_b.css", ".a_b{b:c}", 5)
        site.write("c.css", ".c{b:c}", 5)
        site.write("a_b_c.css", ".alone{b:c}", 5)
        urls = [
            site.slimall("".join(f'<link rel=stylesheet href="/{name}.css">' for name in names)).split('"')[1]
            for names in (("a", "b_c"), ("a_b", "c"), ("a_b_c",))
        ]
        assert urls[0] == "/a_b_c.5.css"
        assert [site.text(url) for url in urls] == [".a{b:c}\n.b_c{b:c}", ".a_b{b:c}\n.c{b:c}", ".alone{b:c}"]

    def test_parts_from_several_folders(self, site):
        site.write("css/deep/a.css", "a{background:url(i.png)}", 5)
        site.write("css/deep/i.png", "", 4)
        site.write("css/b.css", "b{background:url(deep/i.png)}", 6)
        html = site.slimall(
            '<link rel=stylesheet href="/css/deep/a.css"><link rel=stylesheet href="/css/b.css">'
        )
        assert html == '<link rel=stylesheet href="/css/a_b.6.css">'
        assert site.text("/css/a_b.6.css") == (
            "a{background:url(deep/i.4.png)}\nb{background:url(deep/i.4.png)}"
        )

    def test_generators(self, files):
        files.settings.DJANGO_STATIC_FILENAME_GENERATOR = "static_test_helpers.by_version"
        files.settings.DJANGO_STATIC_COMBINE_FILENAMES_GENERATOR = "static_test_helpers.all_in_one"
        assert files.slimall(A) == A.replace("/a.", "/a-v5.")
        assert files.slimall(A + B) == A.replace("/a.css", "/bundles/a%2Bb.css")
        assert files.text("/bundles/a+b.css") == ".a{color:red}\n.b{color:red}"

    def test_a_generator_may_not_leave_the_folder(self, files, warned):
        files.settings.DJANGO_STATIC_FILENAME_GENERATOR = "static_test_helpers.to_parent"
        assert files.slimall(A) == A
        assert "without '..'" in warned()[0]

    def test_a_file_of_the_site_is_never_overwritten(self, site):
        site.write("a.css", "a { b : c }", 5)
        site.write("a.5.css", "precious", 5)
        html = site.slimall(A)
        assert site.text("a.5.css") == "precious"
        assert site.text(html.split('"')[3]) == "a{b:c}"


def test_a_single_file_keeps_its_query(site):
    site.write("/a.js", "document.currentScript.src", 5)
    site.write("/b.js", "b()", 5)
    html = '<script src="/a.js?x=1&amp;y=2#z"></script>'
    assert site.slimall(html) == '<script src="/a.5.js?x=1&amp;y=2#z"></script>'
    pair = '<link rel="stylesheet" href="/a.css?x=1"><link rel="stylesheet" href="/b.css?x=2">'
    site.write("/a.css", "a{}", 5)
    site.write("/b.css", "b{}", 5)
    assert site.slimall(pair) == '<link rel="stylesheet" href="/a_b.5.css">'
