"""The scan where values of attributes are known at run time only, and what the tags beside the five ask for."""

from __future__ import annotations

import re

import jinja2
import pytest
from django.template import Engine
from static_test_scans import values

from django_static.scan import scan

SCRIPT = '<script src="/a.js"{}></script>'


def django(source):
    engine = Engine(
        libraries={"django_static": "django_static.templatetags.django_static"},
        loaders=[("django.template.loaders.locmem.Loader", {"page": "{% load django_static %}" + source})],
    )
    return scan([engine])


def jinja(source):
    environment = jinja2.Environment(
        extensions=["django_static.jinja2.StaticExtension"], loader=jinja2.DictLoader({"page": source})
    )
    return scan([environment])


@pytest.fixture(params=[django, jinja])
def scanned(request):
    return request.param


@pytest.mark.parametrize(
    ("inner", "found"),
    [
        ('<script src="/a.js" nonce="{{ n }}"></script>', ['<script src="/a.js" nonce="unknown-0"></script>']),
        ("<script src='/a.js' nonce='{{ n }}'></script>", ["<script src='/a.js' nonce='unknown-0'></script>"]),
        ("<script src=/a.js nonce={{ n }}></script>", ["<script src=/a.js nonce=unknown-0></script>"]),
        (
            '<script src="/a.js" data-x="a{{ x }}b{{ y }}"></script>',
            [
                '<script src="/a.js" data-x="aunknown-0bunknown-1"></script>',
                '<script src="/a.js" data-x="aunknownbunknown"></script>',
            ],
        ),
        (
            '<script src="/a.js" nonce="{{ n }}"></script><script src="/b.js" nonce="{{ n }}"></script>',
            ['<script src="/a.js" nonce="unknown-0"></script><script src="/b.js" nonce="unknown-0"></script>'],
        ),
        (
            '<link rel="stylesheet" href="/a.css" media="{{ m }}"><link rel="stylesheet" href="/b.css" media="{{ o }}">',
            [
                '<link rel="stylesheet" href="/a.css" media="unknown-0"><link rel="stylesheet" href="/b.css" media="unknown-1">',
                '<link rel="stylesheet" href="/a.css" media="unknown"><link rel="stylesheet" href="/b.css" media="unknown">',
            ],
        ),
        (
            '<script src="/a.js"{% if n %} nonce="{{ n }}"{% endif %}></script>',
            ['<script src="/a.js" nonce="unknown-0"></script>', '<script src="/a.js"></script>'],
        ),
    ],
)  # fmt: skip
def test_values_that_decide_nothing(scanned, inner, found):
    result = scanned(f"{{% slimall %}}{inner}{{% endslimall %}}")
    assert result.unknown == ()
    assert sorted(values(result, "block")) == sorted(found)


A, B, C = (SCRIPT.replace("a.js", f"{name}.js").format("") for name in "abc")
INLINE = '<script nonce="{{ n }}">var x = {{ x }};</script>'


@pytest.mark.parametrize(
    ("inner", "found"),
    [
        ('<script src="{{ x }}"></script>', []),
        ('<script src="/js/{{ x }}.js" nonce="{{ n }}"></script>', []),
        ('<link rel="stylesheet" href="{{ x }}">', []),
        ('<link rel="{{ x }}" href="/a.css">', []),
        ('<script src="/a.js" type="{{ x }}"></script>', []),
        ('<script src="/a.js" {{ x }}></script>', []),
        ('<script src="/a.js" {{ x }}="1"></script>', []),
        (A + "{{ x }}", [A]),
        ("{{ x }}" + A, [A]),
        (A + INLINE, [A]),
        ("<!-- {{ x }} -->" + A, [A]),
        ('<{{ x }} src="/a.js">', []),
        ("<script src=/a.js{{ x }}></script>", []),
        ('<script src="/a.js" title="a" nonce="{{ n }}" nonce="{{ x }}"></script>', []),
        (A + "\n" + B + "{{ x }}" + C, [A + "\n" + B, A, B, C]),
        (A + INLINE + B + C, [A, B + C, B, C]),
        (A + SCRIPT.format(' nonce="{{ n }}"') + "{{ x }}", [
            A + SCRIPT.format(' nonce="unknown-0"'), A, SCRIPT.format(' nonce="unknown-0"')
        ]),
        ("{% for y in x %}" + A + "{% endfor %}" + B, [A, B]),
        ('{% for y in x %}<script src="/{{ y }}.js"></script>' + A + "{% endfor %}", ["", A]),
        ("{% for y in x %}{% for z in y %}" + A + "{% endfor %}" + B + "{% endfor %}" + C, [A, B, C]),
    ],
)  # fmt: skip
def test_values_that_decide(scanned, inner, found):
    """What does not depend on them is published and checked all the same."""
    result = scanned(f"{{% slimall %}}{inner}{{% endslimall %}}")
    assert sorted(values(result, "block")) == sorted(found)
    assert any("x" in unknown.expression for unknown in result.unknown)
    assert not any(unknown.expression == "{{ n }}" for unknown in result.unknown)


def test_what_is_left_of_too_many_ways(scanned):
    choices = "".join(
        f"{{% if x{n} %}}{SCRIPT.replace('a.js', f'{n}.js').format('')}{{% endif %}}" for n in range(12)
    )
    result = scanned(f"{{% slimall %}}{A}{choices}{B}{{% endslimall %}}")
    assert set(values(result, "block")) >= {
        A,
        B,
        *(SCRIPT.replace("a.js", f"{n}.js").format("") for n in range(12)),
    }
    assert result.unknown


