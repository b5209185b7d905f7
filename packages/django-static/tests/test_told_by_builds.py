"""What ``staticbuild`` and ``collectstatic`` tell: the same of the same, each time, but for what is to be ignored."""

from __future__ import annotations

import logging
import os
from io import StringIO

import pytest
from django.contrib.staticfiles import finders
from django.core.management import CommandError, call_command

from django_static import resolver

PAGES = {
    "broken.html": "{% if %}",
    "page.html": "{% load django_static %}{% slimfile '/static/lost.js' %}\n{% slimfile name %}{% include 'gone.html' %}",
    "vendor/own.html": "{% load django_static %}{% slimfile '/static/away.js' %}{% staticfile other %}",
}
FILES = {
    "site.css": "a { b : url(no.png) }",
    "vendor/src/x.js": "import './not.js'",
    "fine.js": "a()",
}
EVERYTHING = [
    "broken.html: line 1: ",
    "page.html, line 1, {% slimfile %}: '/static/lost.js' was not found",
    "page.html, line 2, {% include %}: there is no template gone.html",
    "page.html, line 2, {% slimfile %}: name is known at run time only",
    "vendor/own.html, line 1, {% slimfile %}: '/static/away.js' was not found",
    "vendor/own.html, line 1, {% staticfile %}: other is known at run time only",
    "/site.css:1: ",
    "/vendor/src/x.js:1: ",
    "can be declared in DJANGO_STATIC_BUNDLES",
    "is not known here",
]


@pytest.fixture
def tree(site, settings, tmp_path):
    app = tmp_path / "app"
    settings.STATIC_ROOT = str(tmp_path / "static")
    settings.STATICFILES_DIRS = [str(app)]
    settings.STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
    settings.STORAGES = {"staticfiles": {"BACKEND": "django_static.storage.StaticStorage"}}
    settings.DJANGO_STATIC_FINGERPRINT = "hash"
    settings.TEMPLATES = [
        {"BACKEND": "django.template.backends.django.DjangoTemplates", "DIRS": [str(tmp_path / "pages")]},
        {"BACKEND": "django.template.backends.dummy.TemplateStrings", "NAME": "d"},
    ]
    for folder, files in ((app, FILES), (tmp_path / "pages", PAGES)):
        for name, text in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text)
    finders.get_finder.cache_clear()
    yield tmp_path
    finders.get_finder.cache_clear()


@pytest.fixture
def run(tree, caplog):
    """Run one of the commands; what it tells, line by line, without the last lines of a build, which sum up."""

    def told(command: str, **options) -> list[str]:
        caplog.clear()
        caplog.set_level(logging.WARNING, "django_static")
        out, err = StringIO(), StringIO()
        given = {"interactive": False, "verbosity": 0} if command == "collectstatic" else {}
        call_command(command, stdout=out, stderr=err, skip_checks=True, **given, **options)
        resolver.reset()
        lines = [*out.getvalue().splitlines(), *err.getvalue().splitlines()]
        lines += [record.getMessage() for record in caplog.records]
        return sorted(line for line in lines if "written)" not in line and "Pages do not use" not in line)

    return told


def lacking(told: list[str], wanted: list[str]) -> list[str]:
    return [each for each in wanted if not any(each in line for line in told)]


@pytest.mark.parametrize("command", ["staticbuild", "collectstatic"])
def test_everything_is_told_each_time(run, command):
    first = run(command)
    assert lacking(first, EVERYTHING) == []
    assert run(command) == first
    assert run(command) == first


def test_both_tell_the_same(run):
    assert run("collectstatic") == run("staticbuild")


def test_what_stands_in_the_way_is_an_error_in_the_log_and_what_does_not_is_a_warning(run, caplog):
    run("collectstatic")
    levels = {record.getMessage().split(":")[0]: record.levelname for record in caplog.records}
    assert levels["broken.html"] == "ERROR"
    assert levels["page.html, line 2, {% include %}"] == "ERROR"
    assert levels["page.html, line 1, {% slimfile %}"] == "WARNING"


def test_switched_off_there_is_nothing_to_tell(run, settings):
    settings.DJANGO_STATIC = False
    assert run("collectstatic") == []


@pytest.mark.parametrize("command", ["staticbuild", "collectstatic"])
@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("DJANGO_STATIC_BUNDLES", {"nothing": []}, "DJANGO_STATIC_BUNDLES has the key 'nothing'"),
        ("DJANGO_STATIC_COMPRESS", ["rar"], "rar"),
    ],
)
def test_a_wrong_setting_ends_both_in_one_line(run, settings, command, name, value, said):
    setattr(settings, name, value)
    with pytest.raises(CommandError, match=said):
        run(command)


