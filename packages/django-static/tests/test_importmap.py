"""Import maps: what they hold in every mode, and how they stand in HTML."""

from __future__ import annotations

import json
import re
from html import unescape

import pytest
from django.template import TemplateSyntaxError

from django_static import resolver

TIME = 1269174558


@pytest.fixture
def modules(modes):
    write = modes.site.write
    write("js/app.js", "import './util.js' ;\nimport { x } from 'lib/x.js' ;", TIME)
    write("js/util.js", "export var util = 1 ;", TIME)
    write("js/lib/x.js", "export var x = 1 ;", TIME)
    write("js/lib/deep/y.mjs", "export var y = 1 ;", TIME)
    write("js/lib/z.css", "a { b : c }", TIME)
    write("js/lib/one.js", "import './two.js' ; export var one = 1 ;", TIME)
    write("js/lib/two.js", "import './one.js' ; export var two = 1 ;", TIME)
    modes.settings.DJANGO_STATIC_IMPORTMAP = {"app": "/js/app.js"}
    return modes


def read(html: str) -> dict:
    (text,) = re.findall(r'<script type="importmap">(.*)</script>', html)
    return json.loads(text)


def without_marks(value):
    return json.loads(re.sub(r"\.(?:[0-9a-f]{12}|[0-9]{10})\.", ".#.", json.dumps(value)))


APP = {"app": "/js/app.#.js", "/js/app.js": "/js/app.#.js", "/js/util.js": "/js/util.#.js"}
X = {"/js/lib/x.js": "/js/lib/x.#.js"}
CIRCLE = {f"/js/lib/{name}.js": f"/js/lib/{name}.#.js" for name in ("one", "two")}
DEEP = {"/js/lib/deep/y.mjs": "/js/lib/deep/y.#.mjs"}


@pytest.mark.parametrize(
    ("words", "imports"),
    [
        ("", APP),
        ("slim", APP),
        ('"x" "/js/lib/x.js"', {**APP, **X, "x": "/js/lib/x.#.js"}),
        ('"app" "/js/lib/x.js"', {**X, "app": "/js/lib/x.#.js"}),
        ('"/js/app.js" "/js/lib/x.js"', {**APP, **X, "/js/app.js": "/js/lib/x.#.js"}),
        ('"one" "/js/lib/one.js"', {**APP, **CIRCLE, "one": "/js/lib/one.#.js"}),
        (
            '"lib/" "/js/lib/"',
            {
                **APP, **X, **CIRCLE, **DEEP,
                "lib/x.js": "/js/lib/x.#.js", "lib/deep/y.mjs": "/js/lib/deep/y.#.mjs",
                "lib/one.js": "/js/lib/one.#.js", "lib/two.js": "/js/lib/two.#.js",
            },
        ),
        ('"y/" "/js/lib/deep/*.mjs"', {**APP, **DEEP, "y/y.mjs": "/js/lib/deep/y.#.mjs"}),
        ('"cdn" "https://cdn.example/x.js"', {**APP, "cdn": "https://cdn.example/x.js"}),
    ],
)  # fmt: skip
@pytest.mark.parametrize("fingerprint", ["hash", "mtime"])
def test_what_it_maps(modules, words, imports, fingerprint):
    modules.settings.DJANGO_STATIC_FINGERPRINT = fingerprint
    modules.page(f"{{% staticimportmap {words} %}}")
    found = read(modules.both())
    assert without_marks(found) == {"imports": imports}
    for url in found["imports"].values():
        assert url.startswith("https:") or (modules.site.media / url.lstrip("/")).is_file()
    # What was published beside the originals is no module of its own.
    assert read(modules.lazily()) == found


def test_published_modules_import_the_same_files(modules):
    modules.settings.DJANGO_STATIC_MINIFIERS = {"js": None}
    modules.page("{% staticimportmap %}")
    found = read(modules.both())["imports"]
    text = modules.site.text(found["app"])
    assert f"./{found['/js/util.js'].removeprefix('/js/')}" in text
    assert "'lib/x.js'" in text


def test_slim_modules_are_those_that_blocks_print(modules):
    modules.page(
        '{% staticimportmap slim %}{% slimall %}<script type="module" src="/js/app.js"></script>{% endslimall %}'
    )
    html = modules.both()
    found = read(html.partition("</script>")[0] + "</script>")["imports"]
    assert f'<script type="module" src="{found["app"]}">' in html


def test_integrity(modules):
    modules.settings.DJANGO_STATIC_INTEGRITY = True
    modules.page('{% staticimportmap %} {% staticintegrity "/js/util.js" %}')
    html = modules.both()
    found = read(html)
    assert found["integrity"].keys() == set(found["imports"].values())
    assert found["integrity"][found["imports"]["/js/util.js"]] == html.split()[-1]


