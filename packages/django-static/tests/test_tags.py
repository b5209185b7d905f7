"""The five tags on one file: names, off, on, as, several names, bad arguments."""

from __future__ import annotations

import os

import pytest
from django.template import TemplateSyntaxError

import django_static
from django_static import answers, resolver
from django_static import lazy as lazy_module

LOGO = 1269170122


def test_staticfile_prints_the_name_with_the_mtime(site):
    site.write("img/logo.png", b"\x89PNG", LOGO)
    html = site.render('<img src="{% staticfile "/img/logo.png" %}">')
    assert html == '<img src="/img/logo.1269170122.png">'
    assert (site.media / "img/logo.1269170122.png").read_bytes() == b"\x89PNG"


def test_slimfile_prints_a_minified_copy(site):
    site.write("js/site.js", "function a() {\n  return 1;\n}\n", 1269198161)
    assert site.render('{% slimfile "/js/site.js" %}') == "/js/site.1269198161.js"
    assert site.text("/js/site.1269198161.js") == "function a(){return 1}"


@pytest.mark.parametrize(
    ("name", "url"),
    [
        ("/a.css", "/a.7.css"),
        ("/css/deep/er/a.css", "/css/deep/er/a.7.css"),
        ("/js/jquery.min.js", "/js/jquery.min.7.js"),
        ("/LICENSE", "/LICENSE.7"),
        ("/img/a b.png", "/img/a%20b.7.png"),
        ("/img/a%20b.png", "/img/a%20b.7.png"),
        ("/img/é.png", "/img/%C3%A9.7.png"),
        ("/font.eot?#iefix", "/font.7.eot?#iefix"),
        ("/sprite.svg#icon", "/sprite.7.svg#icon"),
        ("rel/a.png", "rel/a.7.png"),
        ("/media/up/a.png", "/media/up/a.7.png"),
    ],
)
def test_names(site, name, url):
    plain = name.split("?")[0].split("#")[0].replace("%20", " ").removeprefix("/media")
    site.write(plain, "", 7)
    assert django_static.staticfile(name) == url


@pytest.mark.parametrize("value", [False, None, 0])
def test_off_prints_what_was_given_and_writes_nothing(site, value):
    site.settings.DJANGO_STATIC = value
    site.write("a.css", "a { b : c }")
    before = site.published()
    html = site.render(
        '{% staticfile "/a.css" %} {% slimfile "/a.css" %} {% staticfile "/no.css" %}'
        '{% staticall %}<link rel="stylesheet" href="/a.css">{% endstaticall %}'
        '{% slimall async %}<script src="/x.js"></script>{% endslimall %}{% slimcontent %} a { b : c } {% endslimcontent %}'
    )
    assert html == (
        '/a.css /a.css /no.css<link rel="stylesheet" href="/a.css"><script src="/x.js"></script> a { b : c } '
    )
    assert site.published() == before
    assert list(site.root.rglob(".django-static")) == []


def test_off_unless_set(site):
    del site.settings.DJANGO_STATIC
    site.write("a.css")
    assert django_static.slimfile("/a.css") == "/a.css"


def test_off_reads_nothing(site, monkeypatch):
    site.settings.DJANGO_STATIC = False
    site.write("a.css")
    template = '{% staticfile "/a.css" %}{% slimall %}<link rel="stylesheet" href="/a.css">{% endslimall %}'
    site.render(template)

    def fail(*args, **kwargs):
        raise AssertionError("the disk was touched")

    for name in ("stat", "open", "listdir", "scandir"):
        monkeypatch.setattr(os, name, fail)
    expected = '/a.css<link rel="stylesheet" href="/a.css">'
    result = site.render(template)
    monkeypatch.undo()
    assert result == expected


def test_a_variable_and_a_filter(site):
    site.write("a.png", "", 5)
    assert site.render("{% staticfile name %}", name="/a.png") == "/a.5.png"
    assert site.render('{% staticfile name|add:".png" %}', name="/a") == "/a.5.png"


@pytest.mark.parametrize("value", [None, "", "missing"])
def test_a_variable_without_a_name_prints_nothing(site, value):
    context = {} if value == "missing" else {"name": value}
    assert site.render("[{% staticfile name %}]", **context) == "[]"


