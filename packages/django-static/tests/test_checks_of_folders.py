"""Whether the folder of published files is one that the staticfiles finders look in."""

from __future__ import annotations

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
        ("MEDIA_ROOT", "{}/media", []),
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
