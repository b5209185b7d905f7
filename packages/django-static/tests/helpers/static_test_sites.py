"""Several sites that publish to one ``STATIC_ROOT``."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

from django.core.management import call_command
from static_test_built import Built

from django_static import resolver

NOTHING_KEPT = ("--keep-builds", "1", "--keep-days", "0")


class Sites:
    """Sites with one ``STATIC_ROOT``, by name; the manifest of the one that is called "default" is in there."""

    def __init__(self, built: Built, tmp_path: Path) -> None:
        self.built = built
        self.root = tmp_path / "sites"
        self.static = built.static
        built.page("page", '{% slimfile "/static/a.js" %}')

    def be(self, name: str, *, media: bool = False, lazy: bool = False) -> None:
        """``media`` is for a ``MEDIA_ROOT`` of its own, ``lazy`` for pages that publish by themselves."""
        settings, folder = self.built.settings, self.root / name
        (folder / "assets").mkdir(parents=True, exist_ok=True)
        self.built.extra = folder / "assets"
        settings.MEDIA_ROOT = str(folder / "media") if media else ""
        settings.STATICFILES_DIRS = [str(folder / "assets")]
        settings.DJANGO_STATIC_MANIFEST_FILE = None if name == "default" else str(folder / "st/manifest.json")
        settings.DJANGO_STATIC_USE_MANIFEST_FILE = not lazy
        from django.contrib.staticfiles import finders

        finders.get_finder.cache_clear()
        resolver.reset()

    def build(self, name: str, script: str, *, media: bool = False) -> Path:
        """Build a site with that script; where it was published."""
        self.be(name, media=media)
        self.built.app_file("a.js", script)
        self.built.build()
        return self.published()

    def build_again(self, name: str) -> None:
        """Build a site in which nothing has changed."""
        self.be(name)
        self.built.build()

    def print(self, name: str, script: str, *, media: bool = True) -> Path:
        """Print a page that publishes that script by itself; where."""
        self.be(name, media=media, lazy=True)
        self.built.app_file("a.js", script)
        return self.published()

    def published(self) -> Path:
        return self.static / self.built.render("page").removeprefix("/static/")

    def clean(self, name: str, *arguments: str, media: bool = False) -> str:
        self.be(name, media=media)
        out = StringIO()
        call_command("staticclean", *(arguments or NOTHING_KEPT), stdout=out, skip_checks=True)
        return out.getvalue()

    def lists(self) -> list[Path]:
        return sorted(self.static.glob(".django-static/others/*/*.json"))

    def lists_of_pages(self) -> list[Path]:
        return [place for place in self.lists() if len(place.stem) == 32]
