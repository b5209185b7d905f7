"""A site that is built by the command."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from typing import Any

from django.core.management import CommandError, call_command
from django.template import engines

from django_static import resolver

LOCMEM = "django.template.loaders.locmem.Loader"


class Built:
    """A site whose templates are in memory, built by the command."""

    def __init__(self, site: Any, settings: Any, tmp_path: Path) -> None:
        self.site = site
        self.settings = settings
        self.templates: dict[str, str] = {}
        self.extra = tmp_path / "app"
        self.extra.mkdir()
        settings.STATIC_ROOT = str(tmp_path / "static")
        settings.STATICFILES_DIRS = [str(self.extra)]
        settings.STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
        settings.DJANGO_STATIC_FINGERPRINT = "hash"
        settings.DJANGO_STATIC_USE_MANIFEST_FILE = True
        self.manifest = tmp_path / "static" / ".django-static" / "manifest.json"
        self.static = tmp_path / "static"

    @classmethod
    @contextmanager
    def made(cls, site: Any, settings: Any, tmp_path: Path) -> Iterator[Built]:
        """One that leaves nothing behind in the finders."""
        from django.contrib.staticfiles import finders

        finders.get_finder.cache_clear()
        yield cls(site, settings, tmp_path)
        finders.get_finder.cache_clear()

    def page(self, name: str, text: str) -> None:
        self.templates[name] = "{% load django_static %}" + text
        self.settings.TEMPLATES = [
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "OPTIONS": {
                    "loaders": [(LOCMEM, self.templates)],
                    "builtins": ["django.templatetags.static"],
                },
            }
        ]

    def app_file(self, name: str, content: str | bytes) -> Path:
        path = self.extra / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def build(self, *arguments: str) -> str:
        out = StringIO()
        call_command("staticbuild", *arguments, stdout=out, stderr=out, skip_checks=True)
        resolver.reset()
        return out.getvalue()

    def check(self, *arguments: str) -> str:
        """What the command complains of; empty where it says that all is well."""
        out = StringIO()
        try:
            call_command("staticbuild", "--check", *arguments, stdout=out, stderr=out, skip_checks=True)
        except CommandError as error:
            return f"{out.getvalue()}{error}"
        assert "every reference leads to a file" in out.getvalue()
        return ""

    def forget(self) -> None:
        """As on a new machine."""
        shutil.rmtree(self.static)
        resolver.reset()

    def render(self, template: str, /, **context: object) -> str:
        return engines["django"].get_template(template).render(context)
