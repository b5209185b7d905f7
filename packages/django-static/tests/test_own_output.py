"""Published files in folders of the staticfiles finders, where the next build must not take them for originals."""

from __future__ import annotations

import os
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from static_test_built import Built

from django_static import resolver
from django_static.manifest import Manifest, run_key
from django_static.records import Manner

FILES = {
    "a.css": "body { background : url(p.png) }",
    "lib/c.css": "@import '../a.css'; i { top : 0px }",
    "p.png": "picture",
    "b.js": "console.log( 1 )\n",
    "m.js": "import './b.js'; export let a = 1",
}
PAGE = (
    '{% slimfile "/static/a.css" %} {% slimfile "/static/a.css;/static/lib/c.css" %} '
    '{% slimall %}<script src="/static/b.js"></script>{% endslimall %}'
)
#: What is set besides, with ``{}`` for the folder of the app.
PLACES = {
    "the folder itself": {"DJANGO_STATIC_SAVE_PREFIX": "{}"},
    "a folder in it": {"DJANGO_STATIC_SAVE_PREFIX": "{}/pub", "DJANGO_STATIC_NAME_PREFIX": "/cf"},
    "a folder around it": {"DJANGO_STATIC_SAVE_PREFIX": "{}/.."},
    "a media root": {"DJANGO_STATIC_MEDIA_ROOTS": ["{}"]},
    "no STATIC_ROOT": {"STATIC_ROOT": None},
}


@pytest.fixture(params=PLACES.values(), ids=PLACES)
def built(request, site, settings, tmp_path):
    with Built.made(site, settings, tmp_path) as built:
        for name, value in request.param.items():
            given = [str(built.extra)] if isinstance(value, list) else value and value.format(built.extra)
            setattr(settings, name, given)
        settings.DJANGO_STATIC_COMPRESS = ("gz",)
        settings.DJANGO_STATIC_MANIFEST_FILE = str(tmp_path / "state" / "manifest.json")
        for name, text in FILES.items():
            built.app_file(name, text)
        built.page("page", PAGE)
        yield built


@pytest.fixture(params=["a link to it", "a folder in it"])
def rooted(request, site, settings, tmp_path):
    """Where STATIC_ROOT, which gets copies too, is the folder of the app or lies in it."""
    with Built.made(site, settings, tmp_path) as built:
        root = tmp_path / "link" if request.param == "a link to it" else built.extra / "pub"
        if request.param == "a link to it":
            root.symlink_to(built.extra)
        settings.STATIC_ROOT = str(root)
        for name, text in FILES.items():
            built.app_file(name, text)
        built.page("page", PAGE)
        yield built


def files(built: Built) -> set[Path]:
    return {path for path in built.extra.parent.rglob("*") if path.is_file() and "state" not in path.parts}


@pytest.mark.parametrize("fingerprint", ["hash", "mtime"])
def test_builds_add_nothing_to_what_the_first_has_published(built, settings, fingerprint):
    settings.DJANGO_STATIC_FINGERPRINT = fingerprint
    built.build("--all")
    page, first = built.render("page"), files(built)
    for _ in range(2):
        built.build("--all")
    assert files(built) == first
    assert built.render("page") == page


@pytest.mark.parametrize("fingerprint", ["hash", "mtime"])
def test_builds_add_nothing_where_static_root_is_there(rooted, settings, fingerprint):
    settings.DJANGO_STATIC_FINGERPRINT = fingerprint
    rooted.build("--all")
    page, first = rooted.render("page"), published(rooted)
    for _ in range(2):
        rooted.build("--all")
    assert published(rooted) == first
    assert rooted.render("page") == page


def published(built: Built) -> set[Path]:
    return {path for path in files(built) if ".django-static" not in path.parts}


def test_what_an_edited_file_was_is_no_original(built):
    built.build("--all")
    first = published(built)
    built.app_file("a.css", "body { top: 1px }")
    built.build("--all")
    new = {path.name.split(".")[0] for path in published(built) - first}
    assert new == {"a", "c", "a_c"}
    second = files(built)
    built.build("--all")
    assert files(built) == second


def test_collectstatic(built, settings):
    if settings.STATIC_ROOT is None:
        settings.STATIC_ROOT = str(built.static)
    settings.STORAGES = {"staticfiles": {"BACKEND": "django_static.storage.StaticStorage"}}
    collected = []
    for _ in range(4):
        call_command("collectstatic", interactive=False, stdout=StringIO(), skip_checks=True)
        resolver.reset()
        collected.append(files(built))
    # Django copies all that lies in the folder, once.
    assert collected[3] == collected[1]
    assert {path.name for path in collected[3]} == {path.name for path in collected[0]}


