"""What builds and checks tell: all of it each time, each line once, and nothing that a terminal obeys."""

from __future__ import annotations

import json
import logging
import re
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.template import engines
from static_test_built import Built

from django_static import resolver

SCRIPT = "var broken = ;\n"


@pytest.fixture
def built(site, settings, tmp_path):
    with Built.made(site, settings, tmp_path) as made:
        yield made


@pytest.fixture
def poor(built):
    """A site of which there is much to say."""
    built.site.write("css/a.css", "a { b: url(/img/none.png) }")
    built.site.write("css/b.css", "@import 'a.css' print;\n@import 'gone.css';")
    built.site.write("css/c.css", "@import 'd.css';")
    built.site.write("css/d.css", "@import 'c.css';")
    built.site.write("js/broken.js", SCRIPT)
    built.site.write("js/map.js", "a()\n//# sourceMappingURL=gone.map\n")
    built.site.write("js/fine.js", "fine( 1 )")
    built.page(
        "p.html",
        "{% slimall %}<link rel=stylesheet href=/css/a.css><link rel=stylesheet href=/css/b.css>{% endslimall %}"
        "{% slimfile '/css/a.css' %}{% staticfile '/css/a.css' %}{% slimfile '/css/c.css' %}{% slimfile '/js/map.js' %}\n"
        "{% slimfile '/js/broken.js' %}{% slimfile '/js/fine.js;/js/broken.js' %}{% slimfile '/js/fine.js' %}"
        "{% staticfile '/img/gone.png' %}{% slimfile name %}{% include 'gone.html' %}",
    )
    return built


#: What is to be said of it.
SAID = (
    "p.html, line 2, {% staticfile %}: '/img/gone.png' was not found",
    "p.html, line 2, {% slimfile %}: name is known at run time only",
    "p.html, line 2, {% include %}: there is no template gone.html",
    "css/a.css:1: '/img/none.png' was not found",
    "css/b.css:2: '/css/gone.css' was not found",
    "circular import: /css/c.css -> /css/d.css -> /css/c.css",
    "js/broken.js: published without minifying: ",
)


def lines(said: str) -> list[str]:
    """The messages, without how much was written and how long it took."""
    return [line for line in said.splitlines() if not re.match(r"\d+ files \(|\.\w+: \d", line)]


def test_each_is_told_once(poor):
    said = lines(poor.build())
    for each in SAID:
        assert len([line for line in said if each in line]) == 1, each


def nothing(built):
    pass


def a_touched_file(built):
    built.site.write("js/fine.js", "fine( 1 )", mtime=1269174600)


def an_edited_file(built):
    built.site.write("js/fine.js", "fine( 2 )", mtime=1269174600)


def no_seal(built):
    (built.manifest.parent / "seal.json").unlink()


def a_lost_file(built):
    for path in built.site.media.glob("js/fine.*.js"):
        path.unlink()


def another_process(built):
    resolver.reset()


def records_of_an_older_version(built):
    """They say nothing of what was wrong."""
    place = built.manifest.parent / "records.json"
    value = json.loads(place.read_text())
    for record in value["records"].values():
        record.pop("problems", None)
        record.pop("notes", None)
    place.write_text(json.dumps({**value, "format": 1}))
    no_seal(built)


@pytest.mark.parametrize(
    "change",
    [
        nothing,
        a_touched_file,
        an_edited_file,
        no_seal,
        a_lost_file,
        another_process,
        records_of_an_older_version,
    ],
)
def test_the_next_build_tells_it_again(poor, change):
    """What was never shown again would hide a page that is broken."""
    first = lines(poor.build())
    change(poor)
    assert sorted(lines(poor.build())) == sorted(first)
    assert sorted(lines(poor.build())) == sorted(first)


def test_what_was_mended_is_told_no_more(poor):
    poor.build()
    poor.site.write("img/none.png", "picture")
    poor.site.write("js/broken.js", "var mended = 1;")
    said = poor.build()
    assert "none.png" not in said
    assert "without minifying" not in said
    assert "gone.css" in said, "the rest is"


