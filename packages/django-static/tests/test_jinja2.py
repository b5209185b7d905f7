"""The tags and globals under Jinja2: Django's backend, plain and asynchronous environments, escaping, places in messages."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import jinja2
import pytest
from django.template import TemplateSyntaxError as DjangoTemplateSyntaxError
from django.template.backends.jinja2 import Jinja2

EXTENSION = "django_static.jinja2.StaticExtension"
LINKS = '<link rel="stylesheet" href="/css/a.css">\n<link rel="stylesheet" href="/css/b.css">'


def environment(templates=None, **options):
    options.setdefault("autoescape", True)
    return jinja2.Environment(extensions=[EXTENSION], loader=jinja2.DictLoader(templates or {}), **options)


def render(source, *, autoescape=True, templates=None, is_async=False, **context):
    template = environment(templates, autoescape=autoescape, enable_async=is_async).from_string(source)
    if is_async:
        return asyncio.run(template.render_async(**context))
    return template.render(**context)


@pytest.fixture
def styles(site):
    site.write("css/a.css", "a { b : c }", 5)
    site.write("css/b.css", "d { e : f }", 9)
    return site


@pytest.fixture(params=[False, True], ids=["sync", "async"])
def is_async(request):
    return request.param


def test_a_block_is_published_and_combined(styles, is_async):
    html = render(f"{{% slimall %}}{LINKS}{{% endslimall %}}", is_async=is_async)
    assert html == '<link rel="stylesheet" href="/css/a_b.9.css">'
    assert styles.text("/css/a_b.9.css") == "a{b:c}\nd{e:f}"


def test_staticall_does_not_minify(styles):
    assert render(f"{{% staticall %}}{LINKS}{{% endstaticall %}}").count("<link") == 1
    assert "b : c" in styles.text("/css/a_b.9.css")


@pytest.mark.parametrize("mode", ["async", "defer", '"defer"'])
def test_a_block_gives_scripts_its_mode(site, mode):
    site.write("a.js", "var a = 1", 5)
    html = render(f'{{% slimall {mode} %}}<script src="/a.js"></script>{{% endslimall %}}')
    plain = mode.strip('"')
    assert html == f'<script {plain} src="/a.5.js"></script>'


@pytest.mark.parametrize("argument", ["", " css", ' "css"', " 'css'"])
def test_slimcontent(site, argument, is_async):
    source = f"{{% slimcontent{argument} %}}a > b {{ color : red ; }}{{% endslimcontent %}}"
    assert render(source, is_async=is_async) == "a>b{color:red}"


def test_what_a_block_may_hold(styles, is_async):
    source = """
    {%- macro link(name) -%}<link rel="stylesheet" href="{{ name }}">{%- endmacro -%}
    {%- for group in groups -%}
      {%- slimall -%}
        {%- for name in group -%}{{ link(name) }}{%- if loop.last %}{% include "rest" %}{% endif -%}{%- endfor -%}
        {%- block more %}{% endblock -%}
        {%- set x = 1 -%}
      {%- endslimall -%}[{{ loop.index }}{{ x }}]
    {%- endfor -%}"""
    html = render(
        source,
        templates={"rest": "<!-- {{ group|length }} -->"},
        is_async=is_async,
        groups=[["/css/a.css", "/css/b.css"]],
    )
    assert html == '<link rel="stylesheet" href="/css/a_b.9.css"><!-- 2 -->[1]'


def test_blocks_of_templates_that_extend(styles):
    templates = {
        "base": "<head>{% slimall %}{% block css %}"
        + LINKS.split("\n")[0]
        + "{% endblock %}{% endslimall %}</head>",
        "page": '{% extends "base" %}{% slimall %}nowhere{% endslimall %}{% block css %}{{ super() }}'
        + LINKS.split("\n")[1]
        + "{% endblock %}",
    }
    html = environment(templates).get_template("page").render()
    assert html == '<head><link rel="stylesheet" href="/css/a_b.9.css"></head>'


@pytest.mark.parametrize(
    ("autoescape", "expected"),
    [(True, "/a.5.png?&#34;&lt;b&gt;&amp;"), (False, '/a.5.png?"<b>&')],
)
def test_urls_are_escaped_once(site, autoescape, expected, is_async):
    site.write("a.png", "", 5)
    name = '/a.png?"<b>&'
    source = '{{ staticfile(name) }}{% set url = slimfile(name) %} {{ url }} {{ staticfile(name) ~ "" }}'
    html = render(source, autoescape=autoescape, is_async=is_async, name=name)
    assert html == " ".join([expected] * 3)


def test_a_url_in_a_script_is_no_html(site):
    site.write("a.png", "", 5)
    assert render("{{ staticfile('/a.png?x&y')|tojson }}") == r'"/a.5.png?x\u0026y"'


@pytest.mark.parametrize("name", ["none", '""', "missing"])
def test_no_name_prints_nothing(site, name):
    assert render(f"[{{{{ staticfile({name}) }}}}{{{{ slimfile({name}) }}}}]") == "[]"


def test_slimfile_minifies(site):
    site.write("js/site.js", "function a() {\n  return 1;\n}\n", 7)
    assert render('{{ slimfile("/js/site.js") }}') == "/js/site.7.js"
    assert site.text("/js/site.7.js") == "function a(){return 1}"


def test_off_prints_what_was_given(site):
    site.settings.DJANGO_STATIC = False
    source = '{% slimall defer %}<script src="/x.js"></script>{% endslimall %}{{ staticfile("/a&.css") }}{{ slimfile("/b") }}'
    assert render(source) == '<script src="/x.js"></script>/a&amp;.css/b'
    assert site.published() == []


def test_a_block_without_autoescape(styles, is_async):
    assert render(
        f"{{% slimall %}}{LINKS}{{{{ '<' }}}}{{% endslimall %}}", autoescape=False, is_async=is_async
    ) == ('<link rel="stylesheet" href="/css/a_b.9.css"><')


def test_blocks_in_each_other(styles):
    source = '{% staticall %}{% slimcontent "css" %}a { }{% endslimcontent %}{% endstaticall %}'
    assert (
        render(source)
        == environment().from_string('{% slimcontent "css" %}a { }{% endslimcontent %}').render()
    )


def test_missing_files_are_warned_of_with_template_and_line(site, warned, is_async):
    templates = {
        "page.html": '\n\n{{ staticfile("/no.css") }}\n{{ slimfile("/no.js") }}\n'
        '{% slimall %}<link rel="stylesheet" href="/none.css">{% endslimall %}'
    }
    template = environment(templates, enable_async=is_async).get_template("page.html")
    html = asyncio.run(template.render_async()) if is_async else template.render()
    assert "/no.css\n/no.js\n" in html
    starts = [re.match(r"page\.html, line \d, \{% \w+ %\}: ", text).group() for text in warned()]
    assert starts == [
        "page.html, line 3, {% staticfile %}: ",
        "page.html, line 4, {% slimfile %}: ",
        "page.html, line 5, {% slimall %}: ",
    ]


def test_a_call_from_python_has_no_line(site, warned):
    from django_static.jinja2 import staticfile

    assert staticfile("/no.css") == "/no.css"
    assert warned()[0].startswith("staticfile: ")


@pytest.mark.parametrize(
    ("tag", "named"),
    [
        ("{% slimall sync %}{% endslimall %}", "'sync'"),
        ("{% staticall async defer %}{% endstaticall %}", "'defer'"),
        ('{% slimcontent "xml" %}{% endslimcontent %}', "'xml'"),
        ("{% slimcontent css js %}{% endslimcontent %}", "'js'"),
        ("{% slimall 1 %}{% endslimall %}", "'1'"),
        ("{% slimall %}", "endslimall"),
        ("{% slimall %}{% endstaticall %}", "endslimall"),
    ],
)
def test_bad_arguments_name_tag_and_line(tag, named):
    with pytest.raises(jinja2.TemplateSyntaxError) as caught:
        environment().from_string("\n\n" + tag)
    assert named in str(caught.value)
    assert tag.split()[1] in str(caught.value)
    assert caught.value.lineno == 3


def backend(tmp_path, **options):
    return Jinja2({"NAME": "jinja2", "DIRS": [tmp_path], "APP_DIRS": False, "OPTIONS": options})


README = (Path(__file__).parent.parent / "README.md").read_text("utf-8")


def test_the_readme(site, tmp_path):
    section = README.partition("## Jinja2\n")[2].partition("\n## ")[0]
    named = {"BASE_DIR": tmp_path}
    exec(re.search(r"```python\n(.*?)```", section, re.DOTALL)[1], named)
    (setting,) = named["TEMPLATES"]
    engine = Jinja2({"NAME": "j", "DIRS": setting["DIRS"], "APP_DIRS": False, "OPTIONS": setting["OPTIONS"]})
    assert setting["BACKEND"].endswith(".Jinja2")
    for name in ("css/screen.css", "css/typo.css", "js/site.js", "img/logo.png"):
        site.write(name, "a { margin: 0px }" if name.endswith(".css") else "1 + 1", 7)
    setting["DIRS"][0].mkdir()
    (setting["DIRS"][0] / "page.html").write_text(
        re.search(r"```jinja\n(.*?)```", section, re.DOTALL)[1], "utf-8"
    )
    assert engine.get_template("page.html").render().split("\n") == [
        "",
        '<link rel="stylesheet" href="/css/screen_typo.7.css">',
        "",
        "<style>h1{margin:0}</style>",
        '<img src="/img/logo.7.png">',
        '<script src="/js/site.7.js" defer></script>',
    ]


def made_by_the_project(**options):
    """What the setting ``environment`` of a project names."""
    made = jinja2.Environment(**options)
    made.add_extension(EXTENSION)
    return made


@pytest.mark.parametrize(
    "options", [{"extensions": [EXTENSION]}, {"environment": f"{__name__}.made_by_the_project"}]
)
def test_the_backend_of_django(styles, tmp_path, options, monkeypatch):
    if "environment" in options:
        monkeypatch.setattr("django.template.backends.jinja2.import_string", lambda name: made_by_the_project)
    folder = tmp_path / "templates"
    folder.mkdir()
    (folder / "page.html").write_text(
        f"{{% slimall %}}{LINKS}{{% endslimall %}}{{{{ staticfile(name) }}}}", "utf-8"
    )
    (folder / "bad.html").write_text("{% slimall what %}{% endslimall %}", "utf-8")
    engine = backend(folder, **options)
    html = engine.get_template("page.html").render({"name": "/a&b"})
    assert html == '<link rel="stylesheet" href="/css/a_b.9.css">/a&amp;b'
    with pytest.raises(DjangoTemplateSyntaxError, match="line 1: unexpected 'what'"):
        engine.get_template("bad.html")


def test_a_sandbox_and_a_bytecode_cache(styles, tmp_path):
    from jinja2.sandbox import SandboxedEnvironment

    for _ in range(2):
        sandbox = SandboxedEnvironment(
            extensions=[EXTENSION],
            loader=jinja2.DictLoader(
                {"a": f"{{% slimall %}}{LINKS}{{% endslimall %}}{{{{ slimfile('/css/a.css') }}}}"}
            ),
            bytecode_cache=jinja2.FileSystemBytecodeCache(str(tmp_path)),
        )
        html = sandbox.get_template("a").render()
        assert re.fullmatch(r'<link rel="stylesheet" href="/css/a_b\.9\.css">/css/a\.5\.css', html)


def test_other_extensions_may_stand_beside(styles):
    both = jinja2.Environment(extensions=["jinja2.ext.do", EXTENSION, "jinja2.ext.loopcontrols"])
    source = (
        "{% slimall %}{% for x in [1, 2] %}{% if x == 2 %}{% break %}{% endif %}"
        + LINKS
        + "{% endfor %}{% endslimall %}"
    )
    assert both.from_string(source).render() == '<link rel="stylesheet" href="/css/a_b.9.css">'
    overlay = both.overlay(autoescape=True)
    assert overlay.from_string("{{ staticfile('/&') }}").render() == "/&amp;"
