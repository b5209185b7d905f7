"""Tags with literal arguments keep what they printed, and never for too long."""

from __future__ import annotations

import threading

import pytest
import static_test_proxies
from django.template import Context, Engine
from django.templatetags.static import StaticNode

from django_static import lazy as lazy_module
from django_static import resolver
from django_static.templatetags.django_static import LiteralFileNode

LINKS = '<link rel="stylesheet" href="/a.css"><link rel="stylesheet" href="/b.css">'
OPTIONS = {
    "libraries": {"django_static": "django_static.templatetags.django_static"},
    "builtins": ["django_static.templatetags.django_static", "django.templatetags.static"],
}


def compiled(source: str, **options):
    return Engine(**OPTIONS, **options).from_string(source)


def render(template, **context) -> str:
    return template.render(Context(context))


@pytest.fixture
def styles(site):
    site.write("a.css", "a { b : c }", 5)
    site.write("b.css", "d { e : f }", 9)
    site.write("i.png", "", 7)
    return site


@pytest.fixture
def asked(monkeypatch) -> list[str]:
    """What resolvers have been asked."""
    seen: list[str] = []
    for kind in (lazy_module.Lazy, resolver.Off, resolver.Manifested):
        for name in ("file", "block", "content"):
            real = getattr(kind, name)

            def noted(*args, _real=real, _name=name, **kwargs):
                seen.append(_name)
                return _real(*args, **kwargs)

            monkeypatch.setattr(kind, name, noted)
    return seen


KEPT = [
    ('{% staticfile "/i.png" %}', "/i.7.png"),
    ("{% slimfile '/i.png?x&y' %}", "/i.7.png?x&amp;y"),
    ('{% staticfile "" %}', ""),
    ('{% staticfile "//cdn.example.com/a.js" %}', "//cdn.example.com/a.js"),
    ("{% slimall %}" + LINKS + "{% endslimall %}", '<link rel="stylesheet" href="/a_b.9.css">'),
    ("{% slimcontent css %}a { b : c }{% endslimcontent %}", "a{b:c}"),
    ("{% slimall %}{# x #}{% comment %}x{% endcomment %}{% endslimall %}", ""),
    ("{% slimall %}{% verbatim %}{{ x }}{% endverbatim %}{% endslimall %}", "{{ x }}"),
    ("{% staticall %}{% load django_static %}{{ '<p>' }}{% endstaticall %}", "<p>"),
    (
        '{% staticall %}<img src="{% staticfile "/i.png" %}">{% slimcontent css %}a { b : c }{% endslimcontent %}{% endstaticall %}',
        '<img src="/i.7.png">a{b:c}',
    ),
    ('{% staticall %}<img src="{% static "x.png" %}">{% endstaticall %}', '<img src="/static/x.png">'),
]


@pytest.mark.parametrize(("source", "printed"), KEPT)
def test_what_is_literal_is_asked_for_once(styles, asked, source, printed):
    template = compiled(source)
    assert render(template) == printed
    assert asked, "the first time it must be asked for"
    asked.clear()
    assert [render(template) for _ in range(3)] == [printed] * 3
    assert asked == []


@pytest.mark.parametrize(("source", "printed"), KEPT)
def test_another_resolver_is_asked_anew(styles, asked, source, printed):
    template = compiled(source)
    render(template)
    asked.clear()
    resolver.reset()
    assert render(template) == printed
    assert asked


@pytest.mark.parametrize(
    "source",
    [
        "{% staticfile name %}",
        '{% staticfile "/i.png"|lower %}',
        '{% staticfile "/i.png" as x %}',
        "{% slimall %}{{ name }}{% endslimall %}",
        "{% slimall %}{{ 1.5 }}{% endslimall %}",
        "{% slimall %}{{ 'x'|upper }}{% endslimall %}",
        "{% slimall %}{% if name %}x{% endif %}{% endslimall %}",
        "{% slimall %}{% static name %}{% endslimall %}",
        "{% slimall %}{% static 'x' as y %}{% endslimall %}",
        "{% slimall %}{% staticfile name %}{% endslimall %}",
        "{% slimall %}{% staticfile '/i.png' as x %}{% endslimall %}",
        "{% slimall %}{% slimcontent %}{{ name }}{% endslimcontent %}{% endslimall %}",
    ],
)
def test_what_is_not_literal_is_asked_for_each_time(styles, asked, source):
    template = compiled(source)
    for _ in range(3):
        asked.clear()
        render(template, name="/i.png")
        assert asked


def test_a_variable_is_set_at_each_render(styles):
    template = compiled('{% staticfile "/i.png" as x %}{{ x }}')
    assert [render(template) for _ in range(3)] == ["/i.7.png"] * 3


def test_autoescape_on_and_off(styles):
    template = compiled(
        '{% for x in "ab" %}{% include file %}{% autoescape off %}{% include file %}{% endautoescape %}{% endfor %}'
    )
    file = compiled('{% staticfile "/i.png?x&y" %} ')
    for _ in range(2):
        assert render(template, file=file) == "/i.7.png?x&amp;y /i.7.png?x&y " * 2


def test_autoescape_in_a_block(styles):
    block = compiled('{% staticall %}<i>{% staticfile "/i.png?x&y" %}</i>{% endstaticall %}')
    for _ in range(2):
        assert block.render(Context(autoescape=True)) == "<i>/i.7.png?x&amp;y</i>"
        assert block.render(Context(autoescape=False)) == "<i>/i.7.png?x&y</i>"


