"""What the scan finds in Jinja2's templates."""

from __future__ import annotations

import jinja2
import pytest
from django.templatetags.static import static
from jinja2 import nodes
from jinja2.ext import Extension
from static_test_scans import NAMES, block, page_blocks, values

import django_static
from django_static.jinja2 import StaticExtension
from django_static.resolver import Place
from django_static.scan import Failure, Unknown, Use, scan
from django_static.scan.states import MOST_STATES

EXTENSION = "django_static.jinja2.StaticExtension"


def environment(templates, **options):
    options.setdefault("autoescape", True)
    options.setdefault("loader", jinja2.DictLoader(templates))
    made = jinja2.Environment(
        extensions=[EXTENSION, "jinja2.ext.do", "jinja2.ext.loopcontrols", "jinja2.ext.i18n"], **options
    )
    made.globals["static"] = static
    made.tests["mine"] = None
    return made


def scanned(*sources, **options):
    templates = dict(zip(NAMES, sources, strict=False))
    return scan([environment(templates, **options)])


def texts(*sources, **options):
    """The texts of the blocks of the page."""
    return page_blocks(scanned(*sources, **options))


@pytest.mark.parametrize(
    ("source", "use"),
    [
        ('{{ staticfile("/a.css") }}', Use(Place("page", 1, "staticfile"), "file", False, "/a.css")),
        (
            "\n\n{% set x = slimfile('/a.css;/b.css') %}",
            Use(Place("page", 3, "slimfile"), "file", True, "/a.css;/b.css"),
        ),
        (
            "{% staticall %} <b> {% endstaticall %}",
            Use(Place("page", 1, "staticall"), "block", False, " <b> "),
        ),
        (
            "\n{% slimall defer %}x{% endslimall %}",
            Use(Place("page", 2, "slimall"), "block", True, "x", "defer"),
        ),
        (
            "{% slimcontent 'js' %}x{% endslimcontent %}",
            Use(Place("page", 1, "slimcontent"), "content", True, "x", "js"),
        ),
        (
            "{% slimcontent %}x{% endslimcontent %}",
            Use(Place("page", 1, "slimcontent"), "content", True, "x"),
        ),
    ],
)
def test_each_tag_and_global(source, use):
    result = scanned(source)
    assert result.uses == (use,)
    assert type(result.uses[0].value) is str
    assert (result.unknown, result.failed, result.notes) == ((), (), ())


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ('"/a" ~ ".css"', ["/a.css"]),
        ('"/a" + ".css"', ["/a.css"]),
        ('"/A"|lower', ["/a"]),
        ('"/a.css" if dark else "/b.css"', ["/a.css", "/b.css"]),
        ('("/a" if dark else "/b") ~ ".css"', ["/a.css", "/b.css"]),
        ('["/a.css", x][0]', ["/a.css"]),
        ('{"k": "/k.css"}.k', ["/k.css"]),
        ('{"k": "/k.css"}["k"]', ["/k.css"]),
        ('(["/a.css"] + ["/b.css"])[1]', ["/b.css"]),
        ('"/a/b"|replace("/", "-")', ["-a-b"]),
        ('["a", "b"]|join("/")', ["a/b"]),
        ('none or "/d.css"', ["/d.css"]),
        ('"/a.css" and "/b.css"', ["/b.css"]),
        ('none|default("/d.css", true)', ["/d.css"]),
        ('none|default(default_value="/d.css", boolean=true)', ["/d.css"]),
        ('"/%s.css"|format("a")', ["/a.css"]),
        ("7", ["7"]),
        ("none", []),
        ('"/x" if 1 < 2 and "a" in "cat" and not 3 is even and not 3 is none', ["/x"]),
    ],
)
def test_expressions_that_are_the_same_in_every_request(expression, found):
    result = scanned(f"{{{{ staticfile({expression}) }}}}")
    assert values(result) == found
    assert result.unknown == ()


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ("name", []),
        ("page.style[0].url", []),
        ('name or "/d.css"', ["/d.css"]),
        ('name|default("/d.css")', ["/d.css"]),
        ('"/a.css" if dark else name', ["/a.css"]),
        ('name ~ ".css"', []),
        ('"/a" + name', []),
        ('"/a.css"|mine', []),
        ('["/a.css"]|random', []),
        ('_("/a.css")', []),
        ('"/a.css".upper()', []),
        ("[name, 1][0]", []),
        ("{name: 1}.x", []),
        ("name[1:2]", []),
        ("f(1, k=2, *x, **y)", []),
        ('"/a.css" if x is divisibleby(3) else name|upper', ["/a.css"]),
        ('-1 if not x else "/y.css" * 2', ["-1"]),
    ],
)
def test_expressions_that_depend_on_the_request(expression, found):
    made = environment({"page": f"\n{{{{ staticfile({expression}) }}}}"})
    made.filters["mine"] = None
    result = scan([made])
    assert values(result) in (found, []) if found == ["-1"] else values(result) == found
    expected = expression.replace("'", '"')
    assert result.unknown == (Unknown(Place("page", 2, "staticfile"), expected),)