def test_as_puts_the_url_into_a_variable(site):
    site.write("a.png", "", 5)
    assert site.render('{% staticfile "/a.png" as logo %}[{{ logo }}]') == "[/a.5.png]"
    assert site.render('{% slimfile "/a.png" as logo %}[{{ logo }}]') == "[/a.5.png]"


def test_several_names_become_one_file(site):
    site.write("js/a.js", "var a = 1", 5)
    site.write("js/b.js", "var b = 2 // end", 9)
    assert site.render('{% staticfile "/js/a.js;/js/b.js" %}') == "/js/a_b.9.js"
    assert site.text("/js/a_b.9.js") == "var a = 1;\nvar b = 2 // end\n;\n"


def test_several_names_leave_out_a_missing_one(site, warned):
    site.write("js/a.js", "var a = 1", 5)
    assert site.render('{% staticfile "/js/a.js;/js/no.js" %}') == "/js/a.5.js"
    assert len(warned()) == 1
    assert "/js/no.js" in warned()[0]


def test_several_names_of_different_kinds_stay_as_given(site, warned):
    site.write("a.js")
    site.write("b.css")
    assert site.render('{% staticfile "/a.js;/b.css" %}') == "/a.js;/b.css"
    assert "cannot be one file" in warned()[0]


def test_several_names_that_would_better_stay_apart_warn(site, warned):
    site.write("a.js", "'use strict'; let q = 1", 5)
    site.write("b.js", "let r = 2", 5)
    assert site.render('{% staticfile "/a.js;/b.js" %}') == "/a_b.5.js"
    assert "although only one of them is strict" in warned()[0]


def test_python_functions(site):
    site.write("a.css", "a { b : c }", 5)
    assert django_static.staticfile("/a.css") == "/a.5.css"
    assert site.text("/a.5.css") == "a { b : c }"
    slim = django_static.slimfile("/a.css")
    assert slim != "/a.5.css", "one name must not stand for two contents"
    assert site.text(slim) == "a{b:c}"


def test_urls_are_escaped_for_html_unless_told_otherwise(site):
    site.write("a.png", "", 5)
    name = '/a.png?"<b>&'
    assert site.render("{% staticfile name %}", name=name) == "/a.5.png?&quot;&lt;b&gt;&amp;"
    assert (
        site.render("{% autoescape off %}{% staticfile name %}{% endautoescape %}", name=name)
        == '/a.5.png?"<b>&'
    )
    assert site.render("{% staticfile name %}", name='/no"<script>') == "/no&quot;&lt;script&gt;"
    site.settings.DJANGO_STATIC = False
    assert site.render("{% staticfile name %}", name='"<script>') == "&quot;&lt;script&gt;"


@pytest.mark.parametrize(
    ("tag", "named"),
    [
        ("{% staticfile %}", "staticfile"),
        ('{% slimfile "/a" "/b" %}', "slimfile"),
        ('{% staticfile "/a" as %}', "staticfile"),
        ('{% staticfile "/a" as 1x %}', "1x"),
        ('{% staticfile "/a" in x %}', "in x"),
        ("{% slimall sync %}{% endslimall %}", "sync"),
        ("{% staticall async defer %}{% endstaticall %}", "defer"),
        ('{% slimcontent "xml" %}{% endslimcontent %}', "xml"),
        ("{% slimcontent css js %}{% endslimcontent %}", "js"),
    ],
)
def test_bad_arguments_name_tag_and_line(site, tag, named):
    with pytest.raises(TemplateSyntaxError) as caught:
        site.render("\n\n" + tag)
    assert named in str(caught.value)
    assert tag.split()[1] in str(caught.value)
    assert "line 3" in str(caught.value)


@pytest.mark.parametrize("kind", ["", " js", ' "js"', " 'js'"])
def test_slimcontent(site, kind):
    template = (
        "{% slimcontent" + kind + " %}window.onload = function() {\n   dostuff();\n};{% endslimcontent %}"
    )
    assert site.render(template) == "window.onload=function(){dostuff()};"