def test_each_template_has_its_own(styles):
    source = '{% staticfile "/i.png?x&y" %}'
    for escape, printed in ((True, "/i.7.png?x&amp;y"), (False, "/i.7.png?x&y")) * 2:
        template = compiled(source, autoescape=escape)
        assert template.render(Context(autoescape=escape)) == printed
    (node,) = compiled(source).nodelist
    assert isinstance(node, LiteralFileNode)
    assert node._kept == [None, None]


@pytest.mark.parametrize(
    "source",
    [
        '{% staticfile "/i.png" %}',
        '{% staticall %}<script src="/i.js"></script>{% endstaticall %}',
        '{% staticall %}<i>{% staticfile "/i.png" %}</i>{% endstaticall %}',
        '{% slimcontent html %}<i>{% staticfile "/i.png" %}</i>{% endslimcontent %}',
    ],
)
def test_a_file_that_is_there_later_is_found(site, source):
    now = [0.0]
    template = compiled(source)
    resolver.chosen = lazy_module.Lazy(resolver.current()._pipeline, recheck=False, clock=lambda: now[0])
    assert "/i.5." not in render(template)
    site.write("i.png", "", 5)
    site.write("i.js", "", 5)
    now[0] += lazy_module.RETRY_SECONDS + 1
    assert "/i.5." in render(template)


def test_several_names_of_which_one_is_there_later(site):
    now = [0.0]
    site.write("a.js", "var a", 5)
    template = compiled('{% staticfile "/a.js;/b.js" %}')
    resolver.chosen = lazy_module.Lazy(resolver.current()._pipeline, recheck=False, clock=lambda: now[0])
    assert render(template) == "/a.5.js"
    site.write("b.js", "var b", 6)
    now[0] += lazy_module.RETRY_SECONDS + 1
    assert render(template) == "/a_b.6.js"


@pytest.mark.parametrize(
    "source", ['{% staticfile "/a.css" %}', "{% staticall %}" + LINKS + "{% endstaticall %}"]
)
def test_debug_looks_each_time(styles, source):
    styles.settings.DEBUG = True
    template = compiled(source)
    assert ".11." not in render(template)
    styles.write("/a.css", "z{}", 11)
    assert ".11." in render(template)


def test_settings_take_effect(styles, settings):
    template = compiled('{% staticfile "/i.png" %} {% slimall %}' + LINKS + "{% endslimall %}")
    on = render(template)
    settings.DJANGO_STATIC = False
    assert render(template) == f"/i.png {LINKS}"
    settings.DJANGO_STATIC = True
    assert render(template) == on
    settings.DJANGO_STATIC_MEDIA_URL = "//static.example.com"
    assert render(template).count("//static.example.com/") == 2
    settings.DEBUG = True
    styles.write("i.png", "", 8)
    assert "/i.8.png" in render(template)


def test_a_proxy_is_asked_each_time(styles, settings):
    template = compiled('{% staticfile "/i.png" %}{% slimall %}{% static "x" %}' + LINKS + "{% endslimall %}")
    render(template)
    calls = static_test_proxies.Calls()
    settings.DJANGO_STATIC_FILE_PROXY = calls
    for _ in range(3):
        render(template)
    assert len(calls.calls) == 6


def test_a_signed_storage_is_asked_each_time(styles, settings):
    settings.STORAGES = {"staticfiles": {"BACKEND": "static_test_storage.Signed"}}
    template = compiled('{% slimall %}<img src="{% static "x.png" %}">{% endslimall %}')
    assert render(template) != render(template)


def test_static_without_its_app_is_asked_each_time(styles, settings, monkeypatch):
    seen = []
    real = StaticNode.url
    monkeypatch.setattr(StaticNode, "url", lambda *args: seen.append(args) or real(*args))
    settings.INSTALLED_APPS = ["django_static"]
    template = compiled('{% slimall %}<img src="{% static "x.png" %}">{% endslimall %}')
    for _ in range(3):
        assert render(template) == '<img src="/static/x.png">'
    assert len(seen) == 3


def test_a_subclass_may_say_something_else_each_time(styles):
    class Other(StaticNode):
        pass

    template = compiled('{% slimall %}{% static "x" %}{% endslimall %}')
    (block,) = template.nodelist
    block.nodelist[0].__class__ = Other
    from django_static.literal import is_literal

    assert not is_literal(block.nodelist)


def test_many_threads_while_the_settings_change(styles):
    """Whoever renders gets what one of the resolvers prints, and in the end what the last one prints."""
    template = compiled('{% staticfile "/i.png" %}')
    resolvers = [resolver.Off("//one"), resolver.Off("//two")]
    stop = threading.Event()
    wrong: list[str] = []

    def work() -> None:
        while not stop.is_set():
            text = render(template)
            if text not in ("//one/i.png", "//two/i.png"):
                wrong.append(text)

    resolver.chosen = resolvers[0]
    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for turn in range(2000):
        resolver.chosen = resolvers[turn % 2]
        expected = f"//{('one', 'two')[turn % 2]}/i.png"
        if render(template) != expected:
            wrong.append(f"{turn}")
    stop.set()
    for thread in threads:
        thread.join(30)
    assert wrong == []