@pytest.mark.parametrize(
    ("inner", "found"),
    [
        ('{{ static("a&b.css") }}', ["/static/a%26b.css"]),
        ('{% set x = "a&b" %}{{ x }}', ["a&amp;b"]),
        ("{% set x %}a&b{% endset %}{{ x }}", ["a&b"]),
        ("{% set x | upper | lower %}A{% endset %}{{ x }}", ["a"]),
        ('{% set x, y = "a", "b" %}{{ y }}', ["b"]),
        ("{# c #}{% raw %}{{ v }}{% endraw %}", ["{{ v }}"]),
        ("{% if a %}A{% elif b %}B{% else %}C{% endif %}", ["A", "B", "C"]),
        ("{% if a %}A{% endif %}{% if a %}B{% else %}C{% endif %}", ["AB", "C"]),
        ("{% if a.b == 'x' %}X{% endif %}{% if a.b == 'y' %}Y{% endif %}", ["", "X", "Y"]),
        ("{% if a is defined %}A{% endif %}{{ 'B' if a is undefined }}", ["A", "B"]),
        ("{% if a is none %}A{% endif %}{% if a is none %}B{% endif %}", ["", "AB"]),
        ("{% if 'x' == a %}A{% endif %}{% if a == 'x' %}B{% endif %}", ["", "AB"]),
        ("{% if f(a) == 'x' %}A{% endif %}{% if f(a) is even %}B{% endif %}", ["", "A", "AB", "B"]),
        ("{% if [a] == [b] %}A{% endif %}{% if a is mine %}B{% endif %}", ["", "A", "AB", "B"]),
        ("{% if {'a': 1} == {'a': 1} and 1 == 1 %}A{% endif %}", ["A"]),
        ("{% if a in b %}A{% endif %}{% if a not in b %}B{% endif %}", ["A", "B"]),
        (
            "{% for f in ['a', 'b&'] %}{{ loop.index }}{{ f }}{% if not loop.last %},{% endif %}{% endfor %}",
            ["1a,2b&amp;"],
        ),
        ("{% for k, v in [('a', 1), ('b', 2)] %}{{ k }}{{ v }}{% endfor %}", ["a1b2"]),
        ("{% for f in [] %}a{% else %}b{% endfor %}", ["b"]),
        (
            "{% for f in ['x'] %}{% for g in ['y', 'z'] %}{{ f }}{{ g }}{{ loop.revindex0 }}{% endfor %}{% endfor %}",
            ["xy1xz0"],
        ),
        ("{% with a='x&', b=1 %}{{ a }}{{ b }}{% endwith %}", ["x&amp;1"]),
        ("{% filter upper %}a{% endfilter %}", ["A"]),
        ("{% autoescape false %}{{ '<' }}{% endautoescape %}{{ '<' }}", ["<&lt;"]),
        (
            "{% macro m(x, y='d') %}{{ x }}{{ y }}{{ z }}{% endmacro %}{% set z = 1 %}{{ m('a&') }}{{ m(y=2, x=3) }}",
            ["a&amp;d1321"],
        ),
        (
            "{% set z = 1 %}{% macro m() %}{{ z }}{% endmacro %}{% set z = 2 %}{{ m() }}{% with %}{% set z = 3 %}{{ m() }}{% endwith %}",
            ["22"],
        ),
        ("{% macro m(x) %}[{{ x }}]{% endmacro %}{{ m() }}", ["[]"]),
        ("{% macro m() %}<{{ caller() }}>{% endmacro %}{% call m() %}c{% endcall %}", ["<c>"]),
        (
            "{% macro m() %}<{{ caller('u&') }}>{% endmacro %}{% call(x) m() %}c{{ x }}{% endcall %}",
            ["<cu&amp;>"],
        ),
        ("{% import 'one' as m %}{{ m.link('/a&') }}{{ m.base }}", ["<a href='/a&amp;'>b&"]),
        ("{% from 'one' import link as l, base %}{{ l('/a') }}{{ base }}", ["<a href='/a'>b&"]),
        ("{% include 'two' %}", ["F"]),
        ("{% include ['no', 'two'] %}", ["F"]),
        ("{% include 'no' ignore missing %}{% include ['no'] ignore missing %}x", ["x"]),
        ("{% set b = 1 %}{% include 'two' %}", ["T"]),
        ("{% block b %}x{% endblock %}", ["x"]),
        ("{% do 1 %}{% set ns = namespace(x=1) %}{% set ns.x = 2 %}x", ["x"]),
        ("{{ '%s' }}{{ 1 + 2 }}{{ none }}{{ 1.5 }}{{ true }}", ["%s3None1.5True"]),
    ],
)
def test_texts_of_blocks(inner, found):
    one = "{% macro link(x) %}<a href='{{ x }}'>{% endmacro %}{% set base %}b&{% endset %}"
    two = "{% if b is defined and b == 1 %}T{% else %}F{% endif %}"
    if "'two'" in inner and "set b" not in inner:
        inner = "{% set b = 2 %}" + inner
    assert texts(block(inner), one, two) == found