@pytest.mark.parametrize(
    ("kind", "text", "slim"),
    [
        ("js", "foo();", "foo();"),
        ("js", "foo ( ) ; // done", "foo();"),
        ("js", "foo ( ) /* done */ ; /* so */", "foo();"),
        ("js", "var a = 1\n", "var a=1\n"),
        ("js", "if (a) { b() }", "a&&b();"),
        ("js", "function f ( ) { }", "function f(){}"),
        ("js", 'x = "http://a.b;c"', 'x="http://a.b;c"'),
        ("js", "foo ( )", "foo()"),
        ("css", '@import "x.css" ;', '@import "x.css";'),
        ("css", "a { b : c ; }", "a{b:c}"),
    ],
)
def test_slimcontent_ends_as_the_text_does(site, kind, text, slim):
    assert site.render("{% slimcontent " + kind + " %}" + text + "{% endslimcontent %}") == slim


@pytest.mark.parametrize(
    "text",
    [
        '[1, {"a": 2}]',
        "{}",
        '{"@context": "x",  "b": [1]}',
        "[]",
        "Tom & Jerry <3",
        "one, two",
        '"a"  b',
        " {\n} ",
        '{"a": 1}\n{"b": [2]}\n',
        "[1]\n[2]",
        '{"a": 1}  {"b": 2}',
        "<!--[if IE]> a=1 <![endif]-->",
        "<!--\nfoo();\n--> <p>x</p>",
    ],
)
def test_slimcontent_leaves_data_and_prose_alone(site, text):
    assert site.render("{% slimcontent %}" + text + "{% endslimcontent %}") == text


@pytest.mark.parametrize(
    ("content", "slim"),
    [
        ("a > b { color : red ; }", "a>b{color:red}"),
        ("<p class='a'>x   y</p>", "<p class='a'>x y</p>"),
        ("<script>\n var a  =  1 ;\n</script>", "<script>var a=1</script>"),
        ("<style> a { b : c } </style>", "<style>a{b:c}</style>"),
        ("", ""),
        ("  \n ", "  \n "),
        ("neither of them, really", "neither of them, really"),
        ("<!-- nav --><p class='a'>  x  </p>", "<p class='a'> x </p>"),
        ("<!--\nfoo ( );\n//-->", "foo();"),
        ("a\n{ b: c }", "a\n{ b: c }"),  # a rule, or a labelled statement
    ],
)
def test_slimcontent_guesses(site, content, slim):
    assert site.render("{% slimcontent %}" + content + "{% endslimcontent %}") == slim


def test_slimcontent_says_why_it_left_something_alone(site, warned):
    site.settings.DJANGO_STATIC_MINIFIERS = {"js": "static_test_helpers.broken"}
    html = site.render("{% slimcontent js %}var a = 1{% endslimcontent %}")
    assert html.endswith("\nvar a = 1")
    assert html.startswith("/* django-static: not minified: ")
    assert "</script" not in html
    assert html.count("*/") == 1
    assert len(warned()) == 1


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("js", '{"a": 1}'),
        ("", '{"a": 1,}'),
        ("js", '{"a": 1}\n{"b": 2}'),
        ("js", '"a" 1'),
    ],
)
def test_slimcontent_puts_no_comment_before_what_may_be_data(site, warned, kind, text):
    assert site.render("{% slimcontent " + kind + " %}" + text + "{% endslimcontent %}") == text
    assert len(warned()) == 1


def test_a_missing_file_prints_what_was_given_and_warns_once(site, warned):
    template = '\n{% staticfile "/img/no.png" %}'
    assert site.render(template) == "\n/img/no.png"
    assert site.render(template) == "\n/img/no.png"
    assert len(warned()) == 1
    for part in ("/img/no.png", "line 2", "staticfile", str(site.media)):
        assert part in warned()[0]


def test_a_warning_names_the_template(site, tmp_path, warned):
    folder = tmp_path / "templates"
    folder.mkdir()
    (folder / "page.html").write_text('{% load django_static %}{% staticfile "/no.png" %}')
    from django.template import Context, Engine

    engine = Engine(dirs=[folder], libraries={"django_static": "django_static.templatetags.django_static"})
    engine.get_template("page.html").render(Context())
    assert "page.html, line 1" in warned()[0]


