"""What the scan finds in Django's templates: tables of templates and findings; what it reports; where it looks."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import django
import pytest
from django.conf import settings as django_settings
from django.template import Engine
from django.template.loaders.base import Loader
from static_test_scans import NAMES, block, page_blocks, values

from django_static.resolver import Place
from django_static.scan import Failure, Unknown, Use, scan
from django_static.scan.states import MOST_STATES

LOAD = "{% load django_static static cache i18n l10n tz others %}"
LIBRARIES = {
    "django_static": "django_static.templatetags.django_static",
    "static": "django.templatetags.static",
    "cache": "django.templatetags.cache",
    "i18n": "django.templatetags.i18n",
    "l10n": "django.templatetags.l10n",
    "tz": "django.templatetags.tz",
    "others": "static_test_tags",
    "by_another_name": "django_static.templatetags.django_static",
}


def engine(templates=None, **options):
    options.setdefault("libraries", LIBRARIES)
    if templates is not None:
        options["loaders"] = [("django.template.loaders.locmem.Loader", templates)]
    return Engine(**options)


def scanned(*sources, **options):
    """The scan of templates called page, one, two, ...; each with all libraries loaded."""
    templates = {}
    for name, source in zip(NAMES, sources, strict=False):
        head, mark, tail = source.partition("%}") if source.startswith("{% extends") else ("", "", source)
        templates[name] = head + mark + LOAD + tail
    return scan([engine(templates, **options)])


def texts(*sources, **options):
    """The texts of the blocks of the page."""
    return page_blocks(scanned(*sources, **options))


@pytest.mark.parametrize(
    ("source", "use"),
    [
        ('{% staticfile "/a.css" %}', Use(Place("page", 1, "staticfile"), "file", False, "/a.css")),
        (
            "\n\n{% slimfile '/a.css;/b.css' as x %}",
            Use(Place("page", 3, "slimfile"), "file", True, "/a.css;/b.css"),
        ),
        (
            "{% staticall %} <b> {% endstaticall %}",
            Use(Place("page", 1, "staticall"), "block", False, " <b> "),
        ),
        (
            "{% slimall defer %}x{% endslimall %}",
            Use(Place("page", 1, "slimall"), "block", True, "x", "defer"),
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
def test_each_tag(source, use):
    result = scanned(source)
    assert result.uses == (use,)
    assert type(result.uses[0].value) is str
    assert (result.unknown, result.failed, result.notes) == ((), (), ())


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ('"/a.css"', ["/a.css"]),
        ('"/a"|add:".css"', ["/a.css"]),
        ('"/A.css"|lower', ["/a.css"]),
        ('"/a&b.css"', ["/a&b.css"]),
        ('""', []),
        ("7", ["7"]),
        ("None", []),
        ('None|default:"/d.css"', ["/d.css"]),
        ('None|default_if_none:"/d.css"', ["/d.css"]),
        ('"/a b"|urlencode', ["/a%20b"]),
        ('"/a.css"|slice:":2"', ["/a"]),
    ],
)
def test_expressions_that_are_the_same_in_every_request(expression, found):
    result = scanned(f"{{% staticfile {expression} %}}")
    assert values(result) == found
    assert result.unknown == ()


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ("name", []),
        ("page.style.url", []),
        ('name|default:"/d.css"', ["/d.css"]),
        ('name|default_if_none:"/d.css"', ["/d.css"]),
        ('dark|yesno:"/dark.css,/light.css"', ["/dark.css", "/light.css"]),
        ('name|add:".css"', []),
        ('"/a"|add:name', []),
        ('"/a.css"|boom', []),
        ('_("/a.css")', []),
        ("name|slice:2", []),
        ('"/a.css"|add:_("x")', []),
        ('"/a.css".upper', []),
        ("forloop.counter", []),
    ],
)
def test_expressions_that_depend_on_the_request(expression, found):
    if expression == '"/a.css".upper':
        source = '{% with a="/a.css" %}\n{% staticfile a.upper %}{% endwith %}'
        expression = "a.upper"
    else:
        source = f"\n{{% staticfile {expression} %}}"
    result = scanned(source)
    assert values(result) == found
    expected = () if "yesno" in expression else (Unknown(Place("page", 2, "staticfile"), expression),)
    assert result.unknown == expected


@pytest.mark.parametrize(
    ("inner", "found"),
    [
        ('{% static "a&b.css" %}', ["/static/a%26b.css"]),
        ('{% static "a.css" as x %}{{ x }}', ["/static/a.css"]),
        ("{% get_static_prefix %}{% get_media_prefix %}", ["/static//"]),
        ("{% get_static_prefix as p %}{{ p }}a.css", ["/static/a.css"]),
        ('{% with a="x&y" b="p" %}{{ a }}{{ b }}{% endwith %}', ["x&yp"]),
        (
            "{# c #}{% comment %}c{% endcomment %}{% verbatim %}{{ v }}{% endverbatim %}{% templatetag openblock %}",
            ["{{ v }}{%"],
        ),
        ("{% if a %}A{% elif b %}B{% else %}C{% endif %}", ["A", "B", "C"]),
        ("{% if a %}A{% endif %}{% if a %}B{% else %}C{% endif %}", ["AB", "C"]),
        ("{% if a %}A{% endif %}{% if b %}B{% endif %}", ["", "A", "AB", "B"]),
        ("{% if not a and b or c %}A{% endif %}", ["", "A"]),
        ("{% if True %}A{% else %}B{% endif %}", ["A"]),
        (
            '{% if s == "x" %}X{% endif %}{% if s == "y" %}Y{% endif %}{% if s != "x" %}N{% endif %}',
            ["N", "X", "YN"],
        ),
        ('{% if "x" == s %}X{% endif %}{% if s %}S{% endif %}', ["", "S", "XS"]),
        ("{% if a > 2 %}A{% endif %}{% if a > 2 %}B{% endif %}", ["", "AB"]),
        ("{% if a is None %}A{% endif %}{% if a is not None %}B{% endif %}", ["A", "B"]),
        ("{% if a == b == c %}A{% endif %}", ["", "A"]),
        ("{% if a|boom == 'x' %}A{% endif %}{% if block.super == 'x' %}B{% endif %}", ["", "A", "AB", "B"]),
        ('{% if "a" in "cat" and 1 < 2 and not 2 == 3 %}A{% endif %}', ["A"]),
        ("{% if 1 in 2 %}A{% endif %}", [""]),
        ("{% if a|length > 2 %}A{% endif %}", ["", "A"]),
        ("{% firstof None '' 'x&' %}", ["x&"]),
        ("{% firstof None '' %}", [""]),
        ("{% firstof 'x' as y %}{{ y }}!", ["x!"]),
        ("{% spaceless %} <a> <b> {% endspaceless %}", ["<a><b>"]),
        ("{% filter upper %}a{% endfilter %}", ["A"]),
        ("{% filter force_escape|lower %}<A>{% endfilter %}", ["&lt;a&gt;"]),
        ("{% autoescape off %}{{ '<' }}{% endautoescape %}", ["<"]),
        (
            '{% with a="<"|add:">" %}{{ a }}{{ a|safe }}{% autoescape off %}{{ a }}{% endautoescape %}{% endwith %}',
            ["<><><>"],
        ),
        (
            '{% with a="t&w" %}{{ a|upper }}{% autoescape off %}{{ a|upper }}{% endautoescape %}{% endwith %}',
            ["T&amp;WT&W"],
        ),
        (
            '{% with a="t&w"|upper %}{% firstof a %}{{ a|safe }}{{ a|force_escape }}{% endwith %}',
            ["T&amp;WT&WT&amp;W"],
        ),
        ("{{ 7 }}{{ None }}{{ True }}", ["7NoneTrue"]),
        ("{% cache 500 x %}{% if a %}A{% endif %}{% endcache %}", ["", "A"]),
        ("{% language 'de' %}a{% endlanguage %}{% localize off %}b{% endlocalize %}", ["ab"]),
        ("{% localtime on %}a{% endlocaltime %}{% timezone 'UTC' %}b{% endtimezone %}", ["ab"]),
        ("{% ifchanged a %}A{% else %}B{% endifchanged %}", ["A", "B"]),
        ("{% load cache %}{% get_current_language as LANG %}{% now 'Y' as y %}x", ["x"]),
        ("{% block b %}x{% endblock %}", ["x"]),
        ('{% for x in "" %}A{% empty %}B{% endfor %}', ["B"]),
        ('{% include "one" with a="x&" %}', ["[x&]"]),
        ('{% include "one" with a="x&" only %}', ["[x&]"]),
        ('{% include "one" only %}', ["[]"]),
        ('{% with n="one" a=1 %}{% include n %}{% endwith %}', ["[1]"]),
        ('{% include "./one" with a="r" %}', ["[r]"]),
        ('{% include "two" with a="t" only %}', ["F"]),
    ],
)
def test_texts_of_blocks(inner, found):
    source = "{% slimall %}" + inner + "{% endslimall %}"
    assert texts(source, "[{{ a }}]", "{% if b %}T{% else %}F{% endif %}") == found


def test_missing_variables_of_an_include_are_as_the_engine_says():
    sources = (block('{% include "one" only %}'), "{{ a }}{{ b|default:'d' }}{% if a %}x{% endif %}")
    assert texts(*sources, string_if_invalid="[%s]") == ["[a][b]"]
    assert texts(*sources, string_if_invalid="?") == ["??"]
    assert texts(*sources) == ["d"]


def test_an_engine_without_autoescape():
    assert texts(block('{% with a="<" %}{{ a|add:">" }}{% endwith %}'), autoescape=False) == ["<>"]


@pytest.mark.parametrize(
    ("inner", "expression"),
    [
        ("{{ theme }}", "{{ theme }}"),
        ("{% bang %}", "{% bang %}"),
        ("{% twice %}x{% endtwice %}", "{% twice %}"),
        ('{% trans "x" %}', '{% trans "x" %}'),
        ("{% blocktrans %}x{% endblocktrans %}", "{% blocktrans %}"),
        ("{% csrf_token %}", "{% csrf_token %}"),
        ("{% now 'Y' %}", "{% now 'Y' %}"),
        ("{% for x in y %}x{% empty %}{{ z }}{% endfor %}", "{% for x in y %}"),
        ("{% cycle 'a' 'b' %}", "{% cycle 'a' 'b' %}"),
        ("{% include name %}", "{% include name %}"),
        ('{% include "nothing" %}', '{% include "nothing" %}'),
        ("{% inclusion %}", "{% inclusion %}"),
        ('{% staticfile "/a.css" %}', '{% staticfile "/a.css" %}'),
        ("{{ 1234 }}", "{{ 1234 }}"),
        ("{{ 1.5 }}", "{{ 1.5 }}"),
        ('{{ "x"|boom }}', '{{ "x"|boom }}'),
        ("{{ block.super }}", "{{ block.super }}"),
        ("{% filter boom %}x{% endfilter %}", "{% filter boom %}"),
        ("{% spaceless %}{{ theme }}{% endspaceless %}", "{{ theme }}"),
        ("{% static name %}", "{% static name %}"),
        ("{% slimcontent %}x{% endslimcontent %}", "{% slimcontent %}"),
    ],
)
def test_what_makes_a_text_unknown(inner, expression):
    result = scanned("\n{% slimall %}<a>" + inner + "{% endslimall %}")
    assert Unknown(Place("page", 2, "slimall"), expression) in result.unknown
    assert values(result, "block") == []


def test_a_way_through_a_block_may_be_known_and_another_not():
    result = scanned(block("{% if a %}{{ x }}{{ y }}{% else %}z{% endif %}"))
    assert values(result, "block") == ["z"]
    assert [each.expression for each in result.unknown] == ["{{ x }}", "{{ y }}"]


def test_so_many_texts_and_no_more():
    few = MOST_STATES.bit_length() - 1
    one = "".join(f"{{% if a{n} %}}{n}{{% endif %}}" for n in range(few))
    assert len(texts(block(one))) == MOST_STATES
    result = scanned(block(one + "{% if more %}!{% endif %}<p>"))
    assert values(result, "block") == []
    assert [each.expression for each in result.unknown] == ["{% if more %}"]


def test_a_branch_remembers_why_it_was_taken():
    source = "{% if a and b %}{% elif a and b %}{% staticfile '/no' %}{% elif a %}{% if b %}{% staticfile '/no' %}{% endif %}{% endif %}"
    assert values(scanned(source)) == []


def test_conditions_without_an_influence_do_not_count():
    assert texts(block("x" + "".join(f"{{% if a{n} %}}{{% endif %}}" for n in range(20)) + "y")) == ["xy"]


def test_extending_overriding_and_super():
    base = block("1{% block a %}A{% block inner %}I{% endblock %}{% endblock %}2{% block b %}B{% endblock %}")
    middle = '{% extends "two" %}{% block a %}M{{ block.super }}{% endblock %}{% block b %}{% endblock %}'
    page = '{% extends "one" %}{% block a %}({{ block.super }}|{{ block.super|lower }}){% endblock %}{% block inner %}J{% endblock %}'
    result = scanned(page, middle, base)
    assert values(result, "block") == ["1(MAJ|maj)2", "1AI2B", "1MAI2"]
    assert {use.place for use in result.uses} == {Place("two", 1, "slimall")}
    assert result.unknown == ()


def test_what_is_never_rendered_is_not_found():
    page = '{% extends "one" %}{% staticfile "/outside.css" %}{% block no %}{% staticfile "/no.css" %}{% endblock %}'
    assert scanned(page, "{% block a %}{% endblock %}").uses == ()


def test_super_in_a_variable_or_a_condition():
    page = '{% extends "one" %}{% block a %}{% with s=block.super %}{% if s %}{% staticfile s %}{% endif %}{% endwith %}{% endblock %}'
    assert values(scanned(page, "{% block a %}/s.css{% endblock %}")) == ["/s.css"]
    assert values(scanned(page, "{% block a %}{% endblock %}")) == []


def test_an_unknown_parent_is_reported_and_the_blocks_are_walked():
    page = "{% extends layout %}" + "\n{% block a %}{% staticfile '/a.css' %}{{ block.super }}{% endblock %}"
    result = scanned(page)
    assert values(result) == ["/a.css"]
    assert result.unknown == (Unknown(Place("page", 1, "extends"), "layout"),)


def test_a_parent_that_may_be_known():
    page = '{% extends layout|default:"one" %}{% block a %}x{% endblock %}'
    result = scanned(page, block("{% block a %}{% endblock %}"))
    assert values(result, "block") == ["", "x"]
    assert [each.place for each in result.unknown] == [Place("page", 1, "extends")]


def test_what_is_known_does_not_stand_for_what_is_not_on_the_same_line():
    base = "{% slimfile '/a.js' %}{% block b %}{% slimfile name %}{% endblock %}"
    result = scanned("{% extends 'one' %}{% block b %}{% endblock %}", base)
    assert result.unknown == (Unknown(Place("one", 1, "slimfile"), "name", alone=False),)


def test_unknown_only_where_a_template_stands_alone():
    result = scanned('{% include "one" with name="/a.css" %}', "{% slimfile name %}")
    assert values(result) == ["/a.css"]
    assert result.unknown == (Unknown(Place("one", 1, "slimfile"), "name", alone=True),)
    result = scanned('{% include "one" with name="/a.css" %}{% include "one" %}', "{% slimfile name %}")
    assert result.unknown == (Unknown(Place("one", 1, "slimfile"), "name", alone=False),)


def test_templates_that_include_themselves():
    tree = '{% staticfile name %}{% if children %}{% include "page" with name="/b.css" %}{% endif %}'
    result = scanned(tree)
    assert values(result) == ["/b.css"]
    growing = '{% staticfile n %}{% include "page" with n=n|default:"/a"|add:"x" %}'
    result = scanned('{% include "one" with n="/a" %}', growing.replace('"page"', '"one"'))
    assert "/axx" in values(result)
    assert "includes itself with other values" in result.notes[0]


def test_what_a_loop_leaves_behind_is_there_in_the_next_turn():
    source = "{% for x in y %}{% staticfile q %}{% if x.first %}{% firstof '/f.css' as q %}{% endif %}{% staticfile q %}{% endfor %}"
    result = scanned(source)
    assert values(result) == ["/f.css"]
    assert [each.expression for each in result.unknown] == ["q"]
    growing = (
        "{% firstof 'a' as q %}{% for x in y %}{% firstof q|add:'b' as q %}{% staticfile q %}{% endfor %}"
    )
    assert len(scanned(growing).unknown) == 1


def test_variables_that_tags_set():
    source = "{% with a='/a.css' %}{% {} %}{% staticfile a %}{% endwith %}"
    for tag in (
        "cycle '/b.css' '/c.css' as a",
        "bang as a",
        "now 'Y' as a",
        "regroup x by y as a",
        "url 'x' as a",
        "slimfile '/c.css' as a",
    ):
        result = scanned(source.replace("{}", tag))
        assert "/a.css" not in values(result), tag
        assert [each.expression for each in result.unknown] == ["a"], tag
    result = scanned("{% with a='/a.css' %}{% remember a %}{% staticfile a %}{% endremember %}{% endwith %}")
    assert values(result) == []
    assert len(result.unknown) == 1


@pytest.mark.parametrize(
    "source",
    [
        "{% twice %}{}{% endtwice %}",
        "{% shout %}{}{% endshout %}",
        "{% if a %}{% for b in c %}{}{% endfor %}{% endif %}",
        "{% for b in c %}{% empty %}{}{% endfor %}",
        "{% ifchanged %}{% else %}{}{% endifchanged %}",
        "{% spaceless %}{% filter upper %}{% cache 5 x %}{}{% endcache %}{% endfilter %}{% endspaceless %}",
        "{% slimall %}{}{% endslimall %}",
        "{% slimall %}{% twice %}{{ x }}{}{% endtwice %}{% endslimall %}",
    ],
)
def test_tags_inside_other_tags(source):
    assert values(scanned(source.replace("{}", '{% staticfile "/a.css" %}'))) == ["/a.css"]


def test_a_tag_that_is_an_attribute_of_another():
    assert values(scanned('{% wrapped %}a{% staticfile "/x" %}{% endwrapped %}')) == ["/x"]


def test_tags_under_another_name_and_as_builtins():
    assert values(scanned('{% theirs "/a.css" %}')) == ["/a.css"]
    source = {"page": '{% slimfile "/b.css" %}', "other": '{% load by_another_name %}{% slimfile "/c.css" %}'}
    result = scan([engine(source, builtins=["django_static.templatetags.django_static"])])
    assert values(result) == ["/c.css", "/b.css"]


def test_templates_of_inclusion_tags_are_walked():
    templates = {"page": LOAD + "{% inclusion %}", "included_by_tag.html": LOAD + '{% staticfile "/i.css" %}'}
    assert values(scan([engine(templates)])) == ["/i.css"]


def test_failures_have_name_line_and_reason():
    result = scanned(
        "ok {% staticfile '/a.css' %}", "\n\n{% slimfile %}", "{% explode %}", "{% if %}{% nonsense"
    )
    assert values(result) == ["/a.css"]
    assert [(each.template, each.line) for each in result.failed] == [("one", 3), ("three", 1), ("two", 1)]
    assert "no name is given" in result.failed[0].reason
    assert "not today" in result.failed[2].reason


def test_a_failing_parent_is_one_failure():
    result = scanned('{% extends "one" %}', "{% explode %}")
    assert result.failed == (Failure("one", 1, "not today"),)


def test_missing_templates_are_told():
    result = scanned('\n{% include "no.html" %}', '{% extends "none.html" %}', '{% include "../up" %}')
    assert list(map(str, result.missing)) == [
        "one, line 1, {% extends %}: there is no template none.html",
        "page, line 2, {% include %}: there is no template no.html",
    ]
    assert "outside the file hierarchy" in result.failed[0].reason


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (
            "{% if x %}\n{% include 'a.html' %}{% endif %}",
            ["line 2, {% include %}: there is no template a.html"],
        ),
        (
            "{% with t='a.html' %}{% include t %}{% endwith %}",
            ["line 1, {% include %}: there is no template a.html"],
        ),
        ("{% include t %}", []),
        ("{% include t with u='a.html' %}", []),
        ("{% include 'one' %}", []),
        ("{% include 'one' with t='a.html' %}", ["one, line 1, {% include %}: there is no template a.html"]),
        ("{% extends 'page' %}", ["line 1, {% extends %}: there is no template page"]),
        ("{% extends x|default:t %}", []),
        ("{% extends '' %}", ["line 1, {% extends %}: there is no template ''"]),
    ],
)
def test_templates_that_are_not_there(source, said):
    result = scanned(source, "{% if t %}{% include t %}{% endif %}")
    assert list(map(str, result.missing)) == [
        each if each.startswith("one") else f"page, {each}" for each in said
    ]
    assert result.failed == ()


@pytest.mark.parametrize("name", ["", "folder", "n" * 300, "a/../../../etc/passwd"])
def test_names_that_no_template_has(tmp_path, name):
    (tmp_path / "folder").mkdir()
    (tmp_path / "page.html").write_text(
        f"{{% include '{name}' %}}\n{{% if x %}}{{% include '{name}' %}}{{% endif %}}"
    )
    result = scan([Engine(dirs=[str(tmp_path)])])
    assert [each.place.line for each in result.missing] == [1, 2]
    assert all((name or "''") in each.reason for each in result.missing)
    assert result.failed == ()


def test_a_block_with_a_loop_that_may_be_empty():
    result = scanned(block("a{% for x in y %}b{% empty %}c{% endfor %}"))
    assert values(result, "block") == ["ac"]
    assert [each.expression for each in result.unknown] == ["{% for x in y %}"]


def test_a_storage_that_has_no_url_is_noted():
    def static(path):
        raise ValueError(f"no manifest entry for {path}")

    result = scan([engine({"page": LOAD + block('{% static "a.css" %}')})], static=static)
    assert len(result.unknown) == 1
    assert "no manifest entry" in result.notes[0]


def test_the_url_of_static_can_be_given():
    result = scan(
        [engine({"page": LOAD + block('{% static "a.css" %}')})], static=lambda path: f"/x/{path}?a&b"
    )
    assert values(result, "block") == ["/x/a.css?a&amp;b"]


def test_order_is_stable_and_nothing_comes_twice():
    source = '{% staticfile "/z" %}\n{% staticfile "/a" %}{% staticfile "/a" %}'
    result = scan([engine({"b": LOAD + source, "a": LOAD + source})])
    assert [(use.place.template, use.place.line, use.value) for use in result.uses] == [
        ("a", 1, "/z"),
        ("a", 2, "/a"),
        ("b", 1, "/z"),
        ("b", 2, "/a"),
    ]
    assert scan([engine({"a": LOAD + source, "b": LOAD + source})]) == result


# Where templates are looked for


def write(root, files):
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)


def test_folders_with_whatever_lies_in_them(tmp_path):
    ok = LOAD + '{% staticfile "/NAME" %}'
    write(
        tmp_path,
        {
            "page.html": ok.replace("NAME", "page"),
            "deep/er/mail.txt": ok.replace("NAME", "mail"),
            "no.html": "no tags",
            "picture.png": b"\x89PNG\r\n\x1a\n\x00{% broken",
            "module.pyc": b"{% broken",
            "page.html~": "{% broken %}",
            ".#page.html": "{% broken %}",
            "#page.html#": "{% broken %}",
            "page.html.orig": "{% broken %}",
            ".git/page.html": "{% broken %}",
            "__pycache__/x.html": "{% broken %}",
            "latin.html": ok.encode() + b"\xe9",
            "crlf.html": "{% load django_static %}\r\n{% slimall %}\r\n<a>\r\n{% endslimall %}",
        },
    )
    (tmp_path / "loop").symlink_to(tmp_path)
    (tmp_path / "dangling.html").symlink_to(tmp_path / "nowhere")
    result = scan(
        [engine(dirs=[tmp_path, tmp_path / "absent"], loaders=["django.template.loaders.filesystem.Loader"])]
    )
    assert values(result) == ["/mail", "/page"]
    assert values(result, "block") == ["\n<a>\n"]
    assert [(each.template, each.line) for each in result.failed] == [("latin.html", 0)]
    assert result.notes == ("there is no template dangling.html",)


def test_a_template_in_two_folders_may_extend_itself(tmp_path):
    write(tmp_path / "one", {"page.html": '{% extends "page.html" %}{% block a %}new{% endblock %}'})
    write(tmp_path / "two", {"page.html": LOAD + block("{% block a %}old{% endblock %}")})
    result = scan([engine(dirs=[tmp_path / "one", tmp_path / "two"])])
    assert values(result, "block") == ["new"]


def test_the_cached_loader_and_loaders_within_loaders(tmp_path):
    write(tmp_path, {"file.html": LOAD + '{% staticfile "/file" %}'})
    inner = [
        "django.template.loaders.filesystem.Loader",
        ("django.template.loaders.locmem.Loader", {"m": LOAD + '{% staticfile "/memory" %}'}),
    ]
    made = engine(dirs=[tmp_path], loaders=[("django.template.loaders.cached.Loader", inner)])
    assert values(scan([made])) == ["/file", "/memory"]


class Secretive(Loader):
    """Has templates, but no way to list them."""

    templates = {
        "secret.html": LOAD + '{% staticfile "/secret" %}{% include "deeper.html" %}',
        "deeper.html": LOAD + "{% staticfile '/deeper' %}",
        "never.html": LOAD + '{% staticfile "/never" %}',
    }

    def get_template_sources(self, template_name):
        from django.template import Origin

        yield Origin(name=template_name, template_name=template_name, loader=self)

    def get_contents(self, origin):
        from django.template import TemplateDoesNotExist

        try:
            return self.templates[origin.name]
        except KeyError:
            raise TemplateDoesNotExist(origin) from None


class Talkative(Secretive):
    def list_templates(self):
        return list(self.templates)


def test_a_loader_that_cannot_list():
    made = engine({"page": LOAD + '{% include "secret.html" %}'})
    made.__dict__["template_loaders"] = [*made.template_loaders, Secretive(made)]
    result = scan([made])
    assert values(result) == ["/deeper", "/secret"]
    assert "Secretive cannot list its templates" in result.notes[0]
    made.__dict__["template_loaders"] = [Talkative(made)]
    result = scan([made])
    assert values(result) == ["/deeper", "/never", "/secret"]
    assert result.notes == ()


def test_the_projects_engines_with_app_directories(settings, tmp_path):
    write(tmp_path, {"page.html": LOAD.replace(" others", "") + '{% staticfile "/project" %}'})
    settings.INSTALLED_APPS = [
        *django_settings.INSTALLED_APPS,
        "django.contrib.admin",
        "django.contrib.contenttypes",
    ]
    settings.TEMPLATES = [
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "DIRS": [tmp_path],
            "APP_DIRS": True,
        },
        {"BACKEND": "django.template.backends.jinja2.Jinja2", "NAME": "j", "DIRS": [tmp_path]},
        {"BACKEND": "django.template.backends.dummy.TemplateStrings", "NAME": "d", "DIRS": [tmp_path]},
    ]
    result = scan()
    assert values(result) == ["/project"]
    # Jinja2 cannot compile it, but it is not its template.
    assert result.failed == ()
    assert result.notes == (
        "template engine django.template.backends.dummy.TemplateStrings is not known here",
    )


def test_the_same_name_under_two_engines():
    one = engine({"page": LOAD + '{% staticfile "/one" %}'})
    two = engine({"page": LOAD + '{% staticfile "/two" %}'})
    assert values(scan([one, two])) == ["/one", "/two"]


if django.VERSION >= (6, 0):  # partials came with it; where there are none nothing is skipped

    def test_partials():
        page = (
            "{% partialdef p %}{% staticfile name %}[{{ a }}]{% endpartialdef %}"
            "{% with a='x' name='/a.css' %}{% slimall %}{% partial p %}{% endslimall %}{% endwith %}"
            "{% partialdef q inline %}{% staticfile '/inline.css' %}{% endpartialdef %}"
            "{% partialdef never %}{% staticfile '/never.css' %}{% endpartialdef %}{% partial none %}"
        )
        result = scanned(page, '{% include "page#p" with name="/b.css" %}')
        assert values(result) == ["/a.css", "/b.css", "/inline.css", "/never.css"]
        assert "{% partial none %}: there is no such partial" in result.notes


def test_without_jinja2():
    """Importing and scanning needs no Jinja2, and imports none of it."""
    code = """
        import sys
        sys.modules["jinja2"] = sys.modules["markupsafe"] = None
        import django
        from django.conf import settings
        settings.configure(INSTALLED_APPS=["django_static"], TEMPLATES=[
            {"BACKEND": "django.template.backends.django.DjangoTemplates", "OPTIONS": {
                "builtins": ["django_static.templatetags.django_static"],
                "loaders": [("django.template.loaders.locmem.Loader", {"page": "{% slimfile '/a.css' %}"})]}}])
        django.setup()
        from django_static.scan import scan
        print([use.value for use in scan().uses])
        """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stdout == "['/a.css']\n", done.stderr
