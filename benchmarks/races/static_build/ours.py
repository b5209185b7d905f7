"""What django-static's two contestants have in common."""

from __future__ import annotations

from pathlib import Path

from harness.contestant import Operation
from races.static_build import site

__all__ = ["operations"]


def operations(workspace: Path, command: site.Command) -> dict[str, Operation]:
    """Names by content, the manifest in use; compressed where the rivals compress."""
    return site.operations(
        workspace,
        "django_static.storage.StaticStorage",
        apps=("django_static",),
        commands=(command,),
        encodings=("gz", "br"),
        by_tree={"small": {"DJANGO_STATIC_COMPRESS": ["gz", "br"]}},
        DJANGO_STATIC=True,
        DJANGO_STATIC_FINGERPRINT="hash",
        DJANGO_STATIC_USE_MANIFEST_FILE=True,
        DJANGO_STATIC_COMPRESS=[],
    )
