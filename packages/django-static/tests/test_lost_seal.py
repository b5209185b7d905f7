"""What the last build left is lost, or of another version: then nobody knows what is whole, and the next build reads it."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from static_test_built import Built

from django_static import names
from django_static.building import Building

KEPT = "main.3f2a9c1b.js"
PAGE = f'{{% slimfile "/static/js/a.js" %}} {{% staticfile "/static/{KEPT}" %}} {{% staticfile "/static/i.png" %}}'


@pytest.fixture
def built(site, settings, tmp_path):
    settings.DJANGO_STATIC_COMPRESS = ("gz",)
    with Built.made(site, settings, tmp_path) as built:
        built.app_file("js/a.js", "one();" + "call();" * 400)
        built.app_file(KEPT, "var kept = 1;\n" * 50)
        built.app_file("i.png", "picture")
        built.page("page", PAGE)
        yield built


def lost(state: Path) -> None:
    (state / "seal.json").unlink()


def of_another_version(state: Path) -> None:
    place = state / "seal.json"
    place.write_text(json.dumps({**json.loads(place.read_text()), "format": 2}))


def without_a_path(state: Path) -> None:
    """As after a build that was killed between its records and its seal."""
    place = state / "seal.json"
    place.write_text(json.dumps({**json.loads(place.read_text()), "work": "", "outputs": {}}))


def files(built: Built) -> dict[str, bytes]:
    found = (path for path in built.static.rglob("*") if path.is_file())
    return {str(path): path.read_bytes() for path in found if ".django-static" not in path.parts}


def harm(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(bytes([data[0] ^ 1]) + data[1:])


@pytest.mark.parametrize("fingerprint", ["mtime", "hash"])
@pytest.mark.parametrize("formats", [("gz",), ()])
@pytest.mark.parametrize("lose", [lost, of_another_version, without_a_path])
def test_damage_of_the_same_size_is_mended(built, settings, lose, formats, fingerprint):
    settings.DJANGO_STATIC_COMPRESS = formats
    settings.DJANGO_STATIC_FINGERPRINT = fingerprint
    built.build("--all")
    page, good = built.render("page"), files(built)
    for url in page.split():
        harm(built.static / url.removeprefix("/static/"))
    lose(built.manifest.parent)
    built.build("--all")
    assert built.render("page") == page
    assert files(built) == good
    for path, data in good.items():
        if path.endswith(".gz"):
            assert gzip.decompress(data) == good[path.removesuffix(".gz")]


def test_by_the_records_without_a_manifest(built):
    built.build("--all")
    url = built.render("page").split()[0]
    path = built.static / url.removeprefix("/static/")
    good = path.read_bytes()
    harm(path)
    lost(built.manifest.parent)
    built.manifest.unlink()
    built.build("--all")
    assert built.render("page").split()[0] == url
    assert path.read_bytes() == good


def test_what_is_whole_stays_as_it_is(built):
    built.build("--all")
    before = {path: Path(path).stat().st_ino for path in files(built)}
    lost(built.manifest.parent)
    assert "(0 written)" in built.build("--all")
    assert {path: Path(path).stat().st_ino for path in files(built)} == before


def test_with_a_seal_nothing_is_read_for_it(built, monkeypatch):
    built.build("--all")
    monkeypatch.setattr(Building, "_before", lambda self: pytest.fail("the manifest was read"))
    monkeypatch.setattr(names, "digest_of_file", lambda path: pytest.fail(f"{path} was read"))
    built.app_file("js/b.js", "two()")
    built.build("--all")
    assert (built.static / "js/b.js").exists()


def test_a_folder_that_takes_no_lists_of_needed_files(built, settings, tmp_path, monkeypatch):
    """The build tries again the next time, and knows all the same how it has left its files."""
    settings.DJANGO_STATIC_MANIFEST_FILE = str(tmp_path / "state/manifest.json")
    others = built.static / ".django-static/others"
    others.parent.mkdir(parents=True)
    others.write_text("in the way")
    for _ in range(2):
        assert "other manifests cannot be told" in built.build("--all")
    monkeypatch.setattr(names, "digest_of_file", lambda path: pytest.fail(f"{path} was read"))
    assert "other manifests cannot be told" in built.build("--all")
    monkeypatch.undo()
    others.unlink()
    assert "other manifests" not in built.build("--all")
    assert others.is_dir()
    assert "other manifests" not in built.build("--all")
