"""``collectstatic`` with our storage: what it publishes, what it says, and when it leaves well alone."""

from __future__ import annotations

import logging
import re
from io import StringIO

import pytest
from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.management import call_command


@pytest.fixture
def collect(site, settings, tmp_path):
    """Run ``collectstatic`` over the files of an app; returns the published names by plain ones."""
    app, static = tmp_path / "app", tmp_path / "static"
    app.mkdir()
    settings.STATIC_ROOT = str(static)
    settings.STATICFILES_DIRS = [str(app)]
    settings.STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
    settings.STORAGES = {"staticfiles": {"BACKEND": "django_static.storage.StaticStorage"}}
    settings.DJANGO_STATIC_FINGERPRINT = "hash"
    settings.DJANGO_STATIC_USE_MANIFEST_FILE = True
    finders.get_finder.cache_clear()

    def run(files: dict[str, str], *arguments: str) -> dict[str, str]:
        for name, content in files.items():
            (app / name).parent.mkdir(parents=True, exist_ok=True)
            (app / name).write_text(content)
        out = StringIO()
        call_command(
            "collectstatic", *arguments, interactive=False, verbosity=2, stdout=out, skip_checks=True
        )
        names = (path.relative_to(static).as_posix() for path in static.rglob("*") if path.is_file())
        run.files = sorted(name for name in names if not name.startswith(".django-static/"))
        return dict(re.findall(r"^Post-processed '(.+)' as '(.+)'$", out.getvalue(), re.MULTILINE))

    run.static = static
    yield run
    finders.get_finder.cache_clear()


FILES = {"css/x.css": "x { y : url(../i.svg) }", "i.svg": "<svg/>"}


def test_names_are_told_and_are_those_of_the_pages(collect):
    told = collect(FILES)
    assert sorted(told) == ["css/x.css", "i.svg"]
    for plain, published in told.items():
        assert re.fullmatch(r"[\w/]+\.[0-9a-f]{12}\.\w+", published)
        assert staticfiles_storage.url(plain) == f"/static/{published}"
        assert (collect.static / published).exists()
        assert (collect.static / plain).exists()
    image = told["i.svg"]
    assert f"url(../{image})" in (collect.static / told["css/x.css"]).read_text()


def test_a_dry_run_writes_nothing(collect):
    assert collect(FILES, "--dry-run") == {}
    assert collect.files == []


def test_switched_off_it_only_copies(collect, settings):
    settings.DJANGO_STATIC = False
    assert collect(FILES) == {}
    assert collect.files == sorted(FILES)
    assert staticfiles_storage.url("css/x.css") == "/static/css/x.css"


def test_pages_that_publish_by_themselves_have_plain_names(collect, settings):
    collect(FILES)
    settings.DJANGO_STATIC_USE_MANIFEST_FILE = False
    assert staticfiles_storage.url("css/x.css") == "/static/css/x.css"


def test_a_reference_that_leads_nowhere_is_a_warning(collect, caplog):
    caplog.set_level(logging.WARNING, "django_static")
    told = collect({"css/x.css": "\n\nx { y : url(lost.png) }"})
    assert "lost.png" in caplog.text
    assert "css/x.css" in caplog.text
    assert "url(lost.png)" in (collect.static / told["css/x.css"]).read_text()


def test_what_only_a_template_could_know_is_a_warning(collect, settings, caplog):
    caplog.set_level(logging.WARNING, "django_static")
    settings.TEMPLATES = [
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "OPTIONS": {
                "loaders": [
                    (
                        "django.template.loaders.locmem.Loader",
                        {"p.html": "{% load django_static %}\n{% slimfile '/static/lost.js' %}"},
                    )
                ],
            },
        }
    ]
    collect(FILES)
    assert "lost.js" in caplog.text
    assert "p.html" in caplog.text


@pytest.mark.parametrize("how", [(), ("--clear",)], ids=["over it", "cleared before"])
def test_again_with_nothing_changed(collect, how):
    first = collect(FILES)
    before = collect.files
    assert collect({}, *how) == first
    assert collect.files == before
    assert staticfiles_storage.url("i.svg") == f"/static/{first['i.svg']}"


def test_what_may_not_be_published_lies_beside_what_may(collect, caplog, tmp_path):
    """Folders are looked at once, and what is no plain file in them by itself."""
    caplog.set_level(logging.WARNING, "django_static")
    app, secret = tmp_path / "app", tmp_path / "secret.txt"
    secret.write_text("secret")
    for folder in ("one", "two"):
        (app / folder).mkdir()
        (app / folder / "plain.txt").write_text(folder)
        (app / folder / "inside.txt").symlink_to(app / folder / "plain.txt")
        (app / folder / "outside.txt").symlink_to(secret)
    (app / "three").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "plain.txt").write_text("elsewhere")
    assert sorted(collect({})) == [
        f"{folder}/{name}.txt" for folder in ("one", "two") for name in ("inside", "plain")
    ]
    said = sorted(record.getMessage().split(" is a link")[0] for record in caplog.records)
    assert said == ["'one/outside.txt'", "'three/plain.txt' lies in a folder that", "'two/outside.txt'"]


def test_nothing_is_done_again_and_all_is_told_again(collect):
    told = collect(FILES)
    before = {path: path.stat().st_mtime_ns for path in collect.static.rglob("*") if path.is_file()}
    assert collect({}) == told
    after = {path: path.stat().st_mtime_ns for path in collect.static.rglob("*") if path.is_file()}
    assert {path for path in after if after[path] != before.get(path)} <= {
        collect.static / ".django-static" / "build.lock"
    }


def test_a_storage_that_has_its_files_elsewhere_is_asked_where(collect, settings):
    """Paths are put together for Django's own storages only."""
    settings.STATICFILES_FINDERS = ["static_test_finders.Finder"]
    finders.get_finder.cache_clear()
    told = collect({"kept/a.txt": "kept", "a.txt": "another"})
    assert (collect.static / told["a.txt"]).read_text() == "kept"
