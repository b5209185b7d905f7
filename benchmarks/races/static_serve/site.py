"""The site that every contestant serves: one file of 30,000 bytes, and ten thousand small ones for the start."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import django
from django.conf import settings

__all__ = ["CONTENT", "MANY", "NAME", "PLACE", "configure", "urlpatterns", "write"]

#: Where the worker leaves the folder of the site for the servers it starts.
PLACE = "BENCH_STATIC_SERVE"
NAME = "site.txt"
CONTENT = b"".join(b"%05d0123456789abcdefghijkl\n" % number for number in range(1072))[:30_000]
MANY = 10_000
urlpatterns: list[Any] = []


def write(folder: Path, *, many: bool) -> None:
    """The sources, as a project has them."""
    folder.mkdir(parents=True)
    (folder / NAME).write_bytes(CONTENT)
    if many:
        for number in range(MANY):
            place = folder / f"folder{number % 100}"
            place.mkdir(exist_ok=True)
            (place / f"name{number}.txt").write_bytes(b"%d\n" % number)


def configure(*, apps: tuple[str, ...] = (), middleware: tuple[str, ...] = (), **more: Any) -> None:
    """Set Django up as in production, for the site in the folder that the environment names."""
    place = Path(os.environ[PLACE])
    settings.configure(
        DEBUG=False,
        SECRET_KEY="of no use outside of this process",
        ALLOWED_HOSTS=["localhost"],
        USE_TZ=True,
        ROOT_URLCONF="races.static_serve.site",
        INSTALLED_APPS=["django.contrib.staticfiles", *apps],
        MIDDLEWARE=list(middleware),
        STATIC_URL="/static/",
        STATIC_ROOT=str(place / "published"),
        STATICFILES_DIRS=[str(place / "source")],
        **more,
    )
    django.setup()