def test_whitespace_control_and_other_delimiters():
    assert texts("{% slimall -%} a {%- if true %} b{% endif %}\n  {%- endslimall %}") == ["a b"]
    made = environment(
        {"page": "<% slimall %>\n[[ '&' ]]\n<% endslimall %>"},
        block_start_string="<%",
        block_end_string="%>",
        variable_start_string="[[",
        variable_end_string="]]",
        trim_blocks=True,
    )
    assert values(scan([made]), "block") == ["&amp;\n"]


def test_a_branch_remembers_why_it_was_taken():
    source = "{% if a and b %}{% elif a or not b %}{{ slimfile('/y' if b else '/n') }}{% endif %}"
    assert values(scanned(source)) == ["/n"]


def test_autoescape_by_name():
    choose = jinja2.select_autoescape(["html"])
    source = block("{{ '<' }}{% include 'b.txt' %}{{ '<' }}")
    result = scan([environment({"a.html": source, "b.txt": "{{ '>' }}"}, autoescape=choose)])
    assert values(result, "block") == ["&lt;>&lt;"]
    assert texts(source.replace("b.txt", "one"), "{{ '>' }}", autoescape=False) == ["<><"]


@pytest.mark.parametrize(
    ("inner", "expression"),
    [
        ("{{ theme }}", "{{ theme }}"),
        ("{{ theme.css|upper }}", "{{ theme.css|upper }}"),
        ("{{ f('x', y=1) }}", '{{ f("x", y=1) }}'),
        ("{% for x in y %}x{% else %}{{ z }}{% endfor %}", "{% for x in y %}"),
        ("{% for x in ['a'] if x %}x{% else %}{{ z }}{% endfor %}", '{% for x in ["a"] %}'),
        ("{% for x in ['a'] %}x{% break %}{% else %}{{ z }}{% endfor %}", '{% for x in ["a"] %}'),
        ("{% include name %}", "{% include name %}"),
        ('{% include "nothing" %}', '{% include "nothing" %}'),
        ('{{ staticfile("/a.css") }}', '{{ staticfile("/a.css") }}'),
        ("{% trans %}x{% endtrans %}", '{{ gettext("x") }}'),
        ("{% call m() %}x{% endcall %}", "{% call m() %}"),
        ("{% filter mine %}x{% endfilter %}", "{% filter mine %}"),
        ("{{ super() }}", "{{ super() }}"),
        ("{% slimcontent %}x{% endslimcontent %}", "{% slimcontent %}"),
        ("{{ [1] }}", "{{ [1] }}"),
        ("{% filter upper %}{{ theme }}{% endfilter %}", "{{ theme }}"),
        ("{{ theme|default('x', boolean=b) }}", '{{ theme|default("x", boolean=b) }}'),
        ("{% include 'page' %}", '{% include "page" %}'),
        ("{{ {'a': 1} }}", '{{ {"a": 1} }}'),
        ("{{ a[1:2] }}", "{{ a[1:2] }}"),
        ("{{ x is divisibleby(3) ~ y }}", "{{ x is divisibleby(3) ~ y }}"),
        ("{{ (x, 1) }}", "{{ (x, 1) }}"),
        ("{{ -x ** 2 }}", "{{ -x ** 2 }}"),
        ("{% set l = ['a'] %}{% do l.append('b') %}{{ l[0] }}", "{{ l[0] }}"),
        ("{% set ns = namespace(x='/a') %}{{ ns.x }}", "{{ ns.x }}"),
    ],
)
def test_what_makes_a_text_unknown(inner, expression):
    made = environment({"page": "\n" + block("<a>" + inner)})
    made.filters["mine"] = None
    result = scan([made])
    assert [(each.place, each.expression) for each in result.unknown if each.place.tag == "slimall"][:1] == [
        (Place("page", 2, "slimall"), expression)
    ]
    assert values(result, "block") == []


