"""Two engines with a template of one name: what is said of either says of which."""

from __future__ import annotations

import contextlib
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from django_static import resolver
from django_static.scan import scan

pytest.importorskip("jinja2", reason="Jinja2 is not installed")

DJANGO = "django.template.backends.django.DjangoTemplates"
JINJA = "django.template.backends.jinja2.Jinja2"
TAGGED = "{% load django_static %}"


@pytest.fixture
def engines(site, settings, tmp_path):
    """Write templates into the folder of either engine; both may look into more folders."""

    def use(django: dict[str, str], jinja: dict[str, str], *, names=("", ""), shared: bool = False) -> None:
        entries = []
        for backend, name, files in ((DJANGO, names[0], django), (JINJA, names[1], jinja)):
            folder = tmp_path / ("shared" if shared else backend.rpartition(".")[2])
            folder.mkdir(exist_ok=True)
            for file, text in files.items():
                (folder / file).write_text(text)
            options = {"extensions": ["django_static.jinja2.StaticExtension"]} if backend == JINJA else {}
            entry = {"BACKEND": backend, "DIRS": [str(folder)], "OPTIONS": options}
            entries.append(entry | ({"NAME": name} if name else {}))
        settings.TEMPLATES = entries

    settings.DJANGO_STATIC_MANIFEST_FILE = str(tmp_path / "state" / "manifest.json")
    return use


def said(command: str, **options) -> list[str]:
    out, err = StringIO(), StringIO()
    with contextlib.suppress(CommandError):
        call_command(command, stdout=out, stderr=err, skip_checks=True, **options)
    resolver.reset()
    return (out.getvalue() + err.getvalue()).splitlines()


BOTH = pytest.mark.parametrize("options", [{"check": True}, {}], ids=["check", "build"])


@BOTH
def test_a_template_that_does_not_compile(engines, options):
    engines({"broken.html": "{% if %}"}, {"broken.html": "{% if %}"})
    told = [line for line in said("staticbuild", **options) if line.startswith("broken.html")]
    assert [line.partition(": line 1: ")[0] for line in told] == [
        "broken.html (engine django)",
        "broken.html (engine jinja2)",
    ]


@BOTH
def test_one_file_in_both(engines, options):
    engines({"broken.html": "{% if %}"}, {}, shared=True)
    told = [line for line in said("staticbuild", **options) if line.startswith("broken.html")]
    assert [line.partition(": line 1: ")[0] for line in told] == [
        "broken.html (engine django)",
        "broken.html (engine jinja2)",
    ]


@BOTH
def test_a_missing_file_an_absence_and_an_unknown_name(engines, options):
    engines(
        {"p.html": TAGGED + "{% slimfile '/no.js' %}{% slimfile x %}{% include 'gone.html' %}", "q.html": ""},
        {"p.html": "\n{{ slimfile('/no.js') }}\n{{ slimfile(x) }}{% include 'gone.html' %}", "q.html": ""},
        names=("pages", "mails"),
    )
    told = "\n".join(said("staticbuild", **options))
    assert "p.html (engine pages), line 1, {% slimfile %}: '/no.js'" in told
    assert "p.html (engine mails), line 2, {% slimfile %}: '/no.js'" in told
    assert "p.html (engine pages), line 1, {% include %}: " in told
    assert "p.html (engine mails), line 3, {% include %}: " in told
    if not options:
        assert "p.html (engine pages), line 1, {% slimfile %}: x is known" in told
        assert "p.html (engine mails), line 3, {% slimfile %}: x is known" in told


def test_what_stands_in_a_script(engines):
    script = "<script type=module>import '/static/no.js'</script>"
    engines({"p.html": script}, {"p.html": "\n" + script})
    told = "\n".join(said("staticbuild", check=True))
    assert "p.html (engine django), line 1, <script>: " in told
    assert "p.html (engine jinja2), line 2, <script>: " in told


def test_ignored_by_its_name(engines):
    engines({"p.html": "{% if %}"}, {"p.html": "{{ slimfile('/no.js') }}"})
    assert said("staticbuild", check=True, ignore=["p.html"]) == ["every reference leads to a file"]


def test_a_name_of_one_engine_stays_as_it_is(engines):
    engines({"p.html": TAGGED + "{% slimfile '/no.js' %}"}, {"q.html": "{{ slimfile('/no.js') }}"})
    places = [str(use.place) for use in scan().uses]
    assert places == ["p.html, line 1, {% slimfile %}", "q.html, line 1, {% slimfile %}"]


def test_engines_that_have_no_name_are_counted(engines):
    engines({"p.html": TAGGED + "{% slimfile '/a.js' %}"}, {"p.html": "{{ slimfile('/b.js') }}"})
    from django.template import engines as project

    plain = [project["django"].engine, project["jinja2"].env]
    assert [(use.value, use.place.engine) for use in scan(plain).uses] == [("/a.js", "1"), ("/b.js", "2")]


def test_what_was_remembered_says_it_too(engines, site):
    site.write("a.js", "a()")
    engines({"p.html": "{% if %}"}, {"p.html": "{% if %}"})
    assert said("staticbuild")[:2] == said("staticbuild")[:2]


def test_a_row_of_the_report_for_each(engines, site, tmp_path):
    site.write("a.js", "aaa()\n")
    site.write("b.js", "b()\n")
    engines({"same.html": TAGGED + "{% slimfile '/a.js' %}"}, {"same.html": "{{ slimfile('/b.js') }}"})
    said("staticreport", output=str(tmp_path / "r.html"))
    page = Path(tmp_path / "r.html").read_text()
    assert page.count('<div class="name">same.html') == 2
    assert page.index("same.html (engine django)") < page.index("same.html (engine jinja2)")
