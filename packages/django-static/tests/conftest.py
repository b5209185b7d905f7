from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import django
import pytest
from django.conf import settings as django_settings
from django.template import engines

sys.path.insert(0, str(Path(__file__).parent / "helpers"))


def pytest_configure() -> None:
    django_settings.configure(
        SECRET_KEY="tests",
        USE_TZ=True,
        INSTALLED_APPS=["django.contrib.staticfiles", "django_static"],
        STATIC_URL="/static/",
        STATICFILES_DIRS=[],
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "APP_DIRS": True,
                "OPTIONS": {"builtins": ["django.templatetags.static"]},
            }
        ],
    )
    django.setup()


class Site:
    """A site with a media folder; files are written with the modification time a test wants."""

    def __init__(self, root: Path, settings: Any) -> None:
        self.root = root
        self.media = root / "media"
        self.media.mkdir()
        self.settings = settings
        settings.MEDIA_ROOT = str(self.media)
        settings.MEDIA_URL = "/media/"
        settings.STATIC_ROOT = None
        settings.DEBUG = False
        settings.DJANGO_STATIC = True

    def write(self, name: str, content: str | bytes = "", mtime: float = 1269174558) -> Path:
        path = self.media / name.lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        os.utime(path, (mtime, mtime))
        return path

    def render(self, template: str, **context: Any) -> str:
        source = "{% load django_static %}" + template
        return engines["django"].from_string(source).render(context)

    def slimall(self, html: str) -> str:
        return self.render("{% slimall %}" + html + "{% endslimall %}")

    def restart(self) -> None:
        from django_static import resolver

        resolver.reset()

    def text(self, url: str, folder: Path | None = None) -> str:
        """The content behind a published URL path."""
        return ((folder or self.media) / url.lstrip("/")).read_text("utf-8")

    def published(self, folder: Path | None = None) -> list[str]:
        """The files beside the originals, without records."""
        root = folder or self.media
        found = (path for path in root.rglob("*") if not path.is_dir() and ".django-static" not in path.parts)
        return sorted(str(path.relative_to(root)) for path in found)


@pytest.fixture
def site(tmp_path: Path, settings: Any) -> Iterator[Site]:
    from django_static import resolver

    resolver.reset()
    yield Site(tmp_path, settings)
    resolver.reset()


@pytest.fixture
def warned(caplog: pytest.LogCaptureFixture) -> Any:
    """The warnings so far."""
    caplog.set_level(logging.INFO, "django_static")
    return lambda: [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


@pytest.fixture
def modes(site: Site, tmp_path: Path) -> Any:
    """A page in every mode; see :mod:`static_test_modes`."""
    from static_test_modes import Modes

    return Modes(site, tmp_path)