def test_finalize_is_not_called():
    def finalize(value):
        raise AssertionError("finalize was called")

    result = scanned(block("{{ '/a.css' }}"), finalize=finalize)
    assert [each.expression for each in result.unknown] == ['{{ "/a.css" }}']


def test_undefined_is_printed_as_the_environment_says():
    source = block("{% macro m(x) %}{{ x }}{% endmacro %}{{ m() }}")
    assert texts(source) == [""]
    assert len(scanned(source, undefined=jinja2.DebugUndefined).unknown) == 1


def test_so_many_texts_and_no_more():
    few = MOST_STATES.bit_length() - 1
    one = "".join(f"{{% if a{n} %}}{n}{{% endif %}}" for n in range(few))
    assert len(texts(block(one))) == MOST_STATES
    result = scanned(block(one + "{% if more %}!{% endif %}<p>"))
    assert values(result, "block") == []
    assert [each.expression for each in result.unknown] == ["{% if more %}"]


def test_extending_overriding_and_super():
    base = block(
        "1{% block a %}A{% block inner %}I{% endblock %}{% endblock %}2{% block b %}{{ v }}{% endblock %}"
    )
    middle = '{% extends "two" %}{% set v = "m" %}{% block a %}M{{ super() }}{% endblock %}'
    page = '{% extends "one" %}{% block a %}({{ super() }}|{{ super()|lower }}){% endblock %}{% block inner %}J{% endblock %}'
    result = scanned(page, middle, "{% set v = v or 'b' %}" + base)
    assert set(values(result, "block")) == {"1(MAJ|maj)2m", "1MAI2m", "1AI2b"}


def test_what_is_never_rendered_is_not_found():
    page = (
        '{% extends "one" %}'
        + block("outside")
        + '{{ "x" }}{% block no %}{{ staticfile("/no.css") }}{% endblock %}'
    )
    assert scanned(page, "{% block a %}{% endblock %}").uses == ()


