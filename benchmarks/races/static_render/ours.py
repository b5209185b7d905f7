"""What django-static's contestants have in common: the same tags, prepared by the first rendering or built ahead."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management import call_command

from harness.contestant import Operation
from races.static_render import site

__all__ = ["literal", "slimall", "variable"]

_URL = r"/static/css/sheet\d+\.[0-9a-f]+\.css"
_LINK = rf'<link rel="stylesheet" href="{_URL}"[^>]*>'
_JOINED = r'<link rel="stylesheet" href="/static/css/(?:sheet\d+_){2}sheet\d+\.[0-9a-f]+\.css"[^>]*>'


def literal(workspace: Path, *, ahead: bool) -> dict[str, Operation]:
    """``{% staticfile "/css/sheet.css" %}``"""
    _configure(workspace, lambda name: f'{{% staticfile "/{name}" %}}', ahead=ahead)
    return site.operations(_URL)


def variable(workspace: Path, *, ahead: bool) -> dict[str, Operation]:
    """``{% staticfile sheet000 %}``, another variable in each tag; built ahead, the files are declared in the settings."""
    names = [f"/{name}" for name in site.NAMES]
    _configure(
        workspace,
        lambda name: f"{{% staticfile {Path(name).stem} %}}",
        ahead=ahead,
        DJANGO_STATIC_BUNDLES={"staticfile": names},
    )
    return site.operations(_URL, context={Path(name).stem: name for name in names})


def slimall(workspace: Path, *, ahead: bool) -> dict[str, Operation]:
    """``{% slimall %}`` around one link, or around three."""
    _configure(workspace, lambda name: _block((name,)), _block, ahead=ahead)
    return site.operations(_LINK, _JOINED)


def _block(names: tuple[str, ...]) -> str:
    links = "".join(f'<link rel="stylesheet" href="/{name}">' for name in names)
    return f"{{% slimall %}}{links}{{% endslimall %}}"


def _configure(
    workspace: Path, tag: site.Tag, block: site.Block | None = None, *, ahead: bool, **more: Any
) -> None:
    """Switched on, everything else as it is installed: files are prepared by the first rendering, or ``ahead`` of it."""
    if ahead:
        more["DJANGO_STATIC_USE_MANIFEST_FILE"] = True
    site.configure(
        workspace,
        apps=("django_static",),
        load="{% load django_static %}",
        tag=tag,
        block=block,
        MEDIA_ROOT=str(workspace / "source"),
        DJANGO_STATIC=True,
        DJANGO_STATIC_SAVE_PREFIX=str(workspace / "published"),
        DJANGO_STATIC_NAME_PREFIX="/static",
        **more,
    )
    if ahead:
        call_command("staticbuild", verbosity=0)