def test_notes(poor):
    """What is no mistake of the site is told to those who ask for more."""
    said = "js/map.js:2: '/js/gone.map' was not found"
    assert said not in poor.build()
    for _ in range(2):
        assert len([line for line in poor.build("--verbosity=2").splitlines() if said in line]) == 1


def test_a_build_that_fails_tells_it(poor):
    poor.page("q.html", "{% slimfile '/js/late.js' %}")
    poor.site.write("js/late.js", "late()")

    def generator(name, mtime):
        if "late" in name[0]:
            raise ValueError("no name for it")
        return f"{name[0]}.{mtime}{name[1]}"

    poor.settings.DJANGO_STATIC_FILENAME_GENERATOR = generator
    out = StringIO()
    with pytest.raises(CommandError, match="no name for it; the manifest is what it was before"):
        call_command("staticbuild", stdout=out, stderr=out, skip_checks=True)
    assert out.getvalue().count("js/broken.js: published without minifying") == 1


def test_all_files_in_two_processes(poor):
    """Of 400 and more files another process publishes some."""
    for number in range(420):
        poor.app_file(f"f{number}.txt", str(number))
    for number in range(60):
        poor.app_file(f"s{number}.css", f"a {{ b: url(none{number}.png) }}")
    first = lines(poor.build("--all"))
    assert len([line for line in first if "was not found" in line]) == 63
    assert sorted(lines(poor.build("--all"))) == sorted(first)
    no_seal(poor)
    assert sorted(lines(poor.build("--all"))) == sorted(first)


def test_collectstatic_tells_it_in_the_log(poor, settings, caplog):
    caplog.set_level(logging.INFO, "django_static")
    settings.STORAGES = {
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
        "staticfiles": {"BACKEND": "django_static.storage.StaticStorage"},
    }
    poor.app_file("x.css", "a { b: url(gone.png) }")
    for _ in range(2):
        caplog.clear()
        call_command("collectstatic", interactive=False, verbosity=0)
        warnings = [each.getMessage() for each in caplog.records if each.levelno == logging.WARNING]
        notes = [each.getMessage() for each in caplog.records if each.levelno == logging.INFO]
        assert len([each for each in warnings if "/static/gone.png" in each]) == 1
        assert len([each for each in warnings if "js/broken.js: published" in each]) == 1
        assert len([each for each in notes if "gone.map" in each]) == 1


def test_pages_tell_it_once(site, warned):
    """Until the file is another; the same file may be asked for in many ways."""
    site.settings.DEBUG = True
    site.write("js/fine.js", "fine( 1 )")
    site.write("js/broken.js", SCRIPT, 5)
    site.write("css/a.css", "a { b: url(none.png) }", 5)
    page = (
        "{% slimfile '/css/a.css' %}{% staticfile '/css/a.css' %}{% slimfile '/js/broken.js' %}"
        "{% slimall %}<script src=/js/fine.js></script><script src=/js/broken.js></script>{% endslimall %}"
        "{% slimfile '/js/broken.js;/js/fine.js' %}"
    )

    def said(text: str) -> int:
        return len([each for each in warned() if text in each])

    for _ in range(2):
        site.render(page)
        assert (said("none.png' was not found"), said("broken.js: published without")) == (1, 1)
    site.write("js/broken.js", f"{SCRIPT}// edited", 6)
    site.render(page)
    assert (said("none.png' was not found"), said("broken.js: published without")) == (1, 2)


