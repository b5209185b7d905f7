"""System checks of the manifest that pages use; not for commands that are about to write another one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.core.checks import CheckMessage, Warning

from .conf import PREFIX, conf
from .manifest import Manifest, ManifestError

__all__ = ["check_manifest"]


def check_manifest(**kwargs: Any) -> list[CheckMessage]:
    """All messages about the manifest; registered by the app."""
    return list(_messages())


def _messages() -> Iterator[CheckMessage]:
    if not (conf.enabled and conf.use_manifest_file):
        return
    try:
        place = conf.manifest_file
    except ManifestError:
        return  # E014 and E022 tell of the setting
    try:
        built = Manifest.read(place)
    except ManifestError as error:
        yield Warning(
            f"{PREFIX}_USE_MANIFEST_FILE is on, but {error}.",
            hint="Until then pages print the URLs they were given.",
            id="django_static.W008",
        )
        return
    now = {"name_prefix": conf.name_prefix, "media_url": conf.media_url}
    changed = [name for name in now if built.settings.get(name) != now[name]]
    if changed:
        names = ", ".join(PREFIX + "_" + name.upper() for name in changed)
        yield Warning(
            f"The manifest {place} was built with another {names}.",
            hint="Run 'manage.py staticbuild' with the settings that pages are rendered with.",
            id="django_static.W009",
        )