def test_pages_before_builds(built, settings):
    """What pages have published is none either."""
    settings.DJANGO_STATIC_USE_MANIFEST_FILE = False
    settings.DJANGO_STATIC_FINGERPRINT = "mtime"
    resolver.reset()
    built.render("page")
    first = {path.name for path in files(built)}
    settings.DJANGO_STATIC_USE_MANIFEST_FILE = True
    built.build("--all")
    marked = {name for name in first if name not in {Path(each).name for each in FILES}}
    assert marked
    for name in {path.name for path in files(built)} - first:
        assert not any(name.startswith(old.rpartition(".")[0] + ".") for old in marked), name


def test_files_of_others_with_marks_are_published(site, settings, tmp_path):
    with Built.made(site, settings, tmp_path) as built:
        built.app_file("app.js", "a( 1 )")
        built.app_file("app.0123456789ab.js", "a(1)")
        built.build("--all")
        assert (built.static / "app.0123456789ab.js").read_text() == "a(1)"


@pytest.fixture
def moved(site, settings, tmp_path, monkeypatch):
    """A site whose pages have published into the folder of the app, and that is about to have a ``STATIC_ROOT``."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()
    with Built.made(site, settings, tmp_path) as built:
        built.settings.STATIC_ROOT = None
        settings.MEDIA_ROOT = ""
        settings.DJANGO_STATIC_USE_MANIFEST_FILE = False
        settings.DJANGO_STATIC_FINGERPRINT = "mtime"
        for name, text in FILES.items():
            built.app_file(name, text)
        built.page("page", PAGE)
        yield built


@pytest.mark.parametrize(
    "before",
    [{}, {"MEDIA_ROOT": "{}"}, {"MEDIA_ROOT": "{}/../media"}, {"DJANGO_STATIC_SAVE_PREFIX": "{}"}],
    ids=["nothing", "MEDIA_ROOT", "another MEDIA_ROOT", "SAVE_PREFIX"],
)
@pytest.mark.parametrize("command", ["staticbuild", "collectstatic"])
def test_moving_on_to_a_folder_of_its_own(moved, settings, before, command):
    given = {name: value.format(moved.extra) for name, value in before.items()}
    for name, value in given.items():
        setattr(settings, name, value)
    resolver.reset()
    moved.render("page")
    paths = [path for path in moved.extra.rglob("*") if path.is_file() and path.suffix != ".json"]
    left = {path.relative_to(moved.extra).as_posix() for path in paths} - FILES.keys()
    assert any(Path(name).name.startswith("a_c.") for name in left), (
        "a joined file, beside which there is no original"
    )
    for name, value in given.items():
        if value == str(moved.extra):
            setattr(settings, name, "")
    settings.STATIC_ROOT = str(moved.static)
    settings.DJANGO_STATIC_FINGERPRINT = "hash"
    settings.DJANGO_STATIC_USE_MANIFEST_FILE = True
    settings.STORAGES = {"staticfiles": {"BACKEND": "django_static.storage.StaticStorage"}}
    resolver.reset()
    call_command(
        command, verbosity=0, skip_checks=True, **{"interactive": False} if command == "collectstatic" else {}
    )
    listed = Manifest.read(moved.manifest).served
    assert {f"/static/{name}" for name in FILES} <= listed.keys()
    assert {f"/static/{name}" for name in left} & listed.keys() == set()


def test_a_look_for_leftovers_leaves_nothing(moved, settings, tmp_path):
    settings.STATIC_ROOT = str(moved.static)
    moved.app_file("own.0123456789ab.css", "a{}")
    moved.build("--all")
    assert list((tmp_path / "tmp").iterdir()) == []
    assert "/static/own.0123456789ab.css" in Manifest.read(moved.manifest).served


@pytest.mark.parametrize("number", [1, 500])
def test_an_original_that_is_called_as_another_would_be_published(site, settings, tmp_path, number):
    """Both are to be had: of many files another process publishes some."""
    with Built.made(site, settings, tmp_path) as built:
        settings.DJANGO_STATIC_FINGERPRINT = "mtime"
        for each in range(number):
            for name, text in (("{}.js", "first( {} )"), ("{}.1600000000.js", "other( {} )")):
                built.app_file(name.format(each), text.format(each))
                os.utime(built.extra / name.format(each), (1_600_000_000, 1_600_000_000))
        built.page("page", "".join(f"{{% staticfile '/static/{each}.js' %}}" for each in range(number)))
        for _ in range(2):
            built.build("--all")
            manifest = Manifest.read(built.manifest)
            for each in range(number):
                for name, text in (("{}.js", "first( {} )"), ("{}.1600000000.js", "other( {} )")):
                    plain = f"/static/{name.format(each)}"
                    [printed] = manifest.runs[run_key([plain], False, Manner.USUAL)]
                    for url in (printed.public, plain):
                        assert (built.static / url.removeprefix("/static/")).read_text() == text.format(each)