class TestTemplatesThatAreNotThere:
    @pytest.mark.parametrize(
        ("page", "said"),
        [
            ("\n{% include 'gone.html' %}", "p.html, line 2, {% include %}: there is no template gone.html"),
            (
                "\n{% if x %}{% include 'gone.html' %}{% endif %}",
                "line 2, {% include %}: there is no template gone.html",
            ),
        ],
    )
    def test_one_fails_the_check(self, built, page, said):
        built.page("p.html", page)
        assert said in built.check()
        assert "1 reference leads nowhere" in built.check()
        assert built.check("--ignore=p.html") == ""
        assert said in built.build(), "a build goes on, and says so"

    def test_a_base(self, built):
        built.page("p.html", "")
        built.templates["p.html"] = "{% extends 'gone.html' %}{% block x %}{% endblock %}"
        assert built.check().startswith("p.html, line 1, {% extends %}: there is no template gone.html\n")

    @pytest.mark.parametrize(
        "page", ["{% include name %}", "{% include 'q.html' %}", "{% include names.first %}"]
    )
    def test_none_is_known_to_be_missing(self, built, page):
        built.page("q.html", "")
        built.page("p.html", page)
        assert built.check() == ""

    def test_it_is_remembered(self, built, tmp_path):
        (tmp_path / "templates").mkdir()
        page = tmp_path / "templates" / "p.html"
        page.write_text("{% load django_static %}{% include 'gone.html' %}")
        built.settings.TEMPLATES = [
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "DIRS": [str(tmp_path / "templates")],
            }
        ]
        said = "there is no template gone.html"
        assert said in built.build()
        assert said in built.build()
        assert said in built.check()
        (tmp_path / "templates" / "gone.html").write_text("here")
        assert said not in built.build()
        assert built.check() == ""


HOSTILE = "e\x1b[2J\x07\u202e\x9b31m"


class TestWhatTerminalsObey:
    def is_harmless(self, said: str) -> bool:
        return all(each.isprintable() or each == "\n" for each in said)

    def test_in_templates(self, built):
        built.page(
            f"{HOSTILE}.html",
            f"{{% staticfile '/{HOSTILE}.png' %}}{{% include '{HOSTILE}' %}}{{% slimfile x|add:'{HOSTILE}' %}}",
        )
        for said in (built.build(), built.build(), built.check()):
            assert self.is_harmless(said)
            assert r"e\x1b[2J\x07\u202e\x9b31m" in said

    def test_in_names_of_files(self, built):
        built.site.write(f"{HOSTILE}.css", "a { b: url(none.png) }")
        built.site.write(f"{HOSTILE}.js", f"{SCRIPT}// {HOSTILE}\n")
        built.site.write("latin\udce9.js", SCRIPT)
        built.settings.DJANGO_STATIC_BUNDLES = {"slimfile": ["/*.css", "/*.js"]}
        built.page("p.html", "")
        for arguments in ((), ("--verbosity=2",), ("--verbosity=2",)):
            said = built.build(*arguments)
            assert self.is_harmless(said)
            said.encode()
            assert said.count(r"e\x1b[2J\x07\u202e\x9b31m") >= 2
        assert self.is_harmless(built.check())

    def test_in_the_log_of_pages(self, site, warned):
        site.write("a.css", "a { b: url(none.png) }")
        site.write(f"{HOSTILE}.js", SCRIPT)
        page = engines["django"].from_string(
            "{% load django_static %}{% staticfile a %}{% slimfile b %}{% slimfile '/a.css' %}"
        )
        page.render({"a": f"/{HOSTILE}.png", "b": f"/{HOSTILE}.js"})
        assert len(warned()) == 3
        assert all(map(self.is_harmless, warned()))

    def test_in_an_error(self, built):
        built.page("p.html", f"{{% slimfile '/{HOSTILE}.css' %}}")
        built.site.write(f"{HOSTILE}.css", "a { b: c }")
        built.settings.DJANGO_STATIC_FILENAME_GENERATOR = lambda name, mtime: f"../{HOSTILE}"
        out = StringIO()
        with pytest.raises(CommandError) as raised:
            call_command("staticbuild", stdout=out, stderr=out, skip_checks=True)
        assert self.is_harmless(f"{out.getvalue()}{raised.value}")
