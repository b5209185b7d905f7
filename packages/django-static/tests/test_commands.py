"""What the commands say, and how much of it; what they do where no folder is set; what they sweep up."""

from __future__ import annotations

import os
import re
import time
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils.safestring import mark_safe
from static_test_built import Built

from django_static import names, output, resolver
from django_static.places import STATE_FOLDER
from django_static.shelf import PUBLISHING_LOCK


@pytest.fixture
def page(site, settings):
    settings.DJANGO_STATIC_BUNDLES = {"slimfile": ["/a.css"], "staticfile": ["/i.png"]}
    site.write("a.css", "a { b : url(i.png) }")
    site.write("i.png", "picture")
    return site


def run(command: str, *arguments: str, **options: object) -> str:
    out = StringIO()
    call_command(command, *arguments, stdout=out, stderr=out, skip_checks=True, **options)
    return out.getvalue()


@pytest.mark.parametrize("command", ["staticbuild", "staticbuild --check", "staticclean", "staticreport"])
def test_verbosity(page, tmp_path, command):
    name, *arguments = command.split()
    arguments += ["--output", str(tmp_path / "report.html")] if name == "staticreport" else []
    assert run(name, *arguments, verbosity=0) == ""
    assert run(name, *arguments).count("\n") >= 1


def test_a_build_lists_its_files(page):
    listed = run("staticbuild", verbosity=2).splitlines()
    usual = run("staticbuild").splitlines()
    files = [line for line in listed if line.startswith(str(page.media))]
    assert [Path(line).name.split(".")[0] for line in files] == ["a", "i"]
    assert all(Path(line).is_file() for line in files)
    assert not [line for line in usual if line.startswith(str(page.media))]


def test_problems_are_told_whatever_the_verbosity(page, settings):
    settings.DJANGO_STATIC_BUNDLES = {"staticfile": ["/no.png"]}
    assert "'/no.png' was not found" in run("staticbuild", verbosity=0)
    out = StringIO()
    with pytest.raises(CommandError):
        call_command("staticbuild", "--check", stdout=out, verbosity=0, skip_checks=True)
    assert "'/no.png' was not found" in out.getvalue()


