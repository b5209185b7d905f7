"""Whatever a setting is set to: a check says what is wrong, and a page goes on."""

from __future__ import annotations

import pytest
from django.core.checks import run_checks

from django_static import checks
from django_static.apps import MANIFEST_TAG as TAG

_NUMBERS = tuple(
    f"DJANGO_STATIC_{name}"
    for name in ("SERVE_", "CDN_WAIT", "CDN_THREADS", "CDN_READ", "CDN_KEEP", "CDN_CONNECT", "CDN_ATTEMPTS")
)
VALUES = {"five": 5, "none": None, "bytes": b"x", "list": [], "dict": {}, "object": object(), "of five": [5]}


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
@pytest.mark.parametrize("name", [name for name in checks._KNOWN if name != "DJANGO_STATIC"])
@pytest.mark.parametrize("built", [False, True], ids=["", "manifest"])
def test_any_type(site, name, value, built):
    site.write("css/a.css", "a { b : c }")
    site.settings.DJANGO_STATIC_USE_MANIFEST_FILE = built
    setattr(site.settings, name, value)
    found = [
        each for each in (*run_checks(), *run_checks(tags=[TAG])) if each.id.startswith("django_static.")
    ]
    about = [each for each in found if name in each.msg]
    if value and not (value == 5 and name.startswith(_NUMBERS)):
        assert about
    assert all(each.hint for each in about)
    printed = site.render('{% slimfile "/css/a.css" %}')
    assert printed.endswith(".css")


@pytest.mark.parametrize(
    ("name", "value", "id"),
    [
        ("_SAVE_PREFIX", 5, "E003"),
        ("_SAVE_PREFIX", b"/tmp/x", "E003"),
        ("_MEDIA_ROOTS", [5], "E006"),
        ("_MEDIA_ROOTS", ["/tmp", None], "E006"),
        ("_MANIFEST_FILE", 5, "E014"),
        ("_COMPRESS", [5], "E016"),
        ("_HASHED_NAMES", "", "E013"),
        ("_HASHED_NAMES", ".*", "E013"),
        ("_HASHED_NAMES", r"\.js", "E013"),
        ("_HASHED_NAMES", r"-[\w-]{8}\.", "E013"),  # as in icon-calendar.svg of the admin
        ("_HASHED_NAMES", b"-x", "E013"),
    ],
)
def test_said(site, name, value, id):
    setattr(site.settings, f"DJANGO_STATIC{name}", value)
    assert f"django_static.{id}" in [each.id for each in run_checks()]


@pytest.mark.parametrize("pattern", [None, checks._VITE, r"-[A-Z2-7]{8}\.", r"(?!)"])
def test_patterns_of_hashed_names(site, pattern):
    site.settings.DJANGO_STATIC_HASHED_NAMES = pattern
    assert "django_static.E013" not in [each.id for each in run_checks()]
