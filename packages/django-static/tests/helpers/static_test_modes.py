"""One page rendered in every mode: lazily, and from a manifest that was built from its template."""

from __future__ import annotations

import builtins
import os
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.template import engines

from django_static import resolver

LOCMEM = "django.template.loaders.locmem.Loader"
JINJA = "django.template.backends.jinja2.Jinja2"


class Modes:
    """Renders templates from memory; those whose name begins with ``j`` by Jinja2."""

    def __init__(self, site, folder: Path) -> None:
        self.site = site
        self.folder = folder
        self.settings = site.settings
        self.settings.DJANGO_STATIC_FINGERPRINT = "hash"
        self.settings.DJANGO_STATIC_MANIFEST_FILE = str(folder / "state" / "manifest.json")

    def page(self, source: str, *, jinja: bool = False) -> None:
        self.name = "page"
        if jinja:
            (self.folder / "jinja").mkdir(exist_ok=True)
            (self.folder / "jinja" / "page").write_text(source)
            options = {
                "BACKEND": JINJA,
                "DIRS": [str(self.folder / "jinja")],
                "OPTIONS": {"extensions": ["django_static.jinja2.StaticExtension"]},
            }
        else:
            options = {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "OPTIONS": {"loaders": [(LOCMEM, {"page": "{% load django_static %}" + source})]},
            }
        self.settings.TEMPLATES = [options]

    def render(self, request=None, **context: object) -> str:
        return engines.all()[0].get_template("page").render(context, request)

    def off(self, request=None, **context: object) -> str:
        self.settings.DJANGO_STATIC = False
        resolver.reset()
        html = self.render(request, **context)
        self.settings.DJANGO_STATIC = True
        return html

    def lazily(self, request=None, **context: object) -> str:
        self.settings.DJANGO_STATIC_USE_MANIFEST_FILE = False
        resolver.reset()
        return self.render(request, **context)

    def build(self, *arguments: str) -> str:
        """What the command said; pages use the manifest from now on."""
        out = StringIO()
        call_command("staticbuild", *arguments, stdout=out, stderr=out, skip_checks=True)
        self.settings.DJANGO_STATIC_USE_MANIFEST_FILE = True
        resolver.reset()
        return out.getvalue()

    def ahead(self, request=None, **context: object) -> str:
        """Built, and rendered without a look at any file."""
        said = self.build()
        assert "run time only" not in said, said
        resolver.current()
        engines.all()[0].get_template("page")
        with no_files() as touched:
            html = self.render(request, **context)
        assert touched == []
        return html

    def both(self, request=None, **context: object) -> str:
        """What is printed lazily and ahead, which is the same."""
        lazily = self.lazily(request, **context)
        assert self.ahead(request, **context) == lazily
        return lazily


@contextmanager
def no_files() -> Iterator[list[str]]:
    """Gather what is opened, looked at or listed, but for templates."""
    touched: list[str] = []
    places = [(builtins, "open"), (os, "open"), (os, "stat"), (os, "lstat"), (os, "scandir"), (Path, "open")]
    with pytest.MonkeyPatch.context() as patch:
        for module, name in places:
            real = getattr(module, name)

            def noted(*args, _real=real, **kwargs):
                if not str(args[0]).endswith("/jinja/page"):
                    touched.append(str(args))
                return _real(*args, **kwargs)

            patch.setattr(module, name, noted)
        yield touched