@pytest.mark.parametrize("command", ["staticbuild", "staticclean", "staticreport"])
@pytest.mark.parametrize("bundles", [{}, {"slimfile": ["/a.css"]}], ids=["", "bundles"])
def test_no_folder_is_set(page, settings, tmp_path, monkeypatch, command, bundles):
    """What a process finds in the folder it is started in is no place for a manifest."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    settings.DJANGO_STATIC_BUNDLES = bundles
    settings.MEDIA_ROOT = ""
    settings.STATIC_ROOT = None
    before = {*tmp_path.rglob("*")}
    with pytest.raises(CommandError, match="no folder for the manifest: set DJANGO_STATIC_MANIFEST_FILE, "):
        run(command)
    private = f"django-static-{os.getuid()}"
    assert {path for path in {*tmp_path.rglob("*")} - before if private not in path.parts} == set()


def test_pages_where_no_folder_is_set(page, settings, caplog):
    settings.MEDIA_ROOT = ""
    settings.DJANGO_STATIC_USE_MANIFEST_FILE = True
    resolver.reset()
    assert page.render("{% staticfile '/i.png' %}") == "/i.png"
    assert "there is no folder for the manifest" in caplog.text


class TestSweeping:
    """What killed processes left half written: removed by a build, and by a clean-up."""

    @pytest.fixture
    def left(self, page, settings, tmp_path):
        """Files such a process leaves, in folders of all kinds."""
        app = tmp_path / "app"
        settings.STATICFILES_DIRS = [str(app)]
        settings.STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
        state = page.media / STATE_FOLDER
        digest = names.digest("x")
        found = [
            page.media / "css" / f".{digest[:16]}.tmp",
            page.media / f".{digest[:16]}-12-34.tmp",
            app / "js" / f".{digest[:16]}.tmp",
            app / f".{digest[:16]}.building",
            state / f"{digest[:32]}.json-12-34.tmp",
        ]
        for path in found:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("half")
        from django.contrib.staticfiles import finders

        finders.get_finder.cache_clear()
        yield found
        finders.get_finder.cache_clear()

    @staticmethod
    def age(paths: list[Path], seconds: float) -> None:
        for path in paths:
            os.utime(path, (time.time() - seconds,) * 2)

    def test_by_a_build(self, left):
        self.age(left[1:], 4000)
        self.age(left[:1], 3000)
        others = [left[0].with_name(name) for name in (".profile.tmp", "0123456789abcdef.tmp")]
        for other in others:
            other.write_text("mine")
        self.age(others, 4000)
        run("staticbuild")
        assert [path.exists() for path in [*left, *others]] == [True, False, False, False, False, True, True]

    def test_not_while_a_page_publishes(self, page, left):
        self.age(left, 4000)
        with output.locked(page.media / STATE_FOLDER / PUBLISHING_LOCK, 1, shared=True):
            run("staticbuild")
        assert all(path.exists() for path in left)

    def test_not_where_nobody_can_tell(self, left, monkeypatch):
        self.age(left, 4000)
        monkeypatch.setattr(output, "fcntl", None)
        run("staticbuild")
        assert all(path.exists() for path in left)

    def test_by_a_build_after_one_that_was_killed(self, page, left):
        """At once where no build of another manifest can be at work; in the folders of the finders nobody can tell."""
        here = page.media / "css" / left[3].name
        here.write_text("half")
        run("staticbuild")
        for is_old in (False, True):
            if is_old:
                self.age(left[3:4], 4000)
            (page.media / STATE_FOLDER / "unfinished").touch()
            run("staticbuild")
            assert not here.exists()
            assert [path.exists() for path in left] == [True, True, True, not is_old, True]

    def test_by_a_clean_up(self, left):
        run("staticbuild")
        run("staticclean")
        assert [path.exists() for path in left] == [False, False, True, True, False]
        self.age(left[2:4], 4000)
        run("staticclean")
        assert not any(path.exists() for path in left)

    def test_a_file_that_cannot_be_removed_is_left(self, left, monkeypatch):
        self.age(left, 4000)

        unlink = os.unlink

        def refuse(path: str) -> None:
            if str(path) in map(str, left):
                raise PermissionError(path)
            unlink(path)

        monkeypatch.setattr("django_static.removal.os.unlink", refuse)
        run("staticbuild")
        assert all(path.exists() for path in left)


SCRIPTS = '<script src="/a.js"></script><script src="/b.js"></script>'
LOOP = "{% for each in media %}{{ each }}{% endfor %}"
MIXED = {
    "something unknown after": "{% slimall %}" + SCRIPTS + "{{ media }}{% endslimall %}",
    "something unknown between": '{% slimall %}<script src="/a.js"></script>{{ media }}<script src="/b.js"></script>{% endslimall %}',
    "a name that is unknown": "{% slimall %}"
    + SCRIPTS
    + '<script src="/{{ name }}.js"></script>{% endslimall %}',
    "in a loop": "{% slimall %}{% for each in two %}" + SCRIPTS + "{{ media }}{% endfor %}{% endslimall %}",
    "beside a loop": "{% slimall %}" + SCRIPTS + LOOP + "{% endslimall %}",
    "an inline script with a value": "{% slimall %}"
    + SCRIPTS
    + "<script>var x = {{ x }};</script>{% endslimall %}",
    "many conditions": "{% slimall %}"
    + SCRIPTS
    + "".join(f"{{% if x{n} %}}<i>{n}</i>{{% endif %}}" for n in range(9))
    + "{% endslimall %}",
}


@pytest.fixture
def built(site, settings, tmp_path):
    with Built.made(site, settings, tmp_path) as built:
        for name in "abc":
            site.write(f"/{name}.js", f"var  {name}  =  1;", 1_000_000_000)
        yield built


@pytest.mark.parametrize("text", MIXED.values(), ids=MIXED)
def test_what_is_literal_in_a_block_is_built_whatever_else_is_in_it(built, settings, text):
    settings.DJANGO_STATIC_FINGERPRINT = "mtime"
    built.page("page", text)
    told = built.build()
    assert "known at run time only" in told
    media = mark_safe('<link rel="x" href="/media.x">')
    printed = built.render("page", media=media, two=[1, 2], x=1, name="c")
    assert 'src="/a.js"' not in printed
    assert 'src="/b.js"' not in printed
    assert re.search(r'src="/a(_b)?\.1000000000\.js"', printed)
    built.page("page", text.replace("/b.js", "/typo.js"))
    assert "/typo.js" in built.check()


class TestIgnoring:
    FAILING = "vendor/a.html: line 1: 'no_such_library' is not a registered tag library"

    @pytest.fixture
    def failing(self, built):
        built.page("vendor/a.html", "{% load no_such_library %}")
        return built

    def test_a_template_that_cannot_be_compiled_is_told(self, failing):
        assert self.FAILING in failing.check()
        assert self.FAILING in failing.build()

    @pytest.mark.parametrize("pattern", ["vendor/*", "*/vendor/*", "*vendor*", "vendor/a.html"])
    def test_and_left_out_where_that_is_asked(self, failing, pattern):
        assert failing.check("--ignore", pattern) == ""

    def test_but_only_where(self, failing):
        failing.page("own.html", "{% load no_such_library %}")
        told = failing.check("--ignore", "*/vendor/*")
        assert "own.html" in told
        assert "vendor/a.html" not in told


def test_what_could_not_be_looked_at_is_said(built, settings):
    built.page("page", '{% staticfile "/a.js" %}')
    settings.TEMPLATES[0]["OPTIONS"]["loaders"].append("static_test_helpers.Silent")
    settings.TEMPLATES = list(settings.TEMPLATES)
    assert "Silent" in built.build()
    out = StringIO()
    call_command("staticbuild", "--check", stdout=out, stderr=out, skip_checks=True)
    assert "Silent" in out.getvalue()
    out = StringIO()
    call_command("staticbuild", verbosity=0, stdout=out, stderr=out, skip_checks=True)
    assert out.getvalue() == ""
