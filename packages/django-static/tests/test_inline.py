"""``staticbuild --check`` of what stands in templates themselves: inline scripts and style sheets, and ``{% static %}``."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from hypothesis import given
from hypothesis import strategies as st

from django_static import markup

LOCMEM = "django.template.loaders.locmem.Loader"
DJANGO = "django.template.backends.django.DjangoTemplates"
JINJA = "django.template.backends.jinja2.Jinja2"


@pytest.fixture
def check(site, settings, tmp_path):
    """What ``--check`` says of a template."""
    settings.STATICFILES_FINDERS = []
    settings.DJANGO_STATIC_MANIFEST_FILE = str(tmp_path / "state" / "manifest.json")
    folder = tmp_path / "jinja"
    folder.mkdir()

    def run(text: str, *arguments: str, jinja: bool = False, name: str = "p.html") -> list[str]:
        engine = {"BACKEND": DJANGO, "OPTIONS": {"loaders": [(LOCMEM, {name: text})]}}
        engine["OPTIONS"]["builtins"] = [
            "django.templatetags.static",
            "django_static.templatetags.django_static",
        ]
        if jinja:
            (folder / name).write_text(text)
            options = {"extensions": ["django_static.jinja2.StaticExtension"], "line_statement_prefix": "##"}
            engine = {"BACKEND": JINJA, "DIRS": [str(folder)], "OPTIONS": options}
        settings.TEMPLATES = [engine]
        out = StringIO()
        try:
            call_command("staticbuild", "--check", *arguments, stdout=out, stderr=out, skip_checks=True)
        except CommandError:
            return out.getvalue().splitlines()
        return []

    return run


#: Template to what is said of it, without what follows the name.
CASES = {
    "import": ('<script type="module">\nimport "/no.js";</script>', "line 2, <script>: '/no.js'"),
    "import from": ("<script type=module>import a from '/no.js'</script>", "line 1, <script>: '/no.js'"),
    "export from": ("<script type=module>\n\nexport * from '/no.js'</script>", "line 3, <script>: '/no.js'"),
    "import()": ("<script type=module>a(\nimport(`/no.js`))</script>", "line 2, <script>: '/no.js'"),
    "import() of a classic script": ("<script>\nimport('/no.js')</script>", "line 2, <script>: '/no.js'"),
    "new URL": (
        "<script type=MODULE>new URL('/no.wasm', import.meta.url)</script>",
        "line 1, <script>: '/no.wasm'",
    ),
    "url()": ("<style>\na { b: url(/no.png) }</style>", "line 2, <style>: '/no.png'"),
    "@import": ("<style type='text/css'>@import '/no.css';</style>", "line 1, <style>: '/no.css'"),
    "image-set()": ("<style>a { b: image-set('/no.png' 1x) }</style>", "line 1, <style>: '/no.png'"),
    "style=": ('<p\n style="b: url(&quot;/no.png&quot;)">', "line 2, style=: '/no.png'"),
    "behind tags": (
        "{% if a %}\n{% endif %}\n<style>a{b:url(/no.png)}</style>",
        "line 3, <style>: '/no.png'",
    ),
    "in a condition": ("{% if a %}<style>a{b:url(/no.png)}</style>{% endif %}", "line 1, <style>: '/no.png'"),
    "import map": (
        '<script type="importmap">\n{"imports": {"a": "/to.mjs",\n"b": "/no.js", "c/": "/no/"}}</script>',
        "line 3, <script>: '/no.js'",
    ),
    "scopes of an import map": (
        '<script type="importmap">{"imports": {},\n"scopes": {"/old/": {"b": "{{ c }}.js", "a": "/no.js"}}}</script>',
        "line 2, <script>: '/no.js'",
    ),
    "between variables": (
        "<script type=module>let a = '{{ a }}';\nimport('/no.js');let b = {{ b }}</script>",
        "line 2, <script>: '/no.js'",
    ),
    "media URL": ("<style>a{b:url(/media/no.png)}</style>", "line 1, <style>: '/media/no.png'"),
    "in slimcontent": (
        "<style>{% slimcontent %}a{b:url(/no.png)}{% endslimcontent %}</style>",
        "line 1, <style>: '/no.png'",
    ),
    "what it leads to": ('<script type="module">import "/to.js";</script>', "to.js:1: '/lost.js'"),
    "static": ("\n{% static 'no.png' %}", "line 2, {% static %}: '/static/no.png'"),
    "static as": ("{% static 'no.png' as a %}", "line 1, {% static %}: '/static/no.png'"),
    "static with a query": ("{% static 'no.png?v=1' %}", "line 1, {% static %}: '/static/no.png'"),
    "static with": (
        "{% with a='no.png' %}{% static a %}{% endwith %}",
        "line 1, {% static %}: '/static/no.png'",
    ),
}
FINE = {
    "what is there": "<style>a{b:url(/i.png)}</style><script type=module>import '/to.mjs'</script>",
    "what is there, from static": "{% static 'i.png' %}{% static 'with%20space.png' %}",
    "relative": "<style>a{b:url(no.png)}</style><script type=module>import './no.js'</script>",
    "bare": "<script type=module>import 'lodash'</script>",
    "other hosts": "<style>a{b:url(//x.org/no.png);c:url(https://x.org/no.png);d:url(data:,x);e:url(#f)}</style>",
    "with a variable": "<style>a{b:url(/img/{{ a }}.png)}</style><script>import('{{ a }}/no.js')</script>",
    "with a tag": "<style>a{b:url({% static a %})}</style>",
    "another type": "<script type='text/template'>import('/no.js')</script><style type=x>a{b:url(/no)}</style>",
    "with a source": "<script src='https://x.org/a.js'>import('/no.js')</script>",
    "in a text area": "<textarea><style>a{b:url(/no.png)}</style></textarea>",
    "in a comment": "<!-- <style>a{b:url(/no.png)}</style> -->",
    "in a comment of the engine": "{# <style>a{b:url(/no.png)}</style> #}",
    "in a comment tag": "{% comment %}<style>a{b:url(/no.png)}</style>{% endcomment %}",
    "in a comment of CSS": "<style>/* url(/no.png) */</style>",
    "in a string of a script": "<script type=module>a = \"import '/no.js'\"</script>",
    "a folder for scripts": "<script>var a = '{% static '' %}', b = '{% static 'js/' %}'</script>",
    "static of a variable": "{% static a %}",
}


@pytest.fixture
def filled(site, settings):
    settings.STATIC_ROOT = str(site.root / "static")
    (site.root / "static").mkdir()
    for name in ("i.png", "with%20space.png"):
        (site.root / "static" / name).write_text("")
        site.write(name)
    site.write("to.js", "import './lost.js'")
    site.write("to.mjs", "")


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize("case", CASES)
def test_what_leads_nowhere(check, case):
    text, said = CASES[case]
    lines = check(text)
    assert len(lines) == 1
    assert said in lines[0]
    assert lines[0].startswith("p.html, " if "p.html" in lines[0] else "/")
    assert check(text, "--ignore", "*.html") == ([] if "p.html" in lines[0] else lines)


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize("case", FINE)
def test_all_is_well(check, case):
    assert check(FINE[case]) == []


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{{ a }}\n<style>\na{b:url(/no.png)}</style>", "p.html, line 3, <style>: '/no.png'"),
        ("## if a\n<style>a{b:url(/no.png)}</style>\n## endif", "p.html, line 2, <style>: '/no.png'"),
        ("{% raw %}\n<style>a{b:url(/no.png)}</style>{% endraw %}", "p.html, line 2, <style>: '/no.png'"),
        ("{#\n#}<script>import('/no.js')</script>", "p.html, line 2, <script>: '/no.js'"),
        ("{# <style>a{b:url(/no.png)}</style> #}", ""),
        ("<style>a{b:url(/{{ a }}.png)}</style>", ""),
        ("<style>a{b:url(/i.png)}</style>", ""),
    ],
)
def test_jinja2(check, text, said):
    lines = check(text, jinja=True)
    assert len(lines) == bool(said)
    assert said in "".join(lines)


def test_a_template_without_a_tag(check, settings, tmp_path):
    """The tags have nothing to do there, but its references may lead nowhere."""
    check("")
    (tmp_path / "plain").mkdir()
    (tmp_path / "plain" / "p.html").write_text("<style>\na{b:url(/no.png)}</style>")
    (tmp_path / "plain" / "picture.png").write_bytes(b"<style>a{b:url(/no.png)}</style>\0")
    settings.TEMPLATES = [{"BACKEND": DJANGO, "DIRS": [str(tmp_path / "plain")]}]
    out = StringIO()
    with pytest.raises(CommandError, match="1 reference leads nowhere"):
        call_command("staticbuild", "--check", stdout=out, skip_checks=True)
    assert out.getvalue().startswith("p.html, line 2, <style>: '/no.png'")


def test_a_loader_that_fails(check, settings):
    """Whoever compiles the template says what is wrong with it; the rest is looked at."""
    check("")
    loaders = [("static_test_helpers.FailingLoader", {}), (LOCMEM, {"p": "<style>a{b:url(/no.png)}</style>"})]
    settings.TEMPLATES = [{"BACKEND": DJANGO, "OPTIONS": {"loaders": loaders}}]
    out = StringIO()
    with pytest.raises(CommandError):
        call_command("staticbuild", "--check", stdout=out, skip_checks=True)
    assert "p, line 1, <style>: '/no.png'" in out.getvalue()


@given(
    st.lists(
        st.one_of(
            st.text(max_size=8),
            st.sampled_from(
                ["<style>", "</style>", "<script>", "</script>", "<script type=module>", "<p style='a", "'>"]
            ),
        ),
        max_size=12,
    )
)
def test_any_html(pieces):
    """What is found stands where it is said to stand."""
    text = "".join(pieces)
    for found in markup.inline(text):
        assert 0 <= found.start <= len(text)
        if found.inside != "style=":
            assert text.startswith(found.text, found.start)
            assert text[: found.start].endswith(">")
