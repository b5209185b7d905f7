"""A site that is published in one of several ways, and what a browser would get of it."""

from __future__ import annotations

import itertools
import logging
from io import StringIO
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit

from django.core.management import call_command
from django.template import engines

from django_static import resolver
from django_static.references import css, js

logger = logging.getLogger("django_static")

LOCMEM = "django.template.loaders.locmem.Loader"

#: mode, fingerprint, prefix
WAYS = list(itertools.product(("lazy", "build"), ("mtime", "hash"), ("", "/forever")))
NAMES = ["-".join(filter(None, way)).replace("/", "") for way in WAYS]


class Way:
    """A site with its templates in memory, published lazily or ahead."""

    def __init__(self, site: Any, settings: Any, mode: str, fingerprint: str, prefix: str) -> None:
        self.site = site
        self.settings = settings
        self.mode = mode
        self.prefix = prefix
        self.said = ""
        self.verbosity = 1
        #: The folder that receives files.
        self.out: Path = site.root / "out" if prefix else site.media
        settings.DJANGO_STATIC_FINGERPRINT = fingerprint
        settings.DJANGO_STATIC_COMPRESS = ()
        settings.STATICFILES_FINDERS = []
        if prefix:
            settings.DJANGO_STATIC_NAME_PREFIX = prefix
            settings.DJANGO_STATIC_SAVE_PREFIX = str(self.out)
        settings.DJANGO_STATIC_USE_MANIFEST_FILE = mode == "build"

    def publish(self, **templates: str) -> None:
        """Take on templates; where they are built ahead, build."""
        self.settings.TEMPLATES = [
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "OPTIONS": {
                    "loaders": [
                        (
                            LOCMEM,
                            {name: "{% load django_static %}" + text for name, text in templates.items()},
                        )
                    ],
                    "builtins": ["django.templatetags.static"],
                },
            }
        ]
        resolver.reset()
        if self.mode == "build":
            out, wrong = StringIO(), StringIO()
            call_command("staticbuild", stdout=out, stderr=wrong, skip_checks=True, verbosity=self.verbosity)
            self.said = wrong.getvalue() + out.getvalue()
            # Where pages would say it, so that a test need not care who does.
            for line in wrong.getvalue().splitlines():
                logger.warning("%s", line)
            resolver.reset()

    def show(self, template: str) -> str:
        """What a page of that text prints."""
        self.publish(page=template)
        return engines["django"].get_template("page").render({})

    def url(self, name: str, tag: str = "staticfile") -> str:
        """What a tag prints for a name."""
        return self.show("{% autoescape off %}{% " + tag + ' "' + name + '" %}{% endautoescape %}')

    def path(self, url: str) -> Path:
        """The file behind a printed URL."""
        path = urlsplit(url).path
        if self.prefix and path.startswith(f"{self.prefix}/"):
            return self.out / unquote(path[len(self.prefix) :], errors="surrogateescape").lstrip("/")
        return self.site.media / unquote(path, errors="surrogateescape").lstrip("/")

    def bytes(self, url: str) -> bytes:
        return self.path(url).read_bytes()

    def loads(self, url: str) -> list[str]:
        """The URLs a published style sheet or script refers to, as a browser resolves them."""
        text = self.bytes(url).decode("latin-1" if b"\xe9" in self.bytes(url) else "utf-8")
        found = (js if urlsplit(url).path.lower().endswith("js") else css).references(text)
        return [urljoin(url, each.url) for each in found if not each.is_bare]


def leftovers(*folders: Path) -> list[str]:
    """Files that nobody asked for: half written, or a lock that nobody holds."""
    return sorted(
        str(path)
        for folder in folders
        for path in folder.rglob("*")
        if path.suffix in (".tmp", ".building", ".lock", ".taking") or path.name == "unfinished"
    )


def build_in_process(arguments: tuple[str, str]) -> None:
    """What a process of its own runs: a build of the site in a folder, with a page."""
    root, page = Path(arguments[0]), arguments[1]
    import django
    from django.conf import settings

    settings.configure(
        INSTALLED_APPS=["django_static"],
        STATIC_URL="/static/",
        MEDIA_ROOT=str(root / "media"),
        MEDIA_URL="/media/",
        DJANGO_STATIC=True,
        DJANGO_STATIC_FINGERPRINT="hash",
        DJANGO_STATIC_COMPRESS=(),
        DJANGO_STATIC_NAME_PREFIX="/forever",
        DJANGO_STATIC_SAVE_PREFIX=str(root / "out"),
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "OPTIONS": {
                    "loaders": [(LOCMEM, {"page": "{% load django_static %}" + page})],
                    "builtins": ["django.templatetags.static"],
                },
            }
        ],
    )
    django.setup()
    print("ready", flush=True)
    call_command("staticbuild", skip_checks=True)