@pytest.mark.parametrize("extends", ["{% extends layout %}", "{% if x %}{% extends 'one' %}{% endif %}"])
def test_an_unknown_parent_is_reported_and_the_blocks_are_walked(extends):
    result = scanned(extends + "\n{% block a %}{{ staticfile('/a.css') }}{{ super() }}{% endblock %}", "")
    assert values(result) == ["/a.css"]
    assert [each.place for each in result.unknown] == [Place("page", 1, "extends")]


def test_a_parent_by_condition():
    page = "{% extends 'one' if x else 'two' %}{% block a %}x{% endblock %}"
    result = scanned(page, block("1{% block a %}{% endblock %}"), block("2{% block a %}{% endblock %}"))
    assert values(result, "block") == ["1", "1x", "2", "2x"]


def test_macros_are_known_by_their_calls():
    macro = "{% macro m(x) %}{{ slimfile(x) }}{% endmacro %}"
    result = scanned(macro + "{{ m('/a') }}{{ m('/b') }}")
    assert (values(result), result.unknown) == (["/a", "/b"], ())
    result = scanned(macro + "{{ m('/a') }}{{ m(name) }}")
    assert values(result) == ["/a"]
    assert [each.expression for each in result.unknown] == ["x"]
    result = scanned(macro)
    assert [each.place for each in result.unknown] == [Place("page", 1, "slimfile")]
    result = scanned("{% from 'one' import m with context %}{{ m('/c') }}", macro)
    assert (values(result), result.unknown) == (["/c"], ())


def test_macros_and_templates_that_use_themselves():
    macro = "{% macro m(x) %}{{ slimfile(x) }}{% if y %}{{ m(x) }}{% endif %}{% endmacro %}{{ m('/a') }}"
    assert values(scanned(macro)) == ["/a"]
    growing = "{% macro m(x) %}{{ slimfile(x) }}{{ m(x ~ 'x') }}{% endmacro %}{{ m('/a') }}"
    result = scanned(growing)
    assert "/axx" in values(result)
    assert result.notes == (
        "page: a macro of it uses itself with other values each time, and is followed 8 times",
    )
    growing = "{% set x = x ~ 'x' if x is defined else '/a' %}{{ slimfile(x) }}{% include 'page' %}"
    assert "page: it uses itself with other values each time" in scanned(growing).notes[0]
    nested = "{% macro m(t) %}<{{ t }}>{{ caller() }}</{{ t }}>{% endmacro %}" + block(
        "{% call m('a') %}{% call m('b') %}{% call m('c') %}{% call m('d') %}{% call m('e') %}x"
        + "{% endcall %}" * 5
    )
    assert texts(nested) == ["<a><b><c><d><e>x</e></d></c></b></a>"]


