"""Patterns of names: what they mean, and that what was published before is not among it."""

from __future__ import annotations

import pytest
from django.contrib.staticfiles import finders

from django_static.conf import conf
from django_static.matching import matching
from django_static.patterns import base_of, is_pattern


@pytest.fixture
def found(site, settings, tmp_path):
    app = tmp_path / "app"
    app.mkdir()
    settings.STATICFILES_DIRS = [str(app)]
    settings.STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
    finders.get_finder.cache_clear()

    def find(pattern: str, media: tuple[str, ...] = (), of_app: tuple[str, ...] = ()) -> list[str]:
        for name in media:
            site.write(name, "x")
        for name in of_app:
            (app / name).parent.mkdir(parents=True, exist_ok=True)
            (app / name).write_text("x")
        return list(matching(pattern, conf.sources()))

    yield find
    finders.get_finder.cache_clear()


@pytest.mark.parametrize(
    ("pattern", "media", "names"),
    [
        ("/js/*.js", ("js/b.js", "js/a.js", "js/x.css", "a.js"), ["/js/a.js", "/js/b.js"]),
        ("/js/*.js", ("js/deep/a.js",), ["/js/deep/a.js"]),
        ("/js/page-?.js", ("js/page-1.js", "js/page-10.js"), ["/js/page-1.js"]),
        ("/js/[ab].js", ("js/a.js", "js/c.js"), ["/js/a.js"]),
        ("/no/*.js", ("js/a.js",), []),
        ("/*", ("a b.js", "c%d.js"), ["/a%20b.js", "/c%25d.js"]),
        ("/JS/*.js", ("js/a.js",), []),
        # Beside their originals: what was published, its compressed siblings, and our own records.
        ("/js/*", ("js/a.js", "js/a.1269174558.js", "js/a.1269174558.js.gz"), ["/js/a.js"]),
        ("/js/*", ("js/a.js", "js/a.0123456789ab.js", "js/a.0123456789ab.js.br"), ["/js/a.js"]),
        ("/js/*", ("js/a.js", "js/a.1269174558-0123abcd.js"), ["/js/a.js"]),
        ("/*", ("a.js", ".django-static/manifest.json"), ["/a.js"]),
        # Not so: without an original, or compressed by somebody else.
        ("/js/*", ("js/a.1269174558.js",), ["/js/a.1269174558.js"]),
        ("/js/*", ("js/a.js", "js/a.js.gz"), ["/js/a.js", "/js/a.js.gz"]),
    ],
)
def test_in_a_media_root(found, pattern, media, names):
    assert found(pattern, media) == names


def test_among_those_of_the_finders(found):
    app = ("js/a.js", "js/b c.js", "css/x.css")
    assert found("/static/js/*", ("js/not.js",), app) == ["/static/js/a.js", "/static/js/b%20c.js"]
    assert found("/js/*") == ["/js/not.js"]


@pytest.mark.parametrize(
    ("media_url", "pattern", "names"),
    [
        ("/media/", "/media/js/*.js", ["/media/js/a%20b.js"]),
        ("/media/", "/media/*", ["/media/js/a%20b.js", "/media/media/c.js", "/media/c.js"]),
        ("/media/", "/media/c.*", ["/media/c.js"]),
        ("/media/", "/js/*.js", ["/js/a%20b.js"]),
        ("/media/", "/med?a/*", ["/media/c.js"]),
        ("/media/js/", "/media/js/*", ["/media/js/js/a%20b.js", "/media/js/media/c.js"]),
        (
            "https://m.example.com/up/",
            "https://m.example.com/up/js/*",
            ["https://m.example.com/up/js/a%20b.js"],
        ),
        ("https://m.example.com/up/", "https://n.example.com/up/js/*", []),
        ("", "/media/*", ["/media/c.js"]),
        ("/", "/media/*", ["/media/c.js"]),
        ("/media/", "js/*.js", ["js/a%20b.js"]),
    ],
)
def test_as_templates_name_them(found, settings, media_url, pattern, names):
    settings.MEDIA_URL = media_url
    assert sorted(found(pattern, ("js/a b.js", "media/c.js"))) == sorted(names)


def test_folders_are_no_files(found, site):
    (site.media / "a.js").mkdir()
    assert found("/*.js", ("b.js",)) == ["/b.js"]


@pytest.mark.parametrize(
    ("name", "wild", "base"),
    [
        ("/js/*.js", True, "/js/"),
        ("/js/page-?/x.js", True, "/js/"),
        ("/[ab]/x.js", True, "/"),
        ("/js/a.js", False, "/js/"),
        ("a.js", False, ""),
    ],
)
def test_where_to_look(name, wild, base):
    assert is_pattern(name) == wild
    assert base_of(name) == base