def test_another_host_is_left_alone_without_a_word(site, warned):
    for name in ("https://cdn.example.com/a.js", "//cdn.example.com/a.js", "data:text/css,a{b:c}"):
        assert django_static.slimfile(name) == name
    assert warned() == []


def test_a_name_is_settled_after_the_first_render(site, monkeypatch):
    path = site.write("a.png", "one", 5)
    template = '{% staticfile "/a.png" %}{% slimall %}<link rel="stylesheet" href="/b.css">{% endslimall %}'
    site.write("b.css", "a{b:c}", 5)
    first = site.render(template)
    path.unlink()
    (site.media / "b.css").unlink()
    real = os.stat

    def watched(path, *args, **kwargs):
        assert str(site.media) not in str(path), "a settled file was looked at"
        return real(path, *args, **kwargs)

    monkeypatch.setattr(os, "stat", watched)
    assert site.render(template) == first


def test_a_restart_looks_again(site):
    site.write("a.png", "one", 5)
    assert django_static.staticfile("/a.png") == "/a.5.png"
    site.write("a.png", "two", 8)
    assert django_static.staticfile("/a.png") == "/a.5.png"
    site.restart()
    assert django_static.staticfile("/a.png") == "/a.8.png"
    assert site.text("/a.8.png") == "two"


def test_a_missing_file_is_found_after_a_while(site):
    now = [0.0]
    site.restart()
    lazy = lazy_module.Lazy(resolver.current()._pipeline, recheck=False, clock=lambda: now[0])
    assert lazy.file("/a.png", False).url == "/a.png"
    site.write("a.png", "", 5)
    assert lazy.file("/a.png", False).url == "/a.png"
    now[0] += lazy_module.RETRY_SECONDS + 1
    assert lazy.file("/a.png", False).url == "/a.5.png"


def test_debug_rechecks_and_replaces(site):
    site.settings.DEBUG = True
    site.write("a.js", "var a = 1 ;", 5)
    template = '{% slimfile "/a.js" %}'
    assert site.render(template) == "/a.5.js"
    site.write("a.js", "var a = 2 ;", 8)
    assert site.render(template) == "/a.8.js"
    assert site.published() == ["a.8.js", "a.js"]
    (site.media / "a.js").unlink()
    assert site.render(template) == "/a.js"


def test_debug_sees_a_changed_image_of_a_style_sheet(site):
    site.settings.DEBUG = True
    site.write("a.css", "a{background:url(i.png)}", 5)
    site.write("i.png", "one", 6)
    assert site.render('{% staticfile "/a.css" %}') == "/a.6.css"
    site.write("i.png", "two", 9)
    url = site.render('{% staticfile "/a.css" %}')
    assert url == "/a.9.css"
    assert site.text(url) == "a{background:url(i.9.png)}"


def test_two_states_within_a_second_get_two_names(site):
    site.write("a.js", "var a = 1 ;", 5.25)
    first = django_static.slimfile("/a.js")
    site.write("a.js", "var a = 2 ;", 5.75)
    site.restart()
    second = django_static.slimfile("/a.js")
    assert first == "/a.5.js"
    assert first != second
    assert site.text(first) == "var a=1"
    assert site.text(second) == "var a=2"


def test_override_settings_takes_effect(site, settings):
    site.write("a.png", "", 5)
    assert django_static.staticfile("/a.png") == "/a.5.png"
    settings.DJANGO_STATIC = False
    assert django_static.staticfile("/a.png") == "/a.png"


def test_what_is_kept_in_memory_has_an_end(site):
    site.write("a.png", "", 5)
    lazy = resolver.current()
    for number in range(answers.MOST_KEPT + 10):
        lazy.file(f"/a.png?{number}", False)
    assert len(lazy._files[False]) <= answers.MOST_KEPT


def test_a_name_with_a_question_mark_is_written_as_in_a_url(site):
    site.write("/q?m.css", "a{}", 5)
    site.write("/h#m.png", "x", 5)
    assert django_static.slimfile("/q%3Fm.css") == "/q%3Fm.5.css"
    assert django_static.staticfile("/h%23m.png") == "/h%23m.5.png"