def test_calls_inside_the_content_of_calls():
    macros = "{% macro css(name) %}{{ slimfile(name) }}{% endmacro %}{% macro p() %}<p>{{ caller() }}</p>{% endmacro %}"
    for load, prefix in (("{% import 'one' as m %}", "m."), (macros, "")):
        inner = f"{{% call {prefix}p() %}}{{% call {prefix}p() %}}{{{{ {prefix}css('/a') }}}}{{% endcall %}}{{% endcall %}}"
        result = scanned(load + inner, macros)
        assert values(result) == ["/a"]
        result = scanned(load + block(inner), macros)
        assert values(result) == ["/a"]
    assert values(scanned("{{ slimfile('/a') }}{% include 'page' %}" + block("{% include 'page' %}"))) == [
        "/a"
    ]
    assert values(scanned("{% import 'one' as m %}{{ slimfile('/a') }}", "{% import 'page' as p %}")) == [
        "/a"
    ]
    page = "{% extends 'one' %}{% block b %}{% block a %}{{ slimfile('/a') }}{% endblock %}{% endblock %}"
    assert values(scanned(page, "{% block a %}{% block b %}{% endblock %}{% endblock %}")) == ["/a"]


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("{% set s = slimfile %}{{ s('/a.js') }}{{ s('/b.js') }}", ["/a.js", "/b.js"]),
        ("{% with s = slimfile %}{{ s('/a.js') }}{% endwith %}", ["/a.js"]),
        ("{% set t = {'s': slimfile} %}{{ t.s('/a.js') }}{{ t['s']('/b.js') }}", ["/a.js", "/b.js"]),
        ("{% for s in [slimfile] %}{{ s('/a.js') }}{% endfor %}", ["/a.js"]),
        ("{% macro m(s) %}{{ s('/a.js') }}{% endmacro %}{{ m(slimfile) }}", ["/a.js"]),
        ("{{ (slimfile if x else slimfile)('/a.js') }}", ["/a.js"]),
        ("{{ (none or slimfile)('/a.js') }}{{ (y|default(slimfile))('/b.js') }}", ["/a.js", "/b.js"]),
        ("{{ slimfile(*['/a.js']) }}{{ slimfile(**{'name': '/b.js'}) }}", ["/a.js", "/b.js"]),
        ("{% if slimfile %}{{ slimfile('/a.js') }}{% endif %}", ["/a.js"]),
        ("{{ odd(slimfile('/a.js'), more=slimfile('/b.js')) }}", ["/a.js", "/b.js"]),
        ("{% call odd(slimfile('/a.js')) %}{% endcall %}", ["/a.js"]),
        ("{{ odd.one(slimfile('/a.js')).two(*[slimfile('/b.js')]) }}", ["/a.js", "/b.js"]),
        ("{{ odd['one'](slimfile('/a.js')) }}", ["/a.js"]),
    ],
)
def test_our_functions_by_other_names(source, found):
    result = scanned(source)
    assert sorted(values(result)) == found
    assert {use.place.tag for use in result.uses} == {"slimfile"}
    assert all(use.slim for use in result.uses)
    assert result.unknown == ()


def test_our_functions_out_of_another_template():
    page = (
        "{% import 'one' as one %}{{ one.s('/a.js') }}{{ one.m('/b.js') }}"
        "{% from 'one' import s as t %}{{ t('/c.js') }}"
    )
    result = scanned(page, "{% set s = slimfile %}{% macro m(name) %}{{ s(name) }}{% endmacro %}")
    assert [(use.place.template, use.value) for use in result.uses] == [
        ("one", "/b.js"),
        ("page", "/a.js"),
        ("page", "/c.js"),
    ]


@pytest.mark.parametrize(
    ("source", "expression"),
    [
        ("{% set s = slimfile %}{{ s(x) }}", "x"),
        ("{{ slimfile(*x) }}", "slimfile(*x)"),
        ("{{ slimfile(**x) }}", "slimfile(**x)"),
        ("{{ odd(slimfile, '/a.js') }}", 'odd(slimfile, "/a.js")'),
        ("{{ odd(s=slimfile) }}", "odd(s=slimfile)"),
        ("{% set n = namespace(s=slimfile) %}{{ n.s('/a.js') }}", "namespace(s=slimfile)"),
        ("{% set n = namespace() %}{% set n.s = slimfile %}{{ n.s('/a.js') }}", "n.s = slimfile"),
    ],
)
def test_our_functions_where_nobody_sees_what_they_are_called_with(source, expression):
    assert scanned(source).unknown == (Unknown(Place("page", 1, "slimfile"), expression),)


def test_a_variable_with_the_name_of_one_of_our_functions():
    result = scanned("{% set slimfile = odd %}{{ slimfile('/a.js') }}")
    assert (result.uses, result.unknown) == ((), ())


def test_a_long_chain_of_calls_takes_no_time():
    result = scanned(
        "{{ odd" + "(slimfile('/a.js')).x" * 40 + " }}{{ " + "odd(" * 40 + "1" + ")" * 40 + " }}"
    )
    assert values(result) == ["/a.js"]


