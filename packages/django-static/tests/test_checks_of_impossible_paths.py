"""Settings of places that no file system has: each is told of, and none ends the checks or a command with a traceback."""

from __future__ import annotations

import io

import pytest
from django.contrib.staticfiles import finders
from django.core.checks import run_checks
from django.core.management import call_command
from django.core.management.base import CommandError, SystemCheckError


@pytest.mark.parametrize(
    ("name", "value", "ids"),
    [
        ("DJANGO_STATIC_SAVE_PREFIX", "\0", ["E003"]),
        ("DJANGO_STATIC_SAVE_PREFIX", "/tmp/\ud800", ["E003"]),
        ("DJANGO_STATIC_MEDIA_ROOTS", ["/tmp/\ud800"], ["E006"]),
        ("DJANGO_STATIC_MANIFEST_FILE", "/tmp/\ud800.json", ["E014"]),
        ("STATIC_ROOT", "/tmp/\ud800", ["E026"]),
        ("MEDIA_ROOT", "/tmp/\ud800", ["E026"]),
        ("DJANGO_STATIC_SAVE_PREFIX", "/tmp/a\0b", ["E003"]),
        ("DJANGO_STATIC_MEDIA_ROOTS", ["/tmp/a\0b"], ["E006"]),
        ("DJANGO_STATIC_MANIFEST_FILE", "/tmp/a\0b.json", ["E014"]),
        ("DJANGO_STATIC_MANIFEST_FILE", "/tmp/a\0b/m.json", ["E014"]),
        ("DJANGO_STATIC_COMPRESS_CACHE", "/tmp/a\0b", ["E017"]),
        ("STATIC_ROOT", "/tmp/a\0b", ["E026"]),
        ("MEDIA_ROOT", "/tmp/a\0b", ["E026"]),
        ("STATICFILES_DIRS", ["/tmp/a\0b"], ["E026"]),
        ("STATICFILES_DIRS", [("p", "/tmp/a\0b")], ["E026"]),
    ],
)
@pytest.mark.parametrize("uses_manifest", [False, True])
def test_each_is_an_error_of_its_own(site, settings, tmp_path, name, value, ids, uses_manifest):
    (tmp_path / "assets").mkdir()
    settings.STATIC_ROOT = str(tmp_path / "static")
    settings.STATICFILES_DIRS = [str(tmp_path / "assets")]
    settings.DJANGO_STATIC_USE_MANIFEST_FILE = uses_manifest
    setattr(settings, name, value)
    finders.get_finder.cache_clear()
    site.restart()
    said = [each for each in run_checks() if each.is_serious() and each.id.startswith("django_static.")]
    assert [message.id for message in said] == [f"django_static.{id}" for id in ids]
    assert name in said[0].msg
    assert "NUL" in said[0].msg or "half of a character" in said[0].msg
    assert f"{said[0].msg} {said[0].hint}".isprintable()
    finders.get_finder.cache_clear()


@pytest.mark.parametrize("name", ["STATIC_ROOT", "MEDIA_ROOT"])
@pytest.mark.parametrize(
    "value", [["/srv/static"], ("/srv/static",), {"a": "b"}, 1, b"/srv/static"], ids=repr
)
@pytest.mark.parametrize("uses_manifest", [False, True])
def test_what_is_no_path(site, settings, name, value, uses_manifest):
    settings.DJANGO_STATIC_USE_MANIFEST_FILE = uses_manifest
    # Django's own checks of these ask STATIC_ROOT for its path.
    settings.STATICFILES_DIRS = []
    setattr(settings, name, value)
    finders.get_finder.cache_clear()
    site.restart()
    (said,) = [each for each in run_checks() if each.id == "django_static.E026"]
    assert said.is_serious()
    assert said.msg == f"{name} is {value!r}, which is no path."
    for command in ("staticbuild", "staticclean", "staticreport", "staticnginx", "staticpublish"):
        with pytest.raises((CommandError, SystemCheckError)):
            call_command(command, stdout=io.StringIO(), stderr=io.StringIO(), skip_checks=False)
    finders.get_finder.cache_clear()