@pytest.mark.parametrize("command", ["staticbuild", "collectstatic"])
def test_what_cannot_be_written_ends_both_and_the_manifest_stays(run, tree, command):
    run(command)
    manifest = tree / "static" / ".django-static" / "manifest.json"
    before = manifest.read_bytes()
    (tree / "app" / "fine.js").write_text("b()")
    manifest.with_name("build.lock").unlink(missing_ok=True)
    manifest.with_name("build.lock").mkdir()
    with pytest.raises(CommandError, match="the manifest is what it was before"):
        run(command)
    assert manifest.read_bytes() == before


@pytest.mark.parametrize(
    ("ignore", "silenced"),
    [
        (["*/src/*"], ["/vendor/src/x.js:1: "]),
        (["*.css"], ["/site.css:1: "]),
        (["broken.html"], ["broken.html: line 1: "]),
        (
            ["vendor/own.html"],
            ["vendor/own.html, line 1, {% slimfile %}", "vendor/own.html, line 1, {% staticfile %}"],
        ),
        (
            ["page.html"],
            [
                "page.html, line 1, {% slimfile %}",
                "page.html, line 2, {% include %}",
                "page.html, line 2, {% slimfile %}",
            ],
        ),
        (
            ["*/vendor/*"],
            [
                "/vendor/src/x.js:1: ",
                "vendor/own.html, line 1, {% slimfile %}",
                "vendor/own.html, line 1, {% st",
            ],
        ),
        (["*lost.js*", "*no.png*", "*not.js"], []),
        (["*"], [each for each in EVERYTHING if ".html" in each or "/" in each] + ["can be declared"]),
    ],
    ids=["folder", "kind", "broken", "template", "its includes", "both", "not what is lacking", "all"],
)
@pytest.mark.parametrize("warm", [False, True], ids=["cold", "warm"])
def test_a_build_is_silent_of_what_is_ignored(run, ignore, silenced, warm):
    if warm:
        run("staticbuild")
    told = run("staticbuild", ignore=ignore)
    assert [line for line in told for each in silenced if each in line] == []
    rest = [each for each in EVERYTHING if not any(each.startswith(begin) for begin in silenced)]
    assert lacking(told, [] if ignore == ["*"] else rest) == []


def test_what_is_ignored_is_published_all_the_same(run, tree):
    run("staticbuild", ignore=["*"])
    assert len(list((tree / "static" / "vendor" / "src").glob("x.*.js"))) == 1


def test_a_check_is_silent_of_the_same(run, tree):
    """What a build tells of files with some patterns is what a check with them fails for."""
    out = StringIO()
    with pytest.raises(CommandError, match="2 references lead nowhere"):
        call_command(
            "staticbuild",
            check=True,
            ignore=["page.html", "vendor/own.html", "*/src/*"],
            stdout=out,
            stderr=StringIO(),
            skip_checks=True,
        )
    checked = {line.split(": ")[0] for line in out.getvalue().splitlines()}
    assert checked == {"broken.html", f"{tree}{os.sep}app{os.sep}site.css:1"}
    told = run("staticbuild", ignore=["page.html", "vendor/own.html", "*/src/*"])
    assert {line.split(": ")[0] for line in told if ": " in line} == checked


def test_a_file_that_may_not_be_published_is_ignored_by_its_path(run, tree):
    (tree / "outside.js").write_text("a()")
    (tree / "app" / "out.js").symlink_to(tree / "outside.js")
    assert any("out.js" in line and "it is not published" in line for line in run("staticbuild"))
    assert not any("out.js" in line for line in run("staticbuild", ignore=["*/app/out.js"]))


def test_a_template_that_could_not_be_looked_at_as_a_whole_is_ignored_by_its_name(run, tree):
    (tree / "pages" / "grow.html").write_text("{% include 'grow.html' with x=x|add:'a' %}")
    assert any("grow.html" in line for line in run("staticbuild", verbosity=1))
    assert not any("grow.html" in line for line in run("staticbuild", verbosity=1, ignore=["grow.html"]))


def test_siblings_that_could_not_be_made_are_ignored_by_the_path_of_their_file(run, tree, settings):
    (tree / "app" / "long.css").write_text("a { color: red }\n" * 200)
    settings.DJANGO_STATIC_COMPRESS = ()
    run("staticbuild")
    published = next((tree / "static").glob("long.*.css"))
    published.with_name(f"{published.name}.gz").mkdir()
    settings.DJANGO_STATIC_COMPRESS = ("gz",)
    assert any("has not all compressed siblings" in line for line in run("staticbuild"))
    assert not any("compressed siblings" in line for line in run("staticbuild", ignore=["*/static/long.*"]))