def test_what_is_known_does_not_stand_for_what_is_not_on_the_same_line():
    base = "{{ slimfile('/a.js') }}{% block b %}{{ slimfile(name) }}{% endblock %}"
    result = scanned("{% extends 'one' %}{% block b %}{% endblock %}", base)
    assert result.unknown == (Unknown(Place("one", 1, "slimfile"), "name", alone=False),)


def test_unknown_only_where_a_template_stands_alone():
    result = scanned("{% set name = '/a.css' %}{% include 'one' %}", "{{ slimfile(name) }}")
    assert result.unknown == (Unknown(Place("one", 1, "slimfile"), "name", alone=True),)
    result = scanned("{% set name = '/a.css' %}{% include 'one' without context %}", "{{ slimfile(name) }}")
    assert result.unknown == (Unknown(Place("one", 1, "slimfile"), "name"),)


@pytest.mark.parametrize(
    "source",
    [
        "{% for b in c %}{}{% endfor %}",
        "{% for b in c %}{% else %}{}{% endfor %}",
        "{% for b in c if {} %}{% endfor %}",
        "{% if {} %}{% endif %}",
        "{% if a %}{% elif {} %}{% endif %}",
        "{% call unknown() %}{}{% endcall %}",
        "{% filter upper %}{}{% endfilter %}",
        "{% set x %}{}{% endset %}",
        "{% do f({}) %}",
        "{{ f({}, k={}) }}",
        "{{ {'k': {}} }}",
        "{{ [{}][0:1] }}",
        "{{ a < {} < b }}",
        "{{ {}|mine({}) }}",
        "{% autoescape x %}{}{% endautoescape %}",
        "{% macro unused(x={}) %}{}{% endmacro %}",
        "{% thing %}{}{% endthing %}",
        block("{% for b in c %}{}{% endfor %}{{ u }}"),
    ],
)
def test_calls_wherever_they_stand(source):
    call = 'slimfile("/a.css")'
    statement = "{{ " + call + " }}"
    inside = source.replace("%}{}{%", f"%}}{statement}{{%").replace("{}", call)
    made = environment({"page": inside})
    made.add_extension(Thing)
    made.filters["mine"] = None
    assert values(scan([made])) == ["/a.css"]


class Thing(Extension):
    """Someone else's tag, with a statement that no other has."""

    tags = {"thing"}

    def parse(self, parser):
        line = next(parser.stream).lineno
        body = parser.parse_statements(("name:endthing",), drop_needle=True)
        return nodes.OverlayScope(nodes.Dict([]), body, lineno=line)


class Renamed(StaticExtension):
    """Our tags as another extension has them."""


def test_functions_and_extensions_under_another_name():
    made = jinja2.Environment(
        loader=jinja2.DictLoader({"page": "{{ s('/a') }}{{ t('/b') }}{{ staticfile('/no') }}"})
    )
    made.globals.update(s=django_static.slimfile, t=django_static.staticfile, staticfile=[])
    assert [(use.value, use.slim) for use in scan([made]).uses] == [("/a", True), ("/b", False)]
    renamed = jinja2.Environment(loader=jinja2.DictLoader({"page": block("x")}), extensions=[Renamed])
    assert values(scan([renamed]), "block") == ["x"]


def test_a_variable_hides_a_global():
    assert scanned("{% set staticfile = other %}{{ staticfile('/a') }}").uses == ()


def test_failures_have_name_line_and_reason():
    result = scanned(
        "ok {{ staticfile('/a') }}", "\n\n{% slimall x %}", "\n{{ a|nonsense }}", "{{ a is nonsense }}"
    )
    assert values(result) == ["/a"]
    assert [(each.template, each.line) for each in result.failed] == [("one", 3), ("three", 1), ("two", 2)]
    assert result.failed[1] == Failure("three", 1, "No test named 'nonsense'.")
    assert scanned("{% if 0 %}{{ a|nonsense }}{% endif %}").failed == ()