def test_while_the_tags_are_off(modules):
    modules.page('{% staticimportmap "lib/" "/js/lib/*.js" "x" "js/x.js" slim nonce="n" %}')
    assert modules.off() == (
        '<script type="importmap" nonce="n">'
        '{"imports":{"app":"/js/app.js","lib/":"/js/lib/","x":"./js/x.js"}}</script>'
    )


@pytest.mark.parametrize("jinja", [False, True], ids=["django", "jinja2"])
def test_a_nonce_that_differs(modules, jinja):
    modules.page(
        '{{ staticimportmap({"x": "/js/lib/x.js"}, nonce=nonce) }}'
        if jinja
        else '{% staticimportmap "x" "/js/lib/x.js" nonce=nonce %}',
        jinja=jinja,
    )
    first = modules.both(nonce='a"<')
    second = modules.render(nonce="b")
    assert first.startswith('<script type="importmap" nonce="a&quot;&lt;">')
    assert second == first.replace("a&quot;&lt;", "b")
    assert "nonce" not in modules.render()


def test_nothing_ends_the_element(modules):
    modules.settings.DJANGO_STATIC_IMPORTMAP = {"</script><!--": "/js/app.js", "&amp;": "/js/lib/x.js"}
    modules.page("{% staticimportmap %}")
    html = modules.both()
    text = html.removeprefix('<script type="importmap">').removesuffix("</script>")
    assert not set(text) & set("<>&")
    assert json.loads(text)["imports"]["</script><!--"].startswith("/js/app.")
    assert unescape(text) == text


def test_a_missing_module_keeps_its_name(modules, warned):
    modules.page('{% staticimportmap "gone" "/js/gone.js" %}')
    assert without_marks(read(modules.both()))["imports"] == {**APP, "gone": "/js/gone.js"}
    assert any("/js/gone.js" in message for message in warned())
    from django.core.management import CommandError

    with pytest.raises(CommandError):
        modules.build("--check")


def test_a_map_that_was_not_built(modules, warned):
    modules.page("{% staticimportmap %}")
    modules.build()
    modules.page('{% staticimportmap "x" x %}')
    resolver.reset()
    assert read(modules.render(x="/js/lib/x.js")) == {"imports": {"app": "/js/app.js", "x": "/js/lib/x.js"}}
    assert any("staticbuild" in message for message in warned())


def test_names_known_at_run_time_only(modules):
    modules.page('{% staticimportmap "x" x %}')
    assert "{% staticimportmap %}: x is known at run time only" in modules.build()


@pytest.mark.parametrize("options", [{}, {"DJANGO_STATIC_NAME_PREFIX": "/cache"}])
def test_prefixes(modules, tmp_path, options):
    modules.settings.DJANGO_STATIC_SAVE_PREFIX = str(tmp_path / "out")
    modules.settings.DJANGO_STATIC_MEDIA_URL = "//static.example.com"
    for name, value in options.items():
        setattr(modules.settings, name, value)
    modules.page("{% staticimportmap %}")
    prefix = "//static.example.com" + options.get("DJANGO_STATIC_NAME_PREFIX", "")
    assert without_marks(read(modules.both()))["imports"] == {key: prefix + url for key, url in APP.items()}


@pytest.mark.parametrize("words", ['"app"', '"a" "/a.js" slim "b" "/b.js"', '"a" "/a.js" "b"', "nonce= x"])
def test_wrong_arguments(modules, words):
    with pytest.raises(TemplateSyntaxError):
        modules.site.render(f"{{% staticimportmap {words} %}}")


@pytest.mark.parametrize(
    "words", ['"lib/" "/js/lib.js"', '"lib" "/js/lib/"', '"lib" "/js/*.js"', '"" "/a.js"']
)
def test_wrong_entries(modules, words):
    with pytest.raises(ValueError, match="specifier"):
        modules.site.render(f"{{% staticimportmap {words} %}}")
    modules.page(f"{{% staticimportmap {words} %}}")
    modules.build()  # it is the page that fails, in development too


def test_a_change_in_development(modules):
    modules.settings.DEBUG = True
    modules.page('{% staticimportmap "lib/" "/js/lib/" %}')
    first = read(modules.lazily())["imports"]
    modules.site.write("js/lib/new.js", "export var n ;", TIME)
    modules.site.write("js/lib/x.js", "export var x = 2 ;", TIME + 5)
    second = read(modules.render())["imports"]
    assert "lib/new.js" in second
    assert "lib/new.js" not in first
    assert first["lib/x.js"] != second["lib/x.js"]


def test_a_new_module_in_a_folder_is_built(modules):
    modules.page('{% staticimportmap "lib/" "/js/lib/" %}')
    modules.build()
    modules.build()
    modules.site.write("js/lib/new.js", "export var n ;", TIME)
    assert "lib/new.js" in read(modules.both())["imports"]