def test_each_turn_of_a_tag_may_print_something_else():
    (one, two) = values(
        django(
            "{% slimall %}"
            '<script src="/a.js" data-x="{% cycle "a" "b" as c %}"></script>'
            '<script src="/b.js" data-x="{% cycle c %}"></script>{% endslimall %}'
        ),
        "block",
    )
    printed = sorted((re.findall('data-x="([^"]+)"', one), re.findall('data-x="([^"]+)"', two)), key=len)
    assert ["unknown", "unknown"] in printed
    assert any(len(set(value)) == 2 for value in printed)


def test_inline_text_with_something_unknown_is_unknown_still(scanned):
    result = scanned("{% slimcontent 'html' %}<p title=\"{{ x }}\">{% endslimcontent %}")
    assert result.uses == ()
    assert len(result.unknown) == 1


def test_too_many_ways_are_unknown(scanned):
    choices = "".join(f"{{% if x{n} %}}<i>{n}</i>{{% endif %}}" for n in range(12))
    result = scanned(f"{{% slimall %}}{choices}{{% endslimall %}}")
    assert values(result, "block") == []
    assert result.unknown


ASKED = [
    ('{% staticintegrity "/a.js" %}', '{{ staticintegrity("/a.js") }}', ("file", False, "/a.js")),
    ('{% staticintegrity "/a.js" slim %}', '{{ staticintegrity("/a.js", true) }}', ("file", True, "/a.js")),
    ('{% staticpreload "/a.js" %}', '{{ staticpreload("/a.js") }}', ("file", False, "/a.js")),
    (
        '{% staticpreload "/a.js" slim as="module" header %}',
        '{{ staticpreload("/a.js", slim=True, as="module", header=True) }}',
        ("file", True, "/a.js"),
    ),
    (
        '{% with n="/a.js" %}{% staticpreload n nonce=x %}{% endwith %}',
        '{% set n = "/a.js" %}{{ staticpreload(name=n, nonce=x) }}',
        ("file", False, "/a.js"),
    ),
    ("{% staticimportmap %}", "{{ staticimportmap() }}", ("modules", False, '{"app": "/app.js"}')),
    (
        '{% staticimportmap "b" "/b.js" slim nonce=x %}',
        '{{ staticimportmap({"b": "/b.js"}, slim=true, nonce=x) }}',
        ("modules", True, '{"app": "/app.js", "b": "/b.js"}'),
    ),
]


@pytest.mark.parametrize(("first", "second", "use"), ASKED)
def test_what_the_other_tags_ask_for(settings, first, second, use):
    settings.DJANGO_STATIC_IMPORTMAP = {"app": "/app.js"}
    for result in (django(first), jinja(second)):
        assert [(each.kind, each.slim, each.value) for each in result.uses] == [use]
        assert result.unknown == ()


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("{% staticpreload x %}", "{{ staticpreload(x) }}"),
        ("{% staticintegrity x slim %}", "{{ staticintegrity(x, slim=True) }}"),
        ('{% staticimportmap "a" x %}', '{{ staticimportmap({"a": x}) }}'),
        ('{% staticimportmap x "/a.js" %}', "{{ staticimportmap(x) }}"),
    ],
)
def test_what_only_a_request_can_tell(first, second):
    for result in (django(first), jinja(second)):
        assert result.uses == ()
        assert next(unknown.expression for unknown in result.unknown).find("x") >= 0


def test_an_argument_that_says_which_file_it_is():
    result = jinja('{{ staticpreload("/a.js", slim=x) }}')
    assert result.uses == ()
    assert [unknown.expression for unknown in result.unknown] == ["x"]


@pytest.mark.parametrize(
    ("first", "second"), [('{% staticimportmap "a/" "/a.js" %}', '{{ staticimportmap({"a/": "/a.js"}) }}')]
)
def test_a_wrong_entry_is_noted(first, second):
    for result in (django(first), jinja(second)):
        assert result.uses == ()
        assert any("specifier" in note for note in result.notes)


def test_a_silent_preload_is_no_obstacle_in_a_block():
    for result in (
        django('{% slimall %}{% staticpreload "/a.css" header %}<p>{% endslimall %}'),
        jinja('{% slimall %}{{ staticpreload("/a.css", header=True) }}<p>{% endslimall %}'),
    ):
        assert values(result, "block") == ["<p>"]
        assert result.unknown == ()


def test_nonces_are_built_ahead(modes):
    modes.site.write("a.js", "a ( 1 ) ;")
    modes.site.write("b.js", "b ( 2 ) ;")
    modes.page(
        '{% slimall %}<script nonce="{{ n }}" src="/a.js"></script><script nonce="{{ n }}" src="/b.js"></script>'
        "{% endslimall %}"
    )
    html = modes.both(n="one")
    assert html.count("<script") == 1
    assert modes.render(n="two") == html.replace("one", "two")


@pytest.mark.parametrize("second", ["one", "two"])
def test_either_way_two_values_turn_out(modes, second):
    modes.site.write("a.js", "a ( 1 ) ;")
    modes.site.write("b.js", "b ( 2 ) ;")
    modes.page(
        '{% slimall %}<script data-x="{{ n }}" src="/a.js"></script><script data-x="{{ m }}" src="/b.js"></script>'
        "{% endslimall %}"
    )
    assert modes.both(n="one", m=second).count("<script") == (1 if second == "one" else 2)
