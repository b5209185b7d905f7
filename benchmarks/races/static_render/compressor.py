"""What django-compressor's two contestants have in common: the settings of its documentation."""

from __future__ import annotations

from pathlib import Path

from races.static_render import site

__all__ = ["EXPECTED", "configure"]

EXPECTED = r'<link rel="stylesheet" href="/static/CACHE/css/\w+\.[0-9a-f]{12}\.css"[^>]*>'


def configure(workspace: Path, *, offline: bool) -> None:
    """A block with one link in it for each file, or with three."""
    site.configure(
        workspace,
        apps=("compressor",),
        load="{% load compress %}",
        tag=lambda name: _block((name,)),
        block=_block,
        STATICFILES_FINDERS=[
            "django.contrib.staticfiles.finders.FileSystemFinder",
            "django.contrib.staticfiles.finders.AppDirectoriesFinder",
            "compressor.finders.CompressorFinder",
        ],
        COMPRESS_ENABLED=True,
        COMPRESS_OFFLINE=offline,
    )
    site.collect()


def _block(names: tuple[str, ...]) -> str:
    links = "".join(f'<link rel="stylesheet" href="/static/{name}">' for name in names)
    return f"{{% compress css %}}{links}{{% endcompress %}}"
