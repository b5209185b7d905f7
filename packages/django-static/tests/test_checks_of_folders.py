"""Whether the folder of published files is one that the staticfiles finders look in."""

from __future__ import annotations

from pathlib import Path

import django
import pytest
from django.contrib.staticfiles import finders

from django_static import checks


@pytest.mark.parametrize(
    ("name", "value", "ids"),
    [
        ("DJANGO_STATIC_SAVE_PREFIX", "{}/assets", ["django_static.W014"]),
        ("DJANGO_STATIC_SAVE_PREFIX", "{}/assets/pub", []),
        ("DJANGO_STATIC_SAVE_PREFIX", "{}/other", []),
        ("MEDIA_ROOT", "{}/assets/", ["django_static.W014"]),
        ("DJANGO_STATIC_MEDIA_ROOTS", ["{}/media", "{}/assets"], ["django_static.W014"]),
        ("MEDIA_ROOT", "{}/media", ["django_static.W014"]),
        ("STATIC_ROOT", "{}/media", []),
    ],
)
def test_published_where_finders_look(site, settings, tmp_path, name, value, ids):
    (tmp_path / "assets").mkdir()
    settings.STATICFILES_DIRS = [str(tmp_path / "assets")]
    given = [each.format(tmp_path) for each in value] if isinstance(value, list) else value.format(tmp_path)
    setattr(settings, name, given)
    finders.get_finder.cache_clear()
    site.restart()
    said = [message for message in checks.check_settings() if message.id == "django_static.W014"]
    assert [message.id for message in said] == ids
    assert all(repr(str(tmp_path / "assets")) in message.msg for message in said)
    finders.get_finder.cache_clear()


@pytest.mark.parametrize(
    ("names", "count"),
    [
        ({}, 1),
        ({"MEDIA_ROOT": "{}/media"}, 1),
        ({"STATIC_ROOT": "{}/out"}, 0),
        ({"DJANGO_STATIC_SAVE_PREFIX": "{}/out"}, 0),
        ({"DJANGO_STATIC": False}, 0),
        ({"STATICFILES_DIRS": []}, 0),
    ],
)
def test_published_beside_originals_where_no_folder_is_set(site, settings, tmp_path, names, count):
    """Then they go where the finders look, whatever these are called; what packages bring is not ours to tell of."""
    for name in ("one", "two", "media"):
        (tmp_path / name).mkdir(exist_ok=True)
    settings.MEDIA_ROOT = ""
    packaged = Path(django.__file__).parent / "contrib/admin/static"
    settings.STATICFILES_DIRS = [
        str(tmp_path / "one"),
        str(tmp_path / "two"),
        str(tmp_path / "none"),
        packaged,
    ]
    for name, value in names.items():
        setattr(settings, name, value.format(tmp_path) if isinstance(value, str) else value)
    finders.get_finder.cache_clear()
    site.restart()
    said = [message for message in checks.check_settings() if message.id == "django_static.W014"]
    assert len(said) == count
    for message in said:
        assert f"{str(tmp_path / 'one')!r}, {str(tmp_path / 'two')!r}, which" in message.msg
        assert "STATIC_ROOT" in message.hint
    finders.get_finder.cache_clear()


@pytest.mark.parametrize(
    ("root", "ids"),
    [
        ("assets/pub", ["django_static.W015"]),
        ("link/pub", ["django_static.W015"]),
        ("assets/pub/deep/", ["django_static.W015"]),
        ("assets", []),
        ("assets-pub", []),
        ("pub", []),
        # One of the folders of originals lies in it: then it holds something else.
        ("assets/around", []),
        ("", []),
    ],
)
def test_static_root_in_a_folder_of_originals(site, settings, tmp_path, root, ids):
    (tmp_path / "assets" / "around" / "more").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "assets")
    settings.STATICFILES_DIRS = [str(tmp_path / "assets"), str(tmp_path / "assets" / "around" / "more")]
    settings.STATIC_ROOT = root and f"{tmp_path}/{root}"
    finders.get_finder.cache_clear()
    site.restart()
    assert [one.id for one in checks.check_settings() if one.id == "django_static.W015"] == ids
    finders.get_finder.cache_clear()