def test_missing_templates_are_told():
    result = scanned('\n{% include "no.html" %}{% import "none" as n %}', '{% extends "nothing" %}')
    assert list(map(str, result.missing)) == [
        "one, line 1, {% extends %}: there is no template nothing",
        "page, line 2, {% import %}: there is no template none",
        "page, line 2, {% include %}: there is no template no.html",
    ]


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (
            "\n{% include ['a.html', 'b.html'] %}",
            ["line 2, {% include %}: there is none of the templates a.html, b.html"],
        ),
        ("{% include ['a.html', 'one'] %}", []),
        ("{% include ['a.html', known_to_nobody] %}", []),
        ("{% include ['a.html', 'b.html'] ignore missing %}", []),
        ("{% include 'a.html' ignore missing %}", []),
        ("{% include name %}{% extends name %}{% import name as n %}", []),
        (
            "{% if x %}{% extends 'a.html' %}{% endif %}",
            ["line 1, {% extends %}: there is no template a.html"],
        ),
        ("{% if x %}{% extends 'one' %}{% endif %}", []),
        (
            "{% if x %}{% include 'a.html' %}{% endif %}",
            ["line 1, {% include %}: there is no template a.html"],
        ),
        ("{% from 'a.html' import x %}", ["line 1, {% import %}: there is no template a.html"]),
        ("{% include '' %}", ["line 1, {% include %}: there is no template ''"]),
        ("{% include '../one' %}", ["line 1, {% include %}: there is no template ../one"]),
    ],
)
def test_templates_that_are_not_there(source, said):
    result = scanned(source, "one")
    assert list(map(str, result.missing)) == [f"page, {each}" for each in said]
    assert (result.failed, result.notes) == ((), ())


def test_loaders(tmp_path):
    (tmp_path / "page.html").write_text("{{ staticfile('/file') }}{% include 'f/secret' %}", "utf-8")
    (tmp_path / "page.html~").write_text("{% broken", "utf-8")
    (tmp_path / "picture.png").write_bytes(b"\x89PNG\x00{% broken \xff")
    (tmp_path / "latin.html").write_bytes(b"{{ x }}\xe9")
    loader = jinja2.ChoiceLoader(
        [
            jinja2.FileSystemLoader(tmp_path),
            jinja2.PrefixLoader(
                {
                    "d": jinja2.DictLoader({"x": "{{ staticfile('/memory') }}"}),
                    "f": jinja2.FunctionLoader({"secret": "{{ staticfile('/secret') }}"}.get),
                }
            ),
        ]
    )
    result = scan([environment({}, loader=loader)])
    assert values(result) == ["/memory", "/secret", "/file"]
    assert [each.template for each in result.failed] == ["latin.html"]
    assert len(result.notes) == 1
    assert "FunctionLoader cannot list its templates" in result.notes[0]
    assert scan([jinja2.Environment()]).uses == ()


def test_a_static_without_a_url_is_noted():
    def url(path):
        raise ValueError(f"no manifest entry for {path}")

    made = environment({"page": block("{{ static('a.css') }}{{ static(x) }}")})
    result = scan([made], static=url)
    assert len(result.unknown) == 2
    assert "no manifest entry" in result.notes[0]


def test_an_asynchronous_environment():
    sources = (block("{% include 'one' without context %}"), "{{ staticfile('/a') }}<a>")
    result = scanned("x" + block("<a>{{ '<' }}"), enable_async=True)
    assert values(result, "block") == ["<a>&lt;"]
    assert values(scanned(*sources, enable_async=True)) == ["/a"]


def test_the_backend_of_django(tmp_path):
    from django.template.backends.jinja2 import Jinja2

    (tmp_path / "page.html").write_text(block("{{ '<' }}"), "utf-8")
    made = Jinja2(
        {"NAME": "j", "DIRS": [tmp_path], "APP_DIRS": False, "OPTIONS": {"extensions": [EXTENSION]}}
    )
    assert scan([made]).uses == (Use(Place("page.html", 1, "slimall"), "block", True, "&lt;"),)
